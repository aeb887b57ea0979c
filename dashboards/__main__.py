"""``python3 -m dashboards``, from the checkout: writes the dashboards that are shipped anew."""

from __future__ import annotations

from pathlib import Path

from collectd_inode.report.grafana import SOURCES, generic, text

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Write ``grafana-graphite.json`` and ``grafana-prometheus.json``."""
    for source in SOURCES:
        (HERE / f"grafana-{source}.json").write_text(text(generic(source)), encoding="utf-8")


if __name__ == "__main__":
    main()
