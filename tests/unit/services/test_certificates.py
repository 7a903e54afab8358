"""Certificates and keys as people hand them over."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from trunkline.services.certificates import (
    UnusableCertificate,
    UnusableKey,
    check_pair,
    read_certificates,
)
from trunkline.simulator.certificates import Authority

AUTHORITY = Authority()
PAIR = AUTHORITY.issue("gateway.example", valid=timedelta(days=3))


def test_a_pair_and_its_end() -> None:
    made_after = datetime.now(UTC).replace(microsecond=0)
    pair = AUTHORITY.issue("gateway.example", valid=timedelta(days=3))
    expires_at = check_pair(pair.certificate, pair.key)
    assert made_after <= expires_at - timedelta(days=3) <= datetime.now(UTC)


def test_the_first_of_a_chain_is_the_one_that_counts() -> None:
    chain = PAIR.certificate + AUTHORITY.certificate
    assert len(read_certificates(chain)) == 2
    assert check_pair(chain, PAIR.key) == check_pair(PAIR.certificate, PAIR.key)
    with pytest.raises(UnusableKey):
        check_pair(AUTHORITY.certificate + PAIR.certificate, PAIR.key)


@pytest.mark.parametrize("pem", ["", "not PEM", PAIR.key, PAIR.certificate.replace("M", "N")])
def test_what_is_no_certificate(pem: str) -> None:
    with pytest.raises(UnusableCertificate, match="holds no certificates in PEM form"):
        check_pair(pem, PAIR.key)


@pytest.mark.parametrize("pem", ["", "not PEM", PAIR.certificate, PAIR.key.replace("M", "N")])
def test_what_is_no_key(pem: str) -> None:
    with pytest.raises(UnusableKey, match="holds no private key in PEM form"):
        check_pair(PAIR.certificate, pem)


def test_the_key_of_another_certificate() -> None:
    with pytest.raises(UnusableKey, match="is not the key of the certificate"):
        check_pair(PAIR.certificate, AUTHORITY.issue("gateway.example").key)


def test_an_encrypted_key() -> None:
    key = load_pem_private_key(PAIR.key.encode(), None)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")).decode()
    with pytest.raises(UnusableKey, match="is encrypted: store it without a password"):
        check_pair(PAIR.certificate, pem)
