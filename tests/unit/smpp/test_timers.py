from math import inf, nan

import pytest

from trunkline.smpp import timers
from trunkline.smpp.timers import History, TimerSettings

ON = TimerSettings(session_init=5, enquire_link=30, enquire_link_response=10, inactivity=300, response=20)
OFF = TimerSettings(session_init=0, enquire_link=0, enquire_link_response=0, inactivity=0, response=0)


def history(**times: float | bool) -> History:
    made = History(100.0)
    for name, value in times.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("function", "times", "expected"),
    [
        (timers.session_init_due, {}, 105),
        (timers.enquire_link_due, {}, 130),
        (timers.enquire_link_due, {"heard_at": 120.0}, 150),
        (timers.enquire_link_due, {"heard_at": 120.0, "asked_at": 150.0}, inf),
        (timers.enquire_link_due, {"reading": False}, inf),
        (timers.dead_peer_due, {}, inf),
        (timers.dead_peer_due, {"asked_at": 130.0}, 140),
        (timers.dead_peer_due, {"asked_at": 130.0, "reading": False}, inf),
        (timers.inactivity_due, {"active_at": 200.0, "heard_at": 400.0}, 500),
        (timers.inactivity_due, {"leaving_at": 100.0}, inf),
        (timers.inactivity_due, {"reading": False}, inf),
        (timers.leave_due, {}, inf),
        (timers.leave_due, {"leaving_at": 110.0}, 130),
        (timers.leave_due, {"leaving_at": 110.0, "unbind_sent_at": 111.0}, inf),
        (timers.unbind_response_due, {"unbind_sent_at": 111.0}, 131),
        (timers.unbind_response_due, {}, inf),
        (timers.unbind_confirmation_due, {"unbind_received_at": 111.0}, 131),
        (timers.unbind_confirmation_due, {}, inf),
    ],
)
def test_when_each_is_due(function, times, expected):
    assert function(ON, history(**times)) == expected
    assert function(OFF, history(**times)) == inf


@pytest.mark.parametrize(
    ("oldest", "times", "expected"),
    [
        (None, {}, inf),
        (110.0, {}, 130),
        (110.0, {"resumed_at": 125.0}, 145),
        (110.0, {"reading": False}, inf),
    ],
)
def test_when_the_oldest_request_is_due(oldest, times, expected):
    assert timers.response_due(ON, history(**times), oldest) == expected
    assert timers.response_due(OFF, history(**times), oldest) == inf


def test_the_next_deadline_is_the_first():
    assert timers.next_bound_deadline(ON, history(), None) == 130
    assert timers.next_bound_deadline(ON, history(), 101.0) == 121
    assert timers.next_bound_deadline(ON, history(reading=False), 101.0) == inf
    assert timers.next_bound_deadline(OFF, history(asked_at=100.0), 101.0) == inf


@pytest.mark.parametrize("value", [-1, nan, inf])
@pytest.mark.parametrize(
    "name", ["session_init", "enquire_link", "enquire_link_response", "inactivity", "response"]
)
def test_settings_are_checked(name: str, value: float):
    with pytest.raises(ValueError, match=name):
        TimerSettings(**{name: value})
