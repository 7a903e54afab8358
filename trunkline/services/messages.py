"""Messages as people look them up."""

from trunkline.model.administration import Administration, MessageDetail


class Messages:
    """Finds messages; always within one account unless the caller is the operator."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def show(self, message_id: str, account_id: int | None = None) -> MessageDetail | None:
        """A message by its plain or public id; None when there is none that this account may see."""
        return await self._administration.message_detail(message_id, account_id)
