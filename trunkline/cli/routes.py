"""`trunkline route`: which connector takes which message, and at what price."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from trunkline.cli.commands import BadInput, Management, administer, parse_amount, who_runs_this
from trunkline.cli.options import Row, given, with_options
from trunkline.cli.paging import every_item
from trunkline.cli.printing import Json, print_json, print_table

if TYPE_CHECKING:
    from trunkline.model.administration import RouteRow

group = typer.Typer(help="The ordered route table: the first enabled route that fits a message takes it.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The route's name.", show_default=False)]

_CONNECTOR = "Connector to send through; may be repeated, the best first"
_PREFIX = "Destinations that begin so"
_ACCOUNT = "Only for this account"
_RATE = "Credits per segment, up to six decimals"
_CHANGES = (
    Row("new_name", str, "NAME", "A new name"),
    Row("connector", list[str], "ID", f"{_CONNECTOR}; replaces all it had"),
    Row("prefix", str, "DIGITS", f"{_PREFIX}; empty: all"),
    Row("account", str, "NAME", f"{_ACCOUNT}; empty: for all"),
    Row("rate", str, "CREDITS", _RATE),
)


@group.command()
@with_options(
    [
        Row("connector", list[str], "ID", _CONNECTOR, required=True),
        Row("prefix", str, "DIGITS", f"{_PREFIX}; none: all"),
        Row("account", str, "NAME", f"{_ACCOUNT}; none: for all"),
        Row("rate", str, "CREDITS", _RATE, default="1"),
        Row("position", int, "NUMBER", "Place in the table, 1 is the first; none: the end"),
        Row("enabled", bool, "", "Whether it takes messages", default=True),
    ]
)
def create(ctx: typer.Context, name: Name, **values: Any) -> None:
    """Add a route."""
    fields = _fields(given(values))
    connectors = fields.pop("connectors")

    async def work(administration: Management) -> "RouteRow":
        return await administration.routes.create(who_runs_this(), name, connectors, **fields)

    made = administer(ctx, work)
    typer.echo(f"Route {name} was created with id {made.id} at position {made.position}.")


@group.command()
@with_options(_CHANGES)
def change(ctx: typer.Context, name: Name, **values: Any) -> None:
    """Change a route; what is not given stays."""
    fields = _fields({option: value for option, value in given(values).items() if value != []})
    if not fields:
        raise BadInput("route change", "name at least one value to change")
    if "new_name" in fields:
        fields["name"] = fields.pop("new_name")
    _change(ctx, name, fields)
    typer.echo(f"Route {name} was changed.")


@group.command()
def enable(ctx: typer.Context, name: Name) -> None:
    """Have a route take messages again."""
    _change(ctx, name, {"enabled": True})
    typer.echo(f"Route {name} is enabled.")


@group.command()
def disable(ctx: typer.Context, name: Name) -> None:
    """Have a route passed over; it stays in the table."""
    _change(ctx, name, {"enabled": False})
    typer.echo(f"Route {name} is disabled.")


@group.command()
def move(
    ctx: typer.Context,
    name: Name,
    position: Annotated[
        int,
        typer.Argument(
            metavar="POSITION",
            help="Its new place, 1 is the first; beyond the last: the end.",
            show_default=False,
        ),
    ],
) -> None:
    """Move a route to another place in the table."""

    async def work(administration: Management) -> "RouteRow":
        return await administration.routes.move(who_runs_this(), name, position)

    typer.echo(f"Route {name} is at position {administer(ctx, work).position}.")


@group.command()
def delete(ctx: typer.Context, name: Name) -> None:
    """Delete a route; messages that it took stay as they are."""

    async def work(administration: Management) -> None:
        await administration.routes.delete(who_runs_this(), name)

    administer(ctx, work)
    typer.echo(f"Route {name} was deleted.")


@group.command("list")
def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """List the routes in the order in which they are tried."""
    from trunkline.model.money import format_credits  # noqa: PLC0415  (decimal)

    async def work(administration: Management) -> "list[RouteRow]":
        routes = administration.routes
        return await every_item(lambda page: routes.list(who_runs_this(), page=page))

    found = administer(ctx, work)
    if as_json:
        print_json(
            [
                {
                    "id": route.id,
                    "position": route.position,
                    "name": route.name,
                    "prefix": route.prefix,
                    "account": route.account,
                    "connectors": route.connector_ids,
                    "rate": format_credits(route.rate),
                    "enabled": route.enabled,
                }
                for route in found
            ]
        )
        return
    print_table(
        ("#Position", "Name", "Prefix", "Account", "Connectors", "#Rate", "Enabled"),
        [
            (
                route.position,
                route.name,
                route.prefix or "any",
                route.account or "any",
                ", ".join(route.connector_ids),
                format_credits(route.rate),
                route.enabled,
            )
            for route in found
        ],
    )


def _fields(values: dict[str, Any]) -> dict[str, Any]:
    """The options by the service's names."""
    if "rate" in values:
        values["rate"] = parse_amount("rate", values["rate"])
    if "connector" in values:
        values["connectors"] = tuple(values.pop("connector"))
    return values


def _change(ctx: typer.Context, name: str, fields: dict[str, Any]) -> None:
    async def work(administration: Management) -> None:
        await administration.routes.change(who_runs_this(), name, **fields)

    administer(ctx, work)
