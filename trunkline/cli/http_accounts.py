"""`trunkline account http...`: who may send through the HTTP API, and at whose cost."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from trunkline.cli.accounts import Account
from trunkline.cli.commands import BadInput, Management, administer, read_secret, who_runs_this
from trunkline.cli.options import Row, given, new_password, with_options
from trunkline.cli.paging import every_item
from trunkline.cli.printing import Json, print_fields, print_json, print_table, utc

if TYPE_CHECKING:
    from trunkline.model.administration import HttpAccountRow

T = TypeVar("T")

group = typer.Typer()  # its commands stand beside those of accounts

User = Annotated[
    str, typer.Argument(metavar="USERNAME", help="The user of the HTTP API.", show_default=False)
]

ROWS: Sequence[Row] = (
    Row("rate", int, "NUMBER", "Messages per second; 0 for no limit", 10),
    Row("over_rate", str, "queue|reject", "Above the rate: accept and send later, or answer 429", "queue"),
    Row("dlr_url", str, "URL", "Where delivery reports are posted to", ""),
    Row("default_sender", str, "SENDER", "Sender of messages that name none", ""),
    Row("description", str, "TEXT", "A note for people", ""),
    Row("password", str, "TEXT", "At least 8 characters; - to be asked"),
)
_NEW = [new_password(row) if row.field == "password" else row for row in ROWS]
_CHANGES = [
    Row("account", str, "NAME", "The account that pays for what it sends from now on"),
    *(replace(row, default=None) for row in ROWS),
]


@group.command("http")
@with_options(_NEW)
def create(
    ctx: typer.Context,
    name: Account,
    username: Annotated[
        str, typer.Argument(metavar="USERNAME", help="The new HTTP API user.", show_default=False)
    ],
    as_json: Json = False,
    **values: Any,
) -> None:
    """Create a user of the HTTP API; its password and API key are shown this once."""
    fields = _fields(values)

    async def work(administration: Management) -> dict[str, object]:
        made = await administration.http_accounts.create(who_runs_this(), name, username, **fields)
        return {"username": made.username, "password": made.password, "api_key": made.api_key}

    made = _administer(ctx, work)
    if as_json:
        print_json(made)
        return
    print_fields(made.items())
    typer.echo("Keep them now: only hashes are stored.")


@group.command("http-change")
@with_options(_CHANGES)
def change(ctx: typer.Context, username: User, **values: Any) -> None:
    """Change a user of the HTTP API; what is not given stays."""
    fields = _fields(values)
    if not fields:
        raise BadInput("account http-change", "name at least one value to change")
    _change(ctx, username, **fields)
    typer.echo(f"HTTP API user {username} was changed.")


@group.command("http-enable")
def enable(ctx: typer.Context, username: User) -> None:
    """Let a user of the HTTP API send."""
    _change(ctx, username, enabled=True)
    typer.echo(f"HTTP API user {username} may send.")


@group.command("http-disable")
def disable(ctx: typer.Context, username: User) -> None:
    """Let a user of the HTTP API send no more."""
    _change(ctx, username, enabled=False)
    typer.echo(f"HTTP API user {username} may not send any more.")


@group.command("http-renew-key")
def renew_key(ctx: typer.Context, username: User, as_json: Json = False) -> None:
    """Give a user of the HTTP API a new API key, shown this once; the old one stops at once."""

    async def work(administration: Management) -> str:
        return await administration.http_accounts.renew_key(who_runs_this(), username)

    made = {"username": username, "api_key": _administer(ctx, work)}
    if as_json:
        print_json(made)
        return
    print_fields(made.items())
    typer.echo("Keep it now: only its hash is stored.")


@group.command("http-delete")
def delete(
    ctx: typer.Context,
    username: User,
    give_up_callbacks: Annotated[
        bool, typer.Option("--give-up-callbacks", help="Even if callbacks wait: they are given up.")
    ] = False,
) -> None:
    """Delete a user of the HTTP API. Its messages stay."""

    async def work(administration: Management) -> None:
        accounts = administration.http_accounts
        await accounts.delete(who_runs_this(), username, give_up_callbacks=give_up_callbacks)

    _administer(ctx, work)
    typer.echo(f"HTTP API user {username} was deleted.")


@group.command("http-list")
def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """List the users of the HTTP API, of all accounts."""

    async def work(administration: Management) -> "list[HttpAccountRow]":
        accounts = administration.http_accounts
        return await every_item(lambda page: accounts.list(who_runs_this(), page=page))

    rows = _administer(ctx, work)
    if as_json:
        print_json([_as_json(row) for row in rows])
        return
    print_table(
        ("#Id", "User", "Account", "Enabled", "API key", "#Per second", "Above", "Delivery reports to"),
        [
            (
                row.id,
                row.username,
                row.account,
                row.enabled,
                f"{row.api_key_prefix}...",
                row.throughput or "no limit",
                row.over_rate,
                row.dlr_url,
            )
            for row in rows
        ],
    )


def _change(ctx: typer.Context, username: str, **fields: Any) -> None:
    async def work(administration: Management) -> None:
        await administration.http_accounts.change(who_runs_this(), username, **fields)

    _administer(ctx, work)


def _administer(ctx: typer.Context, work: Callable[[Management], Awaitable[T]]) -> T:
    """As `administer`; what breaks a rule is called as the option is."""
    from trunkline.services.accounts import InvalidInput  # noqa: PLC0415  (only with the database)

    try:
        return administer(ctx, work)
    except InvalidInput as error:
        raise BadInput("rate" if error.field == "throughput" else error.field, error.rule) from None


def _fields(values: dict[str, Any]) -> dict[str, Any]:
    fields = given(values)
    if "password" in fields:
        fields["password"] = read_secret(fields["password"], "Password of the HTTP API user")
    if "rate" in fields:
        fields["throughput"] = fields.pop("rate")
    return fields


def _as_json(row: "HttpAccountRow") -> dict[str, Any]:
    return {
        "id": row.id,
        "username": row.username,
        "account": row.account,
        "enabled": row.enabled,
        "api_key_prefix": row.api_key_prefix,
        "rate": row.throughput,
        "over_rate": row.over_rate,
        "default_sender": row.default_sender,
        "dlr_url": row.dlr_url,
        "description": row.description,
        "created_at": utc(row.created_at),
    }
