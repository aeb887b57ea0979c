"""What a person is told when a scenario fails: the page's own words, and what is news among them."""

import re
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from collectd_inode.keys import BlockSettings
from collectd_inode.model import Cause, Observation, Status
from collectd_inode.observing import observe
from collectd_inode.report import pretty
from collectd_inode.report.jsonl import as_object
from collectd_inode.report.notification import message
from collectd_inode.report.style import Style
from collectd_inode.state import State
from demo.authority import Authority, pem
from tests.helpers.examples import loaded, write_feature
from tests.helpers.peers import Conversation, answer, close, peer, tidily

BANNER = b"<h1>Green tea of all sorts</h1><div role=alert>Open for 12 more days</div>"


def observed(folder: Path, text: str, *answers: bytes | Conversation, **settings: Any) -> Observation:
    """One run of a scenario with these steps, on a site that gives these answers."""

    async def main() -> Observation:
        async with peer(*answers) as site:
            found = loaded(write_feature(folder, text), base_url=site.url, **settings)
            assert [str(problem) for problem in found.problems] == []
            return await observe(found.jobs[0])

    return tidily(main())


def found(observation: Observation) -> str:
    assert observation.trouble is not None
    return observation.trouble.found


def test_a_banner_of_the_page_before_is_no_news(tmp_path: Path) -> None:
    """What calls itself an alert on a page that was good comes last on the next one."""
    text = 'When I go to "/"\nAnd I go to "/tea"\nThen I should see "Sencha"'
    broken = BANNER + b"<p class=error>Database gone</p>"
    assert found(observed(tmp_path, text, answer(BANNER), answer(broken))) == "Database gone; Open for 12 more days"


def test_a_banner_of_the_last_good_run_is_no_news(tmp_path: Path) -> None:
    """It is known again after a restart; in a bad run nothing is learnt."""
    text, folder = 'When I go to "/"\nThen I should see "Green tea"', tmp_path / "state"

    def run(body: bytes) -> Observation:
        return observed(tmp_path, text, answer(body), common=BlockSettings(state=State(str(folder))))

    broken = BANNER.replace(b"Green tea", b"No").replace(b"12", b"13") + b"<p class=error>Database gone</p>"
    assert found(run(broken)) == "Open for 13 more days; Database gone"
    assert run(BANNER).passed
    assert [found(run(broken)), found(run(broken))] == ["Database gone; Open for 13 more days"] * 2
    assert run(b"Green tea").passed
    assert found(run(broken)) == "Open for 13 more days; Database gone"


def test_a_redirect_that_leads_to_trouble(tmp_path: Path) -> None:
    """The message says which address led there."""
    dead = answer(b"", "302 Found", "Location: http://127.0.0.1:1/")
    said = re.sub(r":\d{2,5}/", ":80/", observed(tmp_path, 'When I go to "/down"', dead).message)
    assert said == "127.0.0.1:1: connection refused, to which http://127.0.0.1:80/down redirected"


def test_json_says_what_was_expected_and_found(tmp_path: Path) -> None:
    """For the run and its step; null where nothing was."""
    text = 'When I go to "/"\nThen I should see "Sencha"'
    run = as_object(observed(tmp_path, text, answer(b"<p class=error>Database gone")))
    good, bad = run["steps"]
    assert (run["engine"], run["place"], run["tags"]) == ("plain", f"{tmp_path}/web.feature:2", [])
    assert [(part["expected"], part["found"]) for part in (run, good, bad)] == [
        ("Sencha", "Database gone"),
        (None, None),
        ("Sencha", "Database gone"),
    ]


def test_a_clean_up_step_of_what_never_began_is_skipped(tmp_path: Path) -> None:
    """One fault is one complaint: nobody logs out who is not logged in.  What asked for something is told, too."""
    text = 'When I go to "/login"\nAnd I press "Log in"\nThen whatever happens, I follow "Log out"'
    run = observed(tmp_path, text, answer(b"<h1>We are closed</h1>"))
    assert [step.status for step in run.steps] == [Status.PASSED, Status.FAILED, Status.SKIPPED]
    assert (run.steps[2].trouble, run.warnings) == (None, ())
    assert run.steps[2].because.startswith("nothing to clean up: no link “Log out”, on http://")
    assert "\n      nothing to clean up: no link “Log out”, on http://" in pretty.observation(run, Style())
    text = 'When I go to "/login"\nAnd I press "Log in"\nThen whatever happens, I go to "/logout"'
    run = observed(tmp_path, text, answer(), answer(b"gone", "404 Not Found"))
    assert [step.status for step in run.steps] == [Status.PASSED, Status.FAILED, Status.FAILED]


