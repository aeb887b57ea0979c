"""Pictures: what rrdtool is told, and what it makes of it with files such as collectd's."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectd_inode.cli import rrdtool as drawing
from collectd_inode.model import Job, PlannedStep
from collectd_inode.ntp.probe import NTPProbe
from collectd_inode.ntp.settings import Settings
from collectd_inode.report import graphs
from collectd_inode.report.graphs import DARK, LIGHT, DrawableSeries, Frame, LegendRow, Limit, Picture
from collectd_inode.state import State
from tests.helpers.rrd import exported, rrdtool, write

HOME, BASKET, LOOK = (
    PlannedStep('I go to "/"', "go_to"),
    PlannedStep("I press Pay: now", "press_pay"),
    PlannedStep('I should see "Thanks"', "should_see", navigates=False),
)
SHOP = Job("scenario", "shop", "shop-buying", scenario="Buying", steps=(HOME, BASKET, LOOK))
RELAY = Job("smarthost", "relay", "relay", steps=(PlannedStep("connect to port 587", "connect"),))
POOL = Job(
    "ntp", "pool", "pool", steps=tuple(PlannedStep(n, n.replace(".", "_"), navigates=False) for n in ("a.nz", "b.nz"))
)
CLOCK = Job("clock", "local", "local")
FLEET = Job("quorum", "shop", "shop")


def allowing(most: float) -> Job:
    """The pool's job with a MaxOffset."""
    return replace(
        POOL, probe=NTPProbe(Settings(("a.nz", "b.nz"), max_offset=most), POOL.steps, State().of("ntp", "pool"))
    )


OF_SHOP = (
    "bool-success",
    "response_time-go_to",
    "response_time-press_pay",
    "latency-total",
    *(f"duration-{phase}" for phase in ("connect", "tls", "processing", "overhead")),
    "gauge-certificate_days_left-shop_example",
    "gauge-certificate_days_left-pay_example",
)
OF_BROWSER = (
    *OF_SHOP[:4],
    *(f"duration-{what}" for what in ("ttfb", "longtasks", "queued")),
    *(f"count-{what}" for what in ("requests", "failing_requests", "console_errors")),
)
OF_FLEET = ("bool-success", "gauge-reporting", "gauge-agreeing")
OF_RELAY = (
    "bool-success",
    "response_time-connect",
    "latency-total",
    *(f"gauge-{what}_days_left" for what in ("certificate", "chain", "ca")),
)
OF_POOL = (
    "bool-success",
    *(f"{type}-{server}" for type in ("time_offset", "time_dispersion") for server in ("a_nz", "b_nz")),
    "time_offset-consensus",
    "gauge-pool_score-a_nz",
    "gauge-published_score-192_0_2_7",
    "gauge-margin-s3",
)
OF_CLOCK = (
    "bool-success",
    "time_dispersion-max_error",
    "time_dispersion-estimated_error",
    "frequency_offset-kernel",
)
KINDS: Mapping[str, tuple[Job, tuple[str, ...]]] = {
    "scenario": (SHOP, OF_SHOP),
    "smarthost": (RELAY, OF_RELAY),
    "ntp": (allowing(0.1), OF_POOL),
    "clock": (CLOCK, OF_CLOCK),
    "scenario in a browser": (SHOP, OF_BROWSER),
    "quorum": (FLEET, OF_FLEET),
}

START, STEP, COUNT = 1_700_000_040, 60, 30
END = START + STEP * COUNT
FRAME = Frame(START, END)
SMALL = replace(FRAME, width=300, height=90, small=True)


def subject(job: Job, files: Iterable[str], **more: object) -> DrawableSeries:
    return DrawableSeries(job, frozenset(files), **more)  # type: ignore[arg-type]


def picture(name: str, of: DrawableSeries) -> Picture:
    return next(each for each in graphs.pictures(of) if each.name == name)


def labels(of: Picture) -> list[str]:
    """The legend, from top to bottom."""
    return [row.label for row in of.rows if row.label]


