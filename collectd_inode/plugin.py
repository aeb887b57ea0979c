"""The front door: collectd's callbacks.  The only file that imports ``collectd``.

=========  ==========================================================================================
config     once for each ``<Module>``, before the daemon forks: read it, load features, find mistakes
init       after the fork: start the loop thread, register the drain
write      what other jobs and machines have sent, where a job judges by it or the fleet is kept
notify     the same of notifications
read       the drain, every second: dispatch what has been observed
shutdown   stop the loop; after that nothing is logged or dispatched any more
=========  ==========================================================================================

No callback raises into collectd, but for one exception that the operator asks for (``StrictConfig true``): an exception
from the config callback keeps the whole daemon, with all its other metrics, from starting.  So only the standard
library is imported here; everything else, through `daemon`, inside the config callback, guarded.
"""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import collectd  # type: ignore[import-not-found]  # built into the daemon's interpreter, and only there

if TYPE_CHECKING:
    from collectd_inode.daemon import Daemon
    from collectd_inode.fleet import Fleet
    from collectd_inode.model import Listener
    from collectd_inode.report.notification import Notification
    from collectd_inode.report.values import Value

NAME = "collectd_inode"
LOG_BYTES = 1000  # collectd cuts a message at 1023

log = logging.getLogger(NAME)


class StrictConfigError(ValueError):
    """Raised for ``StrictConfig true``: collectd prints it and does not start."""


class Collectd:
    """The part of collectd that the daemon's insides use."""

    def __init__(self) -> None:
        self._unknown: set[str] = set()

    def dispatch(self, value: Value) -> None:
        """Hand one value list to collectd, which only queues it.  An unknown type is logged once."""
        try:
            self._values(value).dispatch()
        except TypeError as error:
            if "not found" not in str(error):
                raise
            if value.type not in self._unknown:
                self._unknown.add(value.type)
                log.error(
                    "collectd has no type %r: your own TypesDB replaces the default one; "
                    "add /usr/share/collectd/types.db to it",
                    value.type,
                )

    def _values(self, value: Value) -> Any:
        return collectd.Values(
            host=value.host,
            plugin=value.plugin,
            plugin_instance=value.plugin_instance,
            type=value.type,
            type_instance=value.type_instance,
            time=value.time,
            interval=value.interval,
            values=[value.value],
        )

    def notify(self, notification: Notification) -> None:
        """Hand one notification to whichever plugins listen; none is fine."""
        with contextlib.suppress(RuntimeError):  # what collectd raises when nobody listens
            collectd.Notification(
                host=notification.host,
                plugin=notification.plugin,
                plugin_instance=notification.plugin_instance,
                type=notification.type,
                type_instance=notification.type_instance,
                time=notification.time,
                severity=notification.severity.value,
                message=notification.message,
            ).dispatch()

    def listen(self, listeners: Sequence[Listener], fleet: Fleet | None = None) -> None:
        """Tell *listeners* of the verdicts they want, and *fleet* of all values and notifications.

        It costs a look-up for each value that collectd has.
        """
        wanted: dict[tuple[str, str], list[Listener]] = {}
        for listener in listeners:
            wanted.setdefault((listener.plugin, listener.instance), []).append(listener)

        def write(values: Any) -> None:
            if fleet is not None:
                fleet.take(values)
            told = wanted.get((values.plugin, values.plugin_instance))
            if told is None or values.type_instance != "success" or values.type != "bool":
                return
            for listener in told:
                listener.take(values.host, values.time, values.interval, float(values.values[0]))

        collectd.register_write(write, name=NAME)
        if fleet is not None:
            collectd.register_notification(fleet.hear, name=NAME)

    def every(self, seconds: float, callback: Callable[[], None]) -> None:
        """Have *callback* called in a read thread."""
        collectd.register_read(callback, seconds, name=NAME)


def _raised_by_an_import(error: BaseException) -> bool:
    """Whether a module is missing, or raised while it was imported: the installation is incomplete."""
    frames = (frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__))
    return isinstance(error, ImportError | SyntaxError) or "<module>" in frames


def _cannot_run(error: BaseException) -> str:
    try:
        from collectd_inode.dependencies import cannot_run  # noqa: PLC0415

        return cannot_run(error)
    except BaseException:  # that file may be what is broken
        return f"cannot run: {type(error).__name__}: {error}; reinstall collectd_inode with collectd's Python"


class Plugin:
    """The callbacks; everything behind them is `daemon`'s."""

    def __init__(self) -> None:
        self._daemon: Daemon | None = None
        self._usable = True

    def config(self, node: Any) -> None:
        """One ``<Module collectd_inode>`` section."""
        if not self._usable:
            return
        try:
            if self._daemon is None:
                from collectd_inode.daemon import Daemon  # noqa: PLC0415  # a broken dependency must not stop collectd

                host = Collectd()
                self._daemon = Daemon(host)
                self._daemon.listen = host.listen
            refusal = self._daemon.section(node)
        except BaseException as error:  # a dependency may even call sys.exit() when it is imported
            if _raised_by_an_import(error):
                self._usable = False
                log.error("%s", _cannot_run(error))
            else:
                log.exception("bug: cannot read a <Module> section")
        else:
            if refusal:
                raise StrictConfigError(refusal)

    def init(self) -> None:
        """Start observing."""
        if not self._usable:
            return
        if self._daemon is None:
            log.error("nothing to do: no <Module collectd_inode> section was read; Import must stand before it")
            return
        try:
            self._daemon.start()
        except BaseException:
            log.exception("bug: no job runs")

    def shutdown(self) -> None:
        """Stop at once."""
        log.handlers = [logging.NullHandler()]  # a run that ends late must not log into what collectd has freed
        if self._daemon is not None:
            with contextlib.suppress(BaseException):
                self._daemon.stop()


class _Handler(logging.Handler):
    """Writes our log lines into collectd's log."""

    _WRITERS = ((logging.ERROR, collectd.error), (logging.WARNING, collectd.warning), (logging.INFO, collectd.info))

    def emit(self, record: logging.LogRecord) -> None:
        write = next((write for level, write in self._WRITERS if record.levelno >= level), None)
        if write is None:
            return
        for line in self.format(record).splitlines():
            octets = f"{NAME}: {line}".encode("utf-8", "replace")[:LOG_BYTES]
            write("".join(c if c.isprintable() else " " for c in octets.decode("utf-8", "ignore")))


def register() -> None:
    """Register the callbacks."""
    log.propagate = False  # the root logger belongs to every plugin of the daemon
    log.setLevel(logging.INFO)
    log.handlers = [_Handler()]
    plugin = Plugin()
    # The name is what <Module> is matched with; by default it would be this module's.
    collectd.register_config(plugin.config, name=NAME)
    collectd.register_init(plugin.init)
    collectd.register_shutdown(plugin.shutdown)
