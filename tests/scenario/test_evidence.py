"""What is kept of scenarios that fail, replayed against real small servers."""

from __future__ import annotations

import asyncio
import gc
import gzip
import itertools
import json
import os
import stat
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectd_inode.browser.record import Recorder
from collectd_inode.keys import BlockSettings, Expected, keys_of
from collectd_inode.model import Cause, Observation, Status, Warning
from collectd_inode.observing import observe
from collectd_inode.page.headers import Headers
from collectd_inode.report import jsonl
from collectd_inode.scenario.evidence import Evidence
from collectd_inode.scenario.settings import Settings
from collectd_inode.secrets.redactor import Redactor
from collectd_inode.state import State
from collectd_inode.wire import Clock, workers
from demo.site import Outage, Site, page
from tests.helpers.examples import configured, job, loaded, observe_patiently, write_feature
from tests.helpers.peers import answer, close, peer, tidily

DOWN = Outage(length=1, period=1, first=0)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(outage=DOWN, sleep=lambda _: None) as running:
        yield running


class Later(Clock):
    """So many hours ahead of this machine's."""

    def __init__(self, hours: int) -> None:
        self.hours = hours

    def now(self) -> float:
        return super().now() + 3600 * self.hours


def replay(folder: Path, text: str, runs: int = 1, **settings: Any) -> list[Observation]:
    """What comes of some runs of the steps in *text*, kept in *folder*/failures."""
    settings = {"save_failures": str(folder / "failures"), **settings}
    (one,) = loaded(write_feature(folder, text), **settings).jobs

    async def some() -> list[Observation]:
        return [await observe(one, Later(hours)) for hours in range(runs)]

    return tidily(some())


