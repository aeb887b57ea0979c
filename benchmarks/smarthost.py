"""Which tool notices what is wrong with a smarthost, and how long the second EHLO takes.

The tables are in docs/explanation/smarthost-faults.rst.

The smarthosts are those of the tests (``tests/helpers/smtp_faults.py``), in a process of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import re
import smtplib
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from benchmarks.servers import get
from benchmarks.tools import CHECKOUT, situation, table, wait_for
from collectd_inode.keys import BlockSettings
from collectd_inode.observing import observe
from collectd_inode.smarthost.jobs import load
from collectd_inode.smarthost.settings import Settings
from collectd_inode.wire import workers
from demo import unpacked
from tests.helpers.certificates import HOST
from tests.helpers.exim import smarthost
from tests.helpers.ports import free_port
from tests.helpers.smtp_faults import FAULTS, PASSWORD, USER

TIMEOUT, KILLED = 4, 9
"""Seconds: what each tool is given, and when it is killed all the same."""
AT_ONCE = 4
SENDER, RECIPIENT = "monitor@example.org", "postmaster@example.net"
DEFAULT_ROUNDS = 40
PARTS = ("faults", "ehlo")


@dataclass(frozen=True, slots=True)
class Target:
    """One of the smarthosts."""

    name: str
    port: int
    ca: str

    @property
    def slug(self) -> str:
        """Its name in files and modules."""
        return re.sub(r"\W+", "_", self.name)


class Outcome(StrEnum):
    """What a tool made of a server."""

    CAUGHT = "caught"
    OK = "ok"
    FALSE_ALARM = "false alarm"
    HANG = "hang"


@dataclass(frozen=True, slots=True)
class Found:
    """What a tool said: all is well, something is not, or (None) nothing in time; and after how many seconds."""

    well: bool | None
    seconds: float
    words: str = ""

    def outcome(self, sound: bool) -> Outcome:
        """How that is to be called, of a server that is *sound* or is not."""
        if self.well is None:
            return Outcome.HANG
        if self.well:
            return Outcome.OK
        return Outcome.FALSE_ALARM if sound else Outcome.CAUGHT

    def shown(self, sound: bool) -> str:
        """A cell of the table; what a tool should not have said is in bold."""
        outcome = self.outcome(sound)
        right = outcome is (Outcome.OK if sound else Outcome.CAUGHT)
        return f"{outcome if right else f'**{outcome}**'} {self.seconds:.1f} s{self.words}"


Tool = Callable[[Target], Found]


# The smarthosts.


@contextmanager
def targets(folder: Path) -> Iterator[dict[str, Target]]:
    """All of them, while this lasts."""
    command = (sys.executable, "-m", "tests.helpers.smtp_faults", str(folder))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        served = json.loads(process.stdout.readline())
        try:
            yield {name: Target(name, one["port"], one["ca"]) for name, one in served.items()}
        finally:
            process.stdin.close()


# The tools.


def ours(folder: Path) -> Tool:
    """``collectd-inode once``, with a block that asks for all there is."""
    password = folder / "password"
    password.touch(0o600)
    password.write_text(f"{PASSWORD}\n", encoding="utf-8")

    def look(target: Target) -> Found:
        conf = folder / f"{target.slug}.conf"
        conf.write_text(_block(target, password), encoding="utf-8")
        command = [str(Path(sys.executable).with_name("collectd-inode")), "once", str(conf), "--format", "json"]
        done, seconds = _timed(command, {})
        if done is None:
            return Found(None, seconds)
        said = json.loads(done.stdout)
        words = [said["cause"]] if said["status"] != "passed" else sorted({w["code"] for w in said["warnings"]})
        return Found(said["status"] == "passed", seconds, f": {', '.join(words)}" if words else "")

    return look


def _block(target: Target, password: Path) -> str:
    return f"""
<Plugin python>
  Import "collectd_inode"
  <Module collectd_inode>
    <Smarthost "{target.slug}">
      Server "127.0.0.1"
      Port {target.port}
      ServerName "{HOST}"
      CACert "{target.ca}"
      User "{USER}"
      PasswordFile "{password}"
      HeloName "leaf.test"
      Sender "{SENDER}"
      Recipient "{RECIPIENT}"
      RefusedWithoutAuth true
      Timeout {TIMEOUT}
    </Smarthost>
  </Module>
