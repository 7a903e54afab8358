"""`trunkline text`: what a text will become."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from trunkline.cli.commands import BadInput
from trunkline.cli.printing import Json, print_fields, print_json, print_table

if TYPE_CHECKING:
    from trunkline.services.texts import TextReport

group = typer.Typer(help="Texts: their encoding and their parts.")


@group.callback()
def _group() -> None:
    # A callback keeps `inspect` a command of its own while it is the only one.
    pass


@group.command()
def inspect(
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="The text; - to read it from the input.", show_default=False)
    ],
    coding: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="A data_coding to insist on; else the text chooses.")
    ] = None,
    long_message: Annotated[
        str, typer.Option(metavar="NAME", help="How it is cut: udh8, udh16, sar or payload.")
    ] = "udh8",
    language: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A language whose national tables the handsets know; repeatable."),
    ] = None,
    smart: Annotated[
        bool, typer.Option("--smart", help="As an account with smart encoding sends it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show how a text will be encoded, into how many parts it is cut, and which characters make it long."""
    from trunkline.services.accounts import InvalidInput  # noqa: PLC0415  (see cli/__init__.py)
    from trunkline.services.texts import inspect_text  # noqa: PLC0415  (see cli/__init__.py)

    if text == "-":
        text = sys.stdin.read().removesuffix("\n")
    try:
        report = inspect_text(
            text, coding=coding, long_message=long_message, languages=language or (), smart=smart
        )
    except InvalidInput as error:
        raise BadInput(error.field, error.rule) from None
    if as_json:
        import msgspec  # noqa: PLC0415  (only here)

        print_json(msgspec.to_builtins(report))
    else:
        _print(report)


def _print(report: "TextReport") -> None:
    alternative = report.smart_encoding
    tables = f", {report.language.capitalize()} tables" if report.language else ""
    print_fields(
        (
            ("Encoding", f"{report.encoding} (data_coding {report.data_coding}{tables})"),
            ("Characters", report.characters),
            ("Length", f"{report.units} {report.unit}"),
            ("Parts", report.parts),
            ("Each part", ", ".join(map(str, report.units_per_part)) if report.parts > 1 else None),
            ("Left", f"{report.units_left} {report.unit} in the last part"),
            (
                "Smart encoding",
                f"{alternative.parts} part(s), {alternative.changed} character(s) changed: {alternative.text}"
                if alternative
                else None,
            ),
        )
    )
    if report.not_gsm:
        print_table(
            ("Not in GSM 03.38", "Name", "Code point", "#Count", "Written instead"),
            [
                (each.character, each.name, each.code_point, each.count, _shown(each.replacement))
                for each in report.not_gsm
            ],
        )


def _shown(replacement: str | None) -> str | None:
    return "(left out)" if replacement == "" else replacement
