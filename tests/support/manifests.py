"""The manifests of packaging/k8s as objects: read strictly, built by `kubectl kustomize` as a user would build them, and
held to what is published of their kinds."""
import os
import pathlib
import shutil
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
K8S = ROOT / "packaging/k8s"
OVERLAYS = ("watch", "ledger", "write-back")
TIMEOUT = 60  # seconds, for a command that takes none


class StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice in a mapping: a slip that others let pass, and keep the last of the two."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        if twice := [key for key in keys if keys.count(key) > 1]:
            raise yaml.constructor.ConstructorError(None, None, f"{twice[0]} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def documents(text):
    """The objects of a YAML text."""
    return [each for each in yaml.load_all(text, StrictLoader) if each is not None]


def objects_of(directory):
    """Those of the files of a directory, as `kubectl apply -f` takes them."""
    return [each for path in sorted(directory.glob("*.yaml")) for each in documents(path.read_text())]


def kustomizations(root=K8S):
    return sorted(path.parent for path in root.rglob("kustomization.yaml"))


def build(directory):
    """The objects of a kustomization. Offline; KUBECTL may name another kubectl."""
    kubectl = shutil.which(os.environ.get("KUBECTL", "kubectl"))
    if not kubectl:
        raise AssertionError("There is no kubectl to build kustomizations: install kubernetes-client.")
    done = subprocess.run([kubectl, "kustomize", str(directory)], capture_output=True, text=True, timeout=TIMEOUT)
    if done.returncode:
        raise AssertionError(f"kubectl kustomize {directory}: {done.stderr}")
    return documents(done.stdout)


def named(objects, kind, name=None):
    """The one object of that kind, or of that kind and name."""
    found = [each for each in objects if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} objects {kind} {name or ''}, 1 expected")
    return found[0]


def rights(objects):
    """What its Roles and ClusterRoles allow, for those who are bound to them: rows (who, where, resource, verb); who is
    account@namespace, where a namespace or *, resource as `kubectl auth can-i` names it, with /name if bound to one."""
    rows = set()
    for binding in objects:
        if binding["kind"] not in ("RoleBinding", "ClusterRoleBinding"):
            continue
        role = named(objects, binding["roleRef"]["kind"], binding["roleRef"]["name"])
        everywhere = binding["kind"] == "ClusterRoleBinding"
        if not everywhere and role["kind"] == "Role" and role["metadata"]["namespace"] != binding["metadata"]["namespace"]:
            raise AssertionError(f"{binding['metadata']['name']} binds a Role of another namespace")
        for subject in binding["subjects"]:
            who = f"{subject['name']}@{subject['namespace']}"
            for rule in role["rules"]:
                for group in rule["apiGroups"]:
                    for resource in rule["resources"]:
                        for name in rule.get("resourceNames", [""]):
                            what = resource + (f".{group}" if group else "") + (f"/{name}" if name else "")
                            where = "*" if everywhere else binding["metadata"]["namespace"]
                            rows |= {(who, where, what, verb) for verb in rule["verbs"]}
    return rows
