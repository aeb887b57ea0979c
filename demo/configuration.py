"""The demonstration's collectd.conf: conf.d's own snippets with its own servers and paths put in, and a few jobs more.

A snippet is adapted by exact replacement.  A text that is not there is an error: the demonstration shows what people
will copy, so it must not drift from it in silence.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from collectd_inode.cli import configured
from collectd_inode.model import Job
from demo import machine, notes_site, smarthost, timeservers
from demo.browser import Browser
from demo.site import PASSWORD, USER

INTERVAL = 2
SLOW, OFF = 0.3, 0.1
"""Seconds: the limits that the demonstration sets beside those of conf.d."""

BROWSER_INTERVAL = 6
"""A run in a browser takes seconds."""
NOTES = "notes.conf"
"""The jobs that run behind collectd's exec plugin, since Chromium does not run inside collectd."""

KINDS = ("scenario", "smarthost", "ntp", "clock")
"""In this order jobs are shown."""


class Drifted(Exception):
    """A snippet of conf.d does not say what the demonstration wants to replace."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the servers listen that are watched; the usual ports where they are somebody else's business."""

    site: int
    smarthost: int = 587
    time: int = 123
    notes: int = 80


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are: the checkout, the site-packages that collectd must see, the run's folder, ports, a browser."""

    checkout: Path
    site_packages: Path
    run: Path
    ports: Ports
    browser: Browser | None = None

    @property
    def site(self) -> str:
        """What a Resolve key takes."""
        return f"127.0.0.1:{self.ports.site}"


Replacements = Sequence[tuple[str, str]]


def snippets(place: Place) -> dict[str, Replacements]:
    """What is replaced in which file of conf.d: where it says so in production, and what it says here."""
    return {
        # An editable installation is a .pth file, which ModulePath does not read: so the checkout itself, too.
        "00-python.conf": (
            (
                'ModulePath "/opt/collectd-inode/share/collectd-inode"',
                f'ModulePath "{place.site_packages}"\n  ModulePath "{place.checkout}"',
            ),
            ("Interval 60", f"Interval {INTERVAL}"),
            ("Timeout 30", f"Timeout {INTERVAL}"),
            ('StateDir "/var/lib/collectd/inode"', f'StateDir "{place.run}/state"'),
        ),
        "inode-scenario.conf": (
            ('Feature "/etc/collectd/scenarios/', f'Feature "{place.checkout}/scenarios/'),
            ('#Resolve "inode.co.nz" "192.0.2.7:8080"', f'Resolve "inode.co.nz" "{place.site}"'),
            ('BaseURL "https://shop.example"', f'BaseURL "http://{place.site}"'),
            ("Interval 300", f"Interval {INTERVAL}"),
            ('Variable "user" "monitor"', f'Variable "user" "{USER}"'),
            ('Secret "password" "/etc/collectd/secrets/login"', f'Secret "password" "{place.run}/secrets/login"'),
        ),
        "inode-smarthost.conf": (
            (
                'Server "smarthost.example"',
                f'Server "127.0.0.1"\n      ServerName "{smarthost.NAME}"\n      HeloName "leaf.example"',
            ),
            ("#Port 587", f"Port {place.ports.smarthost}"),
            ("Interval 300", f"Interval {INTERVAL}"),
            ('#CACert "/etc/exim4/tls/smarthost-ca.crt"', f'CACert "{place.run}/{smarthost.CA_FILE}"'),
            ('User "leaf"', f'User "{smarthost.USER}"'),
            ('PasswordFile "/etc/collectd/secrets/smarthost"', f'PasswordFile "{place.run}/secrets/smarthost"'),
            # A recovery is to be seen within the minute.  In production nobody should log in again so soon.
            ("#AuthHoldOff 3600", f"AuthHoldOff {2 * INTERVAL}"),
            ('#Sender "monitor@example.org"', 'Sender "monitor@example.org"'),
            ('#Recipient "postmaster@example.net"', 'Recipient "postmaster@example.net"'),
        ),
        "inode-ntp.conf": (
            *(
                (f'"ntp{number}.example"', f'"{address}"')
                for number, address in enumerate(timeservers.ADDRESSES, start=1)
            ),
            ("#Port 123", f"Port {place.ports.time}"),
            # They are the demonstration's own.  Nobody else's may be asked so often.
            ("Interval 64", f"Interval {INTERVAL}"),
            # Its first look may come before the servers' first vote.
            ('<Clock "local">', '<Clock "local">\n      Confirm 2'),
        ),
        **({"inode-exec.conf": _exec_line(place, place.browser)} if place.browser else {}),
        "thresholds.conf": (),
        "rrdtool.conf": (('DataDir "/var/lib/collectd/rrd"', f'DataDir "{place.run}/rrd"'),),
    }


