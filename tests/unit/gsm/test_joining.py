from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.gsm.joining import Incomplete, Joined, Joiner, JoinerFull, Reason

KEY = ("441234", "8800", "c1")


def test_a_message_is_whole_in_any_order() -> None:
    for order in permutations((1, 2, 3)):
        joiner = Joiner[str](60, 255)
        results = [joiner.add(KEY, 5, n, 3, f"p{n}", float(n)) for n in order]
        assert results == [None, None, Joined(KEY, 5, ("p1", "p2", "p3"), float(order[0]))]
        assert len(joiner) == 0
        assert joiner.expire(1000) == []


def test_a_single_part_needs_no_waiting() -> None:
    joiner = Joiner[str](60, 255)
    assert joiner.add(KEY, 5, 1, 1, "all", 3.0) == Joined(KEY, 5, ("all",), 3.0)
    assert len(joiner) == 0


def test_a_duplicate_is_ignored() -> None:
    joiner = Joiner[str](60, 255)
    assert joiner.add(KEY, 5, 1, 2, "a", 0) is None
    assert joiner.add(KEY, 5, 1, 2, "a", 1) is None
    assert len(joiner) == 1
    joined = joiner.add(KEY, 5, 2, 2, "b", 2)
    assert joined is not None
    assert joined.parts == ("a", "b")
    assert joiner.expire(1000) == []


def test_senders_and_references_are_kept_apart() -> None:
    joiner = Joiner[str](60, 255)
    other = ("441234", "8800", "c2")
    joiner.add(KEY, 5, 1, 2, "a", 0)
    assert joiner.add(KEY, 6, 2, 2, "b", 0) is None
    assert joiner.add(other, 5, 2, 2, "c", 0) is None
    assert len(joiner) == 3


@pytest.mark.parametrize(("number", "total", "piece"), [(2, 3, "b"), (1, 2, "other")])
def test_a_reference_used_again_starts_anew_and_loses_nothing(number: int, total: int, piece: str) -> None:
    joiner = Joiner[str](60, 255)
    joiner.add(KEY, 5, 1, 2, "a", 0)
    assert joiner.add(KEY, 5, number, total, piece, 9) is None
    assert len(joiner) == 1
    assert joiner.expire(10) == [Incomplete(KEY, 5, 2, {1: "a"}, (2,), 0, Reason.REUSED)]
    assert joiner.expire(10) == []
    assert joiner.next_expiry() == 69


def test_expiry_says_what_is_missing() -> None:
    joiner = Joiner[str](60, 255)
    joiner.add(KEY, 5, 4, 4, "d", 10)
    joiner.add(KEY, 5, 2, 4, "b", 30)
    joiner.add(KEY, 6, 1, 2, "x", 40)
    assert joiner.next_expiry() == 70
    assert joiner.expire(69.9) == []
    (gone,) = joiner.expire(70)
    assert gone == Incomplete(KEY, 5, 4, {2: "b", 4: "d"}, (1, 3), 10, Reason.TIMEOUT)
    assert list(gone.parts) == [2, 4]
    assert len(joiner) == 1
    assert joiner.next_expiry() == 100
    assert [incomplete.reference for incomplete in joiner.expire(100)] == [6]
    assert joiner.next_expiry() is None


def test_a_part_that_comes_after_the_time_out_joins_nothing() -> None:
    joiner = Joiner[str](60, 255)
    joiner.add(KEY, 5, 1, 2, "a", 0)
    assert joiner.add(KEY, 5, 2, 2, "b", 60) is None
    assert joiner.expire(60) == [Incomplete(KEY, 5, 2, {1: "a"}, (2,), 0, Reason.TIMEOUT)]
    assert joiner.expire(120) == [Incomplete(KEY, 5, 2, {2: "b"}, (1,), 60, Reason.TIMEOUT)]


def test_the_oldest_makes_room_and_is_handed_out() -> None:
    joiner = Joiner[int](60, 255)
    for reference in range(255):
        joiner.add(KEY, reference, 1, 2, reference, reference)
    assert joiner.add(KEY, 255, 1, 2, 255, 255.0) is None
    assert len(joiner) == 255
    assert joiner.expire(0) == [Incomplete(KEY, 0, 2, {1: 0}, (2,), 0, Reason.EVICTED)]


