"""HTTP API accounts, and the rules that several services have in common."""

import asyncio
import re
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from trunkline.model.administration import Administration, HttpAccountRow
from trunkline.model.snapshot import OverRate
from trunkline.services.credentials import hash_api_key, hash_password, new_api_key, shown_prefix

is_name = re.compile(r"[A-Za-z0-9_.@-]{1,64}").fullmatch
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}").fullmatch
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
    """The credentials with which HTTP requests come."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

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
        if not is_name(username):
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