def _exec_line(place: Place, browser: Browser) -> Replacements:
    program = f'"{place.checkout}/.venv/bin/collectd-inode" "exec" "{place.run}/{NOTES}"'
    types = f' "--types-db" "{machine.TYPES_DB}"' if machine.TYPES_DB else ""
    return (
        (
            'Exec "collectd-inode" "/opt/collectd-inode/bin/collectd-inode" "exec" "/etc/collectd/inode.conf"',
            f'Exec "{browser.user}" {program}{types}',
        ),
    )


def notes(place: Place, browser: Browser) -> str:
    """The jobs of the process behind the exec plugin: an application that is empty without its scripts."""
    return f"""# Written by scripts/demo.
StateDir "{place.run}/notes"
<Scenario "notes">
  Engine "chromium"
  BrowserPath "{browser.path}"
  Feature "{place.checkout}/demo/notes.feature"
  BaseURL "http://127.0.0.1:{place.ports.notes}"
  Secret "password" "{place.run}/secrets/notes"
  WaitFor 2
  Interval {BROWSER_INTERVAL}
  Timeout {BROWSER_INTERVAL}
</Scenario>
"""


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
{machine.PLUGINS}
{machine.TYPES}
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


def more(place: Place) -> str:
    """The demonstration's own jobs, a page that gets slow and one that fails for a while; and two limits."""
    return f"""<Plugin python>
  <Module collectd_inode>
    <Scenario "shop">
      Feature "{place.checkout}/demo/shop.feature"
      BaseURL "http://{place.site}"
      Detail "phase"
    </Scenario>
    <Scenario "stock">
      Feature "{place.checkout}/demo/stock.feature"
      BaseURL "http://{place.site}"
    </Scenario>
  </Module>
</Plugin>

# Nothing has failed yet when these are told: a step is slow, in one of its phases; a time server is wrong.
<Plugin threshold>
  <Plugin "scenario">
    Instance "shop-browsing_the_shop"
    <Type "duration">
      Instance "follow_shop-processing"
      WarningMax {SLOW}
      Interesting false
    </Type>
  </Plugin>
  <Plugin "ntp">
    <Type "time_offset">
      WarningMin -{OFF}
      WarningMax {OFF}
      Interesting false
    </Type>
  </Plugin>
</Plugin>
"""


def write(place: Place) -> Path:
    """Write the run's configuration and secrets; the path of its collectd.conf."""
    for folder in ("conf.d", "secrets"):
        (place.run / folder).mkdir(parents=True)
    for name, replacements in snippets(place).items():
        text = (place.checkout / "conf.d" / name).read_text(encoding="utf-8")
        _write(place.run / "conf.d" / name, adapted(name, text, replacements))
    _write(place.run / "conf.d" / "zz-demo.conf", more(place))
    for name, password in (("login", PASSWORD), ("smarthost", smarthost.PASSWORD), ("notes", notes_site.PASSWORD)):
        secret = place.run / "secrets" / name
        secret.touch(mode=0o600)
        _write(secret, f"{password}\n")
    if place.browser:
        _write(place.run / NOTES, notes(place, place.browser))
        (place.run / "notes").mkdir(mode=0o700)
        if os.getuid() == 0:
            for path in ("notes", "secrets/notes"):
                shutil.chown(place.run / path, place.browser.user)
    _write(place.run / "collectd.conf", main_file(place))
    return place.run / "collectd.conf"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def jobs(*files: str) -> list[Job]:
    """The jobs of these configuration *files*, users' first; raises `Drifted` where they have mistakes."""
    found = [configured.read(file) for file in files]
    if problems := [str(problem) for read in found for problem in read.problems]:
        raise Drifted("\n".join(problems))
    return sorted((job for read in found for job in read.jobs), key=lambda job: KINDS.index(job.kind))
