"""From a ``<Smarthost>`` block to its job: keys, defaults, contradictions, and what is found before the first run."""

from __future__ import annotations

import asyncio
import smtplib
from pathlib import Path
from typing import Any

import pytest

from collectd_inode.cli.configured import read
from collectd_inode.keys import COMMON_KEYS, BlockSettings, Loaded, filled, keys_of, read_block
from collectd_inode.model import Cause, Status, unable
from collectd_inode.observing import observe
from collectd_inode.oconfig import Node, Scalar
from collectd_inode.smarthost.jobs import load
from collectd_inode.smarthost.settings import Settings
from collectd_inode.state import State
from tests.helpers.certificates import Kind, make


def block(**keys: Scalar) -> tuple[Settings, list[str]]:
    """What comes of a block with these keys, and the mistakes in it."""
    node = Node("Smarthost", ("relay",), tuple(Node(key, (value,)) for key, value in keys.items()))
    values, problems = read_block('<Smarthost "relay">', node, (*COMMON_KEYS, *keys_of(Settings)))
    return filled(Settings(), values), [str(problem) for problem in problems]


def loaded(**more: Any) -> Loaded:
    return load("relay", Settings(**{"server": "127.0.0.1", **more}), BlockSettings())


def test_a_whole_block(tmp_path: Path) -> None:
    """Every key of DESIGN section 6."""
    ca = make(Kind.GOOD, tmp_path).ca
    assert block(
        Server="smarthost.tld", Port=2587.0, TLS="STARTTLS", CACert=str(ca), ServerName="mx.tld", MinimumTLS="1.3",
        ClientCert=str(ca), ClientKey=str(ca), User="leaf", PasswordFile="/p", Mechanism="cram-md5",
        HeloName="leaf.tld", Sender="a@leaf.tld", Recipient="b@example.org", RefusedWithoutAuth=True,
        ExpiryWarning=30.0, AuthHoldOff=60.0, SourceAddress="192.0.2.7",
    ) == (
        Settings(
            server="smarthost.tld", port=2587, tls="starttls", ca_cert=str(ca), server_name="mx.tld",
            minimum_tls="1.3", client_cert=str(ca), client_key=str(ca), user="leaf", password_file="/p",
            mechanism="CRAM-MD5", helo_name="leaf.tld", sender="a@leaf.tld", recipient="b@example.org",
            refused_without_auth=True, expiry_warning=30.0, auth_hold_off=60.0, source_address="192.0.2.7",
        ),
        [],
    )  # fmt: skip


def test_what_a_block_need_not_say() -> None:
    """The ports are those of RFC 6409 and RFC 8314; the certificate is for the server."""
    plain, _ = block(Server="smarthost.tld")
    assert plain == Settings(server="smarthost.tld")
    assert (plain.to_port, plain.certified_name, plain.expiry_warning, plain.auth_hold_off) == (
        587, "smarthost.tld", 14.0, 3600.0,
    )  # fmt: skip
    assert block(Server="smarthost.tld", TLS="implicit")[0].to_port == 465


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("Server", "smarthost.tld:587", 'a host name or an address such as "smarthost.example.org", without a port'),
        ("Server", "192.0.2.7:587", 'a host name or an address such as "smarthost.example.org", without a port'),
        ("Server", "[2001:db8::7]:587", 'a host name or an address such as "smarthost.example.org", without a port'),
        ("Server", "smtp://relay.tld", 'a host name or an address such as "smarthost.example.org", without a port'),
        ("Port", 70000.0, "a port, 1 to 65535"),
        ("Port", 0.0, "a port, 1 to 65535"),
        ("TLS", "none", "starttls or implicit"),
        ("Mechanism", "NTLM", "plain, login, cram-md5, scram-sha-256, xoauth2 or oauthbearer"),
        ("MinimumTLS", "1.4", "1.0, 1.1, 1.2 or 1.3"),
        (
            "HeloName",
            "my host",
            'a host name such as "leaf.example.org", or an address in brackets such as "[192.0.2.7]"',
        ),
        ("Sender", "<a@b>", 'a mail address such as "monitor@example.org", in ASCII'),
        ("Recipient", "a@b\r\nDATA", 'a mail address such as "monitor@example.org", in ASCII'),
        ("ExpiryWarning", -1.0, "a number of days, 0 or more"),
        ("AuthHoldOff", "an hour", "a number of seconds, 0 or more"),
        ("SourceAddress", "eth0", 'an IP address such as "192.0.2.7"'),
    ],
)  # fmt: skip
def test_a_value_that_will_not_do(key: str, value: Scalar, expected: str) -> None:
    """Said with what would have been."""
    _, problems = block(**{key: value})
    assert [problem.rpartition(": expected ")[2] for problem in problems] == [expected]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"server": ""}, 'expected a Server "smarthost.example.org"'),
        ({"user": "leaf"}, "User: expected a PasswordFile beside it"),
        ({"mechanism": "PLAIN"}, "Mechanism: expected a PasswordFile beside it"),
        ({"sender": "a@b"}, "expected Sender and Recipient together"),
        ({"recipient": "a@b"}, "expected Sender and Recipient together"),
        (
            {"refused_without_auth": True, "sender": "a@b", "recipient": "a@b"},
            "RefusedWithoutAuth: expected PasswordFile, Sender and Recipient beside it",
        ),
    ],
)
def test_keys_that_contradict_each_other(more: dict[str, Any], problem: str) -> None:
    """The job says so every interval."""
    found = loaded(**more)
    assert [str(p) for p in found.problems] == [f'<Smarthost "relay">: {problem}']
    (job,) = found.jobs
    observation = unable(job, 0.0)
    assert (observation.status, observation.cause, observation.message) == (
        Status.ERROR, Cause.CONFIGURATION, problem,
    )  # fmt: skip


