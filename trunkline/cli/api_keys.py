"""`trunkline api-key`: keys that act as a login."""

from typing import TYPE_CHECKING, Annotated

import typer

from trunkline.cli.commands import Management, administer, who_runs_this
from trunkline.cli.paging import every_item
from trunkline.cli.printing import Json, print_fields, print_json, print_table, utc

if TYPE_CHECKING:
    from trunkline.model.identity import ApiKey

group = typer.Typer(help="API keys of logins: for the REST API and for sending.")

KeyId = Annotated[int, typer.Argument(metavar="ID", help="The key's id, see list.", show_default=False)]


@group.command()
def create(
    ctx: typer.Context,
    username: Annotated[
        str, typer.Argument(metavar="USERNAME", help="The login it acts as.", show_default=False)
    ],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Make an API key, shown this once."""

    async def work(administration: Management) -> dict[str, object]:
        made = await administration.people.api_keys.create(who_runs_this(), name, owner=username)
        return {"id": made.id, "name": made.name, "owner": made.owner, "api_key": made.key}

    made = administer(ctx, work)
    if as_json:
        print_json(made)
        return
    print_fields(made.items())
    typer.echo("Keep it now: only its hash is stored.")


@group.command()
def revoke(
    ctx: typer.Context,
    key_id: KeyId,
    forget: Annotated[
        bool, typer.Option("--delete", help="Delete it, so that the list shows it no more.")
    ] = False,
) -> None:
    """Let an API key in no more."""

    async def work(administration: Management) -> None:
        keys = administration.people.api_keys
        if forget:
            await keys.delete(who_runs_this(), key_id)
        else:
            await keys.set_enabled(who_runs_this(), key_id, False)

    administer(ctx, work)
    typer.echo(f"API key {key_id} was {'deleted' if forget else 'revoked'}.")


@group.command("list")
def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """List the API keys, the newest first."""

    async def work(administration: Management) -> "list[ApiKey]":
        keys = administration.people.api_keys
        return await every_item(lambda page: keys.list(who_runs_this(), page))

    rows = administer(ctx, work)
    if as_json:
        print_json(
            [
                {
                    "id": row.id,
                    "name": row.name,
                    "prefix": row.prefix,
                    "owner": row.owner,
                    "enabled": row.enabled,
                    "last_used_at": utc(row.last_used_at),
                    "created_at": utc(row.created_at),
                }
                for row in rows
            ]
        )
        return
    print_table(
        ("#Id", "Name", "Key", "Owner", "Enabled", "Last used", "Created"),
        [
            (
                row.id,
                row.name,
                f"{row.prefix}...",
                row.owner,
                row.enabled,
                utc(row.last_used_at),
                utc(row.created_at),
            )
            for row in rows
        ],
    )
