"""`GET /api/v1/messages/{id}`: what is shown, and to whom."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from trunkline.model.administration import LedgerEntry
from trunkline.model.ids import new_id
from trunkline.model.message import Message, MessageEvent, Segment
from trunkline.model.ports import StorageUnavailable
from trunkline.model.profile import Profile, TlvType, VendorTlv
from trunkline.model.snapshot import Route
from trunkline.model.states import MessageState, SegmentState
from trunkline.model.submission import Submission
from trunkline.services.connectors import DEFAULTS

from .conftest import ADMIN, HEADERS, Door
from .doubles import NOW, message_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/api/v1/messages/"


def at(milliseconds: int) -> str:
    return f"2026-04-10T12:30:{milliseconds // 1000:02d}.{milliseconds % 1000:03d}Z"


def stored(door: Door, **fields: object) -> Message:
    submission = Submission(door.account.sender, "http", "971501234567", "Hello", "MYCOMPANY", **fields)
    message = message_of(submission, NOW)
    door.store.messages[message.id] = message
    return message


async def look(door: Door, message: Message | str, **options: object) -> tuple[int, dict]:
    options.setdefault("headers", HEADERS)
    identifier = message if isinstance(message, str) else message.public_id
    status, answer, _ = await door.json("GET", PATH + identifier, **options)
    return status, answer


async def test_message_that_has_just_come(door: Door) -> None:
    message = stored(door)
    status, answer = await look(door, message)
    assert status == 200
    assert answer == {
        "ok": True,
        "message_id": message.id,
        "reference": None,
        "state": "queued",
        "from": "MYCOMPANY",
        "to": "971501234567",
        "text": "Hello",
        "parts": 1,
        "encoding": "gsm7",
        "priority": 0,
        "tlvs": {},
        "charged": "0.55",
        "connector": "simulator",
        "error": None,
        "accepted_at": at(0),
        "sent_at": None,
        "done_at": None,
        "expires_at": "2026-04-10T13:30:00.000Z",
        "segments": [
            {
                "number": 1,
                "state": "queued",
                "text": "Hello",
                "connector": "simulator",
                "attempts": 0,
                "submitted_at": None,
                "smsc_message_id": None,
                "command_status": None,
                "receipt_status": None,
                "receipt_error": None,
                "receipt_at": None,
                "done_at": None,
            }
        ],
        "history": [
            {"at": at(0), "event": "accepted", "detail": "through http, 1 part", "segment": None},
            {
                "at": at(0),
                "event": "routed",
                "detail": "to simulator at 0.55 credits a part",
                "segment": None,
            },
        ],
        "callback": {"state": "none", "url": None, "delivered_at": None, "pending": 0},
        "checks": [
            {
                "check": "sender",
                "outcome": "may_send",
                "values": {"account": "acme", "credential": message.credential, "door": "http"},
            },
            {
                "check": "destination",
                "outcome": "number",
                "values": {"address": "971501234567", "ton": 1, "npi": 1},
            },
            {"check": "source", "outcome": "given", "values": {"address": "MYCOMPANY", "ton": 5, "npi": 0}},
            {"check": "rate", "outcome": "within", "values": {}},
            {"check": "validity", "outcome": "until", "values": {"at": message.expires_at}},
            {
                "check": "content",
                "outcome": "encoded",
                "values": {"encoding": "gsm7", "data_coding": 0, "parts": 1},
            },
            {"check": "balance", "outcome": "nothing_to_pay", "values": {}},
        ],
        "routes": None,
    }


async def test_the_administrator_sees_every_message_and_its_route(door: Door) -> None:
    message = stored(door)
    message.account_id = 77

    async def routing() -> str:
        status, answer = await look(door, message, headers=ADMIN)
        assert status == 200
        [entry] = [each for each in answer["history"] if each["event"] == "routed"]
        return entry["detail"]

    assert (await look(door, message))[0] == 404
    assert await routing() == "to simulator at 0.55 credits a part, by a route that is no more"
    route = Route(3, 1, "uae", "971", None, ("simulator", "spare"), 550_000)
    door.store.routes[message.id] = route
    assert await routing() == ("to simulator at 0.55 credits a part, before spare, by route uae (prefix 971)")
    door.store.routes[message.id] = replace(route, prefix="", connector_ids=("simulator",))
    assert await routing() == "to simulator at 0.55 credits a part, by route uae (any destination)"
    _, answer = await look(door, message, headers=ADMIN)
    assert [(each["name"], each["outcome"]) for each in answer["routes"]] == [("uae", "would_be_taken")]
    assert answer["checks"][-1]["check"] == "connector"


async def test_the_pdus_are_for_operators(door: Door) -> None:
    message = stored(door)
    path = f"{PATH}{message.id}/pdus"
    assert (await door.json("GET", path, headers=HEADERS))[0] == 403
    assert (await door.json("GET", path))[0] == 401
    status, answer, _ = await door.json("GET", path, headers=ADMIN)
    assert (status, answer) == (200, {"ok": True, "logged": False, "items": []})
    for query, expected in (("part=2", 404), ("part=x", 400), ("colour=blue", 400)):
        assert (await door.json("GET", f"{path}?{query}", headers=ADMIN))[0] == expected
    assert (await door.json("GET", f"{PATH}{new_id()}/pdus", headers=ADMIN))[0] == 404


async def test_the_administrator_cancels_for_every_account(door: Door) -> None:
    message = stored(door)
    status, answer, _ = await door.json("POST", f"{PATH}{message.id}/cancel", headers=ADMIN)
    assert (status, answer["state"]) == (200, "deleted")


async def test_the_whole_way_in_order(door: Door) -> None:
    message = stored(door, dlr_url="https://example.com/dlr")
    first = message.segments[0]
    second = Segment(message, 2, "World", b"", "simulator")
    message.segments.append(second)
    for segment, moment in ((first, 10), (second, 20)):
        segment.attempts = 1
        segment.submitted_at = NOW + moment
        segment.smsc_message_id = f"ID{segment.number}"
        segment.command_status = 0
        segment.become(SegmentState.SUBMITTING, NOW + moment)
        segment.become(SegmentState.SUBMITTED, NOW + moment)
    for segment, moment, stat in ((second, 500, "DELIVRD"), (first, 1500, "UNDELIV")):
        segment.receipt_stat, segment.receipt_err, segment.receipt_at = stat, "007", NOW + moment
        final = SegmentState.DELIVERED if stat == "DELIVRD" else SegmentState.UNDELIVERED
        segment.become(final, NOW + moment)
    door.store.events[message.id] = (MessageEvent(message.id, 2, NOW + 15, "retry", "ESME_RTHROTTLED"),)
    door.store.notified[message.id] = NOW + 2000
    door.store.ledgers[message.id] = (LedgerEntry(NOW, "charge", -1_100_000, 98_900_000),)
    _, answer = await look(door, message)
    assert answer["state"] == "undelivered"
    assert (answer["sent_at"], answer["done_at"]) == (at(10), at(1500))
    assert answer["segments"][1] == {
        "number": 2,
        "state": "delivered",
        "text": "World",
        "connector": "simulator",
        "attempts": 1,
        "submitted_at": at(20),
        "smsc_message_id": "ID2",
        "command_status": 0,
        "receipt_status": "DELIVRD",
        "receipt_error": "007",
        "receipt_at": at(500),
        "done_at": at(500),
    }
    assert [(entry["at"], entry["event"], entry["segment"]) for entry in answer["history"]] == [
        (at(0), "accepted", None),
        (at(0), "routed", None),
        (at(0), "charge", None),
        (at(10), "submitted", 1),
        (at(15), "retry", 2),
        (at(20), "submitted", 2),
        (at(500), "receipt", 2),
        (at(1500), "receipt", 1),
        (at(1500), "undelivered", None),
        (at(2000), "notified", None),
    ]
    assert answer["history"][2]["detail"] == "-1.1 credits, 98.9 left"
    assert answer["history"][3]["detail"] == "to simulator as ID1"
    assert answer["callback"] == {
        "state": "delivered",
        "url": "https://example.com/dlr",
        "delivered_at": at(2000),
        "pending": 0,
    }


async def test_states_of_the_callback(door: Door) -> None:
    async def state(message: Message) -> str:
        return (await look(door, message))[1]["callback"]["state"]

    message = stored(door, dlr_url="https://example.com/dlr")
    assert await state(message) == "waiting"
    door.store.pending[message.id] = 1
    assert await state(message) == "pending"
    door.store.pending.clear()
    door.store.events[message.id] = (MessageEvent(message.id, None, NOW, "notification_given_up", "500"),)
    assert await state(message) == "failed"
    assert await state(stored(door, registered_delivery=0, dlr_url="https://example.com/dlr")) == "none"
    final = stored(door, dlr_url="https://example.com/dlr")
    final.state = MessageState.EXPIRED
    assert await state(final) == "none"


async def test_failed_message_says_why(door: Door) -> None:
    message = stored(door)
    message.segments[0].become(SegmentState.REJECTED, NOW + 5)
    message.error = "ESME_RINVDSTADR"
    _, answer = await look(door, message)
    assert (answer["state"], answer["error"]) == ("rejected", "ESME_RINVDSTADR")
    assert answer["history"][-1]["detail"] == "ESME_RINVDSTADR"


async def test_binary_message_has_no_text(door: Door) -> None:
    message = stored(door)
    message.text, message.encoding, message.segments[0].content = None, "binary", "00ff"
    _, answer = await look(door, message)
    assert (answer["text"], answer["segments"][0]["text"]) == (None, None)


async def test_queued_id_and_plain_id_find_the_same(door: Door) -> None:
    message = stored(door)
    message.deferred = True
    for identifier in (message.id, f"queued_{message.id}"):
        status, answer = await look(door, identifier)
        assert (status, answer["message_id"]) == (200, f"queued_{message.id}")


async def test_other_accounts_messages_do_not_exist(door: Door) -> None:
    message = stored(door)
    status, answer = await look(door, message, headers={"X-API-Key": "tk_second"})
    assert (status, answer) == (404, {"ok": False, "error": "Message not found"})
    assert await look(door, new_id()) == (404, answer)


@pytest.mark.parametrize(
    "identifier", ["x", "queued_", "1" * 36, "%00", "a" * 5000, "..%2f", "queued_queued_x"]
)
async def test_what_is_no_id_is_not_found(door: Door, identifier: str) -> None:
    assert (await look(door, identifier))[0] == 404


async def test_authentication(door: Door) -> None:
    message = stored(door)
    credentials = {"user": "first", "password": "secret-one"}
    assert (await look(door, message, headers={}, params=credentials))[0] == 200
    assert (await look(door, message, headers={}))[0] == 401
    assert (await look(door, message, headers={}, params=credentials | {"password": "x"}))[0] == 401
    assert (await look(door, message, headers={"X-API-Key": "x"}))[0] == 401


async def test_store_away_is_503(door: Door) -> None:
    door.store.failure = StorageUnavailable()
    status, answer, response = await door.json("GET", PATH + new_id(), headers=HEADERS)
    assert (status, answer["ok"]) == (503, False)
    assert "Retry-After" in response.headers


async def test_unforeseen_failure_is_500_and_logged_once(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    door.store.failure = RuntimeError("the inner secret")
    with capture_logs() as logs:
        status, answer = await look(door, new_id())
    assert status == 500
    assert "secret" not in answer["error"]
    (line,) = logs
    assert (line["action"], line["exc_info"]) == ("http.failed", True)
    assert not caplog.records


async def test_other_methods_are_405(door: Door) -> None:
    status, answer, response = await door.json("DELETE", PATH + new_id(), headers=HEADERS)
    assert (status, answer["ok"], response.headers["Allow"]) == (405, False, "GET")


async def test_unknown_path_is_404(door: Door) -> None:
    for path in ("/api/v1/nothing", "/", "/api/v1/http-send/"):
        status, answer, _ = await door.json("GET", path, headers=HEADERS)
        assert (status, answer) == (404, {"ok": False, "error": "Not Found"})


async def test_tlvs_by_the_names_of_the_connectors_profile(door: Door) -> None:
    message = stored(door)
    message.tlvs = bytes.fromhex("1401000105140200020001")
    _, answer = await look(door, message)
    assert answer["tlvs"] == {"0x1401": "05", "0x1402": "0001"}
    profile = Profile((VendorTlv("hops", 0x1401, TlvType.UINT8),))
    config = replace(DEFAULTS, connector_id=message.connector_id, profile=profile)
    door.snapshots.current = replace(door.snapshots.current, connectors={message.connector_id: config})
    _, answer = await look(door, message)
    assert answer["tlvs"] == {"hops": 5, "0x1402": "0001"}