def test_the_steps_a_job_announces(tmp_path: Path) -> None:
    """Their names for people and for series; an address has no lookup to be timed, nor has the strangers' check."""
    password = tmp_path / "password"
    password.write_text("secret\n")
    password.chmod(0o600)
    asked = {"sender": "a@b.tld", "recipient": "c@d.tld", "refused_without_auth": True, "helo_name": "leaf.tld"}
    (job,) = loaded(user="leaf", password_file=str(password), **asked).jobs

    assert [(step.name, step.series, step.navigates) for step in job.steps] == [
        ("resolve 127.0.0.1", "resolve", False),
        ("connect to port 587", "connect", True),
        ("banner", "banner", True),
        ("EHLO leaf.tld", "ehlo", True),
        ("STARTTLS", "starttls", True),
        ("TLS as 127.0.0.1", "tls", True),
        ("EHLO leaf.tld, encrypted", "ehlo_tls", True),
        ("AUTH", "auth", True),
        ("MAIL FROM:<a@b.tld>", "mail", True),
        ("RCPT TO:<c@d.tld>", "rcpt", True),
        ("QUIT", "quit", True),
        ("relays for no stranger", "relay", False),
    ]
    assert (job.kind, job.name, job.instance) == ("smarthost", "relay", "relay")


def test_a_job_without_a_name_is_called_after_its_server() -> None:
    """On the command line."""
    (job,) = load(None, Settings(server="smarthost.tld"), BlockSettings()).jobs
    assert (job.name, job.instance) == ("smarthost.tld", "smarthost_tld")


def test_a_missing_password_is_found_at_once_and_said_by_every_run(tmp_path: Path) -> None:
    """The job keeps its probe: when the file is there, it runs."""
    path = str(tmp_path / "nowhere")
    found = loaded(user="leaf", password_file=path)
    assert [str(p) for p in found.problems] == [f'<Smarthost "relay">: {path}: No such file or directory']
    assert (found.jobs[0].trouble, found.jobs[0].probe is not None) == (None, True)
    assert found.sources == (path,)


def test_a_ca_store_that_will_not_do_keeps_the_job_from_running(tmp_path: Path) -> None:
    """What Exim would do with it is said below."""
    store = tmp_path / "ca.pem"
    store.write_text("nothing\n")
    found = loaded(ca_cert=str(store))
    assert [problem.value for problem in found.problems] == [str(store)]
    assert "Exim" in found.problems[0].help
    (job,) = found.jobs
    assert job.trouble is not None
    assert (job.trouble.status, job.trouble.cause) == (Status.ERROR, Cause.CONFIGURATION)


def test_what_is_odd_about_a_ca_store_is_a_warning(tmp_path: Path) -> None:
    """The job runs."""
    folder = tmp_path / "ca"
    make(Kind.GOOD, folder)
    (folder / "old.pem").write_text("-----BEGIN CERTIFICATE-----\nMIIB\n")
    found = loaded(ca_cert=str(folder))
    assert (found.problems, found.jobs[0].trouble) == ((), None)
    assert any("old.pem" in str(warning) for warning in found.warnings)
    assert found.sources == (str(folder), f"{folder}/*")


def test_a_client_certificate_that_will_not_do(tmp_path: Path) -> None:
    """The file is named."""
    path = tmp_path / "client.pem"
    path.write_text("nothing\n")
    found = loaded(client_cert=str(path))
    assert [problem.value for problem in found.problems] == [str(path)]
    assert found.jobs[0].trouble is not None


@pytest.mark.parametrize(
    ("port", "way", "said"),
    [
        (465, "starttls", 'port 465 speaks TLS from the first byte usually: set TLS "implicit"'),
        (587, "implicit", 'port 587 speaks SMTP before TLS usually: set TLS "starttls"'),
        (25, "implicit", 'port 25 speaks SMTP before TLS usually: set TLS "starttls"'),
        (465, "implicit", ""),
        (587, "starttls", ""),
        (2525, "implicit", ""),
        (None, "implicit", ""),
    ],
)
def test_a_port_that_is_for_the_other_way_of_tls(port: int | None, way: str, said: str) -> None:
    """A warning beforehand; the job runs, since a provider may do as he likes."""
    found = loaded(port=port, tls=way)
    assert [warning.what for warning in found.warnings] == ([said] if said else [])
    assert (found.problems, found.jobs[0].trouble) == ((), None)


