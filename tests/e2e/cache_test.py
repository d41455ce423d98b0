#!/usr/bin/python3
"""What is kept of upstreams' answers, under what, and who gets what of it (behaviour 9)."""
import signal
import threading
import unittest

import dns.flags
import dns.query
import dns.rcode
import dns.rdatatype

from behind import GOOD, WithUpstreams, good, metric, over_tcp
from crowd import ask_together
from meridian import entry, eventually, extended_errors, texts
from upstream import Wait, reply_to

SOA = "test.net. 300 SOA ns. hostmaster. 1 7200 1800 86400 300"


def name_of(query):
    return query.question[0].name.to_text()


class Keeping(WithUpstreams):
    """Which answers are kept: `rows` are what the upstream says, and how often it is asked by two askers."""

    def check(self, rows, **cache):
        behave = {f"r{i}": handle for i, (_, handle, _) in enumerate(rows)}
        upstream = self.start(lambda q, tcp: behave[q.question[0].name[0].decode().lower()](q, tcp))
        server = self.serve(upstream, cache=cache)
        for i, (title, _, asked) in enumerate(rows):
            with self.subTest(title):
                first = server.ask(f"r{i}.test.net", tcp=True)
                self.assertEqual(texts(server.ask(f"r{i}.test.net", tcp=True)), texts(first))
                self.assertEqual(upstream.times(f"r{i}.test.net"), asked)
        return server, upstream

    def test_what_is_kept_and_what_is_not(self):
        def chain(links):
            def handle(query, tcp):
                names = [name_of(query)] + [f"{i}.test.net." for i in range(links)]
                records = [f"{a} 60 CNAME {b}" for a, b in zip(names, names[1:])]
                return [reply_to(query, *records, f"{names[-1]} 60 A 192.0.2.1")]
            return handle

        def deny(rcode, *authority):
            return lambda q, tcp: [reply_to(q, rcode=rcode, authority=authority)]

        def says(*records, **sections):
            return lambda q, tcp: [reply_to(q, *(r.replace("@", name_of(q)) for r in records), **sections)]
        yes, no = dns.rcode.NOERROR, dns.rcode.NXDOMAIN
        self.check([
            ("an address", good, 1), ("TTL 0", says("@ 0 A 192.0.2.1"), 2),
            ("TTL 2^31", says(f"@ {2**31} A 192.0.2.1"), 1), ("TTL 2^32-1", says(f"@ {2**32 - 1} A 192.0.2.1"), 1),
            ("one record of TTL 0", says("@ 60 CNAME x.test.net.", "x.test.net. 0 A 192.0.2.1"), 2),
            ("NXDOMAIN", deny(no, SOA), 1), ("NODATA", deny(yes, SOA), 1), ("NXDOMAIN without SOA", deny(no), 2),
            ("NODATA without SOA", deny(yes), 2),
            ("NXDOMAIN with a stranger's SOA", deny(no, SOA.replace("test", "x")), 2),
            ("NODATA whose minimum is 0", deny(yes, SOA[:-3] + "0"), 2),
            ("NODATA whose SOA has TTL 0", deny(yes, SOA.replace(" 300 SOA", " 0 SOA")), 2),
            ("3 aliases", chain(3), 1), ("16 aliases", chain(16), 1), ("17 aliases", chain(17), 2),
            ("aliases in a circle", says("@ 60 CNAME x.test.net.", "x.test.net. 60 CNAME @"), 2),
            ("an alias that ends nowhere", says("@ 60 CNAME x.test.net.", authority=[SOA]), 1),
            ("a record beside the chain", says("@ 60 A 192.0.2.1", "bank.test.net. 60 A 6.6.6.6"), 2),
            ("records in additional", says("@ 60 A 192.0.2.1", additional=["bank.test.net. 60 A 6.6.6.6"]), 1),
            ("name servers", says("@ 60 A 192.0.2.1", authority=["net. 60 NS evil.test."]), 1),
            ("what comes over TCP", over_tcp(good), 2),  # once each over UDP and TCP
            ("an answer without the EDNS that it dislikes",
             lambda q, tcp: good(q) if q.edns < 0 else [reply_to(q, rcode=dns.rcode.FORMERR)], 2),
        ])

    def test_what_nobody_asked_for_is_not_kept(self):
        def handle(query, tcp):
            if name_of(query) == "bank.test.net.":
                return good(query)
            evil = "bank.test.net. 60 A 6.6.6.6"
            return [reply_to(query, f"{name_of(query)} 60 A 192.0.2.1", *([evil] if name_of(query)[0] == "b" else []),
                             authority=["test.net. 60 NS bank.test.net."], additional=[evil])]
        upstream = self.start(handle)
        server = self.serve(upstream)
        for name in ("additional", "beside"):
            for again in range(2):
                self.assertIn("192.0.2.1", server.answer(f"{name}.test.net"))
        self.assertEqual(server.answer("bank.test.net"), GOOD)
        self.assertEqual(upstream.times("bank.test.net"), 1)
        self.assertEqual(server.answer("test.net", "NS"), "NOERROR 192.0.2.1")
        self.assertEqual(upstream.times("test.net", "NS"), 1)
        told = server.ask("additional.test.net")
        self.assertEqual(told.additional + told.authority, [])

    def test_what_the_cache_has_limits_what_is_shown(self):
        def handle(query, tcp):
            label = query.question[0].name[0].decode()
            if label == "no":
                return [reply_to(query, authority=[SOA])]
            return [reply_to(query, f"{name_of(query)} {label[1:]} A 192.0.2.1")]
        upstream = self.start(handle)
        server = self.serve(upstream, cache={"max-ttl": "100s", "min-ttl": "50s", "negative-max-ttl": "20s"})
        rows = ("t1", 50), ("t0", 50), ("t70", 70), ("t1000", 100), (f"t{2**31}", 100), (f"t{2**32-1}", 100)
        for label, ttl in rows:
            for again in range(2):
                with self.subTest(label=label, again=again):
                    shown = server.ask(f"{label}.test.net").answer[0].ttl
                    self.assertTrue(ttl - 20 < shown <= ttl, shown)
        for again in range(2):
            self.assertTrue(0 < server.ask("no.test.net").authority[0].ttl <= 20)

    def test_nothing_is_kept_without_a_cache(self):
        upstream = self.start(good)
        server = self.serve(upstream, cache={"size": "0"})
        for i in range(3):
            self.assertEqual(server.answer("www.test.net"), GOOD)
            self.assertEqual(upstream.times("www.test.net"), i + 1)

    def test_a_small_cache_stays_small(self):
        server = self.serve(self.start(good), cache={"size": "64KiB"})
        for start in range(0, 3000, 300):
            ask_together(server.port, [server.query(f"n{i}.test.net") for i in range(start, start + 300)])
            self.assertLessEqual(metric(server, "cache_bytes"), 64 << 10)
        self.assertGreater(metric(server, "cache_entries"), 100)
        self.assertGreater(metric(server, "cache_evictions_total"), 1000)
        self.assertEqual(server.answer("n0.test.net"), GOOD)


