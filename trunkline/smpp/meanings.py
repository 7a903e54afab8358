"""What the values of fields and optional parameters mean, in words.

Sections are those of SMPP 3.4 (chapter 5) where nothing else is said; 5.0 adds some values. data_coding and
user data have their meaning in GSM's documents and are not here.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from trunkline.smpp.constants import (
    ESM_CONVERSATION_ABORT,
    ESM_DELIVERY_ACK,
    ESM_DELIVERY_RECEIPT,
    ESM_INTERMEDIATE,
    ESM_MODE_MASK,
    ESM_REPLY_PATH,
    ESM_TYPE_MASK,
    ESM_UDHI,
    ESM_USER_ACK,
    CommandId,
    DestFlag,
    MessageState,
    Npi,
    Tag,
    Ton,
    Version,
    status_name,
)
from trunkline.smpp.times import parse_time
from trunkline.smpp.tlv import Tlv

_DELIVERIES: Final = frozenset({CommandId.DELIVER_SM.value, CommandId.DATA_SM.value})

_TONS: Final = {each.value: each.name.lower().replace("_", " ") for each in Ton}
_NPIS: Final = {
    Npi.UNKNOWN.value: "unknown",
    Npi.ISDN.value: "ISDN (E.163, E.164)",
    Npi.DATA.value: "data (X.121)",
    Npi.TELEX.value: "telex (F.69)",
    Npi.LAND_MOBILE.value: "land mobile (E.212)",
    Npi.NATIONAL.value: "national",
    Npi.PRIVATE.value: "private",
    Npi.ERMES.value: "ERMES",
    Npi.INTERNET.value: "Internet (IP)",
    Npi.WAP_CLIENT_ID.value: "WAP client id",
}
_SERVICE_TYPES: Final = {
    "": "the SMSC's default",
    "CMT": "cellular messaging",
    "CPT": "cellular paging",
    "VMN": "voice mail notification",
    "VMA": "voice mail alerting",
    "WAP": "wireless application protocol",
    "USSD": "unstructured supplementary services data",
    "CBS": "cell broadcast",
    "GUTS": "generic UDP transport",
}
_MODES: Final = ("the SMSC's default mode", "datagram mode", "transaction mode", "store and forward mode")
_TYPES: Final = {
    ESM_DELIVERY_RECEIPT: "delivery receipt",
    ESM_DELIVERY_ACK: "delivery acknowledgement",
    ESM_USER_ACK: "user acknowledgement",
    ESM_CONVERSATION_ABORT: "conversation abort",
    ESM_INTERMEDIATE: "intermediate notification",
}
_RECEIPTS: Final = (
    "no receipt",
    "a receipt when the message is final",
    "a receipt when it failed",
    "a receipt when it was delivered",
)
_PRIORITIES: Final = ("lowest", "higher", "higher still", "highest")
_STATES: Final = {state.value: state.name for state in MessageState}
_DEST_FLAGS: Final = {
    DestFlag.SME_ADDRESS.value: "an address",
    DestFlag.DISTRIBUTION_LIST.value: "a distribution list",
}


def field_meaning(name: str, value: int | str, command_id: int) -> str:
    """Return what the value of a mandatory field means in a PDU of this command; "" where it says it all."""
    if isinstance(value, str):
        text = _TEXTS.get(name)
        return text(value) if text is not None else ""
    if name.endswith("_ton"):
        return _TONS.get(value, "reserved")
    if name.endswith("_npi"):
        return _NPIS.get(value, "reserved")
    if name == "esm_class":
        return esm_class_meaning(value, is_delivery=command_id in _DELIVERIES)
    number = _NUMBERS.get(name)
    return number(value) if number is not None else ""


def esm_class_meaning(value: int, *, is_delivery: bool) -> str:
    """Return what an esm_class says (section 5.2.12)."""
    kind = value & ESM_TYPE_MASK
    known = _TYPES.get(kind, f"reserved type 0x{kind:02x}") if kind else "a message"
    parts = [known] if is_delivery else [_MODES[value & ESM_MODE_MASK]]
    if kind and not is_delivery:
        parts.append(known)
    if value & ESM_UDHI:
        parts.append("with a user data header")
    if value & ESM_REPLY_PATH:
        parts.append("with a reply path")
    return ", ".join(parts)


def registered_delivery_meaning(value: int) -> str:
    """Return what a registered_delivery asks for (section 5.2.17)."""
    parts = [_RECEIPTS[value & 0x03]]
    if value & 0x04:
        parts.append("delivery acknowledgement by the handset")
    if value & 0x08:
        parts.append("acknowledgement by the user")
    if value & 0x10:
        parts.append("intermediate notifications")
    return ", ".join(parts)


def version_meaning(value: int) -> str:
    """Return an interface_version as people write it (section 5.2.4)."""
    exact = {Version.V33.value: "SMPP 3.3", Version.V34.value: "SMPP 3.4", Version.V50.value: "SMPP 5.0"}
    spoken = f"SMPP {Version.of(value).name[1]}.{Version.of(value).name[2]}"
    return exact.get(value) or f"reserved; taken for {spoken}"


def time_meaning(text: str) -> str:
    """Return an absolute or relative time in words (section 7.1.1)."""
    try:
        at_ms = parse_time(text, 0)
    except ValueError as error:
        return f"not a time: {error}"
    if text.endswith("R"):
        names = ("years", "months", "days", "hours", "minutes", "seconds")
        counts = (int(text[at : at + 2]) for at in range(0, 12, 2))
        spans = [f"{count} {name}" for count, name in zip(counts, names, strict=True) if count]
        return f"{', '.join(spans) or 'no time'} from now"
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def protocol_id_meaning(value: int) -> str:
    """Return what a protocol_id says, as far as senders use it (3GPP TS 23.040 section 9.2.3.9)."""
    if value == 0:
        return "none: from one short message entity to another"
    if value == 0x40:
        return "short message type 0: not to be shown"
    if 0x41 <= value <= 0x47:
        return f"replaces an earlier message of type {value & 7}"
    if 0x20 <= value < 0x40:
        return "telematic interworking"
    return {0x7D: "handset data download", 0x7F: "SIM data download"}.get(value, "")


_TEXTS: Final[dict[str, Callable[[str], str]]] = {
    "service_type": lambda value: _SERVICE_TYPES.get(value, ""),
    "schedule_delivery_time": lambda value: time_meaning(value) if value else "at once",
    "validity_period": lambda value: time_meaning(value) if value else "the SMSC's default",
    "final_date": lambda value: time_meaning(value) if value else "not final yet",
}
_NUMBERS: Final[dict[str, Callable[[int], str]]] = {
    "interface_version": version_meaning,
    "registered_delivery": registered_delivery_meaning,
    "protocol_id": protocol_id_meaning,
    "priority_flag": lambda value: _PRIORITIES[value] if value < len(_PRIORITIES) else "reserved",
    "replace_if_present_flag": lambda value: {0: "no", 1: "replaces an earlier message"}.get(
        value, "reserved"
    ),
    "sm_default_msg_id": lambda value: "none" if not value else "a message that the SMSC keeps",
    "message_state": lambda value: _STATES.get(value, "reserved"),
    "error_code": lambda value: "none" if not value else "the network's error",
    "dest_flag": lambda value: _DEST_FLAGS.get(value, "reserved"),
    "error_status_code": status_name,
}

_SUBUNITS: Final = {
    0: "unknown",
    1: "the display (flash)",
    2: "the handset",
    3: "smart card 1",
    4: "external unit 1",
}
_NETWORKS: Final = {
    0: "unknown", 1: "GSM", 2: "ANSI-136/TDMA", 3: "IS-95/CDMA", 4: "PDC", 5: "PHS", 6: "iDEN", 7: "AMPS",
    8: "paging network",
}  # fmt: skip
_ERROR_NETWORKS: Final = {1: "ANSI-136", 2: "IS-95", 3: "GSM"}
_FAILURES: Final = {
    0: "destination unavailable",
    1: "destination address invalid",
    2: "permanent network error",
    3: "temporary network error",
}
_AVAILABILITY: Final = {0: "available", 1: "denied", 2: "unavailable"}
_PRIVACY: Final = {0: "not restricted", 1: "restricted", 2: "confidential", 3: "secret"}
_LANGUAGES: Final = {0: "unspecified", 1: "English", 2: "French", 3: "Spanish", 4: "German", 5: "Portuguese"}
_PAYLOADS: Final = {0: "as the data_coding says (WDP)", 1: "WCMP"}
_USSD: Final = {
    0: "PSSD indication", 1: "PSSR indication", 2: "USSR request", 3: "USSN request",
    16: "PSSD response", 17: "PSSR response", 18: "USSR confirm", 19: "USSN confirm",
}  # fmt: skip

_TAG_TABLES: Final[dict[int, dict[int, str]]] = {
    Tag.MESSAGE_STATE.value: _STATES,
    Tag.DEST_ADDR_SUBUNIT.value: _SUBUNITS,
    Tag.SOURCE_ADDR_SUBUNIT.value: _SUBUNITS,
    Tag.DEST_NETWORK_TYPE.value: _NETWORKS,
    Tag.SOURCE_NETWORK_TYPE.value: _NETWORKS,
    Tag.DELIVERY_FAILURE_REASON.value: _FAILURES,
    Tag.MS_AVAILABILITY_STATUS.value: _AVAILABILITY,
    Tag.PRIVACY_INDICATOR.value: _PRIVACY,
    Tag.LANGUAGE_INDICATOR.value: _LANGUAGES,
    Tag.PAYLOAD_TYPE.value: _PAYLOADS,
    Tag.USSD_SERVICE_OP.value: _USSD,
    Tag.MORE_MESSAGES_TO_SEND.value: {0: "no more messages", 1: "more messages follow"},
    Tag.DPF_RESULT.value: {0: "delivery pending flag not set", 1: "delivery pending flag set"},
    Tag.SET_DPF.value: {0: "no delivery pending flag wanted", 1: "delivery pending flag wanted"},
}


def tlv_meaning(tlv: Tlv) -> str:
    """Return what the value of an optional parameter means; "" where it says it all."""
    table = _TAG_TABLES.get(tlv.tag)
    if table is not None:
        return table.get(tlv.number, "reserved")
    if tlv.tag == Tag.SC_INTERFACE_VERSION:
        return version_meaning(tlv.number)
    if tlv.tag == Tag.NETWORK_ERROR_CODE and len(tlv.value) == 3:
        network = _ERROR_NETWORKS.get(tlv.value[0], "a network of its own kind")
        return f"{network}, error {int.from_bytes(tlv.value[1:], 'big')}"
    if tlv.tag == Tag.QOS_TIME_TO_LIVE:
        return f"{tlv.number} seconds"
    if tlv.tag == Tag.CONGESTION_STATE:
        return f"{tlv.number} % of what the peer can take"
    return ""
