"""What the editions share: where sentences come from, how they rank, and how a part of a page is written."""

from __future__ import annotations

NAGIOS, RAILS, GOVUK = "cucumber-nagios", "cucumber-rails", "GOV.UK smokey"
OURS = "collectd_inode"
"""What none of them had."""

SOFT, CLEANUP, UNQUOTED, WITHIN, FIELD_WITHIN, GREEDY = -2, -1, 10, 15, 16, 20
"""Ranks; 0 is the usual form.  The first two are about another step, and some sentences take any ending.  Of two parts
of a page the one at the step's end is the outer.  The greedy quotes (``I follow "say "hi""``) are what only old files
need.
"""

QUOTED = '"([^"]*)"'
LITERAL = r"([^\s\"':]\S*)"
"""A number, true, false, null or a variable; what else it may be is told in a sentence of its own."""

SCOPE = "\"[^\"]*\"|'[^']*'|the page"
"""A regular expression for the part of a page after ``within``; the page is all of it."""
