from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.gsm.alphabets import BASIC_TABLE, EXTENSION_TABLE, decode, encode, gsm_encode, ucs2_encode
from trunkline.gsm.charsets import charset_encode
from trunkline.gsm.data_coding import Charset, Encoding
from trunkline.gsm.encoding import units
from trunkline.gsm.errors import HeaderTooLong, NotInAlphabet, TooManyParts
from trunkline.gsm.joining import Joiner
from trunkline.gsm.segmentation import (
    LongMessage,
    capacity,
    count_octet_parts,
    count_parts,
    segment,
    segment_octets,
    units_per_part,
)
from trunkline.gsm.septets import pack
from trunkline.gsm.shifts import Shift, shift_in
from trunkline.gsm.tables import Language
from trunkline.gsm.udh import Element, concatenation, join, ports, ports_element, split, without_concatenation

GSM_CHARACTERS = BASIC_TABLE.replace("\x1b", "") + "".join(EXTENSION_TABLE.values())
gsm_texts = st.text(st.sampled_from(GSM_CHARACTERS), max_size=700)


def long_texts(characters: str) -> st.SearchStrategy[str]:
    """Texts of several parts: runs of a character, so that pairs come to lie on every edge."""
    run = st.builds(str.__mul__, st.sampled_from(characters), st.integers(1, 170))
    return st.lists(run, max_size=8).map("".join)


paired_gsm_texts = long_texts("ab€[")
unicode_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
paired_unicode_texts = long_texts("aش😀𝄞")

methods = st.sampled_from(LongMessage)
texts = st.one_of(
    st.tuples(gsm_texts | paired_gsm_texts, st.just(Encoding.GSM7)),
    st.tuples(unicode_texts | paired_unicode_texts, st.just(Encoding.UCS2)),
    st.tuples(st.text(st.characters(max_codepoint=0xFF), max_size=500), st.just(Encoding.LATIN1)),
    st.tuples(st.text(st.characters(max_codepoint=0x7F), max_size=500), st.just(Encoding.ASCII)),
)
U8, U16, SAR, PAYLOAD = LongMessage

# The most in one message, and in each of several: with an 8-bit reference, a 16-bit one, SAR.
LIMITS = {
    Encoding.GSM7: (160, 153, 152, 152),
    Encoding.UCS2: (70, 67, 66, 66),
    Encoding.LATIN1: (140, 134, 133, 133),
    Encoding.ASCII: (140, 134, 133, 133),
}


@pytest.mark.parametrize("encoding", LIMITS)
def test_the_edges(encoding: Encoding) -> None:
    alone, *limits = LIMITS[encoding]
    for method, size in zip((U8, U16, SAR), limits, strict=True):
        for length, lengths in [
            (0, [0]),
            (1, [1]),
            (alone, [alone]),
            (alone + 1, [size, alone + 1 - size]),
            (2 * size, [size, size]),
            (2 * size + 1, [size, size, 1]),
        ]:
            text = "x" * length
            assert [len(piece.text) for piece in segment(text, encoding, 1, method)] == lengths
            assert count_parts(text, encoding, method) == len(lengths)
            assert units_per_part(text, encoding, method) == lengths
        assert capacity(encoding, method, alone=True) == alone
        assert capacity(encoding, method, alone=False) == size


def test_headers_and_numbers() -> None:
    pieces = segment("x" * 400, Encoding.GSM7, 0x1234)
    assert [piece.udh.hex() for piece in pieces] == ["050003340301", "050003340302", "050003340303"]
    assert [(piece.number, piece.total) for piece in pieces] == [(1, 3), (2, 3), (3, 3)]
    assert [piece.udh.hex() for piece in segment("x" * 161, Encoding.GSM7, 0x1234, U16)] == [
        "06080412340201",
        "06080412340202",
    ]
    pieces = segment("x" * 161, Encoding.GSM7, 0x1234, SAR)
    assert [(piece.udh, piece.number, piece.total) for piece in pieces] == [(b"", 1, 2), (b"", 2, 2)]
    (piece,) = segment("x" * 161, Encoding.GSM7, 0x1234, PAYLOAD)
    assert (piece.text, piece.udh, piece.number, piece.total) == ("x" * 161, b"", 1, 1)
    (piece,) = segment("x" * 160, Encoding.GSM7, 0x1234)
    assert (piece.text, piece.udh, piece.number, piece.total) == ("x" * 160, b"", 1, 1)


