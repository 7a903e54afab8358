"""In-memory stand-ins for what the HTTP door is built on; they implement the same protocols."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from tests.unit.services.conftest import MemoryAdministration
from trunkline.connectors.mail import SmtpMailer
from trunkline.model.administration import LedgerEntry, MessageDetail
from trunkline.model.amendment import NotAmended, Obstacle, Owner
from trunkline.model.errors import NotFound
from trunkline.model.gateway_control import Control, Order, Service
from trunkline.model.idempotency import IdempotencyRequest
from trunkline.model.ids import new_id
from trunkline.model.inbound import InboundCounts, InboundFilter, InboundRow
from trunkline.model.message import Message, MessageEvent, Segment
from trunkline.model.message_list import MessageFilter, MessagePage, MessageRow, ReceiptRow
from trunkline.model.nodes import NodeStatus
from trunkline.model.people import Page, Paging
from trunkline.model.ports import IdempotencyConflict, IdempotencyRecord
from trunkline.model.snapshot import Account, HttpAccount, Route, Sender, Snapshot, UnknownOutcome
from trunkline.model.states import SegmentState
from trunkline.model.status import BindStatus, ConnectorSpeed, ConnectorStatus, SessionStatus
from trunkline.model.submission import Reason, Rejected, Submission
from trunkline.servers.http.needs import HttpFigures, Management
from trunkline.services.admin_token import AdminToken
from trunkline.services.connector_trials import ConnectorTrials
from trunkline.services.connectors import Connectors
from trunkline.services.credentials import CredentialChecker, hash_api_key, hash_password
from trunkline.services.esmes import Esmes
from trunkline.services.gateway_control import GatewayControl
from trunkline.services.http_accounts import HttpAccounts
from trunkline.services.people import people_of
from trunkline.services.routes import Routes
from trunkline.services.system_settings import SystemSettings

R = TypeVar("R", MessageRow, ReceiptRow)

NOW = 1_775_824_200_000  # 2026-04-10T12:30:00.000Z


class HeldClock:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.now = NOW

    def now_ms(self) -> int:
        return self.now


class MemoryStore:
    """Messages and idempotency records in dictionaries."""

    def __init__(self) -> None:
        self.messages: dict[str, Message] = {}
        self.events: dict[str, tuple[MessageEvent, ...]] = {}
        self.notified: dict[str, int] = {}
        self.pending: dict[str, int] = {}
        self.records: dict[tuple[int, str], IdempotencyRecord] = {}
        self.failure: Exception | None = None
        self.message_rows: list[MessageRow] = []
        self.receipt_rows: list[ReceiptRow] = []
        self.inbound_rows: list[InboundRow] = []
        self.searched = True
        self.routes: dict[str, Route] = {}
        self.ledgers: dict[str, tuple[LedgerEntry, ...]] = {}
        self.asked: list[tuple[MessageFilter, str, int]] = []  # of lists

    async def message_detail(self, message_id: str, account_id: int | None = None) -> MessageDetail | None:
        if self.failure is not None:
            raise self.failure
        message = self.messages.get(message_id)
        if message is None or account_id not in (None, message.account_id):
            return None
        return MessageDetail(
            message,
            self.notified.get(message_id),
            self.pending.get(message_id, 0),
            self.events.get(message_id, ()),
            self.routes.get(message_id),
            self.ledgers.get(message_id, ()),
            "acme",
        )

    async def list_routes(self) -> list[Route]:
        return list(self.routes.values())

    async def list_messages(self, wanted: MessageFilter, cursor: str, limit: int) -> MessagePage[MessageRow]:
        self.asked.append((wanted, cursor, limit))
        return self._page(self.message_rows, wanted, limit)

    async def list_receipts(self, wanted: MessageFilter, cursor: str, limit: int) -> MessagePage[ReceiptRow]:
        self.asked.append((wanted, cursor, limit))
        return self._page(self.receipt_rows, wanted, limit)

    async def list_inbound(self, wanted: InboundFilter, cursor: str, limit: int) -> MessagePage[InboundRow]:
        return MessagePage(self.inbound_rows[:limit], None)

    async def find_inbound(self, message_id: str) -> InboundRow | None:
        return next((row for row in self.inbound_rows if row.message.id == message_id), None)

    async def count_inbound(self, since: int, account_id: int | None) -> InboundCounts:
        return InboundCounts(len(self.inbound_rows), {})

    def _page(self, rows: list[R], wanted: MessageFilter, limit: int) -> MessagePage[R]:
        if self.failure is not None:
            raise self.failure
        found = [row for row in rows if wanted.account_id in (None, row.account_id)]
        return MessagePage(found[:limit], "more" if len(found) > limit else None, self.searched)

    async def idempotency_record(self, account_id: int, key: str) -> IdempotencyRecord | None:
        if self.failure is not None:
            raise self.failure
        return self.records.get((account_id, key))


class MemoryPipeline:
    """Accepts into the store at the end of the loop's turn, or as `script` and the balance say."""

    def __init__(self, store: MemoryStore, clock: HeldClock) -> None:
        self._store = store
        self._clock = clock
        self.submissions: list[Submission] = []
        self.calls: list[int] = []  # how many submissions each call brought
        self.balance: int | None = None  # messages the account can pay for
        self.refuse_to: dict[str, Rejected] = {}  # by destination
        self.deferred = False
        self.failure: BaseException | None = None  # of every call's future
        self.gate: asyncio.Event | None = None  # nothing is stored before it is set
        self._called = asyncio.Event()

    async def reached(self, calls: int) -> None:
        """Waits until it was called so many times."""
        while len(self.calls) < calls:
            self._called.clear()
            await self._called.wait()

    def accept(self, submission: Submission) -> asyncio.Future[Message]:
        self.calls.append(1)
        self._called.set()
        message = self._prepare(submission)
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._later(self._store_one, future, message)
        return future

    def accept_many(
        self, submissions: Sequence[Submission], idempotency: IdempotencyRequest | None = None
    ) -> asyncio.Future[list[Message | Rejected]]:
        self.calls.append(len(submissions))
        self._called.set()
        answers: list[Message | Rejected] = []
        for submission in submissions:
            try:
                answers.append(self._prepare(submission))
            except Rejected as rejected:
                answers.append(rejected)
        response = None if idempotency is None else idempotency.render(answers)
        future: asyncio.Future[list[Message | Rejected]] = asyncio.get_running_loop().create_future()
        self._later(self._store_many, future, answers, idempotency, response)
        return future

    def _later(self, work, *args) -> None:
        if self.gate is None:
            asyncio.get_running_loop().call_soon(work, *args)
            return

        async def wait(gate: asyncio.Event) -> None:
            await gate.wait()
            work(*args)

        self._waiting = asyncio.get_running_loop().create_task(wait(self.gate))

    def _prepare(self, submission: Submission) -> Message:
        self.submissions.append(submission)
        if submission.destination in self.refuse_to:
            raise self.refuse_to[submission.destination]
        message = message_of(submission, self._clock.now_ms())
        message.deferred = self.deferred
        return message

    def _covered(self) -> bool:
        if self.balance is None:
            return True
        self.balance -= 1
        return self.balance >= 0

    def _store_one(self, future: asyncio.Future[Message], message: Message) -> None:
        if future.done():
            return
        if self.failure is not None:
            future.set_exception(self.failure)
        elif not self._covered():
            future.set_exception(Rejected(Reason.INSUFFICIENT_CREDITS, "no credit"))
        else:
            self._store.messages[message.id] = message
            future.set_result(message)

    def _store_many(self, future, answers, idempotency, response) -> None:
        if self.failure is not None:
            future.set_exception(self.failure)
            return
        key = None if idempotency is None else (idempotency.account_id, idempotency.key)
        if key in self._store.records:
            future.set_exception(IdempotencyConflict())
            return
        refused = []
        for index, answer in enumerate(answers):
            if isinstance(answer, Message):
                if self._covered():
                    self._store.messages[answer.id] = answer
                else:
                    refused.append(answer.id)
                    answers[index] = Rejected(Reason.INSUFFICIENT_CREDITS, "no credit")
        stored = any(isinstance(answer, Message) for answer in answers)
        if response is not None and (stored or not refused):
            self._store.records[key] = IdempotencyRecord(
                *key, idempotency.request_hash, response, idempotency.created_at, tuple(refused)
            )
        future.set_result(answers)