class Telling(WithUpstreams):
    """What each asker gets of the same answer."""

    def test_id_case_and_payload_are_the_askers(self):
        many = lambda q, tcp: [reply_to(q, *(f"{name_of(q)} 60 A 192.0.2.{i}" for i in range(1, 51)))]  # 850 octets
        upstream = self.start(many)
        server = self.serve(upstream)
        rows = [("www.test.net", {}, False, 50), ("WWW.test.NET", {"payload": 1232}, False, 50),
                ("wWw.tEsT.nEt", {"payload": 512}, False, 29), ("www.TEST.net", {"use_edns": -1}, False, 30),
                ("Www.test.net", {"use_edns": -1}, True, 50), ("wwW.test.net", {"payload": 512}, True, 50)]
        for name, options, tcp, records in rows:
            with self.subTest(name=name, tcp=tcp, **options):
                query = server.query(name, **options)
                reply = server.send(query, tcp)
                self.assertEqual((reply.id, reply.question[0].name.to_text(), reply.edns),
                                 (query.id, name + ".", query.edns))
                self.assertEqual(bool(reply.flags & dns.flags.TC), records < 50)
                self.assertEqual(len(reply.answer[0]), records)
                self.assertTrue(reply.flags & dns.flags.RA)
                for rrset in reply.answer:
                    self.assertEqual(rrset.name.to_text(), name + ".")
        self.assertEqual(upstream.times("www.test.net"), 1)

    def test_whom_udp_was_too_small_for_gets_it_whole_over_tcp_without_another_question(self):
        huge = over_tcp(lambda q, tcp: [reply_to(q, *(f"{name_of(q)} 60 A 192.0.{i}.1" for i in range(100)))])
        upstream = self.start(huge)
        server = self.serve(upstream)
        self.assertTrue(server.ask("www.test.net").flags & dns.flags.TC)
        asked = upstream.times("www.test.net")
        for again in range(2):
            self.assertEqual(len(server.ask("www.test.net", tcp=True).answer[0]), 100)
            self.assertTrue(server.ask("www.test.net").flags & dns.flags.TC)
        self.assertEqual(upstream.times("www.test.net"), asked)

    def test_type_do_and_cd_are_kept_apart(self):
        upstream = self.start(lambda q, tcp: [reply_to(
            q, f"{name_of(q)} 60 TXT do-{bool(q.ednsflags & dns.flags.DO)}-cd-{bool(q.flags & dns.flags.CD)}")])
        server = self.serve(upstream)
        for again in range(2):
            for dnssec in (False, True):
                for checking_disabled in (False, True):
                    query = server.query("www.test.net", "TXT", want_dnssec=dnssec)
                    query.flags |= dns.flags.CD * checking_disabled
                    reply = server.send(query)
                    self.assertEqual(texts(reply), f'NOERROR "do-{dnssec}-cd-{checking_disabled}"')
                    self.assertEqual(bool(reply.flags & dns.flags.CD), checking_disabled)
        self.assertEqual((upstream.times("www.test.net", "TXT"), upstream.times("www.test.net", "A")), (4, 0))

    def test_who_may_not_ask_gets_nothing_of_what_is_there(self):
        server = self.serve(self.start(good), config={"access": {"recursion": ["127.0.0.2/32"]}})
        ask = lambda source, flags=0: dns.query.udp(server.query("www.test.net", flags=flags), "127.0.0.1", 30,
                                                    server.port, source=source)
        self.assertEqual(texts(ask("127.0.0.2", dns.flags.RD)), GOOD)
        denied = ask("127.0.0.1", dns.flags.RD)
        self.assertEqual((denied.rcode(), extended_errors(denied)), (dns.rcode.REFUSED, [18]))
        self.assertEqual(ask("127.0.0.2").rcode(), dns.rcode.REFUSED)  # RD=0: it does not tell who asked before

    def test_our_own_names_are_never_in_it(self):
        upstream = self.start(good)
        server = self.serve(upstream, config={"zones": [{"name": "global", "unknown": "forward"}]})
        for again in range(2):
            self.assertEqual(server.answer("new.shop.global"), GOOD)
        self.assertEqual(upstream.times("new.shop.global"), 1)
        server.write({"new.yaml": entry("new.shop.global", "240.0.0.9")})
        eventually(lambda: server.answer("new.shop.global") == "NOERROR 240.0.0.9")
        self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2")
        self.assertEqual(upstream.times("web.shop.global"), 0)

    def test_a_hundred_clients_ask_and_the_upstream_hears_one(self):
        start = threading.Event()

        def handle(query, tcp):
            if name_of(query).lower().startswith("n"):
                return [Wait(0.3), *good(query)]
            start.wait(5)
            return [reply_to(query, *(f"{name_of(query)} 60 A 192.0.2.{i}" for i in range(1, 51)))]
        upstream = self.start(handle)
        server = self.serve(upstream, **{"attempt-timeout": "1800ms"})
        # Slow answers first: an upstream that needs 0.3 s is not asked again after 0.25 s.
        ask_together(server.port, [server.query(f"n{i}.test.net") for i in range(50)])
        coalesced = metric(server, "forward_coalesced_total")
        spellings = "www.test.net", "WWW.test.net", "www.TEST.net", "wWw.TeSt.NeT"
        options = {}, {"payload": 512}, {"use_edns": -1}
        queries = [server.query(spellings[i % 4], id=1000 + i, **options[i % 3]) for i in range(100)]
        released = threading.Thread(target=lambda: (
            eventually(lambda: metric(server, "forward_coalesced_total") - coalesced >= 99, 1), start.set()))
        released.start()
        clients = ask_together(server.port, queries, lambda i: i % 5 == 0)
        released.join()
        for query, client in zip(queries, clients):
            self.assertEqual((client.reply.id, client.reply.question[0].name.to_text()),
                             (query.id, name_of(query)))
            whole = client.tcp or query.payload == 1232
            self.assertEqual(bool(client.reply.flags & dns.flags.TC), not whole)
            self.assertEqual(len(client.reply.answer[0]) == 50, whole)
        self.assertEqual(upstream.times("www.test.net"), 1)
        self.assertEqual(metric(server, "forward_coalesced_total") - coalesced, 99)


