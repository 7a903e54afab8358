"""In-memory stand-ins for the ports that the pipeline stands on.

`MemoryJournal` keeps rows the way the store does: what is recorded becomes durable, and is answered, when the
test calls `commit`, or at the end of the loop's turn with `auto`. What was not committed is not in the rows.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from trunkline.model.amendment import NotCarriedOut, Revision, Standing
from trunkline.model.broadcast import Broadcast
from trunkline.model.inbound import InboundMessage, InboundPart, InboundSeen
from trunkline.model.message import Message, MessageEvent, Notification, OrphanKey, OrphanReceipt, Segment
from trunkline.model.ports import (
    Acceptance,
    DeliveryResult,
    Done,
    IdempotencyConflict,
    IdempotencyRecord,
    IncomingReceipt,
    StorageUnavailable,
    SubmitterListener,
)
from trunkline.model.profile import ErrorAction
from trunkline.model.refusals import actions_of
from trunkline.model.snapshot import (
    Account,
    ConnectorConfig,
    Esme,
    OverRate,
    Route,
    Sender,
    Snapshot,
    UnknownOutcome,
)
from trunkline.model.states import SegmentState
from trunkline.model.status import BindStatus, ConnectorStatus
from trunkline.model.submission import Submission
from trunkline.smpp.pdus import Pdu

NOW = 1_775_824_200_000  # 2026-04-10T12:30:00Z
HOUR_MS = 3_600_000
SegmentKey = tuple[str, int]


class SetClock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def now_ms(self) -> int:
        return self.now


async def turns(count: int = 10) -> None:
    """Lets everything run that is due, without waiting for any time to pass."""
    for _ in range(count):
        await asyncio.sleep(0)


class MemoryJournal:
    """The port `Journal`."""

    def __init__(self, *, auto: bool = True) -> None:
        self.auto = auto
        self.up = True  # what `available` says, and whether a commit succeeds
        self.closed = False  # a journal that is closed fails every question at once
        self.balances: dict[int, int] = {}  # accounts without an entry are unlimited
        self.ledger: list[tuple[str, int]] = []  # message id, amount
        self.objects: dict[str, Message] = {}
        self.rows: dict[SegmentKey, SegmentState] = {}
        self.due_at: dict[SegmentKey, int] = {}
        self.message_states: dict[str, str] = {}
        self.texts: dict[str, list[str]] = {}  # of messages that were revised
        self.smsc_keys: dict[SegmentKey, str | None] = {}
        self.outbox: dict[str, Notification] = {}
        self.notified_ids: list[str] = []
        self.events: list[MessageEvent] = []
        self.orphans: dict[str, OrphanReceipt] = {}
        self.inbound_messages: list[InboundMessage] = []
        self.inbound_parts: dict[str, InboundPart] = {}
        self.inbound_seen: list[InboundSeen] = []
        self.idempotency: dict[tuple[int, str], IdempotencyRecord] = {}
        self.claims: list[tuple[str, int]] = []  # connector, limit
        self.looks: list[tuple[str, int]] = []  # lane, limit
        self._units: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []
        self._scheduled = False

    # --- what tests do ---

    def commit(self) -> int:
        """Makes everything recorded so far durable, then answers in order; returns how many units."""
        units, self._units = self._units, []
        if not self.up:
            self._units = [unit for unit in units if not self._fail(unit)]
            return 0
        answers = [(answer, work()) for work, answer in units]
        for answer, result in answers:
            answer(result)
        return len(units)

    def kinds(self) -> list[str]:
        """The kinds of the durable events, in order."""
        return [event.kind for event in self.events]

    def states(self) -> list[str]:
        """The durable states of all segments, by message and number."""
        return [self.rows[key].value for key in sorted(self.rows)]

    def _fail(self, unit: tuple[Callable[[], Any], Callable[[Any], None]]) -> bool:
        future = getattr(unit[1], "accepting", None)
        if future is None:
            return False
        future.set_exception(StorageUnavailable("the disk is full"))
        return True

    def _record(self, work: Callable[[], Any], answer: Callable[[Any], None]) -> None:
        self._units.append((work, answer))
        if self.auto and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        self.commit()

    def _change(self, work: Callable[[], Any], done: Done | None) -> None:
        self._record(work, (lambda _: None) if done is None else lambda _: done())

    def _query(self, work: Callable[[], Any]) -> "asyncio.Future[Any]":
        future = asyncio.get_running_loop().create_future()
        if self.closed:
            future.set_exception(StorageUnavailable("the journal is closed"))
            return future
        self._record(work, lambda result: None if future.done() else future.set_result(result))
        return future

    # --- Journal ---

    @property
    def backlog(self) -> int:
        return len(self._units)

    @property
    def available(self) -> bool:
        return self.up

    def accept(
        self, messages: Sequence[Message], idempotency: IdempotencyRecord | None = None
    ) -> "asyncio.Future[Acceptance]":
        future: asyncio.Future[Acceptance] = asyncio.get_running_loop().create_future()
        rows = [
            (message, [(s.number, s.state, s.available_at) for s in message.segments]) for message in messages
        ]

        def work() -> Acceptance | IdempotencyConflict:
            acceptance = Acceptance(list(messages), idempotency, [])
            if idempotency is not None:
                place = (idempotency.account_id, idempotency.key)
                if place in self.idempotency:
                    return IdempotencyConflict(idempotency.key)
                self.idempotency[place] = idempotency
            for message, segments in rows:
                balance = self.balances.get(message.account_id)
                if balance is not None and balance < message.charged:
                    acceptance.refused.append(message)
                    continue
                if balance is not None:
                    self.balances[message.account_id] = balance - message.charged
                self.ledger.append((message.id, message.charged))
                self.objects[message.id] = message
                for number, state, available_at in segments:
                    self.rows[message.id, number] = state
                    self.due_at[message.id, number] = available_at
            return acceptance

        def answer(result: Acceptance | IdempotencyConflict) -> None:
            if isinstance(result, IdempotencyConflict):
                future.set_exception(result)
            else:
                future.set_result(result)

        answer.accepting = future  # type: ignore[attr-defined]
        self._record(work, answer)
        return future

    def submitted(self, segment: Segment, message_changed: bool) -> None:
        self._change(self._row(segment, message_changed), None)

    def settled(
        self,
        segment: Segment,
        message_changed: bool,
        notification: Notification | None,
        event: MessageEvent | None = None,
        orphan_id: str | None = None,
        done: Done | None = None,
    ) -> None:
        self._change(self._row(segment, message_changed, event, notification, orphan_id), done)

    def changed(
        self,
        segment: Segment,
        message_changed: bool,
        event: MessageEvent | None = None,
        notification: Notification | None = None,
        done: Done | None = None,
    ) -> None:
        self._change(self._row(segment, message_changed, event, notification), done)

    def cancelled(
        self,
        segments: Sequence[Segment],
        refund: int,
        event: MessageEvent,
        notification: Notification | None,
        done: Done | None = None,
    ) -> None:
        message = segments[0].message
        rows = [self._row(segment, True) for segment in segments]

        def work() -> None:
            for row in rows:
                row()
            if refund:
                self.ledger.append((message.id, -refund))
                if message.account_id in self.balances:
                    self.balances[message.account_id] += refund
            self._extras(event, notification)

        self._change(work, done)

    def revised(self, segments: Sequence[Segment], event: MessageEvent, done: Done | None = None) -> None:
        message = segments[0].message
        rows = [self._row(segment, True) for segment in segments]
        texts = [segment.content for segment in segments]

        def work() -> None:
            for row in rows:
                row()
            self.texts[message.id] = texts
            self._extras(event, None)

        self._change(work, done)

    def noted(
        self, event: MessageEvent, notification: Notification | None = None, done: Done | None = None
    ) -> None:
        self._change(lambda: self._extras(event, notification), done)

    def orphaned(self, orphan: OrphanReceipt, done: Done | None = None) -> None:
        self._change(lambda: self.orphans.update({orphan.id: orphan}), done)

    def inbound_part(self, part: InboundPart, seen: InboundSeen, done: Done | None = None) -> None:
        def work() -> None:
            self.inbound_parts[part.id] = part
            self.inbound_seen.append(seen)

        self._change(work, done)

    def inbound(
        self,
        message: InboundMessage,
        part_ids: Sequence[str],
        seen: InboundSeen | None,
        done: Done | None = None,
    ) -> None:
        def work() -> None:
            self.inbound_messages.append(message)
            for part_id in part_ids:
                del self.inbound_parts[part_id]  # what it is made of was kept before
            if seen is not None:
                self.inbound_seen.append(seen)

        self._change(work, done)

    def notified(self, notification: Notification, now: int) -> None:
        def work() -> None:
            del self.outbox[notification.id]  # an entry is delivered once
            self.notified_ids.append(notification.message_id)

        self._change(work, None)

    def postponed(self, notification: Notification, next_at: int, event: MessageEvent) -> None:
        notification.next_at = next_at
        notification.attempts += 1
        copy = replace(notification)

        def work() -> None:
            assert copy.id in self.outbox
            self.outbox[copy.id] = copy
            self.events.append(event)

        self._change(work, None)

    def given_up(self, notification: Notification, event: MessageEvent) -> None:
        def work() -> None:
            del self.outbox[notification.id]
            self.events.append(event)

        self._change(work, None)

    def claim(self, connector_id: str, limit: int, now: int) -> "asyncio.Future[list[Segment]]":
        self.claims.append((connector_id, limit))

        def work() -> list[Segment]:
            due = [
                key
                for key, state in self.rows.items()
                if state is SegmentState.QUEUED
                and self.due_at[key] <= now
                and self._segment(key).connector_id == connector_id
            ]
            claimed = []
            for key in sorted(due, key=lambda key: (self.due_at[key], key))[:limit]:
                segment = self._segment(key)
                assert segment.state is SegmentState.QUEUED, segment.state
                self.rows[key] = segment.state = SegmentState.SUBMITTING
                claimed.append(segment)
            return claimed

        return self._query(work)

    def due_notifications(self, lane: str, limit: int, now: int) -> "asyncio.Future[list[Notification]]":
        self.looks.append((lane, limit))

        def work() -> list[Notification]:
            due = [entry for entry in self.outbox.values() if entry.lane == lane and entry.next_at <= now]
            due.sort(key=lambda entry: (entry.next_at, entry.id))
            return [replace(entry) for entry in due[:limit]]

        return self._query(work)

    def expired(self, limit: int, now: int) -> "asyncio.Future[list[Segment]]":
        return self._query(
            lambda: [
                self._segment(key)
                for key, state in self.rows.items()
                if state is SegmentState.QUEUED and self.objects[key[0]].expires_at <= now
            ][:limit]
        )

    def find(self, message_id: str) -> "asyncio.Future[list[Segment]]":
        return self._query(
            lambda: [self.objects[message_id].segments[0]] if message_id in self.objects else []
        )

    def referenced(self, credential: str, reference: str) -> "asyncio.Future[list[Segment]]":
        return self._query(
            lambda: [
                message.segments[0]
                for message in self.objects.values()
                if (message.credential, message.reference) == (credential, reference)
            ]
        )

    # --- inside ---

    def _segment(self, key: SegmentKey) -> Segment:
        return self.objects[key[0]].segments[key[1] - 1]

    def _row(
        self,
        segment: Segment,
        message_changed: bool,
        event: MessageEvent | None = None,
        notification: Notification | None = None,
        orphan_id: str | None = None,
    ) -> Callable[[], None]:
        """What to write, with the values of now."""
        key = (segment.message.id, segment.number)
        values = (segment.state, segment.available_at, segment.smsc_key)
        message_state = segment.message.state.value

        def work() -> None:
            self.rows[key], self.due_at[key], self.smsc_keys[key] = values
            if message_changed:
                self.message_states[key[0]] = message_state
            self._extras(event, notification)
            if orphan_id is not None:
                del self.orphans[orphan_id]

        return work

    def _extras(self, event: MessageEvent | None, notification: Notification | None) -> None:
        if event is not None:
            self.events.append(event)
        if notification is not None:
            self.outbox[notification.id] = notification


class MemoryStore:
    """The port `Store`, over the rows of a `MemoryJournal`."""

    def __init__(self, journal: MemoryJournal) -> None:
        self.journal = journal
        self.fault: Exception | None = None  # of every look-up
        self.blocks = 0  # of short ids
        self.broadcasts: list[Broadcast] = []
        self.lookups = 0

    async def revision(self) -> int:
        return 1

    async def snapshot(self) -> Snapshot:
        return Snapshot(1)

    async def inbound_parts(self) -> list[InboundPart]:
        return list(self.journal.inbound_parts.values())

    async def inbound_seen(self, since: int, limit: int) -> list[InboundSeen]:
        return [each for each in self.journal.inbound_seen if each.received_at >= since][-limit:]

    async def drop_inbound_seen(self, before: int) -> int:
        seen = self.journal.inbound_seen
        self.journal.inbound_seen = [each for each in seen if each.received_at >= before]
        return len(seen) - len(self.journal.inbound_seen)

    async def find_by_smsc_keys(self, connector_ids: Sequence[str], keys: Sequence[str]) -> Segment | None:
        self._look()
        journal = self.journal
        found: list[Segment] = await journal._query(
            lambda: [
                segment
                for key, smsc_key in journal.smsc_keys.items()
                if smsc_key in keys and (segment := journal._segment(key)).connector_id in connector_ids
            ]
        )
        return found[-1] if found else None

    async def find_unknown_outcome(
        self, connector_ids: Sequence[str], source_addr: str, dest_addr: str
    ) -> Segment | None:
        self._look()
        journal = self.journal
        found: list[Segment] = await journal._query(
            lambda: [
                segment
                for key, state in journal.rows.items()
                if state is SegmentState.UNKNOWN
                and (segment := journal._segment(key)).connector_id in connector_ids
                and (segment.message.source_addr, segment.message.dest_addr) == (source_addr, dest_addr)
            ]
        )
        if len({segment.message.id for segment in found}) != 1:
            return None
        return next((segment for segment in found if segment.state is SegmentState.UNKNOWN), None)

    async def unknown_outcomes(self, limit: int) -> dict[tuple[str, str, str], int]:
        found: dict[tuple[str, str, str], int] = {}
        journal = self.journal
        for key in [key for key, state in journal.rows.items() if state is SegmentState.UNKNOWN][-limit:]:
            segment = journal._segment(key)
            message = segment.message
            between = segment.connector_id, message.source_addr, message.dest_addr
            since = segment.submitted_at or message.accepted_at
            found[between] = min(since, found.get(between, since))
        return found

    async def orphan_keys(self, limit: int) -> list[OrphanKey]:
        newest_first = sorted(self.journal.orphans.values(), key=lambda each: each.id, reverse=True)
        return [
            OrphanKey(each.connector_id, each.smsc_key, each.source_addr, each.dest_addr, each.received_at)
            for each in newest_first[:limit]
        ]

    async def orphan(self, connector_id: str, smsc_key: str) -> OrphanReceipt | None:
        self._look()
        journal = self.journal
        found: list[OrphanReceipt] = await journal._query(
            lambda: [
                each
                for each in journal.orphans.values()
                if (each.connector_id, each.smsc_key) == (connector_id, smsc_key)
            ]
        )
        return found[0] if found else None

    async def drop_orphans(self, before: int) -> int:
        old = [each.id for each in self.journal.orphans.values() if each.received_at < before]
        for identifier in old:
            del self.journal.orphans[identifier]
        return len(old)

    async def drop_idempotency(self, before: int) -> int:
        records = self.journal.idempotency
        old = [place for place, record in records.items() if record.created_at < before]
        for place in old:
            del records[place]
        return len(old)

    async def recover(self, now: int) -> dict[str, int]:
        return {"unknown": 0, "requeued": 0}

    async def waiting_between(
        self, account_id: int, credential: str, source_addr: str, dest_addr: str, limit: int
    ) -> list[str]:
        wanted = (account_id, credential, source_addr, dest_addr)
        journal = self.journal
        waiting = {
            key[0]
            for key, state in journal.rows.items()
            if state in (SegmentState.QUEUED, SegmentState.SUBMITTING)
            and (message := journal.objects[key[0]])
            and (message.account_id, message.credential, message.source_addr, message.dest_addr) == wanted
        }
        return sorted(waiting)[:limit]

    async def add_broadcast(self, broadcast: Broadcast) -> None:
        self._look()
        self.broadcasts.append(broadcast)

    async def find_broadcast(
        self, account_id: int, credential: str, message_id: str | None, user_reference: int | None
    ) -> Broadcast | None:
        self._look()
        for each in reversed(self.broadcasts):
            fits = each.user_reference == user_reference if message_id is None else each.id == message_id
            if fits and (each.account_id, each.credential) == (account_id, credential):
                return each
        return None

    async def next_short_id_block(self) -> int:
        self._look()
        self.blocks += 1
        return self.blocks

    async def queue_depths(self) -> dict[str, int]:
        depths: dict[str, int] = defaultdict(int)
        for key, state in self.journal.rows.items():
            if state is SegmentState.QUEUED:
                depths[self.journal._segment(key).connector_id] += 1
        return dict(depths)

    async def outbox_lanes(self) -> dict[str, int]:
        lanes: dict[str, int] = defaultdict(int)
        for entry in self.journal.outbox.values():
            lanes[entry.lane] += 1
        return dict(lanes)

    def _look(self) -> None:
        self.lookups += 1
        if self.fault is not None:
            raise self.fault


class WindowSubmitter:
    """The port `Submitter`: a window of segments that the test answers."""

    def __init__(self, config: ConnectorConfig, listener: SubmitterListener, clock: SetClock) -> None:
        self._config = config
        self._listener = listener
        self._clock = clock
        self.bound = False
        self.limit: int | None = None  # submits that are still allowed, as a rate limit would
        self.in_flight: list[Segment] = []
        self.sent: list[Segment] = []
        self.started = self.stopped = 0
        self.on_stop: Callable[[], None] | None = None
        self.questions: list[tuple[str, str, str]] = []  # command, the SMSC's id, the segment's text
        self.answer: Standing | Exception | None = None  # to every question
        self.on_question: Callable[[], None] | None = None
        self.requests: list[Pdu] = []  # that concern no segment
        self.reply: Callable[[Pdu], Pdu] | None = None  # to these; None: there is no answer

    @property
    def config(self) -> ConnectorConfig:
        return self._config

    @property
    def room(self) -> int:
        if not self.bound:
            return 0
        room = self._config.window - len(self.in_flight)
        return room if self.limit is None else min(room, self.limit)

    @property
    def capacity(self) -> int:
        return self._config.window if self.bound else 0

    def submit(self, segment: Segment) -> bool:
        assert segment.state is SegmentState.SUBMITTING, segment.state
        if self.room <= 0:
            return False
        if self.limit is not None:
            self.limit -= 1
        segment.submitted_at = self._clock.now_ms()
        segment.attempts += 1
        self.in_flight.append(segment)
        self.sent.append(segment)
        return True

    async def query(self, segment: Segment) -> Standing:
        answer = await self._asked("query_sm", segment)
        assert isinstance(answer, Standing)
        return answer

    async def cancel(self, segment: Segment) -> None:
        await self._asked("cancel_sm", segment)

    async def replace(self, segment: Segment, revision: Revision) -> None:
        await self._asked("replace_sm", segment)

    async def ask(self, pdu: Pdu) -> Pdu:
        self.requests.append(pdu)
        if self.reply is None:
            raise NotCarriedOut("no answer")
        return self.reply(pdu)

    async def _asked(self, command: str, segment: Segment) -> object:
        self.questions.append((command, segment.smsc_message_id or "", segment.content))
        if self.on_question is not None:
            self.on_question()
        await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def status(self) -> ConnectorStatus:
        state = "BOUND_TRX" if self.bound else "CLOSED"
        return ConnectorStatus(
            self._config.connector_id,
            bool(self.started) and not self.stopped,
            (BindStatus("TRX", state, len(self.in_flight), "", "", NOW, ""),),
            0,
        )

    async def start(self) -> None:
        self.started += 1

    async def stop(self, drain_s: float) -> None:
        self.stopped += 1
        self.bound = False
        if self.on_stop is not None:
            self.on_stop()

    # --- what tests do ---

    def bind(self) -> None:
        self.bound = True
        self._listener.on_room(self._config.connector_id)

    def accept(self, segment: Segment, smsc_message_id: str | None) -> None:
        self.in_flight.remove(segment)
        if smsc_message_id is not None:
            segment.smsc_key = smsc_message_id.lower()
        self._listener.on_accepted(segment, smsc_message_id)
        self._listener.on_room(self._config.connector_id)

    def refuse(self, segment: Segment, status: int) -> None:
        self.in_flight.remove(segment)
        action = actions_of(self._config.profile).get(status, ErrorAction.REJECT)
        self._listener.on_refused(segment, status, action)
        self._listener.on_room(self._config.connector_id)

    def lose(self, segment: Segment) -> None:
        self.in_flight.remove(segment)
        self._listener.on_unknown(segment, "no answer to submit_sm")
        self._listener.on_room(self._config.connector_id)

    def lose_link(self) -> None:
        """The bind goes down with everything in its window."""
        self.bound = False
        for segment in list(self.in_flight):
            self.in_flight.remove(segment)
            self._listener.on_unknown(segment, "no answer to submit_sm: the connection was lost")


Finished = Callable[[DeliveryResult], None]


class ListDeliverer:
    """The port `Deliverer`: keeps what it gets until the test says how it ended."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.rooms: dict[str, int] = {}
        self.under_way: list[tuple[Notification, Finished]] = []
        self.delivered: list[Notification] = []

    def serves(self, lane: str) -> bool:
        return lane.startswith(self._prefix)

    def room(self, lane: str) -> int:
        busy = sum(notification.lane == lane for notification, _ in self.under_way)
        return max(0, self.rooms.get(lane, 0) - busy)

    def deliver(self, notification: Notification, finished: Finished) -> None:
        ids = [entry.id for entry, _ in self.under_way]
        assert notification.id not in ids, "an entry is delivered twice at the same time"
        self.under_way.append((notification, finished))

    def end(self, result: DeliveryResult, count: int | None = None) -> list[Notification]:
        """Ends the oldest `count` deliveries (all that are under way now) in the same way."""
        ended = self.under_way[: len(self.under_way) if count is None else count]
        del self.under_way[: len(ended)]
        for notification, finished in ended:
            if result.ok:
                self.delivered.append(notification)
            finished(result)
        return [notification for notification, _ in ended]


