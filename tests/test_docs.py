"""What a user reads is true: the pages' commands are run, their configuration is read, their tables are the program's.

Of the README and the pages of docs/ that have no test of their own.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import io
import json
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import machines
import pytest
import trustme
import unpacked
from chrony import chronyd, free_port
from docutils import nodes
from docutils.core import publish_doctree
from exim import NAME, smarthost
from test_doctor import HOME as HOME_OF_PACKAGES
from test_doctor import folders, home, wrong

from collectd_inode import __version__, oconfig
from collectd_inode.browser import record
from collectd_inode.browser.attributes import MOST_TAGS
from collectd_inode.cli import COMMANDS, Command, clock, parser, status
from collectd_inode.cli.configured import Read, read
from collectd_inode.cli.terminal import Exit
from collectd_inode.clock import settings as of_clock
from collectd_inode.clock.diagnosis import FRESH_INTERVALS, Diagnosis
from collectd_inode.clock.steps import STEP
from collectd_inode.config import MODULE_KEYS, Configuration
from collectd_inode.keys import COMMON_KEYS, Common, Key, common, looks_secret, read_block
from collectd_inode.kinds import KINDS
from collectd_inode.ntp import manners, published, score
from collectd_inode.ntp import settings as of_ntp
from collectd_inode.report import graphs, nagios, ranges
from collectd_inode.report.notification import MESSAGE_BYTES, message
from collectd_inode.report.status import STALE_INTERVALS, Record, following
from collectd_inode.report.style import Style
from collectd_inode.report.values import HEALTH_PLUGIN, health, series
from collectd_inode.run import EVIDENCE, SOFT, Cause, Detail, Job, Observation, Status, observe
from collectd_inode.scenario import feature, json_pointer, remembering, requests
from collectd_inode.scenario import settings as of_scenario
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.patterns import PATTERN_SECONDS
from collectd_inode.scenario.replay import CERTIFICATES_REPORTED
from collectd_inode.scenario.settings import Settings
from collectd_inode.schedule import WATCH_SECONDS
from collectd_inode.smarthost import jobs as smarthost_jobs
from collectd_inode.smarthost import settings as of_smarthost
from collectd_inode.smarthost.dialogue import Step
from collectd_inode.smarthost.mechanisms import MECHANISMS
from collectd_inode.wire import Phase
from demo.site import PASSWORD, Outage, Site

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.rst").read_text(encoding="utf-8")
SHOWN = (
    "README.rst",
    "docs/alerts.rst",
    "docs/evidence.rst",
    "docs/features.rst",
    "docs/nagios.rst",
    "docs/pictures.rst",
)
"""The pages whose blocks of code are run or read here."""
DEMO_ADDRESS = "127.0.0.1:8080"
"""Where the pages' site is."""
HOME = "/root"
"""Where their reader stands."""
CLOCK, STATUS, DOCTOR = "collectd-inode clock", "collectd-inode status", "collectd-inode doctor | grep -v ^OK"
"""Of what cannot be the same everywhere: this machine's clock, what a daemon has known, what is installed."""

MODULE_ONLY = tuple(key for key in MODULE_KEYS if key not in COMMON_KEYS)
SETTINGS: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
    "Scenario": of_scenario.settings,
    "Smarthost": of_smarthost.settings,
    "NTP": of_ntp.settings,
    "Clock": of_clock.settings,
}
"""What a block's values come to."""
OTHERS_WORDS = {
    "CacheFlush", "CacheTimeout", "FailureMin", "Hits", "Import", "Instance", "Interesting", "Module", "ModulePath",
    "Type", "TypesDB", "WarningMax",
}  # fmt: skip
OTHERS_OPTIONS = {"--editable", "--set", "--since", "--upgrade"}


# Reading the README ---------------------------------------------------------------------------------------------------


def tree_of(text: str) -> tuple[nodes.document, str]:
    """A page as docutils reads it, and its complaints."""
    complaints = io.StringIO()
    overrides = {"warning_stream": complaints, "report_level": 1, "syntax_highlight": "none", "_disable_config": True}
    return publish_doctree(text, settings_overrides=overrides), complaints.getvalue()


TREES = {name: tree_of((ROOT / name).read_text(encoding="utf-8"))[0] for name in SHOWN}
TREE = TREES["README.rst"]


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code on a page; one that is a file begins with a comment that is its path."""

    page: str
    language: str
    text: str

    @property
    def path(self) -> str:
        """The file it is, or nothing."""
        found = re.match(r"# (\S+\.\w+)\n", self.text)
        return found[1] if found else ""


BLOCKS = [
    Block(name, node["classes"][1], node.astext())
    for name, tree in TREES.items()
    for node in tree.findall(nodes.literal_block)
    if node["classes"][:1] == ["code"]
]


def blocks(language: str) -> list[Block]:
    """All blocks in a language."""
    return [block for block in BLOCKS if block.language == language]


def section(title: str, page: str = "README.rst") -> nodes.section:
    """The section under a heading."""
    return next(s for s in TREES[page].findall(nodes.section) if s[0].astext() == title)


def tables(title: str, page: str = "README.rst") -> list[list[list[str]]]:
    """The tables of a section, without their heads: rows of cells."""
    return [rows(table) for table in section(title, page).findall(nodes.table)]


def rows(table: nodes.table) -> list[list[str]]:
    """A table's rows, each cell on one line."""
    body = next(table.findall(nodes.tbody))
    return [[" ".join(cell.astext().split()) for cell in row.findall(nodes.entry)] for row in body.findall(nodes.row)]


