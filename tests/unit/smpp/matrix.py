"""The operation matrices, written out by hand from the specifications' tables (3.4: 2.3, 5.0: 2.4)."""

from trunkline.smpp.constants import Role, Version
from trunkline.smpp.state import SessionState

O, OUT = SessionState.OPEN, SessionState.OUTBOUND  # noqa: E741 - the table below is read as columns
TX, RX, TRX = SessionState.BOUND_TX, SessionState.BOUND_RX, SessionState.BOUND_TRX
UNBOUND = SessionState.UNBOUND

BY_ESME = {
    "BIND_TRANSMITTER": {O, OUT},
    "BIND_RECEIVER": {O, OUT},
    "BIND_TRANSCEIVER": {O, OUT},
    "OUTBIND": set(),
    "UNBIND": {TX, RX, TRX},
    "SUBMIT_SM": {TX, TRX},
    "SUBMIT_MULTI": {TX, TRX},
    "DATA_SM": {TX, TRX},
    "DELIVER_SM": set(),
    "QUERY_SM": {TX, TRX},
    "CANCEL_SM": {TX, TRX},
    "REPLACE_SM": {TX, TRX},
    "ENQUIRE_LINK": {O, OUT, TX, RX, TRX, UNBOUND},
    "ALERT_NOTIFICATION": set(),
    "BROADCAST_SM": {TX, TRX},
    "QUERY_BROADCAST_SM": {TX, TRX},
    "CANCEL_BROADCAST_SM": {TX, TRX},
}
BY_SMSC = {
    "BIND_TRANSMITTER": set(),
    "BIND_RECEIVER": set(),
    "BIND_TRANSCEIVER": set(),
    "OUTBIND": {O},
    "UNBIND": {TX, RX, TRX},
    "SUBMIT_SM": set(),
    "SUBMIT_MULTI": set(),
    "DATA_SM": {RX, TRX},
    "DELIVER_SM": {RX, TRX},
    "QUERY_SM": set(),
    "CANCEL_SM": set(),
    "REPLACE_SM": set(),
    "ENQUIRE_LINK": {O, OUT, TX, RX, TRX, UNBOUND},
    "ALERT_NOTIFICATION": {RX, TRX},
    "BROADCAST_SM": set(),
    "QUERY_BROADCAST_SM": set(),
    "CANCEL_BROADCAST_SM": set(),
}
BY_ROLE: dict[Role, dict[str, set[SessionState]]] = {Role.ESME: BY_ESME, Role.SMSC: BY_SMSC}

IN_33 = {
    *("BIND_TRANSMITTER", "BIND_RECEIVER", "UNBIND", "ENQUIRE_LINK", "DELIVER_SM"),
    *("SUBMIT_SM", "SUBMIT_MULTI", "QUERY_SM", "CANCEL_SM", "REPLACE_SM"),
}
IN_34 = IN_33 | {"BIND_TRANSCEIVER", "OUTBIND", "DATA_SM", "ALERT_NOTIFICATION"}
IN_50 = IN_34 | {"BROADCAST_SM", "QUERY_BROADCAST_SM", "CANCEL_BROADCAST_SM"}
IN_VERSION = {Version.V33: IN_33, Version.V34: IN_34, Version.V50: IN_50}

# Every state a session can be brought into by its peers, in every version that has it.
REACHED = [
    (version, state)
    for version in Version
    for state in (O, OUT, TX, RX, TRX)
    if version is not Version.V33 or state not in {OUT, TRX}
]


def allowed(version: Version, sender: Role, state: SessionState) -> set[str]:
    """The requests this role may send in this state of a session of this version."""
    return {name for name, states in BY_ROLE[sender].items() if state in states} & IN_VERSION[version]
