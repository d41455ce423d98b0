"""What the server has: which resources in which groups and versions, how one stored object reads in each version, and
the discovery documents of them (/api, /apis, /apis/GROUP, /apis/GROUP/VERSION)."""
import dataclasses

ALL_VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]

# events.k8s.io/v1 and core v1 are two readings of the same stored events: (core, events.k8s.io).
EVENT_NAMES = [("involvedObject", "regarding"), ("message", "note"), ("source", "deprecatedSource"),
               ("firstTimestamp", "deprecatedFirstTimestamp"), ("lastTimestamp", "deprecatedLastTimestamp"),
               ("count", "deprecatedCount"), ("reportingComponent", "reportingController")]


@dataclasses.dataclass(eq=False)
class Resource:
    """One kind of object. `custom` ones come from a CustomResourceDefinition, which is written and validated by other
    code in the real server: their JSON has sorted keys, an update must name a resourceVersion, strategic merge
    patches are refused. `store` names the collection: resources with the same one show the same objects."""
    group: str
    versions: tuple
    kind: str
    plural: str
    short: tuple = ()
    namespaced: bool = True
    custom: bool = False
    status: bool = False          # has a /status subresource
    create_on_update: bool = False  # PUT of a missing object creates it
    unconditional_update: bool = True  # PUT may leave the resourceVersion out
    generation: bool = False      # metadata.generation counts changes of the spec
    fields: tuple = ("metadata.name", "metadata.namespace")
    store: str = ""

    def __post_init__(self):
        self.store = self.store or f"{self.plural}.{self.group}"

    def api_version(self, version):
        return f"{self.group}/{version}" if self.group else version

    def render(self, obj):
        """The stored object as this resource shows it, without apiVersion and kind."""
        return _renamed(obj, EVENT_NAMES) if self.group == "events.k8s.io" else obj

    def parse(self, obj):
        """The inverse of render()."""
        return _renamed(obj, [(b, a) for a, b in EVENT_NAMES]) if self.group == "events.k8s.io" else obj

    def describe(self):
        """The APIResource lines of discovery."""
        line = {"name": self.plural, "singularName": self.kind.lower(), "namespaced": self.namespaced,
                "kind": self.kind, "verbs": ALL_VERBS}
        if self.short:
            line["shortNames"] = list(self.short)
        lines = [line]
        if self.status:
            lines.append({"name": self.plural + "/status", "singularName": "", "namespaced": self.namespaced,
                          "kind": self.kind, "verbs": ["get", "patch", "update"]})
        return lines


def _renamed(obj, names):
    names = dict(names)
    return {names.get(key, key): value for key, value in obj.items()}


ISTIO = "networking.istio.io"
EVENT_FIELDS = ("metadata.name", "metadata.namespace", "involvedObject.kind", "involvedObject.name", "involvedObject.uid",
                "involvedObject.namespace", "reason", "type", "reportingComponent")


# What the manifests of an installation have besides: kept as it is written, and nothing is made of it.
RBAC = "rbac.authorization.k8s.io"
KEPT = [("", "Secret", "secrets"), ("", "Service", "services"), ("", "ServiceAccount", "serviceaccounts"),
        ("apps", "Deployment", "deployments"), ("apps", "DaemonSet", "daemonsets"),
        ("policy", "PodDisruptionBudget", "poddisruptionbudgets"), ("networking.k8s.io", "NetworkPolicy", "networkpolicies"),
        (RBAC, "Role", "roles"), (RBAC, "RoleBinding", "rolebindings"), (RBAC, "ClusterRole", "clusterroles"),
        (RBAC, "ClusterRoleBinding", "clusterrolebindings")]


