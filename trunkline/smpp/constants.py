"""The numbers of SMPP under the names its specifications give them.

Sections are those of SMPP 3.4 (chapter 5) where nothing else is said.
"""

from enum import Enum, IntEnum, IntFlag
from typing import Final

HEADER_SIZE: Final = 16
"""Octets of a PDU's header: command_length, command_id, command_status, sequence_number."""

MAX_PDU_SIZE: Final = 65536
"""Default cap on command_length. The longest legal 3.4 PDU is a message_payload of 64 KiB with its fields."""

RESPONSE_BIT: Final = 0x80000000
"""Set in the command_id of every response (section 5.1.2.1)."""

MAX_SEQUENCE_NUMBER: Final = 0x7FFFFFFF
"""The highest sequence_number an entity may assign (section 5.1.4)."""


class Version(IntEnum):
    """The versions spoken, as interface_version and sc_interface_version write them (section 5.2.4)."""

    V33 = 0x33
    V34 = 0x34
    V50 = 0x50

    @classmethod
    def of(cls, interface_version: int) -> "Version":
        """Return what an interface_version stands for: up to 0x33 is 3.3, reserved values round down."""
        if interface_version >= cls.V50.value:
            return cls.V50
        return cls.V34 if interface_version >= cls.V34.value else cls.V33

    @classmethod
    def named(cls, name: str) -> "Version":
        """Return the version that is written "3.3", "3.4" or "5.0". Raises ValueError."""
        try:
            return cls(int(name.replace(".", ""), 16))
        except ValueError:
            raise ValueError(f"SMPP {name} is none of 3.3, 3.4 and 5.0") from None

    @property
    def max_message_id(self) -> int:
        """Octets of a message_id without its NUL: 8 hex digits in 3.3 (section 3.4.2), 64 since."""
        return 8 if self is Version.V33 else 64

    @property
    def has_tlvs(self) -> bool:
        """Whether PDUs may carry TLVs: from 3.4 on (section 3.4.2)."""
        return self is not Version.V33


class CommandId(IntEnum):
    """command_id values (section 5.1.2.1)."""

    GENERIC_NACK = 0x80000000
    BIND_RECEIVER = 0x00000001
    BIND_RECEIVER_RESP = 0x80000001
    BIND_TRANSMITTER = 0x00000002
    BIND_TRANSMITTER_RESP = 0x80000002
    QUERY_SM = 0x00000003
    QUERY_SM_RESP = 0x80000003
    SUBMIT_SM = 0x00000004
    SUBMIT_SM_RESP = 0x80000004
    DELIVER_SM = 0x00000005
    DELIVER_SM_RESP = 0x80000005
    UNBIND = 0x00000006
    UNBIND_RESP = 0x80000006
    REPLACE_SM = 0x00000007
    REPLACE_SM_RESP = 0x80000007
    CANCEL_SM = 0x00000008
    CANCEL_SM_RESP = 0x80000008
    BIND_TRANSCEIVER = 0x00000009
    BIND_TRANSCEIVER_RESP = 0x80000009
    OUTBIND = 0x0000000B
    ENQUIRE_LINK = 0x00000015
    ENQUIRE_LINK_RESP = 0x80000015
    SUBMIT_MULTI = 0x00000021
    SUBMIT_MULTI_RESP = 0x80000021
    ALERT_NOTIFICATION = 0x00000102
    DATA_SM = 0x00000103
    DATA_SM_RESP = 0x80000103
    BROADCAST_SM = 0x00000111
    BROADCAST_SM_RESP = 0x80000111
    QUERY_BROADCAST_SM = 0x00000112
    QUERY_BROADCAST_SM_RESP = 0x80000112
    CANCEL_BROADCAST_SM = 0x00000113
    CANCEL_BROADCAST_SM_RESP = 0x80000113


# Requests of 3.3 that 3.4 dropped. None is understood; their names are for people.
_OBSOLETE_COMMANDS: Final = {
    0x00000022: "param_retrieve",
    0x00000023: "query_last_msgs",
    0x00000024: "query_msg_details",
}


