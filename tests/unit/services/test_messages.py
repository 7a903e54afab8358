"""Messages as people look for them: whose they see, and how the lists become files."""

import csv
import io
import zipfile
from collections.abc import AsyncIterator, Sequence

import pytest

from trunkline.model.administration import MessageDetail
from trunkline.model.errors import NotFound
from trunkline.model.identity import COMMAND_LINE, Actor, Forbidden, Permission, Role
from trunkline.model.ids import new_id
from trunkline.model.message_list import MessageFilter, MessagePage, MessageRow, ReceiptRow
from trunkline.model.states import MessageState, SegmentState
from trunkline.services import message_exports
from trunkline.services.accounts import InvalidInput
from trunkline.services.message_exports import MESSAGES, RECEIPTS, csv_export, xlsx_export
from trunkline.services.messages import Messages

TENANT = Actor("web", Role.ENTERPRISE, frozenset({Permission.VIEW_LOGS}), account_id=7)
NOBODY = Actor("blind", Role.ENTERPRISE, frozenset({Permission.SEND_SMS}), account_id=7)


class Source:
    """Notes what it is asked for; every list has three pages."""

    def __init__(self) -> None:
        self.asked: list[tuple[MessageFilter, str, int]] = []
        self.shown: list[tuple[str, int | None]] = []

    async def message_detail(self, message_id: str, account_id: int | None = None) -> MessageDetail | None:
        self.shown.append((message_id, account_id))
        return None

    async def list_messages(self, wanted: MessageFilter, cursor: str, limit: int) -> MessagePage[MessageRow]:
        self.asked.append((wanted, cursor, limit))
        # The page in the middle has found nothing when its time was over.
        pages: dict[str, MessagePage[MessageRow]] = {
            "": MessagePage([message("Hello")], "a"),
            "a": MessagePage([], "b", searched=False),
            "b": MessagePage([message("=1+1")], None),
        }
        return pages[cursor]

    async def list_receipts(self, wanted: MessageFilter, cursor: str, limit: int) -> MessagePage[ReceiptRow]:
        self.asked.append((wanted, cursor, limit))
        return MessagePage([receipt()], None)


def message(text: str | None) -> MessageRow:
    return MessageRow(
        "id", None, 7, "acme", "smpp", "esme1", "+SUM(A1)", "971501234567", text, "gsm7", 1, "smsc",
        MessageState.REJECTED, "@error", 550_000, 1, 1_775_824_200_000, None, None, None,
    )  # fmt: skip


def receipt() -> ReceiptRow:
    return ReceiptRow(
        "id", 2, 7, "acme", "-2+3", "971501234567", "DELIVRD", "000", SegmentState.DELIVERED, "smsc",
        "\t=x", 1_775_824_200_000, 1_775_824_201_000, 1_775_824_201_000, None,
    )  # fmt: skip


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def messages(source: Source) -> Messages:
    return Messages(source)


async def test_a_tenant_is_kept_to_its_account(messages: Messages, source: Source) -> None:
    await messages.list(TENANT, MessageFilter(state=MessageState.SENT))
    await messages.receipts(TENANT, MessageFilter(account_id=7))
    [_ async for _ in messages.every_message(TENANT, MessageFilter())]
    [_ async for _ in messages.every_receipt(TENANT, MessageFilter())]
    assert {wanted.account_id for wanted, _, _ in source.asked} == {7}
    assert source.asked[0][0].state is MessageState.SENT
    await messages.show(TENANT, "some")
    assert source.shown == [("some", 7)]


async def test_another_account_is_not_there(messages: Messages, source: Source) -> None:
    theirs = MessageFilter(account_id=8)
    with pytest.raises(NotFound):
        await messages.list(TENANT, theirs)
    with pytest.raises(NotFound):
        await messages.receipts(TENANT, theirs)
    with pytest.raises(NotFound):
        messages.every_message(TENANT, theirs)
    with pytest.raises(NotFound):
        messages.every_receipt(TENANT, theirs)
    assert source.asked == []


