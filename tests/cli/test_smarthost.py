"""``collectd-inode smarthost``: the options are the block's keys, the exit code is the verdict; and the leaf audit."""

from __future__ import annotations

import argparse
import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from collectd_inode.cli import smarthost
from collectd_inode.cli.terminal import Exit
from tests.helpers.certificates import HOST, Kind, make, server_context
from tests.helpers.smtp_peer import Answer, SmtpPeer, smtp_peer

BLOG = """\
begin routers
smart:
  driver = manualroute
  transport = remote_smtp_smarthost
  route_list = * smarthost.tld::587
begin transports
remote_smtp_smarthost:
  driver = smtp
  hosts_require_tls = *
  hosts_require_auth = *
  tls_verify_certificates = /etc/exim4/tls/smarthost-ca.crt
begin authenticators
login:
  driver = plaintext
  public_name = LOGIN
  client_send = : leaf : s3cret
"""


def command(*words: str) -> int:
    parser = argparse.ArgumentParser()
    smarthost.arguments(parser)
    return smarthost.main(parser.parse_args(words))


@contextmanager
def server(folder: Path, answers: Mapping[str, Answer] | None = None) -> Iterator[tuple[SmtpPeer, list[str]]]:
    """A server in a thread, and the options to get to it: the command has a loop of its own."""
    files = make(Kind.GOOD, folder)
    password = folder / "password"
    password.write_text("s3cret pass\n")
    password.chmod(0o600)
    ready, over = threading.Event(), asyncio.Event()
    found: list[tuple[SmtpPeer, asyncio.AbstractEventLoop]] = []

    async def serve() -> None:
        async with smtp_peer(answers, tls=server_context(files)) as peer:
            found.append((peer, asyncio.get_running_loop()))
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    peer, loop = found[0]
    options = ["127.0.0.1", "--port", str(peer.port), "--server-name", HOST, "--ca-cert", str(files.ca)]
    try:
        yield peer, [*options, "--user", "leaf", "--password-file", str(password)]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()


def test_a_good_smarthost_is_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line of JSON, with the readings."""
    with server(tmp_path) as (peer, options):
        code = command(*options, "--sender", "a@b.tld", "--recipient", "c@d.tld", "--format", "json")
    assert code is Exit.PASSED
    said = json.loads(capsys.readouterr().out)
    assert (said["kind"], said["job"], said["status"]) == ("smarthost", "127.0.0.1", "passed")
    assert said["readings"]["bool-relay"] == 1
    assert peer.logins() == 1


def test_a_wrong_password_is_1_as_often_as_a_person_tries(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The hold-off is the daemon's; and the password is not shown."""
    with server(tmp_path, {"AUTH": b"535 5.7.8 no\r\n"}) as (peer, options):
        assert [command(*options), command(*options)] == [Exit.FAILED, Exit.FAILED]
    assert peer.logins() == 2
    said = capsys.readouterr()
    assert "wrong user or password: 535 5.7.8 no" in said.out
    assert "s3cret" not in said.out + said.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "collectd-inode smarthost: expected a HOST, or --audit\n"),
        (["h", "--user", "u"], "error: User: expected a PasswordFile beside it\nnothing was run\n"),
    ],
)
def test_usage_is_2(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing was run."""
    assert command(*words) is Exit.USAGE
    assert capsys.readouterr().err == message


def test_the_audit_of_the_blog_s_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Verification is not enforced, and the line that enforces it is named; the password is not shown."""
    conf = tmp_path / "exim4.conf"
    conf.write_text(BLOG)
    assert command("--audit", str(conf)) is Exit.FAILED
    said = capsys.readouterr().out
    assert f"{conf}:7: not enforced: tls_verify_hosts: " in said
    assert "    tls_verify_hosts = *\n" in said
    assert "s3cret" not in said


def test_the_audit_of_a_leaf_that_enforces_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to mend; each finding is a line of JSON if that is asked for."""
    conf = tmp_path / "exim4.conf"
    conf.write_text(BLOG.replace("  hosts_require_tls", "  tls_verify_hosts = *\n  hosts_require_tls"))
    assert command("--audit", str(conf), "--format", "json") is Exit.PASSED
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {finding["ok"] for finding in found} == {True}
    assert "tls_verify_hosts" in {finding["code"] for finding in found}


def test_an_audit_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is a mistake in the command."""
    assert command("--audit", str(tmp_path / "no")) is Exit.USAGE
    assert capsys.readouterr().err == f"collectd-inode: {tmp_path / 'no'}: No such file or directory\n"


def test_exim_is_asked_where_no_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``exim4 -bP config`` has macros, includes and defaults worked out."""
    exim = tmp_path / "exim4"
    exim.write_text(f"#!/bin/sh\n[ \"$*\" = '-bP config' ] && cat <<'EOF'\n{BLOG}EOF\n")
    exim.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert command("--audit") is Exit.FAILED
    assert "exim4 -bP config:7: not enforced: tls_verify_hosts: " in capsys.readouterr().out

    exim.write_text("#!/bin/sh\necho 'exim4: permission denied' >&2\nexit 1\n")
    assert command("--audit") is Exit.USAGE
    assert capsys.readouterr().err == "collectd-inode: Exim: exim4 -bP config: exim4: permission denied\n"
