"""What binds and sessions do at this moment, for people and APIs."""

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class BindStatus:
    """One bind of a connector, for people and APIs."""

    bind_type: str  # TX, RX, TRX
    state: str  # DIAL, OPEN, BOUND_TX, BOUND_RX, BOUND_TRX, UNBINDING, CLOSED
    in_flight: int
    local: str
    remote: str
    since: int
    detail: str  # why it is not bound, in words
    connection_id: str = ""  # of the connection there is now, as in the PDU log
    enquired_at: int = 0  # when an enquire_link of either side was answered last (Unix ms); 0: none was
    last_error: str = ""  # why it was down the last time
    last_error_at: int = 0  # when that was (Unix ms)


@dataclass(slots=True, frozen=True)
class SessionStatus:
    """One session of an ESME, for people and APIs."""

    esme_id: int
    system_id: str
    bind_type: str  # TX, RX, TRX
    system_type: str
    state: str  # BOUND_TX, BOUND_RX, BOUND_TRX, UNBINDING
    connection_id: str  # as in the PDU log
    local: str
    remote: str
    delivering: int  # deliver_sm that wait for their answer
    since: int  # when it came to this state (Unix ms)
    account_id: int = 0  # who pays for it
    version: str = "3.4"  # of SMPP: 3.3, 3.4, 5.0
    submitted: int = 0  # messages that it has handed in
    submitted_per_s: float = 0.0  # over the last ten seconds


@dataclass(slots=True, frozen=True)
class ConnectorSpeed:
    """How fast a connector submits; rates are per second, over the last ten seconds."""

    round_trip_ms: float | None  # from submit_sm to its answer; None until one was timed
    submitted_per_s: float
    accepted_per_s: float
    refused_per_s: float
    window: int  # unanswered submits that its bound binds may have
    in_flight: int
    throttled_to: float | None  # submits per second that the SMSC was found to put up with; None: no limit


@dataclass(slots=True, frozen=True)
class ConnectorStatus:
    """A connector's live status on one node."""

    connector_id: str
    running: bool
    binds: tuple[BindStatus, ...]
    waiting: int  # segments held in memory, not yet on the wire
    as_of: int = 0  # when it was written down (Unix ms); 0: it is live
    speed: ConnectorSpeed | None = None  # None while it does not run
    last_submit_at: int = 0  # when an SMSC answered a submit_sm last (Unix ms); 0: never
    last_receipt_at: int = 0  # when a receipt came last (Unix ms); 0: never

    @property
    def bound(self) -> bool:
        """Whether anything can be submitted."""
        return any(bind.state in ("BOUND_TX", "BOUND_TRX") for bind in self.binds)
