"""The panel as one ASGI application: the guard, behind it the sign-in page and NiceGUI's pages."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache
from pathlib import Path
from typing import Any

import nicegui
from fastapi import FastAPI
from nicegui import Client, ui
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from trunkline.panel.branding import branding_routes
from trunkline.panel.downloads import PATH as DOWNLOADS_PATH
from trunkline.panel.downloads import Downloads
from trunkline.panel.guard import Guard, Receive, Scope, Send
from trunkline.panel.navigation import Page
from trunkline.panel.needs import PanelServices
from trunkline.panel.ownership import keep_pages_apart
from trunkline.panel.pages import PAGES
from trunkline.panel.password_reset import password_reset_routes
from trunkline.panel.shell import not_allowed, show
from trunkline.panel.sign_in import sign_in_routes
from trunkline.panel.visitor import SESSION_COOKIE, visitor_of

PATH = "/panel"
STYLE = Path(__file__).with_name("style")
# Where a request's scope holds what belongs to its gateway.
SERVICES = "trunkline.panel"
DOWNLOADS = "trunkline.panel.downloads"
BUILD_TIMEOUT_S = 20.0
RECONNECT_S = 10.0  # how long a page waits for a browser whose connection broke
HISTORY = 200  # updates kept for such a browser


class PanelApp:
    """Everything below `/panel`; run `start` before and `stop` after it serves."""

    def __init__(self, services: PanelServices) -> None:
        self._services = services
        self._downloads = Downloads()
        self._pages = nicegui_application(PAGES)
        self._running: AbstractAsyncContextManager[Any] | None = None
        assets = f"/_nicegui/{nicegui.__version__}/"
        front = Starlette(
            routes=[
                *sign_in_routes(services.sign_in, services.settings),
                *password_reset_routes(services.password_reset, services.logins, services.settings),
                *branding_routes(services.settings),
                Route(f"{DOWNLOADS_PATH}{{key}}", self._download),
                Mount("/style", StaticFiles(directory=STYLE)),
                Mount("/", self._pages),
            ]
        )
        self._guard = Guard(
            front,
            self._is_signed_in,
            open_paths=("/sign-in", "/sign-out", "/forgot", "/reset", "/branding/", "/style/", assets),
            lasting_paths=(assets, "/branding/"),
            sign_in_path="/sign-in",
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request or websocket."""
        scope[SERVICES] = self._services
        scope[DOWNLOADS] = self._downloads
        try:
            await self._guard(scope, receive, send)
        finally:
            # The metrics count the panel as one route, whatever its pages' are.
            scope["route"] = _ROUTE

    async def start(self) -> None:
        """Lets pages be opened."""
        self._running = self._pages.router.lifespan_context(self._pages)
        await self._running.__aenter__()

    async def stop(self) -> None:
        """Ends the open pages."""
        if self._running is not None:
            await self._running.__aexit__(None, None, None)
            self._running = None

    async def _download(self, request: Request) -> Response:
        return await self._downloads.serve(request, request.cookies.get(SESSION_COOKIE, ""))

    async def run(self) -> None:
        """What goes on beside the pages, until it is cancelled."""
        await self._services.password_reset.run()

    async def _is_signed_in(self, connection: HTTPConnection) -> bool:
        token = connection.cookies.get(SESSION_COOKIE, "")
        address = connection.client.host if connection.client is not None else ""
        if not token:
            return False
        return await self._services.sign_in.resume(token, address=address, seen=False) is not None


class _Route:
    path = PATH


_ROUTE = _Route()


@cache
def nicegui_application(pages: Sequence[Page]) -> FastAPI:
    """NiceGUI with these pages. A process has one: each request brings the services of its gateway along."""
    for page in pages:
        ui.page(page.path, response_timeout=BUILD_TIMEOUT_S)(_builder(page))
    application = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    ui.run_with(
        application,
        title="Trunkline",
        favicon=STYLE / "mark.svg",
        dark=None,
        reconnect_timeout=RECONNECT_S,
        message_history_length=HISTORY,
        binding_refresh_interval=None,
        # Compressing and the compiler of style classes would cost time: here and in the browser.
        gzip_middleware_factory=None,
        tailwind=False,
        show_welcome_message=False,
    )
    keep_pages_apart()
    Client.shared_head_html = (
        '<link rel="stylesheet" href="/panel/style/panel.css">'
        '<script defer src="/panel/style/panel.js"></script>'
    )
    return application


def _builder(page: Page) -> Callable[[Request], Any]:
    async def build(request: Request) -> None:
        visitor = await visitor_of(request, request.scope[SERVICES], PAGES, request.scope[DOWNLOADS])
        if visitor is None:
            ui.navigate.to("/sign-in")  # the session ended a moment ago
        elif visitor.may_open(page):
            await show(visitor, page, request)
        else:
            not_allowed(visitor, page)

    return build
