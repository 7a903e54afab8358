from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from trunkline.simulator.record import ReceiptAcked, ReceiptSent, Unanswered
from trunkline.simulator.smsc import SmscSimulator
from trunkline.smpp.asyncio import BindRefused
from trunkline.smpp.constants import BindType, CommandStatus, Tag
from trunkline.smpp.pdus import QuerySm
from trunkline.smpp.receipts import parse_receipt
from trunkline.smpp.tlv import Tlv, octet, short

if TYPE_CHECKING:
    from tests.unit.simulator.conftest import Bench, Esme


def receipts(esme: Esme) -> list[Any]:
    return [parse_receipt(pdu) for pdu in esme.delivered]


def pending(smsc: SmscSimulator) -> int:
    return smsc.counters.receipts_pending


async def settled(esme: Esme, smsc: SmscSimulator) -> None:
    """Wait until the SMSC has had every acknowledgement: it answers what is sent behind them."""
    await esme.submit(registered_delivery=0)
    assert smsc.counters.receipts_pending == 0


# --- Binds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BindType)
async def test_binds_of_every_kind(bench: Bench, kind: BindType) -> None:
    smsc = await bench.smsc()
    esme = await bench.bind(smsc, kind)

    assert esme.conn.session.bind_type is kind
    assert smsc.counters.binds == 1
    await esme.conn.unbind()
    assert smsc.links == set()


async def test_refuses_binds(bench: Bench) -> None:
    smsc = await bench.smsc(bind_refuse=CommandStatus.ESME_RBINDFAIL.value)
    with pytest.raises(BindRefused) as raised:
        await bench.bind(smsc)
    assert raised.value.status == CommandStatus.ESME_RBINDFAIL
    assert smsc.counters.binds_refused == 1


@pytest.mark.parametrize(
    ("name", "password", "status"),
    [
        ("alice", "wrong", CommandStatus.ESME_RINVPASWD),
        ("mallory", "secret", CommandStatus.ESME_RINVSYSID),
    ],
)
async def test_checks_credentials(bench: Bench, name: str, password: str, status: CommandStatus) -> None:
    smsc = await bench.smsc(credentials={"alice": "secret"})
    with pytest.raises(BindRefused) as raised:
        await bench.bind(smsc, name=name, password=password)
    assert raised.value.status == status
    await bench.bind(smsc, name="alice", password="secret")


async def test_limits_binds_of_a_system_id(bench: Bench) -> None:
    smsc = await bench.smsc(max_binds=2)
    first = await bench.bind(smsc)
    await bench.bind(smsc)
    with pytest.raises(BindRefused) as raised:
        await bench.bind(smsc)
    assert raised.value.status == CommandStatus.ESME_RALYBND
    await bench.bind(smsc, name="bob")
    await first.conn.unbind()
    await bench.bind(smsc)  # the place is free again


async def test_port_in_use(bench: Bench) -> None:
    smsc = await bench.smsc()
    with pytest.raises(OSError, match="in use"):
        await SmscSimulator("127.0.0.1", smsc.port).start()


# --- Messages and their answers -----------------------------------------------------------------------------


async def test_takes_a_message_and_sends_its_receipt(bench: Bench) -> None:
    smsc, esme = await bench.both(first_id=0xABC)

    response = await esme.submit(short_message=b"Hello \x1be")
    await esme.until(lambda: bool(esme.delivered))

    assert response.message_id == "abc"
    assert [event[0] for event in esme.events] == ["response", "deliver"]
    deliver = esme.delivered[0]
    assert (deliver.source_addr, deliver.destination_addr) == ("491700000001", "shop")
    assert deliver.esm_class == 0x04
    assert deliver.tlv(Tag.RECEIPTED_MESSAGE_ID) == b"abc\0"
    assert deliver.tlv(Tag.MESSAGE_STATE) == b"\x02"
    receipt = receipts(esme)[0]
    assert (receipt.message_id, receipt.stat, receipt.err) == ("abc", "DELIVRD", "000")
    assert receipt.text.startswith("Hello")

    await settled(esme, smsc)
    submit = bench.record.read().submits[0]
    assert (submit.message_id, submit.system_id, submit.source) == ("abc", "alice", "shop")
    assert (submit.destination, submit.text, submit.hex) == ("491700000001", "Hello €", None)
    assert (submit.registered_delivery, submit.receipts) == (1, 1)
    assert bench.record.read().acked == {"abc"}
    assert bench.record.counters.receipts_pending == 0


