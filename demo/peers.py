"""The servers that the demonstration watches: a row each.

A new one is a module with a server, a row here, its port in `configuration.Ports`, and a job in `configuration`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from demo.configuration import Ports
from demo.notes_site import NotesSite
from demo.site import Outage, Site
from demo.smarthost import Smarthost
from demo.timeservers import TimeServers


class Peer(Protocol):
    """A server that runs."""

    @property
    def port(self) -> int: ...


PEERS: Mapping[str, Callable[[Path], AbstractContextManager[Peer]]] = {
    "site": lambda _run: Site(),
    "smarthost": Smarthost,
    "time": lambda _run: TimeServers(),
    "notes": lambda _run: NotesSite(outage=Outage(9, 60, 12)),
}
"""How each is started, given the run's folder; by the names of `configuration.Ports`."""


STORY = (
    "A page gets slow, one fails, an application's script is gone, the smarthost refuses the password, and a time"
    " server is wrong."
)
"""What they do meanwhile."""


@contextmanager
def running(run: Path) -> Iterator[Ports]:
    """All of them, and where they listen; they are stopped when the block is left."""
    with ExitStack() as started:
        yield Ports(**{name: started.enter_context(start(run)).port for name, start in PEERS.items()})