OK = DeliveryResult(True, "ESME_ROK")
GONE = DeliveryResult(False, "the ESME left", gone=True)
REFUSED = DeliveryResult(False, "500 Internal Server Error")
HOPELESS = DeliveryResult(False, "there is no callback URL", permanent=True)


# --- things to put into them ---


def account_of(identifier: int = 1, **fields: Any) -> Account:
    values: dict[str, Any] = {
        "name": f"account{identifier}",
        "enabled": True,
        "unlimited": False,
        "unknown_outcome": UnknownOutcome.WAIT,
        "default_sender": "",
    }
    return Account(identifier, **(values | fields))


def sender_of(account: Account | None = None, **fields: Any) -> Sender:
    values: dict[str, Any] = {"credential": "shop", "enabled": True, "throughput": 0}
    return Sender(account or account_of(), **(values | fields))


def esme_of(sender: Sender | None = None, **fields: Any) -> Esme:
    values: dict[str, Any] = {
        "id": 1,
        "sender": sender or sender_of(over_rate=OverRate.REJECT),
        "system_id": "shop",
        "password_hash": "hash",
        "max_binds": 2,
        "allowed_networks": (),
        "window": 10,
    }
    return Esme(**(values | fields))


def connector_of(connector_id: str = "upstream", **fields: Any) -> ConnectorConfig:
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": 2775,
        "system_id": "gateway",
        "password": "secret",
        "system_type": "",
        "tx_binds": 0,
        "rx_binds": 0,
        "trx_binds": 1,
        "window": 10,
        "throughput": 0,
        "enquire_link_s": 30.0,
        "response_timeout_s": 30.0,
        "reconnect_min_s": 1.0,
        "reconnect_max_s": 60.0,
        "source_ton": None,
        "source_npi": None,
        "dest_ton": None,
        "dest_npi": None,
        "default_alphabet": "gsm7",
        "long_message": "udh8",
        "message_id_format": "auto",
        "max_attempts": 3,
        "enabled": True,
    }
    return ConnectorConfig(connector_id, **(values | fields))


