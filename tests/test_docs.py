"""What a user reads is true: the pages' commands are run, their configuration is read, their tables are the program's.

Of the README and every page below docs/; a page that another file tests is in ``ELSEWHERE``.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import importlib
import json
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
import trustme
from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.parsers.rst.directives import register_directive

from collectd_inode import __version__, oconfig
from collectd_inode.browser import record
from collectd_inode.cli import COMMANDS, Command, clock, parser, status
from collectd_inode.cli.configured import Configured, read
from collectd_inode.cli.terminal import Exit
from collectd_inode.clock.diagnosis import Diagnosis
from collectd_inode.clock.steps import STEP
from collectd_inode.clock.votes import FRESH_INTERVALS
from collectd_inode.config import Configuration
from collectd_inode.keys import (
    COMMON_KEYS,
    MODULE_KEYS,
    BlockSettings,
    FileRole,
    Key,
    ModuleSettings,
    filled,
    read_block,
)
from collectd_inode.kinds import KINDS
from collectd_inode.model import EVIDENCE, SOFT, Detail, Door, Job, Observation, Phase, Status
from collectd_inode.ntp import manners, published, score
from collectd_inode.ntp import settings as of_ntp
from collectd_inode.observing import observe
from collectd_inode.page.limits import MOST_TAGS
from collectd_inode.report import nagios, page_tables, ranges, reference
from collectd_inode.report.notification import MESSAGE_BYTES, message
from collectd_inode.report.record import STALE_INTERVALS, Record, following
from collectd_inode.report.style import Style
from collectd_inode.report.values import HEALTH_PLUGIN, health, series
from collectd_inode.runner import WATCH_SECONDS
from collectd_inode.scenario import feature, json_pointer, remembering, requests
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.overlooked import OVERLOOKED, PAGE_ERROR
from collectd_inode.scenario.patterns import PATTERN_SECONDS
from collectd_inode.scenario.settings import Settings
from collectd_inode.secrets.names import looks_secret
from collectd_inode.smarthost import jobs as smarthost_jobs
from collectd_inode.smarthost import settings as of_smarthost
from collectd_inode.smarthost.dialogue import SmtpStep
from collectd_inode.smarthost.mechanisms import MECHANISMS
from demo import unpacked
from demo.site import PASSWORD, Outage, Site
from tests.helpers import machines
from tests.helpers.chrony import chronyd
from tests.helpers.exim import NAME, smarthost
from tests.helpers.healthy import HOME as HOME_OF_PACKAGES
from tests.helpers.healthy import folders, home, wrong
from tests.helpers.pages import tree_of
from tests.helpers.places import ROOT
from tests.helpers.ports import free_udp_port

KEYS_PAGE = (ROOT / "docs" / "reference" / "keys.rst").read_text(encoding="utf-8")
ELSEWHERE = {
    "docs/explanation/smarthost-faults.rst": "tests/smarthost/test_faults.py",
    "docs/how-to/dashboards.rst": "tests/dashboards/test_dashboards_live.py",
    "docs/how-to/exim-leaf.rst": "tests/smarthost/test_exim.py",
    "docs/how-to/postfix-leaf.rst": "tests/smarthost/test_postfix.py",
    "docs/how-to/smarthost-oauth.rst": "tests/smarthost/test_oauth.py",
    "docs/how-to/own-steps.rst": "tests/scenario/test_own_steps.py",
    "docs/reference/browser-rules.rst": "tests/browser/test_rules.py",
    "docs/how-to/thresholds.rst": "tests/cli/test_thresholds.py",
    "docs/how-to/why.rst": "tests/cli/test_why.py",
    "docs/how-to/wordpress.rst": "tests/scenario/test_wordpress.py",
    "docs/reference/vocabulary.rst": "tests/report/test_vocabulary.py",
    "docs/tutorial.rst": "tests/test_tutorial.py",
}
"""Pages whose blocks of code are run or read by another file of tests, and that file."""
BOOK = tuple(sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.rst")))
"""Every page below docs/."""
PAGES = (*sorted(path.name for path in ROOT.glob("*.rst")), *BOOK)
"""Everything that is to be read."""
INSIDE = {f"docs/explanation/{name}.rst" for name in ("architecture", "decisions", "glossary")}
"""Pages on the code: they show no commands, and name what a user does not meet."""
SHOWN = ("README.rst", *(name for name in BOOK if name not in ELSEWHERE and name not in INSIDE))
"""The pages whose blocks of code are run or read here."""
DEMO_ADDRESS = "127.0.0.1:8080"
"""Where the pages' site is."""
HOME = "/root"
"""Where their reader stands."""
CLOCK, STATUS, DOCTOR = "collectd-inode clock", "collectd-inode status", "collectd-inode doctor | grep -v ^OK"
"""Of what cannot be the same everywhere: this machine's clock, what a daemon has known, what is installed."""
FLEET = "collectd-inode status --fleet"
"""It is compared in tests/cli/test_fleet.py."""

