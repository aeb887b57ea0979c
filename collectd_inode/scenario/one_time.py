"""One-time passwords by the time, as authenticator apps show them (TOTP, RFC 6238).  Pure: the time is an argument."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

_ALGORITHMS = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}
_DIGITS = (6, 7, 8)
_LEAST_CHARACTERS = 16
"""Of base32: 80 bits.  RFC 4226 (section 4, R6) requires 128, but sites also give shorter seeds."""
EXPECTED = 'a seed of base32, such as "JBSW Y3DP EHPK 3PXP", or the otpauth://totp/… address of its QR code'


class BadSeed(ValueError):
    """The text is not a seed; the message never repeats it."""


@dataclass(frozen=True, slots=True)
class Seed:
    """The secret that both sides know; ``period`` is in seconds.

    The defaults are those of RFC 6238 and of the authenticator apps (their "Key Uri Format").
    """

    key: bytes
    digits: int = 6
    period: int = 30
    algorithm: str = "SHA1"

    def password(self, now: float) -> str:
        """The one-time password at *now*, in epoch seconds (RFC 6238 section 4.2, RFC 4226 section 5.3)."""
        counter = int(now // self.period).to_bytes(8, "big")
        digest = hmac.new(self.key, counter, _ALGORITHMS[self.algorithm]).digest()
        offset = digest[-1] & 0xF
        number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
        return str(number % 10**self.digits).zfill(self.digits)


def seed(text: str) -> Seed:
    """Read a seed: base32 with or without blanks and padding, or an ``otpauth://`` address.  Raises BadSeed."""
    text = text.strip()
    return _from_address(text) if text.lower().startswith("otpauth:") else Seed(_key(text))


def _key(text: str) -> bytes:
    compact = re.sub(r"[\s-]", "", text).rstrip("=").upper()
    if len(compact) < _LEAST_CHARACTERS:
        raise BadSeed(f"expected {EXPECTED}")
    try:
        return base64.b32decode(compact + "=" * (-len(compact) % 8))
    except ValueError:
        raise BadSeed(f"expected {EXPECTED}") from None


def _from_address(text: str) -> Seed:
    try:
        parts = urlsplit(text)
        given = {name.lower(): values[0] for name, values in parse_qs(parts.query, max_num_fields=20).items()}
    except ValueError:
        raise BadSeed(f"expected {EXPECTED}") from None
    if parts.netloc.lower() != "totp":
        raise BadSeed("expected otpauth://totp/…: one-time passwords by a counter (hotp) are not supported")
    algorithm = given.get("algorithm", "SHA1").upper().replace("-", "").removeprefix("HMAC")
    if algorithm not in _ALGORITHMS:
        raise BadSeed(f"expected algorithm {', '.join(_ALGORITHMS)} in the otpauth address")
    digits, period = _number(given, "digits", 6), _number(given, "period", 30)
    if digits not in _DIGITS or not 1 <= period <= 3600:
        raise BadSeed("expected 6 to 8 digits and a period of 1 to 3600 seconds in the otpauth address")
    return Seed(_key(given.get("secret", "")), digits, period, algorithm)


def _number(given: dict[str, str], name: str, default: int) -> int:
    text = given.get(name, str(default))
    return int(text) if re.fullmatch("[0-9]{1,4}", text) else 0
