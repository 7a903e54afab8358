import pytest

from trunkline.smpp.codec import decode, encode
from trunkline.smpp.constants import RESPONSE_BIT, CommandId, CommandStatus, Tag
from trunkline.smpp.errors import EncodeError
from trunkline.smpp.fields import DistributionList, SmeAddress, UnsuccessSme
from trunkline.smpp.pdus import (
    PDU_CLASSES,
    AlertNotification,
    BindTransceiver,
    BindTransceiverResp,
    BroadcastSm,
    BroadcastSmResp,
    DataSm,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Pdu,
    QueryBroadcastSmResp,
    ReplaceSm,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
)
from trunkline.smpp.tlv import Tlv

from .samples import EMPTY, FULL


def test_every_command_of_the_specification_has_a_class():
    assert set(PDU_CLASSES) == {command.value for command in CommandId}
    assert {cls.name for cls in PDU_CLASSES.values()} == {command.name.lower() for command in CommandId}


@pytest.mark.parametrize("pdu", FULL + EMPTY, ids=repr)
def test_what_is_encoded_is_decoded(pdu: Pdu):
    data = encode(pdu)
    assert int.from_bytes(data[:4], "big") == len(data)
    again = decode(data)
    assert type(again) is type(pdu)
    assert again == pdu
    assert encode(again) == data


def test_defaults_are_the_null_values():
    pdu = SubmitSm()
    assert all(getattr(pdu, name) in {0, "", b""} for name, _ in pdu.layout)
    assert pdu.command_status == 0
    assert pdu.sequence_number == 0
    assert pdu.tlvs == ()


def test_instances_have_no_dict_and_no_positional_arguments():
    assert not hasattr(SubmitSm(), "__dict__")
    with pytest.raises(TypeError):
        SubmitSm("CMT")
    with pytest.raises(TypeError):
        SubmitSm(source="1")


def test_equality_looks_at_type_fields_status_and_tlvs():
    assert SubmitSm(source_addr="1") == SubmitSm(source_addr="1")
    assert SubmitSm(source_addr="1") != SubmitSm(source_addr="2")
    assert SubmitSm(sequence_number=1) != SubmitSm(sequence_number=2)
    assert SubmitSm(tlvs=(Tlv(1, b""),)) != SubmitSm()
    assert SubmitSm() != DeliverSm()
    assert SubmitSm() != object()


def test_repr_shows_what_is_set_and_never_the_password():
    shown = repr(BindTransceiver(system_id="acme", password="s3cret"))
    assert shown == "BindTransceiver(system_id='acme', password=***, interface_version=52)".replace(
        ", interface_version=52", ""
    )
    assert "s3cret" not in repr(Outbind(password="s3cret"))


@pytest.mark.parametrize("cls", [cls for cls in PDU_CLASSES.values() if not cls.command_id & RESPONSE_BIT])
def test_response_has_the_right_class_and_sequence_number(cls: type[Pdu]):
    answer = cls(sequence_number=77).response(8)
    assert answer.sequence_number == 77
    assert answer.command_status == 8
    if cls in {Outbind, AlertNotification}:
        assert type(answer) is GenericNack
    else:
        assert answer.command_id == cls.command_id | RESPONSE_BIT


def test_response_takes_the_fields_of_the_response_only():
    answer = SubmitSm(sequence_number=1).response(message_id="a1")
    assert answer == SubmitSmResp(sequence_number=1, message_id="a1")
    with pytest.raises(TypeError):
        SubmitSm().response(source_addr="1")


def test_tlv_finds_the_first_of_a_tag():
    pdu = SubmitSm(tlvs=(Tlv(0x1400, b"a"), Tlv(0x0424, b"b"), Tlv(0x1400, b"c")))
    assert pdu.tlv(0x1400) == b"a"
    assert pdu.tlv(Tag.MESSAGE_PAYLOAD) == b"b"
    assert pdu.tlv(Tag.SOURCE_PORT) is None


def test_all_tlvs_of_a_tag_in_order():
    pdu = BroadcastSm(tlvs=(Tlv(0x0606, b"\0a"), Tlv(0x0424, b"b"), Tlv(0x0606, b"\0c")))
    assert pdu.all_tlvs(Tag.BROADCAST_AREA_IDENTIFIER) == (b"\0a", b"\0c")
    assert pdu.all_tlvs(Tag.SOURCE_PORT) == ()
    assert pdu.payload == b"b"
    assert BroadcastSm().payload == b""


def test_tlvs_that_must_be_there():
    assert BroadcastSm().missing_tlvs() == (0x0606, 0x0601, 0x0604, 0x0605)
    some = BroadcastSm(tlvs=(Tlv(0x0604, b"\0\1"), Tlv(0x0606, b"\0a")))
    assert some.missing_tlvs() == (0x0601, 0x0605)
    assert QueryBroadcastSmResp().missing_tlvs() == (0x0427, 0x0606, 0x0608)
    assert SubmitSm().missing_tlvs() == BroadcastSmResp().missing_tlvs() == ()


def test_congestion_state_of_a_response():
    assert SubmitSmResp().congestion_state is None
    assert SubmitSmResp(tlvs=(Tlv(0x001D, b"x"),)).congestion_state is None
    assert SubmitSmResp(tlvs=(Tlv(0x001D, b"x"), Tlv(0x0428, b"\x00"))).congestion_state == 0
    assert GenericNack(tlvs=(Tlv(0x0428, b"\x64"),)).congestion_state == 100
    assert SubmitSmResp(tlvs=(Tlv(0x0428, b""),)).congestion_state is None


