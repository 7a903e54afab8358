"""Text to octets and back, by encoding and by data_coding (3GPP TS 23.038, SMPP 3.4 section 5.2.19).

"GSM" octets are unpacked, one septet per octet, as SMPP's short_message carries them; `septets` packs them.

The GSM codec is one pass in C (`codecs.charmap_encode`): an 8-bit working alphabet in which the extension
characters sit at 0x80 + their code. What comes out is plain when it is below 0x80, which is the common case
and one test; only otherwise are the high octets turned into ESC pairs.
"""

import codecs
import re

from trunkline.gsm import septets
from trunkline.gsm.charsets import charset_decode, charset_display, charset_encode
from trunkline.gsm.data_coding import (
    DEFAULT_ALPHABETS,
    PACKED,
    Charset,
    Encoding,
    charset_of,
    encoding_of,
)
from trunkline.gsm.errors import LoneSurrogate, NotInAlphabet
from trunkline.gsm.shifts import Shift
from trunkline.gsm.tables import BASIC_TABLE, EXTENSION_TABLE, UNDEFINED

__all__ = [
    "BASIC_TABLE",
    "DEFAULT_ALPHABETS",
    "ESC",
    "EXTENSION_TABLE",
    "PACKED",
    "Encoding",
    "decode",
    "display_text",
    "encode",
    "encoding_of",
    "gsm_decode",
    "gsm_encode",
    "gsm_length",
    "is_gsm",
    "read_text",
    "round_trips",
    "ucs2_decode",
    "ucs2_encode",
    "unpacked",
]

# Reading a member off an enum class costs a descriptor call; these are read for every message.
_GSM7, _UCS2, _LATIN1, _ASCII, _BINARY = Encoding

ESC = 0x1B

_REPLACEMENT = "\ufffd"

# '@' moves out of 0x00 because the fast map only knows NUL there; NUL itself is refused afterwards.
_WORKING = codecs.charmap_build(
    "\0"
    + BASIC_TABLE[1:].replace("\x1b", UNDEFINED)
    + "@"
    + "".join(EXTENSION_TABLE.get(code, UNDEFINED) for code in range(1, 0x80))
)
_AT = b"\x80"
_ESC_PAIRS = tuple((bytes((0x80 | code,)), bytes((ESC, code))) for code in EXTENSION_TABLE)
_NOT_EXTENSION = bytes(range(0x81))

_DECODING = BASIC_TABLE + _REPLACEMENT * 0x80
_EXTENSION_OF = {BASIC_TABLE[code]: char for code, char in EXTENSION_TABLE.items()} | {"": " ", "\x1b": " "}
_ESC_PAIR = re.compile("\x1b(.?)", re.DOTALL)


def _working(text: str) -> bytes:
    try:
        octets = codecs.charmap_encode(text, "strict", _WORKING)[0]
    except UnicodeEncodeError as error:
        # The codec lets NUL pass, so one before the character it stopped at is the first misfit.
        nul = text.find("\0", 0, error.start)
        position = error.start if nul < 0 else nul
        raise NotInAlphabet(text[position], position) from None
    if 0 in octets:
        raise NotInAlphabet("\0", octets.index(0))
    return octets


def gsm_encode(text: str) -> bytes:
    """The text in the GSM default alphabet, one septet per octet, ESC pairs for the extension characters.

    Raises NotInAlphabet, naming the first character that has no place in either table. ESC and NUL are not
    characters of the alphabet.
    """
    octets = _working(text)
    if octets.isascii():
        return octets
    if octets.translate(None, _NOT_EXTENSION):
        for working, pair in _ESC_PAIRS:
            octets = octets.replace(working, pair)
    return octets.replace(_AT, b"\0")


def gsm_decode(data: bytes) -> str:
    """The text of unpacked GSM octets. Never raises.

    What has no meaning is read as 3GPP TS 23.038 section 6.2.1.1 asks of a handset: ESC before a code the
    extension table does not have gives the basic table's character, ESC before ESC or at the end a space.
    An octet above 0x7F is no septet and becomes U+FFFD. `decode` tells whether something was lost.
    """
    text = codecs.charmap_decode(data, "strict", _DECODING)[0]
    if "\x1b" in text:
        return _ESC_PAIR.sub(_extended, text)
    return text


def _extended(pair: re.Match[str]) -> str:
    char: str = pair[1]
    return _EXTENSION_OF.get(char, char)


def is_gsm(text: str) -> bool:
    """Whether every character is in the GSM default alphabet or its extension table."""
    try:
        return 0 not in codecs.charmap_encode(text, "strict", _WORKING)[0]
    except UnicodeEncodeError:
        return False


def gsm_length(text: str) -> int:
    """Length in septets; an extension character counts two. Raises NotInAlphabet."""
    octets = _working(text)
    if octets.isascii():
        return len(octets)
    return len(octets) + len(octets.translate(None, _NOT_EXTENSION))


def ucs2_encode(text: str) -> bytes:
    """The text as UTF-16, big end first, without a byte order mark; two octets per code unit.

    Raises LoneSurrogate for half of a pair.
    """
    try:
        return text.encode("utf-16-be")
    except UnicodeEncodeError as error:
        raise LoneSurrogate(text[error.start], error.start) from None


def ucs2_decode(data: bytes) -> str:
    """The text of UTF-16 octets, big end first. Never raises.

    A lone surrogate becomes U+FFFD; an odd octet at the end is left out.
    """
    return data[: len(data) & ~1].decode("utf-16-be", "replace")


def _plain_encode(text: str, codec: str, name: str) -> bytes:
    try:
        return text.encode(codec)
    except UnicodeEncodeError as error:
        raise NotInAlphabet(text[error.start], error.start, name) from None


