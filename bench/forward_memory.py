#!/usr/bin/python3
"""forward_memory.py MERIDIAN TOOLS: resident memory with a cache of 64 MiB that is full: asked for new names until the
cache gives up old ones, and as long again; beside that of the same load without a cache. TOOLS: a directory with dnsload
and upstream_echo."""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from forward_server import echo_upstream, forwarding

SIZE_MIB = 64
LONGEST = 90  # seconds


def main():
    binary, tools = sys.argv[1], pathlib.Path(sys.argv[2])
    with echo_upstream(tools) as upstream:
        section = f'{{upstreams: ["{upstream}"], cache: {{size: %s}}}}'
        with forwarding(binary, section % 0, cpu=0) as server:
            ask_new_names(server, tools, 0)
            without = server.resident_mb()
        with forwarding(binary, section % f"{SIZE_MIB}MiB", cpu=0) as server:
            fill(server, tools, without)


def fill(server, tools, without):
    begun, asked, full_at = time.monotonic(), 0, None
    while full_at is None or asked < 2 * full_at:  # twice round: what is given up must be used again
        if time.monotonic() - begun > LONGEST:
            sys.exit(f"the cache is not full after {asked} names and {LONGEST} s")
        asked = ask_new_names(server, tools, asked)
        if full_at is None and server.metric("meridian_cache_evictions_total"):
            full_at = asked
    octets = server.metric("meridian_cache_bytes") / 2**20
    replies = server.metric("meridian_cache_entries")
    full = server.resident_mb()
    print(f"full cache of {SIZE_MIB} MiB: {replies:.0f} replies in {octets:.1f} MiB, {octets * 2**20 / replies:.0f} octets "
          f"each; resident {full:.1f} MiB, without a cache {without:.1f}: {(full - without) / SIZE_MIB:.2f} of its size")


def ask_new_names(server, tools, first):
    """Asks for two seconds; names are numbers from `first` on. Returns the number after the last."""
    with tempfile.NamedTemporaryFile("w", suffix=".q") as names:
        names.write("f0000000.ns1.cached A\n")
        names.flush()
        command = ["taskset", "-c", "1", tools / "dnsload", "127.0.0.1", str(server.port), names.name, "2", "16"]
        environment = {**os.environ, "FRESH": str(first)}
        out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return first + int(out.split("answered ")[1].split()[0])


main()
