"""Inbound messages (MO) as people look for them: lists, details, exports; each sees what is theirs."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from trunkline.model.errors import NotFound
from trunkline.model.identity import Actor, Permission
from trunkline.model.ids import is_id
from trunkline.model.inbound import InboundCounts, InboundFilter, InboundRow
from trunkline.model.message_list import MessagePage
from trunkline.services.accounts import InvalidInput
from trunkline.services.messages import checked_limit, every_page

NOUN = "inbound message"


class InboundSource(Protocol):
    """Where inbound messages are read from; see `model.administration.Administration`."""

    async def list_inbound(
        self, wanted: InboundFilter, cursor: str, limit: int
    ) -> MessagePage[InboundRow]: ...

    async def find_inbound(self, message_id: str) -> InboundRow | None: ...

    async def count_inbound(self, since: int, account_id: int | None) -> InboundCounts: ...


class Inbound:
    """Finds inbound messages. Whoever belongs to an account finds that account's only.

    Every method raises `Forbidden` for an actor without `VIEW_INBOX`.
    """

    def __init__(self, source: InboundSource) -> None:
        self._source = source

    async def list(
        self, actor: Actor, wanted: InboundFilter, cursor: str = "", limit: int = 50
    ) -> MessagePage[InboundRow]:
        """Messages, newest first. `cursor` is the `next` of the page before, empty for the first.

        Raises `InvalidInput`, and `NotFound` for an account that is not the actor's.
        """
        wanted = _scoped(actor, wanted)
        if cursor and not is_id(cursor):
            raise InvalidInput("after", "must be the `next` of the page before")
        return await self._source.list_inbound(wanted, cursor, checked_limit(limit))

    async def show(self, actor: Actor, message_id: str) -> InboundRow:
        """A message by its id. Raises `NotFound`."""
        actor.require(Permission.VIEW_INBOX)
        found = await self._source.find_inbound(message_id) if is_id(message_id) else None
        if found is None or not actor.owns(found.message.account_id):
            raise NotFound(NOUN, message_id)
        return found

    def every(self, actor: Actor, wanted: InboundFilter) -> AsyncIterator[Sequence[InboundRow]]:
        """All messages that fit, page by page, for an export. Raises as `list`, at once."""
        return every_page(partial(self._source.list_inbound, _scoped(actor, wanted)))

    async def counts(self, actor: Actor, since: int) -> InboundCounts:
        """How many came at this time (Unix ms) or later, of those that the actor may see."""
        actor.require(Permission.VIEW_INBOX)
        return await self._source.count_inbound(since, actor.account_id)


def _scoped(actor: Actor, wanted: InboundFilter) -> InboundFilter:
    """The same within what the actor may see."""
    actor.require(Permission.VIEW_INBOX)
    if wanted.account_id is not None and not actor.owns(wanted.account_id):
        raise NotFound("account", str(wanted.account_id))
    return wanted if actor.account_id is None else replace(wanted, account_id=actor.account_id)
