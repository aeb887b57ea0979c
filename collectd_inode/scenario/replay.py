"""The probe of a scenario: a fresh browser, the steps in order, everything prepared beforehand but the secrets."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping, Set
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import takewhile

from collectd_inode.browser import Browser, Profile
from collectd_inode.browser.record import Recorder
from collectd_inode.keys import VARIABLE_NAME, first_line, secret_content, secret_text
from collectd_inode.names import slug
from collectd_inode.run import Cause, Failure, Misconfigured, PlannedStep, Run, StepResult
from collectd_inode.scenario.evidence import Evidence
from collectd_inode.scenario.session import Session
from collectd_inode.scenario.vocabulary import Action
from collectd_inode.state import Memory
from collectd_inode.wire import Exchange, deadline
from collectd_inode.wire.http import Transport
from collectd_inode.wire.tcp import Route

VARIABLE = re.compile(rf"\$\{{({VARIABLE_NAME.pattern})\}}")
CERTIFICATES_REPORTED = 16
_DAY = 86400.0

Argument = object
"""A step's argument: text, a number, a doc string, or a table (rows of cells)."""


@dataclass(frozen=True, slots=True)
class PreparedStep:
    """A step that knows what to do.

    ``judge`` is the later step that judges the status of its answer; without one a status of 400 or more fails the step
    itself.
    """

    planned: PlannedStep
    action: Action
    arguments: tuple[Argument, ...]
    judge: PlannedStep | None = None

    @property
    def refuse_bad_status(self) -> bool:
        """Whether a status of 400 or more fails the step."""
        return self.judge is None


@dataclass(frozen=True, slots=True)
class Replay:
    """Replays one scenario; all that a run needs and that does not change between runs."""

    steps: tuple[PreparedStep, ...]
    profile: Profile
    tls: ssl.SSLContext
    counter: Memory
    """Keeps the last number that the scenario has counted to."""
    route: Route = field(default_factory=Route)
    proxy: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Name → path."""
    auth_password_file: str | None = None
    step_timeout: float | None = None
    evidence: Evidence | None = None

    async def __call__(self, run: Run) -> None:
        """Replay the scenario once, writing into *run*."""
        recorder = self.evidence.watch(run) if self.evidence is not None else None
        secrets = await self._read_secrets(run)
        certificates: dict[str, float] = {}

        def on_exchange(exchange: Exchange) -> None:
            run.exchange(exchange)
            if recorder is not None:
                recorder.exchange(exchange)
            certificates.update(exchange.certificates)

        transport = Transport(
            tls=self.tls, route=self.route, proxy=self.proxy, on_exchange=on_exchange, clock=run.clock
        )
        profile = replace(self.profile, auth_password=secrets.pop(_AUTH, None))
        browser = Browser(transport, profile, now=run.clock.now, recorder=recorder)
        hidden = set(self.secrets)

        def hide(name: str, value: str) -> None:
            run.redactor.hide(name, value)
            hidden.add(name)

        known = {**self.variables, **secrets}
        session = Session(browser, known, run.clock, hide=hide, count=lambda: _next_number(self.counter))
        try:
            await _Play(self, run, session, hidden, recorder).to_its_end()
        finally:
            await browser.aclose()
            _read_certificates(run, certificates)

    async def _read_secrets(self, run: Run) -> dict[str, str]:
        """Each secret's value, read anew for each run: a changed password needs no restart."""
        files = dict(self.secrets)
        if self.auth_password_file is not None:
            files[_AUTH] = self.auth_password_file
        if not files:
            return {}
        values = await asyncio.get_running_loop().run_in_executor(None, _read_all, files)
        for name, value in values.items():
            run.redactor.hide("AuthPasswordFile" if name == _AUTH else name, value)
        if _AUTH in values and self.profile.auth_user is not None:
            # How basic authentication shows it, should a server say it back.
            run.redactor.hide("AuthPasswordFile", f"{self.profile.auth_user}:{values[_AUTH]}")
        return values


