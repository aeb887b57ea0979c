"""Several servers, names with several addresses, kisses obeyed over runs, and what a run keeps."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectd_inode.model import Cause, Observation, Status
from collectd_inode.ntp import exchange
from collectd_inode.ntp.exchange import AddressExchange, Asking
from collectd_inode.ntp.kept import kept_from
from collectd_inode.ntp.manners import DAY
from collectd_inode.ntp.monitor import PACE
from collectd_inode.ntp.packet import Reason, RejectedDatagram, timestamp
from collectd_inode.ntp.probe import NTPProbe
from collectd_inode.ntp.sample import Sample
from collectd_inode.ntp.score import NO_RESPONSE, ScoreStep, step
from collectd_inode.ntp.setting import ClockSetting
from collectd_inode.observing import observe
from collectd_inode.report.values import values
from collectd_inode.state import State
from collectd_inode.timekeeper import account as daemons
from collectd_inode.timekeeper.account import Account
from collectd_inode.wire import SYSTEM_CLOCK, Clock, OutOfFiles
from collectd_inode.wire.address import Address
from tests.helpers.examples import HUNG, SetClock
from tests.helpers.ntp_jobs import SHORT, asked, ntp_job, readings, resolve, told, warned
from tests.helpers.ntp_peer import GOOD, SECOND, Behaviour, Peer, answer, ntp_peer, saying, silent
from tests.helpers.peers import tidily

SAMPLE = Sample(0, 0, 0, 0, 2, 0, "192.0.2.9", 1)
THREE = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


@asynccontextmanager
async def peers(*behaviours: Behaviour) -> AsyncIterator[list[Peer]]:
    """Servers on 127.0.0.1, 127.0.0.2…, all on one port."""
    async with contextlib.AsyncExitStack() as stack:
        made = [await stack.enter_async_context(ntp_peer(behaviours[0]))]
        for number, behaviour in enumerate(behaviours[1:], start=2):
            other = ntp_peer(behaviour, host=f"127.0.0.{number}", port=made[0].port)
            made.append(await stack.enter_async_context(other))
        yield made


def served(*behaviours: Behaviour, **more: Any) -> Observation:
    """One run against so many servers."""

    async def main() -> Observation:
        async with peers(*behaviours) as made:

            def reached() -> bool:
                return all(peer.was_asked() for peer in made)

            return await asked(*THREE[: len(behaviours)], port=made[0].port, reached=reached, **more)

    return tidily(main())


# The vote.


def test_three_that_agree() -> None:
    observation = served(GOOD, GOOD, GOOD)

    assert (told(observation), warned(observation)) == ("passed", [])
    assert [(step.name, step.series, step.status, step.seconds) for step in observation.steps] == [
        ("127.0.0.1", "127_0_0_1", Status.PASSED, None),
        ("127.0.0.2", "127_0_0_2", Status.PASSED, None),
        ("127.0.0.3", "127_0_0_3", Status.PASSED, None),
    ]


def test_beside_two_right_servers_the_wrong_one_is_named() -> None:
    """The run passes: this clock is right."""
    observation = served(GOOD, saying(ahead=1200, stratum=1, reference_id=b"GPS"), GOOD, margins=(("s3", 900.0),))
    found = readings(observation)

    assert told(observation) == "passed"
    assert warned(observation) == [
        "falseticker: server 127.0.0.2 is wrong: 1200.0 s ahead of the other 2; it follows Global Position System"
    ]
    assert abs(found["time_offset-127_0_0_2"] - 1200) < 1
    assert abs(found["time_offset-consensus"]) < 1
    assert found["gauge-margin-s3"] > 899


def test_when_three_agree_this_clock_is_wrong() -> None:
    """Another alarm: the run fails, and it is no server's step."""
    wrong = saying(ahead=-1200)
    observation = served(wrong, wrong, wrong, margins=(("Kerberos", 300.0), ("s3", 900.0)))

    assert told(observation) == (
        "failed expectation: this clock is wrong (3 sources agree): this clock is 1200.0 s ahead,"
        " the limit is 0.1 s; beyond Kerberos 300 s; beyond s3 900 s"
    )
    assert [step.status for step in observation.steps] == [Status.PASSED] * 3
    assert warned(observation) == []


def test_a_clock_and_a_server_may_both_be_wrong() -> None:
    observation = served(saying(ahead=50), saying(ahead=50), GOOD)

    assert told(observation).startswith("failed expectation: this clock is 50.0 s behind 127.0.0.1 and 127.0.0.2, ")
    assert warned(observation) == [
        "falseticker: server 127.0.0.3 is wrong: 50.0 s behind the other 2; it follows 192.0.2.1"
    ]


def test_two_that_disagree() -> None:
    observation = served(GOOD, saying(ahead=1200))

    assert observation.cause is Cause.EXPECTATION
    assert observation.message.startswith("no majority of the sources agrees, so the wrong one cannot be named: ")
    assert "time_offset-consensus" not in readings(observation)
    assert abs(readings(observation)["time_offset-127_0_0_2"] - 1200) < 1


def test_one_of_three_that_is_silent() -> None:
    """Two agree, which is a majority of three; the third is told of."""
    observation = served(GOOD, silent, GOOD, patience=SHORT)

    assert told(observation) == "passed"
    assert warned(observation) == ["source: 127.0.0.2: no answer within N s"]


