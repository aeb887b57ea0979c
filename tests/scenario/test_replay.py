"""Scenarios replayed against real small servers."""

from __future__ import annotations

import datetime
import json
import os
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from collectd_inode.model import Cause, Misconfigured, Observation, Phase, Status
from collectd_inode.observing import observe
from collectd_inode.report import jsonl, pretty
from collectd_inode.report.notification import message
from collectd_inode.report.style import PLAIN
from collectd_inode.scenario.replay import expand, read_secret, variables_in
from collectd_inode.wire import workers
from demo.site import Outage, Site
from tests.helpers.examples import loaded, logged, observe_patiently, write_feature
from tests.helpers.faults import FaultySite
from tests.helpers.peers import answer, peer, tidily

DOWN = Outage(length=1, period=1, first=0)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(outage=DOWN, sleep=lambda _: None) as running:
        yield running


@pytest.fixture(scope="module")
def faults() -> Iterator[FaultySite]:
    with FaultySite() as running:
        yield running


def replay(folder: Path, text: str, **settings: Any) -> Observation:
    """What comes of one run of the steps in *text*."""
    found = loaded(write_feature(folder, text), **settings)
    (job,) = found.jobs
    return workers.run(observe(job))


def shape(found: Observation) -> list[tuple[Status, bool, int | None]]:
    """Of each step: status, whether it has a latency, the answer's status."""
    return [(step.status, step.seconds is not None, step.response_code) for step in found.steps]


P, F, S = Status.PASSED, Status.FAILED, Status.SKIPPED


def test_the_blog_post_s_contact_page(tmp_path: Path, site: Site) -> None:
    """By the operator's address for a name; looking asks nothing of the network."""
    found = replay(
        tmp_path,
        'When I go to http://inode.co.nz\nAnd I follow "Contact"\n'
        'Then I should see "B50F BE3B D49B 3A8A 9CC3 8966 9374 82CD C982 0605"',
        resolve=(("inode.co.nz", ("127.0.0.1", site.port)),),
    )
    assert found.passed, found.message
    assert shape(found) == [(P, True, 200), (P, True, 200), (P, False, None)]
    assert [set(step.phases) for step in found.steps] == [
        {Phase.CONNECT, Phase.PROCESSING},
        {Phase.PROCESSING},
        set(),
    ]
    assert found.seconds == sum(step.seconds or 0 for step in found.steps)


LOGIN = """
    Given I am on "/login"
    When I fill in "User name" with "${user}"
    And I fill in "${password}" for "Password"
    And I select "Deutsch" from "Language"
    And I check "Remember me"
    And I press "Log in"
    Then I should see "Welcome, ${user}"
    And I should see "Deutsch. Remembered: yes"
"""


def test_logging_in_with_a_secret(tmp_path: Path, site: Site) -> None:
    """Form, cookies and the redirect after it; the two answers of a redirect are one step's."""
    secret = tmp_path / "password"
    secret.write_text("open sesame\nnever read\n")
    settings: dict[str, Any] = {"base_url": site.url, "variables": (("user", "monitor"),)}
    found = replay(tmp_path, LOGIN, secrets=(("password", str(secret)),), **settings)
    assert found.passed, found.message
    assert [step.response_code for step in found.steps] == [200, None, None, None, None, 200, None, None]

    secret.write_text("wrong\n")
    wrong = replay(tmp_path, LOGIN, secrets=(("password", str(secret)),), **settings)
    assert (wrong.cause, wrong.bad_step) == (Cause.EXPECTATION, wrong.steps[6])
    assert wrong.message.startswith("text “Welcome, monitor” not found, on “Log in” at ")


# The rule of 400


def test_a_bad_status_fails_the_step_that_fetched_it(tmp_path: Path, site: Site) -> None:
    """Cause refused, and no latency; the status itself is told."""
    found = replay(tmp_path, 'When I go to "/stock"\nThen I should see "counted"', base_url=site.url)
    assert (found.status, found.cause) == (F, Cause.REFUSED)
    assert found.message == f"{site.url}/stock answered 503 Service Unavailable"
    assert shape(found) == [(F, False, 503), (S, False, None)]