def on_disk(folder: Path) -> dict[str, bytes]:
    """Path → content, of every file below *folder*."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def transcript(found: Observation) -> str:
    return (Path(found.evidence) / "transcript.txt").read_text()


STOCK = 'Given I am on "/"\nWhen I follow "Stock"\nThen I should see "penguin"'


def test_a_page_that_fails_is_kept_with_the_reason(tmp_path: Path, site: Site) -> None:
    """The page to the byte, the whole way to it, and why, for their owner only; the JSON line names the folder."""
    (found,) = replay(tmp_path, STOCK, base_url=site.url)
    run = Path(found.evidence)
    assert (found.status, found.warnings) == (Status.FAILED, ())
    assert run.parent == tmp_path / "failures" / "web"
    body = "    <h1>503 Service Unavailable</h1>\n    <p>The stock database is being counted.</p>"
    assert (run / "page.html").read_text() == page("Service Unavailable", body)
    modes = {path.name: stat.filemode(path.stat().st_mode) for path in [run.parents[1], run.parent, *run.iterdir()]}
    assert modes == {
        "failures": "drwx------",
        "web": "drwx------",
        "page.html": "-rw-------",
        "reason.txt": "-rw-------",
        "requests.har": "-rw-------",
        "transcript.txt": "-rw-------",
    }
    reason = (run / "reason.txt").read_text().splitlines()
    assert reason[:2] == ["Home", "failed: refused"]
    assert reason[5:8] == [
        'step      When I follow "Stock"',
        f"place     {tmp_path}/web.feature:4",
        f"reason    {site.url}/stock answered 503 Service Unavailable",
    ]
    text = transcript(found)
    assert text.splitlines()[: len(reason)] == reason
    marks = ("page ", "passed", "FAILED", "skipped", "   1", "   2", "      < ")
    kept = [line.partition(", ")[0].partition("  #")[0] for line in text.splitlines() if line.startswith(marks)]
    assert kept == [
        "page      page.html",
        'passed    Given I am on "/"',
        f"   1  > GET {site.url}/",
        "      < 200 OK",
        *[line for line in kept if line.startswith("      <  ")][:4],
        'FAILED    When I follow "Stock"',
        f"   2  > GET {site.url}/stock",
        "      < 503 Service Unavailable",
        *[line for line in kept if line.startswith("      <  ")][4:],
        'skipped   Then I should see "penguin"',
    ]
    assert json.loads(jsonl.line(found))["evidence"] == found.evidence


def test_a_run_that_passes_leaves_nothing(tmp_path: Path, site: Site) -> None:
    """Not even the folder, and no key in the JSON line; nor does a job without SaveFailures and StateDir."""
    (passed,) = replay(tmp_path, 'Given I am on "/"', base_url=site.url)
    (without,) = replay(tmp_path, STOCK, base_url=site.url, save_failures=None)
    assert [passed.evidence, without.evidence] == ["", ""]
    assert "evidence" not in json.loads(jsonl.line(passed))
    assert sorted(os.listdir(tmp_path)) == ["web.feature"]


def test_only_so_many_runs_are_kept(tmp_path: Path, site: Site) -> None:
    """The first one of the outage and the last one."""
    found = replay(tmp_path, STOCK, runs=4, base_url=site.url, save_max=2)
    kept = [str(path) for path in sorted((tmp_path / "failures" / "web").iterdir())]
    assert kept == [found[0].evidence, found[3].evidence]
    assert len({run.evidence for run in found}) == 4

    (last,) = replay(tmp_path, STOCK, base_url=site.url, common=BlockSettings(save_total=1000))
    files = on_disk(tmp_path / "failures")
    assert {os.path.dirname(file) for file in files} == {os.path.relpath(last.evidence, tmp_path / "failures")}
    assert sum(map(len, files.values())) <= 1000


def test_a_good_run_ends_an_outage(tmp_path: Path) -> None:
    """Each has its first and its last run; StateDir knows of one that goes on over a restart."""
    state = tmp_path / "state"
    write_feature(tmp_path, 'Given I am on "/"')

    hours = itertools.count()

    async def some(*statuses: int) -> list[str]:
        common = BlockSettings(state=State(str(state)))
        async with peer(*(answer(b"x", f"{status} x") for status in statuses)) as server:
            (one,) = loaded(tmp_path / "web.feature", base_url=server.url, common=common, save_max=1).jobs
            return [os.path.basename((await observe(one, Later(next(hours)))).evidence) for _ in statuses]

    found = [*tidily(some(500, 500)), *tidily(some(500, 500, 200, 500, 500)), *tidily(some(500))]
    assert found[4] == ""
    assert sorted(os.listdir(state / "failures" / "web")) == sorted([found[0], found[3], found[5], found[7]])


def test_jobs_that_fail_at_once(tmp_path: Path, site: Site) -> None:
    """Each has its own: no scenario's first run goes for another's."""
    lines = "".join(f"  Scenario: No {n}\n    When I go to /stock?n={n}\n" for n in range(8))
    found = loaded(
        write_feature(tmp_path, f"Feature: Stock\n{lines}"),
        base_url=site.url, save_failures=str(tmp_path / "failures"), save_max=5,
    )  # fmt: skip

    async def all_at_once() -> list[Observation]:
        return await asyncio.gather(*map(observe, found.jobs))

    runs = tidily(all_at_once())
    assert [run.warnings for run in runs] == [()] * 8
    there = [run for run in runs if os.path.isdir(run.evidence)]
    assert {Path(run.evidence) for run in there} == set((tmp_path / "failures" / "web").iterdir())
    assert len(there) == 8
    for run in there:
        assert f"> GET {site.url}/stock?n={(run.job.scenario or '')[3:]}\n" in transcript(run)


# Where it is kept


def test_with_state_dir_it_is_kept_there(tmp_path: Path, site: Site) -> None:
    """In StateDir, which is made; unless SaveFailures names another folder, or none."""
    state = tmp_path / "made" / "state"
    common = BlockSettings(state=State(str(state)))
    (found,) = replay(tmp_path, STOCK, base_url=site.url, common=common, save_failures=None)
    assert (found.warnings, Path(found.evidence).parent) == ((), state / "failures" / "web")
    assert stat.filemode((state / "failures").stat().st_mode) == "drwx------"
    (none,) = replay(tmp_path, STOCK, base_url=site.url, common=common, save_failures="none")
    assert (none.warnings, none.evidence) == ((), "")
    (elsewhere,) = replay(tmp_path, STOCK, base_url=site.url, common=common)
    assert Path(elsewhere.evidence).parent == tmp_path / "failures" / "web"
    assert len(list((state / "failures" / "web").iterdir())) == 1


def test_module_keys_hold_for_all_blocks(tmp_path: Path) -> None:
    """SaveTotal and SaveAge."""
    text = 'SaveTotal 5000\nSaveAge 0.5\n<Scenario "web">\nFeature "x"\n</Scenario>\n'
    (block,) = configured(text).blocks
    assert (block.common.save_total, block.common.save_age) == (5000, 0.5)


# Secrets


FORM = """<form method=post action="/?pin=1"><label>Word <input name=w type=password></label>
<label>Code <input name=c></label><button>Go</button>"""
ECHO = """<title>No</title><p>{secret} <p>%C3%96ffne+dich%2C+Sesam <p>&Ouml;ffne dich, Sesam
<p>{word} <p>c00kie-4711 <p>pa55word <p>Bearer t0ken-4711"""


def test_no_secret_is_on_the_disk(tmp_path: Path) -> None:
    """The site says everything back that it was told: passwords, cookies, credentials, encoded or not."""
    secret, word = "Öffne dich, Sesam", "not-in-the-configuration"
    (tmp_path / "secret").write_text(secret)
    text = f"""
        Given I am on "/?q=${{secret}}"
        When I fill in "Word" with "{word}"
        And I fill in "Code" with "x${{secret}}x"
        And I press "Go"
        Then I should see "Welcome"
    """

    async def run() -> Observation:
        form = answer(FORM.encode(), "200 OK", "Set-Cookie: id=c00kie-4711")
        async with peer(form, answer(ECHO.format(secret=secret, word=word).encode())) as server:
            found = loaded(
                write_feature(tmp_path, text),
                base_url=server.url.replace("//", "//anna:pa55word@"),
                secrets=(("secret", str(tmp_path / "secret")),),
                save_failures=str(tmp_path / "failures"),
                headers=(("X-Magic", "abracadabra"), ("Authorization", "Bearer t0ken-4711")),
            )
            return await observe(found.jobs[0])

    found = tidily(run())
    assert found.cause is Cause.EXPECTATION
    files = on_disk(Path(found.evidence))
    assert files["page.html"].decode() == (
        "<title>No</title><p>[secret] <p>[secret] <p>[secret]\n<p>[password] <p>[…] <p>[password] <p>[…]"
    )
    written = b"".join(files.values()).decode()
    assert [
        hidden for hidden in ("Sesam", word, "c00kie", "pa55word", "abracadabra", "t0ken") if hidden in written
    ] == []
    lines = [line.strip() for line in written.splitlines()]
    wanted = [
        ">   w = […]",
        ">   c = x[secret]x",
        "<   set-cookie: id=[…]",
        ">   cookie: id=[…]",
        ">   authorization: […]",
        ">   x-magic: […]",
    ]
    assert [line for line in wanted if line not in lines] == []
    assert 'passed    When I fill in "Word" with "[password]"' in written
    assert "secrets were replaced" in written


# Answers that break off, and none at all


def test_a_page_that_had_come_half_when_the_time_was_up(tmp_path: Path) -> None:
    """What came is saved, and the transcript says that it is not all."""

    async def half(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n<h1>Wel")
        await writer.drain()
        await asyncio.Event().wait()

    async def run() -> Observation:
        async with peer(half) as server:
            feature = write_feature(tmp_path, "When I go to /")
            (one,) = loaded(feature, base_url=server.url, save_failures=str(tmp_path / "failures")).jobs
            return await observe_patiently(one, seconds=0.2, still="reading the answer of 127.0.0.1")

    found = tidily(run())
    assert found.cause is Cause.TIMEOUT
    assert (Path(found.evidence) / "page.html").read_text() == "<h1>Wel"
    text = transcript(found)
    assert "page.html, the body of the answer to request 1: 7 bytes, as received, it broke off here" in text
    assert "7 bytes of body, then it broke off" in text


def test_a_body_of_one_byte_is_one_byte(tmp_path: Path) -> None:
    """In the transcript's singular."""

    async def run() -> Observation:
        async with peer(b"HTTP/1.1 500 Oh\r\nContent-Length: 1\r\n\r\nx") as server:
            feature = write_feature(tmp_path, "When I go to /")
            (one,) = loaded(feature, base_url=server.url, save_failures=str(tmp_path / "failures")).jobs
            return await observe(one)

    text = transcript(tidily(run()))
    assert "      1 byte of body; " in text
    assert "the body of the answer to request 1: 1 byte, as received" in text


