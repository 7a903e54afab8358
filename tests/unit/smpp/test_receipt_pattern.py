import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.smpp.pdus import DeliverSm
from trunkline.smpp.receipt_pattern import MAX_PATTERN, MAX_TEXT, ReceiptPattern
from trunkline.smpp.receipts import ReceiptHabits, parse_receipt


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("Message {id} is {stat}", "Message 17 is DELIVERED", {"id": "17", "stat": "DELIVERED"}),
        ("message {id} is {stat}", "MESSAGE  17\tis\n ok", {"id": "17", "stat": "ok"}),
        ("{id} {stat}", "17 ok", {"id": "17", "stat": "ok"}),
        ("{id};{};{stat};", "17;whatever;ok;rest", {"id": "17", "stat": "ok"}),
        ("id={id}&s={stat}", "x=1&id=17&s=ok", {"id": "17", "stat": "ok"}),
        (
            "<{id}> {stat} {err} [{text}]",
            "<17> ok 0x1F [a b]",
            {"id": "17", "stat": "ok", "err": "0x1F", "text": "a b"},
        ),
        (
            "{stat} of {id} at {done_date} ({submit_date})",
            "OK of 17 at 2025-01-31 12:01 (2025-01-31 12:00)",
            {"stat": "OK", "id": "17", "done_date": "2025-01-31 12:01", "submit_date": "2025-01-31 12:00"},
        ),
        ("id {id}, {stat}.", "id , ok.", {"stat": "ok"}),
        ("{id} {stat}", "17", None),
        ("Message {id} is {stat}", "Message 17 was ok", None),
        ("{id} is {stat}", "x" * MAX_TEXT + " is ok", None),
    ],
)
def test_reading(pattern: str, text: str, found: dict[str, str] | None):
    assert ReceiptPattern(pattern).read(text) == found


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("", "names {id} or {stat}"),
        ("nothing", "names {id} or {stat}"),
        ("{err} {}", "names {id} or {stat}"),
        ("{id} {date}", "{date} is none of {id}, {stat}, {err}"),
        ("{id} {stat} {id}", "{id} stands there twice"),
        ("{id}{stat}", "between two names"),
        ("{id} {stat", "without its other half"),
        ("{id} } {stat}", "without its other half"),
        ("{id} " + "x" * MAX_PATTERN, "at most 200"),
    ],
)
def test_patterns_that_say_nothing(pattern: str, what: str):
    with pytest.raises(ValueError, match=re.escape(what)):
        ReceiptPattern(pattern)


@given(st.text(max_size=80), st.sampled_from(["{id} {stat}", "a{id}b{stat}c", "{} {id} {} {stat}"]))
def test_no_text_is_a_fault(text: str, pattern: str):
    found = ReceiptPattern(pattern).read(text)
    assert found is None or all(value and value in text for value in found.values())


def receipt_of(text: bytes, habits: ReceiptHabits, esm_class: int = 4, **fields):
    return parse_receipt(DeliverSm(esm_class=esm_class, short_message=text, **fields), habits)


class TestInReceipts:
    def test_the_first_pattern_that_fits_is_taken_and_else_the_common_form(self):
        habits = ReceiptHabits(["SMS {id} delivered {stat}", "{id}/{stat}/{err}/{done_date}"])
        by_pattern = receipt_of(b"17/DELIVRD/05A/2501311201", habits)
        assert (by_pattern.message_id, by_pattern.stat, by_pattern.err) == ("17", "DELIVRD", "05A")
        assert by_pattern.done_date == 1738324860000
        common = receipt_of(b"id:18 stat:UNDELIV", habits)
        assert (common.message_id, common.stat) == ("18", "UNDELIV")

    def test_in_ucs2(self):
        habits = ReceiptHabits(["{id} was {stat}"])
        receipt = receipt_of("17 was delivered".encode("utf-16-be"), habits, data_coding=8)
        assert (receipt.message_id, receipt.stat) == ("17", "DELIVRD")

    @pytest.mark.parametrize(
        ("text", "taken"),
        [(b"17 DELIVRD", True), (b"17 gone", True), (b"Hello there", False), (b"Hello", False)],
    )
    def test_undeclared_it_needs_a_known_state(self, text, taken):
        receipt = receipt_of(text, ReceiptHabits(["{id} {stat}"], {"GONE": "UNDELIV"}), esm_class=0)
        assert (receipt is not None) == taken
