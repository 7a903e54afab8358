"""What a table shows, described once per noun, and the questions it puts to a service."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from trunkline.model.identity import Actor
from trunkline.panel.visitor import Visitor
from trunkline.services.spreadsheet import Cell

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Kind(StrEnum):
    """How a value is written."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"  # Unix ms
    BADGE = "badge"  # a word of a fixed list; its text is `state.<value>`
    FLAG = "flag"  # yes or no


@dataclass(frozen=True)  # with slots, Python 3.11 cannot make the generic kinds
class Column(Generic[T]):
    """One column; its title is the text `column.<name>`."""

    name: str
    value: Callable[[T], Any]
    kind: Kind = Kind.TEXT
    sortable: bool = False  # only where the service can sort by it, with an index
    shown: bool = True  # at first; the visitor chooses

    def written(self, item: T, visitor: Visitor) -> str:
        """The value for people."""
        value = self.value(item)
        if value is None or value == "":
            return ""
        match self.kind:
            case Kind.NUMBER:
                return visitor.number(value, 0 if isinstance(value, int) else 2)
            case Kind.TIME:
                return visitor.time(value)
            case Kind.BADGE:
                return visitor.text(f"state.{value}")
            case Kind.FLAG:
                return visitor.text("word.yes" if value else "word.no")
        return str(value)

    def exported(self, item: T, visitor: Visitor) -> Cell:
        """The value for a spreadsheet: numbers stay numbers."""
        value = self.value(item)
        if self.kind is Kind.TIME:
            return visitor.time(value)
        return value if isinstance(value, int | float | bool) or value is None else str(value)


@dataclass(slots=True, frozen=True)
class Filter:
    """A question above the table; its label is the text `column.<name>`. `options` are what may be chosen.

    A `moment` is asked for as date and time of the visitor's zone; see `moment_of`.
    """

    name: str
    options: Mapping[str, str] = field(default_factory=dict)
    moment: bool = False


def moment_of(answer: str, visitor: Visitor) -> int | None:
    """The Unix milliseconds of what a filter for a moment holds; None for nothing."""
    try:
        return int(datetime.fromisoformat(answer).replace(tzinfo=visitor.zone).timestamp() * 1000)
    except ValueError:
        return None


@dataclass(slots=True, frozen=True)
class Query:
    """Which rows: `limit` of them, after the row that the cursor `after` stands for."""

    limit: int
    after: str = ""
    sort: str = ""
    descending: bool = False
    filters: Mapping[str, str] = field(default_factory=dict)


class Rows(Protocol[T_co]):
    """Some rows; `next` is the cursor to go on with, None after the last."""

    @property
    def items(self) -> Sequence[T_co]: ...
    @property
    def next(self) -> str | None: ...


@dataclass(frozen=True)  # with slots, Python 3.11 cannot make the generic kinds
class Listing(Generic[T]):
    """A noun's table. `key` names a row; `link` is the page of one row, below the panel."""

    name: str
    columns: Sequence[Column[T]]
    load: Callable[[Actor, Query], Awaitable[Rows[T]]]
    key: Callable[[T], str]
    filters: Sequence[Filter] = ()
    link: Callable[[T], str] | None = None
    icon: str = "inbox"
