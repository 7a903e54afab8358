"""Permission groups: what enterprise users may do (text 000, "Permission Groups")."""

from collections.abc import Collection
from typing import Any

from trunkline.model.administration import Administration
from trunkline.model.identity import TENANT_PERMISSIONS, Actor, Permission, PermissionGroup
from trunkline.model.people import GroupFilter, Page, Paging
from trunkline.services.accounts import InvalidInput
from trunkline.services.groups import check_group


class PermissionGroups:
    """Named sets of permissions. Administrators have theirs by role."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def create(
        self, actor: Actor, name: str, *, permissions: Collection[str], description: str = ""
    ) -> PermissionGroup:
        """Creates a group. Raises `Forbidden`, `InvalidInput`, `AlreadyExists`."""
        actor.require(Permission.MANAGE_ACCOUNTS)
        check_group(name, description)
        granted = tenant_permissions(permissions)
        group_id = await self._administration.create_permission_group(name, description, granted)
        return await self._administration.find_permission_group(group_id)

    async def change(self, actor: Actor, key: int | str, **fields: Any) -> PermissionGroup:
        """Changes name, description, enabled or permissions; what is not given stays.

        Raises `Forbidden`, `InvalidInput`, `NotFound`, `AlreadyExists`.
        """
        actor.require(Permission.MANAGE_ACCOUNTS)
        before = await self._administration.find_permission_group(key)
        name, description = fields.get("name", before.name), fields.get("description", before.description)
        check_group(name, description)
        await self._administration.update_permission_group(
            before.id,
            name=name,
            description=description,
            enabled=fields.get("enabled", before.enabled),
            permissions=tenant_permissions(fields.get("permissions", before.permissions)),
        )
        return await self._administration.find_permission_group(before.id)

    async def delete(self, actor: Actor, key: int | str) -> None:
        """Deletes a group. Raises `Forbidden`, `NotFound`, and `InUse` while accounts have it."""
        actor.require(Permission.MANAGE_ACCOUNTS)
        group = await self._administration.find_permission_group(key)
        await self._administration.delete_permission_group(group.id)

    async def get(self, actor: Actor, key: int | str) -> PermissionGroup:
        """One group. Raises `Forbidden`, `NotFound`."""
        actor.require(Permission.VIEW_PLATFORM)
        return await self._administration.find_permission_group(key)

    async def list(
        self, actor: Actor, wanted: GroupFilter | None = None, page: Paging | None = None
    ) -> Page[PermissionGroup]:
        """Groups by name. Raises `Forbidden`."""
        actor.require(Permission.VIEW_PLATFORM)
        return await self._administration.page_permission_groups(wanted or GroupFilter(), page or Paging())


def tenant_permissions(names: Collection[str]) -> frozenset[Permission]:
    """The permissions with these names. Raises `InvalidInput` for those that a group cannot grant."""
    known = {each.value: each for each in TENANT_PERMISSIONS}
    for name in names:
        if name not in known:
            raise InvalidInput("permissions", f"{name!r} is none of {', '.join(known)}")
    return frozenset(known[name] for name in names)
