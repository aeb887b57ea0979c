"""Check a smarthost once.  With --audit: report what an Exim or Postfix configuration enforces on the way to one."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from collectd_inode.cli.options import ENDLESS, KeyOptions, formats, over
from collectd_inode.cli.output import presenter
from collectd_inode.cli.terminal import Exit, style
from collectd_inode.files import read_file
from collectd_inode.keys import BlockSettings
from collectd_inode.model import Status
from collectd_inode.observing import observe
from collectd_inode.smarthost import audit
from collectd_inode.smarthost.jobs import load
from collectd_inode.smarthost.settings import Settings
from collectd_inode.wire import workers

_ASK_EXIM = ""
_EXIM_SECONDS = 30

_keys = KeyOptions(Settings)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("host", nargs="?", metavar="HOST", type=_keys.type("Server"), help="name or address")
    for key in (
        "Port", "TLS", "Addresses", "MinimumTLS", "ServerName", "CACert", "ClientCert", "ClientKey", "User",
        "PasswordFile", "TokenFile", "TokenURL", "ClientID", "ClientSecretFile", "RefreshTokenFile", "Mechanism",
    ):  # fmt: skip
        _keys.add(parser, key)
    _keys.add(parser, "HeloName", "--helo")
    for key in ("Sender", "Recipient", "ExpiryWarning", "SourceAddress", "AddressFamily", "Timeout"):
        _keys.add(parser, key)
    parser.add_argument(
        "--refused-without-auth", action="store_true",
        help="also fail if the server relays mail without a log-in; needs --password-file, --sender and --recipient",
    )  # fmt: skip
    formats(parser, _complaints)
    parser.add_argument(
        "--audit", metavar="FILE", nargs="?", const=_ASK_EXIM,
        help="report what this Exim configuration, or Postfix's main.cf, enforces; default of FILE: this machine's own",
    )  # fmt: skip


def main(options: argparse.Namespace) -> int:
    """Check or audit, show, judge.  A hold-off after a wrong password does not bind a person who tries."""
    if options.audit is not None:
        return _audit(options.audit, options.format)
    shown = presenter(options)
    if options.host is None:
        return shown.complain("expected a HOST, or --audit", who="collectd-inode smarthost")
    settings = _keys.settings(options, server=options.host, auth_hold_off=0.0)
    loaded = load(None, settings, over(options, BlockSettings(interval=ENDLESS)))
    if loaded.problems:
        return shown.refuse(loaded)
    shown.warn(loaded.warnings)
    shown.show(workers.run(observe(loaded.jobs[0])))
    return shown.end()


def _complaints(options: argparse.Namespace) -> Iterator[str]:
    if options.audit is not None and options.format not in ("pretty", "json"):
        yield f"--audit has no --format {options.format}: pretty or json"


def _audit(path: str, format: str) -> Exit:
    try:
        path = path or ("" if _exim() or not os.path.isfile(_POSTFIX) else _POSTFIX)
        text = _of_exim() if path == _ASK_EXIM else Path(path).read_text("utf-8", "replace")
    except (OSError, subprocess.SubprocessError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        print(f"collectd-inode: {path or 'Exim'}: {reason}", file=sys.stderr)
        return Exit.USAGE
    findings = audit.report(text, path=path or "exim4 -bP config", master=_beside(path), read=_table)
    _show(findings, format)
    return Exit.PASSED if all(finding.ok for finding in findings) else Exit.FAILED


_POSTFIX = "/etc/postfix/main.cf"
_MOST_BYTES = 2**20


def _beside(path: str) -> str:
    """The master.cf in the folder of a main.cf, if there is one."""
    return _table(os.path.join(os.path.dirname(path), "master.cf")) or ""


def _table(path: str) -> str | None:
    """The text of a table's source, or the names in a folder, a line each; None if it cannot be read."""
    try:
        if os.path.isdir(path):
            return "\n".join(os.listdir(path))
        content, _ = read_file(path, _MOST_BYTES)
    except OSError:
        return None
    return content.decode("utf-8", "replace")


def _of_exim() -> str:
    """The configuration of this machine's Exim, as Exim has understood it; raises OSError, SubprocessError."""
    exim = _exim()
    if exim is None:
        raise FileNotFoundError(0, "there is none on this machine; name a file: --audit FILE")
    done = subprocess.run([exim, "-bP", "config"], capture_output=True, text=True, timeout=_EXIM_SECONDS, check=False)
    if done.returncode:
        raise subprocess.SubprocessError(f"exim4 -bP config: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.stdout


def _exim() -> str | None:
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin"))  # not everybody's PATH has it
    return shutil.which("exim4", path=path) or shutil.which("exim", path=path)


def _show(findings: Sequence[audit.AuditFinding], format: str) -> None:
    if format == "json":
        for finding in findings:
            print(json.dumps(dataclasses.asdict(finding)))
        return
    colour = style()
    for finding in findings:
        word = colour.status(Status.PASSED, "ok") if finding.ok else colour.failed("not enforced")
        print(f"{finding.place}: {word}: {finding.code}: {finding.message}")
        for line in finding.mend.splitlines():
            print(f"    {line}")
