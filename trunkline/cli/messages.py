"""`trunkline message`: where a message is and what happened to it, and how to stop it."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from trunkline.cli.commands import CommandFailed, Management, administer, load_settings
from trunkline.cli.http_api import ApiKey, HttpApi, Password, Url, User, ask
from trunkline.cli.options import Row, given, with_options
from trunkline.cli.printing import Json, print_fields, print_json, print_table, printable, shortened, utc

if TYPE_CHECKING:
    from trunkline.model.administration import MessageDetail
    from trunkline.model.message_list import MessagePage, MessageRow
    from trunkline.services.message_decisions import Decisions
    from trunkline.services.message_pdus import FoundPdus

group = typer.Typer(help="Messages.")

MessageId = Annotated[
    str, typer.Argument(metavar="ID", help="The id that the sender was given.", show_default=False)
]


def _filter(name: str, metavar: str, text: str) -> Row:
    return Row(name, str, metavar, text)


_FILTERS = (
    _filter("account", "NAME", "Of this account."),
    _filter("connector", "ID", "Over this connector."),
    _filter("state", "STATE", "In this state: queued, sent, delivered, undelivered, rejected ..."),
    _filter("door", "DOOR", "That came in this way: smpp or http."),
    _filter("credential", "NAME", "Handed in by this SMPP or HTTP user."),
    _filter("id", "ID", "With this id."),
    _filter("source", "ADDRESS", "With this source address."),
    _filter("source_prefix", "TEXT", "Whose source address begins with this."),
    _filter("destination", "NUMBER", "To this destination."),
    _filter("prefix", "DIGITS", "To destinations that begin with this."),
    _filter("encoding", "NAME", "In this encoding: gsm7, ucs2, latin1, binary ..."),
    _filter("parts", "N", "In so many parts."),
    _filter("charged", "CREDITS", "For which so many credits were charged."),
    _filter("receipt", "STATUS", "With this status in receipts: DELIVRD, UNDELIV ..."),
    _filter("error", "TEXT", "Whose error contains this."),
    _filter("text", "TEXT", "Whose text, source or destination contains this."),
    _filter("since", "TIME", "Accepted at this time (ISO 8601, UTC) or later."),
    _filter("until", "TIME", "Accepted before this time."),
)
# What the API calls a filter, where that is not a good name for an option.
_API_NAMES = {"source": "from", "destination": "to", "prefix": "to_prefix", "source_prefix": "from_prefix"}


@group.command("list")
@with_options(_FILTERS)
def list_(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(metavar="N", help="Messages to show.", min=1, max=1000)] = 50,
    cursor: Annotated[
        str, typer.Option("--next", metavar="ID", help="Go on after this one.", show_default=False)
    ] = "",
    as_json: Json = False,
    **values: Any,
) -> None:
    """List messages, the newest first."""
    import msgspec  # noqa: PLC0415  (see cli/__init__.py)

    from trunkline.model.identity import COMMAND_LINE  # noqa: PLC0415  (see cli/__init__.py)
    from trunkline.servers.http.message_lists import MessageQuery, filter_of, list_of  # noqa: PLC0415

    account = values.pop("account", None)
    query = {_API_NAMES.get(name, name): value for name, value in given(values).items()}
    wanted = filter_of(msgspec.convert(query, MessageQuery))

    async def work(administration: Management) -> "MessagePage[MessageRow]":
        named = wanted
        if account is not None:
            found = await administration.people.enterprise_users.get(COMMAND_LINE, account)
            named = replace(wanted, account_id=found.id)
        return await administration.messages.list(COMMAND_LINE, named, cursor, limit)

    page = administer(ctx, work)
    if as_json:
        print_json(msgspec.to_builtins(list_of(page)))
        return
    print_table(
        ("Accepted", "ID", "Account", "From", "To", "Text", "Connector", "State", "Error"),
        [
            (utc(row.accepted_at), row.id, row.account, row.source_addr, row.dest_addr, shortened(row.text),
             row.connector_id, row.state.value, row.error)
            for row in page.items
        ],
    )  # fmt: skip
    if page.next is not None:
        looked = "" if page.searched else " Older messages were not looked at yet."
        typer.echo(f"There may be more: --next {page.next}{looked}")


@group.command()
def show(
    ctx: typer.Context,
    message_id: MessageId,
    as_json: Json = False,
) -> None:
    """Show a message: its segments, its history and what it cost."""
    from trunkline.model.identity import COMMAND_LINE  # noqa: PLC0415  (see cli/__init__.py)

    async def work(administration: Management) -> "tuple[MessageDetail, Decisions]":
        detail = await administration.messages.show(COMMAND_LINE, message_id)
        if detail is None:
            raise CommandFailed(f"there is no message {message_id!r}")
        return detail, await administration.messages.decisions(COMMAND_LINE, detail)

    _print(*administer(ctx, work), as_json)


@group.command()
def pdus(
    ctx: typer.Context,
    message_id: MessageId,
    part: Annotated[int, typer.Option(metavar="N", help="Which part of a long message.", min=1)] = 1,
    as_json: Json = False,
) -> None:
    """Show the PDUs of a message's part, as far as its connector's PDU log has them, field by field."""
    import msgspec  # noqa: PLC0415  (see cli/__init__.py)

    from trunkline.model.identity import COMMAND_LINE  # noqa: PLC0415  (see cli/__init__.py)
    from trunkline.services.message_pdus import MessagePdus  # noqa: PLC0415
    from trunkline.services.pdu_explanation import explain_pdus  # noqa: PLC0415
    from trunkline.services.pdu_logs import PduLogs  # noqa: PLC0415

    lookup = MessagePdus(PduLogs(load_settings(ctx).pdu_log_dir))

    async def work(administration: Management) -> "FoundPdus":
        detail = await administration.messages.show(COMMAND_LINE, message_id)
        if detail is None:
            raise CommandFailed(f"there is no message {message_id!r}")
        return await lookup.of_segment(COMMAND_LINE, detail.message, part)

    found = administer(ctx, work)
    explained = [(each, pdu) for each in found.pdus for pdu in explain_pdus(each.octets)]
    if as_json:
        print_json([{"sent": each.sent, "at": each.at} | msgspec.to_builtins(pdu) for each, pdu in explained])
        return
    if not explained:
        raise CommandFailed(
            "the PDU log has nothing of it"
            if found.logged
            else "the connector's PDU log was off at that time"
        )
    for each, pdu in explained:
        way = "to the SMSC" if each.sent else "from the SMSC"
        print_table(
            ("Field", "Value", "Meaning"),
            [("  " * field.level + field.field, field.value, field.meaning) for field in pdu.fields],
            title=f"{utc(each.at)}  {pdu.pdu} {way}",
        )


@group.command()
def cancel(
    ctx: typer.Context,
    message_id: MessageId,
    url: Url = None,
    user: User = None,
    password: Password = None,
    api_key: ApiKey = None,
    as_json: Json = False,
) -> None:
    """Cancel a message of an HTTP API account, through a running gateway.

    Address and credentials default to those of the demo, from demo.json in the data directory.
    The exit code is 1 when the message cannot be cancelled any more.
    """
    api = HttpApi.of(ctx, url, user, password, api_key)

    async def work() -> dict[str, Any]:
        async with api.session() as session:
            return await ask(
                session.post(f"{api.address}/api/v1/messages/{quote(message_id, safe='')}/cancel")
            )

    view = asyncio.run(work())
    if as_json:
        print_json(view)
    else:
        typer.echo(printable(str(view.get("state"))))


def _print(detail: "MessageDetail", decisions: "Decisions", as_json: bool) -> None:
    import msgspec  # noqa: PLC0415  (only here)

    from trunkline.model.money import format_credits  # noqa: PLC0415  (decimal)
    from trunkline.servers.http.messages import view_of  # noqa: PLC0415  (the HTTP door)

    message = detail.message
    # The same words as GET /api/v1/messages/{id}, and what only the operator may see.
    view = msgspec.to_builtins(view_of(detail, decisions, whole=True))
    del view["ok"]
    view |= {
        "account_id": message.account_id,
        "door": message.door,
        "credential": message.credential,
        "route_id": message.route_id,
        "rate": format_credits(message.rate),
    }
    if as_json:
        print_json(view)
        return
    callback = view["callback"]
    print_fields(
        (
            ("Message", view["message_id"]),
            ("State", view["state"]),
            ("Error", view["error"]),
            ("From", view["from"]),
            ("To", view["to"]),
            ("Text", "(binary)" if view["text"] is None else view["text"]),
            ("Encoding", f"{view['encoding']}, {view['parts']} segment(s)"),
            ("Account", f"{view['account_id']}, through {view['door']} as {view['credential']}"),
            (
                "Charged",
                f"{view['charged']} credits: {view['parts']} x {view['rate']}, route {view['route_id']}",
            ),
            ("Accepted", view["accepted_at"]),
            ("Sent", view["sent_at"]),
            ("Done", view["done_at"]),
            ("Valid until", view["expires_at"]),
            ("Report", f"{callback['state']}, {callback['pending']} waiting"),
        )
    )
    print_table(
        ("#No.", "State", "Connector", "#Attempts", "SMSC's id", "Status", "Receipt", "Text"),
        [
            (
                segment["number"],
                segment["state"],
                segment["connector"],
                segment["attempts"],
                segment["smsc_message_id"],
                None if segment["command_status"] is None else f"0x{segment['command_status']:08X}",
                segment["receipt_status"] and f"{segment['receipt_status']} {segment['receipt_error'] or ''}",
                segment["text"],
            )
            for segment in view["segments"]
        ],
        title="Segments",
    )
    print_table(
        ("At", "Event", "#Segment", "Detail"),
        [(entry["at"], entry["event"], entry["segment"], entry["detail"]) for entry in view["history"]],
        title="History",
    )
    print_table(
        ("Check", "Outcome", "Found"),
        [
            (
                each["check"],
                each["outcome"],
                ", ".join(f"{name} {value}" for name, value in each["values"].items()),
            )
            for each in view["checks"]
        ],
        title="Decisions",
    )
    print_table(
        ("Route", "Prefix", "Connectors", "Outcome"),
        [
            (each["name"], each["prefix"], ", ".join(each["connectors"]), each["outcome"])
            for each in view["routes"]
        ],
        title="Routes, as they are now" if not decisions.as_it_was else "Routes",
    )
