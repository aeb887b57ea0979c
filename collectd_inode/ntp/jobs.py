"""From an ``<NTP>`` block to its one job, with one step a configured server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from collectd_inode.dependencies import require
from collectd_inode.keys import BlockSettings, Loaded
from collectd_inode.model import Cause, Detail, PlannedStep, Problem, Status, Trouble
from collectd_inode.names import slug, target_of
from collectd_inode.ntp.kind import NTP
from collectd_inode.ntp.manners import LEAST_PACE
from collectd_inode.ntp.outcome import Outcome
from collectd_inode.ntp.probe import Fetch, NTPProbe
from collectd_inode.ntp.reference import SERIES, SERVER
from collectd_inode.ntp.settings import FROM_DAEMON, Settings
from collectd_inode.trust import profile as tls
from collectd_inode.wire.address import is_numeric, machine
from collectd_inode.words import and_more

require("ntplib")

_POOL = "pool.ntp.org"


def load(
    name: str | None, settings: Settings, common: BlockSettings, *, tell: Callable[[Outcome], None] | None = None
) -> Loaded:
    """The job of the block called *name*; without a name (no configuration) it is called after its first server.

    *tell* receives each run's findings, for pages that show more.
    """
    where = f'<NTP "{name}">' if name is not None else ""
    named = (*settings.servers, *settings.pools)
    name = name if name is not None else next(iter(named), NTP.plugin)
    problems = [Problem(what, where=where, value=value) for what, value in _mistakes(settings)]
    warnings = tuple(Problem(what, where=where, value=value) for what, value in _bad_manners(settings, common))
    steps = tuple(PlannedStep(server, slug(server), navigates=False) for server in named)
    job = common.job(
        NTP.plugin,
        name,
        detail=Detail.SCENARIO,  # servers have readings, and no series of latencies
        steps=steps,
        readings=tuple(_readings(settings)),
        # Without kept state a restart forgets when a server was last queried: then the next slot is soon enough.
        first_run=common.state.folder is not None,
        apart=LEAST_PACE,
        target=target_of(named[0], settings.port) if named and named[0] != FROM_DAEMON else "",
    )
    if problems:
        trouble = Trouble(Status.ERROR, Cause.CONFIGURATION, problems[0].what + and_more(problems))
        return Loaded((replace(job, trouble=trouble),), tuple(problems), (), warnings)
    memory = common.state.of(NTP.plugin, name)
    probe = NTPProbe(settings, steps, memory, common.family, common.interval, _fetch(settings), tell=tell)
    return Loaded((replace(job, probe=probe),), (), (), warnings)


def _fetch(settings: Settings) -> Fetch | None:
    if settings.pool_server is None:
        return None
    from collectd_inode.ntp import pool  # noqa: PLC0415  # who reads no score pays for no browser

    return partial(pool.fetch, settings.pool_url, settings.pool_server, tls.context(tls.TrustProfile()))


def _readings(settings: Settings) -> Iterator[tuple[str, str]]:
    for name in (*settings.servers, *settings.pools):
        server = slug(name)
        yield from ((row.type, server) for row in SERIES if row.instance == SERVER)
        yield from (("gauge", f"leap-{server}"), ("gauge", f"reach-{server}"))
        if settings.pool_score and not settings.is_pool(name):
            yield from (("gauge", f"pool_score-{server}"), ("gauge", f"pool_step-{server}"))
    if settings.pool_server is not None:
        yield "gauge", f"published_score-{slug(settings.pool_server)}"
    yield from (("gauge", f"margin-{slug(name)}") for name, _ in settings.margins)
    yield from (("time_offset", "consensus"), ("count", "rejected"))


def _mistakes(settings: Settings) -> Iterator[tuple[str, str]]:
    """Settings that contradict each other: the sentence and the value that it is about."""
    if not settings.servers and not settings.pools:
        yield 'expected a Server "name or address"', ""
    servers = [("Server", name) for name in settings.servers]
    yield from _twins([*servers, *(("Pool", name) for name in settings.pools)])
    yield from _twins([("Margin", name) for name, _ in settings.margins])
    for name in settings.pools:
        if is_numeric(name):
            yield f'Pool "{name}": an address is one server: write Server "{name}"', name


def _twins(named: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    seen: dict[str, str] = {}
    for key, name in named:
        if slug(name) in seen:
            yield f'{key} "{name}": its series would be that of {seen[slug(name)]}', name
        seen.setdefault(slug(name), f'{key} "{name}"')


def _bad_manners(settings: Settings, common: BlockSettings) -> Iterator[tuple[str, str]]:
    """A vote of one; use that the pool's terms forbid; settings that make no sense with changing addresses."""
    if len({*map(machine, settings.servers)}) == 1 and not settings.pools and not settings.is_pool(settings.servers[0]):
        yield _one_voter(settings.servers[0])
    yield from _same_machines(settings.servers)
    changing = [name for name in (*settings.pools, *settings.servers) if settings.is_pool(name)]
    if settings.pool_score and len(changing) == len(settings.pools) + len(settings.servers) > 0:
        key = "Pool" if changing[0] in settings.pools else "Server"
        yield f'PoolScore: {key} "{changing[0]}" gets no score, since its servers change; name a Server', changing[0]
    of_pool = [server for server in (*settings.servers, *settings.pools) if _is_of_pool(server)]
    if not of_pool:
        return
    server = of_pool[0]
    if settings.samples > 1:
        yield f'Samples {settings.samples}: the pool\'s servers ("{server}") must not be queried in bursts', server
    if common.interval < NTP.default_interval:
        yield f'Interval {common.interval:g}: the pool\'s servers ("{server}") must not be queried so often', server
    if settings.pool_score and server in settings.servers:
        yield f'PoolScore: "{server}" resolves to a different server each time; a score needs an address', server


def _one_voter(server: str) -> tuple[str, str]:
    mend = "name three" if is_numeric(server) else f'name three, or write Pool "{server}" if its addresses are servers'
    told = f'Server "{server}" is the only voter: with one vote it is unknown whether this clock or the server is wrong'
    return f"{told}; {mend}", server


def _same_machines(servers: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Addresses that are one server's, mapped or translated."""
    first: dict[str, str] = {}
    for server in servers:
        same = first.setdefault(machine(server), server)
        if same != server:
            yield f'Server "{server}" is the server "{same}" by another address: the two have one vote', server


def _is_of_pool(server: str) -> bool:
    return not is_numeric(server) and f".{server.lower().rstrip('.')}".endswith(f".{_POOL}")
