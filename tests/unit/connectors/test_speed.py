"""The meter of a connector's speed, by a clock that the test sets."""

import pytest

from trunkline.connectors.speed import LastGrowth, SpeedMeter
from trunkline.model.status import ConnectorSpeed


def look(meter: SpeedMeter, now: float, submitted: int = 0, **figures: object) -> ConnectorSpeed:
    values = {
        "accepted": submitted, "refused": 0, "window": 10, "in_flight": 3, "throttled_to": None
    } | figures  # fmt: skip
    return meter.look(now, submitted=submitted, **values)  # type: ignore[arg-type]


def test_rates_of_the_last_ten_seconds() -> None:
    meter = SpeedMeter()
    assert look(meter, 100.0, 500).submitted_per_s == 0
    for second in range(1, 6):
        speed = look(meter, 100.0 + second, 500 + 20 * second, refused=second)
    assert (speed.submitted_per_s, speed.accepted_per_s, speed.refused_per_s) == (20, 20, 1)
    for second in range(6, 30):
        speed = look(meter, 100.0 + second, 600, refused=5)
    assert (speed.submitted_per_s, speed.refused_per_s) == (0, 0)
    assert (speed.window, speed.in_flight, speed.throttled_to) == (10, 3, None)


def test_looks_in_a_hurry_do_not_shorten_the_span() -> None:
    meter = SpeedMeter()
    look(meter, 0.0)
    for hundredth in range(1, 1000):
        speed = look(meter, hundredth / 100, hundredth)
    assert speed.submitted_per_s == pytest.approx(100)


def test_the_round_trip_is_a_mean_that_follows() -> None:
    meter = SpeedMeter()
    assert look(meter, 0.0).round_trip_ms is None
    meter.answered(0.1)
    assert look(meter, 1.0).round_trip_ms == pytest.approx(100)
    for _ in range(40):
        meter.answered(0.5)
    assert look(meter, 2.0).round_trip_ms == pytest.approx(500, rel=0.01)


def test_when_a_counter_grew_last() -> None:
    growth = LastGrowth()
    assert growth.look(0, 1_000) == 0
    assert growth.look(3, 2_000) == 2_000
    assert growth.look(3, 3_000) == 2_000
    assert growth.look(4, 4_000) == 4_000
