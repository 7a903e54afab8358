"""A bound ESME: its messages in, its receipts out."""

import asyncio
from collections.abc import Callable
from unittest.mock import Mock

import pytest
from structlog.testing import capture_logs

from trunkline.model.message import Message, Notification
from trunkline.model.submission import Reason, Rejected, Submission
from trunkline.servers.smpp import session as module
from trunkline.servers.smpp.statuses import STATUS_OF_REASON
from trunkline.smpp.codec import encode
from trunkline.smpp.constants import BindType, CommandStatus, Tag
from trunkline.smpp.pdus import DataSm, DataSmResp, SubmitSm, SubmitSmResp, Unbind
from trunkline.smpp.timers import TimerSettings
from trunkline.smpp.tlv import Tlv

from .conftest import NOW, Client, Front, MakeFront, esme_of, message_of, payload_of, snapshot_of


def submit(text: bytes = b"hello") -> SubmitSm:
    return SubmitSm(destination_addr="4915112345678", source_addr="Shop", short_message=text)


@pytest.fixture
async def client(front: Front) -> Client:
    return await front.bound()


# --- strangers ---


async def test_what_does_not_speak_smpp_is_named(front: Front) -> None:
    for octets in (b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + bytes(20), b""):
        with capture_logs() as logs:
            reader, writer = await asyncio.open_connection("127.0.0.1", front.server.port)
            writer.write(octets)
            writer.write_eof()
            await reader.read()
            writer.close()
            await front.until(lambda: not front.server.connections)
        if octets:
            [line] = logs
            assert (line["action"], line["peer"]) == ("esme.not_smpp", "127.0.0.1")
            assert line["reason"].endswith("this looks like a TLS client hello")
        else:
            assert logs == []


# --- in ---


async def test_a_submit_is_answered_with_the_message_s_id(front: Front, client: Client) -> None:
    answer = await client.ask(submit())
    assert isinstance(answer, SubmitSmResp)
    assert (answer.command_status, answer.message_id) == (0, "0199-id")
    (submission,) = front.pipeline.submissions
    assert (submission.text, submission.sender.credential) == ("hello", "shop")


async def test_data_sm_is_a_submit_too(front: Front, client: Client) -> None:
    payload = Tlv(Tag.MESSAGE_PAYLOAD.value, b"x" * 500)
    answer = await client.ask(DataSm(destination_addr="4915112345678", tlvs=(payload,)))
    assert isinstance(answer, DataSmResp)
    assert answer.message_id == "0199-id"
    assert front.pipeline.submissions[0].text == "x" * 500


async def test_a_deferred_message_s_id_says_so(front: Front, client: Client) -> None:
    def deferred(submission: Submission) -> Message:
        message = message_of(submission)
        message.deferred = True
        return message

    front.pipeline.answer = deferred
    assert (await client.ask(submit())).message_id == "queued_0199-id"  # type: ignore[attr-defined]


async def test_nothing_is_answered_before_it_is_durable(front: Front, client: Client) -> None:
    front.pipeline.hold = True
    client.connection.send(submit(b"one"))
    client.connection.send(submit(b"two"))
    await front.until(lambda: len(front.pipeline.held) == 2)
    assert client.responses.empty()
    front.pipeline.held[1].set_result(message_of(front.pipeline.submissions[1], "second"))
    assert (await client.answered()).message_id == "second"  # type: ignore[attr-defined]
    front.pipeline.held[0].set_result(message_of(front.pipeline.submissions[0], "first"))
    assert (await client.answered()).message_id == "first"  # type: ignore[attr-defined]


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("reason", Reason)
async def test_refusals(front: Front, client: Client, reason: Reason, at_once: bool) -> None:
    def refuse(submission: Submission) -> Message:
        if at_once:
            raise Rejected(reason, "no")
        return Rejected(reason, "no")  # type: ignore[return-value]  # the future's exception

    front.pipeline.answer = refuse
    answer = await client.ask(submit())
    assert answer.command_status == STATUS_OF_REASON[reason]
    assert answer.message_id == ""  # type: ignore[attr-defined]


