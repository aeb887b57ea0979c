"""Asks a store every question of a Grafana dashboard, without a Grafana: which panels would stay empty?

``python3 dashboards/check.py DASHBOARD.json URL [--last SECONDS] [--set NAME=VALUE]…``; URL is that of the Graphite
or Prometheus.  Variables are filled as Grafana fills them: by their own queries, in order, with the first value unless
``--set`` names another.  Exit status: 0 each panel has something to show, 1 some have not, 2 it could not be asked.

Only the standard library: it runs beside the store, without collectd_inode.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, TextIO

SECONDS = 10.0
"""How long a store may take over one answer."""


_VARIABLE = re.compile(r"\$\{(\w+)\}")


class Refused(Exception):
    """The store did not take a question; the text is what it said."""


class Unusable(Exception):
    """The dashboard cannot be asked at all."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came for one query of a panel: the series with values in them, or the refusal."""

    number: int
    panel: str
    query: str
    series: tuple[str, ...] = ()
    refusal: str = ""


class Store(Protocol):
    """What Grafana asks a store."""

    def values(self, query: str) -> list[str]:
        """What a variable's query gives."""

    def series(self, target: Mapping[str, str], since: float, until: float) -> tuple[str, ...]:
        """The names of the series that have a value in that time."""


class Graphite:
    """A Graphite, by its render and find APIs."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def values(self, query: str) -> list[str]:
        """The last parts of the names that fit."""
        found = _asked(f"{self.url}/metrics/find", query=query, format="treejson")
        return sorted({str(node["text"]) for node in found})

    def series(self, target: Mapping[str, str], since: float, until: float) -> tuple[str, ...]:
        """Those with a point that is not null."""
        asked = {"target": target["target"], "from": str(int(since)), "until": str(int(until)), "format": "json"}
        answered = _asked(f"{self.url}/render", **asked)
        return tuple(s["target"] for s in answered if any(value is not None for value, _ in s["datapoints"]))


class Prometheus:
    """A Prometheus, by its HTTP API."""

    _LABEL_VALUES = re.compile(r"label_values\((.*),\s*(\w+)\)")

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def values(self, query: str) -> list[str]:
        """Grafana's ``label_values(SELECTOR, LABEL)``."""
        match = self._LABEL_VALUES.fullmatch(query)
        if match is None:
            raise Refused(f"expected label_values(SELECTOR, LABEL), found {query}")
        selector, label = match.groups()
        found = _asked(f"{self.url}/api/v1/series", **{"match[]": selector})["data"]
        return sorted({labels[label] for labels in found if label in labels})

    def series(self, target: Mapping[str, str], since: float, until: float) -> tuple[str, ...]:
        """Named as the legend names them."""
        step = max(1, round((until - since) / 1000))
        asked = {"query": target["expr"], "start": str(since), "end": str(until), "step": str(step)}
        found = _asked(f"{self.url}/api/v1/query_range", **asked)["data"]["result"]
        return tuple(_legend(target.get("legendFormat", ""), each["metric"]) for each in found)


STORES: dict[str, Callable[[str], Store]] = {"graphite": Graphite, "prometheus": Prometheus}


def check(board: Mapping[str, Any], store: Store, values: Mapping[str, str], *, last: float) -> Iterator[Answer]:
    """The answers to all queries of *board* over the *last* seconds, with *values* for its variables.

    What is about a variable without a value (there is no smarthost, say) is not asked.
    """
    until = time.time()
    group = ""
    for panel in board["panels"]:
        if panel["type"] == "row":
            group = with_values(panel["title"], values)
            continue
        for target in panel["targets"]:
            texts = {key: text for key, text in target.items() if isinstance(text, str)}
            if any(values.get(name) == "" for text in texts.values() for name in _VARIABLE.findall(text)):
                continue
            asked = {key: with_values(text, values) for key, text in texts.items()}
            answer = Answer(panel["id"], f"{group}: {panel['title']}", asked.get("target") or asked["expr"])
            try:
                yield replace(answer, series=store.series(asked, until - last, until))
            except Refused as refusal:
                yield replace(answer, refusal=str(refusal))


