"""Submission: from the queue to the connector's window, and what each answer means.

A `Dispatcher` stands before each connector. It holds claimed segments in memory (`ready`): what fits the
window, and what goes out in the next moment. Everything else waits in the store. `Outcomes` is what the
connectors report to.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable

from trunkline.model.inbound import IncomingMessage
from trunkline.model.message import Message, MessageEvent, Segment
from trunkline.model.notices import final_notification
from trunkline.model.ports import Clock, IncomingReceipt, Journal, Submitter
from trunkline.model.profile import ErrorAction
from trunkline.model.states import SegmentState
from trunkline.pipeline.mo import MoPipeline
from trunkline.pipeline.notification import Notifier
from trunkline.pipeline.receipts import Receipts
from trunkline.smpp.constants import status_name


class Dispatcher:
    """Keeps one connector's window full from what is accepted now and from its durable queue."""

    # Beside what fits the window now, as many segments are claimed as went out in this time: the wire must
    # not wait while the journal claims the next. More would gain nothing, and after a crash each claimed
    # segment counts as an unknown outcome.
    PREFETCH_MS = 100
    PREFETCH_MAX_WINDOWS = 2

    def __init__(self, submitter: Submitter, journal: Journal, clock: Clock, outcomes: "Outcomes") -> None:
        self.submitter = submitter
        self._journal = journal
        self._clock = clock
        self._outcomes = outcomes
        self._ready: deque[Segment] = deque()
        self._reserved = 0  # stored as SUBMITTING, not yet durable
        self._behind = True  # more is queued than memory may hold: what comes now queues up behind it
        self._look = True  # the durable queue may hold due segments
        self._noted = 0  # grows whenever something is queued; tells whether a claim saw everything
        self._claiming = False
        self._paused = False
        self._wake: asyncio.TimerHandle | None = None
        self._wake_at = 0
        self._sent = 0  # since `_sent_since`
        self._sent_since = 0
        self._prefetch = 1

    # --- Line, for Queueing ---

    @property
    def bound(self) -> bool:
        return self.submitter.capacity > 0 and not self._paused

    def reserve(self, segments: int) -> bool:
        if self._behind or self._paused:
            return False
        if len(self._ready) + self._reserved + segments > self._limit:
            self._behind = True
            return False
        self._reserved += segments
        return True

    def unreserve(self, segments: int) -> None:
        self._reserved -= segments

    def take(self, message: Message) -> None:
        self._reserved -= len(message.segments)
        self._ready.extend(message.segments)
        if self._paused:
            self.hand_back("the connector is stopping")
        else:
            self.pump()

    def queued(self, available_at: int) -> None:
        self._noted += 1
        if available_at <= self._clock.now_ms():
            self._look = True
            self._refill()
        else:
            self._wake_up(available_at)

    # --- the pump ---

    @property
    def waiting(self) -> int:
        """Claimed segments held in memory."""
        return len(self._ready) + self._reserved

    def pump(self) -> None:
        """Fills the window from `ready`, and `ready` from the queue."""
        ready = self._ready
        submitter = self.submitter
        if ready:
            now = self._clock.now_ms()
            while ready:
                segment = ready[0]
                if segment.message.expires_at <= now:
                    ready.popleft()
                    self._outcomes.expire(segment)
                elif submitter.submit(segment):
                    ready.popleft()
                    self._sent += 1
                else:
                    break
            if now - self._sent_since >= self.PREFETCH_MS:
                self._pace(now)
        if self._look:
            self._refill()

    def poll(self) -> None:
        """Now and then: looks for due retries, and hands claims back when the connector is gone."""
        if self.submitter.capacity == 0:
            self.hand_back("the connector is not bound")
            self._behind = True
        self._look = True
        self.pump()

    def hand_back(self, why: str) -> None:
        """Returns everything that is claimed and unsent to the durable queue."""
        while self._ready:
            self._outcomes.on_unsent(self._ready.popleft(), why)

    def withdraw(self, segment: Segment) -> bool:
        """Lets go of a claimed segment that is not on the wire; false when it is, or was never here."""
        try:
            self._ready.remove(segment)
        except ValueError:
            return False
        return True

    def pause(self) -> None:
        """Takes nothing more; what is claimed and unsent goes back to the queue."""
        self._paused = True
        if self._wake is not None:
            self._wake.cancel()
        self.hand_back("the connector is stopping")

    def _refill(self) -> None:
        if self._claiming or self._paused:
            return
        most = self._limit
        held = len(self._ready) + self._reserved
        if held > most // 2 or most == 0:
            return
        self._claiming = True
        noted = self._noted
        limit = most - held
        claim = self._journal.claim(self.submitter.config.connector_id, limit, self._clock.now_ms())
        claim.add_done_callback(lambda done: self._claimed(done, limit, noted))

    @property
    def _limit(self) -> int:
        """How many claimed segments may be in memory now."""
        submitter = self.submitter
        return submitter.room + self._prefetch if submitter.capacity else 0

    def _pace(self, now: int) -> None:
        """Follows the speed at which segments go out."""
        pace = self._sent * self.PREFETCH_MS // max(now - self._sent_since, 1)
        self._prefetch = max(1, min(pace, self.submitter.capacity * self.PREFETCH_MAX_WINDOWS))
        self._sent = 0
        self._sent_since = now

    def _claimed(self, claim: "asyncio.Future[list[Segment]]", limit: int, noted: int) -> None:
        self._claiming = False
        if claim.cancelled() or claim.exception() is not None:
            return  # storage is away; the next poll asks again
        segments = claim.result()
        if len(segments) < limit:
            # Caught up, but for what was queued while the claim was under way: one more look.
            self._behind = False
            self._look = noted != self._noted
        self._ready.extend(segments)
        if self._paused:
            self.hand_back("the connector is stopping")
        else:
            self.pump()

    def _wake_up(self, at: int) -> None:
        """Looks into the queue at this time (Unix ms), or earlier when that is already planned."""
        now = self._clock.now_ms()
        if self._wake is not None and now < self._wake_at <= at:
            return
        if self._wake is not None:
            self._wake.cancel()
        self._wake_at = at
        self._wake = asyncio.get_running_loop().call_later(max(0, at - now) / 1000, self._woken)

    def _woken(self) -> None:
        self._wake = None
        self._noted += 1
        self._look = True
        self._refill()


