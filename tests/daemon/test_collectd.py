"""A real collectd with the plugin in it: what arrives, what is told, and how it ends."""

from __future__ import annotations

import os
import signal
import ssl
import stat
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import trustme

from collectd_inode import __version__
from collectd_inode.model import Cause, Door
from collectd_inode.report.values import version_number
from demo.site import Site
from tests.helpers.collectd_process import CLEAN, HOST, Collectd, on_the_grid, open_folder, through_every_door
from tests.helpers.examples import HUNG
from tests.helpers.faults import FaultySite
from tests.helpers.places import ROOT

WEBHOME = ROOT / "scenarios" / "webhome.feature"
FIRST = "scenario-web-visiting_home_and_contact_pages"
SECOND = "scenario-web-visiting_the_contact_page_via_the_home_page"
FAILURE, WARNING, OKAY = 1, 2, 4
HEALTH = {Door.EMBEDDED: "inode_probe", Door.EXEC: "inode_probe-exec", Door.SERVE: "inode_probe-serve"}
"""Under which identity each door tells how it fares."""


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


@pytest.fixture(scope="module")
def faulty() -> Iterator[FaultySite]:
    with FaultySite() as running:
        yield running


def webhome(site: Site, *, name: str = "web", more: str = "") -> str:
    return f"""
    <Scenario "{name}">
      Interval 1
      Feature "{WEBHOME}"
      Resolve "inode.co.nz" "127.0.0.1:{site.port}"
      {more}
    </Scenario>
    """


def feature(folder: Path, name: str, *steps: str) -> Path:
    path = folder / f"{name}.feature"
    path.write_text("\n  ".join([f"Feature: {name}", f"Scenario: {name}", *steps]) + "\n", encoding="utf-8")
    return path


# What arrives.


@through_every_door
@pytest.mark.parametrize("daemonise", [False, True], ids=["foreground", "daemonised"])
def test_latencies_arrive(tmp_path: Path, site: Site, door: Door, daemonise: bool) -> None:
    """Each step's latency arrives under the identities of a passed run, with the job's interval, and nothing else."""
    with Collectd(tmp_path, webhome(site), daemonise=daemonise, door=door) as collectd:
        collectd.wait(lambda: len(collectd.in_time(f"{SECOND}/bool-success")) >= 3)
    scenarios = [v for v in collectd.values if v.identity.startswith("scenario")]

    every_run = ["bool-success", "gauge-cause", "gauge-warnings", "duration-elapsed", "count-passed"]
    passed = ["latency-total", "response_code-last", *(f"duration-{p}" for p in ("connect", "processing", "overhead"))]
    first = [*every_run, *passed, "response_time-go_to_http_inode_co_nz"]
    second = [*first, "response_time-follow_contact"]
    expected = {f"{FIRST}/{name}" for name in first} | {f"{SECOND}/{name}" for name in second}
    transfers = {f"{instance}/duration-transfer" for instance in (FIRST, SECOND)}  # an answer may come in two pieces
    assert {v.identity for v in scenarios} - transfers == expected
    assert {(v.host, v.interval) for v in scenarios} == {(HOST, 1.0)}
    assert {v.value for v in collectd.in_time(f"{FIRST}/bool-success")} == {1.0}
    assert {v.value for v in collectd.in_time(f"{SECOND}/count-passed")} == {3.0}
    assert {v.value for v in collectd.in_time(f"{FIRST}/response_code-last")} == {200.0}
    assert all(0 < v.value < 60 for v in scenarios if "response_time" in v.identity)
    assert on_the_grid(collectd.of(f"{SECOND}/bool-success"))
    sent = {round(v.time, 3): v.value for v in collectd.of(f"{SECOND}/bool-success")}
    assert collectd.csv(f"{SECOND}/bool-success")[0] in sent.items()
    assert [told for told in collectd.notifications if not told.message.startswith(("timeout: ", "passed: "))] == []
    assert collectd.log.count("Exiting normally") == 1


