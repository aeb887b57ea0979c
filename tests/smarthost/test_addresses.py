"""``Addresses "all"``: each address of a name in turn until one completes, whichever the resolver names first."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.keys import BlockSettings
from collectd_inode.model import Cause, Failure, Job, Observation, Status
from collectd_inode.observing import observe
from collectd_inode.report import jsonl, pretty
from collectd_inode.report.style import PLAIN
from collectd_inode.report.values import values
from collectd_inode.smarthost.addresses import is_of_address
from collectd_inode.smarthost.dialogue import Dialogue, Script, SmtpStep
from collectd_inode.smarthost.jobs import load
from collectd_inode.smarthost.settings import Settings
from collectd_inode.wire import ConnectFailed
from collectd_inode.wire.clock import Handle
from tests.helpers.certificates import HOST, Kind, make, server_context
from tests.helpers.examples import HUNG, PatientClock, observe_patiently
from tests.helpers.hostile_peers import resolver
from tests.helpers.peers import tidily
from tests.helpers.smtp_peer import Answer, SmtpPeer, drop, hang, smtp_peer

NAME = "relay.test"
DEAD, ONE, TWO = "127.0.0.9", "127.0.0.1", "127.0.0.2"
"""Nobody listens at the first, servers do at the others."""
TO_AUTH = ("banner", "ehlo", "starttls", "tls", "ehlo_tls", "auth")


def job(folder: Path, port: int, **more: Any) -> Job:
    password = folder / "password"
    password.touch(0o600)
    password.write_text("s3cret pass\n")
    wanted = {
        "server": NAME,
        "port": port,
        "ca_cert": str(folder / "ca.crt"),
        "server_name": HOST,
        "user": "leaf",
        "password_file": str(password),
        "helo_name": "leaf.test",
        "addresses": "all",
        **more,
    }
    found = load("relay", Settings(**wanted), BlockSettings(timeout=HUNG, family="ipv4"))
    assert found.problems == ()
    return found.jobs[0]


class _Hurried(PatientClock):
    """After the run's own deadline others are short: an address' share, once the server hangs."""

    def call_later(self, seconds: float, call: Callable[[], None]) -> Handle:
        return super().call_later(min(seconds, 0.05) if self.given else seconds, call)


def observed(
    folder: Path,
    leads_to: Sequence[str],
    one: Mapping[str, Answer] | None = None,
    two: Mapping[str, Answer] | None = None,
    *,
    late: str = "",
    **more: Any,
) -> tuple[Observation, SmtpPeer, SmtpPeer]:
    """One run where the name has these addresses; servers at ONE and TWO are good but for their answers."""
    files = make(Kind.GOOD, folder)

    async def once() -> tuple[Observation, SmtpPeer, SmtpPeer]:
        async with AsyncExitStack() as stack:
            tls = server_context(files)
            first = await stack.enter_async_context(smtp_peer(one, tls=tls))
            second = await stack.enter_async_context(smtp_peer(two, tls=tls, host=TWO, port=first.port))
            clock = _Hurried()
            checked = job(folder, first.port, **{"ca_cert": str(files.ca), **more})
            with resolver({NAME: list(leads_to)}):
                return await observe_patiently(checked, step=late, clock=clock), first, second

    return tidily(once())


def done(observation: Observation) -> dict[str, Status]:
    return {step.series: step.status for step in observation.steps}


PASSED, FAILED = Status.PASSED, Status.FAILED
GOOD = dict.fromkeys(("resolve", "connect", *TO_AUTH, "quit"), PASSED)


def test_a_dead_address_is_a_warning_and_the_next_one_is_tried(tmp_path: Path) -> None:
    """As a mail server does it; the step of the dead one has failed, the run has passed."""
    found, one, _ = observed(tmp_path, [DEAD, ONE])
    assert (found.status, found.cause) == (PASSED, Cause.NONE)
    steps = done(found)
    assert list(steps)[:4] == ["resolve", "connect", "connect_2", "banner"]
    assert steps == {**GOOD, "connect": FAILED, "connect_2": PASSED}
    (warning,) = found.warnings
    assert (warning.code, warning.message) == (
        "address",
        f"address 1 of 2, {DEAD}:{one.port}, fails in step connect: {NAME} ({DEAD}:{one.port}): connection refused",
    )
    assert one.logins() == 1
    sent = {value.identity.split("/")[-1] for value in values(found, 0.0)}
    assert "response_time-connect_2" in sent and "response_time-connect" not in sent


def test_the_first_that_completes_is_the_last_that_is_asked(tmp_path: Path) -> None:
    """Where the first address works, nothing is known of the others, and nothing is shown of them."""
    found, one, two = observed(tmp_path, [ONE, TWO, DEAD])
    assert (done(found), found.warnings, two.said) == (GOOD, (), [])
    assert one.logins() == 1


def test_one_address_is_the_default(tmp_path: Path) -> None:
    """A service that works half the time must look like it."""
    found, one, _ = observed(tmp_path, [DEAD, ONE], addresses="first")
    assert (found.status, found.cause, one.said) == (FAILED, Cause.CONNECT, [])
    assert "connect_2" not in done(found)


@pytest.mark.parametrize(
    ("answers", "step"),
    [
        ({"banner": b"421 4.3.2 closing\r\n"}, "banner"),
        ({"banner": b"554 5.7.1 no\r\n"}, "banner"),
        ({"banner": drop}, "banner"),
        ({"EHLO": b"500 what?\r\n"}, "ehlo"),
        ({"EHLO": b"250 relay.test\r\n"}, "starttls"),
        ({"STARTTLS": b"454 4.7.0 TLS not available\r\n"}, "starttls"),
        ({"EHLO, encrypted": b"421 4.3.0 no\r\n"}, "ehlo_tls"),
        ({"AUTH": b"454 4.7.0 Temporary authentication failure\r\n"}, "auth"),
    ],
)
def test_what_an_address_fails_in(tmp_path: Path, answers: Mapping[str, Answer], step: str) -> None:
    """Until an address has judged us the next one is tried; the report has the steps of that."""
    found, one, two = observed(tmp_path, [ONE, TWO], answers)
    assert done(found) == {**GOOD, "connect_2": PASSED}
    assert [warning.code for warning in found.warnings] == ["address"]
    assert f"address 1 of 2, {ONE}:{one.port}, fails in step {step}: " in found.warnings[0].message
    assert two.logins() == 1
    assert found.seconds is not None
    counted = [result for result in found.steps if result.seconds is not None]
    assert found.seconds == pytest.approx(sum(result.seconds or 0.0 for result in counted))


def test_an_address_that_hangs_has_its_share_of_the_time(tmp_path: Path) -> None:
    """It must not take the time of the others."""
    found, _, two = observed(tmp_path, [ONE, TWO], {"EHLO": hang}, late="ehlo")
    assert done(found) == {**GOOD, "connect_2": PASSED}
    assert "fails in step ehlo: no answer within its share of the time" in found.warnings[0].message
    assert two.logins() == 1


@pytest.mark.parametrize(
    "answer",
    [b"535 5.7.8 wrong\r\n", b"454 4.7.0 Too many login attempts\r\n", drop],
    ids=["535", "too many", "closed"],
)
def test_a_refused_login_is_not_tried_at_the_next_address(tmp_path: Path, answer: Answer) -> None:
    """One AUTH a run: the addresses share an account, which must not be locked."""
    found, one, two = observed(tmp_path, [ONE, TWO], {"AUTH": answer})
    bad = found.bad_step
    assert (found.status, bad and bad.series, found.warnings) == (FAILED, "auth", ())
    assert (one.logins(), two.said) == (1, [])


def test_a_refused_recipient_is_not_tried_at_the_next_address(tmp_path: Path) -> None:
    """A reply to MAIL or RCPT is about the mail; a connection that is lost there is about the address."""
    asking: dict[str, Any] = {"sender": "monitor@example.org", "recipient": "postmaster@example.net"}
    found, _, two = observed(tmp_path, [ONE, TWO], {"RCPT": b"550 5.7.1 no relaying\r\n"}, **asking)
    assert (found.status, found.cause, two.said) == (FAILED, Cause.REFUSED, [])
    found, _, two = observed(tmp_path, [ONE, TWO], {"RCPT": drop}, **asking)
    assert (found.status, [warning.code for warning in found.warnings]) == (PASSED, ["address"])


def test_when_all_are_dead_the_last_one_is_the_reason(tmp_path: Path) -> None:
    """The others are warnings."""
    found, one, _ = observed(tmp_path, [DEAD, "127.0.0.8"])
    assert (found.status, found.cause) == (FAILED, Cause.CONNECT)
    bad = found.bad_step
    assert bad is not None
    assert bad.series == "connect_2"
    assert found.message == f"{NAME} (127.0.0.8:{one.port}): connection refused"
    assert [warning.code for warning in found.warnings] == ["address"]
    assert "connect_3" not in done(found)
    assert "connect_3" not in jsonl.line(found) + pretty.observation(found, PLAIN, verbose=True)


def test_five_are_tried_at_most(tmp_path: Path) -> None:
    """A mail server's habit; an address that is named twice counts once."""
    nobody = [f"127.0.0.{number}" for number in range(11, 18)]
    found, one, _ = observed(tmp_path, [nobody[0], *nobody, ONE])
    assert (found.cause, len(found.warnings), one.said) == (Cause.CONNECT, 4, [])
    assert [series for series in done(found) if series.startswith("connect")] == [
        "connect", "connect_2", "connect_3", "connect_4", "connect_5",
    ]  # fmt: skip


