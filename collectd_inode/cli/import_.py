"""Write a scenario from a browser's recording (HAR): a feature file, a block for collectd, and files of secrets.

Record in the browser's developer tools (Network, "Save all as HAR"), or with Playwright.  import runs the scenario once
against the site, and so sends its forms again; with --no-run it does not.  It does not overwrite a file.
"""

from __future__ import annotations

import argparse
import io
import os
import shlex
import zipfile
import zlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from collectd_inode.cli import drafts
from collectd_inode.cli.drafts import already_there, try_out, write_new
from collectd_inode.cli.init import SECRETS
from collectd_inode.cli.terminal import Exit, complain
from collectd_inode.files import read_file
from collectd_inode.names import slug
from collectd_inode.scenario.importing import Imported, imported
from collectd_inode.scenario.recording import MOST_BYTES, Attached, BadRecording, requests
from collectd_inode.scenario.settings import Settings
from collectd_inode.words import duration, in_quotes, plural


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("file", metavar="FILE.har", help="the recording, or Playwright's zip archive of it")
    parser.add_argument("--no-run", action="store_true", help="write the scenario without running it once")


def main(options: argparse.Namespace) -> Exit:
    """Read, write, run, and say what was left out."""
    name = slug(Path(options.file).stem)
    feature, block = Path(f"{name}.feature"), Path(f"{name}.conf")
    if complaint := already_there(feature, block):
        return complain(complaint)
    written = f"Written by: collectd-inode import {shlex.quote(options.file)}"
    try:
        recorded = requests(*_unpacked(options.file))
        made = imported(recorded, (written,))
        files = _secret_files(name, made)
        write_new(
            {feature: made.draft.text(), block: drafts.block(written, name, feature, made.base_url, _lines(files))}
        )
    except OSError as error:
        return complain(f"{error.filename or options.file}: {error.strerror}; nothing was written")
    except BadRecording as error:
        return complain(f"{options.file}: {error}; nothing was written")
    print(f"wrote {feature}: {plural(len(made.draft.steps), 'step')} from {plural(len(recorded), 'request')}")
    print(f"wrote {block}: the block for collectd")
    for secret, path in files.items():
        print(f"{_store(path, made.secrets[secret])} {path}: ${{{secret}}}, which the feature does not show")
    for note in made.notes:
        print(note)
    return Exit.PASSED if options.no_run else _run(made, feature, files)


def _unpacked(path: str) -> tuple[bytes, Attached]:
    """The HAR file, and what its bodies are read by: from beside it, or with it from Playwright's zip archive."""
    content = _bounded(read_file(path, MOST_BYTES)[0])
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content, partial(_beside, os.path.dirname(path))
    archive = zipfile.ZipFile(io.BytesIO(content))
    recordings = [name for name in archive.namelist() if name.endswith(".har")]
    if len(recordings) != 1:
        raise BadRecording(f"expected one HAR file in the archive, found {len(recordings)}")
    return _member(archive, recordings[0]), partial(_member, archive)


def _bounded(content: bytes) -> bytes:
    if len(content) > MOST_BYTES:
        raise BadRecording(f"larger than {MOST_BYTES // 2**20} MB: record less")
    return content


def _beside(folder: str, name: str) -> bytes:
    try:
        return _bounded(read_file(os.path.join(folder, name), MOST_BYTES)[0])
    except OSError:
        return b""


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        with archive.open(name) as member:
            return _bounded(member.read(MOST_BYTES + 1))
    except (KeyError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error):
        return b""  # encrypted, or damaged: as a body that was not kept


def _secret_files(name: str, made: Imported) -> Mapping[str, Path]:
    return {secret: Path(SECRETS) / f"{name}-{secret}" for secret in made.secrets}


def _store(path: Path, value: str) -> str:
    """Write a secret for its owner alone; one that is there is kept.  Says which."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(value + "\n")
    except FileExistsError:
        return "kept"
    return "wrote"


def _lines(files: Mapping[str, Path]) -> str:
    """The block's lines for the *files* of secrets."""
    each = ((in_quotes(secret), in_quotes(str(path.absolute()))) for secret, path in files.items())
    return "".join(f"      Secret {secret} {path}\n" for secret, path in each)


def _run(made: Imported, feature: Path, files: Mapping[str, Path]) -> Exit:
    secrets = tuple((secret, str(path)) for secret, path in files.items())
    observation = try_out(made.draft, Settings(base_url=made.base_url, secrets=secrets), str(feature)).observation
    if observation.passed:
        print(f"ran it once: all passed in {duration(observation.seconds)}")
        return Exit.PASSED
    failed = next((step for step in observation.steps if step.trouble and not step.passed), None)
    where = f"{failed.planned.place}: {failed.name}: " if failed is not None else ""
    print(f"ran it once, and it does not pass: {where}{observation.message}")
    return Exit.FAILED
