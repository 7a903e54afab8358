"""`trunkline esme`: who may bind to the SMPP server."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trunkline.cli.commands import BadInput, Management, administer, read_secret, who_runs_this
from trunkline.cli.options import Row, given, new_password, with_options
from trunkline.cli.paging import every_item
from trunkline.cli.printing import Json, print_fields, print_json, print_table, utc

if TYPE_CHECKING:
    from trunkline.model.administration import EsmeRow
    from trunkline.services.esmes import EsmeOverview

group = typer.Typer(help="SMPP users: who may bind to the gateway.")

SystemId = Annotated[
    str, typer.Argument(metavar="SYSTEM_ID", help="1 to 16 characters without spaces.", show_default=False)
]

ANYWHERE = "any"

ROWS: Sequence[Row] = (
    Row("password", str, "TEXT", "1 to 9 characters; - to be asked"),
    Row("max_binds", int, "NUMBER", "Binds at the same time", 10),
    Row(
        "allowed_network",
        list[str],
        "NETWORK",
        "Address or network it may come from; may be repeated",
        ANYWHERE,
    ),
    Row("throughput", int, "NUMBER", "Messages per minute on one connection; 0 for no limit", 0),
    Row("window", int, "NUMBER", "Receipts sent to a session and not yet answered", 100),
    Row("default_alphabet", str, "NAME", "What data_coding 0 means to it, such as gsm7 or latin1", "gsm7"),
    Row("receipt_format", str, "standard|milliseconds", "How its receipts read", "standard"),
    Row("pdu_log", bool, "", "Write its PDUs to the PDU log", False),
    Row("enabled", bool, "", "Whether it may bind", True),
    Row("broadcast", bool, "", "Whether it may send cell broadcasts", False),
    Row("outbind", str, "HOST:PORT", "Where it waits to be asked to bind when receipts wait for it", ""),
)
_NEW = [new_password(row) if row.field == "password" else row for row in ROWS]
_CHANGES = [replace(row, default=None) for row in ROWS]


@group.command()
@with_options(_NEW)
def create(
    ctx: typer.Context,
    account: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help="The account that pays.", show_default=False)
    ],
    system_id: SystemId,
    as_json: Json = False,
    **values: Any,
) -> None:
    """Create an SMPP user; its password is shown this once."""
    fields = _fields(values)

    async def work(administration: Management) -> dict[str, object]:
        made = await administration.esmes.create(who_runs_this(), account, system_id, **fields)
        return {"id": made.id, "system_id": made.system_id, "password": made.password}

    made = administer(ctx, work)
    if as_json:
        print_json(made)
        return
    print_fields(made.items())
    typer.echo("Keep the password now: only its hash is stored.")


@group.command()
@with_options(_CHANGES)
def change(ctx: typer.Context, system_id: SystemId, **values: Any) -> None:
    """Change an SMPP user; what is not given stays. New limits or a new password make it bind again."""
    fields = _fields(values)
    if not fields:
        raise BadInput("esme change", "name at least one value to change")
    _change(ctx, system_id, **fields)
    typer.echo(f"SMPP user {system_id} was changed.")


@group.command()
def enable(ctx: typer.Context, system_id: SystemId) -> None:
    """Let an SMPP user bind."""
    _change(ctx, system_id, enabled=True)
    typer.echo(f"SMPP user {system_id} may bind.")


@group.command()
def disable(ctx: typer.Context, system_id: SystemId) -> None:
    """Let an SMPP user bind no more; a running gateway unbinds it."""
    _change(ctx, system_id, enabled=False)
    typer.echo(f"SMPP user {system_id} may not bind any more.")


@group.command()
def unbind(ctx: typer.Context, system_id: SystemId) -> None:
    """Have a running gateway unbind all sessions of an SMPP user; it may bind again."""

    async def work(administration: Management) -> None:
        await administration.esmes.unbind(who_runs_this(), system_id)

    administer(ctx, work)
    typer.echo(f"SMPP user {system_id} is unbound within a second.")


@group.command("reset-password")
def reset_password(
    ctx: typer.Context,
    system_id: SystemId,
    as_json: Json = False,
    password: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="1 to 9 characters; - to be asked; else one is generated.",
            envvar="TRUNKLINE_CLI_NEW_PASSWORD",
        ),
    ] = None,
) -> None:
    """Give an SMPP user another password, shown this once; a running gateway unbinds it."""
    wanted = read_secret(password, "Password of the SMPP user")

    async def work(administration: Management) -> dict[str, object]:
        made = await administration.esmes.reset_password(who_runs_this(), system_id, wanted)
        return {"system_id": made.system_id, "password": made.password}

    made = administer(ctx, work)
    if as_json:
        print_json(made)
        return
    print_fields(made.items())
    typer.echo("Keep the password now: only its hash is stored.")


@group.command()
def delete(
    ctx: typer.Context,
    system_id: SystemId,
    give_up_receipts: Annotated[
        bool, typer.Option("--give-up-receipts", help="Even if receipts wait for it: they are given up.")
    ] = False,
) -> None:
    """Delete an SMPP user; a running gateway unbinds it. Its messages stay."""

    async def work(administration: Management) -> None:
        esmes = administration.esmes
        await esmes.delete(who_runs_this(), system_id, give_up_receipts=give_up_receipts)

    administer(ctx, work)
    typer.echo(f"SMPP user {system_id} was deleted.")


@group.command("list")
def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """List the SMPP users with their limits, and the receipts that wait for them."""

    async def work(administration: Management) -> "list[EsmeOverview]":
        esmes = administration.esmes
        return await every_item(lambda page: esmes.list(who_runs_this(), page=page))

    found = administer(ctx, work)
    if as_json:
        print_json([_as_json(each.row, each.receipts_waiting) for each in found])
        return
    print_table(
        (
            "#Id",
            "System id",
            "Account",
            "Enabled",
            "#Max binds",
            "Allowed from",
            "#Per minute",
            "#Receipts waiting",
        ),
        [
            (
                row.id,
                row.system_id,
                row.account,
                row.settings.enabled,
                row.settings.max_binds,
                row.settings.allowed_networks.replace(",", ", ") or ANYWHERE,
                row.settings.throughput or "no limit",
                each.receipts_waiting,
            )
            for each in found
            for row in (each.row,)
        ],
    )


def _change(ctx: typer.Context, system_id: str, **fields: Any) -> None:
    async def work(administration: Management) -> None:
        await administration.esmes.change(who_runs_this(), system_id, **fields)

    administer(ctx, work)


def _fields(values: dict[str, Any]) -> dict[str, Any]:
    fields = given(values)
    if "password" in fields:
        fields["password"] = read_secret(fields["password"], "Password of the SMPP user")
    networks = fields.pop("allowed_network", None)
    if networks:
        fields["allowed_networks"] = "" if networks == [ANYWHERE] else ",".join(networks)
    return fields


def _as_json(row: "EsmeRow", waiting: int) -> dict[str, Any]:
    """Everything but the password."""
    settings = asdict(row.settings)
    settings["allowed_networks"] = [each for each in settings["allowed_networks"].split(",") if each]
    return {
        "id": row.id,
        "system_id": row.system_id,
        "account": row.account,
        **settings,
        "receipts_waiting": waiting,
        "created_at": utc(row.created_at),
        "updated_at": utc(row.updated_at),
    }
