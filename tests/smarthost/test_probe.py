"""The probe of a smarthost against real servers: what it measures, what it says of each fault, what it never does."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from collectd_inode.keys import BlockSettings
from collectd_inode.model import Job, Observation, Status
from collectd_inode.observing import observe
from collectd_inode.report import jsonl, pretty
from collectd_inode.report.style import PLAIN
from collectd_inode.report.values import values
from collectd_inode.smarthost.jobs import load
from collectd_inode.smarthost.settings import Settings
from collectd_inode.state import State
from collectd_inode.wire import workers
from tests.helpers.certificates import HOST, Files, Kind, make, server_context
from tests.helpers.examples import FEW_TURNS, HUNG, PatientClock, observe_patiently
from tests.helpers.hostile_peers import SHORT
from tests.helpers.peers import reset, tidily
from tests.helpers.smtp_peer import (
    Answer,
    SmtpPeer,
    asking,
    drop,
    hang,
    hears_and_drops,
    smtp_peer,
    then_drop,
    then_hang,
    with_alerts,
)

PASSWORD = "s3cret::pass^^wörd"


@dataclass
class Site:
    """A folder with what an operator has: CA, server certificate, password file."""

    folder: Path
    files: Files

    @property
    def password(self) -> Path:
        return self.folder / "password"

    def job(self, peer: SmtpPeer, *, state: State | None = None, timeout: float = HUNG, **more: Any) -> Job:
        """The job of a block for *peer*, which listens in IPv4 only; None takes a setting away."""
        given = {
            "server": "127.0.0.1",
            "port": peer.port,
            "ca_cert": str(self.files.ca),
            "server_name": HOST,
            "user": "leaf",
            "password_file": str(self.password),
            "helo_name": "leaf.test",
            **more,
        }
        settings = Settings(**{key: value for key, value in given.items() if value is not None})
        common = BlockSettings(timeout=timeout, family="ipv4", state=state or State())
        found = load("relay", settings, common)
        assert found.problems == ()
        return found.jobs[0]

    def observed(
        self,
        answers: Mapping[str, Answer] | None = None,
        *,
        implicit: bool = False,
        with_tls: bool = True,
        context: ssl.SSLContext | None = None,
        late: str = "",
        **more: Any,
    ) -> tuple[Observation, SmtpPeer]:
        """One run against a server that is good but for *answers*; its deadlines count from the step called *late*."""

        async def once() -> tuple[Observation, SmtpPeer]:
            below = (context or server_context(self.files)) if with_tls else None
            async with smtp_peer(answers, tls=below, implicit=implicit) as peer:
                if implicit:
                    more["tls"] = "implicit"
                clock = PatientClock()
                found = await observe_patiently(self.job(peer, **more), step=late, clock=clock)
                assert not late or (clock.turns < FEW_TURNS and clock.given[0] == more["timeout"])
                return found, peer

        return tidily(once())


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return _site(tmp_path)


def _site(folder: Path, kind: Kind = Kind.GOOD) -> Site:
    made = Site(folder, make(kind, folder))
    made.password.write_text(PASSWORD + "\n")
    made.password.chmod(0o600)
    return made


RELAY: dict[str, Any] = {"sender": "monitor@example.org", "recipient": "postmaster@example.net"}
TO_AUTH = ["resolve", "connect", "banner", "ehlo", "starttls", "tls", "ehlo_tls", "auth"]


def verdict(observation: Observation) -> tuple[str, str, str]:
    """Status and cause, the step that is bad, the message."""
    bad = observation.bad_step
    return f"{observation.status}: {observation.cause.word}", bad.series if bad else "", observation.message


def statuses(observation: Observation) -> dict[str, Status]:
    return {step.series: step.status for step in observation.steps}


def readings(observation: Observation) -> dict[str, float]:
    return {f"{r.type}-{r.type_instance}": round(r.value, 1) for r in observation.readings}


def codes(observation: Observation) -> list[str]:
    return [warning.code for warning in observation.warnings]


# A good server.


def test_a_good_smarthost(site: Site) -> None:
    """Every step has passed, each that asked the network has a latency, and nothing but QUIT is left to say."""
    observation, peer = site.observed(**RELAY)

    assert verdict(observation) == ("passed: none", "", "")
    assert codes(observation) == []
    assert list(statuses(observation)) == [*TO_AUTH, "mail", "rcpt", "quit"]
    assert [s.series for s in observation.steps if s.seconds is None] == ["resolve"]  # an address needs none
    answered = {s.series: s.response_code for s in observation.steps if s.response_code}
    assert answered.pop("starttls") == answered.pop("banner") == 220
    assert answered == {"ehlo": 250, "ehlo_tls": 250, "auth": 235, "mail": 250, "rcpt": 250, "quit": 221}
    assert peer.said == [
        "EHLO leaf.test",
        "STARTTLS",
        "(TLS)",
        "EHLO leaf.test",
        "AUTH PLAIN " + base64.b64encode(f"\0leaf\0{PASSWORD}".encode()).decode(),
        "MAIL FROM:<monitor@example.org>",
        "RCPT TO:<postmaster@example.net>",
        "RSET",
        "QUIT",
        "(end)",
    ]


def test_the_readings(site: Site) -> None:
    """Two verdicts, days left, what TLS has agreed on, and what the server has granted."""
    observation, _ = site.observed(**RELAY)

    bits = readings(observation).pop("gauge-cipher_bits")
    assert bits in (128.0, 256.0)
    assert readings(observation) == {
        "bool-authenticated": 1.0,
        "bool-relay": 1.0,
        "bool-verified": 1.0,
        "bool-as_leaf": 1.0,
        "gauge-certificate_days_left": 89.0,
        "gauge-chain_days_left": 89.0,
        "gauge-ca_days_left": 3600.0,
        "gauge-tls_version": 1.3,
        "gauge-cipher_bits": bits,
    }


def test_tls_on_connect(site: Site) -> None:
    """One EHLO, no STARTTLS."""
    observation, peer = site.observed(implicit=True)

    assert verdict(observation) == ("passed: none", "", "")
    assert list(statuses(observation)) == ["resolve", "connect", "tls", "banner", "ehlo", "auth", "quit"]
    assert [line for line in peer.said if not line.startswith("AUTH")] == ["EHLO leaf.test", "QUIT", "(end)"]


def test_a_name_is_looked_up(site: Site) -> None:
    """And that has a latency."""
    observation, _ = site.observed(server="localhost")
    resolve = observation.steps[0]
    assert (resolve.status, resolve.seconds is not None) == (Status.PASSED, True)


@pytest.mark.parametrize(
    ("answers", "mechanism"),
    [
        ({"EHLO, encrypted": b"250-mx\r\n250 AUTH LOGIN\r\n", "AUTH": asking(b"VXNlcm5hbWU6", b"UGFzc3dvcmQ6")}, None),
        ({"EHLO, encrypted": b"250-mx\r\n250 AUTH CRAM-MD5\r\n", "AUTH": asking(b"PDE4OTZAbXg+")}, None),
        ({"EHLO, encrypted": b"250-mx\r\n250 AUTH PLAIN\r\n"}, None),
        ({"AUTH": asking(b"VXNlcm5hbWU6", b"UGFzc3dvcmQ6")}, "LOGIN"),
    ],
)
def test_every_mechanism(site: Site, answers: Mapping[str, Answer], mechanism: str | None) -> None:
    """Alone on offer, or asked for."""
    observation, peer = site.observed(answers, mechanism=mechanism)
    assert verdict(observation) == ("passed: none", "", "")
    assert peer.logins() == 1


def test_no_login_is_asked_for(site: Site) -> None:
    """Then none is tried."""
    observation, peer = site.observed(user=None, password_file=None)
    assert verdict(observation) == ("passed: none", "", "")
    assert (peer.logins(), "bool-authenticated" in readings(observation)) == (0, False)


# Faults.


def closed(what: str) -> str:
    return f"closed: expected {what}, the server closed the connection"


@pytest.mark.parametrize(
    ("answers", "step", "cause", "message"),
    [
        ({"banner": drop}, "banner", "protocol", closed("a banner")),
        ({"banner": b"554 no\r\n"}, "banner", "refused", "the banner: refused: 554 no"),
        (
            {"banner": then_drop(b"421 busy\r\n")},
            "banner",
            "refused",
            "the banner: the server closes the connection: 421 busy",
        ),
        (
            {"banner": b"HTTP/1.1 400 Bad Request\r\n\r\n"},
            "banner",
            "protocol",
            "not SMTP: the server says “HTTP/1.1 400 Bad Request”",
        ),
        ({"banner": b"220 " + b"x" * 200_000}, "banner", "protocol", "oversize: a line of more than 4096 bytes"),
        ({"EHLO": b"250-x\r\n" * 20_000}, "ehlo", "protocol", "oversize: a reply of more than 64 KiB"),
        (
            {"EHLO": b"500 what?\r\n"},
            "ehlo",
            "refused",
            "EHLO: the server, or a firewall before it, knows no EHLO: 500 what?",
        ),
        (
            {"EHLO": b"250-mx\r\n220 oh\r\n"},
            "ehlo",
            "protocol",
            "mixed reply codes: 250 and 220 in one reply",
        ),
        (
            {"EHLO": b"250-mx\r\n250 AUTH PLAIN\r\n"},
            "starttls",
            "tls",
            "STARTTLS is not offered (or an on-path attacker removes it): credentials withheld",
        ),
        (
            {"STARTTLS": b"454 later\r\n"},
            "starttls",
            "refused",
            "STARTTLS: refused for now (temporary): 454 later",
        ),
        (
            {"STARTTLS": b"220 go\r\n250 injected\r\n"},
            "starttls",
            "protocol",
            "injection: clear text after the 220 of STARTTLS, which would be trusted as if it came by TLS:"
            " “250 injected\\r\\n”",
        ),
        (
            {"STARTTLS": hears_and_drops(b"220 go\r\n")},
            "tls",
            "tls",
            "TLS handshake failed: the peer closed the connection",
        ),
        (
            {"EHLO, encrypted": b"250-mx\r\n250 AUTH GSSAPI\r\n"},
            "auth",
            "credentials",
            "no common mechanism: the server offers GSSAPI; supported: PLAIN, LOGIN, CRAM-MD5",
        ),
        ({"AUTH": b"535 5.7.8 no\r\n"}, "auth", "credentials", "AUTH PLAIN: wrong user or password: 535 5.7.8 no"),
        ({"AUTH": b"454 4.7.0 later\r\n"}, "auth", "refused", "AUTH PLAIN: temporary fault: 454 4.7.0 later"),
        (
            {"AUTH": then_drop(b"421 bye\r\n")},
            "auth",
            "refused",
            "AUTH PLAIN: the server closes the connection: 421 bye",
        ),
        ({"AUTH": drop}, "auth", "protocol", closed("an answer to AUTH")),
        ({"EHLO": reset}, "ehlo", "protocol", "closed: 127.0.0.1: connection reset by peer"),
        ({"MAIL": b"550 no\r\n"}, "mail", "refused", "MAIL FROM:<monitor@example.org>: refused: 550 no"),
        ({"RCPT": b"550 no\r\n"}, "rcpt", "refused", "RCPT TO:<postmaster@example.net>: refused: 550 no"),
        (
            {"RCPT": b"451 4.7.1 later\r\n"},
            "rcpt",
            "refused",
            "RCPT TO:<postmaster@example.net>: greylisted: 451 4.7.1 later",
        ),
    ],
)
def test_a_fault_names_its_step_and_its_cause(
    site: Site, answers: Mapping[str, Answer], step: str, cause: str, message: str
) -> None:
    """The rest is skipped, and nothing is left open."""
    observation, peer = site.observed(answers, **RELAY)

    assert verdict(observation)[:2] == (f"failed: {cause}", step)
    assert observation.message.removeprefix(f"{HOST}: ") == message
    after = [s for s in observation.steps if s.status is Status.SKIPPED]
    assert observation.steps[-len(after) :] == tuple(after)
    assert peer.logins() == (step in ("auth", "mail", "rcpt") and cause_of_login(message))


def cause_of_login(message: str) -> bool:
    return not message.startswith("no common mechanism")


def test_nobody_listens(site: Site) -> None:
    """Connect; the days of our own CA are known all the same."""
    observation = tidily(observe(site.job(SmtpPeer(port=1))))

    assert verdict(observation) == ("failed: connect", "connect", "127.0.0.1:1: connection refused")
    assert readings(observation) == {"gauge-ca_days_left": 3600.0}


@pytest.mark.parametrize(
    ("where", "step"),
    [("banner", "banner"), ("EHLO", "ehlo"), ("AUTH", "auth"), ("EHLO, encrypted", "ehlo_tls"), ("RCPT", "rcpt")],
)
def test_a_server_that_hangs_runs_into_the_deadline(site: Site, where: str, step: str) -> None:
    """Wherever it strikes; the step has the time waited."""
    observation, _ = site.observed({where: hang}, timeout=SHORT, late=step, **RELAY)

    assert verdict(observation) == ("failed: timeout", step, f"not done after {SHORT:g} s")
    assert next(s for s in observation.steps if s.series == step).seconds is not None


def test_a_handshake_that_hangs_runs_into_the_deadline(site: Site) -> None:
    """STARTTLS was promised, TLS never comes."""
    observation, _ = site.observed({"STARTTLS": then_hang(b"220 go\r\n")}, timeout=SHORT, late="tls")
    assert verdict(observation) == ("failed: timeout", "tls", f"not done after {SHORT:g} s")


def test_what_the_server_says_below_tls_is_no_tls(site: Site) -> None:
    """TLS on connect, where the server speaks SMTP: the wrong port."""
    observation, _ = site.observed(with_tls=False, tls="implicit")
    said = 'this port speaks SMTP before TLS: TLS "starttls" (the server says “220 smarthost.test ESMTP”)'
    assert verdict(observation) == ("failed: tls", "tls", said)


@pytest.mark.parametrize(
    ("implicit", "version", "step", "message"),
    [
        (False, ssl.TLSVersion.TLSv1_2, "tls", "handshake refused: "),
        (False, ssl.TLSVersion.TLSv1_3, "ehlo_tls", "client certificate: "),
        (True, ssl.TLSVersion.TLSv1_3, "banner", "client certificate: "),
    ],
)
def test_a_server_that_wants_a_client_certificate(
    site: Site, implicit: bool, version: ssl.TLSVersion, step: str, message: str
) -> None:
    """Under TLS 1.3 this shows only after the handshake."""
    context = server_context(site.files)
    context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(site.files.ca)

    with with_alerts(context, implicit=implicit) as peer:
        observation = workers.run(observe(site.job(peer, tls="implicit" if implicit else "starttls")))
    assert verdict(observation)[:2] == ("failed: tls", step)
    assert observation.message.startswith(message)


def test_a_server_below_minimum_tls(site: Site) -> None:
    """What it would have spoken is not spoken."""
    context = server_context(site.files)
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    with with_alerts(context) as peer:
        observation = workers.run(observe(site.job(peer, minimum_tls="1.3")))
    assert verdict(observation) == (
        "failed: tls",
        "tls",
        "protocol: the server supports no TLS version that is allowed here (MinimumTLS 1.3): "
        f"{HOST}: TLS handshake failed: the peer sent the TLS alert “protocol version”",
    )
    observation, _ = site.observed(context=context)
    assert (observation.passed, readings(observation)["gauge-tls_version"]) == (True, 1.2)


# Certificates.


@pytest.mark.parametrize(
    ("kind", "words", "as_leaf"),
    [
        (Kind.EXPIRED, "expired: ", 0.0),
        (Kind.NOT_YET_VALID, "not yet valid: ", 0.0),
        (Kind.WRONG_NAME, "wrong name: ", 0.0),
        (Kind.SELF_SIGNED, "self signed: ", 0.0),
        (Kind.UNKNOWN_CA, "unknown issuer: ", 0.0),
        (Kind.MISSING_INTERMEDIATE, "missing intermediate: ", 0.0),
        (Kind.CLIENT_PURPOSE, "wrong purpose: ", 1.0),
        (Kind.RSA_1024, "weak key: ", 1.0),
        (Kind.SHA1, "weak digest: ", 0.0),
        (Kind.COMMON_NAME_ONLY, "common name only: ", 1.0),
    ],
)
def test_a_refused_certificate_gets_no_password(tmp_path: Path, kind: Kind, words: str, as_leaf: float) -> None:
    """Its class is said, and everything that is known of it is still reported."""
    observation, peer = _site(tmp_path, kind).observed()

    assert verdict(observation)[:2] == ("failed: certificate", "tls")
    assert observation.message.startswith(f"{HOST}: {words}")
    assert peer.logins() == 0
    found = readings(observation)
    assert (found["bool-verified"], found["bool-as_leaf"]) == (0.0, as_leaf)
    assert {"gauge-certificate_days_left", "gauge-chain_days_left", "gauge-ca_days_left"} <= set(found)


def test_a_certificate_that_expires_soon_is_a_warning(tmp_path: Path) -> None:
    """Within ExpiryWarning, 14 days unless said otherwise; once, though it is the chain's earliest too."""
    site = _site(tmp_path, Kind.EXPIRING)
    observation, _ = site.observed()
    assert (observation.passed, codes(observation)) == (True, ["certificate_expiring"])
    assert readings(observation)["gauge-certificate_days_left"] == 5.0

    observation, _ = site.observed(expiry_warning=1.0)
    assert (observation.passed, codes(observation)) == (True, [])


