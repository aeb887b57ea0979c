"""A night's faults in a real collectd, and what the person who is woken is told of them: ``scripts/alarm-drill``.

Five jobs of one host, whose names a resolver of the drill's own knows.  One after another a certificate is replaced,
the resolver goes, a database is stopped while the hub that takes notifications is down, and a disk is made busy.  At
the end the notifications, ``status``, ``why`` and the evidence are printed, and compared with what they must be.

Root runs it in a network and a mount namespace of its own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from demo.authority import Authority, pem
from tests.helpers.collectd_process import CLEAN, Collectd, Told, open_folder
from tests.helpers.places import ROOT
from tests.helpers.ports import free_port

DOMAIN = "drill.test"
JOBS = ("shop", "wiki", "docs", "secure", "stock")
QUIET_SECONDS = 140.0
"""From the start to the busy disk: ``why`` wants values of the time before the two minutes that it looks at."""
BUSY_SECONDS = 8.0
MEBIBYTE = b"\0" * 1_048_576
RESOLV_CONF = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"
WELCOME = b"<!doctype html><h1>Welcome</h1>"
DATABASE_GONE = b"<!doctype html><title>Database Error</title><h1>Error establishing a database connection</h1>"
FAILURE, OKAY = 1, 4
SEVERITIES = {FAILURE: "FAILURE", 2: "WARNING", OKAY: "OKAY"}
UPLINK = "inode_probe/bool-uplink"


# What breaks.


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    """Serve in a thread; at the end its port is free."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Part:
    """A server that can be stopped, and started again at its place."""

    def __init__(self, make: Callable[[], socketserver.BaseServer]) -> None:
        self._make = make
        self._running = ExitStack()

    def start(self) -> None:
        """Serve."""
        self._running.enter_context(serving(self._make()))

    def stop(self) -> None:
        """Be gone: who asks is refused."""
        self._running.close()


class Names(socketserver.BaseRequestHandler):
    """A resolver: each name has the address 127.0.0.1, and no other."""

    def handle(self) -> None:
        """Answer a query with one question (RFC 1035, 4.1)."""
        query, here = self.request
        here.sendto(answered(query), self.client_address)


def answered(query: bytes) -> bytes:
    """The answer to *query*."""
    end = query.index(b"\0", 12) + 5
    is_address = query[end - 4 : end - 2] == b"\0\x01"
    record = b"\xc0\x0c\0\x01\0\x01\0\0\0\0\0\x04\x7f\0\0\x01" if is_address else b""
    return query[:2] + b"\x81\x80\0\x01\0" + bytes((bool(record),)) + b"\0\0\0\0" + query[12:end] + record


class Database(socketserver.BaseRequestHandler):
    """It is there: that is all that the site asks of it."""

    def handle(self) -> None:
        """Say so."""
        self.request.sendall(b"ready\n")


class TCPServer(socketserver.ThreadingTCPServer):
    """At the same port again, at once."""

    allow_reuse_address = True
    daemon_threads = True


class Table:
    """A table of the stock's: an import locks it, and writes *file* anew as fast as the disk takes it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.lock = threading.Lock()
        self._importing = threading.Event()
        self._thread: threading.Thread | None = None

    def start_import(self) -> None:
        """Make the disk busy."""
        self._importing.set()
        self._thread = threading.Thread(target=self._import)
        self._thread.start()

    def end_import(self) -> None:
        """Let it rest."""
        self._importing.clear()
        if self._thread is not None:
            self._thread.join()

    def _import(self) -> None:
        with self.lock, self._file.open("wb", buffering=0) as file:
            while self._importing.is_set():
                file.seek(0)
                for _ in range(16):
                    file.write(MEBIBYTE)
                    os.fsync(file.fileno())


class Site(ThreadingHTTPServer):
    """The sites of all jobs; some pages want the database, one the table."""

    daemon_threads = True

    def __init__(self, database: int, table: Table, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Page)
        self.database, self.table = database, table
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a client that refuses the certificate is what is wanted."""


class _Page(BaseHTTPRequestHandler):
    server: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        status, page = 200, WELCOME
        if self.path == "/shop":
            try:
                socket.create_connection(("127.0.0.1", self.server.database), 1).close()
            except OSError:
                status, page = 500, DATABASE_GONE
        elif self.path == "/stock":
            with self.server.table.lock:
                pass
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


