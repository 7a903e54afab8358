"""The PDU logs as people find them: listed, opened for reading, deleted when their time is over.

Everything here reads directories: call it in a thread.
"""

import os
import re
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO

import structlog

from trunkline.model.errors import NotFound
from trunkline.model.identity import Actor, Permission
from trunkline.model.pdu_log import LogSide

log = structlog.get_logger()

ENDING = ".log"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_DAY_SIZE = len("2006-01-02")


@dataclass(slots=True, frozen=True)
class LogFile:
    """One day of one connector or ESME; `modified_ns` is Unix nanoseconds."""

    day: date
    name: str  # with its ending
    size: int
    modified_ns: int
    path: Path

    @property
    def id(self) -> str:
        """What it is asked for by: its day and its name in one."""
        return f"{self.day.isoformat()}{self.name}"


class PduLogs:
    """The log files below a directory, `SIDE/YYYY-MM-DD/NAME.log`; anything else in there is left alone."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def list(
        self, actor: Actor, side: LogSide, first: date, last: date, names: Collection[str] = ()
    ) -> list[LogFile]:
        """The files of these days, both included, by day and name; `names` (without ending) picks some.

        Raises `Forbidden`.
        """
        actor.require(Permission.VIEW_PLATFORM)
        wanted = {f"{name}{ENDING}" for name in names}
        return [
            file
            for day, folder in self._days(side)
            if first <= day <= last
            for file in _files(day, folder)
            if not wanted or file.name in wanted
        ]

    def find(self, actor: Actor, side: LogSide, file_id: str) -> LogFile:
        """The file with this id. Raises `Forbidden`, `NotFound`.

        No path is made of what was asked for: day and name are compared with what the directories list.
        """
        actor.require(Permission.VIEW_PLATFORM)
        for day, folder in self._days(side):
            if day.isoformat() == file_id[:_DAY_SIZE]:
                for file in _files(day, folder):
                    if file.name == file_id[_DAY_SIZE:]:
                        return file
        raise NotFound("PDU log", file_id)

    def open(self, actor: Actor, file: LogFile) -> BinaryIO:
        """The file, to be read. Raises `Forbidden`, and `NotFound` where it was deleted meanwhile."""
        actor.require(Permission.VIEW_PLATFORM)
        try:
            descriptor = os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NotFound("PDU log", file.id) from None
        return os.fdopen(descriptor, "rb")

    def tidy(self, today: date, keep_days: int, total: int) -> int:
        """Deletes what is older than `keep_days` days, and then the oldest until all take `total` octets.

        Today's files stay. Returns how many octets may still be written; it is negative when today's alone
        are above the total.
        """
        oldest = today - timedelta(days=keep_days - 1)
        kept: list[LogFile] = []
        for side in LogSide:
            for day, folder in self._days(side):
                files = _files(day, folder)
                if day < oldest:
                    files = [file for file in files if not _delete(file)]
                    _remove_if_empty(folder)
                kept += files
        left = total - sum(file.size for file in kept)
        for file in sorted(kept, key=lambda file: (file.day, file.modified_ns)):
            if left >= 0 or file.day >= today:
                break
            if _delete(file):
                left += file.size
                _remove_if_empty(file.path.parent)
        return left

    def _days(self, side: LogSide) -> Iterator[tuple[date, Path]]:
        """The folders of a side that are named after a day, in order."""
        try:
            with os.scandir(self._directory / side.value) as entries:
                found = sorted(
                    entry.name
                    for entry in entries
                    if _DAY(entry.name) and entry.is_dir(follow_symlinks=False)
                )
        except FileNotFoundError:
            return
        for name in found:
            try:
                day = date.fromisoformat(name)
            except ValueError:  # such as 2024-13-01
                continue
            yield day, self._directory / side.value / name


def _files(day: date, folder: Path) -> list[LogFile]:
    """The log files in a day's folder, by name; links and the like are not among them."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                about = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(about.st_mode) and entry.name.endswith(ENDING):
                    path = folder / entry.name
                    found.append(LogFile(day, entry.name, about.st_size, about.st_mtime_ns, path))
    except FileNotFoundError:  # deleted meanwhile
        pass
    return sorted(found, key=lambda file: file.name)


def _delete(file: LogFile) -> bool:
    try:
        file.path.unlink(missing_ok=True)
    except OSError as error:
        log.warning(
            "An old PDU log cannot be deleted.",
            action="pdu_log.undeletable",
            file=str(file.path),
            reason=error.strerror,
        )
        return False
    return True


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
