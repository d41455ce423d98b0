#!/usr/bin/python3
"""Two replicas with one ledger in a cluster, under a random schedule: kill -9, SIGTERM, SIGSTOP, one replica cut off, lost
and late answers, an API server that restarts, entries that come, go and come back. Every answer that any of them ever
gives is kept and held against the others (history.py):

- no VIP changes while its entry lives, whoever is asked: one host one VIP;
- no VIP is two hosts' at a time, nor another's within its quarantine: one VIP one host;
- when all is quiet, everybody answers every host, and alike.

MERIDIAN_REPLICAS_SECONDS: how long the storm lasts (45); MERIDIAN_SEED: the schedule, which is printed."""
import os
import pathlib
import random
import shutil
import signal
import socket
import sys
import threading
import time
import unittest

import dns.exception
import dns.message
import dns.query

from history import History
from meridian import Server, addresses, entry, eventually

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from apiserver import ApiServer  # noqa: E402

SECONDS = float(os.environ.get("MERIDIAN_REPLICAS_SECONDS", "45"))
SEED = int(os.environ.get("MERIDIAN_SEED", random.SystemRandom().randrange(10**6)))
HOSTS = [f"h{i}.shop.global" for i in range(12)]
POOL, QUARANTINE = "10.60.0.16/28", 15  # sixteen places for twelve hosts: they run out now and then
LONGEST_FAULT = 3.0  # well within the quarantine: who hears nothing for longer than that answers what it knew
SHARD = "meridian-0"
LEASE = {"duration": "3s", "renew": "2s", "retry": "1s"}


class Replica:
    """One process and its questioner, which asks it for every host, over and over."""

    def __init__(self, name, api, history):
        self.name, self.history, self.api = name, history, api
        api.add_token(name, name, groups=("system:masters",))
        kubeconfig = api.write_kubeconfig("token", name=f"kubeconfig-{name}", token=name)
        cluster = {"name": "cluster", "kubernetes": {"kubeconfig": str(kubeconfig), "lease": LEASE}}
        self.server = Server(config={
            "sources": [cluster], "zones": [{"name": "global", "ttl": "1s", "negative-ttl": "1s"}], "lameduck": "2s",
            "mass-delete-guard": "0%",
            "vip": {"pools": [POOL], "quarantine": f"{QUARANTINE}s", "tombstone": "1h",
                    "ledger": {"kubernetes": {"namespace": "default", "name": "meridian"}}}}, start=False)
        self.server.start(ready=False)
        self.stopped = False
        self.answers = 0
        self._end = threading.Event()
        self._questioner = threading.Thread(target=self._ask_all, daemon=True)
        self._questioner.start()

    def _ask_all(self):
        while not self._end.wait(0.02):
            for host in HOSTS:
                if port := self.server.port if self.server.process else None:
                    self._ask(host, port)

    def _ask(self, host, port):
        sent = time.monotonic()
        try:
            reply = dns.query.udp(dns.message.make_query(host, "A"), "127.0.0.1", 0.3, port)
        except (dns.exception.DNSException, OSError):
            return
        for address in addresses(reply):
            self.answers += 1
            self.history.answered(self.name, host, address, sent, time.monotonic())

    def answer(self, host):
        reply = dns.query.udp(dns.message.make_query(host, "A"), "127.0.0.1", 2.0, self.server.port)
        return addresses(reply)

    def restart(self, how, forget):
        self.resume()
        self.server.kill() if how == signal.SIGKILL else self.server.stop()
        if forget:  # another node: nothing but the cluster remembers
            shutil.rmtree(self.server.state, ignore_errors=True)
        self.server.start(ready=False)

    def pause(self):
        self.server.signal(signal.SIGSTOP)
        self.stopped = True

    def resume(self):
        if self.stopped:
            self.server.signal(signal.SIGCONT)
        self.stopped = False

    def close(self):
        self._end.set()
        self._questioner.join()
        self.resume()
        self.server.close()


