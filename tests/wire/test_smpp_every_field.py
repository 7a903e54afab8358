"""Every mandatory field with a value of its own, laid out by hand: none is taken for another."""

import pytest

from trunkline.smpp.codec import decode, encode
from trunkline.smpp.fields import DistributionList, SmeAddress, UnsuccessSme
from trunkline.smpp.pdus import (
    AlertNotification,
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    CancelBroadcastSm,
    CancelSm,
    DataSm,
    DeliverSm,
    Pdu,
    QueryBroadcastSm,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
)

from .octets import octets

BIND = """
    00 00 00 32              | command_length 50
    00 00 00 {command}
    00 00 00 00              | command_status
    00 00 00 01              | sequence_number
    "fifteen letters" 00     | system_id
    "eight888" 00            | password: the longest the field holds
    "VM" 00                  | system_type
    50                       | interface_version 5.0
    02                       | addr_ton national
    08                       | addr_npi national
    "^4" 00                  | address_range
"""
BIND_FIELDS = {
    "sequence_number": 1,
    "system_id": "fifteen letters",
    "password": "eight888",
    "system_type": "VM",
    "interface_version": 0x50,
    "addr_ton": 2,
    "addr_npi": 8,
    "address_range": "^4",
}
MESSAGE = """
    00 00 00 4E              | command_length 78
    00 00 00 {command}
    00 00 00 00              | command_status
    00 00 00 02              | sequence_number
    "WAP" 00                 | service_type
    05                       | source_addr_ton alphanumeric
    09                       | source_addr_npi private
    "Acme" 00                | source_addr
    01                       | dest_addr_ton international
    06                       | dest_addr_npi land mobile
    "4477" 00                | destination_addr
    43                       | esm_class: UDHI, store and forward
    7F                       | protocol_id
    03                       | priority_flag
    "260102153000000+" 00    | schedule_delivery_time
    "000002000000000R" 00    | validity_period
    11                       | registered_delivery
    01                       | replace_if_present_flag
    F6                       | data_coding
    FE                       | sm_default_msg_id
    02                       | sm_length
    01 02                    | short_message
"""
MESSAGE_FIELDS = {
    "sequence_number": 2,
    "service_type": "WAP",
    "source_addr_ton": 5,
    "source_addr_npi": 9,
    "source_addr": "Acme",
    "dest_addr_ton": 1,
    "dest_addr_npi": 6,
    "destination_addr": "4477",
    "esm_class": 0x43,
    "protocol_id": 0x7F,
    "priority_flag": 3,
    "schedule_delivery_time": "260102153000000+",
    "validity_period": "000002000000000R",
    "registered_delivery": 0x11,
    "replace_if_present_flag": 1,
    "data_coding": 0xF6,
    "sm_default_msg_id": 0xFE,
    "short_message": b"\x01\x02",
}

