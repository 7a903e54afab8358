"""The state tables, and a message's state against a slow and obvious reference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.model.message import Message, Segment
from trunkline.model.states import (
    FINAL,
    FINAL_MESSAGE,
    RECEIPT_OF_STATE,
    SEGMENT_TRANSITIONS,
    STATE_OF_RECEIPT,
    ImpossibleTransition,
    MessageState,
    SegmentState,
    check_transition,
    message_state,
)
from trunkline.smpp.receipts import normalise_stat

# Written down once more, by hand: what may follow what.
ALLOWED = {
    "queued": "submitting expired rejected deleted",
    "submitting": "submitted queued unknown rejected expired",
    "submitted": "delivered undelivered rejected expired deleted",
    "unknown": "delivered undelivered rejected expired deleted queued submitted",
    "delivered": "",
    "undelivered": "",
    "rejected": "",
    "expired": "",
    "deleted": "",
}


def message_of(*states: SegmentState) -> Message:
    message = Message(
        "id", 1, "smpp", "shop", "Shop", 5, 0, "49151", 1, 1, "hello", "gsm7", 0, 0, 0, 1, None, 9_000, 0, 1,
        "upstream", 1_000_000, 1_000_000,
    )  # fmt: skip
    message.segments = [
        Segment(message, number, "hello", b"", "upstream", state, submitted_at=100 + number)
        for number, state in enumerate(states, 1)
    ]
    return message


@pytest.mark.parametrize("after", SegmentState)
@pytest.mark.parametrize("before", SegmentState)
def test_every_transition(before: SegmentState, after: SegmentState) -> None:
    message = message_of(before)
    segment = message.segments[0]
    if after.value in ALLOWED[before.value].split():
        check_transition(before, after)
        segment.become(after, 7)
        assert segment.state is after
        assert segment.done_at == (7 if after in FINAL else None)
    else:
        with pytest.raises(ImpossibleTransition, match=f"from {before.value} to {after.value}"):
            segment.become(after, 7)
        assert segment.state is before
        assert segment.done_at is None


def test_the_table_covers_every_state_and_the_final_ones_are_ends() -> None:
    assert set(SEGMENT_TRANSITIONS) == set(SegmentState)
    assert {state for state, after in SEGMENT_TRANSITIONS.items() if not after} == FINAL
    assert {state.value for state in FINAL} == {state.value for state in FINAL_MESSAGE}


def test_every_state_can_be_reached_and_left() -> None:
    reached = {SegmentState.QUEUED}
    while more := {after for state in reached for after in SEGMENT_TRANSITIONS[state]} - reached:
        reached |= more
    assert reached == set(SegmentState)


def reference(states: list[SegmentState]) -> str:
    """The sentence of `message_state`'s docstring, word for word."""
    names = [state.value for state in states]
    ends = ("delivered", "undelivered", "rejected", "expired", "deleted")
    if all(name in ends for name in names):
        if all(name == "delivered" for name in names):
            return "delivered"
        for failure in ("rejected", "undelivered", "expired", "deleted"):
            if failure in names:
                return failure
    if any(name in ("queued", "submitting") for name in names):
        return "queued"
    if any(name == "unknown" for name in names):
        return "unknown"
    return "sent"


@given(st.lists(st.sampled_from(SegmentState), min_size=1, max_size=6))
def test_a_message_is_what_its_segments_are(states: list[SegmentState]) -> None:
    assert message_state(states).value == reference(states)
    message = message_of(*states)
    before = message.state
    assert message.follow_segments(5) == (message.state is not before)
    assert message.state.value == reference(states)
    assert message.is_final == all(state in FINAL for state in states)
    assert message.done_at == (5 if message.is_final else None)


@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(SegmentState)), max_size=30),
)
def test_a_message_follows_its_segments_step_by_step(
    count: int, steps: list[tuple[int, SegmentState]]
) -> None:
    """Whatever happens in whatever order: the state is the derived one, and an end is an end."""
    message = message_of(*[SegmentState.QUEUED] * count)
    for now, (index, after) in enumerate(steps):
        segment = message.segments[index % count]
        was_final, before = message.is_final, message.state
        if after not in SEGMENT_TRANSITIONS[segment.state]:
            continue
        changed = segment.become(after, now)
        assert not was_final, "a segment of a final message has changed"
        assert changed == (message.state is not before)
        assert message.state.value == reference([each.state for each in message.segments])
    assert (message.done_at is not None) == message.is_final


def test_sent_at_is_the_first_submit() -> None:
    message = message_of(SegmentState.SUBMITTING, SegmentState.SUBMITTING)
    message.segments[1].become(SegmentState.SUBMITTED, 200)
    assert message.sent_at is None
    assert message.segments[0].become(SegmentState.SUBMITTED, 210)
    assert message.sent_at == 101
    message.segments[0].submitted_at = 220  # sent again, say
    message.segments[0].become(SegmentState.DELIVERED, 300)
    message.segments[1].become(SegmentState.DELIVERED, 300)
    assert message.sent_at == 101


def test_receipts_and_states() -> None:
    for stat in STATE_OF_RECEIPT:
        assert normalise_stat(stat) == stat, "a word that the reader of receipts uses, too"
    for state, stat in RECEIPT_OF_STATE.items():
        if state in FINAL_MESSAGE:
            meaning = STATE_OF_RECEIPT[stat]
            assert meaning is not None
            assert meaning.value == state.value, "told upstream as it was told to us"
    assert set(RECEIPT_OF_STATE) == set(MessageState)


def test_public_ids_of_deferred_messages_have_the_prefix() -> None:
    message = message_of(SegmentState.QUEUED)
    assert message.public_id == "id"
    message.deferred = True
    assert message.public_id == "queued_id"
