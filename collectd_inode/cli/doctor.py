"""Find what would stop collectd from loading the plugin, on this machine and in a collectd.conf, and print the fix.

With --exec or --serve: find what would stop the jobs of FILE, for the user that runs them.  doctor works without root,
but finds more as root.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from collectd_inode.cli.configured import DEFAULT_CONF
from collectd_inode.cli.doctor_checks import Finding, Level, findings
from collectd_inode.cli.door_checks import door_findings
from collectd_inode.cli.door_facts import examine_door
from collectd_inode.cli.installation import UNITS, examine
from collectd_inode.cli.options import json_too
from collectd_inode.cli.terminal import Exit, style
from collectd_inode.dependencies import troubles_of
from collectd_inode.model import Door
from collectd_inode.report.problems import as_json
from collectd_inode.report.style import Style
from collectd_inode.words import plural

_COLOURS = {Level.OK: "passed", Level.WARNING: "undefined", Level.ERROR: "failed"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("conf", nargs="?", default=DEFAULT_CONF, metavar="CONF", help=f"default: {DEFAULT_CONF}")
    doors = parser.add_mutually_exclusive_group()
    doors.add_argument("--exec", metavar="FILE", help="the jobs of `collectd-inode exec FILE`")
    doors.add_argument("--serve", metavar="FILE", help="the jobs of `collectd-inode serve FILE`")
    json_too(parser)


def main(options: argparse.Namespace) -> Exit:
    """Ask, judge, show."""
    door = Door.EXEC if options.exec else Door.SERVE if options.serve else Door.EMBEDDED
    return diagnose(options.conf, UNITS, options.format, door, options.exec or options.serve or "")


def diagnose(
    conf: str, units: Sequence[str], format: str = "pretty", door: Door = Door.EMBEDDED, file: str = ""
) -> Exit:
    """The whole command; *units* are the folders where systemd looks for units, *file* the jobs of exec or serve."""
    found = list(_found(conf, units, door, file))
    conf = file or conf
    if format == "json":
        for one in found:
            print(as_json(one.level.value.lower(), one.looked_at, one.found, one.mend or None))
    else:
        print("\n".join(page(found, conf, style())))
    return Exit.FAILED if any(one.level is Level.ERROR for one in found) else Exit.PASSED


def _found(conf: str, units: Sequence[str], door: Door, file: str) -> Iterator[Finding]:
    """Where this command's own environment is incomplete, CONF cannot be read as the plugin reads it."""
    own = list(troubles_of())
    for trouble in own:
        mend = f"{sys.executable} -m pip install '{trouble.wanted}'"
        yield Finding(Level.ERROR, "this environment", trouble.found, mend)
    if not own and door is not Door.EMBEDDED:
        yield from door_findings(examine_door(door, conf, file, units))
    elif not own:
        yield from findings(examine(conf, units))


def page(found: Sequence[Finding], conf: str, style: Style) -> Iterator[str]:
    """A line for each check, the fix below it; then the summary, and what to do next."""
    for one in found:
        yield style.status(_COLOURS[one.level], f"{one.level.value:8} {one.looked_at}: {one.found}")
        if one.mend:
            yield f"{'':8} to do: {one.mend}"
    errors = sum(one.level is Level.ERROR for one in found)
    warnings = sum(one.level is Level.WARNING for one in found)
    told = f", {plural(warnings, 'warning')}" if warnings else ""
    if errors:
        yield f"{conf}: {plural(errors, 'error')}{told}: fix that, and run doctor again"
    else:
        yield f"{conf}: collectd can load the plugin{told}; next: collectd-inode once {conf}"
