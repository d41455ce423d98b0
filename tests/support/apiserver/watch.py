"""Watches, as the watch cache serves them (apiserver's cacher and handlers/watch.go): a line of JSON for each change after
the version asked for; without one, or with 0, first an ADDED for everything there is. An object that comes into the
selection is ADDED, one that leaves it is DELETED as it was last, under the new version. A version that is forgotten gets
200 and an ERROR with code 410; one of the future a stream that stays empty. Bookmarks come when asked for, about every
minute and two seconds before timeoutSeconds, which ends the stream cleanly."""
import asyncio
import collections
import json
import random

from .status import ApiError, bad_request, too_old
from .store import encode, keys_from
from .wire import Gone

BATCH = 256  # lines in one write at most


class Watch:
    """One watch. `answer` is the open Answer, `clock` tells the loop's time; `bookmarks` is the interval in seconds."""

    def __init__(self, store, resource, version, selector, query, bookmarks):
        self.store, self.resource, self.version, self.selector = store, resource, version, selector
        self.allow_bookmarks = query.get("allowWatchBookmarks") in ("1", "true")
        self.initial = query.get("sendInitialEvents") in ("1", "true")
        self.bookmarks, self.path, self.user = bookmarks, "", ""
        self.connection = self.answer = None
        self._lines, self._wake, self._end = collections.deque(), asyncio.Event(), False
        self.seen, self.expired = 0, False
        try:
            self._from = int(query.get("resourceVersion") or 0)
            self._timeout = float(query.get("timeoutSeconds") or 0) or random.uniform(1800, 3600)
        except ValueError:
            raise bad_request(f"Invalid value: {query.get('resourceVersion')!r}: strconv.ParseUint: invalid syntax") from None

    # What the store and scripts call.

    def changed(self, change):
        if change.revision > self._from:
            self._lines.append(change)
            self._wake.set()

    def say(self, octets):
        """Octets into the stream, as they are."""
        self._lines.append(octets)
        self._wake.set()

    def bookmark(self):
        self.say(self._bookmark())

    def error(self, error: ApiError):
        """An ERROR line, and the end of the stream."""
        self.say(_line("ERROR", json.dumps(error.status(), separators=(",", ":")).encode()))
        self.end()

    def end(self):
        """Ends the stream cleanly behind what is queued."""
        self._lines.append(None)
        self._wake.set()

    # The stream.

    async def run(self, answer, connection):
        self.answer, self.connection = answer, connection
        await answer.head(200, {"Content-Type": "application/json"})
        collection = self.store.collection(self.resource)
        if self.expired or not self._prepare():
            error = too_old(self._from, collection.compacted)
            await answer.write(_line("ERROR", json.dumps(error.status(), separators=(",", ":")).encode()))
            return await answer.end()
        collection.listeners.add(self.changed)
        connection.on_close.add(self._wake.set)
        try:
            await self._pump(answer, connection)
            await answer.end()
        finally:
            collection.listeners.discard(self.changed)
            connection.on_close.discard(self._wake.set)

    def _prepare(self):
        """Queues what is before now. False: the version asked for is forgotten."""
        if self._from == 0 or self.initial:
            keys, items = self.store.snapshot(self.resource)
            for key in keys_from(keys, self.selector.namespace, ""):
                if self.selector(items[key].object):
                    self._lines.append(_line("ADDED", items[key].octets(self.resource, self.version)))
            self.seen = self._from = self.store.revision
            if self.initial and self.allow_bookmarks:
                self._lines.append(self._bookmark({"k8s.io/initial-events-end": "true"}))
            return True
        self.seen = self._from
        changes = self.store.since(self.resource, self._from)
        if changes is None:
            return False
        self._lines.extend(changes)
        return True

    async def _pump(self, answer, connection):
        loop = asyncio.get_running_loop()
        end = loop.time() + self._timeout
        while True:
            while self._lines:
                batch = []
                while self._lines and len(batch) < BATCH:
                    line = self._lines.popleft()
                    if line is None:
                        await answer.write_lines(batch)
                        return
                    line = line if isinstance(line, bytes) else self._render(line)
                    if line:
                        batch.append(line)
                await answer.write_lines(batch)
            self._wake.clear()
            if connection.closed:
                raise Gone
            at = min(end, self._next_bookmark(loop.time(), end))
            try:
                await asyncio.wait_for(self._wake.wait(), max(0.0, at - loop.time()))
            except asyncio.TimeoutError:
                if at >= end:
                    return
                self.bookmark()

    def _next_bookmark(self, now, end):
        """cacheWatcher.nextBookmarkTime: the interval, or two seconds before the end if that comes first."""
        if not self.allow_bookmarks:
            return end
        before_end = end - 2
        return min(now + self.bookmarks, before_end) if now < before_end else end

    def _render(self, change):
        self.seen = change.revision
        before = change.previous is not None and self.selector(change.previous.object)
        after = change.type != "DELETED" and self.selector(change.item.object)
        if not before and not after:
            return None
        kind = "MODIFIED" if before and after else "ADDED" if after else "DELETED"
        key = (self.resource, self.version, kind)
        line = change.lines.get(key)
        if line is None:
            if kind != "DELETED" or change.type == "DELETED":
                octets = change.item.octets(self.resource, self.version)
            else:
                old = change.previous.object
                gone = old | {"metadata": old["metadata"] | {"resourceVersion": str(change.revision)}}
                octets = encode(self.resource, self.version, gone)
            line = change.lines[key] = _line(kind, octets)
        return line

    def _bookmark(self, annotations=None):
        """Only kind, apiVersion and the version up to which nothing is missing."""
        metadata = {"resourceVersion": str(max(self.seen, self.store.revision if not self._pending() else self.seen))}
        if annotations:
            metadata["annotations"] = annotations
        body = {"kind": self.resource.kind, "apiVersion": self.resource.api_version(self.version), "metadata": metadata}
        return _line("BOOKMARK", json.dumps(body, separators=(",", ":"), sort_keys=self.resource.custom).encode())

    def _pending(self):
        return any(not isinstance(line, bytes) and line is not None for line in self._lines)


def _line(kind, octets):
    return b'{"type":"%b","object":%b}\n' % (kind.encode(), octets)
