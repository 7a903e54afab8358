"""The PDUs of SMPP as layouts: each class lists its mandatory fields in the order of the wire.

Sections are those of SMPP 3.4 (chapter 4) where nothing else is said. 3.3 lays the PDUs it has out alike,
without TLVs; 5.0 adds the broadcast operations and leaves the others as they were. `state` says which version
has which.

Strings are Latin-1 text without their NUL, short_message is octets without its sm_length, and every PDU
carries its optional parameters in `tlvs`, in order. Constructors take keywords only and default to the
specification's NULL values.
"""

from typing import Annotated, Any, ClassVar, Final

from trunkline.smpp.constants import RESPONSE_BIT, BindType, CommandId, CommandStatus, Tag, command_name
from trunkline.smpp.fields import (
    COctetString,
    DestAddresses,
    DistributionList,
    Octet,
    ShortMessage,
    SmeAddress,
    UnsuccessSme,
    UnsuccessSmes,
)
from trunkline.smpp.layouts import Decoder, Layout, PduMeta
from trunkline.smpp.tlv import Tlv

Octet1 = Annotated[int, Octet()]
ServiceType = Annotated[str, COctetString(6, CommandStatus.ESME_RINVSERTYP)]
SourceAddr = Annotated[str, COctetString(21, CommandStatus.ESME_RINVSRCADR)]
DestAddr = Annotated[str, COctetString(21, CommandStatus.ESME_RINVDSTADR)]
LongSourceAddr = Annotated[str, COctetString(65, CommandStatus.ESME_RINVSRCADR)]
LongDestAddr = Annotated[str, COctetString(65, CommandStatus.ESME_RINVDSTADR)]
ScheduleTime = Annotated[str, COctetString(17, CommandStatus.ESME_RINVSCHED)]
ValidityTime = Annotated[str, COctetString(17, CommandStatus.ESME_RINVEXPIRY)]
MessageId = Annotated[str, COctetString(65)]
SystemId = Annotated[str, COctetString(16)]
Password = Annotated[str, COctetString(9)]
ShortMessageOctets = Annotated[bytes, ShortMessage()]

_MESSAGE_PAYLOAD: Final = Tag.MESSAGE_PAYLOAD.value
_CONGESTION_STATE: Final = Tag.CONGESTION_STATE.value


