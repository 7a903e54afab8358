"""Octets to PDUs and back: the frame splitter with its two kinds of failure, and single PDUs.

A PDU that cannot be parsed but has a readable header is a `PduError`: it can be answered, and the stream goes
on. A command_length that makes no sense is a `FramingError`: SMPP has no marker to find the next PDU by, so
the link must be closed (SMPP 3.4 section 3.2).
"""

import struct
from collections.abc import Callable
from typing import Any, Final

from trunkline.smpp.constants import (
    HEADER_SIZE,
    MAX_PDU_SIZE,
    RESPONSE_BIT,
    CommandStatus,
    command_name,
    status_name,
)
from trunkline.smpp.errors import EncodeError, FramingError, PduError
from trunkline.smpp.fields import FieldError
from trunkline.smpp.layouts import HEADER
from trunkline.smpp.pdus import PDU_CLASSES, Pdu
from trunkline.smpp.tlv import decode_tlvs, tag_name

_unpack_header: Final = HEADER.unpack_from
_decoder_of: Final = {command_id: cls.decode_body for command_id, cls in PDU_CLASSES.items()}.get

# What the first four octets of other protocols are, so that the log can name them.
_FOREIGN_STARTS: Final = {
    b"GET ": "HTTP",
    b"POST": "HTTP",
    b"PUT ": "HTTP",
    b"HEAD": "HTTP",
    b"DELE": "HTTP",
    b"OPTI": "HTTP",
    b"PATC": "HTTP",
    b"CONN": "HTTP",
    b"TRAC": "HTTP",
    b"PRI ": "HTTP/2",
    b"HTTP": "an HTTP response",
    b"SSH-": "SSH",
}


def encode(pdu: Pdu) -> bytes:
    """Return the PDU as octets, command_length and all.

    Raises EncodeError when a value does not fit its field: too long, NUL inside a C-octet string, an integer
    outside its octets, text outside Latin-1, or a value of the wrong type.
    """
    try:
        return pdu.encode_pdu()
    except EncodeError:
        raise
    except (LookupError, ValueError, TypeError, OverflowError, struct.error, NotImplementedError) as error:
        raise EncodeError(
            f"{type(pdu).__name__} has a value that does not fit its field: {error!r}"
        ) from error


def decode(data: bytes) -> Pdu:
    """Return the one PDU that `data` holds, with the same forgiveness as `FrameDecoder`.

    Raises FramingError when `data` is not exactly one frame and PduError when its content cannot be read.
    """
    if len(data) < HEADER_SIZE:
        raise FramingError(f"{len(data)} octets are less than a header")
    length, command_id, command_status, sequence_number = _unpack_header(data, 0)
    if length != len(data):
        raise FramingError(f"command_length is {length}, {len(data)} octets are there", sequence_number)
    decoder = _decoder_of(command_id)
    if decoder is not None:
        text = str(data, "latin-1")
        try:
            pdu: Pdu = decoder(data, text, HEADER_SIZE, length, command_status, sequence_number)
        except (ValueError, IndexError, FieldError):
            pdu = _read_patiently(data)[0]
        return pdu
    return _read_patiently(data)[0]


def _read_patiently(raw: bytes) -> tuple[Pdu, int]:
    """Read a PDU that is not laid out by the book; return it and the number of faults forgiven.

    Raises PduError when there is no telling what was meant.
    """
    end, command_id, command_status, sequence_number = _unpack_header(raw, 0)
    cls = PDU_CLASSES.get(command_id)
    if cls is None:
        status = CommandStatus.ESME_RINVCMDID.value
        raise PduError(command_id, sequence_number, status, f"unknown command_id 0x{command_id:08x}", raw)
    values: dict[str, Any] = {}
    pos = HEADER_SIZE
    faults = 0
    for name, field in cls.layout:
        try:
            values[name], pos, more = field.read(name, raw, pos, end)
        except FieldError as error:
            if command_id & RESPONSE_BIT:
                # Its header says which request it answers and how that went: worth more than a broken body.
                return cls(
                    command_status=command_status, sequence_number=sequence_number, **values
                ), faults + 1
            reason = f"{cls.name}: {error.reason}"
            raise PduError(command_id, sequence_number, error.status, reason, raw) from error
        faults += more
    tlvs, more = decode_tlvs(raw, pos, end)
    pdu = cls(command_status=command_status, sequence_number=sequence_number, tlvs=tlvs, **values)
    return pdu, faults + more


