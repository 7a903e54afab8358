"""The character sets of data_coding 5, 6, 7, 10, 13 and 14 (SMPP 3.4 section 5.2.19), by Python's codecs.

The list names some of them by a set of characters, not by a way to write it. What is meant here is what SMSCs
and other stacks take them for: Shift JIS for JIS X 0208, EUC-JP for JIS X 0212 and EUC-KR for KS C 5601.
"""

from typing import NamedTuple

from trunkline.gsm.data_coding import Charset
from trunkline.gsm.errors import NotInAlphabet


class _Codec(NamedTuple):
    python: str
    name: str
    most_octets: int  # of one character, with the escape sequences before and after it


_CODECS = {
    Charset.JIS: _Codec("shift_jis", "Shift JIS", 2),
    Charset.CYRILLIC: _Codec("iso8859_5", "ISO 8859-5", 1),
    Charset.HEBREW: _Codec("iso8859_8", "ISO 8859-8", 1),
    Charset.ISO2022JP: _Codec("iso2022_jp", "ISO-2022-JP", 8),
    Charset.KANJI: _Codec("euc_jp", "EUC-JP", 3),
    Charset.KOREAN: _Codec("euc_kr", "EUC-KR", 8),  # a syllable that the set lacks is spelt in four letters
}


def charset_encode(text: str, charset: Charset) -> bytes:
    """The text's octets. Raises NotInAlphabet, naming the first character that the set lacks."""
    codec = _CODECS[charset]
    try:
        return text.encode(codec.python)
    except UnicodeEncodeError as error:
        raise NotInAlphabet(text[error.start], error.start, codec.name) from None


def charset_decode(data: bytes, charset: Charset) -> str | None:
    """The octets' text, or None when it would not encode back to the very same octets."""
    python = _CODECS[charset].python
    try:
        text = data.decode(python)
        return text if text.encode(python) == data else None
    except UnicodeError:
        return None


def charset_display(data: bytes, charset: Charset) -> str:
    """The octets' text with U+FFFD for what does not decode."""
    return data.decode(_CODECS[charset].python, "replace")


def most_octets(charset: Charset) -> int:
    """The most octets that one character can take."""
    return _CODECS[charset].most_octets