@through_every_door
def test_detail_phase(tmp_path: Path, site: Site, door: Door) -> None:
    """With Detail "phase" each step has its phases, its status and its size too."""
    step = "go_to_http_inode_co_nz"
    names = {f"duration-{step}-connect", f"duration-{step}-processing", f"response_code-{step}", f"bytes-{step}"}
    expected = {f"{SECOND}/{name}" for name in (*names, "bytes-follow_contact")}
    with Collectd(tmp_path, webhome(site, more='Detail "phase"'), door=door) as collectd:
        # Write threads reorder a burst: the verdict may be there before the last detail.
        collectd.wait(lambda: expected <= {v.identity for v in collectd.values})
    assert collectd.of(f"{SECOND}/duration-follow_contact-connect") == []  # the connection was there already


@through_every_door
def test_the_plugin_reports_on_itself(tmp_path: Path, site: Site, door: Door) -> None:
    """Loop lag, jobs, late runs and configuration errors are sent under inode_probe."""
    with Collectd(tmp_path, webhome(site, more='Nonsense "1"') + webhome(site, name="good"), door=door) as collectd:
        collectd.wait(
            lambda: (
                len([v for v in collectd.values if v.identity.startswith("inode_probe")])
                >= (5 if door is Door.EMBEDDED else 6)
            )
        )
    mine = {v.identity: v.value for v in collectd.values if v.identity.startswith("inode_probe")}

    us = HEALTH[door]
    lag, late = mine.pop(f"{us}/latency-loop_lag"), mine.pop(f"{us}/count-late")
    assert mine == {
        f"{us}/count-jobs": 3.0,
        f"{us}/gauge-config_errors": 1.0,
        f"{us}/gauge-version": version_number(__version__),
        **({} if door is Door.EMBEDDED else {f"{us}/count-lost": 0.0}),
    }
    assert lag >= 0
    assert late >= 0


def test_collectd_T(tmp_path: Path, site: Site) -> None:  # noqa: N802  # the option is a capital T
    """Under collectd -T every job runs once, its values are written, and the daemon ends with 0."""
    collectd = Collectd(tmp_path, webhome(site).replace("Interval 1", "Interval 3600"))
    done = subprocess.run(
        ["collectd", "-T", "-C", str(collectd.conf)], env=CLEAN, timeout=HUNG, capture_output=True, check=False
    )

    assert done.returncode == 0, collectd.log
    assert [v.value for v in collectd.of(f"{FIRST}/bool-success")] == [1.0]
    assert [v.value for v in collectd.of(f"{SECOND}/bool-success")] == [1.0]


def test_collectd_T_is_stopped(tmp_path: Path, faulty: FaultySite) -> None:  # noqa: N802  # as above
    """SIGTERM ends it although a server hangs and the run's deadline is an hour away."""
    blocks = ["Interval 3600"]
    for name in ("fine", "hang"):
        file = feature(tmp_path, name, f'When I go to "{faulty.url}/{name}"')
        blocks.append(f'<Scenario "{name}">\nFeature "{file}"\nTimeout 3600\n</Scenario>')
    collectd = Collectd(tmp_path, "\n".join(blocks))
    before = len(faulty.asked)
    done = subprocess.Popen(["collectd", "-T", "-C", str(collectd.conf)], env=CLEAN)
    try:
        while {"/fine", "/hang"} - set(faulty.asked[before:]):
            assert done.poll() is None, collectd.log
            time.sleep(0.02)
        done.send_signal(signal.SIGTERM)
        assert done.wait(HUNG) == 0, collectd.log
    finally:
        done.kill()
    assert "stopped by a signal before every job's first run had ended" in collectd.log
    assert [v.value for v in collectd.of("scenario-hang-hang/bool-success")] == []


# What goes wrong.

