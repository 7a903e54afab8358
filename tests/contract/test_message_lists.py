"""Lists of messages and delivery reports: what they find, how they go on, and how little they look at."""

import os
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Engine, Select, event, select
from sqlalchemy.dialects import postgresql, sqlite

from bench.generated import FIRST_MS, INTERVAL_MS, make_database
from trunkline.backends.storage import SqlStore, message_lists, stepping, tables
from trunkline.backends.storage.message_lists import end_of_step, messages_between, receipts_between
from trunkline.model.administration import AccountFilter, LedgerEntry
from trunkline.model.ids import first_id, new_id
from trunkline.model.message import Message
from trunkline.model.message_list import MessageFilter, MessagePage, MessageRow
from trunkline.model.people import Paging
from trunkline.model.states import MessageState, SegmentState

from .harness import (
    Place,
    accept,
    ids,
    make_account,
    make_event,
    make_message,
    make_notification,
    settle,
    submit,
)

ROWS = int(os.environ.get("TRUNKLINE_TEST_MESSAGES", "1000000"))


async def settled(store: SqlStore, message: Message, state: SegmentState = SegmentState.DELIVERED) -> None:
    """Takes every segment of a stored message to its end."""
    for segment in message.segments:
        changed = submit(segment)
        store.journal.submitted(segment, changed)
        changed = settle(segment, state)
        store.journal.settled(segment, changed, None)
    await store.journal.flush()


async def everything(store: SqlStore, wanted: MessageFilter, limit: int = 2) -> list[str]:
    """The ids of all pages of a list of messages."""
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await store.list_messages(wanted, cursor, limit)
        assert len(page.items) <= limit
        found += [row.id for row in page.items]
        cursor = page.next
    return found


async def test_pages_go_from_the_newest_to_the_oldest(store: SqlStore, account_id: int) -> None:
    messages = [make_message(account_id) for _ in range(7)]
    await accept(store, *messages)
    newest_first = ids(reversed(messages))
    assert await everything(store, MessageFilter(), 3) == newest_first
    assert await everything(store, MessageFilter(), 7) == newest_first
    first = await store.list_messages(MessageFilter(), "", 3)
    assert first.next == newest_first[2]
    await accept(store, make_message(account_id))
    second = await store.list_messages(MessageFilter(), first.next, 3)
    assert [row.id for row in second.items] == newest_first[3:6]  # what came in between moves nothing


async def test_nothing_is_a_page_too(store: SqlStore) -> None:
    assert await store.list_messages(MessageFilter(), "", 10) == MessagePage([], None)
    assert await store.list_receipts(MessageFilter(), "", 10) == MessagePage([], None)


async def test_a_row_tells_what_the_table_shows(store: SqlStore) -> None:
    account_id = await make_account(store)
    message = make_message(account_id, parts=2, charged=2000, reference="12345678")
    await accept(store, message)
    await settled(store, message, SegmentState.UNDELIVERED)
    entry = make_notification(message)
    store.journal.noted(make_event(message), entry)
    store.journal.notified(entry, 99)
    await store.journal.flush()
    [row] = (await store.list_messages(MessageFilter(), "", 10)).items
    [account] = (await store.page_accounts(AccountFilter(), Paging())).items
    assert row == MessageRow(
        message.id, "12345678", account_id, account.name, "smpp", "client1", "INFO", "971501234567", "Hello",
        "gsm7", 2, "smsc-1", MessageState.UNDELIVERED, "UNDELIV 000", 2000, 1, message.accepted_at,
        message.sent_at, message.done_at, 99,
    )  # fmt: skip


FILTERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # what the message has, which filter finds it and not the others
    "connector": ({"connector_id": "smsc-2"}, {"connector_id": "smsc-2"}),
    "door": ({"door": "http"}, {"door": "http"}),
    "credential": ({"credential": "client_2"}, {"credential": "client_2"}),
    "source": ({"source_addr": "BRAND"}, {"source_addr": "BRAND"}),
    "destination": ({"dest_addr": "4915112345"}, {"dest_addr": "4915112345"}),
    "prefix": ({"dest_addr": "4915112345"}, {"dest_prefix": "4915"}),
    "text": ({"text": "Your CODE is 100%"}, {"text": "code is 100%"}),
    "source in text": ({"source_addr": "BRAND"}, {"text": "brand"}),
    "destination in text": ({"dest_addr": "4915112345"}, {"text": "5112"}),
    "source prefix": ({"source_addr": "BRAND"}, {"source_prefix": "bra"}),
    "encoding": ({"encoding": "ucs2"}, {"encoding": "ucs2"}),
    "parts": ({"parts": 3}, {"parts": 3}),
    "credits": ({"charged": 12_345}, {"charged": 12_345}),
    "reference": ({"reference": "a0b1c2d3"}, {"message_id": "a0b1c2d3"}),
    "error": ({"error": "refused: 50% off_peak"}, {"error": "50% OFF_"}),
}


