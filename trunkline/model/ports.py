"""The ports: what the pipeline and the services ask of storage, connectors and time.

Concrete engines live in `backends` and `connectors`; only `app.py` names them. One contract test suite per
port runs over all its backends. The PDU log's port is in `pdu_log`, the management's in `administration`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from trunkline.model.amendment import Revision, Standing
from trunkline.model.broadcast import Broadcast
from trunkline.model.inbound import InboundMessage, InboundPart, InboundSeen, IncomingMessage
from trunkline.model.message import Message, MessageEvent, Notification, OrphanKey, OrphanReceipt, Segment
from trunkline.model.pdu_log import PduWatcher
from trunkline.model.profile import ErrorAction
from trunkline.model.snapshot import ConnectorConfig, Snapshot
from trunkline.model.status import ConnectorStatus
from trunkline.model.tlvs import PassedTlvs
from trunkline.smpp.pdus import Pdu

if TYPE_CHECKING:
    from asyncio import Future

Done = Callable[[], None]


class StorageUnavailable(Exception):
    """The database cannot take writes now; nothing was stored. Try again later."""


class IdempotencyConflict(Exception):
    """The idempotency key is already stored for this account."""


class Clock(Protocol):
    """Wall time, injected so that tests can hold it."""

    def now_ms(self) -> int:
        """Unix milliseconds."""
        ...


@dataclass(slots=True, frozen=True)
class IdempotencyRecord:
    """The answer that a repeated request with the same Idempotency-Key gets."""

    account_id: int
    key: str
    request_hash: str
    response: str  # JSON
    created_at: int
    refused: tuple[str, ...] = ()  # ids in `response` that the balance did not cover; set by the store


@dataclass(slots=True, eq=False)
class Acceptance:
    """Messages that stand or fall together in one transaction.

    After the journal's future is done without an exception, `refused` lists the messages that the balance did
    not cover; all others are stored, charged and queued.
    """

    messages: list[Message]
    idempotency: IdempotencyRecord | None
    refused: list[Message]


class Journal(Protocol):
    """The group-commit writer: many changes, one transaction, a few milliseconds.

    Changes recorded in one call are atomic. Calls never block and never raise for storage faults: a fault is
    retried until storage is back, except for `accept`, whose future then fails with `StorageUnavailable`.
    Order: what was recorded earlier is never overtaken by what is recorded or read through the journal later.
    All calls are made, and all callbacks run, on the event loop's thread.
    """

    @property
    def backlog(self) -> int:
        """Changes recorded and not yet durable."""
        ...

    @property
    def available(self) -> bool:
        """False while storage refuses writes or the backlog is at its limit: doors then push back."""
        ...

    def accept(
        self, messages: Sequence[Message], idempotency: IdempotencyRecord | None = None
    ) -> Future[Acceptance]:
        """Stores, charges and queues messages with their segments and ledger entries.

        Segments whose state is SUBMITTING are claimed from the start: the caller hands them to their
        connector once the future is done. The balance decides message by message, in order. Fails with
        `StorageUnavailable` or `IdempotencyConflict` (nothing stored).
        """
        ...

    def submitted(self, segment: Segment, message_changed: bool) -> None:
        """Writes state, submitted_at, the SMSC's ids, attempts and command_status of a segment."""
        ...

    def settled(
        self,
        segment: Segment,
        message_changed: bool,
        notification: Notification | None,
        event: MessageEvent | None = None,
        orphan_id: str | None = None,
        done: Done | None = None,
    ) -> None:
        """Writes state and receipt columns; with it the outbox entry; removes the orphan it came from."""
        ...

    def changed(
        self,
        segment: Segment,
        message_changed: bool,
        event: MessageEvent | None = None,
        notification: Notification | None = None,
        done: Done | None = None,
    ) -> None:
        """Writes every mutable column of a segment: retries, releases, unknown outcomes, refusals, expiry."""
        ...

    def cancelled(
        self,
        segments: Sequence[Segment],
        refund: int,
        event: MessageEvent,
        notification: Notification | None,
        done: Done | None = None,
    ) -> None:
        """Writes segments of one message that never went out, and gives `refund` micro-credits back for them.

        State, ledger entry (kind ``refund``) and outbox entry are one transaction.
        """
        ...

    def revised(self, segments: Sequence[Segment], event: MessageEvent, done: Done | None = None) -> None:
        """Writes what a sender has changed of a message: its content, its times, its wish for a receipt.

        `segments` are those of one message. Their states are written too.
        """
        ...

    def noted(
        self, event: MessageEvent, notification: Notification | None = None, done: Done | None = None
    ) -> None:
        """Adds an event to a message's history, and an outbox entry (intermediate receipts)."""
        ...

    def orphaned(self, orphan: OrphanReceipt, done: Done | None = None) -> None:
        """Keeps a receipt that matches nothing yet."""
        ...

    def inbound_part(self, part: InboundPart, seen: InboundSeen, done: Done | None = None) -> None:
        """Keeps a part of an inbound message that waits for the others."""
        ...

    def inbound(
        self,
        message: InboundMessage,
        part_ids: Sequence[str],
        seen: InboundSeen | None,
        done: Done | None = None,
    ) -> None:
        """Stores an inbound message and removes the kept parts that it is made of.

        `seen` is what completed it; None where nothing came, and the wait was over.
        """
        ...

    def notified(self, notification: Notification, now: int) -> None:
        """The recipient has it: removes the outbox entry and stamps the message's `notified_at`."""
        ...

    def postponed(self, notification: Notification, next_at: int, event: MessageEvent) -> None:
        """The recipient did not take it: moves the entry to `next_at` with one attempt more."""
        ...

    def given_up(self, notification: Notification, event: MessageEvent) -> None:
        """No attempt is left: removes the outbox entry, the event says why."""
        ...

    def claim(self, connector_id: str, limit: int, now: int) -> Future[list[Segment]]:
        """Takes up to `limit` due segments from a connector's queue: QUEUED -> SUBMITTING, oldest first."""
        ...

    def due_notifications(self, lane: str, limit: int, now: int) -> Future[list[Notification]]:
        """The first due outbox entries of a lane, in order. They stay in the outbox."""
        ...

    def expired(self, limit: int, now: int) -> Future[list[Segment]]:
        """Queued segments whose message's validity has passed. Their state is not changed."""
        ...

    def find(self, message_id: str) -> Future[list[Segment]]:
        """The first segment of the message with this plain id, or none.

        Its message is the one object that this process has of it, in the state of now.
        """
        ...

    def referenced(self, credential: str, reference: str) -> Future[list[Segment]]:
        """The first segments of the messages that this sender was given this id for, oldest first.

        That is the case for short ids and for groups (see `Message.reference`).
        """
        ...


