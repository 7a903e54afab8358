"""The layout of the log as straight-line code, for the PDUs that make up the traffic.

Every message is up to eight PDUs. Their layouts are turned into Python source, as for the codec itself, that
reads the fields and writes the text without a PDU object in between: that takes a tenth of the time of
`layout.entry_of`, which says what is to come out.
"""

from collections.abc import Callable
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import Any, Final

from trunkline.gsm.alphabets import gsm_decode
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
from trunkline.smpp.tlv import TLV_HEADER_SIZE, decode_tlvs, tag_name
from trunkline.smpp.tlv_values import readable_value

FastLayout = Callable[[bytes, str, int, int, int, int, str], str]
"""`(pdus, text, pos, end, command_status, sequence_number, default_alphabet)`: the entry of the PDU in
`pdus[pos:end]`, without its start; `text` is all of `pdus` as Latin-1. Raises ValueError, IndexError or
FieldError for a PDU that is not laid out by the book."""

KEPT_RUNS: Final = 4096
"""Different values of neighbouring octets whose text is kept."""

SHORT_TLV: Final = 8
"""Octets up to which a TLV's text is kept: states and numbers come again and again, ids do not."""

_PAYLOAD: Final = Tag.MESSAGE_PAYLOAD.value.to_bytes(2, "big")
_IN_MESSAGE: Final = ("data_coding", "sm_default_msg_id", "short_message")


class _Run(dict[bytes, str]):
    """The text of neighbouring fields of one octet each, by their octets: there are few different ones."""

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self._names = names

    def __missing__(self, octets: bytes) -> str:
        if len(octets) < len(self._names):
            raise IndexError
        if len(self) >= KEPT_RUNS:
            self.clear()
        lines = [self._line(name, number) for name, number in zip(self._names, octets, strict=True)]
        self[octets] = text = ",\n".join(lines)
        return text

    @staticmethod
    def _line(name: str, number: int) -> str:
        value = str(bool(number)).lower() if name == "replace_if_present_flag" else number
        opening = '"message": {\n' if name == _IN_MESSAGE[0] else ""
        return f'{opening}"{name}": {value}'


def _message(octets: bytes, data_coding: int, esm_class: int, default_alphabet: str) -> str:
    if not data_coding and not esm_class & ESM_UDHI and default_alphabet == "gsm7":
        return f'"short_message": {quoted(gsm_decode(octets))}'
    header, text = display_user_data(octets, data_coding, bool(esm_class & ESM_UDHI), default_alphabet)
    udh = f'"udh": "{header.hex()}",\n' if header else ""
    return f'{udh}"short_message": {quoted(text)}'


def _tlvs(data: bytes, pos: int, end: int, data_coding: int, esm_class: int, default_alphabet: str) -> str:
    if pos > end:  # a field was read across the PDU's end
        raise ValueError
    shown = []
    while pos < end:
        stop = pos + TLV_HEADER_SIZE + int.from_bytes(data[pos + 2 : pos + 4], "big")
        octets = data[pos:stop]
        if stop > end or len(octets) < TLV_HEADER_SIZE:
            raise ValueError
        if octets[:2] == _PAYLOAD:
            has_header = bool(esm_class & ESM_UDHI)
            text = display_user_data(octets[TLV_HEADER_SIZE:], data_coding, has_header, default_alphabet)[1]
            shown.append(f"{_tlv_start(Tag.MESSAGE_PAYLOAD.value)}{quoted(text)}\n}}")
        else:
            shown.append(_short_tlv(octets) if len(octets) <= SHORT_TLV else _tlv(octets))
        pos = stop
    return ',\n"tlvs": [\n' + ",\n".join(shown) + "\n]"


def _tlv(octets: bytes) -> str:
    """One TLV. Raises ValueError where its size contradicts its tag."""
    (tlv,), faults = decode_tlvs(octets, 0, len(octets))
    if faults:
        raise ValueError
    value = readable_value(tlv)
    text = quoted(value) if isinstance(value, str) else value
    return f"{_tlv_start(tlv.tag)}{text}\n}}"