# What is drawn --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "titles"),
    [
        (
            "scenario",
            [
                ("shop: Buying: steps", "milliseconds"),
                ("shop: Buying: all steps together", "milliseconds"),
                ("shop: Buying: passed or failed", ""),
                ("shop: Buying: phases", "milliseconds"),
                ("shop: Buying: certificates", "days left"),
            ],
        ),
        (
            "smarthost",
            [
                ("relay: steps", "milliseconds"),
                ("relay: certificates", "days left"),
                ("relay: passed or failed", ""),
                ("relay: all steps together", "milliseconds"),
            ],
        ),
        (
            "ntp",
            [
                ("pool: offset", "milliseconds"),
                ("pool: score history", "score"),
                ("pool: passed or failed", ""),
                ("pool: margins", "seconds left"),
            ],
        ),
        (
            "clock",
            [
                ("local: how wrong the clock may be", "milliseconds"),
                ("local: frequency", "parts per million"),
                ("local: passed or failed", ""),
            ],
        ),
        (
            "scenario in a browser",
            [
                ("shop: Buying: steps", "milliseconds"),
                ("shop: Buying: all steps together", "milliseconds"),
                ("shop: Buying: passed or failed", ""),
                ("shop: Buying: web vitals", "milliseconds"),
                ("shop: Buying: requests that failed", ""),
                ("shop: Buying: waiting for a browser", "milliseconds"),
            ],
        ),
        (
            "quorum",
            [
                ("shop: probes", ""),
                ("shop: passed or failed", ""),
            ],
        ),
    ],
)
def test_each_kind_has_its_pictures(kind: str, titles: list[tuple[str, str]]) -> None:
    """Title and unit of each, the most telling first."""
    job, files = KINDS[kind]
    assert [(each.title, each.unit) for each in graphs.pictures(subject(job, files))] == titles


def test_what_rrdtool_is_told_of_the_steps() -> None:
    """The band first, below everything; the steps in the feature's order, one on top of the other; then the whole."""
    drawn = picture("steps", subject(SHOP, OF_SHOP))
    told = graphs.arguments(drawn, LIGHT, FRAME, "/out/p.png")
    assert told[: told.index("--imgformat")] == [
        "/out/p.png", "--start", str(START), "--end", str(END), "--width", "900", "--height", "260",
    ]  # fmt: skip
    assert told[told.index("--title") + 1] == "shop: Buying: steps"
    assert told[told.index("--vertical-label") + 1] == "milliseconds"
    assert told[told.index("DEF:v0=bool-success.rrd:value:MIN") :] == [
        "DEF:v0=bool-success.rrd:value:MIN",
        "CDEF:c1=v0,0.5,LE,1,UNKN,IF",
        "DEF:v2=response_time-go_to.rrd:value:AVERAGE",
        "CDEF:c3=v2,1000,*",
        "DEF:v4=response_time-press_pay.rrd:value:AVERAGE",
        "CDEF:c5=v4,1000,*",
        "CDEF:c6=c3,UNKN,*",
        "CDEF:c7=c3,UN,0,c3,IF",
        "CDEF:c8=c7,0,*",
        "CDEF:c9=c5,UN,0,c5,IF",
        "CDEF:c10=c7,c9,+",
        "DEF:v11=latency-total.rrd:value:AVERAGE",
        "CDEF:c12=v11,1000,*",
        "DEF:v13=bool-success.rrd:value:AVERAGE",
        "CDEF:c14=1,v13,-,100,*",
        "CDEF:c15=v13,UN,0,0,IF",
        r"COMMENT:  milliseconds                last    average       most\l",
        "TICK:c1#d01c2a33:1",
        'AREA:c3#0072b2:legend=I go to "/"          ',
        "GPRINT:c3:LAST:%9.2lf",
        "GPRINT:c3:AVERAGE:%9.2lf",
        r"GPRINT:c3:MAX:%9.2lf\l",
        r"AREA:c5#e69f00:legend=I press Pay\: now     :STACK",
        "GPRINT:c5:LAST:%9.2lf",
        "GPRINT:c5:AVERAGE:%9.2lf",
        r"GPRINT:c5:MAX:%9.2lf\l",
        "COMMENT:  all steps            ",
        "GPRINT:c12:LAST:%9.2lf",
        "GPRINT:c12:AVERAGE:%9.2lf",
        r"GPRINT:c12:MAX:%9.2lf\l",
        "AREA:c15#d01c2a66:legend=failed, % of the time",
        r"GPRINT:c14:AVERAGE:%20.2lf\l",
        *(f"PRINT:{of}:{cf}:%.4lg" for of in ("c3", "c5", "c12") for cf in ("LAST", "AVERAGE", "MAX")),
        "PRINT:c14:AVERAGE:%.4lg",
    ]


