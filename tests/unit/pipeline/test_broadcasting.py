"""broadcast_sm and its kin go on to an SMSC that does them, for ESMEs that may."""

from typing import Any

import pytest

from trunkline.model.ids import new_id
from trunkline.model.ports import StorageUnavailable
from trunkline.model.profile import Profile
from trunkline.pipeline.broadcasting import Broadcasting
from trunkline.smpp.broadcast import (
    BroadcastArea,
    TimeUnit,
    broadcast_content_type,
    broadcast_error_status,
    broadcast_frequency_interval,
    failed_areas,
)
from trunkline.smpp.constants import CommandStatus, Tag
from trunkline.smpp.pdus import (
    BroadcastSm,
    BroadcastSmResp,
    CancelBroadcastSm,
    GenericNack,
    Pdu,
    QueryBroadcastSm,
    QueryBroadcastSmResp,
)
from trunkline.smpp.tlv import Tlv, octet

from .conftest import Bench
from .doubles import (
    NOW,
    WindowSubmitter,
    account_of,
    connector_of,
    esme_of,
    sender_of,
    snapshot_of,
    turns,
)

ESME = esme_of(broadcast=True)
BERN = BroadcastArea(0, b"Bern").tlv()
MANDATORY = (
    BERN,
    broadcast_content_type(0, 1),
    Tlv(Tag.BROADCAST_REP_NUM.value, b"\0\5"),
    broadcast_frequency_interval(TimeUnit.MINUTES, 10),
)
REFERENCE = Tlv(Tag.USER_MESSAGE_REFERENCE.value, b"\0\7")
FAIL = CommandStatus.ESME_RBCASTFAIL


def broadcast(*tlvs: Tlv, **fields: Any) -> BroadcastSm:
    return BroadcastSm(source_addr="Civil", sequence_number=3, tlvs=(*MANDATORY, *tlvs), **fields)


def take(pdu: Pdu) -> Pdu:
    """What an SMSC answers that does it all."""
    if isinstance(pdu, BroadcastSm):
        return BroadcastSmResp(sequence_number=9, message_id="A1")
    if isinstance(pdu, QueryBroadcastSm):
        return QueryBroadcastSmResp(message_id="A1", tlvs=(octet(Tag.MESSAGE_STATE.value, 1), BERN))
    return pdu.response()


@pytest.fixture
async def smsc(bench: Bench) -> WindowSubmitter:
    """A connector that broadcasts go to, beside one that they do not."""
    config = connector_of("cbc", smpp_version="5.0", profile=Profile(broadcast=True))
    bench.configure(snapshot_of(connector_of("a plain one"), config))
    bench.connect(connector_of("a plain one"))
    submitter = bench.connect(config)
    submitter.reply = take
    await turns()
    return submitter


@pytest.fixture
def broadcasting(bench: Bench) -> Broadcasting:
    return Broadcasting(bench.store, bench.clock, bench.snapshots, bench.outcomes)


async def test_a_broadcast_is_passed_on_queried_and_cancelled(
    bench: Bench, smsc: WindowSubmitter, broadcasting: Broadcasting
) -> None:
    answer = await broadcasting.answer(broadcast(REFERENCE, data_coding=8), ESME)
    assert isinstance(answer, BroadcastSmResp)
    assert (answer.command_status, answer.sequence_number, len(answer.message_id)) == (0, 3, 36)
    [kept] = bench.store.broadcasts
    assert (kept.id, kept.connector_id, kept.smsc_message_id) == (answer.message_id, "cbc", "A1")
    assert (kept.account_id, kept.credential, kept.user_reference, kept.accepted_at) == (1, "shop", 7, NOW)
    query = await broadcasting.answer(QueryBroadcastSm(message_id=kept.id.upper()), ESME)
    assert isinstance(query, QueryBroadcastSmResp)
    assert (query.message_id, query.tlv(Tag.MESSAGE_STATE), query.tlv(Tag.BROADCAST_AREA_IDENTIFIER)) == (
        kept.id,
        b"\1",
        BERN.value,
    )
    by_reference = CancelBroadcastSm(source_addr="Civil", tlvs=(REFERENCE,))
    assert (await broadcasting.answer(by_reference, ESME)).command_status == 0
    sent, queried, cancelled = smsc.requests
    assert isinstance(sent, BroadcastSm)
    assert (sent.source_addr, sent.data_coding, sent.message_id) == ("Civil", 8, "")
    assert sent.tlvs == (*MANDATORY, REFERENCE)
    assert isinstance(queried, QueryBroadcastSm)
    assert isinstance(cancelled, CancelBroadcastSm)
    assert (queried.message_id, cancelled.message_id, cancelled.source_addr) == ("A1", "A1", "Civil")


async def test_a_broadcast_in_the_place_of_another(
    bench: Bench, smsc: WindowSubmitter, broadcasting: Broadcasting
) -> None:
    await broadcasting.answer(broadcast(), ESME)
    former = bench.store.broadcasts[0].id
    await broadcasting.answer(broadcast(message_id=former, replace_if_present_flag=1), ESME)
    assert [getattr(each, "message_id", None) for each in smsc.requests] == ["", "A1"]


