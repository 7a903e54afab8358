import pytest
from hypothesis import given

from tests.unit.smpp.samples import pdus
from trunkline.gsm.udh import Element
from trunkline.services.accounts import InvalidInput
from trunkline.services.pdu_explanation import (
    ExplainedPdu,
    data_coding_meaning,
    element_meaning,
    explain_pdus,
)
from trunkline.smpp.codec import encode
from trunkline.smpp.constants import ESM_DELIVERY_RECEIPT, ESM_UDHI
from trunkline.smpp.pdus import DataSm, DeliverSm, EnquireLink, Pdu, ReplaceSm, SubmitSm
from trunkline.smpp.tlv import Tlv

ENQUIRE_LINK = "00000010000000150000000000000001"


def one(pdu: Pdu, default_alphabet: str = "gsm7") -> ExplainedPdu:
    (explained,) = explain_pdus(encode(pdu).hex(), default_alphabet)
    return explained


def inside(explained: ExplainedPdu) -> list[tuple[int, str, int | str, str]]:
    """What is explained below a field."""
    return [(each.offset, each.field, each.value, each.meaning) for each in explained.fields if each.level]


# Reading


@pytest.mark.parametrize(
    "text",
    [
        ENQUIRE_LINK,
        ENQUIRE_LINK.upper(),
        "00000010 00000015 00000000 00000001",
        "0x00 0x00 0x00 0x10 0x00 0x00 0x00 0x15 0x00,0x00,0x00,0x00,0x00,0x00,0x00,0x01",
        "00:00:00:10:00:00:00:15\n00:00:00:00:00:00:00:01\n",
        "\\x00\\x00\\x00\\x10\\x00\\x00\\x00\\x15\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01",
        f"INFO[2024-07-29 21:02:05][1beb339d-24dd-4abc-a1c3-9e77d88856ab]: <<<<< {ENQUIRE_LINK}",
        f'>>>>> {ENQUIRE_LINK}\nENQUIRE_LINK:\n{{\n"Header": {{\n"command_length": 16,\n',
    ],
)
def test_octets_in_any_usual_writing(text: str) -> None:
    (explained,) = explain_pdus(text)
    assert (explained.pdu, explained.size, explained.problems) == ("enquire_link", 16, ())


def test_a_whole_log_has_its_pdus_in_order() -> None:
    submit = encode(SubmitSm()).hex()
    text = f"INFO[x][y]: <<<<< {submit}\nSUBMIT_SM:\n{{\n}}\nINFO[x][y]: >>>>> {ENQUIRE_LINK}\n{{\n"
    assert [each.pdu for each in explain_pdus(text)] == ["submit_sm", "enquire_link"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "there are no octets"),
        (" \n", "there are no octets"),
        ("00000", "5 digits are no whole number of octets"),
        ("00zz", "'z' is no hexadecimal digit"),
        ("submit_sm", "'s' is no hexadecimal digit"),
    ],
)
def test_what_is_no_octets_is_refused_at_once(text: str, rule: str) -> None:
    with pytest.raises(InvalidInput, match=f"hex: {rule}"):
        explain_pdus(text)


def test_an_alphabet_that_does_not_exist() -> None:
    with pytest.raises(InvalidInput, match="default_alphabet: must be one of gsm7"):
        explain_pdus(ENQUIRE_LINK, "ebcdic")


# What PDUs carry


@given(pdus)
def test_every_pdu_can_be_explained(pdu: Pdu) -> None:
    explained = one(pdu)
    assert explained.pdu == pdu.name


def test_the_text_of_a_message() -> None:
    assert inside(one(SubmitSm(short_message=b"Hi \x1be"))) == [(33, "text", "Hi €", "4 characters")]
    assert inside(one(SubmitSm(short_message=b"\xe9"), "latin1")) == [(33, "text", "é", "1 characters")]
    assert inside(one(SubmitSm())) == []


