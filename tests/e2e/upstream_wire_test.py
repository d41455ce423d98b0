#!/usr/bin/python3
"""What leaves the real binary towards an upstream: ports, ids and letter cases that nobody can guess (RFC 5452), and of
the client's message nothing but its question and its flags DO and CD (behaviour 9)."""
import collections
import math
import pathlib
import re
import socket
import struct
import threading
import time
import unittest

import dns.edns
import dns.flags
import dns.message

from meridian import Server

MOST, LEAST, SECONDS = 10_000, 1_500, 8.0  # questions one after the other, and how long they may take on a slow build
NAME = "abcdefghijklmnopqrst"  # letters enough that no case comes twice by chance


class Recorder:
    """An upstream that answers every question and keeps (port, octets) of each, in order."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.seen = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            octets, client = self.socket.recvfrom(4096)
            if len(octets) < 12:  # close()
                return
            if b"\4wire\3net\0" in octets.lower():  # else not the test's question
                self.seen.append((client[1], octets))
            end = octets.index(b"\0", 12) + 5
            header = octets[:2] + b"\x81\x80\0\1\0\1\0\0\0\1"
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"
            opt = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
            self.socket.sendto(header + octets[12:end] + answer + opt, client)

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()


def name_of(octets):
    """The labels of the question's name, as they stand there."""
    labels, at = [], 12
    while length := octets[at]:
        labels.append(octets[at + 1:at + 1 + length])
        at += 1 + length
    return b".".join(labels)


def id_of(octets):
    return struct.unpack_from("!H", octets)[0]


def distinct(draws, values):
    """How many different values that many even draws are expected to have."""
    return values * (1 - math.exp(draws * math.log1p(-1 / values)))


