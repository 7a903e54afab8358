"""`Idempotency-Key`: repeated requests, other requests, requests at once."""

import asyncio

import pytest

from trunkline.model.ports import IdempotencyConflict, IdempotencyRecord, StorageUnavailable
from trunkline.model.submission import Reason, Rejected
from trunkline.servers.http.batch import CHUNK

from .conftest import HEADERS, Door

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/api/v1/http-send"
BATCH = "/api/v1/http-send/batch"
MESSAGE = {"to": "971501234567", "content": "Hello", "from": "A"}
OTHER = {"ok": False, "error": "Idempotency-Key was used for another request"}


def keyed(key: str) -> dict[str, str]:
    return HEADERS | {"Idempotency-Key": key}


async def test_repetition_gets_the_first_answer(door: Door) -> None:
    status, first, response = await door.json("POST", PATH, json=MESSAGE, headers=keyed("a"))
    assert status == 200
    assert "Idempotent-Replayed" not in response.headers
    for _ in range(2):
        status, again, response = await door.json("POST", PATH, json=MESSAGE, headers=keyed("a"))
        assert (status, again) == (200, first)
        assert response.headers["Idempotent-Replayed"] == "true"
    assert len(door.store.messages) == 1
    record = door.store.records[1, "a"]
    assert record.created_at == door.clock.now


async def test_queued_answer_is_repeated(door: Door) -> None:
    door.pipeline.deferred = True
    _, first, _ = await door.json("POST", PATH, json=MESSAGE, headers=keyed("a"))
    door.pipeline.deferred = False
    _, again, _ = await door.json("POST", PATH, json=MESSAGE, headers=keyed("a"))
    assert again == first
    assert again["queued"] is True


async def test_the_form_of_the_request_does_not_matter(door: Door) -> None:
    _, first, _ = await door.json("POST", PATH, json=MESSAGE, headers=keyed("a"))
    for method, options in (
        ("POST", {"data": MESSAGE}),
        ("POST", {"params": MESSAGE}),
        ("GET", {"params": MESSAGE}),
        ("POST", {"data": b'{ "from":"A","content":"Hello",\n"to":"971501234567"}'}),
    ):
        _, again, _ = await door.json(method, PATH, headers=keyed("a"), **options)
        assert again == first


async def test_credentials_are_no_part_of_the_request(door: Door) -> None:
    _, first, _ = await door.json("POST", PATH, json=MESSAGE, headers=keyed("a"))
    body = MESSAGE | {"user": "first", "password": "secret-one"}
    status, again, _ = await door.json("POST", PATH, json=body, headers={"Idempotency-Key": "a"})
    assert (status, again) == (200, first)


@pytest.mark.parametrize("change", [{"content": "Other"}, {"to": "971500000000"}, {"dr": 0}, {"from": "B"}])
async def test_other_request_with_the_key_is_422(door: Door, change: dict) -> None:
    await door.json("POST", PATH, json=MESSAGE, headers=keyed("a"))
    status, answer, _ = await door.json("POST", PATH, json=MESSAGE | change, headers=keyed("a"))
    assert (status, answer) == (422, OTHER)
    assert len(door.store.messages) == 1


async def test_a_batch_is_another_request(door: Door) -> None:
    await door.json("POST", PATH, json=MESSAGE, headers=keyed("a"))
    status, answer, _ = await door.json("POST", BATCH, json={"messages": [MESSAGE]}, headers=keyed("a"))
    assert (status, answer) == (422, OTHER)