class CommandStatus(IntEnum):
    """command_status values (section 5.1.3; SMPP 5.0 section 4.7.6 from 0x100 on).

    5.0 renames 0xC0 to 0xC4, "optional parameter" being "TLV" there; both names are here.
    """

    ESME_ROK = 0x00000000
    ESME_RINVMSGLEN = 0x00000001
    ESME_RINVCMDLEN = 0x00000002
    ESME_RINVCMDID = 0x00000003
    ESME_RINVBNDSTS = 0x00000004
    ESME_RALYBND = 0x00000005
    ESME_RINVPRTFLG = 0x00000006
    ESME_RINVREGDLVFLG = 0x00000007
    ESME_RSYSERR = 0x00000008
    ESME_RINVSRCADR = 0x0000000A
    ESME_RINVDSTADR = 0x0000000B
    ESME_RINVMSGID = 0x0000000C
    ESME_RBINDFAIL = 0x0000000D
    ESME_RINVPASWD = 0x0000000E
    ESME_RINVSYSID = 0x0000000F
    ESME_RCANCELFAIL = 0x00000011
    ESME_RREPLACEFAIL = 0x00000013
    ESME_RMSGQFUL = 0x00000014
    ESME_RINVSERTYP = 0x00000015
    ESME_RINVNUMDESTS = 0x00000033
    ESME_RINVDLNAME = 0x00000034
    ESME_RINVDESTFLAG = 0x00000040
    ESME_RINVSUBREP = 0x00000042
    ESME_RINVESMCLASS = 0x00000043
    ESME_RCNTSUBDL = 0x00000044
    ESME_RSUBMITFAIL = 0x00000045
    ESME_RINVSRCTON = 0x00000048
    ESME_RINVSRCNPI = 0x00000049
    ESME_RINVDSTTON = 0x00000050
    ESME_RINVDSTNPI = 0x00000051
    ESME_RINVSYSTYP = 0x00000053
    ESME_RINVREPFLAG = 0x00000054
    ESME_RINVNUMMSGS = 0x00000055
    ESME_RTHROTTLED = 0x00000058
    ESME_RINVSCHED = 0x00000061
    ESME_RINVEXPIRY = 0x00000062
    ESME_RINVDFTMSGID = 0x00000063
    ESME_RX_T_APPN = 0x00000064
    ESME_RX_P_APPN = 0x00000065
    ESME_RX_R_APPN = 0x00000066
    ESME_RQUERYFAIL = 0x00000067
    ESME_RINVOPTPARSTREAM = 0x000000C0
    ESME_ROPTPARNOTALLWD = 0x000000C1
    ESME_RINVPARLEN = 0x000000C2
    ESME_RMISSINGOPTPARAM = 0x000000C3
    ESME_RINVOPTPARAMVAL = 0x000000C4
    ESME_RDELIVERYFAILURE = 0x000000FE
    ESME_RUNKNOWNERR = 0x000000FF
    ESME_RSERTYPUNAUTH = 0x00000100
    ESME_RPROHIBITED = 0x00000101
    ESME_RSERTYPUNAVAIL = 0x00000102
    ESME_RSERTYPDENIED = 0x00000103
    ESME_RINVDCS = 0x00000104
    ESME_RINVSRCADDRSUBUNIT = 0x00000105
    ESME_RINVDSTADDRSUBUNIT = 0x00000106
    ESME_RINVBCASTFREQINT = 0x00000107
    ESME_RINVBCASTALIAS_NAME = 0x00000108
    ESME_RINVBCASTAREAFMT = 0x00000109
    ESME_RINVNUMBCAST_AREAS = 0x0000010A
    ESME_RINVBCASTCNTTYPE = 0x0000010B
    ESME_RINVBCASTMSGCLASS = 0x0000010C
    ESME_RBCASTFAIL = 0x0000010D
    ESME_RBCASTQUERYFAIL = 0x0000010E
    ESME_RBCASTCANCELFAIL = 0x0000010F
    ESME_RINVBCAST_REP = 0x00000110
    ESME_RINVBCASTSRVGRP = 0x00000111
    ESME_RINVBCASTCHANIND = 0x00000112

    ESME_RINVTLVSTREAM = 0x000000C0
    ESME_RTLVNOTALLWD = 0x000000C1
    ESME_RINVTLVLEN = 0x000000C2
    ESME_RMISSINGTLV = 0x000000C3
    ESME_RINVTLVVAL = 0x000000C4