@dataclass(frozen=True, slots=True)
class _Play:
    """One run of a scenario.  ``hidden`` are the variables whose values nobody may see."""

    replay: Replay
    run: Run
    session: Session
    hidden: Set[str]
    recorder: Recorder | None = None

    async def to_its_end(self) -> None:
        """Do the steps in order; the clean-up steps that the run did not come to are done after it."""
        waiting = deque(self.replay.steps)
        if not any(step.planned.cleanup for step in waiting):
            while waiting:
                await self._take(waiting.popleft())
            return
        with self.run.part():
            await self._main_part(waiting)
        for step in waiting:
            if step.planned.cleanup:
                with self.run.part():
                    await self._take(step)

    async def _main_part(self, waiting: deque[PreparedStep]) -> None:
        """Take from *waiting* all steps up to the last that is no clean-up step, in the time that is theirs."""
        run, share = self.run, round(_MAIN_SHARE * self.run.seconds, 2)
        left = run.seconds_left - (run.seconds - share)
        late = f"not done after {share:g} s (the rest of the {round(run.seconds, 2):g} s is for the clean-up steps)"
        tidying = sum(1 for _ in takewhile(lambda step: step.planned.cleanup, reversed(waiting)))
        async with _limited(max(0.0, left), late) as limit:
            while len(waiting) > tidying and not limit.expired():
                await self._take(waiting.popleft())

    async def _take(self, step: PreparedStep) -> None:
        if self.recorder is not None:
            self.recorder.step = step.planned.series
        with self.run.step(step.planned), self._discreetly(step):
            await self._do(step)
        result = self.run.last
        seconds = _wire_seconds(result)
        if seconds is not None or (result is not None and result.excused and step.planned.navigates):
            self.session.last_seconds = seconds

    @contextmanager
    def _discreetly(self, step: PreparedStep) -> Iterator[None]:
        """What cannot be asked for is told in pieces, and a piece of a secret is not seen to be one."""
        try:
            yield
        except Misconfigured:
            secret = sorted(variables_in(step.arguments) & self.hidden)
            if not secret:
                raise
            hint = "; in an address it must be %-encoded" if step.planned.navigates else ""
            raise Misconfigured(f"the step cannot be done with what ${{{secret[0]}}} stands for{hint}") from None

    async def _do(self, step: PreparedStep) -> None:
        session = self.session
        session.browser.refuse_bad_status = step.refuse_bad_status
        unknown = sorted(variables_in(step.arguments) - session.variables.keys())
        if unknown:  # when it was loaded there was a step before it to remember it
            what = f"${{{unknown[0]}}} has no value: the step that remembers it has not passed"
            raise Failure(Cause.EXPECTATION, what)
        arguments = (expand(argument, session.variables) for argument in step.arguments)
        async with self._step_timeout():
            await step.action(session, *arguments)

    def _step_timeout(self) -> AbstractAsyncContextManager[object]:
        seconds = self.replay.step_timeout
        return nullcontext() if seconds is None else _limited(seconds, f"the step was not done after {seconds:g} s")


_MAIN_SHARE = 0.8
"""Of the run's time, for the steps before the clean-up steps."""


@asynccontextmanager
async def _limited(seconds: float, message: str) -> AsyncIterator[asyncio.Timeout]:
    """Give the block so many *seconds*; raises TimeoutError with *message* when they are over."""
    try:
        async with deadline(seconds) as limit:
            yield limit
    except TimeoutError:
        if not limit.expired():
            raise
        raise TimeoutError(message) from None
    if limit.expired():  # an operator's step has swallowed its cancellation
        raise TimeoutError(message)


def _wire_seconds(result: StepResult | None) -> float | None:
    """How long the network took for a step, also for one that failed; None if it was asked for nothing."""
    if result is None or result.seconds is not None:
        return result.seconds if result else None
    return sum(result.phases.values()) if result.phases else None


def _next_number(counter: Memory) -> int:
    kept = counter.read().get("last")
    number = kept + 1 if type(kept) is int and kept >= 0 else 1
    counter.write({"last": number})
    return number


_AUTH = ""  # no variable can have this name


def _read_all(files: Mapping[str, str]) -> dict[str, str]:
    return {name: read_secret(path) for name, path in files.items()}


def read_secret(path: str) -> str:
    """The first line of a secret's file; raises Misconfigured, which never repeats what is in it."""
    called = f"secret {path}"
    content, _ = secret_content(path, called)
    return first_line(secret_text(content, called), called)


def expand(argument: Argument, variables: Mapping[str, str]) -> Argument:
    """*argument* with each ``${name}`` replaced, once; also in a table's cells."""
    match argument:
        case str():
            return VARIABLE.sub(lambda m: variables.get(m[1], m[0]), argument)
        case tuple():
            return tuple(expand(part, variables) for part in argument)
        case _:
            return argument


def variables_in(argument: Argument) -> set[str]:
    """The names of the variables that *argument* uses."""
    match argument:
        case str():
            return set(VARIABLE.findall(argument))
        case tuple():
            return set().union(*map(variables_in, argument))
        case _:
            return set()


def _read_certificates(run: Run, certificates: Mapping[str, float]) -> None:
    now = run.clock.now()
    for host, end in list(certificates.items())[:CERTIFICATES_REPORTED]:
        # The host's slug is at most 63 bytes: with the prefix the type instance stays below collectd's 127.
        run.read("gauge", f"certificate_days_left-{slug(host)}", (end - now) / _DAY)
