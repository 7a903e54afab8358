"""`/api/v1/http-send`: statuses and bodies of text 000, every way in, every kind of bad input."""

import asyncio
import json

import aiohttp
import pytest
from structlog.testing import capture_logs
from yarl import URL

from trunkline.model.ports import StorageUnavailable
from trunkline.model.submission import Reason, Rejected
from trunkline.servers.http.errors import ANSWER_OF_REASON

from .conftest import HEADERS, Door

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/api/v1/http-send"
CODING = "coding must be 0 (GSM 7 bit) or 8 (UCS-2)"
VALIDITY = "validity must be a whole number of minutes from 1 to 43200"
DLR_URL = "dlr_url must be an http or https URL of at most 2048 characters"
MESSAGE = {"to": "971501234567", "content": "Hello", "from": "MYCOMPANY"}


async def test_accepted_message_has_an_id(door: Door) -> None:
    status, answer = await door.send(MESSAGE)
    (message,) = door.store.messages.values()
    assert (status, answer) == (200, {"ok": True, "message_id": message.id})
    assert (message.dest_addr, message.text, message.source_addr) == ("971501234567", "Hello", "MYCOMPANY")
    (submission,) = door.pipeline.submissions
    assert submission.sender is door.account.sender
    assert submission.door == "http"
    assert submission.registered_delivery == 1
    assert submission.coding is None


async def test_deferred_message_is_answered_as_queued(door: Door) -> None:
    door.pipeline.deferred = True
    status, answer = await door.send()
    (message,) = door.store.messages
    assert (status, answer) == (200, {"ok": True, "queued": True, "message_id": f"queued_{message}"})


async def test_answer_waits_for_the_store(door: Door) -> None:
    door.pipeline.gate = asyncio.Event()
    sending = asyncio.ensure_future(door.send())
    await door.pipeline.reached(1)
    assert not sending.done()
    assert not door.store.messages
    door.pipeline.gate.set()
    status, _ = await sending
    assert status == 200


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("late", [False, True])
async def test_every_reason_has_its_status(door: Door, reason: Reason, late: bool) -> None:
    rejected = Rejected(reason, "as the pipeline puts it")
    if late:
        door.pipeline.failure = rejected
    else:
        door.pipeline.refuse_to["971501234567"] = rejected
    status, answer, response = await door.json("POST", PATH, json=MESSAGE, headers=HEADERS)
    expected, text = ANSWER_OF_REASON[reason]
    assert status == expected
    assert answer == {"ok": False, "error": text or "as the pipeline puts it"}
    assert ("Retry-After" in response.headers) == (status in (429, 503))


async def test_texts_of_the_specification(door: Door) -> None:
    door.pipeline.balance = 0
    assert await door.send() == (402, {"ok": False, "error": "Insufficient credits"})
    assert await door.send({}) == (400, {"ok": False, "error": "to and content required"})
    assert await door.send(headers={}) == (401, {"ok": False, "error": "Invalid credentials"})


async def test_store_away_is_503(door: Door) -> None:
    door.pipeline.failure = StorageUnavailable()
    status, answer, response = await door.json("POST", PATH, json=MESSAGE, headers=HEADERS)
    assert (status, answer["ok"]) == (503, False)
    assert int(response.headers["Retry-After"]) > 0


