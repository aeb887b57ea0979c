"""Who else asks: blackbox_exporter, check_http and collectd's curl plugin."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.servers import Site, get
from benchmarks.tools import TOOLS, running, wait_for
from tests.helpers.ports import free_port


@contextmanager
def blackbox_exporter(folder: Path, site: Site) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A blackbox_exporter that trusts *site*, and its port."""
    trusted = f"tls_config: {{ca_file: {site.authority}}}" if site.authority else ""
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
    """What the blackbox_exporter at *port* says of *target*, which must be well."""
    said = get(port, f"/probe?module=http&target={target}")
    assert "probe_success 1" in said, said
    return said


def check_http(site: Site, path: str) -> list[str]:
    """The command that checks *path*."""
    command = [str(TOOLS / "usr/lib/nagios/plugins/check_http"), "-I", "127.0.0.1", "-H", "127.0.0.1"]
    return [*command, "-p", str(site.port), "-u", path, *(["-S"] if site.authority else [])]


def curl_plugin(site: Site, paths: Iterable[str], interval: int, at_once: int = 5) -> str:
    """Configures collectd to ask for each of *paths* by its curl plugin: the first is Page "p0", and so on.

    Each page is a read of its own; *at_once* is collectd's number of read threads, and 5 is how it comes.  It would
    give up after an interval, which a hundred handshakes at once can take.
    """
    more = "MeasureResponseTime true\nMeasureResponseCode true\nTimeout 60000\n"
    if site.authority:
        more += f'CACert "{site.authority}"\n'
    pages = "".join(f'<Page "p{i}">\nURL "{site.url(path)}"\n{more}</Page>\n' for i, path in enumerate(paths))
    load = f"<LoadPlugin curl>\nInterval {interval}\n</LoadPlugin>"
    return f"ReadThreads {at_once}\n{load}\n<Plugin curl>\n{pages}</Plugin>"
