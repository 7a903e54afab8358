import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trunkline.gsm.alphabets import (
    decode,
    display_text,
    encode,
    gsm_decode,
    gsm_encode,
    gsm_length,
    is_gsm,
    round_trips,
    ucs2_decode,
    ucs2_encode,
)
from trunkline.gsm.data_coding import DEFAULT_ALPHABETS, Encoding, encoding_of
from trunkline.gsm.errors import LoneSurrogate, NotInAlphabet, TextError

# 3GPP TS 23.038 section 6.2.1, written out by code point so that it is not the table under test.
BASIC = {
    0x00: 0x0040, 0x01: 0x00A3, 0x02: 0x0024, 0x03: 0x00A5,
    0x04: 0x00E8, 0x05: 0x00E9, 0x06: 0x00F9, 0x07: 0x00EC,
    0x08: 0x00F2, 0x09: 0x00C7, 0x0A: 0x000A, 0x0B: 0x00D8,
    0x0C: 0x00F8, 0x0D: 0x000D, 0x0E: 0x00C5, 0x0F: 0x00E5,
    0x10: 0x0394, 0x11: 0x005F, 0x12: 0x03A6, 0x13: 0x0393,
    0x14: 0x039B, 0x15: 0x03A9, 0x16: 0x03A0, 0x17: 0x03A8,
    0x18: 0x03A3, 0x19: 0x0398, 0x1A: 0x039E,
    0x1C: 0x00C6, 0x1D: 0x00E6, 0x1E: 0x00DF, 0x1F: 0x00C9,
    0x24: 0x00A4,
    0x40: 0x00A1,
    0x5B: 0x00C4,
    0x5C: 0x00D6, 0x5D: 0x00D1, 0x5E: 0x00DC, 0x5F: 0x00A7,
    0x60: 0x00BF,
    0x7B: 0x00E4,
    0x7C: 0x00F6, 0x7D: 0x00F1, 0x7E: 0x00FC, 0x7F: 0x00E0,
}  # fmt: skip
# Everywhere else from 0x20 on the code is the ASCII one.
BASIC |= {code: code for code in range(0x20, 0x80) if code not in BASIC}

EXTENSION = {
    0x0A: 0x000C, 0x14: 0x005E, 0x28: 0x007B, 0x29: 0x007D, 0x2F: 0x005C,
    0x3C: 0x005B, 0x3D: 0x007E, 0x3E: 0x005D, 0x40: 0x007C, 0x65: 0x20AC,
}  # fmt: skip


GSM_CHARACTERS = [chr(point) for point in (*BASIC.values(), *EXTENSION.values())]
gsm_texts = st.text(st.sampled_from(GSM_CHARACTERS), max_size=700)
unicode_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)


def test_the_basic_table() -> None:
    assert len(BASIC) == 127
    for code, point in BASIC.items():
        assert gsm_encode(chr(point)) == bytes((code,)), hex(code)
        assert gsm_decode(bytes((code,))) == chr(point), hex(code)
        assert gsm_length(chr(point)) == 1


def test_the_extension_table() -> None:
    for code, point in EXTENSION.items():
        assert gsm_encode(chr(point)) == bytes((0x1B, code)), hex(code)
        assert gsm_decode(bytes((0x1B, code))) == chr(point), hex(code)
        assert gsm_length(chr(point)) == 2


def test_nothing_else_is_in_the_alphabet() -> None:
    known = {chr(point) for point in (*BASIC.values(), *EXTENSION.values())}
    assert len(known) == 137
    for point in range(0x11000):
        assert is_gsm(chr(point)) == (chr(point) in known), hex(point)


@given(gsm_texts)
def test_decoding_undoes_encoding(text: str) -> None:
    octets = gsm_encode(text)
    assert gsm_decode(octets) == text
    assert gsm_length(text) == len(octets)
    assert is_gsm(text)
    assert decode(octets, 0) == (text, Encoding.GSM7)


@given(st.binary())
def test_no_octets_crash_the_decoders(data: bytes) -> None:
    gsm_decode(data)
    ucs2_decode(data)


@given(unicode_texts)
@example("a\0bç")
@example("aç\0")
def test_what_is_not_gsm_is_refused_the_same_way_everywhere(text: str) -> None:
    bad = [position for position, char in enumerate(text) if not is_gsm(char)]
    assert is_gsm(text) == (not bad)
    if bad:
        for function in (gsm_encode, gsm_length):
            with pytest.raises(NotInAlphabet) as caught:
                function(text)
            assert caught.value.position == bad[0]
            assert caught.value.char == text[bad[0]]


