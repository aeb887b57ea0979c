"""The nouns' rows: whoever repeats their words, in code or for people, has all of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from collectd_inode.model import Cause, Phase, ReplayEngine
from collectd_inode.report import history
from collectd_inode.scenario import har, jobs, reference

ROOT = Path(__file__).parent.parent
NAMES_PHASES = [
    "collectd_inode/report/schemas.json",
    "conf.d/inode-scenario.conf",
    "dashboards/cgp/scenario.json",
    "dashboards/collection3/inode.conf",
    "docs/explanation/glossary.rst",
    "docs/how-to/dashboards.rst",
    "docs/how-to/from-blackbox-exporter.rst",
]


@pytest.mark.parametrize("file", NAMES_PHASES)
def test_files_that_people_read_or_copy_name_every_phase(file: str) -> None:
    """A phase that one of them forgets is in no picture, or nobody knows of it."""
    words = set(re.findall(r"\w+", (ROOT / file).read_text()))
    assert {phase.value for phase in Phase} - words == set()


def test_every_phase_has_its_meaning_and_its_places() -> None:
    """The reports that sort times by phase, and the record of a request for other tools."""
    assert [phase for phase in Phase if not phase.meaning] == []
    assert set(history._PHASES) == set(har._HAR_TIMINGS) == set(Phase)


def test_the_places_of_phases_in_a_history() -> None:
    """A file that an earlier version wrote means the same in the next one."""
    setting = {
        "setting": "s", "origin": {"version": "0.1.0", "started": 1.0, "booted": 1.0, "boot": "b"},
        "configuration": "c", "feature": "f", "steps": [["visit", "I visit"]], "readings": [], "facts": [],
    }  # fmt: skip
    run = {
        "time": 2.0, "of": "s", "status": "passed", "cause": "none", "message": "", "bad": None, "elapsed": 0.5,
        "seconds": 0.15, "steps": [150_000], "phases": [[10_000, 20_000, 30_000, 40_000, 50_000]], "readings": [],
    }  # fmt: skip
    (ran,), damaged = history.parse("\n".join(map(json.dumps, (setting, run))).encode())
    assert damaged == 0
    assert {phase.value: seconds for phase, seconds in ran.steps[0].phases.items()} == {
        "resolve": 0.01,
        "connect": 0.02,
        "tls": 0.03,
        "processing": 0.04,
        "transfer": 0.05,
    }


def enums(schema: Any) -> list[set[str]]:
    """The lists of words that *schema* allows somewhere."""
    if isinstance(schema, list):
        return [words for one in schema for words in enums(one)]
    if not isinstance(schema, dict):
        return []
    own = [{word for word in schema["enum"] if word is not None}] if "enum" in schema else []
    return [*own, *(words for one in schema.values() for words in enums(one))]


def test_the_schemas_know_every_cause() -> None:
    """A line with a cause that they do not know would be invalid."""
    causes = {cause.word for cause in Cause}
    found = enums(json.loads((ROOT / "collectd_inode/report/schemas.json").read_text()))
    with_causes = [words - {""} for words in found if "certificate" in words]
    assert with_causes != []
    assert [words for words in with_causes if words != causes] == []


def test_every_engine_is_opened_by_itself() -> None:
    """A word that the key takes, and that no engine answers to, would replay with another one."""
    assert set(jobs.OPENERS) == set(reference.READINGS) == set(ReplayEngine)
    assert [engine for engine in ReplayEngine if not (engine.of_run and engine.of_step and engine.measures)] == []
