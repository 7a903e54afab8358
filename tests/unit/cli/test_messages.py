"""`trunkline message list` and `show` on a database with messages in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.generated import fill

from .conftest import Run


@pytest.fixture
def messages(database: None) -> None:
    """Sixty messages."""
    fill(Path("var/trunkline.db"), 60)


@pytest.mark.usefixtures("messages")
def test_pages_and_filters(rows: Callable[..., Any]) -> None:
    first = rows("message", "list", "--limit", "40")
    assert (len(first["items"]), first["searched"]) == (40, True)
    rest = rows("message", "list", "--limit", "40", "--next", first["next"])
    assert (len(rest["items"]), rest["next"]) == (20, None)
    assert len({item["message_id"] for item in first["items"] + rest["items"]}) == 60
    [rejected, _] = rows("message", "list", "--state", "rejected")["items"]
    assert rejected["error"] == "ESME_RINVDSTADR (0x0000000B)"
    found = rows("message", "list", "--account", rejected["account"], "--source", rejected["from"],
                 "--destination", rejected["to"], "--prefix", rejected["to"][:6], "--text", "CODE",
                 "--since", "2025-10-09", "--until", "2025-10-10")  # fmt: skip
    assert found["items"] == [rejected]
    assert rows("message", "list", "--until", "2025-10-09")["items"] == []


@pytest.mark.usefixtures("messages")
def test_for_people(run: Run) -> None:
    shown = run("message", "list", "--limit", "2").stdout
    assert "Your code is 59" in shown
    assert "There may be more: --next " in shown
    assert "--next" not in run("message", "list", "--connector", "smsc-1").stdout


@pytest.mark.usefixtures("messages")
def test_the_history_tells_the_route(run: Run, rows: Callable[..., Any]) -> None:
    [newest] = rows("message", "list", "--limit", "1")["items"]
    shown = run("message", "show", newest["message_id"]).stdout
    assert "by a route that is no more" in shown


@pytest.mark.usefixtures("database")
def test_nonsense(complaint: Callable[..., str]) -> None:
    assert complaint("message", "list", "--state", "gone").startswith("state: must be one of queued,")
    assert complaint("message", "list", "--since", "soon").startswith("since: must be a time")
    assert complaint("message", "list", "--next", "1") == "next: must be the `next` of the page before."
    assert complaint("message", "list", "--account", "x", code=1) == "account 'x' does not exist."
