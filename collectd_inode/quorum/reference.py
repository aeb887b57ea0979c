"""The series and the warnings that a quorum's job sends."""

from __future__ import annotations

from collectd_inode.quorum.kind import QUORUM
from collectd_inode.reference import KindReference, SeriesRow, WarningRow

SERIES = (
    SeriesRow("gauge", "agreeing", "probes", "how many probes say what the verdict says; 0: no verdict", "every run"),
    SeriesRow("gauge", "reporting", "probes", "how many probes are not silent", "every run"),
)

WARNINGS = (
    WarningRow(
        "unknown",
        "fewer probes report than a verdict needs (``MinReporting``)",
        "bring the silent probes back; ``silent`` names them",
    ),
    WarningRow(
        "silent",
        "a probe has sent nothing for two intervals and 10 seconds",
        "look at the probe's collectd and its way to the hub",
    ),
    WarningRow(
        "dissent",
        "some probes say down, and the verdict is up",
        "look at the line of the probes that the message names",
    ),
    WarningRow(
        "same_host",
        "several machines report under one host name, and contradict each other",
        "give each machine a ``Hostname`` of its own in its collectd.conf",
    ),
    WarningRow(
        "skewed",
        "values are dated in the future, or are old when they come",
        "correct the clock of the probe or of the hub",
    ),
)

REFERENCE = KindReference({QUORUM.plugin: SERIES}, WARNINGS)
