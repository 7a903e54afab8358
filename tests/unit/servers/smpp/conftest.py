"""The SMPP door on an ephemeral port, over a pipeline that the test answers for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from ipaddress import ip_network
from typing import Any

import pytest

from tests.unit.kept_pdus import KeptPdus
from trunkline.model.amendment import Owner, Revision, Standing
from trunkline.model.message import Message, Notification, ReceiptPayload, Segment
from trunkline.model.ports import DeliveryResult
from trunkline.model.snapshot import Account, Esme, Sender, Snapshot, UnknownOutcome
from trunkline.model.submission import Rejected, Submission
from trunkline.pipeline.short_ids import ShortIds
from trunkline.pipeline.snapshots import Snapshots
from trunkline.servers.smpp.door import EsmeDoor
from trunkline.servers.smpp.operations import Operations
from trunkline.smpp.asyncio import SmppConnection, SmppServer, connect
from trunkline.smpp.constants import BindType, Version
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import BroadcastSm, CancelBroadcastSm, Pdu, QueryBroadcastSm
from trunkline.smpp.timers import TimerSettings

NOW = 1_775_824_200_000  # 2026-04-10T12:30:00Z
PATIENCE_S = 60.0
ACCOUNT = Account(1, "acme", True, False, UnknownOutcome.WAIT, "")


def sender_of(credential: str = "shop", *, enabled: bool = True, account: Account = ACCOUNT) -> Sender:
    return Sender(account, credential, enabled, 0)


def esme_of(system_id: str = "shop", networks: tuple[str, ...] = (), **fields: Any) -> Esme:
    values: dict[str, Any] = {
        "id": 1,
        "sender": sender_of(system_id),
        "system_id": system_id,
        "password_hash": "hash of secret",
        "max_binds": 2,
        "allowed_networks": tuple(ip_network(each) for each in networks),
        "window": 3,
    }
    return Esme(**(values | fields))


def snapshot_of(*esmes: Esme) -> Snapshot:
    return Snapshot(1, esmes={each.system_id: each for each in esmes})


def message_of(submission: Submission, identifier: str = "0199-id") -> Message:
    message = Message(
        identifier, 1, "smpp", "shop", submission.source, 5, 0, submission.destination, 1, 1,
        submission.text, "gsm7", 0, 0, 0, 1, None, NOW + 1, NOW, 1, "upstream", 0, 0,
    )  # fmt: skip
    message.reference = submission.reference
    message.segments = [Segment(message, 1, "", b"", "upstream")]
    return message


def payload_of(**fields: Any) -> ReceiptPayload:
    values: dict[str, Any] = {
        "message_id": "0199-id",
        "source_addr": "Shop",
        "source_ton": 5,
        "source_npi": 0,
        "dest_addr": "4915112345678",
        "dest_ton": 1,
        "dest_npi": 1,
        "stat": "DELIVRD",
        "err": "000",
        "submitted": 1,
        "delivered": 1,
        "submit_at": NOW,
        "done_at": NOW + 120_000,
        "text": "hello",
        "connector_id": "upstream",
    }
    return ReceiptPayload(**(values | fields))


class Outcome:
    """A delivery's `finished`: what it was told, and a way to wait for it."""

    def __init__(self) -> None:
        self.told: asyncio.Future[DeliveryResult] = asyncio.get_running_loop().create_future()

    def __call__(self, result: DeliveryResult) -> None:
        self.told.set_result(result)  # a second call is an error

    async def result(self) -> DeliveryResult:
        async with asyncio.timeout(PATIENCE_S):
            return await self.told


class StubPipeline:
    """Keeps submissions; `answer` says what becomes of each, `hold` keeps the futures for the test."""

    def __init__(self) -> None:
        self.submissions: list[Submission] = []
        self.answer: Callable[[Submission], Message] = message_of
        self.hold = False
        self.held: list[asyncio.Future[Message]] = []
        self.arrived = asyncio.Event()

    def accept(self, submission: Submission) -> "asyncio.Future[Message]":
        self.submissions.append(submission)
        self.arrived.set()
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        if self.hold:
            self.held.append(future)
            return future
        message = self.answer(submission)
        if isinstance(message, Exception):
            future.set_exception(message)
        else:
            future.set_result(message)
        return future

    def accept_many(self, submissions: Sequence[Submission]) -> "asyncio.Future[list[Message | Rejected]]":
        self.submissions += submissions
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self.hold:
            self.held.append(future)
        else:
            future.set_result([self.answer(submission) for submission in submissions])
        return future


