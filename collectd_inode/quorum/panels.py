"""The panels of a quorum."""

from __future__ import annotations

from collectd_inode.panels import Panel, PanelLine, PanelSubject, Shape, Unit, verdict

PICTURES = ("probes", "success")


def panels(subject: PanelSubject) -> tuple[Panel, ...]:
    """Its verdict, and how many probes there are for it."""
    return (
        verdict(subject),
        Panel(
            "Probes",
            (
                PanelLine(subject, "gauge", "reporting", "reporting", Shape.LEAST),
                PanelLine(subject, "gauge", "agreeing", "agreeing", Shape.LEAST),
            ),
            unit=Unit.NUMBER,
            description="How many report, and how many of them say what the verdict says.",
            name="probes",
            caption="probes",
            failures=True,
        ),
    )
