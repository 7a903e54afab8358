"""`GET /api/gateways/logs`, `/api/clients/logs` and their `/download` (text 001): the PDU logs."""

import asyncio
import re
from datetime import UTC, date, datetime
from functools import partial
from typing import Final
from urllib.parse import parse_qsl

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from trunkline.model.errors import NotFound
from trunkline.model.identity import Actor, Permission
from trunkline.model.pdu_log import LogSide
from trunkline.servers.http.answers import json_answer
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.errors import ApiError, invalid
from trunkline.servers.http.management import refusals
from trunkline.servers.http.streams import Source, gzipped, plain, zipped
from trunkline.services.pdu_logs import LogFile, PduLogs

MAX_FILES: Final = 1000
"""Files of one archive."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
# PHP numbers the values of a list, others leave the brackets empty or out.
_BRACKETS = re.compile(r"\[[0-9]*\]$")
_SECOND_NS = 1_000_000_000


class LogEntry(msgspec.Struct, rename="camel"):
    """One file of the PDU log."""

    date: str
    name: str
    size: int
    mod_time: str


def pdu_log_routes(logs: PduLogs, authenticator: Authenticator) -> APIRouter:
    """The router of these routes."""
    router = APIRouter()

    async def listed(request: Request, side: LogSide, names_parameter: str) -> Response:
        actor = authenticator.require_actor(request)
        with refusals():
            actor.require(Permission.VIEW_PLATFORM)
        parameters = _Parameters(request)
        first, last = parameters.date("dateFrom"), parameters.date("dateTo")
        if last < first:
            raise invalid("dateTo must not be before dateFrom")
        with refusals():
            found = await asyncio.to_thread(
                logs.list, actor, side, first, last, parameters.all(names_parameter)
            )
        return json_answer([_entry(file) for file in found])

    async def downloaded(request: Request, side: LogSide) -> Response:
        actor = authenticator.require_actor(request)
        with refusals():
            actor.require(Permission.VIEW_PLATFORM)
            files = [
                await asyncio.to_thread(_find, logs, actor, side, each)
                for each in _Parameters(request).files()
            ]
        sources = [
            Source(each.id, each.size, each.modified_ns, partial(logs.open, actor, each)) for each in files
        ]
        if len(sources) > 1:
            return _archive(sources)
        return _single(sources[0], request.headers.get("accept-encoding", ""))

    @router.get("/api/gateways/logs")
    async def of_gateways(request: Request) -> Response:
        return await listed(request, LogSide.CONNECTORS, "smscIds")

    @router.get("/api/clients/logs")
    async def of_clients(request: Request) -> Response:
        return await listed(request, LogSide.ESMES, "clientIds")

    @router.get("/api/gateways/logs/download")
    async def from_gateways(request: Request) -> Response:
        return await downloaded(request, LogSide.CONNECTORS)

    @router.get("/api/clients/logs/download")
    async def from_clients(request: Request) -> Response:
        return await downloaded(request, LogSide.ESMES)

    return router


class _Parameters:
    """A query string whose lists are written `name=`, `name[]=` or `name[0]=`."""

    def __init__(self, request: Request) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in parse_qsl(request.url.query):
            self._values.setdefault(_BRACKETS.sub("", name), []).append(value)

    def all(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def date(self, name: str) -> date:
        values = self.all(name)
        if not values:
            raise invalid(f"{name} is required: a date as in 2006-01-02")
        try:
            if _DATE(values[-1]):
                return date.fromisoformat(values[-1])
        except ValueError:  # such as 2006-02-30
            pass
        raise invalid(f"{name} must be a date as in 2006-01-02")

    def files(self) -> list[str]:
        ids = list(dict.fromkeys(self.all("files")))
        if not ids:
            raise invalid("files is required: files[]=, then a date and a name as in the list of logs")
        if len(ids) > MAX_FILES:
            raise invalid(f"files must be at most {MAX_FILES}")
        return ids


def _find(logs: PduLogs, actor: Actor, side: LogSide, file_id: str) -> LogFile:
    try:
        return logs.find(actor, side, file_id)
    except NotFound:
        raise ApiError(404, f"There is no PDU log {file_id!r}") from None


def _single(source: Source, accept_encoding: str) -> Response:
    """One file's content, compressed where the client can undo it."""
    content = plain(source)
    headers = {"cache-control": "no-store", "vary": "accept-encoding"}
    if _takes_gzip(accept_encoding):
        headers["content-encoding"] = "gzip"
        return StreamingResponse(gzipped(content), headers=headers, media_type="text/plain")
    headers["content-length"] = str(source.size)
    return StreamingResponse(content, headers=headers, media_type="text/plain")


def _archive(sources: list[Source]) -> Response:
    headers = {"cache-control": "no-store", "content-disposition": 'attachment; filename="pdu-logs.zip"'}
    return StreamingResponse(zipped(sources), headers=headers, media_type="application/zip")


def _takes_gzip(accept_encoding: str) -> bool:
    for each in accept_encoding.lower().split(","):
        name, _, parameters = each.partition(";")
        if name.strip() in {"gzip", "x-gzip"}:
            return parameters.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _entry(file: LogFile) -> LogEntry:
    second, fraction = divmod(file.modified_ns, _SECOND_NS)
    moment = datetime.fromtimestamp(second, UTC)
    return LogEntry(file.day.isoformat(), file.name, file.size, f"{moment:%Y-%m-%dT%H:%M:%S}.{fraction:09d}")
