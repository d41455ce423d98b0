"""Sets of fields, as structured-merge-diff has them: a path is a tuple of the words of fieldsV1 (`f:spec`,
`k:{"name":"http"}`, `v:"x"`), a set of them is a Python set. What a list is (one value, or items with owners of their
own) comes from the schema: lists of a custom resource are one value unless its definition says otherwise."""
import json

# What metadata.managedFields never lists (fieldmanager's stripMeta).
_STRIPPED = {("f:apiVersion",), ("f:kind",), ("f:metadata",)} | {
    ("f:metadata", f"f:{name}") for name in ("name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName",
                                             "generation", "managedFields", "resourceVersion", "deletionTimestamp",
                                             "deletionGracePeriodSeconds")}
# Lists whose items have owners of their own: by key fields, or as a set. spec.ports is so in Istio's definition.
_LISTS = {("metadata", "ownerReferences"): ("uid",), ("metadata", "finalizers"): "set"}
_SERVICE_ENTRY_LISTS = _LISTS | {("spec", "ports"): ("name",)}
# Maps that are one value (ObjectReference is `x-kubernetes-map-type: atomic`).
_ATOMIC_MAPS = {("involvedObject",), ("regarding",), ("related",)}


def compact(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


class Schema:
    """How the values of one resource merge."""

    def __init__(self, custom):
        self._lists = _SERVICE_ENTRY_LISTS if custom else _LISTS

    def parts(self, value, names):
        """{word: (child, name)} of a value with parts, or None of one that is one value. `names` is the path without the
        items of lists."""
        if isinstance(value, dict):
            return None if names in _ATOMIC_MAPS else {f"f:{k}": (v, names + (k,)) for k, v in value.items()}
        if not isinstance(value, list) or (keys := self._lists.get(names)) is None:
            return None
        if keys == "set":
            return {f"v:{compact(v)}": (v, names + ("*",)) for v in value}
        if not all(isinstance(v, dict) for v in value):
            return None
        return {f"k:{compact({k: v.get(k) for k in keys})}": (v, names + ("*",)) for v in value}

    def owned(self, value):
        """What somebody owns who applies `value`: its leaves, and the items of its lists."""
        found = set()
        self._walk(value, (), (), found, False)
        return found - _STRIPPED

    def every(self, value, path=(), names=()):
        """All paths in a value, also of what only holds others."""
        found = set()
        self._walk(value, path, names, found, True)
        return found

    def _walk(self, value, path, names, found, containers):
        parts = self.parts(value, names)
        if not parts or containers or (path and path[-1].startswith("k:")):
            if path:
                found.add(path)
        for word, (child, child_names) in (parts or {}).items():
            self._walk(child, path + (word,), child_names, found, containers)

    def compare(self, old, new):
        """(changed or new, removed) paths between two objects."""
        changed, removed = set(), set()
        self._compare(old, new, (), (), changed, removed)
        return changed - _STRIPPED, removed - _STRIPPED

    def _compare(self, old, new, path, names, changed, removed):
        if old == new:
            return
        before, after = self.parts(old, names), self.parts(new, names)
        if before is None or after is None:
            changed.add(path)
            if before:
                removed |= self.every(old, path, names) - {path}
            if after:
                changed |= self.every(new, path, names)
            return
        for word, (child, child_names) in before.items():
            if word not in after:
                removed |= self.every(child, path + (word,), child_names)
        for word, (child, child_names) in after.items():
            if word in before:
                self._compare(before[word][0], child, path + (word,), child_names, changed, removed)
            else:
                changed |= self.every(child, path + (word,), child_names)

    def merge(self, live, applied, names=()):
        """`applied` laid over `live`; neither is changed."""
        before, after = self.parts(live, names), self.parts(applied, names)
        if before is None or after is None:
            return applied
        if isinstance(applied, dict):
            merged = dict(live)
            for key, value in applied.items():
                merged[key] = self.merge(live[key], value, names + (key,)) if key in live else value
            return merged
        merged = {word: child for word, (child, _) in before.items()}
        for word, (child, child_names) in after.items():
            merged[word] = self.merge(merged[word], child, child_names) if word in merged else child
        return list(merged.values())

    def remove(self, value, paths, names=()):
        """`value` without what `paths` name, nor what held nothing else."""
        parts = self.parts(value, names)
        if not paths or not parts:
            return value
        here = {path[0] for path in paths if len(path) == 1}
        below = {}
        for path in paths:
            if len(path) > 1:
                below.setdefault(path[0], set()).add(path[1:])
        kept = {}
        for word, (child, child_names) in parts.items():
            if word in here:
                continue
            left = self.remove(child, below.get(word), child_names)
            if word in below and not left and child:
                continue  # structured-merge-diff drops what became empty by removal
            kept[word] = left
        return {word[2:]: v for word, v in kept.items()} if isinstance(value, dict) else list(kept.values())


def encode(paths):
    """fieldsV1 of a set."""
    tree = {}
    for path in sorted(paths):
        node = tree
        for word in path:
            node = node.setdefault(word, {})
        node["."] = {}
    return _without_lone_dots(tree)


def _without_lone_dots(node):
    if node.keys() == {"."}:
        return {}
    return {word: _without_lone_dots(child) if word != "." else {} for word, child in sorted(node.items())}


def decode(tree, path=()):
    """The inverse of encode()."""
    if not tree:
        return {path} if path else set()
    found = set()
    for word, child in tree.items():
        found |= {path} if word == "." else decode(child, path + (word,))
    return found


def text(path):
    """A path as messages have it: `.spec.addresses`, `.spec.ports[name="http"].number`."""
    words = []
    for word in path:
        kind, value = word[:2], word[2:]
        if kind == "f:":
            words.append("." + value)
        elif kind == "v:":
            words.append(f"[={value}]")
        else:
            words.append("[" + ",".join(f"{k}={compact(v)}" for k, v in json.loads(value).items()) + "]")
    return "".join(words)
