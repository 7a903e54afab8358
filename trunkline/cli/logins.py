"""`trunkline login`: who may sign in."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trunkline.cli.commands import BadInput, Management, administer, read_secret, who_runs_this
from trunkline.cli.options import Row, given, new_password, with_options
from trunkline.cli.paging import every_item
from trunkline.cli.printing import Json, print_fields, print_json, print_table, utc

if TYPE_CHECKING:
    from trunkline.model.identity import Login

group = typer.Typer(help="Logins: administrators, and enterprise users' people.")

Username = Annotated[str, typer.Argument(metavar="USERNAME", help="The login's name.", show_default=False)]

_PROFILE: Sequence[Row] = (
    Row("email", str, "ADDRESS", "E-mail address"),
    Row("full_name", str, "TEXT", "The person's name"),
    Row("locale", str, "LANGUAGE", "Language of the panel, such as en or ar; else the browser's"),
    Row("timezone", str, "ZONE", "Time zone, such as Asia/Dubai; else the browser's"),
)
_ROLES = "super_admin|admin|operator|viewer|enterprise"
_NEW: Sequence[Row] = (
    Row("role", str, _ROLES, "What it may do", required=True),
    Row("account", str, "NAME", "The account of an enterprise user"),
    new_password(Row("password", str, "TEXT", "At least 10 characters; - to be asked")),
    *_PROFILE,
)
_CHANGES: Sequence[Row] = (
    Row("role", str, _ROLES, "What it may do"),
    Row("enabled", bool, "", "Whether it may sign in"),
    Row("password", str, "TEXT", "A new password; - to be asked"),
    *(replace(row, default=None) for row in _PROFILE),
)


@group.command()
@with_options(_NEW)
def create(ctx: typer.Context, username: Username, as_json: Json = False, **values: Any) -> None:
    """Create a login; its password is shown this once."""
    fields = given(values)
    if "password" in fields:
        fields["password"] = read_secret(fields["password"], "Password of the login")

    async def work(administration: Management) -> dict[str, object]:
        made = await administration.people.logins.create(who_runs_this(), username, **fields)
        return {"id": made.id, "username": made.username, "password": made.password}

    made = administer(ctx, work)
    if as_json:
        print_json(made)
        return
    print_fields(made.items())
    typer.echo("Keep the password now: only its hash is stored.")


@group.command()
@with_options(_CHANGES)
def change(ctx: typer.Context, username: Username, **values: Any) -> None:
    """Change a login; what is not given stays. A new password ends its sessions."""
    fields = given(values)
    if not fields:
        raise BadInput("login change", "name at least one value to change")
    password = read_secret(fields.pop("password", None), "New password")

    async def work(administration: Management) -> None:
        logins = administration.people.logins
        if fields:
            await logins.change(who_runs_this(), username, **fields)
        if password is not None:
            await logins.set_password(who_runs_this(), username, password)

    administer(ctx, work)
    typer.echo(f"Login {username} was changed.")


@group.command()
def enable(ctx: typer.Context, username: Username) -> None:
    """Let a login sign in."""
    _set_enabled(ctx, username, enabled=True)
    typer.echo(f"Login {username} may sign in.")


@group.command()
def disable(ctx: typer.Context, username: Username) -> None:
    """Let a login sign in no more; its sessions end, and its API keys are void."""
    _set_enabled(ctx, username, enabled=False)
    typer.echo(f"Login {username} may not sign in any more.")


@group.command()
def delete(ctx: typer.Context, username: Username) -> None:
    """Delete a login with its sessions and API keys; what it did stays in the audit log."""

    async def work(administration: Management) -> None:
        await administration.people.logins.delete(who_runs_this(), username)

    administer(ctx, work)
    typer.echo(f"Login {username} was deleted.")


@group.command()
def reset(
    ctx: typer.Context,
    username: Username,
    second_factor: Annotated[
        bool, typer.Option("--second-factor", help="Turn its second factor off as well.")
    ] = False,
) -> None:
    """Print a token with which a login's owner can choose a new password, once, for a day."""

    async def work(administration: Management) -> str:
        logins = administration.people.logins
        if second_factor:
            await logins.turn_totp_off(who_runs_this(), username)
        return await logins.start_reset(who_runs_this(), username)

    typer.echo(administer(ctx, work))
    typer.echo(
        "Give it to the login's owner, who chooses a new password at /panel/reset?token=TOKEN.", err=True
    )


@group.command("revoke-sessions")
def revoke_sessions(ctx: typer.Context, username: Username) -> None:
    """Sign a login out of every browser."""

    async def work(administration: Management) -> int:
        return await administration.people.sign_in.end_all(who_runs_this(), username)

    typer.echo(f"Sessions of {username} that were ended: {administer(ctx, work)}.")


@group.command("list")
def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """List the logins."""

    async def work(administration: Management) -> "list[Login]":
        logins = administration.people.logins
        return await every_item(lambda page: logins.list(who_runs_this(), None, page))

    rows = administer(ctx, work)
    if as_json:
        print_json([_as_json(row) for row in rows])
        return
    print_table(
        ("#Id", "Username", "Role", "Account", "Enabled", "Second factor", "E-mail", "Signed in last"),
        [
            (
                row.id,
                row.username,
                row.role.value,
                row.account,
                row.enabled,
                row.has_totp,
                row.email,
                utc(row.last_login_at),
            )
            for row in rows
        ],
    )


def _set_enabled(ctx: typer.Context, username: str, *, enabled: bool) -> None:
    async def work(administration: Management) -> None:
        await administration.people.logins.change(who_runs_this(), username, enabled=enabled)

    administer(ctx, work)


def _as_json(row: "Login") -> dict[str, Any]:
    return {
        "id": row.id,
        "username": row.username,
        "role": row.role.value,
        "account": row.account,
        "enabled": row.enabled,
        "second_factor": row.has_totp,
        "email": row.email,
        "full_name": row.full_name,
        "locale": row.locale,
        "timezone": row.timezone,
        "permissions": sorted(each.value for each in row.permissions),
        "last_login_at": utc(row.last_login_at),
        "created_at": utc(row.created_at),
    }
