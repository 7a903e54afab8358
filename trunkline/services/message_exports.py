"""Lists of messages, inbound ones too, and of delivery reports as files for a spreadsheet, made page by page.

An export of many rows takes its time: it rests between pages, so that the messages under way do not wait.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any, Generic, TypeVar

import xlsxwriter

from trunkline.model.inbound import InboundRow
from trunkline.model.message_list import MessageRow, ReceiptRow
from trunkline.model.money import format_credits
from trunkline.services.spreadsheet import BYTE_ORDER_MARK, Cell, csv_lines, harmless

MOST_XLSX_ROWS = 100_000  # a workbook is made at the price of some seconds' work
REST_S = 0.01
PIECE = 1 << 16

R = TypeVar("R")


@dataclass(slots=True, frozen=True)
class Sheet(Generic[R]):
    """A list as a spreadsheet: its name, its columns, and the cells of a row."""

    name: str
    header: tuple[str, ...]
    cells: Callable[[R], tuple[Cell, ...]]


def _message_cells(row: MessageRow) -> tuple[Cell, ...]:
    return (
        row.id, row.source_addr, row.dest_addr, row.text, row.connector_id, row.door, row.credential,
        row.account, row.state.value, row.error, row.encoding, row.parts, format_credits(row.charged),
        _time(row.accepted_at), _time(row.sent_at), _time(row.done_at),
    )  # fmt: skip


def _receipt_cells(row: ReceiptRow) -> tuple[Cell, ...]:
    return (
        row.message_id, row.number, row.source_addr, row.dest_addr, row.stat, row.err, row.connector_id,
        row.smsc_message_id, row.delay_ms, _time(row.submitted_at), _time(row.done_at),
        _time(row.received_at), row.account,
    )  # fmt: skip


def _inbound_cells(row: InboundRow) -> tuple[Cell, ...]:
    message = row.message
    return (
        message.id, message.source_addr, message.dest_addr, message.text, message.raw, message.connector_id,
        row.account, message.encoding, message.parts, ", ".join(map(str, message.missing)), message.error,
        _time(message.received_at),
    )  # fmt: skip


MESSAGES: Sheet[MessageRow] = Sheet(
    "messages",
    (
        "ID", "From", "To", "Message", "Connector", "Source", "User", "Account", "Status", "Error",
        "Encoding", "Parts", "Credits", "Accepted", "Sent", "Done",
    ),
    _message_cells,
)  # fmt: skip
RECEIPTS: Sheet[ReceiptRow] = Sheet(
    "delivery-reports",
    (
        "Message ID", "Part", "Sender ID", "MSISDN", "DLR Status", "Error", "Connector", "SMSC's ID",
        "Delay (ms)", "Submit Date", "Done Date", "Received", "Account",
    ),
    _receipt_cells,
)  # fmt: skip


INBOUND: Sheet[InboundRow] = Sheet(
    "inbound",
    (
        "ID", "From", "To / Short Code", "Message", "Octets (hex)", "Connector", "Account", "Encoding",
        "Parts", "Missing Parts", "Error", "Time",
    ),
    _inbound_cells,
)  # fmt: skip


async def csv_export(sheet: Sheet[R], pages: AsyncIterator[Sequence[R]]) -> AsyncIterator[bytes]:
    """The rows as CSV in UTF-8 (RFC 4180), piece by piece."""
    yield (BYTE_ORDER_MARK + csv_lines([sheet.header])).encode()
    async for page in pages:
        yield csv_lines([sheet.cells(row) for row in page]).encode()
        await asyncio.sleep(REST_S)


async def xlsx_export(sheet: Sheet[R], pages: AsyncIterator[Sequence[R]]) -> AsyncIterator[bytes]:
    """The first `MOST_XLSX_ROWS` rows as an Excel workbook, piece by piece. Texts are never formulas."""
    with tempfile.TemporaryFile() as file:
        book = _Book(file, sheet.name, sheet.header)
        async for page in pages:
            rows = [sheet.cells(row) for row in page[: MOST_XLSX_ROWS - book.rows]]
            await asyncio.to_thread(book.add, rows)
            if book.rows >= MOST_XLSX_ROWS:
                break
            await asyncio.sleep(REST_S)
        await asyncio.to_thread(book.close)
        file.seek(0)
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece


class _Book:
    """A workbook with one sheet that is written row by row."""

    def __init__(self, file: IO[bytes], name: str, header: Sequence[str]) -> None:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book: Any = xlsxwriter.Workbook(file, options)
        self._sheet = self._book.add_worksheet(name)
        self._sheet.write_row(0, 0, header, self._book.add_format({"bold": True}))
        self._sheet.freeze_panes(1, 0)
        self.rows = 0

    def add(self, rows: Sequence[Sequence[Cell]]) -> None:
        for row in rows:
            self.rows += 1
            self._sheet.write_row(self.rows, 0, [harmless(cell) for cell in row])

    def close(self) -> None:
        self._book.close()


def _time(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
