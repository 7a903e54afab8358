"""Octets as they should not be: each key by what arrives, octet by octet."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from trunkline.simulator.bends import _STRAYS, NUMBERINGS, UNKNOWN_TAG, Bends, number_of, split
from trunkline.simulator.choices import SEQUENCE_NUMBERS, STRAYS
from trunkline.simulator.scenario import Scenario
from trunkline.smpp.constants import CommandId, CommandStatus, Tag
from trunkline.smpp.pdus import EnquireLink
from trunkline.smpp.receipts import parse_receipt

if TYPE_CHECKING:
    from tests.unit.simulator.conftest import Bench, Esme

RESP, DELIVER = CommandId.SUBMIT_SM_RESP, CommandId.DELIVER_SM


async def exchange(bench: Bench, **settings: Any) -> Esme:
    """One message and its receipt, whatever the octets look like: the peer can read both."""
    _, esme = await bench.both(first_id=0xABC, **settings)
    response = await esme.submit(short_message=b"text")
    await esme.until(lambda: bool(esme.delivered))
    receipt = parse_receipt(esme.delivered[0])
    assert receipt is not None
    assert (response.message_id, receipt.message_id, receipt.text) == ("abc", "abc", "text")
    return esme


def test_a_well_behaved_smsc_needs_no_wire() -> None:
    assert Bends(Scenario()).straight


@pytest.mark.parametrize("tlvs", [True, False])
async def test_nul_missing(bench: Bench, tlvs: bool) -> None:
    esme = await exchange(bench, trailing_nul="missing", receipt_tlvs=tlvs)
    assert esme.octets_of(RESP)[0][16:] == b"abc"
    assert esme.conn.session.decoder.lenient == 1


@pytest.mark.parametrize("tlvs", [True, False])
async def test_nul_too_many(bench: Bench, tlvs: bool) -> None:
    esme = await exchange(bench, trailing_nul="extra", receipt_tlvs=tlvs)
    assert esme.octets_of(RESP)[0][16:] == b"abc\0\0"
    assert esme.octets_of(DELIVER)[0].endswith(b"\x02\0" if tlvs else b"text\0")
    assert esme.conn.session.decoder.lenient == 2


@pytest.mark.parametrize("tlvs", [True, False])
@pytest.mark.parametrize("error", [-1, 1])
async def test_length_of_the_text(bench: Bench, tlvs: bool, error: int) -> None:
    esme = await exchange(bench, sm_length_error=error, receipt_tlvs=tlvs)
    octets = esme.octets_of(DELIVER)[0]
    at = octets.index(b"id:abc")
    end = octets.index(b"text:text") + len("text:text")
    assert octets[at - 1] == end - at + error
    assert esme.conn.session.decoder.lenient == 1


async def test_a_tlv_nobody_knows(bench: Bench) -> None:
    esme = await exchange(bench, unknown_tlv=True)
    value = b"what\x01is this"
    assert esme.responses[0].tlv(UNKNOWN_TAG) == esme.delivered[0].tlv(UNKNOWN_TAG) == value
    assert esme.conn.session.decoder.lenient == 0


@pytest.mark.parametrize("kind", ["size", "overrun"])
async def test_a_tlv_of_the_wrong_length(bench: Bench, kind: str) -> None:
    esme = await exchange(bench, bad_tlv=kind, unknown_tlv=True)
    assert esme.responses[0].tlv(UNKNOWN_TAG) is not None
    assert [tlv.tag for tlv in esme.delivered[0].tlvs] == [
        Tag.RECEIPTED_MESSAGE_ID,
        Tag.MESSAGE_STATE,
        UNKNOWN_TAG,
    ]
    assert esme.conn.session.decoder.lenient == 2
    wrong = b"\x04\x22\x00\x03\x01\x02\x03" if kind == "size" else b"\x00\x1d\x00\x20x"
    assert esme.octets_of(RESP)[0].endswith(wrong)
    assert esme.octets_of(DELIVER)[0].endswith(wrong)


async def test_refusals_without_a_body_stay_so(bench: Bench) -> None:
    _, esme = await bench.both(error_share=1, unknown_tlv=True, bad_tlv="size", trailing_nul="missing")
    assert (await esme.submit()).command_status == CommandStatus.ESME_RSYSERR
    assert len(esme.octets_of(RESP)[0]) == 16


@pytest.mark.parametrize("said", [True, False])
async def test_version_in_the_answer_to_a_bind(bench: Bench, said: bool) -> None:
    smsc = await bench.smsc(bind_version_tlv=said)
    esme = await bench.bind(smsc)
    assert esme.conn.session.peer_system_id == "simulator"
    assert esme.conn.session.peer_interface_version == (0x34 if said else None)


def test_every_numbering_is_offered() -> None:
    assert ["normal", *NUMBERINGS] == list(SEQUENCE_NUMBERS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("normal", [1, 2, 3, 4]),
        ("from-zero", [0, 1, 2, 3]),
        ("high", [0x80000000, 0x80000001, 0x80000002, 0x80000003]),
        ("wrap", [0x7FFFFFFE, 0x7FFFFFFF, 1, 2]),
        ("wrap-32", [0xFFFFFFFE, 0xFFFFFFFF, 0, 1]),
    ],
)
async def test_sequence_numbers(bench: Bench, name: str, expected: list[int]) -> None:
    smsc, esme = await bench.both(sequence_numbers=name)
    for number in range(4):
        await esme.submit(str(number))
    delivered = await esme.until_octets(DELIVER, 4)
    assert [number_of(pdu) for pdu in delivered] == expected
    await esme.submit(registered_delivery=0)
    assert smsc.counters.receipts_acked == 4  # its answers are known by those numbers
    assert [number_of(pdu) for pdu in esme.octets_of(RESP)] == [2, 3, 4, 5, 6]  # the ESME's own are its own


# --- Signs of life ----------------------------------------------------------------------------------


async def test_asks_before_the_bind(bench: Bench) -> None:
    smsc, esme = await bench.both(enquire_link_first=True)
    commands = [int.from_bytes(pdu[4:8], "big") for pdu in esme.octets.read_pdus]
    assert commands == [CommandId.ENQUIRE_LINK, CommandId.BIND_TRANSCEIVER_RESP]
    strays = bench.record.read().strays_answered
    assert [(each.stray, each.command, each.status) for each in strays] == [
        ("enquire_link", "enquire_link_resp", 0)
    ]
    assert smsc.counters.strays_answered == 1


@pytest.mark.parametrize("answered", [True, False])
async def test_answers_to_enquire_link(bench: Bench, answered: bool) -> None:
    _, esme = await bench.both(enquire_link_answered=answered)
    esme.conn.send(EnquireLink())
    await esme.submit()
    assert bool(esme.octets_of(CommandId.ENQUIRE_LINK_RESP)) == answered


async def test_asks_often(bench: Bench) -> None:
    _, esme = await bench.both(enquire_link_ms=10)
    await esme.until_octets(CommandId.ENQUIRE_LINK, 3)
    assert not esme.closed  # it is answered


# --- Strays -----------------------------------------------------------------------------------------


def test_every_stray_is_offered() -> None:
    assert tuple(_STRAYS) == STRAYS


async def test_strays_that_do_no_harm(bench: Bench) -> None:
    strays = ("response", "nack", "enquire_link", "alert_notification", "unknown", "unparsable")
    smsc, esme = await bench.both(strays=strays, stray_every=2)
    for number in range(12):
        assert (await esme.submit(str(number), registered_delivery=0)).command_status == 0
    await esme.submit(registered_delivery=0)  # what came before has been answered
    said = [(each.stray, each.command, each.status) for each in bench.record.read().strays_answered]
    assert said == [
        ("enquire_link", "enquire_link_resp", 0),
        ("unknown", "generic_nack", CommandStatus.ESME_RINVCMDID),
        ("unparsable", "deliver_sm_resp", CommandStatus.ESME_RINVSRCADR),
    ]
    assert esme.conn.session.unmatched == 2
    assert esme.conn.session.malformed == 2
    assert [event[1].name for event in esme.events if event[0] == "deliver"] == ["alert_notification"]
    assert smsc.counters.taken == 13


@pytest.mark.parametrize(
    ("stray", "reason"),
    [
        ("short", "command_length 15 is below 16"),
        ("long", "command_length 2147483647 is above 65536"),
        ("http", "this looks like an HTTP response"),
        ("tls", "this looks like a TLS client hello"),
    ],
)
async def test_strays_that_end_the_link(bench: Bench, stray: str, reason: str) -> None:
    smsc = await bench.smsc(strays=(stray,), stray_every=1)
    esme = await bench.bind(smsc)
    esme.send(registered_delivery=0)
    await esme.until(lambda: esme.closed)
    assert len(esme.responses) == 1  # what came before it is heard
    assert reason in str(esme.conn.session.close_reason)


async def test_whatever_pieces_it_arrives_in(bench: Bench) -> None:
    """The wire takes a PDU apart only when it is whole, and passes on at once what never will be."""
    smsc = await bench.smsc(sequence_numbers="high")
    reader, writer = await asyncio.open_connection("127.0.0.1", smsc.port)
    ask = b"\0\0\0\x10\0\0\0\x15\0\0\0\0\0\0\0\x07"
    for octet in ask + ask:
        writer.write(bytes((octet,)))
        await writer.drain()
    answers = await reader.readexactly(32)
    assert [number_of(pdu) for pdu in split(answers)] == [7, 7]
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    nack = await reader.read()
    assert nack[4:8] == int(CommandId.GENERIC_NACK).to_bytes(4, "big")
    writer.close()