def literals() -> list[str]:
    """Everything that stands in double backquotes."""
    return [node.astext() for tree in TREES.values() for node in tree.findall(nodes.literal)]


# What it shows is run -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where the README's reader stands: its files, the shipped scenarios, secrets, and servers to ask."""

    folder: Path
    address: str
    smtp: int
    ntp: int
    """The ports of the servers that must be told by port, here."""

    def moved(self, text: str) -> str:
        """*text* with paths below this folder in place of the machine's, and this site's address."""
        return re.sub(r'"/(etc|var|usr/local)/', rf'"{self.folder}/\1/', text).replace(DEMO_ADDRESS, self.address)

    def run(self, command: str) -> str:
        """What a command prints, on both streams, as on the README's machine."""
        environment = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
        }
        if asks_servers(command):
            environment |= self._names()
        command = command.replace(DEMO_ADDRESS, self.address)
        command = command.replace("-inode smarthost smart", f"-inode smarthost --port {self.smtp} smart")
        command = command.replace("-inode ntp ", f"-inode ntp --port {self.ntp} ")
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
        )
        printed = done.stdout.decode()
        if asks_servers(command):
            printed = re.sub(r"127\.0\.0\.([123])", r"192.0.2.\1", printed)
            printed = printed.replace(f"port {self.smtp}", f"port {of_smarthost.SUBMISSION}")
            printed = re.sub(r"EHLO [^ ,]+", "EHLO leaf.example.org", printed)
        printed = printed.replace(self.address, DEMO_ADDRESS).replace(str(self.folder), HOME)
        return printed.replace(f"{socket.gethostname()}/", "web1/")

    def _names(self) -> dict[str, str]:
        """The README's names lead to loopback; and no Debian-exim is known, whose rights would be looked at."""
        hosts, users = self.folder / "hosts", self.folder / "users"
        hosts.write_text(f"127.0.0.1 {NAME}\n" + "".join(f"127.0.0.{n} ntp{n}.example.org\n" for n in (1, 2, 3)))
        users.write_text("root:x:0:0::/root:/bin/sh\n")
        return {
            "LD_PRELOAD": unpacked.file("exim", "usr/lib/*/libnss_wrapper.so"),
            "NSS_WRAPPER_HOSTS": str(hosts),
            "NSS_WRAPPER_PASSWD": str(users),
            "NSS_WRAPPER_GROUP": str(users),
        }


def asks_servers(command: str) -> bool:
    """Whether a command asks what is a real server in the tests."""
    return re.search("collectd-inode (smarthost|ntp) ", command) is not None


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("readme")
    with ExitStack() as running:
        site = running.enter_context(Site(outage=Outage(first=float("inf")), sleep=lambda _seconds: None))
        exim = running.enter_context(smarthost(folder))
        ntp = free_port()
        for number, ahead in ((1, None), (2, None), (3, 1200.0)):
            running.enter_context(chronyd("local stratum 5", host=f"127.0.0.{number}", port=ntp, ahead=ahead))
        made = Workspace(folder, f"127.0.0.1:{site.port}", exim.port, ntp)
        files = {block.path: made.moved(block.text) for block in BLOCKS if block.path}
        shop, ca = files["scenarios/shop.feature"], Path(exim.ca).read_text(encoding="utf-8")
        files |= {
            "scenarios/webhome.feature": (ROOT / "scenarios" / "webhome.feature").read_text(encoding="utf-8"),
            "secrets/login": f"{PASSWORD}\n",
            "secrets/smarthost": f"{exim.password}\n",
            "smarthost-ca.crt": ca,
            "etc/exim4/tls/smarthost-ca.crt": ca,
            "etc/collectd/secrets/login": f"{PASSWORD}\n",
            "etc/collectd/secrets/smarthost": f"{exim.password}\n",
            "etc/collectd/scenarios/shop.feature": shop,
            "etc/collectd/scenarios/shop/shop.feature": shop,
            "etc/collectd/scenarios/steps/shop.py": files["steps/shop.py"],
            "etc/collectd/collectd.conf.d/00-python.conf": (ROOT / "conf.d" / "00-python.conf").read_text("utf-8"),
        }
        for path, text in files.items():
            write(folder / path.lstrip("/"), text)
        (folder / "secrets" / "smarthost").chmod(0o600)
        write_certificates(folder)
        (folder / "var" / "lib" / "collectd").mkdir(parents=True)
        yield made


