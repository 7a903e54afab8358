"""Files as the bodies of answers: piece by piece, so that their size does not matter.

The iterators read and compress as they are advanced: advance them in a thread.
"""

import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO, Final, NamedTuple

from trunkline.model.errors import NotFound

PIECE: Final = 256 * 1024
"""Octets that are read at a time."""

_GZIP: Final = zlib.MAX_WBITS | 16
_FIRST_YEAR: Final = 1980  # no archive has an older file


class Source(NamedTuple):
    """A file that is not open yet; `open` raises NotFound where it is gone meanwhile."""

    name: str
    size: int
    modified_ns: int
    open: Callable[[], BinaryIO]


def plain(source: Source) -> Iterator[bytes]:
    """A file's octets, as many as its size says: it may grow meanwhile. Raises NotFound at the start."""
    left = source.size
    with source.open() as file:
        while left and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece


def gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same as a gzip stream (RFC 1952)."""
    squeeze = zlib.compressobj(wbits=_GZIP)
    for piece in pieces:
        yield squeeze.compress(piece)
    yield squeeze.flush()


def zipped(sources: Iterable[Source]) -> Iterator[bytes]:
    """A ZIP archive of files. One that is gone is left out."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for source in sources:
            try:
                file = source.open()
            except NotFound:
                continue
            with file, archive.open(_about(source), "w", force_zip64=True) as target:
                while piece := file.read(PIECE):
                    target.write(piece)
                    yield sink.take()
    yield sink.take()


class _Sink:
    """What zipfile writes to; it cannot seek, so sizes stand behind each file."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def take(self) -> bytes:
        """What was written since the last call."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _about(source: Source) -> zipfile.ZipInfo:
    moment = datetime.fromtimestamp(source.modified_ns / 1e9, UTC)
    info = zipfile.ZipInfo(source.name, (max(moment.year, _FIRST_YEAR), *moment.timetuple()[1:6]))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info