def message_of(submission: Submission, now: int) -> Message:
    """A message as the pipeline would store it, in one part."""
    message = Message(
        new_id(),
        submission.sender.account.id,
        submission.door,
        submission.sender.credential,
        submission.source,
        5,
        0,
        submission.destination,
        1,
        1,
        submission.text,
        "gsm7",
        0,
        submission.protocol_id,
        submission.priority,
        submission.registered_delivery,
        submission.dlr_url or submission.sender.dlr_url,
        now + 3_600_000,
        now,
        1,
        "simulator",
        550_000,
        550_000,
    )
    message.segments = [Segment(message, 1, submission.text or "", b"", "simulator")]
    return message


class MemoryAmending:
    """Cancels messages of the `MemoryStore`; `fault` is raised instead."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.fault: NotAmended | None = None

    async def cancel(self, owner: Owner, message_id: str) -> None:
        message = self._store.messages.get(message_id)
        if self.fault is not None:
            raise self.fault
        if message is None or not owner.owns(message):
            raise NotAmended(Obstacle.UNKNOWN, "there is no such message")
        if message.is_final:
            raise NotAmended(Obstacle.TOO_LATE, f"the message is {message.state.value} already")
        for segment in message.segments:
            segment.become(SegmentState.DELETED, NOW)


class SnapshotHolder:
    """The current snapshot; `add` swaps in one with a further account."""

    def __init__(self) -> None:
        self.current = Snapshot(1)

    def add(
        self,
        username: str,
        password: str,
        api_key: str,
        account_id: int = 1,
        *,
        enabled: bool = True,
        account_enabled: bool = True,
        dlr_url: str | None = None,
    ) -> HttpAccount:
        name = f"account {account_id}"
        account = Account(account_id, name, account_enabled, False, UnknownOutcome.WAIT, "")
        sender = Sender(account, username, enabled, 0, dlr_url=dlr_url)
        before = self.current
        number = len(before.http_by_username) + 1
        http = HttpAccount(number, sender, username, _hash(password), hash_api_key(api_key))
        self.current = Snapshot(
            before.revision + 1,
            before.accounts | {account_id: account},
            before.http_by_username | {username: http},
            before.http_by_key_hash | {http.api_key_hash: http},
        )
        return http


_HASHES: dict[str, str] = {}


def _hash(password: str) -> str:
    """argon2 takes its time by design; the tests' few passwords are hashed once."""
    if password not in _HASHES:
        _HASHES[password] = hash_password(password)
    return _HASHES[password]


