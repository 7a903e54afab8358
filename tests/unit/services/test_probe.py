"""Probing simulated SMSCs of all kinds: what is learned, what is proposed, and what cannot be probed."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from trunkline.services.connector_rules import check
from trunkline.services.probe import Plan, ProbeFailed, Report, Target, conclude, observe
from trunkline.simulator.record import Record
from trunkline.simulator.scenario import Scenario
from trunkline.simulator.smsc import SmscSimulator

TO = "971501234567"
PATIENT = {"answer_s": 20.0, "receipts_s": 20.0}
Probe = Callable[..., Any]


@pytest.fixture
async def probe() -> AsyncIterator[Probe]:
    """`await probe(plan={...}, **scenario)`: the report on a simulator, and the simulator itself."""
    async with AsyncExitStack() as stack:

        async def run(plan: dict[str, Any] | None = None, **settings: Any) -> tuple[Report, SmscSimulator]:
            smsc = SmscSimulator("127.0.0.1", 0, Scenario(**settings), Record())
            await smsc.start()
            stack.push_async_callback(smsc.stop, 1.0)
            target = Target("127.0.0.1", smsc.port, "esme", "secret", "test")
            report = conclude(target, await observe(target, Plan(**(PATIENT | (plan or {}))), lambda _: None))
            check(report.connector)
            return report, smsc

        yield run


def value(report: Report, topic: str) -> str:
    [found] = [each.value for each in report.findings if each.topic == topic]
    return found


async def test_without_a_number_nothing_is_submitted(probe: Probe) -> None:
    report, smsc = await probe(version="5.0")
    assert smsc.counters.submits == 0
    assert value(report, "SMPP version") == "5.0"
    assert value(report, "Binds") == "transceiver, at least 3 at once"
    assert value(report, "Round trip").endswith(" ms")
    assert value(report, "query_sm") == "supported"
    for topic in ("Message ids", "Default alphabet", "Long messages", "Receipts", "Throughput"):
        assert value(report, topic) == ""
    assert report.connector.smpp_version == "5.0"
    assert report.connector.system_type == "test"
    assert "secret" not in report.command
    assert report.command.startswith("trunkline connector create new-smsc --host 127.0.0.1 --port ")


async def test_a_well_behaved_smsc(probe: Probe) -> None:
    report, smsc = await probe(
        {"to": TO, "sender": "Acme"}, response_id_format="hex", receipt_id_format="hex"
    )
    assert smsc.counters.submits == 12
    assert value(report, "Message ids") == "alike in responses and receipts"
    assert value(report, "Default alphabet") == "gsm7"
    assert value(report, "Long messages") == "udh, sar, payload accepted"
    assert "with receipted_message_id" in value(report, "Receipts")
    assert report.connector.long_message == "udh8"
    assert (report.connector.trx_binds, report.connector.throughput) == (1, 0)


async def test_no_more_messages_than_planned(probe: Probe) -> None:
    _, smsc = await probe({"to": TO, "messages": 3, "max_binds": 1})
    assert smsc.counters.submits == 3


@pytest.mark.parametrize(
    ("response", "receipt", "proposed"), [("hex", "decimal", "decimal"), ("decimal", "hex", "hex")]
)
async def test_ids_in_two_forms(probe: Probe, response: str, receipt: str, proposed: str) -> None:
    report, _ = await probe(
        {"to": TO}, response_id_format=response, receipt_id_format=receipt, first_id=0x1A2B3C
    )
    assert report.connector.message_id_format == proposed


async def test_an_smsc_that_may_have_another_alphabet(probe: Probe) -> None:
    report, _ = await probe({"to": TO}, default_alphabet="latin1")
    assert value(report, "Default alphabet") == "gsm7 or latin1"
    [evidence] = [each.evidence for each in report.findings if each.topic == "Default alphabet"]
    assert "look at the handset" in evidence
    assert report.connector.default_alphabet == "gsm7"  # nothing is proposed that was not seen


async def test_an_smsc_without_transceivers(probe: Probe) -> None:
    report, _ = await probe({"to": TO}, version="3.3")
    assert value(report, "Binds").startswith("transmitter and receiver")
    config = report.connector
    assert (config.smpp_version, config.trx_binds, config.tx_binds, config.rx_binds) == ("3.3", 0, 1, 1)
    assert value(report, "Message ids")


async def test_limits(probe: Probe) -> None:
    report, _ = await probe({"to": TO, "max_binds": 5}, max_binds=2)
    assert value(report, "Binds") == "transceiver, 2 at once"
    report, _ = await probe({"to": TO}, supports=(), unsupported_status=0x03)
    assert value(report, "query_sm") == "not supported"


async def test_an_smsc_that_throttles(probe: Probe) -> None:
    report, _ = await probe({"to": TO}, throughput=1, throughput_status=0x58)
    assert report.connector.throughput >= 1
    assert "ESME_RTHROTTLED" in next(each.evidence for each in report.findings if each.topic == "Throughput")


async def test_receipts_that_do_not_come(probe: Probe) -> None:
    report, _ = await probe({"to": TO, "receipts_s": 0.1}, missing_share=1.0)
    assert value(report, "Receipts") == ""
    assert [each.evidence for each in report.findings if each.topic == "Receipts"] == ["none came in time"]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"credentials": {"esme": "other"}}, "ESME_RINVPASWD. Check system_id, password"),
        ({"bind_refuse": 0x0D}, "ESME_RBINDFAIL"),
        ({"bind_refuse": 0x03}, "it refuses every bind"),
    ],
)
async def test_refused_binds(probe: Probe, settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ProbeFailed, match=says):
        await probe(**settings)


@asynccontextmanager
async def something(answer: bytes | None) -> AsyncIterator[int]:
    """A port that is no SMSC's: it says this once it is spoken to, or closes, or is silent."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16)
        if answer is not None:
            writer.write(answer)
            writer.close()
        else:
            await reader.read()
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("answer", "answer_s", "says"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", 20.0, "closed the connection instead of answering.*HTTP"),
        (b"", 20.0, "closed the connection instead of answering"),
        (None, 0.3, "no answer to the bind within 0.3 s"),
    ],
)
async def test_ports_that_are_no_smsc_s(answer: bytes | None, answer_s: float, says: str) -> None:
    async with something(answer) as port:
        target = Target("127.0.0.1", port, "esme", "secret")
        with pytest.raises(ProbeFailed, match=says):
            await observe(target, Plan(answer_s=answer_s), lambda _: None)


async def test_tls_where_there_is_none() -> None:
    async with something(b"\x00\x00\x00\x10\x80\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00") as port:
        target = Target("127.0.0.1", port, "esme", "secret", tls=ssl.create_default_context())
        with pytest.raises(ProbeFailed, match=r"cannot connect to .*perhaps the port is not for TLS"):
            await observe(target, Plan(answer_s=20.0), lambda _: None)


async def test_nobody_there() -> None:
    async with something(None) as port:
        pass
    with pytest.raises(ProbeFailed, match=r"cannot connect to 127\.0\.0\.1"):
        await observe(Target("127.0.0.1", port, "esme", "secret"), Plan(), lambda _: None)


async def test_credentials_that_do_not_fit(probe: Probe) -> None:
    async with something(None) as port:
        target = Target("127.0.0.1", port, "e\0", "secret")
        with pytest.raises(ProbeFailed, match="do not fit into a bind request"):
            await observe(target, Plan(answer_s=20.0), lambda _: None)
