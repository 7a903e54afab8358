"""Rows as files for a spreadsheet: CSV and XLSX, in which no text can become a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

import xlsxwriter

BYTE_ORDER_MARK = "\ufeff"  # without it some spreadsheets take UTF-8 for something else
_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")

Cell = str | int | float | Decimal | bool | None


def csv_file(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The rows as CSV in UTF-8, lines ended by CR LF (RFC 4180)."""
    return (BYTE_ORDER_MARK + csv_lines([header]) + csv_lines(rows)).encode()


def csv_lines(rows: Iterable[Sequence[Cell]]) -> str:
    """The lines of these rows, for a file that is written piece by piece."""
    text = io.StringIO()
    csv.writer(text).writerows([harmless(each) for each in row] for row in rows)
    return text.getvalue()


def xlsx_file(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The rows as an Excel workbook with one sheet; texts are texts whatever they begin with."""
    content = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, header, book.add_format({"bold": True}))
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows, start=1):
            sheet.write_row(number, 0, row)
    return content.getvalue()


def harmless(cell: Cell) -> Cell:
    """A text that a spreadsheet would compute is kept a text by an apostrophe before it."""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA_BEGINS):
        return f"'{cell}"
    return cell
