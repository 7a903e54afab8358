"""What an ESME meets at the door: receipts that wait for it, binds that share them, limits, and changes made
while it is bound.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio

from trunkline.model.identity import COMMAND_LINE
from trunkline.simulator.scenario import Scenario
from trunkline.simulator.smsc import SmscSimulator
from trunkline.smpp.asyncio.connection import BindRefused
from trunkline.smpp.constants import BindType, CommandStatus, MessageState, Tag

from .clients import Esme
from .harness import (
    ACCOUNT,
    CONNECTOR,
    OPENING_BALANCE,
    PASSWORD,
    PATIENCE_S,
    Gateway,
    attach,
    eventually,
    simulator,
)
from .loads import EsmeLoad

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = count(971_500_000_001)


def _number() -> str:
    return str(next(_numbers))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def smsc() -> AsyncIterator[SmscSimulator]:
    """An SMSC for all tests here."""
    async with simulator(Scenario(response_delay_ms=5, receipt_delay_ms=20)) as smsc:
        yield smsc


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(smsc: SmscSimulator, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """A gateway for all tests here; each makes its own ESME."""
    gateway = Gateway(tmp_path_factory.mktemp("gateway"))
    await gateway.prepare()
    await attach(gateway, smsc.port)
    await gateway.start()
    yield gateway
    try:
        assert await gateway.stop() == 0
    finally:
        gateway.close()
    gateway.check_log()


async def _create(gateway: Gateway, system_id: str, account: str = ACCOUNT, **fields: object) -> None:
    """Creates an ESME; returns when the gateway knows it."""
    async with gateway.administration() as admin:
        await admin.esmes.create(COMMAND_LINE, account, system_id, password=PASSWORD, **fields)  # type: ignore[arg-type]

    async def known() -> bool:
        probe = Esme()
        try:
            await probe.bind(gateway.smpp_port, system_id, bind_type=BindType.TX)
        except BindRefused as refused:
            return refused.status != CommandStatus.ESME_RINVPASWD
        await probe.leave()
        return True

    # Below the number of failures that lock a name out.
    await eventually(known, f"{system_id} can bind", poll_s=0.3)


async def _bind(gateway: Gateway, system_id: str) -> Esme:
    """Binds as soon as the gateway lets it: it may not have seen yet that others have left."""

    async def bound() -> Esme | None:
        try:
            return await Esme().bind(gateway.smpp_port, system_id)
        except BindRefused:
            return None

    esme: Esme = await eventually(bound, f"{system_id} may bind", poll_s=0.2)
    return esme


async def _refusal(gateway: Gateway, system_id: str, password: str = PASSWORD) -> CommandStatus:
    """How a bind is refused."""
    with pytest.raises(BindRefused) as refused:
        await Esme().bind(gateway.smpp_port, system_id, password)
    return CommandStatus(refused.value.status)


async def test_receipts_wait_for_a_bind_that_takes_them(gateway: Gateway) -> None:
    await _create(gateway, "patient")
    sender = await Esme().bind(gateway.smpp_port, "patient", bind_type=BindType.TX)
    ids = [await sender.accepted(_number()) for _ in range(20)]
    waiting = "SELECT count(*) FROM outbox WHERE lane = 'esme:patient'"

    async def all_wait() -> bool:
        return bool(await gateway.value(waiting) == 20)

    await eventually(all_wait, "20 receipts wait")
    await sender.leave()
    assert not sender.receipts

    receiver = await Esme().bind(gateway.smpp_port, "patient", bind_type=BindType.RX)
    receipts = await receiver.receipted(*ids)
    assert len(receipts) == len(receiver.receipts) == 20
    await gateway.settles(())
    await receiver.leave()

    # What was handed over does not come again.
    again = await Esme().bind(gateway.smpp_port, "patient")
    last = await again.accepted(_number())
    await again.receipted(last)
    assert [each.message_id for each in again.receipts] == [last]
    await again.leave()


async def test_a_receipt_says_what_customers_parsers_expect(gateway: Gateway) -> None:
    await _create(gateway, "parser")
    esme = await Esme().bind(gateway.smpp_port, "parser")
    number = _number()
    message_id = await esme.accepted(number, "Hello from the parser, at length")
    await esme.receipted(message_id)
    [pdu] = esme.delivered
    text = pdu.payload.decode("ascii")
    assert text.startswith(f"id:{message_id} sub:001 dlvrd:001 submit date:")
    assert text.endswith(" stat:DELIVRD err:000 text:Hello from the parse")
    assert (pdu.source_addr, pdu.destination_addr) == (number, "Acme")
    assert pdu.esm_class == 0x04
    assert pdu.tlv(Tag.RECEIPTED_MESSAGE_ID) == message_id.encode() + b"\0"
    assert pdu.tlv(Tag.MESSAGE_STATE) == bytes([MessageState.DELIVERED])
    await esme.leave()


async def test_receipts_that_were_not_acknowledged_come_again_on_the_next_bind(gateway: Gateway) -> None:
    await _create(gateway, "mute")
    mute = Esme()
    mute.answers = False
    await mute.bind(gateway.smpp_port, "mute")
    ids = [await mute.accepted(_number()) for _ in range(5)]
    await mute.receipted(*ids)
    await mute.leave()
    esme = await Esme().bind(gateway.smpp_port, "mute")
    assert len(await esme.receipted(*ids)) == 5
    await esme.leave()


async def test_several_binds_share_the_receipts(gateway: Gateway) -> None:
    await _create(gateway, "shared")
    binds = [
        await Esme().bind(gateway.smpp_port, "shared", bind_type=kind)
        for kind in (BindType.RX, BindType.TRX, BindType.TRX, BindType.TX)
    ]
    ids = await asyncio.gather(*(binds[1 + n % 3].accepted(_number()) for n in range(90)))
    takers = binds[:3]
    await eventually(lambda: sum(len(each.receipts) for each in takers) >= 90, "90 receipts")
    got = [receipt.message_id for each in takers for receipt in each.receipts]
    assert Counter(got) == Counter(ids)
    assert all(len(each.receipts) > 10 for each in takers)
    assert not binds[3].receipts
    for each in binds:
        await each.leave()


async def test_no_more_binds_than_allowed(gateway: Gateway) -> None:
    await _create(gateway, "limited", max_binds=2)
    first = await Esme().bind(gateway.smpp_port, "limited")
    second = await Esme().bind(gateway.smpp_port, "limited", bind_type=BindType.RX)
    assert await _refusal(gateway, "limited") is CommandStatus.ESME_RALYBND
    await second.leave()
    third = await _bind(gateway, "limited")
    await first.leave()
    await third.leave()


async def test_wrong_credentials_are_refused_and_guessing_is_slowed_down(gateway: Gateway) -> None:
    await _create(gateway, "guarded")
    assert await _refusal(gateway, "guarded", "wrong") is CommandStatus.ESME_RINVPASWD
    assert await _refusal(gateway, "nobody") is CommandStatus.ESME_RINVPASWD
    bound = await Esme().bind(gateway.smpp_port, "guarded")
    # All at once: they are judged before the first has failed, and together they lock for minutes.
    refusals = await asyncio.gather(*(_refusal(gateway, "guarded", f"guess{n}") for n in range(20)))
    assert CommandStatus.ESME_RINVPASWD in refusals
    # Not even the right one while the name is locked for this address; who is bound goes on.
    assert await _refusal(gateway, "guarded") is CommandStatus.ESME_RBINDFAIL
    await bound.receipted(await bound.accepted(_number()))
    await bound.leave()


async def test_only_allowed_addresses_may_bind(gateway: Gateway) -> None:
    await _create(gateway, "roaming", allowed_networks="127.0.0.2/32, 10.0.0.0/8")
    assert await _refusal(gateway, "roaming") is CommandStatus.ESME_RBINDFAIL
    esme = await Esme().bind(gateway.smpp_port, "roaming", source="127.0.0.2")
    await esme.receipted(await esme.accepted(_number()))
    await esme.leave()


async def test_too_fast_is_throttled_and_nothing_of_it_kept(gateway: Gateway) -> None:
    await _create(gateway, "hasty", throughput=10)
    esme = await Esme().bind(gateway.smpp_port, "hasty")
    answers = await asyncio.gather(*(esme.submit(_number()) for _ in range(90)))
    statuses = [CommandStatus(status) for status, _ in answers]
    accepted = [message_id for status, message_id in answers if status == 0]
    assert set(statuses) == {CommandStatus.ESME_ROK, CommandStatus.ESME_RTHROTTLED}
    await esme.receipted(*accepted)
    stored = await gateway.value("SELECT count(*) FROM message WHERE credential = 'hasty'")
    assert stored == len(accepted)
    await esme.leave()


async def test_a_disabled_account_is_unbound_and_stays_out(gateway: Gateway) -> None:
    async with gateway.administration() as admin:
        await admin.people.enterprise_users.create(COMMAND_LINE, "doomed", balance=OPENING_BALANCE)
    await _create(gateway, "leaving", "doomed")
    esme = await Esme().bind(gateway.smpp_port, "leaving", bind_type=BindType.TX)
    message_id = await esme.accepted(_number())
    revision = "UPDATE setting SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE key = 'revision'"
    await gateway.execute("UPDATE account SET enabled = FALSE WHERE name = 'doomed'", revision)
    async with asyncio.timeout(PATIENCE_S):
        await esme.unbound.wait()
        await esme.gone.wait()
    assert await _refusal(gateway, "leaving") is CommandStatus.ESME_RBINDFAIL
    await gateway.execute("UPDATE account SET enabled = TRUE WHERE name = 'doomed'", revision)
    again = await _bind(gateway, "leaving")
    await again.receipted(message_id)
    await again.leave()


async def test_a_connector_is_stopped_changed_and_started_while_messages_flow(
    gateway: Gateway, smsc: SmscSimulator
) -> None:
    """Stopped, given another window, sent to another SMSC and back: nothing is lost, nothing is doubled, no
    outcome is left unknown.
    """
    await _create(gateway, "steady")
    load = EsmeLoad(gateway, "steady", "97154", rate=200)

    async def flows(into: SmscSimulator, messages: int = 50) -> None:
        wanted = into.counters.taken + messages
        await eventually(lambda: into.counters.taken >= wanted, "messages flow")

    async def queues(messages: int = 50) -> None:
        queued = "SELECT count(*) FROM segment WHERE state = 'queued'"

        async def enough() -> bool:
            return bool(await gateway.value(queued) >= messages)

        await eventually(enough, "messages queue up")

    async def out() -> bool:
        return not (await gateway.states()).keys() & {"queued", "submitting"}

    async with simulator(Scenario(response_delay_ms=5, receipt_delay_ms=20)) as other:
        try:
            load.start()
            async with gateway.administration() as admin:
                await flows(smsc)
                await admin.connectors.set_enabled(COMMAND_LINE, CONNECTOR, False)
                await eventually(lambda: not smsc.links, "the connector has left")
                await queues()
                await admin.connectors.set_enabled(COMMAND_LINE, CONNECTOR, True)
                await flows(smsc)
                await admin.connectors.change(COMMAND_LINE, CONNECTOR, window=3, trx_binds=2)
                await eventually(lambda: len(smsc.links) == 2, "two binds")
                await flows(smsc)
                await admin.connectors.change(
                    COMMAND_LINE, CONNECTOR, port=other.port, trx_binds=1, tx_binds=1, rx_binds=1
                )
                await flows(other)
                assert not smsc.links
                await admin.connectors.change(
                    COMMAND_LINE, CONNECTOR, port=smsc.port, trx_binds=1, tx_binds=0, rx_binds=0
                )
                await flows(smsc)
                await load.finish()
                await eventually(out, "everything is out")
                await eventually(lambda: not smsc.counters.receipts_pending, "one SMSC has told all receipts")
                # The other has kept those that became due after the connector left.
                await admin.connectors.change(COMMAND_LINE, CONNECTOR, port=other.port)
                await eventually(lambda: not other.counters.receipts_pending, "the other has, too")
                await admin.connectors.change(COMMAND_LINE, CONNECTOR, port=smsc.port)
            await gateway.settles()
        finally:
            await load.close()
        assert smsc.record is not None
        assert other.record is not None
        ours = set(load.witness.acked.values())
        submits = [*smsc.record.read().submits, *other.record.read().submits]
        parts = [(each.destination, each.udh) for each in submits if each.destination in ours]
    assert len(parts) == len(set(parts))
    assert {destination for destination, _ in parts} == ours
    states = dict(
        await gateway.rows("SELECT state, count(*) FROM message WHERE credential = 'steady' GROUP BY state")
    )
    assert states == {"delivered": len(ours)}
    assert load.witness.receipts.keys() == load.witness.acked.keys()
    assert not load.witness.repeated
