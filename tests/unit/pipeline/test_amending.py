"""Query, cancel and replace: on our queue first, at the SMSC where the message has gone on."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from trunkline.model.amendment import NotAmended, NotCarriedOut, Obstacle, Owner, Revision, Standing
from trunkline.model.message import Message
from trunkline.model.profile import Profile
from trunkline.model.states import SegmentState
from trunkline.model.submission import Reason, Rejected
from trunkline.smpp.constants import CommandStatus, MessageState

from .conftest import Bench
from .doubles import (
    HOUR_MS,
    NOW,
    WindowSubmitter,
    account_of,
    connector_of,
    receipt_of,
    sender_of,
    snapshot_of,
    submission_of,
    turns,
)

SHOP = Owner(1, "shop")
PRICE = 1_000_000
THROTTLED = int(CommandStatus.ESME_RTHROTTLED)


async def obstacle_of(amending: Awaitable[Any]) -> Obstacle:
    with pytest.raises(NotAmended) as raised:
        await amending
    return raised.value.obstacle


async def queued(bench: Bench, **fields: Any) -> Message:
    """A message that waits in the store: no connector runs."""
    message = await bench.accept(**fields)
    assert [segment.state for segment in message.segments] == [SegmentState.QUEUED] * len(message.segments)
    return message


async def ready(bench: Bench, upstream: WindowSubmitter, **fields: Any) -> Message:
    """A message that is claimed, and waits for a place on the wire."""
    upstream.limit = 0
    message = await bench.accept(**fields)
    assert [segment.state for segment in message.segments] == [SegmentState.SUBMITTING] * len(
        message.segments
    )
    assert upstream.in_flight == []
    return message


async def half_sent(bench: Bench, upstream: WindowSubmitter) -> Message:
    """A message of two segments, the first of them on the wire, the second claimed."""
    upstream.limit = 1
    message = await bench.accept(text="x" * 300)
    assert upstream.in_flight == message.segments[:1]
    assert message.segments[1].state is SegmentState.SUBMITTING
    return message


def rewrite(text: str, **fields: Any) -> Callable[[Message], Revision]:
    """What a door reads of a replace_sm."""
    return lambda message: Revision(submission_of(text=text, registered_delivery=0), **fields)


# --- whose message ---


@pytest.mark.parametrize("owner", [Owner(2, "shop"), Owner(1, "other"), Owner(2), Owner(2, "other")], ids=str)
async def test_another_sender_s_message_is_one_that_does_not_exist(bench: Bench, owner: Owner) -> None:
    message = await queued(bench)
    amending = bench.amending
    for attempt in (
        amending.query(owner, message.id),
        amending.cancel(owner, message.id),
        amending.replace(owner, message.id, "", rewrite("x")),
        amending.cancel_between(owner, "Shop", "4915112345678"),
    ):
        assert await obstacle_of(attempt) is Obstacle.UNKNOWN
    assert bench.row(message.segments[0]) == "queued"


async def test_the_account_s_http_users_see_all_its_messages(bench: Bench) -> None:
    message = await queued(bench)
    assert (await bench.amending.query(Owner(1), message.id)).state is MessageState.ENROUTE


@pytest.mark.parametrize("identifier", ["", "nothing", "0199a2f4-5a10-7000-8a3c-2f60c1b4d9e7", "00000001"])
async def test_an_unknown_id(bench: Bench, identifier: str) -> None:
    assert await obstacle_of(bench.amending.query(SHOP, identifier)) is Obstacle.UNKNOWN


async def test_ids_are_found_as_their_sender_writes_them(bench: Bench) -> None:
    plain = await queued(bench)
    short = await queued(bench, reference="0000abcd")
    for identifier in (plain.id, plain.id.upper(), f"queued_{plain.id}", short.id, "0000abcd", "0000ABCD"):
        assert (await bench.amending.query(SHOP, identifier)).state is MessageState.ENROUTE


@pytest.mark.parametrize(
    ("source", "dest", "fits"),
    [
        ("Shop", "", True),
        ("Shop", "+49 151 12345678", True),
        ("", "4915112345678", True),
        ("shop", "", False),
        ("Shop", "4915112345679", False),
        ("an impossible sender", "", False),
        ("Shop", "nobody", False),
    ],
)
async def test_the_addresses_that_are_given_have_to_be_the_message_s(
    bench: Bench, source: str, dest: str, fits: bool
) -> None:
    message = await queued(bench)
    cancelling = bench.amending.cancel(SHOP, message.id, source, dest)
    if fits:
        await cancelling
    else:
        assert await obstacle_of(cancelling) is Obstacle.UNKNOWN
    assert (bench.row(message.segments[0]) == "deleted") is fits


async def test_a_store_that_is_away(bench: Bench) -> None:
    bench.journal.closed = True
    assert await obstacle_of(bench.amending.query(SHOP, "0199a2f4-5a10-7000-8a3c-2f60c1b4d9e7")) is (
        Obstacle.BUSY
    )


async def test_a_store_that_does_not_answer(bench: Bench) -> None:
    bench.journal.auto = False
    bench.amending.LOOK_UP_S = 0
    assert await obstacle_of(bench.amending.query(SHOP, "0000abcd")) is Obstacle.BUSY


# --- query ---


async def test_the_states_of_a_message(bench: Bench, upstream: WindowSubmitter) -> None:
    later = await bench.accept(deliver_after_ms=HOUR_MS)
    assert await bench.amending.query(SHOP, later.id) == Standing(MessageState.SCHEDULED)
    sent = await bench.submitted(upstream)
    assert await bench.amending.query(SHOP, sent.id) == Standing(MessageState.ENROUTE)
    assert upstream.questions == [], "the profile does not ask for that"
    bench.clock.now += 5
    bench.receipts.on_receipt("upstream", receipt_of("a1", "UNDELIV", err="069"), bench.acknowledge)
    await turns()
    assert await bench.amending.query(SHOP, sent.id) == Standing(MessageState.UNDELIVERABLE, NOW + 5, 69)


@pytest.mark.parametrize(("status", "code"), [(CommandStatus.ESME_RINVDSTADR.value, 0x0B), (0x401, 255)])
async def test_a_message_the_smsc_has_refused(
    bench: Bench, upstream: WindowSubmitter, status: int, code: int
) -> None:
    message = await bench.accept()
    upstream.refuse(message.segments[0], status)
    await turns()
    assert await bench.amending.query(SHOP, message.id) == Standing(MessageState.REJECTED, NOW, code)


async def test_a_group_is_queried_as_a_whole(bench: Bench, upstream: WindowSubmitter) -> None:
    for identifier in ("a1", "b2"):
        await bench.submitted(upstream, identifier, reference="group")
    bench.receipts.on_receipt("upstream", receipt_of("a1"), bench.acknowledge)
    await turns()
    assert (await bench.amending.query(SHOP, "group")).state is MessageState.ENROUTE
    bench.receipts.on_receipt("upstream", receipt_of("b2", "EXPIRED"), bench.acknowledge)
    await turns()
    assert (await bench.amending.query(SHOP, "group")).state is MessageState.EXPIRED


@pytest.fixture
async def asking(bench: Bench) -> WindowSubmitter:
    """A connector whose SMSC is asked where its messages are."""
    config = connector_of(profile=Profile(forward_query=True))
    bench.configure(snapshot_of(config))
    submitter = bench.connect(config)
    await turns()
    return submitter


async def test_the_smsc_is_asked_for_what_it_has(bench: Bench, asking: WindowSubmitter) -> None:
    message = await bench.submitted(asking, "A1")
    asking.answer = Standing(MessageState.DELIVERED, NOW + 7, 0)
    assert await bench.amending.query(SHOP, message.id) == asking.answer
    assert asking.questions == [("query_sm", "A1", "hello")]
    assert bench.row(message.segments[0]) == "submitted", "the receipt will say so"


async def test_a_receipt_that_comes_while_the_smsc_is_asked(bench: Bench, asking: WindowSubmitter) -> None:
    message = await bench.submitted(asking, "a1")
    asking.answer = Standing(MessageState.ENROUTE)
    asking.on_question = lambda: bench.receipts.on_receipt("upstream", receipt_of("a1"), bench.acknowledge)
    assert (await bench.amending.query(SHOP, message.id)).state is MessageState.DELIVERED


async def test_an_smsc_that_does_not_say(bench: Bench, asking: WindowSubmitter) -> None:
    message = await bench.submitted(asking, "A1")
    asking.answer = NotCarriedOut("no answer")
    assert (await bench.amending.query(SHOP, message.id)).state is MessageState.ENROUTE


# --- cancel: ours ---


@pytest.mark.parametrize("text", ["hello", "x" * 400])
async def test_what_waits_in_the_queue_is_cancelled_and_paid_back(bench: Bench, text: str) -> None:
    bench.journal.balances[1] = 10 * PRICE
    message = await queued(bench, text=text)
    parts = len(message.segments)
    await bench.amending.cancel(SHOP, message.id)
    assert bench.journal.states() == ["deleted"] * parts
    assert bench.journal.message_states[message.id] == "deleted"
    assert bench.journal.ledger == [(message.id, parts * PRICE), (message.id, -parts * PRICE)]
    assert bench.journal.balances[1] == 10 * PRICE
    assert bench.journal.kinds() == ["cancelled"]
    assert (bench.amending.cancelled, bench.amending.refunded) == (parts, parts * PRICE)


async def test_the_sender_gets_the_receipt_that_it_asked_for(bench: Bench) -> None:
    bench.esmes.rooms["esme:shop"] = 10
    told = await queued(bench)
    untold = await queued(bench, registered_delivery=0)
    for message in (told, untold):
        await bench.amending.cancel(SHOP, message.id)
    [(notification, _)] = bench.esmes.under_way
    assert (notification.message_id, notification.payload.stat) == (told.id, "DELETED")


async def test_nothing_is_said_before_it_is_durable(bench: Bench) -> None:
    message = await queued(bench)
    cancelling = asyncio.ensure_future(bench.amending.cancel(SHOP, message.id))
    await turns(3)  # found
    bench.journal.auto = False
    await turns()
    assert not cancelling.done()
    assert bench.row(message.segments[0]) == "queued"
    bench.journal.commit()
    await cancelling
    assert bench.row(message.segments[0]) == "deleted"


async def test_what_is_claimed_and_not_on_the_wire_is_cancelled(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    message = await ready(bench, upstream)
    await bench.amending.cancel(SHOP, message.id)
    assert bench.row(message.segments[0]) == "deleted"
    upstream.limit = None
    bench.dispatcher.poll()
    await turns()
    assert upstream.sent == [], "it is cancelled, so it is not submitted"
    assert upstream.questions == []


async def test_of_cancel_and_submit_exactly_one_wins(bench: Bench, upstream: WindowSubmitter) -> None:
    """Whichever moment between accept and answer the cancel comes at."""
    for moment in range(12):
        upstream.limit = None
        upstream.answer = NotCarriedOut("ESME_RCANCELFAIL", int(CommandStatus.ESME_RCANCELFAIL))
        bench.amending.LANDING_S = 0
        sent = len(upstream.sent)
        if moment % 2:
            upstream.limit = 0
        message = await bench.accept()
        cancelling = asyncio.ensure_future(bench.amending.cancel(SHOP, message.id))
        await turns(moment)
        upstream.limit = None
        bench.dispatcher.pump()
        outcome = (await asyncio.gather(cancelling, return_exceptions=True))[0]
        await turns()
        submitted = upstream.sent[sent:] == message.segments
        assert submitted == isinstance(outcome, NotAmended), moment
        refunds = [amount for identifier, amount in bench.journal.ledger if identifier == message.id]
        assert refunds == ([PRICE] if submitted else [PRICE, -PRICE])
        if submitted:
            upstream.accept(message.segments[0], f"{moment:x}")
            await turns()


async def test_what_is_on_the_wire_is_waited_for(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.accept()
    cancelling = asyncio.ensure_future(bench.amending.cancel(SHOP, message.id))
    await turns()
    assert not cancelling.done()
    upstream.accept(message.segments[0], "A1")
    await cancelling
    assert upstream.questions == [("cancel_sm", "A1", "hello")]
    assert bench.row(message.segments[0]) == "deleted"


async def test_what_the_smsc_refuses_for_now_is_taken_off_the_queue(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    message = await bench.accept()
    cancelling = asyncio.ensure_future(bench.amending.cancel(SHOP, message.id))
    await turns()
    upstream.refuse(message.segments[0], THROTTLED)
    await cancelling
    assert upstream.questions == []
    assert bench.row(message.segments[0]) == "deleted"
    assert bench.journal.ledger[-1] == (message.id, -PRICE)


async def test_what_does_not_land_in_time_stays(bench: Bench, upstream: WindowSubmitter) -> None:
    bench.amending.LANDING_S = 0
    message = await bench.accept()
    assert await obstacle_of(bench.amending.cancel(SHOP, message.id)) is Obstacle.TOO_LATE
    assert bench.row(message.segments[0]) == "submitting"
    upstream.accept(message.segments[0], "A1")
    await turns()
    assert bench.row(message.segments[0]) == "submitted"


async def test_a_message_that_is_over_stays(bench: Bench) -> None:
    message = await queued(bench)
    await bench.amending.cancel(SHOP, message.id)
    assert await obstacle_of(bench.amending.cancel(SHOP, message.id)) is Obstacle.TOO_LATE
    assert bench.journal.ledger == [(message.id, PRICE), (message.id, -PRICE)], "paid back once"


async def test_two_cancels_at_once_pay_back_once(bench: Bench) -> None:
    message = await queued(bench)
    ends = await asyncio.gather(
        *(bench.amending.cancel(SHOP, message.id) for _ in range(3)), return_exceptions=True
    )
    assert [isinstance(end, NotAmended) for end in ends].count(True) == 2
    assert bench.journal.ledger == [(message.id, PRICE), (message.id, -PRICE)]


async def test_a_group_is_cancelled_as_a_whole_or_for_one_destination(bench: Bench) -> None:
    group = [await queued(bench, reference="group", destination=f"491511234567{digit}") for digit in range(3)]
    await bench.amending.cancel(SHOP, "group", "Shop", "4915112345671")
    assert bench.journal.states() == ["queued", "deleted", "queued"]
    await bench.amending.cancel(SHOP, "group")
    assert bench.journal.states() == ["deleted"] * 3
    assert bench.journal.ledger[3:] == [(group[at].id, -PRICE) for at in (1, 0, 2)]
    assert await obstacle_of(bench.amending.cancel(SHOP, "group")) is Obstacle.TOO_LATE


async def test_uneven_prices_come_back_to_the_last_micro_credit(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    message = await half_sent(bench, upstream)
    message.charged = 101
    upstream.answer = NotCarriedOut("ESME_RCANCELFAIL")
    upstream.accept(message.segments[0], "A1")
    assert await obstacle_of(bench.amending.cancel(SHOP, message.id)) is Obstacle.SMSC
    assert bench.journal.states() == ["submitted", "deleted"]
    assert bench.journal.ledger[-1] == (message.id, -51), "the first segment has cost 50"


# --- cancel: all between two addresses ---


async def test_all_between_two_addresses(bench: Bench, upstream: WindowSubmitter) -> None:
    sent = await bench.submitted(upstream)
    mine = [await ready(bench, upstream), await bench.accept(deliver_after_ms=HOUR_MS)]
    others = [
        await bench.accept(source="Other"),
        await bench.accept(destination="4915112345679"),
        await bench.accept(sender=sender_of(credential="shop2")),
        await bench.accept(sender=sender_of(account_of(2))),
    ]
    bench.amending.BETWEEN_MAX = 1
    assert await bench.amending.cancel_between(SHOP, "Shop", "+4915112345678") == 2
    assert [bench.row(message.segments[0]) for message in mine] == ["deleted", "deleted"]
    assert "deleted" not in [bench.row(message.segments[0]) for message in (*others, sent)]
    assert await obstacle_of(bench.amending.cancel_between(SHOP, "Shop", "4915112345678")) is Obstacle.UNKNOWN


# --- cancel: at the SMSC ---


async def test_what_the_smsc_has_is_cancelled_there(bench: Bench, upstream: WindowSubmitter) -> None:
    bench.esmes.rooms["esme:shop"] = 10
    message = await bench.submitted(upstream, "A1")
    await bench.amending.cancel(SHOP, message.id)
    assert upstream.questions == [("cancel_sm", "A1", "hello")]
    assert bench.row(message.segments[0]) == "deleted"
    assert bench.journal.ledger == [(message.id, PRICE)], "it was submitted, so it is paid for"
    [(notification, _)] = bench.esmes.under_way
    assert notification.payload.stat == "DELETED"
    # The SMSC's own receipt for it changes nothing, and is acknowledged.
    bench.receipts.on_receipt("upstream", receipt_of("a1", "DELETED"), bench.acknowledge)
    await turns()
    assert bench.acknowledged == [True]
    assert len(bench.esmes.under_way) == 1


async def test_a_receipt_that_is_faster_than_the_answer(bench: Bench, upstream: WindowSubmitter) -> None:
    bench.esmes.rooms["esme:shop"] = 10
    for identifier, stat in (("a1", "DELETED"), ("b2", "DELIVRD")):
        message = await bench.submitted(upstream, identifier)
        receipt = receipt_of(identifier, stat)
        upstream.on_question = lambda receipt=receipt: bench.receipts.on_receipt(
            "upstream", receipt, bench.acknowledge
        )
        cancelling = bench.amending.cancel(SHOP, message.id)
        if stat == "DELETED":
            await cancelling
        else:
            assert await obstacle_of(cancelling) is Obstacle.TOO_LATE
    assert [each.payload.stat for each, _ in bench.esmes.under_way] == ["DELETED", "DELIVRD"]


@pytest.mark.parametrize(
    ("identifier", "profile", "answer"),
    [
        ("A1", Profile(), NotCarriedOut("the SMSC answers ESME_RCANCELFAIL", 0x11)),
        ("A1", Profile(forward_cancel=False), None),
        (None, Profile(), None),
    ],
    ids=["refused", "not asked", "no id"],
)
async def test_what_the_smsc_does_not_cancel(
    bench: Bench, identifier: str | None, profile: Profile, answer: NotCarriedOut | None
) -> None:
    submitter = bench.connect(connector_of(profile=profile))
    await turns()
    submitter.answer = answer
    message = await bench.accept()
    submitter.accept(message.segments[0], identifier)
    await turns()
    assert await obstacle_of(bench.amending.cancel(SHOP, message.id)) is Obstacle.SMSC
    assert bench.row(message.segments[0]) == "submitted"
    assert len(submitter.questions) == (answer is not None)


async def test_a_connector_that_does_not_run_cannot_ask(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.submitted(upstream)
    del bench.outcomes.dispatchers["upstream"]
    assert await obstacle_of(bench.amending.cancel(SHOP, message.id)) is Obstacle.SMSC
    assert await obstacle_of(bench.amending.replace(SHOP, message.id, "", rewrite("x"))) is Obstacle.SMSC


# --- replace ---


@pytest.mark.parametrize("state", ["queued", "ready"])
async def test_a_message_that_waits_is_replaced(bench: Bench, state: str) -> None:
    if state == "queued":
        message = await queued(bench)
    else:
        message = await ready(bench, bench.connect())
    expires_at = message.expires_at
    await bench.amending.replace(SHOP, message.id, "Shop", rewrite("goodbye"))
    assert (message.text, message.registered_delivery, message.expires_at) == ("goodbye", 0, expires_at)
    assert bench.journal.texts == {message.id: ["goodbye"]}
    assert bench.journal.ledger == [(message.id, PRICE)]
    assert "replaced" in bench.journal.kinds()
    submitter = bench.outcomes.dispatchers["upstream"].submitter if state == "ready" else bench.connect()
    assert isinstance(submitter, WindowSubmitter)
    submitter.limit = None
    bench.dispatcher.poll()
    await turns()
    assert [segment.content for segment in submitter.sent] == ["goodbye"]
    assert bench.amending.replaced == 1


async def test_new_times(bench: Bench) -> None:
    message = await queued(bench)
    await bench.amending.replace(
        SHOP, message.id, "", rewrite("x", validity_ms=2 * HOUR_MS, deliver_after_ms=HOUR_MS)
    )
    assert (message.expires_at, message.segments[0].available_at) == (NOW + 2 * HOUR_MS, NOW + HOUR_MS)
    assert bench.journal.due_at[message.id, 1] == NOW + HOUR_MS


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        ({"validity_ms": 0}, Reason.INVALID_VALIDITY),
        ({"validity_ms": HOUR_MS, "deliver_after_ms": HOUR_MS}, Reason.INVALID_SCHEDULE),
        ({"deliver_after_ms": 40 * 24 * HOUR_MS}, Reason.INVALID_SCHEDULE),
    ],
)
async def test_times_that_cannot_be(bench: Bench, times: dict[str, int], reason: Reason) -> None:
    message = await queued(bench)
    with pytest.raises(Rejected) as raised:
        await bench.amending.replace(SHOP, message.id, "", rewrite("x", **times))
    assert raised.value.reason is reason
    assert message.text == "hello"


@pytest.mark.parametrize("text", ["x" * 161, "x" * 400])
async def test_a_text_of_another_price_is_refused(bench: Bench, text: str) -> None:
    message = await queued(bench)
    assert await obstacle_of(bench.amending.replace(SHOP, message.id, "", rewrite(text))) is Obstacle.CONTENT
    assert message.text == "hello"


async def test_a_group_is_not_replaced(bench: Bench) -> None:
    for _ in range(2):
        await queued(bench, reference="group")
    assert await obstacle_of(bench.amending.replace(SHOP, "group", "", rewrite("x"))) is Obstacle.CONTENT


async def test_a_connector_that_is_gone(bench: Bench) -> None:
    message = await queued(bench)
    bench.configure(snapshot_of(connector_of("other")))
    assert await obstacle_of(bench.amending.replace(SHOP, message.id, "", rewrite("x"))) is Obstacle.CONTENT


async def test_a_message_that_is_over_is_not_replaced(bench: Bench) -> None:
    message = await queued(bench)
    await bench.amending.cancel(SHOP, message.id)
    assert await obstacle_of(bench.amending.replace(SHOP, message.id, "", rewrite("x"))) is Obstacle.TOO_LATE


async def test_what_the_smsc_has_is_replaced_there(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.submitted(upstream, "A1")
    await bench.amending.replace(SHOP, message.id, "", rewrite("goodbye"))
    assert upstream.questions == [("replace_sm", "A1", "goodbye")]
    assert bench.journal.texts == {message.id: ["goodbye"]}
    assert bench.row(message.segments[0]) == "submitted"


async def test_what_is_on_the_wire_is_replaced_once_it_has_landed(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    message = await bench.accept()
    replacing = asyncio.ensure_future(bench.amending.replace(SHOP, message.id, "", rewrite("goodbye")))
    await turns()
    upstream.accept(message.segments[0], "A1")
    await replacing
    assert upstream.questions == [("replace_sm", "A1", "goodbye")]


@pytest.mark.parametrize(
    ("profile", "answer"),
    [(Profile(), NotCarriedOut("ESME_RREPLACEFAIL", 0x13)), (Profile(forward_replace=False), None)],
)
async def test_what_the_smsc_does_not_replace(
    bench: Bench, profile: Profile, answer: NotCarriedOut | None
) -> None:
    submitter = bench.connect(connector_of(profile=profile))
    await turns()
    submitter.answer = answer
    message = await bench.submitted(submitter, "A1")
    assert (
        await obstacle_of(bench.amending.replace(SHOP, message.id, "", rewrite("goodbye"))) is Obstacle.SMSC
    )
    assert (message.text, bench.journal.texts) == ("hello", {})


async def test_the_smsc_would_read_another_coding_wrongly(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.submitted(upstream, "A1")
    assert await obstacle_of(bench.amending.replace(SHOP, message.id, "", rewrite("привет"))) is (
        Obstacle.CONTENT
    )
    assert upstream.questions == []


async def test_a_message_that_is_partly_gone_is_not_replaced(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await half_sent(bench, upstream)
    upstream.accept(message.segments[0], "A1")
    assert await obstacle_of(bench.amending.replace(SHOP, message.id, "", rewrite("y" * 300))) is (
        Obstacle.TOO_LATE
    )
    upstream.limit = None
    bench.dispatcher.poll()
    await turns()
    assert [segment.content[0] for segment in upstream.sent] == ["x", "x"], "what was taken back goes out"
