"""The SMPP timers (SMPP 3.4 section 7.2) as pure functions: when each is due, given what happened when.

All times are seconds of one monotonic clock. A setting of 0 switches its timer off; a timer that is off, or
has nothing to wait for, is due at infinity.
"""

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class TimerSettings:
    """Seconds for each timer; 0 switches it off."""

    session_init: float = 30.0
    """From the connection to a completed bind (session_init_timer)."""
    enquire_link: float = 30.0
    """Silence of the peer after which an enquire_link is sent (enquire_link_timer)."""
    enquire_link_response: float = 15.0
    """Further silence after that enquire_link until the link counts as dead."""
    inactivity: float = 0.0
    """Time without any message, enquire_links aside, until the session is unbound (inactivity_timer)."""
    response: float = 30.0
    """From a request to its answer (response_timer); also how long an unbind may take."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not 0 <= getattr(self, name) < inf:
                raise ValueError(f"timer {name} is 0 (off) or a number of seconds")


class History:
    """What happened when on one session: all that the timers depend on. None for what did not happen.

    `heard_at` any octet from the peer, `active_at` any message either way, `asked_at` our enquire_link that
    nothing has answered yet (anything heard is an answer), `leaving_at` our wish to unbind, `unbind_sent_at`
    and `unbind_received_at` the unbinds themselves, `resumed_at` the end of our last pause in `reading`.
    """

    __slots__ = (
        "active_at",
        "asked_at",
        "heard_at",
        "leaving_at",
        "opened_at",
        "reading",
        "resumed_at",
        "unbind_received_at",
        "unbind_sent_at",
    )

    def __init__(self, now: float) -> None:
        self.opened_at = self.heard_at = self.active_at = self.resumed_at = now
        self.asked_at: float | None = None
        self.leaving_at: float | None = None
        self.unbind_sent_at: float | None = None
        self.unbind_received_at: float | None = None
        self.reading = True


def _after(since: float | None, seconds: float) -> float:
    return since + seconds if since is not None and seconds else inf


def session_init_due(settings: TimerSettings, history: History) -> float:
    """When an unbound connection is to be closed."""
    return _after(history.opened_at, settings.session_init)


def enquire_link_due(settings: TimerSettings, history: History) -> float:
    """When the next enquire_link is to be sent; never while one waits or while we do not read."""
    if not history.reading or history.asked_at is not None:
        return inf
    return _after(history.heard_at, settings.enquire_link)


def dead_peer_due(settings: TimerSettings, history: History) -> float:
    """When a peer that was asked counts as dead; never while we do not read, for then we are the deaf one."""
    return _after(history.asked_at, settings.enquire_link_response) if history.reading else inf


def inactivity_due(settings: TimerSettings, history: History) -> float:
    """When a session without messages is to be unbound; never while we do not read or already leave."""
    if not history.reading or history.leaving_at is not None:
        return inf
    return _after(history.active_at, settings.inactivity)


def response_due(settings: TimerSettings, history: History, oldest_sent_at: float | None) -> float:
    """When the request that waits longest has waited too long; a pause in reading starts its time afresh."""
    if oldest_sent_at is None or not history.reading:
        return inf
    return _after(max(oldest_sent_at, history.resumed_at), settings.response)


def leave_due(settings: TimerSettings, history: History) -> float:
    """When unbind is to be sent although the handler still owes the peer answers."""
    return _after(history.leaving_at, settings.response) if history.unbind_sent_at is None else inf


def unbind_response_due(settings: TimerSettings, history: History) -> float:
    """When our unbind counts as not answered."""
    return _after(history.unbind_sent_at, settings.response)


def unbind_confirmation_due(settings: TimerSettings, history: History) -> float:
    """When the peer's unbind is to be confirmed although the handler still owes it answers."""
    return _after(history.unbind_received_at, settings.response)


def next_bound_deadline(settings: TimerSettings, history: History, oldest_sent_at: float | None) -> float:
    """When the first timer of a bound session is due."""
    return min(
        response_due(settings, history, oldest_sent_at),
        enquire_link_due(settings, history),
        dead_peer_due(settings, history),
        inactivity_due(settings, history),
        leave_due(settings, history),
        unbind_response_due(settings, history),
        unbind_confirmation_due(settings, history),
    )
