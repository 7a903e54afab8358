"""Optional parameters: tag, length, value (SMPP 3.4 sections 3.2.4 and 5.3, SMPP 5.0 section 4.8)."""

import struct
from collections.abc import Iterable
from typing import Final

from trunkline.smpp.constants import Tag
from trunkline.smpp.errors import EncodeError

_TAG_AND_LENGTH: Final = struct.Struct(">HH")
_unpack_from: Final = _TAG_AND_LENGTH.unpack_from
_pack: Final = _TAG_AND_LENGTH.pack

TLV_HEADER_SIZE: Final = 4


class Tlv:
    """One optional parameter: `tag` (0..65535) and its `value` as octets, whatever the tag means."""

    __slots__ = ("tag", "value")

    def __init__(self, tag: int, value: bytes) -> None:
        self.tag = tag
        self.value = value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tlv):
            return NotImplemented
        return self.tag == other.tag and self.value == other.value

    def __hash__(self) -> int:
        return hash((self.tag, self.value))

    def __repr__(self) -> str:
        return f"Tlv({tag_name(self.tag)}, {self.value!r})"

    @property
    def number(self) -> int:
        """The value read as an unsigned big-endian integer."""
        return int.from_bytes(self.value, "big")

    @property
    def text(self) -> str:
        """The value read as a C-octet string: Latin-1, up to its first NUL."""
        return self.value.split(b"\0", 1)[0].decode("latin-1")


def octet(tag: int, number: int) -> Tlv:
    """Make a TLV of one octet, such as message_state. Raises EncodeError outside 0..255."""
    if not 0 <= number <= 0xFF:
        raise EncodeError(f"{tag_name(tag)}: {number} does not fit one octet")
    return Tlv(int(tag), bytes((number,)))


def short(tag: int, number: int) -> Tlv:
    """Make a TLV of two octets, such as sar_msg_ref_num. Raises EncodeError outside 0..65535."""
    if not 0 <= number <= 0xFFFF:
        raise EncodeError(f"{tag_name(tag)}: {number} does not fit two octets")
    return Tlv(int(tag), number.to_bytes(2, "big"))


def c_octets(tag: int, text: str) -> Tlv:
    """Make a NUL-terminated TLV, such as receipted_message_id. Raises EncodeError for NUL or non-Latin-1."""
    if "\0" in text:
        raise EncodeError(f"{tag_name(tag)}: a C-octet string cannot hold NUL")
    try:
        return Tlv(int(tag), text.encode("latin-1") + b"\0")
    except UnicodeEncodeError as error:
        raise EncodeError(f"{tag_name(tag)}: {error}") from error


