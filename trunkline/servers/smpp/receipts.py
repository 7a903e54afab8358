"""A receipt as customers' parsers expect it (SMPP 3.4, Appendix B)."""

import struct

from trunkline.model.message import ReceiptPayload
from trunkline.smpp.constants import ESM_DELIVERY_RECEIPT, ESM_INTERMEDIATE, MessageState, Tag
from trunkline.smpp.pdus import DeliverSm
from trunkline.smpp.receipts import format_receipt
from trunkline.smpp.tlv import Tlv

_STATE_OF_STAT = {
    "ENROUTE": MessageState.ENROUTE,
    "DELIVRD": MessageState.DELIVERED,
    "EXPIRED": MessageState.EXPIRED,
    "DELETED": MessageState.DELETED,
    "UNDELIV": MessageState.UNDELIVERABLE,
    "ACCEPTD": MessageState.ACCEPTED,
    "UNKNOWN": MessageState.UNKNOWN,
    "REJECTD": MessageState.REJECTED,
}
_STATE_TLV = {
    stat: Tlv(int(Tag.MESSAGE_STATE), struct.pack(">B", int(state))) for stat, state in _STATE_OF_STAT.items()
}
_RECEIPTED_MESSAGE_ID = int(Tag.RECEIPTED_MESSAGE_ID)
_MAX_ERR = 32  # three digits by the specification; an SMSC may write anything, and the text has 254 octets


def receipt_pdu(payload: ReceiptPayload) -> DeliverSm:
    """The deliver_sm for a receipt: from the handset's address back to the sender's."""
    text = format_receipt(
        payload.message_id,
        payload.submitted,
        payload.delivered,
        payload.submit_at,
        payload.done_at,
        payload.stat,
        payload.err[:_MAX_ERR],
        payload.text,
    )
    return DeliverSm(
        source_addr_ton=payload.dest_ton,
        source_addr_npi=payload.dest_npi,
        source_addr=payload.dest_addr,
        dest_addr_ton=payload.source_ton,
        dest_addr_npi=payload.source_npi,
        destination_addr=payload.source_addr,
        esm_class=ESM_INTERMEDIATE if payload.intermediate else ESM_DELIVERY_RECEIPT,
        short_message=text,
        tlvs=(
            Tlv(_RECEIPTED_MESSAGE_ID, payload.message_id.encode("ascii") + b"\0"),
            _STATE_TLV.get(payload.stat, _STATE_TLV["UNKNOWN"]),
        ),
    )
