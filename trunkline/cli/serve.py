"""`trunkline serve`: the gateway itself."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from trunkline.cli.commands import BadInput, load_settings


class Role(StrEnum):
    """See the setting `role`."""

    ALL = "all"
    GATEWAY = "gateway"
    PANEL = "panel"


def serve(
    ctx: typer.Context,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo",
            help="Also run the bundled SMSC simulator and create an account with credits to try things out.",
        ),
    ] = False,
    role: Annotated[
        Role | None,
        typer.Option(
            help="Which part to run: `all`, everything but the panel (`gateway`), or the panel and the "
            "management API alone (`panel`), beside a gateway on the same database."
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML file with settings, as before the command.")
    ] = None,
) -> None:
    """Run the gateway in the foreground until Ctrl-C."""
    settings = load_settings(ctx, config, role=role)
    if demo and settings.role == Role.PANEL.value:
        raise BadInput("--demo", "needs a gateway, which the role panel is not")
    from trunkline import app  # noqa: PLC0415  (the whole product; after the settings, so that errors come first)

    raise typer.Exit(app.run_gateway(settings, demo=demo))
