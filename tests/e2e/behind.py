"""Meridian with upstreams behind it that do what a test tells them."""
import unittest

import dns.flags

from meridian import Server, entry, extended_errors, texts
from upstream import Upstream, reply_to

WEB = {"a.yaml": entry("web.shop.global", "240.0.0.2")}
TIME = 2.0  # seconds in which everything is answered, because who asks us gives up then
SLACK = 0.5  # what a busy machine may add to any time that is measured
GOOD = "NOERROR 192.0.2.1"
FAILS = ("SERVFAIL ede22", "SERVFAIL ede23")  # RFC 8914: No Reachable Authority, Network Error


# Handlers.

def good(query, tcp=False):
    return [reply_to(query, f"{query.question[0].name} 60 A 192.0.2.1")]


def silent(query, tcp):
    return []


def says(rcode):
    return lambda query, tcp: [reply_to(query, rcode=rcode)]


def over_tcp(handle):
    """Cut over UDP."""
    return lambda query, tcp: handle(query, tcp) if tcp else [reply_to(query, flags=dns.flags.RA | dns.flags.TC)]


def describe(reply):
    """`NOERROR 192.0.2.1`, `NOERROR tc`, `SERVFAIL ede23`."""
    words = [texts(reply)] + ["tc"] * bool(reply.flags & dns.flags.TC)
    return " ".join(words + [f"ede{code}" for code in extended_errors(reply)])


class WithUpstreams(unittest.TestCase):
    def start(self, *handlers):
        """An Upstream for each handler: one, or a list."""
        started = [Upstream(handle) for handle in handlers]
        for upstream in started:
            self.addCleanup(upstream.close)
        return started if len(started) > 1 else started[0]

    def serve(self, *upstreams, config=None, **forward):
        """A Server that forwards to Upstreams, or addresses, in this order; `forward` is laid over that."""
        addresses = [getattr(upstream, "address", upstream) for upstream in upstreams]
        server = Server(entries=WEB, config={
            "forward": {"upstreams": addresses, "policy": "sequential", **forward}, **(config or {})})
        self.addCleanup(server.close)
        return server