async def test_the_operator_sees_all_or_one(messages: Messages, source: Source) -> None:
    await messages.list(COMMAND_LINE, MessageFilter())
    await messages.list(COMMAND_LINE, MessageFilter(account_id=8))
    await messages.show(COMMAND_LINE, "some")
    assert [wanted.account_id for wanted, _, _ in source.asked] == [None, 8]
    assert source.shown == [("some", None)]


async def test_without_the_permission_nothing_is_read(messages: Messages, source: Source) -> None:
    with pytest.raises(Forbidden):
        await messages.list(NOBODY, MessageFilter())
    with pytest.raises(Forbidden):
        await messages.receipts(NOBODY, MessageFilter())
    with pytest.raises(Forbidden):
        await messages.show(NOBODY, "some")
    with pytest.raises(Forbidden):
        messages.every_message(NOBODY, MessageFilter())
    assert (source.asked, source.shown) == ([], [])


@pytest.mark.parametrize("cursor", ["x", "' OR 1=1", f"{new_id()}x", f"{new_id()}.1"])
async def test_a_cursor_is_one_of_ours(messages: Messages, source: Source, cursor: str) -> None:
    with pytest.raises(InvalidInput, match="next"):
        await messages.list(COMMAND_LINE, MessageFilter(), cursor)
    assert source.asked == []


@pytest.mark.parametrize("cursor", ["x.1", f"{new_id()}.", f"{new_id()}.x", f"{new_id()}.1234", ".1"])
async def test_so_is_that_of_reports(messages: Messages, source: Source, cursor: str) -> None:
    with pytest.raises(InvalidInput, match="next"):
        await messages.receipts(COMMAND_LINE, MessageFilter(), cursor)
    await messages.receipts(COMMAND_LINE, MessageFilter(), new_id())
    await messages.receipts(COMMAND_LINE, MessageFilter(), f"{new_id()}.12")


@pytest.mark.parametrize("limit", [0, -1, 1001])
async def test_a_page_has_a_limit(messages: Messages, limit: int) -> None:
    with pytest.raises(InvalidInput, match="limit"):
        await messages.list(COMMAND_LINE, MessageFilter(), limit=limit)


async def joined(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def test_csv_goes_on_to_the_last_page_and_has_no_formulas(messages: Messages, source: Source) -> None:
    content = await joined(csv_export(MESSAGES, messages.every_message(TENANT, MessageFilter())))
    header, first, last = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert len(header) == len(first) == len(last)
    row = dict(zip(header, last, strict=True))
    assert (row["From"], row["Message"], row["Error"]) == ("'+SUM(A1)", "'=1+1", "'@error")
    assert (row["To"], row["Credits"], row["Accepted"]) == ("971501234567", "0.55", "2026-04-10 12:30:00")
    assert [cursor for _, cursor, _ in source.asked] == ["", "a", "b"]


async def test_reports_as_csv(messages: Messages) -> None:
    content = await joined(csv_export(RECEIPTS, messages.every_receipt(TENANT, MessageFilter())))
    header, line = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    row = dict(zip(header, line, strict=True))
    assert (row["Sender ID"], row["SMSC's ID"], row["Delay (ms)"]) == ("'-2+3", "'\t=x", "1000")


async def test_xlsx_holds_texts(messages: Messages) -> None:
    content = await joined(xlsx_export(MESSAGES, messages.every_message(TENANT, MessageFilter())))
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 3
    assert "<f>" not in sheet
    assert "'=1+1" in sheet


async def test_xlsx_ends_at_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_exports, "MOST_XLSX_ROWS", 5)
    given = 0

    async def pages() -> AsyncIterator[Sequence[MessageRow]]:
        nonlocal given
        while True:
            given += 1
            yield [message("Hello")] * 3

    content = await joined(xlsx_export(MESSAGES, pages()))
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert book.read("xl/worksheets/sheet1.xml").decode().count("<row ") == 6
    assert given == 2
