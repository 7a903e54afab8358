"""`/api/gateways` (text 001, "Manage SMSC"): the connectors, as the dedicated server's API shows them."""

from dataclasses import replace
from typing import Annotated, Any, Final

import msgspec
import structlog
from fastapi import APIRouter, Request, Response
from msgspec import Meta, Struct

from trunkline.gsm.alphabets import PACKED
from trunkline.model.identity import Actor, Permission
from trunkline.model.snapshot import ConnectorConfig
from trunkline.model.status import BindStatus, ConnectorStatus
from trunkline.servers.http.answers import json_answer
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.errors import invalid
from trunkline.servers.http.management import (
    NAMES,
    Connections,
    done,
    given,
    key_of,
    read_request,
    refusals,
    require,
    shares,
)
from trunkline.servers.http.needs import Management
from trunkline.services.connectors import DEFAULTS, ConnectorRow

log = structlog.get_logger()

_PATH: Final = "/api/gateways"
_GSM: Final = ("gsm7", PACKED)
_EIGHT_BIT: Final = "latin1"
_TRANSMITTERS: Final = ("TX", "TRX")

Id = Annotated[int, Meta(ge=1, le=2**31 - 1, description="PUT: which one; else smsc_id says it.")]
SmscId = Annotated[str, Meta(min_length=1, max_length=100, description="A unique name; it stays.")]
Host = Annotated[str, Meta(min_length=1, max_length=100, description="IP address or domain of the SMSC.")]
Port = Annotated[int, Meta(ge=1, le=65535, description="Its port.")]
Username = Annotated[str, Meta(max_length=16, description="Who we are to it.")]
Password = Annotated[str, Meta(max_length=9, description="Optional; it is never shown.")]
SystemType = Annotated[str, Meta(max_length=13, description="Optional.")]
EnquireInterval = Annotated[
    int, Meta(ge=1, le=120, description="Seconds of silence after which an enquire_link is sent; 30 is good.")
]
Autodetect = Annotated[bool, Meta(description="Tell TON and NPI by the address itself.")]
Ton = Annotated[int, Meta(ge=0, le=6, description="Optional: the TON where it is not told by the address.")]
Npi = Annotated[int, Meta(ge=0, le=18, description="Optional: the NPI where it is not told by the address.")]
Binds = Annotated[int, Meta(ge=0, le=10, description="How many binds of this kind.")]
Window = Annotated[int, Meta(ge=1, le=1000, description="Optional: unanswered submit_sm per bind, else 1.")]
SmppVersion = Annotated[str, Meta(max_length=3, description="3.3, 3.4 (3,4 is understood) or 5.0.")]
IsGsm7 = Annotated[
    bool, Meta(description="Its default alphabet is GSM 7 bit; if not, Latin-1 with 140 characters a part.")
]


class GatewayRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """An SMSC. POST needs every field that is not called optional; with PUT, what is missing stays.

    What GET shows besides may stand there and is left alone, so that its objects can be put back.
    """

    id: Id | None = None
    smsc_id: SmscId | None = None
    host: Host | None = None
    port: Port | None = None
    username: Username | None = None
    password: Password | None = None
    system_type: SystemType | None = None
    enq_interval: EnquireInterval | None = None
    src_autodetect: Autodetect | None = None
    source_ton: Ton | None = None
    source_npi: Npi | None = None
    dst_autodetect: Autodetect | None = None
    dest_ton: Ton | None = None
    dest_npi: Npi | None = None
    tx_binds: Binds | None = None
    rx_binds: Binds | None = None
    trx_binds: Binds | None = None
    window_size: Window | None = None
    smpp_version: SmppVersion | None = None
    is_gsm7: IsGsm7 | None = None
    is_secure: Annotated[bool, Meta(description="Connect with TLS.")] | None = None
    enabled: Annotated[bool, Meta(description="Whether it is to be bound to.")] | None = None
    updated: Any = None
    created: Any = None
    queue_count: Any = None


_decoder = msgspec.json.Decoder(GatewayRequest)

REQUIRED: Final = (
    "smsc_id", "host", "port", "username", "enq_interval", "src_autodetect", "dst_autodetect", "tx_binds",
    "rx_binds", "trx_binds", "smpp_version", "is_gsm7", "is_secure", "enabled",
)  # fmt: skip

