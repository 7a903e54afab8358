"""query_sm, cancel_sm, replace_sm and submit_multi at the door."""

import asyncio
from typing import Any
from unittest.mock import Mock

import pytest

from trunkline.model.amendment import NotAmended, Obstacle, Owner, Standing
from trunkline.model.message import Message
from trunkline.model.submission import Reason, Rejected, Submission
from trunkline.servers.smpp import session as module
from trunkline.smpp.constants import CommandStatus, MessageState, Tag, Version
from trunkline.smpp.fields import DistributionList, SmeAddress, UnsuccessSme
from trunkline.smpp.pdus import (
    CancelSm,
    Pdu,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
)
from trunkline.smpp.tlv import Tlv

from .conftest import NOW, Client, Front, MakeFront, esme_of, message_of, sender_of, snapshot_of

OWNER = Owner(1, "shop")
NUMBERS = tuple(SmeAddress(1, 1, f"491511234567{digit}") for digit in range(3))


@pytest.fixture
async def client(front: Front) -> Client:
    return await front.bound()


def stored(text: str = "hello", **fields: Any) -> Message:
    message = message_of(Submission(sender_of(), "smpp", "4915112345678", text, "Shop"))
    for name, value in fields.items():
        setattr(message, name, value)
    return message


# --- query_sm ---


@pytest.mark.parametrize(
    ("standing", "date", "state", "code"),
    [
        (Standing(MessageState.ENROUTE), "", 1, 0),
        (Standing(MessageState.SCHEDULED), "", 1, 0),
        (Standing(MessageState.DELIVERED, NOW), "260410123000000+", 2, 0),
        (Standing(MessageState.UNDELIVERABLE, NOW + 100, 69), "260410123000100+", 5, 69),
    ],
)
async def test_query_sm(
    front: Front, client: Client, standing: Standing, date: str, state: int, code: int
) -> None:
    front.amending.outcome = standing
    answer = await client.ask(QuerySm(message_id="id-1", source_addr="Shop"))
    assert isinstance(answer, QuerySmResp)
    assert (answer.command_status, answer.message_id) == (0, "id-1")
    assert (answer.final_date, answer.message_state, answer.error_code) == (date, state, code)
    assert front.amending.asked == [("query", OWNER, "id-1", "Shop")]
    assert front.door.operations.answered == {("query_sm", 0): 1}


async def test_version_5_0_has_a_word_for_what_is_scheduled(front: Front) -> None:
    front.amending.outcome = Standing(MessageState.SCHEDULED)
    client = await front.bound(Version.V50)
    answer = await client.ask(QuerySm(message_id="id-1"))
    assert isinstance(answer, QuerySmResp)
    assert answer.message_state == 0


# --- what fails ---


@pytest.mark.parametrize("obstacle", Obstacle)
@pytest.mark.parametrize(
    ("pdu", "status"),
    [
        (QuerySm(message_id="id-1"), CommandStatus.ESME_RQUERYFAIL),
        (CancelSm(message_id="id-1"), CommandStatus.ESME_RCANCELFAIL),
        (CancelSm(source_addr="Shop", destination_addr="4915112345678"), CommandStatus.ESME_RCANCELFAIL),
        (ReplaceSm(message_id="id-1", short_message=b"x"), CommandStatus.ESME_RREPLACEFAIL),
    ],
    ids=["query", "cancel", "cancel between", "replace"],
)
async def test_what_cannot_be_done(
    front: Front, client: Client, pdu: Pdu, status: CommandStatus, obstacle: Obstacle
) -> None:
    front.amending.message = stored()
    front.amending.outcome = NotAmended(obstacle, "no")
    answer = await client.ask(pdu)
    assert answer.name == f"{pdu.name}_resp"
    assert answer.command_status == (CommandStatus.ESME_RSYSERR if obstacle is Obstacle.BUSY else status)


