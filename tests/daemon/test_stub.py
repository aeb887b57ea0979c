"""collectd starts, with all its other plugins, whatever has become of the plugin's environment."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from collectd_inode.cli.doctor_checks import COMPILED
from collectd_inode.cli.snippet import snippet, write_stub
from tests.helpers.collectd_process import HOST, SITE_PACKAGES, Collectd
from tests.helpers.diagnosed import (
    CLOCK,
    LISTENER,
    diagnosed,
    one_error,
    scenario,
    tried,
    write,
)
from tests.helpers.environments import Environment
from tests.helpers.places import ROOT

pytestmark = pytest.mark.usefixtures("found_as_by_collectd")
Breaking = Callable[[Environment], object]

LISTENING = LISTENER.format(checkout=ROOT, folder="{folder}")


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """One in good order."""
    return Environment(tmp_path / "environment").make()


def configured(folder: Path, environment: Environment, jobs: str = CLOCK) -> Path:
    """A collectd.conf with what `snippet` prints for it; beside us, collectd's own uptime is kept in CSV files."""
    before = f'LoadPlugin uptime\nLoadPlugin csv\n<Plugin csv>\nDataDir "{folder}/csv"\n</Plugin>\n'
    return write(folder, snippet([str(environment.stub)]), before=before, after=jobs)


class WithStub(Collectd):
    """A collectd that imports the stub of *environment*, with collectd's own uptime beside it."""

    def __init__(self, folder: Path, environment: Environment, jobs: str = CLOCK) -> None:
        super().__init__(folder, "")
        configured(folder, environment, jobs + LISTENING.replace("{folder}", str(folder)))

    @property
    def about_us(self) -> list[str]:
        """The lines of the log about us."""
        return [line for line in self.log.splitlines() if "collectd_inode" in line]

    @property
    def uptimes(self) -> list[Path]:
        """What collectd's own plugin has stored."""
        return list((self.folder / "csv").glob("*/uptime/uptime-*"))


def again(environment: Environment) -> str:
    return (
        f"install collectd_inode again with {environment.root}/bin/pip install --force-reinstall and restart collectd"
    )


def make(environment: Environment) -> str:
    return (
        f"make it with /usr/bin/python{environment.version} -m venv {environment.root}, then install collectd_inode"
        f" with {environment.root}/bin/pip and restart collectd"
    )


def test_nothing_is_said_of_an_environment_in_good_order(tmp_path: Path, environment: Environment) -> None:
    """The plugin runs as if ModulePath named the packages themselves."""
    with WithStub(tmp_path, environment) as collectd:
        collectd.wait(lambda: len(collectd.of("clock-here/bool-success")) >= 2)
    assert {sent.host for sent in collectd.values} == {HOST}
    assert [line for line in collectd.about_us if "here" not in line] == ["collectd_inode: observing 1 job"]


def test_every_dependency_is_found(tmp_path: Path, environment: Environment) -> None:
    """A scenario imports all that the plugin needs."""
    code, said = tried(configured(tmp_path, environment, scenario(tmp_path)))
    assert code == 0
    assert 'collectd_inode: scenario/web-s: failed: connect: I go to "/"' in said


def package(environment: Environment, name: str) -> Path:
    return environment.packages / "collectd_inode" / name


def cut(path: Path, size: int) -> None:
    """A file as an interrupted installation or a full disk leaves it; a link becomes a file first."""
    data = path.read_bytes()[:size]
    path.unlink()
    path.write_bytes(data)


def lxml_cut(environment: Environment) -> None:
    """A compiled module without its end, which ends whoever loads it."""
    (environment.packages / "lxml").unlink()
    shutil.copytree(Path(SITE_PACKAGES) / "lxml", environment.packages / "lxml")
    cut(next((environment.packages / "lxml").glob("etree.*.so")), 5000)


def lxml_raises(environment: Environment) -> None:
    """A dependency that is there, and no good."""
    (environment.packages / "lxml").unlink()
    (environment.packages / "lxml.py").write_text("raise ValueError('half of it')\n")


