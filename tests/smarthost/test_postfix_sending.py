"""A really sending Postfix agrees with what the audit says of each configuration in postfixes.py."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import trustme

from tests.helpers.collectd_process import open_folder
from tests.helpers.exim import NAME, Exim, smarthost
from tests.helpers.postfix import sent
from tests.helpers.postfixes import LEAVES, Leaf

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Postfix's own user looks into it: pytest's folders are private, and closed again by whoever runs it next."""
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def smarthosts(place: Path) -> Iterator[tuple[Exim, Exim, Exim]]:
    """A good one, one without TLS, and one with a certificate of nobody's."""
    folder = place / "smarthosts"
    folder.mkdir()
    pem, ca = folder / "bad.pem", folder / "ca.pem"
    trustme.CA().issue_cert(NAME).private_key_and_cert_chain_pem.write_to_path(str(pem))
    trustme.CA().cert_pem.write_to_path(str(ca))
    with ExitStack() as stack:
        yield (
            stack.enter_context(smarthost(folder / "good", password="s3cret", relays=True)),
            stack.enter_context(smarthost(folder / "in clear", password="s3cret", relays=True, in_clear=True)),
            stack.enter_context(
                smarthost(folder / "unknown", password="s3cret", relays=True, certificate=str(pem), ca=str(ca))
            ),
        )


@pytest.mark.parametrize("case", LEAVES, ids=[case.name for case in LEAVES])
def test_postfix_agrees(case: Leaf, smarthosts: tuple[Exim, Exim, Exim], place: Path) -> None:
    """It sends to the good one unless mail waits, and to the others where that is not enforced."""
    expected = (case.mails, case.mails and not case.tls, case.mails and not case.verifies)
    folders = [place / str(LEAVES.index(case)) / str(number) for number in range(len(smarthosts))]
    with ThreadPoolExecutor() as beside:
        logs = list(beside.map(partial(sent_to, case, smarthosts[0].ca), smarthosts, folders))
    assert tuple("status=sent" in log for log in logs) == expected, "\n".join(logs)


def sent_to(case: Leaf, ca: str, at: Exim, folder: Path) -> str:
    """What the log of a leaf in *folder* has of its attempt to send to this smarthost."""
    folder.mkdir(parents=True)

    def fill(text: str) -> str:
        text = text.replace("SMARTHOST", f"[{NAME}]:{at.port}").replace("CAPITALS", f"[{NAME.upper()}]:{at.port}")
        return text.replace("= CA\n", f"= {ca}\n").replace("FOLDER", str(folder))

    tables = {name: fill(text) for name, text in case.tables.items()}
    tables["sasl_passwd"] = f"[{NAME}]:{at.port} leaf:s3cret\n"
    return sent(folder, fill(case.text), smtp=fill(case.master), tables=tables)
