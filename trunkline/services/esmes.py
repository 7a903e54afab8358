"""ESME accounts as people manage them: checked, stored, and followed live by the running gateway."""

import asyncio
import re
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

from trunkline.gsm.alphabets import DEFAULT_ALPHABETS
from trunkline.model.administration import Administration, EsmeRow, EsmeSettings
from trunkline.model.errors import InUse
from trunkline.model.notices import esme_lane
from trunkline.model.snapshot import ReceiptFormat
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


class Esmes:
    """Who may bind to the SMPP server. An ESME is named by its id or its system_id."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def create(
        self,
        account_name: str,
        system_id: str,
        *,
        password: str | None = None,
        readable: bool = False,
        **settings: Any,
    ) -> NewEsme:
        """Creates an ESME account; `settings` are fields of `EsmeSettings`.

        Without a password one is generated. `readable` keeps it, encrypted, for those who manage it.
        Raises `InvalidInput`, `AlreadyExists`, and `NotFound` for the account.
        """
        if not _SYSTEM_ID(system_id):
            raise InvalidInput("system_id", f"1 to {SYSTEM_ID_MAX} printable characters without spaces")
        password = password or generate_password(GENERATED_LENGTH)
        _check_password(password)
        checked = _checked(replace(EsmeSettings(), **settings))
        account = await self._administration.account_by_name(account_name)
        esme_id = await self._administration.create_esme(
            account.id,
            system_id,
            checked,
            password_hash=await asyncio.to_thread(hash_password, password),
            password=password if readable else "",
        )
        return NewEsme(esme_id, system_id, password)

    async def change(
        self, key: int | str, *, password: str | None = None, readable: bool = False, **settings: Any
    ) -> None:
        """Changes an ESME account; what is not given, or is as it was, stays.

        The running gateway unbinds its sessions where they would not be let in as they are.
        Raises `InvalidInput`, `NotFound`.
        """
        row = await self._administration.find_esme(key)
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

    async def delete(self, key: int | str, *, give_up_receipts: bool = False) -> EsmeRow:
        """Deletes an ESME account and returns what it was; the running gateway unbinds it at once.

        Raises `NotFound`, and `InUse` while receipts wait for it. With `give_up_receipts` the gateway gives
        those up, which their messages' histories show.
        """
        row = await self._administration.find_esme(key)
        waiting = (await self.receipts_waiting()).get(row.system_id, 0)
        if waiting and not give_up_receipts:
            raise InUse(
                f"{waiting} receipts wait for ESME {row.system_id!r}: "
                "let it bind and take them, or have them given up"
            )
        await self._administration.delete_esme(row.id)
        return row

    async def receipts_waiting(self) -> dict[str, int]:
        """How many receipts wait for each ESME or are on their way to it, by system_id."""
        prefix = esme_lane("")
        lanes = await self._administration.outbox_lanes()
        return {lane[len(prefix) :]: count for lane, count in lanes.items() if lane.startswith(prefix)}

    async def list(self) -> list[EsmeRow]:
        """All ESME accounts, by system_id."""
        return await self._administration.list_esmes()

    async def find(self, key: int | str) -> EsmeRow:
        """One ESME account. Raises `NotFound`."""
        return await self._administration.find_esme(key)


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
