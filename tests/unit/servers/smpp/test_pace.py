"""The rate that a session is shown with."""

from trunkline.servers.smpp.pace import Pace


def test_the_last_ten_seconds_count() -> None:
    pace = Pace(1_000)
    assert pace.look(1_000, 0) == 0
    assert pace.look(3_000, 20) == 10
    assert pace.look(3_100, 41) == 41 * 1000 / 2100, "looks that follow each other are one"
    for second in range(4, 31):
        assert pace.look(second * 1000, 41) >= 0
    assert pace.look(31_000, 41) == 0, "what was longer ago does not count"


def test_after_a_long_time_without_a_look_it_is_the_average() -> None:
    pace = Pace(0)
    assert pace.look(100_000, 500) == 5
