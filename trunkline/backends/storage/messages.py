"""Messages as people and APIs look them up, and what is kept around them."""

from collections.abc import Collection
from dataclasses import fields
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, delete, func, literal_column, select, text, true, union
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.backends.storage import tables
from trunkline.backends.storage.database import Database, count_up
from trunkline.backends.storage.hydration import build_messages
from trunkline.backends.storage.routes import build_route
from trunkline.backends.storage.statements import MESSAGE_COLUMNS, SEGMENT_COLUMNS
from trunkline.model.administration import LedgerEntry, MessageDetail
from trunkline.model.ids import is_id
from trunkline.model.message import QUEUED_PREFIX, Message, MessageEvent, OrphanKey
from trunkline.model.ports import IdempotencyRecord
from trunkline.model.snapshot import Route

MOST_OF_A_REFERENCE = 1_000  # messages; those of one submit_multi are 254 at most

_account = tables.account
_message = tables.message
_segment = tables.segment
_event = tables.message_event
_ledger = tables.ledger
_outbox = tables.outbox
_route = tables.route
_orphan = tables.orphan_receipt
_idempotency = tables.idempotency

_message_columns = [_message.c[name] for name in MESSAGE_COLUMNS]
_segment_columns = [_segment.c[name] for name in SEGMENT_COLUMNS]
_decode_ids = msgspec.json.Decoder(tuple[str, ...]).decode