def test_an_esc_pair_on_the_edge_goes_to_the_next_part() -> None:
    text = "x" * 152 + "€" + "y" * 20
    assert [piece.text for piece in segment(text, Encoding.GSM7, 1)] == ["x" * 152, "€" + "y" * 20]
    # The part it went to has that much less room.
    text = "x" * 152 + "€" + "y" * 152
    assert [piece.text for piece in segment(text, Encoding.GSM7, 1)] == ["x" * 152, "€" + "y" * 151, "y"]
    # It does fit where it ends on the edge, and counts two towards the 160 of a message alone.
    assert [len(piece.text) for piece in segment("x" * 151 + "€" + "y" * 20, Encoding.GSM7, 1)] == [152, 20]
    assert count_parts("x" * 158 + "€", Encoding.GSM7) == 1
    assert count_parts("x" * 159 + "€", Encoding.GSM7) == 2
    assert count_parts("€" * 80, Encoding.GSM7) == 1
    assert [len(piece.text) for piece in segment("€" * 81, Encoding.GSM7, 1)] == [76, 5]


def test_a_surrogate_pair_on_the_edge_goes_to_the_next_part() -> None:
    text = "ش" * 66 + "😀" + "ب" * 10
    assert [piece.text for piece in segment(text, Encoding.UCS2, 1)] == ["ش" * 66, "😀" + "ب" * 10]
    text = "ش" * 66 + "😀" + "ب" * 66
    assert [piece.text for piece in segment(text, Encoding.UCS2, 1)] == ["ش" * 66, "😀" + "ب" * 65, "ب"]
    assert [len(piece.text) for piece in segment("ش" * 65 + "😀" + "ب" * 10, Encoding.UCS2, 1)] == [66, 10]
    assert count_parts("😀" * 35, Encoding.UCS2) == 1
    assert count_parts("😀" * 36, Encoding.UCS2) == 2
    assert [len(piece.text) for piece in segment("😀" * 36, Encoding.UCS2, 1)] == [33, 3]


@given(texts, methods, st.integers(0, 0xFFFF))
def test_the_parts_are_the_text_and_none_is_too_long(
    case: tuple[str, Encoding], method: LongMessage, reference: int
) -> None:
    text, encoding = case
    pieces = segment(text, encoding, reference, method)
    assert "".join(piece.text for piece in pieces) == text
    lengths = [units(piece.text, encoding) for piece in pieces]
    if method is PAYLOAD:
        assert len(pieces) == 1
        assert count_parts(text, encoding, method) == count_parts(text, encoding, U8)
        return
    assert len(pieces) == count_parts(text, encoding, method)
    assert units_per_part(text, encoding, method) == lengths
    limit = capacity(encoding, method, alone=len(pieces) == 1)
    assert max(lengths) <= limit
    # Only a pair that did not fit leaves room, and no more than one unit of it.
    assert all(length >= limit - 1 for length in lengths[:-1])
    assert [piece.number for piece in pieces] == list(range(1, len(pieces) + 1))
    assert {piece.total for piece in pieces} == {len(pieces)}
    for piece in pieces:
        octets = encode(piece.text, encoding)
        if len(pieces) == 1 or method is SAR:
            assert piece.udh == b""
            continue
        if encoding is not Encoding.GSM7:
            assert len(piece.udh) + len(octets) <= 140
        found = concatenation(split(piece.udh + octets)[0])
        assert found is not None
        mask = 0xFFFF if method is U16 else 0xFF
        assert (found.reference, found.total, found.number) == (reference & mask, len(pieces), piece.number)


@given(paired_gsm_texts)
def test_no_esc_pair_is_split(text: str) -> None:
    parts = [gsm_encode(piece.text) for piece in segment(text, Encoding.GSM7, 1)]
    assert b"".join(parts) == gsm_encode(text)
    assert not any(part.endswith(b"\x1b") for part in parts)


