"""What a tired person reads about a failed run.

With ``COLLECTD_INODE_GOLDEN=write`` in the environment the expected files are written anew, to be looked at.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from collectd_inode.browser.decoding import Body
from collectd_inode.browser.record import LONGEST_FORM, LONGEST_HEADERS, MOST_HOPS, Recorder
from collectd_inode.model import (
    Cause,
    Job,
    Observation,
    Phase,
    Place,
    PlannedStep,
    Status,
    StepResult,
    Trouble,
    Warning,
)
from collectd_inode.page.charset import UTF8, Encoding
from collectd_inode.page.forms import FormEntry, Upload, multipart, plain, urlencoded
from collectd_inode.page.headers import Headers
from collectd_inode.page.page import Page
from collectd_inode.scenario.evidence import written
from collectd_inode.secrets.redactor import Redactor
from collectd_inode.wire import Exchange
from tests.helpers.examples import job

GOLDEN = Path(__file__).parent / "evidence_golden"
NOON = 1_795_003_200.0
LOGIN = b"""<title>Log in</title><form method=post><input name=user><input type=password name=word></form>"""
WRONG = b"""<title>Log in</title><p>Wrong password for anna: open+sesame"""


def headers(*lines: str) -> Headers:
    pairs = (line.encode().partition(b": ") for line in lines)
    return Headers([(name, value) for name, _, value in pairs])


def hop(recorder: Recorder, method: str, url: str, *asked: str, sent: bytes | None = None, page: Page | None = None,
        status: int | None = None, answer: tuple[str, ...] = (), body: bytes | None = None, doing: str = "",
        **phases: float) -> None:  # fmt: skip
    """Let *recorder* see a request and what came of it."""
    recorder.asks(method, url, headers(*asked), sent, page)
    if status is not None:
        recorder.answers(status, headers(*answer))
    if body is not None:
        received = Body(url, "", 2**20)
        received.feed(body)
        recorder.receives(received, "text/html; charset=utf-8")
    spent = {Phase(name): seconds for name, seconds in phases.items()}
    size = len(body or b"")
    recorder.exchange(Exchange("www", spent, response_code=status, bytes=size, finished=body is not None, doing=doing))


def login() -> tuple[Observation, Recorder, Redactor]:
    """Somebody logs in with a password that changed, and is told so in a page."""
    redactor, recorder = Redactor(), Recorder()
    redactor.hide("password", "open sesame")
    agent = "user-agent: collectd_inode/1"
    planned = (
        PlannedStep('I am on "/login"', "on_login", Place("login.feature", 4), "Given"),
        PlannedStep(
            "I fill in:", "fill_in", Place("login.feature", 5), "When", ("| User | anna        |",), navigates=False
        ),
        PlannedStep('I press "Log in"', "press_log_in", Place("login.feature", 8), "And"),
        PlannedStep('I should see "Hello, anna"', "see_hello", Place("login.feature", 9), "Then", navigates=False),
        PlannedStep("I follow “Log out”", "log_out", Place("login.feature", 10), "When"),
        PlannedStep('I go to "/logout"', "go_to_logout", Place("login.feature", 11), "And", cleanup=True),
    )
    recorder.step = "on_login"
    hop(recorder, "GET", "http://www/login", "host: www", agent, status=200, body=LOGIN,
        answer=("content-type: text/html", "set-cookie: id=a1b2c3d4e5; Path=/; HttpOnly"),
        connect=0.00021, processing=0.0123, transfer=0.001)  # fmt: skip
    recorder.step = "press_log_in"
    page = Page("http://www/login", 200, {"content-type": "text/html"}, LOGIN)
    form = urlencoded(
        [FormEntry("user", "anna"), FormEntry("word", "open sesame"), FormEntry("note", "zwei\nZeilen ü")]
    )
    hop(recorder, "POST", "http://www/login", "host: www", agent, "referer: http://www/login",
        "content-type: application/x-www-form-urlencoded", "cookie: id=a1b2c3d4e5", sent=form, page=page, status=303,
        answer=("location: /login?wrong=1&user=anna", "content-length: 0"), body=b"", processing=0.08)  # fmt: skip
    hop(recorder, "GET", "http://www/login?wrong=1&user=anna", "host: www", agent, "cookie: id=a1b2c3d4e5",
        status=200, answer=("content-type: text/html; charset=utf-8",), body=WRONG, processing=1.5)  # fmt: skip
    recorder.step = "go_to_logout"
    hop(recorder, "GET", "http://www/logout", "host: www", agent, "x-magic: abracadabra",
        doing="waiting for the answer of www (192.0.2.7:80)", processing=2.0)  # fmt: skip
    trouble = Trouble(
        Status.FAILED, Cause.EXPECTATION,
        "text “Hello, anna” not found, on “Log in” at http://www/login?wrong=1&user=anna (status 200)",
        "Hello, anna", "Wrong password for anna: [password]",
    )  # fmt: skip
    late = Trouble(Status.FAILED, Cause.TIMEOUT, "not done after 2 s: still waiting for the answer of www")
    passed, failed = Status.PASSED, Status.FAILED
    outcome = [(passed, None, 0.01351), (passed, None, None), (passed, None, 1.58), (failed, trouble, None),
               (Status.SKIPPED, None, None), (failed, late, 2.0)]  # fmt: skip
    results = tuple(
        StepResult(p, status, why, seconds) for p, (status, why, seconds) in zip(planned, outcome, strict=True)
    )
    home = Job("scenario", "web", "web-log_in", "Anna can log in", "shop", steps=planned)
    told = (Warning("soft", "I should see “News”: text “News” not found"),)
    return Observation(home, Status.FAILED, NOON, 3.6, results, trouble, told), recorder, redactor


@pytest.mark.parametrize("name", ["reason.txt", "transcript.txt", "page.html"])
def test_what_is_written_about_a_run(name: str) -> None:
    """As it was looked at."""
    observation, recorder, redactor = login()
    content = written(observation, recorder, redactor, 2**20)[name]
    file = GOLDEN / name
    if os.environ.get("COLLECTD_INODE_GOLDEN") == "write":
        file.write_bytes(content)
    assert content.decode() == file.read_text()


def told(recorder: Recorder, *secrets: str, **more: object) -> list[str]:
    """The transcript's lines about what *recorder* saw, in a run of two steps."""
    redactor = Redactor()
    for number, secret in enumerate(secrets, 1):
        redactor.hide(f"secret{number}", secret)
    trouble = Trouble(Status.ERROR, Cause.ERROR, "a bug")
    home = job(None)
    steps = tuple(StepResult(s, Status.SKIPPED) for s in home.steps)
    observation = Observation(home, Status.ERROR, NOON, 1.0, steps, trouble, **more)  # type: ignore[arg-type]
    text = written(observation, recorder, redactor, 2**30)["transcript.txt"].decode()
    return [line.strip() for line in text.splitlines() if line.strip()]


