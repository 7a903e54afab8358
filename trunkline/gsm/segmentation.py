"""Cutting a long message into parts (3GPP TS 23.040 section 9.2.3.24.1, SMPP 3.4 sections 5.3.2.22-5.3.2.24).

A part has 140 octets: 160 septets or 70 UCS-2 code units. A message of several parts gives some of them up
for saying which part of which message each is. The cut never falls inside an ESC pair or a surrogate pair,
so each part is text by itself and a part may be one unit short of full.

Further header elements (`extra`: national tables, ports) are in every part and take their octets from each.
What they say of national tables is how a GSM7 text is measured and has to be encoded.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from trunkline.gsm.alphabets import ESC, gsm_encode, ucs2_encode
from trunkline.gsm.charsets import charset_encode, most_octets
from trunkline.gsm.data_coding import Charset, Encoding
from trunkline.gsm.encoding import units
from trunkline.gsm.errors import HeaderTooLong, TooManyParts
from trunkline.gsm.shifts import shift_of
from trunkline.gsm.udh import CONCATENATION_8, CONCATENATION_16, Element, concatenation_header, join


class LongMessage(StrEnum):
    """How a peer is told that parts belong together."""

    UDH8 = "udh8"  # a header with an 8-bit reference in every part
    UDH16 = "udh16"  # the same with 16 bits
    SAR = "sar"  # sar_msg_ref_num, sar_total_segments, sar_segment_seqnum; the SMSC writes the header
    PAYLOAD = "payload"  # the whole text in message_payload; the SMSC cuts it


# Reading a member off an enum class costs a descriptor call; these are read for every message.
_GSM7, _UCS2, _LATIN1, _ASCII, _BINARY = Encoding
_UDH8, _UDH16, _SAR, _PAYLOAD = LongMessage

MAX_PARTS = 255

# What the gateway cuts: all encodings and character sets.
_Coding = Encoding | Charset


def _room(header: int, encoding: _Coding) -> int:
    """The units that fit beside a header of so many octets."""
    octets = 140 - header
    if encoding is _GSM7:
        return octets * 8 // 7
    return octets >> 1 if encoding is _UCS2 else octets


def _rooms(header: int) -> dict[_Coding, int]:
    return {encoding: _room(header, encoding) for encoding in (*Encoding, *Charset)}


_ALONE = _rooms(0)
_HEADER_OF_6 = _rooms(6)
_HEADER_OF_7 = _rooms(7)
# With SAR and PAYLOAD the SMSC writes the header. Which one is not known: SAR references have 16 bits, so
# room is kept for those; a payload is counted as nearly every SMSC cuts it.
_TOGETHER = {_UDH8: _HEADER_OF_6, _UDH16: _HEADER_OF_7, _SAR: _HEADER_OF_7, _PAYLOAD: _HEADER_OF_6}

# What a concatenation adds to a header that is there already.
_CONCATENATION = {_UDH8: 5, _UDH16: 6, _SAR: 6, _PAYLOAD: 5}
# Every character of every encoding fits in these octets, so that each part carries at least one.
_LEAST_ROOM = 8

# At most two units a character: this many characters fit in one part whatever they are.
_SURELY_ALONE: dict[_Coding, int] = {_GSM7: 80, _UCS2: 35, _LATIN1: 140, _ASCII: 140} | {
    charset: 140 // most_octets(charset) for charset in Charset
}


@dataclass(slots=True)
class Piece:
    """One part of a text: `number` (from 1) of `total`, and the header to put before its octets, or b""."""

    text: str
    udh: bytes
    number: int
    total: int


@dataclass(slots=True)
class OctetPiece:
    """One part of binary content, like Piece."""

    data: bytes
    udh: bytes
    number: int
    total: int


def capacity(
    encoding: _Coding, method: LongMessage = _UDH8, *, alone: bool, extra: Sequence[Element] = ()
) -> int:
    """The most units (septets, code units, octets) in a message of one part (`alone`) or in each part.

    Raises HeaderTooLong and ValueError for `extra` like `segment`.
    """
    if extra:
        return _room(_header_octets(extra, None if alone else method), encoding)
    return _ALONE[encoding] if alone else _TOGETHER[method][encoding]


def segment(
    text: str,
    encoding: _Coding,
    reference: int,
    method: LongMessage = _UDH8,
    extra: Sequence[Element] = (),
) -> list[Piece]:
    """Cut a text into as few parts as hold it; a text that fits in one gets no header but `extra`.

    `reference` is cut to 8 bits for UDH8, to 16 for UDH16. With SAR the parts have no header but `extra`, and
    reference, number and total go into the TLVs (16, 8 and 8 bits). With PAYLOAD there is one piece with the
    whole text.

    Raises NotInAlphabet when the text does not fit the encoding, ValueError for BINARY (see
    `segment_octets`), TooManyParts when more than 255 parts would be needed, also where the SMSC cuts,
    HeaderTooLong when `extra` leaves no room for text, ValueError when it has a concatenation element.
    """
    cuts = _cuts(text, encoding, method, extra)
    total = len(cuts)
    if total == 1:
        return [Piece(text, join(extra) if extra else b"", 1, 1)]
    if total > MAX_PARTS:
        raise TooManyParts(total, MAX_PARTS)
    if method is _PAYLOAD:
        return [Piece(text, join(extra) if extra else b"", 1, 1)]
    pieces = []
    start = 0
    for number, (cut, udh) in enumerate(zip(cuts, _headers(reference, total, method, extra), strict=True), 1):
        pieces.append(Piece(text[start:cut], udh, number, total))
        start = cut
    return pieces


def segment_octets(
    data: bytes, reference: int, method: LongMessage = _UDH8, extra: Sequence[Element] = ()
) -> list[OctetPiece]:
    """Cut binary content into parts of 134 octets (UDH8) or 133, or one of up to 140; else like `segment`."""
    total = count_octet_parts(len(data), method, extra)
    if total > MAX_PARTS:
        raise TooManyParts(total, MAX_PARTS)
    if total == 1 or method is _PAYLOAD:
        return [OctetPiece(data, join(extra) if extra else b"", 1, 1)]
    size = capacity(_BINARY, method, alone=False, extra=extra)
    return [
        OctetPiece(data[(number - 1) * size : number * size], udh, number, total)
        for number, udh in enumerate(_headers(reference, total, method, extra), 1)
    ]


def count_parts(
    text: str, encoding: _Coding, method: LongMessage = _UDH8, extra: Sequence[Element] = ()
) -> int:
    """How many parts `segment` would make, or for PAYLOAD how many the SMSC will: what is charged for.

    More than 255 is counted, not refused. The encoding is to be one the text fits (see `encoding.choose`):
    a text short enough for one part whatever its characters is not looked at.
    """
    if not extra and encoding is not _BINARY and len(text) <= _SURELY_ALONE[encoding]:
        return 1
    return len(_cuts(text, encoding, method, extra))


def count_octet_parts(length: int, method: LongMessage = _UDH8, extra: Sequence[Element] = ()) -> int:
    """How many parts `segment_octets` would make of so many octets, or the SMSC will. Never refuses them."""
    if length <= (capacity(_BINARY, alone=True, extra=extra) if extra else 140):
        return 1
    return -(-length // capacity(_BINARY, method, alone=False, extra=extra))


def units_per_part(
    text: str, encoding: _Coding, method: LongMessage = _UDH8, extra: Sequence[Element] = ()
) -> list[int]:
    """The length of each part in the encoding's units. Raises like `segment`, except for too many parts."""
    shift = shift_of(extra) if encoding is _GSM7 else None
    lengths = []
    start = 0
    for cut in _cuts(text, encoding, method, extra):
        lengths.append(units(text[start:cut], encoding, shift))
        start = cut
    return lengths


