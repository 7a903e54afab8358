"""`trunkline smpp`: tools for the protocol itself."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from trunkline.cli.commands import BadInput
from trunkline.cli.printing import Json, print_json, print_table

if TYPE_CHECKING:
    from trunkline.services.pdu_explanation import ExplainedField, ExplainedPdu

group = typer.Typer(help="SMPP: tools for the protocol itself.")

_SHOWN_OCTETS = 12  # of a field; what they hold stands beside them


@group.command()
def decode(
    octets: Annotated[
        list[str],
        typer.Argument(
            metavar="HEX",
            help="The PDU's octets, or lines of the PDU log; - to read them from the input.",
            show_default=False,
        ),
    ],
    default_alphabet: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="What data_coding 0 means to the peer: gsm7, gsm7-packed, latin1 or ascii."
        ),
    ] = "gsm7",
    as_json: Json = False,
) -> None:
    """Explain PDUs field by field."""
    from trunkline.services.accounts import InvalidInput  # noqa: PLC0415  (see cli/__init__.py)
    from trunkline.services.pdu_explanation import explain_pdus  # noqa: PLC0415  (see cli/__init__.py)

    text = sys.stdin.read() if octets == ["-"] else " ".join(octets)
    try:
        pdus = explain_pdus(text, default_alphabet)
    except InvalidInput as error:
        raise BadInput(error.field, error.rule) from None
    if as_json:
        import msgspec  # noqa: PLC0415  (only here)

        print_json(msgspec.to_builtins(list(pdus)))
        return
    for pdu in pdus:
        _print(pdu)


def _print(pdu: "ExplainedPdu") -> None:
    name = pdu.pdu or "no PDU"
    print_table(
        ("#Offset", "Octets", "Field", "Value", "Meaning"),
        [
            (each.offset, _octets(each), f"{'  ' * each.level}{each.field}", each.value, each.meaning or " ")
            for each in pdu.fields
        ],
        title=f"{name}, {pdu.size} octets",
    )
    for problem in pdu.problems:
        typer.echo(f"Problem: {problem}.")


def _octets(field: "ExplainedField") -> str:
    pairs = [field.octets[at : at + 2] for at in range(0, len(field.octets), 2)]
    more = f" ... {len(pairs)} octets" if len(pairs) > _SHOWN_OCTETS else ""
    return f"{' '.join(pairs[:_SHOWN_OCTETS])}{more}" or " "
