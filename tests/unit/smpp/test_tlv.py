import pytest

from trunkline.smpp.constants import Tag
from trunkline.smpp.errors import EncodeError
from trunkline.smpp.tlv import Tlv, c_octets, decode_tlvs, encode_tlvs, octet, short, tag_name, tlvs_fit


def read(hex_octets: str) -> tuple[tuple[Tlv, ...], int]:
    data = b"before" + bytes.fromhex(hex_octets)
    return decode_tlvs(data, 6, len(data))


def test_order_repetition_and_unknown_tags_are_kept():
    tlvs, faults = read("1500 0001 aa  0424 0000  1500 0002 bbcc")
    assert tlvs == (Tlv(0x1500, b"\xaa"), Tlv(0x0424, b""), Tlv(0x1500, b"\xbb\xcc"))
    assert faults == 0
    assert encode_tlvs(tlvs) == bytes.fromhex("1500 0001 aa  0424 0000  1500 0002 bbcc")


@pytest.mark.parametrize(
    ("hex_octets", "kept", "faults"),
    [
        ("", 0, 0),
        ("00", 0, 1),  # a spare NUL
        ("041f", 0, 1),  # half a header
        ("0427 0002 0200  0424 0001 41", 1, 1),  # message_state of two octets: dropped, the next is read
        ("020c 0001 07", 0, 1),  # sar_msg_ref_num of one octet
        ("0424 0001 41  001e 0009 41", 1, 1),  # runs over the end
        ("0424 0001 41  00", 1, 1),
        ("130c 0000", 1, 0),  # alert_on_message_delivery: empty in 3.4
        ("130c 0001 01", 1, 0),  # and one octet later
        ("0423 0002 0300", 0, 1),  # network_error_code has three octets
        ("1204 0001 03", 1, 0),  # ms_validity: one octet in 3.4
        ("1204 0004 04 09 0005", 1, 0),  # and three more in 5.0
        ("0428 0002 0001", 0, 1),  # congestion_state has one octet
        ("0604 0001 01", 0, 1),  # broadcast_rep_num has two
        ("0601 0002 0001", 0, 1),  # broadcast_content_type has three
        ("0605 0004 0900001f", 0, 1),  # broadcast_frequency_interval too
        ("0607 0004 0000010d", 1, 0),  # broadcast_error_status has four
        ("0610 0006 303030303031", 1, 0),  # dest_node_id has six digits
        ("0612 0009 393132333435363738", 0, 1),  # dest_addr_np_information has ten
        ("0606 0004 00 444242", 1, 0),  # broadcast_area_identifier has as many as it needs
        ("0609 0011 3235303133313132303030303030302b00", 1, 0),  # broadcast_end_time with its NUL
    ],
)
def test_bad_tlvs_are_dropped_and_counted(hex_octets: str, kept: int, faults: int):
    tlvs, found = read(hex_octets)
    assert (len(tlvs), found) == (kept, faults)


@pytest.mark.parametrize(
    ("hex_octets", "fits"),
    [
        ("", True),
        ("00", True),
        ("41", False),
        ("0424 0001 41", True),
        ("0424 0001 41 00", True),
        ("0424 0002 41", False),
        ("1400 0000", True),
        ("0999 0000", False),  # neither known nor a vendor's
    ],
)
def test_tlvs_fit(hex_octets: str, fits: bool):
    data = bytes.fromhex(hex_octets)
    assert tlvs_fit(data, 0, len(data)) is fits


def test_values_as_numbers_and_text():
    assert octet(Tag.MESSAGE_STATE, 2) == Tlv(0x0427, b"\x02")
    assert octet(Tag.MESSAGE_STATE, 2).number == 2
    assert short(Tag.SAR_MSG_REF_NUM, 0x0102).value == b"\x01\x02"
    assert c_octets(Tag.RECEIPTED_MESSAGE_ID, "a1").value == b"a1\0"
    assert Tlv(0x001E, b"a1\0rest").text == "a1"
    assert Tlv(0x001E, b"a1").text == "a1"


@pytest.mark.parametrize(
    "make",
    [
        lambda: octet(Tag.MESSAGE_STATE, 256),
        lambda: octet(Tag.MESSAGE_STATE, -1),
        lambda: short(Tag.SOURCE_PORT, 65536),
        lambda: c_octets(Tag.RECEIPTED_MESSAGE_ID, "a\0b"),
        lambda: c_octets(Tag.RECEIPTED_MESSAGE_ID, "€"),
    ],
)
def test_values_that_do_not_fit(make):
    with pytest.raises(EncodeError):
        make()


def test_names_equality_and_hash():
    assert tag_name(0x0424) == "message_payload"
    assert tag_name(0x1500) == "0x1500"
    assert repr(Tlv(0x0424, b"x")) == "Tlv(message_payload, b'x')"
    assert Tlv(1, b"a") != Tlv(1, b"b")
    assert Tlv(1, b"a") != (1, b"a")
    assert len({Tlv(1, b"a"), Tlv(1, b"a"), Tlv(2, b"a")}) == 2
