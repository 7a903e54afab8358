"""`trunkline inbound` on a database with inbound messages in it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trunkline.app import open_administration
from trunkline.config import Settings
from trunkline.model.ids import new_id
from trunkline.model.inbound import InboundMessage

from .conftest import Run

AT = 1_775_824_200_000
FIRST = InboundMessage(
    new_id(), None, "smsc", 1, 1, "491700000001", 3, 0, "4040", "STOP " + "x" * 60, "gsm7", 0, 0, None, "",
    None, None, 3, (2,), None, AT,
)  # fmt: skip
SECOND = replace(
    FIRST, id=new_id(), source_addr="49171", text=None, encoding="binary", raw="00ff", udh="0605040b8423f0",
    dest_port=2948, source_port=9200, parts=1, missing=(), error="odd",
)  # fmt: skip


@pytest.fixture
def inbound(database: None) -> None:
    """Two messages."""

    async def fill() -> None:
        async with open_administration(Settings()) as administration:
            journal = administration.store.journal
            for each in (FIRST, SECOND):
                journal.inbound(each, [], None)
            await journal.flush()

    asyncio.run(fill())


@pytest.mark.usefixtures("inbound")
def test_lists_and_filters(rows: Callable[..., Any], run: Run) -> None:
    found = rows("inbound", "list")["items"]
    assert [item["id"] for item in found] == [SECOND.id, FIRST.id]
    page = rows("inbound", "list", "--limit", "1")
    assert rows("inbound", "list", "--next", page["next"])["items"] == found[1:]
    assert rows("inbound", "list", "--source", "49171", "--destination", "4040", "--connector", "smsc",
                "--text", "49171")["items"] == found[:1]  # fmt: skip
    assert rows("inbound", "list", "--until", "2020-01-01")["items"] == []
    shown = run("inbound", "list", "--limit", "1").stdout
    assert "(binary)" in shown
    assert "There may be more: --next " in shown
    shown = run("inbound", "list", "--source", "491700000001").stdout
    assert f"STOP {'x' * 32}... " in shown
    assert "2 of 3" in shown


@pytest.mark.usefixtures("inbound")
def test_one_with_all_that_is_kept(run: Run, rows: Callable[..., Any]) -> None:
    shown = run("inbound", "show", SECOND.id).stdout
    for part in (
        "2026-04-10T12:30:00.000Z",
        "49171 (TON 1, NPI 1)",
        "(binary)",
        "00ff",
        "to 2948 from 9200",
        "odd",
    ):
        assert part in shown
    assert rows("inbound", "show", FIRST.id)["missing_parts"] == [2]


@pytest.mark.usefixtures("inbound")
def test_files(run: Run) -> None:
    run("inbound", "export", "replies.csv", "--source", "49171")
    assert Path("replies.csv").read_text("utf-8-sig").count("\n") == 2
    run("inbound", "export", "replies.xlsx")
    assert Path("replies.xlsx").read_bytes().startswith(b"PK")


@pytest.mark.usefixtures("inbound")
def test_nonsense(complaint: Callable[..., str], tmp_path: Path) -> None:
    assert complaint("inbound", "list", "--since", "soon").startswith("since: must be a time")
    assert complaint("inbound", "list", "--next", "1").startswith("after: must be the `next`")
    assert complaint("inbound", "list", "--account", "x", code=1) == "account 'x' does not exist."
    assert complaint("inbound", "show", "x", code=1) == "inbound message 'x' does not exist."
    assert complaint("inbound", "export", "replies.pdf").startswith("format: must be one of csv, xlsx")
    assert "nowhere" in complaint("inbound", "export", str(tmp_path / "nowhere" / "a.csv"), code=1)
