"""The probe of a scenario: a fresh browser and the steps in order; each run reads the secrets."""

from __future__ import annotations

import asyncio
import itertools
import re
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence, Set
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from importlib import import_module
from itertools import takewhile
from typing import TYPE_CHECKING

from collectd_inode.browser.manner import Manner
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.keys import VARIABLE_NAME
from collectd_inode.model import Cause, Failure, Misconfigured, PlannedStep, StepResult
from collectd_inode.names import slug
from collectd_inode.page import locate, soft_errors
from collectd_inode.page.complaint import heading
from collectd_inode.page.forms import kind_of
from collectd_inode.page.page import Page
from collectd_inode.page.remembered import Findings
from collectd_inode.page.tree import parse
from collectd_inode.run import Run
from collectd_inode.scenario import facts
from collectd_inode.scenario.action import Action
from collectd_inode.scenario.engine import Engine, OpenEngine, Opening
from collectd_inode.scenario.evidence import Evidence
from collectd_inode.scenario.overlooked import Lookout
from collectd_inode.scenario.reference import MOST_CERTIFICATES
from collectd_inode.scenario.session import Session
from collectd_inode.scenario.showing import shown_page
from collectd_inode.secrets.files import first_line, long_enough, secret_content, secret_text
from collectd_inode.state import Memory
from collectd_inode.trust.profile import read_system_stores
from collectd_inode.wire import Clock, Exchange, deadline
from collectd_inode.wire.tcp import Route
from collectd_inode.wire.workers import aside_if_large

if TYPE_CHECKING:
    from collectd_inode.browser.record import Recorder
    from collectd_inode.chromium.options import Options

VARIABLE = re.compile(rf"\$\{{({VARIABLE_NAME.pattern})\}}")
_DAY = 86400.0

Argument = object
"""A step's argument: text, a number, a doc string, or a table (rows of cells)."""