class Operating(WithUpstreams):
    def test_a_flush_forgets_a_name_what_is_below_it_or_everything(self):
        upstream = self.start(good)
        server = self.serve(upstream)
        (server.directory / "token").write_text("secret\n")
        server.restart(admin={"listen": "127.0.0.1:0", "token-file": str(server.directory / "token")})
        names = "test.net", "a.test.net", "b.a.test.net", "xtest.net"

        def asked_again(path, allowed=True):
            """The names that are gone after this flush."""
            for name in names:
                server.answer(name)
            before = {name: upstream.times(name) for name in names}
            status, _ = server.post(path, {"Authorization": "Bearer secret"} if allowed else {})
            self.assertEqual(status, 200 if allowed else 403)
            for name in names:
                server.answer(name)
            return [name for name in names if upstream.times(name) > before[name]]
        flush = "/api/v1/flush"
        self.assertEqual(asked_again(flush, allowed=False), [])
        self.assertEqual(asked_again(f"{flush}?name=A.Test.Net"), ["a.test.net"])
        self.assertEqual(asked_again(f"{flush}?name=test.net&below=true"), ["test.net", "a.test.net", "b.a.test.net"])
        self.assertEqual(asked_again(flush), list(names))

    def test_a_reload_changes_its_size(self):
        upstream = self.start(good)
        server = self.serve(upstream)
        limit = lambda: metric(server, "cache_limit_bytes")
        self.assertEqual((server.answer("www.test.net"), limit()), (GOOD, 64 << 20))
        for size, octets, kept in (("8MiB", 8 << 20, True), ("0", 0, False), ("1MiB", 1 << 20, True)):
            server.settings["forward"]["cache"] = {"size": size}
            server.configure()
            server.signal(signal.SIGHUP)
            eventually(lambda: limit() == octets)
            for again in range(3):
                self.assertEqual(server.answer(f"after-{octets}.test.net"), GOOD)
            self.assertEqual(upstream.times(f"after-{octets}.test.net"), 1 if kept else 3)
            self.assertLessEqual(metric(server, "cache_bytes"), octets)

    def test_a_restart_begins_with_nothing(self):
        upstream = self.start(good)
        server = self.serve(upstream)
        self.assertEqual(server.answer("www.test.net"), GOOD)
        server.restart()
        self.assertEqual(server.answer("www.test.net"), GOOD)
        self.assertEqual(upstream.times("www.test.net"), 2)

    def test_hits_are_counted(self):
        server = self.serve(self.start(
            lambda q, tcp: good(q) if name_of(q)[0] == "g" else [reply_to(q, authority=[SOA])]))
        for name in ("good.test.net", "none.test.net"):
            for _ in range(3):
                server.answer(name)
        hits = [metric(server, "cache_hits_total", type=kind) for kind in ("success", "denial", "failure")]
        self.assertEqual(hits, [2, 2, 0])
        self.assertEqual(metric(server, "cache_misses_total"), 2)
        self.assertEqual(metric(server, "cache_entries"), 2)
        self.assertEqual(metric(server, "dns_queries_total", where="cached"), 4)


if __name__ == "__main__":
    unittest.main()
