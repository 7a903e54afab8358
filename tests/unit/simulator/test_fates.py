from trunkline.simulator.fates import Fates, Throttle
from trunkline.simulator.scenario import Scenario


def test_a_well_behaved_smsc_draws_nothing() -> None:
    fates = Fates(Scenario())
    assert fates.error is fates.no_answer is None
    assert fates.late is fates.take_before_cut is None
    assert fates.response_delay_s() == fates.receipt_delay_s() == 0


def test_shares_are_met_and_repeat_with_the_seed() -> None:
    def draws(**settings: float) -> list[bool]:
        error = Fates(Scenario(**settings)).error  # type: ignore[arg-type]
        assert error is not None
        return [error() for _ in range(2000)]

    first = draws(seed=3, error_share=0.25)
    assert 400 < sum(first) < 600
    assert draws(seed=3, error_share=0.25, missing_share=0.9, response_jitter_ms=9) == first
    assert draws(seed=4, error_share=0.25) != first
    assert all(draws(error_share=1))


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