# The dedicated server's window where none is given, and it logs the PDUs of all.
_LIKE_THE_DEDICATED_SERVER: Final[dict[str, Any]] = {"window": 1, "pdu_log": True}

# The fields that differ in their name only.
_OURS: Final = {
    "host": "host",
    "port": "port",
    "username": "system_id",
    "password": "password",
    "system_type": "system_type",
    "enq_interval": "enquire_link_s",
    "tx_binds": "tx_binds",
    "rx_binds": "rx_binds",
    "trx_binds": "trx_binds",
    "window_size": "window",
    "smpp_version": "smpp_version",
    "is_secure": "tls",
    "enabled": "enabled",
}
_THEIRS: Final = {ours: theirs for theirs, ours in _OURS.items()} | {
    "connector_id": "smsc_id",
    "default_alphabet": "is_gsm7",
}


class GatewayView(Struct):
    """An SMSC as GET shows it."""

    id: int
    smsc_id: str
    host: str
    port: int
    username: str
    system_type: str
    enq_interval: int
    src_autodetect: bool
    source_ton: int
    source_npi: int
    dst_autodetect: bool
    dest_ton: int
    dest_npi: int
    tx_binds: int
    rx_binds: int
    trx_binds: int
    window_size: int
    smpp_version: str
    is_gsm7: bool
    is_secure: bool
    enabled: bool
    updated: int
    created: int
    queue_count: int


class GatewayConnection(Struct, rename=NAMES):
    """A bind to an SMSC, up or on its way. `queueCount` is its share of what waits for its gateway."""

    gateway_id: int
    bind_type: str
    status: str
    connection_id: str
    local: str
    remote: str
    in_flight: int
    queued: int
    connected: int


class GatewayList(Struct):
    """All SMSCs with their connections."""

    gateways: list[GatewayView]
    connections: Connections[GatewayConnection]


def gateway_routes(management: Management, authenticator: Authenticator) -> APIRouter:
    """The router of these routes."""
    router = APIRouter()
    connectors = management.connectors

    @router.get(_PATH)
    async def listed(request: Request) -> Response:
        actor = authenticator.require_actor(request)
        live = {status.connector_id: status for status in management.live.connectors()}
        with refusals():
            rows = await connectors.list(actor)
        return json_answer(_list(rows, live))

    @router.post(_PATH)
    async def created(request: Request) -> Response:
        actor = _operator(request)
        wanted = await read_request(request, _decoder)
        require(wanted, REQUIRED)
        fields = _LIKE_THE_DEDICATED_SERVER | _changes(wanted, DEFAULTS)
        with refusals(_THEIRS):
            await connectors.create(actor, connector_id=wanted.smsc_id, **fields)
        await management.refresh()
        log.info("A gateway was created.", action="gateway.created", connector_id=wanted.smsc_id)
        return done()

    @router.put(_PATH)
    async def changed(request: Request) -> Response:
        actor = _operator(request)
        wanted = await read_request(request, _decoder)
        key = wanted.smsc_id if wanted.id is None else wanted.id
        if key is None:
            raise invalid("id is required, or smsc_id")
        return await _change(actor, wanted, key)

    @router.put(_PATH + "/{key}")
    async def changed_by_path(request: Request, key: str) -> Response:
        actor = _operator(request)
        return await _change(actor, await read_request(request, _decoder), key_of(key))

    @router.delete(_PATH + "/{key}")
    async def deleted(request: Request, key: str) -> Response:
        actor = _operator(request)
        with refusals(_THEIRS):
            connector_id = (await connectors.get(actor, key_of(key))).config.connector_id
            await connectors.delete(actor, connector_id)
        await management.refresh()
        log.info("A gateway was deleted.", action="gateway.deleted", connector_id=connector_id)
        return done()

    def _operator(request: Request) -> Actor:
        """Whoever may change connectors: asked before anything is said of what the request holds."""
        actor = authenticator.require_actor(request)
        with refusals():
            actor.require(Permission.MANAGE_TRAFFIC)
        return actor

    async def _change(actor: Actor, wanted: GatewayRequest, key: int | str) -> Response:
        with refusals(_THEIRS):
            before = (await connectors.get(actor, key)).config
            if wanted.smsc_id not in (None, before.connector_id) or wanted.id not in (None, before.number):
                raise invalid(
                    f"smsc_id and id cannot be changed: messages and routes know it as "
                    f"{before.connector_id!r}, {before.number}"
                )
            await connectors.change(actor, before.connector_id, **_changes(wanted, before))
        await management.refresh()
        log.info("A gateway was changed.", action="gateway.changed", connector_id=before.connector_id)
        return done()

    return router