def test_a_site_that_hangs_up(tmp_path: Path) -> None:
    """There is no page; the transcript tells what was asked."""

    async def run() -> Observation:
        async with peer(close) as server:
            feature = write_feature(tmp_path, "When I go to /")
            (one,) = loaded(feature, base_url=server.url, save_failures=str(tmp_path / "failures")).jobs
            return await observe(one)

    found = tidily(run())
    assert sorted(on_disk(Path(found.evidence))) == ["reason.txt", "requests.har", "transcript.txt"]
    assert "page      none: no answer had a body to read\n" in transcript(found)
    assert "      < no answer" in transcript(found)


@pytest.mark.parametrize(
    ("head", "body", "name", "saved"),
    [
        ("Content-Type: text/html\r\nContent-Encoding: gzip", gzip.compress(b"<p>packed"), "page.html", b"<p>packed"),
        ("Content-Type: application/problem+json; charset=utf-8", b'{"a": 1}', "page.json", b'{"a": 1}'),
        ("Content-Type: image/png", b"\x89PNG\r\n\x00\xff", "page.bin", b"\x89PNG\r\n\x00\xff"),
        ("Content-Type: text/csv", b"a;b\r\n", "page.txt", b"a;b\r\n"),
        ("X: y", b" <p>No type", "page.html", b" <p>No type"),
        ("Content-Type: text/html", b"", None, b""),
    ],
    ids=["gzip", "json", "png", "csv", "untyped", "empty"],
)
def test_what_a_page_is_saved_as(tmp_path: Path, head: str, body: bytes, name: str | None, saved: bytes) -> None:
    """By its type, and unpacked."""
    whole = f"HTTP/1.1 500 Oh\r\n{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    async def run() -> Observation:
        async with peer(whole) as server:
            feature = write_feature(tmp_path, "When I go to /")
            (one,) = loaded(feature, base_url=server.url, save_failures=str(tmp_path / "failures")).jobs
            return await observe(one)

    files = on_disk(Path(tidily(run()).evidence))
    pages = {file: content for file, content in files.items() if file.startswith("page")}
    assert pages == ({name: saved} if name is not None else {})


