"""The removal of secrets, passwords, cookies and credentials from texts and saved pages before they are written to
disk.

A run's redactor has the secrets of the configuration.  This file adds those of the run: values of password fields, of
cookies and of private headers, and the passwords in addresses.  Pure.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus, unquote, urlsplit

from collectd_inode.browser.record import Hop, Lines, Received, Recorder
from collectd_inode.page import charset
from collectd_inode.page.text import words
from collectd_inode.secrets.names import lets_in, looks_secret
from collectd_inode.secrets.redactor import Redactor
from collectd_inode.words import printable

HIDDEN = "[…]"
_TELLING = 4
"""The least length of a password that is hidden wherever it stands; a shorter one is in every other word."""
_TOKEN = 8
"""The same for values of cookies and headers: many are "de" or "dark"."""
_MOST_TOKENS = 400
_MOST_PASSWORDS = 8
_LONGEST_PASSWORD = 256
"""Longer or further passwords are searched for literally, not in every encoding: compiling a pattern takes time."""
_WINDOW = 64 * 2**10
"""Characters that are searched at once."""
_BLANKS = 16 * 2**10

_OPEN_HEADERS = words(
    "accept accept-encoding accept-language cache-control connection content-length content-type dnt host origin pragma"
    " referer transfer-encoding upgrade-insecure-requests user-agent"
)
"""A request's headers that can be shown; any other is one that the operator configured, and private."""
_CHALLENGES = frozenset({"www-authenticate", "proxy-authenticate"})
_USERINFO = re.compile(r"//[^/?#\s\"'<>“”]*@")
_WITH_PASSWORD = re.compile(r"://[^/?#\s\"'<>:@]*:[^/?#\s\"'<>]*@")
"""In a page only certain addresses with a password; a comment may begin with two slashes, too."""
_PARAMETER = re.compile(r"(?<=[?&;#])([^=&#;?\s\"'<>“”]{1,200}+)=([^&#;\s\"'<>“”]+)")


_DEEPEST = 3
"""The number of addresses in one another that are looked into."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A page that can be saved; ``body`` is None if it cannot.  ``replaced``: something in it was hidden."""

    body: bytes | None
    replaced: bool = False


class Hiding:
    """Removes from a text the secrets of the run's *redactor* and of its *recorder*."""

    def __init__(self, redactor: Redactor, recorder: Recorder, texts: Iterable[str] = ()) -> None:
        self._redactor = redactor
        in_addresses = {password for text in texts for password in _in_addresses(text)}
        passwords = sorted(p for p in recorder.passwords | in_addresses if len(p.strip()) >= _TELLING)
        short = [p for p in passwords if len(p) <= _LONGEST_PASSWORD][:_MOST_PASSWORDS]
        for password in short:
            if re.fullmatch(r"\[[^\[\]]*\]", redactor(password)) is None:  # unless it is a secret with a name
                redactor.hide("password", password)
        self._tokens = _literals({*passwords} - {*short}, *map(_tokens, recorder.hops))
        self._names = frozenset(recorder.password_fields)
        self._pattern = redactor.pattern

    def __call__(self, text: str) -> str:
        """*text* without secrets, on one line."""
        text = self._without_tokens(self._redactor(text))
        return printable(self._addresses(text))

    def lines(self, text: str) -> list[str]:
        """The same for a text of multiple lines."""
        return [self(line) for line in self._redactor(text).splitlines()]

    def header(self, name: str, value: str, *, of_request: bool) -> str:
        """A header's value without secrets: of cookies the names, of private headers nothing."""
        if name in ("cookie", "set-cookie"):
            return self(_cookies(value, many=name == "cookie"))
        return self(HIDDEN if _is_private(name, of_request) else value)

    def entry(self, name: str, value: str) -> str:
        """The value of a form's field without secrets."""
        return HIDDEN if value and (name in self._names or lets_in(name)) else self(value)

    def page(self, received: Received) -> Cleaned:
        """*received* without secrets: unchanged, to the byte, if it has none."""
        before, encoding = charset.decode(received.body, received.content_type)
        text = self._clean(before)
        if not received.whole:
            text = self._without_tail(text)
        body = received.body if text == before else _bom(received.body) + encoding.encode(text)
        if any(self._finds(other) for other in _other_views(body, encoding)):
            return Cleaned(None)
        return Cleaned(body, replaced=text != before)

    def _addresses(self, text: str, depth: int = 0) -> str:
        """*text* without what lets somebody in of the addresses in it."""

        def shown(match: re.Match[str]) -> str:
            name = unquote(match[1])
            secret = name in self._names or lets_in(name)
            return f"{match[1]}={HIDDEN if secret else self._nested(match[2], depth)}"

        return _PARAMETER.sub(shown, _USERINFO.sub(f"//{HIDDEN}@", text))

    def _nested(self, value: str, depth: int) -> str:
        """*value* of a parameter, which may be an address itself: ``?next=https%3A%2F%2Fshop%2F%3Ftoken%3D…``."""
        plain = unquote(value)
        if depth >= _DEEPEST or not _PARAMETER.search(plain):
            return value
        cleaned = self._addresses(plain, depth + 1)
        if cleaned == plain:
            return value
        return cleaned if plain == value else quote(cleaned, safe="[]").replace(quote("…"), "…")

    def _clean(self, text: str) -> str:
        pieces, end = [], 0
        for found in self._found(text):
            pieces += [text[end : found.start()], self._redactor(found[0])]
            end = found.end()
        text = self._without_tokens("".join((*pieces, text[end:])))
        return _WITH_PASSWORD.sub(f"://{HIDDEN}@", text)

    def _finds(self, text: str) -> bool:
        return any(True for _ in self._found(text)) or any(token in text for token in self._tokens)

    def _found(self, text: str) -> Iterator[re.Match[str]]:
        """The places of the redactor's secrets.

        A few windows at a time: `re` keeps the interpreter while it searches, for 80 ms a megabyte, and every other
        job would wait for it.
        """
        if self._pattern is None:
            return
        # No secret is longer, in any encoding, than the pattern that finds it; but blanks in it may be many.
        overlap = _BLANKS + len(self._pattern.pattern)
        start = 0
        while start < len(text):
            end = start + _WINDOW
            found = self._pattern.search(text, start, end + overlap)
            if found is None or found.start() >= end:
                start = end
            else:
                yield found
                start = found.end()

    def _without_tokens(self, text: str) -> str:
        for token in self._tokens:
            text = text.replace(token, HIDDEN)
        return text

    def _without_tail(self, text: str) -> str:
        """*text*, which broke off, without the beginning of a secret at its end."""
        ends = [len(text) - kept for token in self._tokens if (kept := _overlap(text, token))]
        if self._pattern is not None:
            import regex  # noqa: PLC0415  # 1.3 MB, and pages seldom break off

            pattern = regex.compile(self._pattern.pattern, regex.IGNORECASE)
            found = pattern.search(text, max(0, len(text) - _WINDOW), partial=True)
            if found is not None and found.partial and len(text) - found.start() >= _TELLING:
                ends.append(found.start())
        return text[: min(ends)] + HIDDEN if ends else text


