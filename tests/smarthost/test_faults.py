"""Every fault that was seen to happen: its cause, its step, its class in words, in time, and no password anywhere."""

from __future__ import annotations

import io
import os
import queue
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from docutils import nodes
from docutils.core import publish_doctree

from collectd_inode.keys import Loaded
from collectd_inode.model import Job, Observation, Status
from collectd_inode.reload import JobSource
from collectd_inode.runner import Runner
from collectd_inode.smarthost.dialogue import SmtpStep
from collectd_inode.wire import Clock
from collectd_inode.wire.stamps import SLACK_SECONDS
from tests.helpers.certificates import HOST
from tests.helpers.examples import HUNG
from tests.helpers.places import ROOT
from tests.helpers.smtp_faults import FAULTS, serving
from tests.helpers.watching import RECIPIENT, SECRETS, SENDER, job, password_file, watched

DEADLINE = 0.1
"""For what hangs, from when it does; the rest has all the time it wants."""
MOST_KIB = 5 * 1024
"""By so much memory may grow."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a fault.  ``implicit_step``: where it shows with TLS on connect, if that is elsewhere."""

    cause: str
    step: str
    message: str
    warnings: tuple[tuple[str, str], ...] = ()
    logins: int = 0
    implicit_step: str = ""


def passed(*warnings: tuple[str, str]) -> Verdict:
    return Verdict("none", "", "", warnings, logins=1)


def timeout(step: str, *, logins: int = 0) -> Verdict:
    return Verdict("timeout", step, f"not done after {DEADLINE:g} s", logins=logins)


def at_auth(cause: str, message: str) -> Verdict:
    return Verdict(cause, "auth", message, logins=1)


def relaying(step: str, cause: str, message: str) -> Verdict:
    return Verdict(cause, step, message, logins=1)


CLEAR_AUTH = ("auth_before_tls", "AUTH is offered before TLS (PLAIN LOGIN): others may send their passwords in clear")
HANDSHAKE = f"{HOST}: TLS handshake failed:"
OLD_TLS = (
    "protocol: the server supports no TLS version that is allowed here (MinimumTLS 1.2): "
    f"{HANDSHAKE} the peer sent the TLS alert “protocol version”"
)
NOT_AGREED = (
    "handshake refused: no cipher in common, or the server requires a client certificate that it trusts (ClientCert): "
    f"{HANDSHAKE} the peer sent the TLS alert “handshake failure”"
)
WITHHELD = "STARTTLS is not offered (or an on-path attacker removes it): credentials withheld"