@pytest.mark.parametrize("pdu", [QuerySm(), ReplaceSm(short_message=b"x")], ids=["query", "replace"])
async def test_an_id_that_is_not_given(front: Front, client: Client, pdu: Pdu) -> None:
    assert (await client.ask(pdu)).command_status == CommandStatus.ESME_RINVMSGID
    assert front.amending.asked == []


async def test_a_fault_costs_one_request_and_not_the_session(
    front: Front, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "log", log := Mock())
    front.amending.outcome = KeyError("a bug")
    assert (await client.ask(QuerySm(message_id="id-1"))).command_status == CommandStatus.ESME_RSYSERR
    assert log.error.called
    front.amending.outcome = None
    assert (await client.ask(CancelSm(message_id="id-1"))).command_status == 0


async def test_an_esme_that_was_deleted_a_moment_ago(front: Front, client: Client) -> None:
    front.snapshots.current = snapshot_of()
    for pdu in (QuerySm(message_id="id-1"), SubmitMulti(dest_address=NUMBERS)):
        assert (await client.ask(pdu)).command_status == CommandStatus.ESME_RSYSERR


# --- cancel_sm ---


async def test_cancel_sm(front: Front, client: Client) -> None:
    pdu = CancelSm(message_id="id-1", source_addr="Shop", destination_addr="4915112345678")
    assert (await client.ask(pdu)).command_status == 0
    assert front.amending.asked == [("cancel", OWNER, "id-1", "Shop", "4915112345678")]


async def test_cancel_sm_of_all_between_two_addresses(make_front: MakeFront) -> None:
    sender = sender_of()
    front = await make_front(
        esme_of(sender=type(sender)(sender.account, "shop", True, 0, default_sender="Me"))
    )
    client = await front.bound()
    for source in ("Shop", ""):
        await client.ask(CancelSm(source_addr=source, destination_addr="4915112345678"))
    assert front.amending.asked == [
        ("cancel_between", OWNER, "Shop", "4915112345678"),
        ("cancel_between", OWNER, "Me", "4915112345678"),
    ]


async def test_messages_are_not_told_apart_by_service_type(front: Front, client: Client) -> None:
    pdu = CancelSm(service_type="WAP", source_addr="Shop", destination_addr="4915112345678")
    assert (await client.ask(pdu)).command_status == CommandStatus.ESME_RINVSERTYP
    assert front.amending.asked == []


# --- replace_sm ---


async def test_replace_sm(front: Front, client: Client) -> None:
    front.amending.message = stored()
    pdu = ReplaceSm(
        message_id="id-1",
        source_addr="Shop",
        schedule_delivery_time="000000010000000R",
        validity_period="000001000000000R",
        registered_delivery=2,
        short_message=b"good \x1be bye",
    )
    assert (await client.ask(pdu)).command_status == 0
    [(verb, owner, message_id, source, revision)] = front.amending.asked
    assert (verb, owner, message_id, source) == ("replace", OWNER, "id-1", "Shop")
    assert (revision.validity_ms, revision.deliver_after_ms) == (86_400_000, 3_600_000)
    submission = revision.submission
    assert (submission.text, submission.coding, submission.registered_delivery) == ("good € bye", 0, 2)


async def test_times_that_are_not_given_stay(front: Front, client: Client) -> None:
    front.amending.message = stored()
    await client.ask(ReplaceSm(message_id="id-1", short_message=b"x"))
    revision = front.amending.asked[0][4]
    assert (revision.validity_ms, revision.deliver_after_ms) == (None, None)


async def test_the_new_text_is_read_in_the_message_s_data_coding(front: Front, client: Client) -> None:
    front.amending.message = stored(data_coding=8, encoding="ucs2")
    payload = Tlv(Tag.MESSAGE_PAYLOAD.value, "привет".encode("utf-16-be"))
    await client.ask(ReplaceSm(message_id="id-1", short_message="да".encode("utf-16-be")))
    await client.ask(ReplaceSm(message_id="id-1", tlvs=(payload,)))
    assert [asked[4].submission.text for asked in front.amending.asked] == ["да", "привет"]


