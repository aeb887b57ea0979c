"""The kinds of job: one row each.  A new kind is one folder and one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from collectd_inode.keys import Common, Key, Loaded
from collectd_inode.scenario import jobs as scenario
from collectd_inode.scenario.settings import SCENARIO_KEYS, settings


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job: the plugin it reports as, its block's name, the keys it takes, and how jobs are made of them."""

    plugin: str
    block: str
    keys: tuple[Key, ...]
    load: Callable[[str, Mapping[str, Any], Common], Loaded]


def _load_scenario(name: str, values: Mapping[str, Any], common: Common) -> Loaded:
    return scenario.load(name, settings(values), common)


KINDS = (Kind(scenario.KIND, "Scenario", SCENARIO_KEYS, _load_scenario),)
