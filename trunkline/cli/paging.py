"""Whole lists, read page by page."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from trunkline.model.people import Page, Paging

R = TypeVar("R")

PAGE = 500


async def every_item(read: "Callable[[Paging], Awaitable[Page[R]]]", most: int | None = None) -> list[R]:
    """What a list holds, at most `most` of it."""
    from trunkline.model.people import Paging  # noqa: PLC0415  (only with the database)

    items: list[R] = []
    after: str | None = ""
    while after is not None and (most is None or len(items) < most):
        page = await read(Paging(PAGE if most is None else min(PAGE, most - len(items)), after))
        items += page.items
        after = page.next
    return items
