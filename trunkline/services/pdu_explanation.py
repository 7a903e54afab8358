"""PDUs explained to people, with what they carry: texts, headers, receipts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from trunkline.gsm.data_coding import DEFAULT_ALPHABETS, details_of
from trunkline.gsm.display import display_user_data
from trunkline.gsm.errors import MalformedUdh
from trunkline.gsm.tables import IDENTIFIERS
from trunkline.gsm.udh import (
    CONCATENATION_8,
    CONCATENATION_16,
    NATIONAL_LOCKING_SHIFT,
    NATIONAL_SINGLE_SHIFT,
    PORTS_8,
    PORTS_16,
    Element,
    concatenation,
    ports,
    split,
)
from trunkline.services.accounts import InvalidInput
from trunkline.smpp.codec import decode
from trunkline.smpp.constants import ESM_UDHI, Tag
from trunkline.smpp.errors import SmppError
from trunkline.smpp.explain import Explanation, Part, explain
from trunkline.smpp.pdus import DataSm, DeliverSm
from trunkline.smpp.receipts import Receipt, parse_receipt

# A line of the PDU log; what stands before and after is of no interest.
_LOG_LINE = re.compile(r"^.*(?:<<<<<|>>>>>)\s*([0-9A-Fa-f]+)\s*$", re.MULTILINE)
_BETWEEN = re.compile(r"0[xX]|\\x|[\s,:;]")
_NOT_HEX = re.compile(r"[^0-9A-Fa-f]")


@dataclass(slots=True, frozen=True)
class ExplainedField:
    """One field, or with `level` 1 a part of the one before: `octets` is hexadecimal."""

    offset: int
    octets: str
    field: str
    value: int | str
    meaning: str
    level: int = 0


@dataclass(slots=True, frozen=True)
class ExplainedPdu:
    """A PDU from its first octet to its last; `problems` are sentences, none when it is by the book."""

    pdu: str
    size: int
    fields: tuple[ExplainedField, ...]
    problems: tuple[str, ...]


def explain_pdus(text: str, default_alphabet: str = "gsm7") -> Iterator[ExplainedPdu]:
    """Explain the PDUs in a text: hexadecimal octets in any usual writing, or lines of the PDU log.

    `default_alphabet` is what data_coding 0 means to the peer. Raises `InvalidInput`, at once.
    """
    if default_alphabet not in DEFAULT_ALPHABETS:
        raise InvalidInput("default_alphabet", f"must be one of {', '.join(DEFAULT_ALPHABETS)}")
    rows = _read_hex(text)
    return (_explained(each, default_alphabet) for octets in rows for each in explain(octets))


def _read_hex(text: str) -> list[bytes]:
    lines = _LOG_LINE.findall(text)
    digits = lines or [_BETWEEN.sub("", text)]
    if not any(digits):
        raise InvalidInput("hex", "there are no octets")
    for each in digits:
        stranger = _NOT_HEX.search(each)
        if stranger:
            raise InvalidInput("hex", f"{stranger[0]!r} is no hexadecimal digit")
        if len(each) % 2:
            raise InvalidInput("hex", f"{len(each)} digits are no whole number of octets")
    return [bytes.fromhex(each) for each in digits]


def _explained(pdu: Explanation, default_alphabet: str) -> ExplainedPdu:
    fields: list[ExplainedField] = []
    for part in pdu.parts:
        fields.append(_field(part, default_alphabet))
        if _is_user_data(pdu, part):
            fields += _user_data(pdu, part, default_alphabet)
    receipt = _receipt_of(pdu)
    if receipt is not None:
        fields += _receipt_fields(receipt, len(pdu.octets))
    return ExplainedPdu(pdu.name, len(pdu.octets), tuple(fields), pdu.problems)


def _field(part: Part, default_alphabet: str) -> ExplainedField:
    meaning = part.meaning
    if part.name == "data_coding" and isinstance(part.value, int):
        meaning = data_coding_meaning(part.value, default_alphabet)
    if part.tag is not None:
        meaning = f"TLV 0x{part.tag:04x}{': ' * bool(meaning)}{meaning}"
    value = part.value.hex() if isinstance(part.value, bytes) else part.value
    return ExplainedField(part.offset, part.octets.hex(), part.name, value, meaning)


def data_coding_meaning(data_coding: int, default_alphabet: str) -> str:
    """What a data_coding says: encoding, message class, waiting indication."""
    details = details_of(data_coding, default_alphabet)
    parts = [details.encoding.value]
    if data_coding == 0:
        parts[0] = f"the SMSC's default alphabet, taken for {details.encoding.value}"
    if details.message_class is not None:
        name = details.message_class.name
        parts.append(f"class {details.message_class.value} ({'flash' if name == 'FLASH' else name})")
    if details.compressed:
        parts.append("compressed")
    if details.deletes_itself:
        parts.append("deleted when read")
    if details.indication is not None:
        switch = "on" if details.indication.active else "off"
        parts.append(f"{details.indication.kind} indication {switch}")
    return ", ".join(parts)


# User data


def _is_user_data(pdu: Explanation, part: Part) -> bool:
    if not isinstance(part.value, bytes) or not part.value:
        return False
    if part.name == "short_message":
        return True
    return part.tag == Tag.MESSAGE_PAYLOAD and pdu.value("data_coding") is not None


def _user_data(pdu: Explanation, part: Part, default_alphabet: str) -> Iterator[ExplainedField]:
    octets = part.value
    if not isinstance(octets, bytes):
        return
    offset = part.offset + len(part.octets) - len(octets)
    has_header = bool(pdu.value("esm_class", 0) & ESM_UDHI)
    if has_header:
        yield from _header(octets, offset)
    header, text = display_user_data(octets, pdu.value("data_coding", 0), has_header, default_alphabet)
    body = octets[len(header) :]
    yield ExplainedField(offset + len(header), body.hex(), "text", text, f"{len(text)} characters", 1)


def _header(octets: bytes, offset: int) -> Iterator[ExplainedField]:
    try:
        elements, _ = split(octets)
    except MalformedUdh as error:
        yield ExplainedField(offset, "", "user data header", "", f"broken: {error}", 1)
        return
    length = octets[0]
    yield ExplainedField(offset, octets[:1].hex(), "udh_length", length, "octets of header follow", 1)
    position = 1
    for element in elements:
        raw = octets[position : position + 2 + len(element.data)]
        yield ExplainedField(
            offset + position,
            raw.hex(),
            f"element 0x{element.identifier:02x}",
            element.data.hex(),
            element_meaning(element),
            1,
        )
        position += len(raw)


def element_meaning(element: Element) -> str:
    """What an information element of a user data header says (3GPP TS 23.040 section 9.2.3.24)."""
    kind, data = element
    part = concatenation([element])
    if part is not None:
        return f"part {part.number} of {part.total}, reference {part.reference}"
    addressed = ports([element])
    if addressed is not None:
        return f"to port {addressed.destination}, from port {addressed.source}"
    if kind in {NATIONAL_SINGLE_SHIFT, NATIONAL_LOCKING_SHIFT} and len(data) == 1:
        language = next((each for each, number in IDENTIFIERS.items() if number == data[0]), "unknown")
        return f"{language} {'single' if kind == NATIONAL_SINGLE_SHIFT else 'locking'} shift table"
    if kind in {CONCATENATION_8, CONCATENATION_16, PORTS_8, PORTS_16}:
        return "ignored: its length or its numbers are wrong"
    if 0x70 <= kind <= 0x7F:
        return "SIM toolkit security header"
    return ""


# Receipts


def _receipt_of(pdu: Explanation) -> Receipt | None:
    if pdu.command_id not in {DeliverSm.command_id, DataSm.command_id}:
        return None
    try:
        read = decode(pdu.octets)
    except SmppError:
        return None
    return parse_receipt(read) if isinstance(read, DeliverSm | DataSm) else None


def _receipt_fields(receipt: Receipt, offset: int) -> Iterator[ExplainedField]:
    """What a receipt says, after the PDU's own fields."""
    for name, value, meaning in (
        ("receipt: id", receipt.message_id or "", "" if receipt.message_id else "there is none"),
        ("receipt: stat", receipt.stat, _stat_meaning(receipt)),
        ("receipt: err", receipt.err, ""),
        ("receipt: submit date", _moment(receipt.submit_date), ""),
        ("receipt: done date", _moment(receipt.done_date), ""),
        ("receipt: text", receipt.text, ""),
    ):
        yield ExplainedField(offset, "", name, value, meaning, 1)


def _stat_meaning(receipt: Receipt) -> str:
    written = f"written {receipt.raw_stat!r}; " if receipt.raw_stat != receipt.stat else ""
    return f"{written}{'final' if receipt.final else 'more may follow'}"


def _moment(at_ms: int | None) -> str:
    return "" if at_ms is None else f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
