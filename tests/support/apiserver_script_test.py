#!/usr/bin/python3
"""What a test can do to the scripted API server, and what its clients then see: faults, ends of connections, users,
certificates, the control port."""
import http.client
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest
import urllib.request

from apiserver import ApiServer, ConnectProxy, entry
from apiserver.certificates import ODD_NAME
from apiserver.client import JSON, MERGE, Client

GROUP = "/apis/networking.istio.io"
ALL = GROUP + "/v1/serviceentries"
ENTRIES = GROUP + "/v1/namespaces/default/serviceentries"
HERE = pathlib.Path(__file__).parent


class Case(unittest.TestCase):
    def setUp(self):
        self.api = self.enterContext(ApiServer())
        self.client = self.enterContext(Client(self.api))

    def ask(self, method, path, body=None, *kind, status=200, client=None):
        reply = (client or self.client).ask(method, path, body, *kind)
        self.assertEqual(reply.status, status, reply.text)
        return reply

    def tearDown(self):
        self.assertNotIn("bugs", self.api.counters())

    def watch(self, query=""):
        """A watch from now on, in a client of its own, and its stream."""
        client = self.enterContext(Client(self.api))
        return client.watch(f"{ALL}?watch=1&resourceVersion={self.api.revision}{query}")


class Faults(Case):
    def test_answers(self):
        for fault, status, message in [
                ({"status": 429, "retry_after": 1}, 429, "storage is (re)initializing"),
                ({"status": 500}, 500, "Internal error"), ({"status": 503}, 503, "unable to handle"),
                ({"status": 504}, 504, "Timeout"), ({"status": 422, "message": "no"}, 422, "no"),
                ({"webhook": "v.example", "message": "not today"}, 403,
                 'admission webhook "v.example" denied the request: not today'),
                ({"expired": True}, 410, "The provided continue parameter is too old")]:
            with self.subTest(fault):
                self.api.fault(verb="list", path="serviceentries", times=1, **fault)
                reply = self.ask("GET", ALL, status=status)
                self.assertIn(message, reply.value["message"])
                self.assertEqual(reply.headers["Retry-After"], "1" if status == 429 else None)
                self.ask("GET", ALL)

    def test_they_are_counted_and_addressed(self):
        found = self.api.fault(method="GET", path="/configmaps$", status=500, skip=1, times=2)
        maps = "/api/v1/namespaces/default/configmaps"
        self.assertEqual([self.client.ask("GET", maps).status for _ in range(4)], [200, 500, 500, 200])
        self.ask("GET", ALL)
        self.assertEqual(self.api.fault_hits(found), 2)
        self.assertEqual([r["fault"] for r in self.api.requests("configmaps")], [None, found, found, None])
        self.api.fault(status=500, times=None)
        self.ask("GET", ALL, status=500)
        self.api.clear_faults()
        self.ask("GET", ALL)
        self.assertRaises(ValueError, self.api.fault, stauts=500)

    def test_a_write_can_take_effect_and_nobody_hears_of_it(self):
        for effect in ({"drop_after": "reset"}, {"delay_after": 3600}):
            with self.subTest(effect), Client(self.api, timeout=0.5) as client:
                self.api.clear_faults()
                self.api.fault(method="POST", **effect)
                name = "a" if "drop_after" in effect else "b"
                self.assertRaises(OSError, client.ask, "POST", ENTRIES, entry(f"{name}.global"))
                self.assertTrue(self.api.object("se", f"{name}-global"))

    def test_a_dropped_one_has_no_effect(self):
        self.api.fault(method="POST", drop="reset")
        self.assertRaises(OSError, self.client.ask, "POST", ENTRIES, entry("a.global"))
        self.assertIsNone(self.api.object("se", "a-global"))

    def test_a_stream_is_cut_behind_any_octet(self):
        start = self.api.revision
        self.api.put(entry("a.global"))
        self.api.put(entry("b.global"))
        path = f"{ALL}?watch=1&timeoutSeconds=1&resourceVersion={start}"
        whole = self.raw(path)
        self.assertTrue(whole.endswith(b"0\r\n\r\n"))
        for cut in range(0, len(whole), 7):
            self.api.fault(verb="watch", cut=cut, cut_by=("fin", "reset", "close")[cut % 3])
            self.assertEqual(self.raw(path), whole[:cut])

    def raw(self, path):
        """What comes behind the header, until the connection ends or the last chunk."""
        context = ssl.create_default_context(cafile=str(self.api.ca_file))
        with socket.create_connection((self.api.host, self.api.port), 20) as plain, \
                context.wrap_socket(plain, server_hostname="localhost") as stream:
            stream.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {self.api.token}\r\n\r\n".encode())
            octets = b""
            try:
                while not octets.endswith(b"\r\n0\r\n\r\n") and (chunk := stream.recv(65536)):
                    octets += chunk
            except (ssl.SSLEOFError, ConnectionResetError):
                pass
        return octets.partition(b"\r\n\r\n")[2]

    def test_garbage_and_small_chunks(self):
        self.api.fault(verb="watch", prefix='{"type":"ADD', chunk=3)
        stream = self.watch()
        self.api.wait_for_watch()
        self.api.inject("garbage\n")
        self.assertEqual(stream.readline(), b'{"type":"ADDgarbage\n')
        self.api.put(entry("a.global"))
        self.assertEqual(json.loads(stream.readline())["type"], "ADDED")


