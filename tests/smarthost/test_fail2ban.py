"""What a check leaves in the log of a real Exim and Postfix, and which of it Debian's fail2ban would count."""

from __future__ import annotations

import configparser
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import trustme

from collectd_inode.keys import BlockSettings
from collectd_inode.model import Job
from collectd_inode.observing import observe
from collectd_inode.smarthost.jobs import load
from collectd_inode.smarthost.settings import Settings
from collectd_inode.wire import workers
from collectd_inode.wire.clock import Handle
from demo import unpacked
from tests.helpers import exim, postfix
from tests.helpers.collectd_process import open_folder
from tests.helpers.examples import HUNG, PatientClock, observe_patiently
from tests.helpers.fail2ban import matched, release
from tests.helpers.stores import wait

SLOW = "slow.test"
"""Who calls himself so gets no answer to EHLO for a second."""
RELAYING = {"sender": "monitor@example.org", "recipient": "someone@example.net"}


class Over(PatientClock):
    """Whose time is over as soon as there is what it is to strike."""

    def call_later(self, seconds: float, call: Callable[[], None]) -> Handle:
        return super().call_later(0.0, call)


def password(folder: Path, name: str) -> str:
    """A file with the password *name*."""
    file = folder / name
    file.touch(0o600)
    file.write_text(f"{name}\n", encoding="utf-8")
    return str(file)


def job(folder: Path, port: int, **more: Any) -> Job:
    """A check of the server at *port* that logs in with the right password, unless *more* says otherwise."""
    wanted: dict[str, Any] = {
        "server": "127.0.0.1",
        "port": port,
        "ca_cert": str(folder / "ca.pem"),
        "server_name": "localhost",
        "user": "leaf",
        "password_file": str(folder / "s3cret"),
        "helo_name": "leaf.test",
        **more,
    }
    found = load("relay", Settings(**wanted), BlockSettings(interval=60.0, timeout=HUNG))
    assert found.problems == ()
    return found.jobs[0]


def watched(folder: Path, port: int) -> list[str]:
    """The causes of seven checks: three good ones, two that we break off, a wrong password, one without a mechanism."""
    jobs = (
        job(folder, port),
        job(folder, port, **RELAYING),
        job(folder, port, user=None, password_file=None),
        job(folder, port, ca_cert=str(folder / "other.pem")),
        job(folder, port, password_file=password(folder, "wrong")),
        job(folder, port, mechanism="SCRAM-SHA-256"),
    )
    late = job(folder, port, helo_name=SLOW)
    causes = [workers.run(observe(one)).cause.word for one in jobs]
    seen = workers.run(observe_patiently(late, step="ehlo", clock=Over()))
    return [*causes, seen.cause.word]


