"""What a test may tell a server while it runs. Every method may be called from any thread; the control port calls them by
name (control.py), so what goes in and out is JSON."""
from .access import documents
from .registry import Writer, key_of
from .status import ApiError


class Script:
    """The commands of ApiServer. `self.call(function, ...)` runs a function on the loop thread and returns its result."""

    # Objects, written past HTTP, users and faults, as if by somebody else's client.

    def put(self, obj, manager="test", checked=False):
        """Creates or replaces one object: a value, JSON or YAML text. See put_many()."""
        return self.put_many(obj, manager, checked)[-1]

    def put_many(self, objs, manager="test", checked=False):
        """Creates or replaces objects, all in one step of the loop. A namespace is made if it is not there, a
        resourceVersion and a uid are not looked at, a status is written along; `checked`: what the validation refuses is
        refused here too. Returns what is stored."""
        parsed = documents(objs)
        return self.call(lambda: [self._put(obj, manager, checked) for obj in parsed])

    def _put(self, obj, manager, checked):
        resource, version = self._resource_of(obj)
        metadata = {k: v for k, v in obj["metadata"].items() if k not in ("resourceVersion", "uid", "managedFields")}
        namespace = (metadata.get("namespace") or "default") if resource.namespaced else ""
        if namespace:
            metadata["namespace"] = namespace
            self.registry.make_namespace(namespace)
        body, writer = obj | {"metadata": metadata}, Writer(manager, version, checked=checked, privileged=True)
        if self.store.get(resource, key_of(resource, namespace, metadata.get("name", ""))):
            item, _ = self.registry.update(resource, namespace, metadata["name"], body, writer)
        else:
            item = self.registry.create(resource, namespace, body, writer)
        return self._view(resource, item, version)

    def patch(self, kind, name, patch, namespace="default", manager="test", subresource=""):
        """A merge patch. `kind`: serviceentries, ServiceEntry, se, configmaps, leases, ..."""
        def run():
            resource = self.catalogue.by_name(kind)
            writer = Writer(manager, resource.versions[0], subresource, checked=False)
            item = self.registry.patch(resource, namespace if resource.namespaced else "", name,
                                       "application/merge-patch+json", patch, writer)
            return self._view(resource, item)
        return self.call(run)

    def remove(self, kind, name, namespace="default"):
        """Deletes; False if there is no such object."""
        def run():
            resource = self.catalogue.by_name(kind)
            try:
                self.registry.delete(resource, namespace if resource.namespaced else "", name)
                return True
            except ApiError:
                return False
        return self.call(run)

    def object(self, kind, name, namespace="default"):
        """What is stored, with apiVersion and kind; None if it is not there."""
        def run():
            resource = self.catalogue.by_name(kind)
            item = self.store.get(resource, key_of(resource, namespace, name))
            return item and self._view(resource, item)
        return self.call(run)

    def objects(self, kind, namespace=None):
        """All of a kind, in the order of a list."""
        def run():
            resource = self.catalogue.by_name(kind)
            keys, items = self.store.snapshot(resource)
            return [self._view(resource, items[k]) for k in keys if not namespace or k.startswith(namespace + "/")]
        return self.call(run)

    def _resource_of(self, obj):
        group, _, version = obj.get("apiVersion", "v1").rpartition("/")
        for resource in self.catalogue.resources:
            if (resource.group, resource.kind) == (group, obj.get("kind")):
                return resource, version
        raise LookupError(f"no resource for {obj.get('apiVersion')} {obj.get('kind')}")

    @staticmethod
    def _view(resource, item, version=None):
        return {"apiVersion": resource.api_version(version or resource.versions[0]), "kind": resource.kind,
                **resource.render(item.object)}

    @property
    def revision(self):
        return self.store.revision

    def compact(self, revision=None):
        """Forgets history up to `revision` (all): watches and continue tokens from before get 410."""
        self.call(self.store.compact, revision)

    # The definition of ServiceEntry.

    def delete_crd(self):
        """DELETED for every entry, the end of their watches, and 404 from then on."""
        def run():
            entries = self.catalogue.entries
            for key in list(self.store.collection(entries).items):
                self.store.remove(entries, key)
            self.catalogue.crd = False
            for watch in self._watches(entries.plural):
                watch.end()
        self.call(run)

    def restore_crd(self):
        """The definition is back; the entries are not."""
        self.call(setattr, self.catalogue, "crd", True)

    def serve_versions(self, versions):
        """Which versions of ServiceEntry are served, the preferred one first. Watches of others end."""
        def run():
            self.catalogue.serve(versions)
            for watch in self._watches(self.catalogue.entries.plural):
                if watch.version not in versions:
                    watch.end()
        self.call(run)

    # Faults; their fields are told in faults.py.

    def fault(self, **fault):
        """Adds a fault and returns its id."""
        return self.call(lambda: self.faults.add(**fault).id)

    def clear_faults(self, fault_id=None):
        self.call(self.faults.remove, fault_id)

    def fault_hits(self, fault_id):
        """How many requests a fault was done to."""
        return self.call(lambda: next((f.hits for f in self.faults.faults if f.id == fault_id), 0))

    # Watches that are running.

    def watches(self, plural=None):
        """[{path, user, resource, version}] of those that run."""
        return self.call(lambda: [{"path": w.path, "user": w.user, "resource": w.resource.plural, "version": w.version}
                                  for w in self._watches(plural)])

    def _watches(self, plural=None):
        return [w for w in self.running if plural is None or w.resource.plural == plural]

    def _each(self, plural, what):
        def run():
            found = self._watches(plural)
            for watch in found:
                what(watch)
            return len(found)
        return self.call(run)

    def end_watches(self, plural=None):
        """Ends them cleanly, as timeoutSeconds does. These five return how many there were."""
        return self._each(plural, lambda w: w.end())

    def reset_watches(self, plural=None):
        return self._each(plural, lambda w: w.connection.reset())

    def freeze_watches(self, plural=None):
        """Half-open: nothing more is sent or read, the sockets stay."""
        return self._each(plural, lambda w: w.connection.half_open())

    def expire_watches(self, plural=None, code=410, message="too old resource version: 1 (2)"):
        """An ERROR line with a Status, then the end."""
        return self._each(plural, lambda w: w.error(ApiError(code, message)))

    def inject(self, text, plural=None):
        """Octets as they are, between two lines."""
        return self._each(plural, lambda w: w.say(text.encode()))

    def bookmark(self, plural=None):
        """A bookmark now, for those that asked for bookmarks."""
        return self._each(plural, lambda w: w.bookmark() if w.allow_bookmarks else None)

    # Users.

    def add_token(self, token, user, groups=(), rules=None, namespace=None):
        """A bearer token. A user without rules and not of system:masters may only read discovery."""
        def run():
            self.access.add_token(token, user, tuple(groups))
            if rules is not None:
                self.access.grant(user, rules, namespace)
        self.call(run)

    def revoke_token(self, token):
        """401 from now on. A watch that runs goes on, as a real one does."""
        return self.call(lambda: self.access.tokens.pop(token, None) is not None)

    def grant(self, user, rules, namespace=None):
        """Rules of a Role (in `namespace`) or ClusterRole, for a user or group."""
        self.call(self.access.grant, user, rules, namespace)

    def revoke_grants(self, user):
        self.call(lambda: self.access.grants.pop(user, None) is not None)

    def load_rbac(self, manifest):
        """All roles and bindings of a manifest; returns the users that got something."""
        return self.call(self.access.load_rbac, manifest)

    # The log.

    def requests(self, path="", method="", verb="", user="", since=0):
        """Records (dicts) of requests with a number above `since`, the path searched for as a regular expression."""
        return self.call(lambda: [r.view() for r in self.journal.find(path, method, verb, user, since)])

    def counters(self):
        return self.call(lambda: dict(self.journal.counters))

    def clear_log(self):
        self.call(self.journal.clear)