class Messages(Database):
    """Reading messages. What is built here is a copy: the pipeline's objects are the journal's."""

    async def message_detail(self, message_id: str, account_id: int | None = None) -> MessageDetail | None:
        """A message with its history, by the id its sender was given or by the plain one.

        Where several have the id, as those of a submit_multi do, it is the latest of them. None when there is
        no such message, or when it is not one of `account_id`'s.
        """
        # A sum, so that no database takes the index of all the account's messages to look for one of them.
        theirs = true() if account_id is None else _message.c.account_id + 0 == account_id
        plain = message_id.removeprefix(QUEUED_PREFIX)
        async with self._read() as connection:
            message = None
            if is_id(plain):
                message = await self._load(connection, and_(theirs, _message.c.id == plain))
            if message is None:
                # The ids first, which the references' index has: the newest that fits, asked for in one
                # go, would have every message looked at where there is none.
                known_as = await connection.execute(
                    select(_message.c.id).where(_message.c.reference == message_id).limit(MOST_OF_A_REFERENCE)
                )
                ids = list(known_as.scalars())
                if ids:
                    message = await self._load(connection, and_(theirs, _message.c.id.in_(ids)))
            if message is None:
                return None
            message_id = message.id
            notified_at = await connection.scalar(
                select(_message.c.notified_at).where(_message.c.id == message_id)
            )
            events = await connection.execute(
                select(
                    _event.c.message_id, _event.c.segment_number, _event.c.at, _event.c.kind, _event.c.detail
                )
                .where(_event.c.message_id == message_id)
                .order_by(_event.c.id)
            )
            # The outbox is ordered by lane, and these are the lanes a message's receipts go to.
            lanes = [f"{kind}:{message.credential}" for kind in ("esme", "http")]
            pending = await connection.scalar(
                select(func.count())
                .select_from(_outbox)
                .where(_outbox.c.lane.in_(lanes), _outbox.c.message_id == message_id)
            )
            history = tuple(MessageEvent(*row) for row in events)
            return MessageDetail(
                message,
                notified_at,
                int(pending or 0),
                history,
                await self._route(connection, message.route_id),
                await self._ledger_of(connection, message, history),
                await connection.scalar(select(_account.c.name).where(_account.c.id == message.account_id))
                or "",
            )

    async def waiting_between(
        self, account_id: int, credential: str, source_addr: str, dest_addr: str, limit: int
    ) -> list[str]:
        """The ids of a sender's messages between these addresses that no SMSC has yet, oldest first.

        Its states may be older than those in memory: what is done with the messages is decided there.
        """
        # A look at each of the two partial indexes, written out: with parameters no database uses them.
        waiting = union(
            select(_segment.c.message_id).where(text("state = 'queued'")),
            select(_segment.c.message_id).where(
                text("state = 'submitting' AND state IN ('submitting', 'unknown')")
            ),
        ).subquery()
        async with self._read() as connection:
            rows = await connection.execute(
                select(_message.c.id)
                .join(waiting, waiting.c.message_id == _message.c.id)
                .where(
                    _message.c.account_id == account_id,
                    _message.c.credential == credential,
                    _message.c.source_addr == source_addr,
                    _message.c.dest_addr == dest_addr,
                )
                .order_by(_message.c.id)
                .limit(limit)
            )
            return list(rows.scalars())

    async def next_short_id_block(self) -> int:
        """The number of a block of short ids that nobody else was given."""
        async with self._write() as connection:
            return await count_up(connection, tables.SHORT_ID_BLOCK)

    async def idempotency_record(self, account_id: int, key: str) -> IdempotencyRecord | None:
        """What was answered when this key was used."""
        async with self._read() as connection:
            rows = await connection.execute(
                select(_idempotency).where(_idempotency.c.account_id == account_id, _idempotency.c.key == key)
            )
            row = rows.one_or_none()
        if row is None:
            return None
        return IdempotencyRecord(
            row.account_id, row.key, row.request_hash, row.response, row.created_at, _decode_ids(row.refused)
        )

    async def drop_idempotency(self, before: int) -> int:
        """Deletes idempotency records made before this time; returns how many."""
        return await self._drop(delete(_idempotency).where(_idempotency.c.created_at < before))

    async def unknown_outcomes(self, limit: int) -> dict[tuple[str, str, str], int]:
        """Where outcomes are unknown: `(connector_id, source_addr, dest_addr)` and since when (Unix ms).

        That is when the first of these segments went out, as far as it is known, or was accepted. Of the
        newest `limit` segments.
        """
        since = func.coalesce(_segment.c.submitted_at, _message.c.accepted_at).label("since")
        found: dict[tuple[str, str, str], int] = {}
        async with self._read() as connection:
            rows = await connection.execute(
                select(_segment.c.connector_id, _message.c.source_addr, _message.c.dest_addr, since)
                .join(_message, _message.c.id == _segment.c.message_id)
                # Written out: with a parameter no database uses the partial index.
                .where(text("segment.state = 'unknown' AND segment.state IN ('submitting', 'unknown')"))
                .order_by(_segment.c.message_id.desc())
                .limit(limit)
            )
            for row in rows:
                between = row.connector_id, row.source_addr, row.dest_addr
                found[between] = min(row.since, found.get(between, row.since))
        return found

    async def orphan_keys(self, limit: int) -> list[OrphanKey]:
        """The kept orphan receipts, newest first, without what they say."""
        columns = [_orphan.c[each.name] for each in fields(OrphanKey)]
        async with self._read() as connection:
            rows = await connection.execute(
                select(*columns).order_by(_orphan.c.received_at.desc(), _orphan.c.id.desc()).limit(limit)
            )
            return [OrphanKey(*row) for row in rows]

    async def drop_orphans(self, before: int) -> int:
        """Deletes orphan receipts received before this time; returns how many."""
        return await self._drop(delete(_orphan).where(_orphan.c.received_at < before))

    async def queue_depths(self) -> dict[str, int]:
        """Queued segments per connector (those with none are absent)."""
        async with self._read() as connection:
            rows = await connection.execute(
                select(_segment.c.connector_id, func.count())
                # Written out: with a parameter no database uses the queue's partial index.
                .where(_segment.c.state == literal_column("'queued'"))
                .group_by(_segment.c.connector_id)
            )
            return {row[0]: row[1] for row in rows}

    async def outbox_lanes(self, lanes: Collection[str] | None = None) -> dict[str, int]:
        """Pending outbox entries per lane: of these, or of all."""
        query = select(_outbox.c.lane, func.count()).group_by(_outbox.c.lane)
        if lanes is not None:
            query = query.where(_outbox.c.lane.in_(lanes))
        async with self._read() as connection:
            rows = await connection.execute(query)
            return {row[0]: row[1] for row in rows}

    async def _drop(self, statement: Any) -> int:
        async with self._write() as connection:
            return int((await connection.execute(statement)).rowcount)

    async def _route(self, connection: AsyncConnection, route_id: int | None) -> Route | None:
        row = (await connection.execute(select(_route).where(_route.c.id == route_id))).one_or_none()
        return None if row is None else build_route(row._mapping)

    async def _ledger_of(
        self, connection: AsyncConnection, message: Message, history: tuple[MessageEvent, ...]
    ) -> tuple[LedgerEntry, ...]:
        """What a message has cost and was given back for it.

        The ledger's index is one of account and time, and an entry has the time of what it was made for.
        """
        times = {message.accepted_at, *(event.at for event in history)}
        rows = await connection.execute(
            select(_ledger.c.created_at, _ledger.c.kind, _ledger.c.amount, _ledger.c.balance_after)
            .where(
                _ledger.c.account_id == message.account_id,
                _ledger.c.created_at.in_(times),
                _ledger.c.message_id == message.id,
            )
            .order_by(_ledger.c.id)
        )
        return tuple(LedgerEntry(*row) for row in rows)

    async def _load(self, connection: AsyncConnection, where: ColumnElement[bool]) -> Message | None:
        """The latest message that `where` names, with its segments."""
        latest = select(*_message_columns).where(where).order_by(_message.c.id.desc()).limit(1)
        rows = (await connection.execute(latest)).all()
        if not rows:
            return None
        segment_rows = await connection.execute(
            select(*_segment_columns).where(_segment.c.message_id == rows[0].id)
        )
        [message] = build_messages(rows, segment_rows)
        return message