@pytest.mark.parametrize(
    ("path", "verdict", "vocabulary", "cause"),
    [
        ("/stock", "fail", "web", Cause.NONE),
        ("/", "fail", "web", Cause.EXPECTATION),
        ("/stock", "succeed", "web", Cause.REFUSED),
        ("/", "succeed", "web", Cause.NONE),
        ("/gone", "succeed", "legacy", Cause.NONE),
        ("/stock", "succeed", "legacy", Cause.REFUSED),
        ("/gone", "fail", "legacy", Cause.EXPECTATION),
    ],
)
def test_a_later_step_that_asserts_the_status_judges_it(
    tmp_path: Path, site: Site, path: str, *, verdict: str, vocabulary: str, cause: Cause
) -> None:
    """Then the navigation passes, with its latency."""
    text = f'When I go to "{path}"\nThen the request should {verdict}'
    found = replay(tmp_path, text, base_url=site.url, vocabulary=vocabulary)
    assert found.cause is cause
    assert shape(found)[0][:2] == (P, True)


# What goes wrong


@pytest.mark.parametrize(
    ("path", "cause", "said"),
    [
        ("/error", Cause.REFUSED, "/error answered 500 Internal Server Error"),
        ("/close", Cause.PROTOCOL, "127.0.0.1: server disconnected without sending a response"),
        ("/cut", Cause.PROTOCOL, "127.0.0.1: the connection was closed after 58 of 78 bytes of the body"),
        ("/garbage", Cause.PROTOCOL, "127.0.0.1: the answer is not HTTP: '220 mail.example.org ESMTP'"),
        ("/hang", Cause.TIMEOUT, "the step was not done after 0.1 s: still waiting for the answer of 127.0.0.1"),
        ("/drip", Cause.TIMEOUT, "the step was not done after 0.1 s: still reading the answer of 127.0.0.1"),
        ("/drip-head", Cause.TIMEOUT, "the step was not done after 0.1 s: still reading the answer of 127.0.0.1"),
        ("/empty", Cause.EXPECTATION, "text “Welcome” not found, on /empty (status 200); the page is empty"),
    ],
)
def test_a_site_on_which_everything_goes_wrong(
    tmp_path: Path, faults: FaultySite, path: str, cause: Cause, said: str
) -> None:
    """Each in its own way, each with its cause; what ran into a deadline has the time waited."""
    text = f'When I go to "{path}"\nThen I should see "Welcome"'
    still = said.partition(": still ")[2]
    (job,) = loaded(write_feature(tmp_path, text), base_url=faults.url, step_timeout=0.1 if still else None).jobs
    found = workers.run(observe_patiently(job, still=still))
    assert (found.cause, found.message.replace(faults.url, "")) == (cause, said)
    waited = found.steps[0].seconds
    assert (waited is not None and waited >= 0.1) == (cause is Cause.TIMEOUT) or cause is Cause.EXPECTATION


def test_a_redirect_without_end(tmp_path: Path, faults: FaultySite) -> None:
    """As many hops as were asked for; each one's time is in the step's phases."""
    found = replay(tmp_path, 'When I go to "/loop"', base_url=faults.url, max_redirects=3)
    assert found.cause is Cause.PROTOCOL
    assert found.message.startswith("redirected more than 3 times: ")
    assert found.steps[0].response_code == 302


def test_a_host_that_is_not_there(tmp_path: Path) -> None:
    """Not connected: cause connect, no latency."""
    found = replay(tmp_path, 'When I go to "http://www.test/"', resolve=(("www.test", ("127.0.0.1", 1)),))
    assert (found.cause, found.message) == (Cause.CONNECT, "www.test (127.0.0.1:1): connection refused")
    assert shape(found) == [(F, False, None)]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ('I go to "${base}/x"', "“/x”: a relative address, and no BaseURL is given"),
        ('I go to "${base}ftp://www.test/"', "“ftp://www.test/”: “ftp:” is neither http nor https"),
    ],
)
def test_an_address_that_cannot_be_gone_to_is_the_operator_s(tmp_path: Path, step: str, said: str) -> None:
    """Status error, cause configuration, no traceback."""
    found = replay(tmp_path, f"When {step}", variables=(("base", ""),))
    assert (found.status, found.cause, found.message, found.traceback) == (
        Status.ERROR,
        Cause.CONFIGURATION,
        said,
        "",
    )