class Storm:
    """Does one random thing after another; what has to end later is put down in `_later`."""

    def __init__(self, seed, api, replicas, history):
        self.random, self.api, self.replicas, self.history = random.Random(seed), api, replicas, history
        self._later = []
        self._restarted = time.monotonic()
        self._busy = set()  # what has a fault at the moment
        self.done = {}

    def run(self, seconds):
        end = time.monotonic() + seconds
        whats = [(self.entry, 78), (self.kill, 3), (self.terminate, 3), (self.pause, 4), (self.cut, 4), (self.lose, 4),
                 (self.api_restart, 1), (self.edit, 3)]
        while time.monotonic() < end:
            what = self.random.choices([w for w, _ in whats], [weight for _, weight in whats])[0]
            what()
            self.done[what.__name__] = self.done.get(what.__name__, 0) + 1
            self._catch_up()
            threading.Event().wait(self.random.uniform(0, 0.3))
        while self._later:
            self._catch_up()
            threading.Event().wait(0.05)
        self.api.clear_faults()

    def _catch_up(self):
        now = time.monotonic()
        for due in [d for d in self._later if d[0] <= now]:
            self._later.remove(due)
            due[1]()

    def _for_a_while(self, key, begin, end):
        if key in self._busy:
            return
        self._busy.add(key)
        begin()

        def finish():
            end()
            self._busy.discard(key)
        self._later.append((time.monotonic() + self.random.uniform(0.2, LONGEST_FAULT), finish))

    def entry(self):
        host = self.random.choice(HOSTS)
        if self.history.alive(host):
            self.history.removing(host)
            self.api.remove("serviceentries", host.replace(".", "-"))
        else:
            self.api.put(entry_object(host))
            self.history.created(host)

    def _replica(self):
        return self.random.choice(self.replicas)

    def kill(self):
        self._restarted = time.monotonic()
        self._replica().restart(signal.SIGKILL, forget=self.random.random() < 0.4)

    def terminate(self):
        self._restarted = time.monotonic()
        self._replica().restart(signal.SIGTERM, forget=self.random.random() < 0.4)

    def pause(self):
        replica = self._replica()
        self._for_a_while(("pause", replica.name), replica.pause, replica.resume)

    def cut(self):
        replica, faults = self._replica(), []

        def begin():
            how = self.random.choice([{"drop": "reset"}, {"hang": True}])
            faults.append(self.api.fault(user=replica.name, times=None, **how))
            if self.random.random() < 0.5:
                self.api.reset_connections()
        self._for_a_while(("cut", replica.name), begin, lambda: self.api.clear_faults(faults[0]))

    def lose(self):
        """The next writes of the ledger are done and not answered, or not in time, or done late."""
        how = self.random.choice([{"drop_after": "reset"}, {"delay_after": 1.5}, {"delay": 1.5}, {"status": 500}])
        faults = []
        path = self.random.choice(["configmaps", "leases", "configmaps"])
        self._for_a_while(("lose", path), lambda: faults.append(
            self.api.fault(path=path, method=self.random.choice(["PATCH", "POST", "PUT"]), times=3, **how)),
            lambda: self.api.clear_faults(faults[0]))

    def api_restart(self):
        self._for_a_while("api", self.api.stop, self.api.start)

    def edit(self):
        """By hand: nonsense in a shard; or, while a leader is there to mend it, the whole shard is deleted."""
        if not self._shard():
            return
        led = not self._busy and time.monotonic() - self._restarted > 4 * LONGEST_FAULT
        if led and self.random.random() < 0.7:
            self.api.remove("configmaps", SHARD, "default")
            eventually(self._shard, what="the shard is made again")
        else:
            self.api.patch("configmaps", SHARD, {"data": {"nonsense": "{"}}, manager="kubectl-edit")

    def _shard(self):
        return [o for o in self.api.objects("configmaps", "default") if o["metadata"]["name"] == SHARD]


def entry_object(host):
    return entry(host, name=host.replace(".", "-"))


class Replicas(unittest.TestCase):
    def test_whatever_dies_when_no_two_answers_contradict_each_other(self):
        print(f"seed {SEED}, {SECONDS} s", flush=True)
        history = History(QUARANTINE)
        api = ApiServer().start()
        self.addCleanup(api.close)
        replicas = []
        for name in ("one", "two"):
            replicas.append(Replica(name, api, history))
            self.addCleanup(replicas[-1].close)
        storm = Storm(SEED, api, replicas, history)
        storm.run(SECONDS)
        self.assertEqual(history.contradictions, [], f"seed {SEED}")
        self.calm(replicas, history)
        self.assertEqual(history.contradictions, [], f"seed {SEED}")
        print(f"{sum(r.answers for r in replicas)} answers, {history.lives} entries, {storm.done}", flush=True)
        self.assertGreater(sum(r.answers for r in replicas), SECONDS)

    def calm(self, replicas, history):
        def all_alike():
            for host in HOSTS:
                answers = [r.answer(host) for r in replicas]
                self.assertEqual(answers[0], answers[1], host)
                self.assertEqual(len(answers[0]), 1 if history.alive(host) else 0, host)
            return True
        eventually(all_alike, deadline=60 + QUARANTINE, what=f"everybody answers alike (seed {SEED})")
        writers = {r.server.status()["vips"].get("writer") for r in replicas}
        self.assertEqual(len(writers), 1, writers)


if __name__ == "__main__":
    socket.setdefaulttimeout(30)
    unittest.main(verbosity=2)
