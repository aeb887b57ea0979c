"""Value lists and notifications as collectd hands them to a hub's plugin."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any


def received(series: str, host: str, **more: Any) -> Any:
    """What comes of *host* as *series*, such as ``scenario-web/bool-success``."""
    plugin, _, type = series.partition("/")
    (plugin, _, instance), (type, _, type_instance) = plugin.partition("-"), type.partition("-")
    names = {"plugin": plugin, "plugin_instance": instance, "type": type, "type_instance": type_instance}
    return SimpleNamespace(host=host, **names, **more)
