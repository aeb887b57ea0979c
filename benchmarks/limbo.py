"""Whether ``bool-as_leaf`` says of x509-limbo's chains what a really sending Exim does.

A chain can be run if it is a server's, has the server's key, is for a name or 127.0.0.1, and Python's server can show
it.  Both see it over TLS, today: what limbo says of another time is not asked.
"""

from __future__ import annotations

import argparse
import json
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.tools import situation
from tests.helpers.certificates import Files, Kind
from tests.helpers.exim import NAME, leaf
from tests.helpers.leaves import Leaf
from tests.helpers.smtp_faults import serving
from tests.helpers.watching import watched

STRICT = Leaf("strict").text
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Decision:
    """What Exim did with a chain, and what we say that it does."""

    chain: str
    sends: bool
    as_leaf: bool

    @property
    def agree(self) -> bool:
        return self.sends is self.as_leaf


def decisions(chains: list[Mapping[str, Any]]) -> Iterator[Decision]:
    """Of each chain that can be run."""
    for chain in chains:
        with tempfile.TemporaryDirectory(prefix="limbo-") as folder:
            try:
                yield decision(chain, Path(folder))
            except ssl.SSLError:
                continue  # OpenSSL does not load it


def decision(chain: Mapping[str, Any], folder: Path) -> Decision:
    """Of one: ``AUTH`` comes only after a certificate that is accepted."""
    host = chain["expected_peer_name"]["value"]
    files = Files(Kind.GOOD, folder / "server.pem", folder / "ca.pem", (), None)  # type: ignore[arg-type]
    shown = [chain["peer_certificate"], *chain["untrusted_intermediates"], chain["peer_certificate_key"]]
    files.server.write_text("\n".join(shown))
    files.ca.write_text("\n".join(chain["trusted_certs"]))
    with serving("nothing", folder, shown=files) as server:
        text = STRICT.replace("SMARTHOST", host).replace("PORT", str(server.port)).replace("= CA\n", f"= {files.ca}\n")
        sender = leaf(folder, text)
        hosts = sender.folder / "hosts"
        hosts.write_text(f"{LOOPBACK} {host}\n" if host != LOOPBACK else f"{LOOPBACK} {NAME}\n")
        sender.send("root@example.org", "someone@example.net", "Subject: x\n\nx\n")
    run = watched("nothing", folder, shown=files, server_name=host)
    return Decision(chain["id"], "AUTH" in server.said, run.readings.get("bool-as_leaf") == 1)


def can_be_run(chain: Mapping[str, Any]) -> bool:
    """Whether it is a server's with a key, for a name or for the address that we have."""
    name = chain["expected_peer_name"]
    known = chain["validation_kind"] == "SERVER" and chain["peer_certificate_key"] and name is not None
    return bool(known and (name["kind"] == "DNS" or name["value"] == LOOPBACK))


def main() -> None:
    """Print the chains on which we disagree, and how many agree."""
    arguments = argparse.ArgumentParser(prog="benchmarks/limbo")
    arguments.add_argument("limbo", type=Path, metavar="LIMBO.json")
    arguments.add_argument("--only", default="", metavar="TEXT", help="chains with this in their name")
    asked = arguments.parse_args()
    chains = [one for one in json.loads(asked.limbo.read_text())["testcases"] if asked.only in one["id"]]
    run = [*decisions([*filter(can_be_run, chains)])]
    print(situation())
    for one in run:
        if not one.agree:
            print(f"{one.chain}: Exim {'sends' if one.sends else 'refuses'}, as_leaf {one.as_leaf:d}")
    print(f"{sum(one.agree for one in run)} of {len(run)} chains agree; {sum(one.sends for one in run)} are sent to")


if __name__ == "__main__":
    main()
