#!/usr/bin/python3
"""life.py MERIDIAN ENTRIES.yaml: what a change and a start cost, on this machine. Starts the server on ENTRIES.yaml (see
genzone.py), and prints the time to ready, resident memory, and the time from the rename of a file to the new answer."""
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import dns.message
import dns.query

ENTRY = """apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: probe, namespace: bench}}
spec: {{hosts: [probe.bench.global], addresses: [240.200.0.{n}], resolution: STATIC}}
"""
CHANGES = 100


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ready(port):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1).status == 200
    except OSError:
        return False


def ask(port):
    reply = dns.query.udp(dns.message.make_query("probe.bench.global", "A"), "127.0.0.1", port=port, timeout=2)
    return reply.answer[0][0].address if reply.answer else None


def resident_mb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def start(binary, config):
    begun = time.monotonic()
    server = subprocess.Popen([binary, "serve", "--config", config], stderr=subprocess.DEVNULL)
    return server, begun


def main():
    binary, entries = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        directory = scratch / "entries"
        directory.mkdir()
        shutil.copy(entries, directory / "entries.yaml")
        port, admin = free_port(), free_port()
        config = scratch / "meridian.yaml"
        config.write_text(
            f'listen: ["127.0.0.1:{port}"]\nworkers: 1\nsources: [{{files: {directory}}}]\nstate: {scratch}/state\n'
            f'admin: {{listen: "127.0.0.1:{admin}"}}\nforward: {{upstreams: []}}\n')
        old = time.time() - 60  # a file that was written long ago, as at a boot
        os.utime(directory / "entries.yaml", (old, old))
        os.utime(directory, (old, old))
        for title in ("first start", "restart"):
            server, begun = start(binary, config)
            try:
                while not ready(admin):
                    time.sleep(0.005)
                print(f"{title}: ready after {time.monotonic() - begun:.2f} s, resident {resident_mb(server.pid):.0f} MB")
                if title == "restart":
                    print_changes(directory, scratch, port)
            finally:
                server.terminate()
                server.wait(10)


def print_changes(directory, scratch, port):
    took = []
    for n in range(1, CHANGES + 1):
        (scratch / "draft").write_text(ENTRY.format(n=n))
        os.rename(scratch / "draft", directory / "probe.yaml")
        begun = time.monotonic()
        while ask(port) != f"240.200.0.{n}":
            if time.monotonic() - begun > 5:
                sys.exit("the change was not seen within 5 s")
        took.append((time.monotonic() - begun) * 1000)
    took.sort()
    print(f"rename to answer, {CHANGES} changes: median {statistics.median(took):.1f} ms, "
          f"p99 {took[int(CHANGES * 0.99) - 1]:.1f} ms, worst {took[-1]:.1f} ms")


main()
