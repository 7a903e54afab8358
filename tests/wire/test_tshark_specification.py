"""Wireshark's dissector reads the specifications' own octets as we do."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from trunkline.smpp.constants import Version

from .dissector import run, write_pcap
from .octets import octets
from .parameters import CARRIED, parameters, pdu_octets
from .test_smpp_specification import SAMPLES

pytestmark = pytest.mark.services

# What Wireshark (4.0) does not know of 5.0: it reads one of broadcast_rep_num's two octets, and one of
# ms_validity's four, and loses its way; it looks for no parameters in answers that had none in 3.4.
MISREAD = {(Version.V50, "broadcast_rep_num"), (Version.V50, "ms_validity")}
NOT_LOOKED_FOR = {
    f"{name}_resp"
    for name in ("unbind", "enquire_link", "query_sm", "cancel_sm", "replace_sm", "cancel_broadcast_sm")
}

CASES = [
    (version, pdu, parameter)
    for version, carried in CARRIED.items()
    for pdu, names in carried.items()
    for parameter in names
    if (version, parameter) not in MISREAD and pdu not in NOT_LOOKED_FOR
]


def complaints(packet: ET.Element) -> list[str]:
    """What the dissector says is wrong with a packet."""
    return [
        field.get("show", "") for field in packet.iter("field") if field.get("name") == "_ws.expert.message"
    ]


def number(element: ET.Element, name: str) -> int:
    (field,) = [field for field in element.iter("field") if field.get("name") == name]
    return int(field.get("value", ""), 16)


def test_every_parameter(tshark: str, tmp_path: Path):
    path = tmp_path / "parameters.pcap"
    write_pcap(path, [pdu_octets(pdu, parameters(version)[parameter]) for version, pdu, parameter in CASES])
    packets = ET.fromstring(run(tshark, path, "-T", "pdml")).findall("packet")
    assert len(packets) == len(CASES)
    for case, packet in zip(CASES, packets, strict=True):
        version, _, parameter = case
        sent = parameters(version)[parameter]
        assert complaints(packet) == [], case
        (found,) = [field for field in packet.iter("field") if field.get("name") == "smpp.opt_param"]
        assert (number(found, "smpp.opt_param_tag"), number(found, "smpp.opt_param_len")) == (
            int.from_bytes(sent[:2], "big"),
            int.from_bytes(sent[2:4], "big"),
        ), case
        values = [field for field in found.iter("field") if "opt_param" not in field.get("name", "")]
        assert values, case
        assert not [value for value in values if "Unknown" in value.get("showname", "")], case


def test_every_sample(tshark: str, tmp_path: Path):
    samples = [octets(layout) for layout, _ in SAMPLES]
    read = [sample for sample in samples if b"\x06\x04\x00\x02" not in sample]
    assert len(read) == len(samples) - 1
    path = tmp_path / "samples.pcap"
    write_pcap(path, read)
    packets = ET.fromstring(run(tshark, path, "-T", "pdml")).findall("packet")
    for sample, packet in zip(read, packets, strict=True):
        assert complaints(packet) == []
        assert [
            number(packet, f"smpp.{name}") for name in ("command_length", "command_id", "sequence_number")
        ] == [
            len(sample),
            int.from_bytes(sample[4:8], "big"),
            int.from_bytes(sample[12:16], "big"),
        ]
