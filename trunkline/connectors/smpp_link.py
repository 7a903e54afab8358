"""One connection to an SMSC: submits go out, answers and receipts come in. The connector's hot path."""

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any, Final

import structlog

from trunkline.connectors.incoming import incoming_message
from trunkline.connectors.pacing import AdaptiveRate
from trunkline.connectors.smpp_questions import Question
from trunkline.connectors.smsc_ids import SmscIds
from trunkline.connectors.speed import SpeedMeter
from trunkline.connectors.submit_encoding import SubmitEncoder
from trunkline.model.message import Segment
from trunkline.model.ports import Clock, IncomingReceipt, SubmitterListener
from trunkline.model.profile import ErrorAction
from trunkline.smpp.asyncio import SmppConnection
from trunkline.smpp.constants import CommandStatus, Version
from trunkline.smpp.errors import InvalidStateError, WindowFullError
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import AlertNotification, DataSm, DeliverSm, Pdu, SubmitSmResp
from trunkline.smpp.receipts import ReceiptHabits, parse_receipt

log = structlog.get_logger()

_RX_T_APPN: Final = CommandStatus.ESME_RX_T_APPN.value
BURST: Final = 16
"""Answers after which the next submits are made, and submits after which they are written.

An SMSC far away answers a whole window at once. If the next window were only written when all of these are
dealt with, the line would be empty meanwhile, in every round trip.
"""

_UNKNOWN_ERROR: Final = CommandStatus.ESME_RUNKNOWNERR.value
_serials = count(1)


class Counters:
    """What a connector has done since it was made, over all its binds; read by metrics."""

    __slots__ = (
        "accepted", "alerts", "asked", "late_responses", "receipts", "reconnects", "refused", "submitted",
        "timeouts", "unencodable", "unknown",
    )  # fmt: skip

    def __init__(self) -> None:
        self.submitted = 0  # submit_sm written
        self.accepted = 0
        self.refused: dict[int, int] = {}  # by command_status
        self.timeouts = 0  # submits without an answer in time
        self.unknown = 0  # submits whose outcome was lost, time-outs included
        self.unencodable = 0
        self.receipts = 0
        self.reconnects = 0  # binds lost
        self.alerts = 0  # alert_notification
        # query_sm, cancel_sm and replace_sm by (command, command_status, or None where no answer came)
        self.asked: dict[tuple[str, int | None], int] = {}
        self.late_responses = 0  # answers to nothing that waits: late or unsolicited


class Traffic:
    """What the links of one connector share.

    `changed` is to be called when room may have grown; it may be called for every PDU, and tells the
    listener once. `changed_now` tells it at once.
    """

    __slots__ = (
        "actions", "changed", "changed_now", "clock", "connector_id", "counters", "encoder", "habits", "ids",
        "late_on_closed", "listener", "loop", "passage", "slow_at_congestion", "speed",
    )  # fmt: skip

    def __init__(
        self,
        connector_id: str,
        listener: SubmitterListener,
        clock: Clock,
        encoder: SubmitEncoder,
        ids: SmscIds,
        habits: ReceiptHabits,
        actions: dict[int, ErrorAction],
        slow_at_congestion: int,
        changed: Callable[[], None],
        changed_now: Callable[[], None],
    ) -> None:
        self.connector_id = connector_id
        self.listener = listener
        self.clock = clock
        self.encoder = encoder
        self.passage = encoder.passage
        self.ids = ids
        self.habits = habits
        self.actions = actions
        self.slow_at_congestion = slow_at_congestion
        self.changed = changed
        self.changed_now = changed_now
        self.counters = Counters()
        self.speed = SpeedMeter()
        self.late_on_closed = 0  # late answers on links that are gone
        self.loop = asyncio.get_running_loop()


