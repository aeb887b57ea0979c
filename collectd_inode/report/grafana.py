"""Jobs → a Grafana dashboard, for Graphite or for Prometheus, in the steps' own order, which only the jobs know.

`dashboard` is that of a configuration.  `generic` makes those that are shipped: the same panels, of the job that is
chosen from a list, the steps in their names' order.  What a panel has is in the kinds' ``panels.py``, how a store is
asked for it in `queries`.

The data source is a variable and never a name, the prefix of write_graphite a constant of the dashboard.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from collectd_inode.kinds import KINDS, kind_of
from collectd_inode.model import Job
from collectd_inode.panels import UP, Panel, PanelLine, PanelLook, PanelSubject, Shape, Unit, of_job, yes
from collectd_inode.report.queries import Graphite, Json, Language, Prometheus, data_source, name_of, variable
from collectd_inode.report.values import HEALTH_PLUGIN

SOURCES = ("graphite", "prometheus")

Group = tuple[str, tuple[Panel, ...]]
"""A heading, and the panels below it."""


def dashboard(jobs: Sequence[Job], source: str, *, host: str = "", prefix: str = "collectd") -> Json:
    """The dashboard of a configuration: a group of panels a job, in the configuration's order.

    *source* is one of `SOURCES` (ValueError otherwise), *host* the daemon's own name, *prefix* what write_graphite puts
    in front of its names, without the dot.  The uid depends on host and source alone: importing it again replaces it.
    """
    language = _language(source, prefix)
    subjects = [of_job(job) for job in jobs]
    digest = hashlib.sha256(host.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return _board(
        f"collectd_inode: {host}" if host else "collectd_inode",
        f"inode-{source}-{digest}",
        language,
        [_overview(subjects), *map(_group, subjects), _health()],
        _variables(language, host),
    )


def generic(source: str) -> Json:
    """The dashboard that is shipped: whatever jobs a host has, chosen from lists; the steps by their names."""
    language = _language(source, "collectd")
    chosen = [(kind.plugin, f"${{{kind.plugin}}}", kind.block) for kind in KINDS]
    subjects = [PanelSubject(plugin, instance, title=f"{title} {instance}") for plugin, instance, title in chosen]
    return _board(
        "collectd_inode",
        f"inode-{source}",
        language,
        [_overview([]), *map(_group, subjects), _health()],
        [*_variables(language, ""), *(language.choice(plugin, title) for plugin, _, title in chosen)],
    )


def _group(subject: PanelSubject) -> Group:
    return subject.title, kind_of(subject.kind).load_drawn().panels(subject)


def _overview(subjects: Sequence[PanelSubject]) -> Group:
    """All jobs' states; without subjects those of whatever jobs there are."""
    states = tuple(yes(subject, "success", subject.title) for subject in subjects)
    return "All jobs", (Panel("Up or down", states, PanelLook.STRIP, height=max(6, 3 + len(states)), words={"": UP}),)


def _health() -> Group:
    """How the plugin itself fares."""
    ours = PanelSubject(HEALTH_PLUGIN, "")
    counts = (("count", "jobs", "jobs"), ("count", "late", "late runs"), ("gauge", "config_errors", "faulty blocks"))
    return "The plugin itself", (
        Panel("Lag of its loop", (PanelLine(ours, "latency", "loop_lag", "lag"),), width=12),
        Panel("Jobs", tuple(PanelLine(ours, *line) for line in counts), unit=Unit.NUMBER, width=12),
    )


def text(board: Mapping[str, Any]) -> str:
    """*board* as it is written to a file."""
    return json.dumps(board, indent=2, ensure_ascii=False) + "\n"


def _language(source: str, prefix: str) -> Language:
    match source:
        case "graphite":
            return Graphite(prefix)
        case "prometheus":
            return Prometheus()
        case _:
            raise ValueError(f"{source!r} is none of {', '.join(SOURCES)}")


def _board(
    title: str,
    uid: str,
    language: Language,
    groups: Iterable[Group],
    variables: Iterable[Json],
) -> Json:
    source = language.source
    return {
        "__inputs": [
            {
                "name": data_source(source),
                "label": source.capitalize(),
                "description": "The store that collectd writes to",
                "type": "datasource",
                "pluginId": source,
                "pluginName": source.capitalize(),
            }
        ],
        "__requires": [
            {"type": "grafana", "id": "grafana", "name": "Grafana", "version": "9.0.0"},
            {"type": "datasource", "id": source, "name": source.capitalize(), "version": "1.0.0"},
            *({"type": "panel", "id": look, "name": name, "version": ""} for look, name in _PLUGINS.items()),
        ],
        "id": None,
        "uid": uid,
        "title": title,
        "tags": ["collectd", "collectd_inode"],
        "description": "Generated by collectd_inode (docs/how-to/dashboards.rst): generate it again, do not edit it.",
        "editable": True,
        "graphTooltip": 1,
        "schemaVersion": 37,
        "version": 1,
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "refresh": "1m",
        "annotations": {"list": []},
        "links": [],
        "templating": {"list": list(variables)},
        "panels": list(_placed(groups, language)),
    }


_PLUGINS = {"state-timeline": "State timeline", "timeseries": "Time series"}
_COLUMNS = 24


def _placed(groups: Iterable[Group], language: Language) -> Iterator[Json]:
    """Every panel below its group's heading, from left to right, numbered."""
    number, y = 1, 0
    for title, panels in groups:
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "panels": [],
            "gridPos": {"x": 0, "y": y, "w": _COLUMNS, "h": 1},
        }
        number, y, x, height = number + 1, y + 1, 0, 0
        for panel in panels:
            if x + panel.width > _COLUMNS:
                y, x, height = y + height, 0, 0
            place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
            yield {"id": number, **_drawn(panel, language), "gridPos": place}
            number, x, height = number + 1, x + panel.width, max(height, panel.height)
        y += height


