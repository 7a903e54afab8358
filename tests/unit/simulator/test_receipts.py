"""What receipts look like, key by key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from trunkline.simulator.choices import DATE_FORMATS, RECEIPT_TEMPLATES
from trunkline.simulator.pending import PendingReceipt
from trunkline.simulator.receipts import DELIVERED, FAILED, ReceiptWriter
from trunkline.simulator.scenario import Scenario
from trunkline.smpp.codec import decode, encode
from trunkline.smpp.constants import Tag
from trunkline.smpp.pdus import DataSm, DeliverSm, SubmitSm
from trunkline.smpp.receipts import parse_receipt

if TYPE_CHECKING:
    from tests.unit.simulator.conftest import Bench

SUBMITTED = 1_767_323_045_678  # 2026-01-02 03:04:05.678 UTC
DONE = SUBMITTED + 61_000

SUBMIT = SubmitSm(
    source_addr_ton=5,
    source_addr="shop",
    dest_addr_ton=1,
    dest_addr_npi=1,
    destination_addr="491700000001",
    short_message=b"A long enough message: " * 3,
)
TEXT = "A long enough messag"


def write(stat: str = DELIVERED, **settings: Any) -> DeliverSm | DataSm:
    """The receipt as the peer reads it."""
    err = "000" if stat == DELIVERED else Scenario(**settings).failed_err
    receipt = PendingReceipt(SUBMIT, 0xABC, "abc", stat, err, SUBMITTED, TEXT)
    pdu = decode(encode(ReceiptWriter(Scenario(**settings)).write(receipt, DONE)))
    assert isinstance(pdu, DeliverSm | DataSm)
    return pdu


def text(**settings: Any) -> str:
    return write(**settings).payload.decode("latin-1")


def test_by_the_book() -> None:
    pdu = write()
    assert pdu.payload == (
        b"id:abc sub:001 dlvrd:001 submit date:2601020304 done date:2601020305 stat:DELIVRD err:000"
        b" text:A long enough messag"
    )
    assert (pdu.esm_class, pdu.data_coding) == (4, 0)
    assert (pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr) == (1, 1, "491700000001")
    assert (pdu.dest_addr_ton, pdu.destination_addr) == (5, "shop")


@pytest.mark.parametrize("fields", RECEIPT_TEMPLATES)
def test_fields(fields: str) -> None:
    pdu = write(receipt_fields=fields, receipt_tlvs=False)
    receipt = parse_receipt(pdu)
    assert receipt is not None
    assert (receipt.message_id, receipt.stat) == ("abc", "DELIVRD")
    said = pdu.payload.decode()
    assert said.startswith(
        {"reordered": "stat:DELIVRD err:000 done", "spaced": " id: abc  sub"}.get(fields, "id:abc")
    )
    if fields == "missing":
        assert said == "id:abc stat:DELIVRD"


def test_a_template_of_ones_own() -> None:
    assert (
        text(stat=FAILED, receipt_template="{stat}/{id:>6}/{err}/{sub}{dlvrd}", failed_err="0A12")
        == "UNDELIV/   abc/0A12/001000"
    )


@pytest.mark.parametrize(
    ("name", "submitted", "done"),
    [
        ("YYMMDDhhmm", "2601020304", "2601020305"),
        ("YYMMDDhhmmss", "260102030405", "260102030506"),
        ("YYYYMMDDhhmm", "202601020304", "202601020305"),
        ("YYYYMMDDhhmmss", "20260102030405", "20260102030506"),
        ("separated", "2026-01-02 03:04:05", "2026-01-02 03:05:06"),
        ("ms", "1767323045678", "1767323106678"),
        ("zeros", "0000000000", "0000000000"),
        ("blank", "", ""),
    ],
)
def test_dates(name: str, submitted: str, done: str) -> None:
    assert f"submit date:{submitted} done date:{done} stat:" in text(receipt_dates=name)


def test_every_date_format_is_tested() -> None:
    marks: Any = test_dates
    assert [row[0] for row in marks.pytestmark[0].args[1]] == list(DATE_FORMATS)


@pytest.mark.parametrize(
    ("settings", "stat", "raw", "state"),
    [
        ({"delivered_stat": "DELIVERED"}, DELIVERED, "DELIVERED", 2),
        ({"delivered_stat": "Deliv"}, DELIVERED, "Deliv", 2),
        ({"delivered_stat": "ACCEPTD"}, DELIVERED, "ACCEPTD", 6),
        ({"failed_stat": "FAILED"}, FAILED, "FAILED", 5),
        ({"failed_stat": "EXPIRED", "receipt_stat_case": "lower"}, FAILED, "expired", 3),
        ({"failed_stat": "rejectd", "receipt_stat_case": "title"}, FAILED, "Rejectd", 8),
        ({"failed_stat": "gone", "receipt_stat_case": "upper"}, FAILED, "GONE", 5),
    ],
)
def test_stat(settings: dict[str, Any], stat: str, raw: str, state: int) -> None:
    pdu = write(stat, **settings)
    assert f"stat:{raw} " in pdu.payload.decode()
    assert pdu.tlv(Tag.MESSAGE_STATE) == bytes((state,))


@pytest.mark.parametrize(
    ("settings", "has_id", "has_state"),
    [
        ({}, True, True),
        ({"receipt_tlvs": False}, False, False),
        ({"receipt_id_tlv": False}, False, True),
        ({"receipt_state_tlv": False}, True, False),
    ],
)
def test_tlvs(settings: dict[str, Any], has_id: bool, has_state: bool) -> None:
    pdu = write(**settings)
    assert (pdu.tlv(Tag.RECEIPTED_MESSAGE_ID) == b"abc\0") == has_id
    assert (pdu.tlv(Tag.MESSAGE_STATE) is not None) == has_state


@pytest.mark.parametrize(
    ("body", "in_short_message", "in_payload", "wide"),
    [
        ("text", True, None, False),
        ("ucs2", True, None, True),
        ("payload", False, True, False),
        ("ucs2-payload", False, True, True),
        ("both", True, True, False),
        ("empty-payload", True, False, False),
    ],
)
def test_body(body: str, in_short_message: bool, in_payload: bool | None, wide: bool) -> None:
    pdu = write(receipt_body=body)
    assert isinstance(pdu, DeliverSm)
    assert bool(pdu.short_message) == in_short_message
    payload = pdu.tlv(Tag.MESSAGE_PAYLOAD)
    assert (None if payload is None else bool(payload)) == in_payload
    assert pdu.data_coding == (8 if wide else 0)
    assert pdu.payload.startswith("id:abc".encode("utf-16-be") if wide else b"id:abc")
    receipt = parse_receipt(pdu)
    assert receipt is not None
    assert receipt.message_id == "abc"


@pytest.mark.parametrize("body", ["text", "both", "payload", "empty-payload"])
def test_in_data_sm(body: str) -> None:
    pdu = write(receipt_pdu="data_sm", receipt_body=body)
    assert isinstance(pdu, DataSm)
    assert pdu.payload.startswith(b"id:abc")
    assert len(pdu.all_tlvs(Tag.MESSAGE_PAYLOAD)) == 1


@pytest.mark.parametrize("esm_class", [0, 0x04, 0x20, 0x44, 0x84])
def test_esm_class(esm_class: int) -> None:
    assert write(receipt_esm_class=esm_class).esm_class == esm_class


def test_user_data_header() -> None:
    pdu = write(receipt_udh=True)
    assert pdu.esm_class == 0x44
    assert pdu.payload.startswith(b"\x05\x00\x03\x01\x01\x01id:abc")


def test_data_coding_claims_anything() -> None:
    pdu = write(receipt_body="ucs2", receipt_data_coding=0)
    assert pdu.data_coding == 0
    assert pdu.payload.startswith("id:abc".encode("utf-16-be"))


def test_ids_of_other_forms() -> None:
    assert text(receipt_id_format="decimal", id_width=10).startswith("id:0000002748 ")
    assert text(receipt_id_format="hex-upper").startswith("id:ABC ")


# --- Which receipts -----------------------------------------------------------------------------------------


async def test_receipts_nobody_asked_for(bench: Bench) -> None:
    smsc, esme = await bench.both(unasked_share=1, receipt_delay_ms=1)
    response = await esme.submit(registered_delivery=0)
    await esme.until(lambda: bool(esme.delivered))
    receipt = parse_receipt(esme.delivered[0])
    assert receipt is not None
    assert receipt.message_id == response.message_id
    assert smsc.counters.receipts_due == bench.record.counters.receipts_due == 1


async def test_unasked_receipts_leave_the_others_alone(bench: Bench) -> None:
    smsc, esme = await bench.both(unasked_share=1, failed_share=1)
    await esme.submit(registered_delivery=2)
    await esme.until(lambda: bool(esme.delivered))
    receipt = parse_receipt(esme.delivered[0])
    assert receipt is not None
    assert receipt.stat == "UNDELIV"
    assert smsc.counters.receipts_due == 1


async def test_receipts_for_ids_never_given(bench: Bench) -> None:
    smsc, esme = await bench.both(unknown_share=1)
    ids = [(await esme.submit()).message_id for _ in range(3)]
    await esme.until(lambda: len(esme.delivered) == 6)
    receipted = [receipt.message_id for pdu in esme.delivered if (receipt := parse_receipt(pdu))]
    assert set(ids) < set(receipted)
    assert len(set(receipted)) == 6
    assert len(set(ids)) == 3
    assert smsc.counters.receipts_due == bench.record.counters.receipts_due == 6


async def test_a_receipt_for_an_unknown_id_alone(bench: Bench) -> None:
    _, esme = await bench.both(unknown_share=1, receipts="early")
    response = await esme.submit(registered_delivery=0)
    await esme.until(lambda: bool(esme.delivered))
    receipt = parse_receipt(esme.delivered[0])
    assert receipt is not None
    assert receipt.message_id != response.message_id


async def test_ids_with_zeros_in_the_response(bench: Bench) -> None:
    _, esme = await bench.both(first_id=0xABC, response_id_width=8)
    assert (await esme.submit()).message_id == "00000abc"
    await esme.until(lambda: bool(esme.delivered))
    receipt = parse_receipt(esme.delivered[0])
    assert receipt is not None
    assert receipt.message_id == "abc"
