"""The dispatcher before a connector, and what the connector's answers become."""

import random

import pytest

from trunkline.model.message import Segment
from trunkline.model.profile import ErrorAction, Profile
from trunkline.model.refusals import USUAL
from trunkline.model.snapshot import UnknownOutcome
from trunkline.model.states import ImpossibleTransition
from trunkline.smpp.constants import CommandStatus

from .conftest import SEED, Bench
from .doubles import (
    HOUR_MS,
    NOW,
    WindowSubmitter,
    account_of,
    connector_of,
    sender_of,
    submission_of,
    turns,
)

THROTTLED = int(CommandStatus.ESME_RTHROTTLED)
SYSTEM_ERROR = int(CommandStatus.ESME_RSYSERR)
INVALID_DESTINATION = int(CommandStatus.ESME_RINVDSTADR)


def statuses(action: ErrorAction) -> list[int]:
    return sorted(status for status, usual in USUAL.items() if usual is action)


async def drain(bench: Bench, submitter: WindowSubmitter, limit: int = 1000) -> list[Segment]:
    """Answers everything that goes out until nothing more comes."""
    for number in range(limit):
        if not submitter.in_flight:
            await turns()
            if not submitter.in_flight:
                return submitter.sent
        segment = submitter.in_flight[0]
        submitter.accept(segment, f"{number:x}")
        await turns(2)
    raise AssertionError("it never ends")


# --- direct ---


async def test_straight_to_the_wire_without_a_claim(bench: Bench, upstream: WindowSubmitter) -> None:
    claims = len(bench.journal.claims)
    message = await bench.accept()
    assert upstream.in_flight == message.segments
    assert bench.row(message.segments[0]) == "submitting"
    assert len(bench.journal.claims) == claims


async def test_all_segments_of_a_message_or_none(bench: Bench, upstream: WindowSubmitter) -> None:
    bench.journal.auto = False
    bench.pipeline.accept(submission_of(text="x" * 153 * 9))
    bench.pipeline.accept(submission_of(text="x" * 400))
    assert bench.dispatcher.waiting == 9, "9 and 3 are more than the window and one"
    bench.journal.commit()
    await turns()
    assert bench.journal.states().count("submitting") == 9
    assert bench.journal.states().count("queued") == 3


