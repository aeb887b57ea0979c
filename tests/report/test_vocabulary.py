"""docs/reference/vocabulary.rst is the vocabulary: as ``scripts/vocabulary`` writes it, and as docutils reads it."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator

from docutils import nodes
from docutils.core import publish_doctree

from collectd_inode.report.vocabulary import page
from collectd_inode.scenario import actions
from collectd_inode.scenario.sentences import every_sentence, every_unsupported, languages
from collectd_inode.scenario.vocabulary import Sentence
from tests.helpers.places import ROOT

PAGE = ROOT / "docs" / "reference" / "vocabulary.rst"
SENTENCES = every_sentence()


def tables(text: str) -> Iterator[list[list[str]]]:
    """The rows of each table below its header, as docutils reads them, which must not complain."""
    complaints = io.StringIO()
    tree = publish_doctree(text, settings_overrides={"warning_stream": complaints, "report_level": 1})
    assert complaints.getvalue() == ""
    for table in tree.findall(nodes.table):
        yield [[cell.astext() for cell in row.findall(nodes.entry)] for row in table.findall(nodes.row)][1:]


def row(sentence: Sentence) -> list[str]:
    forms = dict.fromkeys([sentence.example, sentence.expression_text])
    return ["\n\n".join(forms), sentence.about, sentence.source]


def test_the_page_is_as_the_vocabulary_says() -> None:
    """``sh scripts/vocabulary`` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == page(), "sh scripts/vocabulary"


def test_every_sentence_is_in_it() -> None:
    """English, what only legacy reads, the other languages; then what is known and not done."""
    english, legacy, *others, unsupported = tables(page())
    assert english == [row(s) for s in SENTENCES if (s.language, s.vocabulary) in (("en", None), ("en", "web"))]
    assert legacy == [row(s) for s in SENTENCES if (s.language, s.vocabulary) == ("en", "legacy")]
    assert others == [[row(s) for s in SENTENCES if s.language == name] for name in languages() if name != "en"]
    assert unsupported == [[u.example, f"{u.instead}.", u.source] for u in every_unsupported()]
    assert len(english) + len(legacy) + sum(map(len, others)) == len(SENTENCES)


def test_what_means_something_to_restructuredtext_is_text() -> None:
    """Sentences are full of it."""
    odd = Sentence("a", actions.go, example="a", about="*a* `b` |c| d_ \\e ${f} **g** :h:`i`.", source="x_")
    assert list(tables(page([odd], ()))) == [[row(odd)]]


def test_the_script_writes_the_same() -> None:
    """Where the page is."""
    before = PAGE.read_bytes()
    try:
        subprocess.run(["sh", ROOT / "scripts" / "vocabulary"], check=True)
        assert PAGE.read_text(encoding="utf-8") == page()
    finally:
        PAGE.write_bytes(before)