OTHERS_WORDS = {
    "CPUWeight", "CacheFlush", "CacheTimeout", "DeleteSocket", "Encrypt", "Exec", "FailureMin", "FlushInterval",
    "HeartBeat", "Hits", "StepSize",
    "Hostname", "Import", "InodeConfigErrors", "InodeDown", "InodeDownForMost", "InodeSilent", "InodeThreshold",
    "InodeUplink", "Instance", "Interesting", "MaxPacketSize", "MemoryMax", "Module", "ModulePath", "ProtectClock",
    "SAMLResponse", "Type", "TypesDB", "WarningMax", "WriteQueueLimitHigh", "WriteThreads", "WritesPerSecond",
}  # fmt: skip
OTHERS_OPTIONS = {
    "--create-home", "--disable-timesync", "--download", "--editable", "--home-dir", "--hypothesis-profile",
    "--network", "--now", "--offline", "--set", "--shell", "--since", "--spool", "--system", "--upgrade",
}  # fmt: skip


# Reading the pages ----------------------------------------------------------------------------------------------------


class TocTree(Directive):
    """Sphinx' table of contents: what it names, for the test that looks whether it names every page."""

    has_content = True
    option_spec: ClassVar = {"caption": str, "glob": lambda _: True, "maxdepth": int}

    def run(self) -> list[nodes.Node]:
        """One literal a line."""
        return [nodes.paragraph("", "", *(nodes.inline("", line, classes=["toctree"]) for line in self.content))]


class Documented(Directive):
    """What autodoc shows of an object, which must be there; its options are Sphinx' affair."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Its name."""
        module, _, name = self.arguments[0].removesuffix("()").rpartition(".")
        assert hasattr(importlib.import_module(module), name), self.arguments[0]
        return [nodes.paragraph("", self.arguments[0])]


class Class(Documented):
    """Of a class: with its members, or without."""

    option_spec: ClassVar = {"members": str, "undoc-members": str}


register_directive("toctree", TocTree)
register_directive("autofunction", Documented)
register_directive("autoclass", Class)
register_directive("autoexception", Class)


TREES = {name: tree_of((ROOT / name).read_text(encoding="utf-8"))[0] for name in SHOWN}


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


def section(title: str, page: str = "") -> nodes.Element:
    """The page of this title; or what stands under this heading, which only one page has, or *page* has."""
    trees = [TREES[page]] if page else list(TREES.values())
    found: list[nodes.Element] = [tree for tree in trees if headed(tree) == title]
    found = found or [part for tree in trees for part in tree.findall(nodes.section) if headed(part) == title]
    assert len(found) == 1, f"{len(found)} headings {title}"
    return found[0]


def headed(part: nodes.Element) -> str:
    """The heading of a page or section."""
    first = next(iter(part.findall(nodes.title)), None)
    return first.astext() if first is not None and first.parent is part else ""


def tables(title: str, page: str = "") -> list[list[list[str]]]:
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
    """Where the pages' reader stands: its files, the shipped scenarios, secrets, and servers to ask."""

    folder: Path
    address: str
    smtp: int
    ntp: int
    """The ports of the servers that must be told by port, here."""

    def moved(self, text: str) -> str:
        """*text* with paths below this folder in place of the machine's, and this site's address."""
        return re.sub(r'"/(etc|var|usr/local)/', rf'"{self.folder}/\1/', text).replace(DEMO_ADDRESS, self.address)

    def run(self, command: str) -> str:
        """What a command prints, on both streams, as on the pages' machine."""
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
        """The pages' names lead to loopback; and no Debian-exim is known, whose rights would be looked at."""
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
        ntp = free_udp_port()
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
            **{f"etc/collectd/scenarios/{name}": text for name, text in files.items() if name.endswith(".feature")},
            "etc/collectd/scenarios/shop.feature": shop,
            "etc/collectd/scenarios/shop/shop.feature": shop,
            "etc/collectd/scenarios/steps/shop.py": files["steps/shop.py"],
            "etc/collectd/collectd.conf.d/00-python.conf": (ROOT / "conf.d" / "00-python.conf").read_text("utf-8"),
        }
        for path, text in files.items():
            write(folder / path.lstrip("/"), text)
        for secret in folder.glob("**/secrets/*"):
            secret.chmod(0o600)
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
    """What the pages' CACert, ClientCert and ClientKey name."""
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


