#!/usr/bin/python3
"""packaging/k8s/README.md is tested: each YAML block is loaded and held to what is published of its kind, each command is
one that the shell and kubectl know and names files that exist, and so does every path, metric and key in the text. No
command is sent to a cluster. MERIDIAN names the binary."""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent / "support"), str(pathlib.Path(__file__).resolve().parent / "e2e")]
from manifests import K8S, OVERLAYS, ROOT, build, documents, kustomizations, named, rights  # noqa: E402
from meridian import Server, entry, eventually  # noqa: E402
from published_types import PublishedTypes, Unavailable  # noqa: E402

README = (K8S / "README.md").read_text()
BLOCKS = [(kind, re.sub(rf"^{indent}", "", text, flags=re.M))
          for indent, kind, text in re.findall(r"^( *)```(\w+)\n(.*?)^ *```$", README, re.M | re.S)]
COMMANDS = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
KUBECTL_COMMANDS = {"apply", "config", "create", "exec", "get", "port-forward", "rollout", "run"}


class Blocks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        try:
            cls.types = PublishedTypes()
        except Unavailable as e:
            raise AssertionError(str(e)) from None
        cls.addClassCleanup(cls.types.close)

    def test_are_of_kinds_that_are_checked(self):
        self.assertEqual({kind for kind, _ in BLOCKS}, {"sh", "yaml"})
        self.assertEqual(README.count("```"), 2 * len(BLOCKS))

    def test_yaml_is_what_it_is_said_to_be(self):
        found = []
        for text in [text for kind, text in BLOCKS if kind == "yaml"]:
            (thing,) = documents(text)
            found.append(thing["kind"])
            with self.subTest(thing["kind"]):
                if thing["kind"] == "Kustomization":
                    self.built(text)
                else:
                    self.assertEqual(self.types.complaints(thing), [])
        self.assertEqual(found, ["Kustomization", "NetworkPolicy", "Application"])

    def built(self, text):
        with tempfile.TemporaryDirectory(prefix="meridian-k8s-") as directory:
            shutil.copytree(K8S, pathlib.Path(directory) / "packaging/k8s")
            (pathlib.Path(directory) / "kustomization.yaml").write_text(text)
            objects = build(directory)
        self.assertEqual([self.types.complaints(each) for each in objects], [[]] * len(objects))
        (image,) = documents(text)[0]["images"]
        container = named(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]
        self.assertEqual(container["image"], f"{image['newName']}:{image['newTag']}")

    def test_the_policy_for_prometheus_selects_our_pods_and_their_admin_port(self):
        (policy,) = [each for kind, text in BLOCKS if kind == "yaml" for each in documents(text)
                     if each["kind"] == "NetworkPolicy"]
        deployment = named(build(K8S / "base"), "Deployment")["spec"]["template"]
        labels = policy["spec"]["podSelector"]["matchLabels"]
        self.assertLessEqual(labels.items(), deployment["metadata"]["labels"].items())
        ports = {port["name"]: port["containerPort"] for port in deployment["spec"]["containers"][0]["ports"]}
        self.assertEqual([ports[port["port"]] for port in policy["spec"]["ingress"][0]["ports"]], [9253])
        self.assertIn("deployment/meridian 9253", README)


