"""Several machines with the same files: each scenario has one machine, and few move when one is added."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.config import load_all
from collectd_inode.shards import Shard, is_ours, owner
from tests.helpers.examples import configured, write_feature

NAMES = [("scenario", f"shop{number // 10}", f"step_{number}") for number in range(1000)]
WRITTEN_DOWN = [1, 3, 2, 2, 1, 4, 5, 5, 1, 5, 1, 2]


def test_a_thousand_jobs_over_five_machines() -> None:
    """About two hundred each."""
    counted = Counter(owner(*name, 5) for name in NAMES)
    assert sorted(counted) == [1, 2, 3, 4, 5]
    assert all(160 <= jobs <= 240 for jobs in counted.values()), counted


def test_a_sixth_machine_takes_its_share_and_moves_nothing_else() -> None:
    """A sixth of all, from each of the five."""
    before, after = ([owner(*name, many) for name in NAMES] for many in (5, 6))
    moved = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert {new for _, new in moved} == {6}
    assert {old for old, _ in moved} == {1, 2, 3, 4, 5}
    assert 120 <= len(moved) <= 215


def test_who_owns_what_stays() -> None:
    """An upgrade that moved jobs would begin their series on other machines."""
    assert [owner(*name, 5) for name in NAMES[:12]] == WRITTEN_DOWN


@given(st.text(), st.text(), st.text(), st.integers(1, 12))
def test_each_scenario_has_one_machine(kind: str, job: str, scenario: str, many: int) -> None:
    """Whatever its name is."""
    machines = [number for number in range(1, many + 1) if is_ours([Shard(number, many)], kind, job, scenario)]
    assert machines == [owner(kind, job, scenario, many)]
    assert is_ours([], kind, job, scenario)
    assert is_ours([Shard(number, many) for number in range(1, many + 1)], kind, job, scenario)


def jobs(tmp_path: Path, *shards: str) -> set[str]:
    said = "".join(f'Shard "{shard}"\n' for shard in shards)
    configuration = configured(f'{said}<Scenario "web">\nFeature "{tmp_path}"\n</Scenario>\n<Clock "here">\n</Clock>\n')
    assert configuration.problems == []
    return {job.instance for loaded in load_all(configuration) for job in loaded.jobs}


@pytest.fixture
def features(tmp_path: Path) -> Path:
    text = "".join(f'Scenario: Page {n}\nWhen I go to "http://127.0.0.1/{n}"\n' for n in range(20))
    write_feature(tmp_path, f"Feature: Many\n{text}")
    return tmp_path


def test_machines_share_the_scenarios_and_nothing_else(features: Path) -> None:
    """Other kinds of job run on each machine; without Shard, everything does."""
    shares = [jobs(features, f"{number}/3") for number in (1, 2, 3)]
    assert set.union(*shares) == jobs(features)
    assert [share & other for share in shares for other in shares if share is not other] == [{"here"}] * 6
    assert all(len(share) > 1 for share in shares)


def test_a_machine_that_takes_over_another_s_share(features: Path) -> None:
    """Both shares are named."""
    assert jobs(features, "2/3", "3/3") == jobs(features, "2/3") | jobs(features, "3/3")


def test_what_is_wrong_with_a_block_is_reported_by_every_machine(tmp_path: Path) -> None:
    """A folder without features may be this machine's alone."""
    for number in (1, 2, 3):
        configuration = configured(f'Shard "{number}/3"\n<Scenario "web">\nFeature "{tmp_path}/gone"\n</Scenario>\n')
        (loaded, _) = load_all(configuration)
        assert [job.instance for job in loaded.jobs] == ["web"]


EXPECTED = 'expected a share such as "2/5": this machine\'s number, a slash, the number of machines'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('Shard "0/5"\n', f'c.conf:1: <Module> Shard "0/5": {EXPECTED}'),
        ('Shard "6/5"\n', f'c.conf:1: <Module> Shard "6/5": {EXPECTED}'),
        ('Shard "2 of 5"\n', f'c.conf:1: <Module> Shard "2 of 5": {EXPECTED}'),
        ('Shard "1/1001"\n', f'c.conf:1: <Module> Shard "1/1001": {EXPECTED}'),
        (
            'Shard "1/5"\nShard "2/6"\n',
            'c.conf:2: <Module> Shard "2/6": expected shares of one number of machines, not "1/5" and "2/6"',
        ),
    ],
)
def test_a_share_that_is_none(text: str, problem: str) -> None:
    """Named with its place; the machine then runs everything, so that nothing is left out."""
    configuration = configured(text)
    assert [str(one) for one in configuration.problems] == [problem]
    assert configuration.module.shards == ()
