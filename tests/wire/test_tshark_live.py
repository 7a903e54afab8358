"""Wireshark's dissector listens to whole sessions: ESME, gateway, SMSC. It finds nothing malformed."""

import asyncio
import contextlib
import socket
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from trunkline.model.profile import Profile
from trunkline.smpp.constants import CommandId, Version
from trunkline.smpp.state import COMMANDS

from . import journeys
from .bench import HOST, WAIT_S, Bench, ForeignEsme, Program, Programs, free_port, open_bench
from .octets import Switchboard, dial, octets
from .sessions import bind, bound, called_in, called_out, unbind
from .test_octets_operations import KIND, ask_the_smsc
from .test_smpp_specification import SAMPLES

pytestmark = pytest.mark.services

BIND_TRANSCEIVER, SUBMIT_SM, DELIVER_SM, UNBIND = 0x09, 0x04, 0x05, 0x06
RESPONSE = 0x80000000
BY_AN_ESME = {
    *(CommandId.SUBMIT_SM, CommandId.SUBMIT_MULTI, CommandId.DATA_SM),
    *(CommandId.QUERY_SM, CommandId.CANCEL_SM, CommandId.REPLACE_SM, CommandId.ENQUIRE_LINK),
    *(CommandId.BROADCAST_SM, CommandId.QUERY_BROADCAST_SM, CommandId.CANCEL_BROADCAST_SM),
}
ASKED = [CommandId.QUERY_SM, CommandId.REPLACE_SM, CommandId.CANCEL_SM]
BY_AN_SMSC = [CommandId.DELIVER_SM, CommandId.DATA_SM, CommandId.ALERT_NOTIFICATION]
MALFORMED = "_ws.malformed and not smpp.broadcast_rep_num"
"""Of the two octets of broadcast_rep_num, Wireshark (4.0) reads one."""

KNOCK_S = 0.3  # tshark takes a moment to begin; it is knocked at until it hears

FIELDS = (
    *("-T", "fields", "-E", "separator= ", "-E", "aggregator=,"),
    *("-e", "tcp.srcport", "-e", "tcp.dstport", "-e", "smpp.command_id", "-e", "smpp.command_status"),
)


def sample(command_id: int) -> bytes:
    """The specification's octets of a PDU."""
    return next(octets(layout) for layout, pdu in SAMPLES if pdu.command_id == command_id)


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
        await self.until(UNBIND | RESPONSE, port)

    async def until(self, command_id: int, port: int) -> None:
        """Watch until a command has passed on a port."""
        assert self._live is not None
        while command_id not in count(self._live.lines, port):
            assert await self._live.read(), self._live.complaints

    async def stop(self) -> None:
        """End the capture; the file is complete then."""
        assert self._live is not None
        self._live.interrupt()
        await self._live.ended()

    def read(self, *options: str) -> list[str]:
        """Read the file back with further options; what tshark says, line by line."""
        command = [self._tshark, "-n", "-r", str(self._path), *self._decode, *options]
        result = subprocess.run(command, capture_output=True, check=False, timeout=240)
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


@pytest.mark.parametrize("version", Version, ids=lambda version: version.name)
async def test_every_request_of_an_esme(
    bench: Bench, programs: Programs, tshark: str, tmp_path: Path, version: Version
):
    """Whatever the gateway answers, the dissector understands it."""
    requests = set(map(int, BY_AN_ESME)) & COMMANDS[version]
    capture = Capture(tshark, tmp_path / "session.pcapng", [bench.port])
    await capture.start(programs)
    async with dial(bench.port) as line:
        kind = "transceiver" if version.has_tlvs else "transmitter"
        for number, request in enumerate([*requests, UNBIND], start=2):
            if number == 2:
                await bind(line, kind, f"{version.value:02x}")
            asked = sample(request)
            line.send_raw(asked[:12] + number.to_bytes(4, "big") + asked[16:])
            answer = await line.receive()
            assert int.from_bytes(answer[4:8], "big") == request | RESPONSE
            assert int.from_bytes(answer[12:16], "big") == number
    await capture.until_unbound(bench.port)
    await capture.stop()
    assert capture.read("-Y", MALFORMED) == []
    seen = count(capture.read("-Y", "smpp", *FIELDS), bench.port)
    assert {*requests, *(request | RESPONSE for request in requests)} <= set(seen)


async def test_every_request_of_an_smsc(
    bench: Bench, switchboard: Switchboard, programs: Programs, tshark: str, tmp_path: Path
):
    capture = Capture(tshark, tmp_path / "session.pcapng", [switchboard.port])
    await capture.start(programs)
    line = await bound(bench, switchboard)
    for number, request in enumerate([*BY_AN_SMSC, CommandId.ENQUIRE_LINK, CommandId.UNBIND], start=2):
        asked = sample(request)
        line.send_raw(asked[:12] + number.to_bytes(4, "big") + asked[16:])
        if request is not CommandId.ALERT_NOTIFICATION:
            answer = await line.receive()
            assert int.from_bytes(answer[4:8], "big") == request | RESPONSE
    await capture.until_unbound(switchboard.port)
    await capture.stop()
    assert capture.read("-Y", MALFORMED) == []
    assert set(BY_AN_SMSC) <= set(count(capture.read("-Y", "smpp", *FIELDS), switchboard.port))


@pytest.mark.parametrize("version", Version, ids=lambda version: version.name)
async def test_every_request_of_the_gateway(
    bench: Bench, switchboard: Switchboard, programs: Programs, tshark: str, tmp_path: Path, version: Version
):
    """As an SMSC it delivers, as an ESME it submits, queries, replaces and cancels."""
    said = f"{version.value:02x}"
    capture = Capture(tshark, tmp_path / "session.pcapng", [bench.port, switchboard.port])
    await capture.start(programs)
    profile = Profile(forward_query=True)
    smsc = await bound(bench, switchboard, profile=profile)
    async with dial(bench.port) as line:
        await bind(line, KIND[said], said)
        await ask_the_smsc(line, smsc, said)
        await unbind(line)
    await capture.until_unbound(bench.port)
    await capture.stop()
    assert capture.read("-Y", MALFORMED) == []
    seen = set(count(capture.read("-Y", "smpp", *FIELDS), switchboard.port))
    assert seen >= {BIND_TRANSCEIVER, SUBMIT_SM, *map(int, ASKED)}
    assert seen >= {command | RESPONSE for command in ASKED}


async def test_outbind_of_an_smsc(bench: Bench, programs: Programs, tshark: str, tmp_path: Path):
    port = free_port()
    capture = Capture(tshark, tmp_path / "session.pcapng", [port])
    await capture.start(programs)
    async with called_out(bench, port):
        await check_outbind(capture, port)


async def test_outbind_of_the_gateway(
    switchboard: Switchboard, programs: Programs, tshark: str, tmp_path: Path
):
    async with open_bench(tmp_path / "gateway", smpp_outbind_password="knock") as bench:
        await bench.start_smsc()
        capture = Capture(tshark, tmp_path / "session.pcapng", [switchboard.port])
        await capture.start(programs)
        await called_in(bench, switchboard)
        await check_outbind(capture, switchboard.port)


async def check_outbind(capture: Capture, port: int) -> None:
    await capture.until(CommandId.BIND_RECEIVER | RESPONSE, port)
    await capture.stop()
    assert capture.read("-Y", MALFORMED) == []
    seen = set(count(capture.read("-Y", "smpp", *FIELDS), port))
    assert seen >= {CommandId.OUTBIND, CommandId.BIND_RECEIVER}
