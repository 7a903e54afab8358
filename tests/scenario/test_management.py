"""Text 001's REST API on a running gateway: what it makes carries messages, what it changes shows at once."""

import asyncio
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from trunkline.model.identity import COMMAND_LINE
from trunkline.simulator.record import Recorded
from trunkline.simulator.scenario import Scenario
from trunkline.simulator.smsc import SmscSimulator
from trunkline.smpp.asyncio.connection import BindRefused
from trunkline.smpp.constants import BindType, CommandStatus

from .clients import Esme
from .conftest import MakeGateway
from .harness import Gateway, eventually, http, simulator
from .loads import EsmeLoad
from .proof import prove

TOKEN = "token-of-the-operator"
SMSC_ID = "mysmsc-id-example"
CLIENT = {
    "username": "myclient1",
    "password": "qwerty123",
    "allow_ip": "127.0.0.1,55.66.77.88",
    "throughput": 0,
    "binds": 3,
    "enabled": True,
}
_numbers = count(971_500_000_001)


def gateway_form(port: int, **fields: Any) -> dict[str, Any]:
    """The text's example of an SMSC, on this machine."""
    return {
        "smsc_id": SMSC_ID,
        "host": "127.0.0.1",
        "port": port,
        "username": "myusername",
        "password": "mypassw",
        "enq_interval": 30,
        "src_autodetect": True,
        "dst_autodetect": True,
        "tx_binds": 1,
        "rx_binds": 1,
        "trx_binds": 1,
        "smpp_version": "3.4",
        "is_gsm7": True,
        "is_secure": False,
        "enabled": True,
    } | fields


