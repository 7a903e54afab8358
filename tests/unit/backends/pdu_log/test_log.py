"""The log with its process: real pipes, real files."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from trunkline.backends.pdu_log import log as log_module
from trunkline.backends.pdu_log import scribe_process
from trunkline.backends.pdu_log.log import FilePduLog
from trunkline.model.pdu_log import LogOwner, LogSide
from trunkline.smpp.codec import encode
from trunkline.smpp.pdus import BindTransceiver, EnquireLink, SubmitSm

from .samples import CONNECTION, EVENING

OWNER = LogOwner(LogSide.CONNECTORS, "smsc", "gsm7")
ENQUIRE_LINK = encode(EnquireLink(sequence_number=1))
LARGE = 10**9


Make = Callable[..., FilePduLog]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    made: list[FilePduLog] = []

    def make_log(limit: int = LARGE, **options: Any) -> FilePduLog:
        made.append(FilePduLog(tmp_path, limit, now_ns=lambda: EVENING, **options))
        return made[-1]

    yield make_log
    for each in made:
        await each.close()


def text(tmp_path: Path, name: str = "smsc", side: str = "connectors") -> str:
    return (tmp_path / side / "2024-07-29" / f"{name}.log").read_text("utf-8")


def files(tmp_path: Path) -> list[Path]:
    return list(tmp_path.rglob("*.log"))


def starts(tmp_path: Path) -> list[str]:
    return [line for line in text(tmp_path).splitlines() if line.startswith(("INFO", "WARN"))]


async def test_nothing_runs_until_there_is_something_to_write(make: Make, tmp_path: Path) -> None:
    log = make()
    log.tap(CONNECTION, OWNER)
    await log.flush()
    assert log._scribe.pid is None
    assert not files(tmp_path)


async def test_pdus_are_written_in_order_with_their_direction(make: Make, tmp_path: Path) -> None:
    log = make()
    tap = log.tap(CONNECTION, OWNER)
    tap.read(ENQUIRE_LINK + ENQUIRE_LINK)
    tap.written(encode(SubmitSm(sequence_number=2)))
    await log.flush()
    marks = [line.split()[2] for line in starts(tmp_path)]
    assert marks == ["<<<<<", "<<<<<", ">>>>>"]
    assert starts(tmp_path)[0] == (
        f"INFO[2024-07-29 21:02:05][{CONNECTION}]: <<<<< 00000010000000150000000000000001"
    )
    assert (log.written, log.dropped, log.over_limit, log.failed, log.waiting) == (3, 0, 0, 0, 0)


async def test_it_writes_without_being_told_to(make: Make, tmp_path: Path) -> None:
    log = make()
    log.tap(CONNECTION, OWNER).read(ENQUIRE_LINK)
    async with asyncio.timeout(60):
        while not log.written:  # noqa: ASYNC110 - a counter has no event
            await asyncio.sleep(0.02)
    assert len(starts(tmp_path)) == 1


async def test_a_connection_without_an_owner_keeps_its_bind_until_it_has_one(
    make: Make, tmp_path: Path
) -> None:
    log = make()
    tap = log.tap(CONNECTION)
    tap.read(encode(BindTransceiver(system_id="user", password="secret")))
    await log.flush()
    assert not files(tmp_path)
    tap.assign(LogOwner(LogSide.ESMES, "1234", "gsm7"))
    tap.read(ENQUIRE_LINK)
    await log.flush()
    found = text(tmp_path, "1234", "esmes")
    assert found.index("BIND_TRANSCEIVER") < found.index("ENQUIRE_LINK")
    assert "secret" not in found


async def test_what_a_stranger_may_have_kept_is_bounded(make: Make) -> None:
    log = make()
    tap = log.tap(CONNECTION)
    for _ in range(1000):
        tap.read(ENQUIRE_LINK)
    tap.assign(OWNER)
    await log.flush()
    assert log.written == log_module.HELD


async def test_what_does_not_fit_the_queue_is_counted_and_said(make: Make, tmp_path: Path) -> None:
    room = 2 * (len(ENQUIRE_LINK) + log_module.ENTRY_OVERHEAD)
    log = make(capacity=room)
    tap = log.tap(CONNECTION, OWNER)
    for _ in range(3):
        tap.read(ENQUIRE_LINK)
    tap.read(ENQUIRE_LINK * 4)
    assert log.dropped == 5
    await log.flush()
    tap.written(ENQUIRE_LINK)
    await log.flush()
    found = starts(tmp_path)
    assert [line[:4] for line in found] == ["INFO", "INFO", "WARN", "INFO"]
    assert found[2].endswith(
        f"5 PDUs of connection {CONNECTION} are missing here: the log could not keep up."
    )
    assert (log.written, log.waiting) == (3, 0)


async def test_the_total_limit_stops_the_log_until_there_is_room_again(make: Make, tmp_path: Path) -> None:
    log = make()
    tap = log.tap(CONNECTION, OWNER)
    log.allow(1)
    tap.read(ENQUIRE_LINK)  # the limit is noticed once something was written
    await log.flush()
    tap.read(ENQUIRE_LINK)
    tap.read(ENQUIRE_LINK)
    await log.flush()
    assert (log.written, log.over_limit) == (1, 2)
    log.allow(1_000_000)
    tap.read(ENQUIRE_LINK)
    await log.flush()
    found = starts(tmp_path)
    assert [line[:4] for line in found] == ["INFO", "WARN", "INFO"]
    assert found[1].endswith(
        f"2 PDUs of connection {CONNECTION} are missing here: the logs have reached their limit in total."
    )


async def test_the_files_own_limit(make: Make, tmp_path: Path) -> None:
    log = make(limit=300)
    tap = log.tap(CONNECTION, OWNER)
    for _ in range(3):
        tap.read(ENQUIRE_LINK)
    await log.flush()
    assert (log.written, log.over_limit) == (1, 2)
    await log.close()
    assert "2 PDUs were not written: the file was at its limit." in text(tmp_path)


async def test_a_killed_process_is_replaced(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "RESTART_S", 0.0)
    log = make()
    tap = log.tap(CONNECTION, OWNER)
    tap.read(ENQUIRE_LINK)
    await log.flush()
    first = log._scribe.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    tap.read(ENQUIRE_LINK)
    await log.flush()
    assert (log.written, log.dropped) == (1, 1)
    tap.read(ENQUIRE_LINK)
    await log.flush()
    assert log._scribe.pid != first
    assert (log.written, log.dropped) == (2, 1)
    assert [line[:4] for line in starts(tmp_path)] == ["INFO", "WARN", "INFO"]


async def test_a_process_that_cannot_run_holds_nobody_up(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "RESTART_S", 0.0)
    monkeypatch.setattr(log_module, "BATCH", 1)
    monkeypatch.setattr(scribe_process, "_MODULE", "trunkline.no_such_module")
    log = make()
    tap = log.tap(CONNECTION, OWNER)
    for _ in range(5):
        tap.read(ENQUIRE_LINK * 2)
    await log.flush()
    assert (log.written, log.dropped, log.waiting) == (0, 10, 0)


async def test_signals_to_the_whole_group_do_not_end_it(make: Make) -> None:
    log = make()
    tap = log.tap(CONNECTION, OWNER)
    tap.read(ENQUIRE_LINK)
    await log.flush()
    pid = log._scribe.pid
    assert pid is not None
    os.kill(pid, signal.SIGINT)
    os.kill(pid, signal.SIGTERM)
    tap.read(ENQUIRE_LINK)
    await log.flush()
    assert log._scribe.pid == pid
    assert log.written == 2


async def test_a_directory_that_cannot_be_written_is_reported(make: Make, tmp_path: Path) -> None:
    (tmp_path / "connectors").write_text("in the way")
    log = make()
    log.tap(CONNECTION, OWNER).read(ENQUIRE_LINK)
    await log.flush()
    assert (log.written, log.failed) == (0, 1)


async def test_closing_writes_what_is_queued(make: Make, tmp_path: Path) -> None:
    log = make()
    log.tap(CONNECTION, OWNER).read(ENQUIRE_LINK)
    await log.close()
    assert len(starts(tmp_path)) == 1
    assert log._scribe.pid is None
