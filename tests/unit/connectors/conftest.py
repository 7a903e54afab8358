"""A scripted SMSC, a listener that writes everything down, and messages to send."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.kept_pdus import KeptPdus
from trunkline.connectors.smpp_client import SmppSubmitter
from trunkline.model.inbound import IncomingMessage
from trunkline.model.message import Message, Notification, ReceiptPayload, Segment
from trunkline.model.ports import IncomingReceipt
from trunkline.model.profile import ErrorAction
from trunkline.model.snapshot import ConnectorConfig
from trunkline.smpp.asyncio import SmppConnection, SmppServer
from trunkline.smpp.constants import Version
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import Bind, DataSm, DeliverSm, Pdu, SubmitSm

NOW_MS = 1_775_824_200_000  # 2026-04-10T12:30:00Z
PATIENCE_S = 60.0


class Watched:
    """Something whose changes a test can wait for."""

    def __init__(self) -> None:
        self._waiters: list[tuple[Callable[[], Any], asyncio.Future[None]]] = []

    def note(self) -> None:
        for condition, waiter in self._waiters:
            if not waiter.done() and condition():
                waiter.set_result(None)

    async def until(self, condition: Callable[[], Any]) -> None:
        """Waits until a note finds the condition true."""
        if condition():
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((condition, waiter))
        async with asyncio.timeout(PATIENCE_S):
            await waiter


class FixedClock:
    def __init__(self) -> None:
        self.ms = NOW_MS

    def now_ms(self) -> int:
        return self.ms


class Listener(Watched):
    """Implements SubmitterListener: keeps what it is told, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.rooms = 0
        self.accepted: list[tuple[Segment, str | None]] = []
        self.refused: list[tuple[Segment, int]] = []
        self.actions: list[ErrorAction] = []  # of the refused, in the same order
        self.unknown: list[tuple[Segment, str]] = []
        self.late: list[tuple[Segment, Any, Any]] = []
        self.unsent: list[tuple[Segment, str]] = []
        self.unencodable: list[tuple[Segment, str]] = []
        self.receipts: list[tuple[str, IncomingReceipt, Callable[[bool], None]]] = []
        self.inbound: list[tuple[str, IncomingMessage, Callable[[bool], None]]] = []
        self.links_lost: list[int] = []
        self.to_send: list[Segment] = []  # sent whenever there is room
        self.acknowledging = False
        self.submitter: SmppSubmitter | None = None

    def on_room(self, connector_id: str) -> None:
        assert connector_id == "upstream"
        self.rooms += 1
        self.pump()
        self.note()

    def pump(self) -> None:
        submitter = self.submitter
        while submitter is not None and self.to_send and submitter.room > 0:
            if not submitter.submit(self.to_send[0]):
                break
            del self.to_send[0]

    def on_accepted(self, segment: Segment, smsc_message_id: str | None) -> None:
        self.accepted.append((segment, smsc_message_id))
        self.note()

    def on_refused(self, segment: Segment, command_status: int, action: ErrorAction) -> None:
        self.refused.append((segment, command_status))
        self.actions.append(action)
        self.note()

    def on_unknown(self, segment: Segment, why: str) -> None:
        self.unknown.append((segment, why))
        self.note()

    def on_late_accepted(self, segment: Segment, smsc_message_id: str | None, smsc_key: str | None) -> None:
        self.late.append((segment, smsc_message_id, smsc_key))
        self.note()

    def on_late_refused(self, segment: Segment, command_status: int, action: ErrorAction) -> None:
        self.late.append((segment, command_status, action))
        self.note()

    def on_unsent(self, segment: Segment, why: str) -> None:
        self.unsent.append((segment, why))
        self.note()

    def on_unencodable(self, segment: Segment, why: str) -> None:
        self.unencodable.append((segment, why))
        self.note()

    def on_receipt(
        self, connector_id: str, receipt: IncomingReceipt, acknowledge: Callable[[bool], None]
    ) -> None:
        self.receipts.append((connector_id, receipt, acknowledge))
        if self.acknowledging:
            acknowledge(True)
        self.note()

    def on_inbound(
        self, connector_id: str, message: IncomingMessage, acknowledge: Callable[[bool], None]
    ) -> None:
        self.inbound.append((connector_id, message, acknowledge))
        self.note()

    def on_link_lost(self, link: int) -> None:
        self.links_lost.append(link)
        self.note()


