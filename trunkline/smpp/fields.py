"""The kinds of fields PDUs are made of (SMPP 3.4 section 3.1), each with its three faces.

`decode_source` and `encode_source` give Python source for the straight-line codecs that `layouts` compiles;
`read` is the patient reader used when a PDU is not laid out as it should be.
"""

from dataclasses import dataclass
from typing import Any, Final, Protocol

from trunkline.smpp.constants import CommandStatus, DestFlag
from trunkline.smpp.errors import EncodeError, SmppError
from trunkline.smpp.tlv import tlvs_fit

MAX_SHORT_MESSAGE: Final = 254
"""Octets of short_message that are written (section 5.2.22); 5.0 allows 255, and so many are read."""

MAX_DESTINATIONS: Final = 254
"""Destinations of a submit_multi that are written (section 5.2.24); 5.0 allows 255, and so many are read."""

CHARS: Final = {number: chr(number) for number in range(256)}
"""Octet to its Latin-1 character. A dict: a list would take negative numbers for indexes from its end."""

_INVALID_LENGTH: Final = CommandStatus.ESME_RINVCMDLEN.value


class FieldError(SmppError):
    """A mandatory field cannot be read; `status` is the command_status that says so to the peer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class EncodeSource:
    """How a field is written: `checks` run first, `text` is an f-string piece, `octets` follows as bytes."""

    checks: tuple[str, ...]
    text: str
    octets: str = ""


class Field(Protocol):
    """One mandatory field of a layout."""

    def decode_source(self, target: str) -> tuple[str, ...]:
        """Lines that read the field at `pos` into `target`; any exception sends the PDU to `read`.

        The target is a variable, or an attribute of one, that has the field's name.
        """

    def encode_source(self, name: str) -> EncodeSource:
        """How the local variable `<name>` is written; the source may raise EncodeError and LookupError."""

    def read(self, name: str, data: bytes, pos: int, end: int) -> tuple[Any, int, int]:
        """Read patiently; return the value, the position after it and the number of faults forgiven.

        Raises FieldError when there is no telling what was meant.
        """


def _ran_out(name: str) -> FieldError:
    return FieldError(_INVALID_LENGTH, f"the PDU ends before {name}")


@dataclass(frozen=True, slots=True)
class COctetString:
    """A NUL-terminated string of at most `size` octets with its NUL, held as Latin-1 text.

    Where `status` is given a longer value is refused with it, both ways. Where it is not, `size` is what the
    specification says and no more: peers do hand out longer passwords and message ids.
    """

    size: int
    status: CommandStatus | None = None

    def decode_source(self, target: str) -> tuple[str, ...]:
        """See Field."""
        lines = ['stop = text.index("\\0", pos, end)', f"{target} = text[pos:stop]"]
        if self.status is not None:
            lines.append(f"if stop - pos > {self.size - 1}: raise ValueError")
        return (*lines, "pos = stop + 1")

    def encode_source(self, name: str) -> EncodeSource:
        """See Field."""
        checks = [f'if "\\0" in {name}: raise holds_nul("{name}")']
        if self.status is not None:
            checks.append(
                f'if len({name}) > {self.size - 1}: raise too_long("{name}", {name}, {self.size - 1})'
            )
        return EncodeSource(tuple(checks), f"{{{name}}}\\0")

    def read(self, name: str, data: bytes, pos: int, end: int) -> tuple[str, int, int]:
        """See Field. Without a NUL the string ends at the PDU's end."""
        if pos >= end:
            raise _ran_out(name)
        stop = data.find(b"\0", pos, end)
        faults = 0
        if stop < 0:
            stop = end
            faults = 1
        if self.status is not None and stop - pos >= self.size:
            raise FieldError(
                self.status.value, f"{name} has {stop - pos} octets, at most {self.size - 1} fit"
            )
        return data[pos:stop].decode("latin-1"), min(stop + 1, end), faults


