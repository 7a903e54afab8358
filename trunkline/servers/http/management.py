"""What the management routes of text 001 have in common: bodies, rules, refusals, shares of a queue."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, Generic, TypeVar

import msgspec
from fastapi import Request, Response
from msgspec import Struct, field
from msgspec.inspect import BoolType, IntType, StrType, StructType, UnionType, type_info

from trunkline.model.errors import AlreadyExists, InsufficientBalance, InUse, NotFound
from trunkline.model.identity import Forbidden
from trunkline.servers.http.answers import json_answer
from trunkline.servers.http.errors import ApiError, invalid
from trunkline.servers.http.exchange import read_body
from trunkline.servers.http.fields import decode_json
from trunkline.services.accounts import InvalidInput

MAX_BODY: Final = 100_000

NAMES: Final = {
    "bind_type": "bindType",
    "system_type": "systemType",
    "connection_id": "connectionId",
    "local": "localAddr",
    "remote": "remoteAddr",
    "in_flight": "inflightCount",
    "queued": "queueCount",
}
"""What the text calls the fields of a connection."""

NO_NAMES: Final[Mapping[str, str]] = {}

C = TypeVar("C")
R = TypeVar("R", bound=Struct)


class Connections(Struct, Generic[C]):
    """The binds by their type."""

    transmitters: list[C] = field(name="BIND_TX", default_factory=list)
    receivers: list[C] = field(name="BIND_RX", default_factory=list)
    transceivers: list[C] = field(name="BIND_TRX", default_factory=list)

    def add(self, bind_type: str, connection: C) -> None:
        """Puts it where its type (TX, RX or TRX) belongs."""
        lists = {"TX": self.transmitters, "RX": self.receivers, "TRX": self.transceivers}
        lists[bind_type].append(connection)


async def read_request(request: Request, decoder: msgspec.json.Decoder[R]) -> R:
    """The body as the decoder's type. Raises `ApiError`: 400 with the field and its rule, 413."""
    body = await read_body(dict(request.scope["headers"]), request.receive, MAX_BODY)
    wanted = decode_json(body, decoder, rules=rules_of(decoder.type))
    refuse_nul(wanted)
    return wanted


def refuse_nul(wanted: Struct) -> None:
    """No name has a NUL character, and PostgreSQL takes none to look for. Raises `ApiError` 400."""
    for name in wanted.__struct_fields__:
        value = getattr(wanted, name)
        if isinstance(value, str) and "\0" in value:
            raise invalid(f"{name} must not have a NUL character")


def require(request: Struct, names: Sequence[str]) -> None:
    """Raises `ApiError` 400 for the first of these fields that is missing."""
    for name in names:
        if getattr(request, name) is None:
            raise invalid(f"{name} is required")


def given(request: Struct, names: Mapping[str, str]) -> dict[str, Any]:
    """What a request gives, by the names that `names` has for its fields."""
    values = {ours: getattr(request, theirs) for theirs, ours in names.items()}
    return {name: value for name, value in values.items() if value is not None}


@contextmanager
def refusals(names: Mapping[str, str] = NO_NAMES) -> Iterator[None]:
    """Management's refusals as answers; `names` says what the API calls a field of ours."""
    try:
        yield
    except InvalidInput as error:
        raise invalid(f"{names.get(error.field, error.field)}: {error.rule}") from None
    except Forbidden as error:
        raise ApiError(403, str(error)) from None
    except NotFound as error:
        raise ApiError(404, str(error)) from None
    except (AlreadyExists, InUse, InsufficientBalance) as error:
        raise ApiError(409, str(error)) from None


def key_of(text: str) -> int | str:
    """What the end of a path names: digits are a number, anything else a name. Raises `ApiError` 400."""
    if "\0" in text:
        raise invalid("the id must not have a NUL character")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else text


def done() -> Response:
    """The answer to every change that was made: the JSON string OK, as the text shows it."""
    return json_answer("OK")


def shares(total: int, of: int) -> list[int]:
    """A whole number in `of` parts that are as equal as can be, the larger ones first."""
    if not of:
        return []
    least, more = divmod(total, of)
    return [least + (number < more) for number in range(of)]


@cache
def rules_of(kind: type[Struct]) -> dict[str, str]:
    """For each field of a request's type the rule it must keep, in words."""
    described = type_info(kind)
    assert isinstance(described, StructType)  # noqa: S101  (the type says so)
    return {field.encode_name: rule for field in described.fields if (rule := _rule(field.type))}


def _rule(described: msgspec.inspect.Type) -> str:
    members = described.types if isinstance(described, UnionType) else (described,)
    for member in members:
        inner = getattr(member, "type", member)  # of an annotation
        if isinstance(inner, BoolType):
            return "must be true or false"
        if isinstance(inner, IntType):
            return f"must be a whole number from {inner.ge} to {inner.le}"
        if isinstance(inner, StrType):
            least = f"{inner.min_length} to " if inner.min_length else "at most "
            return f"must be a string of {least}{inner.max_length} characters"
    return ""
