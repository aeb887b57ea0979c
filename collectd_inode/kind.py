"""A kind of job: all facts about it, in one row that stands in the kind's own folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

from collectd_inode.keys import BlockSettings, Key, Loaded, filled, keys_of

if TYPE_CHECKING:
    from collectd_inode.panels import Panel, PanelSubject
    from collectd_inode.reference import KindReference


@dataclass(frozen=True, slots=True)
class Module:
    """The keys of a kind's blocks (a dataclass) and the function that makes jobs of them."""

    settings: type[Any]
    load: Callable[[str, Any, BlockSettings], Loaded]
    make_ready: Callable[[], None] = lambda: None
    """Imports what runs need and loading does not, so that no start waits for it."""


@dataclass(frozen=True, slots=True)
class JobPanels:
    """The panels of a job, in a dashboard's order; and those that have pictures, the most telling first."""

    panels: Callable[[PanelSubject], tuple[Panel, ...]]
    pictures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job: the plugin it reports as, its block's name, and how it is shown.

    ``load_module`` imports the kind's folder for the first block of the kind: a configuration with clocks alone imports
    no browser.  ``load_drawn`` imports its panels for dashboards and pictures, ``load_reference`` the
    rows of what it sends for the book.

    ``default_interval``: seconds between runs of a block without ``Interval``;  ``<Module>``'s if that is longer.
    ``main_series`` is the series that a range without a name applies to, ``main_words`` its name when all is well;
    without words, the number of steps and their time are printed.  ``sums_up``: how many steps passed, the last status
    and the time in each phase are sent, too.  ``noun`` is the word for its jobs in counts.  ``unlisted`` describes
    series that are known only when a job has run.
    """

    plugin: str
    block: str
    _: KW_ONLY
    load_module: Callable[[], Module]
    load_drawn: Callable[[], JobPanels]
    load_reference: Callable[[], KindReference]
    default_interval: float = 0.0
    main_series: str = "latency-total"
    main_words: str = ""
    sums_up: bool = False
    noun: str = "job"
    unlisted: str = ""
    least_interval: Callable[[Mapping[str, Any]], float] = lambda values: 0.0
    """The same as ``default_interval`` for a block with these values, by their keys."""

    @property
    def service(self) -> str:
        """The name of the service in a monitoring system."""
        return self.plugin.upper()

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys that its block takes beside those of every block."""
        return keys_of(self.load_module().settings)

    def settings(self, values: Mapping[str, Any]) -> Any:
        """The settings of a block whose *values* were read by the kind's keys."""
        return filled(self.load_module().settings(), values)

    def load(self, name: str, settings: Any, common: BlockSettings) -> Loaded:
        """The jobs of the block called *name*."""
        return self.load_module().load(name, settings, common)

    def make_ready(self) -> None:
        """Import what the runs of its jobs need, before the first one."""
        self.load_module().make_ready()