@dataclass(frozen=True, slots=True)
class PreparedStep:
    """A step with its action.

    ``scopes`` are the parts of the page in which it acts, the outer first.  ``judge`` is the later step that judges the
    status of its answer; without one, a status of 400 or more fails the step itself.  It is skipped unless the earlier
    steps ``after`` have passed.
    """

    planned: PlannedStep
    action: Action[...]
    arguments: tuple[Argument, ...]
    scopes: tuple[str, ...] = ()
    judge: PlannedStep | None = None
    after: tuple[PlannedStep, ...] = ()
    is_own: bool = False
    """Whether it is an operator's code."""
    variables: frozenset[str] = field(init=False)
    """The names of the variables that it uses."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "variables", frozenset(variables_in((self.scopes, self.arguments))))

    def manner(self, arguments: Sequence[Argument]) -> Manner:
        """Its use of a browser."""
        return Manner.OWN if self.is_own else self.action.manner(arguments)

    @property
    def refuse_bad_status(self) -> bool:
        """Whether a status of 400 or more fails the step."""
        return self.judge is None


def plain(opening: Opening) -> Engine:
    """The engine without JavaScript."""
    from collectd_inode.browser.browser import Browser  # noqa: PLC0415  # `make_ready`
    from collectd_inode.wire.http import Transport  # noqa: PLC0415

    transport = Transport(
        tls=opening.tls,
        route=opening.route,
        proxy=opening.proxy,
        on_exchange=opening.on_exchange,
        clock=opening.clock,
    )
    return Browser(
        transport,
        opening.profile,
        now=opening.clock.now,
        recorder=opening.recorder,
        warn=opening.warn,
        findings=opening.findings,
    )


def make_ready() -> None:
    """Do the work that the first run would have to do: import httpx, the browser and the parser, read the system's CAs.

    Loading does not need these modules, and their imports take a third of the time of all imports.
    """
    for module in ("browser.browser", "wire.http", "scenario.har"):
        import_module(f"collectd_inode.{module}")
    parse("")
    soft_errors.kinds()
    read_system_stores()


@dataclass(frozen=True, slots=True)
class WithChromium:
    """Opens the engine with scripts, by these *options*."""

    options: Options

    def __call__(self, opening: Opening) -> Engine:
        from collectd_inode.chromium.engine import Chromium, Hooks  # noqa: PLC0415  # for who has a browser

        hooks = Hooks(opening.on_exchange, opening.timed, opening.read, opening.warn, opening.left)
        return Chromium(opening.profile, self.options, hooks, opening.recorder)


@dataclass(frozen=True, slots=True)
class PageNames:
    """The names on a page that sentences can use: links, buttons and fields."""

    url: str
    names: Mapping[str, Sequence[str]]
    title: str = ""
    heading: str = ""
    asks_for_password: bool = False
    looks_scripted: bool = False
    """Whether scripts build the page; the plain engine does not run scripts."""
    status: int = 200
    content_type: str = ""


Look = Callable[[PageNames], None]


@dataclass(frozen=True, slots=True)
class Replay:
    """Replays one scenario; has everything that runs need and that does not change between runs."""

    steps: tuple[PreparedStep, ...]
    profile: BrowserProfile
    tls: ssl.SSLContext
    counter: Memory
    """Keeps the last number that the scenario has counted to."""
    messages: Memory
    """Keeps fingerprints of the messages that the pages of the last good run showed."""
    route: Route = field(default_factory=Route)
    proxy: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Name → path."""
    auth_password_file: str | None = None
    step_timeout: float | None = None
    evidence: Evidence | None = None
    legacy: bool = False
    """Whether elements are found by Webrat's rules (``Vocabulary "legacy"``)."""
    assets_every: int = 1
    """The number of runs from one that requests pages' files to the next; the first run requests them."""
    findings: Findings = field(default_factory=Findings, repr=False, compare=False)
    runs: Iterator[int] = field(default_factory=itertools.count, repr=False, compare=False)
    open: OpenEngine = plain
    look: Look | None = None
    """Receives the last page of each run, for authors of scenarios."""

    async def __call__(self, run: Run) -> None:
        """Replay the scenario once, writing into *run*."""
        recorder = self.evidence.watch(run) if self.evidence is not None else None
        secrets = await self._read_secrets(run)
        certificates: dict[str, float] = {}

        def timed(series: str, seconds: float, network: float | None, size: int | None) -> None:
            run.timed(series, seconds, network, size)
            session.last_seconds = seconds

        browser = self.open(replace(self._opening(run, recorder, certificates, secrets.pop(_AUTH, None)), timed=timed))
        browser.usual = _fingerprints(self.messages)
        hidden = set(self.secrets)
        session = self._session(run, browser, secrets, hidden)
        play = _Play(self, run, session, hidden, recorder)
        try:
            await browser.begin()
            await play.to_its_end()
            if run.is_good:
                await browser.finish()
                await play.look_back()
        finally:
            if self.look is not None:
                self._show(browser, run, self.look)
            await browser.aclose()
            _read_certificates(run, certificates)
        if run.is_good:
            shown = sorted(browser.messages)[:_MESSAGES_KEPT]
            self.messages.write({"usual": shown} if shown else {})
            if self.evidence is not None:
                self.evidence.has_passed()

    def _opening(
        self, run: Run, recorder: Recorder | None, certificates: dict[str, float], password: str | None
    ) -> Opening:
        """The engine's arguments; the ends of the certificates that it meets are noted in *certificates*."""

        def on_exchange(exchange: Exchange) -> None:
            run.exchange(exchange)
            if recorder is not None:
                recorder.exchange(exchange)
            certificates.update(exchange.certificates)

        return Opening(
            self.profile if password is None else replace(self.profile, auth_password=password),
            self.tls,
            self.route,
            self.proxy,
            run.clock,
            on_exchange,
            recorder,
            run.warn,
            read=run.add_reading,
            left=lambda: run.seconds_left,
            findings=self.findings,
        )

    def _session(self, run: Run, browser: Engine, secrets: Mapping[str, str], hidden: set[str]) -> Session:
        """The session that the steps act on; it adds the names of what it hides to *hidden*."""

        def hide(name: str, value: str) -> None:
            run.redactor.hide(name, value)
            hidden.add(name)

        return Session(
            browser,
            {**self.variables, **secrets},
            run.clock,
            hide=hide,
            next_number=lambda: _next_number(self.counter),
            legacy=self.legacy,
            assets_are_due=next(self.runs) % self.assets_every == 0,
            warn=run.warn,
            show=lambda page: run.show(shown_page(page, run.redactor)),
        )

    def _show(self, browser: Engine, run: Run, look: Look) -> None:
        """Show the last page of the run, without its secrets, if there is one."""
        with suppress(Failure):
            page = browser.page
            found = {what: [run.redactor(name) for name in names] for what, names in locate.names(page).items()}
            passwords = [field for field in page.elements("input") if kind_of(field) == "password"]
            look(
                PageNames(
                    run.redactor(page.url),
                    found,
                    run.redactor(page.title),
                    run.redactor(heading(page)),
                    bool(passwords),
                    page.looks_scripted,
                    page.status,
                    run.redactor(page.content_type),
                )
            )

    async def _read_secrets(self, run: Run) -> dict[str, str]:
        """Each secret's value, read for each run: a changed password needs no restart."""
        files = dict(self.secrets)
        if self.auth_password_file is not None:
            files[_AUTH] = self.auth_password_file
        if not files:
            return {}
        values = await asyncio.get_running_loop().run_in_executor(None, _read_all, files)
        for name, value in values.items():
            run.redactor.hide("AuthPasswordFile" if name == _AUTH else name, value)
        if _AUTH in values and self.profile.auth_user is not None:
            # As basic authentication sends it, in case a server repeats it.
            run.redactor.hide("AuthPasswordFile", f"{self.profile.auth_user}:{values[_AUTH]}")
        return values


