"""A cookie jar by RFC 6265bis: bytes in, bytes out; no broken cookie ends a scenario."""

from __future__ import annotations

import re
from calendar import monthrange, timegm
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from collectd_inode.browser import suffixes
from collectd_inode.page.urls import is_loopback
from collectd_inode.wire.address import is_numeric

MAX_PAIR_BYTES = 4096
MAX_ATTRIBUTE_BYTES = 1024
MAX_COOKIES = 1000

SAME_SITE = ("strict", "lax", "none")

_SHOWN = 100
"""Bytes of a name in a message."""

_WSP = b" \t"
_CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE_TOKEN = re.compile(r"[^\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_CLOCK = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)")
_DAY = re.compile(r"(\d{1,2})(?!\d)")
_YEAR = re.compile(r"(\d{2,4})(?!\d)")


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie.  ``expires`` is seconds since the epoch, None for the run's life; ``number`` is its age's rank."""

    name: bytes
    value: bytes
    domain: str
    path: str
    host_only: bool = True
    secure: bool = False
    http_only: bool = False
    same_site: str = ""
    expires: float | None = None
    number: int = 0

    @property
    def pair(self) -> bytes:
        """As the Cookie header has it."""
        return self.name + b"=" + self.value if self.name else self.value


@dataclass(frozen=True, slots=True)
class _CookieURL:
    """The URL that a cookie comes from or goes to."""

    host: str
    path: str
    secure: bool

    @staticmethod
    def of(url: str) -> _CookieURL:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        # A login on a developer's own machine has no TLS, and browsers allow for that.
        return _CookieURL(host, parts.path or "/", parts.scheme == "https" or is_loopback(host))


@dataclass(slots=True)
class Jar:
    """The cookies of one run."""

    _cookies: dict[tuple[bytes, str, bool, str], Cookie] = field(default_factory=dict)
    _stored: int = 0

    def __len__(self) -> int:
        return len(self._cookies)

    def store(self, url: str, header: bytes, now: float) -> str:
        """Take the Set-Cookie *header* of *url*, or return why a browser would not; empty if it would.

        Empty also for one that deletes a cookie.
        """
        place = _CookieURL.of(url)
        try:
            cookie = _parsed(header, place, now)
            if self._would_overwrite_secure(cookie, place):
                raise _Refused(cookie.name, "over http, it would replace a Secure one")
        except _Refused as refused:
            return str(refused) if not _is_over(header, now) else ""
        key = (cookie.name, cookie.domain, cookie.host_only, cookie.path)
        if cookie.expires is not None and cookie.expires <= now:
            self._cookies.pop(key, None)
            return ""
        self._stored += 1
        older = self._cookies.get(key)
        self._cookies[key] = replace(cookie, number=older.number if older else self._stored)
        if len(self._cookies) > MAX_COOKIES:
            del self._cookies[next(iter(self._cookies))]
        return ""

    def clear(self, url: str) -> None:
        """Forget the cookies of the whole site of *url* (Clear Site Data, 4.2.3)."""
        site = suffixes.site(_CookieURL.of(url).host)
        for key in [key for key, cookie in self._cookies.items() if suffixes.site(cookie.domain) == site]:
            del self._cookies[key]

    def kept(self, now: float) -> list[Cookie]:
        """Every cookie that has not expired, the older ones first."""
        return [c for c in self._cookies.values() if c.expires is None or c.expires > now]

    def header_for(self, url: str, now: float, *, withheld: tuple[str, ...] = ()) -> bytes | None:
        """The Cookie header for a request to *url*, or None; longer paths first, then older cookies.

        Those whose SameSite is *withheld* are not sent.
        """
        if not self._cookies:
            return None
        place = _CookieURL.of(url)
        sent = [
            c
            for c in self._cookies.values()
            if _domain_matches(c, place.host)
            and path_matches(place.path, c.path)
            and (place.secure or not c.secure)
            and (c.expires is None or c.expires > now)
            and c.same_site not in withheld
        ]
        sent.sort(key=lambda c: (-len(c.path), c.number))
        return b"; ".join(c.pair for c in sent) or None

    def _would_overwrite_secure(self, cookie: Cookie, place: _CookieURL) -> bool:
        if place.secure:
            return False
        return any(
            old.secure
            and old.name == cookie.name
            and (_is_within(old.domain, cookie.domain) or _is_within(cookie.domain, old.domain))
            and path_matches(cookie.path, old.path)
            for old in self._cookies.values()
        )


class _Refused(Exception):
    """A browser would not keep this cookie; the message has its name, never its value."""

    def __init__(self, name: bytes, why: str) -> None:
        shown = name[:_SHOWN].decode("utf-8", "replace")
        super().__init__(f"the cookie “{shown}” is rejected: {why}")


def _parsed(header: bytes, place: _CookieURL, now: float) -> Cookie:
    """The cookie in *header* (RFC 6265bis, 5.6 and 5.7).  Raises _Refused."""
    pair, *attributes = header.split(b";")
    first, equals, second = pair.partition(b"=")
    name, value = (first.strip(_WSP), second.strip(_WSP)) if equals else (b"", first.strip(_WSP))
    if _CONTROLS.search(header):
        raise _Refused(_CONTROLS.sub(b"", name), "there is a control character in it")
    if not (name or value):
        raise _Refused(name, "it has neither name nor value")
    if len(name) + len(value) > MAX_PAIR_BYTES:
        raise _Refused(name, f"it has more than {MAX_PAIR_BYTES} bytes")
    given = _attributes(attributes)
    domain = _domain(given.get("domain", ""), place.host)
    if domain is None:
        raise _Refused(name, f"Domain={given['domain'][:_SHOWN]} is not a domain that {place.host} may set it for")
    cookie = Cookie(
        name=name,
        value=value,
        domain=domain or place.host,
        host_only=not domain,
        path=given["path"] if given.get("path", "").startswith("/") else default_path(place.path),
        secure="secure" in given,
        http_only="httponly" in given,
        same_site=policy if (policy := given.get("samesite", "").lower()) in SAME_SITE else "",
        expires=_expires(given, now),
    )
    if not name and value.startswith(b"="):
        raise _Refused(name, "it has no name, and its value would be read as one")
    if cookie.secure and not place.secure:
        raise _Refused(name, "it is Secure and came over http")
    if not _prefix_holds(cookie, given):
        raise _Refused(name, "it lacks the attributes that its name requires")
    for attribute, has_it in (("SameSite=None", cookie.same_site == "none"), ("Partitioned", "partitioned" in given)):
        if has_it and not cookie.secure:
            raise _Refused(name, f"{attribute} without Secure")
    return cookie


def _is_over(header: bytes, now: float) -> bool:
    """Whether a cookie is set in order to delete it."""
    end = _expires(_attributes(header.split(b";")[1:]), now)
    return end is not None and end <= now


def _attributes(parts: list[bytes]) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in parts:
        name, _, value = part.partition(b"=")
        if len(value.strip(_WSP)) <= MAX_ATTRIBUTE_BYTES:
            given[name.strip(_WSP).decode("latin-1").lower()] = value.strip(_WSP).decode("latin-1")
    return given


def _domain(attribute: str, host: str) -> str | None:
    """The domain of a cookie: empty means this host only, None that the cookie must be refused (rule 18)."""
    domain = attribute.removeprefix(".").lower()
    if not domain or (domain == host and (is_numeric(host) or suffixes.is_public(host))):
        return ""
    if is_numeric(host) or not _is_within(host, domain) or suffixes.is_public(domain):
        return None
    return domain


def _prefix_holds(cookie: Cookie, given: dict[str, str]) -> bool:
    name = (cookie.name or cookie.value).lower()
    if not name.startswith((b"__host-", b"__secure-", b"__http-")):
        return True
    if name.startswith((b"__host-http-", b"__http-")) and not cookie.http_only:
        return False
    at_home = cookie.host_only and given.get("path") == "/"
    return bool(cookie.name) and cookie.secure and (at_home or not name.startswith(b"__host-"))


def _expires(given: dict[str, str], now: float) -> float | None:
    """The end of the cookie; Max-Age takes precedence over Expires, and zero or less is the past (rule 20)."""
    if re.fullmatch(r"-?\d+", given.get("max-age", ""), re.ASCII):
        seconds = float(given["max-age"][:15])
        return now + seconds if seconds > 0 else float("-inf")
    return parse_date(given.get("expires", ""))


def parse_date(text: str) -> float | None:
    """Seconds since the epoch of a cookie's date, read as leniently as RFC 6265 requires; None if it is not a date."""
    clock = day = month = year = None
    for token in _DATE_TOKEN.findall(text):
        if clock is None and (match := _CLOCK.match(token)):
            clock = tuple(map(int, match.groups()))
        elif day is None and (match := _DAY.match(token)):
            day = int(match.group(1))
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (match := _YEAR.match(token)):
            year = _full_year(int(match.group(1)))
    if clock is None or day is None or month is None or year is None:
        return None
    hour, minute, second = clock
    if not (year >= 1601 and 1 <= day <= monthrange(year, month)[1] and hour < 24 and minute < 60 and second < 60):
        return None
    return float(timegm((year, month, day, hour, minute, second)))


def _full_year(year: int) -> int:
    if 70 <= year <= 99:
        return year + 1900
    return year + 2000 if year <= 69 else year


def default_path(path: str) -> str:
    """The directory of a request's path: what a cookie without Path is for (rule 19)."""
    return path[: path.rindex("/")] or "/" if path.startswith("/") else "/"


def path_matches(path: str, wanted: str) -> bool:
    """Whether a cookie for *wanted* goes to *path*."""
    return path == wanted or path.startswith(wanted if wanted.endswith("/") else wanted + "/")


def _domain_matches(cookie: Cookie, host: str) -> bool:
    return host == cookie.domain if cookie.host_only else _is_within(host, cookie.domain)


def _is_within(host: str, domain: str) -> bool:
    return host == domain or host.endswith("." + domain)


def same_site(one: str, other: str) -> bool:
    """Whether two URLs are of one site: the same scheme and registrable domain."""
    first, second = urlsplit(one), urlsplit(other)
    if first.scheme != second.scheme:
        return False
    one_host, other_host = first.hostname or "", second.hostname or ""
    return one_host == other_host or suffixes.site(one_host) == suffixes.site(other_host)
