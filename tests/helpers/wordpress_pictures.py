"""Pictures of a real WordPress that loses its database: ``python -m tests.helpers.wordpress_pictures FOLDER``.

Two terminals (``wordpress.svg``, ``wordpress-no-database.svg``), and the steps of the log-in as collectd drew them
meanwhile (``wordpress-log-in.png``).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from docutils import nodes

from demo import machine
from demo.configuration import adapted
from demo.terminal import picture
from tests.helpers.collectd_process import Collectd
from tests.helpers.pages import tree_of
from tests.helpers.places import ROOT
from tests.helpers.wordpress import HOST, PAGE, PASSWORD, Blog, blog

INTERVAL, SECONDS = 30, 105
PROGRAM = Path(sys.executable).with_name("collectd-inode")
_RRD = """
LoadPlugin rrdtool
<Plugin rrdtool>
  DataDir "{folder}/rrd"
  StepSize {interval}
  HeartBeat {heartbeat}
  RRARows 1200
  XFF 0.9
  CacheFlush 1
  CacheTimeout 0
</Plugin>
"""


def main(target: Path) -> None:
    """Run the blog, take its database away for a while, and draw."""
    with tempfile.TemporaryDirectory() as name, blog(_made(Path(name, "blog"))) as made:
        folder = Path(name)
        block = _block(made, folder)
        alone = block.replace(f"Interval {INTERVAL}", "Interval 300")
        section = f'<Plugin python>\nImport "collectd_inode"\n<Module collectd_inode>\n{alone}</Module>\n</Plugin>\n'
        (folder / "wordpress.conf").write_text(section)
        around = _RRD.format(folder=folder, interval=INTERVAL, heartbeat=2 * INTERVAL)
        with Collectd(folder, f'StateDir "{folder}/state"\n{block}', around=around):
            time.sleep(SECONDS)
            (target / "wordpress.svg").write_text(_terminal(folder), encoding="utf-8")
            made.stop("mariadb")
            time.sleep(SECONDS)
            (target / "wordpress-no-database.svg").write_text(_terminal(folder), encoding="utf-8")
            made.start("mariadb")
            time.sleep(SECONDS)
        _draw(folder, target / "wordpress-log-in.png")


def _made(folder: Path) -> Path:
    """*folder*, made; its daemons run as nobody and must reach it."""
    folder.mkdir()
    folder.parent.chmod(0o755)
    return folder


def _block(made: Blog, folder: Path) -> str:
    """The page's block, for the blog on its ports."""
    blocks = (block.astext() for block in tree_of(PAGE.read_text(encoding="utf-8"))[0].findall(nodes.literal_block))
    text = next(text for text in blocks if "<Scenario" in text)
    text = text[text.index("    <Scenario") : text.index("  </Module>")]
    secret = folder / "secret"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    more = (
        f'Resolve "{HOST}:80" "127.0.0.1:{made.http}"\n      Resolve "{HOST}:443" "127.0.0.1:{made.https}"\n'
        f'      CACert "{made.ca}"\n    </Scenario>'
    )
    places = [
        ("/etc/collectd/scenarios", str(ROOT / "scenarios")),
        ("/etc/collectd/secrets/wordpress", str(secret)),
        ("Interval 300", f"Interval {INTERVAL}"),
        ("</Scenario>", more),
    ]
    return adapted("wordpress.conf", text, places)


def _terminal(folder: Path) -> str:
    command = [str(PROGRAM), "once", "wordpress.conf", "-j", "1"]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "FORCE_COLOR": "1"}, stdout=subprocess.PIPE, text=True, check=False
    )
    shown = done.stdout.replace(f"{ROOT}/scenarios/", "")
    return picture(f"$ collectd-inode once wordpress.conf -j 1\n{shown}") + "\n"


def _draw(folder: Path, file: Path) -> None:
    seconds = 3 * SECONDS + 10
    command = [str(PROGRAM), "graph", str(folder / "collectd.conf"), "--last", f"{seconds}s", "--out", "graphs"]
    subprocess.run(command, cwd=folder, env={**os.environ, "PATH": machine.PATH}, check=True)
    shutil.copy(folder / "graphs" / "scenario-wordpress-log_in-steps.png", file)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
