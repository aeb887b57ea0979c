"""HTTP/1.1 answers, read as their bytes come: no I/O, as lenient as browsers and no more.

A `Reader` takes the socket's bytes.  `Reader.head` gives the answer's status and headers once they are whole, and
`Reader.body` the body, piece by piece, until `Reader.done`.  The split of the bytes never matters.

Forgiven, because every browser forgives it and a check must not raise an alarm over a page that users see:

- blank lines before the status line, and lines that end in LF alone (RFC 9112 section 2.2);
- a header line without a colon or whose name is no token is left out; blanks before the colon are dropped; a line that
  begins with a blank continues the one before (RFC 9112 section 5.2);
- a Content-Length that is repeated with the same value (RFC 9110 section 8.6); any Content-Length beside "chunked"
  (RFC 9112 section 6.3); the transfer coding "identity" (RFC 2616 had it), and "chunked" said twice;
- blanks behind a chunk's size, and chunk extensions (RFC 9112 section 7.1.1).

Refused, as browsers do: other versions of HTTP's framing would have two readers see two answers.  Lengths that differ,
that are no number; transfer codings other than chunked; a NUL in the headers; a chunk without a size, or longer than
its size; an answer that ends before its length or its last chunk; 101, which nobody asked for.

Bounds, so that no peer fills the memory: `MOST_HEAD` octets for everything before the body (interim answers and blank
lines included) and for the trailers, `MOST_LINE` for the line with a chunk's size.  They are Chromium's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from collectd_inode.words import shortened

MOST_HEAD = 256 * 1024
MOST_LINE = 16 * 1024

_END_OF_HEAD = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/(\d+)(?:\.(\d+))?[ \t]+([1-9]\d\d)(?!\d)(.*)", re.IGNORECASE | re.DOTALL)
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?", re.DOTALL)
_LENGTH = re.compile(rb"\d{1,18}")
_BODILESS = (204, 205, 304)
_LONGEST = 120
"""Characters of an answer that a message shows: a line may be 256 KiB long."""


class NotHTTP(Exception):
    """The answer is not HTTP/1.1, or incomplete; the message is a sentence a user can read."""


@dataclass(frozen=True, slots=True)
class Head:
    """An answer's status line and headers, as octets; names keep the case they came in."""

    status: int
    reason: bytes
    version: tuple[int, int]
    headers: list[tuple[bytes, bytes]]

    def values(self, name: bytes) -> list[bytes]:
        """Each value of the header *name* (lower case), split at commas."""
        return [
            part.strip(b" \t").lower()
            for found, value in self.headers
            if found.lower() == name
            for part in value.split(b",")
        ]

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection may be used again (RFC 9112 section 9.3)."""
        options = self.values(b"connection")
        return b"close" not in options and (self.version >= (1, 1) or b"keep-alive" in options)


class Reader:
    """Reads the answer to one request; *method* is the request's."""

    __slots__ = ("_body", "_buffer", "_closed", "_keep", "_method", "_searched", "_spent")

    def __init__(self, method: str) -> None:
        self._method = method
        self._buffer = bytearray()
        self._closed = False
        self._searched = self._spent = 0
        self._body: _Body | None = None
        self._keep = False

    def feed(self, data: bytes) -> None:
        """Take the socket's bytes; b"" means that the peer has closed."""
        if data:
            self._buffer += data
        else:
            self._closed = True

    def head(self) -> Head | None:
        """The answer's head, once: None while more is needed.  Interim answers (1xx) are read over.  Raises NotHTTP."""
        while True:
            raw = self._whole_head()
            if raw is None:
                return None
            head = _parsed(raw)
            if head.status == 101:
                raise NotHTTP("it switched protocols (101) without a request for it")
            if head.status >= 200:
                self._body = self._framed(head)
                self._keep = head.keeps_alive and not isinstance(self._body, _UntilClosed)
                return head

    def body(self) -> bytes:
        """The next piece of the body; b"" if more is needed, or `done`.  Raises NotHTTP for a body that was cut."""
        assert self._body is not None
        return b"" if self._body.done else self._body.take(self._buffer, closed=self._closed)

    @property
    def done(self) -> bool:
        """Whether the answer is whole."""
        return self._body is not None and self._body.done

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry the next request: bytes beyond this answer would seem to be the next one."""
        return self.done and self._keep and not self._buffer and not self._closed

    def _whole_head(self) -> bytes | None:
        buffer = self._buffer
        if buffer.startswith((b"\r", b"\n")):
            self._drop(len(buffer) - len(buffer.lstrip(b"\r\n")))
        if buffer[:5].upper() != b"HTTP/"[: len(buffer)]:
            raise _not_http(buffer)
        # A head's end may have come in two parts: the last two octets are looked at again.
        found = _END_OF_HEAD.search(buffer, max(0, self._searched - 2))
        self._searched = len(buffer)
        if self._spent + (found.end() if found else len(buffer)) > MOST_HEAD:
            raise NotHTTP("256 KiB arrived without the end of the headers")
        if found is None:
            if self._closed:
                raise NotHTTP(_CUT_HEAD if buffer else "server disconnected without sending a response")
            return None
        raw = bytes(buffer[: found.start()])
        self._drop(found.end())
        return raw

    def _drop(self, octets: int) -> None:
        del self._buffer[:octets]
        self._spent += octets
        self._searched = 0

    def _framed(self, head: Head) -> _Body:
        """The way to recognise the end of the body (RFC 9112 section 6.3)."""
        tunnel = self._method == "CONNECT" and head.status < 300
        if self._method == "HEAD" or tunnel or head.status in _BODILESS:
            return _ByLength(0)
        codings = set(head.values(b"transfer-encoding")) - {b"identity", b""}
        if codings - {b"chunked"}:
            raise NotHTTP("it uses a Transfer-Encoding that is not chunked")
        if codings:
            return _Chunked()
        lengths = set(head.values(b"content-length"))
        if not lengths:
            return _UntilClosed()
        if len(lengths) > 1:
            raise NotHTTP("conflicting Content-Length headers")
        (length,) = lengths
        if not _LENGTH.fullmatch(length):
            raise NotHTTP("bad Content-Length")
        return _ByLength(int(length))


_CUT_HEAD = "the connection was closed in the middle of the headers"
_CUT_BODY = "the connection was closed in the middle of the body"


def _parsed(raw: bytes) -> Head:
    """A head without the blank line at its end."""
    if b"\0" in raw:
        raise NotHTTP("the answer is not HTTP: there is a NUL in the headers")
    first, *lines = raw.split(b"\n")
    found = _STATUS_LINE.match(first)
    if found is None:
        raise _not_http(first)
    read: list[tuple[bytes, list[bytes]]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            if read:
                read[-1][1].append(_trimmed(line))
            continue
        name, colon, value = line.partition(b":")
        name = name.rstrip(b" \t")
        if colon and _TOKEN.fullmatch(name):
            read.append((name, [_trimmed(value)]))
    headers = [(name, b" ".join(folded)) for name, folded in read]
    version = int(found[1][:4]), int((found[2] or b"0")[:4])
    return Head(int(found[3]), _trimmed(found[4]), version, headers)


def _trimmed(value: bytes) -> bytes:
    """A value without the blanks around it; a CR inside it counts as one (RFC 9112 section 2.2)."""
    trimmed = value.strip(b" \t\r")
    return trimmed.replace(b"\r", b" ") if b"\r" in trimmed else trimmed


def _not_http(came: bytes | bytearray) -> NotHTTP:
    line = bytes(came[:_LONGEST]).partition(b"\n")[0].rstrip(b"\r")
    return NotHTTP(shortened(f"the answer is not HTTP: {repr(line)[1:]}", _LONGEST))


class _Body(Protocol):
    """One way to tell where a body ends."""

    done: bool

    def take(self, buffer: bytearray, *, closed: bool) -> bytes:
        """Take the part of the body that is in *buffer*; b"" if more is needed.  Raises NotHTTP."""


class _ByLength:
    """This number of octets."""

    __slots__ = ("_left", "_length", "done")

    def __init__(self, length: int) -> None:
        self._length = self._left = length
        self.done = length == 0

    def take(self, buffer: bytearray, *, closed: bool) -> bytes:
        piece = bytes(buffer[: self._left])
        del buffer[: self._left]
        self._left -= len(piece)
        self.done = self._left == 0
        if closed and not piece and not self.done:
            came = self._length - self._left
            raise NotHTTP(f"the connection was closed after {came} of {self._length} bytes of the body")
        return piece


class _UntilClosed:
    """All bytes until the peer closes."""

    __slots__ = ("done",)

    def __init__(self) -> None:
        self.done = False

    def take(self, buffer: bytearray, *, closed: bool) -> bytes:
        piece = bytes(buffer)
        buffer.clear()
        self.done = closed
        return piece


class _Chunked:
    """Chunks, each with its size before it, the last one of size 0, then trailers (RFC 9112 section 7.1)."""

    __slots__ = ("_chunks", "_next", "_size", "_trailers", "done")

    def __init__(self) -> None:
        self.done = False
        self._size = self._trailers = 0
        self._next = self._read_size
        self._chunks: list[bytes] = []

    def take(self, buffer: bytearray, *, closed: bool) -> bytes:
        at = end = 0
        while not self.done and end >= 0:
            at = end
            try:
                end = self._next(buffer, at)
            except NotHTTP:
                if not self._chunks:
                    raise
                break  # what was whole counts; the next call meets the rest again
        at = max(at, end)
        del buffer[:at]
        piece = b"".join(self._chunks)
        self._chunks.clear()
        if closed and not piece and not self.done:
            raise NotHTTP(_CUT_BODY)
        return piece

    # Each of these reads a part of a chunk and gives the place behind it, or -1 if the part is not all there.

    def _read_size(self, buffer: bytearray, at: int) -> int:
        end = _line_end(buffer, at, MOST_LINE, "16 KiB arrived without the end of a chunk's size")
        if end < 0:
            return -1
        line = bytes(buffer[at:end])
        found = _CHUNK_SIZE.fullmatch(line.rstrip(b"\r\n"))
        if found is None:
            raise _not_http(line)
        self._size = int(found[1], 16)
        self._next = self._read_data if self._size else self._read_trailer
        return end

    def _read_data(self, buffer: bytearray, at: int) -> int:
        piece = bytes(buffer[at : at + self._size])
        if not piece:
            return -1
        self._chunks.append(piece)
        self._size -= len(piece)
        if not self._size:
            self._next = self._read_end
        return at + len(piece)

    def _read_end(self, buffer: bytearray, at: int) -> int:
        after = bytes(buffer[at : at + 2])
        if after[:1] == b"\n" or after == b"\r\n":
            self._next = self._read_size
            return at + after.index(b"\n") + 1
        if after in (b"", b"\r"):
            return -1
        raise _not_http(buffer[at:])

    def _read_trailer(self, buffer: bytearray, at: int) -> int:
        end = _line_end(buffer, at, MOST_HEAD - self._trailers, "256 KiB arrived without the end of the trailers")
        if end < 0:
            return -1
        self._trailers += end - at
        self.done = not buffer[at:end].rstrip(b"\r\n")
        return end


def _line_end(buffer: bytearray, at: int, most: int, complaint: str) -> int:
    """The place behind the line at *at*; -1 if its end has not come.  Raises NotHTTP for one of more than *most*."""
    end = buffer.find(b"\n", at, at + most)
    if end >= 0:
        return end + 1
    if len(buffer) - at >= most:
        raise NotHTTP(complaint)
    return -1
