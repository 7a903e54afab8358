"""`trunkline serve`: the gateway itself."""

from pathlib import Path
from typing import Annotated

import typer

from trunkline.cli.commands import load_settings


def serve(
    ctx: typer.Context,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo",
            help="Also run the bundled SMSC simulator and create an account with credits to try things out.",
        ),
    ] = False,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML file with settings, as before the command.")
    ] = None,
) -> None:
    """Run the gateway in the foreground until Ctrl-C."""
    settings = load_settings(ctx, config)
    from trunkline import app  # noqa: PLC0415  (the whole product; after the settings, so that errors come first)

    raise typer.Exit(app.run_gateway(settings, demo=demo))
