#!/usr/bin/python3
"""The manifests of packaging/k8s at work: what each mode does, with the rights that it has and needs each of; what is told
when one of them is missing; and those who may only read. How replicas come and go is rollout_test.py."""
import json
import re
import unittest

from meridian import entry, eventually
from pods import ADMIRAL, Cluster, configuration, manifests, user_of, without

WRITE_BACK = "overlays/write-back", "rbac/admiral"
WEB, PLAIN = entry("web.shop.global", namespace="shop"), entry("plain.shop.global", "240.0.0.2", namespace="shop")
# Its empty list is somebody else's, so ours is refused, and its owner is told.
FOREIGN = json.loads(entry("foreign.shop.global", namespace="shop", addresses=[]))


def admiral(*addresses):
    """Its ConfigMap, as it gave them to hosts of its own."""
    lines = [f"  host-{number}.mesh: {address}" for number, address in enumerate(addresses)]
    store = "\n".join(["entry-addresses:", *lines, "addresses:", *(f"- {address}" for address in addresses), ""])
    space, _, name = ADMIRAL.partition("/")
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": space},
            "data": {"serviceEntryAddressStore": store}}


def with_admiral():
    """meridian.yaml of the write-back overlay, as the README says that it follows Admiral."""
    settings = configuration(manifests(WRITE_BACK[0]))
    settings["vip"]["exclude-admiral"] = ADMIRAL
    return settings


class Manifests(unittest.TestCase):
    def cluster(self, *directories, **options):
        cluster = Cluster(*directories, **options)
        self.addCleanup(cluster.close)
        return cluster

    def one_writer(self, *pods):
        """It, and the others."""
        writer = eventually(lambda: [pod for pod in pods if pod.writes()], what="a writer")
        self.assertEqual(len(writer), 1)
        return writer[0], [pod for pod in pods if pod is not writer[0]]

    def shards(self, cluster):
        """What the ledger's ConfigMaps hold: text."""
        found = [each for each in cluster.api.objects("configmaps", "meridian") if "vips" not in each["metadata"]["name"]]
        return json.dumps([each.get("data", {}) for each in found])

    def addresses_of(self, cluster, name):
        return cluster.api.object("serviceentries", name, "shop")["spec"].get("addresses")

    def exact(self, cluster):
        """The rights are enough, and not one is too many."""
        self.assertEqual(cluster.refused(), [])
        eventually(lambda: not cluster.unused(), deadline=5, what=f"no use of {cluster.unused()}")
        self.assertEqual(cluster.refused(), [])