@pytest.mark.parametrize(
    "char", ["`", "\0", "\x1b", "ç", "ش", "\t", "\ufffe", "\uffff", "😀", "\ud83d", "\x80"]
)
def test_a_character_that_does_not_fit_is_named(char: str) -> None:
    text = f"ab€{char}cd"
    assert not is_gsm(text)
    with pytest.raises(NotInAlphabet) as caught:
        gsm_encode(text)
    assert (caught.value.char, caught.value.position) == (char, 3)
    assert f"U+{ord(char):04X}) at position 3" in str(caught.value)
    assert "GSM 03.38" in str(caught.value)
    str(caught.value).encode()


def test_errors_are_value_errors_and_survive_pickling() -> None:
    error = pickle.loads(pickle.dumps(NotInAlphabet("`", 4, "ASCII")))
    assert issubclass(NotInAlphabet, TextError)
    assert issubclass(TextError, ValueError)
    assert (error.char, error.position, error.alphabet) == ("`", 4, "ASCII")


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"\x1ba", "a"),  # no such pair: the basic table's character
        (b"\x1b\x00", "@"),
        (b"\x1b\x0d", "\r"),
        (b"\x1b\x1b", " "),  # reserved for another table: a space
        (b"\x1b\x1be", " e"),
        (b"\x1b\x1b\x1be", " €"),
        (b"a\x1b", "a "),  # cut inside a pair
        (b"\x1b", " "),
        (b"a\x80\xff", "a\ufffd\ufffd"),  # no septets
        (b"\x1b\xe5", "\ufffd"),
    ],
)
def test_octets_without_a_meaning(octets: bytes, text: str) -> None:
    assert gsm_decode(octets) == text
    assert decode(octets, 0) == (None, Encoding.GSM7)
    assert not round_trips(octets, text, Encoding.GSM7)
    assert display_text(octets, 0) == text


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("", ""),
        ("Aش", "0041 0634"),
        ("€", "20AC"),
        ("😀", "D83D DE00"),
        ("\ufeffa", "FEFF 0061"),
    ],
)
def test_ucs2(text: str, octets: str) -> None:
    assert ucs2_encode(text) == bytes.fromhex(octets)
    assert ucs2_decode(bytes.fromhex(octets)) == text
    assert decode(bytes.fromhex(octets), 8) == (text, Encoding.UCS2)


@given(unicode_texts)
def test_ucs2_decoding_undoes_encoding(text: str) -> None:
    assert ucs2_decode(ucs2_encode(text)) == text


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("004100", "A"),  # an odd octet
        ("41", ""),
        ("D83D 0041", "\ufffdA"),
        ("DE00 0041", "\ufffdA"),
        ("0041 D83D", "A\ufffd"),
        ("0041 D83D DE", "A\ufffd"),
    ],
)
def test_damaged_ucs2_is_shown_and_its_octets_are_kept(octets: str, text: str) -> None:
    data = bytes.fromhex(octets)
    assert ucs2_decode(data) == display_text(data, 8) == text
    assert decode(data, 8) == (None, Encoding.UCS2)
    assert not round_trips(data, text, Encoding.UCS2)


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(LoneSurrogate, match=r"U\+DE00 at position 2 is half of a surrogate pair") as caught:
        ucs2_encode("ab\ude00c")
    assert (caught.value.char, caught.value.position) == ("\ude00", 2)


GSM, BINARY, UCS2 = Encoding.GSM7, Encoding.BINARY, Encoding.UCS2
# SMPP 3.4 section 5.2.19 below 0x10, 3GPP TS 23.038 section 4 from there.
DATA_CODINGS = [
    (0x00, GSM), (0x01, Encoding.ASCII), (0x02, BINARY), (0x03, Encoding.LATIN1), (0x04, BINARY),
    (0x05, BINARY), (0x06, BINARY), (0x07, BINARY), (0x08, UCS2), (0x09, BINARY),
    (0x0A, BINARY), (0x0D, BINARY), (0x0E, BINARY), (0x10, GSM), (0x13, GSM),
    (0x14, BINARY), (0x17, BINARY), (0x18, UCS2), (0x1B, UCS2), (0x1C, GSM),
    (0x20, BINARY), (0x28, BINARY), (0x3F, BINARY), (0x40, GSM), (0x44, BINARY),
    (0x48, UCS2), (0x50, GSM), (0x54, BINARY), (0x58, UCS2), (0x60, BINARY),
    (0x7F, BINARY), (0x80, GSM), (0xBF, GSM), (0xC0, GSM), (0xCB, GSM),
    (0xD0, GSM), (0xD8, GSM), (0xE0, UCS2), (0xEB, UCS2), (0xF0, GSM),
    (0xF3, GSM), (0xF4, BINARY), (0xF7, BINARY), (0xF8, GSM), (0xFF, BINARY),
]  # fmt: skip


