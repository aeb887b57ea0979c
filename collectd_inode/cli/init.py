"""Write a first scenario for a site to the current folder: a feature file, a block for collectd, a folder for secrets.

init opens the page as the daemon does, and writes only steps that passed.  It does not overwrite a file.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from collectd_inode.cli import drafts
from collectd_inode.cli.drafts import Tried, already_there, failed_step, try_out, write_new
from collectd_inode.cli.options import KeyOptions
from collectd_inode.cli.terminal import Exit, complain
from collectd_inode.keys import Expected, web_address
from collectd_inode.names import slug
from collectd_inode.page import urls
from collectd_inode.scenario.draft import Draft, DraftStep, first_look, quoted
from collectd_inode.scenario.replay import PageNames
from collectd_inode.scenario.settings import Settings
from collectd_inode.secrets.names import looks_secret
from collectd_inode.words import duration, in_quotes, plural

_keys = KeyOptions(Settings)
SECRETS = "secrets"
"""The folder that is made for files of passwords."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "url", metavar="URL", type=_address, help="the page to begin with, such as https://www.example.org"
    )


def main(options: argparse.Namespace) -> Exit:
    """Look at the page, write the files, say what comes next."""
    parts = urlsplit(options.url)
    base = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
    name = slug((parts.hostname or "").removeprefix("www."))
    feature, block = Path(f"{name}.feature"), Path(f"{name}.conf")
    if complaint := already_there(feature, block):
        return complain(complaint)
    address = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    draft, tried = _first_scenario(address, parts.hostname or "", options.url, Settings(base_url=base), str(feature))
    if tried.seen is None or not tried.observation.passed:
        print(f"collectd-inode init: {options.url}: {tried.observation.message}; nothing was written", file=sys.stderr)
        return Exit.FAILED
    try:
        write_new({feature: draft.text(), block: _block(options.url, name, feature, base)})
        os.makedirs(SECRETS, mode=0o700, exist_ok=True)
    except OSError as error:
        return complain(f"{error.filename}: {error.strerror}; nothing was written")
    took = duration(tried.observation.seconds)
    print(f"wrote {feature}: {plural(len(draft.steps), 'step')}, all passed in {took}")
    print(f"wrote {block}: the block for collectd; {SECRETS}/ is for files of passwords")
    print("\n".join(_next(feature, block, tried.seen)))
    return Exit.PASSED


def _address(value: str) -> str:
    try:
        web_address((value,))
        parts = urlsplit(value)
    except (Expected, ValueError):
        raise argparse.ArgumentTypeError(f'{value}: expected an address such as "https://www.example.org"') from None
    if parts.username is not None or parts.password is not None:
        shown = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        what = "expected an address without user and password, which would stand in the feature file"
        raise argparse.ArgumentTypeError(f"{shown}: {what}; AuthUser and AuthPasswordFile are the keys for them")
    if secret := next((name for name, _ in parse_qsl(parts.query, keep_blank_values=True) if looks_secret(name)), None):
        what = f"expected no “{secret}” in the address: it may be secret, and would stand in the feature file"
        raise argparse.ArgumentTypeError(what)
    try:
        return urls.destination(value, None)  # as a browser writes it: letters of other scripts and quotes are encoded
    except urls.BadURL as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _first_scenario(address: str, host: str, url: str, settings: Settings, path: str) -> tuple[Draft, Tried]:
    """A scenario that has passed, or what keeps the page from being opened.

    A step that does not pass is left out: the page has changed between two requests.
    """
    draft = Draft(host, "Look", (DraftStep("When", f"I go to {quoted(address)}"),))
    tried = try_out(draft, settings, path)
    if tried.seen is None or not tried.observation.passed:
        return draft, tried
    draft = first_look(address, host, tried.seen, (_written(url),))
    tried = try_out(draft, settings, path)
    while not tried.observation.passed:
        failed = failed_step(draft, tried.observation)
        if failed is None or failed is draft.steps[0]:
            break
        draft = draft.without(failed)
        tried = try_out(draft, settings, path)
    return draft, tried


def _block(url: str, name: str, feature: Path, base: str) -> str:
    secret = Path.cwd() / SECRETS / "password"
    example = "      # ${password} in the feature file: the file's first line, read for each run, never shown.\n"
    example += f'      #Secret "password" {in_quotes(str(secret))}\n'
    return drafts.block(_written(url), name, feature, base, example)


def _written(url: str) -> str:
    return f"Written by: collectd-inode init {shlex.quote(url)}"


def _next(feature: Path, block: Path, seen: PageNames) -> Iterator[str]:
    if seen.looks_scripted:
        yield "The page looks like it is built by JavaScript, which was not run: try run --engine chromium."
    yield "Next:"
    yield f"  collectd-inode run --config {block} --watch    run it again whenever you change {feature}"
    yield "  collectd-inode steps [WORD]    the sentences that it may use"
    if seen.asks_for_password:
        yield f"  the page asks for a password: write it to {SECRETS}/password (mode 0600), and use it as ${{password}}"
    yield f"  collectd-inode check --fragment {block}    before collectd reads it"
    yield f"  sudo cp {block} /etc/collectd/collectd.conf.d/    and restart collectd"
