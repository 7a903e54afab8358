"""Who asks, in tests about tenants; and what waits for senders."""

import sqlite3
from pathlib import Path

from trunkline.model.identity import Actor, Permission, Role, permissions_of
from trunkline.model.ids import new_id

ADMIN = Actor("root", Role.ADMIN, permissions_of(Role.ADMIN))
OPERATOR = Actor("op", Role.OPERATOR, permissions_of(Role.OPERATOR))
VIEWER = Actor("look", Role.VIEWER, permissions_of(Role.VIEWER))


def tenant(account_id: int, *permissions: Permission) -> Actor:
    """An enterprise user of an account, who may look at the account's credentials unless told otherwise."""
    granted = permissions or (Permission.MANAGE_API_KEYS,)
    return Actor("ann", Role.ENTERPRISE, permissions_of(Role.ENTERPRISE, granted), account_id)


def put_into_outbox(folder: Path, lane: str, count: int) -> None:
    """Has notifications wait for a sender."""
    connection = sqlite3.connect(folder / "store.db", timeout=60)
    with connection:
        connection.executemany(
            "INSERT INTO outbox (lane, next_at, id, message_id, attempts, created_at, payload)"
            " VALUES (?, 1, ?, ?, 0, 1, '{}')",
            [(lane, new_id(), new_id()) for _ in range(count)],
        )
    connection.close()