FAULTY = (
    # path, cause, the slug of the step that fails, what the message says
    ("/hang", Cause.TIMEOUT, "go", " s: still waiting for the answer of 127.0.0.1"),
    ("/drip", Cause.TIMEOUT, "go", " s: still reading the answer of 127.0.0.1"),
    ("/drip-head", Cause.TIMEOUT, "go", " s: still reading the answer of 127.0.0.1"),
    ("/error", Cause.REFUSED, "go", "500"),
    ("/missing", Cause.REFUSED, "go", "404"),
    ("/loop", Cause.PROTOCOL, "go", "redirect"),
    ("/empty", Cause.EXPECTATION, "see", "text “Welcome” not found"),
    ("/binary", Cause.EXPECTATION, "see", "text “Welcome” not found"),
    ("/broken", Cause.EXPECTATION, "see", "text “Welcome” not found"),
    ("/close", Cause.PROTOCOL, "go", "disconnected"),
    ("/cut", Cause.PROTOCOL, "go", "the connection was closed after 58 of 78 bytes of the body"),
    ("/garbage", Cause.PROTOCOL, "go", "the answer is not HTTP: '220 mail.example.org ESMTP'"),
)
STEP_OF = {"go": 'I go to "{url}"', "see": 'I should see "Welcome"'}


@through_every_door
def test_every_fault_is_told_and_hurts_nobody_else(tmp_path: Path, faulty: FaultySite, door: Door) -> None:
    """A site that is down, hangs, drips, refuses, loops or sends rubbish: 0 every interval, told once."""
    addresses = {path: faulty.url + path for path, *_ in FAULTY} | {"/fine": faulty.url + "/fine"}
    addresses["/down"] = "http://127.0.0.1:1/"
    blocks = ["Interval 3"]  # seconds; the first runs are the slowest
    for path, url in addresses.items():
        name = path.strip("/")
        file = feature(tmp_path, name, f'When I go to "{url}"', 'Then I should see "Welcome"')
        blocks.append(f'<Scenario "{name}">\nFeature "{file}"\n</Scenario>')
    with Collectd(tmp_path, "\n".join(blocks), door=door) as collectd:
        everywhere = {path: series_of(path) for path in addresses}
        for series in everywhere.values():
            collectd.wait(lambda: len(collectd.of(f"{series}/bool-success")) >= 2)  # noqa: B023  # called at once

    down = ("/down", Cause.CONNECT, "go", "connection refused")
    notifications = {told.identity: told for told in collectd.notifications}
    assert len(collectd.notifications) == len(notifications) == len(FAULTY) + 1
    for path, cause, step, words in (*FAULTY, down):
        series = everywhere[path]
        success = collectd.of(f"{series}/bool-success")
        assert {v.value for v in success} == {0.0}, path
        assert on_the_grid(success), path
        assert {v.value for v in collectd.of(f"{series}/gauge-cause")} == {cause}, path
        told = notifications[f"{series}/bool-success"]
        assert told.severity == FAILURE
        assert told.message.startswith(f"{cause.word}: {STEP_OF[step].format(url=addresses[path])}: "), told.message
        assert words in told.message
        # A step that failed has no latency; one that ran into the deadline has the time waited.
        waited = [v.value for v in collectd.values if v.identity.startswith(f"{series}/response_time-go")]
        if cause is Cause.TIMEOUT:
            assert all(seconds > 1 for seconds in waited)
            assert len(waited) == len(success)
        elif step == "go":
            assert waited == []
        assert collectd.of(f"{series}/latency-total") == []
    fine = collectd.of("scenario-fine-fine/bool-success")
    assert {v.value for v in fine} == {1.0}
    assert on_the_grid(fine)


def series_of(path: str) -> str:
    """The identity of a fault's scenario, without type."""
    name = path.strip("/").replace("-", "_")
    return f"scenario-{name}-{name}"


@through_every_door
def test_notifications_wait_for_confirm_and_tell_the_recovery(tmp_path: Path, door: Door) -> None:
    """With Confirm 2 the second bad run in a row is told, and the first good one after it."""
    with FaultySite() as faulty:
        file = feature(tmp_path, "shop", f'When I go to "{faulty.url}/fine"')
        block = f'Interval 1\n<Scenario "shop">\nFeature "{file}"\nConfirm 2\n</Scenario>'
        with Collectd(tmp_path, block, door=door) as collectd:
            collectd.wait(lambda: collectd.of("scenario-shop-shop/bool-success"))
            faulty.paths["/fine"] = faulty.paths["/error"]
            collectd.wait(lambda: len(collectd.notifications) == 1)
            faulty.paths["/fine"] = faulty.paths["/empty"]
            collectd.wait(lambda: len(collectd.notifications) == 2)
    bad, good = collectd.notifications

    both = pairwise(collectd.of("scenario-shop-shop/bool-success"))
    second_bad = next(later.time for earlier, later in both if earlier.value == later.value == 0.0)
    assert (bad.host, bad.identity, bad.severity) == (HOST, "scenario-shop-shop/bool-success", FAILURE)
    assert bad.time == pytest.approx(second_bad)
    assert bad.message.startswith(f'refused: I go to "{faulty.url}/fine": ')
    assert (good.host, good.identity, good.severity) == (HOST, "scenario-shop-shop/bool-success", OKAY)
    assert good.message.startswith("passed: 1 step in ")
    assert "failed → passed" in collectd.log


