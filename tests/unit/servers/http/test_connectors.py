"""`/api/v1/connectors`: every field of a connector, how it does, and a test beside its traffic."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from trunkline.app.administration import make_store
from trunkline.backends.storage import upgrade
from trunkline.config import Settings
from trunkline.model.identity import Role
from trunkline.pipeline.snapshots import Snapshots
from trunkline.servers.http.connectors import ConnectorView, NewConnector
from trunkline.services.connectors import DEFAULTS
from trunkline.services.pdu_logs import PduLogs
from trunkline.simulator.record import Record
from trunkline.simulator.scenario import Scenario
from trunkline.simulator.smsc import SmscSimulator

from .people_door import PeopleDoor

PATH = "/api/v1/connectors"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("connectors") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
async def door(template: Path, tmp_path: Path) -> AsyncIterator[PeopleDoor]:
    shutil.copy(template, tmp_path / "store.db")
    settings = Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'store.db'}")
    store = make_store(settings)
    await store.open()
    door = PeopleDoor(store, Snapshots(await store.snapshot()), PduLogs(tmp_path))
    yield door
    await door.close()


async def test_a_connector_from_its_making_to_its_end(door: PeopleDoor) -> None:
    body = {
        "connector_id": "a",
        "provider": "Example Telecom",
        "host": "a.example",
        "password": "s3cret",
        "presets": ["hex-ids", "absolute-times"],
        "profile": ["service_type=WAP"],
        "enabled": False,
    }
    made = (await door.ask("POST", PATH, body))["item"]
    assert (made["provider"], made["port"], made["state"], made["queued"]) == (
        "Example Telecom",
        2775,
        "stopped",
        0,
    )
    assert (made["message_id_format"], made["profile"]["validity"]) == ("decimal", "absolute")
    assert (made["profile"]["service_type"], made["usage_month"], made["binds"]) == ("WAP", 0, [])
    assert (made["last_submit"], made["last_receipt"]) == (None, None)
    assert "s3cret" not in str(made)
    assert "password" not in made
    assert (await door.ask("GET", f"{PATH}/a"))["item"] == made
    change = {"window": 77, "source_ton": 5, "profile": ["service_type="]}
    changed = (await door.ask("PATCH", f"{PATH}/a", change))["item"]
    assert (changed["window"], changed["source_ton"], changed["dest_ton"]) == (77, 5, None)
    assert (changed["profile"]["service_type"], changed["profile"]["validity"]) == ("", "absolute")
    assert (await door.store.find_connector("a")).config.password == "s3cret"
    assert door.snapshots.current.connectors["a"].window == 77
    await door.ask("DELETE", f"{PATH}/a")
    assert "does not exist" in await door.refused("GET", f"{PATH}/a", status=404)
    assert door.snapshots.current.connectors == {}


async def test_lists_are_paged_and_filtered(door: PeopleDoor) -> None:
    for name in "cab":
        await door.ask(
            "POST", PATH, {"connector_id": name, "host": f"{name}.example", "enabled": name != "b"}
        )
    first = await door.ask("GET", f"{PATH}?limit=2")
    assert ([each["connector_id"] for each in first["items"]], first["next"]) == (["a", "b"], "b")
    rest = await door.ask("GET", f"{PATH}?limit=2&after=b")
    assert ([each["connector_id"] for each in rest["items"]], rest["next"]) == (["c"], None)
    for query, found in (("text=C.EX", ["c"]), ("state=stopped", ["b"]), ("state=not_running", ["a", "c"])):
        page = await door.ask("GET", f"{PATH}?{query}")
        assert [each["connector_id"] for each in page["items"]] == found
    assert "state" in await door.refused("GET", f"{PATH}?state=wrong")


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"host": "a"}, "connector_id"),
        ({"connector_id": "a b", "host": "a"}, "connector_id: 1 to 100 letters"),
        ({"connector_id": "a"}, "host: a host name"),
        ({"connector_id": "a", "host": "a", "window": 0}, "window: 1 to 1000"),
        ({"connector_id": "a", "host": "a", "window": "many"}, "window must be a whole number"),
        ({"connector_id": "a", "host": "a", "presets": ["no"]}, "preset: there is no 'no'"),
        ({"connector_id": "a", "host": "a", "profile": ["no=1"]}, "profile.no: is no field"),
        ({"connector_id": "a", "host": "a", "number": 5}, "unknown field 'number'"),
    ],
)
async def test_a_broken_rule_is_named(door: PeopleDoor, body: dict[str, Any], complaint: str) -> None:
    assert complaint in await door.refused("POST", PATH, body)


async def test_a_name_is_given_once(door: PeopleDoor) -> None:
    body = {"connector_id": "a", "host": "a.example"}
    await door.ask("POST", PATH, body)
    await door.refused("POST", PATH, body, status=409)


async def test_it_is_tried_out(door: PeopleDoor) -> None:
    smsc = SmscSimulator("127.0.0.1", 0, Scenario(), Record())
    await smsc.start()
    try:
        await door.ask("POST", PATH, {"connector_id": "a", "host": "127.0.0.1", "port": smsc.port})
        tried = (await door.ask("POST", f"{PATH}/a/test", {}))["item"]
        assert (tried["failure"], smsc.counters.submits) == ("", 0)
        assert tried["steps"][0].startswith("Bound to ")
        assert "SMPP version" in {each["topic"] for each in tried["findings"]}
        await door.ask("POST", f"{PATH}/a/test", {"to": "971501234567"})
        assert smsc.counters.submits == 1
    finally:
        await smsc.stop(1.0)
    assert "to: a number" in await door.refused("POST", f"{PATH}/a/test", {"to": "me"})
    await door.refused("POST", f"{PATH}/b/test", {}, status=404)
    failed = (await door.ask("POST", f"{PATH}/a/test", {}))["item"]
    assert "cannot connect" in failed["failure"]


async def test_who_may(door: PeopleDoor) -> None:
    await door.ask("POST", PATH, {"connector_id": "a", "host": "a.example"})
    await door.ask("POST", "/api/v1/accounts", {"name": "acme"})
    keys = {role: await door.login(role.value, role) for role in (Role.OPERATOR, Role.VIEWER)}
    keys[Role.ENTERPRISE] = await door.login("ann", Role.ENTERPRISE, "acme")
    for role, key in keys.items():
        for method, path, body, permission in (
            ("GET", PATH, None, "view_platform"),
            ("GET", f"{PATH}/a", None, "view_platform"),
            ("GET", f"{PATH}/a/speed", None, "view_platform"),
            ("POST", PATH, {"connector_id": role.value, "host": "h"}, "manage_traffic"),
            ("PATCH", f"{PATH}/a", {"window": 5}, "manage_traffic"),
            ("POST", f"{PATH}/b/test", {}, "manage_traffic"),
            ("DELETE", f"{PATH}/b", None, "manage_traffic"),
        ):
            allowed = role is Role.OPERATOR or (role is Role.VIEWER and method == "GET")
            headers = {"X-API-Key": key}
            response = await door.client.request(method, path, json=body, headers=headers)
            if allowed:
                assert response.status_code == (404 if "/b" in path else 200), (role, path, response.text)
            else:
                assert response.status_code == 403, (role, path)
                assert response.json()["error"] == f"this needs the permission {permission}"
    assert (await door.store.find_connector("a")).config.window == 5


def test_every_field_can_be_set() -> None:
    kept = {"number", "fixed_source_ton", "fixed_source_npi", "fixed_dest_ton", "fixed_dest_npi"}
    fields = set(DEFAULTS.__slots__) - kept
    assert set(NewConnector.__struct_fields__) == fields | {"presets"}
    assert fields - set(ConnectorView.__struct_fields__) == {"password", "tls_key"}
