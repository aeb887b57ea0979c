"""`collectd-inode doctor`: each finding on a machine that is made up, and how one is asked, on made-up folders."""

from __future__ import annotations

import configparser
import os
import pwd
import re
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import NoReturn

import pytest

from collectd_inode import cli
from collectd_inode.cli.configured import read
from collectd_inode.cli.doctor import page
from collectd_inode.cli.doctor_checks import (
    SLOW,
    TYPES,
    Conf,
    DaemonFacts,
    Facts,
    Finding,
    FolderFacts,
    HostFacts,
    Level,
    Named,
    PluginFacts,
    ServiceFacts,
)
from collectd_inode.cli.installation import (
    SERVICE_PATH,
    configuration,
    first_python,
    folder,
    linked,
    missing,
    service,
    standard_library,
)
from collectd_inode.dependencies import DEPENDENCIES, written
from collectd_inode.kinds import KINDS
from collectd_inode.report.style import COLOURED
from collectd_inode.report.values import series
from tests.helpers.examples import write_feature
from tests.helpers.healthy import (
    CONF,
    DAEMON,
    GOOD,
    HOME,
    INSTALLED,
    LINE,
    ME,
    SERVICE,
    conf,
    daemon,
    folders,
    home,
    run_as,
    said,
    wrong,
)
from tests.helpers.places import ROOT

# What is found


def test_a_machine_in_good_health() -> None:
    """Line by line."""
    assert said(GOOD) == [
        "OK       collectd: /usr/sbin/collectd, 5.12.0",
        "OK       python plugin: /usr/lib/collectd/python.so with /lib/libpython3.11.so.1.0",
        "OK       Python: 3.11, here as in collectd",
        "OK       service: /lib/systemd/system/collectd.service; runs as root",
        "OK       PATH of the service: standard library is /usr/lib/python3.11",
        "OK       host name: web-1",
        f"OK       LoadPlugin python: {LINE}:4",
        f"OK       ModulePath: collectd_inode is in {HOME} ({LINE}:12)",
        f"OK       dependencies: all {len(DEPENDENCIES)} found",
        f"OK       Import: {LINE}:15",
        "OK       jobs: 3 jobs",
        "OK       files: root may use /etc/collectd/scenarios/a.feature and 2 more",
        "OK       kernel stamps: they work",
        "OK       descriptors: 1024, enough for 472 runs at once",
        f"{CONF}: collectd can load the plugin; next: collectd-inode once {CONF}",
    ]


ONE_ERROR = f"{CONF}: 1 error: fix that, and run doctor again"
ONE_WARNING = f"{CONF}: collectd can load the plugin, 1 warning; next: collectd-inode once {CONF}"

