"""From a ``<Smarthost>`` block to its job: mistakes that can be found without a run are found here."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from collectd_inode.keys import BlockSettings, Loaded, contradictions
from collectd_inode.model import Cause, Job, Misconfigured, PlannedStep, Problem, Status, Trouble
from collectd_inode.names import target_of
from collectd_inode.reference import readings_of
from collectd_inode.secrets.files import long_enough
from collectd_inode.smarthost import credentials
from collectd_inode.smarthost.addresses import MOST_ADDRESSES, connect_series
from collectd_inode.smarthost.dialogue import Script, SmtpStep, steps
from collectd_inode.smarthost.holdoff import HoldOff
from collectd_inode.smarthost.kind import SMARTHOST
from collectd_inode.smarthost.mechanisms import WITH_TOKEN, Login
from collectd_inode.smarthost.probe import RELAY, Smarthost
from collectd_inode.smarthost.reference import READINGS
from collectd_inode.smarthost.settings import SUBMISSION, SUBMISSIONS, Settings, is_helo_name
from collectd_inode.trust import profile as tls
from collectd_inode.trust.store import Store, StoreLevel, look_over
from collectd_inode.wire import SYSTEM_CLOCK
from collectd_inode.wire.address import is_numeric
from collectd_inode.wire.tcp import Route

if TYPE_CHECKING:
    from collectd_inode.smarthost.tokens import Tokens

_USUAL = {25: "starttls", SUBMISSION: "starttls", SUBMISSIONS: "implicit"}
"""How TLS begins at a port (RFC 3207, RFC 6409, RFC 8314)."""
EXIM_USER = "Debian-exim"
"""The user that must be able to read the CA store on the machine itself; collectd is root as a rule."""


def load(name: str | None, settings: Settings, common: BlockSettings) -> Loaded:
    """The job of the block called *name*; never raises for what an operator or a file did wrong.

    Without a name (no configuration) the job is named after the server.
    """
    loader = _Loader(name, settings, common)
    job = loader.job()
    return Loaded((job,), tuple(loader.problems), tuple(_sources(settings)), tuple(loader.warnings))


class _Loader:
    """One loading of one block; gathers problems on the way."""

    def __init__(self, name: str | None, settings: Settings, common: BlockSettings) -> None:
        self.name, self.common = name or settings.server, common
        self.settings = _with_token(settings)
        self.told = settings
        self.where = f'<Smarthost "{name}">' if name is not None else ""
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.trouble: Trouble | None = None

    def job(self) -> Job:
        if not self.settings.server:
            self._misconfigured(Problem('expected a Server "smarthost.example.org"'))
        for what in contradictions(self.settings, self.common):
            self._misconfigured(Problem(what))
        self._check_token()
        self._check_port()
        store = self._store()
        context = self._context() if self.trouble is None else None
        self._check_credentials()
        script = self._script()
        job = self.common.job(
            SMARTHOST.plugin,
            self.name,
            steps=tuple(_planned(self.settings, script)),
            readings=readings_of(READINGS),
            first_run=self._may_run_early(),
            target=target_of(self.settings.server or "", self.settings.port),
        )
        if self.trouble is not None or context is None:
            return replace(job, trouble=self.trouble)
        return replace(job, probe=self._probe(job, script, store, context))

    def _may_run_early(self) -> bool:
        """Whether a restart begins with a run: not if that looks like an attack, or would forget a refused log-in."""
        logs_in = self.settings.password_file is not None
        return not self.settings.refused_without_auth and not (logs_in and self.common.state.folder is None)

    def _probe(self, job: Job, script: Script, store: Store | None, context: ssl.SSLContext) -> Smarthost:
        s = self.settings
        return Smarthost(
            settings=s,
            script=replace(script, login=None),
            planned=job.steps,
            tls=context,
            hold_off=HoldOff(self.common.state.of(SMARTHOST.plugin, self.name), s.auth_hold_off),
            store=store,
            route=self._route(),
            tokens=self._tokens(),
        )

    def _route(self) -> Route:
        return Route(family=self.common.family, source_address=self.settings.source_address)

    @property
    def _renews(self) -> bool:
        """Whether the login is by tokens that are fetched here."""
        s = self.settings
        return s.token_url is not None and s.token_file is None and s.mechanism in WITH_TOKEN

    def _tokens(self) -> Tokens | None:
        s = self.settings
        if s.token_url is None or not self._renews:
            return None
        from collectd_inode.smarthost.tokens import Provider, Tokens  # noqa: PLC0415 - it brings the browser

        assert s.client_id is not None
        assert s.refresh_token_file is not None
        provider = Provider(s.token_url, s.client_id, s.client_secret_file, s.refresh_token_file)
        # A provider's own servers are known to the system; one's own token server to one's own CA.
        return Tokens(provider, tls.context(tls.TrustProfile(s.ca_cert, system_too=True)), self._route())

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
            help = f"an Exim leaf: {finding.exim}" if finding.exim else ""
            problem = Problem(finding.message, finding.place, help=help, value=path)
            if finding.fatal:
                self._misconfigured(problem)
            elif finding.level is StoreLevel.WARNING:
                self.warnings.append(replace(problem, where=self.where))
        return store

    def _context(self) -> ssl.SSLContext | None:
        try:
            return tls.context(_profile(self.settings))
        except tls.BadProfile as error:
            self._misconfigured(Problem(str(error), value=error.path))
            return None

    def _check_token(self) -> None:
        """A token has mechanisms of its own, and a password has others; where both are given, Mechanism chooses."""
        told, by_token = self.told, self.settings.mechanism in WITH_TOKEN
        if by_token and told.token_url is not None and told.token_file is not None:
            self._misconfigured(Problem("expected a TokenFile or a TokenURL, not both"))
        elif told.token_url is not None and told.password_file is None and not by_token:
            self._misconfigured(Problem(f"TokenURL: expected a Mechanism {' or '.join(WITH_TOKEN)} beside it"))
        elif by_token and told.token_file is None and told.token_url is None:
            self._misconfigured(Problem(f"Mechanism {told.mechanism}: expected a TokenFile or a TokenURL beside it"))
        elif told.token_file is not None and told.password_file is None and not by_token:
            self._misconfigured(Problem(f"TokenFile: expected a Mechanism {' or '.join(WITH_TOKEN)} beside it"))

    def _check_port(self) -> None:
        """A port whose usual way of TLS is the other one: the server and we would wait for each other."""
        usual = _USUAL.get(self.settings.to_port)
        if usual not in (None, self.settings.tls):
            first = "speaks TLS from the first byte" if usual == "implicit" else "speaks SMTP before TLS"
            what = f'port {self.settings.to_port} {first} usually: set TLS "{usual}"'
            self.warnings.append(Problem(what, where=self.where, value=str(self.settings.to_port)))

    def _check_credentials(self) -> None:
        """A password that is missing, or too short to be hidden, is reported now, and by each run."""
        s = self.settings
        if s.password_file is None:
            return
        try:
            found = credentials.read(s.password_file, server=s.server, user=s.user, port=s.to_port)
            long_enough(found.password, s.password_file)
            if s.token_file is not None:
                credentials.only_token(found.password, s.token_file)
            if self._renews and s.client_secret_file is not None:
                from collectd_inode.smarthost.tokens import secret_line  # noqa: PLC0415

                secret_line(s.client_secret_file)
        except Misconfigured as error:
            self.problems.append(Problem(str(error), where=self.where, value=s.password_file))
        if self._renews:
            self._check_folder(s.password_file)

    def _check_folder(self, path: str) -> None:
        """A refresh token that could not be written back is reported before a provider gives one."""
        from collectd_inode.smarthost.tokens import cannot_be_written  # noqa: PLC0415

        if why := cannot_be_written(path):
            what = f"{path}: a new refresh token could not be written back: {why}"
            self.warnings.append(Problem(what, where=self.where, value=path))

    def _misconfigured(self, problem: Problem) -> None:
        """A mistake that keeps the job from running; the first is what the job reports."""
        self.problems.append(replace(problem, where=self.where))
        self.trouble = self.trouble or Trouble(Status.ERROR, Cause.CONFIGURATION, str(problem))


def _with_token(settings: Settings) -> Settings:
    """A token takes the password's place."""
    by_token = settings.mechanism in WITH_TOKEN or settings.password_file is None
    if settings.token_url is not None and settings.refresh_token_file is not None and by_token:
        by_refresh = settings.mechanism or WITH_TOKEN[0]
        return replace(settings, password_file=settings.refresh_token_file, token_file=None, mechanism=by_refresh)
    if settings.token_file is None or not by_token:
        return replace(settings, token_file=None)
    return replace(settings, password_file=settings.token_file, mechanism=settings.mechanism or WITH_TOKEN[0])


