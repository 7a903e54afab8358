"""The plain ASGI side of the busy routes: reading a body within its limit, writing one answer.

The routes that carry messages are ASGI applications of their own: Starlette's request and response objects,
routing and middleware would cost as much again as the rest of such a request.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog

from trunkline.model.ports import StorageUnavailable
from trunkline.model.submission import Rejected
from trunkline.servers.http.errors import (
    INTERNAL_ERROR,
    ApiError,
    Headers,
    error_body,
    of_rejected,
    retry_later,
)
from trunkline.servers.http.needs import HttpFigures

log = structlog.get_logger()

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_JSON = (b"content-type", b"application/json")
# GET sends messages too: no cache may answer in our place.
_NO_STORE = (b"cache-control", b"no-store")
STORAGE_AWAY = "the message store is not available; try again in a few seconds"


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


class Answer:
    """A status, a JSON body and header lines beside the usual ones."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes, headers: Headers | None = None) -> None:
        self.status = status
        self.body = body
        self.headers = headers


class Route:
    """A route of the door that runs without a framework. Subclasses implement `handle`."""

    path: str
    methods: tuple[str, ...]

    def __init__(self, figures: HttpFigures) -> None:
        self._figures = figures

    async def handle(self, scope: Scope, receive: Receive) -> Answer:
        """The answer; raises `ApiError`, `Rejected` or `StorageUnavailable` instead of a bad one."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; nothing that goes wrong leaves here except cancellation."""
        if scope["method"] in self.methods:
            try:
                answer = await self.handle(scope, receive)
            except ClientGone:
                return
            except Exception as error:  # noqa: BLE001 - every failure gets an answer; unknown ones are logged
                answer = answer_to(error, self.path)
        else:
            answer = answer_to(method_not_allowed(self.methods), self.path)
        self._figures.count(self.path, answer.status)
        await write(send, answer)


async def write(send: Send, answer: Answer) -> None:
    """Sends the answer."""
    body = answer.body
    headers = [_JSON, _NO_STORE, (b"content-length", b"%d" % len(body))]
    if answer.headers:
        headers += answer.headers
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def answer_to(error: Exception, path: str) -> Answer:
    """The answer to a failed request. What is not foreseen is logged, and the client learns no details."""
    if isinstance(error, Rejected):
        error = of_rejected(error)
    elif isinstance(error, StorageUnavailable):
        error = retry_later(503, STORAGE_AWAY, 5)
    if isinstance(error, ApiError):
        return Answer(error.status, error_body(error.message), error.headers)
    log.error("An HTTP request failed.", action="http.failed", path=path, exc_info=error)
    return Answer(500, error_body(INTERNAL_ERROR))


def method_not_allowed(methods: tuple[str, ...]) -> ApiError:
    """405 with the methods that the path has."""
    allowed = ", ".join(methods)
    return ApiError(405, f"Method not allowed; use {allowed}", [(b"allow", allowed.encode())])


async def read_body(headers: dict[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """The whole body. Raises `ApiError` 413 above `limit` bytes and `ClientGone`."""
    declared = headers.get(b"content-length")
    if declared is not None and int(declared) > limit:
        raise too_large(limit)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    body: bytes = message["body"]
    if not message["more_body"]:
        if len(body) > limit:
            raise too_large(limit)
        return body
    parts = [body]
    size = len(body)
    while message["more_body"]:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        parts.append(message["body"])
        size += len(message["body"])
        if size > limit:
            raise too_large(limit)
    return b"".join(parts)


def too_large(limit: int) -> ApiError:
    """413 that names the limit."""
    return ApiError(413, f"the body is larger than {limit // 1_000_000} MB")
