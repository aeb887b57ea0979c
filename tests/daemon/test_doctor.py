"""What `snippet` prints is loaded by a real collectd; and what `doctor` complains of, a real collectd stumbles over."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
import sys
from pathlib import Path

import pytest

from collectd_inode import cli
from collectd_inode.cli.installation import module_paths
from collectd_inode.cli.snippet import snippet
from collectd_inode.dependencies import DEPENDENCIES
from demo import machine
from tests.helpers.collectd_process import CLEAN, HOST, SITE_PACKAGES, Collectd
from tests.helpers.diagnosed import (
    CLOCK,
    LISTENER,
    diagnosed,
    one_error,
    one_warning,
    scenario,
    tried,
    write,
)
from tests.helpers.places import ROOT

pytestmark = pytest.mark.usefixtures("found_as_by_collectd")


def test_what_snippet_prints_is_what_collectd_wants(folder: Path) -> None:
    """As typed and saved: the plugin is loaded and its values come; and the doctor has nothing to say."""
    program = Path(sys.executable).with_name("collectd-inode")
    printed = subprocess.run([program, "snippet"], capture_output=True, text=True, check=True).stdout
    collectd = Collectd(folder, "")
    write(folder, printed, after=CLOCK + LISTENER.format(checkout=ROOT, folder=folder))
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
        f"{conf}: collectd can load the plugin; next: collectd-inode once {conf}"
    ]


def test_a_module_path_that_is_not_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After an upgrade of the system, for one: collectd does not start."""
    conf = write(folder, snippet(["/opt/none/lib/python3.9/site-packages"]))
    code, told = tried(conf)
    assert code == 1
    assert "No module named 'collectd_inode'" in told
    assert diagnosed(conf, capsys) == one_error(
        conf,
        "ModulePath: collectd_inode not found: /opt/none/lib/python3.9/site-packages"
        f" ({conf}:18): there is no such folder",
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
        f"ModulePath: collectd_inode not found: {SITE_PACKAGES} ({conf}:18): an editable install, a .pth"
        f" file, which ModulePath does not follow, of {ROOT}",
        f'install without --editable, or add ModulePath "{ROOT}"',
    )


