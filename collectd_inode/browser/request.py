"""A browser's requests and the answers to them: what a page asks for, and where an answer redirects.  Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from collectd_inode.browser.addresses import of_web
from collectd_inode.browser.cookies import same_site
from collectd_inode.model import Cause, Failure
from collectd_inode.page import urls
from collectd_inode.page.headers import Headers
from collectd_inode.page.page import Page

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""The statuses of redirects, if the answer has a Location."""


@dataclass(frozen=True, slots=True)
class WebRequest:
    """The request of one hop.  ``source`` is the page that led here, None for ``go to``."""

    method: str
    url: str
    body: bytes | None = None
    content_type: str | None = None
    source: str | None = None
    referrer: str | None = None
    """The source that Referer is made from: the source itself, or the one of an earlier hop of a redirect."""
    policy: str = urls.REFERRER_POLICY
    """The policy for `referrer` (rule 16)."""
    accept: str = ACCEPT
    stays: bool = False
    """Whether its own answer is the page, even if that redirects."""
    led_by: str = ""
    """The public address that has redirected here, if one has (rule 65)."""
    is_form: bool = False
    is_asset: bool = False
    """Whether it is a part of the source, not a navigation."""
    lane: int = 0
    """The lane of its `Exchange`."""
    upgrades: bool = False
    """Whether the source asks for https in place of http: a link at its own host only (rule 64)."""
    downloads: bool = False
    """Whether its answer is a file to keep, of any kind."""
    tainted: bool = False
    """Whether a foreign site has redirected it to a third one: its Origin is then ``null``."""

    @property
    def withheld(self) -> tuple[str, ...]:
        """The kinds of SameSite cookies that are not sent (rule 23)."""
        if self.source is None or same_site(self.source, self.url):
            return ()
        if self.is_asset:
            return ("", "lax", "strict")
        return ("strict",) if self.method in ("GET", "HEAD") else ("lax", "strict")

    @property
    def sent_referrer(self) -> str | None:
        """The value of its Referer, as far as the policy tells it; None for none (rule 16)."""
        return None if self.referrer is None else urls.referrer(self.referrer, self.url, self.policy)

    @property
    def sent_origin(self) -> str:
        """The value of its Origin, ``null`` where the policy does not tell it."""
        source = self.source or ""
        hushed = self.tainted or urls.is_downgrade(source, self.url) or self.policy == "no-referrer"
        if self.policy == "same-origin":
            hushed = hushed or urls.origin(source) != urls.origin(self.url)
        return "null" if hushed else urls.origin_text(source)


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """A whole answer."""

    status: int
    headers: Headers
    body: bytes = b""
    address: str | None = None
    """The address that sent it; None if unknown, as behind a proxy."""

    @property
    def locations(self) -> list[str]:
        """The target of its redirect; different values are a fault, and an empty one is none (rule 14)."""
        if self.status not in REDIRECTS:
            return []
        # Octets beyond ASCII stay as they are, whatever their encoding.
        every = ("".join(chr(b) if b < 0x80 else f"%{b:02X}" for b in v) for v in self.headers.raw_list("location"))
        return list(dict.fromkeys(location for value in every if (location := urls.clean(value))))


def from_page(
    page: Page,
    method: str,
    url: str,
    body: bytes | None = None,
    content_type: str | None = None,
    *,
    policy: str = "",
    is_form: bool = False,
    downloads: bool = False,
) -> WebRequest:
    """The request that *page* makes, when a person clicks or by itself."""
    return WebRequest(
        method,
        url,
        body,
        content_type,
        source=page.url,
        referrer=page.url,
        policy=policy or page.referrer_policy,
        is_form=is_form,
        upgrades=page.upgrades_insecure_requests,
        downloads=downloads,
    )


def redirected(request: WebRequest, answer: WebAnswer) -> WebRequest | None:
    """The next request of a redirect (rules 5, 8 to 14); None if the answer is not one."""
    locations = answer.locations
    if not locations:
        return None
    if len(locations) > 1:
        where = urls.shown(request.url)
        told = " and ".join(f"“{urls.shown(location)}”" for location in locations[:2])
        raise Failure(Cause.PROTOCOL, f"{where} redirects to several addresses: {told}", found=told)
    try:
        url = of_web(urls.resolve(urls.without_fragment(request.url), locations[0]))
    except urls.BadURL as error:
        where = urls.shown(request.url)
        raise Failure(Cause.PROTOCOL, f"{where} redirects to an address that cannot be requested: {error}") from error
    becomes_get = answer.status == 303 or (answer.status in (301, 302) and request.method == "POST")
    keeps = not becomes_get or request.method in ("GET", "HEAD")
    return replace(
        request,
        method=request.method if keeps else "GET",
        url=urls.inherit_fragment(url, request.url),
        body=request.body if keeps else None,
        content_type=request.content_type if keeps else None,
        referrer=request.sent_referrer,
        policy=urls.referrer_policy(answer.headers.get("referrer-policy", "")) or request.policy,
        is_form=request.is_form and keeps,
        tainted=request.tainted or _taints(request, url),
    )


def _taints(request: WebRequest, url: str) -> bool:
    if request.source is None:
        return False
    here = urls.origin(request.url)
    return urls.origin(url) != here and here != urls.origin(request.source)