def test_one_of_three_is_no_majority() -> None:
    """The step of the first that has no say is the bad one; what is known is read all the same."""
    observation = served(GOOD, saying(leap=3), silent, patience=SHORT)

    assert told(observation) == (
        "failed unsynchronised: 127.0.0.2: the server says that it is not synchronised (leap 3);"
        " only 1 of 3 sources agree"
    )
    assert [step.status for step in observation.steps] == [Status.PASSED, Status.FAILED, Status.SKIPPED]
    assert warned(observation) == ["source: 127.0.0.3: no answer within N s"]
    assert abs(readings(observation)["time_offset-consensus"]) < 1


def test_none_of_three_says_anything() -> None:
    observation = served(silent, saying(stratum=16), silent, patience=SHORT)

    assert told(observation) == "failed timeout: 127.0.0.1: no answer within N s (and 2 more)"
    assert warned(observation) == [
        "source: 127.0.0.2: stratum 16; a synchronised server has at most 15",
        "source: 127.0.0.3: no answer within N s",
    ]
    reach = {f"gauge-reach-127_0_0_{n}": 0 for n in (1, 2, 3)}
    assert readings(observation) == {"count-rejected": 1, "gauge-leap-127_0_0_2": 0} | reach


def test_a_limit_below_the_margin_s() -> None:
    """A consumer may be stricter than MaxOffset: that is a warning."""
    observation = served(saying(ahead=50), max_offset=100.0, margins=(("strict", 1.0),))

    assert told(observation) == "passed"
    (warning,) = warned(observation)
    figure, rest = warning.removeprefix("margin: this clock is ").split(" ", 1)
    assert (round(float(figure), 1), rest) == (50.0, "s off: beyond strict 1 s")


def test_sources_are_asked_side_by_side() -> None:
    """Nobody answers before all three have been asked."""

    async def main() -> Observation:
        def together(request: bytes) -> Sequence[bytes]:
            if sum(len(peer.requests) for peer in made) == 3:
                for peer in made:
                    peer.send(answer(peer.requests[0]), peer.clients[0])
            return ()

        async with peers(together, together, together) as made:
            return await asked(*THREE, port=made[0].port)

    assert told(tidily(main())) == "passed"


# Names.


def test_a_server_has_one_vote_by_its_surest_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose root distance is least; that its addresses cannot all be right is told."""
    resolve(monkeypatch, {"ntp.test": list(THREE)})

    async def main() -> Observation:
        async with peers(saying(root_dispersion=0.5), GOOD, saying(ahead=60, root_dispersion=0.25)) as made:
            return await asked("ntp.test", port=made[0].port)

    observation = tidily(main())
    assert told(observation) == "passed"
    (warning,) = warned(observation)
    assert re.sub(r"[+-]0\.\d+ ms", "N", warning) == (
        "addresses: the addresses of ntp.test disagree: against this clock"
        " 127.0.0.2 N, 127.0.0.3 +60.0 s, 127.0.0.1 N; its vote is that of 127.0.0.2"
    )
    assert [step.series for step in observation.steps] == ["ntp_test"]
    named = [(r.type_instance, r.dispatched) for r in observation.readings if r.type == "time_offset"]
    assert named == [
        ("ntp_test", True),
        ("ntp_test-127_0_0_1", False),  # each address in JSON alone
        ("ntp_test-127_0_0_2", False),
        ("ntp_test-127_0_0_3", False),
        ("consensus", True),
    ]
    assert readings(observation)["root_dispersion-ntp_test"] < 0.1


FIVE = tuple(f"127.0.0.{n}" for n in range(1, 6))
AHEAD = saying(ahead=1200)


def of_names(
    monkeypatch: pytest.MonkeyPatch, names: dict[str, list[str]], *behaviours: Behaviour, **more: Any
) -> tuple[Observation, list[int]]:
    """A run of servers of these names, and how often each address was asked."""
    resolve(monkeypatch, names)
    servers = () if "pools" in more else tuple(names)

    async def main() -> tuple[Observation, list[int]]:
        async with peers(*behaviours) as made:
            return await asked(*servers, port=made[0].port, **more), [len(peer.requests) for peer in made]

    return tidily(main())


def test_a_wrong_server_of_three_addresses_is_outvoted_by_two_right_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """And so is one of two addresses; what the clock is told of is three votes."""
    names = {"g.test": list(FIVE[:3]), "b.test": [FIVE[3]], "c.test": [FIVE[4]]}
    state = State()
    observation, _ = of_names(monkeypatch, names, AHEAD, AHEAD, AHEAD, GOOD, GOOD, state=state)

    assert told(observation) == "passed"
    (warning,) = warned(observation)
    assert re.sub(r"\(127.0.0.[123]\)", "(ONE)", warning) == (
        "falseticker: server g.test (ONE) is wrong: 1200.0 s ahead of the other 2; it follows 192.0.2.1"
    )
    kept = state.of("ntp", "pool").read()
    assert (kept["sources"], abs(kept["offset"]) < 1) == (3, True)


def test_a_wrong_server_of_two_addresses_is_outvoted_by_two_right_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"g.test": list(FIVE[:2]), "b.test": [FIVE[2]], "c.test": [FIVE[3]]}
    observation, _ = of_names(monkeypatch, names, AHEAD, AHEAD, GOOD, GOOD)

    assert told(observation) == "passed"


def test_servers_whose_other_addresses_are_silent_have_not_lost_their_vote(monkeypatch: pytest.MonkeyPatch) -> None:
    """As three of two families of which one is broken: told, and no failure."""
    names = {"a.test": ["127.0.0.1", "127.0.0.2"], "b.test": ["127.0.0.3", "127.0.0.2"], "c.test": ["127.0.0.4"]}
    observation, _ = of_names(monkeypatch, names, GOOD, silent, GOOD, GOOD, patience=SHORT)

    assert told(observation) == "passed"
    assert warned(observation) == [
        "source: a.test (127.0.0.2): no answer within N s",
        "source: b.test (127.0.0.2): no answer within N s",
    ]


def test_three_addresses_of_one_server_cannot_say_that_this_clock_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """That takes three servers."""
    observation, _ = of_names(monkeypatch, {"g.test": list(THREE)}, AHEAD, AHEAD, AHEAD)

    assert told(observation).endswith("; naming the wrong one needs 3 sources")


def test_four_addresses_of_a_pool_vote(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each for itself; the fifth is not asked, and the best speaks for the pool."""
    more = {"pools": ("pool.test",), "patience": SHORT}
    observation, requests = of_names(monkeypatch, {"pool.test": list(FIVE)}, GOOD, AHEAD, GOOD, GOOD, GOOD, **more)

    assert (told(observation), requests) == ("passed", [1, 1, 1, 1, 0])
    assert warned(observation) == [
        "falseticker: server pool.test (127.0.0.2) is wrong: 1200.0 s ahead of the other 3; it follows 192.0.2.1"
    ]
    assert abs(readings(observation)["time_offset-pool_test"]) < 1


