"""The panels of a clock."""

from __future__ import annotations

from collectd_inode.clock.diagnosis import Diagnosis
from collectd_inode.panels import BOUND, YES, Panel, PanelLine, PanelLook, PanelSubject, Shape, Unit, verdict, yes

PICTURES = ("error", "frequency", "success")
_DIAGNOSES = {d.value: (d.name.lower().replace("_", " "), "red" if d else "green") for d in Diagnosis}


def panels(subject: PanelSubject) -> tuple[Panel, ...]:
    """Its state, its diagnosis, and what the kernel says of it."""
    diagnosis = PanelLine(subject, "gauge", "diagnosis", "diagnosis", Shape.MOST)
    return (
        verdict(subject),
        Panel(
            "Diagnosis",
            (diagnosis, yes(subject, "synchronised", "synchronised")),
            PanelLook.STRIP,
            Unit.NUMBER,
            height=5,
            words={"diagnosis": _DIAGNOSES, "synchronised": YES},
        ),
        Panel(
            "The kernel's estimate of its error",
            (
                PanelLine(subject, BOUND, "max_error", "at most"),
                PanelLine(subject, BOUND, "estimated_error", "estimated"),
            ),
            width=8,
            name="error",
            caption="how wrong the clock may be",
            failures=True,
        ),
        Panel(
            "Frequency",
            (PanelLine(subject, "frequency_offset", "kernel", "correction"),),
            unit=Unit.PARTS_PER_MILLION,
            width=8,
            name="frequency",
            caption="frequency",
            close=True,
        ),
        Panel(
            "Steps of the clock",
            (PanelLine(subject, "gauge", "steps", "steps"), PanelLine(subject, "gauge", "steps_undone", "undone")),
            unit=Unit.NUMBER,
            width=8,
        ),
    )
