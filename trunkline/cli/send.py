"""`trunkline send`: one message through the HTTP API of a running gateway."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

import typer

from trunkline.cli.commands import CommandFailed
from trunkline.cli.http_api import ApiKey, HttpApi, Password, Url, User, ask
from trunkline.cli.printing import Json, print_json, printable

if TYPE_CHECKING:
    import aiohttp

_FINAL: Final = frozenset({"delivered", "undelivered", "rejected", "expired", "deleted"})
_FIRST_LOOK_S: Final = 0.1
_SLOWEST_LOOK_S: Final = 1.0


def send(
    ctx: typer.Context,
    to: Annotated[
        str,
        typer.Option(metavar="NUMBER", help="The recipient, in international form.", show_default=False),
    ],
    text: Annotated[str, typer.Option(metavar="TEXT", help="The text.", show_default=False)],
    sender: Annotated[
        str | None,
        typer.Option("--from", metavar="SENDER", help="The sender; none: the account's default sender."),
    ] = None,
    url: Url = None,
    user: User = None,
    password: Password = None,
    api_key: ApiKey = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow the message until its state is final.")
    ] = False,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", min=0.1, help="How long --wait waits.")] = 60.0,
    as_json: Json = False,
) -> None:
    """Send a message through a running gateway.

    Address and credentials default to those of the demo, from demo.json in the data directory.
    The exit code is 1 when the message is refused and, with --wait, when it is not delivered in time.
    """
    api = HttpApi.of(ctx, url, user, password, api_key)
    body = {"to": to, "content": text}
    if sender is not None:
        body["from"] = sender
    answer = asyncio.run(_send(api, body, timeout if wait else None, quiet=as_json))
    if as_json:
        print_json(answer)
    if wait and answer["state"] != "delivered":
        raise typer.Exit(1)


async def _send(api: HttpApi, body: dict[str, str], wait_s: float | None, *, quiet: bool) -> dict[str, Any]:
    """Hands the message in and, given a time to wait, follows it; returns the last thing the gateway said.

    Prints what happens unless `quiet`. Raises CommandFailed for refusals and when nothing answers.
    """
    say = _nothing if quiet else typer.echo
    async with api.session() as session:
        answer = await ask(session.post(f"{api.address}/api/v1/http-send", json=body))
        message_id = answer.get("message_id")
        if not isinstance(message_id, str):
            raise CommandFailed(f"{api.address} does not answer like a Trunkline gateway")
        say(printable(message_id) + (" (over the rate: sent later)" if answer.get("queued") else ""))
        if wait_s is None:
            return answer
        return await _follow(session, f"{api.address}/api/v1/messages/{quote(message_id)}", wait_s, say)


async def _follow(
    session: "aiohttp.ClientSession", url: str, wait_s: float, say: Callable[[str], None]
) -> dict[str, Any]:
    deadline = time.monotonic() + wait_s
    pause_s = _FIRST_LOOK_S
    shown = ""
    while True:
        view = await ask(session.get(url))
        state = str(view.get("state"))
        if state != shown:
            error = view.get("error")
            say(printable(f"{state}: {error}" if error else state))
            shown = state
        if state in _FINAL:
            return view
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise CommandFailed(f"the message is still {printable(state)} after {wait_s:g} seconds")
        await asyncio.sleep(min(pause_s, left_s))
        pause_s = min(pause_s * 1.5, _SLOWEST_LOOK_S)


def _nothing(_text: str) -> None:
    """Says nothing."""
