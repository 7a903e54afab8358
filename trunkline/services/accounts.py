"""Accounts and their credentials: creating, listing, topping up."""

import asyncio
import re
import secrets
import string
from dataclasses import dataclass
from ipaddress import ip_network

from trunkline.model.administration import AccountRow, Administration
from trunkline.model.snapshot import OverRate, UnknownOutcome
from trunkline.services.credentials import hash_api_key, hash_password, new_api_key, shown_prefix

_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,64}").fullmatch
_SYSTEM_ID = re.compile(r"[!-~]{1,15}").fullmatch
_READABLE = "".join(sorted(set(string.ascii_letters + string.digits) - set("0O1lI")))
SMPP_PASSWORD_MAX = 8  # SMPP 3.4, section 5.2.2: 9 octets with the NUL


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


@dataclass(slots=True, frozen=True)
class NewEsme:
    """Shown once: only the hash is kept."""

    system_id: str
    password: str


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
    ) -> int:
        """Creates an account with a balance in micro-credits; returns its id.

        Raises `InvalidInput`, `AlreadyExists`.
        """
        if not _NAME(name):
            raise InvalidInput("name", "1 to 64 letters, digits or any of _ . @ -")
        if balance < 0:
            raise InvalidInput("balance", "must not be negative")
        return await self._administration.create_account(
            name,
            balance=balance,
            unlimited=unlimited,
            unknown_outcome=_choice("unknown_outcome", unknown_outcome, UnknownOutcome),
            default_sender=default_sender,
        )

    async def list(self) -> list[AccountRow]:
        """All accounts with their balances."""
        return await self._administration.list_accounts()

    async def credit(
        self, name: str, amount: int, *, description: str, actor: str, reference: str | None = None
    ) -> int:
        """Adds (or with a negative amount takes) micro-credits; returns the new balance."""
        if amount == 0:
            raise InvalidInput("amount", "must not be zero")
        account = await self._administration.account_by_name(name)
        return await self._administration.credit(
            account.id, amount, description=description, source="cli", actor=actor, reference=reference
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
            over_rate=_choice("over_rate", over_rate, OverRate),
            default_sender=default_sender,
            dlr_url=dlr_url or None,
            description=description,
        )
        return NewHttpAccount(username, password, api_key)

    async def create_esme(
        self,
        account_name: str,
        system_id: str,
        *,
        password: str | None = None,
        max_binds: int = 10,
        allowed_networks: str = "",
        throughput: int = 0,
        window: int = 100,
    ) -> NewEsme:
        """Creates an ESME account; a password of 8 characters is generated when none is given."""
        if not _SYSTEM_ID(system_id):
            raise InvalidInput("system_id", "1 to 15 printable characters without spaces")
        password = password or generate_password(SMPP_PASSWORD_MAX)
        if not 4 <= len(password) <= SMPP_PASSWORD_MAX or not password.isascii():
            raise InvalidInput("password", "4 to 8 ASCII characters: SMPP allows no more than 8")
        if not 1 <= max_binds <= 1000:
            raise InvalidInput("max_binds", "1 to 1000")
        if throughput < 0:
            raise InvalidInput("throughput", "messages per minute on one connection, 0 for no limit")
        if not 1 <= window <= 10_000:
            raise InvalidInput("window", "1 to 10000 unanswered deliver_sm")
        networks = [part.strip() for part in allowed_networks.split(",") if part.strip()]
        for network in networks:
            try:
                ip_network(network)
            except ValueError as error:
                raise InvalidInput(
                    "allowed_networks", f"{network!r} is no address or network: {error}"
                ) from None
        account = await self._administration.account_by_name(account_name)
        await self._administration.create_esme(
            account.id,
            system_id,
            password_hash=await asyncio.to_thread(hash_password, password),
            max_binds=max_binds,
            allowed_networks=",".join(networks),
            throughput=throughput,
            window=window,
        )
        return NewEsme(system_id, password)

    async def set_admin(self, username: str, password: str) -> None:
        """Creates an administrator or changes its password."""
        if not _NAME(username):
            raise InvalidInput("username", "1 to 64 letters, digits or any of _ . @ -")
        if len(password) < 8:
            raise InvalidInput("password", "at least 8 characters")
        await self._administration.set_admin(username, await asyncio.to_thread(hash_password, password))


def _choice(field: str, value: str, choices: "type[OverRate] | type[UnknownOutcome]") -> str:
    try:
        return choices(value).value
    except ValueError:
        raise InvalidInput(field, f"must be one of {', '.join(each.value for each in choices)}") from None