@pytest.mark.parametrize(
    ("octets", "status"),
    [(b"\x05\x00\x03\x07\x02\x01other", 0), (b"other", CommandStatus.ESME_RREPLACEFAIL)],
)
async def test_a_message_with_a_header_of_its_sender_s(
    front: Front, client: Client, octets: bytes, status: int
) -> None:
    message = front.amending.message = stored()
    message.segments[0].udh = b"\x05\x00\x03\x07\x02\x01"
    assert (await client.ask(ReplaceSm(message_id="id-1", short_message=octets))).command_status == status
    if not status:
        submission = front.amending.asked[0][4].submission
        assert (submission.udh, submission.text) == (octets[:6], "other")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"validity_period": "tomorrow"}, CommandStatus.ESME_RINVEXPIRY),
        ({"schedule_delivery_time": "tomorrow"}, CommandStatus.ESME_RINVSCHED),
    ],
)
async def test_a_replacement_that_cannot_be_read(
    front: Front, client: Client, fields: dict[str, str], status: CommandStatus
) -> None:
    front.amending.message = stored()
    pdu = ReplaceSm(message_id="id-1", short_message=b"x", **fields)  # type: ignore[arg-type]
    assert (await client.ask(pdu)).command_status == status


async def test_a_replacement_that_does_not_fit_one_part(front: Front, client: Client) -> None:
    front.amending.message = stored()
    front.amending.outcome = Rejected(Reason.MESSAGE_TOO_LONG, "no")
    answer = await client.ask(ReplaceSm(message_id="id-1", short_message=b"x"))
    assert answer.command_status == CommandStatus.ESME_RINVMSGLEN


# --- submit_multi ---


def multi(*destinations: SmeAddress | DistributionList) -> SubmitMulti:
    return SubmitMulti(source_addr="Shop", dest_address=destinations or NUMBERS, short_message=b"hello")


async def test_each_destination_is_a_message_and_all_share_an_id(front: Front, client: Client) -> None:
    answer = await client.ask(multi())
    assert isinstance(answer, SubmitMultiResp)
    assert (answer.command_status, answer.unsuccess_sme) == (0, ())
    submissions = front.pipeline.submissions
    assert [each.destination for each in submissions] == [each.destination_addr for each in NUMBERS]
    assert {(each.text, each.source, each.dest_ton) for each in submissions} == {("hello", "Shop", 1)}
    assert {each.reference for each in submissions} == {answer.message_id}
    assert len(answer.message_id) == 36
    assert front.door.sessions[0].submitted == 3


async def test_one_destination_needs_no_common_id(front: Front, client: Client) -> None:
    answer = await client.ask(multi(NUMBERS[0]))
    assert (answer.message_id, front.pipeline.submissions[0].reference) == (  # type: ignore[attr-defined]
        "0199-id",
        None,
    )


async def test_destinations_that_are_refused_are_named(front: Front, client: Client) -> None:
    def refuse(submission: Submission) -> Any:
        if submission.destination.endswith("1"):
            return Rejected(Reason.INVALID_DESTINATION, "no")
        return message_of(submission)

    front.pipeline.answer = refuse
    answer = await client.ask(multi(*NUMBERS, DistributionList("friends")))
    assert isinstance(answer, SubmitMultiResp)
    assert answer.command_status == 0
    assert answer.message_id == front.pipeline.submissions[0].reference
    assert answer.unsuccess_sme == (
        UnsuccessSme(0, 0, "friends", CommandStatus.ESME_RINVDLNAME),
        UnsuccessSme(1, 1, "4915112345671", CommandStatus.ESME_RINVDSTADR),
    )


