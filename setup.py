"""What setup.cfg cannot say: which of the repository's folders a wheel holds, its commit, and its page on an index."""

from __future__ import annotations

import re
import runpy
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).parent

SHIPPED = ("conf.d", "scenarios", "alerts", "dashboards", "systemd", "completion", "man")
"""What `collectd-inode files` lays out: a wheel holds these folders in ``collectd_inode/shipped``."""
NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "__init__.py", "__main__.py")
"""What makes the dashboards; it runs in a checkout only."""

SOURCE = ""
"""The address of the repository, once it has a public one."""
PAGES = ""
"""Where the repository's files of this release can be read; ``/docs/how-to/evidence.rst`` follows."""
PICTURES = ""
"""Where they can be fetched as they are; ``/docs/pictures/shop.png`` follows."""


def commit() -> str:
    """The commit that is checked out, or that this source distribution was made of; empty if neither is known."""
    return str(runpy.run_path(str(ROOT / "collectd_inode" / "cli" / "version.py"))["commit"]())


def description(readme: str, pages: str, pictures: str) -> str:
    """The README as a page that stands alone: on a package index, relative links and pictures lead nowhere.

    Without an address a picture becomes its description, and a link leads to a word on where the pages are.
    """
    if pages and pictures:
        readme = re.sub(r"<(docs/[^>]+)>(?=`)", rf"<{pages}/\1>", readme)
        return re.sub(r"^\.\. image:: (?=docs/)", f".. image:: {pictures}/", readme, flags=re.MULTILINE)
    readme = re.sub(r"<docs/[^>]+>`__?", "<Further pages_>`__", readme)
    readme = re.sub(r"^\.\. image:: docs/\S+\n   :alt: (.+)$", r"*Picture:* \1", readme, flags=re.MULTILINE)
    return readme + _FURTHER


_FURTHER = """

Further pages
-------------

The pages and pictures of ``docs/`` are in the source distribution, with the demonstration and the tests.
"""


def urls(source: str, pages: str) -> dict[str, str]:
    """What an index shows beside the description."""
    shown = {"Source": source, "Documentation": f"{pages}/README.rst", "Changelog": f"{pages}/CHANGELOG.rst"}
    return shown if source and pages else {}


class BuildPy(build_py):
    """Builds the package from nothing: what an earlier build has left behind is no part of it."""

    def run(self) -> None:
        """Copy the modules, then what is shipped beside them, and note the commit."""
        if self.editable_mode:  # a checkout has all of it
            super().run()
            return
        package = Path(self.build_lib) / "collectd_inode"
        shutil.rmtree(package, ignore_errors=True)
        super().run()
        for name in SHIPPED:
            shutil.copytree(ROOT / name, package / "shipped" / name, ignore=NOT_SHIPPED)
        (package / "commit").write_text(commit(), encoding="ascii")


class SourceDistribution(sdist):
    """Notes the commit: there is no repository where it is unpacked."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Everything that is in the repository, and the commit."""
        super().make_release_tree(base_dir, files)
        (Path(base_dir) / "collectd_inode" / "commit").write_text(commit(), encoding="ascii")


if __name__ == "__main__":
    setup(
        cmdclass={"build_py": BuildPy, "sdist": SourceDistribution},
        long_description=description((ROOT / "README.rst").read_text(encoding="utf-8"), PAGES, PICTURES),
        long_description_content_type="text/x-rst",
        project_urls=urls(SOURCE, PAGES),
    )
