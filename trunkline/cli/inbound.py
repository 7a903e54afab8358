"""`trunkline inbound`: what handsets sent."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trunkline.cli.commands import Management, administer, who_runs_this
from trunkline.cli.options import Row, given, with_options
from trunkline.cli.printing import Json, print_fields, print_json, print_table, shortened, utc

if TYPE_CHECKING:
    from trunkline.model.inbound import InboundFilter, InboundRow
    from trunkline.model.message_list import MessagePage

group = typer.Typer(help="Inbound messages: what handsets sent.")


def _filter(name: str, metavar: str, text: str) -> Row:
    return Row(name, str, metavar, text)


_FILTERS = (
    _filter("account", "NAME", "Of this account."),
    _filter("connector", "ID", "That came over this connector."),
    _filter("source", "NUMBER", "From this number."),
    _filter("destination", "ADDRESS", "To this short code, number or name."),
    _filter("text", "TEXT", "Whose text, source or destination contains this."),
    _filter("since", "TIME", "That came at this time (ISO 8601, UTC) or later."),
    _filter("until", "TIME", "That came before this time."),
)
_API_NAMES = {"source": "from_", "destination": "to"}


@group.command("list")
@with_options(_FILTERS)
def list_(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(metavar="N", help="Messages to show.", min=1, max=1000)] = 50,
    after: Annotated[
        str, typer.Option("--next", metavar="ID", help="Go on after this one.", show_default=False)
    ] = "",
    as_json: Json = False,
    **values: Any,
) -> None:
    """List inbound messages, the newest first."""
    import msgspec  # noqa: PLC0415  (see cli/__init__.py)

    from trunkline.servers.http.inbound import list_of  # noqa: PLC0415

    async def work(administration: Management) -> "MessagePage[InboundRow]":
        wanted = await _wanted(administration, values)
        return await administration.inbound.list(who_runs_this(), wanted, after, limit)

    page = administer(ctx, work)
    if as_json:
        print_json(msgspec.to_builtins(list_of(page)))
        return
    print_table(
        ("Time", "ID", "From", "To", "Message", "Connector", "Account", "#Parts"),
        [
            (utc(row.message.received_at), row.message.id, row.message.source_addr, row.message.dest_addr,
             shortened(row.message.text), row.message.connector_id, row.account, _parts(row))
            for row in page.items
        ],
    )  # fmt: skip
    if page.next is not None:
        looked = "" if page.searched else " Older messages were not looked at yet."
        typer.echo(f"There may be more: --next {page.next}{looked}")


@group.command()
def show(
    ctx: typer.Context,
    message_id: Annotated[str, typer.Argument(metavar="ID", help="Its id.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Show an inbound message with everything that is kept of it."""
    import msgspec  # noqa: PLC0415  (see cli/__init__.py)

    from trunkline.servers.http.inbound import view_of  # noqa: PLC0415

    async def work(administration: Management) -> "InboundRow":
        return await administration.inbound.show(who_runs_this(), message_id)

    row = administer(ctx, work)
    view = view_of(row)
    if as_json:
        print_json(msgspec.to_builtins(view))
        return
    print_fields(
        (
            ("Message", view.id),
            ("Time", view.received_at),
            ("From", f"{view.from_} (TON {view.from_ton}, NPI {view.from_npi})"),
            ("To", f"{view.to} (TON {view.to_ton}, NPI {view.to_npi})"),
            ("Text", "(binary)" if view.text is None else view.text),
            ("Octets", view.raw),
            ("Encoding", f"{view.encoding}, data_coding {view.data_coding}"),
            ("Parts", _parts(row)),
            ("Missing", ", ".join(map(str, view.missing_parts))),
            ("Header", view.header),
            ("Ports", None if view.dest_port is None else f"to {view.dest_port} from {view.source_port}"),
            ("Error", view.error),
            ("Connector", view.connector),
            ("Account", view.account),
        )
    )


@group.command()
@with_options(_FILTERS)
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ends in .csv or .xlsx.", show_default=False)],
    **values: Any,
) -> None:
    """Write inbound messages into a file for a spreadsheet."""
    from trunkline.servers.http.message_lists import format_of  # noqa: PLC0415
    from trunkline.services.message_exports import INBOUND, csv_export, xlsx_export  # noqa: PLC0415

    write = csv_export if format_of(file.suffix.removeprefix(".")) == "csv" else xlsx_export

    async def work(administration: Management) -> None:
        rows = administration.inbound.every(who_runs_this(), await _wanted(administration, values))
        with await asyncio.to_thread(file.open, "wb") as output:
            async for piece in write(INBOUND, rows):
                await asyncio.to_thread(output.write, piece)

    administer(ctx, work)


async def _wanted(administration: Management, values: dict[str, Any]) -> "InboundFilter":
    from trunkline.servers.http.inbound import InboundQuery, filter_of  # noqa: PLC0415  (only here)

    asked = given(values)
    account = asked.pop("account", None)
    wanted = filter_of(InboundQuery(**{_API_NAMES.get(name, name): value for name, value in asked.items()}))
    if account is None:
        return wanted
    found = await administration.people.enterprise_users.get(who_runs_this(), account)
    return replace(wanted, account_id=found.id)


def _parts(row: "InboundRow") -> str:
    missing = len(row.message.missing)
    return f"{row.message.parts - missing} of {row.message.parts}" if missing else str(row.message.parts)
