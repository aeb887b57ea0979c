"""Access tokens by a refresh token, from a token server on loopback, used at a mail server that knows them."""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import re
import shlex
import stat
import tempfile
import textwrap
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.cli import smarthost
from collectd_inode.cli.configured import read
from collectd_inode.cli.terminal import Exit
from collectd_inode.keys import BlockSettings, Expected
from collectd_inode.model import Cause, Failure, Job, Observation, Status
from collectd_inode.observing import observe
from collectd_inode.report import jsonl, pretty
from collectd_inode.report.style import PLAIN
from collectd_inode.smarthost import oauth
from collectd_inode.smarthost.jobs import load
from collectd_inode.smarthost.oauth import Client, Granted
from collectd_inode.smarthost.replies import as_it_is
from collectd_inode.smarthost.settings import Settings, _token_url
from collectd_inode.state import State
from collectd_inode.wire import SYSTEM_CLOCK, Clock
from tests.helpers.certificates import HOST, Files, Kind, make, server_context
from tests.helpers.examples import HUNG
from tests.helpers.hostile_peers import resolver
from tests.helpers.peers import tidily
from tests.helpers.places import ROOT
from tests.helpers.smtp_peer import SmtpPeer, smtp_peer
from tests.helpers.token_server import ID, SECRET, TokenServer, token_server

EHLO = b"250-smarthost.test Hello\r\n250-AUTH XOAUTH2 OAUTHBEARER\r\n250 HELP\r\n"