@pytest.mark.parametrize("name", FILTERS)
async def test_filters(store: SqlStore, account_id: int, name: str) -> None:
    fields, wanted = FILTERS[name]
    error = fields.get("error")
    sought = make_message(account_id, **{key: value for key, value in fields.items() if key != "error"})
    others = [make_message(account_id, text="refused: 500 offpeak, 1000") for _ in range(2)]
    await accept(store, others[0], sought, others[1])
    if error is not None:
        sought.error = error
        for each in (sought, others[0]):
            segment = each.segments[0]
            changed = segment.become(SegmentState.REJECTED, each.accepted_at)
            store.journal.changed(segment, changed)
        await store.journal.flush()
    assert await everything(store, MessageFilter(**wanted)) == [sought.id]


async def test_filters_of_state_and_of_the_smsc_error(store: SqlStore, account_id: int) -> None:
    delivered, failed, queued = (make_message(account_id) for _ in range(3))
    await accept(store, delivered, failed, queued)
    await settled(store, delivered)
    await settled(store, failed, SegmentState.UNDELIVERED)
    assert await everything(store, MessageFilter(state=MessageState.UNDELIVERED)) == [failed.id]
    assert await everything(store, MessageFilter(state=MessageState.QUEUED)) == [queued.id]
    assert await everything(store, MessageFilter(error="undeliv")) == [failed.id]
    assert await everything(store, MessageFilter(receipt="UNDELIV")) == [failed.id]
    assert await everything(store, MessageFilter(receipt="ENROUTE")) == [queued.id]


async def test_one_is_found_by_its_id(store: SqlStore, account_id: int) -> None:
    one, shared, other = make_message(account_id), make_message(account_id), make_message(account_id)
    shared.reference = one.id  # as those of one submit_multi
    await accept(store, one, shared, other)
    assert await everything(store, MessageFilter(message_id=one.id)) == [shared.id, one.id]
    assert await everything(store, MessageFilter(message_id=f"queued_{other.id}")) == [other.id]
    assert await everything(store, MessageFilter(message_id=new_id())) == []
    assert await everything(store, MessageFilter(message_id="nonsense")) == []
    assert await everything(store, MessageFilter(message_id=other.id, until=1)) == []


async def test_an_account_sees_its_own(store: SqlStore, account_id: int) -> None:
    other = await make_account(store)
    mine, theirs = make_message(account_id), make_message(other)
    await accept(store, mine, theirs)
    for message in (mine, theirs):
        await settled(store, message)
    assert await everything(store, MessageFilter(account_id=account_id)) == [mine.id]
    assert await everything(store, MessageFilter(account_id=account_id, dest_prefix="97")) == [mine.id]
    assert await everything(store, MessageFilter(account_id=other + 1)) == []
    names = {row.id: row.name for row in (await store.page_accounts(AccountFilter(), Paging(9))).items}
    assert await everything(store, MessageFilter(account=names[other])) == [theirs.id]
    assert await everything(store, MessageFilter(account=names[other], account_id=account_id)) == []
    assert await everything(store, MessageFilter(account="nobody")) == []
    [receipt] = (await store.list_receipts(MessageFilter(account_id=other), "", 9)).items
    assert receipt.message_id == theirs.id


async def test_a_time_range_is_one_of_ids(store: SqlStore, account_id: int) -> None:
    messages = []
    for at in (1000, 2000, 3000):
        message = make_message(account_id)
        message.id = first_id(at)[:14] + "7" + message.id[15:]
        messages.append(message)
    await accept(store, *messages)
    oldest, middle, newest = ids(messages)
    assert await everything(store, MessageFilter(since=2000)) == [newest, middle]
    assert await everything(store, MessageFilter(until=2000)) == [oldest]
    assert await everything(store, MessageFilter(since=1001, until=2001, text="hello")) == [middle]
    assert await everything(store, MessageFilter(since=3001)) == []


