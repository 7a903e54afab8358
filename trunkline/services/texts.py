"""What a text will become, for whoever is still writing it: encoding, parts, and what makes it long."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from trunkline.gsm.data_coding import Charset, Encoding, data_coding_for
from trunkline.gsm.errors import TextError
from trunkline.gsm.preview import Preview, inspect
from trunkline.gsm.segmentation import MAX_PARTS, LongMessage
from trunkline.gsm.tables import Language
from trunkline.gsm.transliteration import transliterate
from trunkline.services.accounts import InvalidInput

C = TypeVar("C", bound=StrEnum)

UNITS = {Encoding.GSM7: "septets", Encoding.UCS2: "16-bit units"}


@dataclass(slots=True, frozen=True)
class Culprit:
    """A character outside the GSM alphabet, and what "smart encoding" would write for it."""

    character: str
    name: str
    code_point: str  # U+201C
    count: int
    replacement: str | None  # None: there is none, "": it is left out


@dataclass(slots=True, frozen=True)
class SmartEncoding:
    """The same text as "smart encoding" sends it."""

    text: str
    changed: int  # characters
    parts: int


@dataclass(slots=True, frozen=True)
class TextReport:
    """The figures of a text. `unit` names what `units` and `units_left` count."""

    encoding: str
    data_coding: int
    language: str | None  # whose national tables it takes
    characters: int
    units: int
    unit: str
    parts: int
    units_per_part: tuple[int, ...]
    units_left: int  # in the last part
    not_gsm: tuple[Culprit, ...]
    smart_encoding: SmartEncoding | None  # None: it would change nothing


def inspect_text(
    text: str,
    *,
    coding: int | None = None,
    long_message: str = LongMessage.UDH8,
    languages: Sequence[str] = (),
    smart: bool = False,
) -> TextReport:
    """Looks at a text as it would be sent; `smart` as an account with "smart encoding" sends it.

    Raises `InvalidInput` naming the argument.
    """
    method = _choice("long_message", long_message, LongMessage)
    tables = [_choice("language", each, Language) for each in languages]
    if "\0" in text:
        raise InvalidInput("text", "has a NUL character (U+0000)")
    try:
        preview = inspect(text, coding, method, tables)
        if smart and coding is None and preview.encoding is Encoding.UCS2:
            preview = inspect(transliterate(text)[0], coding, method, tables)
    except TextError as error:
        raise InvalidInput("coding" if coding is not None else "text", str(error)) from None
    if preview.parts > MAX_PARTS:
        raise InvalidInput("text", f"takes {preview.parts} parts, {MAX_PARTS} is the most")
    return _report(text, preview)


def _report(text: str, preview: Preview) -> TextReport:
    alternative = preview.transliterated
    encoding = preview.encoding
    return TextReport(
        encoding=encoding.value,
        data_coding=data_coding_for(encoding),
        language=preview.language.value if preview.language is not None else None,
        characters=preview.characters,
        units=preview.units,
        unit=_unit(encoding),
        parts=preview.parts,
        units_per_part=preview.units_per_part,
        units_left=preview.room[-1],
        not_gsm=tuple(_culprits(text, preview.not_gsm)),
        smart_encoding=None
        if alternative is None
        else SmartEncoding(alternative.text, alternative.changed, alternative.parts),
    )


def _culprits(text: str, characters: Iterable[str]) -> Iterable[Culprit]:
    for character in characters:
        typed, changed = transliterate(character)
        yield Culprit(
            character,
            unicodedata.name(character, ""),
            f"U+{ord(character):04X}",
            text.count(character),
            typed if changed else None,
        )


def _unit(encoding: Encoding | Charset) -> str:
    return UNITS.get(encoding, "octets") if isinstance(encoding, Encoding) else "octets"


def _choice(field: str, value: str, choices: type[C]) -> C:
    try:
        return choices(value)
    except ValueError:
        raise InvalidInput(field, f"must be one of {', '.join(each.value for each in choices)}") from None
