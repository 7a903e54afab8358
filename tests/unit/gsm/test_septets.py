import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.gsm.septets import fill_bits, pack, unpack

septet_strings = st.binary(max_size=200).map(lambda data: bytes(octet & 0x7F for octet in data))
fills = st.integers(0, 6)


@pytest.mark.parametrize(
    ("septets", "packed"),
    [
        (b"", ""),
        (b"a", "61"),
        (b"hellohello", "E8329BFD4697D9EC37"),
        (b"12345678", "31D98C56B3DD70"),
        (b"1234567", "31D98C56B3DD00"),
        (b"How are you?", "C8F71D14969741F977FD07"),
        (b"\x7f" * 8, "FF" * 7),
        (b"\x00" * 3, "000000"),
    ],
)
def test_known_vectors(septets: bytes, packed: str) -> None:
    assert pack(septets) == bytes.fromhex(packed)
    assert unpack(bytes.fromhex(packed), count=len(septets)) == septets


def test_known_vector_after_a_six_octet_header() -> None:
    # One fill bit: 'A' (0x41) begins at bit 1, so the first octet is 0x82.
    assert pack(b"A", fill=1) == b"\x82"
    assert unpack(b"\x82", fill=1) == b"A"


@pytest.mark.parametrize(
    ("header", "bits"), [(0, 0), (1, 6), (2, 5), (3, 4), (4, 3), (5, 2), (6, 1), (7, 0), (8, 6)]
)
def test_fill_bits(header: int, bits: int) -> None:
    assert fill_bits(header) == bits
    assert (header * 8 + bits) % 7 == 0


@given(septet_strings, fills)
def test_unpack_undoes_pack(septets: bytes, fill: int) -> None:
    packed = pack(septets, fill)
    assert len(packed) == (-(-(fill + 7 * len(septets)) // 8) if septets else 0)
    assert unpack(packed, fill, len(septets)) == septets


@given(septet_strings, fills)
def test_pack_puts_each_septet_seven_bits_further(septets: bytes, fill: int) -> None:
    expected = sum(septet << (fill + 7 * index) for index, septet in enumerate(septets))
    assert int.from_bytes(pack(septets, fill), "little") == expected


@given(st.binary(max_size=200), fills, st.none() | st.integers(-5, 300))
def test_unpack_takes_anything(octets: bytes, fill: int, count: int | None) -> None:
    septets = unpack(octets, fill, count)
    assert septets.isascii()
    assert 7 * len(septets) + fill <= 8 * len(octets) or not septets
    if count is not None:
        assert len(septets) <= max(0, count)


def test_more_septets_asked_for_than_there_are() -> None:
    assert unpack(bytes.fromhex("E8329BFD4697D9EC37"), count=99) == b"hellohello"


@pytest.mark.parametrize("fill", [-1, 7])
def test_fill_out_of_range(fill: int) -> None:
    with pytest.raises(ValueError, match=r"fill bits are 0\.\.6"):
        pack(b"a", fill)
    with pytest.raises(ValueError, match=r"fill bits are 0\.\.6"):
        unpack(b"a", fill)


def test_an_octet_that_is_no_septet() -> None:
    with pytest.raises(ValueError, match="at most 0x7F"):
        pack(b"a\x80")
