"""Versions, the operations beside submit_sm, alerts and outbind, key by key."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.simulator.conftest import Esme
from trunkline.simulator.operations import MAX_KEPT
from trunkline.smpp.asyncio import BindRefused, OutbindListener
from trunkline.smpp.broadcast import (
    AreaFormat,
    BroadcastArea,
    BroadcastNetwork,
    area_successes,
    broadcast_content_type,
    broadcast_frequency_interval,
)
from trunkline.smpp.constants import BindType, CommandStatus, MessageState, Tag, Version
from trunkline.smpp.fields import DistributionList, SmeAddress
from trunkline.smpp.pdus import (
    AlertNotification,
    BroadcastSm,
    CancelBroadcastSm,
    CancelSm,
    DeliverSm,
    Pdu,
    QueryBroadcastSm,
    QuerySm,
    ReplaceSm,
    SubmitMulti,
)
from trunkline.smpp.receipts import parse_receipt
from trunkline.smpp.tlv import Tlv, short

if TYPE_CHECKING:
    from tests.unit.simulator.conftest import Bench
    from trunkline.smpp.asyncio import SmppConnection

QUERYABLE = ("data_sm", "query_sm", "cancel_sm", "replace_sm")
LATER = 60_000  # a receipt that does not come in this test's life


async def ask(esme: Esme, pdu: Pdu) -> Any:
    already = len(esme.responses)
    esme.conn.send(pdu)
    await esme.until(lambda: len(esme.responses) > already)
    return esme.responses[already]


# --- Versions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "peer", "agreed"),
    [("3.3", Version.V50, Version.V33), ("3.4", Version.V50, Version.V34), ("5.0", Version.V50, Version.V50)],
)
async def test_version_of_the_session(bench: Bench, own: str, peer: Version, agreed: Version) -> None:
    smsc = await bench.smsc(version=own)
    esme = await bench.bind(smsc, BindType.TX, version=peer)
    (link,) = smsc.links
    assert link.session.version is agreed
    assert (esme.conn.session.peer_interface_version is None) == (own == "3.3")


async def test_version_33_has_no_transceivers(bench: Bench) -> None:
    smsc = await bench.smsc(version="3.3")
    with pytest.raises(BindRefused) as raised:
        await bench.bind(smsc)
    assert raised.value.status == CommandStatus.ESME_RINVCMDID


@pytest.mark.parametrize(
    ("version", "peer"), [("3.3", Version.V34), ("3.4", Version.V33), ("5.0", Version.V33)]
)
@pytest.mark.parametrize("form", ["hex", "decimal"])
async def test_ids_and_receipts_of_version_33(bench: Bench, version: str, peer: Version, form: str) -> None:
    smsc = await bench.smsc(
        version=version,
        response_id_format=form,
        receipt_id_format=form,
        first_id=0x7_1234_5678_9ABC,
        receipt_pdu="data_sm",
        receipt_body="payload",
    )
    sender = await bench.bind(smsc, BindType.TX, version=peer)
    receiver = await bench.bind(smsc, BindType.RX, version=peer)
    message_id = (await sender.submit()).message_id
    assert message_id == ("56789abc" if form == "hex" else str(0x7_1234_5678_9ABC % 10**8))
    await receiver.until(lambda: bool(receiver.delivered))
    (deliver,) = receiver.delivered
    assert isinstance(deliver, DeliverSm)
    assert deliver.tlvs == ()
    receipt = parse_receipt(deliver)
    assert receipt is not None
    assert receipt.message_id == message_id


@pytest.mark.parametrize(("version", "said"), [("5.0", 85), ("3.4", None)])
async def test_congestion(bench: Bench, version: str, said: int | None) -> None:
    smsc = await bench.smsc(version=version, congestion_state=85)
    esme = await bench.bind(smsc, version=Version.V50)
    assert (await esme.submit()).congestion_state == said


# --- What is not supported --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pdu", "status"),
    [
        (QuerySm(message_id="1"), CommandStatus.ESME_RQUERYFAIL),
        (CancelSm(message_id="1"), CommandStatus.ESME_RCANCELFAIL),
        (ReplaceSm(message_id="1"), CommandStatus.ESME_RREPLACEFAIL),
        (SubmitMulti(dest_address=(SmeAddress(1, 1, "1"),)), CommandStatus.ESME_RINVCMDID),
        (BroadcastSm(), CommandStatus.ESME_RBCASTFAIL),
        (QueryBroadcastSm(), CommandStatus.ESME_RBCASTQUERYFAIL),
        (CancelBroadcastSm(), CommandStatus.ESME_RBCASTCANCELFAIL),
    ],
)
@pytest.mark.parametrize("own", [None, CommandStatus.ESME_RPROHIBITED.value])
async def test_not_supported(bench: Bench, pdu: Pdu, status: int, own: int | None) -> None:
    smsc = await bench.smsc(version="5.0", unsupported_status=own)
    esme = await bench.bind(smsc, version=Version.V50)
    assert (await ask(esme, pdu)).command_status == (own or status)


async def test_data_sm_not_supported(bench: Bench) -> None:
    smsc, esme = await bench.both(supports=())
    assert (await esme.submit_data(destination_addr="1")).command_status == CommandStatus.ESME_RINVCMDID
    assert smsc.counters.submits == 0


# --- query, cancel, replace -------------------------------------------------------------------------


async def test_query(bench: Bench) -> None:
    _, esme = await bench.both(supports=QUERYABLE, receipt_delay_ms=LATER)
    message_id = (await esme.submit()).message_id
    answer = await ask(esme, QuerySm(message_id=message_id, source_addr="shop"))
    assert (answer.command_status, answer.message_id) == (0, message_id)
    assert (answer.message_state, answer.final_date) == (MessageState.ENROUTE, "")
    for other in (
        QuerySm(message_id="f00", source_addr="shop"),
        QuerySm(message_id=message_id, source_addr="mallory"),
    ):
        assert (await ask(esme, other)).command_status == CommandStatus.ESME_RQUERYFAIL
    assert [each.command for each in bench.record.read().operations] == ["query_sm"]


@pytest.mark.parametrize(
    ("failed", "state", "error"), [(0, MessageState.DELIVERED, 0), (1, MessageState.UNDELIVERABLE, 1)]
)
async def test_query_of_the_final_state(bench: Bench, failed: float, state: int, error: int) -> None:
    _, esme = await bench.both(supports=("query_sm",), failed_share=failed)
    message_id = (await esme.submit()).message_id
    answer = await ask(esme, QuerySm(message_id=message_id, source_addr="shop"))
    assert (answer.message_state, answer.error_code) == (state, error)
    assert len(answer.final_date) == 16


async def test_cancel(bench: Bench) -> None:
    smsc, esme = await bench.both(supports=QUERYABLE, receipt_delay_ms=LATER)
    message_id = (await esme.submit()).message_id
    cancel = CancelSm(message_id=message_id, source_addr="shop", destination_addr="491700000001")
    assert (await ask(esme, cancel)).command_status == 0
    assert (await ask(esme, cancel)).command_status == CommandStatus.ESME_RCANCELFAIL  # it is final
    answer = await ask(esme, QuerySm(message_id=message_id, source_addr="shop"))
    assert answer.message_state == MessageState.DELETED
    assert smsc._agenda is not None
    for callback, mailbox, pending in smsc._agenda.clear():  # later has come
        callback(mailbox, pending)
    await esme.until(lambda: bool(esme.delivered))
    receipt = parse_receipt(esme.delivered[0])
    assert receipt is not None
    assert (receipt.message_id, receipt.stat) == (message_id, "DELETED")
    assert esme.delivered[0].tlv(Tag.MESSAGE_STATE) == bytes((MessageState.DELETED,))


async def test_cancel_by_addresses(bench: Bench) -> None:
    _, esme = await bench.both(supports=("cancel_sm",), receipt_delay_ms=LATER)
    ids = [(await esme.submit(number)).message_id for number in ("1", "1", "2")]
    assert (await ask(esme, CancelSm(source_addr="shop", destination_addr="1"))).command_status == 0
    assert [each.message_id for each in bench.record.read().operations] == ids[:2]
    again = await ask(esme, CancelSm(source_addr="shop", destination_addr="1"))
    assert again.command_status == CommandStatus.ESME_RCANCELFAIL


async def test_replace(bench: Bench) -> None:
    _, esme = await bench.both(supports=("replace_sm",), receipt_delay_ms=LATER)
    message_id = (await esme.submit()).message_id
    replace = ReplaceSm(message_id=message_id, source_addr="shop", short_message=b"New \x00")
    assert (await ask(esme, replace)).command_status == 0
    (done,) = bench.record.read().operations
    assert (done.command, done.message_id, done.text) == ("replace_sm", message_id, "New @")


async def test_replace_too_late(bench: Bench) -> None:
    _, esme = await bench.both(supports=("replace_sm",))
    message_id = (await esme.submit()).message_id
    answer = await ask(esme, ReplaceSm(message_id=message_id, source_addr="shop"))
    assert answer.command_status == CommandStatus.ESME_RREPLACEFAIL
    assert bench.record.read().operations == []


async def test_the_oldest_messages_are_forgotten(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_KEPT >= 1000
    monkeypatch.setattr("trunkline.simulator.operations.MAX_KEPT", 2)
    _, esme = await bench.both(supports=("query_sm",))
    ids = [(await esme.submit()).message_id for _ in range(3)]
    states = [
        (await ask(esme, QuerySm(message_id=message_id, source_addr="shop"))).command_status
        for message_id in ids
    ]
    assert states == [CommandStatus.ESME_RQUERYFAIL, 0, 0]


async def test_keeps_nothing_unless_asked(bench: Bench) -> None:
    smsc = await bench.smsc(supports=("data_sm", "submit_multi"))
    assert not smsc.operations.keeps


# --- submit_multi -----------------------------------------------------------------------------------


async def test_submit_multi(bench: Bench) -> None:
    smsc, esme = await bench.both(supports=("submit_multi",), error_numbers={"44": 0x0B})
    addresses = tuple(SmeAddress(1, 1, number) for number in ("491", "441", "492"))
    answer = await ask(
        esme,
        SubmitMulti(
            source_addr="shop", dest_address=addresses, registered_delivery=1, short_message=b"Hi all"
        ),
    )
    assert answer.command_status == 0
    assert [(sme.destination_addr, sme.error_status_code) for sme in answer.unsuccess_sme] == [("441", 0x0B)]
    await esme.until(lambda: len(esme.delivered) == 2)
    assert [pdu.source_addr for pdu in esme.delivered] == ["491", "492"]
    taken = bench.record.read().submits
    assert [(each.message_id, each.destination, each.text) for each in taken] == [
        (answer.message_id, "491", "Hi all"),
        (answer.message_id, "492", "Hi all"),
    ]
    assert smsc.counters.taken == 2


async def test_submit_multi_that_reaches_nobody(bench: Bench) -> None:
    _, esme = await bench.both(supports=("submit_multi",), error_numbers={"44": 0x0B})
    answer = await ask(esme, SubmitMulti(dest_address=(SmeAddress(1, 1, "441"),)))
    assert answer.command_status == CommandStatus.ESME_RSUBMITFAIL
    answer = await ask(esme, SubmitMulti(dest_address=(SmeAddress(1, 1, "491"), DistributionList("all"))))
    assert answer.command_status == CommandStatus.ESME_RINVDLNAME
    assert bench.record.counters.submits == 0


# --- Broadcasts -------------------------------------------------------------------------------------

AREA = BroadcastArea(AreaFormat.ALIAS, b"Berlin")
BROADCAST_TLVS = (
    AREA.tlv(),
    broadcast_content_type(BroadcastNetwork.GENERIC, 1),
    short(Tag.BROADCAST_REP_NUM, 1),
    broadcast_frequency_interval(0, 0),
    Tlv(Tag.MESSAGE_PAYLOAD, b"Flood"),
    short(Tag.USER_MESSAGE_REFERENCE, 7),
)


async def test_broadcast(bench: Bench) -> None:
    supports = ("broadcast_sm", "query_broadcast_sm", "cancel_broadcast_sm")
    smsc = await bench.smsc(version="5.0", supports=supports)
    esme = await bench.bind(smsc, version=Version.V50)
    answer = await ask(esme, BroadcastSm(source_addr="gov", tlvs=BROADCAST_TLVS[:2]))
    assert answer.command_status == CommandStatus.ESME_RMISSINGTLV
    message_id = (await ask(esme, BroadcastSm(source_addr="gov", tlvs=BROADCAST_TLVS))).message_id

    answer = await ask(esme, QueryBroadcastSm(message_id=message_id, source_addr="gov"))
    assert answer.message_id == message_id
    assert answer.missing_tlvs() == ()
    assert answer.tlv(Tag.MESSAGE_STATE) == bytes((MessageState.ENROUTE,))
    assert list(area_successes(answer)) == [(AREA, None)]

    by_reference = CancelBroadcastSm(source_addr="gov", tlvs=(short(Tag.USER_MESSAGE_REFERENCE, 7),))
    assert (await ask(esme, by_reference)).command_status == 0
    assert (await ask(esme, by_reference)).command_status == CommandStatus.ESME_RBCASTCANCELFAIL
    answer = await ask(esme, QueryBroadcastSm(message_id=message_id, source_addr="gov"))
    assert answer.tlv(Tag.MESSAGE_STATE) == bytes((MessageState.DELETED,))
    answer = await ask(esme, QueryBroadcastSm(message_id=message_id, source_addr="other"))
    assert answer.command_status == CommandStatus.ESME_RBCASTQUERYFAIL
    done = bench.record.read().operations
    assert [each.command for each in done] == [
        "broadcast_sm",
        "query_broadcast_sm",
        "cancel_broadcast_sm",
        "query_broadcast_sm",
    ]
    assert done[0].text == "Flood"


# --- Alerts and outbind -----------------------------------------------------------------------------


async def test_alerts(bench: Bench) -> None:
    _, esme = await bench.both(alert_every=2)
    for number in ("1", "2", "3", "4"):
        await esme.submit(number, registered_delivery=0, dest_addr_ton=1)
    await esme.until(lambda: len(esme.delivered) == 2)
    alerts: list[Any] = esme.delivered
    assert all(isinstance(alert, AlertNotification) for alert in alerts)
    assert [alert.source_addr for alert in alerts] == ["2", "4"]
    assert (alerts[0].source_addr_ton, alerts[0].esme_addr) == (1, "shop")
    assert alerts[0].tlv(Tag.MS_AVAILABILITY_STATUS) == b"\0"


async def test_alerts_nobody_can_take(bench: Bench) -> None:
    smsc = await bench.smsc(alert_every=1)
    sender = await bench.bind(smsc, BindType.TX)
    await sender.submit(registered_delivery=0)  # nobody receives
    old = await bench.bind(smsc, BindType.RX, version=Version.V33)
    await sender.submit()
    await old.until(lambda: bool(old.delivered))
    assert isinstance(old.delivered[0], DeliverSm)  # 3.3 knows no alerts


async def test_outbind(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.simulator.outbind._RETRY_S", 0.001)
    esmes: list[Esme] = []

    def make(connection: SmppConnection) -> Esme:
        esmes.append(Esme())
        esmes[-1].conn = connection
        return esmes[-1]

    async with asyncio.timeout(60), OutbindListener("127.0.0.1", 0, make) as listener:
        smsc = await bench.smsc(outbind=f"127.0.0.1:{listener.port}", outbind_password="word")
        for _ in range(2):  # and again, when the link is lost
            outbind, connection = await listener.accept()
            assert (outbind.system_id, outbind.password) == ("simulator", "word")
            await connection.bind(BindType.RX, "alice", "")
            sender = await bench.bind(smsc, BindType.TX)
            await sender.submit()
            await esmes[-1].until(lambda: any(event[0] == "deliver" for event in esmes[-1].events))
            connection.abort()
        _, connection = await listener.accept()
        await connection.bind(BindType.TRX, "alice", "")
        await smsc.stop()
        await connection.wait_closed()
        assert connection.session.close_reason == "the peer unbound"
        assert len(esmes) == 3  # one link at a time


async def test_outbind_that_is_not_taken_is_tried_until_the_end(bench: Bench) -> None:
    async with OutbindListener("127.0.0.1", 0, lambda _: Esme()) as listener:
        port = listener.port
    smsc = await bench.smsc(outbind=f"127.0.0.1:{port}")
    await bench.bind(smsc)
    await smsc.stop()
