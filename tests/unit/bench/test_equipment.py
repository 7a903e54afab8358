from dataclasses import replace
from pathlib import Path

import pytest

from bench.certificates import Certificates
from bench.equipment import (
    KIT_FILES,
    CallbackCount,
    HttpLoad,
    Kit,
    OwnEquipment,
    SmppLoad,
    SmscCount,
)
from bench.processes import BenchError

SMPP = SmppLoad(2775, "bench", "secret", 1000, 491_700_000_000, receipts=True, rate=250.0)
HTTP = HttpLoad("http://127.0.0.1:8080/send", "tk_key", '{"to":"{dest}"}', 1000, 491_700_000_000)

# One line each, as the kit's programs print it.
BLAST = {
    "tool": "esme_blast", "ended": "complete", "count": 1000, "start_wall": 1700.5, "accepted": 1000,
    "accepted_per_s": 8000.0, "lat_p50_ms": 12.5, "lat_p99_ms": 40.25, "errors": {}, "throttled_retried": 3,
    "unanswered": 0, "duplicate_message_ids": 0, "receipts_per_s": 6500.0, "receipts_lost": 0,
    "receipts_duplicate": 0,
}  # fmt: skip
HTTP_BLAST = {
    "ended": "complete", "start_wall": 1700.5, "accepted": 998, "accepted_per_s": 5000.0, "lat_p50_ms": 6.0,
    "lat_p99_ms": 20.0, "codes": {"200": 998, "400": 2}, "unanswered": 0, "retries_429_503": 7,
}  # fmt: skip


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    for name in KIT_FILES:
        (tmp_path / name).touch()
    return Kit(tmp_path)


def test_a_directory_without_the_programs_is_no_kit(tmp_path: Path) -> None:
    (tmp_path / KIT_FILES[0]).touch()
    with pytest.raises(ValueError, match=KIT_FILES[1]):
        Kit(tmp_path)


def test_kit_sender_is_read(kit: Kit) -> None:
    sent = kit.read_esme(BLAST)
    assert (sent.started_at, sent.accepted, sent.accepted_per_s) == (1700.5, 1000, 8000.0)
    assert (sent.p50_ms, sent.p99_ms, sent.retries, sent.receipts_per_s) == (12.5, 40.25, 3, 6500.0)
    assert (sent.receipts_lost, sent.receipts_duplicated, sent.complaint) == (0, 0, "")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"errors": {"8": 4}}, "8 4"),
        ({"unanswered": 2}, "unanswered 2"),
        ({"ended": "idle timeout"}, "ended idle timeout"),
    ],
)
def test_kit_sender_complains(kit: Kit, change: dict[str, object], complaint: str) -> None:
    assert kit.read_esme(BLAST | change).complaint == complaint


def test_kit_sender_counts_what_came_twice(kit: Kit) -> None:
    sent = kit.read_esme(BLAST | {"receipts_lost": 5, "receipts_duplicate": 2, "duplicate_message_ids": 1})
    assert (sent.receipts_lost, sent.receipts_duplicated) == (5, 3)


def test_kit_sender_without_any_answer(kit: Kit) -> None:
    nothing = {"accepted": 0, "accepted_per_s": None, "lat_p50_ms": None, "lat_p99_ms": None, "unanswered": 4}
    sent = kit.read_esme({key: value for key, value in (BLAST | nothing).items() if "receipts" not in key})
    assert (sent.accepted_per_s, sent.p99_ms, sent.receipts_per_s) == (0, 0, 0)


def test_kit_http_client_is_read(kit: Kit) -> None:
    sent = kit.read_http_load(HTTP_BLAST)
    assert (sent.accepted, sent.retries, sent.complaint) == (998, 7, "HTTP 400 2")