@pytest.fixture(autouse=True)
def nobody_is_debian_exim(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Exim is installed its user cannot look into a test's folder, and that would be said."""
    monkeypatch.setattr(smarthost_jobs, "EXIM_USER", "nobody who is known here")


def write(path: Path, text: str) -> None:
    """A file, and the folders it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + ("" if text.endswith("\n") else "\n"), encoding="utf-8")


def write_certificates(folder: Path) -> None:
    """What the README's CACert, ClientCert and ClientKey name."""
    authority = trustme.CA()
    client = authority.issue_cert("monitor.example.org")
    store = folder / "etc" / "ssl" / "certs"
    store.mkdir(parents=True)
    authority.cert_pem.write_to_path(str(store / "my-ca.pem"))
    client.cert_chain_pems[0].write_to_path(str(folder / "etc" / "collectd" / "client.pem"))
    client.private_key_pem.write_to_path(str(folder / "etc" / "collectd" / "client.key"))


def commands(block: Block) -> list[tuple[str, str]]:
    """Every command of a console block, on one line or several, with what it prints."""
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
    lines = (re.split(r"(?<!\\)\n", part, maxsplit=1) for part in parts)
    return [(command, "".join(printed)) for command, *printed in lines]


def masked(text: str) -> str:
    """*text* without what differs from run to run: times, and the bars drawn from them."""
    text = re.sub(r"\b\d+m\d+\.\d+s\b", "TIME", text)
    text = re.sub(r" *[+-]?\b\d+\.\d+ ?m?s\b", " TIME", text)
    text = re.sub(r'time="[\d.]+"', 'time="TIME"', text)
    text = re.sub(r"\d{4}-\d\d-\d\d.\d\d[-:]\d\d[-:]\d\d|\w{3}, \d\d \w{3} \d{4} [\d:]{8}", "DATE", text)
    text = re.sub(r"Python/[\d.]+", "Python/VERSION", text)
    text = re.sub("[▁-█]+", "BARS", text)
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())


def words(text: str) -> list[str]:
    """What is said where lines are as long as times and addresses are; and certificates age."""
    text = re.sub(r"days_left \d+", "days_left N", masked(text))
    return re.sub("TIME (ahead|behind)", "TIME AWAY", text).split()


def shape(value: Any) -> Any:
    """JSON without what differs from run to run: times, and whether a page came in one piece."""
    match value:
        case dict():
            return {key: shape(part) for key, part in value.items() if key != Phase.TRANSFER}
        case list():
            return [shape(part) for part in value]
        case float():
            return "TIME"
        case _:
            return value


SESSIONS = [block for block in blocks("console") if commands(block)[0][0] not in (CLOCK, STATUS, DOCTOR)]


@pytest.mark.parametrize("block", SESSIONS, ids=lambda block: f"{block.page}: {commands(block)[0][0]}")
def test_commands_print_what_is_shown(workspace: Workspace, block: Block) -> None:
    """Every command in a console block, run, prints what stands below it; times aside."""
    for command, printed in commands(block):
        found = workspace.run(command)
        if "--format json" in command:
            assert shape(json.loads(found)) == shape(json.loads(printed))
        elif asks_servers(command) or "failures/" in command:
            assert words(found) == words(printed)
        else:
            assert masked(found) == masked(printed)


def shown(command: str) -> str:
    """What the README shows of a command that stands alone in its block."""
    (printed,) = (printed for block in blocks("console") for was, printed in commands(block) if was == command)
    return printed


def test_the_clock_s_page_is_as_the_readme_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a machine that is made up: each tester's is another."""
    root = machines.machine(tmp_path, machines.CHRONYD)
    instruments = machines.kernel(machines.UNSYNCHRONISED, machines.at(1_000_000.0))
    assert clock.main(parser().parse_args(["clock", "--root", root]), instruments) is Exit.FAILED
    assert masked(shown(CLOCK)) == masked(capsys.readouterr().out)


@dataclass(frozen=True, slots=True)
class Failed:
    """A failed run of the demonstration's stock page, and where its site was."""

    observation: Observation
    address: str

    def moved(self, text: str) -> str:
        """*text* as if the site had been the pages'."""
        return text.replace(self.address, DEMO_ADDRESS).replace(f"{ROOT}/", "")


@pytest.fixture(scope="module")
def failed() -> Failed:
    with Site(outage=Outage(length=2, period=1, first=0), sleep=lambda _seconds: None) as site:
        settings = Settings((str(ROOT / "demo" / "stock.feature"),), base_url=site.url)
        (job,) = load("stock", settings, Common(interval=60)).jobs
        return Failed(asyncio.run(observe(job)), f"127.0.0.1:{site.port}")


def test_an_alarm_reads_as_the_pages_show(failed: Failed) -> None:
    """The notification, in README and docs/alerts.rst, and the line in the log."""
    lines = [line for block in blocks("text") for line in block.text.splitlines() if "refused: " in line]
    job, told = failed.observation.job, failed.moved(message(failed.observation))
    assert sorted(lines) == [f"collectd_inode: {job.kind}/{job.instance}: passed → failed: {told}", told, told]


