"""A page belongs to the session that opened it: what another browser sends in its name is not heard.

NiceGUI knows a page by a random number. Whoever learnt the number of somebody else's page could press the
buttons on it, and the services would take the page's visitor for the one who acts.
"""

import hmac
import inspect
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

import structlog
from nicegui import Client, core

from trunkline.panel.visitor import SESSION_COOKIE

log = structlog.get_logger()

MESSAGES = ("handshake", "event", "javascript_response", "ack", "log")
"""What a browser sends to a page, besides connecting to it."""


def keep_pages_apart() -> None:
    """Has every message of a browser compared with the session of the page that it is for."""
    handlers = core.sio.handlers["/"]
    for name in MESSAGES:
        core.sio.on(name, _of_its_session(handlers[name]))
    # With `implicit_handshake` in the query, connecting is a handshake as well.
    connected = handlers["connect"]

    async def connect(sid: str, environ: dict[str, Any], credentials: Any = None) -> Any:
        query = dict(each.partition("=")[::2] for each in environ.get("QUERY_STRING", "").split("&"))
        if "client_id" in query and not is_of_session(query["client_id"], environ):
            return False
        return await connected(sid, environ, credentials)

    core.sio.on("connect", connect)


def is_of_session(client_id: str, environ: dict[str, Any]) -> bool:
    """Whether the session of a connection opened this page. A page that is gone is nobody's: no harm."""
    client = Client.instances.get(client_id)
    if client is None:
        return True
    own = client.request.cookies.get(SESSION_COOKIE, "")
    presented = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(SESSION_COOKIE)
    return presented is not None and hmac.compare_digest(own.encode(), presented.value.encode())


def _of_its_session(handle: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    async def heard(sid: str, message: Any) -> Any:
        client_id = message.get("client_id") if isinstance(message, dict) else None
        if not isinstance(client_id, str) or not is_of_session(client_id, core.sio.get_environ(sid) or {}):
            log.warning(
                "A browser spoke in the name of a page that another session has opened; it was not heard.",
                action="panel.foreign_page",
            )
            return False
        answer = handle(sid, message)
        return await answer if inspect.isawaitable(answer) else answer

    return heard
