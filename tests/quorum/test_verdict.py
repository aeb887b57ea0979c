"""One verdict of several probes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.quorum.verdict import QuorumVerdict, Said, judge, names, patience, sentence, silence, unknown

MINUTE = 60.0


def said(up: str = "", down: str = "", silent: str = "") -> dict[str, Said]:
    """Probes by their first letters, each a minute apart; the silent ones have been so for ten minutes."""
    words = [(up, Said(True, 1.0, MINUTE)), (down, Said(False, 1.0, MINUTE)), (silent, Said(True, 600.0, MINUTE))]
    return {host: one for hosts, one in words for host in hosts.split()}


def test_most_probes_decide() -> None:
    """Of those that report; which do not agree is said."""
    down = judge(said(up="dunedin auckland", down="hamilton napier nelson"), None, 2)
    assert (down.verdict, down.agreeing, down.reporting) == (QuorumVerdict.DOWN, 3, 5)
    assert sentence(down) == "3 of 5 probes: down; only auckland, dunedin up"
    up = judge(said(up="auckland hamilton", down="dunedin"), None, 2)
    assert (up.verdict, up.agreeing, up.reporting) == (QuorumVerdict.UP, 2, 3)
    assert sentence(up) == "2 of 3 probes: up; only dunedin down"
    assert sentence(judge(said(down="a b"), None, 2)) == "2 of 2 probes: down"


def test_half_is_not_most() -> None:
    """Two of four are not; with Least 2 they are enough."""
    four = said(up="a b", down="c d")
    assert judge(four, None, 2).verdict is QuorumVerdict.UP
    assert judge(four, 2, 2).verdict is QuorumVerdict.DOWN


def test_too_few_know_nothing() -> None:
    """One probe that says down is no outage; nor are two where three must say so, although nobody contradicts."""
    alone = judge(said(down="a", silent="b c"), None, 2)
    assert (alone.verdict, alone.agreeing, alone.reporting, alone.silent) == (QuorumVerdict.UNKNOWN, 0, 1, ("b", "c"))
    assert unknown(alone, None, 2) == "unknown: 1 probe reports, expected 2 at least; a down"
    assert judge(said(down="a b"), 3, 2).verdict is QuorumVerdict.UNKNOWN
    assert judge(said(up="a b"), 3, 2).verdict is QuorumVerdict.UP
    assert unknown(judge({}, None, 2), None, 2) == "unknown: 0 probes report, expected 2 at least; nobody"


def test_silence() -> None:
    """Two intervals and ten seconds; then a probe has no vote, and is named."""
    assert not Said(False, patience(MINUTE), MINUTE).silent
    assert Said(False, patience(MINUTE) + 1, MINUTE).silent
    assert Said(None, 0.0, MINUTE).silent
    assert silence(said(silent="a b"), ("a", "b")) == "silent: a for 10 min, b for 10 min"
    many = [f"probe{number}" for number in range(9)]
    assert names(many) == "probe0, probe1, probe2, probe3, probe4 and 4 more"


HOSTS = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=3),
    st.builds(Said, st.none() | st.booleans(), st.floats(0, 1000), st.sampled_from([1.0, 60.0, 300.0])),
    max_size=12,
)


@given(HOSTS, st.none() | st.integers(1, 6), st.integers(1, 6))
def test_no_outage_without_enough_probes(hosts: dict[str, Said], least: int | None, reporting: int) -> None:
    """Whatever hosts, values and ages are: each probe counts once, and down has its votes."""
    found = judge(hosts, least, reporting)
    assert sorted((*found.up, *found.down, *found.silent)) == sorted(hosts)
    assert (found.verdict is QuorumVerdict.UNKNOWN) >= (found.reporting < reporting)
    if found.verdict is QuorumVerdict.DOWN:
        assert found.reporting >= reporting
        assert len(found.down) > found.reporting / 2 if least is None else len(found.down) >= least
    if found.verdict is QuorumVerdict.UP:
        assert len(found.down) <= found.reporting / 2 if least is None else len(found.down) < least
    assert found.agreeing <= found.reporting
    assert len(sentence(found)) < 100


@given(HOSTS, st.none() | st.integers(1, 6), st.integers(1, 6))
def test_one_more_that_says_down_never_ends_an_outage(
    hosts: dict[str, Said], least: int | None, reporting: int
) -> None:
    """Nor does one more that is silent change anything."""
    before = judge(hosts, least, reporting).verdict
    if before is QuorumVerdict.DOWN:
        assert judge({**hosts, "zzzz": Said(False, 0.0, MINUTE)}, least, reporting).verdict is QuorumVerdict.DOWN
    assert judge({**hosts, "zzzz": Said(None, 0.0, MINUTE)}, least, reporting).verdict is before
