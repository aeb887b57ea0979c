"""Steps whose failure is a warning, clean-up steps, and what one step leaves for the next."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from collectd_inode.keys import BlockSettings
from collectd_inode.model import Cause, Job, Observation, Status, Warning
from collectd_inode.observing import observe
from collectd_inode.report.values import values
from collectd_inode.scenario import replay
from collectd_inode.state import State
from collectd_inode.wire import SYSTEM_CLOCK, Clock, workers
from tests.helpers.examples import SetClock, loaded, observe_patiently, write_feature
from tests.helpers.faults import FaultySite
from tests.helpers.peers import Conversation, Peer, answer, hang, peer, tidily

P, F, S, E = Status.PASSED, Status.FAILED, Status.SKIPPED, Status.ERROR


@pytest.fixture(scope="module")
def site() -> Iterator[FaultySite]:
    with FaultySite() as running:
        yield running


def scenario(folder: Path, text: str, **settings: Any) -> Job:
    """The job of a scenario with these steps, without a mistake."""
    found = loaded(write_feature(folder, text), **settings)
    assert [str(problem) for problem in found.problems] == []
    (job,) = found.jobs
    return job


def replayed(folder: Path, text: str, site: FaultySite, **settings: Any) -> Observation:
    """What comes of one run of it, on the site of all faults."""
    return workers.run(observe(scenario(folder, text, base_url=site.url, **settings)))


def asked(
    folder: Path,
    text: str,
    *answers: bytes | Conversation,
    deadline: float = 30.0,
    clock: Clock = SYSTEM_CLOCK,
    late: int | None = None,
    **settings: Any,
) -> tuple[Observation, Peer]:
    """What comes of one run of it, and what was asked of the server meanwhile.

    Deadlines count from when the answer is waited for in the step with the number *late*, if there is one.
    """

    async def main() -> tuple[Observation, Peer]:
        async with peer(*answers) as server:
            job = replace(scenario(folder, text, base_url=server.url, **settings), deadline=deadline)
            if late is None:
                return await observe(job, clock), server
            still = "waiting for the answer of 127.0.0.1"
            return await observe_patiently(job, step=job.steps[late].series, still=still), server

    return tidily(main())


def statuses(found: Observation) -> list[Status]:
    return [step.status for step in found.steps]


class LateClock(SetClock):
    """So many seconds have passed since somebody looked at it for the first time."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def monotonic(self) -> float:
        now = self.uptime
        self.pass_by(self.seconds)
        self.seconds = 0.0
        return now


def own(folder: Path, text: str) -> tuple[str, ...]:
    """The setting ``steps`` for a module of the operator's with this in it."""
    path = folder / "own.py"
    path.write_text("from collectd_inode import step\n" + dedent(text))
    return (str(path),)


# ", or warn"


def test_a_soft_step_that_fails_is_a_warning(tmp_path: Path, site: FaultySite) -> None:
    """The run passes; what was wrong is said, and the step has no latency."""
    steps = 'When I go to "/fine"\nThen I should see "Bye", or warn\nAnd I should see "Welcome"'
    found = replayed(tmp_path, steps, site)
    assert (found.status, statuses(found)) == (P, [P, F, P])
    said = f'I should see "Bye", or warn: text “Bye” not found, on “Fine” at {site.url}/fine (status 200)'
    assert found.warnings == (Warning("soft", said),)
    sent = {value.identity: value.value for value in values(found, 0.0)}
    assert (sent["scenario-web-home/bool-success"], sent["scenario-web-home/gauge-warnings"]) == (1.0, 1.0)
    assert sent["scenario-web-home/count-passed"] == 2.0
    assert sent["scenario-web-home/latency-total"] == found.steps[0].seconds