# Warnings.


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"QUIT": drop}, closed("an answer to QUIT")),
        ({"QUIT": b"500 what?\r\n"}, "QUIT: refused: 500 what?"),
        ({"QUIT": hang}, "QUIT: no answer within 2.0 s"),
    ],
)
def test_a_fault_of_quit_is_no_outage(site: Site, answers: Mapping[str, Answer], message: str) -> None:
    """Mail would have been sent; somebody should look."""
    observation, _ = site.observed(answers)
    assert observation.passed
    assert [(w.code, w.message.replace("QUIT: closed", "closed")) for w in observation.warnings] == [("quit", message)]


def test_quit_has_a_share_of_what_is_left(site: Site) -> None:
    """A short deadline is not run into."""
    observation, _ = site.observed({"QUIT": hang}, timeout=1.0, late="quit")
    assert (observation.passed, codes(observation)) == (True, ["quit"])


def test_warnings_are_told_and_the_run_passes(site: Site) -> None:
    """AUTH in clear, starttls in lower case, lines that end with LF."""
    observation, _ = site.observed({"EHLO": b"250-mx\n250-AUTH PLAIN\n250 starttls\n"})
    assert observation.passed
    assert sorted(codes(observation)) == ["auth_before_tls", "bare_lf", "starttls_lower_case"]