class FrameDecoder:
    """Splits a byte stream into PDUs, whatever pieces it arrives in.

    `lenient` counts the faults that were forgiven (see the quirks each field's `read` knows), `failure` is
    the FramingError that ended the stream, or None. At most one incomplete PDU is kept, so no more than
    `max_pdu_size` octets beyond what one call feeds. `tap` is called with the whole PDUs of each call, as
    `tap.Tap.read` says.
    """

    __slots__ = ("_buffer", "_needed", "failure", "lenient", "max_pdu_size", "tap")

    def __init__(self, max_pdu_size: int = MAX_PDU_SIZE) -> None:
        self.max_pdu_size = max_pdu_size
        self.lenient = 0
        self.failure: FramingError | None = None
        self.tap: Callable[[bytes], None] | None = None
        self._buffer = bytearray()
        self._needed = 0

    @property
    def buffered(self) -> int:
        """Octets of an incomplete PDU that wait for the rest."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Pdu | PduError]:
        """Take the next octets; return what is complete, in order: PDUs, and PduErrors to be answered.

        A framing error never hides the PDUs before it: they are returned, and `failure` is set. Raises that
        FramingError when there is nothing to return, and on every later call.
        """
        if self.failure is not None:
            raise self.failure
        buffer = self._buffer
        if buffer:
            buffer += data
            if len(buffer) < self._needed:
                return []
            data = bytes(buffer)
            buffer.clear()
        found: list[Pdu | PduError] = []
        size = len(data)
        # All text of a chunk is decoded at once: its strings are then slices of it.
        text = str(data, "latin-1")
        max_pdu_size = self.max_pdu_size
        unpack_header = _unpack_header
        decoder_of = _decoder_of
        pos = 0
        needed = HEADER_SIZE
        while size - pos >= HEADER_SIZE:
            length, command_id, command_status, sequence_number = unpack_header(data, pos)
            if length < HEADER_SIZE or length > max_pdu_size:
                self.failure = FramingError(
                    _name_the_stranger(data, pos, length, max_pdu_size), sequence_number
                )
                if self.tap is not None:
                    self.tap(data[: pos + HEADER_SIZE])
                if not found:
                    raise self.failure
                return found
            end = pos + length
            if end > size:
                needed = length
                break
            decoder = decoder_of(command_id)
            if decoder is not None:
                try:
                    found.append(decoder(data, text, pos + HEADER_SIZE, end, command_status, sequence_number))
                except (ValueError, IndexError, FieldError):
                    found.append(self._forgive(data[pos:end]))
            else:
                found.append(self._forgive(data[pos:end]))
            pos = end
        if pos != size:
            self._buffer = bytearray(data[pos:])
            self._needed = needed
        if pos and self.tap is not None:
            self.tap(data[:pos])
        return found

    def _forgive(self, raw: bytes) -> Pdu | PduError:
        try:
            pdu, faults = _read_patiently(raw)
        except PduError as error:
            return error
        self.lenient += faults
        return pdu


def _name_the_stranger(data: bytes, pos: int, length: int, max_pdu_size: int) -> str:
    """Say what is wrong with a command_length, and which protocol it belongs to where that shows."""
    start = data[pos : pos + 4]
    stranger = _FOREIGN_STARTS.get(start)
    if stranger is None and start[:2] == b"\x16\x03":
        stranger = "a TLS client hello"
    elif stranger is None and start[:2] == b"\x15\x03":
        stranger = "a TLS alert"
    bound = f"is below {HEADER_SIZE}" if length < HEADER_SIZE else f"is above {max_pdu_size}"
    if stranger is not None:
        return f"command_length {length} {bound}: this looks like {stranger}"
    return f"command_length {length} {bound}"


def describe(pdu: Pdu) -> dict[str, object]:
    """Return a PDU for people: names for command, status and TLVs, fields in wire order, the password masked.

    Octets are shown as hex. TLVs are a list of `{"tag", "value"}` in order, since a tag may occur twice.
    """
    shown: dict[str, object] = {
        "command": command_name(pdu.command_id),
        "status": status_name(pdu.command_status),
        "sequence_number": pdu.sequence_number,
    }
    for name, _ in pdu.layout:
        value = getattr(pdu, name)
        if name == "password":
            value = "***" if value else ""
        elif isinstance(value, bytes):
            value = value.hex()
        elif isinstance(value, tuple):
            value = [str(item) for item in value]
        shown[name] = value
    if pdu.tlvs:
        shown["tlvs"] = [{"tag": tag_name(tlv.tag), "value": tlv.value.hex()} for tlv in pdu.tlvs]
    return shown
