"""Looking for rows along an index, from the newest id down, in steps that double.

A step is a range of ids with a known number of rows, so that a page costs a bounded number of rows however
large the tables are.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.model.message_list import MessagePage

FIRST_STEP = 1_000
BEYOND = "ffffffff-ffff-ffff-ffff-ffffffffffff"  # above every id

R = TypeVar("R")
Position = tuple[str, int]  # a row's id, and the number of its segment above which all was shown
Fetch = Callable[[AsyncConnection, Position, str | None, int], Awaitable[list[R]]]


async def search(
    connection: AsyncConnection,
    position: Position,
    limit: int,
    most: int,
    end_of_step: Callable[[str, int], Select[Any]] | None,
    fetch: Fetch[R],
    key: Callable[[R], str],
) -> MessagePage[R]:
    """A page: step by step until it is full, the range ends, or `most` rows were looked at.

    `end_of_step` asks for the id with which a step below an id ends, none where the range ends before it; it
    is None where an index leads to the rows themselves. `fetch` reads what fits below a position, down to an
    id (included) where there is one. `key` is the cursor to go on after a row.
    """
    found: list[R] = []
    step = FIRST_STEP
    while True:
        bound = None if end_of_step is None else await connection.scalar(end_of_step(position[0], step))
        found += await fetch(connection, position, bound, limit + 1 - len(found))
        if len(found) > limit:
            return MessagePage(found[:limit], key(found[limit - 1]))
        if bound is None:
            return MessagePage(found, None)
        most -= step
        if not most:
            return MessagePage(found, bound, searched=False)
        position = (bound, 0)
        step = min(2 * step, most)
