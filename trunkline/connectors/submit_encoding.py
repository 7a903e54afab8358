"""A segment as the submit_sm that one SMSC wants."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from trunkline.connectors.passed_tlvs import TlvPassage
from trunkline.gsm.alphabets import encode, gsm_encode
from trunkline.gsm.data_coding import (
    DEFAULT_ALPHABETS,
    PACKED,
    Charset,
    Encoding,
    data_coding_for,
    encoding_of,
)
from trunkline.gsm.septets import fill_bits
from trunkline.gsm.shifts import shift_in
from trunkline.model.message import Message, Segment
from trunkline.model.profile import Profile, Validity
from trunkline.model.snapshot import ConnectorConfig
from trunkline.model.tlvs import travelling
from trunkline.smpp.constants import ESM_UDHI, RegisteredDelivery, Tag, Ton
from trunkline.smpp.pdus import SubmitSm
from trunkline.smpp.times import format_absolute, format_relative
from trunkline.smpp.tlv import Tlv, octet, short

MAX_SHORT_MESSAGE: Final = 254
"""Octets that short_message can carry (SMPP 3.4 section 5.2.22); more goes into message_payload."""

_GSM7, _UCS2, _LATIN1, _ASCII, _BINARY = Encoding
_BINARY_VALUE = _BINARY.value
_PAYLOAD, _SAR = "payload", "sar"
# What one short message holds; with message_payload as the method, longer content travels in the TLV.
_ONE_MESSAGE: dict[str, int] = {_GSM7.value: 160}

SHORT_CODE_DIGITS: Final = 6
"""Digits that a short code has at the most; senders of more are numbers."""

_INTERNATIONAL: Final = Ton.INTERNATIONAL.value
_RECEIPTS = int(RegisteredDelivery.FINAL | RegisteredDelivery.FAILURE_ONLY | RegisteredDelivery.INTERMEDIATE)


def _data_codings(encoding: Encoding | Charset, plain: int) -> tuple[int, ...]:
    """For each data_coding a message may carry, the one to send with this encoding.

    Kept where it means this very encoding and more (so message class bits survive), else `plain`: the gateway
    may have chosen another encoding than the sender used. Octets keep theirs in any case.
    """
    usual = data_coding_for(encoding)
    if encoding is _BINARY:
        return tuple(plain if asked == usual else asked for asked in range(0x100))
    return tuple(
        asked if encoding_of(asked) is encoding and asked != usual else plain for asked in range(0x100)
    )


def _all_data_codings(plain: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """`_data_codings` of every encoding, where `plain` has none with the specification's."""
    encodings: tuple[Encoding | Charset, ...] = (*Encoding, *Charset)
    return {
        each.value: _data_codings(each, plain.get(each.value, data_coding_for(each))) for each in encodings
    }


_DATA_CODINGS = _all_data_codings({})

Until = Callable[[int, int], str]  # at Unix milliseconds, now -> a time as SMPP writes it


def _relative(at_ms: int, now_ms: int) -> str:
    seconds = (at_ms - now_ms) // 1000
    return _period(seconds if seconds > 0 else 1)


@lru_cache(maxsize=1024)
def _period(seconds: int) -> str:
    # Messages of the same second have the same period to go, so nearly every call is a repetition.
    return format_relative(seconds * 1000)