PROMETHEUS = PluginFacts("write_prometheus", f"{LINE}:30", "/usr/lib/collectd/write_prometheus.so")
ILL: dict[str, tuple[Facts, str]] = {
    "a plugin without its libraries": (
        conf(plugins=(replace(PROMETHEUS, missing=("libprotobuf-c.so.1", "libmicrohttpd.so.12")),)),
        f"error    write_prometheus: {LINE}:30: /usr/lib/collectd/write_prometheus.so wants libprotobuf-c.so.1,"
        " libmicrohttpd.so.12, which is not there: it cannot be loaded\n"
        "         to do: apt install libprotobuf-c1 libmicrohttpd12\n" + ONE_ERROR,
    ),
    "a plugin that is not there": (
        conf(plugins=(PROMETHEUS, replace(PROMETHEUS, name="ntpd2", path="/usr/lib/collectd/ntpd2.so", there=False))),
        f"error    ntpd2: {LINE}:30: /usr/lib/collectd/ntpd2.so is not there\n"
        "         to do: remove LoadPlugin ntpd2\n" + ONE_ERROR,
    ),
    "no collectd": (
        replace(GOOD, daemon=DaemonFacts()),
        "error    collectd: there is none in PATH\n         to do: apt install collectd\n" + ONE_ERROR,
    ),
    "no python plugin": (
        daemon(plugin_there=False, library="", library_path="", standard_library=""),
        "error    python plugin: there is no /usr/lib/collectd/python.so\n"
        "         to do: apt install collectd-core (dnf install collectd-python)\n" + ONE_ERROR,
    ),
    "no libpython, which collectd-core does not bring": (
        daemon(library_path="", standard_library=""),
        "error    python plugin: /usr/lib/collectd/python.so needs libpython3.11.so.1.0, which is missing\n"
        "         to do: apt install libpython3.11 (collectd-core does not bring it)\n" + ONE_ERROR,
    ),
    "collectd's Python is too old": (
        daemon(library="libpython3.9.so.1.0"),
        "error    Python: 3.9 in collectd; the oldest supported is 3.11\n"
        "         to do: this collectd cannot load collectd_inode: install one that was built with a newer Python\n"
        f"error    dependencies: {HOME} ({LINE}:12) is for Python 3.11, collectd has 3.9\n"
        "         to do: make a new environment with /usr/bin/python3.9 -m venv, and install there; then let"
        " ModulePath name the stub, as `collectd-inode snippet` prints it: it outlives upgrades of Python\n"
        f"{CONF}: 2 errors: fix that, and run doctor again",
    ),
    "the command's Python is another": (
        replace(GOOD, python="3.13"),
        "warning  Python: 3.13 here, 3.11 in collectd: modules compiled for one do not load in the other\n"
        "         to do: make a new environment with /usr/bin/python3.11 -m venv, and install there\n" + ONE_WARNING,
    ),
    "an upgrade of the system left the environment behind": (
        folders(home(compiled=frozenset({"3.9", "3.10"}))),
        f"error    dependencies: {HOME} ({LINE}:12) is for Python 3.9, 3.10, collectd has 3.11\n"
        "         to do: make a new environment with /usr/bin/python3.11 -m venv, and install there; then let"
        " ModulePath name the stub, as `collectd-inode snippet` prints it: it outlives upgrades of Python\n"
        f"{ONE_ERROR}",
    ),
    "a user that is not there": (
        run_as(user="collectd", user_there=False),
        "error    service: /lib/systemd/system/collectd.service: there is no user collectd\n"
        "         to do: useradd --system collectd, or correct User=\n" + ONE_ERROR,
    ),
    "pyenv in front": (
        run_as(python="/opt/pyenv/versions/3.11.7/bin/python3", standard_library="/opt/pyenv/lib/python3.11"),
        "error    PATH of the service: /opt/pyenv/versions/3.11.7/bin/python3 comes first, and with it"
        " /opt/pyenv/lib/python3.11, which does not match libpython\n"
        "         to do: start collectd with PATH=/usr/sbin:/usr/bin:/sbin:/bin"
        f" (a pyenv or another Python precedes the system's)\n{ONE_ERROR}",
    ),
    "a configuration that collectd cannot read": (
        replace(GOOD, conf=Conf(CONF, (f"{CONF}:7: Include has no value", f"{CONF}:9: <Plugin> is never closed"))),
        f"error    configuration: {CONF}:7: Include has no value\n"
        f"         to do: fix {CONF}, or name another: doctor CONF\n"
        f"error    configuration: {CONF}:9: <Plugin> is never closed\n"
        f"         to do: fix {CONF}, or name another: doctor CONF\n"
        f"{CONF}: 2 errors: fix that, and run doctor again",
    ),
    "the machine's name is in no /etc/hosts": (
        conf(host=HostFacts("web-1", looked_up=True, resolves=False)),
        "error    host name: web-1 cannot be resolved and FQDNLookup is true, so collectd does not start\n"
        f"         to do: a line `127.0.1.1 web-1` in /etc/hosts, or `FQDNLookup false` in {CONF}\n{ONE_ERROR}",
    ),
    "the same, and it was asked for": (
        conf(host=HostFacts("web-1", lookup=f"{CONF}:9", looked_up=True, resolves=False)),
        f"error    host name: web-1 cannot be resolved and FQDNLookup is true ({CONF}:9), so collectd does not"
        f" start\n         to do: a line `127.0.1.1 web-1` in /etc/hosts, or `FQDNLookup false` in {CONF}\n{ONE_ERROR}",
    ),
    "python is not loaded": (
        conf(loads=""),
        f"error    LoadPlugin python: not in {CONF} nor in what it includes\n"
        "         to do: the lines that `collectd-inode snippet` prints, in a file that is included\n" + ONE_ERROR,
    ),
    "python is loaded too late": (
        conf(loads_late=True),
        f"error    LoadPlugin python: {LINE}:4: it follows a <Plugin python>, which collectd then ignores\n"
        "         to do: put it before the first <Plugin python>\n" + ONE_ERROR,
    ),
    "Globals is not said": (
        conf(globals=False),
        "warning  Globals true: not set; the default of collectd 5.12, not of all builds\n"
        "         to do: write <LoadPlugin python>, Globals true, </LoadPlugin>\n" + ONE_WARNING,
    ),
    "no ModulePath": (
        folders(),
        "error    ModulePath: there is none\n"
        "         to do: before the Import, the ModulePath that `collectd-inode snippet` prints\n" + ONE_ERROR,
    ),
    "ModulePaths of all the wrong kinds": (
        folders(
            FolderFacts("/gone", "a:1", there=False),
            FolderFacts("/root/private", "a:2", readable=False),
            FolderFacts("/opt/other", "a:3"),
            home(place="a:5", late=True),
        ),
        "error    ModulePath: collectd_inode not found: /gone (a:1): there is no such folder; /root/private"
        f" (a:2): collectd may not read it; /opt/other (a:3): it is not in there; {HOME} (a:5): it follows the"
        " Import\n         to do: before the Import, the ModulePath that `collectd-inode snippet` prints\n" + ONE_ERROR,
    ),
    "a ModulePath that is root's": (
        folders(home(modules=frozenset(), readable=False, seen=False)),
        f"warning  ModulePath: {HOME} ({LINE}:12): you may not look into it\n"
        "         to do: be root: sudo collectd-inode doctor\n" + ONE_WARNING,
    ),
    "an editable install": (
        folders(home(modules=frozenset(DEPENDENCIES), editable="/home/me/collectd_inode")),
        f"error    ModulePath: collectd_inode not found: {HOME} ({LINE}:12): an editable install, a .pth file,"
        " which ModulePath does not follow, of /home/me/collectd_inode\n"
        '         to do: install without --editable, or add ModulePath "/home/me/collectd_inode"\n' + ONE_ERROR,
    ),
    "a ModulePath too many": (
        folders(INSTALLED, FolderFacts("/gone", "a:1", there=False)),
        "warning  ModulePath: a:1: /gone: there is no such folder\n"
        "         to do: correct that line, or remove it\n" + ONE_WARNING,
    ),
    "collectd's own plugins as a ModulePath": (
        folders(INSTALLED, FolderFacts("/usr/lib/collectd", "a:1", hides=("csv", "email"))),
        "error    ModulePath: a:1: /usr/lib/collectd hides Python's own csv, email from all Python plugins\n"
        "         to do: remove that line\n" + ONE_ERROR,
    ),
    "copied rather than installed": (
        folders(home(modules=frozenset({*DEPENDENCIES, "collectd_inode"} - {"lxml", "gherkin"}))),
        "error    dependencies: not found: lxml, gherkin-official\n"
        "         to do: name the site-packages they are in by ModulePath, too (`collectd-inode snippet` prints it)\n"
        + ONE_ERROR,
    ),
    "Debian 12's typing_extensions": (
        folders(home(versions={"typing_extensions": (4, 4, 0)})),
        f"error    dependencies: typing-extensions 4.4.0 in {HOME}; the oldest supported is 4.10\n"
        "         to do: install a newer one into the environment that ModulePath names\n" + ONE_ERROR,
    ),
    "rich and click": (
        folders(home(modules=INSTALLED.modules | set(SLOW))),
        "warning  dependencies: click, rich and pygments are installed: httpx imports them, which costs 40 ms and 6"
        " MB\n"
        "         to do: a virtual environment with nothing in it but collectd_inode\n" + ONE_WARNING,
    ),
    "PyPI's collectd": (
        folders(home(modules=INSTALLED.modules | {"collectd"})),
        f"warning  dependencies: {HOME} has PyPI's collectd, which is not the daemon's module\n"
        "         to do: pip uninstall collectd; nothing here needs it\n" + ONE_WARNING,
    ),
    "no Import": (
        conf(imports=""),
        "error    Import: nothing imports collectd_inode\n"
        '         to do: Import "collectd_inode" in <Plugin python>\n' + ONE_ERROR,
    ),
    "Import behind the first <Module>": (
        conf(import_first=False),
        f"error    Import: {LINE}:15: it follows {LINE}:17, which collectd then ignores\n"
        "         to do: put it before the first <Module collectd_inode>; files are read in alphabetical order\n"
        + ONE_ERROR,
    ),
    "TypesDB is not there": (
        conf(types_db=(Named("/my/types.db", "TypesDB", f"{CONF}:3", "no such file or directory"),), types=TYPES),
        f"error    TypesDB: {CONF}:3: /my/types.db: no such file or directory\n"
        "         to do: correct that path\n" + ONE_ERROR,
    ),
    "TypesDB has taken the place of collectd's own": (
        conf(types_db=(Named("/my/types.db", "TypesDB", f"{CONF}:3"),), types=TYPES - {"bool", "response_time"}),
        f"error    TypesDB: {CONF}:3 replaces collectd's own, and lacks bool, response_time: those values"
        " are lost\n"
        '         to do: name collectd\'s, too: TypesDB "/usr/share/collectd/types.db"\n' + ONE_ERROR,
    ),
    "no job yet": (
        conf(jobs=0),
        "warning  jobs: none yet\n         to do: add a file of conf.d/: inode-scenario.conf\n" + ONE_WARNING,
    ),
    "mistakes": (
        conf(mistakes=2),
        f"warning  jobs: 2 mistakes\n         to do: collectd-inode check {CONF}\n{ONE_WARNING}",
    ),
    "a mistake, and StrictConfig": (
        conf(mistakes=1, strict=True),
        "error    jobs: 1 mistake and StrictConfig, so collectd does not start\n"
        f"         to do: collectd-inode check {CONF}\n{ONE_ERROR}",
    ),
    "a secret that its user may not read": (
        replace(
            conf(files=(Named("/s/login", "Secret", "a.conf:5", "collectd's user may not read it"),)),
            service=replace(SERVICE, user="nobody"),
        ),
        "error    Secret: a.conf:5: /s/login: collectd's user may not read it\n"
        "         to do: ls -ld /s/login; collectd runs as nobody\n" + ONE_ERROR,
    ),
    "a receiver that its user may not run": (
        conf(files=(Named("/b/tell", "NotificationExec", "a.conf:5", "nobody may not run it", user="nobody"),)),
        "error    NotificationExec: a.conf:5: /b/tell: nobody may not run it\n"
        "         to do: ls -ld /b/tell; NotificationExec runs it as nobody\n" + ONE_ERROR,
    ),
    "a StateDir where it may not write": (
        replace(
            conf(state_dir=Named("/s", "StateDir", "a.conf:9", "collectd's user may not write it", written=True)),
            service=replace(SERVICE, user="nobody"),
        ),
        "warning  StateDir: a.conf:9: /s: collectd's user may not write it\n"
        "         to do: install -d -m 0700 -o nobody /s\n" + ONE_WARNING,
    ),
    "files that only root can judge": (
        conf(files=(Named("/s/login", "Secret", "a.conf:5", known=False), Named("/s/b", "Secret", known=False))),
        "warning  files: cannot tell whether root may use /s/login and 1 more\n"
        "         to do: be root: sudo collectd-inode doctor\n" + ONE_WARNING,
    ),
    "a kernel without stamps": (
        replace(GOOD, stamps=False),
        "warning  kernel stamps: not supported by this kernel: latencies are elapsed time, including this machine's"
        " own delays\n         to do: run on the host or in a virtual machine, not in a sandbox\n" + ONE_WARNING,
    ),
    "more jobs than descriptors": (
        replace(conf(jobs=600), service=replace(SERVICE, descriptors=1024)),
        "warning  descriptors: 1024, which is enough for 472 runs at once, of 600 jobs\n"
        "         to do: LimitNOFILE= in the unit, or longer Intervals\n" + ONE_WARNING,
    ),
    "SELinux": (
        replace(GOOD, enforcing=True),
        "warning  SELinux: enforcing; its denials for collectd are not visible here\n"
        "         to do: if a file cannot be read in the daemon only: ausearch -m avc -c collectd\n" + ONE_WARNING,
    ),
}


