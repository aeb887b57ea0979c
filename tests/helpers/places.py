"""Where things are in the checkout that is tested."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
"""One folder a story: a feature and what every report makes of it."""
FEATURES = ROOT / "tests" / "features"
