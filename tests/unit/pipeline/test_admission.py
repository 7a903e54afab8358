"""Who may send what: a table of addresses, rates and validity."""

import pytest

from trunkline.model.snapshot import OverRate
from trunkline.model.submission import Reason, Rejected
from trunkline.pipeline.admission import (
    MAX_VALIDITY_MS,
    Admission,
    Admitted,
    classify_source,
    normalise_destination,
)

from .doubles import HOUR_MS, NOW, account_of, sender_of, submission_of

DAY_MS = 24 * HOUR_MS


def admit(admission: Admission | None = None, now: int = NOW, **fields: object) -> Admitted:
    return (admission or Admission(DAY_MS)).admit(submission_of(**fields), now)


def refusal(admission: Admission | None = None, now: int = NOW, **fields: object) -> Reason:
    with pytest.raises(Rejected) as caught:
        admit(admission, now, **fields)
    assert caught.value.detail
    return caught.value.reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4915112345678", ("4915112345678", 1, 1)),
        ("+4915112345678", ("4915112345678", 1, 1)),
        ("004915112345678", ("4915112345678", 1, 1)),
        ("+49 (151) 123-45.67/8", ("4915112345678", 1, 1)),
        ("123456789012345", ("123456789012345", 1, 1)),  # 15 digits are the most of E.164
        ("00123456789012345", ("123456789012345", 1, 1)),
        ("1234567", ("1234567", 1, 1)),
        ("123456", ("123456", 3, 0)),  # a short code
        ("112", ("112", 3, 0)),
        ("00112", ("112", 3, 0)),
    ],
)
def test_destinations(text: str, expected: tuple[str, int, int]) -> None:
    assert normalise_destination(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "12",
        "0012",
        "1234567890123456",
        "001234567890123456",
        "49151123456x",
        "Shop",
        "49 151\n",
        "٤٩١٥١١٢٣٤٥٦",  # digits, but not of the wire
        "++4915112345678",
        "x" * 10_000,
    ],
)
def test_what_is_no_destination(text: str) -> None:
    if text == "49 151\n":
        assert normalise_destination(text) == ("49151", 3, 0), "white space is punctuation"
        return
    with pytest.raises(Rejected) as caught:
        normalise_destination(text)
    assert caught.value.reason is Reason.INVALID_DESTINATION
    assert len(caught.value.detail) < 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("", 0, 0)),
        ("4915112345678", ("4915112345678", 1, 1)),
        ("+4915112345678", ("4915112345678", 1, 1)),
        ("12345678901234567890", ("12345678901234567890", 1, 1)),
        ("12345", ("12345", 3, 0)),
        ("+12345", ("12345", 1, 1)),
        ("7654321", ("7654321", 1, 1)),
        ("Shop", ("Shop", 5, 0)),
        ("Shop & Co 1", ("Shop & Co 1", 5, 0)),
    ],
)
def test_sources(text: str, expected: tuple[str, int, int]) -> None:
    assert classify_source(text) == expected


@pytest.mark.parametrize(
    "text", ["Shop & Co 12", "Läden", "a\x00b", "a\tb", "123456789012345678901", "+" + "1" * 21]
)
def test_what_is_no_source(text: str) -> None:
    with pytest.raises(Rejected) as caught:
        classify_source(text)
    assert caught.value.reason is Reason.INVALID_SOURCE


def test_the_first_default_sender_that_is_there_is_taken() -> None:
    account = account_of(default_sender="Account")
    sender = sender_of(account, default_sender="Sender")
    assert admit(sender=sender, source="Own").source == "Own"
    assert admit(sender=sender, source="").source == "Sender"
    assert admit(sender=sender_of(account), source="").source == "Account"
    assert admit(sender=sender_of(), source="").source == ""


def test_types_that_the_sender_states_are_kept() -> None:
    admitted = admit(
        source="12345", source_ton=0, source_npi=1, destination="017612345", dest_ton=2, dest_npi=8
    )
    assert (admitted.source_ton, admitted.source_npi) == (0, 1)
    assert (admitted.destination, admitted.dest_ton, admitted.dest_npi) == ("017612345", 2, 8)


def test_a_default_sender_has_its_own_type() -> None:
    admitted = admit(sender=sender_of(default_sender="Shop"), source="", source_ton=1, source_npi=1)
    assert (admitted.source, admitted.source_ton, admitted.source_npi) == ("Shop", 5, 0)


@pytest.mark.parametrize(("sender", "account"), [(False, True), (True, False), (False, False)])
def test_the_disabled_may_not_send(sender: bool, account: bool) -> None:
    who = sender_of(account_of(enabled=account), enabled=sender)
    assert refusal(sender=who, destination="x") is Reason.ACCOUNT_DISABLED, "and this is found out first"


# --- validity and schedule ---


def test_times_without_wishes() -> None:
    admitted = admit()
    assert (admitted.available_at, admitted.expires_at) == (NOW, NOW + DAY_MS)


def test_the_default_validity_begins_with_the_schedule() -> None:
    admitted = admit(deliver_after_ms=HOUR_MS)
    assert (admitted.available_at, admitted.expires_at) == (NOW + HOUR_MS, NOW + HOUR_MS + DAY_MS)


