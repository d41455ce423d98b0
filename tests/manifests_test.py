#!/usr/bin/python3
"""The manifests of packaging/k8s: each builds with kubectl, has only fields that Kubernetes and Istio know, gives exactly
the rights that its mode needs, and fits the others. MERIDIAN names the binary that checks the configurations in them. The
published types come from the npm registry, once; without them nothing passes."""
import ipaddress
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest
import unittest.mock

import yaml

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent / "support"), str(pathlib.Path(__file__).resolve().parent / "e2e")]
from manifests import K8S, OVERLAYS, ROOT, build, documents, kustomizations, named, objects_of, rights  # noqa: E402
from meridian import Server, addresses, eventually, run  # noqa: E402
from published_types import KUBERNETES, PublishedTypes, Unavailable, fetch  # noqa: E402

STUB_DOMAINS = K8S / "stub-domains"
CLUSTERS = [K8S / "multicluster/cluster1", K8S / "multicluster/cluster2"]
APART = [STUB_DOMAINS, *CLUSTERS]  # applied file by file, without a kustomization
ADDRESS = named(objects_of(K8S / "base"), "Service")["spec"]["clusterIP"]


def identity(thing):
    return thing["apiVersion"], thing["kind"], thing["metadata"].get("namespace"), thing["metadata"]["name"]


def complaints_about(types, root):
    """What is wrong with a copy of packaging/k8s, one after the other."""
    try:
        for directory in kustomizations(root):
            for thing in build(directory):
                yield from types.complaints(thing)
        for directory in APART:
            for thing in objects_of(root / directory.relative_to(K8S)):
                yield from types.complaints(thing)
    except (AssertionError, yaml.YAMLError) as e:  # kubectl or YAML itself refuse
        yield str(e)


class WithTypes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        try:
            cls.types = PublishedTypes()
        except Unavailable as e:
            raise AssertionError(str(e)) from None
        cls.addClassCleanup(cls.types.close)


class Fields(WithTypes):
    def test_of_every_object_are_those_that_are_published(self):
        self.assertEqual(list(complaints_about(self.types, K8S)), [])

    def test_every_file_is_built_or_applied(self):
        for path in K8S.rglob("*.yaml"):
            if path.parent in APART or path.name == "kustomization.yaml":
                continue
            with self.subTest(path.relative_to(K8S)):
                kustomization = (path.parent / "kustomization.yaml").read_text()
                self.assertRegex(kustomization, rf"[\s\[]{re.escape(path.name)}\b")

    def test_no_kustomization_has_an_object_twice(self):
        for directory in kustomizations():
            built = [identity(each) for each in build(directory)]
            self.assertTrue(built)
            self.assertEqual(len(built), len(set(built)), directory)


