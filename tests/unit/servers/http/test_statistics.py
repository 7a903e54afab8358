"""`GET /api/v1/statistics`: everything for the administrator, an account's own for its users."""

import pytest

from .conftest import ADMIN, HEADERS, Door

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/api/v1/statistics"


async def test_the_administrator_sees_everything(door: Door) -> None:
    status, answer, _ = await door.json("GET", PATH, headers=ADMIN)
    assert (status, answer["ok"], answer["as_of"]) == (200, True, "2026-04-10T12:30:00.000Z")
    assert (len(answer["hours"]), len(answer["days"])) == (24, 7)
    assert answer["hours"][0]["at"] == "2026-04-09T13:00:00.000Z"
    assert sum(answer["states"].values()) == 11
    assert answer["accounts"][0] == {"name": "account 1", "messages": 4, "delivered": 3, "failed": 1}
    assert {each["name"] for each in answer["connectors"]} == {"a", "b", "c"}
    assert answer["reasons"] == [{"reason": "no route", "messages": 1}]


async def test_an_account_sees_no_others_and_no_connectors(door: Door) -> None:
    status, answer, _ = await door.json("GET", PATH, headers=HEADERS)
    assert (status, answer["accounts"], answer["connectors"]) == (200, [], [])
    status, _, _ = await door.json("GET", f"{PATH}?user=first&password=secret-one")
    assert status == 200


async def test_nobody_sees_nothing(door: Door) -> None:
    assert (await door.json("GET", PATH))[0] == 401
    assert (await door.json("GET", PATH, headers={"X-API-Key": "wrong"}))[0] == 401
    assert (await door.json("GET", f"{PATH}?account_id=2", headers=HEADERS))[0] == 400
