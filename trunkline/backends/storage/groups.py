"""Groups of enterprise users, and permission groups."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from sqlalchemy import Table, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.backends.storage import tables
from trunkline.backends.storage.audit import AuditTrail
from trunkline.backends.storage.database import containing, cut
from trunkline.backends.storage.identity_tables import account_group as _group
from trunkline.backends.storage.identity_tables import permission_group as _permission_group
from trunkline.backends.storage.people import read_permissions
from trunkline.model.errors import AlreadyExists, InUse, NotFound
from trunkline.model.identity import Group, Permission, PermissionGroup
from trunkline.model.people import GroupFilter, Page, Paging

_account = tables.account
_NOUNS = {_group: "group", _permission_group: "permission group"}
_USED_BY = {_group: _account.c.group_id, _permission_group: _account.c.permission_group_id}


class Groups(AuditTrail):
    """Both kinds of groups; `users` counts the accounts in them."""

    async def create_permission_group(
        self, name: str, description: str, permissions: Collection[Permission]
    ) -> int:
        """Creates a permission group and returns its id. Raises `AlreadyExists`."""
        return await self._create_group(
            _permission_group,
            {"name": name, "description": description, "enabled": True, "permissions": _encode(permissions)},
        )

    async def update_permission_group(
        self,
        group_id: int,
        *,
        name: str,
        description: str,
        enabled: bool,
        permissions: Collection[Permission],
    ) -> None:
        """Changes a permission group. Raises `NotFound`, `AlreadyExists`."""
        values = {
            "name": name,
            "description": description,
            "enabled": enabled,
            "permissions": _encode(permissions),
        }
        await self._update_group(_permission_group, group_id, values)

    async def delete_permission_group(self, group_id: int) -> None:
        """Deletes a permission group. Raises `NotFound`, and `InUse` while accounts have it."""
        await self._delete_group(_permission_group, group_id)

    async def find_permission_group(self, key: int | str) -> PermissionGroup:
        """One permission group by its id or its name. Raises `NotFound`."""
        return _permission_group_of(await self._find_group(_permission_group, key))

    async def page_permission_groups(self, wanted: GroupFilter, page: Paging) -> Page[PermissionGroup]:
        """Permission groups by name."""
        found = [_permission_group_of(row) for row in await self._page_of(_permission_group, wanted, page)]
        return cut(found, page.limit, lambda each: each.name)

    async def create_group(self, name: str, description: str) -> int:
        """Creates a group and returns its id. Raises `AlreadyExists`."""
        return await self._create_group(_group, {"name": name, "description": description, "enabled": True})

    async def update_group(self, group_id: int, *, name: str, description: str, enabled: bool) -> None:
        """Changes a group. Raises `NotFound`, `AlreadyExists`."""
        values = {"name": name, "description": description, "enabled": enabled}
        await self._update_group(_group, group_id, values)

    async def delete_group(self, group_id: int) -> None:
        """Deletes a group. Raises `NotFound`, and `InUse` while accounts are in it."""
        await self._delete_group(_group, group_id)

    async def find_group(self, key: int | str) -> Group:
        """One group by its id or its name. Raises `NotFound`."""
        return Group(**await self._find_group(_group, key))

    async def page_groups(self, wanted: GroupFilter, page: Paging) -> Page[Group]:
        """Groups by name."""
        found = [Group(**row) for row in await self._page_of(_group, wanted, page)]
        return cut(found, page.limit, lambda each: each.name)

    async def _create_group(self, table: Table, values: dict[str, Any]) -> int:
        noun = _NOUNS[table]
        async with self._configure(AlreadyExists(noun, values["name"])) as connection:
            created = await connection.scalar(
                insert(table).values(**values, created_at=self._now_ms()).returning(table.c.id)
            )
            await self._record(connection, "create", _entity(table), values["name"], after=_plain(values))
        return int(created)

    async def _update_group(self, table: Table, group_id: int, values: dict[str, Any]) -> None:
        async with self._configure(AlreadyExists(_NOUNS[table], values["name"])) as connection:
            before = await self._locked_group(connection, table, group_id)
            await connection.execute(update(table).where(table.c.id == group_id).values(**values))
            old = {name: before[name] for name in values}
            await self._record(
                connection, "change", _entity(table), before["name"], _plain(old), _plain(values)
            )

    async def _delete_group(self, table: Table, group_id: int) -> None:
        async with self._configure() as connection:
            before = await self._locked_group(connection, table, group_id)
            users = await connection.scalar(
                select(func.count()).select_from(_account).where(_USED_BY[table] == group_id)
            )
            if users:
                noun = _NOUNS[table]
                raise InUse(f"{users} accounts have the {noun} {before['name']!r}: give them another first")
            await connection.execute(delete(table).where(table.c.id == group_id))
            await self._record(connection, "delete", _entity(table), before["name"], _plain(before))

    async def _locked_group(self, connection: AsyncConnection, table: Table, group_id: int) -> dict[str, Any]:
        found = await connection.execute(select(table).where(table.c.id == group_id).with_for_update())
        row = found.one_or_none()
        if row is None:
            raise NotFound(_NOUNS[table], str(group_id))
        return dict(row._mapping)

    async def _find_group(self, table: Table, key: int | str) -> dict[str, Any]:
        column = table.c.id if isinstance(key, int) else table.c.name
        async with self._read() as connection:
            row = (await connection.execute(select(table, _users(table)).where(column == key))).one_or_none()
        if row is None:
            raise NotFound(_NOUNS[table], str(key))
        return dict(row._mapping)

    async def _page_of(self, table: Table, wanted: GroupFilter, page: Paging) -> list[dict[str, Any]]:
        query = select(table, _users(table)).where(table.c.name > page.after)
        if wanted.text:
            pattern = containing(wanted.text.lower())
            columns = (table.c.name, table.c.description)
            query = query.where(or_(*(func.lower(each).like(pattern, escape="\\") for each in columns)))
        if wanted.enabled is not None:
            query = query.where(table.c.enabled == wanted.enabled)
        async with self._read() as connection:
            rows = await connection.execute(query.order_by(table.c.name).limit(page.limit + 1))
            return [dict(row._mapping) for row in rows]


def _users(table: Table) -> Any:
    count = select(func.count()).select_from(_account).where(_USED_BY[table] == table.c.id)
    return count.scalar_subquery().label("users")


def _entity(table: Table) -> str:
    return _NOUNS[table].replace(" ", "_")


def _permission_group_of(row: Mapping[str, Any]) -> PermissionGroup:
    return PermissionGroup(**{**row, "permissions": read_permissions(row["permissions"])})


def _encode(permissions: Collection[Permission]) -> str:
    return msgspec.json.encode(sorted(each.value for each in permissions)).decode()


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a row for the audit log."""
    shown = {name: value for name, value in values.items() if name not in ("id", "created_at")}
    if "permissions" in shown:
        shown["permissions"] = ", ".join(msgspec.json.decode(shown["permissions"], type=list[str]))
    return shown
