"""The unit that is shipped for `collectd-inode serve`, and the file that it names: they fit the program."""

from __future__ import annotations

import shlex
from dataclasses import replace

from collectd_inode import oconfig
from collectd_inode.cli import parser
from collectd_inode.cli.configured import module
from collectd_inode.config import Configuration, load_all
from collectd_inode.model import Door
from collectd_inode.oconfig import Node
from tests.helpers.places import ROOT

UNIT = ROOT / "systemd" / "collectd-inode.service"
JOBS = ROOT / "systemd" / "inode.conf"


def service() -> dict[str, list[str]]:
    """What the unit says in [Service]; key → values."""
    said: dict[str, list[str]] = {}
    _, _, text = UNIT.read_text(encoding="utf-8").partition("[Service]\n")
    for line in text.partition("\n[")[0].splitlines():
        if line and not line.startswith("#"):
            key, _, value = line.partition("=")
            said.setdefault(key, []).append(value)
    return said


def test_the_unit_starts_what_there_is() -> None:
    """The command with its file, a reload by SIGHUP, and the words that the program says to systemd."""
    said = service()
    program, *words = shlex.split(said["ExecStart"][0])
    options = parser("serve").parse_args(words)
    assert (program, options.file) == ("/opt/collectd-inode/bin/collectd-inode", "/etc/collectd/inode.conf")
    assert said["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert (said["Type"], said["WatchdogSec"], said["Restart"]) == (["notify"], ["60"], ["always"])
    assert (said["User"], said["StateDirectory"]) == (["collectd-inode"], ["collectd-inode"])
    assert {"MemoryMax", "TasksMax", "CPUWeight"} <= said.keys()
    assert (said["OOMPolicy"], said["ProtectSystem"]) == (["continue"], ["strict"])


def test_the_unit_forbids_nothing_that_a_job_wants() -> None:
    """<Clock> reads the clock's state and looks at other processes; resolvers ask the kernel for addresses."""
    said = service()
    assert "ProtectClock" not in said
    assert "ProtectProc" not in said
    assert "AF_NETLINK" in said["RestrictAddressFamilies"][0].split()
    assert {"adjtimex", "clock_adjtime"} <= set(" ".join(said["SystemCallFilter"]).split())


def test_the_file_that_it_names_is_read_by_every_command() -> None:
    """It is what stands in a <Module>; its jobs can be loaded where its files are."""
    tree = oconfig.read(str(JOBS))
    assert oconfig.is_bare(tree)
    made = Configuration(Door.SERVE)
    assert made.section(module(tuple(map(here, tree)), str(JOBS))) == []
    assert made.state_dir == f"/var/lib/{service()['StateDirectory'][0]}"
    loaded = load_all(made)
    assert [job.instance for part in loaded for job in part.jobs] == [
        "webhome-visiting_home_and_contact_pages",
        "webhome-visiting_the_contact_page_via_the_home_page",
        "login-the_monitor_logs_in",
        "login-wrong_password",
    ]


def here(node: Node) -> Node:
    """*node* with the checkout's scenarios."""
    values = tuple(
        value.replace("/etc/collectd/scenarios", str(ROOT / "scenarios")) if isinstance(value, str) else value
        for value in node.values
    )
    return replace(node, values=values, children=tuple(map(here, node.children)))
