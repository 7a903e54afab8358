"""Why a connector is not faster: each limit in turn, and the words for it."""

from dataclasses import replace
from typing import Any

import pytest

from trunkline.model.snapshot import ConnectorConfig
from trunkline.model.status import BindStatus, ConnectorSpeed, ConnectorStatus
from trunkline.services.bottleneck import Bottleneck, Limit, explain
from trunkline.services.connectors import DEFAULTS

CONFIG = replace(DEFAULTS, connector_id="acme", window=10)
BOUND = BindStatus("TRX", "BOUND_TRX", 0, "", "", 0, "")
DOWN = BindStatus("TRX", "CLOSED", 0, "", "", 0, "connection refused; next attempt in 3.0 s")


def look(config: ConnectorConfig = CONFIG, waiting: int = 0, queued: int = 5000, **speed: Any) -> Bottleneck:
    values = {
        "round_trip_ms": 120.0, "submitted_per_s": 80.0, "accepted_per_s": 80.0, "refused_per_s": 0.0,
        "window": 10, "in_flight": 10, "throttled_to": None,
    }  # fmt: skip
    status = ConnectorStatus("acme", True, (BOUND,), waiting, speed=ConnectorSpeed(**(values | speed)))
    return explain(config, status, queued)


def test_the_window() -> None:
    found = look(replace(CONFIG, throughput=200))
    assert (found.limit, found.by_throughput, found.waiting) == (Limit.WINDOW, 200, 5000)
    assert found.explanation == (
        "Window 10 x 1 bind(s) / 120 ms round-trip = 83 submit_sm per second is the limit."
    )
    assert found.advice.startswith("For 200 per second 24 unanswered submits are needed in all")
    assert found.by_window == pytest.approx(83.3, abs=0.1)
    assert look().advice.startswith("For 167, twice as many, per second 20 unanswered submits")
    assert look(window=20, submitted_per_s=160.0).explanation.startswith("Window 10 x 2 bind(s)")


def test_the_configured_throughput() -> None:
    found = look(replace(CONFIG, throughput=80), window=100, in_flight=9)
    assert found.limit is Limit.THROUGHPUT
    assert "set to 80 submit_sm per second" in found.explanation
    assert "trunkline connector change acme --throughput" in found.advice


def test_the_smsc() -> None:
    found = look(replace(CONFIG, throughput=100), throttled_to=90.0, refused_per_s=2.5)
    assert (found.limit, found.by_smsc) == (Limit.SMSC, 90.0)
    assert 'answers "too fast" above about 90' in found.explanation
    assert "2.5 refusals per second" in found.explanation


def test_nothing_to_send_and_the_gateway() -> None:
    assert look(queued=0, submitted_per_s=3.0).limit is Limit.NOTHING_TO_SEND
    found = look(queued=10, waiting=5, submitted_per_s=3.0)
    assert (found.limit, found.waiting) == (Limit.GATEWAY, 15)
    assert "15 segments wait" in found.explanation
    assert look(queued=10, submitted_per_s=3.0, round_trip_ms=None).limit is Limit.GATEWAY


@pytest.mark.parametrize(
    ("enabled", "status", "limit", "says"),
    [
        (False, None, Limit.STOPPED, "it is stopped"),
        (True, None, Limit.STOPPED, "no gateway runs it"),
        (True, ConnectorStatus("acme", False, (), 0), Limit.STOPPED, "no gateway runs it"),
        (True, ConnectorStatus("acme", True, (DOWN, DOWN), 0), Limit.NOT_BOUND, ": connection refused"),
    ],
)
def test_where_nothing_moves(enabled: bool, status: ConnectorStatus | None, limit: Limit, says: str) -> None:
    found = explain(replace(CONFIG, enabled=enabled), status, 7)
    assert (found.limit, found.reached, found.by_window, found.waiting) == (limit, 0.0, None, 7)
    assert says in found.explanation
    assert found.explanation.count("connection refused") <= 1
