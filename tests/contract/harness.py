"""What the storage contract is tested with: a store on each database, messages to feed it, and a second look.

The second look is a connection of its own with plain SQL: what the store says is never checked by the store.
"""

import asyncio
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from cryptography.fernet import Fernet

from trunkline.backends.secrets import SecretBox
from trunkline.backends.storage import GroupCommitJournal, SqlStore, open_store
from trunkline.backends.storage.batch import Batch, Outcome
from trunkline.model.ids import new_id
from trunkline.model.message import Message, MessageEvent, Notification, ReceiptPayload, Segment
from trunkline.model.ports import Acceptance
from trunkline.model.snapshot import ConnectorConfig
from trunkline.model.states import SegmentState

NOW = 1_764_000_000_000
DAY = 86_400_000
SECRET_BOX = SecretBox(Fernet.generate_key())
CONNECTOR = ConnectorConfig(
    "smsc-1", "smsc.example", 2775, "gateway", "s3cret", "", 1, 1, 0, 10, 0, 30.0, 10.0, 1.0, 60.0,
    None, None, 1, 1, "gsm7", "udh8", "auto", 3, True,
)  # fmt: skip


@dataclass
class Place:
    """A database made for one test, with the schema in it."""

    url: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return Path(self.url.removeprefix("sqlite:///"))

    def store(self, **options: Any) -> SqlStore:
        """A store on this database, not open yet."""
        return open_store(self.url, **{"secret_box": SECRET_BOX, "linger_ms": 0.5, **self.options, **options})

    async def rows(self, sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """What plain SQL sees; `?` marks the arguments."""
        if self.is_sqlite:
            return await asyncio.to_thread(self._sqlite, sql, arguments)
        connection = await asyncpg.connect(self.url)
        try:
            for number in range(1, len(arguments) + 1):
                sql = sql.replace("?", f"${number}", 1)
            found = await connection.fetch(sql, *arguments)
            return [tuple(str(v) if type(v).__name__ == "UUID" else v for v in row) for row in found]
        finally:
            await connection.close()

    def _sqlite(self, sql: str, arguments: Sequence[Any]) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.path, timeout=60)
        try:
            found = connection.execute(sql, arguments).fetchall()
            connection.commit()
            return found
        finally:
            connection.close()

    async def value(self, sql: str, *arguments: Any) -> Any:
        """The first column of the only row."""
        [[value]] = await self.rows(sql, *arguments)
        return value

    async def segment(self, message_id: str, number: int = 1) -> dict[str, Any]:
        """One row of `segment`, by column."""
        return await self._row("segment", f"message_id = ? AND number = {number}", message_id)

    async def message(self, message_id: str) -> dict[str, Any]:
        """One row of `message`, by column."""
        return await self._row("message", "id = ?", message_id)

    async def _row(self, table: str, where: str, key: str) -> dict[str, Any]:
        names = sorted(await self._columns(table))
        listed = ", ".join(f'"{name}"' for name in names)
        [row] = await self.rows(f"SELECT {listed} FROM {table} WHERE {where}", key)
        return dict(zip(names, row, strict=True))

    async def _columns(self, table: str) -> list[str]:
        if self.is_sqlite:
            return [row[1] for row in await self.rows(f"PRAGMA table_info({table})")]
        sql = "SELECT column_name FROM information_schema.columns WHERE table_name = ?"
        return [row[0] for row in await self.rows(sql, table)]


def make_message(
    account_id: int,
    *,
    parts: int = 1,
    charged: int = 1000,
    state: SegmentState = SegmentState.QUEUED,
    connector_id: str = "smsc-1",
    available_at: int = NOW,
    expires_at: int = NOW + DAY,
    text: str | None = "Hello",
    **fields: Any,
) -> Message:
    """A message as the pipeline hands it to the journal."""
    message = Message(
        new_id(), account_id, "smpp", "client1", "INFO", 5, 0, "971501234567", 1, 1, text, "gsm7", 0, 0, 0, 1,
        None, expires_at, NOW, 7, connector_id, 1000, charged,
    )  # fmt: skip
    for name, value in fields.items():
        setattr(message, name, value)
    message.segments = [
        Segment(
            message,
            number,
            (text or "00ff") if parts == 1 else f"part {number}",
            b"" if parts == 1 else bytes((5, 0, 3, 42, parts, number)),
            connector_id,
            state,
            available_at,
        )
        for number in range(1, parts + 1)
    ]
    return message


