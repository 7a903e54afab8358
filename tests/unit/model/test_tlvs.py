"""TLVs by name and value."""

import pytest

from trunkline.model.profile import Profile, TlvType, VendorTlv
from trunkline.model.tlvs import InvalidTlv, TlvValue, build, describe, select, travelling

PROFILE = Profile(
    (
        VendorTlv("one", 0x1401, TlvType.UINT8),
        VendorTlv("two", 0x1402, TlvType.UINT16),
        VendorTlv("four", 0x1403, TlvType.UINT32),
        VendorTlv("ended", 0x1404, TlvType.CSTRING),
        VendorTlv("text", 0x1405, TlvType.STRING),
        VendorTlv("raw", 0x1406, TlvType.OCTETS),
    )
)
VALUES: dict[str, TlvValue] = {
    "one": 255, "two": 256, "four": 0xFFFFFFFF, "ended": "Grün", "text": "a b", "raw": "00ff"
}  # fmt: skip


def test_there_and_back() -> None:
    octets = build(VALUES, PROFILE)
    assert octets.hex() == (
        "14010001ff14020002010014030004ffffffff140400054772fc6e00140500036120621406000200ff"
    )  # fmt: skip
    assert describe(octets, PROFILE) == VALUES
    assert [tlv.tag for tlv in travelling(select(octets, (0x1402, 0x1406)))] == [0x1402, 0x1406]


def test_what_the_profile_does_not_name() -> None:
    octets = bytes.fromhex("1401000105020400020009")
    assert describe(octets, Profile()) == {"0x1401": "05", "user_message_reference": "0009"}
    assert describe(b"", PROFILE) == {}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"six": 1}, "six is no TLV of the connector's profile; it has ended, four, one"),
        ({"one": 256}, "one must be a number of 0 to 255"),
        ({"one": -1}, "one must be a number"),
        ({"one": True}, "one must be a number"),
        ({"one": "1"}, "one must be a number"),
        ({"ended": 1}, "ended must be a text"),
        ({"ended": "a\0"}, "ended must not have a NUL"),
        ({"text": "я"}, "text must be of Latin-1 characters"),
        ({"raw": "0"}, "raw must be hex digits"),
        ({"text": "x" * 1021}, "the TLVs take 1025 octets, 1024 is the most"),
    ],
)
def test_values_that_cannot_be_sent(values: dict[str, TlvValue], says: str) -> None:
    with pytest.raises(InvalidTlv, match=says):
        build(values, PROFILE)
