"""The requests we sent that wait for their answers, and the sequence numbers they go under."""

from typing import Any, Final

from trunkline.smpp.constants import MAX_SEQUENCE_NUMBER, RESPONSE_BIT, CommandId
from trunkline.smpp.errors import WindowFullError

DEFAULT_WINDOW_SIZE: Final = 10
"""SMPP 3.4 recommends that no more than 10 requests wait for their answers."""

_GENERIC_NACK: Final = CommandId.GENERIC_NACK.value


class Window:
    """At most `size` outstanding requests, oldest first.

    Of the requests whose time ran out the newest `LATE_MAX` are remembered: an answer may come all the same.
    Times are the caller's monotonic seconds. A token is whatever the caller wants back with the answer.
    """

    LATE_MAX: Final = 1000

    __slots__ = ("_late", "_waiting", "size")

    def __init__(self, size: int = DEFAULT_WINDOW_SIZE) -> None:
        if size < 1:
            raise ValueError("a window holds at least one request")
        self.size = size
        # sequence_number -> (token, sent at, command_id of the request). A dict keeps the order of sending.
        self._waiting: dict[int, tuple[Any, float, int]] = {}
        self._late: dict[int, tuple[Any, float, int]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, sequence_number: int) -> bool:
        return sequence_number in self._waiting

    @property
    def full(self) -> bool:
        """Whether no further request may be sent."""
        return len(self._waiting) >= self.size

    @property
    def room(self) -> int:
        """How many further requests may be sent."""
        return max(0, self.size - len(self._waiting))

    @property
    def oldest_sent_at(self) -> float | None:
        """When the request that waits longest was sent; None when none waits."""
        for _, sent_at, _ in self._waiting.values():
            return sent_at
        return None

    def add(self, sequence_number: int, token: Any, now: float, command_id: int = 0) -> None:
        """Note a request as sent. Raises WindowFullError; ValueError for a number that still waits."""
        waiting = self._waiting
        if len(waiting) >= self.size:
            raise WindowFullError(f"{self.size} requests wait for an answer")
        if sequence_number in waiting:
            raise ValueError(f"sequence number {sequence_number} still waits for its answer")
        waiting[sequence_number] = (token, now, command_id)

    def take(self, sequence_number: int) -> Any | None:
        """Remove a request and return its token; None when no such request waits."""
        entry = self._waiting.pop(sequence_number, None)
        return None if entry is None else entry[0]

    def match(self, sequence_number: int, command_id: int) -> tuple[Any, float, int] | None:
        """Remove the request that a response answers; return its token, when it was sent and its command_id.

        `command_id` is the response's: that of the request with the response bit, or generic_nack. None when
        no such request waits, or when one waits under this number but the response is of another kind.
        """
        waiting = self._waiting
        entry = waiting.get(sequence_number)
        if entry is None or (entry[2] | RESPONSE_BIT != command_id and command_id != _GENERIC_NACK):
            return None
        del waiting[sequence_number]
        return entry

    def only(self) -> int | None:
        """Return the sequence number of the one request that waits; None when there are none or several."""
        return next(iter(self._waiting)) if len(self._waiting) == 1 else None

    def expired(self, now: float, timeout: float) -> list[Any]:
        """Remove the requests that have waited `timeout` seconds or more; give their tokens, oldest first."""
        waiting = self._waiting
        late = []
        for sequence_number, (_, sent_at, _) in waiting.items():
            if now - sent_at < timeout:
                break
            late.append(sequence_number)
        known = self._late
        for sequence_number in late:
            known.pop(sequence_number, None)  # the newest go last
            known[sequence_number] = waiting.pop(sequence_number)
        tokens = [known[sequence_number][0] for sequence_number in late]
        while len(known) > self.LATE_MAX:
            del known[next(iter(known))]
        return tokens

    def match_late(self, sequence_number: int, command_id: int) -> tuple[Any, float, int] | None:
        """As `match`, for a request whose time ran out before; each is answered once."""
        entry = self._late.get(sequence_number)
        if entry is None or (entry[2] | RESPONSE_BIT != command_id and command_id != _GENERIC_NACK):
            return None
        del self._late[sequence_number]
        return entry

    def drain(self) -> list[Any]:
        """Remove all; return their tokens, oldest first."""
        tokens = [token for token, _, _ in self._waiting.values()]
        self._waiting.clear()
        return tokens


def next_sequence_number(last: int) -> int:
    """Return the number after `last`: 1..0x7FFFFFFF, then 1 again (section 3.2: by one, 0 is not used)."""
    return last + 1 if last < MAX_SEQUENCE_NUMBER else 1