async def test_takes_data_sm(bench: Bench) -> None:
    _, esme = await bench.both()
    payload = Tlv(Tag.MESSAGE_PAYLOAD, "سلام".encode("utf-16-be"))

    response = await esme.submit_data(
        source_addr="shop", destination_addr="1", data_coding=8, registered_delivery=1, tlvs=(payload,)
    )
    await esme.until(lambda: bool(esme.delivered))

    assert type(response).__name__ == "DataSmResp"
    assert receipts(esme)[0].message_id == response.message_id
    assert bench.record.read().submits[0].text == "سلام"


async def test_records_the_parts_of_long_messages(bench: Bench) -> None:
    _, esme = await bench.both()
    sar = (
        short(Tag.SAR_MSG_REF_NUM, 300),
        octet(Tag.SAR_TOTAL_SEGMENTS, 2),
        octet(Tag.SAR_SEGMENT_SEQNUM, 1),
    )
    await esme.submit(esm_class=0x40, short_message=b"\x05\x00\x03\x07\x02\x01aaa")
    await esme.submit(esm_class=0x40, short_message=b"\x05\x00\x03\x07\x02\x02aaa")
    await esme.submit(short_message=b"aaa", tlvs=sar)
    await esme.submit(short_message=b"aaa", tlvs=sar)

    submits = bench.record.read().submits
    assert [submit.udh for submit in submits] == ["050003070201", "050003070202", None, None]
    assert [submit.sar for submit in submits] == [None, None, (300, 2, 1), (300, 2, 1)]
    assert bench.record.counters.duplicates == 1


async def test_answers_what_it_cannot_do(bench: Bench) -> None:
    _, esme = await bench.both()
    esme.conn.send(QuerySm(message_id="1"))
    await esme.until(lambda: bool(esme.responses))
    assert esme.responses[0].command_status == CommandStatus.ESME_RQUERYFAIL


async def test_answers_late_and_in_between_takes_more(bench: Bench) -> None:
    smsc, esme = await bench.both(response_delay_ms=40, response_jitter_ms=20, receipt_delay_ms=10)
    loop = asyncio.get_running_loop()
    start = loop.time()
    for number in range(50):
        esme.send(str(number))
    await esme.until(lambda: bool(esme.responses))
    assert smsc.counters.taken == 50
    await esme.until(lambda: len(esme.delivered) == 50)

    assert loop.time() - start >= 0.045
    ids = [pdu.message_id for pdu in esme.responses]
    assert ids != sorted(ids)  # jitter
    answered: set[str] = set()
    for event in esme.events:
        if event[0] == "response":
            answered.add(event[2].message_id)
        else:
            assert parse_receipt(event[1]).message_id in answered  # type: ignore[union-attr]
    assert smsc.counters.taken == 50


async def test_throttles(bench: Bench) -> None:
    smsc, esme = await bench.both(throughput=50)
    for number in range(40):
        esme.send(str(number))
    await esme.until(lambda: len(esme.responses) == 40)

    statuses = [pdu.command_status for pdu in esme.responses]
    taken = statuses.count(0)
    assert 5 <= taken < 20  # a burst of a tenth of a second, and what the test's own time adds
    assert statuses.count(CommandStatus.ESME_RTHROTTLED) == 40 - taken == smsc.counters.throttled
    assert bench.record.counters.submits == taken  # refused is not taken