</Plugin>
"""


def check_smtp(*more: str) -> Tool:
    """check_smtp with STARTTLS, AUTH LOGIN (it knows no other) and MAIL, which it says before AUTH."""
    program = unpacked.command("monitoring", "check_smtp")

    def look(target: Target) -> Found:
        command = [
            program.path, "-H", "127.0.0.1", "-p", str(target.port), "-F", "leaf.test", "-S", "-f", SENDER,
            "-A", "LOGIN", "-U", USER, "-P", PASSWORD, "-t", str(TIMEOUT), *more,
        ]  # fmt: skip
        return _by_exit_code(command, program.environment)

    return look


def swaks(target: Target) -> Found:
    """Swaks with a verified STARTTLS, any mechanism that both know, up to RCPT."""
    program = unpacked.command("exim", "swaks")
    command = [
        program.path, "--server", "127.0.0.1", "--port", str(target.port), "--helo", "leaf.test", "--timeout",
        str(TIMEOUT), "-tls", "--tls-verify", "--tls-ca-path", target.ca, "--auth", "LOGIN,PLAIN,CRAM-MD5",
        "--auth-user", USER, "--auth-password", PASSWORD, "--from", SENDER, "--to", RECIPIENT, "--quit-after", "RCPT",
    ]  # fmt: skip
    return _by_exit_code(command, program.environment)


@contextmanager
def blackbox_exporter(folder: Path, asked: Iterable[Target]) -> Iterator[Tool]:
    """A blackbox_exporter with a module for each, by AUTH PLAIN; nothing is expected after QUIT."""
    program, port = unpacked.command("monitoring", "prometheus-blackbox-exporter"), free_port()
    file = folder / "blackbox.yml"
    file.write_text("modules:\n" + "".join(_module(target) for target in asked), encoding="utf-8")
    command = (program.path, f"--config.file={file}", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error")

    def look(target: Target) -> Found:
        what = urllib.parse.urlencode({"module": target.slug, "target": f"127.0.0.1:{target.port}"})
        begun = time.monotonic()
        said = get(port, f"/probe?{what}")
        return Found("\nprobe_success 1\n" in said, time.monotonic() - begun)

    with (folder / "blackbox.out").open("wb") as output:
        process = subprocess.Popen(command, env=program.environment, stdout=output, stderr=output)
    try:
        wait_for(port)
        yield look
    finally:
        process.terminate()
        process.wait(20)


def _module(target: Target) -> str:
    plain = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
    return f"""
  {target.slug}:
    prober: tcp
    timeout: {TIMEOUT}s
    tcp:
      tls_config: {{ca_file: {target.ca}, server_name: {HOST}}}
      query_response:
        - expect: "^220 "
        - send: "EHLO leaf.test\\r"
        - expect: "^250[ -]STARTTLS"
        - send: "STARTTLS\\r"
        - expect: "^220"
        - starttls: true
        - send: "EHLO leaf.test\\r"
        - expect: "^250[ -]AUTH .*PLAIN"
        - send: "AUTH PLAIN {plain}\\r"
        - expect: "^235"
        - send: "MAIL FROM:<{SENDER}>\\r"
        - expect: "^250"
        - send: "RCPT TO:<{RECIPIENT}>\\r"
        - expect: "^250"
        - send: "QUIT\\r"