class TheCheck(WithTypes):
    """It can fail: each of these slips, in a copy of the manifests, is found."""
    SLIPS = [
        ("a field's name", "base/deployment.yaml", "readinessProbe:", "readynessProbe:"),
        ("a field's name, deep inside", "base/deployment.yaml", "allowPrivilegeEscalation:", "allowPriviledgeEscalation:"),
        ("a field in the wrong place", "base/service.yaml", "  clusterIP: ", "clusterIP: "),
        ("a text where a number belongs", "base/deployment.yaml", "replicas: 2", "replicas: two"),
        ("a number where a text belongs", "base/deployment.yaml", 'value: "53"', "value: 53"),
        ("a list where a mapping belongs", "base/network-policy.yaml", "podSelector:", "podSelector: []\n  foo:"),
        ("a field that is required is not there", "base/service.yaml", "      port: 53\n      protocol: UDP", "      protocol: UDP"),
        ("a kind in another group", "base/pod-disruption-budget.yaml", "policy/v1", "apps/v1"),
        ("a version that is no more", "base/pod-disruption-budget.yaml", "policy/v1", "policy/v1beta1"),
        ("a key twice", "multicluster/cluster1/service-entry.yaml", "  location:", "  hosts: []\n  location:"),
        ("a verb list misspelled", "rbac/ledger/ledger.yaml", "verbs:", "verb:"),
        ("a field of Istio's", "multicluster/cluster1/service-entry.yaml", "endpoints:", "endpoint:"),
        ("a value of Istio's", "multicluster/cluster2/gateway.yaml", "AUTO_PASSTHROUGH", "AUTOPASSTHROUGH"),
        ("a file that is not there", "base/kustomization.yaml", "- service.yaml", "- services.yaml"),
        ("YAML that is none", "stub-domains/kube-dns.yaml", "data:", "data"),
    ]

    def test_finds(self):
        for title, file, right, wrong in self.SLIPS:
            with self.subTest(title), tempfile.TemporaryDirectory(prefix="meridian-manifests-") as directory:
                copy = shutil.copytree(K8S, pathlib.Path(directory) / "k8s")
                text = (copy / file).read_text()
                self.assertIn(right, text)
                (copy / file).write_text(text.replace(right, wrong, 1))
                self.assertIsNotNone(next(complaints_about(self.types, copy), None))

    def test_says_so_when_the_types_can_not_be_had(self):
        name, version, hash = KUBERNETES
        with tempfile.TemporaryDirectory(prefix="meridian-manifests-") as nothing:
            with unittest.mock.patch.dict(os.environ, {"PATH": nothing}):
                with self.assertRaisesRegex(Unavailable, "no npm to fetch @kubernetes/client-node@"):
                    fetch(name, version, hash, pathlib.Path(nothing))
            (pathlib.Path(nothing) / "npm").write_text("#!/bin/sh\necho no route to the registry >&2\nexit 1\n")
            (pathlib.Path(nothing) / "npm").chmod(0o755)
            with unittest.mock.patch.dict(os.environ, {"PATH": nothing}):
                with self.assertRaisesRegex(Unavailable, r"is its registry reachable\? npm said:\nno route"):
                    fetch(name, version, hash, pathlib.Path(nothing))
            (pathlib.Path(nothing) / "npm").write_text("#!/bin/sh\necho forged > client.tgz\n")
            with unittest.mock.patch.dict(os.environ, {"PATH": nothing}):
                with self.assertRaisesRegex(Unavailable, "fetched something else"):
                    fetch(name, version, hash, pathlib.Path(nothing))


