"""The fields of a certificate, read from its DER, by which a mail server's TLS library judges it (RFC 5280).

A reader for a few fields, strict about lengths and bounded by them; no trust depends on it.  The ssl module gives
neither the key usage nor an intermediate's extensions, and a library for certificates is heavy in a daemon.  Pure.
"""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

_BOOLEAN, _INTEGER, _BITS, _OCTETS, _OID, _SEQUENCE, _SET = 0x01, 0x02, 0x03, 0x04, 0x06, 0x30, 0x31
_UTC_TIME, _TIME = 0x17, 0x18
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_MOST_BYTES = 2**16
_MOST_ELEMENTS = 4096

SUBJECT_KEY, KEY_USAGE, ALTERNATIVE_NAMES, BASIC_CONSTRAINTS = "2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19"
NAME_CONSTRAINTS, AUTHORITY_KEY, EXTENDED_KEY_USAGE = "2.5.29.30", "2.5.29.35", "2.5.29.37"
COMMON_NAME = "2.5.4.3"
FEATURES = "1.3.6.1.5.5.7.1.24"
"""A server's duties in TLS (RFC 7633), by the number of the extension."""
MUST_STAPLE = 5
"""To send OCSP's answer."""
MAIL_ADDRESS, DNS_NAME, URI, ADDRESS, DIRECTORY_NAME = 0x81, 0x82, 0x86, 0x87, 0xA4
"""Kinds of a general name (section 4.2.1.6), by their tags."""
DIGITAL_SIGNATURE, KEY_CERT_SIGN = 0, 5
"""Bits of a key usage (section 4.2.1.3)."""
SERVER_AUTH, ANY_PURPOSE = "1.3.6.1.5.5.7.3.1", "2.5.29.37.0"


class Malformed(ValueError):
    """It is no DER, or no certificate."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag, what is in it, and the whole of it."""

    tag: int
    content: bytes
    whole: bytes

    def parts(self) -> list[Element]:
        """The elements in it; raises Malformed."""
        return list(elements(self.content))


@dataclass(frozen=True, slots=True)
class ReadCertificate:
    """One certificate, read.  Names of people and hosts are as they were sent: a stranger's."""

    body: bytes = field(repr=False)
    """The signed part."""
    algorithm: str
    """Of the signature, by its OID; so is ``key_algorithm``."""
    signature: bytes = field(repr=False)
    issuer: bytes = field(repr=False)
    subject: bytes = field(repr=False)
    begins: float
    ends: float
    key_algorithm: str
    curve: str
    key: bytes = field(repr=False)
    common_names: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    names: tuple[tuple[int, bytes], ...] = ()
    """All its alternative names: kinds with their values."""
    is_constrained: bool = False
    """Whether it has basic constraints; ``is_ca``: with CA:TRUE."""
    is_ca: bool = False
    path_length: int | None = None
    usage: frozenset[int] | None = None
    """The bits of its key usage; None without one."""
    purposes: frozenset[str] | None = None
    subject_key: bytes = b""
    """Its key's identifier, and its issuer's; empty where there is none."""
    authority_key: bytes = b""
    permitted: tuple[tuple[int, bytes], ...] = ()
    """Name constraints (section 4.2.1.10): kinds with their values; so are those that are excluded."""
    excluded: tuple[tuple[int, bytes], ...] = ()
    features: frozenset[int] = frozenset()
    """The duties of the server in TLS."""
    critical: frozenset[str] = frozenset()
    """Its critical extensions, by OID."""
    damaged: tuple[str, ...] = ()
    """The extensions that are none, by OID."""

    def may(self, bit: int) -> bool:
        """Whether its key usage, if there is one, has this bit."""
        return self.usage is None or bit in self.usage

    def purposes_allow(self, purpose: str) -> bool:
        """Whether its extended key usage, if there is one, has this purpose, or any."""
        return self.purposes is None or bool(self.purposes & {purpose, ANY_PURPOSE})


@lru_cache(maxsize=256)
def read(der: bytes) -> ReadCertificate:
    """The certificate in *der*; raises Malformed."""
    if len(der) > _MOST_BYTES:
        raise Malformed("too large")
    whole = _only(der, _SEQUENCE)
    body, algorithm, signature = _as(whole.parts(), _SEQUENCE, _SEQUENCE, _BITS)
    fields = body.parts()
    version = fields.pop(0).content if fields and fields[0].tag == _VERSION else b""
    _, _, issuer, validity, subject, key = _as(fields[:6], _INTEGER, *[_SEQUENCE] * 5)
    begins, ends = (_seconds(moment) for moment in _as(validity.parts(), None, None))
    key_algorithm, bits = _as(key.parts(), _SEQUENCE, _BITS)
    extensions = next((one for one in fields[6:] if one.tag == _EXTENSIONS), None)
    if extensions and version[-1:] < b"\2":
        raise Malformed("extensions before version 3")
    return ReadCertificate(
        body=body.whole,
        algorithm=_first_oid(algorithm),
        signature=_octets(signature),
        issuer=issuer.whole,
        subject=subject.whole,
        begins=begins,
        ends=ends,
        key_algorithm=_first_oid(key_algorithm),
        curve=_second_oid(key_algorithm),
        key=_octets(bits),
        common_names=tuple(_common_names(subject)),
        **_extended(extensions),
    )