@pytest.mark.parametrize(("facts", "shown"), ILL.values(), ids=ILL)
def test_each_finding_with_its_mend(facts: Facts, shown: str) -> None:
    """And nothing else is complained of."""
    assert wrong(facts) == shown


def test_where_collectd_looks_by_itself_counts_too() -> None:
    """As with pip install --break-system-packages: without any ModulePath."""
    own = replace(INSTALLED, path="/usr/local/lib/python3.11/dist-packages", place="")
    facts = replace(folders(), own_folders=(own,))
    assert wrong(facts) == f"{CONF}: collectd can load the plugin; next: collectd-inode once {CONF}"
    assert "OK       ModulePath: collectd_inode is in /usr/local/lib/python3.11/dist-packages" in said(facts)


def test_the_last_module_path_comes_first() -> None:
    """An old typing_extensions behind a new one does no harm; before it, it does."""
    old = FolderFacts("/old", "a:1", modules=frozenset({"typing_extensions"}), versions={"typing_extensions": (4, 4)})
    assert wrong(folders(old, INSTALLED)) == f"{CONF}: collectd can load the plugin; next: collectd-inode once {CONF}"
    assert "typing-extensions 4.4 in /old; the oldest supported is 4.10" in wrong(folders(INSTALLED, old))


def test_a_types_db_that_has_all() -> None:
    """Named beside collectd's own."""
    both = (Named("/my/types.db", "TypesDB", "c:3"), Named("/usr/share/collectd/types.db", "TypesDB", "c:4"))
    assert f"OK       TypesDB: c:3, c:4: has all {len(TYPES)} types" in said(
        conf(types_db=both, types=TYPES | {"mine"})
    )


