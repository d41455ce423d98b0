#!/usr/bin/python3
"""ServiceEntries from API servers, one or several, and what happens to answers when one is away, restarts, loses its CRD,
or refuses us."""
import pathlib
import sys
import unittest

from meridian import Server, entries, entry, eventually

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from apiserver import ApiServer  # noqa: E402

MANY = 30


def many(first=0):
    return [entry(f"h{i}.shop.global", f"240.0.1.{first + i + 1}", namespace="shop") for i in range(MANY)]


class Clusters(unittest.TestCase):
    def api(self, *objects):
        api = ApiServer().start()
        self.addCleanup(api.close)
        if objects:
            api.put_many(entries(*objects))
        return api

    def serve(self, *sources, **options):
        """`sources`: API servers, or settings."""
        settings = [{"name": f"c{i}", "kubernetes": {"kubeconfig": str(s.kubeconfig)}} if isinstance(s, ApiServer) else s
                    for i, s in enumerate(sources)]
        server = Server(config={"sources": settings, **options.pop("config", {})}, **options)
        self.addCleanup(server.close)
        return server

    def until(self, server, name, answer):
        eventually(lambda: server.answer(name) == answer, what=f"{name} {answer}, not {server.answer(name)}")

    def source(self, server, name="c0"):
        return {s["name"]: s for s in server.status()["sources"]}[name]

    def answered(self, server):
        return sum(server.answer(f"h{i}.shop.global") == f"NOERROR 240.0.1.{i + 1}" for i in range(MANY))


class OneCluster(Clusters):
    def test_entries_come_change_and_go(self):
        api = self.api(entry("web.shop.global", "240.0.0.2", namespace="shop"))
        server = self.serve(api)
        self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2")
        self.assertTrue(self.source(server)["kind"].startswith(f"kubernetes {api.url}"))
        api.wait_for_watch()
        api.put(entry("new.shop.global", "240.0.0.3", namespace="shop"))
        self.until(server, "new.shop.global", "NOERROR 240.0.0.3")
        api.put(entry("new.shop.global", "240.0.0.4", namespace="shop"))
        self.until(server, "new.shop.global", "NOERROR 240.0.0.4")
        api.remove("serviceentries", "new-shop-global", "shop")
        self.until(server, "new.shop.global", "NXDOMAIN soa")
        self.assertEqual(len(api.requests("serviceentries", verb="list")), 1)

    def test_an_entry_without_addresses_gets_a_vip(self):
        server = self.serve(self.api(entry("vip.shop.global")))
        eventually(lambda: server.answer("vip.shop.global").startswith("NOERROR 245."))

    def test_a_server_that_is_away_costs_no_answer_and_is_followed_when_it_is_back(self):
        api = self.api(entry("web.shop.global", "240.0.0.2"))
        server = self.serve(api)
        api.stop()
        eventually(lambda: not self.source(server)["up"])
        self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2")
        self.assertEqual(server.answer("no.shop.global"), "NXDOMAIN soa")
        status, page = server.get("/readyz")
        self.assertEqual(status, 200)
        self.assertIn("connection refused", " ".join(page["reasons"]))
        api.put(entry("web.shop.global", "240.0.0.3"))
        api.start()
        eventually(lambda: server.answer("web.shop.global") == "NOERROR 240.0.0.3", deadline=35)
        eventually(lambda: self.source(server)["up"] and not self.source(server)["trouble"])

    def test_after_a_restart_with_the_server_away_the_last_run_is_answered_and_called_stale(self):
        api = self.api(entry("web.shop.global", "240.0.0.2"), entry("vip.shop.global"))
        server = self.serve(api)
        vip = eventually(lambda: "245." in server.answer("vip.shop.global") and server.answer("vip.shop.global"))
        server.stop()
        api.stop()
        server.start()
        self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2")
        self.assertEqual(server.answer("vip.shop.global"), vip)
        source = self.source(server)
        self.assertEqual((source["stale"], source["up"], source["synced"]), (True, False, False))
        self.assertTrue(server.get("/readyz")[1]["reasons"])
        api.remove("serviceentries", "web-shop-global")
        api.start()
        eventually(lambda: not self.source(server)["stale"], deadline=35)
        self.until(server, "web.shop.global", "NXDOMAIN soa")
        self.assertEqual(server.answer("vip.shop.global"), vip)

    def test_a_start_before_its_crd_waits_and_says_so(self):
        api = self.api()
        api.delete_crd()
        server = self.serve(api, start=False)
        server.start(ready=False)
        eventually(lambda: "kubectl get crd" in self.source(server)["trouble"])
        self.assertEqual(server.get("/readyz")[0], 503)
        self.assertEqual(server.answer("web.shop.global"), "SERVFAIL")
        api.restore_crd()
        api.put(entry("web.shop.global", "240.0.0.2"))
        self.until(server, "web.shop.global", "NOERROR 240.0.0.2")
        eventually(server.ready)

    def test_a_missing_rule_is_named(self):
        api = self.api(entry("web.shop.global", "240.0.0.2"))
        api.add_token("secret", "system:serviceaccount:meridian:meridian")
        kubeconfig = api.write_kubeconfig("token", name="other", token="secret")
        server = self.serve({"name": "c0", "kubernetes": {"kubeconfig": str(kubeconfig)}}, start=False)
        server.start(ready=False)
        eventually(lambda: "verbs: [list, watch] in a ClusterRole" in self.source(server)["trouble"])
        api.grant("system:serviceaccount:meridian:meridian", [
            {"apiGroups": ["networking.istio.io"], "resources": ["serviceentries"], "verbs": ["list", "watch"]}])
        self.until(server, "web.shop.global", "NOERROR 240.0.0.2")
        self.assertNotIn("secret", server.log())


