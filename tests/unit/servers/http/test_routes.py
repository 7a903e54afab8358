"""`/api/v1/routes`: the MT route table."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from trunkline.model.identity import COMMAND_LINE, TENANT_PERMISSIONS, Role
from trunkline.services.connectors import Connectors

from .people_door import PeopleDoor, people_door


@pytest.fixture
async def door(empty_database: Path, tmp_path: Path) -> AsyncIterator[PeopleDoor]:
    """With the connectors a and b, and the account acme."""
    async with people_door(empty_database, tmp_path) as door:
        connectors = Connectors(door.store)
        for name in "ab":
            await connectors.create(COMMAND_LINE, connector_id=name, host=f"{name}.example")
        await door.ask("POST", "/api/v1/accounts", {"name": "acme"})
        yield door


async def add(door: PeopleDoor, name: str, **fields: object) -> dict[str, Any]:
    made = await door.ask("POST", "/api/v1/routes", {"name": name, "connectors": ["a"]} | fields)
    return dict(made["item"])


def order(door: PeopleDoor) -> list[str]:
    """As messages are routed."""
    return [route.name for route in door.snapshots.current.routes]


async def test_a_route_from_its_making_to_its_end(door: PeopleDoor) -> None:
    first = await add(door, "all")
    assert first == {
        "id": 1, "position": 1, "name": "all", "prefix": "", "account": "", "connectors": ["a"],
        "rate": "1", "enabled": True,
    }  # fmt: skip
    fields: dict[str, Any] = {"prefix": "971", "account": "acme", "connectors": ["b", "a"], "rate": "0.045"}
    uae = await add(door, "uae", position=1, enabled=False, **fields)
    assert uae == {"id": 2, "position": 1, "name": "uae", "enabled": False} | fields
    assert order(door) == ["all"], "the other one is not enabled"
    changed = await door.ask("PATCH", "/api/v1/routes/2", {"enabled": True, "account": "", "rate": "0"})
    assert changed["item"] == uae | {"enabled": True, "account": "", "rate": "0"}
    assert (await door.ask("GET", "/api/v1/routes/2"))["item"] == changed["item"]
    assert order(door) == ["uae", "all"]
    assert (await door.ask("POST", "/api/v1/routes/2/move", {"position": 9}))["item"]["position"] == 2
    assert order(door) == ["all", "uae"]
    await door.ask("DELETE", "/api/v1/routes/1")
    assert order(door) == ["uae"]
    assert (await door.ask("GET", "/api/v1/routes/2"))["item"]["position"] == 1
    entries = (await door.ask("GET", "/api/v1/audit?entity=route"))["items"]
    assert [(each["action"], each["entity_id"]) for each in entries] == [
        ("delete", "all"), ("change", "uae"), ("change", "uae"), ("create", "uae"), ("create", "all"),
    ]  # fmt: skip


async def test_routes_are_listed(door: PeopleDoor) -> None:
    await add(door, "uae", prefix="971", account="acme")
    await add(door, "spare", connectors=["b"], enabled=False)
    await add(door, "all")

    async def names(query: str) -> list[str]:
        return [each["name"] for each in (await door.ask("GET", f"/api/v1/routes?{query}"))["items"]]

    first = await door.ask("GET", "/api/v1/routes?limit=2")
    assert [each["name"] for each in first["items"]] == ["uae", "spare"]
    assert await names(f"limit=2&after={first['next']}") == ["all"]
    assert await names("text=97") == ["uae"]
    assert await names("account=acme") == ["uae"]
    assert await names("connector=b") == ["spare"]
    assert await names("enabled=false") == ["spare"]
    for query, field in (
        ("after=x", "after"),
        ("limit=0", "limit"),
        ("text=%00", "text"),
        ("enabled=2", "enabled"),
    ):
        assert field in await door.refused("GET", f"/api/v1/routes?{query}")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"name": ""}, "name must be a string of 1 to 100 characters"),
        ({"name": " all"}, "name: 1 to 100 characters, no space first or last"),
        ({"name": "a\0"}, "name must not have a NUL character"),
        ({"prefix": "+971"}, "prefix: up to 20 digits"),
        ({"account": "nobody"}, "account: account 'nobody' does not exist"),
        ({"connectors": []}, "connectors: 1 to 50"),
        ({"connectors": ["a", "x"]}, "connectors: connector 'x' does not exist"),
        ({"connectors": ["a\0"]}, "connectors: ids of connectors"),
        ({"connectors": "a"}, "connectors"),
        ({"rate": "cheap"}, "rate: 'cheap' is not a number of credits"),
        ({"rate": "-1"}, "rate: 0 to 1000000 credits"),
        ({"rate": 1}, "rate must be a string"),
        ({"enabled": "yes"}, "enabled must be true or false"),
        ({"colour": "red"}, "unknown field 'colour'"),
    ],
)
async def test_what_no_route_can_be(door: PeopleDoor, change: dict[str, object], complaint: str) -> None:
    body = {"name": "new", "connectors": ["a"]} | change
    assert (await door.refused("POST", "/api/v1/routes", body)).startswith(complaint)
    before = await add(door, "there")
    assert (await door.refused("PATCH", "/api/v1/routes/1", change)).startswith(complaint)
    assert (await door.ask("GET", "/api/v1/routes"))["items"] == [before]


async def test_conflicts_and_what_is_not_there(door: PeopleDoor) -> None:
    await add(door, "uae")
    await add(door, "all")
    body = {"name": "uae", "connectors": ["a"]}
    assert await door.refused("POST", "/api/v1/routes", body, status=409) == "route 'uae' exists already"
    assert "exists already" in await door.refused("PATCH", "/api/v1/routes/2", {"name": "uae"}, status=409)
    for key in ("3", "uae", "999999999999", "%00"):
        for method, path, change in (
            ("GET", f"/api/v1/routes/{key}", None),
            ("PATCH", f"/api/v1/routes/{key}", {"enabled": False}),
            ("POST", f"/api/v1/routes/{key}/move", {"position": 1}),
            ("DELETE", f"/api/v1/routes/{key}", None),
        ):
            await door.refused(method, path, change, status=400 if key == "%00" else 404)
    for position in (0, -1, "1", 2**31, None):
        path = "/api/v1/routes/1/move"
        assert "position" in await door.refused("POST", path, {"position": position})
    assert order(door) == ["uae", "all"]


async def test_who_may(door: PeopleDoor) -> None:
    await add(door, "all")
    body = {"name": "tenants", "permissions": [each.value for each in TENANT_PERMISSIONS]}
    await door.ask("POST", "/api/v1/permission-groups", body)
    await door.ask("PATCH", "/api/v1/accounts/acme", {"permission_group": "tenants"})
    tenant = await door.login("ann", Role.ENTERPRISE, "acme")
    viewer = await door.login("vic", Role.VIEWER)
    changing: list[tuple[str, str, object]] = [
        ("POST", "/api/v1/routes", {"name": "mine", "connectors": ["a"]}),
        ("PATCH", "/api/v1/routes/1", {"rate": "0"}),
        ("POST", "/api/v1/routes/1/move", {"position": 1}),
        ("DELETE", "/api/v1/routes/1", None),
    ]
    for method, path, change in changing:
        for key in (tenant, viewer):
            assert "manage_traffic" in await door.refused(method, path, change, key=key, status=403)
    for path in ("/api/v1/routes", "/api/v1/routes/1"):
        await door.ask("GET", path, key=viewer)
        assert "view_platform" in await door.refused("GET", path, key=tenant, status=403)
    for method, path, change in (*changing, ("GET", "/api/v1/routes", None)):
        await door.refused(method, path, change, key="wrong", status=401)
    operator = await door.login("oli", Role.OPERATOR)
    await door.ask("PATCH", "/api/v1/routes/1", {"rate": "0.5"}, key=operator)
