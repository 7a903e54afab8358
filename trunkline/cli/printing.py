"""What commands print: tables for people, JSON for programs, texts that cannot disturb the terminal."""

import json
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]

_TEXT = 40  # characters of a message's text in a list
_WIDE = 500  # columns where the output is no terminal: nothing is cut off


def print_json(value: Any) -> None:
    """Prints a value as indented JSON."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Prints a table; None shows as ``-``. Columns whose name begins with ``#`` are numbers, to the right."""
    from rich import box  # noqa: PLC0415  (only where a table is shown)
    from rich.console import Console  # noqa: PLC0415  (see above)
    from rich.table import Table  # noqa: PLC0415  (see above)

    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDE
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for column in columns:
        table.add_column(column.removeprefix("#"), justify="right" if column.startswith("#") else "left")
    for row in rows:
        table.add_row(*(printable(cell) for cell in row))
    console.print(table)


def print_fields(fields: Iterable[tuple[str, object]]) -> None:
    """Prints names and values, one a line, values aligned; None shows as ``-``."""
    shown = [(name, printable(value)) for name, value in fields]
    width = max(len(name) for name, _ in shown)
    for name, value in shown:
        typer.echo(f"{name:<{width}}  {value}")


def printable(value: object) -> str:
    """A value as one line of text; control characters, which could steer the terminal, as escapes."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in str(value)
    )


def shortened(text: str | None) -> str:
    """A message's text for a list; None are octets."""
    if text is None:
        return "(binary)"
    return text if len(text) <= _TEXT else f"{text[: _TEXT - 3]}..."


def utc(milliseconds: int | None) -> str | None:
    """Unix milliseconds as ISO 8601 in UTC, ``2026-04-10T12:30:00.000Z``; None stays None."""
    from trunkline.model.times import iso_timestamp  # noqa: PLC0415  (only where a time is shown)

    return None if milliseconds is None else iso_timestamp(milliseconds)
