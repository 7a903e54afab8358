"""Every optional parameter in every PDU that may carry it, octet by octet from the specifications' tables."""

import pytest

from trunkline.smpp.codec import decode, encode
from trunkline.smpp.constants import Tag, Version
from trunkline.smpp.pdus import PDU_CLASSES
from trunkline.smpp.tlv import Tlv

from .parameters import BODIES, CARRIED, PARAMETERS, parameters, pdu_octets

CASES = [
    (version, pdu, parameter)
    for version, carried in CARRIED.items()
    for pdu, names in carried.items()
    for parameter in names
]


def tlv(data: bytes) -> Tlv:
    """What the octets of a parameter say, read by hand."""
    assert int.from_bytes(data[2:4], "big") == len(data) - 4
    return Tlv(int.from_bytes(data[:2], "big"), data[4:])


@pytest.mark.parametrize(("version", "pdu", "parameter"), CASES, ids=lambda each: getattr(each, "name", each))
def test_one_parameter(version: Version, pdu: str, parameter: str):
    octets = parameters(version)[parameter]
    data = pdu_octets(pdu, octets)
    read = decode(data)
    assert read.name == pdu
    assert read.tlvs == (tlv(octets),)
    assert read.tlv(Tag[parameter.upper()]) == octets[4:]
    assert encode(read) == data


@pytest.mark.parametrize(
    ("version", "pdu"),
    [(version, pdu) for version, carried in CARRIED.items() for pdu in carried],
    ids=lambda each: getattr(each, "name", each),
)
def test_all_parameters_together(version: Version, pdu: str):
    each = [parameters(version)[name] for name in CARRIED[version][pdu]]
    data = pdu_octets(pdu, b"".join(each))
    read = decode(data)
    assert read.tlvs == tuple(tlv(octets) for octets in each)
    assert encode(read) == data


def test_every_tag_is_here_and_carried():
    assert {name.upper(): int.from_bytes(octets[:2], "big") for name, octets in PARAMETERS.items()} == {
        tag.name: tag.value for tag in Tag
    }
    assert {parameter for _, _, parameter in CASES} == set(PARAMETERS)


def test_the_bodies_are_those_of_pdus():
    """Without parameters they read and write as well; what is not here never carries any."""
    for name, (command_id, _) in BODIES.items():
        assert PDU_CLASSES[command_id].name == name
        assert encode(decode(pdu_octets(name))) == pdu_octets(name)
    assert set(CARRIED[Version.V50]) == set(BODIES)
