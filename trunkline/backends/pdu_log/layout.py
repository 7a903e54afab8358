"""How a PDU reads in a log file: the layout of text 001, "SMPP logs".

    INFO[2024-07-29 21:02:05][1beb339d-24dd-4abc-a1c3-9e77d88856ab]: <<<<< 0000001080000015000000000000002a
    ENQUIRE_LINK_RESP:
    {
    "Header": {
    "command_length": 16,
    ...

`<<<<<` is read, `>>>>>` written; times are UTC. data_coding, sm_default_msg_id and the decoded text of the
message stand in an object "message", as does its user data header where it has one; TLVs are a list "tlvs".
Passwords are asterisks, in the hexadecimal octets (2a) too.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from trunkline.backends.pdu_log.fast_layout import FAST_LAYOUTS
from trunkline.gsm.display import display_user_data
from trunkline.smpp.codec import decode
from trunkline.smpp.constants import ESM_UDHI, HEADER_SIZE, CommandId, Tag, command_name
from trunkline.smpp.errors import PduError
from trunkline.smpp.fields import FieldError, SmeAddress
from trunkline.smpp.layouts import HEADER
from trunkline.smpp.pdus import Pdu
from trunkline.smpp.tlv import Tlv, tag_name
from trunkline.smpp.tlv_values import readable_value

READ: Final = "<<<<<"
WRITTEN: Final = ">>>>>"
MASK: Final = "***"

_MESSAGE_FIELDS: Final = ("data_coding", "sm_default_msg_id", "short_message")
_WITH_PASSWORD: Final = frozenset(
    {
        CommandId.BIND_RECEIVER.value,
        CommandId.BIND_TRANSMITTER.value,
        CommandId.BIND_TRANSCEIVER.value,
        CommandId.OUTBIND.value,
    }
)
_unpack_header: Final = HEADER.unpack_from


def log_entries(pdus: bytes, start: str, default_alphabet: str) -> Iterator[str]:
    """Yield one entry for each of the PDUs that `pdus` has in a row.

    `start` is what `entry_start` gives, `default_alphabet` what data_coding 0 means to the peer. Octets at
    the end that are no PDU are an entry, too.
    """
    text = str(pdus, "latin-1")
    position, size = 0, len(pdus)
    while size - position >= HEADER_SIZE:
        length, command_id, status, number = _unpack_header(pdus, position)
        end = position + length
        if length < HEADER_SIZE or end > size:
            break
        fast = FAST_LAYOUTS.get(command_id)
        if fast is not None:
            try:
                entry = fast(pdus, text, position, end, status, number, default_alphabet)
            except (ValueError, IndexError, FieldError):
                entry = entry_of(pdus[position:end], default_alphabet)
        else:
            entry = entry_of(pdus[position:end], default_alphabet)
        yield start + entry
        position = end
    if position < size:
        yield f"{start}{pdus[position:].hex()}\nUNREADABLE: this is no PDU\n"


def entry_start(second: str, connection_id: str, mark: str) -> str:
    """Return what an entry begins with; `second` reads `2024-07-29 21:02:05`, `mark` is READ or WRITTEN."""
    return f"INFO[{second}][{connection_id}]: {mark} "


def warning(second: str, text: str) -> str:
    """Return the line by which the log speaks of itself."""
    return f"WARN[{second}]: {text}\n"


def entry_of(raw: bytes, default_alphabet: str) -> str:
    """Return the entry of one PDU without its start: the definition that `fast_layout` keeps to."""
    raw = masked(raw)
    length, command_id, status, number = _unpack_header(raw)
    shown: dict[str, Any] = {
        "Header": {
            "command_length": length,
            "command_id": command_id,
            "command_status": status,
            "sequence_number": number,
        }
    }
    try:
        shown |= _body(decode(raw), default_alphabet)
    except PduError as error:
        shown["error"] = error.reason
    return f"{raw.hex()}\n{command_name(command_id).upper()}:\n{as_json(shown)}\n"


def masked(pdu: bytes) -> bytes:
    """Return the octets of a PDU with its password overwritten by asterisks, where it has one."""
    if int.from_bytes(pdu[4:8], "big") not in _WITH_PASSWORD:
        return pdu
    # After the system_id. Where that has no end, the password may be anywhere.
    start = pdu.find(b"\0", HEADER_SIZE) + 1
    stop = pdu.find(b"\0", start) if start else -1
    start = start or HEADER_SIZE
    stop = len(pdu) if stop < 0 else stop
    return pdu[:start] + b"*" * (stop - start) + pdu[stop:]


def as_json(value: object) -> str:
    """Return a value as the log's JSON: a line for each member, none indented."""
    return json.dumps(value, indent=0, ensure_ascii=False)


def _body(pdu: Pdu, default_alphabet: str) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    has_message = any(name == "short_message" for name, _ in pdu.layout)
    for name, _ in pdu.layout:
        if not (has_message and name in _MESSAGE_FIELDS):
            shown[name] = _value(name, getattr(pdu, name))
    if has_message:
        shown["message"] = _message(pdu, default_alphabet)
    if pdu.tlvs:
        shown["tlvs"] = [
            {"tag": tlv.tag, "name": tag_name(tlv.tag), "value": _tlv_value(tlv, pdu, default_alphabet)}
            for tlv in pdu.tlvs
        ]
    return shown


def _value(name: str, value: object) -> object:
    if name == "password":
        return MASK if value else ""
    if name == "replace_if_present_flag":
        return bool(value)
    if isinstance(value, tuple):
        return [_destination(item) for item in value]
    return value


def _destination(item: Any) -> dict[str, object]:
    """A destination of submit_multi, or one that submit_multi_resp refuses."""
    fields = asdict(item)
    if "error_status_code" in fields:
        return fields
    return {"dest_flag": 1 if isinstance(item, SmeAddress) else 2, **fields}


def _message(pdu: Any, default_alphabet: str) -> dict[str, object]:
    shown = {name: getattr(pdu, name) for name in _MESSAGE_FIELDS[:2] if hasattr(pdu, name)}
    header, text = _text(pdu, pdu.short_message, default_alphabet)
    if header:
        shown["udh"] = header.hex()
    return shown | {"short_message": text}


def _text(pdu: Any, user_data: bytes, default_alphabet: str) -> tuple[bytes, str]:
    # replace_sm has neither: what it replaces says.
    data_coding = getattr(pdu, "data_coding", 0)
    has_header = bool(getattr(pdu, "esm_class", 0) & ESM_UDHI)
    return display_user_data(user_data, data_coding, has_header, default_alphabet)


def _tlv_value(tlv: Tlv, pdu: Pdu, default_alphabet: str) -> int | str:
    if tlv.tag == Tag.MESSAGE_PAYLOAD:
        return _text(pdu, tlv.value, default_alphabet)[1]
    return readable_value(tlv)
