"""`trunkline message`: where a message is and what happened to it, and how to stop it."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from trunkline.cli.commands import CommandFailed, Management, administer
from trunkline.cli.http_api import ApiKey, HttpApi, Password, Url, User, ask
from trunkline.cli.printing import Json, print_fields, print_json, print_table, printable

if TYPE_CHECKING:
    from trunkline.model.administration import MessageDetail

group = typer.Typer(help="Messages.")

MessageId = Annotated[
    str, typer.Argument(metavar="ID", help="The id that the sender was given.", show_default=False)
]


@group.command()
def show(
    ctx: typer.Context,
    message_id: MessageId,
    as_json: Json = False,
) -> None:
    """Show a message: its segments, its history and what it cost."""

    async def work(administration: Management) -> "MessageDetail | None":
        return await administration.messages.show(message_id)

    detail = administer(ctx, work)
    if detail is None:
        raise CommandFailed(f"there is no message {message_id!r}")
    _print(detail, as_json)


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


def _print(detail: "MessageDetail", as_json: bool) -> None:
    import msgspec  # noqa: PLC0415  (only here)

    from trunkline.model.money import format_credits  # noqa: PLC0415  (decimal)
    from trunkline.servers.http.messages import view_of  # noqa: PLC0415  (the HTTP door)

    message = detail.message
    # The same words as GET /api/v1/messages/{id}, and what only the operator may see.
    view = msgspec.to_builtins(view_of(detail))
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
