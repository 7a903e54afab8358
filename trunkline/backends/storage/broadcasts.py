"""Cell broadcasts that an SMSC took: whose they are, and what the SMSC calls them."""

from dataclasses import asdict, fields

from sqlalchemy import insert, select

from trunkline.backends.storage import tables
from trunkline.backends.storage.database import Database
from trunkline.model.broadcast import Broadcast

_broadcast = tables.broadcast
_columns = [_broadcast.c[field.name] for field in fields(Broadcast)]


class Broadcasts(Database):
    """Broadcasts by the ids that their senders know."""

    async def add_broadcast(self, broadcast: Broadcast) -> None:
        """Keeps a broadcast."""
        async with self._write() as connection:
            await connection.execute(insert(_broadcast).values(**asdict(broadcast)))

    async def find_broadcast(
        self, account_id: int, credential: str, message_id: str | None, user_reference: int | None
    ) -> Broadcast | None:
        """A sender's broadcast with this id, or the latest with this user_message_reference."""
        which = (
            _broadcast.c.user_reference == user_reference
            if message_id is None
            else _broadcast.c.id == message_id
        )
        async with self._read() as connection:
            rows = await connection.execute(
                select(*_columns)
                .where(which, _broadcast.c.account_id == account_id, _broadcast.c.credential == credential)
                .order_by(_broadcast.c.id.desc())
                .limit(1)
            )
            row = rows.one_or_none()
        return None if row is None else Broadcast(*row)