class Pdu(metaclass=PduMeta):
    """What every PDU has: its status, its sequence number and its optional parameters.

    Class attributes: `command_id`, `name` as the specification writes it (`submit_sm`), `layout` and
    `defaults` of the mandatory fields, `mandatory_tlvs`.
    """

    command_id: ClassVar[int]
    name: ClassVar[str]
    layout: ClassVar[Layout]
    defaults: ClassVar[dict[str, object]]
    decode_body: ClassVar[Decoder]
    body_on_error: ClassVar[bool] = True
    mandatory_tlvs: ClassVar[tuple[int, ...]] = ()
    """Tags without which the PDU is incomplete; who has to act on it answers ESME_RMISSINGTLV."""

    command_status: int = 0
    sequence_number: int = 0
    tlvs: tuple[Tlv, ...] = ()

    def encode_pdu(self) -> bytes:
        """Return the whole PDU as octets; compiled per class. `codec.encode` sorts its errors."""
        raise NotImplementedError(f"{type(self).__name__} has no command_id")

    def tlv(self, tag: int) -> bytes | None:
        """Return the value of the first TLV with this tag, or None."""
        for tlv in self.tlvs:
            if tlv.tag == tag:
                return tlv.value
        return None

    def all_tlvs(self, tag: int) -> tuple[bytes, ...]:
        """Return the values of all TLVs with this tag, in order."""
        return tuple(tlv.value for tlv in self.tlvs if tlv.tag == tag)

    def missing_tlvs(self) -> tuple[int, ...]:
        """Return the tags of `mandatory_tlvs` that the PDU does not carry."""
        return tuple(tag for tag in self.mandatory_tlvs if self.tlv(tag) is None)

    @property
    def congestion_state(self) -> int | None:
        """How busy the sender of a response is: 0 idle, 80 to 90 at its best, 100 congested; None: unsaid.

        A TLV that any response may carry since SMPP 5.0 (sections 2.9 and 4.8.4.18). Above 100 is reserved.
        """
        if not self.tlvs:
            return None
        value = self.tlv(_CONGESTION_STATE)
        return value[0] if value else None

    def response(self, status: int = 0, **fields: Any) -> "Pdu":
        """Make the response to this request, with its sequence number and the fields given.

        A request that has no response of its own (outbind, alert_notification) gets a generic_nack. Raises
        TypeError for a field the response does not have.
        """
        cls = PDU_CLASSES.get(self.command_id | RESPONSE_BIT, GenericNack)
        return cls(command_status=status, sequence_number=self.sequence_number, **fields)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.defaults)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = [
            f"{name}={'***' if name == 'password' else repr(getattr(self, name))}"
            for name, default in self.defaults.items()
            if getattr(self, name) != default
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


class Bind(Pdu):
    """The three bind requests have one layout (sections 4.1.1, 4.1.3, 4.1.5)."""

    system_id: SystemId = ""
    password: Password = ""
    system_type: Annotated[str, COctetString(13)] = ""
    interface_version: Octet1 = 0x34
    addr_ton: Octet1 = 0
    addr_npi: Octet1 = 0
    address_range: Annotated[str, COctetString(41)] = ""


class BindResp(Pdu):
    """The three bind responses: the SMSC's system_id; no body when refused (sections 4.1.2, 4.1.4, 4.1.6)."""

    body_on_error: ClassVar[bool] = False

    system_id: SystemId = ""


class BindReceiver(Bind):
    """bind_receiver (section 4.1.3)."""

    command_id: ClassVar[int] = CommandId.BIND_RECEIVER.value


class BindReceiverResp(BindResp):
    """bind_receiver_resp (section 4.1.4)."""

    command_id: ClassVar[int] = CommandId.BIND_RECEIVER_RESP.value


class BindTransmitter(Bind):
    """bind_transmitter (section 4.1.1)."""

    command_id: ClassVar[int] = CommandId.BIND_TRANSMITTER.value


class BindTransmitterResp(BindResp):
    """bind_transmitter_resp (section 4.1.2)."""

    command_id: ClassVar[int] = CommandId.BIND_TRANSMITTER_RESP.value


class BindTransceiver(Bind):
    """bind_transceiver (section 4.1.5)."""

    command_id: ClassVar[int] = CommandId.BIND_TRANSCEIVER.value


class BindTransceiverResp(BindResp):
    """bind_transceiver_resp (section 4.1.6)."""

    command_id: ClassVar[int] = CommandId.BIND_TRANSCEIVER_RESP.value


class Outbind(Pdu):
    """outbind: the SMSC asks the ESME to bind as a receiver (section 4.1.7)."""

    command_id: ClassVar[int] = CommandId.OUTBIND.value

    system_id: SystemId = ""
    password: Password = ""


class Unbind(Pdu):
    """unbind (section 4.2.1)."""

    command_id: ClassVar[int] = CommandId.UNBIND.value


class UnbindResp(Pdu):
    """unbind_resp (section 4.2.2)."""

    command_id: ClassVar[int] = CommandId.UNBIND_RESP.value


class GenericNack(Pdu):
    """generic_nack: the answer to what was not understood (section 4.3.1)."""

    command_id: ClassVar[int] = CommandId.GENERIC_NACK.value


class EnquireLink(Pdu):
    """enquire_link (section 4.11.1)."""

    command_id: ClassVar[int] = CommandId.ENQUIRE_LINK.value


class EnquireLinkResp(Pdu):
    """enquire_link_resp (section 4.11.2)."""

    command_id: ClassVar[int] = CommandId.ENQUIRE_LINK_RESP.value


class ShortMessagePdu(Pdu):
    """submit_sm and deliver_sm have one layout (sections 4.4.1 and 4.6.1)."""

    service_type: ServiceType = ""
    source_addr_ton: Octet1 = 0
    source_addr_npi: Octet1 = 0
    source_addr: SourceAddr = ""
    dest_addr_ton: Octet1 = 0
    dest_addr_npi: Octet1 = 0
    destination_addr: DestAddr = ""
    esm_class: Octet1 = 0
    protocol_id: Octet1 = 0
    priority_flag: Octet1 = 0
    schedule_delivery_time: ScheduleTime = ""
    validity_period: ValidityTime = ""
    registered_delivery: Octet1 = 0
    replace_if_present_flag: Octet1 = 0
    data_coding: Octet1 = 0
    sm_default_msg_id: Octet1 = 0
    short_message: ShortMessageOctets = b""

    @property
    def payload(self) -> bytes:
        """The user data: short_message, or the message_payload TLV where short_message is empty."""
        if self.short_message or not self.tlvs:
            return self.short_message
        return self.tlv(_MESSAGE_PAYLOAD) or b""


class MessageIdResp(Pdu):
    """A response that carries nothing but a message_id."""

    message_id: MessageId = ""


class SubmitSm(ShortMessagePdu):
    """submit_sm (section 4.4.1)."""

    command_id: ClassVar[int] = CommandId.SUBMIT_SM.value


class SubmitSmResp(MessageIdResp):
    """submit_sm_resp; no body when the message was refused (section 4.4.2)."""

    command_id: ClassVar[int] = CommandId.SUBMIT_SM_RESP.value
    body_on_error: ClassVar[bool] = False


class DeliverSm(ShortMessagePdu):
    """deliver_sm: a handset's message, or a receipt (section 4.6.1)."""

    command_id: ClassVar[int] = CommandId.DELIVER_SM.value


class DeliverSmResp(MessageIdResp):
    """deliver_sm_resp; message_id is unused (section 4.6.2)."""

    command_id: ClassVar[int] = CommandId.DELIVER_SM_RESP.value


class SubmitMulti(Pdu):
    """submit_multi: one message to at most 254 destinations (section 4.5.1)."""

    command_id: ClassVar[int] = CommandId.SUBMIT_MULTI.value

    service_type: ServiceType = ""
    source_addr_ton: Octet1 = 0
    source_addr_npi: Octet1 = 0
    source_addr: SourceAddr = ""
    dest_address: Annotated[tuple[SmeAddress | DistributionList, ...], DestAddresses()] = ()
    esm_class: Octet1 = 0
    protocol_id: Octet1 = 0
    priority_flag: Octet1 = 0
    schedule_delivery_time: ScheduleTime = ""
    validity_period: ValidityTime = ""
    registered_delivery: Octet1 = 0
    replace_if_present_flag: Octet1 = 0
    data_coding: Octet1 = 0
    sm_default_msg_id: Octet1 = 0
    short_message: ShortMessageOctets = b""

    @property
    def payload(self) -> bytes:
        """The user data: short_message, or the message_payload TLV where short_message is empty."""
        return self.short_message or self.tlv(_MESSAGE_PAYLOAD) or b""


class SubmitMultiResp(MessageIdResp):
    """submit_multi_resp: the id, and the destinations that were refused (section 4.5.2)."""

    command_id: ClassVar[int] = CommandId.SUBMIT_MULTI_RESP.value

    unsuccess_sme: Annotated[tuple[UnsuccessSme, ...], UnsuccessSmes()] = ()


class DataSm(Pdu):
    """data_sm: a message whose text is the message_payload TLV (section 4.7.1)."""

    command_id: ClassVar[int] = CommandId.DATA_SM.value

    service_type: ServiceType = ""
    source_addr_ton: Octet1 = 0
    source_addr_npi: Octet1 = 0
    source_addr: LongSourceAddr = ""
    dest_addr_ton: Octet1 = 0
    dest_addr_npi: Octet1 = 0
    destination_addr: LongDestAddr = ""
    esm_class: Octet1 = 0
    registered_delivery: Octet1 = 0
    data_coding: Octet1 = 0

    @property
    def payload(self) -> bytes:
        """The user data: the message_payload TLV."""
        return self.tlv(_MESSAGE_PAYLOAD) or b""


class DataSmResp(MessageIdResp):
    """data_sm_resp (section 4.7.2)."""

    command_id: ClassVar[int] = CommandId.DATA_SM_RESP.value


class QuerySm(Pdu):
    """query_sm (section 4.8.1)."""

    command_id: ClassVar[int] = CommandId.QUERY_SM.value

    message_id: MessageId = ""
    source_addr_ton: Octet1 = 0
    source_addr_npi: Octet1 = 0
    source_addr: SourceAddr = ""


class QuerySmResp(Pdu):
    """query_sm_resp (section 4.8.2)."""

    command_id: ClassVar[int] = CommandId.QUERY_SM_RESP.value

    message_id: MessageId = ""
    final_date: Annotated[str, COctetString(17)] = ""
    message_state: Octet1 = 0
    error_code: Octet1 = 0


class CancelSm(Pdu):
    """cancel_sm (section 4.9.1)."""

    command_id: ClassVar[int] = CommandId.CANCEL_SM.value

    service_type: ServiceType = ""
    message_id: MessageId = ""
    source_addr_ton: Octet1 = 0
    source_addr_npi: Octet1 = 0
    source_addr: SourceAddr = ""
    dest_addr_ton: Octet1 = 0
    dest_addr_npi: Octet1 = 0
    destination_addr: DestAddr = ""


class CancelSmResp(Pdu):
    """cancel_sm_resp (section 4.9.2)."""

    command_id: ClassVar[int] = CommandId.CANCEL_SM_RESP.value


class ReplaceSm(Pdu):
    """replace_sm (section 4.10.1)."""

    command_id: ClassVar[int] = CommandId.REPLACE_SM.value

    message_id: MessageId = ""
    source_addr_ton: Octet1 = 0
    source_addr_npi: Octet1 = 0
    source_addr: SourceAddr = ""
    schedule_delivery_time: ScheduleTime = ""
    validity_period: ValidityTime = ""
    registered_delivery: Octet1 = 0
    sm_default_msg_id: Octet1 = 0
    short_message: ShortMessageOctets = b""


class ReplaceSmResp(Pdu):
    """replace_sm_resp (section 4.10.2)."""

    command_id: ClassVar[int] = CommandId.REPLACE_SM_RESP.value


class AlertNotification(Pdu):
    """alert_notification: a handset is available again; it has no response (section 4.12.1)."""

    command_id: ClassVar[int] = CommandId.ALERT_NOTIFICATION.value

    source_addr_ton: Octet1 = 0
    source_addr_npi: Octet1 = 0
    source_addr: LongSourceAddr = ""
    esme_addr_ton: Octet1 = 0
    esme_addr_npi: Octet1 = 0
    esme_addr: LongDestAddr = ""


class BroadcastSm(Pdu):
    """broadcast_sm: a message to all handsets of some areas (SMPP 5.0 section 4.4.1).

    The message is the message_payload TLV. broadcast_area_identifier may occur several times.
    """

    command_id: ClassVar[int] = CommandId.BROADCAST_SM.value
    mandatory_tlvs: ClassVar[tuple[int, ...]] = (
        Tag.BROADCAST_AREA_IDENTIFIER.value,
        Tag.BROADCAST_CONTENT_TYPE.value,
        Tag.BROADCAST_REP_NUM.value,
        Tag.BROADCAST_FREQUENCY_INTERVAL.value,
    )

    service_type: ServiceType = ""
    source_addr_ton: Octet1 = 0
    source_addr_npi: Octet1 = 0
    source_addr: SourceAddr = ""
    message_id: MessageId = ""
    priority_flag: Octet1 = 0
    schedule_delivery_time: ScheduleTime = ""
    validity_period: ValidityTime = ""
    replace_if_present_flag: Octet1 = 0
    data_coding: Octet1 = 0
    sm_default_msg_id: Octet1 = 0

    @property
    def payload(self) -> bytes:
        """The user data: the message_payload TLV."""
        return self.tlv(_MESSAGE_PAYLOAD) or b""


class BroadcastSmResp(MessageIdResp):
    """broadcast_sm_resp (SMPP 5.0 section 4.4.1.2).

    For each area that was refused a broadcast_area_identifier and a broadcast_error_status, in equal number.
    """

    command_id: ClassVar[int] = CommandId.BROADCAST_SM_RESP.value
    body_on_error: ClassVar[bool] = False


class QueryBroadcastSm(Pdu):
    """query_broadcast_sm: by message_id, or by the user_message_reference TLV (SMPP 5.0 section 4.6.1)."""

    command_id: ClassVar[int] = CommandId.QUERY_BROADCAST_SM.value

    message_id: MessageId = ""
    source_addr_ton: Octet1 = 0
    source_addr_npi: Octet1 = 0
    source_addr: SourceAddr = ""


class QueryBroadcastSmResp(MessageIdResp):
    """query_broadcast_sm_resp: the state, and the success in each area (SMPP 5.0 section 4.6.1.3)."""

    command_id: ClassVar[int] = CommandId.QUERY_BROADCAST_SM_RESP.value
    body_on_error: ClassVar[bool] = False
    mandatory_tlvs: ClassVar[tuple[int, ...]] = (
        Tag.MESSAGE_STATE.value,
        Tag.BROADCAST_AREA_IDENTIFIER.value,
        Tag.BROADCAST_AREA_SUCCESS.value,
    )


class CancelBroadcastSm(Pdu):
    """cancel_broadcast_sm: by message_id, or by the user_message_reference TLV (SMPP 5.0 section 4.6.2)."""

    command_id: ClassVar[int] = CommandId.CANCEL_BROADCAST_SM.value

    service_type: ServiceType = ""
    message_id: MessageId = ""
    source_addr_ton: Octet1 = 0
    source_addr_npi: Octet1 = 0
    source_addr: SourceAddr = ""


class CancelBroadcastSmResp(Pdu):
    """cancel_broadcast_sm_resp (SMPP 5.0 section 4.6.2.3)."""

    command_id: ClassVar[int] = CommandId.CANCEL_BROADCAST_SM_RESP.value


def _leaves(cls: type[Pdu]) -> list[type[Pdu]]:
    subclasses = cls.__subclasses__()
    return [leaf for subclass in subclasses for leaf in _leaves(subclass)] or [cls]


PDU_CLASSES: Final[dict[int, type[Pdu]]] = {cls.command_id: cls for cls in _leaves(Pdu)}
"""command_id to its PDU class: everything SMPP 3.4 and 5.0 have."""

for _cls in PDU_CLASSES.values():
    _cls.name = command_name(_cls.command_id)

REQUESTS_WITHOUT_RESPONSE: Final = frozenset({Outbind.command_id, AlertNotification.command_id})
"""command_ids nobody answers (sections 4.1.7 and 4.12.1)."""

BIND_CLASSES: Final[dict[BindType, type[Bind]]] = {
    BindType.TX: BindTransmitter,
    BindType.RX: BindReceiver,
    BindType.TRX: BindTransceiver,
}
"""The request that binds for each purpose."""
