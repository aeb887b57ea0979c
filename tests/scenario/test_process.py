"""What an operator's step may do to the process: it is put back, or refused, and the other jobs never see it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from textwrap import indent

import pytest

from collectd_inode.model import Broken, Problem
from collectd_inode.scenario.process import BELONGINGS
from collectd_inode.scenario.usersteps import load
from collectd_inode.wire import workers
from tests.helpers.examples import logged

HEAD = """\
import asyncio, builtins, gc, json, locale, logging, os, resource, signal, socket, ssl, sys, threading, time
import collectd_inode.runner
from collectd_inode import step

FILES = resource.getrlimit(resource.RLIMIT_NOFILE)
OTHER = "C.UTF-8" if locale.setlocale(locale.LC_ALL) == "C" else "C"

def change():
"""
STEPS = """
@step("I change it")
async def in_the_loop(session):
    change()
    await session.others()
    change()

@step("I change it in a thread", blocking=True)
def in_a_thread(session):
    change()
"""
CHANGES = {
    "os.chdir('/')": "the working folder",
    "os.umask(0o777)": "the umask",
    "locale.setlocale(locale.LC_ALL, OTHER)": "the locale",
    "sys.stdout = None": "sys.stdout or sys.stderr",
    "sys.setrecursionlimit(sys.getrecursionlimit() + 1)": "the recursion limit",
    "sys.setswitchinterval(10)": "the switch interval",
    "gc.disable()": "the garbage collector",
    "logging.disable(logging.CRITICAL)": "the level of logging.disable()",
    "resource.setrlimit(resource.RLIMIT_NOFILE, (FILES[0] - 1, FILES[1]))": "a limit of setrlimit()",
    "signal.alarm(1000)": "a timer of signal.alarm() or setitimer()",
    "sys.setprofile(lambda *_: None)": "a function of sys.settrace() or sys.setprofile()",
}


class Session:
    """Its others are whoever runs while the step waits."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.others_saw: list[object] = []

    def warn(self, code: str, message: str) -> None:
        self.told.append((code, message))

    async def others(self) -> None:
        task = asyncio.get_running_loop().create_task(self._look())
        await asyncio.wait([task])

    async def _look(self) -> None:
        self.others_saw.append(of_the_process())


def of_the_process() -> list[object]:
    umask = os.umask(0o077)
    os.umask(umask)
    return [umask, *(one.read() for one in BELONGINGS)]


def written(folder: Path, change: str, rest: str = STEPS) -> Path:
    file = folder / "own.py"
    file.write_text(HEAD + indent(change, "    ") + rest)
    return file


def line_of(text: str, file: Path) -> int:
    return file.read_text().splitlines().index(text) + 1


def done(file: Path, sentence: str, session: object) -> None:
    """Do the step *sentence* of *file* in the loop of all jobs."""
    sentences, problems = load([str(file)])
    assert problems == []
    action = next(one.action for one in sentences if one.example == sentence)

    async def main() -> None:
        await action(session)

    workers.run(main())


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("sentence", ["I change it", "I change it in a thread"])
def test_what_a_step_changes_is_put_back_and_told(tmp_path: Path, change: str, sentence: str) -> None:
    """Others do not see it even while the step waits; the warning names the step's line."""
    before, session, file = of_the_process(), Session(), written(tmp_path, change)
    done(file, sentence, session)
    assert of_the_process() == before
    decorator = '@step("I change it")' if sentence == "I change it" else f'@step("{sentence}", blocking=True)'
    place = f"{file}:{line_of(decorator, file)}"
    what = f"{CHANGES[change]} was changed while this step ran, and put back: all jobs share it ({place})"
    assert session.told == [("process", what)]
    assert session.others_saw == ([before] if sentence == "I change it" else [])


@pytest.mark.parametrize("change", [one for one in CHANGES if "profile" not in one])
def test_what_a_module_changes_at_import_is_put_back_and_logged(tmp_path: Path, change: str) -> None:
    """Its sentences are there all the same."""
    before, file = of_the_process(), written(tmp_path, change, f"\nchange()\n{STEPS}")
    with logged() as lines:
        sentences, problems = load([str(file)])
    assert (len(sentences), problems, of_the_process()) == (2, [], before)
    told = f"{CHANGES[change]} was changed while the module was imported, and put back: all jobs share it"
    assert lines == [f"WARNING {file}: {told}"]


