"""Networks of their own, for daemons whose port cannot be chosen."""

from __future__ import annotations

import subprocess


def apart() -> list[str]:
    """What to put before a command for a network of its own; nothing where that is not to be had (a bare container).

    Users may have one with new rights that hold there only; in a chroot nobody may, but root may do without.
    """
    ways = (["unshare", "--user", "--map-root-user", "--net"], ["unshare", "--net"])
    tried = ((way, subprocess.run([*way, "true"], capture_output=True, check=False)) for way in ways)
    return next((way for way, done in tried if done.returncode == 0), [])
