import asyncio
from typing import Any

from trunkline.backends.storage.batch import AcceptUnit, Batch, Query, QueryUnit
from trunkline.backends.storage.statements import (
    CHANGED,
    EVENT,
    MESSAGE_STATE,
    OUTBOX_MOVE,
    SETTLED,
    STATEMENTS,
    SUBMITTED,
)
from trunkline.model.ids import new_id
from trunkline.model.message import Message, Segment


def make_unit(charged: int = 5) -> AcceptUnit:
    message = Message(
        new_id(),
        1,
        "smpp",
        "c",
        "S",
        5,
        0,
        "D",
        1,
        1,
        "text",
        "gsm7",
        0,
        0,
        0,
        1,
        None,
        2,
        1,
        None,
        "x",
        5,
        charged,
    )
    message.segments = [Segment(message, 1, "text", b"", "x")]
    return AcceptUnit(asyncio.Future(), [message], None)


def test_rows_have_a_value_for_every_column() -> None:
    async def check() -> None:
        unit = make_unit()
        for rows, statement in ((unit.message_rows, STATEMENTS[0]), (unit.segment_rows, STATEMENTS[1])):
            assert len(rows[0]) == len(statement.keys) + len(statement.columns)

    asyncio.run(check())


def test_the_last_update_of_a_key_counts() -> None:
    batch = Batch()
    batch.add((None, CHANGED, ("m", 1, "first"), MESSAGE_STATE, ("m", "queued")))
    batch.add((None, CHANGED, ("m", 2, "other")))
    batch.add((None, CHANGED, ("m", 1, "second"), MESSAGE_STATE, ("m", "sent")))
    assert list(batch.changed.values()) == [("m", 1, "second"), ("m", 2, "other")]
    assert batch.message_states == {"m": ("m", "sent")}
    assert len(batch.units) == 3


def test_entries_are_moved_from_where_the_table_has_them() -> None:
    batch = Batch()
    batch.add((None, OUTBOX_MOVE, ("lane", 1, "n", 2, 1)))
    batch.add((None, OUTBOX_MOVE, ("lane", 2, "n", 3, 2)))
    assert list(batch.outbox_moved.values()) == [("lane", 1, "n", 3, 2)]


def test_halves_keep_the_order_and_every_row() -> None:
    units: list[Any] = [(None, EVENT, (str(number),)) for number in range(5)]
    left, right = Batch.of(units).halves()
    assert left.events + right.events == [(str(number),) for number in range(5)]
    assert len(left.units) == 2


async def test_accepts_can_be_taken_out() -> None:
    accept, query = make_unit(), QueryUnit(Query.CLAIM, ("x", 1, 1), asyncio.Future())
    change = (None, SUBMITTED, ("m", 1), SETTLED, ("m", 1))
    batch = Batch.of([accept, change, query])
    assert batch.charges
    rest, accepts = batch.without_accepts()
    assert accepts == [accept]
    assert rest.units == [change, query]
    assert rest.queries == [query]
    assert (rest.accept_messages, rest.accept_segments, rest.charges) == ([], [], [])
    assert rest.without_accepts() == (rest, [])
