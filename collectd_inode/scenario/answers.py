"""Our own sentences on an answer: redirects, address, cookies, title, elements, its time."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from collectd_inode.browser.cookies import SAME_SITE, Cookie
from collectd_inode.model import Cause, Misconfigured
from collectd_inode.page import assets, text, urls
from collectd_inode.page.hosts import BadHost, in_ascii
from collectd_inode.page.page import Page
from collectd_inode.page.text import normalise
from collectd_inode.scenario import patterns
from collectd_inode.scenario.action import action
from collectd_inode.scenario.json_body import COMPARISONS
from collectd_inode.scenario.session import Session, nearest_selectors, selector_complaint, wrong_status
from collectd_inode.secrets.names import looks_secret
from collectd_inode.wire.workers import aside_if_large
from collectd_inode.words import plural

_SHOWN = 200

# The status, the address, and the redirects to it.


@action(navigates=False, negative=True, judges_status=True)
async def status_should_not_be(session: Session, status: int) -> None:
    """The last answer's status is not this one."""
    page = session.answer
    if page.status == status:
        cause = Cause.REFUSED if status >= 400 else Cause.EXPECTATION
        raise await wrong_status(page, cause, f"the status is {status}", f"a status other than {status}")


@action(navigates=False, beside=True)
async def should_be_redirected(session: Session, target: str) -> None:
    """The last navigation was redirected, to this address or over it."""
    page, hops = session.page, session.browser.redirects[1:]
    try:
        wanted = urls.destination(target, session.browser.redirects[0] if session.browser.redirects else page.url)
    except urls.BadURL as error:
        raise Misconfigured(f"“{urls.shown(target)}”: {error}") from None
    of_any_scheme = urlsplit(target).scheme == "" == urlsplit(target).netloc
    if not any(_same_place(hop, wanted, of_any_scheme=of_any_scheme) for hop in hops):
        raise page.failure(f"no redirect to {urls.shown(target)}", urls.shown(wanted), _way(session))


@action(navigates=False, beside=True)
async def should_be_redirected_times(session: Session, count: int) -> None:
    """The last navigation was redirected this many times."""
    page, hops = session.page, session.browser.redirects[1:]
    if len(hops) != count:
        wanted = plural(count, "redirect")
        raise page.failure(f"there were {len(hops)} redirects", wanted, _way(session))


@action(navigates=False, negative=True)
async def should_not_be_redirected(session: Session) -> None:
    """The last navigation was not redirected at all."""
    page = session.page
    if session.browser.redirects[1:]:
        raise page.failure("the request was redirected", "no redirect", _way(session))


def _same_place(url: str, wanted: str, *, of_any_scheme: bool) -> bool:
    """Whether two addresses are the same; the query matters only where *wanted* has one, the fragment never."""
    one, other = urlsplit(url), urlsplit(wanted)
    # A path requested by HTTP is the same after a redirect to HTTPS, whose port differs.
    elsewhere = one.hostname != other.hostname or one.scheme == other.scheme
    if urls.origin(url) != urls.origin(wanted) and (elsewhere or not of_any_scheme):
        return False
    return (one.path or "/") == (other.path or "/") and (not other.query or one.query == other.query)


def _way(session: Session) -> str:
    shown = [urls.shown(url) for url in session.browser.redirects]
    return " → ".join(shown) if len(shown) > 1 else "no redirect"


@action(navigates=False, beside=True)
async def address_should_be(session: Session, address: str) -> None:
    """The page's address is this one, query and fragment included."""
    page = session.page
    try:
        wanted = urls.destination(address, page.url)
    except urls.BadURL as error:
        raise Misconfigured(f"“{urls.shown(address)}”: {error}") from None
    if page.url != wanted:
        raise page.failure("the address differs", urls.shown(wanted), urls.shown(page.url))


@action(navigates=False, beside=True, checks={"pattern": patterns.complaint})
async def address_should_match(session: Session, pattern: str) -> None:
    """A regular expression matches the page's address."""
    page = session.page
    if not await patterns.found(pattern, page.url):
        raise page.failure(f"/{pattern}/ matches nothing of the address", f"/{pattern}/", urls.shown(page.url))


def scheme_complaint(scheme: str) -> str:
    """The mistake in a scheme; empty for http and https."""
    return "" if _bare_scheme(scheme) in ("http", "https") else f"“{scheme}” is neither http nor https"


@action(navigates=False, beside=True, checks={"scheme": scheme_complaint})
async def scheme_should_be(session: Session, scheme: str) -> None:
    """The page's address has this scheme."""
    page = session.page
    if (found := urls.scheme_of(page.url)) != _bare_scheme(scheme):
        raise page.failure(f"the scheme is not {scheme}", scheme, found)


