"""What the commands that read a collectd.conf share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from collectd_inode import config, oconfig
from collectd_inode.config import Configuration
from collectd_inode.keys import Loaded, Problem
from collectd_inode.kinds import KINDS
from collectd_inode.run import Job

DEFAULT_CONF = "/etc/collectd/collectd.conf"


@dataclass(frozen=True, slots=True)
class Read:
    """A collectd.conf as far as it concerns us: jobs, every mistake, every warning; Hostname and StateDir if said."""

    jobs: tuple[Job, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()
    hostname: str = ""
    state_dir: str = ""
    tree: tuple[oconfig.Node, ...] = ()
    """All of it, for what other plugins are told."""

    @property
    def loaded(self) -> Loaded:
        """The jobs and mistakes, as loading a block gives them."""
        return Loaded(self.jobs, self.problems)


def read(path: str) -> Read:
    """Read *path* with all it includes, and everything that our sections in it name."""
    try:
        text = oconfig.load(path)
    except oconfig.BadConfig as error:
        return Read((), tuple(Problem("", what, str(place)) for place, what in error.problems))
    tree = text.nodes
    configuration = Configuration()
    sections = list(config.sections(tree))
    for section in sections:
        configuration.section(section)
    loaded = config.load_all(configuration)
    problems = [*configuration.problems, *(p for part in loaded for p in part.problems), *_around(tree, path)]
    jobs = tuple(job for part in loaded for job in part.jobs)
    if not problems and not jobs:
        problems.append(Problem("", f"no job: there is no {_blocks()} in a <Module {config.MODULE}>", path))
    swallowed = (Problem("", what, str(place)) for place, what in text.warnings)
    of_features = (warning for part in loaded for warning in part.warnings)
    warnings = (*swallowed, *configuration.warnings, *of_features)
    return Read(jobs, tuple(problems), warnings, last(tree, "hostname"), configuration.state_dir or "", tree)


def _blocks() -> str:
    *others, last = (f"<{kind.block}>" for kind in KINDS)
    return f"{', '.join(others)} or {last}"


def _around(tree: tuple[oconfig.Node, ...], path: str) -> list[Problem]:
    """What collectd would stumble over around our sections."""
    problems = []
    imported = False
    seen = False
    for plugin in tree:
        if plugin.key.lower() != "plugin" or plugin.values != ("python",):
            continue
        for node in plugin.children:
            if node.key.lower() == "import" and config.MODULE in node.values:
                imported = True
            if config.is_ours(node):
                seen = True
                if not imported:
                    what = f'expected Import "{config.MODULE}" before it: collectd ignores this section'
                    problems.append(Problem(f"<Module {config.MODULE}>", what, str(node.place or "")))
    if not seen:
        problems.append(Problem("", f"expected a <Module {config.MODULE}> section in a <Plugin python>", path))
    return problems


def last(tree: Iterable[oconfig.Node], key: str) -> str:
    """What the last line *key* (in lower case) of *tree* says; empty if there is none."""
    said = [node.values[0] for node in tree if node.key.lower() == key and node.values]
    return str(said[-1]) if said else ""