def test_the_status_of_jobs_is_as_the_readme_shows(failed: Failed) -> None:
    """Of a job that has failed for a while, and of one that has not."""

    def at(time: str) -> float:
        return datetime.fromisoformat(f"2026-11-{time}").timestamp()

    record = following(None, failed.observation)
    stock = replace(record, since=at("22 03:07:12"), time=at("22 03:18:12"), last_good=at("22 03:06:12"))
    started = at("20 11:31:40"), at("22 03:18:40")
    shop = Record("scenario", "shop", "Browsing the shop", "shop-browsing_the_shop", "", "", "passed", *started, 60)
    found = status.page([shop, stock], at("22 03:18:53"), Style())
    assert shown(STATUS) == failed.moved("\n".join(found))


def test_what_the_doctor_finds_is_as_the_readme_shows() -> None:
    """On a machine that was upgraded, and its environment forgotten."""
    left_behind = home(path=HOME_OF_PACKAGES.replace("3.11", "3.10"), compiled=frozenset({"3.10"}))
    assert shown(DOCTOR) == wrong(folders(left_behind))


def test_the_first_scenario_is_the_shipped_one() -> None:
    """The feature on the first screen is scenarios/webhome.feature, to the letter."""
    assert blocks("gherkin")[0].text + "\n" == (ROOT / "scenarios" / "webhome.feature").read_text(encoding="utf-8")


def test_commands_that_are_not_run_would_be_understood() -> None:
    """Those of shells, cron, Nagios and dashboards.rst have arguments that their parser takes."""
    text = "\n".join(block.text for block in BLOCKS if block.language in ("sh", "text", "yaml"))
    text = re.sub(r"\$ARG\d\$", "10", text).replace("$CI_ENVIRONMENT_URL", "https://www.example.org")
    text += (ROOT / "docs" / "dashboards.rst").read_text(encoding="utf-8")
    ours = re.findall(
        r"^[^`\n]*?(?<![.$/])(?:/opt/collectd-inode/bin/)?collectd-inode ([a-z][^>|\n]*)", text, re.MULTILINE
    )
    assert len(ours) >= 7
    for line in ours:
        assert parser().parse_args(shlex.split(line)).command


def test_what_a_shell_block_names_is_in_the_repository() -> None:
    """Scripts, snippets and scenarios that are to be run or copied exist."""
    text = "\n".join(block.text for block in blocks("sh"))
    named = re.findall(r"(?:^|\s)((?:scripts|conf\.d|scenarios)/[\w./-]+)", text)
    assert len(named) > 4
    assert [path for path in named if not (ROOT / path).exists()] == []


# Configuration --------------------------------------------------------------------------------------------------------


def checked(workspace: Workspace, name: str, text: str) -> Read:
    """What ``collectd-inode check`` finds in a configuration, 00-python.conf before it."""
    path = workspace.folder / name
    loader = workspace.folder / "etc" / "collectd" / "collectd.conf.d" / "00-python.conf"
    write(path, f'Include "{loader}"\n{text}')
    return read(str(path))


@pytest.mark.parametrize("block", [b for b in blocks("apache") if b.path.startswith("/")], ids=lambda block: block.path)
def test_a_configuration_in_the_readme_is_good(workspace: Workspace, block: Block) -> None:
    """Each file in /etc that is shown is read without a mistake or warning, beside the README's own job."""
    ours = next(b.text for b in blocks("apache") if b.path.endswith("inode-shop.conf"))
    text = block.text if block.text == ours else f"{block.text}\n{ours}"
    found = checked(workspace, "block.conf", workspace.moved(text))
    assert (found.problems, found.warnings) == ((), ())
    assert [job.scenario for job in found.jobs if job.kind == "scenario"] == [
        "Somebody who has an account can log in",
        "The Shop page",
        "The Contact page",
    ]
    assert [job.trouble for job in found.jobs if job.trouble] == []


def key_tables() -> list[tuple[list[list[str]], tuple[Key, ...]]]:
    """The README's tables of keys, each with the keys that it must have."""
    of_kinds = (kind.keys for kind in KINDS if kind.keys)
    return list(zip(tables("Configuration"), (MODULE_ONLY, COMMON_KEYS, *of_kinds), strict=True))


def test_every_key_is_in_the_readme_and_no_other() -> None:
    """The keys of <Module>, of all blocks and of each kind's have a row each, and there is no other row."""
    for table, keys in key_tables():
        assert sorted(row[0].split()[0] for row in table) == sorted(key.name for key in keys)
    heads = [p.astext() for p in section("Configuration").findall(nodes.paragraph) if p.astext().startswith("In <")]
    assert [head.split()[1] for head in heads] == [
        "<Module", "<Module", *(f"<{kind.block}" for kind in KINDS if kind.keys)
    ]  # fmt: skip
    without = [kind.block for kind in KINDS if not kind.keys]
    assert [f'<{block} "NAME">' for block in without if f'<{block} "NAME">' in literals()] == [
        f'<{block} "NAME">' for block in without
    ]


