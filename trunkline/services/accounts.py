"""Accounts and their HTTP credentials: creating, listing, changing, topping up."""

import asyncio
import re
import secrets
import string
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from trunkline.model.administration import AccountRow, Administration, HttpAccountRow
from trunkline.model.errors import AlreadyExists
from trunkline.model.snapshot import OverRate, ReceiptPolicy, UnknownOutcome
from trunkline.services.credentials import hash_api_key, hash_password, new_api_key, shown_prefix

_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,64}").fullmatch
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}").fullmatch
MAX_THROUGHPUT = 100_000
_READABLE = "".join(sorted(set(string.ascii_letters + string.digits) - set("0O1lI")))


class InvalidInput(ValueError):
    """A field that breaks a rule; `field` names it and the text says the rule."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field
        self.rule = rule


@dataclass(slots=True, frozen=True)
class NewHttpAccount:
    """Shown once: only hashes are kept."""

    username: str
    password: str
    api_key: str


def generate_password(length: int) -> str:
    """A random password without characters that are easily mistaken for others."""
    return "".join(secrets.choice(_READABLE) for _ in range(length))


class Accounts:
    """Who pays, and with which credentials they come."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def create(
        self,
        name: str,
        *,
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
    ) -> int:
        """Creates an account with a balance in micro-credits; returns its id.

        `throughput` is in messages per second over all its senders, 0 for no limit. Raises `InvalidInput`,
        `AlreadyExists`, and `NotFound` for a group.
        """
        if not _NAME(name):
            raise InvalidInput("name", "1 to 64 letters, digits or any of _ . @ -")
        if balance < 0:
            raise InvalidInput("balance", "must not be negative")
        _check_company(company, contact_email, throughput)
        return await self._administration.create_account(
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

    async def get(self, name: str) -> AccountRow:
        """One account. Raises `NotFound`."""
        return await self._administration.account_by_name(name)

    async def ensure_unlimited(self, name: str) -> None:
        """Makes sure that there is an account with this name; a new one sends without credits."""
        with suppress(AlreadyExists):
            await self.create(name, unlimited=True)

    async def change(self, name: str, **fields: Any) -> AccountRow:
        """Changes an account's policies, fields of `AccountRow`, and returns it.

        Raises `InvalidInput`, `NotFound`.
        """
        row = await self._administration.account_by_name(name)
        changed = replace(row, **fields)
        choice("unknown_outcome", changed.unknown_outcome, UnknownOutcome)
        choice("receipt_policy", changed.receipt_policy, ReceiptPolicy)
        _check_company(changed.company, changed.contact_email, changed.throughput)
        if changed != row:
            await self._administration.update_account(changed)
        return changed

    async def list(self) -> list[AccountRow]:
        """All accounts with their balances."""
        return await self._administration.list_accounts()

    async def credit(
        self,
        name: str,
        amount: int,
        *,
        description: str,
        actor: str,
        reference: str | None = None,
        source: str = "cli",
    ) -> int:
        """Adds (or with a negative amount takes) micro-credits; returns the new balance."""
        if amount == 0:
            raise InvalidInput("amount", "must not be zero")
        account = await self._administration.account_by_name(name)
        return await self._administration.credit(
            account.id, amount, description=description, source=source, actor=actor, reference=reference
        )

    async def create_http_account(
        self,
        account_name: str,
        username: str,
        *,
        password: str | None = None,
        api_key: str | None = None,
        throughput: int = 10,
        over_rate: str = OverRate.QUEUE,
        default_sender: str = "",
        dlr_url: str | None = None,
        description: str = "",
    ) -> NewHttpAccount:
        """Creates an HTTP API account; password and key are generated when not given."""
        if not _NAME(username):
            raise InvalidInput("username", "1 to 64 letters, digits or any of _ . @ -")
        password = password or generate_password(20)
        if len(password) < 8:
            raise InvalidInput("password", "at least 8 characters")
        if throughput < 0:
            raise InvalidInput("rate", "messages per second, 0 for no limit")
        if dlr_url and not dlr_url.startswith(("http://", "https://")):
            raise InvalidInput("dlr_url", "must start with http:// or https://")
        account = await self._administration.account_by_name(account_name)
        api_key = api_key or new_api_key()
        await self._administration.create_http_account(
            account.id,
            username,
            password_hash=await asyncio.to_thread(hash_password, password),
            api_key_prefix=shown_prefix(api_key),
            api_key_hash=hash_api_key(api_key),
            throughput=throughput,
            over_rate=choice("over_rate", over_rate, OverRate),
            default_sender=default_sender,
            dlr_url=dlr_url or None,
            description=description,
        )
        return NewHttpAccount(username, password, api_key)

    async def list_http_accounts(self) -> Sequence[HttpAccountRow]:
        """All HTTP API accounts, without their secrets."""
        return await self._administration.list_http_accounts()


def _check_company(company: str, contact_email: str, throughput: int) -> None:
    if len(company) > 255 or not company.isprintable():
        raise InvalidInput("company", "at most 255 printable characters")
    check_email("contact_email", contact_email)
    if not 0 <= throughput <= MAX_THROUGHPUT:
        raise InvalidInput("throughput", f"messages per second, at most {MAX_THROUGHPUT}, 0 for no limit")


def check_email(field: str, address: str) -> None:
    """Raises `InvalidInput` for what is no e-mail address; it may be empty."""
    if address and not _EMAIL(address):
        raise InvalidInput(field, "an e-mail address such as ann@example.com")


def choice(field: str, value: str, choices: type[StrEnum]) -> str:
    """The value, if it is one of the choices. Raises `InvalidInput`."""
    try:
        return choices(value).value
    except ValueError:
        raise InvalidInput(field, f"must be one of {', '.join(each.value for each in choices)}") from None
