"""Credits as integers: one credit is 1,000,000 micro-credits. Never floats."""

from decimal import Decimal, InvalidOperation

MICROS = 1_000_000

_MAX_CREDITS = 10**11  # in micro-credits this leaves room to add in a 64-bit column
_SMALLEST = Decimal(1) / MICROS


def parse_credits(text: str) -> int:
    """Micro-credits from a decimal text such as ``0.5500``; raises ValueError naming what is wrong."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number of credits") from None
    if not value.is_finite():
        raise ValueError(f"{text!r} is not a number of credits")
    # Compared before anything is computed: a Decimal's arithmetic rounds to 28 digits, or overflows.
    if value.copy_abs() > _MAX_CREDITS:
        raise ValueError(f"{text!r} is too large")
    if value != value.quantize(_SMALLEST):
        raise ValueError(f"{text!r} has more than six decimals")
    return int(value * MICROS)


def format_credits(micros: int) -> str:
    """Decimal text without needless zeros: ``1500000`` is ``1.5``."""
    sign = "-" if micros < 0 else ""
    whole, fraction = divmod(abs(micros), MICROS)
    return f"{sign}{whole}.{fraction:06d}".rstrip("0").rstrip(".")
