"""API keys of logins. Of a key only its hash is kept, and the characters that people know it by."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.backends.storage.database import cut
from trunkline.backends.storage.identity_tables import api_key as _key
from trunkline.backends.storage.identity_tables import login as _login
from trunkline.backends.storage.people import Logins, build_login, select_logins
from trunkline.model.errors import NotFound
from trunkline.model.identity import ApiKey
from trunkline.model.people import Page, Paging
from trunkline.model.snapshot import KeyHolder

DOOR = "api"
_select = select(_key, _login.c.username.label("owner"), _login.c.account_id).join_from(_key, _login)


class ApiKeys(Logins):
    """API keys for the REST API and the panel's send API."""

    async def create_api_key(self, login_id: int, name: str, *, prefix: str, key_hash: str) -> int:
        """Creates a key and returns its id. Raises `NotFound` for its login."""
        async with self._configure() as connection:
            login = await self._locked(connection, login_id)
            created = await connection.scalar(
                insert(_key)
                .values(
                    name=name,
                    prefix=prefix,
                    key_hash=key_hash,
                    login_id=login_id,
                    enabled=True,
                    created_at=self._now_ms(),
                )
                .returning(_key.c.id)
            )
            shown = {"name": name, "prefix": prefix, "owner": login["username"], "enabled": True}
            await self._record(
                connection, "create", "api_key", str(created), after=shown, account_id=login["account_id"]
            )
        return int(created)

    async def set_api_key_enabled(self, key_id: int, enabled: bool) -> None:
        """Revokes a key, or lets it in again. Raises `NotFound`."""
        async with self._configure() as connection:
            before = await self._need_key(connection, key_id)
            await connection.execute(update(_key).where(_key.c.id == key_id).values(enabled=enabled))
            await self._record(
                connection,
                "change",
                "api_key",
                str(key_id),
                {"enabled": before.enabled},
                {"enabled": enabled},
                account_id=before.account_id,
            )

    async def delete_api_key(self, key_id: int) -> None:
        """Deletes a key. Raises `NotFound`."""
        async with self._configure() as connection:
            before = await self._need_key(connection, key_id)
            await connection.execute(delete(_key).where(_key.c.id == key_id))
            shown = {"name": before.name, "prefix": before.prefix, "owner": before.owner}
            await self._record(
                connection, "delete", "api_key", str(key_id), shown, account_id=before.account_id
            )

    async def find_api_key(self, key_id: int) -> ApiKey:
        """One key. Raises `NotFound`."""
        async with self._read() as connection:
            return await self._need_key(connection, key_id)

    async def page_api_keys(
        self, page: Paging, *, login_id: int | None = None, account_id: int | None = None
    ) -> Page[ApiKey]:
        """Keys, the newest first: of a login, of an account's logins, or of everybody."""
        query = _select
        if login_id is not None:
            query = query.where(_key.c.login_id == login_id)
        if account_id is not None:
            query = query.where(_login.c.account_id == account_id)
        if page.after:
            query = query.where(_key.c.id < int(page.after))
        async with self._read() as connection:
            rows = await connection.execute(query.order_by(_key.c.id.desc()).limit(page.limit + 1))
            keys = [_build(row._mapping) for row in rows]
        return cut(keys, page.limit, lambda key: str(key.id))

    async def note_key_uses(self, used_at: dict[int, int]) -> None:
        """Notes when keys were used last (Unix ms)."""
        if not used_at:
            return
        async with self._write() as connection:
            await connection.execute(
                update(_key).where(_key.c.id == bindparam("key_id")).values(last_used_at=bindparam("moment")),
                [{"key_id": key_id, "moment": moment} for key_id, moment in used_at.items()],
            )

    async def _key_holders(self, connection: AsyncConnection) -> dict[str, KeyHolder]:
        """Those who may come in with a key, by its hash: for the snapshot."""
        keys = select(_key.c.id.label("key_id"), _key.c.key_hash, _key.c.login_id).where(_key.c.enabled)
        found = (await connection.execute(keys)).all()
        if not found:
            return {}
        rows = await connection.execute(
            select_logins.where(_login.c.id.in_(select(_key.c.login_id).where(_key.c.enabled)))
        )
        logins = {login.id: login for login in (build_login(row._mapping) for row in rows)}
        return {
            row.key_hash: KeyHolder(row.key_id, logins[row.login_id].actor(door=DOOR))
            for row in found
            if logins[row.login_id].usable
        }

    async def _need_key(self, connection: AsyncConnection, key_id: int) -> ApiKey:
        row = (await connection.execute(_select.where(_key.c.id == key_id))).one_or_none()
        if row is None:
            raise NotFound("API key", str(key_id))
        return _build(row._mapping)


def _build(row: Mapping[Any, Any]) -> ApiKey:
    return ApiKey(
        row["id"],
        row["name"],
        row["prefix"],
        row["login_id"],
        row["owner"],
        row["account_id"],
        row["enabled"],
        row["last_used_at"],
        row["created_at"],
    )
