#!/usr/bin/env python3
"""Forwarding over TLS (RFC 7858) to real resolvers: Unbound, BIND and Knot Resolver."""
import concurrent.futures
import pathlib
import signal
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from apiserver.certificates import Authority
from behind import FAILS, WEB, describe, metric
from meridian import Server, eventually, run
from peers import Peer, free_port, program

NAME = "dns.meridian.test"
RECORDS = {"www": "A 192.0.2.80", **{f"n{i}": f"A 192.0.2.{i}" for i in range(100)}}
LARGE = [f"192.0.3.{i}" for i in range(100)]  # over 1232 octets; BIND takes no more of one type
PLAIN_ANSWERS = "probe.example"  # a name that is there to see a server come up


def unbound(pair, tls_port):
    def lines(directory, port):
        names = [f"{name}.corp.example. 60 {data}" for name, data in RECORDS.items()]
        names += [f"large.corp.example. 60 A {address}" for address in LARGE] + [f"{PLAIN_ANSWERS}. A 192.0.2.1"]
        (directory / "unbound.conf").write_text(
            f"server:\n  interface: 127.0.0.1@{port}\n  interface: 127.0.0.1@{tls_port}\n  tls-port: {tls_port}\n"
            f"  tls-service-key: {pair.key}\n  tls-service-pem: {pair.certificate}\n"
            f"  do-ip6: no\n  username: \"\"\n  chroot: \"\"\n  directory: {directory}\n  pidfile: \"\"\n"
            "  use-syslog: no\n  log-queries: yes\n  num-threads: 1\n  local-zone: \"corp.example.\" static\n"
            "  local-zone: \"probe.example.\" static\n"
            + "".join(f"  local-data: \"{record}\"\n" for record in names)
            + "remote-control:\n  control-enable: no\n")
        return [program("unbound"), "-d", "-c", directory / "unbound.conf"]
    return Peer(lines, PLAIN_ANSWERS)


def zone_text():
    names = "".join(f"{name} {data}\n" for name, data in RECORDS.items())
    return "$TTL 60\n@ SOA a b 1 1 1 1 1\n NS a\na A 192.0.2.1\n" + names + "".join(f"large A {a}\n" for a in LARGE)


def bind(pair, tls_port):
    def lines(directory, port):
        (directory / "corp").write_text(zone_text())
        (directory / "named.conf").write_text(
            f"tls ours {{ cert-file \"{pair.certificate}\"; key-file \"{pair.key}\"; }};\n"
            f"options {{ directory \"{directory}\"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};\n"
            f"  listen-on port {tls_port} tls ours {{ 127.0.0.1; }}; recursion yes; dnssec-validation no;\n"
            f"  pid-file none; session-keyfile \"{directory}/session.key\"; }};\ncontrols {{ }};\n"
            "zone \"corp.example\" { type primary; file \"corp\"; };\n")
        return [program("named"), "-f", "-n", "1", "-c", directory / "named.conf"]
    return Peer(lines, "corp.example")


def knot_resolver(pair, tls_port):
    def lines(directory, port):
        (directory / "corp.rpz").write_text(
            "$ORIGIN rpz.\n@ 60 SOA a b 1 1 1 1 1\n" +
            "".join(f"{name}.corp.example 60 {data}\n" for name, data in RECORDS.items()) +
            "".join(f"large.corp.example 60 A {address}\n" for address in LARGE))
        (directory / "kresd.conf").write_text(
            f"net.listen('127.0.0.1', {port}, {{ kind = 'dns' }})\n"
            f"net.listen('127.0.0.1', {tls_port}, {{ kind = 'tls' }})\n"
            f"net.tls('{pair.certificate}', '{pair.key}')\n"
            "cache.size = 10 * MB\npolicy.add(policy.suffix(policy.DENY, {todname('none.corp.example.')}))\n"
            f"policy.add(policy.rpz(policy.DENY, '{directory}/corp.rpz', false))\n")
        return [program("kresd"), "--noninteractive", "-c", directory / "kresd.conf", directory]
    return Peer(lines, "www.corp.example")