async def test_a_message_longer_than_the_window(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.accept(text="x" * 153 * 45)
    await drain(bench, upstream)
    assert upstream.sent == message.segments
    assert bench.journal.states() == ["submitted"] * 45


async def test_before_the_queue_was_looked_at_nothing_goes_directly(bench: Bench) -> None:
    """What an earlier run left goes first."""
    old = await bench.accept()
    submitter = bench.connect(bound=False)
    submitter.bound = True
    new = await bench.accept()
    assert bench.row(new.segments[0]) == "submitting", "claimed"
    await drain(bench, submitter)
    assert [segment.message for segment in submitter.sent] == [old, new]


# --- behind, and catching up ---


async def test_what_is_too_much_queues_and_follows_in_order(bench: Bench, upstream: WindowSubmitter) -> None:
    messages = [await bench.accept() for _ in range(60)]
    assert len(upstream.in_flight) == 10
    assert bench.dispatcher.waiting <= 20
    sent = await drain(bench, upstream)
    assert [segment.message for segment in sent] == messages
    assert bench.journal.states() == ["submitted"] * 60


async def test_memory_holds_little_whatever_is_queued(bench: Bench, upstream: WindowSubmitter) -> None:
    """The clock stands still: nothing tells how fast the SMSC is."""
    most = 0
    for _ in range(200):
        bench.pipeline.accept(submission_of())
    for _ in range(400):
        await turns(1)
        most = max(most, bench.dispatcher.waiting)
        if upstream.in_flight:
            upstream.accept(upstream.in_flight[0], None)
    assert len(upstream.sent) == 200
    assert 10 <= most <= 11
    assert all(limit <= 11 for _, limit in bench.journal.claims)


@pytest.mark.parametrize(("per_turn", "prefetch"), [(1, 10), (2, 20), (10, 20)])
async def test_a_fast_smsc_gets_more_ahead(
    bench: Bench, upstream: WindowSubmitter, per_turn: int, prefetch: int
) -> None:
    """What goes out in 100 ms is claimed ahead, up to two windows."""
    for _ in range(1000):
        bench.pipeline.accept(submission_of())
    for _ in range(60):
        for segment in upstream.in_flight[:per_turn]:
            upstream.accept(segment, None)
        await turns()
        bench.clock.now += 10
    assert max(limit for _, limit in bench.journal.claims[-3:]) <= per_turn + prefetch
    assert prefetch // 2 <= bench.dispatcher.waiting <= per_turn + prefetch


async def test_while_a_claim_looks_the_newly_queued_is_not_forgotten(bench: Bench) -> None:
    bench.journal.auto = False
    submitter = bench.connect()  # the claim is under way
    bench.pipeline.accept(submission_of())  # and this queues behind it
    bench.journal.commit()
    await turns()
    bench.journal.commit()
    await turns()
    assert len(submitter.sent) == 1


async def test_once_caught_up_messages_go_directly_again(bench: Bench, upstream: WindowSubmitter) -> None:
    for _ in range(30):
        await bench.accept()
    await drain(bench, upstream)
    claims = len(bench.journal.claims)
    message = await bench.accept()
    assert upstream.in_flight == message.segments
    assert len(bench.journal.claims) == claims


async def test_a_refused_burst_does_not_close_the_direct_way_for_ever(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    bench.journal.balances[1] = 0
    for _ in range(15):
        bench.pipeline.accept(submission_of())
    await turns()
    bench.clockwork.poll()
    await turns()
    del bench.journal.balances[1]
    assert bench.row((await bench.accept()).segments[0]) == "submitting"
    assert len(upstream.sent) == 1


async def test_a_claim_that_fails_is_made_again(bench: Bench) -> None:
    queued = await bench.accept()
    bench.journal.closed = True
    submitter = bench.connect()
    await turns()
    assert submitter.sent == []
    assert bench.journal.claims == [("upstream", 11)]
    bench.journal.closed = False
    bench.clockwork.poll()
    await turns()
    assert [segment.message for segment in submitter.sent] == [queued]


# --- time ---


async def test_a_scheduled_message_waits_for_its_time(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.accept(deliver_after_ms=HOUR_MS)
    bench.clockwork.poll()
    await turns()
    assert upstream.sent == []
    bench.clock.now += HOUR_MS
    bench.clockwork.poll()
    await turns()
    assert upstream.sent == message.segments


@pytest.mark.parametrize("delays", [(500, 100), (100, 500)])
async def test_the_dispatcher_wakes_by_itself_when_something_falls_due(
    bench: Bench, upstream: WindowSubmitter, delays: tuple[int, int]
) -> None:
    for delay in delays:
        await bench.accept(deliver_after_ms=delay)
    wake = bench.dispatcher._wake
    assert wake is not None
    assert bench.dispatcher._wake_at == NOW + 100, "the earlier one decides"
    bench.clock.now += 100
    bench.dispatcher._woken()
    await turns()
    assert len(upstream.sent) == 1


async def test_what_expires_in_memory_is_not_submitted(bench: Bench, upstream: WindowSubmitter) -> None:
    upstream.limit = 0
    message = await bench.accept(validity_ms=1_000, registered_delivery=1)
    bench.clock.now += 1_000
    upstream.limit = None
    bench.outcomes.on_room("upstream")
    await turns()
    assert upstream.sent == []
    assert bench.row(message.segments[0]) == "expired"
    assert message.error
    (entry,) = bench.journal.outbox.values()
    assert (entry.payload.stat, entry.payload.err) == ("EXPIRED", "000")
    assert bench.outcomes.expired == 1


# --- the connector goes ---


async def test_claims_are_handed_back_when_the_connector_is_gone(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    upstream.limit = 3
    messages = [await bench.accept() for _ in range(8)]
    upstream.lose_link()
    bench.clockwork.poll()
    await turns()
    assert [bench.row(each.segments[0]) for each in messages] == ["unknown"] * 3 + ["queued"] * 5
    assert bench.dispatcher.waiting == 0
    later = await bench.accept()
    assert bench.row(later.segments[0]) == "queued", "nothing goes directly to a connector that is down"

    upstream.limit = None
    upstream.bind()
    await turns()
    assert [segment.message for segment in upstream.sent[3:]] == [*messages[3:], later]
    assert [each.segments[0].attempts for each in messages] == [1] * 8


async def test_what_is_handed_back_was_not_submitted(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.accept()
    segment = message.segments[0]
    upstream.refuse(segment, THROTTLED)
    upstream.limit = 0
    await turns()
    bench.clock.now = segment.available_at
    bench.clockwork.poll()
    await turns()
    assert bench.dispatcher.waiting == 1
    bench.dispatcher.pause()
    await turns()
    assert (bench.row(segment), segment.submitted_at, segment.attempts) == ("queued", None, 1)


async def test_pausing_hands_back_what_is_claimed(bench: Bench, upstream: WindowSubmitter) -> None:
    upstream.limit = 1
    messages = [await bench.accept() for _ in range(4)]
    bench.dispatcher.pause()
    await turns()
    assert [bench.row(each.segments[0]) for each in messages] == ["submitting", "queued", "queued", "queued"]
    assert not bench.dispatcher.bound
    upstream.limit = None
    bench.outcomes.on_room("upstream")
    bench.clockwork.poll()
    await turns()
    assert len(upstream.sent) == 1


async def test_a_claim_that_comes_after_the_pause_is_handed_back(bench: Bench) -> None:
    message = await bench.accept()
    bench.journal.auto = False
    submitter = bench.connect()
    bench.dispatcher.pause()
    bench.journal.commit()
    await turns()
    bench.journal.commit()
    assert submitter.sent == []
    assert bench.row(message.segments[0]) == "queued"


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_message_that_becomes_durable_after_its_connector_was_stopped_is_queued(
    bench: Bench, upstream: WindowSubmitter, replaced: bool
) -> None:
    bench.journal.auto = False
    answer = bench.pipeline.accept(submission_of())
    old = bench.dispatcher
    old.pause()
    if replaced:
        new = bench.connect()
    else:
        del bench.outcomes.dispatchers["upstream"], bench.queueing.lines["upstream"]
    bench.journal.auto = True
    bench.journal.commit()
    await turns()
    segment = answer.result().segments[0]
    assert upstream.sent == []
    assert old.waiting == 0
    if replaced:
        assert new.in_flight == [segment]
        assert bench.dispatcher.waiting == 0, "the new one had nothing reserved"
    else:
        assert bench.row(segment) == "queued"


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_message_that_is_refused_after_its_connector_was_stopped(
    bench: Bench, upstream: WindowSubmitter, replaced: bool
) -> None:
    bench.journal.auto = False
    bench.journal.balances[1] = 0
    answer = bench.pipeline.accept(submission_of())
    bench.dispatcher.pause()
    del bench.outcomes.dispatchers["upstream"], bench.queueing.lines["upstream"]
    if replaced:
        bench.connect()
    bench.journal.commit()
    await turns()
    assert answer.exception() is not None
    if replaced:
        assert bench.dispatcher.waiting == 0


# --- answers ---


async def test_accepted(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.accept()
    bench.clock.now += 20
    upstream.accept(message.segments[0], "0A1B")
    await turns()
    segment = message.segments[0]
    assert (segment.smsc_message_id, segment.smsc_key, segment.command_status) == ("0A1B", "0a1b", 0)
    assert (bench.row(segment), bench.journal.message_states[message.id]) == ("submitted", "sent")
    assert message.sent_at == NOW
    assert bench.outcomes.submitted == 1
    assert bench.journal.events == []


async def test_accepted_without_an_id_is_said(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.submitted(upstream, smsc_id=None)  # type: ignore[arg-type]
    assert bench.row(message.segments[0]) == "submitted"
    assert bench.journal.kinds() == ["no_smsc_id"]


async def test_a_second_answer_is_an_error(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.submitted(upstream)
    with pytest.raises(ImpossibleTransition):
        bench.outcomes.on_accepted(message.segments[0], "A2")


@pytest.mark.parametrize("status", statuses(ErrorAction.SLOW))
async def test_congestion_is_retried_for_as_long_as_the_message_is_valid(
    bench: Bench, upstream: WindowSubmitter, status: int
) -> None:
    message = await bench.accept(validity_ms=HOUR_MS)
    segment = message.segments[0]
    for attempt in range(1, 11):
        upstream.refuse(segment, status)
        await turns()
        assert (bench.row(segment), segment.attempts) == ("queued", attempt)
        bench.clock.now = segment.available_at
        bench.clockwork.poll()
        await turns()
    assert (segment.attempts, segment.congested) == (11, 10), "more often than max_attempts"
    assert bench.outcomes.retried == 10
    bench.clock.now = message.expires_at
    upstream.refuse(segment, status)
    await turns()
    await bench.clockwork.sweep()
    await turns()
    assert bench.row(segment) == "expired"


@pytest.mark.parametrize("status", statuses(ErrorAction.RETRY))
async def test_what_may_pass_is_retried_so_many_times(
    bench: Bench, upstream: WindowSubmitter, status: int
) -> None:
    message = await bench.accept()
    segment = message.segments[0]
    for _ in range(2):
        upstream.refuse(segment, status)
        await turns()
        assert bench.row(segment) == "queued"
        bench.clock.now = segment.available_at
        bench.clockwork.poll()
        await turns()
    upstream.refuse(segment, status)
    await turns()
    assert bench.row(segment) == "rejected"
    assert message.error is not None
    assert "3 attempts" in message.error
    assert bench.journal.kinds() == ["retry", "retry", "rejected"]


async def test_congestion_does_not_use_up_the_attempts(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.accept(validity_ms=HOUR_MS)
    segment = message.segments[0]
    for status in (THROTTLED, THROTTLED, SYSTEM_ERROR, THROTTLED, SYSTEM_ERROR, THROTTLED):
        upstream.refuse(segment, status)
        await turns()
        assert bench.row(segment) == "queued"
        bench.clock.now = segment.available_at
        bench.clockwork.poll()
        await turns()
    upstream.refuse(segment, SYSTEM_ERROR)
    await turns()
    assert bench.row(segment) == "rejected"
    assert message.error == "ESME_RSYSERR after 3 attempts"


@pytest.mark.parametrize(
    ("action", "row"),
    [(ErrorAction.REJECT, "rejected"), (ErrorAction.RETRY, "rejected"), (ErrorAction.SLOW, "queued")],
)
async def test_the_profile_says_what_a_refusal_means(bench: Bench, action: ErrorAction, row: str) -> None:
    profile = Profile(error_actions={INVALID_DESTINATION: action})
    upstream = bench.connect(connector_of(profile=profile, max_attempts=1))
    await turns()
    message = await bench.accept()
    upstream.refuse(message.segments[0], INVALID_DESTINATION)
    await turns()
    assert bench.row(message.segments[0]) == row
    after = " after 1 attempts" if action is ErrorAction.RETRY else ""
    assert message.error == (None if row == "queued" else f"ESME_RINVDSTADR{after}")


async def test_pauses_grow_with_jitter_and_have_an_end(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.accept(validity_ms=20 * HOUR_MS)
    segment = message.segments[0]
    expected = random.Random(SEED)
    for attempt in range(12):
        upstream.refuse(segment, THROTTLED)
        await turns()
        pause = segment.available_at - bench.clock.now
        full = min(60_000, 500 * 2**attempt)
        assert full // 2 <= pause <= full
        assert pause == int(full * expected.uniform(0.5, 1.0))
        bench.clock.now += pause - 1
        bench.clockwork.poll()
        await turns()
        assert segment not in upstream.in_flight, "not a moment early"
        bench.clock.now += 1
        bench.clockwork.poll()
        await turns()
        assert segment in upstream.in_flight


async def test_other_refusals_end_it_at_once(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.accept(registered_delivery=1)
    upstream.refuse(message.segments[0], INVALID_DESTINATION)
    await turns()
    assert bench.row(message.segments[0]) == "rejected"
    assert bench.journal.message_states[message.id] == "rejected"
    assert message.error == "ESME_RINVDSTADR"
    assert message.done_at == NOW
    (entry,) = bench.journal.outbox.values()
    assert (entry.lane, entry.payload.stat, entry.payload.err) == ("esme:shop", "REJECTD", "011")
    assert bench.outcomes.rejected == 1


async def test_what_cannot_be_encoded_is_rejected_and_others_go_on(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    message = await bench.accept()
    other = await bench.accept()
    upstream.in_flight.remove(message.segments[0])
    bench.outcomes.on_unencodable(message.segments[0], "'€' is not in Latin-1")
    upstream.accept(other.segments[0], "2")
    await turns()
    assert [bench.row(each.segments[0]) for each in (message, other)] == ["rejected", "submitted"]
    assert message.error == "'€' is not in Latin-1"


async def test_an_outcome_that_is_unknown_waits_for_the_receipt(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    message = await bench.accept()
    upstream.lose(message.segments[0])
    await turns()
    bench.clockwork.poll()
    await turns()
    assert bench.row(message.segments[0]) == bench.journal.message_states[message.id] == "unknown"
    assert upstream.in_flight == []
    assert bench.journal.kinds() == ["unknown"]
    assert bench.outcomes.unknown == 1


async def test_an_outcome_that_is_unknown_is_sent_again_where_the_policy_says_so(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    sender = sender_of(account_of(unknown_outcome=UnknownOutcome.RESEND))
    message = await bench.accept(sender=sender)
    segment = message.segments[0]
    upstream.lose(segment)
    await turns()
    assert upstream.in_flight == [segment]
    assert segment.attempts == 2
    assert bench.journal.kinds() == ["resent"]
    upstream.accept(segment, "A1")
    await turns()
    assert bench.row(segment) == "submitted"


async def test_resending_ends_with_the_attempts(bench: Bench, upstream: WindowSubmitter) -> None:
    """An SMSC that takes messages but never answers must not deliver one a thousand times."""
    sender = sender_of(account_of(unknown_outcome=UnknownOutcome.RESEND))
    message = await bench.accept(sender=sender)
    for _ in range(3):
        upstream.lose(message.segments[0])
        await turns()
    assert upstream.in_flight == []
    assert len(upstream.sent) == 3
    assert bench.row(message.segments[0]) == "unknown"
    assert bench.journal.kinds() == ["resent", "resent", "unknown"]


async def test_a_message_is_done_when_its_last_segment_is(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.accept(text="x" * 400, registered_delivery=1)
    upstream.refuse(message.segments[0], INVALID_DESTINATION)
    upstream.accept(message.segments[1], "2")
    upstream.refuse(message.segments[2], SYSTEM_ERROR)
    await turns()
    assert not message.is_final
    assert bench.journal.outbox == {}
    bench.clock.now = message.segments[2].available_at
    bench.clockwork.poll()
    await turns()
    upstream.refuse(message.segments[2], INVALID_DESTINATION)
    await turns()
    assert message.state.value == "sent", "one is still out"


async def test_nothing_is_told_while_a_segment_is_still_out(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.accept(text="x" * 300, registered_delivery=1)
    upstream.accept(message.segments[0], "1")
    upstream.refuse(message.segments[1], INVALID_DESTINATION)
    await turns()
    assert message.state.value == "sent"
    assert bench.journal.outbox == {}


async def test_answers_of_a_connector_that_is_being_stopped_still_count(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    messages = [await bench.accept() for _ in range(3)]
    bench.dispatcher.pause()
    upstream.accept(messages[0].segments[0], "1")
    upstream.refuse(messages[1].segments[0], THROTTLED)
    upstream.lose_link()
    await turns()
    assert [bench.row(each.segments[0]) for each in messages] == ["submitted", "queued", "unknown"]


async def test_other_connectors_do_not_see_each_other_s_queue(bench: Bench) -> None:
    bench.snapshots.publish(bench.snapshots.current)
    message = await bench.accept()
    other = bench.connect(connector_of("other"))
    await turns()
    assert other.sent == []
    assert bench.row(message.segments[0]) == "queued"
    bench.outcomes.on_room("nobody")
