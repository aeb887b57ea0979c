"""From the configuration tree to jobs.  Every mistake is gathered, with block, key and value; none hides another.

The tree is the daemon's own (through `plugin`) or the same one read from the file (through `oconfig`, for the command
line).  ``<Module>`` sections add up: what one sets holds for the blocks of the sections that follow it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from collectd_inode.keys import (
    COMMON_KEYS,
    Common,
    Expected,
    Key,
    Loaded,
    Problem,
    boolean,
    common,
    read_block,
    text,
    written,
)
from collectd_inode.kinds import KINDS, Kind
from collectd_inode.names import slug
from collectd_inode.oconfig import Node
from collectd_inode.run import Cause, Job, Status, Trouble
from collectd_inode.state import State

MODULE = "collectd_inode"
MODULE_KEYS = (Key("StrictConfig", boolean), Key("StateDir", text), *COMMON_KEYS)


@dataclass(frozen=True, slots=True)
class Block:
    """One job block that was understood; ``load`` makes its jobs, now and whenever its files have changed."""

    kind: Kind
    name: str
    values: Mapping[str, Any]
    common: Common
    node: Node

    def load(self) -> Loaded:
        """The block's jobs as its files stand now; mistakes that have no place of their own get that of their key."""
        loaded = self.kind.load(self.name, self.values, self.common)
        return replace(loaded, problems=tuple(map(self._placed, loaded.problems)))

    def _placed(self, problem: Problem) -> Problem:
        if problem.place:
            return problem
        near = (child for child in self.node.children if problem.value and problem.value in child.values)
        return replace(problem, place=str(next(near, self.node).place or ""))


@dataclass(slots=True)
class Configuration:
    """Everything the operator said, section by section."""

    blocks: list[Block] = field(default_factory=list)
    refused: list[Job] = field(default_factory=list)
    """Jobs that stand in for blocks with mistakes in them: they cannot run, and say so every interval."""
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    strict: bool = False
    _defaults: Common = field(default_factory=Common)
    _timeout_given: bool = False
    _names: set[tuple[str, str]] = field(default_factory=set)

    @property
    def state_dir(self) -> str | None:
        """StateDir, as far as it was said."""
        return self._defaults.state.folder

    def section(self, node: Node) -> list[Problem]:
        """Read one ``<Module collectd_inode>`` section; the problems found in it are also kept."""
        values, problems = read_block("<Module>", node, MODULE_KEYS, [kind.block for kind in KINDS])
        self.strict = values.get("StrictConfig", self.strict)
        self._defaults = common(values, self._defaults)
        if "StateDir" in values:
            self._defaults = replace(self._defaults, state=State(values["StateDir"]))
        self._timeout_given = self._timeout_given or "Timeout" in values
        kinds = {kind.block.lower(): kind for kind in KINDS}
        for child in node.children:
            if child.key.lower() in kinds:
                problems += self._block(kinds[child.key.lower()], child)
        self.problems += problems
        return problems

    def _block(self, kind: Kind, node: Node) -> list[Problem]:
        place = str(node.place) if node.place else ""
        shown = f"<{written(kind.block, node.values)}>"
        try:
            name = text(node.values)
            if not any(c.isalnum() for c in name):
                raise Expected("a name with a letter or digit in it")
        except Expected as error:
            return [Problem(shown, f"expected {error} as the job's name", place)]
        if (kind.plugin, slug(name)) in self._names:
            return [Problem(shown, "expected another name: there is a job of this name already", place)]
        self._names.add((kind.plugin, slug(name)))
        return self._named_block(kind, name, node, shown)

    def _named_block(self, kind: Kind, name: str, node: Node, shown: str) -> list[Problem]:
        values, problems = read_block(shown, node, (*COMMON_KEYS, *kind.keys))
        interval = max(kind.least_interval, self._defaults.interval)
        settings = common(values, replace(self._defaults, interval=interval))
        problems += _contradictions(values, settings, shown, node)
        if problems:
            self.refused.append(_refused(kind, name, settings, problems))
            return problems
        if settings.timeout > settings.interval and (self._timeout_given or "Timeout" in values):
            what = f"a run ends when its interval does: Timeout {settings.timeout:g} counts as {settings.interval:g}"
            self.warnings.append(Problem(shown, what, str(node.place or "")))
        self.blocks.append(Block(kind, name, values, settings, node))
        return []


def _contradictions(values: Mapping[str, Any], settings: Common, shown: str, node: Node) -> list[Problem]:
    """Values that are fine each by itself but not together."""
    place = str(node.place or "")
    problems = []
    if values.get("StartOffset", 0) >= settings.interval:
        what = f"expected a StartOffset below the interval ({settings.interval:g} s)"
        problems.append(Problem(shown, what, place))
    if "ClientKey" in values and "ClientCert" not in values:
        problems.append(Problem(shown, "ClientKey: expected a ClientCert beside it", place))
    if ("AuthUser" in values) != ("AuthPasswordFile" in values):
        problems.append(Problem(shown, "expected AuthUser and AuthPasswordFile together", place))
    return problems


def _refused(kind: Kind, name: str, settings: Common, problems: list[Problem]) -> Job:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    trouble = Trouble(Status.ERROR, Cause.CONFIGURATION, str(problems[0]) + more)
    return settings.job(kind.plugin, name, trouble=trouble)


def sections(tree: Iterable[Node]) -> Iterator[Node]:
    """The ``<Module collectd_inode>`` sections of a whole collectd.conf."""
    for plugin in tree:
        if plugin.key.lower() == "plugin" and plugin.values == ("python",):
            for node in plugin.children:
                if is_ours(node):
                    yield node


def is_ours(node: Node) -> bool:
    """Whether *node* is a ``<Module collectd_inode>``."""
    return node.key.lower() == "module" and [str(value).lower() for value in node.values] == [MODULE]


def load_all(configuration: Configuration) -> tuple[Loaded, ...]:
    """The jobs of every block, and one more `Loaded` for the blocks that were refused."""
    return (*(block.load() for block in configuration.blocks), Loaded(tuple(configuration.refused)))
