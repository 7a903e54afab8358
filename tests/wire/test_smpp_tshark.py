"""Wireshark's dissector reads what we write: every PDU, none malformed, the fields where we put them."""

import json
from pathlib import Path
from typing import Any

import pytest

from trunkline.smpp.broadcast import (
    AreaFormat,
    BroadcastArea,
    BroadcastNetwork,
    TimeUnit,
    broadcast_content_type,
    broadcast_error_status,
    broadcast_frequency_interval,
)
from trunkline.smpp.codec import encode
from trunkline.smpp.constants import CommandStatus, DataCoding, MessageState, RegisteredDelivery, Tag
from trunkline.smpp.fields import DistributionList, SmeAddress, UnsuccessSme
from trunkline.smpp.pdus import (
    PDU_CLASSES,
    BindTransceiver,
    BindTransceiverResp,
    BroadcastSm,
    BroadcastSmResp,
    CancelBroadcastSm,
    CancelBroadcastSmResp,
    DataSm,
    DeliverSm,
    GenericNack,
    Pdu,
    QueryBroadcastSm,
    QueryBroadcastSmResp,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
)
from trunkline.smpp.receipts import format_receipt
from trunkline.smpp.tlv import Tlv, c_octets, octet, short

from .dissector import run, write_pcap

pytestmark = pytest.mark.services


def dissect(tshark: str, path: Path, pdus: list[Pdu]) -> list[dict[str, Any]]:
    """What the dissector says of each PDU: field name to value, in any depth, first occurrence."""
    write_pcap(path, [encode(pdu) for pdu in pdus])
    text = run(tshark, path, "-V")
    assert "Malformed" not in text
    assert text.count("Short Message Peer to Peer") == len(pdus)
    packets = json.loads(run(tshark, path, "-T", "json", "--no-duplicate-keys", "-J", "smpp"))
    assert len(packets) == len(pdus)
    return [flatten(each["_source"]["layers"]["smpp"]) for each in packets]


def octets(shown: str) -> bytes:
    """The octets that the dissector shows as hex with colons."""
    return bytes.fromhex(shown.replace(":", ""))


def flatten(tree: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in tree.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                found = flatten(item) | found
            else:
                found.setdefault(name, item)
    return found


def test_every_pdu_is_well_formed(tshark: str, tmp_path: Path):
    destinations = (SmeAddress(1, 1, "447700900123"), DistributionList("friends"))
    pdus = [
        cls(sequence_number=number, dest_address=destinations)
        if cls is SubmitMulti
        else cls(sequence_number=number)
        for number, cls in enumerate(PDU_CLASSES.values(), start=1)
    ]
    seen = dissect(tshark, tmp_path / "all.pcap", pdus)
    for pdu, fields in zip(pdus, seen, strict=True):
        assert int(fields["smpp.command_id"], 0) == pdu.command_id
        assert int(fields["smpp.sequence_number"], 0) == pdu.sequence_number


def test_binds(tshark: str, tmp_path: Path):
    bind, answer, nack = dissect(
        tshark,
        tmp_path / "bind.pcap",
        [
            BindTransceiver(
                sequence_number=1,
                system_id="acme",
                password="s3cret",
                system_type="VMA",
                addr_ton=1,
                addr_npi=1,
                address_range="^44",
            ),
            BindTransceiverResp(
                sequence_number=1, system_id="smsc", tlvs=(octet(Tag.SC_INTERFACE_VERSION, 0x34),)
            ),
            GenericNack(command_status=3, sequence_number=2),
        ],
    )
    assert bind["smpp.system_id"] == "acme"
    assert bind["smpp.password"] == "s3cret"
    assert bind["smpp.system_type"] == "VMA"
    assert bind["smpp.address_range"] == "^44"
    assert answer["smpp.system_id"] == "smsc"
    assert int(answer["smpp.SC_interface_version"], 0) == 0x34
    assert int(nack["smpp.command_status"], 0) == 3


def test_submit_sm_and_its_response(tshark: str, tmp_path: Path):
    submit, answer = dissect(
        tshark,
        tmp_path / "submit.pcap",
        [
            SubmitSm(
                sequence_number=0x7FFFFFFF,
                source_addr_ton=5,
                source_addr="Trunkline",
                dest_addr_ton=1,
                dest_addr_npi=1,
                destination_addr="447700900123",
                validity_period="000002000000000R",
                registered_delivery=RegisteredDelivery.FINAL,
                data_coding=DataCoding.UCS2,
                short_message="Grüße €".encode("utf-16-be"),
                tlvs=(
                    short(Tag.SAR_MSG_REF_NUM, 0x1234),
                    octet(Tag.SAR_TOTAL_SEGMENTS, 3),
                    octet(Tag.SAR_SEGMENT_SEQNUM, 2),
                    Tlv(0x1501, b"vendor"),
                ),
            ),
            SubmitSmResp(sequence_number=0x7FFFFFFF, message_id="0199-a1"),
        ],
    )
    assert submit["smpp.source_addr"] == "Trunkline"
    assert int(submit["smpp.source_addr_ton"], 0) == 5
    assert submit["smpp.destination_addr"] == "447700900123"
    assert int(submit["smpp.sm_length"]) == 14
    assert bytes.fromhex(submit["smpp.message"].replace(":", "")).decode("utf-16-be") == "Grüße €"
    assert int(submit["smpp.sar_msg_ref_num"]) == 0x1234
    assert int(submit["smpp.sar_total_segments"]) == 3
    assert int(submit["smpp.sar_segment_seqnum"]) == 2
    assert int(submit["smpp.data_coding"], 0) == 8
    assert answer["smpp.message_id"] == "0199-a1"


def test_a_receipt_and_a_long_payload(tshark: str, tmp_path: Path):
    receipt, data = dissect(
        tshark,
        tmp_path / "receipt.pcap",
        [
            DeliverSm(
                sequence_number=1,
                source_addr="447700900123",
                destination_addr="Trunkline",
                esm_class=0x04,
                short_message=format_receipt("a1", 1, 1, 0, 60_000, "DELIVRD", "000", "hello"),
                tlvs=(c_octets(Tag.RECEIPTED_MESSAGE_ID, "a1"), octet(Tag.MESSAGE_STATE, 2)),
            ),
            DataSm(sequence_number=2, source_addr="1", tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, b"x" * 500),)),
        ],
    )
    assert receipt["smpp.receipted_message_id"] == "a1"
    assert int(receipt["smpp.message_state"]) == 2
    assert int(receipt["smpp.esm.submit.msg_type"], 0) == 1
    assert len(data["smpp.message_payload"].replace(":", "")) == 1000


