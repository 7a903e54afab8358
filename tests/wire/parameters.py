"""The optional parameters as the specifications define them: octets, and the PDUs that carry them.

SMPP 3.4 section 5.3.2 and the tables of chapter 4; SMPP 5.0 sections 4.8.4 and 4.2 to 4.6. All of it stands
here by hand; nothing was made by our encoder.
"""

from trunkline.smpp.constants import Version

from .octets import octets


def _rows(table: str) -> dict[str, bytes]:
    """Read `name: hex | meaning` lines."""
    named = (line.strip().partition(":") for line in table.strip().splitlines())
    return {name: octets(layout) for name, _, layout in named}


# Tag, length, value; then what the value says.
PARAMETERS: dict[str, bytes] = _rows(
    """
    dest_addr_subunit: 00 05 00 01 01 | the handset's display
    dest_network_type: 00 06 00 01 01 | GSM
    dest_bearer_type: 00 07 00 01 01 | SMS
    dest_telematics_id: 00 08 00 02 00 21 | the protocol identifier in its low octet
    source_addr_subunit: 00 0D 00 01 02 | mobile equipment
    source_network_type: 00 0E 00 01 04 | PDC
    source_bearer_type: 00 0F 00 01 03 | packet data
    source_telematics_id: 00 10 00 01 00 | reserved
    qos_time_to_live: 00 17 00 04 00 00 0E 10 | 3600 seconds
    payload_type: 00 19 00 01 01 | WCMP
    additional_status_info_text: 00 1D 00 05 62 75 73 79 00 | "busy"
    receipted_message_id: 00 1E 00 03 61 31 00 | "a1"
    ms_msg_wait_facilities: 00 30 00 01 82 | an e-mail waits
    privacy_indicator: 02 01 00 01 03 | secret
    source_subaddress: 02 02 00 04 A0 31 32 33 | user specified, "123"
    dest_subaddress: 02 03 00 04 80 50 12 34 | NSAP, even
    user_message_reference: 02 04 00 02 00 07 | 7
    user_response_code: 02 05 00 01 2A | 42
    source_port: 02 0A 00 02 23 F0 | 9200
    destination_port: 02 0B 00 02 0B 84 | 2948
    sar_msg_ref_num: 02 0C 00 02 12 34 | reference 0x1234
    language_indicator: 02 0D 00 01 03 | Spanish
    sar_total_segments: 02 0E 00 01 03 | of 3
    sar_segment_seqnum: 02 0F 00 01 02 | the second
    sc_interface_version: 02 10 00 01 34 | 3.4
    callback_num_pres_ind: 03 02 00 01 05 | presentation restricted, verified
    callback_num_atag: 03 03 00 05 00 41 63 6D 65 | default alphabet, "Acme"
    number_of_messages: 03 04 00 01 05 | 5
    callback_num: 03 81 00 07 01 01 01 34 34 37 37 | ASCII digits, international, ISDN, "4477"
    dpf_result: 04 20 00 01 01 | the flag is set
    set_dpf: 04 21 00 01 01 | asked for
    ms_availability_status: 04 22 00 01 00 | available
    network_error_code: 04 23 00 03 03 00 08 | GSM, 8
    message_payload: 04 24 00 02 68 69 | "hi"
    delivery_failure_reason: 04 25 00 01 02 | a permanent network error
    more_messages_to_send: 04 26 00 01 01 | more follow
    message_state: 04 27 00 01 02 | DELIVERED
    congestion_state: 04 28 00 01 55 | 85 of 100
    ussd_service_op: 05 01 00 01 02 | USSR request
    broadcast_channel_indicator: 06 00 00 01 01 | extended
    broadcast_content_type: 06 01 00 03 01 00 20 | GSM, entertainment news
    broadcast_content_type_info: 06 02 00 02 61 62 | as the operator says
    broadcast_message_class: 06 03 00 01 02 | class 2
    broadcast_rep_num: 06 04 00 02 00 0A | ten times
    broadcast_frequency_interval: 06 05 00 03 09 00 1F | every 31 minutes
    broadcast_area_identifier: 06 06 00 05 00 43 69 74 79 | an alias, "City"
    broadcast_error_status: 06 07 00 04 00 00 01 08 | ESME_RINVBCASTALIAS_NAME
    broadcast_area_success: 06 08 00 01 62 | 98 %
    broadcast_end_time: 06 09 00 11 32 35 30 31 33 31 31 32 30 30 30 30 30 30 30 2B 00 | "250131120000000+"
    broadcast_service_group: 06 0A 00 01 07 | as the operator says
    billing_identification: 06 0B 00 03 80 01 02 | a vendor's format
    source_network_id: 06 0D 00 07 31 32 36 32 30 31 00 | GSM, country 262, network 01
    dest_network_id: 06 0E 00 07 31 32 36 32 30 32 00 | GSM, country 262, network 02
    source_node_id: 06 0F 00 06 30 30 30 30 30 31 | 000001
    dest_node_id: 06 10 00 06 30 30 30 30 30 32 | 000002
    dest_addr_np_resolution: 06 11 00 01 02 | asked, ported
    dest_addr_np_information: 06 12 00 0A 32 31 32 35 35 35 30 30 30 30 | where it went: 2125550000
    dest_addr_np_country: 06 13 00 01 01 | E.164 country code 1
    display_time: 12 01 00 01 02 | until read
    sms_signal: 12 03 00 02 00 04 | a tone
    ms_validity: 12 04 00 01 03 | display only
    alert_on_message_delivery: 13 0C 00 00 | no value in 3.4
    its_reply_type: 13 80 00 01 01 | a number
    its_session_info: 13 83 00 02 05 03 | session 5, its second message, the last
    """
)

