"""Refusals, strange answers and binds, key by key."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from trunkline.simulator.fates import Throttle
from trunkline.smpp.asyncio import BindRefused
from trunkline.smpp.constants import BindType, CommandId, CommandStatus
from trunkline.smpp.pdus import GenericNack, QuerySm
from trunkline.smpp.tlv import short

if TYPE_CHECKING:
    from tests.unit.simulator.conftest import Bench, Esme

STATUS = CommandStatus.ESME_RMSGQFUL.value


async def statuses(esme: Esme, *destinations: str, **fields: Any) -> list[int]:
    return [(await esme.submit(number, **fields)).command_status for number in destinations]


# --- Refusals ---------------------------------------------------------------------------------------


async def test_refuses_the_first_submits(bench: Bench) -> None:
    smsc, esme = await bench.both(error_first=2, error_status=STATUS)
    assert await statuses(esme, "1", "2", "3", "4") == [STATUS, STATUS, 0, 0]
    assert smsc.counters.errors == 2


async def test_refuses_the_first_attempts_of_every_message(bench: Bench) -> None:
    _, esme = await bench.both(error_attempts=2, error_status=STATUS)
    assert await statuses(esme, "1", "2", "1", "1", "2", "2") == [STATUS, STATUS, STATUS, 0, STATUS, 0]
    # A part of a long message is told from the others by its TLVs, too.
    parts = [(short(0x020C, 7), short(0x020F, number)) for number in (1, 2)]
    assert [(await esme.submit("3", tlvs=part)).command_status for part in parts] == [STATUS, STATUS]


async def test_refuses_some_numbers(bench: Bench) -> None:
    smsc, esme = await bench.both(error_numbers={"49": 0x0B, "4917": 0x65})
    assert await statuses(esme, "491511", "49171", "44") == [0x0B, 0x65, 0]
    assert bench.record.counters.submits == 1
    assert smsc.counters.errors == 2


async def test_what_goes_beyond_the_throughput(bench: Bench) -> None:
    smsc = await bench.smsc(throughput=1, throughput_status=STATUS)
    esme = await bench.bind(smsc)
    smsc._throttle = Throttle(1e-9, 0.0)  # one, and no more in this test's life
    assert await statuses(esme, "1", "2", "3") == [0, STATUS, STATUS]


@pytest.mark.parametrize(("body", "octets"), [("none", b""), ("nul", b"\0"), ("id", b"abc\0")])
async def test_body_of_a_refusal(bench: Bench, body: str, octets: bytes) -> None:
    _, esme = await bench.both(error_share=1, error_body=body, first_id=0xABC)
    response = await esme.submit()
    assert response.command_status == CommandStatus.ESME_RSYSERR
    assert esme.octets_of(CommandId.SUBMIT_SM_RESP)[0][16:] == octets
    await esme.submit_data(destination_addr="1")
    assert esme.octets_of(CommandId.DATA_SM_RESP)[0][16:] == octets.replace(b"c", b"d")


async def test_refuses_with_a_nack_that_names_no_request(bench: Bench) -> None:
    _, esme = await bench.both(error_share=1, nack_share=1, error_status=STATUS)
    response = await esme.submit()  # matched, since only one waits
    assert isinstance(response, GenericNack)
    assert (response.command_status, response.sequence_number) == (STATUS, 0)


@pytest.mark.parametrize(
    ("settings", "fields", "status"),
    [
        ({"alphanumeric_numbering": "5/0"}, {"source_addr": "shop", "source_addr_ton": 5}, None),
        ({"alphanumeric_numbering": "5/0"}, {"source_addr": "shop"}, "ESME_RINVSRCTON"),
        (
            {"alphanumeric_numbering": "5/0"},
            {"source_addr": "shop", "source_addr_ton": 5, "source_addr_npi": 1},
            "ESME_RINVSRCNPI",
        ),
        ({"alphanumeric_numbering": "5/0"}, {"source_addr": "12345"}, None),
        ({"short_code_numbering": "3/0, 6/0"}, {"source_addr": "12345", "source_addr_ton": 6}, None),
        ({"short_code_numbering": "3/0,6/0"}, {"source_addr": "12345"}, "ESME_RINVSRCTON"),
        ({"short_code_numbering": "3/0"}, {"source_addr": "1234567"}, None),
        (
            {"international_numbering": "1/1"},
            {"source_addr": "+4917012345", "source_addr_ton": 1},
            "ESME_RINVSRCNPI",
        ),
        ({"destination_numbering": "1/1"}, {}, "ESME_RINVDSTTON"),
        ({"destination_numbering": "0/1"}, {}, "ESME_RINVDSTNPI"),
        ({"destination_numbering": "0/0,1/1"}, {}, None),
    ],
)
async def test_numbering(
    bench: Bench, settings: dict[str, str], fields: dict[str, Any], status: str | None
) -> None:
    _, esme = await bench.both(**settings)
    assert await statuses(esme, "4917012345", **fields) == [CommandStatus[status] if status else 0]


ABSOLUTE, RELATIVE = "260102030405000+", "000001000000000R"


@pytest.mark.parametrize(
    ("form", "taken", "refused"),
    [
        ("any", ["", ABSOLUTE, RELATIVE, "tomorrow"], []),
        ("valid", ["", ABSOLUTE, RELATIVE], ["tomorrow"]),
        ("absolute", ["", ABSOLUTE], [RELATIVE, "tomorrow"]),
        ("relative", ["", RELATIVE], [ABSOLUTE, "tomorrow"]),
        ("none", [""], [ABSOLUTE, RELATIVE]),
    ],
)
async def test_times(bench: Bench, form: str, taken: list[str], refused: list[str]) -> None:
    _, esme = await bench.both(time_format=form)
    for text in taken:
        assert await statuses(esme, "1", validity_period=text, schedule_delivery_time=text) == [0]
    for text in refused:
        assert await statuses(esme, "1", validity_period=text) == [CommandStatus.ESME_RINVEXPIRY]
        assert await statuses(esme, "1", schedule_delivery_time=text) == [CommandStatus.ESME_RINVSCHED]
    assert (await esme.submit_data(destination_addr="1")).command_status == 0


# --- Answers ----------------------------------------------------------------------------------------


async def test_taken_without_an_id(bench: Bench) -> None:
    _, esme = await bench.both(no_id_share=1)
    response = await esme.submit()
    assert (response.command_status, response.message_id) == (0, "")
    assert len(esme.octets_of(CommandId.SUBMIT_SM_RESP)[0]) == 16
    await esme.submit_data(destination_addr="1")
    assert len(esme.octets_of(CommandId.DATA_SM_RESP)[0]) == 16
    assert bench.record.read().submits[0].message_id  # the receipt has one


async def test_answers_twice(bench: Bench) -> None:
    _, esme = await bench.both(duplicate_answer_share=1)
    await esme.submit()
    await esme.submit()
    answers = await esme.until_octets(CommandId.SUBMIT_SM_RESP, 4)
    assert [answers.count(each) for each in answers] == [2, 2, 2, 2]
    assert esme.conn.session.unmatched == 2


async def test_answers_late(bench: Bench) -> None:
    _, esme = await bench.both(late_answer_share=1, late_answer_ms=86_400_000)
    esme.send(registered_delivery=0)
    esme.conn.send(QuerySm(message_id="1"))  # answered at once, and sent behind the other
    await esme.until(lambda: bool(esme.responses))
    assert [pdu.name for pdu in esme.responses] == ["query_sm_resp"]


async def test_answers_after_the_time_out(bench: Bench) -> None:
    _, esme = await bench.both(late_answer_share=1, late_answer_ms=30)
    esme.send(registered_delivery=0)
    esme.conn.session.tick(asyncio.get_running_loop().time() + 60)
    assert ("timeout",) in esme.events
    await esme.until_octets(CommandId.SUBMIT_SM_RESP)
    assert esme.responses == []
    assert esme.conn.session.unmatched == 1


# --- Binds ------------------------------------------------------------------------------------------


async def test_refuses_the_first_binds(bench: Bench) -> None:
    smsc = await bench.smsc(bind_refuse=0x0D, bind_refuse_first=2)
    for _ in range(2):
        with pytest.raises(BindRefused) as raised:
            await bench.bind(smsc)
        assert raised.value.status == 0x0D
    await bench.bind(smsc)


async def test_refuses_transceivers(bench: Bench) -> None:
    smsc = await bench.smsc(transceiver_refuse=0x04)
    with pytest.raises(BindRefused) as raised:
        await bench.bind(smsc)
    assert raised.value.status == 0x04
    await bench.bind(smsc, BindType.TX)
    await bench.bind(smsc, BindType.RX)


async def test_answers_binds_late(bench: Bench) -> None:
    smsc = await bench.smsc(bind_delay_ms=20)
    esme = await bench.bind(smsc)
    assert smsc.counters.binds == 1
    assert (await esme.submit()).command_status == 0


async def test_binds_left_over(bench: Bench) -> None:
    smsc = await bench.smsc(max_binds=1, bind_left_over_ms=86_400_000)
    first = await bench.bind(smsc)
    await first.conn.unbind()
    second = await bench.bind(smsc)  # after an unbind the place is free
    second.conn.abort()
    await bench.bind(smsc, name="bob")  # the SMSC has seen the link go
    with pytest.raises(BindRefused) as raised:
        await bench.bind(smsc)
    assert raised.value.status == CommandStatus.ESME_RALYBND


async def test_left_over_binds_go_in_the_end(bench: Bench) -> None:
    smsc = await bench.smsc(max_binds=1, bind_left_over_ms=1)
    first = await bench.bind(smsc)
    first.conn.abort()
    await bench.bind(smsc, name="bob")
    for _ in range(100):
        with suppress(BindRefused):
            await bench.bind(smsc)
            break
    else:
        pytest.fail("the place was never free again")
