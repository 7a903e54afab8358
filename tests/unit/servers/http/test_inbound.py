"""`/api/v1/inbound`: who sees what handsets sent, and what is answered to nonsense."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trunkline.model.ids import first_id, new_id
from trunkline.model.inbound import InboundMessage

from .people_door import PeopleDoor, people_door
from .test_people import tenants

AT = 1_775_824_200_000  # 2026-04-10T12:30:00Z


@pytest.fixture
async def door(empty_database: Path, tmp_path: Path) -> AsyncIterator[PeopleDoor]:
    async with people_door(empty_database, tmp_path) as door:
        yield door


def message(**fields: Any) -> InboundMessage:
    plain = InboundMessage(
        first_id(AT)[:-12] + new_id()[-12:], None, "smsc", 1, 1, "491700000001", 3, 0, "4040", "STOP",
        "gsm7", 0, 0, None, "", None, None, 1, (), None, AT,
    )  # fmt: skip
    return replace(plain, **fields)


async def keep(door: PeopleDoor, *messages: InboundMessage) -> None:
    for each in messages:
        door.store.journal.inbound(each, [], None)
    await door.store.journal.flush()


async def ids(door: PeopleDoor, query: str = "", **options: Any) -> list[str]:
    answer = await door.ask("GET", f"/api/v1/inbound{query}", **options)
    return [item["id"] for item in answer["items"]]


async def test_what_a_message_looks_like(door: PeopleDoor) -> None:
    kept = message(
        text=None, encoding="binary", data_coding=245, esm_class=64, raw="01ff", udh="060504", dest_port=2948,
        source_port=9200, parts=3, missing=(2,), error="odd",
    )  # fmt: skip
    await keep(door, kept)
    shown = (await door.ask("GET", f"/api/v1/inbound/{kept.id}"))["item"]
    assert shown == {
        "id": kept.id, "account_id": None, "account": "", "from": "491700000001", "from_ton": 1,
        "from_npi": 1, "to": "4040", "to_ton": 3, "to_npi": 0, "text": None, "encoding": "binary",
        "data_coding": 245, "esm_class": 64, "raw": "01ff", "header": "060504", "dest_port": 2948,
        "source_port": 9200, "parts": 3, "missing_parts": [2], "error": "odd", "connector": "smsc",
        "received_at": "2026-04-10T12:30:00.000Z",
    }  # fmt: skip
    answer = await door.ask("GET", "/api/v1/inbound")
    assert (answer["items"], answer["next"], answer["searched"]) == ([shown], None, True)


async def test_an_enterprise_user_sees_what_is_its_accounts(door: PeopleDoor) -> None:
    ann, eve = await tenants(door, "view_inbox")
    acme = (await door.ask("GET", "/api/v1/accounts/acme"))["item"]["id"]
    mine, nobodys = message(account_id=acme), message(text="other")
    await keep(door, mine, nobodys)
    assert await ids(door) == sorted([mine.id, nobodys.id], reverse=True)
    assert await ids(door, key=ann) == [mine.id]
    assert await ids(door, key=eve) == []
    assert (await door.ask("GET", f"/api/v1/inbound/{mine.id}", key=ann))["item"]["account"] == "acme"
    for hidden in (mine.id, nobodys.id):
        await door.refused("GET", f"/api/v1/inbound/{hidden}", key=eve, status=404)
    await door.refused("GET", f"/api/v1/inbound/{nobodys.id}", key=ann, status=404)
    await door.refused("GET", f"/api/v1/inbound?account_id={acme}", key=eve, status=404)
    await door.refused("GET", f"/api/v1/inbound/export?account_id={acme}", key=eve, status=404)
    headers = {"X-API-Key": eve}
    export = await door.client.get("/api/v1/inbound/export", headers=headers)
    assert export.text.count("\r\n") == 1, "the header alone"


async def test_without_the_permission_nothing_is_seen(door: PeopleDoor) -> None:
    ann, _ = await tenants(door, "view_logs")
    for path in ("", "/export", f"/{new_id()}"):
        complaint = await door.refused("GET", f"/api/v1/inbound{path}", key=ann, status=403)
        assert "view_inbox" in complaint
        await door.refused("GET", f"/api/v1/inbound{path}", key="", status=401)


async def test_pages_and_filters(door: PeopleDoor) -> None:
    messages = [
        message(
            id=first_id(AT + number)[:-12] + new_id()[-12:], received_at=AT + number, text=f"vote {number}"
        )
        for number in range(4)
    ]
    messages[0] = replace(messages[0], source_addr="49171", connector_id="other", dest_addr="Shop")
    await keep(door, *messages)
    newest_first = [each.id for each in reversed(messages)]
    first = await door.ask("GET", "/api/v1/inbound?limit=3")
    assert [item["id"] for item in first["items"]] == newest_first[:3]
    assert await ids(door, f"?limit=3&after={first['next']}") == newest_first[3:]
    for query, found in (
        ("from=49171", newest_first[3:]),
        ("to=Shop", newest_first[3:]),
        ("connector=other", newest_first[3:]),
        ("text=VOTE 2", newest_first[1:2]),
        ("since=2026-04-10T12:30:00.003Z", newest_first[:1]),
        ("until=2026-04-10T12:30:00.001Z", newest_first[3:]),
    ):
        assert await ids(door, f"?{query}") == found, query


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("after=x", "after: must be the `next` of the page before"),
        ("limit=0", "limit must be a whole number from 1 to 200"),
        ("since=soon", "since: must be a time as in"),
        ("nonsense=1", "unknown field 'nonsense'"),
    ],
)
async def test_nonsense(door: PeopleDoor, query: str, complaint: str) -> None:
    assert complaint in await door.refused("GET", f"/api/v1/inbound?{query}")


async def test_exports(door: PeopleDoor) -> None:
    await keep(door, message(text="=1+1"))
    headers = {"X-API-Key": "token-of-the-settings"}
    csv = await door.client.get("/api/v1/inbound/export", headers=headers)
    assert (csv.status_code, csv.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert csv.headers["content-disposition"] == 'attachment; filename="inbound.csv"'
    assert ",'=1+1," in csv.text
    xlsx = await door.client.get("/api/v1/inbound/export?format=xlsx", headers=headers)
    assert xlsx.content.startswith(b"PK")
    assert "format: must be one of csv, xlsx" in await door.refused(
        "GET", "/api/v1/inbound/export?format=pdf"
    )
