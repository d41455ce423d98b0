"""etcd, as far as the API server shows it: one revision for everything, the objects of now, and the changes since the
last compaction, from which a watch is answered and an older moment is put together again for the later pages of a list."""
import bisect
import collections
import json


class Item:
    """One version of one object. Never changed once stored; `wire` keeps its octets by how they were asked for."""
    __slots__ = ("key", "object", "revision", "wire")

    def __init__(self, key, obj, revision):
        self.key, self.object, self.revision, self.wire = key, obj, revision, {}

    def octets(self, resource, version, bare=False):
        """The object as JSON in a version. `bare`: without apiVersion and kind, as in a list of a built-in kind."""
        key = (resource, version, bare)
        found = self.wire.get(key)
        if found is None:
            found = self.wire[key] = encode(resource, version, self.object, bare)
        return found


def encode(resource, version, obj, bare=False):
    """Custom resources are written from a map, with sorted keys: apiVersion first and metadata after kind. Built-in kinds
    are written from structs: kind, apiVersion, metadata, the rest."""
    body = resource.render(obj)
    if bare and not resource.custom:
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    named = {"kind": resource.kind, "apiVersion": resource.api_version(version), **body}
    return json.dumps(named, separators=(",", ":"), sort_keys=resource.custom, ensure_ascii=False).encode()


class Change:
    """A line of history: `previous` is the Item that was there (None: created), `item` the new one; of a deletion it is
    the last state under the deletion's revision, which is what watchers are shown."""
    __slots__ = ("revision", "type", "item", "previous", "lines")

    def __init__(self, revision, kind, item, previous):
        self.revision, self.type, self.item, self.previous, self.lines = revision, kind, item, previous, {}


class Collection:
    """The objects of one resource, by `namespace/name`: the order of etcd's keys."""

    def __init__(self, history):
        self.items, self.history, self.limit = {}, collections.deque(), history
        self.compacted = 0        # changes up to this revision are forgotten
        self.listeners = set()    # called with each Change
        self.keys = None          # sorted; None: to be sorted again


class Store:
    """All collections. Loop thread only. `history`: how many changes of a collection are kept at most."""

    def __init__(self, history=20_000):
        self.revision, self._history = 1000, history
        self._collections = {}
        self._snapshots = collections.OrderedDict()

    def collection(self, resource):
        found = self._collections.get(resource.store)
        if found is None:
            found = self._collections[resource.store] = Collection(self._history)
        return found

    def get(self, resource, key):
        return self.collection(resource).items.get(key)

    def commit(self, resource, key, obj):
        """Stores `obj` (not to be changed afterwards), its metadata's resourceVersion being the new revision."""
        where = self.collection(resource)
        previous = where.items.get(key)
        item = self._next(key, obj)
        where.items[key] = item
        if previous is None:
            where.keys = None
        self._tell(where, Change(item.revision, "MODIFIED" if previous else "ADDED", item, previous))
        return item

    def remove(self, resource, key):
        """Deletes, and returns the last state under the deletion's revision."""
        where = self.collection(resource)
        previous = where.items.pop(key)
        where.keys = None
        item = self._next(key, previous.object)
        self._tell(where, Change(item.revision, "DELETED", item, previous))
        return item

    @staticmethod
    def preview(key, obj, revision):
        """What a dry run shows: as it would be stored, under the version that there is."""
        return Item(key, obj, int(revision or 0))

    def _next(self, key, obj):
        self.revision += 1
        metadata = obj["metadata"] | {"resourceVersion": str(self.revision)}
        return Item(key, obj | {"metadata": dict(sorted(metadata.items()))}, self.revision)

    @staticmethod
    def _tell(where, change):
        where.history.append(change)
        if len(where.history) > where.limit:
            where.compacted = where.history.popleft().revision
        for listener in list(where.listeners):
            listener(change)

    def compact(self, revision=None):
        """Forgets all changes up to `revision` (now): older watches and continue tokens get 410."""
        revision = self.revision if revision is None else min(revision, self.revision)
        for where in self._collections.values():
            while where.history and where.history[0].revision <= revision:
                where.history.popleft()
            where.compacted = max(where.compacted, revision)
        self._snapshots.clear()

    def since(self, resource, revision):
        """The changes after `revision`, or None when some are forgotten."""
        where = self.collection(resource)
        if revision < where.compacted:
            return None
        found = []
        for change in reversed(where.history):
            if change.revision <= revision:
                break
            found.append(change)
        return found[::-1]

    def snapshot(self, resource, revision=None):
        """(sorted keys, items by key) of a moment, not to be changed; None when it is forgotten."""
        where = self.collection(resource)
        if where.keys is None:
            where.keys = sorted(where.items)
        if revision is None or revision >= self.revision:
            return where.keys, where.items
        if revision < where.compacted:
            return None
        kept = self._snapshots.get((resource.store, revision))
        if kept is None:
            items = dict(where.items)
            for change in reversed(self.since(resource, revision)):
                if change.previous is None:
                    items.pop(change.item.key, None)
                else:
                    items[change.item.key] = change.previous
            kept = self._snapshots[(resource.store, revision)] = (sorted(items), items)
            if len(self._snapshots) > 4:
                self._snapshots.popitem(last=False)
        return kept


def keys_from(keys, namespace, start):
    """The keys of a namespace (None: of all), from `start` on."""
    low = bisect.bisect_left(keys, start) if start else 0
    if not namespace:
        return keys[low:]
    low = max(low, bisect.bisect_left(keys, namespace + "/"))
    return keys[low:bisect.bisect_left(keys, namespace + "0")]  # '0' follows '/'
