"""What is asked of a machine about exec and serve, in folders of a test's own."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_inode.cli.doctor import diagnose
from collectd_inode.cli.doctor_checks import Level
from collectd_inode.cli.door_checks import ProgramFacts, door_findings
from collectd_inode.cli.door_facts import examine_door
from collectd_inode.model import Door
from demo import configuration, machine
from tests.helpers.collectd_process import open_folder, somebody
from tests.helpers.places import ROOT

PROGRAM = f"{sys.prefix}/bin/collectd-inode"


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


def jobs(folder: Path, secret: str) -> Path:
    """FILE with one scenario and its secret."""
    feature = folder / "a.feature"
    feature.write_text('Feature: f\n  Scenario: s\n    When I go to "/${password}"\n')
    block = f'Feature "{feature}"\nBaseURL "http://127.0.0.1:9"\nSecret "password" "{secret}"'
    path = folder / "inode.conf"
    path.write_text(f'StateDir "{folder}/state"\n<Scenario "web">\n{block}\n</Scenario>\n')
    return path


def conf(folder: Path, name: str, *replacements: tuple[str, str]) -> Path:
    """A collectd.conf with a file of conf.d."""
    text = (ROOT / "conf.d" / name).read_text(encoding="utf-8")
    path = folder / "collectd.conf"
    path.write_text(f"{machine.TYPES}\n{configuration.adapted(name, text, replacements)}", encoding="utf-8")
    return path


def with_exec(folder: Path, file: Path) -> Path:
    words = f'"{somebody()}" "{PROGRAM}" "exec" "{file}"'
    theirs = '"collectd-inode" "/opt/collectd-inode/bin/collectd-inode" "exec" "/etc/collectd/inode.conf"'
    return conf(folder, "inode-exec.conf", (theirs, words))


def secret_of(folder: Path, owner: str) -> str:
    path = folder / "secret"
    path.write_text("sesame\n")
    path.chmod(0o400)
    if os.getuid() == 0:
        os.chown(path, pwd.getpwnam(owner).pw_uid, -1)
    return str(path)


def test_exec_in_order(tmp_path: Path) -> None:
    """The line with its place, the user of the program, its Interval; nothing is wrong."""
    file = jobs(tmp_path, secret_of(tmp_path, somebody()))
    tmp_path.chmod(0o777)
    where = with_exec(tmp_path, file)
    facts = examine_door(Door.EXEC, str(where), str(file), ())
    line = next(n for n, text in enumerate(where.read_text().splitlines(), 1) if text.startswith("  Exec "))
    assert (facts.interval, facts.jobs.jobs, facts.jobs.mistakes) == (1.0, 1, 0)
    assert facts.program == ProgramFacts(
        f"{where}:{line}", somebody(), path=PROGRAM, may=True, words=("exec", str(file)), user_is_root=False
    )
    assert [one for one in door_findings(facts) if one.level is not Level.OK] == []


def test_a_secret_that_the_door_s_user_may_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Root's own, as it stands in many a collectd.conf: the doctor says so before it happens at night."""
    owner = "root" if os.getuid() == 0 else somebody()
    secret = secret_of(tmp_path, owner)
    if os.getuid():
        Path(secret).chmod(0)
    file = jobs(tmp_path, secret)
    tmp_path.chmod(0o777)
    code = diagnose(str(with_exec(tmp_path, file)), (), "pretty", Door.EXEC, str(file))
    out, _ = capsys.readouterr()
    assert code == 1
    assert f"error    Secret: {file}:5: {secret}: {somebody()} may not read it\n" in out
    assert f"         to do: ls -ld {secret}; the jobs run as {somebody()}\n" in out
    assert out.endswith(f"{file}: 1 error: fix that, and run doctor again\n")


def unit(folder: Path, file: Path, more: str = "") -> Path:
    """The folder with the unit that is shipped."""
    text = (ROOT / "systemd" / "collectd-inode.service").read_text(encoding="utf-8")
    started = f"ExecStart={PROGRAM} serve {file}"
    text = text.replace("ExecStart=/opt/collectd-inode/bin/collectd-inode serve /etc/collectd/inode.conf", started)
    text = text.replace("User=collectd-inode", f"User={somebody()}").replace("#LoadCredential=shop:", more + "#")
    assert started in text
    (folder / "units").mkdir()
    (folder / "units" / "collectd-inode.service").write_text(text)
    return folder / "units"


def with_socket(folder: Path) -> Path:
    (folder / "sock").touch(mode=0o666)
    (folder / "sock").chmod(0o666)
    return conf(folder, "inode-unixsock.conf", ("/run/collectd-unixsock", f"{folder}/sock"))


@pytest.mark.parametrize("loaded", [True, False])
def test_a_credential(tmp_path: Path, loaded: bool) -> None:
    """systemd reads it as root; what the unit does not load is nowhere."""
    source = secret_of(tmp_path, "root" if os.getuid() == 0 else somebody())
    file = jobs(tmp_path, "/run/credentials/collectd-inode.service/web")
    tmp_path.chmod(0o777)
    units = unit(tmp_path, file, f"LoadCredential=web:{source}\n" if loaded else "")
    facts = examine_door(Door.SERVE, str(with_socket(tmp_path)), str(file), (str(units),))
    found = [(one.looked_at, one.found) for one in door_findings(facts) if one.level is not Level.OK]
    missing = f"{file} names the credential web, which {units}/collectd-inode.service does not load"
    assert found == ([] if loaded else [("LoadCredential", missing)])
    assert facts.jobs.mistakes == 0


def test_nothing_is_set_up_yet(tmp_path: Path) -> None:
    """Neither a line nor a unit, neither a plugin nor a socket."""
    file = jobs(tmp_path, secret_of(tmp_path, somebody()))
    empty = tmp_path / "collectd.conf"
    empty.write_text("Interval 10\n")
    found = {
        door: [one.looked_at for one in door_findings(examine_door(door, str(empty), str(file), ())) if one.mend]
        for door in (Door.EXEC, Door.SERVE)
    }
    assert found[Door.EXEC][:2] == ["LoadPlugin exec", "Exec"]
    assert found[Door.SERVE][:2] == ["LoadPlugin unixsock", "unit"]


def test_the_browser_is_looked_for_where_a_block_needs_one(tmp_path: Path) -> None:
    """BrowserPath's, if it is said."""
    file = jobs(tmp_path, secret_of(tmp_path, somebody()))
    plain = examine_door(Door.EXEC, str(with_exec(tmp_path, file)), str(file), ())
    program = tmp_path / "browser"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    keys = f'Engine "chromium"\nBrowserPath "{program}"\n</Scenario>'
    file.write_text(file.read_text().replace("</Scenario>", keys))
    found = examine_door(Door.EXEC, str(with_exec(tmp_path, file)), str(file), ())
    assert plain.browser is None
    assert found.browser is not None
    assert found.browser.path == str(program)
