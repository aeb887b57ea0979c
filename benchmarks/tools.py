"""What the benchmarks share: a server, collectd, peers and instruments, and what a process has used.

Peers and instruments come from Debian and are unpacked under ``.tools/bench``, never installed: their services stay
away.
"""

from __future__ import annotations

import http.client
import os
import socket
import struct
import subprocess
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

CHECKOUT = Path(__file__).resolve().parent.parent
TOOLS = CHECKOUT / ".tools" / "bench"
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
NGINX = ("nginx", "nginx-common")
TCPDUMP = ("tcpdump", "libpcap0.8")
BLACKBOX = ("prometheus-blackbox-exporter",)
PAGE = (
    b'<!DOCTYPE html><title>Page</title><p><a href="?next">Next</a> <a href="?last">Last</a>'
    + b"All work and no play. " * 366  # 8 KiB
)
_LIBRARIES = TOOLS / "usr" / "lib" / f"{os.uname().machine}-linux-gnu"
_TICKS = os.sysconf("SC_CLK_TCK")


def unpack(packages: Sequence[str]) -> None:
    """Download and unpack Debian *packages* that are not there yet."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    for package in packages:
        stamp = TOOLS / f".{package}"
        if stamp.exists():
            continue
        subprocess.run(["apt-get", "-qq", "download", package], cwd=TOOLS, check=True, stderr=subprocess.DEVNULL)
        for archive in TOOLS.glob(f"{package}_*.deb"):
            subprocess.run(["dpkg", "-x", archive, TOOLS], check=True)
            archive.unlink()
        stamp.touch()


@contextmanager
def running(
    command: Sequence[str | Path], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """*command* from here to the end of the block; asked to stop then, and waited for."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            env={**CLEAN, "LD_LIBRARY_PATH": str(_LIBRARIES), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def wait_for(port: int) -> None:
    """Wait until somebody listens at *port*."""
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.02)
        else:
            return


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


# What a process has used.


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, and of the children it has waited for; known to a hundredth of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def resident_mib(pid: int) -> float:
    """Memory of a process that is in core, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


# Servers and instruments.


@contextmanager
def nginx(folder: Path, port: int, tls_port: int | None = None) -> Iterator[None]:
    """An nginx that answers `PAGE` for every path; connections are closed after each answer below ``/once``.

    With TLS its certificate is vouched for by ``ca.pem`` in *folder*, and no session can be taken up again.
    """
    (folder / "page.html").write_bytes(PAGE)
    temporary = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    tls = "" if tls_port is None else f"listen 127.0.0.1:{tls_port} ssl backlog=4096; {_certificate(folder)}"
    folder.chmod(0o755)  # nginx's worker is somebody else
    (folder / "nginx.conf").write_text(f"""
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes 1; worker_rlimit_nofile 16384;
events {{ worker_connections 8192; }}
http {{
  access_log off; default_type text/html; {" ".join(f"{name}_temp_path {folder}/{name};" for name in temporary)}
  server {{
    listen 127.0.0.1:{port} backlog=4096; {tls} root {folder};
    location / {{ try_files /page.html =404; }}
    location /once {{ keepalive_timeout 0; try_files /page.html =404; }}
    location = /status {{ stub_status; }}
  }}
}}
""")
    command = (TOOLS / "usr/sbin/nginx", "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "nginx.log")
    with running(command, folder / "nginx.out"):
        wait_for(port)
        yield


def _certificate(folder: Path) -> str:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    return (
        f"ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.pem; "
        "ssl_session_cache off; ssl_session_tickets off;"
    )


def pages_served(port: int) -> int:
    """How many requests nginx has answered, each call of this among them."""
    return int(_get(port, "/status").split()[9])


def _get(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


@contextmanager
def blackbox_exporter(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A blackbox_exporter and its port.  Its module ``http`` trusts ``ca.pem`` in *folder*, if there is one."""
    trusted = f"tls_config: {{ca_file: {folder}/ca.pem}}" if (folder / "ca.pem").exists() else ""
    (folder / "blackbox.yml").write_text(f"""
modules:
  http:
    prober: http
    timeout: 10s
    http:
      preferred_ip_protocol: ip4
      {trusted}
""")
    port = free_port()
    command = (
        TOOLS / "usr/bin/prometheus-blackbox-exporter", f"--config.file={folder}/blackbox.yml",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
    )  # fmt: skip
    with running(command, folder / "blackbox.out") as process:
        wait_for(port)
        yield process, port


def probe(port: int, target: str) -> str:
    """What the blackbox_exporter at *port* says of *target*."""
    return _get(port, f"/probe?module=http&target={target}")


