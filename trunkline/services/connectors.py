"""Connectors as people manage them: checked, stored, and followed live by the running gateway."""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from trunkline.gsm.alphabets import DEFAULT_ALPHABETS
from trunkline.gsm.segmentation import LongMessage
from trunkline.model.administration import Administration
from trunkline.model.errors import NotFound
from trunkline.model.snapshot import ConnectorConfig
from trunkline.model.status import ConnectorStatus
from trunkline.services import profiles
from trunkline.services.accounts import InvalidInput
from trunkline.services.certificates import UnusableCertificate, UnusableKey, check_pair, read_certificates
from trunkline.services.connector_presets import combine

_SERVER_NAME = re.compile(r"[!-~]{0,253}").fullmatch
_CONNECTOR_ID = re.compile(r"[A-Za-z0-9_.-]{1,100}").fullmatch
# A gateway writes its connectors' status every ten seconds at the least.
STATUS_MAX_AGE_MS = 30_000
_VERSIONS = ("3.3", "3.4", "5.0")
_FORMATS = ("auto", "hex", "decimal", "text")

DEFAULTS = ConnectorConfig(
    connector_id="",
    host="",
    port=2775,
    system_id="",
    password="",
    system_type="",
    tx_binds=0,
    rx_binds=0,
    trx_binds=1,
    window=10,
    throughput=0,
    enquire_link_s=30.0,
    response_timeout_s=30.0,
    reconnect_min_s=1.0,
    reconnect_max_s=60.0,
    source_ton=None,
    source_npi=None,
    dest_ton=None,
    dest_npi=None,
    default_alphabet="gsm7",
    long_message="udh8",
    message_id_format="auto",
    max_attempts=5,
    enabled=True,
)


@dataclass(slots=True, frozen=True)
class ConnectorRow:
    """A connector with its last known status and the length of its queue."""

    config: ConnectorConfig
    status: ConnectorStatus | None
    queued: int
    created_at: int
    updated_at: int


