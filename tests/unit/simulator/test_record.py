import asyncio
from pathlib import Path

import pytest

from trunkline.gsm.septets import fill_bits, pack
from trunkline.simulator.record import (
    ReceiptAcked,
    ReceiptRefused,
    ReceiptSent,
    Record,
    Submitted,
    Unanswered,
    load_record,
    read_content,
)


def submitted(
    message_id: str, destination: str = "491", text: str | None = "Hi", **fields: object
) -> Submitted:
    return Submitted(
        at_ms=1,
        message_id=message_id,
        system_id="alice",
        source="shop",
        destination=destination,
        text=text,
        **fields,  # type: ignore[arg-type]
    )


EVENTS = [
    submitted("a", receipts=1, registered_delivery=1),
    submitted("b", receipts=2),
    submitted("c", destination="492", udh="050003010201"),
    submitted("d", destination="492", udh="050003010202"),
    submitted("e", text=None, hex="00ff", sar=(1, 2, 1), data_coding=4),
    ReceiptSent(at_ms=2, message_id="a", stat="DELIVRD"),
    ReceiptSent(at_ms=2, message_id="b", stat="DELIVRD"),
    ReceiptAcked(at_ms=3, message_id="a"),
    ReceiptRefused(at_ms=3, message_id="b", status=8),
    Unanswered(at_ms=4, message_id="e"),
]


def fill(record: Record) -> None:
    for event in EVENTS:
        record.append(event)


@pytest.mark.parametrize("in_memory", [True, False])
def test_counts_and_reads_back(tmp_path: Path, in_memory: bool) -> None:
    record = Record(None if in_memory else tmp_path / "record.jsonl")
    fill(record)

    recorded = record.read()
    record.close()

    assert recorded.events == EVENTS
    for counters in (record.counters, recorded.counters):
        assert (counters.submits, counters.unique, counters.duplicates) == (5, 4, 1)
        assert (counters.receipts_due, counters.receipts_sent) == (3, 2)
        assert (counters.receipts_acked, counters.receipts_refused, counters.receipts_pending) == (1, 1, 1)
        assert counters.unanswered == 1
    assert [[submit.message_id for submit in group] for group in recorded.duplicates] == [["a", "b"]]
    assert recorded.unanswered == {"e"}
    assert recorded.acked == {"a"}


async def test_file_is_whole_after_the_loop_batch(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    record = Record(path)
    fill(record)
    assert path.read_bytes() == b""  # one write for the whole batch

    flushed = asyncio.Event()
    asyncio.get_running_loop().call_soon(flushed.set)  # runs behind the flush
    await flushed.wait()

    assert load_record(path).events == EVENTS  # without a close: the process could be killed now
    record.close()


def test_continues_an_earlier_file_and_cuts_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    first = Record(path)
    fill(first)
    first.close()
    with path.open("ab") as file:
        file.write(b'{"event":"submit","at_ms":1,"mess')
    assert load_record(path).events == EVENTS  # a reader leaves it out

    second = Record(path)
    second.append(submitted("f"))
    second.close()

    recorded = load_record(path)
    assert recorded.events == [*EVENTS, submitted("f")]
    assert second.counters.submits == 6
    assert second.counters.duplicates == 2  # "f" repeats what the first run took


def test_a_file_that_is_one_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    path.write_bytes(b"x" * 100_000)
    record = Record(path)
    record.close()
    assert path.read_bytes() == b""


def test_foreign_file_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    path.write_bytes(b'{"event":"acked","at_ms":1,"message_id":"a"}\n{"event":"party"}\n')
    with pytest.raises(ValueError, match="line 2"):
        load_record(path)
    with pytest.raises(ValueError, match="line 2"):
        Record(path)


def test_unwritable_place(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Record(tmp_path / "missing" / "record.jsonl")


@pytest.mark.parametrize(
    ("esm_class", "data_coding", "payload", "expected"),
    [
        (0, 0, b"Hi \x1be \x00", ("Hi € @", None, None)),
        (0, 8, "مرحبا".encode("utf-16-be"), ("مرحبا", None, None)),
        (0, 8, b"\x00H\x00", (None, "004800", None)),
        (0, 4, b"\x01\x02", (None, "0102", None)),
        (0x40, 0, b"\x05\x00\x03\x01\x02\x01Hi", ("Hi", None, "050003010201")),
        (0x40, 0, b"\x03\x25\x01\x01\x04", ("€", None, "03250101")),  # the header names Turkish
        (0x40, 0, b"\x05", ("é", None, None)),  # no room for such a header: all of it is content
        (0x40, 0, b"", ("", None, None)),
        (0, 0, b"", ("", None, None)),
    ],
)
def test_content(
    esm_class: int, data_coding: int, payload: bytes, expected: tuple[str | None, str | None, str | None]
) -> None:
    assert read_content(esm_class, data_coding, payload, "gsm7") == expected


def test_packed_behind_a_header() -> None:
    header = b"\x05\x00\x03\x01\x02\x01"
    packed = header + pack(b"Hello", fill_bits(len(header)))
    assert read_content(0x40, 0, packed, "gsm7-packed") == ("Hello", None, header.hex())


def test_default_alphabet_of_the_content() -> None:
    assert read_content(0, 0, b"\xe9", "latin1") == ("é", None, None)
    assert read_content(0, 0, b"\xe9", "gsm7") == (None, "e9", None)
