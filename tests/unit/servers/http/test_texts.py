"""`/api/v1/text/inspect`: to whom, and what it takes."""

from dataclasses import replace

import pytest

from trunkline.servers.http.texts import MAX_BODY

from .conftest import HEADERS, Door

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/api/v1/text/inspect"


async def test_by_query(door: Door) -> None:
    status, answer, _ = await door.json(
        "GET", f"{PATH}?text=%C5%9Faka&languages=turkish,%20urdu&long_message=sar&smart=0", headers=HEADERS
    )
    assert (status, answer["ok"], answer["report"]["encoding"]) == (200, True, "ucs2")
    status, answer, _ = await door.json("GET", f"{PATH}?text=hi&coding=8&user=first&password=secret-one")
    assert (status, answer["report"]["data_coding"]) == (200, 8)


async def test_by_body(door: Door) -> None:
    body = {"text": "\u015f" * 71, "languages": ["turkish"]}
    status, answer, _ = await door.json("POST", PATH, json=body, headers=HEADERS)
    assert (status, answer["report"]["language"], answer["report"]["parts"]) == (200, "turkish", 1)


async def test_the_accounts_smart_encoding_counts_unless_told(door: Door) -> None:
    account = replace(door.account.sender.account, smart_encoding=True)
    http = replace(door.account, sender=replace(door.account.sender, account=account))
    door.snapshots.current = replace(
        door.snapshots.current,
        accounts={account.id: account},
        http_by_key_hash={door.account.api_key_hash: http},
    )
    for told, encoding in (({}, "gsm7"), ({"smart": False}, "ucs2")):
        body = {"text": "\u201chi\u201d"} | told
        _, answer, _ = await door.json("POST", PATH, json=body, headers=HEADERS)
        assert answer["report"]["encoding"] == encoding


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("", "missing required field `text`"),
        ("text=hi&colour=1", "unknown field `colour`"),
        ("text=hi&smart=perhaps", "smart must be 0 or 1"),
        ("text=hi&coding=x", "coding"),
        ("text=hi&coding=4", "coding: "),
        ("text=hi&languages=klingon", "language: must be one of turkish"),
        ("text=hi&long_message=x", "long_message: must be one of udh8"),
    ],
)
async def test_bad_input_is_named(door: Door, query: str, error: str) -> None:
    status, answer, _ = await door.json("GET", f"{PATH}?{query}", headers=HEADERS)
    assert (status, answer["ok"]) == (400, False)
    assert error in answer["error"]


async def test_bad_bodies(door: Door) -> None:
    for body, error in (({}, "text is required"), ({"text": "x" * 50_001}, "at most 50000 characters")):
        status, answer, _ = await door.json("POST", PATH, json=body, headers=HEADERS)
        assert status == 400
        assert error in answer["error"]


async def test_a_body_that_is_too_large_is_not_read(door: Door) -> None:
    status, answer, _ = await door.json("POST", PATH, data=b" " * (MAX_BODY + 1), headers=HEADERS)
    assert (status, answer["ok"]) == (413, False)


async def test_strangers_see_nothing(door: Door) -> None:
    for method, options in (("GET", {}), ("POST", {"json": {"text": "hi"}})):
        status, _, _ = await door.json(method, f"{PATH}?text=hi", **options)
        assert status == 401
        status, _, _ = await door.json(method, PATH, headers={"X-API-Key": "tk_wrong"}, **options)
        assert status == 401
