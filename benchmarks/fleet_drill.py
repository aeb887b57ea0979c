"""Five probes and a hub, each a real collectd in a network namespace of its own: ``scripts/fleet-drill``.

All probes replay the same scenarios against one site, and send their values by conf.d/network-probe.conf to a hub with
conf.d/network-hub.conf and a ``<Quorum>`` for each scenario.  What was lost is known for certain: every value list that
a probe's collectd dispatched, and every one that the hub's did, is in a file of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tools import situation
from demo import configuration, unpacked
from tests.helpers.collectd_process import CLEAN, HOST, Collectd
from tests.helpers.places import ROOT

HUB = "10.24.0.254"
PORT = 25826
SECRET = "change-me"
PROBES = ("auckland", "dunedin", "hamilton", "nelson", "tauranga")
SETTLED = 10.0
"""Seconds after which what was sent has arrived, or is lost: twice FlushInterval."""
AHEAD = 120.0
_PATIENCE = 600.0


# Networks.


def _ip(*words: str, inside: str = "") -> None:
    where = ["ip", "netns", "exec", inside] if inside else []
    subprocess.run([*where, "ip", *words], check=True, env=CLEAN)


@contextmanager
def networks(names: Sequence[str]) -> Iterator[dict[str, str]]:
    """A namespace for the hub, with a bridge, and one for each of *names* with a link to it: name → namespace."""
    made = {name: f"inode-{os.getpid()}-{name}" for name in ("hub", *names)}
    with ExitStack() as ends:
        for space in made.values():
            _ip("netns", "add", space)
            ends.callback(_ip, "netns", "delete", space)
            _ip("link", "set", "lo", "up", inside=space)
        _ip("link", "add", "bridge", "type", "bridge", inside=made["hub"])
        _ip("address", "add", f"{HUB}/24", "dev", "bridge", inside=made["hub"])
        _ip("link", "set", "bridge", "up", inside=made["hub"])
        for number, name in enumerate(names, 1):
            link = f"link{number}"
            _ip("link", "add", link, "type", "veth", "peer", "name", "out", "netns", made[name], inside=made["hub"])
            _ip("link", "set", link, "master", "bridge", "up", inside=made["hub"])
            _ip("address", "add", f"10.24.0.{number}/24", "dev", "out", inside=made[name])
            _ip("link", "set", "out", "up", inside=made[name])
        yield made


def _nft(space: str, rules: str) -> str:
    program = unpacked.command("nftables", "nft")
    command = ["ip", "netns", "exec", space, program.path, *([] if rules else ["list", "ruleset"])]
    done = subprocess.run(
        [*command, "-f", "-"] if rules else command,
        input=rules, env=program.environment, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


_LOSES = """table inet drill {{
  chain out {{
    type filter hook output priority 0
    udp dport {port} counter
    udp dport {port} numgen random mod 100 < {percent} counter drop
  }}
}}
"""


# Who runs in them.


@dataclass(frozen=True, slots=True)
class Size:
    """How much of it."""

    probes: int = 5
    scenarios: int = 200
    interval: float = 20.0
    watch: float = 60.0
    """Seconds that each state is looked at."""

    @property
    def names(self) -> tuple[str, ...]:
        """The probes."""
        return PROBES[: self.probes]


class Tape:
    """What a collectd dispatched: it is read on from where it was read last."""

    def __init__(self, file: Path) -> None:
        self._file, self._offset = file, 0
        self.values: dict[tuple[str, str, float], float] = {}
        """Host, identity, time → value."""
        self.told: list[tuple[str, int, str]] = []
        """Identity, severity, message of the notifications."""

    def read(self) -> Tape:
        """Read what is new."""
        if not self._file.exists():
            return self
        with self._file.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            said = json.loads(line)
            if said["kind"] == "value":
                self.values[said["host"], said["identity"], said["time"]] = said["value"]
            else:
                self.told.append((said["identity"], said["severity"], said["message"]))
        return self


def _shipped(name: str, *replacements: tuple[str, str]) -> str:
    return configuration.adapted(name, (ROOT / "conf.d" / name).read_text(encoding="utf-8"), replacements)


class Machine(Collectd):
    """A collectd in a network of its own, by its name."""

    def __init__(self, folder: Path, name: str, space: str, module: str, network: str) -> None:
        folder.mkdir()
        super().__init__(folder, module, around=network, before=("ip", "netns", "exec", space))
        self.name, self.space, self.tape = name, space, Tape(folder / "seen")
        conf = self.conf.read_text(encoding="utf-8")
        self.conf.write_text(conf.replace(f'Hostname "{HOST}"', f'Hostname "{name}"'), encoding="utf-8")

    def restart(self, ahead: float = 0.0) -> None:
        """Stop it and start it with a clock that is so many seconds ahead."""
        self.stop()
        self._environment = dict(CLEAN)
        if ahead:
            self._environment["LD_PRELOAD"] = unpacked.file("faketime", "usr/lib/*/faketime/libfaketime.so.1")
            self._environment |= {"FAKETIME": f"{ahead:+.0f}", "DONT_FAKE_MONOTONIC": "1"}
        self.start()


@dataclass(slots=True)
class Fleet:
    """All that runs."""

    size: Size
    hub: Machine
    probes: dict[str, Machine]

    def lost(self, begin: float, end: float, names: Sequence[str] = ()) -> tuple[int, int]:
        """How many values the probes sent between two times, and how many of them the hub did not get."""
        time.sleep(SETTLED)
        got = self.hub.tape.read().values
        sent = [
            key
            for name in names or self.size.names
            for key in self.probes[name].tape.read().values
            if begin <= key[2] < end and key[0] == name
        ]
        return len(sent), sum(key not in got for key in sent)

    def verdicts(self, begin: float) -> tuple[int, int]:
        """How many quorums have said up, and down, since."""
        values = self.hub.tape.read().values
        said = {0.0: set[str](), 1.0: set[str]()}
        for (_, identity, when), value in values.items():
            if when >= begin and identity.startswith("quorum-") and identity.endswith("/bool-success"):
                said[value].add(identity)
        return len(said[1.0]), len(said[0.0])

    def _status(self, *options: str) -> list[str]:
        """The lines of `collectd-inode status` at the hub."""
        program = Path(sys.executable).with_name("collectd-inode")
        command = [str(program), "status", *options, "--state-dir", str(self.hub.folder / "state")]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()

    def _warned(self) -> list[str]:
        """The warnings that the hub keeps."""
        return [line.partition("warning:")[2].strip() for line in self._status() if "warning:" in line]

    def silent_hosts(self) -> set[str]:
        """The hosts that ``status --fleet`` calls silent."""
        return {line.partition(":")[0] for line in self._status("--fleet") if ": silent since " in line}

    def at_a_glance(self) -> str:
        """What ``status --fleet`` says of all hosts and jobs together."""
        return "; ".join(line for line in self._status("--fleet") if re.match(r"\d+ (hosts?|jobs?)(:|$)", line))

    def warned(self, code: str) -> dict[str, int]:
        """Probes that a warning names → jobs that have it."""
        found = Counter[str]()
        for line in self._warned():
            if line.endswith(f"({code})"):
                found.update(name for name in self.size.names if re.search(rf"\b{name}\b", line))
        return dict(found)

    def warnings(self) -> tuple[str, ...]:
        """Each kind of warning in the words of the first, and how many jobs have it."""
        kinds: dict[str, list[str]] = {}
        for line in self._warned():
            kinds.setdefault(re.sub(r"\d+", "0", line), []).append(line)
        return tuple(f"{len(lines)} jobs: {lines[0]}" for lines in kinds.values())

    def until(self, what: Callable[[], bool]) -> float:
        """The seconds that it took until something was so."""
        begin = time.monotonic()
        while not what():
            assert time.monotonic() < begin + _PATIENCE, self.hub.log[-3000:]
            time.sleep(0.5)
        return time.monotonic() - begin

    def all_judge(self, begin: float) -> bool:
        """Whether every quorum has sent a verdict since."""
        return sum(self.verdicts(begin)) >= self.size.scenarios


FEATURE = '  Scenario: S{number:03}\n    When I go to "/"\n    Then I should see "Welcome"\n'
SITE = "<title>Shop</title><h1>Welcome</h1><p>All is well.\n"


@contextmanager
def fleet(folder: Path, size: Size) -> Iterator[Fleet]:
    """The site, the hub and the probes."""
    feature = folder / "drill.feature"
    feature.write_text("Feature: Drill\n" + "".join(FEATURE.format(number=n) for n in range(size.scenarios)))
    users = folder / "users"
    users.write_text("".join(f"{name}: {SECRET}\n" for name in size.names))
    site = folder / "site"
    site.mkdir()
    (site / "index.html").write_text(SITE)
    hub_network = _shipped(
        "network-hub.conf", ('"0.0.0.0"', f'"{HUB}"'), ("/etc/collectd/secrets/network-users", str(users))
    )
    # The shipped <Quorum> watches a job that is not here; the hub's block is ours.
    hub_network = hub_network.partition("<Plugin python>")[0]
    quorums = "".join(
        f'<Quorum "s{n:03}">\nJob "scenario/drill-s{n:03}"\nInterval {size.interval / 2:g}\n</Quorum>\n'
        for n in range(size.scenarios)
    )
    block = f'<Scenario "drill">\nFeature "{feature}"\nBaseURL "http://{HUB}"\nInterval {size.interval:g}\n</Scenario>'
    with networks(size.names) as spaces, ExitStack() as running:
        serving = ["/usr/bin/python3", "-m", "http.server", "80", "--bind", HUB, "--directory", str(site)]
        server = subprocess.Popen(
            ["ip", "netns", "exec", spaces["hub"], *serving],
            env=CLEAN, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        running.callback(server.wait)
        running.callback(server.terminate)
        module = f'Fleet true\nStateDir "{folder}/hub/state"\n{quorums}'
        hub = Machine(folder / "hub", "hub", spaces["hub"], module, hub_network)
        running.enter_context(hub)
        probes = {}
        for name in size.names:
            network = _shipped("network-probe.conf", ('"hub.example"', f'"{HUB}"'), ('"dunedin"', f'"{name}"'))
            probes[name] = running.enter_context(
                Machine(folder / name, name, spaces[name], f'Notify "none"\n{block}', network)
            )
        yield Fleet(size, hub, probes)


# What is tried.


@dataclass(frozen=True, slots=True)
class Seen:
    """One trial: what was tried, values sent and lost, verdicts up and down, and what is to be said of it."""

    tried: str
    sent: int
    lost: int
    up: int
    down: int
    notes: tuple[str, ...]

    def __str__(self) -> str:
        lines = (
            f"{self.sent - self.lost} of {self.sent} values arrived ({100 * self.lost / max(1, self.sent):.1f} % lost)",
            f"{self.up} jobs were up by most probes, {self.down} down at some time",
            *self.notes,
        )
        return "\n  ".join((self.tried, *lines))


def _seen(fleet: Fleet, tried: str, begin: float, sent: int, lost: int, *notes: str) -> Seen:
    told = fleet.hub.tape.read().told
    glance = f"status --fleet at the end: {fleet.at_a_glance()}"
    notes = (*notes, glance, *(f"notified: {message}" for _, _, message in told[:3]), f"{len(told)} notifications")
    fleet.hub.tape.told.clear()
    return Seen(tried, sent, lost, *fleet.verdicts(begin), notes)


def all_is_well(fleet: Fleet) -> Seen:
    """Nothing is wrong."""
    begin = time.time()
    fleet.until(lambda: fleet.all_judge(begin))
    begin = time.time()
    time.sleep(fleet.size.watch)
    sent, lost = fleet.lost(begin, time.time())
    return _seen(fleet, "all is well", begin, sent, lost, *fleet.warnings())


def a_probe_dies(fleet: Fleet) -> Seen:
    """One is killed, and started again when all jobs name it."""
    name = fleet.size.names[-1]
    begin = time.time()
    fleet.probes[name].kill()
    noticed = fleet.until(lambda: fleet.warned("silent") == {name: fleet.size.scenarios})
    fleet.until(lambda: fleet.silent_hosts() == {name})
    warned, glance = fleet.warnings(), fleet.at_a_glance()
    sent, lost = fleet.lost(begin, time.time(), [one for one in fleet.size.names if one != name])
    fleet.probes[name].start()
    back = fleet.until(lambda: not fleet.warned("silent") and not fleet.silent_hosts())
    return _seen(
        fleet, f"{name} dies", begin, sent, lost,
        f"named by all jobs after {noticed:.0f} s", f"status --fleet: {glance}", *warned,
        f"started again: no warning after {back:.0f} s",
    )  # fmt: skip


def the_hub_restarts(fleet: Fleet) -> Seen:
    """It is away for two intervals."""
    begin = time.time()
    fleet.hub.stop()
    time.sleep(2 * fleet.size.interval)
    fleet.hub.start()
    started = time.time()
    judged = fleet.until(lambda: fleet.all_judge(started))
    later = time.time()
    time.sleep(fleet.size.interval)
    sent, lost = fleet.lost(later, time.time())
    after = f"after its first verdicts: {lost} of {sent} values lost"
    sent, lost = fleet.lost(begin, later)
    complaints = [
        line for probe in fleet.probes.values() for line in probe.log.splitlines() if "network plugin" in line
    ]
    return _seen(
        fleet, f"the hub is away for {2 * fleet.size.interval:g} s", begin, sent, lost,
        f"all verdicts again {judged:.0f} s after its start", after, f"the probes logged {len(complaints)} complaints",
    )  # fmt: skip


def a_link_loses_packets(fleet: Fleet, percent: int = 20) -> Seen:
    """One probe's packets to the hub are dropped at random."""
    name = fleet.size.names[1]
    space = fleet.probes[name].space
    begin = time.time()
    _nft(space, _LOSES.format(port=PORT, percent=percent))
    time.sleep(2 * fleet.size.watch)
    warned = fleet.warnings()
    end = time.time()
    (passed, size), (dropped, _) = re.findall(r"counter packets (\d+) bytes (\d+)", _nft(space, ""))
    _nft(space, "delete table inet drill\n")
    sent, lost = fleet.lost(begin, end, [name])
    others = fleet.lost(begin, end, [one for one in fleet.size.names if one != name])
    return _seen(
        fleet, f"the link of {name} loses {percent} % of its packets", begin, sent, lost,
        f"{dropped} of {passed} packets dropped; of the other probes' values {others[1]} of {others[0]} lost",
        f"{int(size) / max(1, sent):.0f} bytes a value on the wire", *warned,
    )  # fmt: skip