class Hub(ThreadingHTTPServer):
    """Takes the notifications that alerts/webhook sends."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, taken: list[str]) -> None:
        self.taken = taken
        super().__init__(("127.0.0.1", port), _Hook)


class _Hook(BaseHTTPRequestHandler):
    server: Hub

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.taken.append(f"{content['kind']}/{content['job']} {content['status']}")
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


# The host.


@dataclass(slots=True)
class Stage:
    """All that the drill breaks and mends."""

    folder: Path
    authority: Authority
    context: ssl.SSLContext
    resolver: Part
    database: Part
    hub: Part
    table: Table
    ports: dict[str, int]
    taken: list[str] = field(default_factory=list)

    def certify(self, *, days: float) -> None:
        """Give the site a certificate that ends in so many *days*."""
        file = self.folder / "site.pem"
        file.write_bytes(self.authority.issue(f"secure.{DOMAIN}", days=days))
        self.context.load_cert_chain(file)


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Everything serves."""
    authority, context, taken = Authority.made(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), list[str]()
    (folder / "ca.pem").write_bytes(pem(authority.certificate))
    database, hub, table = free_port(), free_port(), Table(folder / "table")
    stage = Stage(
        folder,
        authority,
        context,
        Part(lambda: socketserver.UDPServer(("127.0.0.1", 53), Names)),
        Part(lambda: TCPServer(("127.0.0.1", database), Database)),
        Part(lambda: Hub(hub, taken)),
        table,
        {"hub": hub},
        taken,
    )
    stage.certify(days=90)
    plain, secure = Site(database, table), Site(database, table, context)
    stage.ports |= {"plain": plain.server_port, "secure": secure.server_port}
    with serving(plain), serving(secure):
        for part in (stage.resolver, stage.database, stage.hub):
            part.start()
        try:
            yield stage
        finally:
            table.end_import()
            for part in (stage.resolver, stage.database, stage.hub):
                part.stop()


def module(stage: Stage) -> str:
    """The jobs: every two seconds, and told when twice bad."""
    keys = f'Interval 2\nTimeout 2\nConfirm 2\nConfirmRecovery 2\nStateDir "{stage.folder}/state"'
    return "\n".join([keys, *(_block(stage, name) for name in JOBS)])


def _block(stage: Stage, name: str) -> str:
    feature = stage.folder / f"{name}.feature"
    steps = f'When I go to "/{name}"\n    Then I should see "Welcome"'
    feature.write_text(f"Feature: {name}\n  Scenario: {name}\n    {steps}\n", encoding="utf-8")
    scheme, port = ("https", "secure") if name == "secure" else ("http", "plain")
    keys = (
        f'Feature "{feature}"',
        f'BaseURL "{scheme}://{name}.{DOMAIN}:{stage.ports[port]}"',
        f'CACert "{stage.folder}/ca.pem"',
    )
    return "\n  ".join([f'<Scenario "{name}">', *keys]) + "\n</Scenario>"


def around(stage: Stage) -> str:
    """The host's own series, RRD files of them each second, and the way to the hub."""
    scripts, spool = stage.folder / "alerts", stage.folder / "spool"
    shutil.copytree(ROOT / "alerts", scripts)
    spool.mkdir(mode=0o700)
    shutil.chown(spool, "nobody")
    plugins = "".join(f"<LoadPlugin {name}>\n  Interval 1\n</LoadPlugin>\n" for name in ("cpu", "disk", "load"))
    return f"""{plugins}
LoadPlugin rrdtool
<Plugin rrdtool>
  DataDir "{stage.folder}/rrd"
  StepSize 1
  HeartBeat 5
  RRATimespan 3600
  RRARows 3600
  CacheTimeout 1
  CacheFlush 10
</Plugin>
LoadPlugin exec
<Plugin exec>
  NotificationExec "nobody" "{scripts}/webhook" "--spool" "{spool}" "http://127.0.0.1:{stage.ports["hub"]}/"
</Plugin>
"""


# The drill.


@dataclass(frozen=True, slots=True)
class Expected:
    """A notification: of what, how bad, and a pattern of its words."""

    identity: str
    severity: int
    words: str

    def fits(self, told: Told) -> bool:
        """Whether *told* is it."""
        known = (told.identity, told.severity) == (self.identity, self.severity)
        return known and re.search(self.words, told.message) is not None

    def __str__(self) -> str:
        return f"{SEVERITIES[self.severity]} of {self.identity} with /{self.words}/"