def test_the_header_of_a_part() -> None:
    part = SubmitSm(esm_class=ESM_UDHI, short_message=bytes.fromhex("050003550201") + b"Hello")
    assert inside(one(part)) == [
        (33, "udh_length", 5, "octets of header follow"),
        (34, "element 0x00", "550201", "part 1 of 2, reference 85"),
        (39, "text", "Hello", "5 characters"),
    ]


def test_a_broken_header() -> None:
    broken = one(SubmitSm(esm_class=ESM_UDHI, short_message=b"\x40Hi"))
    assert inside(broken)[0][3] == "broken: the header has 64 octets, 2 are there"


def test_the_text_of_a_payload() -> None:
    explained = one(DataSm(data_coding=8, tlvs=(Tlv(0x0424, "да".encode("utf-16-be")),)))
    assert inside(explained) == [(30, "text", "да", "2 characters")]
    assert explained.fields[-2].meaning == "TLV 0x0424"


def test_the_text_of_a_replacement_has_no_data_coding_of_its_own() -> None:
    assert inside(one(ReplaceSm(message_id="1", short_message=b"new")))[0][1:3] == ("text", "new")


def test_a_receipt_is_read() -> None:
    text = (
        b"id:3E5A11 sub:001 dlvrd:001 submit date:2407292102 done date:2407292103 stat:DELIVERED "
        b"err:000 text:Hi"
    )
    explained = one(DeliverSm(esm_class=ESM_DELIVERY_RECEIPT, short_message=text))
    shown = {field: (value, meaning) for _, field, value, meaning in inside(explained)}
    assert shown["receipt: id"] == ("3E5A11", "")
    assert shown["receipt: stat"] == ("DELIVRD", "written 'DELIVERED'; final")
    assert shown["receipt: done date"] == ("2024-07-29 21:03:00 UTC", "")
    assert shown["receipt: text"] == ("Hi", "")


def test_a_handsets_message_is_no_receipt() -> None:
    explained = one(DeliverSm(short_message=b"Hello"))
    assert not any("receipt" in each.field for each in explained.fields)


def test_a_pdu_that_breaks_off_is_explained_so_far() -> None:
    (explained,) = explain_pdus(encode(SubmitSm(source_addr="Shop")).hex()[:48])
    assert explained.problems[0].startswith("command_length is")
    assert explained.fields[-1].field == "source_addr"


# Words


@pytest.mark.parametrize(
    ("data_coding", "words"),
    [
        (0, "the SMSC's default alphabet, taken for gsm7"),
        (8, "ucs2"),
        (4, "binary"),
        (0x10, "gsm7, class 0 (flash)"),
        (0x18, "ucs2, class 0 (flash)"),
        (0xF6, "binary, class 2 (SIM)"),
        (0xC8, "gsm7, voicemail indication on"),
        (0x40, "gsm7, deleted when read"),
    ],
)
def test_data_codings(data_coding: int, words: str) -> None:
    assert data_coding_meaning(data_coding, "gsm7") == words


@pytest.mark.parametrize(
    ("element", "words"),
    [
        (Element(0x00, b"\x55\x02\x01"), "part 1 of 2, reference 85"),
        (Element(0x08, b"\x01\x02\x03\x02"), "part 2 of 3, reference 258"),
        (Element(0x05, b"\x0b\x84\x23\xf0"), "to port 2948, from port 9200"),
        (Element(0x24, b"\x01"), "turkish single shift table"),
        (Element(0x25, b"\x63"), "unknown locking shift table"),
        (Element(0x00, b"\x55\x02\x03"), "ignored: its length or its numbers are wrong"),
        (Element(0x70, b""), "SIM toolkit security header"),
        (Element(0x21, b"\x01"), ""),
    ],
)
def test_elements(element: Element, words: str) -> None:
    assert element_meaning(element) == words


def test_nothing_of_a_bare_command() -> None:
    assert inside(one(EnquireLink())) == []
