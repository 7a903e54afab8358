"""UUIDv7: form, order, uniqueness, and a clock that misbehaves."""

import time
import uuid

import pytest

from trunkline.model import ids
from trunkline.model.ids import MessageIds, first_id, is_id, new_id


def milliseconds_of(identifier: str) -> int:
    """Unix milliseconds at which a UUIDv7 text was made: its first 48 bits (RFC 9562, section 5.7)."""
    return uuid.UUID(identifier).int >> 80


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ms = 1_775_824_200_000
        monkeypatch.setattr(ids.time, "time_ns", lambda: self.ms * 1_000_000 + 999_999)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_the_form_is_that_of_rfc_9562(clock: Clock) -> None:
    make = MessageIds()
    for _ in range(1_000):
        text = make.next()
        parsed = uuid.UUID(text)
        assert str(parsed) == text
        assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
        assert milliseconds_of(text) == clock.ms
        assert is_id(text)


def test_they_increase_within_a_millisecond_and_beyond_its_counter(clock: Clock) -> None:
    make = MessageIds()
    made = [make.next() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert milliseconds_of(made[0]) == clock.ms
    assert milliseconds_of(made[-1]) == clock.ms + 2, "4096 to a millisecond: the clock part runs ahead"


def test_they_increase_when_the_clock_steps_back(clock: Clock) -> None:
    make = MessageIds()
    first = make.next()
    clock.ms -= 3_600_000
    second = make.next()
    clock.ms += 3_600_001
    third = make.next()
    assert first < second < third
    assert milliseconds_of(third) == clock.ms


def test_two_processes_do_not_make_the_same(clock: Clock) -> None:
    one, other = MessageIds(), MessageIds()
    assert {one.next() for _ in range(3_000)}.isdisjoint({other.next() for _ in range(3_000)})


def test_the_variant_takes_all_its_values(clock: Clock) -> None:
    make = MessageIds()
    assert {make.next()[19] for _ in range(500)} == set("89ab")


def test_the_one_of_the_process_follows_the_wall_clock() -> None:
    before = time.time_ns() // 1_000_000
    # It may be ahead by a millisecond for every 4096 identifiers that were wanted at once.
    assert before <= milliseconds_of(new_id()) <= time.time_ns() // 1_000_000 + 1000


GOOD = "019aa2f4-5a10-7000-8a3c-2f60c1b4d9e7"


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD[:-1],
        GOOD + "0",
        GOOD.upper(),
        GOOD.replace("-", ""),
        GOOD.replace("-", "_"),
        GOOD + "\n",
        "019aa2f45-a10-7000-8a3c-2f60c1b4d9e7",
        "01_aa2f4-5a10-7000-8a3c-2f60c1b4d9e7",  # int() takes underscores, signs and blanks
        "+19aa2f4-5a10-7000-8a3c-2f60c1b4d9e7",
        " 19aa2f4-5a10-7000-8a3c-2f60c1b4d9e7",
        "\u066019aa2f4-5a10-7000-8a3c-2f60c1b4d9e7",  # and digits of all scripts
        "g19aa2f4-5a10-7000-8a3c-2f60c1b4d9e7",
        "queued_" + GOOD,
    ],
)
def test_what_is_no_id(text: str) -> None:
    assert not is_id(text)


def test_what_is_one() -> None:
    assert is_id(GOOD)


def test_first_id_stands_between_what_came_before_and_after(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    made = MessageIds()
    before = made.next()
    clock.ms += 1
    after = made.next()
    assert before < first_id(clock.ms) < after
    assert first_id(-1) == first_id(0) < before
    assert first_id(1 << 60) > after
    assert is_id(first_id(clock.ms))
