"""Turns a class of annotated fields into a PDU: slots, a constructor and straight-line codecs.

The codecs are Python source built from the layout and compiled once, when the class is made. A loop over
field objects costs about five times as much per submit_sm, and the codec runs for every PDU of every message.
"""

import struct
from collections.abc import Callable
from typing import Any, ClassVar, Final, dataclass_transform, get_args, get_origin

from trunkline.smpp.constants import HEADER_SIZE, RESPONSE_BIT
from trunkline.smpp.fields import NAMES_IN_SOURCE, Field
from trunkline.smpp.tlv import decode_tlvs, encode_tlvs

HEADER: Final = struct.Struct(">IIII")
"""command_length, command_id, command_status, sequence_number (section 3.2)."""

Layout = tuple[tuple[str, Field], ...]
Decoder = Callable[[bytes, str, int, int, int, int], Any]
Encoder = Callable[[Any], bytes]

_HEADER_FIELDS: Final = ("command_status", "sequence_number")
_SOURCE_NAMES: Final = NAMES_IN_SOURCE | {
    "new": object.__new__,
    "pack_header": HEADER.pack,
    "decode_tlvs": decode_tlvs,
    "encode_tlvs": encode_tlvs,
}


def _function(name: str, signature: str, lines: list[str], names: dict[str, object]) -> Any:
    source = f"def {name}({signature}):\n" + "\n".join("    " + line for line in lines)
    namespace = dict(names)
    code = compile(source, f"<{name} of the SMPP layouts>", "exec")
    exec(code, namespace)  # noqa: S102 - the source is made from our own layouts, never from input
    return namespace[name]


def compile_init(defaults: dict[str, object]) -> Any:
    """Make `__init__` with a keyword for each name and its default."""
    signature = "self, *, " + ", ".join(f"{name}=default_{name}" for name in defaults)
    lines = [f"self.{name} = {name}" for name in defaults]
    return _function(
        "__init__", signature, lines, {f"default_{name}": value for name, value in defaults.items()}
    )


def compile_decoder(cls: type, layout: Layout, defaults: dict[str, object], *, is_response: bool) -> Decoder:
    """Make the decoder of a layout: `decode(data, text, pos, end, command_status, sequence_number)`.

    `data[pos:end]` is the body, `text` the whole of `data` as Latin-1 (strings are then plain slices). A body
    laid out in any way but the specification's makes it raise ValueError, IndexError or FieldError.
    """
    lines = [
        "pdu = new(cls)",
        "pdu.command_status = command_status",
        "pdu.sequence_number = sequence_number",
    ]
    if is_response and layout:
        # Many peers leave the body out, on errors (as the specification says for some) and on success alike.
        lines.append("if pos == end:")
        lines += [f"    pdu.{name} = default_{name}" for name, _ in layout]
        lines += ["    pdu.tlvs = ()", "    return pdu"]
    for name, field in layout:
        lines += field.decode_source(f"pdu.{name}")
    lines += [
        "if pos == end:",
        "    pdu.tlvs = ()",
        "    return pdu",
        # A field that was read across the PDU's end is a fault here too.
        "pdu.tlvs, faults = decode_tlvs(data, pos, end)",
        "if faults: raise ValueError",
        "return pdu",
    ]
    names = {f"default_{name}": defaults[name] for name, _ in layout}
    signature = "data, text, pos, end, command_status, sequence_number"
    decoder: Decoder = _function("decode", signature, lines, {**_SOURCE_NAMES, **names, "cls": cls})
    return decoder


def compile_encoder(
    layout: Layout, defaults: dict[str, object], command_id: int, *, body_on_error: bool
) -> Encoder:
    """Make the encoder of a layout: the whole PDU as octets.

    It raises EncodeError, or LookupError, ValueError, TypeError, OverflowError or struct.error for values
    that fit no octets. With `body_on_error` false a body of defaults is left out when command_status is not
    zero.
    """
    lines = [f"{name} = pdu.{name}" for name, _ in layout]
    pieces: list[str] = []
    text = ""
    for name, field in layout:
        source = field.encode_source(name)
        lines += source.checks
        text += source.text
        if source.octets:
            pieces += [f'f"{text}".encode("latin-1")', source.octets]
            text = ""
    if text:
        pieces.append(f'f"{text}".encode("latin-1")')
    lines.append("body = " + (" + ".join(pieces) or 'b""'))
    if not body_on_error:
        empty = " and ".join(f"{name} == default_{name}" for name, _ in layout)
        lines += ["if pdu.command_status and not pdu.tlvs:", f"    if {empty}: body = b''"]
    lines += [
        "if pdu.tlvs: body += encode_tlvs(pdu.tlvs)",
        f"length = {HEADER_SIZE} + len(body)",
        f"return pack_header(length, {command_id}, pdu.command_status, pdu.sequence_number) + body",
    ]
    names = {f"default_{name}": defaults[name] for name, _ in layout}
    encoder: Encoder = _function("encode", "pdu", lines, {**_SOURCE_NAMES, **names})
    return encoder


@dataclass_transform(kw_only_default=True)
class PduMeta(type):
    """Reads a class body as a layout: `name: Annotated[type, Field] = default`, in the order of the wire.

    A subclass inherits its base's fields before its own. A class with a `command_id` gets its codecs.
    """

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> "PduMeta":
        """Make the class; its fields become slots."""
        layout: list[tuple[str, Field]] = []
        defaults: dict[str, object] = {}
        for base in bases:
            layout += getattr(base, "layout", ())
            defaults |= getattr(base, "defaults", {})
        slots = []
        for field_name, annotation in namespace.get("__annotations__", {}).items():
            if field_name not in namespace or get_origin(annotation) is ClassVar:
                continue
            slots.append(field_name)
            defaults[field_name] = namespace.pop(field_name)
            # (the type, the Field) for a mandatory field; header fields and TLVs are plain.
            if field_name not in {*_HEADER_FIELDS, "tlvs"}:
                layout.append((field_name, get_args(annotation)[1]))
        namespace["__slots__"] = tuple(slots)
        namespace["layout"] = tuple(layout)
        namespace["defaults"] = defaults
        namespace["__init__"] = compile_init(defaults)
        cls: Any = super().__new__(mcs, name, bases, namespace)
        command_id = namespace.get("command_id")
        if command_id is not None:
            is_response = bool(command_id & RESPONSE_BIT)
            decoder = compile_decoder(cls, cls.layout, defaults, is_response=is_response)
            cls.decode_body = staticmethod(decoder)
            cls.encode_pdu = compile_encoder(
                cls.layout, defaults, command_id, body_on_error=cls.body_on_error
            )
        made: PduMeta = cls
        return made
