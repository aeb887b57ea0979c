"""The code behind collectd's callbacks: configuration first, then the loop and its drain.

This module knows collectd only through `plugin`'s arguments, so that it runs without a daemon too.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from collectd_inode import __version__
from collectd_inode.config import Block, Configuration
from collectd_inode.dependencies import cannot_run
from collectd_inode.drain import Drain, Host, Orders, Records
from collectd_inode.fleet import Fleet
from collectd_inode.histories import Histories, origin
from collectd_inode.keys import Loaded
from collectd_inode.model import Door, Identity, Listener, Place, Problem
from collectd_inode.names import slug
from collectd_inode.oconfig import Node
from collectd_inode.reload import JobSource
from collectd_inode.report import mute as job_mute
from collectd_inode.report import plan as job_plan
from collectd_inode.report.fleet import folder as fleet_folder
from collectd_inode.report.mute import parse as parse_mutes
from collectd_inode.report.problems import lines as problem_lines
from collectd_inode.report.problems import once_each
from collectd_inode.runner import Runner
from collectd_inode.state import Files, Held, Lock, Writer, files, hold
from collectd_inode.whereabouts import let_go
from collectd_inode.wire import SYSTEM_CLOCK
from collectd_inode.wire.workers import WAITING
from collectd_inode.words import plural

DRAIN_SECONDS = 1.0
READ_SECONDS = 5.0
"""Seconds by which StateDir may delay collectd's start."""

log = logging.getLogger("collectd_inode")


