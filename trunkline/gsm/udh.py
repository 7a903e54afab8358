"""The user data header, element by element (3GPP TS 23.040 section 9.2.3.24).

The header is a length octet (UDHL) and then information elements: identifier, length, data. Elements
nobody here knows are kept as they came, so that a header can be passed on whole.
"""

from collections.abc import Iterable
from typing import NamedTuple

from trunkline.gsm.errors import MalformedUdh

# Information element identifiers (3GPP TS 23.040 section 9.2.3.24)
CONCATENATION_8 = 0x00
PORTS_8 = 0x04
PORTS_16 = 0x05
CONCATENATION_16 = 0x08
NATIONAL_SINGLE_SHIFT = 0x24
NATIONAL_LOCKING_SHIFT = 0x25


class Element(NamedTuple):
    """One information element: its identifier (0..255) and its data (up to 253 octets)."""

    identifier: int
    data: bytes


class Concatenation(NamedTuple):
    """Which part of which long message: `number` of `total` (1..255); `wide`: the reference has 16 bits."""

    reference: int
    total: int
    number: int
    wide: bool


class Ports(NamedTuple):
    """Application ports: 0..255, or 0..65535 where they have 16 bits (`wide`)."""

    destination: int
    source: int
    wide: bool


def split(user_data: bytes) -> tuple[tuple[Element, ...], bytes]:
    """Split user data that begins with a header into the header's elements, in their order, and the rest.

    Raises MalformedUdh when the header or an element is longer than the octets that are there. Whoever
    gets that keeps the user data as it came: a part of it cannot be told from text.
    """
    if not user_data:
        raise MalformedUdh("the user data is empty, it has no header")
    end = 1 + user_data[0]
    if end > len(user_data):
        raise MalformedUdh(f"the header has {user_data[0]} octets, {len(user_data) - 1} are there")
    elements = []
    at = 1
    while at < end:
        if at + 2 > end:
            raise MalformedUdh(f"an element without a length at octet {at}")
        after = at + 2 + user_data[at + 1]
        if after > end:
            raise MalformedUdh(f"element 0x{user_data[at]:02X} at octet {at} runs past the header's end")
        elements.append(Element(user_data[at], user_data[at + 2 : after]))
        at = after
    return tuple(elements), user_data[end:]


def join(elements: Iterable[Element]) -> bytes:
    """The octets of a header with these elements, length octet included; b"" when there are none.

    Raises ValueError when an element or the whole header is longer than its length octet can say.
    """
    body = bytearray()
    for identifier, data in elements:
        if len(data) > 0xFF:
            raise ValueError(f"element 0x{identifier:02X} has {len(data)} octets, 255 is the most")
        body += bytes((identifier, len(data))) + data
    if len(body) > 0xFF:
        raise ValueError(f"the header has {len(body)} octets, 255 is the most")
    return bytes((len(body),)) + body if body else b""


def concatenation(elements: Iterable[Element]) -> Concatenation | None:
    """What the header says about a long message, or None when the user data is no part of one.

    An element with the wrong length, a total or number of zero, or a number above the total is ignored;
    of several the last one counts (3GPP TS 23.040 sections 9.2.3.24 and 9.2.3.24.1).
    """
    found = None
    for identifier, data in elements:
        if identifier == CONCATENATION_8 and len(data) == 3:
            reference, wide = data[0], False
        elif identifier == CONCATENATION_16 and len(data) == 4:
            reference, wide = data[0] << 8 | data[1], True
        else:
            continue
        total, number = data[-2], data[-1]
        if 1 <= number <= total:
            found = Concatenation(reference, total, number, wide)
    return found


def without_concatenation(elements: Iterable[Element]) -> tuple[Element, ...]:
    """The elements that still mean something once the parts are joined."""
    return tuple(
        element for element in elements if element.identifier not in {CONCATENATION_8, CONCATENATION_16}
    )


def ports(elements: Iterable[Element]) -> Ports | None:
    """The application ports the content is for, or None when the header names none.

    An element with the wrong length is ignored; of several the last one counts (3GPP TS 23.040 sections
    9.2.3.24, 9.2.3.24.3 and 9.2.3.24.4).
    """
    found = None
    for identifier, data in elements:
        if identifier == PORTS_8 and len(data) == 2:
            found = Ports(data[0], data[1], wide=False)
        elif identifier == PORTS_16 and len(data) == 4:
            found = Ports(data[0] << 8 | data[1], data[2] << 8 | data[3], wide=True)
    return found


def ports_element(destination: int, source: int, *, wide: bool = True) -> Element:
    """The element that addresses content to a port, as WAP push is to 2948 from 9200.

    Raises ValueError for a port above 65535, or above 255 unless `wide`.
    """
    limit = 0xFFFF if wide else 0xFF
    for port in (destination, source):
        if not 0 <= port <= limit:
            raise ValueError(f"port {port} is not in 0..{limit}")
    size = 2 if wide else 1
    return Element(
        PORTS_16 if wide else PORTS_8, destination.to_bytes(size, "big") + source.to_bytes(size, "big")
    )


def concatenation_header(reference: int, total: int, number: int, *, wide: bool = False) -> bytes:
    """A whole header that says "part `number` of `total`": 6 octets, or 7 with a 16-bit reference (`wide`).

    The reference is cut to its 8 or 16 bits. Raises ValueError unless 1 <= number <= total <= 255.
    """
    if not 1 <= number <= total <= 0xFF:
        raise ValueError(f"part {number} of {total}: both are 1..255 and the number is not above the total")
    if wide:
        return bytes((6, CONCATENATION_16, 4, reference >> 8 & 0xFF, reference & 0xFF, total, number))
    return bytes((5, CONCATENATION_8, 3, reference & 0xFF, total, number))
