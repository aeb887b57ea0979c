"""The probe of a smarthost: the dialogue's steps in order, each timed, and the certificates' readings.

Faults of QUIT and of the second conversation (`_Visit._stranger`) are no outage: each has a share of the
remaining time, so that it never exceeds the deadline.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from dataclasses import replace as changed
from typing import TYPE_CHECKING

from collectd_inode.model import Cause, Failure, Misconfigured, PlannedStep
from collectd_inode.run import Run
from collectd_inode.secrets.files import long_enough
from collectd_inode.secrets.redactor import Redactor
from collectd_inode.smarthost import credentials
from collectd_inode.smarthost.addresses import MOST_ADDRESSES, connect_series, is_of_address
from collectd_inode.smarthost.dialogue import TLS_RECORDS, Dialogue, Script, SmtpStep, steps
from collectd_inode.smarthost.holdoff import TOKEN_SERVER, HoldOff
from collectd_inode.smarthost.mechanisms import Login
from collectd_inode.smarthost.oauth import TokenRefused
from collectd_inode.smarthost.settings import Settings
from collectd_inode.smarthost.talk import Talk, TalkListener
from collectd_inode.trust import certificate
from collectd_inode.trust.store import Store
from collectd_inode.trust.verdict import TrustVerdict, judge
from collectd_inode.wire import CertificateRefused, Exchange, TLSFailed, WireError, deadline
from collectd_inode.wire.address import Address
from collectd_inode.wire.conversation import Conversation
from collectd_inode.wire.tcp import Route

if TYPE_CHECKING:
    from collectd_inode.smarthost.tokens import Tokens  # brings the browser

RELAY = "relay"
"""The step that tests relaying as a stranger; a check, not a latency."""
QUIT_SECONDS = 2.0
"""The longest wait for the answer to QUIT."""
_PATIENCE = 0.7
"""The share of the remaining time after which the probe examines a server's silence."""
_TOKEN_SHARE = 0.5
"""The share of the time that a token server is given."""
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
    tokens: Tokens | None = None
    """The source of access tokens, which take the password's place."""

    async def __call__(self, run: Run) -> None:
        """Check the smarthost once, writing into *run*."""
        visit = _Visit(self, run)
        try:
            await visit.make()
        except (Failure, Misconfigured, WireError, TimeoutError):
            raise
        except Exception:
            visit.hide_everywhere()  # nobody knows what a bug's text repeats
            raise
        finally:
            visit.tell()