class Store(Protocol):
    """What is read or changed outside the hot path while messages flow."""

    @property
    def journal(self) -> Journal: ...

    async def revision(self) -> int:
        """Number of the current configuration; grows with every change through any process."""
        ...

    async def snapshot(self) -> Snapshot:
        """The whole configuration."""
        ...

    async def find_by_smsc_keys(self, connector_ids: Sequence[str], keys: Sequence[str]) -> Segment | None:
        """The newest segment of these connectors whose normalised SMSC id is one of `keys`."""
        ...

    async def find_unknown_outcome(
        self, connector_ids: Sequence[str], source_addr: str, dest_addr: str
    ) -> Segment | None:
        """The segment of these connectors with unknown outcome between these addresses, when there is one.

        Parts of one message count as one: the first of them.
        """
        ...

    async def unknown_outcomes(self, limit: int) -> dict[tuple[str, str, str], int]:
        """Where outcomes are unknown: `(connector_id, source_addr, dest_addr)` and since when (Unix ms).

        That is when the first of these segments went out, as far as it is known, or was accepted. Of the
        newest `limit` segments.
        """
        ...

    async def orphan_keys(self, limit: int) -> list[OrphanKey]:
        """The kept orphan receipts, newest first, without what they say."""
        ...

    async def orphan(self, connector_id: str, smsc_key: str) -> OrphanReceipt | None:
        """The oldest kept orphan receipt with this key."""
        ...

    async def drop_orphans(self, before: int) -> int:
        """Deletes orphans received before this time; returns how many."""
        ...

    async def inbound_parts(self) -> list[InboundPart]:
        """The kept parts of inbound messages, in the order in which they came."""
        ...

    async def inbound_seen(self, since: int, limit: int) -> list[InboundSeen]:
        """What came in at this time or later, in order: the newest `limit` of it."""
        ...

    async def drop_inbound_seen(self, before: int) -> int:
        """Forgets what came in before this time; returns how much."""
        ...

    async def drop_idempotency(self, before: int) -> int:
        """Deletes idempotency records created before this time; returns how many."""
        ...

    async def recover(self, now: int) -> dict[str, int]:
        """Settles what a stop left half done: claimed segments become UNKNOWN, or QUEUED by policy.

        Called once at start, before any connector runs. Returns counts: ``unknown``, ``requeued``.
        """
        ...

    async def waiting_between(
        self, account_id: int, credential: str, source_addr: str, dest_addr: str, limit: int
    ) -> list[str]:
        """The ids of a sender's messages between these addresses that no SMSC has yet, oldest first."""
        ...

    async def add_broadcast(self, broadcast: Broadcast) -> None:
        """Keeps a cell broadcast that an SMSC took."""
        ...

    async def find_broadcast(
        self, account_id: int, credential: str, message_id: str | None, user_reference: int | None
    ) -> Broadcast | None:
        """A sender's broadcast with this id, or the latest with this user_message_reference."""
        ...

    async def next_short_id_block(self) -> int:
        """The number of a block of short ids that nobody else was given."""
        ...

    async def queue_depths(self) -> dict[str, int]:
        """Queued segments per connector (those with none are absent)."""
        ...

    async def outbox_lanes(self) -> dict[str, int]:
        """Pending outbox entries per lane."""
        ...


