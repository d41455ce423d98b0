#!/usr/bin/python3
"""What is answered for names of ServiceEntries: behaviour sections 1 to 4, asked over sockets with real clients."""
import subprocess
import unittest

import dns.flags
import dns.rcode
import dns.rdataclass

from meridian import Server, addresses, entries, entry, eventually, extended_errors, texts

ENTRIES = entries(
    entry("httpbin.bar.global", "240.0.0.2", ports=[{"number": 8000, "name": "http", "protocol": "HTTP"},
                                                    {"number": 53, "name": "dns", "protocol": "UDP"}]),
    entry("West.Stage.Greeting.Global", "240.0.0.3"),
    entry("both.shop.global.", "240.0.0.4", "2001:db8::4"),
    entry("six.shop.global", "2001:db8::5"),
    entry("many.shop.global", *(f"240.0.1.{i}" for i in range(1, 101))),
    entry("three.shop.global", "240.0.0.11", "240.0.0.12", "240.0.0.13", "240.0.0.12"),
    entry("*.wild.global", "240.0.0.6"),
    entry("exact.wild.global", "2001:db8::6"),
    entry("*.deep.wild.global", "240.0.0.7"),
    entry("mapped.shop.global", "::ffff:240.0.0.8"),
    entry("slash.shop.global", "240.0.0.9/32"),
    entry("wide.shop.global", "240.1.0.0/16", resolution="NONE"),
    entry("none.shop.global", resolution="NONE"),
    entry("alone.shop.global", "240.0.0.10", resolution="NONE"),
    entry("ttl.shop.global", "240.0.0.20", annotations={"meridian.internal/ttl": "7s"}),
    entry("first.shop.global", "second.shop.global", "240.0.0.21"),
    entry("partial*.shop.global", "kept.shop.global", "240.0.0.22"),
    entry("reversed.shop.global", "245.1.2.3"),
    entry("host.outside.test-mesh.org", "240.0.0.30"),
    entry("merged.shop.global", "240.0.0.41", name="a"), entry("merged.shop.global", "240.0.0.42", name="b"),
    entry("claimed.shop.global", "240.0.0.43", name="x", namespace="alpha"),
    entry("claimed.shop.global", "240.0.0.44", name="x", namespace="beta"))

ANSWERS = [  # question, type, reply
    ("httpbin.bar.global", "A", "NOERROR 240.0.0.2"),
    ("HTTPBIN.bar.GLOBAL", "A", "NOERROR 240.0.0.2"),
    ("httpbin.bar.global", "AAAA", "NOERROR soa"),  # istiocoredns said NXDOMAIN here
    ("httpbin.bar.global", "MX", "NOERROR soa"),
    ("httpbin.bar.global", "HTTPS", "NOERROR soa"),
    ("httpbin.bar.global", "TYPE65280", "NOERROR soa"),
    ("httpbin.bar.global", "ANY", "NOERROR 240.0.0.2"),
    ("west.stage.greeting.global", "A", "NOERROR 240.0.0.3"),
    ("both.shop.global", "A", "NOERROR 240.0.0.4"),
    ("both.shop.global", "AAAA", "NOERROR 2001:db8::4"),
    ("six.shop.global", "A", "NOERROR soa"),
    ("three.shop.global", "A", "NOERROR 240.0.0.11 240.0.0.12 240.0.0.13"),
    ("bar.global", "A", "NOERROR soa"),  # empty non-terminals (RFC 8020)
    ("_tcp.httpbin.bar.global", "SRV", "NOERROR soa"),
    ("x.httpbin.bar.global", "A", "NXDOMAIN soa"),
    ("nothing.global", "A", "NXDOMAIN soa"),
    ("web.ns1.svc.cluster.local.global", "AAAA", "NXDOMAIN soa"),
    ("global", "DS", "NOERROR soa"),
    ("global", "DNSKEY", "NOERROR soa"),
    ("global", "A", "NOERROR soa"),
    ("global", "NS", "NOERROR ns.dns.global."),
    ("ns.dns.global", "A", "NOERROR 127.0.0.1"),
    ("a.wild.global", "A", "NOERROR 240.0.0.6"),
    ("a.b.c.wild.global", "A", "NOERROR 240.0.0.6"),
    ("wild.global", "A", "NOERROR soa"),
    ("a.deep.wild.global", "A", "NOERROR 240.0.0.7"),
    ("exact.wild.global", "A", "NOERROR soa"),
    ("x.exact.wild.global", "A", "NOERROR 240.0.0.6"),
    ("*.wild.global", "A", "NOERROR 240.0.0.6"),
    ("mapped.shop.global", "A", "NOERROR 240.0.0.8"),
    ("mapped.shop.global", "AAAA", "NOERROR soa"),
    ("slash.shop.global", "A", "NOERROR 240.0.0.9"),
    ("wide.shop.global", "A", "NOERROR soa"),
    ("none.shop.global", "A", "NOERROR soa"),
    ("alone.shop.global", "A", "NOERROR 240.0.0.10"),
    ("first.shop.global", "A", "NOERROR 240.0.0.21"),
    ("second.shop.global", "A", "NOERROR 240.0.0.21"),
    ("partialx.shop.global", "A", "NXDOMAIN soa"),
    ("kept.shop.global", "A", "NOERROR 240.0.0.22"),
    ("merged.shop.global", "A", "NOERROR 240.0.0.41 240.0.0.42"),
    ("claimed.shop.global", "A", "NOERROR 240.0.0.43"),
    ("3.2.1.245.in-addr.arpa", "PTR", "NOERROR reversed.shop.global."),
    ("4.2.1.245.in-addr.arpa", "PTR", "NXDOMAIN soa"),
    ("2.1.245.in-addr.arpa", "PTR", "NOERROR soa"),
    ("localhost", "A", "NOERROR 127.0.0.1"),
    ("any.localhost", "AAAA", "NOERROR ::1"),
    ("localhost", "MX", "NOERROR soa"),
    ("host.invalid", "A", "NXDOMAIN soa"),
    ("host.onion", "A", "NXDOMAIN soa"),
    ("host.alt", "A", "NXDOMAIN soa"),
    ("host.test", "A", "NXDOMAIN soa"),
    ("resolver.arpa", "SVCB", "NOERROR soa"),
    ("_dns.resolver.arpa", "SVCB", "NOERROR soa"),
    ("www.example.com", "A", "REFUSED"),
    ("xevilglobal", "A", "REFUSED"),
    ("host.outside.test-mesh.org", "A", "REFUSED"),
]