def test_without_a_unit_debian_s_is_supposed() -> None:
    line = "OK       service: no systemd unit; assuming Debian's defaults; runs as root"
    assert line in said(run_as(unit="", descriptors=None))


def test_on_a_terminal_it_has_colours() -> None:
    found = [Finding(level, "it", "is so") for level in Level]
    assert list(page(found, "c", COLOURED)) == [
        "\x1b[32mOK       it: is so\x1b[0m",
        "\x1b[33mwarning  it: is so\x1b[0m",
        "\x1b[31merror    it: is so\x1b[0m",
        "c: 1 error, 1 warning: fix that, and run doctor again",
    ]


# The tables


def test_what_is_needed_is_what_setup_cfg_installs() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    wanted = setup["options"]["install_requires"].split("\n")[1:]
    assert [f"{one.distribution} >={written(one.least)}" for one in DEPENDENCIES.values()] == wanted


def test_the_types_are_those_of_our_values(tmp_path: Path) -> None:
    """Of all kinds of job, with all details."""
    blocks = f"""
    <Scenario "web">
      Feature "{write_feature(tmp_path, 'When I go to "/"')}"
      BaseURL "http://127.0.0.1"
      Detail "phase"
    </Scenario>
    <Smarthost "relay">
      Server "127.0.0.1"
    </Smarthost>
    <NTP "time">
      Server "127.0.0.1"
    </NTP>
    <Clock "here">
      Interval 60
    </Clock>"""
    found = read(str(write_conf(tmp_path, blocks)))
    assert found.problems == ()
    sent = {name.split("/")[1].split("-")[0] for job in found.jobs for name in series(job)}
    assert sent == TYPES


