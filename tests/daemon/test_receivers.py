"""Alertmanager's API, webhooks, and what keeps an alarm that cannot be delivered: against servers by script."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.examples import HUNG
from tests.helpers.places import ROOT
from tests.helpers.ports import free_port
from tests.helpers.served import served

FAILURE = b"""Severity: FAILURE
Time: 1700000000.123
Host: probe1
Plugin: scenario
PluginInstance: shop-buying
Type: bool
TypeInstance: success

refused: I go to "/": http://h/ answered 503: Database gone (/var/lib/collectd/inode/failures/7)
"""
OKAY = FAILURE.replace(b"FAILURE", b"OKAY").replace(b"1700000000", b"1700000060")
OTHER = FAILURE.replace(b"shop-buying", b"shop-stock")
STARTED, ENDED = "2023-11-14T22:13:20.123+00:00", "2023-11-14T22:14:20.123+00:00"


class Receiver(ThreadingHTTPServer):
    """Notes what it is sent; answers with the statuses that it is given, in their order, then with 200."""

    def __init__(self, port: int = 0, *statuses: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.statuses = list(statuses)
        self.taken: list[tuple[str, dict[str, str], Any]] = []
        self.tries = self.gets = 0
        self.words = b"no,\nnot now"
        self.refused: set[str] = set()
        self.changed = threading.Condition()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def wait(self, count: int, *, tries: bool = False) -> None:
        """Until so many have been taken, or tried."""
        with self.changed:
            assert self.changed.wait_for(lambda: (self.tries if tries else len(self.taken)) >= count, HUNG), self.taken

    @property
    def states(self) -> list[str]:
        """Job and status of what a webhook was sent."""
        return [f"{content['job']} {content['status']}" for _, _, content in self.taken]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.changed:
            status = self.server.statuses.pop(0) if self.server.statuses else 200
            if isinstance(content, dict) and content.get("job") in self.server.refused:
                status = 400
            self.server.tries += 1
            if status < 300:
                self.server.taken.append((self.path, dict(self.headers), content))
            self.server.changed.notify_all()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(b"" if status < 300 else self.server.words)

    def do_GET(self) -> None:
        self.server.gets += 1
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def receiving(port: int = 0, *statuses: int) -> Iterator[Receiver]:
    with served(Receiver(port, *statuses)) as server:
        yield server


@pytest.fixture
def scripts(tmp_path: Path) -> Iterator[Path]:
    """The scripts, where nobody waits for long; what still tries in the background ends with the test."""
    folder = tmp_path / "scripts"
    shutil.copytree(ROOT / "alerts", folder)
    spooled = folder / "spooled"
    spooled.write_text(spooled.read_text().replace("DELAYS = (5, 10, 20, 40, 60)", "DELAYS = (0.05,)"))
    yield folder
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in entry.read_bytes():
                os.kill(int(entry.parent.name), signal.SIGKILL)
        except (OSError, ValueError):
            continue


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """A folder for its owner only."""
    folder = tmp_path / "spool"
    folder.mkdir(mode=0o700)
    return folder


def told(script: Path, *words: object, notification: bytes = FAILURE) -> tuple[int, str]:
    """Exit code and what a script says of a notification."""
    run = subprocess.run([script, *map(str, words)], input=notification, capture_output=True, timeout=HUNG, check=False)
    return run.returncode, run.stderr.decode()


# Alertmanager and webhooks.


def test_alertmanager(scripts: Path, tmp_path: Path) -> None:
    """The same labels until OKAY resolves it; the page's words, cause and evidence beside them."""
    (tmp_path / "credentials").write_text("probe:s3cret\n")
    with receiving() as server:
        for notification in (FAILURE, OKAY):
            words = ("alertmanager", f"{server.url}/", tmp_path / "credentials")
            assert told(scripts / words[0], *words[1:], notification=notification) == (0, "")
    labels = {
        "alertname": "InodeDown",
        "instance": "probe1",
        "kind": "scenario",
        "job": "shop-buying",
        "series": "bool-success",
        "severity": "critical",
    }
    said = FAILURE.decode().rpartition("\n\n")[2].strip()
    assert [path for path, _, _ in server.taken] == ["/api/v2/alerts"] * 2
    assert {headers["Authorization"] for _, headers, _ in server.taken} == {"Basic cHJvYmU6czNjcmV0"}
    assert [content for _, _, content in server.taken] == [
        [
            {
                "labels": labels,
                "annotations": {
                    "summary": "shop-buying is down, seen from probe1",
                    "description": said,
                    "cause": "refused",
                    "evidence": "/var/lib/collectd/inode/failures/7",
                },
                "startsAt": STARTED,
                "endsAt": "2023-11-21T22:13:20.123000+00:00",
            }
        ],
        [
            {
                "labels": labels,
                "annotations": {
                    "summary": "shop-buying is good again, seen from probe1",
                    "description": said,
                    "evidence": "/var/lib/collectd/inode/failures/7",
                },
                "endsAt": ENDED,
            }
        ],
    ]


