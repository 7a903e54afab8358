"""What handsets send, through the whole gateway: joined, and stored once whatever happens."""

import os
import random
from collections import Counter

import pytest

from trunkline.simulator.scenario import Scenario

from .conftest import MakeGateway
from .harness import attach, eventually, simulator

KILLS = int(os.environ.get("TRUNKLINE_TEST_KILLS", "20"))
SEED = int(os.environ.get("TRUNKLINE_TEST_KILL_SEED", "1"))
PER_KILL = 60  # parts that are acknowledged between two kills, at the most
LONG = " of many words, so that it takes three parts." * 9


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("rest", "parts", "fields"),
    [
        ("", 1, {}),
        (LONG, 3, {"mo_long": "udh16", "mo_parts_reversed": True}),
        (LONG, 3, {"mo_long": "sar", "mo_pdu": "data_sm"}),
    ],
    ids=["short", "headers", "tlvs"],
)
async def test_sigkill_under_inbound_load(
    make_gateway: MakeGateway, database_url: str | None, rest: str, parts: int, fields: dict
) -> None:
    """Every message is there once, however often the gateway is killed while they come: those that it had
    acknowledged, and those that the SMSC had to send again.
    """
    gateway = make_gateway(database_url)
    await gateway.prepare()
    kills = max(2, KILLS // (5 if gateway.is_sqlite else 10))
    rng = random.Random(SEED)
    scenario = Scenario(
        mo_rate=500, mo_count=kills * PER_KILL, mo_text="Vote {number}" + rest, seed=SEED, **fields
    )
    total = scenario.mo_count * parts
    async with simulator(scenario) as smsc:
        await attach(gateway, smsc.port)
        counters = smsc.counters
        for _ in range(kills):
            await gateway.start()
            wanted = min(counters.mo_acked + rng.randrange(1, PER_KILL * parts), total)
            await eventually(
                lambda wanted=wanted: counters.mo_acked >= wanted, "parts are acknowledged", poll_s=0.001
            )
            await gateway.kill()
        await gateway.start()
        await eventually(lambda: counters.mo_acked == total, "all parts are acknowledged")
        assert await gateway.stop() == 0
        assert (counters.mo_due, counters.mo_refused) == (total, 0)

    stored = Counter(row[0] for row in await gateway.rows("SELECT text FROM inbound"))
    assert stored == Counter(f"Vote {number}{rest}" for number in range(1, scenario.mo_count + 1))
    assert await gateway.value("SELECT COUNT(*) FROM inbound_part") == 0


async def test_what_a_reply_says_is_stored(make_gateway: MakeGateway, database_url: str | None) -> None:
    """In UCS-2, cut inside a surrogate pair, from the number that a message went to."""
    text = "😀" * 100
    gateway = make_gateway(database_url)
    await gateway.prepare()
    async with simulator(Scenario(mo_rate=50, mo_count=1, mo_text=text, mo_split_pairs=True)) as smsc:
        await attach(gateway, smsc.port)
        await gateway.start()
        await eventually(lambda: smsc.counters.mo_acked, "the message is acknowledged")
        await eventually(lambda: smsc.counters.mo_acked == smsc.counters.mo_due, "all its parts are")
        assert await gateway.stop() == 0
    rows = await gateway.rows(
        "SELECT source_addr, dest_addr, text, encoding, parts, missing, raw, connector_id FROM inbound"
    )
    assert rows == [("491700000001", "12345", text, "ucs2", smsc.counters.mo_due, "", None, "smsc")]


async def test_parts_that_do_not_come_are_told(make_gateway: MakeGateway) -> None:
    gateway = make_gateway(None, mo_join_timeout_s=0.5)
    await gateway.prepare()
    scenario = Scenario(mo_rate=50, mo_count=1, mo_text=LONG, mo_last_part_missing=True)
    async with simulator(scenario) as smsc:
        await attach(gateway, smsc.port)
        await gateway.start()

        async def given_up() -> bool:
            return bool(await gateway.value("SELECT COUNT(*) FROM inbound"))

        await eventually(given_up, "what there is of it is stored")
        assert await gateway.stop() == 0
    [(text, parts, missing)] = await gateway.rows("SELECT text, parts, missing FROM inbound")
    assert (parts, missing) == (3, "3")
    assert text.endswith("[3/3]")
    assert LONG.startswith(text.removesuffix("[3/3]"))