@dataclass(frozen=True, slots=True)
class Octet:
    """An unsigned integer of one octet."""

    def decode_source(self, target: str) -> tuple[str, ...]:
        """See Field. Reading past this PDU's end is caught by the check after the last field."""
        return (f"{target} = data[pos]", "pos += 1")

    def encode_source(self, name: str) -> EncodeSource:
        """See Field."""
        return EncodeSource((), f"{{CHARS[{name}]}}")

    def read(self, name: str, data: bytes, pos: int, end: int) -> tuple[int, int, int]:
        """See Field."""
        if pos >= end:
            raise _ran_out(name)
        return data[pos], pos + 1, 0


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """sm_length and short_message: an octet that counts, then that many octets (sections 5.2.21, 5.2.22)."""

    def decode_source(self, target: str) -> tuple[str, ...]:
        """See Field."""
        return ("stop = pos + 1 + data[pos]", f"{target} = data[pos + 1:stop]", "pos = stop")

    def encode_source(self, name: str) -> EncodeSource:
        """See Field."""
        check = f'if len({name}) > {MAX_SHORT_MESSAGE}: raise too_long("{name}", {name}, {MAX_SHORT_MESSAGE})'
        return EncodeSource((check,), f"{{CHARS[len({name})]}}", name)

    def read(self, name: str, data: bytes, pos: int, end: int) -> tuple[bytes, int, int]:
        """See Field. An sm_length that is off by one is put right when what follows then reads as TLVs."""
        if pos >= end:
            raise _ran_out(name)
        start = pos + 1
        stop = start + data[pos]
        if stop == end + 1:
            return data[start:end], end, 1
        if stop > end:
            raise FieldError(
                CommandStatus.ESME_RINVMSGLEN.value,
                f"sm_length is {data[pos]}, {end - start} octets are there",
            )
        if not tlvs_fit(data, stop, end):
            for other in (stop + 1, stop - 1):
                if start <= other < end and tlvs_fit(data, other, end):
                    return data[start:other], other, 1
            if stop + 1 == end:
                return data[start:end], end, 1
        return data[start:stop], stop, 0


@dataclass(frozen=True, slots=True)
class SmeAddress:
    """A destination of submit_multi that is a phone number or short code (section 4.5.1.1)."""

    dest_addr_ton: int
    dest_addr_npi: int
    destination_addr: str


@dataclass(frozen=True, slots=True)
class DistributionList:
    """A destination of submit_multi that is a list known to the SMSC (section 4.5.1.2)."""

    dl_name: str


@dataclass(frozen=True, slots=True)
class UnsuccessSme:
    """A destination that submit_multi could not submit to, and why (section 4.5.2.1)."""

    dest_addr_ton: int
    dest_addr_npi: int
    destination_addr: str
    error_status_code: int


_ADDRESS: Final = COctetString(21, CommandStatus.ESME_RINVDSTADR)
_DL_NAME: Final = COctetString(21, CommandStatus.ESME_RINVDLNAME)
_OCTET: Final = Octet()


def _read_sme(data: bytes, pos: int, end: int) -> tuple[tuple[int, int, str], int, int]:
    ton, pos, _ = _OCTET.read("dest_addr_ton", data, pos, end)
    npi, pos, _ = _OCTET.read("dest_addr_npi", data, pos, end)
    address, pos, faults = _ADDRESS.read("destination_addr", data, pos, end)
    return (ton, npi, address), pos, faults


def _write_text(name: str, value: str, limit: int) -> str:
    if "\0" in value:
        raise holds_nul(name)
    if len(value) > limit:
        raise too_long(name, value, limit)
    return value + "\0"


def _write_sme(sme: SmeAddress | UnsuccessSme) -> str:
    address = _write_text("destination_addr", sme.destination_addr, _ADDRESS.size - 1)
    return CHARS[sme.dest_addr_ton] + CHARS[sme.dest_addr_npi] + address


def write_destinations(destinations: tuple[SmeAddress | DistributionList, ...]) -> str:
    """Write number_of_dests and the destinations as Latin-1 text. Raises EncodeError, LookupError."""
    if len(destinations) > MAX_DESTINATIONS:
        raise EncodeError(
            f"{len(destinations)} destinations, at most {MAX_DESTINATIONS} fit one submit_multi"
        )
    parts = [CHARS[len(destinations)]]
    for item in destinations:
        if isinstance(item, SmeAddress):
            parts.append(CHARS[DestFlag.SME_ADDRESS] + _write_sme(item))
        else:
            name = _write_text("dl_name", item.dl_name, _DL_NAME.size - 1)
            parts.append(CHARS[DestFlag.DISTRIBUTION_LIST] + name)
    return "".join(parts)