@pytest.mark.parametrize(("data_coding", "encoding"), DATA_CODINGS)
def test_what_a_data_coding_stands_for(data_coding: int, encoding: Encoding) -> None:
    assert encoding_of(data_coding) == encoding
    text, found = decode(b"\x00a", data_coding)
    assert found == encoding
    expected = {GSM: "@a", UCS2: "a", Encoding.ASCII: "\0a", Encoding.LATIN1: "\0a", BINARY: None}
    assert text == expected[encoding]


@pytest.mark.parametrize("data_coding", [0x00, 0x10, 0xC0, 0xF0])
def test_the_default_alphabet_is_the_peers(data_coding: int) -> None:
    assert decode(b"caf\xe9", data_coding) == (None, Encoding.GSM7)
    assert decode(b"caf\xe9", data_coding, "latin1") == ("café", Encoding.LATIN1)
    assert decode(b"caf\xe9", data_coding, "ascii") == (None, Encoding.ASCII)
    assert decode(b"cafe", data_coding, "ascii") == ("cafe", Encoding.ASCII)
    assert decode(bytes.fromhex("E8329BFD4697D9EC37"), data_coding, "gsm7-packed") == (
        "hellohello",
        Encoding.GSM7,
    )


@given(st.binary(), st.integers(0, 255), st.sampled_from(sorted(DEFAULT_ALPHABETS)), st.integers(0, 6))
def test_nothing_crashes_decode_and_what_it_gives_encodes_back(
    data: bytes, data_coding: int, default_alphabet: str, fill: int
) -> None:
    text, encoding = decode(data, data_coding, default_alphabet, fill=fill)
    display_text(data, data_coding, default_alphabet, fill=fill)
    if encoding is Encoding.BINARY:
        assert text is None
    elif text is not None and default_alphabet != "gsm7-packed":
        assert encode(text, encoding) == data
        assert round_trips(data, text, encoding)


@given(gsm_texts.filter(lambda text: not text.endswith("@")), st.integers(0, 6))
def test_packed_text_comes_back(text: str, fill: int) -> None:
    octets = encode(text, Encoding.GSM7, "gsm7-packed", fill=fill)
    assert decode(octets, 0, "gsm7-packed", fill=fill) == (text, Encoding.GSM7)
    assert display_text(octets, 0, "gsm7-packed", fill=fill) == text


def test_seven_spare_bits_are_not_read_as_an_at_sign() -> None:
    octets = encode("1234567", Encoding.GSM7, "gsm7-packed")
    assert len(octets) == 7
    assert decode(octets, 0, "gsm7-packed") == ("1234567", Encoding.GSM7)
    assert decode(encode("abc@", Encoding.GSM7, "gsm7-packed"), 0, "gsm7-packed")[0] == "abc@"


def test_encoding_for_a_peer() -> None:
    assert encode("é€", Encoding.GSM7) == b"\x05\x1be"
    assert encode("é", Encoding.GSM7, "latin1") == b"\xe9"
    assert encode("é", Encoding.LATIN1) == b"\xe9"
    assert encode("e", Encoding.ASCII) == b"e"
    assert encode("é", Encoding.UCS2, "latin1") == b"\x00\xe9"
    with pytest.raises(NotInAlphabet, match=r"U\+20AC\) at position 1 is not in Latin-1"):
        encode("é€", Encoding.GSM7, "latin1")
    with pytest.raises(NotInAlphabet, match="is not in ASCII"):
        encode("é", Encoding.GSM7, "ascii")
    with pytest.raises(ValueError, match="binary content"):
        encode("e", Encoding.BINARY)


def test_settings_that_do_not_exist() -> None:
    with pytest.raises(ValueError, match="'ebcdic' is none of gsm7, gsm7-packed, latin1, ascii"):
        decode(b"", 0, "ebcdic")
    with pytest.raises(ValueError, match="'ebcdic'"):
        encode("", Encoding.GSM7, "ebcdic")
    for number in (-1, 256):
        with pytest.raises(ValueError, match=r"data_coding is 0\.\.255"):
            decode(b"", number)


def test_octets_that_are_shown() -> None:
    assert display_text(b"\x00\xff", 4) == "00ff"
    assert display_text(b"a\xff", 1) == "a\ufffd"
    assert display_text(b"a\xe9", 3) == "aé"
