"""The facts of a machine in good health, and of one with one thing changed."""

from __future__ import annotations

import os
import pwd
from dataclasses import replace

from collectd_inode.cli.doctor import page
from collectd_inode.cli.doctor_checks import (
    Conf,
    DaemonFacts,
    Facts,
    FolderFacts,
    HostFacts,
    Level,
    Named,
    ServiceFacts,
    findings,
)
from collectd_inode.cli.installation import (
    SERVICE_PATH,
)
from collectd_inode.dependencies import DEPENDENCIES
from collectd_inode.report.style import PLAIN

CONF = "/etc/collectd/collectd.conf"


LINE = "/etc/collectd/collectd.conf.d/00-python.conf"


HOME = "/opt/collectd-inode/lib/python3.11/site-packages"


ME = pwd.getpwuid(os.geteuid()).pw_name


DAEMON = DaemonFacts(
    path="/usr/sbin/collectd",
    version="5.12.0",
    plugin="/usr/lib/collectd/python.so",
    plugin_there=True,
    library="libpython3.11.so.1.0",
    library_path="/lib/libpython3.11.so.1.0",
    standard_library="/usr/lib/python3.11",
)


SERVICE = ServiceFacts(
    unit="/lib/systemd/system/collectd.service",
    path=SERVICE_PATH,
    python="/usr/bin/python3",
    standard_library="/usr/lib/python3.11",
    descriptors=1024,
)


INSTALLED = FolderFacts(
    HOME,
    f"{LINE}:12",
    modules=frozenset({*DEPENDENCIES, "collectd_inode"}),
    compiled=frozenset({"3.11"}),
    versions={"typing_extensions": (4, 16, 0), "httpx": (0, 28, 1)},
)


GOOD_CONF = Conf(
    CONF,
    host=HostFacts("web-1", looked_up=True),
    loads=f"{LINE}:4",
    globals=True,
    imports=f"{LINE}:15",
    module=f"{LINE}:17",
    folders=(INSTALLED,),
    files=(Named("/etc/collectd/scenarios/a.feature", "Feature", "a.conf:4"), Named("/s/login", "Secret", "a.conf:5")),
    state_dir=Named("/var/lib/collectd/inode", "StateDir", f"{LINE}:46", written=True),
    jobs=3,
)


GOOD = Facts("3.11", DAEMON, SERVICE, GOOD_CONF)


def said(facts: Facts) -> list[str]:
    return list(page(list(findings(facts)), facts.conf.path, PLAIN))


def wrong(facts: Facts) -> str:
    """All that is not OK, as it is shown."""
    return "\n".join(page([one for one in findings(facts) if one.level is not Level.OK], facts.conf.path, PLAIN))


def conf(**changes: object) -> Facts:
    return replace(GOOD, conf=replace(GOOD_CONF, **changes))  # type: ignore[arg-type]


def daemon(**changes: object) -> Facts:
    return replace(GOOD, daemon=replace(DAEMON, **changes))  # type: ignore[arg-type]


def run_as(**changes: object) -> Facts:
    return replace(GOOD, service=replace(SERVICE, **changes))  # type: ignore[arg-type]


def folders(*them: FolderFacts) -> Facts:
    return conf(folders=them)


def home(**changes: object) -> FolderFacts:
    return replace(INSTALLED, **changes)  # type: ignore[arg-type]
