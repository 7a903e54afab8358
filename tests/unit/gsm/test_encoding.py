import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.gsm.data_coding import Charset, Encoding
from trunkline.gsm.encoding import choose, units
from trunkline.gsm.errors import LoneSurrogate, NotInAlphabet, UnsupportedCoding
from trunkline.gsm.shifts import Shift
from trunkline.gsm.tables import Language


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("", Encoding.GSM7),
        ("Hello @ £5 [€]", Encoding.GSM7),
        ("`", Encoding.UCS2),
        ("ç", Encoding.UCS2),
        ("مرحبا", Encoding.UCS2),
        ("ok 😀", Encoding.UCS2),
    ],
)
def test_gsm_where_it_fits_else_ucs2(text: str, encoding: Encoding) -> None:
    assert choose(text) is encoding


def test_a_wish_is_followed() -> None:
    assert choose("plain", 0) is Encoding.GSM7
    assert choose("plain", 1) is Encoding.ASCII
    assert choose("ç", 3) is Encoding.LATIN1
    assert choose("plain", 8) is Encoding.UCS2


@pytest.mark.parametrize(
    ("coding", "text", "char"), [(0, "abç", "ç"), (0, "ab\x1b", "\x1b"), (1, "abç", "ç"), (3, "éb€", "€")]
)
def test_a_wish_that_cannot_be_followed_names_the_character(coding: int, text: str, char: str) -> None:
    with pytest.raises(NotInAlphabet) as caught:
        choose(text, coding)
    assert (caught.value.char, caught.value.position) == (char, 2)


@pytest.mark.parametrize("coding", [2, 4, 5, 7, 16, -1, 999])
def test_a_wish_for_what_carries_no_text(coding: int) -> None:
    with pytest.raises(UnsupportedCoding, match=f"data_coding {coding} cannot carry a text"):
        choose("plain", coding)


@pytest.mark.parametrize("coding", [None, 8])
def test_half_a_pair_has_no_encoding(coding: int | None) -> None:
    with pytest.raises(LoneSurrogate):
        choose("a\ud800", coding)


def test_units() -> None:
    assert units("a€", Encoding.GSM7) == 3
    assert units("a😀", Encoding.UCS2) == 3
    assert units("aé", Encoding.LATIN1) == 2
    assert units("ab", Encoding.ASCII) == 2
    assert units("aş", Encoding.GSM7, Shift(single=Language.TURKISH)) == 3
    assert units("aş", Encoding.GSM7, Shift(locking=Language.TURKISH)) == 2
    assert units("a日", Charset.ISO2022JP) == 9
    with pytest.raises(ValueError, match="binary content"):
        units("", Encoding.BINARY)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400))
def test_every_text_has_an_encoding(text: str) -> None:
    encoding = choose(text)
    assert units(text, encoding) >= len(text)
