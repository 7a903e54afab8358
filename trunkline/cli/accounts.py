"""`trunkline account`: who pays, with how many credits, and who may send through the HTTP API."""

from typing import Annotated

import typer

from trunkline.cli.commands import (
    BadInput,
    CommandFailed,
    Management,
    actor,
    administer,
    parse_amount,
    read_secret,
)
from trunkline.cli.printing import Json, print_fields, print_json, print_table, utc

group = typer.Typer(help="Accounts, their credits and their HTTP API users.")

Account = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.", show_default=False)]


@group.command()
def create(
    ctx: typer.Context,
    name: Account,
    credit: Annotated[
        str, typer.Option("--credits", metavar="NUMBER", help="Credits to begin with, up to six decimals.")
    ] = "0",
    unlimited: Annotated[
        bool, typer.Option("--unlimited", help="Send without credits; the balance then counts below zero.")
    ] = False,
    unknown_outcome: Annotated[
        str,
        typer.Option(
            metavar="wait|resend",
            help="A message whose submit was never answered: wait for its receipt, or send it again.",
        ),
    ] = "wait",
    default_sender: Annotated[
        str, typer.Option(metavar="SENDER", help="Sender of messages that name none.")
    ] = "",
) -> None:
    """Create an account."""
    balance = parse_amount("credits", credit)

    async def work(administration: Management) -> int:
        return await administration.accounts.create(
            name,
            balance=balance,
            unlimited=unlimited,
            unknown_outcome=unknown_outcome,
            default_sender=default_sender,
        )

    account_id = administer(ctx, work)
    typer.echo(f"Account {name} was created with id {account_id}.")


@group.command("list")
def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """List the accounts with their balances."""
    from trunkline.model.money import format_credits  # noqa: PLC0415  (decimal)

    async def work(administration: Management) -> list[dict[str, object]]:
        return [
            {
                "id": row.id,
                "name": row.name,
                "enabled": row.enabled,
                "credits": format_credits(row.balance),
                "unlimited": row.unlimited,
                "unknown_outcome": row.unknown_outcome,
                "default_sender": row.default_sender,
                "created_at": utc(row.created_at),
            }
            for row in await administration.accounts.list()
        ]

    found = administer(ctx, work)
    if as_json:
        print_json(found)
        return
    print_table(
        ("#Id", "Name", "Enabled", "#Credits", "Unlimited", "Unknown outcome", "Default sender", "Created"),
        [list(row.values()) for row in found],
    )


# A negative amount looks like an option: what is no option is taken as it stands.
@group.command(context_settings={"ignore_unknown_options": True})
def credit(
    ctx: typer.Context,
    name: Account,
    amount: Annotated[
        str, typer.Argument(metavar="AMOUNT", help="Credits to add; negative to take.", show_default=False)
    ],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the ledger.", show_default=False)],
    reference: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Your number for it: the same reference counts only once."),
    ] = None,
) -> None:
    """Add credits to an account, or take some."""
    from trunkline.model.errors import InsufficientBalance  # noqa: PLC0415  (only for changes)
    from trunkline.model.money import format_credits  # noqa: PLC0415  (decimal)

    micros = parse_amount("amount", amount)
    if not reason.strip():
        raise BadInput("reason", "must not be empty")

    async def work(administration: Management) -> int:
        try:
            return await administration.accounts.credit(
                name, micros, description=reason, actor=actor(), reference=reference
            )
        except InsufficientBalance:
            taken = format_credits(-micros)
            raise CommandFailed(f"account {name} has less than the {taken} credits to be taken") from None

    balance = administer(ctx, work)
    typer.echo(f"Account {name} now has {format_credits(balance)} credits.")


@group.command()
def http(
    ctx: typer.Context,
    name: Account,
    username: Annotated[
        str, typer.Argument(metavar="USERNAME", help="The new HTTP API user.", show_default=False)
    ],
    rate: Annotated[int, typer.Option(metavar="NUMBER", help="Messages per second; 0 for no limit.")] = 10,
    over_rate: Annotated[
        str,
        typer.Option(metavar="queue|reject", help="Above the rate: accept and send later, or answer 429."),
    ] = "queue",
    dlr_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where delivery reports are posted to.")
    ] = None,
    default_sender: Annotated[
        str, typer.Option(metavar="SENDER", help="Sender of messages that name none.")
    ] = "",
    description: Annotated[str, typer.Option(metavar="TEXT", help="A note for people.")] = "",
    password: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            envvar="TRUNKLINE_CLI_NEW_PASSWORD",
            show_envvar=True,
            help="At least 8 characters, - to be asked; else one is generated.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Create a user of the HTTP API; its password and API key are shown this once."""
    secret = read_secret(password, "Password of the HTTP API user")

    async def work(administration: Management) -> dict[str, object]:
        made = await administration.accounts.create_http_account(
            name,
            username,
            password=secret,
            throughput=rate,
            over_rate=over_rate,
            default_sender=default_sender,
            dlr_url=dlr_url,
            description=description,
        )
        return {"username": made.username, "password": made.password, "api_key": made.api_key}

    made = administer(ctx, work)
    if as_json:
        print_json(made)
        return
    print_fields(made.items())
    typer.echo("Keep them now: only hashes are stored.")
