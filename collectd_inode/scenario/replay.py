"""The probe of a scenario: a fresh browser, the steps in order, everything prepared beforehand but the secrets."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from collectd_inode.browser import Browser, Profile
from collectd_inode.names import slug
from collectd_inode.run import Misconfigured, PlannedStep, Run
from collectd_inode.scenario.actions import Session
from collectd_inode.scenario.vocabulary import Action
from collectd_inode.wire import Exchange, deadline
from collectd_inode.wire.http import Transport
from collectd_inode.wire.tcp import Route

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_-]*)\}")
CERTIFICATES_REPORTED = 16
_SECRET_BYTES = 64 * 2**10
_DAY = 86400.0

Argument = object
"""A step's argument: text, a number, a doc string, or a table (rows of cells)."""


@dataclass(frozen=True, slots=True)
class PreparedStep:
    """A step that knows what to do.  ``refuse_bad_status``: a status of 400 or more fails it."""

    planned: PlannedStep
    action: Action
    arguments: tuple[Argument, ...]
    refuse_bad_status: bool


@dataclass(frozen=True, slots=True)
class Replay:
    """Replays one scenario; all that a run needs and that does not change between runs."""

    steps: tuple[PreparedStep, ...]
    profile: Profile
    tls: ssl.SSLContext
    route: Route = field(default_factory=Route)
    proxy: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Name → path."""
    auth_password_file: str | None = None
    step_timeout: float | None = None

    async def __call__(self, run: Run) -> None:
        """Replay the scenario once, writing into *run*."""
        secrets = await self._read_secrets(run)
        certificates: dict[str, float] = {}

        def on_exchange(exchange: Exchange) -> None:
            run.exchange(exchange)
            certificates.update(exchange.certificates)

        transport = Transport(
            tls=self.tls, route=self.route, proxy=self.proxy, on_exchange=on_exchange, clock=run.clock
        )
        browser = Browser(transport, replace(self.profile, auth_password=secrets.pop(_AUTH, None)), now=run.clock.now)
        session = Session(browser, {**self.variables, **secrets}, run.clock)
        try:
            for step in self.steps:
                with run.step(step.planned), self._discreetly(step):
                    await self._do(step, session)
        finally:
            await browser.aclose()
            _read_certificates(run, certificates)

    @contextmanager
    def _discreetly(self, step: PreparedStep) -> Iterator[None]:
        """What cannot be asked for is told in pieces, and a piece of a secret is not seen to be one."""
        try:
            yield
        except Misconfigured:
            secret = sorted(variables_in(step.arguments) & set(self.secrets))
            if not secret:
                raise
            what = f"the step cannot be done with what ${{{secret[0]}}} stands for; in an address it must be %-encoded"
            raise Misconfigured(what) from None

    async def _do(self, step: PreparedStep, session: Session) -> None:
        session.browser.refuse_bad_status = step.refuse_bad_status
        arguments = (expand(argument, session.variables) for argument in step.arguments)
        if self.step_timeout is None:
            return await step.action(session, *arguments)
        try:
            async with deadline(self.step_timeout) as limit:
                await step.action(session, *arguments)
        except TimeoutError:
            if not limit.expired():
                raise
            raise TimeoutError(f"the step was not done after {self.step_timeout:g} s") from None

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


_AUTH = ""  # no variable can have this name


def _read_all(files: Mapping[str, str]) -> dict[str, str]:
    return {name: read_secret(path) for name, path in files.items()}


def read_secret(path: str) -> str:
    """The first line of a secret's file; raises Misconfigured, which never repeats what is in it."""
    try:
        with open(path, "rb") as file:
            line = file.readline(_SECRET_BYTES)
    except OSError as error:
        raise Misconfigured(f"secret {path}: {error.strerror}") from None
    try:
        value = line.rstrip(b"\r\n").decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Misconfigured(f"secret {path}: the first line is not UTF-8") from None
    if not value.strip():
        raise Misconfigured(f"secret {path}: the first line is empty")
    return value


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