@pytest.mark.parametrize(
    ("validity", "expected"),
    [(1, 1), (HOUR_MS, HOUR_MS), (MAX_VALIDITY_MS, MAX_VALIDITY_MS), (MAX_VALIDITY_MS * 9, MAX_VALIDITY_MS)],
)
def test_validity(validity: int, expected: int) -> None:
    assert admit(validity_ms=validity).expires_at == NOW + expected


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"validity_ms": 0}, Reason.INVALID_VALIDITY),
        ({"validity_ms": -1}, Reason.INVALID_VALIDITY),
        ({"validity_ms": HOUR_MS, "deliver_after_ms": HOUR_MS}, Reason.INVALID_SCHEDULE),
        ({"validity_ms": HOUR_MS, "deliver_after_ms": HOUR_MS + 1}, Reason.INVALID_SCHEDULE),
        ({"deliver_after_ms": MAX_VALIDITY_MS + 1}, Reason.INVALID_SCHEDULE),
    ],
)
def test_times_that_cannot_be(fields: dict[str, int], reason: Reason) -> None:
    assert refusal(**fields) is reason


def test_the_longest_schedule() -> None:
    assert admit(deliver_after_ms=MAX_VALIDITY_MS).available_at == NOW + MAX_VALIDITY_MS


# --- rate ---


def test_a_second_s_worth_may_come_at_once_and_then_one_after_the_other() -> None:
    admission = Admission(DAY_MS)
    sender = sender_of(throughput=5)
    for _ in range(5):
        admit(admission, sender=sender)
    assert refusal(admission, sender=sender) is Reason.THROTTLED
    assert refusal(admission, NOW + 199, sender=sender) is Reason.THROTTLED
    admit(admission, NOW + 200, sender=sender)
    assert refusal(admission, NOW + 200, sender=sender) is Reason.THROTTLED
    for _ in range(5):
        admit(admission, NOW + 10_000, sender=sender)
    assert refusal(admission, NOW + 10_000, sender=sender) is Reason.THROTTLED


def test_over_any_time_the_rate_holds() -> None:
    admission = Admission(DAY_MS)
    sender = sender_of(throughput=7)
    passed = 0
    for ms in range(0, 10_000, 13):
        try:
            admit(admission, NOW + ms, sender=sender)
        except Rejected:
            continue
        passed += 1
    assert 7 * 10 <= passed <= 7 * 11


def test_what_is_above_the_rate_is_put_off_in_order() -> None:
    admission = Admission(DAY_MS)
    sender = sender_of(throughput=2, over_rate=OverRate.QUEUE)
    admitted = [admit(admission, sender=sender) for _ in range(6)]
    assert [each.available_at - NOW for each in admitted] == [0, 0, 500, 1000, 1500, 2000]
    assert [each.deferred for each in admitted] == [False, False, True, True, True, True]


def test_a_later_schedule_is_kept_when_put_off() -> None:
    admission = Admission(DAY_MS)
    sender = sender_of(throughput=1, over_rate=OverRate.QUEUE)
    admit(admission, sender=sender)
    assert admit(admission, sender=sender, deliver_after_ms=HOUR_MS).available_at == NOW + HOUR_MS


def test_nothing_is_put_off_beyond_its_validity() -> None:
    admission = Admission(DAY_MS)
    sender = sender_of(throughput=1, over_rate=OverRate.QUEUE)
    for _ in range(4):
        admit(admission, sender=sender, validity_ms=4_000)
    assert refusal(admission, sender=sender, validity_ms=4_000) is Reason.THROTTLED
    assert admit(admission, sender=sender, validity_ms=4_001).available_at == NOW + 4_000


def test_what_is_refused_for_its_address_counts_nothing() -> None:
    admission = Admission(DAY_MS)
    sender = sender_of(throughput=1)
    refusal(admission, sender=sender, destination="x")
    admit(admission, sender=sender)


def test_each_credential_at_each_door_has_its_own_rate() -> None:
    admission = Admission(DAY_MS)
    for credential, door in (("a", "smpp"), ("b", "smpp"), ("a", "http")):
        sender = sender_of(throughput=1, credential=credential)
        admit(admission, sender=sender, door=door)
        assert refusal(admission, sender=sender, door=door) is Reason.THROTTLED


def test_an_account_s_rate_holds_for_all_its_senders_together() -> None:
    admission = Admission(DAY_MS)
    account = account_of(throughput=2)
    web, bank = sender_of(account, credential="web"), sender_of(account, credential="bank", throughput=1)
    admit(admission, sender=web, door="http")
    admit(admission, sender=bank)
    assert refusal(admission, sender=web, door="panel") is Reason.THROTTLED
    assert refusal(admission, sender=bank) is Reason.THROTTLED
    admit(admission, sender=sender_of(account_of(2, throughput=2)))
    queued = sender_of(account, credential="web", over_rate=OverRate.QUEUE)
    assert admit(admission, sender=queued).available_at == NOW + 500


def test_what_the_account_s_rate_refuses_counts_nothing_for_its_sender() -> None:
    admission = Admission(DAY_MS)
    account = account_of(throughput=1)
    sender = sender_of(account, throughput=2)
    admit(admission, sender=sender)
    for _ in range(3):
        assert refusal(admission, sender=sender) is Reason.THROTTLED
    for second in (1, 2):
        admit(admission, NOW + second * 1000, sender=sender)


def test_a_clock_that_was_set_back_holds_nobody_up_for_longer_than_a_second() -> None:
    admission = Admission(DAY_MS)
    sender = sender_of(throughput=3)
    admit(admission, NOW + HOUR_MS, sender=sender)
    assert refusal(admission, NOW, sender=sender) is Reason.THROTTLED
    admit(admission, NOW + 1_000, sender=sender)