def filled(board: Mapping[str, Any], store: Store, chosen: Mapping[str, str]) -> dict[str, str]:
    """A value for each variable of *board*, empty where the store has none.

    Raises Unusable where it has others than the one that is *chosen*, or that the dashboard was made for.
    """
    # Grafana's own: the time between two points, and some scrapes at least.
    values = {"__rate_interval": "60s"}
    for variable in board["templating"]["list"]:
        name = variable["name"]
        if variable["type"] == "query":
            query = with_values(variable["query"], values)
            found = list(_matching(store.values(query), variable.get("regex", "")))
            wanted = chosen.get(name) or variable.get("current", {}).get("value") or next(iter(found), "")
            if wanted and wanted not in found:
                raise Unusable(f"${name}: the store has no {wanted} by {query}; it has {', '.join(found) or 'nothing'}")
            values[name] = wanted
        else:
            values[name] = chosen.get(name, variable["query"])
    return values


def with_values(text: str, values: Mapping[str, str]) -> str:
    """*text* with what stands for ``${name}``; names that are none of the dashboard's stay."""
    return _VARIABLE.sub(lambda match: values.get(match[1], match[0]), text)


def _matching(found: list[str], pattern: str) -> Iterator[str]:
    """Grafana's regex of a variable: what fits, or its first group."""
    if not pattern:
        yield from found
        return
    compiled = re.compile(pattern.strip("/"))
    for text in found:
        if match := compiled.search(text):
            yield match[1] if match.groups() else text


def _legend(template: str, labels: Mapping[str, str]) -> str:
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda match: labels.get(match[1], ""), template) or str(dict(labels))


def _asked(url: str, **fields: str) -> Any:
    """The store's answer, read as JSON; a question goes as a form, since it may be longer than a URL."""
    # Prometheus takes a form where it takes a query, Graphite's find only reads the URL.
    form = urllib.parse.urlencode(fields)
    request: Any = f"{url}?{form}" if url.endswith("/find") else urllib.request.Request(url, form.encode())
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            said = error.read().decode("utf-8", "replace")
        raise Refused(f"{error.code} {_first_words(said) or error.reason}") from None
    except ValueError as error:
        raise Refused(f"no JSON: {error}") from None


def _first_words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())[:200]


def troubles(answers: list[Answer]) -> list[str]:
    """A sentence for each query that was refused, and each panel that nothing came for."""
    refused = [f"refused: {a.panel}: {a.query}: {a.refusal}" for a in answers if a.refusal]
    panels: dict[int, list[Answer]] = {}
    for answer in answers:
        panels.setdefault(answer.number, []).append(answer)
    empty = [
        f"empty: {asked[0].panel}: {'; '.join(answer.query for answer in asked)}"
        for asked in panels.values()
        if not any(answer.series or answer.refusal for answer in asked)
    ]
    return [*refused, *empty]


def silent(answers: list[Answer]) -> list[str]:
    """The queries that nothing came for in panels that have something to show."""
    panels = {answer.number for answer in answers if answer.series}
    return [f"{a.panel}: {a.query}" for a in answers if a.number in panels and not a.series and not a.refusal]


def main(arguments: list[str] | None = None) -> int:
    """Check one dashboard; 0: each panel has something to show."""
    parser = argparse.ArgumentParser(prog="dashboards/check.py", description="Asks a store all that a dashboard asks.")
    parser.add_argument("dashboard", help="the JSON file")
    parser.add_argument("url", help="the Graphite's or Prometheus' address, such as http://127.0.0.1:9090")
    parser.add_argument("--last", type=float, default=3600.0, help="how far to look back, in seconds (%(default).0f)")
    parser.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help="a variable's value")
    options = parser.parse_args(arguments)
    try:
        with open(options.dashboard, encoding="utf-8") as file:
            board = json.load(file)
        store = _store(board, options.url)
        chosen = dict(pair.partition("=")[::2] for pair in options.set)
        values = filled(board, store, chosen)
        answers = list(check(board, store, values, last=options.last))
        if not answers:
            raise Unusable("the store has none of the hosts and jobs that it asks for")
    except (OSError, ValueError, Unusable, Refused) as error:
        _say(f"{options.dashboard}: {error}", sys.stderr)
        return 2
    for name in (name for name, value in values.items() if not value):
        _say(f"not asked: the store has no {name}")
    for line in silent(answers):
        _say(f"nothing yet: {line}")
    for line in (found := troubles(answers)):
        _say(line)
    _say(f"{len(answers)} queries in {len({a.number for a in answers})} panels, {len(found)} in trouble")
    return 1 if found else 0


def _store(board: Any, url: str) -> Store:
    """The store that *board* is made for."""
    try:
        return STORES[board["__inputs"][0]["pluginId"]](url)
    except (KeyError, IndexError, TypeError):
        raise Unusable("expected a dashboard with __inputs for graphite or prometheus") from None


def _say(line: str, stream: TextIO | None = None) -> None:
    (stream or sys.stdout).write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