SESSIONS = [block for block in blocks("console") if commands(block)[0][0] not in (CLOCK, STATUS, DOCTOR, FLEET)]


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
    """What a page shows of a command that stands alone in its block."""
    (printed,) = (printed for block in blocks("console") for was, printed in commands(block) if was == command)
    return printed


def test_the_clock_s_page_is_as_the_book_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
        (job,) = load("stock", settings, BlockSettings(interval=60)).jobs
        return Failed(asyncio.run(observe(job)), f"127.0.0.1:{site.port}")


def test_an_alarm_reads_as_the_pages_show(failed: Failed) -> None:
    """The notification, on the pages on alarms, and the line in the log."""
    shown: dict[str, str] = {}
    for block in blocks("text"):
        if "refused: " in block.text:
            shown[block.page] = f"{shown.get(block.page, '')} {' '.join(block.text.split())}".strip()
    job, told = failed.observation.job, failed.moved(message(failed.observation))
    logged = shown.pop("docs/how-to/troubleshooting.rst")
    assert logged == f"collectd_inode: {job.kind}/{job.instance}: passed → failed: {told}"
    assert set(shown) >= {"README.rst", "docs/explanation/alarm.rst", "docs/how-to/alerts.rst"}
    assert [page for page, text in shown.items() if told not in text] == []


def test_the_status_of_jobs_is_as_the_book_shows(failed: Failed) -> None:
    """Of a job that has failed for a while, and of one that has not."""

    def at(time: str) -> float:
        return datetime.fromisoformat(f"2026-11-{time}").timestamp()

    record = following(None, failed.observation)
    stock = replace(record, since=at("22 03:07:12"), time=at("22 03:18:12"), last_good=at("22 03:06:12"))
    started = at("20 11:31:40"), at("22 03:18:40")
    shop = Record("scenario", "shop", "Browsing the shop", "shop-browsing_the_shop", "", "", "passed", *started, 60)
    found = status.page([shop, stock], at("22 03:18:53"), Style())
    assert shown(STATUS) == failed.moved("\n".join(found))


def test_what_the_doctor_finds_is_as_the_book_shows() -> None:
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
    text += (ROOT / "docs" / "how-to" / "dashboards.rst").read_text(encoding="utf-8")
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


def checked(workspace: Workspace, name: str, text: str) -> Configured:
    """What ``collectd-inode check`` finds in a configuration, 00-python.conf before it."""
    path = workspace.folder / name
    loader = workspace.folder / "etc" / "collectd" / "collectd.conf.d" / "00-python.conf"
    write(path, f'Include "{loader}"\n{text}')
    return read(str(path))


@pytest.mark.parametrize("block", [b for b in blocks("apache") if b.path.startswith("/")], ids=lambda block: block.path)
def test_a_configuration_in_the_readme_is_good(workspace: Workspace, block: Block) -> None:
    """Each file in /etc that is shown is read without a mistake or warning, beside the first page's own job."""
    ours = next(b.text for b in blocks("apache") if b.path.endswith("inode-shop.conf"))
    text = block.text if block.text == ours else f"{block.text}\n{ours}"
    found = checked(workspace, "block.conf", workspace.moved(text))
    assert (found.problems, found.warnings) == ((), ())
    assert {job.scenario for job in found.jobs} >= {
        "Somebody who has an account can log in",
        "The Shop page",
        "The Contact page",
    }
    assert [job.trouble for job in found.jobs if job.trouble] == []


def key_tables() -> list[tuple[list[list[str]], tuple[Key, ...]]]:
    """The tables of keys, each with the keys that it must have."""
    of_kinds = (kind.keys for kind in KINDS if kind.keys)
    return list(zip(tables("Keys"), (MODULE_KEYS, COMMON_KEYS, *of_kinds), strict=True))