@given(paired_unicode_texts)
def test_no_surrogate_pair_is_split(text: str) -> None:
    parts = [ucs2_encode(piece.text) for piece in segment(text, Encoding.UCS2, 1)]
    assert b"".join(parts) == ucs2_encode(text)
    for part in parts:
        part.decode("utf-16-be")


@given(texts, st.randoms(use_true_random=False))
def test_joining_undoes_segmenting_whatever_the_order(case: tuple[str, Encoding], random: Random) -> None:
    text, encoding = case
    pieces = segment(text, encoding, 7)
    random.shuffle(pieces)
    joiner = Joiner[bytes](60, 255)
    results = [
        joiner.add("key", 7, piece.number, piece.total, encode(piece.text, encoding), 0.0) for piece in pieces
    ]
    assert results[:-1] == [None] * (len(pieces) - 1)
    assert results[-1] is not None
    assert b"".join(results[-1].parts) == encode(text, encoding)
    assert len(joiner) == 0


@pytest.mark.parametrize(
    ("encoding", "method", "length"),
    [
        (Encoding.GSM7, U8, 255 * 153),
        (Encoding.GSM7, U16, 255 * 152),
        (Encoding.UCS2, U8, 255 * 67),
        (Encoding.LATIN1, SAR, 255 * 133),
        (Encoding.GSM7, PAYLOAD, 255 * 153),
    ],
)
def test_255_parts_are_the_most(encoding: Encoding, method: LongMessage, length: int) -> None:
    assert segment("x" * length, encoding, 1, method)[-1].total == (1 if method is PAYLOAD else 255)
    with pytest.raises(TooManyParts, match="needs 256 parts, 255 is the most") as caught:
        segment("x" * (length + 1), encoding, 1, method)
    assert caught.value.parts == 256
    assert count_parts("x" * (length + 1), encoding, method) == 256


def test_a_text_that_does_not_fit_the_encoding() -> None:
    for length in (1, 200):
        with pytest.raises(NotInAlphabet):
            segment("ش" * length, Encoding.GSM7, 1)
        with pytest.raises(NotInAlphabet):
            segment("€" * length, Encoding.LATIN1, 1)
    for function in (count_parts, units_per_part):
        with pytest.raises(ValueError, match="binary content"):
            function("x", Encoding.BINARY)


def test_binary_content() -> None:
    (piece,) = segment_octets(bytes(140), 1)
    assert (piece.data, piece.udh, piece.number, piece.total) == (bytes(140), b"", 1, 1)
    data = bytes(range(256)) * 2
    pieces = segment_octets(data, 9)
    assert [len(piece.data) for piece in pieces] == [134, 134, 134, 110]
    assert b"".join(piece.data for piece in pieces) == data
    assert pieces[3].udh == bytes.fromhex("050003090404")
    assert [len(piece.data) for piece in segment_octets(data, 9, U16)] == [133, 133, 133, 113]
    assert [piece.udh for piece in segment_octets(data, 9, SAR)] == [b""] * 4
    assert [piece.data for piece in segment_octets(data, 9, PAYLOAD)] == [data]
    assert len(segment_octets(bytes(255 * 134), 9)) == 255
    for method in (U8, PAYLOAD):
        with pytest.raises(TooManyParts):
            segment_octets(bytes(255 * 134 + 1), 9, method)


# Beside further header elements: alone, in each part with an 8-bit reference, with a 16-bit one (or SAR).
PUSH = ports_element(2948, 9200)  # 6 octets
TURKISH = Shift(Language.TURKISH, Language.TURKISH)
ROOMS = [
    (Encoding.GSM7, Shift(single=Language.TURKISH).elements(), (155, 149, 148)),
    (Encoding.GSM7, TURKISH.elements(), (152, 146, 145)),
    (Encoding.GSM7, (PUSH,), (152, 146, 145)),
    (Encoding.UCS2, (PUSH,), (66, 64, 63)),
    (Encoding.BINARY, (PUSH,), (133, 128, 127)),
    (Encoding.LATIN1, (ports_element(1, 2, wide=False),), (135, 130, 129)),
    (Charset.CYRILLIC, (PUSH,), (133, 128, 127)),
]