def encode(
    text: str,
    encoding: Encoding | Charset,
    default_alphabet: str = "gsm7",
    *,
    fill: int = 0,
    shift: Shift | None = None,
) -> bytes:
    """The text's octets as a peer with this default alphabet wants them.

    GSM7 means "what the peer takes for data_coding 0": at a Latin-1 or ASCII peer the octets are in that
    alphabet, at a packed one the septets are packed after `fill` bits. `shift` is what the header before the
    octets says of national tables; a peer with another alphabet than GSM's has none of them. Raises
    NotInAlphabet when a character does not fit, ValueError for BINARY (that is no text) or an unknown default
    alphabet.
    """
    if encoding is _GSM7:
        if default_alphabet == "gsm7":
            return gsm_encode(text) if shift is None else shift.encode(text)
        if default_alphabet == PACKED:
            return septets.pack(gsm_encode(text) if shift is None else shift.encode(text), fill)
        encoding = encoding_of(0, default_alphabet)
    if encoding is _UCS2:
        return ucs2_encode(text)
    if encoding is _LATIN1:
        return _plain_encode(text, "latin-1", "Latin-1")
    if encoding is _ASCII:
        return _plain_encode(text, "ascii", "ASCII")
    if isinstance(encoding, Charset):
        return charset_encode(text, encoding)
    raise ValueError("binary content has octets, not a text to encode")


def decode(
    data: bytes,
    data_coding: int,
    default_alphabet: str = "gsm7",
    *,
    fill: int = 0,
    shift: Shift | None = None,
) -> tuple[str | None, Encoding]:
    """The text of a short_message and what it was encoded in; the text is None when octets would be lost.

    So a text that is given encodes back to the very same octets, and where it is None the caller keeps the
    octets: binary content, a character set of `Charset` (see `read_text`), an undefined ESC pair, an octet
    above 0x7F in GSM or ASCII, an odd number of octets or a lone surrogate in UCS-2. `display_text` shows
    such octets as well as they can be shown.

    `default_alphabet` is what data_coding 0 means at the peer, one of DEFAULT_ALPHABETS. With "gsm7-packed"
    the octets are packed septets after `fill` bits, and a last '@' that may as well be padding is left out.
    `shift` is what the header before the octets says of national tables (`shifts.shift_of`). Some of them
    have a character twice: such a text encodes back to the same characters, maybe not to the same septets.
    Raises ValueError like `encoding_of`, and nothing else.
    """
    encoding = encoding_of(data_coding, default_alphabet)
    if encoding is _GSM7:
        if default_alphabet == PACKED:
            data = unpacked(data, fill)
        if shift is not None:
            return (shift.decode(data) if shift.knows(data) else None), _GSM7
        text = gsm_decode(data)
        if (data.isascii() and ESC not in data) or round_trips(data, text, _GSM7):
            return text, _GSM7
        return None, _GSM7
    if encoding is _UCS2:
        try:
            return data.decode("utf-16-be"), _UCS2
        except UnicodeDecodeError:
            return None, _UCS2
    if encoding is _LATIN1:
        return data.decode("latin-1"), _LATIN1
    if encoding is _ASCII:
        return (data.decode("ascii") if data.isascii() else None), _ASCII
    return None, _BINARY


def read_text(
    data: bytes,
    data_coding: int,
    default_alphabet: str = "gsm7",
    *,
    fill: int = 0,
    shift: Shift | None = None,
) -> tuple[str | None, Encoding | Charset]:
    """Like `decode`, and the character sets of data_coding 5, 6, 7, 10, 13 and 14 are read, too.

    For whoever wants the text itself: an inbox, a keyword, a log. A gateway that only carries the octets on
    does better to leave them as they are.
    """
    charset = charset_of(data_coding)
    if charset is not None:
        return charset_decode(data, charset), charset
    return decode(data, data_coding, default_alphabet, fill=fill, shift=shift)


def unpacked(data: bytes, fill: int) -> bytes:
    """Packed septets after `fill` bits (0..6), one per octet, as SMPP carries them.

    A last '@' is left out where it may as well be padding: seven spare bits look like one, and SMPP carries
    no septet count.
    """
    found = septets.unpack(data, fill)
    if found.endswith(b"\0") and (len(data) * 8 - fill) % 7 == 0:
        return found[:-1]
    return found


def round_trips(data: bytes, text: str, encoding: Encoding | Charset, default_alphabet: str = "gsm7") -> bool:
    """Whether the text encodes to exactly these octets, so that nothing is lost by keeping the text alone."""
    try:
        return encode(text, encoding, default_alphabet) == data
    except NotInAlphabet:
        return False


def display_text(
    data: bytes,
    data_coding: int,
    default_alphabet: str = "gsm7",
    *,
    fill: int = 0,
    shift: Shift | None = None,
) -> str:
    """The octets as a person can best read them: for logs, previews and keywords, never to be sent on.

    Text with U+FFFD for what does not decode, hexadecimal for binary content. Raises ValueError like
    `encoding_of`, and nothing else.
    """
    encoding = encoding_of(data_coding, default_alphabet)
    if encoding is _GSM7:
        if default_alphabet == PACKED:
            data = unpacked(data, fill)
        return gsm_decode(data) if shift is None else shift.decode(data)
    if encoding is _UCS2:
        return ucs2_decode(data)
    if encoding is _LATIN1:
        return data.decode("latin-1")
    if encoding is _ASCII:
        return data.decode("ascii", "replace")
    charset = charset_of(data_coding)
    return data.hex() if charset is None else charset_display(data, charset)
