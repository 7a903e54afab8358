"""The TLS port of the SMPP server: certificate and key from files, which are followed when they change."""

import asyncio
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from trunkline.servers.listening import CannotListen, addresses_of
from trunkline.services.certificates import (
    UnusableCertificate,
    UnusableKey,
    check_pair,
    read_certificates,
)
from trunkline.smpp.asyncio.contexts import server_context
from trunkline.smpp.asyncio.listener import Endpoint
from trunkline.smpp.asyncio.server import SmppServer

log = structlog.get_logger()

_DAY_S: Final = 86_400

_REASONS: Final = {
    "HTTP_REQUEST": "it speaks HTTP",
    "WRONG_VERSION_NUMBER": "it does not speak TLS: SMPP without TLS has a port of its own",
    "UNSUPPORTED_PROTOCOL": "it speaks no TLS of version 1.2 or later",
    "VERSION_TOO_LOW": "it speaks no TLS of version 1.2 or later",
    "NO_SHARED_CIPHER": "it has no cipher that we have",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "it presented no client certificate",
}
_REFUSES_OURS: Final = frozenset(
    {
        "TLSV1_ALERT_UNKNOWN_CA",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
    }
)


class TlsUnusable(Exception):
    """A file of the TLS port that cannot be used; the text names the setting, the file and the reason."""

    def __init__(self, setting: str, path: Path, why: str) -> None:
        super().__init__(f"{setting}: {path} {why}.")


@dataclass(slots=True, frozen=True)
class TlsFiles:
    """Where certificate and key are, and the authorities whose certificates clients must have, if any."""

    certificate: Path
    key: Path
    client_ca: Path | None

    def load(self) -> tuple[ssl.SSLContext, datetime]:
        """The context, and when the certificate expires. Raises `TlsUnusable`."""
        certificate = _text("smpp_tls_cert", self.certificate)
        key = _text("smpp_tls_key", self.key)
        client_ca = "" if self.client_ca is None else _text("smpp_tls_client_ca", self.client_ca)
        try:
            expires_at = check_pair(certificate, key)
            context = server_context(certificate, key)
        except UnusableKey as error:
            raise TlsUnusable("smpp_tls_key", self.key, str(error)) from None
        except (UnusableCertificate, ssl.SSLError) as error:
            raise TlsUnusable("smpp_tls_cert", self.certificate, str(error)) from None
        if self.client_ca is not None:
            try:
                read_certificates(client_ca)
            except UnusableCertificate as error:
                raise TlsUnusable("smpp_tls_client_ca", self.client_ca, str(error)) from None
            context = server_context(certificate, key, client_ca)
        return context, expires_at

    def state(self) -> tuple[tuple[int, ...], ...]:
        """What changes when a file does, or a link on the way to it."""
        return tuple(_state(path) for path in (self.certificate, self.key, self.client_ca) if path)


class TlsPort:
    """The door's second address. `expires_at` is the end of its certificate, None while it is closed."""

    LOOK_S = 2.0  # how often the files are looked at

    def __init__(self, server: SmppServer, host: str, port: int, files: TlsFiles) -> None:
        self._server = server
        self._host = host
        self._port = port
        self._files = files
        self._loaded: tuple[tuple[int, ...], ...] = ()
        self._endpoint: Endpoint | None = None
        self.expires_at: datetime | None = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._port if self._endpoint is None else self._endpoint.port

    @property
    def addresses(self) -> tuple[str, ...]:
        """What is listened on, host:port; nothing while it is closed."""
        return tuple(addresses_of(self._endpoint.sockets if self._endpoint is not None else ()))

    @property
    def days_left(self) -> float:
        """Days until the certificate expires, negative once it has; 0 while the port is closed."""
        if self.expires_at is None:
            return 0.0
        return (self.expires_at - datetime.now(UTC)).total_seconds() / _DAY_S

    async def open(self) -> None:
        """Starts to listen. Raises `TlsUnusable` and `CannotListen`."""
        self._loaded = self._files.state()
        context, self.expires_at = await asyncio.to_thread(self._files.load)
        try:
            self._endpoint = await self._server.listen(self._host, self._port, context)
        except OSError as error:
            raise CannotListen(self._host, self._port, "smpp_tls_port", error) from None
        self._warn_if_expired()

    async def follow(self) -> None:
        """Has new handshakes use new files soon after they change, until cancelled."""
        seen = self._loaded
        while True:
            await asyncio.sleep(self.LOOK_S)
            state = await asyncio.to_thread(self._files.state)
            # Certificate and key are two files: what still changes is left alone until it has settled.
            if state == seen != self._loaded:
                self._loaded = state
                await self._take_up()
            seen = state

    async def _take_up(self) -> None:
        try:
            await self.reload()
        except TlsUnusable as error:
            log.warning(
                "The new certificate of the SMPP server cannot be used; the old one stays.",
                action="smpp_tls.unusable",
                reason=str(error),
            )

    async def reload(self) -> None:
        """Uses the files as they are now. Raises `TlsUnusable`: the old ones stay."""
        context, expires_at = await asyncio.to_thread(self._files.load)
        if self._endpoint is not None:
            self._endpoint.ssl = context
        self.expires_at = expires_at
        log.info(
            "The SMPP server has a new certificate.",
            action="smpp_tls.reloaded",
            expires_at=expires_at.isoformat(),
        )
        self._warn_if_expired()

    def _warn_if_expired(self) -> None:
        if self.days_left < 0:
            log.warning(
                "The certificate of the SMPP server has expired: clients will refuse it.",
                action="smpp_tls.expired",
                certificate=str(self._files.certificate),
            )


def log_failed_handshake(peer: tuple[str, int], error: OSError) -> None:
    """Says who failed, and why in words."""
    log.warning(
        "A TLS handshake of an ESME failed.",
        action="esme.handshake_failed",
        peer=peer[0],
        reason=describe_failed_handshake(error),
    )


def describe_failed_handshake(error: OSError) -> str:
    """Why a client's handshake failed, in words; the client is "it"."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        reason = error.reason or str(error)
        if reason in _REFUSES_OURS:
            return f"it does not accept our certificate ({reason})"
        return _REASONS.get(reason, reason)
    if isinstance(error, TimeoutError):
        return str(error)
    return "it closed the connection; perhaps it does not accept our certificate"


def _text(setting: str, path: Path) -> str:
    try:
        return path.read_text("ascii")
    except OSError as error:
        raise TlsUnusable(setting, path, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TlsUnusable(setting, path, "is not in PEM form") from None


def _state(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_ino, found.st_size