def test_the_page_of_a_soft_navigation_is_what_came(tmp_path: Path, site: FaultySite) -> None:
    """Its latency is not sent, and is in no sum: a fast failure would look healthy."""
    steps = 'When I go to "/fine"\nAnd I go to "/error", or warn\nThen I should see "Welcome to the error page"'
    found = replayed(tmp_path, steps, site)
    assert (found.status, statuses(found)) == (P, [P, F, P])
    assert (found.steps[1].seconds, found.steps[1].response_code) == (None, 500)
    assert found.seconds == found.steps[0].seconds
    sent = {value.identity: value.value for value in values(found, 0.0)}
    assert "scenario-web-home/response_time-go_to_error_or_warn" not in sent
    parts = [v for name, v in sent.items() if "/duration-" in name and not name.endswith(("overhead", "elapsed"))]
    assert sum(parts) == pytest.approx(found.seconds)


def test_where_nothing_came_the_page_is_the_one_before(tmp_path: Path, site: FaultySite) -> None:
    """As after any step that fails."""
    steps = 'When I go to "/fine"\nAnd I go to "/close", or warn\nThen I should see "Welcome"'
    assert statuses(replayed(tmp_path, steps, site)) == [P, F, P]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ('I should see "x" within "h1", or warn', "text “x” not found, on “Fine” at /fine (status 200)"),
        ('I should see "x" within "#a", or warn', "there is no “#a”, on “Fine” at /fine (status 200)"),
        ("I fill in the following, or warn:\n| Name | Jo |", "no field “Name”, on “Fine” at /fine (status 200)"),
        ("the request should fail, or warn", "the request succeeded: “Fine” at /fine (status 200)"),
        ('whatever happens, I follow "x", or warn', "no link “x”, on “Fine” at /fine (status 200)"),
    ],
)
def test_every_step_may_be_soft(tmp_path: Path, site: FaultySite, step: str, said: str) -> None:
    """In a part of the page, with a table, as a clean-up step."""
    found = replayed(tmp_path, f'When I go to "/fine"\nThen {step}', site)
    (warning,) = found.warnings
    assert (found.status, warning.message.replace(site.url, "")) == (P, f"{step.partition(chr(10))[0]}: {said}")


def test_a_soft_step_excuses_no_mistake_of_the_operator_s(tmp_path: Path, site: FaultySite) -> None:
    """It is nothing that gets better by itself."""
    found = replayed(
        tmp_path,
        'When I go to "/fine"\nThen I should see /${p}/, or warn\nAnd I should see "x"',
        site,
        variables=(("p", "("),),
    )
    assert (found.status, found.cause, statuses(found)) == (E, Cause.CONFIGURATION, [P, E, S])
    assert found.warnings == ()


def test_an_undefined_step_is_not_saved_by_being_soft(tmp_path: Path) -> None:
    """The snippet is for the sentence without what makes it soft."""
    found = loaded(write_feature(tmp_path, 'When I frobnicate "x", or warn'))
    (job,), (problem,) = found.jobs, found.problems
    assert job.trouble is not None
    assert job.trouble.status is Status.UNDEFINED
    assert problem.what == 'undefined step: I frobnicate "x", or warn'
    assert '@step("I frobnicate {string}")' in problem.help


def test_a_step_s_own_timeout_is_excused_too(tmp_path: Path, site: FaultySite) -> None:
    """It has the time waited for its latency, as everywhere; the sum is of what passed."""
    steps = 'When I go to "/hang", or warn\nAnd I go to "/fine"'
    job = scenario(tmp_path, steps, base_url=site.url, step_timeout=0.5)
    found = workers.run(observe_patiently(job, step=job.steps[0].series))
    assert (found.status, statuses(found)) == (P, [F, P])
    waited = found.steps[0].seconds
    assert waited is not None
    assert waited >= 0.5
    assert found.seconds == found.steps[1].seconds


# "whatever happens"

LEAVE = 'And whatever happens, I go to "/leave"'
TWO = '\nAnd whatever happens, I go to "/leave"\nAnd whatever happens, I go to "/close"'


