"""collectd_inode: replays what your users do, from the collectd you already run.

Imported by collectd (``Import "collectd_inode"``) it registers its callbacks; imported by anything else it does
nothing.  This file imports a little of the standard library only: a broken dependency must be a line in the log,
never a daemon that does not start.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collectd_inode.model import Cause as Cause
    from collectd_inode.model import Failure as Failure
    from collectd_inode.model import Misconfigured as Misconfigured
    from collectd_inode.scenario.session import Session as Session
    from collectd_inode.scenario.usersteps import step as step

__version__ = "0.1.0"

_FOR_STEPS = {
    "step": "collectd_inode.scenario.usersteps",
    "Session": "collectd_inode.scenario.session",
    "Failure": "collectd_inode.model",
    "Cause": "collectd_inode.model",
    "Misconfigured": "collectd_inode.model",
}
"""The names for operators' own step modules, each with the module that has it."""

__all__ = ["Cause", "Failure", "Misconfigured", "Session", "__version__", "step"]


def __getattr__(name: str) -> Any:
    """``from collectd_inode import step``, for the operator's own step modules; imported when asked for."""
    if name in _FOR_STEPS:
        return getattr(importlib.import_module(_FOR_STEPS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# PyPI has a package called collectd too; only the daemon's own module can register a read callback.
if hasattr(sys.modules.get("collectd"), "register_read") or "collectd" in sys.builtin_module_names:
    from collectd_inode import plugin

    plugin.register()
