"""API key, Basic and user/password on both methods; what wrong ones cost."""

import asyncio
import base64
from collections.abc import Callable

import aiohttp
import pytest

from trunkline.services.login_limits import LoginLimits

from .conftest import KEY, Door

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/api/v1/http-send"
MESSAGE = {"to": "971501234567", "content": "Hello"}
WRONG = {"ok": False, "error": "Invalid credentials"}

Options = dict[str, object]


def basic(username: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


def in_query(further: dict[str, str]) -> Options:
    return {"params": MESSAGE | further}


def in_json(further: dict[str, str]) -> Options:
    return {"json": MESSAGE | further}


def in_form(further: dict[str, str]) -> Options:
    return {"data": MESSAGE | further}


CARRIERS = [("GET", in_query), ("POST", in_query), ("POST", in_json), ("POST", in_form)]


@pytest.mark.parametrize(("method", "carrier"), CARRIERS)
async def test_all_ways_on_both_methods(door: Door, method: str, carrier: Callable[..., Options]) -> None:
    for options in (
        carrier({}) | {"headers": {"X-API-Key": KEY}},
        carrier({}) | {"headers": basic("first", "secret-one")},
        carrier({"user": "first", "password": "secret-one"}),
    ):
        status, answer, _ = await door.json(method, PATH, **options)
        assert (status, answer["ok"]) == (200, True)
    assert all(each.sender is door.account.sender for each in door.pipeline.submissions)


@pytest.mark.parametrize(("method", "carrier"), CARRIERS)
async def test_wrong_credentials_are_401(door: Door, method: str, carrier: Callable[..., Options]) -> None:
    for options in (
        carrier({}),
        carrier({}) | {"headers": {"X-API-Key": "tk_wrong"}},
        carrier({}) | {"headers": basic("first", "secret-two")},
        carrier({}) | {"headers": basic("nobody", "secret-one")},
        carrier({"user": "first", "password": "wrong"}),
        carrier({"user": "first"}),
        carrier({"password": "secret-one"}),
    ):
        status, answer, response = await door.json(method, PATH, **options)
        assert (status, answer) == (401, WRONG)
        assert response.headers["WWW-Authenticate"].startswith("Basic")
    assert not door.pipeline.submissions


@pytest.mark.parametrize(
    "authorization",
    ["Basic", "Basic ", "Basic !!!", "Basic Zmlyc3Q=", "Bearer " + KEY, "Basic Zmlyc3Q6c2VjcmV0LW9uZQ"],
)
async def test_malformed_authorization_is_401(door: Door, authorization: str) -> None:
    status, answer, _ = await door.json("POST", PATH, json=MESSAGE, headers={"Authorization": authorization})
    assert (status, answer) == (401, WRONG)


async def test_passwords_may_hold_anything(door: Door) -> None:
    password = "pä:ss &+%wörd€"
    door.snapshots.add("third", password, "tk_third", 3)
    for options in (
        {"headers": basic("third", password), "json": MESSAGE},
        {"params": MESSAGE | {"user": "third", "password": password}},
    ):
        status, _, _ = await door.json("POST", PATH, **options)
        assert status == 200


async def test_basic_in_latin_1(door: Door) -> None:
    door.snapshots.add("third", "café", "tk_third", 3)
    encoded = base64.b64encode("third:café".encode("latin-1")).decode()
    status, _, _ = await door.json("POST", PATH, json=MESSAGE, headers={"Authorization": f"basic {encoded}"})
    assert status == 200


async def test_the_key_decides_before_basic(door: Door) -> None:
    headers = {"X-API-Key": "tk_second"} | basic("first", "secret-one")
    await door.json("POST", PATH, json=MESSAGE, headers=headers)
    assert door.pipeline.submissions[0].sender.credential == "second"


async def test_body_is_not_read_for_a_stranger(door: Door) -> None:
    status, answer, _ = await door.json("POST", PATH, data=b"{", headers={"X-API-Key": "no"})
    assert (status, answer) == (401, WRONG)


@pytest.mark.parametrize("which", ["enabled", "account_enabled"])
async def test_disabled_account_is_403(door: Door, which: str) -> None:
    door.snapshots.add("third", "secret-one", "tk_third", 3, **{which: False})
    for headers in ({"X-API-Key": "tk_third"}, basic("third", "secret-one")):
        status, answer, _ = await door.json("POST", PATH, json=MESSAGE, headers=headers)
        assert (status, answer) == (403, {"ok": False, "error": "Account disabled"})


async def test_changed_password_holds_at_once(door: Door) -> None:
    assert (await door.json("POST", PATH, json=MESSAGE, headers=basic("first", "secret-one")))[0] == 200
    door.snapshots.add("first", "secret-new", KEY)
    assert (await door.json("POST", PATH, json=MESSAGE, headers=basic("first", "secret-one")))[0] == 401
    assert (await door.json("POST", PATH, json=MESSAGE, headers=basic("first", "secret-new")))[0] == 200


async def test_a_known_password_needs_no_slow_check(door: Door) -> None:
    await door.json("POST", PATH, json=MESSAGE, headers=basic("first", "secret-one"))
    before = door.credentials.slow_checks
    for _ in range(5):
        await door.json("POST", PATH, json=MESSAGE, headers=basic("first", "secret-one"))
    assert door.credentials.slow_checks == before


async def test_many_first_logins_at_once_cost_one_check(door: Door) -> None:
    door.snapshots.add("third", "secret-three", "tk_third", 3)
    before = door.credentials.slow_checks
    async with aiohttp.ClientSession(headers=basic("third", "secret-three")) as session:

        async def send() -> int:
            async with session.post(door.server.url + PATH, json=MESSAGE) as response:
                return response.status

        assert await asyncio.gather(*(send() for _ in range(20))) == [200] * 20
    assert door.credentials.slow_checks == before + 1


async def test_failed_logins_are_429_with_growing_waits(door: Door) -> None:
    wrong = basic("first", "wrong")
    for _ in range(LoginLimits.FREE + 1):
        assert (await door.json("POST", PATH, json=MESSAGE, headers=wrong))[0] == 401
    waits = []
    for _ in range(4):
        status, answer, response = await door.json("POST", PATH, json=MESSAGE, headers=wrong)
        assert status == 429
        waits.append(int(response.headers["Retry-After"]))
        assert answer["error"] == f"Too many failed logins; try again in {waits[-1]} s"
        door.monotonic += waits[-1]
        assert (await door.json("POST", PATH, json=MESSAGE, headers=wrong))[0] == 401
    assert waits == [1, 2, 4, 8]


async def test_a_lock_holds_for_the_right_password_too_but_not_for_others(door: Door) -> None:
    for _ in range(LoginLimits.FREE + 1):
        await door.json("POST", PATH, json=MESSAGE, headers=basic("first", "wrong"))
    right = basic("first", "secret-one")
    assert (await door.json("POST", PATH, json=MESSAGE, headers=right))[0] == 429
    assert (await door.json("POST", PATH, json=MESSAGE, headers=basic("second", "secret-two")))[0] == 200
    assert (await door.send())[0] == 200
    door.monotonic += 1
    assert (await door.json("POST", PATH, json=MESSAGE, headers=right))[0] == 200


async def test_wrong_keys_are_429_but_a_right_one_passes(door: Door) -> None:
    statuses = [
        (await door.json("POST", PATH, json=MESSAGE, headers={"X-API-Key": f"tk_{number}"}))[0]
        for number in range(LoginLimits.FREE + 2)
    ]
    assert statuses == [401] * (LoginLimits.FREE + 1) + [429]
    assert (await door.send())[0] == 200


async def test_spraying_user_names_is_429(door: Door) -> None:
    for number in range(LoginLimits.ADDRESS_BURST):
        door.limits.failed(f"name{number}", "127.0.0.1")
    status, _, response = await door.json("POST", PATH, json=MESSAGE, headers=basic("fresh", "x"))
    assert (status, response.headers["Retry-After"]) == (429, "1")
