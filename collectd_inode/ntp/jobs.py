"""From an ``<NTP>`` block to its one job, with one step a configured server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from collectd_inode.keys import Common, Loaded, Problem
from collectd_inode.names import slug
from collectd_inode.ntp.outcome import Outcome
from collectd_inode.ntp.probe import Fetch, NTPProbe
from collectd_inode.ntp.settings import INTERVAL, Settings
from collectd_inode.run import Cause, Detail, PlannedStep, Status, Trouble
from collectd_inode.trust import profile as tls
from collectd_inode.wire.address import is_numeric

KIND = "ntp"
_POOL = "pool.ntp.org"


OF_SERVER = ("time_offset", "delay", "time_dispersion", "root_delay", "root_dispersion", "clock_stratum")
"""The types of what is read from each server, under its name."""


def load(
    name: str | None, settings: Settings, common: Common, *, tell: Callable[[Outcome], None] | None = None
) -> Loaded:
    """The job of the block called *name*; without a name (no configuration) it is called after its first server.

    *tell* is handed what each run has found, for pages that show more.
    """
    where = f'<NTP "{name}">' if name is not None else ""
    name = name if name is not None else next(iter(settings.servers), KIND)
    problems = [Problem(where, what, value=value) for what, value in _mistakes(settings)]
    warnings = tuple(Problem(where, what, value=value) for what, value in _bad_manners(settings, common))
    steps = tuple(PlannedStep(server, slug(server), navigates=False) for server in settings.servers)
    job = common.job(
        KIND,
        name,
        detail=Detail.SCENARIO,  # servers have readings, and no series of latencies
        steps=steps,
        readings=tuple(_readings(settings)),
    )
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        trouble = Trouble(Status.ERROR, Cause.CONFIGURATION, problems[0].what + more)
        return Loaded((replace(job, trouble=trouble),), tuple(problems), (), warnings)
    memory = common.state.of(KIND, name)
    probe = NTPProbe(settings, steps, memory, common.family, common.interval, _fetch(settings), tell=tell)
    return Loaded((replace(job, probe=probe),), (), (), warnings)


def _fetch(settings: Settings) -> Fetch | None:
    if settings.pool_server is None:
        return None
    from collectd_inode.ntp import pool  # noqa: PLC0415  # who reads no score pays for no browser

    return partial(pool.fetch, settings.pool_url, settings.pool_server, tls.context(tls.Profile()))


def _readings(settings: Settings) -> Iterator[tuple[str, str]]:
    for server in map(slug, settings.servers):
        yield from ((type, server) for type in OF_SERVER)
        yield "gauge", f"leap-{server}"
        if settings.pool_score:
            yield from (("gauge", f"pool_score-{server}"), ("gauge", f"pool_step-{server}"))
    if settings.pool_server is not None:
        yield "gauge", f"published_score-{slug(settings.pool_server)}"
    yield from (("gauge", f"margin-{slug(name)}") for name, _ in settings.margins)
    yield from (("time_offset", "consensus"), ("count", "rejected"))


def _mistakes(settings: Settings) -> Iterator[tuple[str, str]]:
    """What makes no sense together: the sentence and the value that it is about."""
    if not settings.servers:
        yield 'expected a Server "name or address"', ""
    yield from _twins("Server", settings.servers)
    yield from _twins("Margin", tuple(name for name, _ in settings.margins))


def _twins(key: str, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    seen: dict[str, str] = {}
    for name in names:
        if slug(name) in seen:
            yield f'{key} "{name}": its series would be that of {key} "{seen[slug(name)]}"', name
        seen.setdefault(slug(name), name)


def _bad_manners(settings: Settings, common: Common) -> Iterator[tuple[str, str]]:
    """What the pool's terms forbid, and what makes no sense with its names, whose addresses change."""
    of_pool = [server for server in settings.servers if _is_of_pool(server)]
    if not of_pool:
        return
    server = of_pool[0]
    if settings.samples > 1:
        yield f'Samples {settings.samples}: the pool\'s servers ("{server}") are not to be asked in bursts', server
    if common.interval < INTERVAL:
        yield f'Interval {common.interval:g}: the pool\'s servers ("{server}") are not to be asked so often', server
    if settings.pool_score:
        yield f'PoolScore: "{server}" is another server each time; a score wants an address', server


def _is_of_pool(server: str) -> bool:
    return not is_numeric(server) and f".{server.lower().rstrip('.')}".endswith(f".{_POOL}")
