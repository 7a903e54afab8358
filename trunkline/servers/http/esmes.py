"""`/api/v1/esmes`: who may bind to the SMPP server (text 000, "ESME / SMPP Client Accounts")."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.json import Decoder

from trunkline.model.administration import EsmeFilter
from trunkline.model.people import Page
from trunkline.model.status import SessionStatus
from trunkline.model.times import iso_timestamp
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.management import key_of, read_request
from trunkline.servers.http.needs import Management
from trunkline.servers.http.nouns import (
    Done,
    Door,
    Item,
    Items,
    Name,
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
from trunkline.services.esmes import EsmeOverview

Binds = Annotated[int, Meta(ge=1, le=1000, description="Connections at the same time.")]
Networks = Annotated[
    str, Meta(max_length=4000, description="Addresses and networks, separated by commas; empty: anywhere.")
]
Throughput = Annotated[
    int, Meta(ge=0, le=2**31 - 1, description="Messages per minute on one connection, 0 for no limit.")
]
Window = Annotated[int, Meta(ge=1, le=10_000, description="Receipts of a session that wait for an answer.")]
SystemId = Annotated[str, Meta(min_length=1, max_length=16)]
Password = Annotated[str, Meta(min_length=1, max_length=9, description="Made up where none is given.")]
Alphabet = Annotated[str, Meta(max_length=20, description="What data_coding 0 means to it.")]
Format = Annotated[str, Meta(max_length=20, description="How its receipts read: standard or milliseconds.")]
Outbind = Annotated[
    str, Meta(max_length=255, description="HOST:PORT where it waits to be asked to bind; empty: nowhere.")
]


class EsmeView(Struct):
    """An ESME account without its password; `bound` counts its sessions now."""

    id: int
    system_id: str
    account: str
    max_binds: int
    allowed_networks: str
    throughput: int
    window: int
    default_alphabet: str
    receipt_format: str
    pdu_log: bool
    broadcast: bool
    outbind: str
    enabled: bool
    bound: int
    receipts_waiting: int
    created_at: str
    updated_at: str


class NewEsmeRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """An ESME account to be made."""

    account: Name
    system_id: SystemId
    password: Password | None = None
    max_binds: Binds = 10
    allowed_networks: Networks = ""
    throughput: Throughput = 0
    window: Window = 100
    default_alphabet: Alphabet = "gsm7"
    receipt_format: Format = "standard"
    pdu_log: bool = False
    broadcast: bool = False
    outbind: Outbind = ""
    enabled: bool = True


class EsmeChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change of an ESME account. Sessions that would not be let in any more are unbound."""

    max_binds: Binds | UnsetType = UNSET
    allowed_networks: Networks | UnsetType = UNSET
    throughput: Throughput | UnsetType = UNSET
    window: Window | UnsetType = UNSET
    default_alphabet: Alphabet | UnsetType = UNSET
    receipt_format: Format | UnsetType = UNSET
    pdu_log: bool | UnsetType = UNSET
    broadcast: bool | UnsetType = UNSET
    outbind: Outbind | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class EsmePassword(Struct, kw_only=True, forbid_unknown_fields=True):
    """Another password."""

    password: Password | None = None


class EsmeQuery(PageQuery, kw_only=True, forbid_unknown_fields=True):
    """Which ESME accounts."""

    text: Text = ""
    account: Text = ""
    enabled: bool | None = None


class ReceiptsQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """What becomes of receipts that wait."""

    give_up_receipts: Annotated[
        bool, Meta(description="Delete it even if receipts wait: they are given up.")
    ] = False


class EsmeSecret(Struct):
    """An ESME account's password, shown this once."""

    id: int
    system_id: str
    password: str


class EsmeSessionView(Struct):
    """A session of an ESME; `submitted_per_s` is over the last ten seconds."""

    connection_id: str
    bind_type: str
    version: str
    state: str
    remote: str
    local: str
    since: str
    submitted: int
    submitted_per_s: float
    delivering: int


_new = Decoder(NewEsmeRequest)
_change = Decoder(EsmeChange)
_password = Decoder(EsmePassword)


def esme_routes(management: Management, authenticator: Authenticator) -> APIRouter:
    """The router of these routes."""
    router = APIRouter(prefix="/api/v1")
    door = Door(authenticator)
    _account_routes(router, management, door)
    _session_routes(router, management, door)
    return router