class Overlay(unittest.TestCase):
    """What one object says of another holds, in every mode."""

    def each(self):
        for mode in OVERLAYS:
            with self.subTest(mode):
                yield build(K8S / "overlays" / mode)

    def test_everything_is_in_our_namespace_or_in_none(self):
        for objects in self.each():
            self.assertEqual(named(objects, "Namespace")["metadata"]["name"], "meridian")
            self.assertEqual({each["metadata"].get("namespace", "meridian") for each in objects}, {"meridian"})

    def test_selectors_find_the_pods(self):
        for objects in self.each():
            deployment = named(objects, "Deployment")["spec"]
            labels = deployment["template"]["metadata"]["labels"].items()
            selectors = [deployment["selector"]["matchLabels"], named(objects, "Service")["spec"]["selector"],
                         named(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
                         named(objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]]
            spread = deployment["template"]["spec"]["topologySpreadConstraints"]
            self.assertIn("kubernetes.io/hostname", [each["topologyKey"] for each in spread])
            for selector in selectors + [each["labelSelector"]["matchLabels"] for each in spread]:
                self.assertTrue(selector)
                self.assertLessEqual(selector.items(), labels)

    def test_the_service_has_dns_over_udp_and_tcp_and_nothing_else(self):
        for objects in self.each():
            container = named(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]
            ports = {(port["name"], port["protocol"]): port["containerPort"] for port in container["ports"]}
            service = named(objects, "Service")["spec"]
            told = [(port["port"], port["protocol"], ports[port["targetPort"], port["protocol"]]) for port in service["ports"]]
            self.assertEqual(told, [(53, "UDP", 53), (53, "TCP", 53)])
            ipaddress.ip_address(service["clusterIP"])
            (rule,) = named(objects, "NetworkPolicy")["spec"]["ingress"]
            self.assertEqual([ports[port["port"], port["protocol"]] for port in rule["ports"]], [53, 53])

    def test_a_pod_may_do_little(self):
        for objects in self.each():
            pod = named(objects, "Deployment")["spec"]["template"]["spec"]
            (container,) = pod["containers"]
            self.assertTrue(pod["securityContext"]["runAsNonRoot"])
            self.assertGreater(pod["securityContext"]["runAsUser"], 0)
            self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
            self.assertEqual(container["securityContext"],
                             {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                              "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}})
            for key in ("hostNetwork", "hostPID", "hostIPC"):
                self.assertNotIn(key, pod)
            labels = named(objects, "Namespace")["metadata"]["labels"]
            self.assertEqual(labels["pod-security.kubernetes.io/enforce"], "restricted")

    def test_a_drained_node_never_takes_both_replicas(self):
        for objects in self.each():
            self.assertEqual(named(objects, "Deployment")["spec"]["replicas"], 2)
            self.assertEqual(named(objects, "PodDisruptionBudget")["spec"]["maxUnavailable"], 1)

    def test_the_token_is_mounted_for_the_pod_and_for_no_other(self):
        for objects in self.each():
            account = named(objects, "ServiceAccount")
            pod = named(objects, "Deployment")["spec"]["template"]["spec"]
            self.assertEqual(pod["serviceAccountName"], account["metadata"]["name"])
            self.assertEqual((account["automountServiceAccountToken"], pod["automountServiceAccountToken"]), (False, True))

    def test_the_image_is_of_this_version(self):
        version = re.search(r"version: '([\d.]+)'", (ROOT / "meson.build").read_text()).group(1)
        for objects in self.each():
            pod = named(objects, "Deployment")["spec"]["template"]["spec"]
            self.assertEqual(pod["containers"][0]["image"], f"meridian:{version}")
        sidecar = named(build(K8S / "sidecar"), "Deployment")["spec"]["template"]["spec"]
        self.assertEqual(sidecar["initContainers"][0]["image"], f"meridian:{version}")


class Configuration(unittest.TestCase):
    """meridian.yaml and the pod that it is mounted into."""

    def pods(self):
        """(title, the configuration's text, the pod, Meridian's container)."""
        for directory in [*(K8S / "overlays" / mode for mode in OVERLAYS), K8S / "sidecar"]:
            objects = build(directory)
            pod = named(objects, "Deployment")["spec"]["template"]["spec"]
            (container,) = [c for c in pod["containers"] + pod.get("initContainers", []) if c["name"] == "meridian"]
            volumes = {volume["name"]: volume for volume in pod["volumes"]}
            mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
            *command, file = map(pathlib.Path, container["command"])
            self.assertEqual(list(map(str, command)), ["meridian", "serve", "--config"])
            data = named(objects, "ConfigMap", mounts[str(file.parent)]["configMap"]["name"])["data"]
            with self.subTest(directory.name):
                yield directory.name, data[file.name], pod, container, mounts

    def check(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            done = run("check", "--config", file.name)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_is_right(self):
        for _, text, *_ in self.pods():
            self.check(text)
        self.check((ROOT / "conf/virtual-machine.yaml").read_text())

    def test_listens_where_it_is_asked(self):
        for name, text, pod, container, _ in self.pods():
            (config,) = documents(text)
            ports = {port["name"]: port["containerPort"] for port in container["ports"]}
            self.assertEqual(config["admin"]["listen"], f"0.0.0.0:{ports['admin']}")  # probes come from the node
            self.assertLessEqual({each.rpartition(":")[2] for each in config["listen"]}, {"53"})
            if name == "sidecar":
                self.assertEqual([each.rpartition(":")[0] for each in config["listen"]], pod["dnsConfig"]["nameservers"])
                self.assertEqual(pod["dnsPolicy"], "None")
            else:
                self.assertEqual(config["listen"], ["0.0.0.0:53", "[::]:53"])
                self.assertEqual(config["advertise"], [ADDRESS])
                self.assertEqual(config["forward"], {"upstreams": []})  # dnsPolicy's servers would not be the cluster's

    def test_is_asked_by_the_probes(self):
        expected = {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
        for name, _, _, container, _ in self.pods():
            probes = {key: value["httpGet"] for key, value in container.items() if key.endswith("Probe")}
            self.assertEqual({probe["port"] for probe in probes.values()}, {"admin"})
            paths = {key: probe["path"] for key, probe in probes.items()}
            self.assertEqual(paths, {"startupProbe": "/readyz", "livenessProbe": "/healthz"} if name == "sidecar" else expected)

    def test_has_a_directory_to_write_to(self):
        for *_, pod, _, mounts in self.pods():
            self.assertIn("emptyDir", mounts["/var/lib/meridian"])  # `state`, by default
            self.assertIn("fsGroup", pod["securityContext"])

    def test_lets_what_is_in_flight_finish(self):
        for name, text, pod, container, _ in self.pods():
            lameduck = int(documents(text)[0].get("lameduck", "5s").removesuffix("s"))
            before = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            self.assertGreaterEqual(pod["terminationGracePeriodSeconds"], before + lameduck + 5)
            if name != "sidecar":
                self.assertGreater(before, 0)

    def test_has_the_ledger_where_the_role_allows_it(self):
        for name, text, *_ in self.pods():
            vip = documents(text)[0]["vip"]
            if name == "watch":
                self.assertEqual(vip, {"pools": []})
            else:
                ledger = {"kubernetes": {"source": "kubernetes", "namespace": "meridian", "name": "meridian"}}
                self.assertEqual(vip, {"ledger": ledger, **({"write-back": "spec"} if name == "write-back" else {})})


class Rights(unittest.TestCase):
    """Exactly these, and each rule says why."""
    WATCH = {("*", "serviceentries.networking.istio.io", verb) for verb in ("list", "watch")}
    LEDGER = {("meridian", "configmaps", verb) for verb in ("get", "list", "watch", "create", "patch")} | {
        ("meridian", "leases.coordination.k8s.io", "create"),
        ("meridian", "leases.coordination.k8s.io/meridian", "get"),
        ("meridian", "leases.coordination.k8s.io/meridian", "update")}
    WRITE_BACK = {("*", "serviceentries.networking.istio.io", "patch"), ("*", "events", "create")}
    READER = WATCH | {("meridian", "configmaps", verb) for verb in ("list", "watch")} | {
        ("meridian", "leases.coordination.k8s.io/meridian", "get")}

    def test_of_each_mode(self):
        cases = [("overlays/watch", "meridian@meridian", self.WATCH),
                 ("overlays/ledger", "meridian@meridian", self.WATCH | self.LEDGER),
                 ("overlays/write-back", "meridian@meridian", self.WATCH | self.LEDGER | self.WRITE_BACK),
                 ("rbac/admiral", "meridian@meridian",
                  {("admiral", "configmaps/se-address-configmap", verb) for verb in ("list", "watch")}),
                 ("sidecar", "sleep@foo", self.READER),
                 ("virtual-machine", "meridian-virtual-machine@meridian", self.READER)]
        for directory, who, expected in cases:
            with self.subTest(directory):
                self.assertEqual(rights(build(K8S / directory)), {(who, *row) for row in expected})

    def test_every_rule_says_why(self):
        for path in sorted(K8S.glob("rbac/*/*.yaml")):
            lines = path.read_text().splitlines()
            for number, line in enumerate(lines):
                if line.startswith("  - apiGroups:"):
                    self.assertRegex(lines[number - 1], "^  # ", f"{path.name}:{number + 1}")


class StubDomains(unittest.TestCase):
    """There is no CoreDNS in Debian: of its blocks the form is checked, not that it takes them."""

    def blocks(self):
        yield "coredns.corefile", "forward", (STUB_DOMAINS / "coredns.corefile").read_text()
        yield "coredns-before-1.4.corefile", "proxy", (STUB_DOMAINS / "coredns-before-1.4.corefile").read_text()
        (custom,) = documents((STUB_DOMAINS / "coredns-custom.yaml").read_text())
        self.assertEqual((custom["metadata"]["namespace"], custom["metadata"]["name"]), ("kube-system", "coredns-custom"))
        ((key, text),) = custom["data"].items()
        self.assertTrue(key.endswith(".server"))  # what the Corefile imports
        yield "coredns-custom.yaml", "forward", text

    def test_coredns_is_given_a_block_that_sends_us_global(self):
        for name, plugin, text in self.blocks():
            with self.subTest(name):
                first, *inside, last = [line for line in text.splitlines() if not line.startswith("#")]
                self.assertEqual((first, last), ("global:53 {", "}"))
                self.assertEqual([line.split() for line in inside], [["errors"], ["cache", "30"], [plugin, ".", f"{ADDRESS}:53"]])

    def test_kube_dns_is_given_the_same(self):
        (config_map,) = documents((STUB_DOMAINS / "kube-dns.yaml").read_text())
        self.assertEqual(config_map["metadata"], {"name": "kube-dns", "namespace": "kube-system"})
        self.assertEqual(list(config_map["data"]), ["stubDomains"])  # no other key of theirs is written over
        self.assertEqual(json.loads(config_map["data"]["stubDomains"]), {"global": [ADDRESS]})

    def test_no_config_map_replaces_a_corefile(self):
        for path in K8S.rglob("*.yaml"):
            for each in documents(path.read_text()):
                self.assertNotIn("Corefile", each.get("data", {}))


class Multicluster(unittest.TestCase):
    HOST = "httpbin.bar.global"

    def test_both_clusters_resolve_the_name(self):
        for directory in CLUSTERS:
            with self.subTest(directory.name), Server(config={"sources": [{"files": str(directory)}]}) as server:
                (address,) = eventually(lambda: addresses(server.ask(self.HOST)))  # as soon as the VIP is on disk
                self.assertIn(ipaddress.ip_address(address), ipaddress.ip_network("245.0.0.0/8"))
                self.assertNotRegex(server.log(), r"\[(warning|error)\]")

    def test_the_gateway_of_the_second_lets_the_first_in(self):
        first, second = [named(objects_of(directory), "ServiceEntry")["spec"] for directory in CLUSTERS]
        self.assertEqual((first["hosts"], first["location"]), ([self.HOST], "MESH_INTERNAL"))
        self.assertEqual((second["hosts"], second["location"]), ([self.HOST], "MESH_INTERNAL"))
        self.assertEqual(first["ports"], second["ports"])
        gateway = named(objects_of(CLUSTERS[1]), "Gateway")["spec"]
        (server,) = gateway["servers"]
        self.assertEqual((server["port"]["number"], server["tls"], server["hosts"]),
                         (15443, {"mode": "AUTO_PASSTHROUGH"}, ["*.global"]))
        self.assertEqual(first["endpoints"][0]["ports"], {first["ports"][0]["name"]: 15443})
        rule = named(objects_of(CLUSTERS[0]), "DestinationRule")["spec"]
        self.assertEqual((rule["host"], rule["trafficPolicy"]["tls"]["mode"]), (self.HOST, "ISTIO_MUTUAL"))

    def test_the_second_sends_it_to_its_service(self):
        objects = objects_of(CLUSTERS[1])
        entry, service = named(objects, "ServiceEntry")["spec"], named(objects, "Service")
        name = f"{service['metadata']['name']}.{service['metadata']['namespace']}"
        self.assertEqual(f"{name}.global", self.HOST)
        (endpoint,) = entry["endpoints"]
        self.assertEqual(endpoint["address"], f"{name}.svc.cluster.local")
        self.assertEqual(list(endpoint["ports"].values()), [port["port"] for port in service["spec"]["ports"]])
        pods = named(objects, "Deployment")["spec"]["template"]
        self.assertLessEqual(service["spec"]["selector"].items(), pods["metadata"]["labels"].items())
        self.assertEqual([port["targetPort"] for port in service["spec"]["ports"]],
                         [port["containerPort"] for port in pods["spec"]["containers"][0]["ports"]])


if __name__ == "__main__":
    unittest.main()
