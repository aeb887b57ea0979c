"""scripts/setup and scripts/unpack on machines that are made up: their PATH, their Python, and a mirror of Debian's.

The mirror is a folder that a server on loopback hands out to the real apt, with packages of a few bytes.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.helpers.examples import HUNG
from tests.helpers.places import ROOT
from tests.helpers.served import served

LIBPYTHON = "libpython{}.{}".format(*sys.version_info)
PROGRAMS = (
    "apt-cache", "apt-config", "apt-get", "cat", "chmod", "cksum", "cut", "df", "dirname", "dpkg", "dpkg-deb", "find",
    "flock", "grep", "ldd", "ln", "mkdir", "mv", "rm", "rmdir", "sed", "sh", "sort", "tail", "tar", "tr",
)  # fmt: skip
PYTHON = "#!/bin/sh\ncase $2 in *print*) echo {version} ;; *ssl*) exit {lacking} ;; esac\n"


@dataclass(frozen=True, slots=True)
class Result:
    """What a script did."""

    code: int
    said: str


@dataclass(frozen=True, slots=True)
class Machine:
    """A checkout's scripts, and a folder of programs that is all of PATH."""

    folder: Path

    @property
    def checkout(self) -> Path:
        """Where the scripts are."""
        return self.folder / "checkout"

    def environment(self) -> dict[str, str]:
        """Nothing but PATH, and apt's configuration."""
        return {"PATH": str(self.folder / "bin"), "APT_CONFIG": str(self.folder / "apt.conf"), "LC_ALL": "C.UTF-8"}

    def without(self, program: str) -> None:
        """It is not installed."""
        (self.folder / "bin" / program).unlink()

    def program(self, name: str, text: str) -> Path:
        """Another takes its place."""
        path = self.folder / "bin" / name
        path.unlink(missing_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        return path

    def python(self, text: str) -> None:
        """scripts/setup finds this one in the place of /usr/bin/python3."""
        self._setup("/usr/bin/python3", str(self.program("other-python", text)))

    def ubuntu(self, archive: str) -> None:
        """It is an Ubuntu 24.04, and this is Debian's archive."""
        release = self.folder / "os-release"
        release.write_text("ID=ubuntu\nVERSION_CODENAME=noble\n", encoding="utf-8")
        self._script("unpack", "/etc/os-release", str(release))
        self._script("unpack", "http://deb.debian.org", archive)

    def _setup(self, old: str, new: str) -> None:
        self._script("setup", old, new)

    def _script(self, name: str, old: str, new: str) -> None:
        path = self.checkout / "scripts" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """A script begins, with nobody to answer it."""
        return subprocess.Popen(
            ["/bin/sh", *words],
            cwd=self.checkout,
            env=self.environment() | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def types(self, *words: str, **more: str) -> Result:
        """A script, from its beginning to its end; *more* is in its environment."""
        process = self.start(*words, **more)
        said, _ = process.communicate(timeout=HUNG)
        return Result(process.returncode, said)

    def files(self) -> set[str]:
        """What is in the checkout."""
        return {str(path.relative_to(self.checkout)) for path in self.checkout.rglob("*")}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """One with the programs that the scripts use, and without a collectd."""
    made = Machine(tmp_path)
    made.checkout.mkdir()
    shutil.copytree(ROOT / "scripts", made.checkout / "scripts")
    for name in ("setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, made.checkout)
    made._setup("/usr/sbin/collectd", str(tmp_path / "no-collectd"))
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in PROGRAMS:
        (programs / program).symlink_to(shutil.which(program) or program)
    (tmp_path / "apt.conf").write_text(APT.format(folder=tmp_path), encoding="utf-8")
    for name in ("status", "sources.list"):
        (tmp_path / name).touch()
    return made


APT = """
Dir::State::status "{folder}/status";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Retries "0";
"""


# Machines that will not do --------------------------------------------------------------------------------------------


def _no_apt(machine: Machine) -> None:
    machine.without("apt-get")


def _no_python(machine: Machine) -> None:
    machine._setup("/usr/bin/python3", "/no/python3")


def _an_old_python(machine: Machine) -> None:
    machine.python(PYTHON.format(version="3.9", lacking=0))


def _half_a_python(machine: Machine) -> None:
    machine.python(PYTHON.format(version="3.11", lacking=1))


def _a_full_disk(machine: Machine) -> None:
    machine.program("df", "#!/bin/sh\nprintf 'Avail\\n20000\\n'\n")


UNFIT: Mapping[Callable[[Machine], None], str] = {
    _no_apt: "there is no apt-get: this is no Debian and no Ubuntu; take a machine or a container of one of those",
    _no_python: "there is no /no/python3, by which collectd runs the plugin; type: apt-get install python3",
    _an_old_python: "{bin}/other-python is Python 3.9, and 3.11 is needed; take Debian 12, Ubuntu 24.04 or later",
    _half_a_python: "{bin}/other-python lacks a part of its standard library; type: apt-get install python3",
}


@pytest.mark.parametrize("script", ["setup", "demo", "test"])
@pytest.mark.parametrize("arrange", UNFIT)
def test_a_machine_that_will_not_do(machine: Machine, arrange: Callable[[Machine], None], script: str) -> None:
    """One sentence with the mend, before anything was changed."""
    arrange(machine)
    before = machine.files()
    sentence = UNFIT[arrange].format(bin=machine.folder / "bin")
    assert machine.types(f"scripts/{script}") == Result(1, f"scripts/setup: {sentence}\n")
    assert machine.files() == before


@pytest.mark.parametrize("script", ["setup", "demo", "test"])
def test_an_environment_that_leads_elsewhere(machine: Machine, script: str) -> None:
    """Whoever has another Python in use, or a shell that finds folders by their names, is told the same."""
    _no_apt(machine)
    (machine.folder / "other" / "scripts").mkdir(parents=True)
    elsewhere = {
        "CDPATH": str(machine.folder / "other"),
        "PYTHONHOME": "/no",
        "PYTHONPATH": "/no",
        "PYTHONSAFEPATH": "1",
    }
    assert machine.types(f"scripts/{script}", **elsewhere) == Result(1, f"scripts/setup: {UNFIT[_no_apt]}\n")


@pytest.mark.parametrize("made", [".venv", ".tools", ".tools/lock"])
def test_what_another_user_has_made(machine: Machine, made: str) -> None:
    """As it is after sudo was typed once: nothing is got before that is told."""
    path = machine.checkout / made
    path.mkdir(parents=True)
    _no_rights(machine, made)
    before = machine.files()
    sentence = f"you may not write into {path}, which another user has made; remove it, or give it to you"
    assert machine.types("scripts/demo") == Result(1, f"scripts/setup: {sentence}\n")
    if made != ".venv":
        sentence = f"you may not write into {machine.checkout}/.tools, which another user has made"
        assert machine.types("scripts/unpack", "chrony").said.startswith(f"scripts/unpack: {sentence}; ")
    assert machine.files() == before


def _no_rights(machine: Machine, made: str) -> None:
    """Root may write everywhere: there the script is told otherwise, as it asks."""
    for name in ("setup", "unpack"):
        script = machine.checkout / "scripts" / name
        script.write_text(script.read_text().replace("[ -w $path ]", f"[ $path != {made} ]"))


@pytest.mark.parametrize("script", ["demo", "test"])
def test_a_full_disk(machine: Machine, script: str) -> None:
    """How much is needed is known before."""
    _a_full_disk(machine)
    before = machine.files()
    result = machine.types(f"scripts/{script}")
    assert result.code == 1
    assert result.said.endswith(f" MB of disk are needed, and 20 MB are free in {machine.checkout}; make space\n")
    assert machine.files() == before


def test_a_colon_in_the_path(machine: Machine) -> None:
    """PATH and LD_LIBRARY_PATH know no way to say it."""
    there = machine.folder / "12:30"
    machine.checkout.rename(there)
    machine.checkout.symlink_to(there)
    result = machine.types(f"{there}/scripts/demo")
    assert result == Result(
        1, f"scripts/setup: {there} has a colon, which PATH takes for the end of a folder; rename that folder\n"
    )


# A mirror -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Package:
    """A package of a few bytes: its files, by path, and what its control file says beside its name."""

    name: str
    files: Mapping[str, str] = field(default_factory=dict)
    control: Mapping[str, str] = field(default_factory=dict)
    version: str = "1"


COLLECTD = (
    Package(
        "collectd-core",
        {"usr/sbin/collectd": '#!/bin/sh\necho "$LD_LIBRARY_PATH $*"\n'},
        {"Suggests": "libprotobuf-c1, libmicrohttpd12t64, libyajl2, libesmtp6t64"},
    ),
    Package(LIBPYTHON, {"usr/lib/x86_64-linux-gnu/libpython.so": ""}),
    Package("rrdtool", {"usr/bin/rrdtool": '#!/bin/sh\necho "$FONTCONFIG_FILE"\n'}, {"Depends": "librrd9"}),
    Package("librrd9", {"usr/lib/x86_64-linux-gnu/librrd.so.9": ""}),
    Package("fonts-dejavu-core", {"usr/share/fonts/truetype/dejavu/DejaVuSans.ttf": ""}),
    Package("libgcrypt20"),
)
LIBRARIES = tuple(Package(name) for name in ("libesmtp6t64", "libmicrohttpd12t64", "libprotobuf-c1", "libyajl2"))


def build(package: Package, pool: Path) -> str:
    """Makes an archive of *package* in *pool*; its paragraph in the list."""
    root = pool / "building"
    for path, text in package.files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o4755)
    (root / "DEBIAN").mkdir(parents=True)
    said = {"Package": package.name, "Version": package.version, "Architecture": "all", "Maintainer": "nobody"}
    control = "".join(f"{key}: {value}\n" for key, value in {**said, "Description": "d", **package.control}.items())
    (root / "DEBIAN" / "control").write_text(control, encoding="utf-8")
    name = f"{package.name}_{package.version}_all.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", root, pool / name], check=True, stdout=-3)
    shutil.rmtree(root)
    content = (pool / name).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return f"{control}Filename: ./{name}\nSize: {len(content)}\nSHA256: {digest}\n\n"


