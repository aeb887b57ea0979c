"""SMTP replies, read from bytes in whatever pieces they come (RFC 5321 section 4.2).

A peer's bytes must not fill our memory or reach our terminal: a line has at most 4096 bytes, a reply 64 KiB, and the
part that is shown is printable and short.  Each failure here is *protocol*.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from collectd_inode.model import Cause, Failure
from collectd_inode.words import printable, shortened

LINE_BYTES = 4096
"""Without the line's end; eight times what RFC 5321 section 4.5.3.1.5 allows."""
REPLY_BYTES = 64 * 2**10
SHOWN = 200
_SHOWN_OF_STRANGERS = 60

# RFC 5321 section 4.2 lets the second digit be 0 to 5 only, but 571 and its like have been seen for decades.
_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_BEGINNING = re.compile(rb"[2-5][0-9]{2}[ \-\r\n]")
_ENHANCED = re.compile(r"([245])\.[0-9]{1,3}\.[0-9]{1,3}(?![^ ])")


Hide = Callable[[str], str]
"""A function that removes secrets from a peer's words."""


def as_it_is(text: str) -> str:
    """Hides nothing."""
    return text


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole reply: its code, its lines without code and line end, and how many bytes it was.

    ``bare_lf``: a line of it ended with LF alone.  ``hide`` is what people get to read it through.
    """

    code: int
    lines: tuple[str, ...] = ("",)
    bytes: int = 0
    bare_lf: bool = False
    hide: Hide = field(default=as_it_is, compare=False, repr=False)

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code (RFC 2034, RFC 3463): ``5.7.8``; None if there is none of this reply's class."""
        match = _ENHANCED.match(self.lines[0])
        return match[0] if match and match[1] == str(self.code)[0] else None

    @property
    def text(self) -> str:
        """All lines as one, for people."""
        return shown(self.hide(" ".join(line.strip() for line in self.lines if line.strip())))

    def __str__(self) -> str:
        return f"{self.code} {self.text}".rstrip()


def shown(text: str, limit: int = SHOWN) -> str:
    """A stranger's text, printable and of at most *limit* characters."""
    return shortened(printable(text), limit)


def decoded(data: bytes) -> str:
    """*data* as text; what is not UTF-8 is shown as escapes."""
    return data.decode("utf-8", "backslashreplace")


def quoted(data: bytes, hide: Hide) -> str:
    """The beginning of a peer's words, for people."""
    return shown(hide(decoded(data[:_SHOWN_OF_STRANGERS])), 2 * _SHOWN_OF_STRANGERS)


class ReplyReader:
    """Takes bytes and returns replies; raises Failure (protocol) for bytes that are no reply.

    The verdict does not depend on how the bytes were split.
    """

    def __init__(self, hide: Hide = as_it_is) -> None:
        self._hide = hide
        self._buffer = bytearray()
        self._code: int | None = None
        self._lines: list[str] = []
        self._bytes = 0
        self._bare_lf = False

    @property
    def rest(self) -> bytes:
        """The bytes after the last complete reply."""
        return bytes(self._buffer)

    @property
    def begun(self) -> bool:
        """Whether a reply has begun and is not whole yet."""
        return bool(self._buffer or self._lines)

    def feed(self, data: bytes) -> None:
        """Take the next bytes off the wire."""
        self._buffer += data

    def reply(self) -> Reply | None:
        """The next whole reply; None until more bytes come."""
        while (end := self._buffer.find(b"\n", 0, LINE_BYTES + 2)) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            if self._take(line):
                return self._whole()
        self._judge_beginning()
        return None

    def _take(self, line: bytes) -> bool:
        """Add a line to the reply; whether it was its last."""
        self._bytes += len(line) + 1
        self._bare_lf = self._bare_lf or not line.endswith(b"\r")
        match = _LINE.fullmatch(line.removesuffix(b"\r"))
        if match is None:
            raise self._not_smtp(line)
        if len(line.removesuffix(b"\r")) > LINE_BYTES:
            raise _oversize_line()
        code = int(match[1])
        if self._code not in (None, code):
            raise Failure(Cause.PROTOCOL, f"mixed reply codes: {self._code} and {code} in one reply")
        self._code = code
        self._lines.append(decoded(match[3] or b""))
        if self._bytes > REPLY_BYTES:
            raise _oversize_reply()
        return match[2] != b"-"

    def _whole(self) -> Reply:
        assert self._code is not None
        reply = Reply(self._code, tuple(self._lines), self._bytes, self._bare_lf, self._hide)
        self._code, self._lines, self._bytes, self._bare_lf = None, [], 0, False
        return reply

    def _judge_beginning(self) -> None:
        """A line that is not whole yet may be wrong already; its end may never come."""
        if len(self._buffer) >= 4 and not _BEGINNING.match(self._buffer):
            raise self._not_smtp(bytes(self._buffer))
        if len(self._buffer) > LINE_BYTES + 1:
            raise _oversize_line()
        if self._bytes + len(self._buffer) > REPLY_BYTES:
            raise _oversize_reply()

    def _not_smtp(self, data: bytes) -> Failure:
        said = quoted(data.removesuffix(b"\r"), self._hide)
        return Failure(Cause.PROTOCOL, f"not SMTP: the server says “{said}”" if said else "not SMTP: an empty line")


def _oversize_line() -> Failure:
    return Failure(Cause.PROTOCOL, f"oversize: a line of more than {LINE_BYTES} bytes")


def _oversize_reply() -> Failure:
    return Failure(Cause.PROTOCOL, f"oversize: a reply of more than {REPLY_BYTES // 1024} KiB")
