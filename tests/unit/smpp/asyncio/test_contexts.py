"""TLS contexts from PEM text: what they demand, and what they cannot be made from."""

import os
import ssl
import sys
from pathlib import Path

import pytest

from trunkline.simulator.certificates import Authority
from trunkline.smpp.asyncio import contexts
from trunkline.smpp.asyncio.contexts import client_context, server_context

AUTHORITY = Authority()
PAIR = AUTHORITY.issue("localhost")
OTHER = AUTHORITY.issue("esme")
STRANGER = Authority("somebody else")


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str = "localhost") -> str | None:
    """Go through a handshake in memory and exchange an octet; return the version. Raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for end in (ours, theirs, ours, theirs):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    ours.write(b"x")
    assert theirs.read(1) == b"x"
    return ours.version()


def test_the_authority_decides() -> None:
    server = server_context(PAIR.certificate, PAIR.key)
    assert shake_hands(client_context(ca=AUTHORITY.certificate), server) == "TLSv1.3"
    for untrusting in (client_context(), client_context(ca=STRANGER.certificate)):
        with pytest.raises(ssl.SSLCertVerificationError):
            shake_hands(untrusting, server)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(client_context(ca=AUTHORITY.certificate), server, "other.example")


def test_a_client_that_checks_nothing() -> None:
    server = server_context(PAIR.certificate, PAIR.key)
    assert shake_hands(client_context(verify=False), server, "other.example")
    assert shake_hands(client_context(verify=False, ca=STRANGER.certificate), server)


def test_client_certificates() -> None:
    server = server_context(PAIR.certificate, PAIR.key, AUTHORITY.certificate)
    known = client_context(ca=AUTHORITY.certificate, certificate=OTHER.certificate, key=OTHER.key)
    assert shake_hands(known, server)
    with pytest.raises(ssl.SSLError, match="did not return a certificate"):
        shake_hands(client_context(ca=AUTHORITY.certificate), server)
    unknown = STRANGER.issue("esme")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(
            client_context(ca=AUTHORITY.certificate, certificate=unknown.certificate, key=unknown.key), server
        )


def test_nothing_older_than_tls_1_2() -> None:
    for context in (
        server_context(PAIR.certificate, PAIR.key),
        client_context(),
        client_context(verify=False),
        client_context(certificate=OTHER.certificate, key=OTHER.key),
    ):
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2
        assert context.options & ssl.OP_NO_RENEGOTIATION
    old = client_context(ca=AUTHORITY.certificate)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert shake_hands(old, server_context(PAIR.certificate, PAIR.key)) == "TLSv1.2"


def test_the_system_s_authorities_are_read_once() -> None:
    assert client_context() is client_context()
    assert client_context(verify=False) is not client_context(verify=False)


def test_what_no_context_can_be_made_from() -> None:
    with pytest.raises(ssl.SSLError, match="KEY_VALUES_MISMATCH"):
        server_context(PAIR.certificate, OTHER.key)
    for certificate, key in (("", PAIR.key), (PAIR.certificate, "nonsense")):
        with pytest.raises(ssl.SSLError):
            server_context(certificate, key)


def test_nobody_is_asked_for_a_password(tmp_path: Path) -> None:
    """Not on the terminal, that is: a gateway has none."""
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(PAIR.key.encode(), None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    with pytest.raises(ValueError, match="the key is encrypted"):
        server_context(PAIR.certificate, key.decode())


def test_without_files_in_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr(contexts.tempfile, "tempdir", str(tmp_path))
    assert shake_hands(client_context(verify=False), server_context(PAIR.certificate, PAIR.key))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="memory files: Linux only")
def test_keys_do_not_touch_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contexts.tempfile, "NamedTemporaryFile", None)
    server_context(PAIR.certificate, PAIR.key)
