"""Exim's host lists in a transport, and the hosts that a list holds for (specification, sections 10.11 to 10.14).

A plain name in a host list is looked up again, and Exim compares *addresses*: where the name has several, or another
one next time, the list does not hold.  Where a name cannot be looked up, Exim reads no further: the list does not hold,
whatever follows, unless ``+ignore_unknown`` stands before it.  A pattern that begins with ``*`` is compared with the
name that the router gave.
Measured with Exim 4.96.  Pure.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from enum import Enum

from collectd_inode.smarthost.eximconf import listed

Lists = Mapping[str, str]
"""The named host lists (``hostlist NAME = …``)."""


class Scope(Enum):
    """The hosts that a list is for."""

    ALL = "every host"
    NAMED = "hosts by name"
    """Holds only while each name has one address, always the same."""
    FINDABLE = "every host, if each name in the list can be looked up"
    SOME = "some hosts"
    NONE = "no host"


class _Held(Enum):
    YES = "yes"
    NO = "no"
    BY_NAME = "by name"
    IF_FOUND = "if each name before it can be looked up"
    UNKNOWN = "unknown"


_MOST_NESTED = 8
_OWN_ADDRESS = ("*", "$host_address", "${host_address}")
_OWN_NAME = ("$host", "${host}")
_EVERYWHERE = ("0.0.0.0/0", "::/0", "::0/0")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def scope(value: str, hosts: Sequence[str], lists: Lists) -> Scope:
    """The *hosts* (names or addresses) that the list *value* is for; without any, of those that only Exim knows."""
    if not [item for item in listed(value) if item]:
        return Scope.NONE
    held = {_held(value, host, lists) for host in hosts or ("",)}
    scopes = ((Scope.ALL, _ALWAYS), (Scope.FINDABLE, _ALWAYS | {_Held.IF_FOUND}), (Scope.NAMED, _IN_SOME_WAY))
    return next((scope for scope, these in scopes if held <= these), Scope.SOME)


_ALWAYS = frozenset({_Held.YES})
_IN_SOME_WAY = _ALWAYS | {_Held.IF_FOUND, _Held.BY_NAME}
_UNKNOWN_NAMES = ("+ignore_unknown", "+include_unknown")
"""Items that say how a name counts that cannot be looked up, for the rest of the list."""


def _held(value: str, host: str, lists: Lists, nested: int = 0, *, excepting: bool = False) -> _Held:
    """Whether the list holds for *host*, by its first item that fits; *excepting*: within an exception."""
    by_name = unknown = negated = if_found = ignoring = False
    yes = _Held.YES
    for item in listed(value):
        negated = item.startswith("!")
        pattern = item.lstrip("! ")
        if not pattern:
            continue
        if item in _UNKNOWN_NAMES:
            ignoring = True
            continue
        if "$" in pattern and pattern not in (*_OWN_ADDRESS, *_OWN_NAME):
            return _Held.UNKNOWN  # an expansion may hold the list's separator, too: what follows means nothing
        if pattern.startswith("+"):
            found = _of_list(pattern[1:], host, lists, nested, excepting=excepting != negated)
        else:
            found = _fits(pattern, host, excepting=excepting != negated)
            if_found = if_found or (not ignoring and _is_another_name(pattern, host))
            yes = _Held.IF_FOUND if if_found and not nested else _Held.YES
        if found in (_Held.YES, _Held.IF_FOUND) or (found is _Held.BY_NAME and negated):
            return _Held.NO if negated else yes
        by_name = by_name or found is _Held.BY_NAME
        if found is _Held.UNKNOWN and negated:
            return _Held.UNKNOWN
        unknown = unknown or found is _Held.UNKNOWN
    if negated:
        return yes  # a list that ends in an exception is for all others
    return _Held.BY_NAME if by_name else _Held.UNKNOWN if unknown else _Held.NO


def _is_another_name(pattern: str, host: str) -> bool:
    """Whether Exim looks *pattern* up, and it is not the name of *host*, which it has found already."""
    plain = _NAME.fullmatch(pattern) is not None and _network(pattern) is None
    return plain and pattern.lower().rstrip(".") != host.lower().rstrip(".")


def _of_list(name: str, host: str, lists: Lists, nested: int, *, excepting: bool) -> _Held:
    if name not in lists or nested >= _MOST_NESTED:
        return _Held.UNKNOWN
    return _held(lists[name], host, lists, nested + 1, excepting=excepting)


def _fits(pattern: str, host: str, *, excepting: bool) -> _Held:
    """Whether one item fits *host*.  An exception for another name or address is none for this host."""
    another = _Held.NO if excepting else _Held.UNKNOWN
    address = _address(host)
    if pattern in _OWN_ADDRESS:
        return _Held.YES
    if pattern in _OWN_NAME:
        return _Held.BY_NAME
    if (network := _network(pattern)) is not None:
        if address is not None:
            return _Held.YES if address in network else _Held.NO
        # A name's addresses are IPv4's as a rule; "::/0" alone leaves those out.
        return _Held.YES if pattern == _EVERYWHERE[0] else another
    if pattern.startswith("*"):
        if not host or address is not None:
            return _Held.UNKNOWN  # by what the resolver makes of the address
        return _Held.YES if host.lower().endswith(pattern[1:].lower()) else _Held.NO
    if _NAME.fullmatch(pattern):
        same = pattern.lower().rstrip(".") == host.lower().rstrip(".")
        return _Held.BY_NAME if same or not host else another
    return _Held.UNKNOWN  # a lookup, a file, a regular expression


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _network(pattern: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return None
