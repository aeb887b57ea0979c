"""``collectd-inode graph``: pictures and the page, from whatever is there; a sentence for what is not."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import html

from collectd_inode import cli, oconfig
from collectd_inode.cli import graph, limits, rrd_place
from collectd_inode.histories import Histories
from collectd_inode.model import Job, Observation, Status
from collectd_inode.report import record as job_record
from collectd_inode.report.graphs import Limit
from collectd_inode.report.history import RunsOrigin
from collectd_inode.report.record import Record
from collectd_inode.state import Writer
from tests.helpers.examples import SetClock
from tests.helpers.rrd import write

START, STEP, COUNT = 1_700_000_040, 60, 60
NOW = START + STEP * COUNT
SHOP = "scenario-shop-buying"
PAGES = [f"{SHOP}-{name}.png" for name in ("phases", "steps", "success", "total")]

FEATURE = """Feature: Shop
  # series: buying
  Scenario: Buying a penguin
    When I go to "/"
    And I follow "Shop"
    Then I should see "Thanks"
"""
CONF = """Hostname "web1"
<Plugin python>
  Import "collectd_inode"
  <Module collectd_inode>
    {state}
    <Scenario "shop">
      Feature "{root}/shop.feature"
      BaseURL "http://shop.example"
    </Scenario>
    <Clock "local">
    </Clock>
  </Module>
</Plugin>
<Plugin rrdtool>
  DataDir "{root}/rrd"
</Plugin>
<Plugin threshold>
  <Type "latency">
    FailureMax 2
  </Type>
</Plugin>
"""

Graph = Callable[..., tuple[int, list[str], list[str]]]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A configuration with two jobs, StateDir and the RRD files of both; the second step has never passed."""
    (tmp_path / "shop.feature").write_text(FEATURE)
    (tmp_path / "state").mkdir()
    conf = CONF.format(root=tmp_path, state=f'StateDir "{tmp_path}/state"')
    (tmp_path / "collectd.conf").write_text(conf)
    shop = tmp_path / "rrd" / "web1" / SHOP
    write(shop, "bool-success", [0.0 if 20 <= i < 30 else 1.0 for i in range(COUNT)], start=START)
    for series in ("response_time-go_to", "latency-total", "duration-processing", "duration-overhead"):
        write(shop, series, [None if 20 <= i < 30 else 0.1 for i in range(COUNT)], start=START)
    clock = tmp_path / "rrd" / "web1" / "clock-local"
    write(clock, "bool-success", [1.0] * COUNT, start=START)
    write(clock, "time_dispersion-max_error", [0.02] * COUNT, start=START)
    return tmp_path


