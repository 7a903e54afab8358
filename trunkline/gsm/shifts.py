"""National language shift tables at work (3GPP TS 23.038 section 6.2.1.2, 23.040 section 9.2.3.24.15).

A header element says that a language's table stands in the place of the basic table (locking shift), of the
extension table (single shift), or one each. A text in such a language stays in septets: 155 of them in a
message with one element, where UCS-2 has room for 70 characters.

Octets are unpacked, one septet per octet, as in `alphabets`.
"""

import codecs
import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from trunkline.gsm.errors import MalformedUdh, NotInAlphabet
from trunkline.gsm.tables import (
    BASIC_TABLE,
    EXTENSION_TABLE,
    IDENTIFIERS,
    LOCKING_TABLES,
    SINGLE_TABLES,
    UNDEFINED,
    Language,
)
from trunkline.gsm.udh import NATIONAL_LOCKING_SHIFT, NATIONAL_SINGLE_SHIFT, Element, split

_REPLACEMENT = "\ufffd"
_ESC = "\x1b"
_ESC_PAIR = re.compile("\x1b(.?)", re.DOTALL)
_LANGUAGES = {identifier: language for language, identifier in IDENTIFIERS.items()}


class _Codec(NamedTuple):
    codes: dict[int, bytes]  # a code point's septets: one, or two with ESC
    characters: str  # by septet; that of a septet after ESC is 0x100 further on
    known: frozenset[str]  # the indices into `characters` that have a meaning, as characters


class Shift(NamedTuple):
    """Whose tables a text is written in; None is the default table.

    Every method raises ValueError for Spanish as the locking language: it has no such table.
    """

    locking: Language | None = None
    single: Language | None = None

    def elements(self) -> tuple[Element, ...]:
        """The header elements that say so."""
        elements = []
        if self.single is not None:
            elements.append(Element(NATIONAL_SINGLE_SHIFT, bytes((IDENTIFIERS[self.single],))))
        if self.locking is not None:
            _codec(self)
            elements.append(Element(NATIONAL_LOCKING_SHIFT, bytes((IDENTIFIERS[self.locking],))))
        return tuple(elements)

    def encode(self, text: str) -> bytes:
        """The text's septets, with ESC pairs. Raises NotInAlphabet for a character in neither table."""
        try:
            return codecs.charmap_encode(text, "strict", _codec(self).codes)[0]
        except UnicodeEncodeError as error:
            raise NotInAlphabet(text[error.start], error.start, str(self)) from None

    def length(self, text: str) -> int:
        """Length in septets; a character of the single shift table counts two. Raises NotInAlphabet."""
        return len(self.encode(text))

    def decode(self, data: bytes) -> str:
        """The septets' text. Never raises for what they are.

        As `gsm_decode` does: ESC before a code that the single shift table does not have gives the other
        table's character, ESC before ESC or at the end a space. A code without a meaning and an octet above
        0x7F become U+FFFD.
        """
        return _indices(data).translate(_codec(self).characters)

    def knows(self, data: bytes) -> bool:
        """Whether every septet and ESC pair has a meaning, so that nothing is lost by keeping the text alone.

        The text may encode to other septets all the same: some tables have a character twice.
        """
        return _codec(self).known.issuperset(_indices(data))

    def __str__(self) -> str:
        tables = []
        if self.locking is not None:
            tables.append(f"{self.locking.capitalize()} locking shift")
        if self.single is not None:
            tables.append(f"{self.single.capitalize()} single shift")
        return f"GSM 03.38 with {' and '.join(tables)}" if tables else "GSM 03.38"


def _indices(data: bytes) -> str:
    """A character for each septet or ESC pair: its index into `_Codec.characters`."""
    text = data.decode("latin-1")
    return _ESC_PAIR.sub(_index, text) if _ESC in text else text


def _index(pair: re.Match[str]) -> str:
    # ESC at the very end is read like ESC ESC.
    return chr(0x100 + ord(pair[1] or _ESC))


@cache
def _codec(shift: Shift) -> _Codec:
    locking, single = BASIC_TABLE, EXTENSION_TABLE
    if shift.locking is not None:
        try:
            locking = LOCKING_TABLES[shift.locking]
        except KeyError:
            raise ValueError(f"{shift.locking.capitalize()} has no locking shift table") from None
    if shift.single is not None:
        single = SINGLE_TABLES[shift.single]
    codes = {ord(char): bytes((0x1B, code)) for code, char in sorted(single.items())}
    # What both tables have is sent without ESC.
    codes |= {ord(char): bytes((code,)) for code, char in enumerate(locking) if char not in {_ESC, UNDEFINED}}
    plain = locking.replace(UNDEFINED, _REPLACEMENT).replace(_ESC, " ")
    after_esc = "".join(single.get(code, plain[code]) for code in range(0x80))
    known = {chr(code) for code, char in enumerate(locking) if char not in {_ESC, UNDEFINED}}
    known |= {chr(0x100 + code) for code in single}
    return _Codec(codes, plain + _REPLACEMENT * 0x80 + after_esc + _REPLACEMENT * 0x80, frozenset(known))


def shift_of(elements: Iterable[Element]) -> Shift | None:
    """What a header says about the tables of the text after it, or None when it says nothing.

    An identifier that stands for no table and an element of a wrong length are ignored; of several the last
    one counts (3GPP TS 23.040 sections 9.2.3.24 and 9.2.3.24.15).
    """
    locking = single = None
    for identifier, data in elements:
        if len(data) != 1:
            continue
        language = _LANGUAGES.get(data[0])
        if identifier == NATIONAL_SINGLE_SHIFT and language is not None:
            single = language
        elif identifier == NATIONAL_LOCKING_SHIFT and language in LOCKING_TABLES:
            locking = language
    return Shift(locking, single) if locking is not None or single is not None else None


def shift_in(header: bytes) -> Shift | None:
    """Like `shift_of`, of a header's octets with its length octet, or b"". A malformed one says nothing.

    Cheap where there is no shift, so that it can be asked of every part.
    """
    if b"\x24\x01" not in header and b"\x25\x01" not in header:
        return None
    try:
        return shift_of(split(header)[0])
    except MalformedUdh:
        return None


def shifts_for(languages: Iterable[Language]) -> tuple[Shift, ...]:
    """Every way to write in one of these languages, those with the shorter header first."""
    one, two = [], []
    for language in dict.fromkeys(languages):
        one.append(Shift(single=language))
        if language in LOCKING_TABLES:
            one.append(Shift(locking=language))
            two.append(Shift(locking=language, single=language))
    return (*one, *two)
