"""An SMSC that behaves as a scenario says, for tests, benchmarks and the demo.

It takes submit_sm and data_sm, gives ids, and sends receipts to the binds of the same system_id. A receipt
nobody acknowledged is sent again to the next bind. The protocol is the business of `trunkline.smpp`: this is
a handler on the same sessions the gateway uses. What it does wrong it does on purpose: what is refused and
how it is answered is in `answers`, octets are bent in `bends` and `wire`, receipts written in `receipts`.
"""

import asyncio
import ssl as ssl_module
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from trunkline.simulator.agenda import TICK_S, Agenda
from trunkline.simulator.answers import Answers
from trunkline.simulator.bends import Bends, Strays
from trunkline.simulator.binds import Binds
from trunkline.simulator.choices import VERSIONS
from trunkline.simulator.counters import SmscCounters
from trunkline.simulator.fates import Fates, Throttle
from trunkline.simulator.inbound import Inbound
from trunkline.simulator.link import SYSTEM_ID, EsmeLink
from trunkline.simulator.mailbox import Mailbox
from trunkline.simulator.operations import Operations, alert_for
from trunkline.simulator.outbind import Outbinder
from trunkline.simulator.pending import PendingReceipt
from trunkline.simulator.receipts import (
    ID_LIMITS_33,
    ReceiptPlan,
    ReceiptWriter,
    id_writer,
)
from trunkline.simulator.record import (
    ReceiptAcked,
    ReceiptRefused,
    ReceiptSent,
    Record,
    StrayAnswered,
    Submitted,
    Unanswered,
)
from trunkline.simulator.scenario import Scenario
from trunkline.simulator.wire import Wire, WiredServer
from trunkline.smpp.asyncio.server import SmppServer
from trunkline.smpp.constants import CommandStatus, command_name
from trunkline.smpp.fields import UnsuccessSme
from trunkline.smpp.pdus import (
    DataSm,
    DataSmResp,
    DeliverSm,
    Pdu,
    SubmitMulti,
    SubmitSm,
    SubmitSmResp,
)
from trunkline.smpp.timers import TimerSettings

# What an ESME answers to a receipt that it wants to have again later.
_TRY_AGAIN: Final = frozenset(
    status.value
    for status in (
        CommandStatus.ESME_RSYSERR,
        CommandStatus.ESME_RMSGQFUL,
        CommandStatus.ESME_RTHROTTLED,
        CommandStatus.ESME_RX_T_APPN,
    )
)

_MAX_CONNECTIONS: Final = 1000


