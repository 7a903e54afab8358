"""query_sm, cancel_sm, replace_sm and submit_multi through the whole gateway: its queue, and the SMSC."""

import asyncio
import random
from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio

from trunkline.model.identity import COMMAND_LINE
from trunkline.model.profile import Profile
from trunkline.simulator.record import Operation, Submitted
from trunkline.simulator.scenario import Scenario
from trunkline.simulator.smsc import SmscSimulator
from trunkline.smpp.constants import BindType, CommandStatus, MessageState, Version
from trunkline.smpp.errors import InvalidStateError
from trunkline.smpp.fields import SmeAddress
from trunkline.smpp.pdus import CancelSm, Pdu, QuerySm, QuerySmResp, ReplaceSm, SubmitMulti, SubmitMultiResp

from .clients import SOURCE, Esme
from .conftest import MakeGateway
from .harness import (
    ACCOUNT,
    OPENING_BALANCE,
    PASSWORD,
    RATE,
    Gateway,
    attach,
    eventually,
    http,
    simulator,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

LATER = "000000020000000R"  # in two hours
_numbers = count(971_520_000_001)


def _number() -> str:
    return str(next(_numbers))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def smsc() -> AsyncIterator[SmscSimulator]:
    """An SMSC that takes messages at once and delivers them in an hour."""
    scenario = Scenario(
        receipt_delay_ms=3_600_000, supports=("data_sm", "query_sm", "cancel_sm", "replace_sm")
    )
    async with simulator(scenario) as smsc:
        yield smsc


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(smsc: SmscSimulator, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """A gateway for all tests here, with ESMEs of two accounts."""
    gateway = Gateway(tmp_path_factory.mktemp("gateway"))
    await gateway.prepare()
    await attach(gateway, smsc.port)
    async with gateway.administration() as admin:
        await admin.esmes.create(COMMAND_LINE, ACCOUNT, "one", password=PASSWORD)
        await admin.esmes.create(COMMAND_LINE, ACCOUNT, "same", password=PASSWORD)
        await admin.people.enterprise_users.create(COMMAND_LINE, "other", balance=OPENING_BALANCE)
        await admin.esmes.create(COMMAND_LINE, "other", "two", password=PASSWORD)
    await gateway.start()
    yield gateway
    try:
        assert await gateway.stop() == 0
    finally:
        gateway.close()
    gateway.check_log()


@pytest_asyncio.fixture(loop_scope="module")
async def esme(gateway: Gateway) -> AsyncIterator[Esme]:
    esme = await Esme().bind(gateway.smpp_port, "one")
    yield esme
    await esme.leave()


def _seen(smsc: SmscSimulator, destination: str) -> list[Submitted]:
    assert smsc.record is not None
    return [
        each for each in smsc.record.events if isinstance(each, Submitted) and each.destination == destination
    ]


def _asked(smsc: SmscSimulator, command: str) -> list[Operation]:
    assert smsc.record is not None
    return [each for each in smsc.record.events if isinstance(each, Operation) and each.command == command]


async def _state(esme: Esme, message_id: str) -> MessageState:
    answer = await esme.ask(QuerySm(message_id=message_id))
    assert isinstance(answer, QuerySmResp)
    assert answer.command_status == 0
    return MessageState(answer.message_state)


async def _balance(gateway: Gateway, account: str = ACCOUNT) -> int:
    return int(await gateway.value(f"SELECT balance FROM account WHERE name = '{account}'"))


async def _sent(gateway: Gateway, smsc: SmscSimulator, esme: Esme) -> tuple[str, str]:
    """A message that the SMSC has: its id and its destination."""
    number = _number()
    message_id = await esme.accepted(number)
    state = f"SELECT state FROM segment WHERE message_id = '{message_id}'"

    async def submitted() -> bool:
        return bool(await gateway.value(state) == "submitted")

    await eventually(submitted, "it is submitted")
    return message_id, number


# --- in the queue ---


async def test_a_message_that_waits_is_cancelled_paid_back_and_receipted(
    gateway: Gateway, smsc: SmscSimulator, esme: Esme
) -> None:
    before = await _balance(gateway)
    number = _number()
    message_id = await esme.accepted(number, "x" * 400, schedule_delivery_time=LATER)
    assert await _state(esme, message_id) is MessageState.ENROUTE
    assert await _balance(gateway) == before - 3 * RATE
    cancel = CancelSm(message_id=message_id, source_addr=SOURCE, destination_addr=number)
    assert (await esme.ask(cancel)).command_status == 0
    assert await _balance(gateway) == before
    assert await _state(esme, message_id) is MessageState.DELETED
    [receipt] = await esme.receipted(message_id)
    assert receipt.stat == "DELETED"
    cancel = CancelSm(message_id=message_id)
    assert (await esme.ask(cancel)).command_status == CommandStatus.ESME_RCANCELFAIL
    assert _seen(smsc, number) == []


async def test_all_that_waits_between_two_addresses_is_cancelled(gateway: Gateway, esme: Esme) -> None:
    number = _number()
    ids = [await esme.accepted(number, schedule_delivery_time=LATER) for _ in range(3)]
    same = await Esme().bind(gateway.smpp_port, "same")
    others = await same.accepted(number, schedule_delivery_time=LATER)
    pdu = CancelSm(source_addr=SOURCE, destination_addr=number)
    assert (await esme.ask(pdu)).command_status == 0
    assert [await _state(esme, each) for each in ids] == [MessageState.DELETED] * 3
    assert await _state(same, others) is MessageState.ENROUTE
    assert (await esme.ask(pdu)).command_status == CommandStatus.ESME_RCANCELFAIL
    await same.leave()


async def test_a_message_that_waits_is_replaced(gateway: Gateway, smsc: SmscSimulator, esme: Esme) -> None:
    number = _number()
    message_id = await esme.accepted(number, "before", schedule_delivery_time=LATER)
    too_long = ReplaceSm(message_id=message_id, registered_delivery=1, short_message=b"x" * 161)
    assert (await esme.ask(too_long)).command_status == CommandStatus.ESME_RREPLACEFAIL
    pdu = ReplaceSm(
        message_id=message_id,
        source_addr=SOURCE,
        schedule_delivery_time="000000000000000R",
        registered_delivery=1,
        short_message=b"after \x1be",
    )
    assert (await esme.ask(pdu)).command_status == 0
    await eventually(lambda: _seen(smsc, number), "it is submitted")
    assert [each.text for each in _seen(smsc, number)] == ["after €"]


async def test_another_sender_s_message_is_none(gateway: Gateway, esme: Esme) -> None:
    message_id = await esme.accepted(_number(), schedule_delivery_time=LATER)
    for name in ("same", "two"):
        stranger = await Esme().bind(gateway.smpp_port, name)
        for asked in (message_id, "0199a2f4-5a10-7000-8a3c-2f60c1b4d9e7"):
            for pdu, status in (
                (QuerySm(message_id=asked), CommandStatus.ESME_RQUERYFAIL),
                (CancelSm(message_id=asked), CommandStatus.ESME_RCANCELFAIL),
                (ReplaceSm(message_id=asked, short_message=b"x"), CommandStatus.ESME_RREPLACEFAIL),
            ):
                assert (await stranger.ask(pdu)).command_status == status
        await stranger.leave()
    assert await _state(esme, message_id) is MessageState.ENROUTE


async def test_a_message_is_cancelled_over_http(gateway: Gateway) -> None:
    async with gateway.administration() as admin:
        api = await admin.http_accounts.create(COMMAND_LINE, ACCOUNT, "web", throughput=1, over_rate="queue")
    headers = {"X-API-Key": api.api_key}

    async def ask(method: str, path: str) -> tuple[int, dict[str, object]]:
        answer = await http(gateway.http_port, method, path, headers=headers)
        return answer.status, answer.json()

    async def known() -> bool:
        return (await ask("GET", "/api/v1/messages/x"))[0] == 404

    await eventually(known, "the user is known")
    for _ in range(3):  # above the rate of one in a second they wait
        _, answer = await ask("GET", f"/api/v1/http-send?to={_number()}&content=Hello")
    assert answer["queued"]
    status, shown = await ask("POST", f"/api/v1/messages/{answer['message_id']}/cancel")
    assert (status, shown["state"], shown["message_id"]) == (200, "deleted", answer["message_id"])
    assert (await ask("POST", f"/api/v1/messages/{answer['message_id']}/cancel"))[0] == 409


# --- at the SMSC ---


async def test_what_the_smsc_has_is_cancelled_there(
    gateway: Gateway, smsc: SmscSimulator, esme: Esme
) -> None:
    message_id, number = await _sent(gateway, smsc, esme)
    before = await _balance(gateway)
    assert (await esme.ask(CancelSm(message_id=message_id, source_addr=SOURCE))).command_status == 0
    assert _asked(smsc, "cancel_sm")[-1].message_id == _seen(smsc, number)[0].message_id
    assert [each.stat for each in await esme.receipted(message_id)] == ["DELETED"]
    assert await _balance(gateway) == before, "it was submitted: it stays paid"


async def test_what_the_smsc_has_is_replaced_there(gateway: Gateway, smsc: SmscSimulator, esme: Esme) -> None:
    message_id, number = await _sent(gateway, smsc, esme)
    assert (await esme.ask(ReplaceSm(message_id=message_id, short_message=b"other"))).command_status == 0
    replaced = _asked(smsc, "replace_sm")[-1]
    assert (replaced.message_id, replaced.text) == (_seen(smsc, number)[0].message_id, "other")
    assert await gateway.value(f"SELECT text FROM message WHERE id = '{message_id}'") == "other"


async def test_an_smsc_that_cannot(make_gateway: MakeGateway) -> None:
    gateway = make_gateway()
    await gateway.prepare()
    async with simulator(Scenario(receipt_delay_ms=3_600_000, supports=())) as smsc:
        await attach(gateway, smsc.port, profile=Profile(forward_query=True))
        async with gateway.administration() as admin:
            await admin.esmes.create(COMMAND_LINE, ACCOUNT, "one", password=PASSWORD)
        await gateway.start()
        esme = await Esme().bind(gateway.smpp_port, "one")
        message_id, _ = await _sent(gateway, smsc, esme)
        assert await _state(esme, message_id) is MessageState.ENROUTE, "our own word for it"
        for pdu, status in (
            (CancelSm(message_id=message_id), CommandStatus.ESME_RCANCELFAIL),
            (ReplaceSm(message_id=message_id, short_message=b"x"), CommandStatus.ESME_RREPLACEFAIL),
        ):
            assert (await esme.ask(pdu)).command_status == status
        assert await _state(esme, message_id) is MessageState.ENROUTE
        await esme.leave()
        assert await gateway.stop() == 0


# --- submit_multi, and SMPP 3.3 ---


async def test_submit_multi(gateway: Gateway, smsc: SmscSimulator, esme: Esme) -> None:
    numbers = [_number() for _ in range(3)]
    pdu = SubmitMulti(
        source_addr_ton=5,
        source_addr=SOURCE,
        dest_address=tuple(SmeAddress(1, 1, each) for each in [*numbers, "no number"]),
        schedule_delivery_time=LATER,
        registered_delivery=1,
        short_message=b"Hello all",
    )
    answer = await esme.ask(pdu)
    assert isinstance(answer, SubmitMultiResp)
    assert answer.command_status == 0
    assert [each.destination_addr for each in answer.unsuccess_sme] == ["no number"]
    assert await _state(esme, answer.message_id) is MessageState.ENROUTE
    one = CancelSm(message_id=answer.message_id, destination_addr=numbers[0])
    assert (await esme.ask(one)).command_status == 0
    assert (await esme.ask(CancelSm(message_id=answer.message_id))).command_status == 0
    await eventually(lambda: len(esme.receipts) == 3, "each destination has its receipt")
    assert {each.message_id for each in esme.receipts} == {answer.message_id}
    assert sorted(each.source_addr for each in esme.delivered) == numbers
    assert await _state(esme, answer.message_id) is MessageState.DELETED


async def test_short_ids_outlive_the_process(make_gateway: MakeGateway) -> None:
    gateway = make_gateway()
    await gateway.prepare()
    async with simulator(Scenario(receipt_delay_ms=20)) as smsc:
        await attach(gateway, smsc.port)
        async with gateway.administration() as admin:
            await admin.esmes.create(COMMAND_LINE, ACCOUNT, "old", password=PASSWORD)
        ids: list[str] = []
        waiting: list[str] = []
        for _ in range(2):
            await gateway.start()
            sender = await Esme().bind(gateway.smpp_port, "old", bind_type=BindType.TX, version=Version.V33)
            waiting.append(await sender.accepted(_number(), schedule_delivery_time=LATER))
            ids.append(await sender.accepted(_number()))
            receiver = await Esme().bind(gateway.smpp_port, "old", bind_type=BindType.RX, version=Version.V33)
            await receiver.receipted(ids[-1])
            assert not any(each.tlvs for each in receiver.delivered)
            for each in waiting:
                assert await _state(sender, each) is MessageState.ENROUTE
            await sender.leave()
            await receiver.leave()
            assert await gateway.stop() == 0
        given = [*ids, *waiting]
        assert len(set(given)) == 4
        assert all(len(each) == 8 and int(each, 16) for each in given)


# --- in the thick of it ---


@pytest.mark.timeout(600)
async def test_sigkill_among_cancels(make_gateway: MakeGateway, database_url: str | None) -> None:
    """Messages trickle out while all of them are being cancelled and the gateway is killed. Whoever was told
    that a message is cancelled never sees it at the SMSC, and the money of every cancelled one is back, once.
    """
    gateway = make_gateway(database_url)
    await gateway.prepare()
    rng = random.Random(5)
    async with simulator(Scenario(response_delay_ms=20, supports=())) as smsc:
        await attach(gateway, smsc.port, window=3, throughput=60)
        async with gateway.administration() as admin:
            await admin.esmes.create(COMMAND_LINE, ACCOUNT, "one", password=PASSWORD, window=1000)
        numbers: dict[str, str] = {}
        confirmed: set[str] = set()
        for _ in range(3):
            await gateway.start()
            esme = await Esme().bind(gateway.smpp_port, "one", window=1000)
            fresh = {
                await esme.accepted(number, registered_delivery=0): number
                for number in (_number() for _ in range(150))
            }
            numbers |= fresh
            left = rng.randrange(20, 100)

            gate = asyncio.Semaphore(5)  # so that the kill comes among them

            async def cancel(message_id: str, esme: Esme = esme, gate: asyncio.Semaphore = gate) -> None:
                try:
                    async with gate:
                        answer: Pdu = await esme.ask(CancelSm(message_id=message_id))
                except (ConnectionError, InvalidStateError):
                    return
                if answer.command_status == 0:
                    confirmed.add(message_id)

            wanted = len(confirmed) + left
            cancelling = [asyncio.create_task(cancel(each)) for each in rng.sample(sorted(fresh), len(fresh))]
            await eventually(
                lambda wanted=wanted: len(confirmed) >= wanted or all(each.done() for each in cancelling),  # noqa: B023
                "some are cancelled",
                poll_s=0.001,
            )
            await gateway.kill()
            await asyncio.gather(*cancelling)
            await esme.leave()
        await gateway.start()
        await gateway.settles(("queued", "submitting"))
        assert await gateway.stop() == 0

        states = dict(await gateway.rows("SELECT message_id, state FROM segment"))
        assert set(states) == set(numbers)
        assert 0 < len(confirmed) < len(numbers)
        assert {states[each] for each in confirmed} == {"deleted"}
        deleted = {each for each, state in states.items() if state == "deleted"}
        assert smsc.record is not None
        reached = {each.destination for each in smsc.record.events if isinstance(each, Submitted)}
        assert not {numbers[each] for each in deleted} & reached
        assert {numbers[each] for each, state in states.items() if state == "submitted"} <= reached
        ledger = await gateway.rows("SELECT kind, message_id, amount FROM ledger WHERE kind <> 'topup'")
        refunds = sorted(row[1] for row in ledger if row[0] == "refund")
        assert refunds == sorted(deleted)
        assert sorted(row[1] for row in ledger if row[0] == "charge") == sorted(numbers)
        assert await _balance(gateway) == OPENING_BALANCE + sum(row[2] for row in ledger)
