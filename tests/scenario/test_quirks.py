"""Every known habit of real SMSCs: the simulated one has it, the connector knows about it, and a message goes
through with its receipt. One gateway has a connector for each.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from trunkline.model.identity import COMMAND_LINE
from trunkline.simulator.record import Submitted
from trunkline.simulator.smsc import SmscSimulator

from .clients import Esme
from .harness import ACCOUNT, OPENING_BALANCE, PASSWORD, RATE, Gateway, eventually, free_port, simulator
from .quirks import MESSAGES, QUIRKS, READY_MADE, Quirk, Seen

WITHIN_S = 60.0
OUTBIND = "binds: the SMSC asks for one"
"""Outbind: the one habit that needs to know the gateway's address."""

Results = dict[str, tuple[Quirk, Seen]]


class Stage:
    """A gateway, an SMSC with a connector for each quirk, and a sender."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        port = free_port()
        self.quirks = QUIRKS | READY_MADE | {OUTBIND: _outbind(port)}
        self.connectors = {name: f"quirk{number:03d}" for number, name in enumerate(self.quirks)}
        self.smscs: dict[str, SmscSimulator] = {}
        self.esme = Esme()

    def prefix(self, name: str) -> str:
        return f"97155{self.connectors[name][-3:]}"

    async def run(self) -> Results:
        """Everything from the first connector to the last look."""
        async with AsyncExitStack() as stack:
            for name, quirk in self.quirks.items():
                self.smscs[name] = await stack.enter_async_context(simulator(quirk.make_scenario()))
            await self._configure()
            await self.gateway.start()
            stack.push_async_callback(self.esme.leave)
            await self.esme.bind(self.gateway.smpp_port, "sender", window=len(self.quirks))
            await asyncio.gather(*map(self._submit, self.quirks))
            with suppress(AssertionError):  # which quirk it is shows in its own test
                await eventually(self._over, "all is over", WITHIN_S, poll_s=0.2)
            results = await self._look()
            assert await self.gateway.stop() == 0
        return results

    async def _configure(self) -> None:
        async with self.gateway.administration() as admin:
            await admin.people.enterprise_users.create(COMMAND_LINE, ACCOUNT, balance=OPENING_BALANCE)
            await admin.esmes.create(COMMAND_LINE, ACCOUNT, "sender", password=PASSWORD)
            for name, quirk in self.quirks.items():
                fields = {"reconnect_min_s": 0.1, "reconnect_max_s": 0.3, "response_timeout_s": 10.0}
                await admin.connectors.create(
                    COMMAND_LINE,
                    connector_id=self.connectors[name],
                    host="127.0.0.1",
                    port=self.smscs[name].port,
                    system_id="gw",
                    password="pw",
                    presets=quirk.presets,
                    profile_words=quirk.profile,
                    **fields | quirk.connector,
                )
                await admin.routes.create(
                    COMMAND_LINE, name, (self.connectors[name],), prefix=self.prefix(name), rate=RATE
                )

    async def _submit(self, name: str) -> None:
        quirk = self.quirks[name]
        for number in range(MESSAGES):
            await self.esme.accepted(f"{self.prefix(name)}{number:04d}", quirk.text, **quirk.submit)

    async def _over(self) -> bool:
        states: dict[str, set[str]] = {}
        for connector, state in await self.gateway.rows("SELECT DISTINCT connector_id, state FROM message"):
            states.setdefault(connector, set()).add(state)
        receipts = not await self.gateway.value("SELECT count(*) FROM outbox")
        return receipts and all(
            states.get(self.connectors[name], {"none"}) <= quirk.states
            and quirk.until(self.smscs[name])
            and not self.smscs[name].counters.receipts_pending
            for name, quirk in self.quirks.items()
        )

    async def _look(self) -> Results:
        columns = "message.state, error, receipt_stat, receipt_err, receipt_text, smsc_message_id"
        rows: dict[str, list[dict[str, Any]]] = {}
        for connector, *values in await self.gateway.rows(
            f"SELECT message.connector_id, {columns} FROM message JOIN segment ON message_id = message.id"
        ):
            row = dict(zip(columns.replace("message.state", "state").split(", "), values, strict=True))
            rows.setdefault(connector, []).append(row)
        events: dict[str, Counter[str]] = {}
        for connector, kind in await self.gateway.rows(
            "SELECT connector_id, kind FROM message_event JOIN message ON message_id = message.id"
        ):
            events.setdefault(connector, Counter())[kind] += 1
        orphans = dict(
            await self.gateway.rows("SELECT connector_id, count(*) FROM orphan_receipt GROUP BY connector_id")
        )
        async with self.gateway.administration() as admin:
            binds = {
                row.config.connector_id: row.status.binds
                for row in await admin.connectors.list(COMMAND_LINE)
                if row.status
            }
        lines = self.gateway.log().splitlines()
        results = {}
        for name, quirk in self.quirks.items():
            connector, smsc = self.connectors[name], self.smscs[name]
            prefix = self.prefix(name)
            assert smsc.record is not None
            results[name] = (
                quirk,
                Seen(
                    rows.get(connector, []),
                    [event for event in smsc.record.read().events if isinstance(event, Submitted)],
                    smsc,
                    Counter(
                        receipt.stat
                        for pdu, receipt in zip(self.esme.delivered, self.esme.receipts, strict=True)
                        if pdu.source_addr.startswith(prefix)
                    ),
                    events.get(connector, Counter()),
                    orphans.get(connector, 0),
                    "\n".join(line for line in lines if connector in line),
                    [bind.detail for bind in binds.get(connector, ())],
                ),
            )
        return results


def _outbind(port: int) -> Quirk:
    words = [
        f"outbind_port={port}",
        "outbind_host=127.0.0.1",
        "outbind_system_id=simulator",
        "outbind_password=knock",
    ]
    return Quirk(
        {"outbind": f"127.0.0.1:{port}", "outbind_password": "knock"},
        frozenset({"delivered"}),
        {"trx_binds": 0, "tx_binds": 1},
        words,
        check=lambda seen: seen.smsc.counters.binds == 2,
    )


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    """All quirks at once: one gateway serves them all."""
    gateway = Gateway(Path(tmp_path_factory.mktemp("quirks")))

    async def play() -> Results:
        await gateway.prepare()
        return await Stage(gateway).run()

    try:
        yield asyncio.run(play())
    finally:
        gateway.close()
    gateway.check_log()


@pytest.mark.timeout(240)  # the first one plays them all
@pytest.mark.parametrize("name", [*QUIRKS, *READY_MADE, OUTBIND])
def test_a_message_goes_through_all_the_same(results: Results, name: str) -> None:
    quirk, seen = results[name]
    assert seen.column("state") <= quirk.states, (seen.rows, seen.details, seen.log)
    assert len({row["error"] for row in seen.rows}) == 1 or "unknown" in quirk.states, seen.rows
    assert quirk.until(seen.smsc), vars(seen)
    assert quirk.check(seen), (
        seen,
        {each: getattr(seen.smsc.counters, each) for each in seen.smsc.counters.__slots__},
    )


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", [*QUIRKS, *READY_MADE, OUTBIND])
def test_nothing_is_sent_twice_and_the_sender_is_told_the_truth(results: Results, name: str) -> None:
    quirk, seen = results[name]
    taken = Counter((submit.destination, submit.udh, submit.sar) for submit in seen.submits)
    assert set(taken.values()) <= {1}
    finals = Counter(row["state"] for row in seen.rows)
    if not quirk.submit.get("registered_delivery", 1) or len(seen.rows) != MESSAGES:
        return  # no receipts were asked for, or messages of several segments
    words = {"delivered": "DELIVRD", "undelivered": "UNDELIV", "rejected": "REJECTD"}
    assert seen.told == {word: finals[state] for state, word in words.items() if finals[state]}