def series(kind: bytes, name: bytes, severity: bytes) -> bytes:
    """A notification of another series."""
    return FAILURE.replace(b": bool", b": " + kind).replace(b"success", name).replace(b"FAILURE", severity)


@pytest.mark.parametrize(
    ("notification", "alerts"),
    [
        (series(b"latency", b"total", b"WARNING"), ["InodeThreshold critical over", "InodeThreshold warning"]),
        (series(b"latency", b"total", b"FAILURE"), ["InodeThreshold critical", "InodeThreshold warning over"]),
        (series(b"latency", b"total", b"OKAY"), ["InodeThreshold critical over", "InodeThreshold warning over"]),
        (series(b"gauge", b"config_errors", b"WARNING"), ["InodeConfigErrors warning"]),
        (series(b"bool", b"uplink", b"FAILURE"), ["InodeUplink critical"]),
        (series(b"bool", b"success", b"WARNING"), []),
        (b"\n\n", ["InodeThreshold critical over", "InodeThreshold warning over"]),
    ],
    ids=["warning", "failure", "okay", "config_errors", "uplink", "one of many", "nothing"],
)
def test_which_alerts(scripts: Path, notification: bytes, alerts: list[str]) -> None:
    """A severity is a label, so each has an alert of its own; one of many that are down is none."""
    with receiving() as server:
        assert told(scripts / "alertmanager", server.url, notification=notification) == (0, "")
    found = [alert for _, _, content in server.taken for alert in content]
    names = [f"{a['labels']['alertname']} {a['labels']['severity']}{'' if 'startsAt' in a else ' over'}" for a in found]
    assert names == alerts


def test_webhook(scripts: Path, tmp_path: Path) -> None:
    """Plain JSON; a token; the same key each time that the same is sent."""
    (tmp_path / "token").write_text("t0ken\n")
    with receiving() as server:
        for notification in (FAILURE, FAILURE, OKAY):
            told(scripts / "webhook", f"{server.url}/hook", tmp_path / "token", notification=notification)
    (path, headers, content), (_, again, _), (_, other, good) = server.taken
    assert (path, headers["Authorization"]) == ("/hook", "Bearer t0ken")
    assert headers["Idempotency-Key"] == again["Idempotency-Key"] != other["Idempotency-Key"]
    assert content == {
        "status": "firing",
        "severity": "FAILURE",
        "host": "probe1",
        "kind": "scenario",
        "job": "shop-buying",
        "series": "bool-success",
        "time": STARTED,
        "cause": "refused",
        "message": FAILURE.decode().rpartition("\n\n")[2].strip(),
        "evidence": "/var/lib/collectd/inode/failures/7",
    }
    assert (good["status"], good["severity"], good["cause"]) == ("resolved", "OKAY", None)


def test_a_webhook_s_address_in_a_file(scripts: Path, tmp_path: Path) -> None:
    """A secret one does not stand in collectd.conf and in the list of processes; nor in the message of what is lost."""
    end = f".  Lost: probe1 scenario-shop-buying/bool-success: {FAILURE.decode().rpartition(chr(10) * 2)[2]}"
    address = tmp_path / "address"
    with receiving() as server:
        address.write_text(f"{server.url}/services/T00AB00CD\n")
        assert told(scripts / "webhook", address) == (0, "")
    assert [path for path, _, _ in server.taken] == ["/services/T00AB00CD"]
    assert told(scripts / "webhook", address) == (1, f"webhook: {server.url}/…: [Errno 111] Connection refused{end}")
    address.unlink()
    missing = f"webhook: [Errno 2] No such file or directory: '{address}'{end}"
    assert told(scripts / "webhook", address) == (1, missing)


