"""``run --config FILE``: one ``<Scenario>`` block, as it stands in a collectd.conf, for a run by hand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from collectd_inode import oconfig
from collectd_inode.cli.configured import bare_block, holds_blocks, load, module, parts
from collectd_inode.cli.options import ENDLESS
from collectd_inode.config import Configuration
from collectd_inode.keys import BlockSettings
from collectd_inode.model import Door, Place, Problem
from collectd_inode.scenario.kind import SCENARIO
from collectd_inode.scenario.settings import Settings
from collectd_inode.state import State


@dataclass(frozen=True, slots=True)
class RunBlock:
    """The settings of a block for one run; without a name, each job is called as its file."""

    name: str | None = None
    settings: Settings = field(default_factory=Settings)
    common: BlockSettings = field(default_factory=lambda: BlockSettings(interval=ENDLESS, door=Door.CLI))


NO_BLOCK = RunBlock()


def read_block(path: str) -> tuple[RunBlock, list[Problem]]:
    """The block in the file *path*: a whole collectd.conf, what stands in a ``<Module>``, a block, or bare keys of one.

    The daemon's state between runs is not touched.
    """
    try:
        nodes = load(path).nodes
    except oconfig.BadConfig as error:
        return NO_BLOCK, list(error.problems)
    configuration = Configuration(Door.CLI)
    bare = not any(holds_blocks(node) for node in nodes)
    for section in [module((bare_block(SCENARIO, nodes, path),), path)] if bare else parts(nodes, path):
        configuration.section(section)
    blocks = [block for block in configuration.blocks if block.kind is SCENARIO]
    if configuration.problems:
        return NO_BLOCK, configuration.problems
    if len(blocks) != 1:
        named = ", ".join(f'"{block.name}"' for block in blocks) or "none"
        return NO_BLOCK, [Problem(f"expected one <{SCENARIO.block}> block, found: {named}", Place(path))]
    (block,) = blocks
    common = replace(block.common, interval=ENDLESS, state=State())
    return RunBlock(None if bare else block.name, block.settings, common), []
