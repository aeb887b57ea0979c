"""A module for a real collectd: writes the configuration it is handed, as JSON, where the test wants it."""

import json
import os
from typing import Any

import collectd  # type: ignore[import-not-found]  # exists inside the daemon only


def _tree(node: Any) -> list[Any]:
    return [node.key, list(node.values), [_tree(child) for child in node.children]]


def _dump(config: Any) -> None:
    with open(os.environ["DUMP_CONFIG"], "a", encoding="utf-8") as file:
        json.dump(_tree(config), file)
        file.write("\n")


collectd.register_config(_dump)