class Connectors:
    """SMPP client connectors."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def create(
        self, *, presets: Iterable[str] = (), profile_words: Iterable[str] = (), **fields: Any
    ) -> ConnectorConfig:
        """Creates a connector; fields not given are those of the presets, else of `DEFAULTS`.

        `profile_words` are ``key=value``, see `profiles.assign`; they come on top of the presets and of a
        given `profile`. Raises `InvalidInput`, `AlreadyExists`.
        """
        settings, words = combine(presets)
        config = _with_words(replace(DEFAULTS, **(settings | fields)), words)
        config = _with_words(config, profile_words)
        check(config)
        await self._administration.create_connector(config)
        return config

    async def change(
        self, connector_id: str, *, profile_words: Iterable[str] = (), **fields: Any
    ) -> ConnectorConfig:
        """Changes a connector; the running gateway unbinds and binds again with the new values.

        `profile_words` as for `create`; what they do not name stays. Raises `InvalidInput`, `NotFound`.
        """
        config = (await self._administration.find_connector(connector_id)).config
        changed = _with_words(replace(config, **fields), profile_words)
        check(changed)
        if changed != config:
            await self._administration.update_connector(changed)
        return changed

    async def set_enabled(self, connector_id: str, enabled: bool) -> None:
        """Starts or stops a connector; the running gateway follows within a second."""
        await self._administration.set_connector_enabled(connector_id, enabled)

    async def get(self, key: int | str) -> ConnectorRow:
        """One connector as `list` has it, by its number or its id. Raises `NotFound`."""
        for row in await self.list():
            if key in (row.config.number, row.config.connector_id):
                return row
        raise NotFound("connector", str(key))

    async def delete(self, connector_id: str) -> None:
        """Deletes a connector; routes may go on naming it. The running gateway unbinds at once.

        Raises `NotFound`, and `InUse` while messages wait in its queue or are under way.
        """
        await self._administration.delete_connector(connector_id)

    async def list(self) -> list[ConnectorRow]:
        """All connectors with live status and queue; a status that is too old counts as none."""
        oldest = time.time_ns() // 1_000_000 - STATUS_MAX_AGE_MS
        statuses = {
            connector_id: status
            for connector_id, status in (await self._administration.connector_statuses()).items()
            if status.as_of >= oldest
        }
        depths = await self._administration.queue_depths()
        return [
            ConnectorRow(
                stored.config,
                statuses.get(stored.config.connector_id),
                depths.get(stored.config.connector_id, 0),
                stored.created_at,
                stored.updated_at,
            )
            for stored in await self._administration.list_connectors()
        ]


def _with_words(config: ConnectorConfig, words: Iterable[str]) -> ConnectorConfig:
    return replace(config, profile=profiles.assign(config.profile, words))


def check(config: ConnectorConfig) -> None:
    """Raises `InvalidInput` for the first field that breaks a rule."""
    if not _CONNECTOR_ID(config.connector_id):
        raise InvalidInput("connector_id", "1 to 100 letters, digits or any of _ . -")
    if not 1 <= len(config.host) <= 253 or not config.host.isprintable() or " " in config.host:
        raise InvalidInput("host", "a host name or address")
    if not 1 <= config.port <= 65535:
        raise InvalidInput("port", "1 to 65535")
    # One character more than SMPP 3.4 has room for, as in text 001: some SMSCs hand such names out.
    for name, longest in (("system_id", 16), ("password", 9), ("system_type", 13)):
        value = getattr(config, name)
        if len(value) > longest or not (value.isascii() and value.isprintable()):
            raise InvalidInput(name, f"at most {longest} printable ASCII characters")
    for name in ("tx_binds", "rx_binds", "trx_binds"):
        if not 0 <= getattr(config, name) <= 10:
            raise InvalidInput(name, "0 to 10")
    if not (config.tx_binds + config.rx_binds + config.trx_binds or config.profile.outbind_port):
        raise InvalidInput("trx_binds", "at least one bind of any kind is needed")
    if not 1 <= config.window <= 1000:
        raise InvalidInput("window", "1 to 1000 unanswered submit_sm per bind")
    if config.throughput < 0:
        raise InvalidInput("throughput", "submit_sm per second, 0 for no limit")
    if not (config.enquire_link_s == 0 or 1 <= config.enquire_link_s <= 3600):
        raise InvalidInput("enquire_link_s", "1 to 3600 seconds, 0 to send none")
    for name, low, high in (
        ("response_timeout_s", 1, 600),
        ("reconnect_min_s", 0.1, 3600),
        ("reconnect_max_s", 0.1, 3600),
    ):
        if not low <= getattr(config, name) <= high:
            raise InvalidInput(name, f"{low} to {high} seconds")
    if config.reconnect_max_s < config.reconnect_min_s:
        raise InvalidInput("reconnect_max_s", "must not be less than reconnect_min_s")
    if not 1 <= config.max_attempts <= 100:
        raise InvalidInput("max_attempts", "1 to 100")
    _check_choices(config)
    if config.smpp_version == "3.3" and config.long_message in {"sar", "payload"}:
        raise InvalidInput("long_message", "SMPP 3.3 has no TLVs: udh8 or udh16")
    profiles.check(config.profile)
    _check_tls(config)


def _check_choices(config: ConnectorConfig) -> None:
    for name, highest in (("source_ton", 6), ("dest_ton", 6), ("source_npi", 18), ("dest_npi", 18)):
        value = getattr(config, name)
        if value is not None and not 0 <= value <= highest:
            raise InvalidInput(name, f"0 to {highest}, or none for automatic")
    for name, choices in (
        ("default_alphabet", tuple(DEFAULT_ALPHABETS)),
        ("long_message", tuple(each.value for each in LongMessage)),
        ("message_id_format", _FORMATS),
        ("smpp_version", _VERSIONS),
    ):
        if getattr(config, name) not in choices:
            raise InvalidInput(name, f"must be one of {', '.join(choices)}")


def _check_tls(config: ConnectorConfig) -> None:
    if not _SERVER_NAME(config.tls_server_name):
        raise InvalidInput("tls_server_name", "a host name or address, or empty for the host's")
    try:
        if config.tls_ca:
            read_certificates(config.tls_ca)
    except UnusableCertificate as error:
        raise InvalidInput("tls_ca", str(error)) from None
    if not config.tls_certificate:
        if config.tls and config.profile.outbind_port:
            raise InvalidInput("tls_certificate", "is missing: with tls, outbind is listened for over TLS")
        if config.tls_key:
            raise InvalidInput("tls_certificate", "is missing: there is a tls_key")
        return
    if not config.tls_key:
        raise InvalidInput("tls_key", "is missing: there is a tls_certificate")
    try:
        check_pair(config.tls_certificate, config.tls_key)
    except UnusableCertificate as error:
        raise InvalidInput("tls_certificate", str(error)) from None
    except UnusableKey as error:
        raise InvalidInput("tls_key", str(error)) from None