def test_a_password_file_that_others_can_read_is_a_warning(site: Site) -> None:
    """The file's own warnings are the run's."""
    site.password.chmod(0o644)
    observation, _ = site.observed()
    assert (observation.passed, codes(observation)) == (True, ["password_file_mode"])


def test_quit_is_said_after_a_failure(site: Site) -> None:
    """As long as the server is listening."""
    _, peer = site.observed({"AUTH": b"535 no\r\n"})
    assert peer.said[-2:] == ["QUIT", "(end)"]


@pytest.mark.parametrize("kind", [Kind.GOOD, Kind.UNKNOWN_CA])
def test_starttls_at_a_port_that_speaks_tls_first(tmp_path: Path, kind: Kind) -> None:
    """Both would wait for the other: said before the deadline, whatever the certificate, and nobody logs in."""
    site = _site(tmp_path, kind)

    async def once() -> tuple[Observation, SmtpPeer]:
        async with smtp_peer(tls=server_context(site.files), implicit=True) as peer:
            return await observe(site.job(peer, tls="starttls", timeout=3.0)), peer

    observation, peer = tidily(once())
    said = 'no banner: this port speaks TLS from the first byte: TLS "implicit" (usual port: 465)'
    assert verdict(observation) == ("failed: tls", "banner", said)
    assert peer.logins() == 0


