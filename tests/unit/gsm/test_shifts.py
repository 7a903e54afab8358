import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.gsm.alphabets import BASIC_TABLE, decode, display_text, encode, gsm_decode, gsm_encode
from trunkline.gsm.data_coding import Encoding
from trunkline.gsm.errors import NotInAlphabet
from trunkline.gsm.shifts import Shift, shift_in, shift_of, shifts_for
from trunkline.gsm.tables import LOCKING_TABLES, SINGLE_TABLES, UNDEFINED, Language
from trunkline.gsm.udh import Element, join

SHIFTS = [
    Shift(locking, single)
    for locking in (None, *LOCKING_TABLES)
    for single in (None, *Language)
    if locking or single
]
shifts = st.sampled_from(SHIFTS)


def characters(shift: Shift) -> str:
    locking = BASIC_TABLE if shift.locking is None else LOCKING_TABLES[shift.locking]
    single = {} if shift.single is None else SINGLE_TABLES[shift.single]
    return "".join({*locking, *single.values()} - {"\x1b", UNDEFINED})


@st.composite
def shifted_texts(draw: st.DrawFn) -> tuple[Shift, str]:
    shift = draw(shifts)
    return shift, draw(st.text(st.sampled_from(characters(shift)), max_size=200))


# By hand from 3GPP TS 23.038 A.2 and A.3.
SAMPLES = [
    (Shift(single=Language.TURKISH), "Şişli'de", "1B53 69 1B73 6C 69 27 64 65"),
    (Shift(locking=Language.TURKISH), "Şişli ığ€", "1C 69 1D 6C 69 20 07 0C 04"),
    (Shift(Language.TURKISH, Language.TURKISH), "ş[", "1D 1B3C"),
    (Shift(single=Language.SPANISH), "¿Dónde está?", "60 44 1B6F 6E 64 65 20 65 73 74 1B61 3F"),
    (Shift(locking=Language.PORTUGUESE), "Coração~@", "43 6F 72 61 09 7B 6F 60 00"),
    (Shift(single=Language.PORTUGUESE), "ção", "1B09 1B7B 6F"),
    (Shift(locking=Language.HINDI), "नमस्ते 5", "2F 42 4C 5F 27 59 20 35"),
    (Shift(Language.HINDI, Language.HINDI), "कोड A६", "15 5D 24 20 1B41 1B22"),
    (Shift(single=Language.HINDI), "Rs ५", "52 73 20 1B21"),
    (Shift(locking=Language.TAMIL), "தமிழ்", "27 42 51 48 5F"),
    (Shift(locking=Language.URDU), "اردو", "00 25 1A 53"),
    (Shift(locking=Language.BENGALI, single=Language.BENGALI), "বাংলা ৫", "40 50 01 46 50 20 1B1F"),
]


@pytest.mark.parametrize(("shift", "text", "octets"), SAMPLES)
def test_samples(shift: Shift, text: str, octets: str) -> None:
    data = bytes.fromhex(octets)
    assert shift.encode(text) == data
    assert shift.decode(data) == text
    assert shift.length(text) == len(data)
    assert shift.knows(data)
    assert decode(data, 0, shift=shift) == (text, Encoding.GSM7)
    assert encode(text, Encoding.GSM7, shift=shift) == data
    assert display_text(data, 0, shift=shift) == text
    packed = encode(text, Encoding.GSM7, "gsm7-packed", fill=4, shift=shift)
    assert decode(packed, 0, "gsm7-packed", fill=4, shift=shift) == (text, Encoding.GSM7)
    assert display_text(packed, 0, "gsm7-packed", fill=4, shift=shift) == text
    assert decode(data, 0)[0] != text


@given(shifted_texts())
def test_decoding_undoes_encoding(case: tuple[Shift, str]) -> None:
    shift, text = case
    octets = shift.encode(text)
    assert octets.isascii()
    assert shift.decode(octets) == text
    assert shift.knows(octets)
    assert shift.length(text) == len(octets)


@given(shifts, st.binary())
def test_octets_are_known_or_something_would_be_lost(shift: Shift, data: bytes) -> None:
    text = shift.decode(data)
    if shift.knows(data):
        # Maybe to other septets: some tables have a character twice. But to no other text.
        assert shift.decode(shift.encode(text)) == text
        assert decode(data, 0, shift=shift) == (text, Encoding.GSM7)
    else:
        assert decode(data, 0, shift=shift) == (None, Encoding.GSM7)
        assert display_text(data, 0, shift=shift) == text


@given(st.text(st.sampled_from(BASIC_TABLE.replace("\x1b", "") + "€[]{}^~|\\\f")), st.binary())
def test_no_language_is_the_default_alphabet(text: str, data: bytes) -> None:
    shift = Shift()
    assert shift.encode(text) == gsm_encode(text)
    assert shift.decode(data) == gsm_decode(data)
    assert shift.knows(data) == (decode(data, 0)[0] is not None)
    assert shift.elements() == ()


