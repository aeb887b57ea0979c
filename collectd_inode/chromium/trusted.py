"""Certificate authorities of the operator's own: a database of the browser's, made for each browser by certutil."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

from collectd_inode.chromium.program import User
from collectd_inode.model import Misconfigured
from collectd_inode.trust.store import read

_PATH = "/usr/bin:/bin"
_SECONDS = 20.0


async def trust(path: str, home: str, user: User) -> None:
    """Make the browser whose home is *home* trust the certificates at *path*.  Raises Misconfigured."""
    await asyncio.get_running_loop().run_in_executor(None, _make, path, home, user)


def _make(path: str, home: str, user: User) -> None:
    program = shutil.which("certutil", path=os.pathsep.join((os.environ.get("PATH", ""), _PATH)))
    if program is None:
        raise Misconfigured("CACert with Engine chromium needs certutil: apt install libnss3-tools")
    folder = os.path.join(home, ".pki", "nssdb")
    os.makedirs(folder, 0o700)
    _run(program, "-N", "-d", f"sql:{folder}", "--empty-password")
    for number, anchor in enumerate(read(path).anchors):
        file = Path(folder, "ca.der")
        file.write_bytes(anchor.der)
        _run(program, "-A", "-d", f"sql:{folder}", "-n", f"ca{number}", "-t", "C,,", "-i", str(file))
        file.unlink()
    if user.uid >= 0:
        for top, folders, files in os.walk(os.path.join(home, ".pki")):
            for name in (".", *folders, *files):
                os.chown(os.path.join(top, name), user.uid, user.gid, follow_symlinks=False)


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS, stdin=subprocess.DEVNULL)
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Misconfigured(f"CACert: certutil says: {said[-1] if said else error.returncode}") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Misconfigured(f"CACert: certutil: {error}") from None
