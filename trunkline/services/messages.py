"""Messages as people look for them: lists, details, exports; each sees what is theirs."""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeVar

from trunkline.model.administration import MessageDetail
from trunkline.model.errors import NotFound
from trunkline.model.identity import Actor, Permission
from trunkline.model.ids import is_id
from trunkline.model.message_list import MessageFilter, MessagePage, MessageRow, ReceiptRow
from trunkline.model.snapshot import Route
from trunkline.services.accounts import InvalidInput
from trunkline.services.message_decisions import Decisions, checks_of, decisions_of

MOST_ROWS = 1000  # of a page

R = TypeVar("R")
Read = Callable[[str, int], Coroutine[Any, Any, MessagePage[R]]]


class MessageSource(Protocol):
    """Where messages are read from; see `model.administration.Administration`."""

    async def message_detail(
        self, message_id: str, account_id: int | None = None
    ) -> MessageDetail | None: ...

    async def list_routes(self) -> list[Route]: ...

    async def list_messages(
        self, wanted: MessageFilter, cursor: str, limit: int
    ) -> MessagePage[MessageRow]: ...

    async def list_receipts(
        self, wanted: MessageFilter, cursor: str, limit: int
    ) -> MessagePage[ReceiptRow]: ...


class Messages:
    """Finds messages. Whoever belongs to an account finds that account's only."""

    def __init__(self, source: MessageSource) -> None:
        self._source = source

    async def show(self, actor: Actor, message_id: str) -> MessageDetail | None:
        """A message by its plain or public id; None when there is none that the actor may see.

        Raises `Forbidden`.
        """
        actor.require(Permission.VIEW_LOGS)
        return await self._source.message_detail(message_id, actor.account_id)

    async def decisions(self, actor: Actor, detail: MessageDetail) -> Decisions:
        """What was decided about a message that `show` gave; the routes are told to operators.

        Raises `Forbidden`.
        """
        actor.require(Permission.VIEW_LOGS)
        if not actor.may(Permission.VIEW_PLATFORM):
            return Decisions(tuple(checks_of(detail)))
        return decisions_of(await self._source.list_routes(), detail)

    async def list(
        self, actor: Actor, wanted: MessageFilter, cursor: str = "", limit: int = 50
    ) -> MessagePage[MessageRow]:
        """Messages, newest first. `cursor` is the `next` of the page before, empty for the first.

        Raises `Forbidden`, `InvalidInput`, and `NotFound` for an account that is not the actor's.
        """
        if cursor and not is_id(cursor):
            raise InvalidInput("next", "must be the `next` of the page before")
        return await self._source.list_messages(_scoped(actor, wanted), cursor, checked_limit(limit))

    async def receipts(
        self, actor: Actor, wanted: MessageFilter, cursor: str = "", limit: int = 50
    ) -> MessagePage[ReceiptRow]:
        """Delivery reports, those of the newest messages first; else as `list`."""
        message_id, dot, number = cursor.partition(".")
        if cursor and not (is_id(message_id) and (not dot or _is_segment(number))):
            raise InvalidInput("next", "must be the `next` of the page before")
        return await self._source.list_receipts(_scoped(actor, wanted), cursor, checked_limit(limit))

    def every_message(self, actor: Actor, wanted: MessageFilter) -> AsyncIterator[Sequence[MessageRow]]:
        """All messages that fit, page by page, for an export. Raises as `list`, at once."""
        return every_page(partial(self._source.list_messages, _scoped(actor, wanted)))

    def every_receipt(self, actor: Actor, wanted: MessageFilter) -> AsyncIterator[Sequence[ReceiptRow]]:
        """All delivery reports that fit, likewise."""
        return every_page(partial(self._source.list_receipts, _scoped(actor, wanted)))


async def every_page(read: Read[R]) -> AsyncIterator[Sequence[R]]:
    """The rows of all pages, page by page; `read` is told the cursor and how many rows."""
    cursor: str | None = ""
    while cursor is not None:
        page = await read(cursor, MOST_ROWS)
        if page.items:
            yield page.items
        cursor = page.next


def _scoped(actor: Actor, wanted: MessageFilter) -> MessageFilter:
    """The same within what the actor may see."""
    actor.require(Permission.VIEW_LOGS)
    if wanted.account_id is not None and not actor.owns(wanted.account_id):
        raise NotFound("account", str(wanted.account_id))
    return wanted if actor.account_id is None else replace(wanted, account_id=actor.account_id)


def checked_limit(limit: int) -> int:
    """The rows of a page that are asked for. Raises `InvalidInput`."""
    if not 1 <= limit <= MOST_ROWS:
        raise InvalidInput("limit", f"must be a whole number from 1 to {MOST_ROWS}")
    return limit


def _is_segment(number: str) -> bool:
    return number.isascii() and number.isdigit() and len(number) <= 3