def test_every_key_is_in_the_readme_and_no_other() -> None:
    """Each table stands below its heading."""
    heads = [p.astext() for p in section("Keys").findall(nodes.paragraph) if p.astext().startswith("In <")]
    assert [head.split()[1] for head in heads] == [
        "<Module", "<Module", *(f"<{kind.block}" for kind in KINDS if kind.keys)
    ]  # fmt: skip
    without = [kind.block for kind in KINDS if not kind.keys]
    assert [f'<{block} "NAME">' for block in without if f'<{block} "NAME">' in literals()] == [
        f'<{block} "NAME">' for block in without
    ]


@pytest.mark.parametrize("name", reference.PAGES)
def test_a_page_of_the_reference_has_the_tables_of_the_code_s_rows(name: str) -> None:
    """``sh scripts/keys`` writes them; each stands on the page."""
    page = (ROOT / "docs" / "reference" / f"{name}.rst").read_text(encoding="utf-8")
    for of, table in reference.PAGES[name]().items():
        assert page_tables.marked(of, table) in page, f"sh scripts/keys: {of}"
    assert reference.written_into(name, page) == page


def of_engine(engine: str, table: list[list[str]], keys: tuple[Key, ...]) -> str:
    """The rows of a table of keys that go together with an engine."""
    engines = {key.name: key.engines for key in keys}
    rows = (row[0] for row in table if engine in engines[row[0].split()[0]])
    return "\n".join(f'Engine "{engine}"' if row.startswith("Engine ") else row for row in rows)


def test_what_is_written_in_the_tables_of_keys_is_good(workspace: Workspace) -> None:
    """All rows together, as written, are a configuration without a mistake or warning."""
    module, shared, *own = (of_engine("plain", table, keys) for table, keys in key_tables())
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


def test_the_keys_of_the_other_engine_are_good(workspace: Workspace, tmp_path: Path) -> None:
    """Those of a browser, in a file that is no collectd.conf: it does not run inside collectd."""
    table, keys = key_tables()[2]
    block = of_engine("chromium", table, keys).replace('Vocabulary "legacy"', "")
    path = tmp_path / "keys.conf"
    write(path, f'<Scenario "shop">\n{workspace.moved(block)}\n</Scenario>\n')
    made = Configuration(Door.SERVE)
    assert made.section(oconfig.Node("Module", (), tuple(oconfig.read(str(path))))) == []
    assert [(block.settings.engine, block.common.interval) for block in made.blocks] == [("chromium", 300.0)]


def test_defaults_are_as_the_book_says(tmp_path: Path) -> None:
    """To write down what stands under Default changes nothing."""
    made = [ModuleSettings(), BlockSettings(), *(kind.settings({}) for kind in KINDS if kind.keys)]
    told = 0
    for (table, keys), settings in zip(key_tables(), made, strict=True):
        by_name = {key.name: key for key in keys}
        for written, default, _meaning in table:
            key = by_name[written.split()[0]]
            if default:
                told += 1
                write(tmp_path / "key.conf", f"{key.name} {default}")
                (node,) = oconfig.read(str(tmp_path / "key.conf"))
                assert filled(settings, {key.name: key.read(node.values)}) == settings, key.name
    assert told > 20


def test_what_is_a_path_says_so() -> None:
    """Whether collectd's user may read or write it is looked at by ``doctor``."""
    keys = [key for _, keys in key_tables() for key in keys]
    paths = {key.name for key in keys if re.search(r'"/\S*"$', key.example)}
    assert paths == {key.name for key in keys if key.file is not FileRole.NONE}
    assert len(paths) > 8


def test_no_key_is_named_that_does_not_exist() -> None:
    """What looks like a key, anywhere in the text, is one of ours or a word of collectd's."""
    keys = {key.name for key in (*MODULE_KEYS, *COMMON_KEYS, *(key for kind in KINDS for key in kind.keys))}
    alone = re.compile(r'<?([A-Z][A-Za-z]+)(?: (?:"[^"]*"|\d+|true|false|N))*>?')
    named = {found[1] for text in literals() if (found := alone.fullmatch(text)) and not found[1].isupper()}
    blocks = {kind.block for kind in KINDS}
    assert named - keys - blocks == OTHERS_WORDS


# Series ---------------------------------------------------------------------------------------------------------------


