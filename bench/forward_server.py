"""A Meridian that forwards, for the programs that measure it: started with a configuration, ended with its scratch
directory; and what it tells about itself."""
import contextlib
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import urllib.request


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, process, port, admin):
        self.pid, self.port = process.pid, port
        self._process, self._admin = process, admin

    def wait_until_ready(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise SystemExit(f"meridian ended with {self._process.returncode}: {self._process.stderr.read()}")
            with contextlib.suppress(OSError):
                if self._get("readyz").status == 200:
                    return
            time.sleep(0.01)
        raise SystemExit("meridian was not ready within 20 s")

    def metric(self, name):
        """The sum over the labels of a metric."""
        text = self._get("metrics").read().decode()
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE))

    def resident_mb(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def _get(self, path):
        return urllib.request.urlopen(f"http://127.0.0.1:{self._admin}/{path}", timeout=5)


@contextlib.contextmanager
def echo_upstream(tools):
    """The address of an upstream_echo of the directory `tools`, on the CPU of the load."""
    port = free_port()
    process = subprocess.Popen(["taskset", "-c", "1", tools / "upstream_echo", str(port), "3600"])
    try:
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def forwarding(binary, forward, cpu=None):
    """A ready server with one worker and no entries; `forward` is the text of that section."""
    port, admin = free_port(), free_port()
    with tempfile.TemporaryDirectory() as scratch:
        pathlib.Path(scratch, "entries").mkdir()
        config = pathlib.Path(scratch, "meridian.yaml")
        config.write_text(f'listen: ["127.0.0.1:{port}"]\nworkers: 1\nsources: [{{files: {scratch}/entries}}]\n'
                          f'state: {scratch}/state\nadmin: {{listen: "127.0.0.1:{admin}"}}\nforward: {forward}\n')
        pinned = [] if cpu is None else ["taskset", "-c", str(cpu)]
        process = subprocess.Popen([*pinned, binary, "serve", "--config", config], stderr=subprocess.PIPE, text=True)
        try:
            server = Server(process, port, admin)
            server.wait_until_ready()
            yield server
        finally:
            process.terminate()
            process.communicate(timeout=20)
