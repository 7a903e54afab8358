"""A segment as the submit_sm that one SMSC wants."""

from collections.abc import Callable
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
from trunkline.model.message import Segment
from trunkline.model.snapshot import ConnectorConfig
from trunkline.model.tlvs import travelling
from trunkline.smpp.constants import ESM_UDHI, RegisteredDelivery, Tag
from trunkline.smpp.pdus import SubmitSm
from trunkline.smpp.times import format_relative
from trunkline.smpp.tlv import Tlv, octet, short

MAX_SHORT_MESSAGE: Final = 254
"""Octets that short_message can carry (SMPP 3.4 section 5.2.22); more goes into message_payload."""

_GSM7, _UCS2, _LATIN1, _ASCII, _BINARY = Encoding
_BINARY_VALUE = _BINARY.value
_PAYLOAD, _SAR = "payload", "sar"
# What one short message holds; with message_payload as the method, longer content travels in the TLV.
_ONE_MESSAGE: dict[str, int] = {_GSM7.value: 160}

_RECEIPTS = int(RegisteredDelivery.FINAL | RegisteredDelivery.FAILURE_ONLY | RegisteredDelivery.INTERMEDIATE)


def _data_codings(encoding: Encoding) -> tuple[int, ...]:
    """For each data_coding a message may carry, the one to send with this encoding.

    Kept where it means this very encoding (so message class bits survive), replaced where it does not: the
    gateway may have chosen another encoding than the sender used.
    """
    plain = data_coding_for(encoding)
    return tuple(asked if encoding_of(asked) is encoding else plain for asked in range(0x100))


_DATA_CODING = {encoding.value: _data_codings(encoding) for encoding in (_GSM7, _UCS2, _LATIN1, _ASCII)} | {
    charset.value: (data_coding_for(charset),) * 0x100 for charset in Charset
}


@lru_cache(maxsize=1024)
def _validity_period(seconds: int) -> str:
    # Messages of the same second have the same period to go, so nearly every call is a repetition.
    return format_relative(seconds * 1000)


class SubmitEncoder:
    """Makes submit_sm PDUs by a connector's settings: addresses, alphabet, long messages.

    Raises ValueError for an unknown default alphabet.
    """

    __slots__ = (
        "_alphabet",
        "_dest_npi",
        "_dest_ton",
        "_encoders",
        "_payload",
        "_source_npi",
        "_source_ton",
        "passage",
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
        self.passage = TlvPassage(config.profile)

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
        esm_class = 0
        if udh:
            esm_class = ESM_UDHI
            octets = udh + octets
        data_coding = message.data_coding
        if encoding != _BINARY_VALUE:
            data_coding = _DATA_CODING[encoding][data_coding]
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
        remaining = (message.expires_at - now_ms) // 1000
        source_ton, source_npi = self._source_ton, self._source_npi
        dest_ton, dest_npi = self._dest_ton, self._dest_npi
        return SubmitSm(
            source_addr_ton=message.source_ton if source_ton is None else source_ton,
            source_addr_npi=message.source_npi if source_npi is None else source_npi,
            source_addr=message.source_addr,
            dest_addr_ton=message.dest_ton if dest_ton is None else dest_ton,
            dest_addr_npi=message.dest_npi if dest_npi is None else dest_npi,
            destination_addr=message.dest_addr,
            esm_class=esm_class,
            protocol_id=message.protocol_id,
            priority_flag=message.priority,
            validity_period=_validity_period(remaining if remaining > 0 else 1),
            registered_delivery=message.registered_delivery & _RECEIPTS,
            data_coding=data_coding,
            short_message=octets,
            tlvs=tlvs,
        )


def _encoder(encoding: Encoding | Charset, alphabet: str) -> Callable[[str], bytes]:
    if encoding is _GSM7 and alphabet == _GSM7.value:
        return gsm_encode
    return lambda text: encode(text, encoding, alphabet)
