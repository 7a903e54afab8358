import pytest

from trunkline.gsm.data_coding import (
    Charset,
    DataCoding,
    Encoding,
    Indication,
    MessageClass,
    charset_of,
    data_coding_for,
    details_of,
    encoding_of,
    message_class_of,
)
from trunkline.gsm.errors import TextError


def test_codings_without_a_class() -> None:
    assert {encoding: data_coding_for(encoding) for encoding in (*Encoding, *Charset)} == {
        "gsm7": 0,
        "ascii": 1,
        "latin1": 3,
        "binary": 4,
        "jis": 5,
        "cyrillic": 6,
        "hebrew": 7,
        "ucs2": 8,
        "iso2022jp": 10,
        "kanji": 13,
        "korean": 14,
    }


@pytest.mark.parametrize(
    ("encoding", "base"), [(Encoding.GSM7, 0x10), (Encoding.BINARY, 0x14), (Encoding.UCS2, 0x18)]
)
def test_codings_with_a_class(encoding: Encoding, base: int) -> None:
    for number, message_class in enumerate(MessageClass):
        data_coding = data_coding_for(encoding, message_class)
        assert data_coding == base + number
        assert message_class_of(data_coding) is message_class
        assert encoding_of(data_coding) is encoding


@pytest.mark.parametrize("encoding", [Encoding.ASCII, Encoding.LATIN1, *Charset])
def test_no_coding_has_a_class_and_any_other_encoding(encoding: Encoding | Charset) -> None:
    with pytest.raises(TextError, match=f"no data_coding says {encoding} and a message class"):
        data_coding_for(encoding, MessageClass.FLASH)


def test_flash_is_class_0() -> None:
    assert data_coding_for(Encoding.GSM7, MessageClass.FLASH) == 0x10
    assert data_coding_for(Encoding.UCS2, MessageClass.FLASH) == 0x18


def test_which_codings_have_a_class() -> None:
    general = {*range(0x10, 0x20), *range(0x30, 0x40), *range(0x50, 0x60), *range(0x70, 0x80)}
    for data_coding in range(0x100):
        expected = None
        if data_coding in general or data_coding >= 0xF0:
            expected = MessageClass(data_coding % 4)
        assert message_class_of(data_coding) is expected, hex(data_coding)


def test_charsets() -> None:
    assert {coding: charset_of(coding) for coding in range(0x100) if charset_of(coding)} == {
        5: Charset.JIS,
        6: Charset.CYRILLIC,
        7: Charset.HEBREW,
        10: Charset.ISO2022JP,
        13: Charset.KANJI,
        14: Charset.KOREAN,
    }


G, B, U = Encoding.GSM7, Encoding.BINARY, Encoding.UCS2


@pytest.mark.parametrize(
    ("data_coding", "details"),
    [
        (0x00, DataCoding(G, None, False, False, None)),
        (0x03, DataCoding(Encoding.LATIN1, None, False, False, None)),
        (0x06, DataCoding(Charset.CYRILLIC, None, False, False, None)),
        (0x10, DataCoding(G, MessageClass.FLASH, False, False, None)),
        (0x22, DataCoding(B, None, True, False, None)),
        (0x35, DataCoding(B, MessageClass.ME, True, False, None)),
        (0x48, DataCoding(U, None, False, True, None)),
        (0x72, DataCoding(B, MessageClass.SIM, True, True, None)),
        (0x80, DataCoding(G, None, False, False, None)),
        (0xC8, DataCoding(G, None, False, False, Indication("voicemail", True, False))),
        (0xC1, DataCoding(G, None, False, False, Indication("fax", False, False))),
        (0xDA, DataCoding(G, None, False, False, Indication("email", True, True))),
        (0xEB, DataCoding(U, None, False, False, Indication("other", True, True))),
        (0xF0, DataCoding(G, MessageClass.FLASH, False, False, None)),
        (0xF7, DataCoding(B, MessageClass.TE, False, False, None)),
    ],
)
def test_details(data_coding: int, details: DataCoding) -> None:
    assert details_of(data_coding) == details


def test_details_at_a_peer() -> None:
    assert details_of(0x10, "latin1").encoding is Encoding.LATIN1
    with pytest.raises(ValueError, match=r"0\.\.255"):
        details_of(0x100)
    with pytest.raises(ValueError, match="'ebcdic'"):
        details_of(0, "ebcdic")
