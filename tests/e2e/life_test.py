#!/usr/bin/python3
"""A process from start to end: what stops it from starting, the way out, the pages and the commands (behaviour 10)."""
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import threading
import unittest

import dns.rcode

from meridian import BINARY, NOBODY, PATIENCE, Server, command, entries, entry, eventually, run, texts
from upstream import Upstream, reply_to

WEB = {"a.yaml": entry("web.shop.global", "240.0.0.2")}


class Starting(unittest.TestCase):
    """What can't start ends with 1 and one sentence that says why and what to do."""

    def server(self, **config):
        server = Server(entries=WEB, config=config, start=False)
        self.addCleanup(server.close)
        server.directory.chmod(0o755)
        return server

    def refused(self, server, *words, user=None):
        done = run("serve", "--config", server.config_file, user=user)
        self.assertEqual(done.returncode, 1, done.stderr)
        sentence = done.stderr.strip().splitlines()[-1]
        for word in words:
            self.assertIn(word, sentence)
        return sentence

    def test_a_busy_port_names_who_has_it(self):
        with socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            port = udp.getsockname()[1]
            self.refused(self.server(listen=[f"127.0.0.1:{port}"]), f"127.0.0.1:{port}", f"pid {os.getpid()}", "listen")
            tcp.bind(("127.0.0.1", 0))
            tcp.listen()
            port = tcp.getsockname()[1]
            self.refused(self.server(listen=[f"127.0.0.1:{port}"]), f"127.0.0.1:{port}", f"pid {os.getpid()}")
            self.refused(self.server(admin={"listen": f"127.0.0.1:{port}"}), "admin.listen", f"127.0.0.1:{port}")

    def test_two_servers_do_not_share_a_port(self):
        first = self.server()
        first.start()
        self.refused(self.server(listen=[f"127.0.0.1:{first.port}"]), f"pid {first.process.pid}")

    def test_a_port_that_takes_a_privilege_says_which(self):
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start") as start:
            if int(start.read()) <= 53:
                self.skipTest("anybody may bind port 53 here")
        server = self.server(listen=["127.0.0.77:53"])
        server.state.mkdir()
        server.state.chmod(0o777)
        self.refused(server, "127.0.0.77:53", "CAP_NET_BIND_SERVICE", user=NOBODY)

    def test_a_state_directory_that_can_not_be_written_is_named(self):
        server = self.server()
        server.state.mkdir()
        server.state.chmod(0o555)
        self.refused(server, str(server.state), "Permission denied", user=NOBODY)
        server.configure(state=str(server.config_file))
        self.refused(server, str(server.config_file))

    def test_every_mistake_of_a_configuration_is_told_with_its_line(self):
        server = self.server()
        server.config_file.write_text("listen: [\"127.0.0.1:0\"]\nworkerz: 2\nvip:\n  quarantine: 5s\n"
                                      "  pools: [224.0.0.0/8]\n")
        done = run("check", "--config", server.config_file)
        self.assertEqual(done.returncode, 1)
        for place in (":2:", ":4:", ":5:"):
            self.assertIn(f"{server.config_file}{place}", done.stderr)
        serve = run("serve", "--config", server.config_file)
        self.assertEqual((serve.returncode, serve.stderr), (1, done.stderr))

    def test_our_own_address_is_no_upstream(self):
        server = self.server(listen=["127.0.0.1:5300"], forward={"upstreams": ["127.0.0.1:5300"]})
        done = run("check", "--config", server.config_file)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("127.0.0.1:5300", done.stderr)

    def test_exit_statuses_of_the_commands(self):
        server = self.server()
        good = run("check", "--config", server.config_file)
        self.assertEqual((good.returncode, good.stderr), (0, ""))
        self.assertEqual(run("check", "--config", server.directory / "nowhere.yaml").returncode, 1)
        self.assertEqual(run("serve", "--confog", "x").returncode, 2)
        self.assertEqual(run().returncode, 2)
        self.assertEqual(run("--version").returncode, 0)
        self.assertEqual(run("explain", "web.shop.global", "--admin", "127.0.0.1:1").returncode, 1)


class Descriptors(unittest.TestCase):
    def test_as_many_as_we_may_have_are_ours(self):
        server = Server(start=False)
        self.addCleanup(server.close)
        process = subprocess.Popen([BINARY, "serve", "--config", server.config_file], stderr=subprocess.DEVNULL,
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 512)))
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        eventually(lambda: resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (512, 512), what="the hard limit")