class _Later(Clock):
    """The machine's, and some seconds more."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def now(self) -> float:
        return SYSTEM_CLOCK.now() + self.seconds


@dataclass
class Site:
    """What an operator has: files, a mail server that speaks to token holders, a token server."""

    folder: Path
    files: Files
    peer: SmtpPeer
    server: TokenServer

    @property
    def refresh(self) -> Path:
        return self.folder / "refresh"

    def job(self, *, state: State | None = None, hold_off: float = 3600.0, **more: Any) -> Job:
        given = {
            "server": "127.0.0.1",
            "port": self.peer.port,
            "ca_cert": str(self.files.ca),
            "server_name": HOST,
            "user": "leaf@example.org",
            "token_url": self.server.url,
            "client_id": ID,
            "client_secret_file": str(self.folder / "client"),
            "refresh_token_file": str(self.refresh),
            "helo_name": "leaf.test",
            "auth_hold_off": hold_off,
            **more,
        }
        found = load("relay", Settings(**given), BlockSettings(timeout=HUNG, state=state or State()))
        assert found.problems == ()
        return found.jobs[0]

    def used(self) -> list[str]:
        """The tokens that the mail server was shown."""
        shown = (base64.b64decode(line.split(" ")[2]).decode() for line in self.peer.said if line.startswith("AUTH"))
        return [text.partition("auth=Bearer ")[2].partition("\1")[0] for text in shown]


def with_site(
    folder: Path,
    do: Callable[[Site], Awaitable[None]],
    *,
    auth: bytes = b"235 2.7.0 welcome\r\n",
    tls: bool = False,
    **more: Any,
) -> None:
    """*do* with a running site; *more* is what the token server is like."""
    files = make(Kind.GOOD, folder)
    for name, content in (("refresh", "refresh-0\nkept\n"), ("client", f"{SECRET}\n")):
        (folder / name).touch(0o600)
        (folder / name).write_text(content)

    async def main() -> None:
        async with AsyncExitStack() as stack:
            context = server_context(files)
            answers = {"EHLO, encrypted": EHLO, "AUTH": auth}
            peer = await stack.enter_async_context(smtp_peer(answers, tls=context))
            server = await stack.enter_async_context(token_server(context if tls else None, **more))
            await do(Site(folder, files, peer, server))

    tidily(main())


def told(found: Observation) -> str:
    return jsonl.line(found) + pretty.observation(found, PLAIN, verbose=True) + repr(found)


def step_of(found: Observation) -> str:
    return found.bad_step.series if found.bad_step else ""


def test_a_token_is_fetched_and_used_until_it_expires(tmp_path: Path) -> None:
    """One request for many runs; a new one for the run after its time; nothing secret is told anywhere."""

    async def do(site: Site) -> None:
        job = site.job()
        seen = [await observe(job), await observe(job), await observe(job, _Later(3599))]
        assert [found.status for found in seen] == [Status.PASSED] * 3
        assert site.used() == ["token-1", "token-1", "token-2"]
        assert [asked.form for asked in site.server.asked] == [
            {"grant_type": "refresh_token", "refresh_token": "refresh-0", "client_id": ID}
        ] * 2
        assert [asked.basic for asked in site.server.asked] == [(ID, SECRET)] * 2
        assert {r.type_instance: r.value for r in seen[0].readings}["authenticated"] == 1
        assert not any(secret in told(found) for found in seen for secret in ("refresh-0", SECRET, "token-1"))

    with_site(tmp_path, do)


def test_the_token_server_may_have_a_certificate_of_the_same_ca(tmp_path: Path) -> None:
    """Beside what the system believes."""

    async def do(site: Site) -> None:
        site.server.url = site.server.url.replace("127.0.0.1", HOST)
        assert site.server.url.startswith("https://")
        with resolver({HOST: ["127.0.0.1"]}):
            found = await observe(site.job())
        assert (found.status, site.used()) == (Status.PASSED, ["token-1"])

    with_site(tmp_path, do, tls=True)


def test_a_server_that_wants_the_secret_in_the_form(tmp_path: Path) -> None:
    """It is asked so once it has refused the other way; and from then on at once."""

    async def do(site: Site) -> None:
        job = site.job()
        for later in (0, 4000):
            assert (await observe(job, _Later(later))).status is Status.PASSED
        assert [asked.basic is None for asked in site.server.asked] == [False, True, True]
        assert site.server.asked[1].form["client_secret"] == SECRET

    with_site(tmp_path, do, takes="body")


def test_a_client_without_a_secret(tmp_path: Path) -> None:
    """A public client names itself in the form (RFC 6749 section 3.2.1)."""

    async def do(site: Site) -> None:
        site.server.answer = lambda: (200, {"access_token": "public", "token_type": "bearer", "expires_in": "60"})
        found = await observe(site.job(client_secret_file=None, mechanism="OAUTHBEARER"))
        assert (found.status, site.used()) == (Status.PASSED, ["public"])
        assert site.server.asked[0].basic is None
        assert "client_secret" not in site.server.asked[0].form

    with_site(tmp_path, do)


def test_a_new_refresh_token_is_written_back(tmp_path: Path) -> None:
    """Whole, for its owner only, where a link leads; what else is in the file stays."""

    async def do(site: Site) -> None:
        real = site.folder / "elsewhere" / "token"
        real.parent.mkdir()
        site.refresh.rename(real)
        real.chmod(0o640)
        site.refresh.symlink_to(real)
        job = site.job()
        for number, later in ((1, 0), (2, 4000)):
            found = await observe(job, _Later(later))
            assert (found.status, found.warnings) == (Status.PASSED, ()) or number == 1
            assert real.read_text() == f"refresh-{number}\nkept\n"
        assert site.refresh.is_symlink()
        assert stat.S_IMODE(real.stat().st_mode) == 0o600
        assert os.listdir(real.parent) == ["token"]

    with_site(tmp_path, do, rotates=True)


def test_two_jobs_of_one_account_spend_a_token_each(tmp_path: Path) -> None:
    """The second waits for what the first writes back."""

    async def do(site: Site) -> None:
        found = await asyncio.gather(*(observe(site.job()) for _ in range(4)))
        assert [one.status for one in found] == [Status.PASSED] * 4
        assert [asked.form["refresh_token"] for asked in site.server.asked] == [
            f"refresh-{number}" for number in range(4)
        ]

    with_site(tmp_path, do, rotates=True)


def test_a_new_refresh_token_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run goes on with its token, and the warning says what will come of it."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    async def do(site: Site) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(tempfile, "mkstemp", full)
            found = await observe(site.job())
        assert found.status is Status.PASSED
        assert [(w.code, w.message) for w in found.warnings] == [
            (
                "refresh_token",
                f"{site.refresh}: the provider has given a new refresh token, and it cannot be written: No space left"
                " on device; the old one may be void: let this user write the file and its folder, and log in once"
                " more",
            )
        ]

    with_site(tmp_path, do, rotates=True)


@pytest.mark.parametrize(
    ("status", "said", "cause", "message"),
    [
        (400, {"error": "invalid_grant", "error_description": "revoked: refresh-0 cl1ent/s3cret+"}, Cause.CREDENTIALS,
         "answered invalid_grant (the refresh token has expired, was revoked, or is another client's; log in once more"
         " for a new one): “revoked: [RefreshTokenFile] [ClientSecretFile]”"),
        (401, {"error": "invalid_client"}, Cause.CREDENTIALS,
         "answered invalid_client (ClientID or ClientSecretFile is not what this server knows)"),
        (400, {"error": "unauthorized_client"}, Cause.CREDENTIALS,
         "answered unauthorized_client (this client may not use refresh tokens)"),
        (400, {"error": "invalid_request"}, Cause.REFUSED,
         "answered invalid_request (the request lacks something that this server requires)"),
        (400, {"error": "unsupported_grant_type"}, Cause.REFUSED,
         "answered unsupported_grant_type (this server accepts no refresh tokens)"),
        (400, {"error": "invalid_scope"}, Cause.REFUSED,
         "answered invalid_scope (the token is not for sending mail)"),
        (400, {"error": "slow_down\x1b[31m"}, Cause.REFUSED, "answered slow_down\\x1b[31m"),
        (503, "busy", Cause.REFUSED, "answered 503, without an error that OAuth knows"),
        (302, "", Cause.PROTOCOL, "answered 302 without an access token"),
        (200, "<html>", Cause.PROTOCOL, "answered 200 without an access token"),
        (200, {"access_token": "a b"}, Cause.PROTOCOL, "answered 200 without an access token"),
        (200, {"access_token": "t", "token_type": "mac"}, Cause.PROTOCOL,
         "gives a token of type “mac”: expected Bearer"),
    ],
)  # fmt: skip
def test_what_a_token_server_says_no_with(
    tmp_path: Path, status: int, said: object, cause: Cause, message: str
) -> None:
    """By its RFC word; the mail server is looked at as far as that goes, and nobody has judged the account there."""

    async def do(site: Site) -> None:
        site.server.answer = lambda: (status, said)
        found = await observe(site.job())
        assert (found.cause, step_of(found)) == (cause, "auth")
        assert found.message == f"token server {site.server.url} {message}"
        assert "authenticated" not in {reading.type_instance for reading in found.readings}
        assert [line for line in site.peer.said if line.startswith("AUTH")] == []
        assert "refresh-0" not in told(found)
        assert SECRET not in told(found)

    with_site(tmp_path, do)


def test_a_token_server_that_is_not_there(tmp_path: Path) -> None:
    """Its cause is the wire's, its step AUTH."""

    async def do(site: Site) -> None:
        site.server.url = "http://127.0.0.1:1/token"
        found = await observe(site.job())
        assert (found.cause, step_of(found)) == (Cause.CONNECT, "auth")
        assert found.message == "token server http://127.0.0.1:1/token: 127.0.0.1:1: connection refused"

    with_site(tmp_path, do)


