"""A DNS server that does what a test tells it, behind the real binary: for delays, losses and lies that a real server
does not offer."""
import collections
import dataclasses
import queue
import socket
import struct
import threading
import typing

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


LOOP_PROBE = b"meridian-loop-"  # begins the name that Meridian asks each upstream for, to see whether it comes back


def reply_to(query, *records, authority=(), additional=(), rcode=0, flags=dns.flags.RA):
    """`records` are of the answer section; all are texts such as `www.test.net. 60 A 192.0.2.1`."""
    reply = dns.message.make_response(query)
    reply.set_rcode(rcode)
    reply.flags |= flags
    for section, texts in ((reply.answer, records), (reply.authority, authority), (reply.additional, additional)):
        for text in texts:
            name, ttl, rdtype, data = text.split(None, 3)
            section.append(dns.rrset.from_text(name, int(ttl), "IN", rdtype, data))
    return reply


# What a handler may return between messages and octets.

@dataclasses.dataclass(frozen=True)
class Wait:
    """A pause before what follows; the end of the server ends it too."""
    seconds: float


@dataclasses.dataclass(frozen=True)
class Elsewhere:
    """A datagram from another socket: from another port of ours, or, with an address, from our port there."""
    message: typing.Any
    address: str = None


@dataclasses.dataclass(frozen=True)
class ToAsker:
    """A datagram to who asked that name last, though this is not the answer to it."""
    name: str
    message: typing.Any


class Raw(bytes):
    """Octets of a TCP stream: no length is put before them."""


HANG_UP = object()  # closes the connection


class Upstream:
    """UDP and TCP on one loopback port. `handle(query, tcp)` runs in a thread for each question and returns what to
    send, one after the other: messages, octets, or one of the above; nothing is silence. It may be replaced at any
    time. `asked` is a queue of (query, tcp), so that a test can wait for a question; `times` counts them. With
    `tcp=False` the TCP port refuses; `at` is where it is, if not on a port of the kernel's choice."""

    def __init__(self, handle, tcp=True, at=("127.0.0.1", 0)):
        self.handle, self.asked, self.over = handle, queue.Queue(), threading.Event()
        self._counts, self._counting = collections.Counter(), threading.Lock()
        self.askers = {}  # by name: the address that its last question came from, over UDP
        while True:
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            self.udp.bind(at)
            self.port = self.udp.getsockname()[1]
            self.tcp = socket.socket()
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                self.tcp.bind((at[0], self.port))
                break
            except OSError:  # somebody else has the TCP port of that number
                self.udp.close()
                self.tcp.close()
                if at[1]:
                    raise
        self.address = f"{at[0]}:{self.port}"
        loops = [self._serve_udp]
        if tcp:
            self.tcp.listen(100)
            loops.append(self._serve_tcp)
        for loop in loops:
            threading.Thread(target=loop, daemon=True).start()

    def times(self, name, rdtype="A"):
        """How often this was asked, in any letter case."""
        return self._counts[name.rstrip(".").lower(), dns.rdatatype.from_text(rdtype)]

    def _answer(self, octets, tcp, client, send):
        query = dns.message.from_wire(octets)
        question = query.question[0]
        if question.name[0].startswith(LOOP_PROBE):  # no test's business
            send(octets_of(reply_to(query, rcode=dns.rcode.NXDOMAIN)))
            return True
        name = question.name.to_text(omit_final_dot=True).lower()
        with self._counting:
            self._counts[name, question.rdtype] += 1
        if not tcp:
            self.askers[name] = client
        self.asked.put((query, tcp))
        for move in self.handle(query, tcp):
            if isinstance(move, Wait):
                self.over.wait(move.seconds)
            if self.over.is_set() or move is HANG_UP:
                return False
            if isinstance(move, Elsewhere):
                with socket.socket(type=socket.SOCK_DGRAM) as other:
                    other.bind((move.address, self.port) if move.address else ("127.0.0.1", 0))
                    other.sendto(octets_of(move.message), client)
            elif isinstance(move, ToAsker):
                self.udp.sendto(octets_of(move.message), self.askers[move.name])
            elif not isinstance(move, Wait):
                send(move if isinstance(move, Raw) else octets_of(move))
        return True

    def _serve_udp(self):
        while not self.over.is_set():
            try:
                octets, client = self.udp.recvfrom(65535)
            except OSError:
                return
            if self.over.is_set():
                return
            send = lambda reply, client=client: self.udp.sendto(reply, client)
            threading.Thread(target=self._answer, args=(octets, False, client, send), daemon=True).start()

    def _serve_tcp(self):
        while not self.over.is_set():
            try:
                connection, client = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=(connection, client), daemon=True).start()

    def _converse(self, connection, client):
        def send(reply):
            connection.sendall(reply if isinstance(reply, Raw) else struct.pack("!H", len(reply)) + reply)
        with connection, connection.makefile("rb") as stream:
            try:
                while len(length := stream.read(2)) == 2:
                    octets = stream.read(struct.unpack("!H", length)[0])
                    if not self._answer(octets, True, client, send):
                        return
            except OSError:
                pass  # the other side had enough

    def close(self):
        self.over.set()
        for s in (self.udp, self.tcp):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # a UDP socket without a peer: shutdown wakes the reader all the same
            s.close()


def octets_of(message):
    return message if isinstance(message, bytes) else message.to_wire(max_size=65535)
