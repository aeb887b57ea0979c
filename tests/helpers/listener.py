"""Runs inside collectd: writes every value list and notification it sees into a file, one JSON object a line."""

from __future__ import annotations

import json
import threading
from typing import Any

import collectd  # type: ignore[import-not-found]  # built into the daemon's interpreter

OURS = ("scenario", "smarthost", "ntp", "clock", "quorum", "inode_probe")

_lock = threading.Lock()
_file: Any = None


def _config(node: Any) -> None:
    global _file  # noqa: PLW0603  # collectd's callbacks have nowhere else to keep it
    # Line by line: what was written is there when the daemon is killed.
    _file = open(node.children[0].values[0], "a", encoding="utf-8", buffering=1)  # noqa: SIM115


def _record(kind: str, **fields: Any) -> None:
    with _lock:
        _file.write(json.dumps({"kind": kind, **fields}) + "\n")


def _identity(of: Any) -> str:
    return "/".join(
        "-".join(filter(None, pair)) for pair in ((of.plugin, of.plugin_instance), (of.type, of.type_instance))
    )


def _write(values: Any) -> None:
    if values.plugin in OURS:
        _record(
            "value",
            host=values.host,
            identity=_identity(values),
            time=values.time,
            interval=values.interval,
            value=values.values[0],
        )


def _notification(notification: Any) -> None:
    _record(
        "notification",
        host=notification.host,
        identity=_identity(notification),
        severity=notification.severity,
        message=notification.message,
        time=notification.time,
    )


collectd.register_config(_config, name="listener")
collectd.register_write(_write)
collectd.register_notification(_notification)
