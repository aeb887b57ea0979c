"""``sh scripts/demo [SECONDS]``: small servers, a real collectd, values and alarms as they arrive, tables, a page."""

from __future__ import annotations

import sys

from demo.signals import Stopped, listen


def main() -> int:
    """Run the demonstration until it ends or is stopped; the exit status."""
    listen()
    try:
        from demo import show  # noqa: PLC0415  # this takes a second, in which Ctrl-C counts too

        return show.main()
    except Stopped as stopped:
        print("stopped; nothing is left running", file=sys.stderr)
        return 128 + stopped.number


if __name__ == "__main__":
    sys.exit(main())