def test_every_key_that_names_a_file_is_looked_at() -> None:
    """By its name: a new one has to be thought about."""
    names = {key.name for kind in KINDS for key in kind.keys}
    telling = {name for name in names if re.search("File|Cert|Feature$|^Secret|ClientKey|Steps$|Save|Exim", name)}
    assert telling - {"SaveMax", "SaveBytes"} == {
        *("Feature", "Steps", "Secret", "CACert", "ClientCert", "ClientKey", "AuthPasswordFile", "PasswordFile"),
        *("TokenFile", "ClientSecretFile", "RefreshTokenFile"),
        "SaveFailures",
    }


# How the machine is asked


def write_conf(folder: Path, blocks: str = "", around: str = "", paths: str = "") -> Path:
    path = folder / "collectd.conf"
    path.write_text(
        f"""{around}
<LoadPlugin python>
  Globals true
</LoadPlugin>
<Plugin python>
{paths}
  Import "collectd_inode"
  <Module collectd_inode>
    StateDir "{folder}/state"
    {blocks}
  </Module>
</Plugin>
"""
    )
    return path


def asked(conf: Path, user: str = ME) -> Conf:
    return configuration(str(conf), read(str(conf)), user)


def test_a_state_dir_below_a_file(tmp_path: Path) -> None:
    """No right of a user helps there."""
    found = asked(write_conf(tmp_path)).state_dir
    assert found is not None and found.trouble == ""
    (tmp_path / "state").touch()
    found = asked(tmp_path / "collectd.conf").state_dir
    assert found is not None
    assert found.trouble == f"{tmp_path}/state is not a folder"


def test_ldd_s_answers() -> None:
    """Of a plugin whose libpython is there, is missing, and of one without."""
    there = "\tlinux-vdso.so.1 (0x7f)\n\tlibpython3.11.so.1.0 => /lib/x/libpython3.11.so.1.0 (0x7f)\n"
    assert linked(there) == ("libpython3.11.so.1.0", "/lib/x/libpython3.11.so.1.0")
    assert linked("\tlibpython3.11.so.1.0 => not found\n") == ("libpython3.11.so.1.0", "")
    assert linked("\tlibc.so.6 => /lib/libc.so.6 (0x7f)\n") == ("", "")
    assert missing("\tlibc.so.6 => /lib/libc.so.6 (0x7f)\n\tlibesmtp.so.6 => not found\n") == ("libesmtp.so.6",)


