"""The journal's own machinery, over a writer that does as the test says."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import structlog

from trunkline.backends.storage import group_commit
from trunkline.backends.storage.batch import Batch, Outcome
from trunkline.backends.storage.faults import CommitUnknown, StorageDown
from trunkline.backends.storage.journal import GroupCommitJournal
from trunkline.model.message import MessageEvent
from trunkline.model.ports import StorageUnavailable


class ScriptedWriter:
    """Records batches; `script` raises or returns for each in turn, then all goes well."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.script: list[Exception | Outcome] = []
        self.marks: list[bool | Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.writing = asyncio.Event()
        self.closed = False

    async def open(self) -> None:
        if self.closed:
            raise StorageDown("closed")

    async def write(self, batch: Batch) -> Outcome:
        self.batches.append(batch)
        self.writing.set()
        await self.gate.wait()
        step = self.script.pop(0) if self.script else Outcome()
        if isinstance(step, Exception):
            raise step
        return step

    async def is_committed(self, mark: int) -> bool:
        answer = self.marks.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def writer() -> ScriptedWriter:
    return ScriptedWriter()


@pytest.fixture
async def journal(
    writer: ScriptedWriter, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[GroupCommitJournal]:
    monkeypatch.setattr(group_commit, "RETRY_FIRST_S", 0.001)
    journal = GroupCommitJournal(writer, linger_ms=1, batch_max=5)
    await journal.start()
    yield journal
    await journal.close()


def note(journal: GroupCommitJournal, detail: str = "", done: Callable[[], None] | None = None) -> None:
    journal.noted(MessageEvent("m", 1, 1, "kind", detail), done=done)


def details(batch: Batch) -> list[str]:
    return [row[4] for row in batch.events]


async def test_changes_linger_together(journal: GroupCommitJournal, writer: ScriptedWriter) -> None:
    for detail in "abc":
        note(journal, detail)
    assert writer.batches == []
    await asyncio.wait_for(writer.writing.wait(), 60)
    assert [details(batch) for batch in writer.batches] == [["a", "b", "c"]]


async def test_a_full_batch_does_not_linger(writer: ScriptedWriter) -> None:
    journal = GroupCommitJournal(writer, linger_ms=3_600_000, batch_max=3)
    await journal.start()
    for detail in "abcdefg":
        note(journal, detail)
    await asyncio.wait_for(writer.writing.wait(), 60)
    await journal.close()
    assert [details(batch) for batch in writer.batches] == [["a", "b", "c"], ["d", "e", "f"], ["g"]]


async def test_one_batch_at_a_time(journal: GroupCommitJournal, writer: ScriptedWriter) -> None:
    writer.gate.clear()
    note(journal, "a")
    await writer.writing.wait()
    for detail in "bcd":
        note(journal, detail)
    assert journal.backlog == 4
    assert len(writer.batches) == 1
    writer.gate.set()
    await journal.flush()
    assert details(writer.batches[0]) == ["a"]
    assert [detail for batch in writer.batches[1:] for detail in details(batch)] == ["b", "c", "d"]
    assert journal.backlog == 0


async def test_an_outage_is_retried_in_order(journal: GroupCommitJournal, writer: ScriptedWriter) -> None:
    seen: list[bool] = []
    journal.on_available = seen.append
    writer.script = [StorageDown("away")] * 3
    order: list[str] = []
    with structlog.testing.capture_logs() as logs:
        note(journal, "a", lambda: order.append("a"))
        await writer.writing.wait()
        note(journal, "b", lambda: order.append("b"))
        await journal.flush()
    assert order == ["a", "b"]
    assert seen == [False, True]
    assert journal.retries == 3
    assert [line["action"] for line in logs] == ["journal.down", "journal.up"]  # once, not once per attempt


@pytest.mark.parametrize("committed", [True, False])
async def test_a_commit_that_broke(
    journal: GroupCommitJournal, writer: ScriptedWriter, committed: bool
) -> None:
    writer.script = [CommitUnknown("cut", 7, Outcome())]
    writer.marks = [StorageDown("still away"), committed]
    called: list[str] = []
    note(journal, "a", lambda: called.append("a"))
    await journal.flush()
    assert called == ["a"]
    assert [detail for batch in writer.batches for detail in details(batch)].count("a") == (
        1 if committed else 2
    )
    assert writer.marks == []


async def test_accepts_recorded_while_a_commit_is_in_doubt_are_refused(
    journal: GroupCommitJournal, writer: ScriptedWriter
) -> None:
    """They are not part of it, so they can be told at once."""
    writer.gate.clear()
    writer.script = [CommitUnknown("cut", 7, Outcome())]
    writer.marks = [StorageDown("still away"), True]
    first = journal.accept([])
    await writer.writing.wait()
    second = journal.accept([])
    writer.gate.set()
    with pytest.raises(StorageUnavailable, match="still away"):
        await second
    assert (await first).refused == []


async def test_starting_without_a_database(writer: ScriptedWriter) -> None:
    writer.closed = True
    journal = GroupCommitJournal(writer)
    with pytest.raises(StorageUnavailable, match="closed"):
        await journal.start()
    assert not journal.available
    await journal.close()


async def test_figures(journal: GroupCommitJournal, writer: ScriptedWriter) -> None:
    note(journal, "a")
    note(journal, "b")
    await journal.flush()
    assert journal.batches == 1
    assert journal.units == 3  # with the flush itself
    assert journal.rows == 2
    assert journal.commit_seconds >= journal.last_commit_seconds > 0
    assert (journal.retries, journal.dropped) == (0, 0)
