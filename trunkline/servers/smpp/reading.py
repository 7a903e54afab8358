"""From a submit_sm or data_sm to a `Submission`."""

import re

from trunkline.gsm.alphabets import Encoding, decode
from trunkline.gsm.errors import MalformedUdh
from trunkline.gsm.udh import split
from trunkline.model.snapshot import Sender
from trunkline.model.submission import Reason, Rejected, Submission
from trunkline.smpp.constants import ESM_UDHI, Tag
from trunkline.smpp.pdus import DataSm, SubmitSm
from trunkline.smpp.times import parse_time

_CODING = {Encoding.GSM7: 0, Encoding.ASCII: 1, Encoding.LATIN1: 3, Encoding.UCS2: 8}
_ASCII = Encoding.ASCII
# Control characters that no text in IA5 has, and GSM 03.38 has letters for: @ $ _ ø and the ESC of the euro.
_GSM_FOR_SURE = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]").search


def read_submit(pdu: SubmitSm, sender: Sender, now: int) -> Submission:
    """The message a submit_sm carries; `now` in Unix milliseconds. Raises `Rejected`."""
    validity = None
    if pdu.validity_period:
        validity = _milliseconds(pdu.validity_period, now, "validity_period", Reason.INVALID_VALIDITY)
    schedule = 0
    if pdu.schedule_delivery_time:
        schedule = _milliseconds(
            pdu.schedule_delivery_time, now, "schedule_delivery_time", Reason.INVALID_SCHEDULE
        )
        schedule = max(0, schedule)
    submission = _read(pdu, sender)
    submission.protocol_id = pdu.protocol_id
    submission.priority = pdu.priority_flag
    submission.validity_ms = validity
    submission.deliver_after_ms = schedule
    return submission


def read_data(pdu: DataSm, sender: Sender) -> Submission:
    """The message a data_sm carries. Raises `Rejected`."""
    submission = _read(pdu, sender)
    seconds = pdu.tlv(Tag.QOS_TIME_TO_LIVE)
    if seconds is not None and len(seconds) == 4:
        submission.validity_ms = int.from_bytes(seconds, "big") * 1000
    return submission


def _read(pdu: SubmitSm | DataSm, sender: Sender) -> Submission:
    octets = pdu.payload
    udh = b""
    if pdu.esm_class & ESM_UDHI:
        try:
            _, body = split(octets)
        except MalformedUdh as error:
            raise Rejected(Reason.INVALID_TEXT, f"esm_class says UDHI, but {error}") from None
        udh = octets[: len(octets) - len(body)]
        octets = body
    elif pdu.tlvs:
        udh = _sar_header(pdu)
    data_coding = pdu.data_coding
    text, encoding = decode(octets, data_coding)
    if encoding is _ASCII and _GSM_FOR_SURE(octets):
        # There are clients, npm's smpp among them, that write GSM 03.38 under data_coding 1.
        text, encoding = decode(octets, 0)
    if text is not None and "\0" in text:
        text = None
    coding = None
    if text is not None:
        octets_kept = None
        coding = _CODING.get(encoding)
    else:
        octets_kept = octets
    # Octets under a text coding that do not decode without loss travel as they came.
    return Submission(
        sender,
        "smpp",
        pdu.destination_addr,
        text,
        pdu.source_addr,
        octets_kept,
        udh,
        coding,
        data_coding,
        pdu.source_addr_ton or None,
        pdu.source_addr_npi if pdu.source_addr_ton else None,
        pdu.dest_addr_ton or None,
        pdu.dest_addr_npi if pdu.dest_addr_ton else None,
        registered_delivery=pdu.registered_delivery,
    )


def _sar_header(pdu: SubmitSm | DataSm) -> bytes:
    """A part numbered by SAR TLVs gets the equal concatenation header, so that any connector can carry it."""
    reference = pdu.tlv(Tag.SAR_MSG_REF_NUM)
    total = pdu.tlv(Tag.SAR_TOTAL_SEGMENTS)
    number = pdu.tlv(Tag.SAR_SEGMENT_SEQNUM)
    if reference is None or total is None or number is None:
        return b""
    if len(reference) != 2 or len(total) != 1 or len(number) != 1:
        raise Rejected(Reason.INVALID_FIELD, "the SAR TLVs have wrong lengths")
    if not 1 <= number[0] <= total[0]:
        raise Rejected(
            Reason.INVALID_FIELD,
            f"sar_segment_seqnum {number[0]} is not in 1..{total[0]} (sar_total_segments)",
        )
    if total[0] == 1:
        return b""
    # With an 8-bit reference: ESMEs cut parts of 153 septets, and a 16-bit one would leave room for 152.
    return b"\x05\x00\x03" + reference[1:] + total + number


def _milliseconds(text: str, now: int, name: str, reason: Reason) -> int:
    """Milliseconds from now until an SMPP time (absolute or relative)."""
    try:
        return parse_time(text, now) - now
    except ValueError as error:
        raise Rejected(reason, f"{name} {text!r}: {error}") from None
