"""Certificates made on the spot: what they say, and that the ssl module takes them."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from trunkline.simulator.certificates import Authority


def test_a_pair_serves_and_is_trusted(tmp_path: Path):
    authority = Authority()
    certificate, key = authority.issue("gateway.example", "127.0.0.1").write(tmp_path)
    assert key.stat().st_mode & 0o077 == 0
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    for name in ("gateway.example", "127.0.0.1"):
        assert _handshake(server, authority.client_context(), name)


def test_names_and_validity():
    pair = Authority().issue("one.example", "::1", valid=timedelta(days=-1))
    certificate = x509.load_pem_x509_certificate(pair.certificate.encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["one.example"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["::1"]
    assert certificate.not_valid_after_utc < datetime.now(UTC)


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> bool:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for end in (*ends, *ends):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return all(end.version() for end in ends)