class Ending(unittest.TestCase):
    def test_sigterm_answers_what_is_in_flight_and_exits_0(self):
        for number, tcp in ((signal.SIGTERM, False), (signal.SIGINT, True)):
            release = threading.Event()

            def slow(query, _):
                release.wait(PATIENCE)
                return [reply_to(query, f"{query.question[0].name} 60 A 192.0.2.1")]
            upstream = Upstream(slow)
            self.addCleanup(upstream.close)
            server = Server(entries=WEB, config={"forward": {"upstreams": [upstream.address], "timeout": "20s",
                                                             "attempt-timeout": "20s"}, "lameduck": "20s"})
            self.addCleanup(server.close)
            replies = []
            asker = threading.Thread(target=lambda: replies.append(server.answer("slow.test.net") if not tcp else
                                                                   texts(server.ask("slow.test.net", tcp=True))))
            asker.start()
            upstream.asked.get(timeout=PATIENCE)
            server.signal(number)
            status, body = eventually(lambda: server.get("/readyz")[0] == 503 and server.get("/readyz"))
            self.assertIn("draining", body["reasons"][0])
            release.set()
            asker.join()
            with self.subTest(signal=number, tcp=tcp):
                self.assertEqual(replies, ["NOERROR 192.0.2.1"])
                self.assertEqual(server.wait(), 0)

    def test_a_forward_that_never_ends_does_not_keep_us_beyond_the_lameduck(self):
        upstream = Upstream(lambda query, tcp: [])
        self.addCleanup(upstream.close)
        server = Server(entries=WEB, config={"forward": {"upstreams": [upstream.address], "timeout": "60s",
                                                         "attempt-timeout": "60s"}, "lameduck": "1s"})
        self.addCleanup(server.close)
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.sendto(server.query("never.test.net").to_wire(), ("127.0.0.1", server.port))
            upstream.asked.get(timeout=PATIENCE)
            self.assertEqual(server.stop(), 0)

    def test_a_signal_before_it_answers_is_kept(self):
        for number in signal.SIGTERM, signal.SIGINT:
            server = Server(entries=WEB, start=False)
            self.addCleanup(server.close)
            line, options = command("serve", "--config", server.config_file)
            with subprocess.Popen(line, stderr=subprocess.PIPE, **options) as process:
                process.stderr.readline()  # "listening on ..."
                process.send_signal(number)
                self.assertEqual(process.wait(PATIENCE), 0)

    def test_a_signal_at_any_moment_ends_it(self):
        for turn in range(15):
            server = Server(entries=WEB)
            self.addCleanup(server.close)
            if turn % 3 == 1:
                server.write({"b.yaml": entry("more.shop.global")})
            if turn % 3 == 2:
                server.signal(signal.SIGHUP)
            self.assertEqual(server.stop(), 0)


class Admin(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(entries={"all.yaml": entries(
            WEB["a.yaml"], entry("vip.shop.global"), entry("*.wild.global", "240.0.0.6"),
            entry("claimed.shop.global", "240.0.0.43", name="x", namespace="alpha"),
            entry("claimed.shop.global", "240.0.0.44", name="x", namespace="beta"))})
        cls.addClassCleanup(cls.server.close)

    def test_health_readiness_and_the_unknown(self):
        self.assertEqual(self.server.get("/healthz"), (200, "ok\n"))
        self.assertEqual(self.server.get("/readyz"), (200, {"ready": True, "reasons": []}))
        self.assertEqual(self.server.get("/nowhere")[0], 404)
        connection = http.client.HTTPConnection(self.server.admin, timeout=PATIENCE)
        self.addCleanup(connection.close)
        connection.request("POST", "/status", body="x")
        self.assertEqual(connection.getresponse().status, 405)

    def test_metrics_are_prometheus_text_and_count_answers(self):
        def total():
            lines = self.server.get("/metrics")[1].splitlines()
            samples = [line.rsplit(" ", 1) for line in lines if line and not line.startswith("#")]
            for _, value in samples:
                float(value)
            return sum(float(v) for name, v in samples if name.startswith("meridian_dns_queries_total"))
        before = total()
        for _ in range(10):
            self.server.ask("web.shop.global")
        self.assertGreaterEqual(total(), before + 10)

    def test_status_has_it_all(self):
        page = self.server.status()
        self.assertEqual(page["listen"], [f"127.0.0.1:{self.server.port}"])
        self.assertEqual((page["hosts"]["entries"], page["hosts"]["conflicts"]), (5, 1))
        self.assertEqual([z["name"] for z in page["zones"]][0], "global")
        self.assertEqual(page["vips"]["pools"][0]["used"], 1)

    def test_explain_says_what_is_answered_and_why(self):
        for name, rdtype, rcode in (("web.shop.global", "A", "NOERROR"), ("web.shop.global", "AAAA", "NOERROR"),
                                    ("a.wild.global", "A", "NOERROR"), ("shop.global", "A", "NOERROR"),
                                    ("no.shop.global", "A", "NXDOMAIN"), ("www.test.net", "A", "REFUSED"),
                                    ("localhost", "A", "NOERROR"), ("name.invalid", "A", "NXDOMAIN")):
            page = self.server.get(f"/explain?name={name}&type={rdtype}")[1]
            with self.subTest(name=name, type=rdtype):
                self.assertEqual(page["rcode"], rcode)
                self.assertTrue(page["why"])
                self.assertEqual(rcode, dns.rcode.to_text(self.server.ask(name, rdtype).rcode()))
        claimed = self.server.get("/explain?name=claimed.shop.global")[1]["host"]
        self.assertEqual([e["entry"] for e in claimed["losers"]], ["beta/x"])
        self.assertEqual(self.server.get("/explain")[0], 400)

    def test_the_explain_command_prints_it(self):
        done = run("explain", "web.shop.global", "--admin", self.server.admin)
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("NOERROR", "240.0.0.2", "default/web-shop-global", "literal"):
            self.assertIn(word, done.stdout)
        page = run("explain", "vip.shop.global", "--json", "--admin", self.server.admin).stdout
        self.assertEqual(json.loads(page)["host"]["address_source"], "vip")


if __name__ == "__main__":
    unittest.main()
