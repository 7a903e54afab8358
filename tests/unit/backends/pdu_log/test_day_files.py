from pathlib import Path

import pytest

from trunkline.backends.pdu_log.day_files import DayFiles, FileKey

KEY = FileKey("connectors", "2024-07-29", "smsc")
LATER = FileKey("connectors", "2024-07-30", "smsc")
SECOND = "2024-07-29 21:02:05"


def read(directory: Path, key: FileKey = KEY) -> str:
    return (directory / key.folder / key.day / f"{key.name}.log").read_text("utf-8")


def test_entries_are_appended_in_files_for_the_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "made" / "logs"
    directory.parent.mkdir()
    files = DayFiles(directory, 1000)
    assert files.append(KEY, ["one\n", "zwei ü\n"], SECOND) == (2, 12)
    assert DayFiles(directory, 1000).append(KEY, ["three\n"], SECOND) == (1, 6)
    assert read(directory) == "one\nzwei ü\nthree\n"
    modes = {
        path.relative_to(tmp_path / "made"): path.stat().st_mode & 0o777 for path in directory.rglob("*")
    }
    assert set(modes.values()) == {0o700, 0o600}
    assert directory.stat().st_mode & 0o777 == 0o700


def test_what_does_not_fit_is_counted_and_said(tmp_path: Path) -> None:
    files = DayFiles(tmp_path, 25)
    assert files.append(KEY, ["ten chars\n"], SECOND) == (1, 10)
    assert files.append(KEY, ["ten more.\n", "too much.\n", "too\n"], SECOND) == (1, 10)
    assert files.append(KEY, ["never\n"], SECOND) == (0, 0)
    said = (
        f"WARN[{SECOND}]: The file has reached its limit of 2.5e-05 MB; "
        "further PDUs of this day are not written.\n"
    )
    assert read(tmp_path) == f"ten chars\nten more.\n{said}"
    files.finish("2024-07-28", SECOND)
    assert read(tmp_path) == f"ten chars\nten more.\n{said}"
    files.finish("2024-07-29", SECOND)
    files.finish("2024-07-29", SECOND)
    counted = f"WARN[{SECOND}]: 3 PDUs were not written: the file was at its limit.\n"
    assert read(tmp_path) == f"ten chars\nten more.\n{said}{counted}"


def test_a_file_at_its_limit_does_not_keep_the_next_day_from_being_written(tmp_path: Path) -> None:
    files = DayFiles(tmp_path, 5)
    assert files.append(KEY, ["too long\n"], SECOND) == (0, 0)
    assert files.append(LATER, ["fits\n"], SECOND) == (1, 5)


def test_a_file_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    files = DayFiles(tmp_path, 1000)
    files.append(KEY, ["one\n"], SECOND)
    path = tmp_path / "connectors" / "2024-07-29" / "smsc.log"
    path.unlink()
    path.parent.rmdir()
    files.append(KEY, ["two\n"], SECOND)
    assert read(tmp_path) == "two\n"


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("untouched")
    folder = tmp_path / "logs" / "connectors" / "2024-07-29"
    folder.mkdir(parents=True)
    (folder / "smsc.log").symlink_to(outside)
    with pytest.raises(OSError, match="symbolic links"):
        DayFiles(tmp_path / "logs", 1000).append(KEY, ["text"], SECOND)
    assert outside.read_text() == "untouched"


@pytest.mark.parametrize("name", [".", "..", "...", "-", "a.log"])
def test_odd_names_of_connectors_stay_in_their_folder(tmp_path: Path, name: str) -> None:
    DayFiles(tmp_path, 1000).append(FileKey("connectors", "2024-07-29", name), ["text"], SECOND)
    assert [path.name for path in (tmp_path / "connectors" / "2024-07-29").iterdir()] == [f"{name}.log"]
    assert [path.name for path in tmp_path.iterdir()] == ["connectors"]


def test_lone_surrogates_can_be_written(tmp_path: Path) -> None:
    DayFiles(tmp_path, 1000).append(KEY, ["\ud800\n"], SECOND)
    assert read(tmp_path) == "\\ud800\n"
