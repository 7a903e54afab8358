"""Messages and delivery reports as lists: newest first, page by page, by the order of their ids.

Two indexes carry them: the primary key, and `(account_id, id)` for one account's. Whatever else is looked for
is looked for along them, step by step (see `stepping`).
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.backends.storage import tables
from trunkline.backends.storage.database import Database
from trunkline.backends.storage.stepping import BEYOND, Fetch, Position, search
from trunkline.model.ids import first_id, is_id, milliseconds_of
from trunkline.model.message import QUEUED_PREFIX
from trunkline.model.message_list import MessageFilter, MessagePage, MessageRow, ReceiptRow
from trunkline.model.states import RECEIPT_OF_STATE, MessageState, SegmentState

MOST_LOOKED_AT = 100_000  # messages per page
MOST_OF_AN_ACCOUNT = 30_000  # the same along an account's index: each is a look-up of its own

R = TypeVar("R")

_message = tables.message
_segment = tables.segment
_account = tables.account

_AT_ONCE_MS = 1_000
_FAILED = [state.value for state in (MessageState.UNDELIVERED, MessageState.REJECTED, MessageState.EXPIRED)]

# What the SMSC's receipt says where the gateway itself has nothing to say.
_receipt_error = (
    select(_segment.c.receipt_stat + " " + func.coalesce(_segment.c.receipt_err, "000"))
    .where(
        _segment.c.message_id == _message.c.id,
        _segment.c.receipt_stat.is_not(None),
        _segment.c.state.in_(_FAILED),
    )
    .order_by(_segment.c.number)
    .limit(1)
    .scalar_subquery()
)
shown_error = func.coalesce(_message.c.error, _receipt_error)

_MESSAGE_ROW = (
    _message.c.id,
    _message.c.reference,
    _message.c.account_id,
    func.coalesce(_account.c.name, ""),
    _message.c.door,
    _message.c.credential,
    _message.c.source_addr,
    _message.c.dest_addr,
    _message.c.text,
    _message.c.encoding,
    _message.c.parts,
    _message.c.connector_id,
    _message.c.state,
    shown_error,
    _message.c.charged,
    _message.c.registered_delivery,
    _message.c.accepted_at,
    _message.c.sent_at,
    _message.c.done_at,
    _message.c.notified_at,
)
_RECEIPT_ROW = (
    _message.c.id,
    _segment.c.number,
    _message.c.account_id,
    func.coalesce(_account.c.name, ""),
    _message.c.source_addr,
    _message.c.dest_addr,
    _segment.c.receipt_stat,
    _segment.c.receipt_err,
    _segment.c.state,
    _segment.c.connector_id,
    _segment.c.smsc_message_id,
    _segment.c.submitted_at,
    _segment.c.done_at,
    _segment.c.receipt_at,
    _segment.c.receipt_text,
)


class MessageLists(Database):
    """Lists of messages. `cursor` is the `next` of the page before, empty for the first page."""

    async def list_messages(self, wanted: MessageFilter, cursor: str, limit: int) -> MessagePage[MessageRow]:
        """Messages that fit, newest first."""

        async def fetch(
            connection: AsyncConnection, below: Position, down_to: str | None, most: int
        ) -> list[MessageRow]:
            rows = await connection.execute(messages_between(wanted, below[0], down_to, most))
            return [_message_row(row) for row in rows]

        position = (cursor or BEYOND, 0)
        return await self._search(wanted, wanted.is_direct, position, limit, fetch, lambda row: row.id)

    async def list_receipts(self, wanted: MessageFilter, cursor: str, limit: int) -> MessagePage[ReceiptRow]:
        """Delivery reports of messages that fit, by the order of the messages, the newest first.

        `state` and `error` are those of the report's segment.
        """

        async def fetch(
            connection: AsyncConnection, below: Position, down_to: str | None, most: int
        ) -> list[ReceiptRow]:
            rows = await connection.execute(receipts_between(wanted, below, down_to, most))
            return [_receipt_row(row) for row in rows]

        message_id, _, number = cursor.partition(".")
        position = (message_id or BEYOND, int(number or 0))
        return await self._search(
            wanted, False, position, limit, fetch, lambda row: f"{row.message_id}.{row.number}"
        )

    async def _search(
        self,
        wanted: MessageFilter,
        is_direct: bool,
        position: Position,
        limit: int,
        fetch: Fetch[R],
        key: Callable[[R], str],
    ) -> MessagePage[R]:
        most = MOST_OF_AN_ACCOUNT if _is_of_an_account(wanted) else MOST_LOOKED_AT
        end = None if is_direct else partial(end_of_step, wanted)
        async with self._read() as connection:
            return await search(connection, position, limit, most, end, fetch, key)


def end_of_step(wanted: MessageFilter, below: str, step: int) -> Select[Any]:
    """The id of the message with which a step ends; none where the range ends before it."""
    return (
        select(_message.c.id)
        .where(_in_range(wanted, below))
        .order_by(_message.c.id.desc())
        .limit(1)
        .offset(step - 1)
    )


def messages_between(wanted: MessageFilter, below: str, down_to: str | None, most: int) -> Select[Any]:
    """Rows of `MessageRow`: what fits below an id, down to another (included) where there is one."""
    conditions = [_in_range(wanted, below), *_of_message(wanted)]
    if wanted.connector_id:
        conditions.append(_message.c.connector_id == wanted.connector_id)
    if wanted.state:
        conditions.append(_message.c.state == wanted.state.value)
    if wanted.receipt:
        said = [state.value for state, stat in RECEIPT_OF_STATE.items() if stat == wanted.receipt]
        conditions.append(_message.c.state.in_(said))
    if wanted.error:
        conditions += [
            _message.c.state != MessageState.DELIVERED.value,
            shown_error.icontains(wanted.error, autoescape=True),
        ]
    if down_to is not None:
        conditions.append(_message.c.id >= down_to)
    return (
        select(*_MESSAGE_ROW)
        .select_from(_message.outerjoin(_account, _account.c.id == _message.c.account_id))
        .where(*conditions)
        .order_by(_message.c.id.desc())
        .limit(most)
    )


def receipts_between(wanted: MessageFilter, below: Position, down_to: str | None, most: int) -> Select[Any]:
    """Rows of `ReceiptRow`, likewise; `below` is a message's id and a segment's number."""
    message_id, number = below
    conditions = [
        _in_range(wanted, message_id, included=bool(number)),
        _segment.c.receipt_at.is_not(None),
        *_of_message(wanted),
    ]
    if number:
        conditions.append(or_(_message.c.id < message_id, _segment.c.number < number))
    if wanted.connector_id:
        conditions.append(_segment.c.connector_id == wanted.connector_id)
    if wanted.state:
        conditions.append(_segment.c.state == wanted.state.value)
    if wanted.receipt:
        conditions.append(_segment.c.receipt_stat == wanted.receipt)
    if wanted.min_delay_ms is not None:
        conditions.append(_segment.c.receipt_at - _segment.c.submitted_at >= wanted.min_delay_ms)
    if wanted.error:
        said = _segment.c.receipt_stat + " " + func.coalesce(_segment.c.receipt_err, "")
        conditions.append(said.icontains(wanted.error, autoescape=True))
    if down_to is not None:
        conditions.append(_message.c.id >= down_to)
    return (
        select(*_RECEIPT_ROW)
        .select_from(
            _message.join(_segment, _segment.c.message_id == _message.c.id).outerjoin(
                _account, _account.c.id == _message.c.account_id
            )
        )
        .where(*conditions)
        .order_by(_message.c.id.desc(), _segment.c.number.desc())
        .limit(most)
    )


def _message_row(row: Sequence[Any]) -> MessageRow:
    values = [*row]
    values[12] = MessageState(row[12])
    return MessageRow(*values)


def _receipt_row(row: Sequence[Any]) -> ReceiptRow:
    values = [*row]
    values[8] = SegmentState(row[8])
    return ReceiptRow(*values)


def _in_range(wanted: MessageFilter, below: str, *, included: bool = False) -> ColumnElement[bool]:
    """What an index leads to: an account's messages of a time, or about that of an id."""
    until, since = wanted.until, wanted.since
    plain = wanted.message_id.removeprefix(QUEUED_PREFIX)
    if is_id(plain):
        # Those of one submit_multi share an id that is made just before theirs.
        made = milliseconds_of(plain)
        until, since = min(until or made + _AT_ONCE_MS, made + _AT_ONCE_MS), max(since or made, made)
    if until is not None and first_id(until) <= below:
        below, included = first_id(until), False
    conditions = [_message.c.id <= below if included else _message.c.id < below]
    if since is not None:
        conditions.append(_message.c.id >= first_id(since))
    if wanted.account_id is not None:
        conditions.append(_message.c.account_id == wanted.account_id)
    if wanted.account:
        named = select(_account.c.id).where(_account.c.name == wanted.account).scalar_subquery()
        conditions.append(_message.c.account_id == named)
    return and_(*conditions)


