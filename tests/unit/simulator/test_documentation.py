"""docs/simulator.md has a row for every key of a scenario, and names no others."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from trunkline.simulator.ready_made import ready_made
from trunkline.simulator.scenario import DESCRIPTIONS, Scenario

PAGE = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text("utf-8")
SECTIONS = dict(part.split("\n", 1) for part in PAGE.split("\n## ")[1:])
_ROW = re.compile(r"^\| `([a-z_]+)` \| (.+?) \| (.+) \|$", re.MULTILINE)
ROWS = {key: (default, meaning) for key, default, meaning in _ROW.findall(SECTIONS["Keys"])}
FIELDS = {field.name: field for field in dataclasses.fields(Scenario)}


def _shown(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    shown = ",".join(value) if isinstance(value, tuple | dict) else str(value)
    return shown or "empty"


def test_every_key_has_a_row() -> None:
    assert list(ROWS) == list(FIELDS)


@pytest.mark.parametrize("key", FIELDS)
def test_row(key: str) -> None:
    default, meaning = ROWS[key]
    rule: Any = FIELDS[key].metadata["rule"]
    assert default == _shown(getattr(Scenario(), key))
    assert meaning.startswith(f"{DESCRIPTIONS[key]}.")
    for choice in rule.choices:
        assert f"`{choice}`" in meaning


def test_every_ready_made_scenario_has_a_row() -> None:
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.+) \|$", SECTIONS["Ready-made scenarios"], re.MULTILINE)
    assert dict(rows) == ready_made()


def test_every_quirk_is_reached_by_keys_that_exist() -> None:
    rows = [line for line in SECTIONS["Quirks"].splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 10
    for row in rows:
        keys = re.findall(r"`([a-z_]+)`", row.rsplit("|", 2)[1])
        assert keys, row
        assert set(keys) <= set(FIELDS), row


def test_example_scenario_can_be_loaded(tmp_path: Path) -> None:
    example = PAGE.partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "example.toml").write_text(example, "utf-8")
    assert Scenario.load(tmp_path / "example.toml") != Scenario()
