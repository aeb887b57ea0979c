"""The pool's JSON: the median's newest score, stale or not, and everything that it may be instead."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.codec import known, to_json
from collectd_inode.ntp.published import (
    REST,
    STALE,
    Published,
    UnreadableScore,
    address,
    is_due,
    parse,
)

NOW = 1_795_000_000.0
ENTRY = {"ts": 1794999900, "step": 1, "score": 19.9, "monitor_id": 24, "offset": 0.0001, "rtt": 12.3}
MEDIAN = {"id": 24, "name": "recentmedian", "type": "score", "ts": "2026-11-18T00:00:00", "score": 19.9}


def told(*history: Any, monitors: Any = (MEDIAN,)) -> str:
    return json.dumps({"history": history, "monitors": monitors, "server": {"ip": "192.0.2.1"}})


def test_the_score_of_a_server() -> None:
    assert parse(told(ENTRY)) == Published(19.9, 1.0, 1794999900.0)


def test_the_newest_of_several() -> None:
    older = {**ENTRY, "ts": 1794990000, "score": 5}

    assert parse(told(older, ENTRY, older)).score == 19.9


def test_the_median_among_single_monitors() -> None:
    """``monitor=*`` gives them all; a single monitor is not the pool's opinion."""
    single = {**ENTRY, "ts": 1794999999, "score": -3, "monitor_id": 7}

    assert parse(told(single, ENTRY)).score == 19.9


def test_without_a_list_of_monitors_every_entry_counts() -> None:
    assert parse(told(ENTRY, monitors=None)).score == 19.9


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<html>not found", "not JSON: '<html>not found'"),
        ("", "not JSON: ''"),
        ("[" * 100_000, "not JSON: '" + "[" * 40 + "'"),
        ("[]", 'no "history" in it'),
        ('{"history": 3}', 'no "history" in it'),
        (told(), "no score in its history: does the pool know this server?"),
        (told({**ENTRY, "score": None}), "no score in its history: does the pool know this server?"),
        (told({**ENTRY, "ts": True}), "no score in its history: does the pool know this server?"),
        (told({**ENTRY, "score": 10**400}), "no score in its history: does the pool know this server?"),
        (told(None, 3), "no score in its history: does the pool know this server?"),
    ],
)
def test_what_is_not_a_score(text: str, why: str) -> None:
    with pytest.raises(UnreadableScore) as error:
        parse(text)
    assert str(error.value) == why


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    with pytest.raises(UnreadableScore):
        parse(text)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(), lambda c: st.lists(c) | st.just({"id": []})
)


@given(st.lists(JSON), JSON, JSON)
def test_no_json_breaks_it(history: list[Any], monitors: Any, identity: Any) -> None:
    found = parse(told({**ENTRY, "monitor_id": identity}, *history, monitors=monitors))
    assert found.score == 19.9


def test_a_score_of_an_hour_ago_is_stale() -> None:
    found = Published(19.9, 1.0, NOW - STALE)

    assert (found.is_stale(NOW), found.is_stale(NOW + 1)) == (False, True)


def test_a_score_outlives_the_run() -> None:
    found = Published(19.9, 1.0, NOW)

    assert known(Published, to_json(found)) == found
    assert known(Published, {**to_json(found), "score": float("nan")}) is None


@pytest.mark.parametrize(
    ("asked", "due"), [(None, True), ("x", True), (NOW - REST, True), (NOW - REST + 1, False), (NOW + 3600, True)]
)
def test_it_is_asked_every_five_minutes_at_most(asked: object, due: bool) -> None:
    """A last time in the future is of a clock that was set back."""
    assert is_due(asked, NOW) is due


@pytest.mark.parametrize(
    ("base", "server", "url"),
    [
        ("https://www.pool.ntp.org", "60.234.72.6", "https://www.pool.ntp.org/scores/60.234.72.6/json?limit=1"),
        ("http://127.0.0.1:8080/", "2001:db8::1", "http://127.0.0.1:8080/scores/2001:db8::1/json?limit=1"),
    ],
)
def test_where_it_is(base: str, server: str, url: str) -> None:
    assert address(base, server) == url