@pytest.mark.parametrize("before", ["", "still bad after 2 h: ", "still bad: "])
def test_a_cause_is_found_in_reminders_too(scripts: Path, before: str) -> None:
    """Also where the clock was set back, so that nobody knows how long it is bad."""
    with receiving() as server:
        failure = FAILURE.replace(b"refused: ", f"{before}refused: ".encode())
        assert told(scripts / "webhook", server.url, notification=failure) == (0, "")
    assert [content["cause"] for _, _, content in server.taken] == ["refused"]


@pytest.mark.parametrize("script", ["alertmanager", "webhook"])
def test_what_is_not_taken(scripts: Path, tmp_path: Path, script: str) -> None:
    """It is said why, with the answer's own words; nobody follows a redirect, and no secret is shown."""
    (tmp_path / "secret").write_text("probe:s3cret\n")
    with receiving(0, 400, 302) as server:
        refused = told(scripts / script, server.url, tmp_path / "secret")
        led_away = told(scripts / script, server.url, tmp_path / "secret")
        url = server.url
    gone = told(scripts / script, url, tmp_path / "secret")
    unreadable = told(scripts / script, url, tmp_path / "none")
    assert server.taken == []
    start = f"{script}: {url}: "
    end = f".  Lost: probe1 scenario-shop-buying/bool-success: {FAILURE.decode().rpartition(chr(10) * 2)[2]}"
    assert refused == (1, f"{start}HTTP Error 400: Bad Request (no, not now){end}")
    moved = f"it redirects to {url}/…: give that address"
    assert led_away == (1, f"{start}HTTP Error 302: Found; {moved}{end}")
    assert gone == (1, f"{start}[Errno 111] Connection refused{end}")
    assert (unreadable[0], f"No such file or directory: '{tmp_path}/none'" in unreadable[1]) == (1, True)


@pytest.mark.parametrize("script", ["alertmanager", "webhook", "icinga2-api"])
def test_credentials_are_not_sent_where_an_answer_leads(scripts: Path, tmp_path: Path, script: str) -> None:
    """Not even as a GET to the same host."""
    (tmp_path / "secret").write_text("probe:s3cret-word\n")
    with receiving(0, 302) as server:
        assert told(scripts / script, server.url, tmp_path / "secret")[0] == 1
    assert (server.tries, server.gets) == (1, 0)


def test_what_an_address_hides_is_not_logged(scripts: Path, tmp_path: Path) -> None:
    """A webhook's path and the password before a host are secrets; an answer may repeat the token."""
    (tmp_path / "token").write_text("tok-12345678\n")
    with receiving(0, 403) as server:
        server.words = b"tok-12345678 may not POST /services/T00AB00CD"
        secret_path = told(scripts / "webhook", f"{server.url}/services/T00AB00CD", tmp_path / "token")
        before_host = told(scripts / "webhook", server.url.replace("//", "//probe:pass-word@") + "/x")
        url = server.url
    end = f".  Lost: probe1 scenario-shop-buying/bool-success: {FAILURE.decode().rpartition(chr(10) * 2)[2]}"
    said = "HTTP Error 403: Forbidden ([…] may not POST /[…])"
    assert secret_path == (1, f"webhook: {url}/…: {said}{end}")
    what = "a user's name in an address is not sent: put USER:PASSWORD into a file"
    assert before_host == (1, f"webhook: {url}/…: {what}{end}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("alerts.example:9093", "good"), "expected http://HOST or https://HOST"),
        (("file:///etc/hostname", "good"), "expected http://HOST or https://HOST"),
        (("http://[::1", "good"), "Invalid IPv6 URL"),
        (("http://127.0.0.1:x/", "good"), "nonnumeric port: 'x'"),
        (("https://127.0.0.1:1", "good", "/none/ca.pem"), "/none/ca.pem: cannot be read"),
        (("http://127.0.0.1:1", "empty"), "expected the secret in the first line"),
        (("http://127.0.0.1:1", "odd"), "expected the secret in the first line"),
    ],
)
def test_what_is_wrong_on_this_side_is_said(scripts: Path, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    """An address without scheme or host, an empty file, a token with a control character."""
    for name, content in (("good", "tok-12345678\n"), ("empty", "\n"), ("odd", "tok\x01-12345678\n")):
        (tmp_path / name).write_text(content)
    url, token, *authority = words
    code, found = told(scripts / "webhook", url, tmp_path / token, *authority)
    assert (code, said in found, "12345678" in found, found.count("\n")) == (1, True, False, 1)


# What keeps an alarm that cannot be delivered.


def kept(spool: Path) -> list[bytes]:
    """What is kept, in order."""
    return [path.read_bytes() for path in sorted(spool.iterdir()) if path.name[0].isdigit()]


def test_it_is_delivered_when_the_receiver_is_back(scripts: Path, spool: Path) -> None:
    """In order, once, and nothing else has to happen; nothing is left behind."""
    port = free_port()
    words = ("--spool", spool, f"http://127.0.0.1:{port}/")
    code, said = told(scripts / "webhook", *words)
    for notification in (OTHER, OKAY):
        told(scripts / "webhook", *words, notification=notification)
    assert code == 1
    assert "Connection refused.  Not taken: probe1" in said
    assert said.endswith("(It is kept, and tried again for a day.)\n")
    assert kept(spool) == [FAILURE, OTHER, OKAY]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in spool.iterdir() if path.name[0].isdigit()} == {0}
    with receiving(port) as server:
        server.wait(3)
        assert sorted(server.states) == ["shop-buying firing", "shop-buying resolved", "shop-stock firing"]
        assert server.states.index("shop-buying firing") < server.states.index("shop-buying resolved")
        assert told(scripts / "webhook", *words) == (0, "")
        assert kept(spool) == []
    assert len(server.taken) == 4


