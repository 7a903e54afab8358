"""The gateway's connector against Kannel as an SMSC: the server that Kannel's makers test their client with.

Debian has no opensmppbox, so this driver is the only SMPP server of Kannel's there is. It takes two binds, a
transmitter and a receiver. It answers submit_sm without an id and sends no receipts, asks with enquire_link
after each deliver_sm of its own, and ends when either bind goes.
"""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from trunkline.model.message import Message
from trunkline.model.states import MessageState
from trunkline.model.submission import Submission

from .bench import ASCII, EURO, LONG, SYSTEM_ID, Bench, Program, Programs, eventually, free_port
from .kannel import logged

pytestmark = pytest.mark.services

SMSBOX_PORT = 13001
DELIVERS = 3


@pytest.fixture(autouse=True)
def smsbox() -> Iterator[None]:
    """Somebody at the one port the driver is not told: it wants to be an smsbox as well, and fails alone.

    Tests beside this one share the port. Where something listens there already, that will do.
    """
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with contextlib.suppress(OSError):
            listening.bind(("127.0.0.1", SMSBOX_PORT))
            listening.listen()
        yield


class Driver:
    """Starts Kannel's SMSC, always on the same port."""

    def __init__(self, programs: Programs, path: Path) -> None:
        self._programs = programs
        self._path = path
        self.port = free_port()

    async def start(self, delivers: int = 0) -> Program:
        """Start it; it sends so many deliver_sm."""
        return await self._programs.start(self._path, "-v", "0", "-p", self.port, "-m", delivers)


@pytest.fixture
def driver(programs: Programs, kannel_driver: Path) -> Driver:
    return Driver(programs, kannel_driver)


async def attach(bench: Bench, driver: Driver, **settings: object) -> None:
    await bench.attach(driver.port, trx_binds=0, tx_binds=1, rx_binds=1, **settings)


async def submit(bench: Bench, destination: str, text: str) -> Message:
    gateway = bench.gateway
    sender = gateway.snapshots.current.esmes[SYSTEM_ID].sender
    return await gateway.pipeline.accept(Submission(sender, "smpp", destination, text, "Acme"))


async def sent(bench: Bench, message: Message) -> None:
    """Wait until the SMSC has taken a message."""

    async def is_sent() -> bool:
        detail = await bench.gateway.store.message_detail(message.id)
        return detail is not None and detail.message.state is MessageState.SENT

    await eventually(is_sent)


async def test_submits(bench: Bench, driver: Driver):
    """An SMSC that gives no ids has taken the messages all the same."""
    smsc = await driver.start()
    await attach(bench, driver, long_message="sar")
    for destination, text in {"447700900001": ASCII, "447700900002": LONG}.items():
        await sent(bench, await submit(bench, destination, text))
    await logged(smsc, f"short_message = <{ASCII}>")
    await logged(smsc, "short_message = <", 5)
    parts = [
        line.split("<")[1].rstrip(">") for line in smsc.complaints.splitlines() if "short_message = <" in line
    ]
    assert "".join(parts[1:]) == LONG
    await bench.stop_connector()
    await logged(smsc, "of type unbind")


async def test_delivers_and_enquire_link(bench: Bench, driver: Driver):
    """Its deliver_sm and its enquire_link are answered, and it answers ours."""
    smsc = await driver.start(DELIVERS)
    await attach(bench, driver, enquire_link_s=1)
    await logged(smsc, "of type deliver_sm_resp", DELIVERS)
    await logged(smsc, "of type enquire_link_resp", DELIVERS)
    await logged(smsc, "of type enquire_link\n", 2)
    # Each names a receipted_message_id, and its esm_class says that it is a message: it is one.
    counters = bench.gateway.mo.counters["smsc"]
    assert (counters.received, counters.stored, counters.refused) == (DELIVERS, DELIVERS, 0)
    await sent(bench, await submit(bench, "447700900001", EURO))


async def test_the_smsc_starts_again(bench: Bench, driver: Driver):
    smsc = await driver.start()
    await attach(bench, driver)
    await sent(bench, await submit(bench, "447700900001", ASCII))
    await smsc.stop()
    later = await submit(bench, "447700900002", ASCII)
    smsc = await driver.start()
    await sent(bench, later)
    await logged(smsc, f"short_message = <{ASCII}>")
