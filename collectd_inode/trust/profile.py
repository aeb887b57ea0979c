"""TLS as one job wants it, made into an SSLContext once and kept.

A context of the system's CA store takes about 19 ms to build, so there is one a profile, not one a run.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MINIMUM_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
_PEM_MARK = b"CERTIFICATE-----"  # keys and revocation lists may lie in the same folder


class BadProfile(Exception):
    """A CA store, certificate or key that cannot be used; the message names the file."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Whom to believe (``ca_cert``: file or folder; None: the system's store), who we are, and the oldest TLS."""

    ca_cert: str | None = None
    verify: bool = True
    client_cert: str | None = None
    client_key: str | None = None
    minimum: str = "1.2"


@cache
def context(profile: Profile) -> ssl.SSLContext:
    """The SSLContext of *profile*; raises BadProfile."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Python 3.13 turns the strict flag on by itself: the same certificate must get the same verdict everywhere.
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not profile.verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    elif profile.ca_cert is None:
        made.load_default_certs()
    else:
        _load_store(made, Path(profile.ca_cert))
    if profile.client_cert is not None:
        _load_client(made, profile.client_cert, profile.client_key)
    if profile.minimum in ("1.0", "1.1"):
        made.set_ciphers("DEFAULT:@SECLEVEL=0")  # OpenSSL 3 refuses these versions above level 0
    made.minimum_version = MINIMUM_VERSIONS[profile.minimum]
    return made


def _load_store(made: ssl.SSLContext, store: Path) -> None:
    """Every certificate in a file, or in the files of a folder, whether c_rehash has been there or not."""
    try:
        files = sorted(p for p in store.iterdir() if p.is_file()) if store.is_dir() else [store]
        texts = {file: file.read_bytes() for file in files}
    except OSError as error:
        raise BadProfile(f"{error.filename or store}: {error.strerror}") from None
    if store.is_dir():
        texts = {file: text for file, text in texts.items() if _PEM_MARK in text}
    if not texts:
        raise BadProfile(f"{store}: no certificate in this folder")
    for file, text in texts.items():
        try:
            made.load_verify_locations(cadata=text.decode("ascii", "ignore"))
        except (ssl.SSLError, ValueError) as error:  # ValueError: nothing at all in it
            reason = error.reason if isinstance(error, ssl.SSLError) else None
            raise BadProfile(f"{file}: no PEM certificate in it{f' ({reason})' if reason else ''}") from None


def _load_client(made: ssl.SSLContext, certificate: str, key: str | None) -> None:
    def no_passphrase() -> str:
        raise BadProfile(f"{key or certificate}: the key is encrypted; a daemon cannot type its passphrase")

    try:
        made.load_cert_chain(certificate, key, password=no_passphrase)
    except OSError as error:  # SSLError is one
        reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
        raise BadProfile(f"{certificate}{f' with {key}' if key else ''}: {reason or error}") from None
