"""Trying a connector out: what is bound and sent, what is found, who may."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from trunkline.model.errors import NotFound
from trunkline.model.identity import PERMISSIONS_OF_ROLE, Actor, Forbidden, Role
from trunkline.services.accounts import InvalidInput
from trunkline.services.connector_trials import ConnectorTrials, Trial
from trunkline.services.connectors import DEFAULTS
from trunkline.simulator.record import Record
from trunkline.simulator.scenario import Scenario
from trunkline.simulator.smsc import SmscSimulator

from .conftest import MemoryAdministration

OPERATOR = Actor("operator", Role.OPERATOR, PERMISSIONS_OF_ROLE[Role.OPERATOR])
VIEWER = Actor("viewer", Role.VIEWER, PERMISSIONS_OF_ROLE[Role.VIEWER])
TO = "971501234567"
Try = Callable[..., Awaitable[tuple[Trial, SmscSimulator, list[str]]]]


@pytest.fixture
async def attempt(administration: MemoryAdministration) -> AsyncIterator[Try]:
    """`await attempt({...}, **scenario)`: the trial, the SMSC it was made at, the steps that were told."""
    async with AsyncExitStack() as stack:

        async def run(
            options: dict[str, Any] | None = None, **settings: Any
        ) -> tuple[Trial, SmscSimulator, list[str]]:
            smsc = SmscSimulator("127.0.0.1", 0, Scenario(**settings), Record())
            await smsc.start()
            stack.push_async_callback(smsc.stop, 1.0)
            config = replace(DEFAULTS, connector_id="a", host="127.0.0.1", port=smsc.port, system_id="us")
            administration.connectors["a"] = config
            said: list[str] = []
            trial = await ConnectorTrials(administration).run(OPERATOR, "a", said.append, **(options or {}))
            return trial, smsc, said

        yield run


def found(trial: Trial) -> dict[str, str]:
    return {each.topic: each.value for each in trial.findings}


async def test_nothing_is_sent_without_a_number(attempt: Try, administration: MemoryAdministration) -> None:
    trial, smsc, said = await attempt(version="5.0")
    assert smsc.counters.submits == 0
    assert (trial.failure, found(trial)["SMPP version"], found(trial)["query_sm"]) == ("", "5.0", "supported")
    assert set(found(trial)) == {"SMPP version", "Round trip", "query_sm"}
    assert said[0].startswith("Bound to ")
    assert administration.records == [("try", "connector", "a", {})]


async def test_one_message_is_sent_to_a_number(attempt: Try, administration: MemoryAdministration) -> None:
    trial, smsc, said = await attempt({"to": f"+{TO}", "sender": "Acme"})
    assert smsc.counters.submits == 1
    assert found(trial)["Message"] == "ESME_ROK"
    assert said[-1] == "A message by text: ESME_ROK."
    assert administration.records == [("try", "connector", "a", {"to": f"+{TO}"})]


async def test_receipts_are_left_to_the_connectors_own_binds(attempt: Try) -> None:
    """A transceiver of the trial's would take receipts of customers' messages, and lose them."""
    _, smsc, _ = await attempt({"to": TO})
    assert smsc.counters.submits == 1
    assert smsc.counters.receipts_sent == 0


async def test_a_refused_bind_is_a_failure_in_words(attempt: Try) -> None:
    trial, _, _ = await attempt(credentials={"somebody": "else"})
    assert "refuses the bind: ESME_RINV" in trial.failure
    assert trial.findings == ()


async def test_an_smsc_that_is_not_there(administration: MemoryAdministration) -> None:
    administration.connectors["a"] = replace(DEFAULTS, connector_id="a", host="127.0.0.1", port=1)
    trial = await ConnectorTrials(administration).run(OPERATOR, "a", lambda _: None)
    assert "127.0.0.1:1" in trial.failure


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"to": "abc"}, "to"),
        ({"to": "1" * 21}, "to"),
        ({"sender": "x" * 21}, "sender"),
        ({"sender": "ü"}, "sender"),
    ],
)
async def test_addresses_are_checked(
    administration: MemoryAdministration, options: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidInput) as error:
        await ConnectorTrials(administration).run(OPERATOR, "a", lambda _: None, **options)
    assert error.value.field == field


async def test_who_may(administration: MemoryAdministration) -> None:
    trials = ConnectorTrials(administration)
    with pytest.raises(Forbidden, match="manage_traffic"):
        await trials.run(VIEWER, "a", lambda _: None)
    with pytest.raises(NotFound):
        await trials.run(OPERATOR, "a", lambda _: None)
    assert administration.records == []
