r"""Value lists and notifications as lines of collectd's plain text protocol (collectd-unixsock(5)).  Pure.

The exec plugin and the unixsock read the same two commands.  collectd 5.12 takes a line of 1200 octets or more on a
program's output for the end of the conversation, and reads the octets after the first 1023 of a line on its socket as
the next command.  So no line has more than `MOST_OCTETS`, and no text can end one early.

In double quotes a backslash keeps the next character (``cmd_split`` and ``parse_string`` in collectd's utils/cmds).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from select import PIPE_BUF

from collectd_inode.model import Identity
from collectd_inode.report.notification import MESSAGE_BYTES, Notification, one_line
from collectd_inode.report.values import Value
from collectd_inode.words import blanked, in_quotes

MOST_OCTETS = 1000
"""The largest number of octets in a line, without its end."""
NAME_BYTES = 127
"""collectd rejects a longer name in an identifier (DATA_MAX_NAME_LEN)."""
_LEAST_MESSAGE = 40


class TooLong(Exception):
    """No line of at most `MOST_OCTETS` can hold this; the text names the series."""


@dataclass(frozen=True, slots=True)
class ProtocolLine:
    """One command with its line end: the series it belongs to, and the job whose verdict it is, with its slot."""

    octets: bytes
    series: str
    verdict: tuple[Identity, float] | None = None
    put: float = 0.0
    """The time when it was queued (monotonic seconds)."""
    is_notification: bool = False


def value_line(value: Value, hostname: str, put: float = 0.0) -> ProtocolLine:
    """``PUTVAL`` for one value list; an empty host is *hostname*.  Raises TooLong."""
    fields = (value.host or hostname, value.plugin, value.plugin_instance, value.type, value.type_instance)
    host, plugin, instance, type, type_instance = map(_name, fields)
    series = "/".join((host, _joined(plugin, instance), _joined(type, type_instance)))
    command = f"PUTVAL {in_quotes(series)} interval={value.interval:.6f} {value.time:.6f}:{_number(value.value)}"
    job = (value.host, value.plugin, value.plugin_instance)
    verdict = (job, value.time) if (value.type, value.type_instance) == ("bool", "success") else None
    return ProtocolLine(_line(command, series), series, verdict, put)


def notification_line(notification: Notification, hostname: str, put: float = 0.0) -> ProtocolLine:
    """``PUTNOTIF`` for one notification, its message cut where the line would be too long.  Raises TooLong."""
    host, plugin = _name(notification.host or hostname), _name(notification.plugin)
    instance = _name(notification.plugin_instance)
    type, type_instance = _name(notification.type), _name(notification.type_instance)
    series = "/".join((host, _joined(plugin, instance), _joined(type, type_instance)))
    options = {
        "host": host,
        "plugin": plugin,
        "plugin_instance": instance,
        "type": type,
        "type_instance": type_instance,
    }
    head = f"PUTNOTIF severity={notification.severity.name.lower()} time={notification.time:.6f}"
    head += "".join(f" {key}={in_quotes(name)}" for key, name in options.items() if name)
    # collectd takes no notification without a message.
    text = one_line(notification.message) or notification.severity.name.lower()
    limit = MESSAGE_BYTES
    while True:
        command = f"{head} message={in_quotes(one_line(text, limit))}"
        over = len(_octets(command)) - MOST_OCTETS
        if over <= 0 or limit <= _LEAST_MESSAGE:
            return ProtocolLine(_line(command, series), series, None, put, is_notification=True)
        limit = max(_LEAST_MESSAGE, limit - over)


def chunks(lines: Sequence[ProtocolLine]) -> Iterator[tuple[int, list[ProtocolLine]]]:
    """*lines* in parts that a pipe or a socket takes as a whole or not at all, each with the number of its first line.

    That is PIPE_BUF octets (pipe(7)); Linux makes one buffer of so much on a Unix socket, too.  A process that is
    killed leaves no half line behind, which collectd would take for a whole one with a shorter number.
    """
    first, chunk, size = 0, list[ProtocolLine](), 0
    for number, line in enumerate(lines):
        if chunk and size + len(line.octets) > PIPE_BUF:
            yield first, chunk
            first, chunk, size = number, [], 0
        chunk.append(line)
        size += len(line.octets)
    if chunk:
        yield first, chunk


def _joined(name: str, instance: str) -> str:
    return f"{name}-{instance}" if instance else name


def _name(text: str) -> str:
    """*text* for collectd's identifiers: without a slash, within the limit."""
    return blanked(text).replace("/", "_").encode("utf-8", "replace")[:NAME_BYTES].decode("utf-8", "ignore")


def _number(value: float) -> str:
    """*value* as strtod(3) reads it; unknown values as collectd writes them."""
    return "U" if math.isnan(value) else repr(float(value))


def _octets(command: str) -> bytes:
    return command.encode("utf-8", "replace")


def _line(command: str, series: str) -> bytes:
    octets = _octets(command)
    if len(octets) > MOST_OCTETS:
        raise TooLong(f"{series}: {len(octets)} octets in a line, where collectd takes {MOST_OCTETS} at most")
    return octets + b"\n"
