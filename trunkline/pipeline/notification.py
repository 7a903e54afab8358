"""Notification: receipts travel from the durable outbox to whoever sent the message.

Each recipient has a lane. A lane that keeps up gets its notifications straight from memory; one that does
not (an ESME that is not bound, a slow server) leaves them in the outbox and is fed from there, in order, so
that memory stays bounded and one slow recipient delays nobody else.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from functools import partial

from trunkline.model.message import MessageEvent, Notification
from trunkline.model.ports import Clock, Deliverer, DeliveryResult, Journal


class Lane:
    """What the notifier knows of one recipient. `held` are the entries in memory: waiting or under way."""

    __slots__ = (
        "behind",
        "deferred_at",
        "deliverer",
        "fetching",
        "finished",
        "held",
        "look",
        "name",
        "noted",
        "pause_ms",
        "waiting",
    )

    def __init__(self, name: str, deliverer: Deliverer | None) -> None:
        self.name = name
        self.deliverer = deliverer
        self.waiting: deque[Notification] = deque()
        self.held: set[str] = set()
        self.behind = False  # more waits than memory may hold: new entries are left to the outbox
        self.look = False  # the outbox may hold due entries that are not in memory
        self.noted = 0  # grows whenever an entry is left to the outbox
        self.fetching = False
        self.finished: set[str] = set()  # while fetching: done with, but perhaps in the rows under way
        self.deferred_at: int | None = None  # when to look for entries that were put off (Unix ms)
        self.pause_ms = Notifier.LOOK_MIN_MS  # between looks that find nothing


class Notifier:
    """Feeds the deliverers and writes down what came of it."""

    LANE_MAX = 500  # entries of one lane in memory
    RETRY_FIRST_MS = 5_000
    RETRY_MAX_MS = 15 * 60_000
    LOOK_MIN_MS = 1_000  # how often the outbox is asked for retries that have come due: less and less often
    LOOK_MAX_MS = 30_000  # while there are none

    def __init__(self, journal: Journal, clock: Clock, rng: random.Random, give_up_after_ms: int) -> None:
        self._journal = journal
        self._clock = clock
        self._rng = rng
        self._give_up_after_ms = give_up_after_ms
        self._deliverers: list[Deliverer] = []
        self._lanes: dict[str, Lane] = {}
        self.delivered = 0
        self.failed_attempts = 0
        self.given_up = 0

    def serve(self, deliverer: Deliverer) -> None:
        """Adds a deliverer; lanes are given to the first that serves them."""
        self._deliverers.append(deliverer)

    @property
    def in_memory(self) -> int:
        """Notifications held in memory, all lanes together."""
        return sum(len(lane.held) for lane in self._lanes.values())

    def resume(self, lanes: dict[str, int]) -> None:
        """Takes up the lanes that had entries in the outbox when the gateway stopped."""
        for name in lanes:
            lane = self._lane(name)
            lane.behind = lane.look = True
            lane.deferred_at = self._clock.now_ms()
            self._pump(lane)

    def announce(self, notification: Notification | None) -> Callable[[], None] | None:
        """What to call once the outbox entry is durable; None when there is nothing to deliver."""
        return None if notification is None else partial(self._offer, notification)

    def wake(self, lane_name: str) -> None:
        """The recipient can take notifications (again): an ESME has bound, a window has moved."""
        lane = self._lanes.get(lane_name)
        if lane is not None:
            self._pump(lane)

    def poll(self) -> None:
        """Now and then: looks for retries that have come due, and for room that nobody told of."""
        now = self._clock.now_ms()
        for lane in self._lanes.values():
            if lane.deferred_at is not None and lane.deferred_at <= now:
                lane.look = True
            if lane.look or lane.waiting:
                self._pump(lane)

    def _offer(self, notification: Notification) -> None:
        lane = self._lanes.get(notification.lane) or self._lane(notification.lane)
        deliverer = lane.deliverer
        if lane.behind or deliverer is None or len(lane.held) >= self.LANE_MAX:
            room = 0
        else:
            room = deliverer.room(lane.name)
        if deliverer is None or room <= 0:
            lane.noted += 1
            lane.behind = lane.look = True
        else:
            lane.held.add(notification.id)
            if lane.waiting:
                lane.waiting.append(notification)
            else:
                deliverer.deliver(notification, partial(self._finished, lane, notification))
        if lane.look or lane.waiting:
            self._pump(lane)

    def _lane(self, name: str) -> Lane:
        lane = self._lanes.get(name)
        if lane is None:
            deliverer = next((each for each in self._deliverers if each.serves(name)), None)
            lane = self._lanes[name] = Lane(name, deliverer)
        return lane

    def _pump(self, lane: Lane) -> None:
        waiting = lane.waiting
        deliverer = lane.deliverer
        if deliverer is None:
            return
        while waiting and deliverer.room(lane.name) > 0:
            notification = waiting.popleft()
            deliverer.deliver(notification, partial(self._finished, lane, notification))
        if (
            lane.look
            and not lane.fetching
            and len(lane.held) <= self.LANE_MAX // 2
            and deliverer.room(lane.name) > 0
        ):
            lane.fetching = True
            noted = lane.noted
            # Entries under way are still in the outbox, and may well be its first.
            limit = self.LANE_MAX + len(lane.held)
            due = self._journal.due_notifications(lane.name, limit, self._clock.now_ms())
            due.add_done_callback(lambda done: self._fetched(lane, done, limit, noted))

    def _fetched(self, lane: Lane, due: "asyncio.Future[list[Notification]]", limit: int, noted: int) -> None:
        lane.fetching = False
        finished, lane.finished = lane.finished, set()
        if due.cancelled() or due.exception() is not None:
            return  # storage is away; the next poll asks again
        found = due.result()
        if lane.deferred_at is not None:
            lane.pause_ms = self.LOOK_MIN_MS if found else min(self.LOOK_MAX_MS, lane.pause_ms * 2)
            lane.deferred_at = self._clock.now_ms() + lane.pause_ms
        if len(found) < limit:
            # Caught up, but for what was left to the outbox meanwhile: one more look.
            lane.behind = False
            lane.look = noted != lane.noted
        for notification in found:
            if notification.id not in lane.held and notification.id not in finished:
                lane.held.add(notification.id)
                lane.waiting.append(notification)
        self._pump(lane)

    def _finished(self, lane: Lane, notification: Notification, result: DeliveryResult) -> None:
        now = self._clock.now_ms()
        lane.held.discard(notification.id)
        if lane.fetching and not result.gone:
            lane.finished.add(notification.id)
        if result.ok:
            self.delivered += 1
            self._journal.notified(notification, now)
        elif result.gone:
            self._put_back(lane)
        else:
            self.failed_attempts += 1
            self._failed(lane, notification, result, now)
        if lane.waiting or lane.look:
            self._pump(lane)

    def _put_back(self, lane: Lane) -> None:
        """The recipient left: what is in memory stays in the outbox and is read again when it is back."""
        for notification in lane.waiting:
            lane.held.discard(notification.id)
        lane.waiting.clear()
        lane.noted += 1
        lane.behind = lane.look = True

    def _failed(self, lane: Lane, notification: Notification, result: DeliveryResult, now: int) -> None:
        attempt = notification.attempts + 1
        said = f"{lane.name}: attempt {attempt}: {result.detail}"
        if result.permanent or now - notification.created_at >= self._give_up_after_ms:
            self.given_up += 1
            event = MessageEvent(notification.message_id, None, now, "notification_given_up", said)
            self._journal.given_up(notification, event)
            return
        pause = min(self.RETRY_MAX_MS, self.RETRY_FIRST_MS << min(notification.attempts, 10))
        next_at = now + int(pause * self._rng.uniform(0.75, 1.25))
        event = MessageEvent(notification.message_id, None, now, "notification_failed", said)
        self._journal.postponed(notification, next_at, event)
        lane.deferred_at = next_at if lane.deferred_at is None else min(lane.deferred_at, next_at)