class _Visit:
    """One run."""

    def __init__(self, job: Smarthost, run: Run) -> None:
        self.job, self.run = job, run
        self._planned = {planned.series: planned for planned in job.planned}
        self._dialogue = Dialogue(job.script)
        self._address: Address | None = None
        """The address that the conversation is with, once it is known."""
        self._step = SmtpStep.RESOLVE
        self._until = float("inf")
        """The end of the address' share of the time, by the run's clock."""
        self._verdict: TrustVerdict | None = None
        self._version: str | None = None
        self._cipher: tuple[str, str, int] | None = None
        self._secrets: list[tuple[str, str]] = []
        self._no_token: Failure | None = None
        self._hidden = Redactor()
        """For the server's words.  Ours are shown as they are: a password may be a word of ours."""

    async def make(self) -> None:
        """The conversation, and the second one if it is configured."""
        found = await self._read_credentials()
        held = self._held(found)
        if found is not None and self.job.tokens is not None and held is None:
            found = await self._with_token(found, self.job.tokens)
        login = Login(found.user, found.password) if found else None
        script = changed(self.job.script, login=login)
        try:
            talk, addresses = await self._resolved(script)
            for number, address in enumerate(addresses, 1):
                talk = talk if number == 1 else self._talk(script, self._listener())
                if await self._completed(talk, address, (number, len(addresses)), held):
                    break
        finally:
            self._remember(found)
        if self.job.settings.refused_without_auth:
            with self.run.step(self._planned[RELAY]):
                await self._softly("relay_unknown", "cannot tell whether strangers are rejected", self._stranger(), 0.9)

    async def _resolved(self, script: Script) -> tuple[Talk, Sequence[Address]]:
        """The talk that has looked the server up, and the addresses to try."""
        talk = self._talk(script, self._listener())
        with self.run.step(self._planned[SmtpStep.RESOLVE]):
            await self._take(talk, SmtpStep.RESOLVE)
        found = tuple(dict.fromkeys(talk.conversation.addresses))
        return talk, found[: MOST_ADDRESSES if self.job.settings.addresses == "all" else 1]

    async def _completed(self, talk: Talk, address: Address, which: tuple[int, int], held: Failure | None) -> bool:
        """Whether the conversation with *address* was completed; if not, and it is the last one, this raises.

        *which* is the number of the address, and how many there are.
        """
        number, count = which
        connecting = self._planned[connect_series(number)]
        self._begin(talk, address, count - number)
        try:
            await self._converse(talk, connecting, held)
        except (Failure, WireError) as error:
            if number == count or not is_of_address(error, self._step, talk.dialogue):
                raise
            what = f"address {number} of {count}, {address}, fails in step {self._step}: {error}"
            self.run.warn("address", what)
            self.run.try_again(error, connecting)
            return False
        finally:
            await talk.leave()
        return True

    def _begin(self, talk: Talk, address: Address, others: int) -> None:
        """Nothing is known of *address* yet; it has its share of the time if there are *others* after it."""
        self._dialogue, self._address = talk.dialogue, address
        self._verdict = self._version = self._cipher = None
        self._until = float("inf")
        if others:
            self._until = self.run.clock.monotonic() + self.run.seconds_left / (others + 1)
        talk.conversation.resolved(self.job.settings.server, address)

    async def _converse(self, talk: Talk, connecting: PlannedStep, held: Failure | None) -> None:
        for self._step in steps(talk.dialogue.script)[1:]:
            if self._step is SmtpStep.AUTH and held is not None:
                raise held
            with self.run.step(connecting if self._step is SmtpStep.CONNECT else self._planned[self._step]):
                await self._in_share(talk, self._step)

    async def _in_share(self, talk: Talk, step: SmtpStep) -> None:
        """*step*, within the address' share of the time."""
        if self._until == float("inf"):
            return await self._take(talk, step)
        try:
            async with deadline(self._seconds_left, self.run.clock):
                await self._take(talk, step)
        except TimeoutError:
            raise Failure(Cause.TIMEOUT, "no answer within its share of the time") from None

    @property
    def _seconds_left(self) -> float:
        return max(0.0, min(self.run.seconds_left, self._until - self.run.clock.monotonic()))

    async def _take(self, talk: Talk, step: SmtpStep) -> None:
        settings, conversation = self.job.settings, talk.conversation
        match step:
            case SmtpStep.RESOLVE:
                exchange = await conversation.resolve(settings.server, settings.to_port)
                if conversation.addresses:
                    self.run.note(f"address of {settings.server}", conversation.addresses[0].host)
                if exchange.phases:  # an address needs no looking up, and has no latency of 0
                    self.run.exchange(exchange)
            case SmtpStep.CONNECT:
                self.run.exchange(await conversation.connect())
            case SmtpStep.TLS:
                self.run.exchange(await self._secure(talk))
            case SmtpStep.AUTH if self._no_token is not None:
                raise self._no_token
            case SmtpStep.BANNER if not settings.implicit_tls:
                await self._hear_banner(talk)
            case SmtpStep.QUIT:
                await self._softly("quit", "QUIT", talk.take(talk.dialogue.turn(step)), 0.5, QUIT_SECONDS)
            case _:
                await talk.take(talk.dialogue.turn(step))

    async def _hear_banner(self, talk: Talk) -> None:
        """The banner.  Where none comes for long, the server may be waiting for TLS: a second connection tries that.

        Neither is a deadline: the wait for the banner continues until the run's deadline.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE * self._seconds_left):
                await talk.take(talk.dialogue.turn(SmtpStep.BANNER))
                return
        if not talk.dialogue.heard and await self._speaks_tls_first():
            raise Failure(
                Cause.TLS, 'no banner: this port speaks TLS from the first byte: TLS "implicit" (usual port: 465)'
            )
        await talk.take(talk.dialogue.turn(SmtpStep.BANNER))

    async def _speaks_tls_first(self) -> bool:
        """Whether another connection to the server gets an answer to TLS, be it a refusal."""
        settings, conversation = self.job.settings, Conversation(self.job.route, self.run.clock)
        try:
            async with asyncio.timeout(_PATIENCE * self._seconds_left):
                self._same_address(conversation)
                await conversation.connect()
                await conversation.start_tls(self.job.tls, settings.certified_name)
        except CertificateRefused:
            return True
        except TLSFailed as error:
            return error.received.startswith(TLS_RECORDS)
        except (WireError, TimeoutError):
            return False
        finally:
            await conversation.aclose()
        return True

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
        """User and password, read for each run, so that a changed password needs no restart."""
        s = self.job.settings
        if s.password_file is None:
            return None
        path, loop = s.password_file, asyncio.get_running_loop()
        found = await loop.run_in_executor(
            None, lambda: credentials.read(path, server=s.server, user=s.user, port=s.to_port)
        )
        long_enough(found.password, path)
        if s.token_file is not None:
            credentials.only_token(found.password, path)
        self._hide(self._called, found.password)
        for code, message in found.warnings:
            self.run.warn(code, message)
        return found

    def _hide(self, name: str, secret: str) -> None:
        self._secrets.append((name, secret))
        self._hidden.hide(name, secret)

    @property
    def _called(self) -> str:
        """The key of the file that the secret is in."""
        if self.job.tokens is not None:
            return "RefreshTokenFile"
        return "TokenFile" if self.job.settings.token_file else "PasswordFile"

    async def _with_token(self, found: credentials.Credentials, tokens: Tokens) -> credentials.Credentials:
        """*found* with an access token; without one, AUTH fails with the reason, and the steps before it run."""
        token = ""
        try:
            token, trouble = await tokens.token(
                self._hide, self._hidden, self.run.clock, _TOKEN_SHARE * self.run.seconds_left
            )
            if trouble:
                self.run.warn("refresh_token", trouble)
        except Failure as error:
            self._no_token = error
        return changed(found, password=token, stamp=credentials.stamp_of(tokens.provider.refresh_file) or found.stamp)

    def _held(self, found: credentials.Credentials | None) -> Failure | None:
        if found is None or not self.job.settings.password_file:
            return None
        return self.job.hold_off.check(self._account(found), self.run.clock.now(), self.job.settings.password_file)

    def _remember(self, found: credentials.Credentials | None) -> None:
        if found is not None and isinstance(self._no_token, TokenRefused) and self._no_token.cause is Cause.CREDENTIALS:
            self.job.hold_off.began(self._account(found), self.run.clock.now(), TOKEN_SERVER)
        elif found is not None and self._dialogue.rejected is not None:
            if self.job.tokens is not None:
                self.job.tokens.forget()
            self.job.hold_off.began(self._account(found), self.run.clock.now(), self._dialogue.rejected.code)
        elif self._dialogue.authenticated:
            self.job.hold_off.ended()

    def _account(self, found: credentials.Credentials) -> list[object]:
        account: list[object] = [self.job.settings.server, self.job.settings.to_port, found.user, *found.stamp]
        if (tokens := self.job.tokens) is not None:
            stamp = credentials.stamp_of(tokens.provider.secret_file)
            account += [tokens.provider.url, tokens.provider.client_id, *(stamp or ())]
        return account

    # Strangers.

    async def _stranger(self) -> None:
        """A second conversation, without AUTH: a server that accepts mail in it accepts mail from everybody."""
        quiet = TalkListener(lambda _: None, self._of_relay, lambda _: None)
        talk = self._talk(self.job.script, quiet)
        settings, conversation = self.job.settings, talk.conversation
        try:
            self._same_address(conversation)
            await conversation.connect()
            for step in steps(changed(self.job.script, sender=None))[2:-1]:
                if step is SmtpStep.TLS:
                    await talk.secure(self.job.tls, settings.certified_name)
                    talk.dialogue.secured()
                else:
                    await talk.take(talk.dialogue.turn(step))
            await talk.take(talk.dialogue.strangers())
        finally:
            await talk.leave()

    def _same_address(self, conversation: Conversation) -> None:
        """Have *conversation* go where the first one went."""
        assert self._address is not None
        conversation.resolved(self.job.settings.server, self._address)

    def _of_relay(self, code: str, message: str) -> None:
        if code == "relay_unknown":  # the rest has been said of the first conversation
            self.run.warn(code, message)

    # What both share.

    def _talk(self, script: Script, listener: TalkListener) -> Talk:
        conversation = Conversation(self.job.route, self.run.clock)
        return Talk(conversation, Dialogue(script, self._hidden), listener, self.job.settings.minimum_tls)

    def _listener(self) -> TalkListener:
        return TalkListener(self.run.exchange, self.run.warn, lambda secret: self._hidden.hide("AUTH", secret))

    async def _softly(
        self, code: str, what: str, doing: Awaitable[None], share: float, most: float = float("inf")
    ) -> None:
        """Do something whose failure is a warning, in a *share* of the remaining time."""
        seconds = min(most, share * self.run.seconds_left)
        try:
            async with deadline(seconds, self.run.clock):
                await doing
        except Failure as error:
            if error.cause is Cause.EXPECTATION:
                raise
            self.run.warn(code, _once(what, error.message))
        except WireError as error:
            self.run.warn(code, _once(what, str(error)))
        except TimeoutError:
            self.run.warn(code, f"{what}: no answer within {seconds:.1f} s")

    def hide_everywhere(self) -> None:
        """Remove the password from our own words, too."""
        for name, secret in self._secrets:
            self.run.redactor.hide(name, secret)

    # Readings.

    def tell(self) -> None:
        """Add all readings that are known, however the run has ended."""
        if self._dialogue.keywords:
            self.run.note(f"EHLO keywords of {self.job.settings.server}", " ".join(sorted(self._dialogue.keywords)))
        known_ones = [("authenticated", self._dialogue.authenticated), ("relay", self._dialogue.relay)]
        if self._verdict is not None:
            known_ones += [("verified", self._verdict.verified), ("as_leaf", self._verdict.as_leaf)]
        for name, known in known_ones:
            if known is not None:
                self.run.add_reading("bool", name, float(known))
        self._tell_days()
        self._tell_tls()

    def _tell_days(self) -> None:
        verdict, store = self._verdict, self.job.store
        rows: tuple[tuple[str, str, float | None], ...] = (
            ("certificate", "the server's certificate", verdict.leaf_ends if verdict else None),
            ("chain", "a certificate in the server's chain", verdict.chain_ends if verdict else None),
            # Of our own store it is known even while the server is down.
            ("ca", "the trusted CA", verdict.ca_ends if verdict else store.earliest if store else None),
        )
        said: set[float] = set()
        for name, what, ends in rows:
            if ends is None:
                continue
            days = (ends - self.run.clock.now()) / _DAY
            self.run.add_reading("gauge", f"{name}_days_left", days)
            if 0 <= days <= self.job.settings.expiry_warning and ends not in said:
                said.add(ends)  # the chain's earliest may be the certificate itself
                self.run.warn(f"{name}_expiring", f"{what} expires in {days:.1f} days")

    def _tell_tls(self) -> None:
        if self._cipher is None:
            return
        # After a refused certificate OpenSSL names no version; TLS 1.3 can be told by its ciphers.
        version = self._version or self._cipher[1]
        if version in _VERSIONS and (self._version or version == "TLSv1.3"):
            self.run.add_reading("gauge", "tls_version", _VERSIONS[version])
        self.run.add_reading("gauge", "cipher_bits", float(self._cipher[2]))


_UNSPECIFIED = 1
"""X509_V_ERR_UNSPECIFIED, for a refusal that has no code."""


def _once(what: str, message: str) -> str:
    return message if message.startswith(what) else f"{what}: {message}"
