"""The simulated SMSC's end of one ESME's connection."""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from trunkline.simulator.mailbox import Mailbox
from trunkline.simulator.pending import Pending, PendingMo
from trunkline.simulator.receipts import ID_LIMITS_33, for_version_33
from trunkline.smpp.asyncio.connection import SmppConnection
from trunkline.smpp.constants import BindType, Version
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import AlertNotification, Bind, DataSm, Pdu, SubmitSm
from trunkline.smpp.state import BIND_COMMANDS

if TYPE_CHECKING:
    from trunkline.simulator.smsc import SmscSimulator

SYSTEM_ID: Final = "simulator"


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
        self._plain = False
        self.id_limit = 0  # ids are numbers below this; 0: as they come

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
        version = self.session.version
        self._plain = not version.has_tlvs
        if version is Version.V33:
            self.id_limit = ID_LIMITS_33[smsc.scenario.response_id_format]
        self.session.congestion_state = smsc.scenario.congestion_state
        self.mailbox = smsc.mailboxes.setdefault(pdu.system_id, Mailbox())
        if BIND_COMMANDS[pdu.command_id] is not BindType.TX:
            self.mailbox.join(self)
            smsc.inbound.begin(self.mailbox)

    def on_request(self, pdu: Pdu) -> None:
        smsc = self.smsc
        if isinstance(pdu, SubmitSm) or (isinstance(pdu, DataSm) and smsc.takes_data):
            smsc.submit(self, pdu)
        else:
            smsc.operations.take(self, pdu)

    def on_response(self, token: Any, pdu: Pdu) -> None:
        self._in_flight -= 1
        if isinstance(token, PendingMo):
            self.smsc.inbound.settle(token, pdu.command_status)
        else:
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

    def alert(self, pdu: AlertNotification) -> None:
        """Tell that a handset can be reached again."""
        if not self.closed and self.session.version.has_tlvs:
            self.conn.send(pdu)

    @property
    def room(self) -> int:
        """How many more receipts it may be sent now; 0 while the peer does not read."""
        return self._window - self._in_flight if self.conn.writable else 0

    def deliver(self, item: Pending) -> None:
        """Send a receipt or a handset's message, and then the answer that had to wait for it."""
        self._in_flight += 1
        pdu = item.pdu if isinstance(item, PendingMo) else self.smsc.write_receipt(item)
        self.conn.send(for_version_33(pdu) if self._plain else pdu, item)
        answer = item.answer
        if answer is not None:
            item.answer = None
            answer()