@pytest.mark.parametrize(("encoding", "extra", "rooms"), ROOMS)
def test_further_elements_take_their_room(
    encoding: Encoding | Charset, extra: tuple[Element, ...], rooms: tuple[int, int, int]
) -> None:
    alone, with_8, with_16 = rooms
    sizes = {U8: with_8, U16: with_16, SAR: with_16, PAYLOAD: with_8}
    for method, size in sizes.items():
        assert capacity(encoding, method, alone=True, extra=extra) == alone
        assert capacity(encoding, method, alone=False, extra=extra) == size
        for length, parts in [(0, 1), (alone, 1), (alone + 1, 2), (2 * size, 2), (2 * size + 1, 3)]:
            if encoding is Encoding.BINARY:
                assert count_octet_parts(length, method, extra) == parts
                continue
            text = "x" * length
            assert count_parts(text, encoding, method, extra) == parts
            lengths = units_per_part(text, encoding, method, extra)
            assert (len(lengths), sum(lengths)) == (parts, length)


def test_further_elements_are_in_every_part() -> None:
    text = "ş" * 147
    (alone,) = segment(text, Encoding.GSM7, 7, U8, TURKISH.elements())
    assert (alone.text, alone.udh.hex()) == (text, "06240101250101")
    pieces = segment("x" * 160, Encoding.GSM7, 7, U8, TURKISH.elements())
    assert [piece.udh.hex() for piece in pieces] == ["0b0003070201240101250101", "0b0003070202240101250101"]
    pieces = segment("x" * 160, Encoding.GSM7, 0x1234, U16, [PUSH])
    assert [piece.udh.hex() for piece in pieces] == [
        "0c08041234020105040b8423f0",
        "0c08041234020205040b8423f0",
    ]
    pieces = segment("x" * 160, Encoding.GSM7, 7, SAR, [PUSH])
    assert [piece.udh.hex() for piece in pieces] == ["0605040b8423f0"] * 2
    (whole,) = segment("x" * 160, Encoding.GSM7, 7, PAYLOAD, [PUSH])
    assert (whole.text, whole.udh.hex()) == ("x" * 160, "0605040b8423f0")


def test_a_text_is_measured_by_its_tables() -> None:
    single, locking = Shift(single=Language.TURKISH), Shift(locking=Language.TURKISH)
    text = "ş" * 100
    assert units_per_part(text, Encoding.GSM7, U8, locking.elements()) == [100]
    assert units_per_part(text, Encoding.GSM7, U8, single.elements()) == [148, 52]
    pieces = segment(text, Encoding.GSM7, 7, U8, single.elements())
    assert [len(piece.text) for piece in pieces] == [74, 26]
    with pytest.raises(NotInAlphabet):
        segment(text, Encoding.GSM7, 7, U8, [PUSH])
    with pytest.raises(NotInAlphabet):
        count_parts("क", Encoding.GSM7, U8, locking.elements())


def test_a_header_that_leaves_no_room() -> None:
    longest = Element(0x70, bytes(124))  # with a concatenation: 132 octets
    assert capacity(Encoding.BINARY, U8, alone=False, extra=[longest]) == 8
    for extra, octets in [([longest, Element(0x71, b"")], 134), ([Element(0x70, bytes(125))], 133)]:
        with pytest.raises(HeaderTooLong, match=f"of {octets} octets leaves no room") as caught:
            segment("x" * 200, Encoding.GSM7, 1, U8, extra)
        assert caught.value.octets == octets
        with pytest.raises(HeaderTooLong):
            segment_octets(bytes(200), 1, U8, extra)


@pytest.mark.parametrize("identifier", [0x00, 0x08])
def test_the_concatenation_is_nobody_elses(identifier: int) -> None:
    extra = [PUSH, Element(identifier, b"\x01\x01\x01")]
    with pytest.raises(ValueError, match="the concatenation element is written here"):
        segment("x", Encoding.GSM7, 1, U8, extra)
    with pytest.raises(ValueError, match="the concatenation element is written here"):
        segment_octets(b"x", 1, U8, extra)