def test_series_are_named_as_the_book_says() -> None:
    """The steps of the table, in one scenario, get the series beside them."""
    (table,) = tables("How series are named")
    text = "Feature: F\n  Scenario: S\n" + "".join(f"    * {step}\n" for step, _ in table)
    (scenario,) = feature.parse(text.encode(), "readme.feature").scenarios
    assert [[step.text, step.series] for step in scenario.steps] == table


def identities(job_detail: Detail, engine: str = "plain") -> set[str]:
    """What a scenario with one step that asks the network may send, the step's name being STEP."""
    path = str(ROOT / "scenarios" / "webhome.feature")
    job = load("job", Settings((path,), name="Visiting home", detail=job_detail, engine=engine), BlockSettings()).jobs[
        0
    ]
    plugin = f"scenario-{job.instance}/"
    return {identity.removeprefix(plugin).replace(job.steps[0].series, "STEP") for identity in series(job)}


def test_every_identity_is_in_the_book() -> None:
    """The rows hold what can be sent, by Detail, and what the plugin sends about itself; nothing else."""
    every, steps, phases, seen, *others, own = ([row.name for row in rows] for rows in reference.series().values())
    assert [row[0] for row in tables("Identities")[0]] == [*(kind.plugin for kind in KINDS), HEALTH_PLUGIN]
    assert {*every, *steps} == identities(Detail.STEP) | {"gauge-certificate_days_left-HOST"}
    assert set(phases) == identities(Detail.PHASE) - identities(Detail.STEP)
    assert identities(Detail.STEP) - identities(Detail.SCENARIO) == {"response_time-STEP"}
    assert set(seen) == identities(Detail.PHASE, "chromium") - identities(Detail.PHASE)
    assert identities(Detail.PHASE) - identities(Detail.PHASE, "chromium") == {
        f"duration-{of}{phase.value}" for phase in Phase for of in ("", "STEP-")
    }
    assert [{*every, *table} for table in others] == [set(map(generic, series(job))) for job in sample_jobs()]
    sent = health(loop_lag=0, jobs=0, late=0, config_errors=0, time=0, lost=0)
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
<Quorum "j">
  Job "scenario/j"
</Quorum>
"""


def sample_jobs() -> Iterable[Job]:
    """A job of each kind but the scenarios', that sends all it can."""
    nodes = oconfig.parse(SAMPLE)
    for kind, node in zip(KINDS[1:], nodes, strict=True):
        assert kind.block == node.key
        values, _ = read_block("", node, kind.keys)
        yield from kind.load("j", kind.settings(values), BlockSettings(door=Door.EMBEDDED)).jobs


def generic(identity: str) -> str:
    """An identity of a sample job as the page's tables write it."""
    name = identity.partition("/")[2]
    for was, written in (("server", "SERVER"), ("192_0_2_1", "ADDRESS"), ("margin-name", "margin-NAME")):
        name = re.sub(f"(?<=-){was}$", written, name)
    return re.sub("^response_time-.*", "response_time-STEP", name)


def test_every_step_of_a_smarthost_is_in_the_book() -> None:
    """STEP is one of these."""
    (text,) = (p for p in section("Identities").findall(nodes.paragraph) if p.astext().startswith("Plugin smarthost"))
    assert [node.astext() for node in text.findall(nodes.literal)] == [
        "smarthost",
        "STEP",
        *(s.value for s in SmtpStep),
    ]


def test_every_diagnosis_is_in_the_book() -> None:
    """Each number with its name."""
    (table,) = tables("Why it is wrong")
    assert [row[:2] for row in table] == [[str(int(diagnosis)), diagnosis.words] for diagnosis in Diagnosis]


def test_every_warning_is_in_the_book() -> None:
    """The rows have each code of each kind: those that the code names, of `run`, of days left and of diagnoses."""
    of_kinds = {kind.plugin: reference.warnings()[kind.plugin] for kind in KINDS}
    table = [(plugin, row.code) for plugin, rows in of_kinds.items() for row in rows]
    told = set(table)
    days = {("smarthost", f"{name}_expiring") for name in ("certificate", "chain", "ca")}
    # Of a clock that is right, or may be; the host is blamed for one that is wrong, which is no warning.
    harmless = set(Diagnosis) - {Diagnosis.OK, Diagnosis.HOST_WRONG}
    named = {(kind.plugin, code) for kind in KINDS for code in warning_codes(kind.plugin)}
    named |= {("scenario", code) for room in ("browser", "chromium") for code in warning_codes(room)}
    named |= {("scenario", code) for code in (SOFT, EVIDENCE, OVERLOOKED, PAGE_ERROR)}
    assert told == named | days | {("clock", diagnosis.code) for diagnosis in harmless}
    assert len(told) == len(table)