def _is_of_an_account(wanted: MessageFilter) -> bool:
    return wanted.account_id is not None or bool(wanted.account)


def _of_message(wanted: MessageFilter) -> list[ColumnElement[bool]]:
    """What must be looked at in each message."""
    conditions = [
        column == value
        for column, value in (
            (_message.c.door, wanted.door),
            (_message.c.credential, wanted.credential),
            (_message.c.source_addr, wanted.source_addr),
            (_message.c.dest_addr, wanted.dest_addr),
            (_message.c.encoding, wanted.encoding),
        )
        if value
    ]
    if wanted.message_id:
        plain = wanted.message_id.removeprefix(QUEUED_PREFIX)
        known_as = _message.c.reference == wanted.message_id
        conditions.append(or_(_message.c.id == plain, known_as) if is_id(plain) else known_as)
    if wanted.parts is not None:
        conditions.append(_message.c.parts == wanted.parts)
    if wanted.charged is not None:
        conditions.append(_message.c.charged == wanted.charged)
    if wanted.source_prefix:
        conditions.append(_message.c.source_addr.istartswith(wanted.source_prefix, autoescape=True))
    if wanted.dest_prefix:
        conditions.append(_message.c.dest_addr.startswith(wanted.dest_prefix, autoescape=True))
    if wanted.text:
        conditions.append(
            or_(
                *(
                    column.icontains(wanted.text, autoescape=True)
                    for column in (_message.c.text, _message.c.source_addr, _message.c.dest_addr)
                )
            )
        )
    return conditions
