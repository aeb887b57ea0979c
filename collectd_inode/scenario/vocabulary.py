"""The vocabulary: sentences, their actions, and the match of a step with a sentence.

A sentence is a row of a table; there is no other way to add one.  Operators' sentences come before built-in ones; then
the lower rank wins; if two sentences of equal rank match, the step is ambiguous.  A feature file may use the sentences
of its own language, and the English ones.
"""

from __future__ import annotations

import difflib
import keyword
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from itertools import groupby
from operator import itemgetter

from cucumber_expressions.errors import (  # type: ignore[import-untyped]  # it ships no types
    CucumberExpressionError,
    UndefinedParameterTypeError,
)
from cucumber_expressions.expression import (  # type: ignore[import-untyped]
    CucumberExpression,
)
from cucumber_expressions.expression_generator import (  # type: ignore[import-untyped]
    CucumberExpressionGenerator,
)
from cucumber_expressions.parameter_type_registry import (  # type: ignore[import-untyped]
    ParameterTypeRegistry,
)

from collectd_inode import keys
from collectd_inode.names import slug
from collectd_inode.scenario.action import Action, action
from collectd_inode.words import shortened

Expression = str | re.Pattern[str]
"""A cucumber expression; a regular expression for the whole step, which built-in rows write between slashes."""

# Cucumber's own types; {string} takes "…" and '…'.  They see ${variables} unexpanded, so {int} takes no variable.
REGISTRY = ParameterTypeRegistry()

ENGLISH = "en"
"""Gherkin's name for the language whose sentences are good in every feature file."""

ENGINES = frozenset(keys.ENGINES)
"""The engines that get pages; a sentence says which of them can do it."""

