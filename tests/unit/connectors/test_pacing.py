import random
from collections import deque
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.connectors.pacing import BURST_S, AdaptiveRate, Backoff, TokenBucket


class TestTokenBucket:
    def test_begins_with_a_burst_and_refills(self):
        bucket = TokenBucket(100, 10.0)
        assert bucket.available(10.0) == 2
        bucket.take()
        bucket.take()
        assert bucket.available(10.0) == 0
        assert bucket.wait(10.0) == pytest.approx(0.01)
        assert bucket.available(10.01) == 1
        assert bucket.available(99.0) == 2

    def test_a_slow_rate_still_gives_whole_tokens(self):
        bucket = TokenBucket(0.5, 0.0)
        assert bucket.available(0.0) == 1
        bucket.take()
        assert bucket.wait(0.0) == pytest.approx(2.0)
        assert bucket.available(1.9) == 0
        assert bucket.available(2.0) == 1

    def test_time_that_steps_back_gives_nothing(self):
        bucket = TokenBucket(10, 5.0)
        bucket.take()
        assert bucket.available(4.0) == 0
        assert bucket.available(5.05) == 0
        assert bucket.available(5.1) == 1

    def test_a_changed_rate_keeps_what_was_saved(self):
        bucket = TokenBucket(1000, 0.0)
        bucket.set_rate(100, 0.0)
        assert bucket.available(0.0) == 2
        bucket.set_rate(1000, 0.0)
        assert bucket.available(0.0) == 2
        assert bucket.available(0.003) == 5

    @given(
        st.floats(0.5, 5000),
        st.lists(st.floats(0, 0.3), min_size=1, max_size=200),
    )
    def test_no_second_has_more_than_the_rate_and_a_burst(self, rate, steps):
        bucket = TokenBucket(rate, 0.0)
        now = 0.0
        taken = deque()
        for step in steps:
            now += step
            for _ in range(bucket.available(now)):
                bucket.take()
                taken.append(now)
            while taken and taken[0] <= now - 1.0:
                taken.popleft()
            assert len(taken) <= rate + max(1.0, rate * BURST_S) + 1e-6

    @given(st.floats(0.5, 5000), st.floats(0, 10))
    def test_after_the_wait_there_is_a_token(self, rate, now):
        bucket = TokenBucket(rate, now)
        for _ in range(bucket.available(now)):
            bucket.take()
        assert bucket.available(now + bucket.wait(now) + 1e-9) >= 1


class StrictSmsc:
    """Takes `limit` in any second, refuses the rest; answers after `delay` seconds."""

    def __init__(self, limit, delay, window=100):
        self.limit = limit
        self.delay = delay
        self.window = window
        self.taken = deque()
        self.answers = deque()
        self.accepted = []
        self.refused = 0
        self.broken = False

    def run(self, pace, start, end):
        for millisecond in range(int(start * 1000), int(end * 1000)):
            now = millisecond / 1000
            count = 0
            while self.answers and self.answers[0][0] <= now:
                _, ok = self.answers.popleft()
                count += 1
                if ok:
                    pace.accepted += 1
                    self.accepted.append(now)
                else:
                    self.refused += 1
                    pace.refused(now, len(self.answers), throttled=True)
            pace.settle(now, count)
            while len(self.answers) < self.window and (not pace.limited or pace.room(now) > 0):
                pace.take()
                while self.taken and self.taken[0] <= now - 1.0:
                    self.taken.popleft()
                ok = len(self.taken) < self.limit and not self.broken
                if ok:
                    self.taken.append(now)
                self.answers.append((now + self.delay, ok))

    def rate(self, start, end):
        return sum(start <= at < end for at in self.accepted) / (end - start)


