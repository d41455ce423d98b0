"""What a write is refused for, 422 Invalid with the field: the names, sizes and required fields that the real server (and
the schema of Istio's definition) checks. Enough to catch a client that writes nonsense; not the whole schema."""
import datetime
import re

from .status import bad_request, invalid

_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_SUBDOMAIN_WORDS = (
    'a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and '
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")
MAX_CONFIG_MAP = 1024 * 1024
SPEC = {"hosts", "addresses", "ports", "location", "resolution", "endpoints", "workloadSelector", "exportTo",
        "subjectAltNames"}
LOCATIONS = ["MESH_EXTERNAL", "MESH_INTERNAL"]
RESOLUTIONS = ["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"]


def quoted(value):
    return f'"{value}"' if isinstance(value, str) else str(value)


def validate(resource, obj):
    """Raises the 422 with every fault found."""
    faults = list(_metadata(obj["metadata"]))
    check = _CHECKS.get((resource.group, resource.kind))
    if check:
        faults += check(obj)
    if faults:
        raise invalid(resource.kind, resource.group, obj["metadata"].get("name", ""), faults)


def _metadata(metadata):
    name = metadata.get("name", "")
    if not name:
        yield "metadata.name", "Required value: name or generateName is required"
    elif len(name) > 253 or not re.fullmatch(_SUBDOMAIN, name):
        yield "metadata.name", f'Invalid value: "{name}": {_SUBDOMAIN_WORDS}'
    for field in ("labels", "annotations"):
        for key, value in (metadata.get(field) or {}).items():
            if not isinstance(value, str) or (field == "labels" and not re.fullmatch(r"([\w.-]{0,63})", value, re.A)):
                yield f"metadata.{field}", f"Invalid value: {quoted(value)}: of {key}"
    if sum(len(k) + len(str(v)) for k, v in (metadata.get("annotations") or {}).items()) > 256 * 1024:
        yield "metadata.annotations", "Too long: may not be more than 262144 bytes"


def _config_map(obj):
    total = 0
    for field in ("data", "binaryData"):
        for key, value in (obj.get(field) or {}).items():
            if not re.fullmatch(r"[-._a-zA-Z0-9]{1,253}", key):
                yield f"{field}[{key}]", (f'Invalid value: "{key}": a valid config key must consist of alphanumeric '
                                          "characters, '-', '_' or '.'")
            total += len(value.encode())
    if total > MAX_CONFIG_MAP:
        yield "", f"Too long: may not be more than {MAX_CONFIG_MAP} bytes"


def _lease(obj):
    spec = obj.get("spec") or {}
    if spec.get("leaseDurationSeconds") is not None and spec["leaseDurationSeconds"] <= 0:
        yield "spec.leaseDurationSeconds", f"Invalid value: {spec['leaseDurationSeconds']}: must be greater than 0"
    if spec.get("leaseTransitions") is not None and spec["leaseTransitions"] < 0:
        yield "spec.leaseTransitions", (f"Invalid value: {spec['leaseTransitions']}: must be greater than or equal to 0")
    for field in ("acquireTime", "renewTime"):
        if spec.get(field) is not None and not is_micro_time(spec[field]):
            raise _no_time("Lease", spec[field])


def _no_time(kind, value):
    """The decoder's words: a time that cannot be read is no value at all, so 400."""
    return bad_request(f'{kind} in version "v1" cannot be handled as a {kind}: parsing time {quoted(value)} as '
                       '"2006-01-02T15:04:05.000000Z07:00": cannot parse')


def is_micro_time(text):
    """metav1.MicroTime is read with Go's layout 2006-01-02T15:04:05.000000Z07:00: six digits, no more and no less."""
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}(-\d\d){2}T(\d\d:){2}\d\d\.\d{6}(Z|[+-]\d\d:\d\d)", text):
        return False
    try:
        datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        return True
    except ValueError:
        return False


