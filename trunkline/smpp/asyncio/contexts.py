"""Contexts for TLS, for both ends, from certificates and keys as PEM text.

TLS 1.2 and later, with the ciphers that the ssl module takes by default: forward secrecy and nothing broken.
"""

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


def server_context(certificate: str, key: str, client_ca: str = "") -> ssl.SSLContext:
    """A context for servers; with `client_ca`, clients must have a certificate that these authorities issued.

    `certificate` is the server's, followed by those between it and its authority. Raises ssl.SSLError for
    texts that are no PEM and for a key of another certificate, ValueError for an encrypted key.
    """
    context = _sound(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    _load_pair(context, certificate, key)
    if client_ca:
        context.load_verify_locations(cadata=client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(
    *, verify: bool = True, ca: str = "", certificate: str = "", key: str = ""
) -> ssl.SSLContext:
    """A context for clients, which checks the server's certificate and its name unless `verify` is false.

    `ca` are the authorities to trust, the system's when empty; `certificate` and `key` are the client's own.
    Raises as `server_context` does.
    """
    if verify and not ca and not certificate:
        return _system_context()
    context = _sound(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif ca:
        context.load_verify_locations(cadata=ca)
    else:
        context.load_default_certs()
    if certificate:
        _load_pair(context, certificate, key)
    return context


@cache
def _system_context() -> ssl.SSLContext:
    """One for all: the system's authorities take a megabyte, and a while to read."""
    context = _sound(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    context.load_default_certs()
    return context


def _sound(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A connection that waits for the peer in the middle of a write: TLS 1.3 has done away with it.
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


def _load_pair(context: ssl.SSLContext, certificate: str, key: str) -> None:
    with _as_file(certificate) as certificate_file, _as_file(key) as key_file:
        context.load_cert_chain(certificate_file, key_file, password=_no_password)


@contextmanager
def _as_file(pem: str) -> Iterator[str]:
    """The path of a file that holds `pem` for a while: the ssl module reads nothing else.

    In memory where the system has such files (Linux): keys have no business on the disk.
    """
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("pem"), "w") as file:
            file.write(pem)
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
    else:
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(pem)
            file.flush()
            yield file.name


def _no_password() -> str:
    # Without this the ssl module asks for one, on the terminal.
    raise ValueError("the key is encrypted")