class StubAmending:
    """Keeps what it is asked; `outcome` is what comes of it, an exception is raised."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.outcome: Any = None
        self.message: Message | None = None  # what a replace_sm is read for

    async def query(self, owner: Owner, message_id: str, source: str = "") -> Standing:
        standing: Standing = self._note("query", owner, message_id, source)
        return standing

    async def cancel(self, owner: Owner, message_id: str, source: str = "", dest: str = "") -> None:
        self._note("cancel", owner, message_id, source, dest)

    async def cancel_between(self, owner: Owner, source: str, dest: str) -> int:
        self._note("cancel_between", owner, source, dest)
        return 1

    async def replace(
        self, owner: Owner, message_id: str, source: str, read: Callable[[Message], Revision]
    ) -> None:
        assert self.message is not None
        self._note("replace", owner, message_id, source, read(self.message))

    def _note(self, *asked: Any) -> Any:
        self.asked.append(asked)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class StubBroadcasting:
    """Answers every request with `status`; an exception is raised."""

    def __init__(self) -> None:
        self.asked: list[tuple[Pdu, str]] = []
        self.status: int | Exception = 0

    async def answer(self, pdu: BroadcastSm | QueryBroadcastSm | CancelBroadcastSm, esme: Esme) -> Pdu:
        self.asked.append((pdu, esme.system_id))
        if isinstance(self.status, Exception):
            raise self.status
        return pdu.response(self.status)


class StubStore:
    """Gives out blocks of short ids; `fault` is raised instead."""

    def __init__(self) -> None:
        self.blocks = 0
        self.fault: Exception | None = None

    async def next_short_id_block(self) -> int:
        if self.fault is not None:
            raise self.fault
        self.blocks += 1
        return self.blocks


class StubNotifier:
    def __init__(self) -> None:
        self.woken: list[str] = []

    def wake(self, lane: str) -> None:
        self.woken.append(lane)


class StubPasswords:
    """Knows the password "secret"; `gate` holds checks up."""

    def __init__(self) -> None:
        self.locked_out: set[str] = set()
        self.asked: list[tuple[str, str, str | None, str]] = []
        self.gate: asyncio.Event | None = None
        self.waiting = asyncio.Event()

    async def verify(self, username: str, password: str, stored_hash: str | None, address: str) -> bool:
        self.asked.append((username, password, stored_hash, address))
        if self.gate is not None:
            self.waiting.set()
            await self.gate.wait()
        return stored_hash is not None and stored_hash == f"hash of {password}"

    def locked(self, username: str, address: str) -> bool:
        return username in self.locked_out


class Client(Handler):
    """An ESME that keeps what it gets; `answer` is its status for each deliver_sm, None: none yet."""

    def __init__(self) -> None:
        self.connection: SmppConnection
        self.responses: asyncio.Queue[Pdu] = asyncio.Queue()
        self.requests: asyncio.Queue[Pdu] = asyncio.Queue()
        self.answer: int | None = 0

    def on_response(self, token: Any, pdu: Pdu) -> None:
        self.responses.put_nowait(pdu)

    def on_request(self, pdu: Pdu) -> None:
        self.requests.put_nowait(pdu)
        if self.answer is not None:
            self.connection.respond(pdu.response(self.answer))

    async def bind(self, password: str = "secret", system_id: str = "shop", **fields: Any) -> Pdu:
        return await self.connection.bind(fields.pop("kind", BindType.TRX), system_id, password, **fields)

    async def ask(self, pdu: Pdu) -> Pdu:
        """Sends a request and returns its answer."""
        self.connection.send(pdu)
        return await self.answered()

    async def answered(self) -> Pdu:
        async with asyncio.timeout(PATIENCE_S):
            return await self.responses.get()

    async def received(self) -> Pdu:
        async with asyncio.timeout(PATIENCE_S):
            return await self.requests.get()

    async def closed(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.connection.wait_closed()


class Front:
    """The door with its server and clients."""

    def __init__(self, *esmes: Esme, window_size: int = 10, timers: TimerSettings | None = None) -> None:
        self.pipeline = StubPipeline()
        self.notifier = StubNotifier()
        self.passwords = StubPasswords()
        self.snapshots = Snapshots(snapshot_of(*esmes))
        clock: Any = type("Clock", (), {"now_ms": staticmethod(lambda: NOW)})()
        pipeline: Any = self.pipeline
        notifier: Any = self.notifier
        self.pdu_log = KeptPdus()
        self.amending = StubAmending()
        self.broadcasting = StubBroadcasting()
        store: Any = StubStore()
        self.short_ids = ShortIds(store)
        self.door = EsmeDoor(
            pipeline,
            Operations(self.amending, self.broadcasting, clock),
            self.short_ids,
            notifier,
            self.snapshots,
            self.passwords,
            clock,
            pdu_log=self.pdu_log,
        )
        self.server = SmppServer(
            "127.0.0.1", 0, self.door.session, window_size=window_size, timers=timers, version=Version.V50
        )
        self.clients: list[Client] = []

    async def client(self, version: Version = Version.V34) -> Client:
        """A new connection, not yet bound."""
        client = Client()
        client.connection = await connect("127.0.0.1", self.server.port, client, version=version)
        self.clients.append(client)
        return client

    async def bound(self, version: Version = Version.V34, **fields: Any) -> Client:
        client = await self.client(version)
        await client.bind(**fields)
        return client

    def deliver(self, lane: str = "esme:shop", created_at: int = NOW, **fields: Any) -> Outcome:
        outcome = Outcome()
        payload = payload_of(**fields)
        self.door.deliver(Notification(lane, "n1", NOW, "m1", 0, created_at, payload), outcome)
        return outcome

    async def until(self, condition: Callable[[], Any]) -> None:
        """Waits for what the other end of a socket brings about."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():  # noqa: ASYNC110 - many things may bring it about
                await asyncio.sleep(0)

    async def close(self) -> None:
        for client in self.clients:
            client.connection.abort()
        await self.server.close(0.5)


MakeFront = Callable[..., Any]


@pytest.fixture
async def make_front() -> AsyncIterator[MakeFront]:
    made: list[Front] = []

    async def make(*esmes: Esme, **fields: Any) -> Front:
        front = Front(*(esmes or (esme_of(),)), **fields)
        made.append(front)
        await front.server.start()
        await front.short_ids.prepare()
        return front

    yield make
    for front in made:
        await front.close()


@pytest.fixture
async def front(make_front: MakeFront) -> Front:
    made: Front = await make_front()
    return made
