"""From the configuration tree to jobs.  Collects every mistake, with block, key and value; no mistake hides another.

The tree is the daemon's own (through `plugin`) or the same one read from the file (through `oconfig`, for the command
line).  ``<Module>`` sections add up: a key of one section applies to the blocks of the sections after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from collectd_inode.keys import (
    COMMON_KEYS,
    MODULE_KEYS,
    ONLY_AT_THE_HUB,
    BlockSettings,
    Expected,
    Loaded,
    ModuleSettings,
    contradictions,
    filled,
    read_block,
    text,
    written,
)
from collectd_inode.kind import Kind
from collectd_inode.kinds import KINDS
from collectd_inode.model import Cause, Door, Job, Problem, Status, Trouble
from collectd_inode.names import fingerprint, slug
from collectd_inode.oconfig import Node
from collectd_inode.permissions import in_the_way, loose
from collectd_inode.shards import Shard, is_ours
from collectd_inode.state import State
from collectd_inode.words import and_more


@dataclass(frozen=True, slots=True)
class Block:
    """One valid block; ``load`` makes its jobs, now and whenever its files have changed."""

    kind: Kind
    name: str
    settings: Any
    common: BlockSettings
    node: Node
    module: Mapping[str, Node]
    """The place of each key that ``<Module>`` sets."""
    shards: tuple[Shard, ...] = ()
    """This machine's shares of all scenarios; without a share it runs all."""

    def load(self) -> Loaded:
        """The block's jobs, from its current files; a mistake without a place gets the place of its key."""
        loaded = self.kind.load(self.name, self.settings, self.common)
        jobs = tuple(replace(job, configuration=self.fingerprint) for job in loaded.jobs if self._is_ours(job))
        return replace(loaded, jobs=jobs, problems=tuple(map(self._placed, loaded.problems)))

    def _is_ours(self, job: Job) -> bool:
        # Every machine reports the mistakes of a whole block.
        return job.scenario is None or is_ours(self.shards, job.kind, job.name, job.scenario)

    @property
    def fingerprint(self) -> str:
        """A fingerprint (eight digits) of its settings and those of ``<Module>``."""
        return fingerprint(f"{_said(self.node)} {sorted((key, node.values) for key, node in self.module.items())}")

    def _placed(self, problem: Problem) -> Problem:
        if problem.place:
            return problem
        near = (child for child in self.node.children if problem.value and problem.value in child.values)
        return replace(problem, place=next(near, self.node).place)