class Answers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(entries={"all.yaml": ENTRIES})
        cls.addClassCleanup(cls.server.close)

    def test_each_question_has_its_answer_over_udp_and_tcp(self):
        for name, rdtype, reply in ANSWERS:
            for tcp in (False, True):
                with self.subTest(name=name, type=rdtype, tcp=tcp):
                    self.assertEqual(texts(self.server.ask(name, rdtype, tcp=tcp)), reply)

    def test_answers_are_authoritative_and_refusals_are_not(self):
        self.assertTrue(self.server.ask("httpbin.bar.global").flags & dns.flags.AA)
        self.assertTrue(self.server.ask("nothing.global").flags & dns.flags.AA)
        self.assertFalse(self.server.ask("www.example.com").flags & dns.flags.AA)

    def test_a_refusal_says_why(self):
        self.assertEqual(extended_errors(self.server.ask("www.example.com")), [20])  # RFC 8914: Not Authoritative

    def test_ttls_are_the_zones_the_entrys_and_the_smaller_of_soa_and_minimum(self):
        self.assertEqual(self.server.ask("httpbin.bar.global").answer[0].ttl, 30)
        self.assertEqual(self.server.ask("ttl.shop.global").answer[0].ttl, 7)
        soa = self.server.ask("nothing.global").authority[0]
        self.assertEqual((soa.ttl, soa[0].minimum, str(soa.name)), (10, 10, "global."))

    def test_the_soa_names_ns_and_hostmaster(self):
        for zone in ("global", "245.in-addr.arpa"):
            soa = self.server.ask(zone, "SOA").answer[0][0]
            with self.subTest(zone=zone):
                self.assertEqual((str(soa.mname), str(soa.rname)), ("ns.dns.global.", "hostmaster.global."))
                self.assertEqual((soa.refresh, soa.retry, soa.expire), (7200, 1800, 86400))
                self.assertGreater(soa.serial, 1_600_000_000)  # unix time at the first start

    def test_rrsets_rotate(self):
        firsts = {self.server.ask("three.shop.global").answer[0][0].address for _ in range(30)}
        self.assertEqual(firsts, {"240.0.0.11", "240.0.0.12", "240.0.0.13"})

    def test_srv_of_a_port_carries_the_targets_addresses(self):
        for name, ports in (("_http._tcp.httpbin.bar.global", [8000]), ("_dns._udp.httpbin.bar.global", [53]),
                            ("httpbin.bar.global", [53, 8000])):
            reply = self.server.ask(name, "SRV")
            with self.subTest(name=name):
                self.assertEqual(sorted(r.port for r in reply.answer[0]), ports)
                self.assertEqual({(r.priority, r.weight, str(r.target)) for r in reply.answer[0]},
                                 {(0, 100, "httpbin.bar.global.")})
                self.assertEqual([r[0].address for r in reply.additional], ["240.0.0.2"])

    def test_meta_tells_introspectors_where_an_answer_comes_from(self):
        reply = self.server.ask("_meta.httpbin.bar.global", "TXT")
        text = " ".join(str(r) for r in reply.answer[0])
        self.assertIn("default/httpbin-bar-global", text)
        self.assertIn("literal", text)

    def test_chaos_is_refused_unless_configured(self):
        for name in ("version.bind", "hostname.bind", "id.server"):
            query = self.server.query(name, "TXT", rdclass=dns.rdataclass.CH)
            self.assertEqual(self.server.send(query).rcode(), dns.rcode.REFUSED)

    def test_dig_and_kdig_print_the_address(self):
        port = str(self.server.port)
        for command in (["dig", "+short", "+tries=1", "+time=20", "@127.0.0.1", "-p", port],
                        ["kdig", "+short", "+time=20", "+tcp", "@127.0.0.1", "-p", port]):
            with self.subTest(command=command[0]):
                done = subprocess.run([*command, "httpbin.bar.global", "A"], capture_output=True, text=True)
                self.assertEqual(done.stdout.strip(), "240.0.0.2", done.stderr)

    def test_a_hundred_addresses_are_whole_over_tcp_and_cut_over_udp(self):
        cut = self.server.ask("many.shop.global")
        self.assertTrue(cut.flags & dns.flags.TC)
        self.assertTrue(cut.flags & dns.flags.AA)
        self.assertEqual(cut.edns, 0)
        self.assertEqual(len(addresses(self.server.ask("many.shop.global", tcp=True))), 100)


