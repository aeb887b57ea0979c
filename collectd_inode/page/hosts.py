"""Hosts as they go over the wire: in ASCII, however a person or a page writes them (URL Standard, 3.5 "Host parsing").

The names are read by UTS 46 as browsers read them: with hyphens and underscores wherever they stand, a snowman, and a
decomposed “ü”.  IDNA 2008, which is stricter, would refuse hosts that have users.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from functools import lru_cache

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f#/:<>?@\[\\\]^|%\"`{}]")
_PUNYCODE = "xn--"
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+", re.ASCII)
_ZEROS = re.compile(r"(?:^|:)0(?::0)+(?::|$)")
"""Pieces of an IPv6 address that may be left out, with the colons around them."""
_LONGEST = 2000
"""Characters; no name has more than 253, and reading one is quadratic."""


class BadHost(ValueError):
    """The text names no host; the message says why."""


@lru_cache(maxsize=1024)
def in_ascii(host: str) -> str:
    """*host*, without percent signs, in ASCII and lower case; an IPv4 address in its usual form.  Raises BadHost."""
    if len(host) > _LONGEST:
        raise BadHost("too long for a host")
    if host.startswith("["):
        return f"[{_ipv6(host[1:-1])}]"
    # What is ASCII goes over the wire as it is, good Punycode or not, as in Chromium.
    name = host.lower() if host.isascii() else _uts46(host)
    if not name or _FORBIDDEN.search(name):
        raise BadHost("not a host")
    return _ipv4(name) if _ends_in_a_number(name) else name


def _ipv6(text: str) -> str:
    """As the Standard writes it, which Python does since 3.13 no longer; a zone has no place in a URL."""
    try:
        address = ipaddress.IPv6Address("" if "%" in text else text)
    except ValueError:
        raise BadHost("not an IPv6 address") from None
    pieces = ":".join(f"{int(piece, 16):x}" for piece in address.packed.hex(":", 2).split(":"))
    zeros = max(_ZEROS.finditer(pieces), key=lambda run: run[0].count("0"), default=None)
    return pieces if zeros is None else f"{pieces[: zeros.start()]}::{pieces[zeros.end() :]}"


def _uts46(host: str) -> str:
    """UTS 46's ToASCII: CheckHyphens, UseSTD3ASCIIRules and VerifyDnsLength off, the rest on."""
    import idna  # noqa: PLC0415  # httpx has it loaded; its tables come with the first name that wants them

    try:
        mapped = idna.uts46_remap(host, std3_rules=False)
        labels = [_label(label) for label in mapped.split(".")]
        if any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for label in labels for c in label):
            for label in filter(None, labels):
                idna.check_bidi(label, check_ltr=True)
        return ".".join(label if label.isascii() else _PUNYCODE + label.encode("punycode").decode() for label in labels)
    except (idna.IDNAError, UnicodeError):
        raise BadHost("not a host name") from None


def _label(label: str) -> str:
    """*label* in Unicode, if it is a valid one.  Raises IDNAError, UnicodeError or BadHost."""
    import idna  # noqa: PLC0415

    if label.startswith(_PUNYCODE):
        decoded = label.removeprefix(_PUNYCODE).encode("ascii").decode("punycode")
        if decoded.isascii() or idna.uts46_remap(decoded, std3_rules=False) != decoded:
            raise BadHost("not a host name")
        label = decoded
    if label and not label.isascii():
        idna.check_initial_combiner(label)
        for position, character in enumerate(label):
            if character in "\u200c\u200d" and not idna.valid_contextj(label, position):
                raise BadHost("not a host name")
    return label


def _ends_in_a_number(name: str) -> bool:
    last = name.removesuffix(".").rpartition(".")[2]
    return _NUMBER.fullmatch(last) is not None


def _ipv4(name: str) -> str:
    """A host that ends in a number is an IPv4 address or invalid: ``127.1``, ``0x7f000001`` and ``017700000001`` are
    one.
    """
    parts = [_number(part) for part in name.removesuffix(".").split(".")]
    if len(parts) > 4 or any(part > 255 for part in parts[:-1]) or parts[-1] >= 256 ** (5 - len(parts)):
        raise BadHost("not an IPv4 address")
    value = parts[-1] + sum(part << 8 * (3 - place) for place, part in enumerate(parts[:-1]))
    return str(ipaddress.IPv4Address(value))


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text) or len(text.lstrip("0")) > 20:
        raise BadHost("not an IPv4 address")
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    try:
        return int(text, 8 if text.startswith("0") else 10)
    except ValueError:
        raise BadHost("not an IPv4 address") from None
