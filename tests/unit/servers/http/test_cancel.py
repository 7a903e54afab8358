"""`POST /api/v1/messages/{id}/cancel`."""

import pytest

from trunkline.model.amendment import NotAmended, Obstacle
from trunkline.model.ids import new_id
from trunkline.model.message import Message
from trunkline.model.submission import Submission

from .conftest import HEADERS, Door
from .doubles import NOW, message_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


def stored(door: Door) -> Message:
    message = message_of(Submission(door.account.sender, "http", "971501234567", "Hello"), NOW)
    door.store.messages[message.id] = message
    return message


async def cancel(door: Door, identifier: str, **options: object) -> tuple[int, dict]:
    options.setdefault("headers", HEADERS)
    status, answer, _ = await door.json("POST", f"/api/v1/messages/{identifier}/cancel", **options)
    return status, answer


@pytest.mark.parametrize("prefix", ["", "queued_"])
async def test_a_message_is_cancelled_and_shown(door: Door, prefix: str) -> None:
    message = stored(door)
    status, answer = await cancel(door, prefix + message.id)
    assert status == 200
    assert (answer["ok"], answer["message_id"], answer["state"]) == (True, message.id, "deleted")


async def test_by_name_and_password(door: Door) -> None:
    message = stored(door)
    who = {"user": "first", "password": "secret-one"}
    assert (await cancel(door, message.id, headers={}, params=who))[0] == 200


async def test_others_may_not(door: Door) -> None:
    message = stored(door)
    assert (await cancel(door, message.id, headers={}))[0] == 401
    status, answer = await cancel(door, message.id, headers={"X-API-Key": "tk_second"})
    assert (status, answer["error"]) == (404, "Message not found")
    assert message.state.value == "queued"


@pytest.mark.parametrize("identifier", ["nothing", "queued_", new_id()])
async def test_what_does_not_exist(door: Door, identifier: str) -> None:
    status, answer = await cancel(door, identifier)
    assert (status, answer) == (404, {"ok": False, "error": "Message not found"})


@pytest.mark.parametrize(
    ("obstacle", "expected"),
    [(Obstacle.TOO_LATE, 409), (Obstacle.SMSC, 409), (Obstacle.UNKNOWN, 404), (Obstacle.BUSY, 503)],
)
async def test_what_cannot_be_cancelled(door: Door, obstacle: Obstacle, expected: int) -> None:
    message = stored(door)
    door.amending.fault = NotAmended(obstacle, "the message is delivered already")
    status, answer, response = await door.json(
        "POST", f"/api/v1/messages/{message.id}/cancel", headers=HEADERS
    )
    assert (status, answer["ok"]) == (expected, False)
    if expected == 409:
        assert answer["error"] == "the message is delivered already"
    assert ("Retry-After" in response.headers) == (expected == 503)


async def test_get_cancels_nothing(door: Door) -> None:
    message = stored(door)
    status, _, _ = await door.json("GET", f"/api/v1/messages/{message.id}/cancel", headers=HEADERS)
    assert status == 405
    assert message.state.value == "queued"
