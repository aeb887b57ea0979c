"""A really sending Postfix agrees with what the audit says of each configuration in postfixes.py."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme

from tests.helpers.exim import NAME, Exim, smarthost
from tests.helpers.postfix import sent
from tests.helpers.postfixes import LEAVES, Leaf

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def smarthosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Exim, Exim, Exim]]:
    """A good one, one without TLS, and one with a certificate of nobody's."""
    folder = tmp_path_factory.mktemp("smarthosts")
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
def test_postfix_agrees(case: Leaf, smarthosts: tuple[Exim, Exim, Exim], tmp_path: Path) -> None:
    """It sends to the good one unless mail waits, and to the others where that is not enforced."""
    expected = (case.mails, case.mails and not case.tls, case.mails and not case.verifies)
    found = []
    for number, at in enumerate(smarthosts):
        folder = tmp_path / str(number)
        folder.mkdir()

        def fill(text: str, at: Exim = at, folder: Path = folder) -> str:
            text = text.replace("SMARTHOST", f"[{NAME}]:{at.port}").replace("= CA\n", f"= {smarthosts[0].ca}\n")
            return text.replace("FOLDER", str(folder))

        tables = {name: fill(text) for name, text in case.tables.items()}
        tables["sasl_passwd"] = f"[{NAME}]:{at.port} leaf:s3cret\n"
        log = sent(folder, fill(case.text), smtp=fill(case.master), tables=tables)
        found.append("status=sent" in log)
    assert tuple(found) == expected, log
