"""The scenarios that ship with the simulator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trunkline.simulator.inbound import MoText
from trunkline.simulator.ready_made import ready_made, scenario_file
from trunkline.simulator.rules import ScenarioError
from trunkline.simulator.scenario import Scenario
from trunkline.smpp.asyncio import BindRefused
from trunkline.smpp.constants import BindType, Version
from trunkline.smpp.pdus import DataSm, DeliverSm
from trunkline.smpp.receipts import parse_receipt

if TYPE_CHECKING:
    from tests.unit.simulator.conftest import Bench, Esme
    from trunkline.simulator.smsc import SmscSimulator


@pytest.mark.parametrize("name", ready_made())
def test_can_be_loaded(name: str) -> None:
    scenario = Scenario.load(scenario_file(name))
    assert scenario != Scenario()
    MoText(scenario)


def test_says_what_it_is() -> None:
    for name, sentence in ready_made().items():
        assert sentence[0].isupper(), name
        assert sentence.endswith("."), name


async def _bind(bench: Bench, smsc: SmscSimulator, kind: BindType) -> Esme:
    """As a patient ESME does: the first binds may be refused."""
    for _ in range(5):
        try:
            return await bench.bind(smsc, kind, version=Version.V50)
        except BindRefused:
            continue
    pytest.fail("every bind was refused")


# What is left out loses messages or receipts on purpose.
@pytest.mark.parametrize("name", sorted(set(ready_made()) - {"flaky", "throttled"}))
async def test_messages_arrive_and_get_their_receipts(bench: Bench, name: str) -> None:
    """With patience: what is refused for now is submitted again, and only what asks for it is looked at."""
    smsc = await bench.smsc(Scenario.load(scenario_file(name)))
    sender = await _bind(bench, smsc, BindType.TX)
    receiver = await _bind(bench, smsc, BindType.RX)
    fields = {"source_addr_ton": 5, "dest_addr_ton": 1, "dest_addr_npi": 1}
    for number in range(20):
        for _ in range(3):
            if not (await sender.submit(f"49170000{number:04}", **fields)).command_status:
                break
        else:
            pytest.fail(f"message {number} was refused three times")
    assert smsc.counters.taken == 20
    due = smsc.counters.receipts_due
    assert due >= 20

    def receipts() -> int:
        messages = [pdu for pdu in receiver.delivered if isinstance(pdu, DeliverSm | DataSm)]
        return sum(parse_receipt(pdu) is not None for pdu in messages)

    await receiver.until(lambda: receipts() == due)
    assert not sender.closed
    assert not receiver.closed


def test_a_file_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").write_text("seed = 7\n")
    assert Scenario.load(scenario_file("own")).seed == 7
    assert Scenario.load(scenario_file(f"{tmp_path}/own")).seed == 7
    assert scenario_file("nowhere.toml") == Path("nowhere.toml")
    assert scenario_file("./misbehaving") == Path("misbehaving")  # this means a file, whatever its name


def test_a_word_that_is_nothing() -> None:
    with pytest.raises(ScenarioError, match="scenario 'mishap' is neither a file nor one of congested, dec"):
        scenario_file("mishap")
