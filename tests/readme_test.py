#!/usr/bin/python3
"""README.md is tested: every block of it is run, loaded or asked, every row of its table of answers is asked, and what it
names (keys, metrics, files) exists. A block of a kind that nobody checks is a failure. MERIDIAN names the binary."""
import configparser
import ipaddress
import json
import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

import dns.message
import dns.query
import dns.rrset
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))
from meridian import BINARY, PATIENCE, Server, addresses, entry, eventually, extended_errors, run, texts  # noqa: E402

README = (ROOT / "README.md").read_text()
FORWARDED = "192.0.2.80"  # what the upstream of these tests answers


def blocks(kind):
    return [text for k, text in re.findall(r"^```(\w*)\n(.*?)^```$", README, re.M | re.S) if k == kind]


def yaml_blocks(kind):
    """Documents by their `kind`; a configuration has none."""
    return [text for text in blocks("yaml") if yaml.safe_load(text).get("kind") == kind]


def configurations():
    """The one of a machine, the one of a cluster, the one of a forwarder."""
    return yaml_blocks(None)


class Upstream:
    """Answers every question for an address."""

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self._answer, daemon=True).start()
        return self

    def _answer(self):
        while True:
            try:
                octets, client = self.socket.recvfrom(65535)
            except OSError:
                return
            if not octets:
                return
            query = dns.message.from_wire(octets)
            reply = dns.message.make_response(query)
            if query.question[0].rdtype == dns.rdatatype.A:
                reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", FORWARDED))
            self.socket.sendto(reply.to_wire(), client)

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.socket.getsockname())
        self.socket.close()


