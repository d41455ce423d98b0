"""The script: what goes wrong, for which requests, how often. A fault is found by method, verb, path (a regular expression,
searched for in the path), query and user; it skips its first `skip` requests and then holds for `times` (None: for
all). The first one that matches is the one. The effects of a fault:

  status, message, reason, retry_after, headers   answered instead, before anything happened
  webhook        the name of an admission webhook that denies, with `message` (403, or `status`)
  expired        410: a list is answered so, a watch gets 200 and the ERROR line
  delay          seconds before anything is done
  delay_after    seconds between the effect and the answer: the write happened, the client may have given up
  drop           the connection ends ("fin", "reset", "close") before anything is done
  drop_after     the same after the effect, without an answer
  hang           no answer, nothing is done, the socket stays ("half_open" without a header)
  cut            the connection ends behind that many octets after the header (chunk framing counts); cut_response: of
                 the whole answer; cut_by: "fin" (default), "reset" or "close" (a clean end of TLS, not of HTTP)
  half_open      silence behind that many octets after the header, and nothing is read any more
  chunk          the body comes in chunks of that many octets
  prefix         these octets before the body (lines of garbage before those of a watch)
  bookmarks      this watch's bookmark interval, in seconds
"""
import dataclasses
import itertools
import re

from .status import ApiError, webhook_denied

EFFECTS = {"status", "message", "reason", "retry_after", "headers", "webhook", "expired", "delay", "delay_after", "drop",
           "drop_after", "hang", "cut", "cut_response", "cut_by", "half_open", "chunk", "prefix", "bookmarks"}
_MESSAGES = {401: "Unauthorized", 403: "forbidden", 409: "the object has been modified; please apply your changes to the "
             "latest version and try again", 429: "storage is (re)initializing", 500: "Internal error occurred: etcdserver: "
             "leader changed", 503: "the server is currently unable to handle the request", 504: "Timeout: request did not "
             "complete within the allotted timeout"}


@dataclasses.dataclass
class Fault:
    """One line of the script; `hits` counts the requests that it was done to, `seen` those that it matched."""
    id: int
    effects: dict
    path: str = ""
    method: str = ""
    verb: str = ""
    user: str = ""
    query: str = ""
    times: int | None = 1
    skip: int = 0
    seen: int = 0
    hits: int = 0

    def matches(self, request, asked):
        return ((not self.method or request.method == self.method) and (not self.verb or asked.verb in self.verb.split(","))
                and re.search(self.path, request.path) and (not self.user or request.user_name == self.user)
                and re.search(self.query, request.query_text))

    def take(self):
        """Counts a match; True when the fault is to be done to it."""
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.hits >= self.times):
            return False
        self.hits += 1
        return True

    def error(self):
        """The ApiError that is answered instead, or None."""
        effects = self.effects
        code, message = effects.get("status"), effects.get("message")
        if webhook := effects.get("webhook"):
            return webhook_denied(webhook, message or "no", code or 403)
        if code is None:
            return None
        return ApiError(code, message or _MESSAGES.get(code, f"scripted {code}"), reason=effects.get("reason"),
                        retry_after=effects.get("retry_after"))

    def view(self):
        return {"id": self.id, "seen": self.seen, "hits": self.hits, "times": self.times, "skip": self.skip,
                "path": self.path, "method": self.method, "verb": self.verb, **self.effects}


class Faults:
    """The script of a server, in the order it was written."""

    def __init__(self):
        self.faults, self._ids = [], itertools.count(1)

    def add(self, path="", method="", verb="", user="", query="", times=1, skip=0, **effects):
        if unknown := effects.keys() - EFFECTS:
            raise ValueError(f"no such effect: {', '.join(sorted(unknown))}")
        re.compile(path)
        fault = Fault(next(self._ids), effects, path, method.upper(), verb, user, query, times, skip)
        self.faults.append(fault)
        return fault

    def remove(self, fault_id=None):
        """One, or all."""
        self.faults = [f for f in self.faults if fault_id is not None and f.id != fault_id]

    def find(self, request, asked):
        """The fault to do to this request, or None."""
        for fault in self.faults:
            if fault.matches(request, asked) and fault.take():
                return fault
        return None
