#!/usr/bin/python3
"""Questions that are not ours: to whom they go, and what of them and of the answers passes (behaviour 9)."""
import itertools
import pathlib
import random
import socket
import threading
import unittest

import dns.edns
import dns.flags
import dns.query
import dns.rcode
import dns.rdatatype

import lies
import peers
from behind import GOOD, TIME, WEB, WithUpstreams, good
from crowd import ask_together
from meridian import Server, eventually, extended_errors, texts
from upstream import Upstream, reply_to


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


class ResolvConf(WithUpstreams):
    def test_its_nameservers_are_asked_and_a_swap_of_the_link_is_followed(self):
        said = {"old": "192.0.2.1", "new": "192.0.2.2"}
        servers = {}
        for word, address in said.items():
            at = f"127.{random.randrange(1, 255)}.{random.randrange(255)}.{random.randrange(2, 255)}", 53
            try:
                servers[word] = Upstream(lambda q, tcp, address=address: [
                    reply_to(q, f"{q.question[0].name} 60 A {address}")], at=at)
            except PermissionError:
                self.skipTest("port 53 is not for us")
            self.addCleanup(servers[word].close)
        server = Server(entries=WEB, start=False)
        self.addCleanup(server.close)
        for word, upstream in servers.items():
            (server.directory / word).write_text(f"search x\nnameserver {upstream.address.partition(':')[0]}\n")
        link = server.directory / "resolv.conf"
        link.symlink_to("old")
        server.configure(forward={"upstreams": [str(link)]})
        server.start()
        numbers = itertools.count()
        ask = lambda: server.answer(f"n{next(numbers)}.test.net")
        self.assertEqual(ask(), "NOERROR 192.0.2.1")
        fresh = server.directory / "fresh"
        fresh.symlink_to("new")
        fresh.rename(link)
        eventually(lambda: [ask() for _ in range(10)] == 10 * ["NOERROR 192.0.2.2"])


