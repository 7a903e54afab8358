"""What kind of address something is by its looks, and the type of number and numbering plan of each kind."""

from typing import Final

from trunkline.smpp.constants import Npi, Ton

_LONGEST_SHORT_CODE: Final = 6

ALPHANUMERIC: Final = "alphanumeric"
SHORT_CODE: Final = "short code"
INTERNATIONAL: Final = "international"

_NUMBERINGS: Final = {
    ALPHANUMERIC: (Ton.ALPHANUMERIC.value, Npi.UNKNOWN.value),
    SHORT_CODE: (Ton.NETWORK_SPECIFIC.value, Npi.UNKNOWN.value),
    INTERNATIONAL: (Ton.INTERNATIONAL.value, Npi.ISDN.value),
}


def kind_of(address: str) -> str:
    """A word, a short code of up to six digits, or an international number, with a plus or without."""
    digits = address.removeprefix("+")
    if not digits.isdigit():
        return ALPHANUMERIC
    return SHORT_CODE if len(digits) <= _LONGEST_SHORT_CODE else INTERNATIONAL


def numbering_of(address: str) -> tuple[int, int]:
    """TON and NPI an address usually has: letters 5/0, a short code 3/0, else an international number 1/1."""
    return _NUMBERINGS[kind_of(address)]


def parse_numbering(text: str) -> frozenset[tuple[int, int]]:
    """Read pairs of TON and NPI from `5/0` or `3/0,6/0`. Raises ValueError for anything else."""
    pairs = (pair.partition("/") for pair in text.split(",") if pair.strip())
    return frozenset((int(ton), int(npi)) for ton, _, npi in pairs)
