"""The panels of a clock."""

from __future__ import annotations

from collectd_inode.clock.diagnosis import Diagnosis
from collectd_inode.panels import BOUND, YES, Line, Look, Panel, Shape, Subject, Unit, verdict, yes

PICTURES = ("error", "frequency", "success")
_DIAGNOSES = {d.value: (d.name.lower().replace("_", " "), "red" if d else "green") for d in Diagnosis}


def panels(subject: Subject) -> tuple[Panel, ...]:
    """Its state, its diagnosis, and what the kernel says of it."""
    diagnosis = Line(subject, "gauge", "diagnosis", "diagnosis", Shape.MOST)
    return (
        verdict(subject),
        Panel(
            "Diagnosis",
            (diagnosis, yes(subject, "synchronised", "synchronised")),
            Look.STRIP,
            Unit.NUMBER,
            height=5,
            words={"diagnosis": _DIAGNOSES, "synchronised": YES},
        ),
        Panel(
            "The kernel's estimate of its error",
            (Line(subject, BOUND, "max_error", "at most"), Line(subject, BOUND, "estimated_error", "estimated")),
            width=8,
            name="error",
            caption="how wrong the clock may be",
            failures=True,
        ),
        Panel(
            "Frequency",
            (Line(subject, "frequency_offset", "kernel", "correction"),),
            unit=Unit.PARTS_PER_MILLION,
            width=8,
            name="frequency",
            caption="frequency",
            close=True,
        ),
        Panel(
            "Steps of the clock",
            (Line(subject, "gauge", "steps", "steps"), Line(subject, "gauge", "steps_undone", "undone")),
            unit=Unit.NUMBER,
            width=8,
        ),
    )