def test_what_is_written_in_the_tables_of_keys_is_good(workspace: Workspace) -> None:
    """All rows together, as written, are a configuration without a mistake or warning."""
    module, shared, *own = ("\n".join(row[0] for row in table) for table, _ in key_tables())
    with_keys = iter(own)
    blocks = [
        f'<{kind.block} "shop">\n{shared}\n{next(with_keys) if kind.keys else ""}\n</{kind.block}>' for kind in KINDS
    ]
    sections = "\n".join([module, shared, *blocks])
    text = f"<Plugin python>\n<Module collectd_inode>\n{sections}\n</Module>\n</Plugin>\n"
    found = checked(workspace, "keys.conf", workspace.moved(text))
    assert (found.problems, found.warnings) == ((), ())
    assert [(job.kind, job.scenario or job.name) for job in found.jobs] == [
        ("scenario", "Somebody who has an account can log in"),
        *((kind.plugin, "shop") for kind in KINDS[1:]),
    ]


def test_defaults_are_as_the_readme_says(tmp_path: Path) -> None:
    """To write down what stands under Default changes nothing; and a key is repeatable where its row says so."""
    made = [None, None, *(SETTINGS[kind.block] for kind in KINDS if kind.keys)]
    told = 0
    for (table, keys), settings in zip(key_tables(), made, strict=True):
        by_name = {key.name: key for key in keys}
        for written, default, meaning in table:
            key = by_name[written.split()[0]]
            assert key.repeatable == meaning.endswith("repeatable."), key.name
            if default:
                told += 1
                write(tmp_path / "key.conf", f"{key.name} {default}")
                (node,) = oconfig.read(str(tmp_path / "key.conf"))
                values = {key.name: key.read(node.values)}
                if settings is not None:
                    assert settings(values) == settings({}), key.name
                assert common(values, Common()) == Common(), key.name
                assert values.get("StrictConfig", False) == Configuration().strict
    assert told > 20


def test_no_key_is_named_that_does_not_exist() -> None:
    """What looks like a key, anywhere in the text, is one of ours or a word of collectd's."""
    keys = {key.name for key in (*MODULE_KEYS, *(key for kind in KINDS for key in kind.keys))}
    alone = re.compile(r'<?([A-Z][A-Za-z]+)(?: (?:"[^"]*"|\d+|true|false|N))*>?')
    named = {found[1] for text in literals() if (found := alone.fullmatch(text)) and not found[1].isupper()}
    blocks = {kind.block for kind in KINDS}
    assert named - keys - blocks == OTHERS_WORDS


# Series ---------------------------------------------------------------------------------------------------------------


def test_series_are_named_as_the_readme_says() -> None:
    """The steps of the table, in one scenario, get the series beside them."""
    (table,) = tables("How series are named")
    text = "Feature: F\n  Scenario: S\n" + "".join(f"    * {step}\n" for step, _ in table)
    (scenario,) = feature.parse(text.encode(), "readme.feature").scenarios
    assert [[step.text, step.series] for step in scenario.steps] == table


def identities(job_detail: Detail) -> set[str]:
    """What a scenario with one step that asks the network may send, the step's name being STEP."""
    path = str(ROOT / "scenarios" / "webhome.feature")
    job = load("job", Settings((path,), name="Visiting home", detail=job_detail), Common()).jobs[0]
    plugin = f"scenario-{job.instance}/"
    return {identity.removeprefix(plugin).replace(job.steps[0].series, "STEP") for identity in series(job)}


def test_every_identity_is_in_the_readme() -> None:
    """The tables of identities hold what can be sent, by Detail, and what the plugin sends of itself; nothing else."""
    every, steps, phases, *others, own = ([row[0] for row in table] for table in tables("Identities")[:7])
    assert {*every, *steps} == identities(Detail.STEP) | {"gauge-certificate_days_left-HOST"}
    assert set(phases) == identities(Detail.PHASE) - identities(Detail.STEP)
    assert identities(Detail.STEP) - identities(Detail.SCENARIO) == {"response_time-STEP"}
    assert [{*every, *table} for table in others] == [set(map(generic, series(job))) for job in sample_jobs()]
    sent = health(loop_lag=0, jobs=0, late=0, config_errors=0, time=0)
    assert [f"{HEALTH_PLUGIN}/{name}" for name in own] == [value.identity for value in sent]


SAMPLE = """
<Smarthost "j">
  Server "server"
  PasswordFile "/dev/null"
  Sender "a@b.example"
  Recipient "c@d.example"
</Smarthost>
<NTP "j">
  Server "server"
  PoolScore true
  PoolServer "192.0.2.1"
  Margin "name" 900
</NTP>
<Clock "j">
</Clock>
"""


def sample_jobs() -> Iterable[Job]:
    """A job of each kind but the scenarios', that sends all it can."""
    nodes = oconfig.parse(SAMPLE)
    for kind, node in zip(KINDS[1:], nodes, strict=True):
        assert kind.block == node.key
        values, _ = read_block("", node, kind.keys)
        yield from kind.load("j", values, Common()).jobs


