"""The manner of a step's use of a browser, for every engine."""

from __future__ import annotations

from enum import Enum


class Manner(Enum):
    """The effect of a step on a page, or its question: an engine with scripts waits accordingly."""

    ACTS = "acts: it opens, clicks or sends something; waits for what it names to be there"
    PREPARES = "prepares: it types or ticks; waits for the field to be there"
    SEES = "sees: it waits for what it names to be there"
    READS = "reads: it waits for what it names, and remembers it"
    JUDGES = "judges: that something is not there says nothing before the page has settled"
    SHOWS = "shows: it takes the page as it is once it has settled, whatever is there"
    TIMES = "times: it judges how long the step before it took"
    OWN = "own: an operator's code, which may do any of that and is done once"
    APART = "apart: it asks nothing of the page"
