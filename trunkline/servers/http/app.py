"""The HTTP door as one ASGI application.

FastAPI serves what is asked now and then; the two routes that carry messages are taken out before it. All
answers are JSON, except the metrics.
"""

from typing import Any, cast

import structlog
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from trunkline.model.ports import StorageUnavailable
from trunkline.servers.http import openapi
from trunkline.servers.http.accounts import account_routes
from trunkline.servers.http.api_keys import api_key_routes
from trunkline.servers.http.audit import audit_routes
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.batch import BatchRoute
from trunkline.servers.http.clients import client_routes
from trunkline.servers.http.connectors import connector_routes
from trunkline.servers.http.errors import INTERNAL_ERROR, ApiError, error_body, retry_later
from trunkline.servers.http.esmes import esme_routes
from trunkline.servers.http.exchange import Answer, ClientGone, Receive, Route, Scope, Send, answer_to, write
from trunkline.servers.http.gateway_control import gateway_control_routes
from trunkline.servers.http.gateways import gateway_routes
from trunkline.servers.http.groups import group_routes
from trunkline.servers.http.http_accounts import http_account_routes
from trunkline.servers.http.idempotency import Idempotency
from trunkline.servers.http.inbound import inbound_routes
from trunkline.servers.http.logins import login_routes
from trunkline.servers.http.message_lists import message_lists
from trunkline.servers.http.needs import HttpServices
from trunkline.servers.http.pages import pages
from trunkline.servers.http.panel_send import PanelSendRoute
from trunkline.servers.http.pdu_logs import pdu_log_routes
from trunkline.servers.http.routes import route_routes
from trunkline.servers.http.send import SendRoute
from trunkline.servers.http.smpp_decode import smpp_decode
from trunkline.servers.http.speed import speed
from trunkline.servers.http.statistics import statistics
from trunkline.servers.http.system_settings import settings_routes
from trunkline.servers.http.texts import texts

log = structlog.get_logger()

# Requests under way at once; more of them only wait for each other.
MAX_IN_FLIGHT = 2000
DRAINING = "the gateway is being drained before maintenance; try again later, or at another one"
DRAINING_RETRY_S = 30


class HttpApp(FastAPI):
    """FastAPI with the busy routes in front of it, and a limit for what is under way."""

    def __init__(self, services: HttpServices, routes: list[Route], max_in_flight: int) -> None:
        super().__init__(docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
        self.services = services
        self._figures = services.figures
        self._direct = {route.path: route for route in routes}
        self._max_in_flight = max_in_flight
        self.draining = False  # messages are refused; everything else is answered
        self.taking = 0  # messages on their way in
        self._document: dict[str, Any] | None = None

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        if self._document is None:
            self._document = openapi.document()
        return self._document

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        figures = self._figures
        path: str = scope["path"]
        if figures.in_flight >= self._max_in_flight and path.startswith(("/api/", PanelSendRoute.path)):
            figures.count("overload", 503)
            busy = retry_later(503, "too many requests are under way; try again in a second", 1)
            await write(send, answer_to(busy, path))
            return
        figures.in_flight += 1
        try:
            direct = self._direct.get(path)
            if direct is not None:
                await self._take(direct, scope, receive, send)
            else:
                await self._by_framework(scope, receive, send)
        finally:
            figures.in_flight -= 1

    async def _take(self, route: Route, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a message in, unless the server is being drained."""
        if self.draining:
            self._figures.count(route.path, 503)
            away = retry_later(503, DRAINING, DRAINING_RETRY_S)
            await write(send, answer_to(away, route.path))
            return
        self.taking += 1
        try:
            await route(scope, receive, send)
        finally:
            self.taking -= 1

    async def _by_framework(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 500

        async def watch(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await super().__call__(scope, receive, watch)
        except (ClientGone, ClientDisconnect):
            pass  # nobody waits for an answer
        except Exception:
            # The client has its 500 by now; the server goes on.
            log.exception("An HTTP request failed.", action="http.failed", path=scope["path"])
        route = scope.get("route")
        self._figures.count(getattr(route, "path", "other"), status)


def create_app(services: HttpServices, max_in_flight: int = MAX_IN_FLIGHT) -> HttpApp:
    """Builds the HTTP door on what the gateway provides."""
    people = services.management.people
    authenticator = Authenticator(
        services.snapshots,
        services.credentials,
        services.api_token_hash,
        lambda key_id: people.key_uses.note(key_id, services.clock.now_ms()),
    )
    idempotency = Idempotency(services.store)
    routes: list[Route] = [
        SendRoute(services, authenticator, idempotency),
        PanelSendRoute(services, authenticator, idempotency),
        BatchRoute(services, authenticator, idempotency),
    ]
    app = HttpApp(services, routes, max_in_flight)
    app.include_router(message_lists(services.messages, authenticator))  # before `messages/{id}`
    app.include_router(pages(services, authenticator))
    app.include_router(inbound_routes(services.inbound, authenticator))
    app.include_router(statistics(services.dashboard, authenticator))
    app.include_router(texts(services.snapshots, authenticator))
    app.include_router(smpp_decode(authenticator))
    app.include_router(pdu_log_routes(services.pdu_logs, authenticator))
    app.include_router(speed(services, authenticator))
    app.include_router(gateway_routes(services.management, authenticator))
    app.include_router(client_routes(services.management, authenticator))
    for routes_of in (
        group_routes,
        account_routes,
        http_account_routes,
        esme_routes,
        api_key_routes,
        audit_routes,
        login_routes,
        settings_routes,
        connector_routes,
        gateway_control_routes,
        route_routes,
    ):
        app.include_router(routes_of(services.management, authenticator))
    for kind in (ApiError, StorageUnavailable):
        app.add_exception_handler(kind, _foreseen)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _internal_error)
    return app


def json_response(answer: Answer) -> Response:
    """An `Answer` as Starlette sends it."""
    headers = {name.decode(): value.decode() for name, value in answer.headers or []}
    return Response(
        answer.body, answer.status, headers | {"cache-control": "no-store"}, media_type="application/json"
    )


async def _foreseen(request: Request, error: Exception) -> Response:
    return json_response(answer_to(error, request.url.path))


async def _http_error(_request: Request, error: Exception) -> Response:
    raised = cast(HTTPException, error)
    headers = [(name.encode(), value.encode()) for name, value in (raised.headers or {}).items()]
    return json_response(Answer(raised.status_code, error_body(raised.detail), headers))


async def _internal_error(_request: Request, _error: Exception) -> Response:
    # Logged by `HttpApp`, which the error reaches next.
    return json_response(Answer(500, error_body(INTERNAL_ERROR)))