def test_of_a_pool_those_count_that_this_machine_has_a_way_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others take the place of those that it has none to."""
    addresses = ["255.255.255.255", *FIVE]
    observation, requests = of_names(
        monkeypatch, {"pool.test": addresses}, GOOD, GOOD, GOOD, GOOD, GOOD, pools=("pool.test",)
    )

    assert (told(observation), warned(observation)) == ("passed", [])
    assert requests == [1, 1, 1, 1, 0]


def test_silent_members_of_a_pool_are_votes_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"pool.test": list(THREE)}
    observation, _ = of_names(monkeypatch, names, silent, GOOD, silent, pools=("pool.test",), patience=SHORT)

    assert told(observation) == (
        "failed timeout: pool.test (127.0.0.1): no answer within N s; only 1 of 3 sources agree"
    )


def test_a_pool_gets_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is other servers each time."""
    more = {"pools": ("pool.test",), "pool_score": True}
    observation, _ = of_names(monkeypatch, {"pool.test": ["127.0.0.1"]}, GOOD, **more)

    assert [name for name in readings(observation) if "score" in name] == []


def test_an_address_of_two_names_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """And has one vote; both names report it."""
    resolve(monkeypatch, {"a.test": ["127.0.0.1"], "b.test": ["127.0.0.1", "127.0.0.1"]})

    async def main() -> tuple[Observation, Peer]:
        async with ntp_peer(GOOD) as peer:
            return await asked("a.test", "b.test", port=peer.port), peer

    observation, peer = tidily(main())
    assert (told(observation), len(peer.requests)) == ("passed", 1)
    assert {"time_offset-a_test", "time_offset-b_test"} <= set(readings(observation))


def test_an_address_that_is_there_twice_fails_once(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, {"ntp.test": ["127.0.0.1", "127.0.0.1"]})

    async def main() -> Observation:
        async with ntp_peer(saying(stratum=16)) as peer:
            return await asked("ntp.test", port=peer.port)

    assert told(tidily(main())) == (
        "failed refused: ntp.test (127.0.0.1): stratum 16; a synchronised server has at most 15"
    )


def test_names_are_looked_up_again_each_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool's addresses rotate; the series stays."""
    names = {"pool.test": ["127.0.0.1"]}
    resolve(monkeypatch, names)

    async def main() -> tuple[list[set[str]], list[int]]:
        async with peers(GOOD, GOOD) as made:
            job = ntp_job("pool.test", port=made[0].port)
            first = await observe(job)
            names["pool.test"] = ["127.0.0.2"]
            second = await observe(job)
            sent = [{value.identity for value in values(found, 0.0)} for found in (first, second)]
            return sent, [len(peer.requests) for peer in made]

    (first, second), requests = tidily(main())
    assert first == second
    assert requests == [1, 1]


def test_a_name_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, {})
    observation = tidily(asked("ntp.test"))

    assert told(observation) == "failed resolve: ntp.test: name or service not known"
    assert readings(observation) == {"count-rejected": 0, "gauge-reach-ntp_test": 0}


