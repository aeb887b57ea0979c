"""What outlives a run: a job's own few facts, in StateDir, or in this process's memory where there is none.

A restarting daemon must not lock an account that a wrong password has already been tried on, and a score that takes
hours to grow must not begin anew.  One small JSON file a job, replaced as a whole, readable for its owner only.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collectd_inode.names import slug

log = logging.getLogger("collectd_inode")

Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """What all jobs keep.  ``folder``: StateDir; without it nothing outlives the process."""

    folder: str | None = None
    _kept: dict[tuple[str, str], Content] = field(default_factory=dict, repr=False)
    _unwritable: set[Path] = field(default_factory=set, repr=False)
    """Files that could not be written at the last try; each is told of once."""

    def of(self, kind: str, name: str) -> Memory:
        """What one job keeps."""
        return Memory(self, kind, name)

    def all(self, kind: str) -> dict[str, Content]:
        """Name → content, of every job of a *kind* that keeps anything."""
        if self.folder is not None:
            with suppress(OSError):
                for path in sorted(Path(self.folder).glob(f"{kind}-*.json")):
                    content = _read(path)
                    if isinstance(content.get("job"), str):
                        self._kept.setdefault((kind, content["job"]), _kept(content))
        return {name: dict(content) for (of, name), content in self._kept.items() if of == kind}

    def _save(self, path: Path, content: Content) -> None:
        try:
            _write(path, content)
        except OSError as error:
            if path not in self._unwritable:
                self._unwritable.add(path)
                log.error("%s cannot be written, so a restart forgets it: %s", path, error.strerror or error)
        else:
            self._unwritable.discard(path)


@dataclass(frozen=True, slots=True)
class Memory:
    """One job's facts.  Written when they change, by whoever owns them; a few hundred bytes, so in no worker."""

    state: State
    kind: str
    name: str

    def read(self) -> Content:
        """A copy of what is kept; empty if there is nothing, or if it cannot be read."""
        key = (self.kind, self.name)
        if key not in self.state._kept and self._path is not None:
            self.state._kept[key] = _kept(_read(self._path))
        return dict(self.state._kept.get(key, {}))

    def write(self, content: Mapping[str, Any]) -> None:
        """Keep *content* (what JSON can hold) instead; a disk that does not take it is logged, once."""
        if self.read() == content:
            return
        self.state._kept[self.kind, self.name] = dict(content)
        if self._path is not None:
            self.state._save(self._path, {"version": _VERSION, "job": self.name, "kept": dict(content)})

    @property
    def _path(self) -> Path | None:
        return Path(self.state.folder) / f"{self.kind}-{slug(self.name)}.json" if self.state.folder else None


_VERSION = 1


def _kept(content: Content) -> Content:
    kept = content.get("kept")
    return kept if content.get("version") == _VERSION and isinstance(kept, dict) else {}


def _read(path: Path) -> Content:
    try:
        content = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read and counts as empty: %s", path, getattr(error, "strerror", None) or error)
        return {}
    return content if isinstance(content, dict) else {}


def _write(path: Path, content: Content) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(mode="w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            json.dump(content, file)
            file.flush()
            os.replace(file.name, path)  # whoever reads sees the old or the new, never half
        except BaseException:
            os.unlink(file.name)
            raise
