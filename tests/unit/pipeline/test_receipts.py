"""Receipts: every one finds its segment or is kept, whatever comes first and whatever breaks."""

from collections.abc import Iterator
from unittest.mock import Mock

import pytest

from trunkline.model.message import Message
from trunkline.model.profile import ErrorAction
from trunkline.model.states import SegmentState
from trunkline.pipeline import receipts as module
from trunkline.smpp.constants import CommandStatus

from .conftest import Bench
from .doubles import (
    HOUR_MS,
    NOW,
    WindowSubmitter,
    account_of,
    connector_of,
    receipt_of,
    route_of,
    sender_of,
    snapshot_of,
    turns,
)


async def receive(bench: Bench, key: str | None, stat: str = "DELIVRD", **fields: object) -> None:
    bench.receipts.on_receipt("upstream", receipt_of(key, stat, **fields), bench.acknowledge)
    await turns()


@pytest.fixture
def no_pause(bench: Bench) -> Iterator[None]:
    bench.receipts.LOOKUP_PAUSE_S = 0  # type: ignore[misc]
    return iter(())


async def test_a_receipt_after_the_answer_is_matched_in_memory(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    message = await bench.submitted(upstream, registered_delivery=1)
    segment = message.segments[0]
    bench.clock.now += 3_000
    await receive(bench, "a1", err="001", text="hello")
    assert bench.acknowledged == [True]
    assert bench.row(segment) == bench.journal.message_states[message.id] == "delivered"
    assert (segment.receipt_stat, segment.receipt_err) == ("DELIVRD", "001")
    assert (segment.receipt_at, segment.receipt_text) == (NOW + 3_000, "hello")
    assert (message.done_at, segment.done_at) == (NOW + 3_000, NOW + 3_000)
    (entry,) = bench.journal.outbox.values()
    payload = entry.payload
    assert (entry.lane, payload.message_id, payload.stat, payload.err) == (
        "esme:shop",
        message.id,
        "DELIVRD",
        "001",
    )
    assert (payload.submitted, payload.delivered, payload.text) == (1, 1, "hello")
    assert (payload.submit_at, payload.done_at) == (NOW, NOW + 3_000)
    assert bench.store.lookups == 0
    assert bench.receipts.matched == 1


async def test_nothing_is_acknowledged_or_told_before_it_is_durable(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    await bench.submitted(upstream)
    bench.esmes.rooms["esme:shop"] = 1
    bench.journal.auto = False
    await receive(bench, "a1")
    assert bench.acknowledged == []
    assert bench.esmes.under_way == []
    bench.journal.commit()
    assert bench.acknowledged == [True]
    assert len(bench.esmes.under_way) == 1


@pytest.mark.parametrize(
    ("stat", "state"),
    [
        ("DELIVRD", "delivered"),
        ("UNDELIV", "undelivered"),
        ("REJECTD", "rejected"),
        ("EXPIRED", "expired"),
        ("DELETED", "deleted"),
        ("UNKNOWN", "undelivered"),
        ("ENROUTE", "submitted"),
        ("ACCEPTD", "submitted"),
    ],
)
async def test_what_each_word_means(bench: Bench, upstream: WindowSubmitter, stat: str, state: str) -> None:
    message = await bench.submitted(upstream)
    await receive(bench, "a1", stat)
    assert bench.row(message.segments[0]) == state
    assert message.segments[0].receipt_stat == stat
    assert bench.acknowledged == [True]


async def test_a_word_of_the_smsc_s_own_stays_visible(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.submitted(upstream)
    await receive(bench, "a1", "UNDELIV", raw_stat="FAILED", text="no route")
    assert message.segments[0].receipt_text == "stat:FAILED text:no route"


async def test_nuls_are_left_out_of_what_is_stored(bench: Bench, upstream: WindowSubmitter) -> None:
    """PostgreSQL takes no U+0000, and a receipt must not be lost over one."""
    message = await bench.submitted(upstream)
    await receive(bench, "a1", err="0\x0001", text="a\0b\0")
    segment = message.segments[0]
    assert (segment.receipt_err, segment.receipt_text) == ("001", "ab")
    await receive(bench, "z\x009", err="0\x0001", text="a\0b", raw_stat="DELI\0VRD")
    (orphan,) = bench.journal.orphans.values()
    assert "\0" not in f"{orphan.smsc_key}{orphan.smsc_message_id}{orphan.err}{orphan.text}"
    assert orphan.smsc_key == "z9"


async def test_an_older_segment_is_found_in_the_store(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.submitted(upstream)
    await bench.stop()
    bench.start()
    await receive(bench, "a1")
    assert bench.row(message.segments[0]) == "delivered"
    assert bench.acknowledged == [True]
    assert bench.store.lookups == 1


async def test_memory_of_what_is_expected_is_bounded(bench: Bench, upstream: WindowSubmitter) -> None:
    bench.receipts.EXPECTED_MAX = 3  # type: ignore[misc]
    messages = [await bench.submitted(upstream, f"A{number}") for number in range(5)]
    assert len(bench.receipts._expected) == 3
    for number in range(5):
        await receive(bench, f"a{number}")
    assert [bench.row(each.segments[0]) for each in messages] == ["delivered"] * 5
    assert bench.store.lookups == 2, "only the two that were pushed out"
    assert len(bench.receipts._expected) == 0


async def test_memory_is_not_spent_where_no_receipt_was_asked_for(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    message = await bench.submitted(upstream, registered_delivery=0)
    await receive(bench, "a1")
    assert bench.store.lookups == 1  # it came all the same, and was found where all segments are
    assert bench.row(message.segments[0]) == "delivered"
    assert bench.journal.outbox == {}


async def test_a_settled_segment_is_forgotten_but_not_its_namesake(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    """An SMSC that counts its ids from the beginning again."""
    old = await bench.submitted(upstream, "1")
    new = await bench.submitted(upstream, "1")
    await receive(bench, "1")
    assert [bench.row(each.segments[0]) for each in (old, new)] == ["submitted", "delivered"]


# --- before the answer ---


async def test_a_receipt_before_the_answer_is_kept_and_joined(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    message = await bench.accept()
    await receive(bench, "a1", err="007")
    assert bench.acknowledged == [True], "it is durable"
    assert len(bench.journal.orphans) == bench.receipts.orphans == 1
    assert bench.row(message.segments[0]) == "submitting"

    upstream.accept(message.segments[0], "A1")
    await turns()
    assert bench.row(message.segments[0]) == "delivered"
    assert message.segments[0].receipt_err == "007"
    assert bench.journal.orphans == {}
    assert len(bench.journal.outbox) == 1
    assert bench.receipts.joined == 1
    assert bench.acknowledged == [True], "and answered once"


async def test_an_orphan_is_kept_before_it_is_acknowledged(bench: Bench) -> None:
    bench.journal.auto = False
    await receive(bench, "a1")
    while not bench.journal.orphans:
        assert bench.acknowledged == []
        assert bench.journal.commit()
        await turns()
    assert bench.acknowledged == [True]


async def test_several_receipts_before_the_answer(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.accept(registered_delivery=17)
    await receive(bench, "a1", "ENROUTE")
    await receive(bench, "a1", "DELIVRD")
    await receive(bench, "a1", "DELIVRD")
    assert len(bench.journal.orphans) == 3
    upstream.accept(message.segments[0], "A1")
    await turns(30)
    assert bench.row(message.segments[0]) == "delivered"
    assert bench.journal.orphans == {}
    assert sorted(entry.payload.stat for entry in bench.journal.outbox.values()) == ["DELIVRD", "ENROUTE"]
    assert bench.journal.kinds() == ["intermediate", "duplicate_receipt"]


async def test_an_orphan_is_found_by_any_form_of_its_id(bench: Bench, upstream: WindowSubmitter) -> None:
    """The receipt has the id in hex, and the answer to the submit brings it in decimal."""
    message = await bench.accept()
    bench.receipts.on_receipt("upstream", receipt_of("ff", keys=("ff", "255", "ff00")), bench.acknowledge)
    await turns()
    upstream.accept(message.segments[0], "255")
    await turns()
    assert bench.row(message.segments[0]) == "delivered"
    assert bench.journal.orphans == {}


async def test_the_answer_may_come_while_the_store_is_asked(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.accept()
    bench.journal.auto = False
    for step in range(3):
        await receive(bench, "a1") if step == 0 else None
        if step == 1:
            upstream.accept(message.segments[0], "A1")
        bench.journal.commit()
        await turns()
    bench.journal.auto = True
    bench.journal.commit()
    await turns()
    assert bench.row(message.segments[0]) == "delivered"
    assert bench.journal.orphans == {}
    assert bench.acknowledged == [True]


async def test_a_restart_between_answer_and_join(bench: Bench, upstream: WindowSubmitter) -> None:
    """kill -9 after the answer was written and before the orphan was joined."""
    message = await bench.accept()
    await receive(bench, "a1")
    bench.receipts._orphans.keys.clear()  # as if the process had ended before it could look
    upstream.accept(message.segments[0], "A1")
    await turns()
    assert len(bench.journal.orphans) == 1

    await bench.stop()
    bench.start()
    await bench.receipts.load_orphans()
    bench.receipts._wanted.set()
    await turns(30)
    assert bench.row(message.segments[0]) == "delivered"
    assert bench.journal.orphans == {}
    assert len(bench.journal.outbox) == 1


async def test_an_orphan_outlives_a_restart_before_the_answer(bench: Bench) -> None:
    message = await bench.accept()
    await receive(bench, "a1")
    await bench.stop()
    bench.start()
    await bench.receipts.load_orphans()
    submitter = bench.connect()
    await turns()
    submitter.accept(message.segments[0], "A1")
    await turns(30)
    assert bench.row(message.segments[0]) == "delivered"


async def _recover(bench: Bench, message: Message) -> None:
    """A restart, as after kill -9: what was being submitted has an unknown outcome."""
    await bench.stop()
    bench.start()
    for segment in message.segments:
        bench.journal.changed(segment, segment.become(SegmentState.UNKNOWN, bench.clock.now))
    await turns()
    await bench.receipts.load_orphans()
    bench.receipts._wanted.set()
    await turns(40)


async def test_an_orphan_proves_an_outcome_that_a_restart_left_unknown(bench: Bench) -> None:
    """kill -9 after the receipts were kept and before the answers came."""
    bench.connect()
    message = await bench.accept(text="x" * 400, registered_delivery=1)
    for key in ("a1", "b2", "c3"):
        await receive(bench, key)
    await _recover(bench, message)
    assert [bench.row(segment) for segment in message.segments] == ["delivered"] * 3
    assert {segment.smsc_key for segment in message.segments} == {"a1", "b2", "c3"}
    assert bench.journal.orphans == {}
    assert bench.journal.kinds() == ["recovered"] * 3
    assert len(bench.journal.outbox) == 1

    await bench.stop()
    bench.start()
    await bench.receipts.load_orphans()
    assert (bench.receipts._rejoins, bench.receipts._proofs) == ([], [])


async def test_an_orphan_of_an_earlier_run_from_before_the_message_proves_nothing(bench: Bench) -> None:
    bench.connect()
    await receive(bench, "old")
    bench.clock.now += 1
    message = await bench.accept()
    await _recover(bench, message)
    assert bench.row(message.segments[0]) == "unknown"
    assert len(bench.journal.orphans) == 1


async def test_after_a_restart_an_id_says_more_than_addresses(bench: Bench) -> None:
    """Two messages between the same addresses: of the one the answer came, of the other nothing."""
    submitter = bench.connect()
    answered, unanswered = await bench.accept(), await bench.accept()
    await receive(bench, "a1")
    bench.receipts._orphans.keys.clear()  # as if the process had ended before it could look
    submitter.accept(answered.segments[0], "A1")
    await turns()
    await _recover(bench, unanswered)
    assert bench.row(answered.segments[0]) == "delivered"
    assert bench.row(unanswered.segments[0]) == "unknown"
    assert bench.receipts.joined == 1


async def test_two_looks_at_one_orphan_place_it_once(bench: Bench, upstream: WindowSubmitter) -> None:
    """Both parts of a message are lost: each looks at the one receipt that came."""
    message = await bench.accept(text="x" * 200, registered_delivery=1)
    await receive(bench, "a1")
    for segment in message.segments:
        upstream.lose(segment)
    await turns(30)
    assert sorted(bench.row(segment) for segment in message.segments) == ["delivered", "unknown"]
    assert bench.journal.orphans == {}


async def test_orphans_of_nobody_stay_for_the_operator(bench: Bench) -> None:
    await receive(bench, "zz")
    await receive(bench, None, text="thank you")
    assert bench.acknowledged == [True, True]
    assert [each.smsc_key for each in bench.journal.orphans.values()] == ["zz", ""]
    bench.clock.now += HOUR_MS + 1
    await bench.clockwork.sweep()
    assert bench.journal.orphans == {}


async def test_what_is_known_of_orphans_is_bounded(bench: Bench, upstream: WindowSubmitter) -> None:
    bench.receipts._orphans.KEYS_MAX = 4  # type: ignore[misc]
    message = await bench.accept()
    for number in range(10):
        await receive(bench, f"n{number}")
    assert len(bench.receipts._orphans.keys) == 4
    upstream.accept(message.segments[0], "N9")
    await turns(30)
    assert bench.row(message.segments[0]) == "delivered", "the newest are known"


# --- connectors that share a system_id ---


@pytest.fixture
async def sharing(bench: Bench) -> WindowSubmitter:
    """Of three connectors, "upstream" and "second" bind to one SMSC with one system_id; this is the first."""
    stranger = connector_of("stranger", system_id="other")
    bench.configure(snapshot_of(connector_of(), connector_of("second"), stranger))
    submitter = bench.connect()
    await turns()
    return submitter


async def receive_over(bench: Bench, connector_id: str, key: str | None, **fields: object) -> None:
    bench.receipts.on_receipt(connector_id, receipt_of(key, **fields), bench.acknowledge)
    await turns(30)


async def test_a_receipt_comes_over_another_bind_of_the_system_id(
    bench: Bench, sharing: WindowSubmitter
) -> None:
    message = await bench.submitted(sharing, registered_delivery=1)
    await receive_over(bench, "second", "a1")
    assert bench.row(message.segments[0]) == "delivered"
    assert bench.acknowledged == [True]
    assert bench.store.lookups == 0
    assert not bench.receipts._expected


async def test_a_receipt_over_a_bind_of_another_system_id_is_nobody_s(
    bench: Bench, sharing: WindowSubmitter
) -> None:
    message = await bench.submitted(sharing)
    await receive_over(bench, "stranger", "a1")
    assert bench.row(message.segments[0]) == "submitted"
    assert [each.connector_id for each in bench.journal.orphans.values()] == ["stranger"]


async def test_one_that_memory_forgot_is_found_over_another_bind(
    bench: Bench, sharing: WindowSubmitter
) -> None:
    message = await bench.submitted(sharing)
    await bench.stop()
    bench.start()
    await receive_over(bench, "second", "a1")
    assert bench.row(message.segments[0]) == "delivered"
    assert bench.store.lookups == 1, "one look finds it, however many share the system_id"


async def test_a_receipt_over_another_bind_before_the_answer(bench: Bench, sharing: WindowSubmitter) -> None:
    message = await bench.accept()
    await receive_over(bench, "second", "a1")
    assert bench.row(message.segments[0]) == "submitting"
    sharing.accept(message.segments[0], "A1")
    await turns(30)
    assert bench.row(message.segments[0]) == "delivered"
    assert bench.journal.orphans == {}
    assert bench.receipts.joined == 1


async def test_an_orphan_of_another_bind_is_joined_after_a_restart(
    bench: Bench, sharing: WindowSubmitter
) -> None:
    message = await bench.accept()
    await receive_over(bench, "second", "a1")
    bench.receipts._orphans.keys.clear()  # as if the process had ended before it could look
    sharing.accept(message.segments[0], "A1")
    await bench.stop()
    bench.start()
    await bench.receipts.load_orphans()
    await turns(30)
    assert bench.row(message.segments[0]) == "delivered"
    assert bench.journal.orphans == {}


async def test_a_receipt_over_another_bind_proves_a_submit(bench: Bench, sharing: WindowSubmitter) -> None:
    message = await bench.accept()
    sharing.lose(message.segments[0])
    await receive_over(bench, "second", "z9")
    assert bench.row(message.segments[0]) == "delivered"
    assert "recovered" in bench.journal.kinds()


async def test_a_receipt_that_came_over_another_bind_proves_a_submit_that_was_lost(
    bench: Bench, sharing: WindowSubmitter
) -> None:
    message = await bench.accept()
    await receive_over(bench, "second", "z9")
    sharing.lose(message.segments[0])
    await turns(30)
    assert bench.row(message.segments[0]) == "delivered"
    assert bench.journal.orphans == {}


async def test_a_receipt_that_came_over_another_bind_proves_it_after_a_restart(
    bench: Bench, sharing: WindowSubmitter
) -> None:
    message = await bench.accept()
    await receive_over(bench, "second", "z9")
    await _recover(bench, message)
    assert bench.row(message.segments[0]) == "delivered"


async def test_unknown_outcomes_of_two_connectors_are_not_guessed_at(
    bench: Bench, sharing: WindowSubmitter
) -> None:
    messages = [await bench.accept()]
    other = bench.connect(connector_of("second"))
    bench.configure(
        snapshot_of(connector_of(), connector_of("second"), routes=(route_of("second", "upstream"),))
    )
    await turns()
    messages.append(await bench.accept())
    sharing.lose(messages[0].segments[0])
    other.lose(messages[1].segments[0])
    await receive_over(bench, "second", "z9")
    assert [bench.row(each.segments[0]) for each in messages] == ["unknown", "unknown"]
    assert len(bench.journal.orphans) == 1


async def test_sharing_ends_with_a_change_of_the_configuration(
    bench: Bench, sharing: WindowSubmitter
) -> None:
    message = await bench.submitted(sharing)
    bench.configure(snapshot_of(connector_of(), connector_of("second", port=2776)))
    await receive_over(bench, "second", "a1")
    assert bench.row(message.segments[0]) == "submitted"


# --- repetitions and progress ---


@pytest.mark.parametrize("stat", ["DELIVRD", "UNDELIV", "ENROUTE"])
async def test_a_receipt_for_a_settled_segment_changes_nothing(
    bench: Bench, upstream: WindowSubmitter, stat: str
) -> None:
    message = await bench.submitted(upstream, registered_delivery=17)
    await receive(bench, "a1", "DELIVRD", err="000")
    await receive(bench, "a1", stat, err="099", text="late")
    segment = message.segments[0]
    assert bench.acknowledged == [True, True]
    assert (segment.state, segment.receipt_stat, segment.receipt_err) == (
        SegmentState.DELIVERED,
        "DELIVRD",
        "000",
    )
    assert len(bench.journal.outbox) == 1
    assert bench.journal.kinds() == ["duplicate_receipt"]
    assert bench.receipts.duplicates == 1


@pytest.mark.parametrize(
    ("registered_delivery", "told"), [(0, False), (1, False), (16, True), (17, True), (18, True)]
)
async def test_progress_is_told_to_esmes_that_asked(
    bench: Bench, upstream: WindowSubmitter, registered_delivery: int, told: bool
) -> None:
    message = await bench.submitted(upstream, registered_delivery=registered_delivery)
    await receive(bench, "a1", "ACCEPTD")
    assert bench.row(message.segments[0]) == "submitted"
    assert bool(bench.journal.outbox) == told
    assert all(entry.payload.intermediate for entry in bench.journal.outbox.values())
    assert bench.journal.kinds() == ["intermediate"]
    await receive(bench, "a1", "DELIVRD")
    assert bench.row(message.segments[0]) == "delivered"


async def test_a_receipt_that_calls_itself_intermediate_settles_nothing(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    message = await bench.submitted(upstream)
    await receive(bench, "a1", "DELIVRD", intermediate=True)
    assert bench.row(message.segments[0]) == "submitted"


@pytest.mark.parametrize(
    ("registered_delivery", "stat", "told"),
    [
        (0, "DELIVRD", False),
        (0, "UNDELIV", False),
        (1, "DELIVRD", True),
        (1, "UNDELIV", True),
        (2, "DELIVRD", False),
        (2, "UNDELIV", True),
        (3, "DELIVRD", True),
        (3, "UNDELIV", False),
        (16, "DELIVRD", False),
    ],
)
async def test_final_receipts_go_to_those_who_asked(
    bench: Bench, upstream: WindowSubmitter, registered_delivery: int, stat: str, told: bool
) -> None:
    await bench.submitted(upstream, registered_delivery=registered_delivery)
    await receive(bench, "a1", stat)
    assert bool(bench.journal.outbox) == told


@pytest.mark.parametrize(
    ("url", "registered_delivery", "stats"),
    [
        (None, 1, []),
        ("https://a.example/", 0, []),
        ("https://a.example/", 1, ["ENROUTE", "DELIVRD"]),
    ],
)
async def test_callbacks(
    bench: Bench, upstream: WindowSubmitter, url: str | None, registered_delivery: int, stats: list[str]
) -> None:
    await bench.submitted(upstream, door="http", dlr_url=url, registered_delivery=registered_delivery)
    await receive(bench, "a1", "ENROUTE")
    bench.clock.now += 1
    await receive(bench, "a1", "DELIVRD")
    entries = sorted(bench.journal.outbox.values(), key=lambda entry: (entry.next_at, entry.id))
    assert [entry.payload.stat for entry in entries] == stats
    assert {(entry.lane, entry.payload.url) for entry in entries} <= {("http:shop", url)}


async def test_one_receipt_for_a_message_of_many_segments(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.accept(text="x" * 400, registered_delivery=1)
    for number, segment in enumerate(message.segments):
        upstream.accept(segment, f"S{number}")
    await receive(bench, "s2", "DELIVRD")
    await receive(bench, "s0", "UNDELIV", err="021")
    assert bench.journal.outbox == {}
    await receive(bench, "s1", "DELIVRD", err="000")
    (entry,) = bench.journal.outbox.values()
    payload = entry.payload
    assert (payload.stat, payload.submitted, payload.delivered) == ("UNDELIV", 3, 2)
    assert payload.err == "021", "of the segment that failed, not of the last"


async def test_the_error_of_a_refused_segment_is_told_at_the_end(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    message = await bench.accept(text="x" * 300, registered_delivery=1)
    upstream.refuse(message.segments[0], int(CommandStatus.ESME_RINVDSTADR))
    upstream.accept(message.segments[1], "S1")
    await receive(bench, "s1", "DELIVRD")
    (entry,) = bench.journal.outbox.values()
    assert (entry.payload.stat, entry.payload.err) == ("REJECTD", "011")


# --- unknown outcomes ---


async def _lost(bench: Bench, upstream: WindowSubmitter, **fields: object) -> Message:
    message = await bench.accept(**fields)
    upstream.lose(message.segments[0])
    await turns()
    return message


async def test_a_receipt_settles_an_unknown_outcome_by_its_addresses(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    message = await _lost(bench, upstream, registered_delivery=1)
    await receive(bench, "a1", "DELIVRD")
    segment = message.segments[0]
    assert bench.row(segment) == "delivered"
    assert (segment.smsc_message_id, segment.smsc_key) == ("a1", "a1")
    assert bench.journal.kinds() == ["unknown", "recovered"]
    assert len(bench.journal.outbox) == 1
    await receive(bench, "a1", "DELIVRD")
    assert bench.journal.orphans == {}, "a repetition is known by its id"
    assert bench.receipts.duplicates == 1


async def test_progress_proves_that_an_unknown_submit_arrived(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    message = await _lost(bench, upstream)
    await receive(bench, "a1", "ENROUTE")
    assert bench.row(message.segments[0]) == "submitted"
    assert bench.journal.message_states[message.id] == "sent"
    await receive(bench, "a1", "DELIVRD")
    assert bench.row(message.segments[0]) == "delivered"


async def test_a_receipt_without_an_id_may_settle_an_unknown_outcome(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    message = await _lost(bench, upstream)
    await receive(bench, None, "ENROUTE")
    assert bench.row(message.segments[0]) == "unknown", "nothing to know it again by"
    await receive(bench, None, "UNDELIV")
    assert bench.row(message.segments[0]) == "undelivered"


@pytest.mark.parametrize("fields", [{"source_addr": "4915112345679"}, {"dest_addr": "Other"}])
async def test_other_addresses_settle_nothing(
    bench: Bench, upstream: WindowSubmitter, fields: dict[str, str]
) -> None:
    message = await _lost(bench, upstream)
    await receive(bench, "a1", "DELIVRD", **fields)
    assert bench.row(message.segments[0]) == "unknown"
    assert len(bench.journal.orphans) == 1


async def test_two_unknown_outcomes_between_the_same_addresses_are_not_guessed_at(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    messages = [await _lost(bench, upstream) for _ in range(2)]
    await receive(bench, "a1", "DELIVRD")
    assert {bench.row(each.segments[0]) for each in messages} == {"unknown"}
    assert len(bench.journal.orphans) == 1


async def test_parts_of_one_message_may_be_taken_for_one_another(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    """Which receipt is which part's cannot be told; the message needs all of them."""
    message = await bench.accept(text="x" * 400, registered_delivery=1)
    for segment in message.segments:
        upstream.lose(segment)
    await turns()
    for key in ("a1", "b2", "c3"):
        bench.receipts.on_receipt("upstream", receipt_of(key), bench.acknowledge)
    await turns(30)
    assert [bench.row(segment) for segment in message.segments] == ["delivered"] * 3
    assert {segment.smsc_key for segment in message.segments} == {"a1", "b2", "c3"}
    assert len(bench.journal.outbox) == 1
    assert bench.journal.orphans == {}


async def test_a_receipt_that_came_before_the_answer_was_given_up(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    """The usual way of an answer that is lost: the receipt comes long before its time is up."""
    message = await bench.accept(text="x" * 400, registered_delivery=1)
    for key in ("a1", "b2", "c3"):
        await receive(bench, key, "DELIVRD")
    assert len(bench.journal.orphans) == 3
    bench.clock.now += 30_000
    for segment in message.segments:
        upstream.lose(segment)
        await turns(20)
    assert [bench.row(segment) for segment in message.segments] == ["delivered"] * 3
    assert {segment.smsc_key for segment in message.segments} == {"a1", "b2", "c3"}
    assert bench.journal.orphans == {}
    assert len(bench.journal.outbox) == 1
    assert bench.receipts._orphans._between == {}
    assert bench.journal.kinds() == ["unknown", "recovered"] * 3


async def test_an_orphan_from_before_the_submit_proves_nothing(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    await receive(bench, "old", "DELIVRD")
    bench.clock.now += 1
    message = await _lost(bench, upstream)
    assert bench.row(message.segments[0]) == "unknown"
    assert len(bench.journal.orphans) == 1


async def test_what_is_known_of_joined_orphans_is_bounded(bench: Bench, upstream: WindowSubmitter) -> None:
    bench.receipts._orphans.JOINED_MAX = 2  # type: ignore[misc]
    for number in range(3):
        message = await bench.accept()
        await receive(bench, f"n{number}")
        upstream.accept(message.segments[0], f"N{number}")
        await turns(20)
    assert bench.receipts.joined == 3
    assert len(bench.receipts._orphans._joined) == 2


async def test_what_is_known_of_orphans_between_addresses_is_bounded(bench: Bench) -> None:
    bench.receipts._orphans.PAIRS_MAX = 3  # type: ignore[misc]
    bench.receipts._orphans.OF_PAIR_MAX = 2  # type: ignore[misc]
    for number in range(5):
        await receive(bench, f"same{number}")
        await receive(bench, f"other{number}", dest_addr=f"Other{number}")
    known = bench.receipts._orphans._between
    assert list(known) == [
        ("upstream", "Other3", "4915112345678"),
        ("upstream", "Shop", "4915112345678"),
        ("upstream", "Other4", "4915112345678"),
    ]
    assert list(known["upstream", "Shop", "4915112345678"]) == ["same3", "same4"]


async def test_two_receipts_at_once_settle_one_unknown_outcome_once(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    """Both were looked up before either was placed; the second is somebody else's."""
    message = await _lost(bench, upstream)
    for key, stat in (("a1", "DELIVRD"), ("b2", "UNDELIV")):
        bench.receipts.on_receipt("upstream", receipt_of(key, stat), bench.acknowledge)
    await turns(30)
    assert bench.row(message.segments[0]) == "delivered"
    assert message.segments[0].smsc_key == "a1"
    assert [each.smsc_key for each in bench.journal.orphans.values()] == ["b2"]
    assert bench.receipts.duplicates == 0


async def test_a_resent_message_is_settled_by_the_receipt_of_the_second_copy(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    sender = sender_of(account_of(unknown_outcome="resend"))  # type: ignore[arg-type]
    message = await bench.accept(sender=sender)
    message.resend_unknown = True
    upstream.lose(message.segments[0])
    await turns()
    await receive(bench, "first", "DELIVRD")
    assert bench.row(message.segments[0]) == "submitting"
    upstream.accept(message.segments[0], "second")
    await receive(bench, "second", "DELIVRD")
    assert bench.row(message.segments[0]) == "delivered"
    assert len(bench.journal.orphans) == 1


# --- answers that come late ---


async def test_a_late_answer_settles_an_unknown_outcome(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await _lost(bench, upstream, registered_delivery=1)
    [segment] = message.segments
    bench.outcomes.on_late_accepted(segment, "A1", "a1")
    await turns()
    assert bench.row(segment) == "submitted"
    assert bench.journal.message_states[message.id] == "sent"
    assert bench.journal.kinds() == ["unknown", "recovered"]
    await receive(bench, "a1")
    assert bench.row(segment) == "delivered"
    assert bench.store.lookups == 0, "the receipt was expected"


async def test_an_orphan_is_joined_by_a_late_answer(bench: Bench, upstream: WindowSubmitter) -> None:
    """Two outcomes are unknown between the addresses: only the id tells whose receipt it is."""
    first, second = [await _lost(bench, upstream) for _ in range(2)]
    await receive(bench, "a2")
    bench.outcomes.on_late_accepted(second.segments[0], "A2", "a2")
    await turns(20)
    assert [bench.row(each.segments[0]) for each in (first, second)] == ["unknown", "delivered"]


async def test_a_late_answer_changes_nothing_that_is_known(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await _lost(bench, upstream)
    await receive(bench, "other")
    [segment] = message.segments
    assert bench.row(segment) == "delivered"
    bench.outcomes.on_late_accepted(segment, "A1", "a1")
    bench.outcomes.on_late_refused(segment, 8, ErrorAction.REJECT)
    await turns()
    assert (bench.row(segment), segment.smsc_key) == ("delivered", "other")


@pytest.mark.parametrize(
    ("action", "state"), [(ErrorAction.REJECT, "rejected"), (ErrorAction.RETRY, "queued")]
)
async def test_a_late_refusal_is_a_refusal(
    bench: Bench, upstream: WindowSubmitter, action: ErrorAction, state: str
) -> None:
    message = await _lost(bench, upstream)
    bench.outcomes.on_late_refused(message.segments[0], 0x0B, action)
    await turns()
    assert bench.row(message.segments[0]) == state


async def test_a_late_refusal_of_a_message_that_is_sent_again_says_nothing(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    message = await _lost(bench, upstream)
    message.resend_unknown = True
    bench.outcomes.on_late_refused(message.segments[0], 0x0B, ErrorAction.REJECT)
    await turns()
    assert bench.row(message.segments[0]) == "unknown"


# --- storage away ---


async def test_when_storage_is_away_the_smsc_is_asked_to_send_again(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    bench.journal.up = False
    await receive(bench, "zz")
    assert bench.acknowledged == [False]
    assert bench.journal.backlog == 0


async def test_a_receipt_that_memory_knows_is_taken_while_storage_is_away(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    message = await bench.submitted(upstream)
    bench.journal.up = False
    await receive(bench, "a1")
    assert bench.acknowledged == []
    bench.journal.up = True
    bench.journal.commit()
    assert bench.acknowledged == [True]
    assert bench.row(message.segments[0]) == "delivered"


async def test_too_many_receipts_to_look_up_are_sent_back(bench: Bench) -> None:
    bench.receipts.LOOKUPS_MAX = 3  # type: ignore[misc]
    bench.journal.auto = False
    for number in range(5):
        bench.receipts.on_receipt("upstream", receipt_of(f"n{number}"), bench.acknowledge)
    assert bench.acknowledged == [False, False]
    bench.journal.auto = True
    bench.journal.commit()
    await turns(30)
    assert bench.acknowledged == [False, False, True, True, True]


async def test_lookups_share_the_journal_s_transactions(bench: Bench, upstream: WindowSubmitter) -> None:
    """One after the other they would wait for a commit each: a few hundred receipts a second."""
    messages = [await bench.submitted(upstream, f"A{number}") for number in range(50)]
    await bench.stop()
    bench.start()
    bench.journal.auto = False
    for number in range(50):
        bench.receipts.on_receipt("upstream", receipt_of(f"a{number}"), bench.acknowledge)
    await turns()
    assert bench.journal.commit() == 50
    await turns()
    assert bench.journal.commit() == 50
    assert bench.acknowledged == [True] * 50
    assert {bench.row(each.segments[0]) for each in messages} == {"delivered"}


async def test_a_lookup_that_fails_is_sent_back_and_others_go_on(
    bench: Bench, upstream: WindowSubmitter, no_pause: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Mock()
    monkeypatch.setattr(module, "log", log)
    bench.store.fault = ConnectionError("the database is away")
    await receive(bench, "zz")
    assert bench.acknowledged == [False]
    assert log.error.call_args.kwargs["action"] == "receipt.lookup_failed"
    bench.store.fault = None
    await receive(bench, "zz")
    assert bench.acknowledged == [False, True]


async def test_a_join_that_fails_is_tried_again(
    bench: Bench, upstream: WindowSubmitter, no_pause: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "log", Mock())
    message = await bench.accept()
    await receive(bench, "a1")
    bench.store.fault = ConnectionError("the database is away")
    # The segment is not in memory either, so both questions go to the store.
    bench.receipts.EXPECTED_MAX = 0  # type: ignore[misc]
    upstream.accept(message.segments[0], "A1")
    await turns(5)
    assert bench.row(message.segments[0]) == "submitted"
    bench.store.fault = None
    await turns(30)
    assert bench.row(message.segments[0]) == "delivered"
    assert bench.journal.orphans == {}


async def test_an_orphan_that_cannot_be_removed_is_joined_once(
    bench: Bench, upstream: WindowSubmitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that the database refuses is dropped by the journal: no reason to go round for ever."""
    message = await bench.accept()
    await receive(bench, "a1")
    monkeypatch.setattr(bench.journal, "settled", Mock())
    upstream.accept(message.segments[0], "A1")
    await turns(50)
    assert bench.receipts.joined == 1


async def test_an_id_of_blanks_is_no_id(bench: Bench, upstream: WindowSubmitter) -> None:
    message = await bench.submitted(upstream, "")
    assert bench.row(message.segments[0]) == "submitted"
    assert len(bench.receipts._expected) == 0