async def test_who_may_not(smsc: WindowSubmitter, broadcasting: Broadcasting) -> None:
    for pdu in (broadcast(), QueryBroadcastSm(message_id="x"), CancelBroadcastSm(message_id="x")):
        answer = await broadcasting.answer(pdu, esme_of())
        assert answer.command_status == CommandStatus.ESME_RPROHIBITED
    assert smsc.requests == []


async def test_what_is_missing(smsc: WindowSubmitter, broadcasting: Broadcasting) -> None:
    answer = await broadcasting.answer(BroadcastSm(tlvs=MANDATORY[1:]), ESME)
    assert answer.command_status == CommandStatus.ESME_RMISSINGTLV
    assert smsc.requests == []


@pytest.mark.parametrize(
    "stranger", [esme_of(sender_of(account_of(2)), broadcast=True), esme_of(system_id="b", broadcast=True)]
)
async def test_another_s_broadcast_is_none(
    bench: Bench, smsc: WindowSubmitter, broadcasting: Broadcasting, stranger: Any
) -> None:
    await broadcasting.answer(broadcast(REFERENCE), ESME)
    known = bench.store.broadcasts[0].id
    for identifier in (known, new_id(), "A1", ""):
        tlvs = () if identifier else (REFERENCE,)
        query = await broadcasting.answer(QueryBroadcastSm(message_id=identifier, tlvs=tlvs), stranger)
        assert query.command_status == CommandStatus.ESME_RBCASTQUERYFAIL
        cancel = await broadcasting.answer(CancelBroadcastSm(message_id=identifier, tlvs=tlvs), stranger)
        assert cancel.command_status == CommandStatus.ESME_RBCASTCANCELFAIL
        if identifier:
            again = await broadcasting.answer(broadcast(message_id=identifier), stranger)
            assert again.command_status == FAIL
    nothing = await broadcasting.answer(QueryBroadcastSm(), ESME)
    assert nothing.command_status == CommandStatus.ESME_RBCASTQUERYFAIL
    assert len(smsc.requests) == 1


async def test_what_the_smsc_says_is_passed_back(
    bench: Bench, smsc: WindowSubmitter, broadcasting: Broadcasting
) -> None:
    tlvs = (BERN, broadcast_error_status(0x10A), octet(Tag.CONGESTION_STATE.value, 50))
    smsc.reply = lambda pdu: pdu.response(CommandStatus.ESME_RINVBCASTAREAFMT.value)
    assert (await broadcasting.answer(broadcast(), ESME)).command_status == (
        CommandStatus.ESME_RINVBCASTAREAFMT
    )
    assert bench.store.broadcasts == []
    smsc.reply = lambda pdu: BroadcastSmResp(message_id="B2", tlvs=tlvs)
    answer = await broadcasting.answer(broadcast(), ESME)
    assert isinstance(answer, BroadcastSmResp)
    assert list(failed_areas(answer)) == [(BroadcastArea(0, b"Bern"), 0x10A)]
    assert answer.congestion_state is None, "that is the SMSC's, not ours"


@pytest.mark.parametrize(
    ("nack", "status"), [(0x03, CommandStatus.ESME_RINVCMDID), (0, CommandStatus.ESME_RBCASTFAIL)]
)
async def test_an_smsc_that_does_not_know_it(
    bench: Bench, smsc: WindowSubmitter, broadcasting: Broadcasting, nack: int, status: CommandStatus
) -> None:
    smsc.reply = lambda pdu: GenericNack(command_status=nack)
    answer = await broadcasting.answer(broadcast(), ESME)
    assert (answer.name, answer.command_status) == ("broadcast_sm_resp", status)
    assert bench.store.broadcasts == []


async def test_no_answer_and_no_bind(bench: Bench, smsc: WindowSubmitter, broadcasting: Broadcasting) -> None:
    smsc.reply = None
    assert (await broadcasting.answer(broadcast(), ESME)).command_status == FAIL
    smsc.bound = False
    assert (await broadcasting.answer(broadcast(), ESME)).command_status == FAIL
    assert len(smsc.requests) == 1


@pytest.mark.parametrize("config", [{"smpp_version": "3.4"}, {"profile": Profile()}])
async def test_a_connector_that_does_not_broadcast(
    bench: Bench, broadcasting: Broadcasting, config: dict[str, Any]
) -> None:
    settings = {"smpp_version": "5.0", "profile": Profile(broadcast=True)} | config
    submitter = bench.connect(connector_of(**settings))
    bench.configure(snapshot_of(connector_of(**settings)))
    await turns()
    submitter.reply = take
    assert (await broadcasting.answer(broadcast(), ESME)).command_status == FAIL
    assert submitter.requests == []


async def test_a_store_that_is_away(bench: Bench, smsc: WindowSubmitter, broadcasting: Broadcasting) -> None:
    bench.store.fault = StorageUnavailable("gone")
    with pytest.raises(StorageUnavailable):
        await broadcasting.answer(broadcast(), ESME)