def for_other_pythons(environment: Environment) -> None:
    """As after an upgrade of the system, and not the first."""
    environment.packages.parent.rename(environment.root / "lib" / "python3.10")
    (environment.root / "lib" / "python3.9").mkdir()


NOT_LOADED: dict[str, tuple[Breaking, Callable[[Environment], str]]] = {
    "environment removed": (
        lambda e: shutil.rmtree(e.root / "lib"),
        lambda e: f"collectd embeds Python {e.version} and the environment {e.root} is empty; {make(e)}",
    ),
    "environment of other Pythons": (
        for_other_pythons,
        lambda e: f"collectd embeds Python {e.version} and the environment {e.root} is for Python 3.9, 3.10; {make(e)}",
    ),
    "package removed": (
        lambda e: shutil.rmtree(package(e, "")),
        lambda e: (
            f"collectd_inode is not installed in {e.packages}; install it with {e.root}/bin/pip and restart collectd"
        ),
    ),
    "first file empty": (
        lambda e: cut(package(e, "__init__.py"), 0),
        lambda e: f"{package(e, '__init__.py')} is incomplete; {again(e)}",
    ),
    "first file cut": (
        lambda e: cut(package(e, "__init__.py"), 20),
        lambda e: (
            "SyntaxError: unterminated triple-quoted string literal (detected at line 1) (__init__.py, line 1);"
            f" {again(e)}"
        ),
    ),
    "second file missing": (
        lambda e: package(e, "plugin.py").unlink(),
        lambda e: (
            f"ImportError: cannot import name 'plugin' from 'collectd_inode' ({package(e, '__init__.py')}); {again(e)}"
        ),
    ),
    "second file empty": (
        lambda e: cut(package(e, "plugin.py"), 0),
        lambda e: f"AttributeError: module 'collectd_inode.plugin' has no attribute 'register'; {again(e)}",
    ),
    "an import that wants to leave": (
        lambda e: package(e, "plugin.py").write_text("raise SystemExit('é\\n!')"),
        lambda e: rf"SystemExit: \xe9 !; {again(e)}",
    ),
    "compiled module cut": (
        lxml_cut,
        lambda e: f"{next((e.packages / 'lxml').glob('etree.*.so'))} is incomplete; {again(e)}",
    ),
}


@pytest.mark.parametrize(("breaking", "why"), NOT_LOADED.values(), ids=NOT_LOADED)
def test_what_the_stub_cannot_load_is_a_line_in_the_log(
    tmp_path: Path, environment: Environment, breaking: Breaking, why: Callable[[Environment], str]
) -> None:
    """With what to do, and once; <Module> sections are passed over without a word; all other plugins run."""
    breaking(environment)
    with WithStub(tmp_path, environment) as collectd:
        collectd.wait(lambda: collectd.uptimes)
    assert collectd.about_us == [f"collectd_inode: not loaded: {why(environment)}"]


INCOMPLETE: dict[str, tuple[Breaking, str]] = {
    "dependency missing": (lambda e: (e.packages / "lxml").unlink(), "lxml is missing"),
    "dependency that raises": (lxml_raises, "ValueError: half of it"),
    "file cut": (
        lambda e: cut(package(e, "daemon.py"), 20),
        "SyntaxError: unterminated triple-quoted string literal (detected at line 1) (daemon.py, line 1)",
    ),
}


@pytest.mark.parametrize(("breaking", "what"), INCOMPLETE.values(), ids=INCOMPLETE)
def test_what_is_missing_when_sections_are_read(
    tmp_path: Path, environment: Environment, breaking: Breaking, what: str
) -> None:
    """The plugin itself says so, once, and collectd starts."""
    breaking(environment)
    with WithStub(tmp_path, environment, scenario(tmp_path)) as collectd:
        collectd.wait(lambda: collectd.uptimes)
    assert collectd.about_us == [
        f"collectd_inode: cannot run: {what}; run collectd-inode doctor to see what is missing; reinstall"
        " collectd_inode with collectd's Python"
    ]


