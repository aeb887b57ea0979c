"""The first command that a stranger types, on a machine that has no collectd: as nobody, and with nobody to ask."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.checkout import copy_to

NOBODY = 65534


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A copy of this one that is nobody's, unless we may not give it away; what is installed here does not count."""
    with tempfile.TemporaryDirectory() as name:
        folder = copy_to(Path(name) / "a checkout")
        setup = folder / "scripts" / "setup"
        setup.write_text(setup.read_text(encoding="utf-8").replace("/usr/sbin/collectd", "/no/collectd"))
        if os.geteuid() == 0:
            Path(name).chmod(0o755)
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", folder], check=True)
        yield folder


def typed(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A script without root, terminal, HOME or anything else."""
    nobody = ("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups") if os.geteuid() == 0 else ()
    kept = {name: os.environ[name] for name in ("PIP_CERT", "PIP_INDEX_URL") if name in os.environ}
    return subprocess.run(
        [*nobody, "/bin/sh", *words],
        cwd=checkout,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **kept},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_demonstration_on_a_machine_without_collectd(checkout: Path) -> None:
    """It gets what is missing, shows everything, and is quicker the next time; the path has a blank."""
    done = typed(checkout, "scripts/demo", "20")
    assert done.returncode == 0, done.stdout
    first, reading, getting, *others = done.stdout.splitlines()
    assert first.startswith("scripts/setup: what is missing is got now, this once: about ")
    assert reading == "scripts/unpack: reading the package lists"
    assert getting.startswith("scripts/unpack: .tools/collectd: getting ")
    assert others[-1].endswith("demo-run/graphs/index.html")
    assert (checkout / "demo-run" / "graphs" / "index.html").exists()
    assert typed(checkout, "scripts/setup", "--demo").stdout == ""
