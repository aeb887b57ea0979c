"""Replay feature files once, or several times, and show each step with its latency."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from collectd_inode.cli.options import checked, formats, reading
from collectd_inode.cli.output import Shower, exit_code, shower
from collectd_inode.cli.terminal import style
from collectd_inode.keys import Common, endpoint, file_or_folder, variable_name
from collectd_inode.report.repeat import repeated
from collectd_inode.run import Job, Observation, observe
from collectd_inode.scenario.feature import parse_tags
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.settings import SCENARIO_KEYS, Settings
from collectd_inode.wire import workers

_read_by = reading(SCENARIO_KEYS)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="feature file, folder or glob")
    parser.add_argument("--tags", metavar="EXPR", type=_tags, help='only these scenarios, such as "not @slow"')
    parser.add_argument("--name", metavar="TEXT", help="only scenarios whose title contains this")
    parser.add_argument("--base-url", metavar="URL", type=_read_by("BaseURL"), help="what paths are relative to")
    parser.add_argument(
        "-D", dest="variables", metavar="NAME=VALUE", type=_variable, action="append", default=[],
        help="what ${NAME} in a step stands for",
    )  # fmt: skip
    parser.add_argument(
        "--secret", dest="secrets", metavar="NAME=FILE", type=_variable, action="append", default=[],
        help="the same, from the first line of a file; never shown",
    )  # fmt: skip
    parser.add_argument(
        "--resolve", metavar="NAME=ADDRESS[:PORT]", type=_resolve, action="append", default=[],
        help="talk to this address for that name",
    )  # fmt: skip
    parser.add_argument("--ca-cert", metavar="PATH", type=checked(file_or_folder), help="whom to believe")
    parser.add_argument("--steps", metavar="PATH", action="append", default=[], help="Python step modules")
    parser.add_argument("--vocabulary", choices=("web", "legacy"), default="web")
    parser.add_argument("--timeout", metavar="S", type=_read_by("Timeout"), default=30.0, help="seconds for one run")
    parser.add_argument("--repeat", metavar="N", type=_times, default=1, help="replay N times, end in statistics")
    formats(parser, _complaints)
    parser.add_argument("--verbose", action="store_true", help="show phases, status and size of each step")


def main(options: argparse.Namespace) -> int:
    """Replay, show, judge."""
    loaded = load(None, _settings(options), Common(interval=float("inf"), timeout=options.timeout))
    shown = shower(options)
    if loaded.problems:
        return shown.refuse(loaded)
    observations = workers.run(_replay(loaded.jobs, options, shown))
    if options.repeat > 1 and options.format == "pretty":
        print(repeated(observations, style()))
        return exit_code(observations)
    return shown.end()


def _complaints(options: argparse.Namespace) -> Iterator[str]:
    if options.repeat > 1 and options.format not in ("pretty", "json"):
        yield f"--format {options.format} tells of one run: --repeat is for pretty and json"


async def _replay(jobs: Sequence[Job], options: argparse.Namespace, shown: Shower) -> list[Observation]:
    observations = []
    quiet = options.repeat > 1 and options.format == "pretty"
    for number in range(options.repeat):
        if quiet:
            _progress(number + 1, options.repeat)
        for job in jobs:
            observation = await observe(job)
            observations.append(observation)
            if not quiet:
                shown.show(observation)
    return observations


def _progress(number: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\rreplay {number} of {total}", end="\n" if number == total else "", file=sys.stderr, flush=True)


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        features=tuple(options.paths),
        steps=tuple(options.steps),
        tags=options.tags,
        name=options.name,
        vocabulary=options.vocabulary,
        base_url=options.base_url,
        variables=tuple(options.variables),
        secrets=tuple(options.secrets),
        resolve=tuple(options.resolve),
        ca_cert=options.ca_cert,
    )


def _tags(value: str) -> str:
    try:
        parse_tags(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return value


def _variable(value: str) -> tuple[str, str]:
    name, equals, rest = value.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{value}: expected NAME=…")
    return checked(variable_name)(name), rest


def _resolve(value: str) -> tuple[str, tuple[str, int | None]]:
    name, equals, address = value.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{value}: expected NAME=ADDRESS or NAME=ADDRESS:PORT")
    return name, checked(endpoint)(address)


def _times(value: str) -> int:
    if not value.isdigit() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"{value}: expected a whole number of at least 1")
    return int(value)
