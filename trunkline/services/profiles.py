"""Connectors' profiles as people write and read them: ``key=value`` words, rules, plain values."""

import re
from collections.abc import Iterable
from dataclasses import fields, replace
from enum import StrEnum
from typing import Any, Final, get_args, get_origin, get_type_hints

from trunkline.gsm.data_coding import Charset, Encoding
from trunkline.model.profile import STANDARD, ErrorAction, Profile, TlvType, VendorTlv
from trunkline.services.accounts import InvalidInput
from trunkline.smpp.constants import CommandStatus, Tag, status_name
from trunkline.smpp.receipt_pattern import ReceiptPattern
from trunkline.smpp.receipts import STATS

MAX_ENTRIES: Final = 100  # of a list or a table
_TLV_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}").fullmatch
# What a submit_sm carries for the connector's own purposes.
_OWN_TAGS = frozenset(
    {Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM, Tag.MESSAGE_PAYLOAD}
)
_SWITCH: Final = {"yes": True, "true": True, "no": False, "false": False}
_NUMBERING = re.compile(r"(?:[0-6]/(?:1[0-8]|[0-9]))?").fullmatch
_NUMBERINGS: Final = ("alphanumeric_numbering", "international_numbering", "short_code_numbering")
_RANGES: Final = (
    ("slow_at_congestion", 0, 100),
    ("wrong_credentials_retry_s", 0, 86_400),
    ("enquire_link_timeout_s", 0, 600),
    ("interface_version", 0, 0xFF),
    ("addr_ton", 0, 6),
    ("addr_npi", 0, 18),
    ("outbind_port", 0, 65_535),
    ("messaging_mode", 0, 3),
    ("validity_offset", -48, 48),
)
_LENGTHS: Final = (
    ("address_range", 40),
    ("outbind_host", 253),
    ("outbind_system_id", 15),
    ("outbind_password", 8),
    ("service_type", 5),
)
_ENCODINGS: Final = (*(each.value for each in Encoding), *(each.value for each in Charset))
_SECRETS: Final = frozenset({"outbind_password"})
_KINDS: Final[dict[str, Any]] = get_type_hints(Profile)


def assign(profile: Profile, words: Iterable[str]) -> Profile:
    """The profile with ``key=value`` words applied; a key without a value gets its default back.

    Lists (such as `receipt_patterns`) take one entry from each word with their key, tables (`status_map`)
    entries of the form ``from:to``, separated by commas; both begin anew with their first word. Raises
    `InvalidInput` for what cannot be read; `check` says whether the values are allowed.
    """
    values: dict[str, list[str]] = {}
    for word in words:
        key, equals, value = word.partition("=")
        key = key.strip().replace("-", "_")
        if not equals:
            raise InvalidInput("profile", f"{word!r} must have the form KEY=VALUE")
        if key not in _KINDS:
            raise InvalidInput(f"profile.{key}", f"is no field; fields are {', '.join(_KINDS)}")
        values.setdefault(key, []).append(value.strip())
    return replace(profile, **{key: _read(key, texts) for key, texts in values.items()})


def check(profile: Profile) -> None:
    """Raises `InvalidInput` for the first field that breaks a rule; `field` is ``profile.NAME``."""
    for name in ("receipt_patterns", "vendor_tlvs", "status_map", "error_actions"):
        if len(getattr(profile, name)) > MAX_ENTRIES:
            raise InvalidInput(f"profile.{name}", f"at most {MAX_ENTRIES} entries")
    for pattern in profile.receipt_patterns:
        try:
            ReceiptPattern(pattern)
        except ValueError as error:
            raise InvalidInput("profile.receipt_patterns", f"{pattern!r}: {error}") from None
    for raw, stat in profile.status_map.items():
        if not raw.strip():
            raise InvalidInput("profile.status_map", "an entry says what the SMSC writes")
        if stat not in STATS:
            raise InvalidInput("profile.status_map", f"{raw}:{stat}: must be one of {', '.join(STATS)}")
    for status in profile.error_actions:
        if not 1 <= status <= 0xFFFFFFFF:
            raise InvalidInput("profile.error_actions", f"{status}: a refusal is 1 to 0xFFFFFFFF")
    _check_tlvs(profile.vendor_tlvs)
    for name, low, high in _RANGES:
        value = getattr(profile, name)
        if value is not None and not low <= value <= high:
            raise InvalidInput(f"profile.{name}", f"{low} to {high}")
    for name, most in _LENGTHS:
        value = getattr(profile, name)
        if len(value) > most or not value.isascii() or "\0" in value:
            raise InvalidInput(f"profile.{name}", f"at most {most} ASCII characters")
    for name in _NUMBERINGS:
        if not _NUMBERING(getattr(profile, name)):
            raise InvalidInput(f"profile.{name}", "TON/NPI such as 5/0, at most 6/18, or nothing")
    for encoding, data_coding in profile.data_codings.items():
        if encoding not in _ENCODINGS:
            raise InvalidInput("profile.data_codings", f"{encoding}: must be one of {', '.join(_ENCODINGS)}")
        if not 0 <= data_coding <= 0xFF:
            raise InvalidInput("profile.data_codings", f"{encoding}:{data_coding}: 0 to 255")
    if profile.outbind_port and not (profile.outbind_system_id and profile.outbind_password):
        raise InvalidInput(
            "profile.outbind_password", "outbind needs the system_id and the password that the SMSC will name"
        )