# Strangers.

STRANGER: dict[str, Any] = {**RELAY, "refused_without_auth": True}


def test_a_server_that_refuses_strangers(site: Site) -> None:
    """A second connection without AUTH, as ourselves and as nobody; it has no latency and no series."""
    observation, peer = site.observed({"RCPT, stranger": b"550 relay not permitted\r\n"}, **STRANGER)

    assert verdict(observation) == ("passed: none", "", "")
    assert (observation.steps[-1].series, observation.steps[-1].seconds) == ("relay", None)
    first, second = (text.split("|") for text in "|".join(peer.said).removesuffix("|(end)").split("|(end)|"))
    assert [line.partition(" ")[0] for line in first] == (
        ["EHLO", "STARTTLS", "(TLS)", "EHLO", "AUTH", "MAIL", "RCPT", "RSET", "QUIT"]
    )
    assert second[4:] == [
        "MAIL FROM:<monitor@example.org>",
        "RCPT TO:<postmaster@example.net>",
        "RSET",
        "MAIL FROM:<>",
        "RCPT TO:<postmaster@example.net>",
        "RSET",
        "QUIT",
    ]


def test_an_open_relay_fails_the_run(site: Site) -> None:
    """Whatever else was good."""
    observation, _ = site.observed(**STRANGER)
    assert verdict(observation) == (
        "failed: expectation",
        "relay",
        "relay open to strangers: without AUTH, mail from <monitor@example.org> to <postmaster@example.net> is taken:"
        " 250 2.1.5 ok (if that address is the server's own, set Recipient to one elsewhere)",
    )


