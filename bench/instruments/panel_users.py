"""People who click in the panel, without browsers: each opens page after page, and reads its table again.

A page counts as open when its websocket stands, as a browser's would before it can be clicked. What a browser
does beside that, it does on its own machine. Goes on until SIGTERM, then prints its account: a line of JSON.

    python -m bench.instruments.panel_users --url URL --username NAME --password TEXT [--users N] [--pause S]
"""

import argparse
import ast
import asyncio
import json
import re
import signal
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import aiohttp
import socketio

PAGES = (
    "",
    "messages",
    "connectors",
    "delivery-reports",
    "enterprise-users",
    "audit",
    "messages?status=delivered",
)
ANSWER_S = 60.0
_FAILURES = (aiohttp.ClientError, socketio.exceptions.SocketIOError, TimeoutError, ValueError)
_QUERY = re.compile(r"^\s*query: (\{.*\}),$", re.MULTILINE)
_ELEMENT = '":{"tag":'
_LISTENER = re.compile(r'"listener_id":"([^"]+)"')


class Users:
    """What they do, and how long it took: seconds from the click to the answer."""

    def __init__(self, url: str, username: str, password: str, pause_s: float) -> None:
        self._url = url
        self._credentials = {"username": username, "password": password}
        self._pause_s = pause_s
        self.opened: list[float] = []
        self.clicked: list[float] = []
        self.failures: list[str] = []

    async def user(self, number: int) -> None:
        """One of them, for ever."""
        # The panel looks at where a request comes from; there is no browser to say so.
        jar = aiohttp.CookieJar(unsafe=True)  # for an address without a name
        async with aiohttp.ClientSession(headers={"Origin": self._url}, cookie_jar=jar) as session:
            await self._sign_in(session)
            turn = number
            while True:
                try:
                    await self._look_at(session, PAGES[turn % len(PAGES)])
                except _FAILURES as error:
                    self.failures.append(f"{type(error).__name__}: {error}")
                    await asyncio.sleep(self._pause_s)
                turn += 1

    async def _sign_in(self, session: aiohttp.ClientSession) -> None:
        address = f"{self._url}/panel/sign-in"
        async with session.post(address, data=self._credentials, allow_redirects=False) as answer:
            if answer.status != 303:
                raise SystemExit(f"{answer.status} instead of a session")

    async def _look_at(self, session: aiohttp.ClientSession, page: str) -> None:
        began = time.perf_counter()
        async with session.get(f"{self._url}/panel/{page}") as answer:
            text = await answer.text()
        found = _QUERY.search(text)
        if found is None:
            raise ValueError(f"{answer.status}: this is no page of the panel")
        query: dict[str, Any] = ast.literal_eval(found[1])
        query = {name: str(value).lower() for name, value in query.items()}
        query |= {"tab_id": f"tab-{began}", "document_id": f"document-{began}"}
        socket = socketio.AsyncClient(http_session=session, reconnection=False)
        news = asyncio.Event()
        socket.on("update", lambda _: news.set())
        address = f"{self._url}?{urlencode(query)}"
        await socket.connect(address, transports=["websocket"], socketio_path="/panel/_nicegui_ws/socket.io")
        try:
            self.opened.append(time.perf_counter() - began)
            await asyncio.sleep(self._pause_s)
            button = _refresh_button(text)
            if button is not None:
                news.clear()
                began = time.perf_counter()
                await socket.emit("event", {"client_id": query["client_id"], **button, "args": []})
                await asyncio.wait_for(news.wait(), ANSWER_S)
                self.clicked.append(time.perf_counter() - began)
                await asyncio.sleep(self._pause_s)
        finally:
            await socket.disconnect()

    def account(self) -> dict[str, object]:
        """What came of it; times in milliseconds."""
        return {
            "opened": len(self.opened),
            "clicked": len(self.clicked),
            "opened_p50_ms": _share(self.opened, 0.5),
            "opened_p99_ms": _share(self.opened, 0.99),
            "clicked_p50_ms": _share(self.clicked, 0.5),
            "clicked_p99_ms": _share(self.clicked, 0.99),
            "failed": len(self.failures),
            "failed_because": self.failures[0] if self.failures else "",
        }


def _refresh_button(page: str) -> dict[str, object] | None:
    """The button that reads a table again, as its click names it; None where a page has none."""
    at = page.find('"icon":"refresh"')
    listener = _LISTENER.search(page, at)
    if at < 0 or listener is None:
        return None
    before = page[: page.rindex(_ELEMENT, 0, at)]
    return {"id": int(before[before.rindex('"') + 1 :]), "listener_id": listener[1]}


def _share(seconds: list[float], share: float) -> float:
    """The time that this share of them took at most, milliseconds; 0 for none."""
    ranked = sorted(seconds)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))] * 1000 if ranked else 0.0


async def run(users: Users, count: int) -> None:
    """Lets them click until the program is told to stop. Raises what ends one of them."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    tasks = [asyncio.create_task(users.user(number)) for number in range(count)]
    waiting = asyncio.create_task(stopped.wait())
    await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if task.done():
            task.result()
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task


def main() -> None:
    """Reads the command line, clicks, and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--url", required=True, help="of the gateway")
    parser.add_argument("--username", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--users", type=int, default=10)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two clicks of one of them")
    given = parser.parse_args()
    users = Users(given.url, given.username, given.password, given.pause)
    asyncio.run(run(users, given.users))
    print(json.dumps(users.account()), flush=True)


if __name__ == "__main__":
    main()
