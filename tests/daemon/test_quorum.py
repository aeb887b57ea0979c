"""Several collectds and a hub: conf.d's network files, and a quorum that alarms by the values it gets."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from collectd_inode import __version__
from demo import configuration
from demo.site import Site
from tests.helpers.collectd_process import HOST, Collectd
from tests.helpers.places import ROOT
from tests.helpers.ports import free_udp_port
from tests.helpers.schema import complaints

JOB = "visiting_home_and_contact_pages"
QUORUM, PROBE = "quorum-webhome", f"scenario-webhome-{JOB}"
SECRET = "hub's password"


def shipped(name: str, *replacements: tuple[str, str]) -> str:
    """A file of conf.d with other addresses."""
    return configuration.adapted(name, (ROOT / "conf.d" / name).read_text(encoding="utf-8"), replacements)


class Hub(Collectd):
    """A collectd with network-hub.conf, and a socket for values of probes that are not there."""

    def __init__(self, folder: Path, port: int, hosts: str) -> None:
        users = folder / "users"
        users.write_text(f"dunedin: {SECRET}\n")
        network = shipped(
            "network-hub.conf",
            ('"0.0.0.0" "25826"', f'"127.0.0.1" "{port}"'),
            ("/etc/collectd/secrets/network-users", str(users)),
        )
        listed = " ".join(f'"{host}"' for host in hosts.split())
        network = network.replace("MinReporting 2\n", f"MinReporting 2\nHosts {listed}\nInterval 1\n")
        around = f'{network}\nLoadPlugin unixsock\n<Plugin unixsock>\nSocketFile "{folder}/hub"\n</Plugin>\n'
        super().__init__(folder, f'StateDir "{folder}/state"', around=around)

    def answers(self) -> bool:
        """Whether its socket takes values yet."""
        with socket.socket(socket.AF_UNIX) as peer:
            return peer.connect_ex(f"{self.folder}/hub") == 0

    def put(self, up: str = "", down: str = "", interval: float = 60.0) -> None:
        """Values of these hosts, now."""
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(f"{self.folder}/hub")
            for hosts, value in ((up, 1), (down, 0)):
                for host in hosts.split():
                    command = f'PUTVAL "{host}/{PROBE}/bool-success" interval={interval} {time.time():.3f}:{value}\n'
                    peer.sendall(command.encode())
                    assert peer.recv(1000).startswith(b"0 Success")

    @property
    def told(self) -> list[tuple[int, str]]:
        """Severity and message of each notification of the quorum."""
        return [(n.severity, n.message) for n in self.notifications if n.identity == f"{QUORUM}/bool-success"]

    def verdicts(self) -> list[float]:
        return [value.value for value in self.of(f"{QUORUM}/bool-success")]


def test_a_hub_that_starts_in_an_outage_notifies_once(tmp_path: Path) -> None:
    """And does so no more when it is restarted in it; the probe that does not agree is named; then all are good."""
    port = free_udp_port()
    with Hub(tmp_path, port, "auckland dunedin hamilton") as hub:
        hub.wait(hub.answers)
        hub.put(up="auckland", down="dunedin hamilton")
        hub.wait(lambda: hub.told)
        assert hub.told == [(1, "expectation: quorum: 2 of 3 probes: down; only auckland up")]
        hub.wait(lambda: len(hub.of(f"{QUORUM}/gauge-agreeing")) > 3)
    before = len(hub.verdicts())
    with Hub(tmp_path, port, "auckland dunedin hamilton") as hub:
        hub.wait(hub.answers)
        hub.put(up="auckland", down="dunedin hamilton")
        hub.wait(lambda: len(hub.verdicts()) > before + 2)
        assert set(hub.verdicts()) == {0.0}
        assert len(hub.told) == 1
        hub.put(up="auckland dunedin hamilton")
        hub.wait(lambda: len(hub.told) == 2)
        severity, message = hub.told[1]
        assert (severity, message.partition(" for ")[0]) == (4, "passed: 1 step; it was bad")
        assert hub.of(f"{QUORUM}/gauge-reporting")[-1].value == 3


class Probe(Collectd):
    """A collectd with network-probe.conf, which replays the shipped scenario against *site*."""

    def __init__(self, folder: Path, hub: int, site: Site, password: str = SECRET) -> None:
        network = shipped(
            "network-probe.conf",
            ('"hub.example" "25826"', f'"127.0.0.1" "{hub}"'),
            ('"change-me"', f'"{password}"'),
            ("FlushInterval 5", "FlushInterval 1"),
        )
        feature = ROOT / "scenarios" / "webhome.feature"
        resolve = f'Resolve "inode.co.nz" "127.0.0.1:{site.port}"'
        block = f'<Scenario "webhome">\nInterval 1\nFeature "{feature}"\n{resolve}\n</Scenario>'
        folder.mkdir()
        super().__init__(folder, block, around=network)
        conf = self.conf.read_text(encoding="utf-8")
        self.conf.write_text(conf.replace(f'Hostname "{HOST}"', 'Hostname "dunedin"'), encoding="utf-8")

    @property
    def complaints(self) -> list[str]:
        """What its network plugin has logged beside that it was loaded."""
        return [line for line in self.log.splitlines() if "network" in line and "successfully loaded" not in line]


def test_a_probe_and_a_hub_with_the_shipped_files(tmp_path: Path) -> None:
    """Values and notifications arrive encrypted; the hub notices an outage, also one during its restart, once."""
    port = free_udp_port()
    with ExitStack() as up, ExitStack() as running:
        site = up.enter_context(Site())
        probe = running.enter_context(Probe(tmp_path / "probe", port, site))
        with Hub(tmp_path, port, "auckland dunedin") as hub:
            hub.wait(hub.answers)
            hub.put(up="auckland")
            hub.wait(lambda: 1.0 in hub.verdicts())
            assert {v.host for v in hub.of(f"{PROBE}/bool-success")} == {"auckland", "dunedin"}
        up.close()
        probe.wait(lambda: len(probe.notifications) == 2)  # of two scenarios, to a hub that is not there
        with Hub(tmp_path, port, "auckland dunedin") as hub:
            hub.wait(hub.answers)
            hub.put(down="auckland")
            hub.wait(lambda: hub.told)
            hub.wait(lambda: hub.verdicts().count(0.0) >= 3)
            assert hub.told == [(1, "expectation: quorum: 2 of 2 probes: down")]
            assert [n for n in hub.notifications if n.host == "dunedin"] == []
        assert probe.complaints == []


def of_dunedin(hub: Hub, identity: str) -> list[float]:
    return [value.value for value in hub.of(identity) if value.host == "dunedin"]


def test_the_fleet_at_the_hub(tmp_path: Path, typed: Callable[..., tuple[int, str, str]]) -> None:
    """What the hub received of a host: its jobs, why one is bad, its version; also after the hub's restart."""
    port = free_udp_port()
    with Hub(tmp_path, port, "auckland dunedin") as hub, ExitStack() as up:
        site = up.enter_context(Site())
        with Probe(tmp_path / "probe", port, site):
            hub.wait(lambda: "dunedin" in {v.host for v in hub.of("inode_probe/gauge-version")})
            hub.wait(lambda: 1.0 in of_dunedin(hub, f"{PROBE}/bool-success"))
            up.close()
            hub.wait(lambda: "dunedin" in {n.host for n in hub.notifications if n.identity.startswith(PROBE)})
            hub.wait(lambda: 2.0 in of_dunedin(hub, f"{PROBE}/gauge-cause"))
    with Hub(tmp_path, port, "auckland dunedin") as hub:
        hub.wait(hub.answers)
        code, out, err = typed("status", "--fleet", "--conf", hub.conf, "dunedin", "--format", "json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert (code, err, [complaints("status", line) for line in out.splitlines()]) == (1, "", [[]] * len(lines))
    found = {one["instance"]: one for one in lines}
    assert (found[""]["status"], found[""]["version"]) == ("passed", __version__)
    home = found["webhome-visiting_home_and_contact_pages"]
    assert (home["host"], home["status"], home["cause"], home["notified"]) == ("dunedin", "failed", "connect", True)
    assert home["message"]


def test_a_wrong_password_is_in_the_hub_s_log_alone(tmp_path: Path) -> None:
    """Nothing arrives, and the probe does not notice."""
    port = free_udp_port()
    with Site() as site, Hub(tmp_path, port, "auckland dunedin") as hub:
        with Probe(tmp_path / "probe", port, site, "another") as probe:
            hub.wait(lambda: "Checksum mismatch. Username: dunedin" in hub.log)
            assert probe.complaints == []
        assert [value for value in hub.values if value.host == "dunedin"] == []
