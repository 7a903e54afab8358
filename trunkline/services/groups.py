"""Groups of enterprise users (text 000, "Groups")."""

import re
from typing import Any

from trunkline.model.administration import Administration
from trunkline.model.identity import Actor, Group, Permission
from trunkline.model.people import GroupFilter, Page, Paging
from trunkline.services.accounts import InvalidInput

_NAME = re.compile(r"[^\W_][\w .@-]{0,63}").fullmatch
DESCRIPTION_MAX = 1000


class Groups:
    """Groups: one account is in one at most."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def create(self, actor: Actor, name: str, *, description: str = "") -> Group:
        """Creates a group. Raises `Forbidden`, `InvalidInput`, `AlreadyExists`."""
        actor.require(Permission.MANAGE_ACCOUNTS)
        check_group(name, description)
        return await self._administration.find_group(
            await self._administration.create_group(name, description)
        )

    async def change(self, actor: Actor, key: int | str, **fields: Any) -> Group:
        """Changes name, description or enabled; what is not given stays.

        Raises `Forbidden`, `InvalidInput`, `NotFound`, `AlreadyExists`.
        """
        actor.require(Permission.MANAGE_ACCOUNTS)
        before = await self._administration.find_group(key)
        name, description = fields.get("name", before.name), fields.get("description", before.description)
        check_group(name, description)
        await self._administration.update_group(
            before.id, name=name, description=description, enabled=fields.get("enabled", before.enabled)
        )
        return await self._administration.find_group(before.id)

    async def delete(self, actor: Actor, key: int | str) -> None:
        """Deletes a group. Raises `Forbidden`, `NotFound`, and `InUse` while accounts are in it."""
        actor.require(Permission.MANAGE_ACCOUNTS)
        group = await self._administration.find_group(key)
        await self._administration.delete_group(group.id)

    async def get(self, actor: Actor, key: int | str) -> Group:
        """One group. Raises `Forbidden`, `NotFound`."""
        actor.require(Permission.VIEW_PLATFORM)
        return await self._administration.find_group(key)

    async def list(
        self, actor: Actor, wanted: GroupFilter | None = None, page: Paging | None = None
    ) -> Page[Group]:
        """Groups by name. Raises `Forbidden`."""
        actor.require(Permission.VIEW_PLATFORM)
        return await self._administration.page_groups(wanted or GroupFilter(), page or Paging())


def check_group(name: str, description: str) -> None:
    """Raises `InvalidInput` for a name or a description that breaks a rule."""
    if not _NAME(name):
        raise InvalidInput("name", "1 to 64 letters, digits, spaces or any of _ . @ -, no mark first")
    if len(description) > DESCRIPTION_MAX:
        raise InvalidInput("description", f"at most {DESCRIPTION_MAX} characters")
