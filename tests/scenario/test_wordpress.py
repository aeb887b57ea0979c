"""A real WordPress, set up as docs/how-to/wordpress.rst says: its scenarios, and how each of its faults is told."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.places import ROOT
from tests.helpers.wordpress import HOST, PASSWORD, TITLE, USER, Blog, blog

pytestmark = pytest.mark.slow

NAMES = ("read", "files", "encrypted", "log_in", "wrong_password")
"""The scenarios of the feature file, by their series."""
FEATURE = ROOT / "scenarios" / "wordpress.feature"
HTTP, HTTPS = f"http://{HOST}", f"https://{HOST}"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blog]:
    """One for all; each test leaves it whole."""
    with blog(tmp_path_factory.mktemp("blog")) as made:
        yield made


def replayed(of: Blog, *options: str) -> dict[str, str]:
    """Cause and message of each scenario, by its series; empty for one that passed."""
    secret = of.folder / "secret"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    program = Path(sys.executable).with_name("collectd-inode")
    command = [
        str(program), "run", str(FEATURE), "--format", "json", "--base-url", HTTP,
        "-D", f"title={TITLE}", "-D", "post=Hello world!", "-D", f"user={USER}", "--secret", f"password={secret}",
        "--resolve", f"{HOST}:80=127.0.0.1:{of.http}", "--resolve", f"{HOST}:443=127.0.0.1:{of.https}",
        "--ca-cert", str(of.ca), *(options or ("--timeout", "600")),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(runs) == len(NAMES), done.stderr
    return {name: _told(run) for name, run in zip(NAMES, runs, strict=True)}


def _told(run: dict[str, str]) -> str:
    if run["status"] == "passed":
        return ""
    shown = f", found: {run['found']}" if run["found"] else ""
    return f"{run['cause']}: {run['message']}{shown}"


GOOD = dict.fromkeys(NAMES, "")


def test_it_is_read_logged_in_to_and_closed_again(running: Blog) -> None:
    """All scenarios pass, and no file was asked of Apache."""
    assert replayed(running) == GOOD
    assert [path for path in running.asked_of_apache() if not path.endswith((".php", "/"))] == []


def test_the_database_is_gone(running: Blog) -> None:
    """Files are there; every page says why it is not."""
    running.stop("mariadb")
    told = replayed(running)
    running.start("mariadb")
    why = "Error establishing a database connection"
    begins = {
        "read": f"refused: {HTTP}/ answered 500 Internal Server Error, found: {why}",
        "log_in": f"refused: {HTTPS}/wp-admin/, to which {HTTP}/wp-admin/ redirected, answered 500 Internal Server"
        f" Error, found: {why}",
        "wrong_password": f"refused: {HTTPS}/wp-login.php, to which {HTTP}/wp-login.php redirected, answered 500"
        f" Internal Server Error, found: {why}",
    }
    begins["encrypted"] = begins["log_in"]
    assert {name: said[: len(begins.get(name, ""))] for name, said in told.items()} == GOOD | begins


def test_php_is_slow(running: Blog) -> None:
    """The answer is waited for until the run's deadline; files come meanwhile."""
    released = running.folder / "released"
    plugins = running.folder / "lib" / "wp-content" / "mu-plugins"
    plugins.mkdir()
    (plugins / "slow.php").write_text(
        f"<?php while (!file_exists('{released}')) {{ usleep(10000); clearstatcache(); }}"
    )
    told = replayed(running, "--timeout", "5")
    released.touch()
    waited = f"timeout: not done after 5 s: still waiting for the answer of {HOST}"
    assert told == {name: "" if name == "files" else waited for name in NAMES}


def test_the_certificate_has_expired(running: Blog) -> None:
    """Pages by HTTP are well; what is encrypted says since when it is not."""
    running.certificate(datetime.timedelta(days=-1))
    running.nginx_with()
    told = replayed(running)
    running.certificate(datetime.timedelta(days=90))
    running.nginx_with()
    begin = f"certificate: {HOST}:443: certificate not accepted: certificate has expired on 2"
    encrypted = {"encrypted", "log_in", "wrong_password"}
    assert {name: said[: len(begin)] for name, said in told.items()} == {
        name: begin if name in encrypted else "" for name in NAMES
    }
    assert told["log_in"].endswith(f", to which {HTTP}/wp-admin/ redirected")


def test_the_folder_of_the_files_is_missing(running: Blog) -> None:
    """Pages are there; style sheets and scripts are not, and are named with their status."""
    wrong = f"{running.folder}/share/gone;"
    running.nginx_with((f"root {running.folder}/share/wordpress;", f"root {wrong}"))
    told = replayed(running)
    running.nginx_with()
    assert told["encrypted"] == told["wrong_password"] == ""
    script = f"{HTTP}/wp-includes/js/jquery/jquery.min.js"
    assert told["files"] == f"refused: {script} answered 404 Not Found, found: 404 Not Found nginx/1.22.1"
    for name in ("read", "log_in"):
        assert told[name].startswith("expectation: ")
        assert " files of the page did not load: http" in told[name]
        assert " answered 404; http" in told[name]
        # What the Dashboard keeps for a browser without scripts is no fault of its.
        assert ", found: http" in told[name]


def test_the_administration_redirects_to_itself(running: Blog) -> None:
    """Without X-Forwarded-Proto WordPress takes each request for one by HTTP."""
    running.nginx_with(("proxy_set_header X-Forwarded-Proto $scheme;", ""))
    told = replayed(running)
    running.nginx_with()
    loop = "protocol: redirected more than 20 times: a loop: {0} → {1}, found: "
    begins = {
        "log_in": loop.format(f"{HTTPS}/wp-admin/", "/wp-admin/"),
        "wrong_password": loop.format(f"{HTTPS}/wp-login.php", "/wp-login.php"),
    }
    begins["encrypted"] = begins["log_in"]
    assert {name: said[: len(begins.get(name, ""))] for name, said in told.items()} == GOOD | begins


@pytest.mark.parametrize(
    ("daemon", "said"),
    [("apache", "answered 502 Bad Gateway, found: 502 Bad Gateway nginx/1.22.1"), ("nginx", "connection refused")],
)
def test_a_server_is_gone(running: Blog, daemon: str, said: str) -> None:
    """Without Apache nginx says so, and has its files; without nginx nobody is there."""
    running.stop(daemon)
    told = replayed(running)
    running.start(daemon)
    well = {"files"} if daemon == "apache" else set()
    assert {name: told[name].endswith(said) for name in NAMES} == {name: name not in well for name in NAMES}
