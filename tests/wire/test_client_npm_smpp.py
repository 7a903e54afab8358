"""npm smpp against the gateway."""

import pytest

from . import journeys
from .bench import ARABIC, LONG, PEERS, Bench, ForeignEsme

pytestmark = pytest.mark.services

IDS = 5
"""The long text goes in one piece, in message_payload; the gateway cuts it."""


async def test_transceiver(bench: Bench, npm_smpp: ForeignEsme):
    await journeys.round_trip(bench, npm_smpp, IDS)


async def test_transmitter_and_receiver(bench: Bench, npm_smpp: ForeignEsme):
    await journeys.two_binds(bench, npm_smpp, IDS)


async def test_wrong_password(bench: Bench, npm_smpp: ForeignEsme):
    await journeys.wrong_password(bench, npm_smpp, "bind refused: ESME_RINVPASWD\n")


async def test_refusals(bench: Bench, npm_smpp: ForeignEsme):
    await journeys.refusals(
        bench,
        npm_smpp,
        bad_address="ESME_RINVDSTADR",
        too_fast="ESME_RTHROTTLED",
    )


async def test_receipts_wait_for_a_receiver(bench: Bench, npm_smpp: ForeignEsme):
    await journeys.receipts_wait_for_a_receiver(bench, npm_smpp, IDS)


async def test_codings_left_to_the_client(bench: Bench, npm_smpp: ForeignEsme):
    """Under data_coding 1 the client writes GSM 03.38, and some texts cannot be anything else."""
    texts = {
        "447700900001": "Your code is 4711",
        "447700900002": "12,50 € {incl. VAT}",
        "447700900003": "5 $ to me@example.org",
        "447700900004": "Grüße an Søren_1",
        "447700900005": "مرحبا",
        "447700900006": "أهلا 👍🏽",
    }
    await bench.start_smsc()
    client = await npm_smpp.send(texts, program=PEERS / "defaults.js")
    await client.succeeded()
    assert sorted(client.said("submitted")) == [[destination, "0"] for destination in texts]
    await bench.record.until(lambda: bench.record.counters.submits == len(texts))
    assert {destination: bench.joined(destination) for destination in texts} == texts


async def test_long_texts_cut_by_the_client(bench: Bench, npm_smpp: ForeignEsme):
    texts = {"447700900001": LONG, "447700900002": ARABIC * 10}
    await bench.start_smsc()
    client = await npm_smpp.send(texts, program=PEERS / "split.js")
    await client.succeeded()
    assert client.said("alive") == [["0"]]
    ids = [message_id for _, message_id in client.said("submitted")]
    assert len(set(ids)) == 4 + 3
    assert sorted(client.said("receipt")) == sorted([message_id, "DELIVRD"] for message_id in ids)
    assert {destination: bench.joined(destination) for destination in texts} == texts
    assert (bench.codings("447700900001"), bench.codings("447700900002")) == ({0}, {8})


async def test_operations(bench: Bench, npm_smpp: ForeignEsme):
    """It binds as a client of 5.0, which has a state for what is scheduled: 0."""
    answers = [
        "query 0 0",
        "replace 0",
        "cancel 0",
        "query 0 4",
        "query 103 -",
        "multi 0 friends:52",
        "data 0",
    ]
    await journeys.operations(bench, npm_smpp, PEERS / "operations.js", answers)