SAMPLES: list[tuple[str, Pdu]] = [
    (BIND.format(command="01 | bind_receiver"), BindReceiver(**BIND_FIELDS)),
    (BIND.format(command="02 | bind_transmitter"), BindTransmitter(**BIND_FIELDS)),
    (BIND.format(command="09 | bind_transceiver"), BindTransceiver(**BIND_FIELDS)),
    (MESSAGE.format(command="04 | submit_sm"), SubmitSm(**MESSAGE_FIELDS)),
    (MESSAGE.format(command="05 | deliver_sm"), DeliverSm(**MESSAGE_FIELDS)),
    (
        """
        00 00 00 60              | command_length 96
        00 00 00 21              | submit_multi
        00 00 00 00              | command_status
        00 00 00 03              | sequence_number
        "CMT" 00                 | service_type
        03                       | source_addr_ton network specific
        08                       | source_addr_npi national
        "123" 00                 | source_addr
        03                       | number_of_dests
        01 01 06 "4477" 00       | dest_flag, dest_addr_ton, dest_addr_npi, destination_addr
        02 "friends" 00          | dest_flag, dl_name
        01 02 01 "0770" 00       | dest_flag, dest_addr_ton, dest_addr_npi, destination_addr
        03                       | esm_class
        01                       | protocol_id
        02                       | priority_flag
        "260102153000004+" 00    | schedule_delivery_time: an hour east of UTC
        "000000010000000R" 00    | validity_period: one hour
        02                       | registered_delivery
        01                       | replace_if_present_flag
        08                       | data_coding
        07                       | sm_default_msg_id
        02                       | sm_length
        20 AC                    | short_message
        """,
        SubmitMulti(
            sequence_number=3,
            service_type="CMT",
            source_addr_ton=3,
            source_addr_npi=8,
            source_addr="123",
            dest_address=(SmeAddress(1, 6, "4477"), DistributionList("friends"), SmeAddress(2, 1, "0770")),
            esm_class=3,
            protocol_id=1,
            priority_flag=2,
            schedule_delivery_time="260102153000004+",
            validity_period="000000010000000R",
            registered_delivery=2,
            replace_if_present_flag=1,
            data_coding=8,
            sm_default_msg_id=7,
            short_message=b"\x20\xac",
        ),
    ),
    (
        """
        00 00 00 2A              | command_length 42
        80 00 00 21              | submit_multi_resp
        00 00 00 00              | command_status
        00 00 00 03              | sequence_number
        "m1" 00                  | message_id
        02                       | no_unsuccess
        01 06 "4477" 00          | dest_addr_ton, dest_addr_npi, destination_addr
        00 00 00 0B              | error_status_code ESME_RINVDSTADR
        02 01 "0770" 00          | dest_addr_ton, dest_addr_npi, destination_addr
        00 00 00 58              | error_status_code ESME_RTHROTTLED
        """,
        SubmitMultiResp(
            sequence_number=3,
            message_id="m1",
            unsuccess_sme=(UnsuccessSme(1, 6, "4477", 0x0B), UnsuccessSme(2, 1, "0770", 0x58)),
        ),
    ),
    (
        """
        00 00 00 26              | command_length 38
        00 00 01 03              | data_sm
        00 00 00 00              | command_status
        00 00 00 04              | sequence_number
        "USSD" 00                | service_type
        05 09 "Acme" 00          | source_addr_ton, source_addr_npi, source_addr
        01 06 "4477" 00          | dest_addr_ton, dest_addr_npi, destination_addr
        02                       | esm_class: transaction mode
        11                       | registered_delivery
        03                       | data_coding
        """,
        DataSm(
            sequence_number=4,
            service_type="USSD",
            source_addr_ton=5,
            source_addr_npi=9,
            source_addr="Acme",
            dest_addr_ton=1,
            dest_addr_npi=6,
            destination_addr="4477",
            esm_class=2,
            registered_delivery=0x11,
            data_coding=3,
        ),
    ),
    (
        """
        00 00 00 1A 00 00 00 03  | query_sm
        00 00 00 00 00 00 00 05  | command_status, sequence_number
        "m1" 00                  | message_id
        05 09 "Acme" 00          | source_addr_ton, source_addr_npi, source_addr
        """,
        QuerySm(sequence_number=5, message_id="m1", source_addr_ton=5, source_addr_npi=9, source_addr="Acme"),
    ),
    (
        """
        00 00 00 26 80 00 00 03  | query_sm_resp
        00 00 00 00 00 00 00 05  | command_status, sequence_number
        "m1" 00                  | message_id
        "260102153000000+" 00    | final_date
        05                       | message_state UNDELIVERABLE
        1B                       | error_code
        """,
        QuerySmResp(
            sequence_number=5,
            message_id="m1",
            final_date="260102153000000+",
            message_state=5,
            error_code=0x1B,
        ),
    ),
    (
        """
        00 00 00 25 00 00 00 08  | cancel_sm
        00 00 00 00 00 00 00 06  | command_status, sequence_number
        "VMN" 00                 | service_type
        "m1" 00                  | message_id
        05 09 "Acme" 00          | source_addr_ton, source_addr_npi, source_addr
        01 06 "4477" 00          | dest_addr_ton, dest_addr_npi, destination_addr
        """,
        CancelSm(
            sequence_number=6,
            service_type="VMN",
            message_id="m1",
            source_addr_ton=5,
            source_addr_npi=9,
            source_addr="Acme",
            dest_addr_ton=1,
            dest_addr_npi=6,
            destination_addr="4477",
        ),
    ),
    (
        """
        00 00 00 41 00 00 00 07  | replace_sm
        00 00 00 00 00 00 00 07  | command_status, sequence_number
        "m1" 00                  | message_id
        05 09 "Acme" 00          | source_addr_ton, source_addr_npi, source_addr
        "260102153000000+" 00    | schedule_delivery_time
        "000002000000000R" 00    | validity_period
        01                       | registered_delivery
        FE                       | sm_default_msg_id
        02                       | sm_length
        "ho"                     | short_message
        """,
        ReplaceSm(
            sequence_number=7,
            message_id="m1",
            source_addr_ton=5,
            source_addr_npi=9,
            source_addr="Acme",
            schedule_delivery_time="260102153000000+",
            validity_period="000002000000000R",
            registered_delivery=1,
            sm_default_msg_id=0xFE,
            short_message=b"ho",
        ),
    ),
    (
        """
        00 00 00 1E 00 00 01 02  | alert_notification
        00 00 00 00 00 00 00 08  | command_status, sequence_number
        01 06 "4477" 00          | source_addr_ton, source_addr_npi, source_addr
        05 09 "Acme" 00          | esme_addr_ton, esme_addr_npi, esme_addr
        """,
        AlertNotification(
            sequence_number=8,
            source_addr_ton=1,
            source_addr_npi=6,
            source_addr="4477",
            esme_addr_ton=5,
            esme_addr_npi=9,
            esme_addr="Acme",
        ),
    ),
    (
        """
        00 00 00 1A 00 00 01 12  | query_broadcast_sm
        00 00 00 00 00 00 00 09  | command_status, sequence_number
        "b1" 00                  | message_id
        05 09 "Acme" 00          | source_addr_ton, source_addr_npi, source_addr
        """,
        QueryBroadcastSm(
            sequence_number=9, message_id="b1", source_addr_ton=5, source_addr_npi=9, source_addr="Acme"
        ),
    ),
    (
        """
        00 00 00 1E 00 00 01 13  | cancel_broadcast_sm
        00 00 00 00 00 00 00 0A  | command_status, sequence_number
        "CBS" 00                 | service_type
        "b1" 00                  | message_id
        05 09 "Acme" 00          | source_addr_ton, source_addr_npi, source_addr
        """,
        CancelBroadcastSm(
            sequence_number=10,
            service_type="CBS",
            message_id="b1",
            source_addr_ton=5,
            source_addr_npi=9,
            source_addr="Acme",
        ),
    ),
]


@pytest.mark.parametrize(("layout", "pdu"), SAMPLES, ids=[pdu.name for _, pdu in SAMPLES])
def test_every_field(layout: str, pdu: Pdu):
    data = octets(layout)
    assert int.from_bytes(data[:4], "big") == len(data)
    assert decode(data) == pdu
    assert encode(pdu) == data
    for name, _ in pdu.layout:
        assert getattr(pdu, name) != pdu.defaults[name], name
