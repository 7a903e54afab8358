"""One ESME's connection: binds, submits, and deliver_sm on the way back."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from trunkline.model.ids import new_id
from trunkline.model.message import Message
from trunkline.model.pdu_log import LogOwner, PduLogTap
from trunkline.model.ports import DeliveryResult
from trunkline.model.snapshot import Esme
from trunkline.model.status import SessionStatus
from trunkline.model.submission import Rejected
from trunkline.pipeline.admission import Rate
from trunkline.servers.smpp.multi import TOO_MANY, addressed, addresses_of, has_too_many, multi_response
from trunkline.servers.smpp.pace import Pace
from trunkline.servers.smpp.reading import read_data, read_submit
from trunkline.servers.smpp.statuses import STATUS_OF_REASON
from trunkline.smpp.asyncio.connection import SmppConnection, host_and_port
from trunkline.smpp.constants import CommandId, CommandStatus, Version, status_name
from trunkline.smpp.errors import EncodeError, InvalidStateError
from trunkline.smpp.fields import SmeAddress
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import Bind, DataSm, DeliverSm, Pdu, SubmitMulti, SubmitSm

if TYPE_CHECKING:
    from trunkline.servers.smpp.door import EsmeDoor

log = structlog.get_logger()

_RX_BINDS = {int(CommandId.BIND_RECEIVER), int(CommandId.BIND_TRANSCEIVER)}
_BIND_TYPES = {
    int(CommandId.BIND_TRANSMITTER): "TX",
    int(CommandId.BIND_RECEIVER): "RX",
    int(CommandId.BIND_TRANSCEIVER): "TRX",
}
_VERSIONS = {Version.V33: "3.3", Version.V34: "3.4", Version.V50: "5.0"}
_ESME_RINVCMDID = int(CommandStatus.ESME_RINVCMDID)
_ESME_RSYSERR = int(CommandStatus.ESME_RSYSERR)
_ESME_RTHROTTLED = int(CommandStatus.ESME_RTHROTTLED)
_TEMPORARY_NO = {
    int(CommandStatus.ESME_RX_T_APPN),
    int(CommandStatus.ESME_RSYSERR),
    int(CommandStatus.ESME_RMSGQFUL),
    int(CommandStatus.ESME_RTHROTTLED),
}

Finished = Callable[[DeliveryResult], None]

_TAKEN = DeliveryResult(True, "ESME_ROK")
_LEFT = DeliveryResult(False, "the ESME left", gone=True)


class EsmeSession(Handler):
    """Handles what one connection brings. Its sender is looked up anew for every message."""

    def __init__(self, door: "EsmeDoor", connection: SmppConnection) -> None:
        self._door = door
        self.connection = connection
        # Set by the bind.
        self.system_id = ""
        self.terms: tuple[object, ...] = ()  # `Esme.terms` at that time
        self.window = 0
        self.receives = False
        self.leaving = False  # one side has asked for the end
        self._esme_id = 0
        self._account_id = 0
        self._bind_type = ""
        self._system_type = ""
        self._since = 0
        self._pace = Pace(0)
        self._short_ids = False  # SMPP 3.3: ids of more than eight characters do not fit
        self._tasks: set[asyncio.Task[None]] = set()
        self._rate = Rate()
        self.submitted = 0
        self.delivering = 0
        self._pending = 0
        self._binding: asyncio.Task[None] | None = None
        # Whose PDUs these are is known once it is bound: until then the tap keeps them.
        self._tap = self._make_tap()
        connection.tap = self._tap

    # --- what the connection calls ---

    def on_request(self, pdu: Pdu) -> None:
        if isinstance(pdu, SubmitSm | DataSm):
            self._submit(pdu)
        elif isinstance(pdu, SubmitMulti):
            self._submit_multi(pdu)
        elif self._door.operations.offers(pdu):
            task = asyncio.get_running_loop().create_task(self._operate(pdu))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self.connection.respond(pdu.response(_ESME_RINVCMDID))

    def on_bind(self, pdu: Bind) -> None:
        self._binding = asyncio.get_running_loop().create_task(self._bind(pdu))

    def on_response(self, token: Any, pdu: Pdu) -> None:
        finished: Finished = token
        self.delivering -= 1
        status = pdu.command_status
        if status == 0:
            finished(_TAKEN)
        else:
            finished(DeliveryResult(False, status_name(status), permanent=status not in _TEMPORARY_NO))

    def on_timeout(self, token: Any) -> None:
        """The ESME left a deliver_sm unanswered: it has it or not, so it gets it again."""
        finished: Finished = token
        self.delivering -= 1
        finished(DeliveryResult(False, "no deliver_sm_resp in time"))

    def on_writable(self) -> None:
        if self.system_id:
            self._door.notifier.wake(self._lane)

    def on_unbind(self) -> None:
        self._leave()

    def on_closed(self, reason: str) -> None:
        self.receives = False
        if self._binding is not None:
            self._binding.cancel()
        if not self.system_id:
            if self.connection.session.decoder.failure is not None:
                log.warning(
                    "A connection that does not speak SMPP was closed.",
                    action="esme.not_smpp",
                    peer=self.connection.peer[0],
                    reason=reason,
                )
            return
        self._door.left(self, reason)
        unanswered: list[Finished] = self.connection.session.unanswered()
        self.delivering = 0
        for finished in unanswered:
            finished(_LEFT)

    # --- binding ---

    async def _bind(self, pdu: Bind) -> None:
        connection = self.connection
        host = connection.peer[0]
        esme, status, why = await self._door.admit(pdu, host)
        if esme is None:
            log.warning(
                "An ESME's bind was refused.",
                action="esme.bind_refused",
                system_id=pdu.system_id,
                peer=host,
                status=status_name(status),
                reason=why,
            )
            named = self._door.snapshots.current.esmes.get(pdu.system_id)
            if named is not None and named.pdu_log:
                self.log_pdus(named)
            connection.refuse_bind(pdu, status)
            return
        self.system_id = esme.system_id
        self.terms = esme.terms
        self._esme_id = esme.id
        self._account_id = esme.sender.account.id
        self._bind_type = _BIND_TYPES[pdu.command_id]
        self._system_type = pdu.system_type
        self._since = self._door.clock.now_ms()
        self._pace = Pace(self._since)
        self.window = min(esme.window, connection.session.window.size)
        self.receives = pdu.command_id in _RX_BINDS
        self.log_pdus(esme)
        if connection.accept_bind(pdu, system_id=self._door.system_id):
            self._short_ids = connection.session.version is Version.V33
            connection.session.congestion_state = self._door.congestion
            self._door.joined(self)

    @property
    def logs_pdus(self) -> bool:
        """Whether its PDUs go to a log."""
        return self.connection.tap is not None

    def log_pdus(self, esme: Esme) -> None:
        """Puts its PDUs into the ESME's log from the bind on, or into none, as the ESME's switch says."""
        if not esme.pdu_log:
            self._tap = None
        else:
            self._tap = self._tap or self._make_tap()
            if self._tap is not None:
                self._tap.assign(LogOwner.of_esme(esme))
        self.connection.tap = self._tap

    def _make_tap(self) -> PduLogTap | None:
        pdu_log = self._door.pdu_log
        return None if pdu_log is None else pdu_log.tap(self.connection.connection_id)

    @property
    def _lane(self) -> str:
        return f"esme:{self.system_id}"

    # --- messages in ---

    def _submit(self, pdu: SubmitSm | DataSm) -> None:
        door = self._door
        esme = self._may_submit(pdu, 1)
        if esme is None:
            return
        try:
            if isinstance(pdu, SubmitSm):
                submission = read_submit(pdu, esme.sender, door.clock.now_ms(), esme.default_alphabet)
            else:
                submission = read_data(pdu, esme.sender, esme.default_alphabet)
            if self._short_ids:
                submission.reference = door.short_ids.next()
            answer = door.pipeline.accept(submission)
        except Exception as error:  # noqa: BLE001  (one message must not cost the session, and with it all others)
            self._refuse(pdu, error)
            return
        self._wait(1)
        answer.add_done_callback(partial(self._answered, pdu))

    def _submit_multi(self, pdu: SubmitMulti) -> None:
        door = self._door
        addresses = addresses_of(pdu)
        esme = self._may_submit(pdu, len(addresses))
        if esme is None:
            return
        if has_too_many(pdu):
            self.connection.respond(pdu.response(TOO_MANY))
            return
        try:
            template = read_submit(pdu, esme.sender, door.clock.now_ms(), esme.default_alphabet)
            if self._short_ids:
                template.reference = door.short_ids.next()
            elif len(addresses) > 1:
                template.reference = new_id()
            answer = door.pipeline.accept_many(addressed(template, addresses))
        except Exception as error:  # noqa: BLE001  (as above)
            self._refuse(pdu, error)
            return
        self._wait(len(addresses))
        answer.add_done_callback(partial(self._multi_answered, pdu, addresses))

    def _may_submit(self, pdu: Pdu, messages: int) -> Esme | None:
        """Who submits; None when it may not do so now, and was told."""
        self.submitted += messages
        esme = self._door.snapshots.current.esmes.get(self.system_id)
        if esme is None:  # deleted a moment ago; the door is about to unbind it
            self.connection.respond(pdu.response(_ESME_RSYSERR))
        elif esme.throughput and not self._within_rate(esme.throughput / 60, messages):
            self.connection.respond(pdu.response(_ESME_RTHROTTLED))
        else:
            return esme
        return None

    def _within_rate(self, per_second: float, messages: int) -> bool:
        """Counts messages against this connection's rate; false when they come too early."""
        now = self._door.clock.now_ms()
        self._rate.limit(per_second, now)
        if self._rate.wait_ms(per_second, now):
            return False
        for _ in range(messages):
            self._rate.take(per_second, now)
        return True

    def _wait(self, messages: int) -> None:
        """These wait for the store; when there are too many, nothing more is read."""
        before = self._pending
        self._pending = after = before + messages
        if before < self._door.window <= after:
            self.connection.pause_reading()

    def _waited(self, messages: int) -> None:
        before = self._pending
        self._pending = after = before - messages
        if after <= self._door.window // 2 < before:
            self.connection.resume_reading()

    def _answered(self, pdu: SubmitSm | DataSm, answer: "asyncio.Future[Message]") -> None:
        self._waited(1)
        failure = answer.exception()
        if failure is None:
            self.connection.respond(pdu.response(0, message_id=answer.result().public_id))
        else:
            self._refuse(pdu, failure)

    def _multi_answered(
        self,
        pdu: SubmitMulti,
        addresses: list[SmeAddress],
        answer: "asyncio.Future[list[Message | Rejected]]",
    ) -> None:
        self._waited(len(addresses))
        failure = answer.exception()
        if failure is None:
            self.connection.respond(multi_response(pdu, addresses, answer.result()))
        else:
            self._refuse(pdu, failure)

    def _refuse(self, pdu: Pdu, failure: BaseException) -> None:
        if isinstance(failure, Rejected):
            self.connection.respond(pdu.response(STATUS_OF_REASON[failure.reason]))
            return
        log.error(
            "A request failed.",
            action="esme.request_failed",
            system_id=self.system_id,
            request=pdu.name,
            exc_info=failure,
        )
        self.connection.respond(pdu.response(_ESME_RSYSERR))

    # --- messages that it has handed in ---

    async def _operate(self, pdu: Pdu) -> None:
        """Answers a query, cancel or replace."""
        self._wait(1)
        esme = self._door.snapshots.current.esmes.get(self.system_id)
        try:
            if esme is None:
                self.connection.respond(pdu.response(_ESME_RSYSERR))
            else:
                version = self.connection.session.version
                self.connection.respond(await self._door.operations.answer(pdu, esme, version))
        except Exception as error:  # noqa: BLE001  (one request must not cost the session)
            self._refuse(pdu, error)
        finally:
            self._waited(1)

    def unbind(self) -> None:
        """Asks the ESME to go; the connection closes when it confirms, or in time without it."""
        if self.leaving:
            return
        self._leave()
        self.connection.session.unbind(asyncio.get_running_loop().time())
        self.connection.flush_soon()

    def _leave(self) -> None:
        self.receives = False
        self.leaving = True
        self._since = self._door.clock.now_ms()

    def status(self) -> SessionStatus:
        """For people and APIs. It must be bound, or have been."""
        connection = self.connection
        return SessionStatus(
            self._esme_id,
            self.system_id,
            self._bind_type,
            self._system_type,
            "UNBINDING" if self.leaving else f"BOUND_{self._bind_type}",
            connection.connection_id,
            host_and_port(connection.local),
            host_and_port(connection.peer),
            self.delivering,
            self._since,
            self._account_id,
            _VERSIONS[connection.session.version],
            self.submitted,
            self._pace.look(self._door.clock.now_ms(), self.submitted),
        )

    # --- receipts out ---

    @property
    def room(self) -> int:
        """How many deliver_sm can go out now: the ESME's window, at most the connection's; 0 when leaving."""
        if not self.receives or not self.connection.writable:
            return 0
        return self.window - self.delivering

    def deliver(self, pdu: DeliverSm, finished: Finished) -> None:
        """Sends a deliver_sm; `finished` is called with its outcome, never from in here."""
        try:
            self.connection.send(pdu, finished)
        except EncodeError as error:
            result = DeliveryResult(False, f"it cannot be sent: {error}", permanent=True)
            asyncio.get_running_loop().call_soon(finished, result)
        except InvalidStateError:  # it unbinds: idle for too long, or the server stops
            self.receives = False
            asyncio.get_running_loop().call_soon(finished, _LEFT)
        else:
            self.delivering += 1
