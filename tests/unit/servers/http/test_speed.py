"""`GET /api/v1/connectors/{id}/speed`: for the administrator alone."""

from dataclasses import replace

import pytest

from trunkline.services.connectors import DEFAULTS
from trunkline.services.credentials import hash_api_key

from .conftest import HEADERS, Door

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOKEN = {"X-Api-Token": "tka_right"}
PATH = "/api/v1/connectors/simulator/speed"


def prepare(door: Door) -> None:
    config = replace(DEFAULTS, connector_id="simulator", window=10)
    door.snapshots.current = replace(
        door.snapshots.current, connectors={"simulator": config}, api_token_hash=hash_api_key("tka_right")
    )


async def test_the_verdict(door: Door) -> None:
    prepare(door)
    door.live.statuses = door.metrics.connector_statuses
    status, answer, _ = await door.json("GET", PATH, headers=TOKEN)
    assert (status, answer["ok"]) == (200, True)
    found = answer["bottleneck"]
    assert (found["limit"], found["reached"], found["by_window"], found["waiting"]) == ("smsc", 79, 80, 21)


async def test_who_may_ask(door: Door) -> None:
    prepare(door)
    for headers, expected in ((HEADERS, 403), ({}, 401), ({"X-Api-Token": "wrong"}, 401)):
        status, answer, _ = await door.json("GET", PATH, headers=headers)
        assert (status, answer["ok"]) == (expected, False)
    status, answer, _ = await door.json("GET", "/api/v1/connectors/other/speed", headers=TOKEN)
    assert (status, answer["error"]) == (404, "Connector not found")
