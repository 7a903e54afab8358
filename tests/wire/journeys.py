"""What every foreign client must be able to do; each client's test file runs these with its own programs."""

from pathlib import Path
from typing import Any

from trunkline.model.states import MessageState
from trunkline.model.submission import Submission

from .bench import ARABIC, ASCII, CODINGS, LONG, SYSTEM_ID, TEXTS, Bench, ForeignEsme, Program, eventually

PARTS = 4 + 4
"""What goes to the SMSC, whoever cuts the long text: four short texts and four parts."""


def check_texts(bench: Bench) -> None:
    """The SMSC has every text as it was typed, in the coding that fits it."""
    for destination, text in TEXTS.items():
        assert bench.joined(destination) == text
        assert bench.codings(destination) == {CODINGS[destination]}


def ids_of(sender: Program) -> list[str]:
    """The ids that the client was given; every destination has one at least, none came twice."""
    assert sender.said("refused") == []
    submitted = sender.said("submitted")
    assert {destination for destination, _ in submitted} == set(TEXTS)
    ids = [message_id for _, message_id in submitted]
    assert len(set(ids)) == len(ids)
    return ids


def check_receipts(receiver: Program, ids: list[str]) -> None:
    """Exactly one receipt for each id, and all of them delivered."""
    assert sorted(receiver.said("receipt")) == sorted([message_id, "DELIVRD"] for message_id in ids)


async def waiting_receipts(bench: Bench) -> int:
    """How many receipts the outbox holds for the ESME, after everything that was recorded up to now."""
    gateway = bench.gateway
    due = gateway.store.journal.due_notifications(f"esme:{SYSTEM_ID}", 1000, gateway.clock.now_ms())
    return len(await due)


async def check_settled(bench: Bench, receipts: int) -> None:
    """The client's answers arrived, nothing waits for it any more, and its sessions are gone."""
    assert bench.gateway.notifier.delivered == receipts
    assert await waiting_receipts(bench) == 0
    await eventually(lambda: bench.gateway.door.sessions == [])
    await bench.record.until(lambda: not bench.record.counters.receipts_pending)
    assert bench.record.counters.duplicates == 0


async def round_trip(bench: Bench, esme: ForeignEsme, ids: int) -> None:
    """Bind as transceiver, submit every text, get the ids and the receipts, answer, unbind."""
    await bench.start_smsc()
    client = await esme.send()
    await client.succeeded()
    assert len(ids_of(client)) == ids
    check_receipts(client, ids_of(client))
    assert client.lines[-1] == "unbound"
    check_texts(bench)
    await check_settled(bench, ids)


async def two_binds(bench: Bench, esme: ForeignEsme, ids: int) -> None:
    """A transmitter submits while a receiver is bound beside it, which gets all receipts."""
    await bench.start_smsc()
    receiver = await esme.receive(ids)
    await receiver.until("bound")
    transmitter = await esme.send(TEXTS, "transmitter")
    await transmitter.succeeded()
    await receiver.succeeded()
    assert transmitter.said("receipt") == []
    check_receipts(receiver, ids_of(transmitter))
    check_texts(bench)
    await check_settled(bench, ids)


async def wrong_password(bench: Bench, esme: ForeignEsme, complaint: str) -> None:
    """The bind is refused with ESME_RINVPASWD, as the client says in its own words, and nothing is sent."""
    await bench.start_smsc()
    client = await esme.send(password="wrong")
    assert await client.ended() != 0
    assert client.complaints == complaint
    assert client.lines == []
    assert bench.gateway.door.binds_refused == 1
    assert bench.record.read().submits == []


async def refusals(bench: Bench, esme: ForeignEsme, bad_address: str, too_fast: str) -> None:
    """The client reads why a message was refused, in its own words, and goes on with the others."""
    await bench.start_smsc()
    client = await esme.send({"12": "Nobody", "447700900001": ASCII})
    await client.succeeded()
    assert [" ".join(words) for words in client.said("refused")] == [f"12 {bad_address}"]
    assert [destination for destination, _ in client.said("submitted")] == ["447700900001"]
    assert len(client.said("receipt")) == 1

    await bench.create_esme("slow", throughput=1)
    client = await esme.send(TEXTS, "transmitter", system_id="slow")
    await client.succeeded()
    refused = {" ".join(words) for _, *words in client.said("refused")}
    assert refused == {too_fast}
    assert client.said("submitted")


