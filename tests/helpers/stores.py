"""Debian's Graphite and Prometheus, unpacked into ``.tools/``: on free ports of loopback, ended by their own ids."""

from __future__ import annotations

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection

from demo import unpacked
from tests.helpers.examples import HUNG
from tests.helpers.ports import LOOPBACK, free_port

HERE = Path(__file__).resolve().parent
_PATIENCE = HUNG


@contextmanager
def running(
    folder: Path, name: str, *command: str, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A program with its output in *folder*, asked to end at the end."""
    with open(folder / f"{name}.log", "wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def wait(until: Callable[[], object], what: Callable[[], str], seconds: float = _PATIENCE) -> None:
    """Look until something is so; fails with what *what* says if it never is."""
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, f"it did not come about in {seconds:g} s: {what()}"
        time.sleep(0.05)


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        create_connection((LOOPBACK, port), 1.0).close()
    except ConnectionRefusedError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Graphite:
    """A running Graphite: where carbon takes lines, and where graphite-web is asked."""

    line_port: int
    url: str


_CARBON = """[cache]
STORAGE_DIR = {folder}/
LOCAL_DATA_DIR = {folder}/whisper/
CONF_DIR = {folder}/
LOG_DIR = {folder}/
PID_DIR = {folder}/
USER =
# 50 new series a minute and a second between writes are for other machines.
MAX_CREATES_PER_MINUTE = inf
MAX_UPDATES_PER_SECOND = inf
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = {line}
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = 0
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = {query}
ENABLE_TAGS = False
WHISPER_FALLOCATE_CREATE = False
"""
_SETTINGS = """SECRET_KEY = "nobody's"
TIME_ZONE = "UTC"
STORAGE_DIR = CONF_DIR = LOG_DIR = {folder!r}
WHISPER_DIR = {folder!r} + "/whisper/"
MEMCACHE_HOSTS = []
DEFAULT_CACHE_DURATION = 0
FIND_CACHE_DURATION = 0
CARBONLINK_HOSTS = ["127.0.0.1:{query}"]
ALLOWED_HOSTS = ["*"]
"""
_IMP = """from importlib import reload
PY_SOURCE = 1
"""
"""Ubuntu 24.04's carbon imports the module ``imp``, which its Python 3.12 no longer has, and needs no more of it."""


@contextmanager
def graphite(folder: Path) -> Iterator[Graphite]:
    """carbon-cache and graphite-web, with a point a second; twice as long as the longest window of a dashboard."""
    (folder / "whisper").mkdir(parents=True)
    ports = {"line": free_port(), "query": free_port()}
    (folder / "carbon.conf").write_text(_CARBON.format(folder=folder, **ports))
    (folder / "storage-schemas.conf").write_text("[all]\npattern = .*\nretentions = 1s:2h\n")
    (folder / "inode_graphite_settings.py").write_text(_SETTINGS.format(folder=str(folder), **ports))
    (folder / "imp.py").write_text(_IMP)
    environment = unpacked.environment("graphite")
    environment["PYTHONPATH"] = os.pathsep.join([str(folder), str(HERE), environment["PYTHONPATH"]])
    web = {
        **environment,
        "DJANGO_SETTINGS_MODULE": "graphite.settings",
        "GRAPHITE_SETTINGS_MODULE": "inode_graphite_settings",
        "GRAPHITE_STATIC": str(unpacked.TOOLS / "graphite" / "usr/share/graphite-web/static"),
    }
    port = free_port()

    def program(name: str) -> tuple[str, str]:
        # Their first lines may name another Python.
        return "/usr/bin/python3", str(unpacked.command("graphite", name))

    def log() -> str:
        return "\n".join(file.read_text(errors="replace") for file in folder.glob("*.log"))

    with ExitStack() as both:
        carbon = (*program("carbon-cache"), f"--config={folder}/carbon.conf", "--nodaemon", "start")
        both.enter_context(running(folder, "carbon", *carbon, environment=environment))
        migrate = (*program("graphite-manage"), "migrate", "--run-syncdb")
        subprocess.run(migrate, env=web, cwd=folder, capture_output=True, check=True)
        gunicorn = (*program("gunicorn"), "--bind", f"{LOOPBACK}:{port}", "--workers", "2", "graphite_web:application")
        both.enter_context(running(folder, "gunicorn", *gunicorn, environment=web))
        wait(lambda: listens(ports["line"]) and listens(port), log)
        yield Graphite(ports["line"], f"http://{LOOPBACK}:{port}")


_PROMETHEUS = """global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: collectd
    honor_labels: true
    honor_timestamps: false
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


@contextmanager
def prometheus(folder: Path, scraped: int, rules: Path) -> Iterator[str]:
    """A Prometheus that asks the port *scraped* each second, as conf.d/write-prometheus.conf says; its address."""
    folder.mkdir(parents=True)
    (folder / "prometheus.yml").write_text(_PROMETHEUS.format(port=scraped, rules=rules))
    program = unpacked.command("prometheus", "prometheus")
    port = free_port()
    command = (
        str(program),
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={LOOPBACK}:{port}",
    )
    with running(folder, "prometheus", *command, environment=program.environment):
        wait(lambda: _ready(port), lambda: (folder / "prometheus.log").read_text(errors="replace"))
        yield f"http://{LOOPBACK}:{port}"


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/-/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as not_yet:
        not_yet.close()
        return False
    except OSError:
        return False