def test_a_step_before_any_page(tmp_path: Path) -> None:
    """There is nothing to see yet."""
    found = replay(tmp_path, 'Then I should see "x"')
    assert (found.cause, found.message) == (Cause.EXPECTATION, "no page yet: open one first")


@pytest.mark.parametrize(
    ("step", "cause", "said"),
    [
        ("I should see /W.lcome/", Cause.NONE, ""),
        ("I should not see /Error|Exception/", Cause.NONE, ""),
        ("I should see /Bye\\d/", Cause.EXPECTATION, "/Bye\\d/ matches nothing, on “Fine” at /fine (status 200)"),
        ("I should not see /[W]/", Cause.EXPECTATION, "/[W]/ matches, on “Fine” at /fine (status 200)"),
        ('I should not see "Welcome"', Cause.EXPECTATION, 'text “Welcome” found, on “Fine” at /fine (status 200)'),
        ("I should see /${paren}/", Cause.CONFIGURATION, "/(/ is not a regular expression: missing ) at position 1"),
    ],
)  # fmt: skip
def test_patterns(tmp_path: Path, faults: FaultySite, step: str, cause: Cause, said: str) -> None:
    """On what can be seen; one that is none is the operator's."""
    steps = f'When I go to "/fine"\nThen {step}'
    found = replay(tmp_path, steps, base_url=faults.url, variables=(("paren", "("),))
    assert (found.cause, found.message.replace(faults.url, "")) == (cause, said)


def test_a_pattern_without_end_is_stopped(tmp_path: Path, faults: FaultySite, monkeypatch: pytest.MonkeyPatch) -> None:
    """And holds up nobody meanwhile."""
    monkeypatch.setattr("collectd_inode.scenario.patterns.PATTERN_SECONDS", 0.05)

    async def many(writer: Any) -> None:
        writer.write(answer(b"a" * 5000))

    faults.paths["/many"] = many
    found = replay(tmp_path, 'When I go to "/many"\nThen I should see /(a|aa)+$b/', base_url=faults.url)
    assert (found.cause, found.message) == (Cause.TIMEOUT, "/(a|aa)+$b/ took longer than 0.05 s on the page")
    assert found.steps[1].seconds is None


def test_a_run_s_deadline_is_over_all_steps(tmp_path: Path, faults: FaultySite) -> None:
    """However short each of them is."""
    (job,) = loaded(write_feature(tmp_path, f'When I go to "{faults.url}/fine"\nAnd I go to "{faults.url}/hang"')).jobs
    still = "waiting for the answer of 127.0.0.1"
    found = workers.run(observe_patiently(job, seconds=0.2, step=job.steps[1].series, still=still))
    said = f"not done after 0.2 s: still {still}"
    assert (found.message, [s.status for s in found.steps]) == (said, [P, F])


# Certificates


