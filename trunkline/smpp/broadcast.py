"""The TLVs of cell broadcast that have an inner structure (SMPP 5.0 section 4.8.4), made and read."""

from collections.abc import Iterator
from enum import IntEnum
from itertools import zip_longest
from typing import Final, NamedTuple

from trunkline.smpp.constants import CommandStatus, Tag
from trunkline.smpp.errors import EncodeError
from trunkline.smpp.pdus import BroadcastSmResp, QueryBroadcastSmResp
from trunkline.smpp.tlv import Tlv

MAX_AREA_DETAILS: Final = 100
"""Octets that describe one broadcast area (section 4.8.4.4.1)."""

SUCCESS_UNKNOWN: Final = 255
"""broadcast_area_success of an area nothing is known about (section 4.8.4.5)."""


class AreaFormat(IntEnum):
    """How a broadcast area is described (section 4.8.4.4.1): by name, or in the shapes of 3GPP TS 23.032."""

    ALIAS = 0
    ELLIPSOID_ARC = 1
    POLYGON = 2


class BroadcastNetwork(IntEnum):
    """Whose numbers a broadcast content type is one of (section 4.8.4.8)."""

    GENERIC = 0
    GSM = 1
    TDMA = 2
    CDMA = 3


class TimeUnit(IntEnum):
    """Units of broadcast_frequency_interval (section 4.8.4.11)."""

    AS_OFTEN_AS_POSSIBLE = 0x00
    SECONDS = 0x08
    MINUTES = 0x09
    HOURS = 0x0A
    DAYS = 0x0B
    WEEKS = 0x0C
    MONTHS = 0x0D
    YEARS = 0x0E


class BroadcastArea(NamedTuple):
    """One area: an AreaFormat (or a number reserved today) and the octets that describe it."""

    area_format: int
    details: bytes

    @classmethod
    def read(cls, value: bytes) -> "BroadcastArea":
        """Read the value of a broadcast_area_identifier. An empty one is an area without a name."""
        return cls(value[0], value[1:]) if value else cls(AreaFormat.ALIAS.value, b"")

    def tlv(self) -> Tlv:
        """Make the broadcast_area_identifier. Raises EncodeError for more than 100 octets of details."""
        if len(self.details) > MAX_AREA_DETAILS:
            raise EncodeError(
                f"broadcast_area_identifier: {len(self.details)} octets, at most {MAX_AREA_DETAILS} fit"
            )
        tag = Tag.BROADCAST_AREA_IDENTIFIER
        return Tlv(tag.value, _number(tag, self.area_format, 1) + self.details)


def broadcast_content_type(network: int, content_type: int) -> Tlv:
    """Make a broadcast_content_type, (GENERIC, 1) being emergencies. Raises EncodeError out of range."""
    tag = Tag.BROADCAST_CONTENT_TYPE
    return Tlv(tag.value, _number(tag, network, 1) + _number(tag, content_type, 2))


def broadcast_frequency_interval(unit: int, count: int) -> Tlv:
    """Make a broadcast_frequency_interval: every `count` TimeUnits. Raises EncodeError out of range."""
    tag = Tag.BROADCAST_FREQUENCY_INTERVAL
    return Tlv(tag.value, _number(tag, unit, 1) + _number(tag, count, 2))


def broadcast_error_status(status: int) -> Tlv:
    """Make a broadcast_error_status, a command_status. Raises EncodeError outside 32 bits."""
    tag = Tag.BROADCAST_ERROR_STATUS
    return Tlv(tag.value, _number(tag, status, 4))


def failed_areas(answer: BroadcastSmResp) -> Iterator[tuple[BroadcastArea, int]]:
    """Yield each area that was refused, with the command_status that says why (section 4.4.3).

    The two TLVs belong together by their order. An area without a status has ESME_RBCASTFAIL.
    """
    areas = answer.all_tlvs(Tag.BROADCAST_AREA_IDENTIFIER.value)
    statuses = answer.all_tlvs(Tag.BROADCAST_ERROR_STATUS.value)[: len(areas)]
    for area, status in zip_longest(areas, statuses):
        why = CommandStatus.ESME_RBCASTFAIL.value if status is None else int.from_bytes(status, "big")
        yield BroadcastArea.read(area), why


def area_successes(answer: QueryBroadcastSmResp) -> Iterator[tuple[BroadcastArea, int | None]]:
    """Yield each area with the per cent of its base stations that took the message, None for not known.

    The two TLVs belong together by their order (section 4.6.1.3).
    """
    areas = answer.all_tlvs(Tag.BROADCAST_AREA_IDENTIFIER.value)
    successes = answer.all_tlvs(Tag.BROADCAST_AREA_SUCCESS.value)[: len(areas)]
    for area, success in zip_longest(areas, successes):
        known = success is not None and success[0] != SUCCESS_UNKNOWN
        yield BroadcastArea.read(area), success[0] if known else None


def _number(tag: Tag, number: int, size: int) -> bytes:
    if not 0 <= number < 1 << 8 * size:
        raise EncodeError(f"{tag.name.lower()}: {number} does not fit {size} octets")
    return number.to_bytes(size, "big")
