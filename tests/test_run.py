"""A run being written, the observation that comes of it, and what becomes of exceptions and secrets on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from collectd_inode.model import (
    Broken,
    Cause,
    Failure,
    Misconfigured,
    Observation,
    Phase,
    Place,
    PlannedStep,
    Stamps,
    Status,
    StepResult,
    Trouble,
    Warning,
    unable,
)
from collectd_inode.observing import observe
from collectd_inode.run import Probe, Run
from collectd_inode.wire import (
    ConnectFailed,
    Exchange,
)
from tests.helpers.examples import LOOK, OPEN, CountingClock, exchange, job, observed, passing


def test_the_numbers_of_the_causes() -> None:
    """They are in people's databases and alarms, and never change."""
    words = (
        "none resolve connect tls certificate timeout protocol refused credentials expectation unsynchronised undefined"
        " error configuration"
    )
    assert {cause.value: cause.word for cause in Cause} == dict(enumerate(words.split()))


def test_a_run_that_passes() -> None:
    """Each step with its own times; seconds is the wire time, elapsed the wall's, and overhead what is left."""
    found = observed(passing)

    assert found == Observation(
        job=found.job,
        status=Status.PASSED,
        time=1_000_000.0,
        elapsed=1.25,
        steps=(
            StepResult(
                OPEN,
                Status.PASSED,
                seconds=0.25,
                elapsed=0.25,
                phases={Phase.CONNECT: 0.05, Phase.PROCESSING: 0.2},
                response_code=200,
                bytes=100,
                stamps=Stamps.ELAPSED,
            ),
            StepResult(LOOK, Status.PASSED, elapsed=0.25),
        ),
        seconds=0.25,
    )
    assert (found.cause, found.message, found.overhead, found.bad_step) == (Cause.NONE, "", 1.0, None)


def test_a_step_after_a_failed_one_is_skipped_and_has_no_time() -> None:
    """The failed step keeps its phases, status and size, but has no latency: a fast failure would look healthy."""

    async def refused(run: Run) -> None:
        with run.step(OPEN):
            run.exchange(exchange(503, processing=0.01))
            raise Failure(Cause.REFUSED, "503", expected="below 400", found="503")

    found = observed(refused)
    trouble = Trouble(Status.FAILED, Cause.REFUSED, "503", "below 400", "503")
    assert (found.status, found.trouble, found.seconds, found.overhead) == (Status.FAILED, trouble, None, None)
    assert found.steps == (
        StepResult(
            OPEN,
            Status.FAILED,
            trouble=trouble,
            elapsed=0.25,
            phases={Phase.PROCESSING: 0.01},
            response_code=503,
            bytes=100,
            stamps=Stamps.ELAPSED,
        ),
        StepResult(LOOK, Status.SKIPPED),
    )
    assert found.bad_step is found.steps[0]


def test_the_exchanges_of_a_step_add_up() -> None:
    """Redirect hops and pages: latency, phases and bytes are sums, the status is the last one's."""

    async def redirected(run: Run) -> None:
        with run.step(OPEN):
            run.exchange(exchange(302, size=0, connect=0.5, processing=0.25))
            run.exchange(exchange(200, size=7, processing=0.5, transfer=1.0))

    step = observed(redirected, OPEN).steps[0]
    assert (step.seconds, step.bytes, step.response_code) == (2.25, 7, 200)
    assert step.phases == {Phase.CONNECT: 0.5, Phase.PROCESSING: 0.75, Phase.TRANSFER: 1.0}


def test_of_exchanges_side_by_side_the_longest_line_is_the_latency() -> None:
    """A page's files, six at a time: bytes are those of all, the status is the worst of the lanes' last ones."""

    async def side_by_side(run: Run) -> None:
        with run.step(OPEN):
            run.exchange(exchange(404, size=1, processing=0.5))
            run.exchange(replace(exchange(200, size=2, connect=0.25, processing=1.0), lane=1))
            run.exchange(replace(exchange(302, size=0, processing=0.25), lane=1))
            run.exchange(replace(exchange(200, size=4, processing=0.25), lane=1))
            run.exchange(replace(exchange(200, size=8, processing=1.5), lane=2))

    step = observed(side_by_side, OPEN).steps[0]
    assert (step.seconds, step.bytes, step.response_code) == (1.75, 15, 404)
    assert step.phases == {Phase.CONNECT: 0.25, Phase.PROCESSING: 1.5}