class TestAdaptiveRate:
    def test_without_refusals_there_is_no_limit(self):
        pace = AdaptiveRate(0.0)
        for second in range(100):
            pace.accepted += 5000
            pace.settle(float(second), 5000)
        assert not pace.limited
        assert pace.rate == inf
        assert pace.wait(100.0) == 0.0

    @pytest.mark.parametrize("limit", [10, 100, 1000])
    @pytest.mark.parametrize("delay", [0.002, 0.05, 0.2])
    def test_it_finds_the_smscs_rate(self, limit, delay):
        smsc = StrictSmsc(limit, delay)
        pace = AdaptiveRate(0.0)
        smsc.run(pace, 0, 30)
        reachable = min(limit, smsc.window / delay)
        assert smsc.rate(5, 30) >= 0.85 * reachable
        # Few are refused: the first window, and now and then a handful of probes.
        assert smsc.refused <= smsc.window + 0.03 * len(smsc.accepted) + 60

    def test_an_smsc_that_takes_nothing_is_asked_seldom_and_found_again(self):
        smsc = StrictSmsc(500, 0.005)
        pace = AdaptiveRate(0.0)
        smsc.run(pace, 0, 10)
        smsc.broken = True
        refused = smsc.refused
        smsc.run(pace, 10, 30)
        assert smsc.refused - refused < 20 * 25
        assert smsc.rate(11, 30) == 0
        smsc.broken = False
        smsc.run(pace, 30, 40)
        assert smsc.rate(33, 40) >= 0.8 * 500

    def test_the_limit_is_forgotten(self):
        smsc = StrictSmsc(50, 0.005)
        pace = AdaptiveRate(0.0)
        smsc.run(pace, 0, 3)
        assert pace.limited
        smsc.limit = 10**9
        smsc.run(pace, 3, 70)
        assert not pace.limited

    def test_a_refusal_pauses_and_stale_answers_do_not_count(self):
        pace = AdaptiveRate(0.0)
        pace.accepted = 10
        assert pace.refused(1.0, 5, throttled=True)
        assert pace.room(1.0) == 0
        assert pace.wait(1.0) == pytest.approx(pace.PAUSE_S)
        rate = pace.rate
        assert not pace.refused(1.2, 4, throttled=True)
        pace.settle(1.2, 5)
        assert pace.rate == rate
        assert pace.refused(1.3, 0, throttled=True)

    def test_pauses_grow_while_nothing_is_accepted(self):
        pace = AdaptiveRate(0.0)
        now = 0.0
        pauses = []
        for _ in range(9):
            assert pace.refused(now, 0, throttled=True)
            pauses.append(pace.paused_until - now)
            now = pace.paused_until + 0.001
        assert pauses == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0])
        assert pace.rate == pace.FIRST  # refusals alone say nothing about a rate

    def test_an_smsc_that_can_hardly_take_more_is_given_less_without_a_pause(self):
        pace = AdaptiveRate(0.0)
        pace.strained(0.1)
        assert not pace.limited  # nothing is known of its rate yet
        pace.accepted = 200
        pace.settle(1.0, 200)
        pace.strained(1.1)
        assert pace.rate == pytest.approx(180)
        assert pace.room(1.1) > 0
        pace.strained(1.5)
        assert pace.rate == pytest.approx(180)  # once in a second
        pace.accepted = 180
        pace.settle(2.1, 180)
        rate = pace.rate
        pace.strained(2.2)
        assert pace.rate < rate

    def test_other_errors_count_only_as_the_majority(self):
        pace = AdaptiveRate(0.0)
        pace.accepted = 5
        for _ in range(5):
            assert not pace.refused(0.5, 0, throttled=False)
        assert not pace.limited
        assert pace.refused(0.5, 0, throttled=False)
        assert pace.limited


class TestBackoff:
    def test_grows_to_the_most_with_full_jitter(self):
        rng = random.Random(7)
        seen = [[] for _ in range(12)]
        for _ in range(500):
            backoff = Backoff(1.0, 60.0, rng)
            for waits in seen:
                waits.append(backoff.next())
        for failures, waits in enumerate(seen, 1):
            limit = min(60.0, 2.0**failures)
            assert all(1.0 <= wait <= limit for wait in waits)
            assert min(waits) < 1.0 + 0.1 * limit
            assert max(waits) > 0.9 * limit

    def test_reset(self):
        backoff = Backoff(1.0, 1000.0, random.Random(1))
        for _ in range(10):
            backoff.next()
        backoff.reset()
        assert backoff.next() <= 2.0

    def test_a_most_below_the_least_and_endless_failures(self):
        backoff = Backoff(5.0, 1.0, random.Random(1))
        assert backoff.most == 5.0
        assert [backoff.next() for _ in range(3000)] == [5.0] * 3000
