"""SIGKILL at any moment loses nothing, doubles nothing and charges nothing twice."""

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from trunkline.model.identity import COMMAND_LINE
from trunkline.simulator.scenario import Scenario

from .clients import CallbackServer, Esme, Witness
from .conftest import MakeGateway
from .harness import ACCOUNT, OPENING_BALANCE, PASSWORD, attach, eventually, simulator
from .loads import EsmeLoad, HttpLoad
from .proof import Books, prove

KILLS = int(os.environ.get("TRUNKLINE_TEST_KILLS", "20"))
SEED = int(os.environ.get("TRUNKLINE_TEST_KILL_SEED", "1"))
WEATHER = Scenario(
    seed=SEED,
    response_delay_ms=10,
    response_jitter_ms=30,
    receipt_delay_ms=20,
    receipt_jitter_ms=200,
    failed_share=0.05,
    receipt_retry_ms=200,
)


@pytest.mark.timeout(1200)
async def test_sigkill_under_load_loses_nothing(
    make_gateway: MakeGateway, database_url: str | None, tmp_path: Path
) -> None:
    """Three customers send while the gateway is killed again and again: an ESME whose account waits for
    receipts where an outcome is unknown, an ESME whose account has such messages sent again, and an HTTP
    customer with callbacks. In the end all books agree.
    """
    gateway = make_gateway(database_url)
    await gateway.prepare()
    kills = KILLS if gateway.is_sqlite else max(1, KILLS // 4)
    rng = random.Random(SEED)
    witness = Witness(gateway)
    async with (
        simulator(WEATHER, record=tmp_path / "record.jsonl") as smsc,
        CallbackServer(witness, failing_share=0.005) as callbacks,
    ):
        await attach(gateway, smsc.port, window=30)
        async with gateway.administration() as admin:
            await admin.people.enterprise_users.create(
                COMMAND_LINE, "again", balance=OPENING_BALANCE, unknown_outcome="resend"
            )
            await admin.esmes.create(COMMAND_LINE, ACCOUNT, "waits", password=PASSWORD)
            await admin.esmes.create(COMMAND_LINE, "again", "resends", password=PASSWORD)
            api = await admin.http_accounts.create(
                COMMAND_LINE, ACCOUNT, "web", throughput=0, dlr_url=callbacks.url
            )
        loads = (
            EsmeLoad(gateway, "waits", "97150", rate=350, seed=SEED),
            EsmeLoad(gateway, "resends", "97152", rate=350, seed=SEED + 1),
            HttpLoad(gateway, api.api_key, "97155", rate=150, seed=SEED + 2),
        )
        loads[2].witness.receipts = witness.receipts
        try:
            for load in loads:
                load.start()
            for _ in range(kills):
                await gateway.start()
                # The moment is what is tested: it is told in messages, not in seconds of some machine.
                wanted = sum(len(load.witness.acked) for load in loads) + rng.randrange(1, 300)
                await eventually(
                    lambda wanted=wanted: sum(len(load.witness.acked) for load in loads) >= wanted,
                    f"{wanted} messages are accepted",
                    poll_s=rng.uniform(0.001, 0.05),
                )
                await gateway.kill()
            await gateway.start()
            for load in loads:
                await load.finish()
            await gateway.settles()
            await eventually(lambda: not smsc.counters.receipts_pending, "the SMSC has told all receipts")
            assert await gateway.stop() == 0
        finally:
            for load in loads:
                await load.close()
        assert smsc.record is not None
        books = await prove(gateway, smsc.record.read(), [load.witness for load in loads])

    # The test has tested something: kills hit submits under way and answers that were never read.
    states = Counter(message.state for message in books.messages.values())
    assert states["delivered"] > 20 * kills
    assert states["undelivered"] > 0
    assert await gateway.value("SELECT count(*) FROM message_event WHERE kind = 'recovered'") > 0
    assert loads[0].witness.unanswered + loads[1].witness.unanswered + loads[2].repeated > 0


async def test_receipts_from_before_a_kill_prove_what_it_left_unknown(
    make_gateway: MakeGateway, database_url: str | None
) -> None:
    """The SMSC sends receipts first and answers much later; the gateway is killed between the two. What it
    submitted is delivered after its next start, and nothing is submitted again.
    """
    gateway = make_gateway(database_url)
    await gateway.prepare()
    async with simulator(Scenario(receipts="early", response_delay_ms=600_000)) as smsc:
        await attach(gateway, smsc.port, window=20)
        async with gateway.administration() as admin:
            await admin.esmes.create(COMMAND_LINE, ACCOUNT, "waits", password=PASSWORD)
        await gateway.start()
        esme = await Esme().bind(gateway.smpp_port, "waits")
        ids = [await esme.accepted(f"97150{n:07d}", "x" * (400 if n % 3 == 0 else 40)) for n in range(9)]
        segments = 3 * 3 + 6
        orphans = "SELECT count(*) FROM orphan_receipt"

        async def kept() -> bool:
            return bool(await gateway.value(orphans) == segments)

        await eventually(kept, "all receipts are kept")
        await gateway.kill()
        await esme.leave()
        await gateway.start()
        again = await Esme().bind(gateway.smpp_port, "waits")
        assert {each.stat for each in await again.receipted(*ids)} == {"DELIVRD"}
        await gateway.settles()
        await again.leave()
        assert await gateway.stop() == 0
        assert await gateway.states() == {"delivered": segments}
        assert await gateway.value(orphans) == 0
        assert smsc.counters.taken == segments


@pytest.mark.parametrize(
    "weather",
    [
        Scenario(seed=SEED, response_delay_ms=30, receipt_delay_ms=100, drop_link_every=67),
        Scenario(seed=SEED, receipt_delay_ms=100, no_answer_share=0.05),
    ],
    ids=["the link is cut", "no answer comes"],
)
async def test_submits_without_an_answer_are_unknown_until_a_receipt_proves_them(
    make_gateway: MakeGateway, weather: Scenario
) -> None:
    """Submits lose their answers: a window at once with its link, or one by one, whose receipts come before
    their time is up. The outcome is unknown, nothing is sent again, and the receipts are matched by the
    addresses: what the SMSC took is delivered, the rest stays visibly unknown.
    """
    gateway = make_gateway()
    await gateway.prepare()
    async with simulator(weather) as smsc:
        await attach(gateway, smsc.port, window=20, response_timeout_s=1.0)
        async with gateway.administration() as admin:
            await admin.esmes.create(COMMAND_LINE, ACCOUNT, "waits", password=PASSWORD)
            api = await admin.http_accounts.create(COMMAND_LINE, ACCOUNT, "web", throughput=0)
        await gateway.start()
        load = EsmeLoad(gateway, "waits", "97150", rate=300, seed=SEED)

        async def proved() -> bool:
            recovered = "SELECT count(*) FROM message_event WHERE detail LIKE '%a receipt proves%'"
            return bool(await gateway.value(recovered) > 10)

        try:
            load.start()
            await eventually(lambda: len(load.witness.acked) > 700, "700 messages are accepted")
            await eventually(proved, "receipts have proved 10 messages")
            await load.finish()
            await gateway.settles()
            await eventually(lambda: not smsc.counters.receipts_pending, "the SMSC has told all receipts")
            assert smsc.record is not None
            record = smsc.record.read()
            taken = Counter(submit.destination for submit in record.submits)
            books = await Books.read(gateway)
            unknown = [message for message in books.messages.values() if message.state == "unknown"]
            assert not [message for message in unknown if taken[message.destination] == message.parts]
            for message in unknown[:5]:
                shown = await gateway.message(api.api_key, message.id)
                assert shown["state"] == "unknown"
                events = [each["detail"] for each in shown["history"] if each["event"] == "unknown"]
                assert events
                assert all(detail.startswith("no answer to submit_sm") for detail in events)
        finally:
            await load.close()
        assert await gateway.stop() == 0
        await prove(gateway, record, [load.witness])
    assert bool(unknown) is bool(weather.drop_link_every)  # only a link that is cut loses submits
