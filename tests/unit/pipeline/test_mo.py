"""Inbound messages: parts, repetitions, and what is answered when."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from trunkline.gsm.septets import pack
from trunkline.gsm.udh import concatenation_header
from trunkline.model.inbound import InboundMessage, IncomingMessage, Sar
from trunkline.pipeline.mo import MoPipeline
from trunkline.pipeline.mo_repeats import REMEMBERED_MAX, Repeats

from .conftest import Bench
from .doubles import connector_of, snapshot_of, turns

UDHI = 0x40
WINDOW_MS = 300_000


def incoming(text: str = "STOP", **fields: Any) -> IncomingMessage:
    values = {"source_addr": "491700000001", "dest_addr": "4040", "user_data": text.encode(), "link": 1}
    return IncomingMessage(**(values | fields))


def part(number: int, total: int, text: str | bytes, reference: int = 7, **fields: Any) -> IncomingMessage:
    octets = text.encode() if isinstance(text, str) else text
    wide = bool(fields.pop("wide", False))
    header = concatenation_header(reference, total, number, wide=wide)
    return incoming(esm_class=UDHI, user_data=header + octets, **fields)


class Inbox:
    """The pipeline with an SMSC before it."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.answers: list[bool] = []

    async def receive(self, *messages: IncomingMessage, connector_id: str = "upstream") -> list[bool]:
        """The answers that came of these."""
        self.answers.clear()
        for message in messages:
            self.bench.outcomes.on_inbound(connector_id, message, self.answers.append)
        await turns()
        return [*self.answers]

    @property
    def messages(self) -> list[InboundMessage]:
        return self.bench.journal.inbound_messages

    @property
    def texts(self) -> list[str | None]:
        return [message.text for message in self.messages]

    def pass_time(self, milliseconds: int) -> None:
        self.bench.clock.now += milliseconds

    async def give_up(self) -> None:
        self.bench.mo.give_up()
        await turns()

    async def restart(self) -> None:
        await self.bench.stop()
        self.bench.start()
        await self.bench.mo.load()


@pytest.fixture
def inbox(bench: Bench) -> Inbox:
    return Inbox(bench)


# --- one message ---


async def test_a_message_is_answered_when_it_is_durable(bench: Bench, inbox: Inbox) -> None:
    bench.journal.auto = False
    assert await inbox.receive(incoming(source_ton=1, source_npi=1, data_coding=0)) == []
    bench.journal.commit()
    assert inbox.answers == [True]
    [message] = inbox.messages
    assert (message.source_addr, message.source_ton, message.dest_addr, message.text, message.encoding) == (
        "491700000001", 1, "4040", "STOP", "gsm7",
    )  # fmt: skip
    assert (message.account_id, message.connector_id, message.parts, message.missing) == (
        None, "upstream", 1, (),
    )  # fmt: skip
    assert (message.raw, message.error, message.received_at) == (None, None, bench.clock.now)


async def test_while_storage_is_away_the_smsc_keeps_it(bench: Bench, inbox: Inbox) -> None:
    bench.journal.up = False
    assert await inbox.receive(incoming()) == [False]
    bench.journal.up = True
    assert await inbox.receive(incoming()) == [True]
    assert inbox.texts == ["STOP"]
    counters = bench.mo.counters["upstream"]
    assert (counters.received, counters.refused, counters.stored, counters.duplicates) == (2, 1, 1, 0)


@pytest.mark.parametrize(
    ("alphabet", "fields", "text", "encoding", "raw"),
    [
        ("gsm7", {"user_data": b"\x00 \x1be"}, "@ €", "gsm7", None),
        ("latin1", {"user_data": b"caf\xe9"}, "café", "latin1", None),
        ("gsm7-packed", {"user_data": pack(b"hello")}, "hello", "gsm7", None),
        ("gsm7", {"user_data": "مرحبا".encode("utf-16-be"), "data_coding": 8}, "مرحبا", "ucs2", None),
        ("gsm7", {"user_data": b"\xd8\x00", "data_coding": 8}, "\ufffd", "ucs2", "d800"),
        ("gsm7", {"user_data": b"A\xffB"}, "A\ufffdB", "gsm7", "41ff42"),
        ("gsm7", {"user_data": b"a\0b", "data_coding": 3}, "ab", "latin1", "610062"),
        ("gsm7", {"user_data": b"\x01\x02", "data_coding": 4}, None, "binary", "0102"),
        ("gsm7", {"user_data": "привет".encode("iso8859_5"), "data_coding": 6}, "привет", "cyrillic", None),
        ("gsm7", {"user_data": b""}, "", "gsm7", None),
    ],
)  # fmt: skip
async def test_the_text_is_read_by_the_connectors_alphabet(
    bench: Bench, inbox: Inbox, alphabet: str, fields: dict, text: str, encoding: str, raw: str
) -> None:
    bench.configure(snapshot_of(connector_of(default_alphabet=alphabet)))
    assert await inbox.receive(incoming(**fields)) == [True]
    [message] = inbox.messages
    assert (message.text, message.encoding, message.raw) == (text, encoding, raw)