# Where 5.0 defines the value anew.
PARAMETERS_50: dict[str, bytes] = PARAMETERS | _rows(
    """
    sc_interface_version: 02 10 00 01 50 | 5.0
    ms_validity: 12 04 00 04 04 02 00 05 | for five hours
    alert_on_message_delivery: 13 0C 00 01 02 | medium priority
    """
)

# command_id, then the mandatory fields: NULL but for an address to send to and a message_id in answers.
_MESSAGE = "00 00 00 00 01 01 31 00 00 00 00 00 00 00 00 00 00 00"
BODIES: dict[str, tuple[int, bytes]] = {
    name: (command_id, octets(body))
    for name, command_id, body in (
        ("bind_receiver_resp", 0x80000001, "00"),
        ("bind_transmitter_resp", 0x80000002, "00"),
        ("query_sm_resp", 0x80000003, "61 31 00 00 02 00"),
        ("submit_sm", 0x00000004, _MESSAGE),
        ("submit_sm_resp", 0x80000004, "61 31 00"),
        ("deliver_sm", 0x00000005, _MESSAGE),
        ("deliver_sm_resp", 0x80000005, "00"),
        ("unbind_resp", 0x80000006, ""),
        ("replace_sm", 0x00000007, "61 31 00 00 00 00 00 00 00 00 00"),
        ("replace_sm_resp", 0x80000007, ""),
        ("cancel_sm_resp", 0x80000008, ""),
        ("bind_transceiver_resp", 0x80000009, "00"),
        ("enquire_link_resp", 0x80000015, ""),
        ("submit_multi", 0x00000021, "00 00 00 00 01 01 01 01 31 00 00 00 00 00 00 00 00 00 00 00"),
        ("submit_multi_resp", 0x80000021, "61 31 00 00"),
        ("alert_notification", 0x00000102, "01 01 34 34 00 00 00 31 00"),
        ("data_sm", 0x00000103, "00 00 00 00 01 01 31 00 00 00 00"),
        ("data_sm_resp", 0x80000103, "61 31 00"),
        ("broadcast_sm", 0x00000111, "00 00 00 00 00 00 00 00 00 00 00"),
        ("broadcast_sm_resp", 0x80000111, "62 31 00"),
        ("query_broadcast_sm", 0x00000112, "62 31 00 00 00 00"),
        ("query_broadcast_sm_resp", 0x80000112, "62 31 00"),
        ("cancel_broadcast_sm", 0x00000113, "00 62 31 00 00 00 00"),
        ("cancel_broadcast_sm_resp", 0x80000113, ""),
    )
}
"""Each PDU that may carry parameters: its command_id and its body without any."""


_SAR = "sar_msg_ref_num sar_total_segments sar_segment_seqnum"
_CALLBACK = "callback_num callback_num_pres_ind callback_num_atag"
_SHOWN = "display_time sms_signal ms_validity alert_on_message_delivery"
_NUMBER_PORTABILITY = "dest_addr_np_resolution dest_addr_np_information dest_addr_np_country"
_NETWORKS = "source_network_id source_node_id dest_network_id dest_node_id"
_BEARERS = """
    source_network_type source_bearer_type source_telematics_id
    dest_network_type dest_bearer_type dest_telematics_id
"""

