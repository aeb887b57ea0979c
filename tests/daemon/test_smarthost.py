"""<Smarthost> in a real collectd, beside a real Exim: what arrives, and how seldom a wrong password is tried."""

from __future__ import annotations

import base64
import stat
from contextlib import ExitStack
from pathlib import Path

import pytest

from collectd_inode.model import Cause
from tests.helpers.collectd_process import HOST, Collectd
from tests.helpers.exim import Exim, smarthost

RELAY = "smarthost-relay"
WRONG = "Tr0ub4dor"
FAILURE, OKAY = 1, 4


def relay(folder: Path, exim: Exim, more: str = "") -> str:
    """The block; the password file is the test's."""
    return f"""
    Interval 1
    StateDir "{folder}/state"
    <Smarthost "relay">
      Server "127.0.0.1"
      Port {exim.port}
      ServerName "smarthost.tld"
      CACert "{exim.ca}"
      User "{exim.user}"
      PasswordFile "{folder}/password"
      {more}
    </Smarthost>
    """


def keep(folder: Path, password: str) -> None:
    """Write the password file, for its owner's eyes."""
    file = folder / "password"
    file.touch(mode=0o600)
    file.write_text(f"{password}\n", encoding="utf-8")


def values(collectd: Collectd, name: str) -> set[float]:
    return {v.value for v in collectd.in_time(f"{RELAY}/{name}")}


def unanswered(collectd: Collectd) -> list[float]:
    """When nobody answered."""
    return [v.time for v in collectd.of(f"{RELAY}/gauge-cause") if v.value == Cause.CONNECT]


def refused(exim: Exim) -> int:
    """How often Exim says that somebody had the wrong password."""
    return exim.log().count("authenticator failed")


STEPS = ("connect", "banner", "ehlo", "starttls", "tls", "ehlo_tls", "auth", "mail", "rcpt", "quit")
ALWAYS = {"bool-success", "gauge-cause", "gauge-warnings", "duration-elapsed"}
OF_TLS = {
    *("bool-verified", "bool-as_leaf", "gauge-tls_version", "gauge-cipher_bits"),
    *("gauge-certificate_days_left", "gauge-chain_days_left", "gauge-ca_days_left"),
}


@pytest.mark.parametrize("daemonise", [False, True], ids=["foreground", "daemonised"])
def test_a_good_login(tmp_path: Path, daemonise: bool) -> None:
    """Success, each step's latency, what was found out, the days left: all of it stored, and nothing else."""
    with smarthost(tmp_path) as exim:
        keep(tmp_path, exim.password)
        block = relay(tmp_path, exim, 'Sender "monitor@example.org"\nRecipient "postmaster@example.org"')
        expected = {
            *ALWAYS, *OF_TLS, "bool-authenticated", "bool-relay", "latency-total",
            *(f"response_time-{step}" for step in STEPS),
        }  # fmt: skip
        with Collectd(tmp_path, block, daemonise=daemonise) as collectd:
            collectd.wait(lambda: all(len(collectd.csv(f"{RELAY}/{name}")) >= 2 for name in expected))
        assert exim.mails() == ()
        assert refused(exim) == 0
    files = {file.name[:-11] for file in (tmp_path / "csv" / HOST / RELAY).iterdir()}  # without the day

    assert files == expected
    assert {v.interval for v in collectd.values if v.identity.startswith(RELAY)} == {1.0}
    yes = ("bool-success", "bool-verified", "bool-as_leaf", "bool-authenticated", "bool-relay")
    assert {name: values(collectd, name) for name in yes} == {name: {1.0} for name in yes}
    assert values(collectd, "gauge-cause") | values(collectd, "gauge-warnings") == {0.0}
    assert values(collectd, "gauge-tls_version") == {1.3}
    assert all(0 < v.value < 60 for v in collectd.values if f"{RELAY}/response_time" in v.identity)
    for name in ("certificate", "chain", "ca"):
        assert min(values(collectd, f"gauge-{name}_days_left")) > 14
    assert [told for told in collectd.notifications if not told.message.startswith(("timeout: ", "passed: "))] == []


