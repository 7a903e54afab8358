"""Broadcasting: broadcast_sm and its kin (SMPP 5.0) go straight on to an SMSC that does cell broadcast.

Nothing is queued or charged: the SMSC's answer is the sender's. What is kept is whose broadcast it is, so
that its sender alone can query and cancel it.
"""

from typing import Final

from trunkline.model.amendment import NotCarriedOut
from trunkline.model.broadcast import Broadcast
from trunkline.model.ids import is_id, new_id
from trunkline.model.ports import Clock, Store, Submitter
from trunkline.model.snapshot import Esme
from trunkline.pipeline.snapshots import Snapshots
from trunkline.pipeline.submission import Outcomes
from trunkline.smpp.constants import CommandStatus, Tag
from trunkline.smpp.pdus import (
    BroadcastSm,
    BroadcastSmResp,
    CancelBroadcastSm,
    Pdu,
    QueryBroadcastSm,
    QueryBroadcastSmResp,
)

FAILED: Final[dict[int, int]] = {
    BroadcastSm.command_id: CommandStatus.ESME_RBCASTFAIL.value,
    QueryBroadcastSm.command_id: CommandStatus.ESME_RBCASTQUERYFAIL.value,
    CancelBroadcastSm.command_id: CommandStatus.ESME_RBCASTCANCELFAIL.value,
}
_BROADCAST_VERSION: Final = "5.0"
_USER_REFERENCE: Final = Tag.USER_MESSAGE_REFERENCE.value


class Broadcasting:
    """Answers the three requests of an ESME. It may send them where its account of an ESME says so."""

    def __init__(self, store: Store, clock: Clock, snapshots: Snapshots, outcomes: Outcomes) -> None:
        self._store = store
        self._clock = clock
        self._snapshots = snapshots
        self._outcomes = outcomes

    async def answer(self, pdu: BroadcastSm | QueryBroadcastSm | CancelBroadcastSm, esme: Esme) -> Pdu:
        """The response to one of them. Raises `StorageUnavailable`."""
        if not esme.broadcast:
            return pdu.response(CommandStatus.ESME_RPROHIBITED.value)
        if pdu.missing_tlvs():
            return pdu.response(CommandStatus.ESME_RMISSINGTLV.value)
        try:
            if isinstance(pdu, BroadcastSm):
                return await self._submit(pdu, esme)
            return await self._ask_about(pdu, esme)
        except NotCarriedOut as error:
            return pdu.response(error.command_status or FAILED[pdu.command_id])

    async def _submit(self, pdu: BroadcastSm, esme: Esme) -> Pdu:
        former = await self._find(pdu, esme) if pdu.message_id else None  # to be replaced
        connector_id, submitter = self._submitter(former)
        answer = await submitter.ask(_on_behalf(pdu, former.smsc_message_id if former else ""))
        if not isinstance(answer, BroadcastSmResp) or answer.command_status:
            return _passed_back(pdu, answer)
        broadcast = Broadcast(
            new_id(),
            esme.sender.account.id,
            esme.system_id,
            connector_id,
            answer.message_id,
            _user_reference(pdu),
            self._clock.now_ms(),
        )
        await self._store.add_broadcast(broadcast)
        return _passed_back(pdu, answer, message_id=broadcast.id)

    async def _ask_about(self, pdu: QueryBroadcastSm | CancelBroadcastSm, esme: Esme) -> Pdu:
        broadcast = await self._find(pdu, esme)
        _, submitter = self._submitter(broadcast)
        answer = await submitter.ask(_on_behalf(pdu, broadcast.smsc_message_id))
        if isinstance(answer, QueryBroadcastSmResp) and not answer.command_status:
            return _passed_back(pdu, answer, message_id=broadcast.id)
        return _passed_back(pdu, answer)

    async def _find(self, pdu: Pdu, esme: Esme) -> Broadcast:
        """The ESME's broadcast that is meant: by its id, or the latest with its user_message_reference."""
        message_id = getattr(pdu, "message_id", "").lower()
        reference = None if message_id else _user_reference(pdu)
        found = None
        if is_id(message_id) or reference is not None:
            found = await self._store.find_broadcast(
                esme.sender.account.id, esme.system_id, message_id or None, reference
            )
        if found is None:
            raise NotCarriedOut("there is no such broadcast")
        return found

    def _submitter(self, broadcast: Broadcast | None) -> tuple[str, Submitter]:
        """The connector that has the broadcast, else the first that can take one."""
        connectors = self._snapshots.current.connectors
        for connector_id in sorted(connectors) if broadcast is None else (broadcast.connector_id,):
            dispatcher = self._outcomes.dispatchers.get(connector_id)
            if dispatcher is None or not dispatcher.submitter.capacity:
                continue
            config = dispatcher.submitter.config
            if config.profile.broadcast and config.smpp_version == _BROADCAST_VERSION:
                return connector_id, dispatcher.submitter
        raise NotCarriedOut("no connector for broadcasts is bound")


def _user_reference(pdu: Pdu) -> int | None:
    value = pdu.tlv(_USER_REFERENCE)
    return None if value is None else int.from_bytes(value, "big")


def _on_behalf(pdu: Pdu, message_id: str) -> Pdu:
    """The request as the SMSC gets it: under the id that it gave."""
    fields = {name: getattr(pdu, name) for name, _ in pdu.layout} | {"message_id": message_id}
    return type(pdu)(**fields, tlvs=pdu.tlvs)


def _passed_back(pdu: Pdu, answer: Pdu, **fields: str) -> Pdu:
    """The SMSC's answer as the sender gets it, with what it says in TLVs."""
    response = pdu.response(answer.command_status or _status_of(pdu, answer), **fields)
    response.tlvs = tuple(tlv for tlv in answer.tlvs if tlv.tag != Tag.CONGESTION_STATE)
    return response


def _status_of(pdu: Pdu, answer: Pdu) -> int:
    """A generic_nack without a status is still no consent."""
    return 0 if type(answer) is type(pdu.response()) else FAILED[pdu.command_id]