class Connections(Case):
    def test_a_half_open_one_says_nothing_more(self):
        frozen, other = self.watch(), self.watch()
        self.api.wait_for_watch(count=2)
        self.api.fault(verb="watch", half_open=0)
        silent = self.watch()
        self.api.freeze_watches()
        self.api.put(entry("a.global"))
        for stream in (frozen, other, silent):
            stream.fp.raw._sock.settimeout(0.2)
            self.assertRaises(TimeoutError, stream.readline)
        self.ask("GET", ALL)

    def test_the_machine_is_gone_and_back(self):
        self.ask("GET", ALL)
        self.api.freeze()
        for client in (self.client, self.enterContext(Client(self.api, timeout=0.2))):
            client._timeout = 0.2
            client.connection and client.connection.sock.settimeout(0.2)
            self.assertRaises(TimeoutError, client.ask, "GET", ALL)
        self.api.thaw()
        self.ask("GET", ALL)

    def test_the_server_is_killed_and_comes_back(self):
        self.api.put(entry("a.global"))
        stream = self.watch()
        self.api.wait_for_watch()
        self.api.stop()
        self.assertEqual(self.ending(stream), b"")
        self.assertRaises(ConnectionRefusedError, Client(self.api).ask, "GET", ALL)
        self.api.start()
        self.assertEqual(len(self.ask("GET", ALL, client=self.enterContext(Client(self.api))).value["items"]), 1)

    def ending(self, stream):
        """What comes until the end; Python's TLS may tell a reset as one."""
        try:
            return stream.read()
        except OSError:
            return b""
        except http.client.IncompleteRead as e:
            return e.partial

    def test_watches_end_as_told(self):
        for end, last in ((self.api.end_watches, b""), (self.api.expire_watches, b"ERROR"), (self.api.reset_watches, b"")):
            stream = self.watch()
            self.api.wait_for_watch()
            self.assertEqual(end("serviceentries"), 1)
            self.assertIn(last, self.ending(stream))
            self.api.wait_for(lambda: not self.api.watches())

    def test_a_reset_is_one(self):
        with socket.create_connection((self.api.host, self.api.port), 20) as plain:
            self.api.wait_for(lambda: self.api.connections)
            self.api.reset_connections()
            self.assertRaises(ConnectionResetError, plain.recv, 1)

    def test_bookmarks(self):
        self.api.bookmark_interval = 0.05
        line = json.loads(self.watch("&allowWatchBookmarks=1").readline())
        self.assertEqual((line["type"], line["object"]["metadata"]["resourceVersion"]), ("BOOKMARK", str(self.api.revision)))

    def test_the_definition_goes_and_comes_back(self):
        self.api.put_many([entry("a.global"), entry("b.global")])
        stream = self.watch()
        self.api.wait_for_watch()
        self.api.delete_crd()
        self.assertEqual([json.loads(line)["type"] for line in stream.read().splitlines()], ["DELETED"] * 2)
        self.assertEqual(self.ask("GET", ALL, status=404).text, "404 page not found\n")
        self.ask("GET", GROUP, status=404)
        self.api.restore_crd()
        self.assertEqual(self.ask("GET", ALL).value["items"], [])

    def test_versions_that_are_served(self):
        self.api.serve_versions(["v1beta1"])
        told = self.ask("GET", GROUP).value
        self.assertEqual([v["version"] for v in told["versions"]], ["v1beta1"])
        self.ask("GET", ALL, status=404)
        self.ask("GET", ALL.replace("v1", "v1beta1"))


