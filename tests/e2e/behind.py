"""Meridian with upstreams behind it that do what a test tells them."""
import concurrent.futures
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


def metric(server, name, **labels):
    """The sum of a metric's samples that have these labels; 0 if there is none."""
    words = [f'{key}="{value}"' for key, value in labels.items()]
    lines = server.get("/metrics")[1].splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines
               if line.startswith((f"meridian_{name} ", f"meridian_{name}{{")) and all(word in line for word in words))


class WithUpstreams(unittest.TestCase):
    def at_once(self, check, rows):
        """Calls `check(title, *row)` for each row, {title: row}, in threads; each is a subtest."""
        with concurrent.futures.ThreadPoolExecutor(len(rows)) as pool:
            futures = {title: pool.submit(check, title, *row) for title, row in rows.items()}
        for title, future in futures.items():
            with self.subTest(title):
                future.result()

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