VENDOR_STATUS_RANGE: Final = range(0x400, 0x500)
"""Statuses reserved for SMSC vendors (section 5.1.3)."""

_STATUS_NAMES: Final = {status.value: status.name for status in CommandStatus}
_COMMAND_NAMES: Final = {command.value: command.name.lower() for command in CommandId} | _OBSOLETE_COMMANDS


def status_name(status: int) -> str:
    """Return a command_status under its specification name; others as hex, `VENDOR_0x00000401`."""
    name = _STATUS_NAMES.get(status)
    if name is not None:
        return name
    return f"VENDOR_0x{status:08x}" if status in VENDOR_STATUS_RANGE else f"0x{status:08x}"


def command_name(command_id: int) -> str:
    """Return a command_id as the specification writes it, `submit_sm`; an unknown one as hex."""
    return _COMMAND_NAMES.get(command_id) or f"0x{command_id:08x}"


class Tag(IntEnum):
    """Tags of the TLVs (section 5.3.2; SMPP 5.0 section 4.8.1 for 0x0428 and 0x0600 to 0x0613).

    failed_broadcast_area_identifier has the tag of broadcast_area_identifier, dest_port that of
    destination_port.
    """

    DEST_ADDR_SUBUNIT = 0x0005
    DEST_NETWORK_TYPE = 0x0006
    DEST_BEARER_TYPE = 0x0007
    DEST_TELEMATICS_ID = 0x0008
    SOURCE_ADDR_SUBUNIT = 0x000D
    SOURCE_NETWORK_TYPE = 0x000E
    SOURCE_BEARER_TYPE = 0x000F
    SOURCE_TELEMATICS_ID = 0x0010
    QOS_TIME_TO_LIVE = 0x0017
    PAYLOAD_TYPE = 0x0019
    ADDITIONAL_STATUS_INFO_TEXT = 0x001D
    RECEIPTED_MESSAGE_ID = 0x001E
    MS_MSG_WAIT_FACILITIES = 0x0030
    PRIVACY_INDICATOR = 0x0201
    SOURCE_SUBADDRESS = 0x0202
    DEST_SUBADDRESS = 0x0203
    USER_MESSAGE_REFERENCE = 0x0204
    USER_RESPONSE_CODE = 0x0205
    SOURCE_PORT = 0x020A
    DESTINATION_PORT = 0x020B
    SAR_MSG_REF_NUM = 0x020C
    LANGUAGE_INDICATOR = 0x020D
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    CALLBACK_NUM_PRES_IND = 0x0302
    CALLBACK_NUM_ATAG = 0x0303
    NUMBER_OF_MESSAGES = 0x0304
    CALLBACK_NUM = 0x0381
    DPF_RESULT = 0x0420
    SET_DPF = 0x0421
    MS_AVAILABILITY_STATUS = 0x0422
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    DELIVERY_FAILURE_REASON = 0x0425
    MORE_MESSAGES_TO_SEND = 0x0426
    MESSAGE_STATE = 0x0427
    CONGESTION_STATE = 0x0428
    USSD_SERVICE_OP = 0x0501
    BROADCAST_CHANNEL_INDICATOR = 0x0600
    BROADCAST_CONTENT_TYPE = 0x0601
    BROADCAST_CONTENT_TYPE_INFO = 0x0602
    BROADCAST_MESSAGE_CLASS = 0x0603
    BROADCAST_REP_NUM = 0x0604
    BROADCAST_FREQUENCY_INTERVAL = 0x0605
    BROADCAST_AREA_IDENTIFIER = 0x0606
    BROADCAST_ERROR_STATUS = 0x0607
    BROADCAST_AREA_SUCCESS = 0x0608
    BROADCAST_END_TIME = 0x0609
    BROADCAST_SERVICE_GROUP = 0x060A
    BILLING_IDENTIFICATION = 0x060B
    SOURCE_NETWORK_ID = 0x060D
    DEST_NETWORK_ID = 0x060E
    SOURCE_NODE_ID = 0x060F
    DEST_NODE_ID = 0x0610
    DEST_ADDR_NP_RESOLUTION = 0x0611
    DEST_ADDR_NP_INFORMATION = 0x0612
    DEST_ADDR_NP_COUNTRY = 0x0613
    DISPLAY_TIME = 0x1201
    SMS_SIGNAL = 0x1203
    MS_VALIDITY = 0x1204
    ALERT_ON_MESSAGE_DELIVERY = 0x130C
    ITS_REPLY_TYPE = 0x1380
    ITS_SESSION_INFO = 0x1383


