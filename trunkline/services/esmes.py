"""ESME accounts as people manage them: checked, stored, and followed live by the running gateway."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

from trunkline.gsm.alphabets import DEFAULT_ALPHABETS
from trunkline.model.administration import Administration, EsmeFilter, EsmeRow, EsmeSettings
from trunkline.model.errors import InUse, NotFound
from trunkline.model.identity import Actor, Permission
from trunkline.model.notices import esme_lane
from trunkline.model.people import Page, Paging
from trunkline.model.snapshot import ReceiptFormat
from trunkline.model.status import SessionStatus
from trunkline.services.accounts import InvalidInput, choice, generate_password
from trunkline.services.credentials import hash_password

SYSTEM_ID_MAX = 16
SMPP_PASSWORD_MAX = 9
"""One character more than SMPP 3.4 has room for (sections 5.2.1, 5.2.2: 16 and 9 octets with the NUL).

Text 001 allows it and many clients send it; PDUs carry it all the same.
"""

ADDRESS_MAX = 255
GENERATED_LENGTH = 8  # what every client can send
_SYSTEM_ID = re.compile(rf"[!-~]{{1,{SYSTEM_ID_MAX}}}").fullmatch


@dataclass(slots=True, frozen=True)
class NewEsme:
    """Shown once, unless the password is kept readable."""

    id: int
    system_id: str
    password: str


@dataclass(slots=True, frozen=True)
class EsmeOverview:
    """An ESME account, and how it does."""

    row: EsmeRow
    bound: int  # its sessions of this process
    receipts_waiting: int  # or on their way to it


class Esmes:
    """Who may bind to the SMPP server. An ESME is named by its id or its system_id.

    Enterprise users with `manage_api_keys` look at those of their account; administrators manage them.
    """

    def __init__(
        self, administration: Administration, live: Callable[[], Sequence[SessionStatus]] = tuple
    ) -> None:
        """`live` has the bound sessions of this process; without it none are known."""
        self._administration = administration
        self._live = live

    async def create(
        self,
        actor: Actor,
        account: str,
        system_id: str,
        *,
        password: str | None = None,
        readable: bool = False,
        **settings: Any,
    ) -> NewEsme:
        """Creates an ESME account; `settings` are fields of `EsmeSettings`.

        Without a password one is generated. `readable` keeps it, encrypted, for those who manage it.
        Raises `Forbidden`, `InvalidInput`, `AlreadyExists`, and `NotFound` for the account.
        """
        actor.require(Permission.MANAGE_ACCOUNTS)
        if not _SYSTEM_ID(system_id):
            raise InvalidInput("system_id", f"1 to {SYSTEM_ID_MAX} printable characters without spaces")
        password = password or generate_password(GENERATED_LENGTH)
        _check_password(password)
        checked = _checked(replace(EsmeSettings(), **settings))
        payer = await self._administration.account_by_name(account)
        esme_id = await self._administration.create_esme(
            payer.id,
            system_id,
            checked,
            password_hash=await asyncio.to_thread(hash_password, password),
            password=password if readable else "",
        )
        return NewEsme(esme_id, system_id, password)

    async def change(
        self,
        actor: Actor,
        key: int | str,
        *,
        password: str | None = None,
        readable: bool = False,
        **settings: Any,
    ) -> None:
        """Changes an ESME account; what is not given, or is as it was, stays.

        The running gateway unbinds its sessions where they would not be let in as they are.
        Raises `Forbidden`, `InvalidInput`, `NotFound`.
        """
        row = await self._managed(actor, key)
        changed = _checked(replace(row.settings, **settings))
        if password and password != row.password:
            _check_password(password)
            await self._administration.update_esme(
                row.id,
                changed,
                password_hash=await asyncio.to_thread(hash_password, password),
                password=password if readable else "",
            )
        elif changed != row.settings:
            await self._administration.update_esme(row.id, changed)

    async def reset_password(self, actor: Actor, key: int | str, password: str | None = None) -> NewEsme:
        """Gives an ESME another password, made up where none is given; its sessions are unbound.

        One that was kept readable stays so. Raises `Forbidden`, `InvalidInput`, `NotFound`.
        """
        row = await self._managed(actor, key)
        password = password or generate_password(GENERATED_LENGTH)
        await self.change(actor, row.id, password=password, readable=bool(row.password))
        return NewEsme(row.id, row.system_id, password)

    async def unbind(self, actor: Actor, key: int | str) -> EsmeRow:
        """Has every gateway unbind all sessions of an ESME, which may bind again.

        Raises `Forbidden`, `NotFound`.
        """
        row = await self.get(actor, key)
        actor.require(Permission.MANAGE_ACCOUNTS, Permission.MANAGE_TRAFFIC)
        await self._administration.unbind_esme(row.id)
        return row

    async def delete(self, actor: Actor, key: int | str, *, give_up_receipts: bool = False) -> EsmeRow:
        """Deletes an ESME account and returns what it was; the running gateway unbinds it at once.

        Raises `Forbidden`, `NotFound`, and `InUse` while receipts wait for it. With `give_up_receipts` the
        gateway gives those up, which their messages' histories show.
        """
        row = await self._managed(actor, key)
        waiting = await self.receipts_waiting(actor, row.id)
        if waiting and not give_up_receipts:
            raise InUse(
                f"{waiting} receipts wait for ESME {row.system_id!r}: "
                "let it bind and take them, or have them given up"
            )
        await self._administration.delete_esme(row.id)
        return row

    async def get(self, actor: Actor, key: int | str) -> EsmeRow:
        """One ESME account; its password only for those who manage it.

        Raises `Forbidden`, and `NotFound`, for those of other tenants too.
        """
        _require_looking(actor)
        row = await self._administration.find_esme(key)
        if not actor.owns(row.account_id):
            raise NotFound("ESME", str(key))
        return _shown_to(actor, row)

    async def overview(self, actor: Actor, key: int | str) -> EsmeOverview:
        """One ESME account, and how it does. Raises as `get`."""
        [found] = await _overviews(self._administration, self._live(), [await self.get(actor, key)])
        return found

    async def list(
        self, actor: Actor, wanted: EsmeFilter | None = None, page: Paging | None = None
    ) -> Page[EsmeOverview]:
        """ESME accounts by system_id; enterprise users see those of their account. Raises `Forbidden`."""
        _require_looking(actor)
        wanted = wanted or EsmeFilter()
        if actor.account_id is not None:
            wanted = replace(wanted, account_id=actor.account_id)
        found = await self._administration.page_esmes(wanted, page or Paging())
        rows = [_shown_to(actor, row) for row in found.items]
        return Page(await _overviews(self._administration, self._live(), rows), found.next)

    async def receipts_waiting(self, actor: Actor, key: int | str) -> int:
        """How many receipts wait for an ESME or are on their way to it. Raises as `get`."""
        return (await self.overview(actor, key)).receipts_waiting

    async def sessions(self, actor: Actor, key: int | str) -> Sequence[SessionStatus]:
        """The bound sessions of an ESME in this process, the oldest first. Raises as `get`."""
        row = await self.get(actor, key)
        own = [each for each in self._live() if each.esme_id == row.id]
        return sorted(own, key=lambda each: (each.since, each.connection_id))

    async def _managed(self, actor: Actor, key: int | str) -> EsmeRow:
        row = await self.get(actor, key)
        actor.require(Permission.MANAGE_ACCOUNTS)
        return row


async def _overviews(
    administration: Administration, live: Sequence[SessionStatus], rows: Sequence[EsmeRow]
) -> list[EsmeOverview]:
    bound = Counter(session.esme_id for session in live)
    waiting = await administration.outbox_lanes([esme_lane(row.system_id) for row in rows])
    return [EsmeOverview(row, bound[row.id], waiting.get(esme_lane(row.system_id), 0)) for row in rows]


def _require_looking(actor: Actor) -> None:
    actor.require(Permission.MANAGE_API_KEYS, Permission.VIEW_PLATFORM)


def _shown_to(actor: Actor, row: EsmeRow) -> EsmeRow:
    return row if actor.may(Permission.MANAGE_ACCOUNTS) else replace(row, password="")


def _check_password(password: str) -> None:
    if len(password) > SMPP_PASSWORD_MAX or not (password.isascii() and password.isprintable()):
        raise InvalidInput(
            "password", f"1 to {SMPP_PASSWORD_MAX} ASCII characters; some clients cannot send more than 8"
        )


def _check_address(field: str, address: str) -> None:
    host, _, port = address.rpartition(":")
    if len(address) > ADDRESS_MAX or not host or not (port.isascii() and port.isdigit()):
        raise InvalidInput(field, "must have the form HOST:PORT")
    if not 1 <= int(port) <= 65535:
        raise InvalidInput(field, f"{port} is no port: 1 to 65535")


def _checked(settings: EsmeSettings) -> EsmeSettings:
    """The settings with their networks written in one way. Raises `InvalidInput`."""
    if not 1 <= settings.max_binds <= 1000:
        raise InvalidInput("max_binds", "1 to 1000")
    if settings.throughput < 0:
        raise InvalidInput("throughput", "messages per minute on one connection, 0 for no limit")
    if not 1 <= settings.window <= 10_000:
        raise InvalidInput("window", "1 to 10000 unanswered deliver_sm")
    if settings.default_alphabet not in DEFAULT_ALPHABETS:
        raise InvalidInput("default_alphabet", f"must be one of {', '.join(DEFAULT_ALPHABETS)}")
    if settings.outbind:
        _check_address("outbind", settings.outbind)
    choice("receipt_format", settings.receipt_format, ReceiptFormat)
    networks = [part.strip() for part in settings.allowed_networks.split(",") if part.strip()]
    for network in networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise InvalidInput("allowed_networks", f"{network!r} is no address or network: {error}") from None
    return replace(settings, allowed_networks=",".join(networks))
