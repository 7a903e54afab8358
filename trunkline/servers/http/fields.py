"""The fields of send requests, and how they are read from JSON, forms and query strings.

Whatever is wrong raises `ApiError` 400 with a sentence that names the field and the rule.
"""

import re
from collections.abc import Mapping
from typing import Annotated, TypeVar, cast
from urllib.parse import unquote_to_bytes, urlsplit

import msgspec
from msgspec import Meta

from trunkline.model.snapshot import Sender
from trunkline.model.submission import Submission
from trunkline.servers.http.content import ContentOptions, apply, has_content_options
from trunkline.servers.http.errors import MISSING_FIELDS, ApiError, invalid

MAX_FIELDS = 50
MAX_RECIPIENTS = 10_000
MAX_VALIDITY_MINUTES = 30 * 24 * 60
MAX_URL = 2048
DOOR = "http"

To = Annotated[str, Meta(description="Destination number in international format, e.g. 971501234567.")]
Content = Annotated[str, Meta(description="The text; long texts are split into segments.")]
From = Annotated[
    str | None,
    Meta(description="Sender ID: a number, or 1 to 11 characters. The account's default if blank."),
]
Coding = Annotated[
    int | str | None, Meta(description="0: GSM 7 bit, 8: UCS-2. Chosen by the text when omitted.")
]
Dr = Annotated[
    bool | int | str | None, Meta(description="1 (default): a delivery report is wanted, 0: none.")
]
DlrUrl = Annotated[
    str | None,
    Meta(description="Callback URL for this message's delivery reports, instead of the account's."),
]
Validity = Annotated[int | str | None, Meta(description="Minutes after which the message is given up.")]


class SendRequest(ContentOptions):
    """One message. `user` and `password` are one of the three ways to authenticate."""

    to: Annotated[str | None, Meta(description="Destination number, international format. Required.")] = None
    content: Annotated[
        str | None, Meta(description="The text of the message. Required, unless there is hex_content.")
    ] = None
    from_: From = None
    coding: Coding = None
    dr: Dr = None
    dlr_url: DlrUrl = None
    validity: Validity = None
    user: str | None = None
    password: str | None = None


class BatchMessage(ContentOptions):
    """One of a batch's messages."""

    to: To
    content: Content | None = None
    from_: From = None
    coding: Coding = None
    dr: Dr = None
    dlr_url: DlrUrl = None
    validity: Validity = None


class BatchRequest(ContentOptions):
    """Either `messages`, each with a text of its own, or one text and its settings with a list in `to`."""

    messages: Annotated[list[BatchMessage] | None, Meta(description="1 to 10,000 messages.")] = None
    # Raw: the list is counted before it is built.
    to: Annotated[
        msgspec.Raw,
        Meta(
            description="1 to 10,000 destination numbers.",
            extra_json_schema={"type": "array", "items": {"type": "string"}, "maxItems": MAX_RECIPIENTS},
        ),
    ] = msgspec.field(default_factory=msgspec.Raw)
    content: Annotated[str | None, Meta(description="The text for every number in `to`.")] = None
    from_: From = None
    coding: Coding = None
    dr: Dr = None
    dlr_url: DlrUrl = None
    validity: Validity = None


S = TypeVar("S")

