"""Kannel bound to the gateway as an ESME: applications hand it texts by HTTP and hear what came of them."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from trunkline.simulator.certificates import Authority

from . import journeys
from .bench import (
    ARABIC,
    ASCII,
    CODINGS,
    HOST,
    SYSTEM_ID,
    TEXTS,
    Bench,
    Programs,
    eventually,
    free_port,
    open_bench,
)
from .kannel import (
    DELIVERED,
    FAILED,
    REFUSED,
    SUBMITTED,
    TRANSCEIVER,
    TRANSMITTER,
    TRANSMITTER_AND_RECEIVER,
    Kannel,
    Reports,
    logged,
)

pytestmark = pytest.mark.services

UCS2 = 2
"""Kannel's `coding`; without it a text goes out in GSM 03.38."""


@pytest.fixture
async def reports() -> AsyncIterator[Reports]:
    async with Reports().listening() as listening:
        yield listening


@pytest.fixture
def kannel(
    bench: Bench, programs: Programs, kannel_boxes: tuple[str, str], reports: Reports, tmp_path: Path
) -> Kannel:
    """Kannel with the bench's gateway as its SMSC; the test starts it."""
    return Kannel(programs, kannel_boxes, tmp_path / "kannel", reports, bench.port)


async def send_all(kannel: Kannel) -> None:
    for destination, text in TEXTS.items():
        coding = {"coding": UCS2} if CODINGS[destination] == 8 else {}
        await kannel.send(text, destination, **coding)


async def sessions(bench: Bench, count: int) -> None:
    """Wait until so many sessions are bound to the gateway."""
    await eventually(lambda: len(bench.gateway.door.sessions) == count)


def ids(reports: list[dict[str, str]]) -> list[str]:
    return sorted(report["id"] for report in reports)


@pytest.mark.parametrize(
    ("binds", "interface_version"),
    [
        (TRANSMITTER_AND_RECEIVER, "33"),
        (TRANSMITTER_AND_RECEIVER, "34"),
        (TRANSCEIVER, "34"),
        (TRANSCEIVER, "50"),
    ],
    ids=["3.3", "3.4", "3.4 transceiver", "5.0 transceiver"],
)
async def test_texts_and_reports(
    bench: Bench,
    kannel: Kannel,
    reports: Reports,
    binds: Sequence[dict[str, object]],
    interface_version: str,
):
    await bench.start_smsc()
    await kannel.start(binds, interface_version=interface_version)
    await sessions(bench, len(binds))
    await send_all(kannel)
    taken = await reports.until(SUBMITTED, len(TEXTS))
    delivered = await reports.until(DELIVERED, len(TEXTS))
    assert len(set(ids(taken))) == len(TEXTS)
    assert ids(delivered) == ids(taken)
    assert all("stat:DELIVRD" in report["answer"] for report in delivered)
    journeys.check_texts(bench)

    await kannel.stop()
    await sessions(bench, 0)
    # Kannel asks for one receipt for a long text, whatever number of parts it cuts it in.
    await journeys.check_settled(bench, len(TEXTS))


async def test_a_long_text_in_ucs2(bench: Bench, kannel: Kannel, reports: Reports):
    await bench.start_smsc()
    await kannel.start()
    await kannel.send(ARABIC * 10, "447700900001", coding=UCS2)
    await reports.until(DELIVERED, 1)
    await bench.record.until(lambda: bench.record.counters.submits == 3)
    assert bench.joined("447700900001") == ARABIC * 10
    assert bench.codings("447700900001") == {8}


async def test_a_message_that_is_not_delivered(bench: Bench, kannel: Kannel, reports: Reports):
    await bench.start_smsc(failed_share=1.0, failed_err="027")
    await kannel.start()
    await kannel.send(ASCII, "447700900001")
    (report,) = await reports.until(FAILED, 1)
    assert "stat:UNDELIV err:027" in report["answer"]


async def test_a_message_that_is_refused(bench: Bench, kannel: Kannel, reports: Reports):
    await bench.start_smsc()
    await kannel.start()
    await kannel.send("Nobody", "12")
    (report,) = await reports.until(REFUSED, 1)
    assert report["answer"] == "NACK/0x0000000b/Invalid Destination Address"
    await kannel.send(ASCII, "447700900001")
    await reports.until(DELIVERED, 1)


