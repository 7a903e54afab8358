"""Credits are exact, or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.model.money import MICROS, format_credits, parse_credits


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("0", 0),
        ("1", 1_000_000),
        ("0.5500", 550_000),
        ("0.000001", 1),
        ("-2.5", -2_500_000),
        ("1e3", 1_000_000_000),
        ("1.50000000000000000000000000000000000000", 1_500_000),
        ("100000000000", 10**17),
    ],
)
def test_parsing(text: str, micros: int) -> None:
    assert parse_credits(text) == micros


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a number"),
        ("one", "not a number"),
        ("1,5", "not a number"),
        ("NaN", "not a number"),
        ("sNaN", "not a number"),
        ("Infinity", "not a number"),
        ("0.0000001", "six decimals"),
        ("1.0000000000000000000000000000000000001", "six decimals"),  # a Decimal's arithmetic would round
        ("1e-1000000", "six decimals"),
        ("100000000000.000001", "too large"),
        ("-100000000001", "too large"),
        ("9e999999", "too large"),  # and overflow
    ],
)
def test_what_cannot_be_parsed(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_credits(text)


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "0"),
        (1, "0.000001"),
        (1_500_000, "1.5"),
        (10_000_000, "10"),
        (-70_000, "-0.07"),
        (-1, "-0.000001"),
    ],
)
def test_formatting(micros: int, text: str) -> None:
    assert format_credits(micros) == text


@given(st.integers(-(10**17), 10**17))
def test_there_and_back(micros: int) -> None:
    text = format_credits(micros)
    assert parse_credits(text) == micros
    assert Decimal(text) * MICROS == micros
