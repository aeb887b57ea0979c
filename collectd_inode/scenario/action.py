"""The action of a sentence: an async function, and its properties.

::

    @action(navigates=False, checks={"pattern": patterns.complaint})
    async def should_see_pattern(session: Session, pattern: str) -> None:
        ...

Every action declares whether it navigates: pictures, dashboards and the check of an answer's status depend on it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, ParamSpec

from collectd_inode.browser.manner import Manner

P = ParamSpec("P")

Check = Callable[[Any], str]
"""Finds the mistake in an argument; empty for a good one."""


@dataclass(frozen=True, slots=True, eq=False)
class Action(Generic[P]):
    """``await action(session, *arguments)``, and its facts for loading, ``lint`` and reports.

    Facts about one argument name the function's parameter.
    """

    function: Callable[P, Awaitable[None]]
    navigates: bool
    """It sends a request and gets a new page: its step has a latency, and the answer's status judges it."""
    judges_status: bool = False
    """It judges the status of the last answer, so that the navigation before it does not."""
    judges_time: bool = False
    """It judges the time of the last step that used the network."""
    times_by_clock: bool = False
    """It judges the time that has passed."""
    prepares: bool = False
    """It neither sends a request nor judges anything."""
    negative: bool = False
    """It expects something to be absent, which proves nothing before a page has settled."""
    shows: bool = False
    """It shows a person the current page; it cannot fail, and without a reader it does nothing."""
    apart: bool = False
    """It has nothing to do with a page."""
    fetches: bool = False
    """A browser with scripts has loaded the requested files by itself: there the step only checks."""
    beside: bool = False
    """It looks at what comes with a page, such as its title or address, not at what it shows."""
    on_json: bool = False
    """It looks into a JSON answer, which has no parts that a selector could name."""
    doc_string: bool = False
    """It needs a doc string below the step; other actions that need something below it need a table."""
    or_table: bool = False
    """It takes a table as well as a doc string."""
    address: str = ""
    """The parameter that is an address to go to."""
    follows: bool = True
    """If it navigates, it follows redirects."""
    types: str = ""
    """The parameter with what is typed: a text, or a table of fields and their texts."""
    wants_text: str = ""
    """The parameter that is a text to be shown by the page."""
    wants_error: bool = False
    """If it judges the status, only an error's status passes."""
    of_an_api: bool = False
    """It sends a request of an API: the answer is no page for people, and may be empty."""
    remembers: str = ""
    """The parameter that is the name of a variable to set."""
    uses: str = ""
    """The parameter that is the name of a variable to use."""
    checks: Mapping[str, Check] = field(default_factory=dict)
    """Parameter → its check for mistakes that show without a page."""
    checks_here: Mapping[str, Check] = field(default_factory=dict)
    """The same, for mistakes that only the machine that replays can find."""
    after: tuple[Action[...], ...] = ()
    """It needs one of these before it…"""
    too_early: str = ""
    """… and this is the complaint if there is none."""
    lint: tuple[Callable[[str], str], ...] = ()
    """Checks that return a warning about the first argument; empty for none."""

    def __post_init__(self) -> None:
        named = {self.address, self.types, self.wants_text, self.remembers, self.uses} - {""}
        named.update(self.checks, self.checks_here)
        if unknown := named.difference(self.parameters):
            raise TypeError(f"{self.name} has no parameter {', '.join(sorted(unknown))}")

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Run the action."""
        await self.function(*args, **kwargs)

    @property
    def name(self) -> str:
        """The name of the action in a sentence's row."""
        return self.function.__name__

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters after the session."""
        code = self.function.__code__
        return code.co_varnames[1 : code.co_argcount]

    def manner(self, arguments: Sequence[object]) -> Manner:
        """Its use of a browser, with these *arguments*."""
        if self.apart:
            return Manner.APART
        if self.shows:
            return Manner.SHOWS
        if self.judges_time or self.times_by_clock:
            return Manner.TIMES
        if self.navigates:
            return Manner.JUDGES if self.fetches else Manner.ACTS
        if self.prepares:
            return Manner.PREPARES
        if self.negative or self._wants_few(arguments):
            return Manner.JUDGES
        return Manner.READS if self.remembers else Manner.SEES

    def _wants_few(self, arguments: Sequence[object]) -> bool:
        """Whether it expects at most as much of something as there may be at first."""
        comparison, count = self.given("comparison", arguments), self.given("count", arguments)
        return comparison in ("at most", "less than") or (count == 0 and comparison in ("exactly", None))

    def given(self, parameter: str, arguments: Sequence[object]) -> object:
        """The one of *arguments* for *parameter*; None if there is none."""
        return dict(zip(self.parameters, arguments, strict=False)).get(parameter)


def action(*, navigates: bool, **facts: Any) -> Callable[[Callable[P, Awaitable[None]]], Action[P]]:
    """Make the ``async def`` below an action: see `Action` for its properties."""
    return lambda function: Action(function, navigates, **facts)
