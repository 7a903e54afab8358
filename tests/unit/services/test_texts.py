"""What a text will become."""

import pytest

from trunkline.services.accounts import InvalidInput
from trunkline.services.texts import Culprit, SmartEncoding, inspect_text

TURKISH = "şaka ve ağaç, " * 9


def test_plain() -> None:
    report = inspect_text("5 €" + "x" * 158)
    assert (report.encoding, report.data_coding, report.unit) == ("gsm7", 0, "septets")
    assert (report.characters, report.units, report.parts) == (161, 162, 2)
    assert (report.units_per_part, report.units_left) == ((153, 9), 144)
    assert (report.not_gsm, report.smart_encoding, report.language) == ((), None, None)


def test_what_makes_it_long() -> None:
    report = inspect_text("“a” “Ж")
    assert (report.encoding, report.unit, report.parts) == ("ucs2", "16-bit units", 1)
    assert report.not_gsm == (
        Culprit("“", "LEFT DOUBLE QUOTATION MARK", "U+201C", 2, '"'),
        Culprit("”", "RIGHT DOUBLE QUOTATION MARK", "U+201D", 1, '"'),
        Culprit("Ж", "CYRILLIC CAPITAL LETTER ZHE", "U+0416", 1, None),
    )
    assert report.smart_encoding is None  # Ж stays, so the text stays as it is


def test_smart() -> None:
    text = "“" + "x" * 100 + "”"
    report = inspect_text(text)
    assert (report.parts, report.smart_encoding) == (2, SmartEncoding('"' + "x" * 100 + '"', 2, 1))
    report = inspect_text(text, smart=True)
    assert (report.encoding, report.parts, report.smart_encoding) == ("gsm7", 1, None)
    assert inspect_text(text, smart=True, coding=8).encoding == "ucs2"
    report = inspect_text(TURKISH, smart=True, languages=["turkish"])
    assert (report.parts, report.language) == (1, "turkish")


def test_languages_methods_and_character_sets() -> None:
    report = inspect_text(TURKISH, languages=["turkish"])
    assert (report.encoding, report.language, report.parts) == ("gsm7", "turkish", 1)
    assert inspect_text("x" * 305, long_message="udh8").parts == 2
    assert inspect_text("x" * 305, long_message="udh16").parts == 3
    report = inspect_text("Привет", coding=6)
    assert (report.encoding, report.data_coding, report.unit) == ("cyrillic", 6, "octets")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"long_message": "udh"}, "long_message"),
        ({"languages": ["klingon"]}, "language"),
        ({"coding": 0, "text": "Ж"}, "coding"),
        ({"coding": 4}, "coding"),
        ({"text": "a\0"}, "text"),
        ({"text": "\ud83d"}, "text"),
        ({"text": "x" * 40_000}, "text"),
    ],
)
def test_what_cannot_be_looked_at(fields: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        inspect_text(**({"text": "hello"} | fields))
    assert caught.value.field == field
