"""SMSCs of every temper at one gateway: each has its own way with ids, receipts and refusals, and every
message is accounted for all the same.
"""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from trunkline.model.identity import COMMAND_LINE
from trunkline.model.profile import Profile, Validity
from trunkline.simulator.ready_made import scenario_file
from trunkline.simulator.record import Recorded
from trunkline.simulator.scenario import Scenario
from trunkline.simulator.smsc import SmscSimulator
from trunkline.smpp.constants import BindType

from .clients import Esme, Witness
from .conftest import MakeGateway
from .harness import ACCOUNT, OPENING_BALANCE, PASSWORD, PATIENCE_S, RATE, Gateway, eventually, simulator
from .proof import prove

MESSAGES = 60
BASE = Scenario(seed=3, response_delay_ms=5, receipt_delay_ms=10, receipt_jitter_ms=30)


@dataclass(frozen=True)
class Weather:
    """An SMSC and what is to be expected of it: `states` are the states in which its messages end."""

    scenario: Scenario
    states: frozenset[str] = frozenset({"delivered"})
    connector: dict[str, Any] = field(default_factory=dict)


def _weather(*states: str, connector: dict[str, Any] | None = None, **scenario: Any) -> Weather:
    return Weather(replace(BASE, **scenario), frozenset(states or ("delivered",)), connector or {})


def _ready_made(name: str, *states: str, **connector: Any) -> Weather:
    """A scenario that ships with the simulator; its refusals are for now, so there are attempts enough."""
    scenario = replace(Scenario.load(scenario_file(name)), seed=3)
    return Weather(scenario, frozenset(states or ("delivered",)), {"max_attempts": 20} | connector)


def _ids(response: str, receipt: str, **scenario: Any) -> Weather:
    return _weather(response_id_format=response, receipt_id_format=receipt, **scenario)


WEATHERS = {
    "fine": _weather(),
    "hex, decimal in receipts": _ids("hex", "decimal"),
    "decimal, hex in receipts": _ids("decimal", "hex"),
    "decimal": _ids("decimal", "decimal"),
    "capitals": _ids("hex-upper", "hex"),
    "capitals in receipts": _ids("hex", "hex-upper"),
    "capitals, decimal in receipts": _ids("hex-upper", "decimal", id_width=20),
    "uuid": _ids("uuid", "uuid"),
    "leading zeros": _ids("decimal", "decimal", id_width=20),
    "ids in the text alone": _ids("hex", "decimal", receipt_tlvs=False),
    "lower case": _weather(receipt_stat_case="lower", receipt_tlvs=False, failed_share=0.2),
    "receipts in UCS-2": _weather(receipt_body="ucs2"),
    "receipts in message_payload": _weather(receipt_body="payload", receipt_tlvs=False),
    "early receipts": _weather(receipts="early", response_delay_ms=50),
    "early receipts, decimal": _ids("hex", "decimal", receipts="early", response_delay_ms=50),
    "late receipts": _weather(late_share=0.5, late_ms=3000),
    "receipts twice": _weather(duplicate_share=0.5),
    "receipts missing": _weather("delivered", "sent", missing_share=0.3),
    "failures": _weather("delivered", "undelivered", failed_share=0.3, failed_err="021"),
    "refusals for good": _weather(
        "delivered", "rejected", error_share=0.3, error_status=0x0B
    ),  # ESME_RINVDSTADR
    "refusals for now": _weather(error_share=0.2, connector={"max_attempts": 20}),
    "throttling": _weather(throughput=20, connector={"window": 50}),
    "links cut": _weather("delivered", "unknown", drop_link_every=15, connector={"window": 5}),
    "one binds for each way": _weather(connector={"trx_binds": 0, "tx_binds": 2, "rx_binds": 1}),
    "congested": _ready_made("congested"),
    "odd receipts": _ready_made("odd-receipts", "delivered", "undelivered"),
    "garbled": _ready_made("garbled"),
    "misbehaving": _ready_made("misbehaving"),  # but for the orphans, whose ids the proof knows in hex only
    "handsets": _ready_made("handsets"),
    "strict": _ready_made("strict", dest_ton=1, dest_npi=1, profile=Profile(validity=Validity.ABSOLUTE)),
}
WEATHERS["misbehaving"] = replace(
    WEATHERS["misbehaving"], scenario=replace(WEATHERS["misbehaving"].scenario, unknown_share=0)
)
# The lower-case SMSC fails some as well.
WEATHERS["lower case"] = replace(WEATHERS["lower case"], states=frozenset({"delivered", "undelivered"}))