@dataclass(frozen=True, slots=True)
class _Play:
    """One run of a scenario.  ``hidden`` are the variables whose values must stay secret."""

    replay: Replay
    run: Run
    session: Session
    hidden: Set[str]
    recorder: Recorder | None = None
    noted: list[Page | None] = field(default_factory=lambda: [None])
    """The page whose facts were noted last."""

    lookout: Lookout = field(default_factory=Lookout)

    async def look_back(self) -> None:
        """Warn of what no step has looked at; for a run that has passed."""
        if (page := self._on_screen()) is not None:
            await aside_if_large(len(page.body), self.lookout.leave, page)
        for code, message in self.lookout.found:
            self.run.warn(code, message)

    def _on_screen(self) -> Page | None:
        """The page on the screen; None before the first one."""
        with suppress(Failure):
            return self.session.browser.page
        return None

    async def to_its_end(self) -> None:
        """Run the steps in order; clean-up steps that the run did not reach follow at its end."""
        waiting = deque(self.replay.steps)
        if not any(step.planned.cleanup for step in waiting):
            while waiting:
                await self._take(waiting.popleft())
            return
        with self.run.isolated():
            await self._main_part(waiting)
        for step in waiting:
            if step.planned.cleanup:
                with self.run.isolated():
                    await self._take(step)

    async def _main_part(self, waiting: deque[PreparedStep]) -> None:
        """Take from *waiting* all steps up to the last that is not a clean-up step, in their share of the time."""
        run, share = self.run, round(_MAIN_SHARE * self.run.seconds, 2)
        left = run.seconds_left - (run.seconds - share)
        late = f"not done after {share:g} s (the rest of the {round(run.seconds, 2):g} s is for the clean-up steps)"
        tidying = sum(1 for _ in takewhile(lambda step: step.planned.cleanup, reversed(waiting)))
        async with _limited(max(0.0, left), late, run.clock) as limit:
            while len(waiting) > tidying and not limit.expired():
                await self._take(waiting.popleft())

    async def _take(self, step: PreparedStep) -> None:
        if not all(map(self.run.has_passed, step.after)):
            return
        if self.recorder is not None:
            self.recorder.step = step.planned.series
        page = self._on_screen()
        await aside_if_large(0 if page is None else len(page.body), self.lookout.before, step, page)
        try:
            with self.run.step(step.planned):
                await self._do_discreetly(step)
        finally:
            self._note_page(step)
        if self.run.has_passed(step.planned):
            self.lookout.after(step)
        result = self.run.last
        seconds = _wire_seconds(result)
        if seconds is not None or (result is not None and result.excused and step.planned.navigates):
            self.session.last_seconds = seconds

    def _note_page(self, step: PreparedStep) -> None:
        """Note the new facts of the page; the run hides secrets in them as in everything else."""
        browser, page = self.session.browser, self._on_screen()
        if page is not None and page is not self.noted[0]:
            self.noted[0] = page
            for fact in facts.of_page(step.planned.name, page, browser.redirects, browser.cookies):
                self.run.note(fact.what, fact.value)

    async def _do_discreetly(self, step: PreparedStep) -> None:
        """Report an address that cannot be requested, but none of its parts: a part of a secret is not recognised."""
        try:
            await self._do(step)
        except Misconfigured:
            secret = sorted(step.variables & self.hidden)
            if not secret:
                raise
            hint = "; in an address it must be %-encoded" if step.planned.navigates else ""
            raise Misconfigured(f"the step cannot use the value of ${{{secret[0]}}}{hint}") from None

    async def _do(self, step: PreparedStep) -> None:
        if not step.action.shows:
            await self._perform(step)
        elif self.run.attended:
            try:
                await self._perform(step)
            except Failure as error:
                self.run.show([error.message])

    async def _perform(self, step: PreparedStep) -> None:
        session = self.session
        session.browser.refuse_bad_status = step.refuse_bad_status
        arguments, scopes = step.arguments, step.scopes
        if step.variables:
            unknown = sorted(step.variables - session.variables.keys())
            if unknown:  # when it was loaded there was a step before it to remember it
                what = f"${{{unknown[0]}}} has no value: the step that remembers it has not passed"
                raise Failure(Cause.EXPECTATION, what)
            arguments = tuple(expand(argument, session.variables) for argument in arguments)
            scopes = tuple(str(expand(selector, session.variables)) for selector in scopes)

        async def act() -> None:
            async with session.within(scopes) if scopes else nullcontext():
                await step.action(session, *arguments)

        manner, series, seconds = step.manner(arguments), step.planned.series, self.replay.step_timeout
        if seconds is None:
            await session.browser.perform(manner, series, act)
            return
        async with _limited(seconds, f"the step was not done after {seconds:g} s", self.run.clock):
            await session.browser.perform(manner, series, act)