def test_a_step_that_never_passed_keeps_its_place_and_its_colour() -> None:
    """It has no file; the others are drawn as ever."""
    drawn = picture("steps", subject(SHOP, [name for name in OF_SHOP if name != "response_time-go_to"]))
    assert labels(drawn)[:2] == ['I go to "/": no values', "I press Pay: now"]
    assert [row.colour for row in drawn.rows if row.label][:2] == [LIGHT.of(0), LIGHT.of(1)]


def test_what_nobody_sent_has_no_picture() -> None:
    """A job that has only ever failed has its strip, one without any file nothing at all."""
    assert [each.name for each in graphs.pictures(subject(SHOP, ["bool-success"]))] == ["success"]
    assert [graphs.pictures(subject(job, ())) for job, _ in KINDS.values()] == [[]] * len(KINDS)


def test_thresholds_are_lines() -> None:
    """Those of the whole at their height, a step's where it stands, and after all that is stacked."""
    limits = {
        "latency-total": Limit(warning_max=2, failure_max=3.5),
        "response_time-press_pay": Limit(warning_max=0.5),
    }
    drawn = picture("steps", subject(SHOP, OF_SHOP, limits=limits))
    assert labels(drawn) == [
        'I go to "/"',
        "I press Pay: now",
        "warning above 500: I press Pay: now",
        "all steps",
        "warning above 2000",
        "failure above 3500",
        "failed, % of the time",
    ]
    lines = {row.label: row.draw for row in drawn.rows if "above" in row.label}
    assert lines["warning above 2000"] == f"HRULE:2000{LIGHT.of(1)}"
    assert lines["failure above 3500"] == f"HRULE:3500{LIGHT.failure}"
    edge = lines["warning above 500: I press Pay: now"].partition("#")[0].removeprefix("LINE1:")
    below = next(line for line in drawn.data if line.startswith(f"CDEF:{edge}=")).partition("=")[2]
    assert below == "c7,500,+"
    assert "CDEF:c7=c3,UN,0,c3,IF" in drawn.data


def test_certificates_have_the_line_that_is_too_few_once() -> None:
    """A threshold that holds for all of them is one line."""
    limits = {name: Limit(warning_min=14) for name in OF_SHOP}
    drawn = picture("certificates", subject(SHOP, OF_SHOP, limits=limits))
    assert labels(drawn) == ["pay_example", "shop_example", "warning below 14"]
    assert labels(picture("certificates", subject(RELAY, OF_RELAY))) == ["certificate", "chain", "CA certificate"]


def test_the_smoke_has_a_median_and_a_percentile() -> None:
    """From the least to the most of each point, the average, and two numbers over the whole time."""
    drawn = picture("total", subject(SHOP, OF_SHOP))
    assert labels(drawn) == ["least to most", "average", "median", "95th percentile", "failed, % of the time"]
    sources = [line for line in drawn.data if line.startswith(("DEF", "VDEF"))]
    assert [line.rpartition(":")[2] for line in sources[1:4]] == ["MIN", "MAX", "AVERAGE"]
    assert [line.partition(",")[2] for line in sources[4:6]] == ["50,PERCENTNAN", "95,PERCENTNAN"]


def test_phases_are_stacked_in_their_order() -> None:
    """What never happened (a resolver, a transfer) is left out; the last is ours."""
    assert labels(picture("phases", subject(SHOP, OF_SHOP))) == ["connect", "tls", "processing", "overhead"]