def outage(job: str, words: str) -> tuple[Expected, ...]:
    """The two notifications of a *job* that goes bad and is good again."""
    identity = f"scenario-{job}-{job}/bool-success"
    return Expected(identity, FAILURE, words), Expected(
        identity, OKAY, r"^passed: .*; it was bad for \d+ s, \d+ runs? "
    )


@dataclass(frozen=True, slots=True)
class Act:
    """A fault: what it is, how it begins and ends, what is to be told of it, and how long it lasts at least."""

    name: str
    begin: Callable[[], None]
    end: Callable[[], None]
    expected: Sequence[Expected]
    job: str
    why: str
    """A pattern of what the why command says of this job afterwards."""
    seconds: float = 0.0


def acts(stage: Stage) -> Sequence[Act]:
    """The night."""

    def database_and_hub_stop() -> None:
        stage.hub.stop()
        stage.database.stop()

    def database_starts() -> None:
        stage.database.start()
        say("the database is back, the hub ten seconds later …")
        threading.Timer(10, stage.hub.start).start()

    return (
        Act(
            "a certificate that has ended is put in place",
            lambda: stage.certify(days=-0.5),
            lambda: stage.certify(days=60),
            outage("secure", rf"^certificate: .*secure\.{DOMAIN}:\d+: .*expired on \d{{4}}-\d\d-\d\d .*CN=secure"),
            "secure",
            rf"(?m)^  certificate of secure\.{DOMAIN}: .*until .* → .*until ",
        ),
        Act(
            "the resolver is gone",
            stage.resolver.stop,
            stage.resolver.start,
            (
                Expected(UPLINK, FAILURE, "^5 of 5 jobs here: resolve; the fault is probably on this side$"),
                Expected(UPLINK, OKAY, r"^5 of 5 jobs are good again; it was bad for \d+ s$"),
            ),
            "wiki",
            rf"(?m)^  message: +wiki\.{DOMAIN}: .*name resolution",
        ),
        Act(
            "the database is stopped, and the hub is down",
            database_and_hub_stop,
            database_starts,
            outage("shop", "^refused: .* 500 Internal Server Error: Error establishing a database connection"),
            "shop",
            r"(?ms)^  found: +Error establishing a database connection.*^  status after .*: 200 → 500$",
        ),
        Act(
            "an import locks a table and makes the disk busy",
            stage.table.start_import,
            stage.table.end_import,
            outage("stock", "^timeout: "),
            "stock",
            r"(?m)^  disk-\S+ +\S+(?: \S)? → \S+(?: \S)?, since \d\d:\d\d$",
            BUSY_SECONDS,
        ),
    )


def drill(folder: Path, pages: str = "") -> list[str]:
    """Run it in *folder*, print what is seen; the value is what differs from what must be.

    With *pages* the overview page and its pictures, with the last fault still there, are drawn into that folder.
    """
    with staged(folder) as stage, Collectd(folder, module(stage), around=around(stage)) as collectd:
        started = time.monotonic()
        names = [f"scenario-{job}-{job}/bool-success" for job in JOBS]
        collectd.wait(lambda: all(any(sent.value for sent in collectd.of(name)) for name in names))
        due: list[Expected] = []
        wrong: list[str] = []
        for act in acts(stage):
            if act.seconds:
                say("(quiet for a while, so that there is something to compare with)")
                sleep_until(started + QUIET_SECONDS)
            perform(act, collectd, due, pages if act.seconds else "")
            if not re.search(act.why, command(collectd, "why", act.job)):
                wrong.append(f"why {act.job} says nothing of /{act.why}/")
        collectd.wait(lambda: len(stage.taken) >= len(due))
        time.sleep(5)  # one alarm too many would come now
        return [*wrong, *judged(stage, collectd, due)]


def perform(act: Act, collectd: Collectd, due: list[Expected], pages: str = "") -> None:
    """Let *act* begin and end; what it brings is *due* then.  In between *pages* are drawn."""
    say(f"{act.name} …")
    begun = time.monotonic()
    for change, expected in ((act.begin, act.expected[:1]), (act.end, act.expected[1:])):
        change()
        due += expected
        wait_for(collectd, len(due))
        sleep_until(begun + act.seconds)
        if pages and due[-1].severity == FAILURE:
            command(collectd, "graph", "--last", "10m", "--out", pages)


