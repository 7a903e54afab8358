"""The clockwork beside the pumps."""

import asyncio
from unittest.mock import Mock

import pytest

from trunkline.model.ports import IdempotencyRecord
from trunkline.pipeline import supervision

from .conftest import Bench
from .doubles import HOUR_MS, NOW, WindowSubmitter, receipt_of, submission_of, turns


async def test_messages_for_a_connector_that_never_comes_expire(bench: Bench) -> None:
    messages = [await bench.accept(validity_ms=1_000, registered_delivery=1) for _ in range(3)]
    fresh = await bench.accept(validity_ms=HOUR_MS)
    bench.clock.now += 1_000
    await bench.clockwork.sweep()
    await turns()
    assert [bench.row(each.segments[0]) for each in messages] == ["expired"] * 3
    assert bench.row(fresh.segments[0]) == "queued"
    assert [entry.payload.stat for entry in bench.journal.outbox.values()] == ["EXPIRED"] * 3


async def test_a_long_queue_is_swept_in_parts(bench: Bench) -> None:
    bench.clockwork.SWEEP_BATCH = 4  # type: ignore[misc]
    for _ in range(11):
        bench.pipeline.accept(submission_of(validity_ms=1_000))
    await turns()
    bench.clock.now += 1_000
    await bench.clockwork.sweep()
    await turns()
    assert bench.journal.states() == ["expired"] * 11


async def test_a_segment_that_is_claimed_meanwhile_is_left_alone(
    bench: Bench, upstream: WindowSubmitter
) -> None:
    """Found as queued, claimed before the sweep goes on: its submit decides."""
    upstream.bound = False
    message = await bench.accept(validity_ms=1_000)
    bench.clock.now += 1_000
    bench.journal.auto = False
    sweep = asyncio.ensure_future(bench.clockwork.sweep())
    await turns()
    claim = bench.journal.claim("upstream", 10, bench.clock.now)
    bench.journal.commit()
    bench.journal.auto = True
    await sweep
    assert [segment.message for segment in claim.result()] == [message]
    assert bench.row(message.segments[0]) == "submitting"


async def test_old_orphans_and_idempotency_keys_go(bench: Bench) -> None:
    bench.receipts.on_receipt("upstream", receipt_of("zz"), bench.acknowledge)
    await turns()
    bench.journal.idempotency[1, "old"] = IdempotencyRecord(1, "old", "", "", NOW)
    await bench.clockwork.sweep()
    assert (len(bench.journal.orphans), len(bench.journal.idempotency)) == (1, 1)
    bench.clock.now += HOUR_MS + 1
    await bench.clockwork.sweep()
    assert (len(bench.journal.orphans), len(bench.journal.idempotency)) == (0, 1)
    bench.clock.now += 24 * HOUR_MS
    await bench.clockwork.sweep()
    assert bench.journal.idempotency == {}


async def test_it_runs_until_cancelled_and_survives_the_store_s_faults(
    bench: Bench, upstream: WindowSubmitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Mock()
    monkeypatch.setattr(supervision, "log", log)
    bench.clockwork.POLL_S = bench.clockwork.SWEEP_S = 0.0  # type: ignore[misc]
    bench.journal.closed = True
    running = asyncio.ensure_future(bench.clockwork.run())
    await turns()
    assert log.exception.call_args.kwargs["action"] == "sweep.failed"
    bench.journal.closed = False
    queued = await bench.accept(deliver_after_ms=1_000, validity_ms=HOUR_MS)
    late = await bench.accept(deliver_after_ms=HOUR_MS, validity_ms=HOUR_MS + 1)
    bench.clock.now += 1_000
    await turns(30)
    assert upstream.sent == queued.segments, "the polls go on"
    bench.clock.now += 2 * HOUR_MS
    upstream.limit = 0
    await turns(30)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert bench.row(late.segments[0]) == "expired"


async def test_polls_go_on_while_a_sweep_takes_its_time(bench: Bench, upstream: WindowSubmitter) -> None:
    bench.clockwork.POLL_S = 0.0  # type: ignore[misc]
    bench.store.drop_orphans = Mock(return_value=asyncio.get_running_loop().create_future())  # type: ignore[method-assign]
    running = asyncio.ensure_future(bench.clockwork.run())
    await turns()
    message = await bench.accept(deliver_after_ms=1_000)
    bench.clock.now += 1_000
    await turns(30)
    assert upstream.sent == message.segments
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