def _absolute(quarters: int) -> Until:
    @lru_cache(maxsize=1024)
    def write(second: int) -> str:
        return format_absolute(second * 1000, quarters)

    return lambda at_ms, _now_ms: write(at_ms // 1000)


def _nothing(_at_ms: int, _now_ms: int) -> str:
    return ""


def _numbering(text: str) -> tuple[int, int] | None:
    """TON and NPI from "TON/NPI"."""
    ton, _, npi = text.partition("/")
    return (int(ton), int(npi)) if text else None


class SourceNumbering:
    """TON and NPI of senders, as a connector wants them; None where it does not care."""

    __slots__ = ("_alphanumeric", "_international", "_short_code")

    def __init__(self, profile: Profile) -> None:
        self._alphanumeric = _numbering(profile.alphanumeric_numbering)
        self._international = _numbering(profile.international_numbering)
        self._short_code = _numbering(profile.short_code_numbering)

    @property
    def open(self) -> bool:
        """Whether it has anything to say."""
        return bool(self._alphanumeric or self._international or self._short_code)

    def of(self, message: Message) -> tuple[int, int] | None:
        """TON and NPI for the sender of this message."""
        address = message.source_addr
        if not address:
            return None
        if not address.isdecimal():
            return self._alphanumeric
        if len(address) > SHORT_CODE_DIGITS or message.source_ton == _INTERNATIONAL:
            return self._international
        return self._short_code


class SubmitEncoder:
    """Makes submit_sm PDUs by a connector's settings: addresses, alphabet, long messages.

    Raises ValueError for an unknown default alphabet.
    """

    __slots__ = (
        "_alphabet",
        "_data_codings",
        "_dest_npi",
        "_dest_ton",
        "_encoders",
        "_mode",
        "_numbering",
        "_payload",
        "_service_type",
        "_source_npi",
        "_source_ton",
        "_validity",
        "passage",
        "until",
    )

    def __init__(self, config: ConnectorConfig) -> None:
        alphabet = config.default_alphabet
        if alphabet not in DEFAULT_ALPHABETS:
            known = ", ".join(DEFAULT_ALPHABETS)
            raise ValueError(f"default alphabet {alphabet!r} is none of {known}")
        self._source_ton = config.source_ton
        self._source_npi = config.source_npi
        self._dest_ton = config.dest_ton
        self._dest_npi = config.dest_npi
        self._payload = config.long_message == _PAYLOAD
        self._alphabet = alphabet
        self._encoders: dict[str, Callable[[str], bytes]] = {
            encoding.value: _encoder(encoding, alphabet)
            for encoding in (_GSM7, _UCS2, _LATIN1, _ASCII, *Charset)
        }
        self._encoders[_BINARY_VALUE] = bytes.fromhex
        profile = config.profile
        self.passage = TlvPassage(profile)
        numbering = SourceNumbering(profile)
        self._numbering = numbering if numbering.open else None
        self._service_type = profile.service_type
        self._mode = profile.messaging_mode
        self._data_codings = (
            _all_data_codings(profile.data_codings) if profile.data_codings else _DATA_CODINGS
        )
        # How a time to come is written, and how the end of the validity is.
        self.until = (
            _absolute(profile.validity_offset) if profile.validity is Validity.ABSOLUTE else _relative
        )
        self._validity = _nothing if profile.validity is Validity.NONE else self.until

    def encode(self, segment: Segment, now_ms: int) -> SubmitSm:
        """The PDU of a segment, submitted at `now_ms` (Unix milliseconds).

        Raises `gsm.NotInAlphabet` (a ValueError) when the text has a character that this SMSC's alphabet
        lacks. Values that do not fit their fields show when the PDU is encoded.
        """
        message = segment.message
        encoding = message.encoding
        udh = segment.udh
        if udh and encoding == "gsm7":
            fill = fill_bits(len(udh)) if self._alphabet == PACKED else 0
            octets = encode(segment.content, _GSM7, self._alphabet, fill=fill, shift=shift_in(udh))
        else:
            octets = self._encoders[encoding](segment.content)
        length = len(octets)
        esm_class = self._mode
        if udh:
            esm_class |= ESM_UDHI
            octets = udh + octets
        data_coding = self._data_codings[encoding][message.data_coding]
        tlvs: tuple[Tlv, ...] = ()
        if segment.sar_reference:
            tlvs = (
                short(Tag.SAR_MSG_REF_NUM, segment.sar_reference),
                octet(Tag.SAR_TOTAL_SEGMENTS, len(message.segments)),
                octet(Tag.SAR_SEGMENT_SEQNUM, segment.number),
            )
        if length > 140 and (
            len(octets) > MAX_SHORT_MESSAGE or (self._payload and length > _ONE_MESSAGE.get(encoding, 140))
        ):
            tlvs = (*tlvs, Tlv(Tag.MESSAGE_PAYLOAD.value, octets))
            octets = b""
        if message.tlvs:
            tlvs = (*tlvs, *self.passage.to_smsc(travelling(message.tlvs)))
        source_ton, source_npi = self._source_ton, self._source_npi
        if self._numbering is not None:
            source_ton, source_npi = self._numbering.of(message) or (source_ton, source_npi)
        dest_ton, dest_npi = self._dest_ton, self._dest_npi
        return SubmitSm(
            service_type=self._service_type,
            source_addr_ton=message.source_ton if source_ton is None else source_ton,
            source_addr_npi=message.source_npi if source_npi is None else source_npi,
            source_addr=message.source_addr,
            dest_addr_ton=message.dest_ton if dest_ton is None else dest_ton,
            dest_addr_npi=message.dest_npi if dest_npi is None else dest_npi,
            destination_addr=message.dest_addr,
            esm_class=esm_class,
            protocol_id=message.protocol_id,
            priority_flag=message.priority,
            validity_period=self._validity(message.expires_at, now_ms),
            registered_delivery=message.registered_delivery & _RECEIPTS,
            data_coding=data_coding,
            short_message=octets,
            tlvs=tlvs,
        )


def _encoder(encoding: Encoding | Charset, alphabet: str) -> Callable[[str], bytes]:
    if encoding is _GSM7 and alphabet == _GSM7.value:
        return gsm_encode
    return lambda text: encode(text, encoding, alphabet)
