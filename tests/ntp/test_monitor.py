"""The pool's agent, answer by answer, against the rules in its own code."""

from __future__ import annotations

import pytest

from collectd_inode.ntp.monitor import concluded, seen
from collectd_inode.ntp.score import step
from tests.helpers.pool_rules import ANSWERS, COOKIE, PoolAnswer


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.name)
def test_what_a_monitor_of_the_pool_gives(answer: PoolAnswer) -> None:
    left, came = answer.instants
    given = step(concluded([seen(data, COOKIE, left, came) for data in answer.datagrams]))
    assert (round(given.step, 3), given.cap) == (answer.step, answer.cap)
