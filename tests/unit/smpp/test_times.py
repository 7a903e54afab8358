from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.smpp.times import (
    format_absolute,
    format_receipt_date,
    format_relative,
    parse_receipt_date,
    parse_time,
)


def ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)


NOW = ms(2025, 1, 31, 12, 0, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("250131120000000+", NOW),
        ("250131120000500+", NOW + 500),
        ("250131140000008+", NOW),  # two hours east of UTC
        ("250131063000022-", NOW),  # five and a half hours west
        ("250131173000022+", NOW),  # five and a half hours east
        ("250131120000", NOW),  # without tenths and offset
        ("000000000000000R", NOW),
        ("000000000001000R", NOW + 1000),
        ("000007000000000R", NOW + 7 * 86_400_000),
        ("000000023000000R", NOW + 2 * 3_600_000 + 30 * 60_000),
        ("000100000000000R", ms(2025, 2, 28, 12, 0, 0)),  # a month from 31 January
        ("010100000000000R", ms(2026, 2, 28, 12, 0, 0)),
        ("991199235959000R", ms(2124, 12, 31, 12) + (99 * 86_400 + 86_399) * 1000),
    ],
)
def test_parse_time(text: str, expected: int):
    assert parse_time(text, NOW) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "25013112000000+",
        "2501311200000000+",
        "250131120000000",
        "250131120000000Z",
        "250131120000049+",  # more than twelve hours from UTC
        "251331120000000+",
        "250230120000000+",
        "250131250000000+",
        "abcdefghijklmno+",
        "٢٥٠١٣١١٢٠٠٠٠٠٠٠+",
        "2501311200 0000+",
        "-50131120000000+",
    ],
)
def test_times_that_are_none(text: str):
    with pytest.raises(ValueError, match=r"."):
        parse_time(text, NOW)


@pytest.mark.parametrize(
    ("at_ms", "quarters", "text"),
    [
        (NOW, 0, "250131120000000+"),
        (NOW + 999, 0, "250131120000900+"),
        (NOW, 8, "250131140000008+"),
        (NOW, -22, "250131063000022-"),
    ],
)
def test_format_absolute(at_ms: int, quarters: int, text: str):
    assert format_absolute(at_ms, quarters) == text


@pytest.mark.parametrize(
    ("at_ms", "quarters"), [(NOW, 49), (NOW, -49), (ms(1999, 12, 31), 0), (ms(2100, 1, 1), 0)]
)
def test_absolute_times_that_do_not_fit(at_ms: int, quarters: int):
    with pytest.raises(ValueError, match=r"quarter|year"):
        format_absolute(at_ms, quarters)


@given(st.integers(ms(2000, 1, 2), ms(2099, 12, 30)), st.integers(-48, 48))
def test_absolute_times_go_both_ways(at_ms: int, quarters: int):
    assert parse_time(format_absolute(at_ms, quarters), NOW) == at_ms // 100 * 100


@pytest.mark.parametrize(
    ("delta_ms", "text"),
    [
        (0, "000000000000000R"),
        (999, "000000000000000R"),
        (61_000, "000000000101000R"),
        (48 * 3_600_000, "000002000000000R"),
        (99 * 86_400_000, "000099000000000R"),
        (100 * 86_400_000, "000310000000000R"),
        (366 * 86_400_000, "010001000000000R"),
    ],
)
def test_format_relative(delta_ms: int, text: str):
    assert format_relative(delta_ms) == text


@given(st.integers(0, 99 * 86_400_000))
def test_relative_times_go_both_ways(delta_ms: int):
    assert parse_time(format_relative(delta_ms), NOW) == NOW + delta_ms // 1000 * 1000


@pytest.mark.parametrize("delta_ms", [-1, 99 * 365 * 86_400_000])
def test_relative_times_that_do_not_fit(delta_ms: int):
    with pytest.raises(ValueError, match="does not fit"):
        format_relative(delta_ms)


@given(st.text())
def test_any_text_is_a_time_or_a_value_error(text: str):
    try:
        parse_time(text, NOW)
    except ValueError:
        return


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2501311200", NOW),
        ("250131120007", NOW + 7000),
        ("202501311200", NOW),  # a four-digit year
        ("310112120007", ms(2031, 1, 12, 12, 0, 7)),  # year 3101 is nobody's
        ("201231120007", ms(2020, 12, 31, 12, 0, 7)),  # as YYYYMMDD it would be month 23: two-digit year
        ("20250131120007", NOW + 7000),
        ("2025-01-31 12:00:07", NOW + 7000),
        ("2025-01-31T12:00", NOW),
        ("25/01/31 12:00", NOW),
        ("1738324800000", NOW),  # milliseconds since 1970
        ("  2501311200 ", NOW),
        ("", None),
        ("0000000000", None),
        ("000000000000", None),
        ("0000000000000", None),
        ("00000000000000", None),
        ("2513011200", None),
        ("2501312400", None),
        ("250131", None),
        ("junk", None),
        ("٢٥٠١٣١١٢٠٠", None),
        ("2501311200+", None),
    ],
)
def test_receipt_dates(text: str, expected: int | None):
    assert parse_receipt_date(text) == expected


@given(st.text() | st.text("0123456789 -:", max_size=20))
def test_a_date_never_fails(text: str):
    assert isinstance(parse_receipt_date(text), int | None)


def test_format_receipt_date():
    assert format_receipt_date(NOW + 59_999) == "2501311200"
    assert format_receipt_date(NOW + 60_000) == "2501311201"