def test_a_wrong_password_is_tried_once(tmp_path: Path) -> None:
    """Not in the intervals that follow, not after a restart; once more as soon as the file has changed."""
    with smarthost(tmp_path) as exim:
        keep(tmp_path, WRONG)
        block = relay(tmp_path, exim)
        with Collectd(tmp_path, block) as collectd:
            collectd.wait(lambda: len(collectd.of(f"{RELAY}/bool-success")) >= 4)
        before = len(collectd.of(f"{RELAY}/bool-success"))
        assert refused(exim) == 1
        with Collectd(tmp_path, block, daemonise=True) as collectd:
            collectd.wait(lambda: len(collectd.of(f"{RELAY}/bool-success")) >= before + 3)
            assert refused(exim) == 1
            bad = collectd.values
            keep(tmp_path, exim.password)
            collectd.wait(lambda: collectd.of(f"{RELAY}/bool-success")[-1].value == 1.0)
        assert refused(exim) == 1
        password = exim.password
    state = tmp_path / "state" / "smarthost-relay.json"
    everything = collectd.log + (tmp_path / "seen").read_text() + state.read_text()

    def seen(name: str) -> set[float]:
        return {v.value for v in bad if v.identity == f"{RELAY}/{name}"}

    assert (seen("bool-success"), seen("gauge-cause")) == ({0.0}, {Cause.CREDENTIALS})
    assert [v.value for v in bad if v.identity == f"{RELAY}/bool-authenticated"] == [0.0]  # of the one attempt
    assert {v.identity for v in bad} & {f"{RELAY}/response_time-auth", f"{RELAY}/latency-total"} == set()
    assert seen("bool-verified") == {1.0}
    assert "AUTH PLAIN: wrong user or password: 535" in collectd.log
    assert "credentials: no AUTH: the server refused user and password (535)" in collectd.log
    assert [told.severity for told in collectd.notifications] == [FAILURE, OKAY]  # a restart tells nothing twice
    assert stat.S_IMODE(state.parent.stat().st_mode) == 0o700
    for secret in (WRONG, password):
        for form in (secret, base64.b64encode(f"\0leaf\0{secret}".encode()).decode()):
            assert form not in everything


def test_a_smarthost_that_is_stopped(tmp_path: Path) -> None:
    """Nobody answers any more; what is known without the server is sent all the same."""
    with ExitStack() as running:
        exim = running.enter_context(smarthost(tmp_path))
        keep(tmp_path, exim.password)
        block = relay(tmp_path, exim)
        with Collectd(tmp_path, block) as collectd:
            collectd.wait(lambda: 1.0 in values(collectd, "bool-success"))
        before = len(collectd.notifications)
        running.close()  # while nobody looks: else it may stop in the middle of a run
        with Collectd(tmp_path, block) as collectd:
            collectd.wait(lambda: len(unanswered(collectd)) >= 2)
            collectd.wait(lambda: collectd.notifications[before:])
    first = unanswered(collectd)[0]
    sent = {v.identity.partition("/")[2]: v.value for v in collectd.values if v.time == first}

    assert set(sent) == {*ALWAYS, "gauge-ca_days_left"}
    assert (sent["bool-success"], sent["gauge-cause"]) == (0.0, Cause.CONNECT)
    (told,) = collectd.notifications[before:]
    assert (told.identity, told.severity) == (f"{RELAY}/bool-success", FAILURE)
    assert told.message.startswith(f"connect: connect to port {exim.port}: 127.0.0.1:{exim.port}: ")


def test_a_certificate_that_is_not_accepted(tmp_path: Path) -> None:
    """Wrong name, wrong CA: no password is sent, and the days left are known all the same."""
    strangers = tmp_path / "strangers"
    with smarthost(tmp_path) as exim, smarthost(strangers) as stranger:
        keep(tmp_path, exim.password)
        blocks = (
            relay(tmp_path, exim)
            + f"""
        <Smarthost "renamed">
          Server "127.0.0.1"
          Port {exim.port}
          ServerName "mail.example.org"
          CACert "{exim.ca}"
          User "{exim.user}"
          PasswordFile "{tmp_path}/password"
        </Smarthost>
        <Smarthost "stranger">
          Server "127.0.0.1"
          Port {stranger.port}
          CACert "{exim.ca}"
          User "{exim.user}"
          PasswordFile "{tmp_path}/password"
        </Smarthost>
        """
        )
        with Collectd(tmp_path, blocks) as collectd:
            for name in ("relay", "renamed", "stranger"):
                identity = f"smarthost-{name}/bool-success"
                collectd.wait(lambda: len(collectd.in_time(identity)) >= 2)  # noqa: B023  # called at once
    causes = {
        name: {v.value for v in collectd.in_time(f"smarthost-{name}/gauge-cause")}
        for name in ("relay", "renamed", "stranger")
    }

    assert causes == {"relay": {Cause.NONE}, "renamed": {Cause.CERTIFICATE}, "stranger": {Cause.CERTIFICATE}}
    assert len(collectd.of("smarthost-relay/bool-authenticated")) >= 2
    for name in ("renamed", "stranger"):
        assert collectd.of(f"smarthost-{name}/bool-authenticated") == []
        assert {v.value for v in collectd.of(f"smarthost-{name}/bool-verified")} == {0.0}
        assert {v.value for v in collectd.of(f"smarthost-{name}/bool-as_leaf")} == {0.0}
        assert {v.value > 14 for v in collectd.of(f"smarthost-{name}/gauge-certificate_days_left")} == {True}
    assert "mail.example.org: wrong name: the certificate is for" in collectd.log
    assert "127.0.0.1: unknown issuer: " in collectd.log
