"""`/api/v1/http-send/batch`: both forms, limits, and one answer for each message."""

import asyncio
import io
import json

import pytest

from trunkline.model.ports import StorageUnavailable
from trunkline.model.submission import Reason, Rejected
from trunkline.servers.http.batch import CHUNK

from .conftest import HEADERS, Door

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/api/v1/http-send/batch"
ONE = {"to": "1", "content": "x"}
ALONE = "messages stands alone: to, content and the rest belong into each message"


async def post(door: Door, body: object, **options: object) -> tuple[int, dict]:
    options.setdefault("headers", HEADERS)
    status, answer, _ = await door.json("POST", PATH, data=json.dumps(body), **options)
    return status, answer


async def test_messages_of_their_own(door: Door) -> None:
    messages = [
        {"to": "971501", "content": "one"},
        {"to": "971502", "content": "two", "from": "B", "coding": "8", "dr": 0, "validity": 5},
        {"to": "971503", "content": "three", "dlr_url": "https://example.com/dlr"},
    ]
    status, answer = await post(door, {"messages": messages})
    ids = list(door.store.messages)
    assert status == 200
    assert answer == {
        "ok": True,
        "results": [
            {"to": message["to"], "ok": True, "message_id": identifier}
            for message, identifier in zip(messages, ids, strict=True)
        ],
        "accepted": 3,
        "rejected": 0,
    }
    one, two, three = door.pipeline.submissions
    assert (one.text, one.source, one.coding, one.registered_delivery) == ("one", "", None, 1)
    assert (two.source, two.coding, two.registered_delivery, two.validity_ms) == ("B", 8, 0, 300_000)
    assert three.dlr_url == "https://example.com/dlr"


async def test_one_text_to_many(door: Door) -> None:
    body = {"to": ["971501", "971502"], "content": "all", "from": "B", "coding": 8, "dr": 0}
    body |= {"dlr_url": "https://example.com/dlr", "validity": 1}
    status, answer = await post(door, body)
    assert (status, answer["accepted"]) == (200, 2)
    for submission, to in zip(door.pipeline.submissions, body["to"], strict=True):
        assert (submission.destination, submission.text, submission.source) == (to, "all", "B")
        assert (submission.coding, submission.registered_delivery) == (8, 0)
        assert (submission.dlr_url, submission.validity_ms) == ("https://example.com/dlr", 60_000)


async def test_each_is_answered_on_its_own(door: Door) -> None:
    door.pipeline.refuse_to["12"] = Rejected(Reason.INVALID_DESTINATION, "not a number")
    door.pipeline.refuse_to["971505"] = Rejected(Reason.THROTTLED, "more than 10 per second")
    door.pipeline.balance = 2
    messages = [
        {"to": "971501", "content": "x"},
        {"to": "12", "content": "x"},
        {"to": "971502", "content": ""},
        {"to": "971503", "content": "x", "coding": 7},
        {"to": "971504", "content": "x"},
        {"to": "971505", "content": "x"},
        {"to": "971506", "content": "x"},
    ]
    status, answer = await post(door, {"messages": messages})
    assert (status, answer["ok"], answer["accepted"], answer["rejected"]) == (200, True, 2, 5)
    assert [result["to"] for result in answer["results"]] == [message["to"] for message in messages]
    assert [result.get("error") for result in answer["results"]] == [
        None,
        "not a number",
        "to and content required",
        "coding must be 0 (GSM 7 bit) or 8 (UCS-2)",
        None,
        "Rate limit exceeded",
        "Insufficient credits",
    ]
    assert all(("message_id" in result) is result["ok"] for result in answer["results"])