def test_clean_up_steps_are_done_where_they_stand(tmp_path: Path) -> None:
    """When all goes well they are steps like the others."""
    found, server = asked(tmp_path, f'When I go to "/in"\n{LEAVE}\nAnd I go to "/out"', answer())
    assert (found.status, statuses(found)) == (P, [P, P, P])
    assert server.asked == ["GET /in", "GET /leave", "GET /out"]
    assert found.seconds == sum(step.seconds or 0 for step in found.steps)


def test_clean_up_steps_are_done_after_a_failure(tmp_path: Path) -> None:
    """The steps between are skipped; all stand in the feature's order."""
    steps = f'When I go to "/in"\nThen I should see "Bye"\nAnd I go to "/out"{TWO}'
    found, server = asked(tmp_path, steps, answer())
    assert (found.status, found.cause, statuses(found)) == (F, Cause.EXPECTATION, [P, F, S, P, P])
    assert found.bad_step == found.steps[1]
    assert found.message.startswith("text “Bye” not found")
    assert server.asked == ["GET /in", "GET /leave", "GET /close"]
    assert found.seconds is None


def test_what_was_done_is_not_done_again(tmp_path: Path) -> None:
    """Of clean-up steps in the middle only those are left that were not reached."""
    steps = f'{LEAVE}\nWhen I follow "nowhere"\n{LEAVE}'
    found, server = asked(tmp_path, steps, answer())
    assert (statuses(found), server.asked) == ([P, F, P], ["GET /leave", "GET /leave"])


TIED = 'And if I got as far as "{}", whatever happens, I go to "/leave"'


@pytest.mark.parametrize(
    ("steps", "expected", "asked_for"),
    [
        ('When I go to "/in"\nThen I should see "Bye"\n{tied}', [P, F, P], ["GET /in", "GET /leave"]),
        ('When I follow "x"\nAnd I go to "/in"\nAnd I go to "/out"\n{tied}', [F, S, S, S], []),
        ('When I go to "/in"\nAnd I go to "/out"\n{tied}', [P, P, P], ["GET /in", "GET /out", "GET /leave"]),
        ('When I follow "x"\n{tied_to_soft}\n{leave}', [F, S, S, P], ["GET /leave"]),
        ('{tied_to_soft}\nWhen I go to "/in"', [F, S, P], ["GET /in"]),
    ],
)
def test_clean_up_that_is_tied_to_a_step(
    tmp_path: Path, steps: str, expected: list[Status], asked_for: list[str]
) -> None:
    """It is done where that step has passed, and skipped where it has not: the run goes on, and is as it was."""
    tied = TIED.format('I go to "/in"')
    soft = 'When I follow "y", or warn\n' + TIED.format('I follow "y", or warn')
    written = steps.format(tied=tied, leave=LEAVE, tied_to_soft=soft)
    found, server = asked(tmp_path, written, answer())
    assert (statuses(found), server.asked) == (expected, asked_for)
    assert found.status is (F if "x" in steps or "Bye" in steps else P)


@pytest.mark.parametrize("passed", ["go to /in", 'I  go to "/in"', "go_to_in", 'I go to "/in"'])
def test_how_a_step_is_named(tmp_path: Path, passed: str) -> None:
    """By its text, or by its series; what a series leaves out does not count."""
    found, server = asked(tmp_path, f'When I go to "/in"\n{TIED.format(passed)}', answer())
    assert (statuses(found), server.asked) == ([P, P], ["GET /in", "GET /leave"])


