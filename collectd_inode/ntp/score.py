"""The NTP pool's score of a server, as one of its monitors on this machine would compute it.

The published score is the lower median over the scores of all active monitors; this is that of one more.  It moves as
fast as the pool's: ``monitor.py`` defines a check and its schedule.  The rules are those of ntppool/monitor
(``scorer/statusscore/statusscore.go``, ``server/submitresults.go``) as of 2025-07-26.
"""

from __future__ import annotations

from dataclasses import dataclass

KEPT = 0.95
"""The part of the old score that remains after each check: a constant step settles at twenty times itself."""

WORST_STRATUM = 10
"""A monitor takes a higher one for an error."""

_POOR_STRATUM = 8


@dataclass(frozen=True, slots=True)
class Check:
    """The result of a monitor's check.  ``offset`` in seconds; ``error`` a kiss code or any other text."""

    answered: bool
    stratum: int = 0
    offset: float | None = None
    error: str = ""


NO_RESPONSE = Check(answered=False)


def checked(stratum: int, offset: float | None, kiss: str = "") -> Check:
    """The check of an answer: a monitor takes stratum 0, 16 and all above 10 for errors, with the kiss code as text."""
    if kiss:
        return Check(True, stratum, offset, kiss)
    bad = stratum == 0 or stratum > WORST_STRATUM
    return Check(True, stratum, offset, f"bad stratum {stratum}" if bad else "")


@dataclass(frozen=True, slots=True)
class ScoreStep:
    """The effect of one check on the score: added, and afterwards the score is at most ``cap``."""

    step: float
    cap: float | None = None


def step(check: Check) -> ScoreStep:
    """The step of a check; the first rule that fits."""
    if not check.answered:
        return ScoreStep(-5)
    if check.stratum == 0 and check.error == "RATE":
        return ScoreStep(-3.5)
    if check.stratum == 0 and check.error in ("RSTR", "DENY"):
        return ScoreStep(-10, cap=-50)
    if check.stratum == 0 and not check.error:
        return ScoreStep(-2, cap=5)
    if check.error or check.offset is None:
        return ScoreStep(-4)
    return _of_offset(abs(check.offset), check.stratum)


def _of_offset(offset: float, stratum: int) -> ScoreStep:
    if offset > 3:
        return ScoreStep(-4, cap=-20)
    if stratum >= _POOR_STRATUM:
        return ScoreStep(-4)
    if offset > 0.75:
        return ScoreStep(-2)
    if offset > 0.1:
        return ScoreStep(-2.308 * offset + 0.731)
    if offset > 0.025:
        return ScoreStep(min(1.0, -6.667 * offset + 1.167))
    return ScoreStep(1)


@dataclass(frozen=True, slots=True)
class Score:
    """A server's score after its last check; a new one begins at 0.  20 is the best, below 10 it is not in the DNS."""

    score: float = 0.0
    step: float = 0.0

    def after(self, check: Check) -> Score:
        """The score once *check* has been made."""
        now = step(check)
        score = self.score * KEPT + now.step
        return Score(score if now.cap is None else min(score, now.cap), float(now.step))


def margin(limit: float, consensus: float) -> float:
    """Seconds left before a consumer that allows *limit* seconds rejects this clock; negative once it does."""
    return limit - abs(consensus)