CAUSES = ["none", "none", "none", "certificate", "credentials", "credentials", "timeout"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a certificate, its CA, and another CA."""
    with open_folder() as place:
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost", "127.0.0.1")
        certificate.private_key_and_cert_chain_pem.write_to_path(str(place / "server.pem"))
        authority.cert_pem.write_to_path(str(place / "ca.pem"))
        trustme.CA().cert_pem.write_to_path(str(place / "other.pem"))
        password(place, "s3cret")
        yield place


def without_times(found: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The lines without what differs from run to run, in order of the alphabet."""
    varying = r"^.*?(?=\w+ auth|no MAIL|smtpd)|\[\d+\]|(D|X|CV)=\S+ |H=(?=\()"
    return {name: tuple(sorted(re.sub(varying, "", line) for line in lines)) for name, lines in found.items()}


REFUSED = "plain authenticator failed for (leaf.test) [127.0.0.1]: 535 Incorrect authentication data (set_id=leaf)"
BROKEN_OFF = (
    "no MAIL in SMTP connection from (leaf.test) [127.0.0.1] C=EHLO,STARTTLS",
    f"no MAIL in SMTP connection from ({SLOW}) [127.0.0.1] C=EHLO",
)
LEFT_WITHOUT_MAIL = (
    "no MAIL in SMTP connection from (leaf.test) [127.0.0.1] A=plain:leaf C=EHLO,STARTTLS,EHLO,AUTH,QUIT",
    "no MAIL in SMTP connection from (leaf.test) [127.0.0.1] C=EHLO,STARTTLS,EHLO,AUTH,QUIT",
    "no MAIL in SMTP connection from (leaf.test) [127.0.0.1] C=EHLO,STARTTLS,EHLO,QUIT",
    "no MAIL in SMTP connection from (leaf.test) [127.0.0.1] C=EHLO,STARTTLS,EHLO,QUIT",
)
"""Of a check that passes, of a wrong password, without a log-in, without a mechanism."""


WITHOUT_MAIL = (*BROKEN_OFF, *LEFT_WITHOUT_MAIL)
COUNTED: Mapping[tuple[int, ...], tuple[tuple[str, ...], tuple[str, ...]]] = {
    (1, 0): (BROKEN_OFF, BROKEN_OFF),
    (1, 1, 0): (WITHOUT_MAIL, WITHOUT_MAIL),
    (1, 1, 1): ((), WITHOUT_MAIL),
}
"""From which release on which lines about missing mails count: by default, and in the mode aggressive."""


@pytest.mark.parametrize("logs", ["+smtp_connection", "+smtp_connection +smtp_no_mail"])
def test_exim(folder: Path, logs: str) -> None:
    """A wrong password counts, once; where Exim logs who sends no mail, what we break off may count, or any check."""
    pem = str(folder / "server.pem")
    slow = f"acl_smtp_helo = ${{if eq{{$sender_helo_name}}{{{SLOW}}}{{accept delay = 1s}}{{accept}}}}\n"
    with exim.smarthost(folder, password="s3cret", certificate=pem, main=slow, logs=logs) as server:
        assert watched(folder, server.port) == CAUSES
        ends = r"SMTP connection from .* (closed|lost|dropped)|TLS error"
        wait(lambda: len(re.findall(ends, server.log())) >= len(CAUSES), server.log)
        log = server.folder / "log" / "main"
        counted = COUNTED[max(since for since in COUNTED if since <= release())] if "no_mail" in logs else ((), ())
        assert without_times(matched(log, "exim", "exim[mode=aggressive]")) == {
            "exim": tuple(sorted((*counted[0], REFUSED))),
            "exim[mode=aggressive]": tuple(sorted((*counted[1], REFUSED))),
        }


WRONG = "smtpd: warning: unknown[127.0.0.1]: SASL PLAIN authentication failed: (reason unavailable), sasl_username=leaf"
LEFT = "smtpd: disconnect from unknown[127.0.0.1] ehlo=2 starttls=1 auth=0/1 quit=1 commands=4/5"
LOST = "smtpd: lost connection after STARTTLS from unknown[127.0.0.1]"
LATE = "smtpd: lost connection after EHLO from unknown[127.0.0.1]"


@pytest.mark.slow
def test_postfix(folder: Path) -> None:
    """A wrong password counts where log-ins are looked at; in two modes that nobody has by default, more does."""
    with postfix.smarthost(folder, folder / "server.pem", "leaf", "s3cret", slow=SLOW) as server:
        assert watched(folder, server.port) == CAUSES
        wait(lambda: len(re.findall("disconnect from", server.log())) >= len(CAUSES), server.log)
        modes = ("normal", "more", "rbl", "errors", "auth", "extra", "ddos", "aggressive")
        assert without_times(matched(server.log_file, *(f"postfix[mode={mode}]" for mode in modes))) == {
            "postfix[mode=auth]": (WRONG,),
            "postfix[mode=extra]": (WRONG,),
            "postfix[mode=ddos]": (LEFT, LATE, LOST),
            "postfix[mode=aggressive]": (LEFT, LATE, LOST, WRONG),
        }


def test_a_wrong_password_bans_nobody() -> None:
    """By fail2ban's defaults and ours: one attempt in its ten minutes, and it wants five."""
    jails = configparser.ConfigParser(interpolation=None)
    jails.read(unpacked.TOOLS / "fail2ban" / "etc" / "fail2ban" / "jail.conf")
    assert {name: jails["DEFAULT"][name] for name in ("maxretry", "findtime", "bantime")} == {
        "maxretry": "5", "findtime": "10m", "bantime": "10m",
    }  # fmt: skip
    assert (Settings().auth_hold_off, jails["postfix"]["mode"]) == (3600.0, "more")
