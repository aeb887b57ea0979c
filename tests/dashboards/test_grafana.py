"""Jobs → dashboards: order, names, places; and that what is shipped is what the code makes."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.kinds import KINDS
from collectd_inode.model import Detail, Job, PlannedStep
from collectd_inode.report.grafana import SOURCES, dashboard, generic, text
from collectd_inode.report.queries import Json
from tests.helpers.examples import LOOK, OPEN
from tests.helpers.places import ROOT

NEXT = PlannedStep('follow "Penguins\' eggs" (#A)', "follow_penguins_eggs")
SHOP = Job("scenario", "shop", "shop-buying", "Buying", interval=300.0, steps=(OPEN, NEXT, LOOK))
RELAY = Job("smarthost", "relay", "relay", steps=(PlannedStep("connect to port 587", "connect"),))
TIME = Job(
    "ntp", "time", "time", host="gps.example.org", detail=Detail.SCENARIO,
    readings=(
        ("time_offset", "ntp1_example"), ("delay", "ntp1_example"), ("gauge", "leap-ntp1_example"),
        ("gauge", "reach-ntp1_example"),
        ("gauge", "pool_score-ntp1_example"), ("gauge", "margin-s3"), ("time_offset", "consensus"),
    ),
)  # fmt: skip
CLOCK = Job("clock", "local", "local", detail=Detail.SCENARIO)
JOBS = (SHOP, RELAY, TIME, CLOCK)


def panels(board: Json, group: str) -> dict[str, Json]:
    """The panels below a heading, by their titles."""
    listed = board["panels"]
    first = next(n for n, panel in enumerate(listed) if panel["type"] == "row" and panel["title"] == group)
    below = itertools.takewhile(lambda panel: panel["type"] != "row", listed[first + 1 :])
    return {panel["title"]: panel for panel in below}


def queries(panel: Json) -> list[str]:
    return [target.get("target") or f"{target['legendFormat']}: {target['expr']}" for target in panel["targets"]]


def test_the_steps_in_their_order_and_words_with_what_failed() -> None:
    """A step that asks nothing of the network has no latency.  Graphite's quotes cannot be escaped; a # before a
    letter is a query to Grafana."""
    host = "collectd.${host}.scenario-shop-buying".replace("collectd", "${prefix}", 1)
    assert queries(panels(dashboard(JOBS, "graphite"), "shop: Buying")["Steps"]) == [
        f"alias({host}.response_time-go_to,'go to \"/\"')",
        f"alias({host}.response_time-follow_penguins_eggs,'follow \"Penguins’ eggs\" (＃A)')",
        f"alias(consolidateBy(offset(scale({host}.bool-success,-1),1),'max'),'failed')",
    ]
    labels = 'instance="${host}",scenario="shop-buying"'
    assert queries(panels(dashboard(JOBS, "prometheus"), "shop: Buying")["Steps"]) == [
        f'go to "/": collectd_scenario_response_time{{{labels},type="go_to"}}',
        f'follow "Penguins\' eggs" (#A): collectd_scenario_response_time{{{labels},type="follow_penguins_eggs"}}',
        f'failed: 1 - min_over_time(collectd_scenario_bool{{{labels},type="success"}}[${{__rate_interval}}])',
    ]


def test_a_host_of_its_own_and_the_bound_on_both_sides_of_the_offset() -> None:
    """write_graphite has underscores for a host's dots."""
    path = "${prefix}.gps_example_org.ntp-time"
    offset, bound = f"{path}.time_offset-ntp1_example", f"{path}.time_dispersion-ntp1_example"
    panel = panels(dashboard(JOBS, "graphite"), "time")["Offset and bound"]
    assert queries(panel) == [
        f"alias({path}.time_offset-consensus,'consensus')",
        f"alias({offset},'ntp1_example')",
        f"alias(sumSeries({offset},{bound}),'ntp1_example + bound')",
        f"alias(diffSeries({offset},{bound}),'ntp1_example − bound')",
    ]
    fills = [p["value"] for o in panel["fieldConfig"]["overrides"] for p in o["properties"] if "Below" in p["id"]]
    assert fills == ["ntp1_example − bound"]


def test_what_a_job_does_not_send_has_no_panel() -> None:
    """Neither a score nor a margin where none is configured, nor steps where Detail is scenario."""
    plain = replace(TIME, readings=(("time_offset", "ntp1_example"), ("time_offset", "consensus")))
    coarse = replace(SHOP, detail=Detail.SCENARIO)
    board = dashboard((plain, coarse), "prometheus")
    assert list(panels(dashboard(JOBS, "prometheus"), "time")) == [
        "Up or down, and why", "Offset and bound", "Round trip",
        "Score in the NTP Pool", "Seconds until a consumer refuses this clock",
    ]  # fmt: skip
    assert list(panels(board, "time")) == ["Up or down, and why", "Offset and bound", "Round trip"]
    assert list(panels(board, "shop: Buying")) == [
        "Up or down, and why", "Whole run", "Phases", "Days until certificates end",
    ]  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_groups_come_in_the_order_of_the_configuration(source: str) -> None:
    """With all jobs' states above, and the plugin's own values below."""
    board = dashboard((CLOCK, RELAY, SHOP), source)
    rows = [panel["title"] for panel in board["panels"] if panel["type"] == "row"]
    assert rows == ["All jobs", "local", "relay", "shop: Buying", "The plugin itself"]
    assert len(panels(board, "All jobs")["Up or down"]["targets"]) == 3


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_shipped_is_what_the_code_makes(source: str) -> None:
    """Make it anew by: python3 -m dashboards"""
    file = ROOT / "dashboards" / f"grafana-{source}.json"
    assert file.read_text(encoding="utf-8") == text(generic(source))