def describe(profile: Profile) -> dict[str, Any]:
    """The profile's fields in their order, for people and JSON; entries read as `assign` takes them.

    A password is shown as ``***``.
    """
    shown = {each.name: _plain(getattr(profile, each.name)) for each in fields(profile)}
    return shown | {name: "***" for name in _SECRETS if shown[name]}


def words(profile: Profile) -> list[str]:
    """The ``key=value`` words that `assign` makes this profile of, but for its secrets."""
    found = []
    for name, value in describe(profile).items():
        if name in _SECRETS or getattr(profile, name) == getattr(STANDARD, name):
            continue
        if isinstance(value, dict):
            found.append(f"{name}=" + ",".join(f"{key}:{entry}" for key, entry in value.items()))
        else:
            found += [f"{name}={each}" for each in (value if isinstance(value, list) else [value])]
    return found


def bare(profile: Profile) -> Profile:
    """A standard profile with the secrets of this one."""
    return replace(STANDARD, **{name: getattr(profile, name) for name in _SECRETS})


def vendor_tlv(text: str) -> VendorTlv:
    """A vendor's optional parameter from ``NAME:TAG:TYPE``. Raises `InvalidInput`."""
    try:
        name, tag, kind = text.split(":")
        number = int(tag.strip(), 0)
    except ValueError:  # of the number, or of the number of parts
        raise InvalidInput(
            "profile.vendor_tlvs", f"{text!r} must have the form NAME:TAG:TYPE, such as route:0x1401:cstring"
        ) from None
    kind = kind.strip()
    if kind not in set(TlvType):
        raise InvalidInput("profile.vendor_tlvs", f"{text}: the type must be one of {', '.join(TlvType)}")
    return VendorTlv(name.strip(), number, TlvType(kind))


def _check_tlvs(tlvs: tuple[VendorTlv, ...]) -> None:
    field = "profile.vendor_tlvs"
    for tlv in tlvs:
        if not _TLV_NAME(tlv.name):
            raise InvalidInput(field, f"{tlv.name!r}: a name is a letter, then letters, digits, _ or -")
        if not 1 <= tlv.tag <= 0xFFFF or tlv.tag in _OWN_TAGS:
            raise InvalidInput(
                field, f"{tlv.name}: a tag is 0x0001 to 0xFFFF, and none of message_payload and the SAR tags"
            )
    for what in ("name", "tag"):
        if len({getattr(tlv, what) for tlv in tlvs}) != len(tlvs):
            raise InvalidInput(field, f"each {what} can be there only once")


def _read(key: str, texts: list[str]) -> Any:
    if texts == [""]:
        return getattr(STANDARD, key)
    kind = _KINDS[key]
    entries = [text for text in texts if text]
    if key == "vendor_tlvs":
        return tuple(map(vendor_tlv, entries))
    if get_origin(kind) is tuple:
        return tuple(_read_one(key, get_args(kind)[0], text) for text in entries)
    if key == "status_map":
        return {raw: stat.upper() for raw, stat in _pairs(key, entries)}
    if key == "error_actions":
        return {_status(raw): _read_one(key, ErrorAction, word) for raw, word in _pairs(key, entries)}
    if key == "data_codings":
        return {encoding: _read_one(key, int, number) for encoding, number in _pairs(key, entries)}
    if len(texts) > 1:
        raise InvalidInput(f"profile.{key}", "has one value only")
    return _read_one(key, kind, texts[0])


def _read_one(key: str, kind: Any, text: str) -> Any:
    if kind is bool:
        if text.lower() not in _SWITCH:
            raise InvalidInput(f"profile.{key}", f"must be yes or no, not {text!r}")
        return _SWITCH[text.lower()]
    if kind is str:
        return text
    if kind is float or int in (kind, *get_args(kind)):
        try:
            return float(text) if kind is float else int(text, 0)
        except ValueError:
            raise InvalidInput(f"profile.{key}", f"must be a number, not {text!r}") from None
    if text not in set(kind):
        raise InvalidInput(f"profile.{key}", f"must be one of {', '.join(kind)}, not {text!r}")
    return kind(text)


def _pairs(key: str, entries: list[str]) -> list[tuple[str, str]]:
    found = []
    for entry in ",".join(entries).split(","):
        left, colon, right = entry.rpartition(":")
        if not colon:
            raise InvalidInput(f"profile.{key}", f"{entry!r} must have the form FROM:TO")
        found.append((left.strip(), right.strip()))
    return found


def _status(text: str) -> int:
    """A command_status by its name, as `status_name` writes others, or as a number."""
    name = text.upper()
    if name in CommandStatus.__members__:
        return CommandStatus[name].value
    try:
        return int(text.lower().removeprefix("vendor_"), 0)
    except ValueError:
        raise InvalidInput(
            "profile.error_actions", f"{text!r} is no command_status: a name such as ESME_RSYSERR, or 0x0400"
        ) from None


def _plain(value: Any) -> Any:
    if isinstance(value, VendorTlv):
        return f"{value.name}:0x{value.tag:04x}:{value.type}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {
            status_name(key) if isinstance(key, int) else key: _plain(each) for key, each in value.items()
        }
    return value
