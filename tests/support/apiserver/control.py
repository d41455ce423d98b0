"""The control port: plain HTTP on loopback, for tests that are not Python. `POST /NAME` with a JSON object calls the
command of that name with those arguments (`POST /fault {"verb": "list", "status": 429}`) and answers
`{"result": ...}`, or 400 and `{"error": "..."}`. `GET /` lists the commands; `/wait_for_watch` and `/wait_for_request`
answer when it is so."""
import asyncio
import inspect
import json
import pathlib

from .exchange import Answer, read_request
from .script import Script
from .status import ApiError
from .wire import Connection

_OF_THE_SERVER = ("stop", "start", "freeze", "thaw", "reset_connections", "rotate_token", "rotate_authority",
                  "serve_certificate", "write_kubeconfig", "write_service_account", "description", "wait_for_watch",
                  "wait_for_request")


def commands():
    named = [n for n, f in inspect.getmembers(Script, inspect.isfunction) if not n.startswith("_")]
    return sorted(named + list(_OF_THE_SERVER) + ["revision", "set"])


class Control:
    """The port of one ApiServer, on a loop of the caller's (not on the server's, because commands wait for that one)."""

    def __init__(self, api):
        self.api, self.port, self._commands = api, 0, set(commands())

    async def listen(self):
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(lambda: Connection(None, self._serve), "127.0.0.1", 0)
        self.port = listener.sockets[0].getsockname()[1]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, connection):
        while True:
            request = await read_request(connection)
            code, value = await asyncio.get_running_loop().run_in_executor(None, self._command, request)
            await Answer(connection, request).send(code, json.dumps(value, default=str).encode() + b"\n")

    def _command(self, request):
        name = request.path.strip("/")
        if not name:
            return 200, {"result": sorted(self._commands)}
        if name not in self._commands:
            return 404, {"error": f"no command {name}"}
        try:
            return 200, {"result": self._run(name, json.loads(request.body or b"{}"))}
        except (ApiError, AssertionError, LookupError, TypeError, ValueError, OSError) as e:
            return 400, {"error": f"{type(e).__name__}: {e}"}

    def _run(self, name, arguments):
        if name == "revision":
            return self.api.revision
        if name == "set":
            return self._set(**arguments)
        result = getattr(self.api, name)(**arguments)
        return None if result is self.api else result if not isinstance(result, pathlib.Path) else str(result)

    def _set(self, bookmark_interval):
        """What may be set at run time."""
        self.api.bookmark_interval = float(bookmark_interval)