VERDICTS: Mapping[str, Verdict] = {
    "nothing": passed(),
    "connection refused": Verdict("connect", "connect", "127.0.0.1:PORT: connection refused"),
    "filtered": timeout("connect"),
    "banner 3 s late": passed(),
    "banner never": timeout("banner"),
    "banner 421": Verdict(
        "refused", "banner", "the banner: the server closes the connection: 421 4.3.2 Too many connections"
    ),
    "banner 554": Verdict("refused", "banner", "the banner: refused: 554 5.7.1 No SMTP service here"),
    "banner binary": Verdict("protocol", "banner", r"not SMTP: the server says “J\x00\x00\x00”"),
    "banner HTTP": Verdict("protocol", "banner", "not SMTP: the server says “HTTP/1.1 400 Bad Request”"),
    "banner a line of 200 kB": Verdict("protocol", "banner", "oversize: a line of more than 4096 bytes"),
    "banner endless": Verdict("protocol", "banner", "oversize: a line of more than 4096 bytes"),
    "banner multi-line": passed(),
    "banner LF only": passed(
        ("bare_lf", "the server ends lines with LF alone, not with CR and LF (RFC 5321 section 2.3.8)")
    ),
    "closed before banner": Verdict(
        "protocol", "banner", "closed: expected a banner, the server closed the connection"
    ),
    "EHLO 500": Verdict(
        "refused",
        "ehlo",
        "EHLO: the server, or a firewall before it, knows no EHLO: 500 5.5.1 Command unrecognized",
    ),
    "EHLO 421": Verdict("refused", "ehlo", "EHLO: the server closes the connection: 421 4.3.2 Shutting down"),
    "EHLO endless 250-": Verdict("protocol", "ehlo", "oversize: a reply of more than 64 KiB"),
    "EHLO 1 byte per 0.4 s": timeout("ehlo"),
    "EHLO never answered": timeout("ehlo"),
    "EHLO closed": Verdict("protocol", "ehlo", "closed: expected an answer to EHLO, the server closed the connection"),
    "EHLO mixed reply codes": Verdict("protocol", "ehlo", "mixed reply codes: 250 and 220 in one reply"),
    "STARTTLS stripped": Verdict("tls", "starttls", WITHHELD),
    "STARTTLS stripped, AUTH in clear": Verdict("tls", "starttls", WITHHELD, (CLEAR_AUTH,)),
    "STARTTLS in lower case": passed(
        ("starttls_lower_case", "STARTTLS is offered as “starttls”, which Exim does not recognise")
    ),
    "STARTTLS 454": Verdict(
        "refused", "starttls", "STARTTLS: refused for now (temporary): 454 4.7.0 TLS not available"
    ),
    "STARTTLS 500": Verdict("refused", "starttls", "STARTTLS: refused: 500 5.5.1 Command unrecognized"),
    "STARTTLS with plaintext injected": Verdict(
        "protocol",
        "starttls",
        "injection: clear text after the 220 of STARTTLS, which would be trusted as if it came by TLS:"
        r" “250 AUTH PLAIN LOGIN\r\n”",
    ),
    "AUTH offered before TLS": passed(CLEAR_AUTH),
    "TLS alert": Verdict("tls", "tls", f"{HANDSHAKE} the peer sent the TLS alert “internal error”"),
    "TLS garbage": Verdict("tls", "tls", f"{HANDSHAKE} the answer is not TLS, or was changed on the way"),
    "TLS dropped": Verdict("tls", "tls", f"{HANDSHAKE} the peer closed the connection"),
    "TLS hangs": timeout("tls"),
    "TLS 1.0 only": Verdict("tls", "tls", OLD_TLS),
    "TLS 1.1 only": Verdict("tls", "tls", OLD_TLS),
    "TLS 1.2, CBC-SHA only": Verdict("tls", "tls", NOT_AGREED),
    "client certificate wanted, TLS 1.2": Verdict("tls", "tls", NOT_AGREED),
    "client certificate wanted, TLS 1.3": Verdict(
        "tls",
        "ehlo_tls",
        "client certificate: the server requires one that it trusts (ClientCert): "
        "127.0.0.1: the peer sent the TLS alert “certificate required”",
        implicit_step="banner",
    ),
    "AUTH not offered": Verdict(
        "credentials",
        "auth",
        "no common mechanism: the server offers no AUTH; supported: PLAIN, LOGIN, CRAM-MD5",
    ),
    "AUTH GSSAPI only": Verdict(
        "credentials",
        "auth",
        "no common mechanism: the server offers GSSAPI; supported: PLAIN, LOGIN, CRAM-MD5",
    ),
    "AUTH PLAIN only": passed(),
    "AUTH LOGIN only": passed(),
    "AUTH CRAM-MD5 only": passed(),
    "AUTH 535": at_auth("credentials", "AUTH PLAIN: wrong user or password: 535 5.7.8 Incorrect authentication data"),
    "AUTH 454": at_auth("refused", "AUTH PLAIN: temporary fault: 454 4.7.0 Temporary authentication failure"),
    "AUTH 534": at_auth(
        "refused",
        "AUTH PLAIN: policy: this mechanism is too weak for the account: "
        "534 5.7.9 Authentication mechanism is too weak",
    ),
    "AUTH 538": at_auth(
        "refused", "AUTH PLAIN: policy: this mechanism requires encryption: 538 5.7.11 Encryption required"
    ),
    "AUTH 421": at_auth("refused", "AUTH PLAIN: the server closes the connection: 421 4.7.0 Too many errors"),
    "AUTH dropped": at_auth("protocol", "closed: expected an answer to AUTH, the server closed the connection"),
    "AUTH hangs": timeout("auth", logins=1),
    "MAIL 530": relaying("mail", "refused", f"MAIL FROM:<{SENDER}>: refused: 530 5.7.0 Authentication required"),
    "MAIL 550": relaying("mail", "refused", f"MAIL FROM:<{SENDER}>: refused: 550 5.7.1 Sender rejected"),
    "RCPT 550": relaying("rcpt", "refused", f"RCPT TO:<{RECIPIENT}>: refused: 550 5.7.1 Relaying denied"),
    "RCPT 451": relaying(
        "rcpt", "refused", f"RCPT TO:<{RECIPIENT}>: greylisted: 451 4.7.1 Greylisted, please try again later"
    ),
    "RCPT 452": relaying("rcpt", "refused", f"RCPT TO:<{RECIPIENT}>: full: 452 4.3.1 Insufficient system storage"),
    "relays without AUTH": relaying(
        "relay",
        "expectation",
        f"relay open to strangers: without AUTH, mail from <{SENDER}> to <{RECIPIENT}> is taken: 250 2.1.5 ok"
        " (if that address is the server's own, set Recipient to one elsewhere)",
    ),
    "QUIT dropped": passed(("quit", "QUIT: closed: expected an answer to QUIT, the server closed the connection")),
    "QUIT hangs": passed(("quit", "QUIT: no answer within 2.0 s")),
    "QUIT 500": passed(("quit", "QUIT: refused: 500 5.5.1 Command unrecognized")),
}
"""Of every fault but those of certificates, which have a table of their own."""

