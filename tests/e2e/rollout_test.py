#!/usr/bin/python3
"""The two replicas of packaging/k8s through updates, kills and days without an API server, while clients ask all the time:
answers never stop, and no VIP ever changes."""
import json
import threading
import unittest

from meridian import NOBODY, entry, eventually, texts
from pods import Cluster, user_of

ACCOUNT = "meridian@meridian"
HOSTS = [f"h{number}.shop.global" for number in range(5)]
LONG = {"duration": "60s", "renew": "40s", "retry": "1s"}  # a Lease that nobody waits out in a test


class Clients:
    """They ask the pods that are in the Service, one after the other, and note every answer that is not what is expected:
    `answers` by name."""

    def __init__(self, answers, *pods):
        self.answers, self.wrong, self.asked = dict(answers), [], 0
        self._service, self._turn, self._end = list(pods), threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def add(self, pod):
        with self._turn:
            self._service.append(pod)

    def withdraw(self, pod):
        """Nobody asks it when this returns."""
        with self._turn:
            self._service.remove(pod)

    def _ask(self):
        turn = 0
        while not self._end.wait(0.001):  # other processes want to run, too
            with self._turn:
                turn += 1
                pod, name = self._service[turn % len(self._service)], HOSTS[turn % len(HOSTS)]
                try:
                    answer = texts(pod.send(pod.query(name), timeout=10))
                except Exception as e:  # whatever it is, it is no answer
                    answer = repr(e)
                self.asked += 1
                if answer != self.answers[name]:
                    self.wrong.append((pod.port, name, answer))

    def ask_on(self):
        """Until each name was asked for once more."""
        start = self.asked
        eventually(lambda: self.asked > start + 4 * len(HOSTS))

    def close(self):
        self._end.set()
        self._thread.join()