def test_kit_counters_are_read(kit: Kit) -> None:
    smsc = {
        "open_binds": 4, "submits": 1001, "unique_dest": 1000, "duplicates": 1, "receipts_acked": 990,
        "last_submit": 1701.0, "last_ack": None, "refused": 0,
    }  # fmt: skip
    assert kit.read_smsc(smsc) == SmscCount(4, 1001, 1000, 1, 990, 1701.0, 0.0)
    sink = {"requests": 11, "unique": 10, "duplicates": 1, "last": 1702.0}
    assert kit.read_http_sink(sink) == CallbackCount(10, 1, 1702.0)


def test_own_sender_is_read() -> None:
    printed = {
        "started_at": 5.0, "accepted": 9, "accepted_per_s": 90.0, "p50_ms": 1.0, "p99_ms": 2.0, "retried": 1,
        "receipts_per_s": 80.0, "receipts_lost": 2, "receipts_duplicate": 1, "receipts_unexpected": 1,
        "errors": {"ESME_RSYSERR": 1}, "unanswered": 0, "error": None,
    }  # fmt: skip
    sent = OwnEquipment().read_esme(printed)
    assert (sent.accepted, sent.receipts_lost, sent.receipts_duplicated) == (9, 2, 2)
    assert sent.complaint == "ESME_RSYSERR 1"


def test_own_http_client_is_read() -> None:
    printed = {
        "started_at": 5.0, "accepted": 9, "accepted_per_s": 90.0, "p50_ms": 1.0, "p99_ms": 2.0, "retries": 0,
        "codes": {"200": 9, "401": 1}, "unanswered": 3, "first_refusal": "no",
    }  # fmt: skip
    assert OwnEquipment().read_http_load(printed).complaint == "unanswered 3, answer no, HTTP 401 1"


def test_own_counters_are_read() -> None:
    printed = {
        "binds": 4, "submits": 12, "unique": 10, "receipts_acked": 9, "last_submit_at": 1.0,
        "last_ack_at": 2.0,
    }  # fmt: skip
    assert OwnEquipment().read_smsc(printed) == SmscCount(4, 12, 10, 2, 9, 1.0, 2.0)
    sink = {"unique": 3, "duplicates": 1, "unreadable": 0, "last_at": 1.0}
    assert OwnEquipment().read_http_sink(sink) == CallbackCount(3, 1, 1.0)


def test_receipts_are_asked_for_only_when_wanted(kit: Kit) -> None:
    for equipment, flag in ((OwnEquipment(), "--receipts"), (kit, "--registered-delivery")):
        assert flag in equipment.esme(SMPP)
        assert "--rate=250.0" in equipment.esme(SMPP)
        quiet = SmppLoad(2775, "bench", "secret", 1000, 1, receipts=False)
        assert flag not in equipment.esme(quiet)


def test_tls_is_for_own_instruments(kit: Kit, tmp_path: Path) -> None:
    files = Certificates.make(tmp_path)
    delays = {"response_delay_s": 0.0, "receipt_delay_s": 0.5}
    load = replace(SMPP, authority=files.authority)
    own = OwnEquipment()
    assert f"--authority={files.authority}" in own.esme(load)
    assert f"--certificate={files.certificate}" in own.smsc(1, 2, tls=files, **delays)
    assert not [word for word in (*own.esme(SMPP), *own.smsc(1, 2, **delays)) if "None" in word]
    with pytest.raises(BenchError, match="does not speak TLS"):
        kit.esme(load)
    with pytest.raises(BenchError, match="does not speak TLS"):
        kit.smsc(1, 2, tls=files, **delays)


def test_http_clients_carry_key_and_body(kit: Kit) -> None:
    assert "--api-key=tk_key" in OwnEquipment().http_load(HTTP)
    assert "--header=X-API-Key: tk_key" in kit.http_load(HTTP)
    for equipment in (OwnEquipment(), kit):
        assert f"--body={HTTP.body}" in equipment.http_load(HTTP)


def test_only_a_kit_has_a_yardstick(kit: Kit, tmp_path: Path) -> None:
    assert OwnEquipment().floor(tmp_path / "x.db", 1, 2, 3) is None
    assert kit.floor(tmp_path / "x.db", 1, 2, 3)[-4:] == [str(tmp_path / "x.db"), "1", "2", "3"]