def test_offsets_have_their_bound_and_what_is_allowed() -> None:
    """Each server under its configured name; the lines are drawn upon the bounds."""
    drawn = picture("offset", subject(allowing(0.1), OF_POOL))
    assert labels(drawn) == [
        "a.nz, give or take",
        "b.nz, give or take",
        "a.nz",
        "b.nz",
        "consensus",
        "MaxOffset: 100 either way",
        "failed, % of the time",
    ]
    assert [row.draw.partition("#")[0] for row in drawn.rows if "HRULE" in row.draw] == ["HRULE:100", "HRULE:-100"]


def test_the_score_history_is_the_pool_s() -> None:
    """Its scale, its limit, and the offsets in the classes that its steps have, on the axis to the right."""
    drawn = picture("score", subject(allowing(0.1), OF_POOL))
    assert labels(drawn) == [
        "offset up to 25 ms",
        "offset up to 100 ms",
        "offset of more than that",
        "a.nz, score predicted here",
        "192_0_2_7, score published",
        "in the pool from 10",
    ]
    assert " ".join(drawn.options).startswith(
        "--lower-limit -100 --upper-limit 25 --rigid --right-axis 2.5:100 --right-axis-label offset, milliseconds"
    )


@pytest.mark.parametrize("most", [0.1, 0.2, 1.0, 100.0])
def test_the_offset_s_axis_has_room_for_max_offset(most: float) -> None:
    """Its marks, ten points of the score apart, are round numbers."""
    drawn = picture("score", subject(allowing(most), OF_POOL))
    scale, shift = map(float, drawn.options[drawn.options.index("--right-axis") + 1].split(":"))
    assert scale * 60 >= most * 1000
    assert (10 * scale) % 25 == 0
    assert -40 * scale + shift == 0


def test_a_picture_s_file_is_named_after_its_job() -> None:
    """Two hosts may have the same job; a host's name may hold anything but a slash."""
    of = subject(replace(SHOP, host="web 1: ü"), OF_SHOP)
    assert graphs.file_name(of, picture("steps", of), "svg").endswith("-scenario-shop-buying-steps.svg")
    assert graphs.file_name(subject(SHOP, ()), picture("steps", of), "png") == "scenario-shop-buying-steps.png"


def test_the_words_for_those_who_cannot_see_it() -> None:
    """The title, the unit, and each row with what rrdtool printed, without exponents; what is unknown is left out."""
    drawn = picture("steps", subject(SHOP, OF_SHOP))
    rows = graphs.legend(drawn, ["1", "2", "3", "-nan", "-nan", "nan", "1", "2", "2.526e+05", "12.5"])
    assert rows[:2] == [
        LegendRow('I go to "/"', "#0072b2", (("last", "1"), ("average", "2"), ("at most", "3"))),
        LegendRow("I press Pay: now", "#e69f00", ()),
    ]
    assert [row.number for row in rows] == ["2", "", "2", "12.5"]
    assert graphs.alternative(drawn, rows) == (
        'shop: Buying: steps, milliseconds. I go to "/": last 1, average 2, at most 3; I press Pay: now; '
        "all steps: last 1, average 2, at most 252600; failed, % of the time: 12.5"
    )


def test_the_most_and_the_least_of_a_point_are_drawn() -> None:
    """A minute's failed request must show in a picture of a month, and so must a probe that was missing."""
    faults = picture("faults", subject(SHOP, OF_BROWSER))
    assert [one for one in faults.data if one.startswith("DEF:")] == [
        "DEF:v0=count-failing_requests.rrd:value:MAX",
        "DEF:v1=count-console_errors.rrd:value:MAX",
    ]
    assert labels(faults) == ["requests that failed", "errors in the console"]
    probes = picture("probes", subject(FLEET, OF_FLEET))
    assert [one for one in probes.data if one.endswith(":MIN")][-2:] == [
        "DEF:v2=gauge-reporting.rrd:value:MIN",
        "DEF:v3=gauge-agreeing.rrd:value:MIN",
    ]
    assert labels(probes)[:2] == ["reporting", "agreeing"]


# What rrdtool makes of it ---------------------------------------------------------------------------------------------