def test_submit_multi(tshark: str, tmp_path: Path):
    multi, answer = dissect(
        tshark,
        tmp_path / "multi.pcap",
        [
            SubmitMulti(
                sequence_number=1,
                source_addr="123",
                dest_address=(SmeAddress(1, 1, "447700900123"), DistributionList("friends")),
                short_message=b"hi",
            ),
            SubmitMultiResp(
                sequence_number=1, message_id="a1", unsuccess_sme=(UnsuccessSme(1, 1, "447700900123", 0x0B),)
            ),
        ],
    )
    assert multi["smpp.dl_name"] == "friends"
    assert multi["smpp.destination_addr"] == "447700900123"
    assert answer["smpp.message_id"] == "a1"
    assert int(answer["smpp.error_status_code"], 0) == 0x0B


def test_a_broadcast_and_its_response(tshark: str, tmp_path: Path):
    city = BroadcastArea(AreaFormat.ALIAS, b"City")
    broadcast, answer = dissect(
        tshark,
        tmp_path / "broadcast.pcap",
        [
            BroadcastSm(
                sequence_number=1,
                service_type="CBS",
                source_addr="112",
                message_id="b1",
                priority_flag=1,
                replace_if_present_flag=1,
                data_coding=DataCoding.LATIN1,
                tlvs=(
                    city.tlv(),
                    broadcast_content_type(BroadcastNetwork.GENERIC, 1),
                    broadcast_frequency_interval(TimeUnit.MINUTES, 31),
                    Tlv(Tag.MESSAGE_PAYLOAD, b"Storm!"),
                    octet(Tag.BROADCAST_CHANNEL_INDICATOR, 1),
                    Tlv(Tag.BROADCAST_CONTENT_TYPE_INFO, b"info"),
                    octet(Tag.BROADCAST_MESSAGE_CLASS, 2),
                    Tlv(Tag.BROADCAST_SERVICE_GROUP, b"group"),
                    # Without broadcast_rep_num, although it belongs here: Wireshark (4.0) reads one of its
                    # two octets, takes the other for the next tag and loses its way.
                ),
            ),
            BroadcastSmResp(
                sequence_number=1,
                message_id="b2",
                tlvs=(
                    city.tlv(),
                    broadcast_error_status(CommandStatus.ESME_RINVBCASTALIAS_NAME),
                    octet(Tag.CONGESTION_STATE, 85),
                ),
            ),
        ],
    )
    assert broadcast["smpp.service_type"] == "CBS"
    assert broadcast["smpp.message_id"] == "b1"
    assert octets(broadcast["smpp.broadcast_area_identifier"]).endswith(b"City")
    assert int(broadcast["smpp.broadcast_content_type.nw"]) == 0
    assert int(broadcast["smpp.broadcast_content_type.type"], 0) == 1
    assert int(broadcast["smpp.broadcast_frequency_interval.unit"], 0) == 0x09
    assert int(broadcast["smpp.broadcast_frequency_interval.value"]) == 31
    assert octets(broadcast["smpp.message_payload"]) == b"Storm!"
    assert int(broadcast["smpp.broadcast_channel_indicator"]) == 1
    assert octets(broadcast["smpp.broadcast_content_type.info"]) == b"info"
    assert int(broadcast["smpp.broadcast_message_class"], 0) == 2
    assert octets(broadcast["smpp.broadcast_service_group"]) == b"group"
    assert answer["smpp.message_id"] == "b2"
    assert int(answer["smpp.broadcast_error_status"], 0) == 0x108
    assert int(answer["smpp.congestion_state"]) == 85


