"""`GET /api/v1/messages`, `/api/v1/delivery-reports`, and their `/export`: an account's, or everybody's."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from msgspec import Meta

from trunkline.model.errors import NotFound
from trunkline.model.identity import Forbidden
from trunkline.model.message_list import MessageFilter, MessagePage, MessageRow, ReceiptRow
from trunkline.model.money import format_credits, parse_credits
from trunkline.model.states import MessageState
from trunkline.model.times import iso_timestamp
from trunkline.servers.http.answers import json_answer
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.errors import ApiError, invalid
from trunkline.servers.http.fields import decode_query
from trunkline.servers.http.messages import iso_or_none
from trunkline.services.accounts import InvalidInput
from trunkline.services.message_exports import MESSAGES, RECEIPTS, csv_export, xlsx_export
from trunkline.services.messages import Messages

STATES: Final = tuple(state.value for state in MessageState)
FORMATS: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
DEFAULT_LIMIT: Final = 50

Text = Annotated[str, Meta(max_length=255)]


class MessageQuery(msgspec.Struct, rename={"from_": "from"}, forbid_unknown_fields=True):
    """Which messages; what is left out does not matter."""

    id: Annotated[Text, Meta(description="The id that its sender was given, or the plain one.")] = ""
    account_id: Annotated[Text, Meta(description="For the administrator: of this account.")] = ""
    account: Annotated[Text, Meta(description="The same, by the account's name.")] = ""
    connector: Text = ""
    state: Annotated[Text, Meta(extra_json_schema={"enum": STATES})] = ""
    door: Annotated[Text, Meta(description="Which way it came in: smpp or http.")] = ""
    credential: Annotated[Text, Meta(description="The system_id or HTTP user that handed it in.")] = ""
    from_: Text = ""
    from_prefix: Annotated[Text, Meta(description="How the source begins; letters of either case.")] = ""
    to: Text = ""
    to_prefix: Annotated[Text, Meta(description="How the destination begins.")] = ""
    encoding: Annotated[Text, Meta(description="gsm7, ucs2, latin1, binary ...")] = ""
    parts: Annotated[Text, Meta(description="In so many parts.")] = ""
    charged: Annotated[Text, Meta(description="For which so many credits were charged.")] = ""
    receipt: Annotated[Text, Meta(description="With this status in receipts: DELIVRD, UNDELIV ...")] = ""
    min_delay_ms: Annotated[Text, Meta(description="Of reports: that took so long or longer.")] = ""
    error: Annotated[Text, Meta(description="Contained in the error.")] = ""
    text: Annotated[Text, Meta(description="Contained in text, source or destination.")] = ""
    since: Annotated[Text, Meta(description="ISO 8601, UTC where it names no zone.")] = ""
    until: Annotated[Text, Meta(description="The same; itself not included.")] = ""
    user: str | None = None
    password: str | None = None


class MessagePageQuery(MessageQuery):
    """Which messages, and which page of them."""

    next: Annotated[Text, Meta(description="`next` of the page before.")] = ""
    limit: Annotated[Text, Meta(description="Rows of a page, 1 to 1000; 50 when left out.")] = ""


class ExportQuery(MessageQuery):
    """Which messages, and as what."""

    format: Annotated[Text, Meta(extra_json_schema={"enum": tuple(FORMATS)})] = "csv"


class ListedMessage(msgspec.Struct, rename={"from_": "from"}):
    """A message in a list. Times are ISO 8601 in UTC, credits a decimal number in a string."""

    message_id: str
    reference: str | None
    account_id: int
    account: str
    door: str
    credential: str
    from_: str
    to: str
    text: str | None
    encoding: str
    parts: int
    connector: str
    state: str
    error: str | None
    charged: str
    report: bool  # whether its sender wants a delivery report
    accepted_at: str
    sent_at: str | None
    done_at: str | None
    notified_at: str | None


class ListedReceipt(msgspec.Struct, rename={"from_": "from"}):
    """A delivery report: what the SMSC said of one part of a message."""

    message_id: str
    part: int
    account_id: int
    account: str
    from_: str
    to: str
    status: str
    error: str | None
    state: str
    connector: str
    smsc_message_id: str | None
    delay_ms: int | None
    submitted_at: str | None
    done_at: str | None
    received_at: str


class MessageList(msgspec.Struct):
    """A page. `searched` false: nothing more was looked at for now; `next` goes on from there."""

    ok: bool
    items: list[ListedMessage]
    next: str | None
    searched: bool


class ReceiptList(msgspec.Struct):
    """A page of delivery reports, likewise."""

    ok: bool
    items: list[ListedReceipt]
    next: str | None
    searched: bool


def message_lists(messages: Messages, authenticator: Authenticator) -> APIRouter:
    """The router of these routes."""
    router = APIRouter()

    @router.get("/api/v1/messages")
    async def listed(request: Request) -> Response:
        query = decode_query(request.scope["query_string"], MessagePageQuery)
        actor = await authenticator.actor_of(request, query.user, query.password)
        with _refusals():
            page = await messages.list(actor, filter_of(query), query.next, _limit(query.limit))
        return json_answer(list_of(page))

    @router.get("/api/v1/delivery-reports")
    async def reported(request: Request) -> Response:
        query = decode_query(request.scope["query_string"], MessagePageQuery)
        actor = await authenticator.actor_of(request, query.user, query.password)
        with _refusals():
            page: MessagePage[ReceiptRow] = await messages.receipts(
                actor, filter_of(query), query.next, _limit(query.limit)
            )
        return json_answer(ReceiptList(True, [_receipt(row) for row in page.items], page.next, page.searched))

    @router.get("/api/v1/messages/export")
    async def exported(request: Request) -> Response:
        query = decode_query(request.scope["query_string"], ExportQuery)
        actor = await authenticator.actor_of(request, query.user, query.password)
        with _refusals():
            write = csv_export if format_of(query.format) == "csv" else xlsx_export
            rows = messages.every_message(actor, filter_of(query))
        return file_answer(MESSAGES.name, query.format, write(MESSAGES, rows))

    @router.get("/api/v1/delivery-reports/export")
    async def reports_exported(request: Request) -> Response:
        query = decode_query(request.scope["query_string"], ExportQuery)
        actor = await authenticator.actor_of(request, query.user, query.password)
        with _refusals():
            write = csv_export if format_of(query.format) == "csv" else xlsx_export
            rows = messages.every_receipt(actor, filter_of(query))
        return file_answer(RECEIPTS.name, query.format, write(RECEIPTS, rows))

    return router


def list_of(page: MessagePage[MessageRow]) -> MessageList:
    """A page as the API shows it."""
    return MessageList(True, [_message(row) for row in page.items], page.next, page.searched)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except InvalidInput as error:
        raise invalid(str(error)) from None
    except NotFound as error:
        raise ApiError(404, str(error)) from None
    except Forbidden as error:
        raise ApiError(403, str(error)) from None


def filter_of(query: MessageQuery) -> MessageFilter:
    """What the query string names. Raises `InvalidInput`."""
    if query.state and query.state not in STATES:
        raise InvalidInput("state", f"must be one of {', '.join(STATES)}")
    return MessageFilter(
        message_id=query.id,
        account=query.account,
        source_prefix=query.from_prefix,
        encoding=query.encoding,
        parts=_number("parts", query.parts) if query.parts else None,
        charged=_credits(query.charged) if query.charged else None,
        receipt=query.receipt.upper(),
        min_delay_ms=_number("min_delay_ms", query.min_delay_ms) if query.min_delay_ms else None,
        account_id=_number("account_id", query.account_id) if query.account_id else None,
        connector_id=query.connector,
        state=MessageState(query.state) if query.state else None,
        door=query.door,
        credential=query.credential,
        source_addr=query.from_,
        dest_addr=query.to,
        dest_prefix=query.to_prefix,
        error=query.error,
        text=query.text,
        since=moment_of("since", query.since),
        until=moment_of("until", query.until),
    )


def moment_of(name: str, text: str) -> int | None:
    """Unix milliseconds of a time in a query; None for nothing. Raises `InvalidInput` naming the field."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return int(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise InvalidInput(name, "must be a time as in 2026-04-10T12:30:00Z, or a date") from None


