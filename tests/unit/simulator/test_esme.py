from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from trunkline.simulator.esme import EsmeLoad
from trunkline.smpp.asyncio import BindRefused

if TYPE_CHECKING:
    from tests.unit.simulator.conftest import Bench
    from trunkline.simulator.load_result import LoadResult, Progress
    from trunkline.simulator.smsc import SmscSimulator


def load(smsc: SmscSimulator, **settings: Any) -> EsmeLoad:
    settings = {"count": 200, "receipt_wait_s": 60.0, "clock": asyncio.get_running_loop().time} | settings
    return EsmeLoad("127.0.0.1", smsc.port, "alice", "secret", **settings)


def assert_adds_up(result: LoadResult) -> None:
    assert result.accepted + sum(result.errors.values()) + result.unanswered == result.submitted


async def test_everything_goes_well(bench: Bench) -> None:
    smsc = await bench.smsc(receipt_delay_ms=5)
    accepted: dict[str, str] = {}
    result = await load(
        smsc,
        binds=3,
        window=10,
        count=500,
        text="Grüße €",
        dest_base="0049170000",
        on_accepted=accepted.__setitem__,
    ).run()

    assert_adds_up(result)
    assert (result.count, result.submitted, result.accepted, result.receipts) == (500, 500, 500, 500)
    assert result.receipts_duplicate == result.receipts_lost == result.receipts_unexpected == 0
    assert result.states == {"DELIVRD": 500}
    assert result.error is None
    assert 0 < result.p50_ms <= result.p99_ms <= result.max_ms
    assert result.accepted_per_s > result.receipts_per_s > 0
    recorded = bench.record.read()
    assert recorded.counters.unique == 500
    assert {submit.destination: submit.message_id for submit in recorded.submits} == accepted
    assert set(accepted) == {f"{49170000 + i:010}" for i in range(500)}
    assert {submit.text for submit in recorded.submits} == {"Grüße €"}
    assert {submit.system_id for submit in recorded.submits} == {"alice"}
    assert smsc.links == set()  # unbound


async def test_without_receipts_it_does_not_wait_for_any(bench: Bench) -> None:
    smsc = await bench.smsc()
    result = await load(smsc, registered_delivery=0).run()
    assert (result.accepted, result.receipts, result.receipts_lost) == (200, 0, 0)


async def test_throttled_messages_are_tried_again(bench: Bench) -> None:
    smsc = await bench.smsc(throughput=20)
    result = await load(smsc, count=20, window=5).run()

    assert result.accepted == 20
    assert result.retried == smsc.counters.throttled > 0
    assert bench.record.counters.duplicates == 0


async def test_errors_failures_and_duplicates_are_told_apart(bench: Bench) -> None:
    smsc = await bench.smsc(error_share=0.2, failed_share=0.2, duplicate_share=0.2, receipts="early")
    result = await load(smsc).run()

    assert_adds_up(result)
    assert result.errors == {"ESME_RSYSERR": smsc.counters.errors}
    assert result.accepted == result.receipts == smsc.counters.taken < 200
    assert set(result.states) == {"DELIVRD", "UNDELIV"}
    assert result.states["UNDELIV"] > 5
    assert result.receipts_duplicate > 5
    assert result.receipts_lost == result.receipts_unexpected == 0


async def test_lost_receipts_are_counted(bench: Bench) -> None:
    smsc = await bench.smsc(missing_share=0.25)
    result = await load(smsc, receipt_wait_s=0.1).run()
    assert result.receipts == smsc.counters.receipts_due
    assert result.receipts_lost == 200 - smsc.counters.receipts_due > 10


async def test_no_answer(bench: Bench) -> None:
    smsc = await bench.smsc(no_answer_share=0.1, first_id=1)
    result = await load(smsc, response_timeout_s=0.2, receipt_wait_s=0.2).run()

    assert_adds_up(result)
    assert result.unanswered == smsc.counters.unanswered > 5
    assert result.receipts_unexpected == result.unanswered  # their ids were never heard of
    assert result.receipts_lost == 0


async def test_lost_links_are_bound_again(bench: Bench) -> None:
    smsc = await bench.smsc(drop_link_every=40, seed=4)
    result = await load(smsc, binds=2, window=5, receipt_wait_s=0.5).run()

    assert_adds_up(result)
    assert result.submitted == 200
    assert result.reconnects >= smsc.counters.links_cut - 2 > 0  # the run may end before the last ones
    assert result.unanswered >= smsc.counters.links_cut
    assert result.accepted >= 200 - 5 * smsc.counters.links_cut
    assert result.receipts_lost == 0
    assert bench.record.counters.duplicates == 0  # nothing is submitted twice


async def test_smsc_goes_away_for_good(bench: Bench) -> None:
    smsc = await bench.smsc()
    stopped: list[asyncio.Task[None]] = []

    def stop(progress: Progress) -> None:
        if not stopped:
            stopped.append(asyncio.create_task(smsc.stop(0.1)))

    result = await load(smsc, count=100_000, rate=1000, on_progress=stop, reconnect_s=0.1).run()

    await stopped[0]
    assert result.error is not None
    assert "none came back" in result.error
    assert_adds_up(result)
    assert 0 < result.accepted < 100_000


async def test_rate_and_progress(bench: Bench) -> None:
    smsc = await bench.smsc()
    seen: list[Progress] = []
    result = await load(smsc, count=150, rate=200, on_progress=seen.append).run()

    assert 0.74 <= result.submit_seconds < 2
    assert 100 < result.accepted_per_s < 220
    assert len(seen) >= 3
    first, last = seen[0], seen[-1]
    assert 0.25 <= first.seconds < 0.6
    assert 30 < first.accepted < 100
    assert first.binds == 1
    assert 100 < first.rate < 300
    assert (last.count, last.submitted, last.accepted, last.failed) == (150, 150, 150, 0)
    assert [entry.accepted for entry in seen] == sorted(entry.accepted for entry in seen)
    assert dataclasses.asdict(last)["receipts"] == 150


async def test_first_bind_refused(bench: Bench) -> None:
    smsc = await bench.smsc(credentials={"alice": "other"})
    with pytest.raises(BindRefused):
        await load(smsc).run()
    assert smsc.links == set()


async def test_nobody_listens(bench: Bench) -> None:
    smsc = await bench.smsc()
    await smsc.stop()
    with pytest.raises(OSError, match=r"refused|failed"):
        await load(smsc).run()


@pytest.mark.parametrize(
    ("source", "numbering"), [("Trunkline", (5, 0)), ("40400", (3, 0)), ("491700000001", (1, 1))]
)
async def test_sender_numbering(bench: Bench, source: str, numbering: tuple[int, int]) -> None:
    smsc = await bench.smsc()
    sender = load(smsc, source=source, count=1)
    assert (sender.template.source_addr_ton, sender.template.source_addr_npi) == numbering
    await sender.run()
    assert bench.record.read().submits[0].source == source


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"binds": 0}, "must be 1 or more"),
        ({"rate": -1}, "must be 1 or more"),
        ({"count": 0}, "must be 1 or more"),
        ({"dest_base": "+49"}, "dest_base must be digits"),
        ({"text": "ж" * 128}, "256 octets long, 254 is the most"),
    ],
)
def test_bad_parameters(settings: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        EsmeLoad("127.0.0.1", 1, "alice", "", **settings)