def test_the_page_is_the_one_that_it_failed_on(tmp_path: Path) -> None:
    """Cleaning up asks for pages too; they are in the transcript."""
    text = 'When I go to /\nThen I should see "Welcome"\nAnd whatever happens, I go to /logout'
    both = tidily(_replayed(tmp_path, text, answer(b"<p>Sorry"), answer(b"<p>Bye")))
    assert (Path(both.evidence) / "page.html").read_text() == "<p>Sorry"
    assert "   2  > GET" in transcript(both)
    last = tidily(_replayed(tmp_path, text, answer(b"<p>Welcome"), answer(b"<p>Oh", "500 No")))
    assert (Path(last.evidence) / "page.html").read_text() == "<p>Oh"


async def _replayed(folder: Path, text: str, *answers: bytes) -> Observation:
    async with peer(*answers) as server:
        (one,) = loaded(write_feature(folder, text), base_url=server.url, save_failures=str(folder / "failures")).jobs
        return await observe(one)


def test_a_run_that_asked_for_nothing_leaves_nothing(tmp_path: Path) -> None:
    """There would be nothing in it that the message does not say."""
    (found,) = replay(tmp_path, 'Then I should see "x"')
    assert (found.cause, found.evidence, found.warnings) == (Cause.EXPECTATION, "", ())
    assert not (tmp_path / "failures").exists()


