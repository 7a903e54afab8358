"""`trunkline route`: which connector takes which message, and at what price."""

from typing import TYPE_CHECKING, Annotated

import typer

from trunkline.cli.commands import Management, administer, parse_amount, who_runs_this
from trunkline.cli.paging import every_item
from trunkline.cli.printing import Json, print_json, print_table

if TYPE_CHECKING:
    from trunkline.model.snapshot import Route

group = typer.Typer(help="The ordered route table: the first route that matches wins.")


@group.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name for people.", show_default=False)],
    connector: Annotated[
        list[str],
        typer.Option(
            metavar="ID",
            help="Connector to send through; may be repeated, the best first.",
            show_default=False,
        ),
    ],
    prefix: Annotated[
        str, typer.Option(metavar="DIGITS", help="Destinations that begin so; none: all.")
    ] = "",
    account: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only for this account; none: for all.")
    ] = None,
    rate: Annotated[
        str, typer.Option(metavar="CREDITS", help="Credits per segment, up to six decimals.")
    ] = "1",
    position: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="Place in the table, low ones first; none: the end.")
    ] = None,
) -> None:
    """Add a route."""
    micros = parse_amount("rate", rate)

    async def work(administration: Management) -> int:
        return await administration.routes.create(
            name, tuple(connector), prefix=prefix, account=account, rate=micros, position=position
        )

    route_id = administer(ctx, work)
    typer.echo(f"Route {name} was created with id {route_id}.")


@group.command("list")
def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """List the routes in the order in which they are tried."""
    from trunkline.model.money import format_credits  # noqa: PLC0415  (decimal)

    async def work(administration: Management) -> "tuple[list[Route], dict[int, str]]":
        users = administration.people.enterprise_users
        accounts = await every_item(lambda page: users.list(who_runs_this(), None, page))
        return await administration.routes.list(), {row.id: row.name for row in accounts}

    found, accounts = administer(ctx, work)
    if as_json:
        print_json(
            [
                {
                    "id": route.id,
                    "position": route.position,
                    "name": route.name,
                    "prefix": route.prefix,
                    "account": None if route.account_id is None else accounts.get(route.account_id),
                    "connectors": route.connector_ids,
                    "rate": format_credits(route.rate),
                }
                for route in found
            ]
        )
        return
    print_table(
        ("#Position", "Name", "Prefix", "Account", "Connectors", "#Rate"),
        [
            (
                route.position,
                route.name,
                route.prefix or "any",
                "any" if route.account_id is None else accounts.get(route.account_id),
                ", ".join(route.connector_ids),
                format_credits(route.rate),
            )
            for route in found
        ],
    )
