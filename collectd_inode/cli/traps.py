"""Settings of other plugins that collectd accepts silently and that cost values or alarms."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from collectd_inode.kinds import KINDS, kind_of
from collectd_inode.model import Job, Problem
from collectd_inode.oconfig import Node


def traps(tree: Sequence[Node], jobs: Sequence[Job]) -> Iterator[Problem]:
    """A warning for each, at its line."""
    for plugin in ("rrdtool", "rrdcached"):
        yield from _unknown_points(tree, plugin, jobs)
    for node in tree:
        if _is(node, "loadplugin", "notify_nagios"):
            what = "notify_nagios blocks all of collectd while its pipe has no reader; alerts/nagios-passive does not"
            yield Problem(what, node.place)
        if _is(node, "plugin", "threshold"):
            told = {kind_of(job.kind).plugin for job in jobs if job.notify}
            yield from _second_pager(node.children, "", told)
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


_XFF = 0.5
"""The least XFF: the share of the points behind a point of an archive that may be unknown."""


def _unknown_points(tree: Sequence[Node], plugin: str, jobs: Iterable[Job]) -> Iterator[Problem]:
    """RRD files whose points are unknown although there was a value."""
    blocks = [node for node in tree if _is(node, "plugin", plugin)]
    loaded = [node for node in tree if _is(node, "loadplugin", plugin)]
    by_itself = any(_is(node, "autoloadplugin", "true") for node in tree)
    if not loaded and not (by_itself and blocks):
        return
    said = {child.key.lower(): child for node in blocks for child in node.children}
    xff, where = said.get("xff"), f"<Plugin {plugin}>"
    if xff is None or _number(xff, 0.0) < _XFF:
        what = "expected XFF 0.9: with collectd's 0.1, one failed run in ten makes 40 % of a month's points unknown"
        yield Problem(what, (xff or (blocks or loaded)[-1]).place, where)
    key = said.get("heartbeat") or said.get("stepsize")
    if key is not None and (plugin == "rrdtool" or key.key.lower() == "heartbeat"):
        yield from _short_heartbeat(key, where, jobs)


def _short_heartbeat(key: Node, where: str, jobs: Iterable[Job]) -> Iterator[Problem]:
    """Values that come less often than an RRD file's heartbeat are unknown; without one it is twice StepSize."""
    seconds = _number(key, 0.0) * (2 if key.key.lower() == "stepsize" else 1)
    longest = max((job.interval for job in jobs), default=0.0)
    if 0 < seconds < longest:
        what = (
            f"expected HeartBeat {2 * longest:g}, twice the longest Interval: with {seconds:g} its values are unknown"
        )
        yield Problem(what, key.place, where)


def _number(node: Node, default: float) -> float:
    return node.values[0] if node.values and isinstance(node.values[0], float) else default


def _stale(node: Node, jobs: Iterable[Job]) -> Iterator[Problem]:
    """Values that are removed before the next ones come."""
    said = [child for child in node.children if child.key.lower() == "stalenessdelta" and child.values]
    seconds = _number(said[-1], 300.0) if said else 300.0
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
        user, *command = map(str, (*child.values, ""))
        lost = "no notification arrives" if child.key.lower() == "notificationexec" else ""
        if child.key.lower() == "exec" and _is_our_door(command):
            lost = "no job of its file runs"
        if lost and user.partition(":")[0] == "root":
            what = f"collectd runs no program as root: expected another user, or {lost}"
            yield Problem(what, child.place, "<Plugin exec>")


def _is_our_door(command: Sequence[str]) -> bool:
    return command[0].rpartition("/")[2] == "collectd-inode" and command[1:2] == ["exec"]


_OURS = frozenset(kind.plugin for kind in KINDS)
_COMES_AND_GOES = ("latency", "response_time", "duration")
"""Types that a failed run does not send."""


def _blunt(nodes: Iterable[Node], plugin: str) -> Iterator[Problem]:
    """Blocks for our series that alarm for more series than intended."""
    for node in nodes:
        key, value = node.key.lower(), str(node.values[0]).lower() if node.values else ""
        if key in ("plugin", "host"):
            yield from _blunt(node.children, value if key == "plugin" else plugin)
        elif key == "type" and plugin in ("", *_OURS):
            said = {child.key.lower(): child.values for child in node.children}
            if value in _COMES_AND_GOES and said.get("interesting") != (False,):
                what = (
                    f"expected Interesting false: a run that fails sends no {value}, so each outage is notified twice"
                )
                yield Problem(what, node.place, "<Plugin threshold>")
            if value == "gauge" and plugin and "instance" not in said:
                what = "expected an Instance: without one it is for every gauge, the cause and the warnings among them"
                yield Problem(what, node.place, "<Plugin threshold>")


def _second_pager(nodes: Iterable[Node], plugin: str, told: Collection[str]) -> Iterator[Problem]:
    """Thresholds on ``bool-success`` of a plugin among those *told*: of its jobs' failures somebody is notified."""
    for node in nodes:
        key, value = node.key.lower(), str(node.values[0]).lower() if node.values else ""
        if key == "plugin":
            yield from _second_pager(node.children, value, told)
        elif key == "host":
            yield from _second_pager(node.children, plugin, told)
        elif key == "type" and value == "bool" and (plugin in told or (not plugin and told)) and _is_success(node):
            what = (
                'a threshold on bool-success beside Notify "change": every outage is notified twice; set Notify "none"'
            )
            yield Problem(what, node.place, "<Plugin threshold>")


def _is_success(node: Node) -> bool:
    """Whether a ``<Type "bool">`` is also, or only, for ``bool-success``."""
    said = [str(child.values[0]) for child in node.children if child.key.lower() == "instance" and child.values]
    return not said or said[-1] == "success"
