"""The TLS settings of one job, made into an SSLContext once and kept until one of its files changes.

A context of the system's CA store takes about 19 ms to build, so there is one a profile, not one a run; and it is built
before the first handshake, not while collectd waits for us to start.
"""

from __future__ import annotations

import glob
import os
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from weakref import WeakSet

from collectd_inode.trust import store
from collectd_inode.trust.openssl import contained

MINIMUM_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


_MODERN_CIPHERS = "@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM"
"""CPython's own list, which Debian's build leaves to OpenSSL: the verdict must not depend on the build."""


class BadProfile(Exception):
    """A CA store, certificate or key that cannot be used; the message names the file, ``path`` is as configured."""

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True, slots=True)
class TrustProfile:
    """The trusted CAs (``ca_cert``: file or folder; None: the system's store), our certificate, and the oldest TLS."""

    ca_cert: str | None = None
    verify: bool = True
    client_cert: str | None = None
    client_key: str | None = None
    minimum: str = "1.2"
    modern_ciphers: bool = False
    """No CBC with SHA-1, which browsers and Debian's OpenSSL still accept and other builds do not."""
    system_too: bool = False
    """Whether the system's store is trusted beside ``ca_cert``."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The files behind it, a folder's as a glob: the files to watch."""
        named = [path for path in (self.ca_cert, self.client_cert, self.client_key) if path is not None]
        folder = self.ca_cert is not None and os.path.isdir(self.ca_cert)
        return (*named, *([os.path.join(glob.escape(self.ca_cert or ""), "*")] if folder else []))


class TrustContext(ssl.SSLContext):
    """A context that reads the system's CA store, where it is to, before its first handshake."""

    system_is_due = False

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        """A TLS connection over two buffers."""
        self.load_system()
        return super().wrap_bio(*args, **options)

    def load_system(self) -> None:
        """Read the system's CA store now, unless it has been read or is not wanted."""
        with _READING:
            if self.system_is_due:
                with contained():
                    self.load_default_certs()
                self.system_is_due = False


_READING = threading.Lock()


def read_system_stores() -> None:
    """Read the system's CA store for the contexts that there are."""
    for made in list(_WITH_SYSTEM):
        made.load_system()


_WITH_SYSTEM: WeakSet[TrustContext] = WeakSet()
"""Contexts that read it."""


def context(profile: TrustProfile) -> TrustContext:
    """The SSLContext of *profile*, the same one until a CA, certificate or key file changes; raises BadProfile."""
    stamps = tuple(_stamps(profile))
    with contained():
        return _made(profile, stamps)


_Stamp = tuple[int, int, int] | None


def _stamps(profile: TrustProfile) -> Iterator[_Stamp]:
    """The stamps by which a changed file is noticed; of the system's store its bundle and its folder, not the files in
    there.
    """
    yield from map(_stamp, (profile.client_cert, profile.client_key))
    if profile.ca_cert is None:
        system = ssl.get_default_verify_paths()
        yield from map(_stamp, (system.cafile, system.capath))
        return
    yield _stamp(profile.ca_cert)
    with suppress(OSError):  # a file, or nothing
        yield from (_stamp(entry.path) for entry in sorted(os.scandir(profile.ca_cert), key=lambda entry: entry.name))


def _stamp(path: str | None) -> _Stamp:
    with suppress(OSError):
        if path is not None:
            file = os.stat(path)
            return file.st_ctime_ns, file.st_size, file.st_ino
    return None


@lru_cache(maxsize=128)
def _made(profile: TrustProfile, stamps: tuple[_Stamp, ...]) -> TrustContext:
    made = TrustContext(ssl.PROTOCOL_TLS_CLIENT)
    # Python 3.13 turns the strict flag on by itself: the same certificate must get the same verdict everywhere.
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    made.hostname_checks_common_name = False  # RFC 9525 section 2: a common name is no host name
    if not profile.verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    else:
        made.system_is_due = profile.ca_cert is None or profile.system_too
        if profile.ca_cert is not None:
            _load_store(made, profile.ca_cert)
    if profile.client_cert is not None:
        _load_client(made, profile.client_cert, profile.client_key)
    if profile.minimum in ("1.0", "1.1"):
        made.set_ciphers("DEFAULT:@SECLEVEL=0")  # OpenSSL 3 refuses these versions above level 0
    elif profile.modern_ciphers:
        made.set_ciphers(_MODERN_CIPHERS)
    made.minimum_version = MINIMUM_VERSIONS[profile.minimum]
    if made.system_is_due:
        _WITH_SYSTEM.add(made)
    return made


def _load_store(made: ssl.SSLContext, path: str) -> None:
    found = store.read(path)
    if (fatal := found.fatal) is not None:
        raise BadProfile(str(fatal), path)
    made.load_verify_locations(cadata=b"".join(anchor.der for anchor in found.anchors))


_REASONS = {"KEY_VALUES_MISMATCH": "the key is another certificate's"}


def _load_client(made: ssl.SSLContext, certificate: str, key: str | None) -> None:
    def no_passphrase() -> str:
        held = key or certificate
        raise BadProfile(f"{held}: the key is encrypted; a daemon cannot type its passphrase", held)

    try:
        made.load_cert_chain(certificate, key, password=no_passphrase)
    except ssl.SSLError as error:
        # OpenSSL gives no reason where it finds nothing of the kind at all.
        expected = "expected a certificate and its key, in PEM (-----BEGIN …)"
        reason = _REASONS.get(error.reason, error.reason) if error.reason else expected
        raise BadProfile(f"{certificate}{f' with {key}' if key else ''}: {reason}", certificate) from None
    except OSError as error:
        raise BadProfile(f"{certificate}{f' with {key}' if key else ''}: {error.strerror}", certificate) from None
