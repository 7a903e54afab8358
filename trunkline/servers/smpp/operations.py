"""What an ESME asks about messages that it has handed in: query_sm, cancel_sm, replace_sm; and broadcasts."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, Protocol

from trunkline.model.amendment import NotAmended, Obstacle, Owner, Revision, Standing
from trunkline.model.message import Message
from trunkline.model.ports import Clock, StorageUnavailable
from trunkline.model.snapshot import Esme
from trunkline.model.submission import Reason, Rejected
from trunkline.servers.smpp.reading import read_replacement
from trunkline.smpp.constants import CommandStatus, MessageState, Version
from trunkline.smpp.pdus import (
    BroadcastSm,
    CancelBroadcastSm,
    CancelSm,
    Pdu,
    QueryBroadcastSm,
    QuerySm,
    ReplaceSm,
)
from trunkline.smpp.times import format_absolute

# What each operation fails with, whatever the reason: another sender's message must look like none.
_FAILURE: Final[dict[int, CommandStatus]] = {
    QuerySm.command_id: CommandStatus.ESME_RQUERYFAIL,
    CancelSm.command_id: CommandStatus.ESME_RCANCELFAIL,
    ReplaceSm.command_id: CommandStatus.ESME_RREPLACEFAIL,
}
_FAULTY_REPLACEMENT: Final[dict[Reason, CommandStatus]] = {
    Reason.INVALID_VALIDITY: CommandStatus.ESME_RINVEXPIRY,
    Reason.INVALID_SCHEDULE: CommandStatus.ESME_RINVSCHED,
    Reason.MESSAGE_TOO_LONG: CommandStatus.ESME_RINVMSGLEN,
}


class Amending(Protocol):
    """See `pipeline.amending.Amending`."""

    async def query(self, owner: Owner, message_id: str, source: str = "") -> Standing: ...

    async def cancel(self, owner: Owner, message_id: str, source: str = "", dest: str = "") -> None: ...

    async def cancel_between(self, owner: Owner, source: str, dest: str) -> int: ...

    async def replace(
        self, owner: Owner, message_id: str, source: str, read: Callable[[Message], Revision]
    ) -> None: ...


class Broadcasting(Protocol):
    """See `pipeline.broadcasting.Broadcasting`."""

    async def answer(self, pdu: BroadcastSm | QueryBroadcastSm | CancelBroadcastSm, esme: Esme) -> Pdu: ...


class Operations:
    """Answers the operations of all sessions. `answered` counts them by command and status."""

    def __init__(self, amending: Amending, broadcasting: Broadcasting, clock: Clock) -> None:
        self._amending = amending
        self._broadcasting = broadcasting
        self._clock = clock
        self.answered: dict[tuple[str, int], int] = {}
        self._handlers: dict[int, Callable[[Any, Esme, Version], Awaitable[Pdu]]] = {
            QuerySm.command_id: self._query,
            CancelSm.command_id: self._cancel,
            ReplaceSm.command_id: self._replace,
            BroadcastSm.command_id: self._broadcast,
            QueryBroadcastSm.command_id: self._broadcast,
            CancelBroadcastSm.command_id: self._broadcast,
        }

    def offers(self, pdu: Pdu) -> bool:
        """Whether this is one of the operations answered here."""
        return pdu.command_id in self._handlers

    async def answer(self, pdu: Pdu, esme: Esme, version: Version) -> Pdu:
        """The response to a request of this ESME's, whose session speaks this version."""
        try:
            response = await self._handlers[pdu.command_id](pdu, esme, version)
        except NotAmended as error:
            busy = error.obstacle is Obstacle.BUSY
            status = CommandStatus.ESME_RSYSERR if busy else _FAILURE[pdu.command_id]
            response = pdu.response(status.value)
        key = (pdu.name, response.command_status)
        self.answered[key] = self.answered.get(key, 0) + 1
        return response

    async def _query(self, pdu: QuerySm, esme: Esme, version: Version) -> Pdu:
        if not pdu.message_id:
            return pdu.response(CommandStatus.ESME_RINVMSGID.value)
        standing = await self._amending.query(_owner(esme), pdu.message_id, pdu.source_addr)
        state = standing.state
        if state is MessageState.SCHEDULED and version < Version.V50:
            state = MessageState.ENROUTE  # older versions have no word for it
        return pdu.response(
            message_id=pdu.message_id,
            final_date=format_absolute(standing.final_at) if standing.final_at is not None else "",
            message_state=state.value,
            error_code=standing.error_code,
        )

    async def _cancel(self, pdu: CancelSm, esme: Esme, _version: Version) -> Pdu:
        owner = _owner(esme)
        if pdu.message_id:
            await self._amending.cancel(owner, pdu.message_id, pdu.source_addr, pdu.destination_addr)
        elif pdu.service_type:
            # Messages are kept without their service_type, so which are meant cannot be told.
            return pdu.response(CommandStatus.ESME_RINVSERTYP.value)
        else:
            source = pdu.source_addr or esme.sender.default_sender
            await self._amending.cancel_between(owner, source, pdu.destination_addr)
        return pdu.response()

    async def _replace(self, pdu: ReplaceSm, esme: Esme, _version: Version) -> Pdu:
        if not pdu.message_id:
            return pdu.response(CommandStatus.ESME_RINVMSGID.value)
        read = partial(read_replacement, pdu, esme.sender, self._clock.now_ms(), esme.default_alphabet)
        try:
            await self._amending.replace(_owner(esme), pdu.message_id, pdu.source_addr, read)
        except Rejected as rejected:
            status = _FAULTY_REPLACEMENT.get(rejected.reason, CommandStatus.ESME_RREPLACEFAIL)
            return pdu.response(status.value)
        return pdu.response()

    async def _broadcast(
        self, pdu: BroadcastSm | QueryBroadcastSm | CancelBroadcastSm, esme: Esme, _version: Version
    ) -> Pdu:
        try:
            return await self._broadcasting.answer(pdu, esme)
        except StorageUnavailable:
            return pdu.response(CommandStatus.ESME_RSYSERR.value)


def _owner(esme: Esme) -> Owner:
    return Owner(esme.sender.account.id, esme.system_id)