# Sizes the specification fixes (section 5.3.2). A TLV of another size cannot mean what its tag says. Not
# here: alert_on_message_delivery, which 3.4 leaves empty and 5.0 gives one octet; ms_validity, to whose one
# octet 5.0 may add three; broadcast_end_time, a C-octet string of "16" that some write without its NUL.
_FIXED_SIZES: Final[dict[int, int]] = {
    **dict.fromkeys(
        (
            Tag.DEST_ADDR_SUBUNIT,
            Tag.DEST_NETWORK_TYPE,
            Tag.DEST_BEARER_TYPE,
            Tag.SOURCE_ADDR_SUBUNIT,
            Tag.SOURCE_NETWORK_TYPE,
            Tag.SOURCE_BEARER_TYPE,
            Tag.SOURCE_TELEMATICS_ID,
            Tag.PAYLOAD_TYPE,
            Tag.MS_MSG_WAIT_FACILITIES,
            Tag.PRIVACY_INDICATOR,
            Tag.USER_RESPONSE_CODE,
            Tag.LANGUAGE_INDICATOR,
            Tag.SAR_TOTAL_SEGMENTS,
            Tag.SAR_SEGMENT_SEQNUM,
            Tag.SC_INTERFACE_VERSION,
            Tag.CALLBACK_NUM_PRES_IND,
            Tag.NUMBER_OF_MESSAGES,
            Tag.DPF_RESULT,
            Tag.SET_DPF,
            Tag.MS_AVAILABILITY_STATUS,
            Tag.DELIVERY_FAILURE_REASON,
            Tag.MORE_MESSAGES_TO_SEND,
            Tag.MESSAGE_STATE,
            Tag.USSD_SERVICE_OP,
            Tag.DISPLAY_TIME,
            Tag.ITS_REPLY_TYPE,
            Tag.CONGESTION_STATE,
            Tag.BROADCAST_CHANNEL_INDICATOR,
            Tag.BROADCAST_MESSAGE_CLASS,
            Tag.BROADCAST_AREA_SUCCESS,
            Tag.DEST_ADDR_NP_RESOLUTION,
        ),
        1,
    ),
    **dict.fromkeys(
        (
            Tag.DEST_TELEMATICS_ID,
            Tag.USER_MESSAGE_REFERENCE,
            Tag.SOURCE_PORT,
            Tag.DESTINATION_PORT,
            Tag.SAR_MSG_REF_NUM,
            Tag.SMS_SIGNAL,
            Tag.ITS_SESSION_INFO,
            Tag.BROADCAST_REP_NUM,
        ),
        2,
    ),
    **dict.fromkeys(
        (Tag.NETWORK_ERROR_CODE, Tag.BROADCAST_CONTENT_TYPE, Tag.BROADCAST_FREQUENCY_INTERVAL), 3
    ),
    **dict.fromkeys((Tag.QOS_TIME_TO_LIVE, Tag.BROADCAST_ERROR_STATUS), 4),
    **dict.fromkeys((Tag.SOURCE_NODE_ID, Tag.DEST_NODE_ID), 6),
    Tag.DEST_ADDR_NP_INFORMATION: 10,
}
_fixed_size: Final = {int(tag): size for tag, size in _FIXED_SIZES.items()}.get
_VENDOR_TAGS: Final = range(0x1400, 0x4000)
_TAG_NAMES: Final = {tag.value: tag.name.lower() for tag in Tag}


def tag_name(tag: int) -> str:
    """Return a tag as the specification writes it, `message_payload`; an unknown one as hex."""
    return _TAG_NAMES.get(tag) or f"0x{tag:04x}"


def decode_tlvs(data: bytes, pos: int, end: int) -> tuple[tuple[Tlv, ...], int]:
    """Read the TLVs in `data[pos:end]`; return them in order and the number of faults met.

    Unknown tags are kept. A TLV whose size contradicts its tag is dropped, and so is a last one that runs
    over the PDU's end; a single NUL left over is ignored. Each of these is one fault; none fails the PDU.
    """
    tlvs: list[Tlv] = []
    faults = 0
    last_header = end - TLV_HEADER_SIZE
    while pos <= last_header:
        tag, length = _unpack_from(data, pos)
        pos += TLV_HEADER_SIZE
        stop = pos + length
        if stop > end:
            return tuple(tlvs), faults + 1
        if _fixed_size(tag, length) == length:
            tlvs.append(Tlv(tag, data[pos:stop]))
        else:
            faults += 1
        pos = stop
    return tuple(tlvs), faults + (pos != end)


def tlvs_fit(data: bytes, pos: int, end: int) -> bool:
    """Say whether `data[pos:end]` is a chain of plausible TLVs: known or vendor tags, ending at the PDU's
    end.

    Used to decide where a short_message with a wrong sm_length ends. One spare NUL after the chain is fine.
    """
    last_header = end - TLV_HEADER_SIZE
    while pos <= last_header:
        tag, length = _unpack_from(data, pos)
        if tag not in _TAG_NAMES and tag not in _VENDOR_TAGS:
            return False
        pos += TLV_HEADER_SIZE + length
    return pos == end or (pos == end - 1 and data[pos] == 0)


def encode_tlvs(tlvs: Iterable[Tlv]) -> bytes:
    """Write TLVs in the order given. Raises EncodeError when a tag or length does not fit 16 bits."""
    parts = []
    for tlv in tlvs:
        value = tlv.value
        try:
            parts.append(_pack(tlv.tag, len(value)))
        except struct.error as error:
            raise EncodeError(f"TLV {tag_name(tlv.tag)} of {len(value)} octets: {error}") from error
        parts.append(value)
    return b"".join(parts)
