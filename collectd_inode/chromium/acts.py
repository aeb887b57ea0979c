"""The acts of a run on its pages: clicks, keys, addresses.  Until a step has acted, it may be tried again."""

from __future__ import annotations

from dataclasses import dataclass

from collectd_inode.model import Failure
from collectd_inode.wire import SYSTEM_CLOCK


@dataclass(slots=True)
class Acts:
    """The acts of one run."""

    number: int = 0
    """Goes up with each."""
    at: float | None = None
    """When the present step acted; None for one that has not, and may be done again."""

    def departs(self) -> None:
        """The step acts now; it must not be done again."""
        self.at = SYSTEM_CLOCK.monotonic()
        self.number += 1


class FinalFailure(Failure):
    """A failure that waiting does not fix."""

    @classmethod
    def of(cls, failure: Failure) -> FinalFailure:
        """*failure*, which is final."""
        return cls(failure.cause, failure.message, expected=failure.expected, found=failure.found)
