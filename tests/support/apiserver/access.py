"""Who asks, and what they may: bearer tokens and client certificates, then RBAC, as kube-apiserver runs with
`--anonymous-auth=true --authorization-mode=RBAC`: no credentials is system:anonymous (403 for nearly everything), a token
that is not known is 401, everybody who is known may read discovery. The manifests' own Roles and bindings can be
loaded, so that a test runs with no more than what we ship."""
import dataclasses
import json
import pathlib

from .status import ApiError, details_of, qualified, unauthorized

_PUBLIC = ("/healthz", "/livez", "/readyz", "/version")
_DISCOVERY = ("/api", "/apis", "/openapi")


@dataclasses.dataclass(frozen=True)
class User:
    name: str
    groups: tuple = ()


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))


@dataclasses.dataclass
class Asked:
    """What a request is about (apiserver's RequestInfo)."""
    verb: str
    path: str
    group: str = ""
    version: str = ""
    plural: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    selected_name: str = ""  # by fieldSelector: RBAC's resourceNames can allow a list of one name

    @property
    def is_resource(self):
        return bool(self.plural)


def documents(text):
    """The documents of a manifest, from JSON or YAML text, a path, or a value. YAML needs python3-yaml."""
    if isinstance(text, pathlib.Path):
        text = text.read_text()
    if isinstance(text, str):
        try:
            text = json.loads(text)
        except ValueError:
            import yaml
            text = [item for d in yaml.safe_load_all(text) if d for item in (d if isinstance(d, list) else [d])]
    return text if isinstance(text, list) else [text]


class Access:
    """Tokens, users and what is granted to them. `grants`: user or group name -> [(namespace or None, rules)]; the group
    system:masters may do everything."""

    def __init__(self):
        self.tokens, self.grants, self.anonymous = {}, {}, True

    # Who.

    def authenticate(self, headers, certificate):
        """The User of a request; raises 401."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if certificate:
            subject = {}
            for ((key, value),) in certificate["subject"]:
                subject.setdefault(key, []).append(value)
            return User(subject["commonName"][0], tuple(subject.get("organizationName", [])) + ("system:authenticated",))
        if scheme.lower() == "bearer":
            if user := self.tokens.get(token.strip()):
                return user
            raise unauthorized()
        if not self.anonymous:
            raise unauthorized()
        return ANONYMOUS

    def add_token(self, token, user, groups=()):
        if user.startswith("system:serviceaccount:"):
            groups = (*groups, "system:serviceaccounts", f"system:serviceaccounts:{user.split(':')[2]}")
        self.tokens[token] = User(user, (*groups, "system:authenticated"))

    # What.

    def grant(self, user, rules, namespace=None):
        """`rules` as in a Role: a list, or text of one; a rule may have a `namespace` of its own."""
        rules = documents(rules)
        for rule in rules:
            if "rules" in rule:
                raise ValueError("rules are wanted, not a Role; load_rbac() reads those")
        self.grants.setdefault(user, []).append((namespace, rules))

    def load_rbac(self, manifest):
        """Roles, ClusterRoles and their bindings out of a manifest (other kinds are passed over). Returns the names that
        got something."""
        roles, bound = {}, []
        found = [item for d in documents(manifest) for item in (d.get("items", []) if d.get("kind") == "List" else [d])]
        for d in found:
            if d.get("kind") in ("Role", "ClusterRole"):
                namespace = d["metadata"].get("namespace", "default") if d["kind"] == "Role" else ""
                roles[d["kind"], namespace, d["metadata"]["name"]] = d.get("rules") or []
        for d in found:
            if d.get("kind") not in ("RoleBinding", "ClusterRoleBinding"):
                continue
            namespace = d["metadata"].get("namespace", "default") if d["kind"] == "RoleBinding" else None
            ref = d["roleRef"]
            role = roles.get((ref["kind"], namespace if ref["kind"] == "Role" else "", ref["name"]))
            if role is None:
                raise LookupError(f"{d['kind']} {d['metadata']['name']} names {ref['kind']} {ref['name']}, which is not there")
            for subject in d.get("subjects") or []:
                name = subject["name"]
                if subject["kind"] == "ServiceAccount":
                    name = f"system:serviceaccount:{subject.get('namespace') or namespace}:{name}"
                self.grants.setdefault(name, []).append((namespace, role))
                bound.append(name)
        return bound

    def allows(self, user, asked):
        if "system:masters" in user.groups:
            return True
        if not asked.is_resource:
            if asked.path.startswith(_PUBLIC):
                return True
            if user is not ANONYMOUS and any(asked.path == p or asked.path.startswith(p + "/") for p in _DISCOVERY):
                return True
        if asked.group in ("authorization.k8s.io", "authentication.k8s.io") and user is not ANONYMOUS:
            return asked.verb == "create" and asked.plural.startswith("selfsubject")
        return any(_matches(rule, namespace, asked) for who in (user.name, *user.groups)
                   for namespace, rules in self.grants.get(who, ()) for rule in rules)

    def authorize(self, user, asked, resource):
        """Raises the 403, in the real words. `resource` is anything with plural and group."""
        if self.allows(user, asked):
            return
        if not asked.is_resource:
            raise ApiError(403, f'forbidden: User "{user.name}" cannot {asked.verb} path "{asked.path}"')
        what = asked.plural + (f"/{asked.subresource}" if asked.subresource else "")
        scope = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
        named = f'{qualified(resource)} "{asked.name}"' if asked.name else qualified(resource)
        raise ApiError(403, f'{named} is forbidden: User "{user.name}" cannot {asked.verb} resource "{what}" in API group '
                       f'"{asked.group}" {scope}', details=details_of(resource, asked.name))


def _matches(rule, namespace, asked):
    verbs = rule.get("verbs") or []
    if asked.verb not in verbs and "*" not in verbs:
        return False
    if not asked.is_resource:
        return namespace is None and any(asked.path == u or (u.endswith("*") and asked.path.startswith(u[:-1]))
                                         for u in rule.get("nonResourceURLs") or [])
    namespace = rule.get("namespace", namespace)
    if namespace and asked.namespace != namespace:
        return False
    groups, resources = rule.get("apiGroups") or [], rule.get("resources") or []
    what = asked.plural + (f"/{asked.subresource}" if asked.subresource else "")
    if asked.group not in groups and "*" not in groups:
        return False
    if not {what, "*"} & set(resources) and f"*/{asked.subresource}" not in resources:
        return False
    names = rule.get("resourceNames") or []
    return not names or (asked.name or asked.selected_name) in names
