"""Rules and retentions, by the stores' own tools: promtool takes the alerts and tries them, whisper the retentions."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from collectd_inode.model import Cause
from demo import unpacked
from tests.helpers.places import ROOT

DASHBOARDS = ROOT / "dashboards"
IN_PROMETHEUS_3 = {"19.67%": "20%", "6.648%": "6.667%"}
"""Its ranges leave out what is just at their beginning."""
RULES, TRIED = DASHBOARDS / "prometheus-rules.yml", DASHBOARDS / "prometheus-rules-test.yml"


def promtool(*arguments: str, folder: Path = DASHBOARDS) -> str:
    """What it says; it is to be content."""
    program = unpacked.command("prometheus", "promtool")
    done = subprocess.run(
        [str(program), *arguments],
        env=program.environment, cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout


def test_promtool_takes_the_rules() -> None:
    """All of them."""
    assert f"SUCCESS: {len(re.findall('- (?:alert|record):', RULES.read_text()))} rules found" in promtool(
        "check", "rules", RULES.name
    )


def test_each_alert_fires_when_it_should_and_not_before(tmp_path: Path) -> None:
    """By promtool's own clock; no alert is left out."""
    text = TRIED.read_text(encoding="utf-8")
    if not promtool("--version").startswith("promtool, version 2."):
        for older, newer in IN_PROMETHEUS_3.items():
            text = text.replace(older, newer)
    shutil.copy(RULES, tmp_path)
    (tmp_path / TRIED.name).write_text(text, encoding="utf-8")
    assert "SUCCESS" in promtool("test", "rules", TRIED.name, folder=tmp_path)
    alerts = set(re.findall(r"- alert: (\w+)", RULES.read_text()))
    fired = set(re.findall(r"alertname: (\w+)\n\s+exp_alerts:\n", TRIED.read_text()))
    quiet = set(re.findall(r"alertname: (\w+), exp_alerts: \[\]", TRIED.read_text()))
    assert fired == quiet == alerts


def test_an_alert_has_a_word_for_every_cause() -> None:
    """And no other one."""
    written = dict(re.findall(r"if eq \$c (\d+)\.0 }}(\w+){{", RULES.read_text()))
    assert written == {str(cause.value): cause.word for cause in Cause if cause is not Cause.NONE}


def test_whisper_takes_the_retentions_that_are_recommended(tmp_path: Path) -> None:
    """Those in the comments of conf.d/write-graphite.conf; each archive must divide the next."""
    comments = (ROOT / "conf.d" / "write-graphite.conf").read_text(encoding="utf-8")
    schemas = tmp_path / "storage-schemas.conf"
    schemas.write_text("\n".join(re.findall(r"^#   (\[.*|pattern.*|retentions.*)$", comments, re.MULTILINE)))
    program = unpacked.command("graphite", "validate-storage-schemas")
    done = subprocess.run(
        ["/usr/bin/python3", str(program), str(schemas)],
        env=program.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.splitlines()[1:-1]) == (0, ["Section 'collectd_ntp':", "  OK"])
