#!/usr/bin/python3
"""A changed configuration, taken over while running: all of it or nothing, and no question lost (behaviour 10)."""
import signal
import threading
import unittest

from meridian import Server, entries, entry, eventually, texts
from upstream import Upstream, reply_to

WEB = {"a.yaml": entry("web.shop.global", "240.0.0.2")}


class Reloading(unittest.TestCase):
    def serve(self, **options):
        server = Server(entries=WEB, **options)
        self.addCleanup(server.close)
        return server

    def test_sighup_applies_a_changed_configuration(self):
        server = self.serve()
        server.configure(zones=[{"name": "global", "ttl": "77s"}, {"name": "other"}])
        server.signal(signal.SIGHUP)
        eventually(lambda: server.ask("web.shop.global").answer[0].ttl == 77)
        eventually(lambda: server.answer("x.other") == "NXDOMAIN soa")
        eventually(lambda: server.status()["configuration"]["reloads"] >= 1)

    def test_a_host_keeps_its_vip_when_the_pool_changes_and_new_ones_draw_from_the_new(self):
        server = self.serve(config={"vip": {"pools": ["10.50.0.0/24"]}})
        server.write({"old.yaml": entry("old.shop.global")})
        old = eventually(lambda: "10.50.0." in server.answer("old.shop.global") and server.answer("old.shop.global"))
        server.configure(vip={"pools": ["10.60.0.0/16"]})
        server.signal(signal.SIGHUP)
        eventually(lambda: server.status()["vips"]["pools"][0]["network"] == "10.60.0.0/16")
        server.write({"new.yaml": entry("new.shop.global")})
        new = eventually(lambda: "10.60." in server.answer("new.shop.global") and server.answer("new.shop.global"))
        reverse = ".".join(reversed(new.split()[1].split("."))) + ".in-addr.arpa"
        eventually(lambda: server.answer(reverse, "PTR") == "NOERROR new.shop.global.")
        self.assertEqual(server.answer("old.shop.global"), old)

    def test_a_pool_off_the_octet_border_has_the_zones_below_it(self):
        server = self.serve()
        server.configure(vip={"pools": ["245.16.0.0/12"]})
        server.signal(signal.SIGHUP)
        eventually(lambda: server.answer("31.245.in-addr.arpa", "NS") == "NOERROR ns.dns.global.")
        self.assertEqual(server.answer("1.1.16.245.in-addr.arpa", "PTR"), "NXDOMAIN soa")
        self.assertEqual(server.answer("1.1.32.245.in-addr.arpa", "PTR"), "REFUSED")

    def test_sources_come_and_go(self):
        server = self.serve()
        second = server.directory / "second.yaml"
        second.write_text(entries(entry("second.shop.global", "240.0.0.3"), entry("web.shop.global", "240.0.0.4")))
        first = {"files": str(server.source)}
        server.configure(sources=[first, {"files": str(second)}])
        server.signal(signal.SIGHUP)
        eventually(lambda: server.answer("second.shop.global") == "NOERROR 240.0.0.3")
        self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2", "the earlier source's entry")
        server.configure(sources=[{"files": str(second)}, first])
        server.signal(signal.SIGHUP)
        eventually(lambda: server.answer("web.shop.global") == "NOERROR 240.0.0.4")
        server.configure(sources=[first])
        server.signal(signal.SIGHUP)
        eventually(lambda: server.answer("second.shop.global") == "NXDOMAIN soa")
        eventually(lambda: server.answer("web.shop.global") == "NOERROR 240.0.0.2")

    def test_zones_access_and_forwards_come_and_go(self):
        upstream = Upstream(lambda query, tcp: [reply_to(query, f"{query.question[0].name} 60 A 192.0.2.1")])
        self.addCleanup(upstream.close)
        server = self.serve()
        self.assertEqual(server.answer("www.test.net"), "REFUSED")
        server.configure(forward={"upstreams": [upstream.address]})
        server.signal(signal.SIGHUP)
        eventually(lambda: server.answer("www.test.net") == "NOERROR 192.0.2.1")
        server.configure(zones=[{"name": "corp"}])
        server.signal(signal.SIGHUP)
        eventually(lambda: server.answer("web.shop.global") == "NOERROR 192.0.2.1", what="no zone of ours any more")
        server.configure(zones=[{"name": "global"}], access={"recursion": []})
        server.signal(signal.SIGHUP)
        eventually(lambda: server.answer("web.shop.global") == "NOERROR 240.0.0.2")
        eventually(lambda: server.answer("www.test.net") == "REFUSED")

    def test_a_changed_file_is_noticed_without_a_signal(self):
        server = self.serve()
        server.configure(zones=[{"name": "global", "ttl": "78s"}])
        eventually(lambda: server.ask("web.shop.global").answer[0].ttl == 78)

    def test_a_bad_configuration_changes_nothing_and_says_where(self):
        server = self.serve()
        good = server.config_file.read_text()
        server.config_file.write_text("zones:\n  - name: global\n    tll: 5s\n")
        server.signal(signal.SIGHUP)
        where = f"{server.config_file}:3:"
        eventually(lambda: any(where in reason for reason in server.get("/readyz")[1]["reasons"]))
        self.assertIn(where, server.log())
        self.assertEqual(server.get("/readyz")[0], 200)
        self.assertEqual(server.ask("web.shop.global").answer[0].ttl, 30)
        server.config_file.write_text(good)
        server.signal(signal.SIGHUP)
        eventually(lambda: server.get("/readyz")[1]["reasons"] == [])

    def test_what_takes_a_restart_is_said_and_the_rest_applied(self):
        server = self.serve()
        server.configure(listen=["127.0.0.1:1"], workers=1, zones=[{"name": "global", "ttl": "79s"}])
        server.signal(signal.SIGHUP)
        eventually(lambda: server.ask("web.shop.global").answer[0].ttl == 79)
        self.assertIn("listen takes a restart", server.log())

    def test_fifty_reloads_under_load_lose_nothing(self):
        server, ended, wrong, asked = self.serve(), threading.Event(), [], [0]

        def ask(tcp):
            while not ended.is_set():
                for name, right in (("web.shop.global", "NOERROR 240.0.0.2"), ("x.shop.global", "NXDOMAIN soa")):
                    reply = texts(server.ask(name, tcp=tcp))  # raises if it is lost
                    asked[0] += 1
                    if reply != right:
                        wrong.append(reply)

        def guarded(tcp):
            try:
                ask(tcp)
            except Exception as e:
                wrong.append(repr(e))
        askers = [threading.Thread(target=guarded, args=(tcp,)) for tcp in (False, False, True)]
        for asker in askers:
            asker.start()
        for turn in range(50):
            server.configure(zones=[{"name": "global", "ttl": f"{100 + turn}s"}, {"name": f"z{turn}"}])
            server.signal(signal.SIGHUP)
            eventually(lambda: server.ask("web.shop.global").answer[0].ttl == 100 + turn)
        ended.set()
        for asker in askers:
            asker.join()
        self.assertEqual(wrong, [])
        self.assertGreater(asked[0], 50)


if __name__ == "__main__":
    unittest.main()
