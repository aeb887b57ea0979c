"""Redirects that lead inwards (rule 65)."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from itertools import pairwise

import httpx
import pytest

from collectd_inode.browser.browser import Browser
from collectd_inode.browser.inward import InwardVerdict, Judge, Reach, reach
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.model import Cause, Failure
from tests.helpers.places import ROOT


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", Reach.MACHINE),
        ("127.255.255.254", Reach.MACHINE),
        ("0.0.0.0", Reach.MACHINE),
        ("169.254.169.254", Reach.MACHINE),
        ("::", Reach.MACHINE),
        ("::1", Reach.MACHINE),
        ("fe80::1%eth0", Reach.MACHINE),
        ("::ffff:127.0.0.1", Reach.MACHINE),
        ("::127.0.0.1", Reach.MACHINE),
        ("::ffff:0:127.0.0.1", Reach.MACHINE),
        ("64:ff9b::7f00:1", Reach.MACHINE),
        ("64:ff9b::a9fe:a9fe", Reach.MACHINE),
        ("64:ff9b:1::7f00:1", Reach.MACHINE),
        ("2002:7f00:1::", Reach.MACHINE),
        ("10.0.0.1", Reach.PRIVATE),
        ("172.16.0.1", Reach.PRIVATE),
        ("172.31.255.255", Reach.PRIVATE),
        ("192.168.1.1", Reach.PRIVATE),
        ("100.64.0.1", Reach.PRIVATE),
        ("100.127.255.255", Reach.PRIVATE),
        ("198.18.0.1", Reach.PRIVATE),
        ("fc00::1", Reach.PRIVATE),
        ("fd12:3456::1", Reach.PRIVATE),
        ("fec0::1", Reach.PRIVATE),
        ("::ffff:10.0.0.1", Reach.PRIVATE),
        ("64:ff9b::a00:1", Reach.PRIVATE),
        ("2002:a00:1::", Reach.PRIVATE),
        ("172.32.0.1", Reach.PUBLIC),
        ("100.63.255.255", Reach.PUBLIC),
        ("100.128.0.0", Reach.PUBLIC),
        ("128.0.0.1", Reach.PUBLIC),
        ("203.0.113.7", Reach.PUBLIC),
        ("2001:db8::1", Reach.PUBLIC),
        ("::ffff:203.0.113.7", Reach.PUBLIC),
        ("64:ff9b::cb00:7107", Reach.PUBLIC),
        ("2002:cb00:7107::", Reach.PUBLIC),
    ],
)
def test_reach(address: str, expected: Reach) -> None:
    """Rule 65: what can be reached from outside, and what only from within."""
    assert reach(address) is expected


@pytest.mark.parametrize(
    ("host", "address", "from_public", "expected"),
    [
        ("a.test", "203.0.113.7", True, InwardVerdict.FOLLOW),
        ("a.test", "10.0.0.1", True, InwardVerdict.WARN),
        ("a.test", "127.0.0.1", True, InwardVerdict.REFUSE),
        ("a.test", "127.0.0.1", False, InwardVerdict.FOLLOW),
        ("a.test", "10.0.0.1", False, InwardVerdict.FOLLOW),
        ("own.test", "127.0.0.1", True, InwardVerdict.FOLLOW),
        ("own.test.", "127.0.0.1", True, InwardVerdict.FOLLOW),
        ("in.example.org", "127.0.0.1", True, InwardVerdict.FOLLOW),
        ("a.in.example.org", "10.0.0.1", True, InwardVerdict.FOLLOW),
        ("example.org", "10.0.0.1", True, InwardVerdict.WARN),
        ("badexample.org", "10.0.0.1", True, InwardVerdict.WARN),
        ("sso.test", "10.0.0.1", True, InwardVerdict.FOLLOW),
        ("a.sso.test", "127.0.0.1", True, InwardVerdict.REFUSE),
        ("127.0.0.1", "127.0.0.1", True, InwardVerdict.REFUSE),
        ("10.1.1.1", "10.1.1.1", True, InwardVerdict.FOLLOW),
    ],
)
def test_verdicts(host: str, address: str, *, from_public: bool, expected: InwardVerdict) -> None:
    """Rule 65: what the operator has named, by Resolve or AllowPrivate, is meant; nothing else is."""
    judge = Judge({"own.test"}, ("*.example.org", "sso.test", "10.1.1.1"))
    assert judge.verdict(host, address, from_public=from_public) is expected


WORLD = {
    "public.test": "203.0.113.7",
    "other.test": "203.0.113.8",
    "machine.test": "127.0.0.1",
    "cloud.test": "64:ff9b::a9fe:a9fe",
    "intranet.test": "10.0.0.1",
    "proxied.test": "",
}


def walked(*hosts: str, refresh: bool = False, **profile: tuple[str, ...]) -> tuple[str, list[str]]:
    """What comes of a walk from each host to the next: the failure's message, and the warnings."""
    warnings: list[str] = []

    def site(request: httpx.Request) -> httpx.Response:
        address = WORLD[request.url.host]
        if address:
            request.extensions["admit"](request.url.host, address)
        onward = dict(pairwise(hosts)).get(request.url.host)
        if onward is None:
            return httpx.Response(200, extensions={"address": address or None})
        led = {"refresh": f"0; url=http://{onward}/"} if refresh else {"location": f"http://{onward}/"}
        return httpx.Response(200 if refresh else 302, headers=led, extensions={"address": address or None})

    async def play() -> str:
        settings = BrowserProfile(allow_private=profile.get("allow", ()), own_hosts=frozenset(profile.get("own", ())))
        browser = Browser(
            httpx.MockTransport(site), settings, warn=lambda code, said: warnings.append(f"{code}: {said}")
        )
        try:
            await browser.go(f"http://{hosts[0]}/")
        except Failure as failure:
            assert failure.cause is Cause.PROTOCOL
            return failure.message
        finally:
            await browser.aclose()
        return ""

    return asyncio.run(play()), warnings


