"""Content-Encoding, decoded while the body comes in, and stopped where it gets too large.

httpx's own decoders inflate a chunk whole (64 KiB can become 64 MiB) and take a truncated gzip stream for a complete
one; a monitor must do neither.
"""

from __future__ import annotations

import zlib
from typing import ClassVar
from weakref import WeakSet

from collectd_inode.model import Cause, Failure
from collectd_inode.page.urls import shown

ACCEPTED = "gzip, deflate"

_MOST_CODINGS = 5
"""One is usual; each may hold up to MaxBodySize while it is decoded."""

_GZIP = zlib.MAX_WBITS | 16
_GZIP_MAGIC = b"\x1f\x8b"
_WINDOW_BITS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}

_NOT_OURS = frozenset({"br", "zstd", "dcb", "dcz"})
"""Codings that browsers decode and we do not: without decoding, the body is not the text that users see."""


LARGE = 2**20
MOST_TOGETHER = 2**27
"""The largest sum of large bodies received at the same time, over all jobs (bytes); a larger MaxBodySize raises it."""


class Body:
    """A body while it is received: ``feed`` chunks, then ``finish``.  Raises Failure(PROTOCOL).

    Where the large bodies of all jobs take too much memory together, the largest one fails: large answers must not
    harm the checks of small ones.
    """

    _large: ClassVar[WeakSet[Body]] = WeakSet()

    def __init__(self, url: str, content_encoding: str, limit: int) -> None:
        self._url, self._limit = shown(url), limit
        self._received = bytearray()
        self._gave_way = 0
        """Its size then."""
        self._layers = [_Inflater(self._url, name, limit) for name in reversed(self._codings(content_encoding))]

    def feed(self, chunk: bytes) -> None:
        """Take what came over the wire."""
        for layer in self._layers:
            chunk = layer.feed(chunk)
        self._received += chunk
        if len(self._received) > self._limit:
            raise _too_large(self._url, self._limit)
        if len(self._received) > LARGE:
            self._large.add(self)
            self._make_room()
        self._must_have_room()

    def _make_room(self) -> None:
        sizes = {body: len(body._received) for body in list(self._large)}
        if sum(sizes.values()) > max(MOST_TOGETHER, *(2 * body._limit for body in sizes)):
            largest = max(sizes, key=sizes.__getitem__)
            largest._gave_way, largest._received = sizes[largest], bytearray()
            self._large.discard(largest)

    def _must_have_room(self) -> None:
        if self._gave_way:
            what = f"was given up after {self._gave_way} bytes, as the largest of those that all jobs receive at once"
            raise _broken(self._url, f"{what}; use a smaller MaxBodySize, or other StartOffsets")

    @property
    def size(self) -> int:
        """The bytes decoded so far."""
        return len(self._received)

    @property
    def so_far(self) -> bytes:
        """The data decoded so far."""
        return bytes(self._received)

    def finish(self) -> bytes:
        """The decoded body."""
        self._must_have_room()
        for layer in self._layers:
            layer.finish()
        self._large.discard(self)
        return bytes(self._received)

    def _codings(self, header: str) -> list[str]:
        names = [name for part in header.split(",") if (name := part.strip().lower())]
        if len(names) > _MOST_CODINGS:
            raise _broken(self._url, f"is encoded {len(names)} times over")
        for name in names:
            if name in _NOT_OURS:
                raise _broken(self._url, f"is encoded with “{name}”, which was not requested")
        # A browser that does not know one of them leaves them all alone (Fetch, "handle content codings").
        return names if _WINDOW_BITS.keys() >= set(names) else []


def _broken(url: str, what: str) -> Failure:
    return Failure(Cause.PROTOCOL, f"the body of {url} {what}")


def _too_large(url: str, limit: int) -> Failure:
    return _broken(url, f"is larger than MaxBodySize allows ({limit} bytes)")


class _Inflater:
    def __init__(self, url: str, name: str, limit: int) -> None:
        self._url, self._name, self._limit = url, name, limit
        self._stream = zlib.decompressobj(_WINDOW_BITS[name])
        self._started = False

    def feed(self, chunk: bytes) -> bytes:
        if not chunk:
            return b""
        out = self._inflate(chunk)
        # A gzip file may have several members; whatever else follows the first is ignored, as browsers do.
        while self._stream.eof and self._stream.unused_data.startswith(_GZIP_MAGIC):
            rest, self._stream = self._stream.unused_data, zlib.decompressobj(_GZIP)
            out += self._inflate(rest)
            if len(out) > self._limit:
                break
        # The rest of the chunk is lost from here on: nothing may read on as if it were not.
        if len(out) > self._limit:
            raise _too_large(self._url, self._limit)
        return out

    def _inflate(self, chunk: bytes) -> bytes:
        if self._stream.eof:
            return b""
        first, self._started = not self._started, True
        try:
            return self._stream.decompress(chunk, self._limit + 1)
        except zlib.error as error:
            # "deflate" means zlib, but some servers send the bare stream.
            if first and self._name == "deflate":
                self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
                return self._inflate(chunk)
            raise _broken(self._url, f"is not the {self._name} it claims to be: {error}") from error

    def finish(self) -> None:
        if self._started and not self._stream.eof:
            raise _broken(self._url, f"ends before its {self._name} does")