_NAMES = {
    SmtpStep.RESOLVE: "resolve {server}",
    SmtpStep.CONNECT: "connect to port {port}",
    SmtpStep.BANNER: "banner",
    SmtpStep.EHLO: "EHLO {helo}",
    SmtpStep.STARTTLS: "STARTTLS",
    SmtpStep.TLS: "TLS as {name}",
    SmtpStep.EHLO_TLS: "EHLO {helo}, encrypted",
    SmtpStep.AUTH: "AUTH",
    SmtpStep.MAIL: "MAIL FROM:<{sender}>",
    SmtpStep.RCPT: "RCPT TO:<{recipient}>",
    SmtpStep.QUIT: "QUIT",
}
"""The names of the steps for people."""


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
        asks = step is not SmtpStep.RESOLVE or not is_numeric(settings.server)
        yield PlannedStep(_NAMES[step].format(**words), step.value, navigates=asks)
        if step is SmtpStep.CONNECT and settings.addresses == "all" and not is_numeric(settings.server):
            for number in range(2, MOST_ADDRESSES + 1):
                name = f"connect to port {settings.to_port} at address {number}"
                yield PlannedStep(name, connect_series(number), spare=True)
    if settings.refused_without_auth:
        yield PlannedStep("relays for no stranger", RELAY, navigates=False)


_NAME_SECONDS = 2.0
"""How long loading waits for a resolver that hangs."""


def _own_name() -> str:
    """This machine's fully qualified name, or else its address, as smtplib has it; its kernel's, if that takes long.

    The thread is one of its own: a pool's would not survive the daemon's fork.
    """
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(_fully_qualified()), daemon=True)
    thread.start()
    thread.join(_NAME_SECONDS)
    name = found[0] if found else os.uname().nodename
    return name if is_helo_name(name) else "[127.0.0.1]"


def _fully_qualified() -> str:
    name = socket.getfqdn()
    if "." in name:
        return name
    try:
        return f"[{socket.gethostbyname(socket.gethostname())}]"
    except OSError:
        return "[127.0.0.1]"


def _profile(settings: Settings) -> tls.TrustProfile:
    s = settings
    return tls.TrustProfile(s.ca_cert, True, s.client_cert, s.client_key, s.minimum_tls, modern_ciphers=True)


def _sources(settings: Settings) -> Iterator[str]:
    """The files that the job was made from; not RefreshTokenFile, which its own runs write."""
    yield from _profile(settings).sources
    yield from filter(
        None,
        (settings.password_file, settings.token_file, settings.client_secret_file),
    )