async def receipts_wait_for_a_receiver(bench: Bench, esme: ForeignEsme, ids: int) -> None:
    """Receipts that come while nobody is bound to receive go out at the next bind, and only once."""
    await bench.start_smsc()
    transmitter = await esme.send(TEXTS, "transmitter")
    await transmitter.succeeded()
    await bench.record.until(lambda: bench.record.counters.receipts_acked == PARTS)
    await eventually(lambda: bench.gateway.door.sessions == [])
    assert await waiting_receipts(bench) == ids

    receiver = await esme.receive(ids)
    await receiver.succeeded()
    check_receipts(receiver, ids_of(transmitter))
    await check_settled(bench, ids)

    # The next bind finds nothing of what was received before, only its own.
    again = await esme.send({"447700900009": "Once more"})
    await again.succeeded()
    assert len(again.said("receipt")) == 1
    await check_settled(bench, ids + 1)


def texts_at(smsc: Program) -> dict[str, str]:
    """What a foreign SMSC read, by destination: the parts joined by the numbers it found in them."""
    parts: dict[str, dict[int, str]] = {}
    totals: dict[str, int] = {}
    for destination, _, place, *words in smsc.said("message"):
        _, _, total, number = place.split(":")
        parts.setdefault(destination, {})[int(number)] = " ".join(words)
        totals[destination] = int(total)
    assert {destination: sorted(each) for destination, each in parts.items()} == {
        destination: list(range(1, total + 1)) for destination, total in totals.items()
    }
    return {
        destination: "".join(each[number] for number in sorted(each)) for destination, each in parts.items()
    }


async def attach(bench: Bench, smsc: Program, **settings: Any) -> None:
    """Let the gateway bind to a foreign SMSC as soon as that listens."""
    (port,) = await smsc.until("listening")
    await bench.attach(int(port), **settings)
    assert await smsc.until("bound") == ["trunk"]


async def through_smsc(bench: Bench, smsc: Program, esme: ForeignEsme, ids: int, **settings: Any) -> None:
    """From a foreign ESME to a foreign SMSC, and the receipts back; then the gateway unbinds."""
    await attach(bench, smsc, enquire_link_s=1, **settings)
    client = await esme.send()
    await client.succeeded()
    check_receipts(client, ids_of(client))
    await smsc.until("acknowledged", ids)
    assert [status for _, status in smsc.said("acknowledged")] == ["0"] * ids
    assert texts_at(smsc) == TEXTS
    assert {destination: int(coding) for destination, coding, *_ in smsc.said("message")} == CODINGS
    await check_settled(bench, ids)

    await smsc.until("asked")  # nothing travels: the gateway looks whether the SMSC is still there
    await bench.stop_connector()
    await smsc.until("unbound")


async def long_message_to_smsc(bench: Bench, smsc: Program, method: str, parts: int) -> None:
    """A long text, cut by the gateway with one of its methods, is whole at a foreign SMSC."""
    await attach(bench, smsc, long_message=method)
    gateway = bench.gateway
    sender = gateway.snapshots.current.esmes[SYSTEM_ID].sender
    texts = {"447700900001": LONG, "447700900002": ARABIC * 10}
    messages = [
        await gateway.pipeline.accept(Submission(sender, "smpp", destination, text, "Acme"))
        for destination, text in texts.items()
    ]
    await smsc.until("acknowledged", parts)
    places = [place.split(":")[0] for _, _, place, *_ in smsc.said("message")]
    assert places == [method] * parts
    assert texts_at(smsc) == texts
    for message in messages:
        detail = await gateway.store.message_detail(message.id)
        assert detail is not None
        assert detail.message.state is MessageState.DELIVERED


async def operations(bench: Bench, esme: ForeignEsme, program: Path, answers: list[str]) -> None:
    """Ask about messages; the SMSC gets what was not cancelled, and each destination of a submit_multi."""
    destinations = ["447700900001", "447700900002"]
    await bench.start_smsc()
    client = await esme.send(dict.fromkeys(destinations, ""), program=program)
    await client.succeeded()
    assert client.lines == answers
    texts = [("447700900001", "as data")]
    if any(line.startswith("multi") for line in answers):
        texts += [(each, "to all") for each in destinations]
    await bench.record.until(lambda: bench.record.counters.submits == len(texts))
    assert sorted((each.destination, each.text) for each in bench.record.read().submits) == sorted(texts)
