"""`/api/v1/inbound`: what handsets send (text 000, "Inbound SMS (MO)")."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from msgspec import Meta, Struct

from trunkline.model.inbound import InboundFilter, InboundRow
from trunkline.model.message_list import MessagePage
from trunkline.model.times import iso_timestamp
from trunkline.servers.http.answers import json_answer
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.message_lists import FORMATS, file_answer, format_of, moment_of
from trunkline.servers.http.nouns import (
    Done,
    Door,
    Item,
    PageQuery,
    Text,
    item_answer,
    operation,
    read_query,
)
from trunkline.services.inbound import Inbound
from trunkline.services.message_exports import INBOUND, csv_export, xlsx_export

AccountId = Annotated[int, Meta(ge=0, lt=2**31, description="For the administration: of this account.")]
Moment = Annotated[Text, Meta(description="ISO 8601, UTC where it names no zone.")]


class InboundView(Struct, rename={"from_": "from"}):
    """An inbound message. `raw` and `header` are hex digits; `raw` is null where the text says it all."""

    id: str
    account_id: int | None
    account: str
    from_: str
    from_ton: int
    from_npi: int
    to: str
    to_ton: int
    to_npi: int
    text: str | None
    encoding: str
    data_coding: int
    esm_class: int
    raw: str | None
    header: str
    dest_port: int | None
    source_port: int | None
    parts: int
    missing_parts: list[int]
    error: str | None
    connector: str
    received_at: str


class InboundList(Struct):
    """A page. `searched` false: nothing more was looked at for now; `next` goes on from there."""

    ok: bool
    items: list[InboundView]
    next: str | None
    searched: bool


class InboundQuery(PageQuery, kw_only=True, rename={"from_": "from"}, forbid_unknown_fields=True):
    """Which inbound messages, and which page of them."""

    account_id: AccountId | None = None
    connector: Text = ""
    from_: Text = ""
    to: Text = ""
    text: Annotated[Text, Meta(description="Contained in text, source or destination.")] = ""
    since: Moment = ""
    until: Moment = ""


class InboundExportQuery(InboundQuery, kw_only=True, rename={"from_": "from"}, forbid_unknown_fields=True):
    """Which inbound messages, and as what; an export has all pages."""

    format: Annotated[Text, Meta(extra_json_schema={"enum": tuple(FORMATS)})] = "csv"


def inbound_routes(inbound: Inbound, authenticator: Authenticator) -> APIRouter:
    """The router of these routes."""
    router = APIRouter(prefix="/api/v1")
    door = Door(authenticator)

    @router.get("/inbound")
    async def listed(request: Request) -> Response:
        with door.asked_by(request) as actor:
            query = read_query(request, InboundQuery)
            page = await inbound.list(actor, filter_of(query), query.after, query.limit)
            return json_answer(list_of(page))

    @router.get("/inbound/export")
    async def exported(request: Request) -> Response:
        with door.asked_by(request) as actor:
            query = read_query(request, InboundExportQuery)
            write = csv_export if format_of(query.format) == "csv" else xlsx_export
            rows = inbound.every(actor, filter_of(query))
            return file_answer(INBOUND.name, query.format, write(INBOUND, rows))

    @router.get("/inbound/{key}")
    async def shown(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            return item_answer(view_of(await inbound.show(actor, key)))

    return router


def filter_of(query: InboundQuery) -> InboundFilter:
    """What the query string names. Raises `InvalidInput`."""
    return InboundFilter(
        account_id=query.account_id,
        connector_id=query.connector,
        source_addr=query.from_,
        dest_addr=query.to,
        text=query.text,
        since=moment_of("since", query.since),
        until=moment_of("until", query.until),
    )


def list_of(page: MessagePage[InboundRow]) -> InboundList:
    """A page as the API shows it."""
    return InboundList(True, [view_of(row) for row in page.items], page.next, page.searched)


def view_of(row: InboundRow) -> InboundView:
    """A message as the API shows it."""
    message = row.message
    return InboundView(
        message.id,
        message.account_id,
        row.account,
        message.source_addr,
        message.source_ton,
        message.source_npi,
        message.dest_addr,
        message.dest_ton,
        message.dest_npi,
        message.text,
        message.encoding,
        message.data_coding,
        message.esm_class,
        message.raw,
        message.udh,
        message.dest_port,
        message.source_port,
        message.parts,
        list(message.missing),
        message.error,
        message.connector_id,
        iso_timestamp(message.received_at),
    )


_FILE: dict[str, Any] = {
    "description": "The file",
    "content": {kind.partition(";")[0]: {"schema": {"type": "string"}} for kind in FORMATS.values()},
}
_export = operation(
    "Inbound messages as a file for a spreadsheet: CSV or XLSX", Done, query=InboundExportQuery, reads=True
)

PATHS: dict[str, Any] = {
    "/api/v1/inbound": {
        "get": operation("Inbound messages, the newest first", InboundList, query=InboundQuery, reads=True)
    },
    "/api/v1/inbound/export": {"get": _export | {"responses": _export["responses"] | {"200": _FILE}}},
    "/api/v1/inbound/{key}": {
        "get": operation("One inbound message", Item[InboundView], path="Its id.", reads=True)
    },
}
"""The entries of the OpenAPI document."""

ANSWERS: tuple[Any, ...] = (Item[InboundView], InboundList)
