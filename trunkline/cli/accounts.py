"""`trunkline account`: who pays, and with how many credits."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer

from trunkline.cli.commands import (
    BadInput,
    CommandFailed,
    Management,
    administer,
    parse_amount,
    who_runs_this,
)
from trunkline.cli.options import Row, given, with_options
from trunkline.cli.paging import every_item
from trunkline.cli.printing import Json, print_json, print_table, utc

group = typer.Typer(help="Accounts, their credits and their HTTP API users.")

Account = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.", show_default=False)]


ROWS: Sequence[Row] = (
    Row("unlimited", bool, "", "Send without credits; the balance then counts below zero", False),
    Row(
        "unknown_outcome",
        str,
        "wait|resend",
        "A message whose submit was never answered: wait for its receipt, or send it again",
        "wait",
    ),
    Row("default_sender", str, "SENDER", "Sender of messages that name none", ""),
    Row(
        "receipt_policy",
        str,
        "all|any|first|last",
        "Which segments of a long message decide about its receipt",
        "all",
    ),
    Row("smart_encoding", bool, "", "Write characters that GSM 03.38 lacks with those it has", False),
    Row("company", str, "TEXT", "The company's name", ""),
    Row("contact_email", str, "ADDRESS", "Whom to write to", ""),
    Row("throughput", int, "NUMBER", "Messages per second over all its senders; 0 for no limit", 0),
    Row("group", str, "NAME", "The group it is in", ""),
    Row("permission_group", str, "NAME", "What its logins may do", ""),
)
_CHANGES = [
    Row("enabled", bool, "", "Whether its users may send"),
    *(replace(row, default=None) for row in ROWS),
]


@group.command()
@with_options(ROWS)
def create(
    ctx: typer.Context,
    name: Account,
    credit: Annotated[
        str, typer.Option("--credits", metavar="NUMBER", help="Credits to begin with, up to six decimals.")
    ] = "0",
    **values: Any,
) -> None:
    """Create an account."""
    balance = parse_amount("credits", credit)

    async def work(administration: Management) -> int:
        users = administration.people.enterprise_users
        return (await users.create(who_runs_this(), name, balance=balance, **given(values))).account.id

    account_id = administer(ctx, work)
    typer.echo(f"Account {name} was created with id {account_id}.")


@group.command()
@with_options(_CHANGES)
def change(ctx: typer.Context, name: Account, **values: Any) -> None:
    """Change an account; what is not given stays."""
    fields = given(values)
    if not fields:
        raise BadInput("account change", "name at least one value to change")

    async def work(administration: Management) -> None:
        await administration.people.enterprise_users.change(who_runs_this(), name, **fields)

    administer(ctx, work)
    typer.echo(f"Account {name} was changed.")


@group.command("list")
def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """List the accounts with their balances."""
    from trunkline.model.money import format_credits  # noqa: PLC0415  (decimal)

    async def work(administration: Management) -> list[dict[str, object]]:
        users = administration.people.enterprise_users
        return [
            {
                "id": row.id,
                "name": row.name,
                "enabled": row.enabled,
                "credits": format_credits(row.balance),
                "unlimited": row.unlimited,
                "unknown_outcome": row.unknown_outcome,
                "default_sender": row.default_sender,
                "receipt_policy": row.receipt_policy,
                "smart_encoding": row.smart_encoding,
                "company": row.company,
                "contact_email": row.contact_email,
                "throughput": row.throughput,
                "group": row.group,
                "permission_group": row.permission_group,
                "logins": row.logins,
                "esmes": row.esmes,
                "http_accounts": row.http_accounts,
                "created_at": utc(row.created_at),
            }
            for row in await every_item(lambda page: users.list(who_runs_this(), None, page))
        ]

    found = administer(ctx, work)
    if as_json:
        print_json(found)
        return
    print_table(
        (
            "#Id", "Name", "Enabled", "#Credits", "Unlimited", "Unknown outcome", "Default sender",
            "Receipt policy", "Smart encoding", "Company", "Contact", "#Per second", "Group",
            "Permission group", "#Logins", "#ESMEs", "#HTTP API", "Created",
        ),
        [list(row.values()) for row in found],
    )  # fmt: skip


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
            return await administration.people.enterprise_users.credit(
                who_runs_this(), name, micros, description=reason, reference=reference
            )
        except InsufficientBalance:
            taken = format_credits(-micros)
            raise CommandFailed(f"account {name} has less than the {taken} credits to be taken") from None

    balance = administer(ctx, work)
    typer.echo(f"Account {name} now has {format_credits(balance)} credits.")
