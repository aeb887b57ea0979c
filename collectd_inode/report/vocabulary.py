"""The vocabulary as a page: ``docs/reference/vocabulary.rst``, which ``sh scripts/vocabulary`` rewrites."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from collectd_inode.scenario.sentences import every_sentence, every_unsupported, languages, name_of
from collectd_inode.scenario.vocabulary import ENGLISH, Sentence, Unsupported

_HEAD = """\
Vocabulary
==========

.. Written by scripts/vocabulary from the sentences in collectd_inode/scenario/sentences/: change those.

Every sentence that a scenario may use.  ``collectd-inode steps WORD`` searches them, ``collectd-inode lint PATH`` says
which steps of a file are none of them.  It does not matter whether a step begins with Given, When, Then, And or But.

Below each example is the sentence itself.  What is in parentheses may be left out; a slash between two words means
either; ``{string}`` is text in "double" or 'single' quotes, ``{int}`` a whole number, ``{float}`` a number.  Between
slashes stands a regular expression, which the whole step must match.
"""
_LEGACY = """\
A block with ``Vocabulary "legacy"`` reads cucumber-nagios' sentences as cucumber-nagios did.  These take the place of
those above, or come after them; where an old file would read differently, ``collectd-inode lint`` says so.
"""
_TRANSLATED = """\
For feature files that begin with ``# language: {language}``.  English sentences are good in them too; what a failed
step says is English.
"""
_KNOWN = """\
Sentences that people know from elsewhere.  A scenario with one of them does not run; it says what to use instead.
"""

_Row = Sequence[str]


def page(sentences: Iterable[Sentence] | None = None, unsupported: Iterable[Unsupported] | None = None) -> str:
    """Every sentence with its example, its action and its origin; then the unsupported ones."""
    rows = list(every_sentence() if sentences is None else sentences)
    not_done = every_unsupported() if unsupported is None else unsupported
    english = [s for s in rows if s.language == ENGLISH]
    parts = [_HEAD, _section("English", "", _rows(s for s in english if s.vocabulary != "legacy"))]
    parts.append(_section("Old feature files", _LEGACY, _rows(s for s in english if s.vocabulary == "legacy")))
    for language in languages():
        if language != ENGLISH:
            about = _TRANSLATED.format(language=language)
            parts.append(_section(name_of(language), about, _rows(s for s in rows if s.language == language)))
    rest = ((_literal(u.example), f"{_plain(u.instead)}.", _plain(u.source)) for u in not_done)
    parts.append(_section("Known, and not done here", _KNOWN, rest, "What to use instead"))
    return "\n".join(filter(None, parts))


def _rows(sentences: Iterable[Sentence]) -> Iterator[_Row]:
    for s in sentences:
        as_it_is = "" if s.expression_text == s.example else f"\n\n{_literal(s.expression_text)}"
        yield _literal(s.example) + as_it_is, _plain(s.about), _plain(s.source)


def _section(title: str, about: str, rows: Iterable[_Row], second: str = "What it does") -> str:
    found = list(rows)
    if not found:
        return ""
    table = [("Sentence", second, "Known from"), *found]
    head = f"{title}\n{'-' * len(title)}\n\n" + (f"{about}\n" if about else "")
    return f"{head}.. list-table::\n   :header-rows: 1\n   :widths: 50 38 12\n\n{''.join(map(_row, table))}"


def _row(cells: _Row) -> str:
    """One row of a list-table; a cell's further lines stand below its first."""
    first, *others = (cell.replace("\n", "\n       ").replace("\n       \n", "\n\n") for cell in cells)
    return "".join([f"   * - {first}\n", *(f"     - {cell}\n" for cell in others)])


def _literal(text: str) -> str:
    return f"``{text}``"


def _plain(text: str) -> str:
    """*text* with reStructuredText's markup escaped."""
    return re.sub(r"([\\*`|_])", r"\\\1", text)
