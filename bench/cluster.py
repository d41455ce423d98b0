#!/usr/bin/python3
"""cluster.py [MERIDIAN] [--entries 10000,25000] [--parts start,latency,idle,relist,ledger]: what a cluster costs, on this
machine. Runs the release binary against the scripted API server (tests/support/apiserver, in a process of its own), all on
loopback: Meridian, with one worker, on CPU 0; the API server and who asks on CPU 1. Prints lines of three columns with tabs
between: entries, figure, value. Needs no root; about three minutes. Times on a shared machine are noise: how long Meridian
waited for its CPU, and what the API server takes, stands beside what they might limit."""
import argparse
import json
import math
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import cluster_entries as made
from cluster_replica import Replica, number_of

HERE = pathlib.Path(__file__).resolve().parent
SERVER_CPU, OTHER_CPU = min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))
LEDGER_ENTRIES = 10_000  # half of them need a VIP
IDLE_SECONDS = 20
PARTS = ("start", "latency", "idle", "relist", "ledger")
LEASES = {"15/10/2 s": {}, "3/2/1 s": {"duration": "3s", "renew": "2s", "retry": "1s"}}


class Api:
    """The process of cluster_api.py; api.NAME(...) is its command NAME."""

    def __init__(self):
        self._process = subprocess.Popen([sys.executable, HERE / "cluster_api.py"], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        os.sched_setaffinity(self.pid, {OTHER_CPU})
        self.kubeconfig = self.description()["kubeconfig"]

    def __getattr__(self, name):
        def ask(**arguments):
            self._process.stdin.write(json.dumps([name, arguments]) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())
        return ask

    def close(self):
        self._process.stdin.close()
        self._process.wait(10)


def row(entries, figure, value):
    print(f"{entries}\t{figure}\t{value}", flush=True)


def mb(octets):
    return f"{octets / 1e6:.1f} MB"


def ms(seconds):
    return f"{seconds * 1000:.1f} ms"


def percentile(values, share):
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]


def hosts_of(count):
    return [made.place(number, count)[2] for number in range(count)]


