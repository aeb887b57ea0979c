"""The answer to a 401: HTTP's Basic and Digest schemes (RFC 7617, RFC 7616)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from collectd_inode.page import urls

_HASHES: dict[str, Callable[[bytes], hashlib._Hash]] = {
    "SHA-512": hashlib.sha512,
    "SHA-256": hashlib.sha256,
    "MD5": hashlib.md5,
}

_CALLED = {"ntlm": "NTLM", "hoba": "HOBA", "gssapi": "GSSAPI", "dpop": "DPoP", "vapid": "VAPID"}
"""Schemes whose names are no words."""

_MOST_NAMED = 5

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# What stands between the parts is searched for, not matched: a header may hold 64 KiB of blanks.
_CHALLENGE_PART = re.compile(
    rf"(?P<key>{_TOKEN})\s*=\s*(?:\"(?P<quoted>(?:[^\"\\]|\\.)*+)\"|(?P<plain>[^\s,\"]*))|(?P<scheme>{_TOKEN})"
)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way in that a server offers: scheme and parameters, names in lower case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def algorithm(self) -> str:
        """Digest's algorithm, upper case, without ``-SESS``."""
        return self.parameters.get("algorithm", "MD5").upper().removesuffix("-SESS")

    @property
    def in_session(self) -> bool:
        """Whether it is one of Digest's session variants."""
        return self.parameters.get("algorithm", "").upper().endswith("-SESS")

    @property
    def is_stale(self) -> bool:
        """Whether Digest's last nonce was too old, and nothing else was wrong (RFC 7616 section 3.3)."""
        return self.parameters.get("stale", "").lower() == "true"

    @property
    def name(self) -> str:
        """Its name for people, and the part that we do not support."""
        called = _CALLED.get(self.scheme, self.scheme.capitalize())
        if self.scheme != "digest":
            return called
        if "nonce" not in self.parameters:
            return f"{called} without a nonce"
        if not self.offers_auth:
            return f"{called} with qop {self.parameters['qop']}"
        return called if self.algorithm in _HASHES else f"{called} with {self.algorithm}"

    @property
    def offers_auth(self) -> bool:
        """Whether we support the quality of protection: ``auth``, or none (RFC 2069)."""
        qop = self.parameters.get("qop")
        return not qop or "auth" in re.split(r"[\s,]+", qop.lower())


@dataclass(frozen=True, slots=True)
class HttpCredentials:
    """A user and a password."""

    user: str
    password: str = field(repr=False)


@dataclass(slots=True)
class SiteCredentials:
    """The credentials of one run: the operator's ``own`` are for ``home``, the site of the scenario."""

    own: HttpCredentials | None = None
    home: urls.Origin | None = None
    known: dict[urls.Origin, HttpCredentials] = field(default_factory=dict)

    def authenticate(self, own: HttpCredentials) -> None:
        """Take these for the operator's own, from now on."""
        self.own = own
        if self.home is not None:
            self.known[self.home] = own

    def settle(self, url: str) -> None:
        """The scenario's own site is that of *url*."""
        self.home = urls.origin(urls.split_userinfo(url)[0])
        if self.own is not None:
            self.known[self.home] = self.own
        self.bare(url)

    def bare(self, url: str) -> str:
        """*url* without userinfo, which is kept as that origin's credentials unless there are some."""
        bare, userinfo = urls.split_userinfo(url)
        if userinfo is not None:
            self.known.setdefault(urls.origin(bare), HttpCredentials(*userinfo))
        return bare


def challenges(headers: Iterable[str]) -> list[Challenge]:
    """The challenges of all WWW-Authenticate headers; broken ones are left out."""
    found: list[tuple[str, dict[str, str]]] = []
    for header in headers:
        for part in _CHALLENGE_PART.finditer(header):
            if part["scheme"]:
                found.append((part["scheme"].lower(), {}))
            elif found:
                quoted = part["quoted"]
                value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else part["plain"]
                found[-1][1].setdefault(part["key"].lower(), value)
    return [Challenge(scheme, parameters) for scheme, parameters in found]


def best(offered: Iterable[Challenge]) -> Challenge | None:
    """The strongest of the challenges that we can answer."""
    usable = [c for c in offered if _strength(c) is not None]
    return min(usable, key=lambda c: _strength(c) or 0, default=None)


def why_refused(offered: Iterable[Challenge], *, shown: bool) -> str:
    """Why a 401 remained although there are credentials; *shown* is whether they were sent."""
    every = list(offered)
    usable = best(every)
    if shown and usable is not None and usable.is_stale:
        return "it calls each of its nonces stale, a new one, too"
    if shown:
        return "the credentials were not accepted"
    if not every:
        return "the credentials were not sent: it has no WWW-Authenticate header that says how"
    names = ", ".join(dict.fromkeys(challenge.name for challenge in every[:_MOST_NAMED]))
    return f"the credentials were not sent: it asks for {names}; what can be answered is Basic and Digest"


def _strength(challenge: Challenge) -> int | None:
    if challenge.scheme == "basic":
        return len(_HASHES)
    usable = challenge.scheme == "digest" and challenge.offers_auth and "nonce" in challenge.parameters
    return list(_HASHES).index(challenge.algorithm) if usable and challenge.algorithm in _HASHES else None


def answer(challenge: Challenge, who: HttpCredentials, method: str, target: str, *, count: int, cnonce: str) -> bytes:
    """The Authorization header for *method* and *target* (path and query).

    *count* is how often the challenge's nonce has been used, this time included; *cnonce* is our own random part.
    """
    if challenge.scheme == "basic":
        return b"Basic " + base64.b64encode(f"{who.user}:{who.password}".encode())
    given = challenge.parameters
    nonce_count = f"{count:08x}"

    def digest(*parts: str) -> str:
        return _HASHES[challenge.algorithm](":".join(parts).encode()).hexdigest()

    secret = digest(who.user, given.get("realm", ""), who.password)
    if challenge.in_session:
        secret = digest(secret, given["nonce"], cnonce)
    request = digest(method, target)
    quality = (nonce_count, cnonce, "auth") if given.get("qop") else ()
    fields = {
        "username": _quoted(who.user),
        "realm": _quoted(given.get("realm", "")),
        "nonce": _quoted(given["nonce"]),
        "uri": _quoted(target),
        "response": _quoted(digest(secret, given["nonce"], *quality, request)),
    }
    if "algorithm" in given:
        fields["algorithm"] = given["algorithm"]
    if "opaque" in given:
        fields["opaque"] = _quoted(given["opaque"])
    if quality:
        fields |= {"qop": "auth", "nc": nonce_count, "cnonce": _quoted(cnonce)}
    return ("Digest " + ", ".join(f"{name}={value}" for name, value in fields.items())).encode()


def _quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
