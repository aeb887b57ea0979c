"""Reading a server's published score from the pool: one GET, redirects followed."""

from __future__ import annotations

import ssl

import collectd_inode
from collectd_inode.browser.browser import Browser
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.model import Failure
from collectd_inode.ntp.published import Published, UnreadableScore, address, parse
from collectd_inode.wire import Clock, Exchange, WireError, deadline
from collectd_inode.wire.http import Transport
from collectd_inode.words import printable

SECONDS = 10.0
"""Seconds for the pool's answer, which must not delay the time checks."""

_MOST_BYTES = 2**20
_MOST_REDIRECTS = 5


async def fetch(base: str, server: str, tls: ssl.SSLContext, clock: Clock, seconds: float) -> Published:
    """The published score of *server*; raises Unreadable with a sentence for every failure."""
    profile = BrowserProfile(
        user_agent=f"collectd_inode/{collectd_inode.__version__}",
        max_body=_MOST_BYTES,
        max_redirects=_MOST_REDIRECTS,
    )
    browser = Browser(Transport(tls=tls, on_exchange=_unmeasured, clock=clock), profile, now=clock.now)
    url = address(base, server)
    try:
        async with deadline(min(SECONDS, seconds), clock):
            page = await browser.go(url)
            return parse(page.source)
    except TimeoutError:
        raise UnreadableScore(f"{url} did not answer in time") from None
    except (Failure, WireError) as error:
        raise UnreadableScore(printable(str(error))) from None
    except UnreadableScore as error:
        raise UnreadableScore(f"{url} did not answer with a score: {error}") from None
    finally:
        await browser.aclose()


def _unmeasured(exchange: Exchange) -> None:
    """The times of the pool's web server say nothing about a clock."""