@through_every_door
def test_a_bad_run_is_retried_before_it_is_told(tmp_path: Path, door: Door) -> None:
    """RetryInterval: three bad runs are told within seconds of the first; only the slot's run has sent values."""
    file = feature(tmp_path, "down", 'When I go to "http://127.0.0.1:1/"')
    soon = (time.time() + 5) % 3600
    more = f"Interval 3600\nConfirm 3\nRetryInterval 1\nStartOffset {soon:.3f}"
    with Collectd(tmp_path, f'<Scenario "down">\nFeature "{file}"\n{more}\n</Scenario>', door=door) as collectd:
        collectd.wait(lambda: collectd.notifications)
        (value,) = collectd.of("scenario-down-down/bool-success")
    (told,) = collectd.notifications

    assert 2 <= told.time - value.time < 60
    assert told.message.startswith("connect: ")


@through_every_door
def test_notify_none(tmp_path: Path, door: Door) -> None:
    """With Notify "none" nobody is told; the values say it all the same."""
    file = feature(tmp_path, "down", 'When I go to "http://127.0.0.1:1/"')
    block = f'Interval 1\nNotify "none"\n<Scenario "down">\nFeature "{file}"\n</Scenario>'
    with Collectd(tmp_path, block, door=door) as collectd:
        collectd.wait(lambda: len(collectd.of("scenario-down-down/bool-success")) >= 2)

    assert collectd.notifications == []
    assert "failed: connect: I go to" in collectd.log


# What the operator gets wrong.


@through_every_door
def test_a_broken_block_never_stops_the_rest(tmp_path: Path, site: Site, door: Door) -> None:
    """Each mistake is in the log with block, key and value; the job that cannot run says 0 with its cause."""
    undefined = feature(tmp_path, "undefined", 'When I go too "http://127.0.0.1:1/"')
    (tmp_path / "empty.feature").write_text("")
    blocks = f"""
    Interval 1
    <Scenario "typo">
      Feature "{WEBHOME}"
      Intervall 5
      Timeout "5 s"
    </Scenario>
    <Scenario "undefined">
      Feature "{undefined}"
    </Scenario>
    <Scenario "unreadable">
      Feature "{tmp_path}/empty.feature"
    </Scenario>
    <Scenario "missing">
      Feature "{tmp_path}/nowhere.feature"
    </Scenario>
    <Scenario "secretive">
      Feature "{ROOT}/scenarios/login.feature"
      BaseURL "{site.url}"
      Variable "user" "monitor"
      Secret "password" "{tmp_path}/nowhere"
    </Scenario>
    <Scenario>
      Feature "{WEBHOME}"
    </Scenario>
    """
    with Collectd(tmp_path, blocks + webhome(site), door=door) as collectd:
        collectd.wait(lambda: len(collectd.in_time(f"{FIRST}/bool-success")) >= 2)
        collectd.wait(lambda: len(collectd.in_time(f"{SECOND}/bool-success")) >= 2)
        collectd.wait(lambda: len(collectd.of("scenario-missing/bool-success")) >= 2)
    log = collectd.log

    causes = {
        "scenario-typo": Cause.CONFIGURATION,
        "scenario-undefined-undefined": Cause.UNDEFINED,
        "scenario-unreadable": Cause.CONFIGURATION,
        "scenario-missing": Cause.CONFIGURATION,
        "scenario-secretive-the_monitor_logs_in": Cause.CONFIGURATION,
        FIRST: Cause.NONE,
        SECOND: Cause.NONE,
    }
    for series, cause in causes.items():
        assert {v.value for v in collectd.in_time(f"{series}/gauge-cause")} == {cause}, series
        assert {v.value for v in collectd.in_time(f"{series}/bool-success")} == {float(not cause)}, series
        assert on_the_grid(collectd.of(f"{series}/bool-success")), series
    assert '<Scenario "typo"> Intervall 5: unknown key; did you mean Interval?' in log
    assert '<Scenario "typo"> Timeout "5 s": expected a number of seconds above 0, such as 5 or 2.5' in log
    assert f"{undefined}:3:3: " in log
    assert "undefined step: I go too" in log
    assert f'Feature "{tmp_path}/nowhere.feature": expected a file, folder or glob' in log
    assert f"secret {tmp_path}/nowhere: No such file or directory" in log
    assert "<Scenario>: expected" in log


