"""ESMEs that have receipts waiting are asked to bind."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from trunkline.model.ports import StorageUnavailable
from trunkline.servers.smpp import outbind as module
from trunkline.servers.smpp.outbind import FIRST_PAUSE_S, OutbindCaller
from trunkline.smpp.asyncio import SmppConnection
from trunkline.smpp.asyncio.outbind import OutbindListener
from trunkline.smpp.constants import BindType
from trunkline.smpp.pdus import DeliverSm, Outbind
from trunkline.smpp.timers import TimerSettings

from .conftest import PATIENCE_S, Client, Front, MakeFront, esme_of, snapshot_of

LANE = "esme:shop"


class Asked(Client):
    """A client that an outbind is no message to."""

    def on_outbind(self, pdu: Outbind) -> None:
        pass


class Waiting:
    """An ESME that waits for outbinds, and the caller that looks for it."""

    def __init__(self, front: Front, listener: OutbindListener) -> None:
        self.front = front
        self.listener = listener
        self.lanes: dict[str, int] | Exception = {LANE: 3}
        self.caller = OutbindCaller(
            front.door, self._outbox_lanes, password="ours", timers=TimerSettings(), window_size=10
        )
        self.looks = 0

    async def _outbox_lanes(self) -> dict[str, int]:
        self.looks += 1
        if isinstance(self.lanes, Exception):
            raise self.lanes
        return self.lanes

    async def called(self) -> tuple[Outbind, SmppConnection]:
        """The next outbind."""
        async with asyncio.timeout(PATIENCE_S):
            return await anext(aiter(self.listener))

    def later(self, seconds: float) -> None:
        """As if so many seconds had passed."""
        for attempts in self.caller._attempts.values():
            attempts.next_at -= seconds


@pytest.fixture
async def waiting(make_front: MakeFront) -> AsyncIterator[Waiting]:
    made: list[Client] = []

    def client(connection: SmppConnection) -> Client:
        made.append(Asked())
        made[-1].connection = connection
        return made[-1]

    async with OutbindListener("127.0.0.1", 0, client) as listener:
        front = await make_front(esme_of(outbind=f"127.0.0.1:{listener.port}"))
        waiting = Waiting(front, listener)
        yield waiting
        for each in made:
            each.connection.abort()
        await waiting.caller.close()


async def test_it_binds_and_gets_its_receipts(waiting: Waiting) -> None:
    front = waiting.front
    await waiting.caller.look()
    asked, connection = await waiting.called()
    assert (asked.system_id, asked.password) == ("trunkline", "ours")
    await connection.bind(BindType.RX, "shop", "secret")
    await front.until(lambda: front.door.room(LANE))
    assert front.notifier.woken == [LANE]
    outcome = front.deliver()
    client = connection.handler
    assert isinstance(client, Client)
    assert isinstance(await client.received(), DeliverSm)
    assert (await outcome.result()).ok
    waiting.later(10 * FIRST_PAUSE_S)
    await waiting.caller.look()
    assert waiting.caller.called == 1, "it is there"


async def test_a_bind_is_checked_as_any_other(waiting: Waiting) -> None:
    await waiting.caller.look()
    _, connection = await waiting.called()
    with pytest.raises(Exception, match="ESME_RINVPASWD"):
        await connection.bind(BindType.RX, "shop", "wrong")
    assert not waiting.front.door.receives("shop")


@pytest.mark.parametrize("lanes", [{}, {LANE: 0}, {"esme:other": 5}])
async def test_who_has_nothing_waiting_is_left_alone(waiting: Waiting, lanes: dict[str, int]) -> None:
    waiting.lanes = lanes
    await waiting.caller.look()
    assert waiting.caller.called == 0


async def test_who_cannot_be_called_is_not(waiting: Waiting) -> None:
    snapshots = waiting.front.snapshots
    disabled = replace(esme_of().sender, enabled=False)
    for esme in (esme_of(), esme_of(outbind="127.0.0.1:1", sender=disabled)):
        snapshots.publish(snapshot_of(esme))
        await waiting.caller.look()
    assert (waiting.caller.called, waiting.looks) == (0, 0), "nor is the outbox looked at"


async def test_a_transmitter_is_not_there_for_receipts(waiting: Waiting) -> None:
    await waiting.front.bound(kind=BindType.TX)
    await waiting.caller.look()
    assert waiting.caller.called == 1


async def test_attempts_become_rarer_until_one_leads_to_a_bind(waiting: Waiting) -> None:
    for attempt in range(1, 4):
        await waiting.caller.look()
        assert waiting.caller.called == attempt
        waiting.later(FIRST_PAUSE_S * 2 ** (attempt - 1) - 5)
        await waiting.caller.look()
        assert waiting.caller.called == attempt, "not yet"
        waiting.later(5)
    client = await waiting.front.bound()
    await waiting.caller.look()
    client.connection.abort()
    await waiting.front.until(lambda: not waiting.front.door.receives("shop"))
    await waiting.caller.look()
    assert waiting.caller.called == 4


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere.invalid:2776", "[::1]:1", ".x.:2776"])
async def test_an_address_where_nobody_is(
    waiting: Waiting, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[dict[str, Any]] = []
    monkeypatch.setattr(module.log, "warning", lambda _text, **fields: said.append(fields))
    waiting.front.snapshots.publish(snapshot_of(esme_of(outbind=address)))
    await waiting.caller.look()
    assert waiting.caller.failed == 1
    assert (said[0]["action"], said[0]["address"]) == ("esme.outbind_failed", address)
    assert said[0]["reason"]


async def test_a_fault_of_the_store_is_survived(waiting: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0)
    waiting.lanes = StorageUnavailable("gone")
    running = asyncio.ensure_future(waiting.caller.run())
    await waiting.front.until(lambda: waiting.looks > 1)
    waiting.lanes = {LANE: 1}
    await waiting.called()
    running.cancel()


async def test_at_the_end_these_sessions_are_unbound_too(waiting: Waiting) -> None:
    await waiting.caller.look()
    _, connection = await waiting.called()
    await connection.bind(BindType.TRX, "shop", "secret")
    await waiting.caller.close()
    async with asyncio.timeout(PATIENCE_S):
        await connection.wait_closed()
    assert not waiting.front.door.sessions
