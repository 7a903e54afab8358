"""PyPI smpplib against the gateway."""

from trunkline.gsm.alphabets import gsm_encode

from . import journeys
from .bench import PEERS, Bench, ForeignEsme

IDS = 4 + 4
"""Four short texts, and the long one in four parts that smpplib cuts itself: each part is a message."""


ENCODERS = {0: gsm_encode, 8: lambda text: text.encode("utf-16-be")}


async def test_transceiver(bench: Bench, smpplib: ForeignEsme):
    await journeys.round_trip(bench, smpplib, IDS)


async def test_transmitter_and_receiver(bench: Bench, smpplib: ForeignEsme):
    await journeys.two_binds(bench, smpplib, IDS)


async def test_wrong_password(bench: Bench, smpplib: ForeignEsme):
    await journeys.wrong_password(
        bench, smpplib, "bind refused: (14) bind_transceiver_resp: Invalid Password\n"
    )


async def test_refusals(bench: Bench, smpplib: ForeignEsme):
    await journeys.refusals(
        bench,
        smpplib,
        bad_address="Invalid Destination Address",
        too_fast="Throttling error (ESME has exceeded allowed message limits)",
    )


async def test_receipts_wait_for_a_receiver(bench: Bench, smpplib: ForeignEsme):
    await journeys.receipts_wait_for_a_receiver(bench, smpplib, IDS)


async def test_characters_cut_in_two(bench: Bench, smpplib: ForeignEsme):
    """smpplib cuts octets: ESC pairs and surrogate pairs end up in two parts, and all reach the SMSC."""
    texts = {
        "447700900001": "x" * 152 + "€" + "y" * 100,  # ESC is the last octet of the first part
        "447700900002": "ж" * 66 + "👍" + "ы" * 20,  # half of the pair is
    }
    await bench.start_smsc()
    client = await smpplib.send(texts)
    await client.succeeded()
    assert client.said("refused") == []
    ids = [message_id for _, message_id in client.said("submitted")]
    assert sorted(client.said("receipt")) == sorted([message_id, "DELIVRD"] for message_id in ids)
    submits = bench.record.read().submits
    assert [len(each.udh or "") for each in submits] == [12] * 4
    octets = {
        destination: b"".join(
            bytes.fromhex(each.hex) if each.text is None else ENCODERS[each.data_coding](each.text)
            for each in submits
            if each.destination == destination
        )
        for destination in texts
    }
    assert octets["447700900001"] == b"x" * 152 + b"\x1be" + b"y" * 100
    assert octets["447700900002"].decode("utf-16-be") == texts["447700900002"]


async def test_operations(bench: Bench, smpplib: ForeignEsme):
    """It has no more of them than these."""
    answers = ["query 0 1", "query 103 -", "data 0"]
    await journeys.operations(bench, smpplib, PEERS / "operations.py", answers)
