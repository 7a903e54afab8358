"""The log's files, `FOLDER/YYYY-MM-DD/NAME.log`: appended to batch by batch, up to a limit."""

import os
from pathlib import Path
from typing import NamedTuple

from trunkline.backends.pdu_log.layout import warning


class FileKey(NamedTuple):
    """Which file: folder, day (`YYYY-MM-DD`) and the name without its ending."""

    folder: str
    day: str
    name: str


class DayFiles:
    """Appends entries to the files below a directory; those that would take one beyond `limit` octets do not
    get in.

    Files are opened for each batch anew: there may be more of them than a process may have open, and they may
    be deleted at any time. Directories are made with mode 0700, files with 0600; links are not followed.
    """

    def __init__(self, directory: Path, limit: int) -> None:
        self._directory = directory
        self._limit = limit
        self._left_out: dict[FileKey, int] = {}

    def append(self, key: FileKey, entries: list[str], second: str) -> tuple[int, int]:
        """Append entries; return how many, from the first on, and their octets.

        `second` is the time for what the file says of itself. Raises OSError; some of it may be written then.
        """
        if key in self._left_out:
            self._left_out[key] += len(entries)
            return 0, 0
        written = len(entries)
        octets = _encoded("".join(entries))
        descriptor = self._open(key)
        try:
            room = self._limit - os.fstat(descriptor).st_size
            if len(octets) > room:
                written = _fitting(entries, room)
                octets = _encoded("".join(entries[:written]))
                self._left_out[key] = len(entries) - written
                _write(descriptor, octets + _encoded(self._reached(second)))
            else:
                _write(descriptor, octets)
        finally:
            os.close(descriptor)
        return written, len(octets)

    def note(self, key: FileKey, line: str) -> None:
        """Append a line that the log says of itself, whatever the limit. Raises OSError."""
        descriptor = self._open(key)
        try:
            _write(descriptor, _encoded(line))
        finally:
            os.close(descriptor)

    def finish(self, day: str, second: str) -> None:
        """Have the files up to this day say how much did not get into them. Raises OSError."""
        for key in [key for key in self._left_out if key.day <= day]:
            count = self._left_out.pop(key)
            self.note(key, warning(second, f"{count} PDUs were not written: the file was at its limit."))

    def _reached(self, second: str) -> str:
        limit = f"{self._limit / 1_000_000:g} MB"
        return warning(
            second, f"The file has reached its limit of {limit}; further PDUs of this day are not written."
        )

    def _open(self, key: FileKey) -> int:
        path = self._directory / key.folder / key.day / f"{key.name}.log"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            return os.open(path, flags, 0o600)
        except FileNotFoundError:
            # Parents that mkdir makes on the way would not get the mode.
            for directory in (self._directory, path.parents[1], path.parent):
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(path, flags, 0o600)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _fitting(entries: list[str], room: int) -> int:
    """How many of the first entries fit."""
    for index, entry in enumerate(entries):
        room -= len(_encoded(entry))
        if room < 0:
            return index
    return len(entries)


def _write(descriptor: int, octets: bytes) -> None:
    left = memoryview(octets)
    while left:
        left = left[os.write(descriptor, left) :]
