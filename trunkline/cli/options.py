"""Options made from a table, for commands whose options are the fields of something declared elsewhere."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar

import typer

C = TypeVar("C", bound=Callable[..., None])


@dataclass(slots=True, frozen=True)
class Row:
    """One option: ``--`` and the field's name with hyphens; of a bool also ``--no-``.

    `help` is shown with the default; `kind` is the value's type. The default is only shown: an option that
    is not given is None.
    """

    field: str
    kind: type
    metavar: str
    help: str
    default: object = None
    required: bool = False
    envvar: str | None = None

    def parameter(self) -> inspect.Parameter:
        """The keyword parameter from which typer makes the option."""
        sentence = self.help.rstrip(".")
        default: object = self.default
        if isinstance(default, bool):
            default = "yes" if default else "no"
        elif isinstance(default, float):
            default = f"{default:g}"
        shown = f"{sentence}." if default in (None, "") else f"{sentence}; default {default}."
        name = self.field.replace("_", "-")
        option = typer.Option(
            f"--{name}/--no-{name}" if self.kind is bool else f"--{name}",
            metavar=self.metavar or None,
            help=shown,
            show_default=False,
            envvar=self.envvar,
            show_envvar=True,
        )
        # typer keeps the option's name in `default` as long as it stands in Annotated.
        return inspect.Parameter(
            self.field,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if self.required else None,
            annotation=Annotated[self.kind if self.required else self.kind | None, option],
        )


def new_password(row: Row) -> Row:
    """The row of a password where it is the password of somebody new."""
    return replace(row, help=f"{row.help}; else one is generated", envvar="TRUNKLINE_CLI_NEW_PASSWORD")


def with_options(rows: Iterable[Row]) -> Callable[[C], C]:
    """Gives a command that ends in ``**values`` one option per row; those not given arrive as None."""

    def decorate(command: C) -> C:
        signature = inspect.signature(command, eval_str=True)
        own = [
            each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD
        ]
        declared = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own]
        made: Any = command
        made.__signature__ = signature.replace(parameters=[*declared, *(row.parameter() for row in rows)])
        return command

    return decorate


def given(values: dict[str, Any]) -> dict[str, Any]:
    """The options that were given."""
    return {field: value for field, value in values.items() if value is not None}
