"""The panels of a scenario."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from collectd_inode.model import Phase
from collectd_inode.panels import (
    ANY,
    Panel,
    PanelLine,
    PanelLook,
    PanelSubject,
    Shape,
    Unit,
    days_left,
    latencies,
    verdict,
)

PICTURES = ("steps", "total", "success", "phases", "vitals", "faults", "queued", "certificates")


def panels(subject: PanelSubject) -> tuple[Panel, ...]:
    """Its state, its steps and their phases; with ``Engine "chromium"`` the vitals, too."""
    hosts = days_left((PanelLine(subject, "gauge", f"certificate_days_left-{ANY}"),))
    if ("count", "requests") in (subject.readings or ()):
        return (verdict(subject), *_as_seen(latencies(subject)), *_in_a_browser(subject), hosts)
    return (
        verdict(subject),
        *latencies(subject),
        Panel(
            "Phases",
            tuple(PanelLine(subject, "duration", phase, phase) for phase in (*Phase, "overhead")),
            PanelLook.STACK,
            width=12,
            description="Where the wire time of all steps went, of runs that passed.  Overhead is ours.",
            name="phases",
            caption="phases",
        ),
        hosts,
    )


def _as_seen(panels: Iterator[Panel]) -> Iterator[Panel]:
    """The panels of the steps' times, as a person waits for them."""
    for panel in panels:
        told = panel.description.replace("Wire time of each step", "A person's wait at each step")
        yield replace(panel, description=told.replace("wire times", "times"))


_VITALS = {
    "ttfb": "first byte",
    "fcp": "first content",
    "lcp": "largest content",
    "inp": "slowest click",
    "longtasks": "long tasks",
}


def _in_a_browser(subject: PanelSubject) -> Iterator[Panel]:
    """The vitals of the worst page, and what failed."""
    yield Panel(
        "Web vitals",
        tuple(PanelLine(subject, "duration", name, words) for name, words in _VITALS.items()),
        width=12,
        description="Of each run the worst page; a page that had no click has no slowest one.",
        name="vitals",
        caption="web vitals",
    )
    yield Panel(
        "Requests that failed, errors in the console",
        (
            PanelLine(subject, "count", "failing_requests", "requests that failed", Shape.MOST),
            PanelLine(subject, "count", "console_errors", "errors in the console", Shape.MOST),
        ),
        unit=Unit.NUMBER,
        width=12,
        description="Of everything that the run's pages asked for and said.",
        name="faults",
        caption="requests that failed",
    )
    yield Panel(
        "Waiting for a browser",
        (PanelLine(subject, "duration", "queued", "wait"),),
        width=12,
        description="The wait for a run's turn, which is in no step's time: if it grows, BrowserJobs are too few.",
        name="queued",
        caption="waiting for a browser",
    )