class Daemon:
    """Our part of one collectd, behind *door*."""

    def __init__(self, host: Host, door: Door = Door.EMBEDDED) -> None:
        self._host, self._door = host, door
        self._configuration = Configuration(door)
        self._sources: list[JobSource] = []
        """One a block."""
        self._running: Sequence[JobSource] = ()
        """The same, and one source of the rejected blocks."""
        self._runner: Runner | None = None
        self._drain: Drain | None = None
        self._writer = Writer()
        self._lock: Lock | None = None
        self._file_problems: Sequence[Problem] = ()
        """The mistakes in the last configuration, if it was rejected."""
        self.outside_problems: Sequence[Problem] = ()
        """The mistakes outside of the configuration; they count among its mistakes."""
        self.listen: Callable[[Sequence[Listener], Fleet | None], None] | None = None
        """Subscribes listeners to collectd's values; None: this door receives none."""
        self._fleet: Fleet | None = None
        self.lost: Callable[[], int] | None = None
        """Returns the number of values lost on the way to collectd since the last call; None: this door loses none."""

    @property
    def state_dir(self) -> str | None:
        """StateDir, if configured."""
        return self._configuration.state_dir

    @property
    def strict(self) -> bool:
        """Whether a mistake keeps us from starting."""
        return self._configuration.strict

    @property
    def identities(self) -> frozenset[Identity]:
        """All current jobs."""
        return frozenset().union(*(source.identities for source in self._running))

    @property
    def turns(self) -> bool:
        """Whether jobs run, or will run again without help."""
        return self._runner is None or self._runner.turns

    def section(self, node: Any) -> str:
        """Read one ``<Module>`` section, collectd's own tree, and log every mistake.

        The value is the reason to refuse the daemon's start (``StrictConfig true`` and a mistake), or empty.
        """
        configuration = self._configuration
        blocks, warnings = len(configuration.blocks), len(configuration.warnings)
        problems = configuration.section(as_node(node))
        for block in configuration.blocks[blocks:]:
            source = JobSource(block.load)
            self._sources.append(source)
            problems = [*problems, *source.loaded.problems]
            configuration.warnings += source.loaded.warnings
        _log_problems(problems)
        for warning in configuration.warnings[warnings:]:
            log.warning("%s", warning)
        if not (problems and configuration.strict):
            return ""
        return f"{problems[0]} ({len(problems)} in all, each in the log; StrictConfig is true)"

    def start(self, sent: Mapping[Identity, float] | None = None) -> None:
        """Start the loop thread and the drain; call it after the daemon has forked.

        *sent*: the last slot of each job whose values the process before this one has sent, if that is known.
        Raises `Held` if another door has StateDir; the embedded door then continues without it.
        """
        refused = Loaded(tuple(self._configuration.refused))
        sources = [*self._sources, JobSource(lambda: refused)]
        jobs = sum(len(source.loaded.jobs) for source in sources)
        if not jobs and not self._configuration.fleet:
            log.error("nothing to do: no job is configured")
        self.hold_state_dir()
        if self._configuration.state_dir is None:
            log.info("no StateDir: notification state, hold-offs and scores are lost when the daemon stops")
        records, found = self._go_on()
        if self._configuration.state_dir is not None:
            self._writer.start()
        histories = Histories(self._configuration.state_dir, self._writer, origin(__version__, SYSTEM_CLOCK.now()))
        drain = self._drain = Drain(
            self._host, records=records, histories=histories, instance=self._door.instance, lost=self.lost
        )
        gone = self._take_over(drain, records, sources, found)
        ours = {job.identity for source in sources for job in source.loaded.jobs}
        drain.go_on({*ours, *gone})
        drain.reload_problems.known = [problem for source in sources for problem in source.loaded.problems]
        self._running = sources

        def changed(problems: Sequence[Problem]) -> None:
            drain.reload_problems.put([*self._file_problems, *problems])
            self._write_plan(self._running)

        self._runner = Runner(
            sources,
            drain.put,
            changed=changed,
            look=drain.orders.look,
            make_ready=self._make_ready,
            last_runs=records.last_runs(),
            sent=sent,
            config_errors=self._config_errors,
        )
        drain.runner = self._runner
        self._write_plan(sources)
        drain.configured = lambda: self.identities
        drain.jobs = lambda: [job for source in self._running for job in source.loaded.jobs]
        self._start_listening(sources)
        self._runner.start()
        self._host.every(DRAIN_SECONDS, drain.read)
        log.info("observing %s", plural(jobs, "job"))

    def _make_ready(self) -> None:
        """Import the modules that only runs need; a broken module is logged now, and reported by each run."""
        for kind in {block.kind: None for block in self._configuration.blocks}:
            try:
                kind.make_ready()
            except BaseException as error:  # a dependency may even call sys.exit() when it is imported
                log.error("%s", cannot_run(error))

    def _start_listening(self, sources: Sequence[JobSource]) -> None:
        jobs = (job for source in sources for job in source.loaded.jobs)
        listeners = [job.listener for job in jobs if job.listener is not None]
        folder = self._configuration.state_dir
        if self._configuration.fleet and folder is not None and self._drain is not None:
            self._fleet = self._drain.fleet = Fleet(folder, self._writer)
            self._fleet.load(in_state_dir(str(fleet_folder(folder))))
        for warning in self._configuration.late_warnings():
            log.warning("%s", warning)
        if self.listen is not None and (listeners or self._fleet is not None):
            self.listen(listeners, self._fleet)
            for listener in listeners:
                listener.start()

    @property
    def _config_errors(self) -> int:
        problems = (self._configuration.problems, self._file_problems, self.outside_problems)
        return sum(map(len, problems))

    def hold_state_dir(self) -> None:
        """Lock StateDir for us; raises `Held`, except for the embedded door, which continues without the lock.

        Embedded doors share it: each of two collectds keeps the other's records.
        """
        folder = self._configuration.state_dir
        if folder is None or self._lock is not None:
            return
        embedded = self._door is Door.EMBEDDED
        try:
            self._lock = WAITING.submit(hold, folder, shared=embedded).result(READ_SECONDS)
        except OSError as error:
            if embedded and isinstance(error, PermissionError):
                return  # the writer says it
            reason = error.strerror or f"no answer within {READ_SECONDS:g} s"
            log.warning("%s cannot be locked: %s; check that no other door uses it", folder, reason)
        except Held as error:
            if not embedded:
                raise
            log.error("%s; notification state, hold-offs and scores are lost when the daemon stops", error)
            self._forget_state_dir()

    def _forget_state_dir(self) -> None:
        self._configuration.module = replace(self._configuration.module, state_dir=None)
        for state in self._configuration.states.values():
            state.folder = None

    def reload(self, node: Node, problems: Sequence[Problem] = ()) -> bool:
        """Replace the configuration by *node*, a ``<Module>`` of its own.

        If it has a mistake, or *problems* kept it from being read, the old jobs continue; returns whether it was
        accepted.  An unchanged block keeps its jobs; a block that can no longer be loaded keeps its last good ones.
        """
        configuration = Configuration(self._door, self._configuration.states)
        problems = problems or configuration.section(node)
        if not problems and configuration.state_dir != self._configuration.state_dir:
            what = f"expected the StateDir of the start, {self._configuration.state_dir or 'none'}"
            problems = [Problem(f"{what}: another one needs a restart", _place(node, "StateDir"), "<Module>")]
        self._file_problems = problems
        if not problems:
            self._go_on_with(configuration)
        _log_problems(problems)
        if self._runner is not None:
            self._runner.config_errors = self._config_errors
        if self._drain is not None:
            others = (problem for source in self._running for problem in source.loaded.problems)
            self._drain.reload_problems.put([*problems, *others])
        return not problems

    def _go_on_with(self, configuration: Configuration) -> None:
        before = {_name(block): (block, source) for block, source in self._read_blocks()}
        sources = []
        for block in configuration.blocks:
            old, source = before.get(_name(block), (None, None))
            if old is None or source is None or (old.settings, old.common) != (block.settings, block.common):
                source = JobSource(block.load, None if source is None else source.loaded)
                _log_problems(source.loaded.problems)
                configuration.warnings += source.loaded.warnings
            else:
                source.load = block.load  # its lines may be others
            sources.append(source)
        for warning in configuration.warnings:
            log.warning("%s", warning)
        self._configuration, self._sources = configuration, sources
        self._running = sources
        if self._runner is not None:
            self._runner.take(sources)
        log.info("read again: observing %s", plural(sum(len(source.loaded.jobs) for source in sources), "job"))

    def _read_blocks(self) -> Iterator[tuple[Block, JobSource]]:
        return zip(self._configuration.blocks, self._sources, strict=True)

    def _take_over(
        self, drain: Drain, records: Records, sources: Sequence[JobSource], found: Files
    ) -> Collection[Identity]:
        """Read commands' orders, and return the last daemon's jobs that no longer exist, to withdraw their alarms."""
        folder = self._configuration.state_dir
        if folder is None:
            return frozenset()
        drain.orders = Orders(folder)
        drain.orders.mutes = parse_mutes(found.get(job_mute.path(folder)))
        plan = job_plan.parse(found.get(job_plan.path(folder)))
        if plan is not None and self._door is Door.EMBEDDED and _runs(plan.pid):
            return frozenset()  # it shares this StateDir
        jobs = [(source.loaded, job) for source in sources for job in source.loaded.jobs]
        in_trouble = {(job.kind, job.name) for loaded, job in jobs if loaded.problems or job.trouble is not None}
        gone = records.unconfigured({job.identity for _, job in jobs}, in_trouble, plan)
        drain.took_over(gone)
        return frozenset(gone)

    def _write_plan(self, sources: Sequence[JobSource]) -> None:
        """Write the list of jobs, with the next run of each, for the status command and the next start."""
        folder = self._configuration.state_dir
        if folder is None or self._runner is None:
            return
        jobs = {job.identity: job for source in sources for job in source.loaded.jobs}
        slots = self._runner.next_slots()
        planned = tuple(job_plan.planned(job, slots[identity]) for identity, job in jobs.items() if identity in slots)
        plan = job_plan.Plan(os.getpid(), SYSTEM_CLOCK.now(), planned)
        self._writer.replace(job_plan.path(folder), job_plan.text(plan))

    def _go_on(self) -> tuple[Records, Files]:
        """Read the last daemon's state, all in one go, so that no run waits for the disk later."""
        folder = self._configuration.state_dir
        states = {block.common.state for block in self._configuration.blocks}
        found = {folder: in_state_dir(folder) for folder in {folder, *(state.folder for state in states)}}
        for state in states:
            state.writer = self._writer
            state.load(found[state.folder])
        records = Records(folder, self._writer)
        records.load(found[folder])
        return records, found[folder]

    def stop(self) -> None:
        """Stop immediately; log and dispatch nothing afterwards."""
        if self._drain is not None:
            self._drain.closed = True
        if self._runner is not None:
            self._runner.stop()
        if self._drain is not None:
            self._drain.histories.close()
        if self._fleet is not None:
            self._fleet.write(everything=True)
        self._writer.stop()  # last of ours: a run that has just ended may have something to keep
        if self._lock is not None:
            self._lock.release()
        let_go()