def test_a_name_that_fails_beside_two_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has one vote, like a server that is silent."""
    resolve(monkeypatch, {name: [name] for name in THREE})

    async def main() -> Observation:
        async with peers(GOOD, GOOD) as made:
            return await asked("gone.test", "127.0.0.1", "127.0.0.2", port=made[0].port)

    observation = tidily(main())
    assert told(observation) == "passed"
    assert warned(observation) == ["source: gone.test: name or service not known"]


def test_one_name_of_two_that_fails_is_no_majority(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, {"127.0.0.1": ["127.0.0.1"]})

    async def main() -> Observation:
        async with ntp_peer(GOOD) as peer:
            return await asked("127.0.0.1", "gone.test", port=peer.port)

    assert told(tidily(main())) == ("failed resolve: gone.test: name or service not known; only 1 of 2 sources agree")


def test_name_servers_that_do_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*args: Any, **more: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr("collectd_inode.ntp.probe.lookup", never)
    observation = tidily(asked("ntp.test", patience=SHORT))

    assert told(observation) == "failed timeout: ntp.test: the name servers have not answered within N s"


def test_an_address_that_this_machine_has_no_way_to_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """As IPv6 addresses on a machine without IPv6.  The broadcast address cannot be connected to anywhere."""
    resolve(monkeypatch, {"ntp.test": ["255.255.255.255", "127.0.0.1"]})

    async def main() -> Observation:
        async with ntp_peer(GOOD) as peer:
            return await asked("ntp.test", port=peer.port)

    observation = tidily(main())
    assert (told(observation), warned(observation)) == ("passed", [])


def test_when_there_is_no_way_at_all() -> None:
    observation = tidily(asked("255.255.255.255"))

    assert told(observation) == "failed connect: 255.255.255.255:123: permission denied"


def test_a_process_without_sockets_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours to mend, and told as what it is, though it happened in a task among others."""

    def none_left(address: object, **more: Any) -> None:
        raise OutOfFiles("too many open files in this process")

    monkeypatch.setattr(exchange, "Datagrams", none_left)
    assert told(tidily(asked("127.0.0.1", "127.0.0.2"))) == ("error configuration: too many open files in this process")


def test_a_bug_is_told_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **more: Any) -> None:
        raise KeyError("oh")

    monkeypatch.setattr(exchange, "Datagrams", broken)
    observation = tidily(asked("127.0.0.1"))
    assert told(observation).startswith("error error: KeyError: 'oh' (")
    assert "in broken" in observation.traceback


# Manners.


class Daemon:
    """An ``<NTP>`` job over many runs, on a clock that is set by hand and with its state in memory or in a folder."""

    def __init__(self, peer: Peer, state: State, **more: Any) -> None:
        self.clock = RunningClock()
        self.job = ntp_job("127.0.0.1", port=peer.port, state=state, max_offset=1e12, **more)

    async def run(self, after: float = 0.0) -> str:
        """One run, so many seconds after the last."""
        self.clock.ahead += after
        return told(await observe(self.job, self.clock))

    async def scored(self, peer: Peer, *pauses: float) -> tuple[list[float], list[int]]:
        """Runs so many seconds apart: after each the server's score, and the number of its questions so far."""
        found, asked_in_all = [], []
        for after in pauses:
            self.clock.ahead += after
            found.append(readings(await observe(self.job, self.clock))["gauge-pool_score-127_0_0_1"])
            asked_in_all.append(len(peer.requests))
        return found, asked_in_all


_BEGAN = time.monotonic()


class RunningClock(SetClock):
    """Runs as the machine's does, *ahead* by what passes by hand and *set* by hand; without the kernel's stamps."""

    kernel_stamps = False

    def __init__(self) -> None:
        super().__init__(1_795_000_000.0)
        self.ahead, self.set = 0.0, 0.0

    def now(self) -> float:
        return self.epoch + self.set + self.monotonic() - _BEGAN

    def nanoseconds(self) -> int:
        return round(self.now() * 1e9)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time() + self.ahead


def kiss(code: str) -> Behaviour:
    return saying(stratum=0, reference_id=code.encode())


@pytest.mark.parametrize("code", ["DENY", "RSTR"])
def test_who_denies_us_is_not_asked_again(code: str) -> None:
    """Not for a day; the run fails and says why."""

    async def main() -> tuple[list[str], int]:
        async with ntp_peer(kiss(code), GOOD, stamped=False) as peer:
            daemon = Daemon(peer, State())
            return [await daemon.run(after) for after in (0, 64, 3600, DAY - 3665, 2)], len(peer.requests)

    ran, requests = tidily(main())
    assert ran[0].startswith(f"failed refused: 127.0.0.1: kiss-o'-death {code}: ")
    assert [line.split(" until ")[0] for line in ran[1:4]] == ["failed refused: 127.0.0.1: not queried"] * 3
    assert ran[4] == "passed"
    assert requests == 2


def test_who_is_asked_too_often_is_asked_half_as_often() -> None:
    """RATE: every second run leaves it alone, and says what Interval it wants."""

    async def main() -> tuple[list[str], int]:
        async with ntp_peer(kiss("RATE"), GOOD, stamped=False) as peer:
            daemon = Daemon(peer, State(), samples=3)
            return [await daemon.run(after) for after in (0, 64, 64, 64, 64)], len(peer.requests)

    ran, requests = tidily(main())
    assert ran[0].startswith("failed refused: 127.0.0.1: kiss-o'-death RATE: it is queried too often")
    assert ran[1].startswith("failed refused: 127.0.0.1: not queried until ")
    assert ran[1].endswith(" because it answered kiss-o'-death RATE; an Interval of 128 is long enough")
    assert ran[3].startswith("failed refused: 127.0.0.1: not queried until ")
    assert [ran[2], ran[4]] == ["passed", "passed"]
    assert requests == 3  # one packet a run, whatever Samples says


