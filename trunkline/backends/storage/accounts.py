"""Accounts and their money."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.backends.storage import tables
from trunkline.backends.storage.audit import AuditTrail
from trunkline.backends.storage.database import containing, cut
from trunkline.backends.storage.identity_tables import account_group as _group
from trunkline.backends.storage.identity_tables import login as _login
from trunkline.backends.storage.identity_tables import permission_group as _permission_group
from trunkline.model.administration import AccountFilter, AccountRow
from trunkline.model.errors import AlreadyExists, InsufficientBalance, NotFound
from trunkline.model.people import Page, Paging

_account = tables.account
_ledger = tables.ledger


def _number_of(table: Table) -> ColumnElement[int]:
    """How many rows of a table belong to an account."""
    count = select(func.count()).select_from(table).where(table.c.account_id == _account.c.id)
    return count.correlate(_account).scalar_subquery()


_MADE_OF: Mapping[str, ColumnElement[Any]] = {
    "group": func.coalesce(_group.c.name, ""),
    "permission_group": func.coalesce(_permission_group.c.name, ""),
    "logins": _number_of(_login),
    "esmes": _number_of(tables.esme),
    "http_accounts": _number_of(tables.http_account),
}
_select: Select[Any] = (
    select(
        *(
            _MADE_OF[each.name].label(each.name) if each.name in _MADE_OF else _account.c[each.name]
            for each in fields(AccountRow)
        )
    )
    .select_from(_account)
    .outerjoin(_group, _account.c.group_id == _group.c.id)
    .outerjoin(_permission_group, _account.c.permission_group_id == _permission_group.c.id)
)
_CHANGEABLE = (
    "enabled", "unlimited", "unknown_outcome", "default_sender", "receipt_policy", "smart_encoding",
    "company", "contact_email", "throughput",
)  # fmt: skip
_GROUPS: Mapping[str, tuple[Table, str]] = {
    "group": (_group, "group"),
    "permission_group": (_permission_group, "permission group"),
}


class Accounts(AuditTrail):
    """Accounts: creation, balances, top-ups."""

    async def create_account(
        self,
        name: str,
        *,
        balance: int = 0,
        unlimited: bool = False,
        unknown_outcome: str = "wait",
        credit_floor: int = 0,
        default_sender: str = "",
        receipt_policy: str = "all",
        smart_encoding: bool = False,
        company: str = "",
        contact_email: str = "",
        throughput: int = 0,
        group: str = "",
        permission_group: str = "",
    ) -> int:
        """Creates an account and returns its id; an opening balance gets its ledger entry.

        Raises `AlreadyExists`, and `NotFound` for a group.
        """
        now = self._now_ms()
        values = {
            "name": name,
            "enabled": True,
            "balance": balance,
            "unlimited": unlimited,
            "credit_floor": credit_floor,
            "unknown_outcome": unknown_outcome,
            "default_sender": default_sender,
            "receipt_policy": receipt_policy,
            "smart_encoding": smart_encoding,
            "company": company,
            "contact_email": contact_email,
            "throughput": throughput,
        }
        groups = {"group": group, "permission_group": permission_group}
        async with self._configure(AlreadyExists("account", name)) as connection:
            created = await connection.scalar(
                insert(_account)
                .values(**values, **await _group_ids(connection, groups), created_at=now)
                .returning(_account.c.id)
            )
            account_id = int(created)
            if balance:
                await connection.execute(
                    insert(_ledger).values(
                        account_id=account_id,
                        kind="topup" if balance > 0 else "debit",
                        amount=balance,
                        balance_after=balance,
                        description="opening balance",
                        source="account",
                        actor="",
                        created_at=now,
                    )
                )
            await self._record(
                connection, "create", "account", name, after={**values, **groups}, account_id=account_id
            )
        return account_id

    async def update_account(self, row: AccountRow) -> None:
        """Changes everything but name and balance. Raises `NotFound`, for a group too."""
        values = {name: getattr(row, name) for name in _CHANGEABLE}
        groups = {name: getattr(row, name) for name in _GROUPS}
        async with self._configure() as connection:
            found = await connection.execute(
                _select.where(_account.c.id == row.id).with_for_update(of=_account)
            )
            before = found.one_or_none()
            if before is None:
                raise NotFound("account", row.name)
            await connection.execute(
                update(_account)
                .where(_account.c.id == row.id)
                .values(**values, **await _group_ids(connection, groups))
            )
            old = {name: getattr(before, name) for name in (*values, *groups)}
            await self._record(
                connection, "change", "account", before.name, old, {**values, **groups}, account_id=row.id
            )

    async def page_accounts(self, wanted: AccountFilter, page: Paging) -> Page[AccountRow]:
        """Accounts by name."""
        query = _select.where(_account.c.name > page.after, *_conditions(wanted))
        async with self._read() as connection:
            rows = await connection.execute(query.order_by(_account.c.name).limit(page.limit + 1))
            found = [AccountRow(*row) for row in rows]
        return cut(found, page.limit, lambda row: row.name)

    async def account_by_name(self, name: str) -> AccountRow:
        """One account. Raises `NotFound`."""
        async with self._read() as connection:
            rows = await connection.execute(_select.where(_account.c.name == name))
            row = rows.one_or_none()
        if row is None:
            raise NotFound("account", name)
        return AccountRow(*row)

    async def credit(
        self,
        account_id: int,
        amount: int,
        *,
        description: str,
        source: str,
        actor: str,
        reference: str | None = None,
    ) -> int:
        """Moves an account's balance by `amount` (negative: a debit) and returns the new balance.

        A `reference` that the account's ledger holds already changes nothing: the balance of then is
        returned. Raises `NotFound`, and `InsufficientBalance` when a debit would lead below the account's
        floor.
        """
        now = self._now_ms()
        async with self._write() as connection:
            # The row's lock puts all movements of an account in line, those of the journal too.
            rows = await connection.execute(
                select(_account.c.name, _account.c.balance, _account.c.unlimited, _account.c.credit_floor)
                .where(_account.c.id == account_id)
                .with_for_update()
            )
            account = rows.one_or_none()
            if account is None:
                raise NotFound("account", str(account_id))
            if reference is not None:
                known = await connection.scalar(
                    select(_ledger.c.balance_after).where(
                        _ledger.c.account_id == account_id, _ledger.c.reference == reference
                    )
                )
                if known is not None:
                    return int(known)
            balance = int(account.balance) + amount
            if amount < 0 and not account.unlimited and balance < account.credit_floor:
                raise InsufficientBalance(f"account {account_id} cannot be debited {-amount} micro-credits")
            await connection.execute(
                update(_account).where(_account.c.id == account_id).values(balance=balance)
            )
            await connection.execute(
                insert(_ledger).values(
                    account_id=account_id,
                    kind="debit" if amount < 0 else "topup",
                    amount=amount,
                    balance_after=balance,
                    description=description,
                    source=source,
                    actor=actor,
                    reference=reference,
                    created_at=now,
                )
            )
            moved: dict[str, object] = {"balance": [account.balance, balance], "description": description}
            await self._append(connection, "credit", "account", account.name, moved, account_id)
        return balance


async def _group_ids(connection: AsyncConnection, names: Mapping[str, str]) -> dict[str, int | None]:
    """The columns that hold an account's groups. Raises `NotFound`."""
    ids: dict[str, int | None] = {}
    for field, name in names.items():
        table, noun = _GROUPS[field]
        found = None
        if name:
            found = await connection.scalar(
                select(table.c.id).where(table.c.name == name).with_for_update(read=True)
            )
            if found is None:
                raise NotFound(noun, name)
        ids[f"{field}_id"] = found
    return ids


def _conditions(wanted: AccountFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.text:
        pattern = containing(wanted.text.lower())
        columns: tuple[Column[Any], ...] = (_account.c.name, _account.c.company)
        conditions.append(or_(*(func.lower(each).like(pattern, escape="\\") for each in columns)))
    if wanted.enabled is not None:
        conditions.append(_account.c.enabled == wanted.enabled)
    if wanted.group:
        conditions.append(_group.c.name == wanted.group)
    if wanted.permission_group:
        conditions.append(_permission_group.c.name == wanted.permission_group)
    if wanted.account_id is not None:
        conditions.append(_account.c.id == wanted.account_id)
    return conditions