def test_a_unit_with_its_drop_ins(tmp_path: Path) -> None:
    """The folders before go before; later lines win; files of variables win over what is in the unit."""
    admin, package = tmp_path / "etc", tmp_path / "lib"
    package.mkdir()
    (package / "collectd.service").write_text("[Unit]\nUser=not\n[Service]\nUser=root\nLimitNOFILE=99\n")
    (admin / "collectd.service.d").mkdir(parents=True)
    (tmp_path / "default").write_text('# ours\nPATH="/a:/b"\n')
    (admin / "collectd.service.d" / "10.conf").write_text(
        f'[Service]\nUser=\nUser=nobody\nEnvironment="PATH=/x:/y" LANG=C\nEnvironmentFile=-{tmp_path}/default\n'
        "EnvironmentFile=-/nowhere\nLimitNOFILE=4096:8192\n# Environment=PATH=/z\n"
    )
    assert service([str(admin), str(package)], DAEMON) == ServiceFacts(
        f"{package}/collectd.service", user="nobody", path="/a:/b", descriptors=4096
    )


def test_no_unit_at_all(tmp_path: Path) -> None:
    found = service([str(tmp_path)], DaemonFacts())
    assert (found.unit, found.user, found.path, found.descriptors) == ("", "root", SERVICE_PATH, 1024)


def python_at(folder: Path, *, version: str = "") -> Path:
    """A folder bin with a python3 in it, and a standard library beside it."""
    (folder / "bin").mkdir(parents=True)
    binary = folder / "bin" / "python3"
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    if version:
        (folder / "lib" / f"python{version}").mkdir(parents=True)
        (folder / "lib" / f"python{version}" / "os.py").write_text("")
    return folder / "bin"


def test_the_first_python_s_standard_library(tmp_path: Path) -> None:
    """A pyenv's; none from a shim or from another minor version; an environment's is that of its home."""
    pyenv = python_at(tmp_path / "3.11.7", version="3.99")
    shims = python_at(tmp_path / "shims")
    other = python_at(tmp_path / "3.12.1", version="3.12")
    venv = python_at(tmp_path / "venv")
    (tmp_path / "venv" / "pyvenv.cfg").write_text(f"home = {pyenv}\nversion = 3.11.7\n")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "python3").symlink_to(pyenv / "python3")
    library = f"{tmp_path}/3.11.7/lib/python3.99"
    assert first_python(f"/nowhere:{pyenv}:/usr/bin", "3.99") == (f"{pyenv}/python3", library)
    assert first_python(f"{tmp_path}/linked", "3.99") == (f"{tmp_path}/linked/python3", library)
    assert first_python(f"{venv}:{shims}", "3.99") == (f"{venv}/python3", library)
    assert first_python(str(shims), "3.99") == (f"{shims}/python3", "")
    assert first_python(str(other), "3.99") == (f"{other}/python3", "")
    assert first_python("/nowhere", "3.99") == ("", "")
    assert standard_library(Path("/nowhere"), "3.99") == ""