def test_a_restarted_daemon_still_leaves_them_alone(tmp_path: Path) -> None:
    """What was asked of us lies in StateDir."""

    async def main() -> tuple[list[str], int]:
        async with ntp_peer(kiss("DENY"), GOOD, stamped=False) as peer:
            return [await Daemon(peer, State(str(tmp_path))).run() for _ in range(2)], len(peer.requests)

    ran, requests = tidily(main())
    assert ran[1].startswith("failed refused: 127.0.0.1: not queried until ")
    assert requests == 1


def test_a_kiss_ends_the_run_s_samples() -> None:
    """What was sampled before counts."""

    async def main() -> tuple[str, int]:
        async with ntp_peer(GOOD, kiss("RATE"), GOOD) as peer:
            return told(await asked("127.0.0.1", port=peer.port, samples=3)), len(peer.requests)

    assert tidily(main()) == ("passed", 2)


def test_a_kiss_that_nobody_asked_for_holds_nobody() -> None:
    """A wrong origin: anybody can send that."""

    def forged(request: bytes) -> list[bytes]:
        return [answer(request, origin=1, stratum=0, reference_id=b"DENY"), answer(request)]

    async def main() -> list[str]:
        async with ntp_peer(forged) as peer:
            state = State()
            return [told(await asked("127.0.0.1", port=peer.port, state=state)) for _ in range(2)]

    assert tidily(main()) == ["passed", "passed"]


# What a run keeps.


def kept_after(*behaviours: Behaviour, **more: Any) -> dict[str, Any]:
    state = State()
    served(*behaviours, state=state, **more)
    return state.of("ntp", "pool").read()


def test_the_vote_is_kept_for_the_clock() -> None:
    kept = kept_after(saying(ahead=1200), GOOD, saying(ahead=1200))

    assert abs(kept["offset"] - 1200) < 1
    assert 0 < kept["bound"] < 1
    assert kept["time"] > 1_700_000_000
    assert (kept["sources"], kept["falsetickers"], kept["max_offset"]) == (3, ["127.0.0.2"], 0.1)


def test_what_is_kept_is_read_again() -> None:
    """The vote too: a run that is cut short must not take it from the clock."""
    kept = kept_after(GOOD, pool_score=True)

    assert kept_from(kept).content() == kept
    assert set(kept) == {
        "offset", "bound", "time", "sources", "falsetickers", "max_offset", "holds", "transmits", "scores", "scored",
        "published", "reach", "lost",
    }  # fmt: skip


def test_no_consensus_is_kept_as_none() -> None:
    kept = kept_after(GOOD, saying(ahead=1200))

    assert (kept["offset"], kept["bound"], kept["sources"], kept["falsetickers"]) == (None, None, 2, [])


@pytest.mark.parametrize(
    "kept",
    [
        {"holds": 3, "transmits": [], "scores": None, "published": "x"},
        {"holds": {"127.0.0.1": {"code": 5}}, "transmits": {"127.0.0.1": "x"}, "scores": {"127_0_0_1": 3}},
    ],
)
def test_a_state_that_makes_no_sense_is_a_new_one(kept: dict[str, Any]) -> None:
    """Somebody has edited the file."""
    state = State()
    state.of("ntp", "pool").write(kept)

    assert told(served(GOOD, state=state)) == "passed"


# Reach, and leap seconds.


def test_how_many_of_the_last_eight_runs_it_answered() -> None:
    """A run in which it was left alone is none of them."""

    async def main() -> list[float]:
        behaviours = (GOOD, silent, *[GOOD] * 8, silent, kiss("DENY"))
        async with ntp_peer(*behaviours, stamped=False) as peer:
            daemon, found = Daemon(peer, State(), patience=SHORT), []
            for _ in range(14):
                daemon.clock.ahead += 64
                found.append(readings(await observe(daemon.job, daemon.clock))["gauge-reach-127_0_0_1"])
            return found

    assert tidily(main()) == [1, 1, 2, 3, 4, 5, 6, 7, 7, 8, 7, 6, 6, 6]


JUNE, NOVEMBER = (1_750_000_000 * SECOND, 1_795_000_000 * SECOND)
NEVER = "; none ever came in this month: compare with the IERS' bulletin C"


@pytest.mark.parametrize(("month", "unusual"), [(JUNE, ""), (NOVEMBER, NEVER)])
@pytest.mark.parametrize(
    ("leaps", "warnings"),
    [
        ((0, 0, 0), []),
        ((1, 1, 1), ["leap: a leap second is announced: the month's last minute (UTC) will have a second more"]),
        ((2, 2, 2), ["leap: a leap second is announced: the month's last minute (UTC) will have a second less"]),
        (
            (1, 0, 0),
            [
                "leap_dissent: 127.0.0.1 announces that the last minute will have a second more,"
                " 127.0.0.2, 127.0.0.3 do not"
            ],
        ),
        (
            (1, 1, 0),
            [
                "leap_dissent: 127.0.0.1, 127.0.0.2 announce that the last minute will have a second more,"
                " 127.0.0.3 does not"
            ],
        ),
    ],
)
def test_leap_seconds_are_warned_of(leaps: tuple[int, ...], warnings: list[str], month: int, unusual: str) -> None:
    """The month is the servers', whatever this clock says."""
    observation = served(*(saying(leap=leap, now=month) for leap in leaps), max_offset=1e12)
    assert (told(observation), warned(observation)) == ("passed", [warning + unusual for warning in warnings])


