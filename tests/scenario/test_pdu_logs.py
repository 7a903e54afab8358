"""The PDU logs of a whole gateway: complete, in files, over HTTP, and no trouble to anybody."""

import asyncio
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from trunkline.model.identity import COMMAND_LINE
from trunkline.services.pdu_explanation import explain_pdus
from trunkline.simulator.scenario import Scenario

from .clients import Esme
from .conftest import MakeGateway
from .harness import ACCOUNT, CONNECTOR, PASSWORD, Gateway, attach, eventually, http, simulator

TOKEN = "the-administration's-token"
MESSAGES = 100  # the window of the ESME
_numbers = count(971_500_000_001)
_ENTRY = re.compile(r"^INFO\[[^]]+\]\[([0-9a-f-]{36})\]: (<<<<<|>>>>>) [0-9a-f]+\n([A-Z_]+):$", re.MULTILINE)


def log_files(gateway: Gateway, side: str) -> list[Path]:
    """The log files of a side: one, or two where midnight passed."""
    return sorted((gateway.settings.pdu_log_dir / side).glob("*/*.log"))


def log_text(gateway: Gateway, side: str) -> str:
    """What the log of a side says."""
    return "".join(file.read_text() for file in log_files(gateway, side))


def commands(text: str) -> Counter[tuple[str, str]]:
    """How often each command was read and written."""
    return Counter((mark, command) for _, mark, command in _ENTRY.findall(text))


async def prepared(make_gateway: MakeGateway, port: int, *, logged: bool) -> tuple[Gateway, int]:
    """A gateway with a connector and an ESME; returns the ESME's number, too."""
    gateway = make_gateway(api_token=TOKEN)
    await gateway.prepare()
    await attach(gateway, port, pdu_log=logged)
    async with gateway.administration() as admin:
        made = await admin.esmes.create(COMMAND_LINE, ACCOUNT, "shop", password=PASSWORD, pdu_log=logged)
    await gateway.start()
    return gateway, made.id


async def exchange(esme: Esme) -> None:
    """Messages with their receipts."""
    ids = await asyncio.gather(*(esme.accepted(str(next(_numbers)), f"Hello {n}") for n in range(MESSAGES)))
    await esme.receipted(*ids)


async def test_every_pdu_is_in_the_logs_of_both_sides(make_gateway: MakeGateway) -> None:
    async with simulator(Scenario(receipt_delay_ms=10)) as smsc:
        gateway, number = await prepared(make_gateway, smsc.port, logged=True)
        esme = await Esme().bind(gateway.smpp_port, "shop")
        await exchange(esme)
        assert esme.connection is not None
        await esme.connection.unbind()
        assert await gateway.stop() == 0
    received = log_text(gateway, "esmes")
    sent = log_text(gateway, "connectors")
    messages = {
        ("<<<<<", "SUBMIT_SM"): MESSAGES,
        (">>>>>", "SUBMIT_SM_RESP"): MESSAGES,
        (">>>>>", "DELIVER_SM"): MESSAGES,
        ("<<<<<", "DELIVER_SM_RESP"): MESSAGES,
    }
    assert commands(received) == messages | {
        ("<<<<<", "BIND_TRANSCEIVER"): 1,
        (">>>>>", "BIND_TRANSCEIVER_RESP"): 1,
        ("<<<<<", "UNBIND"): 1,
        (">>>>>", "UNBIND_RESP"): 1,
    }
    turned = {
        (">>>>>" if mark == "<<<<<" else "<<<<<", command): n for (mark, command), n in messages.items()
    }
    assert turned.items() <= commands(sent).items()
    for text in (received, sent):
        assert "WARN" not in text
        assert PASSWORD not in text
        assert PASSWORD.encode().hex() not in text
        explained = list(explain_pdus(text))
        assert len(explained) == sum(commands(text).values())
        assert not any(each.problems for each in explained)
    for side, name in (("esmes", f"{number}.log"), ("connectors", f"{CONNECTOR}.log")):
        for file in log_files(gateway, side):
            assert file.name == name
            assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


async def test_over_http(make_gateway: MakeGateway) -> None:
    async with simulator(Scenario(receipt_delay_ms=10)) as smsc:
        gateway, number = await prepared(make_gateway, smsc.port, logged=True)
        esme = await Esme().bind(gateway.smpp_port, "shop")
        await exchange(esme)
        today = datetime.now(UTC).date()
        days = f"dateFrom={today - timedelta(days=1)}&dateTo={today + timedelta(days=1)}"

        async def get(path: str) -> Any:
            answer = await http(gateway.http_port, "GET", path, headers={"X-Api-Token": TOKEN})
            assert answer.status == 200, answer
            return answer

        async def text() -> str:
            files = (await get(f"/api/clients/logs?{days}&clientIds[]={number}")).json()
            ids = [file["date"] + file["name"] for file in files]
            parts = [(await get(f"/api/clients/logs/download?files[]={each}")).body for each in ids]
            return b"".join(parts).decode()

        async def complete() -> bool:
            return commands(await text())["<<<<<", "DELIVER_SM_RESP"] == MESSAGES

        await eventually(complete, "the last receipt's answer is in the log")
        listed = (await get(f"/api/gateways/logs?{days}&smscIds[]={CONNECTOR}")).json()
        assert {each["name"] for each in listed} == {f"{CONNECTOR}.log"}
        await esme.leave()
        assert await gateway.stop() == 0


async def test_switched_on_and_off_while_messages_flow(make_gateway: MakeGateway) -> None:
    async with simulator(Scenario(receipt_delay_ms=10)) as smsc:
        gateway, _ = await prepared(make_gateway, smsc.port, logged=False)
        esme = await Esme().bind(gateway.smpp_port, "shop")
        await exchange(esme)
        assert not gateway.settings.pdu_log_dir.exists()

        async def switch(on: bool) -> None:
            async with gateway.administration() as admin:
                await admin.esmes.change(COMMAND_LINE, "shop", pdu_log=on)
                await admin.connectors.change(COMMAND_LINE, CONNECTOR, pdu_log=on)

        await switch(True)

        async def logged() -> bool:
            await esme.accepted(str(next(_numbers)))
            return bool(log_files(gateway, "connectors") and log_files(gateway, "esmes"))

        await eventually(logged, "both sides are logged")
        assert smsc.counters.binds == 1, "the connector bound again"
        assert not esme.gone.is_set(), "the ESME was unbound"
        await exchange(esme)
        assert await gateway.stop() == 0
    assert commands(log_text(gateway, "connectors"))[">>>>>", "SUBMIT_SM"] >= MESSAGES
    text = log_text(gateway, "esmes")
    assert commands(text)["<<<<<", "SUBMIT_SM"] >= MESSAGES
    assert "BIND_TRANSCEIVER" not in text, "the log began before it was switched on"


async def test_a_killed_gateway_leaves_no_process_behind(make_gateway: MakeGateway) -> None:
    async with simulator(Scenario()) as smsc:
        gateway, _ = await prepared(make_gateway, smsc.port, logged=True)
        esme = await Esme().bind(gateway.smpp_port, "shop")
        await exchange(esme)
        await eventually(lambda: _children(gateway.pid), "a process writes the log")
        [writer] = _children(gateway.pid)
        await gateway.kill()
        await eventually(lambda: not _runs(writer), "the process that writes the log has ended")
        await esme.leave()


def _children(pid: int) -> list[int]:
    # Of every thread: a child is that of the thread that started it.
    return [
        int(child)
        for children in Path(f"/proc/{pid}/task").glob("*/children")
        for child in children.read_text().split()
    ]


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
