"""Taking back messages that have not gone out yet, for whoever may."""

from typing import Protocol

from trunkline.model.amendment import NotAmended, Obstacle, Owner
from trunkline.model.identity import Actor, Permission
from trunkline.services.messages import Messages


class Amending(Protocol):
    """See `pipeline.amending.Amending`."""

    async def cancel(self, owner: Owner, message_id: str) -> None:
        """Raises `NotAmended`."""
        ...


class Cancelling:
    """Cancels messages: senders theirs, whoever runs the traffic everybody's."""

    def __init__(self, messages: Messages, amending: Amending) -> None:
        self._messages = messages
        self._amending = amending

    async def cancel(self, actor: Actor, message_id: str) -> None:
        """Cancels a message by its plain id; the money for what had not gone out goes back to its account.

        Raises `Forbidden` and `NotAmended`, whose obstacle is `UNKNOWN` for messages of other tenants too.
        """
        actor.require(Permission.MANAGE_TRAFFIC if actor.account_id is None else Permission.SEND_SMS)
        found = await self._messages.show(actor, message_id)
        if found is None:
            raise NotAmended(Obstacle.UNKNOWN, "there is no such message")
        await self._amending.cancel(Owner(found.message.account_id), message_id)