class Modes(Manifests):
    def test_watch(self):
        cluster = self.cluster("overlays/watch")
        cluster.api.put_many("\n---\n".join([WEB, PLAIN]))
        istiod = json.loads(entry("auto.shop.global", namespace="shop")) | {"status": {"addresses": [{"value": "240.240.0.9", "host": "auto.shop.global"}]}}
        cluster.api.put(istiod)
        for pod in (cluster.pod(), cluster.pod()):
            answers = [pod.answer(f"{name}.shop.global") for name in ("plain", "auto", "web", "no")]
            self.assertEqual(answers, ["NOERROR 240.0.0.2", "NOERROR 240.240.0.9", "NOERROR soa", "NXDOMAIN soa"])
            self.assertIn("10.96.0.60", pod.answer("ns.dns.global"))  # beside the one that the test listens on
            self.assertEqual(pod.messages(""), [])
        cluster.api.wait_for_watch(count=2)
        self.exact(cluster)

    def test_ledger(self):
        cluster = self.cluster("overlays/ledger")
        cluster.api.put_many("\n---\n".join([WEB, PLAIN]))
        pods = [cluster.pod(), cluster.pod()]
        vip = eventually(lambda: pods[0].vip("web.shop.global"), what="a VIP")
        eventually(lambda: pods[1].vip("web.shop.global") == vip, what="the same of both")
        writer, (follower,) = self.one_writer(*pods)
        self.assertEqual(writer.ledger["writer"], follower.ledger["writer"])
        self.assertIn(vip, self.shards(cluster))
        self.assertIsNone(self.addresses_of(cluster, "web-shop-global"))
        cluster.api.put(entry("new.shop.global", namespace="shop"))
        late = eventually(lambda: follower.vip("new.shop.global"), what="a VIP for a new host")
        # A follower may hear of a write before its writer hears that it was taken.
        eventually(lambda: writer.vip("new.shop.global") == late, what="the same of the writer")
        # Somebody's hand: the shard is read, and written again.
        cluster.api.patch("configmaps", "meridian-0", {"data": None}, namespace="meridian", manager="kubectl-edit")
        eventually(lambda: vip in self.shards(cluster), what="the ledger again")
        self.assertEqual([pod.vip("web.shop.global") for pod in pods], [vip, vip])
        self.exact(cluster)

    def test_write_back_beside_admiral(self):
        with Cluster("overlays/ledger") as other:  # where nobody is in the way of the hash
            other.api.put(WEB)
            wanted = eventually(lambda pod=other.pod(): pod.vip("web.shop.global"), what="a VIP")
        cluster = self.cluster(*WRITE_BACK)
        cluster.api.put_many("\n---\n".join([WEB, PLAIN]))
        cluster.api.put(FOREIGN, manager="argocd")
        cluster.api.put(admiral(wanted))
        pods = [cluster.pod(settings=with_admiral()), cluster.pod(settings=with_admiral())]
        writer, (follower,) = self.one_writer(*pods)
        eventually(lambda: follower.vip("web.shop.global") not in (None, wanted), what="not Admiral's address")
        vip = follower.vip("web.shop.global")
        eventually(lambda: self.addresses_of(cluster, "web-shop-global") == [vip], what="written")
        self.assertEqual(writer.vip("web.shop.global"), vip)
        self.assertEqual(self.addresses_of(cluster, "plain-shop-global"), ["240.0.0.2"])
        self.assertEqual(self.addresses_of(cluster, "foreign-shop-global"), [])
        (event,) = eventually(lambda: cluster.api.objects("events", "shop"), what="an Event")
        self.assertEqual((event["reason"], event["involvedObject"]["name"]), ("VipWriteBackRefused", "foreign-shop-global"))
        cluster.api.put(admiral(wanted, "245.9.9.9"))
        eventually(lambda: all(pod.status()["admiral"]["addresses"] == 2 for pod in pods), what="Admiral's new address")
        cluster.api.wait_for_watch("configmaps", count=4)
        # The right to read one shard is for repairs.
        cluster.api.patch("configmaps", "meridian-0", {"data": None}, namespace="meridian", manager="kubectl-edit")
        self.exact(cluster)


# What is told when a right is missing, and what works all the same: "answers", those that there are; "vips", new ones for
# hosts; "written", write-back. What stands behind "but" does not. Without "update" a Lease is held until it runs out, so
# that row says nothing of VIPs.
MISSING = {
    ("*", "serviceentries.networking.istio.io", "list"): ("serviceentries.*verbs: .list, watch. in a ClusterRole", "but answers"),
    ("*", "serviceentries.networking.istio.io", "watch"): ("serviceentries.*verbs: .list, watch. in a ClusterRole",
                                                           "answers vips written"),
    ("*", "serviceentries.networking.istio.io", "patch"): ("a ClusterRole .*serviceentries.*patch", "answers vips but written"),
    ("*", "events", "create"): ("a ClusterRole .*events.*create", "answers vips written"),
    ("meridian", "configmaps", "list"): ("configmaps.*verbs: .list, watch. in a Role of namespace meridian", "answers but vips"),
    ("meridian", "configmaps", "watch"): ("configmaps.*verbs: .list, watch. in a Role of namespace meridian",
                                          "answers vips written"),
    ("meridian", "configmaps", "get"): ("a Role in namespace meridian .*configmaps.*this was get", "answers but vips"),
    ("meridian", "configmaps", "create"): ("a Role in namespace meridian .*configmaps.*this was create", "answers but vips"),
    ("meridian", "configmaps", "patch"): ("a Role in namespace meridian .*configmaps.*this was patch", "answers but vips"),
    ("meridian", "leases.coordination.k8s.io", "create"): ("can't be created.*a Role in namespace meridian", "answers but vips"),
    ("meridian", "leases.coordination.k8s.io/meridian", "get"): ("can't be read.*a Role in namespace meridian",
                                                                 "answers but vips"),
    ("meridian", "leases.coordination.k8s.io/meridian", "update"): ("can't be updated.*a Role in namespace meridian", "answers"),
    ("admiral", "configmaps/se-address-configmap", "list"): ("configmaps.*list, watch.*Role of namespace admiral",
                                                             "answers but vips"),
    ("admiral", "configmaps/se-address-configmap", "watch"): ("configmaps.*list, watch.*Role of namespace admiral",
                                                              "answers vips written"),
}


