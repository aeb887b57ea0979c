"""An installation that a real collectd reads, and what the doctor says of it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from collectd_inode.cli.doctor import diagnose
from demo import machine
from tests.helpers.collectd_process import CLEAN, HOST

CLOCK = """
<Plugin python>
  <Module collectd_inode>
    <Clock "here">
      Interval 1
    </Clock>
  </Module>
</Plugin>
"""


LISTENER = """
<Plugin python>
  ModulePath "{checkout}/tests/helpers"
  Import "listener"
  <Module listener>
    File "{folder}/seen"
  </Module>
</Plugin>
"""


def write(folder: Path, plugin: str, *, types: str = machine.TYPES, before: str = "", after: str = CLOCK) -> Path:
    """A collectd.conf with what was printed, or something made of it."""
    path = folder / "collectd.conf"
    plugin = plugin.replace("/var/lib/collectd/inode", f"{folder}/state")
    head = f'Hostname "{HOST}"\nFQDNLookup false\nBaseDir "{folder}"\nPIDFile "{folder}/pid"\n'
    head += f"{machine.PLUGINS}\n{types}\n"
    path.write_text(f"{head}{before}\n{plugin}{after}", encoding="utf-8")
    return path


def scenario(folder: Path, more: str = "") -> str:
    """A job that wants all that the plugin can import; nobody listens at its site."""
    feature = folder / "a.feature"
    feature.write_text('Feature: f\n  Scenario: s\n    When I go to "/"\n')
    feature.chmod(0o644)
    block = f'<Scenario "web">\nFeature "{feature}"\nBaseURL "http://127.0.0.1:9"\n{more}\n</Scenario>'
    return f"<Plugin python>\n<Module collectd_inode>\n{block}\n</Module>\n</Plugin>\n"


def tried(conf: Path, path: str = CLEAN["PATH"]) -> tuple[int, str]:
    """collectd -T: it reads everything, runs every job once and ends; its exit code, and all it said."""
    done = subprocess.run(
        [shutil.which("collectd", path=CLEAN["PATH"]) or "collectd", "-T", "-C", str(conf)],
        env={"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


def diagnosed(
    conf: Path, capsys: pytest.CaptureFixture[str], user: str = "root", path: str = CLEAN["PATH"]
) -> tuple[int, str]:
    """The doctor's exit code, and all that is not OK; the service is started as this user with this PATH."""
    units = conf.parent / "units"
    units.mkdir()
    (units / "collectd.service").write_text(f'[Service]\nUser={user}\nEnvironment="PATH={path}"\n')
    code = diagnose(str(conf), [str(units)])
    out, err = capsys.readouterr()
    assert err == ""
    return int(code), "".join(line for line in out.splitlines(keepends=True) if not line.startswith("OK "))


def one_error(conf: Path, what: str, mend: str) -> tuple[int, str]:
    """What `diagnosed` gives for it."""
    return 1, f"error    {what}\n         to do: {mend}\n{conf}: 1 error: fix that, and run doctor again\n"


def one_warning(conf: Path, what: str, mend: str) -> tuple[int, str]:
    """What `diagnosed` gives for it."""
    done = f"{conf}: collectd can load the plugin, 1 warning; next: collectd-inode once {conf}\n"
    return 0, f"warning  {what}\n         to do: {mend}\n{done}"