def _changes(wanted: GatewayRequest, before: ConnectorConfig) -> dict[str, Any]:
    """The fields of a connector that a request sets."""
    fields = given(wanted, _OURS)
    if "smpp_version" in fields:
        fields["smpp_version"] = fields["smpp_version"].replace(",", ".")  # as the text writes it once
    if wanted.is_gsm7 is not None and wanted.is_gsm7 is not _is_gsm7(before):
        fields["default_alphabet"] = _GSM[0] if wanted.is_gsm7 else _EIGHT_BIT
        fields["profile"] = replace(before.profile, eight_bit=not wanted.is_gsm7)
    return (
        fields
        | _addressing("source", wanted.src_autodetect, wanted, before)
        | (_addressing("dest", wanted.dst_autodetect, wanted, before))
    )


def _is_gsm7(config: ConnectorConfig) -> bool:
    return config.default_alphabet in _GSM


def _addressing(
    side: str, automatic: bool | None, wanted: GatewayRequest, before: ConnectorConfig
) -> dict[str, Any]:
    """Type of number and numbering plan of one side: automatic, or fixed by what is given or was kept."""
    if automatic is None:
        automatic = _is_automatic(side, before)
    fields: dict[str, Any] = {}
    for name in (f"{side}_ton", f"{side}_npi"):
        value = getattr(wanted, name)
        fixed = _fixed(name, before) if value is None else value
        fields[name] = None if automatic else fixed
        fields[f"fixed_{name}"] = fixed
    return fields


def _is_automatic(side: str, config: ConnectorConfig) -> bool:
    return getattr(config, f"{side}_ton") is None or getattr(config, f"{side}_npi") is None


def _fixed(name: str, config: ConnectorConfig) -> int:
    in_use: int | None = getattr(config, name)
    kept: int = getattr(config, f"fixed_{name}")
    return kept if in_use is None else in_use


def _list(rows: list[ConnectorRow], live: dict[str, ConnectorStatus]) -> GatewayList:
    gateways = []
    connections = Connections[GatewayConnection]()
    for row in rows:
        status = live.get(row.config.connector_id)
        queued = row.queued + (status.waiting if status else 0)
        gateways.append(_view(row, queued))
        binds = status.binds if status else ()
        parts = iter(shares(queued, sum(bind.bind_type in _TRANSMITTERS for bind in binds)))
        for bind in binds:
            part = next(parts) if bind.bind_type in _TRANSMITTERS else 0
            connections.add(bind.bind_type, _connection(row.config.number, bind, part))
    return GatewayList(gateways, connections)


def _view(row: ConnectorRow, queued: int) -> GatewayView:
    config = row.config
    return GatewayView(
        config.number,
        config.connector_id,
        config.host,
        config.port,
        config.system_id,
        config.system_type,
        round(config.enquire_link_s),
        _is_automatic("source", config),
        _fixed("source_ton", config),
        _fixed("source_npi", config),
        _is_automatic("dest", config),
        _fixed("dest_ton", config),
        _fixed("dest_npi", config),
        config.tx_binds,
        config.rx_binds,
        config.trx_binds,
        config.window,
        config.smpp_version,
        _is_gsm7(config),
        config.tls,
        config.enabled,
        row.updated_at // 1000,
        row.created_at // 1000,
        queued,
    )


def _connection(number: int, bind: BindStatus, queued: int) -> GatewayConnection:
    return GatewayConnection(
        number,
        f"BIND_{bind.bind_type}",
        bind.state,
        bind.connection_id,
        bind.local,
        bind.remote,
        bind.in_flight,
        queued,
        bind.since // 1000,
    )
