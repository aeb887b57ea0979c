"""What `check` warns of in other plugins' settings: values that vanish, alarms that come twice or never."""

from __future__ import annotations

import pytest

from collectd_inode.cli.traps import traps
from collectd_inode.model import Job
from collectd_inode.oconfig import parse

RRDTOOL = (
    "c.conf:{}: <Plugin rrdtool>: expected XFF 0.9: with collectd's 0.1, one failed run in ten makes 40 % of a month's"
    " points unknown"
)
STALE = (
    "c.conf:{}: <Plugin write_prometheus>: expected a StalenessDelta above 600, the longest Interval:"
    " values vanish between two runs"
)
TWICE = (
    'c.conf:{}: <Plugin threshold>: a threshold on bool-success beside Notify "change": every outage is notified twice;'
    ' set Notify "none"'
)
NAGIOS = "c.conf:1: notify_nagios blocks all of collectd while its pipe has no reader; alerts/nagios-passive does not"


ENDS = "c.conf:1: expected a <Plugin threshold>: without one GETTHRESHOLD, through the unixsock plugin, ends collectd"
ROOT_S = "c.conf:2: <Plugin exec>: collectd runs no program as root: expected another user, or no notification arrives"
NO_LATENCY = (
    "c.conf:3: <Plugin threshold>: expected Interesting false: a run that fails sends no latency, so each outage is"
    " notified twice"
)
EVERY_GAUGE = (
    "c.conf:3: <Plugin threshold>: expected an Instance: without one it is for every gauge, the cause and the warnings"
    " among them"
)


HEARTBEAT = (
    "c.conf:{}: <Plugin rrdtool>: expected HeartBeat 1200, twice the longest Interval: with {} its values are unknown"
)
NO_JOBS = "c.conf:2: <Plugin exec>: collectd runs no program as root: expected another user, or no job of its file runs"


def of(plugin: str, type: str, more: str) -> str:
    """A threshold."""
    block = f'<Plugin "{plugin}">\n<Type "{type}">\n{more}\nFailureMin 1\n</Type>\n</Plugin>\n'
    return f"<Plugin threshold>\n{block}</Plugin>\n"


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        ("LoadPlugin rrdtool\n", [RRDTOOL.format(1)]),
        ("LoadPlugin rrdtool\n<Plugin rrdtool>\nDataDir \"/x\"\n</Plugin>\n", [RRDTOOL.format(2)]),
        ("LoadPlugin rrdtool\n<Plugin rrdtool>\nXFF 0.9\n</Plugin>\n", []),
        ("LoadPlugin csv\n", []),
        (
            "LoadPlugin notify_nagios\n",
            [NAGIOS],
        ),
        ("LoadPlugin write_prometheus\n", [STALE.format(1)]),
        ("LoadPlugin threshold\nLoadPlugin unixsock\n", [ENDS]),
        ("LoadPlugin threshold\nLoadPlugin unixsock\n<Plugin threshold>\n</Plugin>\n", []),
        ("LoadPlugin threshold\n", []),
        ('<Plugin exec>\nNotificationExec "root" "/x"\nNotificationExec "nobody" "/x"\n</Plugin>\n', [ROOT_S]),
        ('<Plugin exec>\nNotificationExec "root:root" "/x"\nExec "root" "/x"\n</Plugin>\n', [ROOT_S]),
        (of("scenario", "latency", 'Instance "total"'), [NO_LATENCY]),
        (of("scenario", "latency", 'Instance "total"\nInteresting false'), []),
        (of("cpu", "latency", 'Instance "total"'), []),
        (of("ntp", "gauge", "Interesting false"), [EVERY_GAUGE]),
        (of("ntp", "gauge", 'Instance "margin-s3"'), []),
        ("<Plugin write_prometheus>\nPort 9103\n</Plugin>\n", [STALE.format(1)]),
        ("<Plugin write_prometheus>\nStalenessDelta 600\n</Plugin>\n", [STALE.format(2)]),
        ("<Plugin write_prometheus>\nStalenessDelta 1300\n</Plugin>\n", []),
        ("<Plugin threshold>\n<Type \"bool\">\nFailureMin 1\n</Type>\n</Plugin>\n", [TWICE.format(2)]),
        (
            '<Plugin threshold>\n<Host "a">\n<Plugin "scenario">\n<Type "bool">\nFailureMin 1\n</Type>\n</Plugin>\n'
            "</Host>\n</Plugin>\n",
            [TWICE.format(4)],
        ),
        ('<Plugin threshold>\n<Plugin "other">\n<Type "bool">\nFailureMin 1\n</Type>\n</Plugin>\n</Plugin>\n', []),
        (of("ntp", "gauge", ""), [EVERY_GAUGE]),
        ("LoadPlugin rrdcached\n", [RRDTOOL.format(1).replace("rrdtool", "rrdcached")]),
        ("LoadPlugin rrdcached\n<Plugin rrdcached>\nXFF 0.9\nStepSize 10\n</Plugin>\n", []),
        ("AutoLoadPlugin true\n<Plugin rrdtool>\nDataDir \"/x\"\n</Plugin>\n", [RRDTOOL.format(2)]),
        ("<Plugin rrdtool>\nDataDir \"/x\"\n</Plugin>\n", []),
        ("LoadPlugin rrdtool\n<Plugin rrdtool>\nXFF 0.1\n</Plugin>\n", [RRDTOOL.format(3)]),
        ("LoadPlugin rrdtool\n<Plugin rrdtool>\nXFF 0.9\nHeartBeat 120\n</Plugin>\n", [HEARTBEAT.format(4, 120)]),
        ("LoadPlugin rrdtool\n<Plugin rrdtool>\nStepSize 10\nXFF 0.9\n</Plugin>\n", [HEARTBEAT.format(3, 20)]),
        ("LoadPlugin rrdtool\n<Plugin rrdtool>\nStepSize 10\nXFF 0.9\nHeartBeat 1200\n</Plugin>\n", []),
        ("LoadPlugin rrdtool\n<Plugin rrdtool>\nStepSize 600\nXFF 0.9\n</Plugin>\n", []),
        ('<Plugin exec>\nExec "root" "/opt/x/bin/collectd-inode" "exec" "/f"\n</Plugin>\n', [NO_JOBS]),
        ('<Plugin exec>\nExec "probe" "/opt/x/bin/collectd-inode" "exec" "/f"\n</Plugin>\n', []),
        (of("smarthost", "bool", 'Instance "relay"'), []),
        (of("scenario", "bool", 'Instance "success"'), [TWICE.format(3)]),
        (of("ntp", "bool", ""), []),
        (
            '<Plugin threshold>\n<Type "latency">\nWarningMax 5\n</Type>\n</Plugin>\n',
            [NO_LATENCY.replace(":3:", ":2:")],
        ),
        ('<Plugin threshold>\n<Type "gauge">\nWarningMax 5\n</Type>\n</Plugin>\n', []),
    ],
)  # fmt: skip
def test_traps(text: str, warnings: list[str]) -> None:
    """Each at its line."""
    jobs = [Job("scenario", "web", "web-home", interval=600.0)]
    assert [str(problem) for problem in traps(parse(text, "c.conf"), jobs)] == warnings


def test_a_threshold_is_the_pager_where_we_notify_nobody() -> None:
    """As conf.d/thresholds.conf has it."""
    tree = parse('<Plugin threshold>\n<Type "bool">\nFailureMin 1\n</Type>\n</Plugin>\n', "c.conf")
    assert list(traps(tree, [Job("scenario", "web", "web-home", notify=False)])) == []
