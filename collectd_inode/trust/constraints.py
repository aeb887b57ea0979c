"""Name constraints as GnuTLS 3.8 of Debian 13 takes them (lib/x509/name_constraints.c).  Pure.

A CA's constraints are merged with those of the CAs above it.  Excluded names of directories and URIs are not compared:
they exclude all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from collectd_inode.trust import der
from collectd_inode.trust.der import ReadCertificate

Name = tuple[int, bytes]
"""A kind (its tag) and a value."""

_MERGED = (der.DNS_NAME, der.MAIL_ADDRESS, der.ADDRESS)
"""The kinds of which two CAs must permit a name; of others it is enough if one does."""
_KINDS = {*_MERGED, der.DIRECTORY_NAME, der.URI}
_MOST_CHECKS = 2**20
_NOTHING = {der.DNS_NAME: (b"",), der.MAIL_ADDRESS: (b"",), der.ADDRESS: (bytes(8), bytes(32))}
"""The values that exclude all names of a kind."""


@dataclass(frozen=True, slots=True)
class Constraints:
    """The constraints of some CAs."""

    permitted: tuple[Name, ...] = ()
    excluded: tuple[Name, ...] = ()

    def below(self, ca: ReadCertificate) -> Constraints | None:
        """These, merged with the *ca*'s; None where one of those is none."""
        if not all(map(_is_sound, (*ca.permitted, *ca.excluded))):
            return None
        if not (self.permitted and ca.permitted):
            # GnuTLS 3.7 of Debian 12 skips what a lower CA permits, if one above only excludes names.
            return Constraints(self.permitted or ca.permitted, (*self.excluded, *ca.excluded))
        both = {kind for kind, _ in self.permitted} & {kind for kind, _ in ca.permitted} & {*_MERGED}
        kept = [one for one in self.permitted if one[0] not in both or any(_is_within(one, of) for of in ca.permitted)]
        kept += [one for one in ca.permitted if one[0] not in both or any(_is_within(one, of) for of in self.permitted)]
        none = [(kind, value) for kind in both - {kind for kind, _ in kept} for value in _NOTHING[kind]]
        return Constraints(tuple(dict.fromkeys(kept)), (*self.excluded, *none, *ca.excluded))

    def allow(self, leaf: ReadCertificate) -> bool:
        """Whether all names of *leaf* are within them."""
        if (len(self.permitted) + len(self.excluded)) * len(leaf.names) > _MOST_CHECKS:
            return False
        kinds = {kind for kind, _ in leaf.names}
        if any(kind == der.DIRECTORY_NAME or (kind == der.URI and kind in kinds) for kind, _ in self.excluded):
            return False
        constrained = {kind for kind, _ in (*self.permitted, *self.excluded)}
        if der.DNS_NAME in constrained - kinds and len(leaf.common_names) > 1 and leaf.purposes_allow(der.SERVER_AUTH):
            return False
        return all(map(self._allows, _names(leaf)))

    def _allows(self, name: Name) -> bool:
        if any(_is_within(name, value) for value in self.excluded):
            return False
        permitted = [value for value in self.permitted if _is_about(name, value)]
        return not permitted or any(_is_within(name, value) for value in permitted)


def _names(leaf: ReadCertificate) -> Iterator[Name]:
    """Its names of hosts and the like; a common name counts where there is none of a host."""
    yield from ((kind, value) for kind, value in leaf.names if kind in _MERGED)
    if not any(kind == der.DNS_NAME for kind, _ in leaf.names) and leaf.purposes_allow(der.SERVER_AUTH):
        yield from ((der.DNS_NAME, name.encode()) for name in leaf.common_names)


def _is_about(name: Name, value: Name) -> bool:
    """Whether *value* may permit a name such as *name*; an empty one says nothing."""
    if name[0] == value[0] == der.ADDRESS:
        return len(value[1]) == 2 * len(name[1])
    return name[0] == value[0] and bool(value[1])


def _is_sound(value: Name) -> bool:
    kind, content = value
    if kind == der.ADDRESS:
        mask = content[len(content) // 2 :]
        bits = int.from_bytes(mask, "big") ^ (1 << 8 * len(mask)) - 1
        return len(content) in (8, 32) and bits & bits + 1 == 0
    if kind in _MERGED:
        return b".." not in content and content != b"."
    return kind in _KINDS


def _is_within(name: Name, value: Name) -> bool:
    """Whether *name*, or all that the constraint *name* is about, is within the constraint *value*."""
    kind, own = name
    if kind != value[0]:
        return False
    if kind == der.DNS_NAME:
        return _is_below(own, value[1])
    if kind == der.MAIL_ADDRESS:
        return _is_mail_below(own, value[1])
    return kind == der.ADDRESS and _is_address_below(own, value[1])


def _is_below(own: bytes, domain: bytes) -> bool:
    """``.example.org`` is about what is below it, ``example.org`` about itself, too; capitals count."""
    own, domain = own.rstrip(b"."), domain.rstrip(b".")
    if not domain or own == domain:
        return True
    return own.endswith(domain if domain.startswith(b".") else b"." + domain)


def _is_mail_below(own: bytes, value: bytes) -> bool:
    """``example.org`` is about the addresses at that host alone, ``.example.org`` about those below it."""
    if not value or own == value:
        return True
    _, at, host = own.rpartition(b"@")
    if b"@" in value:
        return False
    return (bool(at) and host == value) or (value.startswith(b".") and host.endswith(value))


def _is_address_below(own: bytes, value: bytes) -> bool:
    half = len(value) // 2
    mask = value[half:]
    if len(own) == len(value):  # two constraints: the wider one has fewer bits
        if own[half:] < mask:
            return False
        own = own[:half]
    return len(own) == half and _masked(own, mask) == _masked(value[:half], mask)


def _masked(address: Iterable[int], mask: Iterable[int]) -> list[int]:
    return [octet & bits for octet, bits in zip(address, mask, strict=True)]
