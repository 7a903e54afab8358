"""TLS to an SMSC: the context that a connector's settings ask for, and in words what went wrong."""

import ssl
from typing import Final

from trunkline.model.snapshot import ConnectorConfig
from trunkline.smpp.asyncio.contexts import client_context, server_context

# X509_V_ERR_*, as OpenSSL numbers them.
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_UNTRUSTED: Final = frozenset({2, 18, 19, 20, 21})
_ANOTHER_NAME: Final = frozenset({62, 64})

_NO_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL"})
_TOO_OLD: Final = frozenset({"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "VERSION_TOO_LOW"})
_OUR_CERTIFICATE: Final = frozenset(
    {
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "TLSV1_ALERT_UNKNOWN_CA",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
    }
)


def context_of(config: ConnectorConfig) -> ssl.SSLContext | None:
    """The context to connect with; None for a connector without TLS.

    Raises ValueError, ssl.SSLError among them, for certificates and keys that cannot be used.
    """
    if not config.tls:
        return None
    return client_context(
        verify=config.tls_verify, ca=config.tls_ca, certificate=config.tls_certificate, key=config.tls_key
    )


def outbind_context_of(config: ConnectorConfig) -> ssl.SSLContext | None:
    """The context to wait for outbinds with: a connector with TLS gives its password to nobody without.

    None for a connector without TLS. Raises as `context_of` does.
    """
    return server_context(config.tls_certificate, config.tls_key) if config.tls else None


def describe_tls_failure(error: Exception | None, config: ConnectorConfig) -> str:
    """What `error` means to whoever has to mend it; empty when it has nothing to do with TLS."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _describe_their_certificate(error, config)
    if isinstance(error, ssl.SSLError):
        return _describe_handshake(error.reason or str(error), config)
    if config.tls and isinstance(error, ConnectionResetError) and not error.errno:
        return f"{error}; perhaps port {config.port} is not for TLS"
    return ""


def _describe_their_certificate(error: ssl.SSLCertVerificationError, config: ConnectorConfig) -> str:
    whose = f"the certificate of {config.host}"
    if error.verify_code == _EXPIRED:
        return f"{whose} has expired: the SMSC must renew it, or switch tls_verify off"
    if error.verify_code == _NOT_YET_VALID:
        return f"{whose} is not valid yet: compare the clocks, or switch tls_verify off"
    if error.verify_code in _ANOTHER_NAME:
        name = config.tls_server_name or config.host
        return f"{whose} is not for {name}: set tls_server_name to a name it has, or switch tls_verify off"
    if error.verify_code in _UNTRUSTED:
        return (
            f"{whose} is not trusted ({error.verify_message}): give its authority in tls_ca, "
            "or switch tls_verify off"
        )
    return f"{whose} is not accepted: {error.verify_message}"


def _describe_handshake(reason: str, config: ConnectorConfig) -> str:
    if reason in _NO_TLS:
        return (
            f"port {config.port} of the SMSC does not speak TLS: give the port that does, or switch tls off"
        )
    if reason in _TOO_OLD:
        return "the SMSC speaks no TLS of version 1.2 or later"
    if reason in _OUR_CERTIFICATE and config.tls_certificate:
        return f"the SMSC does not accept the certificate in tls_certificate ({reason})"
    if reason in _OUR_CERTIFICATE:
        return "the SMSC wants a certificate of ours: give tls_certificate and tls_key"
    if reason == "SSLV3_ALERT_HANDSHAKE_FAILURE":
        return "the SMSC refuses the handshake: no cipher in common, or it wants a tls_certificate"
    if reason == "TLSV1_UNRECOGNIZED_NAME":
        return f"the SMSC does not know the name {config.tls_server_name or config.host}: set tls_server_name"
    return f"TLS failed: {reason}"