async def _attach(gateway: Gateway, stack: AsyncExitStack) -> dict[str, SmscSimulator]:
    """An SMSC, a connector and a route (by the destination's prefix) for each weather."""
    smscs = {}
    async with gateway.administration() as admin:
        await admin.people.enterprise_users.create(COMMAND_LINE, ACCOUNT, balance=OPENING_BALANCE)
        await admin.esmes.create(COMMAND_LINE, ACCOUNT, "sailor", password=PASSWORD, max_binds=100)
        for number, (name, weather) in enumerate(WEATHERS.items()):
            scenario = replace(weather.scenario, first_id=(number + 1) * 1_000_000)
            smsc = smscs[name] = await stack.enter_async_context(simulator(scenario))
            # Every answer that does not die with its link comes, however late on a busy machine.
            fields: dict[str, Any] = {
                "response_timeout_s": PATIENCE_S,
                "reconnect_min_s": 0.1,
                "reconnect_max_s": 0.3,
                "window": 20,
            }
            await admin.connectors.create(
                COMMAND_LINE,
                connector_id=f"smsc{number}",
                host="127.0.0.1",
                port=smsc.port,
                system_id="gw",
                password="pw",
                **fields | weather.connector,
            )
            await admin.routes.create(
                COMMAND_LINE, name, (f"smsc{number}",), prefix=_prefix(number), rate=RATE
            )
    return smscs


def _prefix(number: int) -> str:
    return f"9715{number:02d}"


async def _submit(gateway: Gateway, number: int) -> Witness:
    """Submits the messages for one weather, over a bind of its own."""
    witness = Witness(gateway)
    esme = await Esme().bind(gateway.smpp_port, "sailor", bind_type=BindType.TX)
    destinations = [f"{_prefix(number)}{index:06d}" for index in range(MESSAGES)]
    witness.sent.update(destinations)
    ids = await asyncio.gather(*(esme.accepted(to, f"Message to {to}") for to in destinations))
    witness.acked.update(zip(ids, destinations, strict=True))
    await esme.leave()
    return witness


@pytest.mark.timeout(900)
async def test_every_message_is_accounted_for_in_every_weather(
    make_gateway: MakeGateway, database_url: str | None
) -> None:
    gateway = make_gateway(database_url)
    await gateway.prepare()
    async with AsyncExitStack() as stack:
        smscs = await _attach(gateway, stack)
        await gateway.start()
        owner = Esme()
        heard = Witness(gateway)
        owner.on_receipt = lambda receipt: heard.receive(receipt.message_id or "", receipt.stat)
        await owner.bind(gateway.smpp_port, "sailor")
        witnesses = [await _submit(gateway, number) for number in range(len(WEATHERS))]

        async def over() -> bool:
            waiting = {"queued", "submitting"} & (await gateway.states()).keys()
            return not waiting and not any(smsc.counters.receipts_pending for smsc in smscs.values())

        await eventually(over, "all messages are out and all receipts in", poll_s=0.2)
        await gateway.settles(())
        await owner.leave()
        assert await gateway.stop() == 0
        events = [event for smsc in smscs.values() if smsc.record for event in smsc.record.read().events]

    books = await prove(gateway, Recorded(events), [*witnesses, heard])
    found: dict[str, Counter[str]] = {name: Counter() for name in WEATHERS}
    names = list(WEATHERS)
    for message in books.messages.values():
        found[names[int(message.destination[4:6])]][message.state] += 1
    for name, weather in WEATHERS.items():
        assert found[name].keys() == weather.states, (name, found[name])
    # The weather was what its name says.
    assert smscs["throttling"].counters.throttled > 0
    assert smscs["refusals for now"].counters.errors > 0
    assert smscs["links cut"].counters.links_cut > 0
    assert smscs["receipts twice"].counters.receipts_due > MESSAGES
    assert smscs["receipts missing"].counters.receipts_due < MESSAGES
    assert smscs["garbled"].counters.strays_answered > 0
    assert smscs["misbehaving"].counters.binds_refused == 1
    await _check_words(gateway)


async def _check_words(gateway: Gateway) -> None:
    """Why a message failed is on record: the SMSC's status or the receipt's error."""
    rejected = await gateway.rows("SELECT DISTINCT error FROM message WHERE state = 'rejected'")
    assert rejected == [("ESME_RINVDSTADR",)]
    errors = await gateway.rows(
        "SELECT DISTINCT receipt_err FROM segment WHERE state = 'undelivered' ORDER BY receipt_err"
    )
    assert errors == [("001",), ("00B7",), ("021",)]
    [[account]] = await gateway.rows("SELECT balance FROM account")
    assert account == OPENING_BALANCE - RATE * MESSAGES * len(WEATHERS)