def generic(identity: str) -> str:
    """An identity of a sample job as the README's tables write it."""
    name = identity.partition("/")[2]
    for was, written in (("server", "SERVER"), ("192_0_2_1", "ADDRESS"), ("margin-name", "margin-NAME")):
        name = re.sub(f"(?<=-){was}$", written, name)
    return re.sub("^response_time-.*", "response_time-STEP", name)


def test_every_step_of_a_smarthost_is_in_the_readme() -> None:
    """STEP is one of these."""
    (text,) = (p for p in section("Identities").findall(nodes.paragraph) if p.astext().startswith("Plugin smarthost"))
    assert [node.astext() for node in text.findall(nodes.literal)] == ["smarthost", "STEP", *(s.value for s in Step)]


def test_every_diagnosis_is_in_the_readme() -> None:
    """Each number with its name."""
    (table,) = tables("Why it is wrong")
    assert [row[:2] for row in table] == [[str(int(diagnosis)), diagnosis.words] for diagnosis in Diagnosis]


def test_every_warning_is_in_the_readme() -> None:
    """The table has each code of each kind: those that the code names, of `run`, of days left and of diagnoses."""
    (table,) = tables("Warnings")
    told = {(kind, code) for kind, code, _ in table}
    days = {("smarthost", f"{name}_expiring") for name in ("certificate", "chain", "ca")}
    # Of a clock that is right, or may be; the host is blamed for one that is wrong, which is no warning.
    harmless = set(Diagnosis) - {Diagnosis.OK, Diagnosis.HOST_WRONG}
    named = {(kind.plugin, code) for kind in KINDS for code in warning_codes(kind.plugin)}
    named |= {("scenario", SOFT), ("scenario", EVIDENCE)}
    assert told == named | days | {("clock", diagnosis.code) for diagnosis in harmless}
    assert len(told) == len(table)


def warning_codes(room: str) -> set[str]:
    """The codes that a room's files hand to whatever makes warnings, or return with a sentence."""
    found = set()
    for file in (ROOT / "collectd_inode" / room).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[ast.Constant(str(code)), _, *_]):
                    found |= {code} if name in ("warn", "Warning", "Noticed", "_softly") else set()
                case ast.Tuple(elts=[ast.Constant(str(code)), ast.JoinedStr()]) if file.name == "credentials.py":
                    found.add(code)
    return found


def test_every_cause_is_in_the_readme() -> None:
    """The table of causes has each number with its name."""
    assert [row[:2] for table in tables("Causes") for row in table] == [[str(int(c)), c.word] for c in Cause]


def test_every_status_is_in_the_readme() -> None:
    """The statuses of JSON are named where JSON is told of."""
    assert {status.value for status in Status} <= {node.astext() for node in section("JSON").findall(nodes.literal)}


def test_numbers_in_the_text_are_the_programs() -> None:
    """Limits that a page tells in words or figures are those in the code."""
    said = " ".join(" ".join((ROOT / name).read_text(encoding="utf-8") for name in SHOWN).split())
    assert f"or of more than {feature.MOST_STEPS:,} steps".replace(",", " ") in said
    assert feature.MOST_BYTES == 2**20
    assert "a feature file of more than a megabyte" in said
    assert f"A page of more than {MOST_TAGS:,} tags is cut there".replace(",", " ") in said
    assert PATTERN_SECONDS == 2
    assert "are given two seconds" in said
    assert WATCH_SECONDS * 2 == 10
    assert "within ten seconds after they have changed" in said
    assert f"redirects included; {CERTIFICATES_REPORTED} at most" in said
    assert f"If it is not said: {of_smarthost.SUBMISSION}, and with" in said
    assert f'``TLS "implicit"`` {of_smarthost.SUBMISSIONS}.' in said
    assert [m.name for m in MECHANISMS] == ["PLAIN", "LOGIN", "CRAM-MD5"]
    assert "``PLAIN``, ``LOGIN`` or ``CRAM-MD5``; else the first of these that the server offers" in said
    assert next(kind.least_interval for kind in KINDS if kind.block == "NTP") == of_ntp.INTERVAL == 64
    assert "block that does not say has 64" in said
    assert f"``{of_ntp.Settings(()).pool_url}``" in said
    assert (published.REST, published.STALE) == (300, 3600)
    assert "RSTR end them, for a day" in said
    assert manners.DAY == 86400
    assert score.Step(1).step / (1 - score.KEPT) == pytest.approx(20)
    assert "20 at best" in said
    assert STEP == 5e8
    assert "steps of more than half a second" in said
    assert FRESH_INTERVALS == 3
    assert "a vote not older than three intervals" in said
    assert STALE_INTERVALS == 3
    assert "the job has not run for three intervals" in said
    assert f"one line of at most {MESSAGE_BYTES} bytes" in said
    assert f"An answer of more than {json_pointer.MOST} characters" in said
    assert f"A value of nothing, or of more than {remembering.MOST} characters" in said
    assert f"At most {record.MOST_HOPS} requests are in a transcript (the last)" in said
    assert f"of a form {record.LONGEST_FORM // 1024} KiB" in said
    assert f"of a request's headers {record.LONGEST_HEADERS // 1024} KiB" in said
    assert f"The output is at most {nagios.LIMIT} bytes" in said


