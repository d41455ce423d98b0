"""One connection of a client: TLS over memory buffers, so that every octet that leaves is ours to send, to cut or to hold
back. Python's own TLS transport would not tell what has left when a connection is torn down."""
import asyncio
import itertools
import socket
import ssl
import struct

HIGH_WATER = 1 << 20
_NUMBERS = itertools.count(1)


class Gone(Exception):
    """The connection is closed, by either side."""


class Connection(asyncio.Protocol):
    """`serve(connection)` is the coroutine that reads requests and answers them; it ends with Gone. `tls` is an
    ssl.SSLContext or None; a deaf connection is never read. Loop thread only."""

    def __init__(self, tls, serve, deaf=False):
        self._context, self._serve, self._tls = tls, serve, None
        self._buffer, self._eof, self._waiting = bytearray(), False, None
        self._room, self._task, self.number = asyncio.Event(), None, next(_NUMBERS)
        self._room.set()
        self.silent, self.closed, self.transport, self._ending = deaf, False, None, False
        self.on_close = set()  # called without arguments, once

    # What asyncio calls.

    def connection_made(self, transport):
        self.transport = transport
        transport.set_write_buffer_limits(high=HIGH_WATER, low=0)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.silent:
            transport.pause_reading()
        if self._context:
            self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self._tls = self._context.wrap_bio(self._incoming, self._outgoing, server_side=True)
            self._ready = False
        self._task = asyncio.get_running_loop().create_task(self._run())

    def data_received(self, data):
        if self.silent:
            return
        if not self._tls:
            self._buffer += data
            return self._wake()
        self._incoming.write(data)
        try:
            if not self._ready:
                self._tls.do_handshake()
                self._ready = True
            while chunk := self._tls.read(1 << 16):
                self._buffer += chunk
            self._eof = True  # close_notify
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:  # a client that does not believe our certificate says so in an alert
            self._flush_tls()
            return self.transport.close()
        self._flush_tls()
        self._wake()

    def eof_received(self):
        self._eof = True
        self._wake()

    def connection_lost(self, _):
        self.closed = self._eof = True
        self._room.set()
        self._wake()
        for tell in list(self.on_close):
            tell()
        self.on_close.clear()

    def pause_writing(self):
        self._room.clear()

    def resume_writing(self):
        self._room.set()

    # Reading.

    def _wake(self):
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    async def _more(self):
        if self._eof:
            raise Gone
        self._waiting = asyncio.get_running_loop().create_future()
        await self._waiting
        self._waiting = None

    async def read_until(self, mark, limit=1 << 20):
        """The octets up to `mark`, which is taken off too."""
        start = 0
        while (at := self._buffer.find(mark, start)) < 0:
            if len(self._buffer) > limit:
                raise Gone
            start = max(0, len(self._buffer) - len(mark))
            await self._more()
        found = bytes(self._buffer[:at])
        del self._buffer[:at + len(mark)]
        return found

    async def read_exactly(self, size):
        while len(self._buffer) < size:
            await self._more()
        found = bytes(self._buffer[:size])
        del self._buffer[:size]
        return found

    # Writing.

    def _flush_tls(self):
        if octets := self._outgoing.read():
            self.transport.write(octets)

    def write(self, octets):
        """Queues octets; of a silent or ending connection they are dropped."""
        if self.closed or self.silent or self._ending:
            return
        if self._tls:
            self._tls.write(octets)
            self._flush_tls()
        else:
            self.transport.write(octets)

    async def drain(self):
        """Waits until less than a megabyte is queued."""
        await self._room.wait()
        if self.closed:
            raise Gone

    async def sent(self):
        """Waits until the kernel has everything."""
        self.transport.set_write_buffer_limits(high=0)
        await self._room.wait()

    # Ends.

    def half_open(self):
        """Neither reads nor writes from now on, and keeps the socket: a peer whose machine is gone."""
        if not self.closed:
            self.silent = True
            self.transport.pause_reading()

    def reset(self):
        """RST, as a killed process's kernel sends."""
        if not self.closed:
            self._ending = True
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()

    async def cut(self, how="fin"):
        """Ends after everything written is with the kernel: `fin` (no close_notify: TLS calls it truncation), `reset`,
        or `close`, which TLS takes for a clean end."""
        await self.sent()
        if how == "close":
            self.close()
        elif how == "reset":
            self.reset()
        elif not self.closed:
            self._ending = True
            self.transport.close()
        raise Gone

    def close(self):
        """A clean end: close_notify, then FIN."""
        if self.closed or self._ending:
            return
        self._ending = True
        if self._tls and not self.silent:
            try:
                self._tls.unwrap()
            except ssl.SSLError:
                pass
            self._flush_tls()
        self.transport.close()

    @property
    def server_name(self):
        """What the client's hello called us (SNI); "" without. note_server_name() is the context's callback."""
        return getattr(self._tls, "asked_name", "")

    def peer_certificate(self):
        return self._tls.getpeercert() if self._tls and self._ready else None

    async def _run(self):
        try:
            await self._serve(self)
        except Gone:
            pass
        finally:
            if not self.silent:
                self.close()


def note_server_name(tls, name, _context):
    """An ssl.SSLContext's sni_callback."""
    tls.asked_name = name or ""
