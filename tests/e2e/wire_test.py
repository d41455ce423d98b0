#!/usr/bin/python3
"""Octets that no friendly client sends: malformed messages, EDNS and its limits. After each the server still answers
(behaviour 5, reliability 2)."""
import random
import socket
import struct
import subprocess
import unittest

import dns.flags
import dns.message
import dns.tsigkeyring

from meridian import PATIENCE, Server, entries, entry

FORMERR, NOTIMP, REFUSED, BADVERS, NOTAUTH = 1, 4, 5, 16, 9
WEB = b"\x03web\x04shop\x06global\x00"
A_IN = b"\x00\x01\x00\x01"
OPT = b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"


def header(flags=0x0100, qd=1, an=0, ns=0, ar=0, number=0x1234):
    return struct.pack("!6H", number, flags, qd, an, ns, ar)


def query(name=WEB, tail=A_IN, **counts):
    return header(**counts) + name + tail


def opt(options, udp=1232, flags=0):
    body = b"".join(struct.pack("!HH", code, len(value)) + value for code, value in options)
    return b"\x00" + struct.pack("!HHIH", 41, udp, flags, len(body)) + body


class Wire(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        many = entry("many.shop.global", *(f"240.0.1.{i}" for i in range(1, 101)))
        files = {"all.yaml": entries(entry("web.shop.global", "240.0.0.2"), many)}
        cls.server = Server(entries=files, config={"identity": {"nsid": "here"}})
        cls.addClassCleanup(cls.server.close)

    def setUp(self):
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.udp.close)
        self.udp.settimeout(PATIENCE)
        self.udp.connect(("127.0.0.1", self.server.port))

    def tearDown(self):
        self.assertEqual(self.server.answer("web.shop.global"), "NOERROR 240.0.0.2", "it is still alive")

    def exchange(self, octets):
        self.udp.send(octets)
        return self.udp.recv(65535)

    def rcode(self, octets):
        """The reply's rcode, with the extended bits if it has an OPT; its id must be the question's."""
        reply = self.exchange(octets)
        self.assertEqual(reply[:2], octets[:2])
        self.assertTrue(reply[2] & 0x80)
        return dns.message.from_wire(reply, ignore_trailing=True).rcode()

    def test_malformed_messages_get_formerr_with_their_id(self):
        long_name = b"\x3f" + b"a" * 63
        for title, octets in {
            "no question": header(qd=0), "two questions": header(qd=2) + (WEB + A_IN) * 2,
            "self pointer": query(b"\xc0\x0c"), "forward pointer": query(b"\xc0\x20", A_IN + b"\x00" * 30),
            "pointer into the header": query(b"\xc0\x04"), "label type 0x40": query(b"\x41\x00"),
            "label type 0x80": query(b"\x81\x00"), "over 255 octets": query(long_name * 4 + b"\x00"),
            "cut name": query(b"\x03we", b""), "cut question": query(tail=b"\x00\x01"),
            "lying answer count": query(an=1), "lying additional count": query(ar=65535),
            "two OPTs": query(ar=2) + OPT + OPT,
            "OPT not at the root": query(ar=1) + b"\x01x" + OPT,
            "option past RDLENGTH": query(ar=1) + b"\x00" + struct.pack("!HHIH", 41, 1232, 0, 5) + b"\x00\x03\x00\x09x",
        }.items():
            with self.subTest(title):
                self.assertEqual(self.rcode(octets), FORMERR)

    def test_what_deserves_no_reply_gets_none(self):
        for octets in (b"", b"\x12", header()[:11], query(flags=0x8100), header(flags=0x8100)):
            self.udp.send(octets)
        # Replies come in order: the first one is to the question that followed.
        self.assertEqual(self.exchange(query(number=0x7777))[:2], b"\x77\x77")

    def test_other_opcodes_are_not_implemented_and_copied(self):
        for opcode in range(1, 16):
            reply = self.exchange(query(flags=opcode << 11))
            with self.subTest(opcode=opcode):
                self.assertEqual((reply[2] >> 3 & 15, reply[3] & 15), (opcode, NOTIMP))

    def test_other_classes_transfers_and_meta_types_carry_no_data(self):
        for title, tail in {"HS": b"\x00\x01\x00\x04", "class 254": b"\x00\x01\x00\xfe",
                            "class 65280": b"\x00\x01\xff\x00",
                            "AXFR": b"\x00\xfc\x00\x01", "IXFR": b"\x00\xfb\x00\x01"}.items():
            with self.subTest(title):
                reply = dns.message.from_wire(self.exchange(query(tail=tail)))
                self.assertEqual((int(reply.rcode()), reply.answer), (REFUSED, []))
        for rdtype in (0, 41, 249, 250, 253, 254):
            reply = self.exchange(query(tail=struct.pack("!HH", rdtype, 1)))
            self.assertEqual(reply[6:8], b"\x00\x00", f"type {rdtype}")

    def test_flags_of_a_query_do_not_come_back_by_themselves(self):
        reply = self.exchange(query(flags=0x0770 | 0x0010))  # AA TC RD, Z AD CD
        flags = struct.unpack("!H", reply[2:4])[0]
        self.assertEqual(flags & 0x0040, 0, "Z")
        self.assertEqual(flags & dns.flags.AD, 0)
        self.assertEqual(flags & dns.flags.TC, 0)
        self.assertTrue(flags & dns.flags.RD and flags & dns.flags.CD)
        self.assertEqual(struct.unpack("!H", reply[6:8])[0], 1)

    def test_the_spelling_of_the_question_is_echoed_octet_for_octet(self):
        name = b"\x03wEb\x04SHop\x06gLoBaL\x00"
        reply = self.exchange(query(name))
        self.assertEqual(reply[12:12 + len(name)], name)
        for owner in (dns.message.from_wire(reply).answer[0].name,):
            self.assertEqual(str(owner), "wEb.SHop.gLoBaL.")

    def test_octets_that_no_host_has_are_just_names(self):
        for label in (b"\x00", b".", b" ", b"\xff", b"a" * 63, b"web.shop"):
            with self.subTest(label):
                self.assertEqual(self.rcode(query(bytes([len(label)]) + label + b"\x06global\x00")), 3)
        longest = (b"\x3f" + b"a" * 63) * 3 + b"\x36" + b"b" * 54 + b"\x06global\x00"
        self.assertEqual(len(longest), 255)
        self.assertEqual(self.rcode(query(longest)), 3)

    def test_edns_is_answered_if_and_only_if_asked(self):
        self.assertEqual(dns.message.from_wire(self.exchange(query())).edns, -1)
        for title, octets in {"plain": query(ar=1) + OPT, "NXDOMAIN": query(b"\x01x\x06global\x00", ar=1) + OPT,
                              "unknown option": query(ar=1) + opt([(65001, b"xyz")]),
                              "client subnet": query(ar=1) + opt([(8, b"\x00\x01\x18\x00\xc0\x00\x02")])}.items():
            with self.subTest(title):
                reply = dns.message.from_wire(self.exchange(octets))
                self.assertEqual((reply.edns, reply.payload, reply.ednsflags & 0x7fff), (0, 1232, 0))
                self.assertEqual([o for o in reply.options if o.otype != 15], [])

    def test_another_edns_version_is_bad(self):
        reply = dns.message.from_wire(self.exchange(query(ar=1) + opt([], flags=1 << 16)))
        self.assertEqual((int(reply.rcode()), reply.edns, reply.answer), (BADVERS, 0, []))

    def test_dnssec_ok_is_copied_and_nsid_is_told_to_those_who_ask(self):
        reply = dns.message.from_wire(self.exchange(query(ar=1) + opt([(3, b"")], flags=0x8000)))
        self.assertTrue(reply.ednsflags & dns.flags.DO)
        self.assertEqual([(int(o.otype), o.data) for o in reply.options], [(3, b"here")])

    def test_a_reply_is_never_larger_than_the_client_and_we_allow(self):
        many = b"\x04many\x04shop\x06global\x00"
        for size, most in ((0, 512), (100, 512), (600, 600), (4096, 1232)):
            reply = self.exchange(query(many, ar=1) + opt([], udp=size))
            with self.subTest(size=size):
                self.assertLessEqual(len(reply), most)
                self.assertTrue(reply[2] & 2, "TC")
                self.assertEqual(dns.message.from_wire(reply).edns, 0)  # parses: whole RRs only
        self.assertLessEqual(len(self.exchange(query(many))), 512)

    def test_a_key_that_nobody_knows_is_notauth_or_refused(self):
        signed = dns.message.make_query("web.shop.global", "A")
        signed.use_tsig(dns.tsigkeyring.from_text({"key.": "c2VjcmV0"}))
        reply = self.exchange(signed.to_wire())
        self.assertIn(reply[3] & 15, (NOTAUTH, REFUSED))

    def test_thirty_thousand_hostile_packets_do_no_harm(self):
        dice, good = random.Random(9), query(ar=1) + OPT
        self.udp.setblocking(False)
        replies = 0
        for _ in range(30_000):
            octets = bytearray(good if dice.random() < 0.8 else dice.randbytes(dice.randrange(600)))
            for _ in range(dice.randrange(4)):
                if octets:
                    octets[dice.randrange(len(octets))] = dice.randrange(256)
            try:
                self.udp.send(bytes(octets))
                reply = bytearray(self.udp.recv(65535))
            except BlockingIOError:
                continue
            replies += 1
            reply[2] &= 0x87  # dnspython refuses opcodes that nobody has defined
            dns.message.from_wire(bytes(reply))
        self.assertGreater(replies, 1000)

    def test_ten_thousand_unknown_names_do_not_grow_memory(self):
        def resident():
            with open(f"/proc/{self.server.process.pid}/status") as status:
                return int(status.read().split("VmRSS:")[1].split()[0])  # KiB
        ask = lambda i: self.exchange(query(b"\x07" + b"n%06d" % i + b"\x04shop\x06global\x00"))
        for i in range(1000):
            ask(i)
        before = resident()
        for i in range(1000, 11_000):
            self.assertEqual(ask(i)[3] & 15, 3)
        self.assertLess(resident() - before, 1000)

    def test_the_reply_comes_from_the_address_that_was_asked(self):
        server = Server(entries={"a.yaml": entry("web.shop.global", "240.0.0.2")}, config={"listen": ["0.0.0.0:0"]})
        self.addCleanup(server.close)
        for address in ("127.0.0.1", "127.0.0.2", "127.1.2.3"):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.settimeout(PATIENCE)
                client.connect((address, server.port))  # the kernel drops what comes from another address
                client.send(query())
                self.assertEqual(client.recv(512)[:2], b"\x12\x34")

    def test_clients_of_the_compliance_kind_are_content(self):
        done = subprocess.run(["dig", "+norec", "+ednsopt=100", "+ednsflags=0x80", "+time=20", "+tries=1", "@127.0.0.1",
                               "-p", str(self.server.port), "web.shop.global"], capture_output=True, text=True)
        self.assertIn("status: NOERROR", done.stdout)
        self.assertIn("EDNS: version: 0, flags:; udp: 1232", done.stdout)


if __name__ == "__main__":
    unittest.main()