def test_two_steps_that_read_the_same(tmp_path: Path) -> None:
    """The first is meant; the second has a series of its own."""
    steps = f'When I go to "/in"\nAnd I follow "x"\nAnd I go to "/in"\n{TIED.format("go_to_in_2")}\n'
    found, server = asked(tmp_path, steps + TIED.format('I go to "/in"'), answer())
    assert (statuses(found), server.asked) == ([P, F, S, S, P], ["GET /in", "GET /leave"])


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        ('I go to "/inn"', 'no step before this one is “I go to "/inn"”; did you mean “I go to "/in"”?'),
        ("x", "no step before this one is “x”"),
        ('I go to "/out"', 'no step before this one is “I go to "/out"”; did you mean “I go to "/in"”?'),
    ],
)
def test_a_step_that_is_not_there_is_a_mistake(tmp_path: Path, passed: str, said: str) -> None:
    """When the feature is loaded; one that comes later is not there either."""
    path = write_feature(tmp_path, f'When I go to "/in"\n{TIED.format(passed)}\nAnd I go to "/out"')
    (problem,) = loaded(path, base_url="http://h/").problems
    assert said in str(problem)


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("raise KeyError('x')", Cause.ERROR),
        ("raise SystemExit(1)", Cause.ERROR),
        ("import asyncio; raise asyncio.CancelledError", Cause.ERROR),
        ("assert False", Cause.EXPECTATION),
    ],
)
def test_clean_up_steps_are_done_after_an_error(tmp_path: Path, body: str, cause: Cause) -> None:
    """Whatever an operator's step makes of it."""
    steps = own(tmp_path, f'@step("I stumble")\nasync def stumble(session):\n    {body}\n')
    found, server = asked(tmp_path, f"When I stumble\n{LEAVE}", answer(), steps=steps)
    assert (found.cause, found.bad_step, server.asked) == (cause, found.steps[0], ["GET /leave"])


def test_a_clean_up_step_that_fails_fails_the_run(tmp_path: Path) -> None:
    """Those after it are done all the same."""
    found, server = asked(tmp_path, f'When I go to "/in"{TWO}', answer(), answer(b"", "500 Oops"), answer())
    assert (found.status, found.cause, statuses(found)) == (F, Cause.REFUSED, [P, F, P])
    assert (found.bad_step, server.asked) == (found.steps[1], ["GET /in", "GET /leave", "GET /close"])


def test_a_clean_up_step_that_fails_in_the_middle_ends_the_run(tmp_path: Path) -> None:
    """As any other step would."""
    steps = f'{LEAVE}\nWhen I go to "/in"\n{LEAVE}'
    found, server = asked(tmp_path, steps, answer(b"", "500 Oops"), answer())
    assert (statuses(found), server.asked) == ([F, S, P], ["GET /leave", "GET /leave"])


def test_the_first_trouble_is_the_run_s(tmp_path: Path) -> None:
    """What a clean-up step meets afterwards is told with the step; so is the status of the failure."""
    steps = f'When I go to "/in"\nThen I should see "Bye"\n{LEAVE}'
    found, _ = asked(tmp_path, steps, answer(), answer(b"", "500 Oops"))
    assert (found.cause, statuses(found)) == (Cause.EXPECTATION, [P, F, F])
    assert found.bad_step == found.steps[1]
    assert found.steps[2].trouble is not None
    assert found.steps[2].trouble.cause is Cause.REFUSED
    sent = {value.identity: value.value for value in values(found, 0.0)}
    assert (sent["scenario-web-home/response_code-last"], sent["scenario-web-home/gauge-cause"]) == (200.0, 9.0)


def test_clean_up_steps_have_time_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others have run into their share of the run's time before."""
    monkeypatch.setattr(replay, "_MAIN_SHARE", 0.01)
    found, server = asked(tmp_path, f'When I go to "/in"\n{LEAVE}', hang, answer(), deadline=20.0, late=0)
    said = "not done after 0.2 s (the rest of the 20 s is for the clean-up steps)"
    assert found.message == f"{said}: still waiting for the answer of 127.0.0.1"
    assert (found.cause, statuses(found), found.bad_step) == (Cause.TIMEOUT, [F, P], found.steps[0])
    assert server.asked == ["GET /in", "GET /leave"]


def test_the_other_steps_have_four_fifths_of_the_run_s_time(tmp_path: Path) -> None:
    """Where there are clean-up steps; those that stand last are not among the others."""
    clock = LateClock(79.9)
    found, _ = asked(tmp_path, f'When I go to "/in"\n{LEAVE}', hang, answer(), deadline=100.0, clock=clock)
    assert found.message.startswith("not done after 80 s (the rest of the 100 s is for the clean-up steps)")
    alone, _ = asked(tmp_path, LEAVE, hang, deadline=0.25)
    assert alone.message.startswith("not done after 0.25 s:")