class ScriptedLink(Handler):
    def __init__(self, smsc: "ScriptedSmsc", connection: SmppConnection) -> None:
        self.smsc = smsc
        self.connection = connection

    def on_bind(self, pdu: Bind) -> None:
        smsc = self.smsc
        smsc.binds.append(pdu)
        status = smsc.bind_statuses.pop(0) if smsc.bind_statuses else 0
        if status is None:
            smsc.note()
            return
        if status:
            self.connection.refuse_bind(pdu, status)
        else:
            self.connection.accept_bind(pdu, "SMSC", smsc.sc_interface_version)
            smsc.links.append(self.connection)
        smsc.note()

    def on_request(self, pdu: Pdu) -> None:
        smsc = self.smsc
        if not isinstance(pdu, SubmitSm):
            smsc.questions.append((self.connection, pdu))
            if smsc.reply is not None:
                self.connection.respond(smsc.reply(pdu))
            smsc.note()
            return
        smsc.submits.append(pdu)
        self.connection.session.congestion_state = smsc.congestion_state
        answer = smsc.answer(pdu)
        if answer is None:
            smsc.unanswered.append((self.connection, pdu))
        else:
            status, message_id = answer
            self.connection.respond(
                pdu.response(status, message_id=message_id) if not status else pdu.response(status)
            )
        smsc.note()

    def on_response(self, token: Any, pdu: Pdu) -> None:
        self.smsc.responses.append((token, pdu))
        self.smsc.note()

    def on_unbind(self) -> None:
        self.smsc.unbinds += 1
        self.smsc.note()

    def on_closed(self, reason: str) -> None:
        if self.connection in self.smsc.links:
            self.smsc.links.remove(self.connection)
        self.smsc.closed += 1
        self.smsc.note()


class ScriptedSmsc(Watched):
    """An SMSC that does what the test says.

    `bind_statuses` are the answers to the next binds (None: no answer), then 0. `answer(pdu)` gives status
    and message id of a submit_sm_resp, or None for no answer: then `unanswered` has it. `reply(pdu)` makes
    the answers to other requests; None: they get none.
    """

    def __init__(self, version: Version = Version.V34) -> None:
        super().__init__()
        self.version = version
        self.sc_interface_version: int | None = None  # said in place of its own
        self.congestion_state: int | None = None  # said in every answer, where the version has it
        self.bind_statuses: list[int | None] = []
        self.answer: Callable[[SubmitSm], tuple[int, str] | None] = self.accept
        self.reply: Callable[[Pdu], Pdu] | None = None
        self.questions: list[tuple[SmppConnection, Pdu]] = []
        self.binds: list[Bind] = []
        self.submits: list[SubmitSm] = []
        self.unanswered: list[tuple[SmppConnection, SubmitSm]] = []
        self.responses: list[tuple[Any, Pdu]] = []
        self.links: list[SmppConnection] = []
        self.unbinds = 0
        self.closed = 0
        self.ssl: ssl.SSLContext | None = None
        self._port = 0
        self._server: SmppServer | None = None

    def accept(self, _pdu: SubmitSm) -> tuple[int, str]:
        return 0, f"id-{len(self.submits)}"

    def hold(self, _pdu: SubmitSm) -> None:
        return None

    def release(self, count: int | None = None) -> None:
        """Accepts what was held."""
        for connection, pdu in self.unanswered[:count]:
            connection.respond(pdu.response(0, message_id=f"late-{pdu.sequence_number}"))
        del self.unanswered[:count]

    def deliver(self, pdu: DeliverSm | DataSm, link: int = 0) -> None:
        self.links[link].send(pdu, token=pdu)

    @property
    def port(self) -> int:
        return self._server.port if self._server is not None else self._port

    def handle(self, connection: SmppConnection) -> ScriptedLink:
        """The handler of one connection."""
        return ScriptedLink(self, connection)

    async def start(self) -> None:
        """Listens on a free port; the second time on the same one."""
        self._server = SmppServer(
            "127.0.0.1",
            self._port,
            self.handle,
            window_size=1000,
            ssl=self.ssl,
            version=self.version,
        )
        await self._server.start()
        self._port = self._server.port

    async def close(self) -> None:
        if self._server is not None:
            for connection in tuple(self._server.connections):
                connection.abort("the test is over")
            await self._server.close(1.0)
            self._server = None


BASE_CONFIG = ConnectorConfig(
    connector_id="upstream",
    host="127.0.0.1",
    port=0,
    system_id="trunkline",
    password="secret",
    system_type="",
    tx_binds=0,
    rx_binds=0,
    trx_binds=1,
    window=10,
    throughput=0,
    enquire_link_s=30,
    response_timeout_s=5,
    reconnect_min_s=0.01,
    reconnect_max_s=0.05,
    source_ton=None,
    source_npi=None,
    dest_ton=None,
    dest_npi=None,
    default_alphabet="gsm7",
    long_message="udh8",
    message_id_format="auto",
    max_attempts=3,
    enabled=True,
)

