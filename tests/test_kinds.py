"""A kind of job is a folder and a line in kinds.py: one is made up, and walked through the whole house."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from collectd_inode.cli.doctor_checks import TYPES
from collectd_inode.kind import Kind, Module
from collectd_inode.kinds import KINDS
from collectd_inode.panels import PanelSubject
from collectd_inode.report import nagios, reference
from collectd_inode.report.values import EVERY_KIND
from tests.helpers import rrd
from tests.helpers.places import ROOT

EACH = [kind.plugin for kind in KINDS]

DNS = {
    "__init__.py": '"""Whether names are answered for."""\n',
    "kind.py": '''
        """The row of ``<DNS>`` blocks."""

        from collectd_inode.kind import JobPanels, Kind, Module


        def _module():
            from collectd_inode.dns import jobs

            return Module(jobs.Settings, jobs.load)


        def _drawn():
            from collectd_inode.dns import panels

            return JobPanels(panels.panels, ("answers", "steps", "success"))


        def _reference():
            from collectd_inode.dns import reference

            return reference.REFERENCE


        DNS = Kind(
            "dns", "DNS", load_module=_module, load_drawn=_drawn, load_reference=_reference,
            main_series="gauge-answers", main_words="answers", noun="zone",
        )
        ''',
    "jobs.py": '''
        """From a ``<DNS>`` block to its job."""

        from dataclasses import dataclass, replace

        from collectd_inode.dns.kind import DNS
        from collectd_inode.dns.reference import SERIES
        from collectd_inode.keys import FileRole, Loaded, key, text
        from collectd_inode.model import Phase, PlannedStep
        from collectd_inode.reference import readings_of
        from collectd_inode.wire.measure import Exchange

        ASK = PlannedStep("ask for example.org", "ask")


        @dataclass(frozen=True, slots=True)
        class Settings:
            """What a block may say."""

            zone: str | None = key("Zone", text, '"example.org"', "What to ask for.", needs=("Hints",))
            hints: str | None = key("Hints", text, '"/etc/hints"', "Whom to ask.", file=FileRole.READ)


        async def ask(run):
            """Ask: nobody, here."""
            with run.step(ASK):
                run.exchange(Exchange("192.0.2.1", {Phase.PROCESSING: 0.25}))
            run.add_reading("gauge", "answers", 3)


        def load(name, settings, common):
            """One job."""
            return Loaded((common.job(DNS.plugin, name, steps=(ASK,), readings=readings_of(SERIES), probe=ask),))
        ''',
    "reference.py": '''
        """What a zone's job sends."""

        from collectd_inode.reference import KindReference, SeriesRow, WarningRow

        SERIES = (SeriesRow("gauge", "answers", "number", "how many servers answered", "every run"),)
        REFERENCE = KindReference({"dns": SERIES}, (WarningRow("lame", "a server has no such zone", "ask its owner"),))
        ''',
    "panels.py": '''
        """What there is to draw."""

        from collectd_inode.panels import Panel, PanelLine, Unit, latencies, verdict


        def panels(subject):
            """Its state, its steps, and how many answers came."""
            answers = (PanelLine(subject, "gauge", "answers", "answers"),)
            return verdict(subject), *latencies(subject), Panel("Answers", answers, unit=Unit.NUMBER, name="answers")
        ''',
}
CONF = """Hostname "web1"
<Plugin python>
  Import "collectd_inode"
  <Module collectd_inode>
    StateDir "{folder}/state"
    <DNS "zone">
      Zone "example.org"
      Hints "{folder}/hints"
    </DNS>
  </Module>
</Plugin>
<Plugin rrdtool>
  DataDir "{folder}/rrd"
</Plugin>
"""
RECORD = """
import asyncio
from pathlib import Path
from collectd_inode.cli.configured import read
from collectd_inode.report import record as job_record
from collectd_inode.report.notification import message
from collectd_inode.report.values import values
from collectd_inode.observing import observe

(job,) = read("collectd.conf").jobs
observation = asyncio.run(observe(job))
Path("state").mkdir()
record = job_record.following(None, observation)
job_record.path("state", record.identity).write_text(job_record.text(record))
print(*(value.identity for value in values(observation, 0)), message(observation), sep="\\n")
"""
COMMAND = "import sys; from collectd_inode.cli import main; sys.exit(main())"
IDENTITIES = [
    f"dns-zone/{name}"
    for name in ("bool-success", "gauge-cause", "gauge-warnings", "duration-elapsed", "latency-total")
]


class House:
    """A copy of the package with one kind more, and a configuration with a job of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        package = folder / "code" / "collectd_inode"
        shutil.copytree(ROOT / "collectd_inode", package, ignore=shutil.ignore_patterns("__pycache__"))
        for name, text in DNS.items():
            (package / "dns").mkdir(exist_ok=True)
            (package / "dns" / name).write_text(dedent(text).lstrip("\n"))
        kinds = package / "kinds.py"
        text, count = re.subn(r"(KINDS.* = \(.*)\)", r"\1, DNS)", kinds.read_text(encoding="utf-8"))
        assert count == 1
        import_ = "from collectd_inode.dns.kind import DNS\n"
        kinds.write_text(text.replace("from collectd_inode.kind ", f"{import_}from collectd_inode.kind "))
        (folder / "hints").write_text("192.0.2.1\n")
        (folder / "collectd.conf").write_text(CONF.format(folder=folder))

    def python(self, code: str) -> str:
        """What a program prints that knows of the kind."""
        done = self._done("-c", code)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def says(self, *words: str) -> str:
        """What a command prints, on both streams; it is content."""
        done = self._done("-c", COMMAND, *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def _done(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(self.folder / "code"), "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            [sys.executable, "-P", *words],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("house"))


def test_its_block_is_read(house: House) -> None:
    """Its keys, and what they need."""
    assert house.says("check", "collectd.conf") == "collectd.conf: good: 1 job, up to 7 series\n"
    conf = (house.folder / "collectd.conf").read_text()
    (house.folder / "half.conf").write_text(re.sub(" *Hints.*\n", "", conf))
    done = house._done("-c", COMMAND, "check", "half.conf")
    assert 'half.conf:6: error: <DNS "zone">: Zone: expected a Hints beside it' in done.stderr


def test_it_is_run_and_shown_in_every_format(house: House) -> None:
    """And counted as what it is."""
    once = ("once", "collectd.conf", "--format")
    pretty = house.says(*once, "pretty")
    assert "ask for example.org" in pretty
    assert "gauge-answers 3" in pretty
    assert "1 zone (1 passed)" in pretty
    assert json.loads(house.says(*once, "json"))["readings"] == {"gauge-answers": 3}
    assert "gauge-answers 3" in house.says(*once, "junit")
    nagios = house.says(*once, "nagios", "--warning", "2:4").splitlines()[0]
    assert nagios.startswith("DNS OK - zone: answers 3 | 'bool-success'=1;;;0;1")
    assert "'gauge-answers'=3;2:4" in nagios


def test_its_values_and_its_message(house: House) -> None:
    """As the daemon sends them; ``status`` has them from the record."""
    assert house.python(RECORD).splitlines() == [
        *IDENTITIES,
        "dns-zone/gauge-answers",
        "dns-zone/response_time-ask",
        "passed: 1 step in 0.250 s",
    ]
    assert house.says("series", "collectd.conf").splitlines() == [
        f"web1/{name}" for name in (*IDENTITIES, "dns-zone/response_time-ask", "dns-zone/gauge-answers")
    ]
    assert house.says("status", "--conf", "collectd.conf").startswith("dns/zone")


def test_it_is_drawn(house: House) -> None:
    """Pictures, the page of all jobs, and both dashboards: of the configuration, and those that are shipped."""
    series = ("bool-success", "latency-total", "response_time-ask", "gauge-answers")
    for name in series:
        rrd.write(house.folder / "rrd" / "web1" / "dns-zone", name, [1.0] * 60, start=1_700_000_040)
    house.says("graph", "collectd.conf", "--last", "520w")
    drawn = {f"dns-zone-{name}.png" for name in ("answers", "steps", "success")}
    assert set(os.listdir(house.folder / "graphs")) == {*drawn, "index.html"}
    assert "<small>dns</small>" in (house.folder / "graphs" / "index.html").read_text(encoding="utf-8")
    for source in ("graphite", "prometheus"):
        board = json.loads(house.says("graph", "collectd.conf", "--grafana", source))
        assert "Answers" in [panel["title"] for panel in board["panels"]]
        shipped = house.python(f"from collectd_inode.report.grafana import *; print(text(generic({source!r})))")
        assert "DNS ${dns}" in [panel["title"] for panel in json.loads(shipped)["panels"]]


def test_pages_and_the_doctor_know_its_keys(house: House) -> None:
    """The tables of its keys, series and warnings; the files that its keys name."""
    tables = house.python("from collectd_inode.report.key_tables import tables; print(tables()['DNS'])")
    assert [line.split()[0] for line in tables.splitlines()[3:-2]] == ["``Zone", "``Hints"]
    shown = "from collectd_inode.report.reference import PAGES; print(PAGES['{0}']()['{0}, dns'])"
    assert house.python(shown.format("identities")).splitlines()[3].split()[:2] == ["``gauge-answers``", "number"]
    assert house.python(shown.format("warnings")).splitlines()[3].split()[0] == "``lame``"
    (house.folder / "hints").rename(house.folder / "gone")
    try:
        done = house._done("-c", COMMAND, "doctor", "collectd.conf")
    finally:
        (house.folder / "gone").rename(house.folder / "hints")
    assert f"{house.folder}/hints" in done.stdout
    assert "gauge-answers" in house.says("once", "--help")


def test_no_command_is_broken_by_it(house: House) -> None:
    """Each adds its arguments."""
    helped = house.python("from collectd_inode.cli import parser; parser().parse_args(['run', '.'])")
    assert helped == ""


def test_a_kind_says_how_it_is_drawn() -> None:
    """One that does not is no kind; mypy says so, too."""
    with pytest.raises(TypeError, match="load_drawn"):
        Kind("dns", "DNS", load_module=lambda: Module(object, lambda *_: None))  # type: ignore[call-arg, arg-type]


NAMED = {
    "cli/__init__.py": ["smarthost", "ntp", "clock"],  # commands
    "cli/habits.py": ["smarthost", "ntp", "clock"],  # the words by which others call the commands
    "cli/lint.py": ["scenario"],  # Gherkin's
    "cli/series.py": ["scenario"],  # a key
    "model.py": ["scenario"],  # a value of Detail
    "report/jsonl.py": ["scenario"],  # a key
}
"""Where a word that is a kind's name, too, is something else."""


def test_nobody_else_names_a_kind() -> None:
    """Outside of its folder no code says what a kind is called."""
    names = {kind.plugin for kind in KINDS}
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "collectd_inode").rglob("*.py")):
        place = path.relative_to(ROOT / "collectd_inode")
        if place.parts[0] not in names:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and node.value in names:
                    found.setdefault(place.as_posix(), []).append(node.value)
    assert found == NAMED


def test_files_that_people_copy_name_every_kind() -> None:
    """Those that no code makes: the rules, the addresses of the dashboards' page, and the page of the keys."""
    *others, last = (f"``<{kind.block}>``" for kind in KINDS)
    keys = (ROOT / "docs" / "reference" / "keys.rst").read_text(encoding="utf-8")
    assert f"- {', '.join(others)} and {last} can be repeated." in keys
    addresses = (ROOT / "docs" / "how-to" / "dashboards.rst").read_text(encoding="utf-8")
    wanted = f"HOST.{{{','.join(EACH)}}}-*.bool"
    assert wanted in addresses
    assert addresses.count("}-*.bool") == addresses.count(wanted)
    _, _, panels = addresses.partition("Job                         Panels")
    assert [kind for kind in EACH if kind not in panels.partition("\n\n")[0].lower()] == []
    schemas = (ROOT / "collectd_inode" / "report" / "schemas.json").read_text(encoding="utf-8")
    *before, end = (f"``{kind}``" for kind in EACH)
    assert f'"{", ".join(before)} or {end}."' in schemas


def test_the_package_lays_out_each_snippet() -> None:
    """Debian's has its own list of those in conf.d."""
    rules = (ROOT / "debian" / "rules").read_text(encoding="utf-8")
    snippets = {path.stem for path in (ROOT / "conf.d").glob("inode-*.conf")}
    assert snippets - set(re.findall(r"[\w-]+", rules)) == set()


def of_kinds(*series: str) -> list[str]:
    """The names of the kinds that announce one of these series."""
    return [
        kind.plugin
        for kind in KINDS
        if any(row.name.startswith(series) for rows in kind.load_reference().series.values() for row in rows)
    ]


def test_the_rules_name_every_kind_that_they_are_about() -> None:
    """In each expression, in what joins two of them, and in the words of each alert."""
    rules = (ROOT / "dashboards" / "prometheus-rules.yml").read_text(encoding="utf-8")
    slow = of_kinds("latency-total")
    ending = of_kinds("gauge-certificate_days_left", "gauge-chain_days_left", "gauge-ca_days_left")
    named = set(re.findall(r"collectd_\(([\w|]+)\)_(\w+)", rules))
    assert named == {
        *(("|".join(EACH), type) for type in ("bool", "duration_seconds", "gauge")),
        ("|".join(slow), "latency"),
        ("|".join(ending), "gauge"),
    }
    assert set(re.findall(r"on \(([\w, ]+)\)", rules)) == {", ".join([*EACH, "instance"])}
    chains = re.findall(r"(?:\{\{ \$labels\.\w+ \}\}){2,}", rules)
    written = {chain: re.findall(r"labels\.(\w+)", chain) for chain in chains}
    assert [chain for chain, kinds in written.items() if kinds not in (EACH, slow, ending)] == []
    (query,) = re.findall(r'type="cause",([^}]*)}` (.*?) \| query', rules)
    assert query == (
        ",".join(f'{label}="%s"' for label in (*EACH, "instance")),
        " ".join(f"$labels.{label}" for label in (*EACH, "instance")),
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.plugin)
def test_a_kind_draws_what_it_sends(kind: Kind) -> None:
    """Each line of its panels is a series of its reference; each of its pictures is a panel."""
    drawn = kind.load_drawn()
    rows = [row.name for rows in (EVERY_KIND, *kind.load_reference().series.values()) for row in rows]
    whole = PanelSubject(kind.plugin, "*", readings=tuple(row.partition("-")[::2] for row in rows))
    panels = [*drawn.panels(PanelSubject(kind.plugin, "*")), *drawn.panels(whole)]
    assert panels != []
    assert set(drawn.pictures) - {panel.name for panel in panels} == set()
    sent = [re.compile(re.sub(r"[A-Z_]{3,}", ".+", name)) for name in rows]
    lines = {line.series for panel in panels for line in (*panel.lines, *((panel.whole,) if panel.whole else ()))}
    unknown = [
        line
        for line in lines
        if not any(one.fullmatch(line) for one in sent)
        and not (line.endswith("*") and any(row.startswith(line[:-1]) for row in rows))
    ]
    assert unknown == []


def test_the_types_of_all_series_are_known() -> None:
    """The doctor looks for them in collectd's types.db, and a plugin's output has their units."""
    types = {row.name.partition("-")[0] for rows in reference.series().values() for row in rows}
    assert types == TYPES
    assert types - set(nagios._UNITS) == {"frequency_offset", "gauge", "response_code"}
