import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trunkline.gsm.alphabets import BASIC_TABLE, EXTENSION_TABLE, is_gsm
from trunkline.gsm.transliteration import transliterate

GSM_CHARACTERS = BASIC_TABLE.replace("\x1b", "") + "".join(EXTENSION_TABLE.values())


@pytest.mark.parametrize(
    ("text", "typed", "changed"),
    [
        ("“Hi” \u2018you\u2019 «there» \u2039a\u203a `b\u00b4", "\"Hi\" 'you' \"there\" 'a' 'b'", 10),
        ("a\u2010b\u2011c\u2012d\u2013e—f―g\u2212h", "a-b-c-d-e-f-g-h", 7),
        ("wait…", "wait...", 1),
        ("a\u00a0b\u2009c\u202fd\u3000e", "a b c d e", 4),
        ("a\u200bb\u200dc\ufeffd\u00ade", "abcde", 4),
        ("a\tb\u2028c", "a b\nc", 2),
        ("• one ‣ two ● three", "- one - two - three", 3),
        ("½ ¼ ⅔ 1½", "1/2 1/4 2/3 1 1/2", 4),
        ("m² 10² x₁ 10₂", "m2 10^2 x1 102", 4),
        ("ﬁne oﬃce ĳs", "fine office ijs", 3),
        ("①② ⑶ ⒋", "(1)(2) (3) 4.", 4),
        ("© ® ™ № ℃ 20°", "(c) (r) TM No degC 20deg", 6),
        ("± \u00d7 ÷ ≤ ≥ ≠ →", "+/- x / <= >= != ->", 7),
        ("₹500 ₽5 ₺7", "Rs500 RUB5 TL7", 3),
        ("\uff26\uff35\uff2c\uff2c\uff11", "FULL1", 5),
        ("\U0001d401\U0001d428\U0001d425\U0001d41d \u210b", "Bold H", 5),
        ("1️⃣", "1", 2),
        # accented letters
        ("áâãçêëíîïóôõúûÁÀÂÃÊÍÓÔÕÚ", "aaaceeiiiooouuAAAAEIOOOU", 24),
        ("Čeština ěščřžů", "Cestina escrzu", 8),
        ("Łódź żółć", "Lodz zolc", 7),
        ("ğışİĞŞ", "gisIGS", 6),
        ("ðþæøßłđħœŒŋ", "dthæøßldhoeOEn", 8),
        ("őűŐŰ", "öüÖÜ", 4),
        ("ế ǖ ǻ ǭ Ǟ ǿ", "é ü å o Ä ø", 6),
        ("Tiếng Việt, Hà Nội, đồng", "Tiéng Viet, Hà Noi, dòng", 5),
        ("e\u0301 a\u0308 c\u0327 x\u0301 q\u0323\u0301", "é ä c x q", 6),
        ("\u212b \u2126 \u212a", "Å Ω K", 3),
        ("O\u02bbzbekcha", "O'zbekcha", 1),
    ],
)
def test_what_people_type_instead(text: str, typed: str, changed: int) -> None:
    assert transliterate(text) == (typed, changed)


@pytest.mark.parametrize(
    "text",
    [
        "Привет “мир”",
        "“x” 😀",
        "مرحبا…",
        "日本—",
        "한글…",
        "が…",
        "й…",
        "\u03b1…",
        "≮ …",  # not to become "<"
        "5\u0338 …",  # a stroke through a digit is no accent
        "\u0301 …",  # an accent on nothing
        "“\ud800”",
        "\0 …",
        "\x1b …",
        "\ufffe …",
        "क…",
    ],
)
def test_what_cannot_wholly_become_gsm_stays_as_it_is(text: str) -> None:
    assert transliterate(text) == (text, 0)


@given(st.text(st.sampled_from(GSM_CHARACTERS)))
def test_gsm_text_is_never_changed(text: str) -> None:
    assert transliterate(text) == (text, 0)


everything = st.text(st.characters(max_codepoint=0x2FFF) | st.sampled_from("aé5“…½²ﬁ\u0301\u200b"))


@given(everything | st.text())
@example("1\u0301")
def test_all_or_nothing(text: str) -> None:
    typed, changed = transliterate(text)
    if changed:
        assert is_gsm(typed)
        assert not is_gsm(text)
        assert changed == sum(not is_gsm(char) for char in text)
        assert transliterate(typed) == (typed, 0)
    else:
        assert typed == text


def test_every_latin_letter_with_accents_has_a_nearest_one() -> None:
    count = 0
    for point in range(0xC0, 0x2000):
        char = chr(point)
        apart = unicodedata.normalize("NFD", char)
        if len(apart) > 1 and apart[0].isascii() and apart[0].isalpha() and not is_gsm(char):
            typed, changed = transliterate(char)
            assert changed == 1, hex(point)
            assert unicodedata.normalize("NFD", typed)[0] == apart[0]
            count += 1
    assert count > 400
