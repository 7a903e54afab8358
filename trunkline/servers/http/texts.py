"""`GET` and `POST /api/v1/text/inspect`: what a text will become, before it is sent."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta

from trunkline.servers.http.answers import json_answer
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.errors import invalid
from trunkline.servers.http.exchange import read_body
from trunkline.servers.http.fields import decode_json, parse_fields
from trunkline.servers.http.needs import Snapshots
from trunkline.services.accounts import InvalidInput
from trunkline.services.texts import TextReport, inspect_text

MAX_BODY = 1_000_000
MAX_TEXT = 50_000  # characters; 255 parts have 39,015 at the most

_METHOD = "How a long text is cut: udh8 (default), udh16, sar or payload."


class InspectRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A text to look at."""

    text: Annotated[str, Meta(description="The text.")]
    coding: Annotated[
        int | None, Meta(description="A data_coding to insist on; chosen by the text when omitted.")
    ] = None
    long_message: Annotated[str, Meta(description=_METHOD)] = "udh8"
    languages: Annotated[
        list[str], Meta(description="Languages whose national tables the handsets know, e.g. turkish.")
    ] = []
    smart: Annotated[
        bool | None, Meta(description="As with smart encoding; the account's setting when omitted.")
    ] = None


class InspectAnswer(msgspec.Struct):
    """What the text will be sent as."""

    ok: bool
    report: TextReport


_decoder = msgspec.json.Decoder(InspectRequest)


def texts(snapshots: Snapshots, authenticator: Authenticator) -> APIRouter:
    """The router of this route."""
    router = APIRouter()

    async def smart_for(request: Request, fields: dict[str, str]) -> bool:
        """Whether the asker's account has smart encoding. Raises `ApiError` for whoever may not ask."""
        user, password = fields.pop("user", None), fields.pop("password", None)
        actor = await authenticator.actor_of(request, user, password)
        if actor.account_id is None:
            return False
        account = snapshots.current.accounts.get(actor.account_id)
        return account is not None and account.smart_encoding

    @router.get("/api/v1/text/inspect")
    async def by_query(request: Request) -> Response:
        fields = parse_fields(request.scope["query_string"])
        smart = await smart_for(request, fields)
        return _answer(_read(fields), smart)

    @router.post("/api/v1/text/inspect")
    async def by_body(request: Request) -> Response:
        smart = await smart_for(request, parse_fields(request.scope["query_string"]))
        body = await read_body(dict(request.scope["headers"]), request.receive, MAX_BODY)
        return _answer(decode_json(body, _decoder), smart)

    return router


def _read(fields: dict[str, str]) -> InspectRequest:
    """A query string's fields; `languages` is a comma list."""
    values: dict[str, object] = dict(fields)
    languages = fields.get("languages", "")
    values["languages"] = [each.strip() for each in languages.split(",") if each.strip()]
    if fields.get("coding") == "":
        del values["coding"]
    if "smart" in fields:
        values["smart"] = {"1": True, "true": True, "0": False, "false": False}.get(fields["smart"])
        if values["smart"] is None:
            raise invalid("smart must be 0 or 1")
    try:
        return msgspec.convert(values, InspectRequest, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(str(error)) from None


def _answer(request: InspectRequest, smart: bool) -> Response:
    if len(request.text) > MAX_TEXT:
        raise invalid(f"text must have at most {MAX_TEXT} characters")
    try:
        report = inspect_text(
            request.text,
            coding=request.coding,
            long_message=request.long_message,
            languages=request.languages,
            smart=smart if request.smart is None else request.smart,
        )
    except InvalidInput as error:
        raise invalid(str(error)) from None
    return json_answer(InspectAnswer(True, report))
