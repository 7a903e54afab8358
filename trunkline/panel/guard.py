"""What stands before every page: security headers, and who may come in at all.

A browser sends its cookies along whoever wrote the page that has it do so. What changes anything - forms, and
the websocket that carries every click - is therefore taken only from our own pages, told by `Origin`.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        # The pages' scripts are inline, and Vue compiles the templates of table cells in the browser.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not "no-referrer": with it browsers send "Origin: null" with our own forms.
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
HSTS = "max-age=31536000"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
IMMUTABLE = "public, max-age=31536000, immutable"


def is_same_origin(connection: HTTPConnection) -> bool:
    """Whether the request was made by a page of ours."""
    origin = connection.headers.get("origin")
    if origin is None:
        return connection.headers.get("sec-fetch-site") == "same-origin"
    scheme, separator, host = origin.partition("://")
    ours = connection.headers.get("host", "")
    # Without encryption up to us it may still have had some up to a proxy that we know nothing of.
    schemes = ("https",) if connection.scope.get("scheme") in ("https", "wss") else ("http", "https")
    return bool(separator and ours) and scheme in schemes and host == ours


def local_path(wish: str, otherwise: str) -> str:
    """Where to go after signing in: a path of the panel; `otherwise` for what might lead elsewhere."""
    harmless = wish.startswith("/panel/") and not set(wish) & set("\\\r\n\t") and "//" not in wish
    return wish if harmless else otherwise


class Guard:
    """Lets requests through to `application`: signed in, or on a path that needs no sign-in."""

    def __init__(
        self,
        application: Application,
        is_signed_in: Callable[[HTTPConnection], Awaitable[bool]],
        *,
        open_paths: tuple[str, ...],
        lasting_paths: tuple[str, ...],
        sign_in_path: str,
    ) -> None:
        """`open_paths` and `lasting_paths` are prefixes below the mount; the latter are cached for ever."""
        self._application = application
        self._is_signed_in = is_signed_in
        self._open_paths = open_paths
        self._lasting_paths = lasting_paths
        self._sign_in_path = sign_in_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request or websocket."""
        connection = HTTPConnection(scope)
        root: str = scope.get("root_path", "")
        path = scope["path"].removeprefix(root) or "/"
        # Only a proxy that is trusted could say where it mounts us; ours is known.
        scope["headers"] = [each for each in scope["headers"] if each[0] != b"x-forwarded-prefix"]
        changing = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
        refusal: Response | None = None
        if changing and not is_same_origin(connection):
            refusal = PlainTextResponse("This request did not come from a page of this panel.", 403)
        elif not path.startswith(self._open_paths) and not await self._is_signed_in(connection):
            if changing or path.startswith("/_nicegui"):
                refusal = PlainTextResponse("Sign in first.", 401)
            else:
                asked = connection.url.query
                wish = quote(f"{root}{path}?{asked}" if asked else f"{root}{path}")
                refusal = RedirectResponse(f"{root}{self._sign_in_path}?next={wish}", 303)
        if scope["type"] == "websocket":
            if refusal is not None:
                await send({"type": "websocket.close", "code": 1008})
                return
            await self._application(scope, receive, send)
            return

        async def send_guarded(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(SECURITY_HEADERS)
                if scope["scheme"] == "https":
                    headers["strict-transport-security"] = HSTS
                lasting = path.startswith(self._lasting_paths) and message["status"] < 300
                headers["cache-control"] = IMMUTABLE if lasting else "no-store"
            await send(message)

        await (refusal or self._application)(scope, receive, send_guarded)