async def test_keys_belong_to_an_account(door: Door) -> None:
    _, first, _ = await door.json("POST", PATH, json=MESSAGE, headers=keyed("a"))
    headers = {"X-API-Key": "tk_second", "Idempotency-Key": "a"}
    status, other, _ = await door.json("POST", PATH, json=MESSAGE | {"content": "x"}, headers=headers)
    assert status == 200
    assert other["message_id"] != first["message_id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "café"])
async def test_bad_key_is_400(door: Door, key: str) -> None:
    status, answer, _ = await door.json("POST", PATH, json=MESSAGE, headers=keyed(key))
    assert (status, answer["error"]) == (400, "Idempotency-Key must be 1 to 255 printable ASCII characters")
    assert not door.pipeline.submissions


async def test_longest_key(door: Door) -> None:
    key = "~ " * 127 + "x"
    for _ in range(2):
        assert (await door.json("POST", PATH, json=MESSAGE, headers=keyed(key)))[0] == 200
    assert len(door.store.messages) == 1


async def test_requests_at_once_send_one_message(door: Door) -> None:
    door.pipeline.gate = asyncio.Event()

    async def send() -> tuple[str, bool]:
        _, answer, response = await door.json("POST", PATH, json=MESSAGE, headers=keyed("a"))
        return answer["message_id"], "Idempotent-Replayed" in response.headers

    sending = [asyncio.ensure_future(send()) for _ in range(10)]
    await door.pipeline.reached(1)
    door.pipeline.gate.set()
    answers = await asyncio.gather(*sending)
    assert len(door.store.messages) == 1
    assert {identifier for identifier, _ in answers} == set(door.store.messages)
    assert sorted(replayed for _, replayed in answers) == [False] + [True] * 9


async def test_when_the_first_of_two_fails_the_second_tries(door: Door) -> None:
    door.pipeline.gate = asyncio.Event()
    door.pipeline.failure = StorageUnavailable()
    first = asyncio.ensure_future(door.json("POST", PATH, json=MESSAGE, headers=keyed("a")))
    await door.pipeline.reached(1)
    second = asyncio.ensure_future(door.json("POST", PATH, json=MESSAGE, headers=keyed("a")))
    door.pipeline.gate.set()
    assert (await first)[0] == 503
    assert (await second)[0] == 503
    assert len(door.pipeline.calls) == 2
    door.pipeline.failure = None
    assert (await door.json("POST", PATH, json=MESSAGE, headers=keyed("a")))[0] == 200


@pytest.mark.parametrize("reason", [Reason.THROTTLED, Reason.INVALID_DESTINATION, Reason.NO_ROUTE])
async def test_a_refusal_leaves_the_key_free(door: Door, reason: Reason) -> None:
    door.pipeline.refuse_to[MESSAGE["to"]] = Rejected(reason, "no")
    status, _, _ = await door.json("POST", PATH, json=MESSAGE, headers=keyed("a"))
    assert status >= 400
    door.pipeline.refuse_to.clear()
    status, _, response = await door.json("POST", PATH, json=MESSAGE, headers=keyed("a"))
    assert status == 200
    assert "Idempotent-Replayed" not in response.headers


async def test_no_credit_leaves_the_key_free(door: Door) -> None:
    door.pipeline.balance = 0
    assert (await door.json("POST", PATH, json=MESSAGE, headers=keyed("a")))[0] == 402
    door.pipeline.balance = 1
    assert (await door.json("POST", PATH, json=MESSAGE, headers=keyed("a")))[0] == 200


async def test_another_process_was_faster(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record appears between the look into the store and the transaction."""
    _, first, _ = await door.json("POST", PATH, json=MESSAGE, headers=keyed("a"))
    record = door.store.records[1, "a"]
    answers = iter([None, record])

    async def look(_account: int, _key: str) -> IdempotencyRecord | None:
        return next(answers)

    monkeypatch.setattr(door.store, "idempotency_record", look)
    status, again, response = await door.json("POST", PATH, json=MESSAGE, headers=keyed("a"))
    assert (status, again) == (200, first)
    assert response.headers["Idempotent-Replayed"] == "true"
    assert len(door.store.messages) == 1


async def test_store_that_cannot_be_read_is_503(door: Door) -> None:
    door.store.failure = StorageUnavailable()
    status, _, response = await door.json("POST", PATH, json=MESSAGE, headers=keyed("a"))
    assert status == 503
    assert "Retry-After" in response.headers
    assert not door.pipeline.submissions


# --- batches ---


def batch(count: int) -> dict[str, object]:
    return {"to": [f"97150{number:07d}" for number in range(count)], "content": "Hello"}


async def test_batch_is_repeated_with_all_its_results(door: Door) -> None:
    door.pipeline.refuse_to["971500000001"] = Rejected(Reason.NO_ROUTE, "no route")
    count = 2 * CHUNK + 5
    status, first, response = await door.json("POST", BATCH, json=batch(count), headers=keyed("a"))
    assert (status, first["accepted"], first["rejected"]) == (200, count - 1, 1)
    assert "Idempotent-Replayed" not in response.headers
    door.pipeline.refuse_to.clear()
    _, again, response = await door.json("POST", BATCH, json=batch(count), headers=keyed("a"))
    assert again == first
    assert response.headers["Idempotent-Replayed"] == "true"
    assert len(door.store.messages) == count - 1


async def test_what_the_balance_did_not_cover_is_repeated_too(door: Door) -> None:
    door.pipeline.balance = 2
    _, first, _ = await door.json("POST", BATCH, json=batch(3), headers=keyed("a"))
    assert [result["ok"] for result in first["results"]] == [True, True, False]
    assert first["results"][2] == {"to": "971500000002", "ok": False, "error": "Insufficient credits"}
    door.pipeline.balance = 10
    _, again, _ = await door.json("POST", BATCH, json=batch(3), headers=keyed("a"))
    assert again == first


async def test_batch_that_stopped_halfway_is_completed(door: Door) -> None:
    """The gateway stopped after the second of four chunks: only the others are carried out."""
    count = 4 * CHUNK
    _, first, _ = await door.json("POST", BATCH, json=batch(count), headers=keyed("a"))
    kept = [result["message_id"] for result in first["results"][: 2 * CHUNK]]
    later = (f"\x1f{2 * CHUNK}\x1f", f"\x1f{3 * CHUNK}\x1f")
    for key in [key for key in door.store.records if key[1].startswith(later)]:
        del door.store.records[key]
    door.pipeline.calls.clear()
    status, again, response = await door.json("POST", BATCH, json=batch(count), headers=keyed("a"))
    assert (status, again["accepted"]) == (200, count)
    assert [result["message_id"] for result in again["results"][: 2 * CHUNK]] == kept
    assert door.pipeline.calls == [CHUNK, CHUNK]
    assert "Idempotent-Replayed" not in response.headers


async def test_hole_in_the_middle_is_filled(door: Door) -> None:
    """The second of three chunks was not stored, the third was: it is not sent again."""
    count = 3 * CHUNK
    _, first, _ = await door.json("POST", BATCH, json=batch(count), headers=keyed("a"))
    (hole,) = [key for key in door.store.records if key[1].startswith(f"\x1f{CHUNK}\x1f")]
    del door.store.records[hole]
    before = len(door.store.messages)
    _, again, _ = await door.json("POST", BATCH, json=batch(count), headers=keyed("a"))
    assert again["accepted"] == count
    assert again["results"][2 * CHUNK :] == first["results"][2 * CHUNK :]
    assert len(door.store.messages) == before + CHUNK


async def test_batch_for_a_busy_store_keeps_nothing(door: Door) -> None:
    for number in range(3):
        door.pipeline.refuse_to[f"97150{number:07d}"] = Rejected(Reason.BUSY, "busy")
    status, _, response = await door.json("POST", BATCH, json=batch(3), headers=keyed("a"))
    assert status == 503
    assert "Retry-After" in response.headers
    assert not door.store.records
    door.pipeline.failure = IdempotencyConflict()
    status, _, _ = await door.json("POST", BATCH, json=batch(3), headers=keyed("a"))
    assert status == 500