def every_board() -> Iterator[Json]:
    for source in SOURCES:
        yield generic(source)
        yield dashboard(JOBS, source, host="www.example.org")


@pytest.mark.parametrize("board", list(every_board()), ids=lambda board: str(board["uid"]))
def test_what_every_dashboard_keeps_to(board: Json) -> None:
    """The data source is a variable, which Grafana asks for; no ids of another Grafana; a tag to find it by."""
    source = board["__inputs"][0]["pluginId"]
    variable = f"${{DS_{source.upper()}}}"
    named = re.findall(r'"uid": "([^"]*)"', text({**board, "uid": ""}))
    assert set(named) == {"", variable}
    assert board["templating"]["list"][0]["name"] == board["__inputs"][0]["name"] == variable[2:-1]
    assert board["id"] is None
    assert len(board["uid"]) <= 40
    assert "collectd" in board["tags"]
    used = {panel["type"] for panel in board["panels"]} - {"row"}
    assert {"grafana", source, *used} == {each["id"] for each in board["__requires"]}
    ids = [panel["id"] for panel in board["panels"]]
    assert ids == sorted(set(ids))
    for panel in board["panels"]:
        references = [target["refId"] for target in panel.get("targets", ())]
        assert len(references) == len(set(references))
    # What it refers to, it has.
    known = {each["name"] for each in board["templating"]["list"]} | {"__rate_interval"}
    assert set(re.findall(r"\$\{(\w+)\}", text(board))) <= known


@given(st.lists(st.sampled_from(JOBS), max_size=6))
def test_no_panel_lies_on_another(jobs: list[Job]) -> None:
    """Nor beside the 24 columns."""
    taken: set[tuple[int, int]] = set()
    for panel in dashboard(jobs, "graphite")["panels"]:
        place = panel["gridPos"]
        own = set(
            itertools.product(range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"]))
        )
        assert not own & taken
        assert max(x for x, _ in own) < 24
        taken |= own


@given(st.text(), st.text())
def test_any_name_becomes_json(title: str, host: str) -> None:
    """Whatever a scenario is called; and the uid depends on nothing but host and source."""
    job = replace(SHOP, scenario=title, steps=(replace(OPEN, name=title),))
    for source in SOURCES:
        board = dashboard((job,), source, host=host)
        assert json.loads(text(board).encode()) == board
        assert board["uid"] == dashboard((), source, host=host)["uid"]


def test_more_steps_than_letters() -> None:
    """Grafana calls the queries of a panel A to Z, then AA."""
    steps = tuple(replace(OPEN, series=f"go_{number}") for number in range(28))
    panel = panels(dashboard((replace(SHOP, steps=steps),), "graphite"), "shop: Buying")["Steps"]
    assert [target["refId"] for target in panel["targets"]][24:] == ["Y", "Z", "AA", "AB", "AC"]


def test_the_variables_of_what_is_shipped() -> None:
    """Host and job are chosen from what the store has; the prefix is a constant."""
    listed = {each["name"]: each for each in generic("graphite")["templating"]["list"]}
    assert list(listed) == ["DS_GRAPHITE", "prefix", "host", *(kind.plugin for kind in KINDS)]
    assert (listed["prefix"]["type"], listed["prefix"]["query"]) == ("constant", "collectd")
    assert (listed["ntp"]["query"], listed["ntp"]["regex"]) == ("${prefix}.${host}.ntp-*", "/^ntp-(.*)$/")
    chosen = {each["name"]: each for each in generic("prometheus")["templating"]["list"]}
    assert list(chosen) == ["DS_PROMETHEUS", "host", *(kind.plugin for kind in KINDS)]
    assert chosen["ntp"]["query"] == 'label_values(collectd_ntp_bool{type="success",instance="${host}"},ntp)'


def test_the_host_it_was_made_for_is_chosen() -> None:
    """As the store calls it."""
    made = [dashboard(JOBS, source, host="www.example.org", prefix="mine.collectd") for source in SOURCES]
    chosen = [{each["name"]: each for each in board["templating"]["list"]} for board in made]
    assert [each["host"]["current"]["value"] for each in chosen] == ["www_example_org", "www.example.org"]
    assert chosen[0]["prefix"]["query"] == "mine.collectd"


def test_a_source_that_there_is_not() -> None:
    """A mistake of ours, and no person's."""
    with pytest.raises(ValueError, match="'influxdb' is none of graphite, prometheus"):
        dashboard(JOBS, "influxdb")
