"""The life of one object behind the HTTP: create, update, patch, apply, delete, with the rules of the real registry
(registry/generic/registry/store.go and apiextensions' custom resource strategy). Nothing here knows of sockets, users or
faults. Loop thread only."""
import dataclasses
import datetime
import secrets
import uuid

from . import fields, ownership, patches, status
from .store import Store
from .validation import SPEC, validate

_SYSTEM = ("uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink")


@dataclasses.dataclass
class Writer:
    """How a write was asked for. `subresource` is "" or "status"; `dry`: dryRun=All; `checked`: False stores what the
    validation would refuse (an object from before a rule)."""
    manager: str = "unknown"
    version: str = "v1"
    subresource: str = ""
    dry: bool = False
    force: bool = False
    checked: bool = True
    privileged: bool = False  # a script: no resourceVersion needed, the status is written along
    may_create: object = None  # called before an apply creates; raises the 403


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def key_of(resource, namespace, name):
    return f"{namespace}/{name}" if resource.namespaced else name


class Registry:
    """`catalogue` says which resources there are; all objects are in `store`."""

    def __init__(self, store: Store, catalogue, namespaces=("default", "kube-system", "kube-public", "kube-node-lease")):
        self.store, self.catalogue = store, catalogue
        self.namespaces = catalogue.by_name("namespaces")
        for name in namespaces:
            self.make_namespace(name)

    def make_namespace(self, name):
        if not self.store.get(self.namespaces, name):
            self.create(self.namespaces, "", {"metadata": {"name": name}}, Writer("kube-apiserver"))

    # Reading.

    def get(self, resource, namespace, name):
        item = self.store.get(resource, key_of(resource, namespace, name))
        if not item:
            raise status.not_found(resource, name)
        return item

    # Writing.

    def create(self, resource, namespace, body, writer):
        obj = self._taken(resource, namespace, body, writer)
        metadata = obj["metadata"]
        if metadata.get("resourceVersion"):
            raise status.ApiError(500, "resourceVersion should not be set on objects to be created", reason="")
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"][:58] + _suffix()
        if resource.namespaced and not self.store.get(self.namespaces, namespace):
            raise status.not_found(self.namespaces, namespace)
        if resource.status and not writer.privileged:
            obj.pop("status", None)
        if resource is self.namespaces:
            metadata["labels"] = (metadata.get("labels") or {}) | {"kubernetes.io/metadata.name": metadata.get("name")}
            obj |= {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
        for field in _SYSTEM:
            metadata.pop(field, None)
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": now()}
        if resource.generation:
            metadata["generation"] = 1
        self._check(resource, obj, writer)
        key = key_of(resource, namespace, metadata["name"])
        if self.store.get(resource, key):
            raise status.already_exists(resource, metadata["name"])
        obj = ownership.track_update(fields.Schema(resource.custom), None, obj, self._manager(resource, writer, "Update"))
        return self._commit(resource, key, obj, writer)

    def update(self, resource, namespace, name, body, writer):
        """PUT. Returns (item, created). A uid in the body is a precondition (rest.UpdatedObjectInfo), so that what was read
        and then deleted is not made again: 409, whatever the kind."""
        obj = self._taken(resource, namespace, body, writer)
        if obj["metadata"].setdefault("name", name) != name:
            raise status.bad_request(f"the name of the object ({obj['metadata']['name']}) does not match the name on the "
                                     f"URL ({name})")
        item, uid = self.store.get(resource, key_of(resource, namespace, name)), obj["metadata"].get("uid")
        if uid and (not item or uid != item.object["metadata"]["uid"]):  # also of a missing object: not 404
            raise status.conflict(resource, name, self._wrong_uid(resource, namespace, name, item, uid))
        if not item:
            if not resource.create_on_update:
                raise status.not_found(resource, name)
            obj["metadata"].pop("resourceVersion", None)
            return self.create(resource, namespace, obj, writer), True
        version = obj["metadata"].get("resourceVersion")
        if not version and not resource.unconditional_update and not writer.privileged:
            raise status.invalid(resource.kind, resource.group, name, [
                ("metadata.resourceVersion", "Invalid value: 0: must be specified for an update")])
        return self._replace(resource, item, obj, writer), False

    def patch(self, resource, namespace, name, kind, patch, writer):
        """The patches other than apply; `kind` is the content type. The answer to a resourceVersion in the result that is
        not the object's is 409; without one the patch holds whatever the version."""
        item = self.get(resource, namespace, name)
        current = {"kind": resource.kind, "apiVersion": resource.api_version(writer.version),
                   **resource.render(item.object)}
        if kind == "application/json-patch+json":
            patched = patches.json_patch(current, patch)
        elif isinstance(patch, dict):
            patched = patches.merge(current, patch)
        else:
            raise status.bad_request("the patch is not an object")
        obj = self._taken(resource, namespace, patched, writer)
        if obj["metadata"].get("name") != name:
            raise status.bad_request(f"the name of the object ({obj['metadata'].get('name')}) does not match the name on "
                                     f"the URL ({name})")
        return self._replace(resource, item, obj, writer)

    def apply(self, resource, namespace, name, body, writer):
        """Server-side apply. Returns (item, created). Of an object that is there, a uid in the body that is another's is
        422 as any change of an immutable field; of a missing one it is 409."""
        if body.get("metadata", {}).get("managedFields"):
            raise status.bad_request("metadata.managedFields must be nil")
        applied = self._taken(resource, namespace, body, writer)
        if applied["metadata"].setdefault("name", name) != name:
            raise status.bad_request(f"the name of the object ({applied['metadata']['name']}) does not match the name on "
                                     f"the URL ({name})")
        if writer.subresource == "status":
            applied = {k: v for k, v in applied.items() if k in ("metadata", "status")}
            applied["metadata"] = {k: v for k, v in applied["metadata"].items() if k in ("name", "namespace", "uid",
                                                                                         "resourceVersion")}
        elif resource.status:
            applied.pop("status", None)
        schema, manager = fields.Schema(resource.custom), self._manager(resource, writer, "Apply")
        item = self.store.get(resource, key_of(resource, namespace, name))
        if not item:
            if writer.subresource:
                raise status.not_found(resource, name)
            return self._apply_new(resource, namespace, name, applied, schema, manager, writer), True
        obj = ownership.apply(schema, item.object, applied, manager, writer.force)
        return self._replace(resource, item, obj, writer, track=False), False

    def _apply_new(self, resource, namespace, name, applied, schema, manager, writer):
        if writer.may_create:
            writer.may_create()
        if uid := applied["metadata"].get("uid"):
            raise status.conflict(resource, name, f"uid mismatch: the provided object specified uid {uid}, and no existing "
                                  "object was found")
        applied["metadata"].pop("resourceVersion", None)
        body = {"apiVersion": manager.api_version, "kind": resource.kind, **resource.render(applied)}
        created = self.create(resource, namespace, body, dataclasses.replace(writer, dry=True)).object
        owned = ownership.apply(schema, None, applied, manager, True)["metadata"].get("managedFields")
        metadata = {k: v for k, v in created["metadata"].items() if k != "managedFields"}
        obj = created | {"metadata": metadata | ({"managedFields": owned} if owned else {})}
        return self._commit(resource, key_of(resource, namespace, name), obj, writer)

    def delete(self, resource, namespace, name, preconditions=None, dry=False):
        """Returns (item, gone): with finalizers the object only gets a deletionTimestamp."""
        item = self.get(resource, namespace, name)
        metadata, preconditions = item.object["metadata"], preconditions or {}
        if preconditions.get("uid") not in (None, metadata["uid"]):
            raise status.conflict(resource, name, f"Precondition failed: UID in precondition: {preconditions['uid']}, UID in "
                                  f"object meta: {metadata['uid']}")
        if preconditions.get("resourceVersion") not in (None, metadata["resourceVersion"]):
            raise status.conflict(resource, name, "Precondition failed: ResourceVersion in precondition: "
                                  f"{preconditions['resourceVersion']}, ResourceVersion in object meta: "
                                  f"{metadata['resourceVersion']}")
        if dry:
            return item, True
        if metadata.get("finalizers"):
            if not metadata.get("deletionTimestamp"):
                obj = item.object | {"metadata": metadata | {"deletionTimestamp": now(), "deletionGracePeriodSeconds": 0}}
                item = self.store.commit(resource, item.key, obj)
            return item, False
        if resource is self.namespaces:
            self._empty(name)
        return self.store.remove(resource, item.key), True

    def _empty(self, namespace):
        for resource in {r.store: r for r in self.catalogue.resources if r.namespaced}.values():
            for key in [k for k in self.store.collection(resource).items if k.startswith(namespace + "/")]:
                self.store.remove(resource, key)

    # What the writes share.

    def _taken(self, resource, namespace, body, writer):
        """The body as stored: checked against the path, pruned of what the schema does not know, in stored names."""
        wanted = resource.api_version(writer.version)
        if (sent := body.get("apiVersion", None if resource.custom else wanted)) != wanted:
            raise status.bad_request(f"the API version in the data ({sent}) does not match the expected API version "
                                     f"({wanted})" if sent else "Object 'apiVersion' is missing")
        if (sent := body.get("kind", None if resource.custom else resource.kind)) != resource.kind:
            raise status.bad_request(f"the kind in the data ({sent}) does not match the expected kind ({resource.kind})"
                                     if sent else "Object 'Kind' is missing")
        obj = {k: v for k, v in resource.parse(body).items() if k not in ("apiVersion", "kind")}
        obj["metadata"] = {k: v for k, v in (obj.get("metadata") or {}).items() if v is not None}
        if resource.namespaced:
            if obj["metadata"].setdefault("namespace", namespace) != namespace:
                raise status.bad_request("the namespace of the provided object does not match the namespace sent on the "
                                         "request")
        else:
            obj["metadata"].pop("namespace", None)
        if resource.custom:
            obj = {k: v for k, v in obj.items() if k in ("metadata", "spec", "status")}
            if isinstance(obj.get("spec"), dict):
                obj["spec"] = {k: v for k, v in obj["spec"].items() if k in SPEC}
        return obj

    def _replace(self, resource, item, obj, writer, track=True):
        """Commits `obj` in place of `item`. What the system owns is the old object's, and a subresource changes nothing
        but itself. No change at all is no write."""
        old, name = item.object, item.object["metadata"]["name"]
        version = obj["metadata"].get("resourceVersion")
        if version and version != "0" and version != old["metadata"]["resourceVersion"]:
            raise status.modified(resource, name)
        uid = obj["metadata"].get("uid")
        if uid and uid != old["metadata"]["uid"]:
            raise status.invalid(resource.kind, resource.group, name,
                                 [("metadata.uid", f'Invalid value: "{uid}": field is immutable')])
        if writer.subresource == "status":
            lines = {"managedFields": obj["metadata"]["managedFields"]} if "managedFields" in obj["metadata"] else {}
            obj = {k: v for k, v in old.items() if k != "status"} | ({"status": obj["status"]} if "status" in obj else {})
            obj["metadata"] = {k: v for k, v in old["metadata"].items() if k != "managedFields"} | lines
        elif resource.status and not (writer.privileged and "status" in obj):
            obj = {k: v for k, v in obj.items() if k != "status"} | ({"status": old["status"]} if "status" in old else {})
        metadata = {k: v for k, v in obj["metadata"].items() if k not in _SYSTEM and k != "resourceVersion"}
        metadata |= {k: v for k, v in old["metadata"].items() if k in _SYSTEM or k == "resourceVersion"}
        if resource.generation and any(obj.get(k) != old.get(k) for k in (obj.keys() | old.keys()) - {"metadata", "status"}):
            metadata["generation"] = old["metadata"].get("generation", 0) + 1
        obj = obj | {"metadata": metadata}
        self._check(resource, obj, writer)
        if track:
            obj = ownership.track_update(fields.Schema(resource.custom), old, obj,
                                         self._manager(resource, writer, "Update"))
        if obj == old:
            return item
        if metadata.get("deletionTimestamp") and not metadata.get("finalizers") and not writer.dry:
            self.store.commit(resource, item.key, obj)
            return self.store.remove(resource, item.key)
        return self._commit(resource, item.key, obj, writer)

    def _commit(self, resource, key, obj, writer):
        if writer.dry:
            metadata = obj["metadata"]
            return Store.preview(key, obj, metadata.get("resourceVersion"))
        return self.store.commit(resource, key, obj)

    @staticmethod
    def _check(resource, obj, writer):
        if writer.checked:
            validate(resource, obj)

    @staticmethod
    def _manager(resource, writer, operation):
        return ownership.Manager(writer.manager, operation, resource.api_version(writer.version), writer.subresource, now())

    @staticmethod
    def _wrong_uid(resource, namespace, name, item, uid):
        group = f"{resource.group}/" if resource.custom else ""
        return (f"StorageError: invalid object, Code: 4, Key: /registry/{group}{resource.plural}/"
                f"{key_of(resource, namespace, name)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in "
                f"precondition: {uid}, UID in object meta: {item.object['metadata']['uid'] if item else ''}")


def _suffix():
    return "".join(secrets.choice("bcdfghjklmnpqrstvwxz2456789") for _ in range(5))
