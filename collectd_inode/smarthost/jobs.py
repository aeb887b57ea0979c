"""From a ``<Smarthost>`` block to its job: everything that can go wrong by itself is found beforehand."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from dataclasses import replace

from collectd_inode.keys import Common, Loaded, Problem
from collectd_inode.run import Cause, Job, Misconfigured, PlannedStep, Status, Trouble
from collectd_inode.smarthost import credentials
from collectd_inode.smarthost.dialogue import Script, Step, steps
from collectd_inode.smarthost.holdoff import HoldOff
from collectd_inode.smarthost.mechanisms import Login
from collectd_inode.smarthost.probe import RELAY, Smarthost
from collectd_inode.smarthost.settings import Settings, contradictions, is_helo_name
from collectd_inode.trust import profile as tls
from collectd_inode.trust.store import Level, Store, look_over
from collectd_inode.wire import SYSTEM_CLOCK
from collectd_inode.wire.address import is_numeric
from collectd_inode.wire.tcp import Route

KIND = "smarthost"
READINGS = (
    *(("bool", name) for name in ("verified", "as_leaf", "authenticated", "relay")),
    *(("gauge", f"{name}_days_left") for name in ("certificate", "chain", "ca")),
    ("gauge", "tls_version"),
    ("gauge", "cipher_bits"),
)
EXIM_USER = "Debian-exim"
"""Who must be able to read the CA store on the machine itself; collectd is root as a rule."""


def load(name: str | None, settings: Settings, common: Common) -> Loaded:
    """The job of the block called *name*; never raises for what an operator or a file did wrong.

    Without a name (no configuration) the job is named after the server.
    """
    loader = _Loader(name, settings, common)
    job = loader.job()
    return Loaded((job,), tuple(loader.problems), tuple(_sources(settings)), tuple(loader.warnings))


class _Loader:
    """One loading of one block; gathers problems on the way."""

    def __init__(self, name: str | None, settings: Settings, common: Common) -> None:
        self.name, self.settings, self.common = name or settings.server, settings, common
        self.where = f'<Smarthost "{name}">' if name is not None else ""
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.trouble: Trouble | None = None

    def job(self) -> Job:
        for what in contradictions(self.settings):
            self._misconfigured(what)
        store = self._store()
        context = self._context() if self.trouble is None else None
        self._check_credentials()
        script = self._script()
        job = self.common.job(
            KIND,
            self.name,
            steps=tuple(_planned(self.settings, script)),
            readings=READINGS,
        )
        if self.trouble is not None or context is None:
            return replace(job, trouble=self.trouble)
        return replace(job, probe=self._probe(job, script, store, context))

    def _probe(self, job: Job, script: Script, store: Store | None, context: ssl.SSLContext) -> Smarthost:
        s = self.settings
        return Smarthost(
            settings=s,
            script=replace(script, login=None),
            planned=job.steps,
            tls=context,
            hold_off=HoldOff(self.common.state.of(KIND, self.name), s.auth_hold_off),
            store=store,
            route=Route(family=self.common.family, source_address=s.source_address),
        )

    def _script(self) -> Script:
        s = self.settings
        return Script(
            helo_name=s.helo_name or _own_name(),
            implicit_tls=s.implicit_tls,
            # A login that stands in for the one that each run reads; the steps depend on there being one.
            login=Login(s.user or "", "") if s.password_file is not None else None,
            mechanism=s.mechanism,
            sender=s.sender,
            recipient=s.recipient,
        )

    def _store(self) -> Store | None:
        path = self.settings.ca_cert
        if path is None:
            return None
        days = self.settings.expiry_warning
        store = look_over(path, now=SYSTEM_CLOCK.now(), reader=EXIM_USER, expiring_days=days)
        for finding in store.findings:
            place = f"{finding.path}:{finding.line}" if finding.line else finding.path
            help = f"an Exim leaf: {finding.exim}" if finding.exim else ""
            if finding.fatal:
                self._misconfigured(finding.message, place, help, path)
            elif finding.level is Level.WARNING:
                self.warnings.append(Problem(self.where, finding.message, place, help, path))
        return store

    def _context(self) -> ssl.SSLContext | None:
        try:
            return tls.context(_profile(self.settings))
        except tls.BadProfile as error:
            s = self.settings
            named = (path for path in (s.client_cert, s.client_key, s.ca_cert) if path and path in str(error))
            self._misconfigured(str(error), value=next(named, ""))
            return None

    def _check_credentials(self) -> None:
        """A missing password is told now; the run will say it again, until the file is there."""
        s = self.settings
        if s.password_file is None:
            return
        try:
            credentials.read(s.password_file, server=s.server, user=s.user)
        except Misconfigured as error:
            self.problems.append(Problem(self.where, str(error), value=s.password_file))

    def _misconfigured(self, what: str, place: str = "", help: str = "", value: str = "") -> None:
        """A mistake that keeps the job from running; the first is what the job reports."""
        self.problems.append(Problem(self.where, what, place, help, value))
        message = f"{place}: {what}" if place else what
        self.trouble = self.trouble or Trouble(Status.ERROR, Cause.CONFIGURATION, message)


_NAMES = {
    Step.RESOLVE: "resolve {server}",
    Step.CONNECT: "connect to port {port}",
    Step.BANNER: "banner",
    Step.EHLO: "EHLO {helo}",
    Step.STARTTLS: "STARTTLS",
    Step.TLS: "TLS as {name}",
    Step.EHLO_TLS: "EHLO {helo}, encrypted",
    Step.AUTH: "AUTH",
    Step.MAIL: "MAIL FROM:<{sender}>",
    Step.RCPT: "RCPT TO:<{recipient}>",
    Step.QUIT: "QUIT",
}
"""What the steps are called where people read them."""


def _planned(settings: Settings, script: Script) -> Iterator[PlannedStep]:
    words = {
        "server": settings.server,
        "port": settings.to_port,
        "name": settings.certified_name,
        "helo": script.helo_name,
        "sender": settings.sender,
        "recipient": settings.recipient,
    }
    for step in steps(script):
        asks = step is not Step.RESOLVE or not is_numeric(settings.server)
        yield PlannedStep(_NAMES[step].format(**words), step.value, navigates=asks)
    if settings.refused_without_auth:
        yield PlannedStep("relays for no stranger", RELAY, navigates=False)


def _own_name() -> str:
    """This machine's name, as its kernel has it: asking the resolver may take longer than the whole check."""
    name = os.uname().nodename
    return name if is_helo_name(name) else "[127.0.0.1]"


def _profile(settings: Settings) -> tls.Profile:
    s = settings
    return tls.Profile(s.ca_cert, True, s.client_cert, s.client_key, s.minimum_tls, modern_ciphers=True)


def _sources(settings: Settings) -> Iterator[str]:
    """The files that the job was made from."""
    yield from _profile(settings).sources
    if settings.password_file is not None:
        yield settings.password_file