async def test_unforeseen_failure_is_500_without_details(door: Door) -> None:
    door.pipeline.failure = RuntimeError("the inner secret")
    with capture_logs() as logs:
        status, answer = await door.send()
    assert status == 500
    assert "secret" not in answer["error"]
    (line,) = logs
    assert (line["action"], line["exc_info"]) == ("http.failed", door.pipeline.failure)
    door.pipeline.failure = None
    assert (await door.send())[0] == 200


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"to": "", "content": "x"}, "to and content required"),
        ({"to": "1", "content": ""}, "to and content required"),
        ({"to": None, "content": "x"}, "to and content required"),
        ({"to": "1"}, "to and content required"),
        ({"to": 971501234567, "content": "x"}, "to must be a string"),
        ({"to": ["1"], "content": "x"}, "to must be a string"),
        ({"to": "1", "content": 5}, "content must be a string"),
        ({"to": "1", "content": "x", "from": 5}, "from must be a string"),
        ({"to": "1", "content": "x", "colour": "red"}, "unknown field 'colour'"),
        ({"to": "1", "content": "x", "from_": "A"}, "unknown field 'from_'"),
        ({"to": "1", "content": "x", "q" * 100: 1}, f"unknown field '{'q' * 40}...'"),
        ({"to": "1", "content": "x", "coding": 4}, CODING),
        ({"to": "1", "content": "x", "coding": "utf8"}, CODING),
        ({"to": "1", "content": "x", "coding": [8]}, CODING),
        ({"to": "1", "content": "x", "coding": True}, CODING),
        ({"to": "1", "content": "x", "dr": 2}, "dr must be 0 or 1"),
        ({"to": "1", "content": "x", "dr": "yes"}, "dr must be 0 or 1"),
        ({"to": "1", "content": "x", "dr": {}}, "dr must be 0 or 1"),
        ({"to": "1", "content": "x", "validity": 0}, VALIDITY),
        ({"to": "1", "content": "x", "validity": 43201}, VALIDITY),
        ({"to": "1", "content": "x", "validity": 1.5}, VALIDITY),
        ({"to": "1", "content": "x", "validity": "²"}, VALIDITY),
        ({"to": "1", "content": "x", "validity": "9" * 20}, VALIDITY),
        ({"to": "1", "content": "x", "dlr_url": "ftp://h/"}, DLR_URL),
        ({"to": "1", "content": "x", "dlr_url": "http://"}, DLR_URL),
        ({"to": "1", "content": "x", "dlr_url": "http://[::1"}, DLR_URL),
        ({"to": "1", "content": "x", "dlr_url": "http://h/" + "x" * 2048}, DLR_URL),
        ([], "the body must be a JSON object"),
        ("text", "the body must be a JSON object"),
        (None, "the body must be a JSON object"),
    ],
)  # fmt: skip
async def test_bad_fields_are_named(door: Door, body: object, error: str) -> None:
    status, answer, _ = await door.json("POST", PATH, data=json.dumps(body), headers=HEADERS)
    assert (status, answer) == (400, {"ok": False, "error": error})
    assert not door.pipeline.submissions


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b'{"to":"\xff"}', b'{"to":"\\ud800","content":"x"}', b"[" * 100_000, b"{}x"]
)
async def test_malformed_json(door: Door, body: bytes) -> None:
    status, answer, _ = await door.json("POST", PATH, data=body, headers=HEADERS)
    assert status == 400
    assert "JSON" in answer["error"]


@pytest.mark.parametrize(
    ("fields", "attribute", "value"),
    [
        ({"coding": "8"}, "coding", 8),
        ({"coding": 8}, "coding", 8),
        ({"coding": "0"}, "coding", 0),
        ({"coding": 0}, "coding", 0),
        ({"coding": ""}, "coding", None),
        ({"dr": 0}, "registered_delivery", 0),
        ({"dr": "0"}, "registered_delivery", 0),
        ({"dr": False}, "registered_delivery", 0),
        ({"dr": 1}, "registered_delivery", 1),
        ({"dr": ""}, "registered_delivery", 1),
        ({"validity": 5}, "validity_ms", 300_000),
        ({"validity": "43200"}, "validity_ms", 2_592_000_000),
        ({"validity": ""}, "validity_ms", None),
        ({"dlr_url": "https://example.com/dlr?a=b"}, "dlr_url", "https://example.com/dlr?a=b"),
        ({"dlr_url": ""}, "dlr_url", None),
        ({"from": ""}, "source", ""),
    ],
)
async def test_settings_reach_the_pipeline(door: Door, fields: dict, attribute: str, value: object) -> None:
    assert (await door.send({"to": "1", "content": "x"} | fields))[0] == 200
    assert getattr(door.pipeline.submissions[0], attribute) == value


ARABIC = "مرحبا بكم 😀 a+b&c=d%"


async def test_get_takes_url_parameters(door: Door) -> None:
    parameters = MESSAGE | {"content": ARABIC, "dr": "1", "coding": "8"}
    status, answer, response = await door.json("GET", PATH, params=parameters, headers=HEADERS)
    assert (status, answer["ok"]) == (200, True)
    assert response.headers["Cache-Control"] == "no-store"
    assert door.pipeline.submissions[0].text == ARABIC


