"""URLs as a browser reads them: links made absolute, ASCII and comparable.

The rules are the URL Standard's for http and https.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import SplitResult, unquote, urlsplit

from collectd_inode.page.charset import UTF8, Encoding
from collectd_inode.page.hosts import BadHost, in_ascii
from collectd_inode.words import shortened

WEB = ("http", "https")
_USUAL_WEB = ("http://", "https://")
DEFAULT_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]
"""Scheme, host, port."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HOST_AND_PORT = re.compile(r"[\w.-]+:\d{1,5}(?=[/?#]|$)")
_LIKE_A_HOST = re.compile(r"(?:[\w-]+(?:\.[\w-]+)+|localhost|\[[0-9A-Fa-f:.]+\])\.?(?::\d{1,5})?(?=[/?#]|$)")
_C0_AND_SPACE = "".join(map(chr, range(0x21)))
_DOT = re.compile(r"%2e", re.IGNORECASE)

# The percent-encode sets of the URL Standard, beyond controls and non-ASCII; "%" is left alone as browsers do.
_QUERY_SET = frozenset(b" \"#<>'")
_PATH_SET = frozenset(b' "#<>?^`{}')
_USERINFO_SET = _PATH_SET | frozenset(b"/:;=@[\\]|")
_FRAGMENT_SET = frozenset(b' "<>`')


REFERRER_POLICY = "strict-origin-when-cross-origin"
"""The policy for Referer unless the page sets another."""

_UNLESS_DOWNGRADED = frozenset({"no-referrer-when-downgrade", "strict-origin", REFERRER_POLICY})
_ORIGIN_ALWAYS = frozenset({"origin", "strict-origin"})
_ORIGIN_ABROAD = frozenset({"origin-when-cross-origin", REFERRER_POLICY})
REFERRER_POLICIES = _UNLESS_DOWNGRADED | _ORIGIN_ALWAYS | _ORIGIN_ABROAD | {"no-referrer", "same-origin", "unsafe-url"}

_REMEMBERED = lru_cache(maxsize=4096)
"""A daemon meets the same URLs again and again, each several times a run."""

LONGEST = 2**16
"""The largest number of characters of an address; httpx takes no more."""


class BadURL(ValueError):
    """The text is not a URL that a browser could request; the message says why."""


def clean(text: str) -> str:
    """*text* without surrounding controls and spaces, and without tabs and line ends inside (rule 2)."""
    return re.sub(r"[\t\r\n]", "", text.strip(_C0_AND_SPACE))


def scheme_of(text: str) -> str:
    """The scheme that *text* starts with, in lower case, or nothing."""
    match = _SCHEME.match(clean(text))
    return match.group(1).lower() if match else ""


def resolve(base: str, reference: str, encoding: Encoding = UTF8) -> str:
    """*reference*, as it stands in a page, as an absolute URL (rules 2 and 3).

    The query is written in *encoding*, the rest in UTF-8.  Other schemes than http and https come
    back as they are.  Raises BadURL.
    """
    if len(reference) <= LONGEST:
        return _resolve(base, reference, encoding)
    if scheme_of(reference[:100]) in ("", *WEB):
        raise BadURL(f"an address of {len(reference)} characters is too long")
    return reference  # a picture in a data: URL, say: not worth remembering


@_REMEMBERED
def _resolve(base: str, reference: str, encoding: Encoding) -> str:
    text = clean(reference)
    scheme = scheme_of(text)
    if scheme and scheme not in WEB:
        return text
    before, hash_mark, fragment = text.partition("#")
    path, question_mark, query = before.partition("?")
    place = _place(base, path.replace("\\", "/"), scheme)
    if not path and not question_mark:
        _, question_mark, query = without_fragment(base).partition("?")
    # By hand: urlunsplit loses an empty query and an empty fragment, which the server and the page can see.
    return (
        f"{place.scheme}://{place.netloc}{_quoted(_without_dots(place.path), _PATH_SET)}"
        f"{question_mark}{_quoted(query, _QUERY_SET, encoding)}{hash_mark}{_quoted(fragment, _FRAGMENT_SET)}"
    )


def _place(base: str, path: str, scheme: str) -> SplitResult:
    """Scheme, host and undotted path that *path* means when it stands in a document at *base*."""
    document = _split(base) if base else SplitResult("", "", "", "", "")
    path = path[len(scheme) + 1 :] if scheme else path
    names_a_host = path.startswith("//") or (scheme and scheme != document.scheme)
    if names_a_host:
        authority, slash, rest = path.lstrip("/").partition("/")
        scheme = scheme or document.scheme
        if not scheme:
            raise BadURL("an address without a scheme, and no BaseURL is given")
        return SplitResult(scheme, _authority(authority, scheme), slash + rest or "/", "", "")
    if not document.netloc:
        raise BadURL("a relative address, and no BaseURL is given")
    if path.startswith("/"):
        return document._replace(path=path, query="")
    if not path:
        return document
    return document._replace(path=document.path.rpartition("/")[0] + "/" + path, query="")


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise BadURL(f"“{shown(url)}” is not a URL: {error}") from error


def _authority(text: str, scheme: str) -> str:
    userinfo, _, host_and_port = text.rpartition("@")
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::(\d*))?", host_and_port)
    if match is None or not match.group(1):
        raise BadURL(f"“{host_and_port}” is not a host" if host_and_port else "the URL has no host")
    host = unquote(match.group(1))
    try:
        host = in_ascii(host)
    except BadHost as error:
        raise BadURL(f"“{shortened(host, 100)}” is {error}") from None
    digits = (match.group(2) or "").lstrip("0")[:6]  # int() refuses more digits than any port has
    port = int(digits or 0) if match.group(2) else DEFAULT_PORTS[scheme]
    if port > 65535:
        raise BadURL(f"port {match.group(2)[:20]} of “{host}” is above 65535")
    if port == 0:
        raise BadURL(f"port 0 of “{host}” is none that anybody can connect to")
    return _credentials(userinfo) + host + (f":{port}" if port != DEFAULT_PORTS[scheme] else "")


def _credentials(userinfo: str) -> str:
    """User and password as they stand before a host, without the marks of what is empty."""
    name, _, password = (_quoted(part, _USERINFO_SET) for part in userinfo.partition(":"))
    return (f"{name}:{password}" if password else name) + ("@" if name or password else "")


def _without_dots(path: str) -> str:
    """*path* with its ``.`` and ``..`` worked off; ``%2e`` is a dot too."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for number, segment in enumerate(segments):
        dots = _DOT.sub(".", segment)
        if dots == "..":
            del kept[-1:]
        if dots not in (".", ".."):
            kept.append(segment)
        elif number == len(segments) - 1:
            kept.append("")
    return "/" + "/".join(kept)


def _quoted(text: str, escaped: frozenset[int], encoding: Encoding = UTF8) -> str:
    octets = encoding.encode(text, _escaped_reference)
    return "".join(chr(b) if 0x20 < b < 0x7F and b not in escaped else f"%{b:02X}" for b in octets)


def _escaped_reference(character: str) -> bytes:
    """A character that the encoding of a query lacks (rule 51)."""
    return f"%26%23{ord(character)}%3B".encode("ascii")


def destination(text: str, base_url: str | None) -> str:
    """Where ``I go to "text"`` leads: an absolute URL, one relative to the base URL, or a host.  Raises BadURL."""
    text = clean(text)
    if _HOST_AND_PORT.match(text) or (base_url is None and _LIKE_A_HOST.match(text)):
        text = "http://" + text
    elif base_url is None and text.startswith("//"):
        text = "http:" + text
    return resolve(destination(base_url, None) if base_url else "", text)


def without_fragment(url: str) -> str:
    """*url* as it is sent: fragments stay in the browser (rule 5)."""
    return url.partition("#")[0]


def with_query(url: str, query: str) -> str:
    """*url* with *query* in place of its own, and its fragment kept (rule 55)."""
    before, hash_mark, fragment = url.partition("#")
    return f"{before.partition('?')[0]}?{query}{hash_mark}{fragment}"


def inherit_fragment(url: str, previous: str) -> str:
    """*url* with the fragment of *previous* where it has none of its own (rule 5)."""
    _, hash_mark, fragment = previous.partition("#")
    return url if "#" in url else f"{url}{hash_mark}{fragment}"


@_REMEMBERED
def split_userinfo(url: str) -> tuple[str, tuple[str, str] | None]:
    """*url* without userinfo, and the user and password that stood in it."""
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    user, _, password = userinfo.partition(":")
    return url.replace(f"//{parts.netloc}", f"//{host}", 1), (unquote(user), unquote(password))


def shown(url: str) -> str:
    """*url* for a message: without everything before an ``@`` in the host's place."""
    return re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*@", r"\1//", url)


@_REMEMBERED
def origin(url: str) -> Origin:
    """Scheme, host and port of an absolute http or https URL."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 0)


def origin_text(url: str) -> str:
    """The origin as the Origin header has it: ``https://example.org:8443``."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def referrer(source: str, target: str, policy: str = REFERRER_POLICY) -> str | None:
    """The Referer for a request of *target* from *source*, by one of `REFERRER_POLICIES` (rule 16)."""
    same = origin(source) == origin(target)
    if policy == "no-referrer" or (policy in _UNLESS_DOWNGRADED and is_downgrade(source, target)):
        return None
    if policy == "same-origin" and not same:
        return None
    if policy in _ORIGIN_ALWAYS or (policy in _ORIGIN_ABROAD and not same):
        return origin_text(source) + "/"
    return without_fragment(split_userinfo(source)[0])


def is_downgrade(source: str, target: str) -> bool:
    """Whether a request from *source* to *target* leaves https."""
    return source.startswith("https:") and not target.startswith("https:")


def referrer_policy(text: str) -> str:
    """The policy that a Referrer-Policy header or attribute asks for: the last one that exists; empty if none does."""
    named = (word.strip().lower() for word in reversed(text.split(",")))
    return next((word for word in named if word in REFERRER_POLICIES), "")


def is_web(url: str) -> bool:
    """Whether *url* is http or https: nothing else is ever requested (rule 8)."""
    return url.startswith(_USUAL_WEB) or scheme_of(url) in WEB


def by_https(url: str) -> str:
    """The http *url* by https: the default port is https's own, any other stays."""
    return re.sub(r"^http:(//[^/?#]*?)(?::443)?(?=[/?#]|$)", r"https:\1", url)


def is_loopback(host: str) -> bool:
    """Whether *host* is this machine, by name or address."""
    return host == "localhost" or host.endswith(".localhost") or host.startswith("127.") or host == "::1"
