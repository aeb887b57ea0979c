"""Content-Encoding undone while the body comes in, and stopped where it gets too large.

httpx's own decoders inflate a chunk whole (64 KiB can become 64 MiB) and take a gzip stream that breaks off for a
complete one; a monitor wants neither.
"""

from __future__ import annotations

import zlib

from collectd_inode.browser.urls import shown
from collectd_inode.run import Cause, Failure

ACCEPTED = "gzip, deflate"

_MOST_CODINGS = 5
"""One is usual; each may hold as much as MaxBodySize while it is undone."""

_GZIP = zlib.MAX_WBITS | 16
_GZIP_MAGIC = b"\x1f\x8b"
_WINDOW_BITS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}


class Body:
    """A body while it is received: ``feed`` chunks, then ``finish``.  Raises Failure(PROTOCOL)."""

    def __init__(self, url: str, content_encoding: str, limit: int) -> None:
        self._url, self._limit = shown(url), limit
        self._received = bytearray()
        self._layers = [_Inflater(self._url, name, limit) for name in reversed(self._codings(content_encoding))]

    def feed(self, chunk: bytes) -> None:
        """Take what came over the wire."""
        for layer in self._layers:
            chunk = layer.feed(chunk)
        self._received += chunk
        if len(self._received) > self._limit:
            raise _too_large(self._url, self._limit)

    @property
    def so_far(self) -> bytes:
        """What has come of it yet, decoded."""
        return bytes(self._received)

    def finish(self) -> bytes:
        """The decoded body."""
        for layer in self._layers:
            layer.finish()
        return bytes(self._received)

    def _codings(self, header: str) -> list[str]:
        names = [name for name in (part.strip().lower() for part in header.split(",")) if name not in ("", "identity")]
        if len(names) > _MOST_CODINGS:
            raise _broken(self._url, f"is encoded {len(names)} times over")
        for name in names:
            if name not in _WINDOW_BITS:
                raise _broken(self._url, f"is encoded with “{name}”, which was not asked for")
        return names


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
        # What is left of the chunk is lost from here on: nothing may read on as if it were not.
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
