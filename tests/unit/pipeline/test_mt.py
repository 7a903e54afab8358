"""Accepting: durable and charged before the answer, refused without a trace."""

import asyncio

import pytest

from trunkline.model.idempotency import IdempotencyRequest
from trunkline.model.message import Message
from trunkline.model.ports import IdempotencyConflict
from trunkline.model.profile import Profile, TlvType, VendorTlv
from trunkline.model.snapshot import ReceiptPolicy, UnknownOutcome
from trunkline.model.submission import Reason, Rejected

from .conftest import Bench
from .doubles import (
    HOUR_MS,
    NOW,
    WindowSubmitter,
    account_of,
    connector_of,
    route_of,
    sender_of,
    snapshot_of,
    submission_of,
    turns,
)


async def test_nothing_is_answered_or_submitted_before_it_is_durable(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    bench.journal.auto = False
    answer = bench.pipeline.accept(submission_of())
    await turns()
    assert not answer.done()
    assert upstream.sent == []

    bench.journal.commit()
    await turns()
    message = answer.result()
    assert upstream.sent == message.segments
    assert bench.pipeline.accepted == 1


async def test_the_message_as_it_is_stored(bench: Bench, upstream: WindowSubmitter) -> None:
    account = account_of(5, unknown_outcome=UnknownOutcome.RESEND)
    message = await bench.accept(
        sender=sender_of(account, credential="web", dlr_url="https://sender.example/dlr"),
        door="http",
        text="Guten Tag",
        source="Shop",
        destination="+49 151 123-456-78",
        validity_ms=HOUR_MS,
        registered_delivery=1,
        priority=2,
        protocol_id=64,
    )
    assert (message.account_id, message.door, message.credential) == (5, "http", "web")
    assert (message.source_addr, message.source_ton, message.source_npi) == ("Shop", 5, 0)
    assert (message.dest_addr, message.dest_ton, message.dest_npi) == ("4915112345678", 1, 1)
    assert (message.text, message.encoding, message.data_coding) == ("Guten Tag", "gsm7", 0)
    assert (message.priority, message.protocol_id, message.registered_delivery) == (2, 64, 1)
    assert (message.accepted_at, message.expires_at) == (NOW, NOW + HOUR_MS)
    assert (message.route_id, message.connector_id) == (1, "upstream")
    assert (message.rate, message.charged) == (1_000_000, 1_000_000)
    assert message.dlr_url == "https://sender.example/dlr"
    assert message.resend_unknown
    assert message.public_id == message.id
    assert bench.journal.ledger == [(message.id, 1_000_000)]


async def test_the_account_s_policies_go_with_the_message(bench: Bench, upstream: WindowSubmitter) -> None:
    account = account_of(5, receipt_policy=ReceiptPolicy.LAST, smart_encoding=True)
    message = await bench.accept(sender=sender_of(account), text="“Tag”", priority=200)
    assert (message.text, message.encoding) == ('"Tag"', "gsm7")
    assert message.receipt_policy is ReceiptPolicy.LAST
    assert message.priority == 3  # priority_flag knows no higher one
    message = await bench.accept(text="“Tag”")
    assert (message.text, message.encoding) == ("“Tag”", "ucs2")


async def test_tlvs_by_the_names_of_the_connector(bench: Bench, upstream: WindowSubmitter) -> None:
    profile = Profile((VendorTlv("hops", 0x1401, TlvType.UINT8),))
    bench.configure(snapshot_of(connector_of(profile=profile), routes=(route_of("upstream"),)))
    message = await bench.accept(tlv_values={"hops": 5})
    assert message.tlvs.hex() == "1401000105"
    assert (await bench.accept(tlvs=b"\x14\x02\0\0")).tlvs == b"\x14\x02\0\0"
    with pytest.raises(Rejected) as caught:
        await bench.accept(tlv_values={"hops": 256})
    assert caught.value.reason is Reason.INVALID_FIELD
    assert "tlvs: hops must be a number of 0 to 255" in caught.value.detail


async def test_the_message_s_own_callback_comes_before_the_sender_s(bench: Bench) -> None:
    message = await bench.accept(sender=sender_of(dlr_url="https://a.example/"), dlr_url="https://b.example/")
    assert message.dlr_url == "https://b.example/"


async def test_segments_of_a_long_text_are_charged_one_by_one(bench: Bench) -> None:
    message = await bench.accept(text="x" * 400)
    assert [segment.number for segment in message.segments] == [1, 2, 3]
    assert message.charged == 3 * message.rate


async def test_a_payload_is_one_segment_and_costs_what_the_smsc_makes_of_it(bench: Bench) -> None:
    bench.configure(snapshot_of(connector_of(long_message="payload")))
    message = await bench.accept(text="x" * 400)
    assert len(message.segments) == 1
    assert message.charged == 3 * message.rate


async def test_the_balance_refuses_and_nothing_is_kept(bench: Bench, upstream: WindowSubmitter) -> None:
    bench.journal.balances[1] = 2_500_000
    assert (await bench.accept(text="x" * 300)).charged == 2_000_000
    refused = bench.pipeline.accept(submission_of())
    await turns()
    with pytest.raises(Rejected) as caught:
        refused.result()
    assert caught.value.reason is Reason.INSUFFICIENT_CREDITS
    assert bench.journal.balances[1] == 500_000
    assert len(bench.journal.objects) == 1
    assert bench.dispatcher.waiting == 0, "the room that was reserved is given back"
    assert bench.pipeline.rejected[Reason.INSUFFICIENT_CREDITS] == 1
    assert len(upstream.sent) == 2


async def test_storage_that_fails_is_busy_and_reserves_nothing(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    bench.journal.auto = False
    answer = bench.pipeline.accept(submission_of())
    assert bench.dispatcher.waiting == 1
    bench.journal.up = False
    bench.journal.commit()
    await turns()
    with pytest.raises(Rejected) as caught:
        answer.result()
    assert caught.value.reason is Reason.BUSY
    assert bench.dispatcher.waiting == 0
    assert upstream.sent == []


async def test_while_storage_is_away_nothing_is_even_prepared(bench: Bench) -> None:
    bench.journal.up = False
    with pytest.raises(Rejected) as caught:
        bench.pipeline.accept(submission_of())
    assert caught.value.reason is Reason.BUSY
    assert bench.journal.backlog == 0
    assert bench.pipeline.rejected[Reason.BUSY] == 1


async def test_a_caller_who_has_gone_does_not_stop_his_message(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    bench.journal.auto = False
    answer = bench.pipeline.accept(submission_of())
    answer.cancel()
    bench.journal.commit()
    await turns()
    assert len(upstream.sent) == 1
    assert bench.pipeline.accepted == 1


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"destination": "nobody"}, Reason.INVALID_DESTINATION),
        ({"source": "much too long a name"}, Reason.INVALID_SOURCE),
        ({"text": "a\0b"}, Reason.INVALID_TEXT),
        ({"validity_ms": 0}, Reason.INVALID_VALIDITY),
        ({"destination": "33612345678"}, Reason.NO_ROUTE),
    ],
)
async def test_what_is_refused_at_once_is_counted_and_leaves_nothing(
    bench: Bench, upstream: WindowSubmitter, fields: dict[str, object], reason: Reason
) -> None:
    bench.configure(snapshot_of(routes=(route_of(prefix="49"),)))
    with pytest.raises(Rejected) as caught:
        bench.pipeline.accept(submission_of(**fields))
    assert caught.value.reason is reason
    assert bench.pipeline.rejected[reason] == 1
    assert bench.journal.backlog == 0
    assert bench.dispatcher.waiting == 0