def _is_private(name: str, of_request: bool) -> bool:
    if of_request:
        return name not in _OPEN_HEADERS
    return name not in _CHALLENGES and not name.startswith("access-control-") and looks_secret(name)


def _cookies(value: str, *, many: bool) -> str:
    """A Cookie or Set-Cookie header with the names of its cookies only; parts that are not a pair are left out."""
    first, *rest = value.split(";")
    hidden = [_cookie(first), *map(_cookie, rest)] if many else [_cookie(first), *rest]
    return ";".join(hidden)


def _cookie(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}={HIDDEN}" if equals else HIDDEN


def _tokens(hop: Hop) -> Iterator[str]:
    """The secrets in a hop's cookies and private headers.  Its host is none: every line would lose it."""
    asked = (_values(name, value, many=True) for name, value in _private(hop.headers, of_request=True))
    told = (_values(name, value, many=False) for name, value in _private(hop.answer, of_request=False))
    host = urlsplit(hop.url)
    yield from (t for values in (*asked, *told) for t in values if t not in (host.hostname, host.netloc))


def _private(lines: Lines, *, of_request: bool) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in lines if _is_private(name, of_request))


def _values(name: str, value: str, *, many: bool) -> Iterator[str]:
    if name in ("cookie", "set-cookie"):
        pairs = value.split(";") if many else [value.partition(";")[0]]
        yield from (pair.partition("=")[2].strip().strip('"') for pair in pairs)
        return
    yield value
    yield value.rpartition(" ")[2]  # "Bearer …"


def _literals(passwords: set[str], *tokens: Iterable[str]) -> list[str]:
    """*passwords* and *tokens* as they may stand in a text, longest first."""
    from html import escape  # noqa: PLC0415  # `Redactor`

    plain = dict.fromkeys((*passwords, *(t for some in tokens for t in some if len(t) >= _TOKEN)))
    forms = {f for t in list(plain)[-_MOST_TOKENS:] for f in (t, escape(t), quote(t, safe=""), quote_plus(t))}
    return sorted(forms, key=len, reverse=True)


def _in_addresses(text: str) -> Iterator[str]:
    """The passwords of addresses in *text*: as they stand there, and as they are meant."""
    for match in _USERINFO.finditer(text):
        password = match[0][2:-1].partition(":")[2]
        yield from (password, unquote(password))


def _overlap(text: str, token: str) -> int:
    """The number of characters, if it is large enough, that end *text* and begin *token*."""
    lengths = range(min(len(text), len(token) - 1), _TELLING - 1, -1)
    return next((n for n in lengths if text.endswith(token[:n])), 0)


def _bom(body: bytes) -> bytes:
    marks = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return next((mark for mark in marks if body.startswith(mark)), b"")


def _other_views(body: bytes, encoding: charset.Encoding) -> Iterator[str]:
    """*body* in other encodings than its own: an echoed value may be in another one."""
    if encoding != charset.UTF8:
        yield body.decode("utf-8", "replace")
    if not body.isascii():
        yield body.decode("latin-1")
    if b"\0" in body:
        yield body.replace(b"\0", b"").decode("latin-1")
