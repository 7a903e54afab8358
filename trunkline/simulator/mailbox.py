"""Who is to get what the simulated SMSC delivers: one mailbox per system_id, shared by its binds."""

from collections import deque
from typing import Protocol

from trunkline.simulator.pending import Pending
from trunkline.smpp.pdus import AlertNotification


class ReceivingLink(Protocol):
    """A bind that takes receipts."""

    @property
    def room(self) -> int:
        """How many more receipts it may be sent now."""

    def deliver(self, item: Pending) -> None:
        """Send it."""

    def alert(self, pdu: AlertNotification) -> None:
        """Tell that a handset can be reached again; nothing is to come of it."""


class Mailbox:
    """What one system_id is to get, and its binds that take it (RX and TRX), used in turn.

    While nobody is bound they wait. What was sent and not acknowledged comes back by `put_back`, to be sent
    before the others.
    """

    __slots__ = ("_blocked", "links", "waiting")

    def __init__(self) -> None:
        self.links: deque[ReceivingLink] = deque()
        self.waiting: deque[Pending] = deque()
        # No link has room: nobody needs to look again until one says so. Under load that is the usual state.
        self._blocked = True

    def put(self, item: Pending) -> None:
        """Take one in, and send what can be sent."""
        self.waiting.append(item)
        if not self._blocked:
            self._deliver()

    def put_back(self, items: list[Pending]) -> None:
        """Take those back that a link did not acknowledge, oldest first."""
        self.waiting.extendleft(reversed(items))
        if not self._blocked:
            self._deliver()

    def has_room(self, link: ReceivingLink) -> None:
        """Learn that a link takes receipts, again or for the first time."""
        waiting = self.waiting
        if not self._blocked or link not in self.links:
            return
        while waiting and link.room > 0:
            link.deliver(waiting.popleft())
        self._blocked = link.room <= 0

    def join(self, link: ReceivingLink) -> None:
        """Add a bind that takes receipts, and give it what waits."""
        self.links.append(link)
        self.has_room(link)

    def leave(self, link: ReceivingLink) -> None:
        """Remove a bind. When it was the last one, answers held back for receipts go out without them."""
        if link not in self.links:
            return
        self.links.remove(link)
        if not self.links:
            self._blocked = True
            for item in self.waiting:
                answer, item.answer = item.answer, None
                if answer is not None:
                    answer()

    def _deliver(self) -> None:
        waiting = self.waiting
        links = self.links
        while waiting:
            for _ in range(len(links)):
                link = links[0]
                links.rotate(-1)
                if link.room > 0:
                    break
            else:
                self._blocked = True
                return
            link.deliver(waiting.popleft())
