"""Check a smarthost once, or say what an Exim configuration enforces on the way to one."""

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

from collectd_inode.cli.options import formats, reading
from collectd_inode.cli.output import shower
from collectd_inode.cli.terminal import Exit, style
from collectd_inode.keys import Common
from collectd_inode.run import Status, observe
from collectd_inode.smarthost import audit
from collectd_inode.smarthost.jobs import load
from collectd_inode.smarthost.settings import SMARTHOST_KEYS, Settings
from collectd_inode.wire import workers

_ASK_EXIM = ""
_EXIM_SECONDS = 30


_read_by = reading(SMARTHOST_KEYS)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("host", nargs="?", metavar="HOST", type=_read_by("Server"), help="name or address")
    parser.add_argument("--port", metavar="N", type=_read_by("Port"), help="default: 587, with implicit TLS 465")
    parser.add_argument("--tls", choices=("starttls", "implicit"), default="starttls")
    parser.add_argument(
        "--server-name", metavar="NAME", type=_read_by("ServerName"), help="whose certificate it must have"
    )
    parser.add_argument("--ca-cert", metavar="PATH", type=_read_by("CACert"), help="whom to believe: file or folder")
    parser.add_argument("--user", metavar="U", type=_read_by("User"))
    parser.add_argument(
        "--password-file", metavar="F", type=_read_by("PasswordFile"),
        help="its first line is the password; or Exim's passwd.client, or a file with client_send",
    )  # fmt: skip
    parser.add_argument(
        "--mechanism", metavar="M", type=_read_by("Mechanism"), help="default: the best that both sides can do"
    )
    parser.add_argument("--helo", metavar="NAME", type=_read_by("HeloName"), help="default: this machine's name")
    parser.add_argument("--sender", metavar="A", type=_read_by("Sender"), help="with --recipient: would it relay?")
    parser.add_argument("--recipient", metavar="A", type=_read_by("Recipient"))
    parser.add_argument("--timeout", metavar="S", type=_read_by("Timeout"), default=30.0, help="seconds for all of it")
    formats(parser, _complaints)
    parser.add_argument(
        "--audit", metavar="FILE", nargs="?", const=_ASK_EXIM,
        help="say what this Exim configuration enforces; without FILE, Exim's own on this machine",
    )  # fmt: skip


def main(options: argparse.Namespace) -> int:
    """Check or audit, show, judge.  A hold-off after a wrong password does not bind a person who tries."""
    if options.audit is not None:
        return _audit(options.audit, options.format)
    shown = shower(options)
    if options.host is None:
        return shown.complain("expected a HOST, or --audit", who="collectd-inode smarthost")
    settings = Settings(
        server=options.host,
        port=options.port,
        tls=options.tls,
        ca_cert=options.ca_cert,
        server_name=options.server_name,
        user=options.user,
        password_file=options.password_file,
        mechanism=options.mechanism,
        helo_name=options.helo,
        sender=options.sender,
        recipient=options.recipient,
        auth_hold_off=0.0,
    )
    loaded = load(None, settings, Common(interval=float("inf"), timeout=options.timeout))
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
        text = _of_exim() if path == _ASK_EXIM else Path(path).read_text("utf-8", "replace")
    except (OSError, subprocess.SubprocessError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        print(f"collectd-inode: {path or 'Exim'}: {reason}", file=sys.stderr)
        return Exit.USAGE
    findings = audit.report(text, path=path or "exim4 -bP config")
    _show(findings, format)
    return Exit.PASSED if all(finding.ok for finding in findings) else Exit.FAILED


def _of_exim() -> str:
    """The configuration of this machine's Exim, as Exim has understood it; raises OSError, SubprocessError."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin"))  # not everybody's PATH has it
    exim = shutil.which("exim4", path=path) or shutil.which("exim", path=path)
    if exim is None:
        raise FileNotFoundError(0, "there is none on this machine; name a file: --audit FILE")
    done = subprocess.run([exim, "-bP", "config"], capture_output=True, text=True, timeout=_EXIM_SECONDS, check=False)
    if done.returncode:
        raise subprocess.SubprocessError(f"exim4 -bP config: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.stdout


def _show(findings: Sequence[audit.Finding], format: str) -> None:
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
