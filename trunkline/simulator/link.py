"""The simulated SMSC's end of one ESME's connection."""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from trunkline.simulator.mailbox import Mailbox
from trunkline.simulator.receipts import PendingReceipt
from trunkline.smpp.asyncio.connection import SmppConnection
from trunkline.smpp.constants import BindType, CommandId, CommandStatus
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import Bind, DataSm, Pdu, SubmitSm
from trunkline.smpp.state import BIND_COMMANDS

if TYPE_CHECKING:
    from trunkline.simulator.smsc import SmscSimulator

SYSTEM_ID: Final = "simulator"

# Requests this SMSC has no function for, and the status that says so.
_REFUSALS: Final = {
    CommandId.QUERY_SM.value: CommandStatus.ESME_RQUERYFAIL.value,
    CommandId.CANCEL_SM.value: CommandStatus.ESME_RCANCELFAIL.value,
    CommandId.REPLACE_SM.value: CommandStatus.ESME_RREPLACEFAIL.value,
}


class EsmeLink(Handler):
    """One ESME's connection; it joins its system_id's mailbox when it binds to receive."""

    def __init__(self, smsc: "SmscSimulator", conn: SmppConnection) -> None:
        self.smsc = smsc
        self.conn = conn
        self.session = conn.session
        self.closed = False
        self.system_id = ""
        self.mailbox = Mailbox()  # until it is bound
        self._window = smsc.scenario.receipt_window
        self._in_flight = 0
        self._unbound = False

    def on_bind(self, pdu: Bind) -> None:
        delay_s = self.smsc.scenario.bind_delay_ms / 1000
        if delay_s:
            self.smsc.later(delay_s, EsmeLink.answer_bind, self, pdu)
        else:
            self.answer_bind(pdu)

    def answer_bind(self, pdu: Bind) -> None:
        """Accept a bind or refuse it."""
        smsc = self.smsc
        status = smsc.binds.refusal_of(pdu, asyncio.get_running_loop().time())
        if status:
            smsc.counters.binds_refused += 1
            self.conn.refuse_bind(pdu, status)
            return
        if not self.conn.accept_bind(pdu, SYSTEM_ID):
            return
        smsc.counters.binds += 1
        smsc.links.add(self)
        self.system_id = pdu.system_id
        self.mailbox = smsc.mailboxes.setdefault(pdu.system_id, Mailbox())
        if BIND_COMMANDS[pdu.command_id] is not BindType.TX:
            self.mailbox.join(self)

    def on_request(self, pdu: Pdu) -> None:
        if isinstance(pdu, (SubmitSm, DataSm)):
            self.smsc.submit(self, pdu)
        else:
            status = _REFUSALS.get(pdu.command_id, CommandStatus.ESME_RINVCMDID.value)
            self.conn.respond(pdu.response(status))

    def on_response(self, token: Any, pdu: Pdu) -> None:
        self._in_flight -= 1
        self.smsc.settle_receipt(self.mailbox, token, pdu.command_status)
        self.mailbox.has_room(self)

    def on_timeout(self, token: Any) -> None:
        self._in_flight -= 1
        self.mailbox.put_back([token])
        self.mailbox.has_room(self)

    def on_writable(self) -> None:
        self.mailbox.has_room(self)

    def on_unbind(self) -> None:
        self._unbound = True
        self.mailbox.leave(self)

    def on_closed(self, reason: str) -> None:  # noqa: ARG002 - whatever the reason, receipts go back
        self.closed = True
        smsc = self.smsc
        if self in smsc.links:
            smsc.links.discard(self)
            if not self._unbound:
                smsc.binds.lost(self.system_id, asyncio.get_running_loop().time())
        self.mailbox.leave(self)
        self.mailbox.put_back(self.session.unanswered())

    def repeat(self, response: Pdu) -> None:
        """Write an answer once more."""
        if not self.closed:
            self.conn.respond(response)

    @property
    def room(self) -> int:
        """How many more receipts it may be sent now; 0 while the peer does not read."""
        return self._window - self._in_flight if self.conn.writable else 0

    def deliver(self, receipt: PendingReceipt) -> None:
        """Send a receipt, and then the answer that had to wait for it."""
        self._in_flight += 1
        self.conn.send(self.smsc.write_receipt(receipt), receipt)
        answer = receipt.answer
        if answer is not None:
            receipt.answer = None
            answer()
