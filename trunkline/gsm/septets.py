"""Seven-bit packing: eight septets in seven octets (3GPP TS 23.038 section 6.1.2.1).

A septet string here is `bytes` with one septet (0..0x7F) per octet. The first septet sits in the lowest
bits of the first octet. Over SMPP text usually travels unpacked; packing is for the SMSCs that want it
and for whatever speaks the radio side's format (phones).
"""


def fill_bits(udh_octets: int) -> int:
    """Bits between a user data header of `udh_octets` octets (length octet included) and the next septet
    boundary, 0..6 (3GPP TS 23.040 section 9.2.3.24).

    >>> fill_bits(6), fill_bits(7), fill_bits(0)
    (1, 0, 0)
    """
    return -8 * udh_octets % 7


def pack(septets: bytes, fill: int = 0) -> bytes:
    """Pack septets into octets after `fill` zero bits (0..6); spare bits at the end are zero.

    Raises ValueError when an octet of `septets` is above 0x7F or `fill` is out of range.
    """
    if not septets.isascii():
        raise ValueError("a septet is at most 0x7F")
    if not 0 <= fill <= 6:
        raise ValueError(f"fill bits are 0..6, not {fill}")
    packed = bytearray()
    append = packed.append
    held = 0
    bits = fill if septets else 0
    for septet in septets:
        held |= septet << bits
        bits += 7
        if bits >= 8:
            append(held & 0xFF)
            held >>= 8
            bits -= 8
    if bits:
        append(held)
    return bytes(packed)


def unpack(octets: bytes, fill: int = 0, count: int | None = None) -> bytes:
    """Unpack octets into septets, one per octet of the answer, skipping `fill` bits (0..6) first.

    `count` is how many septets there are. Without it every whole septet is given: where seven bits are
    left over at the end nothing tells a last '@' (0x00) from padding, so pass the count where the
    protocol has one. Fewer octets than `count` needs give as many septets as there are; raises ValueError
    when `fill` is out of range.
    """
    if not 0 <= fill <= 6:
        raise ValueError(f"fill bits are 0..6, not {fill}")
    there = max(0, (len(octets) * 8 - fill) // 7)
    if count is not None:
        there = min(there, max(0, count))
    septets = bytearray()
    append = septets.append
    held = 0
    bits = -fill
    for octet in octets:
        # While bits is negative the lowest bits are still fill: they are shifted out, not kept.
        held |= octet << bits if bits >= 0 else octet >> -bits
        bits += 8
        while bits >= 7:
            append(held & 0x7F)
            held >>= 7
            bits -= 7
    return bytes(septets[:there])
