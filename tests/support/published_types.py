"""What Kubernetes, Istio and Argo CD publish of their objects, as JSON schemas that know every field and refuse others.

No package of the npm registry has Kubernetes' JSON schemas as such. The official JavaScript client has the same: each type
of Kubernetes' OpenAPI with its fields, their types and formats, generated at each release. Enumerations are not in it (nor
in that OpenAPI). For Istio and Argo CD there are type declarations made from their CustomResourceDefinitions.

A package is fetched once by `npm pack`, from whatever registry npm is set up for, into a directory that test runs share
(MERIDIAN_TEST_CACHE, else one in the user's cache), and used only if its hash is the one that stands here."""
import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile

import jsonschema

KUBERNETES = ("@kubernetes/client-node", "2.0.1",  # of Kubernetes 1.36
              "evJgmEtgArEYlj6DNkMGjK41IrFK/hEwb5lWVxx0VRBWybQpnvi+2TtA19mLgVfRHfqX5yjHObX6e9W7LEZBjw==")
CUSTOM = {
    "networking.istio.io": ("@kubernetes-models/istio", "3.0.1",
                            "Ez+BM4WGjmkwQa4gSHuFKHZOha0fvwPOl3VZHgdUwBkO6FR08iDoLKFWM5WOoyMm3VbBnKGbWflsvNZ0BvoG6Q=="),
    "argoproj.io": ("@kubernetes-models/argo-cd", "2.7.2",
                    "Dge+7Uq54dt5c3pzusOw8i26FHWqJiyiFqHKQKHUNjOq2zb3e7LY2OYBrNP7hDSoM0Ap5K9cJTMgNzsaaKdjOQ=="),
}


class Unavailable(Exception):
    """A package can't be had. The message is for people."""


def sha512(path):
    return base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()


def cache_directory():
    user = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    path = pathlib.Path(os.environ.get("MERIDIAN_TEST_CACHE") or pathlib.Path(user) / "meridian-tests")
    path.mkdir(parents=True, exist_ok=True)
    return path


def fetch(name, version, hash, directory=None):
    """The path of the package's archive, with that hash."""
    directory = directory or cache_directory()
    kept = directory / f"{name.strip('@').replace('/', '-')}-{version}.tgz"
    if kept.exists() and sha512(kept) == hash:
        return kept
    what = f"{name}@{version}, whose types these tests check manifests against"
    npm = shutil.which("npm")
    if not npm:
        raise Unavailable(f"There is no npm to fetch {what}: install it (packaging/setup.sh does).")
    with tempfile.TemporaryDirectory(dir=directory) as fresh:
        try:
            done = subprocess.run([npm, "pack", "--loglevel=error", f"{name}@{version}"], cwd=fresh, capture_output=True, text=True,
                                  timeout=240)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"npm could not fetch {what}, within four minutes: is its registry reachable?") from None
        archives = list(pathlib.Path(fresh).glob("*.tgz"))
        if done.returncode or len(archives) != 1:
            said = done.stderr.strip() or done.stdout.strip()
            raise Unavailable(f"npm could not fetch {what}: is its registry reachable? npm said:\n{said}")
        if sha512(archives[0]) != hash:
            raise Unavailable(f"npm fetched something else than {what}: its SHA-512 is {sha512(archives[0])}, not {hash}.")
        return archives[0].rename(kept)  # whole, or not there: test runs share the directory


class Package:
    def __init__(self, name, version, hash):
        self._archive = tarfile.open(fetch(name, version, hash))
        self._files = {member.name.removeprefix("package/"): member for member in self._archive}

    def read(self, path):
        """The text of a file; None if there is none."""
        member = self._files.get(path)
        return self._archive.extractfile(member).read().decode() if member else None

    def close(self):
        self._archive.close()


