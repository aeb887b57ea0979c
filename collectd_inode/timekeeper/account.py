"""A time daemon's own account of itself, in one form for all daemons.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from collectd_inode.words import plural

REACH_BITS = 8
"""Polls that a daemon's reach register remembers."""
OWN_CLOCK = "its own clock"
"""The source of a daemon that follows no server, and still reports that it is synchronised."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A server of the daemon's: its address, or its name where only the daemon's configuration is known.

    ``reach``: how many of the last eight polls it answered; None where the daemon does not say.
    """

    address: str
    reach: int | None = None
    followed: bool = False


class NoPeer(Enum):
    """A source of a daemon that is no server with an address."""

    UNRESOLVED = auto()
    """A server whose name is not resolved."""
    CLOCK = auto()
    """A reference clock."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account of *daemon*; None for values that it does not give.

    ``follows``: the server, or the reference clock, that it follows; empty for none.  ``updated``: when it last took
    a measurement (epoch seconds).  ``offset``: how far this clock is behind by its own account, and ``error`` how far
    it may be off at most, both in seconds.  ``peers``: its servers that have an address; ``unresolved``: how many names
    without one it has, a pool's template among them; ``clocks``: how many reference clocks.
    """

    daemon: str
    follows: str = ""
    updated: float | None = None
    stratum: int | None = None
    offset: float | None = None
    error: float | None = None
    peers: tuple[Peer, ...] = ()
    unresolved: int = 0
    clocks: int = 0

    @property
    def followed(self) -> Peer | None:
        """The server that it follows."""
        return next((peer for peer in self.peers if peer.followed), None)

    @property
    def hears_nobody(self) -> bool:
        """Whether it has servers, reports their reach, and none has answered its last eight polls."""
        return bool(self.peers) and all(peer.reach == 0 for peer in self.peers)

    @property
    def has_no_source(self) -> bool:
        """Whether it says that it has nobody to ask; of others only the configuration is known."""
        return self.daemon in _SPEAKERS and not (self.peers or self.unresolved or self.clocks)

    def has(self, address: str) -> bool:
        """Whether *address* is one of its servers."""
        return any(peer.address == address for peer in self.peers)

    def sentence(self, now: float) -> str:
        """``chronyd follows 192.0.2.1 (stratum 2), updated 30 s ago``; at *now*, in epoch seconds."""
        when = "" if self.updated is None else f", updated {max(0.0, now - self.updated):.0f} s ago"
        if self.follows:
            stratum = "" if self.stratum is None else f" (stratum {self.stratum})"
            return f"{self.daemon} follows {self.follows}{stratum}{when}"
        silent = ", none of which answers" if self.hears_nobody else ""
        known = plural(len(self.peers), "server") if self.peers else "no server"
        more = [f"{plural(self.unresolved, 'name')} not resolved"] * bool(self.unresolved and not self.peers)
        more += [plural(self.clocks, "reference clock")] * bool(self.clocks)
        return f"{self.daemon} has {', '.join([known, *more])}{silent}{when}"


_SPEAKERS = ("chronyd", "ntpd")
"""The daemons that answer queries."""


class NoAccount(Exception):
    """An unreadable answer; the text says why."""
