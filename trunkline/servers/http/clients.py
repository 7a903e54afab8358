"""`/api/clients` (text 001, "Manage ESME"): the ESME accounts, as the dedicated server's API shows them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
import structlog
from fastapi import APIRouter, Request, Response
from msgspec import UNSET, Meta, Struct, UnsetType

from trunkline.model.administration import EsmeRow
from trunkline.model.errors import NotFound
from trunkline.model.identity import Actor
from trunkline.model.people import Paging
from trunkline.model.status import SessionStatus
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
from trunkline.services.esmes import EsmeOverview

log = structlog.get_logger()

ACCOUNT: Final = "smpp-clients"
"""Who pays for clients that name no account. The dedicated server has no accounts and no credits."""

GIVE_UP: Final = "give_up"
PAGE: Final = 500

_PATH: Final = "/api/clients"


Id = Annotated[int, Meta(ge=1, le=2**31 - 1, description="PUT: which one; else username says it.")]
Username = Annotated[str, Meta(min_length=1, max_length=16, description="Its login; it cannot be changed.")]
Password = Annotated[str, Meta(max_length=9, description="Optional; if missing or empty, POST makes one.")]
AllowIp = Annotated[
    str,
    Meta(max_length=255, description="Optional: addresses and networks, IPv4 or IPv6, separated by commas."),
]
Throughput = Annotated[
    int, Meta(ge=0, le=3000, description="Optional: messages per minute on one connection; 0: no limit.")
]
Binds = Annotated[int, Meta(ge=1, le=30, description="Connections at the same time.")]
Payer = Annotated[
    str,
    Meta(min_length=1, max_length=64, description=f"Optional, POST: the account that pays, else {ACCOUNT}."),
]


class ClientRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """An ESME. POST needs every field that is not called optional; with PUT, what is missing stays.

    What GET shows besides may stand there and is left alone, so that its objects can be put back.
    """

    id: Id | None = None
    username: Username | None = None
    password: Password | None = None
    allow_ip: AllowIp | None = None
    throughput: Throughput | None = None
    binds: Binds | None = None
    enabled: Annotated[bool, Meta(description="Whether it may be bound.")] | None = None
    account: Payer | None = None
    updated: Any = None
    created: Any = None


_decoder = msgspec.json.Decoder(ClientRequest)

REQUIRED: Final = ("username", "binds", "enabled")

_OURS: Final = {
    "password": "password",
    "allow_ip": "allowed_networks",
    "throughput": "throughput",
    "binds": "max_binds",
    "enabled": "enabled",
}
_THEIRS: Final = {ours: theirs for theirs, ours in _OURS.items()} | {"system_id": "username"}


class ClientView(Struct):
    """An ESME as GET shows it. The password is empty where only its hash is known."""

    id: int
    username: str
    password: str
    allow_ip: str
    throughput: int
    binds: int
    enabled: bool
    updated: int
    created: int


class ClientConnection(Struct, kw_only=True, rename=NAMES):
    """A bind of an ESME. `systemType` only stands in BIND_TX, as in the text.

    `queueCount` is its share of the receipts that wait for its ESME.
    """

    client_id: int
    bind_type: str
    system_type: str | UnsetType = UNSET
    status: str
    connection_id: str
    local: str
    remote: str
    in_flight: int
    queued: int
    connected: int


class ClientList(Struct):
    """All ESMEs with their connections."""

    clients: list[ClientView]
    connections: Connections[ClientConnection]


def client_routes(management: Management, authenticator: Authenticator) -> APIRouter:
    """The router of these routes."""
    router = APIRouter()
    esmes = management.esmes
    users = management.people.enterprise_users

    @router.get(_PATH)
    async def listed(request: Request) -> Response:
        actor = authenticator.require_admin(request)
        found: list[EsmeOverview] = []
        after: str | None = ""
        while after is not None:  # the text's list has no pages
            page = await esmes.list(actor, page=Paging(PAGE, after))
            found += page.items
            after = page.next
        waiting = {each.row.system_id: each.receipts_waiting for each in found}
        views = [_view(each.row) for each in found]
        return json_answer(ClientList(views, _connections(management.live.esmes(), waiting)))

    @router.post(_PATH)
    async def created(request: Request) -> Response:
        actor = authenticator.require_admin(request)
        wanted = await read_request(request, _decoder)
        require(wanted, REQUIRED)
        account = await _account(actor, wanted.account)
        with refusals(_THEIRS):
            # The dedicated server logs the PDUs of all.
            await esmes.create(
                actor, account, str(wanted.username), readable=True, pdu_log=True, **given(wanted, _OURS)
            )
        await management.refresh()
        log.info("A client was created.", action="client.created", system_id=wanted.username)
        return done()

    @router.put(_PATH)
    async def changed(request: Request) -> Response:
        actor = authenticator.require_admin(request)
        wanted = await read_request(request, _decoder)
        key = wanted.username if wanted.id is None else wanted.id
        if key is None:
            raise invalid("id is required, or username")
        return await _change(actor, wanted, key)

    @router.put(_PATH + "/{key}")
    async def changed_by_path(request: Request, key: str) -> Response:
        actor = authenticator.require_admin(request)
        return await _change(actor, await read_request(request, _decoder), key_of(key))

    @router.delete(_PATH + "/{key}")
    async def deleted(request: Request, key: str) -> Response:
        actor = authenticator.require_admin(request)
        give_up = request.query_params.get("receipts", "")
        if give_up not in ("", GIVE_UP):
            raise invalid(f"receipts must be {GIVE_UP}, or missing")
        with refusals(_THEIRS):
            gone = await esmes.delete(actor, key_of(key), give_up_receipts=bool(give_up))
        await management.refresh()
        log.info("A client was deleted.", action="client.deleted", system_id=gone.system_id)
        return done()

    async def _change(actor: Actor, wanted: ClientRequest, key: int | str) -> Response:
        with refusals(_THEIRS):
            before = await esmes.get(actor, key)
            _refuse_other_name(wanted, before)
            await esmes.change(actor, before.id, readable=True, **given(wanted, _OURS))
        await management.refresh()
        log.info("A client was changed.", action="client.changed", system_id=before.system_id)
        return done()

    async def _account(actor: Actor, named: str | None) -> str:
        if named is None:
            await users.ensure_unlimited(actor, ACCOUNT)
            return ACCOUNT
        try:
            await users.get(actor, named)
        except NotFound as error:
            raise invalid(f"account: {error}") from None
        return named

    return router


def _refuse_other_name(wanted: ClientRequest, before: EsmeRow) -> None:
    if wanted.username not in (None, before.system_id) or wanted.id not in (None, before.id):
        raise invalid(
            f"username and id cannot be changed: messages and receipts know it as {before.system_id!r} "
            f"with the id {before.id}"
        )
    if wanted.account not in (None, before.account):
        raise invalid(f"account cannot be changed: its messages were charged to {before.account!r}")


def _view(row: EsmeRow) -> ClientView:
    settings = row.settings
    return ClientView(
        row.id,
        row.system_id,
        row.password,
        settings.allowed_networks,
        settings.throughput,
        settings.max_binds,
        settings.enabled,
        row.updated_at // 1000,
        row.created_at // 1000,
    )


def _connections(
    sessions: Sequence[SessionStatus], waiting: Mapping[str, int]
) -> Connections[ClientConnection]:
    connections = Connections[ClientConnection]()
    by_esme: dict[str, list[SessionStatus]] = {}
    for session in sessions:
        by_esme.setdefault(session.system_id, []).append(session)
    for system_id, its in by_esme.items():
        # Entries stay in the outbox until they are answered: what is under way does not wait any more.
        queued = max(0, waiting.get(system_id, 0) - sum(session.delivering for session in its))
        # Who can take them has them; where nobody can, all do: it shows that a receiver is missing.
        takers = [session for session in its if session.bind_type != "TX"] or its
        parts = dict(zip((each.connection_id for each in takers), shares(queued, len(takers)), strict=True))
        for session in its:
            part = parts.get(session.connection_id, 0)
            connections.add(session.bind_type, _connection(session, part))
    return connections


def _connection(session: SessionStatus, queued: int) -> ClientConnection:
    return ClientConnection(
        client_id=session.esme_id,
        bind_type=f"BIND_{session.bind_type}",
        system_type=session.system_type if session.bind_type == "TX" else UNSET,
        status=session.state,
        connection_id=session.connection_id,
        local=session.local,
        remote=session.remote,
        in_flight=session.delivering,
        queued=queued,
        connected=session.since // 1000,
    )