@contextmanager
def capture(file: Path, port: int) -> Iterator[None]:
    """Capture into *file* what goes to and from *port* on loopback, for the length of the block."""
    command = (
        TOOLS / "usr/bin/tcpdump", "-i", "lo", "-Z", "root", "-w", file, "-B", "262144", "-s", "256", "-U",
        "--time-stamp-precision=nano", f"tcp port {port}",
    )  # fmt: skip
    with running(command, Path(f"{file}.out")):
        while not (file.exists() and file.stat().st_size >= 24):
            time.sleep(0.02)
        yield
        time.sleep(1)  # what is in the capture's buffer


# collectd.


def collectd(
    folder: Path, blocks: str | None, *, plugins: str = "", imports: Sequence[str] = (), interval: int = 10
) -> list[str | Path]:
    """The command of a collectd that logs into *folder*, its configuration written there.

    *blocks* stand in ``<Module collectd_inode>``; None leaves collectd_inode out, the python plugin stays.
    """
    ours = "" if blocks is None else f'Import "collectd_inode"\n<Module collectd_inode>\n{blocks}\n</Module>'
    (folder / "collectd.conf").write_text(f"""
Hostname "h"
FQDNLookup false
BaseDir "{folder}"
PIDFile "{folder}/pid"
Interval {interval}
LoadPlugin logfile
<Plugin logfile>
  File "{folder}/log"
</Plugin>
{plugins}
<LoadPlugin python>
  Globals true
</LoadPlugin>
<Plugin python>
  ModulePath "{sysconfig.get_path("platlib")}"
  ModulePath "{CHECKOUT}"
  {" ".join(f'Import "{name}"' for name in imports)}
  {ours}
</Plugin>
""")
    return ["/usr/sbin/collectd", "-f", "-C", folder / "collectd.conf"]


DISCARD = 'PostCacheChain "nowhere"\n<Chain "nowhere">\n  Target "stop"\n</Chain>'
"""Configures collectd to take values into its cache and to drop them there: writing them is another question."""


def csv(folder: Path) -> str:
    """collectd's csv plugin, writing below *folder*."""
    return f'LoadPlugin csv\n<Plugin csv>\n  DataDir "{folder}/csv"\n</Plugin>'


def scenarios(folder: Path, number: int, steps: str, options: str) -> str:
    """A ``<Scenario>`` block with *number* scenarios of these *steps*, in which ``{i}`` is the scenario's number."""
    lines = ["Feature: f"]
    for i in range(number):
        lines += [f"  Scenario: s {i}", steps.replace("{i}", str(i))]
    (folder / "many.feature").write_text("\n".join(lines) + "\n")
    return f'<Scenario "f">\n  Feature "{folder}/many.feature"\n{options}\n</Scenario>'


def started(folder: Path, process: subprocess.Popen[bytes], seconds: float = 60.0) -> None:
    """Wait until the collectd that logs into *folder* has started."""
    log, end = folder / "log", time.monotonic() + seconds
    while not (log.exists() and "Initialization complete" in log.read_text()):
        assert process.poll() is None and time.monotonic() < end, log.read_text() if log.exists() else "no log"
        time.sleep(0.001)


@dataclass(slots=True)
class Captured:
    """One request on the wire: its first line's path, when its first byte left, when the answer's last byte came."""

    path: str
    sent: float
    last: float = 0.0

    @property
    def seconds(self) -> float:
        """From the request's first byte to the answer's last."""
        return self.last - self.sent


def captured(pcap: Path, port: int) -> list[Captured]:
    """The exchanges with the server at *port* in a capture of loopback (nanoseconds, Ethernet), in order."""
    found: list[Captured] = []
    current: dict[int, Captured] = {}
    for when, source, target, payload in _segments(pcap.read_bytes()):
        if target == port and payload.startswith((b"GET ", b"POST ")):
            current[source] = Captured(payload.split(b" ", 2)[1].decode("ascii"), when)
            found.append(current[source])
        elif source == port and target in current:
            current[target].last = when
    return [exchange for exchange in found if exchange.last]


def _segments(data: bytes) -> Iterator[tuple[float, int, int, bytes]]:
    """Time, ports and payload of each TCP segment that carries one (pcap, IPv4)."""
    if data[:4] != struct.pack("=I", 0xA1B23C4D):
        raise ValueError("not a capture in nanoseconds")
    at = 24
    while at + 16 <= len(data):
        seconds, nanoseconds, kept, _ = struct.unpack_from("=IIII", data, at)
        packet = data[at + 16 : at + 16 + kept]
        at += 16 + kept
        ip = packet[14:]
        tcp = ip[(ip[0] & 15) * 4 : struct.unpack_from("!H", ip, 2)[0]]
        payload = tcp[(tcp[12] >> 4) * 4 :]
        if payload:
            source, target = struct.unpack_from("!HH", tcp)
            yield seconds + nanoseconds / 1e9, source, target, payload