class FixedHealth:
    """Reports the problems it was given."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def problems(self) -> Sequence[str]:
        return self.found


class FixedConnections:
    """The live connections that the test puts in."""

    def __init__(self) -> None:
        self.statuses: list[ConnectorStatus] = []
        self.sessions: list[SessionStatus] = []

    def connectors(self) -> Sequence[ConnectorStatus]:
        return self.statuses

    def esmes(self) -> Sequence[SessionStatus]:
        return self.sessions


class MemoryNodes:
    """No node has been heard of."""

    async def nodes(self) -> list[NodeStatus]:
        return []

    async def create_order(self, node: str, service: Service, control: Control) -> Order:
        raise NotImplementedError

    async def find_order(self, order_id: int) -> Order:
        raise NotFound("order", str(order_id))

    async def page_orders(self, page: Paging) -> Page[Order]:
        return Page([], None)


def management_of(
    administration: MemoryAdministration, live: FixedConnections, refresh: Callable[[], Awaitable[None]]
) -> Management:
    """What the administration's API works on, over a memory."""
    return Management(
        http_accounts=HttpAccounts(administration),
        esmes=Esmes(administration),
        connectors=Connectors(administration),
        trials=ConnectorTrials(administration),
        routes=Routes(administration),
        live=live,
        refresh=refresh,
        people=people_of(administration, CredentialChecker(), idle_s=1800, lifetime_s=43_200),
        system_settings=SystemSettings(administration, SmtpMailer()),
        gateway_control=GatewayControl(MemoryNodes(), HeldClock()),
        admin_token=AdminToken(administration),
    )


