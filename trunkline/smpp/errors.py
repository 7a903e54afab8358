"""What can go wrong on an SMPP link, sorted by whose fault it is.

SmppError
|-- LocalError              we broke the rules: a programming error or a full window on our side
|   |-- EncodeError         a field's value does not fit its layout
|   |-- InvalidStateError   the command is not ours to send in this state
|   `-- WindowFullError     as many requests as agreed wait for an answer
`-- RemoteError             the peer broke the rules
    |-- FramingError        where the next PDU starts is unknown: answer and close
    `-- PduError            one PDU is bad, its header is readable: answer it and go on
"""

from trunkline.smpp.constants import CommandStatus


class SmppError(Exception):
    """Anything this package raises."""


class LocalError(SmppError):
    """Our side broke the rules."""


class EncodeError(LocalError, ValueError):
    """A field's value does not fit its layout."""


class InvalidStateError(LocalError):
    """The command must not be sent by this role in this session state (SMPP 3.4 section 2.3)."""


class WindowFullError(LocalError):
    """As many requests as agreed are already waiting for an answer."""


class RemoteError(SmppError):
    """The peer broke the rules."""


class FramingError(RemoteError):
    """The stream has lost its frame: there is no way to find where the next PDU starts.

    `status` is what the closing generic_nack says (ESME_RINVCMDLEN), `sequence_number` the one that stood in
    the broken header (0 where even that is meaningless).
    """

    def __init__(self, reason: str, sequence_number: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status: int = CommandStatus.ESME_RINVCMDLEN.value
        self.sequence_number = sequence_number


class PduError(RemoteError):
    """One PDU cannot be understood, but its header can: it is answered with `status` and the stream goes on.

    `raw` is the whole PDU, header included.
    """

    def __init__(self, command_id: int, sequence_number: int, status: int, reason: str, raw: bytes) -> None:
        super().__init__(reason)
        self.command_id = command_id
        self.sequence_number = sequence_number
        self.status = status
        self.reason = reason
        self.raw = raw
