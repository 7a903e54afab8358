"""A connector's profile: what one SMSC does differently, as data.

Kept as JSON beside the connector's own columns; a field that is not stored has its default, so a new field
needs no migration.
"""

from dataclasses import dataclass
from enum import StrEnum

from trunkline.gsm.tables import Language


class PassTlvs(StrEnum):
    """Which optional parameters of a sender's message travel on to the SMSC."""

    NONE = "none"
    NAMED = "named"  # those the profile lists
    ALL = "all"


class TlvType(StrEnum):
    """How the octets of a TLV read."""

    UINT8 = "uint8"
    UINT16 = "uint16"
    UINT32 = "uint32"
    CSTRING = "cstring"  # Latin-1, ended by a NUL
    STRING = "string"  # Latin-1
    OCTETS = "octets"  # hex digits for people


@dataclass(slots=True, frozen=True)
class VendorTlv:
    """A TLV known by name: an SMSC's own (SMPP 3.4, section 5.3.2: 0x1400-0x3FFF), or one of the standard's
    that is to travel on.
    """

    name: str
    tag: int
    type: TlvType


@dataclass(slots=True, frozen=True)
class Profile:
    """The habits of one SMSC that have no column of their own."""

    vendor_tlvs: tuple[VendorTlv, ...] = ()
    pass_tlvs: PassTlvs = PassTlvs.NAMED
    languages: tuple[Language, ...] = ()  # national language tables that the handsets behind it know


STANDARD = Profile()
