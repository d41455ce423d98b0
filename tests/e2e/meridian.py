"""The real binary, started for a test: configuration and entries in a directory of its own, ports chosen by the kernel.

    with Server(entries={"a.yaml": entry("web.shop.global", "240.0.0.2")}) as server:
        server.ask("web.shop.global")

MERIDIAN names the binary, else it is the one in PATH. Nothing here waits for time to pass: `eventually` waits for a
condition, with a deadline that only a failure reaches."""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import dns.edns
import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

BINARY = os.environ.get("MERIDIAN") or shutil.which("meridian")
PATIENCE = 30.0  # seconds, on a machine that does much else
NOBODY = "nobody"  # `user` of a Server, or of run(): without root's privileges, whoever runs the tests


# What a server that is not there yet, or no more, makes clients raise.
PASSING = AssertionError, EOFError, OSError, LookupError, dns.exception.DNSException, http.client.HTTPException


def eventually(condition, deadline=PATIENCE, what=None):
    """Calls `condition` until it returns something true, and returns that. What it raises counts as false until the
    deadline (seconds); then it is raised."""
    end = time.monotonic() + deadline
    while True:
        last = None
        try:
            if value := condition():
                return value
        except PASSING as e:
            last = e
        if time.monotonic() >= end:
            raise AssertionError(f"not within {deadline} s: {what or condition}: {last}") from last
        time.sleep(0.01)


