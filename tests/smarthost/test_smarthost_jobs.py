"""From a ``<Smarthost>`` block to its job: keys, defaults, contradictions, and what is found before the first run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from certificates import Kind, make

from collectd_inode.keys import COMMON_KEYS, Common, Loaded, read_block
from collectd_inode.oconfig import Node, Scalar
from collectd_inode.run import Cause, Status, unable
from collectd_inode.smarthost.jobs import load
from collectd_inode.smarthost.settings import SMARTHOST_KEYS, Settings, settings


def block(**keys: Scalar) -> tuple[Settings, list[str]]:
    """What comes of a block with these keys, and the mistakes in it."""
    node = Node("Smarthost", ("relay",), tuple(Node(key, (value,)) for key, value in keys.items()))
    values, problems = read_block('<Smarthost "relay">', node, (*COMMON_KEYS, *SMARTHOST_KEYS))
    return settings(values), [str(problem) for problem in problems]


def loaded(**more: Any) -> Loaded:
    return load("relay", Settings(**{"server": "127.0.0.1", **more}), Common())


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
        ("Port", 70000.0, "a port, 1 to 65535"),
        ("Port", 0.0, "a port, 1 to 65535"),
        ("TLS", "none", "starttls or implicit"),
        ("Mechanism", "NTLM", "plain, login or cram-md5"),
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
    (job,) = load(None, Settings(server="smarthost.tld"), Common()).jobs
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