class Bench:
    def __init__(self, binary, scratch, api):
        self.binary, self.scratch, self.api, self._started = binary, pathlib.Path(scratch), api, 0
        self.empty = {}  # kind of source -> resident octets without an entry

    def replica(self, source, **more):
        self._started += 1
        return Replica(self.binary, self.scratch / f"replica-{self._started}", source, SERVER_CPU, **more)

    def cluster(self, **more):
        return {"name": "cluster", "kubernetes": {"kubeconfig": self.api.kubeconfig, **more}}

    # Start and memory.

    def measure_empty(self):
        """What Meridian weighs by itself, by kind of source."""
        self.api.load(count=0)
        directory = self.scratch / "nothing"
        directory.mkdir()
        for kind, source in (("cluster", self.cluster()), ("file", {"files": str(directory)})):
            with self.replica(source) as replica:
                replica.until_ready()
                replica.until_idle()
                self.empty[kind] = replica.memory()[0]
                row(0, f"resident without entries, from a {kind}", mb(self.empty[kind]))

    def start(self, count, kind, replica):
        """Times and memory of a start; `replica` has just been started. Returns octets an entry."""
        cpu = self.api.cpu()
        ready = replica.until_ready()
        cpu, own, waited = self.api.cpu() - cpu, replica.cpu_seconds(), replica.waited_seconds()
        answered = replica.until_answered(hosts_of(count))
        replica.until_idle()
        resident, highest = replica.memory()
        beside = f", the API server {cpu:.2f} s" if kind == "cluster" else ""
        row(count, f"{kind}: exec to /readyz 200",
            f"{ready:.2f} s; Meridian computed {own:.2f} s and waited {waited:.2f} s for others on its CPU{beside}")
        row(count, f"{kind}: exec to the last of {count} names answered", f"{answered:.2f} s")
        row(count, f"{kind}: resident, highest (VmHWM), ratio",
            f"{mb(resident)}, {mb(highest)}, {highest / resident:.2f}")
        each = (resident - self.empty[kind]) / count
        row(count, f"{kind}: resident an entry, highest an entry",
            f"{each:.0f}, {(highest - self.empty[kind]) / count:.0f} octets")
        return each

    def from_file(self, count, file):
        old = time.time() - 60  # a file that was written long ago, as at a boot
        os.utime(file, (old, old))
        os.utime(file.parent, (old, old))
        with self.replica({"files": str(file.parent)}) as replica:
            return self.start(count, "file", replica)

    # Watch to answer.

    def latency(self, count, replica, title, rate, seconds, gap):
        told, seen, asked = {}, {}, []
        changing = threading.Thread(
            target=lambda: told.update(self.api.change(rate=rate, seconds=seconds, gap=gap)))
        cpu, waited, begun = replica.cpu_seconds(), replica.waited_seconds(), time.monotonic()
        changing.start()
        end = None

        def done():  # half a second after the last change at most
            nonlocal end
            if end is None and not changing.is_alive():
                end = time.monotonic() + 0.5
            return end is not None and time.monotonic() > end
        failed = 0
        for sent, came, _, address in replica.follow([made.PROBE[2]], done):
            asked.append(sent)
            if address is None:
                failed += 1
            else:
                seen.setdefault(address - made.MARKED, came)
        passed = time.monotonic() - begun
        cpu, waited = (replica.cpu_seconds() - cpu) / passed, (replica.waited_seconds() - waited) / passed
        took = self.matched({int(k): v for k, v in told["stamps"].items()}, seen)
        row(count, f"watch line written to answer, {title}: p50, p99, worst of {len(took)} probes",
            f"{ms(statistics.median(took))}, {ms(percentile(took, 0.99))}, {ms(max(took))}")
        polls = [b - a for a, b in zip(asked, asked[1:])]
        row(count, "  measured with: a question every (p50, p99), questions without an address",
            f"{ms(statistics.median(polls))}, {ms(percentile(polls, 0.99))}, {failed}")
        row(count, "  Meridian: CPU, waited for others on its CPU", f"{cpu:.0%}, {waited:.0%}")
        row(count, "  API server: CPU, its rate, its longest delay, writes that Meridian did not take at once",
            f"{told['cpu']:.0%}, {told['rate']:.0f}/s, {ms(told['latest'])}, {told['held_up']} of {told['writes']}")

    @staticmethod
    def matched(stamps, seen):
        """Seconds from each event to the first answer with it, or with a later one."""
        took, times = [], sorted(seen.items())
        for number, written in stamps.items():
            later = [came for n, came in times if n >= number]
            if not later:
                sys.exit(f"change {number} was never answered")
            took.append(min(later) - written)
        return took

    def check_literals(self, count, replica):
        """After all that: do the answers say what the API server has?"""
        numbers = random.sample(range(0, count, 2), min(1000, count // 2))
        wanted = self.api.literals(numbers=numbers)
        got = replica.ask_all([made.place(n, count)[2] for n in numbers])
        wrong = sum(number_of(want) != have for want, (_, have) in zip(wanted, got))
        row(count, f"names of {len(numbers)} whose answer is not what the API server has", wrong)

    def changes(self, count, replica):
        self.latency(count, replica, "quiet", 0, 10, 0.05)
        replica.forget_peak()
        self.latency(count, replica, "1,000 changes a second", 1000, 10, 0.02)
        replica.until_idle()
        self.check_literals(count, replica)
        resident, highest = replica.memory()
        row(count, "resident after the changes, highest meanwhile", f"{mb(resident)}, {mb(highest)}")

    def idle(self, count, replica):
        replica.until_idle()
        ticks, exact = replica.cpu_ticks(), replica.cpu_seconds()
        begun = time.monotonic()
        time.sleep(IDLE_SECONDS)
        took = time.monotonic() - begun
        row(count, f"CPU while idle, {IDLE_SECONDS} s: utime+stime; by the scheduler's clock",
            f"{(replica.cpu_ticks() - ticks) / took:.2%}; {(replica.cpu_seconds() - exact) / took:.4%}")

    def relist(self, count, replica):
        replica.until_idle()
        replica.forget_peak()
        resident = replica.memory()[0]
        since = max(r["number"] for r in self.api.requests())
        cpu, begun = replica.cpu_seconds(), time.monotonic()
        self.api.expire()
        watching = []

        def again():
            watching[:] = [r for r in self.api.requests(since=since) if r["verb"] == "watch" and r["status"] == 200]
            return watching
        replica.until(again, "a watch after 410", 0.05)
        replica.until_idle()
        after, peak = replica.memory()
        row(count, "410, list again: until watched, CPU of Meridian",
            f"{watching[0]['started'] - begun:.2f} s, {replica.cpu_seconds() - cpu:.2f} s")
        row(count, "410, list again: resident before, highest, after; growth",
            f"{mb(resident)}, {mb(peak)}, {mb(after)}; {peak / max(resident, 1) - 1:+.1%}")

    def entries(self, count, parts):
        file = self.scratch / f"entries-{count}" / "entries.json"
        file.parent.mkdir()
        row(count, "octets of an entry", self.api.load(count=count, file=str(file)))
        with self.replica(self.cluster()) as replica:
            listed = self.start(count, "cluster", replica) if "start" in parts else replica.until_ready()
            if "idle" in parts:
                self.idle(count, replica)
            if "relist" in parts:
                self.relist(count, replica)
            if "latency" in parts:
                self.changes(count, replica)
        if "start" in parts:
            row(count, "resident an entry, cluster to file", f"{listed / self.from_file(count, file):.2f}")

    # The shared ledger.

    def ledger(self, title, lease):
        self.api.load(count=LEDGER_ENTRIES)
        self.api.clear_ledger()
        since = max((r["number"] for r in self.api.requests()), default=0)
        source = self.cluster(**({"lease": lease} if lease else {}))
        shared = {"vip": {"ledger": {"kubernetes": {"source": "cluster", "namespace": "istio-system", "name": "meridian"}}}}
        needy = [made.place(n, LEDGER_ENTRIES)[2] for n in range(LEDGER_ENTRIES) if not made.is_literal(n)]
        with self.replica(source, **shared) as leader:
            answered = leader.until_answered(needy)
            leader.until_idle()
            row(LEDGER_ENTRIES, f"ledger, lease {title}: exec to {len(needy)} VIPs answered, from an empty one",
                f"{answered:.2f} s")
            self.print_writes(since)
            row(LEDGER_ENTRIES, "ledger: octets in each shard", " ".join(map(str, self.api.shards())))
            with self.replica(source, **shared) as follower:
                row(LEDGER_ENTRIES, "ledger: a follower's exec to all of them answered",
                    f"{follower.until_answered(needy):.2f} s")
                follower.until_idle()
                self.take_over(title, leader, follower, needy)

    def print_writes(self, since):
        writes = [r for r in self.api.requests(since=since) if r["method"] in ("PATCH", "POST", "PUT")]
        for kind in ("configmaps", "leases"):
            of_kind = [r for r in writes if f"/{kind}" in r["path"]]
            methods = ", ".join(f"{sum(r['method'] == m for r in of_kind)} {m}" for m in ("PATCH", "POST", "PUT"))
            refused = sum(not r["status"] or r["status"] >= 300 for r in of_kind)
            row(LEDGER_ENTRIES, f"ledger: {kind} written: requests, octets, refused",
                f"{methods}; {sum(r['octets'] for r in of_kind)}; {refused}")

    def take_over(self, title, leader, follower, needy):
        before = dict(follower.ask_all(needy))
        if None in before.values() or dict(leader.ask_all(needy)) != before:
            sys.exit("leader and follower do not agree before the take-over")
        since = max(r["number"] for r in self.api.requests())
        wrong, gap, last, new_at, asked = 0, 0.0, None, None, 0
        killed = leader.kill()
        self.api.add_new()
        sample = random.sample(needy, 200)
        end = killed + 60
        hosts = [host for pair in zip(sample, [made.NEW[2]] * len(sample)) for host in pair]
        for sent, came, host, address in follower.follow(hosts, lambda: time.monotonic() > end, 0.001):
            if host == made.NEW[2]:
                if address is not None and new_at is None:
                    new_at, end = came, came + 1
                continue
            asked += 1
            if address != before[host]:
                wrong += 1
                continue
            gap, last = max(gap, came - (last or sent)), came
        claims = [r for r in self.api.requests(since=since) if "/leases" in r["path"] and r["method"] in ("PUT", "PATCH", "POST")
                  and r["status"] and r["status"] < 300 and r["started"] > killed]
        if not claims or new_at is None:
            sys.exit(f"nobody took over within 60 s:\n{follower.log.read_text()[-2000:]}")
        row(LEDGER_ENTRIES, f"take-over after kill -9, lease {title}: lease claimed, a new entry's VIP answered",
            f"{claims[0]['started'] - killed:.2f} s, {new_at - killed:.2f} s")
        row(LEDGER_ENTRIES, "  meanwhile: answers, not the VIP of before, longest time between two",
            f"{asked}, {wrong}, {ms(gap)}")
        self.print_writes(since)
        after = dict(follower.ask_all(needy))
        row(LEDGER_ENTRIES, f"  of {len(needy)} VIPs moved by it", sum(before[h] != after[h] for h in needy))


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("meridian", nargs="?", default=HERE.parent / "build/src/meridian", type=pathlib.Path)
    parser.add_argument("--entries", default="10000,25000")
    parser.add_argument("--parts", default=",".join(PARTS))
    chosen = parser.parse_args()
    if not os.access(chosen.meridian, os.X_OK):
        parser.error(f"no {chosen.meridian}: build one (packaging/run.sh does), or name it")
    return chosen.meridian.resolve(), [int(n) for n in chosen.entries.split(",")], set(chosen.parts.split(","))


def main():
    binary, sizes, parts = options()
    with tempfile.TemporaryDirectory(prefix="meridian-cluster-") as scratch:
        api = Api()
        try:
            os.sched_setaffinity(0, {OTHER_CPU})
            bench = Bench(binary, scratch, api)
            if "start" in parts:
                bench.measure_empty()
            for count in sizes:
                if parts - {"ledger"}:
                    bench.entries(count, parts)
            if "ledger" in parts:
                for title, lease in LEASES.items():
                    bench.ledger(title, lease)
        finally:
            api.close()


main()
