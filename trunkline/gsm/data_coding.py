"""What a data_coding says (SMPP 3.4 section 5.2.19, 3GPP TS 23.038 section 4).

Below 0x10 the number names a character set, by SMPP's own list. From 0x10 on it is the octet that GSM calls
TP-DCS: bits for the alphabet, the message class, compression, deletion and waiting messages.
"""

from enum import IntEnum, StrEnum
from typing import NamedTuple

from trunkline.gsm.errors import TextError


class Encoding(StrEnum):
    """How a text's characters become octets."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"
    LATIN1 = "latin1"
    ASCII = "ascii"
    BINARY = "binary"


class Charset(StrEnum):
    """The further character sets of SMPP's list. None is ever chosen for a text: a sender asks for it."""

    JIS = "jis"
    CYRILLIC = "cyrillic"
    HEBREW = "hebrew"
    ISO2022JP = "iso2022jp"
    KANJI = "kanji"
    KOREAN = "korean"


class MessageClass(IntEnum):
    """Where a message goes in the handset (3GPP TS 23.038 section 4)."""

    FLASH = 0  # onto the screen at once, not stored
    ME = 1  # the handset's memory
    SIM = 2
    TE = 3  # what is connected to the handset


class Indication(NamedTuple):
    """A message waiting indication: `kind` is "voicemail", "fax", "email" or "other".

    `active` tells the handset to switch it on, else off; the message's text is to be kept (`store`) or not.
    """

    kind: str
    active: bool
    store: bool


class DataCoding(NamedTuple):
    """All that a data_coding says. `deletes_itself`: once read, the handset may throw the message away."""

    encoding: Encoding | Charset
    message_class: MessageClass | None
    compressed: bool
    deletes_itself: bool
    indication: Indication | None


# Reading a member off an enum class costs a descriptor call; these are read for every message.
_GSM7, _UCS2, _LATIN1, _ASCII, _BINARY = Encoding

# What data_coding 0 can mean at a peer (`default_alphabet` of a connector or an ESME).
DEFAULT_ALPHABETS = {"gsm7": _GSM7, "gsm7-packed": _GSM7, "latin1": _LATIN1, "ascii": _ASCII}
PACKED = "gsm7-packed"

_DATA_CODINGS: dict[Encoding | Charset, int] = {
    _GSM7: 0,
    _ASCII: 1,
    _LATIN1: 3,
    _BINARY: 4,
    Charset.JIS: 5,
    Charset.CYRILLIC: 6,
    Charset.HEBREW: 7,
    _UCS2: 8,
    Charset.ISO2022JP: 10,
    Charset.KANJI: 13,
    Charset.KOREAN: 14,
}
_CHARSETS = {number: charset for charset, number in _DATA_CODINGS.items() if isinstance(charset, Charset)}

# The general group of 3GPP TS 23.038 with a class has all three alphabets that GSM has, uncompressed.
_WITH_CLASS: dict[Encoding | Charset, int] = {_GSM7: 0x10, _BINARY: 0x14, _UCS2: 0x18}


def _meaning(data_coding: int) -> Encoding | None:
    """What a data_coding stands for; None is the default alphabet."""
    if data_coding < 0x10:  # SMPP 3.4 section 5.2.19; for the rest of this group see `charset_of`
        return {0: None, 1: _ASCII, 3: _LATIN1, 8: _UCS2}.get(data_coding, _BINARY)
    group = data_coding >> 4  # 3GPP TS 23.038 section 4
    if group < 0x8:  # general, with or without automatic deletion; bit 5 is compression
        if data_coding & 0x20:
            return _BINARY
        return (None, _BINARY, _UCS2, None)[data_coding >> 2 & 3]
    if group == 0xE:  # message waiting, store, UCS-2
        return _UCS2
    if group == 0xF:  # data coding and class: bit 2 is 8-bit data
        return _BINARY if data_coding & 4 else None
    return None  # message waiting in the default alphabet; reserved codings are to be taken for it, too


_MEANINGS = tuple(_meaning(data_coding) for data_coding in range(0x100))


def encoding_of(data_coding: int, default_alphabet: str = "gsm7") -> Encoding:
    """What a data_coding (0..255) stands for at a peer with this default alphabet.

    BINARY is also the answer for the character sets that a gateway has no need to read: their octets are
    passed on as they came, and `charset_of` names the set. Raises ValueError for a number or a default
    alphabet that does not exist.
    """
    if not 0 <= data_coding <= 0xFF:
        raise ValueError(f"data_coding is 0..255, not {data_coding}")
    try:
        return _MEANINGS[data_coding] or DEFAULT_ALPHABETS[default_alphabet]
    except KeyError:
        known = ", ".join(DEFAULT_ALPHABETS)
        raise ValueError(f"default alphabet {default_alphabet!r} is none of {known}") from None


def charset_of(data_coding: int) -> Charset | None:
    """The further character set a data_coding names, or None."""
    return _CHARSETS.get(data_coding)


def data_coding_for(encoding: Encoding | Charset, message_class: MessageClass | None = None) -> int:
    """The data_coding of an encoding: GSM7 0, ASCII 1, LATIN1 3, BINARY 4, UCS2 8; a Charset its own number.

    With a message class it is 0x10, 0x14 or 0x18 plus the class for GSM7, BINARY and UCS2. The 0xF0 group,
    which says the same of the first two, is read but never sent: it has no UCS-2. Raises TextError for any
    other encoding with a class, as no data_coding says both.
    """
    if message_class is None:
        return _DATA_CODINGS[encoding]
    try:
        return _WITH_CLASS[encoding] | message_class
    except KeyError:
        raise TextError(
            f"no data_coding says {encoding.value} and a message class: that takes GSM, UCS-2 or octets"
        ) from None


def message_class_of(data_coding: int) -> MessageClass | None:
    """The message class in a data_coding (0..255), or None where it has none."""
    group = data_coding >> 4
    if group == 0xF or (group < 0x8 and group & 1):
        return MessageClass(data_coding & 3)
    return None


def details_of(data_coding: int, default_alphabet: str = "gsm7") -> DataCoding:
    """Everything a data_coding says at a peer with this default alphabet.

    Raises ValueError like `encoding_of`.
    """
    encoding = encoding_of(data_coding, default_alphabet)
    group = data_coding >> 4
    indication = None
    if 0xC <= group <= 0xE:
        kind = ("voicemail", "fax", "email", "other")[data_coding & 3]
        indication = Indication(kind, active=bool(data_coding & 8), store=group != 0xC)
    return DataCoding(
        encoding=charset_of(data_coding) or encoding,
        message_class=message_class_of(data_coding),
        compressed=group < 0x8 and bool(group & 2),
        deletes_itself=0x4 <= group < 0x8,
        indication=indication,
    )
