"""Look at this machine and a collectd.conf for what would stop collectd from loading the plugin, and say the mend.

Root is not needed, but sees more.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from collectd_inode.cli.configured import DEFAULT_CONF
from collectd_inode.cli.health import Finding, Level, findings
from collectd_inode.cli.installation import UNITS, examine
from collectd_inode.cli.terminal import Exit, style
from collectd_inode.report.notification import counted
from collectd_inode.report.style import Style

_COLOURS = {Level.OK: "passed", Level.WARNING: "undefined", Level.ERROR: "failed"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("conf", nargs="?", default=DEFAULT_CONF, metavar="CONF", help=f"default: {DEFAULT_CONF}")


def main(options: argparse.Namespace) -> Exit:
    """Ask, judge, show."""
    return diagnose(options.conf, UNITS)


def diagnose(conf: str, units: Sequence[str]) -> Exit:
    """The whole command; *units* are the folders where systemd looks for units."""
    found = list(findings(examine(conf, units)))
    print("\n".join(page(found, conf, style())))
    return Exit.FAILED if any(one.level is Level.ERROR for one in found) else Exit.PASSED


def page(found: Sequence[Finding], conf: str, style: Style) -> Iterator[str]:
    """A line a check, the mend below it; then what it comes to, and what to do next."""
    for one in found:
        yield style.status(_COLOURS[one.level], f"{one.level.value:8} {one.looked_at}: {one.found}")
        if one.mend:
            yield f"{'':8} to do: {one.mend}"
    errors = sum(one.level is Level.ERROR for one in found)
    warnings = sum(one.level is Level.WARNING for one in found)
    told = f", {counted(warnings, 'warning')}" if warnings else ""
    if errors:
        yield f"{conf}: {counted(errors, 'error')}{told}: mend that, and ask again"
    else:
        yield f"{conf}: nothing stops it{told}; next: collectd-inode once {conf}"