@pytest.mark.parametrize(
    ("destinations", "status"),
    [
        (NUMBERS[1:2], CommandStatus.ESME_RINVDSTADR),
        ((DistributionList("friends"),), CommandStatus.ESME_RINVDLNAME),
        ((NUMBERS[1], DistributionList("friends")), CommandStatus.ESME_RSUBMITFAIL),
    ],
)
async def test_where_all_are_refused_there_is_no_id(
    front: Front, client: Client, destinations: tuple[Any, ...], status: CommandStatus
) -> None:
    front.pipeline.answer = lambda submission: Rejected(Reason.INVALID_DESTINATION, "no")  # type: ignore[assignment,return-value]
    answer = await client.ask(multi(*destinations))
    assert isinstance(answer, SubmitMultiResp)
    assert (answer.command_status, answer.message_id) == (status, "")
    assert len(answer.unsuccess_sme) == len(destinations)


async def test_a_content_that_cannot_be_read_is_refused_for_all(front: Front, client: Client) -> None:
    pdu = multi()
    pdu.validity_period = "tomorrow"
    answer = await client.ask(pdu)
    assert answer.command_status == CommandStatus.ESME_RINVEXPIRY
    assert front.pipeline.submissions == []


async def test_a_store_that_is_away(front: Front, client: Client) -> None:
    front.pipeline.hold = True
    client.connection.send(multi())
    await front.until(lambda: front.pipeline.held)
    front.pipeline.held[0].set_exception(Rejected(Reason.BUSY, "no"))
    assert (await client.answered()).command_status == CommandStatus.ESME_RMSGQFUL


async def test_254_destinations_are_the_most(front: Front, client: Client) -> None:
    numbers = [SmeAddress(1, 1, f"49151{digits:08d}") for digits in range(255)]
    answer = await client.ask(multi(*numbers[:254]))
    assert (answer.command_status, len(front.pipeline.submissions)) == (0, 254)
    destinations = b"".join(b"\x01\x01\x01%b\0" % each.destination_addr.encode() for each in numbers)
    body = b"\0\0\0\0\xff" + destinations + b"\0" * 9 + b"\x00"
    header = b"".join(number.to_bytes(4, "big") for number in (16 + len(body), 0x21, 0, 9))
    client.connection.session._outgoing.append(header + body)
    client.connection.session.window.add(9, None, 0.0, 0x21)
    client.connection.flush()
    assert (await client.answered()).command_status == CommandStatus.ESME_RINVNUMDESTS


async def test_the_rate_counts_destinations(make_front: MakeFront) -> None:
    front = await make_front(esme_of(throughput=120))
    client = await front.bound()
    assert (await client.ask(multi())).command_status == 0
    submit = SubmitSm(destination_addr="4915112345678", short_message=b"hello")
    assert (await client.ask(submit)).command_status == CommandStatus.ESME_RTHROTTLED
    assert (await client.ask(multi())).command_status == CommandStatus.ESME_RTHROTTLED


async def test_who_hands_in_too_much_at_once_is_not_read(
    front: Front, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    (session,) = front.door.sessions
    monkeypatch.setattr(front.door, "window", 4)
    monkeypatch.setattr(session.connection, "pause_reading", pause := Mock())
    monkeypatch.setattr(session.connection, "resume_reading", resume := Mock())
    front.pipeline.hold = True
    for _ in range(2):
        client.connection.send(multi())
    await front.until(lambda: len(front.pipeline.held) == 2)
    assert pause.call_count == 1
    front.pipeline.held[0].set_result([message_of(each) for each in front.pipeline.submissions[:3]])
    await client.answered()
    assert not resume.called
    front.pipeline.held[1].set_result([message_of(each) for each in front.pipeline.submissions[3:]])
    await client.answered()
    assert resume.call_count == 1


async def test_answers_for_one_who_has_left_are_dropped(front: Front, client: Client) -> None:
    asked = asyncio.Event()
    go = asyncio.Event()

    async def slow(*_arguments: Any) -> Standing:
        asked.set()
        await go.wait()
        return Standing(MessageState.ENROUTE)

    front.amending.query = slow  # type: ignore[method-assign]
    client.connection.send(QuerySm(message_id="id-1"))
    async with asyncio.timeout(60):
        await asked.wait()
    client.connection.abort()
    await front.until(lambda: not front.door.sessions)
    go.set()
    await front.until(lambda: front.door.operations.answered)
