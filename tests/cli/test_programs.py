"""The end of a process that runs jobs before collectd."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.helpers.collectd_process import CLEAN
from tests.helpers.examples import HUNG
from tests.helpers.places import ROOT

LEAVING = """
import atexit, sys, threading
from collectd_inode.cli import programs


class Last:
    def __del__(self):
        print("taken apart")


threading.Thread(target=threading.Event().wait, daemon=False).start()
last = Last()
atexit.register(print, "the browsers are ended")
{more}
programs.leave(3)
"""


@pytest.mark.parametrize("more", ["", "atexit.register(sys.exit, 1)", "sys.stderr = None"])
def test_it_leaves_at_once(more: str) -> None:
    """What is registered for the end is done; a thread is not waited for, and the interpreter is not taken apart."""
    done = subprocess.run(
        [sys.executable, "-c", LEAVING.format(more=more)],
        env=CLEAN, cwd=ROOT, capture_output=True, text=True, timeout=HUNG, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (3, "the browsers are ended\n")