class Mirror(ThreadingHTTPServer):
    """A mirror of Debian's: *lists* are handed out one after the other, the last from then on."""

    def __init__(self, pool: Path, lists: Sequence[str]) -> None:
        self.lists = list(lists)
        super().__init__(("127.0.0.1", 0), partial(Answer, directory=str(pool)))


class Answer(SimpleHTTPRequestHandler):
    """A list that may change, or a file."""

    server: Mirror

    def do_GET(self) -> None:
        """apt's request."""
        if self.path != "/./Packages":
            super().do_GET()
            return
        content = (self.server.lists.pop(0) if len(self.server.lists) > 1 else self.server.lists[0]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nobody reads it."""


@contextmanager
def mirrored(machine: Machine, *lists: Sequence[Package], lost: str = "", damaged: str = "") -> Iterator[None]:
    """A mirror with the packages of *lists*, one list after the other; of one the archive is lost, or damaged."""
    pool = machine.folder / "pool"
    pool.mkdir()
    texts = ["".join(build(package, pool) for package in packages) for packages in lists]
    if lost:
        (pool / lost).unlink()
    if damaged:
        (pool / damaged).write_bytes(bytes((pool / damaged).stat().st_size))
    with served(Mirror(pool, texts)) as mirror:
        source = f"deb [trusted=yes] http://127.0.0.1:{mirror.server_port} ./\n"
        (machine.folder / "sources.list").write_text(source, encoding="utf-8")
        yield


READING = "scripts/unpack: reading the package lists\n"
GETTING = "scripts/unpack: .tools/collectd: getting 6 Debian packages, 1 MB\n"


def test_collectd_is_unpacked(machine: Machine) -> None:
    """It finds its libraries, and rrdtool its fonts; nothing else stays, and a second time nothing is said."""
    with mirrored(machine, COLLECTD):
        assert machine.types("scripts/unpack", "collectd") == Result(0, READING + GETTING)
    assert machine.types("scripts/unpack", "collectd") == Result(0, "")
    tools = machine.checkout / ".tools"
    assert {path.name for path in tools.iterdir()} == {"collectd", "lock"}
    there = tools / "collectd"
    assert machine.types(".tools/collectd/bin/collectd", "-h") == Result(0, f"{there}/usr/lib/x86_64-linux-gnu -h\n")
    assert machine.types(".tools/collectd/bin/rrdtool") == Result(0, f"{there}/fonts.conf\n")
    assert (there / "usr/sbin/collectd").stat().st_mode & 0o7777 == 0o755


KEYS = Package("debian-archive-keyring", {"usr/share/keyrings/debian-archive-keyring.gpg": ""})


def test_chromium_on_ubuntu_is_debian_s(machine: Machine) -> None:
    """With the keys of a package of Ubuntu's: what they have not signed is not taken."""
    with mirrored(machine, [KEYS, Package("chromium"), Package("chromium-common")]):
        archive = (machine.folder / "sources.list").read_text(encoding="utf-8").split()[2].rstrip("/")
        machine.ubuntu(archive)
        for suite in ("debian/dists/bookworm", "debian-security/dists/bookworm-security"):
            release = machine.folder / "pool" / suite / "Release"
            release.parent.mkdir(parents=True)
            release.write_text("Suite: stable\n", encoding="utf-8")
        result = machine.types("scripts/unpack", "chromium")
    assert (result.code, result.said.splitlines()[-1]) == (
        1,
        'scripts/unpack: no .tools/chromium: apt says "Unable to locate package chromium"; The repository'
        f" '{archive}/debian bookworm Release' is not signed.; see to the network and to the mirrors in /etc/apt, and"
        " type the same again",
    )
    assert not (machine.checkout / ".tools" / "chromium").exists()


def test_a_library_s_name_of_this_release(machine: Machine) -> None:
    """As this release's collectd-core calls it."""
    with mirrored(machine, [*COLLECTD, *LIBRARIES]):
        assert machine.types("scripts/unpack", "writers").code == 0
    archives = (machine.checkout / ".tools/writers/.stamp").read_text().splitlines()[1:]
    assert archives == [f"{library.name}_1_all.deb" for library in LIBRARIES]


def test_a_mirror_that_changes_meanwhile(machine: Machine) -> None:
    """The list is read again, once."""
    old, *others = COLLECTD
    new = Package(old.name, old.files, old.control, version="2")
    with mirrored(machine, [*others, old], [*others, new], lost="collectd-core_1_all.deb"):
        result = machine.types("scripts/unpack", "collectd")
    assert result == Result(0, READING + GETTING + READING + GETTING)


@pytest.mark.parametrize("harm", [{"lost": "rrdtool_1_all.deb"}, {"damaged": "rrdtool_1_all.deb"}])
def test_an_archive_that_cannot_be_had(machine: Machine, harm: Mapping[str, str]) -> None:
    """A sentence with apt's reason; nothing half unpacked stays."""
    with mirrored(machine, COLLECTD, **harm):
        result = machine.types("scripts/unpack", "collectd")
    assert result.code == 1
    last = result.said.splitlines()[-1]
    assert last.startswith('scripts/unpack: no .tools/collectd: apt says "')
    assert "rrdtool_1_all.deb" in last
    assert not (machine.checkout / ".tools/collectd").exists()


def test_no_network(machine: Machine) -> None:
    """And no package lists."""
    (machine.folder / "sources.list").write_text("deb [trusted=yes] http://127.0.0.1:1 ./\n")
    result = machine.types("scripts/demo")
    first, *others = result.said.splitlines(keepends=True)
    assert result.code == 1
    assert first.startswith("scripts/setup: what is missing is got now, this once: about ")
    assert others == [
        READING,
        'scripts/unpack: no .tools/collectd: apt says "Unable to locate package collectd-core"; Failed to fetch'
        " http://127.0.0.1:1/./InRelease  Could not connect to 127.0.0.1:1 (127.0.0.1). - connect (111: Connection"
        " refused); see to the network and to the mirrors in /etc/apt, and type the same again\n",
    ]
    assert {name for name in machine.files() if name.startswith(".")} == {".tools", ".tools/lock"}


def told(words: str) -> str:
    """The last line of what `unpack` says when apt said *words*."""
    return f'scripts/unpack: no .tools/collectd: apt says "{words}"; mend that, and type the same again\n'


def test_no_sources(machine: Machine) -> None:
    """apt knows nothing of collectd."""
    result = machine.types("scripts/unpack", "collectd")
    assert result == Result(1, READING + READING + told("Unable to locate package collectd-core"))


def test_a_newer_c_library(machine: Machine) -> None:
    """What was built for it would not start."""
    newer = Package("librrd9", control={"Depends": "libc6"})
    with mirrored(machine, [*(one for one in COLLECTD if one.name != "librrd9"), newer, Package("libc6")]):
        result = machine.types("scripts/unpack", "collectd")
    words = "a package wants a newer libc6 than this machine has; type: apt-get upgrade"
    assert result == Result(1, READING + READING + told(words))


def test_a_newer_python_of_the_mirror(machine: Machine) -> None:
    """A libpython with a standard library of its own: collectd takes this machine's, so only the library is taken."""
    newer = Package(LIBPYTHON, {"usr/lib/x86_64-linux-gnu/libpython.so": ""}, {"Depends": f"{LIBPYTHON}-stdlib"}, "2")
    stdlib = Package(f"{LIBPYTHON}-stdlib", {"usr/lib/python3/os.py": ""}, version="2")
    with mirrored(machine, [*(one for one in COLLECTD if one.name != LIBPYTHON), newer, stdlib]):
        result = machine.types("scripts/unpack", "collectd")
    assert result == Result(0, READING + GETTING)
    assert not (machine.checkout / ".tools/collectd/usr/lib/python3").exists()


def test_a_python_of_a_release_with_a_new_time(machine: Machine) -> None:
    """Ubuntu 24.04's libpython has a name that only collectd-core's suggestion tells."""
    core = replace(COLLECTD[0], control={"Suggests": f"libyajl2, {LIBPYTHON}t64"})
    renamed = Package(f"{LIBPYTHON}t64", {"usr/lib/x86_64-linux-gnu/libpython.so": ""})
    with mirrored(machine, [core, renamed, *(one for one in COLLECTD[1:] if one.name != LIBPYTHON)]):
        result = machine.types("scripts/unpack", "collectd")
    assert result == Result(0, READING + GETTING)
    assert (machine.checkout / ".tools/collectd/usr/lib/x86_64-linux-gnu/libpython.so").exists()


def test_two_at_once(machine: Machine) -> None:
    """One waits for the other, and finds what it has done."""
    with mirrored(machine, COLLECTD):
        both = [machine.start("scripts/unpack", "collectd") for _ in range(2)]
        said = sorted((process.communicate(timeout=HUNG)[0] for process in both), key=len)
    assert [process.returncode for process in both] == [0, 0]
    assert said[1] == READING + GETTING
    assert said[0] in ("", "scripts/unpack: another run is filling .tools/; waiting for it\n")


def test_a_set_that_there_is_not(machine: Machine) -> None:
    """They are named."""
    result = machine.types("scripts/unpack", "exym")
    assert result.code == 2
    assert result.said.startswith("scripts/unpack: there is no set exym; there are: collectd pip certificates exim ")
