"""What stands in a line is what collectd reads in it, whatever anybody's text says; and no line is too long."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.doors.lines import (
    MOST_OCTETS,
    NAME_BYTES,
    ProtocolLine,
    TooLong,
    chunks,
    notification_line,
    value_line,
)
from collectd_inode.report.notification import Notification, Severity
from collectd_inode.report.values import Value

SUCCESS = Value("", "scenario", "web-home", "bool", "success", 1.0, 1700000040.25, 60.0)
FAILURE = Notification(Severity.FAILURE, 'refused: I go to "/": 503', "", "scenario", "web-home", 1700000040.25)
MOST_SECONDS = 4e9

texts = st.text(st.characters(codec=None), max_size=400)
names = st.text(st.characters(codec=None), min_size=1, max_size=150)
seconds = st.floats(0, MOST_SECONDS)


def test_a_value() -> None:
    """The identifier in quotes, the interval, and the value with its time; the job whose verdict it is."""
    assert value_line(SUCCESS, "probe1", 7.0) == ProtocolLine(
        b'PUTVAL "probe1/scenario-web-home/bool-success" interval=60.000000 1700000040.250000:1.0\n',
        "probe1/scenario-web-home/bool-success",
        (("", "scenario", "web-home"), 1700000040.25),
        7.0,
    )


def test_a_host_of_its_own_and_no_instance() -> None:
    """A job's Host goes before collectd's; an empty instance has no hyphen."""
    value = Value("www", "inode_probe", "", "gauge", "config_errors", math.nan, 0.5, 60.0)
    line = value_line(value, "probe1")
    assert line.octets == b'PUTVAL "www/inode_probe/gauge-config_errors" interval=60.000000 0.500000:U\n'
    assert line.verdict is None


def test_a_notification() -> None:
    """Severity, time and message, which collectd wants, and the identity of the job's bool-success."""
    assert notification_line(FAILURE, "probe1").octets == (
        b'PUTNOTIF severity=failure time=1700000040.250000 host="probe1" plugin="scenario" plugin_instance="web-home" '
        b'type="bool" type_instance="success" message="refused: I go to \\"/\\": 503"\n'
    )


def fields_of(octets: bytes) -> list[str]:
    """The fields of a line as ``cmd_split`` of collectd's utils/cmds/cmds.c finds them."""
    fields: list[list[int]] = []
    inside, quoted, text = False, False, list(octets)
    while text:
        octet = text.pop(0)
        if chr(octet) in " \t\n\v\f\r" and not quoted:
            inside = False
            continue
        if octet == ord('"'):
            if quoted and not inside:
                fields.append([])
            inside = inside and not quoted
            quoted = not quoted
            continue
        if octet == ord("\\") and quoted:
            octet = text.pop(0)
        if not inside:
            fields.append([])
            inside = True
        fields[-1].append(octet)
    assert not quoted
    return [bytes(field).decode() for field in fields]


def options_of(octets: bytes) -> dict[str, str]:
    """The options of a PUTNOTIF as ``parse_option`` of collectd's utils/cmds/parse_option.c finds them."""
    text, found = octets.decode().rstrip("\n").removeprefix("PUTNOTIF "), {}
    while text:
        key, _, text = text.partition("=")
        if not text.startswith('"'):
            found[key], _, text = text.partition(" ")
            continue
        value, at = "", 1
        while text[at] != '"':
            at += text[at] == "\\"
            value, at = value + text[at], at + 1
        found[key], text = value, text[at + 1 :].lstrip(" ")
    return found


@given(names, names, texts, names, texts, st.floats(allow_nan=False), seconds, st.floats(0.001, 1e6))
def test_collectd_reads_a_value_s_fields(  # noqa: PLR0917
    host: str, plugin: str, instance: str, type: str, type_instance: str, value: float, time: float, interval: float
) -> None:
    """Whatever they are: one line, four fields, five names without a slash in them, and the very number."""
    try:
        line = value_line(Value(host, plugin, instance, type, type_instance, value, time, interval), "probe1")
    except TooLong:
        assert len(line_of_all(host, plugin, instance, type, type_instance)) > 300
        return
    assert line.octets.count(b"\n") == 1
    assert line.octets.endswith(b"\n")
    assert len(line.octets) <= MOST_OCTETS + 1
    command, identifier, every, at = fields_of(line.octets)
    assert (command, identifier) == ("PUTVAL", line.series)
    assert identifier.count("/") == 2
    assert all(len(name.encode()) <= 2 * NAME_BYTES + 1 for name in identifier.split("/"))
    assert every == f"interval={interval:.6f}"
    assert float(at.partition(":")[2]) == value


def line_of_all(*names: str) -> bytes:
    return "".join(names).encode("utf-8", "replace")


@given(names, names, texts, texts, seconds)
def test_collectd_reads_a_notification_s_options(
    host: str, plugin: str, instance: str, message: str, time: float
) -> None:
    """One line of at most so many octets, with a message in it and nothing of the text outside of its quotes."""
    try:
        line = notification_line(Notification(Severity.OKAY, message, host, plugin, instance, time), "probe1")
    except TooLong:
        assert len(line_of_all(host, plugin, instance)) > 300
        return
    assert line.octets.count(b"\n") == 1
    assert len(line.octets) <= MOST_OCTETS + 1
    options = options_of(line.octets)
    known = {"severity", "time", "host", "plugin", "plugin_instance", "type", "type_instance", "message"}
    assert set(options) <= known
    assert (options["severity"], options["type_instance"]) == ("okay", "success")
    assert options["message"] != ""


def test_a_message_gives_way_where_the_line_would_be_too_long() -> None:
    """Quotes and backslashes take two octets each; the identity stays whole."""
    notification = Notification(Severity.FAILURE, '"\\' * 200, '"' * 63, "scenario", '"' * 127, 1.0)
    octets = notification_line(notification, "probe1").octets
    assert len(octets) <= MOST_OCTETS + 1
    assert options_of(octets)["plugin_instance"] == '"' * 127
    assert options_of(octets)["message"].startswith('"\\"\\')


def test_what_no_line_can_say() -> None:
    """Names of quotes only, all as long as can be: nothing is sent rather than half of it."""
    with pytest.raises(TooLong, match=r": 1\d\d\d octets in a line, where collectd takes 1000 at most"):
        value_line(Value('"' * 127, '"' * 127, '"' * 127, "bool", '"' * 127, 1.0, 1.0, 1.0), "probe1")


@given(st.lists(st.integers(1, MOST_OCTETS)))
def test_chunks_hold_whole_lines(sizes: list[int]) -> None:
    """As many as a pipe takes at once, in order, none lost."""
    lines = [ProtocolLine(b"x" * size + b"\n", str(number)) for number, size in enumerate(sizes)]
    found = list(chunks(lines))
    assert [line for _, part in found for line in part] == lines
    assert all(0 < sum(len(line.octets) for line in part) <= 4096 for _, part in found)
    assert all(lines[first] is part[0] for first, part in found)