def _extended(extensions: Element | None) -> dict[str, Any]:
    """The fields that come of extensions; one that is none is noted and has no say."""
    found: dict[str, Any] = {}
    critical: list[str] = []
    seen: set[str] = set()
    damaged: list[str] = []
    for extension in _only(extensions.content, _SEQUENCE).parts() if extensions else ():
        parts = extension.parts()
        if not parts:
            raise Malformed("an empty extension")
        oid, *more = parts
        name = _oid(oid)
        if name in seen:
            raise Malformed("an extension twice")
        seen.add(name)
        if len(more) == 2 and more[0].tag == _BOOLEAN and more[0].content != b"\0":
            critical.append(name)
        if name in _READERS and more:
            try:
                found.update(_READERS[name](more[-1].content))
            except Malformed:
                damaged.append(name)
    return {**found, "critical": frozenset(critical), "damaged": tuple(damaged)}


def _key_usage(content: bytes) -> dict[str, Any]:
    octets = _octets(_only(content, _BITS))
    bits = {8 * at + bit for at, octet in enumerate(octets) for bit in range(8) if octet & 0x80 >> bit}
    return {"usage": frozenset(bits)}


def _purposes(content: bytes) -> dict[str, Any]:
    return {"purposes": frozenset(_oid(one) for one in _only(content, _SEQUENCE).parts())}


def _constraints(content: bytes) -> dict[str, Any]:
    parts = _only(content, _SEQUENCE).parts()
    is_ca = bool(parts) and parts[0].tag == _BOOLEAN and parts[0].content == b"\xff"
    length = next((int.from_bytes(one.content, "big") for one in parts if one.tag == _INTEGER), None)
    return {"is_constrained": True, "is_ca": is_ca, "path_length": length}


def _names(content: bytes) -> dict[str, Any]:
    parts = _only(content, _SEQUENCE).parts()
    addresses = (one.content for one in parts if one.tag == ADDRESS)
    return {
        "names": tuple((one.tag, one.content) for one in parts),
        "hosts": tuple(one.content.decode("ascii", "backslashreplace") for one in parts if one.tag == DNS_NAME),
        "addresses": tuple(str(ipaddress.ip_address(one)) for one in addresses if len(one) in (4, 16)),
    }


def _subject_key(content: bytes) -> dict[str, Any]:
    return {"subject_key": _only(content, _OCTETS).content}


def _authority_key(content: bytes) -> dict[str, Any]:
    parts = _only(content, _SEQUENCE).parts()
    return {"authority_key": next((one.content for one in parts if one.tag == 0x80), b"")}


def _features(content: bytes) -> dict[str, Any]:
    return {"features": frozenset(int.from_bytes(one.content, "big") for one in _only(content, _SEQUENCE).parts())}


def _name_constraints(content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in _only(content, _SEQUENCE).parts():
        trees = [tree.parts() for tree in part.parts()]
        names = tuple((tree[0].tag, tree[0].content) for tree in trees if tree)
        found["permitted" if part.tag == 0xA0 else "excluded"] = names
    return found


_READERS = {
    SUBJECT_KEY: _subject_key,
    AUTHORITY_KEY: _authority_key,
    NAME_CONSTRAINTS: _name_constraints,
    FEATURES: _features,
    KEY_USAGE: _key_usage,
    EXTENDED_KEY_USAGE: _purposes,
    BASIC_CONSTRAINTS: _constraints,
    ALTERNATIVE_NAMES: _names,
}


def _common_names(subject: Element) -> Iterator[str]:
    for relative in subject.parts():
        for attribute in relative.parts():
            kind, value, *_ = [*attribute.parts(), None, None]
            if kind is not None and value is not None and _oid(kind) == COMMON_NAME:
                yield value.content.decode("utf-16-be" if value.tag == 0x1E else "utf-8", "backslashreplace")


# Notation (X.690).


def elements(content: bytes) -> Iterator[Element]:
    """The elements in *content*, one after the other; raises Malformed."""
    at = count = 0
    while at < len(content):
        count += 1
        if count > _MOST_ELEMENTS or len(content) - at < 2 or content[at] & 0x1F == 0x1F:
            raise Malformed("no element")
        size, start = content[at + 1], at + 2
        if size & 0x80:
            more = size & 0x7F
            if not 0 < more <= 3 or len(content) < start + more:
                raise Malformed("no length")
            size, start = int.from_bytes(content[start : start + more], "big"), start + more
        if size > len(content) - start:
            raise Malformed("longer than what it is in")
        yield Element(content[at], content[start : start + size], content[at : start + size])
        at = start + size


def _only(content: bytes, tag: int) -> Element:
    found = list(elements(content))
    if len(found) != 1 or found[0].tag != tag:
        raise Malformed("another element")
    return found[0]


def _as(found: list[Element], *tags: int | None) -> list[Element]:
    if len(found) != len(tags) or any(tag not in (None, one.tag) for one, tag in zip(found, tags, strict=True)):
        raise Malformed("other elements")
    return found


def _octets(bits: Element) -> bytes:
    """A string of bits, the unused ones of its last octet dropped (as zeros)."""
    if bits.tag != _BITS or not bits.content or bits.content[0] > 7:
        raise Malformed("no bits")
    return bits.content[1:]


def _oid(element: Element) -> str:
    if element.tag != _OID or not element.content or len(element.content) > 64:
        raise Malformed("no name")
    numbers, number = [], 0
    for octet in element.content:
        number = number << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(number)
            number = 0
    if not numbers:
        raise Malformed("no name")
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def _first_oid(algorithm: Element) -> str:
    parts = algorithm.parts()
    if not parts:
        raise Malformed("no algorithm")
    return _oid(parts[0])


def _second_oid(algorithm: Element) -> str:
    parts = algorithm.parts()
    return _oid(parts[1]) if len(parts) > 1 and parts[1].tag == _OID else ""


def _seconds(moment: Element) -> float:
    """A date (section 4.1.2.5), epoch seconds."""
    text = moment.content.decode("ascii", "replace")
    if moment.tag == _UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    try:
        return datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=datetime.UTC).timestamp()
    except ValueError:
        raise Malformed("no date") from None
