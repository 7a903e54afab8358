"""The command line `trunkline`; one file per group of commands.

Importing this package must stay cheap, so that help and completion answer at once: what is heavy (settings,
storage, servers, rich) is imported inside the commands that need it. docs/cli.md lists every command.
"""

from pathlib import Path
from typing import Annotated

import typer

from trunkline.cli import (
    accounts,
    api_keys,
    api_token,
    audit,
    connectors,
    database,
    esmes,
    gateway,
    groups,
    http_accounts,
    inbound,
    logins,
    messages,
    pdu_logs,
    probe,
    routes,
    send,
    serve,
    simulate,
    smpp,
    system_settings,
    text,
)
from trunkline.cli.commands import Commands, Invocation

app = typer.Typer(
    cls=Commands,
    help="Trunkline, a self-hosted SMS gateway.",
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(serve.serve)
app.add_typer(database.group, name="db")
accounts.group.add_typer(http_accounts.group)
app.add_typer(accounts.group, name="account")
app.add_typer(esmes.group, name="esme")
app.command()(api_token.api_token)
app.add_typer(logins.group, name="login")
app.add_typer(groups.group, name="group")
app.add_typer(groups.permission_group, name="permission-group")
app.add_typer(api_keys.group, name="api-key")
app.add_typer(audit.group, name="audit")
app.add_typer(connectors.group, name="connector")
app.add_typer(routes.group, name="route")
app.add_typer(system_settings.group, name="settings")
app.add_typer(messages.group, name="message")
app.add_typer(inbound.group, name="inbound")
app.command()(send.send)
smpp.group.command()(probe.probe)
app.add_typer(gateway.group, name="gateway")
app.add_typer(smpp.group, name="smpp")
app.add_typer(pdu_logs.group, name="pdu-log")
app.add_typer(text.group, name="text")
app.add_typer(simulate.group, name="simulate")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415  (only here)

        typer.echo(f"trunkline {version('trunkline')}")
        raise typer.Exit


@app.callback()
def _globals(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="TOML file with settings; else TRUNKLINE_CONFIG or ./trunkline.toml."
        ),
    ] = None,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    ctx.obj = Invocation(config)
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
