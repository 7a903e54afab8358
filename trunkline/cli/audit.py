"""`trunkline audit`: who changed what."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trunkline.cli.commands import Management, administer, who_runs_this
from trunkline.cli.options import Row, given, with_options
from trunkline.cli.paging import every_item
from trunkline.cli.printing import Json, print_json, print_table, utc

if TYPE_CHECKING:
    from trunkline.model.identity import AuditEntry

group = typer.Typer(help="The audit log: who changed what, when, from where.")

_FILTERS: Sequence[Row] = (
    Row("user", str, "NAME", "Only what this user did"),
    Row("action", str, "NAME", "Only this, such as create, change, delete or sign_in"),
    Row("entity", str, "NAME", "Only on such things: login, connector, account ..."),
    Row("id", str, "ID", "Only on the thing with this name or id"),
    Row("door", str, "panel|api|cli|gateway", "Only what came this way"),
)
_FIELDS = {"user": "actor", "id": "entity_id"}


@group.command("list")
@with_options(_FILTERS)
def list_(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(metavar="NUMBER", min=1, help="How many at most.")] = 50,
    as_json: Json = False,
    **values: Any,
) -> None:
    """List entries of the audit log, the newest first."""

    async def work(administration: Management) -> "list[AuditEntry]":
        from trunkline.model.people import AuditFilter  # noqa: PLC0415  (only with the database)

        audit, wanted = administration.people.audit, AuditFilter(**_wanted(values))
        return await every_item(lambda page: audit.list(who_runs_this(), wanted, page), limit)

    rows = administer(ctx, work)
    if as_json:
        print_json(
            [
                {
                    "id": row.id,
                    "at": utc(row.at),
                    "user": row.actor,
                    "action": row.action,
                    "entity": row.entity,
                    "entity_id": row.entity_id,
                    "address": row.address,
                    "door": row.door,
                    "details": row.details,
                }
                for row in rows
            ]
        )
        return
    print_table(
        ("#", "Time", "User", "Action", "Entity", "ID", "IP", "Door", "Details"),
        [
            (
                row.id,
                utc(row.at),
                row.actor,
                row.action,
                row.entity,
                row.entity_id,
                row.address,
                row.door,
                json.dumps(row.details, ensure_ascii=False),
            )
            for row in rows
        ],
    )


@group.command()
@with_options(_FILTERS)
def export(ctx: typer.Context, **values: Any) -> None:
    """Print the audit log as CSV; a text that a spreadsheet would compute gets an apostrophe in front."""

    async def work(administration: Management) -> None:
        from trunkline.model.people import AuditFilter  # noqa: PLC0415  (only with the database)

        wanted = AuditFilter(**_wanted(values))
        async for piece in administration.people.audit.export(who_runs_this(), wanted):
            typer.echo(piece, nl=False)

    administer(ctx, work)


def _wanted(values: dict[str, Any]) -> dict[str, Any]:
    return {_FIELDS.get(name, name): value for name, value in given(values).items()}
