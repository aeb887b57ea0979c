"""The demonstration tells what was notified, by collectd's log."""

from __future__ import annotations

import time

import pytest

from collectd_inode.model import Job, PlannedStep
from demo import alarms
from demo.alarms import Alarm, Trouble

SHOP = Job("scenario", "shop", "shop-browsing", "Browsing", steps=(PlannedStep('I follow "Shop"', "follow_shop"),))
TIME = Job("ntp", "time", "time", steps=(PlannedStep("127.0.0.3", "127_0_0_3"),))

SLOW = ("scenario", "shop-browsing", "duration", "follow_shop-processing")
DOWN = ("scenario", "shop-browsing", "bool", "success")
OFF = ("ntp", "time", "time_offset", "127_0_0_3")

LOG = """\
[2026-11-29 09:05:49] collectd_inode: observing 9 jobs
[2026-11-29 09:05:49] Notification: severity = OKAY, host = demo, plugin = ntp, plugin_instance = time, \
type = time_offset, type_instance = 127_0_0_3, message = Host demo, plugin ntp (instance time) type time_offset \
(instance 127_0_0_3): All data sources are within range again. Current value of "value" is 0.000035.
[2026-11-29 09:05:57] Notification: severity = WARNING, host = demo, plugin = scenario, plugin_instance = \
shop-browsing, type = duration, type_instance = follow_shop-processing, message = Host demo, plugin scenario \
(instance shop-browsing) type duration (instance follow_shop-processing): Data source "seconds" is currently 0.331956. \
That is above the warning threshold of 0.300000.
[2026-11-29 09:05:58] Notification: severity = FAILURE, host = demo, plugin = scenario, plugin_instance = \
shop-browsing, type = bool, type_instance = success, message = refused: I follow "Shop": answered 503, not 200
[2026-11-29 09:06:07] Notification: severity = OKAY, host = demo, plugin = scenario, plugin_instance = shop-browsing, \
type = duration, type_instance = follow_shop-processing, message = Host demo, plugin scenario (instance shop-browsing) \
type duration (instance follow_shop-processing): All data sources are within range again. Current value of "seconds" \
is 0.281217.
[2026-11-29 09:06:08] Notification: severity = WARNING, host = demo, plugin = inode_probe, type = latency, \
type_instance = loop_lag, message = late
[2026-11-29 09:06:14] Notification: severity = WARNING, host = demo, plugin = ntp, plugin_instance = time, \
type = time_offset, type_instance = 127_0_0_3, message = Host demo, plugin ntp (instance time) type time_offset \
(instance 127_0_0_3): Data source "value" is currently 1200.000008. That is above the warning threshold of 0.100000.
[2026-11-29 09:06:15] Notification: severity = FAILURE, host = demo, plugin = sce"""


def at(clock: str) -> float:
    return time.mktime(time.strptime(f"2026-11-29 {clock}", "%Y-%m-%d %H:%M:%S"))


def test_notifications_are_read_as_far_as_they_are_written() -> None:
    """A comma in a message, a plugin without instance, and a last line that waits for its rest."""
    found = alarms.read(LOG)
    assert [(alarm.time, alarm.severity, alarm.identity) for alarm in found] == [
        (at("09:05:49"), "OKAY", OFF),
        (at("09:05:57"), "WARNING", SLOW),
        (at("09:05:58"), "FAILURE", DOWN),
        (at("09:06:07"), "OKAY", SLOW),
        (at("09:06:08"), "WARNING", ("inode_probe", "", "latency", "loop_lag")),
        (at("09:06:14"), "WARNING", OFF),
    ]
    assert found[2].message == 'refused: I follow "Shop": answered 503, not 200'


def test_an_okay_that_ends_nothing_is_not_shown() -> None:
    """collectd's threshold plugin says so of every series at its first value."""
    assert [alarm.identity for alarm in alarms.telling(alarms.read(LOG))][:3] == [SLOW, DOWN, SLOW]


def test_troubles_have_a_beginning_and_an_end() -> None:
    """A warning that becomes a failure is one trouble; what lasts has no end."""
    warned, failed, ended, down = (
        Alarm(1.0, "WARNING", SLOW, "slow"),
        Alarm(2.0, "FAILURE", SLOW, "slower"),
        Alarm(3.0, "OKAY", SLOW, "good"),
        Alarm(2.0, "FAILURE", DOWN, "down"),
    )
    again = Alarm(4.0, "WARNING", SLOW, "slow")
    assert alarms.troubles([warned, failed, down, ended, again]) == [
        Trouble(warned, 3.0),
        Trouble(down),
        Trouble(again),
    ]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "time: 127.0.0.3, offset: 3.5e-05 s, within its limit again"),
        (1, 'shop: I follow "Shop", processing: 0.332 s, above the limit of 0.3 s'),
        (2, 'shop: refused: I follow "Shop": answered 503, not 200'),
        (3, 'shop: I follow "Shop", processing: 0.281 s, within its limit again'),
        (4, "late"),
        (5, "time: 127.0.0.3, offset: 1200 s, above the limit of 0.1 s"),
    ],
)
def test_a_notification_in_a_few_words(number: int, words: str) -> None:
    """The plugin's own message as it is; the threshold plugin's shorter, and in the words of the feature's author."""
    assert alarms.words(alarms.read(LOG)[number], (SHOP, TIME)) == words