class Users(Case):
    USER = "system:serviceaccount:mesh:meridian"

    def test_tokens(self):
        self.ask("GET", ALL, status=401, client=self.enterContext(Client(self.api, token="wrong")))
        nobody = self.enterContext(Client(self.api, token=None))
        self.assertIn('User "system:anonymous" cannot list', self.ask("GET", ALL, status=403, client=nobody).value["message"])
        self.ask("GET", "/version", client=nobody)
        self.api.rotate_token()
        self.ask("GET", ALL, status=401)
        self.assertEqual(self.api.token_file.read_text(), self.api.token)
        self.ask("GET", ALL, client=self.enterContext(Client(self.api)))

    def test_rules_of_a_manifest(self):
        rules = """
- {apiGroups: [networking.istio.io], resources: [serviceentries], verbs: [get, list, watch]}
- {apiGroups: [coordination.k8s.io], resources: [leases], resourceNames: [meridian], verbs: [update], namespace: mesh}
"""
        self.api.put(entry("a.global"))
        self.api.add_token("secret", self.USER, rules=rules)
        client = self.enterContext(Client(self.api, token="secret"))
        lease = "/apis/coordination.k8s.io/v1/namespaces/mesh/leases/"
        for method, path, status, message in [
                ("GET", ALL, 200, ""), ("GET", ENTRIES + "/a-global", 200, ""), ("GET", GROUP, 200, ""),
                ("GET", "/metrics", 403, f'forbidden: User "{self.USER}" cannot get path "/metrics"'),
                ("PATCH", ENTRIES + "/a-global/status", 403,
                 f'serviceentries.networking.istio.io "a-global" is forbidden: User "{self.USER}" cannot patch resource '
                 '"serviceentries/status" in API group "networking.istio.io" in the namespace "default"'),
                ("GET", "/api/v1/configmaps", 403, f'configmaps is forbidden: User "{self.USER}" cannot list resource '
                 '"configmaps" in API group "" at the cluster scope'),
                ("PUT", lease + "meridian", 404, ""), ("PUT", lease + "other", 403, 'leases.coordination.k8s.io "other"'),
                ("PUT", lease.replace("mesh", "default") + "meridian", 403, "")]:
            with self.subTest(method + " " + path):
                body, kind = ({"spec": {}}, MERGE) if method == "PATCH" else ({} if method == "PUT" else None, JSON)
                told = self.ask(method, path, body, kind, status=status, client=client).value
                self.assertIn(message, told.get("message", ""))

    def test_roles_and_bindings(self):
        bound = self.api.load_rbac([
            {"kind": "Role", "metadata": {"name": "r", "namespace": "mesh"},
             "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}]},
            {"kind": "RoleBinding", "metadata": {"name": "b", "namespace": "mesh"}, "roleRef": {"kind": "Role", "name": "r"},
             "subjects": [{"kind": "ServiceAccount", "name": "meridian"}]}])
        self.assertEqual(bound, [self.USER])
        self.api.add_token("secret", self.USER)
        client = self.enterContext(Client(self.api, token="secret"))
        self.ask("GET", "/api/v1/namespaces/mesh/configmaps", client=client)
        self.ask("GET", "/api/v1/configmaps", status=403, client=client)
        review = {"spec": {"resourceAttributes": {"verb": "list", "resource": "configmaps", "namespace": "mesh"}}}
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        self.assertTrue(self.ask("POST", path, review, status=201, client=client).value["status"]["allowed"])

    def test_client_certificates(self):
        certificate = self.api.authority.client("root", ["system:masters"])
        self.ask("GET", ALL, client=self.enterContext(Client(self.api, None, certificate)))
        self.assertEqual(self.api.requests()[-1]["user"], "root")

    def test_the_authority_rotates(self):
        old = self.api.authority.ca_file
        self.api.rotate_authority(trust=False)
        self.assertRaises(ssl.SSLCertVerificationError, Client(self.api).ask, "GET", ALL)
        self.api.trust(self.api.authority)
        self.ask("GET", ALL, client=self.enterContext(Client(self.api)))
        self.assertRaises(ssl.SSLCertVerificationError, Client(self.api, ca_file=old).ask, "GET", ALL)
        self.api.serve_certificate(names=[ODD_NAME])
        self.assertRaises(ssl.SSLCertVerificationError, Client(self.api).ask, "GET", ALL)
        self.api.serve_certificate(days=-1)
        self.assertRaises(ssl.SSLCertVerificationError, Client(self.api).ask, "GET", ALL)

    def test_the_directory_of_a_pod_rotates(self):
        directory = self.api.write_service_account(namespace="mesh")
        first = (directory / "token").read_text()
        self.api.rotate_token()
        self.api.write_service_account(namespace="mesh")
        self.assertEqual((first != self.api.token, (directory / "token").read_text()), (True, self.api.token))
        self.assertEqual((directory / "namespace").read_text(), "mesh")

    def test_kubectl_takes_every_kubeconfig(self):
        with ConnectProxy() as proxy:
            for kind, options in [("token", {}), ("token-file", {}), ("authority-data", {}), ("client-certificate", {}),
                                  ("client-certificate-data", {}), ("exec-plugin", {}), ("tls-server-name", {}),
                                  ("insecure", {}), ("proxy", {"url": proxy.url})]:
                with self.subTest(kind):
                    path = self.api.write_kubeconfig(kind, **options)
                    done = subprocess.run(["kubectl", "--kubeconfig", path, "get", "--raw", ALL], capture_output=True,
                                          text=True, timeout=60)
                    self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn((self.api.address, 200), proxy.log)
        self.assertIn(ODD_NAME, [r["server_name"] for r in self.api.requests(path=ALL)])
        self.assertIn("ExecCredential", (self.api.directory / "kubeconfig-exec-plugin.runs").read_text())


class Program(unittest.TestCase):
    def test_it_tells_where_it_is_and_takes_commands(self):
        environment = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
        with subprocess.Popen([sys.executable, "-m", "apiserver", "--host", "::1"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, env=environment) as program:
            told = json.loads(program.stdout.readline())

            def command(name, **arguments):
                with urllib.request.urlopen(f"{told['control']}/{name}", json.dumps(arguments).encode()) as reply:
                    return json.load(reply)["result"]
            command("put", obj=entry("a.global"))
            command("fault", verb="list", status=503)
            context = ssl.create_default_context(cafile=told["ca"])
            request = urllib.request.Request(told["url"] + ALL, headers={
                "Authorization": "Bearer " + pathlib.Path(told["token"]).read_text()})
            with self.assertRaises(urllib.error.HTTPError):
                urllib.request.urlopen(request, context=context)
            with urllib.request.urlopen(request, context=context) as reply:
                self.assertEqual(len(json.load(reply)["items"]), 1)
            self.assertEqual([r["status"] for r in command("requests", path="serviceentries")], [503, 200])
            with self.assertRaises(urllib.error.HTTPError):
                command("fault", nonsense=1)
            program.stdin.close()
            self.assertEqual(program.wait(20), 0)
            self.assertFalse(pathlib.Path(told["directory"]).exists())

    def test_many_entries_and_changes(self):
        with ApiServer() as api, Client(api) as client:
            api.put_many([entry(f"h{i}.global") for i in range(5000)])
            stream = client.watch(f"{ALL}?watch=1&resourceVersion={api.revision}")
            seen = []
            reader = threading.Thread(target=lambda: seen.extend(stream.readline() for _ in range(1000)))
            reader.start()
            started = time.monotonic()
            for i in range(1000):
                api.patch("se", f"h{i}-global", {"spec": {"addresses": ["10.0.0.1"]}})
            reader.join(60)
            print(f"1,000 changes in {time.monotonic() - started:.2f} s", file=sys.stderr)
            self.assertEqual(len(seen), 1000)


if __name__ == "__main__":
    unittest.main()
