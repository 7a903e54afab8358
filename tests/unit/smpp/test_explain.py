import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.smpp.codec import encode
from trunkline.smpp.explain import Explanation, explain
from trunkline.smpp.fields import DistributionList, SmeAddress, UnsuccessSme
from trunkline.smpp.pdus import (
    BindTransceiver,
    DataSm,
    EnquireLink,
    Pdu,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
)
from trunkline.smpp.tlv import Tlv

from .samples import EMPTY, FULL, pdus


def one(octets: bytes) -> Explanation:
    (explanation,) = explain(octets)
    return explanation


@pytest.mark.parametrize("pdu", [*FULL, *EMPTY], ids=lambda pdu: pdu.name)
def test_every_field_of_every_pdu_is_explained(pdu: Pdu):
    octets = encode(pdu)
    found = one(octets)
    assert (found.name, found.command_id, found.octets) == (pdu.name, pdu.command_id, octets)
    assert found.problems == ()
    assert found.value("command_length") == len(octets)
    assert found.value("sequence_number") == pdu.sequence_number
    for name, _ in pdu.layout:
        if name not in {"password", "dest_address", "unsuccess_sme"}:
            assert found.value(name) == getattr(pdu, name), name
    assert [part.tag for part in found.parts if part.tag is not None] == [tlv.tag for tlv in pdu.tlvs]


@given(pdus)
def test_the_parts_are_the_pdu_without_gaps(pdu: Pdu):
    octets = encode(pdu)
    found = one(octets)
    position = 0
    for part in found.parts:
        assert part.offset == position
        if part.name != "password":
            assert part.octets == octets[position : position + len(part.octets)]
        position += len(part.octets)
    assert position == len(octets)


@given(st.binary(max_size=300))
def test_whatever_comes_is_taken_apart_to_its_last_octet(octets: bytes):
    assert b"".join(each.octets for each in explain(octets)) == octets


@given(pdus, st.data())
def test_damaged_pdus_are_explained_too(pdu: Pdu, data: st.DataObject):
    octets = bytearray(encode(pdu))
    octets[data.draw(st.integers(8, len(octets) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(octets)))
    for damaged in (bytes(octets), bytes(octets[:cut])):
        for found in explain(damaged):
            assert sum(len(part.octets) for part in found.parts) == len(found.octets)


def test_pdus_in_a_row():
    found = list(explain(encode(EnquireLink()) + encode(SubmitSm()) + b"\0\0"))
    assert [each.name for each in found] == ["enquire_link", "submit_sm", ""]
    assert found[2].problems == ("2 octets are less than the header's 16",)


def test_numbers_have_words():
    submit = SubmitSm(
        source_addr_ton=5, source_addr="Shop", dest_addr_ton=1, dest_addr_npi=1, esm_class=0x43,
        validity_period="000001000000000R", registered_delivery=0x11, priority_flag=2, protocol_id=0x41,
    )  # fmt: skip
    meanings = {part.name: part.meaning for part in one(encode(submit)).parts}
    assert meanings["source_addr_ton"] == "alphanumeric"
    assert meanings["dest_addr_npi"] == "ISDN (E.163, E.164)"
    assert meanings["esm_class"] == "store and forward mode, with a user data header"
    assert meanings["validity_period"] == "1 days from now"
    assert meanings["registered_delivery"].endswith("final, intermediate notifications")
    assert meanings["protocol_id"] == "replaces an earlier message of type 1"
    refused = {part.name: part.meaning for part in one(encode(SubmitSmResp(command_status=0x58))).parts}
    assert refused["command_status"] == "ESME_RTHROTTLED"


def test_passwords_are_not_shown():
    found = one(encode(BindTransceiver(system_id="user", password="S3cret!")))
    assert found.value("password") == "***"
    assert b"S3cret!" not in b"".join(part.octets for part in found.parts)
    assert one(encode(BindTransceiver(system_id="user"))).value("password") == ""


def test_destinations_are_taken_apart():
    multi = SubmitMulti(dest_address=(SmeAddress(1, 1, "4477"), DistributionList("friends")))
    names = [part.name for part in one(encode(multi)).parts]
    assert names[8:15] == [
        "number_of_dests", "dest_flag", "dest_addr_ton", "dest_addr_npi", "destination_addr", "dest_flag",
        "dl_name",
    ]  # fmt: skip
    refused = one(encode(SubmitMultiResp(message_id="1", unsuccess_sme=(UnsuccessSme(1, 1, "4477", 0x0B),))))
    assert refused.parts[-1].meaning == "ESME_RINVDSTADR"


# What is wrong


def frame(command_id: int, body: bytes, length: int | None = None) -> bytes:
    size = 16 + len(body) if length is None else length
    return struct.pack(">IIII", size, command_id, 0, 7) + body


@pytest.mark.parametrize(
    ("octets", "problem", "last"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "this looks like HTTP", "unread"),
        (frame(4, b"", 69), "command_length is 69, but only 16 octets are there", "sequence_number"),
        (frame(4, b"\0\x05\0My"), "the PDU ends before dest_addr_ton (ESME_RINVCMDLEN)", "source_addr"),
        (frame(4, b"\0\0\0" + b"9" * 21 + b"\0"), "source_addr has 21 octets, at most 20 fit", "unread"),
        (frame(0x22, b"\1\2"), "command_id 0x00000022 is not known", "unread"),
        (encode(SubmitSm())[:-1] + b"\x05", "sm_length is 5, 0 octets are there (ESME_RINVMSGLEN)", "unread"),
        (frame(0x15, b"\0"), "one NUL too many", "unread"),
        (frame(0x15, b"\1\2\3"), "no optional parameter", "unread"),
        (frame(0x15, b"\x04\x27\0\x09\2"), "message_state has length 9, but 1 octets are there", "unread"),
        (
            frame(0x15, b"\x04\x27\0\2\2\2"),
            "message_state has 2 octets, which its tag does not",
            "message_state",
        ),
        (frame(0x80000004, b"12"), "message_id is not laid out by the book", "message_id"),
        (frame(0x80000004, b""), "the response has no body", "sequence_number"),
    ],
)
def test_what_is_wrong_is_said(octets: bytes, problem: str, last: str):
    found = one(octets)
    assert any(problem in each for each in found.problems), found.problems
    assert found.parts[-1].name == last


def test_a_refusal_without_a_body_is_by_the_book():
    assert one(encode(SubmitSmResp(command_status=8))).problems == ()


def test_values_of_optional_parameters():
    data = DataSm(
        tlvs=(Tlv(0x0427, b"\x02"), Tlv(0x0423, b"\x03\x00\x21"), Tlv(0x001E, b"ab\0"), Tlv(0x1400, b"\1"))
    )
    shown = [(part.name, part.value, part.meaning) for part in one(encode(data)).parts if part.tag]
    assert shown == [
        ("message_state", 2, "DELIVERED"),
        ("network_error_code", b"\x03\x00\x21", "GSM, error 33"),
        ("receipted_message_id", "ab", ""),
        ("0x1400", b"\x01", ""),
    ]