def _header_octets(extra: Sequence[Element], method: LongMessage | None) -> int:
    """The length of a header with these elements, and a concatenation for `method` unless that is None."""
    if any(element.identifier in {CONCATENATION_8, CONCATENATION_16} for element in extra):
        raise ValueError("the concatenation element is written here, it cannot be among the others")
    octets = 1 + sum(2 + len(element.data) for element in extra)
    if method is not None:
        octets += _CONCATENATION[method]
    if 140 - octets < _LEAST_ROOM:
        raise HeaderTooLong(octets)
    return octets


def _headers(
    reference: int, total: int, method: LongMessage, extra: Sequence[Element] = ()
) -> Iterator[bytes]:
    others = join(extra) if extra else b""
    for number in range(1, total + 1):
        if method is _SAR:
            yield others
            continue
        header = concatenation_header(reference, total, number, wide=method is _UDH16)
        yield bytes((header[0] + others[0],)) + header[1:] + others[1:] if others else header


def _cuts(text: str, encoding: _Coding, method: LongMessage, extra: Sequence[Element]) -> list[int]:
    """Where each part ends, as an index into the text; the last one is the text's length."""
    characters = len(text)
    shift = None
    if extra:
        alone = _room(_header_octets(extra, None), encoding)
        size = _room(_header_octets(extra, method), encoding)
        shift = shift_of(extra)
    else:
        alone = _ALONE[encoding]
        size = _TOGETHER[method][encoding]
    if encoding is _GSM7:
        octets = gsm_encode(text) if shift is None else shift.encode(text)
        length = len(octets)
    elif encoding is _UCS2:
        octets = ucs2_encode(text)
        length = len(octets) >> 1
    else:
        octets = b""
        length = units(text, encoding)
    if length <= alone:
        return [characters]
    if length == characters:
        return [*range(size, characters, size), characters]
    if encoding is _GSM7:
        return _cuts_between_septets(octets, size, characters)
    if isinstance(encoding, Charset):
        return _cuts_between_characters(text, encoding, size)
    return _cuts_between_units(octets, size, characters)


def _cuts_between_septets(octets: bytes, size: int, characters: int) -> list[int]:
    cuts = []
    start = cut = 0
    while len(octets) - start > size:
        end = start + size
        # ESC is never the second of a pair (nothing encodes to ESC ESC), so this one begins a pair.
        if octets[end - 1] == ESC:
            end -= 1
        cut += end - start - octets.count(ESC, start, end)
        cuts.append(cut)
        start = end
    cuts.append(characters)
    return cuts


def _cuts_between_units(octets: bytes, size: int, characters: int) -> list[int]:
    cuts = []
    start = cut = 0
    while len(octets) - start > 2 * size:
        end = start + 2 * size
        if octets[end - 2] & 0xFC == 0xD8:  # a high surrogate: its low half comes next
            end -= 2
        cut += len(octets[start:end].decode("utf-16-be"))
        cuts.append(cut)
        start = end
    cuts.append(characters)
    return cuts


def _cuts_between_characters(text: str, charset: Charset, size: int) -> list[int]:
    cuts = []
    start = 0
    while start < len(text):
        start += _characters_that_fit(text[start : start + size], charset, size)
        cuts.append(start)
    return cuts


def _characters_that_fit(text: str, charset: Charset, size: int) -> int:
    # Encoded anew: a part is no slice of the text's octets, it ends in the state it began in (ISO-2022-JP).
    counts = range(1, len(text) + 1)
    return bisect_right(counts, size, key=lambda count: len(charset_encode(text[:count], charset)))
