"""A request becomes an answer: fault, who, may they, and then the verb. Runs on the loop thread; everything between the
delays is one step, so that a write and its revision are seen together."""
import asyncio
import json
import re
import traceback
import types

from . import lists, openapi, status
from .access import documents
from .exchange import BODY_LIMIT, Answer, read_request
from .registry import Writer
from .routes import asked_of
from .selectors import Selector
from .watch import Watch
from .wire import Gone

VERSION = {"major": "1", "minor": "34", "emulationMajor": "1", "emulationMinor": "34", "minCompatibilityMajor": "1",
           "minCompatibilityMinor": "33", "gitVersion": "v1.34.0", "gitCommit": "scripted", "gitTreeState": "clean",
           "buildDate": "2025-08-27T10:09:04Z", "goVersion": "go1.24.6", "compiler": "gc", "platform": "linux/amd64"}
_PATCHES = ("application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json",
            "application/apply-patch+yaml")


def octets(value):
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


class Serving:
    """Answers for one server. `state` is the ApiServer: catalogue, registry, access, faults, journal, running, url and
    bookmark_interval are read from it."""

    def __init__(self, state):
        self.state = state

    async def connection(self, connection):
        """All requests of one connection, one after the other."""
        self.state.connections.add(connection)  # a half-open one too: it lives as long as it is in here
        connection.on_close.add(lambda: self.state.connections.discard(connection))
        while True:
            request = await read_request(connection)
            await self.request(connection, request)
            if request.headers.get("connection", "").lower() == "close":
                return

    async def request(self, connection, request):
        state, asked = self.state, asked_of(request)
        error = None
        try:
            request.user = state.access.authenticate(request.headers, connection.peer_certificate())
        except status.ApiError as e:
            error = e
        request.user_name = request.user.name if request.user else ""
        record = state.journal.open(request, asked, connection)
        record.user = request.user_name
        fault = state.faults.find(request, asked)
        effects = fault.effects if fault else {}
        record.fault = fault.id if fault else None
        answer = Answer(connection, request, effects, record)
        try:
            if "delay" in effects:
                await asyncio.sleep(effects["delay"])
                if connection.closed:  # given up: the real server's context is cancelled
                    raise Gone
            if effects.get("hang"):
                connection.half_open()
                raise Gone
            if "drop" in effects:
                await connection.cut(effects["drop"])
            await self._answer(answer, connection, request, asked, error, fault)
        finally:
            state.journal.close(record)

    async def _answer(self, answer, connection, request, asked, error, fault):
        effects = fault.effects if fault else {}
        try:
            if fault and (scripted := fault.error()):
                raise scripted
            if error:
                raise error
            reply = self._perform(request, asked, effects)
            if asyncio.iscoroutine(reply):
                reply = await reply
        except status.ApiError as e:
            reply = e
        except Exception as e:  # our own bug: told as the real server tells a panic, and counted
            traceback.print_exc()
            self.state.journal.counters["bugs"] += 1
            reply = status.ApiError(500, f"This request caused apiserver to panic. Look in the logs for details: {e!r}")
        if "delay_after" in effects:
            await asyncio.sleep(effects["delay_after"])
        if "drop_after" in effects:
            await connection.cut(effects["drop_after"])
        if isinstance(reply, status.ApiError):
            await answer.send_error(reply, effects.get("headers"))
        elif isinstance(reply, Watch):
            await self._watch(reply, answer, connection)
        else:
            code, body, *content_type = reply
            await answer.send(code, body, *content_type)

    async def _watch(self, watch, answer, connection):
        self.state.running.add(watch)
        try:
            await watch.run(answer, connection)
        finally:
            self.state.running.discard(watch)

    # Verbs. Each returns (code, octets), or a Watch.

    def _perform(self, request, asked, effects):
        state = self.state
        if len(request.body) > BODY_LIMIT:
            raise status.ApiError(413, f"Request entity too large: limit is {BODY_LIMIT}")
        resource = state.catalogue.find(asked.group, asked.version, asked.plural) if asked.is_resource else None
        state.access.authorize(request.user, asked, resource or types.SimpleNamespace(plural=asked.plural,
                                                                                      group=asked.group))
        if not asked.is_resource:
            return self._plain(request)
        if asked.group in ("authorization.k8s.io", "authentication.k8s.io"):
            return self._review(request, asked)
        if resource is None or (asked.subresource and not (asked.subresource == "status" and resource.status)):
            raise status.page_not_found()
        if resource.namespaced and asked.name and not asked.namespace:
            raise status.page_not_found()
        if asked.verb in ("list", "watch", "deletecollection"):
            namespace = asked.namespace if resource.namespaced else None
            selector = Selector(namespace, request.query.get("labelSelector", ""), request.query.get("fieldSelector", ""),
                                resource.fields)
            return self._collection(request, asked, resource, selector, effects)
        return self._object(request, asked, resource)

    def _plain(self, request):
        path = request.path.rstrip("/")
        if path.split("/")[1:2] in (["healthz"], ["livez"], ["readyz"]):
            return 200, b"ok", "text/plain; charset=utf-8"
        if path == "/version":
            return 200, octets(VERSION)
        catalogue = self.state.catalogue
        if document := catalogue.document(path, self.state.url) or openapi.document(path, catalogue):
            return 200, octets(document)
        raise status.page_not_found()

    def _review(self, request, asked):
        """SelfSubjectAccessReview and SelfSubjectReview: `kubectl auth can-i` and `auth whoami`."""
        body = request.json()
        if asked.plural == "selfsubjectreviews":
            user = {"username": request.user.name, "groups": list(request.user.groups)}
            return 201, octets(body | {"status": {"userInfo": user}})
        wanted = body.get("spec", {}).get("resourceAttributes") or {}
        plain = body.get("spec", {}).get("nonResourceAttributes") or {}
        question = type(asked)((wanted or plain).get("verb", ""), plain.get("path", ""), wanted.get("group", ""),
                               wanted.get("version", ""), wanted.get("resource", ""), wanted.get("namespace", ""),
                               wanted.get("name", ""), wanted.get("subresource", ""))
        return 201, octets(body | {"status": {"allowed": self.state.access.allows(request.user, question)}})

    def _collection(self, request, asked, resource, selector, effects):
        store, query = self.state.store, request.query
        if asked.verb == "watch":
            watch = Watch(store, resource, asked.version, selector, query,
                          effects.get("bookmarks", self.state.bookmark_interval))
            watch.path, watch.user, watch.expired = request.path, request.user.name, bool(effects.get("expired"))
            return watch
        if asked.verb == "deletecollection":
            _, items = store.snapshot(resource)
            gone = [self.state.registry.delete(resource, i.object["metadata"].get("namespace", ""),
                                               i.object["metadata"]["name"])[0]
                    for i in list(items.values()) if selector(i.object)]
            return 200, lists.encode_list(resource, asked.version, gone, {"resourceVersion": str(store.revision)})
        if effects.get("expired"):
            raise status.expired_continue(query.get("continue", ""))
        if (version := query.get("resourceVersion", "")) and not version.isdigit():
            raise status.bad_request(f'resourceVersion: Invalid value: "{version}": strconv.ParseUint: parsing '
                                     f'"{version}": invalid syntax')
        if version and int(version) > store.revision:
            return self._future(int(version))
        return 200, lists.page(store, resource, asked.version, selector, query)

    async def _future(self, version):
        """A list from a revision that is not yet there waits three seconds for it, and then is a 504."""
        await asyncio.sleep(3)
        raise status.too_large_version(version, self.state.store.revision)

    def _object(self, request, asked, resource):
        registry, namespace, name, query = self.state.registry, asked.namespace, asked.name, request.query
        if not resource.namespaced:
            namespace = ""
        if asked.verb == "get":
            return self._shown(200, resource, asked, registry.get(resource, namespace, name))
        writer = Writer(manager_of(request), asked.version, asked.subresource, "dryRun" in query,
                        query.get("force") in ("1", "true"))
        if asked.verb == "delete":
            return self._delete(request, asked, resource, namespace)
        if asked.verb == "create" and not name:
            return self._shown(201, resource, asked, registry.create(resource, namespace, self._body(request), writer))
        if asked.verb == "update" and name:
            item, created = registry.update(resource, namespace, name, self._body(request), writer)
            return self._shown(201 if created else 200, resource, asked, item)
        if asked.verb == "patch" and name:
            return self._patch(request, asked, resource, namespace, writer)
        raise status.ApiError(405, "the server does not allow this method on the requested resource")

    def _patch(self, request, asked, resource, namespace, writer):
        registry, kind, name = self.state.registry, request.content_type, asked.name
        if kind not in _PATCHES or (kind.startswith("application/strategic") and resource.custom):
            known = [p for p in _PATCHES if not (p.startswith("application/strategic") and resource.custom)]
            raise status.ApiError(415, "the body of the request was in an unknown format - accepted media types include: "
                                  + ", ".join(known))
        if kind != "application/apply-patch+yaml":
            if "force" in request.query:
                raise status.invalid("PatchOptions", "meta.k8s.io", "",
                                     [("force", "Forbidden: may not be specified for non-apply patch")])
            try:
                patch = json.loads(request.body)
            except ValueError as e:
                raise status.bad_request(f"error decoding patch: {e}") from None
            return self._shown(200, resource, asked, registry.patch(resource, namespace, name, kind, patch, writer))
        if not request.query.get("fieldManager"):
            raise status.invalid("PatchOptions", "meta.k8s.io", "",
                                 [("fieldManager", "Required value: is required for apply patch")])
        create = type(asked)("create", asked.path, asked.group, asked.version, asked.plural, asked.namespace)
        writer.may_create = lambda: self.state.access.authorize(request.user, create, resource)
        try:
            [body] = documents(request.body.decode())
        except (ValueError, TypeError) as e:
            raise status.bad_request(f"error decoding YAML: {e}") from None
        if not isinstance(body, dict):
            raise status.bad_request("error decoding YAML: not an object")
        item, created = registry.apply(resource, namespace, name, body, writer)
        return self._shown(201 if created else 200, resource, asked, item)

    def _delete(self, request, asked, resource, namespace):
        options = request.json() if request.body else {}
        dry = bool(request.query.get("dryRun") or options.get("dryRun"))
        item, gone = self.state.registry.delete(resource, namespace, asked.name, options.get("preconditions"), dry)
        if not gone:
            return self._shown(200, resource, asked, item)
        details = status.details_of(resource, asked.name, uid=item.object["metadata"]["uid"])
        return 200, octets({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})

    @staticmethod
    def _body(request):
        if request.content_type not in ("application/json", "", "application/yaml"):
            raise status.ApiError(415, "the body of the request was in an unknown format - accepted media types include: "
                                  "application/json, application/yaml")
        if request.content_type == "application/yaml":
            [body] = documents(request.body.decode())
            return body
        return request.json()

    @staticmethod
    def _shown(code, resource, asked, item):
        return code, item.octets(resource, asked.version) + b"\n"


def manager_of(request):
    """managerOrUserAgent: the parameter, else the first part of the User-Agent."""
    return request.query.get("fieldManager") or re.split("/", request.headers.get("user-agent", "") or "unknown")[0][:128]
