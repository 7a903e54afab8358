"""`trunkline settings`: what administrators set for the platform as a whole."""

from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trunkline.cli.commands import (
    BadInput,
    CommandFailed,
    Management,
    administer,
    os_reason,
    parse_amount,
    read_secret,
    who_runs_this,
)
from trunkline.cli.printing import Json, print_fields, print_json

if TYPE_CHECKING:
    from trunkline.model.system_settings import PlatformSettings

group = typer.Typer(help="Settings of the platform: branding, company, panel, e-mail.")

Section = Annotated[
    str,
    typer.Argument(
        metavar="SECTION", help="branding, company, platform, alerts or smtp.", show_default=False
    ),
]
Pairs = Annotated[
    list[str],
    typer.Argument(metavar="NAME=VALUE", help="A setting and its new value; - asks.", show_default=False),
]


@group.command()
def show(ctx: typer.Context, as_json: Json = False) -> None:
    """Show all settings; a password shows as ***."""

    async def work(administration: Management) -> "PlatformSettings":
        return await administration.system_settings.show(who_runs_this())

    sections = _as_json(administer(ctx, work))
    if as_json:
        print_json(sections)
        return
    print_fields(
        (f"{section}.{name}", ", ".join(value) if isinstance(value, list) else value)
        for section, values in sections.items()
        for name, value in values.items()
    )


@group.command("set")
def set_(ctx: typer.Context, section: Section, settings: Pairs) -> None:
    """Change settings of a section; what is not named stays."""
    values = dict(_pair(each) for each in settings)

    async def work(administration: Management) -> None:
        await administration.system_settings.change(who_runs_this(), section, **_typed(section, values))

    administer(ctx, work)
    typer.echo(f"The section {section} was changed.")


@group.command()
def logo(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A PNG, JPEG or WebP picture.", show_default=False),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Show the product's own mark again.")] = False,
) -> None:
    """Set the panel's logo, or remove it."""
    if (file is None) is not remove:
        raise BadInput("settings logo", "name a file, or --remove")
    content = b"" if file is None else _read(file)

    async def work(administration: Management) -> None:
        if remove:
            await administration.system_settings.remove_logo(who_runs_this())
        else:
            await administration.system_settings.set_logo(who_runs_this(), content)

    administer(ctx, work)
    typer.echo("The logo was removed." if remove else "The logo was set.")


@group.command("test-email")
def send_test(
    ctx: typer.Context,
    recipient: Annotated[
        str,
        typer.Argument(
            metavar="[ADDRESS]", help="Where to; else the recipients of alerts.", show_default=False
        ),
    ] = "",
) -> None:
    """Send an e-mail to try the settings out, and print what the server said."""
    from trunkline.model.mail import MailFailed  # noqa: PLC0415  (only here)

    async def work(administration: Management) -> str:
        try:
            return await administration.system_settings.send_test(who_runs_this(), recipient)
        except MailFailed as error:
            raise CommandFailed(str(error)) from None

    typer.echo(f"The server took the e-mail: {administer(ctx, work)}")


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise BadInput("NAME=VALUE", f"{text!r} has no =")
    return name, value


def _typed(section: str, values: dict[str, str]) -> dict[str, Any]:
    """The values as the section's types want them; those of unknown names stay texts."""
    from trunkline.model.system_settings import SECTION_TYPES, Section  # noqa: PLC0415  (only here)

    if section not in SECTION_TYPES:
        return dict(values)
    kinds = {each.name: each.type for each in fields(SECTION_TYPES[Section(section)])}
    return {name: _value(name, kinds.get(name), text) for name, text in values.items()}


def _value(name: str, kind: object, text: str) -> Any:
    if name == "password":
        return read_secret(text, "Password of the e-mail server")
    if name == "low_credit_threshold":
        return parse_amount(name, text)
    if kind is int:
        if not text.isascii() or not text.isdigit():
            raise BadInput(name, f"must be a whole number, not {text!r}")
        return int(text)
    return tuple(text.split(",")) if name == "recipients" else text


def _read(path: Path) -> bytes:
    try:
        return path.expanduser().read_bytes()
    except OSError as error:
        raise BadInput("FILE", f"cannot read {os_reason(error)}") from None


def _as_json(settings: "PlatformSettings") -> dict[str, dict[str, Any]]:
    from trunkline.model.money import format_credits  # noqa: PLC0415  (only with the database)
    from trunkline.model.system_settings import Section  # noqa: PLC0415  (see above)

    shown = {name.value: asdict(settings.section(name)) for name in Section}
    platform = shown["platform"]
    platform["low_credit_threshold"] = format_credits(platform["low_credit_threshold"])
    shown["alerts"]["recipients"] = list(shown["alerts"]["recipients"])
    shown["branding"]["logo"] = settings.logo.media_type if settings.logo is not None else None
    return shown
