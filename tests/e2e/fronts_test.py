#!/usr/bin/python3
"""The servers that people put in front of us, with the configuration that they use for it (interop.md): dnsmasq as
kube-dns runs it, Unbound, BIND."""
import unittest

import dns.flags

import peers
from meridian import Server, addresses, entries, entry, eventually, texts

ENTRIES = entries(
    entry("web.shop.global", "240.0.0.2", ports=[{"number": 8080, "name": "http", "protocol": "HTTP"}]),
    entry("both.shop.global", "240.0.0.3", "2001:db8::3"), entry("vip.shop.global"),
    entry("many.shop.global", *(f"240.0.1.{i}" for i in range(1, 101))), entry("*.wild.global", "240.0.0.6"))


class Front:
    """What every front must show. Subclasses name the front."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(entries={"all.yaml": ENTRIES})
        cls.addClassCleanup(cls.server.close)
        cls.front = cls.make(cls.server.port)
        cls.addClassCleanup(cls.front.close)

    def test_positive_answers_come_through(self):
        for name, rdtype, reply in (("web.shop.global", "A", "NOERROR 240.0.0.2"),
                                    ("both.shop.global", "AAAA", "NOERROR 2001:db8::3"),
                                    ("a.b.wild.global", "A", "NOERROR 240.0.0.6"),
                                    ("web.shop.global", "A", "NOERROR 240.0.0.2")):  # now perhaps from its cache
            for tcp in (False, True):
                with self.subTest(name=name, type=rdtype, tcp=tcp):
                    self.assertEqual(texts(self.front.ask(name, rdtype, tcp=tcp)), reply)
        self.assertEqual(texts(self.front.ask("vip.shop.global")), self.server.answer("vip.shop.global"))

    def test_negative_answers_stay_what_they_are(self):
        for turn in range(2):
            self.assertEqual(texts(self.front.ask("web.shop.global", "AAAA")).split()[0], "NOERROR")
            self.assertEqual(self.front.ask("web.shop.global", "AAAA").answer, [])
            self.assertEqual(texts(self.front.ask("missing.shop.global")).split()[0], "NXDOMAIN")
            self.assertEqual(texts(self.front.ask("shop.global")).split()[0], "NOERROR", "an empty non-terminal")
            self.assertEqual(texts(self.front.ask("web.shop.global")), "NOERROR 240.0.0.2", "nothing is pruned")

    def test_the_clients_spelling_comes_back(self):
        for name in ("wEb.ShOp.gLoBaL.", "WEB.SHOP.GLOBAL."):
            reply = self.front.ask(name)
            self.assertEqual(str(reply.question[0].name), name)
            self.assertEqual(addresses(reply), ["240.0.0.2"])

    def test_srv_has_its_target(self):
        reply = self.front.ask("_http._tcp.web.shop.global", "SRV")
        self.assertEqual(texts(reply), "NOERROR 0 100 8080 web.shop.global.")

    def test_a_large_answer_is_whole_over_tcp(self):
        self.assertEqual(len(addresses(self.front.ask("many.shop.global", tcp=True))), 100)
        udp = self.front.ask("many.shop.global")
        self.assertTrue(udp.flags & dns.flags.TC or len(addresses(udp)) == 100)

    def test_a_new_name_is_seen_at_once_if_nobody_asked_before(self):
        self.server.write({f"{type(self).__name__}.yaml": entry("fresh.shop.global", "240.0.0.9")})
        eventually(lambda: self.server.answer("fresh.shop.global") == "NOERROR 240.0.0.9")
        self.assertEqual(texts(self.front.ask("fresh.shop.global")), "NOERROR 240.0.0.9")


class Dnsmasq(Front, unittest.TestCase):
    make = staticmethod(peers.dnsmasq)

    def test_a_negative_is_not_kept(self):
        self.assertEqual(texts(self.front.ask("later.shop.global")).split()[0], "NXDOMAIN")
        self.server.write({"later.yaml": entry("later.shop.global", "240.0.0.10")})
        eventually(lambda: texts(self.front.ask("later.shop.global")) == "NOERROR 240.0.0.10")


class Unbound(Front, unittest.TestCase):
    make = staticmethod(peers.unbound)

    def test_a_validating_client_is_served(self):
        self.assertEqual(texts(self.front.ask("web.shop.global", want_dnssec=True)), "NOERROR 240.0.0.2")


class Bind(Front, unittest.TestCase):
    make = staticmethod(peers.bind)

    def test_a_validating_client_is_served(self):
        self.assertEqual(texts(self.front.ask("web.shop.global", want_dnssec=True)), "NOERROR 240.0.0.2")


if __name__ == "__main__":
    unittest.main()
