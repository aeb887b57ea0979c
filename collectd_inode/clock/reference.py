"""The series and the warnings that a clock's job sends."""

from __future__ import annotations

from collectd_inode.clock.kind import CLOCK
from collectd_inode.reference import KindReference, SeriesRow, WarningRow

_KERNEL, _DAEMON = "when the kernel answers", "when the time daemon answers"

SERIES = (
    SeriesRow("bool", "synchronised", "0 or 1", "whether the kernel's clock is synchronised, as it says", _KERNEL),
    SeriesRow("bool", "settable", "0 or 1", "whether any program on this machine may set the clock", "if known"),
    SeriesRow("time_dispersion", "max_error", "seconds", "the largest error, as the kernel says", _KERNEL),
    SeriesRow("time_dispersion", "estimated_error", "seconds", "the likely error, as the kernel says", _KERNEL),
    SeriesRow("frequency_offset", "kernel", "ppm", "the kernel's correction of the clock's rate", _KERNEL),
    SeriesRow("gauge", "diagnosis", "0 to 6", "the fault of the clock: `Why it is wrong`_", "if known"),
    SeriesRow(
        "gauge", "step_seconds", "seconds", "how far the clock was set since the last run; positive: ahead",
        "when the kernel answers, from the second run on",
    ),
    SeriesRow("gauge", "steps", "count", "steps of more than half a second since the machine started", "every run"),
    SeriesRow("gauge", "steps_undone", "count", "steps that were taken back", "every run"),
    SeriesRow("time_offset", "daemon", "seconds", "how far this clock is behind, as the daemon says", _DAEMON),
    SeriesRow("time_dispersion", "daemon", "seconds", "the largest error, as the daemon says", _DAEMON),
    SeriesRow("clock_stratum", "daemon", "number", "this machine's stratum, as the daemon says", _DAEMON),
    SeriesRow(
        "gauge", "reach-daemon", "0 to 8",
        "how many of the daemon's last eight polls its server answered", "when the daemon follows a server",
    ),
    SeriesRow(
        "time_offset", "host", "seconds", "how far this clock is behind its host's",
        "when a guest can read its host's clock (``/dev/ptp0``)",
    ),
)  # fmt: skip

WARNINGS = (
    WarningRow(
        "kernel_silent",
        "the kernel cannot be queried (``adjtimex``)",
        "allow the system call: a container's seccomp profile forbids it",
    ),
    WarningRow(
        "stepped",
        "the clock was set by more than half a second since the last run",
        "find what set it: `Why it is wrong`_",
    ),
    WarningRow(
        "leap_pending",
        "the kernel will insert or delete a leap second at the end of the day (UTC)",
        "nothing, if the IERS announced it; else look for the server that did",
    ),
    WarningRow("two_setters", "two or more programs set the clock, such as chronyd and systemd-timesyncd", "keep one"),
    WarningRow(
        "host_apart",
        "this clock and its host's (``/dev/ptp0``) differ, and the diagnosis does not say so",
        "let chrony use ``/dev/ptp0``, or correct the host",
    ),
    WarningRow(
        "no_daemon",
        "diagnosis 1, while the clock is right",
        "start a time daemon, unless the host keeps the time",
    ),
    WarningRow(
        "daemon_unsynchronised",
        "diagnosis 2, while the clock is right",
        "look at the daemon's servers: ``chronyc sources``, ``ntpq -p``",
    ),
    WarningRow(
        "cannot_set",
        "diagnosis 4, while nothing says whether the clock is right",
        "an ``<NTP>`` block shows whether the host keeps the time right",
    ),
    WarningRow(
        "stepped_back",
        "diagnosis 5, while nothing says whether the clock is right",
        "end what sets the clock back: guest tools, or a second daemon",
    ),
    WarningRow(
        "server_wrong",
        "diagnosis 6: an ``<NTP>`` block found a server that is wrong",
        "remove the server that the message names",
    ),
)

REFERENCE = KindReference({CLOCK.plugin: SERIES}, WARNINGS)
