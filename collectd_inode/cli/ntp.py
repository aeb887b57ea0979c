"""Query NTP servers, let them vote, and report the offset of this clock."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from collectd_inode.cli.options import ENDLESS, KeyOptions, formats, over
from collectd_inode.cli.output import exit_code, presenter
from collectd_inode.cli.terminal import style
from collectd_inode.keys import BlockSettings
from collectd_inode.model import Observation
from collectd_inode.ntp.jobs import load
from collectd_inode.ntp.outcome import Outcome
from collectd_inode.ntp.settings import Settings
from collectd_inode.ntp.vote import amount, apart, signed
from collectd_inode.observing import observe
from collectd_inode.report.style import Style
from collectd_inode.wire import workers

_keys = KeyOptions(Settings)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "hosts", nargs="+", metavar="HOST", type=_keys.type("Server"), help="name or address of a server"
    )
    parser.add_argument(
        "--pool", action="store_true", help="HOST is the name of a pool: up to four of its addresses have one vote each"
    )
    for key in ("Port", "Samples", "MaxOffset", "AddressFamily", "Timeout"):
        _keys.add(parser, key)
    formats(parser)


def main(options: argparse.Namespace) -> int:
    """Query, show, judge; the daemon's kiss-o'-death holds do not apply to a query by hand."""
    settings = _keys.settings(options, **{"pools" if options.pool else "servers": tuple(options.hosts)})
    told: list[Outcome] = []
    loaded = load(None, settings, over(options, BlockSettings(interval=ENDLESS)), tell=told.append)
    shown = presenter(options)
    if loaded.problems:
        return shown.refuse(loaded)
    (job,) = loaded.jobs
    observation = workers.run(observe(job))
    if options.format == "pretty" and told:
        print("\n".join(page(observation, told[0], style())))
        return exit_code([observation])
    shown.show(observation)
    return shown.end()


def page(observation: Observation, outcome: Outcome, style: Style) -> Iterator[str]:
    """The verdict, and below it every address with its answer or why it does not vote."""
    yield style.status(observation.status, _verdict(observation, outcome))
    for warning in observation.warnings:
        if warning.code not in _IN_THE_TABLE:
            yield style.undefined(f"  warning: {warning.message} ({warning.code})")
    failures = [str(failure) for server in outcome.servers for failure in server.failures()]
    yield from (style.failed(f"  {told}") for told in failures if not observation.message.startswith(told))
    if outcome.labels:
        yield ""
        yield from _table([_HEAD, *_rows(outcome)])


def _table(rows: Sequence[Row]) -> Iterator[str]:
    """Names to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *figures, last in rows:
        cells = [name.ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(figures, widths[1:-1], strict=True))]
        yield f"  {'  '.join([*cells, last])}"


Row = tuple[str, ...]


_HEAD = ("server", "offset", "error", "delay", "stratum", "follows")
_IN_THE_TABLE = ("source", "falseticker")


def _verdict(observation: Observation, outcome: Outcome) -> str:
    vote = outcome.vote
    if observation.trouble is not None or vote.offset is None or vote.bound is None:
        return f"{observation.cause.word}: {observation.message}"
    return f"this clock is {apart(-vote.offset)}, give or take {amount(vote.bound)}"


def _rows(outcome: Outcome) -> Iterator[Row]:
    for host, candidate in outcome.labels.items():
        sample = outcome.sample(host)
        wrong = " (wrong)" if candidate in outcome.vote.falsetickers and outcome.vote.offset is not None else ""
        wrong = wrong if host in outcome.voters else " (no vote)"
        bound, delay = amount(sample.bound), amount(sample.delay)
        yield candidate.name + wrong, signed(sample.offset), bound, delay, str(sample.stratum), sample.reference
