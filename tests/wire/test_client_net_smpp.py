"""Perl's Net::SMPP against the gateway."""

import pytest

from . import journeys
from .bench import ASCII, PEERS, Bench, ForeignEsme

pytestmark = pytest.mark.services

IDS = 4 + 4
"""Four short texts, and the long one in four parts numbered by the SAR parameters: each part is a message."""


async def test_transceiver(bench: Bench, net_smpp: ForeignEsme):
    await journeys.round_trip(bench, net_smpp, IDS)


async def test_transmitter_and_receiver(bench: Bench, net_smpp: ForeignEsme):
    await journeys.two_binds(bench, net_smpp, IDS)


async def test_wrong_password(bench: Bench, net_smpp: ForeignEsme):
    await journeys.wrong_password(
        bench, net_smpp, "bind refused: Invalid password (ESME_RINVPASWD=0x0000000E)\n"
    )


async def test_refusals(bench: Bench, net_smpp: ForeignEsme):
    await journeys.refusals(
        bench,
        net_smpp,
        bad_address="Invalid destination address (ESME_RINVDSTADR=0x0000000B)",
        too_fast="Throttling error (ESME has exceeded allowed message limits) (ESME_RTHROTTLED=0x00000058)",
    )


async def test_receipts_wait_for_a_receiver(bench: Bench, net_smpp: ForeignEsme):
    await journeys.receipts_wait_for_a_receiver(bench, net_smpp, IDS)


async def test_no_tlvs_for_an_older_version(bench: Bench, net_smpp: ForeignEsme):
    """A client that binds with interface_version 0x33 cannot be expected to know optional parameters."""
    await bench.start_smsc()
    client = await net_smpp.send({"447700900001": ASCII}, program=PEERS / "older.pl")
    await client.succeeded()
    assert client.lines == ["bound", "stat:DELIVRD"]
    await journeys.check_settled(bench, 1)


async def test_operations(bench: Bench, net_smpp: ForeignEsme):
    answers = [
        "query 0 1",
        "replace 0",
        "cancel 0",
        "query 0 4",
        "query 103 -",
        "multi 0 friends:52",
        "data 0",
    ]
    await journeys.operations(bench, net_smpp, PEERS / "operations.pl", answers)
