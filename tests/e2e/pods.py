"""The shipped manifests of packaging/k8s on a scripted cluster: an API server that allows exactly what they allow, and pods
that run the real binary as they describe it, under their service account and with their meridian.yaml.

    with Cluster("overlays/ledger") as cluster:
        pod = cluster.pod()
"""
import json
import pathlib
import re
import sys

from meridian import Server

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from apiserver import ApiServer, kubeconfigs  # noqa: E402
from manifests import K8S, build, documents, rights  # noqa: E402

LEASE = {"duration": "3s", "renew": "2s", "retry": "1s"}  # the shortest that is allowed
ADMIRAL = "admiral/se-address-configmap"
_built = {}


def manifests(directory):
    """The objects of a kustomization of packaging/k8s, built once."""
    if directory not in _built:
        _built[directory] = build(K8S / directory)
    return json.loads(json.dumps(_built[directory]))


def configuration(objects):
    """The meridian.yaml in them."""
    (text,) = [each["data"]["meridian.yaml"] for each in objects
               if each["kind"] == "ConfigMap" and "meridian.yaml" in each.get("data", {})]
    (settings,) = documents(text)
    return settings


def without(objects, right):
    """The same, where one right (who, where, resource, verb; see manifests.rights) is not given."""
    _, where, what, verb = right
    plural = re.split("[./]", what)[0]
    for role in objects:
        if role["kind"] not in ("Role", "ClusterRole") or where != role["metadata"].get("namespace", "*"):
            continue
        for rule in role["rules"]:
            if rule["resources"] == [plural] and bool(rule.get("resourceNames")) == ("/" in what):
                rule["verbs"] = [each for each in rule["verbs"] if each != verb]
    return objects


def user_of(who):
    """account@namespace, as the API server calls it."""
    account, _, namespace = who.partition("@")
    return f"system:serviceaccount:{namespace}:{account}"


def uses(right, request):
    """Whether a request (of the journal) was allowed by a right."""
    who, where, what, verb = right
    found = re.fullmatch(r"/api(?:s/(?P<group>[^/]+))?/v\w+(?:/namespaces/(?P<space>[^/]+))?/(?P<plural>[^/]+)(?:/(?P<name>.+))?",
                         request["path"])
    if not found or (request["user"], request["verb"]) != (user_of(who), verb) or where not in ("*", found["space"]):
        return False
    full, _, only = what.partition("/")
    asked = found["name"] or (request["query"].get("fieldSelector", "").removeprefix("metadata.name="))
    return full == found["plural"] + (f".{found['group']}" if found["group"] else "") and only in ("", asked)


class Pod(Server):
    """A Server as a container would run it. `settings`: meridian.yaml, of which only addresses, the state directory and the
    times of the Lease are changed, because many pods share one machine, and nobody waits for long."""

    def __init__(self, settings, environment, lease=None, start=True):
        super().__init__(environment=environment, start=False)
        self.settings = {**settings, "listen": ["127.0.0.1:0"], "admin": {"listen": "127.0.0.1:0"}, "state": str(self.state)}
        for source in self.settings["sources"]:
            source["kubernetes"] = {**source["kubernetes"], "lease": lease or LEASE}
        self.configure()
        if start:
            try:
                self.start()
            except BaseException:
                self.close()
                raise

    def messages(self, pattern, levels=("warning", "error")):
        """The lines of the log, as JSON or as text, in which a pattern is found."""
        lines = []
        for line in self.log().splitlines():
            if line.startswith("{"):
                entry = json.loads(line, strict=False)
                level, text = entry["level"], entry["message"]
            else:
                _, level, text = line.split(" ", 2)
            if level.strip("[]") in levels and re.search(pattern, text):
                lines.append(text)
        return lines

    @property
    def ledger(self):
        return self.status()["vips"]["ledger"]

    def writes(self):
        return self.ledger["writes"]

    def told(self):
        """All that it complains about, on its page and in its log."""
        page = self.status()
        troubles = [source["trouble"] for source in page["sources"]] + [page["vips"]["ledger"]["trouble"], *page["reasons"]]
        return "\n".join(troubles + self.messages(""))

    def vip(self, name):
        """The VIP that it answers; None if there is none yet."""
        found = re.fullmatch(r"NOERROR (245\.\S+)", self.answer(name))
        return found and found.group(1)


class Cluster:
    """An API server to which kustomizations were applied. `lacking`: a right that is left out."""

    def __init__(self, *directories, lacking=None):
        self.api = ApiServer().start()
        self.applied, self.pods = [], []
        try:
            for directory in directories:
                self.apply(directory, lacking)
        except BaseException:
            self.close()
            raise

    def apply(self, directory, lacking=None):
        objects = manifests(directory)
        self.applied.append(directory)
        self.api.load_rbac(without(objects, lacking) if lacking else objects)
        for each in objects:
            if each["kind"] == "Namespace":
                self.api.put(each)
        self.api.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "meridian"}})

    def rights(self):
        return set().union(*map(self.rights_of, self.applied))

    @staticmethod
    def rights_of(directory):
        return rights(manifests(directory))

    def pod(self, directory=None, start=True, lease=None, settings=None):
        """Another pod of the kustomization, the first that was applied if none is named."""
        objects = manifests(directory or self.applied[0])
        (account,) = {f"{s['name']}@{s['namespace']}" for each in objects if each["kind"] == "ClusterRoleBinding"
                      for s in each["subjects"]}
        token = f"token-of-{account}"
        self.api.add_token(token, user_of(account))
        mounted = self.api.write_service_account(token, account.partition("@")[2], name=account)
        environment = {"MERIDIAN_SERVICE_ACCOUNT": str(mounted), "KUBERNETES_SERVICE_HOST": self.api.host,
                       "KUBERNETES_SERVICE_PORT": str(self.api.port)}
        return self._add(Pod(settings or configuration(objects), environment, lease, start))

    def machine(self):
        """A virtual machine, with conf/virtual-machine.yaml."""
        token = "token-of-a-machine"
        self.api.add_token(token, user_of("meridian-virtual-machine@meridian"))
        kubeconfig = kubeconfigs.token(self.api.directory / "machine", self.api, token)
        (settings,) = documents((ROOT / "conf/virtual-machine.yaml").read_text())
        settings["sources"][0]["kubernetes"]["kubeconfig"] = str(kubeconfig)
        return self._add(Pod(settings, {}))

    def _add(self, pod):
        self.pods.append(pod)
        return pod

    def refused(self):
        """The requests that the rights did not allow."""
        return [f"{r['user']}: {r['verb']} {r['path']}" for r in self.api.requests() if r["status"] == 403]

    def unused(self):
        """The rights that no request has needed."""
        requests = [r for r in self.api.requests() if r["status"] not in (None, 401, 403)]
        return sorted(right for right in self.rights() if not any(uses(right, r) for r in requests))

    def close(self):
        for pod in self.pods:
            pod.close()
        self.api.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
