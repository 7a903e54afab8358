from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from trunkline.backends.pdu_log.day_files import DayFiles
from trunkline.backends.pdu_log.records import Batch, Entry, Written, count_pdus
from trunkline.backends.pdu_log.scribe import Scribe, serve
from trunkline.smpp.codec import encode
from trunkline.smpp.pdus import EnquireLink, SubmitSm

from .samples import DAY_NS, EVENING, entry, remark


def lines(
    directory: Path, day: str = "2024-07-29", name: str = "smsc", folder: str = "connectors"
) -> list[str]:
    """The lines that are no part of a PDU's description."""
    text = (directory / folder / day / f"{name}.log").read_text("utf-8")
    return [line for line in text.splitlines() if line.startswith(("INFO", "WARN"))]


def batch(*entries: Entry) -> Batch:
    return [item for each in entries for item in each]


def test_a_batch_goes_to_the_files_of_its_owners(tmp_path: Path) -> None:
    scribe = Scribe(DayFiles(tmp_path, 10_000))
    written = scribe.take(
        batch(entry(1), entry(2, name="other"), entry(3), entry(4, name="17", folder="esmes"))
    )
    assert (written.pdus, written.over_limit, written.failed, written.fault) == (4, 0, 0, "")
    files = list(tmp_path.rglob("*.log"))
    assert written.octets == sum(file.stat().st_size for file in files)
    assert [line[-8:] for line in lines(tmp_path)] == ["00000001", "00000003"]
    assert [line[-8:] for line in lines(tmp_path, name="17", folder="esmes")] == ["00000004"]


def test_each_day_has_its_file(tmp_path: Path) -> None:
    scribe = Scribe(DayFiles(tmp_path, 10_000))
    midnight = EVENING - EVENING % DAY_NS + DAY_NS
    scribe.take(batch(entry(1, midnight - 1), entry(2, midnight)))
    assert lines(tmp_path, "2024-07-29")[0].startswith("INFO[2024-07-29 23:59:59]")
    assert lines(tmp_path, "2024-07-30")[0].startswith("INFO[2024-07-30 00:00:00]")


def test_a_remark_stands_in_its_place(tmp_path: Path) -> None:
    Scribe(DayFiles(tmp_path, 10_000)).take(batch(entry(1), remark("Something is missing."), entry(2)))
    found = lines(tmp_path)
    assert found[1] == "WARN[2024-07-29 21:02:05]: Something is missing."
    assert [line[-1] for line in found] == ["1", ".", "2"]


def test_what_is_over_the_limit_is_told_when_the_day_is_over(tmp_path: Path) -> None:
    scribe = Scribe(DayFiles(tmp_path, 400))
    written = scribe.take(batch(*(entry(number) for number in range(5))))
    assert written.pdus + written.over_limit == 5
    assert written.over_limit > 0
    scribe.take(batch(entry(6, EVENING + DAY_NS)))
    assert f"{written.over_limit} PDUs were not written" in lines(tmp_path)[-1]


def test_what_is_over_the_limit_is_told_at_the_end(tmp_path: Path) -> None:
    scribe = Scribe(DayFiles(tmp_path, 10))
    scribe.take(batch(entry(1)))
    scribe.close()
    assert "1 PDUs were not written" in lines(tmp_path)[-1]


def test_what_the_file_system_refuses_is_counted(tmp_path: Path) -> None:
    (tmp_path / "connectors").write_text("a file where the folder should be")
    written = Scribe(DayFiles(tmp_path, 10_000)).take(
        batch(entry(1), entry(2), remark("x"), entry(4, folder="esmes"))
    )
    assert (written.pdus, written.failed) == (1, 2)
    assert "connectors" in written.fault


def record(*entries: Entry) -> bytes:
    octets = msgspec.msgpack.encode(batch(*entries))
    return len(octets).to_bytes(4, "big") + octets


@pytest.mark.parametrize("rest", [b"", b"\0\0", b"\0\0\0\x09half"])
def test_batches_are_answered_until_the_gateway_is_gone(tmp_path: Path, rest: bytes) -> None:
    sink = BytesIO()
    serve(Scribe(DayFiles(tmp_path, 10_000)), BytesIO(record(entry(1)) + record(entry(2)) + rest), sink)
    answers = sink.getvalue()
    size = int.from_bytes(answers[:4], "big")
    assert msgspec.msgpack.decode(answers[4 : 4 + size], type=Written).pdus == 1
    assert len(lines(tmp_path)) == 2


def test_pdus_in_a_row_are_counted() -> None:
    row = encode(EnquireLink()) + encode(SubmitSm(short_message=b"x" * 100))
    assert count_pdus(row) == 2
    assert count_pdus(row + b"GET ") == 3
    assert count_pdus(b"\0" * 16) == 1