def wait_for(collectd: Collectd, count: int) -> None:
    """Wait for so many notifications in all."""
    collectd.wait(lambda: len(collectd.notifications) >= count)


def sleep_until(then: float) -> None:
    """Sleep until a monotonic time."""
    time.sleep(max(0.0, then - time.monotonic()))


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


def judged(stage: Stage, collectd: Collectd, due: Sequence[Expected]) -> list[str]:
    """Print what is to be seen afterwards; the value is what is wrong with it."""
    told = collectd.notifications
    say(f"\n{len(told)} notifications, {len(stage.taken)} taken by the hub:")
    for one in told:
        say(f"  {SEVERITIES.get(one.severity, one.severity)} {one.identity}: {one.message}")
    status = command(collectd, "status")
    kept = evidence(stage.folder)
    say(f"\n{len(kept)} folders of evidence:")
    for path in kept:
        say(f"  {path.relative_to(stage.folder)}")
    return [*not_as_due(told, stage.taken, due), *not_known(status, kept)]


def command(collectd: Collectd, *words: str) -> str:
    """The output of a command, which is printed, too."""
    say(f"\n$ collectd-inode {' '.join(words)}")
    program = [f"{sys.prefix}/bin/collectd-inode", *words, "--conf", str(collectd.conf)]
    done = subprocess.run(program, capture_output=True, text=True, env=CLEAN, cwd=ROOT, check=False)
    output = done.stdout + done.stderr
    say(output.rstrip())
    return output


def evidence(folder: Path) -> list[Path]:
    """The folders of failed runs that were kept."""
    return sorted(reason.parent for reason in (folder / "state" / "failures").rglob("reason.txt"))


def not_as_due(told: Sequence[Told], taken: Sequence[str], due: Sequence[Expected]) -> Iterator[str]:
    """A line for each notification that is missing or too much, here or at the hub."""
    yield from (f"missing: {one}" for one in due if not any(map(one.fits, told)))
    yield from (f"too much: {one.identity}: {one.message}" for one in told if not any(due_.fits(one) for due_ in due))
    if len(told) != len(due):
        yield f"{len(told)} notifications instead of {len(due)}"
    if sorted(taken) != sorted(map(as_hub_says, due)):
        yield f"the hub has taken {', '.join(sorted(taken))}"


def not_known(status: str, kept: Sequence[Path]) -> Iterator[str]:
    """A line for each thing that the commands and the evidence do not tell."""
    if not re.search(r"(?m)^5 jobs: 5 passed$", status):
        yield "status does not say that all five are good again"
    for job in ("secure", "shop", "stock", "wiki"):
        if not any(path.parent.name == job for path in kept):
            yield f"there is no evidence of {job}"
    pages = [path / "page.html" for path in kept if path.parent.name == "shop"]
    if not any(page.exists() and DATABASE_GONE in page.read_bytes() for page in pages):
        yield "no evidence of shop has the page that its database's loss has brought"


def as_hub_says(expected: Expected) -> str:
    """What the hub notes of a notification."""
    kind, _, job = expected.identity.partition("/")[0].partition("-")
    return f"{kind}/{job or kind} {'firing' if expected.severity == FAILURE else 'resolved'}"


def resolve_here(folder: Path) -> None:
    """Have this namespace's names resolved by the drill's resolver."""
    file = folder / "resolv.conf"
    file.write_text(RESOLV_CONF, encoding="ascii")
    for words in (["ip", "link", "set", "lo", "up"], ["mount", "--bind", str(file), "/etc/resolv.conf"]):
        subprocess.run(words, check=True)


def main() -> int:
    """Drill, compare: 0 as it must be, 1 not."""
    with open_folder() as folder:
        resolve_here(folder)
        try:
            found = drill(folder, *sys.argv[1:2])
        except AssertionError as error:
            found = [str(error)]
        finally:
            subprocess.run(["umount", "/etc/resolv.conf"], check=False)
    say("")
    for line in found:
        say(f"wrong: {line}")
    say("not as it must be" if found else "as it must be")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
