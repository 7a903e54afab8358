"""Which inbound messages were taken already: SMSCs send again what they did not get an answer to.

SMPP has no mark for a repetition, and a handset may say the same twice. So the same content between the same
addresses is taken for a repetition only where there is a reason to think that the SMSC did not get the
answer:

- it is a part of a long message: the handset gives the next message another reference; or
- the connection that it came over ended within `UNCERTAIN_MS` after it came; or
- it was answered later than `LATE_MS` after it came, or is not answered yet; or
- it came within `AT_END_MS` before the last that the gateway took before it was started anew.

For each of these, one repetition is known, and the next only where there is a reason again.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable

from trunkline.model.inbound import InboundSeen

UNCERTAIN_MS = 60_000  # as long as it may take to notice that a peer is gone
LATE_MS = 5_000
AT_END_MS = 10_000  # answers follow the commit at once
REMEMBERED_MAX = 100_000

Acknowledge = Callable[[bool], None]


class Taken:
    """Something that came in and was taken."""

    __slots__ = ("_waiting", "answered", "at", "doubtful", "fingerprint", "link", "numbered")

    def __init__(self, fingerprint: str, link: int, numbered: bool, at: int) -> None:
        self.fingerprint = fingerprint
        self.link = link
        self.numbered = numbered
        self.at = at
        self.answered = False
        self.doubtful = False  # whether the SMSC got the answer
        self._waiting: list[Acknowledge] = []

    def acknowledge(self, acknowledge: Acknowledge) -> None:
        """Answers this request, now or when what it repeats is durable."""
        if self.answered:
            acknowledge(True)
        else:
            self._waiting.append(acknowledge)

    def durable(self, now: int) -> None:
        """It is stored: whoever waits is answered."""
        self.answered = True
        if now - self.at > LATE_MS:
            self.doubtful = True
        waiting, self._waiting = self._waiting, []
        for acknowledge in waiting:
            acknowledge(True)


class Repeats:
    """Remembers what was taken within the last `window_ms`, `REMEMBERED_MAX` at the most."""

    def __init__(self, window_ms: int) -> None:
        self._window_ms = window_ms
        self._taken: OrderedDict[int, Taken] = OrderedDict()  # in the order in which they came
        self._by_fingerprint: dict[str, deque[int]] = {}
        self._links: set[int] = set()  # over which something came
        self._number = 0

    def __len__(self) -> int:
        return len(self._taken)

    def load(self, seen: Iterable[InboundSeen]) -> None:
        """What an earlier run took, in order; the last of it may not have been answered."""
        taken = []
        for each in seen:
            one = self.add(each.fingerprint, 0, each.numbered, each.received_at)
            one.answered = True
            taken.append(one)
        if taken:
            end = taken[-1].at
            for one in taken:
                one.doubtful = end - one.at <= AT_END_MS

    def add(self, fingerprint: str, link: int, numbered: bool, now: int) -> Taken:
        """Something is taken that came over this connection."""
        self._number += 1
        taken = self._taken[self._number] = Taken(fingerprint, link, numbered, now)
        self._links.add(link)
        self._by_fingerprint.setdefault(fingerprint, deque()).append(self._number)
        self._forget(now)
        return taken

    def find(self, fingerprint: str, link: int, now: int) -> Taken | None:
        """What this repeats; it counts as repeated over this connection."""
        self._forget(now)
        for number in self._by_fingerprint.get(fingerprint, ()):
            taken = self._taken[number]
            if taken.numbered or taken.doubtful or (not taken.answered and now - taken.at > LATE_MS):
                taken.doubtful = False
                taken.link = link
                self._links.add(link)
                return taken
        return None

    def link_lost(self, link: int, now: int) -> None:
        """A connection has ended: what came over it of late may not have been answered."""
        if link not in self._links:
            return
        self._links.remove(link)
        for taken in reversed(self._taken.values()):
            if now - taken.at > UNCERTAIN_MS:
                break
            if taken.link == link:
                taken.doubtful = True

    def _forget(self, now: int) -> None:
        while self._taken:
            number, oldest = next(iter(self._taken.items()))
            if now - oldest.at <= self._window_ms and len(self._taken) <= REMEMBERED_MAX:
                break
            del self._taken[number]
            numbers = self._by_fingerprint[oldest.fingerprint]
            numbers.popleft()  # the oldest of all is the oldest of its own
            if not numbers:
                del self._by_fingerprint[oldest.fingerprint]