class Operator:
    """Who manages a gateway through its REST API."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        answer = await http(self._gateway.http_port, method, path, body, headers={"X-API-Key": TOKEN})
        return answer.status, answer.json()

    async def done(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        """A change, which is made."""
        assert await self.ask(method, path, body) == (200, "OK")

    async def bound(self, binds: int = 3) -> list[dict[str, Any]]:
        """The connections to the SMSC, once there are so many and all are bound."""

        async def found() -> list[list[dict[str, Any]]]:
            _, answer = await self.ask("GET", "/api/gateways")
            every = [each for found in answer["connections"].values() for each in found]
            up = [each for each in every if each["status"].startswith("BOUND_")]
            return [up] if len(up) == len(every) == binds else []

        [connections] = await eventually(found, f"{binds} binds are up")
        return list(connections)


async def managed(make_gateway: MakeGateway, **settings: Any) -> tuple[Gateway, Operator]:
    """A gateway that runs and knows nobody yet."""
    gateway = make_gateway(api_token=TOKEN, **settings)
    await gateway.prepare()
    await gateway.start()
    return gateway, Operator(gateway)


async def lead_everything_to_it(gateway: Gateway) -> None:
    async with gateway.administration() as admin:
        await admin.routes.create(COMMAND_LINE, "everything", (SMSC_ID,))


async def bind(gateway: Gateway, password: str = "qwerty123", **fields: Any) -> Esme:
    return await Esme().bind(gateway.smpp_port, "myclient1", password, **fields)


async def test_what_is_made_carries_messages(make_gateway: MakeGateway, database_url: str | None) -> None:
    gateway, operator = await managed(make_gateway, database_url=database_url)
    async with simulator(Scenario(receipt_delay_ms=10)) as smsc:
        await operator.done("POST", "/api/gateways", gateway_form(smsc.port))
        await operator.done("POST", "/api/clients", CLIENT)
        esme = await bind(gateway)
        connections = await operator.bound()
        assert [each["bindType"] for each in connections] == ["BIND_TX", "BIND_RX", "BIND_TRX"]
        assert {each["localAddr"] for each in connections} == {
            f"127.0.0.1:{link.conn.peer[1]}" for link in smsc.links
        }
        assert {each["remoteAddr"] for each in connections} == {f"127.0.0.1:{smsc.port}"}
        assert len({each["connectionId"] for each in connections}) == 3
        _, answer = await operator.ask("GET", "/api/gateways")
        assert {each["gateway_id"] for each in connections} == {answer["gateways"][0]["id"]}

        await lead_everything_to_it(gateway)

        async def sent() -> str:
            status, message_id = await esme.submit(str(next(_numbers)))
            return message_id if status == 0 else ""

        message_id = await eventually(sent, "the route is followed")
        [receipt] = await esme.receipted(message_id)
        assert receipt.stat == "DELIVRD"

        _, answer = await operator.ask("GET", "/api/clients")
        [client], [session] = answer["clients"], answer["connections"]["BIND_TRX"]
        assert {name: client[name] for name in CLIENT} == CLIENT
        assert esme.connection is not None
        assert session["client_id"] == client["id"]
        assert session["remoteAddr"] == f"127.0.0.1:{esme.connection.local[1]}"
        assert session["localAddr"] == f"127.0.0.1:{gateway.smpp_port}"
        assert session["status"] == "BOUND_TRX"
        await esme.leave()
        assert await gateway.stop() == 0


async def test_switched_off_and_on(make_gateway: MakeGateway) -> None:
    gateway, operator = await managed(make_gateway)
    async with simulator() as smsc:
        await operator.done("POST", "/api/gateways", gateway_form(smsc.port))
        await operator.done("POST", "/api/clients", CLIENT)
        await operator.bound()
        esmes = [await bind(gateway), await bind(gateway, bind_type=BindType.TX)]

        await operator.done("PUT", "/api/clients", {"username": "myclient1", "enabled": False})
        for esme in esmes:
            await asyncio.wait_for(esme.gone.wait(), 60)
            assert esme.unbound.is_set(), "it was asked to go"
        with pytest.raises(BindRefused) as refused:
            await bind(gateway)
        assert refused.value.status == CommandStatus.ESME_RBINDFAIL
        await operator.done("PUT", "/api/clients", {"username": "myclient1", "enabled": True})
        await (await bind(gateway)).leave()

        await operator.done("PUT", "/api/gateways", {"smsc_id": SMSC_ID, "enabled": False})
        await operator.bound(0)
        await eventually(lambda: not smsc.links, "the SMSC has no links")
        assert smsc.counters.links_cut == 0
        await operator.done("PUT", "/api/gateways", {"smsc_id": SMSC_ID, "enabled": True})
        await operator.bound()
    assert await gateway.stop() == 0


@pytest.mark.parametrize(
    "change", [{"password": "another"}, {"allow_ip": "127.0.0.0/8"}, {"binds": 30}, {"allow_ip": "192.0.2.7"}]
)
async def test_other_terms_make_an_esme_bind_anew(make_gateway: MakeGateway, change: dict[str, Any]) -> None:
    gateway, operator = await managed(make_gateway)
    await operator.done("POST", "/api/clients", CLIENT)
    esme = await bind(gateway)
    await operator.done("PUT", "/api/clients", {"username": "myclient1", "throughput": 600})
    assert (await esme.submit("971500000001"))[0] != 0, "it is still bound, and there is no route"
    await operator.done("PUT", "/api/clients", {"username": "myclient1"} | change)
    await asyncio.wait_for(esme.gone.wait(), 60)
    assert esme.unbound.is_set()
    password = change.get("password", "qwerty123")
    if change.get("allow_ip") == "192.0.2.7":
        with pytest.raises(BindRefused):
            await bind(gateway, password)
    else:
        await (await bind(gateway, password)).leave()
    assert await gateway.stop() == 0


async def test_deleted(make_gateway: MakeGateway) -> None:
    gateway, operator = await managed(make_gateway)
    async with simulator(Scenario(receipt_delay_ms=10)) as smsc:
        await operator.done("POST", "/api/gateways", gateway_form(smsc.port))
        await operator.done("POST", "/api/clients", CLIENT)
        await lead_everything_to_it(gateway)
        sender = await bind(gateway, bind_type=BindType.TX)

        async def accepted() -> bool:
            return (await sender.submit(str(next(_numbers))))[0] == 0

        await eventually(accepted, "the route is followed")
        waiting = "SELECT count(*) FROM outbox WHERE lane = 'esme:myclient1'"

        async def receipt_waits() -> bool:
            return bool(await gateway.value(waiting))

        await eventually(receipt_waits, "a receipt waits for a receiver")
        _, answer = await operator.ask("GET", "/api/clients")
        assert answer["connections"]["BIND_TX"][0]["queueCount"] == await gateway.value(waiting)
        number = answer["clients"][0]["id"]
        status, answer = await operator.ask("DELETE", f"/api/clients/{number}")
        assert (status, "receipts wait" in answer["error"]) == (409, True)
        await operator.done("DELETE", f"/api/clients/{number}?receipts=give_up")
        await asyncio.wait_for(sender.gone.wait(), 60)

        async def given_up() -> bool:
            return not await gateway.value(waiting)

        await eventually(given_up, "its receipts are given up")
        assert await gateway.value("SELECT count(*) FROM message_event WHERE kind = 'notification_given_up'")

        await operator.done("DELETE", f"/api/gateways/{SMSC_ID}")
        await eventually(lambda: not smsc.links, "the SMSC has no links")
        assert (await operator.ask("GET", "/api/gateways"))[1]["gateways"] == []
    assert await gateway.stop() == 0


@pytest.mark.timeout(600)
async def test_no_message_is_lost_or_doubled_while_everything_changes(
    make_gateway: MakeGateway, database_url: str | None
) -> None:
    gateway, operator = await managed(make_gateway, database_url=database_url)
    scenario = Scenario(seed=5, response_delay_ms=20, receipt_delay_ms=30)
    async with simulator(scenario) as first, simulator(replace(scenario, first_id=5_000_000)) as second:
        await operator.done("POST", "/api/gateways", gateway_form(first.port, window_size=10))
        await operator.done("POST", "/api/clients", CLIENT | {"binds": 30})
        await lead_everything_to_it(gateway)
        await operator.bound()
        load = EsmeLoad(gateway, "myclient1", "971501", rate=150, password="qwerty123")
        load.start()
        changes: list[dict[str, Any]] = [
            {"window_size": 3},
            {"host": "localhost"},
            {"port": second.port, "window_size": 40},
            {"trx_binds": 3},
            {"enabled": False},
            {"enabled": True, "enq_interval": 5},
            {"port": first.port, "trx_binds": 1},
        ]
        for number, change in enumerate(changes):
            acked = len(load.witness.acked)
            await eventually(
                lambda acked=acked: len(load.witness.acked) > acked + 50, "messages come in", within_s=300
            )
            await operator.done("PUT", "/api/gateways", {"smsc_id": SMSC_ID} | change)
            wanted: dict[str, Any] = {"trx_binds": 1, "enabled": True}
            for each in changes[: number + 1]:
                wanted |= each
            await operator.bound(2 + wanted["trx_binds"] if wanted["enabled"] else 0)
        await load.finish()
        await gateway.settles(("queued", "submitting"))
        for smsc in (second, first):  # each has receipts that it could not hand over when it was left
            await operator.done("PUT", "/api/gateways", {"smsc_id": SMSC_ID, "port": smsc.port})
            await eventually(
                lambda smsc=smsc: not smsc.counters.receipts_pending, "its receipts are in", within_s=300
            )
        await gateway.settles()
        await load.close()
        assert await gateway.stop() == 0
        events = [*_events(first), *_events(second)]

    await prove(gateway, Recorded(events), [load.witness])
    assert await gateway.states() == {"delivered": await gateway.value("SELECT count(*) FROM segment")}
    assert all(_events(smsc) for smsc in (first, second))


def _events(smsc: SmscSimulator) -> list[Any]:
    assert smsc.record is not None
    return smsc.record.read().events