_MAIN_SHARE = 0.8
"""Seconds of the run's time for the steps before the clean-up steps."""


@asynccontextmanager
async def _limited(seconds: float, message: str, clock: Clock) -> AsyncIterator[asyncio.Timeout]:
    """Limit the block to *seconds*; raises TimeoutError with *message* when they are over."""
    try:
        async with deadline(seconds, clock) as limit:
            yield limit
    except TimeoutError:
        if not limit.expired():
            raise
        raise TimeoutError(message) from None
    if limit.expired():  # an operator's step has swallowed its cancellation
        raise TimeoutError(message)


def _wire_seconds(result: StepResult | None) -> float | None:
    """The network's time for a step, also for one that failed; None if the step did not use the network."""
    if result is None or result.seconds is not None:
        return result.seconds if result else None
    return sum(result.phases.values()) if result.phases else None


_MESSAGES_KEPT = 100


def _fingerprints(kept: Memory) -> frozenset[str]:
    usual = kept.read().get("usual")
    return frozenset(filter(_is_text, usual)) if isinstance(usual, list) else frozenset()


def _is_text(kept: object) -> bool:
    return isinstance(kept, str)


def _next_number(counter: Memory) -> int:
    kept = counter.read().get("last")
    number = kept + 1 if type(kept) is int and kept >= 0 else 1
    counter.write({"last": number})
    return number


_AUTH = ""  # no variable can have this name


def _read_all(files: Mapping[str, str]) -> dict[str, str]:
    return {name: usable_secret(path) for name, path in files.items()}


def read_secret(path: str) -> str:
    """The first line of a secret's file; raises Misconfigured, which never repeats its content."""
    called = f"secret {path}"
    content, _ = secret_content(path, called)
    return first_line(secret_text(content, called), called)


def usable_secret(path: str) -> str:
    """The first line of a secret's file, if it is long enough to be hidden; raises Misconfigured."""
    secret = read_secret(path)
    long_enough(secret, f"secret {path}")
    return secret


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
    for host, end in list(certificates.items())[:MOST_CERTIFICATES]:
        # The host's slug is at most 63 bytes: with the prefix the type instance stays below collectd's 127.
        run.add_reading("gauge", f"certificate_days_left-{slug(host)}", (end - now) / _DAY)