class WithoutOneRight(Manifests):
    def test_every_right_is_here(self):
        self.assertEqual(set(MISSING), {row[1:] for directory in WRITE_BACK for row in Cluster.rights_of(directory)})

    def test_what_is_missing_is_named_once_and_the_rest_works(self):
        for right, (told, works) in MISSING.items():
            with self.subTest(right), Cluster(*WRITE_BACK, lacking=("", *right)) as cluster:
                self.lacking(cluster, told, *works.partition("but ")[::2])

    def lacking(self, cluster, told, works, fails):
        cluster.api.put_many("\n---\n".join([WEB, PLAIN]))
        cluster.api.put(FOREIGN, manager="argocd")
        cluster.api.put(admiral("245.9.9.9"))
        pod = cluster.pod(settings=with_admiral(), start=False).start(ready="answers" in works)
        eventually(lambda: re.search(told, pod.told()), what=f"{told} in {pod.told()}")
        self.assertEqual(pod.answer("plain.shop.global"), "NOERROR 240.0.0.2" if "answers" in works else "SERVFAIL")
        if "vips" in works:
            eventually(lambda: pod.vip("web.shop.global"), what="a VIP")
        if "written" in works:
            eventually(lambda: self.addresses_of(cluster, "web-shop-global") == [pod.vip("web.shop.global")], what="written")
        if "vips" in fails or "answers" in fails:
            self.assertEqual(pod.answer("web.shop.global"), "SERVFAIL")
        if fails:
            self.assertIsNone(self.addresses_of(cluster, "web-shop-global"))
        lines = eventually(lambda: pod.messages(told), what=f"{told} in {pod.log()}")
        self.assertEqual(len(lines), len(set(lines)))
        self.assertNotIn("token-of", pod.log())


    def test_one_that_goes_while_all_is_well_is_named_when_it_is_needed(self):
        cluster = self.cluster("overlays/ledger")
        cluster.api.put(WEB)
        pod = cluster.pod()
        vip = eventually(lambda: pod.vip("web.shop.global"), what="a VIP")
        cluster.api.revoke_grants(user_of("meridian@meridian"))
        cluster.api.load_rbac(without(manifests("overlays/ledger"), ("", "meridian", "configmaps", "get")))
        cluster.api.patch("configmaps", "meridian-0", {"data": None}, namespace="meridian", manager="kubectl-edit")
        eventually(lambda: "this was get" in pod.ledger["trouble"], what="the trouble")
        self.assertEqual(len(pod.messages("this was get")), 1)
        self.assertEqual(pod.vip("web.shop.global"), vip)
        cluster.api.load_rbac(manifests("overlays/ledger"))
        eventually(lambda: vip in self.shards(cluster) and not pod.ledger["trouble"], what="written again")