async def test_what_cannot_be_read_is_refused(front: Front, client: Client) -> None:
    pdu = submit()
    pdu.validity_period = "tomorrow"
    assert (await client.ask(pdu)).command_status == CommandStatus.ESME_RINVEXPIRY
    assert front.pipeline.submissions == []


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_fault_costs_one_message_and_not_the_session(
    front: Front, client: Client, at_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Mock()
    monkeypatch.setattr(module, "log", log)

    def fail(submission: Submission) -> Message:
        if at_once:
            raise KeyError("a bug")
        return KeyError("a bug")  # type: ignore[return-value]

    front.pipeline.answer = fail
    assert (await client.ask(submit())).command_status == CommandStatus.ESME_RSYSERR
    front.pipeline.answer = message_of
    assert (await client.ask(submit())).command_status == 0
    assert log.exception.called or log.error.called


async def test_the_sender_is_the_one_of_now(front: Front, client: Client) -> None:
    """A changed limit or callback counts from the next message on, without a new bind."""
    changed = esme_of(id=77)
    front.snapshots.publish(snapshot_of(changed))
    await client.ask(submit())
    assert front.pipeline.submissions[0].sender is changed.sender


async def test_who_submits_too_much_at_once_is_not_read(
    front: Front, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    (session,) = front.door.sessions
    monkeypatch.setattr(front.door, "window", 4)
    monkeypatch.setattr(session.connection, "pause_reading", pause := Mock())
    monkeypatch.setattr(session.connection, "resume_reading", resume := Mock())
    front.pipeline.hold = True
    for _ in range(4):
        client.connection.send(submit())
    await front.until(lambda: len(front.pipeline.held) == 4)
    assert pause.called
    assert not resume.called
    for number, held in enumerate(front.pipeline.held, 1):
        held.set_result(message_of(front.pipeline.submissions[0]))
        await client.answered()
        assert resume.called == (number >= 2), "when half of them are answered"


async def test_answers_for_one_who_has_left_are_dropped(front: Front, client: Client) -> None:
    front.pipeline.hold = True
    client.connection.send(submit())
    await front.until(lambda: front.pipeline.held)
    client.connection.abort()
    await front.until(lambda: not front.door.sessions)
    front.pipeline.held[0].set_result(message_of(front.pipeline.submissions[0]))
    await asyncio.sleep(0)


# --- out ---


async def test_a_receipt_reaches_the_esme(front: Front, client: Client) -> None:
    assert front.door.serves("esme:shop")
    assert not front.door.serves("http:shop")
    outcome = front.deliver()
    pdu = await client.received()
    assert pdu.tlv(Tag.RECEIPTED_MESSAGE_ID) == b"0199-id\0"
    result = await outcome.result()
    assert (result.ok, result.detail) == (True, "ESME_ROK")


@pytest.mark.parametrize(("version", "tags"), [(0x33, False), (0x00, False), (0x34, True), (0x50, True)])
async def test_versions_before_3_4_get_no_optional_parameters(front: Front, version: int, tags: bool) -> None:
    client = await front.bound(interface_version=version)
    front.deliver()
    pdu = await client.received()
    assert bool(pdu.tlvs) == tags
    assert b"id:0199-id " in pdu.short_message  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        (CommandStatus.ESME_RX_T_APPN, False),
        (CommandStatus.ESME_RMSGQFUL, False),
        (CommandStatus.ESME_RTHROTTLED, False),
        (CommandStatus.ESME_RSYSERR, False),
        (CommandStatus.ESME_RX_P_APPN, True),
        (CommandStatus.ESME_RX_R_APPN, True),
        (CommandStatus.ESME_RINVDSTADR, True),
    ],
)
async def test_a_receipt_that_is_refused(
    front: Front, client: Client, status: CommandStatus, permanent: bool
) -> None:
    client.answer = status.value
    result = await front.deliver().result()
    assert (result.ok, result.permanent, result.gone, result.detail) == (False, permanent, False, status.name)
    assert front.door.room("esme:shop") == 3


async def test_room_is_the_window_of_the_esme(front: Front, client: Client) -> None:
    client.answer = None
    for left in (3, 2, 1):
        assert front.door.room("esme:shop") == left
        front.deliver()
    assert front.door.room("esme:shop") == 0
    first = await client.received()
    client.connection.respond(first.response())
    await front.until(lambda: front.door.room("esme:shop") == 1)


async def test_room_is_never_more_than_the_connection_takes(make_front: MakeFront) -> None:
    front = await make_front(esme_of(window=100), window_size=2)
    client = await front.bound()
    client.answer = None
    outcomes = [front.deliver(), front.deliver()]
    assert front.door.room("esme:shop") == 0
    full = await front.deliver().result()
    assert (full.ok, full.gone) == (False, True)
    assert not any(outcome.told.done() for outcome in outcomes)


async def test_a_transmitter_gets_nothing(front: Front) -> None:
    await front.bound(kind=BindType.TX)
    assert front.door.room("esme:shop") == 0
    result = await front.deliver().result()
    assert (result.ok, result.gone) == (False, True)