def test_the_run_s_deadline_ends_the_clean_up_too(tmp_path: Path) -> None:
    """How the run ended is known by then."""
    found, _ = asked(tmp_path, f'When I follow "nowhere"{TWO}', hang, deadline=0.2, late=1)
    assert (found.message, statuses(found)) == ("no page yet: open one first", [F, F, S])
    assert found.steps[1].trouble is not None
    assert found.steps[1].trouble.message == "not done after 0.2 s: still waiting for the answer of 127.0.0.1"


def test_a_step_that_swallows_its_cancellation_ends_its_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was too late all the same, and those after it are skipped."""
    monkeypatch.setattr(replay, "_MAIN_SHARE", 0.01)
    text = """
        import asyncio
        @step("I am stubborn")
        async def stubborn(session):
            try:
                await asyncio.Event().wait()
            except BaseException:
                pass
        """
    steps = f'When I am stubborn\nAnd I go to "/in"\n{LEAVE}'
    found, server = asked(tmp_path, steps, answer(), deadline=20.0, steps=own(tmp_path, text))
    assert found.message == "not done after 0.2 s (the rest of the 20 s is for the clean-up steps)"
    assert (statuses(found), server.asked) == ([P, S, P], ["GET /leave"])


def test_a_clean_up_step_has_the_step_s_timeout(tmp_path: Path) -> None:
    """As every other step."""
    found, _ = asked(tmp_path, f'When I go to "/in"\n{LEAVE}', answer(), hang, step_timeout=0.2, late=1)
    assert found.message == "the step was not done after 0.2 s: still waiting for the answer of 127.0.0.1"


def test_a_stop_of_the_daemon_does_not_clean_up(tmp_path: Path) -> None:
    """There is no time for it, and no observation."""

    async def main() -> list[str]:
        inside = asyncio.Event()

        async def told(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            inside.set()
            await asyncio.Event().wait()

        async with peer(told, answer()) as server:
            task = asyncio.create_task(observe(scenario(tmp_path, f'When I go to "/in"\n{LEAVE}', base_url=server.url)))
            await inside.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return server.asked

    assert tidily(main()) == ["GET /in"]


# What one step leaves for the next

TELLING = """
    import asyncio
    @step("I note the token {word}", remembers=("token",))
    async def note(session, text):
        assert text != "none", "nothing to note"
        session.variables["token"] = text

    @step("I hide the token {word}", remembers=["token"])
    async def hide(session, text):
        session.variables["token"] = text
        session.hide("token", text)

    @step("I say {string}")
    async def say(session, text):
        raise AssertionError(text)

    @step("I say how long it took")
    async def took(session):
        raise AssertionError(session.last_seconds)

    @step("I count")
    async def count(session):
        raise AssertionError(session.count())
    """


def test_a_value_that_is_remembered(tmp_path: Path, site: FaultySite) -> None:
    """By the steps after it, not before."""
    steps = own(tmp_path, TELLING)
    found = replayed(tmp_path, 'When I note the token abc\nAnd I say "<${token}>"', site, steps=steps)
    assert found.message.startswith("<abc> (")


def test_a_value_that_was_not_remembered(tmp_path: Path, site: FaultySite) -> None:
    """A step that wants one fails, and sends no ``${token}`` to anybody."""
    text = 'When I note the token none, or warn\nAnd I say "<${token}>"'
    found = replayed(tmp_path, text, site, steps=own(tmp_path, TELLING))
    said = "${token} has no value: the step that remembers it has not passed"
    assert (found.cause, found.message, found.bad_step) == (Cause.EXPECTATION, said, found.steps[1])


def test_a_value_that_is_hidden(tmp_path: Path, site: FaultySite) -> None:
    """From then on it is a secret like another, also where a piece of it would be told."""
    steps = own(tmp_path, TELLING)
    found = replayed(tmp_path, 'When I hide the token abcdef\nAnd I say "<${token}>"', site, steps=steps)
    assert found.message.startswith("<[token]> (")
    broken = replayed(tmp_path, 'When I hide the token [x:y\nAnd I go to "http://${token}.test/"', site, steps=steps)
    said = "the step cannot use the value of ${token}; in an address it must be %-encoded"
    assert (broken.cause, broken.message) == (Cause.CONFIGURATION, said)


@pytest.mark.parametrize("before", ['I go to "/fine"', 'I go to "/error", or warn'])
def test_how_long_the_step_before_took(tmp_path: Path, site: FaultySite, before: str) -> None:
    """On the wire, also if it failed."""
    text = f"When {before}\nAnd I say how long it took"
    found = replayed(tmp_path, text, site, steps=own(tmp_path, TELLING))
    assert found.message.startswith(f"{sum(found.steps[0].phases.values())} (")


def test_a_step_that_asks_nothing_took_no_time(tmp_path: Path, site: FaultySite) -> None:
    """What is judged is the last one that did ask."""
    text = 'When I go to "/fine"\nThen I should see "Welcome"\nAnd I say how long it took'
    found = replayed(tmp_path, text, site, steps=own(tmp_path, TELLING))
    assert found.message.startswith(f"{found.steps[0].seconds} (")


def test_a_step_that_got_no_answer_took_nobody_knows_how_long(tmp_path: Path, site: FaultySite) -> None:
    """Nothing is judged by the step before it."""
    text = 'When I go to "/fine"\nAnd I go to "http://127.0.0.1:1/", or warn\nAnd I say how long it took'
    assert replayed(tmp_path, text, site, steps=own(tmp_path, TELLING)).message.startswith("None (")


def test_a_step_that_takes_too_long_is_a_warning_before_it_is_a_failure(tmp_path: Path, site: FaultySite) -> None:
    """Both judge the step that asked, one after the other."""
    text = """
        When I go to "/fine"
        Then the last step should take less than 0.0 ms, or warn
        And the last step should take less than 30 seconds
    """
    found = replayed(tmp_path, text, site)
    assert (found.status, statuses(found)) == (P, [P, F, P])
    (warning,) = found.warnings
    assert warning.message.startswith("the last step should take less than 0.0 ms, or warn: the last step took ")


def test_what_a_sentence_remembers_is_known_from_then_on(tmp_path: Path) -> None:
    """By the variable's name that stands in it."""
    text = (
        'When I remember a new number as "n"\nAnd I go to "/order/${n}"\nAnd whatever happens, I go to "/cancel/${n}"'
    )
    found, server = asked(tmp_path, text, answer())
    assert (found.status, server.asked) == (P, ["GET /order/1", "GET /cancel/1"])
    wrong = loaded(write_feature(tmp_path, 'When I remember a new number as "my number"'), base_url="http://www.test/")
    (problem,) = wrong.problems
    assert problem.what == "“my number” is not a name for a variable: a letter, then letters, digits, _ and -"


def test_counting(tmp_path: Path, site: FaultySite) -> None:
    """Each scenario has its own numbers, which a restart does not begin anew; what makes no sense counts as nothing."""
    steps, folder = own(tmp_path, TELLING), tmp_path / "state"
    text = "When I count, or warn\nAnd I count"

    def counted() -> list[str]:
        common = BlockSettings(state=State(str(folder)))
        found = replayed(tmp_path, text, site, steps=steps, common=common)
        return [step.trouble.message.partition(" ")[0] for step in found.steps if step.trouble]

    assert [counted(), counted()] == [["1", "2"], ["3", "4"]]
    (file,) = folder.glob("scenario-counter-*.json")
    file.write_text(file.read_text().replace("4", '"four"'))
    assert counted() == ["1", "2"]
