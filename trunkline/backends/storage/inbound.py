"""Inbound messages: lists of them, newest first, and what the pipeline remembers of earlier runs."""

from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.backends.storage import tables
from trunkline.backends.storage.database import Database
from trunkline.backends.storage.inbound_rows import build_inbound, build_inbound_part
from trunkline.backends.storage.statements import (
    INBOUND_COLUMNS,
    INBOUND_PART_COLUMNS,
    INBOUND_SEEN_COLUMNS,
)
from trunkline.backends.storage.stepping import BEYOND, Position, search
from trunkline.model.ids import first_id
from trunkline.model.inbound import (
    InboundCounts,
    InboundFilter,
    InboundPart,
    InboundRow,
    InboundSeen,
)
from trunkline.model.message_list import MessagePage

MOST_LOOKED_AT = 50_000  # messages per page

_inbound = tables.inbound
_part = tables.inbound_part
_seen = tables.inbound_seen
_account = tables.account

_ROW = (*(_inbound.c[name] for name in INBOUND_COLUMNS), func.coalesce(_account.c.name, ""))


class Inbound(Database):
    """Inbound messages."""

    async def list_inbound(self, wanted: InboundFilter, cursor: str, limit: int) -> MessagePage[InboundRow]:
        """Messages that fit, newest first; `cursor` is the `next` of the page before, empty for the first."""

        async def fetch(
            connection: AsyncConnection, below: Position, down_to: str | None, most: int
        ) -> list[InboundRow]:
            rows = await connection.execute(_between(wanted, below[0], down_to, most))
            return [_row(row) for row in rows]

        end = None if wanted.is_direct else partial(_end_of_step, wanted)
        async with self._read() as connection:
            return await search(
                connection,
                (cursor or BEYOND, 0),
                limit,
                MOST_LOOKED_AT,
                end,
                fetch,
                lambda row: row.message.id,
            )

    async def find_inbound(self, message_id: str) -> InboundRow | None:
        """A message by its id."""
        async with self._read() as connection:
            row = (await connection.execute(_rows().where(_inbound.c.id == message_id))).one_or_none()
        return None if row is None else _row(row)

    async def count_inbound(self, since: int, account_id: int | None) -> InboundCounts:
        """How many came at this time (Unix ms) or later; of one account or of all."""
        counted = (
            select(_inbound.c.connector_id, func.count())
            .where(_in_range(InboundFilter(account_id=account_id, since=since), BEYOND))
            .group_by(_inbound.c.connector_id)
            .order_by(_inbound.c.connector_id)
        )
        async with self._read() as connection:
            by_connector = {row[0]: row[1] for row in await connection.execute(counted)}
        return InboundCounts(sum(by_connector.values()), by_connector)

    async def inbound_parts(self) -> list[InboundPart]:
        """The kept parts of inbound messages, in the order in which they came."""
        columns = (_part.c[name] for name in INBOUND_PART_COLUMNS)
        async with self._read() as connection:
            rows = await connection.execute(select(*columns).order_by(_part.c.id))
            return [build_inbound_part(row) for row in rows]

    async def inbound_seen(self, since: int, limit: int) -> list[InboundSeen]:
        """What came in at this time or later, in order: the newest `limit` of it."""
        columns = (_seen.c[name] for name in INBOUND_SEEN_COLUMNS)
        wanted = select(*columns).where(_seen.c.id >= first_id(since))
        async with self._read() as connection:
            rows = await connection.execute(wanted.order_by(_seen.c.id.desc()).limit(limit))
            return [InboundSeen(*row) for row in reversed(rows.all())]

    async def drop_inbound_seen(self, before: int) -> int:
        """Forgets what came in before this time; returns how much."""
        async with self._write() as connection:
            done = await connection.execute(delete(_seen).where(_seen.c.id < first_id(before)))
            return int(done.rowcount)


def _row(row: Any) -> InboundRow:
    return InboundRow(build_inbound(row[:-1]), row[-1])


def _rows() -> Select[Any]:
    return select(*_ROW).select_from(_inbound.outerjoin(_account, _account.c.id == _inbound.c.account_id))


def _end_of_step(wanted: InboundFilter, below: str, step: int) -> Select[Any]:
    return (
        select(_inbound.c.id)
        .where(_in_range(wanted, below))
        .order_by(_inbound.c.id.desc())
        .limit(1)
        .offset(step - 1)
    )


def _between(wanted: InboundFilter, below: str, down_to: str | None, most: int) -> Select[Any]:
    conditions = [_in_range(wanted, below)]
    if wanted.connector_id:
        conditions.append(_inbound.c.connector_id == wanted.connector_id)
    if wanted.text:
        conditions.append(
            or_(
                *(
                    column.icontains(wanted.text, autoescape=True)
                    for column in (_inbound.c.text, _inbound.c.source_addr, _inbound.c.dest_addr)
                )
            )
        )
    if down_to is not None:
        conditions.append(_inbound.c.id >= down_to)
    return _rows().where(*conditions).order_by(_inbound.c.id.desc()).limit(most)


def _in_range(wanted: InboundFilter, below: str) -> ColumnElement[bool]:
    """What an index leads to: all, an account's, or those from or to an address, of a time."""
    if wanted.until is not None:
        below = min(below, first_id(wanted.until))
    conditions = [_inbound.c.id < below]
    if wanted.since is not None:
        conditions.append(_inbound.c.id >= first_id(wanted.since))
    if wanted.account_id is not None:
        conditions.append(_inbound.c.account_id == wanted.account_id)
    if wanted.source_addr:
        conditions.append(_inbound.c.source_addr == wanted.source_addr)
    if wanted.dest_addr:
        conditions.append(_inbound.c.dest_addr == wanted.dest_addr)
    return and_(*conditions)
