#!/usr/bin/python3
"""Questions that are not ours, with real servers behind us and with one that misbehaves (behaviour 9)."""
import pathlib
import socket
import threading
import time
import unittest

import dns.edns
import dns.flags
import dns.query
import dns.rcode

import peers
from meridian import Server, entry, eventually, extended_errors, texts
from upstream import Upstream, reply_to

WEB = {"a.yaml": entry("web.shop.global", "240.0.0.2")}
BUDGET = 1.8  # seconds: `forward.timeout`
SLACK = 0.5  # what a busy machine may add to any time that is measured here


class BehindUs(unittest.TestCase):
    """A real Knot for everything, and a real NSD for a zone of its own."""

    @classmethod
    def setUpClass(cls):
        cls.knot, cls.nsd = peers.knot(), peers.nsd()
        cls.addClassCleanup(cls.knot.close)
        cls.addClassCleanup(cls.nsd.close)
        cls.server = Server(entries=WEB, config={"forward": {"upstreams": [cls.knot.address],
                                                             "zones": {"example": [cls.nsd.address]}}})
        cls.addClassCleanup(cls.server.close)
        cls.plain = Server(entries=WEB, config={"forward": {"upstreams": [cls.knot.address]}})
        cls.addClassCleanup(cls.plain.close)

    def test_answers_are_the_upstreams(self):
        rows = [("www.corp.example", "A", "NOERROR 192.0.2.80"), ("www.corp.example", "AAAA", "NOERROR 2001:db8::80"),
                ("www.corp.example", "MX", "NOERROR soa"), ("nothing.corp.example", "A", "NXDOMAIN soa"),
                ("alias.corp.example", "A", "NOERROR 192.0.2.80 middle.corp.example. www.corp.example."),
                ("text.corp.example", "TXT", 'NOERROR "one" "two"'),
                ("odd.corp.example", "TYPE65280", "NOERROR \\# 4 0a0b0c0d")]
        for server in (self.server, self.plain):
            for name, rdtype, reply in rows:
                for tcp in (False, True):
                    with self.subTest(name=name, type=rdtype, tcp=tcp):
                        message = server.ask(name, rdtype, tcp=tcp)
                        self.assertEqual(texts(message), reply)
                        self.assertTrue(message.flags & dns.flags.RA)

    def test_spelling_and_id_are_the_clients(self):
        query = self.server.query("WwW.cOrP.eXaMpLe")
        reply = self.server.send(query)
        self.assertEqual((reply.id, str(reply.question[0].name)), (query.id, "WwW.cOrP.eXaMpLe."))

    def test_a_cut_answer_is_fetched_over_tcp_and_the_client_gets_what_fits(self):
        self.assertEqual(len(self.server.ask("many.corp.example", tcp=True).answer[0]), 100)
        for edns, most in ((0, 1232), (-1, 512)):
            query = self.server.query("many.corp.example", use_edns=edns)
            reply = self.server.send(query)
            self.assertTrue(reply.flags & dns.flags.TC)
            self.assertLessEqual(len(reply.to_wire()), most)
            self.assertEqual(reply.edns, edns)

    def test_our_own_zone_is_never_forwarded(self):
        self.assertEqual(self.server.answer("web.shop.global"), "NOERROR 240.0.0.2")
        self.assertEqual(self.server.answer("x.global"), "NXDOMAIN soa")
        self.assertTrue(self.server.ask("web.shop.global").flags & dns.flags.RA)

    def test_without_recursion_desired_nothing_is_forwarded(self):
        query = self.server.query("www.corp.example")
        query.flags &= ~dns.flags.RD
        reply = self.server.send(query)
        self.assertEqual((reply.rcode(), extended_errors(reply)), (dns.rcode.REFUSED, [20]))

    def test_a_resolv_conf_is_read_again_when_it_changes(self):
        server = Server(entries=WEB, start=False)
        self.addCleanup(server.close)
        resolv = server.directory / "resolv.conf"
        resolv.write_text("nameserver 127.0.0.8\noptions edns0\n")
        server.configure(forward={"upstreams": [str(resolv)]})
        server.start()
        eventually(lambda: any(u["address"] == "127.0.0.8:53" for u in server.status()["upstreams"]))
        fresh = pathlib.Path(f"{resolv}.new")
        fresh.write_text("nameserver 127.0.0.9\n")
        fresh.rename(resolv)
        eventually(lambda: server.ask("www.corp.example")  # it is a question that makes a worker look
                   and [u["address"] for u in server.status()["upstreams"]] == ["127.0.0.9:53"])


