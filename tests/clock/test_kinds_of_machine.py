"""Every kind of machine, as a folder: the verdict and the advice that are right for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_inode.clock.advice import rivalry
from collectd_inode.clock.diagnosis import diagnose
from collectd_inode.clock.evidence import ClockEvidence
from collectd_inode.clock.machine import survey
from collectd_inode.clock.steps import Steps
from collectd_inode.clock.votes import Consensus
from tests.helpers.kinds_of_machine import KINDS, KindOfMachine
from tests.helpers.machines import UNSYNCHRONISED

NOW = 1_000_000.0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_verdict_and_the_advice(tmp_path: Path, kind: KindOfMachine) -> None:
    found = survey(kind.write(tmp_path), lambda: NOW)
    unknown = diagnose(ClockEvidence(UNSYNCHRONISED, found))
    wrong = diagnose(ClockEvidence(UNSYNCHRONISED, found, Steps(), Consensus(5.0, 0.01, NOW, 3)))
    assert (unknown.diagnosis, wrong.diagnosis, wrong.advice, rivalry(found)) == (
        kind.without_vote,
        kind.wrong,
        kind.advice,
        kind.rivals,
    )
    assert max(len(each.message.encode()) for each in (unknown, wrong)) < 240


def test_no_kind_is_there_twice() -> None:
    names = [kind.name for kind in KINDS]
    assert len(names) == len(set(names)) >= 57
