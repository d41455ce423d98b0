"""metadata.managedFields: who owns which field. `track_update` is what PUT, POST and the older patches do (operation
Update: whoever changes a field becomes its owner, and takes it from the others); `apply` is server-side apply
(structured-merge-diff's Updater.Apply): a field that somebody else owns with another value is a conflict unless forced,
and what an applier leaves out of its next apply is removed if nobody else owns it."""
import dataclasses
import json

from . import fields
from .status import apply_conflict


@dataclasses.dataclass
class Manager:
    """One line of managedFields. Updates of one manager in two versions are two managers; applies are one."""
    name: str
    operation: str
    api_version: str
    subresource: str = ""
    time: str = ""
    paths: set = dataclasses.field(default_factory=set)

    @property
    def key(self):
        return (self.name, self.operation, "" if self.operation == "Apply" else self.api_version, self.subresource)

    def line(self):
        line = {"apiVersion": self.api_version, "fieldsType": "FieldsV1", "fieldsV1": fields.encode(self.paths),
                "manager": self.name, "operation": self.operation, "time": self.time}
        return line | ({"subresource": self.subresource} if self.subresource else {})

    def __str__(self):
        """printManager: what the message of a conflict calls it."""
        said = json.dumps(self.name)
        if self.subresource:
            said += f" with subresource {json.dumps(self.subresource)}"
        return said + (f" using {self.api_version}" if self.operation == "Update" else "")


def managers(obj):
    found = {}
    for line in obj.get("metadata", {}).get("managedFields") or []:
        manager = Manager(line["manager"], line["operation"], line["apiVersion"], line.get("subresource", ""),
                          line.get("time", ""), fields.decode(line.get("fieldsV1") or {}))
        found[manager.key] = manager
    return found


def _write(obj, owners):
    lines = sorted((m for m in owners.values() if m.paths), key=lambda m: (m.operation, m.time, m.name, m.api_version))
    metadata = {k: v for k, v in obj["metadata"].items() if k != "managedFields"}
    if lines:
        metadata["managedFields"] = [m.line() for m in lines]
    return obj | {"metadata": metadata}


def _take(owners, key, paths):
    for other in owners.values():
        if other.key != key:
            other.paths = other.paths - paths


def track_update(schema, old, new, manager):
    """`new` with its managedFields, after `manager` (a Manager without paths) made it of `old` (None: created)."""
    if (new["metadata"].get("managedFields")) == [{}]:  # the documented way to clear them
        return _write(new, {})
    changed, removed = schema.compare(old or {"metadata": {}}, new)
    if old is not None and not changed and not removed:
        return _write(new, managers(old))
    owners = managers(old) if old else {}
    mine = owners.get(manager.key, manager)
    before = {key: m.paths for key, m in owners.items()}
    _take(owners, mine.key, changed)
    for owner in owners.values():
        owner.paths = owner.paths - removed
    mine.paths = (mine.paths - removed) | changed
    if mine.paths != before.get(mine.key) or changed:
        mine.time, mine.api_version = manager.time, manager.api_version
    return _write(new, owners | {mine.key: mine})


def apply(schema, live, applied, manager, force):
    """`live` (None: to be created) after `manager` applied `applied`. Raises the 409 with one cause for each field and
    owner in the way."""
    base = live or {"metadata": {}}
    owners = managers(base)
    wanted = schema.owned(applied)
    merged = schema.merge({k: v for k, v in base.items()}, applied)
    mine = owners.get(manager.key)
    if mine:
        others = set().union(*(m.paths for m in owners.values() if m.key != manager.key))
        dropped = mine.paths - wanted - others
        dropped = {p for p in dropped if not any(o[:len(p)] == p for o in others | wanted)}
        merged = schema.remove(merged, dropped)
    changed, removed = schema.compare(base, merged)
    if not force:
        _refuse(owners, manager, changed)
    _take(owners, manager.key, changed)
    for owner in owners.values():
        owner.paths = owner.paths - removed
    unchanged = mine is not None and mine.paths == wanted and not changed and not removed
    owners[manager.key] = dataclasses.replace(manager, paths=wanted, time=mine.time if unchanged else manager.time)
    return _write(merged, owners)


def _refuse(owners, manager, changed):
    conflicts = [(str(other), fields.text(path)) for other in owners.values() if other.key != manager.key
                 for path in sorted(other.paths & changed)]
    if not conflicts:
        return
    causes = [{"reason": "FieldManagerConflict", "message": f"conflict with {who}", "field": path}
              for who, path in conflicts]
    if len(conflicts) == 1:
        message = f"Apply failed with 1 conflict: conflict with {conflicts[0][0]}: {conflicts[0][1]}"
    else:
        lines = []
        for who in sorted({who for who, _ in conflicts}):
            lines.append(f"conflicts with {who}:")
            lines += [f"- {path}" for other, path in conflicts if other == who]
        message = f"Apply failed with {len(conflicts)} conflicts: " + "\n".join(lines)
    raise apply_conflict(causes, message)
