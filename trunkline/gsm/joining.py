"""Putting the parts of a long message together again, in whatever order they come.

Pure: the caller passes the time in and asks what has been waiting too long. The parts can be anything; for
text let them be octets, joined before they are decoded, because there are senders that cut inside a
surrogate pair or an ESC pair. (Packed septets are unpacked part by part first: each part is padded.)
"""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from trunkline.gsm.segmentation import MAX_PARTS

PartT = TypeVar("PartT")


class Reason(StrEnum):
    """Why a message is given up incomplete."""

    TIMEOUT = "timeout"  # its missing parts did not come in time
    REUSED = "reused"  # its reference came again for another message
    EVICTED = "evicted"  # too many parts were waiting, and it had waited longest


class JoinerFull(RuntimeError):
    """No more parts can be held until `expire` has been asked for the messages given up."""


@dataclass(slots=True, frozen=True)
class Joined(Generic[PartT]):
    """A whole message: its parts in order, and when the first of them came."""

    key: Hashable
    reference: int
    parts: tuple[PartT, ...]
    first_at: float


@dataclass(slots=True, frozen=True)
class Incomplete(Generic[PartT]):
    """What there is of a message that is given up: `parts` by number in order, and the numbers `missing`."""

    key: Hashable
    reference: int
    total: int
    parts: dict[int, PartT]
    missing: tuple[int, ...]
    first_at: float
    reason: Reason


class _Waiting(Generic[PartT]):
    __slots__ = ("first_at", "parts", "total")

    def __init__(self, total: int, first_at: float) -> None:
        self.total = total
        self.parts: dict[int, PartT] = {}
        self.first_at = first_at


class Joiner(Generic[PartT]):
    """Holds parts until their message is whole, for at most `timeout_s` seconds after its first part.

    At most `max_parts_held` parts wait (255 or more, so that the longest message fits); one more makes room
    by giving up the message that has waited longest. What is given up is never dropped: `expire` hands it
    out, and as many parts again may wait for that.

    Raises ValueError for a time-out that is not positive or a bound below 255.
    """

    __slots__ = ("_given_up", "_given_up_parts", "_held", "_max_parts_held", "_timeout_s", "_waiting")

    def __init__(self, timeout_s: float, max_parts_held: int) -> None:
        if not timeout_s > 0:
            raise ValueError(f"the time-out is to be positive, not {timeout_s}")
        if max_parts_held < MAX_PARTS:
            raise ValueError(f"max_parts_held is {max_parts_held}, the longest message has {MAX_PARTS} parts")
        self._timeout_s = timeout_s
        self._max_parts_held = max_parts_held
        # In the order of their first parts, oldest first: a dict keeps the order things were put in.
        self._waiting: dict[tuple[Hashable, int], _Waiting[PartT]] = {}
        self._held = 0
        self._given_up: deque[Incomplete[PartT]] = deque()
        self._given_up_parts = 0

    def __len__(self) -> int:
        """The number of parts waiting for the rest of their message."""
        return self._held

    def holds(self, key: Hashable, reference: int, number: int, piece: PartT) -> bool:
        """Whether this part waits here already, so that `add` would ignore it."""
        waiting = self._waiting.get((key, reference))
        return waiting is not None and waiting.parts.get(number) == piece

    def add(
        self, key: Hashable, reference: int, number: int, total: int, piece: PartT, now: float
    ) -> Joined[PartT] | None:
        """Take part `number` of `total`; the whole message when it was the last one missing, else None.

        `key` tells senders apart: source, destination, connector, and the width of the reference where both
        widths are in use. `now` is in seconds on a clock that does not go back, the one `expire` gets.

        A part equal to one that is there is a duplicate and ignored. The same number with other content, or
        another total, is a new message that uses the reference again: the earlier one is given up, and so it
        is when it has timed out and nobody has asked `expire` yet.

        Raises ValueError unless 1 <= number <= total <= 255, JoinerFull when `expire` has not been asked
        for so long that nothing more can be given up; nothing has changed then, and the part can be refused
        to its sender as a temporary error.
        """
        if not 1 <= number <= total <= MAX_PARTS:
            raise ValueError(
                f"part {number} of {total}: both are 1..255 and the number is not above the total"
            )
        if total == 1:
            return Joined(key, reference, (piece,), now)
        name = (key, reference)
        waiting = self._waiting.get(name)
        if waiting is not None:
            if now - waiting.first_at >= self._timeout_s:
                self._give_up(name, Reason.TIMEOUT)
                waiting = None
            elif waiting.total != total:
                self._give_up(name, Reason.REUSED)
                waiting = None
            elif number in waiting.parts:
                if waiting.parts[number] == piece:
                    return None
                self._give_up(name, Reason.REUSED)
                waiting = None
        if waiting is not None and len(waiting.parts) + 1 == total:
            # Completing needs no room: the message leaves at once.
            del self._waiting[name]
            self._held -= total - 1
            waiting.parts[number] = piece
            return Joined(
                key, reference, tuple(waiting.parts[n] for n in range(1, total + 1)), waiting.first_at
            )
        if self._held >= self._max_parts_held:
            self._give_up(next(oldest for oldest in self._waiting if oldest != name), Reason.EVICTED)
        if waiting is None:
            waiting = self._waiting[name] = _Waiting(total, now)
        waiting.parts[number] = piece
        self._held += 1
        return None

    def expire(self, now: float) -> list[Incomplete[PartT]]:
        """The messages given up since last asked: timed out at `now`, displaced by another, or evicted."""
        given_up = list(self._given_up)
        self._given_up.clear()
        self._given_up_parts = 0
        due = []
        for name, waiting in self._waiting.items():
            if now - waiting.first_at < self._timeout_s:
                break
            due.append(name)
        given_up += [self._take(name, Reason.TIMEOUT) for name in due]
        return given_up

    def next_expiry(self) -> float | None:
        """When the message waiting longest times out, on the clock of `add`; None when nothing waits."""
        for waiting in self._waiting.values():
            return waiting.first_at + self._timeout_s
        return None

    def _take(self, name: tuple[Hashable, int], reason: Reason) -> Incomplete[PartT]:
        waiting = self._waiting.pop(name)
        self._held -= len(waiting.parts)
        key, reference = name
        return Incomplete(
            key=key,
            reference=reference,
            total=waiting.total,
            parts=dict(sorted(waiting.parts.items())),
            missing=tuple(n for n in range(1, waiting.total + 1) if n not in waiting.parts),
            first_at=waiting.first_at,
            reason=reason,
        )

    def _give_up(self, name: tuple[Hashable, int], reason: Reason) -> None:
        if self._given_up_parts + len(self._waiting[name].parts) > self._max_parts_held:
            raise JoinerFull(f"{self._given_up_parts} parts of messages given up have not been fetched")
        incomplete = self._take(name, reason)
        self._given_up.append(incomplete)
        self._given_up_parts += len(incomplete.parts)