class OverTls(unittest.TestCase):
    def setUp(self):
        own = tempfile.TemporaryDirectory(prefix="meridian-tls-")
        self.addCleanup(own.cleanup)
        self.directory = pathlib.Path(own.name)
        self.authority = self.certificates("ca")

    def certificates(self, name):
        return Authority(self.directory / name, name=name)

    def peer(self, make, names=(NAME,), authority=None, **options):
        """A server that shows a certificate for `names`; and its address over TLS, without a name."""
        port = free_port()
        peer = make((authority or self.authority).server(names=names, **options), port)
        self.addCleanup(peer.close)
        peer.tls = f"tls://127.0.0.1:{port}"
        return peer

    def serve(self, *upstreams, workers=1, **forward):
        server = Server(entries=WEB, config={"workers": workers, "forward": {
            "upstreams": list(upstreams), "policy": "sequential", "tls-ca": str(self.authority.ca_file),
            "cache": {"size": "0"}, **forward}})
        self.addCleanup(server.close)
        return server

    def test_real_servers(self):
        for make in (unbound, bind, knot_resolver):
            with self.subTest(make.__name__):
                peer = self.peer(make)
                server = self.serve(f"{peer.tls}#{NAME}")
                self.assertEqual(server.answer("www.corp.example"), "NOERROR 192.0.2.80")
                self.assertTrue(server.answer("none.corp.example").startswith("NXDOMAIN"))
                large = server.ask("large.corp.example", tcp=True)
                self.assertEqual(sorted(r.address for r in large.answer[0]), sorted(LARGE))
                with concurrent.futures.ThreadPoolExecutor(20) as crowd:
                    answers = list(crowd.map(lambda i: server.answer(f"n{i}.corp.example"), range(100)))
                self.assertEqual(answers, [f"NOERROR 192.0.2.{i}" for i in range(100)])
                self.assertEqual(metric(server, "forward_connections_total"), 1)
                upstream = server.status()["upstreams"][0]
                self.assertEqual(upstream["address"], f"{peer.tls}#{NAME}")
                self.assertTrue(upstream["up"])
                self.assertNotIn("warning", server.log())

    def test_a_certificate_for_the_address(self):
        peer = self.peer(unbound, names=("127.0.0.1",))
        server = self.serve(peer.tls)
        self.assertEqual(server.answer("www.corp.example"), "NOERROR 192.0.2.80")

    def test_who_does_not_prove_its_name_is_never_asked(self):
        rows = (("another name", {"names": ("other.test",)}, "hostname mismatch"),
                ("expired", {"days": -1}, "certificate has expired"),
                ("another authority", {"authority": self.certificates("stranger")}, "its authority is not trusted"))
        for title, options, why in rows:
            with self.subTest(title):
                peer = self.peer(unbound, **options)
                server = self.serve(f"{peer.tls}#{NAME}", workers=4)
                for i in range(6):
                    self.assertIn(describe(server.ask(f"n{i}.corp.example")), FAILS)
                self.assertEqual(server.log().count("its certificate is refused: "), 1)
                self.assertIn(why, server.log())
                self.assertNotIn(".corp.example. A IN", (peer.directory / "log").read_text())
                self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2")

    def test_the_next_is_asked_where_one_is_refused(self):
        stranger = self.peer(unbound, names=("other.test",))
        good = self.peer(unbound)
        server = self.serve(f"{stranger.tls}#{NAME}", f"{good.tls}#{NAME}")
        start = time.monotonic()
        self.assertEqual(server.answer("www.corp.example"), "NOERROR 192.0.2.80")
        self.assertLess(time.monotonic() - start, 1.5)

    def test_a_server_that_comes_back(self):
        peer = self.peer(unbound)
        server = self.serve(f"{peer.tls}#{NAME}")
        self.assertEqual(server.answer("www.corp.example"), "NOERROR 192.0.2.80")
        peer.stop()
        self.assertIn(describe(server.ask("n1.corp.example")), FAILS)
        peer.start()
        start = time.monotonic()
        eventually(lambda: server.answer("n2.corp.example") == "NOERROR 192.0.2.2")
        self.assertLess(time.monotonic() - start, 4)

    def test_a_restart_of_the_server_in_between_costs_nothing(self):
        peer = self.peer(unbound)
        server = self.serve(f"{peer.tls}#{NAME}")
        self.assertEqual(server.answer("www.corp.example"), "NOERROR 192.0.2.80")
        peer.stop()
        peer.start()
        self.assertEqual(server.answer("n1.corp.example"), "NOERROR 192.0.2.1")
        self.assertEqual(metric(server, "forward_connections_total"), 2)

    def test_authorities_change_with_a_reload(self):
        other = self.certificates("other")
        peer = self.peer(unbound, authority=other)
        forward = {"upstreams": [f"{peer.tls}#{NAME}"], "tls-ca": str(self.authority.ca_file)}
        server = self.serve(**forward)
        self.assertIn(describe(server.ask("n1.corp.example")), FAILS)
        server.configure(forward={**forward, "tls-ca": str(self.directory / "none.pem")})
        server.signal(signal.SIGHUP)
        eventually(lambda: "none.pem can't be read: No such file or directory" in server.log())
        server.configure(forward={**forward, "tls-ca": str(other.ca_file)})
        server.signal(signal.SIGHUP)
        eventually(lambda: server.answer("n2.corp.example") == "NOERROR 192.0.2.2")

    def test_a_file_of_authorities_that_is_none(self):
        server = Server(config={"forward": {"upstreams": ["tls://127.0.0.1:853"], "tls-ca": "/dev/null"}}, start=False)
        self.addCleanup(server.close)
        done = run("serve", "--config", server.config_file)
        self.assertEqual(done.returncode, 1)
        self.assertIn("forward.tls-ca: /dev/null: there is no PEM certificate in it", done.stderr)

    def test_a_connection_without_questions_is_closed(self):
        peer = self.peer(unbound)
        server = self.serve(f"{peer.tls}#{NAME}")
        self.assertEqual(server.answer("www.corp.example"), "NOERROR 192.0.2.80")
        remote = f"0100007F:{int(peer.tls.rsplit(':', 1)[1]):04X} 01 "  # established

        def connected():
            return remote in pathlib.Path(f"/proc/{server.process.pid}/net/tcp").read_text()
        self.assertTrue(connected())
        eventually(lambda: not connected())
        self.assertEqual(server.answer("n1.corp.example"), "NOERROR 192.0.2.1")


if __name__ == "__main__":
    unittest.main(verbosity=2)