def fill(folder: Path, files: Iterable[str], *, step: int = STEP) -> None:
    """Each file's series swings; every tenth run fails, and has only its verdict."""
    count = STEP * COUNT // step
    for number, series in enumerate(files):
        swing = [1 + number + math.sin(index / 5) for index in range(count)]
        bad = [index % 10 == 9 for index in range(count)]
        whole: list[float | None] = (
            [0.0 if each else 1.0 for each in bad]
            if series == "bool-success"
            else [None if each else value for each, value in zip(bad, swing, strict=True)]
        )
        write(folder, series, whole, start=START, step=step)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of RRD files a kind."""
    root = tmp_path_factory.mktemp("rrd")
    for kind, (_, files) in KINDS.items():
        fill(root / kind, files)
    return root


ALL = [
    (kind, each.name)
    for kind, (job, files) in KINDS.items()
    for each in graphs.pictures(DrawableSeries(job, frozenset(files)))
]


@pytest.mark.parametrize(("kind", "name"), ALL)
@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_rrdtool_draws_every_picture(
    folders: Path, tmp_path: Path, kind: str, name: str, palette: graphs.Palette
) -> None:
    """Large as PNG and SVG, and small, where it prints the number of each row."""
    job, files = KINDS[kind]
    limits = {series: Limit(1, 2, 3, 4) for series in files}
    of = subject(job, files, limits=limits)
    drawn = next(each for each in graphs.pictures(of, palette) if each.name == name)
    begins = {"png": b"\x89PNG", "svg": b"<?xml"}
    for format, magic in begins.items():
        file = tmp_path / f"large.{format}"
        rrdtool(folders / kind, "graph", *graphs.arguments(drawn, palette, replace(FRAME, format=format), str(file)))
        assert file.read_bytes().startswith(magic)
    said = rrdtool(folders / kind, "graph", *graphs.arguments(drawn, palette, SMALL, str(tmp_path / "small.png")))
    printed = said.splitlines()[1:]
    assert len(printed) == sum(len(row.numbers) for row in drawn.rows)
    assert "nan" not in "".join(printed)


def test_what_has_no_values_has_dashes(tmp_path: Path) -> None:
    """Where rrdtool itself would write -nan: a step that never passed in this time."""
    files = ("bool-success", "response_time-go_to", "response_time-press_pay", "latency-total")
    fill(tmp_path, files[:2])
    for series in files[2:]:
        write(tmp_path, series, [None] * COUNT, start=START)
    drawn = picture("steps", subject(SHOP, files))
    printed = drawing.draw(tmp_path, drawn, LIGHT, SMALL, tmp_path / "small.png").printed
    unknown = graphs.unknown_in(drawn, printed)
    assert unknown == {f"{of}:{cf}" for of in ("c5", "c12") for cf in ("LAST", "AVERAGE", "MAX")}
    told = graphs.arguments(drawn, LIGHT, FRAME, str(tmp_path / "dashes.png"), unknown)
    start = told.index(r"AREA:c5#e69f00:legend=I press Pay\: now     :STACK")
    assert told[start + 1 : start + 4] == ["COMMENT:        –", "COMMENT:        –", r"COMMENT:        –\l"]
    rrdtool(tmp_path, "graph", *told)
    drawing.draw(tmp_path, drawn, LIGHT, FRAME, tmp_path / "large.png")
    assert (tmp_path / "large.png").read_bytes() == (tmp_path / "dashes.png").read_bytes()


def of_data(drawn: Picture, folder: Path, name: str) -> list[float]:
    return [float(point) for point in exported(folder, drawn.data, name, start=START, end=END)]


def test_the_band_is_where_the_scenario_failed(tmp_path: Path) -> None:
    """One where a run failed; nothing where it passed, and nothing where nobody looked."""
    verdicts = [1.0, 1.0, 0.0, 0.0, 1.0, 1.0, None, None, None, 1.0, 1.0, 1.0]
    write(tmp_path, "bool-success", verdicts, start=START)
    write(tmp_path, "response_time-go_to", [0.1] * 12, start=START)
    drawn = picture("steps", subject(SHOP, ["bool-success", "response_time-go_to"]))
    band = next(row.draw for row in drawn.rows if row.draw.startswith("TICK")).split(":")[1].partition("#")[0]
    points = of_data(drawn, tmp_path, band)
    # A value holds for the step that ends at its time.
    at = {START + STEP * (1 + index): value for index, value in enumerate(points)}
    failed = [round((time - START) / STEP) for time, value in at.items() if value == 1]
    assert failed == [2, 3]
    assert {value for value in at.values() if not math.isnan(value)} == {1.0}


def test_a_step_stands_on_those_that_are_known(tmp_path: Path) -> None:
    """Where the first is unknown, the edge of the second is its own value."""
    write(tmp_path, "response_time-go_to", [0.1, 0.1, None, None, None, 0.1, 0.1], start=START)
    write(tmp_path, "response_time-press_pay", [0.2] * 7, start=START)
    drawn = picture("steps", subject(SHOP, ["response_time-go_to", "response_time-press_pay"]))
    top = drawn.data[-1].partition("=")[0].removeprefix("CDEF:")
    assert drawn.data[-1].endswith(",+")
    found = of_data(drawn, tmp_path, top)[:6]
    # After a gap that is longer than the heartbeat, a value says nothing of the time before it.
    assert [round(value) for value in found] == [300, 200, 200, 200, 200, 300]


def test_the_percentile_is_rrdtool_s(tmp_path: Path) -> None:
    """The median and the 95th percentile of 0 to 100 milliseconds."""
    values: list[float | None] = [index / 1000 for index in range(101)]
    write(tmp_path, "latency-total", values, start=START)
    drawn = picture("total", subject(SHOP, ["latency-total"]))
    frame = replace(SMALL, start=START - STEP, end=START + STEP * 100, width=101)
    said = rrdtool(tmp_path, "graph", *graphs.arguments(drawn, LIGHT, frame, "p.png"))
    rows = {row.label: row.number for row in graphs.legend(drawn, said.splitlines()[1:])}
    assert (rows["median"], rows["95th percentile"]) == ("50", "95")


def test_files_of_different_steps_make_one_picture(tmp_path: Path) -> None:
    """After the interval was changed, new series have another step than old ones."""
    fill(tmp_path, ["bool-success", "response_time-go_to"])
    fill(tmp_path, ["response_time-press_pay"], step=10)
    files = ["bool-success", "response_time-go_to", "response_time-press_pay"]
    drawn = picture("steps", subject(SHOP, files))
    said = rrdtool(tmp_path, "graph", *graphs.arguments(drawn, LIGHT, SMALL, "p.png"))
    assert "nan" not in said


def test_names_that_would_be_orders_are_names(tmp_path: Path) -> None:
    """Every file's and every step's name ends up where it belongs: as many numbers as there are."""
    names = ["STACK", "legend=x", "dashes=4", r"C:\50 %\l", "#ff0000", "%lf %s", "<b>ü</b>", "-x", " "]
    steps = tuple(PlannedStep(name, f"x:{index}='{index}\"%") for index, name in enumerate(names))
    files = [f"response_time-{step.series}" for step in steps]
    fill(tmp_path, files)
    drawn = picture("steps", subject(replace(SHOP, steps=steps, scenario="50 %: \\l STACK"), files))
    assert labels(drawn) == names
    rrdtool(tmp_path, "graph", *graphs.arguments(drawn, LIGHT, FRAME, "p.png"))
    said = rrdtool(tmp_path, "graph", *graphs.arguments(drawn, LIGHT, SMALL, "p.png"))
    assert len(said.splitlines()[1:]) == 3 * len(names)


# What a file's name cannot hold: no slash, no NUL, and 255 bytes at most.
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=40)


@settings(max_examples=30, deadline=None)
@given(name=st.text(max_size=120), series=NAMES, title=st.text(max_size=150))
def test_any_name_can_be_drawn(name: str, series: str, title: str) -> None:
    """Whatever collectd lets through, and whatever people write."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        file = f"response_time-{series}"
        write(folder, file, [0.1, 0.2, 0.3], start=START)
        job = replace(SHOP, scenario=title, steps=(PlannedStep(name, series),))
        drawn = picture("steps", subject(job, [file]))
        for frame in (FRAME, SMALL):
            rrdtool(folder, "graph", *graphs.arguments(drawn, LIGHT, frame, "p.png"))
        assert list(graphs.definitions(drawn)) == [(file, drawn.data[0])]