class SmscSimulator:
    """An SMSC on `host`:`port` (0 takes a free one, see `port` once started).

    `record` gets what happened; it stays the caller's to close. Without one only `counters` are kept. With
    `ssl` it speaks TLS.
    """

    def __init__(
        self,
        host: str,
        port: int,
        scenario: Scenario | None = None,
        record: Record | None = None,
        ssl: ssl_module.SSLContext | None = None,
    ) -> None:
        self.host = host
        self.scenario = scenario = scenario or Scenario()
        self.record = record
        self.counters = SmscCounters()
        self.mailboxes: dict[str, Mailbox] = {}
        self.links: set[EsmeLink] = set()
        self._asked_port = port
        self._ssl = ssl
        self._server: SmppServer | None = None
        self._agenda: Agenda | None = None
        self._throttle: Throttle | None = None
        self._writer = ReceiptWriter(scenario)
        self._write_id = id_writer(scenario.response_id_format, scenario.response_id_width)
        # Microseconds are more than a process can ever hand out: a restarted SMSC gives new ids.
        self._next_number = scenario.first_id or time.time_ns() // 1000
        self._fates = Fates(scenario)
        self._plan = ReceiptPlan(scenario, self._fates, self.new_id)
        self._gives_unasked = self._plan.gives_unasked
        self._answers = answers = Answers(scenario, self._fates, self.new_id)
        self._refusal = answers.refusal
        odd = answers.late is not None or answers.repeated is not None
        self._answer_later = self._answer_oddly if odd else self._answer_in_time
        self.binds = Binds(scenario, self._count_links)
        self.operations = Operations(self, scenario)
        self.takes_data = "data_sm" in scenario.supports
        self.inbound = Inbound(self, scenario)
        self._followers = self._make_followers()
        self._id_limit = ID_LIMITS_33[scenario.response_id_format] if scenario.version == "3.3" else 0
        self._outbinder: Outbinder | None = None
        self._early = scenario.receipts == "early"
        self._late_s = scenario.late_ms / 1000

    # Life

    @property
    def port(self) -> int:
        """The port it listens on, once started."""
        return self._asked_port if self._server is None else self._server.port

    async def start(self) -> None:
        """Start listening. Raises OSError when the address is not free."""
        loop = asyncio.get_running_loop()
        self._agenda = Agenda(loop)
        if self.scenario.throughput:
            self._throttle = Throttle(self.scenario.throughput, loop.time())
        self._server = self._make_server()
        await self._server.start()
        if self.scenario.outbind:
            self._outbinder = Outbinder(
                self.scenario.outbind,
                SYSTEM_ID,
                self.scenario.outbind_password,
                VERSIONS[self.scenario.version],
                partial(EsmeLink, self),
            )
            self._outbinder.start()

    def _make_server(self) -> SmppServer:
        scenario = self.scenario
        settings: dict[str, Any] = {
            "timers": TimerSettings(enquire_link=scenario.enquire_link_ms / 1000),
            "window_size": scenario.receipt_window,
            "max_connections": _MAX_CONNECTIONS,
            "ssl": self._ssl,
            "version": VERSIONS[scenario.version],
        }
        make_link = partial(EsmeLink, self)
        if Bends(scenario).straight and not scenario.strays and not scenario.enquire_link_first:
            return SmppServer(self.host, self._asked_port, make_link, **settings)
        return WiredServer(self.host, self._asked_port, make_link, lay=self._lay_wire, **settings)

    def _lay_wire(self, connection: asyncio.Protocol) -> Wire:
        scenario = self.scenario
        strays = Strays(scenario.strays, scenario.stray_every)
        return Wire(
            connection, Bends(scenario), strays, self._note_stray, asks_first=scenario.enquire_link_first
        )

    async def stop(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109 - the server's own time-out
        """Stop listening and unbind every link; what does not follow in `timeout` seconds is cut off.

        What was scheduled is dropped, and recorded where it was an answer.
        """
        for link in tuple(self.links):
            link.mailbox.leave(link)
        if self._outbinder is not None:
            await self._outbinder.stop(timeout)
            self._outbinder = None
        if self._server is not None:
            await self._server.close(timeout)
            self._server = None
        if self._agenda is not None:
            for callback, _, response in self._agenda.clear():
                if callback == self.answer:
                    self._note_unanswered(response)
        if self.record is not None:
            self.record.flush()

    # Submits

    def submit(self, link: EsmeLink, pdu: SubmitSm | DataSm) -> None:
        """Take a message, or refuse it, or lose it: whatever the scenario has in store for this one."""
        counters = self.counters
        fates = self._fates
        cut_every = self.scenario.drop_link_every
        counters.submits += 1
        if cut_every and counters.submits % cut_every == 0:
            counters.links_cut += 1
            if fates.take_before_cut is not None and fates.take_before_cut():
                self._take(link, pdu, answered=False)
            link.conn.abort("cut by the scenario")
        elif self._throttle is not None and not self._throttle.allows(asyncio.get_running_loop().time()):
            counters.throttled += 1
            self._refuse(link, pdu, self.scenario.throughput_status)
        elif self._refusal is not None and (status := self._refusal(pdu)):
            counters.errors += 1
            self._refuse(link, pdu, status)
        else:
            self._take(link, pdu, answered=fates.no_answer is None or not fates.no_answer())

    def _refuse(self, link: EsmeLink, pdu: SubmitSm | DataSm, status: int) -> None:
        self._answer_later(self._fates.response_delay_s(), link, self._answers.refused(pdu, status))

    def refusal_of(self, pdu: SubmitSm | DataSm) -> int:
        """The command_status the scenario refuses a message with; 0 to take it."""
        return self._refusal(pdu) if self._refusal is not None else 0

    def _take(self, link: EsmeLink, pdu: SubmitSm | DataSm, *, answered: bool) -> None:
        number, message_id = self.new_id(link.id_limit)
        response = self._answers.accepted(pdu, message_id)
        receipts = self._note_taken(link, pdu, number, message_id)
        self._settle(link, response, receipts, answered=answered)

    def take_several(
        self,
        link: EsmeLink,
        request: SubmitMulti,
        messages: list[SubmitSm],
        failed: tuple[UnsuccessSme, ...],
    ) -> None:
        """Take the messages of a submit_multi, which have one id; `failed` are those that were refused."""
        number, message_id = self.new_id(link.id_limit)
        receipts = [
            receipt for pdu in messages for receipt in self._note_taken(link, pdu, number, message_id)
        ]
        response = request.response(message_id=message_id, unsuccess_sme=failed)
        self._settle(link, response, receipts, answered=True)

    def _note_taken(
        self, link: EsmeLink, pdu: SubmitSm | DataSm, number: int, message_id: str
    ) -> list[PendingReceipt]:
        """Write a message down; return the receipts it gets."""
        now_ms = time.time_ns() // 1_000_000
        self.counters.taken += 1
        receipts: list[PendingReceipt] = []
        if pdu.registered_delivery & 3 or self._gives_unasked:
            receipts = self._plan.receipts_of(pdu, number, message_id, now_ms)
        if self.record is not None:
            alphabet = self.scenario.default_alphabet
            self.record.append(Submitted.of(pdu, alphabet, now_ms, message_id, link.system_id, len(receipts)))
        if self.operations.keeps:
            final_at_ms = now_ms + round(self.scenario.receipt_delay_ms)
            self.operations.keep(pdu, message_id, receipts, final_at_ms)
        for follow in self._followers:
            follow(link, pdu)
        return receipts

    def _make_followers(self) -> tuple[Callable[[EsmeLink, SubmitSm | DataSm], None], ...]:
        """What else happens when a message is taken; nothing in most scenarios."""
        replies = self._fates.share("mo", self.scenario.mo_share)
        alert_every = self.scenario.alert_every

        def reply(link: EsmeLink, pdu: SubmitSm | DataSm) -> None:
            if replies is not None and replies():
                self.inbound.reply(link.mailbox, pdu)

        def alert(link: EsmeLink, pdu: SubmitSm | DataSm) -> None:
            if self.counters.taken % alert_every == 0 and link.mailbox.links:
                link.mailbox.links[0].alert(alert_for(pdu))

        return (*([reply] if replies is not None else []), *([alert] if alert_every else []))

    def _settle(
        self, link: EsmeLink, response: Pdu, receipts: list[PendingReceipt], *, answered: bool
    ) -> None:
        """See to it that an answer is written, and then its receipts, or the other way round."""
        delay_s = self._fates.response_delay_s()
        if not receipts:
            if answered:
                self._answer_later(delay_s, link, response)
            else:
                self._note_unanswered(response)
            return
        self.counters.receipts_due += len(receipts)
        late_s = self._late_s if self._fates.late is not None and self._fates.late() else 0.0
        early = self._early and not late_s and bool(link.mailbox.links)
        if not answered:
            self._note_unanswered(response)
        elif early:
            receipts[0].answer = partial(self._answer_later, delay_s, link, response)
        else:
            self._answer_later(delay_s, link, response)
        if not early:
            # A tick behind a delayed answer: a batch of answers leaves before its receipts are written.
            late_s += delay_s + max(self._fates.receipt_delay_s(), TICK_S if delay_s else 0.0)
        for receipt in receipts:
            if late_s:
                self.schedule(late_s, link.mailbox, receipt)
            else:
                link.mailbox.put(receipt)

    def new_id(self, limit: int = 0) -> tuple[int, str]:
        """The number of a new message, below `limit` unless that is 0, and its id as a response writes it."""
        number = self._next_number
        self._next_number = number + 1
        limit = limit or self._id_limit
        if limit:
            number %= limit
        return number, self._write_id(number)

    def schedule(self, delay_s: float, mailbox: Mailbox, receipt: PendingReceipt) -> None:
        """Put a receipt into its mailbox after a while."""
        self.later(delay_s, Mailbox.put, mailbox, receipt)

    def _answer_in_time(self, delay_s: float, link: EsmeLink, response: Pdu) -> None:
        if delay_s and self._agenda is not None:
            self._agenda.add(delay_s, self.answer, link, response)
        else:
            self.answer(link, response)

    def _answer_oddly(self, delay_s: float, link: EsmeLink, response: Pdu) -> None:
        answers = self._answers
        if answers.late is not None and answers.late():
            delay_s += self.scenario.late_answer_ms / 1000
        self._answer_in_time(delay_s, link, response)
        if answers.repeated is not None and answers.repeated():
            self.later(delay_s, EsmeLink.repeat, link, response)

    def answer(self, link: EsmeLink, response: Pdu) -> None:
        """Write an answer, or note that its link is gone."""
        if link.closed:
            self._note_unanswered(response)
        else:
            link.conn.respond(response)

    # Links

    def later(self, delay_s: float, callback: Callable[[Any, Any], None], a: Any, b: Any) -> None:
        """Call `callback(a, b)` after a while, unless the SMSC is stopped before."""
        if self._agenda is not None:
            self._agenda.add(delay_s, callback, a, b)

    def _count_links(self, system_id: str) -> int:
        return sum(link.system_id == system_id for link in self.links)

    # The record

    def _note_stray(self, kind: str, command_id: int, status: int) -> None:
        self.counters.strays_answered += 1
        if self.record is not None:
            command = command_name(command_id)
            self.record.append(StrayAnswered(time.time_ns() // 1_000_000, kind, command, status))

    def _note_unanswered(self, response: Pdu) -> None:
        if isinstance(response, (SubmitSmResp, DataSmResp)) and not response.command_status:
            self.counters.unanswered += 1
            if self.record is not None:
                self.record.append(Unanswered(time.time_ns() // 1_000_000, response.message_id))

    # Receipts

    def write_receipt(self, receipt: PendingReceipt) -> DeliverSm | DataSm:
        """The deliver_sm of a receipt that is about to be sent."""
        now_ms = time.time_ns() // 1_000_000
        self.counters.receipts_sent += 1
        if self.record is not None:
            self.record.append(ReceiptSent(now_ms, receipt.message_id, receipt.stat))
        return self._writer.write(receipt, now_ms)

    def settle_receipt(self, mailbox: Mailbox, receipt: PendingReceipt, status: int) -> None:
        """Take the ESME's answer to a receipt."""
        if not status:
            self.counters.receipts_acked += 1
            if self.record is not None:
                self.record.append(ReceiptAcked(time.time_ns() // 1_000_000, receipt.message_id))
        elif status in _TRY_AGAIN:
            self.schedule(self.scenario.receipt_retry_ms / 1000, mailbox, receipt)
        else:
            self.counters.receipts_refused += 1
            if self.record is not None:
                self.record.append(ReceiptRefused(time.time_ns() // 1_000_000, receipt.message_id, status))