@pytest.mark.parametrize(
    ("shift", "octets", "text"),
    [
        (Shift(single=Language.TURKISH), "1B41", "A"),  # not in the single table: the locking one's
        (Shift(locking=Language.TURKISH), "1B60", "ç"),
        (Shift(locking=Language.HINDI), "1B15", "क"),
        (Shift(single=Language.TURKISH), "1B1B", " "),
        (Shift(single=Language.TURKISH), "1B1B53", " S"),
        (Shift(single=Language.TURKISH), "611B", "a "),
        (Shift(single=Language.HINDI), "611B", "a "),
        (Shift(locking=Language.BENGALI), "0E", "\ufffd"),  # nothing there
        (Shift(locking=Language.BENGALI), "1B0E", "\ufffd"),
        (Shift(locking=Language.BENGALI), "80FF", "\ufffd\ufffd"),
        (Shift(locking=Language.BENGALI), "1B80", "\ufffd"),
    ],
)
def test_septets_without_a_meaning(shift: Shift, octets: str, text: str) -> None:
    data = bytes.fromhex(octets)
    assert shift.decode(data) == text
    assert not shift.knows(data)
    assert decode(data, 0, shift=shift) == (None, Encoding.GSM7)


@pytest.mark.parametrize(
    ("shift", "text", "position", "name"),
    [
        (Shift(single=Language.TURKISH), "abъ", 2, "GSM 03.38 with Turkish single shift"),
        (Shift(Language.HINDI, Language.TAMIL), "aé", 1, "with Hindi locking shift and Tamil single shift"),
        (Shift(locking=Language.HINDI), "A", 0, "GSM 03.38 with Hindi locking shift"),
        (Shift(), "ç", 0, "GSM 03.38"),
        (Shift(single=Language.URDU), "\0", 0, "Urdu"),
        (Shift(single=Language.URDU), "\x1b", 0, "Urdu"),
        (Shift(single=Language.URDU), "\ufffe", 0, "Urdu"),
    ],
)
def test_a_character_that_does_not_fit_is_named(shift: Shift, text: str, position: int, name: str) -> None:
    for function in (shift.encode, shift.length):
        with pytest.raises(NotInAlphabet) as caught:
            function(text)
        assert (caught.value.char, caught.value.position) == (text[position], position)
        assert name in str(caught.value)


def test_a_character_with_two_codes() -> None:
    shift = Shift(single=Language.TURKISH, locking=Language.TURKISH)
    assert shift.encode("ş€") == b"\x1d\x04"  # one septet rather than two
    assert shift.decode(b"\x1bs\x1be") == "ş€"
    assert decode(b"\x1bs\x1be", 0, shift=shift) == ("ş€", Encoding.GSM7)


def test_another_alphabet_has_no_shifts() -> None:
    shift = Shift(single=Language.TURKISH)
    assert encode("é", Encoding.GSM7, "latin1", shift=shift) == b"\xe9"
    assert decode(b"\xe9", 0, "latin1", shift=shift) == ("é", Encoding.LATIN1)
    assert decode(b"\x01\x5e", 8, shift=shift) == ("Ş", Encoding.UCS2)


@pytest.mark.parametrize(
    ("header", "shift"),
    [
        ("03 24 01 01", Shift(single=Language.TURKISH)),
        ("03 25 01 03", Shift(locking=Language.PORTUGUESE)),
        ("06 24 01 06 25 01 06", Shift(Language.HINDI, Language.HINDI)),
        ("06 25 01 0C 24 01 0D", Shift(Language.TELUGU, Language.URDU)),
        ("08 00 03 0B 02 01 24 01 02", Shift(single=Language.SPANISH)),
        ("06 24 01 01 24 01 02", Shift(single=Language.SPANISH)),  # the last one counts
        ("06 24 01 01 24 01 0E", Shift(single=Language.TURKISH)),  # reserved
        ("03 24 01 00", None),
        ("03 24 01 0E", None),
        ("03 25 01 02", None),  # Spanish has no locking table
        ("04 24 02 01 01", None),
        ("02 24 00", None),
        ("05 00 03 24 01 01", None),  # part 1 of message 0x24
        ("05 00 03 0B 02 01", None),
        ("09 24 01 01", None),  # malformed
        ("", None),
    ],
)
def test_what_a_header_says(header: str, shift: Shift | None) -> None:
    assert shift_in(bytes.fromhex(header)) == shift


@pytest.mark.parametrize("shift", SHIFTS)
def test_a_header_that_says_it(shift: Shift) -> None:
    elements = shift.elements()
    assert len(elements) == (shift.locking is not None) + (shift.single is not None)
    assert shift_of(elements) == shift == shift_in(join(elements))


def test_an_element_of_a_wrong_length_says_nothing() -> None:
    for data in (b"", b"\x01\x01"):
        assert shift_of([Element(0x24, data), Element(0x25, data)]) is None


def test_elements() -> None:
    assert Shift(Language.URDU, Language.TURKISH).elements() == (
        Element(0x24, b"\x01"),
        Element(0x25, b"\x0d"),
    )


def test_spanish_has_no_locking_table() -> None:
    shift = Shift(locking=Language.SPANISH)
    for function in (lambda: shift.encode("a"), lambda: shift.decode(b"a"), shift.elements):
        with pytest.raises(ValueError, match="Spanish has no locking shift table"):
            function()


def test_the_ways_to_write_in_languages() -> None:
    turkish, spanish = Language.TURKISH, Language.SPANISH
    assert shifts_for([turkish, spanish, turkish]) == (
        Shift(single=turkish),
        Shift(locking=turkish),
        Shift(single=spanish),
        Shift(turkish, turkish),
    )
    assert shifts_for([]) == ()
