"""Where somebody stands in a table, and the address that says so."""

from urllib.parse import parse_qsl

import pytest

from trunkline.panel.components.listing import Column, Filter
from trunkline.panel.components.position import Position, position_of

FILTERS = (
    Filter("to"),
    Filter("status", {"sent": "sent", "queued": "queued"}),
    Filter("since", moment=True),
)
COLUMNS = (
    Column[str]("name", str, sortable=True),
    Column[str]("size", len),
)


def read(query: str) -> Position:
    return position_of(dict(parse_qsl(query.removeprefix("?"))), FILTERS, COLUMNS)


def test_an_address_leads_back() -> None:
    filters = {"to": "a&b=c ü", "status": "sent", "since": "2026-04-10T12:30"}
    there = Position(filters, "name", True, "cursor/1", 150)
    assert read(there.query()) == there
    assert read("") == Position()
    assert Position().query() == ""


def test_pages_that_ended_early_are_counted_as_they_were() -> None:
    position = Position()
    position.turn("a", 50)
    position.turn("b", 7)
    assert (position.after, position.first) == ("b", 57)
    position.turn_back()
    assert (position.after, position.first) == ("a", 50)
    position.turn_back()
    assert position == Position()
    position.turn("a", 50)
    position.start()
    assert position == Position()


@pytest.mark.parametrize(
    "query",
    [
        "colour=blue",
        "status=lost",
        "since=yesterday",
        "since=0001-01-01T00:00",
        "since=9999-12-31T23:59",
        "since=120000-01-01T00:00",
        "sort=size",
        "sort=-colour",
        "after=&first=7",
        "after=" + "9" * 19,
        "after=" + "x" * 256,
        "after=a%00b",
    ],
)
def test_what_a_table_does_not_have_is_left_out(query: str) -> None:
    assert read(query) == Position()


def test_a_count_that_is_none() -> None:
    assert read("after=x&first=-1").first == 0
    assert read("after=x&first=many").first == 0
