"""`/api/v1/http-accounts`: who may send through HTTP (text 000, "HTTP API Accounts")."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.json import Decoder

from trunkline.model.administration import HttpAccountFilter, HttpAccountRow
from trunkline.model.money import format_credits
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
from trunkline.services.http_accounts import DESCRIPTION_MAX, URL_MAX

Throughput = Annotated[int, Meta(ge=0, le=100_000, description="Messages per second, 0 for no limit.")]
Description = Annotated[str, Meta(max_length=DESCRIPTION_MAX)]
DlrUrl = Annotated[str, Meta(max_length=URL_MAX, description="Where delivery reports go; empty: nowhere.")]
Password = Annotated[str, Meta(min_length=8, max_length=1024)]
OverRateName = Annotated[
    str, Meta(max_length=20, description="Above the rate: queue (send later) or reject (429).")
]
Sender = Annotated[str, Meta(max_length=20)]


class HttpAccountView(Struct):
    """An HTTP API account without its secrets; credits are those of its account."""

    id: int
    username: str
    description: str
    account: str
    credits: str
    unlimited: bool
    throughput: int
    over_rate: str
    default_sender: str
    dlr_url: str
    enabled: bool
    api_key_prefix: str
    created_at: str


class NewHttpAccountRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """An HTTP API account to be made."""

    account: Name
    username: Name
    password: Annotated[Password, Meta(description="Made up where none is given.")] | None = None
    throughput: Throughput = 10
    over_rate: OverRateName = "queue"
    default_sender: Sender = ""
    dlr_url: DlrUrl = ""
    description: Description = ""


class HttpAccountChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change of an HTTP API account. Another account pays for what it sends from then on."""

    account: Name | UnsetType = UNSET
    password: Password | UnsetType = UNSET
    throughput: Throughput | UnsetType = UNSET
    over_rate: OverRateName | UnsetType = UNSET
    default_sender: Sender | UnsetType = UNSET
    dlr_url: DlrUrl | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class HttpAccountQuery(PageQuery, kw_only=True, forbid_unknown_fields=True):
    """Which HTTP API accounts."""

    text: Text = ""
    account: Text = ""
    enabled: bool | None = None


class CallbacksQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """What becomes of callbacks that wait."""

    give_up_callbacks: Annotated[
        bool, Meta(description="Delete it even if callbacks wait: they are given up.")
    ] = False


class MadeHttpAccount(Struct):
    """An HTTP API account that was made: password and key are shown this once."""

    username: str
    password: str
    api_key: str


class RenewedKey(Struct):
    """A new API key, shown this once; the one before is let in no more."""

    username: str
    api_key: str


_new = Decoder(NewHttpAccountRequest)
_change = Decoder(HttpAccountChange)


def http_account_routes(management: Management, authenticator: Authenticator) -> APIRouter:
    """The router of these routes."""
    router = APIRouter(prefix="/api/v1")
    door = Door(authenticator)
    accounts = management.http_accounts

    @router.get("/http-accounts")
    async def listed(request: Request) -> Response:
        with door.asked_by(request) as actor:
            query = read_query(request, HttpAccountQuery)
            wanted = HttpAccountFilter(query.text, query.account, query.enabled)
            return page_answer(await accounts.list(actor, wanted, paging(query)), _view)

    @router.post("/http-accounts")
    async def created(request: Request) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _new)
            fields = set_fields(wanted)
            made = await accounts.create(actor, fields.pop("account"), fields.pop("username"), **fields)
            await management.refresh()
            return item_answer(MadeHttpAccount(made.username, made.password, made.api_key))

    @router.get("/http-accounts/{key}")
    async def shown(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            return item_answer(_view(await accounts.get(actor, key_of(key))))

    @router.patch("/http-accounts/{key}")
    async def changed(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _change)
            row = await accounts.change(actor, key_of(key), **set_fields(wanted))
            await management.refresh()
            return item_answer(_view(row))

    @router.delete("/http-accounts/{key}")
    async def deleted(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            query = read_query(request, CallbacksQuery)
            await accounts.delete(actor, key_of(key), give_up_callbacks=query.give_up_callbacks)
            await management.refresh()
            return done_answer()

    @router.post("/http-accounts/{key}/key")
    async def renewed(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            row = await accounts.get(actor, key_of(key))
            api_key = await accounts.renew_key(actor, row.id)
            await management.refresh()
            return item_answer(RenewedKey(row.username, api_key))

    return router


def _view(row: HttpAccountRow) -> HttpAccountView:
    return HttpAccountView(
        row.id,
        row.username,
        row.description,
        row.account,
        format_credits(row.balance),
        row.unlimited,
        row.throughput,
        row.over_rate,
        row.default_sender,
        row.dlr_url or "",
        row.enabled,
        row.api_key_prefix,
        iso_timestamp(row.created_at),
    )


_PATH = "/api/v1/http-accounts"
_KEY = "Its id, or its user name."

PATHS = noun_paths(
    _PATH,
    "HTTP API accounts",
    HttpAccountView,
    query=HttpAccountQuery,
    create=NewHttpAccountRequest,
    made=MadeHttpAccount,
    change=HttpAccountChange,
    key=_KEY,
    delete=False,
)
"""The entries of the OpenAPI document."""
PATHS[f"{_PATH}/{{key}}"]["delete"] = operation(
    "Delete it; 409 while callbacks wait", Done, query=CallbacksQuery, path=_KEY
)
PATHS[f"{_PATH}/{{key}}/key"] = {
    "post": operation("Replace its API key; the old one stops at once", Item[RenewedKey], path=_KEY)
}

REQUESTS = (NewHttpAccountRequest, HttpAccountChange)
ANSWERS: tuple[Any, ...] = (
    Item[HttpAccountView],
    Items[HttpAccountView],
    Item[MadeHttpAccount],
    Item[RenewedKey],
)
