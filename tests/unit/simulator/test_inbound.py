"""What handsets send, key by key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from trunkline.gsm.alphabets import decode
from trunkline.gsm.septets import fill_bits
from trunkline.gsm.udh import concatenation, split
from trunkline.simulator.inbound import MoText, numbered
from trunkline.simulator.rules import ScenarioError
from trunkline.simulator.scenario import Scenario
from trunkline.smpp.codec import decode as decode_pdu
from trunkline.smpp.codec import encode as encode_pdu
from trunkline.smpp.constants import BindType, CommandStatus, Tag, Version
from trunkline.smpp.pdus import DataSm, DeliverSm
from trunkline.smpp.receipts import parse_receipt

if TYPE_CHECKING:
    from tests.unit.simulator.conftest import Bench

SOURCE, DESTINATION = (1, 1, "491700000001"), (3, 0, "12345")
LONG = "".join(chr(ord("a") + at % 26) for at in range(400))
EURO = "x" + "€" * 199  # every second septet begins a pair
SMILE = "x" + "\U0001f600" * 99  # every second code unit begins one


def pdus(number: int = 1, **settings: Any) -> list[DeliverSm | DataSm]:
    """The PDUs of a message, as the peer reads them."""
    made = MoText(Scenario(**settings)).pdus(number, SOURCE, DESTINATION)
    read = [decode_pdu(encode_pdu(pdu)) for pdu in made]
    assert all(isinstance(pdu, DeliverSm | DataSm) for pdu in read)
    return read  # type: ignore[return-value]  # as asserted


def content(pdu: DeliverSm | DataSm) -> tuple[tuple[int, int, int] | None, bytes]:
    """Reference, total and number by header or TLVs, and the octets behind the header."""
    if pdu.esm_class & 0x40:
        elements, octets = split(pdu.payload)
        place = concatenation(elements)
        assert place is not None
        return (place.reference, place.total, place.number), octets
    sar = [pdu.tlv(tag) for tag in (Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM)]
    if None in sar:
        return None, pdu.payload
    reference, total, number = (int.from_bytes(value or b"", "big") for value in sar)
    return (reference, total, number), pdu.payload


def test_a_short_one() -> None:
    (pdu,) = pdus(mo_text="Hi €")
    assert pdu.payload == b"Hi \x1be"
    assert (pdu.esm_class, pdu.data_coding) == (0, 0)
    assert (pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr) == SOURCE
    assert (pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.destination_addr) == DESTINATION
    assert parse_receipt(pdu) is None


@pytest.mark.parametrize(
    ("settings", "octets", "coding"),
    [
        ({"mo_text": "née"}, b"n\x05e", 0),
        ({"mo_text": "née", "default_alphabet": "latin1"}, b"n\xe9e", 0),
        ({"mo_text": "née", "default_alphabet": "ascii"}, "née".encode("utf-16-be"), 8),
        ({"mo_text": "nee", "default_alphabet": "ascii"}, b"nee", 0),
        (
            {"mo_text": "hellohello", "default_alphabet": "gsm7-packed"},
            bytes.fromhex("e8329bfd4697d9ec37"),
            0,
        ),
        ({"mo_text": "née", "mo_encoding": "latin1"}, b"n\xe9e", 3),
        ({"mo_text": "nee", "mo_encoding": "ascii"}, b"nee", 1),
        ({"mo_text": "nee", "mo_encoding": "ucs2"}, "nee".encode("utf-16-be"), 8),
        ({"mo_text": "ü", "mo_data_coding": 0xF1}, b"\x7e", 0xF1),
        ({"mo_text": "سلام"}, "سلام".encode("utf-16-be"), 8),
    ],
)
def test_encoding(settings: dict[str, Any], octets: bytes, coding: int) -> None:
    (pdu,) = pdus(**settings)
    assert (pdu.payload, pdu.data_coding) == (octets, coding)


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"mo_text": "سلام", "mo_encoding": "gsm7"}, "mo_text cannot be written as mo_encoding says"),
        ({"mo_text": "x" * 50_000}, "mo_text cannot be written as mo_encoding says"),
    ],
)
def test_a_text_that_cannot_be_written(settings: dict[str, Any], fault: str) -> None:
    with pytest.raises(ScenarioError, match=fault):
        MoText(Scenario(**settings))


@pytest.mark.parametrize(("method", "reference"), [("udh8", 0x02), ("udh16", 0x102), ("sar", 0x102)])
@pytest.mark.parametrize("text", [LONG, EURO, SMILE], ids=["long", "euro", "smile"])
@pytest.mark.parametrize("alphabet", ["gsm7", "gsm7-packed"])
def test_parts(method: str, reference: int, text: str, alphabet: str) -> None:
    parts = pdus(0x102, mo_text=text, mo_long=method, default_alphabet=alphabet)
    assert len(parts) > 1
    said = ""
    for number, pdu in enumerate(parts, 1):
        place, octets = content(pdu)
        assert place == (reference, len(parts), number)
        header = len(pdu.payload) - len(octets)
        assert header == {"udh8": 6, "udh16": 7, "sar": 0}[method]
        fill = fill_bits(header) if header else 0
        part = decode(octets, pdu.data_coding, alphabet, fill=fill)[0]
        assert part is not None  # no pair is cut
        said += part
    assert said == text


@pytest.mark.parametrize(
    ("method", "text", "full"),
    [
        # An odd number of units cuts the last of pairs that begin at once, an even one that of others.
        ("udh8", EURO[1:], 153),
        ("udh16", EURO, 152),
        ("sar", EURO, 152),
        ("udh8", SMILE[1:], 134),
        ("udh16", SMILE, 132),
        ("sar", SMILE, 132),
    ],
    ids=lambda value: value if len(str(value)) < 10 else None,
)
def test_parts_that_split_pairs(method: str, text: str, full: int) -> None:
    parts = pdus(mo_text=text, mo_long=method, mo_split_pairs=True)
    octets = [content(pdu)[1] for pdu in parts]
    assert len(octets[0]) == full
    assert decode(octets[0], parts[0].data_coding)[0] is None  # it ends in half a character
    assert decode(b"".join(octets), parts[0].data_coding)[0] == text


def test_packed_parts_that_split_pairs() -> None:
    parts = pdus(mo_text=EURO, mo_split_pairs=True, default_alphabet="gsm7-packed")
    assert all(len(pdu.payload) <= 140 for pdu in parts)
    assert len(parts[0].payload) == 140


def test_whole_in_message_payload() -> None:
    (pdu,) = pdus(mo_text="x" * 200, mo_long="payload")
    assert isinstance(pdu, DeliverSm)
    assert pdu.short_message == b""
    assert pdu.tlv(Tag.MESSAGE_PAYLOAD) == b"x" * 200
    (short_one,) = pdus(mo_text="x" * 160, mo_long="payload")
    assert short_one.tlv(Tag.MESSAGE_PAYLOAD) is None


@pytest.mark.parametrize(
    ("body", "short_message", "payload"),
    [
        ("text", b"Hi", None),
        ("payload", b"", b"Hi"),
        ("both", b"Hi", b"Hi"),
        ("empty-payload", b"Hi", b""),
    ],
)
def test_body(body: str, short_message: bytes, payload: bytes | None) -> None:
    (pdu,) = pdus(mo_text="Hi", mo_body=body)
    assert isinstance(pdu, DeliverSm)
    assert (pdu.short_message, pdu.tlv(Tag.MESSAGE_PAYLOAD)) == (short_message, payload)
    (pdu,) = pdus(mo_text="Hi", mo_body=body, mo_pdu="data_sm")
    assert isinstance(pdu, DataSm)
    assert pdu.payload == b"Hi"


def test_esm_class() -> None:
    assert [pdu.esm_class for pdu in pdus(mo_text=LONG, mo_esm_class=0x80)] == [0xC0] * 3


def test_order_and_holes() -> None:
    def numbers(**settings: Any) -> list[int]:
        places = [content(pdu)[0] for pdu in pdus(mo_text=LONG, **settings)]
        return [place[2] for place in places if place is not None]

    assert numbers() == [1, 2, 3]
    assert numbers(mo_parts_reversed=True) == [3, 2, 1]
    assert numbers(mo_last_part_missing=True) == [1, 2]
    assert len(pdus(mo_last_part_missing=True)) == 1  # a short one is never missing


# --- When -------------------------------------------------------------------------------------------


async def test_replies(bench: Bench) -> None:
    smsc, esme = await bench.both(mo_share=1, mo_text=LONG)
    await esme.submit("491700000009", registered_delivery=0, dest_addr_ton=1, dest_addr_npi=1)
    await esme.until(lambda: len(esme.delivered) == 3)
    for pdu in esme.delivered:
        assert (pdu.source_addr, pdu.source_addr_ton, pdu.destination_addr) == ("491700000009", 1, "shop")
    await esme.submit(registered_delivery=0)  # what came before has been answered
    recorded = bench.record.read()
    first = recorded.mos[0]
    assert (first.number, first.source, first.text, first.parts) == (1, "491700000009", LONG, 3)
    assert [recorded.mo_answers[1, part] for part in (1, 2, 3)] == [0, 0, 0]
    assert smsc.counters.mo_acked >= 3
    assert smsc.counters.receipts_pending == 0


async def test_some_reply(bench: Bench) -> None:
    smsc, esme = await bench.both(mo_share=0.5)
    for number in range(64):
        esme.send(str(number), registered_delivery=0)
    await esme.until(lambda: len(esme.responses) == 64)
    assert 16 < smsc.counters.mo_due < 48
    await esme.until(lambda: len(esme.delivered) == smsc.counters.mo_due)


async def test_a_refusal_is_noted(bench: Bench) -> None:
    smsc, esme = await bench.both(mo_share=1)
    esme.deliver_status = CommandStatus.ESME_RX_R_APPN.value
    await esme.submit(registered_delivery=0)
    await esme.until(lambda: bool(esme.delivered))
    await esme.submit(registered_delivery=0)
    assert bench.record.read().mo_answers[1, 1] == CommandStatus.ESME_RX_R_APPN
    assert smsc.counters.mo_refused >= 1


async def test_messages_of_their_own(bench: Bench) -> None:
    smsc = await bench.smsc(mo_rate=1000, mo_count=5, mo_from="4477", mo_to="Shop")
    sender = await bench.bind(smsc, BindType.TX)
    await sender.submit(registered_delivery=0)
    assert smsc.counters.mo_due == 0  # nobody receives
    receiver = await bench.bind(smsc, BindType.RX)
    await receiver.until(lambda: len(receiver.delivered) == 5)
    for pdu in receiver.delivered:
        assert (pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr) == (3, 0, "4477")
        assert (pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.destination_addr) == (5, 0, "Shop")
        assert pdu.payload == b"Hello from a handset"
    second = await bench.bind(smsc, BindType.RX, name="bob")
    await sender.submit(registered_delivery=0)
    assert second.delivered == []  # that was all
    assert smsc.counters.mo_due == 5


async def test_unacknowledged_parts_come_again(bench: Bench) -> None:
    smsc = await bench.smsc(mo_share=1, mo_text=LONG)
    deaf = await bench.bind(smsc, deliver_status=None)
    await deaf.submit(registered_delivery=0)
    await deaf.until(lambda: len(deaf.delivered) == 3)
    deaf.conn.abort()
    awake = await bench.bind(smsc)
    await awake.until(lambda: len(awake.delivered) == 3)
    assert [content(pdu)[0] for pdu in awake.delivered] == [(1, 3, 1), (1, 3, 2), (1, 3, 3)]


async def test_in_version_33(bench: Bench) -> None:
    smsc = await bench.smsc(mo_share=1, mo_pdu="data_sm", mo_body="payload")
    sender = await bench.bind(smsc, BindType.TX)
    receiver = await bench.bind(smsc, BindType.RX, version=Version.V33)
    await sender.submit(registered_delivery=0)
    await receiver.until(lambda: bool(receiver.delivered))
    assert receiver.delivered[0].short_message == b"Hello from a handset"


def test_a_text_may_count_the_messages() -> None:
    assert numbered("Vote {number}", 12) == "Vote 12"
    assert numbered("Vote", 12) == "Vote"
