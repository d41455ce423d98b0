"""Real servers of others, before and behind us, each with a configuration and a directory of its own, on a loopback
port."""
import pathlib
import shutil
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
                                        stdout=self.log, stderr=self.log)
        eventually(self.up, what=self.process.args)

    def up(self):
        if self.process.poll() is not None:
            raise RuntimeError((self.directory / "log").read_text())
        return dns.query.udp(dns.message.make_query(self.probe, "SOA"), "127.0.0.1", 1, self.port)

    def stop(self):
        if self.process:
            self.process.kill()
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


def knot():
    def lines(directory, port):
        (directory / "corp.zone").write_text(ZONE)
        (directory / "knot.conf").write_text(
            f"server:\n  listen: 127.0.0.1@{port}\n  rundir: {directory}\n  tcp-workers: 1\n  udp-workers: 1\n"
            f"  background-workers: 1\ndatabase:\n  storage: {directory}\n"
            "log:\n  - target: stderr\n    any: info\n"
            f"zone:\n  - domain: corp.example.\n    file: {directory}/corp.zone\n")
        return [program("knotd"), "-c", directory / "knot.conf"]
    return Peer(lines, "corp.example")


def nsd():
    def lines(directory, port):
        (directory / "corp.zone").write_text(ZONE)
        (directory / "nsd.conf").write_text(
            f"server:\n  ip-address: 127.0.0.1@{port}\n  server-count: 1\n  username: \"\"\n  chroot: \"\"\n"
            f"  zonesdir: {directory}\n  pidfile: {directory}/pid\n  database: \"\"\n  xfrdfile: {directory}/xfrd\n"
            f"  zonelistfile: {directory}/zones\n  xfrdir: {directory}\n  reuseport: no\n"
            "remote-control:\n  control-enable: no\nzone:\n  name: corp.example\n  zonefile: corp.zone\n")
        return [program("nsd"), "-d", "-c", directory / "nsd.conf"]
    return Peer(lines, "corp.example")


def dnsmasq(behind):
    """As kube-dns runs it for a stub domain."""
    def lines(directory, port):
        return [program("dnsmasq"), "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null",
                f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces", "--user=", "--pid-file=",
                "--cache-size=1000", "--no-negcache", f"--server=/global/127.0.0.1#{behind}", "--log-facility=-"]
    return Peer(lines, "up.invalid")


def unbound(behind):
    def lines(directory, port):
        (directory / "unbound.conf").write_text(
            f"server:\n  interface: 127.0.0.1\n  port: {port}\n  do-ip6: no\n  username: \"\"\n  chroot: \"\"\n"
            f"  directory: {directory}\n  pidfile: \"\"\n  use-syslog: no\n  do-not-query-localhost: no\n"
            "  domain-insecure: \"global\"\n  local-zone: \"up.invalid.\" static\n  num-threads: 1\n"
            "remote-control:\n  control-enable: no\n"
            f"forward-zone:\n  name: \"global\"\n  forward-addr: 127.0.0.1@{behind}\n")
        return [program("unbound"), "-d", "-c", directory / "unbound.conf"]
    return Peer(lines, "up.invalid")


def bind(behind):
    def lines(directory, port):
        (directory / "named.conf").write_text(
            f"options {{ directory \"{directory}\"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};\n"
            f"  pid-file none; session-keyfile \"{directory}/session.key\"; dnssec-validation no; recursion yes;\n"
            "  allow-query { 127.0.0.1; }; empty-zones-enable yes; };\n"
            "controls { };\n"
            f"zone \"global\" {{ type forward; forward only; forwarders {{ 127.0.0.1 port {behind}; }}; }};\n"
            "zone \"up.invalid\" { type primary; file \"up\"; };\n")
        (directory / "up").write_text("$TTL 60\n@ SOA a b 1 1 1 1 1\n NS a\na A 192.0.2.1\n")
        return [program("named"), "-f", "-n", "1", "-c", directory / "named.conf"]
    return Peer(lines, "up.invalid")