def test_a_message_does_not_evict_itself() -> None:
    joiner = Joiner[int](60, 255)
    for number in range(1, 255):
        joiner.add(KEY, 1, number, 255, number, 0)
    joiner.add(KEY, 2, 1, 3, 0, 1)
    assert len(joiner) == 255
    # Full, and the message with a new part is the younger one: the older goes.
    joiner.add(KEY, 2, 2, 3, 0, 2)
    assert len(joiner) == 2
    (gone,) = joiner.expire(2)
    assert (gone.reference, gone.missing) == (1, (255,))
    # Full again, and now the message with a new part is the oldest: the other one goes.
    for number in range(1, 254):
        joiner.add(KEY, 3, number, 255, number, 3)
    joiner.add(KEY, 2, 1, 3, 0, 4)
    assert joiner.add(KEY, 2, 3, 3, 0, 4) == Joined(KEY, 2, (0, 0, 0), 1)
    joiner.add(KEY, 3, 254, 255, 254, 4)
    joined = joiner.add(KEY, 3, 255, 255, 255, 4)
    assert joined is not None
    assert joined.parts == tuple(range(1, 256))


def test_the_oldest_keeps_growing_while_younger_ones_make_room() -> None:
    joiner = Joiner[int](600, 255)
    joiner.add(KEY, 0, 1, 3, 0, 0)
    for reference in range(1, 255):
        joiner.add(KEY, reference, 1, 2, 0, 1)
    assert joiner.add(KEY, 0, 2, 3, 0, 2) is None
    assert [gone.reference for gone in joiner.expire(2)] == [1]
    assert joiner.add(KEY, 0, 3, 3, 0, 2) == Joined(KEY, 0, (0, 0, 0), 0)


def test_memory_is_bounded_even_when_nobody_fetches() -> None:
    joiner = Joiner[int](60, 255)
    for reference in range(2 * 255):
        joiner.add(KEY, reference, 1, 2, 0, 0)
    with pytest.raises(JoinerFull, match="255 parts of messages given up have not been fetched"):
        joiner.add(KEY, 9999, 1, 2, 0, 0)
    assert len(joiner) == 255
    # A part that completes a message is welcome all the same, and fetching makes room.
    assert joiner.add(KEY, 300, 2, 2, 1, 0) == Joined(KEY, 300, (0, 1), 0)
    assert len(joiner.expire(0)) == 255
    assert joiner.add(KEY, 9999, 1, 2, 0, 0) is None
    assert joiner.add(KEY, 10000, 1, 2, 0, 0) is None


@pytest.mark.parametrize(("number", "total"), [(0, 2), (3, 2), (1, 256), (0, 0), (-1, 5)])
def test_parts_that_cannot_be(number: int, total: int) -> None:
    with pytest.raises(ValueError, match=f"part {number} of {total}"):
        Joiner[str](60, 255).add(KEY, 1, number, total, "", 0)


@pytest.mark.parametrize(
    ("timeout_s", "max_parts_held"), [(0, 255), (-1, 255), (float("nan"), 255), (60, 254)]
)
def test_settings_that_cannot_be(timeout_s: float, max_parts_held: int) -> None:
    with pytest.raises(ValueError, match=r"time-out|max_parts_held"):
        Joiner[str](timeout_s, max_parts_held)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.integers(1, 4), st.integers(1, 4), st.sampled_from("ab"), st.integers(0, 9)
        ),
        max_size=80,
    )
)
def test_every_part_comes_out_exactly_once(
    arrivals: list[tuple[int, int, int, str, int]],
) -> None:
    joiner = Joiner[tuple[str, int]](30, 255)
    now = 0
    taken: list[tuple[str, int]] = []
    out: list[tuple[str, int]] = []
    for serial, (reference, number, total, _, wait) in enumerate(arrivals):
        if number > total:
            continue
        now += wait
        # A serial number makes every part different, so that none is a duplicate.
        part = ("part", serial)
        taken.append(part)
        joined = joiner.add(KEY, reference, number, total, part, now)
        if joined is not None:
            assert len(joined.parts) == total
            out += joined.parts
        if wait == 9:
            for incomplete in joiner.expire(now):
                out += incomplete.parts.values()
                assert sorted((*incomplete.parts, *incomplete.missing)) == list(
                    range(1, incomplete.total + 1)
                )
                assert incomplete.missing
    for incomplete in joiner.expire(now + 30):
        out += incomplete.parts.values()
    assert sorted(out) == taken
    assert len(joiner) == 0
