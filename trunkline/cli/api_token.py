"""`trunkline api-token`: the token of the administration's API."""

from typing import Annotated

import typer

from trunkline.cli.commands import BadInput, Management, administer, who_runs_this
from trunkline.cli.printing import Json, print_json


def api_token(
    ctx: typer.Context,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Make the token void, and none in its place.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a new token for the administration's API, shown this once; the one before is void."""
    if revoke:
        if as_json:
            raise BadInput("--json", "there is nothing to print with --revoke")
        _revoke(ctx)
        return

    async def work(administration: Management) -> str:
        return await administration.admin_token.renew(who_runs_this())

    token = administer(ctx, work)
    if as_json:
        print_json({"api_token": token})
        return
    typer.echo(token)
    typer.echo("Keep it now: only its hash is stored. Send it as X-API-Key.", err=True)


def _revoke(ctx: typer.Context) -> None:
    async def work(administration: Management) -> bool:
        return await administration.admin_token.revoke(who_runs_this())

    revoked = administer(ctx, work)
    typer.echo("The token was revoked." if revoked else "There was no token.")
