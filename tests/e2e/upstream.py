"""A DNS server that does what a test tells it, behind the real binary: for delays, losses and lies that a real server
does not offer."""
import queue
import socket
import struct
import threading

import dns.flags
import dns.message
import dns.rrset


def reply_to(query, *records, rcode=0, flags=dns.flags.RA):
    """`records`: texts such as `www.test.net. 60 A 192.0.2.1`."""
    reply = dns.message.make_response(query)
    reply.set_rcode(rcode)
    reply.flags |= flags
    for record in records:
        name, ttl, rdtype, data = record.split(None, 3)
        reply.answer.append(dns.rrset.from_text(name, int(ttl), "IN", rdtype, data))
    return reply


class Upstream:
    """UDP and TCP on one loopback port. `handle(query, tcp)` runs in a thread for each question and returns messages
    (or octets), to be sent one after the other: none is silence. `asked` is a queue of (query, tcp), so that a test can
    wait for a question; `client` is who sent the last one over UDP."""

    def __init__(self, handle):
        self.handle, self.asked, self.ended, self.client = handle, queue.Queue(), False, None
        while True:
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.bind(("127.0.0.1", 0))
            self.port = self.udp.getsockname()[1]
            self.tcp = socket.socket()
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                self.tcp.bind(("127.0.0.1", self.port))
                break
            except OSError:  # somebody else has the TCP port of that number
                self.udp.close()
                self.tcp.close()
        self.tcp.listen()
        self.address = f"127.0.0.1:{self.port}"
        for loop in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=loop, daemon=True).start()

    def answer(self, octets, tcp, send):
        query = dns.message.from_wire(octets)
        self.asked.put((query, tcp))
        for reply in self.handle(query, tcp):
            if not self.ended:
                send(reply if isinstance(reply, bytes) else reply.to_wire(max_size=65535))

    def serve_udp(self):
        while not self.ended:
            try:
                octets, client = self.udp.recvfrom(65535)
            except OSError:
                return
            if self.ended:
                return
            self.client = client
            send = lambda reply, client=client: self.udp.sendto(reply, client)
            threading.Thread(target=self.answer, args=(octets, False, send), daemon=True).start()

    def serve_tcp(self):
        while not self.ended:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self.converse, args=(connection,), daemon=True).start()

    def converse(self, connection):
        with connection, connection.makefile("rb") as stream:
            while len(length := stream.read(2)) == 2:
                octets = stream.read(struct.unpack("!H", length)[0])
                self.answer(octets, True, lambda reply: connection.sendall(struct.pack("!H", len(reply)) + reply))

    def close(self):
        self.ended = True
        for s in (self.udp, self.tcp):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # a UDP socket without a peer: shutdown wakes the reader all the same
            s.close()