def test_one_that_is_never_taken_holds_up_its_own_series_only(scripts: Path, spool: Path) -> None:
    """A service that the receiver does not know, say."""
    with receiving(0, 404) as server:
        words = ("--spool", spool, server.url)
        assert told(scripts / "webhook", *words)[0] == 1
        told(scripts / "webhook", *words, notification=OTHER)
        server.wait(2)
    assert sorted(server.states) == ["shop-buying firing", "shop-stock firing"]


def test_three_that_are_never_taken_do_not_hold_up_the_others(scripts: Path, spool: Path) -> None:
    """Such as services that Icinga does not know: what is new comes first, then what was tried longest ago."""
    jobs = [f"job-{number}".encode() for number in range(6)]
    with receiving() as server:
        server.refused = {"job-0", "job-1", "job-2", "job-3"}
        for number, job in enumerate(jobs):
            (spool / f"{time.time_ns() + number:020d}-1").write_bytes(FAILURE.replace(b"shop-buying", job))
        flush(scripts, spool, server.url)
        flush(scripts, spool, server.url)
    assert server.states == ["job-4 firing", "job-5 firing"]
    assert [b"job-%d" % number in left for number, left in enumerate(kept(spool))] == [True] * 4


def flush(scripts: Path, spool: Path, url: str) -> tuple[int, str]:
    """What a timer does."""
    return told(scripts / "spooled", "--flush", spool, scripts / "webhook", url, notification=b"")


def test_after_a_day_it_is_given_up(scripts: Path, spool: Path) -> None:
    """And the log is told; what is younger waits."""
    old, young = time.time_ns() - 86_401 * 10**9, time.time_ns() - 86_000 * 10**9
    (spool / f"{old:020d}-1").write_bytes(FAILURE)
    (spool / f"{young:020d}-1").write_bytes(OTHER)
    code, said = flush(scripts, spool, f"http://127.0.0.1:{free_port()}/")
    assert (code, kept(spool)) == (1, [OTHER])
    given_up, waits = said.splitlines()
    assert given_up.startswith("spooled: given up: webhook: http://127.0.0.1:")
    assert given_up.endswith(': refused: I go to "/": http://h/ answered 503: Database gone'
                             " (/var/lib/collectd/inode/failures/7)")  # fmt: skip
    assert waits.endswith("(It is kept, and tried again for a day.)")
    with receiving() as server:
        assert flush(scripts, spool, server.url) == (0, "")
        assert flush(scripts, spool, server.url) == (0, "")
    assert server.states == ["shop-stock firing"]


def test_a_thousand_are_kept(scripts: Path, spool: Path) -> None:
    """The oldest go."""
    for number in range(1001):
        (spool / f"{time.time_ns():020d}-{number}").write_bytes(OTHER)
    code, said = told(scripts / "webhook", "--spool", spool, f"http://127.0.0.1:{free_port()}/")
    left = kept(spool)
    assert (code, len(left), left[-1]) == (1, 1000, FAILURE)
    assert said.count("given up: more than 1000 are kept") == 2