def _number(name: str, text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return int(text)
    raise InvalidInput(name, "must be a whole number")


def _credits(text: str) -> int:
    try:
        return parse_credits(text)
    except ValueError as error:
        raise InvalidInput("charged", str(error)) from None


def _limit(text: str) -> int:
    return _number("limit", text) if text else DEFAULT_LIMIT


def format_of(text: str) -> str:
    """A file format. Raises `InvalidInput`."""
    if text not in FORMATS:
        raise InvalidInput("format", f"must be one of {', '.join(FORMATS)}")
    return text


def _message(row: MessageRow) -> ListedMessage:
    return ListedMessage(
        row.id,
        row.reference,
        row.account_id,
        row.account,
        row.door,
        row.credential,
        row.source_addr,
        row.dest_addr,
        row.text,
        row.encoding,
        row.parts,
        row.connector_id,
        row.state.value,
        row.error,
        format_credits(row.charged),
        bool(row.registered_delivery),
        iso_timestamp(row.accepted_at),
        iso_or_none(row.sent_at),
        iso_or_none(row.done_at),
        iso_or_none(row.notified_at),
    )


def _receipt(row: ReceiptRow) -> ListedReceipt:
    return ListedReceipt(
        row.message_id,
        row.number,
        row.account_id,
        row.account,
        row.source_addr,
        row.dest_addr,
        row.stat,
        row.err,
        row.state.value,
        row.connector_id,
        row.smsc_message_id,
        row.delay_ms,
        iso_or_none(row.submitted_at),
        iso_or_none(row.done_at),
        iso_timestamp(row.received_at),
    )


def file_answer(name: str, kind: str, content: AsyncIterator[bytes]) -> Response:
    """A file to save, of a format of `FORMATS`."""
    headers = {
        "cache-control": "no-store",
        "content-disposition": f'attachment; filename="{name}.{kind}"',
    }
    return StreamingResponse(content, headers=headers, media_type=FORMATS[kind])
