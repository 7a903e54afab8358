"""`/api/v1/accounts`: enterprise users, who pay (text 000, "Enterprise Users")."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.json import Decoder

from trunkline.model.administration import AccountFilter, AccountRow
from trunkline.model.money import format_credits, parse_credits
from trunkline.model.times import iso_timestamp
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.errors import invalid
from trunkline.servers.http.management import read_request
from trunkline.servers.http.needs import Management
from trunkline.servers.http.nouns import (
    Door,
    Item,
    Items,
    Name,
    PageQuery,
    Text,
    item_answer,
    noun_paths,
    operation,
    page_answer,
    paging,
    read_query,
    set_fields,
)

Credits = Annotated[str, Meta(max_length=40, description="A decimal number, up to six decimals.")]


class AccountView(Struct):
    """An enterprise user's account: wallet, company, groups, rate (messages per second, 0: no limit).

    `logins`, `esmes` and `http_accounts` say how many it has.
    """

    id: int
    name: str
    company: str
    contact_email: str
    group: str
    permission_group: str
    credits: str
    unlimited: bool
    throughput: int
    default_sender: str
    unknown_outcome: str
    receipt_policy: str
    smart_encoding: bool
    enabled: bool
    logins: int
    esmes: int
    http_accounts: int
    created_at: str


Throughput = Annotated[int, Meta(ge=0, le=100_000, description="Messages per second, 0 for no limit.")]
Short = Annotated[str, Meta(max_length=20)]


class NewAccount(Struct, kw_only=True, forbid_unknown_fields=True):
    """An account to be made; with a `username` its first login is made as well."""

    name: Name
    username: Annotated[str, Meta(max_length=64)] = ""
    password: Annotated[str, Meta(max_length=1024, description="Made up where none is given.")] | None = None
    credits: Credits = "0"
    unlimited: bool = False
    company: Text = ""
    contact_email: Text = ""
    group: Text = ""
    permission_group: Text = ""
    throughput: Throughput = 0
    default_sender: Short = ""


class AccountChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change of an account."""

    enabled: bool | UnsetType = UNSET
    unlimited: bool | UnsetType = UNSET
    company: Text | UnsetType = UNSET
    contact_email: Text | UnsetType = UNSET
    group: Text | UnsetType = UNSET
    permission_group: Text | UnsetType = UNSET
    throughput: Throughput | UnsetType = UNSET
    default_sender: Short | UnsetType = UNSET
    unknown_outcome: Short | UnsetType = UNSET
    receipt_policy: Short | UnsetType = UNSET
    smart_encoding: bool | UnsetType = UNSET


class AccountQuery(PageQuery, kw_only=True, forbid_unknown_fields=True):
    """Which accounts."""

    text: Text = ""
    enabled: bool | None = None
    group: Text = ""
    permission_group: Text = ""


class CreditRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """Credits to be added, or, where negative, taken."""

    amount: Credits
    description: Annotated[str, Meta(min_length=1, max_length=255)]
    reference: Annotated[str, Meta(max_length=255, description="Counts only once.")] | None = None


class MadeAccount(Struct):
    """An account that was made, and its login: the password is shown this once."""

    account: AccountView
    username: str | None
    password: str | None


class BalanceView(Struct):
    """What an account has now."""

    credits: str


_new_account = Decoder(NewAccount)
_account_change = Decoder(AccountChange)
_credit = Decoder(CreditRequest)


def account_routes(management: Management, authenticator: Authenticator) -> APIRouter:
    """The router of these routes."""
    router = APIRouter(prefix="/api/v1")
    door = Door(authenticator)
    users = management.people.enterprise_users

    @router.get("/accounts")
    async def listed(request: Request) -> Response:
        with door.asked_by(request) as actor:
            query = read_query(request, AccountQuery)
            wanted = AccountFilter(query.text, query.enabled, query.group, query.permission_group)
            return page_answer(await users.list(actor, wanted, paging(query)), _account_view)

    @router.post("/accounts")
    async def created(request: Request) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _new_account)
            fields = set_fields(wanted)
            fields["balance"] = _micros("credits", fields.pop("credits"))
            made = await users.create(actor, fields.pop("name"), **fields)
            await management.refresh()
            login = made.login
            return item_answer(
                MadeAccount(
                    _account_view(made.account),
                    login.username if login else None,
                    login.password if login else None,
                )
            )

    @router.get("/accounts/{key}")
    async def shown(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            return item_answer(_account_view(await users.get(actor, key)))

    @router.patch("/accounts/{key}")
    async def changed(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _account_change)
            fields = set_fields(wanted)
            row = await users.change(actor, key, **fields)
            await management.refresh()
            return item_answer(_account_view(row))

    @router.post("/accounts/{key}/credits")
    async def credited(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _credit)
            balance = await users.credit(
                actor,
                key,
                _micros("amount", wanted.amount),
                description=wanted.description,
                reference=wanted.reference,
            )
            return item_answer(BalanceView(format_credits(balance)))

    return router


def _micros(field: str, text: str) -> int:
    try:
        return parse_credits(text)
    except ValueError as error:
        raise invalid(f"{field}: {error}") from None


def _account_view(row: AccountRow) -> AccountView:
    return AccountView(
        row.id,
        row.name,
        row.company,
        row.contact_email,
        row.group,
        row.permission_group,
        format_credits(row.balance),
        row.unlimited,
        row.throughput,
        row.default_sender,
        row.unknown_outcome,
        row.receipt_policy,
        row.smart_encoding,
        row.enabled,
        row.logins,
        row.esmes,
        row.http_accounts,
        iso_timestamp(row.created_at),
    )


PATHS = {
    **noun_paths(
        "/api/v1/accounts",
        "accounts of enterprise users",
        AccountView,
        query=AccountQuery,
        create=NewAccount,
        made=MadeAccount,
        change=AccountChange,
        key="Its name.",
        delete=False,
    ),
    "/api/v1/accounts/{key}/credits": {
        "post": operation("Add or take credits", Item[BalanceView], body=CreditRequest, path="Its name.")
    },
}
"""The entries of the OpenAPI document."""

REQUESTS = (NewAccount, AccountChange, CreditRequest)
ANSWERS: tuple[Any, ...] = (
    Item[AccountView],
    Items[AccountView],
    Item[MadeAccount],
    Item[BalanceView],
)
