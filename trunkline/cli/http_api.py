"""The HTTP API of a running gateway as commands use it: where it is, who asks, and what it answers."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from trunkline.cli.commands import BadInput, CommandFailed, load_settings, read_secret
from trunkline.cli.demo_file import read_demo, section
from trunkline.cli.printing import printable

if TYPE_CHECKING:
    import aiohttp

    from trunkline.config import Settings

_REQUEST_S: Final = 30.0

Url = Annotated[
    str | None,
    typer.Option(
        metavar="URL", envvar="TRUNKLINE_CLI_URL", show_envvar=True, help="The gateway's HTTP address."
    ),
]
User = Annotated[
    str | None,
    typer.Option(metavar="NAME", envvar="TRUNKLINE_CLI_USER", show_envvar=True, help="HTTP API user."),
]
Password = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        envvar="TRUNKLINE_CLI_PASSWORD",
        show_envvar=True,
        help="The user's password; - to be asked.",
    ),
]
ApiKey = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        envvar="TRUNKLINE_CLI_API_KEY",
        show_envvar=True,
        help="API key instead of user and password; - to be asked.",
    ),
]


@dataclass(slots=True, frozen=True)
class HttpApi:
    """A gateway's address, and the headers that say who asks."""

    address: str
    headers: dict[str, str]

    @classmethod
    def of(
        cls, ctx: typer.Context, url: str | None, user: str | None, password: str | None, api_key: str | None
    ) -> "HttpApi":
        """What was given, else what the demo's file knows, else what the settings say. Raises BadInput."""
        settings = load_settings(ctx)
        demo = read_demo(settings.data_dir)
        address = (url or demo.get("http") or _url_of(settings)).rstrip("/")
        if not address.startswith(("http://", "https://")):
            raise BadInput("url", f"must start with http:// or https://, not {address!r}")
        return cls(address, _credentials(user, password, api_key, section(demo, "http_account")))

    @asynccontextmanager
    async def session(self) -> AsyncIterator["aiohttp.ClientSession"]:
        """A session to ask in. Raises CommandFailed when nothing answers."""
        import aiohttp  # noqa: PLC0415  (only for these commands)

        try:
            async with aiohttp.ClientSession(
                headers=self.headers, timeout=aiohttp.ClientTimeout(total=_REQUEST_S)
            ) as session:
                yield session
        except TimeoutError:
            raise CommandFailed(f"{self.address} does not answer within {_REQUEST_S:g} seconds") from None
        except aiohttp.ClientError as error:
            raise CommandFailed(
                f"cannot reach a gateway at {self.address}: {error}; `trunkline serve` starts one"
            ) from None


async def ask(request: "AbstractAsyncContextManager[aiohttp.ClientResponse]") -> dict[str, Any]:
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


def _url_of(settings: "Settings") -> str:
    """Where a gateway with these settings answers; one that listens everywhere does so on loopback too."""
    if not settings.http_port:
        raise BadInput("url", "give --url; the settings let the gateway take any free port")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.http_host, settings.http_host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.http_port}"


def _credentials(
    user: str | None, password: str | None, api_key: str | None, known: dict[str, Any]
) -> dict[str, str]:
    """The headers that say who asks: what was given, else what the demo knows."""
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