def test_the_last_answer_s_status_is_kept_when_nothing_more_comes() -> None:
    """A redirect to where nobody answers: the status is the redirect's, for that answer did come."""

    async def led_astray(run: Run) -> None:
        with run.step(OPEN):
            run.exchange(exchange(302, size=3, processing=0.25))
            run.exchange(exchange(None, size=0))
            raise ConnectFailed("www: connection refused")

    step = observed(led_astray, OPEN).steps[0]
    assert (step.response_code, step.bytes, step.seconds) == (302, 3, None)


def test_an_exchange_outside_of_steps_is_nobody_s() -> None:
    """What a probe does between its steps is in no step's time."""

    async def early(run: Run) -> None:
        run.exchange(exchange(processing=9.0))
        await passing(run)

    assert observed(early).seconds == 0.25


def test_a_bug_is_told_with_its_place_and_a_traceback() -> None:
    """Kind, text and innermost line in the message; what led there beside it, for the log."""

    async def broken(run: Run) -> None:
        with run.step(OPEN):
            raise ZeroDivisionError("by nought")

    found = observed(broken)
    line = broken.__code__.co_firstlineno + 2
    assert found.trouble == Trouble(Status.ERROR, Cause.ERROR, f"ZeroDivisionError: by nought ({__file__}:{line})")
    assert [step.status for step in found.steps] == [Status.ERROR, Status.SKIPPED]
    assert found.traceback.startswith("Traceback (most recent call last):\n")
    assert found.traceback.endswith("\nZeroDivisionError: by nought\n")


def test_what_goes_wrong_between_steps_is_the_run_s() -> None:
    """No step is bad then; those that were not reached are skipped."""

    async def homeless(run: Run) -> None:
        raise Misconfigured("no secret")

    found = observed(homeless)
    assert (found.status, found.message, found.bad_step) == (Status.ERROR, "no secret", None)
    assert [step.status for step in found.steps] == [Status.SKIPPED, Status.SKIPPED]


def test_the_deadline_is_over_the_whole_run() -> None:
    """However its waits are cut up; the step it strikes has the time waited for its latency."""

    async def dripping(run: Run) -> None:
        with run.step(OPEN):
            run.exchange(exchange(connect=0.01))
            for _ in range(10_000):
                await asyncio.sleep(0.005)

    found = observed(dripping, deadline=0.03)
    assert found.trouble == Trouble(Status.FAILED, Cause.TIMEOUT, "not done after 0.03 s")
    assert [(s.status, s.seconds, s.elapsed) for s in found.steps] == [
        (Status.FAILED, 0.25, 0.25),
        (Status.SKIPPED, None, 0.0),
    ]
    assert found.seconds is None


def test_a_deadline_in_a_step_that_asks_nothing_makes_no_latency() -> None:
    """``I should see`` has no series of its own, not even on a bad day."""

    async def searching(run: Run) -> None:
        with run.step(LOOK):
            await asyncio.Event().wait()

    found = observed(searching, LOOK, deadline=0.02)
    assert [(s.status, s.seconds) for s in found.steps] == [(Status.FAILED, None)]


def test_a_deadline_says_what_was_still_being_done() -> None:
    """By the last exchange of the step that it strikes; one that ended before is not told of."""

    async def hanging(run: Run) -> None:
        with run.step(OPEN):
            run.exchange(exchange(302, processing=0.1))
            try:
                await asyncio.Event().wait()
            finally:
                run.exchange(replace(exchange(None), doing="connecting to www (192.0.2.7:80)"))

    said = "not done after 0.02 s: still connecting to www (192.0.2.7:80)"
    found = observed(hanging, deadline=0.02)
    assert found.trouble == found.steps[0].trouble == Trouble(Status.FAILED, Cause.TIMEOUT, said)


