"""A handset's message as deliver_sm and data_sm carry it."""

from typing import Final

from trunkline.model.inbound import IncomingMessage, Sar
from trunkline.smpp.constants import Tag
from trunkline.smpp.pdus import DataSm, DeliverSm

_SAR_REFERENCE: Final = Tag.SAR_MSG_REF_NUM.value
_SAR_TOTAL: Final = Tag.SAR_TOTAL_SEGMENTS.value
_SAR_NUMBER: Final = Tag.SAR_SEGMENT_SEQNUM.value
_SOURCE_PORT: Final = Tag.SOURCE_PORT.value
_DESTINATION_PORT: Final = Tag.DESTINATION_PORT.value
_USER_REFERENCE: Final = Tag.USER_MESSAGE_REFERENCE.value


def incoming_message(pdu: DeliverSm | DataSm, link: int) -> IncomingMessage:
    """What the PDU says, that came over this connection."""
    numbers = {tlv.tag: int.from_bytes(tlv.value, "big") for tlv in pdu.tlvs if len(tlv.value) in (1, 2)}
    return IncomingMessage(
        source_ton=pdu.source_addr_ton,
        source_npi=pdu.source_addr_npi,
        source_addr=pdu.source_addr,
        dest_ton=pdu.dest_addr_ton,
        dest_npi=pdu.dest_addr_npi,
        dest_addr=pdu.destination_addr,
        esm_class=pdu.esm_class,
        data_coding=pdu.data_coding,
        user_data=pdu.payload,
        sar=_sar(numbers),
        dest_port=numbers.get(_DESTINATION_PORT),
        source_port=numbers.get(_SOURCE_PORT),
        user_reference=numbers.get(_USER_REFERENCE),
        link=link,
    )


def _sar(numbers: dict[int, int]) -> Sar | None:
    """The part that the TLVs tell of; None unless all three are there and fit together."""
    reference = numbers.get(_SAR_REFERENCE)
    total, number = numbers.get(_SAR_TOTAL, 0), numbers.get(_SAR_NUMBER, 0)
    if reference is None or not 1 <= number <= total <= 0xFF:
        return None
    return Sar(reference, total, number)
