"""Who may send what when: the operation matrices of all versions as one table.

SMPP 3.4 section 2.3, SMPP 5.0 section 2.4; 3.3 has the operations of 3.4 without bind_transceiver, outbind,
data_sm and alert_notification. What a role may receive in a state is what its peer may send in it.
"""

from enum import Enum
from typing import Final

from trunkline.smpp.constants import RESPONSE_BIT, BindType, CommandId, Role, Version


class SessionState(Enum):
    """The states of a session (SMPP 3.4 section 2.2, SMPP 5.0 section 2.3).

    OUTBOUND: the SMSC has sent outbind, the ESME's bind is awaited; a state of its own only in 5.0's text.
    UNBOUND: unbind was answered, the link is about to close.
    """

    OPEN = "OPEN"
    OUTBOUND = "OUTBOUND"
    BOUND_TX = "BOUND_TX"
    BOUND_RX = "BOUND_RX"
    BOUND_TRX = "BOUND_TRX"
    UNBOUND = "UNBOUND"
    CLOSED = "CLOSED"


UNBOUND_STATES: Final = frozenset({SessionState.OPEN, SessionState.OUTBOUND})
"""The states in which a bind is awaited."""

_OPEN: Final = frozenset({SessionState.OPEN})
_TRANSMITS: Final = frozenset({SessionState.BOUND_TX, SessionState.BOUND_TRX})
_RECEIVES: Final = frozenset({SessionState.BOUND_RX, SessionState.BOUND_TRX})
_BOUND: Final = _TRANSMITS | _RECEIVES
_ALIVE: Final = UNBOUND_STATES | _BOUND | {SessionState.UNBOUND}
_NEVER: Final[frozenset[SessionState]] = frozenset()

BOUND_STATES: Final = _BOUND
"""The states in which messages travel."""

_States = frozenset[SessionState]

# Request: the version it appeared in, the states in which the ESME may send it, those in which the SMSC may.
# "Transmits" and "receives" are the ESME's view: the SMSC delivers to sessions that receive. enquire_link is
# allowed from the first octet to the last, wider than 3.4's table, because real peers ask before they bind.
REQUESTS: Final[dict[CommandId, tuple[Version, _States, _States]]] = {
    CommandId.BIND_RECEIVER: (Version.V33, UNBOUND_STATES, _NEVER),
    CommandId.BIND_TRANSMITTER: (Version.V33, UNBOUND_STATES, _NEVER),
    CommandId.BIND_TRANSCEIVER: (Version.V34, UNBOUND_STATES, _NEVER),
    CommandId.OUTBIND: (Version.V34, _NEVER, _OPEN),
    CommandId.UNBIND: (Version.V33, _BOUND, _BOUND),
    CommandId.ENQUIRE_LINK: (Version.V33, _ALIVE, _ALIVE),
    CommandId.SUBMIT_SM: (Version.V33, _TRANSMITS, _NEVER),
    CommandId.SUBMIT_MULTI: (Version.V33, _TRANSMITS, _NEVER),
    CommandId.DATA_SM: (Version.V34, _TRANSMITS, _RECEIVES),
    CommandId.DELIVER_SM: (Version.V33, _NEVER, _RECEIVES),
    CommandId.QUERY_SM: (Version.V33, _TRANSMITS, _NEVER),
    CommandId.CANCEL_SM: (Version.V33, _TRANSMITS, _NEVER),
    CommandId.REPLACE_SM: (Version.V33, _TRANSMITS, _NEVER),
    CommandId.ALERT_NOTIFICATION: (Version.V34, _NEVER, _RECEIVES),
    CommandId.BROADCAST_SM: (Version.V50, _TRANSMITS, _NEVER),
    CommandId.QUERY_BROADCAST_SM: (Version.V50, _TRANSMITS, _NEVER),
    CommandId.CANCEL_BROADCAST_SM: (Version.V50, _TRANSMITS, _NEVER),
}

COMMANDS: Final[dict[Version, frozenset[int]]] = {
    version: frozenset(command.value for command, (since, _, _) in REQUESTS.items() if since <= version)
    for version in Version
}
"""The requests each version has. To a session of that version all others are unknown commands."""


def may_send(version: Version, role: Role, state: SessionState) -> frozenset[int]:
    """Return the command_ids of the requests this role may send in this state of a session."""
    allowed = {
        command.value
        for command, (_, esme, smsc) in REQUESTS.items()
        if state in (esme if role is Role.ESME else smsc)
    }
    return COMMANDS[version] & allowed


MAY_SEND: Final[dict[tuple[Version, Role, SessionState], frozenset[int]]] = {
    (version, role, state): may_send(version, role, state)
    for version in Version
    for role in Role
    for state in SessionState
}
"""What each role may send in each state of each version; computed once."""

MAY_RECEIVE: Final[dict[tuple[Version, Role, SessionState], frozenset[int]]] = {
    (version, role, state): MAY_SEND[version, role.peer, state] for version, role, state in MAY_SEND
}
"""What each role may receive in each state of each version: what its peer may send."""

BIND_COMMANDS: Final[dict[int, BindType]] = {
    CommandId.BIND_TRANSMITTER.value: BindType.TX,
    CommandId.BIND_RECEIVER.value: BindType.RX,
    CommandId.BIND_TRANSCEIVER.value: BindType.TRX,
}
"""Bind requests by command_id."""

BIND_RESPONSES: Final = frozenset(command_id | RESPONSE_BIT for command_id in BIND_COMMANDS)
"""command_ids of the bind responses."""

BOUND_STATE: Final[dict[BindType, SessionState]] = {
    BindType.TX: SessionState.BOUND_TX,
    BindType.RX: SessionState.BOUND_RX,
    BindType.TRX: SessionState.BOUND_TRX,
}
"""The state a bind of this type leads to."""
