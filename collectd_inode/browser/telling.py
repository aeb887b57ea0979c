"""The words for a failed navigation: its address, the redirects that led there, and the page's own message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx

from collectd_inode.model import Cause, Failure
from collectd_inode.page import urls
from collectd_inode.page.page import Page
from collectd_inode.wire import WireError
from collectd_inode.words import shortened

_MEANT = "; if that is meant, let “the status should be {}” follow"


def refusal(page: Page, redirects: Sequence[str], why: str = "") -> Failure:
    """The failure of a navigation over *redirects* that ends in *page*, with a status of 400 or above."""
    words = f"{page.status} {httpx.codes.get_reason_phrase(page.status)}".strip()
    return Failure(
        Cause.REFUSED,
        f"{urls.shown(page.url)}{_whence(redirects)} answered {f'{words}: {why}' if why else words}",
        expected=f"a status below 400{_MEANT.format(page.status) if page.status in (401, 403) else ''}",
        found=_words_of(page),
    )


def _words_of(page: Page) -> str:
    """The error on a page with a bad status, and its title if the error does not contain it."""
    said = page.complaint()
    if not said:
        return page.describe()
    return said if page.title in said else f"{said}; title “{shortened(page.title, 80)}”"


@contextmanager
def led_by(chain: Sequence[str]) -> Iterator[None]:
    """Have failures at the last address of *chain* name the address that redirected to it."""
    try:
        yield
    except Failure as error:
        if " redirects to " not in error.message:
            error.message += _whence(chain).removesuffix(",")
        raise
    except WireError as error:
        error.args = (f"{error}{_whence(chain).removesuffix(',')}", *error.args[1:])
        raise


def _whence(chain: Sequence[str]) -> str:
    """The address that redirected to the last one of *chain*; nothing if none did."""
    return f", to which {urls.shown(chain[-2])} redirected," if len(chain) > 1 else ""


def chain_told(chain: Sequence[str]) -> str:
    """The loop that a chain of redirects ends in, else the ends of the chain."""
    begins = next((place for place, url in enumerate(chain) if url in chain[place + 1 :]), None)
    if begins is not None and chain[-1] in chain[:-1]:
        first, *others = chain[begins : chain.index(chain[begins], begins + 1) + 1]
        one_host = all(urls.origin(url) == urls.origin(first) for url in others)
        home = "/".join(urls.shown(first).split("/", 3)[:3]) if one_host else ""
        return "a loop: " + _ends([urls.shown(first), *(urls.shown(url).removeprefix(home) or "/" for url in others)])
    return _ends([urls.shown(url) for url in chain])


def _ends(shown: list[str]) -> str:
    return " → ".join(shown if len(shown) <= 5 else [*shown[:3], "…", *shown[-2:]])
