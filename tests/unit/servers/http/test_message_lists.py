"""`GET /api/v1/messages` and `/api/v1/delivery-reports`: who sees which, and what is answered to nonsense."""

from dataclasses import replace

import pytest

from trunkline.model.ids import new_id
from trunkline.model.message_list import MessageFilter, MessageRow
from trunkline.model.ports import StorageUnavailable
from trunkline.model.states import MessageState

from .conftest import ADMIN, HEADERS, Door
from .test_http_api_docs import list_one

pytestmark = pytest.mark.asyncio(loop_scope="module")

LISTS = ("/api/v1/messages", "/api/v1/delivery-reports")
EXPORTS = tuple(f"{path}/export" for path in LISTS)


def fill(door: Door) -> MessageRow:
    """One message of the first account and one of another; returns the first."""
    list_one(door)
    store = door.store
    [mine], [report] = store.message_rows, store.receipt_rows
    store.message_rows.append(replace(mine, id=new_id(), account_id=99, account="other"))
    store.receipt_rows.append(replace(report, message_id=new_id(), account_id=99, account="other"))
    return mine


@pytest.mark.parametrize("path", LISTS)
async def test_an_account_sees_its_own_and_the_administrator_all(door: Door, path: str) -> None:
    mine = fill(door)
    status, answer, _ = await door.json("GET", path, headers=HEADERS)
    assert (status, answer["ok"], answer["next"], answer["searched"]) == (200, True, None, True)
    assert [item["message_id"] for item in answer["items"]] == [mine.id]
    _, answer, _ = await door.json("GET", path, headers=ADMIN)
    assert {item["account"] for item in answer["items"]} == {"acme", "other"}
    _, answer, _ = await door.json("GET", f"{path}?account_id=99", headers=ADMIN)
    assert {item["account"] for item in answer["items"]} == {"other"}
    status, answer, _ = await door.json("GET", f"{path}?account_id=99", headers=HEADERS)
    assert (status, answer["ok"]) == (404, False)


@pytest.mark.parametrize("path", EXPORTS)
async def test_so_do_exports(door: Door, path: str) -> None:
    mine = fill(door)
    async with door.request("GET", path, headers=HEADERS) as response:
        text = await response.text("utf-8-sig")
        assert (response.status, response.content_type) == (200, "text/csv")
        assert "attachment" in response.headers["content-disposition"]
    assert text.count("\r\n") == 2
    assert mine.id in text
    async with door.request("GET", f"{path}?format=xlsx", headers=ADMIN) as response:
        assert (await response.read()).startswith(b"PK")
    status, _, _ = await door.json("GET", f"{path}?account_id=99", headers=HEADERS)
    assert status == 404


@pytest.mark.parametrize("path", LISTS + EXPORTS)
async def test_the_three_ways_in(door: Door, path: str) -> None:
    fill(door)
    assert (await door.json("GET", path))[0] == 401
    assert (await door.json("GET", path, headers={"X-API-Key": "wrong"}))[0] == 401
    async with door.request("GET", f"{path}?user=first&password=secret-one") as response:
        assert response.status == 200
    assert (await door.json("GET", f"{path}?user=first&password=wrong"))[0] == 401


async def test_every_filter_arrives(door: Door) -> None:
    cursor = new_id()
    query = (
        "account_id=5&connector=smsc-1&state=sent&door=smpp&credential=esme1&from=INFO&to=97150&to_prefix=97"
        "&id=abc&account=acme&from_prefix=IN&encoding=ucs2&parts=2&charged=0.55&receipt=delivrd&min_delay_ms=9"
        "&error=RINV&text=Your+code&since=2026-04-10&until=2026-04-10T14%3A00%3A00%2B02%3A00"
        f"&next={cursor}&limit=7"
    )
    status, _, _ = await door.json("GET", f"/api/v1/messages?{query}", headers=ADMIN)
    assert status == 200
    assert door.store.asked == [
        (
            MessageFilter(
                account_id=5,
                connector_id="smsc-1",
                state=MessageState.SENT,
                door="smpp",
                credential="esme1",
                source_addr="INFO",
                dest_addr="97150",
                dest_prefix="97",
                message_id="abc",
                account="acme",
                source_prefix="IN",
                encoding="ucs2",
                parts=2,
                charged=550_000,
                receipt="DELIVRD",
                min_delay_ms=9,
                error="RINV",
                text="Your code",
                since=1_775_779_200_000,
                until=1_775_822_400_000,
            ),
            cursor,
            7,
        )
    ]


async def test_a_page_that_is_not_the_last(door: Door) -> None:
    fill(door)
    door.store.searched = False
    _, answer, _ = await door.json("GET", "/api/v1/messages?limit=1", headers=ADMIN)
    assert (len(answer["items"]), answer["next"], answer["searched"]) == (1, "more", False)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=gone", "state"),
        ("since=yesterday", "since"),
        ("until=2026-13-01", "until"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("account_id=-1", "account_id"),
        ("parts=two", "parts"),
        ("charged=much", "charged"),
        ("min_delay_ms=-1", "min_delay_ms"),
        ("next=1", "next"),
        ("colour=blue", "colour"),
        ("to=1&to=2", "to"),
        (f"text={'x' * 256}", "text"),
    ],
)
async def test_nonsense_is_named(door: Door, query: str, field: str) -> None:
    status, answer, _ = await door.json("GET", f"/api/v1/messages?{query}", headers=ADMIN)
    assert (status, answer["ok"]) == (400, False)
    assert field in answer["error"]
    assert door.store.asked == []


async def test_nonsense_for_exports(door: Door) -> None:
    status, answer, _ = await door.json("GET", "/api/v1/messages/export?format=pdf", headers=ADMIN)
    assert (status, answer["error"]) == (400, "format: must be one of csv, xlsx")


async def test_storage_that_is_away(door: Door) -> None:
    door.store.failure = StorageUnavailable("gone")
    assert (await door.json("GET", "/api/v1/messages", headers=ADMIN))[0] == 503