def test_what_harms_nobody_stays(tmp_path: Path) -> None:
    """The environment, new names in modules, hooks, and what a module keeps for itself."""
    change = (
        "os.environ['OWN'] = 'x'\n"
        "time.own = 1\n"
        "threading.excepthook = threading.excepthook\n"
        "ssl._create_default_https_context = ssl._create_default_https_context\n"
        "del os.environ['OWN'], time.own"
    )
    session = Session()
    done(written(tmp_path, change), "I change it", session)
    assert session.told == []


REPLACED = {
    "json.dumps = None": "dumps of json",
    "del json.dumps": "dumps of json",
    "time.monotonic = lambda: 0.0": "monotonic of time",
    "socket.socket = None": "socket of socket",
    "builtins.len = None": "len of builtins",
    "asyncio.sleep = None": "sleep of asyncio",
    "collectd_inode.runner.observe = None": "observe of collectd_inode.runner",
    "asyncio.get_running_loop().call_later = None": "call_later of the event loop",
}


@pytest.mark.parametrize("change", REPLACED)
def test_a_step_replaces_no_function_of_all_jobs(tmp_path: Path, change: str) -> None:
    """It is the step's own error, with its line."""
    file = written(tmp_path, change)
    with pytest.raises(Broken) as caught:
        done(file, "I change it", Session())
    place = f"{file}:{line_of(f'    {change}', file)}"
    assert str(caught.value) == f"AttributeError: a step cannot replace {REPLACED[change]}: all jobs use it ({place})"


def test_a_module_replaces_none_either(tmp_path: Path) -> None:
    """Not at import, nor in a step's thread; who is no step still can."""
    file = written(tmp_path, "json.dumps = None", f"\nchange()\n{STEPS}")
    sentences, (problem,) = load([str(file)])
    assert sentences == []
    assert isinstance(problem, Problem)
    assert problem.what == "AttributeError: a step cannot replace dumps of json: all jobs use it"
    with pytest.raises(Broken, match="cannot replace dumps of json"):
        done(written(tmp_path, "json.dumps = None"), "I change it in a thread", Session())
    json.dumps = json.dumps


def in_a_step(folder: Path, body: str) -> Callable[..., Awaitable[None]]:
    """A step with that body."""
    file = written(folder, "pass", f'\n@step("I do it")\nasync def do_it(session):\n{indent(body, "    ")}\n')
    (sentence,), _ = load([str(file)])
    return sentence.action.function


def test_a_step_that_takes_all_workers_has_its_own(tmp_path: Path) -> None:
    """Files of other jobs are read all the same."""
    calls = in_a_step(
        tmp_path, "for _ in range(40):\n    asyncio.get_running_loop().run_in_executor(None, session.wait)"
    )
    enough = threading.Event()

    async def main() -> int:
        await calls(enough)
        found = await asyncio.get_running_loop().run_in_executor(None, int)
        enough.set()
        return found

    assert workers.run(main()) == 0


@pytest.mark.filterwarnings("ignore:'asyncio.* is deprecated:DeprecationWarning")
def test_the_loop_has_no_policy_s_class(tmp_path: Path) -> None:
    """Another loop, by a policy that a module sets, would not have our workers."""
    policy = asyncio.get_event_loop_policy()
    file = written(tmp_path, "asyncio.set_event_loop_policy(type('P', (), {})())", f"\nchange()\n{STEPS}")
    load([str(file)])
    try:

        async def main() -> type:
            return type(asyncio.get_running_loop())

        assert workers.run(main()) is workers.SharedLoop
    finally:
        asyncio.set_event_loop_policy(policy)


def test_functions_are_still_the_modules_own() -> None:
    """Protection changes nothing for who only reads."""
    assert (time.monotonic() > 0, json.loads("[1]"), sys.modules["json"] is json) == (True, [1], True)
