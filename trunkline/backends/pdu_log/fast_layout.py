"""The layout of the log as straight-line code, for the PDUs that make up the traffic.

Every message is up to eight PDUs. Their layouts are turned into Python source, as for the codec itself, that
reads the fields and writes the text without a PDU object in between: that takes a tenth of the time of
`layout.entry_of`, which says what is to come out.
"""

from collections.abc import Callable
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import Any, Final

from trunkline.gsm.display import display_user_data
from trunkline.smpp.constants import ESM_UDHI, HEADER_SIZE, RESPONSE_BIT, Tag
from trunkline.smpp.fields import COctetString, Field, Octet, ShortMessage
from trunkline.smpp.pdus import (
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    Pdu,
    SubmitSm,
    SubmitSmResp,
)
from trunkline.smpp.tlv import decode_tlvs, tag_name
from trunkline.smpp.tlv_values import readable_value

FastLayout = Callable[[bytes, str, int, int, int, int, str], str]
"""`(pdus, text, pos, end, command_status, sequence_number, default_alphabet)`: the entry of the PDU in
`pdus[pos:end]`, without its start; `text` is all of `pdus` as Latin-1. Raises ValueError, IndexError or
FieldError for a PDU that is not laid out by the book."""

_PAYLOAD: Final = Tag.MESSAGE_PAYLOAD.value


def _message(octets: bytes, data_coding: int, esm_class: int, default_alphabet: str) -> str:
    header, text = display_user_data(octets, data_coding, bool(esm_class & ESM_UDHI), default_alphabet)
    udh = f'"udh": "{header.hex()}",\n' if header else ""
    return f'{udh}"short_message": {quoted(text)}'


@lru_cache(maxsize=1024)
def _tlv_start(tag: int) -> str:
    return f'{{\n"tag": {tag},\n"name": "{tag_name(tag)}",\n"value": '


def _tlvs(data: bytes, pos: int, end: int, data_coding: int, esm_class: int, default_alphabet: str) -> str:
    tlvs, faults = decode_tlvs(data, pos, end)
    if faults:
        raise ValueError
    shown = []
    for tlv in tlvs:
        value: int | str
        if tlv.tag == _PAYLOAD:
            has_header = bool(esm_class & ESM_UDHI)
            value = display_user_data(tlv.value, data_coding, has_header, default_alphabet)[1]
        else:
            value = readable_value(tlv)
        text = quoted(value) if isinstance(value, str) else value
        shown.append(f"{_tlv_start(tlv.tag)}{text}\n}}")
    return ',\n"tlvs": [\n' + ",\n".join(shown) + "\n]"


_NAMES: Final[dict[str, object]] = {
    "quoted": quoted,
    "message": _message,
    "show_tlvs": _tlvs,
    "TRUTH": ("false", "true"),
}


def _shown(name: str, field: Field) -> str:
    """A piece of an f-string that shows the field whose value is in the variable of its name."""
    if name == "replace_if_present_flag":
        value = f"{{TRUTH[bool({name})]}}"
    elif isinstance(field, COctetString):
        value = f"{{quoted({name})}}"
    elif isinstance(field, Octet):
        value = f"{{{name}}}"
    else:
        raise TypeError(f"{name}: no fast layout for {type(field).__name__}")
    return f'"{name}": {value}'


def _template(cls: type[Pdu], coding: str) -> str:
    """The f-string, in source, that an entry is made by."""
    header = (
        '"Header": {{\\n"command_length": {end - start},\\n'
        f'"command_id": {cls.command_id},\\n'
        '"command_status": {command_status},\\n"sequence_number": {sequence_number}\\n}}'
    )
    pieces = [header]
    inside: list[str] = []
    for name, field in cls.layout:
        if isinstance(field, ShortMessage):
            inside.append(f"{{message({name}, {coding})}}")
        else:
            (inside if name in {"data_coding", "sm_default_msg_id"} else pieces).append(_shown(name, field))
    if inside:
        pieces.append('"message": {{\\n' + ",\\n".join(inside) + "\\n}}")
    body = ",\\n".join(pieces)
    return f"f'{{data[start:end].hex()}}\\n{cls.name.upper()}:\\n{{{{\\n{body}{{tlvs}}\\n}}}}\\n'"


def _compiled(cls: type[Pdu]) -> FastLayout:
    """Make the function that shows the PDUs of a class; see `FastLayout`."""
    has_message = any(isinstance(field, ShortMessage) for _, field in cls.layout)
    coding = "data_coding, esm_class, default_alphabet" if has_message else "0, 0, default_alphabet"
    reading = [line for name, field in cls.layout for line in field.decode_source(name)]
    lines = ["start = pos", f"pos += {HEADER_SIZE}"]
    if cls.command_id & RESPONSE_BIT and reading:
        lines.append("if pos == end:")
        lines += [f"    {name} = {cls.defaults[name]!r}" for name, _ in cls.layout]
        lines += ["else:", *(f"    {line}" for line in reading)]
    else:
        lines += reading
    lines += [
        f"tlvs = '' if pos == end else show_tlvs(data, pos, end, {coding})",
        f"return {_template(cls, coding)}",
    ]
    signature = "data, text, pos, end, command_status, sequence_number, default_alphabet"
    source = f"def show({signature}):\n" + "\n".join(f"    {line}" for line in lines)
    namespace = dict(_NAMES)
    exec(compile(source, f"<{cls.name} in the PDU log>", "exec"), namespace)  # noqa: S102 - made from our own layouts
    show: Any = namespace["show"]
    return show  # type: ignore[no-any-return]


FAST_LAYOUTS: Final[dict[int, FastLayout]] = {
    cls.command_id: _compiled(cls)
    for cls in (SubmitSm, SubmitSmResp, DeliverSm, DeliverSmResp, EnquireLink, EnquireLinkResp)
}
"""command_id to the fast layout. None of these PDUs has anything to mask."""
