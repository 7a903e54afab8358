"""Enterprise users (text 000): accounts with company, groups and rate, and the logins that are their own."""

from dataclasses import dataclass
from typing import Any

from trunkline.model.administration import AccountFilter, AccountRow, Administration
from trunkline.model.errors import AlreadyExists, NotFound
from trunkline.model.identity import Actor, Permission, Role
from trunkline.model.people import Page, Paging
from trunkline.services.accounts import Accounts
from trunkline.services.logins import Logins, MadeLogin


@dataclass(slots=True, frozen=True)
class NewEnterpriseUser:
    """The account, and its first login where one was made with it: its password is shown once."""

    account: AccountRow
    login: MadeLogin | None


class EnterpriseUsers:
    """Accounts as administrators manage them, and as their own logins see them: only theirs."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration
        self._accounts = Accounts(administration)
        self._logins = Logins(administration)

    async def create(
        self, actor: Actor, name: str, *, username: str = "", password: str | None = None, **fields: Any
    ) -> NewEnterpriseUser:
        """Creates an account, see `Accounts.create`, and with a `username` its first login.

        Raises `Forbidden`, `InvalidInput`, `AlreadyExists`, and `NotFound` for a group.
        """
        actor.require(Permission.MANAGE_ACCOUNTS)
        if username:
            await self._refuse_taken(username)
        await self._accounts.create(name, **fields)
        login = None
        if username:
            login = await self._logins.create(
                actor, username, role=Role.ENTERPRISE, account=name, password=password
            )
        return NewEnterpriseUser(await self._accounts.get(name), login)

    async def change(self, actor: Actor, name: str, **fields: Any) -> AccountRow:
        """Changes fields of `AccountRow`, but not its name and balance; what is not given stays.

        Raises `Forbidden`, `InvalidInput`, `NotFound`.
        """
        await self.get(actor, name)
        actor.require(Permission.MANAGE_ACCOUNTS)
        return await self._accounts.change(name, **fields)

    async def credit(
        self, actor: Actor, name: str, amount: int, *, description: str, reference: str | None = None
    ) -> int:
        """Adds micro-credits (negative: takes) and returns the new balance.

        Raises `Forbidden`, `InvalidInput`, `NotFound`, `InsufficientBalance`.
        """
        await self.get(actor, name)
        actor.require(Permission.MANAGE_ACCOUNTS)
        return await self._accounts.credit(
            name, amount, description=description, actor=actor.name, reference=reference, source=actor.door
        )

    async def get(self, actor: Actor, name: str) -> AccountRow:
        """One account. Raises `NotFound`, for those of other tenants too."""
        row = await self._administration.account_by_name(name)
        if not actor.owns(row.id):
            raise NotFound("account", name)
        if actor.account_id is None:
            actor.require(Permission.VIEW_PLATFORM)
        return row

    async def list(
        self, actor: Actor, wanted: AccountFilter | None = None, page: Paging | None = None
    ) -> Page[AccountRow]:
        """Accounts by name. Raises `Forbidden`."""
        actor.require(Permission.VIEW_PLATFORM)
        return await self._administration.page_accounts(wanted or AccountFilter(), page or Paging())

    async def _refuse_taken(self, username: str) -> None:
        try:
            await self._administration.find_login(username)
        except NotFound:
            return
        raise AlreadyExists("login", username)
