"""The mistakes of a step that show before the first run: its sentence, its arguments, what stands before it.  Pure."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import chain

from collectd_inode.names import slug
from collectd_inode.scenario import feature, json_body
from collectd_inode.scenario.action import Check
from collectd_inode.scenario.feature import Step
from collectd_inode.scenario.replay import variables_in
from collectd_inode.scenario.session import name_complaint, selector_complaint
from collectd_inode.scenario.vocabulary import Ambiguous, Matched, Sentence, Undefined


@dataclass(frozen=True, slots=True)
class StepsBefore:
    """The state before a step: the variables that it may use, the sentences of the steps, their texts and series.

    ``later`` are the variables that only it or a later step remembers.
    """

    known: Set[str]
    later: Set[str]
    sentences: Sequence[Sentence]
    steps: Sequence[tuple[str, str]]


def misfit(matched: Matched, step: Step) -> str:
    """The mismatch in the number of arguments, if any."""
    given = "table" if step.table is not None else "doc string" if step.doc_string is not None else ""
    wanted = "doc string" if matched.sentence.action.doc_string else "table"
    if not _takes(matched.sentence.action.function, len(matched.arguments)):
        if given:
            return f"this sentence takes no {given}"
        if not matched.sentence.place:
            return f"this sentence needs a {wanted} below it"
        return f"this sentence does not pass its step function the {len(matched.arguments)} arguments it needs"
    if given not in ("", wanted) and not matched.sentence.place and not matched.sentence.action.or_table:
        return f"this sentence needs a {wanted} below it, not a {given}"
    return ""


@lru_cache(maxsize=1024)  # of functions that are gone when their file has changed
def _takes(function: Callable[..., object], count: int) -> bool:
    """Whether *function* can be called with a session and *count* arguments."""
    try:
        inspect.signature(function).bind(None, *range(count))
    except TypeError:
        return False
    return True


def bad_scope(matched: Matched) -> str:
    """The mistake in the scopes of a step, if any."""
    if matched.scopes and matched.sentence.action.on_json:
        return json_body.NO_PARTS
    written = (selector for selector in matched.scopes if not variables_in(selector))
    return next((complaint for selector in written if (complaint := selector_complaint(selector))), "")


def bad_argument(matched: Matched, checks: Mapping[str, Check]) -> str:
    """The first complaint of *checks* about an argument that is written out; variables have no values yet."""
    given = ((matched.sentence.action.given(name, matched.arguments), check) for name, check in checks.items())
    written = ((value, check) for value, check in given if value is not None and not variables_in(value))
    return next((what for value, check in written if (what := check(value))), "")


def bad_name(matched: Matched) -> str:
    """The mistake in the name of a variable that a step sets, if any."""
    return next((complaint for name in remembered(matched) if (complaint := name_complaint(name))), "")


def too_early(matched: Matched, before: StepsBefore) -> str:
    """The prerequisite that is missing before a step, if any; an operator's own step may have provided it."""
    action = matched.sentence.action
    there = any(sentence.place or sentence.action in action.after for sentence in before.sentences)
    return "" if there else action.too_early


def unknown_step(matched: Matched, before: StepsBefore) -> str:
    """The mistake in a reference to an earlier step."""
    lost = next((text for text in matched.passed if place_of(text, before.steps) is None), None)
    if lost is None:
        return ""
    like = get_close_matches(lost, [text for text, _ in before.steps], 1)
    return f"no step before this one is “{lost}”" + (f"; did you mean “{like[0]}”?" if like else "")


def place_of(text: str, steps: Sequence[tuple[str, str]]) -> int | None:
    """The one of *steps* (texts and series) that *text* refers to: the first with that text, or with that series."""
    series = slug(feature.without_subject(text))
    by_text = (place for place, (there, _) in enumerate(steps) if there == text)
    by_series = (place for place, (_, there) in enumerate(steps) if there == series)
    return next(chain(by_text, by_series), None)


def used(matched: Matched) -> set[str]:
    """The variable that a step names without ``${}``."""
    action = matched.sentence.action
    name = action.given(action.uses, matched.arguments)
    return set() if name is None or variables_in(name) else {str(name)}


def remembered(matched: Matched) -> tuple[str, ...]:
    """The variables that a step sets."""
    name = matched.sentence.action.given(matched.sentence.action.remembers, matched.arguments)
    return matched.sentence.remembers if name is None else (str(name),)


def undefined(found: Undefined) -> tuple[str, str, str]:
    """The mistake, the help, and the code at the end of that."""
    snippet = f"or write it yourself, in a file of a Steps folder:\n{found.snippet}"
    if found.instead:
        return f"undefined step: {found.text}: {found.instead}", snippet, snippet
    near = found.suggestions[:3]
    if found.text.count('"') % 2:
        snippet = ""  # nobody has a sentence with half a pair of quotes
    meant = "or perhaps:\n" + "\n".join(f"  {text}" for text in near[1:]) if near[1:] else ""
    lone = "" if snippet else ": a double quote is missing"
    hint = lone + (f"; did you mean: {near[0]}" if near else "")
    help = "\n".join(part for part in (meant, snippet) if part)
    return f"undefined step: {found.text}{hint}", help, snippet


def ambiguous(found: Ambiguous) -> tuple[str, str]:
    """The mistake, and the help."""
    lines = [f"  {s.expression_text}{f' ({s.place})' if s.place else ''}" for s in found.sentences]
    return f"ambiguous step: {found.text}", "it matches:\n" + "\n".join(lines)
