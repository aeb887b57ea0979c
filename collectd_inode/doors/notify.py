"""Messages to systemd about this service (sd_notify(3)): a datagram to the socket that it names.  Needs no library."""

from __future__ import annotations

import contextlib
from collections.abc import MutableMapping

from collectd_inode.wire.local import tell


class Systemd:
    """The service manager, if systemd started us: removed from *environment*, so that no child speaks in our name."""

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        self._address = environment.pop("NOTIFY_SOCKET", "")
        microseconds = environment.pop("WATCHDOG_USEC", "")
        environment.pop("WATCHDOG_PID", None)
        self.watched = self._address != "" and microseconds.isdecimal() and int(microseconds) > 0
        """Whether it has a watchdog."""

    def ready(self, status: str = "") -> None:
        """The service is ready; also after a `reloading`."""
        self._tell("READY=1", *([f"STATUS={status}"] if status else []))

    def reloading(self, monotonic: float) -> None:
        """The configuration is being read again; *monotonic*: now, in seconds."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={monotonic * 1e6:.0f}")

    def stopping(self) -> None:
        """The service is stopping."""
        self._tell("STOPPING=1")

    def alive(self) -> None:
        """For the watchdog, if there is one."""
        if self.watched:
            self._tell("WATCHDOG=1")

    def _tell(self, *words: str) -> None:
        if self._address:
            with contextlib.suppress(OSError):
                tell(self._address, "\n".join(words).encode())