class MessageState(IntEnum):
    """message_state values (section 5.2.28; SCHEDULED and SKIPPED since SMPP 5.0, section 4.7.15)."""

    SCHEDULED = 0
    ENROUTE = 1
    DELIVERED = 2
    EXPIRED = 3
    DELETED = 4
    UNDELIVERABLE = 5
    ACCEPTED = 6
    UNKNOWN = 7
    REJECTED = 8
    SKIPPED = 9


class Ton(IntEnum):
    """Type of number (section 5.2.5)."""

    UNKNOWN = 0
    INTERNATIONAL = 1
    NATIONAL = 2
    NETWORK_SPECIFIC = 3
    SUBSCRIBER_NUMBER = 4
    ALPHANUMERIC = 5
    ABBREVIATED = 6


class Npi(IntEnum):
    """Numbering plan indicator (section 5.2.6)."""

    UNKNOWN = 0
    ISDN = 1
    DATA = 3
    TELEX = 4
    LAND_MOBILE = 6
    NATIONAL = 8
    PRIVATE = 9
    ERMES = 10
    INTERNET = 14
    WAP_CLIENT_ID = 18


# esm_class (section 5.2.12): bits 1-0 messaging mode, 5-2 message type, 7-6 GSM features.
ESM_MODE_MASK: Final = 0x03
ESM_MODE_DEFAULT: Final = 0x00
ESM_MODE_DATAGRAM: Final = 0x01
ESM_MODE_TRANSACTION: Final = 0x02
ESM_MODE_STORE_AND_FORWARD: Final = 0x03
ESM_TYPE_MASK: Final = 0x3C
ESM_DELIVERY_RECEIPT: Final = 0x04
ESM_DELIVERY_ACK: Final = 0x08
ESM_USER_ACK: Final = 0x10
ESM_CONVERSATION_ABORT: Final = 0x18
ESM_INTERMEDIATE: Final = 0x20
ESM_UDHI: Final = 0x40
ESM_REPLY_PATH: Final = 0x80


class RegisteredDelivery(IntFlag):
    """registered_delivery bits (section 5.2.17).

    Bits 1-0 are one number: 3 is reserved in 3.4 and asks for successes only in 5.0 (section 4.7.21).
    """

    NONE = 0x00
    FINAL = 0x01
    FAILURE_ONLY = 0x02
    SUCCESS_ONLY = 0x03
    DELIVERY_ACK = 0x04
    USER_ACK = 0x08
    INTERMEDIATE = 0x10


class DataCoding(IntEnum):
    """data_coding values (section 5.2.19)."""

    DEFAULT = 0x00
    ASCII = 0x01
    OCTETS = 0x02
    LATIN1 = 0x03
    OCTETS_ALTERNATIVE = 0x04
    JIS = 0x05
    CYRILLIC = 0x06
    HEBREW = 0x07
    UCS2 = 0x08
    PICTOGRAM = 0x09
    ISO_2022_JP = 0x0A
    EXTENDED_KANJI = 0x0D
    KS_C_5601 = 0x0E


class DestFlag(IntEnum):
    """dest_flag of a submit_multi destination (section 5.2.25)."""

    SME_ADDRESS = 1
    DISTRIBUTION_LIST = 2


class BindType(Enum):
    """What a session is bound for: to transmit (TX), to receive (RX) or both (TRX)."""

    TX = "TX"
    RX = "RX"
    TRX = "TRX"


class Role(Enum):
    """Which side of an SMPP session one is: the ESME binds to the SMSC."""

    ESME = "ESME"
    SMSC = "SMSC"

    @property
    def peer(self) -> "Role":
        """The role at the other end of the link."""
        return Role.SMSC if self is Role.ESME else Role.ESME