@pytest.mark.parametrize("cls", [SubmitSm, DeliverSm])
@pytest.mark.parametrize(
    ("short_message", "message_payload", "payload"),
    [
        (b"short", None, b"short"),
        (b"short", b"", b"short"),
        (b"short", b"long", b"short"),
        (b"", b"long", b"long"),
        (b"", b"", b""),
        (b"", None, b""),
    ],
)
def test_payload_is_the_one_that_is_not_empty(cls, short_message, message_payload, payload):
    tlvs = () if message_payload is None else (Tlv(0x0424, message_payload),)
    assert cls(short_message=short_message, tlvs=tlvs).payload == payload


def test_payload_of_data_sm_and_submit_multi():
    assert DataSm(tlvs=(Tlv(0x0424, b"x"),)).payload == b"x"
    assert DataSm().payload == b""
    assert SubmitMulti(short_message=b"x").payload == b"x"
    assert SubmitMulti(tlvs=(Tlv(0x0424, b"y"),)).payload == b"y"
    assert SubmitMulti().payload == b""


@pytest.mark.parametrize("cls", [SubmitSmResp, BindTransceiverResp, BroadcastSmResp, QueryBroadcastSmResp])
def test_refusals_have_no_body(cls: type[Pdu]):
    assert len(encode(cls(command_status=8))) == 16
    assert len(encode(cls())) == 17


def test_a_refusal_with_something_to_say_keeps_its_body():
    assert len(encode(SubmitSmResp(command_status=8, message_id="x"))) == 18
    assert len(encode(SubmitSmResp(command_status=8, tlvs=(Tlv(0x001D, b"no"),)))) == 16 + 1 + 6
    assert len(encode(DeliverSmResp(command_status=8))) == 17


@pytest.mark.parametrize(
    ("pdu", "field"),
    [
        (SubmitSm(source_addr="1" * 21), "source_addr"),
        (SubmitSm(destination_addr="1" * 21), "destination_addr"),
        (SubmitSm(service_type="ABCDEF"), "service_type"),
        (SubmitSm(validity_period="0" * 17), "validity_period"),
        (SubmitSm(source_addr="a\0b"), "source_addr"),
        (BindTransceiver(password="a\0b"), "password"),
        (SubmitSm(source_addr="€"), "SubmitSm"),
        (SubmitSm(short_message=b"x" * 255), "short_message"),
        (ReplaceSm(short_message=b"x" * 255), "short_message"),
        (SubmitSm(data_coding=256), "SubmitSm"),
        (SubmitSm(data_coding=-1), "SubmitSm"),
        (SubmitSm(data_coding="8"), "SubmitSm"),
        (SubmitSm(source_addr=b"bytes"), "SubmitSm"),
        (SubmitSm(source_addr=None), "SubmitSm"),
        (SubmitSm(source_addr=12345), "SubmitSm"),
        (SubmitSm(short_message="text"), "SubmitSm"),
        (SubmitSm(sequence_number=-1), "SubmitSm"),
        (SubmitSm(sequence_number=1 << 32), "SubmitSm"),
        (SubmitSm(tlvs=(Tlv(0x10000, b""),)), "0x10000"),
        (SubmitSm(tlvs=(Tlv(0x0424, b"x" * 65536),)), "message_payload"),
        (SubmitMulti(dest_address=(SmeAddress(1, 1, "1"),) * 255), "255 destinations"),
        (SubmitMulti(dest_address=(SmeAddress(1, 1, "1" * 21),)), "destination_addr"),
        (SubmitMulti(dest_address=(SmeAddress(256, 1, "1"),)), "SubmitMulti"),
        (SubmitMulti(dest_address=(DistributionList("a\0"),)), "dl_name"),
        (SubmitMultiResp(unsuccess_sme=(UnsuccessSme(1, 1, "1", 1 << 32),)), "SubmitMultiResp"),
        (SubmitMultiResp(unsuccess_sme=(UnsuccessSme(1, 1, "1", 8),) * 256), "SubmitMultiResp"),
        (Pdu(), "Pdu"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_values_that_do_not_fit_are_our_mistake_and_named(pdu: Pdu, field: str):
    with pytest.raises(EncodeError, match=field):
        encode(pdu)


def test_enumerations_encode_like_their_numbers():
    assert encode(SubmitSm(command_status=CommandStatus.ESME_RTHROTTLED)) == encode(
        SubmitSm(command_status=0x58)
    )


def test_passwords_and_ids_beyond_the_specified_length_are_carried():
    # Providers hand out longer passwords than 8 characters, and SMSCs longer message ids than 64.
    pdu = BindTransceiver(system_id="a" * 30, password="p" * 30)
    assert decode(encode(pdu)) == pdu
    answer = SubmitSmResp(message_id="m" * 100)
    assert decode(encode(answer)) == answer


def test_enquire_link_is_a_bare_header():
    assert encode(EnquireLink(sequence_number=5)).hex() == "00000010000000150000000000000005"
    assert encode(EnquireLinkResp(sequence_number=5)).hex() == "00000010800000150000000000000005"
