"""What a session tells its owner: the interface between the protocol and whoever uses it."""

from typing import Any

from trunkline.smpp.errors import PduError
from trunkline.smpp.pdus import Bind, Outbind, Pdu


class Handler:
    """What a session tells its owner. Override what matters; the defaults ignore it.

    Methods are called from inside `receive`, `tick` and `close`, may call the session back, and must not
    block.
    """

    def on_request(self, pdu: Pdu) -> None:
        """Take a request that is legal in this state; answer it with `respond`, now or later.

        alert_notification comes here too and is not answered.
        """

    def on_bind(self, pdu: Bind) -> None:
        """Take a bind request (SMSC side); answer with `accept_bind` or `refuse_bind`, now or later."""
        self.on_request(pdu)

    def on_outbind(self, pdu: Outbind) -> None:
        """Take an outbind (ESME side): the SMSC asks for a bind. It has no response; to refuse it, close."""
        self.on_request(pdu)

    def on_response(self, token: Any, pdu: Pdu) -> None:
        """Take the answer to the request sent with this token; it may be a GenericNack."""

    def on_timeout(self, token: Any) -> None:
        """Learn that the request sent with this token got no answer in time: its outcome is unknown."""

    def on_late_response(self, token: Any, pdu: Pdu) -> None:
        """Take the answer to a request after its `on_timeout`. At most once, and only of the latest ones."""

    def on_bound(self, pdu: Pdu) -> None:
        """Learn that the bind was accepted; `pdu` is the bind response (ESME side)."""

    def on_bind_refused(self, status: int) -> None:
        """Learn that the bind was refused with this command_status (ESME side). The link stays open."""

    def on_unbind(self) -> None:
        """Learn that the peer asked to unbind: it will be confirmed once what it asked before is answered."""

    def on_pdu_error(self, error: PduError) -> None:
        """Learn of a PDU that could not be understood; the session has answered it."""

    def on_closed(self, reason: str) -> None:
        """Learn that the session is over. Called once. `Session.unanswered` tells what was in flight."""

    def on_writable(self) -> None:
        """Learn that the transport takes data again after it was congested."""