def all_resources(istio_versions):
    """The table of the house. `istio_versions`: those of ServiceEntry that are served, the storage version first."""
    return [
        Resource(ISTIO, tuple(istio_versions), "ServiceEntry", "serviceentries", ("se",), custom=True, status=True,
                 unconditional_update=False, generation=True),
        Resource("", ("v1",), "ConfigMap", "configmaps", ("cm",)),
        Resource("", ("v1",), "Namespace", "namespaces", ("ns",), namespaced=False),
        Resource("", ("v1",), "Event", "events", ("ev",), create_on_update=True, fields=EVENT_FIELDS, store="events"),
        Resource("events.k8s.io", ("v1",), "Event", "events", ("ev",), create_on_update=True, store="events"),
        Resource("coordination.k8s.io", ("v1",), "Lease", "leases", create_on_update=True, unconditional_update=False),
    ] + [Resource(group, ("v1",), kind, plural, namespaced=not kind.startswith("Cluster"))
         for group, kind, plural in KEPT]


def group_document(group, versions):
    lines = [{"groupVersion": f"{group}/{v}", "version": v} for v in versions]
    return {"kind": "APIGroup", "apiVersion": "v1", "name": group, "versions": lines, "preferredVersion": lines[0]}


class Catalogue:
    """The resources of one server, and whether the CustomResourceDefinition is there."""

    def __init__(self, istio_versions=("v1", "v1beta1", "v1alpha3")):
        self.resources = all_resources(istio_versions)
        self.entries = self.resources[0]
        self.crd = True

    def serve(self, versions):
        """Changes which versions of ServiceEntry are served."""
        self.entries.versions = tuple(versions)

    def present(self):
        return [r for r in self.resources if self.crd or not r.custom]

    def groups(self):
        found = {}
        for resource in self.present():
            if resource.group:
                versions = found.setdefault(resource.group, [])
                versions += [v for v in resource.versions if v not in versions]
        for group in ("authorization.k8s.io", "authentication.k8s.io"):
            found[group] = ["v1"]
        return found

    def find(self, group, version, plural):
        """The resource, or None."""
        for resource in self.present():
            if (resource.group, resource.plural) == (group, plural) and version in resource.versions:
                return resource
        return None

    def by_name(self, name):
        """For scripts: `serviceentries`, `serviceentries.networking.istio.io`, `ServiceEntry`, `se`."""
        for resource in self.resources:
            full = f"{resource.plural}.{resource.group}"
            if name in (resource.plural, full, resource.kind, resource.kind.lower(), *resource.short):
                return resource
        raise LookupError(f"no resource {name}")

    def document(self, path, url):
        """The discovery document of a path such as `/apis/networking.istio.io`, or None."""
        parts = [p for p in path.split("/") if p]
        if parts == ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"],
                    "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": url.split("//")[1]}]}
        if parts == ["apis"]:
            groups = []
            for name, versions in self.groups().items():
                group = group_document(name, versions)
                groups.append({k: v for k, v in group.items() if k not in ("kind", "apiVersion")})
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        if len(parts) == 2 and parts[0] == "apis" and parts[1] in self.groups():
            return group_document(parts[1], self.groups()[parts[1]])
        if parts == ["api", "v1"]:
            group, version = "", "v1"
        elif len(parts) == 3 and parts[0] == "apis" and parts[2] in self.groups().get(parts[1], ()):
            group, version = parts[1:]
        else:
            return None
        lines = [line for r in self.present() if r.group == group and version in r.versions for line in r.describe()]
        if group == "authorization.k8s.io":
            lines = [{"name": "selfsubjectaccessreviews", "singularName": "selfsubjectaccessreview", "namespaced": False,
                      "kind": "SelfSubjectAccessReview", "verbs": ["create"]}]
        if group == "authentication.k8s.io":
            lines = [{"name": "selfsubjectreviews", "singularName": "selfsubjectreview", "namespaced": False,
                      "kind": "SelfSubjectReview", "verbs": ["create"]}]
        return {"kind": "APIResourceList", "apiVersion": "v1",
                "groupVersion": f"{group}/{version}" if group else version, "resources": lines}