class Outcomes:
    """Turns the connectors' answers into states, retries, receipts and history."""

    RETRY_FIRST_MS = 500
    RETRY_MAX_MS = 60_000

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        receipts: Receipts,
        mo: MoPipeline,
        notifier: Notifier,
        rng: random.Random,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._receipts = receipts
        self._mo = mo
        self._notifier = notifier
        self._rng = rng
        self.dispatchers: dict[str, Dispatcher] = {}
        self.submitted = 0
        self.retried = 0
        self.rejected = 0
        self.unknown = 0
        self.expired = 0

    def on_room(self, connector_id: str) -> None:
        dispatcher = self.dispatchers.get(connector_id)
        if dispatcher is not None:
            dispatcher.pump()

    def on_accepted(self, segment: Segment, smsc_message_id: str | None) -> None:
        now = self._clock.now_ms()
        segment.command_status = 0
        segment.smsc_message_id = smsc_message_id
        changed = segment.become(SegmentState.SUBMITTED, now)
        self.submitted += 1
        self._journal.submitted(segment, changed)
        if smsc_message_id is None:
            self._note(segment, now, "no_smsc_id", "the SMSC accepted it without a message id")
        else:
            self._receipts.expect(segment)

    def on_refused(self, segment: Segment, command_status: int, action: ErrorAction) -> None:
        segment.command_status = command_status
        name = status_name(command_status)
        if action is ErrorAction.SLOW:
            segment.congested += 1
            self._retry(segment, name)
        elif action is ErrorAction.REJECT:
            self._reject(segment, name, command_status)
        elif self._exhausted(segment):
            self._reject(segment, f"{name} after {_counted(segment)} attempts", command_status)
        else:
            self._retry(segment, name)

    def on_unknown(self, segment: Segment, why: str) -> None:
        now = self._clock.now_ms()
        self.unknown += 1
        event = self._event(segment, now, "unknown", why)
        changed = segment.become(SegmentState.UNKNOWN, now)
        if segment.message.resend_unknown and not self._exhausted(segment):
            changed |= segment.become(SegmentState.QUEUED, now)
            event = self._event(segment, now, "resent", f"{why}; sent again, as the account's policy says")
            self._requeue(segment, changed, event, now)
        else:
            self._journal.changed(segment, changed, event)
            self._receipts.lost(segment)

    def on_late_accepted(self, segment: Segment, smsc_message_id: str | None, smsc_key: str | None) -> None:
        if segment.state is not SegmentState.UNKNOWN:
            return  # a receipt has proved it, or it was sent again
        now = self._clock.now_ms()
        segment.command_status = 0
        segment.smsc_message_id, segment.smsc_key = smsc_message_id, smsc_key
        changed = segment.become(SegmentState.SUBMITTED, now)
        self.submitted += 1
        event = self._event(segment, now, "recovered", "the SMSC's answer came late: it was submitted")
        self._journal.changed(segment, changed, event)
        self._receipts.expect(segment)

    def on_late_refused(self, segment: Segment, command_status: int, action: ErrorAction) -> None:
        # Where such segments are sent again, the last attempt may still have been taken.
        if segment.state is SegmentState.UNKNOWN and not segment.message.resend_unknown:
            self.on_refused(segment, command_status, action)

    def on_unsent(self, segment: Segment, why: str) -> None:
        now = self._clock.now_ms()
        changed = segment.become(SegmentState.QUEUED, now)
        segment.submitted_at = None
        self._requeue(segment, changed, self._event(segment, now, "released", why), now)

    def on_unencodable(self, segment: Segment, why: str) -> None:
        self._reject(segment, why, None)

    def on_receipt(
        self, connector_id: str, receipt: IncomingReceipt, acknowledge: Callable[[bool], None]
    ) -> None:
        self._receipts.on_receipt(connector_id, receipt, acknowledge)

    def on_inbound(
        self, connector_id: str, message: IncomingMessage, acknowledge: Callable[[bool], None]
    ) -> None:
        self._mo.receive(connector_id, message, acknowledge)

    def on_link_lost(self, link: int) -> None:
        self._mo.link_lost(link)

    def expire(self, segment: Segment) -> None:
        """The validity period ended before the segment went out."""
        self.expired += 1
        self._finish(segment, SegmentState.EXPIRED, "the validity period ended before it could be submitted")

    def _exhausted(self, segment: Segment) -> bool:
        """Whether the segment has used up the attempts that its connector allows."""
        dispatcher = self.dispatchers.get(segment.connector_id)
        return dispatcher is not None and _counted(segment) >= dispatcher.submitter.config.max_attempts

    def _reject(self, segment: Segment, why: str, command_status: int | None) -> None:
        self.rejected += 1
        self._finish(
            segment, SegmentState.REJECTED, why, f"{command_status:03d}" if command_status else "000"
        )

    def _finish(self, segment: Segment, state: SegmentState, why: str, err: str = "000") -> None:
        """A segment ends without a receipt: the message says why, the sender is told."""
        now = self._clock.now_ms()
        message = segment.message
        message.error = why
        segment.become(state, now)
        notification = final_notification(segment, err, now)
        done = self._notifier.announce(notification)
        # An error is news even where the state has not changed.
        self._journal.changed(segment, True, self._event(segment, now, state.value, why), notification, done)

    def _retry(self, segment: Segment, why: str) -> None:
        now = self._clock.now_ms()
        self.retried += 1
        pause = min(self.RETRY_MAX_MS, self.RETRY_FIRST_MS << max(0, min(segment.attempts - 1, 7)))
        pause = int(pause * self._rng.uniform(0.5, 1.0))
        segment.available_at = now + pause
        changed = segment.become(SegmentState.QUEUED, now)
        event = self._event(segment, now, "retry", f"{why}: next attempt in {pause / 1000:.1f} s")
        self._requeue(segment, changed, event, segment.available_at)

    def _requeue(self, segment: Segment, changed: bool, event: MessageEvent, available_at: int) -> None:
        segment.available_at = available_at
        self._journal.changed(segment, changed, event)
        dispatcher = self.dispatchers.get(segment.connector_id)
        if dispatcher is not None:
            dispatcher.queued(available_at)

    def _event(self, segment: Segment, now: int, kind: str, detail: str) -> MessageEvent:
        return MessageEvent(segment.message.id, segment.number, now, kind, detail)

    def _note(self, segment: Segment, now: int, kind: str, detail: str) -> None:
        self._journal.noted(self._event(segment, now, kind, detail))


def _counted(segment: Segment) -> int:
    """The attempts that count: those refused for congestion say nothing about the segment."""
    return segment.attempts - segment.congested