BOTH_WAYS = [
    pytest.param(name, implicit, id=f"{name}, {'implicit' if implicit else 'starttls'}")
    for name in VERDICTS
    for implicit in ((False, True) if FAULTS[name].implicit else (False,))
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the servers' certificates and the password file."""
    return tmp_path_factory.mktemp("faults")


def test_every_fault_has_its_verdict() -> None:
    """Here or with the certificates; and who passes is sound."""
    assert [name for name in FAULTS if not name.startswith("certificate ")] == list(VERDICTS)
    sound = {name for name, fault in FAULTS.items() if fault.sound and name in VERDICTS}
    assert {name for name, said in VERDICTS.items() if said.cause == "none"} == sound


@pytest.mark.parametrize(("name", "implicit"), BOTH_WAYS)
def test_a_fault_has_its_cause_its_step_and_its_class(folder: Path, name: str, implicit: bool) -> None:
    """In words and in time; what comes after it is skipped; one login at most, and none in clear."""
    expected = VERDICTS[name]
    if expected.cause == "timeout":
        run = watched(name, folder, implicit=implicit, timeout=DEADLINE, late=expected.step)
    else:
        run = watched(name, folder, implicit=implicit)

    cause, step, message = run.verdict
    if name == "connection refused":
        message = f"127.0.0.1:PORT:{message.split(':', 2)[2]}"
    bad = (implicit and expected.implicit_step) or expected.step
    assert (cause, step, message) == (expected.cause, bad, expected.message)
    assert run.warnings == expected.warnings
    assert statuses(run.observation) == as_far_as(bad, run.observation.job)
    assert run.logins == expected.logins
    assert "AUTH, in clear" not in run.said
    assert [secret for secret in SECRETS if secret in run.told] == []


def statuses(observation: Observation) -> list[Status]:
    return [step.status for step in observation.steps]


def as_far_as(bad: str, job: Job) -> list[Status]:
    """All passed; or up to the one that is bad, the rest skipped."""
    series = [step.series for step in job.steps]
    good = series.index(bad) if bad else len(series)
    skipped = len(series) - good - 1
    return [Status.PASSED] * good + ([Status.FAILED] + [Status.SKIPPED] * skipped if bad else [])


def test_a_late_banner_is_the_banners_latency(folder: Path) -> None:
    """3 s at the pace of 0.1; it is in no other step's."""
    run = watched("banner 3 s late", folder).observation
    seconds = {step.series: step.seconds or 0.0 for step in run.steps}
    assert seconds[SmtpStep.BANNER] >= 0.3
    assert sum(seconds.values()) <= run.elapsed + len(seconds) * SLACK_SECONDS


ENDLESS = {
    "banner a line of 200 kB": "protocol",
    "banner endless": "protocol",
    "EHLO endless 250-": "protocol",
    "EHLO 1 byte per 0.4 s": "timeout",
}


def test_what_is_endless_takes_no_memory(folder: Path) -> None:
    """In a process of its own, which has made a good run before; less than 5 MiB each, below TLS too."""
    servers = [(name, tls) for name in ("nothing", *ENDLESS) for tls in (False, True)]
    with ExitStack() as stack:
        running = [stack.enter_context(serving(name, folder, implicit=tls, pace=0.01)) for name, tls in servers]
        asked = [
            f"{'implicit' if one.implicit else 'starttls'}:{one.port}:{1 if ENDLESS.get(name) == 'timeout' else HUNG}"
            f":{one.ca}"
            for (name, _), one in zip(servers, running, strict=True)
        ]
        done = subprocess.run(
            [sys.executable, "-m", "tests.helpers.watching", str(password_file(folder)), *asked],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True, text=True, timeout=HUNG, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    seen = [line.split() for line in done.stdout.splitlines()]
    assert [cause for cause, _ in seen] == [{"nothing": "none", **ENDLESS}[name] for name, _ in servers]
    assert max(int(grown) for _, grown in seen[2:]) < MOST_KIB


# Neighbours.

HANGING = ("filtered", "banner never", "EHLO never answered", "TLS hangs", "AUTH hangs")
GOOD = 15
SLOTS = 3
INTERVAL = 10 * HUNG


class Ahead(Clock):
    """The machine's clock, set ahead by hand."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


@pytest.fixture
def twenty(folder: Path) -> Iterator[tuple[Job, ...]]:
    """Twenty smarthosts; the first five hang, each at another step."""
    names = (*HANGING, *["nothing"] * GOOD)
    with ExitStack() as stack:
        running = [stack.enter_context(serving(name, folder)) for name in names]
        password = password_file(folder)
        yield tuple(
            job(server.port, server.ca, password, name=f"relay {number}", interval=INTERVAL)
            for number, server in enumerate(running)
        )


def test_five_that_hang_hold_up_none_of_the_others(twenty: tuple[Job, ...]) -> None:
    """As the daemon runs them: each of the others at every one of its slots, and well, while those five hang."""
    delivered: queue.Queue[tuple[str, str, float]] = queue.Queue()
    clock = Ahead()

    def deliver(run: Observation, slot: float | None) -> None:
        assert slot is not None
        delivered.put((run.job.name, run.cause.word, slot))

    runner = Runner([JobSource(lambda: Loaded(twenty))], deliver, clock=clock)
    runner.start()
    rounds = []
    try:
        for _ in range(SLOTS):
            clock.ahead += INTERVAL
            rounds.append(sorted(delivered.get(timeout=HUNG) for _ in range(GOOD)))
    finally:
        runner.stop()

    good = sorted(one.name for one in twenty[len(HANGING) :])
    assert [[(name, cause) for name, cause, _ in found] for found in rounds] == [[(n, "none") for n in good]] * SLOTS
    for earlier, later in pairwise(rounds):
        assert [round(b[2] - a[2]) for a, b in zip(earlier, later, strict=True)] == [INTERVAL] * GOOD


# The page that compares us with others.

PAGE = ROOT / "docs" / "explanation" / "smarthost-faults.rst"


def test_the_page_has_every_fault_and_our_verdicts() -> None:
    """Its table has the rows of `FAULTS`, and says of ours what the tests say: ok or caught, and the cause."""
    complaints = io.StringIO()
    settings = {"warning_stream": complaints, "report_level": 1, "_disable_config": True}
    page = publish_doctree(PAGE.read_text(encoding="utf-8"), settings_overrides=settings)
    assert complaints.getvalue() == ""
    body = next(next(page.findall(nodes.table)).findall(nodes.tbody))
    rows = [[entry.astext() for entry in row.findall(nodes.entry)] for row in body.findall(nodes.row)]
    assert [row[0] for row in rows] == [f"{name}{' (sound)' if fault.sound else ''}" for name, fault in FAULTS.items()]
    ours = {name: row[1].split() for name, row in zip(FAULTS, rows, strict=True)}
    for name, verdict in VERDICTS.items():
        said = ours[name][0] if verdict.cause == "none" else f"{ours[name][0]}: {ours[name][-1]}"
        assert said == ("ok" if verdict.cause == "none" else f"caught: {verdict.cause}"), name
