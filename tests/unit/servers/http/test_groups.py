"""`/api/v1/groups` and `/api/v1/permission-groups`: what is refused, and to whom."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from trunkline.model.identity import Role

from .people_door import PeopleDoor, people_door

PATHS = ("/api/v1/groups", "/api/v1/permission-groups")


@pytest.fixture
async def door(empty_database: Path, tmp_path: Path) -> AsyncIterator[PeopleDoor]:
    async with people_door(empty_database, tmp_path) as door:
        yield door


def new(path: str, name: str) -> dict[str, object]:
    """The body that makes one."""
    return {"name": name} | ({"permissions": ["view_logs"]} if "permission" in path else {})


@pytest.mark.parametrize("path", PATHS)
async def test_bad_input(door: PeopleDoor, path: str) -> None:
    made = (await door.ask("POST", path, new(path, "there")))["item"]
    for change, complaint in (
        ({"name": ""}, "name must be"),
        ({"name": "-x"}, "name: 1 to 64"),
        ({"name": "a\0"}, "name must not have a NUL"),
        ({"description": "x" * 1001}, "description must be"),
        ({"description": 7}, "description must be"),
        ({"colour": "red"}, "unknown field 'colour'"),
    ):
        body: dict[str, object] = new(path, "new") | change
        assert (await door.refused("POST", path, body)).startswith(complaint)
        assert (await door.refused("PATCH", f"{path}/there", change)).startswith(complaint)
    assert (await door.refused("PATCH", f"{path}/there", {"enabled": "yes"})).startswith("enabled must be")
    assert (await door.ask("GET", path))["items"] == [made]


async def test_permissions_that_no_group_grants(door: PeopleDoor) -> None:
    path = "/api/v1/permission-groups"
    for names in (["fly"], ["view_platform"], ["view_logs", "manage_admins"]):
        complaint = await door.refused("POST", path, {"name": "new", "permissions": names})
        assert complaint.startswith("permissions: ")
    assert (await door.refused("POST", path, {"name": "new"})).startswith("permissions")
    assert (await door.ask("GET", path))["items"] == []


@pytest.mark.parametrize("path", PATHS)
async def test_conflicts_and_what_is_not_there(door: PeopleDoor, path: str) -> None:
    first = (await door.ask("POST", path, new(path, "first")))["item"]
    await door.ask("POST", path, new(path, "second"))
    assert "exists already" in await door.refused("POST", path, new(path, "first"), status=409)
    assert "exists already" in await door.refused("PATCH", f"{path}/second", {"name": "first"}, status=409)
    for key in ("nobody", "999"):
        for method, body in (("GET", None), ("PATCH", {"enabled": False}), ("DELETE", None)):
            await door.refused(method, f"{path}/{key}", body, status=404)
    assert (await door.ask("GET", f"{path}/first"))["item"] == first


@pytest.mark.parametrize("path", PATHS)
async def test_they_are_found(door: PeopleDoor, path: str) -> None:
    for name in ("retail", "bank"):
        await door.ask("POST", path, new(path, name) | {"description": f"The {name}ers"})
    await door.ask("PATCH", f"{path}/bank", {"enabled": False})
    for query, names in (("text=RETAILERS", ["retail"]), ("enabled=false", ["bank"]), ("text=x", [])):
        assert [each["name"] for each in (await door.ask("GET", f"{path}?{query}"))["items"]] == names
    assert "text" in await door.refused("GET", f"{path}?text=%00")


@pytest.mark.parametrize("path", PATHS)
async def test_operators_and_viewers_only_look(door: PeopleDoor, path: str) -> None:
    made = (await door.ask("POST", path, new(path, "there")))["item"]
    for role in (Role.OPERATOR, Role.VIEWER):
        key = await door.login(role.value, role)
        for method, place, body in (
            ("POST", path, new(path, "new")),
            ("PATCH", f"{path}/there", {"enabled": False}),
            ("DELETE", f"{path}/there", None),
        ):
            assert "manage_accounts" in await door.refused(method, place, body, key=key, status=403)
        assert (await door.ask("GET", path, key=key))["items"] == [made]