def _event(obj):
    involved = obj.get("involvedObject") or {}
    namespace = obj["metadata"].get("namespace", "")
    clusterwide = not involved.get("namespace") and namespace in ("default", "kube-system")
    if involved.get("namespace", "") != namespace and not clusterwide:
        yield "involvedObject.namespace", f'Invalid value: "{involved.get("namespace", "")}": does not match event.namespace'
    if not obj.get("eventTime"):
        return
    if not is_micro_time(obj["eventTime"]):
        raise _no_time("Event", obj["eventTime"])
    for stored, said in (("reportingComponent", "reportingController"), ("reportingInstance", "reportingInstance"),
                         ("action", "action"), ("reason", "reason")):
        if not obj.get(stored):
            yield said, "Required value"
    if obj.get("type") not in ("Normal", "Warning"):
        yield "type", f'Invalid value: "{obj.get("type", "")}"'
    if len(obj.get("message", "")) > 1024:
        yield "message", "Invalid value: can have at most 1024 characters"


def _new_event(obj):
    if not obj.get("eventTime"):
        yield "eventTime", "Required value"
    yield from _event(obj)


def _service_entry(obj):
    """The schema and the rules of Istio's definition (kubebuilder comments in istio/api's service_entry.proto). What only
    istiod's webhook refuses, such as the host `*`, is taken: script a webhook for that."""
    spec = obj.get("spec")
    if not isinstance(spec, dict):
        yield "spec", "Required value"
        return
    hosts, addresses, ports = spec.get("hosts"), spec.get("addresses") or [], spec.get("ports") or []
    if hosts is None:
        yield "spec.hosts", "Required value"
    elif not hosts:
        yield "spec.hosts", "Invalid value: 0: spec.hosts in body should have at least 1 items"
    for field in ("hosts", "addresses", "ports"):
        if len(spec.get(field) or []) > 256:
            yield f"spec.{field}", f"Too many: {len(spec[field])}: must have at most 256 items"
    for i, address in enumerate(addresses):
        if len(address) > 64:
            yield f"spec.addresses[{i}]", "Too long: may not be more than 64 bytes"
    location, resolution = spec.get("location", "MESH_EXTERNAL"), spec.get("resolution", "NONE")
    for field, value, known in (("location", location, LOCATIONS), ("resolution", resolution, RESOLUTIONS)):
        if value not in known:
            yield f"spec.{field}", f'Unsupported value: "{value}": supported values: ' + ", ".join(f'"{k}"' for k in known)
    yield from (("spec", f'Invalid value: "object": {said}') for said, broken in (
        ("only one of WorkloadSelector or Endpoints can be set", "workloadSelector" in spec and "endpoints" in spec),
        ("CIDR addresses are allowed only for NONE/STATIC resolution types",
         any("/" in a for a in addresses) and resolution not in ("NONE", "STATIC")),
        ("NONE mode cannot set endpoints", resolution == "NONE" and "endpoints" in spec),
        ("DNS_ROUND_ROBIN mode cannot have multiple endpoints",
         resolution == "DNS_ROUND_ROBIN" and len(spec.get("endpoints") or []) > 1)) if broken)
    yield from _ports(ports)


def _ports(ports):
    names, numbers = [], []
    for i, port in enumerate(ports):
        for field in ("number", "name"):
            if port.get(field) is None:
                yield f"spec.ports[{i}].{field}", "Required value"
        for field in ("number", "targetPort"):
            if port.get(field) is not None and not 0 < port[field] <= 65535:
                yield f"spec.ports[{i}].{field}", 'Invalid value: "integer": port must be between 1-65535'
        if port.get("name") in names:
            yield f"spec.ports[{i}]", 'Duplicate value: {"name":"%s"}' % port["name"]
        names.append(port.get("name"))
        numbers.append(port.get("number"))
    if len(set(numbers)) != len(numbers):
        yield "spec.ports", 'Invalid value: "array": port number cannot be duplicated'


_CHECKS = {("networking.istio.io", "ServiceEntry"): _service_entry, ("", "ConfigMap"): _config_map,
           ("coordination.k8s.io", "Lease"): _lease, ("", "Event"): _event, ("events.k8s.io", "Event"): _new_event}
