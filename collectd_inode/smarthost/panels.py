"""The panels of a smarthost."""

from __future__ import annotations

from collectd_inode.panels import (
    YES,
    Panel,
    PanelLine,
    PanelLook,
    PanelSubject,
    Unit,
    days_left,
    latencies,
    verdict,
    yes,
)

PICTURES = ("steps", "certificates", "success", "total")
_VERDICTS = {
    "verified": "verified",
    "as_leaf": "good enough for an Exim",
    "authenticated": "logged in",
    "relay": "relays",
}
_CERTIFICATES = {"certificate": "certificate", "chain": "chain", "ca": "CA certificate"}


def panels(subject: PanelSubject) -> tuple[Panel, ...]:
    """Its state, the conversation's steps, the verdicts, and the certificates' days."""
    return (
        verdict(subject),
        *latencies(subject),
        Panel(
            "Certificate, login and relaying",
            tuple(yes(subject, name, said) for name, said in _VERDICTS.items()),
            PanelLook.STRIP,
            Unit.NUMBER,
            width=12,
            words={"": YES},
        ),
        days_left(tuple(PanelLine(subject, "gauge", f"{c}_days_left", name) for c, name in _CERTIFICATES.items())),
    )