class Readers(Manifests):
    """A sidecar and a virtual machine: they may not take the Lease."""

    TRIES = 4  # to take a Lease that nobody holds

    def test_follow_for_ever(self):
        cluster = self.cluster("overlays/ledger", "sidecar", "virtual-machine")
        cluster.api.put_many("\n---\n".join([WEB, PLAIN]))
        leader = cluster.pod("overlays/ledger")
        vip = eventually(lambda: leader.vip("web.shop.global"), what="a VIP")
        readers = [cluster.pod("sidecar"), cluster.machine()]
        for reader in readers:
            eventually(lambda: reader.vip("web.shop.global") == vip, what="the leader's VIP")
            self.assertEqual(reader.ledger["writer"], leader.ledger["writer"])
        cluster.api.put(entry("new.shop.global", namespace="shop"))
        for reader in readers:
            late = eventually(lambda: reader.vip("new.shop.global"), what="what the leader wrote later")
            eventually(lambda: leader.vip("new.shop.global") == late, what="the same of the leader")
        self.assertEqual(cluster.refused(), [])
        self.assertEqual([reader.messages("") for reader in readers], [[], []])

        leader.stop()  # nobody holds the Lease
        cluster.api.put(entry("late.shop.global", namespace="shop"))
        for reader, account in zip(readers, ("sleep@foo", "meridian-virtual-machine@meridian")):
            with self.subTest(account):
                self.alone(cluster, reader, user_of(account), vip)
        self.assertEqual(sorted(right for right in cluster.unused() if right[0] != "meridian@meridian"), [])

    def test_share_as_the_ledger_does(self):
        cluster = self.cluster("overlays/write-back", "sidecar", "virtual-machine")
        hosts = "a.shop.global", "b.shop.global"
        readers = [cluster.pod("sidecar"), cluster.machine()]  # there before anybody has made the ledger
        cluster.api.put(entry(*hosts, name="both", namespace="shop"))
        leader = cluster.pod()
        vip = eventually(lambda: leader.vip(hosts[0]), what="a VIP")
        (note,) = [each["metadata"]["annotations"].get("meridian.internal/vips") for each in cluster.api.objects("configmaps", "meridian")
                   if each["metadata"]["name"] == "meridian-0"]
        self.assertEqual(note, "per-entry")
        for reader in readers:
            eventually(lambda: [reader.vip(host) for host in hosts] == [vip, vip], what="one VIP for both")
        leader.stop()
        for reader in readers:
            reader.stop()
        cluster.api.stop()
        for reader in readers:
            reader.start()
            eventually(lambda: [reader.vip(host) for host in hosts] == [vip, vip], what="the same from the local copy")

    def alone(self, cluster, reader, user, vip):
        refused = eventually(lambda: self.refused(cluster, user, self.TRIES), what=f"{self.TRIES} tries")
        self.assertEqual({(r["verb"], r["path"].rpartition("/")[2]) for r in refused}, {("update", "meridian")})
        self.assertEqual(reader.vip("web.shop.global"), vip)
        self.assertEqual(reader.answer("late.shop.global"), "SERVFAIL")
        self.assertEqual(reader.get("/readyz")[0], 200)
        self.assertFalse(reader.writes())
        self.assertEqual(len(reader.messages("")), 1, reader.messages(""))
        self.assertIn("lease meridian/meridian: it can't be updated", reader.ledger["trouble"])
        # Not more than a look and a try at a time, with a pause between.
        of_lease = [r for r in cluster.api.requests("/leases", user=user) if r["number"] >= refused[0]["number"]]
        self.assertLessEqual(len(of_lease), 2 * len(self.refused(cluster, user, 1)) + 1)
        for one, next_one in zip(refused, refused[1:]):
            self.assertGreater(next_one["started"] - one["started"], 0.9)

    def refused(self, cluster, user, least):
        found = [r for r in cluster.api.requests(user=user) if r["status"] == 403]
        return found if len(found) >= least else None


if __name__ == "__main__":
    unittest.main()