def test_the_name_after_ehlo_is_the_one_that_smtplib_says() -> None:
    """The machine's fully qualified one, or its address in brackets."""
    assert f"EHLO {smtplib.SMTP().local_hostname}" in [step.name for step in loaded().jobs[0].steps]


def test_a_password_too_short_to_be_hidden(tmp_path: Path) -> None:
    """It would turn up wherever a message has that letter; said at once, and by every run."""
    password = tmp_path / "password"
    password.touch(0o600)
    password.write_text("535\n")
    found = loaded(user="leaf", password_file=str(password))
    said = f"{password}: the secret has fewer than 4 characters: it cannot be redacted from messages; set a longer one"
    assert [problem.what for problem in found.problems] == [said]
    observation = asyncio.run(observe(found.jobs[0]))
    assert (observation.cause, observation.message) == (Cause.CONFIGURATION, said)


@pytest.mark.parametrize(
    ("logs_in", "state_dir", "strangers", "expected"),
    [
        (False, False, False, True),
        (True, False, False, False),
        (True, True, False, True),
        (False, True, True, False),
        (True, True, True, False),
    ],
)
def test_a_run_at_each_start(logs_in: bool, state_dir: bool, strangers: bool, expected: bool, tmp_path: Path) -> None:
    """Not where a refused login would be forgotten by then, and never as a stranger who wants to relay."""
    (tmp_path / "password").write_text("correct horse\n")
    more: dict[str, Any] = {"user": "me", "password_file": str(tmp_path / "password")} if logs_in else {}
    if strangers:
        more |= {"refused_without_auth": True, "sender": "a@b.test", "recipient": "c@d.test"}
    common = BlockSettings(state=State(str(tmp_path / "state") if state_dir else None))
    (job,) = load("relay", Settings(server="127.0.0.1", **more), common).jobs
    assert job.first_run is expected


REFRESH: dict[str, str | None] = {
    "token_url": "https://login.example.org/token", "client_id": "c", "refresh_token_file": "F", "user": "a"
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"token_file": "F", "user": "a"}, ""),
        ({"token_file": "F", "user": "a", "mechanism": "OAUTHBEARER"}, ""),
        ({"token_file": "F"}, "TokenFile: expected a User beside it"),
        ({"token_file": "F", "password_file": "F", "user": "a"}, ""),
        ({"token_file": "F", "password_file": "F", "user": "a", "mechanism": "LOGIN"}, ""),
        ({"token_file": "F", "password_file": "F", "user": "a", "mechanism": "XOAUTH2"}, ""),
        (
            {"token_file": "F", "user": "a", "mechanism": "LOGIN"},
            "TokenFile: expected a Mechanism XOAUTH2 or OAUTHBEARER beside it",
        ),
        (
            {"password_file": "F", "user": "a", "mechanism": "XOAUTH2"},
            "Mechanism XOAUTH2: expected a TokenFile or a TokenURL beside it",
        ),
        (REFRESH, ""),
        ({**REFRESH, "client_secret_file": "F", "mechanism": "OAUTHBEARER"}, ""),
        ({**REFRESH, "token_file": "F"}, "expected a TokenFile or a TokenURL, not both"),
        ({**REFRESH, "mechanism": "PLAIN"}, "TokenURL: expected a Mechanism XOAUTH2 or OAUTHBEARER beside it"),
        ({**REFRESH, "user": None}, "TokenURL: expected ClientID, RefreshTokenFile and User beside it"),
        ({**REFRESH, "client_id": None}, "TokenURL: expected ClientID, RefreshTokenFile and User beside it"),
        ({"client_secret_file": "F"}, "ClientSecretFile: expected a TokenURL beside it"),
    ],
)
def test_a_token_in_place_of_a_password(tmp_path: Path, more: dict[str, str | None], said: str) -> None:
    """By a mechanism for tokens, and with nothing else to log in by."""
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text("ya29.token\n")
    found = loaded(**{key: str(token) if value == "F" else value for key, value in more.items()})
    assert [problem.what for problem in found.problems][:1] == ([said] if said else [])
    assert said or "AUTH" in [step.name for step in found.jobs[0].steps]


def test_a_token_file_in_a_block(tmp_path: Path) -> None:
    """It is enough to log in by, and to ask whether strangers may relay."""
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text("ya29.token\n")
    conf = tmp_path / "collectd.conf"
    conf.write_text(
        f'<Plugin python>\nImport "collectd_inode"\n<Module collectd_inode>\n<Smarthost "relay">\nServer "127.0.0.1"\n'
        f'User "a@example.org"\nMechanism "OAUTHBEARER"\nTokenFile "{token}"\nSender "a@b.test"\nRecipient "c@d.test"\n'
        "RefusedWithoutAuth true\n</Smarthost>\n</Module>\n</Plugin>\n"
    )
    found = read(str(conf))
    assert (found.problems, found.warnings) == ((), ())
    assert "AUTH" in [step.name for step in found.jobs[0].steps]