def test_a_folder_of_modules(tmp_path: Path) -> None:
    """Packages and files, what they are compiled for, and what is there by a .pth file only."""
    for name in ("lxml", "regex", "httpx"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
    for name in ("lxml/etree.cpython-311-x86_64-linux-gnu.so", "regex/_regex.cpython-310-x86_64-linux-gnu.so"):
        (tmp_path / name).write_text("")
    for name in ("typing_extensions.py", "collectd.py", "email.so"):
        (tmp_path / name).write_text("")
    (tmp_path / "typing_extensions-4.16.0rc1.dist-info").mkdir()
    info = tmp_path / "collectd_inode-0.1.0.dist-info"
    info.mkdir()
    (info / "direct_url.json").write_text('{"dir_info": {"editable": true}, "url": "file:///home/me/ours"}')
    assert folder(str(tmp_path)) == FolderFacts(
        str(tmp_path),
        modules=frozenset({"lxml", "regex", "httpx", "typing_extensions", "collectd"}),
        compiled=frozenset({"3.10", "3.11"}),
        versions={"typing_extensions": (4, 16, 0)},
        editable="/home/me/ours",
        hides=("email",),
    )
    assert folder(f"{tmp_path}/none") == FolderFacts(f"{tmp_path}/none", there=False)


def test_a_configuration(tmp_path: Path) -> None:
    """What it names, where, and what is wrong with it."""
    (tmp_path / "types.db").write_text("# ours\nmine value:GAUGE:0:U\nbool value:GAUGE:0:1\n\n")
    feature = write_feature(tmp_path, 'When I go to "/"')
    path = write_conf(
        tmp_path,
        f"""<Scenario "web">
      Feature "{feature}"
      BaseURL "http://127.0.0.1"
      Secret "password" "{tmp_path}/none"
      SaveFailures "{tmp_path}/failures"
    </Scenario>""",
        around=f'Hostname "web-1"\nTypesDB "{tmp_path}/types.db"',
        paths=f'ModulePath "{tmp_path}"',
    )
    found = asked(path)
    assert found == Conf(
        str(path),
        host=HostFacts("web-1", f"{path}:1"),
        loads=f"{path}:3",
        globals=True,
        imports=f"{path}:8",
        module=f"{path}:9",
        folders=(FolderFacts(str(tmp_path), f"{path}:7"),),
        types_db=(Named(f"{tmp_path}/types.db", "TypesDB", f"{path}:2"),),
        types=frozenset({"mine", "bool"}),
        files=(
            Named(str(feature), "Feature", f"{path}:12"),
            Named(f"{tmp_path}/none", "Secret", f"{path}:14", "no such file or directory"),
            Named(f"{tmp_path}/failures", "SaveFailures", f"{path}:15", written=True),
        ),
        state_dir=Named(f"{tmp_path}/state", "StateDir", f"{path}:10", written=True),
        jobs=found.jobs,
        mistakes=found.mistakes,
    )


ORDERS: dict[str, tuple[str, Callable[[Conf], bool]]] = {
    "a plain LoadPlugin": ("LoadPlugin python\n", lambda c: c.loads.endswith(":1") and not c.globals),
    "AutoLoadPlugin": ('AutoLoadPlugin true\n<Plugin python>\nImport "x"\n</Plugin>\n', lambda c: bool(c.loads)),
    "too late": ('<Plugin python>\nImport "x"\n</Plugin>\nLoadPlugin python\n', lambda c: c.loads_late),
    "another plugin": ("LoadPlugin perl\n", lambda c: c.loads == ""),
    "a path behind the import": (
        '<Plugin python>\nImport "collectd_inode"\nModulePath "/"\n</Plugin>\n',
        lambda c: [f.late for f in c.folders] == [True],
    ),
    "import behind the module": (
        '<Plugin python>\n<Module collectd_inode>\nInterval 60\n</Module>\nImport "collectd_inode"\n</Plugin>\n',
        lambda c: not c.import_first,
    ),
    "strict": (
        "<Plugin python>\n<Module collectd_inode>\nStrictConfig true\n</Module>\n</Plugin>\n",
        lambda c: c.strict and c.imports == "",
    ),
}


@pytest.mark.parametrize(("text", "so"), ORDERS.values(), ids=ORDERS)
def test_what_stands_where(tmp_path: Path, text: str, so: Callable[[Conf], bool]) -> None:
    """As collectd reads it: from the top."""
    path = tmp_path / "collectd.conf"
    path.write_text(text)
    assert so(asked(path))


OWN = os.uname().nodename

HOSTS: dict[str, tuple[str, HostFacts]] = {
    "named": ('Hostname "web-1"\nFQDNLookup true\n', HostFacts("web-1", "{path}:1")),
    "named twice": ('Hostname "web-1"\nhostname web2\n', HostFacts("web2", "{path}:2")),
    "not looked up": ("FQDNLookup false\n", HostFacts(OWN, lookup="{path}:1")),
    "not looked up, in quotes and capitals": ('FQDNLookup "Off"\n', HostFacts(OWN, lookup="{path}:1")),
    "looked up": ("FQDNLookup true\n", HostFacts(OWN, lookup="{path}:1", looked_up=True, resolves=False)),
    "a number is not false": ("FQDNLookup 0\n", HostFacts(OWN, lookup="{path}:1", looked_up=True, resolves=False)),
    "an empty name is none": ('Hostname ""\n', HostFacts(OWN, looked_up=True, resolves=False)),
    "nothing is said": ("Interval 10\n", HostFacts(OWN, looked_up=True, resolves=False)),
}


@pytest.mark.parametrize(("text", "expected"), HOSTS.values(), ids=HOSTS)
def test_what_collectd_calls_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: HostFacts
) -> None:
    """Where nothing is resolved."""

    def unknown(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    path = tmp_path / "collectd.conf"
    path.write_text(text)
    at = {name: getattr(expected, name).format(path=path) for name in ("place", "lookup")}
    assert asked(path).host == replace(expected, **at)


def test_a_name_that_resolves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As localhost does everywhere."""
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(nodename="localhost"))
    path = tmp_path / "collectd.conf"
    path.write_text("FQDNLookup true\n")
    assert asked(path).host == HostFacts("localhost", lookup=f"{path}:1", looked_up=True)


def test_a_configuration_with_a_syntax_error(tmp_path: Path) -> None:
    path = tmp_path / "collectd.conf"
    path.write_text("<Plugin python>\n")
    assert asked(path) == Conf(str(path), (f"{path}:1: <Plugin> is never closed",))


def test_the_programs_for_notifications(tmp_path: Path) -> None:
    """An alarm that no program takes never arrives: its user, the program, and the files that it is given."""
    program, plain = tmp_path / "tell", tmp_path / "plain"
    for path, mode in ((program, 0o755), (plain, 0o600)):
        path.write_text("#!/bin/sh\n")
        path.chmod(mode)
    lines = [
        f'NotificationExec "{ME}" "{program}" "--spool" "{tmp_path}/spool" "{plain}" "https://h:5665"',
        f'NotificationExec "{ME}:{ME}" "{plain}"',
        f'NotificationExec "{ME}" "{tmp_path}/none"',
        f'NotificationExec "no-such-user" "{program}"',
    ]
    path = write_conf(tmp_path, around="\n".join(["<Plugin exec>", *lines, "</Plugin>"]))
    found = asked(path).files
    assert {named.key for named in found} == {"NotificationExec"}
    assert [(named.path, named.place, named.trouble) for named in found] == [
        (str(program), f"{path}:2", ""),
        (str(plain), f"{path}:2", ""),
        (str(plain), f"{path}:3", f"{ME} may not run it"),
        (f"{tmp_path}/none", f"{path}:4", "no such file or directory"),
        ("no-such-user", f"{path}:5", "there is no such user"),
    ]


def test_a_user_who_is_not_there_is_not_judged(tmp_path: Path) -> None:
    found = asked(write_conf(tmp_path), "nobody-of-that-name")
    assert found.state_dir is not None
    assert (found.state_dir.known, found.state_dir.trouble) == (False, "")


@contextmanager
def not_root() -> Iterator[None]:
    """What is asked is asked as nobody; who is not root already stays who he is."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_folder_that_is_not_wanted(tmp_path: Path) -> None:
    """None is looked for."""
    conf = write_conf(tmp_path, '<Scenario "web">\nSaveFailures "none"\n</Scenario>')
    assert asked(conf).files == ()


def test_what_is_root_s_cannot_be_judged_by_others() -> None:
    """Neither a fault nor a crash: it is not known."""
    with TemporaryDirectory() as name:  # not pytest's, into which nobody else may look
        public, private = Path(name), Path(name) / "private"
        public.chmod(0o755)
        private.mkdir(mode=0)
        job = (
            f'<Scenario "web">\nFeature "/none"\nSecret "a" "{private}/login"\nSaveFailures "{private}/f"\n</Scenario>'
        )
        conf = write_conf(public, job, paths=f'ModulePath "{private}"\nModulePath "{private}/below"')
        conf.write_text(conf.read_text().replace(f"{public}/state", f"{private}/state"))
        with not_root():
            found = asked(conf, "root")
        named = [one for one in (*found.files, found.state_dir) if one and one.path.startswith(str(private))]
        assert [(one.path.removeprefix(f"{private}/"), one.known, one.trouble) for one in named] == [
            ("login", False, ""),
            ("f", False, ""),
            ("state", False, ""),
        ]
        assert [(one.there, one.seen) for one in found.folders] == [(True, False), (True, False)]
        private.chmod(0o700)


def test_the_command_on_this_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its exit code, whatever it finds here: a configuration that is not there is an error."""
    assert cli.main(["doctor", f"{tmp_path}/none"]) == 1
    out, err = capsys.readouterr()
    place = f"{tmp_path}/none"
    assert f"error    configuration: {place}: cannot read it: No such file or directory" in out.splitlines()
    assert err == ""
    assert re.fullmatch(rf"{place}: [0-9]+ errors?.*: fix that, and run doctor again", out.splitlines()[-1])


def test_two_configurations_are_one_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        cli.main(["doctor", "a", "b"])
    assert "unrecognized arguments: b" in capsys.readouterr().err


def test_this_python_is_named_by_its_minor_version() -> None:
    from collectd_inode.cli.installation import here

    assert sys.version.startswith(f"{here()}.")