def test_strict_config_keeps_collectd_from_starting(tmp_path: Path, site: Site) -> None:
    """With StrictConfig true a mistake ends the start with status 1, after every mistake has been logged."""
    mistakes = 'StrictConfig true\nIntervall 5\n<Scenario "x">\nFeature "/nowhere"\nTimeout 0\n</Scenario>\n'
    collectd = Collectd(tmp_path, mistakes + webhome(site))
    done = subprocess.run(
        ["collectd", "-f", "-C", str(collectd.conf)], env=CLEAN, timeout=HUNG, capture_output=True, check=False
    )

    assert done.returncode == 1
    assert "<Module> Intervall 5: unknown key; did you mean Interval?" in collectd.log
    assert '<Scenario "x"> Timeout 0: expected a number of seconds above 0' in collectd.log
    assert "StrictConfigError" in collectd.log


def test_a_broken_dependency_leaves_collectd_alive(tmp_path: Path, site: Site) -> None:
    """If httpx cannot be imported, collectd starts all the same; the log says what to mend, each run is an error."""
    broken = tmp_path / "packages"
    broken.mkdir()
    (broken / "httpx.py").write_text('raise ImportError("No module named idna")\n')
    (broken / "collectd_inode").symlink_to(ROOT / "collectd_inode")
    with Collectd(tmp_path, webhome(site), path=str(broken)) as collectd:
        collectd.wait(lambda: Cause.ERROR in {v.value for v in collectd.of(f"{FIRST}/gauge-cause")})

    assert "Initialization complete" in collectd.log
    what = "cannot run: No module named idna; run collectd-inode doctor to see what is missing; reinstall"
    assert collectd.log.count(what) == 1


@through_every_door
def test_an_edited_feature_is_taken_up(tmp_path: Path, faulty: FaultySite, door: Door) -> None:
    """A feature file that changes is read again between runs; while there is a typo in it, it goes on as it was."""
    good = (f'When I go to "{faulty.url}/fine"', 'Then I should see "Welcome"')
    file = feature(tmp_path, "shop", *good)
    block = f'Interval 1\n<Scenario "shop">\nFeature "{file}"\n</Scenario>'
    with Collectd(tmp_path, block, impatient=True, door=door) as collectd:
        collectd.wait(lambda: collectd.of("scenario-shop-shop/bool-success"))
        feature(tmp_path, "shop", *good, "And I dance")
        collectd.wait(lambda: [told.severity for told in collectd.notifications] == [WARNING])
        feature(tmp_path, "shop", *good, 'And I should see "Goodbye"')
        collectd.wait(lambda: Cause.EXPECTATION in {v.value for v in collectd.of("scenario-shop-shop/gauge-cause")})
    causes = {v.value for v in collectd.of("scenario-shop-shop/gauge-cause")}

    assert causes == {Cause.NONE, Cause.EXPECTATION}
    assert f"{file}:5:3: " in collectd.notifications[0].message
    assert "undefined step: I dance" in collectd.log


