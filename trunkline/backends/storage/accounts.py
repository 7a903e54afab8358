"""Accounts and their money."""

from dataclasses import fields

from sqlalchemy import insert, select, update

from trunkline.backends.storage import tables
from trunkline.backends.storage.database import Database
from trunkline.model.administration import AccountRow
from trunkline.model.errors import AlreadyExists, InsufficientBalance, NotFound

_account = tables.account
_ledger = tables.ledger
_shown = [_account.c[field.name] for field in fields(AccountRow)]
_CHANGEABLE = (
    "enabled", "unlimited", "unknown_outcome", "default_sender", "receipt_policy", "smart_encoding",
)  # fmt: skip


class Accounts(Database):
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
    ) -> int:
        """Creates an account and returns its id; an opening balance gets its ledger entry.

        Raises `AlreadyExists`.
        """
        now = self._now_ms()
        async with self._configure(AlreadyExists("account", name)) as connection:
            created = await connection.scalar(
                insert(_account)
                .values(
                    name=name,
                    enabled=True,
                    balance=balance,
                    unlimited=unlimited,
                    credit_floor=credit_floor,
                    unknown_outcome=unknown_outcome,
                    default_sender=default_sender,
                    created_at=now,
                    receipt_policy=receipt_policy,
                    smart_encoding=smart_encoding,
                )
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
        return account_id

    async def update_account(self, row: AccountRow) -> None:
        """Changes everything but name and balance. Raises `NotFound`."""
        async with self._configure() as connection:
            updated = await connection.execute(
                update(_account)
                .where(_account.c.id == row.id)
                .values(**{name: getattr(row, name) for name in _CHANGEABLE})
            )
            if updated.rowcount == 0:
                raise NotFound("account", row.name)

    async def list_accounts(self) -> list[AccountRow]:
        """All accounts, by name."""
        async with self._read() as connection:
            rows = await connection.execute(select(*_shown).order_by(_account.c.name))
            return [AccountRow(*row) for row in rows]

    async def account_by_name(self, name: str) -> AccountRow:
        """One account. Raises `NotFound`."""
        async with self._read() as connection:
            rows = await connection.execute(select(*_shown).where(_account.c.name == name))
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
                select(_account.c.balance, _account.c.unlimited, _account.c.credit_floor)
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
        return balance
