"""Mistakes and warnings → lines for people, objects for programs; each is reported once, however often it was found."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from collectd_inode.model import Place, Problem
from collectd_inode.words import harmless


def once_each(problems: Iterable[Problem]) -> list[Problem]:
    """*problems*, with equal ones of one place joined: such as those of several blocks that name one file."""
    found: dict[tuple[Place, str, str], Problem] = {}
    for problem in problems:
        named = "" if problem.place else problem.where
        first = found.setdefault((problem.place, problem.what, named), problem)
        if problem.where not in first.where.split(", "):
            where = ", ".join(filter(None, (first.where, problem.where)))
            found[problem.place, problem.what, named] = replace(first, where=where)
    return list(found.values())


def helped(problems: Iterable[Problem]) -> Iterator[tuple[Problem, list[str]]]:
    """Each of *problems* with the lines that help; code that fixes several stands below the first only."""
    printed: set[str] = set()
    for problem in problems:
        help = problem.help.removesuffix(problem.snippet) if problem.snippet in printed else problem.help
        printed.add(problem.snippet)
        yield problem, help.splitlines()


def sentence(problem: Problem) -> str:
    """The mistake, with block and key, without the place."""
    return ": ".join(filter(None, (problem.where, problem.what)))


def lines(problems: Iterable[Problem], kind: str = "") -> Iterator[str]:
    """Each mistake in lines for a terminal or a log: its place, *kind* if any, what it is, and below it what helps."""
    for problem, help in helped(problems):
        yield ": ".join(filter(None, (harmless(str(problem.place)), kind, harmless(sentence(problem)))))
        yield from (f"    {harmless(line)}" for line in help)


def json_line(severity: str, problem: Problem, lines: Iterable[str]) -> str:
    """A problem as one line of JSON; *lines* are what helps."""
    help = "\n".join(lines)
    return as_json(severity, str(problem.place) or None, sentence(problem), help or None)


def as_json(severity: str, place: str | None, message: str, help: str | None) -> str:
    """One finding of ``check``, ``lint`` or ``doctor``; what there is not is null."""
    row: dict[str, Any] = {"severity": severity, "place": place, "message": message, "help": help}
    return json.dumps(row, ensure_ascii=False, allow_nan=False)
