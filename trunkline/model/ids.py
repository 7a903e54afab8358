"""UUID version 7 identifiers (RFC 9562, section 5.7): sortable by time, unique across nodes.

Identifiers are kept as the canonical 36-character text everywhere (memory, wire, database parameters), so
that no layer converts them.
"""

import os
import re
import time

_CANONICAL = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch


_THREE_DIGITS = tuple(f"{number:03x}" for number in range(0x1000))
_RANDOM_BITS = (1 << 62) - 1
_VARIANT = 1 << 63
_LAST_MILLISECOND = (1 << 48) - 1


class MessageIds:
    """Makes UUIDv7 texts that increase strictly within one process.

    Layout: 48 bits of Unix milliseconds, version, a 12-bit counter, variant, 62 random bits. The counter
    (method 1 of RFC 9562 section 6.2) keeps the order within a millisecond; when it overflows, the clock part
    runs ahead by one millisecond, which also covers a wall clock that steps back.
    """

    __slots__ = ("_counter", "_milliseconds", "_prefix", "_tails")

    def __init__(self) -> None:
        self._milliseconds = 0
        self._counter = 0
        self._prefix = ""
        self._tails: list[str] = []

    def next(self) -> str:
        """The next identifier, for example ``019aa2f4-5a10-7000-8a3c-2f60c1b4d9e7``."""
        now = time.time_ns() // 1_000_000
        if now > self._milliseconds:
            self._advance(now)
        else:
            self._counter += 1
            if self._counter > 0xFFF:
                self._advance(self._milliseconds + 1)
        if not self._tails:
            self._tails = _random_tails()
        return self._prefix + _THREE_DIGITS[self._counter] + self._tails.pop()

    def _advance(self, milliseconds: int) -> None:
        self._milliseconds = milliseconds
        self._counter = 0
        text = f"{milliseconds:012x}"
        self._prefix = f"{text[:8]}-{text[8:]}-7"


def _random_tails(count: int = 256) -> list[str]:
    """The random ends of identifiers: 62 bits after the variant bits 10, made in batches for speed."""
    entropy = os.urandom(8 * count)
    tails = []
    for at in range(0, 8 * count, 8):
        digits = f"{int.from_bytes(entropy[at : at + 8], 'big') & _RANDOM_BITS | _VARIANT:016x}"
        tails.append(f"-{digits[:4]}-{digits[4:]}")
    return tails


new_id = MessageIds().next


def first_id(milliseconds: int) -> str:
    """The lowest text that an identifier made at this time (Unix ms) or later can have."""
    clock = f"{min(max(milliseconds, 0), _LAST_MILLISECOND):012x}"
    return f"{clock[:8]}-{clock[8:]}-0000-0000-000000000000"


def milliseconds_of(identifier: str) -> int:
    """When an identifier was made (Unix ms)."""
    return int(identifier[:8] + identifier[9:13], 16)


def is_id(text: str) -> bool:
    """Whether `text` has the canonical form of an identifier (36 lower-case characters, hyphens in place)."""
    return _CANONICAL(text) is not None