INTO = (
    "private_redirect: http://public.test/ redirects to http://intranet.test/, at 10.0.0.1, a private address that"
    ' visitors cannot reach; if that is meant: AllowPrivate "intranet.test"'
)
TO_US = (
    "http://public.test/ redirects to http://machine.test/, at 127.0.0.1: redirects from a public address"
    ' to this machine itself or its link are not followed; if that is meant: AllowPrivate "machine.test"'
)


def test_redirects() -> None:
    """Rule 65: over however many hops; what a person opens, or is sent on to from within, is nobody's affair."""
    assert walked("public.test", "other.test") == ("", [])
    assert walked("machine.test", "intranet.test", "proxied.test") == ("", [])
    assert walked("public.test", "intranet.test") == ("", [INTO])
    assert walked("public.test", "machine.test") == (TO_US, [])
    assert walked("public.test", "intranet.test", "machine.test") == (TO_US, [INTO])
    assert walked("public.test", "machine.test", refresh=True) == (TO_US, [])
    assert walked("public.test", "cloud.test")[0].startswith(
        "http://public.test/ redirects to http://cloud.test/, at 64:"
    )


def test_what_is_meant() -> None:
    """Rule 65: by AllowPrivate or Resolve; behind a proxy nobody knows, which is public."""
    assert walked("public.test", "machine.test", allow=("machine.test",)) == ("", [])
    assert walked("public.test", "machine.test", own=("machine.test",)) == ("", [])
    assert walked("public.test", "intranet.test", allow=("*.test",)) == ("", [])
    assert walked("proxied.test", "machine.test")[0].startswith("http://proxied.test/ redirects to ")


@pytest.mark.slow
def test_a_public_address_on_this_machine() -> None:
    """Rule 65: a real run in a network of its own, whose loopback has a public and a private address, too."""
    inside = ROOT / "tests" / "helpers" / "inward_inside.py"
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        ["unshare", "--net", sys.executable, str(inside)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    start, meant = "http://203.0.113.7:PORT/to", "if that is meant: AllowPrivate"
    assert json.loads(done.stdout) == {
        "machine": f"failed: {start}/127.0.0.1 redirects to http://127.0.0.1:PORT/in, at 127.0.0.1: redirects"
        f' from a public address to this machine itself or its link are not followed; {meant} "127.0.0.1"',
        "allowed": "passed: ",
        "private": f"passed: private_redirect: {start}/10.9.9.9 redirects to http://10.9.9.9:PORT/in, at 10.9.9.9, a"
        f' private address that visitors cannot reach; {meant} "10.9.9.9"',
        "resolved": "passed: ",
        "from within": "passed: ",
    }
