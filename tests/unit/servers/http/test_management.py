"""What the routes of text 001's management have in common."""

import pytest
from yarl import URL

from trunkline.servers.http.clients import ClientRequest
from trunkline.servers.http.gateways import GatewayRequest
from trunkline.servers.http.management import key_of, rules_of, shares

from .conftest import ADMIN, HEADERS, TOKEN, Door

ROUTES = [
    (method, f"/api/{noun}{rest}")
    for noun in ("gateways", "clients")
    for method, rest in (("GET", ""), ("POST", ""), ("PUT", ""), ("PUT", "/1"), ("DELETE", "/1"))
]


@pytest.mark.parametrize(
    ("total", "of", "parts"),
    [
        (0, 0, []),
        (5, 0, []),
        (0, 2, [0, 0]),
        (5, 1, [5]),
        (5, 2, [3, 2]),
        (5, 3, [2, 2, 1]),
        (1, 3, [1, 0, 0]),
    ],
)
def test_shares(total: int, of: int, parts: list[int]) -> None:
    assert shares(total, of) == parts


@pytest.mark.parametrize(
    ("text", "key"), [("1234", 1234), ("0", 0), ("x1", "x1"), ("-1", "-1"), ("²", "²"), ("9" * 10, "9" * 10)]
)
def test_keys(text: str, key: int | str) -> None:
    assert key_of(text) == key


@pytest.mark.parametrize("kind", [GatewayRequest, ClientRequest])
def test_every_field_has_a_rule_in_words(kind: type) -> None:
    assert set(rules_of(kind)) == set(kind.__struct_fields__) - {"updated", "created", "queue_count"}
    assert all(rule.startswith("must be ") and "None" not in rule for rule in rules_of(kind).values())


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_only_the_administrator(door: Door, method: str, path: str) -> None:
    before = door.administration.revision
    for headers, expected in (
        ({}, 401),
        ({"X-API-Key": "wrong"}, 401),
        (HEADERS, 403),
        ({"X-Api-Token": "wrong"}, 401),
        ({"Authorization": "Basic Zmlyc3Q6c2VjcmV0LW9uZQ=="}, 401),
    ):
        status, answer, _ = await door.json(method, path, headers=headers, data=b"{")
        assert (status, answer["ok"]) == (expected, False)
    for headers in (ADMIN, {"X-Api-Token": TOKEN}, {"Authorization": f"Bearer {TOKEN}"}):
        status, _, _ = await door.json(method, path, headers=headers, data=b"{")
        assert status == {"GET": 200, "DELETE": 404}.get(method, 400)
    assert door.administration.revision == before


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("noun", ["gateways", "clients"])
@pytest.mark.parametrize(
    ("key", "status"),
    [("a%00b", 400), ("%F0%9F%99%82", 404), ("a%20b", 404), ("1" * 30, 404), ("x" * 300, 404)],
)
async def test_ids_that_cannot_be(door: Door, method: str, noun: str, key: str, status: int) -> None:
    url = URL(f"{door.server.url}/api/{noun}/{key}", encoded=True)
    async with door.session.request(method, url, headers=ADMIN, json={}) as response:
        assert response.status == status
        assert (await response.json())["ok"] is False


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if route[0] in ("POST", "PUT")])
@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"", 400, "the body is not valid JSON"),
        (b"{", 400, "the body is not valid JSON"),
        (b"[]", 400, "the body must be a JSON object"),
        (b'"OK"', 400, "the body must be a JSON object"),
        (b'{"frobnicate": 1}', 400, "unknown field 'frobnicate'"),
        (b'{"id": "x"}', 400, "id must be a whole number from 1"),
        (b'{"id": 0}', 400, "id must be a whole number from 1"),
        (b'{"enabled": "yes"}', 400, "enabled must be true or false"),
        (b'{"enabled": 1}', 400, "enabled must be true or false"),
        (b'{"password": "a\\u0000b"}', 400, "password must not have a NUL character"),
        (b'{"password": "\\ud800"}', 400, "the body is not valid JSON"),
        (b'{"password": "' + b"x" * 200_000 + b'"}', 413, "the body is larger"),
    ],
)
async def test_bodies_that_cannot_be(
    door: Door, method: str, path: str, body: bytes, status: int, sentence: str
) -> None:
    got, answer, _ = await door.json(method, path, headers=ADMIN, data=body)
    assert (got, answer["ok"]) == (status, False)
    assert answer["error"].startswith(sentence)
