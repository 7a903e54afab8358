"""Which encoding a text is sent in, and how long it is in it (SMPP 3.4 section 5.2.19)."""

from trunkline.gsm.alphabets import gsm_length, is_gsm, ucs2_encode
from trunkline.gsm.charsets import charset_encode
from trunkline.gsm.data_coding import Charset, Encoding, data_coding_for
from trunkline.gsm.errors import NotInAlphabet, UnsupportedCoding
from trunkline.gsm.shifts import Shift

__all__ = ["Encoding", "choose", "data_coding_for", "units"]

_GSM7, _UCS2, _LATIN1, _ASCII, _BINARY = Encoding

_TEXT_ENCODINGS = {0: _GSM7, 1: _ASCII, 3: _LATIN1, 8: _UCS2}


def choose(text: str, coding: int | None = None) -> Encoding:
    """The encoding to send a text in: GSM when every character is in it, else UCS-2.

    `coding` is the sender's wish as a data_coding: 0 for GSM, 1 for ASCII, 3 for Latin-1, 8 for UCS-2.
    Raises NotInAlphabet naming the first character that does not fit the wish, LoneSurrogate for text that
    is not made of characters, UnsupportedCoding for any other wish. `choice.choose_among` knows more ways:
    national languages and further character sets.
    """
    if coding is None:
        if is_gsm(text):
            return _GSM7
        encoding = _UCS2
    else:
        try:
            encoding = _TEXT_ENCODINGS[coding]
        except KeyError:
            raise UnsupportedCoding(coding) from None
    units(text, encoding)  # raises for what does not fit
    return encoding


def units(text: str, encoding: Encoding | Charset, shift: Shift | None = None) -> int:
    """The length in what the encoding counts: septets for GSM7, 16-bit code units for UCS2, else octets.

    `shift` has the national tables of a GSM7 text. Raises NotInAlphabet (LoneSurrogate for UCS2) when the
    text has a character the encoding lacks, ValueError for BINARY.
    """
    if encoding is _GSM7:
        return gsm_length(text) if shift is None else shift.length(text)
    if encoding is _UCS2:
        return len(ucs2_encode(text)) >> 1
    if encoding is _BINARY:
        raise ValueError("binary content has octets, not a text to measure")
    if isinstance(encoding, Charset):
        return len(charset_encode(text, encoding))
    limit, name = (0x7F, "ASCII") if encoding is _ASCII else (0xFF, "Latin-1")
    if not text.isascii():
        for position, char in enumerate(text):
            if ord(char) > limit:
                raise NotInAlphabet(char, position, name)
    return len(text)
