"""The built-in sentences: one file an edition, each a table of rows.

A new sentence is a row; a new language a file of rows on the same actions, as ``german.py`` is, and its name below.
"""

from collectd_inode.scenario.sentences import beyond, english, german, legacy, unsupported
from collectd_inode.scenario.vocabulary import ENGLISH, Known, Sentence

LANGUAGES = (german,)
"""The translated editions."""

NAMES: dict[str, str] = {ENGLISH: "English", **{language.LANGUAGE: language.NAME for language in LANGUAGES}}
"""Gherkin's name for each language, and the English one."""

SENTENCES: tuple[Sentence, ...] = (
    *english.SENTENCES,
    *legacy.SENTENCES,
    *beyond.SENTENCES,
    *(sentence for language in LANGUAGES for sentence in language.SENTENCES),
)
"""Every built-in sentence, in the order in which ``collectd-inode steps`` shows them."""

KNOWN: tuple[Known, ...] = (
    *unsupported.KNOWN,
    *(known for language in LANGUAGES for known in language.KNOWN),
)
"""Every sentence that is known from elsewhere and not done here."""
