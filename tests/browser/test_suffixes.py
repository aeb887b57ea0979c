"""The public suffix list: what is one site, and what is everybody's."""

from __future__ import annotations

import pytest

from collectd_inode.browser import suffixes


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("www.example.org", "example.org"),
        ("example.org", "example.org"),
        ("a.b.shop.co.nz", "shop.co.nz"),
        ("me.github.io", "me.github.io"),
        ("co.uk", "co.uk"),
        ("localhost", "localhost"),
        ("intranet.corp", "intranet.corp"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("", ""),
    ],
)
def test_the_site_of_a_host(host: str, site: str) -> None:
    """What somebody has registered; a host that nobody can register below is a site by itself."""
    assert suffixes.site(host) == site


def test_what_is_everybodys() -> None:
    """Suffixes of registries and of providers, in letters of any script."""
    found = {name: suffixes.is_public(name) for name in ("org", "co.uk", "github.io", "公司.cn", "example.org", "corp")}
    assert found == {
        "org": True, "co.uk": True, "github.io": True, "公司.cn": True, "example.org": False, "corp": True,
    }  # fmt: skip
