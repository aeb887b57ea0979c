"""What waits for collectd: in which order, for how long, and what is counted as lost."""

from __future__ import annotations

from collectd_inode.doors import outbox
from collectd_inode.doors.lines import ProtocolLine
from collectd_inode.doors.outbox import KEPT_SECONDS, Outbox
from collectd_inode.report.notification import Notification, Severity
from collectd_inode.report.values import Value
from tests.helpers.examples import logged


def value(instance: str, time: float) -> Value:
    return Value("", "scenario", instance, "bool", "success", 1.0, time, 60.0)


def notification(time: float) -> Notification:
    return Notification(Severity.FAILURE, f"down {time:g}", "", "scenario", "a", time, "bool", "success")


def times(lines: list[ProtocolLine]) -> list[tuple[str, float]]:
    return [(line.series.split("-", 1)[1].partition("/")[0], line.verdict[1]) for line in lines if line.verdict]


def test_a_round_has_one_value_of_each_series() -> None:
    """collectd's write threads reorder bursts; what comes back goes first."""
    box = Outbox("probe1")
    for instance, time in (("a", 1.0), ("a", 2.0), ("b", 1.0), ("a", 3.0)):
        box.put(value(instance, time), 0.0)
    first = box.round(0.0)
    assert times(first) == [("a", 1.0), ("b", 1.0)]
    box.give_back(first)
    assert [times(box.round(0.0)) for _ in range(4)] == [
        [("a", 1.0), ("b", 1.0)],
        [("a", 2.0)],
        [("a", 3.0)],
        [],
    ]


def test_a_line_waits_for_a_minute() -> None:
    """Then it is lost, and counted once."""
    box = Outbox("probe1")
    box.put(value("a", 1.0), 0.0)
    box.put(value("a", 2.0), 10.0)
    box.put(value("a", 3.0), KEPT_SECONDS + 10.0)
    assert times(box.round(KEPT_SECONDS + 5.0)) == [("a", 2.0)]
    assert (box.lost(), box.lost(), len(box)) == (1, 0, 1)


def test_a_notification_waits_for_collectd() -> None:
    """It is sent only once, so it does not expire; it goes first, all of one series together and in order."""
    box = Outbox("probe1")
    for time in (1.0, 2.0):
        box.put(notification(time), 0.0)
    box.put(value("a", 3.0), 100 * KEPT_SECONDS)
    for _ in range(2):
        lines = box.round(100 * KEPT_SECONDS)
        assert [line.octets.partition(b"message=")[2] for line in lines] == [b'"down 1"\n', b'"down 2"\n', b""]
        assert times(lines) == [("a", 3.0)]
        box.give_back(lines)
    assert box.lost() == 0


def test_there_is_an_end_to_what_waits() -> None:
    """The oldest goes first."""
    box = Outbox("probe1")
    for number in range(outbox.MOST_LINES + 3):
        box.put(value("a", float(number)), 0.0)
    assert (len(box), box.lost(), times(box.round(0.0))) == (outbox.MOST_LINES, 3, [("a", 3.0)])
    for number in range(outbox.MOST_NOTIFICATIONS + 2):
        box.put(notification(float(number)), 0.0)
    assert (box.lost(), len(box.round(0.0))) == (2, outbox.MOST_NOTIFICATIONS + 1)


def test_what_no_line_can_say_is_told_once() -> None:
    """And each time counted."""
    box = Outbox('"' * 127)
    with logged() as lines:
        for time in (1.0, 2.0):
            box.put(Value("", '"' * 127, '"' * 127, "bool", '"' * 127, 1.0, time, 1.0), 0.0)
    assert (len(box), box.lost(), len(lines)) == (0, 2, 1)
    assert lines[0].startswith("ERROR collectd did not get a line: ")


def test_what_collectd_has_is_known_by_job() -> None:
    """Only a job's own verdict counts; a notification says nothing of a slot."""
    box = Outbox("probe1")
    box.put(value("a", 60.0), 0.0)
    box.put(Notification(Severity.OKAY, "fine", "", "scenario", "a", 60.0), 0.0)
    box.put(Value("", "scenario", "a", "gauge", "cause", 0.0, 60.0, 60.0), 0.0)
    for _ in range(2):
        for line in box.round(0.0):
            box.arrived(line)
    assert box.sent == {("", "scenario", "a"): 60.0}
