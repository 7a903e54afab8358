"""Which TLVs a connector lets through, from the sender to the SMSC and from the SMSC's receipts back."""

from collections.abc import Iterable
from typing import Final

from trunkline.model.profile import PassTlvs, Profile
from trunkline.model.tlvs import PassedTlvs, describe
from trunkline.smpp.constants import Tag
from trunkline.smpp.tlv import Tlv, encode_tlvs

_READ_HERE: Final = frozenset(
    {
        int(Tag.RECEIPTED_MESSAGE_ID),
        int(Tag.MESSAGE_STATE),
        int(Tag.NETWORK_ERROR_CODE),
        int(Tag.MESSAGE_PAYLOAD),
    }
)
"""What a receipt says with these is in the receipt that goes on."""


class TlvPassage:
    """A profile's rule, ready to use."""

    __slots__ = ("_all", "_named", "_profile", "open")

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._all = profile.pass_tlvs is PassTlvs.ALL
        self._named = frozenset(
            each.tag for each in profile.vendor_tlvs if profile.pass_tlvs is PassTlvs.NAMED
        )
        self.open = self._all or bool(self._named)
        """Whether anything may pass at all."""

    def to_smsc(self, tlvs: Iterable[Tlv]) -> tuple[Tlv, ...]:
        """Those of a message's TLVs that the SMSC gets."""
        return tuple(tlv for tlv in tlvs if self._all or tlv.tag in self._named)

    def from_receipt(self, tlvs: Iterable[Tlv]) -> PassedTlvs | None:
        """Those of a receipt's TLVs that the message's sender gets; None when there are none."""
        octets = encode_tlvs(tlv for tlv in self.to_smsc(tlvs) if tlv.tag not in _READ_HERE)
        return PassedTlvs(octets, describe(octets, self._profile)) if octets else None
