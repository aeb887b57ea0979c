"""Access tokens by a refresh token: fetched from the provider's token server, kept until they expire, never on disk.

A provider may return a new refresh token each time and then reject the old one.  It is written back at once, under a
lock that other processes see, so that two jobs of one account do not use the same one.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import ssl
import stat
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

import collectd_inode
from collectd_inode.browser.browser import Browser
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.model import Cause, Failure, Misconfigured
from collectd_inode.page.page import Page
from collectd_inode.secrets.files import first_line, long_enough, secret_content, secret_text
from collectd_inode.smarthost import oauth
from collectd_inode.smarthost.replies import Hide
from collectd_inode.troubles import trouble_from
from collectd_inode.wire import Clock, Exchange, WireError, deadline
from collectd_inode.wire.http import Transport
from collectd_inode.wire.tcp import Route

_MOST_BYTES = 2**16
_LOCK_SECONDS = 0.05
"""Seconds between two attempts to take the lock."""

HideAs = Callable[[str, str], None]
"""A function that takes a secret and the text to show in its place."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Where tokens come from: ``TokenURL``, ``ClientID``, and the files of the secret and the refresh token."""

    url: str
    client_id: str
    secret_file: str | None
    refresh_file: str


@dataclass(slots=True)
class Tokens:
    """The access token of one job."""

    provider: Provider
    tls: ssl.SSLContext
    route: Route
    _token: str = field(default="", repr=False)
    _expires: float = 0.0
    _in_body: bool = False
    """Whether this server requires the client's secret in the form."""

    def forget(self) -> None:
        """The mail server rejected the token: fetch a new one next time."""
        self._expires = 0.0

    async def token(self, hide_as: HideAs, hide: Hide, clock: Clock, seconds: float) -> tuple[str, str]:
        """An access token, and what is wrong with keeping a new refresh token ("" for nothing).

        Raises Failure or Misconfigured: no answer within *seconds*, a refusal, an unreadable file.
        """
        if clock.now() < self._expires:
            hide_as("access token", self._token)
            return self._token, ""
        where = f"token server {self.provider.url}"
        try:
            async with deadline(seconds, clock), _locked(self.provider.refresh_file):
                return await self._renewed(where, hide_as, hide, clock)
        except TimeoutError:
            raise Failure(Cause.TIMEOUT, f"{where}: no answer within {seconds:.1f} s") from None
        except WireError as error:
            raise Failure(trouble_from(error).cause, f"{where}: {hide(str(error))}") from None
        except oauth.TokenRefused:
            raise
        except Failure as error:
            raise Failure(error.cause, hide(error.message)) from None

    async def _renewed(self, where: str, hide_as: HideAs, hide: Hide, clock: Clock) -> tuple[str, str]:
        provider = self.provider
        in_worker = asyncio.get_running_loop().run_in_executor
        secret = "" if provider.secret_file is None else await in_worker(None, secret_line, provider.secret_file)
        refresh_token = await in_worker(None, secret_line, provider.refresh_file)
        hide_as("ClientSecretFile", secret)
        hide_as("RefreshTokenFile", refresh_token)
        page = await self._asked(refresh_token, oauth.Client(provider.client_id, secret), hide, clock)
        granted = oauth.answered(page.status, page.source, where, hide)
        hide_as("access token", granted.token)
        hide_as("RefreshTokenFile", granted.refresh_token)
        self._token, self._expires = granted.token, granted.expires(clock.now())
        trouble = ""
        if granted.refresh_token and granted.refresh_token != refresh_token:
            trouble = await in_worker(None, _written_back, provider.refresh_file, granted.refresh_token)
        return self._token, trouble

    async def _asked(self, refresh_token: str, client: oauth.Client, hide: Hide, clock: Clock) -> Page:
        """The answer; a refused client sends its secret in the other of the two ways, once."""
        page = await self._posted(refresh_token, client, clock)
        if client.secret and '"invalid_client"' in page.source:
            self._in_body = not self._in_body
            second = await self._posted(refresh_token, client, clock)
            if '"invalid_client"' not in second.source:
                return second
            self._in_body = not self._in_body
        return page

    async def _posted(self, refresh_token: str, client: oauth.Client, clock: Clock) -> Page:
        profile = BrowserProfile(
            user_agent=f"collectd_inode/{collectd_inode.__version__}", max_body=_MOST_BYTES, max_redirects=0
        )
        transport = Transport(tls=self.tls, on_exchange=_unmeasured, route=self.route, clock=clock)
        browser = Browser(transport, profile, now=clock.now)
        browser.refuse_bad_status = False
        form = oauth.body(refresh_token, client, with_secret=bool(client.secret) and self._in_body)
        if client.secret and not self._in_body:
            browser.set_header("Authorization", oauth.authorization(client))
        try:
            return await browser.request("POST", self.provider.url, form, oauth.FORM)
        finally:
            await browser.aclose()


def secret_line(path: str) -> str:
    """The secret in the first line of *path*; raises Misconfigured."""
    content, _ = secret_content(path, path)
    secret = first_line(secret_text(content, path), path)
    long_enough(secret, path)
    return secret


def _unmeasured(exchange: Exchange) -> None:
    """The token server's times say nothing about the mail server."""


@asynccontextmanager
async def _locked(path: str) -> AsyncIterator[None]:
    """Lock *path* for this job alone; the file may be replaced during the wait."""
    while True:
        with _opened(path) as number:
            # Another process may hold it, so that nothing in here can tell when it is free.
            while not _got_lock(number):  # noqa: ASYNC110
                await asyncio.sleep(_LOCK_SECONDS)
            if _is_still(path, number):
                yield
                return


@contextmanager
def _opened(path: str) -> Iterator[int]:
    """The number of *path* as an open file, for its lock alone."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Misconfigured(f"{path}: {error.strerror}") from None
    try:
        yield number
    finally:
        os.close(number)


def _got_lock(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: better unlocked than never
        return True
    return True


def _is_still(path: str, number: int) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.stat(path), os.fstat(number))
    return True


def _written_back(path: str, refresh_token: str) -> str:
    """Put the new refresh token into the first line of *path*, whole or not at all; "", or why it could not be done."""
    target = os.path.realpath(path)
    try:
        with open(target, "rb") as old:
            rest = old.read().partition(b"\n")[2]
            status = os.fstat(old.fileno())
        _replaced(target, refresh_token.encode() + b"\n" + rest, status)
    except OSError as error:
        reason = error.strerror or str(error)
        return (
            f"{path}: the provider has given a new refresh token, and it cannot be written: {reason}; the old one may"
            " be void: let this user write the file and its folder, and log in once more"
        )
    return ""


def _replaced(path: str, content: bytes, status: os.stat_result) -> None:
    """Replace *path* by this *content*, mode 0600, same owner."""
    folder, name = os.path.split(path)
    number, made = tempfile.mkstemp(prefix=f".{name}.", dir=folder)  # 0600
    try:
        with open(number, "wb") as file:
            if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
                with suppress(PermissionError):
                    os.fchown(file.fileno(), status.st_uid, status.st_gid)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(made, path)  # a reader sees the old or the new content, never half
    except BaseException:
        with suppress(OSError):
            os.unlink(made)
        raise


def cannot_be_written(path: str) -> str:
    """Why a new refresh token could not be written back to *path*; "" if it can, or if the file is not there."""
    target = os.path.realpath(path)
    with suppress(OSError):
        if stat.S_ISREG(os.stat(target).st_mode) and not os.access(os.path.dirname(target), os.W_OK | os.X_OK):
            return f"{os.strerror(errno.EACCES).lower()}: {os.path.dirname(target)}"
    return ""