_CARRIED_34: dict[str, str] = {
    **dict.fromkeys(
        ("bind_transmitter_resp", "bind_receiver_resp", "bind_transceiver_resp"), "sc_interface_version"
    ),
    "submit_sm": f"""
        user_message_reference source_port source_addr_subunit destination_port dest_addr_subunit {_SAR}
        more_messages_to_send payload_type message_payload privacy_indicator {_CALLBACK} source_subaddress
        dest_subaddress user_response_code {_SHOWN} ms_msg_wait_facilities number_of_messages
        language_indicator its_reply_type its_session_info ussd_service_op
    """,
    "submit_multi": f"""
        user_message_reference source_port source_addr_subunit destination_port dest_addr_subunit {_SAR}
        payload_type message_payload privacy_indicator {_CALLBACK} source_subaddress dest_subaddress {_SHOWN}
        ms_msg_wait_facilities language_indicator
    """,
    "deliver_sm": f"""
        user_message_reference source_port destination_port {_SAR} user_response_code privacy_indicator
        payload_type message_payload callback_num source_subaddress dest_subaddress language_indicator
        its_session_info network_error_code message_state receipted_message_id
    """,
    "data_sm": f"""
        source_port source_addr_subunit destination_port dest_addr_subunit {_BEARERS} {_SAR}
        more_messages_to_send qos_time_to_live payload_type message_payload set_dpf receipted_message_id
        message_state network_error_code user_message_reference privacy_indicator {_CALLBACK}
        source_subaddress dest_subaddress user_response_code {_SHOWN} ms_msg_wait_facilities
        number_of_messages language_indicator its_reply_type its_session_info
    """,
    "data_sm_resp": "delivery_failure_reason network_error_code additional_status_info_text dpf_result",
    "alert_notification": "ms_availability_status",
}

_SUBMISSION_50 = (
    f"{_NUMBER_PORTABILITY} {_NETWORKS} {_BEARERS} billing_identification qos_time_to_live set_dpf"
)
_RESPONSE_50 = "additional_status_info_text delivery_failure_reason dpf_result network_error_code"
_MORE_IN_50: dict[str, str] = {
    "submit_sm": _SUBMISSION_50,
    "submit_multi": f"""
        {_SUBMISSION_50} more_messages_to_send user_response_code number_of_messages its_reply_type
        its_session_info ussd_service_op
    """,
    "data_sm": f"{_NUMBER_PORTABILITY} {_NETWORKS} billing_identification ussd_service_op",
    "deliver_sm": f"""
        {_NUMBER_PORTABILITY} {_NETWORKS} callback_num_pres_ind callback_num_atag dpf_result its_reply_type
        source_addr_subunit dest_addr_subunit ussd_service_op
    """,
    "submit_sm_resp": _RESPONSE_50,
    "submit_multi_resp": _RESPONSE_50,
    "deliver_sm_resp": "additional_status_info_text delivery_failure_reason network_error_code",
    "replace_sm": "message_payload",
    "broadcast_sm": f"""
        broadcast_area_identifier broadcast_content_type broadcast_rep_num broadcast_frequency_interval
        broadcast_channel_indicator broadcast_content_type_info broadcast_message_class
        broadcast_service_group {_CALLBACK} {_SHOWN} dest_addr_subunit destination_port dest_subaddress
        language_indicator message_payload payload_type privacy_indicator source_addr_subunit source_port
        source_subaddress user_message_reference
    """,
    "broadcast_sm_resp": "broadcast_error_status broadcast_area_identifier",
    "query_broadcast_sm": "user_message_reference",
    "query_broadcast_sm_resp": """
        message_state broadcast_area_identifier broadcast_area_success broadcast_end_time
        user_message_reference
    """,
    "cancel_broadcast_sm": "broadcast_content_type user_message_reference",
}
CARRIED: dict[Version, dict[str, list[str]]] = {
    Version.V33: {},
    Version.V34: {name: names.split() for name, names in _CARRIED_34.items()},
    Version.V50: {
        name: [
            *_CARRIED_34.get(name, "").split(),
            *_MORE_IN_50.get(name, "").split(),
            *(["congestion_state"] if name.endswith("_resp") else []),
        ]
        for name in BODIES
    },
}
"""Version and PDU to the names of the parameters it may carry; 3.3 has none."""


def parameters(version: Version) -> dict[str, bytes]:
    """The octets of every parameter as a version defines them."""
    return PARAMETERS_50 if version is Version.V50 else PARAMETERS


def pdu_octets(name: str, optional: bytes = b"") -> bytes:
    """A PDU with this name and these optional parameters."""
    command_id, body = BODIES[name]
    header = (16 + len(body) + len(optional), command_id, 0, 1)
    return b"".join(word.to_bytes(4, "big") for word in header) + body + optional