async def test_form_body(door: Door) -> None:
    status, _, _ = await door.json("POST", PATH, data=MESSAGE | {"content": ARABIC}, headers=HEADERS)
    assert status == 200
    assert door.pipeline.submissions[0].text == ARABIC


async def test_json_that_calls_itself_a_form(door: Door) -> None:
    headers = HEADERS | {"Content-Type": "application/x-www-form-urlencoded"}
    status, _, _ = await door.json("POST", PATH, data=b' {"to":"1","content":"x"}', headers=headers)
    assert status == 200


async def test_post_with_url_parameters_only(door: Door) -> None:
    status, _, _ = await door.json("POST", PATH, params=MESSAGE, headers=HEADERS)
    assert status == 200


async def test_body_wins_over_url_parameters(door: Door) -> None:
    parameters = {"to": "222", "from": "QUERY"}
    await door.send({"to": "111", "content": "x"}, params=parameters)
    assert door.pipeline.submissions[0].destination == "111"
    assert door.pipeline.submissions[0].source == "QUERY"


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("to=1&content=x&colour=red", "unknown field 'colour'"),
        ("to=1&content=x&to=2", "to is given twice"),
        ("to=1&content=%ff", "content is not valid UTF-8"),
        ("to=1&%ff=x", "a field's name is not valid UTF-8"),
        ("to=1", "to and content required"),
        ("to=1&content=x&dr=on", "dr must be 0 or 1"),
        ("&" * 60, "there are more than 50 fields"),
    ],
)
async def test_bad_url_parameters(door: Door, query: str, error: str) -> None:
    url = URL(f"{door.server.url}{PATH}?{query}", encoded=True)
    async with door.session.get(url, headers=HEADERS) as response:
        assert (response.status, await response.json()) == (400, {"ok": False, "error": error})


async def test_multipart_is_415(door: Door) -> None:
    form = aiohttp.FormData({"to": "1"})
    form.add_field("content", b"x", filename="x.txt")
    status, answer, _ = await door.json("POST", PATH, data=form, headers=HEADERS)
    assert (status, answer["ok"]) == (415, False)


async def test_oversized_body_is_413(door: Door) -> None:
    status, answer = await door.send({"to": "1", "content": "x" * 1_000_000})
    assert (status, answer) == (413, {"ok": False, "error": "the body is larger than 1 MB"})
    assert (await door.send())[0] == 200


async def test_oversized_body_without_length_is_413(door: Door) -> None:
    async def chunks():
        for _ in range(30):
            yield b"x" * 50_000

    status, _, _ = await door.json("POST", PATH, data=chunks(), headers=HEADERS)
    assert status == 413


async def test_body_in_many_pieces(door: Door) -> None:
    async def pieces():
        for octet in b'{"to":"1","content":"x"}':
            yield bytes((octet,))

    status, _, _ = await door.json("POST", PATH, data=pieces(), headers=HEADERS)
    assert status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_405(door: Door, method: str) -> None:
    status, answer, response = await door.json(method, PATH, json=MESSAGE, headers=HEADERS)
    assert (status, answer["ok"]) == (405, False)
    assert response.headers["Allow"] == "GET, POST"


async def test_head_sends_nothing(door: Door) -> None:
    async with door.request("HEAD", PATH, params=MESSAGE, headers=HEADERS) as response:
        assert response.status == 405
    assert not door.pipeline.submissions


async def test_requests_above_the_limit_are_503(door: Door) -> None:
    door.pipeline.gate = asyncio.Event()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def send() -> int:
            async with session.post(door.server.url + PATH, json=MESSAGE, headers=HEADERS) as response:
                await response.read()
                if response.status == 503:
                    assert response.headers["Retry-After"] == "1"
                    assert door.pipeline.gate is not None
                return response.status

        sending = [asyncio.ensure_future(send()) for _ in range(70)]
        refused, _ = await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
        assert {each.result() for each in refused} == {503}
        await door.pipeline.reached(64)
        async with session.get(door.server.url + "/health/live") as response:
            assert response.status == 200
        door.pipeline.gate.set()
        statuses = await asyncio.gather(*sending)
    assert sorted(set(statuses)) == [200, 503]
    assert statuses.count(200) == 64
