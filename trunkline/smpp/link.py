"""The life of a session: bind, unbind, enquire_link and the timers. `session` adds the messages."""

from math import inf
from typing import Any, Final

from trunkline.smpp import timers as when
from trunkline.smpp.codec import encode
from trunkline.smpp.constants import BindType, CommandId, CommandStatus, Role, Tag, Version
from trunkline.smpp.dialect import TRY_LATER, Dialect, agreed_by_esme, agreed_by_smsc, refusal
from trunkline.smpp.errors import InvalidStateError
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import (
    BIND_CLASSES,
    REQUESTS_WITHOUT_RESPONSE,
    Bind,
    BindResp,
    EnquireLink,
    Outbind,
    Pdu,
    Unbind,
)
from trunkline.smpp.state import (
    BIND_COMMANDS,
    BIND_RESPONSES,
    BOUND_STATE,
    BOUND_STATES,
    MAY_RECEIVE,
    MAY_SEND,
    UNBOUND_STATES,
    SessionState,
)
from trunkline.smpp.timers import History, TimerSettings
from trunkline.smpp.tlv import Tlv, octet
from trunkline.smpp.window import Window, next_sequence_number

_ENQUIRE_LINK: Final = CommandId.ENQUIRE_LINK.value
_ENQUIRE_LINK_RESP: Final = CommandId.ENQUIRE_LINK_RESP.value
_UNBIND: Final = CommandId.UNBIND.value
_UNBIND_RESP: Final = CommandId.UNBIND_RESP.value
_GENERIC_NACK: Final = CommandId.GENERIC_NACK.value

# What the session deals with itself; the rest of what is allowed goes straight to the handler.
_CONTROL: Final = frozenset({_ENQUIRE_LINK, _UNBIND, *BIND_COMMANDS, *REQUESTS_WITHOUT_RESPONSE})
_NOTHING: Final[frozenset[int]] = frozenset()