@pytest.mark.parametrize("answer", [b"451 greylisted\r\n", drop, hang])
def test_a_stranger_that_gets_no_answer_is_no_outage(site: Site, answer: Answer) -> None:
    """It is not known, and that is said."""
    late: dict[str, Any] = {"timeout": 1.0, "late": "relay"} if answer is hang else {}
    observation, _ = site.observed({"RCPT, stranger": answer}, **late, **STRANGER)
    assert (observation.passed, codes(observation)) == (True, ["relay_unknown"])


# One attempt, and then none for a while.


def test_after_a_wrong_password_there_is_none_for_a_while(site: Site, tmp_path: Path) -> None:
    """AUTH is skipped until AuthHoldOff is over, the file is changed or the server is another one; restarts too."""
    state = str(tmp_path / "state")

    async def runs() -> None:
        no = {"AUTH": b"535 5.7.8 no\r\n"}
        async with smtp_peer(no, tls=server_context(site.files)) as wrong:

            async def run(**more: Any) -> Observation:
                # A state of its own each time, as after a restart.
                return await observe(site.job(wrong, state=State(state), **more))

            refused = await run()
            assert verdict(refused)[:2] == ("failed: credentials", "auth")
            assert readings(refused)["bool-authenticated"] == 0.0
            held = await run()
            assert verdict(held) == (
                "failed: credentials",
                "",
                "no AUTH: the server refused user and password (535) 0 s ago; the next attempt is in 60 min"
                f" (AuthHoldOff), or as soon as {site.password} is changed",
            )
            assert statuses(held)["auth"] is Status.SKIPPED
            assert wrong.logins() == 1
            assert "bool-authenticated" not in readings(held)

            await run(user="somebody else")
            assert wrong.logins() == 2
            site.password.write_text("another")
            await run()
            assert wrong.logins() == 3
            await run()
            assert wrong.logins() == 3
            await run(auth_hold_off=0.0)
            assert wrong.logins() == 4
        assert wrong.said.count("QUIT") == 6

    tidily(runs())
    kept = [path.read_text() for path in (tmp_path / "state").iterdir()]
    assert [PASSWORD in text or "another" in text for text in kept] == [False]


