"""A process of our own outside of collectd: the same `Daemon` as in collectd's, with another host.

The main thread waits for signals: SIGHUP reads the configuration again, SIGTERM and SIGINT end.  One thread does the
work of collectd's read thread: every second it takes the observations, and sends them.
"""

from __future__ import annotations

import logging
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from types import FrameType
from typing import Protocol

from collectd_inode import oconfig
from collectd_inode.daemon import Daemon
from collectd_inode.doors import sent
from collectd_inode.doors.notify import Systemd
from collectd_inode.doors.outbox import Outbox
from collectd_inode.drain import BUG_SECONDS
from collectd_inode.model import Door, Identity, Place, Problem
from collectd_inode.oconfig import Node
from collectd_inode.report.notification import Notification
from collectd_inode.report.values import Value
from collectd_inode.state import Held, Writer
from collectd_inode.wire import SYSTEM_CLOCK, Clock
from collectd_inode.words import alternatives

SECONDS = 1.0
"""Seconds between two passes that send observations."""
SLICE_SECONDS = 0.2
"""Seconds between two attempts where collectd takes nothing."""
STOP_SECONDS = 0.3
"""Seconds that a stop may take to send the last observations."""
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

log = logging.getLogger("collectd_inode")


class ConfigurationRefused(Exception):
    """Nothing can be observed: each of ``problems`` is a line for standard error."""

    def __init__(self, problems: Sequence[Problem | str]) -> None:
        super().__init__(str(problems[0]))
        self.problems = problems


class Way(Protocol):
    """A way to collectd."""

    gone: bool
    is_of_collectd: bool

    @property
    def waits(self) -> bool: ...

    def pump(self, until: float) -> None: ...

    def rest(self, until: float, wake: int) -> None: ...

    def leave(self) -> None: ...

    def close(self) -> None: ...


def read(path: str) -> tuple[Node, Sequence[Problem]]:
    """The file *path* as the content of a ``<Module>``, and its mistakes."""
    try:
        tree = oconfig.load(path).nodes
    except oconfig.BadConfig as error:
        return Node("Module", (oconfig.MODULE,), (), Place(path)), error.problems
    problems = []
    if oconfig.is_of_collectd(tree):
        what = f"expected the content of <Module {oconfig.MODULE}> alone, without LoadPlugin and Plugin"
        problems = [Problem(what, next((node.place for node in tree), Place(path)))]
    return Node("Module", (oconfig.MODULE,), tree, Place(path)), problems


def types_problem(wanted: Set[str], paths: Sequence[str]) -> Problem | None:
    """The mistake if collectd takes its types from the files *paths*; None also if one of them cannot be read."""
    known: set[str] = set()
    for path in paths:
        try:
            text = Path(path).read_text("utf-8", "replace")
        except OSError as error:
            log.warning("%s: %s: cannot check whether collectd knows every type", path, error.strerror or error)
            return None
        known |= {words[0] for line in text.splitlines() if (words := line.split()) and not words[0].startswith("#")}
    missing = sorted(wanted - known)
    if not missing:
        return None
    what = f"collectd knows no type {alternatives(missing)}: it drops such values; name another TypesDB beside it"
    return Problem(what, Place(", ".join(paths)))


def be_at_home(state_dir: str | None) -> None:
    """Have a HOME that we may write into: collectd hands on its own, which is root's."""
    home = os.environ.get("HOME", "")
    if not home or not os.access(home, os.W_OK):
        os.environ["HOME"] = state_dir or tempfile.gettempdir()


