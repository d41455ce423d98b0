#!/usr/bin/python3
"""forward_failover.py MERIDIAN: what clients wait for when one of two upstreams is dead: the first question, and those
after it. The dead one is the one that would be asked: the first by order, or the one that was asked until it died."""
import itertools
import socket
import statistics
import struct
import sys
import threading
import time

from forward_server import forwarding

STARTS = 3  # of the server, for each row
LATER = 300  # questions after the first,
PAUSE = 0.01  # seconds between two: long enough in all to see the dead one being tried again


class Upstream:
    """Answers every A question until it falls silent or is gone (a closed port: ICMP says so)."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self.address = "127.0.0.1:%d" % self._socket.getsockname()[1]
        self.silent = self.gone = False
        self.answered = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self.gone:
            try:
                question, client = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            if not self.silent:
                self.answered += 1
                self._socket.sendto(answer_to(question), client)
        self._socket.close()

    def end(self):
        self.gone = True
        self._thread.join()


def answer_to(question):
    end = question.index(0, 12) + 5
    is_a = question[end - 4:end - 2] == b"\0\1"
    counts = struct.pack(">HHHH", 1, is_a, 0, question[11])
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1" if is_a else b""
    opt = b"\0\0\x29\x04\xd0\0\0\0\0\0\0" if question[11] else b""
    return question[:2] + b"\x81\x80" + counts + question[12:end] + record + opt


class Client:
    def __init__(self, port):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))
        self._socket.settimeout(5)
        self._names = itertools.count()

    def ask(self):
        """Milliseconds to the answer for a name that nobody has asked before."""
        number = next(self._names)
        label = b"n%d" % number
        question = (struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + bytes([len(label)]) + label +
                    b"\x07example\0\0\1\0\1")
        begun = time.monotonic()
        self._socket.send(question)
        reply = self._socket.recv(4096)
        took = (time.monotonic() - begun) * 1000
        if reply[3] & 15:
            sys.exit(f"rcode {reply[3] & 15} after {took:.0f} ms, although an upstream lives")
        return took

    def close(self):
        self._socket.close()


def dead_at_start(first, *_):
    first.silent = True


def falls_silent(first, second, client):
    victim = asked_last(first, second, client)
    victim.silent = True


def is_gone(first, second, client):
    asked_last(first, second, client).end()


def asked_last(first, second, client):
    for _ in range(50):
        client.ask()
    before = first.answered, second.answered
    for _ in range(20):
        client.ask()
    return first if first.answered - before[0] >= second.answered - before[1] else second


def measure(binary, policy, misfortune):
    firsts, laters = [], []
    for _ in range(STARTS):
        first, second = Upstream(), Upstream()
        try:
            first.silent = misfortune is dead_at_start
            section = f'{{upstreams: ["{first.address}", "{second.address}"], policy: {policy}}}'
            with forwarding(binary, section) as server:
                client = Client(server.port)
                misfortune(first, second, client)
                firsts.append(client.ask())
                for _ in range(LATER):
                    time.sleep(PAUSE)
                    laters.append(client.ask())
                client.close()
        finally:
            first.end()
            second.end()
    laters.sort()
    return firsts, laters


def main():
    binary = sys.argv[1]
    print("milliseconds to an answer, two upstreams, one of them dead:")
    rows = {"is dead at the start": dead_at_start, "falls silent": falls_silent, "is gone": is_gone}
    for policy in ("fastest", "sequential"):
        for title, misfortune in rows.items():
            firsts, laters = measure(binary, policy, misfortune)
            print(f"{policy:<10} one {title:<20} first: median {statistics.median(firsts):6.1f}, worst {max(firsts):6.1f}"
                  f"; later: median {statistics.median(laters):5.2f}, p99 {laters[int(len(laters) * 0.99)]:5.2f},"
                  f" worst {laters[-1]:6.1f}", flush=True)


main()
