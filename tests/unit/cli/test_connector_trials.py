"""`trunkline connector test` at a simulated SMSC."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from trunkline.simulator.record import Record
from trunkline.simulator.scenario import Scenario
from trunkline.simulator.smsc import SmscSimulator

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def smsc() -> Iterator[SmscSimulator]:
    """An SMSC on a loop of its own: commands run theirs in this thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> SmscSimulator:
        simulator = SmscSimulator("127.0.0.1", 0, Scenario(), Record())
        await simulator.start()
        return simulator

    simulator = asyncio.run_coroutine_threadsafe(start(), loop).result()
    yield simulator
    asyncio.run_coroutine_threadsafe(simulator.stop(1.0), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_what_is_found_is_shown_and_nothing_is_sent(
    run: Callable[..., Any], rows: Callable[..., Any], smsc: SmscSimulator
) -> None:
    run("connector", "create", "a", "--host", "127.0.0.1", "--port", str(smsc.port), "--stopped")
    shown = run("connector", "test", "a")
    assert "SMPP version" in shown.stdout
    assert "Bound to " in shown.stderr
    assert {"SMPP version", "Round trip", "query_sm"} == {
        each["topic"] for each in rows("connector", "test", "a")
    }
    assert smsc.counters.submits == 0
    assert "ESME_ROK" in run("connector", "test", "a", "--to", "971501234567", "--from", "Acme").stdout
    assert smsc.counters.submits == 1
    (entry, *_) = rows("audit", "list", "--entity", "connector", "--action", "try")
    assert (entry["entity_id"], entry["door"]) == ("a", "cli")


def test_what_cannot_be_tried(run: Callable[..., Any], complaint: Callable[..., str]) -> None:
    assert "does not exist" in complaint("connector", "test", "a", code=1)
    run("connector", "create", "a", "--host", "127.0.0.1", "--port", "1", "--stopped")
    assert "cannot connect to 127.0.0.1:1" in complaint("connector", "test", "a", code=1)
    assert complaint("connector", "test", "a", "--to", "me").startswith("to: a number")
