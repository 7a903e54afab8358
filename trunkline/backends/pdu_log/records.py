"""What the gateway and the scribe tell each other: MessagePack with its length before it, over two pipes."""

from collections.abc import Iterable, Iterator
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final

import msgspec

LENGTH_SIZE: Final = 4
"""Octets, big end first, that say how long the next record is."""

SMALLEST_PDU: Final = 16


class Head(msgspec.Struct, array_like=True, frozen=True):
    """What all entries of a connection have in common.

    `folder` and `name` say which file: `connectors` or `esmes`, and the file's name without its ending.
    """

    folder: str
    name: str
    connection_id: str
    default_alphabet: str

    def packed(self) -> bytes:
        """As an entry carries it."""
        return msgspec.msgpack.encode(self)


@lru_cache(maxsize=4096)
def unpacked(head: bytes) -> Head:
    """Undo `Head.packed`."""
    return msgspec.msgpack.decode(head, type=Head)


class Kind(IntEnum):
    """What an entry holds: PDUs of one direction, or a remark of the log itself, as UTF-8."""

    READ = 0
    WRITTEN = 1
    REMARK = 2


Entry = tuple[bytes, int, int, bytes]
"""`(head, at_ns, kind, octets)`: PDUs that came or went together, at a Unix time in nanoseconds."""

Batch = list[Any]
"""The four items of the first entry, then those of the second, and so on.

Without a container for each entry, as they are made on the hot path: some thousands of containers more would
have the garbage collector look at everything that is under way more often.
"""


def entries_of(batch: Iterable[Any]) -> Iterator[Entry]:
    """The entries of a batch."""
    items = iter(batch)
    return zip(items, items, items, items, strict=True)


class Written(msgspec.Struct, array_like=True):
    """What became of a batch, in PDUs: written, beyond their file's limit, failed; and octets of text.

    `fault` says why something failed, in words.
    """

    pdus: int = 0
    over_limit: int = 0
    failed: int = 0
    octets: int = 0
    fault: str = ""


def count_pdus(pdus: bytes) -> int:
    """How many PDUs lie in a row; octets at the end that are none count as one."""
    count, position, size = 0, 0, len(pdus)
    while position < size:
        position += max(int.from_bytes(pdus[position : position + 4], "big"), SMALLEST_PDU)
        count += 1
    return count
