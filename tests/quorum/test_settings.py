"""The keys of a ``<Quorum>`` block, and what is wrong with them."""

from __future__ import annotations

import pytest

from collectd_inode.config import Configuration
from collectd_inode.model import Door
from collectd_inode.oconfig import Node


def problems(*lines: tuple[str, str | float]) -> list[str]:
    block = Node("Quorum", ("shop",), tuple(Node(key, (value,)) for key, value in lines))
    return [str(one) for one in Configuration(Door.EMBEDDED).section(Node("Module", ("collectd_inode",), (block,)))]


def test_a_good_one() -> None:
    """As the manual has it."""
    lines = [("Job", "scenario/shop-log_in"), ("Hosts", "a"), ("Hosts", "b"), ("Least", 2.0), ("MinReporting", 2.0)]
    assert problems(*lines) == []  # type: ignore[arg-type]  # text and numbers


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ((), 'expected a Job, such as Job "scenario/shop-log_in"'),
        ((("Job", "shop"),), 'expected a job as collectd-inode status names it, such as "scenario/shop-log_in"'),
        ((("Job", "scenario/a"), ("Hosts", "a"), ("Hosts", "a")), "expected each of Hosts once"),
        (
            (("Job", "scenario/a"), ("Hosts", "a"), ("Hosts", "b"), ("Least", 3.0)),
            "Least 3: expected at most 2, the number of its Hosts",
        ),
        (
            (("Job", "scenario/a"), ("Hosts", "a")),
            "MinReporting 2: expected at most 1, the number of its Hosts",
        ),
    ],
)
def test_a_bad_one(lines: tuple[tuple[str, str | float], ...], problem: str) -> None:
    """What was expected, and where."""
    found = problems(*lines)
    assert any((one.endswith(problem) and '"shop"' in one) or problem in one for one in found), found
