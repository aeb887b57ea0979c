"""The probe of a smarthost: the dialogue's steps in order, each timed, and what is read off the certificates.

Faults of QUIT and of the second conversation (`_Visit._stranger`) are no outage: they have a share of the
time that is left, so that they never run into the deadline.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable
from dataclasses import dataclass, field
from dataclasses import replace as changed

from collectd_inode.run import Cause, Failure, PlannedStep, Run
from collectd_inode.smarthost import credentials
from collectd_inode.smarthost.dialogue import Dialogue, Script, Step, steps
from collectd_inode.smarthost.holdoff import HoldOff
from collectd_inode.smarthost.mechanisms import Login
from collectd_inode.smarthost.settings import Settings
from collectd_inode.smarthost.talk import Listener, Talk
from collectd_inode.trust import certificate
from collectd_inode.trust.store import Store
from collectd_inode.trust.verdict import Verdict, judge
from collectd_inode.wire import CertificateRefused, Exchange, WireError, deadline
from collectd_inode.wire.conversation import Conversation
from collectd_inode.wire.tcp import Route

RELAY = "relay"
"""The step that asks as a stranger; a check, not a latency."""
QUIT_SECONDS = 2.0
"""A server that has not answered QUIT by then is not going to be waited for."""
_DAY = 86400.0
_VERSIONS = {"TLSv1": 1.0, "TLSv1.1": 1.1, "TLSv1.2": 1.2, "TLSv1.3": 1.3}


@dataclass(frozen=True, slots=True)
class Smarthost:
    """Checks one smarthost; all that a run needs and that does not change between runs."""

    settings: Settings
    script: Script
    """Without login: that is read for each run."""
    planned: tuple[PlannedStep, ...]
    tls: ssl.SSLContext
    hold_off: HoldOff
    store: Store | None = None
    route: Route = field(default_factory=Route)

    async def __call__(self, run: Run) -> None:
        """Check the smarthost once, writing into *run*."""
        visit = _Visit(self, run)
        try:
            await visit.make()
        finally:
            visit.tell()


class _Visit:
    """One run."""

    def __init__(self, job: Smarthost, run: Run) -> None:
        self.job, self.run = job, run
        self._planned = {planned.series: planned for planned in job.planned}
        self._dialogue = Dialogue(job.script)
        self._verdict: Verdict | None = None
        self._version: str | None = None
        self._cipher: tuple[str, str, int] | None = None

    async def make(self) -> None:
        """The conversation, and the second one if it is asked for."""
        found = await self._read_credentials()
        held = self._held(found)
        login = Login(found.user, found.password) if found else None
        talk = self._talk(changed(self.job.script, login=login), self._listener())
        self._dialogue = talk.dialogue
        try:
            for step in steps(talk.dialogue.script):
                if step is Step.AUTH and held is not None:
                    raise held
                with self.run.step(self._planned[step]):
                    await self._take(talk, step)
        finally:
            self._remember(found)
            await talk.leave()
        if self.job.settings.refused_without_auth:
            with self.run.step(self._planned[RELAY]):
                await self._softly("relay_unknown", "whether strangers are refused is not known", self._stranger(), 0.9)

    async def _take(self, talk: Talk, step: Step) -> None:
        settings, conversation = self.job.settings, talk.conversation
        match step:
            case Step.RESOLVE:
                exchange = await conversation.resolve(settings.server, settings.to_port)
                if exchange.phases:  # an address needs no looking up, and has no latency of 0
                    self.run.exchange(exchange)
            case Step.CONNECT:
                self.run.exchange(await conversation.connect())
            case Step.TLS:
                self.run.exchange(await self._secure(talk))
            case Step.QUIT:
                await self._softly("quit", "QUIT", talk.take(talk.dialogue.turn(step)), 0.5, QUIT_SECONDS)
            case _:
                await talk.take(talk.dialogue.turn(step))

    async def _secure(self, talk: Talk) -> Exchange:
        """TLS, and the verdict on the certificate, whichever way it goes."""
        name = self.job.settings.certified_name
        try:
            exchange = await talk.secure(self.job.tls, name)
        except CertificateRefused as error:
            self._judge(talk, error)
            raise Failure(Cause.CERTIFICATE, self._objection(str(error))) from None
        self._judge(talk)
        talk.dialogue.secured()
        return exchange

    def _judge(self, talk: Talk, refused: CertificateRefused | None = None) -> None:
        tls = talk.conversation.tls
        if tls is None:
            return
        self._version, self._cipher = tls.version(), tls.cipher()
        self._verdict = judge(
            self.job.settings.certified_name,
            certificate.presented(tls),
            certificate.chain(tls),
            (refused.verify_code or _UNSPECIFIED) if refused else None,
            refused.verify_message if refused else "",
            now=self.run.clock.now(),
            store=self.job.store,
        )

    def _objection(self, otherwise: str) -> str:
        verdict = self._verdict
        if verdict is None or verdict.flaw is None:
            return otherwise
        return f"{self.job.settings.certified_name}: {verdict.flaw.replace('_', ' ')}: {verdict.message}"

    # Credentials.

    async def _read_credentials(self) -> credentials.Credentials | None:
        """User and password, read anew for each run: a changed password needs no restart."""
        s = self.job.settings
        if s.password_file is None:
            return None
        path, loop = s.password_file, asyncio.get_running_loop()
        found = await loop.run_in_executor(None, lambda: credentials.read(path, server=s.server, user=s.user))
        self.run.redactor.hide("PasswordFile", found.password)
        for code, message in found.warnings:
            self.run.warn(code, message)
        return found

    def _held(self, found: credentials.Credentials | None) -> Failure | None:
        if found is None or not self.job.settings.password_file:
            return None
        return self.job.hold_off.check(self._account(found), self.run.clock.now(), self.job.settings.password_file)

    def _remember(self, found: credentials.Credentials | None) -> None:
        if found is not None and self._dialogue.rejected is not None:
            self.job.hold_off.began(self._account(found), self.run.clock.now())
        elif self._dialogue.authenticated:
            self.job.hold_off.ended()

    def _account(self, found: credentials.Credentials) -> list[object]:
        return [self.job.settings.server, self.job.settings.to_port, found.user, *found.stamp]

    # Strangers.

    async def _stranger(self) -> None:
        """A second conversation, without AUTH: a server that takes mail from there takes it from everybody."""
        quiet = Listener(lambda _: None, self._of_relay, lambda _: None)
        talk = self._talk(self.job.script, quiet)
        settings, conversation = self.job.settings, talk.conversation
        try:
            await conversation.resolve(settings.server, settings.to_port)
            await conversation.connect()
            for step in steps(changed(self.job.script, sender=None))[2:-1]:
                if step is Step.TLS:
                    await talk.secure(self.job.tls, settings.certified_name)
                    talk.dialogue.secured()
                else:
                    await talk.take(talk.dialogue.turn(step))
            await talk.take(talk.dialogue.strangers())
        finally:
            await talk.leave()

    def _of_relay(self, code: str, message: str) -> None:
        if code == "relay_unknown":  # the rest has been said of the first conversation
            self.run.warn(code, message)

    # What both share.

    def _talk(self, script: Script, listener: Listener) -> Talk:
        conversation = Conversation(self.job.route, self.run.clock)
        return Talk(conversation, Dialogue(script), listener, self.job.settings.minimum_tls)

    def _listener(self) -> Listener:
        return Listener(self.run.exchange, self.run.warn, lambda secret: self.run.redactor.hide("AUTH", secret))

    async def _softly(
        self, code: str, what: str, doing: Awaitable[None], share: float, most: float = float("inf")
    ) -> None:
        """Do what may go wrong without being an outage, in a *share* of the time left."""
        seconds = min(most, share * self.run.seconds_left)
        try:
            async with deadline(seconds):
                await doing
        except Failure as error:
            if error.cause is Cause.EXPECTATION:
                raise
            self.run.warn(code, _once(what, error.message))
        except WireError as error:
            self.run.warn(code, _once(what, str(error)))
        except TimeoutError:
            self.run.warn(code, f"{what}: no answer within {seconds:.1f} s")

    # Readings.

    def tell(self) -> None:
        """Everything that has become known, however the run has ended."""
        for name, known in (("authenticated", self._dialogue.authenticated), ("relay", self._dialogue.relay)):
            if known is not None:
                self.run.read("bool", name, float(known))
        if self._verdict is not None:
            self.run.read("bool", "verified", float(self._verdict.verified))
            self.run.read("bool", "as_leaf", float(self._verdict.as_leaf))
        self._tell_days()
        self._tell_tls()

    def _tell_days(self) -> None:
        verdict, store = self._verdict, self.job.store
        rows: tuple[tuple[str, str, float | None], ...] = (
            ("certificate", "the server's certificate", verdict.leaf_ends if verdict else None),
            ("chain", "a certificate in the server's chain", verdict.chain_ends if verdict else None),
            # Of our own store it is known even while the server is down.
            ("ca", "the CA that we believe", verdict.ca_ends if verdict else store.earliest if store else None),
        )
        said: set[float] = set()
        for name, what, ends in rows:
            if ends is None:
                continue
            days = (ends - self.run.clock.now()) / _DAY
            self.run.read("gauge", f"{name}_days_left", days)
            if 0 <= days <= self.job.settings.expiry_warning and ends not in said:
                said.add(ends)  # the chain's earliest may be the certificate itself
                self.run.warn(f"{name}_expiring", f"{what} expires in {days:.1f} days")

    def _tell_tls(self) -> None:
        if self._cipher is None:
            return
        # After a refused certificate OpenSSL names no version; TLS 1.3 can be told by its ciphers.
        version = self._version or self._cipher[1]
        if version in _VERSIONS and (self._version or version == "TLSv1.3"):
            self.run.read("gauge", "tls_version", _VERSIONS[version])
        self.run.read("gauge", "cipher_bits", float(self._cipher[2]))


_UNSPECIFIED = 1
"""X509_V_ERR_UNSPECIFIED, for a refusal that has no code."""


def _once(what: str, message: str) -> str:
    return message if message.startswith(what) else f"{what}: {message}"