def test_success_ends_the_hold_off(site: Site) -> None:
    """What is kept is then nothing."""
    state = State()

    async def runs() -> list[Observation]:
        answers: dict[str, Answer] = {"AUTH": b"535 no\r\n"}
        async with smtp_peer(answers, tls=server_context(site.files)) as peer:
            refused = await observe(site.job(peer, state=state))
            assert list(state.of("smarthost", "relay").read()) == ["auth_refused"]
            peer.answers["AUTH"] = b"235 ok\r\n"
            site.password.write_text("the right one\n")
            return [refused, await observe(site.job(peer, state=state))]

    refused, good = tidily(runs())
    assert (refused.passed, good.passed, state.of("smarthost", "relay").read()) == (False, True, {})


# Secrets.


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_a_server_that_repeats_the_password_does_not_get_it_shown(site: Site, mechanism: str) -> None:
    """In no report, in no encoding; not the user's Base64 either."""

    async def parrot(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = []
        for challenge in (b"PDE4OTZAbXg+", b"UGFzc3dvcmQ6")[: {"PLAIN": 0, "LOGIN": 2, "CRAM-MD5": 1}[mechanism]]:
            writer.write(b"334 " + challenge + b"\r\n")
            said.append((await reader.readline()).strip())
        writer.write(b"535 you said " + b" ".join(said) + b" " + PASSWORD.encode() + b" " + plain + b"\r\n")
        await writer.drain()

    plain = base64.b64encode(f"\0leaf\0{PASSWORD}".encode()) if mechanism == "PLAIN" else b"-"
    observation, peer = site.observed({"AUTH": parrot}, mechanism=mechanism)

    assert peer.logins() == 1
    everything = "\n".join(
        [
            jsonl.line(observation),
            pretty.observation(observation, PLAIN, verbose=True),
            repr(observation),
            *(value.identity for value in values(observation, 0.0)),
            json.dumps([str(w) for w in observation.warnings]),
        ]
    )
    assert "you said" in everything
    assert ("[PasswordFile]" in everything, "[AUTH]" in everything) == (True, True)
    for secret in (PASSWORD, base64.b64encode(PASSWORD.encode()).decode(), "s3cret", "bGVhZg==", "AGxlYWYA"):
        assert secret not in everything


@pytest.mark.parametrize("word", ["wrong", "user", "password", "AUTH", "PLAIN", "the server", "535 5.7.8"])
def test_our_own_words_are_shown_whatever_the_password_is(site: Site, word: str) -> None:
    """What the server says is hidden, also where it says such a word; our sentence stays one."""
    site.password.write_text(word + "\n")
    observation, _ = site.observed({"AUTH": f"535 no {word} here\r\n".encode()})
    assert observation.message == "AUTH PLAIN: wrong user or password: 535 no [PasswordFile] here"
    assert [step.name for step in observation.steps][-2:] == ["AUTH", "QUIT"]


@pytest.mark.parametrize("place", ["banner", "EHLO", "EHLO, encrypted", "MAIL", "RCPT", "QUIT"])
def test_the_password_is_hidden_wherever_a_server_says_it(site: Site, place: str) -> None:
    """In what is no SMTP as well."""
    for said in (f"550 {PASSWORD}\r\n", f"{PASSWORD}\r\n", f"250-x\r\n250 AUTH {PASSWORD}\r\n"):
        observation, _ = site.observed({place: said.encode()}, **RELAY)
        told = jsonl.line(observation) + pretty.observation(observation, PLAIN, verbose=True) + repr(observation)
        assert PASSWORD not in told


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_a_token_logs_in_or_is_refused(site: Site, mechanism: str) -> None:
    """In one attempt; a refusal has its challenge, and the token is shown nowhere."""
    token = site.folder / "token"
    token.touch(0o600)
    token.write_text("ya29.secret\n")
    offer = f"250-mx\r\n250 AUTH {mechanism}\r\n".encode()
    more: dict[str, Any] = {"password_file": None, "token_file": str(token), "mechanism": mechanism}
    observation, peer = site.observed({"EHLO, encrypted": offer}, **more)
    assert (verdict(observation)[0], peer.logins()) == ("passed: none", 1)

    refusal = asking(b"eyJzdGF0dXMiOiI0MDEifQ==", end=b"535 5.7.8 no ya29.secret\r\n")
    observation, peer = site.observed({"EHLO, encrypted": offer, "AUTH": refusal}, **more)
    said = f"AUTH {mechanism}: the token was rejected: it has expired, or is another user's: 535 5.7.8 no [TokenFile]"
    assert verdict(observation) == ("failed: credentials", "auth", said)
    assert peer.logins() == 1
    assert "ya29.secret" not in jsonl.line(observation) + repr(observation)


# Neighbours.


def test_others_are_on_time_while_some_hang(tmp_path: Path) -> None:
    """Twenty smarthosts at once, five of which never answer: the others are done while those hang."""
    site = _site(tmp_path)

    async def all_at_once() -> list[Observation]:
        async with AsyncExitStack() as stack:
            context = server_context(site.files)
            wheres = ["banner", "EHLO", "EHLO, encrypted", "AUTH", "STARTTLS"]
            peers = [
                await stack.enter_async_context(smtp_peer({wheres[n]: hang} if n < 5 else None, tls=context))
                for n in range(20)
            ]
            runs = [asyncio.create_task(observe(site.job(peer))) for peer in peers]
            others = await asyncio.gather(*runs[5:])
            assert [run.done() for run in runs[:5]] == [False] * 5
            for run in runs[:5]:
                run.cancel()
            await asyncio.wait(runs[:5])
            return others

    assert [o.cause.word for o in tidily(all_at_once())] == ["none"] * 15