async def test_ports_and_the_rest_of_the_header_are_kept(inbox: Inbox) -> None:
    header = bytes((6, 5, 4, 0x0B, 0x84, 0x23, 0xF0))
    await inbox.receive(
        incoming(esm_class=UDHI, user_data=header + b"\x01", data_coding=4),
        incoming("x", dest_port=5000, source_port=6000),
    )
    by_header, by_tlvs = inbox.messages
    assert (by_header.udh, by_header.dest_port, by_header.source_port, by_header.raw) == (
        header.hex(), 2948, 9200, "01",
    )  # fmt: skip
    assert (by_tlvs.udh, by_tlvs.dest_port, by_tlvs.source_port) == ("", 5000, 6000)


async def test_a_header_that_cannot_be_read_is_kept_as_it_came(inbox: Inbox) -> None:
    assert await inbox.receive(incoming(esm_class=UDHI, user_data=b"\xffHELLO")) == [True]
    [message] = inbox.messages
    assert (message.text, message.raw) == (None, b"\xffHELLO".hex())
    assert message.error is not None
    assert "255 octets, 5 are there" in message.error


async def test_a_connector_that_is_gone_is_read_as_most_are(inbox: Inbox) -> None:
    await inbox.receive(incoming(user_data=b"caf\x05"), connector_id="gone")
    assert inbox.texts == ["café"]


# --- parts ---


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
@pytest.mark.parametrize("wide", [False, True])
async def test_parts_are_joined_whatever_their_order(
    bench: Bench, inbox: Inbox, order: tuple[int, ...], wide: bool
) -> None:
    texts = {1: "one ", 2: "two ", 3: "three"}
    for number in order[:-1]:
        assert await inbox.receive(part(number, 3, texts[number], wide=wide)) == [True]
    assert inbox.messages == []
    assert (len(bench.journal.inbound_parts), bench.mo.parts_waiting) == (2, 2)
    assert await inbox.receive(part(order[-1], 3, texts[order[-1]], wide=wide)) == [True]
    [message] = inbox.messages
    assert (message.text, message.parts, message.missing, message.udh) == ("one two three", 3, (), "")
    assert bench.journal.inbound_parts == {}
    counters = bench.mo.counters["upstream"]
    assert (counters.received, counters.parts, counters.joined, counters.stored) == (3, 3, 1, 1)


async def test_parts_by_tlvs_and_characters_cut_in_two(inbox: Inbox) -> None:
    octets = "a😀b".encode("utf-16-be")
    await inbox.receive(
        incoming(user_data=octets[4:], data_coding=8, sar=Sar(300, 2, 2)),
        incoming(user_data=octets[:4], data_coding=8, sar=Sar(300, 2, 1)),
    )
    assert inbox.texts == ["a😀b"]


async def test_packed_parts_are_unpacked_one_by_one(bench: Bench, inbox: Inbox) -> None:
    bench.configure(snapshot_of(connector_of(default_alphabet="gsm7-packed")))
    await inbox.receive(part(1, 2, pack(b"euro \x1b", 1)), part(2, 2, pack(b"e!", 1)))
    assert inbox.texts == ["euro €!"]


async def test_parts_in_different_codings_are_read_one_by_one(inbox: Inbox) -> None:
    await inbox.receive(part(1, 2, "Hi "), part(2, 2, "مر".encode("utf-16-be"), data_coding=8))
    assert inbox.texts == ["Hi مر"]


@pytest.mark.parametrize(
    "other",
    [
        {"source_addr": "491700000002"},
        {"dest_addr": "4041"},
        {"reference": 8},
        {"wide": True},
    ],
)
async def test_parts_of_others_are_not_joined(inbox: Inbox, other: dict) -> None:
    await inbox.receive(part(1, 2, "A"), part(2, 2, "B", **other))
    assert inbox.messages == []


async def test_parts_over_connectors_of_one_system_id_belong_together(bench: Bench, inbox: Inbox) -> None:
    bench.configure(snapshot_of(connector_of("one"), connector_of("two")))
    await inbox.receive(part(1, 2, "A"), connector_id="one")
    await inbox.receive(part(2, 2, "B"), connector_id="two")
    assert inbox.texts == ["AB"]


