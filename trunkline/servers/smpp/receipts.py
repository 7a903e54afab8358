"""A receipt as customers' parsers expect it: by SMPP 3.4, Appendix B, or in the form of text 002."""

import struct

from trunkline.model.message import ReceiptPayload
from trunkline.model.snapshot import ReceiptFormat
from trunkline.model.tlvs import travelling
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


# The statuses of text 002; it has one word for whatever failed otherwise.
_STATERR = "STATERR"
_STAT_002 = {
    **{stat: stat for stat in ("ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "REJECTD")},
    "ACCEPTD": "ENROUTE",
}


def _text_002(payload: ReceiptPayload) -> bytes:
    """Times in Unix milliseconds, neither counts nor error nor text."""
    stat = _STAT_002.get(payload.stat, _STATERR)
    text = f"id:{payload.message_id} submit date:{payload.submit_at} done date:{payload.done_at} stat:{stat}"
    return text.encode("ascii")


def _standard_text(payload: ReceiptPayload) -> bytes:
    return format_receipt(
        payload.message_id,
        payload.submitted,
        payload.delivered,
        payload.submit_at,
        payload.done_at,
        payload.stat,
        payload.err[:_MAX_ERR],
        payload.text,
    )


def receipt_pdu(payload: ReceiptPayload, form: ReceiptFormat = ReceiptFormat.STANDARD) -> DeliverSm:
    """The deliver_sm for a receipt: from the handset's address back to the sender's."""
    text = _text_002(payload) if form is ReceiptFormat.MILLISECONDS else _standard_text(payload)
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
            *travelling(bytes.fromhex(payload.tlvs)),
        ),
    )