async def test_the_first_route_that_fits_decides(bench: Bench) -> None:
    bench.configure(
        snapshot_of(
            connector_of("a"),
            connector_of("b"),
            routes=(
                route_of("a", id=1, prefix="491", account_id=2),
                route_of("b", id=2, prefix="49151", rate=70_000),
                route_of("a", id=3, prefix="49"),
            ),
        )
    )
    assert (await bench.accept()).route_id == 2
    assert (await bench.accept(sender=sender_of(account_of(2)))).route_id == 1
    assert (await bench.accept(destination="4930123456")).route_id == 3


async def test_a_connector_that_is_bound_is_preferred(bench: Bench) -> None:
    bench.configure(
        snapshot_of(
            connector_of("off", enabled=False),
            connector_of("down"),
            connector_of("up"),
            routes=(route_of("gone", "off", "down", "up"),),
        )
    )
    assert (await bench.accept()).connector_id == "down", "none is bound: the first that is enabled"
    bench.connect(connector_of("up"))
    assert (await bench.accept()).connector_id == "up"


async def test_a_route_to_connectors_that_do_not_exist(bench: Bench) -> None:
    bench.configure(snapshot_of(routes=(route_of("gone"),)))
    with pytest.raises(Rejected) as caught:
        bench.pipeline.accept(submission_of())
    assert caught.value.reason is Reason.NO_ROUTE
    assert "gone" in caught.value.detail


