import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.gsm.alphabets import decode, display_text, encode, read_text, round_trips
from trunkline.gsm.charsets import charset_decode, charset_encode, most_octets
from trunkline.gsm.data_coding import Charset, Encoding, data_coding_for
from trunkline.gsm.encoding import units
from trunkline.gsm.errors import NotInAlphabet

# By hand from the sets' own tables.
SAMPLES = [
    (Charset.JIS, 5, "日本 A", "93FA 967B 20 41"),
    (Charset.CYRILLIC, 6, "Привет №1", "BF E0 D8 D2 D5 E2 20 F0 31"),
    (Charset.HEBREW, 7, "שלום", "F9 EC E5 ED"),
    (Charset.ISO2022JP, 10, "A日本B", "41 1B2442 467C 4B5C 1B2842 42"),
    (Charset.KANJI, 13, "日本丂A", "C6FC CBDC 8FB0A1 41"),  # the third is in JIS X 0212 only
    (Charset.KOREAN, 14, "한글 A", "C7D1 B1DB 20 41"),
]


@pytest.mark.parametrize(("charset", "data_coding", "text", "octets"), SAMPLES)
def test_samples(charset: Charset, data_coding: int, text: str, octets: str) -> None:
    data = bytes.fromhex(octets)
    assert charset_encode(text, charset) == encode(text, charset) == data
    assert charset_decode(data, charset) == text
    assert read_text(data, data_coding) == (text, charset)
    assert display_text(data, data_coding) == text
    assert data_coding_for(charset) == data_coding
    assert units(text, charset) == len(data)
    assert round_trips(data, text, charset)
    # Who only carries octets on gets them as they came.
    assert decode(data, data_coding) == (None, Encoding.BINARY)


@pytest.mark.parametrize(
    ("charset", "octets", "shown"),
    [
        (Charset.JIS, "93", "\ufffd"),  # half a character
        (Charset.JIS, "41FF", "A\ufffd"),
        (Charset.HEBREW, "A1", "\ufffd"),  # nothing there
        (Charset.ISO2022JP, "1B2442467C", "日"),  # does not return to ASCII
        (Charset.ISO2022JP, "1B284241", "A"),  # an escape sequence too many
        (Charset.ISO2022JP, "80", "\ufffd"),
        (Charset.KANJI, "8FB0", "\ufffd"),
        (Charset.KOREAN, "C7", "\ufffd"),
    ],
)
def test_octets_that_no_text_gives_back(charset: Charset, octets: str, shown: str) -> None:
    data = bytes.fromhex(octets)
    assert charset_decode(data, charset) is None
    assert read_text(data, data_coding_for(charset)) == (None, charset)
    assert display_text(data, data_coding_for(charset)) == shown


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        (Charset.JIS, "Shift JIS"),
        (Charset.CYRILLIC, "ISO 8859-5"),
        (Charset.HEBREW, "ISO 8859-8"),
        (Charset.ISO2022JP, "ISO-2022-JP"),
        (Charset.KANJI, "EUC-JP"),
        (Charset.KOREAN, "EUC-KR"),
    ],
)
def test_a_character_that_does_not_fit_is_named(charset: Charset, name: str) -> None:
    for char in ("😀", "\ud800"):
        with pytest.raises(NotInAlphabet) as caught:
            encode(f"ab{char}", charset)
        assert (caught.value.char, caught.value.position, caught.value.alphabet) == (char, 2, name)
        assert not round_trips(b"", char, charset)


charsets = st.sampled_from(Charset)


@given(charsets, st.binary())
def test_what_is_read_encodes_back(charset: Charset, data: bytes) -> None:
    text = charset_decode(data, charset)
    display_text(data, data_coding_for(charset))
    if text is not None:
        assert charset_encode(text, charset) == data


@given(charsets, st.characters())
def test_the_most_octets_of_a_character(charset: Charset, char: str) -> None:
    try:
        octets = charset_encode(char, charset)
    except NotInAlphabet:
        return
    assert len(octets) <= most_octets(charset)


@given(st.binary(), st.integers(0, 255), st.sampled_from(["gsm7", "gsm7-packed", "latin1", "ascii"]))
def test_any_other_coding_is_read_as_ever(data: bytes, data_coding: int, default_alphabet: str) -> None:
    text, encoding = read_text(data, data_coding, default_alphabet)
    if not isinstance(encoding, Charset):
        assert (text, encoding) == decode(data, data_coding, default_alphabet)