# The command line -----------------------------------------------------------------------------------------------------


def options_of(command: Command) -> set[str]:
    """A command's options as its help writes them, but for --help."""
    sub = argparse.ArgumentParser(add_help=False)
    command.module.arguments(sub)
    return {option for action in sub._actions if action.option_strings for option in written(action)}


def written(action: argparse.Action) -> list[str]:
    """An option with what it takes."""
    takes = "" if action.nargs == 0 else f" {action.metavar or '{' + ','.join(action.choices or ()) + '}'}"
    return [f"{option}{takes}" for option in action.option_strings]


def commands_before(table: nodes.paragraph) -> list[str]:
    """The commands that a paragraph of the command line begins with: one with its arguments, or several."""
    named = []
    for node in table.children:
        if isinstance(node, nodes.literal):
            named.append(node.astext().split()[0])
        elif node.astext() != ", ":
            break
    return [name for name in named if name != "collectd-inode"]


def test_every_command_and_option_is_in_the_readme() -> None:
    """Each command has its paragraph and, if it has options, tables of them all, and of no other."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for node in section("Command line").children:
        if isinstance(node, nodes.paragraph):
            current = commands_before(node)
            for name in current:
                found.setdefault(name, [])
        elif isinstance(node, nodes.table):
            for name in current:
                found[name] += [row[0] for row in rows(node)]
    assert {name: sorted(told) for name, told in found.items()} == {
        command.name: sorted(options_of(command)) for command in COMMANDS
    }


def test_no_command_or_option_is_named_that_does_not_exist() -> None:
    """Whatever follows collectd-inode is a command; whatever begins with two hyphens is an option of one."""
    more = ("CHANGELOG.rst", "docs/dashboards.rst", "docs/own-steps.rst")
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in (*SHOWN, *more))
    commands = set(re.findall(r"(?<![.\w])collectd-inode ([a-z][\w-]*)", text))
    assert commands == {command.name for command in COMMANDS}
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))
    ours = {option.split()[0] for command in COMMANDS for option in options_of(command)}
    assert options - ours - {"--help", "--version"} == OTHERS_OPTIONS


def test_every_exit_code_is_in_the_readme() -> None:
    """The table of exit codes has them all."""
    assert [int(row[0]) for table in tables("Exit codes") for row in table] == [code.value for code in Exit]


def test_log_lines_in_the_readme_are_the_programs() -> None:
    """What the README quotes of our log stands in the code, what differs from case to case aside."""
    code = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "collectd_inode").rglob("*.py")))
    named = [node.astext() for node in section("Trouble shooting").findall(nodes.literal)]
    lines = [line.removeprefix("collectd_inode: ") for line in named if line.startswith("collectd_inode: ")]
    assert len(lines) >= 3
    for line in lines:
        assert line.split("…")[0].split(": No module")[0].strip() in code, line


# Other pages ----------------------------------------------------------------------------------------------------------


def test_the_api_s_feature_is_the_one_that_is_tried() -> None:
    """That of docs/features.rst, in tests/scenario/test_beyond_requests.py; it wants a server of its own."""
    tree = ast.parse((ROOT / "tests" / "scenario" / "test_beyond_requests.py").read_text(encoding="utf-8"))
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    (orders,) = (node.value for node in assigned if ast.unparse(node.targets[0]) == "ORDERS")
    (shown,) = (block.text for block in BLOCKS if block.path == "order.feature")
    steps = shown.partition("Scenario: Order\n")[2]
    assert stripped(steps) == stripped(ast.literal_eval(orders))


def test_what_looks_like_a_secret_and_like_a_body_is_on_the_page() -> None:
    """The words of docs/features.rst; and what may stand after the quotes of a doc string."""
    said = " ".join((ROOT / "docs" / "features.rst").read_text(encoding="utf-8").split())
    parts = re.search("what has ([a-z, ]+) in its own name or .* or is called ([a-z, ]+)[.]  ?", said)
    assert parts is not None
    within, whole = (re.split(", | or ", part) for part in parts.groups())
    assert [word for word in within if not looks_secret(f"my_{word}_too")] == []
    assert [word for word in whole if not looks_secret(word) or looks_secret(f"my_{word}_too")] == []
    assert (len(within), len(whole)) == (12, 6)
    bodies = re.search(r'``"""json`` \(also (.*?), or a media type in full\)', said)
    assert bodies is not None
    assert {"json", *re.findall(r"``(\w+)``", bodies[1])} == set(requests.MEDIA_TYPES)


