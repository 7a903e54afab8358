"""What the simulated SMSC does beside taking submits: query, cancel, replace, submit_multi, broadcast."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from trunkline.simulator.pending import PendingReceipt
from trunkline.simulator.receipts import DELETED, DELIVERED, FAILED
from trunkline.simulator.record import Operation, read_content
from trunkline.simulator.scenario import Scenario
from trunkline.smpp.broadcast import SUCCESS_UNKNOWN
from trunkline.smpp.constants import CommandId, CommandStatus, MessageState, Tag, command_name
from trunkline.smpp.fields import SmeAddress, UnsuccessSme
from trunkline.smpp.pdus import (
    AlertNotification,
    BroadcastSm,
    CancelBroadcastSm,
    CancelSm,
    DataSm,
    Pdu,
    QueryBroadcastSm,
    QuerySm,
    ReplaceSm,
    SubmitMulti,
    SubmitSm,
)
from trunkline.smpp.times import format_absolute
from trunkline.smpp.tlv import Tlv, octet

if TYPE_CHECKING:
    from trunkline.simulator.link import EsmeLink
    from trunkline.simulator.smsc import SmscSimulator

MAX_KEPT: Final = 100_000
"""Messages that can be asked about; older ones are forgotten."""

# What an operation fails with, also where this SMSC has no function for it. Others are unknown commands.
_FAILURES: Final = {
    CommandId.QUERY_SM.value: CommandStatus.ESME_RQUERYFAIL.value,
    CommandId.CANCEL_SM.value: CommandStatus.ESME_RCANCELFAIL.value,
    CommandId.REPLACE_SM.value: CommandStatus.ESME_RREPLACEFAIL.value,
    CommandId.BROADCAST_SM.value: CommandStatus.ESME_RBCASTFAIL.value,
    CommandId.QUERY_BROADCAST_SM.value: CommandStatus.ESME_RBCASTQUERYFAIL.value,
    CommandId.CANCEL_BROADCAST_SM.value: CommandStatus.ESME_RBCASTCANCELFAIL.value,
}
_STATES: Final = {
    DELIVERED: MessageState.DELIVERED.value,
    FAILED: MessageState.UNDELIVERABLE.value,
    DELETED: MessageState.DELETED.value,
}


class _Kept:
    """A message that was taken: whose, and what becomes of it when."""

    __slots__ = ("destination", "final_at_ms", "receipts", "source", "stat")

    def __init__(self, pdu: SubmitSm | DataSm, receipts: list[PendingReceipt], final_at_ms: int) -> None:
        self.source = pdu.source_addr
        self.destination = pdu.destination_addr
        self.receipts = receipts
        self.stat = receipts[0].stat if receipts else DELIVERED
        self.final_at_ms = final_at_ms

    def state(self, now_ms: int) -> int:
        """message_state at this time."""
        return _STATES[self.stat] if now_ms >= self.final_at_ms else MessageState.ENROUTE.value

    def delete(self, now_ms: int) -> None:
        """Cancel it; a receipt that is still to come says so."""
        self.stat = DELETED
        self.final_at_ms = now_ms
        for receipt in self.receipts:
            receipt.stat = DELETED


class _Broadcast:
    """A broadcast that was taken: its areas as they came, and its own reference for it."""

    __slots__ = ("areas", "cancelled", "reference", "source")

    def __init__(self, pdu: BroadcastSm) -> None:
        self.areas = pdu.all_tlvs(Tag.BROADCAST_AREA_IDENTIFIER.value)
        self.reference = pdu.tlv(Tag.USER_MESSAGE_REFERENCE.value)
        self.source = pdu.source_addr
        self.cancelled = False


class Operations:
    """Answers every request but submit_sm, and data_sm where it is supported.

    An operation the scenario does not support is refused with `unsupported_status`, or with the status of its
    own failure. What can be asked about is kept only where some operation asks.
    """

    def __init__(self, smsc: "SmscSimulator", scenario: Scenario) -> None:
        self._smsc = smsc
        self._messages: dict[str, _Kept] = {}
        self._broadcasts: dict[str, _Broadcast] = {}
        functions: dict[str, tuple[int, Callable[..., Pdu | None]]] = {
            "query_sm": (CommandId.QUERY_SM.value, self._query),
            "cancel_sm": (CommandId.CANCEL_SM.value, self._cancel),
            "replace_sm": (CommandId.REPLACE_SM.value, self._replace),
            "submit_multi": (CommandId.SUBMIT_MULTI.value, self._submit_multi),
            "broadcast_sm": (CommandId.BROADCAST_SM.value, self._broadcast),
            "query_broadcast_sm": (CommandId.QUERY_BROADCAST_SM.value, self._query_broadcast),
            "cancel_broadcast_sm": (CommandId.CANCEL_BROADCAST_SM.value, self._cancel_broadcast),
        }
        self._functions = dict(functions[name] for name in scenario.supports if name in functions)
        self._unsupported = scenario.unsupported_status
        self.keeps = not {"query_sm", "cancel_sm", "replace_sm"}.isdisjoint(scenario.supports)

    def keep(
        self, pdu: SubmitSm | DataSm, message_id: str, receipts: list[PendingReceipt], final_at_ms: int
    ) -> None:
        """Remember a message that was taken."""
        self._messages[message_id] = _Kept(pdu, receipts, final_at_ms)
        if len(self._messages) > MAX_KEPT:
            del self._messages[next(iter(self._messages))]

    def take(self, link: "EsmeLink", pdu: Pdu) -> None:
        """Answer a request."""
        function = self._functions.get(pdu.command_id)
        if function is None:
            status = self._unsupported or _failure(pdu)
            link.conn.respond(pdu.response(status))
            return
        answer = function(link, pdu)
        if answer is not None:
            link.conn.respond(answer)

    def _note(self, pdu: Pdu, message_id: str, text: str | None = None) -> None:
        if self._smsc.record is not None:
            self._smsc.record.append(Operation(_now_ms(), command_name(pdu.command_id), message_id, text))

    # Messages

    def _find(self, pdu: QuerySm | CancelSm | ReplaceSm) -> _Kept | None:
        """The message that is meant; only its sender may ask."""
        kept = self._messages.get(pdu.message_id)
        return kept if kept is not None and kept.source == pdu.source_addr else None

    def _query(self, _: "EsmeLink", pdu: QuerySm) -> Pdu:
        kept = self._find(pdu)
        if kept is None:
            return pdu.response(_failure(pdu))
        state = kept.state(_now_ms())
        final = state != MessageState.ENROUTE
        self._note(pdu, pdu.message_id)
        return pdu.response(
            message_id=pdu.message_id,
            message_state=state,
            final_date=format_absolute(kept.final_at_ms) if final else "",
            error_code=1 if state == MessageState.UNDELIVERABLE else 0,
        )

    def _cancel(self, _: "EsmeLink", pdu: CancelSm) -> Pdu:
        now_ms = _now_ms()
        if pdu.message_id:
            found = [(pdu.message_id, self._find(pdu))]
        else:  # all of this source for this destination (section 4.9.1)
            found = [
                (message_id, kept)
                for message_id, kept in self._messages.items()
                if (kept.source, kept.destination) == (pdu.source_addr, pdu.destination_addr)
            ]
        status = _failure(pdu)
        for message_id, kept in found:
            if kept is not None and now_ms < kept.final_at_ms:
                kept.delete(now_ms)
                status = 0
                self._note(pdu, message_id)
        return pdu.response(status)

    def _replace(self, _: "EsmeLink", pdu: ReplaceSm) -> Pdu:
        kept = self._find(pdu)
        status = 0 if kept is not None and _now_ms() < kept.final_at_ms else _failure(pdu)
        if not status:
            text = read_content(0, 0, pdu.short_message, self._smsc.scenario.default_alphabet)[0]
            self._note(pdu, pdu.message_id, text)
        return pdu.response(status)

    def _submit_multi(self, link: "EsmeLink", pdu: SubmitMulti) -> Pdu | None:
        addresses = [address for address in pdu.dest_address if isinstance(address, SmeAddress)]
        if len(addresses) < len(pdu.dest_address):
            return pdu.response(CommandStatus.ESME_RINVDLNAME.value)  # no lists are known here
        messages = [_message_for(pdu, address) for address in addresses]
        statuses = [self._smsc.refusal_of(message) for message in messages]
        failed = tuple(
            UnsuccessSme(sme.dest_addr_ton, sme.dest_addr_npi, sme.destination_addr, status)
            for sme, status in zip(addresses, statuses, strict=True)
            if status
        )
        if len(failed) == len(messages):
            return pdu.response(CommandStatus.ESME_RSUBMITFAIL.value, unsuccess_sme=failed)
        taken = [message for message, status in zip(messages, statuses, strict=True) if not status]
        self._smsc.take_several(link, pdu, taken, failed)
        return None

    # Broadcasts

    def _find_broadcast(self, pdu: QueryBroadcastSm | CancelBroadcastSm) -> tuple[str, _Broadcast] | None:
        """By message_id, or by user_message_reference where there is none (SMPP 5.0 section 4.6)."""
        reference = pdu.tlv(Tag.USER_MESSAGE_REFERENCE.value)
        for message_id, broadcast in self._broadcasts.items():
            same = message_id == pdu.message_id if pdu.message_id else broadcast.reference == reference
            if same and broadcast.source == pdu.source_addr:
                return message_id, broadcast
        return None

    def _broadcast(self, link: "EsmeLink", pdu: BroadcastSm) -> Pdu:
        if pdu.missing_tlvs():
            return pdu.response(CommandStatus.ESME_RMISSINGTLV.value)
        message_id = self._smsc.new_id(link.id_limit)[1]
        self._broadcasts[message_id] = _Broadcast(pdu)
        self._note(pdu, message_id, read_content(0, pdu.data_coding, pdu.payload, "gsm7")[0])
        return pdu.response(message_id=message_id)

    def _query_broadcast(self, _: "EsmeLink", pdu: QueryBroadcastSm) -> Pdu:
        found = self._find_broadcast(pdu)
        if found is None:
            return pdu.response(_failure(pdu))
        message_id, broadcast = found
        state = MessageState.DELETED if broadcast.cancelled else MessageState.ENROUTE
        tlvs = [octet(Tag.MESSAGE_STATE.value, state.value)]
        for area in broadcast.areas:
            tlvs.append(Tlv(Tag.BROADCAST_AREA_IDENTIFIER.value, area))
            tlvs.append(octet(Tag.BROADCAST_AREA_SUCCESS.value, SUCCESS_UNKNOWN))
        self._note(pdu, message_id)
        return pdu.response(message_id=message_id, tlvs=tuple(tlvs))

    def _cancel_broadcast(self, _: "EsmeLink", pdu: CancelBroadcastSm) -> Pdu:
        found = self._find_broadcast(pdu)
        if found is None or found[1].cancelled:
            return pdu.response(_failure(pdu))
        found[1].cancelled = True
        self._note(pdu, found[0])
        return pdu.response()


def _failure(pdu: Pdu) -> int:
    return _FAILURES.get(pdu.command_id, CommandStatus.ESME_RINVCMDID.value)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def alert_for(pdu: SubmitSm | DataSm) -> AlertNotification:
    """The alert_notification that says: whom this message was for can be reached again."""
    return AlertNotification(
        source_addr_ton=pdu.dest_addr_ton,
        source_addr_npi=pdu.dest_addr_npi,
        source_addr=pdu.destination_addr,
        esme_addr_ton=pdu.source_addr_ton,
        esme_addr_npi=pdu.source_addr_npi,
        esme_addr=pdu.source_addr,
        tlvs=(octet(Tag.MS_AVAILABILITY_STATUS.value, 0),),
    )


def _message_for(pdu: SubmitMulti, address: SmeAddress) -> SubmitSm:
    """The submit_sm that a submit_multi is to one of its destinations."""
    shared = {
        name: getattr(pdu, name)
        for name in (*(name for name, _ in pdu.layout if name != "dest_address"), "tlvs")
    }
    return SubmitSm(
        dest_addr_ton=address.dest_addr_ton,
        dest_addr_npi=address.dest_addr_npi,
        destination_addr=address.destination_addr,
        sequence_number=pdu.sequence_number,
        **shared,
    )