def route_of(*connector_ids: str, **fields: Any) -> Route:
    values: dict[str, Any] = {
        "id": 1,
        "position": 1,
        "name": "all",
        "prefix": "",
        "account_id": None,
        "rate": 1_000_000,
    }
    return Route(connector_ids=connector_ids or ("upstream",), **(values | fields))


def snapshot_of(*connectors: ConnectorConfig, routes: tuple[Route, ...] = (), **fields: Any) -> Snapshot:
    return Snapshot(
        1,
        connectors={each.connector_id: each for each in connectors or (connector_of(),)},
        routes=routes or (route_of(),),
        **fields,
    )


def submission_of(text: str | None = "hello", sender: Sender | None = None, **fields: Any) -> Submission:
    values: dict[str, Any] = {"door": "smpp", "destination": "4915112345678", "source": "Shop"}
    return Submission(sender or sender_of(), text=text, **(values | fields))


def receipt_of(key: str | None, stat: str = "DELIVRD", **fields: Any) -> IncomingReceipt:
    values: dict[str, Any] = {
        "keys": () if key is None else (key,),
        "stat": stat,
        "raw_stat": stat,
        "err": "000",
        "done_date": None,
        "text": "",
        "source_addr": "4915112345678",
        "dest_addr": "Shop",
        "intermediate": False,
    }
    return IncomingReceipt(key, **(values | fields))
