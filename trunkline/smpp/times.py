"""SMPP's times and epoch milliseconds (SMPP 3.4 section 7.1.1, appendix B for the dates of receipts).

Absolute times are `YYMMDDhhmmsstnnp`: t tenths of a second, nn quarters of an hour between local time and
UTC, p their sign. Relative times are `YYMMDDhhmmss000R`: years, months, days and so on from now.
"""

from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

_MINUTE_MS: Final = 60_000
_QUARTER: Final = timedelta(minutes=15)
_MAX_QUARTERS: Final = 48
_SEPARATORS: Final = str.maketrans("", "", " -/:.T")
_MAX_RELATIVE: Final = timedelta(days=99 * 365)


def parse_time(text: str, now_ms: int) -> int:
    """Return an absolute or relative SMPP time as epoch milliseconds; `now_ms` is what relative ones start
    from.

    Twelve digits without the rest are read as UTC. Years and months of a relative time are those of the
    calendar: a month from 31 January is the last day of February. Raises ValueError for anything else, the
    empty string included.
    """
    if len(text) == 12 and text.isascii() and text.isdigit():
        text += "000+"
    if len(text) != 16 or not (text.isascii() and text[:15].isdigit()):
        raise ValueError("an SMPP time has 16 characters, YYMMDDhhmmsstnnp")
    year, month, day, hour, minute, second = (int(text[at : at + 2]) for at in range(0, 12, 2))
    kind = text[15]
    if kind == "R":
        return _later(
            now_ms, year * 12 + month, timedelta(days=day, hours=hour, minutes=minute, seconds=second)
        )
    if kind not in "+-":
        raise ValueError(f"an SMPP time ends in +, - or R, not {kind!r}")
    quarters = int(text[13:15])
    if quarters > _MAX_QUARTERS:
        raise ValueError(f"{quarters} quarter hours from UTC, at most {_MAX_QUARTERS} exist")
    offset = timezone(_QUARTER * (quarters if kind == "+" else -quarters))
    tenths = int(text[12])
    moment = datetime(2000 + year, month, day, hour, minute, second, tenths * 100_000, offset)
    return _epoch_ms(moment)


def format_absolute(at_ms: int, quarters: int = 0) -> str:
    """Return an epoch time as an absolute SMPP time, to the tenth of a second (cut, not rounded).

    `quarters` of an hour east (positive) or west of UTC is the local time it is written in. Raises ValueError
    for an offset beyond 48 or a year outside 2000..2099.
    """
    if not -_MAX_QUARTERS <= quarters <= _MAX_QUARTERS:
        raise ValueError(f"{quarters} quarter hours from UTC, at most {_MAX_QUARTERS} exist")
    moment = _moment(at_ms) + _QUARTER * quarters
    if not 2000 <= moment.year <= 2099:
        raise ValueError(f"year {moment.year} does not fit an SMPP time")
    tenths = moment.microsecond // 100_000
    sign = "-" if quarters < 0 else "+"
    return f"{moment:%y%m%d%H%M%S}{tenths}{abs(quarters):02d}{sign}"


def format_relative(delta_ms: int) -> str:
    """Return a span of time as a relative SMPP time, to the second (cut, not rounded).

    Up to 99 days it is written in days, which mean the same to everybody; beyond that in months of 30 days
    and years of 365. Raises ValueError for a negative span or one of 99 years and more.
    """
    span = timedelta(milliseconds=delta_ms)
    if delta_ms < 0 or span >= _MAX_RELATIVE:
        raise ValueError(f"{span} does not fit a relative SMPP time")
    minutes, seconds = divmod(span.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    years = months = 0
    days = span.days
    if days > 99:
        years, days = divmod(days, 365)
        months, days = divmod(days, 30)
    return f"{years:02d}{months:02d}{days:02d}{hours:02d}{minutes:02d}{seconds:02d}000R"


@lru_cache(maxsize=4096)
def parse_receipt_date(text: str) -> int | None:
    """Return the date of a receipt as epoch milliseconds, read as UTC; None for what is no date.

    YYMMDDhhmm, the same with seconds, both with four-digit years, with or without separators; 13 digits are
    milliseconds since 1970. Twelve digits beginning with 20 are taken as a four-digit year where that makes a
    date. Never raises. Cached: a busy link's receipts are of the same few minutes.
    """
    digits = text.strip().translate(_SEPARATORS)
    if not (digits.isascii() and digits.isdigit()):
        return None
    if len(digits) == 13:
        return int(digits) or None
    if len(digits) == 14:
        return _calendar_ms(digits)
    if len(digits) == 12:
        four_digit_year = _calendar_ms(digits + "00") if digits.startswith("20") else None
        return _calendar_ms("20" + digits) if four_digit_year is None else four_digit_year
    if len(digits) == 10:
        return _calendar_ms(f"20{digits}00")
    return None


def format_receipt_date(at_ms: int) -> str:
    """Return an epoch time as a receipt's YYMMDDhhmm in UTC."""
    return _format_minute(at_ms // _MINUTE_MS)


@lru_cache(maxsize=4096)
def _format_minute(minute: int) -> str:
    return f"{_moment(minute * _MINUTE_MS):%y%m%d%H%M}"


def _calendar_ms(digits: str) -> int | None:
    """Read YYYYMMDDhhmmss."""
    try:
        year = int(digits[:4])
        month, day, hour, minute, second = (int(digits[at : at + 2]) for at in range(4, 14, 2))
        return _epoch_ms(datetime(year, month, day, hour, minute, second, tzinfo=UTC))
    except ValueError:
        return None


def _later(now_ms: int, months: int, span: timedelta) -> int:
    moment = _moment(now_ms)
    if months:
        year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
        month += 1
        moment = moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
    return _epoch_ms(moment + span)


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def _moment(at_ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=at_ms)


def _epoch_ms(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND
