"""From submit_sm, data_sm and submit_multi to a `Submission`, and from replace_sm to a `Revision`."""

import re

from trunkline.gsm.alphabets import decode, read_text
from trunkline.gsm.data_coding import Charset, Encoding, data_coding_for, encoding_of
from trunkline.gsm.errors import MalformedUdh
from trunkline.gsm.septets import fill_bits
from trunkline.gsm.shifts import shift_in
from trunkline.gsm.udh import CONCATENATION_8, Element, join, ports_element, split
from trunkline.model.amendment import Revision
from trunkline.model.message import Message
from trunkline.model.snapshot import Sender
from trunkline.model.submission import Reason, Rejected, Submission
from trunkline.model.tlvs import MAX_OCTETS
from trunkline.smpp.constants import ESM_UDHI, Tag
from trunkline.smpp.fields import SmeAddress
from trunkline.smpp.pdus import DataSm, ReplaceSm, SubmitMulti, SubmitSm
from trunkline.smpp.times import parse_time
from trunkline.smpp.tlv import encode_tlvs

GSM7 = "gsm7"
_GSM7, _ASCII = Encoding.GSM7, Encoding.ASCII
_CODING: dict[Encoding | Charset, int] = {
    each: data_coding_for(each) for each in (*Encoding, *Charset) if each is not Encoding.BINARY
}
# TLVs that say how the message is built: what they mean is in the message, they do not travel on.
_OURS = frozenset(
    {
        int(Tag.MESSAGE_PAYLOAD),
        int(Tag.SAR_MSG_REF_NUM),
        int(Tag.SAR_TOTAL_SEGMENTS),
        int(Tag.SAR_SEGMENT_SEQNUM),
        int(Tag.SOURCE_PORT),
        int(Tag.DESTINATION_PORT),
        int(Tag.QOS_TIME_TO_LIVE),
    }
)
# Control characters that no text in IA5 has, and GSM 03.38 has letters for: @ $ _ ø and the ESC of the euro.
_GSM_FOR_SURE = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]").search


def read_submit(pdu: SubmitSm | SubmitMulti, sender: Sender, now: int, alphabet: str = GSM7) -> Submission:
    """The message a submit_sm carries; `now` in Unix milliseconds. Raises `Rejected`.

    `alphabet` is what the ESME means by data_coding 0. That of a submit_multi has no destination yet.
    """
    validity, schedule = _times(pdu, now)
    submission = _read(pdu, sender, alphabet)
    submission.protocol_id = pdu.protocol_id
    submission.priority = pdu.priority_flag
    submission.validity_ms = validity
    submission.deliver_after_ms = schedule or 0
    return submission


def read_data(pdu: DataSm, sender: Sender, alphabet: str = GSM7) -> Submission:
    """The message a data_sm carries. Raises `Rejected`."""
    submission = _read(pdu, sender, alphabet)
    seconds = pdu.tlv(Tag.QOS_TIME_TO_LIVE)
    if seconds is not None and len(seconds) == 4:
        submission.validity_ms = int.from_bytes(seconds, "big") * 1000
    return submission


def read_replacement(pdu: ReplaceSm, sender: Sender, now: int, alphabet: str, message: Message) -> Revision:
    """What a replace_sm puts in the place of this message's content. Raises `Rejected`.

    The PDU has no data_coding and no esm_class: those of the message hold on.
    """
    validity, schedule = _times(pdu, now)
    octets = pdu.short_message or pdu.tlv(Tag.MESSAGE_PAYLOAD) or b""
    udh = message.segments[0].udh if len(message.segments) == 1 else b""
    with_header = bool(udh) and octets.startswith(udh)
    if udh and not with_header and shift_in(udh) is None:
        raise Rejected(
            Reason.INVALID_FIELD, "the message has a user data header: what replaces it has to begin with it"
        )
    submission = _read(
        SubmitSm(
            esm_class=ESM_UDHI if with_header else 0,
            data_coding=message.data_coding,
            registered_delivery=pdu.registered_delivery,
            short_message=octets,
        ),
        sender,
        alphabet,
    )
    return Revision(submission, validity, schedule)


def _times(pdu: SubmitSm | SubmitMulti | ReplaceSm, now: int) -> tuple[int | None, int | None]:
    """validity_period and schedule_delivery_time in milliseconds from now; None where they are not given."""
    validity = schedule = None
    if pdu.validity_period:
        validity = _milliseconds(pdu.validity_period, now, "validity_period", Reason.INVALID_VALIDITY)
    if pdu.schedule_delivery_time:
        schedule = _milliseconds(
            pdu.schedule_delivery_time, now, "schedule_delivery_time", Reason.INVALID_SCHEDULE
        )
        schedule = max(0, schedule)
    return validity, schedule


def _read(pdu: SubmitSm | DataSm | SubmitMulti, sender: Sender, alphabet: str) -> Submission:
    octets = pdu.payload
    udh = b""
    elements: tuple[Element, ...] = ()
    tlvs = b""
    if pdu.esm_class & ESM_UDHI:
        try:
            _, body = split(octets)
        except MalformedUdh as error:
            raise Rejected(Reason.INVALID_TEXT, f"esm_class says UDHI, but {error}") from None
        udh = octets[: len(octets) - len(body)]
        octets = body
    if pdu.tlvs:
        tlvs = _travelling(pdu)
        if not udh:
            elements = _ports(pdu)
            udh = _sar_header(pdu, elements)
    text, coding, data_coding = _text(octets, pdu.data_coding, udh, alphabet)
    submission = Submission(
        sender,
        "smpp",
        "",
        text,
        pdu.source_addr,
        octets if text is None else None,
        udh,
        coding,
        data_coding,
        pdu.source_addr_ton or None,
        pdu.source_addr_npi if pdu.source_addr_ton else None,
        registered_delivery=pdu.registered_delivery,
        tlvs=tlvs,
        elements=() if udh else elements,
    )
    if not isinstance(pdu, SubmitMulti):
        address(submission, pdu)
    return submission


def address(submission: Submission, pdu: SubmitSm | DataSm | SmeAddress) -> None:
    """Gives a submission the destination of this PDU, or of one of those of a submit_multi."""
    submission.destination = pdu.destination_addr
    if pdu.dest_addr_ton:
        submission.dest_ton = pdu.dest_addr_ton
        submission.dest_npi = pdu.dest_addr_npi


def _text(
    octets: bytes, data_coding: int, udh: bytes, alphabet: str
) -> tuple[str | None, int | None, int | None]:
    """The text, the coding it is to be sent in, and the data_coding to send with it.

    The text is None for octets that are none, and for those that would not decode without loss: they travel
    as they came.
    """
    if alphabet != GSM7 and encoding_of(data_coding) is _GSM7:
        # The ESME's own alphabet, which no SMSC has to share: the text is sent as fits it best.
        text, own = decode(octets, data_coding, alphabet, fill=fill_bits(len(udh)) if udh else 0)
        if text is not None and "\0" not in text:
            return text, (0 if udh and own is _GSM7 else None), None
        raise Rejected(Reason.INVALID_TEXT, f"the octets are no {alphabet} text (data_coding {data_coding})")
    text, encoding = read_text(octets, data_coding, shift=shift_in(udh) if udh else None)
    if encoding is _ASCII and _GSM_FOR_SURE(octets):
        # There are clients, npm's smpp among them, that write GSM 03.38 under data_coding 1.
        text, encoding = decode(octets, 0)
    if text is None or "\0" in text:
        return None, None, data_coding
    return text, _CODING.get(encoding), data_coding


def _travelling(pdu: SubmitSm | DataSm | SubmitMulti) -> bytes:
    """The TLVs that are not for us, as octets. Raises `Rejected` when they are too many."""
    octets = encode_tlvs(tlv for tlv in pdu.tlvs if tlv.tag not in _OURS)
    if len(octets) > MAX_OCTETS:
        raise Rejected(Reason.INVALID_FIELD, f"the TLVs take {len(octets)} octets, {MAX_OCTETS} is the most")
    return octets


def _ports(pdu: SubmitSm | DataSm | SubmitMulti) -> tuple[Element, ...]:
    """Application ports in TLVs become the equal header element, so that any connector can carry them."""
    destination = pdu.tlv(Tag.DESTINATION_PORT)
    source = pdu.tlv(Tag.SOURCE_PORT)
    if destination is None and source is None:
        return ()
    return (ports_element(int.from_bytes(destination or b"", "big"), int.from_bytes(source or b"", "big")),)


def _sar_header(pdu: SubmitSm | DataSm | SubmitMulti, elements: tuple[Element, ...]) -> bytes:
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
    return join((Element(CONCATENATION_8, reference[1:] + total + number), *elements))


def _milliseconds(text: str, now: int, name: str, reason: Reason) -> int:
    """Milliseconds from now until an SMPP time (absolute or relative)."""
    try:
        return parse_time(text, now) - now
    except ValueError as error:
        raise Rejected(reason, f"{name} {text!r}: {error}") from None
