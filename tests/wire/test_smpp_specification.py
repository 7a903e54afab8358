"""Every PDU of SMPP 3.4 and 5.0, laid out octet by octet from the tables of chapter 4, read and written.

The octets stand here as the specification orders them, with what each group is. None was made by our encoder.
"""

import pytest

from trunkline.smpp.codec import decode, encode
from trunkline.smpp.fields import DistributionList, SmeAddress, UnsuccessSme
from trunkline.smpp.pdus import (
    PDU_CLASSES,
    AlertNotification,
    BindReceiver,
    BindReceiverResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    BroadcastSm,
    BroadcastSmResp,
    CancelBroadcastSm,
    CancelBroadcastSmResp,
    CancelSm,
    CancelSmResp,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Pdu,
    QueryBroadcastSm,
    QueryBroadcastSmResp,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from trunkline.smpp.tlv import Tlv

from .octets import octets

SAMPLES: list[tuple[str, Pdu]] = [
    (
        # The specification's own example of a PDU (section 3.2), octet for octet.
        """
        00 00 00 2F                    | command_length 47
        00 00 00 02                    | bind_transmitter
        00 00 00 00                    | command_status
        00 00 00 01                    | sequence_number
        53 4D 50 50 33 54 45 53 54 00  | system_id "SMPP3TEST"
        73 65 63 72 65 74 30 38 00     | password "secret08"
        53 55 42 4D 49 54 31 00        | system_type "SUBMIT1"
        00                             | interface_version
        01                             | addr_ton
        01                             | addr_npi
        00                             | address_range
        """,
        BindTransmitter(
            sequence_number=1,
            system_id="SMPP3TEST",
            password="secret08",
            system_type="SUBMIT1",
            interface_version=0,
            addr_ton=1,
            addr_npi=1,
        ),
    ),
    (
        """
        00 00 00 1A        | command_length 26
        80 00 00 02        | bind_transmitter_resp
        00 00 00 00        | command_status
        00 00 00 01        | sequence_number
        53 4D 53 43 00     | system_id "SMSC"
        02 10 00 01 34     | sc_interface_version 3.4
        """,
        BindTransmitterResp(sequence_number=1, system_id="SMSC", tlvs=(Tlv(0x0210, b"\x34"),)),
    ),
    (
        """
        00 00 00 20        | command_length 32
        00 00 00 01        | bind_receiver
        00 00 00 00        | command_status
        00 00 00 02        | sequence_number
        61 63 6D 65 00     | system_id "acme"
        70 77 00           | password "pw"
        00                 | system_type
        34                 | interface_version 3.4
        00                 | addr_ton
        00                 | addr_npi
        5E 34 34 00        | address_range "^44"
        """,
        BindReceiver(sequence_number=2, system_id="acme", password="pw", address_range="^44"),
    ),
    (
        """
        00 00 00 10        | command_length 16: no body when refused
        80 00 00 01        | bind_receiver_resp
        00 00 00 0E        | ESME_RINVPASWD
        00 00 00 02        | sequence_number
        """,
        BindReceiverResp(command_status=0x0E, sequence_number=2),
    ),
    (
        """
        00 00 00 20        | command_length 32
        00 00 00 09        | bind_transceiver
        00 00 00 00        | command_status
        00 00 00 03        | sequence_number
        61 63 6D 65 00     | system_id "acme"
        70 77 00           | password "pw"
        56 4D 41 00        | system_type "VMA"
        34                 | interface_version
        00                 | addr_ton
        00                 | addr_npi
        00                 | address_range
        """,
        BindTransceiver(sequence_number=3, system_id="acme", password="pw", system_type="VMA"),
    ),
    (
        """
        00 00 00 11        | command_length 17
        80 00 00 09        | bind_transceiver_resp
        00 00 00 00        | command_status
        00 00 00 03        | sequence_number
        00                 | system_id
        """,
        BindTransceiverResp(sequence_number=3),
    ),
    (
        """
        00 00 00 18        | command_length 24
        00 00 00 0B        | outbind
        00 00 00 00        | command_status
        00 00 00 04        | sequence_number
        53 4D 53 43 00     | system_id "SMSC"
        70 77 00           | password "pw"
        """,
        Outbind(sequence_number=4, system_id="SMSC", password="pw"),
    ),
    ("00 00 00 10 00 00 00 06 00 00 00 00 00 00 00 05 | unbind", Unbind(sequence_number=5)),
    ("00 00 00 10 80 00 00 06 00 00 00 00 00 00 00 05 | unbind_resp", UnbindResp(sequence_number=5)),
    (
        "00 00 00 10 80 00 00 00 00 00 00 03 00 00 00 06 | generic_nack, ESME_RINVCMDID",
        GenericNack(command_status=3, sequence_number=6),
    ),
    ("00 00 00 10 00 00 00 15 00 00 00 00 00 00 00 07 | enquire_link", EnquireLink(sequence_number=7)),
    (
        "00 00 00 10 80 00 00 15 00 00 00 00 00 00 00 07 | enquire_link_resp",
        EnquireLinkResp(sequence_number=7),
    ),
    (
        """
        00 00 00 54                                      | command_length 84
        00 00 00 04                                      | submit_sm
        00 00 00 00                                      | command_status
        7F FF FF FF                                      | sequence_number, the highest
        43 4D 54 00                                      | service_type "CMT"
        05                                               | source_addr_ton alphanumeric
        00                                               | source_addr_npi
        41 63 6D 65 00                                   | source_addr "Acme"
        01                                               | dest_addr_ton international
        01                                               | dest_addr_npi ISDN
        34 34 37 37 30 30 39 30 30 31 32 33 00           | destination_addr "447700900123"
        40                                               | esm_class UDHI
        00                                               | protocol_id
        01                                               | priority_flag
        00                                               | schedule_delivery_time
        30 30 30 30 30 32 30 30 30 30 30 30 30 30 30 52 00 | validity_period "000002000000000R"
        01                                               | registered_delivery
        00                                               | replace_if_present_flag
        08                                               | data_coding UCS-2
        00                                               | sm_default_msg_id
        0A                                               | sm_length 10
        05 00 03 AB 02 01 20 AC 00 21                    | UDH, then "€!"
        02 04 00 02 00 07                                | user_message_reference 7
        """,
        SubmitSm(
            sequence_number=0x7FFFFFFF,
            service_type="CMT",
            source_addr_ton=5,
            source_addr="Acme",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="447700900123",
            esm_class=0x40,
            priority_flag=1,
            validity_period="000002000000000R",
            registered_delivery=1,
            data_coding=8,
            short_message=b"\x05\x00\x03\xab\x02\x01\x20\xac\x00\x21",
            tlvs=(Tlv(0x0204, b"\x00\x07"),),
        ),
    ),
    (
        """
        00 00 00 13        | command_length 19
        80 00 00 04        | submit_sm_resp
        00 00 00 00        | command_status
        7F FF FF FF        | sequence_number
        61 31 00           | message_id "a1"
        """,
        SubmitSmResp(sequence_number=0x7FFFFFFF, message_id="a1"),
    ),
    (
        """
        00 00 00 3A                    | command_length 58
        00 00 00 21                    | submit_multi
        00 00 00 00                    | command_status
        00 00 00 08                    | sequence_number
        00                             | service_type
        03                             | source_addr_ton network specific
        00                             | source_addr_npi
        31 32 33 00                    | source_addr "123"
        02                             | number_of_dests 2
        01                             | dest_flag SME address
        01                             | dest_addr_ton
        01                             | dest_addr_npi
        34 34 37 37 00                 | destination_addr "4477"
        02                             | dest_flag distribution list
        66 72 69 65 6E 64 73 00        | dl_name "friends"
        00                             | esm_class
        00                             | protocol_id
        00                             | priority_flag
        00                             | schedule_delivery_time
        00                             | validity_period
        00                             | registered_delivery
        00                             | replace_if_present_flag
        00                             | data_coding
        00                             | sm_default_msg_id
        02                             | sm_length 2
        68 69                          | short_message "hi"
        00 19 00 01 00                 | payload_type default
        """,
        SubmitMulti(
            sequence_number=8,
            source_addr_ton=3,
            source_addr="123",
            dest_address=(SmeAddress(1, 1, "4477"), DistributionList("friends")),
            short_message=b"hi",
            tlvs=(Tlv(0x0019, b"\0"),),
        ),
    ),
    (
        """
        00 00 00 1F        | command_length 31
        80 00 00 21        | submit_multi_resp
        00 00 00 00        | command_status
        00 00 00 08        | sequence_number
        61 32 00           | message_id "a2"
        01                 | no_unsuccess 1
        01                 | dest_addr_ton
        01                 | dest_addr_npi
        34 34 37 37 00     | destination_addr "4477"
        00 00 00 0B        | error_status_code ESME_RINVDSTADR
        """,
        SubmitMultiResp(
            sequence_number=8, message_id="a2", unsuccess_sme=(UnsuccessSme(1, 1, "4477", 0x0B),)
        ),
    ),
    (
        """
        00 00 00 38                    | command_length 56
        00 00 00 05                    | deliver_sm
        00 00 00 00                    | command_status
        00 00 00 09                    | sequence_number
        00                             | service_type
        01                             | source_addr_ton
        01                             | source_addr_npi
        34 34 37 37 00                 | source_addr "4477"
        05                             | dest_addr_ton
        00                             | dest_addr_npi
        41 63 6D 65 00                 | destination_addr "Acme"
        04                             | esm_class: a delivery receipt
        00                             | protocol_id
        00                             | priority_flag
        00                             | schedule_delivery_time
        00                             | validity_period
        00                             | registered_delivery
        00                             | replace_if_present_flag
        00                             | data_coding
        00                             | sm_default_msg_id
        04                             | sm_length 4
        69 64 3A 31                    | short_message "id:1"
        00 1E 00 02 31 00              | receipted_message_id "1"
        04 27 00 01 02                 | message_state DELIVERED
        """,
        DeliverSm(
            sequence_number=9,
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="4477",
            dest_addr_ton=5,
            destination_addr="Acme",
            esm_class=4,
            short_message=b"id:1",
            tlvs=(Tlv(0x001E, b"1\0"), Tlv(0x0427, b"\x02")),
        ),
    ),
    (
        """
        00 00 00 11        | command_length 17
        80 00 00 05        | deliver_sm_resp
        00 00 00 64        | ESME_RX_T_APPN
        00 00 00 09        | sequence_number
        00                 | message_id, unused
        """,
        DeliverSmResp(command_status=0x64, sequence_number=9),
    ),
    (
        """
        00 00 00 24        | command_length 36
        00 00 01 03        | data_sm
        00 00 00 00        | command_status
        00 00 00 0A        | sequence_number
        00                 | service_type
        01                 | source_addr_ton
        01                 | source_addr_npi
        34 34 00           | source_addr "44"
        01                 | dest_addr_ton
        01                 | dest_addr_npi
        34 39 00           | destination_addr "49"
        00                 | esm_class
        01                 | registered_delivery
        03                 | data_coding Latin-1
        04 24 00 02 68 69  | message_payload "hi"
        """,
        DataSm(
            sequence_number=10,
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="44",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="49",
            registered_delivery=1,
            data_coding=3,
            tlvs=(Tlv(0x0424, b"hi"),),
        ),
    ),
    (
        """
        00 00 00 18        | command_length 24
        80 00 01 03        | data_sm_resp
        00 00 00 FE        | ESME_RDELIVERYFAILURE
        00 00 00 0A        | sequence_number
        61 33 00           | message_id "a3"
        04 25 00 01 02     | delivery_failure_reason
        """,
        DataSmResp(command_status=0xFE, sequence_number=10, message_id="a3", tlvs=(Tlv(0x0425, b"\x02"),)),
    ),
    (
        """
        00 00 00 18        | command_length 24
        00 00 00 03        | query_sm
        00 00 00 00        | command_status
        00 00 00 0B        | sequence_number
        61 31 00           | message_id "a1"
        01                 | source_addr_ton
        01                 | source_addr_npi
        34 34 00           | source_addr "44"
        """,
        QuerySm(sequence_number=11, message_id="a1", source_addr_ton=1, source_addr_npi=1, source_addr="44"),
    ),
    (
        """
        00 00 00 26        | command_length 38
        80 00 00 03        | query_sm_resp
        00 00 00 00        | command_status
        00 00 00 0B        | sequence_number
        61 31 00           | message_id "a1"
        32 35 30 31 33 31 31 32 30 30 30 30 30 30 30 2B 00 | final_date "250131120000000+"
        02                 | message_state DELIVERED
        00                 | error_code
        """,
        QuerySmResp(sequence_number=11, message_id="a1", final_date="250131120000000+", message_state=2),
    ),
    (
        """
        00 00 00 1E        | command_length 30
        00 00 00 08        | cancel_sm
        00 00 00 00        | command_status
        00 00 00 0C        | sequence_number
        00                 | service_type
        61 31 00           | message_id "a1"
        01                 | source_addr_ton
        01                 | source_addr_npi
        34 34 00           | source_addr "44"
        01                 | dest_addr_ton
        01                 | dest_addr_npi
        34 39 00           | destination_addr "49"
        """,
        CancelSm(
            sequence_number=12,
            message_id="a1",
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="44",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="49",
        ),
    ),
    (
        "00 00 00 10 80 00 00 08 00 00 00 11 00 00 00 0C | cancel_sm_resp, ESME_RCANCELFAIL",
        CancelSmResp(command_status=0x11, sequence_number=12),
    ),
    (
        """
        00 00 00 2F        | command_length 47
        00 00 00 07        | replace_sm
        00 00 00 00        | command_status
        00 00 00 0D        | sequence_number
        61 31 00           | message_id "a1"
        01                 | source_addr_ton
        01                 | source_addr_npi
        34 34 00           | source_addr "44"
        00                 | schedule_delivery_time
        32 35 30 31 33 31 31 32 30 30 30 30 30 30 30 2B 00 | validity_period "250131120000000+"
        01                 | registered_delivery
        00                 | sm_default_msg_id
        02                 | sm_length 2
        68 6F              | short_message "ho"
        """,
        ReplaceSm(
            sequence_number=13,
            message_id="a1",
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="44",
            validity_period="250131120000000+",
            registered_delivery=1,
            short_message=b"ho",
        ),
    ),
    (
        "00 00 00 10 80 00 00 07 00 00 00 13 00 00 00 0D | replace_sm_resp, ESME_RREPLACEFAIL",
        ReplaceSmResp(command_status=0x13, sequence_number=13),
    ),
    (
        """
        00 00 00 20        | command_length 32
        00 00 01 02        | alert_notification
        00 00 00 00        | command_status
        00 00 00 0E        | sequence_number
        01                 | source_addr_ton
        01                 | source_addr_npi
        34 34 00           | source_addr "44"
        03                 | esme_addr_ton
        00                 | esme_addr_npi
        31 32 33 00        | esme_addr "123"
        04 22 00 01 00     | ms_availability_status available
        """,
        AlertNotification(
            sequence_number=14,
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="44",
            esme_addr_ton=3,
            esme_addr="123",
            tlvs=(Tlv(0x0422, b"\0"),),
        ),
    ),
    (
        """
        00 00 00 87                    | command_length 135
        00 00 01 11                    | broadcast_sm
        00 00 00 00                    | command_status
        00 00 00 0F                    | sequence_number
        43 42 53 00                    | service_type "CBS"
        03                             | source_addr_ton network specific
        00                             | source_addr_npi
        31 31 32 00                    | source_addr "112"
        62 31 00                       | message_id "b1": the broadcast to replace
        01                             | priority_flag immediate
        32 35 30 31 33 31 31 32 30 30 30 30 30 30 30 2B 00 | schedule_delivery_time "250131120000000+"
        30 30 30 30 30 32 30 30 30 30 30 30 30 30 30 52 00 | validity_period "000002000000000R"
        01                             | replace_if_present_flag
        03                             | data_coding Latin-1
        00                             | sm_default_msg_id
        06 06 00 05 00 43 69 74 79     | broadcast_area_identifier: alias "City"
        06 06 00 04 02 01 02 03        | broadcast_area_identifier: polygon
        06 01 00 03 00 00 01           | broadcast_content_type: generic, emergency
        06 04 00 02 00 0A              | broadcast_rep_num 10
        06 05 00 03 09 00 1F           | broadcast_frequency_interval: every 31 minutes
        04 24 00 06 53 74 6F 72 6D 21  | message_payload "Storm!"
        06 00 00 01 00                 | broadcast_channel_indicator basic
        06 02 00 02 61 62              | broadcast_content_type_info
        06 03 00 01 01                 | broadcast_message_class 1
        06 0A 00 01 07                 | broadcast_service_group
        """,
        BroadcastSm(
            sequence_number=15,
            service_type="CBS",
            source_addr_ton=3,
            source_addr="112",
            message_id="b1",
            priority_flag=1,
            schedule_delivery_time="250131120000000+",
            validity_period="000002000000000R",
            replace_if_present_flag=1,
            data_coding=3,
            tlvs=(
                Tlv(0x0606, b"\0City"),
                Tlv(0x0606, b"\x02\x01\x02\x03"),
                Tlv(0x0601, b"\0\0\x01"),
                Tlv(0x0604, b"\0\x0a"),
                Tlv(0x0605, b"\x09\0\x1f"),
                Tlv(0x0424, b"Storm!"),
                Tlv(0x0600, b"\0"),
                Tlv(0x0602, b"ab"),
                Tlv(0x0603, b"\x01"),
                Tlv(0x060A, b"\x07"),
            ),
        ),
    ),
    (
        """
        00 00 00 29                    | command_length 41
        80 00 01 11                    | broadcast_sm_resp
        00 00 00 00                    | command_status
        00 00 00 0F                    | sequence_number
        62 32 00                       | message_id "b2"
        06 06 00 05 00 43 69 74 79     | failed_broadcast_area_identifier: alias "City"
        06 07 00 04 00 00 01 08        | broadcast_error_status ESME_RINVBCASTALIAS_NAME
        04 28 00 01 55                 | congestion_state 85
        """,
        BroadcastSmResp(
            sequence_number=15,
            message_id="b2",
            tlvs=(Tlv(0x0606, b"\0City"), Tlv(0x0607, b"\0\0\x01\x08"), Tlv(0x0428, b"\x55")),
        ),
    ),
    (
        """
        00 00 00 1D        | command_length 29
        00 00 01 12        | query_broadcast_sm
        00 00 00 00        | command_status
        00 00 00 10        | sequence_number
        00                 | message_id: the reference is given in its place
        01                 | source_addr_ton
        01                 | source_addr_npi
        34 34 31 00        | source_addr "441"
        02 04 00 02 00 07  | user_message_reference 7
        """,
        QueryBroadcastSm(
            sequence_number=16,
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="441",
            tlvs=(Tlv(0x0204, b"\0\x07"),),
        ),
    ),
    (
        """
        00 00 00 3B                    | command_length 59
        80 00 01 12                    | query_broadcast_sm_resp
        00 00 00 00                    | command_status
        00 00 00 10                    | sequence_number
        62 32 00                       | message_id "b2"
        04 27 00 01 00                 | message_state SCHEDULED
        06 06 00 05 00 43 69 74 79     | broadcast_area_identifier: alias "City"
        06 08 00 01 FF                 | broadcast_area_success not known
        06 09 00 11 32 35 30 31 33 31 31 32 30 30 30 30 30 30 30 2B 00 | broadcast_end_time, NUL and all
        """,
        QueryBroadcastSmResp(
            sequence_number=16,
            message_id="b2",
            tlvs=(
                Tlv(0x0427, b"\0"),
                Tlv(0x0606, b"\0City"),
                Tlv(0x0608, b"\xff"),
                Tlv(0x0609, b"250131120000000+\0"),
            ),
        ),
    ),
    (
        """
        00 00 00 22            | command_length 34
        00 00 01 13            | cancel_broadcast_sm
        00 00 00 00            | command_status
        00 00 00 11            | sequence_number
        43 42 53 00            | service_type "CBS"
        62 32 00               | message_id "b2"
        01                     | source_addr_ton
        01                     | source_addr_npi
        34 00                  | source_addr "4"
        06 01 00 03 01 00 32   | broadcast_content_type: GSM, 50
        """,
        CancelBroadcastSm(
            sequence_number=17,
            service_type="CBS",
            message_id="b2",
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="4",
            tlvs=(Tlv(0x0601, b"\x01\0\x32"),),
        ),
    ),
    (
        "00 00 00 10 80 00 01 13 00 00 01 0F 00 00 00 11 | cancel_broadcast_sm_resp, ESME_RBCASTCANCELFAIL",
        CancelBroadcastSmResp(command_status=0x10F, sequence_number=17),
    ),
    (
        # The 5.0 specification's own example (section 3.2.2): 3.4's with another version.
        """
        00 00 00 2F                    | command_length 47
        00 00 00 02                    | bind_transmitter
        00 00 00 00                    | command_status
        00 00 00 01                    | sequence_number
        53 4D 50 50 33 54 45 53 54 00  | system_id "SMPP3TEST"
        73 65 63 72 65 74 30 38 00     | password "secret08"
        53 55 42 4D 49 54 31 00        | system_type "SUBMIT1"
        50                             | interface_version 5.0
        01                             | addr_ton
        01                             | addr_npi
        00                             | address_range
        """,
        BindTransmitter(
            sequence_number=1,
            system_id="SMPP3TEST",
            password="secret08",
            system_type="SUBMIT1",
            interface_version=0x50,
            addr_ton=1,
            addr_npi=1,
        ),
    ),
    (
        """
        00 00 00 16        | command_length 22: a body, for the TLV's sake
        80 00 00 04        | submit_sm_resp
        00 00 00 58        | ESME_RTHROTTLED
        00 00 00 12        | sequence_number
        00                 | message_id
        04 28 00 01 64     | congestion_state 100
        """,
        SubmitSmResp(command_status=0x58, sequence_number=18, tlvs=(Tlv(0x0428, b"\x64"),)),
    ),
    (
        """
        00 00 00 6E                             | command_length 110
        00 00 00 04                             | submit_sm
        00 00 00 00                             | command_status
        00 00 00 13                             | sequence_number
        00                                      | service_type
        00                                      | source_addr_ton
        00                                      | source_addr_npi
        00                                      | source_addr
        01                                      | dest_addr_ton
        01                                      | dest_addr_npi
        31 32 31 32 00                          | destination_addr "1212"
        00                                      | esm_class
        00                                      | protocol_id
        00                                      | priority_flag
        00                                      | schedule_delivery_time
        00                                      | validity_period
        03                                      | registered_delivery: successes only
        00                                      | replace_if_present_flag
        00                                      | data_coding
        00                                      | sm_default_msg_id
        00                                      | sm_length
        06 0B 00 03 80 01 02                    | billing_identification: a vendor's format
        06 0D 00 07 31 32 36 32 30 31 00        | source_network_id: GSM, MCC 262, MNC 01
        06 0F 00 06 30 30 30 30 30 31           | source_node_id 000001
        06 0E 00 07 31 32 36 32 30 32 00        | dest_network_id
        06 10 00 06 30 30 30 30 30 32           | dest_node_id 000002
        06 11 00 01 02                          | dest_addr_np_resolution: ported
        06 12 00 0A 32 31 32 35 35 35 30 30 30 30 | dest_addr_np_information: an LRN
        06 13 00 01 01                          | dest_addr_np_country 1
        """,
        SubmitSm(
            sequence_number=19,
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="1212",
            registered_delivery=3,
            tlvs=(
                Tlv(0x060B, b"\x80\x01\x02"),
                Tlv(0x060D, b"126201\0"),
                Tlv(0x060F, b"000001"),
                Tlv(0x060E, b"126202\0"),
                Tlv(0x0610, b"000002"),
                Tlv(0x0611, b"\x02"),
                Tlv(0x0612, b"2125550000"),
                Tlv(0x0613, b"\x01"),
            ),
        ),
    ),
]


@pytest.mark.parametrize(("layout", "pdu"), SAMPLES, ids=[pdu.name for _, pdu in SAMPLES])
def test_the_specifications_octets(layout: str, pdu: Pdu):
    data = octets(layout)
    assert int.from_bytes(data[:4], "big") == len(data)
    assert decode(data) == pdu
    assert encode(pdu) == data


def test_every_pdu_has_a_sample():
    assert {type(pdu) for _, pdu in SAMPLES} == set(PDU_CLASSES.values())