def test_a_step_s_own_timeout_keeps_its_words() -> None:
    """It is told apart from the run's deadline."""

    async def slow(run: Run) -> None:
        with run.step(OPEN):
            raise TimeoutError("the step was not done after 2 s")

    assert observed(slow).trouble == Trouble(Status.FAILED, Cause.TIMEOUT, "the step was not done after 2 s")


def test_a_step_that_swallows_its_cancellation_has_still_run_into_the_deadline() -> None:
    """An operator's ``except BaseException`` makes no run pass that was too late."""

    async def stubborn(run: Run) -> None:
        with run.step(OPEN):
            try:
                await asyncio.Event().wait()
            except BaseException:
                return

    found = observed(stubborn, deadline=0.02)
    assert found.trouble == Trouble(Status.FAILED, Cause.TIMEOUT, "not done after 0.02 s")


def test_a_step_that_leaves_in_a_huff_ends_its_run_only() -> None:
    """``sys.exit()`` in an operator's step would otherwise end the thread in which all jobs run."""

    async def leaving(run: Run) -> None:
        with run.step(OPEN):
            raise SystemExit(3)

    found = observed(leaving)
    assert (found.status, found.cause, found.steps[0].status) == (Status.ERROR, Cause.ERROR, Status.ERROR)
    assert found.message.startswith("SystemExit: 3 (")


def test_a_cancellation_that_nobody_asked_for_is_a_bug_of_the_step() -> None:
    """A run always leaves an observation unless it is the daemon that stops."""

    async def confused(run: Run) -> None:
        with run.step(OPEN):
            raise asyncio.CancelledError

    found = observed(confused)
    assert (found.status, found.cause, found.steps[0].status) == (Status.ERROR, Cause.ERROR, Status.ERROR)


def test_a_stop_goes_through() -> None:
    """A run cut short by shutdown leaves no observation."""

    async def main() -> None:
        inside = asyncio.Event()

        async def waiting(run: Run) -> None:
            with run.step(OPEN):
                inside.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(observe(job(waiting)))
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_a_job_that_cannot_run_says_so() -> None:
    """Its bad steps have their own statuses, the others are skipped; nothing was measured."""
    trouble = Trouble(Status.UNDEFINED, Cause.UNDEFINED, "undefined step: dance")
    planned = type(OPEN)("dance", "dance", Place("f", 9), trouble=trouble)
    bad = StepResult(planned, Status.UNDEFINED, trouble)
    found = asyncio.run(observe(job(None, OPEN, planned, trouble=trouble), CountingClock()))
    assert found == Observation(
        job=found.job,
        status=Status.UNDEFINED,
        time=1_000_000.0,
        elapsed=0.0,
        steps=(StepResult(OPEN, Status.SKIPPED), bad),
        trouble=trouble,
        ran=False,
    )


def test_a_job_without_probe_and_trouble_is_an_error() -> None:
    """Nothing ran is never OK."""
    assert unable(job(None), 5.0).trouble == Trouble(Status.ERROR, Cause.ERROR, "the job has no probe")


def test_warnings_and_readings_leave_the_status_passed() -> None:
    """They come out in the order in which they were noted."""

    async def warned(run: Run) -> None:
        run.warn("expiry", "the certificate ends in 3 days")
        run.add_reading("gauge", "certificate_days_left-www", 3.0)
        await passing(run)

    found = observed(warned)
    assert found.passed
    assert found.warnings == (Warning("expiry", "the certificate ends in 3 days"),)
    assert [(r.type, r.type_instance, r.value) for r in found.readings] == [("gauge", "certificate_days_left-www", 3.0)]


# Soft steps, and parts that others are done after

WARN = replace(OPEN, soft=True)
LEAVE = PlannedStep("whatever happens, leave", "leave", Place("home.feature", 5), cleanup=True)