class Misbehaving(unittest.TestCase):
    def upstream(self, handle):
        upstream = Upstream(handle)
        self.addCleanup(upstream.close)
        return upstream

    def serve(self, *upstreams, **forward):
        server = Server(entries=WEB, config={"forward": {"upstreams": [u if isinstance(u, str) else u.address
                                                                       for u in upstreams], **forward}})
        self.addCleanup(server.close)
        return server

    def good(self, query, tcp):
        return [reply_to(query, f"{query.question[0].name} 60 A 192.0.2.1")]

    def failure(self, server, name="www.test.net", **options):
        """The reply to a question that can't be answered; and it comes inside the budget."""
        asked = time.monotonic()
        reply = server.send(server.query(name), timeout=BUDGET + SLACK, **options)
        self.assertLess(time.monotonic() - asked, BUDGET + SLACK)
        self.assertEqual(reply.rcode(), dns.rcode.SERVFAIL)
        return extended_errors(reply)

    def test_a_silent_upstream_is_servfail_in_time_and_costs_our_zone_nothing(self):
        server = self.serve(self.upstream(lambda query, tcp: []))
        waiting = threading.Thread(target=self.failure, args=(server, "other.test.net"))
        waiting.start()
        self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2")
        self.assertIn(self.failure(server), ([22], [23]))
        waiting.join()

    def test_a_closed_port_is_servfail_at_once_and_the_root_probe_is_answered(self):
        server = self.serve(f"127.0.0.1:{peers.free_port()}")
        self.assertIn(self.failure(server), ([22], [23]))
        asked = time.monotonic()
        self.assertEqual(server.ask(".", "NS").rcode(), dns.rcode.SERVFAIL)
        self.assertLess(time.monotonic() - asked, 0.5 + SLACK)

    def test_a_dead_first_upstream_is_stepped_over(self):
        dead, alive = self.upstream(lambda query, tcp: []), self.upstream(self.good)
        server = self.serve(dead, alive, policy="sequential")
        asked = time.monotonic()
        self.assertEqual(server.answer("one.test.net"), "NOERROR 192.0.2.1")
        self.assertLess(time.monotonic() - asked, 1.0 + SLACK)

    def test_a_first_packet_that_is_lost_is_sent_again(self):
        seen = set()

        def forgetful(query, tcp):
            name = query.question[0].name
            return self.good(query, tcp) if name in seen else seen.add(name) or []
        server = self.serve(self.upstream(forgetful))
        asked = time.monotonic()
        self.assertEqual(server.answer("lost.test.net"), "NOERROR 192.0.2.1")
        self.assertLess(time.monotonic() - asked, 0.9 + SLACK)

    def test_servfail_and_refused_send_us_to_the_next(self):
        for rcode in (dns.rcode.SERVFAIL, dns.rcode.REFUSED):
            bad = self.upstream(lambda query, tcp: [reply_to(query, rcode=rcode)])
            self.assertEqual(self.serve(bad, self.upstream(self.good), policy="sequential").answer("www.test.net"),
                             "NOERROR 192.0.2.1")
            self.assertEqual(self.serve(bad).ask("www.test.net").rcode(), dns.rcode.SERVFAIL)

    def test_lies_are_not_believed_and_do_not_end_the_wait(self):
        def liar(query, tcp):
            false = reply_to(query, f"{query.question[0].name} 60 A 6.6.6.6").to_wire()
            with socket.socket(type=socket.SOCK_DGRAM) as elsewhere:  # right in everything but the port
                elsewhere.sendto(false, upstream.client)
            wrong_id = bytes([false[0] ^ 1]) + false[1:]
            no_reply = false[:2] + bytes([false[2] & 0x7f]) + false[3:]
            other_name = false.replace(b"\x04test\x03net", b"\x04tesu\x03net")
            return [b"", b"junk", wrong_id, no_reply, other_name, *self.good(query, tcp)]
        upstream = self.upstream(liar)
        server = self.serve(upstream)
        for i in range(5):
            self.assertEqual(server.answer(f"n{i}.test.net"), "NOERROR 192.0.2.1")

    def test_a_malformed_answer_is_never_relayed(self):
        loop = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x01\x02\x03\x04"

        def broken(query, tcp):
            wire = bytearray(reply_to(query).to_wire())
            wire[6:8] = b"\x00\x09"  # nine answers
            return [bytes(wire[:12 + len(query.question[0].name.to_wire()) + 4]) + loop]
        self.failure(self.serve(self.upstream(broken)))

    def test_options_are_hop_by_hop_and_flags_pass(self):
        upstream = self.upstream(self.good)
        server = self.serve(upstream)
        query = server.query("www.test.net", want_dnssec=True, payload=4096,
                             options=[dns.edns.GenericOption(10, b"12345678")])
        query.flags |= dns.flags.CD
        reply = server.send(query)
        sent, _ = upstream.asked.get(timeout=1)
        self.assertNotEqual((sent.id, sent.payload), (query.id, 4096))
        self.assertEqual(list(sent.options), [])
        self.assertTrue(sent.ednsflags & dns.flags.DO and sent.flags & dns.flags.CD)
        self.assertTrue(reply.ednsflags & dns.flags.DO and reply.flags & dns.flags.CD)
        ids = set()
        for i in range(20):
            server.ask(f"i{i}.test.net")
            ids.add(upstream.asked.get(timeout=1)[0].id)
        self.assertGreater(len(ids), 15, "random ids")

    def test_a_slow_answer_holds_up_nothing_else_on_its_connection(self):
        release = threading.Event()

        def slow(query, tcp):
            release.wait(BUDGET)
            return self.good(query, tcp)
        server = self.serve(self.upstream(slow))
        with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
            connection.settimeout(None)
            for name in ("slow.test.net", "web.shop.global", "x.shop.global"):
                dns.query.send_tcp(connection, server.query(name))
            replies = [dns.query.receive_tcp(connection, None)[0] for _ in range(2)]
            self.assertEqual(sorted(texts(reply) for reply in replies), ["NOERROR 240.0.0.2", "NXDOMAIN soa"])
            release.set()
            self.assertEqual(texts(dns.query.receive_tcp(connection, None)[0]), "NOERROR 192.0.2.1")

    def test_special_names_never_go_upstream(self):
        upstream = self.upstream(self.good)
        server = self.serve(upstream)
        for name in ("localhost", "x.localhost", "x.invalid", "x.onion", "x.alt", "x.test", "resolver.arpa"):
            server.ask(name, "A")
        self.assertEqual(server.answer("last.test.net"), "NOERROR 192.0.2.1")
        self.assertEqual(str(upstream.asked.get(timeout=1)[0].question[0].name), "last.test.net.")

    def test_unknown_names_go_upstream_where_the_zone_says_so(self):
        server = Server(entries=WEB, config={"zones": [{"name": "global", "unknown": "forward"}],
                                             "forward": {"upstreams": [self.upstream(self.good).address]}})
        self.addCleanup(server.close)
        self.assertEqual(server.answer("unknown.global"), "NOERROR 192.0.2.1")
        self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2")
        query = server.query("unknown.global")
        query.flags &= ~dns.flags.RD
        self.assertEqual(texts(server.send(query)), "NXDOMAIN soa")

    def test_an_upstream_that_comes_back_is_asked_again(self):
        alive = threading.Event()
        server = self.serve(self.upstream(lambda query, tcp: self.good(query, tcp) if alive.is_set() else []))
        for i in range(3):
            self.failure(server, f"n{i}.test.net")
        alive.set()
        self.assertEqual(server.answer("back.test.net"), "NOERROR 192.0.2.1")
        eventually(lambda: server.ask("all.test.net")  # until both workers have asked and know it
                   and all(u["up"] for u in server.status()["upstreams"]))


if __name__ == "__main__":
    unittest.main()