class OtherRules(unittest.TestCase):
    """Configurations that change whose names are answered, and how."""

    def serve(self, **config):
        server = Server(entries={"all.yaml": ENTRIES}, config=config)
        self.addCleanup(server.close)
        return server

    def test_any_host_is_answered_and_an_absent_family_is_empty(self):
        server = self.serve(**{"serve-hosts": "any", "identity": {"version": "9.9", "hostname": "h", "nsid": "n"}})
        self.assertEqual(server.answer("host.outside.test-mesh.org"), "NOERROR 240.0.0.30")
        self.assertEqual(server.answer("host.outside.test-mesh.org", "AAAA"), "NOERROR soa")
        version = server.send(server.query("version.bind", "TXT", rdclass=dns.rdataclass.CH))
        self.assertEqual(str(version.answer[0][0]), '"9.9"')

    def test_rfc4592_wildcards_stop_at_the_closest_encloser(self):
        server = self.serve(zones=[{"name": "global", "wildcards": "rfc4592", "order": "fixed", "ttl": "60s"}])
        self.assertEqual(server.answer("a.wild.global"), "NOERROR 240.0.0.6")
        self.assertEqual(server.answer("x.exact.wild.global"), "NXDOMAIN soa")
        first = {server.ask("three.shop.global").answer[0][0].address for _ in range(10)}
        self.assertEqual(first, {"240.0.0.11"})
        self.assertEqual(server.ask("three.shop.global").answer[0].ttl, 60)

    def test_istiocoredns_compatibility_skips_none_and_public_only_skips_private(self):
        server = self.serve(compat="istiocoredns", **{"export-to": "public-only"})
        self.assertEqual(server.answer("alone.shop.global"), "NXDOMAIN soa")
        server.write({"private.yaml": entries(entry("private.shop.global", "240.9.9.9", exportTo=["."]),
                                              entry("public.shop.global", "240.9.9.8", exportTo=["*"]))})
        eventually(lambda: server.answer("public.shop.global") == "NOERROR 240.9.9.8")
        self.assertEqual(server.answer("private.shop.global"), "NXDOMAIN soa")

    def test_clients_off_the_lists_are_refused_and_meta_is_not_there(self):
        nobody = ["192.0.2.0/24"]
        server = self.serve(access={"introspect": nobody})
        self.assertEqual(server.answer("_meta.httpbin.bar.global", "TXT"), "NXDOMAIN soa")
        closed = self.serve(access={"queries": nobody, "recursion": nobody})
        refused = closed.ask("httpbin.bar.global")
        self.assertEqual((refused.rcode(), extended_errors(refused)), (dns.rcode.REFUSED, [18]))

    def test_before_the_first_sync_nothing_is_denied(self):
        server = Server(start=False)
        self.addCleanup(server.close)
        server.source.rmdir()
        server.start(ready=False)
        reply = server.ask("nothing.global")
        self.assertEqual((reply.rcode(), extended_errors(reply)), (dns.rcode.SERVFAIL, [14]))  # Not Ready
        self.assertEqual(server.get("/readyz")[0], 503)


if __name__ == "__main__":
    unittest.main()
