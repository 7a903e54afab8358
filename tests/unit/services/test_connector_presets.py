"""Presets: each makes a connector that passes the rules, and the page lists them all."""

from dataclasses import asdict
from pathlib import Path

import pytest

from trunkline.model.identity import COMMAND_LINE
from trunkline.model.snapshot import ConnectorConfig
from trunkline.services.accounts import InvalidInput
from trunkline.services.connector_presets import PRESETS, Preset, combine
from trunkline.services.connectors import DEFAULTS, Connectors

from .conftest import MemoryAdministration

PAGE = Path(__file__).parents[3] / "docs" / "connector-profile.md"


async def make(*presets: str, **fields: object) -> ConnectorConfig:
    connectors = Connectors(MemoryAdministration())
    return await connectors.create(COMMAND_LINE, connector_id="c", host="h", presets=presets, **fields)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
async def test_each_sets_something_and_passes_the_rules(preset: Preset) -> None:
    changed = await make(preset.name)
    plain = await make()
    assert (changed == plain) == (preset.name == "standard")
    different = {
        name for name, value in asdict(changed).items() if value != getattr(plain, name) and name != "profile"
    }
    assert different == set(preset.settings)
    assert (changed.profile != DEFAULTS.profile) == bool(preset.profile_words)


async def test_several_and_what_is_given_on_top() -> None:
    config = await make(
        "latin1", "slow-rebind", "ascii", reconnect_min_s=60.0, profile_words=["enquire_link_timeout_s=5"]
    )
    assert (config.default_alphabet, config.reconnect_min_s, config.reconnect_max_s) == ("ascii", 60.0, 300.0)
    assert config.profile.enquire_link_timeout_s == 5.0


async def test_what_does_not_go_together_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no TLVs"):
        await make("smpp33", "payload")


def test_an_unknown_preset() -> None:
    with pytest.raises(InvalidInput, match="'nokia'"):
        combine(["standard", "nokia"])


def test_the_page_lists_them_as_they_are() -> None:
    lines = [
        line for line in PAGE.read_text("utf-8").split("\n## Presets\n")[1].splitlines() if line[:3] == "| `"
    ]
    assert lines == [f"| `{preset.name}` | {preset.about} | {_sets(preset)} |" for preset in PRESETS.values()]


def _sets(preset: Preset) -> str:
    settings = [f"{name}={value}" for name, value in preset.settings.items()]
    return ", ".join(f"`{each}`" for each in [*settings, *preset.profile_words]) or "nothing"