def _bare_scheme(scheme: str) -> str:
    return scheme.lower().removesuffix("://").removesuffix(":")


@action(navigates=False, beside=True)
async def should_be_secure(session: Session) -> None:
    """The page came over https."""
    page = session.page
    if urls.scheme_of(page.url) != "https":
        raise page.failure("the page is not secure", "https", urls.scheme_of(page.url))


def host_complaint(host: str) -> str:
    """The mistake in a host; empty for a good one."""
    return f"“{host}” is more than a host such as www.example.org, or www.example.org:8080" if "/" in host else ""


@action(navigates=False, beside=True, checks={"host": host_complaint})
async def host_should_be(session: Session, host: str) -> None:
    """The page's address has this host, and this port if the step has one."""
    page, parts = session.page, urlsplit(session.page.url)
    found = parts.netloc if ":" in host.rpartition("]")[2] else parts.hostname or ""
    if found.lower() != _in_ascii(host):
        raise page.failure(f"the host is not {host}", host, found)


def _in_ascii(host: str) -> str:
    """*host*, with or without a port, as it stands in an address."""
    name, colon, port = host.rpartition(":") if re.search(r":\d+$", host) else (host, "", "")
    try:
        return in_ascii(name) + colon + port
    except BadHost:
        return host.lower()


# Cookies.


@action(navigates=False, beside=True)
async def should_have_cookie(session: Session, name: str) -> None:
    """The browser has a cookie of this name."""
    session.cookies(name)


@action(navigates=False, negative=True)
async def should_not_have_cookie(session: Session, name: str) -> None:
    """The browser has no cookie of this name."""
    if any(cookie.name == name.encode() for cookie in session.browser.cookies):
        raise session.failure(f"there is a cookie “{name}”", f"no cookie “{name}”", "one")


@action(navigates=False, beside=True)
async def cookie_should_be(session: Session, name: str, value: str) -> None:
    """A cookie has this value."""
    found = session.cookies(name)
    if not any(cookie.value == value.encode() for cookie in found):
        raise session.failure(f"the cookie “{name}” has a different value", value, _value(found[-1]))


@action(navigates=False, beside=True, checks={"pattern": patterns.complaint})
async def cookie_should_match(session: Session, name: str, pattern: str) -> None:
    """A regular expression matches a cookie's value."""
    found = session.cookies(name)
    for cookie in found:
        if await patterns.found(pattern, cookie.value.decode("utf-8", "replace")):
            return
    raise session.failure(f"/{pattern}/ matches nothing of the cookie “{name}”", f"/{pattern}/", _value(found[-1]))


@action(navigates=False, beside=True)
async def cookie_should_be_secure(session: Session, name: str) -> None:
    """A cookie has the attribute Secure: it goes over https only."""
    _should_have(session, name, "Secure", lambda cookie: cookie.secure)


@action(navigates=False, beside=True)
async def cookie_should_be_http_only(session: Session, name: str) -> None:
    """A cookie has the attribute HttpOnly: scripts cannot read it."""
    _should_have(session, name, "HttpOnly", lambda cookie: cookie.http_only)


def same_site_complaint(policy: str) -> str:
    """The mistake in a value of SameSite; empty for a good one."""
    return "" if policy.lower() in SAME_SITE else f"SameSite is Strict, Lax or None, never “{policy}”"


@action(navigates=False, beside=True, checks={"policy": same_site_complaint})
async def cookie_should_be_same_site(session: Session, name: str, policy: str) -> None:
    """A cookie has the attribute SameSite with this value: Strict, Lax or None."""
    _should_have(session, name, f"SameSite={policy}", lambda cookie: cookie.same_site == policy.lower())


def _should_have(session: Session, name: str, attribute: str, has: Callable[[Cookie], bool]) -> None:
    """Failure unless every cookie of this name has an attribute: one without is one too many."""
    bare = next((cookie for cookie in session.cookies(name) if not has(cookie)), None)
    if bare is not None:
        raise session.failure(f"the cookie “{name}” is not {attribute}", attribute, _attributes(bare))


def _attributes(cookie: Cookie) -> str:
    said = [
        "Secure" if cookie.secure else "",
        "HttpOnly" if cookie.http_only else "",
        f"SameSite={cookie.same_site.capitalize()}" if cookie.same_site else "",
        f"Path={cookie.path}",
    ]
    return "; ".join(filter(None, said))


