"""The built-in sentences: one file an edition, each a table of rows.

A new sentence is a row; a new language a file of rows on the same actions.
"""

from collectd_inode.scenario.sentences import english, legacy, unsupported
from collectd_inode.scenario.vocabulary import Known, Sentence

SENTENCES: tuple[Sentence, ...] = (*english.SENTENCES, *legacy.SENTENCES)
"""Every built-in sentence, in the order in which ``collectd-inode steps`` shows them."""

KNOWN: tuple[Known, ...] = unsupported.KNOWN
"""Every sentence that is known from elsewhere and not done here."""