class Commands(unittest.TestCase):
    def test_are_such_that_the_shell_takes(self):
        for line in COMMANDS:
            with self.subTest(line):
                subprocess.run(["bash", "-n", "-c", line], check=True)

    def test_are_kubectl_s(self):
        for line in COMMANDS:
            words = shlex.split(line)
            with self.subTest(line):
                self.assertIn(words[0], {"kubectl", "grep", "cp", "cat"})
                if words[0] == "kubectl":
                    self.assertTrue(KUBECTL_COMMANDS.intersection(words[1:5]))

    def test_apply_what_is_there(self):
        applied = set()
        for line in COMMANDS:
            words = shlex.split(line)
            for option, path in zip(words, words[1:]):
                if option == "-k":
                    self.assertIn(ROOT / path, kustomizations())
                    applied.add(ROOT / path)
                elif option == "-f" and path.startswith("packaging/"):
                    self.assertTrue((ROOT / path).exists(), path)
                    applied.add(ROOT / path)
        self.assertLessEqual({K8S / "sidecar", K8S / "virtual-machine", K8S / "multicluster/cluster1",
                              K8S / "multicluster/cluster2", K8S / "stub-domains/kube-dns.yaml"}, applied)

    def test_a_file_is_applied_as_a_file_and_a_kustomization_as_one(self):
        """`apply -f` of a kustomization's directory would apply kustomization.yaml, too."""
        for line in COMMANDS:
            for path in re.findall(r" -f (packaging/\S+)", line):
                self.assertFalse((ROOT / path / "kustomization.yaml").exists(), path)

    def test_one_of_them_changes_the_address_everywhere(self):
        (line,) = [line for line in COMMANDS if line.startswith("grep ")]
        before, after = re.search(r"grep -rl (\S+) .*/([\d.]+)/g'", line).groups()
        with tempfile.TemporaryDirectory(prefix="meridian-k8s-") as directory:
            copy = shutil.copytree(K8S, pathlib.Path(directory) / "packaging/k8s")
            subprocess.run(["bash", "-c", line], cwd=directory, check=True)
            text = "".join(path.read_text() for path in copy.rglob("*") if path.is_file())
            for mode in OVERLAYS:
                objects = build(copy / "overlays" / mode)
                self.assertEqual(named(objects, "Service")["spec"]["clusterIP"], after)
                (config,) = documents(named(objects, "ConfigMap")["data"]["meridian.yaml"])
                self.assertEqual(config["advertise"], [after])
        self.assertNotIn(before, text)
        self.assertEqual(text.count(after + ":53"), 3)  # CoreDNS's blocks

    def test_the_corefile_is_appended_to(self):
        lines = [line for line in COMMANDS if "Corefile" in line]
        with tempfile.TemporaryDirectory(prefix="meridian-k8s-") as directory:
            file = pathlib.Path(directory) / "Corefile"
            file.write_text(".:53 {\n    errors\n}\n")
            (line,) = [line for line in lines if line.startswith("cat ")]
            subprocess.run(["bash", "-c", line.replace("packaging/", f"{ROOT}/packaging/")], cwd=directory, check=True)
            self.assertTrue(file.read_text().startswith(".:53 {\n    errors\n}\n"))
            self.assertEqual(file.read_text().count("global:53 {"), 1)
            (line,) = [line for line in lines if " create configmap " in line]  # needs no server
            done = subprocess.run(["bash", "-c", line.replace("> coredns.yaml", "")], cwd=directory, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            (config_map,) = documents(done.stdout)
            self.assertEqual(config_map["data"], {"Corefile": file.read_text()})


class AChangeOfTheConfigMap(unittest.TestCase):
    """Mounted as the kubelet mounts one: ..data points to a directory, and is swapped for another."""

    @staticmethod
    def mount(directory, number, text):
        fresh = directory / f"..{number}"
        fresh.mkdir()
        (fresh / "meridian.yaml").write_text(text)
        (directory / "..data_tmp").symlink_to(fresh.name)
        (directory / "..data_tmp").rename(directory / "..data")
        if not (directory / "meridian.yaml").is_symlink():
            (directory / "meridian.yaml").symlink_to("..data/meridian.yaml")

    def test_is_read_by_the_running_server(self):
        self.assertIn("without a restart", README)
        with Server(entries={"a.yaml": entry("web.shop.global", "240.0.0.9")}, start=False) as server, \
                tempfile.TemporaryDirectory(prefix="meridian-k8s-") as mounted:
            text = server.config_file.read_text()
            server.config_file = pathlib.Path(mounted) / "meridian.yaml"
            self.mount(pathlib.Path(mounted), 1, text)
            server.start()
            for number, ttl in ((2, 71), (3, 72)):
                changed = documents(text)[0] | {"zones": [{"name": "global", "ttl": f"{ttl}s"}]}
                self.mount(pathlib.Path(mounted), number, json.dumps(changed))
                eventually(lambda: server.ask("web.shop.global").answer[0].ttl == ttl)


class WhatItNames(unittest.TestCase):
    def test_files(self):
        named_paths = re.findall(r"`((?:overlays|base|rbac|stub-domains|sidecar|virtual-machine|multicluster)(?:/[\w./-]+)?)`", README)
        self.assertGreater(len(named_paths), 12)
        for path in named_paths:
            self.assertTrue((K8S / path).exists(), path)
        for path in re.findall(r"`(conf/[\w./-]+)`", README):
            self.assertTrue((ROOT / path).exists(), path)

    def test_every_directory(self):
        for path in K8S.iterdir():
            if path.is_dir() and path.name != "overlays":
                self.assertIn(f"`{path.name}`", README)

    def test_metrics(self):
        metrics = re.findall(r"`(meridian_\w+)`", README)
        self.assertTrue(metrics)
        with Server() as server:
            text = server.get("/metrics")[1]
        for name in metrics:
            self.assertIn(f"# HELP {name} ", text)

    def test_rights(self):
        """The table has every verb that a mode adds, and no other."""
        before = set()
        for mode in OVERLAYS:
            (cell,) = re.findall(rf"^\| {mode} \|[^|]*\| (.*) \|$", README, re.M)
            expected = rights(build(K8S / "overlays" / mode)) - before
            before |= expected
            resources = {what.split(".")[0].split("/")[0] for _, _, what, _ in expected}
            self.assertEqual(set(re.findall(r"`(serviceentries|configmaps|leases|events|\w*secrets)`", cell)), resources)
            for resource in resources:
                said = re.search(rf"`{resource}`([^:;]*)", cell).group(1)
                verbs = {verb for _, _, what, verb in expected if re.match(rf"{resource}\b", what)}
                self.assertEqual(set(re.findall(r"\b(get|list|watch|create|update|patch|delete)\b", said)), verbs, resource)


if __name__ == "__main__":
    os.chdir(ROOT)
    unittest.main()
