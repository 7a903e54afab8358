"""The processes that work on this database, as they last said they are."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
from sqlalchemy import delete, insert, select, update

from trunkline.backends.storage import tables
from trunkline.backends.storage.database import Database
from trunkline.model.nodes import ALIVE_MS, NodeStatus
from trunkline.model.status import SessionStatus

_node = tables.node
_encode = msgspec.json.Encoder().encode
_decode_status = msgspec.json.Decoder(NodeStatus).decode
_decode_sessions = msgspec.json.Decoder(list[SessionStatus]).decode

FORGET_MS = 24 * 3_600_000
"""How long a node is shown that ended without a word."""


class Nodes(Database):
    """What each process says of itself."""

    async def save_node(self, status: NodeStatus, sessions: Sequence[SessionStatus] | None = None) -> None:
        """Replaces what a node said; without `sessions` those that it named last stay."""
        values = {"status": _encode(status).decode(), "updated_at": status.as_of}
        if sessions is not None:
            values["sessions"] = _encode(sessions).decode()
        async with self._write() as connection:
            changed = await connection.execute(
                update(_node).where(_node.c.node == status.node).values(**values)
            )
            if not changed.rowcount:
                await connection.execute(
                    insert(_node).values(**{"node": status.node, "sessions": "[]"} | values)
                )
                await connection.execute(delete(_node).where(_node.c.updated_at < status.as_of - FORGET_MS))

    async def forget_node(self, node: str) -> None:
        """It has ended."""
        async with self._write() as connection:
            await connection.execute(delete(_node).where(_node.c.node == node))

    async def nodes(self) -> list[NodeStatus]:
        """Every node by its name, those that do not answer included."""
        async with self._read() as connection:
            rows = await connection.execute(select(_node.c.status, _node.c.updated_at).order_by(_node.c.node))
            return [replace(_decode_status(row.status), as_of=row.updated_at) for row in rows]

    async def node_sessions(self, now: int) -> list[SessionStatus]:
        """The bound ESMEs of the nodes that answer."""
        async with self._read() as connection:
            rows = await connection.execute(
                select(_node.c.sessions).where(_node.c.updated_at > now - ALIVE_MS).order_by(_node.c.node)
            )
            return [session for row in rows for session in _decode_sessions(row.sessions)]