def test_the_days_that_a_certificate_has_left(tmp_path: Path) -> None:
    """A reading for each TLS host that was met, in a failed run too."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=10.5)
    ca.issue_cert("www.test", "shop.test", not_after=end).configure_cert(serving)
    path = write_feature(tmp_path, 'When I go to "https://www.test/"\nAnd I go to "https://shop.test/"')

    async def main() -> Observation:
        async with peer(answer(), answer(b"", "404 Not Found"), tls=serving) as server:
            to = ("127.0.0.1", server.port)
            found = loaded(path, resolve=(("www.test", to), ("shop.test", to)), ca_cert=str(tmp_path / "ca.pem"))
            return await observe(found.jobs[0])

    found = tidily(main())
    assert found.cause is Cause.REFUSED
    assert [(r.type, r.type_instance, round(r.value, 2)) for r in found.readings] == [
        ("gauge", "certificate_days_left-www_test", 10.5),
        ("gauge", "certificate_days_left-shop_test", 10.5),
    ]


@pytest.mark.parametrize(
    ("trusting", "verify", "cause"),
    [(True, True, Cause.CERTIFICATE), (False, False, Cause.NONE)],
    ids=["bad", "unseen"],
)
def test_the_days_left_of_a_certificate_that_was_not_believed(
    tmp_path: Path, trusting: bool, verify: bool, cause: Cause
) -> None:
    """Expired, it has less than none left; it is read also where nobody verifies it."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    end = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=3)
    ca.issue_cert("www.test", not_after=end).configure_cert(serving)
    path = write_feature(tmp_path, 'When I go to "https://www.test/"')

    async def main() -> Observation:
        async with peer(answer(), tls=serving) as server:
            to = ("127.0.0.1", server.port)
            ca_cert = str(tmp_path / "ca.pem") if trusting else None
            found = loaded(path, ca_cert=ca_cert, resolve=(("www.test", to),), verify_peer=verify)
            return await observe(found.jobs[0])

    found = tidily(main())
    assert found.cause is cause
    assert [(r.type_instance, round(r.value, 2)) for r in found.readings] == [("certificate_days_left-www_test", -3.0)]


# Secrets

SECRET = "p@ss w/ö\"rd&x<'%"


@pytest.fixture
def secret(tmp_path: Path) -> tuple[tuple[str, str], ...]:
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    return (("password", str(path)),)


def told(found: Observation) -> str:
    """Everything that anybody is told of an observation."""
    return "\n".join(
        (
            repr(found.steps),
            repr(found.trouble),
            found.traceback,
            jsonl.line(found),
            pretty.observation(found, PLAIN, verbose=True),
            message(found),
        )
    )


@pytest.mark.parametrize(
    "steps",
    [
        'When I go to "/search?q=${password}"',
        'When I go to "/${password}/page"',
        'When I go to "http://me:${password}@www.test/"',
        'When I go to "http://${password}.test/"',
        'When I follow "${password}"',
        'When I go to "/said"\nThen I should see "Never ${password}"',
        'When I go to "/said"\nThen I should not see "${password}"',
        'When I go to "/said"\nThen I should see /Never ${password}/',
        'When I go to "/said"\nThen I follow "Never"',
        'When I go to "/said"\nThen I fill in "${password}" with "x"',
        "When I shout the secret",
        "When I go home with the secret",
    ],
)
def test_a_secret_is_told_to_nobody(tmp_path: Path, secret: tuple[tuple[str, str], ...], steps: str) -> None:
    """Whichever step fails in whichever way, in whatever clothes the page or the URL shows it."""
    (tmp_path / "steps.py").write_text(
        "from collectd_inode import step\n\n"
        '@step("I shout the secret")\nasync def shout(session):\n'
        "    raise ValueError(session.variables['password'].encode())\n\n"
        '@step("I go home with the secret")\nasync def home(session):\n'
        "    try:\n        int(session.variables['password'])\n"
        "    except ValueError as error:\n        raise KeyError('home') from error\n"
    )
    path = write_feature(tmp_path, steps)

    async def said(reader: Any, writer: Any) -> None:
        page = f"<title>{SECRET}</title><p>{'x ' * 90}Never say &#112;@ss w/&ouml;\"rd&amp;x&lt;'% again"
        writer.write(answer(page.encode(), "200 OK", "Content-Type: text/html; charset=utf-8"))

    async def main() -> Observation:
        async with peer(said) as server:
            found = loaded(
                path,
                base_url=f"http://127.0.0.1:{server.port}",
                secrets=secret,
                steps=(str(tmp_path / "steps.py"),),
                resolve=(("www.test", ("127.0.0.1", 1)),),
            )
            assert not found.problems
            return await observe(found.jobs[0])

    with logged() as lines:
        found = tidily(main())
    everything = told(found) + "\n".join(lines)
    for part in ("p@ss", "p%40ss", "w/ö", "w/%C3%B6", "w%2F", "rd&x", "rd%26x", "rd&amp;x", "\\xc3\\xb6", "\\u00f6"):
        assert part not in everything
    assert json.loads(jsonl.line(found))["status"] == found.status