class Passing(WithUpstreams):
    def test_options_are_hop_by_hop_and_flags_pass(self):
        ours = [dns.edns.ECSOption("198.51.100.0"), dns.edns.GenericOption(dns.edns.COOKIE, b"12345678"),
                dns.edns.GenericOption(dns.edns.NSID, b""), dns.edns.GenericOption(65001, b"mine")]

        def echo(query, tcp):
            reply, = good(query)
            theirs = [dns.edns.GenericOption(65001, b"theirs"), dns.edns.GenericOption(dns.edns.NSID, b"their name")]
            reply.use_edns(0, query.ednsflags, 4096, options=theirs + ours)
            return [reply]
        upstream = self.start(echo)
        server = self.serve(upstream)
        query = server.query("www.test.net", want_dnssec=True, payload=4096, options=ours)
        query.flags |= dns.flags.CD
        reply = server.send(query)
        sent, _ = upstream.asked.get(timeout=1)
        self.assertNotEqual(sent.id, query.id)
        self.assertEqual((sent.edns, sent.payload, list(sent.options)), (0, 1232, []))
        self.assertTrue(sent.ednsflags & dns.flags.DO and sent.flags & dns.flags.CD)
        self.assertTrue(reply.ednsflags & dns.flags.DO and reply.flags & dns.flags.CD)
        self.assertEqual((texts(reply), reply.payload), (GOOD, 1232))
        told = reply.to_wire()
        for theirs in (b"theirs", b"their name", b"mine"):
            self.assertNotIn(theirs, told)
        self.assertNotIn(dns.edns.ECS, [option.otype for option in reply.options])
        self.assertEqual(server.ask("none.test.net", use_edns=-1).edns, -1)

    def test_ids_are_random(self):
        upstream = self.start(good)
        server = self.serve(upstream)
        ask_together(server.port, [server.query(f"n{i}.test.net", id=i) for i in range(200)])
        ids = {upstream.asked.get(timeout=1)[0].id for _ in range(200)}
        self.assertGreater(len(ids), 190)
        self.assertLess(len(ids & set(range(200))), 10)
        self.assertGreater(max(ids) - min(ids), 50000)

    def test_who_says_no_edns_gets_512_octets_whatever_the_upstream_sends(self):
        def big(query, tcp):  # it has never heard of EDNS, nor of 512 octets
            text = lies.record(rdtype=dns.rdatatype.TXT, rdata=b"\xc8" + 200 * b"x")
            return [lies.reply(query, 4 * text, counts=(1, 4, 0, 0))]
        server = self.serve(self.start(big))
        for options, tcp, cut in (({"use_edns": -1}, False, True), ({"payload": 512}, False, True),
                                  ({"payload": 1232}, False, False), ({"use_edns": -1}, True, False)):
            with self.subTest(tcp=tcp, **options):
                reply = server.ask("big.test.net", "TXT", tcp=tcp, **options)
                self.assertEqual((reply.rcode(), bool(reply.flags & dns.flags.TC), len(reply.answer)),
                                 (dns.rcode.NOERROR, cut, 1))

    def test_chains_of_aliases(self):
        def chain(query, tcp):
            name = query.question[0].name.to_text()
            links = int(name[1:3])
            names = [name] + [f"{i}.{name}" for i in range(1, links + 1)]
            records = [f"{a} 60 CNAME {b}" for a, b in zip(names, names[1:])]
            return [reply_to(query, *records, f"{names[-1]} 60 A 192.0.2.1")]

        def circle(query, tcp):
            name = query.question[0].name.to_text()
            return [reply_to(query, f"{name} 60 CNAME a.{name}", f"a.{name} 60 CNAME {name}")]
        server = self.serve(self.start(chain), zones={"circle.net": [self.start(circle).address]})
        for links in (1, 3, 16, 17, 40):
            for again in range(2):
                with self.subTest(links=links, again=again):
                    reply = server.ask(f"c{links:02}.test.net", tcp=True)
                    self.assertEqual((reply.rcode(), len(reply.answer)), (dns.rcode.NOERROR, links + 1))
        for again in range(2):
            self.assertEqual(texts(server.ask("www.circle.net")), "NOERROR a.www.circle.net. www.circle.net.")

    def test_codes_and_sections_pass(self):
        rows = {"nx": (dns.rcode.NXDOMAIN, "NXDOMAIN soa"), "none": (dns.rcode.NOERROR, "NOERROR soa"),
                "yx": (dns.rcode.YXDOMAIN, "YXDOMAIN soa")}

        def deny(query, tcp):
            return [reply_to(query, authority=["test.net. 60 SOA ns. hostmaster. 1 7200 1800 86400 60"],
                             rcode=rows[query.question[0].name[0].decode()][0])]
        server = self.serve(self.start(deny))
        for label, (_, expected) in rows.items():
            for again in range(2):
                self.assertEqual(server.answer(f"{label}.test.net"), expected)

    def test_ad_is_told_to_those_who_understand_it(self):
        server = self.serve(self.start(lambda q, tcp: [reply_to(q, f"{q.question[0].name} 60 A 192.0.2.1",
                                                                flags=dns.flags.RA | dns.flags.AD)]))
        for flags, dnssec, expected in ((0, False, False), (dns.flags.AD, False, True), (0, True, True)):
            for again in range(2):
                query = server.query("www.test.net", want_dnssec=dnssec)
                query.flags |= flags
                self.assertEqual(bool(server.send(query).flags & dns.flags.AD), expected)


class Ours(WithUpstreams):
    def test_a_slow_answer_holds_up_nothing_else_on_its_connection(self):
        release = threading.Event()

        def slow(query, tcp):
            release.wait(TIME)
            return good(query, tcp)
        server = self.serve(self.start(slow))
        with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
            connection.settimeout(None)
            for name in ("slow.test.net", "web.shop.global", "x.shop.global"):
                dns.query.send_tcp(connection, server.query(name))
            replies = [dns.query.receive_tcp(connection, None)[0] for _ in range(2)]
            self.assertEqual(sorted(texts(reply) for reply in replies), ["NOERROR 240.0.0.2", "NXDOMAIN soa"])
            release.set()
            self.assertEqual(texts(dns.query.receive_tcp(connection, None)[0]), "NOERROR 192.0.2.1")

    def test_special_names_never_go_upstream(self):
        upstream = self.start(good)
        server = self.serve(upstream)
        for name in ("localhost", "x.localhost", "x.invalid", "x.onion", "x.alt", "x.test", "resolver.arpa"):
            server.ask(name, "A")
        self.assertEqual(server.answer("last.test.net"), "NOERROR 192.0.2.1")
        self.assertEqual(str(upstream.asked.get(timeout=1)[0].question[0].name), "last.test.net.")

    def test_unknown_names_go_upstream_where_the_zone_says_so(self):
        server = Server(entries=WEB, config={"zones": [{"name": "global", "unknown": "forward"}],
                                             "forward": {"upstreams": [self.start(good).address]}})
        self.addCleanup(server.close)
        self.assertEqual(server.answer("unknown.global"), "NOERROR 192.0.2.1")
        self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2")
        query = server.query("unknown.global")
        query.flags &= ~dns.flags.RD
        self.assertEqual(texts(server.send(query)), "NXDOMAIN soa")


if __name__ == "__main__":
    unittest.main()
