#!/usr/bin/python3
"""What becomes of a kept answer while time passes: it counts down, is asked for again, ends, and outlives its upstream
(behaviour 9)."""
import signal
import threading
import time
import unittest

import dns.rcode

from behind import FAILS, GOOD, SLACK, TIME, WithUpstreams, describe, good, metric, says, silent
from crowd import ask_together
from meridian import eventually, extended_errors, texts
from upstream import Wait, reply_to

STALE = 3  # RFC 8914: Stale Answer
STALE_TTL = 30  # seconds (RFC 8767, 4)


def lives(ttl, address="192.0.2.1"):
    return lambda query, tcp: [reply_to(query, f"{query.question[0].name} {ttl} A {address}")]


class Living(WithUpstreams):
    def test_ttls_count_down(self):
        server = self.serve(self.start(lives(60)))
        asked = time.monotonic()
        first = server.ask("www.test.net").answer[0].ttl
        self.assertEqual(first, 60)
        shown = lambda: server.ask("www.test.net").answer[0].ttl
        eventually(lambda: shown() <= 58, 5)
        ttl = shown()
        self.assertLessEqual(abs(60 - ttl - (time.monotonic() - asked)), 1 + SLACK)

    def test_an_answer_ends(self):
        def check(title, ttl):
            upstream = self.start(lives(ttl))
            server = self.serve(upstream)
            server.ask("www.test.net")
            asked = time.monotonic()
            eventually(lambda: server.answer("www.test.net") == GOOD and upstream.times("www.test.net") > 1, 5)
            self.assertTrue(ttl - 0.1 <= time.monotonic() - asked <= ttl + SLACK)
        self.at_once(check, {"1 s": (1,), "2 s": (2,)})

    def test_denials_end_with_their_soa(self):
        def check(title, ttl, minimum, limit):
            soa = f"test.net. {ttl} SOA ns. hostmaster. 1 7200 1800 86400 {minimum}"
            upstream = self.start(lambda q, tcp: [reply_to(q, rcode=dns.rcode.NXDOMAIN, authority=[soa])])
            server = self.serve(upstream, cache={"negative-max-ttl": f"{limit}s"})
            for again in range(2):
                reply = server.ask("www.test.net")
                self.assertEqual((texts(reply), reply.authority[0].ttl), ("NXDOMAIN soa", 1))
            self.assertEqual(upstream.times("www.test.net"), 1)
            eventually(lambda: server.ask("www.test.net") and upstream.times("www.test.net") > 1, 1 + SLACK)
        self.at_once(check, {"the SOA's minimum": (300, 1, 60), "the SOA's TTL": (1, 300, 60),
                             "our limit": (300, 300, 1)})

    def test_failures_are_kept_for_a_moment(self):
        def check(title, handle):
            upstream = self.start(handle)
            server = self.serve(upstream)
            self.assertEqual(server.ask("www.test.net").rcode(), dns.rcode.SERVFAIL)
            failed, asked = time.monotonic(), upstream.times("www.test.net")
            self.assertLessEqual(asked, 3)  # RFC 9520, 3.1
            while time.monotonic() - failed < 0.9:
                before = time.monotonic()
                self.assertEqual(server.ask("www.test.net").rcode(), dns.rcode.SERVFAIL)
                self.assertLess(time.monotonic() - before, SLACK)
            self.assertEqual(upstream.times("www.test.net"), asked)
            upstream.handle = good
            eventually(lambda: server.answer("www.test.net") == GOOD, 5 - 0.9 + SLACK)
        self.at_once(check, {"SERVFAIL": (says(dns.rcode.SERVFAIL),), "silence": (silent,)})

    def test_those_who_wait_for_one_question_hear_its_end_together(self):
        def check(title, handle, expected, most_asked):
            upstream = self.start(handle)
            server = self.serve(upstream)
            queries = [server.query("www.test.net") for _ in range(100)]
            for client in ask_together(server.port, queries, lambda i: i % 4 == 0):
                self.assertIn(describe(client.reply), expected)
                self.assertLess(client.seconds, TIME + SLACK)
            self.assertLessEqual(upstream.times("www.test.net"), most_asked)
        kept = FAILS  # to each of them with the reason
        self.at_once(check, {"silence": (silent, kept, 3), "SERVFAIL": (says(dns.rcode.SERVFAIL), kept, 1),
                             "REFUSED": (says(dns.rcode.REFUSED), kept, 1),
                             "a late answer": (lambda q, tcp: [Wait(2.5), *good(q)], kept, 3),
                             "an answer": (lambda q, tcp: [Wait(0.1), *good(q)], (GOOD,), 1)})

    def test_those_who_wait_are_answered_whatever_is_reloaded_or_stopped(self):
        def check(title, change):
            upstream = self.start(lambda q, tcp: [Wait(1.0), *good(q)])
            server = self.serve(upstream, **{"attempt-timeout": "1800ms"})
            heard = []
            queries = [server.query("www.test.net") for _ in range(50)]
            asking = threading.Thread(
                target=lambda: heard.extend(ask_together(server.port, queries, lambda i: i % 4 == 0, deadline=5)))
            asking.start()
            eventually(lambda: upstream.times("www.test.net") and metric(server, "forward_coalesced_total") == 49, 5)
            change(server)
            asking.join()
            self.assertEqual([describe(client.reply) for client in heard], 50 * [GOOD])

        def reload(server):
            server.settings["forward"].update(upstreams=["127.0.0.1:1"], cache={"size": "0"})
            server.configure()
            server.signal(signal.SIGHUP)
            eventually(lambda: metric(server, "cache_limit_bytes") == 0, 5)
        self.at_once(check, {"a reload": (reload,), "SIGTERM": (lambda server: self.assertEqual(server.stop(), 0),)})

    def test_an_answer_that_comes_too_late_is_kept_for_the_next(self):
        upstream = self.start(lambda q, tcp: [Wait(2.5), *good(q)])
        server = self.serve(upstream)
        asked = time.monotonic()
        self.assertIn(describe(server.ask("www.test.net")), FAILS)
        self.assertLess(time.monotonic() - asked, TIME + SLACK)
        upstream.handle = silent
        eventually(lambda: server.answer("www.test.net") == GOOD, 5)
        before = time.monotonic()
        self.assertEqual(server.answer("www.test.net"), GOOD)
        self.assertLess(time.monotonic() - before, SLACK)

    def test_a_popular_name_is_asked_again_before_its_end_and_nobody_waits(self):
        first = threading.Event()

        def handle(query, tcp):
            if not first.is_set():
                first.set()
                return lives(10)(query, tcp)
            return [Wait(0.5), *lives(10, "192.0.2.2")(query, tcp)]
        upstream = self.start(handle)
        server = self.serve(upstream)
        asked = time.monotonic()
        while (answer := server.answer("www.test.net")) == GOOD:
            self.assertLess(time.monotonic() - asked, 10 + SLACK)
            time.sleep(0.05)  # 20 questions a second: enough to be popular
        self.assertEqual(answer, "NOERROR 192.0.2.2")
        self.assertEqual([metric(server, f"cache_{name}_total") for name in ("prefetch", "misses")], [1, 1])