def clocks_differ(fleet: Fleet) -> Seen:
    """One is ahead, one is behind; then both are put right."""
    ahead, behind = fleet.size.names[2], fleet.size.names[0]
    begin = time.time()
    fleet.probes[ahead].restart(AHEAD)
    fleet.probes[behind].restart(-AHEAD)
    noticed = fleet.until(lambda: set(fleet.warned("skewed")) >= {ahead})
    time.sleep(fleet.size.watch)
    warned = fleet.warnings()
    end = time.time()
    fast = fleet.lost(begin + AHEAD, end + AHEAD, [ahead])
    slow = fleet.lost(begin - AHEAD, end - AHEAD, [behind])
    too_old = fleet.hub.log.count("Value too old")
    for name in (ahead, behind):
        fleet.probes[name].restart()
    back = fleet.until(lambda: not fleet.warnings())
    return _seen(
        fleet, f"the clock of {ahead} is {AHEAD:g} s ahead, that of {behind} {AHEAD:g} s behind", begin,
        fast[0] + slow[0], fast[1] + slow[1],
        f"of the values of {ahead} {fast[1]} of {fast[0]} lost, of those of {behind} {slow[1]} of {slow[0]}",
        f"the hub logged {too_old} values as too old",
        f"named after {noticed:.0f} s",
        *warned,
        f"put right: no warning after {back:.0f} s",
    )  # fmt: skip


