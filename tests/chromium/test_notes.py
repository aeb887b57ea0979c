"""A single-page application made with Vue: what the plain engine cannot see, and what breaks it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from collectd_inode.keys import BlockSettings
from collectd_inode.model import Cause, Observation, Status
from collectd_inode.observing import observe
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.settings import Settings
from collectd_inode.wire import workers
from demo.notes_site import PASSWORD, NotesSite
from tests.helpers.browsing import browsing, program, readings, warned
from tests.helpers.examples import HUNG

FEATURE = Path(__file__).parents[2] / "demo" / "notes.feature"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"{PASSWORD}\n")
    path.chmod(0o600)
    return path


def kept(
    site: NotesSite, secret: Path, folder: Path, *, engine: str = "chromium", wait_for: float = HUNG / 4
) -> Observation:
    """One run of the shipped scenario; what fails is kept below *folder*."""
    settings = Settings(
        (str(FEATURE),),
        base_url=site.url,
        secrets=(("password", str(secret)),),
        engine=engine,
        save_failures=str(folder / "failures"),
    )
    if engine == "chromium":
        settings = replace(settings, browser_path=program(), wait_for=wait_for)
    loaded = load("notes", settings, BlockSettings(interval=HUNG, timeout=HUNG))
    assert loaded.problems == ()
    (job,) = loaded.jobs
    return workers.run(browsing(observe(job)))


def test_a_note_is_kept(tmp_path: Path, secret: Path) -> None:
    """Log in, list, add, sign out: each takes its time, nothing fails."""
    with NotesSite() as site:
        found = kept(site, secret, tmp_path)
    assert (found.status, found.message, warned(found)) == (Status.PASSED, "", [])
    assert [note["text"] for note in site.notes] == ["Buy milk", "Feed the penguin"]
    assert [step.name for step in found.steps if step.seconds is not None] == [
        'I go to "/"', 'I press "Log in"', 'I press "Add"', 'I press "Sign out"'
    ]  # fmt: skip
    read = readings(found)
    assert read["count-failing_requests"] == 0
    assert read["duration-inp"] > 0


def test_the_plain_engine_sees_an_empty_page(tmp_path: Path, secret: Path) -> None:
    """Which is why there is another."""
    with NotesSite() as site:
        found = kept(site, secret, tmp_path, engine="plain")
    assert (found.status, found.cause) == (Status.FAILED, Cause.EXPECTATION)


SIGN_IN = 'I should see "Log in" within "h1"'
SIGNED_IN = 'I should see "Notes of monitor"'
GONE, ERROR, AWAY = (
    "script {url}/dist/notes.js: answered 404",
    "request to {url}/api/notes: answered 500",
    "{other}/api/",
)
BREAKS = {
    "bundle gone": (SIGN_IN, "asset", f"the {GONE}", f"; the {GONE}"),
    "API": (SIGNED_IN, "asset", f"the {ERROR}", f"; the {ERROR}"),
    "exception": (
        SIGN_IN,
        "exception",
        "Error: out of order ({url}/dist/notes.js)",
        "; a script failed: Error: out of",
    ),
    # Another site's fault is not taken for the reason.
    "CORS": (SIGNED_IN, "asset", f"the request to {AWAY}session: the answer is not for this page (CORS: Preflig", ""),
}
"""The step that fails, the warning and how it begins, and the reason that the message gives."""


@pytest.mark.parametrize("break_it", BREAKS)
def test_what_breaks_it_is_named(tmp_path: Path, secret: Path, break_it: str) -> None:
    """The step that fails says what a person misses, and why; the picture and the console are kept."""
    step, code, warning, reason = BREAKS[break_it]
    with NotesSite() as site, NotesSite() as other:
        match break_it:
            case "bundle gone":
                site.faults.status["/dist/notes.js"] = 404
            case "API":
                site.faults.status["/api/notes"] = 500
            case "exception":
                site.faults.bundle = "throw new Error('out of order')"
            case "CORS":
                # The API has moved to another origin, which has not been told who may ask it.
                moved = f"const was = fetch; fetch = (path, how) => was('http://localhost:{other.port}' + path, how)"
                site.faults.page = f"<script>{moved}</script>"
        found = kept(site, secret, tmp_path, wait_for=8.0)
        url, elsewhere = site.url, f"http://localhost:{other.port}"
    assert (found.status, found.cause) == (Status.FAILED, Cause.EXPECTATION)
    assert found.bad_step is not None and found.bad_step.name == step
    assert reason.format(url=url) in found.message
    message = warning.format(url=url, other=elsewhere)
    assert [w for w in warned(found) if w[0] == code and w[1].startswith(message)]
    there = {path.name for path in Path(found.evidence).iterdir()}
    assert {"reason.txt", "transcript.txt", "page.html", "page.jpg", "console.txt"} <= there
    assert Path(found.evidence, "page.jpg").read_bytes().startswith(b"\xff\xd8\xff")
    assert PASSWORD.encode() not in b"".join(path.read_bytes() for path in Path(found.evidence).iterdir())


def test_no_picture_shows_a_secret(tmp_path: Path, secret: Path) -> None:
    """Where one is to be read on the page, the picture stays away, and the console says so."""
    with NotesSite() as site:
        site.faults.page = f"<p>{PASSWORD}</p>"
        site.faults.status["/dist/notes.js"] = 404
        found = kept(site, secret, tmp_path, wait_for=1.0)
    kept_files = {path.name: path.read_bytes() for path in Path(found.evidence).iterdir()}
    assert "page.jpg" not in kept_files
    assert b"no picture: it would show a secret" in kept_files["console.txt"]
    assert PASSWORD.encode() not in b"".join(kept_files.values())
