#!/usr/bin/python3
"""Every wrap in subprojects/ is whole: it says where its archive is and what its hash is, has a build file of ours, and
provides a dependency that a build file asks for. Offline; whether a wrap builds is tried when its version changes."""
import configparser
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
WRAPS = sorted((ROOT / "subprojects").glob("*.wrap"))
PACKAGE_FILES = ROOT / "subprojects/packagefiles"
BUILD_FILES = [p for d in ("src", "tests", "bench", "subprojects/packagefiles") for p in (ROOT / d).rglob("meson.build")]


def wrap(path):
    parsed = configparser.ConfigParser(interpolation=None)
    parsed.read(path)
    return parsed


def dependencies(path):
    return set(re.findall(r"(?<!override_)(?<!declare_)\bdependency\('([^']+)'", path.read_text()))


class Wraps(unittest.TestCase):
    def test_there_are_some(self):
        self.assertTrue(WRAPS)

    def test_each_names_its_archive(self):
        for path in WRAPS:
            with self.subTest(path.name):
                file = wrap(path)["wrap-file"]
                self.assertRegex(file["source_url"], r"^https://\S+\.(tar\.gz|zip)$")
                self.assertRegex(file["source_filename"], r"^[\w.+-]+\.(tar\.gz|zip)$")
                self.assertRegex(file["source_hash"], r"^[0-9a-f]{64}$")
                self.assertRegex(file["directory"], r"^[\w.+-]+$")

    def test_each_says_how_its_hash_is_known(self):
        for path in WRAPS:
            with self.subTest(path.name):
                self.assertRegex(path.read_text().splitlines()[0], r"^# source_hash: ")

    def test_each_has_a_build_file_that_provides_what_somebody_asks_for(self):
        asked = {name for path in [ROOT / "meson.build", *BUILD_FILES] for name in dependencies(path)}
        for path in WRAPS:
            with self.subTest(path.name):
                build_file = PACKAGE_FILES / wrap(path)["wrap-file"]["patch_directory"] / "meson.build"
                provided = wrap(path)["provide"]["dependency_names"]
                self.assertIn(provided, asked)
                self.assertIn(f"meson.override_dependency('{provided}'", build_file.read_text())

    def test_each_is_of_the_version_that_its_build_file_says(self):
        for path in WRAPS:
            with self.subTest(path.name):
                file = wrap(path)["wrap-file"]
                build_file = (PACKAGE_FILES / file["patch_directory"] / "meson.build").read_text()
                version = re.search(r"^project\(.*?version: '([\d.]+)'", build_file, re.M | re.S).group(1)
                if file["directory"].startswith("sqlite-"):  # 3.40.1 is 3400100
                    version = "%d%02d%02d00" % tuple(map(int, version.split(".")))
                self.assertIn(version, file["directory"])
                self.assertIn(version, file["source_filename"])

    def test_no_build_file_is_left_over(self):
        self.assertEqual({wrap(path)["wrap-file"]["patch_directory"] for path in WRAPS},
                         {path.name for path in PACKAGE_FILES.iterdir()})


if __name__ == "__main__":
    unittest.main()