TRIALS = (all_is_well, a_probe_dies, the_hub_restarts, a_link_loses_packets, clocks_differ)


def drilled(folder: Path, size: Size) -> Iterator[Seen]:
    """All trials, one after the other, with one fleet."""
    with fleet(folder, size) as running:
        for trial in TRIALS:
            yield trial(running)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what each trial has shown."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(prog="scripts/fleet-drill", description=__doc__.partition("\n")[0])
    usual = Size()
    parser.add_argument("--probes", type=int, default=usual.probes, help="3 to 5 (default: %(default)s)")
    parser.add_argument("--scenarios", type=int, default=usual.scenarios, help="default: %(default)s")
    parser.add_argument("--interval", type=float, default=usual.interval, help="seconds (default: %(default)s)")
    parser.add_argument("--watch", type=float, default=usual.watch, help="seconds a trial (default: %(default)s)")
    options = parser.parse_args(arguments)
    if os.geteuid() != 0:
        print("scripts/fleet-drill: network namespaces want root; type: sudo sh scripts/fleet-drill", file=sys.stderr)
        return 1
    size = Size(options.probes, options.scenarios, options.interval, options.watch)
    print(f"{size.probes} probes, {size.scenarios} scenarios every {size.interval:g} s; {situation()}\n")
    with tempfile.TemporaryDirectory(prefix="fleet-") as folder:
        for seen in drilled(Path(folder), size):
            print(seen, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