def test_an_operator_s_own_step(tmp_path: Path, faults: FaultySite) -> None:
    """Has the session with its browser and page; a failed assert is an expectation that was not met, with its place."""
    (tmp_path / "steps.py").write_text(
        "from collectd_inode import step\n\n"
        '@step("I look at {string}")\nasync def look(session, path):\n'
        '    """Look."""\n'
        "    page = await session.browser.go(path)\n"
        "    assert page.shows('Farewell'), 'no farewell'\n"
    )
    found = replay(tmp_path, 'When I look at "/fine"', base_url=faults.url, steps=(str(tmp_path / "steps.py"),))
    assert (found.status, found.cause) == (Status.FAILED, Cause.EXPECTATION)
    assert found.message == f"no farewell ({tmp_path}/steps.py:7)"
    assert found.steps[0].response_code == 200


def test_a_secret_s_file(tmp_path: Path) -> None:
    """Its first line, without line end or byte order mark; what is wrong with it is told without what is in it."""
    path = tmp_path / "secret"

    def said() -> str:
        with pytest.raises(Misconfigured) as caught:
            read_secret(str(path))
        return str(caught.value).replace(str(path), "FILE")

    assert said() == "secret FILE: No such file or directory"
    for content, read in ((b"a b \r\nc", "a b "), (b"\xef\xbb\xbf\xc3\xb6", "ö")):
        path.write_bytes(content)
        assert read_secret(str(path)) == read
    for content, what in (
        (b"", "the file is empty"),
        (b"  \n", "the file is empty"),
        (b"\nx", "the first line is empty"),
        (b"caf\xe9\n", "this is not UTF-8; convert Latin-1 text with: iconv -f latin1 -t utf8"),
    ):
        path.write_bytes(content)
        assert said() == f"secret FILE: {what}"
    path.unlink()
    os.mkfifo(path)  # a reader that waits would wait for ever
    assert said() == "secret FILE: expected a regular file"


def test_a_secret_that_went_away_is_the_run_s_trouble(tmp_path: Path) -> None:
    """It is read anew for each run; no step was reached."""
    found = replay(tmp_path, 'When I go to "http://www.test/"', secrets=(("password", "/gone"),))
    assert (found.status, found.cause, found.message) == (
        Status.ERROR,
        Cause.CONFIGURATION,
        "secret /gone: No such file or directory",
    )
    assert shape(found) == [(S, False, None)]


def test_basic_authentication_is_told_to_nobody(tmp_path: Path) -> None:
    """Not even when the server says the header back."""
    (tmp_path / "password").write_text("s3cret\n")
    path = write_feature(tmp_path, 'When I go to "/"\nThen I should see "Nothing of the kind: Basic"')

    async def main() -> Observation:
        refusal = answer(b"who?", "401 Unauthorized", 'WWW-Authenticate: Basic realm="x"')

        async def echo(reader: Any, writer: Any) -> None:
            head = server.heads[-1].decode()
            writer.write(answer(next(line for line in head.splitlines() if "uthorization" in line).encode()))

        async with peer(refusal, echo) as server:
            found = loaded(path, base_url=server.url, auth_user="me", auth_password_file=str(tmp_path / "password"))
            return await observe(found.jobs[0])

    found = tidily(main())
    assert found.cause is Cause.EXPECTATION
    assert found.trouble is not None
    assert found.trouble.found.endswith("uthorization: Basic [AuthPasswordFile]")


def test_variables() -> None:
    """Filled in once, in tables too; what is not one stays as it is."""
    variables = {"a": "1", "b": "${a}"}
    assert expand("${a} ${b} ${c} $a {a}", variables) == "1 ${a} ${c} $a {a}"
    assert expand((("${a}", "x"), ("${b}",)), variables) == (("1", "x"), ("${a}",))
    assert expand(3, variables) == 3
    assert variables_in((("${a}", "${b-2}"), "${_}", 3, "${2}")) == {"a", "b-2", "_"}