async def test_a_wrong_password(bench: Bench, kannel: Kannel):
    bearerbox = await kannel.start(smsc_password="wrong")
    await logged(bearerbox, "code 0x0000000e (Invalid Password)")
    assert bench.gateway.door.binds_refused >= 1
    assert bench.gateway.door.sessions == []


async def test_throttled(bench: Bench, kannel: Kannel, reports: Reports):
    """Kannel waits a second after ESME_RTHROTTLED, sends the part again, and every part arrives once."""
    await bench.start_smsc()
    await bench.create_esme("slow", throughput=60)  # one a second
    bearerbox = await kannel.start(smsc_username="slow")
    await kannel.send(TEXTS["447700900005"], "447700900005")
    await reports.until(DELIVERED, 1)
    await bench.record.until(lambda: bench.record.counters.submits == 4)
    assert bench.joined("447700900005") == TEXTS["447700900005"]
    assert "command_status: 88 = 0x00000058" in bearerbox.complaints


async def test_receipts_wait_for_kannel(bench: Bench, kannel: Kannel, reports: Reports):
    """What comes while only a transmitter is bound and while Kannel is down goes out when it can receive."""
    await bench.start_smsc()
    await kannel.start(TRANSMITTER)
    await send_all(kannel)
    await reports.until(SUBMITTED, len(TEXTS))
    await bench.record.until(lambda: bench.record.counters.receipts_acked == len(TEXTS))
    await kannel.stop()
    await sessions(bench, 0)
    assert await journeys.waiting_receipts(bench) == len(TEXTS)
    assert reports.of(DELIVERED) == []

    await kannel.start(TRANSCEIVER)
    delivered = await reports.until(DELIVERED, len(TEXTS))
    assert ids(delivered) == ids(reports.of(SUBMITTED))
    await kannel.stop()
    await sessions(bench, 0)
    await journeys.check_settled(bench, len(TEXTS))


async def test_unbound_by_the_gateway(bench: Bench, kannel: Kannel, reports: Reports):
    """Kannel answers our unbind and binds again."""
    await bench.start_smsc()
    bearerbox = await kannel.start()
    await sessions(bench, 1)
    (session,) = bench.gateway.door.sessions
    session.unbind()
    await logged(bearerbox, "type_name: bind_transceiver_resp", 2)
    await kannel.send(ASCII, "447700900001")
    await reports.until(DELIVERED, 1)
    assert bench.gateway.door.sessions != [session]


@pytest.mark.parametrize("asks", ["gateway", "Kannel"])
async def test_enquire_link(
    programs: Programs, kannel_boxes: tuple[str, str], reports: Reports, tmp_path: Path, asks: str
):
    """Whoever asks is answered, and the session goes on."""
    interval = 0.5 if asks == "gateway" else 60
    async with open_bench(tmp_path / "gateway", smpp_enquire_link_s=interval) as bench:
        await bench.start_smsc()
        kannel = Kannel(programs, kannel_boxes, tmp_path / "kannel", reports, bench.port)
        bearerbox = await kannel.start(enquire_link_interval=60 if asks == "gateway" else 1)
        await logged(bearerbox, "type_name: enquire_link\n", 2)
        await logged(bearerbox, "type_name: enquire_link_resp", 2)
        await kannel.send(ASCII, "447700900001")
        await reports.until(DELIVERED, 1)
        assert bearerbox.complaints.count("type_name: bind_transceiver_resp") == 1
        assert [session.system_id for session in bench.gateway.door.sessions] == [SYSTEM_ID]
        await kannel.stop()


async def test_over_tls(programs: Programs, kannel_boxes: tuple[str, str], reports: Reports, tmp_path: Path):
    certificate, key = Authority().issue(HOST).write(tmp_path)
    port = free_port()
    async with open_bench(
        tmp_path / "gateway",
        smpp_tls_port=port,
        smpp_tls_cert=certificate,
        smpp_tls_key=key,
    ) as bench:
        await bench.start_smsc()
        kannel = Kannel(programs, kannel_boxes, tmp_path / "kannel", reports, port)
        await kannel.start(use_ssl="yes")
        await send_all(kannel)
        await reports.until(DELIVERED, len(TEXTS))
        journeys.check_texts(bench)
        await kannel.stop()
