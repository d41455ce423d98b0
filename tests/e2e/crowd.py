"""Many clients at once: each question leaves from a socket of its own, so that the kernel spreads them over the
workers."""
import select
import socket
import struct
import time

import dns.message

from meridian import PATIENCE

MOST = 300  # sockets at once


class Client:
    def __init__(self, query, tcp):
        self.query, self.tcp, self.octets = query, tcp, b""
        self.reply = self.seconds = None
        self.socket = socket.socket(type=socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)

    def ask(self, port):
        self.socket.connect(("127.0.0.1", port))
        wire = self.query.to_wire()
        self.asked = time.monotonic()
        self.socket.sendall(struct.pack("!H", len(wire)) + wire if self.tcp else wire)

    def hear(self):
        """True if there is nothing more to wait for."""
        self.octets += self.socket.recv(65535)
        octets = self.octets
        if self.tcp:
            if len(octets) < 2 or len(octets) < 2 + struct.unpack("!H", octets[:2])[0]:
                return False
            octets = octets[2:]
        self.seconds = time.monotonic() - self.asked
        self.reply = dns.message.from_wire(octets)  # raises for what nobody may send
        if not self.query.is_response(self.reply):
            raise AssertionError(f"not a reply to {self.query.question[0]}: {self.reply}")
        return True


def ask_together(port, queries, tcp=lambda i: False, deadline=PATIENCE):
    """Sends all queries (dns.message), at most MOST at a time, and returns a Client for each, in their order: `reply`
    is None where none came before the deadline. `tcp(i)` says how the query of that index goes."""
    clients = []
    for start in range(0, len(queries), MOST):
        some = [Client(query, tcp(start + i)) for i, query in enumerate(queries[start:start + MOST])]
        clients += some
        try:
            for client in some:
                client.ask(port)
            _listen(some, time.monotonic() + deadline)
        finally:
            for client in some:
                client.socket.close()
    return clients


def _listen(clients, end):
    waiting = {client.socket.fileno(): client for client in clients}
    poll = select.poll()
    for number in waiting:
        poll.register(number, select.POLLIN)
    while waiting and (left := end - time.monotonic()) > 0:
        for number, _ in poll.poll(left * 1000):
            if waiting[number].hear():
                poll.unregister(number)
                del waiting[number]
