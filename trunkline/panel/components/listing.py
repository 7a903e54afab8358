"""What a table shows, described once per noun, and the questions it puts to a service."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from trunkline.model.identity import Actor
from trunkline.model.money import format_credits
from trunkline.panel.visitor import Visitor
from trunkline.services.spreadsheet import Cell

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Kind(StrEnum):
    """How a value is written."""

    TEXT = "text"
    PROSE = "prose"  # as much as fits two lines; all of it when pointed at
    NUMBER = "number"
    CREDITS = "credits"  # micro-credits, written with as many decimals as they have
    TIME = "time"  # Unix ms
    BADGE = "badge"  # a word of a fixed list; its text is `state.<value>`
    FLAG = "flag"  # yes or no
    LINES = "lines"  # several texts, one on a line
    TITLED = "titled"  # several lines; the first is what it is called


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
            case Kind.CREDITS:
                return visitor.credits(value)
            case Kind.TIME:
                return visitor.time(value)
            case Kind.BADGE:
                return visitor.text(f"state.{value}")
            case Kind.FLAG:
                return visitor.text("word.yes" if value else "word.no")
            case Kind.LINES:
                return "\n".join(value)
        return str(value)

    def exported(self, item: T, visitor: Visitor) -> Cell:
        """The value for a spreadsheet: numbers stay numbers."""
        value = self.value(item)
        if self.kind is Kind.TIME:
            return visitor.time(value)
        if self.kind is Kind.CREDITS:
            return None if value is None else Decimal(format_credits(value))
        if self.kind is Kind.LINES:
            return "\n".join(value)
        return value if isinstance(value, int | float | bool) or value is None else str(value)


@dataclass(slots=True, frozen=True)
class Filter:
    """A question above the table. `options` are what may be chosen.

    Its label is the text `column.<label>`, the label being its name where none is given. One that is not
    `shown` is a menu away. A `moment` is asked for as date and time of the visitor's zone; see `moment_of`.
    """

    name: str
    options: Mapping[str, str] = field(default_factory=dict)
    moment: bool = False
    shown: bool = True
    label: str = ""

    def takes(self, answer: str) -> bool:
        """Whether this is an answer to the question; nothing is none."""
        if self.options:
            return answer in self.options
        return (_moment(answer) is not None) if self.moment else bool(answer)


def moment_of(answer: str, visitor: Visitor) -> int | None:
    """The Unix milliseconds of what a filter for a moment holds; None for nothing."""
    moment = _moment(answer)
    return None if moment is None else int(moment.replace(tzinfo=visitor.zone).timestamp() * 1000)


def _moment(answer: str) -> datetime | None:
    """Date and time, of years that every zone can tell; None for what cannot be read."""
    try:
        moment = datetime.fromisoformat(answer)
    except ValueError:
        return None
    return moment if MINYEAR < moment.year < MAXYEAR else None


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