async def test_sessions_share_the_receipts(front: Front) -> None:
    clients = [await front.bound(), await front.bound(kind=BindType.RX)]
    for client in clients:
        client.answer = None
    for _ in range(2):
        front.deliver()
    for client in clients:
        await client.received()
    for _ in range(4):
        assert front.door.room("esme:shop") > 0
        front.deliver()
    assert front.door.room("esme:shop") == 0
    for client in clients:
        for _ in range(2):
            await client.received()
        assert client.requests.empty()


@pytest.mark.parametrize("how", ["unbinds", "vanishes"])
async def test_receipts_without_an_answer_when_the_esme_leaves(
    front: Front, client: Client, how: str
) -> None:
    client.answer = None
    outcomes = [front.deliver() for _ in range(3)]
    for _ in range(3):
        await client.received()
    if how == "unbinds":
        # Our own client would answer first.
        assert client.connection._transport is not None
        client.connection._transport.write(encode(Unbind(sequence_number=99)))
    else:
        client.connection.abort()
    for outcome in outcomes:
        result = await outcome.result()
        assert (result.ok, result.gone, result.permanent) == (False, True, False)
    await front.until(lambda: not front.door.sessions)
    assert front.door.room("esme:shop") == 0


async def test_who_wants_to_leave_gets_its_answers_but_no_receipts(front: Front, client: Client) -> None:
    front.pipeline.hold = True
    client.connection.send(submit())
    await front.until(lambda: front.pipeline.held)
    leaving = asyncio.ensure_future(client.connection.unbind())
    await front.until(lambda: front.door.room("esme:shop") == 0)
    front.pipeline.held[0].set_result(message_of(front.pipeline.submissions[0]))
    assert (await client.answered()).command_status == 0
    await leaving


async def test_a_receipt_that_is_not_answered_in_time(make_front: MakeFront) -> None:
    front = await make_front(timers=TimerSettings(response=0.05))
    client = await front.bound()
    client.answer = None
    result = await front.deliver().result()
    assert (result.ok, result.gone, result.permanent) == (False, False, False)
    assert front.door.room("esme:shop") == 3
    # The answer comes all the same, too late to count.
    client.connection.respond((await client.received()).response())
    client.answer = 0
    assert (await front.deliver().result()).ok


@pytest.mark.parametrize("leave", ["unbind", "server"])
async def test_a_session_that_is_being_unbound_gets_nothing_more(
    front: Front, client: Client, leave: str
) -> None:
    (session,) = front.door.sessions
    if leave == "unbind":
        session.unbind()
        assert front.door.room("esme:shop") == 0
    else:
        # As the connection itself does when it was idle for too long, or when the server stops.
        session.connection.session.unbind()
        session.connection.flush_soon()
    outcome = front.deliver()
    assert not outcome.told.done(), "never from inside"
    result = await outcome.result()
    assert (result.ok, result.gone) == (False, True)
    assert front.door.room("esme:shop") == 0
    await client.closed()


async def test_a_receipt_that_cannot_be_written_is_given_up(front: Front, client: Client) -> None:
    outcome = front.deliver(dest_addr="4" * 30)
    assert not outcome.told.done()
    result = await outcome.result()
    assert (result.ok, result.permanent) == (False, True)
    assert front.door.room("esme:shop") == 3, "no place is lost"
    assert (await front.deliver().result()).ok


async def test_room_again_is_told(front: Front, client: Client) -> None:
    (session,) = front.door.sessions
    front.notifier.woken.clear()
    session.connection.pause_writing()
    assert front.door.room("esme:shop") == 0
    session.connection.resume_writing()
    assert front.notifier.woken == ["esme:shop"]
    assert front.door.room("esme:shop") == 3


async def test_an_end_that_asks_for_more_in_its_own_call(front: Front, client: Client) -> None:
    """The notifier goes on with the next receipt from inside `finished`."""
    texts: list[str] = []
    done = asyncio.Event()

    def next_one(number: int) -> Callable[..., None]:
        def finished(result: object) -> None:
            texts.append(str(number))
            if number == 4:
                done.set()
                return
            deliver(number + 1)

        return finished

    def deliver(number: int) -> None:
        entry = Notification("esme:shop", str(number), NOW, "m", 0, NOW, payload_of())
        front.door.deliver(entry, next_one(number))

    deliver(0)
    async with asyncio.timeout(60):
        await done.wait()
    assert texts == ["0", "1", "2", "3", "4"]
    assert front.door.room("esme:shop") == 3
