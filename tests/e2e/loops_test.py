#!/usr/bin/python3
"""Upstreams that ask us what we ask them: found, told of, not used, and used again when the loop is mended (behaviour 9).
The chains are real: dnsmasq, Unbound or a second Meridian forwards to the Meridian that forwards to it."""
import signal
import time
import unittest

import dns.rcode

import behind
import peers
from meridian import Server, eventually, extended_errors, texts
from upstream import Upstream

NO_REACHABLE_AUTHORITY = 22
AT_ONCE = 1.0  # seconds: far from the 1.8 s that a loop would take, with room for a busy machine
QUESTION = iter(range(1_000_000))


def dnsmasq_to(port_behind):
    """A configuration that forwards everything."""
    def lines(directory, port):
        return [peers.program("dnsmasq"), "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null",
                f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces", "--user=", "--pid-file=",
                "--local=/up.invalid/", f"--server=127.0.0.1#{port_behind}", "--log-facility=-"]
    return lines


def unbound_to(port_behind):
    """A configuration that forwards everything."""
    def lines(directory, port):
        (directory / "unbound.conf").write_text(
            f"server:\n  interface: 127.0.0.1\n  port: {port}\n  do-ip6: no\n  username: \"\"\n  chroot: \"\"\n"
            f"  directory: {directory}\n  pidfile: \"\"\n  use-syslog: no\n  do-not-query-localhost: no\n"
            "  module-config: \"iterator\"\n  local-zone: \"up.invalid.\" static\n  num-threads: 1\n"
            "remote-control:\n  control-enable: no\n"
            f"forward-zone:\n  name: \".\"\n  forward-addr: 127.0.0.1@{port_behind}\n")
        return [peers.program("unbound"), "-d", "-c", directory / "unbound.conf"]
    return lines