_short_tlv = lru_cache(maxsize=4096)(_tlv)


@lru_cache(maxsize=1024)
def _tlv_start(tag: int) -> str:
    return f'{{\n"tag": {tag},\n"name": "{tag_name(tag)}",\n"value": '


def _groups(layout: tuple[tuple[str, Field], ...]) -> list[list[tuple[str, Field]]]:
    """The fields of a layout, with neighbouring octets together."""
    groups: list[list[tuple[str, Field]]] = []
    for name, field in layout:
        if isinstance(field, Octet) and groups and isinstance(groups[-1][0][1], Octet):
            groups[-1].append((name, field))
        else:
            groups.append([(name, field)])
    return groups


def _compiled(cls: type[Pdu]) -> FastLayout:
    """Make the function that shows the PDUs of a class; see `FastLayout`."""
    names = tuple(name for name, _ in cls.layout)
    has_message = names[-3:] == _IN_MESSAGE
    coding = "data_coding, esm_class, default_alphabet" if has_message else "0, 0, default_alphabet"
    namespace: dict[str, object] = {"quoted": quoted, "message": _message, "show_tlvs": _tlvs}
    reading: list[str] = []
    header = (
        '"Header": {{\\n"command_length": {end - start},\\n'
        f'"command_id": {cls.command_id},\\n'
        '"command_status": {command_status},\\n"sequence_number": {sequence_number}\\n}}'
    )
    shown = [header]
    for number, group in enumerate(_groups(cls.layout)):
        name, field = group[0]
        if isinstance(field, Octet):
            run = [each for each, _ in group]
            namespace[f"run_{number}"] = _Run(run)
            reading += [f"octets = data[pos:pos + {len(run)}]", f"shown_{number} = run_{number}[octets]"]
            reading += [
                f"{each} = octets[{run.index(each)}]" for each in ("esm_class", "data_coding") if each in run
            ]
            reading.append(f"pos += {len(run)}")
            shown.append(f"{{shown_{number}}}")
        elif isinstance(field, ShortMessage) and has_message:
            reading += field.decode_source(name)
            shown.append(f"{{message({name}, {coding})}}\\n}}}}")
        elif isinstance(field, COctetString):
            reading += field.decode_source(name)
            shown.append(f'"{name}": {{quoted({name})}}')
        else:
            raise TypeError(f"{cls.name}: no fast layout for {name}")
    lines = ["start = pos", f"pos += {HEADER_SIZE}"]
    if cls.command_id & RESPONSE_BIT and reading:
        lines.append("if pos == end:")
        lines += [f"    {name} = {cls.defaults[name]!r}" for name in names]
        lines += ["else:", *(f"    {line}" for line in reading)]
    else:
        lines += reading
    body = ",\\n".join(shown)
    lines += [
        f"tlvs = '' if pos == end else show_tlvs(data, pos, end, {coding})",
        f"return f'{{data[start:end].hex()}}\\n{cls.name.upper()}:\\n{{{{\\n{body}{{tlvs}}\\n}}}}\\n'",
    ]
    signature = "data, text, pos, end, command_status, sequence_number, default_alphabet"
    source = f"def show({signature}):\n" + "\n".join(f"    {line}" for line in lines)
    exec(compile(source, f"<{cls.name} in the PDU log>", "exec"), namespace)  # noqa: S102 - made from our own layouts
    show: Any = namespace["show"]
    return show  # type: ignore[no-any-return]


FAST_LAYOUTS: Final[dict[int, FastLayout]] = {
    cls.command_id: _compiled(cls)
    for cls in (SubmitSm, SubmitSmResp, DeliverSm, DeliverSmResp, EnquireLink, EnquireLinkResp)
}
"""command_id to the fast layout. None of these PDUs has anything to mask."""
