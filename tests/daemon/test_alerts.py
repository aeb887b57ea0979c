"""The ways out for alarms, in a real collectd: Nagios' pipe with and without a reader, Icinga 2's API, e-mail.

The snippets of conf.d are used as they are shipped, changed in nothing but users, paths and addresses.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pwd
import shutil
import socket
import ssl
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, Envelope, Session

from demo import configuration
from demo.unpacked import environment
from tests.helpers.collectd_process import HOST, Collectd
from tests.helpers.examples import HUNG
from tests.helpers.faults import FaultySite
from tests.helpers.places import ROOT
from tests.helpers.ports import free_port
from tests.helpers.served import served

SERVICE = "scenario-shop-shop"
NOTIFICATION = b"""Severity: FAILURE
Time: 1700000000.123
Host: probe1
Plugin: scenario
PluginInstance: shop-shop
Type: bool
TypeInstance: success

refused: I go to "/": it answered 503; x | y=1
"""
TOLD = 'refused: I go to "/": it answered 503; x | y=1'


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody can look into: the exec plugin runs nothing as root."""
    with tempfile.TemporaryDirectory(prefix="alerts-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def somebody() -> str:
    """Whom to run a script as."""
    return pwd.getpwuid(os.getuid()).pw_name if os.getuid() else "nobody"


def script(place: Path, name: str) -> Path:
    """A script of ``alerts/``, where everybody can read it."""
    for file in (name, "spooled", "receiver.py"):
        shutil.copy(ROOT / "alerts" / file, place / file)
    return place / name


def spool(place: Path) -> Path:
    """A folder for undelivered alarms, of whom the scripts are run as."""
    folder = place / "spool"
    folder.mkdir(mode=0o700)
    return owned(folder)


def owned(path: Path) -> Path:
    """*path*, made over to whom the scripts are run as."""
    if not os.getuid():
        shutil.chown(path, somebody())
    return path


def snippet(name: str, *replacements: tuple[str, str]) -> str:
    """A file of conf.d with its placeholders filled in."""
    return configuration.adapted(name, (ROOT / "conf.d" / name).read_text(encoding="utf-8"), replacements)


def nagios(place: Path, pipe: Path) -> str:
    return snippet(
        "notify-nagios.conf",
        ("nagios:nagios", somebody()),
        ("/usr/local/lib/collectd-inode/nagios-passive", str(script(place, "nagios-passive"))),
        ("/var/lib/nagios4/rw/nagios.cmd", str(pipe)),
        ("/var/spool/collectd-inode/nagios", str(spool(place))),
    )


class Shop:
    """A collectd with one scenario, of a page that can be taken down."""

    def __init__(self, folder: Path, around: str, environment: dict[str, str] | None = None) -> None:
        self.site = FaultySite()
        self._folder, self._around, self._environment = folder, around, environment

    def __enter__(self) -> Shop:
        self.site.__enter__()
        file = self._folder / "shop.feature"
        file.write_text(f'Feature: Shop\n  Scenario: Shop\n    When I go to "{self.site.url}/fine"\n')
        block = f'Interval 1\n<Scenario "shop">\nFeature "{file}"\n</Scenario>'
        self.collectd = Collectd(self._folder, block, around=self._around, environment=self._environment)
        self.collectd.__enter__()
        self._good = self.site.paths["/fine"]
        return self

    def __exit__(self, *error: Any) -> None:
        try:
            self.collectd.__exit__(*error)
        finally:
            self.site.__exit__(*error)

    def goes_down(self) -> None:
        """From now on each run fails; returns when that has been told."""
        self._tell("/error")

    def comes_back(self) -> None:
        """From now on each run passes; returns when that has been told."""
        self.site.paths["/error"], kept = self._good, self.site.paths["/error"]
        self._tell("/error")
        self.site.paths["/error"] = kept

    def _tell(self, path: str) -> None:
        told = len(self.collectd.notifications)
        self.site.paths["/fine"] = self.site.paths[path]
        self.collectd.wait(lambda: len(self.collectd.notifications) > told)


# Nagios.


@contextmanager
def reading(pipe: Path) -> Iterator[list[str]]:
    """Somebody who reads *pipe*, as Nagios does; what has been read so far."""
    lines: list[str] = []
    descriptor = os.open(pipe, os.O_RDWR)  # held open for writing too, so that it never ends

    def read() -> None:
        with os.fdopen(os.dup(descriptor), "rb", buffering=0) as stream:
            rest = b""
            while b"the end" not in rest:
                *whole, rest = (rest + stream.read(65536)).split(b"\n")
                lines.extend(line.decode() for line in whole)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield lines
    finally:
        os.write(descriptor, b"the end")
        thread.join()
        os.close(descriptor)


def test_nagios_hears_of_a_failure_and_of_its_end(tmp_path: Path, place: Path) -> None:
    """One passive check result each."""
    pipe = place / "nagios.cmd"
    os.mkfifo(pipe)
    owned(pipe)
    with reading(pipe) as lines, Shop(tmp_path, nagios(place, pipe)) as shop:
        shop.goes_down()
        shop.collectd.wait(lambda: len(lines) == 1)
        shop.comes_back()
        shop.collectd.wait(lambda: len(lines) == 2)
        bad, good = (told.message for told in shop.collectd.notifications)
    parts = [line.split(";", 4) for line in lines]
    assert [part[0].partition("] ")[2] for part in parts] == ["PROCESS_SERVICE_CHECK_RESULT"] * 2
    assert [part[1:4] for part in parts] == [[HOST, SERVICE, "2"], [HOST, SERVICE, "0"]]
    assert [part[4] for part in parts] == [bad, good]


def test_a_pipe_that_nobody_reads_holds_up_nothing(tmp_path: Path, place: Path) -> None:
    """The notifications wait; values go on arriving, and collectd stops when it is told to."""
    pipe = place / "nagios.cmd"
    os.mkfifo(pipe)
    owned(pipe)
    with Shop(tmp_path, nagios(place, pipe)) as shop:
        for _ in range(4):  # more than collectd has write threads to lose, were they to wait
            shop.goes_down()
            shop.comes_back()
        told = len(shop.collectd.of(f"{SERVICE}/bool-success"))
        shop.collectd.wait(lambda: len(shop.collectd.of(f"{SERVICE}/bool-success")) > told)
        shop.collectd.stop()


def passive(pipe: Path, notification: bytes = NOTIFICATION) -> subprocess.CompletedProcess[bytes]:
    """The script by itself."""
    return subprocess.run(
        ["sh", ROOT / "alerts" / "nagios-passive", pipe],
        input=notification,
        capture_output=True,
        timeout=HUNG,
        check=False,
    )


def test_what_nagios_is_told(tmp_path: Path) -> None:
    """States by number; a threshold's series as a service of its own; nothing that reads as performance data."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    threshold = NOTIFICATION.replace(b"FAILURE", b"WARNING").replace(b"bool", b"latency").replace(b"success", b"total")
    with reading(pipe) as lines:
        assert [passive(pipe, text).returncode for text in (NOTIFICATION, threshold, b"\n")] == [0, 0, 0]
    start = "[1700000000] PROCESS_SERVICE_CHECK_RESULT;probe1;scenario-shop-shop"
    said = 'refused: I go to "/": it answered 503; x   y=1'
    assert lines[:2] == [f"{start};2;{said}", f"{start}/latency-total;1;{said}"]
    assert lines[2].endswith("PROCESS_SERVICE_CHECK_RESULT;;/;3;")


def test_a_name_does_not_end_a_field(tmp_path: Path) -> None:
    """Nor does anything in a notification become a command of a shell's."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    names = NOTIFICATION.replace(b"shop-shop", b"a;b").replace(b"success", b"$(id)`id`")
    message = b"'\" ; \\n \\c %s \xc3\xa4\r\nsecond\x1b[31m"
    with reading(pipe) as lines:
        assert passive(pipe, names.replace(TOLD.encode(), message)).returncode == 0
    assert lines == [
        "[1700000000] PROCESS_SERVICE_CHECK_RESULT;probe1;scenario-a_b/bool-$(id)`id`;2;'\" ; \\n \\c %s ä second[31m"
    ]
    lost = passive(tmp_path / "missing", names.replace(TOLD.encode(), message)).stderr.decode()
    assert lost.endswith("  Lost: scenario-a_b/bool-$(id)`id`: '\" ; \\n \\c %s ä second[31m\n")


def test_a_line_gets_into_a_full_pipe_whole_or_not_at_all(tmp_path: Path) -> None:
    """Half a line would swallow the next one."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    names = NOTIFICATION.replace(b"shop-shop", b"i" * 120).replace(b"success", b"s" * 120)
    notification = names.replace(TOLD.encode(), b"m" * 255)
    length = len(
        f"[1700000000] PROCESS_SERVICE_CHECK_RESULT;probe1;scenario-{'i' * 120}/bool-{'s' * 120};2;{'m' * 255}\n"
    )
    descriptor = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        size = fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, 4096)
        waiting = b"x" * (size - length + 1)
        os.write(descriptor, waiting)
        full = passive(pipe, notification)
        assert os.read(descriptor, 2 * size) == waiting
        assert passive(pipe, notification).returncode == 0
        assert len(os.read(descriptor, 2 * size)) == length
    finally:
        os.close(descriptor)
    assert full.returncode == 1
    assert f"{pipe}: Resource temporarily unavailable: nobody reads it?  Lost: scenario-" in full.stderr.decode()


def test_no_pipe(tmp_path: Path) -> None:
    """A wrong path is named, and no file is made of it."""
    missing, ordinary, unread = tmp_path / "missing", tmp_path / "ordinary", tmp_path / "unread"
    ordinary.write_text("")
    os.mkfifo(unread)
    found = {path: passive(path) for path in (missing, ordinary, unread)}
    assert {path.name: run.returncode for path, run in found.items()} == {"missing": 1, "ordinary": 1, "unread": 1}
    assert f"nagios-passive: {missing} is no pipe" in found[missing].stderr.decode()
    assert f"{unread}: No such device or address: nobody reads it?  Lost: {SERVICE}" in found[unread].stderr.decode()
    assert (missing.exists(), ordinary.read_text(), stat.S_ISFIFO(unread.stat().st_mode)) == (False, "", True)


# Icinga 2.


class Icinga(HTTPServer):
    """What ``/v1/actions/process-check-result`` does, over TLS: knows one service, lets one user in."""

    def __init__(self, certificate: trustme.LeafCert) -> None:
        super().__init__(("127.0.0.1", 0), _Action)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.results: list[dict[str, Any]] = []
        self.url = f"https://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not trust us is none of our errors."""


class _Action(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Icinga)
        result = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = result["filter_vars"] == {"h": HOST, "s": SERVICE}
        allowed = self.headers["Authorization"] == "Basic Y29sbGVjdGQ6czNjcmV0"  # collectd:s3cret
        if allowed and known and self.path == "/v1/actions/process-check-result":
            self.server.results.append(result)
        answer = json.dumps({"results": [{"code": 200}] if known else []}).encode()
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def icinga(place: Path) -> Iterator[Icinga]:
    """Runs; its CA is in ``ca.pem``, the credentials for it in ``credentials``."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(place / "ca.pem")
    owned(_secret(place / "credentials", "collectd:s3cret"))
    with served(Icinga(authority.issue_cert("127.0.0.1"))) as server:
        yield server


def _secret(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(f"{text}\n")
    return path


def test_icinga_hears_of_a_failure_and_of_its_end(tmp_path: Path, place: Path, icinga: Icinga) -> None:
    """One passive check result each, by a user that may read the credentials."""
    around = snippet(
        "notify-icinga2.conf",
        ('"nobody"', f'"{somebody()}"'),
        ("/usr/local/lib/collectd-inode/icinga2-api", str(script(place, "icinga2-api"))),
        ("https://icinga.example:5665", icinga.url),
        ("/etc/collectd/icinga2-credentials", str(place / "credentials")),
        ("/etc/collectd/icinga2-ca.crt", str(place / "ca.pem")),
        ("/var/spool/collectd-inode/icinga2", str(spool(place))),
    )
    with Shop(tmp_path, around) as shop:
        shop.goes_down()
        shop.collectd.wait(lambda: len(icinga.results) == 1)
        shop.comes_back()
        shop.collectd.wait(lambda: len(icinga.results) == 2)
        said = [told.message for told in shop.collectd.notifications]
    found = [(result["exit_status"], result["plugin_output"], result["check_source"]) for result in icinga.results]
    assert found == [(2, said[0], "collectd"), (0, said[1], "collectd")]


@pytest.mark.parametrize(
    ("credentials", "authority", "notification", "said"),
    [
        ("collectd:wrong", True, NOTIFICATION, "HTTP Error 401: Unauthorized"),
        ("collectd:s3cret", False, NOTIFICATION, "certificate verify failed"),
        ("collectd:s3cret", True, NOTIFICATION.replace(b"shop-shop", b"other"), "knows no such service"),
    ],
)
def test_what_icinga_does_not_take(  # noqa: PLR0917
    place: Path, icinga: Icinga, credentials: str, authority: bool, notification: bytes, said: str
) -> None:
    """It is said why, and what was lost; never the credentials."""
    trusted = [place / "ca.pem"] if authority else []
    run = subprocess.run(
        [ROOT / "alerts" / "icinga2-api", icinga.url, _secret(place / "given", credentials), *trusted],
        input=notification, capture_output=True, timeout=HUNG, check=False,
    )  # fmt: skip
    told = run.stderr.decode()
    assert (run.returncode, icinga.results) == (1, [])
    assert said in told
    assert TOLD in told
    assert credentials.partition(":")[2] not in told


@pytest.mark.parametrize(
    ("answer", "said"),
    [(b"HELLO\r\n\r\n", "HELLO"), (b"HTTP/1.1 404 Not Found\r\n\r\n", "knows no such service"), (None, "timed out")],
    ids=["no HTTP", "404", "hangs"],
)
def test_icinga_is_not_itself(place: Path, answer: bytes | None, said: str) -> None:
    """Whatever answers, or does not: it is said, and the script ends."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(place / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    quick, seconds = place / "icinga2-api", 60 if answer else 1
    text = (ROOT / "alerts" / "icinga2-api").read_text()
    quick.write_text(text.replace("SECONDS = 10\n", f"SECONDS = {seconds}\n"))
    quick.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(HUNG)
        url = f"https://127.0.0.1:{listening.getsockname()[1]}"
        run = subprocess.Popen(
            [quick, url, _secret(place / "given", "collectd:s3cret"), place / "ca.pem"],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert run.stdin is not None
        run.stdin.write(NOTIFICATION)
        run.stdin.close()
        run.stdin = None
        accepted, _ = listening.accept()
        with context.wrap_socket(accepted, server_side=True, do_handshake_on_connect=answer is not None) as connection:
            if answer is not None:
                connection.recv(65536)
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)
            told = run.communicate(timeout=HUNG)[1].decode()
    assert run.returncode == 1
    assert (
        told.startswith(f"icinga2-api: {url}") and said in told and told.endswith(f"Lost: {HOST}!{SERVICE}: {TOLD}\n")
    )


# Alertmanager and webhooks; the scripts by themselves are in test_receivers.


class Hook(HTTPServer):
    """Takes each POST with 204, and notes what was in it."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Hooked)
        self.taken: list[Any] = []


class _Hooked(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Hook)
        self.server.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def test_alertmanager_hears_of_a_failure_and_of_its_end(tmp_path: Path, place: Path) -> None:
    """An alert that fires, and is resolved, with the page's words."""
    with served(Hook(0)) as alertmanager:
        around = snippet(
            "notify-alertmanager.conf",
            ('"nobody"', f'"{somebody()}"'),
            ("/usr/local/lib/collectd-inode/alertmanager", str(script(place, "alertmanager"))),
            ("/var/spool/collectd-inode/alertmanager", str(spool(place))),
            ("http://alertmanager.example:9093", f"http://127.0.0.1:{alertmanager.server_port}"),
        )
        with Shop(tmp_path, around) as shop:
            shop.goes_down()
            shop.collectd.wait(lambda: len(alertmanager.taken) == 1)
            shop.comes_back()
            shop.collectd.wait(lambda: len(alertmanager.taken) == 2)
            said = [told.message for told in shop.collectd.notifications]
    (bad,), (good,) = alertmanager.taken
    assert bad["labels"] == good["labels"]
    assert (bad["labels"]["alertname"], bad["labels"]["instance"]) == ("InodeDown", HOST)
    assert [alert["annotations"]["description"] for alert in (bad, good)] == said
    assert bad["annotations"]["cause"] == "refused"
    assert ("startsAt" in bad, "startsAt" in good) == (True, False)


def test_a_webhook_that_is_down_hears_of_both_later(tmp_path: Path, place: Path) -> None:
    """collectd waits for nothing; the alarms arrive in their order when somebody listens."""
    port = free_port()
    owned(_secret(place / "token", "t0ken"))
    hook = script(place, "webhook")
    spooled = place / "spooled"
    spooled.write_text(spooled.read_text().replace("DELAYS = (5, 10, 20, 40, 60)", "DELAYS = (0.2,)"))
    around = snippet(
        "notify-webhook.conf",
        ('"nobody"', f'"{somebody()}"'),
        ("/usr/local/lib/collectd-inode/webhook", str(hook)),
        ("/var/spool/collectd-inode/webhook", str(spool(place))),
        ("https://hooks.example/inode", f"http://127.0.0.1:{port}/"),
        ("/etc/collectd/webhook-token", str(place / "token")),
    )
    with Shop(tmp_path, around) as shop:
        shop.goes_down()
        shop.comes_back()
        with served(Hook(port)) as server:
            shop.collectd.wait(lambda: len(server.taken) == 2)
    assert [content["status"] for content in server.taken] == ["firing", "resolved"]


# E-mail.


class Mailbox:
    """Takes every mail."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append((envelope.rcpt_tos, mail))
        return "250 OK"


@contextmanager
def mail_server(mailbox: Mailbox) -> Iterator[int]:
    """aiosmtpd in a thread; its port.  (Its own Controller wants to be told one.)"""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: SMTP(mailbox, loop=loop), "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_mail_tells_of_a_failure_and_of_its_end(tmp_path: Path) -> None:
    """One mail each, with the reason in it."""
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        around = snippet("notify-email.conf", ('"localhost"\n', '"127.0.0.1"\n'), ("SMTPPort 25", f"SMTPPort {port}"))
        with Shop(tmp_path, around, {"LD_LIBRARY_PATH": environment("writers")["LD_LIBRARY_PATH"]}) as shop:
            shop.goes_down()
            shop.collectd.wait(lambda: len(mailbox.mails) == 1)
            shop.comes_back()
            shop.collectd.wait(lambda: len(mailbox.mails) == 2)
            said = [told.message for told in shop.collectd.notifications]
    assert [to for to, _ in mailbox.mails] == [["root@localhost"]] * 2
    assert [mail["Subject"] for _, mail in mailbox.mails] == [f"[collectd] {s} on {HOST}" for s in ("FAILURE", "OKAY")]
    for (_, mail), message in zip(mailbox.mails, said, strict=True):
        assert message in mail.get_content()