"""


def _by_exit_code(command: Sequence[str], environment: Mapping[str, str]) -> Found:
    done, seconds = _timed(command, environment)
    return Found(None if done is None else done.returncode == 0, seconds)


def _timed(
    command: Sequence[str], environment: Mapping[str, str]
) -> tuple[subprocess.CompletedProcess[str] | None, float]:
    """What came of *command*, None if it had to be killed; and how many seconds it took."""
    begun = time.monotonic()
    try:
        done = subprocess.run(
            command, env=dict(environment), cwd=CHECKOUT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=KILLED, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None, time.monotonic() - begun
    return done, time.monotonic() - begun


# The table.


def faults(folder: Path, served: Mapping[str, Target], names: Sequence[str]) -> None:
    """Each fault, seen by each tool."""
    print(_versions(), end="\n\n")
    asked = [served[name] for name in names]
    with blackbox_exporter(folder, asked) as blackbox:
        tools = {
            "collectd_inode": ours(folder),
            "check_smtp": check_smtp(),
            "check_smtp -D": check_smtp("-D", "14"),
            "swaks": swaks,
            "blackbox": blackbox,
        }
        seen: dict[str, list[tuple[bool, Outcome]]] = {tool: [] for tool in tools}
        with ThreadPoolExecutor(AT_ONCE) as pool, table(*_titles(tools)) as row:
            looks = pool.map(lambda target: {tool: look(target) for tool, look in tools.items()}, asked)
            for target, found in zip(asked, looks, strict=True):
                sound = FAULTS[target.name].sound
                row(f"{target.name}{' (sound)' if sound else ''}", *(one.shown(sound) for one in found.values()))
                for tool, one in found.items():
                    seen[tool].append((sound, one.outcome(sound)))
    print()
    with table("Tool          ", "faults", "caught", "ok", "hang", "sound", "ok", "false alarm", "hang") as row:
        for tool, outcomes in seen.items():
            row(tool, *_counted(outcomes, False, Outcome.CAUGHT), *_counted(outcomes, True, Outcome.FALSE_ALARM))


def _titles(tools: Iterable[str]) -> list[str]:
    widths = {"collectd_inode": 34}
    return [f"{'Smarthost':<40}", *(f"{tool:<{widths.get(tool, 22)}}" for tool in tools)]


def _counted(outcomes: Iterable[tuple[bool, Outcome]], sound: bool, alarm: Outcome) -> tuple[int, ...]:
    """How many there were; those that were caught (or falsely so) and those called ok, the right ones first; hung."""
    of = Counter(outcome for is_sound, outcome in outcomes if is_sound is sound)
    judged = (of[Outcome.OK], of[alarm]) if sound else (of[alarm], of[Outcome.OK])
    return (of.total(), *judged, of[Outcome.HANG])


def _versions() -> str:
    packages = (
        ("monitoring", "monitoring-plugins-basic"),
        ("exim", "swaks"),
        ("monitoring", "prometheus-blackbox-exporter"),
    )
    return ", ".join([situation(), *(_version(name, package) for name, package in packages)])


def _version(name: str, package: str) -> str:
    """Of what ``scripts/unpack`` has unpacked, by the archives that it notes."""
    stamp = (unpacked.TOOLS / name / ".stamp").read_text()
    found = re.search(rf"^{package}_([^_]+)_", stamp, re.MULTILINE)
    return f"{package} {found[1] if found else '?'}"


# The second EHLO.


def ehlo(folder: Path, served: Mapping[str, Target], rounds: int) -> None:
    """What it takes to be answered, as ours says and as smtplib's caller would measure it, in milliseconds."""
    password = folder / "password"
    password.touch(0o600)
    password.write_text(f"{PASSWORD}\n", encoding="utf-8")
    with (
        smarthost(folder, user=USER, password=PASSWORD) as exim,
        table("Server            ", "collectd_inode, p50 / p95 / worst", "smtplib, p50 / p95 / worst") as row,
    ):
        for name, port, ca, host in (
            ("Exim, GnuTLS", exim.port, exim.ca, "localhost"),
            ("Python, OpenSSL", served["nothing"].port, served["nothing"].ca, HOST),
        ):
            settings = Settings(
                server="127.0.0.1", port=port, ca_cert=ca, server_name=host, user=USER, password_file=str(password)
            )
            mine = workers.run(_by_ours(settings, rounds))
            theirs = [_by_smtplib(port, ca, host) for _ in range(rounds)]
            row(name, _quantiles(mine), _quantiles(theirs))


async def _by_ours(settings: Settings, rounds: int) -> list[float]:
    (job,) = load("ehlo", settings, BlockSettings()).jobs
    found = []
    for _ in range(rounds):
        observation = await observe(job)
        assert observation.passed, observation.message
        found += [step.seconds for step in observation.steps if step.series == "ehlo_tls" and step.seconds is not None]
        await asyncio.sleep(0)
    return found


def _by_smtplib(port: int, ca: str, host: str) -> float:
    context = ssl.create_default_context(cafile=ca)
    with smtplib.SMTP("127.0.0.1", port, "leaf.test", 20) as client:
        client._host = host  # type: ignore[attr-defined]  # the name that it verifies
        client.ehlo()
        client.starttls(context=context)
        begun = time.perf_counter()
        client.ehlo()
        return time.perf_counter() - begun


def _quantiles(seconds: Sequence[float]) -> str:
    cuts = statistics.quantiles(seconds, n=20, method="inclusive")
    return " / ".join(f"{value * 1000:.2f}" for value in (cuts[9], cuts[18], max(seconds)))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="benchmarks/smarthost", description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="one of the tables")
    parser.add_argument("--fault", choices=FAULTS, action="append", metavar="NAME", help="these only; repeatable")
    parser.add_argument("--rounds", type=int, default=DEFAULT_ROUNDS, help="dialogues a server and client")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, targets(Path(name)) as served:
        if options.only != "ehlo":
            faults(Path(name), served, options.fault or list(FAULTS))
            print()
        if options.only != "faults":
            exim = _version("exim", "exim4-daemon-heavy")
            print(f"{situation()}, {exim}; {options.rounds} dialogues each, milliseconds", end="\n\n")
            ehlo(Path(name), served, options.rounds)


if __name__ == "__main__":
    main()