@through_every_door
def test_a_step_module_that_raises(tmp_path: Path, faulty: FaultySite, door: Door) -> None:
    """A module that fails to load, and a step that raises, are errors with their place; the others run on."""
    steps = tmp_path / "steps"
    steps.mkdir()
    (steps / "bad.py").write_text("import collectd_inode\n\n1 / 0\n")
    (steps / "good.py").write_text(
        "from collectd_inode import step\n\n\n"
        '@step("I divide by {int}")\nasync def divide(session, number):\n    1 / number\n\n\n'
        '@step("the page is at least {int} characters long")\n'
        "async def long_enough(session, number):\n"
        "    assert len(session.page.visible_text) >= number\n"
    )
    go = f'When I go to "{faulty.url}/fine"'
    fine = feature(tmp_path, "fine", go, "And I divide by 1", "Then the page is at least 3 characters long")
    zero = feature(tmp_path, "zero", go, "And I divide by 0")
    short = feature(tmp_path, "short", go, "Then the page is at least 3000 characters long")
    files = "\n".join(f'Feature "{file}"' for file in (fine, zero, short))
    block = f'Interval 1\n<Scenario "own">\n{files}\nSteps "{steps}"\n</Scenario>'
    with Collectd(tmp_path, block, door=door) as collectd:
        for name in SERIES_OF_OWN:
            identity = f"scenario-own{name}/bool-success"
            collectd.wait(lambda: len(collectd.in_time(identity)) >= 2)  # noqa: B023  # called at once
    causes = {name: {v.value for v in collectd.in_time(f"scenario-own{name}/gauge-cause")} for name in SERIES_OF_OWN}

    assert causes == {
        "": {Cause.CONFIGURATION},
        "-fine": {Cause.NONE},
        "-zero": {Cause.ERROR},
        "-short": {Cause.EXPECTATION},
    }
    assert f"{steps}/bad.py:3: " in collectd.log
    assert f"{steps}/good.py:6" in collectd.log


SERIES_OF_OWN = ("", "-fine", "-zero", "-short")


@through_every_door
def test_a_secret_is_shown_nowhere(tmp_path: Path, site: Site, door: Door) -> None:
    """A password that is right, and one that is wrong, are in no log, value or notification."""
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("open sesame\n")
    wrong.write_text("Tr0ub4dor & 3\n")
    for file in (right, wrong):
        file.chmod(stat.S_IRUSR)
    login = f'Feature "{ROOT}/scenarios/login.feature"\nBaseURL "{site.url}"\nVariable "user" "monitor"'
    see = feature(tmp_path, "leak", 'When I go to "/login?${password}"', 'Then I should see "${password}"')
    blocks = f"""
    Interval 1
    <Scenario "right">
      {login}
      Secret "password" "{right}"
    </Scenario>
    <Scenario "wrong">
      {login}
      Secret "password" "{wrong}"
    </Scenario>
    <Scenario "leak">
      Feature "{see}"
      BaseURL "{site.url}"
      Secret "password" "{wrong}"
    </Scenario>
    """
    with Collectd(tmp_path, blocks, door=door) as collectd:
        collectd.wait(lambda: len(collectd.in_time("scenario-right-the_monitor_logs_in/bool-success")) >= 2)
        collectd.wait(lambda: len(collectd.notifications) >= 2)
        collectd.wait(lambda: collectd.in_time("scenario-wrong-the_monitor_logs_in/bool-success"))
        collectd.wait(lambda: "text “[password]” not found" in collectd.log)
    everything = collectd.log + (tmp_path / "seen").read_text() + "".join(map(str, tmp_path.rglob("*")))

    assert {v.value for v in collectd.in_time("scenario-right-the_monitor_logs_in/bool-success")} == {1.0}
    assert {v.value for v in collectd.of("scenario-wrong-the_monitor_logs_in/bool-success")} == {0.0}
    assert "text “[password]” not found" in everything
    for form in ("open sesame", "Tr0ub4dor", "Tr0ub4dor+%26+3", "Tr0ub4dor%20%26%203", "Tr0ub4dor &amp; 3"):
        assert form not in everything