def test_a_refused_refresh_token_is_held_off(tmp_path: Path) -> None:
    """The provider is not asked again until the file is another, or AuthHoldOff is over."""

    async def do(site: Site) -> None:
        site.server.knows = "another"
        job = site.job(state=State(str(tmp_path / "state")))
        assert "invalid_grant" in (await observe(job)).message
        held = await observe(job)
        assert held.cause is Cause.CREDENTIALS
        assert held.message.startswith("no AUTH: the token server refused the refresh token or the client 0 s ago; ")
        assert len(site.server.asked) == 1
        site.refresh.write_text("another\n")
        assert (await observe(job)).status is Status.PASSED

    with_site(tmp_path, do)


def test_a_token_that_the_mail_server_refuses_is_not_used_again(tmp_path: Path) -> None:
    """The hold-off holds over a refresh token that was written back; after it comes a new token."""

    async def do(site: Site) -> None:
        job = site.job()
        first, second = await observe(job), await observe(job)
        assert first.message.startswith("AUTH XOAUTH2: the token was rejected: ")
        assert second.message.startswith("no AUTH: the server refused user and password (535) ")
        assert (site.used(), len(site.server.asked)) == (["token-1"], 1)
        await observe(job, _Later(3601))
        assert site.used() == ["token-1", "token-2"]

    with_site(tmp_path, do, auth=b"535 5.7.8 no\r\n", rotates=True)


def test_files_that_are_missing_are_said(tmp_path: Path) -> None:
    """As those of passwords are, in the run too."""

    async def do(site: Site) -> None:
        job = site.job()
        (site.folder / "client").unlink()
        found = await observe(job)
        assert (found.cause, found.message) == (
            Cause.CONFIGURATION,
            f"{site.folder / 'client'}: No such file or directory",
        )

    with_site(tmp_path, do)


