#!/usr/bin/python3
"""Upstreams that are broken, slow, lossy or lying, and what a client of ours gets all the same (behaviour 9). Each row
has an upstream and a zone of its own, so that none suffers for another's health; all rows of a table are asked at
once."""
import collections
import random
import struct
import threading
import time
import unittest

import dns.flags
import dns.rcode
import dns.rdatatype

import lies
import peers
from behind import FAILS, GOOD, SLACK, TIME, WithUpstreams, describe, good, metric, over_tcp, says, silent
from crowd import ask_together
from meridian import eventually, texts
from upstream import HANG_UP, Elsewhere, Raw, ToAsker, Upstream, Wait, reply_to


def forgetful(losses):
    """Loses the first packets of each name."""
    seen = collections.Counter()

    def handle(query, tcp):
        seen[query.question[0].name] += 1
        return good(query) if seen[query.question[0].name] > losses else []
    return handle


class Row:
    """`upstreams` are handlers, or addresses. `expected` is what describe() may say, one text or several."""

    def __init__(self, title, upstreams, expected, tcp=False, within=TIME, **query):
        self.title, self.tcp, self.within, self.query = title, tcp, within, query
        self.handlers = upstreams if isinstance(upstreams, list) else [upstreams]
        self.expected = (expected,) if isinstance(expected, str) else expected


class Tables(WithUpstreams):
    def check(self, rows, **forward):
        zones = {}
        for i, row in enumerate(rows):
            row.zone = f"r{i}.test.net"
            row.upstreams = [self.start(h) if callable(h) else h for h in row.handlers]
            zones[row.zone] = [getattr(u, "address", u) for u in row.upstreams]
        server = self.serve(self.start(silent), zones=zones, **forward)
        queries = [server.query(f"www.{row.zone}", **row.query) for row in rows]
        clients = ask_together(server.port, queries, lambda i: rows[i].tcp)
        for row, client in zip(rows, clients):
            with self.subTest(row.title):
                self.assertIn(describe(client.reply), row.expected)
                self.assertLess(client.seconds, row.within + SLACK)
        self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2", "nobody was hurt")
        return server


class Lying(Tables):
    def test_a_lie_is_not_believed_and_does_not_end_the_wait(self):
        elsewhere = {"the truth's shape from another port": lambda q: Elsewhere(lies.reply(q)),
                     "the truth's shape from another address": lambda q: Elsewhere(lies.reply(q), "127.0.0.2")}
        rows = []
        for title, lie in {**lies.NOT_TO_US, **lies.MALFORMED, **elsewhere}.items():
            rows.append(Row(title, lambda q, tcp, lie=lie: [lie(q)], FAILS))
            rows.append(Row(f"{title}, then the truth", lambda q, tcp, lie=lie: [lie(q), *good(q)], GOOD, within=0.9))
        self.check(rows)

    def test_a_flood_of_lies_does_not_hide_the_truth(self):
        kinds = list({**lies.NOT_TO_US, **lies.MALFORMED}.values())
        flood = lambda q, tcp: [kinds[i % len(kinds)](q) for i in range(150)] + good(q)
        self.check([Row("150 lies, as many as a socket holds, then the truth", flood, GOOD)])

    def test_over_tcp_a_lie_is_servfail_in_time(self):
        rows = []
        for title, lie in {**lies.NOT_TO_US, **lies.MALFORMED}.items():
            rows.append(Row(title, over_tcp(lambda q, tcp, lie=lie: [lie(q)]), "NOERROR tc"))
        self.check(rows)

    def test_a_reply_that_is_cut_anywhere_is_never_relayed(self):
        def whole(query):
            name = query.question[0].name
            return reply_to(query, f"{name} 60 CNAME a.{name}", f"a.{name} 60 A 192.0.2.1",
                            authority=[f"{name.parent()} 60 NS b.{name}"]).to_wire()

        def behave(query, tcp):
            label = query.question[0].name[0].decode()
            octets = whole(query)[:int(label[1:4])]
            return [octets, whole(query)] if label[0] == "b" else [octets]
        cut = over_tcp(behave)
        server = self.serve(self.start(lambda q, tcp: (cut if q.question[0].name[0][:1] == b"t" else behave)(q, tcp)))
        length = len(whole(server.query("u000.test.net")))
        for kind, tcp, expected in (("u", False, FAILS), ("b", False, None), ("t", False, ("NOERROR tc",))):
            queries = [server.query(f"{kind}{i:03}.test.net") for i in range(length)]
            for query, client in zip(queries, ask_together(server.port, queries, lambda i: tcp)):
                with self.subTest(name=str(query.question[0].name)):
                    name = query.question[0].name
                    self.assertIn(describe(client.reply), expected or [f"NOERROR 192.0.2.1 a.{name}"])
                    self.assertLess(client.seconds, TIME + SLACK)

    def test_an_answer_to_another_questions_port_is_not_believed(self):
        held = threading.Event()

        def handle(query, tcp):
            if query.question[0].name[0] == b"held":
                held.wait(TIME)
                return good(query)
            return [ToAsker("held.test.net", lies.reply(query)), Wait(0.1), *good(query)]
        upstream = self.start(handle)
        server = self.serve(upstream, **{"attempt-timeout": "1800ms"})
        asking = threading.Thread(target=server.ask, args=("held.test.net",))
        asking.start()
        eventually(lambda: upstream.times("held.test.net"))
        for i in range(3):
            self.assertEqual(server.answer(f"n{i}.test.net"), GOOD)
            self.assertNotEqual(upstream.askers[f"n{i}.test.net"], upstream.askers["held.test.net"])
        held.set()
        asking.join()

    def test_what_is_not_believed_is_counted(self):
        rows = (("rejected_replies", lambda q, tcp: [lies.NOT_TO_US["another name"](q), *good(q)]),
                ("stray_replies", lambda q, tcp: [lies.NOT_TO_US["another id"](q), *good(q)]),
                ("double_replies", lambda q, tcp: [*good(q), *good(q)]))
        for counter, handle in rows:
            with self.subTest(counter):
                server = self.serve(self.start(handle))
                self.assertEqual(server.answer("www.test.net"), GOOD)
                eventually(lambda: metric(server, f"forward_{counter}_total") == 1, 5)
                self.assertEqual(sum(metric(server, f"forward_{other}_total") for other, _ in rows), 1)

    def test_letter_case_of_the_question(self):
        shouting = lambda q, tcp: [lies.reply(q, lies.record(rdata=bytes([192, 0, 2, 1])),
                                              question=lies.question_of(q).swapcase())]
        row = lambda expected: Row("the question in another case", shouting, expected)
        self.check([row(GOOD)])
        self.check([row(FAILS)], **{"case-randomization": True})
        upstream = self.start(lambda q, tcp: good(q))
        server = self.serve(upstream, **{"case-randomization": True})
        name = "abcdefghijklmnopqrstuvwxyz.test.net"
        reply = server.ask(name)
        self.assertEqual((texts(reply), str(reply.question[0].name)), (GOOD, name + "."))
        self.assertNotEqual(str(upstream.asked.get(timeout=1)[0].question[0].name), name + ".")


