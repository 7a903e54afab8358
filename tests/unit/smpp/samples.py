"""PDUs for the tests: one of each kind with every field set, and strategies made from the layouts."""

from typing import Any

from hypothesis import strategies as st

from trunkline.smpp.constants import CommandStatus
from trunkline.smpp.fields import (
    COctetString,
    DestAddresses,
    DistributionList,
    Field,
    Octet,
    ShortMessage,
    SmeAddress,
    UnsuccessSme,
    UnsuccessSmes,
)
from trunkline.smpp.pdus import PDU_CLASSES, Pdu
from trunkline.smpp.tlv import Tlv


def text_of(size: int) -> str:
    """Text that fills a C-octet string of `size` octets with its NUL, different for each size."""
    return ("abcdefghijklmnopqrstuvwxyz0123456789" * 2)[: size - 1]


def full_value(field: Field, position: int) -> Any:
    """A value that fills the field, different from its default."""
    match field:
        case COctetString():
            return text_of(field.size)
        case Octet():
            return (position * 7) % 255 + 1
        case ShortMessage():
            return b"\x00 any octets \xff"
        case DestAddresses():
            return (SmeAddress(1, 1, "447700900123"), DistributionList("friends"), SmeAddress(0, 0, ""))
        case UnsuccessSmes():
            return (UnsuccessSme(1, 1, "447700900123", 0x0B), UnsuccessSme(2, 8, "07700900124", 0xFFFFFFFF))
        case _:
            raise AssertionError(f"no sample for {field}")


def full(cls: type[Pdu], **more: Any) -> Pdu:
    """A PDU with every field set and three TLVs, one of them unknown."""
    values = {name: full_value(field, position) for position, (name, field) in enumerate(cls.layout)}
    tlvs = (Tlv(0x0204, b"\x01\x02"), Tlv(0x1500, b"vendor"), Tlv(0x0424, b"payload"))
    return cls(sequence_number=0x01020304, **({"tlvs": tlvs} | values | more))


FULL = [full(cls) for cls in PDU_CLASSES.values()]
EMPTY = [cls(sequence_number=1) for cls in PDU_CLASSES.values() if cls.name != "submit_multi"]

latin1 = st.characters(min_codepoint=1, max_codepoint=255)
octets = st.integers(0, 255)


def _values(field: Field) -> st.SearchStrategy[Any]:
    address = st.text(latin1, max_size=20)
    sme = st.tuples(octets, octets, address)
    match field:
        case COctetString():
            return st.text(latin1, max_size=field.size - 1)
        case Octet():
            return octets
        case ShortMessage():
            return st.binary(max_size=254)
        case DestAddresses():
            each = sme.map(lambda item: SmeAddress(*item)) | address.map(DistributionList)
            return st.lists(each, min_size=1, max_size=5).map(tuple)
        case UnsuccessSmes():
            each = st.tuples(sme, st.integers(0, 0xFFFFFFFF)).map(
                lambda item: UnsuccessSme(*item[0], item[1])
            )
            return st.lists(each, max_size=5).map(tuple)
        case _:
            raise AssertionError(f"no strategy for {field}")


# Tags whose size the specification leaves open, and vendor tags: any value is legal.
_tlvs = st.lists(
    st.builds(
        Tlv, st.sampled_from([0x001D, 0x001E, 0x0424, 0x0381]) | st.integers(0x1400, 0xFFFF), st.binary()
    ),
    max_size=4,
).map(tuple)


def _pdus(cls: type[Pdu]) -> st.SearchStrategy[Pdu]:
    return st.builds(
        cls,
        command_status=st.sampled_from([status.value for status in CommandStatus])
        | st.integers(0, 0xFFFFFFFF),
        sequence_number=st.integers(0, 0xFFFFFFFF),
        tlvs=_tlvs,
        **{name: _values(field) for name, field in cls.layout},
    )


pdus: st.SearchStrategy[Pdu] = st.sampled_from(list(PDU_CLASSES.values())).flatmap(_pdus)
