"""What the gateway and the scribe tell each other: MessagePack with its length before it, over two pipes."""

from typing import Final

import msgspec

LENGTH_SIZE: Final = 4
"""Octets, big end first, that say how long the next record is."""


class Entry(msgspec.Struct, array_like=True, tag="entry", frozen=True, gc=False):
    """PDUs of one connection and direction that came or went together, at a Unix time in milliseconds.

    `folder` and `name` say which file: `connectors` or `esmes`, and the file's name without its ending.
    """

    folder: str
    name: str
    connection_id: str
    default_alphabet: str
    at_ms: int
    written: bool
    pdus: bytes


class Gap(msgspec.Struct, array_like=True, tag="gap", frozen=True):
    """So many PDUs are missing here, and why: the end of a sentence."""

    folder: str
    name: str
    at_ms: int
    pdus: int
    reason: str


class Written(msgspec.Struct, array_like=True):
    """What became of a batch, in PDUs: written, beyond their file's limit, failed; and octets of text.

    `fault` says why something failed, in words.
    """

    pdus: int = 0
    over_limit: int = 0
    failed: int = 0
    octets: int = 0
    fault: str = ""


Batch = list[Entry | Gap]


def count_pdus(pdus: bytes) -> int:
    """How many PDUs lie in a row; octets at the end that are none count as one."""
    count, position, size = 0, 0, len(pdus)
    while position < size:
        position += max(int.from_bytes(pdus[position : position + 4], "big"), 16)
        count += 1
    return count
