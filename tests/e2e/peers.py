"""Real servers of others, before and behind us, each with a configuration and a directory of its own, on a loopback
port."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile

import dns.message
import dns.query

from meridian import eventually

ZONE = """$ORIGIN corp.example.
$TTL 300
@       SOA  ns hostmaster 1 7200 1800 86400 60
        NS   ns
ns      A    192.0.2.53
www     A    192.0.2.80
        AAAA 2001:db8::80
alias   CNAME middle
middle  CNAME www
text    TXT  "one" "two"
odd     TYPE65280 \\# 4 0a0b0c0d
"""
ZONE += "".join(f"many A 192.0.2.{i}\n" for i in range(100, 200))  # over 1232 octets
CORP = {"corp.example": ZONE}


def free_port():
    """A port that is free for UDP and TCP at this moment."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            try:
                udp.bind(tcp.getsockname())
                return tcp.getsockname()[1]
            except OSError:
                continue


class Peer:
    """A daemon in the foreground. `lines(directory, port)` writes its configuration and returns its command line;
    `probe` is a name that it answers in any way once it is up."""

    def __init__(self, lines, probe):
        self._own = tempfile.TemporaryDirectory(prefix="meridian-peer-")
        self.directory = pathlib.Path(self._own.name)
        self.lines, self.probe, self.process = lines, probe, None
        self.port = free_port()
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self):
        self.log = open(self.directory / "log", "ab")
        self.process = subprocess.Popen(self.lines(self.directory, self.port), stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, start_new_session=True)
        eventually(self.up, what=self.process.args)

    def up(self):
        if self.process.poll() is not None:
            raise RuntimeError((self.directory / "log").read_text())
        return dns.query.udp(dns.message.make_query(self.probe, "SOA"), "127.0.0.1", 0.1, self.port)

    def stop(self):
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)  # its children too, which would answer a while longer
            self.process.wait()
            self.log.close()
            self.process = None

    def close(self):
        self.stop()
        self._own.cleanup()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def ask(self, name, rdtype="A", tcp=False, **options):
        options.setdefault("use_edns", 0)
        over = dns.query.tcp if tcp else dns.query.udp
        return over(dns.message.make_query(name, rdtype, **options), "127.0.0.1", 30, self.port)


def program(name):
    """Servers live in sbin, which is not in everybody's PATH."""
    return shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/usr/local/sbin:/usr/local/bin")


def write_zones(directory, zones):
    """Zone files by origin; returns their paths."""
    for origin, text in zones.items():
        (directory / f"{origin}.zone").write_text(text)
    return {origin: directory / f"{origin}.zone" for origin in zones}


def knot(zones=CORP):
    def lines(directory, port):
        files = write_zones(directory, zones).items()
        (directory / "knot.conf").write_text(
            f"server:\n  listen: 127.0.0.1@{port}\n  rundir: {directory}\n  tcp-workers: 1\n  udp-workers: 1\n"
            f"  background-workers: 1\ndatabase:\n  storage: {directory}\n"
            "log:\n  - target: stderr\n    any: info\n"
            "zone:\n" + "".join(f"  - domain: {origin}.\n    file: {file}\n" for origin, file in files))
        return [program("knotd"), "-c", directory / "knot.conf"]
    return Peer(lines, "corp.example")


def nsd(zones=CORP):
    def lines(directory, port):
        files = write_zones(directory, zones).items()
        (directory / "nsd.conf").write_text(
            f"server:\n  ip-address: 127.0.0.1@{port}\n  server-count: 1\n  username: \"\"\n  chroot: \"\"\n"
            f"  zonesdir: {directory}\n  pidfile: {directory}/pid\n  database: \"\"\n  xfrdfile: {directory}/xfrd\n"
            f"  zonelistfile: {directory}/zones\n  xfrdir: {directory}\n  reuseport: no\n"
            "remote-control:\n  control-enable: no\n"
            + "".join(f"zone:\n  name: {origin}\n  zonefile: {file}\n" for origin, file in files))
        return [program("nsd"), "-d", "-c", directory / "nsd.conf"]
    return Peer(lines, "corp.example")


def dnsmasq(behind):
    """As kube-dns runs it for a stub domain."""
    def lines(directory, port):
        return [program("dnsmasq"), "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null",
                f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces", "--user=", "--pid-file=",
                "--cache-size=1000", "--no-negcache", f"--server=/global/127.0.0.1#{behind}", "--log-facility=-"]
    return Peer(lines, "up.invalid")


def unbound(behind=None, zones=None, anchors=()):
    """A validating resolver that forwards `global` to the port `behind`, and finds `zones` in files. `anchors` are DS
    records."""
    def lines(directory, port):
        files = write_zones(directory, zones or {}).items()
        (directory / "unbound.conf").write_text(
            f"server:\n  interface: 127.0.0.1\n  port: {port}\n  do-ip6: no\n  username: \"\"\n  chroot: \"\"\n"
            f"  directory: {directory}\n  pidfile: \"\"\n  use-syslog: no\n  do-not-query-localhost: no\n"
            "  domain-insecure: \"global\"\n  local-zone: \"up.invalid.\" static\n  num-threads: 1\n"
            + "".join(f"  trust-anchor: \"{anchor}\"\n" for anchor in anchors)
            + "remote-control:\n  control-enable: no\n"
            + (f"forward-zone:\n  name: \"global\"\n  forward-addr: 127.0.0.1@{behind}\n" if behind else "")
            + "".join(f"auth-zone:\n  name: \"{origin}\"\n  zonefile: {file}\n  for-downstream: no\n"
                      "  for-upstream: yes\n  fallback-enabled: no\n" for origin, file in files))
        return [program("unbound"), "-d", "-c", directory / "unbound.conf"]
    return Peer(lines, "up.invalid")


def bind(behind=None, zones=None):
    """A resolver that forwards `global` to the port `behind`, and has authority over `zones`."""
    def lines(directory, port):
        files = write_zones(directory, {
            "up.invalid": "$TTL 60\n@ SOA a b 1 1 1 1 1\n NS a\na A 192.0.2.1\n", **(zones or {})}).items()
        forward = f"type forward; forward only; forwarders {{ 127.0.0.1 port {behind}; }};"
        (directory / "named.conf").write_text(
            f"options {{ directory \"{directory}\"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};\n"
            f"  pid-file none; session-keyfile \"{directory}/session.key\"; dnssec-validation no; recursion yes;\n"
            "  allow-query { 127.0.0.1; }; empty-zones-enable yes; };\n"
            "controls { };\n"
            + (f"zone \"global\" {{ {forward} }};\n" if behind else "")
            + "".join(f"zone \"{origin}\" {{ type primary; file \"{file}\"; }};\n" for origin, file in files))
        return [program("named"), "-f", "-n", "1", "-c", directory / "named.conf"]
    return Peer(lines, "up.invalid")


def sign(origin, text):
    """The zone signed with keys of the moment, and the DS record of its key."""
    with tempfile.TemporaryDirectory(prefix="meridian-keys-") as keys:
        keys = pathlib.Path(keys)

        def do(*command):
            subprocess.run(command, cwd=keys, check=True, capture_output=True)
        (keys / "zone").write_text(text)
        for role in ([], ["-f", "KSK"]):
            do(program("dnssec-keygen"), "-a", "ECDSAP256SHA256", *role, origin)
        do(program("dnssec-signzone"), "-S", "-o", origin, "-f", "signed", "zone")
        anchor = (keys / f"dsset-{origin}.").read_text().splitlines()[0]
        return (keys / "signed").read_text(), " ".join(anchor.split())
