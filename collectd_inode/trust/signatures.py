"""Whether one certificate was signed by another's key: RSA (PKCS #1 v1.5) and ECDSA on P-256 and P-384.  Pure.

Only for the verdict of *another* program; OpenSSL decides about ours.  The standard library has no other way to check a
signature.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from collectd_inode.trust.der import Malformed, ReadCertificate, elements

_RSA, _EC = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1"
HASHES = {
    "1.2.840.113549.1.1.4": "md5", "1.2.840.113549.1.1.5": "sha1", "1.2.840.10045.4.1": "sha1",
    "1.2.840.113549.1.1.11": "sha256", "1.2.840.113549.1.1.12": "sha384", "1.2.840.113549.1.1.13": "sha512",
    "1.2.840.10045.4.3.2": "sha256", "1.2.840.10045.4.3.3": "sha384", "1.2.840.10045.4.3.4": "sha512",
}  # fmt: skip
"""The hash of a signature's algorithm (RFC 8017, RFC 5758)."""
_PREFIXES = {
    "md5": "3020300c06082a864886f70d020505000410", "sha1": "3021300906052b0e03021a05000414",
    "sha256": "3031300d060960864801650304020105000420", "sha384": "3041300d060960864801650304020205000430",
    "sha512": "3051300d060960864801650304020305000440",
}  # fmt: skip
_MOST_BITS = 16384


@dataclass(frozen=True, slots=True)
class _Curve:
    """y² = x³ - 3x + b over p, of prime order n, with its generator (SEC 2)."""

    p: int
    b: int
    n: int
    g: tuple[int, int]


_CURVES = {
    "1.2.840.10045.3.1.7": _Curve(
        0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
        0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        (
            0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
            0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
        ),
    ),
    "1.3.132.0.34": _Curve(
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF,
        0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
        (
            0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
            0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
        ),
    ),
}


def signed_by(certificate: ReadCertificate, issuer: ReadCertificate) -> bool | None:
    """Whether *issuer*'s key made *certificate*'s signature; None where that is unknown."""
    name = HASHES.get(certificate.algorithm)
    if name is None:
        return None
    digest = hashlib.new(name, certificate.body, usedforsecurity=False).digest()
    try:
        if issuer.key_algorithm == _RSA:
            return _by_rsa(certificate.signature, issuer.key, digest, name)
        if issuer.key_algorithm == _EC and (curve := _CURVES.get(issuer.curve)):
            return _by_ecdsa(certificate.signature, issuer.key, digest, curve)
    except Malformed:
        return False
    return None


def rsa_bits(certificate: ReadCertificate) -> int | None:
    """The length of its RSA key; None if it has another."""
    if certificate.key_algorithm != _RSA:
        return None
    try:
        return _pair(certificate.key)[0].bit_length()
    except Malformed:
        return None


def _pair(der: bytes) -> tuple[int, int]:
    """Two integers in a sequence: an RSA key's modulus and exponent, an ECDSA signature's r and s."""
    (sequence,) = found if len(found := list(elements(der))) == 1 else [None]
    parts = sequence.parts() if sequence is not None else []
    if len(parts) != 2:
        raise Malformed("no pair of integers")
    first, second = (int.from_bytes(part.content, "big") for part in parts)
    return first, second


def _by_rsa(signature: bytes, key: bytes, digest: bytes, name: str) -> bool:
    """RFC 8017 section 8.2.2."""
    modulus, exponent = _pair(key)
    size = (modulus.bit_length() + 7) // 8
    if not 0 < modulus.bit_length() <= _MOST_BITS or exponent.bit_length() > 64 or len(signature) != size:
        return False
    ending = bytes.fromhex(_PREFIXES[name]) + digest
    expected = b"\0\1" + b"\xff" * (size - len(ending) - 3) + b"\0" + ending
    return pow(int.from_bytes(signature, "big"), exponent, modulus).to_bytes(size, "big") == expected


_Point = tuple[int, int, int]
"""Jacobian: x/z², y/z³; z is 0 at infinity."""


def _by_ecdsa(signature: bytes, key: bytes, digest: bytes, curve: _Curve) -> bool:
    """SEC 1 section 4.1.4."""
    r, s = _pair(signature)
    size = (curve.p.bit_length() + 7) // 8
    if len(key) != 1 + 2 * size or key[0] != 4 or not (0 < r < curve.n and 0 < s < curve.n):
        return False
    x, y = int.from_bytes(key[1 : 1 + size], "big"), int.from_bytes(key[1 + size :], "big")
    if (y * y - (x * x * x - 3 * x + curve.b)) % curve.p or max(x, y) >= curve.p:
        return False
    e = int.from_bytes(digest, "big") >> max(0, 8 * len(digest) - curve.n.bit_length())
    w = pow(s, -1, curve.n)
    sum_ = _add(_times(e * w % curve.n, (*curve.g, 1), curve.p), _times(r * w % curve.n, (x, y, 1), curve.p), curve.p)
    if sum_[2] == 0:
        return False
    return sum_[0] * pow(sum_[2], -2, curve.p) % curve.p % curve.n == r


def _times(k: int, point: _Point, p: int) -> _Point:
    total: _Point = (0, 1, 0)
    for bit in bin(k)[2:]:
        total = _double(total, p)
        if bit == "1":
            total = _add(total, point, p)
    return total


def _double(point: _Point, p: int) -> _Point:
    x, y, z = point
    if z == 0 or y == 0:
        return 0, 1, 0
    squared = z * z
    slope = 3 * (x - squared) * (x + squared) % p
    s = 4 * x * y * y % p
    x3 = (slope * slope - 2 * s) % p
    return x3, (slope * (s - x3) - 8 * y**4) % p, 2 * y * z % p


def _add(one: _Point, other: _Point, p: int) -> _Point:
    if one[2] == 0 or other[2] == 0:
        return other if one[2] == 0 else one
    x1, y1, z1 = one
    x2, y2, z2 = other
    u1, u2 = x1 * z2 * z2 % p, x2 * z1 * z1 % p
    s1, s2 = y1 * z2**3 % p, y2 * z1**3 % p
    if u1 == u2:
        return _double(one, p) if s1 == s2 else (0, 1, 0)
    h, r = u2 - u1, s2 - s1
    x3 = (r * r - h**3 - 2 * u1 * h * h) % p
    return x3, (r * (u1 * h * h - x3) - s1 * h**3) % p, h * z1 * z2 % p