_RULES = {
    "coding": "must be 0 (GSM 7 bit) or 8 (UCS-2)",
    "dr": "must be 0 or 1",
    "validity": f"must be a whole number of minutes from 1 to {MAX_VALIDITY_MINUTES}",
    "messages": "must be a list of objects",
}
_RULE_OF_TYPE = {"str": "must be a string", "array": "must be a list", "object": "must be an object"}
_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`(?: - at `\$\.?(.*)`)?", re.DOTALL).fullmatch
_MISSING = re.compile(r"Object missing required field `(.*?)`(?: - at `\$\.?(.*)`)?", re.DOTALL).fullmatch
_EXPECTED = re.compile(
    r"Expected `(\w+).*?`(?:, got `.*?`| (?:of length )?[<>]=? \d+)(?: - at `\$\.?(.*)`)?", re.DOTALL
).fullmatch

_CODINGS: dict[int | str | None, int | None] = {None: None, "": None, 0: 0, "0": 0, 8: 8, "8": 8}
_REPORTS: dict[bool | int | str | None, int] = {None: 1, "": 1, 0: 0, "0": 0, 1: 1, "1": 1}


def decode_json(
    body: bytes, decoder: msgspec.json.Decoder[S], prefix: str = "", rules: Mapping[str, str] = _RULES
) -> S:
    """The body as the decoder's type; `prefix` is the name of the value where it is part of a body.

    `rules` says what is expected of fields whose type does not tell it all.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise invalid(_explain(str(error), prefix, rules)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise invalid(f"the body is not valid JSON: {error}") from None


def decode_fields(raw: bytes) -> SendRequest:
    """A query string or a form as a request to send."""
    return decode_query(raw, SendRequest)


def decode_query(raw: bytes, kind: type[S], *, strict: bool = True, rules: Mapping[str, str] = _RULES) -> S:
    """A query string or a form as this type; unless `strict` with numbers read from texts."""
    try:
        return msgspec.convert(parse_fields(raw), kind, strict=strict)
    except msgspec.ValidationError as error:
        raise invalid(_explain(str(error), "", rules)) from None


def parse_fields(raw: bytes) -> dict[str, str]:
    """Names and values of a query string or a form. Values must be UTF-8, a name may occur once."""
    if raw.count(b"&") >= MAX_FIELDS:
        raise invalid(f"there are more than {MAX_FIELDS} fields")
    fields: dict[str, str] = {}
    for pair in raw.split(b"&"):
        if not pair:
            continue
        octets, _, value = pair.partition(b"=")
        name = _unquote(octets, "a field's name")
        if name in fields:
            raise invalid(f"{_shown(name)} is given twice")
        fields[name] = _unquote(value, _shown(name))
    return fields


def merge(request: SendRequest, further: SendRequest) -> None:
    """Fills fields that `request` lacks from `further`."""
    for name in SendRequest.__struct_fields__:
        if getattr(request, name) is None:
            setattr(request, name, getattr(further, name))


def submission_of(request: SendRequest | BatchMessage, sender: Sender, door: str = DOOR) -> Submission:
    """The message as the pipeline takes it."""
    to = request.to
    content = request.content
    if not to or not (content or request.hex_content):
        raise invalid(MISSING_FIELDS)
    try:
        coding = _CODINGS[request.coding]
    except KeyError:
        raise _broken("coding") from None
    try:
        report = _REPORTS[request.dr]
    except KeyError:
        raise _broken("dr") from None
    submission = Submission(
        sender,
        door,
        to,
        content,
        request.from_ or "",
        coding=coding,
        registered_delivery=report,
        validity_ms=None if request.validity is None else _milliseconds(request.validity),
        dlr_url=None if request.dlr_url is None else _checked_url(request.dlr_url),
    )
    if has_content_options(request):
        apply(request, submission)
    return submission


COMMON = tuple(name for name in BatchMessage.__struct_fields__ if name != "to")
"""What one text and its settings share with every number of a batch."""


def _milliseconds(validity: int | str) -> int | None:
    if validity == "":
        return None
    if isinstance(validity, str):
        if not (validity.isascii() and validity.isdigit() and len(validity) <= 9):
            raise _broken("validity")
        validity = int(validity)
    if not 1 <= validity <= MAX_VALIDITY_MINUTES:
        raise _broken("validity")
    return validity * 60_000


def _checked_url(url: str) -> str | None:
    if not url:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or len(url) > MAX_URL:
        raise invalid(f"dlr_url must be an http or https URL of at most {MAX_URL} characters")
    return url


def _broken(name: str) -> ApiError:
    return invalid(f"{name} {_RULES[name]}")


def _unquote(octets: bytes, name: str) -> str:
    if b"+" in octets:
        octets = octets.replace(b"+", b" ")
    if b"%" in octets:
        octets = unquote_to_bytes(octets)
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise invalid(f"{name} is not valid UTF-8") from None


def _shown(name: str) -> str:
    """A client's own field name, shortened for the answer."""
    return name if len(name) <= 40 else name[:40] + "..."


def _explain(complaint: str, prefix: str, rules: Mapping[str, str] = _RULES) -> str:
    """The sentence of msgspec about a value in our words: field first, then the rule."""
    match = _UNKNOWN(complaint)
    if match:
        where = f" in {match[2]}" if match[2] else ""
        return f"unknown field {_shown(match[1])!r}{where}"
    match = _MISSING(complaint)
    if match:
        return f"{match[2]}.{match[1]} is required" if match[2] else f"{match[1]} is required"
    match = _EXPECTED(complaint)
    if match is None:
        return complaint
    path = prefix + cast(str, match[2] or "")
    if not path:
        return "the body must be a JSON object"
    name = path.rpartition(".")[2]
    rule = rules.get(name) or _RULE_OF_TYPE.get(match[1], f"must be of type {match[1]}")
    return f"{path} {rule}"
