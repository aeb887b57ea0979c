"""Reading the pool's own opinion of a server: a warning at worst, and never more often than every five minutes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from collectd_inode.model import Observation
from collectd_inode.state import State
from tests.helpers.ntp_jobs import IN_TIME, SHORT, asked, readings, told, warned
from tests.helpers.ntp_peer import GOOD, ntp_peer, silent
from tests.helpers.peers import Conversation, Peer, answer, close, hang, peer, tidily

SERVER = "60.234.72.6"
SERIES = "gauge-published_score-60_234_72_6"


def score(value: float, age: float = 60.0, status: str = "200 OK", *headers: str) -> bytes:
    """The pool's answer."""
    entry = {"ts": round(time.time() - age), "step": 1, "score": value, "monitor_id": 24}
    told = {"history": [entry], "monitors": [{"id": 24, "name": "recentmedian"}], "server": {"ip": SERVER}}
    return answer(json.dumps(told).encode(), status, *headers)


def runs(
    *answers: bytes | Conversation, states: Sequence[State | None] = (None,), **more: Any
) -> tuple[list[Observation], Peer]:
    """A run for each state, beside a good NTP server and a pool that gives these answers."""

    async def main() -> tuple[list[Observation], Peer]:
        async with ntp_peer(GOOD) as server, peer(*answers) as pool:
            wanted = {"pool_server": SERVER, "pool_url": pool.url, "reached": lambda: bool(pool.heads), **more}
            return [await asked("127.0.0.1", port=server.port, state=state, **wanted) for state in states], pool

    return tidily(main())


def test_the_published_score() -> None:
    (observation,), pool = runs(score(19.5))

    assert told(observation) == "passed"
    assert readings(observation)[SERIES] == 19.5
    assert pool.asked == [f"GET /scores/{SERVER}/json?limit=1"]


def test_the_redirect_is_followed() -> None:
    moved = answer(b"", "301 Moved Permanently", f"Location: /api/data/server/scores/{SERVER}/json?limit=1")
    (observation,), pool = runs(moved, score(-3.25))

    assert readings(observation)[SERIES] == -3.25
    assert pool.asked[1] == f"GET /api/data/server/scores/{SERVER}/json?limit=1"
    assert warned(observation) == []


def test_it_is_asked_every_five_minutes_at_most(tmp_path: Path) -> None:
    """Also by a daemon that restarts; in between the last answer is told again."""
    first, other = State(str(tmp_path)), State(str(tmp_path))
    observations, pool = runs(score(19.5), score(5), states=[first, first, other])

    assert [readings(o)[SERIES] for o in observations] == [19.5, 19.5, 19.5]
    assert len(pool.asked) == 1


def test_a_pool_that_breaks_is_not_asked_sooner() -> None:
    state = State()
    observations, pool = runs(close, score(5), states=[state, state])

    assert [told(o) for o in observations] == ["passed", "passed"]
    assert [SERIES in readings(o) for o in observations] == [False, False]
    assert len(pool.heads) == 1


def test_that_it_was_asked_is_kept_before_it_answers() -> None:
    """A daemon that is killed meanwhile and starts again does not ask anew."""
    state, kept = State(), []

    async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kept.append(state.of("ntp", "pool").read()["published"])

    runs(look, states=[state])
    assert abs(kept[0]["asked"] - time.time()) < 3600
    assert kept[0]["server"] == SERVER


def test_another_server_is_asked_for_at_once() -> None:
    """The old one's score is not the new one's."""
    state = State()
    runs(score(19.5), states=[state])
    (observation,), _ = runs(score(7), states=[state], pool_server="192.0.2.9")

    assert readings(observation)["gauge-published_score-192_0_2_9"] == 7


def test_a_stale_score_is_flagged() -> None:
    (observation,), _ = runs(score(19.5, age=2.5 * 3600))

    assert told(observation) == "passed"
    assert readings(observation)[SERIES] == 19.5
    assert warned(observation) == [f"published_stale: the score of {SERVER} is 2.5 h old"]


@pytest.mark.parametrize(
    ("said", "warning"),
    [
        (score(1, 60, "500 Internal Server Error"), "answered 500 Internal Server Error"),
        (answer(b"<h1>Welcome</h1>"), "did not answer with a score: not JSON: '<h1>Welcome</h1>'"),
        (answer(b"{}"), 'did not answer with a score: no "history" in it'),
        (close, "disconnected"),
        (hang, "did not answer in time"),
    ],
)
def test_whatever_the_pool_does_is_a_warning(said: bytes | Conversation, warning: str) -> None:
    """Never the run's failure."""
    (observation,), _ = runs(said, patience=SHORT if said is hang else IN_TIME)

    assert told(observation) == "passed"
    (told_of,) = warned(observation)
    assert told_of.startswith("published: ")
    assert warning in told_of


def test_a_pool_that_redirects_for_ever() -> None:
    (observation,), _ = runs(answer(b"", "301 Moved Permanently", "Location: /again"))

    assert told(observation) == "passed"
    assert warned(observation)[0].startswith("published: redirected more than 5 times")


def test_a_silent_server_beside_a_good_pool() -> None:
    """Side by side: the score is told, the run fails for the server's sake."""

    async def main() -> Observation:
        async with ntp_peer(silent) as server, peer(score(12)) as pool:

            def reached() -> bool:
                return bool(pool.heads) and server.was_asked()

            more: dict[str, Any] = {"pool_server": SERVER, "pool_url": pool.url, "reached": reached}
            return await asked("127.0.0.1", port=server.port, patience=SHORT, **more)

    observation = tidily(main())
    assert told(observation) == "failed timeout: 127.0.0.1: no answer within N s"
    assert readings(observation)[SERIES] == 12
