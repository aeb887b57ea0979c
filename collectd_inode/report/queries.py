"""The queries for the lines of a panel: in Graphite's functions, or in PromQL.

The names are those that write_graphite and write_prometheus give to our series, as conf.d sets them up.
"""

from __future__ import annotations

from typing import Any, Protocol

from collectd_inode.kinds import KINDS
from collectd_inode.panels import ANY, BOUND, HOST, PanelLine, Shape

Json = dict[str, Any]

_PREFIX = "${prefix}"
_WINDOW = "1h"
_STEP = "${__rate_interval}"
"""The time between two points on the screen, or some scrapes if that is longer: Grafana's own variable."""


class Language(Protocol):
    """The queries of a store: for a line of a panel, for every job's state, for its hosts and jobs."""

    source: str
    every_job: Json

    @property
    def constants(self) -> tuple[Json, ...]:
        """The variables that nobody chooses."""

    def target(self, line: PanelLine) -> Json:
        """The query of one line."""

    def hosts(self) -> Json:
        """The variable ``host``."""

    def choice(self, kind: str, title: str) -> Json:
        """The variable that chooses among the jobs of a kind."""


_ENDS = {Shape.UPPER: " + bound", Shape.LOWER: " − bound"}


def name_of(line: PanelLine) -> str:
    """The name of a line in its panel."""
    return line.name + _ENDS.get(line.shape, "")


class Graphite:
    """Graphite's functions, as far as 1.1.8 has them: it knows no percentile over time."""

    source = "graphite"

    def __init__(self, prefix: str) -> None:
        self.constants = (variable("prefix", "Prefix", type="constant", query=prefix, hide=2),)
        states = f"{_PREFIX}.{HOST}.{{{','.join(kind.plugin for kind in KINDS)}}}-*.bool-success"
        self.every_job = {"target": f"aliasByNode(consolidateBy({states},'min'),-2)", "textEditor": True}

    def target(self, line: PanelLine) -> Json:
        """In a query for all series with one beginning, each is named by its type instance."""
        path, bound = self._path(line, line.type), self._path(line, BOUND)
        drawn = {
            Shape.AS_IT_IS: path,
            Shape.LEAST: f"consolidateBy({path},'min')",
            Shape.MOST: f"consolidateBy({path},'max')",
            Shape.FAILED: f"consolidateBy(offset(scale({path},-1),1),'max')",
            Shape.MEDIAN: f"movingMedian({path},'{_WINDOW}')",
            Shape.HIGH: f"movingMax({path},'{_WINDOW}')",
            Shape.UPPER: f"sumSeries({path},{bound})",
            Shape.LOWER: f"diffSeries({path},{bound})",
        }[line.shape]
        if line.many:
            named = f"aliasSub(aliasByNode({drawn},-1),'^{line.type}-','{line.name}')"
        else:
            name = "highest of the last hour" if line.shape is Shape.HIGH else name_of(line)
            named = f"alias({drawn},'{_graphite_text(name)}')"
        return {"target": named, "textEditor": True}

    def hosts(self) -> Json:
        """Every host of collectd's: the jobs' names differ from host to host."""
        return variable("host", "Host", **_queried(self.source, f"{_PREFIX}.*"))

    def choice(self, kind: str, title: str) -> Json:
        """The pattern of folder names after the kind's name."""
        query = _queried(self.source, f"{_PREFIX}.{HOST}.{kind}-*", regex=f"/^{kind}-(.*)$/")
        return variable(kind, title, **query)

    def _path(self, line: PanelLine, type: str) -> str:
        subject = line.subject
        # write_graphite puts an underscore for each dot in a host's name.
        host = subject.host if subject.host == HOST else subject.host.replace(".", "_")
        plugin = f"{subject.kind}-{subject.instance}" if subject.instance else subject.kind
        return f"{_PREFIX}.{host}.{plugin}.{type}-{line.instance}"