# A disk that does not want to


def test_a_folder_that_cannot_be_used_is_a_warning(tmp_path: Path, site: Site) -> None:
    """The run is what it was; the warning names the folder."""
    (tmp_path / "failures").mkdir(mode=0o700)
    (tmp_path / "failures" / "web").symlink_to("/")
    (found,) = replay(tmp_path, STOCK, base_url=site.url)
    assert (found.status, found.cause, found.evidence) == (Status.FAILED, Cause.REFUSED, "")
    why = f"SaveFailures: {tmp_path}/failures/web is a file or a link; expected a folder"
    assert found.warnings == (Warning("evidence", why),)
    (gone,) = replay(tmp_path, STOCK, base_url=site.url, save_failures=str(tmp_path / "not" / "there"))
    why = f"{tmp_path}/not/there/web: No such file or directory"
    assert gone.warnings == (Warning("evidence", f"the evidence of the failed run cannot be kept: {why}"),)


def test_a_disk_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop goes on meanwhile, and what waits in vain is let go."""
    entered, left = threading.Event(), threading.Event()

    def hang(*_: object) -> str:
        entered.set()
        left.wait()
        return threading.current_thread().name

    monkeypatch.setattr(Evidence, "put", hang)
    kept = Evidence(str(tmp_path), 50, 10 * 2**20)

    def recorded() -> Recorder:
        recorder = Recorder()
        recorder.asks("GET", "http://www/", Headers([]), None, None)
        return recorder

    async def two() -> str:
        observation = await observe(job(None))
        first = asyncio.create_task(kept._keep(Redactor(), recorded(), observation))
        await asyncio.to_thread(entered.wait)
        recorder = recorded()
        waiting, seen = asyncio.create_task(kept._keep(Redactor(), recorder, observation)), weakref.ref(recorder)
        await asyncio.sleep(0)
        waiting.cancel()
        del recorder
        await asyncio.wait([waiting])
        del waiting
        gc.collect()  # a cancelled task's traceback goes round in a circle
        let_go = seen() is None
        left.set()
        assert let_go
        return await first

    assert workers.run(two()) == "collectd_inode worker"


# The key


CLOSED = "a folder that only its owner can write to (chmod go-w)"
READ = {key.name: key.read for key in keys_of(Settings)}["SaveFailures"]


def test_a_folder_to_keep_evidence_in(tmp_path: Path) -> None:
    """One that is there, or that can be made."""
    tmp_path.chmod(0o755)
    (tmp_path / "link").symlink_to(tmp_path)
    for path in (tmp_path, tmp_path / "new", tmp_path / "link", "none"):
        assert READ((str(path),)) == str(path)
    assert sorted(os.listdir(tmp_path)) == ["link"]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda path: path.write_text(""), "a folder, not what is there"),
        (lambda path: path.symlink_to("nowhere"), "a folder, or a new one in a folder that exists"),
        (lambda path: path.mkdir() or path.chmod(0o775), CLOSED),
        (lambda path: path.mkdir() or path.chmod(0o1777), CLOSED),
    ],
)  # fmt: skip
def test_no_folder_to_keep_evidence_in(tmp_path: Path, make: Any, expected: str) -> None:
    """It is said when the configuration is read."""
    make(tmp_path / "x")
    with pytest.raises(Expected) as error:
        READ((str(tmp_path / "x"),))
    assert str(error.value) == expected


def test_a_folder_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """A disk that is not mounted yet."""
    with pytest.raises(Expected) as error:
        READ((str(tmp_path / "mnt" / "x"),))
    assert str(error.value) == "a folder, or a new one in a folder that exists"
