"""What `snippet` prints is loaded by a real collectd; and what `doctor` complains of, a real collectd stumbles over."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from collectd_process import CHECKOUT, CLEAN, HOST, SITE_PACKAGES, Collectd

from collectd_inode import cli
from collectd_inode.cli.doctor import diagnose
from collectd_inode.cli.health import NEEDED
from collectd_inode.cli.installation import module_paths
from collectd_inode.cli.snippet import snippet

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
  ModulePath "{checkout}/tests/daemon"
  Import "listener"
  <Module listener>
    File "{folder}/seen"
  </Module>
</Plugin>
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may look into, unlike pytest's."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def write(folder: Path, plugin: str, *, before: str = "", after: str = CLOCK) -> Path:
    """A collectd.conf with what was printed, or something made of it."""
    path = folder / "collectd.conf"
    plugin = plugin.replace("/var/lib/collectd/inode", f"{folder}/state")
    head = f'Hostname "{HOST}"\nFQDNLookup false\nBaseDir "{folder}"\nPIDFile "{folder}/pid"\n'
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
    return 1, f"error    {what}\n         to do: {mend}\n{conf}: 1 error: mend that, and ask again\n"


def one_warning(conf: Path, what: str, mend: str) -> tuple[int, str]:
    """What `diagnosed` gives for it."""
    done = f"{conf}: nothing stops it, 1 warning; next: collectd-inode once {conf}\n"
    return 0, f"warning  {what}\n         to do: {mend}\n{done}"


def test_what_snippet_prints_is_what_collectd_wants(folder: Path) -> None:
    """As typed and saved: the plugin is loaded and its values come; and the doctor has nothing to say."""
    program = Path(sys.executable).with_name("collectd-inode")
    printed = subprocess.run([program, "snippet"], capture_output=True, text=True, check=True).stdout
    collectd = Collectd(folder, "")
    write(folder, printed, after=CLOCK + LISTENER.format(checkout=CHECKOUT, folder=folder))
    with collectd:
        collectd.wait(lambda: len(collectd.of("clock-here/bool-success")) >= 2)
    assert "observing 1 job" in collectd.log
    assert {sent.host for sent in collectd.values} == {HOST}


def test_the_doctor_has_nothing_to_say_of_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With this machine's own unit, as it is typed."""
    conf = write(folder, snippet(module_paths()))
    assert cli.main(["doctor", str(conf)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith("OK ")] == [
        f"{conf}: nothing stops it; next: collectd-inode once {conf}"
    ]


def test_a_module_path_that_is_not_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After an upgrade of the system, for one: collectd does not start."""
    conf = write(folder, snippet(["/opt/none/lib/python3.9/site-packages"]))
    code, told = tried(conf)
    assert code == 1
    assert "No module named 'collectd_inode'" in told
    assert diagnosed(conf, capsys) == one_error(
        conf,
        "ModulePath: collectd_inode is not to be found: /opt/none/lib/python3.9/site-packages"
        f" ({conf}:16): there is no such folder",
        "before the Import, the ModulePath that `collectd-inode snippet` prints",
    )


def test_an_editable_install_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """ModulePath reads no .pth file: collectd does not start."""
    conf = write(folder, snippet([SITE_PACKAGES]))
    code, told = tried(conf)
    assert code == 1
    assert "No module named 'collectd_inode'" in told
    assert diagnosed(conf, capsys) == one_error(
        conf,
        f"ModulePath: collectd_inode is not to be found: {SITE_PACKAGES} ({conf}:16): an editable install, a .pth"
        f" file, which ModulePath does not follow, of {CHECKOUT}",
        f'install without --editable, or add ModulePath "{CHECKOUT}"',
    )


def test_the_checkout_without_its_environment(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """collectd starts, and nothing of ours runs but clocks."""
    conf = write(folder, snippet([str(CHECKOUT)]), after=scenario(folder))
    assert "collectd_inode: cannot run: No module named 'httpx'" in tried(conf)[1]
    missing = ", ".join(NEEDED.values())
    assert diagnosed(conf, capsys) == one_error(
        conf,
        f"dependencies: not to be found: {missing}",
        "name the site-packages they are in by ModulePath, too (`collectd-inode snippet` prints it)",
    )


def another_python(folder: Path) -> str:
    """The folder bin of a Python as pyenv makes them: a standard library of its own, whose _ssl does not fit."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    library = folder / "pyenv" / "lib" / version
    library.mkdir(parents=True)
    for path in Path(os.__file__).parent.iterdir():
        (library / path.name).symlink_to(path)
    (library / "ssl.py").unlink()
    (library / "ssl.py").write_text('raise ImportError("_ssl.so: undefined symbol: _PyModule_Add")\n')
    binary = folder / "pyenv" / "bin" / "python3"
    binary.parent.mkdir()
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    return str(binary.parent)


def test_another_python_in_front(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """collectd starts with half a Python, and nothing of ours runs."""
    first = another_python(folder)
    path = f"{first}:{CLEAN['PATH']}"
    conf = write(folder, snippet(module_paths()))
    assert "collectd_inode: cannot run: _ssl.so: undefined symbol: _PyModule_Add" in tried(conf, path)[1]
    library = f"{Path(first).parent}/lib/python{sys.version_info.major}.{sys.version_info.minor}"
    assert diagnosed(conf, capsys, path=path) == one_error(
        conf,
        f"PATH of the service: {first}/python3 comes first, and with it {library}, which does not fit libpython",
        "start collectd with PATH=/usr/sbin:/usr/bin:/sbin:/bin (a pyenv or another Python is in front)",
    )


def test_types_db_without_collectd_s_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """collectd starts, and throws away what it does not know."""
    (folder / "types.db").write_text("mine value:GAUGE:0:U\ngauge value:GAUGE:U:U\n")
    conf = write(folder, snippet(module_paths()), before=f'TypesDB "{folder}/types.db"')
    assert "collectd knows no type 'bool'" in tried(conf)[1]
    code, told = diagnosed(conf, capsys)
    assert (code, told.splitlines()[1:]) == (
        1,
        [
            '         to do: name collectd\'s, too: TypesDB "/usr/share/collectd/types.db"',
            f"{conf}: 1 error: mend that, and ask again",
        ],
    )
    assert told.startswith(f"error    TypesDB: {conf}:5 takes the place of collectd's own, and has no bool, bytes, ")


def test_globals_is_not_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """collectd 5.12 says it to itself: a warning is enough."""
    block = "<LoadPlugin python>\n  # Python's extension modules look for libpython's symbols in the whole process.\n"
    printed = snippet(module_paths())
    assert block in printed
    conf = write(folder, printed.replace(f"{block}  Globals true\n</LoadPlugin>", "LoadPlugin python"))
    assert "collectd_inode: observing 1 job" in tried(conf)[1]
    assert diagnosed(conf, capsys) == one_warning(
        conf,
        "Globals true: not said; collectd 5.12 does it by itself, other builds may not",
        "write <LoadPlugin python>, Globals true, </LoadPlugin>",
    )


def test_import_behind_the_module(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """collectd starts, and ignores our section."""
    conf = write(folder, snippet(module_paths()), before="LoadPlugin python" + CLOCK, after="")
    assert 'Found a configuration for the "collectd_inode" plugin, but the plugin isn\'t loaded' in tried(conf)[1]
    code, told = diagnosed(conf, capsys)
    assert code == 1
    imported = conf.read_text().splitlines().index('  Import "collectd_inode"') + 1
    assert f"error    Import: {conf}:{imported}: stands behind {conf}:7, which collectd then ignores\n" in told


def test_python_is_loaded_too_late(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """collectd starts, and ignores all that is for python."""
    printed = snippet(module_paths())
    load = printed[printed.index("<LoadPlugin python>") : printed.index("<Plugin python>")]
    conf = write(folder, printed.replace(load, ""), after=f"{CLOCK}{load}")
    assert "observing" not in tried(conf)[1]
    line = conf.read_text().splitlines().index("<LoadPlugin python>") + 1
    assert diagnosed(conf, capsys) == one_error(
        conf,
        f"LoadPlugin python: {conf}:{line}: stands behind a <Plugin python>, which collectd then ignores",
        "put it before the first <Plugin python>",
    )


def test_pypi_s_collectd_does_no_harm_in_the_daemon(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The daemon's own module is built in and wins: a warning is enough."""
    other = folder / "other"
    other.mkdir()
    (other / "collectd.py").write_text("raise ImportError('the wrong one')\n")
    conf = write(folder, snippet([*module_paths(), str(other)]))
    assert "collectd_inode: observing 1 job" in tried(conf)[1]
    assert diagnosed(conf, capsys) == one_warning(
        conf,
        f"dependencies: {other} has PyPI's collectd, which is not the daemon's module",
        "pip uninstall collectd, as nothing of ours wants it",
    )


def test_a_secret_that_collectd_s_user_may_not_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As nobody, if we are root; else as ourselves, who may not read a file of mode 0 either."""
    user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    secret = folder / "login"
    secret.write_text("Tr0ub4dor\n")
    secret.chmod(0)
    conf = write(folder, snippet(module_paths()), after=scenario(folder, f'Secret "password" "{secret}"'))
    _, told = diagnosed(conf, capsys, user=user)
    line = conf.read_text().splitlines().index(f'Secret "password" "{secret}"') + 1
    assert [one for one in told.splitlines() if str(secret) in one or "feature" in one] == [
        f"error    Secret: {conf}:{line}: {secret}: collectd's user may not read it",
        f"         to do: ls -ld {secret}; collectd runs as {user}",
    ]
