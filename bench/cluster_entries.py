"""ServiceEntries as a cluster of some size has them: about 2 KB each, with the annotations, labels and managedFields that
kubectl and a deployment tool leave behind. Every second one has a literal address, the others need a VIP."""
import ipaddress
import json
import random
import uuid

LITERALS = int(ipaddress.ip_address("240.64.0.0"))  # of the entries, by number
CHANGED = int(ipaddress.ip_address("240.128.0.0"))  # of the changes, by number
MARKED = int(ipaddress.ip_address("241.0.0.0"))     # of the probe, by number: from an answer to the event that caused it
PROBE = ("bench", "probe", "probe.bench.global")
NEW = ("bench", "new", "new.bench.global")          # an entry without an address that comes late
API_VERSION, KIND = "networking.istio.io/v1", "ServiceEntry"
_FIELDS = {"f:metadata": {"f:annotations": {".": {}, "f:kubectl.kubernetes.io/last-applied-configuration": {},
                                            "f:meta.helm.sh/release-name": {}, "f:meta.helm.sh/release-namespace": {}},
                          "f:labels": {".": {}, "f:app.kubernetes.io/managed-by": {}, "f:app.kubernetes.io/name": {},
                                       "f:helm.sh/chart": {}, "f:team": {}}},
           "f:spec": {".": {}, "f:addresses": {}, "f:endpoints": {}, "f:exportTo": {}, "f:hosts": {}, "f:location": {},
                      "f:ports": {".": {}, 'k:{"name":"http1"}': {".": {}, "f:name": {}, "f:number": {}, "f:protocol": {}}},
                      "f:resolution": {}}}


def place(number, count):
    """(namespace, name, host) of an entry: a hundred of them share a namespace."""
    name, space = f"svc{number}", f"ns{number % max(1, count // 100)}"
    return space, name, f"{name}.{space}.global"


def is_literal(number):
    return number % 2 == 0


def address(base, number):
    return str(ipaddress.ip_address(base + number))


def entry(where, addresses=()):
    """One object as the API server stores it, but for its resourceVersion. `where`: see place()."""
    space, name, host = where
    made = f"2025-0{random.randint(1, 9)}-{random.randint(10, 28)}T08:{random.randint(10, 59)}:00Z"
    labels = {"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/name": name, "helm.sh/chart": "mesh-entry-1.4.2",
              "team": f"team-{space}"}
    spec = {"hosts": [host], "location": "MESH_INTERNAL", "resolution": "DNS", "exportTo": ["*"],
            "ports": [{"name": "http1", "number": 8000, "protocol": "HTTP"}],
            "endpoints": [{"address": "gateway.region-1.example.com", "locality": "region-1/zone-a", "ports": {"http1": 15443}}]}
    if addresses:
        spec["addresses"] = list(addresses)
    applied = {"apiVersion": API_VERSION, "kind": KIND,
               "metadata": {"annotations": {}, "labels": labels, "name": name, "namespace": space}, "spec": spec}
    release = {"meta.helm.sh/release-name": name, "meta.helm.sh/release-namespace": space}
    applied = json.dumps(applied, separators=(",", ":"), sort_keys=True) + "\n"
    return {"metadata": {
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied} | release,
        "creationTimestamp": made, "generation": 1, "labels": labels, "managedFields": [
            {"apiVersion": API_VERSION, "fieldsType": "FieldsV1", "fieldsV1": _FIELDS, "manager": "kubectl-client-side-apply",
             "operation": "Update", "time": made}],
        "name": name, "namespace": space, "uid": str(uuid.UUID(int=random.getrandbits(128)))}, "spec": spec}


def entries(count):
    """`count` of them."""
    for number in range(count):
        literal = [address(LITERALS, number)] if is_literal(number) else []
        yield entry(place(number, count), literal)