def test_a_soft_step_that_fails_is_a_warning() -> None:
    """The step keeps its trouble and has no latency; the run goes on and passes.  Its time is nobody's overhead."""

    async def soft(run: Run) -> None:
        with run.step(WARN):
            run.exchange(exchange(503, processing=0.2))
            raise Failure(Cause.REFUSED, "503")
        with run.step(LOOK):
            pass

    found = observed(soft, WARN, LOOK)
    assert found == Observation(
        job=found.job,
        status=Status.PASSED,
        time=1_000_000.0,
        elapsed=1.25,
        steps=(
            StepResult(
                WARN,
                Status.FAILED,
                trouble=Trouble(Status.FAILED, Cause.REFUSED, "503"),
                elapsed=0.25,
                phases={Phase.PROCESSING: 0.2},
                response_code=503,
                bytes=100,
                stamps=Stamps.ELAPSED,
                excused=True,
            ),
            StepResult(LOOK, Status.PASSED, elapsed=0.25),
        ),
        warnings=(Warning("soft", 'go to "/": 503'),),
        seconds=0.0,
    )
    assert (found.cause, found.message, found.overhead, found.bad_step) == (Cause.NONE, "", 1.0, None)


@pytest.mark.parametrize("error", [Misconfigured("no file"), Broken("steps.py:3: no"), KeyError("x"), SystemExit(3)])
def test_a_soft_step_excuses_no_mistake(error: BaseException) -> None:
    """What the operator, or we, must mend is no weather."""

    async def mistaken(run: Run) -> None:
        with run.step(WARN):
            raise error

    found = observed(mistaken, WARN, LOOK)
    assert [step.status for step in found.steps] == [Status.ERROR, Status.SKIPPED]
    assert (found.status, found.bad_step, found.warnings) == (Status.ERROR, found.steps[0], ())


def test_the_deadline_excuses_no_soft_step() -> None:
    """There is no time left to go on."""

    async def hanging(run: Run) -> None:
        with run.step(WARN):
            await asyncio.Event().wait()

    found = observed(hanging, WARN, LOOK, deadline=0.02)
    assert [step.status for step in found.steps] == [Status.FAILED, Status.SKIPPED]
    assert (found.message, found.bad_step, found.warnings) == ("not done after 0.02 s", found.steps[0], ())


def test_a_step_after_a_soft_one_ends_the_run_with_the_same_words() -> None:
    """The bad step is the one that ended it."""

    async def unlucky(run: Run) -> None:
        for planned in (WARN, LOOK):
            with run.step(planned):
                raise ConnectFailed("www: connection refused")

    found = observed(unlucky, WARN, LOOK)
    assert found.bad_step == found.steps[1]
    assert found.steps[0].trouble == found.steps[1].trouble == found.trouble


async def tidying(run: Run) -> None:
    """Look, which fails; leave all the same, which fails too."""
    with run.isolated(), run.step(LOOK):
        raise Failure(Cause.EXPECTATION, "nothing to be seen")
    with run.isolated(), run.step(LEAVE):
        raise Failure(Cause.REFUSED, "locked")


def test_the_first_trouble_is_the_run_s() -> None:
    """What goes wrong afterwards is its own step's; the steps stand in the job's order, whichever were done."""
    found = observed(tidying, LEAVE, OPEN, LOOK)
    assert found.trouble == Trouble(Status.FAILED, Cause.EXPECTATION, "nothing to be seen")
    assert [(step.series, step.status) for step in found.steps] == [
        ("leave", Status.FAILED),
        ("go_to", Status.SKIPPED),
        ("should_see_welcome", Status.FAILED),
    ]
    assert found.bad_step == found.steps[2]