# --- many at once ---


def _render(answers: object) -> str:
    return "[]"


def _request(render: object = _render) -> IdempotencyRequest:
    return IdempotencyRequest(1, "key-1", "hash", NOW, render)  # type: ignore[arg-type]


async def test_many_are_answered_each_on_its_own_in_order(bench: Bench, upstream: WindowSubmitter) -> None:
    bench.journal.balances[1] = 2_000_000
    done = bench.pipeline.accept_many(
        [
            submission_of(),
            submission_of(destination="x"),
            submission_of(text="x" * 300),
            submission_of(),
        ]
    )
    await turns()
    answers = done.result()
    assert [getattr(each, "reason", "accepted") for each in answers] == [
        "accepted",
        Reason.INVALID_DESTINATION,
        Reason.INSUFFICIENT_CREDITS,
        "accepted",
    ]
    assert [segment.message for segment in upstream.sent] == [answers[0], answers[3]]
    assert bench.journal.balances[1] == 0
    assert bench.dispatcher.waiting == 0


async def test_many_that_are_all_refused_need_no_store(bench: Bench) -> None:
    done = bench.pipeline.accept_many([submission_of(destination="x")])
    assert isinstance(done.result()[0], Rejected)
    assert bench.journal.backlog == 0


async def test_many_fail_together_when_storage_does(bench: Bench, upstream: WindowSubmitter) -> None:
    bench.journal.auto = False
    done = bench.pipeline.accept_many([submission_of(), submission_of()])
    assert bench.dispatcher.waiting == 2
    bench.journal.up = False
    bench.journal.commit()
    await turns()
    with pytest.raises(Rejected) as caught:
        done.result()
    assert caught.value.reason is Reason.BUSY
    assert bench.dispatcher.waiting == 0


async def test_the_answer_is_kept_with_the_messages_under_the_key(bench: Bench) -> None:
    seen: list[object] = []

    def render(answers: object) -> str:
        seen.append(list(answers))  # type: ignore[call-overload]
        return '["kept"]'

    done = bench.pipeline.accept_many([submission_of(), submission_of(destination="x")], _request(render))
    await turns()
    answers = done.result()
    assert seen == [answers], "rendered with the ids that the messages have"
    record = bench.journal.idempotency[1, "key-1"]
    assert (record.request_hash, record.response, record.created_at) == ("hash", '["kept"]', NOW)


async def test_the_same_key_again_stores_nothing(bench: Bench, upstream: WindowSubmitter) -> None:
    first = bench.pipeline.accept_many([submission_of()], _request())
    second = bench.pipeline.accept_many([submission_of()], _request())
    await turns()
    assert isinstance(first.result()[0], Message)
    with pytest.raises(IdempotencyConflict):
        second.result()
    assert len(bench.journal.objects) == len(upstream.sent) == 1
    assert bench.dispatcher.waiting == 0


async def test_an_answer_that_is_not_to_be_kept_leaves_the_key_free(bench: Bench) -> None:
    done = bench.pipeline.accept_many([submission_of()], _request(lambda answers: None))
    await turns()
    assert isinstance(done.result()[0], Message)
    assert bench.journal.idempotency == {}


async def test_refusals_alone_are_kept_under_the_key_too(bench: Bench) -> None:
    done = bench.pipeline.accept_many([submission_of(destination="x")], _request())
    await turns()
    assert isinstance(done.result()[0], Rejected)
    assert (1, "key-1") in bench.journal.idempotency


async def test_a_fault_of_the_door_gives_the_room_back(bench: Bench, upstream: WindowSubmitter) -> None:
    def render(answers: object) -> str:
        raise RuntimeError("cannot be rendered")

    with pytest.raises(RuntimeError):
        bench.pipeline.accept_many([submission_of()], _request(render))
    assert bench.dispatcher.waiting == 0
    assert bench.journal.backlog == 0


async def test_a_burst_fills_the_window_and_queues_the_rest(bench: Bench, upstream: WindowSubmitter) -> None:
    bench.journal.auto = False
    answers = [bench.pipeline.accept(submission_of()) for _ in range(25)]
    assert bench.dispatcher.waiting == 11
    bench.journal.commit()
    await turns()
    assert bench.journal.states().count("submitting") == 11
    assert bench.journal.states().count("queued") == 14
    await asyncio.gather(*answers)