@dataclass
class FakeJournal:
    backlog: int = 3
    available: bool = True
    batches: int = 10
    units: int = 200
    rows: int = 900
    commit_seconds: float = 0.5
    last_commit_seconds: float = 0.004
    retries: int = 1
    dropped: int = 0


@dataclass
class FakeCounters:
    submitted: int = 7
    accepted: int = 5
    refused: dict[int, int] = field(default_factory=lambda: {0x58: 2})
    timeouts: int = 1
    unknown: int = 1
    receipts: int = 4
    reconnects: int = 0
    late_responses: int = 0
    alerts: int = 3
    asked: dict[tuple[str, int | None], int] = field(
        default_factory=lambda: {("cancel_sm", 0x11): 2, ("query_sm", None): 1}
    )


@dataclass
class FakeFigures:
    """Stands for every part that only has counters."""

    accepted: int = 11
    rejected: dict[Reason, int] = field(default_factory=lambda: {Reason.THROTTLED: 3})
    delivered: int = 1
    failed_attempts: int = 2
    given_up: int = 0
    in_memory: int = 0
    matched: int = 4
    intermediate: int = 0
    duplicates: int = 0
    orphans: int = 1
    joined: int = 1


@dataclass
class FakeOutcomes:
    submitted: int = 5
    retried: int = 2
    rejected: int = 0
    unknown: int = 1
    expired: int = 0


@dataclass
class FakeMoCounters:
    received: int = 30
    parts: int = 12
    duplicates: int = 2
    refused: int = 8
    stored: int = 10
    joined: int = 3
    incomplete: int = 1


@dataclass
class FakeMo:
    counters: dict[str, FakeMoCounters] = field(default_factory=lambda: {"simulator": FakeMoCounters()})
    parts_waiting: int = 5


@dataclass
class FakeAmending:
    cancelled: int = 6
    refunded: int = 1_500_000
    replaced: int = 2


@dataclass
class FakeOutbinds:
    called: int = 4
    failed: int = 3


@dataclass
class FakePduLog:
    written: int = 40
    dropped: int = 3
    over_limit: int = 2
    failed: int = 1
    waiting: int = 4096


class FixedMetrics:
    """A metrics source with figures that tests know."""

    version = "1.2.3"
    node = 'node "a"'
    revision = 17
    queue_depths: Mapping[str, int] = {"simulator": 12}
    outbox_depth = 6
    esme_sessions = 2
    draining: Mapping[str, bool] = {"smpp": False, "http": True}
    binds_refused = 1
    operations: Mapping[tuple[str, int], int] = {("query_sm", 0x67): 5}
    handshakes_failed = 4
    certificate_days: float | None = 29.5

    def __init__(self, logins: CredentialChecker, http: HttpFigures) -> None:
        self.journal = FakeJournal()
        self.mt = FakeFigures()
        self.receipts = FakeFigures()
        self.notifier = FakeFigures()
        self.outcomes = FakeOutcomes()
        self.mo = FakeMo()
        self.amending = FakeAmending()
        self.outbinds = FakeOutbinds()
        self.connectors = {"simulator": FakeCounters()}
        self.pdu_log = FakePduLog()
        self.logins = logins
        self.http = http

    @property
    def connector_statuses(self) -> list[ConnectorStatus]:
        binds = tuple(
            BindStatus("TRX", state, in_flight, "", "", NOW, "")
            for state, in_flight in (("BOUND_TRX", 40), ("BOUND_TRX", 2), ("DIAL", 0))
        )
        speed = ConnectorSpeed(125.0, 79.0, 79.0, 0.0, 10, 10, 90.0)
        return [ConnectorStatus("simulator", True, binds, 9, speed=speed)]
