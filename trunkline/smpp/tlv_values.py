"""The values of optional parameters as people read them (SMPP 3.4 section 5.3.2, SMPP 5.0 section 4.8)."""

from typing import Final

from trunkline.smpp.constants import Tag
from trunkline.smpp.tlv import Tlv

_TEXTS: Final = frozenset(
    {
        Tag.ADDITIONAL_STATUS_INFO_TEXT.value,
        Tag.RECEIPTED_MESSAGE_ID.value,
        Tag.BROADCAST_END_TIME.value,
        Tag.SOURCE_NETWORK_ID.value,
        Tag.DEST_NETWORK_ID.value,
        Tag.SOURCE_NODE_ID.value,
        Tag.DEST_NODE_ID.value,
        Tag.DEST_ADDR_NP_INFORMATION.value,
    }
)
_NUMBERS: Final = frozenset(
    tag.value
    for tag in (
        Tag.DEST_ADDR_SUBUNIT,
        Tag.DEST_NETWORK_TYPE,
        Tag.DEST_BEARER_TYPE,
        Tag.DEST_TELEMATICS_ID,
        Tag.SOURCE_ADDR_SUBUNIT,
        Tag.SOURCE_NETWORK_TYPE,
        Tag.SOURCE_BEARER_TYPE,
        Tag.SOURCE_TELEMATICS_ID,
        Tag.QOS_TIME_TO_LIVE,
        Tag.PAYLOAD_TYPE,
        Tag.MS_MSG_WAIT_FACILITIES,
        Tag.PRIVACY_INDICATOR,
        Tag.USER_MESSAGE_REFERENCE,
        Tag.USER_RESPONSE_CODE,
        Tag.SOURCE_PORT,
        Tag.DESTINATION_PORT,
        Tag.SAR_MSG_REF_NUM,
        Tag.LANGUAGE_INDICATOR,
        Tag.SAR_TOTAL_SEGMENTS,
        Tag.SAR_SEGMENT_SEQNUM,
        Tag.SC_INTERFACE_VERSION,
        Tag.CALLBACK_NUM_PRES_IND,
        Tag.NUMBER_OF_MESSAGES,
        Tag.DPF_RESULT,
        Tag.SET_DPF,
        Tag.MS_AVAILABILITY_STATUS,
        Tag.DELIVERY_FAILURE_REASON,
        Tag.MORE_MESSAGES_TO_SEND,
        Tag.MESSAGE_STATE,
        Tag.CONGESTION_STATE,
        Tag.USSD_SERVICE_OP,
        Tag.BROADCAST_CHANNEL_INDICATOR,
        Tag.BROADCAST_MESSAGE_CLASS,
        Tag.BROADCAST_REP_NUM,
        Tag.BROADCAST_ERROR_STATUS,
        Tag.BROADCAST_AREA_SUCCESS,
        Tag.DEST_ADDR_NP_RESOLUTION,
        Tag.DEST_ADDR_NP_COUNTRY,
        Tag.DISPLAY_TIME,
        Tag.SMS_SIGNAL,
        Tag.ITS_REPLY_TYPE,
        Tag.ITS_SESSION_INFO,
    )
)


def readable_value(tlv: Tlv) -> int | str:
    """Return a TLV's value as what its tag says it is: a number, a text, or else octets in hexadecimal."""
    if tlv.tag in _NUMBERS:
        return tlv.number
    if tlv.tag in _TEXTS:
        return tlv.text
    return tlv.value.hex()