async def fates(bench: Bench, **settings: Any) -> list[int]:
    _, esme = await bench.both(error_share=0.5, **settings)
    for number in range(64):
        esme.send(str(number))
    await esme.until(lambda: len(esme.responses) == 64)
    return [pdu.command_status for pdu in esme.responses]


async def test_seed_decides(bench: Bench) -> None:
    first = await fates(bench, seed=1, error_status=0x14)

    assert set(first) == {0, 0x14}
    assert await fates(bench, seed=1, error_status=0x14) == first
    assert await fates(bench, seed=1, error_status=0x14, failed_share=0.5, late_share=0.3) == first
    assert await fates(bench, seed=2, error_status=0x14) != first


async def test_never_answers_but_takes(bench: Bench) -> None:
    smsc, esme = await bench.both(no_answer_share=1)
    esme.send()
    await esme.until(lambda: bool(esme.delivered))

    assert esme.responses == []
    taken = bench.record.read()
    assert taken.unanswered == {taken.submits[0].message_id} == {receipts(esme)[0].message_id}
    assert smsc.counters.unanswered == 1


async def test_cuts_the_link_after_taking_the_message_or_before(bench: Bench) -> None:
    outcomes = set()
    for seed in range(8):
        smsc, esme = await bench.both(drop_link_every=3, seed=seed)
        for number in range(5):
            esme.send(str(number))
        await esme.until(lambda esme=esme: esme.closed)  # type: ignore[misc]
        assert smsc.counters.links_cut == 1
        assert smsc.counters.submits == 3  # what came behind it died with the link
        outcomes.add(smsc.counters.taken)
        assert smsc.counters.unanswered == smsc.counters.taken - 2
    assert outcomes == {2, 3}


async def test_stop_records_answers_never_given(bench: Bench) -> None:
    smsc, esme = await bench.both(response_delay_ms=60_000)
    esme.send()
    esme.conn.send(QuerySm(message_id="1"))  # answered at once: what was sent before it has been taken
    await esme.until(lambda: bool(esme.responses))
    await smsc.stop(0.05)

    events = bench.record.events
    assert isinstance(events[-1], Unanswered)
    assert bench.record.counters.receipts_pending == 1


# --- Receipts -----------------------------------------------------------------------------------------------


async def test_receipt_on_failure_only(bench: Bench) -> None:
    smsc, esme = await bench.both()
    await esme.submit(registered_delivery=2)
    assert smsc.counters.receipts_due == 0

    smsc, esme = await bench.both(failed_share=1, failed_err="00A")
    await esme.submit(registered_delivery=2)
    await esme.until(lambda: bool(esme.delivered))
    assert (receipts(esme)[0].stat, receipts(esme)[0].err) == ("UNDELIV", "00A")
    assert esme.delivered[0].tlv(Tag.MESSAGE_STATE) == b"\x05"


async def test_no_receipt_unasked(bench: Bench) -> None:
    smsc, esme = await bench.both()
    await esme.submit(registered_delivery=0)
    await esme.submit(registered_delivery=0x10)  # intermediate notifications only
    assert smsc.counters.receipts_due == 0
    assert esme.delivered == []


@pytest.mark.parametrize("delay", [0, 15])
async def test_receipt_before_the_answer(bench: Bench, delay: int) -> None:
    _, esme = await bench.both(receipts="early", response_delay_ms=delay, receipt_window=1)
    for number in range(5):
        esme.send(str(number))
    await esme.until(lambda: len(esme.responses) == len(esme.delivered) == 5)

    receipted: set[str] = set()
    for event in esme.events:
        if event[0] == "deliver":
            receipted.add(parse_receipt(event[1]).message_id or "")  # type: ignore[union-attr]
        else:
            assert event[2].message_id in receipted


