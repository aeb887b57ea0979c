"""The facts that a diagnosis of this clock is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from collectd_inode.clock.kernel import Kernel
from collectd_inode.clock.machine import Machine
from collectd_inode.clock.steps import Steps
from collectd_inode.clock.votes import Consensus, Disagreement, Truth
from collectd_inode.timekeeper.account import Account

SILENT = frozenset(
    {"VBoxService", "vmtoolsd", "prltoolsd", "htpdate", "sdwdate", "tlsdated", "ntpclient", "clockspeed"}
)
"""Setters of the clock that never mark the kernel synchronised: "not synchronised" means nothing beside them."""
_ACCOUNTS_AS = {"ntpsec": "ntpd"}
"""Daemons whose account has another name."""


@dataclass(frozen=True, slots=True)
class ClockEvidence:
    """The facts for a diagnosis."""

    kernel: Kernel | None = None
    machine: Machine = field(default_factory=Machine)
    steps: Steps = field(default_factory=Steps)
    vote: Consensus | None = None
    disagreement: Disagreement | None = None
    account: Account | None = None
    """The time daemon's own account."""
    host: float | None = None
    """Seconds that this clock is behind its host's, by the hypervisor's PTP device."""

    @property
    def told(self) -> Account | None:
        """The account of the daemon that keeps this clock."""
        names = {_ACCOUNTS_AS.get(daemon.name, daemon.name) for daemon in self.machine.daemons or ()}
        return self.account if self.account is not None and self.account.daemon in names else None

    @property
    def wrong_peers(self) -> tuple[str, ...]:
        """Servers of the daemon that the vote calls wrong: addresses, and names where only its files are known."""
        told = self.told
        names = self.vote.falsetickers if self.vote else ()
        # ``ntp1.example.org (192.0.2.1)``, or one of the two
        either = (part for name in names for part in (name.rpartition("(")[2].rstrip(")"), name.partition(" (")[0]))
        return tuple(part for part in dict.fromkeys(either) if told is not None and told.has(part))

    @property
    def truth(self) -> Truth:
        """Whether the clock is right."""
        return self.vote.truth if self.vote else Truth.UNKNOWN

    @property
    def keeps_silent(self) -> bool:
        """Whether every daemon that keeps this clock never marks the kernel synchronised."""
        daemons = self.machine.daemons
        return bool(daemons) and all(daemon.name in SILENT for daemon in daemons or ())
