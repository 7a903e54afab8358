"""A connector's profile: what one SMSC does differently, as data.

Kept as JSON beside the connector's own columns; a field that is not stored has its default, so a new field
needs no migration.
"""

from dataclasses import dataclass
from enum import StrEnum


class PassTlvs(StrEnum):
    """Which optional parameters of a sender's message travel on to the SMSC."""

    NONE = "none"
    NAMED = "named"  # those the profile lists
    ALL = "all"


@dataclass(slots=True, frozen=True)
class VendorTlv:
    """An optional parameter that the specification does not have (SMPP 3.4, section 5.3.2: 0x1400-0x3FFF)."""

    name: str
    tag: int
    type: str  # int, cstring, octets


@dataclass(slots=True, frozen=True)
class Profile:
    """The habits of one SMSC that have no column of their own."""

    vendor_tlvs: tuple[VendorTlv, ...] = ()
    pass_tlvs: PassTlvs = PassTlvs.NAMED


STANDARD = Profile()