class Link(Handler):
    """The handler of one connection, from its first octet to its last."""

    __slots__ = (
        "_heeds_congestion", "_time", "_timed", "_timed_at", "_timeout_text", "_traffic", "_window",
        "answers", "connection", "in_flight", "owed", "pace", "proved", "sending", "serial",
    )  # fmt: skip

    def __init__(
        self, traffic: Traffic, connection: SmppConnection, window: int, response_timeout_s: float
    ) -> None:
        self.connection = connection
        self.serial = next(_serials)  # tells it from all other connections of the process
        self.sending = False  # bound to transmit, and not unbinding
        self.in_flight = 0  # submits and questions that wait for their answer
        self.owed = 0  # requests of the SMSC not answered yet
        self.answers = 0  # since the last `settle`
        self.proved = False  # the SMSC has answered or delivered something
        self._traffic = traffic
        self._window = window
        self._heeds_congestion = False
        self._timeout_text = f"no answer to submit_sm within {response_timeout_s:g} s"
        self._time = traffic.loop.time
        # One submit at a time is timed, so that timing costs the others next to nothing.
        self._timed: Segment | None = None
        self._timed_at = 0.0
        self.pace = AdaptiveRate(self._time())

    @property
    def busy(self) -> bool:
        """Whether either side waits for an answer."""
        return self.in_flight > 0 or self.owed > 0

    @property
    def enquired_at(self) -> int:
        """When an enquire_link of either side was answered last (Unix milliseconds); 0: none was."""
        moment = self.connection.session.enquired_at
        if moment is None:
            return 0
        return self._traffic.clock.now_ms() - round((self._time() - moment) * 1000)

    @property
    def free(self) -> int:
        """Places left in the window, whatever the rate allows; 0 while nothing can be written."""
        return self._window - self.in_flight if self.sending and self.connection.writable else 0

    @property
    def room(self) -> int:
        """How many submits can be written now."""
        if not self.sending or not self.connection.writable:
            return 0
        free = self._window - self.in_flight
        if self.pace.limited:
            return min(free, self.pace.room(self._time()))
        return free

    @property
    def capacity(self) -> int:
        """The window while bound to transmit, else 0."""
        return self._window if self.sending else 0

    def submit(self, segment: Segment) -> bool:
        """Writes one segment; false when the link cannot take it. There must be room.

        A segment that cannot be encoded is taken, and reported to the listener a moment later.
        """
        traffic = self._traffic
        now_ms = traffic.clock.now_ms()
        try:
            self.connection.send(traffic.encoder.encode(segment, now_ms), segment)
        except (InvalidStateError, WindowFullError):
            return False
        except ValueError as error:
            # NotInAlphabet, EncodeError and the like: no field of the PDU can carry what the message says.
            traffic.counters.unencodable += 1
            traffic.loop.call_soon(traffic.listener.on_unencodable, segment, str(error))
            return True
        segment.submitted_at = now_ms
        segment.attempts += 1
        if self._timed is None:
            self._timed = segment
            self._timed_at = self._time()
        self.in_flight += 1
        counters = traffic.counters
        counters.submitted += 1
        if self.pace.limited:
            self.pace.take()
        if not counters.submitted % BURST:
            self.connection.flush()
        return True

    def ask(self, question: Question) -> None:
        """Writes a request other than submit_sm. There must be a place; raises `SmppError`."""
        self.connection.send(question.pdu, question)
        self.in_flight += 1

    def settle(self, now: float) -> None:
        """Takes stock after a batch of answers."""
        answers, self.answers = self.answers, 0
        if answers:
            self.pace.settle(now, answers)

    # What the session calls

    def on_response(self, token: Any, pdu: Pdu) -> None:
        traffic = self._traffic
        self.in_flight -= 1
        self.proved = True
        if type(token) is Question:
            token.settle(pdu)
            traffic.changed()
            return
        segment: Segment = token
        counters = traffic.counters
        self.answers += 1
        if segment is self._timed:
            traffic.speed.answered(self._time() - self._timed_at)
            self._timed = None
        status = pdu.command_status
        if status == 0 and isinstance(pdu, SubmitSmResp):
            counters.accepted += 1
            self.pace.accepted += 1
            raw_id = pdu.message_id
            if raw_id:
                segment.smsc_key = traffic.ids.given(raw_id, segment.message.dest_addr)
            traffic.listener.on_accepted(segment, raw_id or None)
        else:
            # A generic_nack without a status is still no acceptance.
            status = status or _UNKNOWN_ERROR
            counters.refused[status] = counters.refused.get(status, 0) + 1
            action = traffic.actions.get(status, ErrorAction.REJECT)
            if action is not ErrorAction.REJECT:
                throttled = action is ErrorAction.SLOW
                self.pace.refused(self._time(), self.in_flight, throttled=throttled)
            traffic.listener.on_refused(segment, status, action)
        if self._heeds_congestion and (pdu.congestion_state or 0) >= traffic.slow_at_congestion:
            self.pace.strained(self._time())
        if self.answers % BURST:
            traffic.changed()
        else:
            traffic.changed_now()

    def on_timeout(self, token: Any) -> None:
        self.in_flight -= 1
        if type(token) is Question:
            token.fail(f"no answer to {token.pdu.name} in time")
            self._traffic.changed()
            return
        if token is self._timed:
            self._timed = None
        counters = self._traffic.counters
        counters.timeouts += 1
        counters.unknown += 1
        self._traffic.listener.on_unknown(token, self._timeout_text)
        self._traffic.changed()

    def on_late_response(self, token: Any, pdu: Pdu) -> None:
        if type(token) is Question:
            return
        segment: Segment = token
        traffic = self._traffic
        if pdu.command_status == 0 and isinstance(pdu, SubmitSmResp):
            raw_id = pdu.message_id
            key = traffic.ids.given(raw_id, segment.message.dest_addr) if raw_id else None
            traffic.listener.on_late_accepted(segment, raw_id or None, key)
        else:
            status = pdu.command_status or _UNKNOWN_ERROR
            action = traffic.actions.get(status, ErrorAction.REJECT)
            traffic.listener.on_late_refused(segment, status, action)

    def on_request(self, pdu: Pdu) -> None:
        traffic = self._traffic
        if not isinstance(pdu, (DeliverSm, DataSm)):
            if isinstance(pdu, AlertNotification):
                self._alerted(pdu)
            return  # nobody answers it, nor an outbind
        self.owed += 1
        self.proved = True
        acknowledge = partial(self._acknowledge, pdu)
        receipt = parse_receipt(pdu, traffic.habits)
        if receipt is None:
            traffic.listener.on_inbound(traffic.connector_id, incoming_message(pdu, self.serial), acknowledge)
            return
        traffic.counters.receipts += 1
        raw_id = receipt.message_id
        traffic.listener.on_receipt(
            traffic.connector_id,
            IncomingReceipt(
                raw_id,
                traffic.ids.candidates(raw_id, pdu.source_addr) if raw_id else (),
                receipt.stat,
                receipt.raw_stat,
                receipt.err,
                receipt.done_date,
                receipt.text,
                pdu.source_addr,
                pdu.destination_addr,
                receipt.intermediate,
                traffic.passage.from_receipt(pdu.tlvs) if traffic.passage.open else None,
            ),
            acknowledge,
        )

    def _alerted(self, pdu: AlertNotification) -> None:
        """A handset that was away is back: the SMSC delivers what it keeps for it, we have nothing to do."""
        self._traffic.counters.alerts += 1
        log.info(
            "A handset is available again, says the SMSC.",
            action="connector.alert",
            connector=self._traffic.connector_id,
            handset=pdu.source_addr,
        )

    def on_bound(self, pdu: Pdu) -> None:  # noqa: ARG002 - the interface is Handler's
        session = self.connection.session
        self.sending = session.state.value in {"BOUND_TX", "BOUND_TRX"}
        self._heeds_congestion = session.version >= Version.V50 and self._traffic.slow_at_congestion > 0
        self._traffic.changed()

    def on_unbind(self) -> None:
        self.sending = False

    def on_writable(self) -> None:
        self._traffic.changed()

    def on_closed(self, reason: str) -> None:
        self.sending = False
        self.owed = 0
        traffic = self._traffic
        traffic.late_on_closed += self.connection.session.unmatched
        traffic.listener.on_link_lost(self.serial)
        unanswered = self.connection.session.unanswered()
        self.in_flight = 0
        for token in unanswered:
            if type(token) is Question:
                token.fail(f"no answer to {token.pdu.name}: {reason}")
            else:
                traffic.counters.unknown += 1
                traffic.listener.on_unknown(token, f"no answer to submit_sm: {reason}")
        traffic.changed()

    def _acknowledge(self, pdu: DeliverSm | DataSm, durable: bool) -> None:
        """Answers a request of the SMSC; ESME_RX_T_APPN makes it send the message again."""
        if self.owed:
            self.owed -= 1
            self.connection.respond(pdu.response(0 if durable else _RX_T_APPN))
            if not self.owed:
                self._traffic.changed()
