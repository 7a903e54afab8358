"""`trunkline db`: the database's layout."""

import typer

from trunkline.cli.commands import load_settings

group = typer.Typer(help="The database.")


@group.callback()
def _group() -> None:
    # A callback keeps `upgrade` a command of its own while it is the only one.
    pass


@group.command()
def upgrade(ctx: typer.Context) -> None:
    """Create the database, or bring it to the layout of this version; nothing happens when it is there."""
    settings = load_settings(ctx)
    from trunkline import app, logs  # noqa: PLC0415  (the whole product; after the settings)
    from trunkline.config import mask_url_passwords  # noqa: PLC0415  (see above)

    logs.configure("warning", settings.log_format)
    app.upgrade_database(settings)
    typer.echo(f"The database {mask_url_passwords(settings.database_url)} is up to date.")
