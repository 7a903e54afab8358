"""The MT route table: its order, what is found in it, and what stays when a route goes."""

import asyncio
from typing import Any

import pytest

from trunkline.backends.storage import SqlStore
from trunkline.model.administration import RouteFilter, RouteRow
from trunkline.model.errors import AlreadyExists, NotFound
from trunkline.model.people import AuditFilter, Paging

from .harness import Place, accept, make_account, make_message


async def add(store: SqlStore, name: str, position: int | None = None, **fields: Any) -> int:
    values = {"prefix": "", "account_id": None, "connector_ids": ("smsc-1",), "rate": 1} | fields
    return await store.create_route(name, position=position, **values)


async def table(store: SqlStore) -> list[tuple[int, str]]:
    page = await store.page_routes(RouteFilter(), Paging(500))
    return [(row.position, row.name) for row in page.items]


def in_order(names: str) -> list[tuple[int, str]]:
    return list(enumerate(names, 1))


@pytest.fixture
async def ids(store: SqlStore) -> dict[str, int]:
    """Four routes, a to d."""
    return {name: await add(store, name) for name in "abcd"}


@pytest.mark.parametrize(
    ("name", "position", "order"),
    [
        ("d", 1, "dabc"),
        ("a", 4, "bcda"),
        ("a", 99, "bcda"),
        ("b", 3, "acbd"),
        ("c", 2, "acbd"),
        ("b", 2, "abcd"),
    ],
)
async def test_a_route_is_moved(
    store: SqlStore, ids: dict[str, int], name: str, position: int, order: str
) -> None:
    await store.move_route(ids[name], position)
    assert await table(store) == in_order(order)
    assert [(each.position, each.name) for each in (await store.snapshot()).routes] == in_order(order)


async def test_a_move_stands_in_the_audit_log(store: SqlStore, ids: dict[str, int]) -> None:
    await store.move_route(ids["d"], 2)
    await store.move_route(ids["d"], 2)
    found = (await store.page_audit(AuditFilter(entity="route", action="change"), Paging())).items
    assert [(each.entity_id, each.details) for each in found] == [("d", {"position": [4, 2]})]


async def test_new_routes_make_room_and_deleted_ones_leave_none(store: SqlStore, ids: dict[str, int]) -> None:
    await add(store, "e", 2)
    await add(store, "f", 1)
    await add(store, "g", 99)
    assert await table(store) == in_order("faebcdg")
    await store.delete_route(ids["a"])
    assert await table(store) == in_order("febcdg")
    for change in (store.delete_route(ids["a"]), store.move_route(ids["a"], 1), store.find_route("a")):
        with pytest.raises(NotFound, match="route"):
            await change


async def test_an_id_is_given_once(store: SqlStore, ids: dict[str, int]) -> None:
    await store.delete_route(ids["d"])
    assert await add(store, "e") == ids["d"] + 1


async def test_a_message_outlives_its_route(store: SqlStore, ids: dict[str, int]) -> None:
    message = make_message(await make_account(store), route_id=ids["d"])
    await accept(store, message)
    await store.delete_route(ids["d"])
    await add(store, "e")
    detail = await store.message_detail(message.id)
    assert detail is not None
    assert (detail.message.route_id, detail.route) == (ids["d"], None)


async def test_changes_at_the_same_time_leave_no_gap(
    place: Place, store: SqlStore, ids: dict[str, int]
) -> None:
    other = place.store()
    await other.open()
    try:
        await asyncio.gather(
            *(add(each, f"{name}{n}", 1) for name, each in (("x", store), ("y", other)) for n in range(5)),
            store.move_route(ids["a"], 1),
            other.move_route(ids["b"], 9),
            store.delete_route(ids["c"]),
            other.delete_route(ids["d"]),
        )
    finally:
        await other.close()
    rows = await table(store)
    assert [position for position, _ in rows] == list(range(1, 13))
    assert {name for _, name in rows} == {"a", "b", *(f"{name}{n}" for name in "xy" for n in range(5))}


async def test_a_route_is_changed_where_it_stands(store: SqlStore, ids: dict[str, int]) -> None:
    account_id = await store.create_account("acme")
    values: dict[str, Any] = {"prefix": "971", "account_id": account_id, "rate": 5, "enabled": False}
    await store.update_route(ids["b"], name="uae", connector_ids=("smsc-2", "smsc-1"), **values)
    expected = RouteRow(ids["b"], 2, "uae", "971", "acme", ("smsc-2", "smsc-1"), 5, False)
    assert await store.find_route("uae") == await store.find_route(ids["b"]) == expected
    values["account_id"] = None
    with pytest.raises(AlreadyExists, match="route 'a'"):
        await store.update_route(ids["b"], name="a", connector_ids=("smsc-1",), **values)
    with pytest.raises(NotFound, match="account"):
        await store.update_route(
            ids["b"], name="b", connector_ids=("smsc-1",), **(values | {"account_id": 99})
        )
    with pytest.raises(NotFound, match="route"):
        await store.update_route(99, name="b", connector_ids=("smsc-1",), **values)
    assert await store.find_route("uae") == expected


async def test_a_route_that_is_switched_off_is_not_in_the_snapshot(store: SqlStore) -> None:
    assert not await store.has_default_route()
    await add(store, "off", enabled=False)
    await add(store, "uae", prefix="971")
    await add(store, "acme's", account_id=await store.create_account("acme"))
    assert not await store.has_default_route()
    assert [each.name for each in (await store.snapshot()).routes] == ["uae", "acme's"]
    await add(store, "everything")
    assert await store.has_default_route()


async def test_routes_are_found_page_by_page(store: SqlStore) -> None:
    await add(store, "UAE mobile", prefix="97150", connector_ids=("smsc-1", "smsc-2"))
    await add(store, "UAE", prefix="971", account_id=await store.create_account("acme"))
    await add(store, "100 % off", connector_ids=("smsc",), enabled=False)

    async def names(page: Paging | None = None, **wanted: Any) -> list[str]:
        found = await store.page_routes(RouteFilter(**wanted), page or Paging())
        return [row.name for row in found.items]

    first = await store.page_routes(RouteFilter(), Paging(2))
    assert ([row.name for row in first.items], first.next) == (["UAE mobile", "UAE"], "2")
    assert await names(Paging(2, "2")) == ["100 % off"]
    assert await names(text="uae") == ["UAE mobile", "UAE"]
    assert await names(text="9715") == ["UAE mobile"]
    assert await names(text="%") == ["100 % off"]
    assert await names(text="_") == []
    assert await names(account="acme") == ["UAE"]
    assert await names(connector="smsc-1") == ["UAE mobile", "UAE"]
    assert await names(connector="smsc") == ["100 % off"]
    assert await names(enabled=False) == ["100 % off"]
    assert await names(text="uae", account="other") == []