class MassDeletes(Clusters):
    def test_a_crd_that_is_deleted_takes_at_most_half_of_the_names_and_a_404_confirms_nothing(self):
        api = self.api(*many())
        server = self.serve(api)
        self.assertEqual(self.answered(server), MANY)
        api.wait_for_watch()
        api.delete_crd()
        eventually(lambda: "kubectl get crd" in self.source(server)["trouble"])
        kept = self.answered(server)
        self.assertGreaterEqual(kept, MANY // 2)
        self.assertEqual(self.source(server)["held_back"], kept)
        # By the pauses between tries this is well behind the second look.
        start = len(api.requests("networking.istio.io"))
        eventually(lambda: len(api.requests("networking.istio.io")) >= start + 7, deadline=60)
        self.assertEqual(self.answered(server), kept)
        api.restore_crd()
        api.put_many(entries(*many()))
        eventually(lambda: self.answered(server) == MANY and self.source(server)["held_back"] == 0, deadline=35)

    def test_entries_that_are_really_gone_go_after_a_second_look(self):
        api = self.api(*many())
        server = self.serve(api)
        api.wait_for_watch()
        for i in range(MANY):
            api.remove("serviceentries", f"h{i}-shop-global", "shop")
        eventually(lambda: self.source(server)["held_back"] > 0)
        self.assertGreaterEqual(self.answered(server), MANY // 2)
        eventually(lambda: self.answered(server) == 0 and self.source(server)["held_back"] == 0)

    def test_what_went_while_we_were_away_is_held_until_a_second_look(self):
        api = self.api(*many())
        server = self.serve(api)
        self.assertEqual(self.answered(server), MANY)
        server.stop()
        for i in range(MANY):
            api.remove("serviceentries", f"h{i}-shop-global", "shop")
        server.start()
        self.assertEqual(self.source(server)["held_back"], MANY)
        self.assertEqual(self.answered(server), MANY)
        eventually(lambda: self.answered(server) == 0)


class SeveralSources(Clusters):
    def test_each_has_its_own_age_and_state_and_the_first_one_wins(self):
        east = self.api(entry("both.shop.global", "240.0.0.2"), entry("east.shop.global", "240.0.0.3"))
        west = self.api(entry("both.shop.global", "240.0.0.4"), entry("west.shop.global", "240.0.0.5"))
        server = self.serve(east, west, {"name": "local", "files": "FILES"}, start=False)
        files = {"name": "local", "files": str(server.source)}
        server.configure(sources=server.settings["sources"][:2] + [files])
        server.write({"a.yaml": entry("local.shop.global", "240.0.0.6")})
        server.start()
        names = {"both": "240.0.0.2", "east": "240.0.0.3", "west": "240.0.0.5", "local": "240.0.0.6"}
        for name, address in names.items():
            self.until(server, f"{name}.shop.global", f"NOERROR {address}")

        with self.subTest("one cluster is down"):
            east.stop()
            eventually(lambda: not self.source(server, "c0")["up"])
            for name, address in names.items():
                self.assertEqual(server.answer(f"{name}.shop.global"), f"NOERROR {address}")
            west.put(entry("new.shop.global", "240.0.0.7"))
            self.until(server, "new.shop.global", "NOERROR 240.0.0.7")
            self.assertTrue(self.source(server, "c1")["up"])
            self.assertTrue(self.source(server, "local")["up"])
            self.assertGreater(self.source(server, "c0")["age_seconds"], 0)

        with self.subTest("so are the files"):
            server.source.rename(server.directory / "away")
            eventually(lambda: not self.source(server, "local")["up"])
            self.assertEqual(server.answer("local.shop.global"), "NOERROR 240.0.0.6")
            west.put(entry("new.shop.global", "240.0.0.8"))
            self.until(server, "new.shop.global", "NOERROR 240.0.0.8")

        with self.subTest("all of them are back"):
            east.remove("serviceentries", "both-shop-global")
            east.start()
            (server.directory / "away").rename(server.source)
            eventually(lambda: server.answer("both.shop.global") == "NOERROR 240.0.0.4", deadline=35)
            eventually(lambda: all(s["up"] and not s["stale"] for s in server.status()["sources"]), deadline=35)

    def test_what_one_has_is_answered_at_once_and_what_nobody_has_waits_for_the_others(self):
        east, west = self.api(entry("east.shop.global", "240.0.0.3")), self.api(entry("west.shop.global", "240.0.0.5"))
        west.stop()
        server = self.serve(east, west, start=False)
        server.start(ready=False)
        self.until(server, "east.shop.global", "NOERROR 240.0.0.3")
        self.assertEqual(server.answer("west.shop.global"), "SERVFAIL")
        self.assertEqual(server.get("/readyz")[0], 503)
        west.start()
        eventually(lambda: server.answer("west.shop.global") == "NOERROR 240.0.0.5", deadline=35)
        self.assertEqual(server.answer("no.shop.global"), "NXDOMAIN soa")

    def test_some_namespaces_of_a_cluster(self):
        api = self.api(entry("a.one.global", "240.0.0.1", namespace="one"),
                       entry("b.two.global", "240.0.0.2", namespace="two"),
                       entry("c.three.global", "240.0.0.3", namespace="three"))
        server = self.serve({"kubernetes": {"kubeconfig": str(api.kubeconfig), "namespaces": ["one", "three"]}})
        answers = [server.answer(name) for name in ("a.one.global", "b.two.global", "c.three.global")]
        self.assertEqual(answers, ["NOERROR 240.0.0.1", "NXDOMAIN soa", "NOERROR 240.0.0.3"])


class Changes(Clusters):
    HOSTS = [f"h{i}.shop.global" for i in range(6)]

    def test_a_local_ledger_becomes_a_shared_one_and_no_vip_moves(self):
        # A small pool, where the order of arrival decides who has what, and a host that has gone, which is in quarantine.
        api = self.api(*(entry(host, namespace="shop") for host in self.HOSTS))
        vip = {"pools": ["245.9.9.0/28"]}
        server = self.serve(api, config={"vip": vip})
        eventually(lambda: all(server.answer(host).startswith("NOERROR 245.") for host in self.HOSTS))
        api.remove("serviceentries", "h0-shop-global", "shop")
        self.until(server, "h0.shop.global", "NXDOMAIN soa")
        before = [server.answer(host) for host in self.HOSTS[1:]]
        server.kill()
        shared = {**vip, "ledger": {"kubernetes": {"source": "c0", "namespace": "default"}}}
        server.restart(vip=shared)
        eventually(lambda: [server.answer(host) for host in self.HOSTS[1:]] == before)
        eventually(lambda: server.status()["vips"]["ledger"]["writes"])
        self.assertEqual([server.answer(host) for host in self.HOSTS[1:]], before)
        self.assertEqual(server.status()["vips"]["pools"][0]["quarantined"], 1)

    def test_max_age_counts_after_a_restart_too(self):
        api = self.api(entry("web.shop.global", "240.0.0.2"))
        server = self.serve(api, config={"stale": {"max-age": "1s"}})
        self.assertEqual(server.get("/readyz")[0], 200)
        api.stop()
        server.stop()
        server.start(ready=False)
        self.until(server, "web.shop.global", "NOERROR 240.0.0.2")
        eventually(lambda: server.get("/readyz")[0] == 503)
        self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2")


if __name__ == "__main__":
    unittest.main()