@dataclass(slots=True)
class Program:
    """Our part of one collectd, from outside.  ``file`` holds the configuration; values go into ``outbox``."""

    door: Door
    file: str
    outbox: Outbox
    way: Way
    systemd: Systemd
    types: Set[str] = frozenset()
    """Those of our values."""
    types_db: Sequence[str] = ()
    """The files of collectd's types."""
    clock: Clock = SYSTEM_CLOCK
    _callbacks: list[Callable[[], None]] = field(default_factory=list)
    _orders: SimpleQueue[int] = field(default_factory=SimpleQueue)
    _wake: int = field(default_factory=lambda: os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK))
    _stopping: threading.Event = field(default_factory=threading.Event)
    _writer: Writer = field(default_factory=Writer)
    _state_dir: str | None = None
    _noted: Mapping[Identity, float] = field(default_factory=dict)
    _bug_due: dict[str, float] = field(default_factory=dict)

    # The interface that `Daemon` needs of its host.

    def dispatch(self, value: Value) -> None:
        """Queue one value list."""
        self.outbox.put(value, self.clock.monotonic())

    def notify(self, notification: Notification) -> None:
        """Queue one notification."""
        self.outbox.put(notification, self.clock.monotonic())

    def every(self, seconds: float, callback: Callable[[], None]) -> None:
        """Have *callback* called in the thread that sends."""
        self._callbacks.append(callback)

    # The process.

    def run(self) -> None:
        """Observe until a signal or collectd's end.  Raises Refused."""
        # Whoever started us may have had reasons of his own; our children want to be waited for.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        for number in SIGNALS:
            signal.signal(number, self._on_signal)
        daemon = self._start()
        sender = threading.Thread(target=self._send, args=(daemon,), name="collectd_inode-sender", daemon=True)
        sender.start()
        self.systemd.ready(f"reads {self.file}")
        while (order := self._orders.get()) == signal.SIGHUP:
            self._reload(daemon)
        self.way.leave()
        self.systemd.stopping()
        if self.way.is_of_collectd:  # who stops us is about to end, and takes a line of ours badly
            log.handlers = [logging.NullHandler()]
        self._stopping.set()
        os.eventfd_write(self._wake, 1)
        sender.join(2 * STOP_SECONDS + SECONDS)
        daemon.stop()
        self._writer.stop()
        self.way.close()
        log.info("ended: %s", "collectd is gone" if order == _GONE else signal.Signals(order).name)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._orders.put(number)

    def _start(self) -> Daemon:
        node, problems = read(self.file)
        if problems:
            raise ConfigurationRefused(problems)
        daemon = Daemon(self, self.door)
        daemon.lost = self.outbox.lost
        refusal = daemon.section(node)
        if (wrong := types_problem(self.types, self.types_db)) is not None:
            daemon.outside_problems = (wrong,)
            log.error("%s", wrong)
            refusal = refusal or (str(wrong) if daemon.strict else "")
        if refusal:
            raise ConfigurationRefused([refusal])
        try:
            daemon.hold_state_dir()
            self._state_dir = daemon.state_dir
            if self._state_dir is not None:
                self.outbox.sent.update(sent.read(self._state_dir, self.clock.now()))
                self._writer.start()
            be_at_home(self._state_dir)
            daemon.start(self.outbox.sent if self._state_dir is not None else None)
            self._owe_from_now_on(daemon)
        except Held as error:
            raise ConfigurationRefused([str(error)]) from None
        return daemon

    def _owe_from_now_on(self, daemon: Daemon) -> None:
        """Note the time for each job that has sent nothing yet: the next process repeats its current slot too."""
        now = self.clock.now()
        for job in daemon.identities:
            self.outbox.sent.setdefault(job, now)

    def _reload(self, daemon: Daemon) -> None:
        self.systemd.reloading(self.clock.monotonic())
        node, problems = read(self.file)
        taken = daemon.reload(node, problems)
        self._owe_from_now_on(daemon)
        if not taken:
            log.error("%s: the last good version keeps running", self.file)
        self.systemd.ready(f"reads {self.file}" if taken else f"{self.file} has mistakes; its last good version runs")

    # The thread that sends.

    def _send(self, daemon: Daemon) -> None:
        while self._goes_on:
            end = self.clock.monotonic() + SECONDS
            self._pass()
            if daemon.turns:
                self.systemd.alive()
            while self._goes_on and (now := self.clock.monotonic()) < end:
                self.way.rest(min(end, now + SLICE_SECONDS) if self.way.waits else end, self._wake)
                self._pump(SLICE_SECONDS)
        if not self.way.is_of_collectd:
            self._pass()
        if self.way.gone:
            self._orders.put(_GONE)

    @property
    def _goes_on(self) -> bool:
        return not self._stopping.is_set() and not self.way.gone

    def _pass(self) -> None:
        try:
            for callback in self._callbacks:
                callback()
        except Exception:  # the next pass is another
            self._bug("what was observed was not taken")
        self._pump(STOP_SECONDS)

    def _pump(self, seconds: float) -> None:
        try:
            self.way.pump(self.clock.monotonic() + seconds)
            self._note()
        except Exception:
            self._bug("values were not sent")

    def _bug(self, what: str) -> None:
        now = self.clock.monotonic()
        if now >= self._bug_due.get(what, now):
            self._bug_due[what] = now + BUG_SECONDS
            log.exception("bug: %s", what)

    def _note(self) -> None:
        """Write the slots that collectd has."""
        if self._state_dir is not None and self._noted != self.outbox.sent:
            self._noted, folder = dict(self.outbox.sent), self._state_dir
            octets = sent.text(self._noted)
            self._writer.do(Path(folder, sent.NAME), lambda: sent.write(folder, octets))


_GONE = -1
