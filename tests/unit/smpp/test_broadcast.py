import pytest

from trunkline.smpp.broadcast import (
    AreaFormat,
    BroadcastArea,
    BroadcastNetwork,
    TimeUnit,
    area_successes,
    broadcast_content_type,
    broadcast_error_status,
    broadcast_frequency_interval,
    failed_areas,
)
from trunkline.smpp.constants import CommandStatus
from trunkline.smpp.errors import EncodeError
from trunkline.smpp.pdus import BroadcastSmResp, QueryBroadcastSmResp
from trunkline.smpp.tlv import Tlv

CITY, REGION = BroadcastArea(AreaFormat.ALIAS, b"City"), BroadcastArea(AreaFormat.POLYGON, b"\1\2")


def test_tlvs_are_laid_out_as_specified():
    assert CITY.tlv() == Tlv(0x0606, b"\x00City")
    assert REGION.tlv() == Tlv(0x0606, b"\x02\1\2")
    assert broadcast_content_type(BroadcastNetwork.CDMA, 0x0102) == Tlv(0x0601, b"\x03\x01\x02")
    # The specification's own example (section 4.8.4.11): every 31 minutes.
    assert broadcast_frequency_interval(TimeUnit.MINUTES, 31) == Tlv(0x0605, bytes.fromhex("09001f"))
    assert broadcast_error_status(CommandStatus.ESME_RBCASTFAIL) == Tlv(0x0607, b"\0\0\x01\x0d")


@pytest.mark.parametrize("area", [CITY, REGION, BroadcastArea(0, b""), BroadcastArea(9, b"x" * 100)])
def test_areas_are_read_as_they_were_written(area: BroadcastArea):
    assert BroadcastArea.read(area.tlv().value) == area


def test_an_empty_area_is_one_without_a_name():
    assert BroadcastArea.read(b"") == BroadcastArea(AreaFormat.ALIAS, b"")


@pytest.mark.parametrize(
    "make",
    [
        lambda: BroadcastArea(AreaFormat.ALIAS, b"x" * 101).tlv(),
        lambda: BroadcastArea(256, b"").tlv(),
        lambda: broadcast_content_type(-1, 0),
        lambda: broadcast_content_type(0, 0x10000),
        lambda: broadcast_frequency_interval(TimeUnit.DAYS, 0x10000),
        lambda: broadcast_error_status(1 << 32),
    ],
)
def test_what_does_not_fit(make):
    with pytest.raises(EncodeError, match="broadcast_"):
        make()


def test_refused_areas_and_why():
    answer = BroadcastSmResp(
        tlvs=(CITY.tlv(), broadcast_error_status(0x108), REGION.tlv(), broadcast_error_status(0x109))
    )
    assert list(failed_areas(answer)) == [(CITY, 0x108), (REGION, 0x109)]
    assert list(failed_areas(BroadcastSmResp())) == []


def test_areas_and_statuses_in_unequal_number():
    fewer = BroadcastSmResp(tlvs=(CITY.tlv(), REGION.tlv(), broadcast_error_status(0x108)))
    assert list(failed_areas(fewer)) == [(CITY, 0x108), (REGION, CommandStatus.ESME_RBCASTFAIL)]
    more = BroadcastSmResp(tlvs=(CITY.tlv(), broadcast_error_status(0x108), broadcast_error_status(0x109)))
    assert list(failed_areas(more)) == [(CITY, 0x108)]


def test_success_in_each_area():
    def success(per_cent: int) -> Tlv:
        return Tlv(0x0608, bytes((per_cent,)))

    answer = QueryBroadcastSmResp(tlvs=(CITY.tlv(), success(0), REGION.tlv(), success(255)))
    assert list(area_successes(answer)) == [(CITY, 0), (REGION, None)]
    short = QueryBroadcastSmResp(tlvs=(CITY.tlv(), REGION.tlv(), success(100)))
    assert list(area_successes(short)) == [(CITY, 100), (REGION, None)]