async def test_delivery_reports_one_for_each_segment(store: SqlStore, account_id: int) -> None:
    long, silent, short = (
        make_message(account_id, parts=3),
        make_message(account_id),
        make_message(account_id),
    )
    await accept(store, long, silent, short)
    await settled(store, long, SegmentState.UNDELIVERED)
    await settled(store, short)
    found, cursor = [], ""
    while True:
        page = await store.list_receipts(MessageFilter(), cursor, 2)
        found += page.items
        if page.next is None:
            break
        cursor = page.next
    assert [(row.message_id, row.number) for row in found] == [
        (short.id, 1),
        (long.id, 3),
        (long.id, 2),
        (long.id, 1),
    ]
    first = found[0]
    assert (first.stat, first.err, first.state, first.delay_ms) == (
        "DELIVRD",
        "000",
        SegmentState.DELIVERED,
        10,
    )
    assert (first.source_addr, first.dest_addr, first.connector_id) == ("INFO", "971501234567", "smsc-1")
    assert first.smsc_message_id == short.id[-12:]
    failed = (await store.list_receipts(MessageFilter(state=MessageState.UNDELIVERED), "", 9)).items
    assert {row.message_id for row in failed} == {long.id}
    assert (await store.list_receipts(MessageFilter(error="deliv 001"), "", 9)).items == []
    said = (await store.list_receipts(MessageFilter(receipt="DELIVRD"), "", 9)).items
    assert {row.message_id for row in said} == {short.id}
    assert len((await store.list_receipts(MessageFilter(min_delay_ms=10), "", 9)).items) == 4
    assert (await store.list_receipts(MessageFilter(min_delay_ms=11), "", 9)).items == []
    assert len((await store.list_receipts(MessageFilter(error="UNDELIV 000"), "", 9)).items) == 3


async def test_a_page_ends_when_enough_was_looked_at(
    store: SqlStore, account_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepping, "FIRST_STEP", 2)
    monkeypatch.setattr(message_lists, "MOST_LOOKED_AT", 6)
    sought = make_message(account_id, source_addr="RARE")
    await accept(store, sought, *(make_message(account_id) for _ in range(9)))
    await settled(store, sought)
    wanted = MessageFilter(source_addr="RARE")
    page = await store.list_messages(wanted, "", 5)
    assert (page.items, page.searched) == ([], False)
    assert page.next is not None
    rest = await store.list_messages(wanted, page.next, 5)
    assert ([row.id for row in rest.items], rest.next, rest.searched) == ([sought.id], None, True)
    reports = await store.list_receipts(wanted, "", 5)
    assert (reports.items, reports.searched) == ([], False)
    assert reports.next is not None
    [report] = (await store.list_receipts(wanted, reports.next, 5)).items
    assert report.message_id == sought.id
    assert await everything(store, wanted) == [sought.id]