def free_port():
    """A port that nobody has at the moment, over UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            try:
                tcp.bind(udp.getsockname())
                return udp.getsockname()[1]
            except OSError:
                continue


class TheExamples(unittest.TestCase):
    """What the README says of the server that packaging/run.sh starts."""

    @classmethod
    def setUpClass(cls):
        upstream = cls.enterClassContext(Upstream())
        settings = yaml.safe_load((ROOT / "conf/example.yaml").read_text())
        cls.documented = (settings["listen"][0], settings["admin"]["listen"])
        forward = {"upstreams": [upstream.address]}
        token = cls.enterClassContext(tempfile.NamedTemporaryFile("w"))
        token.write("secret\n")
        token.flush()
        admin = {"listen": "127.0.0.1:0", "token-file": token.name}
        cls.server = cls.enterClassContext(Server(config={"sources": settings["sources"], "forward": forward, "admin": admin}))

    def execute(self, line):
        """A command as the README has it, sent to this server and this binary; its output."""
        listen, admin = self.documented
        host, port = listen.split(":")
        line = line.replace(f"@{host} -p {port} ", f"@127.0.0.1 -p {self.server.port} ").replace(admin, self.server.admin)
        line = line.replace("$(cat /etc/meridian/token)", "secret")  # which a shell would do
        words = shlex.split(line, comments=True)
        if words[0] == "build/src/meridian":
            words[0] = BINARY
        if words[0] == "curl":
            words.insert(1, "-sSf")
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT)
        self.assertEqual(done.returncode, 0, line + "\n" + done.stderr)
        return done.stdout

    def test_every_command_works(self):
        for line in "".join(blocks("sh")).splitlines():
            with self.subTest(line):
                program = shlex.split(line, comments=True)[0]
                if program.startswith("packaging/"):  # these start this test, or install packages
                    self.assertTrue(os.access(ROOT / program, os.X_OK))
                    subprocess.run(["bash", "-n", ROOT / program], check=True)
                elif program in ("dig", "curl", "build/src/meridian"):
                    self.assertTrue(self.execute(line).strip())
                else:
                    self.fail("a command that nobody checks")

    def test_sixty_seconds(self):
        """The lines are those that run.sh prints, and they give what their comments say."""
        said = [line for text in blocks("sh") for line in text.splitlines() if line.startswith("dig ")]
        printed = re.findall(r"^ *(dig .*)$", (ROOT / "packaging/run.sh").read_text(), re.M)
        self.assertEqual(said, printed)
        self.assertEqual(len(said), 3)
        literal, vip, forwarded = [self.execute(line.replace("dig ", "dig +short ", 1)).split() for line in said]
        self.assertEqual(literal, [said[0].split()[-1]])
        self.assertEqual(len(vip), 1)
        self.assertIn(ipaddress.ip_address(vip[0]), ipaddress.ip_network(said[1].split()[-1]))
        self.assertEqual(forwarded, [FORWARDED])

    def test_every_session_shows_what_comes_out(self):
        for text in blocks("console"):
            command, _, output = text.partition("\n")
            with self.subTest(command):
                self.assertTrue(command.startswith("$ "))
                self.assertEqual(self.execute(command[2:]), output)

    def test_how_it_answers(self):
        rows = re.findall(r"^\| `(\S+) ([A-Z]+)` \| (.*?) \|", README, re.M)
        self.assertGreater(len(rows), 10)
        for name, rdtype, said in rows:
            with self.subTest(f"{name} {rdtype}"):
                expected = {"`NODATA`": "NOERROR soa", "`NXDOMAIN`": "NXDOMAIN soa", "forwarded": f"NOERROR {FORWARDED}"}
                answer = texts(self.server.ask(name, rdtype))
                self.assertEqual(answer, expected.get(said, "NOERROR " + said.strip("`")))

    def test_the_metrics_it_names_exist(self):
        metrics = self.server.get("/metrics")[1]
        named = re.findall(r"`(meridian_\w+)`", README)
        self.assertTrue(named)
        for name in named:
            self.assertIn(f"# HELP {name} ", metrics)


class WhatItNames(unittest.TestCase):
    def test_every_block_has_a_kind_that_is_checked(self):
        kinds = set(re.findall(r"^```(\w*)\n.*?^```$", README, re.M | re.S))
        self.assertEqual(kinds, {"sh", "console", "yaml", "corefile", "ini", "unbound", "bind"})

    def test_files(self):
        for name in re.findall(r"`((?:conf|src|packaging|subprojects)(?:/[\w./-]+)?)`", README):
            if name != "conf/examples/httpbin.foo.yaml":  # the reader makes it
                self.assertTrue((ROOT / name).exists(), name)

    def test_keys_of_the_configuration(self):
        every_key = re.sub(r"^( *)# (?=\w[\w-]*: )", r"\1", (ROOT / "conf/meridian.yaml").read_text(), flags=re.M)
        everything = yaml.safe_load(every_key)
        for key in re.findall(r"`((?:access|admin|forward|vip)(?:\.[\w-]+)+|mass-delete-guard|lameduck|stale|listen|workers|state)`", README):
            section = everything
            for name in key.split("."):
                self.assertIn(name, section, key)
                section = section[name]


class Configurations(unittest.TestCase):
    def test_they_are_right(self):
        for text in configurations():
            with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                file.write(text)
                file.flush()
                done = run("check", "--config", file.name)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_one_of_a_cluster_is_that_of_the_manifests(self):
        said = yaml.safe_load(configurations()[1])
        config = yaml.safe_load((ROOT / "packaging/k8s/overlays/write-back/meridian.yaml").read_text())
        self.assertEqual(said["vip"]["write-back"], config["vip"]["write-back"])
        (ours,), (theirs,) = said["sources"], config["sources"]
        self.assertEqual(list(ours), [k for k in theirs if k != "name"])
        ledgers = [c["vip"]["ledger"]["kubernetes"] for c in (said, config)]
        self.assertEqual(*[(ledger["namespace"], ledger["source"]) for ledger in ledgers])

    def test_an_entry_is_served_as_soon_as_its_file_is_there(self):
        (text,) = yaml_blocks("ServiceEntry")
        spec = yaml.safe_load(text)["spec"]
        self.assertIn(spec["hosts"][0].removesuffix(".global") + ".yaml", README)
        with Server() as server:
            server.write({"httpbin.foo.yaml": text})
            eventually(lambda: addresses(server.ask(spec["hosts"][0])) == spec["addresses"])


class Fronts(unittest.TestCase):
    """What stands in front. CoreDNS and systemd-resolved are not run: their blocks are read."""

    def test_cluster_dns(self):
        (config_map,) = map(yaml.safe_load, yaml_blocks("ConfigMap"))
        self.assertEqual(config_map["metadata"], {"name": "kube-dns", "namespace": "kube-system"})
        stub_domains = json.loads(config_map["data"]["stubDomains"])
        self.assertEqual(list(stub_domains), ["global"])
        (address,) = stub_domains["global"]
        ipaddress.ip_address(address)  # CoreDNS and kube-dns take no names
        self.assertIn(f"a fixed ClusterIP, here {address},", README)
        for text, plugin in zip(blocks("corefile"), ["forward", "proxy"], strict=True):
            first, *inside, last = text.splitlines()
            self.assertEqual((first, last), ("global:53 {", "}"))
            self.assertEqual([line.split() for line in inside], [["errors"], ["cache", "30"], [plugin, ".", f"{address}:53"]])

    def test_systemd_resolved(self):
        (text,) = blocks("ini")
        drop_in = configparser.ConfigParser()
        drop_in.optionxform = str
        drop_in.read_string(text)
        text, *_ = configurations()
        listen = yaml.safe_load(text)["listen"]
        self.assertEqual(listen, [drop_in["Resolve"]["DNS"] + ":53"])
        self.assertEqual(drop_in["Resolve"]["Domains"], "~global")

    def front(self, command, config):
        """Runs a resolver, with `config` of (directory, its port, Meridian's port), and asks through it. Somebody may take
        its port before it does: then there is another."""
        with tempfile.TemporaryDirectory(prefix="meridian-readme-") as directory, \
                Server(entries={"a.yaml": entry("web.shop.global", "240.0.0.9")}) as server:
            for _ in range(5):
                port = free_port()
                file = pathlib.Path(directory) / "conf"
                file.write_text(config(directory, port, server.port))
                with open(pathlib.Path(directory) / "log", "w+") as log:
                    process = subprocess.Popen([*command, file], stdout=log, stderr=log)
                    try:
                        if eventually(lambda: process.poll() is not None or self.answers(port), 10) == "answered":
                            return
                    except AssertionError:
                        pass
                    finally:
                        process.kill()
                        process.wait()
                    log.seek(0)
                    said = log.read()
        self.fail(said)

    @staticmethod
    def answers(port):
        reply = dns.query.udp(dns.message.make_query("web.shop.global", "A"), "127.0.0.1", 2, port)
        return addresses(reply) == ["240.0.0.9"] and "answered"

    def test_unbound(self):
        (text,) = blocks("unbound")
        ours = ('server:\n  interface: 127.0.0.1@%d\n  username: ""\n  chroot: ""\n  pidfile: ""\n  use-syslog: no\n'
                'remote-control:\n  control-enable: no\n')
        self.front(["/usr/sbin/unbound", "-d", "-c"],
                   lambda directory, port, to: ours % port + text.replace("127.0.0.60", f"127.0.0.1@{to}"))

    def test_bind(self):
        (text,) = blocks("bind")
        ours = ('options {{ directory "{0}"; listen-on port {1} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; '
                'pid-file none; session-keyfile none; managed-keys-directory "{0}";')
        self.front(["/usr/sbin/named", "-g", "-c"],
                   lambda directory, port, to: text.replace("127.0.0.60", f"127.0.0.1 port {to}")
                   .replace("options {", ours.format(directory, port)) + "controls {};\n")


class Operating(unittest.TestCase):
    """The sentences under that title, and of the limitations those that would be wrong one day without a notice."""

    def test_only_actions_ask_for_the_token(self):
        self.assertIn("only its actions ask for the token of `admin.token-file`", README)
        with tempfile.NamedTemporaryFile("w") as token:
            token.write("secret\n")
            token.flush()
            with Server(config={"admin": {"listen": "127.0.0.1:0", "token-file": token.name}}) as server:
                self.assertEqual(server.get("/status")[0], 200)
                for path in ("/api/v1/reload", "/api/v1/confirm-mass-delete"):
                    self.assertEqual(server.post(path)[0], 403)
                    self.assertEqual(server.post(path, {"Authorization": "Bearer wrong"})[0], 403)
                    self.assertEqual(server.post(path, {"Authorization": "Bearer secret"})[0], 202)
                self.assertEqual(server.post("/api/v1/flush")[0], 403)
        with Server() as server:  # without a token-file there are no actions
            self.assertEqual(server.post("/api/v1/reload", {"Authorization": "Bearer "})[0], 403)

    def test_an_answer_is_kept_for_all_who_ask_the_same_until_it_is_flushed(self):
        with tempfile.NamedTemporaryFile("w") as token:
            token.write("secret\n")
            token.flush()
            with Upstream() as upstream, \
                    Server(config={"forward": {"upstreams": [upstream.address]},
                                   "admin": {"listen": "127.0.0.1:0", "token-file": token.name}}) as server:
                def ask(*names):
                    for name in names:
                        for _ in range(5):  # they reach both workers
                            self.assertEqual(texts(server.ask(name)), f"NOERROR {FORWARDED}")
                    cache = server.status()["cache"]
                    return cache["replies"], cache["misses"]

                def flush(parameters):
                    return server.post("/api/v1/flush" + parameters, {"Authorization": "Bearer secret"})
                self.assertEqual(ask("www.debian.org", "debian.org"), (2, 2))
                self.assertEqual(flush("?name=WWW.debian.org"), (200, {"flushed": 1}))
                self.assertEqual(ask("www.debian.org", "debian.org"), (2, 3))
                self.assertEqual(flush("?name=org&below=true"), (200, {"flushed": 2}))
                self.assertEqual(ask("www.debian.org"), (1, 4))
                self.assertEqual(flush(""), (200, {"flushed": 1}))
                self.assertEqual(server.status()["cache"]["replies"], 0)
                self.assertEqual(server.status()["cache"]["hits"]["success"], 21)

    def test_explain_says_where_a_name_goes(self):
        with Upstream() as upstream, Server(config={"forward": {"upstreams": [upstream.address]}}) as server:
            page = server.get("/explain?name=www.debian.org")[1]
            self.assertIsNone(page["rcode"])
            self.assertEqual([u["address"] for u in page["forward"]["upstreams"]], [upstream.address])
            self.assertIn(f"upstream  {upstream.address}, up\n",
                          run("explain", "www.debian.org", "--admin", server.admin).stdout)

    def test_sighup_reads_again_and_an_error_keeps_what_was_there(self):
        with Server(entries={"a.yaml": entry("web.shop.global", "240.0.0.9")}) as server:
            server.configure(zones=[{"name": "global", "ttl": "77s"}])
            server.signal(signal.SIGHUP)
            eventually(lambda: server.ask("web.shop.global").answer[0].ttl == 77)
            server.configure(zones=[{"name": "global", "ttl": "soon"}])
            server.signal(signal.SIGHUP)
            eventually(lambda: re.search(r"meridian\.yaml:\d+:\d+: .*soon", server.log()))
            self.assertEqual(server.ask("web.shop.global").answer[0].ttl, 77)

    def test_sigterm_ends_with_zero(self):
        with Server() as server:
            self.assertEqual(server.stop(), 0)

    def test_servfail_until_the_source_was_read(self):
        with Server(config={"sources": [{"files": "/nowhere/entries"}]}, start=False) as server:
            server.start(ready=False)
            reply = server.ask("web.shop.global")
            self.assertEqual((texts(reply), extended_errors(reply)), ("SERVFAIL", [14]))
            self.assertEqual(server.get("/readyz")[0], 503)

    def test_the_mass_delete_guard_holds_until_a_second_look(self):
        with Server(entries={f"{i}.yaml": entry(f"h{i}.shop.global", f"240.0.1.{i}") for i in range(1, 21)}) as server:
            server.write({f"{i}.yaml": None for i in range(1, 21)})
            eventually(lambda: server.status()["sources"][0]["held_back"])
            self.assertEqual(addresses(server.ask("h20.shop.global")), ["240.0.1.20"])
            server.signal(signal.SIGHUP)
            eventually(lambda: texts(server.ask("h20.shop.global")) == "NXDOMAIN soa")


if __name__ == "__main__":
    os.chdir(ROOT)
    unittest.main()
