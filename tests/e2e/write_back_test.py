#!/usr/bin/python3
"""`vip.write-back: spec`, as the users of a cluster see it (behaviour 8): their entries get the VIP that we answer, their own
lists are never touched, and what the API server refuses costs nobody an answer."""
import pathlib
import re
import sys
import unittest

from meridian import Server, entry, eventually

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from apiserver import ApiServer  # noqa: E402
from apiserver import kubeconfigs  # noqa: E402

OPT_OUT_LABEL = {"networking.istio.io/enable-autoallocate-ip": "false"}
OPT_OUT_ANNOTATION = {"meridian.internal/vip": "none"}
ACCOUNT = "system:serviceaccount:meridian:meridian"


class Cluster(unittest.TestCase):
    """An API server, a Meridian that writes into it, and words to speak about both."""

    def setUp(self):
        self.api = ApiServer().start()
        self.addCleanup(self.api.close)
        self.api.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "meridian"}})

    def serve(self, kubeconfig=None):
        source = {"kubernetes": {"kubeconfig": str(kubeconfig or self.api.kubeconfig),
                                 "lease": {"duration": "3s", "renew": "2s", "retry": "1s"}}}
        server = Server(config={"sources": [source], "vip": {
            "write-back": "spec", "ledger": {"kubernetes": {"namespace": "meridian"}}}})
        self.addCleanup(server.close)
        return server

    # The entries, all in namespace shop.

    def put(self, *hosts, name="web", manager="kubectl-create", **more):
        return self.api.put(entry(*hosts, name=name, namespace="shop", **more), manager=manager)

    def patch(self, patch, name="web", manager="kubectl-edit"):
        self.api.patch("serviceentries", name, patch, namespace="shop", manager=manager)

    def list_of(self, name="web"):
        """spec.addresses, or None."""
        return self.api.object("serviceentries", name, "shop")["spec"].get("addresses")

    def owners(self, name="web"):
        """Who owns the list."""
        lines = self.api.object("serviceentries", name, "shop")["metadata"]["managedFields"]
        return [line["manager"] for line in lines if "f:addresses" in line["fieldsV1"].get("f:spec", {})]

    def written(self, name="web"):
        """The one address that an entry has, once it is ours."""
        def look():
            found = self.list_of(name)
            return found and self.owners(name) == ["meridian"] and found
        found = eventually(look, what=f"a VIP in {name}")
        self.assertEqual(len(found), 1, found)
        return found[0]

    def patches(self, name=""):
        return self.api.requests(f"/serviceentries/{name}", method="PATCH")

    def answers(self, server, host, address):
        eventually(lambda: server.answer(host) == f"NOERROR {address}", what=f"{host} is {address}")

    def events(self, reason):
        return [e for e in self.api.objects("events", "shop") if e["reason"] == reason]

    def metric(self, server, name, **labels):
        """The sum of a metric's samples that have these labels."""
        total = 0.0
        for line in server.get("/metrics")[1].splitlines():
            found = re.match(rf"{name}(?:{{(.*)}})? (\S+)$", line)
            if found and all(f'{k}="{v}"' in (found.group(1) or "") for k, v in labels.items()):
                total += float(found.group(2))
        return total


class Written(Cluster):
    def test_an_entry_gets_one_address_and_the_answer_is_the_same(self):
        self.put("web.shop.global")
        server = self.serve()
        vip = self.written()
        self.answers(server, "web.shop.global", vip)
        reverse = ".".join(reversed(vip.split("."))) + ".in-addr.arpa"
        self.assertEqual(server.answer(reverse, "PTR"), "NOERROR web.shop.global.")
        self.put("late.shop.global", name="late")
        self.answers(server, "late.shop.global", self.written("late"))

    def test_entries_that_share_a_host_share_its_vip_and_so_do_the_hosts_of_an_entry(self):
        self.put("web.shop.global", "www.shop.global", name="a")
        self.put("www.shop.global", "shop.global", name="b")
        self.put("other.shop.global", name="c")
        server = self.serve()
        vip = self.written("a")
        self.assertEqual(self.written("b"), vip)
        self.assertNotEqual(self.written("c"), vip)
        for host in ("web.shop.global", "www.shop.global", "shop.global"):
            self.answers(server, host, vip)

    def test_a_list_that_somebody_takes_away_comes_back(self):
        self.put("web.shop.global")
        self.serve()
        vip = self.written()
        self.patch({"spec": {"addresses": None}})
        self.assertEqual(self.written(), vip)

    def test_a_restart_writes_nothing_again(self):
        self.put("web.shop.global")
        server = self.serve()
        vip = self.written()
        server.restart()
        self.put("marker.shop.global", name="marker")
        self.written("marker")
        self.assertEqual(len(self.patches("web")), 1)
        self.assertEqual(self.written(), vip)
        self.answers(server, "web.shop.global", vip)

    def test_an_entry_that_is_made_anew_gets_its_vip_again(self):
        self.put("web.shop.global")
        server = self.serve()
        vip = self.written()
        self.api.remove("serviceentries", "web", "shop")
        eventually(lambda: server.answer("web.shop.global").startswith("NXDOMAIN"), what="the entry is gone")
        self.put("web.shop.global")
        self.assertEqual(self.written(), vip)