def test_a_resolver_that_rotates(tmp_path: Path) -> None:
    """Mail flows in every run; the run that meets the dead address first says so."""
    files = make(Kind.GOOD, tmp_path)

    async def runs() -> list[tuple[Status, list[str], str]]:
        orders = itertools.cycle([[DEAD, ONE, TWO], [ONE, TWO, DEAD], [TWO, DEAD, ONE]])
        seen = []
        async with AsyncExitStack() as stack:
            tls = server_context(files)
            first = await stack.enter_async_context(smtp_peer(tls=tls))
            await stack.enter_async_context(smtp_peer(tls=tls, host=TWO, port=first.port))
            checked = job(tmp_path, first.port, ca_cert=str(files.ca))
            for _ in range(3):
                with resolver({NAME: next(orders)}):
                    found = await observe(checked)
                who = "one" if first.logins() else "two"
                first.said.clear()
                seen.append((found.status, [warning.code for warning in found.warnings], who))
        return seen

    assert tidily(runs()) == [(PASSED, ["address"], "one"), (PASSED, [], "one"), (PASSED, [], "two")]


def test_strangers_are_sent_to_the_address_that_completed(tmp_path: Path) -> None:
    """The second conversation is with the same server."""
    refused = {"MAIL, stranger": b"530 5.7.0 Authentication required\r\n"}
    found, one, two = observed(
        tmp_path, [DEAD, TWO, ONE], two=refused, refused_without_auth=True,
        sender="monitor@example.org", recipient="postmaster@example.net",
    )  # fmt: skip
    assert (found.status, one.said, two.said.count("EHLO leaf.test")) == (PASSED, [], 4)


