"""One collectd that watches everything there is to watch, and writes to a real Graphite and a real Prometheus."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collectd_inode.cli.configured import read
from collectd_inode.model import Job
from demo import unpacked
from demo.configuration import adapted
from tests.helpers.collectd_process import Collectd
from tests.helpers.examples import HUNG
from tests.helpers.places import ROOT
from tests.helpers.ports import free_port
from tests.helpers.stores import Graphite, graphite, prometheus
from tests.helpers.watched import Watched, watched

RULES = ROOT / "dashboards" / "prometheus-rules.yml"


@dataclass(frozen=True, slots=True)
class Everything:
    """What runs: what is watched, the stores, collectd, and its jobs as they are read from its configuration."""

    watched: Watched
    graphite: Graphite
    prometheus: str
    metrics: str
    collectd: Collectd
    jobs: Sequence[Job]

    def url(self, source: str) -> str:
        """A store's address."""
        return self.graphite.url if source == "graphite" else self.prometheus

    def promql(self, query: str) -> dict[str, float]:
        """Prometheus' answer as of now: values by the label ``type``."""
        form = urllib.parse.urlencode({"query": query})
        return {each["metric"]["type"]: float(each["value"][1]) for each in self._api(f"query?{form}")["result"]}

    def alerts(self, name: str, scenario: str) -> list[str]:
        """The states of a scenario's alerts of that name."""
        wanted = {"alertname": name, "scenario": scenario}
        return [alert["state"] for alert in self._api("alerts")["alerts"] if wanted.items() <= alert["labels"].items()]

    def _api(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.prometheus}/api/v1/{path}", timeout=HUNG) as answer:
            return json.load(answer)["data"]


def _snippet(name: str, *replacements: tuple[str, str]) -> str:
    """A file of conf.d with nothing but a port changed."""
    return adapted(name, (ROOT / "conf.d" / name).read_text(encoding="utf-8"), replacements)


@contextmanager
def started(folder: Path) -> Iterator[Everything]:
    """Start it all, every interval a second; conf.d's own files, but for their ports."""
    # The clauses of the shipped rules, without their patience.
    rules = folder / "rules.yml"
    rules.write_text(_impatient(RULES))
    port = free_port()
    with ExitStack() as ends:
        watching = ends.enter_context(watched(folder))
        store = ends.enter_context(graphite(folder / "graphite"))
        around = _snippet("write-graphite.conf", ('Port "2003"', f'Port "{store.line_port}"'))
        around += _snippet("write-prometheus.conf", ('Port "9103"', f'Port "{port}"'))
        libraries = {"LD_LIBRARY_PATH": unpacked.environment("writers")["LD_LIBRARY_PATH"]}
        collectd = ends.enter_context(Collectd(folder, watching.block, around=around, environment=libraries))
        url = ends.enter_context(prometheus(folder / "prometheus", port, rules))
        jobs = read(str(collectd.conf)).jobs
        yield Everything(watching, store, url, f"http://127.0.0.1:{port}/metrics", collectd, jobs)


def _impatient(rules: Path) -> str:
    lines = rules.read_text(encoding="utf-8").splitlines()
    return "\n".join(
        f"{line.partition('for:')[0]}for: 1s" if line.strip().startswith("for:") else line for line in lines
    )
