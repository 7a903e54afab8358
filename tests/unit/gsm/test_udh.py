import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.gsm.errors import MalformedUdh
from trunkline.gsm.udh import (
    Concatenation,
    Element,
    Ports,
    concatenation,
    concatenation_header,
    join,
    ports,
    ports_element,
    split,
    without_concatenation,
)


def test_the_two_concatenation_headers() -> None:
    assert concatenation_header(0x1AB, 3, 2) == bytes.fromhex("050003AB0302")
    assert concatenation_header(0x1AB, 3, 2, wide=True) == bytes.fromhex("06080401AB0302")
    assert concatenation_header(0x1FFFF, 255, 255, wide=True) == bytes.fromhex("060804FFFFFFFF")


@pytest.mark.parametrize(("number", "total"), [(0, 2), (3, 2), (1, 256), (-1, 2), (0, 0)])
def test_parts_that_cannot_be(number: int, total: int) -> None:
    with pytest.raises(ValueError, match=f"part {number} of {total}"):
        concatenation_header(1, total, number)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        ("050003AB0302", Concatenation(0xAB, 3, 2, wide=False)),
        ("06080401AB0302", Concatenation(0x1AB, 3, 2, wide=True)),
        ("0B05040B8423F0 0003070201", Concatenation(7, 2, 1, wide=False)),  # WAP push in parts
        ("0A0003010201 0003020202", Concatenation(2, 2, 2, wide=False)),  # the last one counts
        ("060504158A0000", None),  # ports only
        ("0400020302", None),  # too short
        ("0500030A0001", None),  # no parts
        ("0500030A0200", None),  # part 0
        ("0500030A0203", None),  # part 3 of 2
        ("00", None),
    ],
)
def test_reading_concatenation(octets: str, expected: Concatenation | None) -> None:
    elements, rest = split(bytes.fromhex(octets) + b"text")
    assert rest == b"text"
    assert concatenation(elements) == expected


def test_unknown_elements_are_kept_in_order() -> None:
    octets = bytes.fromhex("0D 7F02BEEF 000301 02 01 7F00 E000".replace(" ", ""))
    elements, rest = split(octets)
    assert rest == b""
    assert elements == (
        Element(0x7F, b"\xbe\xef"),
        Element(0x00, b"\x01\x02\x01"),
        Element(0x7F, b""),
        Element(0xE0, b""),
    )
    assert join(elements) == octets
    assert without_concatenation(elements) == (elements[0], elements[2], elements[3])


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        ("", "empty"),
        ("05", "has 5 octets, 0 are there"),
        ("05000301", "has 5 octets, 3 are there"),
        ("0100", "without a length at octet 1"),
        ("010003", "without a length at octet 1"),
        ("0500040102 0304", "0x00 at octet 1 runs past"),
        ("0600030102017F", "without a length at octet 6"),
    ],
)
def test_a_header_that_runs_past_its_end(octets: str, message: str) -> None:
    with pytest.raises(MalformedUdh, match=message):
        split(bytes.fromhex(octets))


@given(st.binary(max_size=300))
def test_any_octets_are_split_or_refused(octets: bytes) -> None:
    try:
        elements, rest = split(octets)
    except MalformedUdh:
        return
    concatenation(elements)
    assert (join(elements) or b"\0") + rest == octets


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=40)), max_size=6))
def test_split_undoes_join(elements: list[tuple[int, bytes]]) -> None:
    header = join(Element(*element) for element in elements)
    if header:
        assert split(header + b"rest") == (tuple(elements), b"rest")
    else:
        assert not elements


def test_headers_too_long_for_their_length_octet() -> None:
    with pytest.raises(ValueError, match="element 0x7F has 256 octets"):
        join([Element(0x7F, bytes(256))])
    with pytest.raises(ValueError, match="the header has 257 octets"):
        join([Element(0x7F, bytes(255))])


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        ("0605040B8423F0", Ports(2948, 9200, wide=True)),
        ("0404020105", Ports(1, 5, wide=False)),
        ("0A 04020105 050415810000", Ports(0x1581, 0, wide=True)),  # the last one counts
        ("03040101", None),
        ("050403010203", None),
        ("070505010203 0405", None),
        ("0505030B8423", None),
        ("050003AB0302", None),
        ("00", None),
    ],
)
def test_reading_ports(octets: str, expected: Ports | None) -> None:
    assert ports(split(bytes.fromhex(octets))[0]) == expected


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_writing_ports(destination: int, source: int) -> None:
    assert ports([ports_element(destination, source)]) == Ports(destination, source, wide=True)
    if destination <= 0xFF and source <= 0xFF:
        narrow = ports_element(destination, source, wide=False)
        assert (narrow.identifier, len(narrow.data)) == (0x04, 2)
        assert ports([narrow]) == Ports(destination, source, wide=False)


@pytest.mark.parametrize(
    ("port", "wide", "limit"), [(-1, True, 65535), (65536, True, 65535), (256, False, 255)]
)
def test_ports_that_cannot_be(port: int, wide: bool, limit: int) -> None:
    with pytest.raises(ValueError, match=rf"port {port} is not in 0\.\.{limit}"):
        ports_element(port, 0, wide=wide)
    with pytest.raises(ValueError, match=f"port {port}"):
        ports_element(0, port, wide=wide)
