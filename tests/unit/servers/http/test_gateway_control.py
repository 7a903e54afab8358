"""`/api/v1/gateway`: the services of every process, and orders to them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from trunkline.app.administration import make_store, upgrade_database
from trunkline.config import Settings
from trunkline.model.gateway_control import Service, ServiceState, ServiceStatus
from trunkline.model.identity import Role
from trunkline.model.nodes import NodeRole, NodeStatus
from trunkline.pipeline.snapshots import Snapshots
from trunkline.services.pdu_logs import PduLogs

from .people_door import PeopleDoor

PATH = "/api/v1/gateway"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[PeopleDoor]:
    settings = Settings(data_dir=tmp_path)
    upgrade_database(settings)
    store = make_store(settings)
    await store.open()
    door = PeopleDoor(store, Snapshots(await store.snapshot()), PduLogs(tmp_path))
    yield door
    await door.close()


async def save(door: PeopleDoor) -> None:
    now = door.clock.now_ms()
    smpp = ServiceStatus(Service.SMPP_SERVER, ServiceState.RUNNING, now, ("127.0.0.1:2775",), {"sessions": 3})
    await door.store.save_node(NodeStatus("gw", NodeRole.ALL, "1.0", now, 0, 0, 0, (), (smpp,), now))


async def test_services_are_watched_and_told(door: PeopleDoor) -> None:
    await save(door)
    (service,) = (await door.ask("GET", PATH))["items"]
    assert (service["node"], service["service"], service["state"]) == ("gw", "smpp_server", "running")
    assert (service["ports"], service["figures"]) == (["127.0.0.1:2775"], {"sessions": 3})
    assert service["controls"] == ["drain", "restart"]
    body = {"service": "smpp_server", "control": "drain"}
    order = (await door.ask("POST", f"{PATH}/orders", body))["item"]
    assert (order["node"], order["state"], order["ordered_by"]) == ("gw", "waiting", "API token")
    await door.store.finish_order(order["id"], "it broke")
    shown = (await door.ask("GET", f"{PATH}/orders/{order['id']}"))["item"]
    assert (shown["state"], shown["failure"]) == ("failed", "it broke")
    assert (await door.ask("GET", f"{PATH}/orders"))["items"] == [shown]


async def test_bad_orders(door: PeopleDoor) -> None:
    await save(door)
    for body, error in (
        ({"service": "coffee", "control": "drain"}, "service: one of process, "),
        ({"service": "smpp_server", "control": "brew"}, "control: one of drain, "),
        ({"service": "smpp_server", "control": "resume"}, "control: smpp_server is running on gw"),
        ({"service": "smpp_server", "control": "drain", "node": "other"}, "node: smpp_server runs on gw"),
    ):
        assert (await door.refused("POST", f"{PATH}/orders", body)).startswith(error)
    await door.refused("GET", f"{PATH}/orders/99", status=404)
    await door.refused("GET", f"{PATH}/orders/x", status=404)


async def test_an_administrator_is_not_super_enough(door: PeopleDoor) -> None:
    await save(door)
    key = await door.login("adam", Role.ADMIN)
    assert await door.refused("GET", PATH, key=key, status=403) == "this needs the permission control_gateway"
    body = {"service": "smpp_server", "control": "drain"}
    await door.refused("POST", f"{PATH}/orders", body, key=key, status=403)
    await door.refused("GET", PATH, key="", status=401)
