"""`docs/smpp-compliance.md` leaves nothing out, and every row of it names tests that exist."""

import ast
import fnmatch
import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from trunkline.config import Settings
from trunkline.gsm.data_coding import details_of
from trunkline.model.profile import Profile
from trunkline.model.snapshot import Account, ConnectorConfig, Esme
from trunkline.smpp.constants import RESPONSE_BIT, CommandId, Tag, Version, command_name
from trunkline.smpp.state import COMMANDS

from .parameters import CARRIED

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "smpp-compliance.md").read_text("utf-8")
SCENARIO = Path(__file__).parents[1] / "scenario"
SECTIONS = ("Operations", "Optional parameters", "Data codings", "Habits of real peers")
HABITS = 37
"""Of real peers, known from the trackers of other stacks; none of them may be forgotten."""

LINK = re.compile(r"\[`(test_\w+)`\]\((\.\./tests/[\w/.]+)\)")


def rows(section: str) -> list[list[str]]:
    """The cells of each row of a section's table."""
    lines = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0].splitlines()
    table = [line for line in lines if line.startswith("|")][2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table]


def numbers(cell: str) -> list[int]:
    return [int(number, 16) for number in re.findall(r"0x([0-9A-F]+)", cell)]


@cache
def defined_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_row_names_tests_that_exist(section: str):
    for row in rows(section):
        linked = LINK.findall(row[-1])
        assert linked, row[0]
        assert LINK.sub("", row[-1]).replace(",", "").strip() == "", row[0]
        for test, path in linked:
            assert test in defined_in((DOCS / path).resolve()), (row[0], test)


def test_links_outside_the_tables():
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (DOCS / target).exists(), target


def test_every_operation_of_every_version():
    found = rows("Operations")
    assert sorted(number for row in found for number in numbers(row[1])) == sorted(
        command.value for command in CommandId
    )
    for name, ids, *versions, _, _, _ in found:
        request = numbers(ids)[0]
        assert name == command_name(request)
        assert set(numbers(ids)) == {request, request | RESPONSE_BIT} & {
            command.value for command in CommandId
        }
        for version, said in zip(Version, versions, strict=True):
            has = request in COMMANDS[version] or request == CommandId.GENERIC_NACK
            assert said == ("yes" if has else "no"), (name, version)


def test_every_parameter_and_what_carries_it():
    found = rows("Optional parameters")
    assert [(row[0], numbers(row[1])) for row in found] == [
        (tag.name.lower(), [tag.value]) for tag in sorted(Tag)
    ]
    for name, _, before, since, *_ in found:
        in_34, in_50 = (
            {pdu for pdu, names in CARRIED[version].items() if name in names}
            for version in (Version.V34, Version.V50)
        )
        assert set(_listed(before)) == in_34, name
        if since == "every response":
            assert in_50 == {pdu for pdu in CARRIED[Version.V50] if pdu.endswith("_resp")}, name
        else:
            assert set(_listed(since)) == in_50 - in_34, name


def test_every_data_coding_and_how_it_is_read():
    found = rows("Data codings")
    assert sorted(number for row in found for number in _ranges(row[0])) == list(range(0x100))
    for codings, _, read_as, _ in found:
        assert {details_of(number).encoding.value for number in _ranges(codings)} == {read_as}, codings


def test_every_habit_and_the_settings_for_it():
    found = rows("Habits of real peers")
    assert len({row[0] for row in found}) == HABITS
    known = set(Settings.model_fields)
    for nouns in (ConnectorConfig, Profile, Esme, Account):
        known |= {each.name for each in fields(nouns)}
    for habit, peer, _, settings, _, _ in found:
        assert peer in {"SMSC", "ESME", "either", "SMSC of 3.3"}, habit
        for setting in re.findall(r"`(\w+)`", settings):
            assert setting in known, (habit, setting)


def test_every_habit_that_is_played_has_its_row():
    spec = spec_from_file_location("quirks", SCENARIO / "quirks.py")
    assert spec is not None
    assert spec.loader is not None
    quirks = module_from_spec(spec)
    spec.loader.exec_module(quirks)
    outbind = re.findall(
        r'^OUTBIND = "(.*)"$', (SCENARIO / "test_quirks.py").read_text("utf-8"), re.MULTILINE
    )
    names = {*quirks.QUIRKS, *outbind}
    named = [pattern for row in rows("Habits of real peers") for pattern in re.findall(r"`(.*?)`", row[4])]
    for pattern in named:
        assert fnmatch.filter(names, pattern), pattern
    assert names == {name for pattern in named for name in fnmatch.filter(names, pattern)}


def _listed(cell: str) -> list[str]:
    return [] if cell == "none" else cell.split(", ")


def _ranges(cell: str) -> Iterator[int]:
    for each in cell.split(", "):
        first, *last = numbers(each)
        yield from range(first, (last[0] if last else first) + 1)