async def test_parts_wait_through_a_restart(bench: Bench, inbox: Inbox) -> None:
    await inbox.receive(part(1, 3, "A"), part(3, 3, "C"))
    await inbox.restart()
    assert bench.mo.parts_waiting == 2
    assert await inbox.receive(part(2, 3, "B")) == [True]
    assert inbox.texts == ["ABC"]
    assert bench.journal.inbound_parts == {}


async def test_what_there_is_comes_after_the_time_out(bench: Bench, inbox: Inbox) -> None:
    await inbox.receive(part(1, 4, "A"), part(3, 4, "C"))
    inbox.pass_time(299_999)
    await inbox.give_up()
    assert inbox.messages == []
    inbox.pass_time(1)
    await inbox.give_up()
    [message] = inbox.messages
    assert (message.text, message.parts, message.missing) == ("A[2/4]C[4/4]", 4, (2, 4))
    assert (bench.journal.inbound_parts, bench.mo.parts_waiting) == ({}, 0)
    assert bench.mo.counters["upstream"].incomplete == 1


async def test_the_time_out_counts_through_a_restart(bench: Bench, inbox: Inbox) -> None:
    await inbox.receive(part(2, 2, "B"))
    inbox.pass_time(200_000)
    await inbox.restart()
    inbox.pass_time(100_000)
    await inbox.give_up()
    assert inbox.texts == ["[1/2]B"]


async def test_a_reference_used_again_gives_up_what_waited(inbox: Inbox) -> None:
    await inbox.receive(part(1, 2, "old"), part(1, 2, "new"), part(2, 2, "!"))
    await inbox.give_up()
    assert sorted(map(str, inbox.texts)) == ["new!", "old[2/2]"]


async def test_more_parts_than_can_wait_are_left_with_the_smsc(
    bench: Bench, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MoPipeline, "PARTS_MAX", 255)
    await inbox.restart()
    answers = await inbox.receive(*(part(1, 2, "A", number, wide=True) for number in range(600)))
    assert answers.count(True) == 510
    assert (len(answers), bench.mo.counters["upstream"].refused) == (600, 90)
    await inbox.give_up()
    assert len(inbox.messages) == 255
    assert len(bench.journal.inbound_parts) == 255


async def test_parts_of_connectors_that_share_a_system_id_since_are_joined_at_the_start(
    bench: Bench, inbox: Inbox
) -> None:
    apart = snapshot_of(connector_of("one"), connector_of("two", system_id="other"))
    bench.configure(apart)
    await inbox.receive(part(1, 2, "A"), connector_id="one")
    await inbox.receive(part(2, 2, "B"), connector_id="two")
    bench.configure(snapshot_of(connector_of("one"), connector_of("two")))
    await inbox.restart()
    await turns()
    assert inbox.texts == ["AB"]
    assert bench.journal.inbound_parts == {}


# --- repetitions ---


async def test_a_handset_may_say_the_same_twice(bench: Bench, inbox: Inbox) -> None:
    assert await inbox.receive(incoming(), incoming()) == [True, True]
    inbox.pass_time(1000)
    assert await inbox.receive(incoming()) == [True]
    assert inbox.texts == ["STOP"] * 3
    assert bench.mo.counters["upstream"].duplicates == 0


async def test_what_came_before_its_connection_broke_is_known_once(bench: Bench, inbox: Inbox) -> None:
    await inbox.receive(incoming())
    bench.outcomes.on_link_lost(2)
    assert await inbox.receive(incoming(link=1)) == [True]
    assert len(inbox.messages) == 2, "that was another connection"
    inbox.pass_time(59_000)
    bench.outcomes.on_link_lost(1)
    inbox.pass_time(30_000)
    assert await inbox.receive(*[incoming(link=3)] * 3) == [True, True, True]
    assert len(inbox.messages) == 3, "two were known, the third is another"
    assert bench.mo.counters["upstream"].duplicates == 2
    bench.outcomes.on_link_lost(3)
    assert await inbox.receive(incoming(link=4)) == [True]
    assert len(inbox.messages) == 3, "their answers may have been lost, too"