WARNERS = ("warn", "_warn", "Warning", "Noticed", "_softly")


def warning_codes(room: str) -> set[str]:
    """The codes that a room's files hand to whatever makes warnings, or return with a sentence."""
    found: set[str] = set()
    for file in (ROOT / "collectd_inode" / room).glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        constants = {
            target.id: one.value.value
            for one in tree.body
            if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant) and isinstance(one.value.value, str)
            for target in one.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[ast.Constant(str(code)), _, *_]):
                    found |= {code} if name in WARNERS else set()
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[ast.Name(id=code), _, *_]):
                    found |= {constants[code]} if name in WARNERS and code in constants else set()
                case ast.Tuple(elts=[ast.Constant(str(code)), ast.JoinedStr()]) if file.name == "credentials.py":
                    found.add(code)
    return found


def test_every_status_is_in_the_book() -> None:
    """The statuses of JSON are named where JSON is told of."""
    assert {status.value for status in Status} <= {node.astext() for node in section("JSON").findall(nodes.literal)}


def test_numbers_in_the_text_are_the_programs() -> None:
    """Limits that a page tells in words or figures are those in the code."""
    said = " ".join(" ".join((ROOT / name).read_text(encoding="utf-8") for name in SHOWN).split())
    assert f"a megabyte and {feature.MOST_STEPS:,} steps".replace(",", " ") in said
    assert feature.MOST_BYTES == 2**20
    assert "those of a feature file are a megabyte" in said
    assert f"A page is cut after {MOST_TAGS:,} tags".replace(",", " ") in said
    assert PATTERN_SECONDS == 2
    assert "and selectors, have two seconds" in said
    assert WATCH_SECONDS * 2 == 10
    assert "take effect within ten seconds" in said
    assert f"Default: {of_smarthost.SUBMISSION}; with" in said
    assert f'``TLS "implicit"`` {of_smarthost.SUBMISSIONS}.' in said
    assert [m.name for m in MECHANISMS] == ["PLAIN", "LOGIN", "CRAM-MD5"]
    assert "``PLAIN``, ``LOGIN`` or ``CRAM-MD5``; default: the first of these that the server offers" in said
    assert [kind.default_interval for kind in KINDS if kind.default_interval] == [64]
    assert "default of ``Interval`` here: 64" in said
    assert f"``{of_ntp.Settings().pool_url}``" in said
    assert (published.REST, published.STALE) == (300, 3600)
    assert "RSTR stop the queries for a day" in said
    assert manners.DAY == 86400
    assert score.ScoreStep(1).step / (1 - score.KEPT) == pytest.approx(20)
    assert "is at most 20" in said
    assert STEP == 5e8
    assert "steps of more than half a second" in said
    assert FRESH_INTERVALS == 3
    assert "by a vote of the last three intervals" in said
    assert STALE_INTERVALS == 3
    assert "the job has not run for three intervals" in said
    assert f"one line of at most {MESSAGE_BYTES} bytes" in said
    assert f"an answer of more than {json_pointer.MOST} characters" in said
    assert f"An empty value, or one of more than {remembering.MOST} characters" in said
    assert f"A transcript has the last {record.MOST_HOPS} requests" in said
    assert f"at most {record.LONGEST_FORM // 1024} KiB of a form" in said
    assert f"{record.LONGEST_HEADERS // 1024} KiB of a request's headers" in said
    assert f"The output is at most {nagios.LIMIT} bytes" in said


# The command line -----------------------------------------------------------------------------------------------------


def options_of(command: Command) -> set[str]:
    """A command's options as its help writes them, but for --help."""
    sub = argparse.ArgumentParser(add_help=False)
    command.module.arguments(sub)
    return {option for action in sub._actions if action.option_strings for option in written(action)}


def written(action: argparse.Action) -> list[str]:
    """An option with what it takes."""
    choices = "{" + ",".join(action.choices) + "}" if action.choices else action.dest.upper()
    takes = "" if action.nargs == 0 else f" {action.metavar or choices}"
    # The first of the long ones, if there are any.
    return [f"{option}{takes}" for option in sorted(action.option_strings, key=lambda o: not o.startswith("--"))[:1]]


