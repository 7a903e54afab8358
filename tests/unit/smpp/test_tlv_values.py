import pytest

from trunkline.smpp.constants import Tag
from trunkline.smpp.tlv import Tlv
from trunkline.smpp.tlv_values import readable_value


@pytest.mark.parametrize(
    ("tag", "octets", "shown"),
    [
        (Tag.MESSAGE_STATE, "02", 2),
        (Tag.SAR_MSG_REF_NUM, "0102", 258),
        (Tag.QOS_TIME_TO_LIVE, "00000e10", 3600),
        (Tag.RECEIPTED_MESSAGE_ID, "3345354131310078", "3E5A11"),
        (Tag.ADDITIONAL_STATUS_INFO_TEXT, "6e6f", "no"),
        (Tag.NETWORK_ERROR_CODE, "030001", "030001"),
        (Tag.MESSAGE_PAYLOAD, "48656c6c6f", "48656c6c6f"),
        (0x1400, "ff", "ff"),
    ],
)
def test_readable_value(tag: int, octets: str, shown: int | str) -> None:
    assert readable_value(Tlv(tag, bytes.fromhex(octets))) == shown
