"""`/api/v1/connectors`: SMPP client connectors with all their fields (text 000, "SMPP Client Connectors").

`/api/gateways` shows the same connectors as text 001 has them.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from msgspec import UNSET, Meta, Struct, UnsetType, defstruct
from msgspec.json import Decoder

from trunkline.model.status import BindStatus
from trunkline.model.times import iso_timestamp
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.management import read_request
from trunkline.servers.http.needs import Management
from trunkline.servers.http.nouns import (
    Door,
    Item,
    Items,
    PageQuery,
    Text,
    done_answer,
    item_answer,
    noun_paths,
    operation,
    page_answer,
    paging,
    read_query,
    set_fields,
)
from trunkline.services import profiles
from trunkline.services.connectors import ConnectorFilter, ConnectorRow, ConnectorState, state_of
from trunkline.services.probe import Finding

_BIG: Final = 2**31 - 1
Whole = Annotated[int, Meta(ge=0, le=_BIG)]
Numbering = Annotated[int, Meta(ge=0, le=255, description="null: told by the address itself.")] | None
Pem = Annotated[str, Meta(max_length=30_000, description="In PEM form; empty: none.")]
Short = Annotated[str, Meta(max_length=64)]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
ConnectorId = Annotated[str, Meta(min_length=1, max_length=100)]
Words = Annotated[
    list[Annotated[str, Meta(max_length=2_000)]],
    Meta(max_length=200, description="KEY=VALUE, as `trunkline connector change --profile` takes them."),
]

_SETTINGS: Final[Mapping[str, Any]] = {
    "provider": Annotated[str, Meta(max_length=255, description="Who operates the SMSC, for people.")],
    "host": Annotated[str, Meta(min_length=1, max_length=253)],
    "port": Whole,
    "system_id": Short,
    "system_type": Short,
    "tx_binds": Whole,
    "rx_binds": Whole,
    "trx_binds": Whole,
    "window": Whole,
    "throughput": Whole,
    "enquire_link_s": Seconds,
    "response_timeout_s": Seconds,
    "reconnect_min_s": Seconds,
    "reconnect_max_s": Seconds,
    "source_ton": Numbering,
    "source_npi": Numbering,
    "dest_ton": Numbering,
    "dest_npi": Numbering,
    "default_alphabet": Short,
    "long_message": Short,
    "message_id_format": Short,
    "max_attempts": Whole,
    "smpp_version": Short,
    "tls": bool,
    "tls_verify": bool,
    "tls_server_name": Text,
    "tls_ca": Pem,
    "tls_certificate": Pem,
    "pdu_log": bool,
    "enabled": bool,
}
"""What is shown of a connector and may be set; the service has the rules."""

_WRITTEN: Final[Mapping[str, Any]] = {
    **_SETTINGS,
    "password": Annotated[str, Meta(max_length=64, description="Never shown.")],
    "tls_key": Annotated[str, Meta(max_length=30_000, description="In PEM form; never shown.")],
    "profile": Words,
}


class BindView(Struct):
    """A bind, up or on its way."""

    bind_type: str
    state: str
    since: str
    in_flight: int
    local: str
    remote: str
    connection_id: str
    last_enquire_link: str | None
    detail: str
    last_error: str
    last_error_at: str | None


ConnectorView: Final = defstruct(
    "ConnectorView",
    [
        ("connector_id", str),
        *_SETTINGS.items(),
        ("profile", dict[str, Any]),
        ("state", str),
        ("queued", int),
        ("last_submit", str | None),
        ("last_receipt", str | None),
        ("usage_month", int),
        ("binds", list[BindView]),
        ("created_at", str),
        ("updated_at", str),
    ],
    namespace={"__doc__": "A connector: its settings, how it does, segments of this month (UTC)."},
    kw_only=True,
)
NewConnector: Final = defstruct(
    "NewConnector",
    [
        ("connector_id", ConnectorId),
        ("presets", Annotated[list[Short], Meta(max_length=50)] | UnsetType, UNSET),
        *((name, kind | UnsetType, UNSET) for name, kind in _WRITTEN.items()),
    ],
    namespace={
        "__doc__": "A connector to be made; what is not given is that of the presets, else the default."
    },
    kw_only=True,
    forbid_unknown_fields=True,
)
ConnectorChange: Final = defstruct(
    "ConnectorChange",
    [(name, kind | UnsetType, UNSET) for name, kind in _WRITTEN.items()],
    namespace={"__doc__": "What is to change of a connector; of the profile the fields that are named."},
    kw_only=True,
    forbid_unknown_fields=True,
)


class ConnectorQuery(PageQuery, kw_only=True, forbid_unknown_fields=True):
    """Which connectors."""

    text: Text = ""
    state: ConnectorState | None = None


class TrialRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """How a connector is to be tried out; without a number nothing is sent."""

    to: Annotated[str, Meta(max_length=21, description="One message is sent to this number.")] = ""
    sender: Annotated[str, Meta(max_length=20)] = ""


class TrialView(Struct):
    """What came of it: `failure` is empty where it did not end early."""

    steps: list[str]
    findings: list[Finding]
    failure: str


_new: Final[Decoder[Any]] = Decoder(NewConnector)
_change: Final[Decoder[Any]] = Decoder(ConnectorChange)
_trial: Final = Decoder(TrialRequest)


def connector_routes(management: Management, authenticator: Authenticator) -> APIRouter:
    """The router of these routes."""
    router = APIRouter(prefix="/api/v1/connectors")
    door = Door(authenticator)
    connectors = management.connectors

    @router.get("")
    async def listed(request: Request) -> Response:
        with door.asked_by(request) as actor:
            query = read_query(request, ConnectorQuery)
            page = await connectors.page(actor, paging(query), ConnectorFilter(query.text, query.state))
            usage = await connectors.usage(actor)
            return page_answer(page, lambda row: _view(row, usage))

    @router.post("")
    async def created(request: Request) -> Response:
        with door.asked_by(request) as actor:
            fields = set_fields(await read_request(request, _new))
            words = fields.pop("profile", ())
            made = await connectors.create(actor, profile_words=words, **fields)
            await management.refresh()
            row = await connectors.get(actor, made.connector_id)
            return item_answer(_view(row, await connectors.usage(actor)))

    @router.get("/{key}")
    async def shown(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            row = await connectors.get(actor, key)
            return item_answer(_view(row, await connectors.usage(actor)))

    @router.patch("/{key}")
    async def changed(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            fields = set_fields(await read_request(request, _change))
            words = fields.pop("profile", ())
            await connectors.change(actor, key, profile_words=words, **fields)
            await management.refresh()
            row = await connectors.get(actor, key)
            return item_answer(_view(row, await connectors.usage(actor)))

    @router.delete("/{key}")
    async def deleted(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            await connectors.delete(actor, key)
            await management.refresh()
            return done_answer()

    @router.post("/{key}/test")
    async def tried(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _trial)
            steps: list[str] = []
            trial = await management.trials.run(actor, key, steps.append, to=wanted.to, sender=wanted.sender)
            return item_answer(TrialView(steps, list(trial.findings), trial.failure))

    return router


def _view(row: ConnectorRow, usage: Mapping[str, int]) -> Any:
    config = row.config
    return ConnectorView(
        connector_id=config.connector_id,
        **{name: getattr(config, name) for name in _SETTINGS},
        profile=profiles.describe(config.profile),
        state=state_of(row).value,
        queued=row.queued + (row.status.waiting if row.status is not None else 0),
        last_submit=_moment(row.last_submit_at),
        last_receipt=_moment(row.last_receipt_at),
        usage_month=usage.get(config.connector_id, 0),
        binds=[_bind(each) for each in row.status.binds] if row.status is not None else [],
        created_at=iso_timestamp(row.created_at),
        updated_at=iso_timestamp(row.updated_at),
    )


def _bind(bind: BindStatus) -> BindView:
    return BindView(
        bind.bind_type,
        bind.state,
        iso_timestamp(bind.since),
        bind.in_flight,
        bind.local,
        bind.remote,
        bind.connection_id,
        _moment(bind.enquired_at),
        bind.detail,
        bind.last_error,
        _moment(bind.last_error_at),
    )


def _moment(unix_ms: int) -> str | None:
    return iso_timestamp(unix_ms) if unix_ms else None


_PATH: Final = "/api/v1/connectors"
_KEY: Final = "Its id."

PATHS = {
    **noun_paths(
        _PATH,
        "connectors",
        ConnectorView,
        query=ConnectorQuery,
        create=NewConnector,
        change=ConnectorChange,
        key=_KEY,
    ),
    f"{_PATH}/{{key}}/test": {
        "post": operation("Try it out beside its traffic", Item[TrialView], body=TrialRequest, path=_KEY)
    },
}
"""The entries of the OpenAPI document."""

REQUESTS: tuple[Any, ...] = (NewConnector, ConnectorChange, TrialRequest, ConnectorState)
ANSWERS: tuple[Any, ...] = (
    Item[ConnectorView],  # type: ignore[valid-type]
    Items[ConnectorView],  # type: ignore[valid-type]
    Item[TrialView],
)