def commands_before(table: nodes.paragraph) -> list[str]:
    """The commands that a paragraph of the command line begins with: one with its arguments, or several."""
    named = []
    for node in table.children:
        if isinstance(node, nodes.literal):
            named.append(node.astext().split()[0])
        elif node.astext() != ", ":
            break
    return [name for name in named if name != "collectd-inode"]


def test_every_command_and_option_is_in_the_book() -> None:
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
    more = ("CHANGELOG.rst", "docs/how-to/dashboards.rst", "docs/how-to/own-steps.rst")
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in (*SHOWN, *more))
    commands = set(re.findall(r"(?<![.\w])collectd-inode ([a-z][\w-]*)", text))
    assert commands == {command.name for command in COMMANDS}
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))
    ours = {option.split()[0] for command in COMMANDS for option in options_of(command)}
    assert options - ours - {"--help", "--version", "--no-color", "--color", "--dry-run"} == OTHERS_OPTIONS


def test_every_exit_code_is_in_the_book() -> None:
    """The table of exit codes has them all."""
    assert [int(row[0]) for table in tables("Exit codes") for row in table] == [code.value for code in Exit]


def test_log_lines_in_the_readme_are_the_programs() -> None:
    """What a page quotes of our log stands in the code, what differs from case to case aside."""
    files = [*sorted((ROOT / "collectd_inode").rglob("*.py")), ROOT / "stub" / "collectd_inode.py"]
    code = "".join(path.read_text(encoding="utf-8") for path in files)
    named = [node.astext() for node in section("Trouble shooting").findall(nodes.literal)]
    lines = [line.removeprefix("collectd_inode: ") for line in named if line.startswith("collectd_inode: ")]
    assert len(lines) >= 3
    for line in lines:
        assert line.split("…")[0].split(": No module")[0].strip() in code, line


# Other pages ----------------------------------------------------------------------------------------------------------


def test_the_api_s_feature_is_the_one_that_is_tried() -> None:
    """That of docs/how-to/api.rst, in tests/scenario/test_requests.py; it wants a server of its own."""
    tree = ast.parse((ROOT / "tests" / "scenario" / "test_requests.py").read_text(encoding="utf-8"))
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    (orders,) = (node.value for node in assigned if ast.unparse(node.targets[0]) == "ORDERS")
    (shown,) = (block.text for block in BLOCKS if block.path == "order.feature")
    steps = shown.partition("Scenario: Order\n")[2]
    assert stripped(steps) == stripped(ast.literal_eval(orders))


def test_what_looks_like_a_secret_and_like_a_body_is_on_the_page() -> None:
    """The words of docs/how-to/api.rst; and what may stand after the quotes of a doc string."""
    said = " ".join((ROOT / "docs" / "how-to" / "api.rst").read_text(encoding="utf-8").split())
    parts = re.search(r"values with ([a-z, ]+) in their own name or .*?; - values with the name ([a-z, ]+)\.", said)
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
    (table,) = tables("Plugins", "docs/how-to/nagios.rst")
    assert [row[:2] for row in table] == [[str(int(state)), state.name] for state in nagios.ServiceState]


def test_ranges_alarm_as_the_page_says() -> None:
    """Each row's words, held against numbers."""
    (table,) = tables("Thresholds", "docs/how-to/nagios.rst")
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
    (table,) = tables("Thresholds", "docs/how-to/alerts.rst")
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


def test_every_test_that_a_page_names_exists() -> None:
    """``tests/x/test_y.py::test_z``: a promise is as good as its test."""
    named = [text.partition("::") for text in literals() if re.fullmatch(r"tests/[\w/]+\.py::\w+", text)]
    sources = {file: (ROOT / file).read_text(encoding="utf-8") for file, _, _ in named}
    assert len(named) > 50
    assert [f"{file}::{name}" for file, _, name in named if f"def {name}(" not in sources[file]] == []


def test_every_promise_names_a_test() -> None:
    """Each term of the page's lists has one below it."""
    items = list(TREES["docs/explanation/reliability.rst"].findall(nodes.definition_list_item))
    assert len(items) > 30
    assert [item[0].astext() for item in items if "::test_" not in item[-1].astext()] == []


# The page itself ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*PAGES, "CHANGELOG.rst", "benchmarks/README.rst"])
def test_pages_are_valid(name: str) -> None:
    """docutils finds nothing to complain of in a page."""
    assert tree_of((ROOT / name).read_text(encoding="utf-8"))[1] == ""