def test_a_clock_that_is_set_back_changes_no_order(scripts: Path, spool: Path) -> None:
    """An OKAY before its FAILURE would leave the alarm standing; other files in the folder are nobody's business."""
    (spool / f"{time.time_ns() + 3600 * 10**9:020d}-1").write_bytes(FAILURE)
    (spool / "1st notes").write_text("Anna's")
    with receiving() as server:
        assert told(scripts / "webhook", "--spool", spool, server.url, notification=OKAY) == (0, "")
        assert server.states == ["shop-buying firing", "shop-buying resolved"]
    assert (spool / "1st notes").read_text() == "Anna's"


def test_a_full_disk_loses_nothing_that_the_receiver_takes(scripts: Path, spool: Path) -> None:
    """What cannot be kept is tried once, behind what is kept."""
    (spool / f"{time.time_ns():020d}-1").write_bytes(FAILURE)
    full = ("-c", 'ulimit -f 0; exec "$@"', "sh", scripts / "webhook", "--spool", spool)
    with receiving() as server:
        code, said = told(Path("/bin/sh"), *full, server.url, notification=OKAY)
        assert (code, said) == (0, f"spooled: {spool}: File too large; what comes is tried once\n")
        assert server.states == ["shop-buying firing", "shop-buying resolved"]
    assert [path.name for path in spool.iterdir() if path.name != "lock"] == []


@pytest.mark.parametrize("mode", [0o755, 0o770, None], ids=str)
def test_a_folder_that_others_can_enter_is_not_used(scripts: Path, tmp_path: Path, mode: int | None) -> None:
    """Who writes there makes alarms.  What comes is tried once all the same."""
    folder = tmp_path / "spool"
    if mode is not None:
        folder.mkdir()
        folder.chmod(mode)
    with receiving() as server:
        code, said = told(scripts / "webhook", "--spool", folder, server.url)
        url = server.url
    assert (code, server.states) == (0, ["shop-buying firing"])
    why = "No such file or directory" if mode is None else " must be this user's alone: who writes there makes alarms"
    assert (
        re.sub(r"^spooled: \S+?:? ?(?=No| must)", "", said) == f"{why}; nothing can be kept: what comes is tried once\n"
    )
    code, said = told(scripts / "webhook", "--spool", folder, url)
    assert (code, "Connection refused.  Lost: probe1" in said) == (1, True)
    assert not folder.exists() or list(folder.iterdir()) == []


def test_many_at_once(scripts: Path, spool: Path) -> None:
    """Eight scripts beside each other: each notification arrives once."""
    with receiving(0, 500, 500) as server:
        runs = []
        for number in range(8):
            run = subprocess.Popen(
                [scripts / "webhook", "--spool", spool, server.url], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            assert run.stdin is not None
            run.stdin.write(FAILURE.replace(b"shop-buying", f"job-{number}".encode()))
            run.stdin.close()
            runs.append(run)
        for run in runs:
            run.wait(HUNG)
        server.wait(8)
        while kept(spool):
            flush(scripts, spool, server.url)
    assert sorted(server.states) == sorted(f"job-{number} firing" for number in range(8))


def test_icinga_s_and_nagios_scripts_are_kept_too(scripts: Path, spool: Path, tmp_path: Path) -> None:
    """By the same option; a script without spooled beside it goes on without it."""
    (tmp_path / "credentials").write_text("probe:s3cret\n")
    url = f"https://127.0.0.1:{free_port()}"
    code, said = told(scripts / "icinga2-api", "--spool", spool, url, tmp_path / "credentials")
    assert (code, "Not taken: probe1!scenario-shop-buying: refused" in said) == (1, True)
    assert kept(spool) == [FAILURE]
    pipe, other = tmp_path / "nagios.cmd", tmp_path / "other"
    other.mkdir(mode=0o700)
    code, said = told(scripts / "nagios-passive", "--spool", other, pipe)
    assert (code, "Not taken: scenario-shop-buying: refused" in said) == (1, True)
    os.mkfifo(pipe)
    with open(os.open(pipe, os.O_RDWR), encoding="utf-8") as reader:
        assert reader.readline().startswith("[1700000000] PROCESS_SERVICE_CHECK_RESULT;probe1;scenario-shop-buying;2;")
    (scripts / "spooled").unlink()
    for words in (("icinga2-api", url, tmp_path / "credentials"), ("nagios-passive", tmp_path / "none")):
        code, said = told(scripts / str(words[0]), "--spool", spool, *words[1:])
        assert (code, "spooled is missing: what cannot be delivered is lost\n" in said, "Lost: " in said) == (
            1,
            True,
            True,
        )