# --- on many rows ---


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A SQLite database with `ROWS` messages."""
    path: Path = tmp_path_factory.mktemp("many") / "many.db"
    yield Place(make_database(path, ROWS))
    path.unlink()


ALL = MessageFilter()
ONE = MessageFilter(account_id=3)
LAST_HOUR = MessageFilter(since=FIRST_MS + ROWS * INTERVAL_MS - 3_600_000)
SEARCHES = {
    "all": ALL,
    "of an account": ONE,
    "of an account and a connector": replace(ONE, connector_id="smsc-1"),
    "of an account, failed": replace(ONE, state=MessageState.REJECTED),
    "by destination": MessageFilter(dest_addr="none"),
    "by text": MessageFilter(text="none"),
    "by error": MessageFilter(error="none"),
    "of an hour": replace(LAST_HOUR, source_addr="none"),
    "of an account and an hour": replace(LAST_HOUR, account_id=3, source_addr="none"),
}


def queries(wanted: MessageFilter) -> list[Select[Any]]:
    below, down_to = first_id(FIRST_MS + 10**9), first_id(FIRST_MS)
    return [
        messages_between(wanted, below, down_to, 51),
        messages_between(wanted, below, None, 51),
        receipts_between(wanted, (below, 0), down_to, 51),
        receipts_between(wanted, (below, 2), None, 51),
        end_of_step(wanted, below, 1000),
    ]


@pytest.mark.parametrize("name", SEARCHES)
def test_sqlite_finds_by_index_and_sorts_no_table(many: Place, name: str) -> None:
    wanted = SEARCHES[name]
    connection = sqlite3.connect(many.path)
    try:
        for query in queries(wanted):
            compiled = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
            steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {compiled}")]
            assert not [step for step in steps if step.startswith("SCAN")], steps
            if wanted.account_id is not None:
                assert re.search(r"ix_message_account_id_id \(account_id=\? AND id[<>]\?", steps[0]), steps
            else:
                assert re.search(r"PRIMARY KEY \((message_)?id[<>]\?", steps[0]), steps
    finally:
        connection.close()


@pytest.mark.services
@pytest.mark.parametrize("name", SEARCHES)
async def test_postgres_reads_no_whole_table(postgres_place: Place, name: str) -> None:
    connection = await asyncpg.connect(postgres_place.url)
    try:
        # The tables are empty: without this any plan would be as good.
        await connection.execute("SET enable_seqscan = off")
        for query in queries(SEARCHES[name]):
            compiled = query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
            steps = [row[0] for row in await connection.fetch(f"EXPLAIN {compiled}")]
            assert not [step for step in steps if "Seq Scan on message" in step], steps
            assert not [step for step in steps if "Seq Scan on segment" in step], steps
    finally:
        await connection.close()


@pytest.mark.parametrize("name", SEARCHES)
async def test_a_page_looks_at_a_bounded_number_of_rows(
    many: Place, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = SEARCHES[name]
    steps: list[int] = []
    fetched: list[int] = []

    def stepping(wanted: MessageFilter, below: str, step: int) -> Select[Any]:
        steps.append(step)
        return end_of_step(wanted, below, step)

    def fetching(wanted: MessageFilter, below: str, down_to: str | None, most: int) -> Select[Any]:
        fetched.append(most)
        return messages_between(wanted, below, down_to, most)

    monkeypatch.setattr(message_lists, "end_of_step", stepping)
    monkeypatch.setattr(message_lists, "messages_between", fetching)
    store = many.store()
    await store.open()
    try:
        page = await store.list_messages(wanted, "", 50)
    finally:
        await store.close()
    if wanted.is_direct:
        assert (steps, fetched) == ([], [51])
        assert len(page.items) == 50
    else:
        assert steps
    of_all, of_one = message_lists.MOST_LOOKED_AT, message_lists.MOST_OF_AN_ACCOUNT
    assert sum(steps) <= (of_all if wanted.account_id is None else of_one)
    if name in ("by destination", "by text", "by error") and ROWS > message_lists.MOST_LOOKED_AT:
        assert not page.searched
    if name.startswith("of an account"):
        assert {row.account for row in page.items} <= {"account 3"}


# --- a message's own page ---


async def test_a_detail_tells_the_route_and_what_was_paid(store: SqlStore) -> None:
    account_id = await make_account(store, balance=10_000)
    route_id = await store.create_route(
        "uae", position=None, prefix="971", account_id=None, connector_ids=("smsc-1", "spare"), rate=1000
    )
    message = make_message(account_id, parts=2, charged=2000, route_id=route_id)
    await accept(store, message, make_message(account_id, charged=500))
    for segment in message.segments:
        segment.become(SegmentState.DELETED, message.accepted_at + 5)
    event = replace(make_event(message, "cancelled"), at=message.accepted_at + 5)
    store.journal.cancelled(message.segments, 2000, event, None)
    await store.journal.flush()
    detail = await store.message_detail(message.id, account_id)
    assert detail is not None
    assert detail.route is not None
    assert (detail.route.name, detail.route.connector_ids) == ("uae", ("smsc-1", "spare"))
    assert detail.ledger == (
        LedgerEntry(message.accepted_at, "charge", -2000, 8000),
        LedgerEntry(message.accepted_at + 5, "refund", 2000, 9500),
    )


async def test_a_route_that_is_no_more(store: SqlStore, account_id: int) -> None:
    message = make_message(account_id)
    await accept(store, message)
    detail = await store.message_detail(message.id)
    assert detail is not None
    assert detail.route is None


async def test_an_id_of_the_senders_is_not_looked_for_among_all_messages(
    many: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans: list[str] = []
    connection = sqlite3.connect(many.path)
    load = SqlStore._load

    async def explained(self: SqlStore, asked: Any, where: Any) -> Message | None:
        query = select(tables.message.c.id).where(where).order_by(tables.message.c.id.desc())
        compiled = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
        plans.extend(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {compiled}"))
        return await load(self, asked, where)

    monkeypatch.setattr(SqlStore, "_load", explained)
    store = many.store()
    await store.open()
    try:
        assert await store.message_detail("12345678", 3) is None
        assert await store.message_detail(first_id(FIRST_MS), 3) is None
    finally:
        await store.close()
        connection.close()
    found = [step for step in plans if " message " in step]
    assert found
    for step in found:
        assert "ix_message_reference" in step or "PRIMARY KEY (id=?)" in step, found


async def test_an_id_that_nobody_has_is_not_looked_for_in_every_message(many: Place) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    store = many.store()
    await store.open()
    try:
        assert await store.message_detail("nobody's") is None
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        await store.close()
    of_messages = [each for each in asked if "FROM message" in each[0]]
    assert of_messages
    connection = sqlite3.connect(many.url.removeprefix("sqlite:///"))
    try:
        for statement, parameters in of_messages:
            for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters):
                assert "SCAN" not in step or "ix_message_reference" in step, (statement, step)
    finally:
        connection.close()