def test_the_checkout_without_its_environment(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """collectd starts, and nothing of ours runs but clocks."""
    conf = write(folder, snippet([str(ROOT)]), after=scenario(folder))
    each = "; ".join(f"{one.distribution} is missing" for one in DEPENDENCIES.values())
    assert f"collectd_inode: cannot run: {each}" in tried(conf)[1]
    missing = ", ".join(one.distribution for one in DEPENDENCIES.values())
    assert diagnosed(conf, capsys) == one_error(
        conf,
        f"dependencies: not found: {missing}",
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
        f"PATH of the service: {first}/python3 comes first, and with it {library}, which does not match libpython",
        "start collectd with PATH=/usr/sbin:/usr/bin:/sbin:/bin (a pyenv or another Python precedes the system's)",
    )


def test_types_db_without_collectd_s_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """collectd starts, and throws away what it does not know."""
    (folder / "types.db").write_text("mine value:GAUGE:0:U\ngauge value:GAUGE:U:U\n")
    conf = write(folder, snippet(module_paths()), types=f'TypesDB "{folder}/types.db"')
    assert "collectd has no type 'bool'" in tried(conf)[1]
    code, told = diagnosed(conf, capsys)
    assert (code, told.splitlines()[1:]) == (
        1,
        [
            '         to do: name collectd\'s, too: TypesDB "/usr/share/collectd/types.db"',
            f"{conf}: 1 error: fix that, and run doctor again",
        ],
    )
    assert told.startswith(f"error    TypesDB: {conf}:6 replaces collectd's own, and lacks bool, bytes, ")


def test_globals_is_not_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """collectd 5.12 says it to itself: a warning is enough."""
    block = "<LoadPlugin python>\n  # Python's extension modules look for libpython's symbols in the whole process.\n"
    printed = snippet(module_paths())
    assert block in printed
    conf = write(folder, printed.replace(f"{block}  Globals true\n</LoadPlugin>", "LoadPlugin python"))
    assert "collectd_inode: observing 1 job" in tried(conf)[1]
    assert diagnosed(conf, capsys) == one_warning(
        conf,
        "Globals true: not set; the default of collectd 5.12, not of all builds",
        "write <LoadPlugin python>, Globals true, </LoadPlugin>",
    )


def test_a_plugin_without_its_libraries(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """collectd does not start, and says of its settings only that they could not be parsed."""
    own = re.search(r'"(.+)"', machine.PLUGINS)
    (plugins := folder / "plugins").mkdir()
    for plugin in Path(own[1] if own else "/usr/lib/collectd").iterdir():
        (plugins / plugin.name).symlink_to(plugin)
    # Libraries that no machine has; those of the plugin are on some.
    (patched := plugins / "write_prometheus.so").write_bytes(
        re.sub(rb"(lib(?:protobuf-c|microhttpd)[.]so[.])\d", rb"\g<1>9", _taken(patched))
    )
    served = '\nLoadPlugin write_prometheus\n<Plugin write_prometheus>\n  Port "9103"\n</Plugin>\n'
    conf = write(folder, snippet(module_paths()), before=f'PluginDir "{plugins}"\n', after=CLOCK + served)
    code, told = tried(conf)
    assert (code, "libprotobuf-c.so.9" in told) == (1, True)
    code, found = diagnosed(conf, capsys)
    assert (code, found.splitlines()[1:]) == (
        1,
        [
            "         to do: apt install libprotobuf-c1 libmicrohttpd12",
            f"{conf}: 1 error: fix that, and run doctor again",
        ],
    )
    assert "/write_prometheus.so wants libprotobuf-c.so.9, libmicrohttpd.so.92, which is not there" in found


def _taken(link: Path) -> bytes:
    """The content of the file behind *link*, which is removed."""
    content = link.read_bytes()
    link.unlink()
    return content


def test_import_behind_the_module(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """collectd starts, and ignores our section."""
    conf = write(folder, snippet(module_paths()), before="LoadPlugin python" + CLOCK, after="")
    assert 'Found a configuration for the "collectd_inode" plugin, but the plugin isn\'t loaded' in tried(conf)[1]
    code, told = diagnosed(conf, capsys)
    assert code == 1
    imported = conf.read_text().splitlines().index('  Import "collectd_inode"') + 1
    assert f"error    Import: {conf}:{imported}: it follows {conf}:9, which collectd then ignores\n" in told


def test_python_is_loaded_too_late(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """collectd starts, and ignores all that is for python."""
    printed = snippet(module_paths())
    load = printed[printed.index("<LoadPlugin python>") : printed.index("<Plugin python>")]
    conf = write(folder, printed.replace(load, ""), after=f"{CLOCK}{load}")
    assert "observing" not in tried(conf)[1]
    line = conf.read_text().splitlines().index("<LoadPlugin python>") + 1
    assert diagnosed(conf, capsys) == one_error(
        conf,
        f"LoadPlugin python: {conf}:{line}: it follows a <Plugin python>, which collectd then ignores",
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
        "pip uninstall collectd; nothing here needs it",
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


UNRESOLVED = """
printf '127.0.0.1 localhost\\n' >"$1/hosts"
printf 'hosts: files\\n' >"$1/nsswitch.conf"
mount --bind "$1/hosts" /etc/hosts
mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf
"$2" -T -C "$1/collectd.conf" && exit 9
exec "$3" doctor "$1/collectd.conf"
"""
"""A machine whose name stands nowhere: collectd, which must fail there, and the doctor."""


def test_a_machine_whose_name_is_in_no_etc_hosts(folder: Path) -> None:
    """collectd asks for its full name, as it does if nothing else is said, and ends at its start."""
    conf = write(folder, snippet(module_paths()))
    conf.write_text(conf.read_text().replace(f'Hostname "{HOST}"\nFQDNLookup false\n', ""))
    program = Path(sys.executable).with_name("collectd-inode")
    done = subprocess.run(
        [
            "unshare",
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-euc",
            UNRESOLVED,
            "sh",
            folder,
            machine.program("collectd"),
            program,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert "cannot resolve my hostname to a fully qualified domain name" in done.stdout
    own = os.uname().nodename
    assert (
        f"error    host name: {own} cannot be resolved and FQDNLookup is true, so collectd does not start\n"
        f"         to do: a line `127.0.1.1 {own}` in /etc/hosts, or `FQDNLookup false` in {conf}\n"
    ) in done.stdout
    assert done.returncode == 1
