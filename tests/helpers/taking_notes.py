"""A collectd that only takes notes."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from collectd_inode.report.notification import Notification
from collectd_inode.report.values import Value
from tests.helpers.examples import HUNG


@dataclass
class Collectd:
    """Takes notes."""

    values: list[Value] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    reads: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    arrived: queue.Queue[Value] = field(default_factory=queue.Queue)
    broken: set[str] = field(default_factory=set)
    """Plugin instances whose values are not taken."""

    def dispatch(self, value: Value) -> None:
        if value.plugin_instance in self.broken:
            raise RuntimeError("no more room")
        self.values.append(value)
        self.arrived.put(value)

    def notify(self, notification: Notification) -> None:
        self.notifications.append(notification)

    def every(self, seconds: float, callback: Callable[[], None]) -> None:
        self.reads.append((seconds, callback))

    def success(self) -> list[tuple[str, float, float]]:
        """Instance, value and time of each bool-success."""
        return [(v.plugin_instance, v.value, v.time) for v in self.values if v.type == "bool"]


def in_a_read_thread(callback: Callable[[], None]) -> None:
    """As collectd calls it; in the main thread it is ``collectd -T``."""
    thread = threading.Thread(target=callback)
    thread.start()
    thread.join(HUNG)
    assert not thread.is_alive()