def _account_routes(router: APIRouter, management: Management, door: Door) -> None:
    esmes = management.esmes

    @router.get("/esmes")
    async def listed(request: Request) -> Response:
        with door.asked_by(request) as actor:
            query = read_query(request, EsmeQuery)
            wanted = EsmeFilter(query.text, query.account, query.enabled)
            return page_answer(await esmes.list(actor, wanted, paging(query)), _view)

    @router.post("/esmes")
    async def created(request: Request) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _new)
            fields = set_fields(wanted)
            made = await esmes.create(actor, fields.pop("account"), fields.pop("system_id"), **fields)
            await management.refresh()
            return item_answer(EsmeSecret(made.id, made.system_id, made.password))

    @router.get("/esmes/{key}")
    async def shown(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            return item_answer(_view(await esmes.overview(actor, key_of(key))))

    @router.patch("/esmes/{key}")
    async def changed(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _change)
            row = await esmes.get(actor, key_of(key))
            await esmes.change(actor, row.id, **set_fields(wanted))
            await management.refresh()
            return item_answer(_view(await esmes.overview(actor, row.id)))

    @router.delete("/esmes/{key}")
    async def deleted(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            query = read_query(request, ReceiptsQuery)
            await esmes.delete(actor, key_of(key), give_up_receipts=query.give_up_receipts)
            await management.refresh()
            return done_answer()

    @router.put("/esmes/{key}/password")
    async def reset(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _password)
            made = await esmes.reset_password(actor, key_of(key), wanted.password)
            await management.refresh()
            return item_answer(EsmeSecret(made.id, made.system_id, made.password))


def _session_routes(router: APIRouter, management: Management, door: Door) -> None:
    esmes = management.esmes

    @router.get("/esmes/{key}/sessions")
    async def sessions(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            found = await esmes.sessions(actor, key_of(key))
            return page_answer(Page(list(found), None), _session_view)

    @router.delete("/esmes/{key}/sessions")
    async def unbound(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            await esmes.unbind(actor, key_of(key))
            await management.refresh()
            return done_answer()


def _view(esme: EsmeOverview) -> EsmeView:
    row, settings = esme.row, esme.row.settings
    return EsmeView(
        row.id,
        row.system_id,
        row.account,
        settings.max_binds,
        settings.allowed_networks,
        settings.throughput,
        settings.window,
        settings.default_alphabet,
        settings.receipt_format,
        settings.pdu_log,
        settings.broadcast,
        settings.outbind,
        settings.enabled,
        esme.bound,
        esme.receipts_waiting,
        iso_timestamp(row.created_at),
        iso_timestamp(row.updated_at),
    )


def _session_view(session: SessionStatus) -> EsmeSessionView:
    return EsmeSessionView(
        session.connection_id,
        session.bind_type,
        session.version,
        session.state,
        session.remote,
        session.local,
        iso_timestamp(session.since),
        session.submitted,
        round(session.submitted_per_s, 1),
        session.delivering,
    )


_PATH = "/api/v1/esmes"
_KEY = "Its id, or its system_id."

PATHS = noun_paths(
    _PATH,
    "ESME accounts",
    EsmeView,
    query=EsmeQuery,
    create=NewEsmeRequest,
    made=EsmeSecret,
    change=EsmeChange,
    key=_KEY,
    delete=False,
)
"""The entries of the OpenAPI document."""
PATHS[f"{_PATH}/{{key}}"]["delete"] = operation(
    "Delete it; 409 while receipts wait", Done, query=ReceiptsQuery, path=_KEY
)
PATHS[f"{_PATH}/{{key}}/password"] = {
    "put": operation("Give it another password", Item[EsmeSecret], body=EsmePassword, path=_KEY)
}
PATHS[f"{_PATH}/{{key}}/sessions"] = {
    "get": operation("Its sessions that are bound", Items[EsmeSessionView], path=_KEY, reads=True),
    "delete": operation("Unbind all its sessions; it may bind again", Done, path=_KEY),
}

REQUESTS = (NewEsmeRequest, EsmeChange, EsmePassword)
ANSWERS: tuple[Any, ...] = (
    Item[EsmeView],
    Items[EsmeView],
    Item[EsmeSecret],
    Items[EsmeSessionView],
)