def _drawn(panel: Panel, language: Language) -> Json:
    targets = [language.target(line) for line in (*panel.lines, *_curtain(panel))] or [language.every_job]
    source = {"type": language.source, "uid": f"${{{data_source(language.source)}}}"}
    strip = panel.look is PanelLook.STRIP
    return {
        "type": "state-timeline" if strip else "timeseries",
        "title": panel.title,
        "description": panel.description,
        "datasource": source,
        "targets": [{"refId": _letters(n), "datasource": source, **target} for n, target in enumerate(targets)],
        "options": _STRIP_OPTIONS if strip else _LINE_OPTIONS,
        "fieldConfig": {
            "defaults": _strip_defaults() if strip else _line_defaults(panel),
            "overrides": [*_word_overrides(panel), *_line_overrides(panel)],
        },
    }


FAILED = "failed"
"""The name of the line that is 1 where a run failed."""


def _curtain(panel: Panel) -> Iterator[PanelLine]:
    if panel.failures and panel.look is PanelLook.STACK:
        yield PanelLine(panel.lines[0].subject, "bool", "success", FAILED, Shape.FAILED)


_STRIP_OPTIONS = {
    "mergeValues": True,
    "showValue": "auto",
    "alignValue": "left",
    "rowHeight": 0.8,
    "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
    "tooltip": {"mode": "single", "sort": "none"},
}
_LINE_OPTIONS = {
    "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
    "tooltip": {"mode": "multi", "sort": "none"},
}


def _strip_defaults() -> Json:
    return {"color": {"mode": "thresholds"}, "custom": {"fillOpacity": 80, "lineWidth": 0}, "thresholds": _limits(())}


def _line_defaults(panel: Panel) -> Json:
    interval = max((line.subject.interval for line in panel.lines), default=0.0)
    stack = panel.look is PanelLook.STACK
    return {
        "unit": panel.unit.grafana,
        "color": {"mode": "palette-classic"},
        "thresholds": _limits(panel.limits),
        **({"min": 0} if stack else {}),
        "custom": {
            "drawStyle": "line",
            "lineInterpolation": "linear",
            "lineWidth": 1,
            "fillOpacity": 60 if stack else 0,
            "showPoints": "auto",
            # A run that failed or was left out must show as a gap; points of a finer store are joined.
            "spanNulls": round(interval * 1500) or False,
            "stacking": {"mode": "normal" if stack else "none", "group": "A"},
            "thresholdsStyle": {"mode": "dashed" if panel.limits else "off"},
            "axisPlacement": "auto",
        },
    }


def _limits(limits: tuple[tuple[str, float | None], ...]) -> Json:
    steps = limits or (("text", None),)
    return {"mode": "absolute", "steps": [{"color": colour, "value": value} for colour, value in steps]}


def _word_overrides(panel: Panel) -> Iterator[Json]:
    for name, words in panel.words.items():
        options = {
            str(value): {"text": text, "color": colour, "index": index}
            for index, (value, (text, colour)) in enumerate(words.items())
        }
        mappings = [{"type": "value", "options": options}]
        yield _override(name, {"mappings": mappings}) if name else _override("/.*/", {"mappings": mappings}, "byRegexp")


def _line_overrides(panel: Panel) -> Iterator[Json]:
    if any(_curtain(panel)):
        # A red curtain of the panel's full height, on an axis of its own that nobody sees.
        yield _override(
            FAILED,
            {
                "min": 0,
                "max": 1,
                "unit": "none",
                "color": {"mode": "fixed", "fixedColor": "red"},
                "custom.axisPlacement": "hidden",
                "custom.fillOpacity": 25,
                "custom.lineWidth": 0,
                "custom.lineInterpolation": "stepAfter",
                "custom.showPoints": "never",
                "custom.stacking": {"mode": "none", "group": "B"},
            },
        )
    edges = {(line.instance, line.shape): name_of(line) for line in panel.lines}
    for upper, lower in ((edges[i, shape], edges[i, Shape.LOWER]) for i, shape in edges if shape is Shape.UPPER):
        quiet = {
            "custom.lineWidth": 0,
            "custom.showPoints": "never",
            "custom.hideFrom": {"legend": True, "tooltip": False, "viz": False},
        }
        yield _override(upper, {**quiet, "custom.fillBelowTo": lower, "custom.fillOpacity": 12})
        yield _override(lower, quiet)


def _override(name: str, properties: Mapping[str, Any], matcher: str = "byName") -> Json:
    listed = [{"id": key, "value": value} for key, value in properties.items()]
    return {"matcher": {"id": matcher, "options": name}, "properties": listed}


def _letters(number: int) -> str:
    """A, B, … Z, AA, …: what Grafana calls the queries of a panel."""
    quotient, rest = divmod(number, 26)
    return (_letters(quotient - 1) if quotient else "") + chr(ord("A") + rest)


def _variables(language: Language, host: str) -> list[Json]:
    """Data source and host of every dashboard, and what else the language needs."""
    source = language.source
    chosen = language.hosts()
    if host:
        name = host.replace(".", "_") if source == "graphite" else host
        chosen["current"] = {"selected": True, "text": name, "value": name}
    asked = variable(data_source(source), "Data source", type="datasource", query=source, refresh=1)
    return [asked, *language.constants, chosen]