def write_unsuccess(entries: tuple[UnsuccessSme, ...]) -> str:
    """Write no_unsuccess and its entries as Latin-1 text. Raises EncodeError, LookupError, OverflowError."""
    parts = [CHARS[len(entries)]]
    for entry in entries:
        code = entry.error_status_code.to_bytes(4, "big").decode("latin-1")
        parts.append(_write_sme(entry) + code)
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class DestAddresses:
    """number_of_dests and dest_address(es) of submit_multi (section 4.5.1)."""

    def decode_source(self, target: str) -> tuple[str, ...]:
        """See Field."""
        name = target.rpartition(".")[2]
        return (
            f'{target}, pos, faults = read_destinations("{name}", data, pos, end)',
            "if faults: raise ValueError",
        )

    def encode_source(self, name: str) -> EncodeSource:
        """See Field."""
        return EncodeSource((), f"{{write_destinations({name})}}")

    def read(
        self, name: str, data: bytes, pos: int, end: int
    ) -> tuple[tuple[SmeAddress | DistributionList, ...], int, int]:
        """See Field."""
        count, pos, _ = _OCTET.read("number_of_dests", data, pos, end)
        if not count:
            raise FieldError(CommandStatus.ESME_RINVNUMDESTS.value, "number_of_dests is 0")
        found: list[SmeAddress | DistributionList] = []
        faults = 0
        for _ in range(count):
            flag, pos, _ = _OCTET.read("dest_flag", data, pos, end)
            if flag == DestFlag.SME_ADDRESS:
                sme, pos, more = _read_sme(data, pos, end)
                found.append(SmeAddress(*sme))
            elif flag == DestFlag.DISTRIBUTION_LIST:
                dl_name, pos, more = _DL_NAME.read("dl_name", data, pos, end)
                found.append(DistributionList(dl_name))
            else:
                raise FieldError(CommandStatus.ESME_RINVDESTFLAG.value, f"dest_flag of {name} is {flag}")
            faults += more
        return tuple(found), pos, faults


@dataclass(frozen=True, slots=True)
class UnsuccessSmes:
    """no_unsuccess and unsuccess_sme(s) of submit_multi_resp (section 4.5.2)."""

    def decode_source(self, target: str) -> tuple[str, ...]:
        """See Field."""
        name = target.rpartition(".")[2]
        return (
            f'{target}, pos, faults = read_unsuccess("{name}", data, pos, end)',
            "if faults: raise ValueError",
        )

    def encode_source(self, name: str) -> EncodeSource:
        """See Field."""
        return EncodeSource((), f"{{write_unsuccess({name})}}")

    def read(self, name: str, data: bytes, pos: int, end: int) -> tuple[tuple[UnsuccessSme, ...], int, int]:
        """See Field."""
        count, pos, _ = _OCTET.read("no_unsuccess", data, pos, end)
        found = []
        faults = 0
        for _ in range(count):
            sme, pos, more = _read_sme(data, pos, end)
            if end - pos < 4:
                raise _ran_out(f"error_status_code of {name}")
            found.append(UnsuccessSme(*sme, int.from_bytes(data[pos : pos + 4], "big")))
            pos += 4
            faults += more
        return tuple(found), pos, faults


def holds_nul(name: str) -> EncodeError:
    """Make the error for a C-octet string with a NUL inside."""
    return EncodeError(f"{name} holds NUL, which ends a C-octet string")


def too_long(name: str, value: str | bytes, limit: int) -> EncodeError:
    """Make the error for a value of more than `limit` octets."""
    return EncodeError(f"{name} has {len(value)} octets, at most {limit} fit")


NAMES_IN_SOURCE: Final[dict[str, object]] = {
    "CHARS": CHARS,
    "holds_nul": holds_nul,
    "too_long": too_long,
    "read_destinations": DestAddresses().read,
    "read_unsuccess": UnsuccessSmes().read,
    "write_destinations": write_destinations,
    "write_unsuccess": write_unsuccess,
}
"""What `decode_source` and `encode_source` may refer to."""
