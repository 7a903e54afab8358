"""Enterprise users (text 000): accounts with company, groups and rate, and the logins that are their own."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from trunkline.model.administration import AccountFilter, AccountRow, Administration
from trunkline.model.errors import AlreadyExists, NotFound
from trunkline.model.identity import Actor, Permission, Role
from trunkline.model.people import Page, Paging
from trunkline.model.snapshot import ReceiptPolicy, UnknownOutcome
from trunkline.services.accounts import InvalidInput, check_email, choice, is_name
from trunkline.services.logins import Logins, MadeLogin
from trunkline.services.passwords import check_password

MAX_THROUGHPUT: Final = 100_000
REASON_MAX: Final = 255
SENDER_MAX: Final = 20  # source_addr, SMPP 3.4, section 5.2.8
_CHANGEABLE: Final = frozenset(
    {
        "enabled", "unlimited", "unknown_outcome", "default_sender", "receipt_policy", "smart_encoding",
        "company", "contact_email", "throughput", "group", "permission_group",
    }
)  # fmt: skip


@dataclass(slots=True, frozen=True)
class NewEnterpriseUser:
    """The account, and its first login where one was made with it: its password is shown once."""

    account: AccountRow
    login: MadeLogin | None


class EnterpriseUsers:
    """Accounts as administrators manage them, and as their own logins see them: only theirs.

    An account is never deleted: its messages and its ledger name it. One that is disabled sends nothing, its
    ESMEs are unbound, and its logins and keys are refused.
    """

    def __init__(self, administration: Administration) -> None:
        self._administration = administration
        self._logins = Logins(administration)

    async def create(
        self,
        actor: Actor,
        name: str,
        *,
        username: str = "",
        password: str | None = None,
        balance: int = 0,
        unlimited: bool = False,
        unknown_outcome: str = UnknownOutcome.WAIT,
        default_sender: str = "",
        receipt_policy: str = ReceiptPolicy.ALL,
        smart_encoding: bool = False,
        company: str = "",
        contact_email: str = "",
        throughput: int = 0,
        group: str = "",
        permission_group: str = "",
    ) -> NewEnterpriseUser:
        """Creates an account with a balance in micro-credits, and with a `username` its first login.

        `throughput` is in messages per second over all its senders, 0 for no limit. Raises `Forbidden`,
        `InvalidInput`, `AlreadyExists`, and `NotFound` for a group; then nothing was made.
        """
        actor.require(Permission.MANAGE_ACCOUNTS)
        if not is_name(name):
            raise InvalidInput("name", "1 to 64 letters, digits or any of _ . @ -")
        if balance < 0:
            raise InvalidInput("balance", "must not be negative")
        _check_fields(company, contact_email, throughput, default_sender)
        if username:
            await self._check_login(username, password)
        await self._administration.create_account(
            name,
            balance=balance,
            unlimited=unlimited,
            unknown_outcome=choice("unknown_outcome", unknown_outcome, UnknownOutcome),
            default_sender=default_sender,
            receipt_policy=choice("receipt_policy", receipt_policy, ReceiptPolicy),
            smart_encoding=smart_encoding,
            company=company,
            contact_email=contact_email,
            throughput=throughput,
            group=group,
            permission_group=permission_group,
        )
        login = None
        if username:
            login = await self._logins.create(
                actor, username, role=Role.ENTERPRISE, account=name, password=password
            )
        return NewEnterpriseUser(await self._administration.account_by_name(name), login)

    async def ensure_unlimited(self, actor: Actor, name: str) -> None:
        """Makes sure that there is an account with this name; a new one sends without credits.

        Raises `Forbidden`.
        """
        with suppress(AlreadyExists):
            await self.create(actor, name, unlimited=True)

    async def change(self, actor: Actor, name: str, **fields: Any) -> AccountRow:
        """Changes fields of `AccountRow`, but not its name and balance; what is not given stays.

        Raises `Forbidden`, `InvalidInput`, `NotFound`.
        """
        row = await self.get(actor, name)
        actor.require(Permission.MANAGE_ACCOUNTS)
        for field in fields.keys() - _CHANGEABLE:
            raise InvalidInput(field, "cannot be changed")
        changed = replace(row, **fields)
        choice("unknown_outcome", changed.unknown_outcome, UnknownOutcome)
        choice("receipt_policy", changed.receipt_policy, ReceiptPolicy)
        _check_fields(changed.company, changed.contact_email, changed.throughput, changed.default_sender)
        if changed != row:
            await self._administration.update_account(changed)
        return changed

    async def credit(
        self, actor: Actor, name: str, amount: int, *, description: str, reference: str | None = None
    ) -> int:
        """Adds micro-credits (negative: takes) and returns the new balance.

        Raises `Forbidden`, `InvalidInput`, `NotFound`, `InsufficientBalance`.
        """
        account = await self.get(actor, name)
        actor.require(Permission.MANAGE_ACCOUNTS)
        if amount == 0:
            raise InvalidInput("amount", "must not be zero")
        if not 1 <= len(description.strip()) <= REASON_MAX or not description.isprintable():
            raise InvalidInput("description", f"say why, in at most {REASON_MAX} printable characters")
        return await self._administration.credit(
            account.id,
            amount,
            description=description.strip(),
            source=actor.door,
            actor=actor.name,
            reference=reference,
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

    async def _check_login(self, username: str, password: str | None) -> None:
        """Raises what creating the first login would raise, before there is an account without one."""
        if not is_name(username):
            raise InvalidInput("username", "1 to 64 letters, digits or any of _ . @ -")
        if password is not None:
            check_password(password, username)
        with suppress(NotFound):
            await self._administration.find_login(username)
            raise AlreadyExists("login", username)


def _check_fields(company: str, contact_email: str, throughput: int, default_sender: str) -> None:
    if len(company) > 255 or not company.isprintable():
        raise InvalidInput("company", "at most 255 printable characters")
    check_email("contact_email", contact_email)
    if not 0 <= throughput <= MAX_THROUGHPUT:
        raise InvalidInput("throughput", f"messages per second, at most {MAX_THROUGHPUT}, 0 for no limit")
    if len(default_sender) > SENDER_MAX or not default_sender.isprintable():
        raise InvalidInput("default_sender", f"at most {SENDER_MAX} printable characters")
