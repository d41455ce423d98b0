#!/usr/bin/python3
"""The scripted API server copies the real one: what it stores, lists, watches and refuses, and in which words. What a
script can do to it is tested in apiserver_script_test.py."""
import json
import shutil
import subprocess
import unittest

from apiserver import ApiServer
from apiserver.client import APPLY, JSON_PATCH, MERGE, Client

GROUP = "/apis/networking.istio.io"
ENTRIES = GROUP + "/v1/namespaces/default/serviceentries"
MAPS = "/api/v1/namespaces/default/configmaps"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"


def entry(name="web", version="v1", labels=None, namespace="default", **spec):
    return {"apiVersion": "networking.istio.io/" + version, "kind": "ServiceEntry",
            "metadata": {"name": name, "namespace": namespace, **({"labels": labels} if labels else {})},
            "spec": {"hosts": [name + ".global"], "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}], **spec}}


def applied(name="web", spec=None, **metadata):
    return {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": name, **metadata},
            **({"spec": spec} if spec else {})}


def names(reply):
    return [item["metadata"]["name"] for item in reply.value["items"]]


class Case(unittest.TestCase):
    """A server of its own for each test: making one takes a twentieth of a second."""

    def setUp(self):
        self.api = self.enterContext(ApiServer())
        self.client = self.enterContext(Client(self.api))

    def ask(self, method, path, body=None, *kind, status=200, **headers):
        reply = self.client.ask(method, path, body, *kind, **headers)
        self.assertEqual(reply.status, status, reply.text)
        return reply

    def lines(self, path, count):
        """The first lines of a watch: [(type, name or bookmark's version)]."""
        with Client(self.api) as client:
            stream = client.watch(path)
            return [json.loads(stream.readline()) for _ in range(count)]

    def tearDown(self):
        self.assertNotIn("bugs", self.api.counters())


class Objects(Case):
    def test_an_object_lives(self):
        made = self.ask("POST", ENTRIES, entry(), status=201).value
        self.assertEqual(made["metadata"]["generation"], 1)
        self.ask("POST", ENTRIES, entry(), status=409)
        self.ask("PUT", ENTRIES + "/web", entry(), status=422)  # a custom resource's update names a version
        changed = self.ask("PUT", ENTRIES + "/web", made | {"spec": made["spec"] | {"hosts": ["b.global"]}}).value
        self.assertGreater(int(changed["metadata"]["resourceVersion"]), int(made["metadata"]["resourceVersion"]))
        self.assertEqual((changed["metadata"]["generation"], changed["metadata"]["uid"]), (2, made["metadata"]["uid"]))
        stale = self.ask("PUT", ENTRIES + "/web", made, status=409).value
        self.assertIn("the object has been modified", stale["message"])
        self.assertEqual(self.ask("GET", GROUP + "/v1beta1/namespaces/default/serviceentries/web").value["apiVersion"],
                         "networking.istio.io/v1beta1")
        self.assertEqual(self.ask("DELETE", ENTRIES + "/web").value["status"], "Success")
        self.assertEqual(self.ask("GET", ENTRIES + "/web", status=404).value["message"],
                         'serviceentries.networking.istio.io "web" not found')

    def test_an_update_that_changes_nothing_is_no_write(self):
        made = self.ask("POST", MAPS, {"metadata": {"name": "a"}, "data": {"k": "v"}}, status=201).value
        again = self.ask("PUT", MAPS + "/a", {"metadata": {"name": "a"}, "data": {"k": "v"}}).value
        self.assertEqual(again["metadata"], made["metadata"])

    def test_status_is_written_through_its_subresource_only(self):
        made = self.ask("POST", ENTRIES, entry() | {"status": {"a": 1}}, status=201).value
        self.assertNotIn("status", made)
        address = {"addresses": [{"value": "240.240.0.1", "host": "web.global"}]}
        self.assertNotIn("status", self.ask("PATCH", ENTRIES + "/web", {"status": address}, MERGE).value)
        told = self.ask("PATCH", ENTRIES + "/web/status", {"status": address, "spec": {"hosts": ["x"]}}, MERGE).value
        self.assertEqual((told["status"], told["spec"]["hosts"]), (address, ["web.global"]))
        self.assertEqual(told["metadata"]["generation"], 1)
        self.assertNotEqual(told["metadata"]["resourceVersion"], made["metadata"]["resourceVersion"])

    def test_leases_and_events(self):
        lease = {"metadata": {"name": "l"}, "spec": {"holderIdentity": "a", "leaseDurationSeconds": 15}}
        made = self.ask("PUT", LEASES + "/l", lease, status=201).value  # a PUT creates a Lease
        self.ask("PUT", LEASES + "/l", lease, status=422)
        made["spec"]["renewTime"] = "2026-01-01T00:00:00.123456Z"
        self.ask("PUT", LEASES + "/l", made)
        self.ask("PATCH", LEASES + "/l", {"spec": {"renewTime": "2026-01-01T00:00:00Z"}}, MERGE, status=400)
        self.ask("PATCH", LEASES + "/l", {"spec": {"leaseDurationSeconds": 0}}, MERGE, status=422)
        self.api.remove("leases", "l")
        told = self.ask("PUT", LEASES + "/l", made, status=409).value  # what was read and is gone is not made again
        self.assertTrue(told["message"].endswith(f"UID in precondition: {made['metadata']['uid']}, UID in object meta: "))
        event = {"metadata": {"generateName": "web."}, "eventTime": "2026-01-01T00:00:00.000000Z", "type": "Warning",
                 "reason": "Conflict", "action": "Answer", "note": "n", "reportingController": "meridian",
                 "reportingInstance": "m-0", "regarding": {"kind": "ServiceEntry", "name": "web", "namespace": "default"}}
        new = "/apis/events.k8s.io/v1/namespaces/default/events"
        name = self.ask("POST", new, event, status=201).value["metadata"]["name"]
        self.assertEqual(self.ask("GET", f"/api/v1/namespaces/default/events/{name}").value["message"], "n")
        self.ask("POST", new, event | {"reportingInstance": ""}, status=422)

    def test_what_is_refused(self):
        elsewhere = ENTRIES.replace("default", "nowhere")
        for title, method, path, body, status in [
                ("a namespace that is not there", "POST", elsewhere, entry(namespace="nowhere"), 404),
                ("another namespace than the path's", "POST", elsewhere, entry(), 400),
                ("another version than the path's", "POST", ENTRIES, entry(version="v1beta1"), 400),
                ("no hosts", "POST", ENTRIES, applied(spec={"ports": []}), 422),
                ("no spec", "POST", ENTRIES, applied(), 422),
                ("a network with DNS", "POST", ENTRIES, entry(addresses=["10.0.0.0/8"], resolution="DNS"), 422),
                ("two ports of one number", "POST", ENTRIES, entry(ports=[{"name": n, "number": 1} for n in "ab"]), 422),
                ("a name that is none", "POST", ENTRIES, entry("Web_1"), 422),
                ("a version on create", "POST", MAPS, {"metadata": {"name": "a", "resourceVersion": "1"}}, 500),
                ("a ConfigMap of over a mebibyte", "POST", MAPS, {"metadata": {"name": "a"}, "data": {"k": "x" * 1048577}}, 422),
                ("a body of over three mebibytes", "POST", MAPS, {"metadata": {"name": "a"}, "data": {"k": "x" * 3200000}}, 413),
                ("PUT of a missing entry", "PUT", ENTRIES + "/web", entry(), 404),
                ("a subresource that is not there", "GET", ENTRIES + "/web/scale", None, 404)]:
            with self.subTest(title):
                self.ask(method, path, body, status=status)

    def test_deletes_keep_to_preconditions_and_finalizers(self):
        made = self.api.put(entry() | {"metadata": {"name": "web", "finalizers": ["a.b/c"]}})["metadata"]
        for wrong in ({"uid": "other"}, {"resourceVersion": "1"}):
            self.ask("DELETE", ENTRIES + "/web", {"preconditions": wrong}, status=409)
        self.assertIn("deletionTimestamp", self.ask("DELETE", ENTRIES + "/web", {"preconditions": {
            "uid": made["uid"], "resourceVersion": made["resourceVersion"]}}).value["metadata"])
        self.ask("PATCH", ENTRIES + "/web", {"metadata": {"finalizers": None}}, MERGE)
        self.ask("GET", ENTRIES + "/web", status=404)

    def test_json_patches(self):
        made = self.api.put(entry())
        version = {"op": "test", "path": "/metadata/resourceVersion", "value": made["metadata"]["resourceVersion"]}
        add = {"op": "add", "path": "/spec/addresses", "value": ["245.0.0.1"]}
        self.assertEqual(self.ask("PATCH", ENTRIES + "/web", [version, add], JSON_PATCH).value["spec"]["addresses"],
                         ["245.0.0.1"])
        self.ask("PATCH", ENTRIES + "/web", [version, add], JSON_PATCH, status=422)
        self.ask("PATCH", ENTRIES + "/web", {"metadata": {"resourceVersion": "1"}}, MERGE, status=409)

    def test_a_dry_run_writes_nothing(self):
        self.ask("POST", ENTRIES + "?dryRun=All", entry(), status=201)
        self.ask("GET", ENTRIES + "/web", status=404)


class Apply(Case):
    def apply(self, spec=None, manager="meridian", status=200, force=False, **metadata):
        path = f"{ENTRIES}/web?fieldManager={manager}&force={'true' if force else 'false'}"
        return self.ask("PATCH", path, applied(spec=spec, **metadata), APPLY, status=status).value

    def owners(self):
        lines = self.api.object("se", "web")["metadata"].get("managedFields", [])
        return {line["manager"]: line["fieldsV1"].get("f:spec", {}) for line in lines}

    def test_what_is_applied_is_owned_and_taken_back(self):
        self.api.put(entry(), manager="user")
        first = self.apply({"addresses": ["245.0.0.1"]})
        self.assertEqual(self.owners()["meridian"], {"f:addresses": {}})
        self.assertEqual(self.apply({"addresses": ["245.0.0.1"]})["metadata"], first["metadata"])
        self.assertEqual(self.apply({"addresses": ["245.0.0.2"]})["spec"]["addresses"], ["245.0.0.2"])
        back = self.apply()
        self.assertEqual((back["spec"].get("addresses"), back["spec"]["hosts"]), (None, ["web.global"]))
        self.assertNotIn("meridian", self.owners())

    def test_a_field_of_somebody_else_is_a_conflict(self):
        self.api.put(entry(addresses=["10.0.0.1"]), manager="kubectl-edit")
        told = self.apply({"addresses": ["245.0.0.1"]}, status=409)
        self.assertEqual(told["message"], 'Apply failed with 1 conflict: conflict with "kubectl-edit" using '
                                          "networking.istio.io/v1: .spec.addresses")
        self.assertEqual(told["details"]["causes"][0]["field"], ".spec.addresses")
        self.assertEqual(self.apply({"addresses": ["245.0.0.1"]}, force=True)["spec"]["addresses"], ["245.0.0.1"])
        self.assertNotIn("f:addresses", self.owners()["kubectl-edit"])

    def test_a_user_who_edits_becomes_the_owner(self):
        self.api.put(entry(), manager="user")
        self.apply({"addresses": ["245.0.0.1"]})
        self.ask("PATCH", ENTRIES + "/web?fieldManager=kubectl-edit", {"spec": {"addresses": ["10.0.0.1"]}}, MERGE)
        self.assertIn("f:addresses", self.owners()["kubectl-edit"])
        self.assertNotIn("meridian", self.owners())
        self.apply({"addresses": ["245.0.0.1"]}, status=409)

    def test_the_same_value_is_owned_by_both(self):
        self.api.put(entry(addresses=["10.0.0.1"]), manager="user")
        self.apply({"addresses": ["10.0.0.1"]})
        self.assertEqual(self.apply()["spec"]["addresses"], ["10.0.0.1"])

    def test_items_of_ports_have_owners_of_their_own(self):
        self.api.put(entry(), manager="user")
        self.assertEqual([p["name"] for p in self.apply({"ports": [{"name": "tls", "number": 443}]})["spec"]["ports"]],
                         ["http", "tls"])
        told = self.apply({"ports": [{"name": "http", "number": 81}]}, status=409)
        self.assertIn('.spec.ports[name="http"].number', told["message"])
        self.assertEqual([p["name"] for p in self.apply()["spec"]["ports"]], ["http"])

    def test_the_uid_holds_it_to_the_object(self):
        self.assertIn("and no existing object was found", self.apply({"hosts": ["a"]}, uid="x", status=409)["message"])
        made = self.api.put(entry())["metadata"]
        self.assertIn("field is immutable", self.apply({"addresses": ["245.0.0.1"]}, uid="x", status=422)["message"])
        self.apply({"addresses": ["245.0.0.1"]}, uid=made["uid"])
        self.apply({"addresses": ["245.0.0.2"]}, resourceVersion="1", status=409)

    def test_it_creates_and_reaches_the_status(self):
        self.apply({"hosts": ["web.global"]}, status=201)
        path = ENTRIES + "/web/status?fieldManager=meridian"
        told = self.ask("PATCH", path, applied() | {"status": {"addresses": [{"value": "245.0.0.1"}]}}, APPLY).value
        self.assertEqual(told["status"]["addresses"], [{"value": "245.0.0.1"}])
        self.assertEqual(self.ask("PATCH", path, applied(), APPLY).value.get("status", {}), {})
        self.ask("PATCH", ENTRIES + "/web", applied(), APPLY, status=422)  # no fieldManager
        bare = self.ask("PATCH", "/api/v1/namespaces/mesh?fieldManager=m", {"metadata": {"name": "mesh"}}, APPLY, status=201)
        self.assertNotIn("managedFields", bare.value["metadata"])


class Lists(Case):
    def test_pages_show_the_moment_of_the_first(self):
        self.api.put_many([entry(f"e{i}") for i in range(5)])
        first = self.ask("GET", ENTRIES + "?limit=2")
        self.assertEqual((names(first), first.value["metadata"]["remainingItemCount"]), (["e0", "e1"], 3))
        self.api.remove("se", "e3")
        self.api.put(entry("e2x"))
        token = first.value["metadata"]["continue"]
        rest = self.ask("GET", f"{GROUP}/v1/serviceentries?limit=9&continue={token}")
        self.assertEqual(names(rest), ["e2", "e3", "e4"])
        self.assertEqual(rest.value["metadata"]["resourceVersion"], first.value["metadata"]["resourceVersion"])
        self.api.compact()
        late = self.ask("GET", f"{ENTRIES}?limit=9&continue={token}", status=410).value
        self.assertEqual(late["reason"], "Expired")
        self.assertEqual(names(self.ask("GET", f"{ENTRIES}?continue={late['metadata']['continue']}")), ["e2", "e2x", "e4"])
        self.ask("GET", ENTRIES + "?continue=nonsense", status=400)

    def test_selectors(self):
        for name, labels in (("a", {"tier": "web"}), ("b", {"tier": "db", "old": ""}), ("c", None)):
            self.api.put(entry(name, labels=labels))
        self.api.put(entry("a", namespace="other"))
        for selector, found in [("labelSelector=tier%3Dweb", "a"), ("labelSelector=tier%3D%3Dweb", "a"),
                                ("labelSelector=tier!%3Dweb", "bc"), ("labelSelector=tier+in+(web,db),!old", "a"),
                                ("labelSelector=tier+notin+(web)", "bc"), ("labelSelector=old", "b"),
                                ("labelSelector=!tier", "c"), ("fieldSelector=metadata.name%3Db", "b"),
                                ("fieldSelector=metadata.namespace!%3Ddefault", "")]:
            with self.subTest(selector):
                self.assertEqual("".join(names(self.ask("GET", ENTRIES + "?" + selector))), found)
        self.ask("GET", ENTRIES + "?labelSelector=a%3D%3D%3Db", status=400)
        self.ask("GET", ENTRIES + "?fieldSelector=spec.hosts%3Db", status=400)
        self.assertEqual(names(self.ask("GET", GROUP + "/v1/serviceentries?fieldSelector=metadata.namespace%3Dother")), ["a"])

    def test_a_large_list_is_gzipped_on_request(self):
        self.api.put_many([entry(f"e{i}") for i in range(500)])
        plain, packed = self.ask("GET", ENTRIES), self.ask("GET", ENTRIES, Accept_Encoding="gzip")
        self.assertEqual((packed.headers["Content-Encoding"], plain.headers["Content-Encoding"]), ("gzip", None))
        self.assertEqual(packed.text, plain.text)
        self.assertLess(len(packed.octets), len(plain.octets) / 10)

    def test_a_built_in_kind_names_itself_once(self):
        self.api.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})
        [item] = self.ask("GET", MAPS).value["items"]
        self.assertNotIn("kind", item)

    def test_a_version_of_the_future_times_out(self):
        told = self.ask("GET", ENTRIES + "?resourceVersion=999999", status=504).value
        self.assertEqual(told["details"]["causes"][0]["reason"], "ResourceVersionTooLarge")


