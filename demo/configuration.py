"""The demonstration's collectd.conf: conf.d's own snippets with the machine's paths put in, and two features more.

Those for a smarthost and for time servers are left out, as the demonstration has neither and asks nobody outside.

A snippet is adapted by exact replacement.  A text that is not there is an error: the demonstration shows what people
will copy, so it must not drift from it in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from collectd_inode import oconfig
from collectd_inode.names import slug
from collectd_inode.scenario import feature
from collectd_inode.scenario.jobs import feature_files
from demo.report import Scenario, Step
from demo.site import PASSWORD, USER

INTERVAL = 2


class Drifted(Exception):
    """A snippet of conf.d does not say what the demonstration wants to replace."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are: the checkout, the site-packages that collectd must see, the run's folder, the site's port."""

    checkout: Path
    site_packages: Path
    run: Path
    port: int

    @property
    def address(self) -> str:
        """What a Resolve key takes."""
        return f"127.0.0.1:{self.port}"


Replacements = Sequence[tuple[str, str]]


def snippets(place: Place) -> dict[str, Replacements]:
    """What is replaced in which file of conf.d: where it says so in production, and what it says here."""
    return {
        # An editable installation is a .pth file, which ModulePath does not read: so the checkout itself, too.
        "00-python.conf": (
            (
                'ModulePath "/opt/collectd-inode/lib/python3.11/site-packages"',
                f'ModulePath "{place.site_packages}"\n  ModulePath "{place.checkout}"',
            ),
            ("Interval 60", f"Interval {INTERVAL}"),
            ("Timeout 30", f"Timeout {INTERVAL}"),
            ('StateDir "/var/lib/collectd/inode"', f'StateDir "{place.run}/state"'),
        ),
        "inode-scenario.conf": (
            ('Feature "/etc/collectd/scenarios/', f'Feature "{place.checkout}/scenarios/'),
            ('#Resolve "inode.co.nz" "192.0.2.7:8080"', f'Resolve "inode.co.nz" "{place.address}"'),
            ('BaseURL "https://shop.example"', f'BaseURL "http://{place.address}"'),
            ("Interval 300", f"Interval {INTERVAL}"),
            ('Variable "user" "monitor"', f'Variable "user" "{USER}"'),
            ('Secret "password" "/etc/collectd/secrets/login"', f'Secret "password" "{place.run}/secrets/login"'),
        ),
        "rrdtool.conf": (('DataDir "/var/lib/collectd/rrd"', f'DataDir "{place.run}/rrd"'),),
    }


def adapted(name: str, text: str, replacements: Replacements) -> str:
    """The snippet *text* with every replacement made, in order; raises `Drifted` where one has nothing to replace."""
    for old, new in replacements:
        if old not in text:
            raise Drifted(f"conf.d/{name} does not contain {old!r}: mend it there or in demo/configuration.py")
        text = text.replace(old, new)
    return text


def main_file(place: Place) -> str:
    """collectd.conf: everything in the run's folder."""
    return f"""# Written by scripts/demo.
Hostname "demo"
FQDNLookup false
BaseDir "{place.run}"
PIDFile "{place.run}/collectd.pid"
Interval {INTERVAL}

LoadPlugin logfile
<Plugin logfile>
  LogLevel info
  File "{place.run}/collectd.log"
  Timestamp true
</Plugin>

LoadPlugin csv
<Plugin csv>
  DataDir "{place.run}/csv"
  StoreRates false
</Plugin>

# Relative, because a blank in the checkout's path would make two names of it.
Include "conf.d/*.conf"
"""


def more_jobs(place: Place) -> str:
    """The demonstration's own jobs: a page that gets slow and one that fails for a while."""
    return f"""<Plugin python>
  <Module collectd_inode>
    <Scenario "shop">
      Feature "{place.checkout}/demo/shop.feature"
      BaseURL "http://{place.address}"
    </Scenario>
    <Scenario "stock">
      Feature "{place.checkout}/demo/stock.feature"
      BaseURL "http://{place.address}"
    </Scenario>
  </Module>
</Plugin>
"""


def write(place: Place) -> Path:
    """Write the run's configuration and secrets; the path of its collectd.conf."""
    for folder in ("conf.d", "secrets"):
        (place.run / folder).mkdir(parents=True)
    for name, replacements in snippets(place).items():
        text = (place.checkout / "conf.d" / name).read_text(encoding="utf-8")
        _write(place.run / "conf.d" / name, adapted(name, text, replacements))
    _write(place.run / "conf.d" / "zz-demo.conf", more_jobs(place))
    secret = place.run / "secrets" / "login"
    secret.touch(mode=0o600)
    _write(secret, f"{PASSWORD}\n")
    _write(place.run / "collectd.conf", main_file(place))
    return place.run / "collectd.conf"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def scenarios(nodes: Sequence[oconfig.Node]) -> Iterator[Scenario]:
    """The scenarios that a configuration names, read from their feature files, in order."""
    for plugin in _blocks(nodes, "plugin", "python"):
        for module in _blocks(plugin.children, "module", "collectd_inode"):
            for block in (child for child in module.children if child.key.lower() == "scenario"):
                yield from _block_scenarios(block)


def _blocks(nodes: Sequence[oconfig.Node], key: str, value: str) -> Iterator[oconfig.Node]:
    for node in nodes:
        if node.key.lower() == key and node.values and str(node.values[0]).lower() == value:
            yield node


def _block_scenarios(block: oconfig.Node) -> Iterator[Scenario]:
    job = str(block.values[0])
    entries = [str(child.values[0]) for child in block.children if child.key.lower() == "feature"]
    for path in (path for entry in entries for path in feature_files(entry)):
        for scenario in feature.read(path).scenarios:
            steps = tuple(Step(step.text, step.series) for step in scenario.steps)
            yield Scenario(job, scenario.title, f"{slug(job)}-{scenario.series}", steps)


def daemon_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """collectd's Python takes its standard library from the first python3 in PATH: that must be Debian's."""
    kept = {name: environment[name] for name in ("TZ", "LANG") if name in environment}
    return {**kept, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