def make_notification(message: Message, lane: str = "esme:client1", next_at: int = NOW) -> Notification:
    """A receipt on its way to the message's sender."""
    payload = ReceiptPayload(
        message.public_id, message.source_addr, 5, 0, message.dest_addr, 1, 1, "DELIVRD", "000", 1, 1, NOW,
        NOW + 5, 'say "hi"\\ €', "smsc-1", url="https://client.example/dlr?a=1&b=2",
    )  # fmt: skip
    return Notification(lane, new_id(), next_at, message.id, 0, NOW, payload)


def make_event(message: Message, kind: str = "retry", detail: str = "ESME_RTHROTTLED") -> MessageEvent:
    return MessageEvent(message.id, 1, NOW, kind, detail)


def submit(segment: Segment, smsc_message_id: str | None = None, now: int = NOW + 10) -> bool:
    """What the pipeline does when the SMSC has taken a segment; true when the message changed."""
    if segment.state is SegmentState.QUEUED:
        segment.state = SegmentState.SUBMITTING
    segment.attempts += 1
    segment.submitted_at = now
    segment.smsc_message_id = smsc_message_id or segment.message.id[-12:]
    segment.smsc_key = segment.smsc_message_id.lower()
    segment.command_status = 0
    return segment.become(SegmentState.SUBMITTED, now)


def settle(segment: Segment, state: SegmentState = SegmentState.DELIVERED, now: int = NOW + 20) -> bool:
    """What the pipeline does with a receipt; true when the message changed."""
    segment.receipt_stat = "DELIVRD" if state is SegmentState.DELIVERED else "UNDELIV"
    segment.receipt_err = "000"
    segment.receipt_at = now
    segment.receipt_text = "id:1 stat:DELIVRD"
    return segment.become(state, now)


async def accept(store: SqlStore, *messages: Message) -> Acceptance:
    """Accepts messages in one call; none may be refused."""
    acceptance = await store.journal.accept(messages)
    assert acceptance.refused == []
    return acceptance


async def make_account(store: SqlStore, balance: int = 10**9, **options: Any) -> int:
    """An account that can pay."""
    return await store.create_account(f"account-{new_id()}", balance=balance, **options)


def connector(connector_id: str, **fields: Any) -> ConnectorConfig:
    """A connector's configuration."""
    return replace(CONNECTOR, connector_id=connector_id, **fields)


def ids(messages: Iterable[Message]) -> list[str]:
    return [message.id for message in messages]


class Gate:
    """Holds up the journal's writes: each sets `reached` and waits until `opened` is set."""

    def __init__(self, journal: GroupCommitJournal, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()
        self.batches: list[Batch] = []
        self._write = journal._writer.write
        monkeypatch.setattr(journal._writer, "write", self._held_up)

    async def _held_up(self, batch: Batch) -> Outcome:
        self.batches.append(batch)
        self.reached.set()
        await self.opened.wait()
        return await self._write(batch)


class Weather:
    """Follows the journal's availability."""

    def __init__(self, journal: GroupCommitJournal) -> None:
        self.seen: list[bool] = []
        self._changed = asyncio.Event()
        journal.on_available = self._note

    def _note(self, available: bool) -> None:
        self.seen.append(available)
        self._changed.set()

    async def becomes(self, available: bool) -> None:
        """Waits until that is the last thing the journal said."""
        async with asyncio.timeout(60):
            while not self.seen or self.seen[-1] is not available:
                self._changed.clear()
                await self._changed.wait()