# This clock is set in the middle of a run.


@pytest.mark.parametrize(
    ("by", "slept"), [(1200.0, False), (-1200.0, False), (3.0, False), (0.5, False), (3600.0, True)]
)
def test_samples_from_before_this_clock_was_set_do_not_count(by: float, slept: bool) -> None:
    """Nor does the one that was on its way; what is left is by one clock.  A machine may have slept as well.

    The scores stand still: a check of three queries has seen two clocks.
    """
    clock = RunningClock()

    def right(request: bytes) -> bytes:
        return answer(request, now=clock.nanoseconds() - round((0.0 if slept else clock.set) * SECOND))

    def set_it(request: bytes) -> bytes:
        clock.set = by
        return right(request)

    async def main() -> Observation:
        async with ntp_peer(right, set_it, right, stamped=False) as peer:
            return await observe(ntp_job("127.0.0.1", port=peer.port, pool_score=True), clock)

    observation = tidily(main())
    found = readings(observation)
    assert round(found["time_offset-127_0_0_1"]) == (0 if slept else round(-by))
    assert found["count-rejected"] == 1
    assert [one for one in warned(observation) if not one.startswith("margin")] == [
        "unscored: the scores stand still: this clock was set, or the machine slept, during the run"
    ]
    assert "gauge-pool_score-127_0_0_1" not in found


def test_a_server_that_answered_before_this_clock_was_set_has_no_vote() -> None:
    """Two clocks cannot be compared by one vote: none of the servers is wrong."""
    before, now = ClockSetting(0, 1000), ClockSetting(1200e9, 1200e9 + 1000)
    early = AddressExchange(Address(2, ("127.0.0.1", 123)), samples=[replace(SAMPLE, setting=before)])
    late = AddressExchange(Address(2, ("127.0.0.2", 123)), samples=[replace(SAMPLE, setting=now)])
    for source in (early, late):
        source.forget_before(now)

    assert (early.samples, late.samples) == ([], [SAMPLE])
    assert early.refusal == RejectedDatagram(Reason.CLOCK_SET, "this clock was set after the answer")


@pytest.mark.parametrize(
    ("then", "now", "other"),
    [
        (ClockSetting(0, 0), ClockSetting(0, 0), False),
        (ClockSetting(0, 0), ClockSetting(900_000, 900_000), False),  # the clocks are read one after the other
        (ClockSetting(0, 0), ClockSetting(2_000_000, 2_000_000), True),
        (ClockSetting(0, 0), ClockSetting(-2_000_000, -2_000_000), True),
        # Held up for 30 ms between the two clocks, then or now.
        (ClockSetting(-30_000_000, 0), ClockSetting(-30_000_000, -30_000_000), False),
        (ClockSetting(0, 0), ClockSetting(-30_000_000, 1), False),
    ],
)
def test_a_process_that_is_held_up_does_not_take_its_clock_for_set(
    then: ClockSetting, now: ClockSetting, other: bool
) -> None:
    assert then.is_other(now) is other


# The pool's score.


def scores(
    *behaviours: Behaviour, runs: int, pace: float = PACE, **more: Any
) -> list[tuple[float | None, float | None]]:
    """Score and step after each of so many runs, *pace* seconds apart."""

    async def main() -> list[tuple[float | None, float | None]]:
        state = State()
        found = []
        async with ntp_peer(*behaviours) as peer:
            for _ in range(runs):
                kept = state.of("ntp", "pool").read()
                state.of("ntp", "pool").write(kept | {"scored": kept.get("scored", 0) - pace})
                said = {"port": peer.port, "reached": peer.was_asked, "state": state, "pool_score": True, **more}
                now = readings(await asked("127.0.0.1", **said))
                found.append((now.get("gauge-pool_score-127_0_0_1"), now.get("gauge-pool_step-127_0_0_1")))
        return found

    return tidily(main())


def test_the_score_grows_with_each_good_run() -> None:
    assert scores(GOOD, runs=3) == [(1.0, 1.0), (1.95, 1.0), (0.95 * 1.95 + 1, 1.0)]


def answers(request: bytes) -> list[bytes]:
    return [answer(request)]