@pytest.mark.parametrize(("before", "after"), [(60_001, 0), (59_000, 241_001)])
async def test_what_is_too_long_ago_is_another_message(
    bench: Bench, inbox: Inbox, before: int, after: int
) -> None:
    await inbox.receive(incoming())
    inbox.pass_time(before)
    bench.outcomes.on_link_lost(1)
    inbox.pass_time(after)
    await inbox.receive(incoming(link=2))
    assert len(inbox.messages) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"user_data": b"stop"},
        {"source_addr": "491700000002"},
        {"dest_addr": "4041"},
        {"data_coding": 1},
        {"user_reference": 5},
    ],
)
async def test_other_content_is_another_message(bench: Bench, inbox: Inbox, other: dict) -> None:
    await inbox.receive(incoming())
    bench.outcomes.on_link_lost(1)
    await inbox.receive(replace(incoming(), **other))
    assert len(inbox.messages) == 2


async def test_a_repetition_waits_for_what_it_repeats(bench: Bench, inbox: Inbox) -> None:
    bench.journal.auto = False
    await inbox.receive(incoming())
    bench.outcomes.on_link_lost(1)
    assert await inbox.receive(incoming(link=2)) == []
    bench.journal.commit()
    assert inbox.answers == [True, True], "one to the connection that is gone"
    assert len(inbox.messages) == 1


@pytest.mark.parametrize(("waited", "stored"), [(5_000, 2), (5_001, 1)])
async def test_what_was_answered_late_is_known(bench: Bench, inbox: Inbox, waited: int, stored: int) -> None:
    bench.journal.auto = False
    await inbox.receive(incoming())
    inbox.pass_time(waited)
    bench.journal.commit()
    bench.journal.auto = True
    await inbox.receive(incoming())
    assert len(inbox.messages) == stored


async def test_what_is_not_answered_for_long_is_known(bench: Bench, inbox: Inbox) -> None:
    bench.journal.auto = False
    await inbox.receive(incoming())
    inbox.pass_time(5_001)
    assert await inbox.receive(incoming()) == []
    bench.journal.commit()
    assert (inbox.answers, len(inbox.messages)) == ([True, True], 1)


async def test_the_last_of_an_earlier_run_is_known(bench: Bench, inbox: Inbox) -> None:
    await inbox.receive(incoming("early"))
    inbox.pass_time(10_001)
    await inbox.receive(incoming("late"))
    await inbox.restart()
    await inbox.receive(incoming("early"), incoming("late"))
    assert inbox.texts == ["early", "late", "early"]


async def test_a_part_with_a_reference_is_known_without_a_reason(bench: Bench, inbox: Inbox) -> None:
    """Also when its message is whole: else it would wait for the others once more."""
    await inbox.receive(part(1, 2, "A"), part(1, 2, "A"), part(2, 2, "B"), part(2, 2, "B"))
    inbox.pass_time(WINDOW_MS)
    await inbox.restart()
    assert await inbox.receive(part(1, 2, "A")) == [True]
    assert (inbox.texts, bench.journal.inbound_parts) == (["AB"], {})
    inbox.pass_time(1)
    await inbox.receive(part(1, 2, "A"))
    assert len(bench.journal.inbound_parts) == 1


async def test_a_part_that_waits_longer_than_repetitions_are_known_is_kept_once(bench: Bench) -> None:
    bench.mo = MoPipeline(bench.store, bench.clock, bench.snapshots, 300, 10)
    answers: list[bool] = []
    for _ in range(2):
        bench.mo.receive("upstream", part(1, 2, "A"), answers.append)
        await turns()
        bench.clock.now += 10_001
    assert answers == [True, True]
    assert len(bench.journal.inbound_parts) == 1


async def test_over_connectors_of_one_system_id_a_repetition_is_one(bench: Bench, inbox: Inbox) -> None:
    bench.configure(snapshot_of(connector_of("one"), connector_of("two")))
    await inbox.receive(incoming(), connector_id="one")
    bench.outcomes.on_link_lost(1)
    await inbox.receive(incoming(link=2), connector_id="two")
    assert len(inbox.messages) == 1


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.pipeline.mo_repeats.REMEMBERED_MAX", 10)
    repeats = Repeats(WINDOW_MS)
    for number in range(30):
        repeats.add(f"{number % 15}", 1, True, 0)
    assert len(repeats) == 10
    assert repeats.find("4", 1, 0) is None
    assert repeats.find("5", 1, 0) is not None
    assert repeats.find("5", 1, WINDOW_MS + 1) is None
    assert len(repeats) == 0
    assert REMEMBERED_MAX == 100_000


async def test_the_store_forgets_what_is_past(bench: Bench, inbox: Inbox) -> None:
    await inbox.receive(incoming())
    inbox.pass_time(WINDOW_MS + 1)
    await inbox.receive(incoming("new"))
    duty = asyncio.get_running_loop().create_task(bench.mo.run())
    try:
        await turns()
        assert [each.received_at for each in bench.journal.inbound_seen] == [bench.clock.now]
    finally:
        duty.cancel()
