"""Where somebody stands in a table: what they filter by, in which order, on which of its pages.

All of it is part of the page's address: it can be sent to others, and the browser's buttons lead back to it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from trunkline.panel.components.listing import Column, Filter

# What cursors consist of: ids, numbers that a database takes, names.
_CURSOR = re.compile(r"[0-9]{1,18}|(?=.*[^0-9])[^\x00]{1,255}").fullmatch
_COUNT = re.compile(r"[0-9]{1,12}").fullmatch


@dataclass(slots=True)
class Position:
    """A table's filters, its order, and its page. `first` is how many rows stand on the pages before."""

    filters: dict[str, str] = field(default_factory=dict)
    sort: str = ""
    descending: bool = False
    after: str = ""
    first: int = 0
    # The pages before this one, as far as they were seen here: their cursors, and what `first` was.
    before: list[tuple[str, int]] = field(default_factory=list)

    def turn(self, cursor: str, rows: int) -> None:
        """Goes to the page that follows the present one, which has so many rows."""
        self.before.append((self.after, self.first))
        self.after = cursor
        self.first += rows

    def turn_back(self) -> None:
        """Goes to the page before, or to the first where that is not known."""
        self.after, self.first = self.before.pop() if self.before else ("", 0)

    def start(self) -> None:
        """Goes to the first page."""
        self.before.clear()
        self.after, self.first = "", 0

    def query(self) -> str:
        """What stands for it in an address, with its question mark; nothing for a table as it is at first."""
        named = dict(self.filters)
        if self.sort:
            named["sort"] = f"-{self.sort}" if self.descending else self.sort
        if self.after:
            named |= {"after": self.after, "first": str(self.first)}
        return f"?{urlencode(named)}" if named else ""


def position_of(
    asked: Mapping[str, str], filters: Sequence[Filter], columns: Sequence[Column[Any]]
) -> Position:
    """What an address asks for; what a table does not have is left out."""
    found = Position(
        {each.name: asked[each.name] for each in filters if each.takes(asked.get(each.name, ""))}
    )
    sort = asked.get("sort", "")
    if any(each.sortable and each.name == sort.removeprefix("-") for each in columns):
        found.sort, found.descending = sort.removeprefix("-"), sort.startswith("-")
    if _CURSOR(asked.get("after", "")):
        found.after = asked["after"]
        found.first = int(asked["first"]) if _COUNT(asked.get("first", "")) else 0
    return found