def entry(*hosts, name=None, namespace="default", annotations=None, labels=None, **spec):
    """A ServiceEntry, as JSON text (which is YAML). `hosts` that look like addresses are the addresses."""
    addresses = [h for h in hosts if re.fullmatch(r"[0-9.]+(/\d+)?|[0-9a-f:.]*:[0-9a-f:.]*(/\d+)?", h)]
    hosts = [h for h in hosts if h not in addresses]
    name = name or (hosts[0] if hosts else "empty").replace("*", "any").lower().rstrip(".").replace(".", "-")
    body = {"hosts": hosts, "location": "MESH_INTERNAL", "resolution": "STATIC",
            "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}], **spec}
    if addresses:
        body["addresses"] = addresses
    metadata = {"name": name, "namespace": namespace}
    metadata.update({k: v for k, v in (("annotations", annotations), ("labels", labels)) if v})
    return json.dumps({"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": metadata,
                       "spec": body})


def entries(*texts):
    """Several documents of one file."""
    return "\n---\n".join(texts) + "\n"


def addresses(message):
    """The addresses in the answer section, sorted."""
    wanted = (dns.rdatatype.A, dns.rdatatype.AAAA)
    return sorted(r.address for rrset in message.answer if rrset.rdtype in wanted for r in rrset)


def texts(message):
    """`NOERROR 240.0.0.2`, `NXDOMAIN soa`, `SERVFAIL`: a reply in one line, for tables."""
    words = [dns.rcode.to_text(message.rcode())]
    words += sorted(str(r) for rrset in message.answer for r in rrset)
    words += ["soa" for rrset in message.authority if rrset.rdtype == dns.rdatatype.SOA]
    return " ".join(words)


def extended_errors(message):
    """The codes of RFC 8914 in a reply."""
    return [int(option.code) for option in message.options if option.otype == dns.edns.OptionType.EDE]


def command(*arguments, user=None):
    """What to run, and the options of subprocess for it. Another user may not be let into the directory of the binary,
    so it is opened here and executed by its descriptor."""
    if not user or os.geteuid() != 0:
        return [BINARY, *map(str, arguments)], {}
    binary = os.open(BINARY, os.O_RDONLY)
    os.set_inheritable(binary, True)
    return (["setpriv", f"--reuid={user}", "--regid=nogroup", "--clear-groups", f"/proc/self/fd/{binary}",
             *map(str, arguments)], {"pass_fds": [binary]})


class Server:
    """One process. `directory` holds meridian.yaml, entries/ and state/; it is the caller's if given (two servers may
    follow each other in it), else it goes with the Server. `config` is laid over a configuration for tests, `environment`
    over ours."""

    def __init__(self, entries=None, config=None, directory=None, start=True, user=None, environment=None):
        self._own = None if directory else tempfile.TemporaryDirectory(prefix="meridian-e2e-")
        self.directory = pathlib.Path(directory or self._own.name)
        self.source = self.directory / "entries"
        self.state = self.directory / "state"
        self.config_file = self.directory / "meridian.yaml"
        self.log_file = self.directory / "log"
        self.user = user
        self.environment = environment or {}
        self.process = self.port = self.admin = None
        if entries is not None or not self.source.exists():
            self.source.mkdir(exist_ok=True)
        self.write(entries or {})
        self.settings = {"listen": ["127.0.0.1:0"], "workers": 2, "sources": [{"files": str(self.source)}],
                         "state": str(self.state), "forward": {"upstreams": []}, "admin": {"listen": "127.0.0.1:0"},
                         "lameduck": "5s", **(config or {})}
        self.configure()
        if start:
            try:
                self.start()
            except BaseException:
                self.close()
                raise

    # Files.

    def write(self, files):
        """Entries files by name, each renamed into place; None deletes."""
        for name, text in files.items():
            if text is None:
                (self.source / name).unlink()
                continue
            fresh = self.directory / f"fresh-{name}"
            fresh.write_text(text)
            fresh.rename(self.source / name)

    def configure(self, **changes):
        """Writes the configuration, with these top-level keys changed."""
        self.settings.update(changes)
        fresh = self.directory / "fresh.yaml"
        fresh.write_text(json.dumps(self.settings, indent=1))
        fresh.rename(self.config_file)

    # Life.

    def start(self, ready=True):
        self._log_start = self.log_file.stat().st_size if self.log_file.exists() else 0
        line, options = command("serve", "--config", self.config_file, user=self.user)
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(line, stderr=log, stdin=subprocess.DEVNULL,
                                            env={**os.environ, **self.environment}, **options)
        eventually(self._find_ports, what="the ports in the log")
        if ready:
            eventually(self.ready, what="/readyz")
        return self

    def _find_ports(self):
        text = self.log()
        port = re.search(r"listening on (?:\S*:)(\d+) ", text)
        admin = re.search(r"admin on http://([^/]+)/", text)
        if port and admin:
            self.port, self.admin = int(port.group(1)), admin.group(1)
            return True
        if self.process.poll() is not None:
            self.process, status = None, self.process.returncode
            raise RuntimeError(f"meridian ended with {status}:\n{text}")
        return False

    def ready(self):
        return self.get("/readyz")[0] == 200

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, deadline=PATIENCE):
        """Waits for the end, and returns the exit status."""
        process, self.process = self.process, None
        try:
            return process.wait(deadline)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError("still running after its deadline:\n" + self.log())

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.wait()

    def restart(self, **changes):
        if self.process:
            self.stop()
        if changes:
            self.configure(**changes)
        return self.start()

    def log(self):
        """What this process has written to standard error."""
        with open(self.log_file, "rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def close(self):
        if self.process:
            self.kill()
        if self._own:
            self._own.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Questions.

    def query(self, name, rdtype="A", **options):
        options.setdefault("use_edns", 0)
        return dns.message.make_query(name, rdtype, **options)

    def send(self, query, tcp=False, timeout=PATIENCE, **options):
        """Sends a dns.message; returns the reply, held to be a reply to it."""
        over = dns.query.tcp if tcp else dns.query.udp
        return over(query, "127.0.0.1", timeout, self.port, **options)

    def ask(self, name, rdtype="A", tcp=False, **options):
        return self.send(self.query(name, rdtype, **options), tcp)

    def answer(self, name, rdtype="A"):
        """The reply in one line; see texts()."""
        return texts(self.ask(name, rdtype))

    def get(self, path):
        """(status, body) of an admin page; JSON is decoded."""
        return self._request("GET", path, {})

    def post(self, path, headers=()):
        """(status, body) of an admin action."""
        return self._request("POST", path, dict(headers))

    def _request(self, method, path, headers):
        connection = http.client.HTTPConnection(self.admin, timeout=PATIENCE)
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            body = response.read().decode()
            return response.status, json.loads(body) if "json" in response.headers["Content-Type"] else body
        finally:
            connection.close()

    def status(self):
        return self.get("/status")[1]


def run(*arguments, user=None):
    """A command of the binary that ends by itself."""
    line, options = command(*arguments, user=user)
    return subprocess.run(line, capture_output=True, text=True, timeout=PATIENCE, **options)
