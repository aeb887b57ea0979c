"""Debian's fail2ban, unpacked by ``scripts/unpack fail2ban``: which lines its filters match; it bans nobody."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from demo import unpacked


def matched(log: Path, *filters: str) -> dict[str, tuple[str, ...]]:
    """The lines of *log* that each of *filters* counts, such as ``postfix[mode=auth]``; those that count none lack."""
    found = {name: _lines(log, name) for name in filters}
    return {name: lines for name, lines in found.items() if lines}


def release() -> tuple[int, ...]:
    """Its version, such as (1, 0, 2)."""
    module = unpacked.TOOLS / "fail2ban" / "usr" / "lib" / "python3" / "dist-packages" / "fail2ban" / "version.py"
    found = re.search(r'^version = "([\d.]+)', module.read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return tuple(map(int, found[1].split(".")))


def _lines(log: Path, name: str) -> tuple[str, ...]:
    program = unpacked.command("fail2ban", "fail2ban-regex")
    configuration = str(unpacked.TOOLS / "fail2ban" / "etc" / "fail2ban")
    command = ["python3", program.path, "-c", configuration, "--usedns", "no", "-o", "msg", str(log), name]
    done = subprocess.run(command, env=program.environment, capture_output=True, text=True, timeout=60, check=False)
    assert not done.stderr, (command, done.stderr)
    return tuple(done.stdout.splitlines())
