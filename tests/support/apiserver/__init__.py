"""A kube-apiserver for tests: the behaviour of 1.34 that a client can see, in one process, with a script for everything
that goes wrong. Standard library and the `openssl` command; YAML is read if python3-yaml is there.

    with ApiServer() as api:
        api.put(entry("web.shop.global"))
        start_a_client(api.kubeconfig)                     # or write_kubeconfig(KIND), write_service_account()
        api.wait_for_watch("serviceentries")
        api.fault(verb="list", status=429, retry_after=1, times=3)      # the effects are in faults.py
        api.freeze_watches()                               # script.py and server.py have the other commands

`python3 -m apiserver` is the same as a program, with the commands on an HTTP port (control.py).

What the real server does and this one does not:
- HTTP/2, protobuf (415 here), tables (`kubectl get` prints NAME and AGE), aggregated discovery, the whole of OpenAPI.
- The schema of ServiceEntry: what it must have and the rules that clients trip over are checked, types are not; unknown
  fields are pruned at the top of spec only, and fieldValidation=Strict refuses nothing.
- Strategic merge patches are taken as merge patches: the same for maps, not for lists.
- managedFields: `.` of a struct that is never empty is told where the real one does not; versions are not converted.
- A client certificate of an authority that is not trusted ends the handshake, where the real one answers 401.
- A watcher that does not read is kept for ever; the real one ends it. Compaction comes when told, not by the clock.
- Namespaces go at once, with all that is in them; nothing collects garbage by ownerReferences or expires Events.
- Flow control (429 only by script), admission, audit, quotas; no kind has controllers behind it.
- A list and a watch see a write at once; the real watch cache may be milliseconds behind.
"""
import re

from .proxy import ConnectProxy
from .server import ApiServer

__all__ = ["ApiServer", "ConnectProxy", "entry"]


def entry(*hosts, name=None, namespace="default", labels=None, annotations=None, version="v1", **spec):
    """A ServiceEntry. `hosts` that look like addresses are its addresses; the name is the first host's, with dashes."""
    addresses = [h for h in hosts if re.fullmatch(r"[0-9.]+(/\d+)?|[0-9a-f:.]*:[0-9a-f:.]*(/\d+)?", h)]
    hosts = [h for h in hosts if h not in addresses]
    metadata = {"name": name or re.sub(r"[^a-z0-9-]", "-", hosts[0].replace("*", "any").lower().rstrip(".")),
                "namespace": namespace}
    metadata |= {k: v for k, v in (("labels", labels), ("annotations", annotations)) if v}
    body = {"hosts": hosts, "location": "MESH_INTERNAL", "resolution": "STATIC",
            "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}], **({"addresses": addresses} if addresses else {})}
    return {"apiVersion": f"networking.istio.io/{version}", "kind": "ServiceEntry", "metadata": metadata,
            "spec": body | spec}
