import pytest

from trunkline.smpp.constants import CommandId, Tag
from trunkline.smpp.meanings import (
    esm_class_meaning,
    field_meaning,
    protocol_id_meaning,
    registered_delivery_meaning,
    time_meaning,
    tlv_meaning,
    version_meaning,
)
from trunkline.smpp.pdus import PDU_CLASSES
from trunkline.smpp.tlv import Tlv


@pytest.mark.parametrize(
    ("value", "is_delivery", "words"),
    [
        (0x00, False, "the SMSC's default mode"),
        (0x02, False, "transaction mode"),
        (0x08, False, "the SMSC's default mode, delivery acknowledgement"),
        (0xC0, False, "the SMSC's default mode, with a user data header, with a reply path"),
        (0x00, True, "a message"),
        (0x04, True, "delivery receipt"),
        (0x20, True, "intermediate notification"),
        (0x44, True, "delivery receipt, with a user data header"),
        (0x0C, True, "reserved type 0x0c"),
    ],
)
def test_esm_class(value: int, is_delivery: bool, words: str):
    assert esm_class_meaning(value, is_delivery=is_delivery) == words


def test_registered_delivery():
    assert registered_delivery_meaning(0) == "no receipt"
    assert registered_delivery_meaning(0x0E) == (
        "a receipt when it failed, delivery acknowledgement by the handset, acknowledgement by the user"
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0x33, "SMPP 3.3"),
        (0x34, "SMPP 3.4"),
        (0x50, "SMPP 5.0"),
        (0x00, "reserved; taken for SMPP 3.3"),
        (0x40, "reserved; taken for SMPP 3.4"),
    ],
)
def test_versions(value: int, words: str):
    assert version_meaning(value) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("240729210205000+", "2024-07-29 21:02:05 UTC"),
        ("240729210205008+", "2024-07-29 19:02:05 UTC"),
        ("000001020000000R", "1 days, 2 hours from now"),
        ("000000000000000R", "no time from now"),
        ("tomorrow", "not a time: an SMPP time has 16 characters, YYMMDDhhmmsstnnp"),
    ],
)
def test_times(text: str, words: str):
    assert time_meaning(text) == words


def test_protocol_id():
    assert protocol_id_meaning(0x40).startswith("short message type 0")
    assert protocol_id_meaning(0x11) == ""


@pytest.mark.parametrize("cls", PDU_CLASSES.values(), ids=lambda cls: cls.name)
@pytest.mark.parametrize("number", [0, 1, 7, 0x7F, 0xFF])
def test_every_number_of_every_field_can_be_asked_for(cls, number: int):
    for name, _ in cls.layout:
        assert isinstance(field_meaning(name, number, cls.command_id), str)


def test_receipts_differ_from_submits():
    assert field_meaning("esm_class", 4, CommandId.DELIVER_SM) == "delivery receipt"
    assert field_meaning("service_type", "VMN", CommandId.SUBMIT_SM) == "voice mail notification"
    assert field_meaning("addr_ton", 9, CommandId.BIND_RECEIVER) == "reserved"


@pytest.mark.parametrize(
    ("tag", "octets", "words"),
    [
        (Tag.MESSAGE_STATE, b"\x05", "UNDELIVERABLE"),
        (Tag.MESSAGE_STATE, b"\x63", "reserved"),
        (Tag.SC_INTERFACE_VERSION, b"\x34", "SMPP 3.4"),
        (Tag.NETWORK_ERROR_CODE, b"\x03\x00\x01", "GSM, error 1"),
        (Tag.NETWORK_ERROR_CODE, b"\x08\x00\x01", "a network of its own kind, error 1"),
        (Tag.DEST_ADDR_SUBUNIT, b"\x01", "the display (flash)"),
        (Tag.QOS_TIME_TO_LIVE, b"\x00\x00\x00\x3c", "60 seconds"),
        (Tag.CONGESTION_STATE, b"\x50", "80 % of what the peer can take"),
        (Tag.MORE_MESSAGES_TO_SEND, b"\x01", "more messages follow"),
        (Tag.USER_MESSAGE_REFERENCE, b"\x00\x01", ""),
        (0x1400, b"\x01", ""),
    ],
)
def test_optional_parameters(tag: int, octets: bytes, words: str):
    assert tlv_meaning(Tlv(tag, octets)) == words
