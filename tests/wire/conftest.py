"""A certificate authority, and whoever believes it."""

from __future__ import annotations

import pytest
import trustme

from collectd_inode.trust.profile import TrustProfile


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusting(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> TrustProfile:
    """A profile that believes *ca*."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(path)
    return TrustProfile(str(path))
