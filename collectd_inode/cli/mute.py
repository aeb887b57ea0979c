"""Suppress the notifications of a job, or of all jobs, for a while.  Values, status and evidence go on."""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from collectd_inode.cli.status import found_by, known_names, read_state, state_dir, state_options
from collectd_inode.cli.terminal import Exit, complain
from collectd_inode.report import mute as job_mute
from collectd_inode.report.mute import ALL, Mute, Mutes
from collectd_inode.words import blanked, span

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LONGEST = 366 * 86400
LOOK_SECONDS = 10
"""The longest time in seconds until the daemon has seen a change."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "words",
        nargs="*",
        metavar="JOB SPAN REASON",
        help="JOB: a job, or all; SPAN: such as 30m, 2h, 1d, 1w; REASON: why, for your colleagues",
    )
    parser.add_argument("--list", action="store_true", help="list the mutes")
    parser.add_argument("--end", metavar="JOB", help="end the mute of a job, or of all")
    state_options(parser)


def main(options: argparse.Namespace) -> Exit:
    """Do one of the three."""
    now = datetime.now(UTC).timestamp()
    try:
        _check(options)
        folder = options.state_dir or state_dir(options.conf)
        said = _do(options, folder, now)
    except LookupError as error:
        return complain(error.args[0])
    except OSError as error:
        return complain(f"{error.filename or ''}: {error.strerror or error}")
    print(said)
    return Exit.PASSED


def _check(options: argparse.Namespace) -> None:
    """Raise LookupError unless exactly one of the three is wanted."""
    asked = (bool(options.words), options.list, options.end is not None)
    if sum(asked) != 1 or (options.words and len(options.words) < 3):
        raise LookupError("expected JOB SPAN REASON, such as: mute shop 2h 'moving the database'; --list; or --end JOB")


def _do(options: argparse.Namespace, folder: str, now: float) -> str:
    """Do it; the value is the line to print."""
    if not os.path.isdir(folder):  # where nothing would ever be found to be muted
        raise LookupError(f"there is no folder {folder}: no daemon has written into it yet, so no job is known")
    mutes = job_mute.parse(_octets(job_mute.path(folder)))
    if options.list:
        return "\n".join(map(_line, mutes.lasting(now))) or "nothing is muted"
    if options.end is not None:
        _write(folder, mutes.without(_muted_as(options.end, mutes.lasting(now), folder)))
        return f"{options.end}: no longer muted, within {LOOK_SECONDS} s"
    job, length, *reason = options.words
    mute = Mute(_known(job, folder), now + _seconds(length), " ".join(blanked(" ".join(reason)).split()))
    if not mute.reason:
        raise LookupError("expected a REASON, for others who see the mute")
    _write(folder, mutes.adding(mute, now))
    return f"{_line(mute)} (in {span(mute.until - now)}); the daemon knows within {LOOK_SECONDS} s"


def _line(mute: Mute) -> str:
    return f"{mute.job}: muted until {datetime.fromtimestamp(mute.until):%Y-%m-%d %H:%M:%S}: {mute.reason}"


def _known(job: str, folder: str) -> str:
    """*job* as the daemon knows it: ``KIND/INSTANCE`` where a place in a file was typed, or a host before it."""
    records, plan, _ = read_state(folder)
    names = known_names(records, plan)
    found = found_by(job, records, plan)
    if job == ALL or any(job in names[identity] for identity in found):
        return job
    if not found:
        known = job_mute.listed(more[0] for more in names.values())
        raise LookupError(f"no job {job!r} is known in {folder}; known there: {known}")
    if len(found) > 1:
        raise LookupError(f"{job!r} is several jobs: {job_mute.listed(one[2] for one in found)}")
    return names[found[0]][2]


def _muted_as(job: str, mutes: Sequence[Mute], folder: str) -> str:
    """The mute that *job* names: as it was typed, or by another name of the one job."""
    if job in {mute.job for mute in mutes}:
        return job
    records, plan, _ = read_state(folder)
    names = known_names(records, plan)
    others = {name for identity in found_by(job, records, plan) for name in names[identity][1:]}
    found = [mute.job for mute in mutes if mute.job in others]
    if not found:
        raise LookupError(f"{job!r} is not muted; muted: {job_mute.listed(mute.job for mute in mutes)}")
    return found[0]


def _seconds(text: str) -> int:
    match = re.fullmatch(r"([0-9]{1,9})([smhdw])", text)
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    if not 0 < seconds <= _LONGEST:
        raise LookupError(f"{text}: expected a number and s, m, h, d or w, such as 2h; a year at most")
    return seconds


def _octets(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(folder: str, mutes: Mutes) -> None:
    write(job_mute.path(folder), job_mute.text(mutes))


def write(path: Path, text: str) -> None:
    """Write *text* to *path*, readable for the folder's owner; raises OSError."""
    owner = path.parent.stat()
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(text)
            file.flush()
            if os.geteuid() == 0:
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