async def test_early_receipts_never_hold_answers_for_ever(bench: Bench) -> None:
    smsc = await bench.smsc(receipts="early", receipt_window=1)
    sender = await bench.bind(smsc, BindType.TX)
    await sender.submit()  # nobody takes receipts

    receiver = await bench.bind(smsc, BindType.RX, deliver_status=None)
    await receiver.until(lambda: bool(receiver.delivered))
    sender.send()
    sender.send(registered_delivery=0)
    await sender.until(lambda: len(sender.responses) == 2)  # the other one waits for its receipt
    receiver.conn.abort()
    await sender.until(lambda: len(sender.responses) == 3)


async def test_missing_receipts(bench: Bench) -> None:
    smsc, esme = await bench.both(missing_share=0.5)
    for number in range(64):
        esme.send(str(number))
    await esme.until(lambda: len(esme.responses) == 64)
    due = smsc.counters.receipts_due
    assert 16 < due < 48
    await esme.until(lambda: len(esme.delivered) == due)
    await settled(esme, smsc)
    assert len(esme.delivered) == due == bench.record.counters.receipts_due


async def test_duplicate_receipts(bench: Bench) -> None:
    smsc, esme = await bench.both(duplicate_share=1, receipt_window=1)
    response = await esme.submit()
    await esme.until(lambda: len(esme.delivered) == 2)
    assert {receipt.message_id for receipt in receipts(esme)} == {response.message_id}
    await settled(esme, smsc)
    assert bench.record.counters.receipts_acked == 2


@pytest.mark.parametrize("when", ["normal", "early"])
async def test_late_receipts_come_behind_the_others(bench: Bench, when: str) -> None:
    _, esme = await bench.both(late_share=0.5, late_ms=50, receipts=when)
    for number in range(32):
        esme.send(str(number))
    await esme.until(lambda: len(esme.responses) == len(esme.delivered) == 32)

    answered = [pdu.message_id for pdu in esme.responses]
    receipted = [receipt.message_id for receipt in receipts(esme)]
    assert sorted(receipted) == sorted(answered)
    last_answer = max(i for i, event in enumerate(esme.events) if event[0] == "response")
    late = len([event for event in esme.events[last_answer:] if event[0] == "deliver"])
    assert 8 < late < 24
    assert receipted[: 32 - late] == sorted(receipted[: 32 - late])


@pytest.mark.parametrize(
    ("in_response", "in_receipt", "width", "expected"),
    [
        ("hex", "hex", 0, ("1a2b3c4d", "1a2b3c4d")),
        ("hex-upper", "decimal", 0, ("1A2B3C4D", "439041101")),
        ("decimal", "hex", 12, ("439041101", "00001a2b3c4d")),
    ],
)
async def test_id_formats(
    bench: Bench, in_response: str, in_receipt: str, width: int, expected: tuple[str, str]
) -> None:
    _, esme = await bench.both(
        first_id=0x1A2B3C4D, response_id_format=in_response, receipt_id_format=in_receipt, id_width=width
    )
    response = await esme.submit()
    await esme.until(lambda: bool(esme.delivered))
    assert (response.message_id, receipts(esme)[0].message_id) == expected


async def test_uuid_ids(bench: Bench) -> None:
    _, esme = await bench.both(response_id_format="uuid", receipt_id_format="uuid")
    response = await esme.submit()
    other = await esme.submit()
    await esme.until(lambda: len(esme.delivered) == 2)
    assert len(response.message_id) == 36
    assert response.message_id != other.message_id
    assert receipts(esme)[0].message_id == response.message_id


async def test_ids_stay_unique_over_restarts(bench: Bench) -> None:
    ids = []
    for _ in range(3):
        _, esme = await bench.both(seed=5)
        ids += [(await esme.submit()).message_id for _ in range(20)]
    assert len(set(ids)) == 60


@pytest.mark.parametrize(
    ("case", "stat"), [("upper", b"DELIVRD"), ("lower", b"delivrd"), ("title", b"Delivrd")]
)
async def test_receipt_by_text_alone(bench: Bench, case: str, stat: bytes) -> None:
    _, esme = await bench.both(receipt_tlvs=False, receipt_stat_case=case)
    response = await esme.submit()
    await esme.until(lambda: bool(esme.delivered))
    deliver = esme.delivered[0]
    assert deliver.tlvs == ()
    assert b"stat:" + stat in deliver.short_message
    assert deliver.short_message.startswith(b"id:" + response.message_id.encode() + b" sub:001 dlvrd:001 ")
    assert receipts(esme)[0].stat == "DELIVRD"


