"""`trunkline send`: one message through the HTTP API of a running gateway."""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

import typer

from trunkline.cli.commands import BadInput, CommandFailed, load_settings, read_secret
from trunkline.cli.demo_file import read_demo, section
from trunkline.cli.printing import Json, print_json, printable

if TYPE_CHECKING:
    import aiohttp

    from trunkline.config import Settings

_FINAL: Final = frozenset({"delivered", "undelivered", "rejected", "expired", "deleted"})
_FIRST_LOOK_S: Final = 0.1
_SLOWEST_LOOK_S: Final = 1.0
_REQUEST_S: Final = 30.0


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
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", envvar="TRUNKLINE_CLI_URL", show_envvar=True, help="The gateway's HTTP address."
        ),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(metavar="NAME", envvar="TRUNKLINE_CLI_USER", show_envvar=True, help="HTTP API user."),
    ] = None,
    password: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            envvar="TRUNKLINE_CLI_PASSWORD",
            show_envvar=True,
            help="The user's password; - to be asked.",
        ),
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            envvar="TRUNKLINE_CLI_API_KEY",
            show_envvar=True,
            help="API key instead of user and password; - to be asked.",
        ),
    ] = None,
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
    settings = load_settings(ctx)
    demo = read_demo(settings.data_dir)
    address = (url or demo.get("http") or _url_of(settings)).rstrip("/")
    if not address.startswith(("http://", "https://")):
        raise BadInput("url", f"must start with http:// or https://, not {address!r}")
    headers = _credentials(user, password, api_key, section(demo, "http_account"))
    body = {"to": to, "content": text}
    if sender is not None:
        body["from"] = sender
    answer = asyncio.run(_send(address, headers, body, timeout if wait else None, quiet=as_json))
    if as_json:
        print_json(answer)
    if wait and answer["state"] != "delivered":
        raise typer.Exit(1)


def _url_of(settings: "Settings") -> str:
    """Where a gateway with these settings answers; one that listens everywhere does so on loopback too."""
    if not settings.http_port:
        raise BadInput("url", "give --url; the settings let the gateway take any free port")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.http_host, settings.http_host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.http_port}"


def _credentials(
    user: str | None, password: str | None, api_key: str | None, known: dict[str, Any]
) -> dict[str, str]:
    """The headers that say who sends: what was given, else what the demo knows."""
    if user is None and password is None:
        key = read_secret(api_key, "API key") or known.get("api_key")
        if key:
            return {"X-API-Key": key}
        raise BadInput(
            "api_key", "give --api-key, or --user and --password; there is no demo.json to take them from"
        )
    if api_key is not None and user is not None:
        raise BadInput("api_key", "give either --api-key or --user and --password")
    user = user or known.get("username")
    if not user:
        raise BadInput("user", "is needed with --password")
    secret = read_secret(password, f"Password of {user}")
    if secret is None and user == known.get("username"):
        secret = known.get("password")
    if secret is None:
        raise BadInput("password", "is needed with --user; - asks for it")
    return {"Authorization": "Basic " + b64encode(f"{user}:{secret}".encode()).decode()}


async def _send(
    address: str, headers: dict[str, str], body: dict[str, str], wait_s: float | None, *, quiet: bool
) -> dict[str, Any]:
    """Hands the message in and, given a time to wait, follows it; returns the last thing the gateway said.

    Prints what happens unless `quiet`. Raises CommandFailed for refusals and when nothing answers.
    """
    import aiohttp  # noqa: PLC0415  (only here)

    say = _nothing if quiet else typer.echo
    try:
        async with aiohttp.ClientSession(
            headers=headers, timeout=aiohttp.ClientTimeout(total=_REQUEST_S)
        ) as session:
            answer = await _ask(session.post(f"{address}/api/v1/http-send", json=body))
            message_id = answer.get("message_id")
            if not isinstance(message_id, str):
                raise CommandFailed(f"{address} does not answer like a Trunkline gateway")
            say(printable(message_id) + (" (over the rate: sent later)" if answer.get("queued") else ""))
            if wait_s is None:
                return answer
            return await _follow(session, f"{address}/api/v1/messages/{quote(message_id)}", wait_s, say)
    except TimeoutError:
        raise CommandFailed(f"{address} does not answer within {_REQUEST_S:g} seconds") from None
    except aiohttp.ClientError as error:
        raise CommandFailed(
            f"cannot reach a gateway at {address}: {error}; `trunkline serve` starts one"
        ) from None


async def _follow(
    session: "aiohttp.ClientSession", url: str, wait_s: float, say: Callable[[str], None]
) -> dict[str, Any]:
    deadline = time.monotonic() + wait_s
    pause_s = _FIRST_LOOK_S
    shown = ""
    while True:
        view = await _ask(session.get(url))
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


async def _ask(request: "AbstractAsyncContextManager[aiohttp.ClientResponse]") -> dict[str, Any]:
    """The JSON object of a good answer. Raises CommandFailed with what the gateway said against it."""
    async with request as response:
        try:
            content = json.loads(await response.text())
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise CommandFailed(f"{response.url} answered {response.status} without a JSON object")
        if response.status != 200 or not content.get("ok"):
            why = printable(content.get("error") or "no reason given")
            raise CommandFailed(f"the gateway answered {response.status}: {why}")
        return content


def _nothing(_text: str) -> None:
    """Says nothing."""
