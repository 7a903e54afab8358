"""Long queues: they cost disk, not memory, and they are worked off without a loss."""

import asyncio
import os

import pytest

from trunkline.model.identity import COMMAND_LINE
from trunkline.simulator.scenario import Scenario

from .clients import Esme
from .conftest import MakeGateway
from .harness import (
    ACCOUNT,
    OPENING_BALANCE,
    PASSWORD,
    RATE,
    Gateway,
    attach,
    eventually,
    free_port,
    http,
    simulator,
)

MESSAGES = int(os.environ.get("TRUNKLINE_TEST_BACKLOG", "100000"))
BATCH = 2000
SHORT_LIVED = 25


async def _send(gateway: Gateway, api_key: str, first: int, messages: int) -> None:
    """Hands in messages to consecutive numbers, in batches, two at a time."""
    under_way: set[asyncio.Task[None]] = set()
    for start in range(first, first + messages, BATCH):
        numbers = [str(971_500_000_000 + n) for n in range(start, min(start + BATCH, first + messages))]
        under_way.add(asyncio.create_task(_batch(gateway, api_key, numbers)))
        if len(under_way) == 2:
            done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.gather(*done)
    await asyncio.gather(*under_way)


async def _batch(gateway: Gateway, api_key: str, numbers: list[str]) -> None:
    body = {"to": numbers, "content": "A long queue", "dr": 0}
    answer = await http(gateway.http_port, "POST", "/api/v1/http-send/batch", body, {"X-API-Key": api_key})
    assert answer.status == 200, answer
    assert answer.json()["accepted"] == len(numbers)


@pytest.mark.timeout(1200)
async def test_a_dead_connector_costs_no_memory_and_its_queue_is_delivered(make_gateway: MakeGateway) -> None:
    """A hundred thousand messages wait for an SMSC that is away, in the memory that a few thousand need.
    Those whose validity ends meanwhile expire, and their sender is told. Then the SMSC comes, and gets each
    of the others once.
    """
    gateway = make_gateway()
    await gateway.prepare()
    port = free_port()
    await attach(gateway, port, window=200)
    async with gateway.administration() as admin:
        api = await admin.http_accounts.create(COMMAND_LINE, ACCOUNT, "bulk", throughput=0)
        await admin.esmes.create(COMMAND_LINE, ACCOUNT, "brief", password=PASSWORD)
    await gateway.start()
    esme = await Esme().bind(gateway.smpp_port, "brief")
    brief = [
        await esme.accepted(f"9715999{n:05d}", "No longer of interest", validity_period="000000000003000R")
        for n in range(SHORT_LIVED)
    ]

    # A message in memory takes two kilobytes: half of the queue would take a hundred megabytes. What grows in
    # the beginning is the database's page cache, which has its limit.
    await _send(gateway, api.api_key, 0, MESSAGES // 2)
    before = gateway.rss_mb
    await _send(gateway, api.api_key, MESSAGES // 2, MESSAGES - MESSAGES // 2)
    assert gateway.rss_mb - before < 20

    for receipt in await esme.receipted(*brief):
        assert receipt.stat == "EXPIRED"
    await esme.leave()
    assert await gateway.states() == {"queued": MESSAGES, "expired": SHORT_LIVED}

    async with simulator(Scenario(), port) as smsc:
        await eventually(lambda: smsc.counters.taken >= MESSAGES, "the queue is worked off", 600, poll_s=0.1)
        assert gateway.rss_mb - before < 40

        async def written() -> bool:
            return "queued" not in (states := await gateway.states()) and "submitting" not in states

        await eventually(written, "the last answers are written", poll_s=0.2)
        assert await gateway.stop() == 0
        assert smsc.record is not None
        destinations = [submit.destination for submit in smsc.record.read().submits]
    assert len(destinations) == MESSAGES
    assert set(destinations) == {str(971_500_000_000 + n) for n in range(MESSAGES)}
    assert await gateway.states() == {"submitted": MESSAGES, "expired": SHORT_LIVED}
    balance = await gateway.value("SELECT balance FROM account")
    assert balance == OPENING_BALANCE - RATE * (MESSAGES + SHORT_LIVED)
    assert await gateway.value("SELECT sum(amount) FROM ledger") == balance
