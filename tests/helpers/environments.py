"""Environments with the plugin, as an installation leaves them; each is made of links, so that a test may break it."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.collectd_process import SITE_PACKAGES
from tests.helpers.places import ROOT

STUB = ROOT / "stub" / "collectd_inode.py"


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment in *root*, with packages for one version of Python."""

    root: Path
    version: str = f"{sys.version_info.major}.{sys.version_info.minor}"

    @property
    def stub(self) -> Path:
        """The folder with the stub, which ModulePath names."""
        return self.root / "share" / "collectd-inode"

    @property
    def packages(self) -> Path:
        """Its site-packages."""
        return self.root / "lib" / f"python{self.version}" / "site-packages"

    def make(self) -> Environment:
        """Install: the stub, our package as a copy, and what it needs as links."""
        self.stub.mkdir(parents=True)
        shutil.copy(STUB, self.stub)
        self.packages.mkdir(parents=True)
        for path in Path(SITE_PACKAGES).iterdir():
            if "collectd_inode" not in path.name and path.suffix != ".pth":
                (self.packages / path.name).symlink_to(path)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "collectd_inode", self.packages / "collectd_inode", ignore=ignored)
        return self
