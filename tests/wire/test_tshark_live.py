"""Wireshark's dissector listens to whole sessions: ESME, gateway, SMSC. It finds nothing malformed."""

import asyncio
import contextlib
import socket
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from . import journeys
from .bench import HOST, WAIT_S, Bench, ForeignEsme, Program, Programs

pytestmark = pytest.mark.services

BIND_TRANSCEIVER, SUBMIT_SM, DELIVER_SM, UNBIND = 0x09, 0x04, 0x05, 0x06
RESPONSE = 0x80000000
KNOCK_S = 0.3  # tshark takes a moment to begin; it is knocked at until it hears

FIELDS = (
    *("-T", "fields", "-E", "separator= ", "-E", "aggregator=,"),
    *("-e", "tcp.srcport", "-e", "tcp.dstport", "-e", "smpp.command_id", "-e", "smpp.command_status"),
)


class Capture:
    """What passes on some ports of the loopback interface, watched live and kept in a file."""

    def __init__(self, tshark: str, path: Path, ports: list[int]) -> None:
        self._tshark = tshark
        self._path = path
        self._ports = ports
        self._decode = [word for port in ports for word in ("-d", f"tcp.port=={port},smpp")]
        self._live: Program | None = None

    async def start(self, programs: Programs) -> None:
        """Capture from now on; skips the test where that is not permitted."""
        with socket.socket() as silent:
            silent.bind((HOST, 0))  # and does not listen: knocking there is refused, and heard by tshark
            door = silent.getsockname()
            watched = " or ".join(f"tcp port {port}" for port in [*self._ports, door[1]])
            self._live = await programs.start(
                *(self._tshark, "-n", "-l", "-i", "lo", "-f", watched, "-w", self._path, "-P"),
                *(*self._decode, *FIELDS),
            )
            await self._until_it_hears(self._live, door)

    async def _until_it_hears(self, live: Program, door: tuple[str, int]) -> None:
        hearing = asyncio.create_task(live.read())
        async with asyncio.timeout(WAIT_S):
            while not hearing.done():
                with contextlib.suppress(ConnectionRefusedError):
                    await asyncio.open_connection(*door)
                await asyncio.wait({hearing}, timeout=KNOCK_S)
        if not hearing.result():
            pytest.skip(f"tshark: capturing on lo is not permitted: {live.complaints.strip()}")

    async def until_unbound(self, port: int) -> None:
        """Watch until the session on a port has ended with unbind_resp."""
        assert self._live is not None
        while UNBIND | RESPONSE not in count(self._live.lines, port):
            assert await self._live.read(), self._live.complaints

    async def stop(self) -> None:
        """End the capture; the file is complete then."""
        assert self._live is not None
        self._live.interrupt()
        await self._live.ended()

    def read(self, *options: str) -> list[str]:
        """Read the file back with further options; what tshark says, line by line."""
        command = [self._tshark, "-n", "-r", str(self._path), *self._decode, *options]
        result = subprocess.run(command, capture_output=True, check=False, timeout=60)
        assert result.returncode == 0, result.stderr.decode()
        return result.stdout.decode().splitlines()


def count(lines: list[str], port: int) -> Counter[int]:
    """How often each command passed on a port, in either direction."""
    found: Counter[int] = Counter()
    for line in lines:
        source, destination, commands, *_ = line.split(" ")
        if str(port) in (source, destination) and commands:
            found.update(int(command, 16) for command in commands.split(","))
    return found


async def test_nothing_is_malformed(
    bench: Bench, smpplib: ForeignEsme, programs: Programs, tshark: str, tmp_path: Path
):
    smsc = await bench.start_smsc(attached=False)
    links = {"to the ESME": bench.port, "to the SMSC": smsc.port}
    capture = Capture(tshark, tmp_path / "session.pcapng", list(links.values()))
    await capture.start(programs)
    await bench.attach(smsc.port)
    client = await smpplib.send()
    await client.succeeded()
    await bench.stop_connector()
    for port in links.values():
        await capture.until_unbound(port)
    await capture.stop()

    assert capture.read("-Y", "_ws.malformed") == []
    lines = capture.read("-Y", "smpp", *FIELDS)
    assert {status for line in lines for status in line.split(" ")[3].split(",")} == {"0x00000000", ""}
    for link, port in links.items():
        expected = {BIND_TRANSCEIVER: 1, SUBMIT_SM: journeys.PARTS, DELIVER_SM: journeys.PARTS, UNBIND: 1}
        answers = {command | RESPONSE: times for command, times in expected.items()}
        assert count(lines, port) == expected | answers, link
