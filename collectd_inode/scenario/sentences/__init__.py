"""The built-in sentences: one file an edition, each a table of rows.

A new sentence is a row; a new language a file.
"""

from collectd_inode.scenario.sentences import english
from collectd_inode.scenario.vocabulary import Sentence

SENTENCES: tuple[Sentence, ...] = english.SENTENCES
"""Every built-in sentence, in the order in which ``collectd-inode steps`` shows them."""