class LetGo(Cluster):
    def test_a_list_that_a_user_wrote_is_never_touched(self):
        self.put("fixed.shop.global", "10.1.2.3", "10.1.2.4", name="fixed", resolution="NONE")
        self.put("web.shop.global")
        server = self.serve()
        self.written()
        self.assertEqual(self.patches("fixed"), [])
        self.assertEqual(server.answer("fixed.shop.global"), "NOERROR 10.1.2.3 10.1.2.4")

    def test_a_user_who_writes_over_our_list_keeps_his(self):
        self.put("web.shop.global")
        server = self.serve()
        self.written()
        self.patch({"spec": {"addresses": ["10.1.2.3"]}})
        self.answers(server, "web.shop.global", "10.1.2.3")
        self.put("marker.shop.global", name="marker")
        self.written("marker")
        self.assertEqual(self.list_of(), ["10.1.2.3"])
        self.assertEqual(self.owners(), ["kubectl-edit"])

    def test_opting_out_takes_our_address_back(self):
        for how in ({"labels": OPT_OUT_LABEL}, {"annotations": OPT_OUT_ANNOTATION}):
            with self.subTest(how=how):
                name = next(iter(how))
                self.put(f"{name}.shop.global", name=name)
                server = self.serve()
                self.written(name)
                self.patch({"metadata": how}, name)
                eventually(lambda: self.list_of(name) is None, what="taken back")
                eventually(lambda: server.answer(f"{name}.shop.global") == "NOERROR soa", what="no VIP")
                self.assertEqual(self.owners(name), [])
                server.close()

    def test_who_opts_out_with_a_list_of_his_own_keeps_it(self):
        self.put("web.shop.global")
        server = self.serve()
        self.written()
        self.patch({"metadata": {"labels": OPT_OUT_LABEL}, "spec": {"addresses": ["10.1.2.3"]}})
        self.answers(server, "web.shop.global", "10.1.2.3")
        self.put("marker.shop.global", name="marker")
        self.written("marker")
        self.assertEqual(self.list_of(), ["10.1.2.3"])


class Refused(Cluster):
    def still_answers(self, server):
        """The answer to web, from which nothing that was refused took anything away; and other entries are written."""
        answer = eventually(lambda: re.fullmatch(r"NOERROR (245\.\S+)", server.answer("web.shop.global")), what="a VIP")
        self.put("other.shop.global", name="other")
        self.assertNotEqual(self.written("other"), answer.group(1))
        self.assertEqual(server.answer("web.shop.global"), answer.group(0))
        self.assertTrue(server.ready())
        return answer.group(1)

    def test_a_list_of_another_manager_is_a_conflict_that_its_owner_is_told_of(self):
        self.put("web.shop.global", addresses=[], manager="argocd")
        server = self.serve()
        self.still_answers(server)
        event = eventually(lambda: self.events("VipWriteBackRefused"), what="an Event")[0]
        self.assertIn('"argocd"', event["message"])
        self.assertEqual((event["type"], event["involvedObject"]["name"]), ("Warning", "web"))
        self.assertEqual(self.list_of(), [])
        self.assertGreaterEqual(self.metric(server, "meridian_write_back_total", result="conflict"), 1)

    def test_a_webhook_that_says_no(self):
        fault = self.api.fault(method="PATCH", path="/serviceentries/web", webhook="policy.example", message="no lists here",
                               times=None)
        self.put("web.shop.global")
        server = self.serve()
        vip = self.still_answers(server)
        event = eventually(lambda: self.events("VipWriteBackRefused"), what="an Event")[0]
        self.assertIn("no lists here", event["message"])
        self.assertGreaterEqual(self.metric(server, "meridian_write_back_total", result="denied"), 1)
        self.assertIsNone(self.list_of())
        self.api.clear_faults(fault)
        self.assertEqual(self.written(), vip)

    def test_without_the_right_to_patch_everything_else_works(self):
        for role in ("watch", "ledger"):
            for manifest in (ROOT / "packaging/k8s/rbac" / role).glob(f"{role}.yaml"):
                self.api.load_rbac(manifest)
        self.api.add_token("pod", ACCOUNT)
        self.put("web.shop.global")
        server = self.serve(kubeconfigs.token(self.api.directory / "pod", self.api, "pod"))
        answer = eventually(lambda: re.fullmatch(r"NOERROR (245\.\S+)", server.answer("web.shop.global")), what="a VIP")
        eventually(lambda: self.metric(server, "meridian_write_back_total", result="forbidden") >= 1, what="counted")
        self.assertEqual(self.events("VipWriteBackRefused"), [])  # those are forbidden too
        self.assertIn("cannot patch resource", server.log())
        self.assertIsNone(self.list_of())
        self.api.load_rbac(ROOT / "packaging/k8s/rbac/write-back/write-back.yaml")
        self.assertEqual(self.written(), answer.group(1))
        self.assertTrue(server.ready())


if __name__ == "__main__":
    unittest.main(verbosity=2)