ENTRIES = [
    FormEntry("a b", "1&2"),
    FormEntry("ключ", "open sésame"),
    FormEntry("file", Upload("x.txt", "text/plain", b"open s\xc3\xa9same")),
    FormEntry("password", "hunter2!"),
    FormEntry("empty", ""),
]
KOI8 = Encoding("KOI8-R")
BOUNDARY = "----collectd_inode0123456789"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


@pytest.mark.parametrize("encoding", [UTF8, KOI8], ids=lambda encoding: encoding.name)
@pytest.mark.parametrize(
    ("content_type", "serialise", "file"),
    [
        ("application/x-www-form-urlencoded", urlencoded, "x.txt"),
        ("text/plain", plain, "x.txt"),
        (MULTIPART, lambda entries, how: multipart(entries, how, BOUNDARY), "file “x.txt”, 12 bytes"),
    ],
    ids=["urlencoded", "plain", "multipart"],
)  # fmt: skip
def test_what_a_form_sent(content_type: str, serialise: object, file: str, encoding: Encoding) -> None:
    """A line an entry, in whichever way and encoding it went; a file's content is not repeated."""
    recorder = Recorder()
    page = Page("http://www/", 200, {"content-type": f"text/html; charset={encoding.name}"}, b"<form></form>")
    body = serialise(ENTRIES, encoding)  # type: ignore[operator]
    hop(recorder, "POST", "http://www/", f"content-type: {content_type}", sent=body, page=page)
    secret = "open s&#233;same" if encoding is KOI8 else "open sésame"
    lines = told(recorder, "open sésame")
    start = next(number for number, line in enumerate(lines) if "content-type" in line)
    assert secret not in "\n".join(lines)
    assert lines[start + 1 : start + 6] == [
        ">   a b = 1&2", ">   ключ = [secret1]", f">   file = {file}", ">   password = […]", ">   empty =",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content_type", "serialise"),
    [
        ("application/x-www-form-urlencoded", urlencoded),
        ("text/plain", plain),
        (MULTIPART, lambda entries, how: multipart(entries, how, BOUNDARY)),
    ],
    ids=["urlencoded", "plain", "multipart"],
)
def test_a_form_that_is_too_long(content_type: str, serialise: object) -> None:
    """The entry that is cut is left out whole: a piece of a secret would not be known for one."""
    recorder = Recorder()
    body = serialise([FormEntry("a", "1"), FormEntry("b", "x" * (LONGEST_FORM - 300) + "open sesame" * 100)], UTF8)  # type: ignore[operator]
    hop(recorder, "POST", "http://www/", f"content-type: {content_type}", sent=body)
    lines = told(recorder)
    start = next(number for number, line in enumerate(lines) if "content-type" in line)
    assert lines[start + 1 : start + 3] == [
        ">   a = 1",
        f">   (the rest of {len(body):,} bytes is not kept: the first 65,536 are)",
    ]
    assert "sesame" not in "\n".join(lines)