@pytest.fixture
def draw(machine: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Graph:
    """Types the command at a time when the files are fresh: exit code, the lines printed, and the complaints."""
    monkeypatch.chdir(machine)

    def type(*words: object) -> tuple[int, list[str], list[str]]:
        parser = argparse.ArgumentParser()
        graph.arguments(parser)
        options = parser.parse_args(["collectd.conf", "--last", "1h", *map(str, words)])
        code = graph.main(options, SetClock(NOW))
        out, err = capsys.readouterr()
        return int(code), out.splitlines(), err.replace(str(machine), "").splitlines()

    return type


def page(machine: Path, folder: str = "graphs") -> html.HtmlElement:
    return html.document_fromstring((machine / folder / "index.html").read_text(encoding="utf-8"))


def texts(element: html.HtmlElement, path: str) -> list[str]:
    return [" ".join(found.text_content().split()) for found in element.xpath(path)]


def test_everything_is_drawn(draw: Graph, machine: Path) -> None:
    """A file a picture, and the page, whose path is printed; nothing else is left in the folder."""
    assert draw() == (0, ["graphs/index.html"], [])
    assert sorted(os.listdir(machine / "graphs")) == [
        "clock-local-error.png",
        "clock-local-success.png",
        "index.html",
        *PAGES,
    ]
    assert (machine / "graphs" / "index.html").stat().st_mode & 0o777 == 0o644


def test_the_page_has_every_job_with_its_numbers(draw: Graph, machine: Path) -> None:
    """State, since when, last failure, and small pictures whose words have the numbers."""
    draw()
    found = page(machine)
    assert texts(found, "//h2") == ["✓ shop: Buying a penguin", "✓ local"]
    assert [re.sub(r"\d\d:\d\d", "HH:MM", state) for state in texts(found, "//article/p[@class='state']")] == [
        "passed since HH:MM (30 min) scenario",
        "passed clock",
    ]
    assert texts(found, "//dt") == ["last failure"]
    assert found.xpath("//figure/a/@href") == [
        f"{SHOP}-steps.png",
        f"{SHOP}-total.png",
        "clock-local-error.png",
    ]
    assert found.xpath("//img/@alt")[0] == (
        'shop: Buying a penguin: steps, milliseconds. I go to "/": last 100, average 100, at most 100; '
        'I follow "Shop": no values; all steps: last 100, average 100, at most 100; failure above 2000; '
        "failed, % of the time: 16.95"
    )
    assert texts(found, "//section//li") == []
    assert found.xpath("//p[@class='links']/a/@href") == [
        f"{SHOP}-success.png", f"{SHOP}-phases.png", "clock-local-success.png",
    ]  # fmt: skip


def test_the_table_has_a_row_a_job(draw: Graph, machine: Path) -> None:
    """Availability of the day and month, latency now and usual with their unit, a strip of the history, a jump."""
    draw()
    found = page(machine)
    rows = [[" ".join(cell.text_content().split()) for cell in row] for row in found.xpath("//tbody/tr")]
    assert [re.sub(r"\d\d:\d\d", "HH:MM", "|".join(row)) for row in rows] == [
        "✓|shop: Buying a penguin|passed|HH:MM|83.3 %|83.3 %|100 ms|100 ms||",
        "✓|local|passed||100 %|100 %|–|–||",
    ]
    assert found.xpath("//tbody/tr/th/a/@href") == ["#job-0", "#job-1"]
    assert found.xpath("//article/@id") == ["job-0", "job-1"]
    labels = found.xpath("//tbody//*[local-name()='svg']/@aria-label")
    assert labels == ["failed in 8 of 48 parts of the time", "no failure"]


def test_pictures_are_drawn_when_they_are_old(draw: Graph, machine: Path) -> None:
    """A hundredth of their time; or if they would be others now."""
    draw()
    picture = machine / "graphs" / PAGES[0]

    def drawn_again(*words: str, age: float) -> bool:
        os.utime(picture, (NOW - age, NOW - age))
        draw(*words)
        return picture.stat().st_mtime != NOW - age

    assert [drawn_again(age=30), drawn_again(age=90), drawn_again("--last", "2h", age=30)] == [False, True, True]


def test_what_there_is_no_time_for_is_left_as_it_was(
    draw: Graph, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page has all numbers; it says whose pictures are old."""
    monkeypatch.setattr(graph, "DRAW_SECONDS", 0.0)
    assert draw() == (0, ["graphs/index.html"], [])
    assert os.listdir(machine / "graphs") == ["index.html"]
    assert texts(page(machine), "//section//li") == [
        "The pictures of 2 jobs are as they were: 0 s are over, and the next run goes on with them."
    ]
    assert len(page(machine).xpath("//tbody/tr")) == 2


def test_impatience_keeps_the_page(draw: Graph, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends the drawing: the page has all numbers and the pictures there are."""

    def impatient(tasks: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(graph, "wait", impatient)
    code, out, err = draw()
    assert (code, out, err) == (130, ["graphs/index.html"], [])
    assert len(page(machine).xpath("//tbody/tr")) == 2


def test_small_pictures_are_of_the_worst_only(draw: Graph, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others have links: a page of three hundred jobs has to be loaded."""
    monkeypatch.setattr(graph, "EMBEDDED", 1)
    draw()
    assert len(page(machine).xpath("//article[1]//img")) == 2
    assert len(page(machine).xpath("//article[2]//img")) == 0
    links = texts(page(machine), "//article[2]/p[@class='links']/a")
    assert links == ["how wrong the clock may be", "passed or failed"]


def test_a_bad_job_has_a_link_to_why(draw: Graph, machine: Path) -> None:
    """A file beside the page, with what its history tells."""
    bad = Record("scenario", "shop", "Buying a penguin", "shop-buying", "", "", "failed", NOW - 60, NOW - 60, 60.0)
    state = str(machine / "state")
    job_record.path(state, bad.identity).write_text(job_record.text(bad))
    assert page_of_why(draw, machine) == []
    histories = Histories(state, Writer(), RunsOrigin("0.1.0"))
    job = Job("scenario", "shop", "shop-buying", "Buying a penguin")
    for number, status in enumerate((Status.PASSED, Status.FAILED)):
        histories.add(Observation(job, status, NOW - 120 + 60 * number, 0.1))
    assert page_of_why(draw, machine) == [f"why-{SHOP}.txt"] * 2
    told = (machine / "graphs" / f"why-{SHOP}.txt").read_text()
    assert told.startswith("scenario/shop-buying: failed since")
    assert told.endswith("for the rest of this host: collectd-inode why scenario/shop-buying\n")


def page_of_why(draw: Graph, machine: Path) -> list[str]:
    draw()
    found: list[str] = page(machine).xpath("//a[text()='why']/@href")
    return found


def test_what_the_daemon_knows_is_on_the_page(draw: Graph, machine: Path) -> None:
    """The record in StateDir says why."""
    record = Record(
        kind="scenario",
        job="shop",
        scenario="Buying a penguin",
        instance="shop-buying",
        host="",
        place="",
        status="failed",
        since=NOW - 600,
        time=NOW - 10,
        interval=60,
        cause="refused",
        message="it answered 503",
    )
    job_record.path(str(machine / "state"), record.identity).write_text(job_record.text(record))
    assert draw() == (0, ["graphs/index.html"], [])
    assert texts(page(machine), "//title") == ["1 failed, 1 passed – web1"]
    assert texts(page(machine), "//article[1]//dd") == ["refused", "it answered 503"]


def test_svg_is_another_format(draw: Graph, machine: Path) -> None:
    """The large pictures are SVG, named so in the page."""
    assert draw("--format", "svg", "--job", "local", "--out", "here")[:2] == (0, ["here/index.html"])
    assert sorted(os.listdir(machine / "here")) == ["clock-local-error.svg", "clock-local-success.svg", "index.html"]
    assert page(machine, "here").xpath("//figure/a/@href") == ["clock-local-error.svg"]


# What is not there, or broken -----------------------------------------------------------------------------------------


def test_a_job_without_files_is_said(draw: Graph, machine: Path) -> None:
    """The others are drawn; its entry says that nothing has been heard of it."""
    shutil.rmtree(machine / "rrd" / "web1" / SHOP)
    note = f"shop: Buying a penguin: no RRD files: /rrd/web1/{SHOP}: No such file or directory"
    assert draw() == (1, ["graphs/index.html"], [f"collectd-inode: {note}"])
    assert texts(page(machine), "//h2") == ["? shop: Buying a penguin", "✓ local"]
    assert texts(page(machine), "//section//li") == [note.replace("/rrd", f"{machine}/rrd")]


BROKEN = {
    "cut off in its head": (lambda file: os.truncate(file, 1000), "reached EOF while loading header"),
    "cut off in its data": (lambda file: os.truncate(file, 50_000), "should be"),
    "empty": (lambda file: os.truncate(file, 0), "mmaping file 'latency-total.rrd': Invalid argument"),
    "no RRD file": (lambda file: file.write_bytes(b"x" * 100_000), "'latency-total.rrd' is not an RRD file"),
    "a folder": (lambda file: (file.unlink(), file.mkdir()), "latency-total.rrd"),
    "unreadable": (
        lambda file: (file.unlink(), file.symlink_to(file)),
        "opening 'latency-total.rrd': Too many levels of symbolic links",
    ),
}


@pytest.mark.parametrize(("breaks", "words"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_cannot_be_read_is_said_and_left_out(
    draw: Graph, machine: Path, breaks: Callable[[Path], object], words: str
) -> None:
    """All pictures that need no more than the other files are drawn."""
    breaks(machine / "rrd" / "web1" / SHOP / "latency-total.rrd")
    code, out, notes = draw()
    assert (code, out, len(notes)) == (1, ["graphs/index.html"], 1)
    assert notes[0].startswith(f"collectd-inode: shop: Buying a penguin: /rrd/web1/{SHOP}/latency-total.rrd: ")
    assert words in notes[0]
    drawn = [name for name in sorted(os.listdir(machine / "graphs")) if name.startswith(SHOP)]
    assert drawn == [name for name in PAGES if "total" not in name]


def test_a_verdict_that_cannot_be_read_leaves_the_steps(draw: Graph, machine: Path) -> None:
    """Then nobody knows how the job is, but what it took is drawn."""
    (machine / "rrd" / "web1" / SHOP / "bool-success.rrd").write_bytes(b"x" * 100_000)
    words = "'bool-success.rrd' is not an RRD file"
    note = f"collectd-inode: shop: Buying a penguin: /rrd/web1/{SHOP}/bool-success.rrd: {words}"
    assert draw() == (1, ["graphs/index.html"], [note])
    assert texts(page(machine), "//h2") == ["? shop: Buying a penguin", "✓ local"]
    drawn = [name for name in sorted(os.listdir(machine / "graphs")) if name.startswith(SHOP)]
    assert drawn == [name for name in PAGES if "success" not in name]


def test_a_file_that_nothing_is_in_yet_is_said(draw: Graph, machine: Path) -> None:
    """collectd has just made it."""
    folder = machine / "rrd" / "web1" / SHOP
    (folder / "bool-success.rrd").unlink()
    write(folder, "bool-success", [], start=START)
    words = "bool-success.rrd: nothing has been written into it yet"
    assert draw()[2] == [f"collectd-inode: shop: Buying a penguin: /rrd/web1/{SHOP}/{words}"]


def test_a_file_of_another_data_source_is_said(draw: Graph, machine: Path) -> None:
    """As other software makes them."""
    folder = machine / "rrd" / "web1" / SHOP
    shutil.copy(folder / "latency-total.rrd", folder / "duration-overhead.rrd")
    words = "No DS called 'seconds' in 'duration-overhead.rrd'"
    assert draw()[2] == [f"collectd-inode: shop: Buying a penguin: /rrd/web1/{SHOP}/duration-overhead.rrd: {words}"]


def test_a_file_of_another_step_is_drawn(draw: Graph, machine: Path) -> None:
    """Whose interval was changed."""
    folder = machine / "rrd" / "web1" / SHOP
    write(folder, "response_time-follow_shop", [0.2] * 360, start=START, step=10)
    assert draw()[0] == 0
    assert 'I follow "Shop": last 200, average 200, at most 200' in page(machine).xpath("//img/@alt")[0]


def test_no_rrdtool(draw: Graph, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said once, with what to do; the page tells what the daemon knows."""
    monkeypatch.setenv("PATH", str(machine))
    note = "rrdtool is not installed: apt-get install rrdtool"
    assert draw() == (1, ["graphs/index.html"], [f"collectd-inode: {note}"])
    assert texts(page(machine), "//section//li") == [note]
    assert texts(page(machine), "//h2") == ["? shop: Buying a penguin", "? local"]


def test_no_rrd_files_at_all(draw: Graph, machine: Path) -> None:
    """Said once, not for every job."""
    shutil.rmtree(machine / "rrd")
    assert draw() == (1, ["graphs/index.html"], ["collectd-inode: no RRD files: /rrd: No such file or directory"])


def test_without_a_state_dir_the_page_says_so(draw: Graph, machine: Path) -> None:
    """That is nobody's fault: everything asked for is drawn."""
    (machine / "collectd.conf").write_text(CONF.format(root=machine, state=""))
    assert draw() == (0, ["graphs/index.html"], [])
    remark = "No StateDir is configured: states come from the RRD files, without reasons."
    assert texts(page(machine), "//section//li") == [remark]


def test_a_record_that_is_broken_is_said(draw: Graph, machine: Path) -> None:
    """Or from a newer version; the RRD file stands in for it."""
    (machine / "state" / "status-scenario-shop-buying.json").write_text("{")
    code, _, notes = draw()
    assert code == 1
    assert notes == [
        "collectd-inode: /state/status-scenario-shop-buying.json cannot be read: it is broken: this is not JSON"
    ]
    assert texts(page(machine), "//h2") == ["✓ shop: Buying a penguin", "✓ local"]


def test_a_mistake_in_the_configuration_leaves_the_other_jobs(draw: Graph, machine: Path) -> None:
    """It is said with its place; the faulty job is drawn as far as it has files."""
    conf = machine / "collectd.conf"
    conf.write_text(conf.read_text().replace('<Clock "local">', '<Clock "local">\n      Root "/"'))
    code, out, notes = draw()
    assert (code, out) == (1, ["graphs/index.html"])
    assert notes[0].startswith('collectd.conf:11: error: <Clock "local"> Root "/": unknown key')
    assert texts(page(machine), "//h2")[0] == "✓ shop: Buying a penguin"


def test_a_folder_that_cannot_be_written_is_a_mistake(draw: Graph, machine: Path) -> None:
    """Nothing was done: exit code 2."""
    (machine / "taken").write_text("a file")
    assert draw("--out", machine / "taken") == (2, [], ["collectd-inode: /taken: File exists"])
    assert draw("--out", "taken/below")[::2] == (2, ["collectd-inode: taken/below: Not a directory"])


def test_a_full_disk_is_said(machine: Path) -> None:
    """Here: no file may be larger than 2 kB.  rrdtool says so, or is ended; the page cannot be written either."""
    code = "import sys; from collectd_inode.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        ["prlimit", "--fsize=2048", sys.executable, "-c", code, "graph", "collectd.conf"],
        cwd=machine,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert [name for name in os.listdir(machine / "graphs") if "index" in name or name.startswith(".")] == []


def test_a_job_that_is_not_there(draw: Graph) -> None:
    """A typo: nothing is drawn, and those that are there are named."""
    assert draw("--job", "shpo") == (
        2,
        [],
        ["collectd-inode: unknown job shpo; jobs in collectd.conf: shop, local"],
    )


def test_a_configuration_without_jobs(draw: Graph, machine: Path) -> None:
    """Nothing to draw is no success."""
    (machine / "collectd.conf").write_text('Hostname "web1"\n')
    code, out, notes = draw()
    assert (code, out) == (2, [])
    assert notes[-1] == "collectd-inode: there is nothing to draw; jobs in collectd.conf: none"


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1800), ("24h", 86400), ("7d", 604800), ("4w", 2419200)])
def test_spans(text: str, seconds: int) -> None:
    """Minutes, hours, days and weeks."""
    assert graph.span_of(text) == graph.Span(text, seconds)


@pytest.mark.parametrize("text", ["", "24", "h", "0h", "-1h", "1.5h", "24 h", "1y", "999999w", "²h"])
def test_what_is_no_span(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The message has an example."""
    with pytest.raises(SystemExit) as left:
        cli.main(["graph", f"--last={text}"])
    assert left.value.code == 2
    assert f"{text}: expected a number and s, m, h, d or w, such as 24h" in capsys.readouterr().err


# Where things are -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conf", "folder"),
    [
        ("", "/var/lib/collectd/rrd"),
        ('<Plugin rrdtool>\nDataDir "/srv/rrd"\n</Plugin>', "/srv/rrd"),
        ('<Plugin "rrdcached">\nDataDir "/srv/cached"\n</Plugin>', "/srv/cached"),
        ('BaseDir "/srv/base"\n<Plugin rrdtool>\nDataDir "mine"\n</Plugin>', "/srv/base/mine"),
        ('<Plugin csv>\nDataDir "/srv/csv"\n</Plugin>', "/var/lib/collectd/rrd"),
        ("<Plugin rrdtool>\nCacheTimeout 120\n</Plugin>", "/var/lib/collectd/rrd"),
    ],
)
def test_where_the_files_are(conf: str, folder: str) -> None:
    """As rrdtool's or rrdcached's plugin is told; else as on Debian."""
    assert rrd_place.data_dir(oconfig.parse(f"{conf}\n")) == folder


def test_the_files_may_be_elsewhere(draw: Graph, machine: Path) -> None:
    """``--data``: a copy from another machine, say."""
    (machine / "rrd").rename(machine / "copy")
    assert draw("--data", "copy")[0] == 0


def test_without_a_hostname_the_folder_that_is_there_is_taken(draw: Graph, machine: Path) -> None:
    """collectd has asked the machine for its name, perhaps with its domain."""
    conf = machine / "collectd.conf"
    conf.write_text(conf.read_text().replace('Hostname "web1"\n', ""))
    assert draw() == (0, ["graphs/index.html"], [])
    assert texts(page(machine), "//h1") == [os.uname().nodename]
    (machine / "rrd" / "web1").rename(machine / "rrd" / f"{os.uname().nodename}.example.org")
    (machine / "rrd" / "a-neighbour" / SHOP).mkdir(parents=True)
    assert draw() == (0, ["graphs/index.html"], [])


def test_a_host_may_be_called_anything(draw: Graph, machine: Path) -> None:
    """rrdtool parts arguments at colons, collectd lets them through."""
    name = "web:1 50% \\ 'x' \"ü"
    conf = machine / "collectd.conf"
    written = name.replace("\\", "\\\\").replace('"', '\\"')
    conf.write_text(conf.read_text().replace('Hostname "web1"', f'Hostname "{written}"'))
    (machine / "rrd" / "web1").rename(machine / "rrd" / name)
    assert draw() == (0, ["graphs/index.html"], [])
    assert texts(page(machine), "//h1") == [name]


def test_a_dashboard_instead(draw: Graph, machine: Path) -> None:
    """Printed, with nothing drawn."""
    code, out, _ = draw("--grafana", "graphite")
    assert (code, out[0], out[-1]) == (0, "{", "}")
    assert not (machine / "graphs").exists()


# Thresholds -----------------------------------------------------------------------------------------------------------

THRESHOLDS = """
<Plugin "threshold">
  <Type "latency">
    WarningMax 9
  </Type>
  <Plugin "scenario">
    <Type "latency">
      WarningMax 8
    </Type>
    <Type "latency">
      Instance "total"
      WarningMax 7
      FailureMax 70
    </Type>
  </Plugin>
  <Plugin "scenario">
    Instance "shop-buying"
    <Type "latency">
      WarningMin 6
    </Type>
  </Plugin>
  <Host "web2">
    <Type "latency">
      FailureMin 5
      Hits 3
    </Type>
  </Host>
</Plugin>
"""


@pytest.mark.parametrize(
    ("series", "limit"),
    [
        (("web1", "smarthost", "relay", "latency", "total"), Limit(warning_max=9)),
        (("web1", "scenario", "other", "latency", "steps"), Limit(warning_max=8)),
        (("web1", "scenario", "other", "latency", "total"), Limit(warning_max=7, failure_max=70)),
        (("web1", "scenario", "shop-buying", "latency", "total"), Limit(warning_min=6)),
        (("web2", "scenario", "shop-buying", "latency", "total"), Limit(failure_min=5)),
        (("web1", "scenario", "shop-buying", "bool", "success"), Limit()),
    ],
)
def test_the_threshold_that_names_a_series_most_closely_holds(series: tuple[str, ...], limit: Limit) -> None:
    """As collectd looks for it: host before plugin before instances."""
    assert limits.limit(limits.read(oconfig.parse(THRESHOLDS)), series) == limit