turkish_texts = long_texts("aş[è")
hindi_texts = long_texts("aक५A€")
extras = st.lists(st.builds(Element, st.sampled_from([0x04, 0x05, 0x70]), st.binary(max_size=12)), max_size=3)


@given(
    st.tuples(st.just(Shift(single=Language.TURKISH)), turkish_texts)
    | st.tuples(st.just(Shift(Language.HINDI, Language.HINDI)), hindi_texts),
    extras,
    st.sampled_from([U8, U16, SAR]),
)
def test_parts_in_national_tables_are_read_by_their_own_headers(
    case: tuple[Shift, str], others: list[Element], method: LongMessage
) -> None:
    shift, text = case
    extra = (*shift.elements(), *others)
    pieces = segment(text, Encoding.GSM7, 7, method, extra)
    assert "".join(piece.text for piece in pieces) == text
    assert len(pieces) == count_parts(text, Encoding.GSM7, method, extra)
    for piece, length in zip(pieces, units_per_part(text, Encoding.GSM7, method, extra), strict=True):
        assert shift_in(piece.udh) == shift
        elements, octets = split(piece.udh + encode(piece.text, Encoding.GSM7, shift=shift))
        assert without_concatenation(elements) == extra
        assert len(octets) == length
        assert len(piece.udh) + len(pack(octets)) <= 140
        assert decode(octets, 0, shift=shift) == (piece.text, Encoding.GSM7)


@given(
    st.one_of(
        st.tuples(st.just(Charset.JIS), long_texts("a日ｱ")),
        st.tuples(st.just(Charset.ISO2022JP), long_texts("a日本")),
        st.tuples(st.just(Charset.KANJI), long_texts("a日丂")),
        st.tuples(st.just(Charset.KOREAN), long_texts("a한똠")),
        st.tuples(st.just(Charset.CYRILLIC), long_texts("aЯ")),
        st.tuples(st.just(Charset.HEBREW), long_texts("aש")),
    ),
    st.sampled_from([(), (PUSH,)]),
)
def test_each_part_in_a_character_set_is_text_by_itself(
    case: tuple[Charset, str], extra: tuple[Element, ...]
) -> None:
    charset, text = case
    pieces = segment(text, charset, 7, U8, extra)
    assert "".join(piece.text for piece in pieces) == text
    lengths = [len(charset_encode(piece.text, charset)) for piece in pieces]
    assert units_per_part(text, charset, U8, extra) == lengths
    assert count_parts(text, charset, U8, extra) == len(pieces)
    limit = capacity(charset, U8, alone=len(pieces) == 1, extra=extra)
    assert max(lengths) <= limit
    # The next character would not have fitted.
    for piece, after in pairwise(pieces):
        assert len(charset_encode(piece.text + after.text[0], charset)) > limit


@given(st.binary(max_size=2000), extras, st.sampled_from([U8, U16, SAR]), st.randoms(use_true_random=False))
def test_binary_content_for_a_port_is_joined_again(
    data: bytes, others: list[Element], method: LongMessage, random: Random
) -> None:
    extra = (*others, PUSH)
    pieces = segment_octets(data, 9, method, extra)
    assert len(pieces) == count_octet_parts(len(data), method, extra)
    random.shuffle(pieces)
    joiner = Joiner[bytes](60, 255)
    joined = None
    for piece in pieces:
        assert len(piece.udh) + len(piece.data) <= 140
        elements, octets = split(piece.udh + piece.data)
        assert without_concatenation(elements) == extra
        assert ports(elements) == (2948, 9200, True)
        place = concatenation(elements)
        number, total = (piece.number, piece.total) if place is None else (place.number, place.total)
        assert (number, total) == (piece.number, piece.total)
        joined = joiner.add("key", 9, number, total, octets, 0.0)
    assert joined is not None
    assert b"".join(joined.parts) == data


def test_binary_content_for_a_port_goes_in_one_payload() -> None:
    (piece,) = segment_octets(bytes(300), 9, PAYLOAD, [PUSH])
    assert (piece.data, piece.udh, piece.total) == (bytes(300), join([PUSH]), 1)
    with pytest.raises(TooManyParts):
        segment_octets(bytes(255 * 128 + 1), 9, U8, [PUSH])