@pytest.mark.parametrize(
    ("address", "tidied"),
    [("http://127.0.0.1:1/logout", Status.SKIPPED), ("http://127.0.0.1:2/logout", Status.FAILED)],
)
def test_a_site_that_cannot_be_reached_is_told_once(tmp_path: Path, address: str, tidied: Status) -> None:
    """A clean-up step that cannot reach it either adds nothing; another site is another fault."""
    text = f'When I go to "http://127.0.0.1:1/"\nThen whatever happens, I go to "{address}"'
    run = observed(tmp_path, text)
    assert [step.status for step in run.steps] == [Status.FAILED, tidied]
    assert (run.cause, run.message) == (Cause.CONNECT, "127.0.0.1:1: connection refused")


GONE = answer(b"<h1>Database gone</h1>", "500 Oops")


@pytest.mark.parametrize(
    ("ended", "tidied", "status"),
    [
        (GONE, GONE, Status.SKIPPED),
        (GONE, answer(b"<h1>Request 7 failed</h1>", "500 Oops"), Status.SKIPPED),
        (GONE, answer(b"too many", "503 Later"), Status.FAILED),
        (answer(b"gone", "404 Not Found"), answer(b"gone", "404 Not Found"), Status.FAILED),
        (answer(b"<h1>Fine"), GONE, Status.FAILED),
        (close, close, Status.SKIPPED),
        (close, GONE, Status.FAILED),
    ],
    ids=["500", "500 in other words", "503", "404", "after an expectation", "closed", "an answer"],
)
def test_a_server_s_own_error_is_told_once(
    tmp_path: Path, ended: bytes | Conversation, tidied: bytes | Conversation, status: Status
) -> None:
    """A clean-up step that meets it too adds nothing; what says something about its own address is told."""
    text = 'When I go to "/login"\nThen I should see "Bye"\nThen whatever happens, I go to "/logout"'
    run = observed(tmp_path, text, ended, tidied)
    assert (run.steps[2].status, run.steps[2].because[:15]) == (
        status,
        "the same again:" if status is Status.SKIPPED else "",
    )


def test_each_fault_of_several_clean_up_steps_is_told_once(tmp_path: Path) -> None:
    """Also one that the run has not ended with."""
    text = 'When I go to "/"\nThen I should see "Bye"' + '\nThen whatever happens, I go to "/out"' * 2
    run = observed(tmp_path, text, answer(), GONE, GONE)
    assert [step.status for step in run.steps] == [Status.PASSED, Status.FAILED, Status.FAILED, Status.SKIPPED]
    assert pretty.observation(run, Style()).count("answered 500") == 2


@pytest.mark.parametrize(("status", "hint"), [(401, True), (403, True), (404, False), (500, False)])
def test_a_refusal_says_how_to_expect_it(tmp_path: Path, status: int, hint: bool) -> None:
    """Whoever tests that strangers are kept out means it."""
    trouble = observed(tmp_path, 'When I go to "/"', answer(b"no", f"{status} No")).trouble
    said = f"; if that is meant, let “the status should be {status}” follow"
    assert trouble is not None
    assert trouble.expected == f"a status below 400{said if hint else ''}"


def test_a_certificate_that_is_not_accepted_says_whose_it_is(tmp_path: Path) -> None:
    """Another site's, or of an issuer that nobody knows: names, issuer and date, beside OpenSSL's words."""
    authority = Authority.made()
    issued = authority.issue("other.example", days=90)
    (tmp_path / "site.pem").write_bytes(issued)
    (tmp_path / "ca.pem").write_bytes(pem(authority.certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "site.pem")

    async def main(**settings: Any) -> Observation:
        async with peer(answer(), tls=context) as site:
            text = f'When I go to "https://127.0.0.1:{site.port}/"'
            return await observe(loaded(write_feature(tmp_path, text), **settings).jobs[0])

    until = x509.load_pem_x509_certificate(issued).not_valid_after_utc
    said = f"a certificate for other.example, issued by CN=The demonstration's CA, until {until:%Y-%m-%d}"
    for settings, why in (({"ca_cert": str(tmp_path / "ca.pem")}, "IP address mismatch"), ({}, "unable to get")):
        run = tidily(main(**settings))
        assert found(run) == said
        assert (why in run.message, said in message(run)) == (True, True)