def test_the_certificate_is_that_of_the_last_address(tmp_path: Path) -> None:
    """What was read off a dead address' certificate is not the run's."""
    files, other = make(Kind.GOOD, tmp_path), make(Kind.WRONG_NAME, tmp_path)

    async def once() -> Observation:
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(smtp_peer(tls=server_context(other)))
            await stack.enter_async_context(smtp_peer(tls=server_context(files), host=TWO, port=first.port))
            with resolver({NAME: [ONE, TWO]}):
                return await observe(job(tmp_path, first.port, ca_cert=str(files.ca)))

    found = tidily(once())
    assert found.status is PASSED
    assert {r.type_instance: r.value for r in found.readings}["verified"] == 1
    assert "fails in step tls" in found.warnings[0].message


def test_the_steps_are_announced(tmp_path: Path) -> None:
    """Their names are known before a run; a server that is named by its address has one."""
    make(Kind.GOOD, tmp_path)
    names = [step.series for step in job(tmp_path, 587, ca_cert=None).steps if step.series.startswith("connect")]
    assert names == ["connect", "connect_2", "connect_3", "connect_4", "connect_5"]
    alone = job(tmp_path, 587, ca_cert=None, server="192.0.2.1")
    assert [step.series for step in alone.steps if step.series.startswith("connect")] == ["connect"]


@given(st.sampled_from(SmtpStep), st.sampled_from(Cause))
def test_an_account_is_never_shown_to_the_next_address_after_a_verdict(step: SmtpStep, cause: Cause) -> None:
    """Whatever the cause: a server that has judged it has done so for all addresses."""
    judged = Dialogue(Script("leaf.test"))
    judged.authenticated, judged.refused = False, 454
    if step is SmtpStep.AUTH:
        assert not is_of_address(Failure(cause, "no"), step, judged)
        assert not is_of_address(ConnectFailed("no"), step, Dialogue(Script("leaf.test")))
    elif step not in (SmtpStep.MAIL, SmtpStep.RCPT):
        assert is_of_address(Failure(cause, "no"), step, judged)