@pytest.mark.parametrize("body", ["ucs2", "payload"])
@pytest.mark.parametrize("id_width", [0, 64])
async def test_receipt_bodies(bench: Bench, body: str, id_width: int) -> None:
    _, esme = await bench.both(receipt_body=body, receipt_tlvs=False, id_width=id_width)
    response = await esme.submit()
    await esme.until(lambda: bool(esme.delivered))
    deliver = esme.delivered[0]
    in_payload = deliver.tlv(Tag.MESSAGE_PAYLOAD) is not None
    assert in_payload == (body == "payload" or id_width == 64)  # the longest do not fit short_message
    assert deliver.data_coding == (8 if body == "ucs2" else 0)
    assert receipts(esme)[0].message_id == response.message_id.zfill(id_width)


async def test_receipts_wait_for_a_receiver_of_the_same_system_id(bench: Bench) -> None:
    smsc = await bench.smsc()
    sender = await bench.bind(smsc, BindType.TX)
    other = await bench.bind(smsc, BindType.RX, name="bob")
    response = await sender.submit()
    assert pending(smsc) == 1

    receiver = await bench.bind(smsc, BindType.RX)
    await receiver.until(lambda: bool(receiver.delivered))

    assert receipts(receiver)[0].message_id == response.message_id
    assert sender.delivered == other.delivered == []


async def test_unacknowledged_receipts_come_again_first(bench: Bench) -> None:
    smsc = await bench.smsc(receipt_window=3)
    deaf = await bench.bind(smsc, deliver_status=None)
    ids = [(await deaf.submit(str(number))).message_id for number in range(6)]
    await deaf.until(lambda: len(deaf.delivered) == 3)  # no more than the window
    await deaf.submit(registered_delivery=0)
    assert len(deaf.delivered) == 3
    deaf.conn.abort()

    awake = await bench.bind(smsc)
    await awake.until(lambda: len(awake.delivered) == 6)

    assert [receipt.message_id for receipt in receipts(awake)] == ids
    await settled(awake, smsc)
    counters = bench.record.counters
    assert (counters.receipts_sent, counters.receipts_acked, counters.receipts_due) == (9, 6, 6)


async def test_receipts_go_to_the_binds_in_turn(bench: Bench) -> None:
    smsc = await bench.smsc()
    links = [await bench.bind(smsc), await bench.bind(smsc, BindType.RX)]
    for number in range(10):
        await links[0].submit(str(number))
    for link in links:
        await link.until(lambda link=link: len(link.delivered) == 5)  # type: ignore[misc]


async def test_refused_receipts_come_again_only_if_asked_to(bench: Bench) -> None:
    smsc, esme = await bench.both(receipt_retry_ms=10)
    esme.deliver_status = CommandStatus.ESME_RX_T_APPN.value
    await esme.submit()
    await esme.until(lambda: len(esme.delivered) >= 2)
    esme.deliver_status = CommandStatus.ESME_RX_P_APPN.value
    sent = len(esme.delivered)
    await esme.until(lambda: len(esme.delivered) > sent)
    await settled(esme, smsc)
    assert smsc.counters.receipts_refused == bench.record.counters.receipts_refused == 1
    assert bench.record.counters.receipts_acked == 0


async def test_record_keeps_the_order_of_a_receipts_life(bench: Bench) -> None:
    smsc, esme = await bench.both()
    response = await esme.submit()
    await esme.until(lambda: bool(esme.delivered))
    await settled(esme, smsc)
    kinds = [type(event) for event in bench.record.events if event.message_id == response.message_id]
    assert kinds[1:] == [ReceiptSent, ReceiptAcked]