def set_in_its_future(request: bytes) -> bytes:
    """Half a second: we do not believe it, a monitor does not look."""
    return answer(request, reference=timestamp(time.time_ns() + SECOND // 2))


def held_longer_than_away(request: bytes) -> bytes:
    """A negative delay of 20 ms; the offset is not worth speaking of."""
    now = time.time_ns()
    return answer(request, receive=timestamp(now - SECOND // 100), transmit=timestamp(now + SECOND // 100))


def wrong_origin_first(request: bytes) -> list[bytes]:
    """A monitor takes the first datagram that comes."""
    return [answer(request, origin=1), answer(request)]


def test_a_score_is_kept_every_nine_minutes_within_a_shorter_interval() -> None:
    """By three questions; in between the score stays, and one question is asked a run.  The server is years off."""

    async def main() -> tuple[list[float], list[int]]:
        async with ntp_peer(GOOD, stamped=False) as peer:
            return await Daemon(peer, State(), pool_score=True).scored(peer, 0, 64, 384, 64, 64, 448)

    found, asked_in_all = tidily(main())
    assert found == pytest.approx([-20.0, -20.0, -20.0, -23.0, -23.0, -25.85])
    assert asked_in_all == [3, 4, 5, 8, 9, 12]


def test_a_server_of_minus_ninety_is_checked_every_two_hours() -> None:
    """As by the pool (``query.sql``, GetServers); until then a run asks it one question, as between two checks."""

    async def main() -> tuple[list[float], list[int]]:
        state = State()
        state.of("ntp", "pool").write({"scores": {"127_0_0_1": {"score": -93.0, "step": -5.0}}})
        async with ntp_peer(saying(ahead=1e9, version=1), stamped=False) as peer:
            daemon = Daemon(peer, state, pool_score=True, patience=SHORT)
            return await daemon.scored(peer, 0, 540, 540, 6120, 540, 540)

    found, asked_in_all = tidily(main())
    assert found == pytest.approx([-92.35, -92.35, -92.35, -91.7325, -91.7325, -91.7325])
    assert asked_in_all == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("check", [True, False])
def test_a_refused_query_is_one_of_a_check_s_three(check: bool) -> None:
    """A server that starts again meanwhile; the pool's agent has a new socket for each query."""

    async def main() -> AddressExchange:
        async with ntp_peer(GOOD) as peer:
            port = peer.port
        source = AddressExchange(Address(2, ("127.0.0.1", port)))
        until = SYSTEM_CLOCK.monotonic() + HUNG
        asking = Asking(3, until, SECOND, SYSTEM_CLOCK, spacing=0.5, is_check=check)
        running = asyncio.create_task(exchange.ask(source, asking))
        while source.failure is None:  # noqa: ASYNC110 - it is a field, and nobody announces it
            await asyncio.sleep(0)
        async with ntp_peer(GOOD, port=port):
            await running
        return source

    source = tidily(main())
    assert (len(source.samples), source.check) == ((2, source.check) if check else (0, NO_RESPONSE))
    assert step(source.check or NO_RESPONSE) == ScoreStep(1 if check else -5)


def test_an_answer_of_no_use_to_us_does_not_end_a_check() -> None:
    """A monitor does not look at leap 3, and takes the fastest of three: the first was held up for 0.3 s."""

    def held_up(request: bytes) -> bytes:
        return answer(request, leap=3, ahead=0.3)

    async def main() -> tuple[float, int]:
        async with ntp_peer(held_up, saying(leap=3), saying(leap=3)) as peer:
            found = await asked("127.0.0.1", port=peer.port, pool_score=True)
            return readings(found)["gauge-leap-127_0_0_1"], len(peer.requests)

    assert tidily(main()) == (3, 3)


def test_one_good_sample_of_three_is_enough() -> None:
    assert scores(silent, silent, GOOD, runs=1) == [(1.0, 1.0)]


def test_a_server_that_speaks_against_itself_once_is_judged_by_that() -> None:
    assert scores(GOOD, saying(stratum=16), GOOD, runs=1) == [(-4.0, -4.0)]


def test_no_server_loses_points_for_our_own_wrong_clock() -> None:
    """A monitor of the pool judges nobody then, and neither do we; what was known stays."""
    off = saying(ahead=5)
    state = State()
    state.of("ntp", "pool").write({"scores": {"127_0_0_1": {"score": 7.0, "step": 1.0}}})
    observation = served(off, off, off, pool_score=True, state=state)

    assert told(observation).startswith("failed expectation: this clock is wrong (3 sources agree): ")
    assert warned(observation) == [
        "unscored: the scores stand still: this clock is 5.000 s behind, and a monitor may be off by 0.01 s"
    ]
    assert {name: value for name, value in readings(observation).items() if "pool" in name} == {
        "gauge-pool_score-127_0_0_1": 7.0,
        "gauge-pool_step-127_0_0_1": 1.0,
    }


def test_no_server_loses_points_where_most_find_this_clock_off() -> None:
    """Each by another amount, so that no majority agrees; a pool agent's base servers count one by one, too."""
    observation = served(saying(ahead=5), saying(ahead=5.2), saying(ahead=4.9), pool_score=True)
    assert warned(observation) == [
        "unscored: the scores stand still: this clock is off by most votes, and a monitor may be off by 0.01 s"
    ]
    assert not [name for name in readings(observation) if "pool" in name]

    found = readings(served(GOOD, saying(ahead=5.2), pool_score=True))
    assert [found[f"gauge-pool_score-127_0_0_{n}"] for n in (1, 2)] == [1.0, -20.0]


def test_no_server_loses_points_for_our_own_network() -> None:
    """A pool agent finds its own servers silent then, and judges nobody (``client/localok``); a kiss is heard."""
    observation = served(silent, silent, pool_score=True, patience=SHORT)
    said = "unscored: the scores stand still: no server answers; is it this machine's network?"
    assert said in warned(observation)
    assert not [name for name in readings(observation) if "pool" in name]

    found = readings(served(silent, kiss("DENY"), pool_score=True, patience=SHORT))
    assert [found[f"gauge-pool_score-127_0_0_{n}"] for n in (1, 2)] == [-5.0, -50.0]


def test_an_address_that_is_written_as_ipv6_is_the_same_machine() -> None:
    """One that is wrong has one vote (RFC 4291 section 2.5.5.2)."""

    async def main() -> Observation:
        async with peers(saying(ahead=1200), GOOD) as made:
            return await asked("127.0.0.1", "::ffff:127.0.0.1", "127.0.0.2", port=made[0].port)

    assert told(tidily(main())).startswith("failed expectation: no majority of the sources agrees")


def test_a_wrong_server_beside_right_ones_loses_points() -> None:
    found = readings(served(GOOD, saying(ahead=5), GOOD, pool_score=True))

    assert [found[f"gauge-pool_score-127_0_0_{n}"] for n in (1, 2, 3)] == [1.0, -20.0, 1.0]


@pytest.mark.parametrize(
    ("behaviour", "score", "step"),
    [
        (silent, -5.0, -5.0),
        (saying(transmit=0), -5.0, -5.0),
        (saying(transmit=0, stratum=0, reference_id=b"DENY"), -5.0, -5.0),
        (saying(transmit=0, stratum=0, reference_id=b"RATE"), -5.0, -5.0),
        (saying(receive=0), -20.0, -4.0),
        (saying(version=1), 1.0, 1.0),
        (saying(version=2), 1.0, 1.0),
        (set_in_its_future, 1.0, 1.0),
        (held_longer_than_away, 1.0, 1.0),
        (wrong_origin_first, -5.0, -5.0),
        (lambda request: GOOD(request)[:47], -5.0, -5.0),
        (lambda request: [b"", *answers(request)], -5.0, -5.0),
        (lambda request: [*answers(request), b""], 1.0, 1.0),
        (saying(mode=3), -5.0, -5.0),
        (kiss("RATE"), -3.5, -3.5),
        (kiss("DENY"), -50.0, -10.0),
        (kiss("INIT"), -4.0, -4.0),
        (saying(stratum=0, leap=3, reference_id=0), -4.0, -4.0),
        (saying(stratum=16), -4.0, -4.0),
        (saying(stratum=11), -4.0, -4.0),
        (saying(stratum=8), -4.0, -4.0),
        (saying(ahead=4), -20.0, -4.0),
        (saying(ahead=1), -2.0, -2.0),
        (saying(leap=3), 1.0, 1.0),  # the monitors do not look at it
        (saying(root_dispersion=20.0), 1.0, 1.0),  # nor at that
    ],
)
def test_what_a_monitor_would_make_of_it(behaviour: Behaviour, score: float, step: float) -> None:
    assert scores(behaviour, runs=1, patience=SHORT) == [(score, step)]


def test_a_server_that_is_left_alone_keeps_its_score() -> None:
    """Nobody has looked."""
    assert scores(kiss("DENY"), runs=2) == [(-50.0, -10.0), (-50.0, -10.0)]


def test_a_closed_port_is_no_response() -> None:
    async def main() -> float:
        async with ntp_peer(GOOD) as peer:
            port = peer.port
        return readings(await asked("127.0.0.1", port=port, pool_score=True))["gauge-pool_score-127_0_0_1"]

    assert tidily(main()) == -5.0


def test_without_poolscore_there_is_none() -> None:
    assert "gauge-pool_score-127_0_0_1" not in readings(served(GOOD))


def test_what_is_read_was_announced() -> None:
    """`collectd-inode series` lists it beforehand."""

    async def main() -> tuple[Observation, set[str]]:
        async with ntp_peer(GOOD) as peer:
            job = ntp_job("127.0.0.1", port=peer.port, pool_score=True, margins=(("S3 (AWS)", 900.0),))
            return await observe(job), {f"{type}-{instance}" for type, instance in job.readings}

    observation, announced = tidily(main())
    assert set(readings(observation)) == announced
    assert "gauge-margin-s3_aws" in announced


def test_the_deadline_is_the_run_s() -> None:
    """Some of its time is left when the waiting ends; should that be too little, it is a timeout all the same."""

    async def main() -> Observation:
        async with ntp_peer(silent) as peer:
            job = ntp_job("127.0.0.1", port=peer.port)
            assert isinstance(job.probe, NTPProbe)
            return await observe(replace(job, deadline=1.0, probe=replace(job.probe, patience=None)))

    assert tidily(main()).cause is Cause.TIMEOUT


# The servers of the machine's time daemon.


def saying_of_the_daemon(told: Account | None) -> Any:
    async def ask(clock: Clock, seconds: float) -> Account | None:
        return told

    return ask


def test_each_server_of_the_daemon_has_a_vote() -> None:
    """Addresses and names alike, beside a Server that is named; one that is both votes once."""

    async def main() -> Observation:
        async with peers(GOOD, GOOD, saying(ahead=1200)) as made:
            told = Account("chronyd", "127.0.0.2", peers=tuple(map(daemons.Peer, THREE)))
            return await asked("127.0.0.1", "from-daemon", port=made[0].port, daemon=saying_of_the_daemon(told))

    observation = tidily(main())
    assert told(observation) == "passed"
    assert [step.series for step in observation.steps] == ["127_0_0_1", "from_daemon"]
    (warning,) = warned(observation)
    assert warning.startswith("falseticker: server from-daemon (127.0.0.3) is wrong")


@pytest.mark.parametrize(
    ("account", "message"),
    [
        (None, "no time daemon here gives its servers; name a Server"),
        (Account("chronyd", "PPS0"), "chronyd has no server; name a Server"),
    ],
)
def test_a_daemon_that_gives_no_servers(account: Account | None, message: str) -> None:
    observation = tidily(asked("from-daemon", daemon=saying_of_the_daemon(account)))
    assert told(observation) == f"failed connect: from-daemon: {message}"