def test_a_body_of_another_type() -> None:
    """An operator's own step may send anything."""
    recorder = Recorder()
    hop(recorder, "POST", "http://www/", "content-type: application/json", sent=b'{"pin": 4711}')
    assert ">   (13 bytes of application/json, not shown)" in told(recorder)


def test_a_long_value_is_shown_by_its_beginning() -> None:
    """It is shortened after secrets were taken out of it."""
    recorder = Recorder()
    value = "x" * 998 + "open sesame" + "y" * 5000
    hop(recorder, "POST", "http://www/", "content-type: text/plain", sent=plain([FormEntry("a", value)], UTF8))
    assert f">   a = {'x' * 998}[s… (6,007 characters)" in told(recorder, "open sesame")


def test_only_the_last_requests_are_kept() -> None:
    """And only the last page."""
    recorder = Recorder()
    for number in range(MOST_HOPS + 50):
        hop(recorder, "GET", f"http://www/{number}", status=200, body=b"%d" % number)
    lines = told(recorder)
    assert "The first 50 requests are left out: the last 200 are kept." in lines
    assert [line for line in lines if "> GET" in line][:: MOST_HOPS - 1] == [
        "51  > GET http://www/50",
        "250  > GET http://www/249",
    ]
    found = recorder.received()
    assert found is not None
    assert (found.number, found.body, found.whole) == (250, b"249", True)


def test_headers_without_end() -> None:
    """What would not fit is counted; what fits behind it is kept."""
    recorder = Recorder()
    hop(recorder, "GET", "http://www/", "a: 1", status=200, answer=("a: 1", "b: " + "x" * LONGEST_HEADERS, "c: 3"))
    lines = told(recorder)
    start = lines.index("< 200 OK")
    assert lines[start + 1 : start + 4] == ["<   a: 1", "<   c: 3", "<   (1 more, too long to be kept)"]


@pytest.mark.parametrize(("status", "line"), [(200, "< 200 OK"), (299, "< 299"), (520, "< 520")])
def test_a_status(status: int, line: str) -> None:
    """With its words, if it has some."""
    recorder = Recorder()
    hop(recorder, "GET", "http://www/", status=status)
    assert line in told(recorder)


def test_a_secret_that_was_learned_late() -> None:
    """What a step remembers and hides is hidden in what was asked before it, too."""
    recorder = Recorder()
    hop(recorder, "GET", "http://www/?order=4711-0815", status=200, body=b"your order: 4711-0815")
    assert "1  > GET http://www/?order=[secret1]" in told(recorder, "4711-0815")


def test_a_traceback_of_an_operator_s_step() -> None:
    """At the end, line by line."""
    recorder = Recorder()
    hop(recorder, "GET", "http://www/")
    lines = told(recorder, "hunter2", traceback="Traceback:\n  File x\nValueError: hunter2\n")
    assert lines[-3:] == ["Traceback:", "File x", "ValueError: [secret1]"]


def test_no_answer_at_all() -> None:
    """What it was waiting for, and that there is no page."""
    recorder = Recorder()
    hop(recorder, "GET", "http://www/", doing="connecting to www (192.0.2.7:80)", resolve=0.5)
    lines = told(recorder)
    assert "page      none: no answer had a body to read" in lines
    assert lines[-4:-2] == ["< no answer: it broke off while connecting to www (192.0.2.7:80)", "resolve 500.0 ms"]
