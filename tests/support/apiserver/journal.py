"""The log of requests: one record each, written when the request is read and completed when it is answered."""
import collections
import dataclasses
import re
import time

KEPT = 50_000


@dataclasses.dataclass
class Record:
    """`status` is None until the header of the answer leaves (or for ever, if none did); `done` is when the answer
    ended, whichever way. Times are seconds of time.monotonic(). `connection` numbers connections, `server_name` is SNI."""
    number: int
    method: str
    path: str
    query: dict
    user: str = ""
    verb: str = ""
    agent: str = ""
    body: bytes = b""
    headers: dict = dataclasses.field(default_factory=dict)
    connection: int = 0
    server_name: str = ""
    status: int | None = None
    fault: int | None = None
    started: float = 0.0
    done: float | None = None

    def view(self):
        seen = dataclasses.asdict(self)
        return seen | {"body": self.body.decode(errors="replace")}


class Journal:
    """Written by the loop thread; tests read copies."""

    def __init__(self):
        self.records, self.counters, self._number = collections.deque(maxlen=KEPT), collections.Counter(), 0

    def open(self, request, asked, connection):
        self._number += 1
        record = Record(self._number, request.method, request.path, request.query, verb=asked.verb,
                        agent=request.headers.get("user-agent", ""), body=request.body, headers=request.headers,
                        connection=connection.number, server_name=connection.server_name, started=time.monotonic())
        self.records.append(record)
        self.counters["requests"] += 1
        self.counters[asked.verb + " " + (asked.plural or asked.path)] += 1
        return record

    def close(self, record):
        record.done = time.monotonic()
        self.counters[f"status {record.status}"] += 1

    def find(self, path="", method="", verb="", user="", since=0):
        return [r for r in self.records if r.number > since and re.search(path, r.path) and method in ("", r.method)
                and verb in ("", r.verb) and user in ("", r.user)]

    def clear(self):
        self.records.clear()
        self.counters.clear()
