"""`POST /api/v1/smpp/decode`: PDUs explained field by field."""

import asyncio
from itertools import islice
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta

from trunkline.servers.http.answers import json_answer
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.errors import invalid
from trunkline.servers.http.exchange import read_body
from trunkline.servers.http.fields import decode_json
from trunkline.services.accounts import InvalidInput
from trunkline.services.pdu_explanation import ExplainedPdu, explain_pdus

MAX_BODY = 1_000_000
MAX_PDUS = 500


class DecodeRequest(msgspec.Struct, forbid_unknown_fields=True):
    """PDUs to explain."""

    octets: Annotated[
        str, Meta(description="Octets in hexadecimal, of one PDU or several, or lines of the PDU log.")
    ] = msgspec.field(name="hex")
    default_alphabet: Annotated[
        str, Meta(description="What data_coding 0 means: gsm7 (default), gsm7-packed, latin1 or ascii.")
    ] = "gsm7"


class DecodeAnswer(msgspec.Struct):
    """The PDUs in the order of the octets."""

    ok: bool
    pdus: list[ExplainedPdu]


_decoder = msgspec.json.Decoder(DecodeRequest)


def smpp_decode(authenticator: Authenticator) -> APIRouter:
    """The router of this route."""
    router = APIRouter()

    @router.post("/api/v1/smpp/decode")
    async def decode(request: Request) -> Response:
        await authenticator.require_anyone(request)
        body = await read_body(dict(request.scope["headers"]), request.receive, MAX_BODY)
        wanted = decode_json(body, _decoder)
        try:
            pdus = await asyncio.to_thread(_explain, wanted)
        except InvalidInput as error:
            raise invalid(str(error)) from None
        if len(pdus) > MAX_PDUS:
            raise invalid(f"hex: at most {MAX_PDUS} PDUs at once")
        return json_answer(DecodeAnswer(True, pdus))

    return router


def _explain(wanted: DecodeRequest) -> list[ExplainedPdu]:
    """The PDUs; one more than there may be where there are too many."""
    return list(islice(explain_pdus(wanted.octets, wanted.default_alphabet), MAX_PDUS + 1))
