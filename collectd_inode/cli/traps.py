"""Settings of other plugins that collectd accepts silently and that cost values or alarms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from collectd_inode.kinds import KINDS
from collectd_inode.model import Job, Problem
from collectd_inode.oconfig import Node


def traps(tree: Sequence[Node], jobs: Sequence[Job]) -> Iterator[Problem]:
    """A warning for each, at its line."""
    rrdtool = [node for node in tree if _is(node, "plugin", "rrdtool")]
    loaded = [node for node in tree if _is(node, "loadplugin", "rrdtool")]
    if loaded and not any(child.key.lower() == "xff" for node in rrdtool for child in node.children):
        what = "expected XFF 0.9: with collectd's 0.1, one failed run in ten makes 40 % of a month's points unknown"
        yield Problem(what, (rrdtool or loaded)[-1].place, "<Plugin rrdtool>")
    for node in tree:
        if _is(node, "loadplugin", "notify_nagios"):
            what = "notify_nagios blocks all of collectd while its pipe has no reader; alerts/nagios-passive does not"
            yield Problem(what, node.place)
        if _is(node, "plugin", "threshold") and any(job.notify for job in jobs):
            yield from _second_pager(node.children, "")
        if _is(node, "plugin", "threshold"):
            yield from _blunt(node.children, "")
        if _is(node, "plugin", "exec"):
            yield from _as_root(node)
    shown = [node for node in tree if _is(node, "plugin", "write_prometheus")]
    for node in shown or [node for node in tree if _is(node, "loadplugin", "write_prometheus")]:
        yield from _stale(node, jobs)
    yield from _without_thresholds(tree)


def _is(node: Node, key: str, value: str) -> bool:
    return node.key.lower() == key and tuple(str(one).lower() for one in node.values) == (value,)


def _stale(node: Node, jobs: Iterable[Job]) -> Iterator[Problem]:
    """Values that are removed before the next ones come."""
    said = [child for child in node.children if child.key.lower() == "stalenessdelta" and child.values]
    seconds = float(said[-1].values[0]) if said and isinstance(said[-1].values[0], float) else 300.0
    longest = max((job.interval for job in jobs), default=0.0)
    if longest >= seconds:
        what = f"expected a StalenessDelta above {longest:g}, the longest Interval: values vanish between two runs"
        yield Problem(what, (said or [node])[-1].place, "<Plugin write_prometheus>")


def _without_thresholds(tree: Sequence[Node]) -> Iterator[Problem]:
    """A threshold plugin without settings: a command of the unixsock plugin's ends collectd then."""
    loaded = [node for node in tree if _is(node, "loadplugin", "threshold")]
    asked = any(_is(node, "loadplugin", "unixsock") for node in tree)
    if loaded and asked and not any(_is(node, "plugin", "threshold") for node in tree):
        what = "expected a <Plugin threshold>: without one GETTHRESHOLD, through the unixsock plugin, ends collectd"
        yield Problem(what, loaded[-1].place)


def _as_root(node: Node) -> Iterator[Problem]:
    for child in node.children:
        if child.key.lower() == "notificationexec" and str((*child.values, "")[0]).partition(":")[0] == "root":
            what = "collectd runs no program as root: expected another user, or no notification arrives"
            yield Problem(what, child.place, "<Plugin exec>")


_OURS = frozenset(kind.plugin for kind in KINDS)
_COMES_AND_GOES = ("latency", "response_time", "duration")
"""Types that a failed run does not send."""


def _blunt(nodes: Iterable[Node], plugin: str) -> Iterator[Problem]:
    """Blocks for our series that alarm for more than is meant."""
    for node in nodes:
        key, value = node.key.lower(), str(node.values[0]).lower() if node.values else ""
        if key in ("plugin", "host"):
            yield from _blunt(node.children, value if key == "plugin" else plugin)
        elif key == "type" and plugin in _OURS:
            said = {child.key.lower(): child.values for child in node.children}
            if value in _COMES_AND_GOES and said.get("interesting") != (False,):
                what = (
                    f"expected Interesting false: a run that fails sends no {value}, so each outage is notified twice"
                )
                yield Problem(what, node.place, "<Plugin threshold>")
            if value == "gauge" and "instance" not in said:
                what = "expected an Instance: without one it is for every gauge, the cause and the warnings among them"
                yield Problem(what, node.place, "<Plugin threshold>")


def _second_pager(nodes: Iterable[Node], plugin: str) -> Iterator[Problem]:
    for node in nodes:
        key, value = node.key.lower(), str(node.values[0]).lower() if node.values else ""
        if key == "plugin":
            yield from _second_pager(node.children, value)
        elif key == "host":
            yield from _second_pager(node.children, plugin)
        elif key == "type" and value == "bool" and plugin in ("", *(kind.plugin for kind in KINDS)):
            what = (
                'a threshold on bool-success beside Notify "change": every outage is notified twice; set Notify "none"'
            )
            yield Problem(what, node.place, "<Plugin threshold>")