def test_a_folder_that_cannot_be_written_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a provider gives a token that nobody can keep."""
    refresh = tmp_path / "refresh"
    refresh.touch(0o600)
    refresh.write_text("refresh-0\n")
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != tmp_path)
    settings = Settings(
        server="127.0.0.1", user="a", token_url="https://a.test/", client_id="c", refresh_token_file=str(refresh)
    )
    assert [warning.what for warning in load("relay", settings, BlockSettings()).warnings] == [
        f"{refresh}: a new refresh token could not be written back: permission denied: {tmp_path}"
    ]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://login.example.org/common/oauth2/v2.0/token", ""),
        ("http://localhost:8080/token", ""),
        ("http://[::1]/token", ""),
        ("http://login.example.org/token", "an https address such as"),
        ("http://127.0.0.1.example.org/token", "an https address such as"),
        ("https://id:secret@login.example.org/token", "an address without user and fragment"),
    ],
)
def test_where_tokens_may_come_from(url: str, expected: str) -> None:
    """Over TLS; what stays on this machine may do without."""
    if not expected:
        assert _token_url((url,)) == url
        return
    with pytest.raises(Expected, match=expected):
        _token_url((url,))


# The page


PAGE = ROOT / "docs" / "how-to" / "smarthost-oauth.rst"
TEXT = PAGE.read_text(encoding="utf-8")


def code(kind: str, which: int = 0) -> str:
    """A code block of the page."""
    found = re.findall(rf"^\.\. code-block:: {kind}\n\n((?:    .*\n|\n)+)", TEXT, re.MULTILINE)
    return textwrap.dedent(found[which])


def here(text: str, site: Site) -> str:
    """*text* with this site's servers and folder."""
    text = text.replace("/etc/collectd/secrets/client", str(site.folder / "client"))
    text = text.replace("/var/lib/collectd/mail/refresh-token", str(site.refresh))
    text = text.replace("https://oauth2.googleapis.com/token", site.server.url)
    return text.replace("1234.apps.googleusercontent.com", ID).replace("smtp.gmail.com", "127.0.0.1")


def test_the_block_of_the_page(tmp_path: Path) -> None:
    """It logs in by what the token server gives."""

    async def do(site: Site) -> None:
        more = f'Port {site.peer.port}\nServerName "{HOST}"\nCACert "{site.files.ca}"\n</Smarthost>'
        block = here(code("apache"), site).replace("</Smarthost>", more)
        conf = site.folder / "collectd.conf"
        conf.write_text(
            f'<Plugin python>\nImport "collectd_inode"\n<Module collectd_inode>\n{block}\n</Module>\n</Plugin>\n'
        )
        found = read(str(conf))
        assert (found.problems, found.warnings) == ((), ())
        (job,) = found.jobs
        assert (await observe(job)).status is Status.PASSED
        assert site.used() == ["token-1"]

    with_site(tmp_path, do)


def test_the_command_of_the_page(tmp_path: Path) -> None:
    """The same, once."""

    async def do(site: Site) -> None:
        words = shlex.split(here(code("sh", 1), site).replace("\\\n", " "))
        assert words[:2] == ["collectd-inode", "smarthost"]
        more = ["--port", str(site.peer.port), "--server-name", HOST, "--ca-cert", str(site.files.ca)]
        parser = argparse.ArgumentParser()
        smarthost.arguments(parser)
        options = parser.parse_args([*words[2:], *more])
        exit_code = await asyncio.get_running_loop().run_in_executor(None, smarthost.main, options)
        assert (exit_code, site.used()) == (Exit.PASSED, ["token-1"])

    with_site(tmp_path, do)


def test_the_page_has_each_word_of_a_token_server() -> None:
    """With the cause that it is reported with."""
    table = re.findall(r"^``(\w+)`` +``(\w+)``  ", TEXT, re.MULTILINE)
    found = {}
    for error in oauth.MEANINGS:
        with pytest.raises(oauth.TokenRefused) as caught:
            oauth.answered(400, json.dumps({"error": error}), "token server", as_it_is)
        found[error] = caught.value.cause.word
    assert dict(table) == found


# Pure.


@given(st.text(min_size=1, alphabet=st.characters(min_codepoint=33, max_codepoint=126)), st.text(min_size=1))
def test_a_client_is_written_as_a_form_first(name: str, secret: str) -> None:
    """RFC 6749 section 2.3.1: a colon in the id is none in the header."""
    shown = base64.b64decode(oauth.authorization(Client(name, secret)).removeprefix("Basic ")).decode()
    assert shown.count(":") == 1


@given(
    st.integers(100, 599),
    st.one_of(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(
                st.sampled_from(["access_token", "token_type", "expires_in", "refresh_token", "error",
                                 "error_description"]) | st.text(), inner),
        ).map(json.dumps),
    ),
)  # fmt: skip
def test_any_answer_is_a_token_or_a_failure(status: int, text: str) -> None:
    """Whatever a token server says, it fails nothing but AUTH; what is granted can be sent."""
    try:
        granted = oauth.answered(status, text, "token server", as_it_is)
    except Failure as error:
        assert error.cause in (Cause.CREDENTIALS, Cause.REFUSED, Cause.PROTOCOL)
        assert error.message.isprintable()
        return
    assert isinstance(granted, Granted)
    assert granted.token.isascii() and granted.token.isprintable() and " " not in granted.token
    assert granted.expires(0.0) >= 0.0
    assert replace(granted, seconds=None).expires(5.0) == 5.0
