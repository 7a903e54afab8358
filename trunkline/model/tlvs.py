"""TLVs of messages and receipts, between their octets and what people and HTTP clients see of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from trunkline.model.profile import Profile, TlvType, VendorTlv
from trunkline.smpp.constants import Tag
from trunkline.smpp.tlv import Tlv, decode_tlvs, encode_tlvs, tag_name

TlvValue: TypeAlias = int | str

MAX_OCTETS: Final = 1024
"""What a message may carry of TLVs that travel on."""

_SIZES: Final = {TlvType.UINT8: 1, TlvType.UINT16: 2, TlvType.UINT32: 4}


@dataclass(slots=True, frozen=True)
class PassedTlvs:
    """TLVs that a receipt brings its message's sender: for ESMEs as octets, for callbacks by name."""

    octets: bytes
    values: dict[str, TlvValue]

    @property
    def text(self) -> str:
        """``name=value, name=value``, for people."""
        return ", ".join(f"{name}={value}" for name, value in self.values.items())


class InvalidTlv(ValueError):
    """A TLV that cannot be written; the text names it and the rule."""


def travelling(octets: bytes) -> tuple[Tlv, ...]:
    """The TLVs in the octets that a message or receipt carries."""
    return decode_tlvs(octets, 0, len(octets))[0] if octets else ()


def select(octets: bytes, tags: Iterable[int]) -> bytes:
    """Those of the TLVs that have one of these tags, as octets."""
    wanted = set(tags)
    return encode_tlvs(tlv for tlv in travelling(octets) if tlv.tag in wanted) if octets else b""


def describe(octets: bytes, profile: Profile) -> dict[str, TlvValue]:
    """The TLVs by name: the profile's, else the specification's, else the tag in hex."""
    known = {each.tag: each for each in profile.vendor_tlvs}
    shown: dict[str, TlvValue] = {}
    for tlv in travelling(octets):
        vendor = known.get(tlv.tag)
        if vendor is not None:
            shown[vendor.name] = _read(tlv, vendor.type)
        else:
            shown[tag_name(tlv.tag)] = tlv.value.hex()
    return shown


def build(values: Mapping[str, TlvValue], profile: Profile) -> bytes:
    """The octets of named TLVs. Raises `InvalidTlv` for a name that the profile does not have, and a value
    that does not fit its type.
    """
    known = {each.name: each for each in profile.vendor_tlvs}
    tlvs = []
    for name, value in values.items():
        vendor = known.get(name)
        if vendor is None:
            has = ", ".join(sorted(known)) or "none"
            raise InvalidTlv(f"{name} is no TLV of the connector's profile; it has {has}")
        tlvs.append(_write(vendor, value))
    octets = encode_tlvs(tlvs)
    if len(octets) > MAX_OCTETS:
        raise InvalidTlv(f"the TLVs take {len(octets)} octets, {MAX_OCTETS} is the most")
    return octets


def user_message_reference(octets: bytes) -> bytes:
    """The sender's own number of the message, which comes back to it in the receipt (section 5.3.2.17)."""
    return select(octets, (Tag.USER_MESSAGE_REFERENCE,))


def _read(tlv: Tlv, kind: TlvType) -> TlvValue:
    if kind in _SIZES:
        return tlv.number
    if kind is TlvType.CSTRING:
        return tlv.text
    return tlv.value.decode("latin-1") if kind is TlvType.STRING else tlv.value.hex()


def _write(vendor: VendorTlv, value: TlvValue) -> Tlv:
    size = _SIZES.get(vendor.type)
    if size is not None:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 8 * size:
            raise InvalidTlv(f"{vendor.name} must be a number of 0 to {(1 << 8 * size) - 1}")
        return Tlv(vendor.tag, value.to_bytes(size, "big"))
    if not isinstance(value, str):
        raise InvalidTlv(f"{vendor.name} must be a text")
    try:
        if vendor.type is TlvType.OCTETS:
            return Tlv(vendor.tag, bytes.fromhex(value))
        if vendor.type is TlvType.CSTRING and "\0" in value:
            raise InvalidTlv(f"{vendor.name} must not have a NUL")
        return Tlv(vendor.tag, value.encode("latin-1") + b"\0" * (vendor.type is TlvType.CSTRING))
    except UnicodeEncodeError:
        raise InvalidTlv(f"{vendor.name} must be of Latin-1 characters") from None
    except ValueError as error:
        if isinstance(error, InvalidTlv):
            raise
        raise InvalidTlv(f"{vendor.name} must be hex digits, two for each octet") from None
