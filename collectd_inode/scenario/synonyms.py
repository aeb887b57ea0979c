"""The words of other tools, and our sentences with the same meaning: for suggestions only.

They stand in a language's file, under ``"synonyms"`` (docs/explanation/architecture.rst), and are read for the first
suggestion: a daemon whose steps are all known never needs them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from collectd_inode.scenario import sentences
from collectd_inode.scenario.vocabulary import ENGLISH
from collectd_inode.scenario.wordings import plain, seen, without_subject

_LEAD_IN = re.compile(
    r"(?:expect|verify|assert|check|ensure|confirm|validate|test|make sure|see|hope|want|need)(?:s|ies|ed)?\b"
    r"(?: that| if| whether| to)?\s+"
    r"(?=(?:the|there|my|this|that|it|i|we|status|response|page|title|url|element|link|button|checkbox|no|should|see"
    r"|be) |\"\")"
)
"""How some begin whatever they expect."""


@dataclass(frozen=True, slots=True)
class Synonyms:
    """Other tools' words in one language.

    ``rows``: a regular expression for the beginning of a step in fewer words (`wordings.plain`), and the examples of
    the sentences with its meaning, best first; no examples: nothing here does that.  The first row that fits is taken.
    ``opposite``: words that look like one of ours with the opposite meaning.  ``i``, ``verbs`` (a form and the one that
    the rows have) and ``clauses`` turn a step into a sentence that begins with "I" and the verb.
    """

    rows: tuple[tuple[str, tuple[str, ...]], ...]
    opposite: str
    i: str = ""
    verbs: Mapping[str, str] = field(default_factory=dict)
    clauses: tuple[str, ...] = ()

    def means(self, said: str) -> tuple[str, ...] | None:
        """The examples of the first row for *said*; None where no row knows it."""
        return next((examples for pattern, examples in self.rows if re.match(pattern, said)), None)

    def main_clause(self, said: str) -> str:
        """*said* with its verb behind the "I": the German "ich den Link anklicke" is "ich klicke den Link"."""
        for clause in self.clauses:
            found = re.fullmatch(clause, said)
            if found is not None and found["verb"] in self.verbs:
                return " ".join(filter(None, (self.i, self.verbs[found["verb"]], found["rest"])))
        return said


def read(path: Path) -> Synonyms | None:
    """The synonyms in a language's file, None where it has none; raises BadSentences."""
    data = sentences.loaded(path)
    own, where = data.get("synonyms"), f"{path.name}: synonyms"
    if own is None:
        return None
    sentences.check_row(where, own, {"rows", "opposite"}, {"rows", "opposite", "parts", "i", "verbs", "clauses"})
    parts = sentences.parts_of(where, own)
    for row in own["rows"]:
        sentences.check_row(where, row, {"step", "means"}, {"step", "means"})
    return Synonyms(
        rows=tuple((sentences.pattern(where, row["step"], parts), tuple(row["means"])) for row in own["rows"]),
        opposite=sentences.pattern(where, own["opposite"], parts),
        i=own.get("i", ""),
        verbs={form: verb for verb, forms in own.get("verbs", {}).items() for form in (verb, *forms.split())},
        clauses=tuple(sentences.pattern(where, clause, parts) for clause in own.get("clauses", ())),
    )


@cache
def of_language(language: str) -> Synonyms | None:
    """The synonyms of one of the languages; None where it has none, or no sentences."""
    return read(sentences.file_of(language)) if language in sentences.languages() else None


def meant(step: str, language: str = ENGLISH) -> tuple[str, ...] | None:
    """The examples of sentences with the meaning of *step*; None where no row knows it."""
    said = plain(step)
    own = of_language(language) if language != ENGLISH else None
    if own is not None and (found := own.means(own.main_clause(said))) is not None:
        return found
    return _meant_in_english(said)


def _meant_in_english(said: str) -> tuple[str, ...] | None:
    english = of_language(ENGLISH)
    if english is None:
        return None
    if lead_in := _LEAD_IN.match(said):
        what = seen(without_subject(said[lead_in.end() :]))
        found = english.means(re.sub(r"^(?:am|are|is|be) (?=(?:on|at|in)\b)", "should be ", what))
        if found is not None:
            return found
    return english.means(said)


def is_slip(step: str, language: str = ENGLISH) -> bool:
    """Whether what looks nearly like a sentence is that sentence: *step* has no word that turns it into another."""
    both = filter(None, map(of_language, {ENGLISH, language}))
    return not any(re.search(one.opposite, plain(step)) for one in both)