def stripped(text: str) -> list[str]:
    """The lines that are not empty, without their indentation."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_a_plugin_s_states_are_in_the_page() -> None:
    """Exit code and name of each."""
    (table,) = tables("Plugins", "docs/nagios.rst")
    assert [row[:2] for row in table] == [[str(int(state)), state.name] for state in nagios.State]


def test_ranges_alarm_as_the_page_says() -> None:
    """Each row's words, held against numbers."""
    (table,) = tables("Thresholds", "docs/nagios.rst")
    assert len(table) == 5
    for text, alarms, _ in table:
        low, high = re.search(r"(?:below|from) (\d+)", alarms), re.search(r"(?:above|to) (\d+)", alarms)
        for number in (-20, -1, 0, 0.5, 1, 1.5, 2, 3, 10, 15, 20, 21):
            below, above = low is not None and number < int(low[1]), high is not None and number > int(high[1])
            expected = not (below or above) if "included" in alarms else below or above
            assert ranges.parsed(text).alarms(number) is expected, (text, number)


WAYS = {"Max": "(?:above|beyond)", "Min": "(?:below|beyond)"}


def test_limits_are_those_of_the_shipped_thresholds() -> None:
    """The page's table says of each block of conf.d/thresholds.conf what its limits are, and how often in a row."""
    (table,) = tables("Thresholds", "docs/alerts.rst")
    told = {re.sub("(NAME|SERVER)$", "", row[0]): " ".join(row[1:]) for row in table}
    met = set()
    (threshold,) = (node for node in oconfig.read(str(ROOT / "conf.d" / "thresholds.conf")) if node.children)
    for block in (block for plugin in threshold.children for block in plugin.children):
        said = {child.key: child.values[0] for child in block.children}
        series = f"{block.values[0]}-{said['Instance']}".removeprefix("gauge-")
        (name,) = (name for name in told if series.startswith(name))
        met.add(name)
        for key, value in said.items():
            if limit := re.fullmatch("(Warning|Failure)(Max|Min)", key):
                assert re.search(rf"{WAYS[limit[2]]} {abs(float(value)):g}\b", told[name]), (series, key)
                assert limit[1].upper() in told[name]
        assert ("Hits" not in said) or ("third in a row" in told[name] and said["Hits"] == 1), series
        assert said["Interesting"] is False
    assert met == set(told)


def test_what_pages_name_is_in_the_repository() -> None:
    """Whatever looks like a path of ours is one."""
    folders = "conf.d|alerts|dashboards|scripts|benchmarks|docs|scenarios|tests|demo"
    named = [text for text in literals() if re.fullmatch(rf"(?:sh )?(?:{folders})/[\w./*-]*", text)]
    assert len(named) > 12
    assert [text for text in named if not list(ROOT.glob(text.removeprefix("sh ").rstrip("/")))] == []


def pages() -> Iterator[Path]:
    """Everything that is to be read."""
    for folder in ("", "docs"):
        yield from (ROOT / folder).glob("*.rst")


# The page itself ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(str(path.relative_to(ROOT)) for path in pages()))
def test_pages_are_valid(name: str) -> None:
    """docutils finds nothing to complain of in a page."""
    assert tree_of((ROOT / name).read_text(encoding="utf-8"))[1] == ""


@pytest.mark.parametrize("name", SHOWN)
def test_links_lead_somewhere(name: str) -> None:
    """A link without a scheme is a page of ours, and what is behind the # a heading on it; the README has all."""
    found = TREES[name].findall(nodes.reference)
    links = {node["refuri"] for node in found if ":" not in node.get("refuri", ":")}
    for link in links:
        page, _, heading = link.partition("#")
        tree, _ = tree_of(((ROOT / name).parent / page).read_text(encoding="utf-8"))
        assert not heading or heading in tree.ids, link
    if name == "README.rst":
        assert {link.partition("#")[0] for link in links} == {
            f"docs/{file.name}" for file in (ROOT / "docs").glob("*.rst")
        }


def test_every_kind_s_pictures_are_told() -> None:
    """As many as there are, of each kind; and what ``graph`` does unless it is told otherwise."""
    (table,) = tables("What is drawn", "docs/pictures.rst")
    assert {kind: len(told.split(";")) for kind, told in table} == {k: len(p) for k, p in graphs.PICTURES.items()}
    options = parser().parse_args(["graph"])
    (last, out) = (
        row[1] for name in ("--last", "--out") for t in tables("Command line") for row in t if name in row[0]
    )
    assert last.endswith(options.last.text)
    assert out.endswith(str(options.out))


def test_pictures_are_there_and_can_be_made_again() -> None:
    """Each picture of the README is a PNG in docs/ that scripts/pictures makes; docs/ holds no other."""
    shown = {node["uri"] for node in TREE.findall(nodes.image)}
    assert shown == {f"docs/{name}" for name in os.listdir(ROOT / "docs") if not name.endswith(".rst")}
    script = (ROOT / "scripts" / "pictures").read_text(encoding="utf-8")
    for name in shown:
        assert (ROOT / name).read_bytes().startswith(b"\x89PNG")
        assert name in script


def test_the_changelog_tells_of_this_version() -> None:
    """The newest heading of CHANGELOG.rst is the version that the package says it has."""
    page, _ = tree_of((ROOT / "CHANGELOG.rst").read_text(encoding="utf-8"))
    titles = [section[0].astext() for section in page.findall(nodes.section)]
    assert any(title.split()[0] == __version__ for title in titles)
