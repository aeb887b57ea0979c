"""What the editions share: where sentences come from, how they rank, and how a part of a page is written."""

from __future__ import annotations

NAGIOS, RAILS, GOVUK = "cucumber-nagios", "cucumber-rails", "GOV.UK smokey"

UNQUOTED, WITHIN, GREEDY = 10, 15, 20
"""Ranks; 0 is the usual form.  The greedy quotes (``I follow "say "hi""``) are what only old files need."""

SCOPE = "\"[^\"]*\"|'[^']*'|the page"
"""A regular expression for the part of a page after ``within``; the page is all of it."""
