"""The deliver_sm that tells an ESME what became of its message."""

import pytest

from trunkline.model.snapshot import ReceiptFormat
from trunkline.servers.smpp.receipts import receipt_pdu
from trunkline.smpp.codec import encode
from trunkline.smpp.constants import Tag
from trunkline.smpp.receipts import parse_receipt

from .conftest import NOW, payload_of


def test_as_customers_parsers_expect_it() -> None:
    pdu = receipt_pdu(payload_of())
    assert pdu.short_message == (
        b"id:0199-id sub:001 dlvrd:001 submit date:2604101230 done date:2604101232"
        b" stat:DELIVRD err:000 text:hello"
    )
    assert (pdu.esm_class, pdu.data_coding, pdu.registered_delivery) == (0x04, 0, 0)
    assert (pdu.source_addr, pdu.source_addr_ton, pdu.source_addr_npi) == ("4915112345678", 1, 1)
    assert (pdu.destination_addr, pdu.dest_addr_ton, pdu.dest_addr_npi) == ("Shop", 5, 0)
    assert pdu.tlv(Tag.RECEIPTED_MESSAGE_ID) == b"0199-id\0"
    assert pdu.tlv(Tag.MESSAGE_STATE) == b"\x02"


@pytest.mark.parametrize(
    ("stat", "shown"),
    [
        ("ENROUTE", "ENROUTE"),
        ("ACCEPTD", "ENROUTE"),
        ("DELIVRD", "DELIVRD"),
        ("EXPIRED", "EXPIRED"),
        ("DELETED", "DELETED"),
        ("REJECTD", "REJECTD"),
        ("UNDELIV", "STATERR"),
        ("UNKNOWN", "STATERR"),
    ],
)
def test_the_form_of_text_002(stat: str, shown: str) -> None:
    pdu = receipt_pdu(payload_of(stat=stat), ReceiptFormat.MILLISECONDS)
    assert pdu.short_message == (
        f"id:0199-id submit date:{payload_of().submit_at} done date:{payload_of().done_at} stat:{shown}"
    ).encode("ascii")
    assert pdu.tlv(Tag.RECEIPTED_MESSAGE_ID) == b"0199-id\0"
    receipt = parse_receipt(pdu)
    assert receipt is not None
    assert (receipt.message_id, receipt.done_date) == ("0199-id", payload_of().done_at)


@pytest.mark.parametrize(
    ("stat", "state"),
    [
        ("ENROUTE", 1),
        ("DELIVRD", 2),
        ("EXPIRED", 3),
        ("DELETED", 4),
        ("UNDELIV", 5),
        ("ACCEPTD", 6),
        ("UNKNOWN", 7),
        ("REJECTD", 8),
        ("SOMETHING", 7),
    ],
)
def test_the_state_stands_in_text_and_tlv(stat: str, state: int) -> None:
    pdu = receipt_pdu(payload_of(stat=stat))
    assert f" stat:{stat} ".encode() in pdu.short_message
    assert pdu.tlv(Tag.MESSAGE_STATE) == bytes([state])


def test_progress_is_marked_as_such() -> None:
    assert receipt_pdu(payload_of(stat="ENROUTE", intermediate=True)).esm_class == 0x20


def test_our_own_reader_understands_it() -> None:
    receipt = parse_receipt(receipt_pdu(payload_of(stat="UNDELIV", err="021", delivered=0, submitted=3)))
    assert receipt is not None
    assert (receipt.message_id, receipt.stat, receipt.err) == ("0199-id", "UNDELIV", "021")
    assert (receipt.submit_date, receipt.done_date) == (NOW, NOW + 120_000)
    assert receipt.final


def test_it_can_be_sent_whatever_the_smsc_wrote() -> None:
    pdu = receipt_pdu(payload_of(message_id="queued_" + "f" * 36, err="é" * 300, text="مرحبا\n" * 9))
    assert len(pdu.short_message) <= 254
    assert encode(pdu)


def test_the_tlvs_that_belong_to_the_sender() -> None:
    pdu = receipt_pdu(payload_of(tlvs="020400020009"))
    assert pdu.tlv(Tag.USER_MESSAGE_REFERENCE) == b"\0\x09"
    assert pdu.tlv(Tag.RECEIPTED_MESSAGE_ID) == b"0199-id\0"
