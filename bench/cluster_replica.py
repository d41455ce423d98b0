"""One Meridian of a measurement: started pinned to a CPU, read through /proc, asked over UDP with as little Python between
the packet and the clock as can be."""
import ipaddress
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import time
import urllib.request

PATIENCE = 120.0  # seconds until a measurement is given up
_TICK = os.sysconf("SC_CLK_TCK")


class TooLong(Exception):
    """Something that should have happened did not."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def question(host, number=0):
    """An A query, RD=1, without EDNS: an answer of one address ends with its four octets."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in host.split("."))
    return struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"


def address_in(reply):
    """The address, as a number, of a reply with exactly one record and NOERROR; else None."""
    if len(reply) < 16 or reply[3] & 15 or reply[6:8] != b"\0\1":
        return None
    return int.from_bytes(reply[-4:], "big")


class Replica:
    """A process, ended by close(). `source` is the configuration of its only source; `more` is laid over the rest."""

    def __init__(self, binary, directory, source, cpu, **more):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        self.port, self.admin = free_port(), free_port()
        settings = {"listen": [f"127.0.0.1:{self.port}"], "workers": 1, "sources": [source], "forward": {"upstreams": []},
                    "state": str(self.directory / "state"), "admin": {"listen": f"127.0.0.1:{self.admin}"},
                    "lameduck": "1s", **more}
        config = self.directory / "meridian.yaml"
        config.write_text(json.dumps(settings, indent=1))
        self.log = self.directory / "log"
        everywhere = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {cpu})  # inherited
        try:
            with open(self.log, "wb") as log:
                self.begun = time.monotonic()
                self.process = subprocess.Popen([binary, "serve", "--config", str(config)], stderr=log,
                                                stdin=subprocess.DEVNULL)
        finally:
            os.sched_setaffinity(0, everywhere)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process = None

    def kill(self):
        """kill -9; returns the moment."""
        process, self.process = self.process, None
        now = time.monotonic()
        process.send_signal(signal.SIGKILL)
        process.wait()
        return now

    # Waiting.

    def until(self, condition, what, pause=0.005):
        """Seconds since the start of the process when `condition` became true."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if self.process.poll() is not None or time.monotonic() > end:
                raise TooLong(f"{what}: not within {PATIENCE:.0f} s, or it ended:\n{self.log.read_text()[-2000:]}")
            time.sleep(pause)
        return time.monotonic() - self.begun

    def until_ready(self):
        return self.until(self.ready, "/readyz")

    def ready(self):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/readyz", timeout=5).status == 200
        except OSError:
            return False

    def until_answered(self, hosts):
        """Until each of them has an address."""
        left = list(hosts)

        def answered():
            nonlocal left
            left = [host for host, address in self.ask_all(left) if address is None]
            return not left
        return self.until(answered, f"answers for {len(left)} hosts", 0.02)

    def until_idle(self):
        """Until a second costs less than a hundredth of it."""
        def idle():
            before = self.cpu_seconds()
            time.sleep(1)
            return self.cpu_seconds() - before < 0.01
        return self.until(idle, "idle", 0)

    # /proc.

    def memory(self):
        """(resident, highest) in octets."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return tuple(int(status.split(key)[1].split()[0]) * 1024 for key in ("VmRSS:", "VmHWM:"))

    def forget_peak(self):
        """The highest is what is resident now (proc(5), clear_refs)."""
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def cpu_ticks(self):
        """utime + stime in seconds, in steps of a clock tick."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def cpu_seconds(self):
        """Seconds on a CPU, of the threads that there are, to the nanosecond."""
        return self._schedstat(0)

    def waited_seconds(self):
        """Seconds in which a thread of ours could have run and somebody else had the CPU: of a busy machine, the noise."""
        return self._schedstat(1)

    def _schedstat(self, field):
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[field]) for task in tasks) / 1e9

    # Questions.

    def socket(self, timeout=1.0):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.connect(("127.0.0.1", self.port))
        s.settimeout(timeout)
        return s

    def ask_all(self, hosts, window=64):
        """[(host, address as a number or None)], some questions at a time."""
        found = []
        with self.socket() as s:
            for at in range(0, len(hosts), window):
                batch = hosts[at:at + window]
                replies = [None] * len(batch)
                try:
                    for number, host in enumerate(batch):
                        s.send(question(host, number))
                    for _ in batch:
                        reply = s.recv(1500)
                        number = int.from_bytes(reply[:2], "big")
                        if number < len(batch):
                            replies[number] = address_in(reply)
                except OSError:
                    time.sleep(0.01)  # lost, or not yet there: they count as not answered
                found += zip(batch, replies)
        return found

    def follow(self, hosts, done, pause=0.0002):
        """Asks for each of `hosts` in turn, one question at a time, until done() is true. Yields (moment of the question,
        moment of the reply, host, address or None); no reply within a second is None too."""
        packets = [(host, question(host)) for host in hosts]
        number = 0
        with self.socket() as s:
            while not done():
                host, packet = packets[number % len(packets)]
                number += 1
                mark = struct.pack(">H", number & 0xffff)
                asked, reply = time.monotonic(), b""
                try:
                    s.send(mark + packet[2:])
                    while not reply.startswith(mark):
                        reply = s.recv(1500)
                except OSError:
                    reply = b""
                yield asked, time.monotonic(), host, address_in(reply)
                time.sleep(pause)


def number_of(address):
    return int(ipaddress.ip_address(address))
