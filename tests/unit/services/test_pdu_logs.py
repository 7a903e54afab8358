import os
from datetime import date
from pathlib import Path

import pytest

from trunkline.model.errors import NotFound
from trunkline.model.identity import COMMAND_LINE
from trunkline.model.pdu_log import LogSide
from trunkline.services.pdu_logs import PduLogs

CONNECTORS, ESMES = LogSide.CONNECTORS, LogSide.ESMES
FIRST, LAST = date(2024, 8, 24), date(2024, 8, 26)


def put(directory: Path, day: str, name: str, size: int = 10, side: str = "connectors", at: int = 0) -> Path:
    path = directory / side / day / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (at, at))
    return path


@pytest.fixture
def logs(tmp_path: Path) -> PduLogs:
    for day in ("2024-08-23", "2024-08-24", "2024-08-25", "2024-08-26", "2024-08-27"):
        put(tmp_path, day, "smsc-1.log", at=1_724_630_395)
        put(tmp_path, day, "smsc-2.log")
        put(tmp_path, day, "1234.log", side="esmes")
    return PduLogs(tmp_path)


# Listing


def test_files_are_listed_by_day_and_name(logs: PduLogs) -> None:
    found = logs.list(COMMAND_LINE, CONNECTORS, FIRST, LAST)
    assert [file.id for file in found] == [
        f"2024-08-{day}smsc-{number}.log" for day in (24, 25, 26) for number in (1, 2)
    ]
    first = found[0]
    assert (first.day, first.name, first.size) == (FIRST, "smsc-1.log", 10)
    assert first.modified_ns == 1_724_630_395_000_000_000


def test_some_names_only(logs: PduLogs) -> None:
    assert {file.name for file in logs.list(COMMAND_LINE, CONNECTORS, FIRST, LAST, ["smsc-2", "absent"])} == {
        "smsc-2.log"
    }
    assert {file.name for file in logs.list(COMMAND_LINE, ESMES, FIRST, LAST)} == {"1234.log"}


def test_what_is_no_log_is_not_listed(tmp_path: Path, logs: PduLogs) -> None:
    put(tmp_path, "2024-08-25", "notes.txt")
    put(tmp_path, "2024-13-45", "smsc-1.log")
    put(tmp_path, "2024-08-25x", "smsc-1.log")
    (tmp_path / "connectors" / "2024-08-25" / "folder.log").mkdir()
    (tmp_path / "connectors" / "2024-08-25" / "link.log").symlink_to("/etc/hostname")
    assert len(logs.list(COMMAND_LINE, CONNECTORS, date.min, date.max)) == 10


def test_nothing_was_logged_yet(tmp_path: Path) -> None:
    assert PduLogs(tmp_path / "absent").list(COMMAND_LINE, ESMES, FIRST, LAST) == []


# Reading


def test_a_file_is_found_by_its_id(logs: PduLogs) -> None:
    file = logs.find(COMMAND_LINE, CONNECTORS, "2024-08-25smsc-1.log")
    with logs.open(COMMAND_LINE, file) as opened:
        assert opened.read() == b"x" * 10


@pytest.mark.parametrize(
    "file_id",
    [
        "2024-08-25absent.log",
        "2024-08-251234.log",  # of the other side
        "2024-08-25",
        "",
        "smsc-1.log",
        "2024-08-25smsc-1",
        "2024-08-25../2024-08-24/smsc-1.log",
        "2024-08-25../../esmes/2024-08-25/1234.log",
        "2024-08-25/smsc-1.log",
        "../../../../etc/passwd",
        "/etc/passwd",
        "2024-08-25/etc/passwd",
        "2024-08-25%2e%2e/smsc-1.log",
        "2024-08-25smsc-1.log\0",
        "2024-08-25\0",
        "2024-13-45smsc-1.log",
        "2024-8-25smsc-1.log",
        "2024-08-25link.log",
        "2024-08-25folder.log",
        "2024-08-25notes.txt",
    ],
)
def test_nothing_else_can_be_read(tmp_path: Path, logs: PduLogs, file_id: str) -> None:
    day = tmp_path / "connectors" / "2024-08-25"
    (day / "link.log").symlink_to("/etc/hostname")
    (day / "folder.log").mkdir()
    (day / "notes.txt").write_text("")
    with pytest.raises(NotFound):
        logs.find(COMMAND_LINE, CONNECTORS, file_id)


