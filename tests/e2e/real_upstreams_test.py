#!/usr/bin/python3
"""Real servers as upstreams: what they say is what our clients hear, from them and, the second time, from the cache
(behaviour 9)."""
import unittest

import dns.flags
import dns.rdatatype

import peers
from behind import WEB
from meridian import Server, eventually

ZONE = peers.ZONE + """*.wild A    192.0.2.99
       TXT  "wild"
deep.er.leaf AAAA 2001:db8::1
long   TXT  """ + " ".join(f'"{c * 250}"' for c in "abcdefghijkl") + "\n"
ZONE += "".join(f"_big._tcp SRV 0 {i} {8000 + i} host-{i}\nhost-{i} A 192.0.2.{i}\n" for i in range(60))
QUESTIONS = [("www", "A"), ("www", "AAAA"), ("www", "MX"), ("alias", "A"), ("alias", "TXT"), ("alias", "CNAME"),
             ("nothing", "A"), ("er.leaf", "A"), ("x.deep.er.leaf", "A"), ("text", "TXT"), ("long", "TXT"),
             ("odd", "TYPE65280"), ("www", "TYPE65280"), ("a.wild", "A"), ("b.c.wild", "TXT"), ("d.wild", "AAAA"),
             ("_big._tcp", "SRV"), ("many", "A"), ("@", "SOA"), ("@", "DNSKEY"), ("@", "NS")]
DENIALS = dns.rdatatype.SOA, dns.rdatatype.NSEC, dns.rdatatype.RRSIG


def who(name):
    """A zone in which each server says its own name."""
    return f"$TTL 300\n@ SOA ns hostmaster 1 7200 1800 86400 60\n NS ns\nns A 192.0.2.53\n* TXT {name}\n"


def records(message):
    """The answer, and what denies: those are in the authority section, where servers may say other things too."""
    line = lambda rrset, record: f"{rrset.name.to_text().lower()} {rrset.rdtype} {record}"
    return (sorted(line(rrset, record) for rrset in message.answer for record in rrset),
            sorted(line(rrset, record) for rrset in message.authority
                   if rrset.rdtype in DENIALS and rrset.covers != dns.rdatatype.NS for record in rrset))


class RealUpstreams(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        signed, anchor = peers.sign("corp.example", ZONE)
        zones = lambda name: {"corp.example": signed, "who.example": who(name)}
        cls.peers = {"Knot": peers.knot(zones("Knot")), "NSD": peers.nsd(zones("NSD")),
                     "BIND": peers.bind(zones=zones("BIND")),
                     "Unbound": peers.unbound(zones=zones("Unbound"), anchors=[anchor])}
        for peer in cls.peers.values():
            cls.addClassCleanup(peer.close)

    def serve(self, *names, **forward):
        server = Server(entries=WEB, config={"forward": {"upstreams": [self.peers[n].address for n in names],
                                                         "policy": "sequential", **forward}})
        self.addCleanup(server.close)
        return server

    def test_answers_are_those_of_the_upstream(self):
        for name, peer in self.peers.items():
            server = self.serve(name)
            for label, rdtype in QUESTIONS:
                for dnssec in (False, True):
                    question = "corp.example" if label == "@" else f"{label}.corp.example"
                    direct = peer.ask(question, rdtype, tcp=True, want_dnssec=dnssec)
                    for again in range(2):
                        for tcp in (False, True):
                            with self.subTest(upstream=name, question=question, type=rdtype, dnssec=dnssec, tcp=tcp,
                                              again=again):
                                reply = server.ask(question, rdtype, tcp=tcp, want_dnssec=dnssec)
                                self.compare(direct, reply, tcp)

    def compare(self, direct, reply, tcp):
        self.assertEqual(reply.rcode(), direct.rcode())
        self.assertTrue(reply.flags & dns.flags.RA)
        self.assertFalse(reply.flags & dns.flags.AA)
        self.assertEqual(reply.flags & dns.flags.AD, direct.flags & dns.flags.AD)
        self.assertEqual(reply.ednsflags & dns.flags.DO, direct.ednsflags & dns.flags.DO)
        if reply.flags & dns.flags.TC and not tcp:
            self.assertGreater(len(direct.to_wire(max_size=65535)), 1232 - 40)
            return
        self.assertFalse(reply.flags & dns.flags.TC)
        self.assertEqual(records(reply), records(direct))
        for mine in reply.answer:
            theirs = [rrset.ttl for rrset in direct.answer if (rrset.name, rrset.rdtype, rrset.covers)
                      == (mine.name, mine.rdtype, mine.covers)]
            self.assertTrue(theirs[0] - 30 <= mine.ttl <= theirs[0])

    def test_a_validated_answer_is_told_so(self):
        server = self.serve("Unbound")
        for again in range(2):
            reply = server.ask("www.corp.example", want_dnssec=True)
            self.assertTrue(reply.flags & dns.flags.AD)
            self.assertEqual(sorted(rrset.rdtype for rrset in reply.answer), [dns.rdatatype.A, dns.rdatatype.RRSIG])
            self.assertFalse(server.ask("www.corp.example").flags & dns.flags.AD)

    def test_the_most_specific_zone_has_its_upstream(self):
        server = self.serve("Unbound", zones={"example": [self.peers["Knot"].address],
                                              "Sub.Who.Example.": [self.peers["BIND"].address],
                                              "y.sub.who.example": [self.peers["NSD"].address]})
        rows = {"x.who.example": "Knot", "sub.who.example": "BIND", "x.sub.who.example": "BIND",
                "y.sub.who.example": "NSD", "X.Y.Sub.Who.Example": "NSD", "xsub.who.example": "Knot"}
        for name, upstream in rows.items():
            self.assertEqual(server.answer(name, "TXT"), f'NOERROR "{upstream}"', name)

    def test_one_dies_and_comes_back(self):
        for first, second in (("Knot", "NSD"), ("NSD", "Knot"), ("BIND", "Unbound"), ("Unbound", "BIND")):
            with self.subTest(first=first, second=second):
                server, number = self.serve(first, second), iter(range(10 ** 6))
                ask = lambda: server.answer(f"n{next(number)}.who.example", "TXT")
                self.assertEqual(ask(), f'NOERROR "{first}"')
                self.peers[first].stop()
                for _ in range(20):
                    self.assertEqual(ask(), f'NOERROR "{second}"')
                self.peers[first].start()
                eventually(lambda: ask() == f'NOERROR "{first}"')
                self.peers[second].stop()
                for _ in range(20):
                    self.assertEqual(ask(), f'NOERROR "{first}"')
                self.peers[second].start()


if __name__ == "__main__":
    unittest.main()
