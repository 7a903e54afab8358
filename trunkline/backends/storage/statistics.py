"""What has happened lately, counted from the messages themselves."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from trunkline.backends.storage import tables
from trunkline.backends.storage.database import Database
from trunkline.model.ids import first_id
from trunkline.model.states import MessageState
from trunkline.model.statistics import FailureReason, MessageLine, Share, TrafficCount

_message = tables.message
_account = tables.account

_Query = Select[*tuple[Any, ...]]

FAILED = (MessageState.UNDELIVERED, MessageState.REJECTED, MessageState.EXPIRED)


class Statistics(Database):
    """Reads a stretch of the messages' primary key, which is their order in time."""

    async def traffic(self, since: int, step_ms: int, account_id: int | None) -> list[TrafficCount]:
        """Messages by step of time and state."""
        at = (_message.c.accepted_at - _message.c.accepted_at % step_ms).label("at")
        query = select(at, _message.c.state, func.count()).group_by(at, _message.c.state)
        return [
            TrafficCount(row[0], MessageState(row[1]), row[2])
            for row in await self._rows(_within(query, since, account_id))
        ]

    async def shares(self, since: int, account_id: int | None) -> list[Share]:
        """Messages by account, connector and state."""
        by = (_message.c.account_id, _message.c.connector_id, _message.c.state)
        query = select(*by, func.count()).group_by(*by)
        return [
            Share(row[0], row[1], MessageState(row[2]), row[3])
            for row in await self._rows(_within(query, since, account_id))
        ]

    async def failure_reasons(self, since: int, account_id: int | None, limit: int) -> list[FailureReason]:
        """The commonest reasons of failures, the commonest first."""
        count = func.count().label("messages")
        reason = func.coalesce(_message.c.error, "").label("reason")
        query = (
            select(reason, count)
            .where(_message.c.state.in_(FAILED))
            .group_by(reason)
            .order_by(count.desc(), reason)
            .limit(limit)
        )
        return [FailureReason(row[0], row[1]) for row in await self._rows(_within(query, since, account_id))]

    async def newest_messages(
        self, since: int, account_id: int | None, limit: int, *, failed: bool
    ) -> list[MessageLine]:
        """The newest messages, or the newest of those that failed."""
        query = (
            select(
                _message.c.id,
                _message.c.accepted_at,
                _message.c.source_addr,
                _message.c.dest_addr,
                _message.c.connector_id,
                _message.c.state,
                _message.c.error,
            )
            .order_by(_message.c.id.desc())
            .limit(limit)
        )
        if failed:
            query = query.where(_message.c.state.in_(FAILED))
        return [
            MessageLine(
                row.id,
                row.accepted_at,
                row.source_addr,
                row.dest_addr,
                row.connector_id,
                MessageState(row.state),
                row.error or "",
            )
            for row in await self._rows(_within(query, since, account_id))
        ]

    async def account_names(self) -> dict[int, str]:
        """The accounts' names by their ids."""
        return {row.id: row.name for row in await self._rows(select(_account.c.id, _account.c.name))}

    async def account_balance(self, account_id: int) -> int | None:
        """Micro-credits; None for an account that need not pay in advance, or that does not exist."""
        query = select(_account.c.balance).where(_account.c.id == account_id, _account.c.unlimited.is_(False))
        rows = await self._rows(query)
        return int(rows[0].balance) if rows else None

    async def _rows(self, query: _Query) -> list[Any]:
        async with self._read() as connection:
            return list((await connection.execute(query)).all())


def _within(query: _Query, since: int, account_id: int | None) -> _Query:
    conditions: list[ColumnElement[bool]] = [_message.c.id >= first_id(since)]
    if account_id is not None:
        conditions.append(_message.c.account_id == account_id)
    return query.where(*conditions)