@dataclass(slots=True)
class Configuration:
    """The whole configuration, section by section, for jobs that run behind *door*."""

    door: Door = Door.CLI
    states: dict[str | None, State] = field(default_factory=dict)
    """StateDir → its jobs' state; kept when the configuration is read again."""
    blocks: list[Block] = field(default_factory=list)
    refused: list[Job] = field(default_factory=list)
    """Jobs in place of blocks with mistakes: they cannot run, and report that in every interval."""
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    module: ModuleSettings = field(default_factory=ModuleSettings)
    _defaults: BlockSettings = field(init=False)
    _timeout_given: bool = False
    _said: dict[str, Node] = field(default_factory=dict)
    _names: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._defaults = BlockSettings(door=self.door, state=self._state(None))

    def _state(self, folder: str | None) -> State:
        return self.states.setdefault(folder, State(folder))

    @property
    def strict(self) -> bool:
        """Whether a mistake keeps collectd from starting."""
        return self.module.strict

    @property
    def state_dir(self) -> str | None:
        """StateDir, if configured."""
        return self.module.state_dir

    def section(self, node: Node) -> list[Problem]:
        """Read one ``<Module collectd_inode>`` section; returns its problems, and keeps them."""
        values, problems = read_block("<Module>", node, (*MODULE_KEYS, *COMMON_KEYS), [k.block for k in KINDS], _within)
        self.module = filled(self.module, values)
        problems += self._mismatched_shards(node) + self._deaf_fleet(node)
        self._defaults = filled(self._defaults, values)
        kept = self.module
        self._defaults = replace(self._defaults, save_total=kept.save_total, save_age=kept.save_age)
        if "StateDir" in values:
            self._defaults = replace(self._defaults, state=self._state(values["StateDir"]))
            folder = values["StateDir"]
            file = in_the_way(folder)
            lost = f"{folder} cannot be made, so a restart loses all state: {file} is not a folder" if file else ""
            if warning := lost or loose(folder, private=True):
                self.warnings.append(Problem(warning, node.place, "<Module>", value=values["StateDir"]))
        names = {name.lower(): name for name in values}
        self._said |= {names[child.key.lower()]: child for child in node.children if child.key.lower() in names}
        self._timeout_given = self._timeout_given or "Timeout" in values
        kinds = {kind.block.lower(): kind for kind in KINDS}
        for child in node.children:
            if child.key.lower() in kinds:
                problems += self._block(kinds[child.key.lower()], child)
        self.problems += problems
        return problems

    def _mismatched_shards(self, node: Node) -> list[Problem]:
        """The mistake in shares of different numbers of machines; this machine then runs all scenarios."""
        if len({shard.many for shard in self.module.shards}) < 2:
            return []
        given = " and ".join(f'"{shard}"' for shard in self.module.shards)
        self.module = replace(self.module, shards=())
        said = [child for child in node.children if child.key.lower() == "shard"]
        what = f"expected shares of one number of machines, not {given}"
        return [Problem(what, said[-1].place, f"<Module> {written('Shard', said[-1].values)}")]

    def _deaf_fleet(self, node: Node) -> list[Problem]:
        if not self.module.fleet or self.door is Door.EMBEDDED:
            return []
        self.module = replace(self.module, fleet=False)
        return [
            Problem(ONLY_AT_THE_HUB, child.place, "<Module> Fleet true") for child in node.children if _is_fleet(child)
        ]

    @property
    def fleet(self) -> bool:
        """Whether to keep values of other hosts."""
        return self.module.fleet and self.state_dir is not None

    def late_warnings(self) -> list[Problem]:
        """The contradictions that show only after all sections were read."""
        if not self.module.fleet or self.fleet:
            return []
        return [Problem("without StateDir nothing is kept", self._said["Fleet"].place, "<Module> Fleet true")]

    def _block(self, kind: Kind, node: Node) -> list[Problem]:
        shown = f"<{written(kind.block, node.values)}>"
        try:
            name = text(node.values)
            if not any(c.isalnum() for c in name):
                raise Expected("a name with a letter or digit in it")
        except Expected as error:
            return [Problem(f"expected {error} as the job's name", node.place, shown)]
        if (kind.plugin, slug(name)) in self._names:
            return [Problem("expected another name: there is a job of this name already", node.place, shown)]
        self._names.add((kind.plugin, slug(name)))
        return self._named_block(kind, name, node, shown)

    def _named_block(self, kind: Kind, name: str, node: Node, shown: str) -> list[Problem]:
        values, problems = read_block(shown, node, (*COMMON_KEYS, *kind.keys))
        interval = max(kind.default_interval, kind.least_interval(values), self._defaults.interval)
        common, settings = filled(replace(self._defaults, interval=interval), values), kind.settings(values)
        problems += [Problem(what, node.place, shown) for what in contradictions(settings, common, values)]
        if problems:
            self.refused.append(_refused(kind, name, common, problems))
            return problems
        if common.timeout > common.interval and (self._timeout_given or "Timeout" in values):
            what = f"a run ends when its interval does: Timeout {common.timeout:g} counts as {common.interval:g}"
            self.warnings.append(Problem(what, node.place, shown))
        self.blocks.append(Block(kind, name, settings, common, node, dict(self._said), self.module.shards))
        return []


def _within(key: str) -> str:
    """The mistake in a *key* of blocks outside of a block; empty for any other key."""
    kinds = [kind for kind in KINDS if key.lower() in {row.name.lower() for row in kind.keys}]
    blocks = " or ".join(f'<{kind.block} "NAME">' for kind in kinds)
    return f"expected it within {blocks}" if blocks else ""


def _is_fleet(node: Node) -> bool:
    return node.key.lower() == "fleet"


def _said(node: Node) -> tuple[object, ...]:
    """The text of a block, without its places."""
    return node.key.lower(), node.values, tuple(map(_said, node.children))


def _refused(kind: Kind, name: str, common: BlockSettings, problems: list[Problem]) -> Job:
    trouble = Trouble(Status.ERROR, Cause.CONFIGURATION, str(problems[0]) + and_more(problems))
    return common.job(kind.plugin, name, trouble=trouble)


def load_all(
    configuration: Configuration, each: Callable[[Iterable[Block]], Iterable[Block]] = iter
) -> tuple[Loaded, ...]:
    """The jobs of every block, and one more `Loaded` for the rejected blocks; *each* may count the blocks."""
    return (*(block.load() for block in each(configuration.blocks)), Loaded(tuple(configuration.refused)))