class Loops(unittest.TestCase):
    def good_upstream(self):
        upstream = Upstream(behind.good)
        self.addCleanup(upstream.close)
        return upstream

    def peer(self, lines):
        peer = peers.Peer(lines, "up.invalid")
        self.addCleanup(peer.close)
        return peer

    def serve(self, port, listen=(), **forward):
        server = Server(entries=behind.WEB, config={"listen": [f"127.0.0.1:{port}", *listen], "forward": forward})
        self.addCleanup(server.close)
        return server

    def looping(self, server):
        """The addresses of the upstreams that are loops."""
        return sorted(u["address"] for u in server.status()["upstreams"] if u["loop"])

    def ask(self, server, name="www{}.test.net"):
        """The reply to a name that nobody has asked before."""
        return server.ask(name.format(next(QUESTION)))

    def ask_quickly(self, server, name="www{}.test.net"):
        asked = time.monotonic()
        reply = self.ask(server, name)
        self.assertLess(time.monotonic() - asked, AT_ONCE)
        return reply

    def check_alone(self, to):
        """The only upstream is a loop."""
        port = peers.free_port()
        peer = self.peer(to(port))
        server = self.serve(port, upstreams=[peer.address])
        eventually(lambda: self.looping(server) == [peer.address])
        for _ in range(3):
            reply = self.ask_quickly(server)
            self.assertEqual((reply.rcode(), extended_errors(reply)), (dns.rcode.SERVFAIL, [NO_REACHABLE_AUTHORITY]))
        self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2")
        self.assertTrue(server.ready())
        self.assertEqual(behind.metric(server, "upstream_loop", upstream=peer.address), 1)
        self.assertGreater(behind.metric(server, "forward_loops_total"), 0)
        self.assertEqual(server.log().count("is a loop"), 1)
        self.assertIn(f"upstream {peer.address} for . is a loop", server.log())

    def check_beside(self, to):
        """It is the first of two, and the other one is honest."""
        port = peers.free_port()
        peer, good = self.peer(to(port)), self.good_upstream()
        server = self.serve(port, upstreams=[peer.address, good.address], policy="sequential")
        eventually(lambda: self.looping(server) == [peer.address])
        before = self.queries(server, peer)
        for _ in range(20):
            self.assertEqual(texts(self.ask_quickly(server)), behind.GOOD)
        self.assertEqual(self.queries(server, peer), before)
        self.assertEqual(behind.metric(server, "upstream_loop", upstream=good.address), 0)

    def queries(self, server, peer):
        return sum(u["queries"] for u in server.status()["upstreams"] if u["address"] == peer.address)

    def test_dnsmasq_alone(self):
        self.check_alone(dnsmasq_to)

    def test_dnsmasq_beside_an_honest_server(self):
        self.check_beside(dnsmasq_to)

    def test_unbound_alone(self):
        self.check_alone(unbound_to)

    def test_unbound_beside_an_honest_server(self):
        self.check_beside(unbound_to)

    def test_two_of_us_that_forward_to_each_other(self):
        ports = peers.free_port(), peers.free_port()
        good = self.good_upstream()
        servers = [self.serve(ports[i], upstreams=[f"127.0.0.1:{ports[1 - i]}", good.address], policy="sequential")
                   for i in (0, 1)]
        # The first was alone when it started: it may have to ask again before it knows.
        eventually(lambda: [texts(self.ask(s)) for s in servers] == [behind.GOOD] * 2
                   and any(self.looping(s) for s in servers), deadline=90)
        for server in servers:
            self.assertEqual(texts(self.ask(server)), behind.GOOD)

    def test_a_loop_in_one_zone_is_none_in_another(self):
        port = peers.free_port()
        peer, good = self.peer(dnsmasq_to(port)), self.good_upstream()
        server = self.serve(port, upstreams=[good.address], zones={"corp.example": [peer.address]})
        eventually(lambda: self.looping(server) == [peer.address])
        self.assertEqual(texts(self.ask(server)), behind.GOOD)
        self.assertEqual(self.ask(server, "www{}.corp.example").rcode(), dns.rcode.SERVFAIL)
        self.assertIn("for corp.example is a loop", server.log())

    def test_an_honest_forwarder_is_none(self):
        good = self.good_upstream()
        peer = self.peer(dnsmasq_to(good.port))
        server = self.serve(peers.free_port(), upstreams=[peer.address])
        self.assertEqual(texts(self.ask(server)), behind.GOOD)
        eventually(lambda: self.queries(server, peer) >= 2)  # that one, and ours
        self.assertEqual(behind.metric(server, "forward_loops_total"), 0)
        self.assertEqual(self.looping(server), [])

    def test_a_mended_loop_is_used_again_after_a_reload(self):
        port = peers.free_port()
        peer, good = self.peer(dnsmasq_to(port)), self.good_upstream()
        server = self.serve(port, upstreams=[peer.address])
        eventually(lambda: self.looping(server) == [peer.address])
        peer.stop()
        peer.lines = dnsmasq_to(good.port)
        peer.start()
        server.configure(forward={"upstreams": [peer.address], "policy": "random"})
        server.signal(signal.SIGHUP)
        eventually(lambda: texts(self.ask(server)) == behind.GOOD and self.looping(server) == [])
        self.assertIn("does not come back to us any more", server.log())

    def test_a_mended_loop_is_used_again_without_one(self):
        port = peers.free_port()
        peer, good = self.peer(dnsmasq_to(port)), self.good_upstream()
        server = self.serve(port, upstreams=[peer.address])
        eventually(lambda: self.looping(server) == [peer.address])
        peer.stop()
        peer.lines = dnsmasq_to(good.port)
        peer.start()
        eventually(lambda: texts(self.ask(server)) == behind.GOOD, deadline=90)  # asked again after half a minute

    def test_we_are_not_our_own_nameserver(self):
        """As on a VM whose resolv.conf names us."""
        good = self.good_upstream()
        server = Server(entries=behind.WEB, start=False)
        self.addCleanup(server.close)
        resolv = server.directory / "resolv.conf"
        resolv.write_text("nameserver 127.3.2.1\nnameserver 0.0.0.0\n")
        server.configure(listen=["127.0.0.1:0", "127.3.2.1:53"],
                         forward={"upstreams": [str(resolv), good.address], "policy": "sequential"}, workers=1)
        try:
            server.start()
        except RuntimeError as e:
            if "ermission" in str(e) or "ddress already in use" in str(e):
                self.skipTest("port 53 is not ours to have")
            raise
        self.assertNotIn("127.3.2.1:53", [u["address"] for u in server.status()["upstreams"]])
        self.assertEqual(texts(self.ask(server)), behind.GOOD)
        self.assertEqual(server.log().count("names 127.3.2.1:53, where we listen ourselves"), 1)


if __name__ == "__main__":
    unittest.main()
