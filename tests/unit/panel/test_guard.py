"""What stands before the pages: who is let in, and the headers of every answer."""

import asyncio
from typing import Any

import pytest
from starlette.requests import HTTPConnection

from trunkline.panel.guard import SECURITY_HEADERS, Guard, is_same_origin, local_path

HOST = "gateway.example"
OURS = f"https://{HOST}"


class Behind:
    """The application behind the guard: says that it was reached."""

    def __init__(self) -> None:
        self.scope: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope = scope
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"x-frame-options", b"ALLOW")]}
        )
        await send({"type": "http.response.body", "body": b"in"})


class Door:
    """A guard, what is behind it, and what it answers."""

    def __init__(self, *, signed_in: bool) -> None:
        async def is_signed_in(_: HTTPConnection) -> bool:
            return signed_in

        self.behind = Behind()
        self.guard = Guard(
            self.behind,
            is_signed_in,
            open_paths=("/sign-in", "/assets/"),
            lasting_paths=("/assets/",),
            sign_in_path="/sign-in",
        )

    def ask(
        self, path: str, *, method: str = "GET", kind: str = "http", scheme: str = "https", **headers: str
    ) -> tuple[int, dict[str, str]]:
        """Status and headers; for a websocket 101 or the code it is closed with."""
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        named = {"host": HOST} | {name.replace("_", "-"): value for name, value in headers.items()}
        scope = {
            "type": kind,
            "method": method,
            "scheme": scheme,
            "path": f"/panel{path}",
            "root_path": "/panel",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        }
        asyncio.run(self.guard(scope, receive, send))
        first = sent[0]
        if first["type"] == "websocket.accept":
            return 101, {}
        if first["type"] == "websocket.close":
            return int(first["code"]), {}
        return first["status"], {name.decode(): value.decode() for name, value in first["headers"]}


def test_whoever_is_not_signed_in_is_sent_to_sign_in() -> None:
    door = Door(signed_in=False)
    status, headers = door.ask("/messages")
    assert status == 303
    assert headers["location"] == "/panel/sign-in?next=/panel/messages"
    assert door.behind.scope is None


def test_without_a_session_there_is_no_websocket_and_no_change() -> None:
    door = Door(signed_in=False)
    assert door.ask("/_nicegui_ws/socket.io/", kind="websocket", origin=OURS)[0] == 1008
    assert door.ask("/anything", method="POST", origin=OURS)[0] == 401
    assert door.ask("/_nicegui/x")[0] == 401
    assert door.behind.scope is None
    assert door.ask("/sign-in", method="POST", origin=OURS)[0] == 200


@pytest.mark.parametrize("kind", ["websocket", "http"])
@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        ({"origin": OURS}, True),
        ({"origin": f"http://{HOST}"}, False),  # our pages came encrypted
        ({"origin": "https://evil.example"}, False),
        ({"origin": f"https://{HOST}.evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": "https://evil.example", "sec_fetch_site": "same-origin"}, False),
        ({"sec_fetch_site": "same-origin"}, True),
        ({"sec_fetch_site": "cross-site"}, False),
        ({}, False),
    ],
)
def test_changes_come_from_our_own_pages(kind: str, headers: dict[str, str], let_in: bool) -> None:
    door = Door(signed_in=True)
    status, _ = door.ask("/x", method="POST", kind=kind, **headers)
    assert status == ({"websocket": 101, "http": 200} if let_in else {"websocket": 1008, "http": 403})[kind]
    assert (door.behind.scope is not None) is let_in


@pytest.mark.parametrize("origin", [OURS, f"http://{HOST}"])
def test_a_proxy_that_is_not_told_of_may_have_ended_the_encryption(origin: str) -> None:
    assert Door(signed_in=True).ask("/x", method="POST", scheme="http", origin=origin)[0] == 200


def test_every_answer_has_the_security_headers_and_nobody_weakens_them() -> None:
    for door, path in ((Door(signed_in=True), "/"), (Door(signed_in=False), "/")):
        _, headers = door.ask(path)
        assert SECURITY_HEADERS.items() <= headers.items()
        assert headers["cache-control"] == "no-store"
        assert "strict-transport-security" in headers
    policy = SECURITY_HEADERS["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert "strict-transport-security" not in Door(signed_in=True).ask("/", scheme="http")[1]


def test_only_the_libraries_are_kept_by_browsers() -> None:
    assert "immutable" in Door(signed_in=False).ask("/assets/vue.js")[1]["cache-control"]


def test_nobody_says_where_we_are_mounted() -> None:
    door = Door(signed_in=True)
    door.ask("/", x_forwarded_prefix="/evil")
    assert b"x-forwarded-prefix" not in dict(door.behind.scope["headers"])


@pytest.mark.parametrize(
    "wish",
    [
        "https://evil.example/",
        "//evil.example",
        "/panel//evil.example",
        "/panel/\\evil",
        "/api",
        "",
        "/panel/\r\nx: y",
    ],
)
def test_signing_in_leads_to_our_own_pages(wish: str) -> None:
    assert local_path(wish, "/panel/") == "/panel/"
    assert local_path("/panel/messages", "/panel/") == "/panel/messages"


def test_a_host_that_is_missing_matches_nothing() -> None:
    scope = {"type": "http", "headers": [(b"origin", b"https://")]}
    assert not is_same_origin(HTTPConnection(scope))