def chi_square(numbers, buckets, low, count):
    """Of `numbers`, which lie in [low, low + count): near buckets - 1 if they are even, with a deviation of the square
    root of twice that."""
    cells = collections.Counter((n - low) * buckets // count for n in numbers)
    expected = len(numbers) / buckets
    return sum((cells[b] - expected)**2 / expected for b in range(buckets))


class Unguessable(unittest.TestCase):
    """Bounds are ten deviations and more from what is expected, so that they fail for a reason."""

    @classmethod
    def setUpClass(cls):
        cls.upstream = Recorder()
        cls.addClassCleanup(cls.upstream.close)
        server = Server(config={"forward": {"upstreams": [cls.upstream.address], "case-randomization": True}})
        cls.addClassCleanup(server.close)
        cls.asked, cls.replies = [], []
        deadline = time.monotonic() + SECONDS
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(30)
            client.connect(("127.0.0.1", server.port))
            for number in range(MOST):
                if number >= LEAST and time.monotonic() > deadline:
                    break
                query_id = (number * 40503 + 1) & 0xffff
                label = b"%s%d" % (NAME.encode(), number)
                octets = struct.pack("!6H", query_id, 0x0100, 1, 0, 0, 0)
                octets += bytes([len(label)]) + label + b"\4wire\3net\0\0\1\0\1"
                client.send(octets)
                cls.replies.append((octets, client.recv(4096)))
                cls.asked.append((query_id, label + b".wire.net"))
        # One try each, unless the machine was so slow that a second one was sent.
        first = {}
        for port, octets in cls.upstream.seen:
            first.setdefault(name_of(octets).lower(), (port, octets))
        cls.sent = [first[name] for _, name in cls.asked]
        cls.ports = [port for port, _ in cls.sent]
        cls.ids = [id_of(octets) for _, octets in cls.sent]
        text = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text()
        cls.low, high = map(int, text.split())
        cls.range = high - cls.low + 1

    def assertEven(self, numbers, buckets, low, count):
        degrees = buckets - 1
        self.assertLess(chi_square(numbers, buckets, low, count), degrees + 15 * math.sqrt(2 * degrees))

    def assertNoPattern(self, numbers, values):
        """Neighbours in time are no neighbours."""
        near = sum(min((b - a) % values, (a - b) % values) <= 8 for a, b in zip(numbers, numbers[1:]))
        self.assertLess(near, 20 + 4 * len(numbers) * 17 / values)

    def test_each_question_has_a_port_of_its_own_that_the_kernel_chose(self):
        self.assertTrue(all(self.low <= port < self.low + self.range for port in self.ports))
        expected = distinct(len(self.ports), self.range)
        self.assertGreater(len(set(self.ports)), 0.95 * expected, f"expected {expected:.0f} of {len(self.ports)}")
        self.assertEven(self.ports, 16, self.low, self.range)
        self.assertNoPattern(self.ports, self.range)

    def test_ids_are_even_and_without_a_pattern(self):
        expected = distinct(len(self.ids), 65536)
        self.assertGreater(len(set(self.ids)), 0.97 * expected)
        self.assertLess(len(set(self.ids)), 1.03 * expected)
        self.assertEven(self.ids, 64, 0, 65536)
        self.assertEven([number & 0xff for number in self.ids], 64, 0, 256)
        self.assertNoPattern(self.ids, 65536)

    def test_the_clients_id_never_goes_upstream(self):
        same = sum(query_id == sent for (query_id, _), sent in zip(self.asked, self.ids))
        self.assertLess(same, 10, "by chance: one in 65,536")

    def test_letters_have_a_random_case_and_the_client_gets_its_own_back(self):
        letters = [name_of(octets)[:len(NAME)] for _, octets in self.sent]
        self.assertGreater(len(set(letters)), 0.99 * distinct(len(letters), 2**len(NAME)) - 10)
        for at in range(len(NAME)):
            upper = sum(name[at:at + 1].isupper() for name in letters)
            self.assertAlmostEqual(upper / len(letters), 0.5, delta=0.1)
        for query, reply in self.replies:
            self.assertEqual(reply[:2], query[:2])
            self.assertEqual(reply[12:len(query)], query[12:])


class HopByHop(unittest.TestCase):
    """The question and two flags; EDNS is between us and the upstream."""

    def setUp(self):
        self.upstream = Recorder()
        self.addCleanup(self.upstream.close)
        self.server = Server(config={"forward": {"upstreams": [self.upstream.address], "case-randomization": False}})
        self.addCleanup(self.server.close)

    def sent_for(self, name, **options):
        query = self.server.query(name, **options)
        self.server.send(query)
        octets = next(o for _, o in self.upstream.seen if name_of(o).lower() == name.lower().encode())
        return dns.message.from_wire(octets), octets

    def test_of_the_clients_options_none_goes_upstream(self):
        ecs, cookie = dns.edns.ECSOption("192.0.2.0", 24), dns.edns.GenericOption(10, b"clientid")
        nsid, padding = dns.edns.GenericOption(3, b""), dns.edns.GenericOption(12, b"\0" * 40)
        sent, octets = self.sent_for("options.wire.net", use_edns=0, payload=4096, options=[ecs, cookie, nsid, padding])
        self.assertEqual((sent.edns, sent.payload, list(sent.options)), (0, 1232, []))
        self.assertEqual(octets[-11:], b"\0\0\x29\x04\xd0\0\0\0\0\0\0")
        self.assertNotIn(b"clientid", octets)

    def test_our_edns_goes_up_for_a_client_without(self):
        sent, _ = self.sent_for("plain.wire.net", use_edns=-1)
        self.assertEqual((sent.edns, sent.payload, sent.ednsflags), (0, 1232, 0))

    def test_do_and_cd_are_kept(self):
        for wants_dnssec in (False, True):
            for unchecked in (False, True):
                with self.subTest(DO=wants_dnssec, CD=unchecked):
                    name = f"flags{wants_dnssec:d}{unchecked:d}.wire.net"
                    flags = dns.flags.RD | (dns.flags.CD if unchecked else 0)
                    sent, _ = self.sent_for(name, use_edns=0, want_dnssec=wants_dnssec, flags=flags)
                    self.assertEqual(bool(sent.ednsflags & dns.flags.DO), wants_dnssec)
                    self.assertEqual(bool(sent.flags & dns.flags.CD), unchecked)
                    self.assertTrue(sent.flags & dns.flags.RD)
                    self.assertFalse(sent.flags & (dns.flags.QR | dns.flags.AA | dns.flags.TC | dns.flags.RA))

    def test_spelling_goes_up_as_it_is_when_it_is_not_randomized(self):
        _, octets = self.sent_for("SpElLiNg.wire.net")
        self.assertEqual(name_of(octets), b"SpElLiNg.wire.net")

    def test_questions_of_one_moment_share_ports_and_are_all_answered(self):
        count = 400
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            client.settimeout(30)
            client.connect(("127.0.0.1", self.server.port))
            for number in range(count):
                label = b"burst%d" % number
                client.send(struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + bytes([len(label)]) + label
                            + b"\4wire\3net\0\0\1\0\1")
            replies = {id_of(client.recv(4096)) for _ in range(count)}
        self.assertEqual(len(replies), count)
        ports = len({port for port, _ in self.upstream.seen})
        self.assertGreater(ports, 1)
        _, metrics = self.server.get("/metrics")
        counted = re.findall(r"^meridian_forward_ports_total(?:\{.*\})? (\d+)", metrics, re.M)
        self.assertGreaterEqual(sum(map(int, counted)), ports)


if __name__ == "__main__":
    unittest.main()
