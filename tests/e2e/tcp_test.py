#!/usr/bin/python3
"""TCP as clients do it and as they should not: pipelined, by the octet, half-closed, broken off (RFC 7766, 9210)."""
import socket
import struct
import subprocess
import unittest

import dns.edns
import dns.message
import dns.query

from meridian import PATIENCE, Server, entries, entry, eventually, texts


def framed(message):
    wire = message if isinstance(message, bytes) else message.to_wire()
    return struct.pack("!H", len(wire)) + wire


class Tcp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(entries={"all.yaml": entries(*(entry(f"h{i}.shop.global", f"240.0.1.{i + 1}")
                                                           for i in range(100)))},
                            config={"limits": {"tcp-clients-per-address": 20, "tcp-idle": "3s"}})
        cls.addClassCleanup(cls.server.close)

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.server.port), PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def receive(self, connection):
        return dns.message.from_wire(dns.query.receive_tcp(connection, None)[0].to_wire())

    def tearDown(self):
        # Connections end when their client does, so there is room for one more.
        eventually(lambda: texts(self.server.ask("h0.shop.global", tcp=True)) == "NOERROR 240.0.1.1")

    def test_a_hundred_questions_in_one_write_are_all_answered(self):
        queries = {q.id: q for q in (self.server.query(f"h{i}.shop.global", id=i + 1) for i in range(100))}
        connection = self.connect()
        connection.sendall(b"".join(framed(q) for q in queries.values()))
        for _ in range(100):
            reply = self.receive(connection)
            self.assertEqual(texts(reply), f"NOERROR 240.0.1.{reply.id}")
            self.assertTrue(queries.pop(reply.id).is_response(reply))
        self.assertEqual(queries, {})

    def test_a_question_that_comes_octet_by_octet_is_answered(self):
        connection = self.connect()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in framed(self.server.query("h1.shop.global")):
            connection.send(bytes([octet]))
        self.assertEqual(texts(self.receive(connection)), "NOERROR 240.0.1.2")

    def test_a_client_that_half_closes_still_gets_its_answer(self):
        connection = self.connect()
        connection.sendall(framed(self.server.query("h2.shop.global")))
        connection.shutdown(socket.SHUT_WR)
        self.assertEqual(texts(self.receive(connection)), "NOERROR 240.0.1.3")
        self.assertEqual(connection.recv(1), b"", "and then the end")

    def test_junk_is_survived_and_a_malformed_message_gets_its_formerr(self):
        good = self.server.query("h3.shop.global")
        loop = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01"
        connection = self.connect()
        connection.sendall(framed(good) + framed(loop))
        replies = {r.id: r for r in (self.receive(connection) for _ in range(2))}
        self.assertEqual(texts(replies[good.id]), "NOERROR 240.0.1.4")
        self.assertEqual(texts(replies[0x1234]), "FORMERR")
        for junk in (b"\x00\x00", b"\x00\x05hello", framed(b"\x12\x34\x81\x00" + b"\x00" * 8)):
            self.connect().sendall(junk)

    def test_resets_cost_nothing(self):
        for _ in range(200):
            connection = socket.create_connection(("127.0.0.1", self.server.port), PATIENCE)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.send(framed(self.server.query("h4.shop.global"))[:7])
            connection.close()

    def test_idle_connections_are_closed_and_those_over_the_limit_refused(self):
        idle = [self.connect() for _ in range(30)]
        closed = 0
        for connection in idle:
            try:
                closed += connection.recv(1) == b""
            except ConnectionResetError:
                closed += 1
        self.assertEqual(closed, 30)

    def test_the_limit_of_one_address_refuses_the_newest(self):
        first = [self.connect() for _ in range(20)]
        for connection in first:  # each is known to be admitted before the next comes
            connection.sendall(framed(self.server.query("h5.shop.global")))
            self.receive(connection)
        newest = self.connect()
        with self.assertRaises((EOFError, ConnectionError)):
            newest.sendall(framed(self.server.query("h5.shop.global")))
            self.receive(newest)
        first[0].sendall(framed(self.server.query("h6.shop.global")))
        self.assertEqual(texts(self.receive(first[0])), "NOERROR 240.0.1.7")

    def test_kdig_keeps_one_connection_open_for_several_questions(self):
        done = subprocess.run(["kdig", "+tcp", "+keepopen", "+short", "@127.0.0.1", "-p", str(self.server.port),
                               "h7.shop.global", "h8.shop.global", "h9.shop.global"], capture_output=True, text=True)
        self.assertEqual(done.stdout.split(), ["240.0.1.8", "240.0.1.9", "240.0.1.10"], done.stderr)

    def test_keepalive_is_told_over_tcp_only(self):
        query = self.server.query("h0.shop.global", options=[dns.edns.GenericOption(11, b"")])
        self.assertEqual([int(o.otype) for o in self.server.send(query, tcp=True).options], [11])  # RFC 7828
        self.assertEqual(list(self.server.send(query).options), [])


if __name__ == "__main__":
    unittest.main()