class Failing(Tables):
    def test_no_answer_or_none_that_helps(self):
        closed = f"127.0.0.1:{peers.free_port()}"
        slow = lambda q, tcp: [Wait(2.5), *good(q)]
        again = lambda text, rcode: Row(
            text, lambda q, tcp: [reply_to(q, rcode=rcode)] if q.edns >= 0 else good(q), GOOD)
        rows = [Row("nobody listens", closed, FAILS), Row("it is silent", silent, FAILS),
                Row("it is 2.5 s slow", slow, FAILS), Row("both are silent", [silent, silent], FAILS),
                Row("one refuses, one is silent", [says(dns.rcode.REFUSED), silent], FAILS),
                Row("the first packet is lost", forgetful(1), GOOD, within=0.9),
                Row("nobody listens at the first", [closed, good], GOOD, within=0.9),
                Row("the first is silent", [silent, good], GOOD, within=0.9),
                Row("the first is slow", [slow, good], GOOD, within=0.9),
                again("FORMERR to EDNS", dns.rcode.FORMERR), again("NOTIMP to EDNS", dns.rcode.NOTIMP),
                again("BADVERS to EDNS", dns.rcode.BADVERS),
                Row("FORMERR to everything", says(dns.rcode.FORMERR), FAILS),
                Row("NXDOMAIN is an answer", [says(dns.rcode.NXDOMAIN), good], "NXDOMAIN"),
                Row("it answers twice", lambda q, tcp: [*good(q), lies.reply(q)], GOOD)]
        for rcode in (dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.NOTIMP, dns.rcode.NOTAUTH):
            text = dns.rcode.to_text(rcode)
            rows.append(Row(f"{text} from the first", [says(rcode), good], GOOD, within=0.1))
            rows.append(Row(f"{text} from both", [says(rcode), says(rcode)], ("SERVFAIL", *FAILS), within=0.1))
        self.check(rows)
        for row in rows:
            if "from both" in row.title:
                with self.subTest(row.title + ", once asked"):
                    tries = 2 if "NOTIMP" in row.title else 1  # it may be EDNS that is not implemented
                    self.assertEqual([u.times(f"www.{row.zone}") for u in row.upstreams], [tries, tries])

    def test_a_cut_answer_whose_rest_does_not_come_over_tcp_stays_cut(self):
        whole = lambda q: reply_to(q, f"{q.question[0].name} 60 A 192.0.2.1").to_wire()
        framed = lambda q: struct.pack("!H", len(whole(q))) + whole(q)
        rows = [Row("it is silent over TCP", over_tcp(lambda q, tcp: []), "NOERROR tc"),
                Row("it hangs up", over_tcp(lambda q, tcp: [HANG_UP]), "NOERROR tc", within=0.5),
                Row("it hangs up in the middle", over_tcp(lambda q, tcp: [Raw(framed(q)[:20]), HANG_UP]), "NOERROR tc",
                    within=0.5),
                Row("it stops in the middle", over_tcp(lambda q, tcp: [Raw(framed(q)[:20])]), "NOERROR tc"),
                Row("it sends a length of zero", over_tcp(lambda q, tcp: [Raw(b"\0\0")]), "NOERROR tc"),
                Row("it cuts over TCP too", over_tcp(lambda q, tcp: [reply_to(q, flags=dns.flags.TC)]), "NOERROR tc"),
                Row("it sends all, octet by octet", over_tcp(lambda q, tcp: [Raw([o]) for o in framed(q)]), GOOD),
                Row("it says SERVFAIL over TCP", over_tcp(says(dns.rcode.SERVFAIL)), "NOERROR tc"),
                Row("it sends all", over_tcp(good), GOOD, within=0.5)]
        refusing = Upstream(over_tcp(good), tcp=False)
        self.addCleanup(refusing.close)
        rows.append(Row("nobody listens on TCP", refusing.address, "NOERROR tc", within=0.5))
        self.check(rows)

    def test_over_tcp_no_client_is_told_to_ask_over_tcp(self):
        cut = over_tcp(lambda q, tcp: [HANG_UP])
        self.check([Row("it hangs up", cut, FAILS, tcp=True),
                    Row("it cuts over TCP too", over_tcp(lambda q, tcp: [reply_to(q, flags=dns.flags.TC)]), FAILS, tcp=True)])

    def test_sixty_four_kibibytes_over_tcp(self):
        def huge(query, tcp):
            text = lambda rdata: lies.record(rdtype=dns.rdatatype.TXT, rdata=rdata)
            records = 240 * text(b"\xfa" + 250 * b"x")
            room = 65535 - len(lies.reply(query, records)) - len(text(b""))
            rest = b"".join(bytes([min(room - i, 256) - 1]) + min(room - i - 1, 255) * b"y"
                            for i in range(0, room, 256))
            return [lies.reply(query, records + text(rest), counts=(1, 241, 0, 0))]
        server = self.serve(self.start(over_tcp(huge)))
        client, = ask_together(server.port, [server.query("huge.test.net", "TXT", use_edns=-1)], lambda i: True)
        self.assertEqual((len(client.octets) - 2, client.reply.flags & dns.flags.TC), (65535, 0))
        self.assertTrue(server.ask("huge.test.net", "TXT").flags & dns.flags.TC)
        self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2")

    def test_nearly_all_is_answered_where_a_third_is_lost(self):
        dice = random.Random(4)
        lossy = lambda q, tcp: good(q) if dice.random() > 0.3 else []
        server = self.serve(*self.start(lossy, lossy))
        queries = [server.query(f"n{i}.test.net") for i in range(300)]
        answered = sum(describe(client.reply) == GOOD for client in ask_together(server.port, queries))
        self.assertGreaterEqual(answered, 297)  # 99.9 % on average: six tries fit into the time

    def test_a_dead_first_upstream_costs_the_first_question_only(self):
        dead, alive = self.start(silent, good)
        server = self.serve(dead, alive)
        times = []
        for i in range(42):
            asked = time.monotonic()
            self.assertEqual(server.answer(f"n{i}.test.net"), GOOD)
            times.append(time.monotonic() - asked)
        self.assertLess(max(times), 1.0 + SLACK)
        self.assertLess(sorted(times)[len(times) // 2], 0.02)

    def test_an_upstream_that_comes_back_is_asked_again(self):
        upstream = self.start(silent)
        server = self.serve(upstream)
        for client in ask_together(server.port, [server.query(f"n{i}.test.net") for i in range(10)]):
            self.assertIn(describe(client.reply), FAILS)
        upstream.handle = good
        asked = time.monotonic()
        self.assertEqual(server.answer("back.test.net"), GOOD)
        self.assertLess(time.monotonic() - asked, 1.0 + SLACK)
        eventually(lambda: server.ask(f"n{time.monotonic_ns()}.test.net")  # until every worker has asked, and knows it
                   and all(u["up"] for u in server.status()["upstreams"]))

    def test_the_root_probe_is_answered_at_once_whatever_is_dead(self):
        server = self.serve(f"127.0.0.1:{peers.free_port()}")
        server.ask("www.test.net")
        asked = time.monotonic()
        self.assertEqual(server.ask(".", "NS").rcode(), dns.rcode.SERVFAIL)
        self.assertLess(time.monotonic() - asked, 0.5 + SLACK)

    def test_a_silent_upstream_costs_our_own_zone_nothing(self):
        server = self.serve(self.start(silent))
        done = threading.Event()

        def wait_for_all():
            ask_together(server.port, [server.query(f"n{i}.test.net") for i in range(200)])
            done.set()
        waiting = threading.Thread(target=wait_for_all)
        waiting.start()
        eventually(lambda: "meridian_forward_in_flight 200" in server.get("/metrics")[1])
        for _ in range(20):
            self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2")
        self.assertFalse(done.is_set())
        waiting.join()


if __name__ == "__main__":
    unittest.main()