def test_a_broadcast_is_queried_and_cancelled(tshark: str, tmp_path: Path):
    query, answer, cancel, refused = dissect(
        tshark,
        tmp_path / "ancillary.pcap",
        [
            QueryBroadcastSm(
                sequence_number=1, source_addr="112", tlvs=(short(Tag.USER_MESSAGE_REFERENCE, 7),)
            ),
            QueryBroadcastSmResp(
                sequence_number=1,
                message_id="b2",
                tlvs=(
                    octet(Tag.MESSAGE_STATE, MessageState.ENROUTE),
                    BroadcastArea(AreaFormat.POLYGON, b"\1\2\3").tlv(),
                    octet(Tag.BROADCAST_AREA_SUCCESS, 98),
                    c_octets(Tag.BROADCAST_END_TIME, "250131120000000+"),
                ),
            ),
            CancelBroadcastSm(
                sequence_number=2,
                service_type="CBS",
                message_id="b2",
                source_addr="112",
                tlvs=(broadcast_content_type(BroadcastNetwork.GSM, 50),),
            ),
            CancelBroadcastSmResp(
                sequence_number=2, command_status=CommandStatus.ESME_RBCASTCANCELFAIL.value
            ),
        ],
    )
    assert query["smpp.source_addr"] == "112"
    assert int(query["smpp.user_message_reference"], 0) == 7
    assert answer["smpp.message_id"] == "b2"
    assert int(answer["smpp.message_state"]) == 1
    assert int(answer["smpp.broadcast_area_identifier.format"], 0) == 2
    assert int(answer["smpp.broadcast_area_success"]) == 98
    assert "2025" in answer["smpp.broadcast_end_time"]
    assert cancel["smpp.service_type"] == "CBS"
    assert cancel["smpp.message_id"] == "b2"
    assert int(cancel["smpp.broadcast_content_type.type"], 0) == 50
    assert int(refused["smpp.command_status"], 0) == 0x10F


def test_the_tlvs_of_5_0_about_networks(tshark: str, tmp_path: Path):
    (submit,) = dissect(
        tshark,
        tmp_path / "networks.pcap",
        [
            SubmitSm(
                sequence_number=1,
                tlvs=(
                    Tlv(Tag.BILLING_IDENTIFICATION, b"\x80bill"),
                    c_octets(Tag.SOURCE_NETWORK_ID, "126201"),
                    Tlv(Tag.SOURCE_NODE_ID, b"000001"),
                    c_octets(Tag.DEST_NETWORK_ID, "126202"),
                    Tlv(Tag.DEST_NODE_ID, b"000002"),
                    octet(Tag.DEST_ADDR_NP_RESOLUTION, 2),
                    Tlv(Tag.DEST_ADDR_NP_INFORMATION, b"2125550000"),
                    Tlv(Tag.DEST_ADDR_NP_COUNTRY, b"\x01"),
                ),
            )
        ],
    )
    assert octets(submit["smpp.billing_id"]) == b"\x80bill"
    assert submit["smpp.source_network_id"] == "126201"
    assert octets(submit["smpp.source_node_id"]) == b"000001"
    assert submit["smpp.dest_network_id"] == "126202"
    assert octets(submit["smpp.dest_node_id"]) == b"000002"
    assert int(submit["smpp.dest_addr_np_resolution"]) == 2
    assert octets(submit["smpp.dest_addr_np_info"]) == b"2125550000"
    assert octets(submit["smpp.dest_addr_np_country"]) == b"\x01"
