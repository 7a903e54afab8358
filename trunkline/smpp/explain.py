"""A PDU field by field: where each one is, its octets, its value and what it means.

It goes as far as the octets make sense, and says why no further. Passwords are not shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from trunkline.smpp.codec import FrameDecoder
from trunkline.smpp.constants import HEADER_SIZE, RESPONSE_BIT, command_name, status_name
from trunkline.smpp.errors import FramingError
from trunkline.smpp.fields import DestAddresses, Field, FieldError, ShortMessage, SmeAddress, UnsuccessSmes
from trunkline.smpp.layouts import HEADER
from trunkline.smpp.meanings import field_meaning, tlv_meaning
from trunkline.smpp.pdus import PDU_CLASSES, REQUESTS_WITHOUT_RESPONSE
from trunkline.smpp.tlv import TLV_HEADER_SIZE, Tlv, decode_tlvs, tag_name
from trunkline.smpp.tlv_values import readable_value

MASK: Final = "***"


@dataclass(slots=True, frozen=True)
class Part:
    """One field: `value` is a number, a text, or octets for which only the caller knows a meaning.

    `tag` is that of an optional parameter, else None. The octets of a password are asterisks.
    """

    offset: int
    octets: bytes
    name: str
    value: int | str | bytes
    meaning: str = ""
    tag: int | None = None


@dataclass(slots=True, frozen=True)
class Explanation:
    """A PDU taken apart; `problems` are what is wrong with it, none when it is by the book."""

    name: str
    command_id: int
    octets: bytes
    parts: tuple[Part, ...]
    problems: tuple[str, ...]

    def value(self, name: str, default: Any = None) -> Any:
        """The value of the first part of this name."""
        return next((part.value for part in self.parts if part.name == name), default)


def explain(octets: bytes) -> Iterator[Explanation]:
    """Explain the PDUs that lie in a row. The last one may be cut off, or be no PDU at all."""
    position = 0
    while position < len(octets):
        length = int.from_bytes(octets[position : position + 4], "big")
        end = position + length if length >= HEADER_SIZE else len(octets)
        explanation = _Reader(octets[position:end]).read()
        yield explanation
        position += len(explanation.octets)


class _Reader:
    """Takes one PDU apart."""

    def __init__(self, octets: bytes) -> None:
        self._data = octets
        self._pos = 0
        self._parts: list[Part] = []
        self._problems: list[str] = []

    def read(self) -> Explanation:
        data = self._data
        if len(data) < HEADER_SIZE:
            self._problems.append(f"{len(data)} octets are less than the header's {HEADER_SIZE}")
            self._rest()
            return self._done("", 0)
        length, command_id, status, _ = HEADER.unpack_from(data)
        try:
            FrameDecoder().feed(data[:HEADER_SIZE])
        except FramingError as error:
            self._problems.append(error.reason)
            self._rest()
            return self._done("", 0)
        self._header()
        if length > len(data):
            self._problems.append(f"command_length is {length}, but only {len(data)} octets are there")
        cls = PDU_CLASSES.get(command_id)
        if cls is None:
            self._problems.append(f"command_id 0x{command_id:08x} is not known")
            self._rest()
        elif self._pos == len(data) and cls.layout and command_id & RESPONSE_BIT:
            if cls.body_on_error or not status:
                self._problems.append("the response has no body, which many peers leave out")
        elif self._fields(cls.layout, command_id):
            self._tlvs()
        else:
            self._rest()
        return self._done(command_name(command_id), command_id)

    def _done(self, name: str, command_id: int) -> Explanation:
        return Explanation(name, command_id, self._data, tuple(self._parts), tuple(self._problems))

    def _header(self) -> None:
        length, command_id, status, number = HEADER.unpack_from(self._data)
        is_request = not command_id & RESPONSE_BIT
        answered = is_request and command_id not in REQUESTS_WITHOUT_RESPONSE
        for name, value, meaning in (
            ("command_length", length, "octets"),
            ("command_id", command_id, command_name(command_id)),
            ("command_status", status, "unused in requests" if is_request else status_name(status)),
            ("sequence_number", number, "the response has the same" if answered else ""),
        ):
            self._add(4, name, value, meaning)

    def _fields(self, layout: tuple[tuple[str, Field], ...], command_id: int) -> bool:
        """Read the mandatory fields; return whether the end of the last one is known."""
        for name, field in layout:
            start = self._pos
            try:
                value, stop, faults = field.read(name, self._data, start, len(self._data))
            except FieldError as error:
                self._problems.append(f"{error.reason} ({status_name(error.status)})")
                return False
            if faults:
                self._problems.append(f"{name} is not laid out by the book, and was read as it was meant")
            if isinstance(field, ShortMessage):
                self._add(1, "sm_length", self._data[start], "octets")
                self._add(stop - self._pos, name, value)
            elif isinstance(field, DestAddresses | UnsuccessSmes) and not faults:
                self._list(value, command_id)
            elif isinstance(field, DestAddresses | UnsuccessSmes):
                self._add(stop - start, name, ", ".join(map(str, value)))
            elif name == "password":
                hidden = b"*" * (stop - start)
                self._parts.append(Part(start, hidden, name, MASK if value else ""))
                self._pos = stop
            else:
                self._add(stop - start, name, value, field_meaning(name, value, command_id))
        return True

    def _list(self, items: tuple[Any, ...], command_id: int) -> None:
        """The destinations of submit_multi, or those that its response refuses."""
        refused = bool(command_id & RESPONSE_BIT)
        self._add(1, "no_unsuccess" if refused else "number_of_dests", len(items))
        for item in items:
            if not refused:
                flag = self._data[self._pos]
                self._add(1, "dest_flag", flag, field_meaning("dest_flag", flag, command_id))
            if not refused and not isinstance(item, SmeAddress):
                self._add(len(item.dl_name) + 1, "dl_name", item.dl_name)
                continue
            for name in ("dest_addr_ton", "dest_addr_npi"):
                value = getattr(item, name)
                self._add(1, name, value, field_meaning(name, value, command_id))
            self._add(len(item.destination_addr) + 1, "destination_addr", item.destination_addr)
            if refused:
                code = item.error_status_code
                self._add(4, "error_status_code", code, field_meaning("error_status_code", code, command_id))

    def _tlvs(self) -> None:
        data = self._data
        while len(data) - self._pos >= TLV_HEADER_SIZE:
            tag = int.from_bytes(data[self._pos : self._pos + 2], "big")
            size = int.from_bytes(data[self._pos + 2 : self._pos + 4], "big")
            end = self._pos + TLV_HEADER_SIZE + size
            if end > len(data):
                there = len(data) - self._pos - TLV_HEADER_SIZE
                self._problems.append(f"{tag_name(tag)} has length {size}, but {there} octets are there")
                self._rest()
                return
            tlv = Tlv(tag, data[self._pos + TLV_HEADER_SIZE : end])
            if decode_tlvs(data, self._pos, end)[1]:
                self._problems.append(f"{tag_name(tag)} has {size} octets, which its tag does not allow")
                self._add(end - self._pos, tag_name(tag), tlv.value, "ignored", tag)
            else:
                self._add(end - self._pos, tag_name(tag), _tlv_value(tlv), tlv_meaning(tlv), tag)
        if data[self._pos :] == b"\0":
            self._problems.append("one NUL too many stands at the end; it is ignored")
        elif self._pos < len(data):
            self._problems.append("the octets at the end are no optional parameter")
        self._rest()

    def _add(
        self, size: int, name: str, value: int | str | bytes, meaning: str = "", tag: int | None = None
    ) -> None:
        octets = self._data[self._pos : self._pos + size]
        self._parts.append(Part(self._pos, octets, name, value, meaning, tag))
        self._pos += size

    def _rest(self) -> None:
        """What cannot be told apart any more."""
        octets = self._data[self._pos :]
        if octets:
            self._add(len(octets), "unread", octets)


def _tlv_value(tlv: Tlv) -> int | str | bytes:
    """Octets stay octets, for whoever can read them as text."""
    value = readable_value(tlv)
    return tlv.value if value == tlv.value.hex() else value