@through_every_door
def test_certificates(tmp_path: Path, door: Door) -> None:
    """Over TLS each host's certificate has its days left; one that is not accepted is a failure of its own cause."""
    ours, others = trustme.CA(), trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.issue_cert("shop.example", not_after=datetime.now(UTC) + timedelta(days=10)).configure_cert(context)
    for name, ca in (("ours", ours), ("others", others)):
        ca.cert_pem.write_to_path(str(tmp_path / f"{name}.pem"))
    with FaultySite(context) as faulty:
        port = faulty.port
        blocks = ["Interval 1"]
        for name, (host, store) in TLS_JOBS.items():
            file = feature(tmp_path, name, f'When I go to "https://{host}:{port}/fine"', 'Then I should see "Welcome"')
            keys = f'Feature "{file}"\nCACert "{tmp_path}/{store}.pem"\nResolve "{host}" "127.0.0.1"'
            blocks.append(f'<Scenario "{name}">\n{keys}\n</Scenario>')
        with Collectd(tmp_path, "\n".join(blocks), door=door) as collectd:
            for name in TLS_JOBS:
                identity = f"scenario-{name}-{name}/bool-success"
                collectd.wait(lambda: collectd.in_time(identity))  # noqa: B023  # called at once
    causes = {name: {v.value for v in collectd.in_time(f"scenario-{name}-{name}/gauge-cause")} for name in TLS_JOBS}
    days = collectd.of("scenario-good-good/gauge-certificate_days_left-shop_example")

    assert causes == {"good": {Cause.NONE}, "stranger": {Cause.CERTIFICATE}, "renamed": {Cause.CERTIFICATE}}
    assert all(9.9 < v.value < 10 for v in days)
    assert {v.time for v in days} >= {v.time for v in collectd.in_time("scenario-good-good/bool-success")}
    assert collectd.of("scenario-good-good/duration-tls") != []
    assert "certificate not accepted: unable to get local issuer certificate" in collectd.log
    assert "Hostname mismatch" in collectd.log


TLS_JOBS = {
    "good": ("shop.example", "ours"),
    "stranger": ("shop.example", "others"),
    "renamed": ("www.shop.example", "ours"),
}


# How it ends.


@through_every_door
@pytest.mark.parametrize("daemonise", [False, True], ids=["foreground", "daemonised"])
def test_a_stop_waits_for_no_run(tmp_path: Path, door: Door, daemonise: bool) -> None:
    """SIGTERM while runs hang in every way there is, for longer than `HUNG`: it ends all the same, with status 0."""
    paths = ("/hang", "/drip", "/drip-head")
    with FaultySite() as site:
        files = [feature(tmp_path, path.strip("/"), f'When I go to "{site.url}{path}"') for path in paths]
        features = "\n".join(f'Feature "{file}"' for file in files)
        interval = round(4 * HUNG)
        blocks = []
        for second in range(1, 60):  # some come after collectd is up, on whatever machine
            offset = (int(time.time()) + second) % interval
            keys = f"{features}\nInterval {interval}\nStartOffset {offset}"
            blocks.append(f'<Scenario "hung{second}">\n{keys}\n</Scenario>')
        with Collectd(tmp_path, "\n".join(blocks), daemonise=daemonise, door=door) as collectd:
            collectd.wait(lambda: set(paths) <= set(site.asked))
        assert "Exiting normally" in collectd.log
        assert "bug:" not in collectd.log
        assert "Traceback" not in collectd.log
        assert collectd.values == [v for v in collectd.values if v.identity.startswith("inode_probe")]


@through_every_door
def test_reports_until_it_is_killed(tmp_path: Path, site: Site, door: Door) -> None:
    """A daemon that is killed has lost nothing but its last second: csv holds a value for every interval before."""
    with Collectd(tmp_path, webhome(site), door=door) as collectd:
        collectd.wait(lambda: len(collectd.csv(f"{FIRST}/bool-success")) >= 3)
        seen = {v.time for v in collectd.of(f"{FIRST}/bool-success")}
        assert collectd._process is not None
        os.kill(collectd._process.pid, signal.SIGKILL)
        collectd._process.wait(HUNG)
    stored = {round(time, 3) for time, _ in collectd.csv(f"{FIRST}/bool-success")}

    assert on_the_grid(collectd.of(f"{FIRST}/bool-success"))
    assert {round(time, 3) for time in seen} - {round(max(seen), 3)} <= stored