class Prometheus:
    """PromQL, on write_prometheus' names: ``collectd_scenario_response_time{scenario=…, type=…, instance=…}``."""

    source = "prometheus"
    constants: tuple[Json, ...] = ()

    def __init__(self) -> None:
        self._states = f'{{__name__=~"collectd_({"|".join(kind.plugin for kind in KINDS)})_bool",type="success"'
        names = "".join(f"{{{{{kind.plugin}}}}}" for kind in KINDS)
        query = f'min_over_time({self._states},instance="{HOST}"}}[{_STEP}])'
        self.every_job = {"expr": query, "legendFormat": names, "range": True}

    def target(self, line: PanelLine) -> Json:
        """In a query for all series with one beginning, each is named by its label ``type``."""
        metric, bound = self._metric(line, line.type), self._metric(line, BOUND)
        drawn = {
            Shape.AS_IT_IS: metric,
            Shape.LEAST: f"min_over_time({metric}[{_STEP}])",
            Shape.MOST: f"max_over_time({metric}[{_STEP}])",
            Shape.FAILED: f"1 - min_over_time({metric}[{_STEP}])",
            Shape.MEDIAN: f"quantile_over_time(0.5, {metric}[{_WINDOW}])",
            Shape.HIGH: f"quantile_over_time(0.95, {metric}[{_WINDOW}])",
            Shape.UPPER: f"{metric} + {bound}",
            Shape.LOWER: f"{metric} - {bound}",
        }[line.shape]
        name = "95th percentile of the last hour" if line.shape is Shape.HIGH else name_of(line)
        # Two braces would begin the name of a label.
        legend = f"{name}{{{{type}}}}" if line.many else name.replace("{{", "{ {")
        return {"expr": drawn, "legendFormat": legend, "range": True}

    def hosts(self) -> Json:
        """The hosts that send a job's state."""
        return variable("host", "Host", **_queried(self.source, f"label_values({self._states}}},instance)"))

    def choice(self, kind: str, title: str) -> Json:
        """The plugin instances: write_prometheus names the label after the plugin."""
        states = f'collectd_{kind}_bool{{type="success",instance="{HOST}"}}'
        return variable(kind, title, **_queried(self.source, f"label_values({states},{kind})"))

    def _metric(self, line: PanelLine, type: str) -> str:
        subject = line.subject
        matchers = [f'instance="{subject.host}"']
        matchers += [f'{subject.kind}="{subject.instance}"'] if subject.instance else []
        # Without a plugin instance write_prometheus puts the type instance where it would be.
        label = "type" if subject.instance else subject.kind
        if not line.many:
            matchers.append(f'{label}="{line.instance}"')
        elif beginning := line.instance.removesuffix(ANY):
            matchers.append(f'{label}=~"{beginning}.+"')
        # The only type of ours whose data source is not called "value".
        unit = "_seconds" if type == "duration" else ""
        return f"collectd_{subject.kind}_{type}{unit}{{{','.join(matchers)}}}"


def data_source(source: str) -> str:
    """The variable, and the input of an import, that the data source is chosen by."""
    return f"DS_{source.upper()}"


def variable(name: str, label: str, **more: Any) -> Json:
    """A variable of a dashboard: one value, and no "all"."""
    return {"name": name, "label": label, "hide": 0, "multi": False, "includeAll": False, **more}


def _queried(source: str, query: str, regex: str = "") -> Json:
    """The settings that make Grafana query a variable's values each time the dashboard is opened."""
    return {
        "type": "query",
        "datasource": {"type": source, "uid": f"${{{data_source(source)}}}"},
        "query": query,
        "definition": query,
        "refresh": 1,
        "regex": regex,
        "sort": 1,
    }


def _graphite_text(name: str) -> str:
    """*name* between Graphite's quotes, which have no escape; Grafana takes a # before a letter for a query."""
    return name.replace("'", "’").replace("\\", "/").replace("#", "＃")
