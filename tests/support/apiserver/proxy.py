"""A plain HTTP proxy that knows CONNECT and nothing else (RFC 9110, 9.3.6), for proxy-url. Its own thread."""
import asyncio
import base64
import contextlib
import threading


class ConnectProxy:
    """`with ConnectProxy() as proxy: proxy.url`. `log` is what was asked of it: [(target, status)], in order; `tunnelled`
    counts octets both ways. `user` ("name:password") makes Proxy-Authorization necessary; `refuse` is a status that every
    request gets, if set."""

    def __init__(self, user=None):
        self.user, self.refuse, self.log, self.tunnelled, self.port = user, None, [], 0, 0
        self._loop, self._writers, self._server = asyncio.new_event_loop(), set(), None
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def url_with_user(self):
        return f"http://{self.user}@127.0.0.1:{self.port}"

    def __enter__(self):
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_):
        async def end():
            self._server.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        asyncio.run_coroutine_threadsafe(end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self):
        """Ends all tunnels."""
        self._loop.call_soon_threadsafe(lambda: [writer.transport.abort() for writer in list(self._writers)])

    async def _serve(self, reader, writer):
        self._writers.add(writer)
        try:
            await self._connect(reader, writer)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _connect(self, reader, writer):
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = self._verdict(method, headers)
        far_reader = far_writer = None
        if status == 200:
            host, _, port = target.rpartition(":")
            try:
                far_reader, far_writer = await asyncio.open_connection(host.strip("[]"), int(port))
            except OSError:
                status = 502
        self.log.append((target, status))
        more = 'Proxy-Authenticate: Basic realm="test"\r\n' if status == 407 else ""
        writer.write(f"HTTP/1.1 {status} Answer\r\n{more}{'' if status == 200 else 'Content-Length: 0'}\r\n".encode()
                     + (b"" if status == 200 else b"\r\n"))
        if far_writer:
            with contextlib.closing(far_writer):
                await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))

    def _verdict(self, method, headers):
        if self.refuse:
            return self.refuse
        if method != "CONNECT":
            return 405
        wanted = "Basic " + base64.b64encode((self.user or "").encode()).decode()
        return 407 if self.user and headers.get("proxy-authorization") != wanted else 200

    async def _copy(self, reader, writer):
        while octets := await reader.read(1 << 16):
            self.tunnelled += len(octets)
            writer.write(octets)
            await writer.drain()
        writer.close()
