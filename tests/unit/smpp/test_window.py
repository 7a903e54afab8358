import pytest

from trunkline.smpp.constants import CommandId
from trunkline.smpp.errors import WindowFullError
from trunkline.smpp.window import Window, next_sequence_number

SUBMIT, SUBMIT_RESP = CommandId.SUBMIT_SM.value, CommandId.SUBMIT_SM_RESP.value
NACK = CommandId.GENERIC_NACK.value


def test_take_gives_the_token_back_once():
    window = Window(2)
    window.add(1, "a", 0.0)
    window.add(2, "b", 0.0)
    assert len(window) == 2
    assert window.full
    assert window.room == 0
    assert 1 in window
    assert window.take(1) == "a"
    assert window.take(1) is None
    assert not window.full
    assert window.room == 1


def test_a_full_window_and_a_number_in_use_are_refused():
    window = Window(2)
    window.add(1, "a", 0.0)
    with pytest.raises(ValueError, match="sequence number 1"):
        window.add(1, "b", 0.0)
    window.add(2, "b", 0.0)
    with pytest.raises(WindowFullError):
        window.add(3, "c", 0.0)
    assert window.drain() == ["a", "b"]
    assert len(window) == 0


def test_a_window_of_nothing_is_a_mistake():
    with pytest.raises(ValueError, match="at least one"):
        Window(0)


def test_match_wants_the_right_kind_of_response():
    window = Window(3)
    window.add(1, "a", 5.0, SUBMIT)
    assert window.match(1, CommandId.DATA_SM_RESP.value) is None
    assert window.match(2, SUBMIT_RESP) is None
    assert window.match(1, SUBMIT_RESP) == ("a", 5.0, SUBMIT)
    assert window.match(1, SUBMIT_RESP) is None
    window.add(2, "b", 5.0, SUBMIT)
    assert window.match(2, NACK) == ("b", 5.0, SUBMIT)


def test_expired_takes_the_late_ones_oldest_first():
    window = Window(5)
    assert window.oldest_sent_at is None
    for number, sent_at in enumerate([1.0, 2.0, 3.0], start=1):
        window.add(number, f"token {number}", sent_at)
    assert window.oldest_sent_at == 1.0
    assert window.expired(10.9, 10.0) == []
    assert window.expired(12.0, 10.0) == ["token 1", "token 2"]
    assert window.oldest_sent_at == 3.0
    assert window.take(2) is None


def test_an_answer_after_its_time_is_matched_once_and_by_its_kind():
    window = Window(5)
    for number in (1, 2):
        window.add(number, f"token {number}", 1.0, SUBMIT)
    assert window.match_late(1, SUBMIT_RESP) is None
    window.expired(12.0, 10.0)
    assert window.match(1, SUBMIT_RESP) is None
    assert window.match_late(1, CommandId.DATA_SM_RESP.value) is None
    assert window.match_late(1, SUBMIT_RESP) == ("token 1", 1.0, SUBMIT)
    assert window.match_late(1, SUBMIT_RESP) is None
    assert window.match_late(2, NACK) == ("token 2", 1.0, SUBMIT)


def test_of_the_late_ones_the_newest_are_remembered():
    window = Window(Window.LATE_MAX)
    for number in range(1, Window.LATE_MAX + 1):
        window.add(number, number, 1.0, SUBMIT)
    window.expired(12.0, 10.0)
    window.add(5000, 5000, 20.0, SUBMIT)
    assert window.expired(30.0, 10.0) == [5000]
    assert window.match_late(1, SUBMIT_RESP) is None
    assert window.match_late(2, SUBMIT_RESP) is not None
    assert window.match_late(5000, SUBMIT_RESP) is not None


def test_only_is_certain_or_none():
    window = Window(3)
    assert window.only() is None
    window.add(7, "a", 0.0)
    assert window.only() == 7
    window.add(8, "b", 0.0)
    assert window.only() is None


def test_sequence_numbers_wrap_and_leave_out_zero():
    assert next_sequence_number(0) == 1
    assert next_sequence_number(0x7FFFFFFE) == 0x7FFFFFFF
    assert next_sequence_number(0x7FFFFFFF) == 1