class Link:
    """The part of a session that keeps it alive and ends it. Use `Session`."""

    __slots__ = (
        "_accepts",
        "_controls",
        "_dialect",
        "_encode",
        "_history",
        "_last_sequence_number",
        "_now",
        "_outgoing",
        "_owed",
        "_pending_bind",
        "_sendable",
        "_unbind_received",
        "bind_type",
        "close_reason",
        "enquired_at",
        "handler",
        "peer_interface_version",
        "peer_system_id",
        "role",
        "state",
        "timers",
        "unmatched",
        "version",
        "violations",
        "window",
    )

    def __init__(
        self,
        role: Role,
        handler: Handler,
        window_size: int,
        timers: TimerSettings | None,
        version: Version,
        now: float,
    ) -> None:
        self.role = role
        self.handler = handler
        self.window = Window(window_size)
        self.timers = timers or TimerSettings()
        self.bind_type: BindType | None = None
        self.peer_system_id = ""
        self.peer_interface_version: int | None = None
        self.close_reason: str | None = None
        self.unmatched = 0
        self.violations = 0
        self.enquired_at: float | None = None
        self._history = History(now)
        self._now = now
        self._outgoing: list[bytes] = []
        self._last_sequence_number = 0
        # sequence_number -> command_id of the session's own requests: bind, unbind, enquire_link. They do not
        # take room in the window, so a full window never keeps a link from being checked or ended.
        self._controls: dict[int, int] = {}
        self._owed = 0  # requests given to the handler and not answered yet
        self._pending_bind: Pdu | None = None
        self._unbind_received: Pdu | None = None
        self._accepts: frozenset[int] = _NOTHING
        self._sendable: frozenset[int] = _NOTHING
        self.version = version
        self._dialect = Dialect(version)
        self._encode = self._dialect.encoder()
        self.state = SessionState.OPEN
        self._enter(SessionState.OPEN)

    @property
    def bound(self) -> bool:
        """Whether messages may travel, in one direction or both."""
        return self.state in BOUND_STATES

    @property
    def has_outgoing(self) -> bool:
        """Whether `outgoing` would return anything."""
        return bool(self._outgoing)

    def outgoing(self) -> bytes:
        """Return everything queued for the peer, joined, and forget it."""
        parts = self._outgoing
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        return data

    # Binding

    def bind(
        self,
        bind_type: BindType,
        system_id: str,
        password: str,
        system_type: str = "",
        interface_version: int | None = None,
        addr_ton: int = 0,
        addr_npi: int = 0,
        address_range: str = "",
        now: float | None = None,
    ) -> None:
        """Queue a bind request (ESME side); `on_bound` or `on_bind_refused` follows.

        `interface_version` is said in place of our version, to an SMSC that insists on it. Raises
        InvalidStateError unless open with no bind under way, for a transceiver in 3.3, and EncodeError.
        """
        pdu = BIND_CLASSES[bind_type](
            system_id=system_id,
            password=password,
            system_type=system_type,
            interface_version=self.version.value if interface_version is None else interface_version,
            addr_ton=addr_ton,
            addr_npi=addr_npi,
            address_range=address_range,
        )
        if pdu.command_id not in MAY_SEND[self.version, self.role, self.state]:
            raise self._not_now(pdu)
        if any(command_id in BIND_COMMANDS for command_id in self._controls.values()):
            raise InvalidStateError("a bind is under way")
        self._send_control(pdu)
        if now is not None:
            self._now = now

    def accept_bind(self, pdu: Pdu, system_id: str = "", sc_interface_version: int | None = None) -> bool:
        """Accept a bind request that `on_bind` brought (SMSC side); return whether the session is now bound.

        False means the connection went away meanwhile. From now on the session speaks the version agreed. The
        sc_interface_version TLV, our own version unless given, goes only to peers of version 3.4 or later
        (section 4.1.2): older ones know no TLVs. Raises InvalidStateError for a bind that is not waiting, and
        EncodeError.
        """
        if self.state is SessionState.CLOSED:
            return False
        if pdu is not self._pending_bind or not isinstance(pdu, Bind):
            raise InvalidStateError("this bind does not wait for an answer")
        agreed = agreed_by_smsc(self.version, pdu.interface_version)
        tlvs: tuple[Tlv, ...] = ()
        if agreed.has_tlvs:
            own = self.version.value if sc_interface_version is None else sc_interface_version
            tlvs = (octet(Tag.SC_INTERFACE_VERSION, own),)
        self._outgoing.append(encode(pdu.response(system_id=system_id, tlvs=tlvs)))
        self._pending_bind = None
        self.peer_system_id = pdu.system_id
        self.peer_interface_version = pdu.interface_version
        self._become_bound(BIND_COMMANDS[pdu.command_id], agreed)
        return True

    def refuse_bind(self, pdu: Pdu, status: int) -> None:
        """Refuse a bind request with a command_status; the peer may try again. Raises InvalidStateError."""
        if self.state is SessionState.CLOSED:
            return
        if pdu is not self._pending_bind:
            raise InvalidStateError("this bind does not wait for an answer")
        self._pending_bind = None
        self._outgoing.append(encode(pdu.response(status)))

    def _become_bound(self, bind_type: BindType, version: Version) -> None:
        self.bind_type = bind_type
        self.version = self._dialect.version = version
        self._encode = self._dialect.encoder()
        self._history.active_at = self._now
        self._enter(BOUND_STATE[bind_type])

    def _take_bind_answer(self, bind_type: BindType, pdu: Pdu) -> None:
        if pdu.command_status or not isinstance(pdu, BindResp):
            self.handler.on_bind_refused(pdu.command_status or CommandStatus.ESME_RBINDFAIL.value)
            return
        self.peer_system_id = pdu.system_id
        version = pdu.tlv(Tag.SC_INTERFACE_VERSION)
        self.peer_interface_version = version[0] if version else None
        self._become_bound(bind_type, agreed_by_esme(self.version, self.peer_interface_version))
        self.handler.on_bound(pdu)

    # Leaving

    def unbind(self, now: float | None = None) -> None:
        """Leave in good order; the session closes when the unbind is confirmed or not answered in time.

        No further requests can be sent. Requests the handler has taken are answered before the unbind goes
        out; new ones are refused with a status that means "try again". Without a bind it closes at once.
        """
        if now is not None:
            self._now = now
        if not self.bound:
            self.close("closed before it was bound")
        elif self._history.leaving_at is None:
            self._history.leaving_at = self._now
            self._sendable = self._accepts = _NOTHING
            if not self._owed:
                self._send_unbind()

    def close(self, reason: str = "closed") -> None:
        """End the session at once and tell the handler. What is queued may still be written."""
        if self.state is SessionState.CLOSED:
            return
        self.close_reason = reason
        self._enter(SessionState.CLOSED)
        self.handler.on_closed(reason)

    def _send_unbind(self) -> None:
        self._history.unbind_sent_at = self._now
        self._send_control(Unbind())

    def _confirm_unbind(self, pdu: Pdu) -> None:
        self._outgoing.append(encode(pdu.response()))
        self._enter(SessionState.UNBOUND)
        self.close("the peer unbound")

    def _settle(self) -> None:
        """Go on with leaving: the handler owes no more answers, or took too long over them."""
        if self._unbind_received is not None:
            self._confirm_unbind(self._unbind_received)
        elif self._history.leaving_at is not None and self._history.unbind_sent_at is None:
            self._send_unbind()

    # Time

    def tick(self, now: float) -> None:
        """Do what the timers demand: give up requests, ask for signs of life, close.

        Calling it early does nothing; `next_deadline` says when there is something to do.
        """
        self._now = now
        settings = self.timers
        history = self._history
        if self.state in UNBOUND_STATES:
            if now >= when.session_init_due(settings, history):
                self.close("no bind was completed in time (session_init timer)")
            return
        if not self.bound:
            return
        if now >= when.response_due(settings, history, self.window.oldest_sent_at):
            for token in self.window.expired(now, settings.response):
                self.handler.on_timeout(token)
        if self.close_reason is not None:  # by the handler, just now
            return
        if now >= min(when.unbind_confirmation_due(settings, history), when.leave_due(settings, history)):
            self._settle()
        elif now >= when.unbind_response_due(settings, history):
            self.close("unbind was not answered")
        elif now >= when.dead_peer_due(settings, history):
            self.close("the peer does not answer enquire_link")
        elif now >= when.inactivity_due(settings, history):
            self.unbind(now)
        elif now >= when.enquire_link_due(settings, history):
            # A peer that never answers but talks otherwise stays; what it left unanswered must not pile up.
            self._controls = {n: asked for n, asked in self._controls.items() if asked != _ENQUIRE_LINK}
            self._send_control(EnquireLink())
            history.asked_at = now

    @property
    def next_deadline(self) -> float:
        """When `tick` has something to do; infinity for never, unless something happens before."""
        if self.state in UNBOUND_STATES:
            return when.session_init_due(self.timers, self._history)
        if not self.bound:
            return inf
        return when.next_bound_deadline(self.timers, self._history, self.window.oldest_sent_at)

    def set_reading(self, reading: bool, now: float) -> None:
        """Learn that the pump stopped or resumed reading: our own deafness is not the peer's silence.

        While it lasts no request expires and no peer counts as dead; afterwards those timers start afresh.
        """
        history = self._history
        if reading and not history.reading:
            history.resumed_at = history.heard_at = history.active_at = now
        history.reading = reading
        self._now = now

    # Inside

    def _not_now(self, pdu: Pdu) -> InvalidStateError:
        whose = f"the {self.role.value}'s to send in {self.state.value} ({self.version.name})"
        return InvalidStateError(f"{pdu.name} is not {whose}")

    def _enter(self, state: SessionState) -> None:
        self.state = state
        self._accepts = MAY_RECEIVE[self.version, self.role, state] - _CONTROL
        self._sendable = MAY_SEND[self.version, self.role, state] - {*BIND_COMMANDS, _UNBIND}

    def _send_control(self, pdu: Pdu) -> None:
        number = next_sequence_number(self._last_sequence_number)
        pdu.sequence_number = number
        self._outgoing.append(encode(pdu))
        self._last_sequence_number = number
        self._controls[number] = pdu.command_id

    def _take_control_request(self, pdu: Pdu) -> None:
        """Deal with a request that does not go straight to the handler in this state."""
        command_id = pdu.command_id
        if command_id == _ENQUIRE_LINK:
            self._outgoing.append(encode(pdu.response()))
            self.enquired_at = self._now
        elif command_id not in MAY_RECEIVE[self.version, self.role, self.state]:
            self._answer_violation(pdu)
        elif isinstance(pdu, Bind):
            # A transceiver may call itself 3.3: it is one all the same, and gets no TLVs.
            if self._pending_bind is not None:
                self._answer_violation(pdu)
            else:
                self._pending_bind = pdu
                self.handler.on_bind(pdu)
        elif command_id == _UNBIND:
            self._take_unbind(pdu)
        elif isinstance(pdu, Outbind):
            self._enter(SessionState.OUTBOUND)
            self.handler.on_outbind(pdu)
        elif command_id in REQUESTS_WITHOUT_RESPONSE:
            self._history.active_at = self._now
            self.handler.on_request(pdu)
        else:
            # Legal in this state, but one of us is leaving.
            self._outgoing.append(encode(pdu.response(TRY_LATER[self.role])))

    def _take_unbind(self, pdu: Pdu) -> None:
        self._unbind_received = pdu
        self._history.unbind_received_at = self._now
        self._sendable = self._accepts = _NOTHING
        self.handler.on_unbind()
        if not self._owed and self.close_reason is None:
            self._confirm_unbind(pdu)

    def _answer_violation(self, pdu: Pdu) -> None:
        self.violations += 1
        self._outgoing.append(encode(refusal(pdu, self.version, self.role)))

    def _take_control_response(self, pdu: Pdu) -> None:
        """Deal with a response that answers none of the handler's requests."""
        number = pdu.sequence_number
        asked = self._controls.get(number)
        command_id = pdu.command_id
        if asked in BIND_COMMANDS and (command_id in BIND_RESPONSES or command_id == _GENERIC_NACK):
            del self._controls[number]
            self._take_bind_answer(BIND_COMMANDS[asked], pdu)
        elif asked == _UNBIND and command_id in {_UNBIND_RESP, _GENERIC_NACK}:
            # Whatever the status, nobody is left to talk to.
            del self._controls[number]
            self._enter(SessionState.UNBOUND)
            self.close("unbound")
        elif asked == _ENQUIRE_LINK and command_id in {_ENQUIRE_LINK_RESP, _GENERIC_NACK}:
            del self._controls[number]
            self.enquired_at = self._now
        elif command_id != _GENERIC_NACK or number or not self._give_nack_to_only(pdu):
            self.unmatched += 1
            late = self.window.match_late(number, command_id)
            if late is not None:
                self.handler.on_late_response(late[0], pdu)

    def _give_nack_to_only(self, pdu: Pdu) -> bool:
        """Match a generic_nack of sequence number 0, from a peer that could not even read ours.

        Certain only when a single request waits. Returns whether it was matched.
        """
        only = self.window.only()
        entry: tuple[Any, float, int] | None = None
        if only is not None:
            entry = self.window.match(only, pdu.command_id)
        if entry is None:
            return False
        self.handler.on_response(entry[0], pdu)
        return True