def test_the_deadline_of_a_run_that_has_failed_changes_nothing() -> None:
    """It ends the tidying up; how the run ended is known."""

    async def slow(run: Run) -> None:
        with run.isolated(), run.step(LOOK):
            raise Failure(Cause.EXPECTATION, "nothing to be seen")
        with run.isolated(), run.step(LEAVE):
            await asyncio.Event().wait()

    found = observed(slow, LOOK, LEAVE, deadline=0.02)
    assert found.message == "nothing to be seen"
    assert [step.trouble.message for step in found.steps if step.trouble] == [
        "nothing to be seen",
        "not done after 0.02 s",
    ]


@pytest.mark.parametrize(
    ("host", "error", "tidied"),
    [
        ("a", TimeoutError("too slow"), Status.SKIPPED),
        ("b", TimeoutError("too slow"), Status.FAILED),
        ("a", Failure(Cause.REFUSED, "locked"), Status.FAILED),
    ],
)
def test_a_server_that_does_not_answer_is_told_once(host: str, error: Exception, tidied: Status) -> None:
    """Whether the step's deadline strikes or the run's, whose words differ; another server is another fault."""

    async def slow(run: Run) -> None:
        for step, asked, raised in ((LOOK, "a", TimeoutError("not done after 5 s")), (LEAVE, host, error)):
            with run.isolated(), run.step(step):
                run.exchange(Exchange(asked, {}, finished=False, doing="waiting for the answer"))
                raise raised

    found = observed(slow, LOOK, LEAVE)
    assert [step.status for step in found.steps] == [Status.FAILED, tidied]
    assert found.message == "not done after 5 s: still waiting for the answer"
    said = "the same again: too slow: still waiting for the answer"
    assert found.steps[1].because == (said if tidied is Status.SKIPPED else "")


def test_a_cancellation_that_nobody_asked_for_ends_its_part_only() -> None:
    """As everywhere else."""

    async def confused(run: Run) -> None:
        with run.isolated(), run.step(LOOK):
            raise asyncio.CancelledError
        with run.isolated(), run.step(LEAVE):
            pass

    found = observed(confused, LOOK, LEAVE)
    assert (found.status, [step.status for step in found.steps]) == (Status.ERROR, [Status.ERROR, Status.PASSED])


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("s3cret" * 20_000 + "end", "end\n"),
        ("s3cret!" * 20_000 + "end", "!end\n"),
        ("s3cret" * 300_000, "ValueError: a text of 1800"),
    ],
    ids=["short", "long", "too long"],
)
def test_a_traceback_is_bounded(text: str, end: str) -> None:
    """Its beginning and its end are kept; no secret is cut in halves."""

    async def long_winded(run: Run) -> None:
        run.redactor.hide("key", "s3cret")
        with run.step(OPEN):
            raise ValueError(text)

    traceback = observed(long_winded, OPEN).traceback
    assert (len(traceback) <= 20_005, "s3cret" in traceback) == (True, False)
    assert "long_winded" in traceback
    assert traceback.endswith(end) or end in traceback.splitlines()[-1]


# Evidence


def keeping(keep: Callable[[Observation], Awaitable[str]], probe: Probe = tidying, **more: Any) -> Observation:
    """What comes of *probe* with evidence kept by *keep*."""

    async def kept(run: Run) -> None:
        run.keep = keep
        await probe(run)

    return observed(kept, LOOK, LEAVE, **more)


def test_a_failed_run_keeps_its_evidence() -> None:
    """It is kept of the finished observation, which then names the folder; the time it takes is not the run's."""
    seen = []

    async def keep(observation: Observation) -> str:
        seen.append(observation)
        return "/evidence/web"

    found = keeping(keep)
    assert (found.evidence, found.elapsed) == ("/evidence/web", 1.25)
    assert seen == [replace(found, evidence="")]


def test_a_run_into_the_deadline_keeps_its_evidence_too() -> None:
    """There is time for that beyond the deadline."""

    async def hanging(run: Run) -> None:
        with run.step(LOOK):
            await asyncio.Event().wait()

    async def keep(observation: Observation) -> str:
        return observation.message

    assert keeping(keep, hanging, deadline=0.02).evidence == "not done after 0.02 s"