def _value(cookie: Cookie) -> str:
    """A cookie's value, if it may be shown: a session's may not."""
    name = cookie.name.decode("utf-8", "replace")
    if cookie.http_only or looks_secret(name):
        return f"another one of {len(cookie.value)} bytes"
    return cookie.value[:_SHOWN].decode("utf-8", "replace")


# The title, and elements.


@action(navigates=False, beside=True, wants_text="title")
async def title_should_be(session: Session, title: str) -> None:
    """The page's title is this one."""
    page = session.page
    if page.title != normalise(title):
        raise page.failure("the title differs", normalise(title), page.title or "no title")


@action(navigates=False, beside=True, wants_text="part")
async def title_should_contain(session: Session, part: str) -> None:
    """The page's title has this text in it."""
    page = session.page
    if normalise(part) not in page.title:
        raise page.failure(f"“{normalise(part)}” is not in the title", normalise(part), page.title or "no title")


@action(navigates=False, negative=True)
async def title_should_not_contain(session: Session, part: str) -> None:
    """The page's title has not this text in it."""
    page = session.page
    if not page.is_html:
        raise page.failure("the page is not HTML and has no title", f"a title without “{normalise(part)}”", "no title")
    if normalise(part) in page.title:
        raise page.failure(f"“{normalise(part)}” is in the title", f"a title without “{normalise(part)}”", page.title)


@action(navigates=False, checks={"selector": selector_complaint})
async def should_see_elements(session: Session, comparison: str, count: int, selector: str) -> None:
    """A selector names this number of the page's visible elements."""
    page, there = session.page, await session.elements(selector)
    number = await aside_if_large(len(page.body), _seen, page, there)
    if not COMPARISONS[comparison](number, count):
        what, wanted = f"{_counted(number, selector)} visible", _wanted(comparison, count, selector)
        hidden = len(there) - number
        instead = f"{hidden} hidden" if hidden else await nearest_selectors(page, selector)
        raise page.failure(what, wanted, _found(number, instead))


@action(navigates=False, checks={"selector": selector_complaint})
async def should_have_elements(session: Session, comparison: str, count: int, selector: str) -> None:
    """A selector matches this number of elements of the page, visible or not."""
    number = len(await session.elements(selector))
    if not COMPARISONS[comparison](number, count):
        what, wanted = f"{_counted(number, selector)} there", _wanted(comparison, count, selector)
        instead = "" if number else await nearest_selectors(session.page, selector)
        raise session.page.failure(what, wanted, _found(number, instead))


_KINDS = {
    "style sheets": frozenset({assets.AssetKind.STYLE_SHEET}),
    "scripts": frozenset({assets.AssetKind.SCRIPT}),
    "images": frozenset({assets.AssetKind.IMAGE}),
    "style sheets and scripts": frozenset({assets.AssetKind.STYLE_SHEET, assets.AssetKind.SCRIPT}),
    "style sheets, scripts and images": frozenset(assets.AssetKind),
}


@action(navigates=True, fetches=True)
async def should_load(session: Session, kinds: str) -> None:
    """The files that make up the page load with the right types; not requested in every run (``AssetsEvery``)."""
    if session.assets_are_due:
        await session.browser.load(_KINDS[kinds])


def _counted(number: int, selector: str) -> str:
    return f"{number or 'no'} “{selector}” {'is' if number <= 1 else 'are'}"


def _found(number: int, instead: str) -> str:
    """The number of elements, and where there are none the elements like it."""
    return str(number) if number else "; ".join(filter(None, ("none", instead)))


def _wanted(comparison: str, count: int, selector: str) -> str:
    if count == 0 and comparison in ("exactly", "at most"):
        return f"no element “{selector}”"
    how = "" if comparison == "exactly" else f"{comparison} "
    return f"{how}{plural(count, 'element')} “{selector}”"


def _seen(page: Page, elements: list[text.Element]) -> int:
    """How many of the *elements* of a page, or of a part of one, can be seen."""
    if page.is_xml:
        return len(elements)
    roots = [root for root in page.roots if not text.hidden_by(root)] if elements else []
    shown = frozenset(element for root in roots for element in text.shown(root))
    return sum(element in shown for element in elements)


# Time.


@action(navigates=False, judges_time=True)
async def last_step_should_take_less(session: Session, unit: float, most: float) -> None:
    """The last step that used the network took less than this, as the wire measured it; *unit* is in seconds."""
    seconds = session.last_seconds
    if seconds is None:
        raise Misconfigured(
            "no earlier step sent a request, so there is no time to compare:"
            " put this step after one that opens a page or sends something"
        )
    if seconds >= most * unit:
        raise session.failure(f"the last step took {_time(seconds)}", f"less than {_time(most * unit)}", _time(seconds))


def _time(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.4g} ms"