_ALIKE = 0.55
_TYPO = 0.93
"""The similarity of a typing mistake; below it, other tools' words are the better guess."""
_NEAR = 0.8
"""The similarity to an operator's own sentence, where no built-in one has the step's meaning."""
_SUGGESTED = 3
_COMPARED = 200
_GENERATED = 500
_REMEMBERED = 1024
"""The number of steps whose meanings are kept, since a vocabulary exists as long as the process."""
_DEEPEST = 12
"""The largest number of sentences around a step."""
_VARIABLE = re.compile(r'"[^"]*"|(?P<variable>\$\{[^{}]*\})')
_COMMENT = re.compile(r"\s+#\s")
_NAMES = {"string": "text", "int": "number", "float": "number", "word": "word"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the vocabulary.

    ``expression`` is a cucumber expression, or a regular expression that must match the whole step.  ``example`` is a
    full step.  ``source`` is where people know it from.  Of two that match, the lower ``rank`` wins.  ``vocabulary``
    keeps it out of the others, ``language`` out of feature files in another one (English ones are good in all).
    ``given`` are arguments that it brings along, before those found in the step.  ``engines`` can do it.  ``place`` is
    where an operator defined it: file:line; ``remembers`` are the variables that an operator's step sets.

    A sentence may be about another step: ``scoping`` does it in a part of the page, ``soft`` makes its failure a
    warning, ``cleanup`` does it also when the run has ended.  Its regular expression has the groups ``step``, perhaps
    ``rest``, where the other step goes on, ``scope`` if it is scoping, and ``passed``, an earlier step without which it
    is not done.
    """

    expression: Expression
    action: Action[...]
    example: str
    about: str
    source: str = ""
    rank: int = 0
    vocabulary: str | None = None
    place: str = ""
    scoping: bool = False
    language: str = ENGLISH
    given: tuple[object, ...] = ()
    soft: bool = False
    cleanup: bool = False
    remembers: tuple[str, ...] = ()
    engines: frozenset[str] = ENGINES

    @property
    def expression_text(self) -> str:
        """The expression as people write it; a regular expression between slashes."""
        return self.expression if isinstance(self.expression, str) else f"/{self.expression.pattern}/"

    @property
    def about_another(self) -> bool:
        """Whether it contains another step and changes how that step runs."""
        return self.scoping or self.soft or self.cleanup


@action(navigates=False)
async def another_step(session: object, *arguments: object) -> None:
    """The action of a sentence about another step; never called, since the vocabulary uses that step's action."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A sentence that people know from elsewhere and that is not supported here; ``instead`` names the alternative."""

    expression: Expression
    example: str
    instead: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Matched:
    """A step's sentence, the arguments found in the step, and the parts of the page it is about, the outer first.

    ``soft``: its failure is a warning; ``cleanup``: it is done also when the run has ended; ``passed``: the texts of
    earlier steps without which it is not done.
    """

    sentence: Sentence
    arguments: tuple[object, ...]
    scopes: tuple[str, ...] = ()
    soft: bool = False
    cleanup: bool = False
    passed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Undefined:
    """No sentence matches: likely examples, and Python to make the step one.

    ``instead`` is the alternative to a known step that is not supported here or not in this vocabulary.
    """

    text: str
    suggestions: tuple[str, ...]
    snippet: str
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several sentences of equal rank match."""

    text: str
    sentences: tuple[Sentence, ...]


class Vocabulary:
    """All sentences that a scenario may use, the operator's before the built-in ones."""

    def __init__(
        self,
        sentences: Iterable[Sentence],
        user_sentences: Iterable[Sentence] = (),
        name: str = "web",
        unsupported: Iterable[Unsupported] = (),
        language: str = ENGLISH,
        *,
        elsewhere: Iterable[Sentence] = (),
    ) -> None:
        """``unsupported`` and ``elsewhere`` (other languages' sentences) are iterated for undefined steps only."""
        self.name, self.language = name, language
        sentences = tuple(sentences)
        users, built_in = self._mine(user_sentences), self._mine(sentences)
        self.sentences = (*users, *built_in)
        self._tiers = [*_tiers(users), *_tiers(built_in)]
        self._other = tuple(s for s in sentences if not self._is_mine(s))
        self._late = (unsupported, elsewhere)
        # Scenarios that are read together have most of their steps in common.
        self._met = lru_cache(_REMEMBERED)(self._match)

    def match(self, text: str) -> Matched | Undefined | Ambiguous:
        """The meaning of the step *text*."""
        return self._met(text)

    def _match(self, text: str, depth: int = 0) -> Matched | Undefined | Ambiguous:
        for tier in self._tiers:
            found = [
                Matched(sentence, (*sentence.given, *arguments))
                for sentence in tier.like(text)
                if (arguments := _arguments(sentence.expression, text)) is not None
            ]
            if len(found) == 1:
                return self._inner(text, found[0].sentence, depth) if found[0].sentence.about_another else found[0]
            if found:
                return Ambiguous(text, tuple(matched.sentence for matched in found))
        return self._undefined(text)

    def knows(self, text: str) -> bool:
        """Whether *text* is a sentence, of this vocabulary and language or of another; cheaper than `match`."""
        return any(self._says(sentence, text) for sentence in self.sentences) or bool(self._instead(text))

    def _says(self, sentence: Sentence, text: str) -> bool:
        if not sentence.about_another:
            return _arguments(sentence.expression, text) is not None
        found = _pattern(sentence.expression).fullmatch(text)
        return found is not None and self.knows(found["step"] + (found.groupdict().get("rest") or ""))

    def search(self, word: str) -> list[Sentence]:
        """The sentences that contain all words of *word*; every sentence if it is empty."""
        wanted = word.casefold().split()
        return [s for s in self.sentences if all(part in _searched(s) for part in wanted)]

    @cached_property
    def unsupported(self) -> tuple[Unsupported, ...]:
        """The sentences that are known from elsewhere and not supported here."""
        return tuple(self._late[0])

    @cached_property
    def _elsewhere(self) -> tuple[Sentence, ...]:
        """The sentences of other vocabularies and languages."""
        return (*self._other, *self._late[1])

    def search_unsupported(self, word: str) -> list[Unsupported]:
        """The same among the unsupported ones: in their examples and sources."""
        wanted = word.casefold().split()
        return [u for u in self.unsupported if all(part in f"{u.example}\n{u.source}".casefold() for part in wanted)]

    def _inner(self, text: str, outer: Sentence, depth: int) -> Matched | Undefined | Ambiguous:
        """The step within the step *text*, and the parts of *outer* around it."""
        found = _pattern(outer.expression).fullmatch(text)
        assert found is not None
        if depth == _DEEPEST:
            return self._undefined(text)
        groups = found.groupdict()
        inner = self._match(groups["step"] + (groups.get("rest") or ""), depth + 1)
        if isinstance(inner, Undefined):
            # Part of a page may be part of an operator's own sentence; the others never are.
            return self._undefined(text, inner) if outer.scoping else replace(inner, text=text)
        if isinstance(inner, Ambiguous):
            return inner
        scope = _unquoted(groups["scope"]) if outer.scoping else ""
        return replace(
            inner,
            scopes=(scope, *inner.scopes) if scope else inner.scopes,
            soft=inner.soft or outer.soft,
            cleanup=inner.cleanup or outer.cleanup,
            passed=(groups["passed"], *inner.passed) if groups.get("passed") else inner.passed,
        )

    def _undefined(self, text: str, inner: Undefined | None = None) -> Undefined:
        instead = inner.instead if inner else self._instead(text)
        suggestions = () if instead else self._suggestions(text) or (inner.suggestions if inner else ())
        return Undefined(text, suggestions, snippet(text), instead)

    def _instead(self, text: str) -> str:
        """The replacement for a known but unsupported step; empty for an unknown one."""
        if (comment := _COMMENT.search(text)) and self._is_said(text[: comment.start()]):
            return "put the comment on a line of its own, above the step"
        if straight := next((one for one in _straight(text) if self._is_said(one)), ""):
            return f"the quotes must be straight ones: {straight}"
        if (part := _PART_WITHIN.fullmatch(text)) and self._is_said(moved := f"{part[1]} {part[3]} {part[2]}"):
            return f"the part of the page stands at the end: {moved}"
        known = next((u for u in self.unsupported if _arguments(u.expression, text) is not None), None)
        if known is not None:
            return f"known from {known.source}, but not supported: {known.instead}"
        there = next((s for s in self._elsewhere if _means(s, text)), None)
        if there is not None and there.language not in (ENGLISH, self.language):
            return f'only valid in a feature file that begins with "# language: {there.language}"'
        if there is not None:
            return f'only valid under Vocabulary "{there.vocabulary}", as {there.expression_text}'
        return ""

    def _is_said(self, text: str) -> bool:
        return isinstance(self._match(text), Matched | Ambiguous)

    def _mine(self, sentences: Iterable[Sentence]) -> list[Sentence]:
        return [s for s in sentences if self._is_mine(s)]

    def _is_mine(self, sentence: Sentence) -> bool:
        return sentence.vocabulary in (None, self.name) and sentence.language in (ENGLISH, self.language)

    def _suggestions(self, text: str) -> tuple[str, ...]:
        """Did you mean: the examples of the sentences that look most like *text*, best first."""
        from collectd_inode.scenario.synonyms import is_slip, meant  # noqa: PLC0415  # a hundred patterns, for mistakes alone

        wanted = _skeleton(text)
        likeness: dict[str, float] = {}
        # One of those whose examples differ in their quotes only: the first is the usual form.
        for s in {_skeleton(s.example): s for s in reversed(self.sentences)}.values():
            likeness[s.example] = max(_likeness(wanted, _skeleton(form)) for form in (s.example, s.expression_text))
        ordered = sorted(likeness, key=likeness.__getitem__, reverse=True)
        alike = tuple(example for example in ordered[:_SUGGESTED] if likeness[example] >= _ALIKE)
        synonyms = meant(text, self.language)
        near = bool(alike) and likeness[alike[0]] >= (_TYPO if synonyms else _NEAR) and is_slip(text, self.language)
        if synonyms is None or near:
            return alike
        return tuple(example for example in synonyms if example in likeness)


_DOUBLE_QUOTES = dict.fromkeys(map(ord, "“”„‟«»″"), '"')
_SINGLE_QUOTES = dict.fromkeys(map(ord, "‘’‚‛‹›′"), '"')
_PART_WITHIN = re.compile(r"""((?:(?! within ).)+) (within (?:"[^"]*"|'[^']*')) ((?:(?!within ).)+)""")
"""A step with one part of the page, and something after it; moved to the end, it is no such step again."""


def _straight(text: str) -> Iterator[str]:
    """*text* as it would be with straight quotes, as far as word processors have made others of them."""
    double = text.translate(_DOUBLE_QUOTES)
    yield from (one for one in (double, double.translate(_SINGLE_QUOTES)) if one != text)


def _means(sentence: Sentence, text: str) -> bool:
    """Whether *text* is *sentence*, and no argument of it goes over the end of a quotation: ``"a" or "b"``."""
    found = _arguments(sentence.expression, text)
    quoted = (a for a in found or () if isinstance(a, str) and f'"{a}"' in text)
    return found is not None and not any(_CLOSES.match(argument) for argument in quoted)


_CLOSES = re.compile(r'[^"]*[^"\s]"')
"""A text whose first quote ends a quotation; ``Say "hi"`` begins one."""


def check_expression(text: str) -> None:
    """ValueError, with a sentence, where *text* is not a cucumber expression."""
    try:
        _compiled(text)
    except UndefinedParameterTypeError as error:
        known = ", ".join(f"{{{t.name}}}" for t in REGISTRY.parameter_types)
        raise ValueError(f'"{text}" is not a cucumber expression: {_reason(error)}; known are {known}') from None
    except CucumberExpressionError as error:
        raise ValueError(f'"{text}" is not a cucumber expression: {_reason(error)}') from None
    except re.error as error:
        raise ValueError(f'"{text}" is not a cucumber expression: {error}') from None
    except RecursionError:
        raise ValueError(f'"{shortened(text, 41)}" is not a cucumber expression: it is nested too deeply') from None


def _reason(error: Exception) -> str:
    """The sentences of cucumber's drawing: where, what, and what to do; the parts between show the expression."""
    lines = str(error).splitlines()
    column = re.search(r"at column (\d+):", lines[0])
    if column is None or len(lines) < 3:
        return lines[0]
    problem = lines[-2].removesuffix(".")
    return f"column {column[1]}: {problem[:1].lower()}{problem[1:]}"


# Matching


@cache
def _compiled(expression: str) -> tuple[re.Pattern[str], CucumberExpression]:
    # 0.4 ms each: only when first needed, and once a process, however many jobs share the vocabulary.
    parsed = CucumberExpression(expression, REGISTRY)
    return parsed.tree_regexp.regexp, parsed


@cache
def _pattern(expression: Expression) -> re.Pattern[str]:
    return re.compile(expression[1:-1]) if isinstance(expression, str) else expression


def _is_regular(expression: str) -> bool:
    return expression.startswith("/")  # as no cucumber expression does


@cache
def _words(expression: str) -> tuple[str, ...]:
    """Text that a step must have in it to be *expression*; most sentences fail by that.

    It spares compiling them, which takes 0.4 ms and 30 kB each.
    """
    if _is_regular(expression):
        return _regular_words(expression[1:-1])
    if "\\" in expression:  # an escape: nothing is certain
        return ()
    certain = re.sub(r"\([^)]*\)|\{[^}]*\}", _GAP, expression)
    # Alternatives are as long as a word, with what is joined to it.
    return tuple(word for part in certain.split() if "/" not in part for word in part.split(_GAP) if word)


_GAP = "\0"


def _regular_words(pattern: str) -> tuple[str, ...]:
    """The words of a regular expression that stand for themselves, outside of all groups and classes."""
    before = ""
    while before != pattern:
        before, pattern = pattern, re.sub(r"\((?:[^()\\]|\\.)*\)[?*+]?", " ", pattern)
    pattern = re.sub(r"\[\^?\]?(?:[^\]\\]|\\.)*\][?*+]?", " ", pattern)
    if re.search(r"[()|\[\]]", pattern):  # alternatives, or a bracket in a class
        return ()
    return tuple(word for word in pattern.split() if re.fullmatch(r"[\w\"':,/-]+", word))


def _arguments(expression: Expression, text: str) -> tuple[object, ...] | None:
    """The arguments of *expression* in *text*; None if it does not match the whole of it."""
    if isinstance(expression, str) and not all(word in text for word in _words(expression)):
        return None
    if not isinstance(expression, str) or _is_regular(expression):
        found = _pattern(expression).fullmatch(text)
        return None if found is None else found.groups()
    pattern, parsed = _compiled(expression)
    # Most sentences do not match: the bare pattern shows that in a fiftieth of the time.
    if pattern.fullmatch(text) is None:
        return None
    try:
        return tuple(argument.value for argument in parsed.match(text))
    except ValueError:  # Python refuses to make a number of more than 4300 digits
        return None


def _unquoted(scope: str) -> str:
    """A selector without its quotes; empty for cucumber-rails' bare words, which mean the whole page."""
    return scope[1:-1] if scope[:1] in ("'", '"') else ""


class _Tier:
    """Sentences of equal right, by a word that a step must have in it, of each the one that fewest share."""

    def __init__(self, sentences: Iterable[Sentence]) -> None:
        of = [(number, sentence, _words_of(sentence)) for number, sentence in enumerate(sentences)]
        shared = Counter(word for _, _, words in of for word in set(words))
        self._by_word: dict[str, list[tuple[int, Sentence]]] = {}
        for number, sentence, words in of:
            rarest = min(words, key=lambda word: (shared[word], -len(word)), default="")  # "" is in every step
            self._by_word.setdefault(rarest, []).append((number, sentence))

    def like(self, text: str) -> list[Sentence]:
        """Those that the step *text* may be, in order."""
        found = [numbered for word, those in self._by_word.items() if word in text for numbered in those]
        return [sentence for _, sentence in sorted(found, key=itemgetter(0))]


def _words_of(sentence: Sentence) -> tuple[str, ...]:
    return _words(sentence.expression) if isinstance(sentence.expression, str) else ()


def _tiers(sentences: list[Sentence]) -> list[_Tier]:
    """*sentences* by rank, the winning ones first."""
    ordered = sorted(sentences, key=lambda s: s.rank)
    return [_Tier(tier) for _, tier in groupby(ordered, key=lambda s: s.rank)]


def _searched(sentence: Sentence) -> str:
    parts = (sentence.expression_text, sentence.example, sentence.about, sentence.source)
    return "\n".join(parts).casefold()


def _skeleton(text: str) -> str:
    """The fixed words of a step or an expression."""
    plain = re.sub(r"^(?:I|\(I\s*\))\s*", "", text[:_COMPARED])
    return re.sub(r"\"[^\"]*\"|'[^']*'|\{\w*\}|\d+", "…", plain).lower()


def _likeness(one: str, other: str) -> float:
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= _ALIKE else 0.0


# Snippets


def snippet(text: str) -> str:
    """Python that makes the step *text* one of the operator's own sentences."""
    expression, parameters = _expression_for(text)
    decorated = repr(expression) if re.search(r'["\\\x00-\x1f]', expression) else f'"{expression}"'
    return (
        "from collectd_inode import step\n"
        "\n"
        f"@step({decorated})\n"
        f"async def {_function_name(expression)}({', '.join(('session', *parameters))}):\n"
        "    ...\n"
    )


def _expression_for(text: str) -> tuple[str, tuple[str, ...]]:
    """A cucumber expression that matches *text*, and names for its parameters."""
    expression, parameters = _generated(text) if len(text) <= _GENERATED else ("", ())
    try:
        # Cucumber's generator leaves backslashes as they are: its parser refuses them, or reads them another way.
        found = _arguments(expression, text)
        if found is not None and len(found) == len(parameters):
            return expression, parameters
    except CucumberExpressionError:
        pass
    return re.sub(r"([\\(){}/])", r"\\\1", text), ()


def _generated(text: str) -> tuple[str, tuple[str, ...]]:
    best = [CucumberExpressionGenerator(REGISTRY).generate_expressions(part)[0] for part in _between_variables(text)]
    types = [[t.name for t in generated.parameter_types] for generated in best]
    flat = [name for index, names in enumerate(types) for name in (["word"] if index else []) + names]
    return "{word}".join(generated.source for generated in best), _parameter_names(flat)


def _between_variables(text: str) -> list[str]:
    """*text* without its variables, each of which leaves a cut; within quotes they are part of what is quoted."""
    parts, start = [], 0
    for found in _VARIABLE.finditer(text):
        if found["variable"]:
            parts.append(text[start : found.start()])
            start = found.end()
    return [*parts, text[start:]]


def _parameter_names(types: Iterable[str]) -> tuple[str, ...]:
    seen: Counter[str] = Counter()
    names = []
    for name in (_NAMES.get(type, "argument") for type in types):
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}{seen[name]}")
    return tuple(names)


def _function_name(expression: str) -> str:
    words = slug(re.sub(r"^I\s+|\{\w*\}", " ", expression)).split("_")[:6]
    name = "_".join(words)
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"step_{name}"
