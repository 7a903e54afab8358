import json

import pytest

from bench.equipment import CallbackCount, Sent, SmscCount
from bench.measure import Usage
from bench.rig import http_request, patience_s
from bench.runs import account, idle_account

SENT = Sent(started_at=100.0, accepted=10, accepted_per_s=50.0, p50_ms=1.0, p99_ms=2.0, receipts_per_s=4.0)
SMSC = SmscCount(4, 10, 10, 0, 8, last_submit_at=102.0, last_ack_at=104.0)
IDLE = {
    "bound": 1000, "bound_after_s": 2.0, "refused": "", "lost": 0, "lost_because": "", "least_asked": 5,
}  # fmt: skip
CALLBACKS = CallbackCount(9, 1, last_at=103.0)


def test_single_requests_have_one_number_each() -> None:
    path, body, numbers = http_request(1)
    assert path.endswith("/http-send")
    assert numbers == 1
    assert json.loads(body.replace("{dest}", "4917"))["to"] == "4917"


@pytest.mark.parametrize("batch", [10, 100])
def test_numbers_in_a_batch_are_all_different(batch: int) -> None:
    path, body, numbers = http_request(batch)
    assert path.endswith("/batch")
    first, second = (
        [message["to"] for message in json.loads(body.replace("{dest}", str(base)))["messages"]]
        for base in (49170, 49171)
    )
    assert numbers == batch
    assert len({*first, *second}) == 2 * batch
    # ... and are those that the base times the batch's size stands for.
    assert [int(number) for number in first] == list(range(49170 * batch, 49171 * batch))


def test_a_batch_that_cannot_be_numbered_is_refused() -> None:
    with pytest.raises(ValueError, match="50"):
        http_request(50)


def test_receipts_at_the_sender() -> None:
    run = account(10, SENT, SMSC, CALLBACKS, "sender", 1, Usage())
    assert (run.completed_per_s, run.submitted_per_s) == (4.0, 5.0)
    assert run.faults() == []


def test_receipts_at_the_smsc() -> None:
    run = account(10, SENT, SMSC, CALLBACKS, "smsc", 1, Usage())
    assert run.completed_per_s == 2.0
    assert run.faults() == ["2 receipts lost"]


def test_receipts_at_the_callback_url() -> None:
    run = account(10, SENT, SMSC, CALLBACKS, "callbacks", 1, Usage())
    assert run.completed_per_s == 3.0
    assert run.faults() == ["1 receipts lost", "1 receipts duplicated"]


def test_a_batch_counts_its_messages() -> None:
    smsc = SmscCount(4, 1001, 999, 2, 1000, last_submit_at=102.0, last_ack_at=104.0)
    run = account(1000, SENT, smsc, CALLBACKS, "smsc", 100, Usage())
    assert (run.accepted, run.accepted_per_s, run.completed_per_s) == (1000, 5000.0, 250.0)
    assert run.faults() == ["1 messages lost", "2 messages duplicated"]


def test_idle_binds_that_stayed() -> None:
    run = idle_account(1000, IDLE, Usage())
    assert (run.count, run.accepted, run.accepted_per_s) == (1000, 1000, 500.0)
    assert run.faults() == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"bound": 998, "refused": "bind refused: ESME_RALYBND"}, "2 not accepted"),
        ({"lost": 3, "lost_because": "the peer unbound"}, "3 binds lost: the peer unbound"),
        ({"least_asked": 0}, "a bind without enquire_link"),
    ],
)
def test_idle_binds_that_did_not(change: dict[str, object], fault: str) -> None:
    assert fault in idle_account(1000, IDLE | change, Usage()).faults()


def test_nothing_sent_has_no_rate() -> None:
    nothing = SmscCount(4, 0, 0, 0, 0, last_submit_at=0.0, last_ack_at=0.0)
    run = account(10, Sent(100.0, 0, 0.0, 0.0, 0.0), nothing, CallbackCount(0, 0, 0.0), "smsc", 1, Usage())
    assert (run.submitted_per_s, run.completed_per_s) == (0.0, 0.0)
    assert run.faults() == ["10 not accepted"]


def test_patience_grows_with_the_work_and_ends() -> None:
    assert patience_s(1) < patience_s(50_000) < patience_s(10**9) == patience_s(10**10)