def test_a_folder_that_is_a_link_is_not_looked_into(tmp_path: Path, logs: PduLogs) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret.log").write_text("secret")
    (tmp_path / "connectors" / "2024-09-01").symlink_to(elsewhere)
    with pytest.raises(NotFound):
        logs.find(COMMAND_LINE, CONNECTORS, "2024-09-01secret.log")
    assert logs.list(COMMAND_LINE, CONNECTORS, date(2024, 9, 1), date(2024, 9, 1)) == []


def test_a_link_put_in_place_of_a_file_is_not_followed(tmp_path: Path, logs: PduLogs) -> None:
    file = logs.find(COMMAND_LINE, CONNECTORS, "2024-08-25smsc-1.log")
    file.path.unlink()
    file.path.symlink_to("/etc/hostname")
    with pytest.raises(OSError, match="symbolic links"):
        logs.open(COMMAND_LINE, file)


def test_a_file_that_was_deleted_meanwhile(logs: PduLogs) -> None:
    file = logs.find(COMMAND_LINE, CONNECTORS, "2024-08-25smsc-1.log")
    file.path.unlink()
    with pytest.raises(NotFound):
        logs.open(COMMAND_LINE, file)


# Tidying


def remaining(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}


def test_days_beyond_the_retention_are_deleted_with_their_folders(tmp_path: Path, logs: PduLogs) -> None:
    left = logs.tidy(date(2024, 8, 27), keep_days=2, total=1000)
    days = {path.name for path in tmp_path.glob("*/*")}
    assert days == {"2024-08-26", "2024-08-27"}
    assert left == 1000 - 6 * 10


def test_the_oldest_go_first_when_all_are_too_large(tmp_path: Path) -> None:
    logs = PduLogs(tmp_path)
    put(tmp_path, "2024-08-25", "old.log", 100, at=1)
    put(tmp_path, "2024-08-26", "older.log", 100, at=2)
    put(tmp_path, "2024-08-26", "newer.log", 100, at=3, side="esmes")
    put(tmp_path, "2024-08-27", "today.log", 100, at=4)
    assert logs.tidy(date(2024, 8, 27), keep_days=30, total=250) == 50
    assert remaining(tmp_path) == {"esmes/2024-08-26/newer.log", "connectors/2024-08-27/today.log"}


def test_todays_files_stay_even_above_the_total(tmp_path: Path) -> None:
    logs = PduLogs(tmp_path)
    put(tmp_path, "2024-08-26", "old.log", 100)
    put(tmp_path, "2024-08-27", "today.log", 100)
    assert logs.tidy(date(2024, 8, 27), keep_days=30, total=60) == -40
    assert remaining(tmp_path) == {"connectors/2024-08-27/today.log"}


def test_what_others_put_there_is_left_alone(tmp_path: Path) -> None:
    logs = PduLogs(tmp_path)
    put(tmp_path, "2024-01-01", "notes.txt", 5000)
    put(tmp_path, "backup", "old.log", 5000)
    put(tmp_path, "2024-01-01", "old.log", 100)
    assert logs.tidy(date(2024, 8, 27), keep_days=1, total=1000) == 1000
    assert remaining(tmp_path) == {"connectors/2024-01-01/notes.txt", "connectors/backup/old.log"}


def test_a_file_that_cannot_be_deleted_is_counted_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = PduLogs(tmp_path)
    put(tmp_path, "2024-08-01", "stuck.log", 100)
    put(tmp_path, "2024-08-02", "gone.log", 100)
    unlink = Path.unlink

    def stuck(self: Path, missing_ok: bool = False) -> None:
        if self.name == "stuck.log":
            raise PermissionError(13, "Permission denied")
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", stuck)
    assert logs.tidy(date(2024, 8, 27), keep_days=5, total=1000) == 900
    assert remaining(tmp_path) == {"connectors/2024-08-01/stuck.log"}