class SubmitterListener(Protocol):
    """What a connector tells the pipeline. Called on the event loop's thread, must not block."""

    def on_room(self, connector_id: str) -> None:
        """The connector can take more segments (a bind came up, the window moved, a token came back)."""
        ...

    def on_accepted(self, segment: Segment, smsc_message_id: str | None) -> None:
        """The SMSC took it; None when it gave no id."""
        ...

    def on_refused(self, segment: Segment, command_status: int, action: ErrorAction) -> None:
        """The SMSC answered with an error; `action` is what the connector's profile says about it."""
        ...

    def on_unknown(self, segment: Segment, why: str) -> None:
        """It was written to the wire and no answer came."""
        ...

    def on_late_accepted(self, segment: Segment, smsc_message_id: str | None, smsc_key: str | None) -> None:
        """After `on_unknown` the answer came: the SMSC took it, under this id (see `Segment`) or none."""
        ...

    def on_late_refused(self, segment: Segment, command_status: int, action: ErrorAction) -> None:
        """After `on_unknown` the answer came: an error, as in `on_refused`."""
        ...

    def on_unsent(self, segment: Segment, why: str) -> None:
        """It never reached the wire: it may be queued again without doubt."""
        ...

    def on_unencodable(self, segment: Segment, why: str) -> None:
        """It cannot be sent over this connector at all (a character outside its alphabet, say)."""
        ...

    def on_receipt(
        self, connector_id: str, receipt: IncomingReceipt, acknowledge: Callable[[bool], None]
    ) -> None:
        """A delivery receipt; `acknowledge(True)` once it is durable, `acknowledge(False)`: send it again."""
        ...

    def on_inbound(
        self, connector_id: str, message: IncomingMessage, acknowledge: Callable[[bool], None]
    ) -> None:
        """A mobile-originated message, or a part of one; `acknowledge` as for a receipt."""
        ...

    def on_link_lost(self, link: int) -> None:
        """A connection has ended: the answers on their way over it may not have arrived."""
        ...


@dataclass(slots=True, eq=False)
class IncomingReceipt:
    """A receipt as the connector read it. Addresses are those of the receipt (source = the handset)."""

    message_id: str | None  # raw
    keys: tuple[str, ...]  # normalised forms of the id, most likely first
    stat: str
    raw_stat: str
    err: str
    done_date: int | None
    text: str
    source_addr: str
    dest_addr: str
    intermediate: bool
    tlvs: PassedTlvs | None = None


class Submitter(Protocol):
    """A driver that submits segments to one upstream."""

    @property
    def config(self) -> ConnectorConfig: ...

    @property
    def room(self) -> int:
        """How many segments can go on the wire right now (window and throughput); 0 while not bound."""
        ...

    @property
    def capacity(self) -> int:
        """Window of all bound binds together; 0 while not bound."""
        ...

    def submit(self, segment: Segment) -> bool:
        """Puts one segment on the wire; False when there is no room (nothing was written).

        Sets the segment's `submitted_at` and counts its `attempts`. What becomes of it is told to the
        listener, later and exactly once.
        """
        ...

    async def query(self, segment: Segment) -> Standing:
        """Asks the SMSC where a submitted segment is (query_sm). Raises `NotCarriedOut`."""
        ...

    async def cancel(self, segment: Segment) -> None:
        """Has the SMSC cancel a submitted segment (cancel_sm). Raises `NotCarriedOut`."""
        ...

    async def replace(self, segment: Segment, revision: Revision) -> None:
        """Has the SMSC replace a submitted segment (replace_sm). Raises `NotCarriedOut`.

        `segment` is as it shall be, under the id that it has; the times are those of the `revision`.
        """
        ...

    async def ask(self, pdu: Pdu) -> Pdu:
        """Sends the SMSC a request that concerns no segment, and returns its answer, whatever its status.

        Raises `NotCarriedOut` when there is none.
        """
        ...

    def status(self) -> ConnectorStatus: ...

    def watch(self, watchers: Sequence[PduWatcher]) -> None:
        """Shows its PDUs to these, and to nobody who was there before."""
        ...

    def adopt(self, config: ConnectorConfig) -> bool:
        """Takes a changed configuration over as it runs; False, and nothing happened, where that takes new
        binds.
        """
        ...

    async def start(self) -> None: ...

    async def stop(self, drain_s: float) -> None:
        """Waits up to `drain_s` seconds for the window, unbinds and closes."""
        ...


class Deliverer(Protocol):
    """Takes notifications of the lanes it serves to their recipients."""

    def serves(self, lane: str) -> bool: ...

    def room(self, lane: str) -> int:
        """How many notifications the lane takes right now at the least; 0 while it takes none."""
        ...

    def deliver(self, notification: Notification, finished: Callable[[DeliveryResult], None]) -> None:
        """Starts one delivery; `finished` is called exactly once, later, on the event loop's thread."""
        ...


@dataclass(slots=True, frozen=True)
class DeliveryResult:
    """How one delivery attempt ended."""

    ok: bool
    detail: str  # the answer, in words: "200", "ESME_RX_T_APPN", "connection refused"
    permanent: bool = False  # no use trying again
    gone: bool = False  # the recipient went away before it answered; try again when it is back
