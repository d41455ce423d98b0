#!/usr/bin/env python3
"""genzone.py N DIR: N names svc<i>.ns<j>.global as a zone file (global.zone), as ServiceEntries (entries.yaml), and as
lists of questions: hits.q, and mixed.q (45 % A, 45 % AAAA, 10 % unknown names)."""
import pathlib
import random
import sys

ENTRY = """apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: {service}
  namespace: {space}
spec:
  hosts:
  - {service}.{space}.global
  location: MESH_INTERNAL
  ports:
  - name: http1
    number: 8000
    protocol: http
  resolution: DNS
  addresses:
  - {address}
  endpoints:
  - address: 192.0.2.10
    ports:
      http1: 15443
---
"""
ZONE = """$ORIGIN global.
$TTL 30
@ SOA ns.dns.global. hostmaster.global. 1 7200 1800 86400 10
@ NS ns.dns.global.
ns.dns A 127.0.0.1
"""


def main():
    count, directory = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    names = [(f"svc{i}", f"ns{i % max(1, count // 100)}") for i in range(count)]
    with open(directory / "global.zone", "w") as zone, open(directory / "entries.yaml", "w") as entries:
        zone.write(ZONE)
        for i, (service, space) in enumerate(names, 2):
            address = f"240.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}"
            zone.write(f"{service}.{space} A {address}\n")
            entries.write(ENTRY.format(service=service, space=space, address=address))
    random.seed(7)
    sample = random.sample(names, min(count, 100000))
    with open(directory / "hits.q", "w") as hits, open(directory / "mixed.q", "w") as mixed:
        for k, (service, space) in enumerate(sample):
            hits.write(f"{service}.{space}.global A\n")
            kind = "AAAA" if k % 2 else "A"
            mixed.write(f"{service}.{space}.global {kind}\n" if k % 10 else f"{service}.nope{k}.global A\n")


main()
