"""Show the sentences that a scenario may use, each with an example; with a word, those in which it occurs.

One language after the other, English first; ``docs/vocabulary.rst`` is the same as a page.
"""

from __future__ import annotations

import argparse
import sys

from collectd_inode.cli.output import show_problems
from collectd_inode.cli.terminal import Exit, style
from collectd_inode.keys import Problem
from collectd_inode.report.style import Style
from collectd_inode.scenario.sentences import KNOWN, NAMES, SENTENCES
from collectd_inode.scenario.usersteps import load
from collectd_inode.scenario.vocabulary import ENGLISH, Known, Sentence, Vocabulary


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("word", nargs="*", metavar="WORD", help="show only sentences with these words in them")
    parser.add_argument("--language", choices=tuple(NAMES), help="show only sentences of this language")
    parser.add_argument("--vocabulary", choices=("web", "legacy"), default="web")
    parser.add_argument("--steps", metavar="PATH", action="append", default=[], help="Python step modules")


def main(options: argparse.Namespace) -> Exit:
    """List, or say that nothing fits."""
    own, problems = load(options.steps)
    show_problems(Problem("", p.message, f"{p.path}:{p.line}") for p in problems)
    word = " ".join(options.word)
    languages = [options.language] if options.language else list(NAMES)
    vocabularies = [Vocabulary(SENTENCES, own, options.vocabulary, KNOWN, language) for language in languages]
    found = [_shown(s, style()) for v in vocabularies for s in v.search(word) if s.language == v.language]
    if word:  # what is not done is told to those who look for it
        found += [_told(known, style()) for known in vocabularies[0].search_known(word)]
    if not found:
        print(f"no sentence with {word} in it", file=sys.stderr)
        return Exit.FAILED
    print("\n\n".join(found))
    return Exit.USAGE if problems else Exit.PASSED


def _shown(sentence: Sentence, paint: Style) -> str:
    foreign = f"# language: {sentence.language}" if sentence.language != ENGLISH else ""
    origin = ", ".join(filter(None, (sentence.place or sentence.source, foreign)))
    about = f"  {sentence.about}" + (paint.comment(f"  ({origin})") if origin else "")
    lines = [sentence.expression_text, about]
    if sentence.example != sentence.expression_text:
        lines.append(paint.comment(f"  e.g. {sentence.example}"))
    return "\n".join(lines)


def _told(known: Known, paint: Style) -> str:
    return f"{known.example}\n  Not done here: {known.instead}." + paint.comment(f"  ({known.source})")
