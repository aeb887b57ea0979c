"""Where a page's policy lets its forms go (rule 87)."""

from __future__ import annotations

import pytest

from collectd_inode.page.page import Page
from collectd_inode.page.policy import forbids

HOME, OTHER, BESIDE, PLAIN = (
    "https://www.shop.test/p",
    "https://other.test:8443/t",
    "https://a.shop.test/t/u",
    "http://www.shop.test/t",
)


def page(header: str = "", markup: str = "", url: str = HOME) -> Page:
    return Page(url, 200, {"content-type": "text/html", "content-security-policy": header}, markup.encode())


@pytest.mark.parametrize(
    ("sources", "allowed"),
    [
        ("'self'", [HOME]),
        ("'SELF'", [HOME]),
        ("'none'", []),
        ("", []),
        ("*", [HOME, OTHER, BESIDE, PLAIN]),
        ("https:", [HOME, OTHER, BESIDE]),
        ("http:", [HOME, OTHER, BESIDE, PLAIN]),
        ("other.test", []),
        ("other.test:*", [OTHER]),
        ("OTHER.test:8443/t", [OTHER]),
        ("other.test:8443/t/", []),
        ("http://other.test:8443", [OTHER]),
        ("*.shop.test", [HOME, BESIDE]),
        ("shop.test", []),
        ("a.shop.test/t/", [BESIDE]),
        ("www.shop.test:80", [HOME]),
        ("*:*", [HOME, OTHER, BESIDE]),
        ("'none' 'self'", [HOME]),
        ("'unsafe-inline' 'nonce-x' data: wss:", []),
    ],
)
def test_sources(sources: str, allowed: list[str]) -> None:
    """Content Security Policy 3, 6.7.2.8, as in Chromium."""
    shown = page(f"default-src 'none'; Form-Action {sources} ; form-action *")
    assert [url for url in (HOME, OTHER, BESIDE, PLAIN) if not forbids(shown, url)] == allowed


@pytest.mark.parametrize(
    ("header", "markup", "directive"),
    [
        ("", "", ""),
        ("default-src 'none'", "", ""),
        ("form-action 'none'", "", "form-action 'none'"),
        ("form-action *, form-action https://x.test", "", "form-action https://x.test"),
        ("", "<meta http-equiv=Content-Security-Policy content=\"form-action 'none'\">", "form-action 'none'"),
        ("form-action *", "<meta name=x content=form-action>", ""),
        ("", "<p>form-action 'none'", ""),
    ],
)
def test_policies(header: str, markup: str, directive: str) -> None:
    """Each of several must allow it; what is said elsewhere holds for other things."""
    assert forbids(page(header, markup), OTHER) == directive


def test_a_page_without_tls() -> None:
    """What is its own is so with TLS, too."""
    assert forbids(page("form-action 'self'", url="http://www.shop.test/"), HOME) == ""
    assert forbids(page("form-action 'self'", url="http://www.shop.test:81/"), HOME) == "form-action 'self'"