class Watches(Case):
    def test_changes_follow_the_version_asked_for(self):
        before = self.api.put(entry("a"))["metadata"]["resourceVersion"]
        self.api.put(entry("a", addresses=["10.0.0.1"]))
        self.api.put(entry("b"))
        self.api.remove("se", "a")
        seen = self.lines(f"{GROUP}/v1beta1/serviceentries?watch=1&resourceVersion={before}", 3)
        self.assertEqual([(e["type"], e["object"]["metadata"]["name"]) for e in seen],
                         [("MODIFIED", "a"), ("ADDED", "b"), ("DELETED", "a")])
        self.assertEqual(int(seen[2]["object"]["metadata"]["resourceVersion"]), self.api.revision)
        self.assertEqual(seen[0]["object"]["apiVersion"], "networking.istio.io/v1beta1")

    def test_without_a_version_it_begins_with_what_there_is(self):
        self.api.put(entry("a"))
        self.assertEqual([e["type"] for e in self.lines(ENTRIES + "?watch=1", 1)], ["ADDED"])
        seen = self.lines(ENTRIES + "?watch=1&sendInitialEvents=true&allowWatchBookmarks=true", 2)
        self.assertEqual(seen[1]["object"]["metadata"]["annotations"], {"k8s.io/initial-events-end": "true"})

    def test_a_selection_is_entered_and_left(self):
        start = self.api.revision
        self.api.put(entry("a"))
        for labels in ({"x": "1"}, {"x": "1", "y": "2"}, {}):
            self.api.put(entry("a", labels=labels))
        seen = self.lines(f"{ENTRIES}?watch=1&labelSelector=x&resourceVersion={start}", 3)
        self.assertEqual([e["type"] for e in seen], ["ADDED", "MODIFIED", "DELETED"])
        self.assertEqual(seen[2]["object"]["metadata"]["labels"], {"x": "1", "y": "2"})

    def test_it_ends_cleanly_in_time_with_a_bookmark_before(self):
        start = self.api.revision
        stream = self.client.watch(f"{ENTRIES}?watch=1&allowWatchBookmarks=true&timeoutSeconds=3&resourceVersion={start}")
        [line] = stream.read().splitlines()
        told = json.loads(line)
        self.assertEqual((told["type"], told["object"]["metadata"]), ("BOOKMARK", {"resourceVersion": str(start)}))

    def test_a_forgotten_version_is_an_error_in_the_stream(self):
        self.api.put(entry("a"))
        self.api.compact()
        stream = self.client.watch(ENTRIES + "?watch=1&resourceVersion=1")
        self.assertEqual(stream.status, 200)
        [line] = stream.read().splitlines()
        told = json.loads(line)
        self.assertEqual((told["type"], told["object"]["code"], told["object"]["reason"]), ("ERROR", 410, "Expired"))

    def test_one_of_the_future_is_empty(self):
        stream = self.client.watch(ENTRIES + "?watch=1&timeoutSeconds=1&resourceVersion=999999")
        self.api.wait_for_watch()
        self.api.put(entry("a"))
        self.assertEqual(stream.read(), b"")


@unittest.skipUnless(shutil.which("kubectl"), "no kubectl here")
class Kubectl(Case):
    def test_it_applies_and_gets(self):
        def kubectl(*arguments, **options):
            return subprocess.run(["kubectl", "--kubeconfig", self.api.kubeconfig, *arguments], text=True, check=True,
                                  capture_output=True, timeout=60, **options).stdout
        self.assertIn("serverside-applied", kubectl("apply", "--server-side", "-f", "-", input=json.dumps(entry())))
        self.assertIn("web", kubectl("get", "se", "-A"))


if __name__ == "__main__":
    unittest.main()