@pytest.mark.parametrize(("name", "most"), [("README.rst", 250), ("CONTRIBUTING.rst", 200), ("SECURITY.rst", 60)])
def test_what_is_read_first_is_short(name: str, most: int) -> None:
    """A front page that nobody finishes is not read."""
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= most


@pytest.mark.parametrize("name", ["README.rst", "CONTRIBUTING.rst", "SECURITY.rst"])
def test_lines_are_short(name: str) -> None:
    """At most 120 characters."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 120] == []


@pytest.mark.parametrize(
    "form", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda form: form.name
)
def test_issue_forms_name_commands_and_pages_that_exist(form: Path) -> None:
    """What a stranger is asked to type and to read."""
    text = form.read_text(encoding="utf-8")
    assert set(re.findall("collectd-inode ([a-z]+)", text)) <= {command.name for command in COMMANDS}
    assert [page for page in re.findall(r"docs/[\w./-]+\.rst", text) if not (ROOT / page).exists()] == []


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    """A link without a scheme is a page of ours, and what is behind the # a heading on it."""
    here = ROOT / name
    tree, _ = tree_of(here.read_text(encoding="utf-8"))
    links = {node["refuri"] for node in tree.findall(nodes.reference) if ":" not in node.get("refuri", ":")}
    for link in links:
        page, _, heading = link.partition("#")
        there = here.parent / page if page else here
        if there.is_dir():
            continue
        linked, _ = tree_of(there.read_text(encoding="utf-8"))
        assert not heading or heading in linked.ids, link


@pytest.mark.parametrize(("page", "tests"), ELSEWHERE.items())
def test_pages_that_are_not_run_here_are_tested_elsewhere(page: str, tests: str) -> None:
    """By a file that names the page."""
    assert Path(page).name in (ROOT / tests).read_text(encoding="utf-8")


def test_the_front_page_of_the_book_names_every_page() -> None:
    """What docs/index.rst names, and what its globs find, is every other page below docs/."""
    tree, _ = tree_of((ROOT / "docs" / "index.rst").read_text(encoding="utf-8"))
    named = [node.astext() for node in tree.findall(nodes.inline) if "toctree" in node["classes"]]
    found = {path for name in named if name for path in (ROOT / "docs").glob(f"{name}.rst")}
    assert sorted(str(path.relative_to(ROOT)) for path in found) == [page for page in BOOK if page != "docs/index.rst"]


def test_every_kind_s_pictures_are_told() -> None:
    """As many as there are, of each kind; and what ``graph`` does unless it is told otherwise."""
    (table,) = tables("What is drawn", "docs/how-to/pictures.rst")
    assert {kind: len(told.split(";")) for kind, told in table} == {
        f"{kind.plugin}": len(kind.load_drawn().pictures) for kind in KINDS
    }
    options = parser().parse_args(["graph"])
    (of_graph,) = (t for t in tables("Command line") if "--out DIR" in dict(t))
    last, out = (dict(of_graph)[name] for name in ("--last SPAN", "--out DIR"))
    assert options.last.text in last
    assert str(options.out) in out


def test_pictures_are_there_and_can_be_made_again() -> None:
    """Each picture of a page is in docs/pictures/ and made by scripts/pictures; the folder holds no other."""
    trees = {name: tree_of((ROOT / name).read_text(encoding="utf-8"))[0] for name in ("README.rst", *BOOK)}
    images = [(ROOT / name).parent / node["uri"] for name, tree in trees.items() for node in tree.findall(nodes.image)]
    shown = {os.path.relpath(path, ROOT) for path in images}
    assert shown == {f"docs/pictures/{name}" for name in os.listdir(ROOT / "docs" / "pictures")}
    script = (ROOT / "scripts" / "pictures").read_text(encoding="utf-8")
    for name in shown:
        assert (ROOT / name).read_bytes().startswith((b"\x89PNG", b"<svg "))
        assert name in script


def test_the_changelog_tells_of_this_version() -> None:
    """The newest heading of CHANGELOG.rst is the version that the package says it has."""
    page, _ = tree_of((ROOT / "CHANGELOG.rst").read_text(encoding="utf-8"))
    titles = [section[0].astext() for section in page.findall(nodes.section)]
    assert any(title.split()[0] == __version__ for title in titles)
