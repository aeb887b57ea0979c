"""The demonstration's smarthost does what a small mail server does, as Python's own smtplib sees it."""

from __future__ import annotations

import smtplib
import ssl
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo.site import Outage
from demo.smarthost import NAME, PASSWORD, USER, Dialogue, Smarthost
from tests.helpers.examples import HUNG

NEVER, ALWAYS = Outage(0, 1, 0), Outage(1, 1, 0)
DAY = 86400


class ByName(smtplib.SMTP):
    """Knows the server by the name in its certificate, wherever it is connected to."""

    _host: str

    def __init__(self, port: int) -> None:
        super().__init__("127.0.0.1", port, local_hostname="leaf.example", timeout=HUNG)
        self._host = NAME


@contextmanager
def connected(smarthost: Smarthost) -> Iterator[smtplib.SMTP]:
    """A client after STARTTLS, which believes the demonstration's CA alone."""
    with ByName(smarthost.port) as client:
        client.starttls(context=ssl.create_default_context(cafile=str(smarthost.ca)))
        yield client


def test_it_takes_a_mail_after_starttls_and_the_right_password(tmp_path: Path) -> None:
    """The conversation of a mail server's client, up to the mail itself."""
    with Smarthost(tmp_path, refusal=NEVER) as smarthost, connected(smarthost) as client:
        assert client.login(USER, PASSWORD) == (235, b"2.7.0 welcome")
        assert client.mail("monitor@example.org") == (250, b"2.1.0 ok")
        assert client.rcpt("postmaster@example.net") == (250, b"2.1.5 ok")
        assert client.rset() == (250, b"2.0.0 ok")
        assert client.quit() == (221, b"2.0.0 bye")


def test_its_certificate_ends_in_five_days(tmp_path: Path) -> None:
    """It is good for the server's name, and about to end."""
    with Smarthost(tmp_path) as smarthost, connected(smarthost) as client:
        assert isinstance(client.sock, ssl.SSLSocket)
        shown = client.sock.getpeercert()
    assert shown is not None
    ends = shown["notAfter"]
    assert isinstance(ends, str)
    assert shown["subjectAltName"] == (("DNS", NAME),)
    assert int((ssl.cert_time_to_seconds(ends) - time.time()) / DAY) == 5


def test_its_key_is_its_owners_alone(tmp_path: Path) -> None:
    with Smarthost(tmp_path):
        assert stat.S_IMODE((tmp_path / "smarthost.pem").stat().st_mode) == 0o600


def test_for_a_while_it_refuses_the_right_password(tmp_path: Path) -> None:
    """535, and the conversation goes on."""
    with Smarthost(tmp_path, refusal=ALWAYS) as smarthost, connected(smarthost) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            client.login(USER, PASSWORD)
        assert refused.value.smtp_code == 535
        assert client.mail("monitor@example.org") == (530, b"5.7.0 authentication required")
        assert client.quit() == (221, b"2.0.0 bye")


CONVERSATION = (
    ("EHLO leaf", "250-smarthost.example", "250 STARTTLS"),
    ("AUTH PLAIN AGxlYWYAeA==", "500 5.5.1 command not recognised"),
    ("MAIL FROM:<a@example.org>", "530 5.7.0 authentication required"),
    ("starttls", "220 2.0.0 ready to start TLS"),
    ("VRFY root", "500 5.5.1 command not recognised"),
    ("QUIT", "221 2.0.0 bye"),
)


def test_without_tls_it_asks_for_it() -> None:
    """No login in the clear, no mail without a login, whatever the case of a command."""
    dialogue = Dialogue()
    said = [(line, *dialogue.reply(line, refusing=False)) for line, *_ in CONVERSATION]
    assert (dialogue.greeting(), said) == ("220 smarthost.example ESMTP", list(CONVERSATION))


def test_with_tls_a_wrong_password_is_refused() -> None:
    dialogue = Dialogue()
    dialogue.secure = True
    said = [*dialogue.reply("EHLO leaf", refusing=False), *dialogue.reply("AUTH PLAIN AGxlYWYAeA==", refusing=False)]
    assert said == ["250-smarthost.example", "250 AUTH PLAIN", "535 5.7.8 authentication failed"]