class Declarations:
    """Reads a type of a TypeScript declaration: `Array<{ "a"?: string; [key: string]: number; "b": "X" | "Y"; }>`."""
    SIMPLE = {"string": {"type": "string"}, "number": {"type": "number"}, "boolean": {"type": "boolean"}, "any": {},
              "object": {"type": "object"}, "Date": {"type": "string"}, "null": {"type": "null"},
              "IntOrString": {"type": ["integer", "string"]}}

    def __init__(self, text, reference):
        """`reference` makes a schema of a type's name."""
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        self._tokens = re.findall(r"\"[^\"]*\"|'[^']*'|[\w$]+|[{}\[\]<>()|&,;:?]", text)
        self._at = 0
        self._reference = reference

    def _next(self, expected=None):
        token = self._tokens[self._at]
        if expected and token != expected:
            raise ValueError(f"{expected} expected, found {token}")
        self._at += 1
        return token

    def _skip(self, token):
        found = self._at < len(self._tokens) and self._tokens[self._at] == token
        self._at += found
        return found

    def type(self):
        either = [self._narrowed()]
        while self._skip("|"):
            either.append(self._narrowed())
        if all("const" in one for one in either):
            return {"enum": [one["const"] for one in either]}
        return either[0] if len(either) == 1 else {"anyOf": either}

    def _narrowed(self):
        """`A & (which of A's fields exclude each other)`: A has all fields already, and is what we take."""
        schema = self._single()
        while self._skip("&"):
            self._next("(")
            depth = 1
            while depth:
                depth += {"(": 1, ")": -1}.get(self._next(), 0)
        return schema

    def _single(self):
        token = self._next()
        if token == "{":
            return self._object()
        if token[0] in "\"'":
            return {"const": token[1:-1]}
        if token == "Array":
            self._next("<")
            schema = {"type": "array", "items": self.type()}
            self._next(">")
            return schema
        return self.SIMPLE[token] if token in self.SIMPLE else self._reference(token)

    def _object(self):
        schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
        while not self._skip("}"):
            if self._skip("["):  # [key: string]: of what a map holds
                for token in ("key", ":", "string", "]", ":"):
                    self._next(token)
                schema["additionalProperties"] = self.type()
            else:
                name = self._next().strip("\"'")
                if not self._skip("?"):
                    schema["required"].append(name)
                self._next(":")
                schema["properties"][name] = self.type()
            self._skip(";")
        return schema


class PublishedTypes:
    def __init__(self):
        self._kubernetes = Package(*KUBERNETES)
        self._custom = {}
        self._definitions = {}
        self._validators = {}

    def close(self):
        for package in (self._kubernetes, *self._custom.values()):
            package.close()

    def complaints(self, thing):
        """What is wrong with an object, a line each; empty: nothing."""
        version, kind = thing.get("apiVersion"), thing.get("kind")
        if (version, kind) not in self._validators:
            schema = self._schema(str(version), str(kind))
            if schema is None:
                return [f"nobody publishes {kind} of {version}"]
            self._validators[version, kind] = jsonschema.Draft7Validator({**schema, "definitions": self._definitions})
        return [f"{kind} {thing.get('metadata', {}).get('name')}: {'.'.join(map(str, error.absolute_path))}: {error.message}"
                for error in self._validators[version, kind].iter_errors(thing)]

    def _schema(self, version, kind):
        group, _, version = version.rpartition("/")
        if group in CUSTOM:
            return self._custom_schema(group, version, kind)
        # The client has a class for each group and version; what can be created is what is served there.
        words = "core" if not group else group.removesuffix(".k8s.io")
        api = "".join(word.capitalize() for word in words.split(".")) + version.capitalize() + "Api"
        served = self._kubernetes.read(f"dist/gen/apis/{api}.d.ts") or ""
        if not re.search(rf"\bcreate(Namespaced)?{kind}\(", served):
            return None
        return self._type_of_the_client(version.capitalize() + kind)

    def _custom_schema(self, group, version, kind):
        if group not in self._custom:
            self._custom[group] = Package(*CUSTOM[group])
        text = self._custom[group].read(f"{group}/{version}/{kind}.d.ts")
        if text is None:
            return None
        body = text.split(f"export interface I{kind} ", 1)[1].split("export declare class ", 1)[0]
        return Declarations(body, lambda name: self._type_of_the_client(name.replace("IObjectMeta", "V1ObjectMeta"))).type()

    def _type_of_the_client(self, name):
        if name not in self._definitions:
            self._definitions[name] = None  # for types that hold themselves
            text = self._kubernetes.read(f"dist/gen/models/{name}.js")
            fields = json.loads(re.search(r"attributeTypeMap = (\[.*?^\]);", text, re.M | re.S).group(1))
            declared = self._kubernetes.read(f"dist/gen/models/{name}.d.ts")
            optional = set(re.findall(r"^    '(\w+)'\?: ", declared, re.M))
            self._definitions[name] = {
                "type": "object", "additionalProperties": False,
                "properties": {field["baseName"]: self._field(field) for field in fields},
                "required": [field["baseName"] for field in fields if field["name"] not in optional]}
        return {"$ref": f"#/definitions/{name}"}

    def _field(self, field):
        if field["type"] == "number" and field["format"].startswith("int"):
            return {"type": "integer"}
        return Declarations(field["type"], self._type_of_the_client).type()
