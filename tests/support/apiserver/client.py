"""A plain client of the server, for tests of it and for looking at it: http.client over TLS, one request after the other."""
import gzip
import http.client
import json
import ssl

JSON, MERGE, JSON_PATCH, APPLY = ("application/json", "application/merge-patch+json", "application/json-patch+json",
                                  "application/apply-patch+yaml")


class Reply:
    """`status`, `headers` (http.client's), `octets` as they came, and `value`: the JSON in them, unpacked."""

    def __init__(self, response):
        self.status, self.headers, self.octets = response.status, response.headers, response.read()
        text = gzip.decompress(self.octets) if self.headers["Content-Encoding"] == "gzip" else self.octets
        self.text = text.decode()
        self.value = json.loads(text) if "json" in self.headers["Content-Type"] else None


class Client:
    """`token` None: no credentials. `certificate`: a Pair."""

    def __init__(self, api, token="", certificate=None, ca_file=None, timeout=20.0, agent="test/1"):
        self._context = ssl.create_default_context(cafile=str(ca_file or api.ca_file))
        if certificate:
            self._context.load_cert_chain(certificate.certificate, certificate.key)
        self._headers = {"User-Agent": agent}
        if token is not None:
            self._headers["Authorization"] = "Bearer " + (token or api.token)
        self._where, self._timeout, self.connection = (api.host, api.port), timeout, None

    def open(self):
        self.close()
        self.connection = http.client.HTTPSConnection(*self._where, context=self._context, timeout=self._timeout)
        return self.connection

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, method, path, body=None, kind=JSON, **headers):
        """Sends a request, and returns http.client's response with the body unread."""
        connection = self.connection or self.open()
        octets = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, octets, self._headers | ({"Content-Type": kind} if body is not None else {})
                           | headers)
        return connection.getresponse()

    def ask(self, method, path, body=None, kind=JSON, **headers):
        try:
            return Reply(self.send(method, path, body, kind, **headers))
        except BaseException:
            self.close()
            raise

    def watch(self, path):
        """The response to a watch, on a connection of its own: readline() gives a line of JSON."""
        self.open()
        return self.send("GET", path)