class Replicas(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster("overlays/ledger")
        self.addCleanup(self.cluster.close)
        self.api = self.cluster.api
        self.api.put_many("\n---\n".join(entry(host, namespace="shop") for host in HOSTS))
        self.more = 0

    def run_two(self, lease=None):
        """(leader, follower), asked by self.clients from now on."""
        pods = [self.cluster.pod(lease=lease), self.cluster.pod(lease=lease)]
        self.answers = {host: f"NOERROR {eventually(lambda host=host: pods[0].vip(host))}" for host in HOSTS}
        self.answer_alike(*pods)
        self.clients = Clients(self.answers, *pods)
        self.addCleanup(self.clients.close)
        leader = self.writer_of(pods)
        return leader, next(pod for pod in pods if pod is not leader)

    def writer_of(self, pods):
        found = eventually(lambda: [pod for pod in pods if pod.writes()], what="a writer")
        self.assertEqual(len(found), 1)
        return found[0]

    def answer_alike(self, *pods):
        for pod in pods:
            eventually(lambda: {host: pod.answer(host) for host in HOSTS} == self.answers, what="the VIPs of before")

    def allocates(self, *pods):
        """A new host gets a VIP, the same from all of them."""
        self.more += 1
        self.api.put(entry(f"more{self.more}.shop.global", namespace="shop"))
        vip = eventually(lambda: pods[0].vip(f"more{self.more}.shop.global"), what="a VIP of a new host")
        for pod in pods[1:]:
            eventually(lambda: pod.vip(f"more{self.more}.shop.global") == vip, what="the same VIP")

    def all_well(self):
        self.clients.ask_on()
        self.assertEqual(self.clients.wrong, [])
        self.assertEqual(len(set(self.answers.values())), len(HOSTS))
        self.assertEqual(self.cluster.refused(), [])

    def claims(self):
        """(who, when it was sent) of each write of the Lease that was taken; who is empty when it is let go."""
        return [(json.loads(r["body"])["spec"]["holderIdentity"], r["started"])
                for r in self.api.requests("/leases", user=user_of(ACCOUNT)) if r["method"] != "GET" and r["status"] in (200, 201)]


class Life(Replicas):
    def test_a_rolling_update(self):
        """A new pod is ready, an old one leaves the Service, and ends; then the other one."""
        old, pods = list(self.run_two(LONG)), []
        for leaving in list(old):
            fresh = self.cluster.pod(lease=LONG)
            self.answer_alike(fresh)
            self.clients.add(fresh)
            pods.append(fresh)
            self.clients.withdraw(leaving)
            held = leaving.writes()
            self.assertEqual(leaving.stop(), 0)
            old.remove(leaving)
            if held:
                self.assertEqual(len(leaving.messages("released", levels=("info",))), 1)
            self.writer_of(old + pods)
            self.allocates(*old, *pods)
        self.all_well()
        holders = [who for who, _ in self.claims()]
        taken = [(before, after) for before, after in zip(holders, holders[1:]) if before != after]
        self.assertTrue(taken)
        self.assertTrue(all("" in change for change in taken), "nobody took a Lease that was not let go")

    def test_a_leader_that_is_killed(self):
        leader, follower = self.run_two()
        self.clients.withdraw(leader)
        holder = leader.ledger["writer"]
        leader.kill()
        self.api.put(entry("late.shop.global", namespace="shop"))
        self.assertIn(follower.answer("late.shop.global"), ("NXDOMAIN soa", "SERVFAIL"))
        eventually(follower.writes, what="taken over")
        eventually(lambda: follower.vip("late.shop.global"), what="a VIP")
        renewed = max(when for who, when in self.claims() if who == holder)
        taken = min(when for who, when in self.claims() if who not in ("", holder))
        self.assertGreaterEqual(taken - renewed, 3)  # `duration`: the Lease ran out
        leader.start()
        self.answer_alike(leader)
        self.assertFalse(leader.writes())
        self.allocates(leader, follower)
        self.all_well()

    def test_pods_that_are_made_anew_with_nothing_on_disk(self):
        pods = self.run_two()
        for how in ("stop", "kill"):
            self.clients.close()
            for pod in pods:
                getattr(pod, how)()
            pods = [self.cluster.pod(), self.cluster.pod()]
            self.answer_alike(*pods)
            self.clients = Clients(self.answers, *pods)
            self.addCleanup(self.clients.close)
            self.writer_of(pods)
            self.allocates(*pods)
            self.all_well()


    def test_a_state_directory_that_can_only_be_read(self):
        """The ledger is in the cluster, so only a restart without an API server would miss it."""
        pod = self.cluster.pod()
        self.answers = {host: f"NOERROR {eventually(lambda host=host: pod.vip(host))}" for host in HOSTS}
        pod.stop()
        pod.state.chmod(0o555)
        self.addCleanup(pod.state.chmod, 0o755)
        for path in (pod.directory, self.api.directory, *self.api.directory.rglob("*")):
            path.chmod(0o755)  # to be read by nobody
        pod.user = NOBODY
        pod.start()
        self.answer_alike(pod)
        self.allocates(pod)
        eventually(lambda: "readonly database" in " ".join(pod.get("/readyz")[1]["reasons"]), what="a reason")


class WithoutTheApiServer(Replicas):
    def source(self, pod):
        return pod.status()["sources"][0]

    def metric(self, pod, name):
        (value,) = [line.split()[1] for line in pod.get("/metrics")[1].splitlines() if line.startswith(name + "{")]
        return float(value)

    def test_for_a_day(self):
        leader, follower = self.run_two()
        self.api.stop()
        for pod in (leader, follower):
            eventually(lambda: not self.source(pod)["up"])
            self.assertEqual(self.metric(pod, "meridian_source_up"), 0)
        eventually(lambda: not leader.writes(), what="the leader stops")
        # Its container comes back, and its state is kept.
        self.clients.withdraw(follower)
        follower.kill()
        follower.start()
        self.answer_alike(follower)
        self.clients.add(follower)
        self.assertTrue(self.source(follower)["stale"])
        self.assertFalse(follower.writes())
        age = self.metric(leader, "meridian_source_age_seconds")
        eventually(lambda: self.metric(leader, "meridian_source_age_seconds") > age)
        # So does the other's, which knows the ledger as it wrote it.
        self.clients.withdraw(leader)
        leader.stop()
        leader.start()
        self.answer_alike(leader)
        self.clients.add(leader)
        self.clients.ask_on()
        for pod in (leader, follower):
            status, page = pod.get("/readyz")
            self.assertEqual((status, page["ready"]), (200, True))
            self.assertTrue(page["reasons"])
            self.assertEqual(pod.answer("no.shop.global"), "NXDOMAIN soa")
            lines = pod.messages("")
            self.assertEqual(len(lines), len(set(lines)), lines)
        # The token has expired meanwhile, and there is news.
        self.api.revoke_token(f"token-of-{ACCOUNT}")
        self.api.add_token("another", user_of(ACCOUNT))
        self.api.write_service_account("another", "meridian", name=ACCOUNT)
        self.api.put(entry("news.shop.global", namespace="shop"))
        self.api.start()
        for pod in (leader, follower):
            eventually(lambda: self.source(pod)["up"] and not self.source(pod)["stale"], deadline=35)
            eventually(lambda: pod.vip("news.shop.global"), what="a VIP for the new entry")
        self.assertEqual(leader.vip("news.shop.global"), follower.vip("news.shop.global"))
        self.writer_of([leader, follower])
        eventually(lambda: not (leader.get("/readyz")[1]["reasons"] or follower.get("/readyz")[1]["reasons"]))
        self.all_well()


if __name__ == "__main__":
    unittest.main()
