"""The server: a thread with an event loop, its listener, its certificates and files. See the package's docstring."""
import asyncio
import pathlib
import secrets
import socket
import ssl
import tempfile
import threading
import time

from . import kubeconfigs
from .access import Access
from .certificates import Authority, SERVER_NAMES
from .faults import Faults
from .journal import Journal
from .registry import Registry
from .resources import Catalogue
from .script import Script
from .serving import Serving
from .store import Store
from .wire import Connection, note_server_name

ADMIN = "admin"


class ApiServer(Script):
    """Started by start() (or `with`), ended by close(). `host` is 127.0.0.1 or ::1; the port is the kernel's choice and
    stays over stop() and start(). `bookmark_interval` in seconds; `history`: how many changes of a resource a watch can
    look back. A directory is made, and removed by close(), unless given."""

    def __init__(self, host="127.0.0.1", directory=None, versions=("v1", "v1beta1", "v1alpha3"), bookmark_interval=60.0,
                 history=20_000):
        self._own = None if directory else tempfile.TemporaryDirectory(prefix="apiserver-")
        self.directory = pathlib.Path(directory or self._own.name)
        self.host, self.port, self.bookmark_interval = host, 0, bookmark_interval
        self.catalogue, self.store = Catalogue(versions), Store(history)
        self.registry = Registry(self.store, self.catalogue)
        self.access, self.faults, self.journal = Access(), Faults(), Journal()
        self.running, self.connections, self.deaf = set(), set(), False   # watches; connections; to new ones
        self.authority, self._authorities = Authority(self.directory / "ca"), 1
        self.ca_file = self.directory / "ca.crt"
        self.trust(self.authority)
        self._tls = self._context(self.authority.server())
        self.token, self.token_file = secrets.token_urlsafe(24), self.directory / "token"
        kubeconfigs.write(self.token_file, self.token)
        self.access.add_token(self.token, ADMIN, ("system:masters",))
        self._loop, self._thread, self._listener = asyncio.new_event_loop(), None, None

    # Life.

    def start(self):
        """Listens. After stop() on the same port again, with everything that was stored."""
        if not self._thread:
            self._thread = threading.Thread(target=self._loop.run_forever, name="apiserver", daemon=True)
            self._thread.start()
        if not self._listener:
            self.run(self._listen(Serving(self)))
            self.kubeconfig = self.write_kubeconfig(name="kubeconfig")
        return self

    async def _listen(self, serving):
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.host, self.port))
        self.port = listener.getsockname()[1]
        self._listener = await self._loop.create_server(
            lambda: Connection(self._tls, serving.connection, self.deaf), sock=listener, backlog=1024)

    def stop(self):
        """As kill -9: every connection is reset, and new ones are refused until start()."""
        def run():
            self._listener.close()
            self._listener = None
            for connection in list(self.connections):
                connection.reset()
        if self._listener:
            self.call(run)

    def freeze(self):
        """As a machine that is gone: no connection is read or written any more, new ones are taken and get no answer."""
        def run():
            self.deaf = True
            for connection in list(self.connections):
                connection.half_open()
        self.call(run)

    def thaw(self):
        """New connections are served again; those of the time of the ice are not."""
        self.call(setattr, self, "deaf", False)

    def reset_connections(self):
        """RST to every connection; the listener stays."""
        self.call(lambda: [connection.reset() for connection in list(self.connections)])

    def close(self):
        """Ends the thread, and removes the directory if it is the server's own."""
        if self._thread:
            self.stop()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._thread = None
            pending = asyncio.all_tasks(self._loop)
            for task in pending:
                task.cancel()
            if pending:
                self._loop.run_until_complete(asyncio.wait(pending))
        self._loop.close()
        if self._own:
            self._own.cleanup()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    # The loop's thread.

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def call(self, function, *arguments):
        """`function(*arguments)` on the loop thread; its result, or what it raises."""
        if threading.current_thread() is self._thread or not self._thread:
            return function(*arguments)

        async def there():
            return function(*arguments)
        return self.run(there())

    # Addresses and files.

    @property
    def address(self):
        """host:port, with brackets where they are needed."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self):
        return f"https://{self.address}"

    def description(self):
        """What a client needs, as JSON; more kinds of credentials are in kubeconfigs.py."""
        return {"url": self.url, "host": self.host, "port": self.port, "ca": str(self.ca_file), "token": str(self.token_file),
                "kubeconfig": str(self.kubeconfig), "directory": str(self.directory)}

    # Certificates.

    def _context(self, pair):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        context.load_verify_locations(self.ca_file)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.set_alpn_protocols(["http/1.1"])
        context.sni_callback = note_server_name
        return context

    def trust(self, *authorities):
        """Writes ca_file: what clients are told to trust (a bundle during a rotation)."""
        kubeconfigs.write(self.ca_file, "".join(a.ca_file.read_text() for a in authorities))

    def new_authority(self):
        """Another authority, which nobody trusts yet."""
        self._authorities += 1
        return Authority(self.directory / f"ca-{self._authorities}")

    def serve_certificate(self, authority=None, names=SERVER_NAMES, days=365):
        """Swaps the server's certificate: connections that are made from now on see another one."""
        context = self._context((authority or self.authority).server(names, days))
        self.call(setattr, self, "_tls", context)

    def rotate_authority(self, trust=True):
        """Another authority signs the server's certificate from now on; `trust`: ca_file is that authority's (else it stays
        the old one's, and clients must refuse the server). Connections that there are stay."""
        self.authority = self.new_authority()
        if trust:
            self.trust(self.authority)
        self.serve_certificate()

    def write_kubeconfig(self, kind="token", name=None, **options):
        """A kubeconfig of a kind (kubeconfigs.KINDS: token, token-file, authority-data, client-certificate,
        client-certificate-data, exec-plugin, tls-server-name, insecure, proxy) in the directory; returns its path."""
        return kubeconfigs.KINDS[kind](self.directory / (name or f"kubeconfig-{kind}"), self, **options)

    def write_service_account(self, token=None, namespace="default", name="serviceaccount"):
        """A directory as pods have it; again is a rotation. Returns its path."""
        return kubeconfigs.service_account(self.directory / name, self, token, namespace)

    def rotate_token(self):
        """Another token of the same user, in the token file; the old one is refused. Returns the new one."""
        old, self.token = self.token, secrets.token_urlsafe(24)

        def run():
            self.access.tokens[self.token] = self.access.tokens.pop(old)
        kubeconfigs.write(self.token_file, self.token)
        self.call(run)
        return self.token

    # Waiting.

    def wait_for(self, condition, deadline=30.0, what=None):
        """Calls `condition` (without arguments) until it returns something true, and returns that; AssertionError after
        `deadline` seconds."""
        end = time.monotonic() + deadline
        while True:
            if value := condition():
                return value
            if time.monotonic() >= end:
                raise AssertionError(f"not within {deadline} s: {what or condition}")
            time.sleep(0.005)

    def wait_for_watch(self, plural="serviceentries", count=1, deadline=30.0):
        """Until that many watches run."""
        return self.wait_for(lambda: len(self.watches(plural)) >= count, deadline, f"{count} watches of {plural}")

    def wait_for_request(self, path="", deadline=30.0, since=0, **which):
        """Until a request like that has been answered; its record."""
        return self.wait_for(lambda: next((r for r in self.requests(path, since=since, **which)
                                           if r["status"] is not None), None), deadline, f"a request of {path} {which}")