BASE_MESSAGE: dict[str, Any] = {
    "id": "019aa2f4-5a10-7000-8a3c-2f60c1b4d9e7",
    "account_id": 1,
    "door": "http",
    "credential": "shop",
    "source_addr": "MYCOMPANY",
    "source_ton": 5,
    "source_npi": 0,
    "dest_addr": "971501234567",
    "dest_ton": 1,
    "dest_npi": 1,
    "text": "Hello",
    "encoding": "gsm7",
    "data_coding": 0,
    "protocol_id": 0,
    "priority": 0,
    "registered_delivery": 1,
    "dlr_url": None,
    "expires_at": NOW_MS + 48 * 3_600_000,
    "accepted_at": NOW_MS,
    "route_id": 1,
    "connector_id": "upstream",
    "rate": 1,
    "charged": 1,
}


@pytest.fixture
def make_config() -> Callable[..., ConnectorConfig]:
    def make(**changes: Any) -> ConnectorConfig:
        return replace(BASE_CONFIG, **changes)

    return make


@pytest.fixture
def make_segment() -> Callable[..., Segment]:
    """`make_segment(content="…", udh=b"", sar_reference=0, parts=1, number=1, **fields of the message)`."""

    def make(
        content: str = "Hello",
        *,
        udh: bytes = b"",
        sar_reference: int = 0,
        parts: int = 1,
        number: int = 1,
        **changes: Any,
    ) -> Segment:
        message = Message(**{**BASE_MESSAGE, "text": content, **changes})
        message.segments = [
            Segment(message, each, content, udh, "upstream", sar_reference=sar_reference)
            for each in range(1, parts + 1)
        ]
        return message.segments[number - 1]

    return make


@pytest.fixture
def make_notification() -> Callable[..., Notification]:
    def make(url: str | None, lane: str = "http:shop", **changes: Any) -> Notification:
        payload = ReceiptPayload(
            **{
                "message_id": "abc123-def456",
                "source_addr": "MYCOMPANY",
                "source_ton": 5,
                "source_npi": 0,
                "dest_addr": "971501234567",
                "dest_ton": 1,
                "dest_npi": 1,
                "stat": "DELIVRD",
                "err": "000",
                "submitted": 1,
                "delivered": 1,
                "submit_at": NOW_MS - 5_000,
                "done_at": NOW_MS,
                "text": "Hello",
                "connector_id": "smpp_connector_1",
                "url": url,
                **changes,
            }
        )
        return Notification(lane, "n1", NOW_MS, "m1", 0, NOW_MS, payload)

    return make


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
async def smsc() -> AsyncIterator[ScriptedSmsc]:
    scripted = ScriptedSmsc()
    await scripted.start()
    yield scripted
    await scripted.close()


@pytest.fixture
async def make_smsc() -> AsyncIterator[Callable[[Version], Awaitable[ScriptedSmsc]]]:
    """Starts a scripted SMSC of another version."""
    made: list[ScriptedSmsc] = []

    async def make(version: Version) -> ScriptedSmsc:
        scripted = ScriptedSmsc(version)
        made.append(scripted)
        await scripted.start()
        return scripted

    yield make
    for scripted in made:
        await scripted.close()


Starter = Callable[..., Awaitable[SmppSubmitter]]


@pytest.fixture
def pdu_log() -> KeptPdus:
    return KeptPdus()


@pytest.fixture
async def start(
    smsc: ScriptedSmsc, listener: Listener, clock: FixedClock, pdu_log: KeptPdus
) -> AsyncIterator[Starter]:
    """Starts a submitter towards the scripted SMSC; `bound=True` waits until it can submit."""
    started: list[SmppSubmitter] = []

    async def begin(*, bound: bool = True, **changes: Any) -> SmppSubmitter:
        submitter = SmppSubmitter(
            replace(BASE_CONFIG, **{"port": smsc.port, **changes}),
            listener,
            clock,
            unbind_s=0.05,
            pdu_log=pdu_log,
        )
        listener.submitter = submitter
        started.append(submitter)
        await submitter.start()
        if bound:
            await listener.until(lambda: submitter.capacity > 0)
        return submitter

    yield begin
    for submitter in started:
        await submitter.stop(0)