def test_a_run_that_passed_keeps_none() -> None:
    """Nobody is asked."""

    async def keep(observation: Observation) -> str:
        raise AssertionError

    async def fine(run: Run) -> None:
        with run.step(LOOK):
            pass

    found = keeping(keep, fine)
    assert (found.status, found.evidence, found.warnings) == (Status.PASSED, "", ())


CANNOT = "the evidence of the failed run cannot be kept"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Misconfigured("SaveFailures /s3cret!: full"), "SaveFailures /[password]: full"),
        (OSError(28, "No space left on device", "/evidence"), f"{CANNOT}: /evidence: No space left on device"),
        (OSError(5, "Input/output error"), f"{CANNOT}: Input/output error"),
        (KeyError("x"), f"{CANNOT}: KeyError: 'x' ({__file__}:"),
        (asyncio.CancelledError(), f"{CANNOT}: CancelledError:  ({__file__}:"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_evidence_that_cannot_be_kept_is_a_warning(error: BaseException, said: str) -> None:
    """Redacted like everything else; the observation is what it was."""

    async def probe(run: Run) -> None:
        run.redactor.hide("password", "s3cret!")
        await tidying(run)

    async def keep(observation: Observation) -> str:
        raise error

    found = keeping(keep, probe)
    (warning,) = found.warnings
    assert (found.message, found.evidence, warning.code) == ("nothing to be seen", "", "evidence")
    assert warning.message.startswith(said)


def test_evidence_has_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that hangs does not hold up the job."""
    monkeypatch.setattr("collectd_inode.observing.KEEPING_SECONDS", 0.01)

    async def keep(observation: Observation) -> str:
        await asyncio.Event().wait()
        return ""

    said = "the evidence of the failed run was not written after 0.01 s"
    assert keeping(keep).warnings == (Warning("evidence", said),)


def test_a_stop_while_evidence_is_kept_goes_through() -> None:
    """The daemon waits for nobody."""

    async def main() -> None:
        inside = asyncio.Event()

        async def keep(observation: Observation) -> str:
            inside.set()
            await asyncio.Event().wait()
            return ""

        async def failing(run: Run) -> None:
            run.keep = keep
            await tidying(run)

        task = asyncio.create_task(observe(job(failing, LOOK, LEAVE)))
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_a_stop_keeps_no_evidence() -> None:
    """A run cut short by shutdown leaves nothing at all."""

    async def main() -> None:
        inside, kept = asyncio.Event(), []

        async def keep(observation: Observation) -> str:
            kept.append(observation)
            return ""

        async def waiting(run: Run) -> None:
            run.keep = keep
            with run.isolated(), run.step(LOOK):
                inside.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(observe(job(waiting, LOOK)))
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert kept == []

    asyncio.run(main())


def test_a_secret_is_in_no_part_of_an_observation() -> None:
    """Names and tables of steps, messages, what was expected and found, warnings, tracebacks."""
    typing = replace(OPEN, name='fill in "s3cret!"', below=("| s3cret! |",))

    async def chatty(run: Run) -> None:
        run.redactor.hide("password", "s3cret!")
        run.warn("code", "s3cret! is short")
        with run.step(typing):
            raise Failure(Cause.EXPECTATION, "no s3cret!", expected="s3cret!", found="s3cret%21")

    async def broken(run: Run) -> None:
        password = "s3cret!"
        run.redactor.hide("password", password)
        with run.step(OPEN):
            raise ValueError(password)

    found = observed(chatty, typing)
    assert found.warnings == (Warning("code", "[password] is short"),)
    assert found.steps[0].planned == replace(typing, name='fill in "[password]"', below=("| [password] |",))
    assert found.trouble == Trouble(Status.FAILED, Cause.EXPECTATION, "no [password]", "[password]", "[password]")
    assert found.steps[0].trouble == found.trouble
    failed = observed(broken)
    assert failed.message.startswith("ValueError: [password] (")
    assert failed.traceback.endswith("\nValueError: [password]\n")
    assert "s3cret" not in failed.traceback
