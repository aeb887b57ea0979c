"""After a wrong password, none for a while: a check every minute must not lock the account that it watches over.

What is kept is when the server said 535 and to whom; never the password, nor anything made of it.  A changed password
file, user or server ends the hold-off, and so does success.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from collectd_inode.run import Cause, Failure
from collectd_inode.state import Memory

_KEY = "auth_refused"


@dataclass(frozen=True, slots=True)
class HoldOff:
    """The hold-off of one job: ``seconds`` long; 0 is none."""

    memory: Memory
    seconds: float

    def check(self, account: Sequence[object], now: float, path: str) -> Failure | None:
        """Why there is no AUTH now, if so.  *account* tells one login from another, *path* is where to mend it."""
        kept = self.memory.read().get(_KEY)
        if not isinstance(kept, dict) or kept.get("account") != list(account):
            return None
        since = kept.get("time")
        if not isinstance(since, int | float):
            return None
        passed = now - since
        if passed < 0:
            self.began(account, now)  # the clock was set back: a hold-off must still end
            passed = 0.0
        if passed >= self.seconds:
            return None
        return Failure(
            Cause.CREDENTIALS,
            f"no AUTH: the server refused user and password (535) {_span(passed)} ago; the next attempt is in"
            f" {_span(self.seconds - passed)} (AuthHoldOff), or as soon as {path} is changed",
        )

    def began(self, account: Sequence[object], now: float) -> None:
        """The server has said 535 to *account*."""
        self.memory.write({**self.memory.read(), _KEY: {"time": now, "account": list(account)}})

    def ended(self) -> None:
        """The server has taken the password."""
        self.memory.write({key: value for key, value in self.memory.read().items() if key != _KEY})


def _span(seconds: float) -> str:
    """A time for people: ``12 min``."""
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"
