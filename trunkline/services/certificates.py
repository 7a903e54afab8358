"""Certificates and keys as people hand them over: whether a gateway can use them, and until when."""

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key


class UnusableCertificate(ValueError):
    """A certificate or a list of authorities that cannot be used; the text says why, without a subject."""


class UnusableKey(ValueError):
    """A private key that cannot be used; the text says why, without a subject."""


def read_certificates(pem: str) -> list[x509.Certificate]:
    """The certificates of a PEM text, one at least. Raises `UnusableCertificate`."""
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise UnusableCertificate("holds no certificates in PEM form") from None


def check_pair(certificate: str, key: str) -> datetime:
    """When a certificate expires, once it is sure that the key is its own; both are PEM texts.

    Raises `UnusableCertificate` and `UnusableKey`.
    """
    first = read_certificates(certificate)[0]
    if _read_key(key).public_key() != first.public_key():
        raise UnusableKey("is not the key of the certificate")
    return first.not_valid_after_utc


def describe(pem: str) -> str:
    """Whose certificates a PEM text holds, and until when, in one line. Raises `UnusableCertificate`."""
    return "; ".join(
        f"{each.subject.rfc4514_string()} until {each.not_valid_after_utc:%Y-%m-%d}"
        for each in read_certificates(pem)
    )


def _read_key(pem: str) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(pem.encode(), None)
    except TypeError:
        raise UnusableKey("is encrypted: store it without a password") from None
    except ValueError:
        raise UnusableKey("holds no private key in PEM form") from None
