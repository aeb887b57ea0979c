"""List the sentences that a scenario can use, each with an example; with WORD, only those that contain it.

English comes first, then the other languages.  The page ``docs/reference/vocabulary.rst`` has the same list.
"""

from __future__ import annotations

import argparse
import json
import sys

from collectd_inode.cli.options import json_too
from collectd_inode.cli.output import show_problems
from collectd_inode.cli.terminal import Exit, style
from collectd_inode.report.style import Style
from collectd_inode.scenario.sentences import languages, vocabulary
from collectd_inode.scenario.usersteps import load
from collectd_inode.scenario.vocabulary import ENGLISH, Sentence, Unsupported


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("word", nargs="*", metavar="WORD", help="list only the sentences that contain these words")
    json_too(parser)
    parser.add_argument("--language", choices=languages(), help="list only the sentences of this language")
    parser.add_argument(
        "--vocabulary", choices=("web", "legacy"), default="web", help="legacy: for feature files of cucumber-nagios"
    )
    parser.add_argument(
        "--steps",
        metavar="PATH",
        action="append",
        default=[],
        help="sentences of your own: a Python file or a folder of them",
    )


def main(options: argparse.Namespace) -> Exit:
    """List, or say that nothing fits."""
    own, problems = load(options.steps)
    show_problems(problems)
    word = " ".join(options.word)
    shown = [options.language] if options.language else languages()
    vocabularies = [vocabulary(language, options.vocabulary, own) for language in shown]
    sentences = [s for v in vocabularies for s in v.search(word) if s.language == v.language]
    as_json = options.format == "json"
    found = [_json(s) if as_json else _shown(s, style()) for s in sentences]
    if word and not as_json:  # unsupported sentences are shown to those who search for them
        found += [_not_done(step, style()) for step in vocabularies[0].search_unsupported(word)]
    if not found:
        print(f"no sentence with {word} in it", file=sys.stderr)
        return Exit.FAILED
    print(("\n" if as_json else "\n\n").join(found))
    return Exit.USAGE if problems else Exit.PASSED


def _shown(sentence: Sentence, paint: Style) -> str:
    """The example as a heading, below it the expression if that is another, and what it is about."""
    foreign = f"# language: {sentence.language}" if sentence.language != ENGLISH else ""
    origin = ", ".join(filter(None, (sentence.place or sentence.source, foreign)))
    about = f"  {sentence.about}" + (paint.comment(f"  ({origin})") if origin else "")
    expression = "" if sentence.example == sentence.expression_text else paint.comment(f"  {sentence.expression_text}")
    return "\n".join(filter(None, (sentence.example, expression, about)))


def _json(sentence: Sentence) -> str:
    row = {
        "example": sentence.example,
        "expression": sentence.expression_text,
        "about": sentence.about,
        "source": sentence.place or sentence.source or None,
        "language": sentence.language,
    }
    return json.dumps(row, ensure_ascii=False)


def _not_done(step: Unsupported, paint: Style) -> str:
    return f"{step.example}\n  Not done here: {step.instead}." + paint.comment(f"  ({step.source})")
