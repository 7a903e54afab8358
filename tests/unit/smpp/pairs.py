"""Sessions for the tests: a handler that takes notes, two sessions joined in memory, one on its own."""

from typing import Any

from trunkline.smpp.codec import FrameDecoder
from trunkline.smpp.constants import BindType, CommandId, Role, Version
from trunkline.smpp.errors import PduError
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import Bind, Outbind, Pdu
from trunkline.smpp.session import Session
from trunkline.smpp.state import SessionState
from trunkline.smpp.timers import TimerSettings

SETTINGS = TimerSettings(
    session_init=5, enquire_link=30, enquire_link_response=10, inactivity=300, response=20
)


class Witness(Handler):
    """Notes what it is told; accepts binds and answers requests unless told not to."""

    def __init__(self) -> None:
        self.session: Session = None  # type: ignore[assignment]
        self.seen: list[tuple[Any, ...]] = []
        self.accepts = True
        self.answers = True

    def on_request(self, pdu: Pdu) -> None:
        self.seen.append(("request", pdu))
        if self.answers and pdu.command_id not in {CommandId.OUTBIND, CommandId.ALERT_NOTIFICATION}:
            self.session.respond(pdu.response())

    def on_bind(self, pdu: Bind) -> None:
        self.seen.append(("bind", pdu))
        if self.accepts:
            self.session.accept_bind(pdu, "smsc")

    def on_response(self, token: Any, pdu: Pdu) -> None:
        self.seen.append(("response", token, pdu))

    def on_timeout(self, token: Any) -> None:
        self.seen.append(("timeout", token))

    def on_bound(self, pdu: Pdu) -> None:
        self.seen.append(("bound", pdu))

    def on_bind_refused(self, status: int) -> None:
        self.seen.append(("refused", status))

    def on_unbind(self) -> None:
        self.seen.append(("unbind",))

    def on_pdu_error(self, error: PduError) -> None:
        self.seen.append(("error", error.status))

    def on_closed(self, reason: str) -> None:
        self.seen.append(("closed", reason))

    def take(self) -> list[tuple[Any, ...]]:
        seen, self.seen = self.seen, []
        return seen


class Pair:
    """An ESME and an SMSC session whose octets cross in memory."""

    def __init__(self, esme: Version = Version.V34, smsc: Version = Version.V34) -> None:
        self.at_esme, self.at_smsc = Witness(), Witness()
        self.esme = Session(Role.ESME, self.at_esme, timers=SETTINGS, version=esme, now=0.0)
        self.smsc = Session(Role.SMSC, self.at_smsc, timers=SETTINGS, version=smsc, now=0.0)
        self.at_esme.session, self.at_smsc.session = self.esme, self.smsc

    def exchange(self, now: float = 1.0) -> None:
        while self.esme.has_outgoing or self.smsc.has_outgoing:
            self.smsc.receive(self.esme.outgoing(), now)
            self.esme.receive(self.smsc.outgoing(), now)

    def bound(self, bind_type: BindType = BindType.TRX) -> "Pair":
        self.esme.bind(bind_type, "user", "secret", now=1.0)
        self.exchange()
        self.at_esme.take()
        self.at_smsc.take()
        return self


def lone(
    role: Role, state: SessionState = SessionState.OPEN, version: Version = Version.V34
) -> tuple[Session, Witness]:
    """One session brought into a state, with nothing left to say."""
    pair = Pair(version, version)
    session = pair.esme if role is Role.ESME else pair.smsc
    if state in {SessionState.BOUND_TX, SessionState.BOUND_RX, SessionState.BOUND_TRX}:
        pair.bound(BindType(state.value.removeprefix("BOUND_")))
    elif state is SessionState.OUTBOUND:
        pair.smsc.send(Outbind())
        pair.exchange()
    assert session.state is state
    witness = pair.at_esme if role is Role.ESME else pair.at_smsc
    session.outgoing()
    witness.take()
    return session, witness


def said(session: Session) -> list[Pdu | PduError]:
    return FrameDecoder().feed(session.outgoing())
