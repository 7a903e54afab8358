from trunkline.simulator.fates import Fates, Throttle
from trunkline.simulator.scenario import Scenario


def test_a_well_behaved_smsc_draws_nothing() -> None:
    fates = Fates(Scenario())
    assert fates.no_answer is fates.late is fates.take_before_cut is None
    assert fates.share("error", 0) is None
    assert fates.response_delay_s() == fates.receipt_delay_s() == 0


def test_shares_are_met_and_repeat_with_the_seed() -> None:
    def draws(share: float, name: str = "error", **settings: float) -> list[bool]:
        draw = Fates(Scenario(**settings)).share(name, share)  # type: ignore[arg-type]
        assert draw is not None
        return [draw() for _ in range(2000)]

    first = draws(0.25, seed=3)
    assert 400 < sum(first) < 600
    assert draws(0.25, seed=3, missing_share=0.9, response_jitter_ms=9) == first
    assert draws(0.25, seed=4) != first
    assert draws(0.25, "missing", seed=3) != first
    assert all(draws(1))


def test_delays_stay_within_their_jitter() -> None:
    fates = Fates(Scenario(response_delay_ms=20, response_jitter_ms=10, receipt_delay_ms=500))
    delays = [fates.response_delay_s() for _ in range(500)]
    assert 0.02 <= min(delays) < 0.021
    assert 0.029 < max(delays) <= 0.03
    assert {fates.receipt_delay_s() for _ in range(5)} == {0.5}


def test_throttle_keeps_the_average_and_allows_short_bursts() -> None:
    throttle = Throttle(100, now=0)
    assert [throttle.allows(0) for _ in range(12)] == [True] * 10 + [False] * 2
    assert throttle.allows(0.01)
    assert not throttle.allows(0.01)
    # ten seconds of asking a thousand times a second
    assert 998 <= sum(throttle.allows(1 + ms / 1000) for ms in range(10_000)) <= 1010


def test_throttle_below_one_per_second() -> None:
    throttle = Throttle(0.5, now=0)
    assert throttle.allows(0)
    assert not throttle.allows(1)
    assert throttle.allows(2.5)
    assert throttle.allows(1000)
    assert not throttle.allows(1000)  # nothing is saved up