class Stale(WithUpstreams):
    def check_stale(self, server, name="www.test.net"):
        reply = server.ask(name)
        self.assertEqual((texts(reply), extended_errors(reply), [r.ttl for r in reply.answer]),
                         (GOOD, [STALE], [STALE_TTL]))

    def test_when_nobody_answers_what_was_known_is_told_until_somebody_does(self):
        def check(title, dead):
            upstream = self.start(lives(1))
            server = self.serve(upstream)
            self.assertEqual(server.answer("www.test.net"), GOOD)
            upstream.handle = dead
            eventually(lambda: extended_errors(server.ask("www.test.net")) == [STALE], 5)
            for _ in range(5):  # nobody waits for it again
                before = time.monotonic()
                self.check_stale(server)
                self.assertLess(time.monotonic() - before, SLACK)
            self.assertGreater(metric(server, "cache_served_stale_total"), 5)
            self.assertEqual(server.ask("other.test.net").rcode(), dns.rcode.SERVFAIL)
            upstream.handle = lives(300, "192.0.2.2")
            eventually(lambda: describe(server.ask("www.test.net")) == "NOERROR 192.0.2.2", 5 + TIME)
        self.at_once(check, {"silent": (silent,), "failing": (says(dns.rcode.SERVFAIL),),
                             "refusing": (says(dns.rcode.REFUSED),)})

    def test_who_says_no_is_believed(self):
        upstream = self.start(lives(1))
        server = self.serve(upstream)
        self.assertEqual(server.answer("www.test.net"), GOOD)
        upstream.handle = lambda q, tcp: [reply_to(q, rcode=dns.rcode.NXDOMAIN, authority=[
            "test.net. 60 SOA ns. hostmaster. 1 7200 1800 86400 60"])]
        eventually(lambda: describe(server.ask("www.test.net")) == "NXDOMAIN soa", 5)

    def test_without_serve_stale_it_is_a_failure(self):
        upstream = self.start(lives(1))
        server = self.serve(upstream, cache={"serve-stale": "0s"})
        self.assertEqual(server.answer("www.test.net"), GOOD)
        upstream.handle = says(dns.rcode.REFUSED)
        eventually(lambda: describe(server.ask("www.test.net")) in FAILS, 5)


if __name__ == "__main__":
    unittest.main()
