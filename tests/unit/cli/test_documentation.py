"""docs/cli.md names every command, argument, option and default, and no others."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from trunkline.cli import app

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"
SIMULATOR = PAGE.with_name("simulator.md")
_OPTION = re.compile(r"--[a-z][a-z-]*")


def _commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, child in getattr(command, "commands", {}).items():
        if hasattr(child, "commands"):
            yield from _commands(child, f"{path} {name}")
        else:
            yield f"{path} {name}", child


ROOT: Any = typer.main.get_command(app)
COMMANDS = dict(_commands(ROOT, "trunkline"))
SECTIONS = {
    heading: text
    for heading, _, text in (part.partition("\n") for part in PAGE.read_text("utf-8").split("\n## ")[1:])
}


# The simulator's keys have a page of their own, where a test compares them with the scenario.
_KEY = re.compile(r"^\| `([a-z][a-z_]*)` \|", re.MULTILINE)
SECTIONS["trunkline simulate smsc"] += _KEY.sub(
    lambda row: f"| `--{row[1].replace('_', '-')}` |",
    SIMULATOR.read_text("utf-8").partition("\n## Keys\n")[2].partition("\n## ")[0],
)


def _table(section: str) -> dict[str, list[str]]:
    """Rows of a section's table by their options; a bar within a cell is written with a backslash."""
    found = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells and cells[0].startswith("`--"):
            for option in _OPTION.findall(cells[0]):
                found[option] = cells
    return found


def _options(command: Any) -> set[str]:
    return {
        option
        for parameter in command.params
        if parameter.param_type_name == "option"
        for option in (*parameter.opts, *parameter.secondary_opts)
    }


def test_every_command_has_a_section_and_every_section_a_command() -> None:
    assert {heading for heading in SECTIONS if heading.startswith("trunkline")} == set(COMMANDS)


def test_the_options_before_the_command() -> None:
    assert set(_table(SECTIONS["Options before the command"])) == _options(ROOT) | {"--help"}


@pytest.mark.parametrize("path", COMMANDS)
def test_options_arguments_and_example(path: str) -> None:
    section, command = SECTIONS[path], COMMANDS[path]
    assert set(_table(section)) == _options(command)
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            assert f"`{parameter.metavar}`" in section
    examples = re.findall(r"```\n(.*?)```", section, re.DOTALL)
    assert examples
    for line in "".join(examples).splitlines():
        assert line.startswith(path)
        assert set(_OPTION.findall(re.sub(r'"[^"]*"', "", line))) <= _options(command)


@pytest.mark.parametrize("path", COMMANDS)
def test_defaults(path: str) -> None:
    table = _table(SECTIONS[path])
    for parameter in COMMANDS[path].params:
        if parameter.param_type_name == "option" and not parameter.is_flag:
            shown = _default(parameter)
            cells = table[parameter.opts[0]]
            if shown is not None and len(cells) == 3:
                assert cells[1] == shown, parameter.opts


def _default(parameter: Any) -> str | None:
    """What the Default column must say; None where any words will do."""
    if parameter.required:
        return "required"
    told = re.search(r"; default ([^ ]+)\.$", parameter.help or "")
    if told is not None:
        return told[1]
    default = parameter.default
    if default in (None, ""):
        return None
    return f"{default:g}" if isinstance(default, float) else str(default)


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_is_explained_in_the_help(path: str) -> None:
    for parameter in COMMANDS[path].params:
        assert parameter.help, parameter.name
        if parameter.param_type_name == "option" and parameter.envvar:
            assert f"`{parameter.envvar}`" in SECTIONS[path]


def test_environment_variables_in_the_page_exist() -> None:
    known = {
        parameter.envvar for command in COMMANDS.values() for parameter in command.params if parameter.envvar
    }
    assert set(re.findall(r"TRUNKLINE_CLI_[A-Z_]+", PAGE.read_text("utf-8"))) == known