def _runs(pid: int) -> bool:
    """Whether another daemon has this process id; False for a process that has ended, or of another program."""
    try:
        return pid != os.getpid() and os.readlink(f"/proc/{pid}/exe") == os.readlink("/proc/self/exe")
    except OSError:
        return False


def in_state_dir(folder: str | None) -> Files:
    """The files in StateDir *folder*; none if there is no folder, or, with a log line, if it cannot be read in time."""
    if folder is None:
        return {}
    try:
        return WAITING.submit(files, folder).result(READ_SECONDS)
    except OSError as error:
        reason = error.strerror or f"no answer within {READ_SECONDS:g} s"
        log.warning("%s cannot be read: %s; notification state, hold-offs and scores are lost", folder, reason)
        return {}


def _name(block: Block) -> tuple[str, str]:
    return block.kind.plugin, slug(block.name)


def _place(node: Node, key: str) -> Place:
    """The place of *key* in *node*; without *key*, the beginning of *node*."""
    return next((child.place for child in node.children if child.key.lower() == key.lower()), node.place)


def as_node(node: Any) -> Node:
    """collectd's configuration node (key, values, children) as one of ours; a node of ours is returned unchanged."""
    if isinstance(node, Node):
        return node
    values = tuple(v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in node.values)
    return Node(str(node.key), values, tuple(as_node(child) for child in node.children))


def _log_problems(problems: Sequence[Problem]) -> None:
    for line in problem_lines(once_each(problems)):
        log.error("%s", line)
