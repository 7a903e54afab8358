"""`trunkline esme`: who may bind to the SMPP server."""

from typing import Annotated

import typer

from trunkline.cli.commands import Management, administer, read_secret
from trunkline.cli.printing import Json, print_fields, print_json

group = typer.Typer(help="SMPP users: who may bind to the gateway.")


@group.callback()
def _group() -> None:
    # A callback keeps `create` a command of its own while it is the only one.
    pass


@group.command()
def create(
    ctx: typer.Context,
    account: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help="The account that pays.", show_default=False)
    ],
    system_id: Annotated[
        str,
        typer.Argument(metavar="SYSTEM_ID", help="1 to 16 characters without spaces.", show_default=False),
    ],
    password: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            envvar="TRUNKLINE_CLI_NEW_PASSWORD",
            show_envvar=True,
            help="1 to 9 characters, - to be asked; else one is generated.",
        ),
    ] = None,
    max_binds: Annotated[int, typer.Option(metavar="NUMBER", help="Binds at the same time.")] = 10,
    allowed_network: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NETWORK", help="Address or network it may come from; may be repeated; none: anywhere."
        ),
    ] = None,
    throughput: Annotated[
        int, typer.Option(metavar="NUMBER", help="Messages per minute on one connection; 0 for no limit.")
    ] = 0,
    window: Annotated[
        int, typer.Option(metavar="NUMBER", help="Receipts sent to a session and not yet answered.")
    ] = 100,
    as_json: Json = False,
) -> None:
    """Create an SMPP user; its password is shown this once."""
    secret = read_secret(password, "Password of the SMPP user")

    async def work(administration: Management) -> dict[str, object]:
        made = await administration.esmes.create(
            account,
            system_id,
            password=secret,
            max_binds=max_binds,
            allowed_networks=",".join(allowed_network or ()),
            throughput=throughput,
            window=window,
        )
        return {"system_id": made.system_id, "password": made.password}

    made = administer(ctx, work)
    if as_json:
        print_json(made)
        return
    print_fields(made.items())
    typer.echo("Keep the password now: only its hash is stored.")
