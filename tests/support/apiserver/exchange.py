"""HTTP/1.1 as Go's net/http server speaks it: requests with Content-Length or chunks, keep-alive, `Expect`; answers of up
to 2048 octets with Content-Length, longer ones in chunks; gzip of bodies over 128 KiB where the client allows it
(apiserver's defaultGzipThresholdBytes, level 1)."""
import email.utils
import http
import json
import urllib.parse
import uuid
import zlib

from .status import ApiError, bad_request
from .wire import Gone

GZIP_THRESHOLD = 128 * 1024
BODY_LIMIT = 3 * 1024 * 1024  # the real server's limit of a request in JSON
PIECE = 1 << 16


class Request:
    """A request, read. `query` has the last value of each parameter; `user` is set by authentication."""

    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        path, _, query = target.partition("?")
        self.path = urllib.parse.unquote(path)
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        self.query_text, self.user = query, None

    def flag(self, name):
        return self.query.get(name, "") in ("1", "true", "True")

    def json(self):
        """The body as a JSON object."""
        try:
            value = json.loads(self.body)
        except ValueError as e:
            raise bad_request(f"the object provided is unrecognized (must be of type Object): {e}") from None
        if not isinstance(value, dict):
            raise bad_request("the object provided is unrecognized (must be of type Object)")
        return value

    @property
    def content_type(self):
        return self.headers.get("content-type", "").partition(";")[0].strip()


async def read_request(connection):
    head = (await connection.read_until(b"\r\n\r\n")).decode("latin-1").lstrip("\r\n")
    first, *lines = head.split("\r\n")
    try:
        method, target, _ = first.split(" ")
    except ValueError:
        raise Gone from None
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("expect", "").lower() == "100-continue":
        connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = b""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        pieces = []
        while size := int((await connection.read_until(b"\r\n")).split(b";")[0], 16):
            pieces.append(await connection.read_exactly(size))
            await connection.read_exactly(2)
        await connection.read_until(b"\r\n")
        body = b"".join(pieces)
    elif length := int(headers.get("content-length") or 0):
        body = await connection.read_exactly(length)
    return Request(method, target, headers, body)


class Answer:
    """One answer, being written. `plan` is what a fault does to its octets: `cut` after that many octets behind the header
    (chunk framing counts), `cut_response` after that many octets of all, `cut_by` how, `half_open` (octets behind
    the header before silence), `chunk` the size of chunks, `prefix` octets put before the body."""

    def __init__(self, connection, request, plan=None, record=None):
        self._connection, self._request, self._plan = connection, request, plan or {}
        self.record = record  # whose status is set when the header leaves
        self._left, self._silence = self._plan.get("cut_response"), None
        self._chunked = False

    async def _send(self, octets):
        for limit, end in ((self._silence, self._fall_silent), (self._left, self._cut)):
            if limit is not None and limit <= len(octets):
                self._connection.write(octets[:limit])
                await end()
        self._left = None if self._left is None else self._left - len(octets)
        self._silence = None if self._silence is None else self._silence - len(octets)
        self._connection.write(octets)
        await self._connection.drain()

    async def _cut(self):
        await self._connection.cut(self._plan.get("cut_by", "fin"))

    async def _fall_silent(self):
        await self._connection.sent()
        self._connection.half_open()
        raise Gone

    async def head(self, status, headers, length=None):
        """The status line and the header; without `length` the body comes in chunks."""
        self._chunked = length is None
        if self.record:
            self.record.status = status
        lines = [f"HTTP/1.1 {status} {_phrase(status)}", f"Audit-Id: {uuid.uuid4()}", "Cache-Control: no-cache, private"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines.append(f"Date: {email.utils.formatdate(usegmt=True)}")
        lines.append("Transfer-Encoding: chunked" if self._chunked else f"Content-Length: {length}")
        await self._send(("\r\n".join(lines) + "\r\n\r\n").encode())
        if "cut" in self._plan:
            self._left = self._plan["cut"]
            if self._left == 0:
                await self._cut()
        if "half_open" in self._plan:
            self._silence = self._plan["half_open"]
            if self._silence == 0:
                await self._fall_silent()
        if prefix := self._plan.get("prefix"):
            await self.write(prefix.encode())

    async def write(self, octets):
        """A part of the body. In chunks, it is one chunk, or more of them where the plan says their size."""
        if not octets:
            return
        if not self._chunked:
            return await self._send(octets)
        size = self._plan.get("chunk") or len(octets)
        pieces = [octets[at:at + size] for at in range(0, len(octets), size)]
        await self._send(b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces))

    async def write_lines(self, lines):
        """Several chunks, in one go to the kernel."""
        if self._plan.get("chunk"):
            for line in lines:
                await self.write(line)
        elif lines:
            await self._send(b"".join(b"%x\r\n%b\r\n" % (len(line), line) for line in lines))

    async def end(self):
        if self._chunked:
            await self._send(b"0\r\n\r\n")

    async def send(self, status, body, content_type="application/json", headers=None):
        """A whole answer."""
        headers = {"Content-Type": content_type, **(headers or {})}
        if len(body) > GZIP_THRESHOLD and "gzip" in self._request.headers.get("accept-encoding", ""):
            packer = zlib.compressobj(1, zlib.DEFLATED, 31)
            body = packer.compress(body) + packer.flush()
            headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        if self._request.method == "HEAD":
            return await self.head(status, headers, len(body))
        whole = len(body) <= 2048 and not self._plan.keys() & {"chunk", "prefix"}
        await self.head(status, headers, len(body) if whole else None)
        for at in range(0, len(body), PIECE):
            await self.write(body[at:at + PIECE])
        await self.end()

    async def send_error(self, error: ApiError, more=None):
        headers = {"Retry-After": f"{error.retry_after:g}"} if error.retry_after is not None else {}
        headers |= more or {}
        if error.text is not None:
            headers["X-Content-Type-Options"] = "nosniff"
        body, content_type = error.body()
        await self.send(error.code, body, content_type, headers)


def _phrase(status):
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
