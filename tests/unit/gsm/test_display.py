import pytest

from trunkline.gsm import encode
from trunkline.gsm.data_coding import Encoding
from trunkline.gsm.display import display_user_data
from trunkline.gsm.septets import pack

HEADER = bytes.fromhex("050003550201")


@pytest.mark.parametrize(
    ("octets", "data_coding", "alphabet", "text"),
    [
        (b"Have a nice day!", 0, "gsm7", "Have a nice day!"),
        (b"\x00\x02\x1be", 0, "gsm7", "@$€"),
        (b"na\xefve", 0, "latin1", "naïve"),
        ("Привет".encode("utf-16-be"), 8, "gsm7", "Привет"),
        (b"\x01\xff", 4, "gsm7", "01ff"),
        (b"", 0, "gsm7", ""),
    ],
)
def test_without_a_header(octets: bytes, data_coding: int, alphabet: str, text: str) -> None:
    assert display_user_data(octets, data_coding, False, alphabet) == (b"", text)


def test_the_header_is_taken_off() -> None:
    assert display_user_data(HEADER + b"Hello", 0, True) == (HEADER, "Hello")
    # Without the bit in esm_class the same octets are text.
    assert display_user_data(HEADER + b"Hello", 0, False)[0] == b""


def test_packed_septets_begin_at_a_septet_boundary_after_the_header() -> None:
    packed = pack(encode("Hello", Encoding.GSM7), fill=1)
    assert display_user_data(HEADER + packed, 0, True, "gsm7-packed") == (HEADER, "Hello")


def test_a_header_names_the_national_tables() -> None:
    header = bytes.fromhex("03240101")  # Turkish single shift
    assert display_user_data(header + b"\x1bg", 0, True) == (header, "ğ")


@pytest.mark.parametrize("octets", [b"", b"\x05\x00", b"\x40Hello"])
def test_a_broken_header_counts_as_text(octets: bytes) -> None:
    header, text = display_user_data(octets, 0, True)
    assert header == b""
    assert len(text) == len(octets)
