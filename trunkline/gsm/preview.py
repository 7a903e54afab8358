"""What a text will become, for whoever is still writing it."""

from collections.abc import Iterable
from dataclasses import dataclass

from trunkline.gsm.alphabets import is_gsm
from trunkline.gsm.choice import choose_among
from trunkline.gsm.data_coding import Charset, Encoding
from trunkline.gsm.segmentation import LongMessage, capacity, count_parts, units_per_part
from trunkline.gsm.shifts import Shift
from trunkline.gsm.tables import Language
from trunkline.gsm.transliteration import transliterate


@dataclass(slots=True, frozen=True)
class Alternative:
    """The text in the GSM alphabet by `transliterate`: `changed` characters differ, and it takes `parts`."""

    text: str
    changed: int
    parts: int


@dataclass(slots=True, frozen=True)
class Preview:
    """The figures of a text.

    `characters` counts code points, `units_per_part` what the encoding counts (septets, code units or
    octets). `room` has for each part the units still free in it: the last one
    says how much more can be typed before the next part begins, an earlier one is 1 where a pair did not fit
    any more (a character set of several octets leaves as much as its next character takes). `not_gsm` has
    the characters that are outside the GSM alphabet, each once, in the order they appear.

    `shift` says which national tables the text takes, None where it takes none; `transliterated` is the way
    to have it wholly in the GSM alphabet, None where it is or where there is none.
    """

    encoding: Encoding | Charset
    characters: int
    units_per_part: tuple[int, ...]
    room: tuple[int, ...]
    not_gsm: str
    shift: Shift | None = None
    transliterated: Alternative | None = None

    @property
    def units(self) -> int:
        """The length of all parts together."""
        return sum(self.units_per_part)

    @property
    def parts(self) -> int:
        """How many parts the text takes."""
        return len(self.units_per_part)

    @property
    def language(self) -> Language | None:
        """The language of the national tables, or None."""
        return None if self.shift is None else self.shift.locking or self.shift.single


def inspect(
    text: str,
    coding: int | None = None,
    method: LongMessage = LongMessage.UDH8,
    languages: Iterable[Language] = (),
) -> Preview:
    """Look at a text as it would be sent with this wish for a coding, in these languages' tables if need be.

    Raises what `choice.choose_among` raises. More than 255 parts are counted, not refused.
    """
    choice = choose_among(text, coding, languages, method)
    encoding, shift = choice
    extra = choice.elements
    lengths = units_per_part(text, encoding, method, extra)
    size = capacity(encoding, method, alone=len(lengths) == 1, extra=extra)
    gsm = is_gsm(text)
    return Preview(
        encoding=encoding,
        characters=len(text),
        units_per_part=tuple(lengths),
        room=tuple(size - length for length in lengths),
        not_gsm="" if gsm else "".join(char for char in dict.fromkeys(text) if not is_gsm(char)),
        shift=shift,
        transliterated=None if gsm else _transliterated(text, method),
    )


def _transliterated(text: str, method: LongMessage) -> Alternative | None:
    typed, changed = transliterate(text)
    return Alternative(typed, changed, count_parts(typed, Encoding.GSM7, method)) if changed else None
