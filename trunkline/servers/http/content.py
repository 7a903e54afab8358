"""What a message carries beside or instead of a plain text: octets, user data header, ports, class, TLVs.

Whatever is wrong raises `ApiError` 400 with a sentence that names the field and the rule.
"""

from collections.abc import Mapping
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

from trunkline.gsm.errors import MalformedUdh
from trunkline.gsm.udh import ports_element, split
from trunkline.model.submission import Submission
from trunkline.model.tlvs import TlvValue
from trunkline.servers.http.errors import invalid

Number: TypeAlias = int | str | None
Tlvs: TypeAlias = dict[str, int | str] | str | None

HIGHEST_PRIORITY: Final = 3
MAX_PORT: Final = 0xFFFF
FLASH: Final = 0


class ContentOptions(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """The rarer fields of a message."""

    priority: Annotated[
        Number, Meta(description="0 (default) to 3: while messages queue, those of a higher one go first.")
    ] = None
    flash: Annotated[
        bool | int | str | None,
        Meta(description="1: straight onto the handset's screen, not stored; 0 (default): not."),
    ] = None
    hex_content: Annotated[
        str | None, Meta(description="Octets as hex digits, instead of content: binary messages, WAP push.")
    ] = None
    udh: Annotated[
        str | None,
        Meta(description="A user data header as hex digits, with its length octet; then one segment."),
    ] = None
    dest_port: Annotated[Number, Meta(description="The application port it is for, 0 to 65535.")] = None
    source_port: Annotated[Number, Meta(description="The application port it is from; default 0.")] = None
    tlvs: Annotated[
        Tlvs,
        Meta(description="TLVs by the names that the connector's profile has; in a form as JSON text."),
    ] = None


_decode_tlvs = msgspec.json.Decoder(dict[str, int | str]).decode


def has_content_options(request: ContentOptions) -> bool:
    """Whether `apply` has anything to do; most messages have none."""
    return not (
        request.priority is None
        and request.flash is None
        and request.hex_content is None
        and request.udh is None
        and request.dest_port is None
        and request.source_port is None
        and request.tlvs is None
    )


def apply(request: ContentOptions, submission: Submission) -> None:
    """Gives a submission what the request says."""
    submission.priority = _number("priority", request.priority, HIGHEST_PRIORITY) or 0
    if request.flash not in (None, "", 0, "0", 1, "1"):
        raise invalid("flash must be 0 or 1")
    if request.flash in (1, "1"):
        submission.message_class = FLASH
    if request.hex_content:
        submission.octets = _octets("hex_content", request.hex_content)
        submission.text = None
    if request.udh:
        submission.udh = _header(request.udh)
    destination = _number("dest_port", request.dest_port, MAX_PORT)
    source = _number("source_port", request.source_port, MAX_PORT)
    if destination is not None:
        if submission.udh:
            raise invalid("dest_port and udh exclude each other: put the ports into the header")
        submission.elements = (ports_element(destination, source or 0),)
    elif source is not None:
        raise invalid("source_port needs dest_port")
    if request.tlvs:
        submission.tlv_values = _tlvs(request.tlvs)


def _number(name: str, value: Number, highest: int) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() and len(value) <= 5 else -1
    if not 0 <= value <= highest:
        raise invalid(f"{name} must be a whole number from 0 to {highest}")
    return value


def _octets(name: str, digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise invalid(f"{name} must be hex digits, two for each octet") from None


def _header(digits: str) -> bytes:
    octets = _octets("udh", digits)
    try:
        _, rest = split(octets)
    except MalformedUdh as error:
        raise invalid(f"udh is no user data header: {error}") from None
    if rest:
        raise invalid(f"udh has {len(rest)} octets more than its first octet says")
    return octets


def _tlvs(values: dict[str, int | str] | str) -> Mapping[str, TlvValue]:
    if isinstance(values, str):
        try:
            return _decode_tlvs(values)
        except (msgspec.DecodeError, RecursionError):
            raise invalid("tlvs must be a JSON object of numbers and texts") from None
    return values
