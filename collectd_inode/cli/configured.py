"""The parts that commands with a collectd.conf share."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from collectd_inode import config, oconfig
from collectd_inode.cli.progress import Progress
from collectd_inode.cli.selection import STDIN, contents
from collectd_inode.cli.traps import traps
from collectd_inode.config import Block, Configuration
from collectd_inode.keys import Loaded, file
from collectd_inode.kind import Kind
from collectd_inode.kinds import KINDS
from collectd_inode.model import Door, Job, Place, Problem
from collectd_inode.oconfig import Node
from collectd_inode.report.names import is_called
from collectd_inode.report.problems import once_each

DEFAULT_CONF = "/etc/collectd/collectd.conf"


@dataclass(frozen=True, slots=True)
class Configured:
    """Our part of a collectd.conf: jobs, every mistake, every warning; Hostname and StateDir if configured."""

    jobs: tuple[Job, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()
    hostname: str = ""
    state_dir: str = ""
    tree: tuple[oconfig.Node, ...] = ()
    """All of it, for the settings of other plugins."""
    blocks: tuple[tuple[Block, Loaded], ...] = ()
    """The valid blocks, each with its jobs."""
    strict: bool = False
    """Whether a mistake keeps collectd from starting."""

    @property
    def loaded(self) -> Loaded:
        """The jobs and mistakes, as loading a block gives them."""
        return Loaded(self.jobs, self.problems)


def read(path: str, *, fragment: bool = False, stand_in: str = "") -> Configured:
    """Read *path* with all it includes, and everything that our sections in it name.

    *fragment*: it is a part of a configuration.  *stand_in*: a file that is read in place of each file of secrets.
    """
    try:
        text = load(path)
    except oconfig.BadConfig as error:
        return Configured((), error.problems)
    tree = text.nodes
    bare = oconfig.is_bare(tree)
    configuration = Configuration(Door.CLI if bare else Door.EMBEDDED)
    for section in parts(tree, path) if fragment else oconfig.sections(tree):
        configuration.section(without_secrets(section, stand_in) if stand_in else section)
    loaded = config.load_all(configuration, Progress(len(configuration.blocks), "blocks read").of)
    problems = [*configuration.problems, *(p for part in loaded for p in part.problems)]
    problems += () if fragment or bare else _around(tree, path)
    blocks = tuple(zip(configuration.blocks, loaded, strict=False))  # the last one is of the refused blocks
    jobs = tuple(job for part in loaded for job in part.jobs)
    if not problems and not jobs and not fragment and not configuration.fleet:
        where = "it" if bare else f"a <Module {oconfig.MODULE}>"
        problems.append(Problem(f"no job: there is no {_blocks()} in {where}", Place(path)))
    of_features = (warning for part in loaded for warning in part.warnings)
    late = () if fragment else configuration.late_warnings()
    warnings = (*text.warnings, *configuration.warnings, *late, *of_features, *traps(tree, jobs))
    return Configured(
        jobs,
        tuple(once_each(problems)),
        tuple(once_each(warnings)),
        last(tree, "hostname"),
        configuration.state_dir or "",
        tree,
        blocks,
        configuration.strict,
    )


def load(path: str) -> oconfig.WholeConf:
    """A configuration from a file, a folder, a pipe, or with ``-`` standard input.  Raises BadConfig."""
    path = STDIN if path == "-" else path
    return oconfig.load(path, contents([path]).get(path))


def parts(tree: Sequence[Node], path: str) -> list[Node]:
    """The sections of a part of a configuration: whole ones, the content of one, or that of a block in one."""
    found = [*(node for node in tree if oconfig.is_ours(node))] or [*oconfig.sections(tree)]
    kind = _kind_of_bare(tree)
    return [module((bare_block(kind, tree, path),), path)] if kind else found or [module(tuple(tree), path)]


def bare_block(kind: Kind, nodes: Sequence[Node], path: str) -> Node:
    """*nodes* in a block of *kind*."""
    return Node(kind.block, ("run",), tuple(nodes), Place(path, 1))


def _kind_of_bare(tree: Sequence[Node]) -> Kind | None:
    """The kind of block in which *tree* stands, if it is what stands in one: the one that knows most of its keys."""
    if any(holds_blocks(node) for node in tree):
        return None
    said = {node.key.lower() for node in tree}
    known = {kind.block: len(said & {row.name.lower() for row in kind.keys}) for kind in KINDS}
    most = [kind for kind in KINDS if known[kind.block] == max(known.values())]
    return most[0] if len(most) == 1 else None


def holds_blocks(node: Node) -> bool:
    """Whether *node* is a block of ours, or holds some."""
    return node.key.lower() in {"plugin", "module", *(kind.block.lower() for kind in KINDS)}


def module(nodes: tuple[Node, ...], path: str) -> Node:
    """*nodes* in a ``<Module>`` of their own."""
    return Node("Module", (oconfig.MODULE,), nodes, Place(path, 1))


def without_secrets(section: Node, stand_in: str) -> Node:
    """*section* with the file *stand_in* for each file of secrets; a key and its certificate are left out."""
    kinds = {kind.block.lower(): kind for kind in KINDS}
    blocks = [
        _without_secrets(node, kinds[node.key.lower()], stand_in) if node.key.lower() in kinds else node
        for node in section.children
    ]
    return replace(section, children=tuple(blocks))


def _without_secrets(block: Node, kind: Kind, stand_in: str) -> Node:
    rows = {row.name.lower(): row for row in kind.keys if row.of_secrets}
    children = (
        replace(node, values=(*node.values[:-1], stand_in)) if node.values and node.key.lower() in rows else node
        for node in block.children
    )
    kept = (node for node in children if node.key.lower() not in rows or rows[node.key.lower()].read is not file)
    return replace(block, children=tuple(kept))


def _blocks() -> str:
    *others, last = (f"<{kind.block}>" for kind in KINDS)
    return f"{', '.join(others)} or {last}"


def _around(tree: tuple[oconfig.Node, ...], path: str) -> list[Problem]:
    """Mistakes around our sections that affect collectd."""
    problems = []
    imported = False
    seen = False
    for plugin in tree:
        if plugin.key.lower() != "plugin" or plugin.values != ("python",):
            continue
        for node in plugin.children:
            if node.key.lower() == "import" and oconfig.MODULE in node.values:
                imported = True
            if oconfig.is_ours(node):
                seen = True
                if not imported:
                    what = f'expected Import "{oconfig.MODULE}" before it: collectd ignores this section'
                    problems.append(Problem(what, node.place, f"<Module {oconfig.MODULE}>"))
    if not seen:
        problems.append(Problem(f"expected a <Module {oconfig.MODULE}> section in a <Plugin python>", Place(path)))
    return problems


def last(tree: Iterable[oconfig.Node], key: str) -> str:
    """The value in the last line *key* (in lower case) of *tree*; empty if there is none."""
    said = [node.values[0] for node in tree if node.key.lower() == key and node.values]
    return str(said[-1]) if said else ""


def conf_and_jobs(words: Sequence[str]) -> tuple[str, list[str]]:
    """The first word is the configuration if it looks like a file; all others name jobs."""
    if words and (os.path.isfile(words[0]) or words[0].endswith(".conf") or _PATH.fullmatch(words[0])):
        return words[0], list(words[1:])
    return DEFAULT_CONF, list(words)


_PATH = re.compile(r"\.{0,2}/[^:]*")
"""Neither ``scenario/shop-buy`` nor ``/etc/collectd/scenarios/shop.feature:12``."""


def unknown_job(unknown: Sequence[str], jobs: Iterable[Job]) -> str:
    """The complaint about names that are none of *jobs*'."""
    return f"unknown job {', '.join(unknown)}; known: {', '.join(sorted({job.name for job in jobs})) or 'none'}"


def chosen(jobs: Sequence[Job], names: Sequence[str]) -> tuple[list[Job], list[str]]:
    """Those of *jobs* that one of *names* names, all if there is none; and the names that are no job's."""
    unknown = sorted({name for name in names if not any(is_called(name, job) for job in jobs)})
    return [job for job in jobs if not names or any(is_called(name, job) for name in names)], unknown
