"""collectd_inode: replays what your users do, from the collectd you already run.

Imported by collectd (``Import "collectd_inode"``) it registers its callbacks; imported by anything else it does
nothing.  Only the standard library is imported here, and of that little: a broken dependency must be a line in
the log, never a daemon that does not start.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collectd_inode.scenario.usersteps import step as step

__version__ = "0.1.0"
__all__ = ["__version__", "step"]


def __getattr__(name: str) -> Any:
    """``from collectd_inode import step``, for the operator's own step modules; imported when asked for."""
    if name == "step":
        from collectd_inode.scenario.usersteps import step  # noqa: PLC0415

        return step
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# PyPI has a package called collectd too; only the daemon's own module can register a read callback.
if hasattr(sys.modules.get("collectd"), "register_read") or "collectd" in sys.builtin_module_names:
    from collectd_inode import plugin

    plugin.register()
