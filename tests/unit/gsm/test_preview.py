import pytest

from trunkline.gsm.data_coding import Charset, Encoding
from trunkline.gsm.errors import NotInAlphabet, UnsupportedCoding
from trunkline.gsm.preview import Alternative, Preview, inspect
from trunkline.gsm.segmentation import LongMessage
from trunkline.gsm.shifts import Shift
from trunkline.gsm.tables import Language


def test_a_short_text() -> None:
    assert inspect("Hi €5") == Preview(Encoding.GSM7, 5, (6,), (154,), "")
    assert inspect("") == Preview(Encoding.GSM7, 0, (0,), (160,), "")


def test_a_long_text_with_a_pair_on_the_edge() -> None:
    assert inspect("x" * 152 + "€" + "y" * 20) == Preview(Encoding.GSM7, 173, (152, 22), (1, 131), "")
    assert inspect("x" * 161, method=LongMessage.UDH16).room == (0, 143)


def test_the_characters_that_make_it_ucs2() -> None:
    assert inspect("ça va 😀 ça?") == Preview(Encoding.UCS2, 11, (12,), (58,), "ç😀")


def test_a_wish() -> None:
    assert inspect("plain", 8) == Preview(Encoding.UCS2, 5, (5,), (65,), "")
    with pytest.raises(NotInAlphabet):
        inspect("ça", 0)


def test_too_many_parts_are_counted() -> None:
    assert inspect("x" * 153 * 256).parts == 256


def test_the_alternative_in_gsm() -> None:
    text = "“Smart” quotes… " * 6
    assert inspect(text) == Preview(
        Encoding.UCS2, 96, (67, 29), (0, 38), "“”…", None, Alternative('"Smart" quotes... ' * 6, 18, 1)
    )
    long = inspect("“" + "x" * 160, method=LongMessage.UDH16)
    assert (long.parts, long.transliterated) == (3, Alternative('"' + "x" * 160, 1, 2))
    assert inspect("“plain”", 8).transliterated == Alternative('"plain"', 2, 1)
    assert inspect("plain", 8).transliterated is None
    assert inspect("Привет…").transliterated is None


def test_a_language() -> None:
    text = "İstanbul'da \u0131ş\u0131klar " * 5
    assert inspect(text).parts == 2
    preview = inspect(text, languages=[Language.SPANISH, Language.TURKISH])
    assert preview == Preview(
        Encoding.GSM7,
        100,
        (100,),
        (55,),
        "İ\u0131ş",
        Shift(locking=Language.TURKISH),
        Alternative("Istanbul'da isiklar " * 5, 20, 1),
    )
    assert preview.language is Language.TURKISH
    assert inspect("á" * 71, languages=[Language.SPANISH]).language is Language.SPANISH
    assert inspect("plain", languages=Language).language is None
    assert inspect("ş" + "x" * 154, languages=[Language.TURKISH]).room == (0,)


def test_a_character_set() -> None:
    assert inspect("Привет", 6) == Preview(Charset.CYRILLIC, 6, (6,), (134,), "Привет")
    assert inspect("日" * 70, 10).room == (0, 116)
    with pytest.raises(UnsupportedCoding):
        inspect("plain", 4)
