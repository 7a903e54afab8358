"""What has happened lately, counted by the hour.

The hours that are over are counted once and kept in `traffic`. What becomes of their messages later is seen
when they are counted again, the sooner the younger they are. The current hour is counted whenever it is asked
for. Nothing of this touches the journal: nobody pays for figures that nobody looks at.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.backends.storage import tables
from trunkline.backends.storage.database import Database
from trunkline.backends.storage.message_lists import shown_error
from trunkline.model.ids import first_id
from trunkline.model.states import MessageState
from trunkline.model.statistics import FailureReason, MessageLine, Share, TrafficCount

HOUR_MS = 3_600_000
OLDEST_MS = 366 * 24 * HOUR_MS  # nothing older is counted
# An hour is counted again after a twentieth of its age: figures of yesterday are an hour behind at the most.
AGAIN_AFTER = 20
REASON_LENGTH = 255
LONGEST = 24  # hours that are counted in one go
SLACK_MS = 60_000  # by which a message's id and the time at which it was accepted may differ

_message = tables.message
_account = tables.account
_traffic = tables.traffic
_hour = tables.traffic_hour

_Query = Select[*tuple[Any, ...]]

FAILED = (MessageState.UNDELIVERED, MessageState.REJECTED, MessageState.EXPIRED)


class _Count(NamedTuple):
    """A row of `traffic`."""

    hour: int
    account_id: int
    connector_id: str
    state: str
    reason: str
    messages: int
    segments: int  # that an SMSC took


class Statistics(Database):
    """Counts of messages, and the newest of them."""

    async def traffic(self, since: int, step_ms: int, account_id: int | None) -> list[TrafficCount]:
        """Messages by step of time and state; `since` and `step_ms` are whole hours."""
        sums: dict[tuple[int, str], int] = defaultdict(int)
        for row in await self._counts(since, account_id):
            sums[row.hour - row.hour % step_ms, row.state] += row.messages
        return [TrafficCount(at, MessageState(state), messages) for (at, state), messages in sums.items()]

    async def shares(self, since: int, account_id: int | None) -> list[Share]:
        """Messages by account, connector and state."""
        sums: dict[tuple[int, str, str], int] = defaultdict(int)
        for row in await self._counts(since, account_id):
            sums[row.account_id, row.connector_id, row.state] += row.messages
        return [
            Share(account, connector_id, MessageState(state), messages)
            for (account, connector_id, state), messages in sums.items()
        ]

    async def usage(self, since: int) -> dict[str, int]:
        """Segments that SMSCs took, by connector; `since` is a whole hour."""
        now = self._now_ms()
        this_hour = now - now % HOUR_MS
        first = max(since, this_hour - OLDEST_MS)
        await self._count_what_is_due(first, this_hour, now)
        query = (
            select(_traffic.c.connector_id, func.sum(_traffic.c.segments))
            .where(_traffic.c.hour >= first, _traffic.c.hour < this_hour)
            .group_by(_traffic.c.connector_id)
        )
        async with self._read() as connection:
            used = {connector_id: int(segments) for connector_id, segments in await connection.execute(query)}
            for row in await _count(connection, max(first, this_hour), None, None):
                used[row.connector_id] = used.get(row.connector_id, 0) + row.segments
        return used

    async def failure_reasons(self, since: int, account_id: int | None, limit: int) -> list[FailureReason]:
        """The commonest reasons of failures, the commonest first."""
        sums: dict[str, int] = defaultdict(int)
        for row in await self._counts(since, account_id):
            if row.state in FAILED:
                sums[row.reason] += row.messages
        commonest = sorted(sums.items(), key=lambda each: (-each[1], each[0]))
        return [FailureReason(reason, messages) for reason, messages in commonest[:limit]]

    async def _counts(self, since: int, account_id: int | None) -> list[_Count]:
        """The counts of all hours from `since` on."""
        now = self._now_ms()
        this_hour = now - now % HOUR_MS
        first = max(since - since % HOUR_MS, this_hour - OLDEST_MS)
        await self._count_what_is_due(first, this_hour, now)
        stored = select(_traffic).where(_traffic.c.hour >= first, _traffic.c.hour < this_hour)
        if account_id is not None:
            stored = stored.where(_traffic.c.account_id == account_id)
        async with self._read() as connection:
            kept = [_Count(*row) for row in await connection.execute(stored)]
            return kept + await _count(connection, max(first, this_hour), None, account_id)

    async def _count_what_is_due(self, first: int, end: int, now: int) -> None:
        """Counts the hours from `first` to before `end` that were not counted yet, or not for long."""
        if first >= end:
            return
        async with self._read() as connection:
            rows = await connection.execute(
                select(_hour.c.hour, _hour.c.counted_at).where(_hour.c.hour >= first, _hour.c.hour < end)
            )
            counted = {row.hour: row.counted_at for row in rows}
        due = [
            hour
            for hour in range(first, end, HOUR_MS)
            if hour not in counted or now >= counted[hour] + (now - hour) // AGAIN_AFTER
        ]
        for begin, until in _stretches(due):
            async with self._read() as connection:
                counts = await _count(connection, begin, until, None)
            # Apart from the count, which takes its time: a writer would keep the journal waiting.
            await self._keep(counts, begin, until, now)

    async def _keep(self, counts: list[_Count], begin: int, until: int, now: int) -> None:
        try:
            async with self._write() as connection:
                # The hours first and in order: whoever counts the same ones waits here, and then gives way.
                await connection.execute(delete(_hour).where(_hour.c.hour >= begin, _hour.c.hour < until))
                hours = [{"hour": hour, "counted_at": now} for hour in range(begin, until, HOUR_MS)]
                await connection.execute(insert(_hour), hours)
                await connection.execute(
                    delete(_traffic).where(_traffic.c.hour >= begin, _traffic.c.hour < until)
                )
                if counts:
                    await connection.execute(insert(_traffic), [row._asdict() for row in counts])
        except IntegrityError:
            pass  # somebody else has counted the same hours at the same time

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


async def _count(
    connection: AsyncConnection, begin: int, until: int | None, account_id: int | None
) -> list[_Count]:
    """Counts the messages themselves, those accepted from `begin` (a whole hour) to before `until`."""
    hour = (_message.c.accepted_at - _message.c.accepted_at % HOUR_MS).label("hour")
    reason = case(
        (_message.c.state.in_(FAILED), func.substr(func.coalesce(shown_error, ""), 1, REASON_LENGTH)),
        else_="",
    ).label("reason")
    # A sum, so that no database takes the accounts' index for the order: it leads to one message at a time.
    account = (_message.c.account_id + 0).label("account")
    by = (hour, account, _message.c.connector_id, _message.c.state, reason)
    taken = and_(_message.c.sent_at.is_not(None), _message.c.state != MessageState.REJECTED)
    segments = func.sum(case((taken, _message.c.parts), else_=0)).label("segments")
    # By the ids, which are in the order of time, and within them exactly.
    query = _within(select(*by, func.count(), segments).group_by(*by), begin - SLACK_MS, account_id)
    query = query.where(_message.c.accepted_at >= begin)
    if until is not None:
        query = query.where(_message.c.id < first_id(until + SLACK_MS), _message.c.accepted_at < until)
    # A sum is a decimal number to PostgreSQL.
    return [_Count(*row)._replace(segments=int(row.segments)) for row in await connection.execute(query)]


def _stretches(hours: Iterable[int]) -> list[tuple[int, int]]:
    """Hours that follow each other as (begin, end), of at most `LONGEST` hours."""
    found = []
    for _, group in groupby(enumerate(hours), lambda each: each[1] - each[0] * HOUR_MS):
        run = [hour for _, hour in group]
        found += [
            (run[first], run[min(first + LONGEST, len(run)) - 1] + HOUR_MS)
            for first in range(0, len(run), LONGEST)
        ]
    return found