def installed_beside(environment: Environment, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `collectd-inode snippet --stub` of that environment writes into a folder beside it."""
    monkeypatch.setattr("collectd_inode.cli.snippet.environment", lambda: str(environment.root))
    return Path(write_stub(folder / "beside" / "it"))


def test_a_stub_beside_the_environment_outlives_it(
    tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same file serves while the environment is there, and when nothing of it is left."""
    folder = installed_beside(environment, tmp_path, monkeypatch)
    conf = write(tmp_path, snippet([str(folder)]))
    assert "collectd_inode: observing 1 job" in tried(conf)[1]
    shutil.rmtree(environment.root)
    code, said = tried(conf)
    assert code == 0
    assert f"collectd_inode: not loaded: the environment {environment.root} is missing; {make(environment)}\n" in said


def test_an_editable_installation_in_the_environment(tmp_path: Path, environment: Environment) -> None:
    """Its packages are found in the environment, we in the checkout that it refers to."""
    shutil.rmtree(package(environment, ""))
    info = environment.packages / "collectd_inode-0.1.0.dist-info"
    info.mkdir()
    (info / "direct_url.json").write_text(f'{{"dir_info": {{"editable": true}}, "url": "{ROOT.as_uri()}"}}')
    assert "scenario/web-s: failed: connect" in tried(configured(tmp_path, environment, scenario(tmp_path)))[1]


# What the doctor says of it


def test_the_doctor_knows_the_stub(
    tmp_path: Path, environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    """It looks where the stub looks."""
    conf = write(tmp_path, snippet([str(environment.stub)]))
    assert diagnosed(conf, capsys) == (0, f"{conf}: collectd can load the plugin; next: collectd-inode once {conf}\n")


def one_of_the_stub(conf: Path, environment: Environment, why: str, mend: str) -> tuple[int, str]:
    """What `diagnosed` gives for an environment in which nothing is found."""
    line = conf.read_text().splitlines().index(f'  ModulePath "{environment.stub}"') + 1
    what = (
        f"the environment of the stub in {environment.stub} ({conf}:{line}) {why}; collectd starts, without"
        " collectd_inode"
    )
    return one_error(conf, f"ModulePath: {what}", mend)


@pytest.mark.parametrize(
    ("breaking", "why"),
    [
        (lambda e: shutil.rmtree(e.root / "lib"), "is empty"),
        (for_other_pythons, "is for Python 3.9, 3.10, collectd has {0}"),
        (lambda e: shutil.rmtree(package(e, "")), "does not hold collectd_inode"),
    ],
    ids=["empty", "other Pythons", "without us"],
)
def test_the_doctor_knows_what_the_stub_will_not_find(
    tmp_path: Path, environment: Environment, capsys: pytest.CaptureFixture[str], breaking: Breaking, why: str
) -> None:
    """With the mend that the stub logs."""
    breaking(environment)
    conf = write(tmp_path, snippet([str(environment.stub)]))
    code, told = diagnosed(conf, capsys)
    mend = (
        f"install it with {environment.root}/bin/pip"
        if "hold" in why
        else make(environment).removesuffix(" and restart collectd")
    )
    assert (code, told) == one_of_the_stub(conf, environment, why.format(environment.version), mend)


def test_the_doctor_offers_the_stub(
    tmp_path: Path, environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where ModulePath names the packages of another Python, directly."""
    for name in COMPILED:
        (environment.packages / name).unlink()
        (environment.packages / name).mkdir()
        (environment.packages / name / "__init__.py").touch()
        (environment.packages / name / "it.cpython-39-x86_64-linux-gnu.so").touch()
    conf = write(tmp_path, snippet([str(environment.packages)]))
    _, told = diagnosed(conf, capsys)
    assert "then let ModulePath name the stub, as `collectd-inode snippet` prints it" in told
