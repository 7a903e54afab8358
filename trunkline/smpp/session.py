"""One SMPP session, either role, without I/O: octets and the time go in, handler calls and octets come out.

    session = Session(Role.ESME, handler, now=clock())
    session.bind(BindType.TRX, "user", "secret", now=clock())
    transport.write(session.outgoing())
    session.receive(octets, clock())       # calls the handler, synchronously and in order
    session.tick(clock())                  # whenever session.next_deadline has come

The session itself answers enquire_link in every state, commands that are not allowed in the state, and PDUs
that cannot be parsed; everything else goes to the handler.
"""

from typing import Any, Final

from trunkline.smpp.codec import FrameDecoder, encode
from trunkline.smpp.constants import MAX_PDU_SIZE, RESPONSE_BIT, CommandId, CommandStatus, Role, Version
from trunkline.smpp.dialect import MAX_CONGESTION
from trunkline.smpp.errors import FramingError, PduError, WindowFullError
from trunkline.smpp.handler import Handler
from trunkline.smpp.link import Link
from trunkline.smpp.pdus import PDU_CLASSES, REQUESTS_WITHOUT_RESPONSE, GenericNack, Pdu
from trunkline.smpp.state import COMMANDS, SessionState
from trunkline.smpp.timers import TimerSettings
from trunkline.smpp.window import DEFAULT_WINDOW_SIZE, next_sequence_number

_OUTBIND: Final = CommandId.OUTBIND.value


class Session(Link):
    """One SMPP session. `now` is always monotonic seconds, of one clock for the session's whole life.

    `version` is the highest we speak, and from the bind on the one agreed: 3.3 has neither transceivers nor
    TLVs, operations that a version lacks are unknown commands to it and not ours to send.

    `state` is where it stands, `close_reason` why it ended (None before), `bind_type`, `peer_system_id` and
    `peer_interface_version` what the bind agreed on; a peer that named no version leaves None.

    Counters: `unmatched` responses to nothing we asked, `violations` commands not allowed in their state,
    `malformed` PDUs that could not be read, `decoder.lenient` faults forgiven, `dropped_tlvs` TLVs that 3.3
    kept from being written.
    """

    __slots__ = ("decoder", "malformed")

    def __init__(
        self,
        role: Role,
        handler: Handler,
        *,
        window_size: int = DEFAULT_WINDOW_SIZE,
        timers: TimerSettings | None = None,
        max_pdu_size: int = MAX_PDU_SIZE,
        version: Version = Version.V34,
        now: float = 0.0,
    ) -> None:
        super().__init__(role, handler, window_size, timers, version, now)
        self.decoder = FrameDecoder(max_pdu_size)
        self.malformed = 0

    @property
    def window_room(self) -> int:
        """How many further requests may be sent now; 0 unless bound, or once leaving."""
        return self.window.room if self._sendable and self.bound else 0

    @property
    def dropped_tlvs(self) -> int:
        """How many TLVs were not written because the session speaks 3.3."""
        return self._dialect.dropped_tlvs

    @property
    def congestion_state(self) -> int | None:
        """What a session of 5.0 tells its peer of our load in responses: 0 to 100, None to say nothing.

        80 to 90 means that we do best as it is, more that the peer had better slow down (SMPP 5.0 section
        2.9). Setting it raises ValueError for other numbers; it may be set in any version.
        """
        return self._dialect.congestion_state

    @congestion_state.setter
    def congestion_state(self, value: int | None) -> None:
        if value is not None and not 0 <= value <= MAX_CONGESTION:
            raise ValueError(f"congestion_state is 0 to {MAX_CONGESTION}, not {value}")
        self._dialect.congestion_state = value
        self._encode = self._dialect.encoder()

    def unanswered(self) -> list[Any]:
        """Take the tokens of all requests that still wait for their answer, oldest first."""
        return self.window.drain()

    def send(self, pdu: Pdu, token: Any = None, now: float | None = None) -> int:
        """Queue a request, give it the next sequence number and return that; the answer brings `token` back.

        Raises InvalidStateError when this role must not send it now, WindowFullError, and EncodeError; none
        of them leaves a trace. Binds and unbind have methods of their own.
        """
        command_id = pdu.command_id
        if command_id not in self._sendable:
            raise self._not_now(pdu)
        window = self.window
        if window.full:
            raise WindowFullError(f"{window.size} requests wait for an answer")
        if now is None:
            now = self._now
        number = next_sequence_number(self._last_sequence_number)
        pdu.sequence_number = number
        data = self._encode(pdu)
        if command_id not in REQUESTS_WITHOUT_RESPONSE:
            window.add(number, token, now, command_id)
        elif command_id == _OUTBIND:
            self._enter(SessionState.OUTBOUND)
        self._last_sequence_number = number
        self._outgoing.append(data)
        self._history.active_at = now
        return number

    def respond(self, pdu: Pdu) -> None:
        """Queue the answer to a request that `on_request` brought. Once closed it is dropped in silence.

        Raises EncodeError.
        """
        if self.state is SessionState.CLOSED:
            return
        self._outgoing.append(self._encode(pdu))
        if self._owed:
            self._owed -= 1
            if not self._owed and not self._accepts:
                self._settle()

    def receive(self, data: bytes, now: float) -> None:
        """Take octets from the peer and call the handler for what they hold, in order."""
        if self.state is SessionState.CLOSED:
            return
        history = self._history
        self._now = history.heard_at = now
        history.asked_at = None
        decoder = self.decoder
        try:
            found = decoder.feed(data)
        except FramingError as error:
            self._lose_frame(error)
            return
        handler = self.handler
        on_request = handler.on_request
        on_response = handler.on_response
        match = self.window.match
        for pdu in found:
            if self.close_reason is not None:
                return
            command_id = pdu.command_id
            if isinstance(pdu, PduError):
                self._answer_malformed(pdu)
            elif command_id in self._accepts:
                history.active_at = now
                self._owed += 1
                on_request(pdu)
            elif command_id & RESPONSE_BIT:
                entry = match(pdu.sequence_number, command_id)
                if entry is not None:
                    history.active_at = now
                    on_response(entry[0], pdu)
                else:
                    self._take_control_response(pdu)
            else:
                self._take_control_request(pdu)
        if decoder.failure is not None and self.close_reason is None:
            self._lose_frame(decoder.failure)

    def _lose_frame(self, error: FramingError) -> None:
        nack = GenericNack(command_status=error.status, sequence_number=error.sequence_number)
        self._outgoing.append(encode(nack))
        self.close(error.reason)

    def _answer_malformed(self, error: PduError) -> None:
        self.malformed += 1
        command_id = error.command_id
        cls: type[Pdu] = PDU_CLASSES.get(command_id | RESPONSE_BIT, GenericNack)
        status = error.status
        if not command_id & RESPONSE_BIT and command_id not in COMMANDS[self.version]:
            # Whatever is wrong with it, to a session of this version the command is unknown.
            cls, status = GenericNack, CommandStatus.ESME_RINVCMDID.value
        self._outgoing.append(encode(cls(command_status=status, sequence_number=error.sequence_number)))
        self.handler.on_pdu_error(error)