async def test_deferred_messages_say_so(door: Door) -> None:
    door.pipeline.deferred = True
    _, answer = await post(door, {"to": ["971501"], "content": "x"})
    (identifier,) = door.store.messages
    assert answer["results"] == [
        {"to": "971501", "ok": True, "queued": True, "message_id": f"queued_{identifier}"}
    ]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "either messages, or to and content required"),
        ({"to": ["1"]}, "either messages, or to and content required"),
        ({"content": "x"}, "either messages, or to and content required"),
        ({"to": None, "content": "x"}, "either messages, or to and content required"),
        ({"messages": []}, "the batch has no messages"),
        ({"to": [], "content": "x"}, "the batch has no messages"),
        ({"messages": {}}, "messages must be a list of objects"),
        ({"messages": ["x"]}, "messages[0] must be an object"),
        ({"messages": [{"to": "1"}]}, "messages[0].content is required"),
        ({"messages": [{"content": "x"}]}, "messages[0].to is required"),
        ({"messages": [ONE, {"to": 2, "content": "x"}]}, "messages[1].to must be a string"),
        ({"messages": [{"to": "1", "content": "x", "colour": 1}]}, "unknown field 'colour' in messages[0]"),
        ({"messages": [{"to": "1", "content": "x", "dr": []}]}, "messages[0].dr must be 0 or 1"),
        ({"messages": [ONE], "content": "y"}, ALONE),
        ({"messages": [ONE], "to": ["1"]}, ALONE),
        ({"to": "1", "content": "x"}, "to must be a list"),
        ({"to": ["1", 2], "content": "x"}, "to[1] must be a string"),
        ({"to": ["1"], "content": 5}, "content must be a string"),
        ({"to": ["1"], "content": "x", "user": "a"}, "unknown field 'user'"),
        ({"to": ["1"] * 10_001, "content": "x"}, "to must have at most 10000 entries"),
        ({"messages": [ONE] * 10_001}, "messages must have at most 10000 entries"),
        ([], "the body must be a JSON object"),
    ],
)  # fmt: skip
async def test_bad_batches_are_refused_whole(door: Door, body: object, error: str) -> None:
    assert await post(door, body) == (400, {"ok": False, "error": error})
    assert not door.pipeline.submissions


async def test_ten_thousand_go_in_by_chunks_and_leave_the_loop_free(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"messages": [{"to": f"97150{number:07d}", "content": "Hello"} for number in range(10_000)]}
    turns = 0
    handed_over: list[int] = []  # the turn of the loop in which each chunk was
    accept_many = door.pipeline.accept_many

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def watched(*arguments):
        handed_over.append(turns)
        return accept_many(*arguments)

    monkeypatch.setattr(door.pipeline, "accept_many", watched)
    counting = asyncio.ensure_future(count_turns())
    status, answer = await post(door, body)
    counting.cancel()
    assert (status, answer["accepted"]) == (200, 10_000)
    assert [result["message_id"] for result in answer["results"]] == list(door.store.messages)
    assert door.pipeline.calls == [CHUNK] * (10_000 // CHUNK)
    # Everybody else had a turn between one chunk and the next.
    assert len(set(handed_over)) == len(handed_over) == 10_000 // CHUNK


async def test_all_refused_because_the_store_is_away_is_503(door: Door) -> None:
    for failure in (StorageUnavailable(), Rejected(Reason.BUSY, "behind")):
        door.pipeline.failure = failure
        status, answer, response = await door.json(
            "POST", PATH, json={"to": ["1"] * (CHUNK + 1), "content": "x"}, headers=HEADERS
        )
        assert (status, answer["ok"]) == (503, False)
        assert "Retry-After" in response.headers


async def test_store_that_goes_away_in_the_middle_shows_in_the_results(door: Door) -> None:
    numbers = [str(number) for number in range(100_000, 100_000 + CHUNK + 3)]
    for number in numbers[CHUNK:]:
        door.pipeline.refuse_to[number] = Rejected(Reason.BUSY, "behind")
    status, answer = await post(door, {"to": numbers, "content": "x"})
    assert (status, answer["accepted"], answer["rejected"]) == (200, CHUNK, 3)
    assert answer["results"][-1] == {"to": numbers[-1], "ok": False, "error": "behind"}


async def test_oversized_batch_is_413(door: Door) -> None:
    body = io.BytesIO(b'{"to":["1"],"content":"%b"}' % (b"x" * 16_000_000))
    status, answer, _ = await door.json("POST", PATH, data=body, headers=HEADERS)
    assert (status, answer) == (413, {"ok": False, "error": "the body is larger than 16 MB"})


async def test_credentials_in_the_query(door: Door) -> None:
    body = {"to": ["971501"], "content": "x"}
    credentials = {"user": "first", "password": "secret-one"}
    assert (await post(door, body, headers={}, params=credentials))[0] == 200
    assert (await post(door, body, headers={}, params=credentials | {"password": "x"}))[0] == 401
    assert (await post(door, body, headers={}))[0] == 401


async def test_get_is_405(door: Door) -> None:
    status, _, response = await door.json("GET", PATH, headers=HEADERS)
    assert (status, response.headers["Allow"]) == (405, "POST")
