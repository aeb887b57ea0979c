"""collectd's ``<Plugin threshold>``, as far as pictures show it: the limits of a series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from collectd_inode.oconfig import Node
from collectd_inode.report.graphs import Limit


@dataclass(frozen=True, slots=True)
class ThresholdBlock:
    """One ``<Type>`` block: the parts of the identity that it applies to, empty for any, and its limits."""

    limit: Limit
    host: str = ""
    plugin: str = ""
    plugin_instance: str = ""
    type: str = ""
    type_instance: str = ""

    @property
    def named(self) -> tuple[str, ...]:
        """The identity that it applies to, in the order in which collectd weighs it."""
        return self.host, self.plugin, self.plugin_instance, self.type, self.type_instance

    def holds_for(self, series: tuple[str, ...]) -> bool:
        """Whether *series* (host, plugin, plugin instance, type, type instance) is meant."""
        return all(not wanted or wanted == given for wanted, given in zip(self.named, series, strict=True))


def read(tree: Iterable[Node]) -> list[ThresholdBlock]:
    """Every ``<Type>`` of every ``<Plugin threshold>``."""
    plugins = (node for node in tree if node.key.lower() == "plugin" and _first(node).lower() == "threshold")
    return [threshold for plugin in plugins for threshold in _inside(plugin, ThresholdBlock(Limit()))]


def limit(thresholds: Iterable[ThresholdBlock], series: tuple[str, ...]) -> Limit:
    """The limit of *series*: from the most specific threshold (threshold.c, ``threshold_search``)."""
    fitting = [threshold for threshold in thresholds if threshold.holds_for(series)]
    return max(fitting, key=lambda t: tuple(map(bool, t.named)), default=ThresholdBlock(Limit())).limit


_LIMITS = {
    "warningmin": "warning_min",
    "warningmax": "warning_max",
    "failuremin": "failure_min",
    "failuremax": "failure_max",
}


def _inside(block: Node, so_far: ThresholdBlock) -> Iterator[ThresholdBlock]:
    """Hosts hold plugins and types, plugins hold types; ``Instance`` is of the block that it stands in."""
    for node in block.children:
        name = _first(node)
        instance = next((_first(child) for child in node.children if child.key.lower() == "instance"), "")
        match node.key.lower():
            case "host":
                yield from _inside(node, replace(so_far, host=name))
            case "plugin":
                yield from _inside(node, replace(so_far, plugin=name, plugin_instance=instance))
            case "type":
                yield replace(so_far, type=name, type_instance=instance, limit=Limit(**dict(_numbers(node))))


def _numbers(node: Node) -> Iterator[tuple[str, float]]:
    for child in node.children:
        value = child.values[0] if child.values else None
        if child.key.lower() in _LIMITS and isinstance(value, float):
            yield _LIMITS[child.key.lower()], value


def _first(node: Node) -> str:
    return str(node.values[0]) if node.values else ""
